"""Host keys for simulated devices, made anew for each demonstration."""

from __future__ import annotations

import asyncssh


def new_host_key() -> tuple[bytes, str]:
    """(private key in OpenSSH's format, public key as `kind blob`)."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    kind, blob = key.export_public_key("openssh").decode().split()[:2]
    return key.export_private_key("openssh"), f"{kind} {blob}"
