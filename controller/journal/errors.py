"""What can go wrong with the journal.

JournalError (a StoreError: the command line says it in one sentence)
    JournalUnavailable
    JournalTooNew (also VersionTooNew)
    RequestNotOpen
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
