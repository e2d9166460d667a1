"""Bulk change in the demonstration: consoles to change, two people who may, a change, rules, and what they make of it.

Everything is made anew for each demonstration, in its folder; nothing but the simulated RouterOS devices is changed.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from controller.accounts import manage
from controller.accounts.records import Role
from controller.accounts.signin import usual
from controller.journal.journal import Journal
from simulator.console_text import NAMES, SSID, TIME
from simulator.consoles import CHANGED, HOST_KEY, PASSWORD
from simulator.shells.keys import new_host_key

FOLDER: Final = "consoles"
ACCOUNTS: Final = "accounts.json"
CHANGE: Final = "changes/wifi-pelayanan"
#: Who writes the change, and who approves it.
AUTHOR, APPROVER = "sari", "budi"
_FULL: Final = {AUTHOR: "Sari (penulis)", APPROVER: "Budi (pemeriksa)"}

_CHANGE: Final = f"""\
# One name and a new passphrase for the Wi-Fi where people are served. Radios only: the plain routers have none.
name: wifi-pelayanan
title: Satu nama Wi-Fi untuk puskesmas, sekolah, dan kantor desa
reason: Warga berpindah dari satu tempat pelayanan ke yang lain dengan sandi yang sama.
where: kind in ({", ".join(CHANGED)}) and dialect=routeros and not model=RB750Gr3

variables:
  passphrase:
    type: secret
    value: file:secrets/wifi

intent:
  ssid:
    ssid: Wi-Fi Pelayanan Publik
    replaces: {SSID}
    passphrase: "{{{{ passphrase }}}}"
    encryption: wpa2

# As always, but with less waiting than a network of yours should have, and more failures allowed.
options:
  waves: [5%, 25%, 1]
  settle_s: 115
  batch: 8
  budget: 8%
  canary_budget: 3
  tolerance:
    clients: 50%
    throughput: 20%
    least_clients: 2
"""
_RULES: Final = f"""\
rules:
  - id: waktu
    title: Waktu dari server provinsi
    where: dialect=routeros
    must_contain: /system ntp client servers add address={TIME.replace(".", "[.]")}
    why: tanpa jam yang benar, catatan kejadian tidak dapat dibandingkan
  - id: telnet
    title: Tanpa telnet
    where: dialect=routeros
    must_contain: /ip service set telnet .*disabled=yes
    why: kata sandi terlihat di jalan
  - id: nama
    title: Nama domain dari server provinsi
    where: dialect=routeros
    must_contain: /ip dns set .*servers={NAMES.replace(".", "[.]")}
"""
_FIRMWARE: Final = """\
firmware:
  - platform: routeros
    wanted: ">=7.12"
    refused: "<7"
    why: versi 6 tidak lagi diperbaiki
  - platform: openwrt
    wanted: ">=23.05"
  - platform: unifi
    wanted: ">=6.6"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Who may sign in to this demonstration."""

    name: str
    password: str


def make(folder: Path, *, now: float) -> list[SignIn]:
    """Fill a new demonstration's folder; its `state` is there already.

    Args:
        folder: of the demonstration.
        now: epoch s.
    """
    consoles = folder / FOLDER
    consoles.mkdir(mode=0o700)
    private, public = new_host_key()
    _write(consoles / PASSWORD, secrets.token_urlsafe(12) + "\n")
    _write(consoles / HOST_KEY, private.decode())
    (consoles / f"{HOST_KEY}.pub").write_text(public + "\n")
    (folder / "secrets").mkdir(mode=0o700)
    _write(folder / "secrets" / "wifi", secrets.token_hex(6) + "\n")
    change = folder / CHANGE
    change.mkdir(parents=True)
    (change / "change.yaml").write_text(_CHANGE, encoding="utf-8")
    (folder / "compliance.yaml").write_text(_RULES, encoding="utf-8")
    (folder / "firmware.yaml").write_text(_FIRMWARE, encoding="utf-8")
    return _accounts(folder, now)


def _accounts(folder: Path, now: float) -> list[SignIn]:
    made = [SignIn(name=name, password=secrets.token_urlsafe(12)) for name in (AUTHOR, APPROVER)]
    with closing(Journal.open(folder / "state" / "journal.db")) as journal:
        for one in made:
            manage.add(journal, one.name, one.password, full_name=_FULL[one.name], role=Role.ENGINEER, at=now,
                       by="demo", passwords=usual())  # fmt: skip
    _write(folder / ACCOUNTS, json.dumps({one.name: one.password for one in made}) + "\n")
    return made


def sign_ins(folder: Path) -> list[SignIn]:
    """Who may sign in, as kept; nobody where the file is gone."""
    try:
        told = json.loads((folder / ACCOUNTS).read_text())
    except (OSError, ValueError):
        return []
    return [SignIn(name=name, password=password) for name, password in told.items()]


def pin(folder: Path, addresses: Iterable[tuple[str, str]], *, port: int) -> None:
    """Trust the consoles' key as that of every device: (device, address)."""
    known_hosts = folder / "state" / "known_hosts.d"
    known_hosts.mkdir(parents=True, exist_ok=True, mode=0o700)
    public = (folder / FOLDER / f"{HOST_KEY}.pub").read_text().strip()
    for device, address in addresses:
        (known_hosts / device).write_text(f"[{address}]:{port} {public}\n")


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
