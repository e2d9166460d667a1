"""`merata poll --once`: one cycle now, for a person or a script."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from merata.cli import Context

if TYPE_CHECKING:
    from controller.polling.cycle import CycleReport


@click.command("poll")
@click.option("--once", is_flag=True, help="One cycle; `merata run` polls on and on.")
@click.option("--device", "devices", multiple=True, help="Only this device (may be given several times).")
@click.option("--json", "as_json", is_flag=True, help="Everything each device said, as JSON.")
@click.pass_obj
def command(context: Context, once: bool, devices: tuple[str, ...], as_json: bool) -> None:
    """Ask every device once and show what came back.

    What came back is stored too, unless a controller is running: then it is only shown. Verdicts are drawn from whole
    cycles only. Exits with 1 when a device that was named did not answer.
    """
    from merata import bootstrap

    if not once:
        raise click.UsageError("say --once; `merata run` polls on and on")
    logging.basicConfig(level="WARNING", format="%(levelname)s %(message)s")
    report, stored = bootstrap.run_loop(lambda: bootstrap.poll_once(context.state, context.inventory, only=devices))
    if report is None:
        raise click.ClickException("the clock is behind the last stored slot: nothing was asked")
    if unknown := set(devices) - report.outcomes.keys():
        raise click.ClickException(f"not in the inventory, or not in service: {', '.join(sorted(unknown))}")
    click.echo(json.dumps(_everything(report, stored), indent=1) if as_json else _table(report, stored))
    if devices and any(str(report.outcomes[d]) != "answered" for d in devices):
        raise SystemExit(1)


def _everything(report: CycleReport, stored: bool) -> dict[str, Any]:
    return {
        "slot": report.slot,
        "took_s": round(report.took_s, 3),
        "stored": stored,
        "blind": report.blind,
        "devices": {
            device: {"outcome": str(outcome), "reading": _plain(report, device)}
            for device, outcome in sorted(report.outcomes.items())
        },
    }


def _plain(report: CycleReport, device: str) -> dict[str, Any] | None:
    reading = report.readings.get(device)
    return None if reading is None else asdict(reading)


def _table(report: CycleReport, stored: bool) -> str:
    lines = [f"{'device':<40} {'outcome':<10} {'ping':<5} {'snmp':<5} {'serv.':<5} {'ms':>7}  error"]
    for device, outcome in sorted(report.outcomes.items()):
        reading = report.readings.get(device)
        if reading is None:
            lines.append(f"{device:<40} {outcome:<10}")
            continue
        row = reading.row
        took = "" if row.poll_ms is None else f"{row.poll_ms:.0f}"
        answers = f"{_word(row.ping_ok):<5} {_word(row.snmp_ok):<5} {_word(row.service_ok):<5}"
        lines.append(f"{device:<40} {outcome:<10} {answers} {took:>7}  {reading.error or ''}".rstrip())
    counts = sorted((str(o), report.count(o)) for o in set(report.outcomes.values()))
    summary = ", ".join(f"{n} {o}" for o, n in counts) or "no devices"
    fate = "stored" if stored else "shown only: a controller runs on this state directory"
    lines.append(f"{summary} in {report.took_s:.1f} s; {fate}")
    return "\n".join(lines)


def _word(told: bool | None) -> str:
    return "-" if told is None else "yes" if told else "no"
