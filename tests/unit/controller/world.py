"""A small world for the controller's tests: an inventory in a few words, a store in memory, a clock one sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from controller.health import Conclusion, Health, Seen, Thresholds
from devices.model import Anchor, Backhaul, Device, DeviceId, Inventory, Role, Site, SiteId, SiteKind, Target
from measurements.errors import StoreUnavailable
from measurements.intervals import Interval, State
from measurements.outages import Outage
from measurements.reading import DeviceRow, Reading
from measurements.store import Latest

START = 1_795_000_020.0  # some slot boundary
STEP = 60.0


def site(name: str, **more: object) -> Site:
    """A school at the equator unless said otherwise."""
    said: dict[str, object] = {"area": "61.71.01.1001", "lat": 0.0, "lon": 109.3, "kind": SiteKind.SCHOOL}
    return Site(id=SiteId(name), name=name, **(said | more))  # type: ignore[arg-type]


def device(name: str, at: str, role: Role = Role.ROUTER, parent: str | None = None, **more: object) -> Device:
    """A device; its address follows from its name."""
    return Device(
        id=DeviceId(name), site=SiteId(at), name=name, role=role, parent=DeviceId(parent) if parent else None,
        target=Target(domain="default", host=f"{name}.test"), **more,  # type: ignore[arg-type]
    )  # fmt: skip


def inventory(
    sites: Sequence[Site], devices: Sequence[Device], *, version: str = "1", anchors: tuple[Anchor, ...] = ()
) -> Inventory:
    """They, owned."""
    return Inventory(
        version=version, sites={s.id: s for s in sites}, devices={d.id: d for d in devices}, anchors=anchors
    )


def school(name: str, *, aps: int = 1, parent: str | None = None, **more: object) -> tuple[Site, list[Device]]:
    """A school with a router and access points behind it."""
    gateway = device(f"{name}-gw", name, parent=parent)
    points = [device(f"{name}-ap{n}", name, Role.AP, f"{name}-gw") for n in range(1, aps + 1)]
    return site(name, **more), [gateway, *points]


@dataclass
class MemoryStore:
    """The part of the store that health needs. `away` makes every write fail."""

    kept: dict[tuple[str, str, float], Interval] = field(default_factory=dict)
    outage: dict[str, Outage] = field(default_factory=dict)
    last: dict[str, Latest] = field(default_factory=dict)
    away: bool = False
    writes: int = 0

    def write_intervals(self, intervals: Sequence[Interval]) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.writes += len(intervals)
        for each in intervals:
            self.kept[each.subject, each.question, each.start] = each

    def write_outages(self, outages: Sequence[Outage]) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.outage.update({o.id: o for o in outages})

    def outages(self, *, start: float, end: float, open_only: bool = False) -> list[Outage]:
        return [o for o in self.outage.values() if not open_only or o.ended is None]

    def latest(self, ids: Sequence[str] | None = None) -> dict[str, Latest]:
        return dict(self.last)

    def intervals(self, subjects: Sequence[str] | None, question: str, *, start: int, end: int) -> list[Interval]:
        return sorted(
            (
                i for i in self.kept.values()
                if i.question == question and (subjects is None or i.subject in subjects)
                and i.start < end and (i.end is None or i.end > start)
            ),
            key=lambda i: (i.subject, i.start),
        )  # fmt: skip

    def history(self, subject: str, question: str = "state") -> list[tuple[str, str | None, float, float | None]]:
        """(state, cause, start, end) counted in polls since START."""
        return [
            (str(i.state), i.cause, (i.start - START) / STEP, None if i.end is None else (i.end - START) / STEP)
            for i in self.intervals([subject], question, start=0, end=2**40)
        ]


Answer = Callable[[Reading], Reading]


def up(reading: Reading) -> Reading:
    """Answers ping and SNMP."""
    return replace(reading, row=replace(reading.row, ping_ok=True, snmp_ok=True))


def silent(reading: Reading) -> Reading:
    """Answers nothing."""
    row = replace(reading.row, ping_ok=False, snmp_ok=False)
    return replace(reading, row=row, error_kind="unreachable", error="no answer")


class World:
    """Health over a memory store, one poll after another."""

    def __init__(
        self,
        owned: Inventory,
        *,
        people: Mapping[str, int] | None = None,
        limits: Thresholds | None = None,
        store: MemoryStore | None = None,
        poll: int = 0,
    ) -> None:
        self.store = store or MemoryStore()
        self.owned = owned
        self.poll = poll
        self.health = Health(
            self.store,  # type: ignore[arg-type]
            owned, people=lambda _: people or dict.fromkeys(map(str, owned.sites), 100), limits=limits,
        )  # fmt: skip
        self.health.restore(self.now)

    @property
    def now(self) -> float:
        """Start of the present poll."""
        return START + self.poll * STEP

    def step(
        self,
        answers: Mapping[str, Answer] | None = None,
        *,
        blind: Mapping[str, str] | None = None,
        fields: Mapping[str, Mapping[str, object]] | None = None,
        default: Answer = up,
        planned: frozenset[str] = frozenset(),
    ) -> Conclusion:
        """One poll of everything; whoever is not named answers as `default`."""
        slot = int(self.now)
        readings: dict[str, Reading] = {}
        for each in self.owned.devices:
            blank = Reading(device=each, slot=slot, at=self.now, row=DeviceRow(device=each, slot=slot))
            if not blind:
                readings[each] = (answers or {}).get(each, default)(blank)
            told = dict((fields or {}).get(each, {}))
            self.store.last[each] = Latest(
                device=each, slot=slot, at=self.now, answered_at=None, lane="fast", error_kind=None, error=None,
                fields=told, interfaces={}, radios={},
            )  # fmt: skip
        conclusion = self.health.conclude(
            Seen(started=self.now, at=self.now, interval_s=STEP, devices=list(self.owned.devices.values()),
                 readings=readings, blind=blind or {}, planned=planned)
        )  # fmt: skip
        self.poll += 1
        return conclusion

    def steps(self, count: int, answers: Mapping[str, Answer] | None = None, **more: object) -> Conclusion:
        """The same poll several times."""
        for _ in range(count):
            conclusion = self.step(answers, **more)  # type: ignore[arg-type]
        return conclusion

    def state(self, subject: str) -> tuple[State, str | None]:
        """The present verdict."""
        (last,) = self.store.intervals([subject], "state", start=0, end=2**40)[-1:]
        assert last.end is None
        return last.state, last.cause


__all__ = ["START", "STEP", "Backhaul", "MemoryStore", "World", "device", "inventory", "school", "silent", "site", "up"]
