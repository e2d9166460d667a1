"""Linux hosts: what intents write, what is masked, and what touches the way to the device."""

from __future__ import annotations

import pytest

from devices.configuring.intents import Banner, Dns, Encryption, Ntp, Ssid, TimeZone, UserAccount, UserGroup, secret
from devices.configuring.linux import DIALECT
from devices.configuring.secrets import fill
from devices.credentials import Secret
from devices.errors import NotSupported
from devices.model import Device, DeviceId, Role, SiteId, Target

HOST = Device(
    id=DeviceId("a"), site=SiteId("s"), name="a", role=Role.AP, platform="linux",
    target=Target(domain="d", host="192.0.2.1"),
)  # fmt: skip
RUNNING = DIALECT.normalise("### file /etc/resolv.conf\nsearch kalbar\nnameserver 8.8.8.8\n### file /etc/motd\nlama\n")


@pytest.mark.parametrize("intent", [Banner(text="Milik 'publik'\n50 % $x"), Dns(servers=("1.1.1.1", "9.9.9.9"))])
def test_whole_files_are_foretold_found_and_not_written_twice(intent: Banner | Dns) -> None:
    lines = DIALECT.intent_lines(intent, RUNNING, HOST)
    after = DIALECT.after(RUNNING, lines)
    assert after is not None
    assert after != RUNNING
    assert DIALECT.missing(RUNNING, lines) == [0]
    assert DIALECT.missing(after, lines) == []
    assert DIALECT.intent_lines(intent, after, HOST) == []


def test_name_servers_are_replaced_and_the_rest_stays() -> None:
    after = DIALECT.after(RUNNING, DIALECT.intent_lines(Dns(servers=("1.1.1.1",)), RUNNING, HOST)) or ""
    assert "search kalbar\nnameserver 1.1.1.1\n" in after
    assert "8.8.8.8" not in after


def test_what_has_no_one_way_on_linux_is_said_to_be_so() -> None:
    with pytest.raises(NotSupported):
        DIALECT.intent_lines(Ssid(ssid="x", encryption=Encryption.OPEN), RUNNING, HOST)
    with pytest.raises(NotSupported):
        DIALECT.intent_lines(UserAccount(name="root", password=secret("env:A"), group=UserGroup.READ), RUNNING, HOST)


def test_accounts_are_commands_only_and_their_passwords_never_show() -> None:
    account = UserAccount(name="teknisi", password=secret("env:A"))
    lines = fill(DIALECT.intent_lines(account, RUNNING, HOST), lambda _: Secret("se'kali rahasia"), DIALECT.quote)
    assert any("chpasswd" in line for line in lines)
    assert DIALECT.after(RUNNING, lines) is None
    assert "rahasia" not in DIALECT.mask("\n".join(lines))
    assert DIALECT.management(RUNNING, lines, HOST)


def test_secrets_of_common_files_are_masked_and_lines_stay() -> None:
    text = "### file /etc/snmp/snmpd.conf\nrocommunity rahasia 10.0.0.0/8\ncreateUser a SHA rahasia123 AES rahasia456\n"
    text += "### file /etc/hostapd/hostapd.conf\nssid=Umum\nwpa_passphrase=rahasia\n"
    masked = DIALECT.mask(text)
    assert "rahasia" not in masked
    assert "ssid=Umum" in masked
    assert masked.count("\n") == text.count("\n")


def test_only_lines_on_the_way_to_the_device_count_as_such() -> None:
    lines = [
        "printf '%s\\n' x > /etc/motd",
        "printf '%s\\n' x > /etc/network/interfaces",
        "systemctl restart networking",
        "systemctl restart chrony",
        "ip addr flush dev eth0",
    ]
    assert DIALECT.management(RUNNING, lines, HOST) == [1, 2, 4]


def test_time_is_told_by_name() -> None:
    lines = DIALECT.intent_lines(TimeZone(name="Asia/Pontianak"), RUNNING, HOST)
    assert lines[0] == "printf '%s\\n' 'Asia/Pontianak' > /etc/timezone"
    assert DIALECT.intent_lines(Ntp(servers=("10.0.0.1",)), RUNNING, HOST)[1].startswith("systemctl")
