"""Answers of terminals: the end of the echo, noise over the borders of packets, prompts of every mode."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.transport.terminals import clean, echo_end, manner_of, repainted_end

NOISY = "show run\r\n\x1b[?2004l\rhostname a\r\nbanner \x1b[1Dx\x1b]0;title\x07\r\n\x1b[?2004hrouter# "
PLAIN = "show run\nhostname a\nbannerx\nrouter# "


@given(st.lists(st.integers(0, len(NOISY)), max_size=6))
def test_noise_is_taken_out_wherever_the_packets_end(cuts: list[int]) -> None:
    text, rest, last = "", "", 0
    for cut in [*sorted(cuts), len(NOISY)]:
        fresh, rest = clean(rest + NOISY[last:cut])
        text, last = text + fresh, cut
    assert text + rest in (PLAIN, PLAIN.replace("bannerx", "banner x"))


@pytest.mark.parametrize(
    ("kind", "base", "prompt"),
    [
        ("cisco_ios", "gerbang", "gerbang#"), ("cisco_ios", "gerbang", "gerbang>"),
        ("cisco_ios", "gerbang-yang-panj", "gerbang-yang-panjang(config-if)#"),
        ("ruijie_os", "Ruijie", "Ruijie(config)# "),
        ("huawei_vrp", "Huawei", "<Huawei>"), ("huawei_vrp", "Huawei", "[Huawei-GigabitEthernet0/0/1]"),
        ("huawei_vrp", "Huawei", "[~Huawei]"), ("huawei_vrp", "Huawei", "HRP_M<Huawei>"),
        ("mikrotik_routeros", "admin@MikroTik] >", "[admin@MikroTik] > "),
        ("mikrotik_routeros", "admin@MikroTik] >", "[admin@MikroTik] <SAFE> "),
        ("mikrotik_routeros", "admin@MikroTik] >", "[admin@baru] /ip/address> "), ("linux", "merata-1#", "merata-1# "),
    ],
)  # fmt: skip
def test_the_prompt_of_every_mode_ends_an_answer(kind: str, base: str, prompt: str) -> None:
    pattern = manner_of(kind).prompt_of(base)
    assert pattern.search(f"said\n{prompt}")
    assert pattern.search(prompt)
    assert not pattern.search(f"said {prompt}")
    assert not pattern.search(f"{prompt}\nmore")


def test_an_echo_is_found_though_the_terminal_wraps_it_or_something_comes_before() -> None:
    assert echo_end("log: link up\nrouter# desc \nription x\nrest", "description x") == 37
    assert echo_end("description", "description x") is None
    assert echo_end("description x", "description x") is None  # its line has not ended
    assert echo_end("\nrest", "") == 1


def test_routeros_may_paint_the_line_again() -> None:
    text = "/ip print\n[admin@R] > /ip print\n 0 a\n[admin@R] > "
    assert text[repainted_end(text, "/ip print", 10) :] == " 0 a\n[admin@R] > "
