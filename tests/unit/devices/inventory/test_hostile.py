"""Files that somebody broke, by accident or on purpose, end in sentences and in time."""

from __future__ import annotations

import random
import time
from itertools import pairwise
from pathlib import Path

import pytest

from devices.inventory import read
from tests.unit.devices.inventory.conftest import BASE

BOMBS = {
    "brackets": "[" * 200_000,
    "braces": "{a: " * 100_000,
    "dashes": "- " * 100_000,
    "a billion laughs": "a: &a [x]\n" + "".join(f"{b}: &{b} [*{a},*{a}]\n" for a, b in pairwise("abcdefgh")),
    "a key that is a list": "? [a, b]\n: c\n",
    "a key that is a mapping": "? {a: b}\n: c\n",
    "control characters": "sites: \x01\n",
    "zero bytes": "sites: \x00\n",
    "only a word": "hello",
    "only a list": "- a\n- b\n",
    "tabs": "sites:\n\t- id: x\n",
    "an unknown anchor": "sites: *nothing\n",
    "percent": "%YAML 9.9\n---\nsites: []\n",
    "a number beyond all": BASE.replace("lat: -0.1", "lat: " + "9" * 5000),
}  # fmt: skip


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_hostile_file_is_refused_quickly(tmp_path: Path, text: str) -> None:
    (tmp_path / "i.yaml").write_text(text)
    started = time.process_time()
    draft = read(tmp_path / "i.yaml")
    assert draft.inventory is None
    assert draft.complaints
    assert time.process_time() - started < 2


def test_a_mutated_file_never_raises_anything_but_complaints(tmp_path: Path) -> None:
    chance = random.Random(20260301)
    pieces = [
        "\n",
        "  ",
        "- ",
        ": ",
        "{",
        "}",
        "[",
        "]",
        "'",
        '"',
        "#",
        "*a",
        "&a ",
        "!x ",
        "none",
        "|",
        ">",
        "? ",
        ",",
        "é",
    ]
    path = tmp_path / "i.yaml"
    good = BASE.replace("role: router}", "role: router, ssh: {credential: masuk, username: u}, tags: [a, b]}")
    for _ in range(300):
        text = good
        for _ in range(chance.randint(1, 4)):
            at, length = chance.randrange(len(text)), chance.choice([0, 0, 1, 5, 40])
            text = text[:at] + chance.choice(pieces) + text[at + length :]
        path.write_text(text)
        draft = read(path)
        assert (draft.inventory is None) == bool(draft.complaints)


def test_a_folder_or_a_pipe_in_place_of_a_file_is_a_complaint(tmp_path: Path) -> None:
    (tmp_path / "i.yaml").mkdir()
    assert "cannot read" in read(tmp_path / "i.yaml").complaints[0].message


def test_ten_thousand_devices_load_in_a_few_seconds(tmp_path: Path) -> None:
    lines = [BASE.replace("devices:\n      - {id: r1, host: 10.0.0.1, role: router}\n", "").rstrip()]
    for site in range(2500):
        lines.append(f"  - {{id: t{site}, name: T{site}, area: 61.08.01, lat: -0.1, lon: 109.5, kind: school}}")
    lines.append("devices:")
    for device in range(10_000):
        parent = f", parent: d{device - device % 4}" if device % 4 else ""
        host = f"10.{device // 65536}.{device // 256 % 256}.{device % 256}"
        lines.append(f"  - {{id: d{device}, site: t{device // 4}, host: {host}, role: ap{parent}}}")
    (tmp_path / "i.yaml").write_text("\n".join(lines))
    started = time.process_time()
    draft = read(tmp_path / "i.yaml")
    took = time.process_time() - started
    assert draft.complaints == ()
    assert draft.inventory is not None
    assert len(draft.inventory.devices) == 10_000
    assert took < 5
