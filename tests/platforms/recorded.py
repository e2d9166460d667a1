"""A device that is a file: `SnmpAsk` over a walk in the `.snmprec` format (`oid|type|value` lines)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from devices.transport.snmp.api import Agent, Oid, Value


def read_snmprec(path: Path) -> dict[str, Value]:
    """Objects of a recording. Types: 2 4 6 64 65 66 67 70, `x` hexadecimal, `e` quoted; the first line wins."""
    objects: dict[str, Value] = {}
    for line in path.read_text(encoding="latin-1").splitlines():
        oid, _, rest = line.partition("|")
        kind, _, text = rest.partition("|")
        if oid.strip() and kind:
            objects.setdefault(oid.strip().lstrip("."), _value(kind, text))
    return objects


def _value(kind: str, text: str) -> Value:
    tag, mark = kind.split(":", maxsplit=1)[0].rstrip("xe"), kind[-1]
    if tag in {"2", "65", "66", "67", "70", "71"}:
        return int(text)
    if tag == "6":
        return Oid(text.lstrip("."))
    raw = bytes.fromhex(text) if mark == "x" else text.encode("latin-1")
    if tag in {"64", "40"}:
        return ".".join(str(b) for b in raw) if mark == "x" else text
    return raw


def key(oid: str) -> tuple[int, ...]:
    """Order of object identifiers."""
    return tuple(int(part) for part in oid.split("."))


class RecordedAgent:
    """Answers as the device did. Counts what it was asked."""

    def __init__(self, objects: Mapping[str, Value]) -> None:
        self.objects = dict(objects)
        self.gets: list[tuple[str, ...]] = []
        self.walks: list[tuple[str, ...]] = []

    async def get(self, agent: Agent, oids: Sequence[str], *, deadline_s: float | None = None) -> dict[str, Value]:
        self.gets.append(tuple(oids))
        return {o: self.objects[o] for o in oids if o in self.objects}

    async def walk(
        self, agent: Agent, columns: Sequence[str], *, deadline_s: float | None = None
    ) -> dict[str, dict[str, Value]]:
        self.walks.append(tuple(columns))
        return {c: self._column(c, agent.limits.max_rows) for c in columns}

    def _column(self, column: str, most: int) -> dict[str, Value]:
        start = column + "."
        rows = sorted((o for o in self.objects if o.startswith(start)), key=key)
        return {o.removeprefix(start): self.objects[o] for o in rows[:most]}
