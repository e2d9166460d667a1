"""The small province with kept configurations, change files, accounts and bulk changes: all an engineer's pages read.

The history is a real git repository, the journal a real file; no device is spoken to.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from flask import Flask

from controller.accounts.sessions import Lifetime
from controller.configurations.drift import what
from controller.configurations.history import History
from controller.configurations.records import Held
from controller.journal.journal import Journal
from controller.views.compliance import Configurations, ConfigurationSources
from controller.views.new_change import ChangeFileSources, NewChanges
from devices.facts import Identity
from devices.model import SshSettings
from merata.change_files import ChangeFolder
from tests.unit.web import rollout_world as made
from tests.unit.web.world import DAY, HOUR, NOW, World, world
from web import SignIn, WebSettings, create_app

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples" / "changes"
RULES = """rules:
  - {id: waktu, title: Waktu dari server provinsi, must_contain: "server=10", why: Catatan waktu harus sama.}
  - {id: telnet, title: Tanpa telnet, must_not_contain: telnet, why: Telnet mengirim kata sandi tanpa sandi.}
  - {id: snmp, title: SNMP hanya dari pemantau, must_not_contain: "addresses=0.0.0.0", where: "platform=routeros"}
"""
FIRMWARE = """firmware:
  - {platform: routeros, wanted: ">=7.12, <8", refused: "=7.13", why: 7.13 kehilangan Wi-Fi}
"""


def with_ssh(given: World) -> World:
    """The same province, its routers configured over SSH."""
    stock = given.inventory
    devices = {
        name: replace(device, ssh=SshSettings(credential="ssh-write", username="merata"), platform="routeros")
        for name, device in stock.devices.items()
    }
    changed = replace(stock, devices=devices)
    sources = replace(given.sources, inventory=lambda: changed)
    return replace(given, inventory=changed, sources=sources, views=type(given.views)(sources))


def text(number: int, *, day: int = 0) -> str:
    """A masked configuration; a few break rules."""
    ntp = "" if number % 17 == 4 else "/system ntp client servers\nadd address=10.61.0.1 server=10.61.0.1\n"
    telnet = "set telnet disabled=no\n" if number % 23 == 2 else ""
    lines = "".join(f"add chain=forward action=accept src-address=10.{number % 250}.{n}.0/24\n" for n in range(40))
    return (
        f"/system identity\nset name=rb-{number:04}\n{ntp}/ip dns\nset servers=10.61.0.{1 + day}\n"
        f"/snmp community\nset public name=***\n/ip service\n{telnet}/ip firewall filter\n{lines}"
    )


@dataclass
class KeptWorld:
    """What was built; `clock` is set by hand."""

    app: Flask
    journal: Journal
    given: World
    rows: dict[str, Held]
    history: History
    plans: dict[str, int] = field(default_factory=dict)
    clock: list[float] = field(default_factory=lambda: [NOW])


def build(folder: Path, *, count: int = 120, drifted: int = 3) -> KeptWorld:
    """Everything, in a folder of its own.

    Args:
        folder: for journal, history and change files.
        count: devices.
        drifted: so many hold something else than what was accepted; in the last of them only a secret differs.
    """
    given = with_ssh(world(count))
    ids = [str(name) for name in given.inventory.devices]
    history = History(folder / "history")
    first = (
        history.record(
            {d: text(n) for n, d in enumerate(ids[: len(ids) * 9 // 10])}, at=NOW - 3 * DAY, who="malam", why="malam"
        )
        or ""
    )
    later = history.record(
        {d: text(n, day=1) for n, d in enumerate(ids[: drifted - 1])}, at=NOW - HOUR, who="malam", why="malam"
    )
    rows = {
        d: Held(
            device=d, fetched_at=NOW - 7 * HOUR - n, tried_at=NOW - 7 * HOUR - n,
            fingerprint=f"b{n}" if n < drifted else f"a{n}", revision=later if n < drifted - 1 else first,
            accepted_fingerprint=f"a{n}", accepted_revision=first, accepted_at=NOW - 2 * DAY, accepted_by="ratna",
            accepted_why="pemasangan", saved_differs=n % 40 == 7,
            error="10.61.8.9: no answer within 10 s" if n % 30 == 11 else None,
        )
        for n, d in enumerate(ids[: len(ids) * 9 // 10])
    }  # fmt: skip
    versions = ("7.16.2", "7.16.2", "7.16.2", "7.13", "6.49.18", None)
    told = {
        d: Identity(told_at=NOW, platform="routeros", model=("hAP ac2", "RB951Ui")[n % 5 == 0], version=versions[n % 6])
        for n, d in enumerate(ids)
    }
    journal = Journal.open(folder / "journal.db")
    made.accounts(journal)
    stock = given.inventory
    plans = {"draft": made.draft(journal, stock)}
    plans["running"], _ = made.under_way(journal, stock)
    sources = ConfigurationSources(
        rows=lambda: rows, text=history.newest, diff=lambda held: what(held, history).diff,
        rules=lambda: (RULES, "compliance.yaml"), firmware=lambda: (FIRMWARE, "firmware.yaml"),
        identities=lambda: told, dialect=_same, log=lambda d, limit: history.log(d, limit=limit),
        text_at=history.text, between=history.diff,
    )  # fmt: skip
    shutil.copytree(EXAMPLES, folder / "home" / "changes")
    (folder / "home" / "changes" / "rusak.yaml").write_text("name: rusak\ntitle: Rusak\nintent: {dns: {server: 1}}\n")
    changes = ChangeFolder(folder / "home", folder / "state")
    wishes = ChangeFileSources(listed=changes.listed, one=changes.one, identities=lambda: told, dialect=_same)
    clock = [NOW]
    give: Callable[[], Journal | None] = lambda: journal  # noqa: E731
    app = create_app(
        given.views,
        WebSettings(clock=lambda: clock[0], live_s=3600),
        None,
        SignIn(journal=give, passwords=made.FAST, lifetime=Lifetime(idle_s=3600)),
        Configurations(sources),
        NewChanges(wishes, give),
    )
    return KeptWorld(app, journal, given, rows, history, plans, clock)


def _same(platform: str) -> str:
    return platform
