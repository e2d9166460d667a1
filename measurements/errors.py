"""What can go wrong with the store.

StoreError
    StoreUnavailable
    WriteRejected
    StoreBusy (another process owns the state directory)
    VersionTooNew
"""

from __future__ import annotations


class StoreError(Exception):
    """The store did not do what was asked."""


class StoreUnavailable(StoreError):
    """The store does not answer; what was acknowledged is kept."""


class WriteRejected(StoreError):
    """The store refused these rows and will refuse them again."""


class StoreBusy(StoreError):
    """Another process holds the state directory."""


class VersionTooNew(StoreError):
    """A file was written by a newer program and is not touched."""
