"""Keys of the user-based security model: from password to localised key, once for each user and engine.

Source: RFC 3414 (A.2, MD5 and SHA-1), RFC 7860 (SHA-2), RFC 3826 (AES-128). AES-192 and AES-256 have no RFC; the two
ways in use to stretch a key that is too short are draft-blumenthal-aes-usm-04 (here `aes192`, `aes256`) and
draft-reeder-snmpv3-usm-3desede-00, which Cisco took over (`aes192c`, `aes256c`).
"""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import lru_cache
from typing import Final, NamedTuple

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from devices.errors import NotSupported
from devices.transport.snmp.api import UsmUser
from devices.transport.snmp.ber import BerError

_BLOCK: Final = 16
#: RFC 3414, 11.2. Agents refuse shorter ones, and a short one is soon guessed from one recorded message.
SHORTEST_PASSWORD: Final = 8


class _Auth(NamedTuple):
    hash: str
    block: int  # octets the hash works on at a time
    sent: int  # octets of the digest that are sent


AUTH: Final = {
    "md5": _Auth("md5", 64, 12),
    "sha1": _Auth("sha1", 64, 12),
    "sha224": _Auth("sha224", 64, 16),
    "sha256": _Auth("sha256", 64, 24),
    "sha384": _Auth("sha384", 128, 32),
    "sha512": _Auth("sha512", 128, 48),
}
#: Octets of the key, and whether it is stretched Reeder's way.
PRIV: Final = {
    "aes128": (16, False),
    "aes192": (24, False),
    "aes256": (32, False),
    "aes192c": (24, True),
    "aes256c": (32, True),
}


def check(user: UsmUser) -> None:
    """Say what is wrong with a user's security settings.

    Raises:
        NotSupported: an unknown algorithm, DES, privacy without authentication, a missing or short password.
    """
    if user.priv is not None and user.priv not in PRIV:
        if "des" in user.priv.lower():
            raise NotSupported(f"{user.priv}: DES and 3DES are not supported, as they can be broken; use aes128")
        raise NotSupported(f"privacy {user.priv!r} is not one of {', '.join(PRIV)}")
    if user.auth is not None and user.auth not in AUTH:
        raise NotSupported(f"authentication {user.auth!r} is not one of {', '.join(AUTH)}")
    if user.priv is not None and user.auth is None:
        raise NotSupported("SNMPv3 has no privacy without authentication")
    for what, needed, password in (
        ("authentication", user.auth, user.auth_password),
        ("privacy", user.priv, user.priv_password),
    ):
        if needed is not None and len(password or b"") < SHORTEST_PASSWORD:
            raise NotSupported(f"the {what} password of SNMPv3 has {SHORTEST_PASSWORD} characters or more")


@lru_cache(maxsize=4096)
def password_to_key(auth: str, password: bytes) -> bytes:
    """Hash of one million octets of the repeated password (RFC 3414, A.2.1)."""
    size = 1 << 20
    return hashlib.new(AUTH[auth].hash, (password * (size // len(password) + 1))[:size]).digest()


@lru_cache(maxsize=65_536)
def localised(auth: str, password: bytes, engine_id: bytes) -> bytes:
    """The key that only this engine shares with the user (RFC 3414, 2.6)."""
    return _localise(auth, password_to_key(auth, password), engine_id)


def _localise(auth: str, key: bytes, engine_id: bytes) -> bytes:
    return hashlib.new(AUTH[auth].hash, key + engine_id + key).digest()


@lru_cache(maxsize=65_536)
def privacy_key(auth: str, priv: str, password: bytes, engine_id: bytes) -> bytes:
    """The localised privacy key, stretched where the hash gives fewer octets than the cipher needs."""
    size, reeder = PRIV[priv]
    key = localised(auth, password, engine_id)
    while len(key) < size:
        if reeder:
            # Not through the cache of `password_to_key`: each engine has a key of its own.
            key += _localise(auth, password_to_key.__wrapped__(auth, key), engine_id)
        else:
            key += hashlib.new(AUTH[auth].hash, key).digest()
    return key[:size]


class Keys:
    """What a user and an engine share; signs and hides in both directions. Without authentication it does neither.

    Raises:
        NotSupported: see `check`.
    """

    __slots__ = ("_aes", "_ecb", "_inner", "_outer", "_salt", "digest_octets", "level")

    def __init__(self, user: UsmUser, engine_id: bytes) -> None:
        check(user)
        self.level = (user.auth is not None) + 2 * (user.priv is not None)  # msgFlags: 1 authentic, 2 hidden
        self.digest_octets = 0
        if user.auth is not None and user.auth_password is not None:
            how = AUTH[user.auth]
            key = localised(user.auth, user.auth_password, engine_id).ljust(how.block, b"\0")
            self.digest_octets = how.sent
            # HMAC with both pads already hashed: a third of the time of `hmac.digest` (OpenSSL 3).
            self._inner = hashlib.new(how.hash, bytes(octet ^ 0x36 for octet in key))
            self._outer = hashlib.new(how.hash, bytes(octet ^ 0x5C for octet in key))
        if user.auth is not None and user.priv is not None and user.priv_password is not None:
            self._aes = AES(privacy_key(user.auth, user.priv, user.priv_password, engine_id))
            self._ecb = Cipher(self._aes, modes.ECB()).encryptor()  # noqa: S305 - the block function under CFB
            self._salt = int.from_bytes(os.urandom(8), "big")

    def digest(self, message: bytes) -> bytes:
        """What stands in msgAuthenticationParameters; `message` has zeros there."""
        inner = self._inner.copy()
        inner.update(message)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()[: self.digest_octets]

    def matches(self, message: bytes, digest: bytes) -> bool:
        """True when `digest` signs `message` (which has zeros in its place); takes the same time either way."""
        return hmac.compare_digest(self.digest(message), digest)

    def encrypt(self, plain: bytes, boots: int, time: int) -> tuple[bytes, bytes]:
        """Cipher text and its salt (msgPrivacyParameters), RFC 3826, 3.1. A salt is never used twice."""
        self._salt = (self._salt + 1) & 0xFFFFFFFFFFFFFFFF
        salt = self._salt.to_bytes(8, "big")
        encryptor = Cipher(self._aes, CFB(_vector(boots, time, salt))).encryptor()
        return encryptor.update(plain) + encryptor.finalize(), salt

    def decrypt(self, hidden: bytes, boots: int, time: int, salt: bytes) -> bytes:
        """Plain text.

        In CFB every block of the key stream depends on cipher text alone, so one call of a lasting ECB context makes it
        whole; that takes half the time of a new CFB context.

        Raises:
            BerError: the salt has not eight octets.
        """
        if len(salt) != 8:
            raise BerError(f"salt of {len(salt)} octets")
        n = len(hidden)
        stream = self._ecb.update((_vector(boots, time, salt) + hidden)[: n + -n % _BLOCK])
        return (int.from_bytes(hidden, "big") ^ int.from_bytes(stream[:n], "big")).to_bytes(n, "big")


def _vector(boots: int, time: int, salt: bytes) -> bytes:
    return (boots & 0xFFFFFFFF).to_bytes(4, "big") + (time & 0xFFFFFFFF).to_bytes(4, "big") + salt
