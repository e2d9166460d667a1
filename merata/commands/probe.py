"""`merata probe`: ask one device what it is and how it does; nothing is stored."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from dataclasses import asdict, replace
from typing import Any

import click

from devices.errors import CredentialError, DeviceError, Unreachable
from devices.facts import Facts, InterfaceFacts
from devices.model import Target
from devices.transport.snmp.api import Agent, Community, Limits, UsmUser

#: ifOperStatus (RFC 2863).
OPER_STATUS = {1: "up", 2: "down", 3: "testing", 4: "unknown", 5: "dormant", 6: "notPresent", 7: "lowerLayerDown"}


def as_printed(facts: Facts) -> dict[str, Any]:
    """One JSON object of what a device said. What it did not say is null or an empty list; 0 is a figure."""
    return {
        "platform": product_line(facts),
        "profile": facts.platform,
        "vendor": facts.vendor,
        "model": facts.model,
        "version": facts.version,
        "serial": facts.serial,
        "sys_name": facts.sys_name,
        "uptime_s": facts.uptime_s,
        "interfaces": [_interface(i) for i in facts.interfaces],
        "clients": facts.clients,
        "ap_count": facts.ap_count,
        "cpu_percent": [round(c, 2) for c in facts.cpu_percent],
        "memory_percent": None if facts.memory_ratio is None else round(facts.memory_ratio * 100, 2),
        "temperature_c": [round(t, 3) for t in facts.temperature_c],
        "radios": [asdict(r) for r in facts.radios],
    }


def product_line(facts: Facts) -> str:
    """The platform; for a device that has none, its maker's name."""
    if facts.platform == "generic" and facts.vendor:
        return facts.vendor.lower().replace(" ", "-")
    return facts.platform


def _interface(one: InterfaceFacts) -> dict[str, Any]:
    return {
        "name": one.if_name,
        "descr": one.if_descr,
        "alias": one.if_alias,
        "oper_status": OPER_STATUS.get(one.oper_status or 0),
        "in_octets": one.in_octets,
        "out_octets": one.out_octets,
    }


async def ask(agent: Agent, platform: str) -> Facts:
    """Recognise a device (unless its platform is given) and ask it everything.

    Raises:
        DeviceError: as the client says.
        CredentialError: no platform is called so.
    """
    from devices.platforms.recognise import platforms, recognise
    from devices.platforms.survey import survey
    from devices.transport.snmp.client import SnmpClient

    if platform not in ("auto", *platforms()):
        raise CredentialError(f"no platform is called {platform}; known: {', '.join(sorted(platforms()))}")
    async with SnmpClient() as client:
        chosen, answers = platforms().get(platform), None
        if chosen is None:
            found = await recognise(client, agent)
            chosen, answers = found.platform, found.answers
        limits = agent.limits if agent.limits != Limits() else chosen.limits
        return (await survey(chosen, client, replace(agent, limits=limits), answers=answers)).facts


def address_of(host: str, port: int) -> str:
    """The first address of a name; an address stays as it is.

    Raises:
        Unreachable: the name does not resolve.
    """
    try:
        return str(socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0][4][0])
    except OSError as error:
        raise Unreachable(f"{host} does not resolve: {error.strerror or error}", target=host) from error


@click.command("probe", short_help="Ask one device what it is and how it does.")
@click.option("--host", required=True, help="Address or name.")
@click.option("--port", default=161, show_default=True, type=click.IntRange(1, 65535))
@click.option("--community", default="public", show_default=True, envvar="MERATA_COMMUNITY", help="SNMP v2c.")
@click.option("--v3", "user", metavar="USER", help="SNMP v3 as this user.")
@click.option("--auth", type=click.Choice(["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]), help="v3.")
@click.option("--auth-password", envvar="MERATA_AUTH_PASSWORD", help="v3; better in the environment.")
@click.option("--priv", type=click.Choice(["aes128", "aes192", "aes256", "aes192c", "aes256c"]), help="v3.")
@click.option("--priv-password", envvar="MERATA_PRIV_PASSWORD", help="v3; better in the environment.")
@click.option("--context", default="", help="v3 context name.")
@click.option("--timeout", default=5.0, show_default=True, type=click.FloatRange(0.1, 60), help="Seconds a try.")
@click.option("--retries", default=3, show_default=True, type=click.IntRange(0, 10))
@click.option("--max-oids", type=click.IntRange(1, 100), help="Objects in one request, if the device bears few.")
@click.option("--no-bulk", is_flag=True, help="GETNEXT instead of GETBULK.")
@click.option("--platform", default="auto", show_default=True, help="Do not recognise, take this platform.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object; else a table.")
def command(
    host: str,
    port: int,
    community: str,
    user: str | None,
    auth: str | None,
    auth_password: str | None,
    priv: str | None,
    priv_password: str | None,
    context: str,
    timeout: float,
    retries: int,
    max_oids: int | None,
    no_bulk: bool,
    platform: str,
    as_json: bool,
) -> None:
    """Ask one device over SNMP and print what it said. Nothing is stored or changed."""
    credential: Community | UsmUser = Community(community=community.encode())
    if user is not None:
        credential = UsmUser(
            name=user.encode(),
            auth=auth,
            auth_password=None if auth_password is None else auth_password.encode(),
            priv=priv,
            priv_password=None if priv_password is None else priv_password.encode(),
            context=context.encode(),
        )
    limits = Limits(bulk=not no_bulk, max_oids=max_oids or Limits().max_oids)
    try:
        target = Target(domain="default", host=address_of(host, port), port=port)
        agent = Agent(target=target, credential=credential, timeout_s=timeout, retries=retries, limits=limits)
        facts = asyncio.run(ask(agent, platform))
    except DeviceError as error:
        click.echo(f"merata probe: {host} port {port}: {error.kind}: {error}", err=True)
        sys.exit(1)
    if as_json:
        click.echo(json.dumps(as_printed(facts), ensure_ascii=False))
    else:
        click.echo("\n".join(as_table(facts)))


def as_table(facts: Facts) -> list[str]:
    """The same for a person: what was not told is a dash."""
    shown = as_printed(facts)
    lines = []
    for key, value in shown.items():
        if key == "interfaces":
            continue
        text = ", ".join(f"{v:g}" for v in value) if isinstance(value, list) else value
        lines.append(f"{key:15} {'-' if text in (None, '') else text}")
    if facts.radios:
        lines += ["", f"{'radio':24} {'clients':>7} {'channel':>7} {'MHz':>6} {'noise dBm':>9}"]
        lines += [
            f"{r.name[:24]:24} {_cell(r.clients):>7} {_cell(r.channel):>7}"
            f" {_cell(r.frequency_mhz):>6} {_cell(r.noise_dbm):>9}"
            for r in facts.radios
        ]
    lines += ["", f"{'interface':24} {'status':>14} {'in octets':>20} {'out octets':>20}"]
    lines += [
        f"{i['name'][:24]:24} {_cell(i['oper_status']):>14} {_cell(i['in_octets']):>20} {_cell(i['out_octets']):>20}"
        for i in shown["interfaces"]
    ]
    return lines


def _cell(value: object) -> str:
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
