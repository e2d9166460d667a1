"""What can be refused about accounts.

AccountError (a StoreError: the command line says it in one sentence)
    AccountExists
    NoSuchAccount
    PasswordRefused (reason: a code the pages can translate)
"""

from __future__ import annotations

from measurements.errors import StoreError


class AccountError(StoreError):
    """Nothing was changed."""


class AccountExists(AccountError):
    """The name is taken, now or in the past."""


class NoSuchAccount(AccountError):
    """There is no account of that name."""


class PasswordRefused(AccountError):
    """Too easy to guess. The message never holds the password."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
