"""Keys against the vectors of the RFCs and against pysnmp; ciphers against `cryptography`'s own CFB."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.errors import NotSupported
from devices.transport.snmp import keys
from devices.transport.snmp.api import UsmUser

ENGINE = bytes.fromhex("000000000000000000000002")


@pytest.mark.parametrize(
    ("auth", "key", "localised"),
    [  # RFC 3414, A.3.1 and A.3.2
        ("md5", "9faf3283884e92834ebc9847d8edd963", "526f5eed9fcce26f8964c2930787d82b"),
        ("sha1", "9fb5cc0381497b3793528939ff788d5d79145211", "6695febc9288e36282235fc7151f128497b38f3f"),
    ],
)
def test_a_password_becomes_the_key_of_the_rfc(auth: str, key: str, localised: str) -> None:
    assert keys.password_to_key(auth, b"maplesyrup").hex() == key
    assert keys.localised(auth, b"maplesyrup", ENGINE).hex() == localised


@pytest.mark.parametrize("auth", keys.AUTH)
@pytest.mark.parametrize("priv", keys.PRIV)
def test_privacy_keys_are_those_of_pysnmp(auth: str, priv: str) -> None:
    from pysnmp.entity import config  # before the others, which import one another in this order only
    from pysnmp.proto.api.v2c import OctetString
    from pysnmp.proto.secmod.eso.priv import aes192, aes256
    from pysnmp.proto.secmod.rfc3826.priv import aes

    auth_id = {
        "md5": config.USM_AUTH_HMAC96_MD5,
        "sha1": config.USM_AUTH_HMAC96_SHA,
        "sha224": config.USM_AUTH_HMAC128_SHA224,
        "sha256": config.USM_AUTH_HMAC192_SHA256,
        "sha384": config.USM_AUTH_HMAC256_SHA384,
        "sha512": config.USM_AUTH_HMAC384_SHA512,
    }[auth]
    service = {
        "aes128": aes.Aes,
        "aes192": aes192.AesBlumenthal192,
        "aes256": aes256.AesBlumenthal256,
        "aes192c": aes192.Aes192,
        "aes256c": aes256.Aes256,
    }[priv]()
    theirs = service.localize_key(auth_id, service.hash_passphrase(auth_id, b"maplesyrup"), OctetString(ENGINE))
    size = keys.PRIV[priv][0]
    assert keys.privacy_key(auth, priv, b"maplesyrup", ENGINE) == bytes(theirs)[:size]


@pytest.mark.parametrize("auth", keys.AUTH)
def test_a_digest_is_the_hmac_of_the_localised_key(auth: str) -> None:
    user = UsmUser(name=b"u", auth=auth, auth_password=b"maplesyrup")
    how = keys.AUTH[auth]
    expected = hmac.digest(keys.localised(auth, b"maplesyrup", ENGINE), b"message", how.hash)[: how.sent]
    assert keys.Keys(user, ENGINE).digest(b"message") == expected
    assert hashlib.new(how.hash).block_size == how.block


@settings(deadline=None, derandomize=True)
@given(st.binary(max_size=400), st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))
def test_what_is_encrypted_is_aes_in_cfb_and_comes_back(plain: bytes, boots: int, time: int) -> None:
    user = UsmUser(name=b"u", auth="sha256", auth_password=b"maplesyrup", priv="aes256", priv_password=b"maplesyrup2")
    mine = keys.Keys(user, ENGINE)
    hidden, salt = mine.encrypt(plain, boots, time)
    key = keys.privacy_key("sha256", "aes256", b"maplesyrup2", ENGINE)
    vector = boots.to_bytes(4, "big") + time.to_bytes(4, "big") + salt
    decryptor = Cipher(AES(key), CFB(vector)).decryptor()
    assert decryptor.update(hidden) + decryptor.finalize() == plain
    assert mine.decrypt(hidden, boots, time, salt) == plain


def test_a_salt_is_never_used_twice() -> None:
    user = UsmUser(name=b"u", auth="sha1", auth_password=b"maplesyrup", priv="aes128", priv_password=b"maplesyrup")
    mine = keys.Keys(user, ENGINE)
    assert len({mine.encrypt(b"x", 1, 1)[1] for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"auth": "sha1", "auth_password": b"maplesyrup", "priv": "des", "priv_password": b"maplesyrup"}, "DES"),
        ({"auth": "sha1", "auth_password": b"maplesyrup", "priv": "3des", "priv_password": b"maplesyrup"}, "DES"),
        ({"auth": "sha1", "auth_password": b"maplesyrup", "priv": "aes", "priv_password": b"maplesyrup"}, "aes128"),
        ({"auth": "sha3", "auth_password": b"maplesyrup"}, "sha512"),
        ({"priv": "aes128", "priv_password": b"maplesyrup"}, "without authentication"),
        ({"auth": "md5"}, "authentication password"),
        ({"auth": "md5", "auth_password": b"short"}, "8 characters"),
        ({"auth": "md5", "auth_password": b"maplesyrup", "priv": "aes128"}, "privacy password"),
    ],
)
def test_a_user_that_cannot_be_used_is_refused_in_words(fields, words: str) -> None:
    with pytest.raises(NotSupported, match=words):
        keys.Keys(UsmUser(name=b"u", **fields), ENGINE)


def test_no_secret_shows_in_a_repr() -> None:
    user = UsmUser(name=b"u", auth="md5", auth_password=b"maplesyrup", priv="aes128", priv_password=b"maplesyrup2")
    assert b"maple" not in repr(user).encode()
