"""The overview map as SVG: outlines, marks, and rings where sites stand too close to tell apart."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from controller.views.fleet import RANK, SiteNow
from controller.views.map import label_points
from controller.views.sources import Ring
from web.draw.marks import mark_at
from web.words import terms

WIDTH = 800.0
RING_ORDER = ("down", "degraded", "unknown", "maintenance", "up")
KM_PER_DEGREE = 111.32
MARGIN = 0.04
FEW = 12  # fewer sites than this are drawn larger
CHARACTER_PX = 7.2
DOT_PX = 9.0
Box = tuple[float, float, float, float]
Placed = tuple[float, float, SiteNow]
EMPTY_BOUNDS = (108.5, -3.1, 114.3, 2.2)  # a province to look at before there is one


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """Plate carrée fitted to a box; true enough within a few degrees of the equator."""

    west: float
    north: float
    scale: float  # px per degree of longitude
    stretch: float  # px per degree of latitude over px per degree of longitude
    height: float

    def xy(self, lon: float, lat: float) -> tuple[float, float]:
        """Place on the picture."""
        return (lon - self.west) * self.scale, (self.north - lat) * self.scale * self.stretch


def fit(bounds: tuple[float, float, float, float]) -> Projection:
    """A projection that shows (west, south, east, north) with a margin, 800 px wide."""
    west, south, east, north = bounds
    pad = max(east - west, north - south, 0.05) * MARGIN
    west, south, east, north = west - pad, south - pad, east + pad, north + pad
    stretch = 1 / max(0.2, math.cos(math.radians((south + north) / 2)))
    scale = WIDTH / (east - west)
    return Projection(west=west, north=north, scale=scale, stretch=stretch, height=(north - south) * scale * stretch)


def bounds_of(outlines: Mapping[str, Sequence[Ring]], sites: Sequence[SiteNow]) -> tuple[float, float, float, float]:
    """The box around everything drawn."""
    points = [p for rings in outlines.values() for ring in rings for p in ring]
    points += [(s.site.lon, s.site.lat) for s in sites]
    if not points:
        return EMPTY_BOUNDS
    lons, lats = [p[0] for p in points], [p[1] for p in points]
    return min(lons), min(lats), max(lons), max(lats)


def overview(
    sites: Sequence[SiteNow],
    outlines: Mapping[str, Sequence[Ring]],
    label: str,
    *,
    names: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
    cell: float = 0.0,
    link: str = "",
) -> Markup:
    """The map.

    Args:
        sites: what to mark; drawn in the order given.
        outlines: rings (lon, lat) by regency code.
        label: the finding, for those who do not see it.
        names: regency names to write, by code; None: no names.
        only: regencies to fit the picture to and to draw as land; the rest fades. Empty: all.
        cell: sites closer than this many px of 800 are drawn as one ring; 0: marks and dots, no rings.
        link: address of one site up to its id; marks become links where given.
    """
    shown = {c: r for c, r in outlines.items() if not only or c in only} or dict(outlines)
    to = fit(bounds_of(shown, sites))
    placed = [(*to.xy(s.site.lon, s.site.lat), s) for s in sites]
    parts = [_land(outlines, set(shown), to), _equator(to)]
    if cell:
        rings, taken = _rings(placed, cell, link)
        parts.append(rings)
        parts.append(_names(names or {}, shown, taken, to))
    else:
        parts.append(_dots(placed, 1.0 if len(placed) > FEW else 1.5))
    parts.append(_scale(to))
    return Markup('<svg viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, to.height, label, Markup("").join(parts)
    )


def path_of(rings: Sequence[Ring], to: Projection) -> str:
    """Rings as one path, rounded to half a pixel, repeated points left out."""
    text: list[str] = []
    for ring in rings:
        points: list[tuple[float, float]] = []
        for lon, lat in ring:
            x, y = to.xy(lon, lat)
            at = (round(x * 2) / 2, round(y * 2) / 2)
            if not points or points[-1] != at:
                points.append(at)
        if len(points) > 2:
            text.append("M" + "L".join(f"{x:g} {y:g}" for x, y in points) + "z")
    return "".join(text)


def _land(outlines: Mapping[str, Sequence[Ring]], shown: set[str], to: Projection) -> Markup:
    return Markup("").join(
        Markup('<path class="{}" d="{}"/>').format("land" if code in shown else "land off", path_of(rings, to))
        for code, rings in sorted(outlines.items(), key=lambda i: i[0] in shown)
    )


def _equator(to: Projection) -> Markup:
    _, y = to.xy(0, 0)
    if not 0 < y < to.height:
        return Markup("")
    return Markup('<path class="eq" d="M0 {:.0f}H{:.0f}"/><text class="eqt" x="{:.0f}" y="{:.0f}">0°</text>').format(
        y, WIDTH, WIDTH - 22, y - 5
    )


def _dots(placed: Sequence[Placed], grow: float) -> Markup:
    """Small marks: normal is a dot, unknown a small ring, trouble keeps shape and letter.

    Dots are one path of points; those that would fall on one another are drawn once, so ten thousand stay light.
    """
    seen: set[tuple[str, int, int]] = set()
    dots: list[str] = []
    parts: list[Markup] = []
    size = DOT_PX * grow * grow
    for x, y, site in placed:
        cell = DOT_PX if site.state == "up" else DOT_PX * 2
        key = (str(site.state), int(x // cell), int(y // cell))
        if key in seen:
            continue
        seen.add(key)
        if site.state == "up":
            dots.append(f"M{x:.0f} {y:.0f}h0")
        elif site.state == "unknown":
            parts.append(Markup('<circle class="m-unk" cx="{:.0f}" cy="{:.0f}" r="{:g}"/>').format(x, y, size * 0.6))
        else:
            parts.append(mark_at(site.state, x, y, (34 if site.state == "down" else 28) * grow))
    ground = Markup('<path class="dots" stroke-width="{:g}" d="{}"/>').format(size, "".join(dots)) if dots else ""
    return Markup("{}{}").format(ground, Markup("").join(parts))


def _rings(placed: Sequence[Placed], cell: float, link: str) -> tuple[Markup, list[Box]]:
    """Rings and single marks, and the boxes that they cover."""
    groups: dict[tuple[int, int], list[Placed]] = {}
    for one in placed:
        groups.setdefault((int(one[0] // cell), int(one[1] // cell)), []).append(one)
    parts: list[Markup] = []
    taken: list[Box] = []
    for members in sorted(groups.values(), key=len):
        x, y = sum(m[0] for m in members) / len(members), sum(m[1] for m in members) / len(members)
        half = 9 if len(members) == 1 else 15
        taken.append((x - half, y - half, x + half, y + half))
        if len(members) > 1:
            parts.append(ring([m[2] for m in members], x, y))
            continue
        site = members[0][2]
        drawn = mark_at(site.state, x, y, 15)
        named = Markup("<title>{}</title>").format(site.site.name)
        around = Markup('<a href="{}{}" tabindex="-1" aria-hidden="true">{}{}</a>')
        parts.append(around.format(link, site.id, named, drawn) if link else drawn)
    return Markup("").join(parts), taken


def ring(members: Sequence[SiteNow], x: float, y: float) -> Markup:
    """Sites in one place: their number, the share of each state worst first from 12 o'clock, the worst as a badge."""
    counts = Counter(str(s.state) for s in members)
    radius = 9.5 if len(members) < 10 else 12.0 if len(members) < 30 else 15.0
    around = 2 * math.pi * radius
    arcs: list[Markup] = []
    at = 0.0
    for state in RING_ORDER:
        if not counts[state]:
            continue
        share = around * counts[state] / len(members)
        gap = 1.2 if len(counts) > 1 else 0.0
        arcs.append(
            Markup(
                '<circle class="ring a-{}" r="{}" stroke-dasharray="{:.1f} {:.1f}" stroke-dashoffset="{:.1f}"'
                ' transform="rotate(-90)"/>'
            ).format(terms.MARKS[state], radius, max(0.8, share - gap), around, -at)
        )
        at += share
    worst = min((str(s.state) for s in members), key=lambda s: RANK[s])
    badge = mark_at(worst, radius + 1.7, -radius - 3, 12) if worst in ("down", "degraded") else Markup("")
    title = ", ".join(f"{counts[s]} {terms.state(s).lower()}" for s in RING_ORDER if counts[s])
    return Markup(
        '<g class="clu" transform="translate({:.0f} {:.0f})"><title>{}</title><circle class="hole" r="{}"/>{}'
        '<text class="cnt" y="4.5">{}</text>{}</g>'
    ).format(x, y, title, radius + 3.5, Markup("").join(arcs), len(members), badge)


def _names(
    names: Mapping[str, str], outlines: Mapping[str, Sequence[Ring]], marks: Sequence[Box], to: Projection
) -> Markup:
    """Names of areas, each at the place near its centre that covers the fewest marks and no other name."""
    taken = list(marks)
    parts: list[Markup] = []
    for code, at in label_points({c: r for c, r in outlines.items() if c in names}).items():
        x, y = to.xy(*at)
        half = len(names[code]) * CHARACTER_PX / 2
        places = [(x + dx, y + dy) for dy in (0, -20, 20, -40, 40) for dx in (0, -half, half)]
        boxes = [(px - half, py - 11, px + half, py + 4) for px, py in places]
        best = min(range(len(places)), key=lambda k: (sum(_meet(boxes[k], t) for t in taken), k))
        taken += [boxes[best]] * 5  # covering a name is worse than covering a mark
        px, py = places[best]
        parts.append(Markup('<text class="lab" x="{:.0f}" y="{:.0f}">{}</text>').format(px, py, names[code]))
    return Markup("").join(parts)


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _scale(to: Projection) -> Markup:
    """A bar of a round length, about an eighth of the width."""
    px_per_km = to.scale / KM_PER_DEGREE * min(1.0, 1 / to.stretch) * to.stretch
    wanted = WIDTH / 8 / px_per_km
    step = next((s for s in (200, 100, 50, 20, 10, 5, 2, 1) if s <= wanted * 1.4), 1)
    x1, x0, y = WIDTH - 20, WIDTH - 20 - step * px_per_km, to.height - 14
    return Markup(
        '<path class="scalebar" d="M{:.0f} {:.0f}v5H{:.0f}v-5"/><text class="eqt" text-anchor="middle" x="{:.0f}"'
        ' y="{:.0f}">{} km</text>'
    ).format(x0, y, x1, (x0 + x1) / 2, y - 4, step)
