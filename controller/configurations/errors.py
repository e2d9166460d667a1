"""What can go wrong with kept configurations.

ConfigurationError (a StoreError: the command line says it in one sentence)
    CopyUnreadable
    HistoryUnavailable
    NoSuchRevision
"""

from __future__ import annotations

from measurements.errors import StoreError


class ConfigurationError(StoreError):
    """A kept configuration cannot be written or read."""


class CopyUnreadable(ConfigurationError):
    """A restorable copy is missing, damaged, or was written with another key."""


class HistoryUnavailable(ConfigurationError):
    """git is not installed, or the history's folder cannot be used."""


class NoSuchRevision(ConfigurationError):
    """The history holds no such device or revision."""
