"""Which failures are one: grouped by what explains them, followed from cycle to cycle under one id. Pure."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from controller.health.thresholds import Thresholds
from devices.model import DeviceId, Site, SiteId
from measurements.intervals import State
from measurements.outages import Outage

EARTH_M = 6_371_008.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """A site that is down or degraded. `root`: the highest failed device that explains it, if any."""

    site: Site
    state: State
    cause: str
    since: float
    root: DeviceId | None
    devices: tuple[DeviceId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Sites that fail for one reason. `key` tells groups of one cycle apart."""

    key: str
    cause: str
    root: DeviceId | None
    members: tuple[Failing, ...]

    @property
    def started(self) -> float:
        """When the first of them failed."""
        return min(m.since for m in self.members)

    @property
    def sites(self) -> tuple[str, ...]:
        """Ids in order."""
        return tuple(sorted(str(m.site.id) for m in self.members))


def group(failing: Sequence[Failing], home: Mapping[DeviceId, SiteId], limits: Thresholds) -> list[Group]:
    """Sort failing sites into groups: behind one device, in one power cut, or each for itself.

    Args:
        failing: sites that are down or degraded now.
        home: site of each device, to tell a failed gateway from an uplink that others hang on.
        limits: how near in time and place a power cut is.
    """
    groups: list[Group] = []
    by_root: dict[DeviceId, list[Failing]] = {}
    alone: list[Failing] = []
    for one in failing:
        if one.state is State.DOWN and one.root is not None:
            by_root.setdefault(one.root, []).append(one)
        else:
            alone.append(one)
    dark: list[Failing] = []
    for root, members in sorted(by_root.items()):
        if any(m.site.id != home.get(root) for m in members):
            groups.append(_make(f"root:{root}", "uplink_down", root, members))
        else:
            dark.extend(members)
    cuts, single = _power_cuts(dark, limits)
    for members in cuts:
        groups.append(_make(f"cut:{members[0].site.id}", "power_cut", None, members))
    for one in single + alone:
        groups.append(_make(f"site:{one.site.id}", one.cause, one.root, [one]))
    return groups


def _make(key: str, cause: str, root: DeviceId | None, members: Sequence[Failing]) -> Group:
    return Group(key=key, cause=cause, root=root, members=tuple(sorted(members, key=lambda m: m.site.id)))


def _power_cuts(dark: Sequence[Failing], limits: Thresholds) -> tuple[list[list[Failing]], list[Failing]]:
    """Around each site in order of time, those that fell with it; enough of them are a power cut.

    Members are measured from the first site and not from one another: a chain of near pairs could span a province.
    """
    left = sorted(dark, key=lambda f: (f.since, f.site.id))
    cuts: list[list[Failing]] = []
    single: list[Failing] = []
    while left:
        first = left[0]
        near = [f for f in left if f.since - first.since <= limits.power_cut_s and _together(first, f, limits)]
        if len(near) >= limits.power_cut_sites:
            cuts.append(near)
            taken = {f.site.id for f in near}
            left = [f for f in left if f.site.id not in taken]
        else:
            single.append(first)
            left = left[1:]
    return cuts, single


def _together(a: Failing, b: Failing, limits: Thresholds) -> bool:
    return district(a.site) == district(b.site) or metres(a.site, b.site) <= limits.power_cut_m


def district(site: Site) -> str:
    """Kemendagri code of the district (kecamatan) of a site."""
    return ".".join(site.area.split(".")[:3])


def metres(a: Site, b: Site) -> float:
    """Great-circle distance (haversine)."""
    south, north = math.radians(a.lat), math.radians(b.lat)
    half = math.sin((north - south) / 2) ** 2
    half += math.cos(south) * math.cos(north) * math.sin(math.radians(b.lon - a.lon) / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(half))


@dataclass(slots=True)
class Followed:
    """One open outage and what has to be kept beside it."""

    outage: Outage
    now: tuple[str, ...]
    person_hours: float
    counted: float
    written: float


class Book:
    """Open outages from cycle to cycle. Ids stay while an outage grows, shrinks or changes its cause."""

    def __init__(self, *, write_every_s: float, hole_s: float) -> None:
        self._write_every_s = write_every_s
        self._hole_s = hole_s
        self._open: dict[str, Followed] = {}

    def restore(self, outages: Iterable[Outage]) -> None:
        """Take up the open ones of an earlier run."""
        for outage in outages:
            if outage.ended is not None:
                continue
            facts = _facts(outage)
            counted = float(facts.get("counted", outage.started))
            now = tuple(facts.get("sites_now", outage.sites))
            self._open[outage.id] = Followed(outage, now, float(facts.get("person_hours", 0.0)), counted, counted)

    @property
    def open(self) -> list[Outage]:
        """All open outages."""
        return [f.outage for f in self._open.values()]

    def follow(
        self,
        groups: Sequence[Group],
        *,
        unsure: Collection[str],
        since: Mapping[str, float],
        people: Mapping[str, int],
        at: float,
    ) -> list[Outage]:
        """Compare this cycle's groups with what is open; gives what to write.

        Args:
            groups: what fails now.
            unsure: sites of which nothing is known now; they keep an outage open.
            since: when the present state of each site began: an outage ended when its last site recovered.
            people: estimated people of each site, each person counted once.
            at: now, epoch seconds.
        """
        written: list[Outage] = []
        matched = self._match(groups)
        for made in groups:
            known = matched.get(made.key)
            if known is None:
                followed = self._begin(made, people, at)
                written.append(followed.outage)
            elif self._continue(known, made, people, at):
                written.append(known.outage)
        kept = {f.outage.id for f in matched.values()} | {o.id for o in written}
        claimed = {s: made.key for made in groups for s in made.sites}
        for gone in [f for i, f in self._open.items() if i not in kept]:
            if set(gone.now) & set(unsure):
                continue
            heir = next((matched[claimed[s]].outage.id for s in gone.now if claimed.get(s) in matched), None)
            written.append(self._end(gone, since, people, at, merged_into=heir))
        return written

    def _match(self, groups: Sequence[Group]) -> dict[str, Followed]:
        """Each open outage to at most one group: by its root, else by the sites they share, oldest first."""
        matched: dict[str, Followed] = {}
        free = sorted(self._open.values(), key=lambda f: (f.outage.started, f.outage.id))
        for made in sorted(groups, key=lambda g: -len(g.members)):
            by_root = [f for f in free if made.root is not None and f.outage.root == made.root]
            shared = [(len(set(f.now) & set(made.sites)), f) for f in free]
            best = max(shared, key=lambda s: s[0], default=(0, None))
            found = by_root[0] if by_root else (best[1] if best[0] else None)
            if found is not None:
                matched[made.key] = found
                free.remove(found)
        return matched

    def _begin(self, made: Group, people: Mapping[str, int], at: float) -> Followed:
        text = f"{made.key} {made.started:.3f}".encode()
        new_id = hashlib.sha256(text).hexdigest()[:10]
        outage = Outage(
            id=new_id,
            state=_state(made),
            cause=made.cause,
            started=made.started,
            ended=None,
            sites=made.sites,
            devices=_devices(made),
            root=made.root,
            people=_sum(made.sites, people),
        )
        followed = Followed(outage, made.sites, 0.0, made.started, at)
        self._open[new_id] = followed
        followed.person_hours = _lost(followed, people, at)
        followed.counted = at
        followed.outage = replace(outage, evidence=_evidence(followed, made))
        return followed

    def _continue(self, known: Followed, made: Group, people: Mapping[str, int], at: float) -> bool:
        self._count(known, people, at)
        before = known.outage
        sites = tuple(sorted({*before.sites, *made.sites}))
        after = replace(
            before,
            state=_state(made),
            cause=made.cause,
            root=made.root,
            sites=sites,
            started=min(before.started, made.started),
            people=_sum(sites, people),
            devices=tuple(sorted({*before.devices, *_devices(made)})),
        )
        changed = after != before or known.now != made.sites
        known.now = made.sites
        if not changed and at - known.written < self._write_every_s:
            return False
        known.written = at
        known.outage = replace(after, evidence=_evidence(known, made))
        return True

    def _end(
        self,
        gone: Followed,
        since: Mapping[str, float],
        people: Mapping[str, int],
        at: float,
        *,
        merged_into: str | None,
    ) -> Outage:
        ended = at if merged_into else max((since.get(s, at) for s in gone.now), default=at)
        self._count(gone, people, at)
        facts: dict[str, Any] = _facts(gone.outage) | {
            "sites_now": [],
            "person_hours": round(gone.person_hours, 2),
            "counted": at,
        }
        if merged_into is not None:
            facts["merged_into"] = merged_into
        del self._open[gone.outage.id]
        return replace(
            gone.outage, ended=max(ended, gone.outage.started), evidence=json.dumps(facts, separators=(",", ":"))
        )

    def _count(self, followed: Followed, people: Mapping[str, int], at: float) -> None:
        """Add the hours since the last look; a hole in observation adds none."""
        if 0 < at - followed.counted <= self._hole_s:
            followed.person_hours += _lost(followed, people, at)
        followed.counted = max(followed.counted, at)


def _lost(followed: Followed, people: Mapping[str, int], at: float) -> float:
    """Person-hours without service since the last look; degraded sites still serve."""
    if followed.outage.state != State.DOWN:
        return 0.0
    return _sum(followed.now, people) * max(at - followed.counted, 0.0) / 3600


def _state(made: Group) -> str:
    return str(State.DOWN if any(m.state is State.DOWN for m in made.members) else State.DEGRADED)


def _devices(made: Group) -> tuple[str, ...]:
    return tuple(sorted({str(d) for m in made.members for d in m.devices}))


def _sum(sites: Iterable[str], people: Mapping[str, int]) -> int:
    return sum(people.get(s, 0) for s in sites)


def _facts(outage: Outage) -> dict[str, Any]:
    try:
        found = json.loads(outage.evidence or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _evidence(followed: Followed, made: Group) -> str:
    facts = {
        "sites_now": list(made.sites),
        "person_hours": round(followed.person_hours, 2),
        "counted": followed.counted,
    }
    if made.cause == "power_cut":
        facts["within_s"] = round(max(m.since for m in made.members) - made.started)
        facts["districts"] = sorted({district(m.site) for m in made.members})
    return json.dumps(facts, separators=(",", ":"))
