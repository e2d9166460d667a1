"""What can go wrong with the journal.

JournalError (a StoreError: the command line says it in one sentence)
    JournalUnavailable
    JournalTooNew (also VersionTooNew)
    RequestNotOpen
    RolloutRefused
    LeaseLost
"""

from __future__ import annotations

from measurements.errors import StoreError, VersionTooNew


class JournalError(StoreError):
    """The journal did not do what was asked."""


class JournalUnavailable(JournalError):
    """The journal cannot be opened, read or written now; nothing of the call was kept."""


class JournalTooNew(JournalError, VersionTooNew):
    """The journal was written by a newer program and is not touched."""


class RequestNotOpen(JournalError):
    """A request was finished twice, or by somebody who does not hold it."""


class RolloutRefused(JournalError):
    """A plan or rollout cannot become what was asked; nothing was written."""

    def __init__(self, reason: str, message: str) -> None:
        """Say why.

        Args:
            reason: short code: no_plan, not_approved, expired, under_way, plan_state, own_plan, no_device ...
            message: one sentence.
        """
        super().__init__(message)
        self.reason = reason


class LeaseLost(JournalError):
    """A lock went to another holder: whoever slept through its lease must do nothing more."""
