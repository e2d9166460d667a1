"""What can go wrong with the running controller.

ControllerError
    AlreadyRunning
"""

from __future__ import annotations


class ControllerError(Exception):
    """The controller cannot go on."""


class AlreadyRunning(ControllerError):
    """Another `merata run` holds the state directory."""

    def __init__(self, path: str, pid: int | None) -> None:
        who = f" (process {pid})" if pid else ""
        super().__init__(f"a controller is already running on {path}{who}")
        self.path = path
        self.pid = pid
