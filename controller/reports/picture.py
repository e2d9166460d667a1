"""The map of a report as SVG: areas in the fixed classes of the planner's page, hatching for what is not measured."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from controller.coverage.model import Coverage, Step
from controller.reports.tables import Ring
from controller.views.labels import Name, placed

BREAKS = (0.10, 0.25, 0.50, 0.75)  # of people; as on the planner's page
COLOURS = ("#f5ead0", "#b3d3bd", "#76b5b1", "#388696", "#0c495c")
HATCHED = 0  # class of an area where over half of the people near sites is unmeasured
RANKED = 12  # plan points that carry their number
WIDTH = 800.0
TALL = 560.0
KM_PER_DEGREE = 111.32
_HATCH = (
    '<defs><pattern id="h" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="#eef0f2"/><path d="M0 0V6" stroke="#5b6470" stroke-width="2"/></pattern></defs>'
)


def step_of(row: Coverage) -> int:
    """Class 1-5 from low to high, `HATCHED` where it is not known."""
    near = row.nominal
    if near > 0 and row.unknown / near > 0.5:
        return HATCHED
    share = row.effective_ratio
    return HATCHED if share is None else 1 + bisect_right(BREAKS, share)


def choropleth(
    rows: Sequence[Coverage],
    areas: Mapping[str, Sequence[Ring]],
    borders: Mapping[str, Sequence[Ring]],
    *,
    steps: Sequence[Step] = (),
    names: Mapping[str, str],
) -> str:
    """The map, fitted to the rows that have an outline.

    Args:
        rows: units to colour.
        areas: their rings (lon, lat) by code.
        borders: rings drawn over them.
        steps: plan points in build order.
        names: what to write, by code of `areas` or `borders`.
    """
    drawn = [(r, areas[r.code]) for r in rows if areas.get(r.code)]
    corners = [p for _, rings in drawn for ring in rings for p in ring]
    if not corners:
        return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} 60"/>'
    to = _Frame(corners)
    parts = [
        f'<path d="{to.path(rings)}" fill="{_fill(step_of(row))}" stroke="#ffffff" stroke-width="0.8"/>'
        for row, rings in drawn
    ]
    parts += [
        f'<path d="{to.path(r)}" fill="none" stroke="#3b434c" stroke-width="1.3"/>' for _, r in sorted(borders.items())
    ]
    marks = [to.xy(s.lon, s.lat) for s in steps if s.rank <= RANKED]
    parts += _written({**dict(borders), **{r.code: rings for r, rings in drawn}}, names, marks, to)
    parts += [_point(s, to) for s in reversed(steps)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-to.beside:.0f} 0 {WIDTH + 2 * to.beside:.0f} '
        f'{to.height:.0f}">{_HATCH}'
        f"{''.join(parts)}{_scale(to)}</svg>"
    )


class _Frame:
    """Plate carrée fitted to a box; true enough within a few degrees of the equator."""

    def __init__(self, corners: Sequence[tuple[float, float]]) -> None:
        lons, lats = [p[0] for p in corners], [p[1] for p in corners]
        pad = 0.02 * max(max(lons) - min(lons), max(lats) - min(lats), 0.02)
        self._west, self._north = min(lons) - pad, max(lats) + pad
        self.scale = WIDTH / (max(lons) + pad - self._west)
        middle = math.radians((min(lats) + max(lats)) / 2)
        self._stretch = 1 / max(0.2, math.cos(middle))
        self.height = (self._north - min(lats) + pad) * self.scale * self._stretch
        self.grow = max(1.0, self.height / TALL)  # tall maps are set smaller: what is written on them grows
        self.beside = 130.0 if self.height > 0.75 * WIDTH else 0.0  # a tall map leaves room at its sides on the page
        self.height += 26 * self.grow  # for the scale, under the land

    def xy(self, lon: float, lat: float) -> tuple[float, float]:
        return (lon - self._west) * self.scale, (self._north - lat) * self.scale * self._stretch

    def path(self, rings: Sequence[Ring]) -> str:
        text = []
        for ring in rings:
            points = dict.fromkeys(tuple(round(v, 1) for v in self.xy(*corner)) for corner in ring)
            if len(points) > 2:
                text.append("M" + "L".join(f"{x:g} {y:g}" for x, y in points) + "z")
        return "".join(text)


def _fill(step: int) -> str:
    return "url(#h)" if step == HATCHED else COLOURS[step - 1]


def _written(
    areas: Mapping[str, Sequence[Ring]], names: Mapping[str, str], marks: Sequence[tuple[float, float]], to: _Frame
) -> list[str]:
    """Names off one another and off numbered points; one that finds no room is left out."""
    wanted = {}
    for code in sorted((c for c in areas if c in names), key=lambda c: -_size(areas[c])):
        ring = max(areas[code], key=len)
        x, y = to.xy(sum(p[0] for p in ring) / len(ring), sum(p[1] for p in ring) / len(ring))
        wanted[code] = Name(x=x, y=y + 5 * to.grow, half=len(names[code]) * 4.5 * to.grow, height=17 * to.grow)
    parts = []
    style = f'font-family="Libertinus Serif" font-size="{17 * to.grow:.1f}" text-anchor="middle"'
    halo = 'fill="#ffffff" stroke="#ffffff" stroke-width="4" stroke-opacity="0.8"'
    found = placed(wanted, marks, mark=11 * to.grow, width=WIDTH, height=to.height, beside=to.beside)
    for code, at in found.items():
        if at.hides:
            continue
        if at.line:
            x1, y1, x2, y2 = at.line
            parts.append(f'<path d="M{x1:.0f} {y1:.0f}L{x2:.0f} {y2:.0f}" stroke="#3b434c" stroke-width="0.9"/>')
        where, word = f'x="{at.x:.0f}" y="{at.y:.0f}"', escape(names[code])
        parts.append(f'<text {style} {where} {halo}>{word}</text><text {style} {where} fill="#1b2126">{word}</text>')
    return parts


def _size(rings: Sequence[Ring]) -> float:
    """Square degrees of the box around the largest ring."""
    ring = max(rings, key=len)
    lons, lats = [p[0] for p in ring], [p[1] for p in ring]
    return (max(lons) - min(lons)) * (max(lats) - min(lats))


def _point(step: Step, to: _Frame) -> str:
    x, y = to.xy(step.lon, step.lat)
    if step.rank > RANKED:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="#1b2126" stroke="#ffffff"/>'
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{10 * to.grow:.1f}" fill="#1b2126" stroke="#ffffff" stroke-width="1.5"/>'
        f'<text x="{x:.1f}" y="{y + 4.6 * to.grow:.1f}" font-family="Libertinus Serif" '
        f'font-size="{13.5 * to.grow:.1f}" fill="#ffffff" '
        f'text-anchor="middle">{step.rank}</text>'
    )


def _scale(to: _Frame) -> str:
    px_per_km = to.scale / KM_PER_DEGREE
    length = next((s for s in (200, 100, 50, 20, 10, 5, 2, 1) if s * px_per_km <= WIDTH / 6), 1)
    y, end = to.height - 10, 16 + length * px_per_km
    return (
        f'<path d="M16 {y - 5:.0f}v5H{end:.0f}v-5" fill="none" stroke="#3b434c" stroke-width="1.3"/>'
        f'<text x="{end + 6:.0f}" y="{y:.0f}" font-family="Libertinus Serif" font-size="{14 * to.grow:.1f}" '
        'fill="#3b434c">'
        f"{length} km</text>"
    )
