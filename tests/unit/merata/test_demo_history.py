"""The demonstration's thirty days, as the store gives them back."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from devices.inventory import load
from devices.model import Inventory
from measurements.intervals import Interval, State
from measurements.sqlite.store import SqliteStore
from merata import demo_history
from simulator import inventory_text
from simulator.events import DAY
from simulator.province import build
from simulator.story import Story

UNTIL = 1_795_300_020.0


@dataclass
class Written:
    store: SqliteStore
    story: Story
    inventory: Inventory
    progress: list[float]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    folder = tmp_path_factory.mktemp("demo")
    story = Story(build(devices=60), [UNTIL])
    path = folder / "inventory.yaml"
    path.write_text("".join(inventory_text.write(story.province, port=16161)), encoding="utf-8")
    inventory = load(path)
    told: list[float] = []
    demo_history.write(folder / "state", story, inventory, until=UNTIL, progress=lambda share, _: told.append(share))
    with SqliteStore.open(folder / "state") as store:
        yield Written(store, story, inventory, told)


def test_the_last_known_of_every_device_is_there(written: Written) -> None:
    latest = written.store.latest()
    assert set(latest) == set(written.story.province.devices)
    for device in written.story.province.devices.values():
        known = latest[device.id]
        at = written.story.state(device, known.at)
        assert known.fields["snmp_ok"] is at.reachable
        if at.reachable:
            assert known.fields["uptime_s"] == pytest.approx(at.uptime_s, abs=0.02)
            assert next(iter(known.interfaces.values()))["if_hc_in_octets"] == at.octets_in


def test_intervals_leave_no_gap_and_do_not_overlap(written: Written) -> None:
    found: dict[tuple[str, str], list[Interval]] = {}
    for question in ("state", "snmp", "service"):
        for each in written.store.intervals(None, question, start=0, end=int(UNTIL) + 1):
            found.setdefault((each.subject, question), []).append(each)
    assert len([k for k in found if k[1] == "state" and k[0].startswith("device:")]) == 60
    for spans in found.values():
        for before, after in itertools.pairwise(spans):
            assert before.end == after.start
            assert (before.state, before.cause) != (after.state, after.cause)
        assert spans[-1].end is None


def test_device_states_are_those_of_the_story(written: Written) -> None:
    times = [UNTIL - 29 * DAY + 7_777.7 * k for k in range(300)]
    blind = written.story.blind
    for device in list(written.story.province.devices.values())[::5]:
        spans = written.store.intervals([f"device:{device.id}"], "state", start=0, end=int(UNTIL) + 1)
        for t in times:
            said = next(s for s in spans if s.start <= t and (s.end is None or t < s.end))
            if any(a <= t < b for a, b in blind):
                assert (said.state, said.cause) == (State.UNKNOWN, "unobserved")
                continue
            seg = written.story.segment(device, t)
            if seg.end - seg.start >= 120:
                up = said.state in (State.UP, State.DEGRADED)
                assert up is written.story.state(device, t).reachable
                behind = seg.cause == "parent" or (seg.cause == "power" and not device.is_gateway)
                assert (said.cause == "parent_down") is behind


def test_devices_that_are_down_say_when_they_last_answered(written: Written) -> None:
    silent = [n for n in written.store.latest().values() if not n.fields["snmp_ok"]]
    assert silent
    for known in silent:
        device = written.story.province.devices[known.device]
        assert known.answered_at is not None
        assert written.story.state(device, known.answered_at - 1).reachable
        assert not written.story.state(device, known.answered_at + 1).reachable


def test_trouble_that_outlasted_a_blind_time_is_as_old_as_its_outage(written: Written) -> None:
    outages = {o.sites[0]: o for o in written.store.outages(start=UNTIL - 1, end=UNTIL, open_only=True)}
    told = written.store.intervals(None, "state", start=int(UNTIL), end=int(UNTIL) + 1)
    since = {i.subject: json.loads(i.evidence)["since"] for i in told if i.evidence is not None}
    sites = {s.removeprefix("site:") for s in since if s.startswith("site:")}
    assert sites
    for site in sites:
        assert since[f"site:{site}"] == outages[site].started
        own = {d.id for d in written.inventory.devices.values() if d.site == site}
        assert outages[site].started in {since.get(f"device:{d}") for d in own}


def test_the_full_disk_of_the_story_is_said_and_its_figure_stored(written: Written) -> None:
    full = [i for i in written.store.intervals(None, "state", start=0, end=int(UNTIL) + 1)
            if i.cause == "disk" and i.end is None]  # fmt: skip
    assert {i.subject.partition(":")[0] for i in full} == {"device", "site"}
    assert {i.state for i in full} == {State.DEGRADED}
    ((device, latest),) = ((d, n) for d, n in written.store.latest().items() if (n.fields["disk_ratio"] or 0) >= 0.95)
    assert f"device:{device}" in {i.subject for i in full}
    (raw,) = [r for r in written.store.raw.readings(latest.slot, latest.slot + 1) if r.device == device]
    assert raw.row.disk_ratio == latest.fields["disk_ratio"] == 0.96


def test_a_site_behind_a_cut_uplink_is_down_and_its_devices_unknown(written: Written) -> None:
    open_ones = written.store.outages(start=0, end=int(UNTIL) + 1, open_only=True)
    (cut,) = (o for o in open_ones if o.cause == "uplink_down" and len(o.sites) > 2)
    assert cut.root is not None
    assert cut.people > 0
    behind = [s for s in cut.sites if s != written.inventory.devices[cut.root].site]  # type: ignore[index]
    for site in behind:
        (state,) = written.store.intervals([f"site:{site}"], "state", start=int(UNTIL) - 1, end=int(UNTIL) + 1)
        assert (state.state, state.cause) == (State.DOWN, "no_uplink")


def test_the_board_is_never_empty(written: Written) -> None:
    causes = {o.cause for o in written.store.outages(start=0, end=int(UNTIL) + 1, open_only=True)}
    assert {"uplink_down", "full", "some_devices"} <= causes


def test_thirty_days_are_there_by_the_hour_with_holes_where_the_observer_was_blind(written: Written) -> None:
    device = next(iter(written.story.province.devices))
    end = int(UNTIL) // 3600 * 3600
    series = written.store.series(
        "wifi_device", device, ["snmp_ok"], start=end - 29 * 86_400, end=end, step_s=3600
    )  # fmt: skip
    holes = [slot for slot, value in zip(series.slots, series.columns["snmp_ok"], strict=True) if value is None]
    assert len(holes) <= 5
    for hole in holes:
        assert any(a < hole + 3600 and hole < b for a, b in written.story.blind)


def test_traffic_of_an_hour_is_what_the_story_carried(written: Written) -> None:
    device = next(
        d for d in written.story.province.devices.values() if d.is_gateway and len(written.story.segments(d)) < 8
    )
    hour = int(UNTIL - 3 * DAY) // 3600 * 3600
    series = written.store.series(
        "interface", device.id, ["in_octets"], start=hour, end=hour + 3600, step_s=3600, name="ether1"
    )  # fmt: skip
    moved = series.columns["in_octets"][0]
    if moved is not None:
        a, b = (written.story.state(device, t).octets_in for t in (hour - 300.0, hour + 3300.0))
        assert moved == pytest.approx(b - a, rel=0.2)


def test_progress_is_told_and_ends_at_one(written: Written) -> None:
    assert written.progress == sorted(written.progress)
    assert written.progress[-1] == 1.0


def test_a_store_that_is_in_use_is_left_alone(written: Written) -> None:
    from measurements.errors import StoreBusy

    with pytest.raises(StoreBusy):
        demo_history.write(written.store.root, written.story, written.inventory, until=UNTIL)
