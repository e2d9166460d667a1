"""Whatever a device answers, reading it never breaks and never invents a figure out of range."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.facts import RadioFacts
from devices.platforms.platform import GAUGES, IDENTITY
from devices.platforms.recognise import candidates, decide, platforms
from devices.platforms.sources import Answers
from devices.platforms.survey import facts_of
from devices.transport.snmp.api import Oid, Value

VALUES: st.SearchStrategy[Value] = st.one_of(
    st.integers(-(2**31), 2**64),
    st.binary(max_size=20),
    st.text("0123456789.-% (),CFv", max_size=12).map(str.encode),
    st.just(Oid("1.3.6.1.2.1.25.2.1.2")),
    st.just("192.0.2.1"),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
)
ROWS = st.dictionaries(st.sampled_from(["1", "2", "1.1", "9.8.7"]), VALUES, max_size=3)
NAMES = sorted(platforms())


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(NAMES), st.data())
def test_no_answer_breaks_a_platform(name: str, data: st.DataObject) -> None:
    platform = platforms()[name]
    told = {}
    for figure in (*IDENTITY, *GAUGES):
        for source in platform.sources(figure):
            answers = Answers(
                values={o: data.draw(VALUES) for o in source.oids if data.draw(st.booleans())},
                tables={c: data.draw(ROWS) for c in source.columns},
            )
            value = source.read(answers)
            rows = source.rows(answers)
            assert set(rows) <= set(source.columns)
            if value is not None:
                told[figure] = value
    facts = facts_of(platform, {}, told)
    assert facts.memory_ratio is None or 0 <= facts.memory_ratio <= 1
    assert all(isinstance(c, float) for c in facts.cpu_percent)
    assert all(isinstance(r, RadioFacts) for r in facts.radios)
    for figure in (facts.model, facts.version, facts.serial):
        assert figure is None or (isinstance(figure, str) and figure == figure.strip() != "")


@settings(max_examples=60, deadline=None)
@given(VALUES, VALUES)
def test_no_identity_breaks_the_recognition(descr: Value, object_id: Value) -> None:
    answers = Answers(values={"1.3.6.1.2.1.1.1.0": descr, "1.3.6.1.2.1.1.2.0": object_id})
    assert decide(candidates(answers), answers).name in platforms()
