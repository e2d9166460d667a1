import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import events
from simulator.events import DAY, HOUR
from simulator.province import build
from simulator.story import Story

ORIGIN = 1_795_300_000.0
PROVINCE = build()
STORY = Story(PROVINCE, [ORIGIN])
DEVICES = sorted(PROVINCE.devices)


def open_kinds(story: Story, t: float) -> dict[str, list[events.Event]]:
    found: dict[str, list[events.Event]] = {}
    for event in story.events:
        if event.featured and event.start <= t < event.end:
            found.setdefault(event.kind, []).append(event)
    return found


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_whatever_the_hour_of_the_start_something_of_every_kind_is_wrong_now(hour: int) -> None:
    origin = 1_795_300_000.0 + hour * HOUR
    now = open_kinds(Story(PROVINCE, [origin]), origin)
    assert {"link", "power", "lossy", "full", "dead", "no_service", "disk", "hot"} <= set(now)
    assert len(now["power"]) == 5
    towers = [e for e in now["link"] if PROVINCE.sites[PROVINCE.devices[e.subject].site].kind == "tower"]
    assert len(towers) == 1
    assert 3 <= len(PROVINCE.sites_behind(PROVINCE.devices[towers[0].subject])) <= 5


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("devices", [5, 20, 60, 300])
def test_any_size_and_seed_makes_a_story(seed: int, devices: int) -> None:
    province = build(seed=seed, devices=devices)
    story = Story(province, [ORIGIN])
    assert len([story.state(d, ORIGIN) for d in province.devices.values()]) == devices


def test_a_cut_uplink_takes_everything_behind_it_along() -> None:
    (cut,) = (e for e in open_kinds(STORY, ORIGIN)["link"] if e.subject.startswith("menara"))
    tower = PROVINCE.devices[cut.subject]
    assert STORY.state(tower, ORIGIN).cause == "link"
    for site in PROVINCE.sites_behind(tower):
        for device in PROVINCE.devices_of[site.id]:
            state = STORY.state(device, ORIGIN)
            assert (state.reachable, state.cause) == (False, "parent")
            assert STORY.state(device, cut.start - 60).reachable
            assert STORY.state(device, cut.end + 60).reachable
            assert STORY.state(device, cut.end + 60).uptime_s > DAY / 4  # it ran on


def test_a_power_cut_restarts_what_it_darkened() -> None:
    cut = open_kinds(STORY, ORIGIN)["power"][0]
    for device in PROVINCE.devices_of[cut.subject]:
        assert STORY.state(device, ORIGIN).cause == "power"
        before, after = STORY.state(device, cut.start - 60), STORY.state(device, cut.end + 60)
        assert after.uptime_s == pytest.approx(60)
        assert after.boots > before.boots
        assert after.octets_in < before.octets_in


def test_the_crowded_site_has_more_clients_than_room_and_its_link_is_at_its_plan() -> None:
    (full,) = open_kinds(STORY, ORIGIN)["full"]
    site = PROVINCE.sites[full.subject]
    devices = PROVINCE.devices_of[site.id]
    clients = sum(STORY.state(d, ORIGIN).clients for d in devices if d.role == "ap")
    assert clients >= (site.capacity_clients or 0)
    a, b = (STORY.state(devices[0], ORIGIN + s).octets_in for s in (0, 60))
    assert (b - a) * 8 / 60 >= 0.9 * (site.plan_down_mbps or 0) * 1e6


def test_ordinary_sites_stay_below_their_room_and_their_plan() -> None:
    times = np.arange(ORIGIN - 7 * DAY, ORIGIN, 300.0)
    for site in PROVINCE.sites.values():
        if not site.is_public or any(e.subject == site.id and e.kind == "full" for e in STORY.events):
            continue
        seen = STORY.over(PROVINCE.gateway(site.id), times)
        moved = np.diff(seen["octets_in"])
        rate = moved[moved >= 0] * 8 / 300
        assert rate.max() < 0.85 * (site.plan_down_mbps or 0) * 1e6
        clients = sum(STORY.over(d, times)["clients"] for d in PROVINCE.devices_of[site.id] if d.role == "ap")
        assert np.max(clients) < (site.capacity_clients or 0)


def test_one_regency_is_worse_off_than_all_others() -> None:
    times = np.arange(ORIGIN - 30 * DAY, ORIGIN, 900.0)
    up: dict[str, list[float]] = {}
    for site in PROVINCE.sites.values():
        if site.is_public and site.id not in PROVINCE.lasting.all:
            seen = STORY.over(PROVINCE.gateway(site.id), times)["reachable"].mean()
            up.setdefault(site.regency, []).append(float(seen))
    ranked = sorted(up, key=lambda r: float(np.mean(up[r])))
    assert ranked[0] == events.poor_regency(PROVINCE)
    assert np.mean(up[ranked[0]]) < 0.97 < np.mean(up[ranked[1]])


@given(device=st.sampled_from(DEVICES), t=st.floats(ORIGIN - 30 * DAY, ORIGIN + 12 * DAY), step=st.floats(0.5, DAY))
def test_counters_never_go_back_without_a_restart(device: str, t: float, step: float) -> None:
    box = PROVINCE.devices[device]
    first, then = STORY.state(box, t), STORY.state(box, t + step)
    if then.boots == first.boots:
        assert then.octets_in >= first.octets_in
        assert then.octets_out >= first.octets_out
        assert 0 <= then.errors_in - first.errors_in <= 0.021 * step + 1
        assert then.uptime_s == pytest.approx(first.uptime_s + step)
    else:
        assert then.uptime_s <= step + 1e-6
    assert 0 <= then.cpu_percent <= 100
    assert 0 <= then.memory_ratio <= 1
    assert 0 <= then.airtime_ratio <= 1


@settings(max_examples=40, deadline=None)
@given(device=st.sampled_from(DEVICES), offset=st.floats(0, 86_400))
def test_one_moment_and_a_whole_history_agree(device: str, offset: float) -> None:
    box = PROVINCE.devices[device]
    times = ORIGIN - 20 * DAY + offset + np.arange(0, 20 * DAY, 5.3 * HOUR)
    many = STORY.over(box, times)
    for place, t in enumerate(times.tolist()):
        one = STORY.state(box, t)
        for name in ("reachable", "clients", "octets_in", "octets_out", "errors_in", "service_ok"):
            assert many[name][place] == getattr(one, name), name
        for name in (
            "uptime_s",
            "cpu_percent",
            "memory_ratio",
            "temperature_c",
            "delay_s",
            "airtime_ratio",
            "disk_ratio",
        ):
            assert many[name][place] == pytest.approx(getattr(one, name)), name


def test_a_restarted_simulator_goes_on_where_it_stopped() -> None:
    again = Story(build(), [ORIGIN])
    for device in list(PROVINCE.devices.values())[::40]:
        assert again.state(again.province.devices[device.id], ORIGIN + 999.5) == STORY.state(device, ORIGIN + 999.5)


def test_a_story_told_longer_does_not_change_what_was() -> None:
    longer = Story(PROVINCE, [ORIGIN])
    box = PROVINCE.devices[DEVICES[100]]
    before = longer.state(box, ORIGIN + DAY)
    longer.extend(ORIGIN + 90 * DAY)
    assert longer.state(box, ORIGIN + DAY) == before
    assert longer.state(box, ORIGIN + 80 * DAY).uptime_s > 0


def test_a_later_start_has_troubles_of_its_own() -> None:
    later = ORIGIN + 20 * DAY
    story = Story(PROVINCE, [ORIGIN, later])
    assert set(open_kinds(story, later)) == set(open_kinds(story, ORIGIN))


def test_a_quiet_story_is_quiet_and_the_dead_are_as_many_as_asked_for() -> None:
    story = Story(PROVINCE, [ORIGIN], quiet=True, dead_ratio=0.2)
    states = [story.state(d, ORIGIN) for d in PROVINCE.devices.values()]
    assert sum(not s.reachable for s in states) == len(states) / 5
    assert all(s.delay_s == 0 and s.loss == 0 for s in states)


def test_the_observer_was_blind_more_than_once_and_never_now() -> None:
    assert len(STORY.blind) == 4
    assert all(start < end < ORIGIN - HOUR for start, end in STORY.blind)
