"""Keys that this installation makes for itself, one file each, readable by the service only."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from controller.configurations.errors import ConfigurationError

LENGTH = 32


def own_key(path: Path) -> bytes:
    """The key in a file, made at first use.

    Args:
        path: of the file; its folder is made with mode 0700.

    Returns:
        32 octets.

    Raises:
        ConfigurationError: the file is readable by others, has another length, or cannot be made or read.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make(path)
        with path.open("rb") as opened:
            if stat.S_IMODE(os.fstat(opened.fileno()).st_mode) & 0o077:
                raise ConfigurationError(f"{path} may be read by others: chmod 600 {path}")
            key = opened.read(LENGTH + 1)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror or error}") from error
    if len(key) != LENGTH:
        raise ConfigurationError(f"{path} holds {len(key)} octets, a key has {LENGTH}: put the right file back")
    return key


def _make(path: Path) -> None:
    """Make the file whole or not at all; of two processes that try, one wins and both read the same key."""
    if path.exists():
        return
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(secrets.token_bytes(LENGTH))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            return
    finally:
        part.unlink()
