"""The file that says how sites test their speed."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from collectors.speed import Means
from controller.coverage.errors import BadInput
from controller.coverage.speed_rules import Begin, Hours, load, of_url
from devices.model import Backhaul, SiteId
from tests.unit.coverage.make import site

WHOLE = """
url = "http://speed.example/5mb?from={site}"
tests_per_30_days = 4
hours = "09:00-11:00, 13:00-24:00"
begin = "now"
max_mb = 2.5
max_s = 10
at_once = 2
tries = 1
monthly_mb = 50
[monthly_mb_by_backhaul]
vsat = 10
4g = 30
[sites.park-1]
with = "iperf3"
iperf3 = "10.0.0.1:5202"
from = "park-1-box"
[sites.school-9]
skip = true
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "speed.toml"
    path.write_text(text)
    return path


def test_a_whole_file_is_understood(tmp_path: Path) -> None:
    rules = load(written(tmp_path, WHOLE))
    assert (rules.per_30_days, rules.most_bytes, rules.most_s, rules.at_once, rules.tries) == (4, 2_500_000, 10, 2, 1)
    assert rules.hours == ((time(9), time(11)), (time(13), time(23, 59, 59)))
    assert rules.begin is Begin.NOW
    budgets = [rules.budget(site(backhaul=b)) for b in (Backhaul.VSAT, Backhaul.CELLULAR, Backhaul.FIBRE, None)]
    assert budgets == [10_000_000, 30_000_000, 50_000_000, 50_000_000]
    usual, own = rules.way_of(site("a")), rules.way_of(site("park-1", id=SiteId("park-1")))
    assert (usual.url, usual.means) == ("http://speed.example/5mb?from=a", None)
    assert (own.url, own.iperf3, own.means, own.device) == (None, "10.0.0.1:5202", Means.IPERF3, "park-1-box")
    assert rules.way_of(site("school-9", id=SiteId("school-9"))).is_skipped


@pytest.mark.parametrize("word", list(Hours))
def test_hours_may_be_a_word(tmp_path: Path, word: Hours) -> None:
    assert load(written(tmp_path, f'url = "http://x/y"\nhours = "{word}"')).hours is word


def test_a_url_alone_has_the_rules_as_shipped() -> None:
    rules = of_url("http://speed.example/5mb")
    assert (rules.per_30_days, rules.hours, rules.begin) == (2, Hours.BUSY, Begin.SPREAD)
    assert rules.budget(site(backhaul=Backhaul.VSAT)) == 20_000_000
    assert rules.budget(site()) == 100_000_000


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('url = "ftp://x"', "url"),
        ("tests_per_30_days = 0", "tests_per_30_days"),
        ('hours = "21:00-20:00"', "hours.*ends before"),
        ('hours = "soon"', "hours.*neither busy, any, always nor"),
        ('iperf3 = "a b"', "iperf3"),
        ('iperf3 = "-h:5201"', "iperf3"),
        ("[monthly_mb_by_backhaul]\nsatellite = 3", "monthly_mb_by_backhaul"),
        ('[sites.a]\nwith = "ftp"', "sites.a.with"),
        ("colour = 3", "colour"),
        ("max_mb = ", "not TOML"),
    ],
)
def test_what_is_no_rule_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        load(written(tmp_path, text))


def test_a_missing_file_and_a_strange_url_are_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        load(tmp_path / "none.toml")
    with pytest.raises(BadInput, match="no http or https"):
        of_url("file:///etc/passwd")
