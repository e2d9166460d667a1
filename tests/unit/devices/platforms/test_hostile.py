"""Whatever a device answers, reading it never breaks and never invents a figure out of range."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.facts import RadioFacts
from devices.platforms.platform import GAUGES, IDENTITY
from devices.platforms.recognise import candidates, decide, platforms
from devices.platforms.sources import Answers
from devices.platforms.survey import facts_of
from devices.transport.snmp.api import Oid, Value

ROWS = ("1", "2", "1.1", "9.8.7", "65536")
ODD: tuple[Value, ...] = (
    0, 1, -1, 8, 50, 100, 65535, 2**31 - 1, 2**32 - 1, 2**64 - 1, b"", b"\0", b"   ", b"\xff\xfe", b"0", b"-71.5",
    b"12 %",
    b"1/0", b"n/a", b"FGT_60F", b"FP831F-v7", b"vwire-", b"1.2.3", b"()", b"27C", "192.0.2.1", 1e30, -0.5, None,
    Oid("1.3.6.1.2.1.25.2.1.2"), Oid("0.0"),
)  # fmt: skip


def value(chance: random.Random) -> Value:
    """Something that some agent might say."""
    kind = chance.random()
    if kind < 0.6:
        return chance.choice(ODD)
    if kind < 0.8:
        return chance.randint(-200, 70_000)
    return chance.randbytes(chance.randint(0, 12))


@pytest.mark.parametrize("name", sorted(platforms()))
def test_no_answer_breaks_a_platform(name: str) -> None:
    chance, platform = random.Random(name), platforms()[name]
    for _ in range(25):
        told = {}
        for figure in (*IDENTITY, *GAUGES):
            for source in platform.sources(figure):
                answers = Answers(
                    values={o: value(chance) for o in source.oids if chance.random() < 0.7},
                    tables={c: {r: value(chance) for r in ROWS if chance.random() < 0.7} for c in source.columns},
                )
                read, rows = source.read(answers), source.rows(answers)
                assert set(rows) <= set(source.columns)
                if read is not None:
                    told[figure] = read
        facts = facts_of(platform, {}, told)
        assert facts.memory_ratio is None or 0 <= facts.memory_ratio <= 1
        assert all(isinstance(c, float) for c in facts.cpu_percent)
        assert all(isinstance(r, RadioFacts) for r in facts.radios)
        for said in (facts.model, facts.version, facts.serial):
            assert said is None or (isinstance(said, str) and said == said.strip() != "")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=30), st.one_of(st.integers(), st.binary(max_size=9), st.just(Oid("0.0")), st.none()))
def test_no_identity_breaks_the_recognition(descr: bytes, object_id: Value) -> None:
    answers = Answers(values={"1.3.6.1.2.1.1.1.0": descr, "1.3.6.1.2.1.1.2.0": object_id})
    assert decide(candidates(answers), answers).name in platforms()
