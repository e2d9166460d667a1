"""Clients counted in the shell of OpenWrt and Linux, where SNMP does not tell. Only the count leaves this file.

hostapd is asked over ubus where there is one (OpenWrt), else each wireless interface through iwinfo or iw. Interfaces
that are themselves clients of another access point (`Mode: Client`, `type managed`) do not count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from devices.errors import UnexpectedReply
from devices.model import Device
from devices.transport.shell import Shell

#: Marks where the answer for one interface begins: `@tool interface`.
_MARK: Final = re.compile(r"^@(ubus|iwinfo|iw) (\S+)$", re.M)
_MAC: Final = r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}"
_IWINFO_STATION: Final = re.compile(rf"^{_MAC}\s", re.M)
_IW_STATION: Final = re.compile(rf"^Station {_MAC} \(on ", re.M)

#: One line for the whole question, since over VSAT each line costs the better part of a second. It has to be shorter
#: than the terminal is wide (511), or its echo comes back broken. Non-root shells often lack the sbin folders.
COMMAND: Final = (
    "PATH=$PATH:/usr/sbin:/sbin;u=$(ubus list 'hostapd.*' 2>/dev/null);"
    'for i in $u;do echo "@ubus $i";ubus call $i get_clients;done;'
    '[ -n "$u" ]||for d in /sys/class/net/*/phy80211;do [ -e $d ]||continue;d=${d%/*};i=${d##*/};'
    'if command -v iwinfo >/dev/null;then echo "@iwinfo $i";iwinfo $i info;iwinfo $i assoclist;'
    'else echo "@iw $i";iw dev $i info;iw dev $i station dump;fi;done'
)


def client_count(shell: Shell, *, deadline_s: float = 20.0) -> Callable[[Device], Awaitable[int | None]]:
    """A question for the poller: how many clients does this device serve now.

    Args:
        shell: the way in.
        deadline_s: bound of one question, signing in included.
    """

    async def ask(device: Device) -> int | None:
        (reply,) = await shell.run(device, [COMMAND], deadline_s=deadline_s)
        return clients(reply.text)

    return ask


def clients(text: str) -> int | None:
    """Sum over the access point interfaces of the answer to COMMAND.

    Returns:
        None where there is no such interface, or where one of them did not tell: part of a count is a wrong count.

    Raises:
        UnexpectedReply: an answer breaks its own format.
    """
    told = [_COUNT[tool](answer) for tool, _, answer in _sections(text) if _serves(tool, answer)]
    counts = [count for count in told if count is not None]
    return sum(counts) if counts and len(counts) == len(told) else None


def from_ubus(answer: str) -> int | None:
    """Clients in the answer of `ubus call hostapd.<if> get_clients`."""
    start = answer.find("{")
    if start < 0:
        return None  # "Command failed: Not found", "Access denied"
    try:
        stations = json.loads(answer[start:])["clients"]
        return sum(1 for station in stations.values() if station.get("assoc", True))
    except (ValueError, KeyError, AttributeError):
        raise UnexpectedReply("hostapd's get_clients is not the JSON it should be") from None


def from_iwinfo(answer: str) -> int | None:
    """Clients in the answer of `iwinfo <if> assoclist`."""
    found = len(_IWINFO_STATION.findall(answer))
    return found if found or "No station connected" in answer else None


def from_iw(answer: str) -> int | None:
    """Clients in the answer of `iw dev <if> info; iw dev <if> station dump`; an empty dump is 0."""
    if "command failed" in answer or "not found" in answer:
        return None
    return len(_IW_STATION.findall(answer))


_COUNT: Final = {"ubus": from_ubus, "iwinfo": from_iwinfo, "iw": from_iw}


def _sections(text: str) -> Iterator[tuple[str, str, str]]:
    """Tool, interface and answer."""
    parts = _MARK.split(text)[1:]
    yield from zip(parts[::3], parts[1::3], parts[2::3], strict=True)


def _serves(tool: str, answer: str) -> bool:
    """True for an interface that is an access point."""
    if tool == "ubus":
        return True
    if tool == "iwinfo":
        return re.search(r"\bMode: Master\b", answer) is not None
    return re.search(r"^\s*type AP\b", answer, re.M) is not None
