"""From one cycle's readings to state intervals, outages and events. The store is the only thing touched."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from controller.health import device as one
from controller.health import sites
from controller.health.crowd import Crowds
from controller.health.device import Parent, Patient, Verdict
from controller.health.outages import Book, Failing, group
from controller.health.seen import Conclusion, Happening, Seen, evidence_of, told
from controller.health.sites import Known
from controller.health.thresholds import Thresholds
from controller.health.tracker import Tracker, facts_of
from controller.health.tree import Tree, draw
from devices.model import Device, DeviceId, Inventory, SiteId
from measurements.errors import StoreUnavailable
from measurements.intervals import Interval, State
from measurements.outages import Outage
from measurements.reading import Reading
from measurements.store import Latest, MeasurementStore

log = logging.getLogger(__name__)

QUESTIONS = ("ping", "snmp", "service", "state")
CONTROLLER = "controller"


class Health:
    """The verdicts of a whole fleet; used from one thread at a time.

    Args:
        store: where intervals and outages are kept and `latest` is read.
        inventory: what we own.
        people: estimated people of each site of an inventory, each person counted once.
        limits: the thresholds.
    """

    def __init__(
        self,
        store: MeasurementStore,
        inventory: Inventory,
        *,
        people: Callable[[Inventory], Mapping[str, int]],
        limits: Thresholds | None = None,
        interval_s: float = 60.0,
    ) -> None:
        self.limits = limits or Thresholds()
        self._store = store
        self._people_of = people
        self._patients: dict[DeviceId, Patient] = {}
        self._known: dict[DeviceId, Known] = {}
        self._crowds = Crowds(self.limits)
        self._site_states: dict[SiteId, tuple[State, str | None, float]] = {}
        self._tracker = Tracker(confirm_s=self.limits.confirm_s)
        self._book = Book(write_every_s=self.limits.confirm_s, hole_s=self.limits.hole_intervals * interval_s)
        self._why = "unobserved"
        self._outages_waiting: list[Outage] = []
        self._adopt(inventory)

    def _adopt(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.tree: Tree = draw(inventory)
        self._people = self._people_of(inventory)
        self._home = {d.id: d.site for d in inventory.devices.values()}

    # --- start, change, stop ----------------------------------------------------------------------------------------

    def restore(self, now: float) -> float | None:
        """Take up where an earlier run stopped. Gives when that was, None when nothing is known of one."""
        runs = self._store.intervals([CONTROLLER], "state", start=0, end=int(now) + 1)
        stopped = max((r.end or r.seen or r.start for r in runs), default=None)
        if stopped is None:
            return None
        start = int(stopped - max(2 * self.limits.confirm_s, self.limits.flap_window_s))
        left: list[Interval] = []
        for question in QUESTIONS:
            left += self._store.intervals(None, question, start=start, end=int(now) + 1)
        self._tracker.restore(left, seen=min(stopped, now))
        self._why = "not_running"
        self._retire(min(stopped, now))
        turns = _turns(it for it in left if it.question == "state")
        for device in self.inventory.devices:
            self._recall(device, turns.get(f"device:{device}", []))
        for site in self.tree.sites:
            if (found := self._tracker.get(f"site:{site}", "state")) is not None:
                self._site_states[site] = (found.state, found.cause, found.began)
                self._crowds.recall(site, found.cause if found.before is None else found.before.cause)
        self._book.restore(self._store.outages(start=0, end=now + 1, open_only=True))
        return stopped

    def _recall(self, device: DeviceId, turns: list[float]) -> None:
        found = self._tracker.get(f"device:{device}", "state")
        if found is None:
            return
        self._patients[device] = one.recalled(
            found.state,
            found.cause,
            found.began,
            evidence=facts_of(found.evidence),
            turns=turns,
            cut=None if found.before is None else found.before[:2],
            limits=self.limits,
        )
        self._known[device] = Known(found.state, found.cause, found.began)

    def answering(self) -> list[DeviceId]:
        """Devices that answered when they were last observed."""
        return [d for d, p in self._patients.items() if p.state in (State.UP, State.DEGRADED)]

    def change(self, inventory: Inventory, at: float) -> None:
        """Another inventory holds from `at` on: what is no longer owned ends; a moved device changes two sites."""
        self._adopt(inventory)
        self._retire(at)
        for gone in self._patients.keys() - inventory.devices.keys():
            self._patients.pop(gone)
            self._known.pop(gone, None)
        for site in self._site_states.keys() - self.tree.sites.keys():
            self._site_states.pop(site)
            self._crowds.forget(site)

    def recount(self) -> None:
        """People were imported: outages count them from now on."""
        self._people = self._people_of(self.inventory)

    def _retire(self, at: float) -> None:
        """End the intervals of what is no longer owned."""
        mine = {f"device:{d}" for d in self.inventory.devices} | {f"site:{s}" for s in self.tree.sites} | {CONTROLLER}
        for subject in self._tracker.subjects() - mine:
            self._tracker.close(subject, at)

    def stop(self) -> None:
        """Write how long everything was last confirmed; nothing was seen since the last cycle."""
        self._tracker.confirm_all()
        self._flush()

    def clock_stepped(self) -> None:
        """The next hole, if there is one, is the clock's."""
        self._why = "clock_step"

    # --- a cycle ----------------------------------------------------------------------------------------------------

    def conclude(self, seen: Seen) -> Conclusion:
        """Judge every device that was due, then the sites, then what explains them; write it all."""
        happenings: list[Happening] = []
        hole_s = self.limits.hole_intervals * seen.interval_s
        latest = self._latest(seen)
        due = {d.id: d for d in seen.devices}
        touched: dict[SiteId, None] = {}
        for device_id in self.tree.order:
            device = due.get(device_id)
            if device is None:
                continue
            self._examine(device, seen, latest.get(device_id), hole_s, happenings)
            touched[self._home[device_id]] = None
        for site_id in touched:
            self._judge_site(site_id, seen, latest, hole_s)
        changed = self._outages(seen.at)
        for outage in changed:
            happenings.append(told(outage, seen.at))
        self._outages_waiting += changed
        self._write(seen.at, hole_s=hole_s)
        self._why = "unobserved"
        return Conclusion(
            devices=Counter(str(p.state or State.UNKNOWN) for p in self._patients.values()),
            sites=Counter(str(s[0]) for s in self._site_states.values()),
            outages_open=len(self._book.open),
            happenings=tuple(happenings),
        )

    def _latest(self, seen: Seen) -> Mapping[str, Latest]:
        try:
            return self._store.latest([d.id for d in seen.devices])
        except StoreUnavailable as error:
            log.warning("figures of this cycle are not judged: %s", error)
            return {}

    def _examine(
        self, device: Device, seen: Seen, latest: Latest | None, hole_s: float, happenings: list[Happening]
    ) -> None:
        """Judge one device."""
        patient = self._patients.get(device.id)
        if patient is None:
            patient = self._patients[device.id] = Patient()
        subject = f"device:{device.id}"
        reading = seen.readings.get(device.id)
        if reading is None or reading.error_kind == "unobserved":
            why = seen.blind.get(device.target.domain) or (reading.error if reading else None) or "unobserved"
            self._unknown_answers(subject, seen.started, hole_s)
            verdict: Verdict | None = one.not_seen(patient, seen.started, self.limits)
            at = seen.started
        elif device.id in seen.planned:
            why, at = "", reading.at
            self._answers(subject, reading, hole_s)
            answered = bool(reading.row.ping_ok or reading.row.snmp_ok or reading.row.service_ok)
            verdict = one.worked_on(patient, at, answered=answered)
        else:
            why = ""
            at = reading.at
            one.resumed(patient)
            self._answers(subject, reading, hole_s)
            parent, parent_since = self._above(device.id)
            site = self.inventory.sites.get(device.site)
            verdict = one.judge(
                patient,
                reading,
                latest,
                parent=parent,
                parent_since=parent_since,
                backhaul=site.backhaul if site else None,
                limits=self.limits,
            )
            if latest is not None and latest.slot == reading.slot:
                self._watch_box(device, patient, reading, latest, happenings)
        if verdict is None:
            self._tracker.look(subject, "state", at, hole_s=hole_s, why=self._why)
            return
        changed = one.settle(patient, verdict)
        if not changed:
            self._tracker.note(subject, "state", verdict.state, at, cause=verdict.cause, hole_s=hole_s, why=self._why)
            return
        self._known[device.id] = Known(verdict.state, verdict.cause, verdict.since)
        self._tracker.note(
            subject,
            "state",
            verdict.state,
            at,
            cause=verdict.cause,
            since=verdict.since,
            hole_s=hole_s,
            why=self._why,
            evidence=evidence_of(patient, reading, latest, why),
        )

    def _answers(self, subject: str, reading: Reading, hole_s: float) -> None:
        row = reading.row
        for question, ok in (("ping", row.ping_ok), ("snmp", row.snmp_ok), ("service", row.service_ok)):
            if ok is not None:
                state = State.UP if ok else State.DOWN
                self._tracker.note(subject, question, state, reading.at, hole_s=hole_s, why=self._why)
            elif self._tracker.get(subject, question) is not None:
                self._tracker.note(
                    subject, question, State.UNKNOWN, reading.at, cause="unobserved", hole_s=hole_s, why=self._why
                )

    def _unknown_answers(self, subject: str, at: float, hole_s: float) -> None:
        for question in ("ping", "snmp", "service"):
            if self._tracker.get(subject, question) is not None:
                self._tracker.note(
                    subject, question, State.UNKNOWN, at, cause="unobserved", hole_s=hole_s, why=self._why
                )

    def _above(self, device: DeviceId) -> tuple[Parent, float]:
        """How the devices between this one and the internet are."""
        worst, since = Parent.FINE, 0.0
        for up in self.tree.above(device):
            patient = self._patients.get(up)
            if patient is None:
                continue
            if patient.failed:
                return Parent.FAILED, patient.since
            if patient.missing:
                worst = Parent.MISSING
        return worst, since

    def _watch_box(
        self, device: Device, patient: Patient, reading: Reading, latest: Latest, happenings: list[Happening]
    ) -> None:
        """A restart and a changed box are told once."""
        rebooted = latest.fields.get("rebooted_at")
        if rebooted is not None and rebooted != patient.rebooted_at:
            if patient.rebooted_at is not None or rebooted >= reading.slot:
                happenings.append(
                    Happening(at=reading.at, kind="reboot", subject=f"device:{device.id}", facts={"at": rebooted})
                )
            patient.rebooted_at = rebooted
        if any(reading.box) and reading.box != patient.box:
            if any(a and b and a != b for a, b in zip(patient.box, reading.box, strict=True)):
                facts = {"before": list(patient.box), "after": list(reading.box)}
                happenings.append(
                    Happening(at=reading.at, kind="box_changed", subject=f"device:{device.id}", facts=facts)
                )
            patient.box = reading.box

    # --- sites ------------------------------------------------------------------------------------------------------

    def _judge_site(self, site_id: SiteId, seen: Seen, latest: Mapping[str, Latest], hole_s: float) -> None:
        members = self.tree.sites[site_id]
        crowd = self._crowds.look(site_id, self.inventory, members, latest)
        verdict = sites.judge(members, self._known, crowd)
        if verdict is None:
            return
        subject = f"site:{site_id}"
        if any(self._patients[d].missing for d in members.gateways if d in self._patients):
            # A miss that is not judged yet confirms nothing.
            self._tracker.look(subject, "state", seen.at, hole_s=hole_s, why=self._why)
            if (before := self._site_states.get(site_id)) and before[:2] == (verdict.state, verdict.cause):
                return
        before = self._site_states.get(site_id)
        same = before is not None and before[:2] == (verdict.state, verdict.cause)
        at = max((self._seen_at(d, seen) for d in members), default=seen.started)
        since = None
        if before is not None and not same:
            # No device changed: the site as a whole did (its crowd), and that shows now.
            since = min(verdict.since, seen.at) if verdict.since > before[2] else at
        elif before is None:
            since = min(verdict.since or at, at)
        self._tracker.note(
            subject,
            "state",
            verdict.state,
            max(at, since or 0.0),
            cause=verdict.cause,
            since=since,
            hole_s=hole_s,
            why=self._why,
            evidence=None if same else json.dumps({"devices": verdict.devices[:20]}, separators=(",", ":")),
        )
        if not same:
            self._site_states[site_id] = (verdict.state, verdict.cause, since if since is not None else at)

    @staticmethod
    def _seen_at(device: DeviceId, seen: Seen) -> float:
        reading = seen.readings.get(device)
        return seen.started if reading is None else reading.at

    # --- outages ----------------------------------------------------------------------------------------------------

    def _outages(self, at: float) -> list[Outage]:
        failing: list[Failing] = []
        unsure: set[str] = set()
        since: dict[str, float] = {}
        for site_id, (state, cause, began) in self._site_states.items():
            since[site_id] = began
            if state in (State.UNKNOWN, State.MAINTENANCE):
                unsure.add(site_id)
            if state not in (State.DOWN, State.DEGRADED):
                continue
            site = self.inventory.sites.get(site_id)
            if site is None:
                continue
            members = self.tree.sites[site_id]
            failed = tuple(d for d in members if (k := self._known.get(d)) is not None and k.failed)
            root = self._root(members.gateways or members.access_points) if state is State.DOWN else None
            failing.append(
                Failing(site=site, state=state, cause=cause or "silent", since=began, root=root, devices=failed)
            )
        groups = group(failing, self._home, self.limits)
        return self._book.follow(groups, unsure=unsure, since=since, people=self._people, at=at)

    def _root(self, members: Sequence[DeviceId]) -> DeviceId | None:
        """The highest failed device above (or among) these."""
        for member in members:
            if member not in self._known or not self._known[member].failed:
                continue
            root = member
            for up in self.tree.above(member):
                if up not in self._known or not self._known[up].failed:
                    break
                root = up
            return root
        return None

    # --- writing ----------------------------------------------------------------------------------------------------

    def _write(self, at: float, *, hole_s: float = float("inf")) -> None:
        self._tracker.note(CONTROLLER, "state", State.UP, at, hole_s=hole_s, why=self._why)
        self._flush()

    def _flush(self) -> None:
        changes = self._tracker.drain()
        heartbeat = self._tracker.get(CONTROLLER, "state")
        if heartbeat is not None and heartbeat.written < heartbeat.seen:
            # Written each time: it tells a later run until when this one saw.
            heartbeat.written = heartbeat.seen
            changes.append(heartbeat.interval((CONTROLLER, "state")))
        try:
            self._store.write_intervals(changes)
        except StoreUnavailable as error:
            self._tracker.give_back(changes)
            log.error("%d state intervals wait for the store: %s", len(changes), error)
            return
        if self._outages_waiting:
            try:
                self._store.write_outages(self._outages_waiting)
            except StoreUnavailable as error:
                log.error("%d outages wait for the store: %s", len(self._outages_waiting), error)
            else:
                self._outages_waiting = []


def _turns(verdicts: Iterable[Interval]) -> dict[str, list[float]]:
    """When each subject went down or came back, of its verdicts in order of time."""
    found: dict[str, list[float]] = {}
    before: Interval | None = None
    for it in verdicts:
        if before is not None and before.subject == it.subject and it.state is not State.UNKNOWN:
            turned = (before.state is State.DOWN) is not (it.state is State.DOWN)
            if turned and "since" not in facts_of(it.evidence):  # found as it was before a hole
                found.setdefault(it.subject, []).append(it.start)
        before = it
    return found
