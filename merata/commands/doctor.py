"""`merata doctor`: what this machine gives the program, and what is in the way."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import platform
import resource
import shutil
import sqlite3
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import click

from merata.cli import Context

PING_RANGE = Path("/proc/sys/net/ipv4/ping_group_range")
ADJTIMEX_UNSYNCHRONISED = 0x40  # STA_UNSYNC, adjtimex(2)
WAL_RESET_FIXED = (3, 51, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at. level: ok, note (works, with less), fault (something will not work)."""

    what: str
    level: str
    text: str


def versions() -> list[Finding]:
    """The program, Python, SQLite and the libraries at the doors."""
    parts = ("pysnmp", "netmiko", "influxdb-client", "apscheduler", "flask", "granian", "cryptography")
    libraries = ", ".join(f"{name} {version(name)}" for name in parts)
    wal = tuple(map(int, sqlite3.sqlite_version.split(".")))
    text = sqlite3.sqlite_version
    if wal < WAL_RESET_FIXED:
        text += " (has the WAL-reset fault below 3.51.3: one writing connection a file, as the program keeps)"
    return [
        Finding(what="merata", level="ok", text=f"{version('merata')} on Python {platform.python_version()}"),
        Finding(what="sqlite", level="ok", text=text),
        Finding(what="libraries", level="ok", text=libraries),
    ]


def paths(state: Path, inventory: Path) -> list[Finding]:
    """Where things are, whether they can be written, how much room is left."""
    found = []
    existing = next(p for p in (state, *state.resolve().parents) if p.exists())
    writable = os.access(existing, os.W_OK)
    where = str(state) if state.exists() else f"{state} (will be made)"
    found.append(
        Finding(what="state", level="ok" if writable else "fault", text=where if writable else f"{state}: not writable")
    )
    if state.exists() and state.stat().st_mode & 0o077:
        found.append(Finding(what="state mode", level="note", text=f"{state} can be read by others; chmod 700 {state}"))
    free = shutil.disk_usage(existing).free
    level = "ok" if free > 5e9 else "note" if free > 5e8 else "fault"
    found.append(Finding(what="free disk", level=level, text=f"{free / 1e9:.1f} GB where the state is"))
    level, text = ("ok", str(inventory)) if inventory.exists() else ("note", f"{inventory}: not there yet")
    found.append(Finding(what="inventory", level=level, text=text))
    return found


def ping_permission() -> Finding:
    """Whether echo requests can be sent, by a datagram or a raw socket."""
    from devices.transport.ping import Pinger

    async def ask() -> str | None:
        pinger = Pinger()
        try:
            return pinger.permitted()
        finally:
            await pinger.close()

    refused = asyncio.run(ask())
    if refused is None:
        return Finding(what="ping", level="ok", text="permitted")
    return Finding(what="ping", level="note", text=refused)


def descriptors() -> Finding:
    """The open-file limit; SNMP needs few, pages and SSH sessions a few hundred."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    level = "ok" if soft >= 1024 else "note"
    return Finding(what="descriptors", level=level, text=f"{soft} (hard limit {hard}); 1,024 are enough")


def clock() -> Finding:
    """Whether the kernel's clock is held by NTP, and which second it shows."""
    shown = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    try:
        buffer = ctypes.create_string_buffer(208)
        ctypes.CDLL(None, use_errno=True).adjtimex(buffer)
        status = int.from_bytes(buffer.raw[40:44], "little")  # struct timex.status on 64-bit Linux
    except OSError:
        return Finding(what="clock", level="note", text=f"{shown}; cannot tell whether it is synchronised")
    if status & ADJTIMEX_UNSYNCHRONISED:
        text = f"{shown}; the kernel says not synchronised: run chrony or systemd-timesyncd"
        return Finding(what="clock", level="note", text=text)
    return Finding(what="clock", level="ok", text=f"{shown}, synchronised")


@click.command(help="Versions, paths, permissions (ping, descriptors), clock, free disk.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.pass_obj
def command(context: Context, as_json: bool) -> None:
    """Print the findings; exit 1 when something will not work."""
    findings = [*versions(), *paths(context.state, context.inventory), ping_permission(), descriptors(), clock()]
    if as_json:
        click.echo(json.dumps({"findings": [asdict(f) for f in findings]}, indent=2))
    else:
        for finding in findings:
            mark = {"ok": "  ", "note": "! ", "fault": "X "}[finding.level]
            click.echo(f"{mark}{finding.what:<12} {finding.text}")
    if any(f.level == "fault" for f in findings):
        raise SystemExit(1)
