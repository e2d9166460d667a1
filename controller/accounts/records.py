"""What is known of a person who signs in. Times are epoch s, UTC. A password or its hash is never in here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")


class Role(StrEnum):
    """What an account may do. Areas and finer roles come later."""

    VIEWER = "viewer"  # reads
    ENGINEER = "engineer"  # also plans, approves, starts and stops bulk changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account. `name` is lower case and never given to another person."""

    name: str
    full_name: str
    role: Role
    made_at: float
    disabled_at: float | None = None
    seen_at: float | None = None  # last sign-in

    @property
    def is_disabled(self) -> bool:
        """It exists for the record and signs in no more."""
        return self.disabled_at is not None

    @property
    def may_change(self) -> bool:
        """May change what runs on devices, or decide about it."""
        return self.role is Role.ENGINEER and not self.is_disabled


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One signed-in browser."""

    account: Account
    made_at: float
    seen_at: float
    ends_at: float  # whatever happens
    address: str

    def until(self, idle_s: float) -> float:
        """When it ends if nothing more is done."""
        return min(self.ends_at, self.seen_at + idle_s)


def name_of(text: str) -> str | None:
    """The account name that was meant, None where no account can have it."""
    name = text.strip().casefold()
    return name if NAME.fullmatch(name) else None
