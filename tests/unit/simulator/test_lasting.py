"""Sites with a lasting character, what their links let through, and the server that gives as much."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from simulator.downloads import PATH, Downloads
from simulator.events import DAY, poor_regency
from simulator.inventory_text import Ssh, with_shell, write
from simulator.lasting import Lasting
from simulator.links import available_bps, line_bps
from simulator.province import build
from simulator.story import Story

ORIGIN = 1_795_300_000.0
PROVINCE = build(devices=200)
STORY = Story(PROVINCE, (ORIGIN,))
TOLD = PROVINCE.lasting


def up_ratio(site: str, start: float, end: float) -> float:
    seen = STORY.over(PROVINCE.gateway(site), np.arange(start, end, 600.0))
    return float(seen["service_ok"].mean())


def test_each_site_has_one_character_at_most_and_a_small_province_none() -> None:
    groups = (TOLD.broken, TOLD.useless, TOLD.crowded, TOLD.quiet)
    assert all(groups)
    assert sum(map(len, groups)) == len(TOLD.all)
    assert build(devices=60).lasting == Lasting()


def test_the_same_seed_chooses_the_same_sites() -> None:
    assert build(devices=200).lasting == TOLD


def test_broken_sites_are_dark_most_of_the_day_since_some_weeks() -> None:
    for site in TOLD.broken:
        assert up_ratio(site, ORIGIN - 30 * DAY, ORIGIN) < 0.5
        assert up_ratio(site, ORIGIN - 90 * DAY, ORIGIN - 50 * DAY) > 0.95


def test_the_others_are_up_and_not_where_luck_is_bad() -> None:
    for site in (*TOLD.useless, *TOLD.crowded, *TOLD.quiet):
        assert up_ratio(site, ORIGIN - 30 * DAY, ORIGIN) > 0.95
        assert PROVINCE.sites[site].regency != poor_regency(PROVINCE)


def test_useless_and_quiet_sites_carry_as_little_and_only_a_test_tells_them_apart() -> None:
    evening = ORIGIN - 30 * DAY + np.arange(0, 30 * DAY, 3600.0)
    for site in (*TOLD.useless, *TOLD.quiet):
        octets = STORY.over(PROVINCE.gateway(site), evening)["octets_in"]
        moved = np.diff(octets)
        assert 8 * moved[moved >= 0].max() / 3600 < 1.1e6
    for site in TOLD.useless:
        assert available_bps(STORY, PROVINCE.sites[site], ORIGIN) < 1.5e6
    for site in TOLD.quiet:
        assert available_bps(STORY, PROVINCE.sites[site], ORIGIN) > 5e6


def test_a_link_lets_through_what_its_people_are_counted_to_use() -> None:
    for site in PROVINCE.sites.values():
        if site.is_public:
            assert 0 < line_bps(PROVINCE, site) <= 1.2e6 * (site.plan_down_mbps or 0)
            assert 0 <= available_bps(STORY, site, ORIGIN) <= line_bps(PROVINCE, site)


def test_nothing_comes_through_a_dark_site() -> None:
    site = PROVINCE.sites[TOLD.broken[0]]
    night = next(
        t for t in np.arange(ORIGIN - DAY, ORIGIN, 600.0) if not STORY.state(PROVINCE.gateway(site.id), t).reachable
    )
    assert available_bps(STORY, site, float(night)) == 0


async def _download(site: str, at: float) -> tuple[int, float]:
    """(octets, seconds) of a short download."""
    server = Downloads(STORY, clock=lambda: at)
    port = await server.open("127.0.0.1", 0)
    try:
        began = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {PATH}{site} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        octets = 0
        while octets < 200_000 and (piece := await reader.read(65_536)):
            octets += len(piece)
        writer.close()
        return octets, time.monotonic() - began
    finally:
        server.close()


def test_the_server_gives_as_much_as_the_link_has_left() -> None:
    site = PROVINCE.sites[TOLD.useless[0]]
    octets, seconds = asyncio.run(_download(site.id, ORIGIN))
    assert octets >= 200_000
    assert 8 * octets / seconds == pytest.approx(available_bps(STORY, site, ORIGIN), rel=0.25)


def test_the_server_gives_nothing_for_sites_that_are_down_or_unknown() -> None:
    assert asyncio.run(_download("nowhere", ORIGIN))[0] < 200  # a 404
    site = TOLD.broken[0]
    night = next(
        t for t in np.arange(ORIGIN - DAY, ORIGIN, 600.0) if not STORY.state(PROVINCE.gateway(site), t).reachable
    )
    assert asyncio.run(_download(site, float(night)))[0] == 0


def test_shells_stand_in_the_inventory_where_the_firmware_has_one() -> None:
    text = "".join(write(PROVINCE, port=16161, ssh=Ssh(port=2222, username="someone", key="ssh/client")))
    assert text.count("groups: [shell]") + text.count(", shell]") == len(with_shell(PROVINCE))
    assert "key: key:ssh/client" in text
    assert "shell" not in "".join(write(PROVINCE, port=16161))
