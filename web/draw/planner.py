"""The planner's map as SVG: areas in fixed classes, regency borders, plan points by rank. And the ladder bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from controller.coverage.model import Coverage, Step
from controller.views.labels import Name, placed
from controller.views.map import label_points
from controller.views.planner import Pick, Shade
from controller.views.sources import Ring
from web.draw.map import CHARACTER_PX, WIDTH, Projection, bounds_of, fit, path_of
from web.words.catalogue import gettext
from web.words.speech import Figures

LOCKED = "M-12 -12H12V12H-12Z"
FORBIDDEN = "M-8 -8L8 8M8 -8L-8 8"
RANKED = 12  # plan points that carry their number
LABEL_PX = 27.0  # room for a name where a script writes it a little larger
NAMED_ON_PHONES = 6
MARK_PX = 14.0


def choropleth(
    shades: Sequence[Shade],
    outlines: Mapping[str, Sequence[Ring]],
    borders: Mapping[str, Sequence[Ring]],
    label: str,
    *,
    names: Mapping[str, str],
    only: str = "",
    promised: bool = False,
    links: Mapping[str, str] | None = None,
    steps: Sequence[Step] = (),
    hollow: frozenset[str] = frozenset(),
    picks: Sequence[Pick] = (),
    beside: float = 0.0,
    is_wider: bool = False,
) -> Markup:
    """The map.

    Args:
        shades: areas with their classes.
        outlines: rings (lon, lat) of each by code.
        borders: rings of the regencies, drawn over them.
        label: the finding, for those who do not see it.
        names: regency names to write, by code.
        only: unit to fit the picture to; the rest of the land fades. Empty: all.
        promised: the ramp of people promised and not served.
        links: where a click on an area goes, by code.
        steps: plan points, in build order.
        hollow: places of points that are drawn hollow.
        picks: locked and forbidden places.
        beside: px of the ground left and right of the picture that names may use.
        is_wider: that ground is part of the picture; else a wide page is trusted to show it.
    """
    inside = {c: r for c, r in outlines.items() if not only or c == only or c.startswith(only + ".")}
    to = fit(bounds_of(inside or borders, ()))
    ramp = "d" if promised else "k"
    areas = [_area(s, outlines[s.code], to, ramp, (links or {}).get(s.code)) for s in shades if s.code in outlines]
    lines = Markup("").join(
        Markup('<path class="geo-r" d="{}"/>').format(path_of(rings, to)) for _, rings in sorted(borders.items())
    )
    ground = Markup("").join(
        Markup('<path class="land off" d="{}"/>').format(path_of(rings, to))
        for code, rings in sorted(borders.items())
        if only and code != only and not only.startswith(code + ".")
    )
    shown = {c: r for c, r in borders.items() if c in names and (not only or c == only or only.startswith(c + "."))}
    marks = [to.xy(s.lon, s.lat) for s in steps if s.rank <= RANKED]
    written = Markup("") if only.count(".") >= 1 else _names(names, shown, marks, to, beside)
    dots = points(steps, to, hollow) + picked(picks, to)
    return Markup(
        '<svg viewBox="{:.0f} 0 {:.0f} {:.0f}" role="{}" aria-label="{}" data-fit="{},{},{},{}">{}{}<g>{}</g>'
        '<g data-cells=""></g><g>{}</g>{}<g data-marks="">{}</g>{}</svg>'
    ).format(
        -beside if is_wider else 0,
        WIDTH + 2 * beside if is_wider else WIDTH,
        to.height,
        "group" if links else "img",  # an image holds nothing that can be followed
        label,
        round(to.west, 5),
        round(to.north, 5),
        round(to.scale, 4),
        round(to.stretch, 6),
        _equator(to),
        ground,
        Markup("").join(areas),
        lines,
        written,
        dots,
        _scale(to),
    )


def points(steps: Sequence[Step], to: Projection, hollow: frozenset[str] = frozenset()) -> Markup:
    """Plan points: a disc with its rank for the first twelve, dots after; the first lie on top."""
    made: list[Markup] = []
    for step in reversed(steps):
        x, y = to.xy(step.lon, step.lat)
        kind = ("pt" if step.rank <= RANKED else "pt far") + (" hol" if step.place in hollow else "")
        rank = Markup("<text>{}</text>").format(step.rank) if step.rank <= RANKED else Markup("")
        made.append(
            Markup(
                '<g class="{}" transform="translate({:.1f} {:.1f})" data-place="{}" data-name="{}">'
                '<title>{}. {}</title><circle r="{}"/>{}</g>'
            ).format(kind, x, y, step.place, step.name, step.rank, step.name, 9 if rank else 4, rank)
        )
    return Markup("").join(made)


def picked(picks: Sequence[Pick], to: Projection) -> Markup:
    """Locked places in a square, forbidden ones under a cross; a place that is not known is only in the list."""
    made: list[Markup] = []
    for pick in picks:
        if pick.lat is None or pick.lon is None:
            continue
        x, y = to.xy(pick.lon, pick.lat)
        what = gettext("locked") if pick.is_locked else gettext("forbidden")
        made.append(
            Markup(
                '<g class="pick {}" transform="translate({:.1f} {:.1f})" data-place="{}" data-name="{}">'
                '<title>{}: {}</title><path d="{}"/></g>'
            ).format(
                "lk" if pick.is_locked else "fb", x, y, pick.place, pick.name, what, pick.name,
                LOCKED if pick.is_locked else FORBIDDEN,
            )
        )  # fmt: skip
    return Markup("").join(made)


def pick_key(*, is_locked: bool) -> Markup:
    """The mark of a locked or forbidden place beside its name."""
    return Markup(
        '<svg class="pk" viewBox="-14 -14 28 28" aria-hidden="true"><g class="pick {}"><path d="{}"/></g></svg>'
    ).format("lk" if is_locked else "fb", LOCKED if is_locked else FORBIDDEN)


def marks_of(
    steps: Sequence[Step],
    outlines: Mapping[str, Sequence[Ring]],
    borders: Mapping[str, Sequence[Ring]],
    only: str,
    picks: Sequence[Pick] = (),
) -> Markup:
    """The points alone, as they lie on the map that `choropleth` draws of the same outlines."""
    inside = {c: r for c, r in outlines.items() if not only or c == only or c.startswith(only + ".")}
    to = fit(bounds_of(inside or borders, ()))
    return points(steps, to) + picked(picks, to)


def ladder(row: Coverage) -> Markup:
    """One bar from 0 to 100 % of people: installed as an outline, working solid, not measured hatched."""
    if row.people <= 0:
        return Markup("")
    told = Figures.current()
    nominal, effective, unknown = (100 * v / row.people for v in (row.nominal, row.effective, row.unknown))
    label = gettext(
        "installed %(a)s, working %(b)s, not measured %(c)s",
        a=told.percent(nominal / 100, 1),
        b=told.percent(effective / 100, 1),
        c=told.percent(unknown / 100, 1),
    )
    return Markup(
        '<svg class="ladder" role="img" aria-label="{}"><rect class="nom" x="0" y="1" width="{:.1f}%" height="12"/>'
        '<rect class="unk" x="{:.1f}%" y="1" width="{:.1f}%" height="12"/><rect class="eff" width="{:.1f}%"'
        ' height="14"/></svg>'
    ).format(label, nominal, effective, unknown, effective)


def _area(shade: Shade, rings: Sequence[Ring], to: Projection, ramp: str, link: str | None) -> Markup:
    told = Figures.current()
    value = gettext("not measured") if shade.step == 0 else told.percent(shade.share, 0)
    drawn = Markup('<path class="geo-d {}{}" data-code="{}" d="{}"><title>{}: {}</title></path>').format(
        "k" if shade.step == 0 else ramp, shade.step, shade.code, path_of(rings, to), shade.name, value
    )
    if not link:
        return drawn
    return Markup('<a href="{}" tabindex="-1" aria-hidden="true">{}</a>').format(link, drawn)


def _names(
    names: Mapping[str, str],
    outlines: Mapping[str, Sequence[Ring]],
    marks: Sequence[tuple[float, float]],
    to: Projection,
    beside: float,
) -> Markup:
    """Names of regencies; one that had to go far has a line to its area."""
    order = sorted(outlines, key=lambda code: -_extent(outlines[code]))
    middles = label_points(outlines)
    wanted = {}
    for code in order:
        x, y = to.xy(*middles[code])
        half = len(names[code]) * CHARACTER_PX * LABEL_PX / 12.5 / 2
        wanted[code] = Name(x=x, y=y + 5, half=half, height=LABEL_PX)
    parts: list[Markup] = []
    found = placed(wanted, marks, mark=MARK_PX, width=WIDTH, height=to.height, beside=beside)
    for code, at in found.items():
        kind = "lab" if code in order[:NAMED_ON_PHONES] else "lab min"
        if at.line:
            line = Markup('<path class="lead-l" d="M{:.0f} {:.0f}L{:.0f} {:.0f}"/>')
            parts.append(line.format(*at.line))
        name = Markup('<text class="{}" transform="translate({:.0f} {:.0f})">{}</text>')
        parts.append(name.format(kind, at.x, at.y, names[code]))
    return Markup("").join(parts)


def _extent(rings: Sequence[Ring]) -> float:
    """Square degrees of the box around the largest ring."""
    sizes = []
    for ring in rings:
        lons, lats = [p[0] for p in ring], [p[1] for p in ring]
        sizes.append((max(lons) - min(lons)) * (max(lats) - min(lats)))
    return max(sizes, default=0.0)


def _equator(to: Projection) -> Markup:
    _, y = to.xy(0, 0)
    if not 0 < y < to.height:
        return Markup("")
    return Markup('<path class="eq" d="M-400 {:.0f}H{:.0f}"/><text class="eqt" x="{:.0f}" y="{:.0f}">{}</text>').format(
        y, WIDTH + 400, WIDTH - 104, y - 5, gettext("Equator 0°")
    )


def _scale(to: Projection) -> Markup:
    """A bar of a round length at the lower left: the legend lies at the lower right."""
    px_per_km = to.scale / 111.32
    step = next((s for s in (200, 100, 50, 20, 10, 5, 2, 1) if s * px_per_km <= WIDTH / 6), 1)
    y = to.height - 14
    return Markup(
        '<g data-scalebar=""><path class="scalebar" d="M20 {:.0f}v5H{:.0f}v-5"/><text class="eqt" text-anchor="middle"'
        ' x="{:.0f}" y="{:.0f}">{} km</text></g>'
    ).format(y, 20 + step * px_per_km, 20 + step * px_per_km / 2, y - 4, step)
