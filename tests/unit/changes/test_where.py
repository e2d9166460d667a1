"""Where-expressions: what they take, what they refuse and where, and the laws of logic."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.changes.errors import WhereError
from controller.changes.versions import order
from controller.changes.where import compile_where
from devices.model import Backhaul, Role, SiteKind
from tests.unit.changes.fleet import UNITS, site, subject

ONE = subject(
    tags=("lab", "vip"),
    role=Role.AP,
    site=site(area="61.08.01.2001", backhaul=Backhaul.VSAT, programme="bakti"),
    version="7.16.1",
    model="hAP ac2",
    state="up",
)


def takes(text: str, one: object = ONE) -> bool:
    return compile_where(text, units=UNITS).takes(one)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "all",
        "regency=61.08",
        "regency = 6108",
        "regency=Landak",
        "regency='kabupaten landak'",
        "regency ~ landa",
        "district=61.08.01 and platform=routeros and not tag=nothing",
        "village=6108012001",
        "area in (61.01, 61.08)",
        "kind=puskesmas or kind=school",
        "kind in (puskesmas, school)",
        "not (kind=school or kind=library)",
        "tag=lab and tag=vip and tag!=x",
        "tag not in (x, y)",
        "backhaul=vsat AND programme=BAKTI",
        "version>=7.16 and version<7.17 and version!=7.16",
        "model ~ '^hAP (ac2|ax3)$'",
        "model !~ ccr",
        "role=ap and state=up and device=r1 and site=pkm-ngabang",
        "provider!=telkom",
    ],
)
def test_a_device_is_taken_for_what_it_is(text: str) -> None:
    assert takes(text)


@pytest.mark.parametrize(
    "text",
    ["regency=61.01", "not all", "kind=school", "tag=x", "version<7.16", "provider=telkom", "serial=x", "serial~.*"],
)
def test_a_device_is_left_out_for_what_it_is_not(text: str) -> None:
    assert not takes(text)


def test_what_is_not_known_is_neither_smaller_nor_greater() -> None:
    unknown = subject(version=None)
    assert not takes("version<7", unknown)
    assert not takes("version>=7", unknown)
    assert takes("version!=7", unknown)


def test_a_village_is_not_known_of_a_site_that_names_its_district_only() -> None:
    assert not takes("village=61.08.01.2001", subject(area="61.08.01"))
    assert takes("district=61.08.01", subject(area="61.08.01"))


def test_a_bps_code_is_an_alias() -> None:
    district = next(u for u in UNITS.values() if u.bps_code and len(u.bps_code) == 7)
    assert takes(f"district={district.bps_code}", subject(area=district.code))


@pytest.mark.parametrize(
    ("text", "at", "reason"),
    [
        ("", 0, "expected a field"),
        ("regncy=61.08", 0, "did you mean 'regency'"),
        ("regency 61.08", 8, "expected one of = !="),
        ("regency=", 8, "expected a value; the expression ends here"),
        ("regency=61.08.01", 8, "expected a regency, 61.08.01 is a district"),
        ("regency=61.99", 8, "no area has the code 61.99"),
        ("regency=Lanadk", 8, "did you mean"),
        ("kind=puskesms", 5, "did you mean 'puskesmas'"),
        ("kind<puskesmas", 4, "kind cannot be compared with `<`"),
        ("model~'('", 6, "not a regular expression"),
        ("(tag=a or tag=b", 15, "expected `)`"),
        ("tag=a tag=b", 6, "expected `and`, `or` or the end; found 'tag'"),
        ("tag=a and", 9, "expected a field"),
        ("tag in (a b)", 10, "expected `,` or `)`"),
        ("tag in ()", 8, "expected a value"),
        ("tag='a", 4, "a quote that is not closed"),
        ("version>abc", 8, "expected a version"),
        ("tag not a", 8, "expected `in`"),
        ("not " * 60 + "all", 200, "nested deeper"),
    ],
)
def test_a_mistake_is_said_with_its_place(text: str, at: int, reason: str) -> None:
    with pytest.raises(WhereError) as refusal:
        compile_where(text, units=UNITS)
    assert reason in refusal.value.reason
    assert refusal.value.at == at
    assert refusal.value.pointing().splitlines()[2] == " " * (at + 2) + "^"


ATOMS = st.sampled_from(
    [
        "all",
        "tag=lab",
        "tag=x",
        "kind=school",
        "kind!=puskesmas",
        "regency=61.08",
        "version<7.16",
        "role in (ap, router)",
    ]
)
TREES = st.recursive(
    ATOMS, lambda t: st.one_of(t.map(lambda a: f"not ({a})"), st.tuples(t, t).map(lambda p: f"({p[0]}) and ({p[1]})"),
                               st.tuples(t, t).map(lambda p: f"({p[0]}) or ({p[1]})")), max_leaves=8,
)  # fmt: skip
SUBJECTS = st.builds(
    lambda tags, kind, area, version, role: subject(
        tags=tags, role=role, site=site(area=area, kind=kind), version=version
    ),
    st.sampled_from([(), ("lab",), ("lab", "x")]),
    st.sampled_from([SiteKind.PUSKESMAS, SiteKind.SCHOOL]),
    st.sampled_from(["61.08.01", "61.01.01"]),
    st.sampled_from([None, "7.9", "7.16"]),
    st.sampled_from([Role.AP, Role.ROUTER]),
)


@given(TREES, TREES, SUBJECTS)
def test_de_morgan_and_double_negation_hold(a: str, b: str, one: object) -> None:
    assert takes(f"not (({a}) and ({b}))", one) == takes(f"not ({a}) or not ({b})", one)
    assert takes(f"not (({a}) or ({b}))", one) == takes(f"not ({a}) and not ({b})", one)
    assert takes(f"not not ({a})", one) == takes(a, one)


@given(TREES, TREES, TREES, SUBJECTS)
def test_and_binds_closer_than_or(a: str, b: str, c: str, one: object) -> None:
    whole = takes(f"({a}) or ({b}) and ({c})", one)
    assert whole == (takes(a, one) or (takes(b, one) and takes(c, one)))


@given(st.text(max_size=40))
def test_no_text_does_worse_than_a_refusal(text: str) -> None:
    with suppress(WhereError):
        compile_where(text, units=UNITS)


def test_versions_sort_as_makers_release_them() -> None:
    written = ["6.49.10", "7.9", "7.16beta2", "7.16rc1", "7.16", "7.16.1", "12.4(24)T", "15.0(1)M"]
    assert sorted(set(written), key=order) == written
    assert order("7.16") == order("7.16.0")
