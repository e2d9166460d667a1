"""Small charts as SVG: thin lines, holes as holes, at most four ticks, labels inside at the left."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from controller.views.charts import Chart, ChartSet, Line
from web.words.catalogue import gettext
from web.words.measures import LINE_WORDS, limit_word, value_word
from web.words.speech import Figures

WIDTH, TOP, BOTTOM = 400.0, 12.0, 114.0
HOLE_SLOTS = 2  # fewer missing slots are a gap in the line without a band
WORD_PX = 62.0  # a band narrower than this has no room for its word


@dataclass(frozen=True, slots=True)
class Axis:
    """The scale of values: round ticks from `low` to `high`."""

    low: float
    high: float
    step: float

    def y(self, value: float) -> float:
        """Place on the picture."""
        return BOTTOM - (value - self.low) / (self.high - self.low) * (BOTTOM - TOP)

    def ticks(self) -> list[float]:
        """Round values above the base line."""
        count = round((self.high - self.low) / self.step)
        return [self.low + self.step * k for k in range(1, count + 1)]


def axis(values: Sequence[float], top: float | None) -> Axis:
    """An axis from 0 (or below, where values are) with at most three lines above its base."""
    highest = max([*values, top or 0.0, 1e-9])
    lowest = min([*values, 0.0])
    raw = (highest - lowest) / 3
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(m * size for m in (1, 2, 2.5, 5, 10) if m * size >= raw * 0.9999)
    low = math.floor(lowest / step) * step
    return Axis(low, low + step * max(1, math.ceil((highest - low) / step - 1e-6)), step)


def holes(lines: Sequence[Line]) -> list[tuple[int, int]]:
    """Slots [from, to) in which no line has a value; the running slot at the end is not one."""
    count = len(lines[0].values) if lines else 0
    empty = [all(line.values[i] is None for line in lines) for i in range(count)]
    if count and empty[-1] and not all(empty):
        empty[-1] = False
    found: list[tuple[int, int]] = []
    at = 0
    while at < count:
        end = at
        while end < count and empty[end]:
            end += 1
        if end - at >= HOLE_SLOTS:
            found.append((at, end))
        at = max(end, at) + 1
    return found


def chart_svg(chart: Chart, over: ChartSet, figures: Figures) -> Markup:
    """The picture of one measure."""
    count = len(over.slots)
    told = [v for line in chart.lines for v in line.values if v is not None]
    shows_limit = chart.limit is not None and (not told or chart.limit <= 3 * max(*told, chart.top or 0.0))
    scale = axis(told, max(chart.top or 0, (chart.limit or 0) * 1.02 if shows_limit else 0) or None)
    x_of = WIDTH / max(1, count - 1)
    parts = [_trouble(over)]
    parts += [_line(f"M0 {scale.y(t):.0f}H400", "gl") for t in scale.ticks()]
    parts.append(_line(f"M0 {BOTTOM:g}H400", "gl0"))
    bands = holes(chart.lines)
    parts += [
        Markup('<rect class="holeb" x="{:.1f}" y="12" width="{:.1f}" height="102"/>').format(
            a * x_of, max(1.0, (min(b, count - 1) - a) * x_of)
        )
        for a, b in bands
    ]
    if shows_limit and chart.limit is not None:
        y = scale.y(chart.limit)
        parts.append(_line(f"M0 {y:.0f}H400", "thr"))
        parts.append(_text("thrt", 40, y - 4, limit_word(chart, figures)))
    for number, line in enumerate(chart.lines):
        parts += _drawn(line, scale, x_of, second=bool(number))
    decimals = 0 if scale.step >= 1 and scale.step == int(scale.step) else 1 if scale.step >= 0.1 else 2
    parts += [_text("ax", 2, scale.y(t) - 3, figures.number(t, decimals)) for t in scale.ticks()]
    parts += [
        _text("holet", (a + b) / 2 * x_of, 67, gettext("not measured")) for a, b in bands if (b - a) * x_of >= WORD_PX
    ]
    parts += _times(over, figures)
    return Markup(
        '<svg viewBox="0 0 400 138" data-low="{:g}" data-high="{:g}" role="img" aria-label="{}">{}</svg>'
    ).format(scale.low, scale.high, finding(chart, over, figures), Markup("").join(parts))


def finding(chart: Chart, over: ChartSet, figures: Figures) -> str:
    """What the picture shows, for those who do not see it."""
    told = [(v, over.slots[i]) for line in chart.lines[:1] for i, v in enumerate(line.values) if v is not None]
    if not told:
        return gettext("Not measured in this period.")
    top, at = max(told)
    last = told[-1][0]
    text = gettext(
        "Last %(last)s, highest %(top)s at %(at)s.",
        last=value_word(chart, last, figures),
        top=value_word(chart, top, figures),
        at=figures.when(at),
    )
    missing = len(holes(chart.lines))
    return text + (" " + gettext("Not measured in %(n)s stretches.", n=missing) if missing else "")


def key_line(number: int) -> Markup:
    """The sample of a line in a caption."""
    return Markup('<svg class="ln" viewBox="0 0 18 8" aria-hidden="true"><path class="l{}" d="M0 4H18"/></svg>').format(
        number + 1
    )


def line_word(name: str) -> str:
    """The word of one line."""
    return LINE_WORDS()[name]


def _trouble(over: ChartSet) -> Markup:
    length = over.slots[-1] - over.start if len(over.slots) > 1 else over.step_s
    return Markup("").join(
        Markup('<rect class="badb" x="{:.1f}" y="12" width="{:.1f}" height="102"/>').format(
            max(0.0, (s.start - over.start) / length * WIDTH),
            max(1.0, min(WIDTH, (s.end - over.start) / length * WIDTH) - (s.start - over.start) / length * WIDTH),
        )
        for s in over.bad
        if s.state == "degraded"
    )


def _drawn(line: Line, scale: Axis, x_of: float, *, second: bool) -> list[Markup]:
    path: list[str] = []
    dots: list[tuple[float, float]] = []
    run: list[tuple[float, float]] = []
    last: tuple[float, float] | None = None
    for place, value in enumerate([*line.values, None]):
        if value is not None:
            last = (place * x_of, scale.y(value))
            run.append(last)
        elif run:
            if len(run) == 1:
                dots.append(run[0])
            else:
                path.append("M" + "L".join(f"{_short(x)} {_short(y)}" for x, y in run))
            run = []
    drawn = [_line("".join(path), "l2" if second else "l1")] if path else []
    if last is not None and not second:
        dots.append((min(last[0], WIDTH - 3), last[1]))
    style = "dotb" if second else "dotl"
    return drawn + [
        Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{}"/>').format(
            style, x, y, "3.5" if (x, y) == dots[-1] else "2"
        )
        for x, y in dots
    ]


def _times(over: ChartSet, figures: Figures) -> list[Markup]:
    parts: list[Markup] = []
    for quarter in range(5):
        at = over.start + (over.end - over.start) * quarter // 4
        x = WIDTH * quarter / 4
        parts.append(_line(f"M{x:.0f} {BOTTOM:g}v4", "gl0"))
        if quarter == 4:
            parts.append(_text("ax e", x, 130, gettext("now")))
        else:
            word = figures.clock(at) if over.span == "24h" else figures.day(at)
            parts.append(_text("ax" if quarter == 0 else "ax m", x, 130, word))
    return parts


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _line(path: str, style: str) -> Markup:
    return Markup('<path class="{}" d="{}"/>').format(style, path)


def _text(style: str, x: float, y: float, word: str) -> Markup:
    return Markup('<text class="{}" x="{:.0f}" y="{:.0f}">{}</text>').format(style, x, y, word)
