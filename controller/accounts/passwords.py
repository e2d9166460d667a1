"""Passwords: which are taken, and argon2id. The only place that sees one longer than a call."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import cached_property

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError

from controller.accounts.errors import PasswordRefused

MIN_LENGTH, MAX_LENGTH = 12, 256  # characters; the upper bound keeps a request from buying CPU time
MIN_DISTINCT = 5
#: What most people write who are asked for twelve characters: these words with digits and marks around them.
COMMONEST = frozenset(
    """admin adminadmin administrator bismillah changeme dinaskominfo diskominfo engineer indonesia indonesiaraya
    internet internetpublik kalbar kalimantan kalimantanbarat katasandi katakunci kominfo letmein merata meratamerata
    mikrotik operator password passwordpassword passw0rd pemerintah pontianak provinsi puskesmas qwerty qwertyuiop
    rahasia rahasiarahasia routeros sandi sayang selamatdatang sistem supervisor teknisi telkom telkomsel terserah
    welcome wifipublik wifigratis""".split()  # noqa: SIM905  a list of fifty words reads better as text
)
#: Rows of keys and counting, either way.
ROWS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn")


def complaint(password: str, name: str) -> tuple[str, str] | None:
    """Why a password is not taken: a code and a sentence; None when it is.

    Source: NIST SP 800-63B section 3.1.1.2: length, the commonest and what belongs to the context; no rules of
    composition. Twelve characters are this program's own choice.
    """
    text = normal(password)
    if len(text) < MIN_LENGTH:
        return "short", f"the password has fewer than {MIN_LENGTH} characters"
    if len(text) > MAX_LENGTH:
        return "long", f"the password has more than {MAX_LENGTH} characters"
    flat = text.casefold()
    if name.casefold() in flat and len(flat) - len(name) < MIN_LENGTH - 4:
        return "name", "the password is little more than the account's name"
    core = re.sub(r"[\W\d_]+", "", flat)
    if core in COMMONEST or len(set(flat)) < MIN_DISTINCT or _is_row(flat):
        return "common", "the password is one of the commonest"
    return None


def _is_row(flat: str) -> bool:
    return any(flat in row * 2 or flat in (row * 2)[::-1] for row in ROWS)


def normal(password: str) -> str:
    """The same characters for the same keys on every machine (NFKC)."""
    return unicodedata.normalize("NFKC", password)


class Passwords:
    """argon2id with a bound on how many are worked out at once (each takes `memory_kib`).

    Args:
        memory_kib: memory of one hash. Default as RFC 9106 section 4, second choice, with one lane.
        time_cost: passes.
        at_once: hashes at once in this process; others wait their turn.
    """

    def __init__(self, *, memory_kib: int = 65_536, time_cost: int = 3, at_once: int = 2) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1, type=Type.ID)
        self._turn = threading.BoundedSemaphore(at_once)

    def hash(self, password: str, name: str) -> str:
        """The encoded hash of a password that passes `complaint`.

        Raises:
            PasswordRefused: it does not.
        """
        refused = complaint(password, name)
        if refused is not None:
            raise PasswordRefused(*refused)
        return self._hash(password)

    def is_right(self, encoded: str | None, password: str) -> bool:
        """Whether the password belongs to the hash; as slow without a hash (None) as with one."""
        text = normal(password[:MAX_LENGTH])
        try:
            with self._turn:
                right = self._hasher.verify(encoded or self._nobody, text)
        except (Argon2Error, InvalidHashError):
            return False
        return right and encoded is not None

    def is_outdated(self, encoded: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(encoded)

    def renew(self, password: str) -> str:
        """Hash again what was just found right, without asking whether it would be taken today."""
        return self._hash(password)

    def _hash(self, password: str) -> str:
        with self._turn:
            return self._hasher.hash(normal(password))

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash("nobody signs in with this")  # verified where there is no account: the same time
