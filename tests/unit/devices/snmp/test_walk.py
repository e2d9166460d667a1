"""Walks without a network: an agent in memory answers as it likes, and every walk ends."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.transport.snmp import ber, question
from devices.transport.snmp.api import Limits
from devices.transport.snmp.columns import Shapes, Walk
from devices.transport.snmp.question import Question

TABLE = "1.3.6.1.2.1.31.1.1.1"
rows = st.lists(
    st.tuples(st.integers(1, 40), st.lists(st.integers(0, 300), min_size=1, max_size=2)), max_size=60, unique_by=str
)


class Memory:
    """An agent that holds (oid -> value) and answers `most` objects at most."""

    def __init__(self, objects: dict[str, int], most: int = 10_000) -> None:
        self.sorted = sorted((tuple(map(int, o.split("."))), v) for o, v in objects.items())
        self.most = most
        self.asked = 0

    def answer(self, asked: Question) -> tuple[list[bytes], list[ber.Read]]:
        self.asked += 1
        data = ber.message(b"c", asked.head + b"\x11\x22\x33\x44" + asked.tail)
        pdu = ber.read_message(data)[1]
        times = pdu.error_index if pdu.tag == ber.GET_BULK else 1
        at = [self._after(tuple(map(int, ber.oid_text(o).split(".")))) for o in pdu.oids]
        out = []
        for _ in range(times):
            for i in range(len(at)):
                if at[i] < len(self.sorted):
                    oid, value = self.sorted[at[i]]
                    out.append((ber.oid_body(".".join(map(str, oid))), value))
                    at[i] += 1
                else:
                    out.append((pdu.oids[i], ber.END_OF_MIB_VIEW))
        out = out[: self.most]
        return [o for o, _ in out], [v for _, v in out]

    def _after(self, oid: tuple[int, ...]) -> int:
        return next((i for i, (o, _) in enumerate(self.sorted) if o > oid), len(self.sorted))


def run(walk: Walk, agent: Memory) -> dict:
    while (asked := walk.question()) is not None:
        assert agent.asked < 10_000, "the walk does not end"
        walk.take(*agent.answer(asked))
    return walk.result()


@settings(deadline=None, derandomize=True)
@given(rows, st.integers(1, 40), st.integers(1, 40), st.integers(0, 60), st.booleans())
def test_a_walk_finds_exactly_what_the_agent_holds(held, max_oids, repetitions, most, bulk) -> None:
    objects = {f"{TABLE}.{column}.{'.'.join(map(str, index))}": i for i, (column, index) in enumerate(held)}
    notes: list[str] = []
    walk = Walk(
        [f"{TABLE}.{c}" for c in range(1, 8)],
        Limits(bulk=bulk, max_oids=max_oids, max_repetitions=repetitions),
        lambda what, oid: notes.append(what),
    )
    found = run(walk, Memory(objects, most=most or 1))
    for column in range(1, 8):
        prefix = f"{TABLE}.{column}."
        expected = {o.removeprefix(prefix): v for o, v in objects.items() if o.startswith(prefix)}
        assert found[f"{TABLE}.{column}"] == expected
        keys = [tuple(map(int, k.split("."))) for k in found[f"{TABLE}.{column}"]]
        assert keys == sorted(keys)
    assert not notes


def take(walk: Walk, *pairs: tuple[str, ber.Read]) -> None:
    walk.question()
    walk.take([ber.oid_body(o) for o, _ in pairs], [v for _, v in pairs])


def test_objects_that_do_not_increase_end_a_column_with_a_note() -> None:
    notes: list[tuple[str, str]] = []
    walk = Walk([f"{TABLE}.1"], Limits(), lambda what, oid: notes.append((what, oid)))
    take(walk, (f"{TABLE}.1.5", 1), (f"{TABLE}.1.5", 2))
    assert walk.question() is None
    assert walk.result() == {f"{TABLE}.1": {"5": 1}}
    assert notes == [("objects do not increase", f"{TABLE}.1.5")]


def test_order_is_that_of_numbers_not_of_octets() -> None:
    walk = Walk([f"{TABLE}.1"], Limits(), lambda what, oid: None)
    take(walk, (f"{TABLE}.1.16383", 1), (f"{TABLE}.1.16384", 2))
    assert walk.result() == {f"{TABLE}.1": {"16383": 1, "16384": 2}}


def test_a_walk_stops_at_max_rows() -> None:
    walk = Walk([f"{TABLE}.1"], Limits(max_rows=7), lambda what, oid: None)
    found = run(walk, Memory({f"{TABLE}.1.{i}": i for i in range(100)}))
    assert len(found[f"{TABLE}.1"]) == 7


def test_too_big_asks_for_less_until_one_object_is_left_and_then_does_without() -> None:
    notes: list[str] = []
    walk = Walk([f"{TABLE}.1", f"{TABLE}.2"], Limits(max_repetitions=8), lambda what, oid: notes.append(what))
    sizes = []
    while (asked := walk.question()) is not None:
        pdu = ber.read_message(ber.message(b"", asked.head + b"\x11\x22\x33\x44" + asked.tail))[1]
        sizes.append((len(pdu.oids), pdu.error_index if pdu.tag == ber.GET_BULK else 0))
        walk.too_big()
    assert sizes == [(2, 8), (2, 4), (2, 2), (2, 1), (1, 1), (1, 0), (1, 0)]
    assert len(notes) == 2
    assert walk.result() == {f"{TABLE}.1": {}, f"{TABLE}.2": {}}


def test_a_refused_column_does_not_cost_its_neighbours() -> None:
    walk = Walk([f"{TABLE}.1", f"{TABLE}.2"], Limits(), lambda what, oid: None)
    walk.question()
    walk.refused(1, "error-status 5")
    assert run(walk, Memory({f"{TABLE}.2.1": 9})) == {f"{TABLE}.1": {}, f"{TABLE}.2": {"1": 9}}


def test_an_answer_without_objects_is_no_end_of_the_world() -> None:
    walk = Walk([f"{TABLE}.1"], Limits(max_repetitions=4), lambda what, oid: None)
    for _ in range(4):
        if walk.question() is not None:
            walk.take([], [])
    assert walk.question() is None


def table(names: tuple[str, ...]) -> Question:
    return question.get_bulk(question.columns(names), 2)


def test_a_known_shape_places_values_as_the_walk_did() -> None:
    names = (f"{TABLE}.1", f"{TABLE}.2")
    oids = [ber.oid_body(f"{TABLE}.{c}.{r}") for r in (3, 7) for c in (1, 2)]
    values: list[ber.Read] = [10, 20, 11, 21]
    shapes, walk = Shapes(), Walk(names, Limits(), lambda what, oid: None)
    assert shapes.sort(names, table(names), oids, values) is None
    walk.asked(walk.columns)
    walk.take(oids, values)
    shapes.learn(names, table(names), oids, walk)
    assert shapes.sort(names, table(names), oids, values) == (walk.result(), False)
    assert shapes.sort(names, table(names), oids, [10, 20, 11, ber.END_OF_MIB_VIEW]) is None
    assert shapes.sort(names, table(names), oids[::-1], values) is None


def test_a_shape_knows_where_a_column_ends() -> None:
    names = (f"{TABLE}.1", f"{TABLE}.2")
    oids = [ber.oid_body(f"{TABLE}.{c}.{r}") for c, r in ((1, 3), (2, 3), (2, 3), (3, 1))]
    values: list[ber.Read] = [10, 20, 20, ber.END_OF_MIB_VIEW]
    shapes, walk = Shapes(), Walk(names, Limits(), lambda what, oid: None)
    walk.asked(walk.columns)
    walk.take(oids, values)
    shapes.learn(names, table(names), oids, walk)
    assert walk.result() == {names[0]: {"3": 10}, names[1]: {"3": 20}}
    assert shapes.sort(names, table(names), oids, values) == (walk.result(), True)
    assert shapes.sort(names, table(names), oids, [ber.NO_SUCH_OBJECT, 20, 20, 1]) is None


def test_an_answer_with_a_note_is_no_shape() -> None:
    names = (f"{TABLE}.1",)
    oids = [ber.oid_body(f"{TABLE}.1.5")] * 2
    shapes, walk = Shapes(), Walk(names, Limits(), lambda what, oid: None)
    walk.asked(walk.columns)
    walk.take(oids, [1, 2])
    shapes.learn(names, table(names), oids, walk)
    assert shapes.sort(names, table(names), oids, [1, 2]) is None
