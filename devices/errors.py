"""What can go wrong with a device.

DeviceError
    Unreachable (also TimeoutError)
    AuthenticationFailed
    NotSupported
    UnexpectedReply
    HostKeyError
InventoryError
CredentialError
"""

from __future__ import annotations

from dataclasses import dataclass


class DeviceError(Exception):
    """A device did not give what was asked; carries facts, never a secret."""

    kind = "device"

    def __init__(self, message: str, *, target: str = "", elapsed_s: float | None = None) -> None:
        super().__init__(message)
        self.target = target
        self.elapsed_s = elapsed_s


class Unreachable(DeviceError, TimeoutError):
    """No answer before the deadline."""

    kind = "unreachable"


class AuthenticationFailed(DeviceError):
    """The device answered and refused who we are (or its host key is not the pinned one)."""

    kind = "authentication"


class NotSupported(DeviceError):
    """The device cannot do what was asked (or we cannot, for this platform)."""

    kind = "not-supported"


class PingNotPermitted(NotSupported):
    """The kernel lets this process send no ICMP echo: nothing is known of the device (not even that it is silent)."""

    kind = "ping-not-permitted"


class UnexpectedReply(DeviceError):
    """The device answered something that does not parse or breaks the protocol."""

    kind = "unexpected-reply"


class HostKeyError(DeviceError):
    """A pinned host key cannot be enrolled, replaced or read."""

    kind = "host-key"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Complaint:
    """One thing wrong in a text that a person wrote."""

    path: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        key = f" {self.key}:" if self.key else ""
        return f"{self.path}:{self.line}:{key} {self.message}"


class InventoryError(Exception):
    """The inventory was refused; `complaints` holds every reason at once, in file and line order."""

    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__("\n".join(str(c) for c in complaints))
        self.complaints = complaints


class CredentialError(Exception):
    """A credential reference cannot be resolved; names the reference, never the secret."""
