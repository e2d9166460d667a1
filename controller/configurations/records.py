"""What is known of a device's configuration. Times are epoch s, UTC; fingerprints are keyed hashes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a device was last seen to hold, and what of it was accepted.

    `fingerprint` is of the normalised text; `revision` and `accepted_revision` name the masked text in the history,
    `copy` the restorable one. `saved_differs`: it would start with something else; None: cannot be told, or not asked.
    `error`: why the last try to fetch failed; None: it did not.
    """

    device: str
    fetched_at: float | None = None
    fingerprint: str | None = None
    revision: str | None = None
    copy: str | None = None
    saved_differs: bool | None = None
    accepted_at: float | None = None
    accepted_by: str | None = None
    accepted_why: str | None = None
    accepted_fingerprint: str | None = None
    accepted_revision: str | None = None
    tried_at: float | None = None
    error: str | None = None

    @property
    def drifted(self) -> bool | None:
        """True when it holds something else than what was accepted; None: never fetched or nothing accepted."""
        if self.fingerprint is None or self.accepted_fingerprint is None:
            return None
        return self.fingerprint != self.accepted_fingerprint
