"""Rules that configurations must keep."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from controller.configurations.rules import judge, load
from devices.errors import InventoryError

RULES = r"""
rules:
  - id: time
    title: Waktu dari server sendiri
    where: role=ap
    must_contain: ^ntp server 10\.20\.0\.1$
  - id: telnet
    title: Tanpa telnet
    must_not_contain:
      - ^\s*transport input .*telnet
      - ^telnet server
    why: kata sandi terlihat di jalan
"""


def _where(expression: str) -> Callable[[str], bool]:
    if expression != "role=ap":
        raise ValueError(f"{expression!r} is not understood")
    return lambda device: device.startswith("ap")


def test_each_rule_says_who_breaks_it_and_where() -> None:
    rules, about = load(RULES, "compliance.yaml", _where)
    texts = {
        "ap-1": "ntp server 10.20.0.1\n",
        "ap-2": "ntp server 8.8.8.8\nline vty 0 4\n transport input telnet ssh\n",
        "rb-1": "telnet server enable\n",
        "ap-3": None,
    }
    time, telnet = judge(rules, sorted(texts), texts.get, about)
    assert (time.kept, time.unread) == (1, ("ap-3",))
    assert [(b.device, b.absent) for b in time.breaches] == [("ap-2", (r"^ntp server 10\.20\.0\.1$",))]
    assert [(b.device, b.lines) for b in telnet.breaches] == [
        ("ap-2", ((3, "transport input telnet ssh"),)),
        ("rb-1", ((1, "telnet server enable"),)),
    ]
    assert telnet.kept + len(telnet.breaches) + len(telnet.unread) == len(texts)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: nothing\n", "1: rules: a list of rules was expected"),
        ("- id: x\n", "1: rules: a list of rules was expected"),
        ("rules:\n  - id: x\n", "2: x: needs `must_contain` or `must_not_contain`"),
        ("rules:\n  - id: x\n    must_contain: '('\n", "3: must_contain: '(' is no regular expression"),
        ("rules:\n  - id: x\n    must_contain: a\n    colour: red\n", "4: colour: is no key of a rule"),
        ("rules:\n  - id: x\n    must_contain: a\n    where: all\n", "4: where: 'all' is not understood"),
        ("rules:\n  - {id: x, must_contain: a}\n  - {id: x, must_contain: b}\n", "3: id: 'x' stands twice"),
        ("rules:\n  - title: x\n    must_contain: a\n", "2: id: text was expected"),
        ("rules:\n  - just a word\n", "2: rules: each rule is a mapping"),
    ],
)
def test_a_wrong_file_is_told_by_line_and_key(text: str, said: str) -> None:
    with pytest.raises(InventoryError) as refused:
        load(text, "compliance.yaml", _where)
    assert f"compliance.yaml:{said}" in str(refused.value)


def test_every_complaint_is_told_at_once() -> None:
    with pytest.raises(InventoryError) as refused:
        load("rules:\n  - {id: a, must_contain: '('}\n  - {id: b}\n", "r.yaml", _where)
    assert len(refused.value.complaints) == 2
