"""The SNMP client: thousands of devices asked at once through a few sockets, and no device can harm another's poll.

`SnmpClient` satisfies `api.SnmpAsk` and adds `poll` for the hot loop. It belongs to the event loop it is used in.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from devices.errors import AuthenticationFailed, UnexpectedReply, Unreachable
from devices.model import Domain, Target
from devices.transport.snmp import ber, question, usm
from devices.transport.snmp.api import Agent, Community, UsmUser, Value
from devices.transport.snmp.columns import Shapes, Walk
from devices.transport.snmp.community import CommunitySecurity, peek_id, read_bindings
from devices.transport.snmp.endpoint import Address, Endpoint, resolve
from devices.transport.snmp.exchange import Answer, Exchange, Exchanges, Security
from devices.transport.snmp.peer import Peer
from devices.transport.snmp.question import Question
from devices.transport.snmp.statistics import Note, Statistics
from devices.transport.snmp.usm_client import UsmSecurity

#: Agents remembered by identity; a caller that makes a new `Agent` for each call must not fill the memory.
_REMEMBERED_AGENTS: Final = 200_000
_NOTES_KEPT: Final = 1000
_ALL: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What one device said in the hot loop. `complete` is False when a column may have had more rows."""

    scalars: dict[str, Value]
    columns: dict[str, dict[str, Value]]
    complete: bool = True


class _Line:
    """An agent with what is known about the way to it."""

    __slots__ = ("agent", "peer", "security")

    def __init__(self, agent: Agent, peer: Peer, security: Security) -> None:
        self.agent = agent
        self.peer = peer
        self.security = security


class SnmpClient:
    """Asks SNMP agents of any number, domain, address family and version.

    Args:
        domains: how each domain's addresses are reached; a domain not named here is reached the usual way.
    """

    def __init__(self, domains: Mapping[str, Domain] | None = None) -> None:
        self.statistics = Statistics()
        self.notes: deque[Note] = deque(maxlen=_NOTES_KEPT)
        self._domains = dict(domains or {})
        self._loop: asyncio.AbstractEventLoop | None = None
        self._exchanges: Exchanges
        self._endpoints: dict[tuple[str, socket.AddressFamily], Endpoint] = {}
        self._peers: dict[Target, Peer] = {}
        self._senders: dict[tuple[Endpoint, Address], Peer] = {}
        self._securities: dict[tuple[Target, UsmUser] | Community, Security] = {}
        self._lines: dict[int, _Line] = {}
        self._shapes = Shapes()

    # --- questions --------------------------------------------------------------------------------------------------

    async def get(self, agent: Agent, oids: Sequence[str], *, deadline_s: float | None = None) -> dict[str, Value]:
        """Values of the instances that exist, by the names asked for.

        Raises:
            Unreachable: no answer in time.
            AuthenticationFailed: the device refused the credential.
            UnexpectedReply: the device answered what cannot be used.
            NotSupported: the domain's socket cannot be opened here, or the credential asks for DES.
        """
        line = self._line(agent)
        give_up = None if deadline_s is None else self._now() + deadline_s
        most = max(1, agent.limits.max_oids)
        names = tuple(oids)
        found: dict[str, Value] = {}
        for start in range(0, len(names), most):
            await self._get_part(line, names[start : start + most], give_up, found)
        return found

    async def walk(
        self, agent: Agent, columns: Sequence[str], *, deadline_s: float | None = None
    ) -> dict[str, dict[str, Value]]:
        """Columns of a table together: column -> {instance suffix -> value}, in the device's order.

        Raises: as `get`.
        """
        line = self._line(agent)
        give_up = None if deadline_s is None else self._now() + deadline_s
        walk = Walk(columns, agent.limits, lambda what, oid: self._note(line, what, oid))
        await self._walk_on(line, walk, give_up)
        return walk.result()

    async def poll(
        self,
        agent: Agent,
        scalars: Sequence[str],
        columns: Sequence[str],
        *,
        rows: int | None = None,
        deadline_s: float | None = None,
    ) -> Poll:
        """Scalars and columns of one device with as few datagrams as its limits allow.

        Args:
            agent: whom to ask.
            scalars: instances for one GET.
            columns: columns for one GETBULK.
            rows: rows known from an earlier walk. So many are asked for at once and no further ones are looked for;
                None walks to the end.
            deadline_s: bound for everything.

        Raises: as `get`.
        """
        line = self._line(agent)
        give_up = None if deadline_s is None else self._now() + deadline_s
        limits = agent.limits
        fits = rows is not None and limits.bulk and len(columns) <= limits.max_oids and len(scalars) <= limits.max_oids
        if not fits or rows is None or line.peer.srtt_s is None or not line.security.ready:
            found: dict[str, Value] = {}
            names = tuple(scalars)
            for start in range(0, len(names), max(1, limits.max_oids)):
                await self._get_part(line, names[start : start + max(1, limits.max_oids)], give_up, found)
            walk = Walk(columns, limits, lambda what, oid: self._note(line, what, oid))
            await self._walk_on(line, walk, give_up)
            return Poll(scalars=found, columns=walk.result())
        return await self._poll_known(line, tuple(scalars), tuple(columns), rows, give_up)

    async def _poll_known(
        self, line: _Line, scalars: tuple[str, ...], columns: tuple[str, ...], rows: int, give_up: float | None
    ) -> Poll:
        """Both requests at once, for a device that is known to answer."""
        asked = question.get(scalars)
        first = self._start(line, asked, give_up)
        table = question.get_bulk(question.columns(columns), rows)
        second = self._start(line, table, give_up)
        try:
            answer = await first.future
            bulk = await second.future
        finally:
            if first.live or second.live or not second.future.done():
                self._exchanges.retire(first)
                self._exchanges.retire(second)
                second.future.cancel()
            if second.future.done() and not second.future.cancelled():
                second.future.exception()  # of a dead device both fail: asyncio wants each failure to be looked at
        found: dict[str, Value] = {}
        if answer[0]:
            await self._get_part(line, scalars, give_up, found)
        else:
            _pick(asked, answer, found)
        if not bulk[0] and (sorted_ := self._shapes.sort(columns, table, bulk[2], bulk[3])) is not None:
            return Poll(scalars=found, columns=sorted_[0], complete=sorted_[1])
        walk = Walk(columns, line.agent.limits, lambda what, oid: self._note(line, what, oid))
        walk.asked(walk.columns)
        if bulk[0]:
            await self._walk_on(line, walk, give_up)
        else:
            self._take(line, walk, bulk)
            if any(not c.done and len(c.rows) < rows for c in walk.columns):
                await self._walk_on(line, walk, give_up)
            else:
                self._shapes.learn(columns, table, bulk[2], walk)
        return Poll(scalars=found, columns=walk.result(), complete=all(c.done for c in walk.columns))

    def forget(self, target: Target) -> None:
        """Drop what is remembered of a target (address, round-trip time, v3 engine)."""
        peer = self._peers.pop(target, None)
        if peer is not None:
            self._senders.pop((peer.endpoint, peer.address), None)
        self._lines = {k: line for k, line in self._lines.items() if line.agent.target != target}
        for key in [k for k in self._securities if isinstance(k, tuple) and k[0] == target]:
            del self._securities[key]

    def rtt_ms(self, target: Target) -> float | None:
        """Smoothed round-trip time of a target, None before its first answer."""
        peer = self._peers.get(target)
        return None if peer is None or peer.srtt_s is None else peer.srtt_s * 1000

    @property
    def under_way(self) -> int:
        """Questions that wait for an answer now (retransmissions count)."""
        return len(self._exchanges) if self._loop is not None else 0

    async def close(self) -> None:
        """Cancel what is under way and close all sockets."""
        self._shut()

    async def __aenter__(self) -> SnmpClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._shut()

    # --- one request ------------------------------------------------------------------------------------------------

    async def _get_part(
        self, line: _Line, names: tuple[str, ...], give_up: float | None, found: dict[str, Value]
    ) -> None:
        """GET of names that fit one request, in halves or without the refused ones where the device wants that."""
        if not names:
            return
        asked = question.get(names)
        answer = await self._ask(line, asked, give_up)
        status, index = answer[0], answer[1]
        if status == ber.NO_ERROR:
            _pick(asked, answer, found)
            return
        self._irregular(line, status)
        if status != ber.TOO_BIG and 1 <= index <= len(names):
            self._note(line, f"error-status {status}", names[index - 1])
            await self._get_part(line, names[: index - 1] + names[index:], give_up, found)
        elif len(names) == 1:
            self._note(line, f"error-status {status}", names[0])
        else:
            half = len(names) // 2
            await self._get_part(line, names[:half], give_up, found)
            await self._get_part(line, names[half:], give_up, found)

    async def _walk_on(self, line: _Line, walk: Walk, give_up: float | None) -> None:
        """Ask until every column has ended."""
        while (asked := walk.question()) is not None:
            self._take(line, walk, await self._ask(line, asked, give_up))

    def _take(self, line: _Line, walk: Walk, answer: Answer) -> None:
        status, index, oids, values = answer
        if status == ber.NO_ERROR:
            try:
                walk.take(oids, values)
            except ber.BerError as err:
                raise UnexpectedReply(f"{line.peer.name}: {err}", target=line.peer.name) from err
            return
        self._irregular(line, status)
        if status == ber.TOO_BIG:
            walk.too_big()
        else:
            walk.refused(index, f"error-status {status}")

    def _irregular(self, line: _Line, status: int) -> None:
        if status == ber.TOO_BIG:
            self.statistics.too_big += 1
            return
        self.statistics.error_status += 1
        if status == ber.AUTHORIZATION_ERROR:
            raise AuthenticationFailed(f"{line.peer.name} refuses these objects to us", target=line.peer.name)

    async def _ask(self, line: _Line, asked: Question, give_up: float | None) -> Answer:
        security = line.security
        if isinstance(security, UsmSecurity) and not security.ready:
            await self._wait_for(self._start(line, question.get(()), give_up, security.probe))
        return await self._wait_for(self._start(line, asked, give_up))

    async def _wait_for(self, exchange: Exchange) -> Answer:
        try:
            return await exchange.future
        finally:
            self._exchanges.retire(exchange)

    def _start(self, line: _Line, asked: Question, give_up: float | None, security: Security | None = None) -> Exchange:
        loop = self._loop
        assert loop is not None  # noqa: S101 - _line has set it
        now = loop.time()
        agent = line.agent
        tries = agent.retries + 1
        end = now + agent.timeout_s * tries
        if give_up is not None and give_up < end:
            if give_up <= now:
                raise Unreachable(f"{line.peer.name}: the time for this poll is over", target=line.peer.name)
            end = give_up
        self.statistics.requests += 1
        exchange = Exchange(line.peer, security or line.security, asked, loop.create_future(), now)
        self._exchanges.start(exchange, timeout_s=agent.timeout_s, tries=tries, give_up=end)
        return exchange

    # --- answers ----------------------------------------------------------------------------------------------------

    def _receive(self, data: bytes, address: Address, endpoint: Endpoint) -> None:
        """One datagram from anybody. Never raises: what cannot be used is counted."""
        try:
            usual = ber.read_response(data)
            if usual is not None:
                exchange = self._exchanges.find(usual[1])
                if exchange is not None and exchange.peer.address == address and exchange.peer.endpoint is endpoint:
                    security = exchange.security
                    if isinstance(security, CommunitySecurity) and security.community == usual[0]:
                        oids, values = read_bindings(data, usual[4], usual[5], exchange.question)
                        self.statistics.answered += 1
                        self._exchanges.answered(exchange, usual[1], (usual[2], usual[3], oids, values))
                        return
            self._sort(data, address, endpoint)
        except (ValueError, IndexError) as err:  # BerError is a ValueError
            if isinstance(err, ber.Truncated):
                self.statistics.truncated += 1
            else:
                self.statistics.garbage += 1
            self._blame(address, endpoint)

    def _sort(self, data: bytes, address: Address, endpoint: Endpoint) -> None:
        version, at = ber.read_version(data)
        if version == ber.VERSION_2C:
            ident = peek_id(data, at)
        elif version == ber.VERSION_3:
            ident = usm.peek_id(data, at)
        else:
            self.statistics.wrong_version += 1
            return
        exchange = self._exchanges.find(ident)
        if exchange is None:
            if self._exchanges.is_late(ident):
                self.statistics.late += 1
            else:
                self.statistics.wrong_id += 1
            return
        peer = exchange.peer
        if peer.address != address or peer.endpoint is not endpoint:
            self.statistics.wrong_source += 1
            return
        if exchange.security.version != version:
            self.statistics.wrong_version += 1
            return
        answer = exchange.security.open(data, at, ident, exchange)
        if answer is not None:
            self.statistics.answered += 1
            self._exchanges.answered(exchange, ident, answer)

    def _blame(self, address: Address, endpoint: Endpoint) -> None:
        """Remember who sent what cannot be read, to say so if no answer follows."""
        peer = self._senders.get((endpoint, address))
        if peer is not None:
            peer.garbage += 1

    def _note(self, line: _Line, what: str, oid: str) -> None:
        if what.startswith("objects do not increase"):
            self.statistics.not_increasing += 1
        elif what.startswith("more than"):
            self.statistics.too_many_rows += 1
        self.notes.append(Note(target=line.peer.name, what=what, oid=oid))

    # --- what is remembered -----------------------------------------------------------------------------------------

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _line(self, agent: Agent) -> _Line:
        line = self._lines.get(id(agent))
        if line is not None and line.agent is agent and self._loop is asyncio.get_running_loop():
            return line
        self._enter_loop()
        line = _Line(agent, self._peer(agent.target), self._security(agent))
        if len(self._lines) >= _REMEMBERED_AGENTS:
            self._lines.clear()
        self._lines[id(agent)] = line
        return line

    def _enter_loop(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        self._shut()
        self._loop = loop
        self._exchanges = Exchanges(loop, drain=self._drain, statistics=self.statistics)

    def _peer(self, target: Target) -> Peer:
        if (peer := self._peers.get(target)) is not None:
            return peer
        domain = self._domains.get(target.domain, Domain(name=target.domain))
        family, address = resolve(target.host, target.port, domain)
        key = (target.domain, family)
        if (endpoint := self._endpoints.get(key)) is None:
            assert self._loop is not None  # noqa: S101 - _enter_loop has set it
            endpoint = Endpoint(domain, family, loop=self._loop, receive=self._receive, statistics=self.statistics)
            self._endpoints[key] = endpoint
        peer = Peer(_name(target), endpoint, address)
        if len(self._peers) >= _REMEMBERED_AGENTS:
            self._peers.clear()
            self._senders.clear()
        self._peers[target] = peer
        self._senders[endpoint, address] = peer
        return peer

    def _security(self, agent: Agent) -> Security:
        credential = agent.credential
        if isinstance(credential, Community):
            known = self._securities.get(credential)
            if known is None:
                known = CommunitySecurity(credential.community, self.statistics)
                self._securities[credential] = known
            return known
        key = (agent.target, credential)
        security = self._securities.get(key)
        if security is None:
            assert self._loop is not None  # noqa: S101 - _enter_loop has set it
            security = UsmSecurity(
                credential,
                exchanges=self._exchanges,
                now=self._loop.time,
                statistics=self.statistics,
                note=lambda target, what: self.notes.append(Note(target=target, what=what)),
            )
            if len(self._securities) >= _REMEMBERED_AGENTS:
                self._securities.clear()
                self._lines.clear()
            self._securities[key] = security
        return security

    def _drain(self) -> None:
        for endpoint in self._endpoints.values():
            endpoint.drain(_ALL)

    def _shut(self) -> None:
        if self._loop is not None:
            self._exchanges.abandon()
        for endpoint in self._endpoints.values():
            endpoint.close()
        self._endpoints.clear()
        self._peers.clear()
        self._senders.clear()
        self._lines.clear()
        self._securities.clear()
        self._loop = None


def _pick(asked: Question, answer: Answer, found: dict[str, Value]) -> None:
    """Put the values of an answer to a GET where the names asked for say."""
    _, _, oids, values = answer
    if (
        oids is not asked.known and oids != asked.oids
    ):  # an agent may leave out or reorder; only what was asked is taken
        wanted = dict(zip(asked.oids, asked.names, strict=True))
        for oid, value in zip(oids, values, strict=True):
            if oid in wanted and not isinstance(value, ber.Absent):
                found[wanted[oid]] = value
        return
    if ber.Absent not in set(map(type, values)):
        found.update(zip(asked.names, cast("list[Value]", values), strict=True))
        return
    for name, value in zip(asked.names, values, strict=True):
        if not isinstance(value, ber.Absent):
            found[name] = value


def _name(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return f"{target.domain}/{host}:{target.port}" if target.domain else f"{host}:{target.port}"
