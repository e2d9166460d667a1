"""From the names of secrets to the secrets, at the moment they are used.

References: `env:NAME`, `file:PATH` (mode 0600 or stricter), `key:PATH` (an SSH key, same mode), `agent` (ssh-agent).
A relative path counts from the folder of the main inventory file; `$CREDENTIALS_DIRECTORY/` stands for the folder in
which systemd puts `LoadCredential=` (systemd guards it by other means than the mode: systemd.exec(5), "Credentials").
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devices.errors import CredentialError
from devices.model import Credential, Device, Inventory
from devices.transport.snmp.api import Community, UsmUser

_SYSTEMD = "$CREDENTIALS_DIRECTORY/"
_MAX_BYTES = 64 * 1024
#: RFC 3414 section 11.2: a password of fewer octets must not be used.
_SHORTEST_V3 = 8


@dataclass(frozen=True, slots=True)
class Secret:
    """A password or community. Its text never shows by accident."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """The secret itself, for the call that needs it."""
        return self._text

    def __str__(self) -> str:
        return "(secret)"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A private key that is read by the SSH library; its mode was checked."""

    path: Path


@dataclass(frozen=True, slots=True)
class AgentKeys:
    """The keys that ssh-agent holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SshLogin:
    """Who we are to a device's SSH server."""

    username: str
    proof: Secret | KeyFile | AgentKeys


def resolve(reference: str, *, environ: Mapping[str, str], base: Path) -> Secret | KeyFile | AgentKeys:
    """What a reference stands for.

    Args:
        reference: `env:NAME`, `file:PATH`, `key:PATH` or `agent`.
        environ: the environment of the program.
        base: folder from which relative paths count.

    Raises:
        CredentialError: it cannot be had; names the reference and the reason, never the secret.
    """
    kind, _, rest = reference.partition(":")
    if reference == "agent":
        if not environ.get("SSH_AUTH_SOCK"):
            raise CredentialError("agent: no ssh-agent is running (SSH_AUTH_SOCK is not set)")
        return AgentKeys()
    if kind == "env":
        if not (value := environ.get(rest)):
            raise CredentialError(f"{reference}: the environment variable is not set or empty")
        return Secret(value)
    if kind in ("file", "key"):
        path, guarded = _path(rest, environ, base)
        data = _private(path, reference, guarded=guarded)
        return KeyFile(path) if kind == "key" else _first_text(data, reference)
    raise CredentialError(f"{kind}: is no kind of reference (env:NAME, file:PATH, key:PATH, agent)")


def snmp_credential(
    inventory: Inventory, device: Device, *, environ: Mapping[str, str], base: Path | None = None
) -> Community | UsmUser:
    """What the SNMP client needs to ask this device.

    Raises:
        CredentialError: the device is not asked over SNMP, or a secret cannot be had.
    """
    if device.snmp is None:
        raise CredentialError(f"device {device.id!r} has no snmp settings")
    return named_snmp_credential(inventory, device.snmp.credential, environ=environ, base=base)


def named_snmp_credential(
    inventory: Inventory, name: str, *, environ: Mapping[str, str], base: Path | None = None
) -> Community | UsmUser:
    """As `snmp_credential`, by the credential's name (observer anchors have no device)."""
    credential = _named(inventory, name)
    folder = base if base is not None else folder_of(inventory)
    if credential.community is not None:
        return Community(community=_octets(credential.community, environ, folder))
    if credential.username is None:
        raise CredentialError(f"credential {name!r} is not for SNMP")
    return UsmUser(
        name=credential.username.encode(),
        auth=credential.auth,
        auth_password=_password(credential.auth_password, environ, folder),
        priv=credential.priv,
        priv_password=_password(credential.priv_password, environ, folder),
    )


def ssh_login(
    inventory: Inventory, device: Device, *, environ: Mapping[str, str], base: Path | None = None
) -> SshLogin:
    """What the SSH client needs to sign in to this device.

    Raises:
        CredentialError: the device has no ssh settings, or a secret cannot be had.
    """
    if device.ssh is None:
        raise CredentialError(f"device {device.id!r} has no ssh settings")
    credential = _named(inventory, device.ssh.credential)
    reference = credential.key or credential.password
    if reference is None:
        raise CredentialError(f"credential {credential.name!r} is not for SSH")
    proof = resolve(reference, environ=environ, base=base if base is not None else folder_of(inventory))
    return SshLogin(username=device.ssh.username, proof=proof)


def folder_of(inventory: Inventory) -> Path:
    """Folder of the main inventory file, from which relative references count."""
    return Path(inventory.files[0]).parent if inventory.files else Path()


def _named(inventory: Inventory, name: str) -> Credential:
    if (credential := inventory.credentials.get(name)) is None:
        raise CredentialError(f"credential {name!r} is not in the inventory")
    return credential


def _octets(reference: str, environ: Mapping[str, str], base: Path) -> bytes:
    secret = resolve(reference, environ=environ, base=base)
    if not isinstance(secret, Secret):
        raise CredentialError(f"{reference}: expected a password or community, this is an SSH key")
    return secret.reveal().encode()


def _password(reference: str | None, environ: Mapping[str, str], base: Path) -> bytes | None:
    if reference is None:
        return None
    octets = _octets(reference, environ, base)
    if len(octets) < _SHORTEST_V3:
        raise CredentialError(f"{reference}: SNMPv3 passwords have at least {_SHORTEST_V3} characters (RFC 3414)")
    return octets


def _path(written: str, environ: Mapping[str, str], base: Path) -> tuple[Path, bool]:
    """The file, and whether systemd guards it."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not written.startswith(_SYSTEMD):
        path = base / written
        return path, bool(folder) and path.parent == Path(folder or "")
    if not folder:
        raise CredentialError(f"file:{written}: CREDENTIALS_DIRECTORY is not set; the service needs LoadCredential=")
    return Path(folder) / written.removeprefix(_SYSTEMD), True


def _private(path: Path, reference: str, *, guarded: bool) -> bytes:
    """The content of a file that nobody else may read; mode and content are of the same open file."""
    try:
        with open(path, "rb", opener=_without_waiting) as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise CredentialError(f"{reference}: {path} is not a plain file")
            if not guarded and status.st_mode & 0o077:
                mode = stat.S_IMODE(status.st_mode)
                raise CredentialError(f"{reference}: {path} has mode {mode:04o}; others may read it: chmod 600 {path}")
            if not guarded and status.st_uid not in (os.geteuid(), 0):
                raise CredentialError(f"{reference}: {path} belongs to another user (uid {status.st_uid})")
            return opened.read(_MAX_BYTES)
    except OSError as error:
        raise CredentialError(f"{reference}: cannot read {path}: {error.strerror}") from error


def _without_waiting(name: str, flags: int) -> int:
    """Open that does not hang on a pipe."""
    return os.open(name, flags | os.O_NONBLOCK)


def _first_text(data: bytes, reference: str) -> Secret:
    try:
        text = data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise CredentialError(f"{reference}: the file is not UTF-8 text") from None
    if not text or "\n" in text:
        raise CredentialError(f"{reference}: expected one line, found {'none' if not text else 'more'}")
    return Secret(text)
