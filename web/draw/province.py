"""The province as a drawing beside the sign-in: outlines and points without a name. No map to read, a place to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from controller.views.fleet import SiteNow
from controller.views.sources import Ring
from web.draw.map import WIDTH, bounds_of, fit, path_of

CELL_PX = 5.0  # points nearer than this are drawn once


def province(outlines: Mapping[str, Sequence[Ring]], sites: Sequence[SiteNow]) -> Markup:
    """Outlines, a full point where a public place is up, a hollow one where not; hidden from those who listen."""
    to = fit(bounds_of(outlines, sites))
    points: dict[bool, dict[tuple[int, int], str]] = {True: {}, False: {}}
    for one in sites:
        if one.site.kind.serves_public:
            x, y = to.xy(one.site.lon, one.site.lat)
            points[one.state == "up"].setdefault((int(x / CELL_PX), int(y / CELL_PX)), f"M{x:.0f} {y:.0f}h0")
    lines = "".join(path_of(rings, to) for rings in outlines.values())
    return Markup(
        '<svg class="prov" viewBox="0 0 {:.0f} {:.0f}" aria-hidden="true"><path class="o" d="{}"/>'
        '<path class="s" d="{}"/><path class="sx" d="{}"/><path class="sy" d="{}"/></svg>'
    ).format(WIDTH, to.height, lines, *("".join(points[k].values()) for k in (True, False, False)))
