"""How often one may guess. Pure: counts in, seconds to wait out.

Three counts over `WINDOW_S`: one account from one address, one address whatever the account, one account from anywhere.
The last one would let a stranger keep the owner out by guessing without end, so it is not asked of an address from
which that account signed in during the last month, nor on the machine itself. A refused try is not counted.

Names are kept as a short digest for the window only: people type passwords where the name belongs.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WINDOW_S = 900.0
KNOWN_S = 30 * 86400.0
LOCAL = "local:"  # addresses of commands on this machine: local:<user of the system>


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Failures in the window after which the next try waits."""

    pair: int = 5
    address: int = 30
    account: int = 20


def subjects(name: str, address: str, *, known: bool) -> dict[str, str]:
    """What a try counts against: kind -> subject as stored."""
    place = network(address)
    found = {"pair": f"pair:{_digest(name, place)}", "address": f"address:{_digest(place)}"}
    if not known and not address.startswith(LOCAL):
        found["account"] = f"account:{_digest(name)}"
    return found


def wait_s(failures: Mapping[str, Sequence[float]], limits: Limits, at: float) -> float:
    """Seconds until the next try is taken; 0: now.

    Args:
        failures: kind -> times of failures in the window, oldest first.
        limits: how many are taken.
        at: now.
    """
    waits = [0.0]
    for kind, times in failures.items():
        allowed = getattr(limits, kind)
        if len(times) >= allowed:
            waits.append(times[-allowed] + WINDOW_S - at)
    return max(waits)


def network(address: str) -> str:
    """The address that is counted: a whole /64 where it is IPv6, since one subscriber holds all of it."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()
