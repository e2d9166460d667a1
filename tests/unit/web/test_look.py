"""The tokens of the stylesheet: the dark block stands twice and is equal; every pair of colours can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).resolve().parents[3] / "web" / "static" / "merata.css").read_text()
TEXT, MARK = 4.5, 3.0
STATES = ("up", "deg", "down", "unk", "mnt")


def tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", block))


LIGHT = tokens(CSS[CSS.index(":root {") : CSS.index(':root[data-theme="dark"]')])
CHOSEN = tokens(CSS[CSS.index(':root[data-theme="dark"]') : CSS.index("@media (prefers-color-scheme: dark)")])
SYSTEM = tokens(CSS[CSS.index("@media (prefers-color-scheme: dark)") : CSS.index("/* 2. Elements")])


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def pairs() -> list[tuple[str, str, float]]:
    grounds = ("bg", "surface")
    made = [(ink, ground, TEXT) for ink in ("ink", "ink-2", "ink-3", "accent", "accent-2") for ground in grounds]
    made += [(f"{s}-text", ground, TEXT) for s in STATES for ground in ("bg", "surface", f"{s}-soft")]
    made += [(ink, f"{s}-soft", TEXT) for s in STATES for ink in ("ink", "accent")]
    made += [(f"on-{s}", s, TEXT) for s in ("up", "deg", "down", "mnt")]
    made += [
        (s, "bg", MARK) for s in ("up", "down", "unk", "mnt", "up-quiet", "deg-edge", "line-2", "line-a", "line-b")
    ]
    made += [(s, "land", MARK) for s in ("up", "down", "unk", "mnt", "deg-edge")]
    made += [
        ("head-ink", "head", TEXT),
        ("head-ink-2", "head", TEXT),
        ("on-accent", "accent", TEXT),
        ("bg", "ink", TEXT),
    ]
    made += [
        ("ink", "land", TEXT),
        ("ink-3", "water", TEXT),
        ("accent", "accent-soft", TEXT),
        ("ink", "accent-soft", TEXT),
    ]
    return made


def test_the_two_dark_blocks_are_equal():
    assert CHOSEN == SYSTEM
    assert set(CHOSEN) < set(LIGHT) | {"on-unk"}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_pair_of_colours_can_be_read(theme: str):
    held = LIGHT if theme == "light" else LIGHT | CHOSEN
    poor = [
        f"{a} on {b}: {contrast(held[a], held[b]):.2f} < {wanted}"
        for a, b, wanted in pairs()
        if contrast(held[a], held[b]) < wanted
    ]
    assert poor == []


def test_nothing_newer_than_the_oldest_browser_is_used():
    assert not re.search(r":has\(|light-dark\(|@container|color-mix|@import|url\((?!#hatch)", CSS)
