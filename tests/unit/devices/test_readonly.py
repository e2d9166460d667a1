"""Commands that only look, and those that only seem to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.configuring.readonly import only_looks

LOOKS = {
    "ios": ["show version", "sh run | include ntp", "show interfaces | section Gi0/1", "ping 10.0.0.1", "dir flash:"],
    "ruijie": ["show ap-config summary"],
    "frr": ["show ip route", "show running-config"],
    "vrp": ["display version", "display current-configuration | include ntp", "dis ip routing-table"],
    "routeros": [
        "/ip address print",
        "/export",
        "/interface wireless registration-table print detail",
        "/system resource print",
        "/ip route print where dst-address=0.0.0.0/0",
        "/ping 10.0.0.1 count=3",
        "/interface monitor-traffic print",
        "/interface ethernet monitor ether1 once",
    ],
    "uci": [
        "uci show wireless",
        "cat /etc/openwrt_release",
        "logread | tail -n 20",
        "df -h",
        "ip addr show",
        "ubus call system board",
        "ubus call hostapd.phy0-ap0 get_clients",
        "iw dev wlan0 station dump",
        "uptime",
        "ps | grep dnsmasq",
        "date",
        "date +%s",
        "mount",
    ],
    "linux": ["cat /etc/os-release", "ip -4 route show", "free", "uname -a", "ping -c 3 10.0.0.1"],
}

CHANGES = {
    "ios": [
        "configure terminal",
        "reload",
        "write memory",
        "show run | redirect flash:x",
        "show run | tee flash:x",
        "clear counters",
        "copy run start",
        "show version ; reload",
        "show run | append flash:x",
        "",
        "show version\nreload",
    ],
    "frr": ["show ip route; reboot", "configure", "show run > /etc/x", "clear bgp *", "show ip route `reboot`"],
    "vrp": ["system-view", "save", "reboot", "display version > flash:/x", "display this | redirect x"],
    "routeros": [
        "/ip address add address=1.1.1.1/24",
        "/system reboot",
        "/export file=x",
        "/ip address print; /system reboot",
        "/ip address print [/system reboot]",
        "/system reboot print",
        "/ip address print do={/system reboot}",
        "/system script run print",
        "/ip address set 0 disabled=yes",
        "/import x print",
        "/tool fetch url=http://x/ print",
        "/ping 10.0.0.1",
        "quit",
        "/file print file=x",
        "/ip address print without-paging { /system reboot }",
    ],
    "uci": [
        "uci set a.b.c=d",
        "uci commit",
        "reboot",
        "cat /etc/x > /etc/y",
        "cat x; reboot",
        "cat $(reboot)",
        "logread | sh",
        "logread | tee /etc/x",
        "ps && reboot",
        "ps & reboot",
        "df | sort -o /etc/passwd",
        "ubus call system reboot",
        "ip addr add 1.1.1.1/24 dev lo",
        "ip link set eth0 down",
        "ip route flush all",
        "date -s 2020",
        "date 010100002020",
        "dmesg -c",
        "mount -o remount,rw /",
        "rm -rf /",
        "wget http://x",
        "sh -c ls",
        "cat `reboot`",
        "ps | sort --output=/etc/x",
        "ls | uniq a b",
        "ss -K",
        "ip addr show; reboot",
        "cat {a,b}",
        "uci show\nreboot",
        "find / -delete",
        "sed -i s/a/b/ x",
        "awk 1",
        "tail -f /x | sh",
    ],
    "linux": ["vtysh -c conf", "sudo ls", "env reboot", "xargs reboot", "busybox reboot", "ping 10.0.0.1"],
    "unheard-of": ["show version", "ls"],
}


@pytest.mark.parametrize(("dialect", "command"), [(d, c) for d, commands in LOOKS.items() for c in commands])
def test_a_command_that_looks_is_let_through(dialect: str, command: str) -> None:
    assert only_looks(dialect, command)


@pytest.mark.parametrize(("dialect", "command"), [(d, c) for d, commands in CHANGES.items() for c in commands])
def test_a_command_that_could_change_something_is_not(dialect: str, command: str) -> None:
    assert not only_looks(dialect, command)


@given(
    dialect=st.sampled_from(sorted(LOOKS)),
    joint=st.sampled_from([";", "&&", "||", "|", "\n", "`", ">", ">>"]),
    data=st.data(),
)
def test_nothing_can_be_hung_onto_a_command_that_looks(dialect: str, joint: str, data: st.DataObject) -> None:
    looks = data.draw(st.sampled_from(LOOKS[dialect]))
    changes = data.draw(st.sampled_from(["reload", "reboot", "/system reboot", "configure terminal", "save", "sh"]))
    assert not only_looks(dialect, f"{looks}{joint}{changes}")
    assert not only_looks(dialect, f"{looks} {joint} {changes}")
