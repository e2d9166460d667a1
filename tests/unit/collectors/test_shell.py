from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from collectors.shell import COMMAND, client_count, clients
from devices.errors import UnexpectedReply
from devices.model import Device, DeviceId, Role, SiteId, Target
from devices.transport.shell import Reply

UBUS = """@ubus hostapd.phy0-ap0
{
	"freq": 2437,
	"clients": {
		"02:00:00:00:00:01": { "auth": true, "assoc": true, "authorized": true, "signal": -52 },
		"02:00:00:00:00:02": { "auth": true, "assoc": true, "authorized": true, "signal": -70 },
		"02:00:00:00:00:09": { "auth": true, "assoc": false, "authorized": false, "signal": -80 }
	}
}
@ubus hostapd.phy1-ap0
{
	"freq": 5180,
	"clients": {
		
	}
}
"""
IWINFO = """@iwinfo wlan0
wlan0     ESSID: "Internet Publik"
          Access Point: 02:00:00:00:00:FF
          Mode: Master  Channel: 6 (2.437 GHz)
02:00:00:00:00:01  -52 dBm / -95 dBm (SNR 43)  10 ms ago
	RX: 72.2 MBit/s, MCS 7, 20MHz                   1234 Pkts.
	TX: 65.0 MBit/s, MCS 7, 20MHz                    987 Pkts.
	expected throughput: unknown

02:00:00:00:00:02  -61 dBm / -95 dBm (SNR 34)  0 ms ago
	RX: 72.2 MBit/s                                 1234 Pkts.
	TX: 65.0 MBit/s                                  987 Pkts.
	expected throughput: unknown

@iwinfo wlan1
wlan1     ESSID: "Internet Publik"
          Mode: Master  Channel: 36 (5.180 GHz)
No station connected
@iwinfo wlan2
wlan2     ESSID: "backhaul"
          Mode: Client  Channel: 149 (5.745 GHz)
02:00:00:00:00:FE  -40 dBm / -95 dBm (SNR 55)  0 ms ago
"""
IW = """@iw wlan0
Interface wlan0
	ifindex 5
	wdev 0x1
	addr 02:00:00:00:00:ff
	ssid Internet Publik
	type AP
	channel 6 (2437 MHz), width: 20 MHz, center1: 2437 MHz
Station 02:00:00:00:00:01 (on wlan0)
	inactive time:	304 ms
	rx bytes:	18816
Station 02:00:00:00:00:02 (on wlan0)
	inactive time:	304 ms
@iw wlan1
Interface wlan1
	type managed
Station 02:00:00:00:00:fe (on wlan1)
	inactive time:	1 ms
"""


@pytest.mark.parametrize(("text", "count"), [(UBUS, 2), (IWINFO, 2), (IW, 2)], ids=["ubus", "iwinfo", "iw"])
def test_clients_of_access_point_interfaces_are_counted(text: str, count: int) -> None:
    assert clients(text) == count


def test_an_access_point_without_clients_counts_zero() -> None:
    assert clients("@iw wlan0\nInterface wlan0\n\ttype AP\n") == 0
    assert clients('@ubus hostapd.wlan0\n{ "clients": { } }') == 0
    assert clients("@iwinfo wlan0\nMode: Master\nNo station connected") == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sh: syntax error",
        "@ubus hostapd.wlan0\nCommand failed: Not found",
        "@iwinfo wlan0\nNo such wireless device: wlan0",
        "@iw wlan0\nsh: iw: not found",
        "@iw wlan0\nInterface wlan0\n\ttype AP\ncommand failed: Operation not permitted (-1)",
        "@iw wlan0\nInterface wlan0\n\ttype managed\n",
    ],
)
def test_what_was_not_told_is_none_and_never_zero(text: str) -> None:
    assert clients(text) is None


def test_a_part_of_a_count_is_not_given_as_the_count() -> None:
    assert clients(UBUS + "@ubus hostapd.phy2-ap0\nCommand failed: Timeout\n") is None


def test_json_that_is_none_is_an_unexpected_reply() -> None:
    with pytest.raises(UnexpectedReply):
        clients('@ubus hostapd.wlan0\n{ "clients": [')
    with pytest.raises(UnexpectedReply):
        clients('@ubus hostapd.wlan0\n{ "freq": 1 }')


def test_the_question_is_one_line_that_fits_the_terminal() -> None:
    assert "\n" not in COMMAND
    assert len(COMMAND) < 511 - 60


def test_a_device_is_asked_one_command_in_one_session() -> None:
    asked: list[tuple[str, ...]] = []

    class Told:
        async def run(self, device: Device, commands: Sequence[str], *, deadline_s: float) -> list[Reply]:
            asked.append(tuple(commands))
            return [Reply(text=UBUS, code=0)]

    device = Device(
        id=DeviceId("a"), site=SiteId("s"), name="a", target=Target(domain="d", host="10.0.0.1"), role=Role.AP
    )
    assert asyncio.run(client_count(Told())(device)) == 2
    assert asked == [(COMMAND,)]
