"""Restorable copies of configurations: whole, encrypted, one file a version that differs from the one before.

AES-256-GCM over zlib; the device's id and the file's name are authenticated with it, so a file that was renamed or put
under another device does not open. Layout: `<folder>/<device>/<UTC time>-<sequence>.cfgz` with a header of 4 octets.
"""

from __future__ import annotations

import os
import re
import secrets
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from controller.configurations.errors import ConfigurationError, CopyUnreadable

_MAGIC: Final = b"MRC1"
_NONCE: Final = 12
_END: Final = ".cfgz"
_REFERENCE: Final = re.compile(r"\d{8}T\d{6}Z-\d{3}")
#: A configuration is text of some hundred kB at most; more is a mistake, or somebody else's.
MAX_BYTES: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One copy. `reference` names it within its device."""

    device: str
    reference: str
    size: int  # octets on disk


class Copies:
    """The folder of copies. Safe to use from several threads and processes."""

    def __init__(self, folder: Path, key: bytes) -> None:
        """Prepare; nothing is opened yet.

        Args:
            folder: made at the first copy, mode 0700.
            key: 32 octets.
        """
        self._folder = folder
        self._cipher = AESGCM(key)

    def keep(self, device: str, text: str, *, at: float) -> str:
        """Keep a configuration unless it equals the newest copy; it is on disk when this returns.

        Args:
            device: its id.
            text: whole, as the device gave it.
            at: epoch s, UTC.

        Returns:
            The reference of the copy, the old one where nothing changed.

        Raises:
            ConfigurationError: it could not be written, or is larger than MAX_BYTES.
        """
        octets = text.encode()
        if len(octets) > MAX_BYTES:
            raise ConfigurationError(f"the configuration of {device!r} has {len(octets)} octets; {MAX_BYTES} at most")
        try:
            newest = self._newest(device)
            if newest is not None and self._opened(device, newest) == octets:
                return newest
        except CopyUnreadable:
            pass  # a damaged copy is no reason not to keep a good one; `get` tells of it
        folder = self._folder / device
        day = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for number in range(1000):
                reference = f"{day}-{number:03d}"
                if _written(folder / f"{reference}{_END}", self._sealed(device, reference, octets)):
                    return reference
        except OSError as error:
            raise ConfigurationError(
                f"the configuration of {device!r} was not kept: {error.strerror or error}"
            ) from error
        raise ConfigurationError(f"a thousand copies of {device!r} within one second")

    def get(self, device: str, reference: str) -> str:
        """A copy's text.

        Raises:
            CopyUnreadable: there is none, it is damaged, or it was written with another key.
        """
        return self._opened(device, reference).decode()

    def listed(self, device: str) -> list[Kept]:
        """The copies of a device, newest first."""
        try:
            entries = [entry for entry in os.scandir(self._folder / device) if entry.name.endswith(_END)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        names = sorted(((e.name.removesuffix(_END), e.stat().st_size) for e in entries), reverse=True)
        return [Kept(device=device, reference=name, size=size) for name, size in names if _REFERENCE.fullmatch(name)]

    def _newest(self, device: str) -> str | None:
        return next((kept.reference for kept in self.listed(device)), None)

    def _sealed(self, device: str, reference: str, octets: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return _MAGIC + nonce + self._cipher.encrypt(nonce, zlib.compress(octets, 6), _name(device, reference))

    def _opened(self, device: str, reference: str) -> bytes:
        what = f"the copy {reference} of {device!r}"
        if not _REFERENCE.fullmatch(reference):
            raise CopyUnreadable(f"{reference!r} names no copy (20260131T235959Z-000)")
        try:
            sealed = (self._folder / device / f"{reference}{_END}").read_bytes()
        except OSError as error:
            raise CopyUnreadable(f"{what} cannot be read: {error.strerror or error}") from error
        nonce = sealed[len(_MAGIC) : len(_MAGIC) + _NONCE]
        if not sealed.startswith(_MAGIC) or len(nonce) != _NONCE:
            raise CopyUnreadable(f"{what} is no copy of this program")
        try:
            packed = self._cipher.decrypt(nonce, sealed[len(_MAGIC) + _NONCE :], _name(device, reference))
        except InvalidTag:
            raise CopyUnreadable(f"{what} is damaged, or was written with another key") from None
        return zlib.decompress(packed)


def _name(device: str, reference: str) -> bytes:
    return f"{device}/{reference}".encode()


def _written(path: Path, content: bytes) -> bool:
    """Write a new file whole and durably; False when one of this name is there."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            return False
    finally:
        part.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True
