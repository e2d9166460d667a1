"""The intents on simulated IOS and Ruijie devices: taken line by line, found afterwards, and nothing left to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest

from devices.configuring.intents import (
    Bandwidth,
    Banner,
    Dns,
    Encryption,
    Intent,
    Ntp,
    SnmpAccess,
    Ssid,
    TimeZone,
    UserAccount,
    UserGroup,
    secret,
)
from devices.configuring.ios import Ios
from devices.configuring.registry import dialect_of
from devices.configuring.secrets import fill
from devices.credentials import Secret
from devices.errors import NotSupported
from devices.model import Device
from devices.transport.session import Session
from simulator.shells.router import Box, Router
from simulator.shells.server import serve
from tests.integration.shells.conftest import Door

WORD = secret("env:KATA")
VALUE = "katakunci-9"
IOS = """version 15.7
hostname gerbang
ip name-server 8.8.8.8
ip dhcp pool TAMU
 network 10.5.0.0 255.255.255.0
 dns-server 8.8.8.8
dot11 ssid Lama
 authentication open
 guest-mode
username admin privilege 15 secret 0 rahasia
interface Dot11Radio0
 ssid Lama
interface GigabitEthernet0/0
 ip address 127.0.0.1 255.255.255.0
snmp-server community lama RO
ntp server 10.0.0.1
ntp server 10.0.0.2
"""
COMMON: list[Intent] = [
    Ntp(servers=("id.pool.ntp.org", "10.0.0.2")),
    Dns(servers=("1.1.1.1", "8.8.8.8")),
    SnmpAccess(community=WORD),
    Banner(text="Milik Diskominfo.\n\nHanya ~petugas~, | dan teknisi."),
    TimeZone(name="Asia/Pontianak"),
    UserAccount(name="petugas", password=WORD, group=UserGroup.READ),
    Ssid(ssid="Puskesmas Ngabang", passphrase=WORD),
    Ssid(ssid="Gratis", encryption=Encryption.OPEN, replaces="Lama"),
]
SAID: dict[str, list[Intent]] = {
    "ios": [*COMMON, Bandwidth(down_kbps=20_000, up_kbps=5_000)],
    "ruijie": [*COMMON],
}
UNSAID: dict[str, list[Intent]] = {
    "ios": [
        Ssid(ssid="x", passphrase=WORD, encryption=Encryption.WPA3),
        Ssid(ssid="a?b", passphrase=WORD),
        Ssid(ssid="x", passphrase=WORD, radio="Dot11Radio7"),
        TimeZone(name="Europe/Berlin"),
        Bandwidth(down_kbps=1, up_kbps=1, interface="Gi9"),
        SnmpAccess(user="u", auth="sha256", auth_password=WORD),
        UserAccount(
            name="u", ssh_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8Zq0m4mM1v3n2v3sJzv5cYp0uY4m5v1w2x3y4z5A6B"
        ),
    ],
    "ruijie": [Bandwidth(down_kbps=1, up_kbps=1), Ssid(ssid="x", passphrase=WORD, replaces="Tidak Ada")],
}


class Bench:
    """One simulated device."""

    def __init__(self, door: Door, router: Router, platform: str) -> None:
        self.router = router
        self.dialect = cast("Ios", dialect_of(platform))
        self.device: Device = door.device(router.box.host, router.port, platform, uplink="GigabitEthernet0/0")
        self.session: Session = door.open(self.device)

    def lines(self, intent: Intent) -> list[str]:
        running = self.dialect.normalise(self.dialect.fetch(self.session))
        said = self.dialect.intent_lines(intent, running, self.device)
        return fill(said, lambda _: Secret(VALUE), self.dialect.quote)


@pytest.fixture(scope="module")
def routers() -> Iterator[dict[str, list[Router]]]:
    boxes = [
        Box(dialect=platform, name="gerbang", config=IOS if platform == "ios" else None)
        for platform, intents in SAID.items() for _ in range(len(intents) + 1)
    ]  # fmt: skip
    with serve(boxes) as running:
        yield {p: [r for r in running.routers if r.box.dialect == p] for p in SAID}


@pytest.mark.parametrize(("platform", "number"), [(p, n) for p, all_ in SAID.items() for n in range(len(all_))])
def test_what_is_wanted_is_taken_found_and_left_alone_the_second_time(
    door: Door, routers: dict[str, list[Router]], platform: str, number: int
) -> None:
    bench, intent = Bench(door, routers[platform][number], platform), SAID[platform][number]
    lines = bench.lines(intent)
    before = bench.dialect.normalise(bench.router.running())
    expected = bench.dialect.after(before, lines)
    assert expected is not None
    assert expected != before
    bench.dialect.send(bench.session, lines)
    shown = bench.dialect.normalise(bench.router.running())
    assert sorted(shown.splitlines()) == sorted(expected.splitlines())
    assert bench.dialect.missing(shown, lines) == []
    assert bench.dialect.after(shown, bench.lines(intent)) == shown
    assert VALUE not in bench.dialect.mask(shown)


@pytest.mark.parametrize(("platform", "number"), [(p, n) for p, all_ in UNSAID.items() for n in range(len(all_))])
def test_what_a_system_cannot_say_is_told_in_a_sentence(
    door: Door, routers: dict[str, list[Router]], platform: str, number: int
) -> None:
    router = routers[platform][-1]
    device = door.device(router.box.host, router.port, platform)
    with pytest.raises(NotSupported):
        cast("Ios", dialect_of(platform)).intent_lines(UNSAID[platform][number], router.running(), device)


def test_what_goes_is_what_the_intent_replaces(door: Door, routers: dict[str, list[Router]]) -> None:
    bench = Bench(door, routers["ios"][-1], "ios")
    assert bench.lines(Ntp(servers=("10.0.0.2",))) == ["ntp server 10.0.0.2", "no ntp server 10.0.0.1"]
    lines = bench.lines(Ssid(ssid="Baru", passphrase=WORD))
    assert [line for line in lines if line.startswith("no ")] == ["no ssid Lama", "no dot11 ssid Lama"]
    assert "dns-server 1.1.1.1" in bench.lines(Dns(servers=("1.1.1.1",)))
