"""What the client sent, got and ignored. Everything ignored is counted somewhere, so that nothing vanishes silently."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Statistics:
    """Counters since the client was made; only ever increased, so two snapshots give a rate."""

    requests: int = 0
    sent: int = 0  # datagrams, retransmissions included
    retransmitted: int = 0
    send_errors: int = 0  # the kernel refused (no route, buffer full); treated as a lost datagram
    received: int = 0  # datagrams of any kind
    answered: int = 0
    timeouts: int = 0
    # Ignored datagrams, by reason.
    garbage: int = 0  # not the SNMP it should be
    truncated: int = 0  # shorter than the length it announces
    oversized: int = 0  # longer than this client reads
    wrong_source: int = 0  # the right id from another address or port
    wrong_id: int = 0  # an id that nobody waits for
    late: int = 0  # an id that was given up, or answered already after a retransmission
    wrong_community: int = 0
    wrong_version: int = 0
    wrong_engine: int = 0  # v3: another engine or user than asked
    wrong_digest: int = 0  # v3: the signature is not the device's
    undecryptable: int = 0  # v3: authentic, but its scoped PDU is not readable
    unauthenticated: int = 0  # v3: an answer of a lower security level than asked
    unauthenticated_reports: int = 0  # v3: a report that nobody signed about an engine already known
    unexpected_pdu: int = 0  # neither response nor report
    # Irregular answers that were used as far as they went.
    too_big: int = 0
    error_status: int = 0
    not_increasing: int = 0
    too_many_rows: int = 0
    # v3 engine knowledge.
    discoveries: int = 0
    rediscoveries: int = 0  # a known engine was forgotten after repeated silence
    time_resyncs: int = 0
    authentication_failures: int = 0

    def snapshot(self) -> dict[str, int]:
        """All counters as they are now."""
        return asdict(self)

    @property
    def ignored(self) -> int:
        """Datagrams received and not used."""
        return (
            self.garbage
            + self.truncated
            + self.oversized
            + self.wrong_source
            + self.wrong_id
            + self.late
            + self.wrong_community
            + self.wrong_version
            + self.wrong_engine
            + self.wrong_digest
            + self.undecryptable
            + self.unauthenticated
            + self.unauthenticated_reports
            + self.unexpected_pdu
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something odd that a device did, and what was made of it."""

    target: str
    what: str
    oid: str = ""
