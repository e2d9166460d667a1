from hypothesis import given
from hypothesis import strategies as st

from geography.people import share_people
from geography.units import Level, load

UNITS = load()
CODES = sorted(
    u.code for u in UNITS.values() if u.level in (Level.REGENCY, Level.DISTRICT) or u.code.startswith("61.1")
)


def test_a_village_is_shared_equally_and_to_the_person() -> None:
    people = UNITS["61.01.01.2001"].population
    shares = share_people([(f"s{i}", "61.01.01.2001") for i in range(3)])
    assert sum(shares.values()) == people
    assert max(shares.values()) - min(shares.values()) <= 1


def test_a_district_site_has_the_people_outside_villages_with_sites() -> None:
    shares = share_people([("village", "61.01.01.2001"), ("office", "61.01.01")])
    assert shares["office"] == UNITS["61.01.01"].population - UNITS["61.01.01.2001"].population


def test_a_regency_site_has_what_is_left() -> None:
    shares = share_people([("a", "61.01"), ("b", "61.01.01"), ("c", "61.01.02.2001")])
    assert sum(shares.values()) == UNITS["61.01"].population


def test_an_unknown_code_is_absent_and_not_zero() -> None:
    assert share_people([("x", "99.99"), ("y", "words")]) == {}


def test_the_same_site_twice_counts_once() -> None:
    assert share_people([("a", "61.01.01.2001"), ("a", "6101012001")]) == {"a": UNITS["61.01.01.2001"].population}


@given(st.lists(st.sampled_from(CODES), min_size=1, max_size=60))
def test_nobody_is_counted_twice(codes: list[str]) -> None:
    shares = share_people([(f"s{place:03d}", code) for place, code in enumerate(codes)])
    assert len(shares) == len(codes)
    covered = {c for c in codes if not any(c != o and c.startswith(o + ".") for o in codes)}
    assert sum(shares.values()) == sum(UNITS[c].population for c in covered)


@given(st.permutations(["61.01", "61.01.01", "61.01.01.2001", "61.01.01.2001", "61.02.01"]))
def test_the_order_of_sites_does_not_matter(codes: list[str]) -> None:
    shares = share_people([(f"{c}-{codes[:i].count(c)}", c) for i, c in enumerate(codes)])
    ordered = sorted(codes)
    assert shares == share_people([(f"{c}-{ordered[:i].count(c)}", c) for i, c in enumerate(ordered)])
