"""What a RouterOS export will say is foretold: the model against the simulated console, over generated commands."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.configuring import routeros_model
from devices.configuring.routeros import DIALECT
from devices.configuring.routeros_words import typed, unquoted
from devices.model import Device, DeviceId, Role, SiteId, Target
from simulator.shells.dialects import build
from simulator.shells.router import Box, Router

DEVICE = Device(
    id=DeviceId("a"), site=SiteId("s"), name="a", role=Role.AP, target=Target(domain="d", host="192.0.2.1")
)  # fmt: skip


class Never:
    def cancel(self) -> None:
        """No timer ever runs here."""


def a_router() -> Router:
    return build(Box(dialect="routeros", host="127.0.0.9"), later=lambda *_: Never())


VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=10)
PROFILES = "/interface wireless security-profiles"
LINES = st.one_of(
    st.builds(lambda v: f"/system identity set name={typed(v)}", VALUES),
    st.builds(lambda v: f"/snmp set contact={typed(v)} location=x", VALUES),
    st.builds(lambda v: f"/system note set note={typed(v)}", VALUES),
    st.builds(lambda n: f"/ip address add address=10.{n}.0.1/24 interface=ether{n}", st.integers(2, 5)),
    st.builds(lambda n: f"/ip address remove [ find interface=ether{n} ]", st.integers(2, 5)),
    st.builds(lambda n, d: f"/ip address {d} [ find interface=ether{n} ]", st.integers(1, 3),
              st.sampled_from(["disable", "enable"])),
    st.builds(lambda n: f"/ip address set [ find comment=kelola ] address=10.9.0.{n}/22", st.integers(1, 9)),
    st.builds(lambda n: f"/ip pool add name=p{n} ranges=10.7.{n}.2-10.7.{n}.9", st.integers(1, 3)),
    st.builds(lambda n, v: f"/ip pool set [ find name=p{n} ] ranges=10.7.0.{v} name=q{n}", st.integers(1, 3),
              st.integers(2, 9)),
    st.builds(lambda n: f"/ip pool remove [ find name=p{n} ]", st.integers(1, 3)),
    st.builds(lambda n: f"/queue simple add name=q{n} target=10.5.50.{n}/32 max-limit={n}000k/{n}M", st.integers(1, 3)),
    st.builds(lambda n: f"/queue simple set [ find name=q{n} ] max-limit=1500000/2000000", st.integers(1, 3)),
    st.builds(lambda s: f"/ip dns set servers={s}", st.sampled_from(["1.1.1.1", "1.1.1.1,9.9.9.9", '""'])),
    st.just("/ip dns set allow-remote-requests=no"),
    st.builds(lambda n, s: f"/interface wireless set [ find default-name=wlan{n} ] ssid={typed(s)}", st.integers(1, 2),
              VALUES),
    st.just("/interface wireless set [ find security-profile=publik ] security-profile=default"),
    st.builds(lambda v: f"{PROFILES} set [ find name=publik ] wpa2-pre-shared-key={typed('rahasia' + v)}", VALUES),
    st.builds(lambda v: f"/snmp community set [ find default=yes ] name={typed(v)}", VALUES),
    st.just("/system ntp client servers remove [ find ]"),
    st.builds(lambda n: f"/system ntp client servers add address=10.0.0.{n}", st.integers(1, 3)),
    st.just("/ip service set telnet disabled=yes"),
    st.just("/ip firewall nat disable [ find chain=srcnat ]"),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.lists(LINES, max_size=8))
def test_what_is_foretold_is_what_the_router_then_exports(lines: list[str]) -> None:
    router = a_router()
    terminal = router.sign_in("admin")
    running = DIALECT.normalise(router.running())
    foretold = DIALECT.after(running, lines)
    said, steps = [], []
    for line in lines:
        steps.append(DIALECT.normalise(router.running()))
        said.append(router.take(terminal, line))
    after = DIALECT.normalise(router.running())
    if any(said):
        return  # refused: sending would have stopped there
    assert foretold in (None, after)
    if foretold is not None:
        found_nothing = [i for i, line in enumerate(lines) if DIALECT.after(steps[i], [line]) == steps[i]]
        assert set(DIALECT.missing(after, lines)) <= set(found_nothing)


@settings(max_examples=40, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=6))
def test_lines_that_put_back_lead_to_where_it_began(lines: list[str]) -> None:
    router = a_router()
    terminal = router.sign_in("admin")
    base = DIALECT.normalise(router.running())
    for line in lines:
        router.take(terminal, line)
    try:
        back = list(routeros_model.back(routeros_model.parse(router.running()), routeros_model.parse(base)))
    except routeros_model.NotUnderstood:
        return  # the backup is loaded then
    assert [said for line in back if (said := router.take(terminal, line))] == []
    assert DIALECT.normalise(router.running()) == base


@given(VALUES)
def test_a_typed_value_is_read_as_it_was_and_holds_no_question_mark(value: str) -> None:
    assert unquoted(typed(value)) == value
    assert "?" not in typed(value)
    assert typed(value).isascii()


def test_exports_of_both_styles_mean_the_same() -> None:
    router = a_router()
    terminal = router.sign_in("admin")
    router.take(terminal, "/system note set note=" + typed("kata " * 60))
    wrapped = router.take(terminal, "/export show-sensitive")
    assert "\\\n    " in wrapped
    assert DIALECT.normalise(wrapped) == DIALECT.normalise(router.take(terminal, "/export terse show-sensitive"))


def test_secrets_are_masked_in_exports_of_both_styles_and_in_scripts() -> None:
    router = a_router()
    terminal = router.sign_in("admin")
    secret = "sangat rahasia sekali " + "x" * 70
    for line in (
        f"{PROFILES} add name=b mode=dynamic-keys wpa2-pre-shared-key={typed(secret[:60])}",
        f"/ppp secret add name=a password={typed(secret)}",
        f"/snmp community set [ find default=yes ] name={typed(secret)}",
    ):
        assert router.take(terminal, line) == "", line
        assert "rahasia" not in DIALECT.mask(line)
    for command in ("/export show-sensitive", "/export terse show-sensitive"):
        text = router.take(terminal, command)
        assert "rahasia" in text
        masked = DIALECT.mask(text)
        assert not re.search("rahasia|sekali|xxxx|sandilama", masked)
        assert masked.count("\n") == text.count("\n")
        assert "name=b" in masked
    assert "rahasia" not in DIALECT.mask('/system script add name=a source="/ppp secret add password=\\"rahasia\\""')


def test_lines_on_the_way_to_the_device_are_known() -> None:
    lines = [
        "/ip address set [ find comment=kelola ] address=10.0.0.1/24",
        "/ip address set [ find comment=kelola ] comment=x",
        "/ip dns set servers=1.1.1.1",
        "/interface wireless set [ find default-name=wlan1 ] ssid=x",
        "/interface wireless set [ find default-name=wlan1 ] disabled=yes",
        "/ip firewall filter add chain=input action=drop",
        "/interface wireless security-profiles set [ find name=a ] wpa2-pre-shared-key=12345678",
        ":foreach i in=[/ip address find] do={/ip address remove $i}",
        "/snmp community set [ find default=yes ] name=x",
    ]
    assert DIALECT.management("", lines, DEVICE) == [0, 4, 5, 7, 8]


def test_what_a_default_is_not_known_of_is_not_foretold() -> None:
    running = DIALECT.normalise(a_router().running())
    for line in (
        "/ip address set 0 address=1.1.1.1/24",
        "/ip hotspot add name=a interface=bridge",
        "/ip address add address=1.1.1.1/24 interface=bridge vrf=x",
        "/user add name=a group=full",
        ":if (true) do={/ip dns set servers=1.1.1.1}",
        '/ip address remove [find where address~"10"]',
    ):
        assert DIALECT.after(running, [line]) is None, line
