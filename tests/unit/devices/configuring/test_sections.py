"""What lines make of a configuration, and that it can always be taken back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.configuring import frr, ios, vrp
from devices.configuring.registry import DIALECTS, dialect
from devices.configuring.sectioned import SectionedText
from devices.model import Device, DeviceId, Role, SiteId, Target

BASE = """hostname gerbang
ip name-server 8.8.8.8
username admin privilege 15 secret 9 $9$abc
interface GigabitEthernet0/0
 description uplink
 ip address 10.0.0.2 255.255.255.0
interface GigabitEthernet0/1
 no ip address
 shutdown
no ip http server
ip route 0.0.0.0 0.0.0.0 10.0.0.1
snmp-server community lama RO
banner motd ^C
Hanya petugas.
 ! bukan komentar
exit
^C
line vty 0 4
 login local
ntp server 10.0.0.1
"""
DEVICE = Device(
    id=DeviceId("r1"), site=SiteId("s1"), name="r1", target=Target(domain="d", host="10.0.0.2"), role=Role.ROUTER
)
IOS_LINES = st.sampled_from([
    "interface GigabitEthernet0/0", "interface GigabitEthernet0/1", "interface Loopback0", "exit", "end",
    "description a", "description b", "no description", "ip address 10.5.0.1 255.255.255.0", "no ip address",
    "shutdown", "no shutdown", "hostname lain", "ntp server 10.0.0.2", "no ntp server 10.0.0.1", "ip http server",
    "no ip http server", "snmp-server community baru RO", "no snmp-server community lama", "line vty 0 4",
    "exec-timeout 5 0", "no interface Loopback0", "ip name-server 1.1.1.1", "! komentar", "",
])  # fmt: skip
FRR_LINES = st.sampled_from([
    "interface eth0", "interface lo", "exit", "end", "description a", "no description", "ip address 10.5.0.1/24",
    "no ip address 10.5.0.1/24", "ip route 10.0.0.0/8 Null0", "no ip route 10.0.0.0/8 Null0",
    "ip route 9.0.0.0/8 10.0.0.1", "route-map A permit 10", "set metric 5", "no route-map A permit 10",
    "password a", "no password", "ip prefix-list P seq 5 permit any",
])  # fmt: skip


@given(st.lists(IOS_LINES, max_size=12))
def test_what_a_change_leaves_on_ios_can_be_taken_back_and_sent_again(lines: list[str]) -> None:
    taken_back_and_sent_again(ios.DIALECT, BASE, lines)


@given(st.lists(FRR_LINES, max_size=12))
def test_what_a_change_leaves_on_frr_can_be_taken_back_and_sent_again(lines: list[str]) -> None:
    taken_back_and_sent_again(frr.DIALECT, "interface eth0\n ip address 10.0.0.2/24\n", lines)


def taken_back_and_sent_again(speaker: SectionedText, base: str, lines: list[str]) -> None:
    after = speaker.after(base, lines)
    if after is None:
        return
    assert speaker.normalise(after) == after
    assert speaker.missing(after, lines) == []
    back = speaker.after(after, speaker.undoing(after, base))
    assert back is not None
    assert sorted(without_empty_sections(back)) == sorted(without_empty_sections(base))
    again = speaker.after(after, lines)
    assert again is not None


def without_empty_sections(text: str) -> list[str]:
    """A section that was only entered may stand empty, as on the devices."""
    lines = text.splitlines()
    pairs = zip(lines, [*lines[1:], ""], strict=True)
    return [line for line, after in pairs if not line.startswith("interface ") or after.startswith(" ")]


def test_a_banner_is_one_thing_however_it_is_framed() -> None:
    lines = ["banner motd ~", "Milik Diskominfo.", "no shutdown", "~", "ntp server 10.0.0.9"]
    after = ios.DIALECT.after(BASE, lines)
    assert after is not None
    assert "banner motd ^C\nMilik Diskominfo.\nno shutdown\n^C\n" in after
    assert "Hanya petugas" not in after
    assert ios.DIALECT.missing(after, lines) == []
    assert ios.DIALECT.missing(BASE, lines) == [0, 4]


def test_a_line_that_is_not_understood_means_that_only_commands_are_shown() -> None:
    assert ios.DIALECT.after(BASE, ["ip sla 1"]) is None
    assert ios.DIALECT.after(BASE, ["no ip domain lookup"]) is None  # not shown before: its default is not known
    assert ios.DIALECT.missing(BASE, ["ip sla 1"]) == [0]


def test_a_switch_that_is_shown_is_turned() -> None:
    after = ios.DIALECT.after(BASE, ["ip http server"])
    assert after is not None
    assert "\nip http server\n" in after
    assert "no ip http server" not in after


def test_only_the_last_word_on_a_thing_is_asked_for() -> None:
    lines = ["interface GigabitEthernet0/0", "description a", "no description", "description b"]
    after = ios.DIALECT.after(BASE, lines)
    assert after is not None
    assert ios.DIALECT.missing(after, lines) == []
    assert ios.DIALECT.missing(BASE, lines) == [3]


def test_a_secret_that_the_device_shows_otherwise_counts_as_there() -> None:
    assert ios.DIALECT.missing(BASE, ["username admin privilege 15 secret 0 baru"]) == []
    assert ios.DIALECT.missing(BASE, ["username admin privilege 1 secret baru"]) == [0]


def test_in_doubt_a_line_is_on_the_way_to_the_device() -> None:
    lines = [
        "interface GigabitEthernet0/0", "description x", "ip address 10.0.0.3 255.255.255.0", "exit",
        "interface GigabitEthernet0/1", "shutdown", "exit", "ip sla 1", "line vty 0 4", "ntp server 10.0.0.2",
    ]  # fmt: skip
    assert ios.DIALECT.management(BASE, lines, DEVICE) == [2, 7, 8]
    elsewhere = Device(id=DEVICE.id, site=DEVICE.site, name="r1", target=Target(domain="d", host="gerbang.example"),
                       role=Role.ROUTER)  # fmt: skip
    assert ios.DIALECT.management(BASE, lines, elsewhere) == [2, 5, 7, 8]


def test_vrp_indents_by_one_blank_inside_and_outside_of_sections() -> None:
    text = "#\n sysname gerbang\n#\n dns resolve\n dns server 8.8.8.8\n#\naaa\n local-user a privilege level 15\n#\n"
    assert vrp.DIALECT.normalise(text) == (
        "sysname gerbang\ndns resolve\ndns server 8.8.8.8\naaa\n local-user a privilege level 15\n"
    )


@pytest.mark.parametrize("value", ["two words", "what?", 'a"b', "", "é", "a\nb"])
def test_a_value_that_is_no_word_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="takes only words"):
        ios.DIALECT.quote(value)


@pytest.mark.parametrize("name", sorted(set(DIALECTS.values())))
def test_every_dialect_is_there_and_bears_its_name(name: str) -> None:
    assert dialect(name).name == name
