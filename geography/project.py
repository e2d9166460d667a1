"""From degrees to a drawing: the projection of server-drawn maps, and SVG paths.

Equirectangular about the middle latitude: x and y are straight lines of longitude and latitude. Within three degrees of
the equator it differs from Web Mercator by less than a thousandth.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from geography.outlines import Outline, Ring

KM_A_DEGREE = 111.32


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """(lon, lat) in degrees to (x, y) in pixels from the top left; north is up."""

    west: float
    north: float
    x_scale: float  # pixels a degree
    y_scale: float
    left: float
    top: float
    width: float
    height: float

    def xy(self, lon: float, lat: float) -> tuple[float, float]:
        """One place."""
        return self.left + (lon - self.west) * self.x_scale, self.top + (self.north - lat) * self.y_scale

    def lonlat(self, x: float, y: float) -> tuple[float, float]:
        """The place under a pixel."""
        return self.west + (x - self.left) / self.x_scale, self.north - (y - self.top) / self.y_scale

    @property
    def px_a_km(self) -> float:
        """For scale bars."""
        return self.y_scale / KM_A_DEGREE

    def path(self, outline: Outline) -> str:
        """The `d` of an SVG path, whole pixels tenth by tenth, relative steps to be short; use fill-rule evenodd."""
        return "".join(self._ring(ring) for polygon in outline.polygons for ring in polygon)

    def _ring(self, ring: Ring) -> str:
        dots = [(round(x * 10), round(y * 10)) for x, y in (self.xy(lon, lat) for lon, lat in ring)]
        kept = [dots[0], *(b for a, b in pairwise(dots) if a != b)]
        if len(kept) < 4:
            return ""
        steps = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(kept[:-1])]
        return (
            f"M{_tenth(kept[0][0])} {_tenth(kept[0][1])}l"
            + " ".join(f"{_tenth(x)} {_tenth(y)}" for x, y in steps)
            + "z"
        )


def _tenth(value: int) -> str:
    whole, tenth = divmod(abs(value), 10)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}" if not tenth else f"{sign}{whole}.{tenth}"


def project(
    found: Sequence[Outline],
    *,
    width: float,
    height: float | None = None,
    margin: float = 8.0,
    also: Iterable[tuple[float, float]] = (),
) -> Projection:
    """A projection that shows all outlines (and the (lon, lat) places `also`) in a drawing.

    Args:
        found: what is drawn; may be empty when `also` is not.
        width: pixels.
        height: pixels; None: as high as the land needs.
        margin: pixels left free on each side.
        also: further places that must be seen.

    Raises:
        ValueError: there is nothing to draw.
    """
    corners = [c for one in found for polygon in one.polygons for c in polygon[0]] + list(also)
    if not corners:
        raise ValueError("nothing to draw")
    west, east = min(c[0] for c in corners), max(c[0] for c in corners)
    south, north = min(c[1] for c in corners), max(c[1] for c in corners)
    if east - west < 0.01:
        west, east = west - 0.05, east + 0.05
    if north - south < 0.01:
        south, north = south - 0.05, north + 0.05
    squeeze = max(0.01, math.cos(math.radians((north + south) / 2)))
    across, down = (east - west) * squeeze, north - south
    room = max(1.0, width - 2 * margin)
    scale = room / across
    if height is None:
        height = down * scale + 2 * margin
    else:
        scale = min(scale, max(1.0, height - 2 * margin) / down)
    return Projection(
        west=west, north=north, x_scale=scale * squeeze, y_scale=scale, left=(width - across * scale) / 2,
        top=(height - down * scale) / 2, width=width, height=height,
    )  # fmt: skip
