"""Names on maps: inside the picture, off one another and off marks where there is room."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.views.labels import Name, placed

SPOTS = st.lists(st.tuples(st.floats(20, 780), st.floats(20, 580)), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(spots=SPOTS, marks=SPOTS)
def test_a_name_that_claims_to_hide_nothing_hides_nothing(
    spots: list[tuple[float, float]], marks: list[tuple[float, float]]
) -> None:
    names = {str(k): Name(x=x, y=y, half=40, height=16) for k, (x, y) in enumerate(spots)}
    found = placed(names, marks, mark=9, width=800, height=600)
    boxes = {}
    for code, at in found.items():
        box = (at.x - 40, at.y - 0.82 * 16, at.x + 40, at.y + 0.3 * 16)
        assert box[0] >= 0
        assert box[2] <= 800
        if at.hides == 0:
            for x, y in marks:
                assert not (box[0] < x + 9 and x - 9 < box[2] and box[1] < y + 9 and y - 9 < box[3])
            for other in boxes.values():
                assert not (box[0] < other[2] and other[0] < box[2] and box[1] < other[3] and other[1] < box[3])
        boxes[code] = box


def test_a_lone_name_stands_on_its_place_without_a_line() -> None:
    at = placed({"a": Name(x=300, y=200, half=40, height=16)}, [], mark=9, width=800, height=600)["a"]
    assert (at.x, at.y, at.line, at.hides) == (300, 200, None, 0)


def test_a_crowded_coast_sends_its_names_out_to_sea_with_lines() -> None:
    marks = [(60.0 + dx, 300.0 + dy) for dx in (0, 20, 40, 60) for dy in range(-60, 61, 15)]
    at = placed({"a": Name(x=70, y=300, half=40, height=16)}, marks, mark=9, width=800, height=600, beside=120)["a"]
    assert at.hides == 0
    assert at.x < 30
    assert at.line is not None
