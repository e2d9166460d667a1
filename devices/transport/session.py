"""The port of a configuring session: one signed-in terminal on one device, used by one thread, cut at a deadline."""

from __future__ import annotations

from typing import Protocol

from devices.credentials import Secret
from devices.model import Device


class Session(Protocol):
    """A terminal on a device. Every method raises a DeviceError; after one, only `cut` may be called."""

    device: Device

    def run(self, command: str, *, expect: str | None = None, timeout_s: float | None = None) -> str:
        """Send one line and give what it printed, without its echo, the prompt and escape sequences.

        Args:
            command: one line, no line end.
            expect: regular expression that ends the answer, `^` being its beginning; what it matched is then the end
                of what is given. None: the device's own prompt, in whatever mode.
            timeout_s: bound of this answer; None: what is left of the session.

        Raises:
            Unreachable: no end of the answer in time, or the connection is gone.
        """
        ...

    def say(self, secret: Secret, *, expect: str | None = None, timeout_s: float | None = None) -> str:
        """As `run` with a line that nobody may read; no error ever holds it."""
        ...

    def press(self, keys: str, *, expect: str | None = None, timeout_s: float | None = None) -> str:
        """Send raw characters without a line end (0x18 is Ctrl-X) and give what was printed up to `expect`."""
        ...

    def put(self, path: str, content: bytes, *, mode: int = 0o600) -> None:
        """Write a file on a device that has a shell or takes files; NotSupported where it does neither."""
        ...

    def renamed(self) -> None:
        """Learn the prompt again after a command that changed the device's name."""
        ...

    def close(self) -> None:
        """Leave in the platform's orderly way. Never raises."""
        ...

    def cut(self) -> None:
        """Drop the connection without another word, so that what lives with the session is undone. Never raises."""
        ...


class Sessions(Protocol):
    """Opens terminals."""

    def open(self, device: Device, *, deadline_s: float) -> Session:
        """Sign in with strict host keys.

        Args:
            device: with `ssh` settings and a platform that has a dialect.
            deadline_s: bound of the whole session, seconds from now; at its end the connection is cut.

        Raises:
            Unreachable, AuthenticationFailed, NotSupported, CredentialError.
        """
        ...
