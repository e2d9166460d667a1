"""The keyed hash of a configuration: two texts are compared without keeping either.

A plain hash of a configuration that differs in one short secret can be guessed by trying; the key stays in the state
directory.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Hashes under one key."""

    _key: bytes = field(repr=False)

    @classmethod
    def kept_in(cls, path: Path) -> Self:
        """With the key in a file (mode 0600), made at first use; two processes that make it at once agree.

        Raises:
            OSError: it cannot be read or made.
            ValueError: it is not a key.
        """
        if not path.exists():
            fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
            with open(fresh, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                file.write(secrets.token_bytes(_BYTES))
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)  # fails when another was first; never replaces
            fresh.unlink()
        key = path.read_bytes()
        if len(key) != _BYTES:
            raise ValueError(f"{path} is not a key of {_BYTES} bytes")
        return cls(key)

    def of(self, text: str) -> str:
        """32 hexadecimal digits."""
        return hashlib.blake2b(text.encode(), key=self._key, digest_size=16).hexdigest()
