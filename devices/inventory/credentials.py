"""Entries of `credentials:`: which keys belong together. Resolving references is `devices.credentials`."""

from __future__ import annotations

from devices.inventory.layers import BAD, Layer, Notes, Stack, Where
from devices.model import Credential

_V3 = ("auth", "auth_password", "priv", "priv_password")
_SSH = ("password", "key")


def read_credential(name: str, layer: Layer, notes: Notes) -> Credential:
    """One credential: an SNMPv2c community, an SNMPv3 user, or a way to sign in over SSH."""
    written = set(layer.values)
    here = Where(layer.path, layer.line, f"credentials.{name}")
    if "community" in written and (extra := sorted(written - {"community"})):
        notes.complain(
            layer.where(extra[0]), f"`community` is for SNMPv2c and stands alone; found {', '.join(extra)} too"
        )
    elif "password" in written and "key" in written:
        notes.complain(layer.where("key"), "expected `password` or `key`, found both")
    elif written & set(_SSH) and written & set(_V3):
        notes.complain(here, "expected an SNMPv3 user or an SSH sign-in, found both: make two credentials")
    elif written & set(_V3) and "username" not in written:
        notes.complain(here, "an SNMPv3 credential needs `username`")
    elif not written:
        notes.complain(here, "expected `community`, `username`, `password` or `key`, found nothing")
    for key, partner in (("auth", "auth_password"), ("auth_password", "auth"), ("priv", "priv_password"),
                         ("priv_password", "priv"), ("priv", "auth")):  # fmt: skip
        if key in written and partner not in written:
            notes.complain(layer.where(key), f"`{key}` needs `{partner}` beside it")
    stack = Stack([layer])
    values = {key: stack.get(key) for key in written}
    return Credential(name=name, **{key: value for key, value in values.items() if value is not BAD})
