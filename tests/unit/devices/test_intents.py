"""Intents are checked when they are made, in one sentence, and never repeat a secret."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from devices.configuring.intents import (
    KINDS,
    Bandwidth,
    Banner,
    Dns,
    Encryption,
    Intent,
    Mark,
    Ntp,
    SnmpAccess,
    Ssid,
    TimeZone,
    UserAccount,
    secret,
)

PSK = secret("env:WIFI")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8Zq0m4mM1v3n2v3sJzv5cYp0uY4m5v1w2x3y4z5A6B engineer@office"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Ssid(ssid="Puskesmas Ngabang", passphrase=PSK),
        lambda: Ssid(ssid="gratis", encryption=Encryption.OPEN, radio="radio0", replaces="lama"),
        lambda: Ntp(servers=("id.pool.ntp.org", "192.0.2.1", "2001:db8::1")),
        lambda: Dns(servers=("9.9.9.9", "2620:fe::fe")),
        lambda: SnmpAccess(community=PSK),
        lambda: SnmpAccess(user="merata", auth="sha256", auth_password=PSK, priv="aes128", priv_password=PSK),
        lambda: Banner(text="Milik Dinas Kominfo\nhanya petugas"),
        lambda: Bandwidth(down_kbps=20_000, up_kbps=5_000),
        lambda: TimeZone(name="Asia/Pontianak"),
        lambda: UserAccount(name="petugas", password=PSK),
        lambda: UserAccount(name="petugas", ssh_key=KEY),
    ],
)
def test_a_sound_intent_is_taken(make: Callable[[], Intent]) -> None:
    assert type(make()) in KINDS.values()


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Ssid(ssid="", passphrase=PSK), "ssid"),
        (lambda: Ssid(ssid="x" * 33, passphrase=PSK), "ssid"),
        (lambda: Ssid(ssid="é" * 17, passphrase=PSK), "ssid"),
        (lambda: Ssid(ssid="two\nlines", passphrase=PSK), "ssid"),
        (lambda: Ssid(ssid="x"), "passphrase"),
        (lambda: Ssid(ssid="x", passphrase=PSK, encryption=Encryption.OPEN), "passphrase"),
        (lambda: Ssid(ssid="x", passphrase=PSK, radio="two words"), "radio"),
        (lambda: Ntp(servers=()), "servers"),
        (lambda: Ntp(servers=("999.1.1.1",)), "servers"),
        (lambda: Ntp(servers=("a b",)), "servers"),
        (lambda: Dns(servers=("dns.example",)), "servers"),
        (lambda: Dns(servers=("9.9.9.9", "9.9.9.9")), "servers"),
        (SnmpAccess, "community"),
        (lambda: SnmpAccess(user="merata"), "auth"),
        (lambda: SnmpAccess(community=PSK, user="merata"), "community"),
        (lambda: SnmpAccess(user="merata", auth="md5", auth_password=PSK), "auth"),
        (lambda: SnmpAccess(user="merata", auth="sha1", auth_password=PSK, priv="des", priv_password=PSK), "priv"),
        (lambda: SnmpAccess(user="m", auth="sha1", auth_password=PSK, priv="aes128"), "auth_password"),
        (lambda: Banner(text=" \n"), "text"),
        (lambda: Banner(text="bell \a"), "text"),
        (lambda: Bandwidth(down_kbps=0, up_kbps=1), "down_kbps"),
        (lambda: TimeZone(name="Asia/Kalimantan"), "name"),
        (lambda: UserAccount(name="1st", password=PSK), "name"),
        (lambda: UserAccount(name="petugas"), "password"),
        (lambda: UserAccount(name="petugas", ssh_key="ssh-dss AAAA"), "ssh_key"),
        (lambda: UserAccount(name="petugas", ssh_key=KEY + "\nsecond"), "ssh_key"),
    ],
)
def test_an_unsound_intent_is_refused_by_field(make: Callable[[], Intent], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        make()


def test_a_secret_in_clear_text_is_refused_without_repeating_it() -> None:
    for clear in ("hunter22", f"{PSK}hunter22", "⟦⟧"):
        with pytest.raises(ValueError, match="reference to a secret") as refusal:
            UserAccount(name="petugas", password=Mark(clear))
        assert "hunter22" not in str(refusal.value)


def test_the_zones_of_indonesia_are_told_as_posix_writes_them() -> None:
    names = ("Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura", "UTC")
    assert [TimeZone(name=name).posix for name in names] == ["WIB-7", "WITA-8", "WIT-9", "UTC0"]
