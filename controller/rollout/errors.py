"""What can go wrong with a bulk change.

RolloutError (a ControllerError)
    Trouble: a device was touched and something failed: it has to be undone
    Ended: a device is done with before anything was sent
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controller.errors import ControllerError
from controller.rollout.records import Step


class RolloutError(ControllerError):
    """A bulk change cannot go on."""


class Trouble(RolloutError):
    """A device was (or may have been) touched and something failed."""

    def __init__(self, reason: str, **facts: Any) -> None:
        """Say what.

        Args:
            reason: short code: refused, lines_missing, unexpected, snmp_silent, interface_down, clients_lost ...
            facts: without secrets.
        """
        super().__init__(reason)
        self.reason = reason
        self.facts: Mapping[str, Any] = facts


class Ended(RolloutError):
    """Nothing was sent to this device, and nothing will be in this try."""

    def __init__(self, step: Step, reason: str, **facts: Any) -> None:
        """Say how it ended.

        Args:
            step: the end.
            reason: short code: drift, offline, obstacle, host_key, no_guard ...
            facts: without secrets.
        """
        super().__init__(reason)
        self.step = step
        self.reason = reason
        self.facts: Mapping[str, Any] = facts
