import time

import pytest

from geography.units import Basis, Level, Units, dotted, level_of, load


def test_the_counts_are_those_of_the_law() -> None:
    units = load()
    assert [len(units.level(level)) for level in Level] == [1, 14, 174, 2145]


def test_people_add_up_at_every_level() -> None:
    units = load()
    assert {sum(u.population for u in units.level(level)) for level in Level} == {5_646_268}


def test_every_unit_has_a_known_parent_and_is_its_child() -> None:
    units = load()
    for unit in units.values():
        if unit.level is Level.PROVINCE:
            assert unit.parent is None
        else:
            above = units.parent(unit)
            assert above is not None
            assert unit in units.children(above)


@pytest.mark.parametrize("text", ["61.01.01.2001", "6101012001", " 6101012001 ", "6101040029"])
def test_a_village_is_found_with_dots_without_dots_and_by_its_bps_code(text: str) -> None:
    found = load().find(text)
    assert found is not None
    assert found.name == "Dalam Kaum"


def test_where_both_codes_fit_kemendagri_wins_and_bps_can_be_asked_for() -> None:
    units = load()
    mempawah, bengkayang = units.find("6102"), units.find_bps("6102")
    assert mempawah is not None
    assert bengkayang is not None
    assert (mempawah.code, bengkayang.code) == ("61.02", "61.07")


@pytest.mark.parametrize("text", ["", "61.0", "61010120011", "61.0101", "Sambas", "٦١"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a Kemendagri code"):
        dotted(text)
    assert load().find(text) is None


def test_the_level_follows_from_the_code() -> None:
    assert [level_of(c) for c in ("61", "61.10", "61.10.01", "61.10.01.2001")] == list(Level)


def test_fifteen_young_villages_have_no_point_and_are_placed_in_their_district() -> None:
    units = load()
    young = [u for u in units.level(Level.VILLAGE) if u.point is None]
    assert len(young) == 15
    for village in young:
        district = units.ancestor(village.code, Level.DISTRICT)
        assert district is not None
        assert units.place(village) == district.popcentre
        assert village.area_km2 is None


def test_only_regencies_and_the_province_are_official() -> None:
    for unit in load().values():
        wide = unit.level in (Level.PROVINCE, Level.REGENCY)
        assert (unit.basis is Basis.OFFICIAL) is wide
        assert unit.is_estimate is not wide


def test_the_path_names_places_from_narrow_to_wide() -> None:
    assert load().path("61.01.01.2001") == "Dalam Kaum, Sambas, Kabupaten Sambas"


def test_units_within_a_regency() -> None:
    units = load()
    assert len(units.within(units["61.01"], Level.DISTRICT)) == 19
    assert len(units.within(units["61.01"], Level.VILLAGE)) == 195
    assert units.within(units["61.01"], Level.REGENCY) == [units["61.01"]]


def test_reading_the_tables_takes_less_than_a_fifth_of_a_second() -> None:
    from geography import units as module

    started = time.process_time()
    read: Units = module._load.__wrapped__(module.DATA)
    assert len(read) == 2334
    assert time.process_time() - started < 0.2  # about 0.02 s; the bound leaves room for a busy machine
