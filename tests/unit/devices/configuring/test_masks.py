"""No secret of a configuration is shown, whatever the family of its language; what is no secret stays readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.configuring.masks import kinds_dropped, masked

SECRET = "S4ngatRahas1a"
LINES = [
    # IOS
    "enable secret 5 {}", "enable password {}", "username admin privilege 15 secret 9 {}",
    "username a password 7 {}",
    "snmp-server community {} RO", "snmp-server host 10.0.0.1 version 2c {}", "snmp-server host 10.0.0.1 {}",
    "snmp-server user u g v3 auth sha {} priv aes 128 {}",
    "snmp-server user u g v3 encrypted auth md5 {} priv des56 {}",
    " wpa-psk ascii 0 {}", " wpa-psk ascii {}", " wpa-psk hex 7 {}", " password 7 {}", "radius-server key 7 {}",
    "radius-server host 10.0.0.1 auth-port 1812 key 7 {}", " key-string 7 {}", "ntp authentication-key 1 md5 {} 7",
    "crypto isakmp key {} address 10.0.0.1", " pre-shared-key {}", " ppp chap password 0 {}",
    " neighbor 10.0.0.1 password {}", "tacacs-server key {}", " security wpa psk set-key ascii 0 {}",
    # FRR
    "password 8 {}", "enable password 8 {}", " ip ospf authentication-key {}", " ip ospf message-digest-key 1 md5 {}",
    " ip rip authentication string {}", " area-password clear {}", " isis password md5 {}", "  key-string {}",
    # VRP
    " local-user admin password irreversible-cipher {}", " local-user admin password cipher {}",
    "snmp-agent community read cipher {}", "snmp-agent community write {}", " set authentication password cipher {}",
    " security wpa2 psk pass-phrase {} aes", " pre-shared-key cipher {}", " radius-server shared-key cipher {}",
    "snmp-agent usm-user v3 u authentication-mode sha {}",
    # Ruijie
    " security rsn akm psk set-key ascii {}", "username admin privilege 15 password {}",
]  # fmt: skip
PLAIN = [
    "service password-encryption", "no service password-recovery", " login local", "key chain NAMA", " key 1",
    "ip ssh version 2", "crypto key generate rsa", "description password di laci", "hostname md5sum",
    "ip community-list 1 permit 65000:1", " set community 65000:1", "encryption mode ciphers aes-ccm",
    " security rsn akm psk enable", " security rsn ciphers aes enable", "aaa authentication login default local",
    "ip route 0.0.0.0/0 10.0.0.1", "stelnet server enable", " authentication-mode aaa",
]  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_the_value_is_hidden_and_the_words_around_it_stay(line: str) -> None:
    shown = masked(line.format(SECRET, SECRET))
    assert SECRET not in shown
    assert shown.count("***") == line.count("{}")
    assert len(shown.split()) == len(line.split())


@pytest.mark.parametrize("line", [p for p in PLAIN if "di laci" not in p])
def test_what_is_no_secret_stays_readable(line: str) -> None:
    assert masked(line) == line


@given(st.lists(st.sampled_from([*LINES, *PLAIN]), max_size=20))
def test_the_number_of_lines_stays_and_masking_twice_changes_nothing(lines: list[str]) -> None:
    text = "\n".join(line.replace("{}", SECRET) for line in lines)
    once = masked(text)
    assert once.count("\n") == text.count("\n")
    assert masked(once) == once
    assert SECRET not in once


def test_how_a_secret_is_written_does_not_tell_configurations_apart() -> None:
    sent, shown = masked("username a privilege 15 secret baru"), masked("username a privilege 15 secret 9 $9$abc")
    assert sent != shown
    assert kinds_dropped(sent) == kinds_dropped(shown)
