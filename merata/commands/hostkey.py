"""`merata hostkey`: which SSH host keys are trusted. Nothing else in the program trusts a key."""

from __future__ import annotations

import getpass
import sys
from datetime import UTC, datetime
from typing import NoReturn

import click

from devices.errors import DeviceError, HostKeyError
from devices.hostkeys import HostKey, HostKeys
from devices.inventory import load
from devices.model import Device, DeviceId, Domain
from devices.transport.ssh import presented_key
from merata.cli import Context
from merata.settings import open_state


@click.group()
def command() -> None:
    """Trust, show and replace the SSH host keys of devices."""


@command.command()
@click.argument("device_ids", metavar="DEVICE...", nargs=-1, required=True)
@click.option("--fingerprint", help="Trust only this one (SHA256:...), read from the device itself; asks nothing.")
@click.option("--yes", is_flag=True, help="Trust what is shown without asking. Only on a network that you trust.")
@click.option("--timeout", "timeout_s", type=float, default=10.0, show_default=True, help="Seconds for each device.")
@click.pass_obj
def enroll(
    context: Context, device_ids: tuple[str, ...], fingerprint: str | None, *, yes: bool, timeout_s: float
) -> None:
    """Show the key that a device presents and trust it from now on."""
    _each(context, device_ids, "enroll", fingerprint, yes=yes, timeout_s=timeout_s)


@command.command()
@click.argument("device_ids", metavar="DEVICE...", nargs=-1, required=True)
@click.option("--fingerprint", help="Trust only this one (SHA256:...), read from the device itself; asks nothing.")
@click.option("--yes", is_flag=True, help="Trust what is shown without asking. Only on a network that you trust.")
@click.option("--timeout", "timeout_s", type=float, default=10.0, show_default=True, help="Seconds for each device.")
@click.pass_obj
def rekey(
    context: Context, device_ids: tuple[str, ...], fingerprint: str | None, *, yes: bool, timeout_s: float
) -> None:
    """Replace the trusted key of a device whose box was exchanged or reinstalled."""
    _each(context, device_ids, "rekey", fingerprint, yes=yes, timeout_s=timeout_s)


@command.command()
@click.argument("device_id", metavar="[DEVICE]", required=False)
@click.pass_obj
def show(context: Context, device_id: str | None) -> None:
    """List the trusted keys with their fingerprints."""
    keys = HostKeys(open_state(context.state).known_hosts)
    try:
        found = keys.all() if device_id is None else [p for p in [keys.pinned(DeviceId(device_id))] if p is not None]
    except HostKeyError as error:
        _refuse(str(error))
    if not found:
        _refuse(f"no host key is trusted yet{f' for {device_id!r}' if device_id else ''}")
    for pinned in found:
        click.echo(f"{pinned.device}  {pinned.address}  {pinned.key.kind}  {pinned.key.fingerprint}")


def _each(
    context: Context, names: tuple[str, ...], act: str, fingerprint: str | None, *, yes: bool, timeout_s: float
) -> None:
    """Do it for every device named; a device that cannot be done does not stop the others."""
    if fingerprint is not None and len(names) > 1:
        raise click.UsageError("--fingerprint is of one device")
    inventory = load(context.inventory)
    keys = HostKeys(open_state(context.state).known_hosts)
    failed = 0
    for name in names:
        device = inventory.devices.get(DeviceId(name))
        try:
            if device is None:
                raise HostKeyError(f"device {name!r} is not in the inventory")
            domain = inventory.domains[device.target.domain]
            _one(keys, device, domain, act, fingerprint, yes=yes, timeout_s=timeout_s)
        except DeviceError as error:
            failed += 1
            click.echo(f"merata: {name}: {error}", err=True)
    if failed:
        sys.exit(2)


def _one(
    keys: HostKeys, device: Device, domain: Domain, act: str, fingerprint: str | None, *, yes: bool, timeout_s: float
) -> None:
    if device.ssh is None:
        raise HostKeyError(f"device {device.id!r} has no `ssh` settings in the inventory")
    old = keys.pinned(device.id)
    if act == "rekey" and old is None:
        raise HostKeyError(f"device {device.id!r} has no trusted key yet: run: merata hostkey enroll {device.id}")
    host, port = device.target.host, device.ssh.port
    key = presented_key(host, port, domain, timeout_s=timeout_s)
    click.echo(f"{device.id} at {host} port {port} presents {key.kind} {key.fingerprint}")
    now, who = datetime.now(UTC), getpass.getuser()
    if old is not None:
        click.echo(f"{device.id} is trusted with {old.key.kind} {old.key.fingerprint}")
        if old.key != key and act == "enroll":
            keys.note("blocked", device.id, now=now, who=who, fingerprint=key.fingerprint, trusted=old.key.fingerprint)
    if act == "enroll" and old is not None and old.key != key:
        keys.enroll(device.id, key, host=host, port=port, now=now, who=who)  # raises, with what to do
    if not _agreed(key, fingerprint, yes=yes):
        keys.note("declined", device.id, now=now, who=who, fingerprint=key.fingerprint)
        raise HostKeyError(f"{key.fingerprint} was not trusted")
    change = keys.enroll if act == "enroll" else keys.rekey
    change(device.id, key, host=host, port=port, now=now, who=who)
    click.echo(f"{device.id}: trusted")


def _agreed(key: HostKey, fingerprint: str | None, *, yes: bool) -> bool:
    """Whether somebody who may know has said that this is the key."""
    if fingerprint is not None:
        return key.fingerprint.removeprefix("SHA256:") == fingerprint.removeprefix("SHA256:").rstrip("=")
    if yes:
        return True
    click.echo("Compare it with what the device itself says (ssh-keygen -lf on its host key, or dropbearkey -y).")
    return click.confirm("Trust this key?", default=False)


def _refuse(message: str) -> NoReturn:
    click.echo(f"merata: {message}", err=True)
    sys.exit(2)
