"""The planner's charts as SVG: Lorenz curves, the price of fairness, what each next point adds."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from controller.views.planner_compare import Curve, at_half
from controller.views.planner_scenarios import Trade
from web.words.catalogue import gettext
from web.words.speech import Figures

WIDTH, LEFT, RIGHT, TOP, BOTTOM, HEIGHT = 400.0, 68.0, 388.0, 16.0, 256.0, 300.0


def lorenz(now: Curve, a: Curve, b: Curve = ()) -> Markup:
    """Cumulative people against cumulative service: today dotted, A solid, B dashed, the even line dotted."""
    told = Figures.current()
    best = b or a or now
    half = at_half(best)
    label = gettext(
        "The poorer half of people have %(p)s of the service.", p=told.percent(half, 0)
    ) if half is not None else gettext("Nobody is served.")  # fmt: skip
    parts = [_frame([(v / 4, told.percent(v / 4)) for v in range(5)], [(v / 4, told.percent(v / 4)) for v in range(5)])]
    parts.append(Markup('<path class="even" d="M{} {}L{} {}"/>').format(LEFT, BOTTOM, RIGHT, TOP))
    for curve, kind in ((now, "lnow"), (a, "l1"), (b, "l2")):
        if curve:
            parts.append(Markup('<path class="{}" d="{}"/>').format(kind, _path(curve)))
    if half is not None:
        x, y = _at(0.5, half)
        text = gettext("Poorer half: %(p)s", p=told.percent(half, 0))
        parts.append(Markup('<path class="drop" d="M{0:.1f} {1:.1f}V{2}"/>').format(x, y, BOTTOM))
        parts.append(
            Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="4.5"/>').format("dotb" if b else "dotl", x, y)
        )
        parts.append(Markup('<text class="tag" x="{}" y="{}">{}</text>').format(LEFT + 10, TOP + 16, text))
    return _svg(label, parts, gettext("people, least served first"))


def trade(trades: Sequence[Trade], named: Sequence[tuple[str, str]]) -> Markup:
    """Newly served people against the worst region's share; `named`: (aversion, letter) of the plans shown."""
    told = Figures.current()
    known = [t for t in trades if t.worst is not None]
    if not known:
        return Markup("")
    xs, ys = [t.worst or 0.0 for t in known], [t.people for t in known]
    low_x, high_x = (
        math.floor(min(xs) * 50) / 50,
        max(math.ceil(max(xs) * 50) / 50, math.floor(min(xs) * 50) / 50 + 0.02),
    )
    top = _round_up(max(ys))
    x_ticks = [
        (k / 4, told.percent(low_x + (high_x - low_x) * k / 4, 0 if high_x - low_x > 0.08 else 1)) for k in range(5)
    ]
    y_ticks = [(k / 4, told.number(top * k / 4)) for k in range(5)]
    curve = sorted(((((t.worst or 0.0) - low_x) / (high_x - low_x)), t.people / top) for t in known)
    parts = [_frame(x_ticks, y_ticks), Markup('<path class="l1" d="{}"/>').format(_path(curve))]
    for t in known:
        x, y = _at(((t.worst or 0.0) - low_x) / (high_x - low_x), t.people / top)
        letters = [letter for stop, letter in named if stop == t.aversion]
        kind = "dotb" if letters == ["B"] else "dotl"
        parts.append(
            Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{}"/>').format(kind, x, y, 6 if letters else 3)
        )
        if letters:
            parts.append(
                Markup('<text class="tag" x="{:.1f}" y="{:.1f}">{}</text>').format(
                    x - 22 if x > RIGHT - 40 else x + 10, y - 8, ", ".join(letters)
                )
            )
    label = gettext(
        "From %(a)s to %(b)s more people served; the worst region between %(c)s and %(d)s.",
        a=told.people(min(ys)), b=told.people(max(ys)), c=told.percent(min(xs), 1), d=told.percent(max(xs), 1),
    )  # fmt: skip
    return _svg(label, parts, gettext("worst region, share of people served"))


def marginal(people: Sequence[float], count: int) -> Markup:
    """What each next point adds; N is marked."""
    if not people:
        return Markup("")
    told = Figures.current()
    top, last = _round_up(max(people)), len(people)
    x_ticks = [(k / 4, told.number(last * k / 4)) for k in range(5)]
    y_ticks = [(k / 4, told.number(top * k / 4)) for k in range(5)]
    curve = [((i + 1) / last, v / top) for i, v in enumerate(people)]
    parts = [_frame(x_ticks, y_ticks), Markup('<path class="l1" d="{}"/>').format(_path(curve))]
    at = min(max(count, 1), last)
    x, y = _at(at / last, people[at - 1] / top)
    text = gettext("point %(n)s: %(p)s people", n=told.number(at), p=told.people(people[at - 1]))
    parts.append(Markup('<path class="drop" d="M{0:.1f} {1:.1f}V{2}"/>').format(x, y, BOTTOM))
    parts.append(Markup('<circle class="dotl" cx="{:.1f}" cy="{:.1f}" r="5"/>').format(x, y))
    anchor = "end" if x > (LEFT + RIGHT) / 2 else "start"
    parts.append(
        Markup('<text class="tag" text-anchor="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(
            anchor, x + (6 if anchor == "start" else -2), max(TOP + 12, y - 12), text
        )
    )
    return _svg(text, parts, gettext("point number"))


def _at(x: float, y: float) -> tuple[float, float]:
    return LEFT + x * (RIGHT - LEFT), BOTTOM - y * (BOTTOM - TOP)


def _path(curve: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (_at(*p) for p in curve))


def _frame(x_ticks: Sequence[tuple[float, str]], y_ticks: Sequence[tuple[float, str]]) -> Markup:
    parts: list[Markup] = []
    for value, word in y_ticks:
        y = _at(0, value)[1]
        kind = "gl0" if value == 0 else "gl"
        parts.append(Markup('<path class="{}" d="M{} {:.1f}H{}"/>').format(kind, LEFT, y, RIGHT))
        parts.append(Markup('<text class="ax e" x="{}" y="{:.1f}">{}</text>').format(LEFT - 6, y + 4, word))
    for value, word in x_ticks:
        x = _at(value, 0)[0]
        kind = "ax e" if value == 1 else "ax m"
        parts.append(Markup('<text class="{}" x="{:.1f}" y="{}">{}</text>').format(kind, x, BOTTOM + 17, word))
    return Markup("").join(parts)


def _svg(label: str, parts: Sequence[Markup], below: str) -> Markup:
    return Markup(
        '<svg viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">{}'
        '<text class="ax m" x="{:.0f}" y="{}">{}</text></svg>'
    ).format(WIDTH, HEIGHT, label, Markup("").join(parts), (LEFT + RIGHT) / 2, HEIGHT - 6, below)


def _round_up(value: float) -> float:
    """The next round figure that four ticks divide evenly."""
    if value <= 0:
        return 4.0
    size = 10.0 ** math.floor(math.log10(value))
    return next(m * size for m in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10) if m * size >= value * 0.9999)
