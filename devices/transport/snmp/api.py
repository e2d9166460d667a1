"""What the SNMP client takes and gives: plain values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from devices.model import Target

#: INTEGER, Counter32/64, Gauge32, TimeTicks -> int; OCTET STRING, Opaque -> bytes; OBJECT IDENTIFIER -> Oid;
#: IpAddress -> str; Opaque float -> float. noSuchObject, noSuchInstance and endOfMibView never appear: an absent key
#: means not there.


class Oid(str):
    """A dotted object identifier given as a value (so that it is not taken for text)."""

    __slots__ = ()


Value: TypeAlias = int | bytes | float | str | Oid | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Community:
    """SNMPv2c."""

    community: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsmUser:
    """SNMPv3 user-based security.

    auth: md5 sha1 sha224 sha256 sha384 sha512; priv: aes128 aes192 aes256 aes192c aes256c.
    """

    name: bytes
    auth: str | None = None
    auth_password: bytes | None = field(default=None, repr=False)
    priv: str | None = None
    priv_password: bytes | None = field(default=None, repr=False)
    context: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one device bears. `max_oids` objects in one request; `bulk` False: GETNEXT only."""

    bulk: bool = True
    max_oids: int = 40
    max_repetitions: int = 20
    max_rows: int = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One SNMP agent to ask. `target.host` is an IPv4 or IPv6 address (names are resolved before)."""

    target: Target
    credential: Community | UsmUser
    timeout_s: float = 2.0
    retries: int = 2
    limits: Limits = Limits()


class SnmpAsk(Protocol):
    """The client's questions. Each may raise Unreachable, AuthenticationFailed or UnexpectedReply.

    `deadline_s` bounds the whole call, retransmissions included; None: timeout x (retries + 1) a request.
    """

    async def get(self, agent: Agent, oids: Sequence[str], *, deadline_s: float | None = None) -> dict[str, Value]:
        """Values of the instances that exist; split by the agent's limits, tooBig halves and repeats."""
        ...

    async def walk(
        self, agent: Agent, columns: Sequence[str], *, deadline_s: float | None = None
    ) -> dict[str, dict[str, Value]]:
        """Columns (or any subtrees) of a table together: column -> {instance suffix -> value}, in device order.

        An absent subtree is an empty dict. Ends at each column's end, at max_rows, or when objects do not increase.
        """
        ...


Rows: TypeAlias = Mapping[str, Mapping[str, Value]]
