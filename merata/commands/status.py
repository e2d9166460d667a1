"""`merata status`: how the controller and the fleet are, read beside the running controller."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from merata.cli import Context

if TYPE_CHECKING:
    from devices.facts import Identity
    from measurements.store import Latest

#: Cycles that may be missing before the controller counts as stopped.
LATE_CYCLES = 3
#: Devices listed unless all are asked for.
LISTED = 30


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Everything, every device included.")
@click.option("--all", "everything", is_flag=True, help="List every device, not only those with trouble.")
@click.option("--device", "only", metavar="ID", help="One device: what it is as last told, and its last poll.")
@click.pass_obj
def command(context: Context, as_json: bool, everything: bool, only: str | None) -> None:
    """Show the last cycle, the states, the store, and each device's last poll: when, how long, its error, its lane.

    Exits with 3 when no controller is running on the state directory.
    """
    from merata import standing

    said = standing.read_status(context.state)
    now = time.time()
    devices = standing.read_latest(context.state)
    running = said is not None and standing.is_running(context.state)
    identities = standing.read_identities(context.state) if as_json or only is not None else {}
    if only is not None:
        if only not in devices:
            raise click.BadParameter(f"nothing was ever stored of a device {only}", param_hint="--device")
        devices = {only: devices[only]}
    if as_json:
        click.echo(json.dumps({
            "running": running,
            "now": now,
            "controller": said,
            "devices": {d: _device(found, now, identities.get(d)) for d, found in sorted(devices.items())},
        }, indent=1))  # fmt: skip
    elif only is not None:
        for line in [*_box(only, identities.get(only), now), *_table(devices, now, everything=True)]:
            click.echo(line)
    else:
        for line in _summary(said, running, now):
            click.echo(line)
        for line in _table(devices, now, everything=everything):
            click.echo(line)
    if not running:
        raise SystemExit(3)


def _device(found: Latest, now: float, identity: Identity | None) -> dict[str, Any]:
    facts = asdict(found)
    return {
        "lane": facts["lane"],
        "polled_at": facts["at"],
        "age_s": round(now - facts["at"], 1),
        "answered_at": facts["answered_at"],
        "took_ms": found.fields.get("poll_ms"),
        "error_kind": facts["error_kind"],
        "error": facts["error"],
        "ping_ok": found.fields.get("ping_ok"),
        "snmp_ok": found.fields.get("snmp_ok"),
        "service_ok": found.fields.get("service_ok"),
        "identity": None if identity is None else asdict(identity),
    }


def _box(device: str, told: Identity | None, now: float) -> list[str]:
    """What a device is, line by line; a dash is what it did not tell."""
    if told is None:
        return [f"{device}: never said what it is"]
    facts = {name: value for name, value in asdict(told).items() if name != "told_at"}
    return [
        f"{device}, as told {_ago(now - told.told_at)}",
        *(f"{name:<11} {'–' if value is None else value}" for name, value in facts.items()),
    ]


def _summary(said: Mapping[str, Any] | None, running: bool, now: float) -> list[str]:
    if said is None:
        return ["no controller ever ran on this state directory: start one with `merata run`"]
    lines = []
    age = now - said["written"]
    if not running:
        lines.append(f"NOT RUNNING; last word {_ago(age)}")
    elif age > LATE_CYCLES * said["interval_s"]:
        lines.append(f"RUNNING (process {said['pid']}), but no cycle ended since {_ago(age)}")
    else:
        lines.append(f"running (process {said['pid']}) since {_ago(now - said['started'])}")
    owned = said["inventory"]
    lines.append(f"inventory   {owned['version'][:12]}: {owned['sites']} sites, {owned['devices']} devices")
    lines.extend(f"refused     {complaint}" for complaint in owned.get("refused", ()))
    for name, cycle in said["cycles"].items():
        outcomes = ", ".join(f"{n} {o}" for o, n in cycle["outcomes"].items() if n)
        lanes = ", ".join(f"{n} {lane}" for lane, n in cycle["lanes"].items() if n)
        lines.append(
            f"cycle       {name}: {cycle['devices']} devices in {cycle['took_s']:.1f} of {cycle['interval_s']:.0f} s"
            f" ({outcomes}; lanes: {lanes}), {_ago(now - cycle['started'])}"
        )
        if cycle["overloaded"]:
            lines.append("OVERLOADED  this machine did not keep up with the last cycle; devices are not blamed for it")
        lines.extend(f"BLIND       domain {domain}: {why}" for domain, why in cycle["blind"].items())
        lines.extend(f"anchor      {anchor} does not answer" for anchor in cycle["anchors_failed"])
    lines.append(f"devices     {_counts(said['states'])}")
    lines.append(f"sites       {_counts(said['sites'])}; {said['outages_open']} outages open")
    writing, store = said["writing"], said["store"]
    lines.append(
        f"store       {store.get('kind', '?')}: {writing['stored']} readings stored, {writing['waiting']} wait,"
        f" {writing['dropped']} dropped, {writing['rejected']} refused"
    )
    if writing["unavailable"]:
        lines.append(f"ALARM       the store does not answer: {writing['unavailable']}")
    lines.extend(f"ALARM       {alarm}" for alarm in store.get("alarms", ()))
    clock = said["clock"]
    lines.append(
        f"skipped     {said['skipped']} cycles that would have overlapped; {clock['steps']} clock steps,"
        f" {clock['left_out']} cycles left out for them"
    )
    lines.extend(f"note        {note}" for note in said["notes"])
    return lines


def _table(devices: Mapping[str, Latest], now: float, *, everything: bool) -> list[str]:
    found_all = {d: f for d, f in sorted(devices.items()) if everything or f.error_kind or f.lane != "fast"}
    if not found_all:
        return []
    chosen = found_all if everything else dict(list(found_all.items())[:LISTED])
    lines = ["", f"{'device':<40} {'lane':<7} {'polled':>12} {'ms':>7} {'answered':>12}  error"]
    for device, found in chosen.items():
        took = found.fields.get("poll_ms")
        answered = "never" if found.answered_at is None else _ago(now - found.answered_at)
        lines.append(
            f"{device:<40} {found.lane:<7} {_ago(now - found.at):>12} {'' if took is None else f'{took:.0f}':>7}"
            f" {answered:>12}  {found.error or ''}".rstrip()
        )
    if len(chosen) < len(found_all):
        lines.append(f"and {len(found_all) - len(chosen)} more with trouble: --all or --json lists them")
    return lines


def _counts(states: Mapping[str, int]) -> str:
    order = ("down", "degraded", "unknown", "maintenance", "up")
    return ", ".join(f"{states[s]} {s}" for s in order if states.get(s)) or "nothing observed yet"


def _ago(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s ago"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min ago"
    return f"{seconds / 3600:.0f} h ago"
