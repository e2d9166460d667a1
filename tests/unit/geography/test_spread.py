import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geography.spread import STEPS_A_PERSON, spread


@given(
    totals=st.lists(st.integers(0, 10_000_000), min_size=1, max_size=6),
    data=st.data(),
)
def test_every_person_is_dealt_whatever_the_weights(totals: list[int], data: st.DataObject) -> None:
    places = data.draw(st.lists(st.tuples(st.integers(0, len(totals) - 1), st.floats(0, 1e6)), max_size=40))
    pot = np.array([p for p, _ in places], dtype=np.int64)
    people = spread(np.array(totals, dtype=float), pot, np.array([w for _, w in places]))
    for number, total in enumerate(totals):
        mine = people[pot == number]
        assert not len(mine) or mine.sum() == total
        assert (mine >= 0).all()
    assert ((people * STEPS_A_PERSON) % 1 == 0).all()


def test_shares_follow_the_weights() -> None:
    people = spread(np.array([100.0]), np.array([0, 0, 0]), np.array([1.0, 3.0, 0.0]))
    assert people.tolist() == [25.0, 75.0, 0.0]


def test_a_pot_without_weights_is_shared_equally() -> None:
    assert spread(np.array([8.0]), np.array([0, 0]), np.zeros(2)).tolist() == [4.0, 4.0]


def test_places_of_no_pot_have_nobody() -> None:
    assert spread(np.array([8.0]), np.array([-1, 0]), np.ones(2)).tolist() == [0.0, 8.0]


def test_a_third_of_a_person_is_dealt_to_the_last_step() -> None:
    people = spread(np.array([1.0]), np.zeros(3, dtype=np.int64), np.ones(3))
    assert people.sum() == 1.0
    assert people.max() - people.min() == pytest.approx(1 / STEPS_A_PERSON)
