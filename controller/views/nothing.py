"""A reader before there is anything to read."""
# ruff: noqa: ARG002  every argument belongs to the port and none of them matters here

from __future__ import annotations

from collections.abc import Sequence

from measurements.intervals import Interval
from measurements.outages import Outage
from measurements.store import Latest, Series, Summary


class Nothing:
    """A reader before the first measurement: every answer is empty."""

    def outages(self, *, start: float, end: float, open_only: bool = False) -> list[Outage]:
        """None."""
        return []

    def latest(self, ids: Sequence[str] | None = None) -> dict[str, Latest]:
        """None."""
        return {}

    def series(
        self,
        kind: str,
        device: str,
        fields: Sequence[str],
        *,
        start: int,
        end: int,
        step_s: int | None = None,
        name: str | None = None,
    ) -> Series:
        """No slots."""
        return Series(step_s=step_s or 300, tier="raw", slots=[], columns={f: [] for f in fields})

    def intervals(self, subjects: Sequence[str] | None, question: str, *, start: int, end: int) -> list[Interval]:
        """None."""
        return []

    def summary(
        self,
        question: str,
        *,
        start: int,
        end: int,
        by: str = "subject",
        subjects: Sequence[str] | None = None,
    ) -> list[Summary]:
        """None."""
        return []
