"""Pinned SSH host keys: one known_hosts file a device, and a line in the audit file for every change.

One file a device, because the SSH library parses the whole file at each connect: 516 ms CPU a session with one file of
2,000 lines, 8 ms with one line (measured, see the explanation of SSH collection).
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from devices.errors import HostKeyError
from devices.model import DeviceId

AUDIT = "audit.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostKey:
    """A public key as a server presents it."""

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """What the file of one device holds."""

    device: DeviceId
    address: str
    key: HostKey


class HostKeys:
    """The folder of known_hosts files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, device: DeviceId) -> Path:
        """The known_hosts file of a device, there or not. Ids are legal file names by the rules of the inventory."""
        return self.folder / device

    def pinned(self, device: DeviceId) -> Pinned | None:
        """The key that is trusted; None before `enroll`.

        Raises:
            HostKeyError: the file does not hold exactly one key.
        """
        try:
            lines = self.path(device).read_text().splitlines()
        except FileNotFoundError:
            return None
        entries = [line.split() for line in lines if line.strip() and not line.startswith("#")]
        if len(entries) != 1 or len(entries[0]) < 3:
            raise HostKeyError(f"{self.path(device)}: expected one line `address kind key`")
        address, kind, blob = entries[0][:3]
        try:
            return Pinned(
                device=device, address=address, key=HostKey(kind=kind, blob=base64.b64decode(blob, validate=True))
            )
        except binascii.Error:
            raise HostKeyError(f"{self.path(device)}: the key is not base64") from None

    def all(self) -> list[Pinned]:
        """Every pinned key, by device id."""
        if not self.folder.is_dir():
            return []
        names = sorted(path.name for path in self.folder.iterdir() if path.name != AUDIT and path.suffix != ".new")
        return [pinned for name in names if (pinned := self.pinned(DeviceId(name)))]

    def enroll(self, device: DeviceId, key: HostKey, *, host: str, port: int, now: datetime, who: str) -> Pinned:
        """Trust a key for the first time.

        Raises:
            HostKeyError: another key is pinned already; only `rekey` replaces one.
        """
        old = self.pinned(device)
        if old is not None and old.key != key:
            raise HostKeyError(
                f"device {device!r} presents {key.fingerprint}, but {old.key.fingerprint} is pinned. If the box was "
                f"exchanged or reinstalled, run: merata hostkey rekey {device}. If not, somebody may be in between."
            )
        return self._write("enroll", device, key, host=host, port=port, now=now, who=who, old=old)

    def rekey(self, device: DeviceId, key: HostKey, *, host: str, port: int, now: datetime, who: str) -> Pinned:
        """Replace the trusted key.

        Raises:
            HostKeyError: there is none to replace.
        """
        old = self.pinned(device)
        if old is None:
            raise HostKeyError(f"device {device!r} has no pinned key: run: merata hostkey enroll {device}")
        return self._write("rekey", device, key, host=host, port=port, now=now, who=who, old=old)

    def note(self, act: str, device: DeviceId, *, now: datetime, who: str, **facts: str | None) -> None:
        """One line in the audit file: when, who, what; on disk before the act counts as done."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        line = json.dumps({"at": now.isoformat(), "who": who, "act": act, "device": device, **facts})
        with open(self.folder / AUDIT, "a", opener=_private) as audit:
            fcntl.flock(audit, fcntl.LOCK_EX)
            audit.write(line + "\n")
            audit.flush()
            os.fsync(audit.fileno())

    def _write(
        self,
        act: str,
        device: DeviceId,
        key: HostKey,
        *,
        host: str,
        port: int,
        now: datetime,
        who: str,
        old: Pinned | None,
    ) -> Pinned:
        pinned = Pinned(device=device, address=address(host, port), key=key)
        if pinned == old:
            return pinned
        self.note(act, device, now=now, who=who, address=pinned.address, kind=key.kind, fingerprint=key.fingerprint,
                  replaced=old.key.fingerprint if old else None)  # fmt: skip
        target = self.path(device)
        fresh = target.with_name(target.name + ".new")
        with open(fresh, "w", opener=_private) as written:
            written.write(f"{pinned.address} {key.kind} {base64.b64encode(key.blob).decode()}\n")
            written.flush()
            os.fsync(written.fileno())
        fresh.replace(target)
        return pinned


def address(host: str, port: int) -> str:
    """How known_hosts names a server: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"."""
    return host if port == 22 else f"[{host}]:{port}"


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)
