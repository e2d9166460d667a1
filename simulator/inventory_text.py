"""The province as inventory.yaml, written as text by the documented schema: the product reads it like any other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from simulator import platforms
from simulator.province import Province, SimDevice, SimSite

#: Environment variables that the inventory's credentials name, and what they must hold to be understood by the agents.
DEMO_SECRETS: Mapping[str, str] = {
    "MERATA_DEMO_COMMUNITY": "merata-demo",
    "MERATA_DEMO_AUTH": "merata-demo-auth",
    "MERATA_DEMO_PRIV": "merata-demo-priv",
}
V3_USER = "merata"
#: Firmware with a shell that measures how fast the site downloads.
WITH_SHELL = ("openwrt", "linux")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ssh:
    """How the shells of OpenWrt and Linux are entered. key: path, relative to the inventory's folder."""

    port: int
    username: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """How the consoles of RouterOS are entered. password: path, relative to the inventory's folder."""

    port: int
    username: str
    password: str


_HEAD = """\
# A made-up province (seed {seed}): {sites} sites, {devices} devices, answered by `merata simulate`.
# Places are real; sites, equipment and troubles are not.
simulated: yes
timezone: {timezone}

observers:
{observers}
credentials:
  demo-v2c:
    community: env:MERATA_DEMO_COMMUNITY
  demo-v3:
    username: {user}
    auth: sha256
    auth_password: env:MERATA_DEMO_AUTH
    priv: aes128
    priv_password: env:MERATA_DEMO_PRIV
{ssh}
defaults:
  device:
    domain: default
    ping: no  # loopback always answers ping: here SNMP and TCP decide
    snmp:
      credential: demo-v2c
      port: {port}
      timeout_ms: 1500
      retries: 2

groups:
  v3:
    device:
      snmp:
        version: 3
        credential: demo-v3
  vsat:
    device:
      snmp:
        timeout_ms: 4000
        retries: 2
{shells}
sites:
"""


_SSH = """\
  demo-ssh:
    username: {username}
    key: key:{key}
"""
_CONSOLE = """\
  demo-console:
    username: {username}
    password: file:{password}
"""
_CONSOLES = """\
  console:
    device:
      ssh:
        credential: demo-console
        port: {port}
"""
_SHELLS = """\
  shell:
    device:
      ssh:
        credential: demo-ssh
        port: {port}
        configure: no  # behind it is the machine that runs this: it measures speed, and must not be configured
"""


def write(
    province: Province, *, port: int, tcp: bool = False, ssh: Ssh | None = None, console: Console | None = None
) -> Iterator[str]:
    """Pieces of the text.

    Args:
        province: what is owned.
        port: the UDP port (and TCP port) of every device.
        tcp: gateways also listen on TCP, so that the service question can be asked.
        ssh: OpenWrt and Linux at public sites have a shell; None: nothing has.
        console: RouterOS at public sites can be changed; None: nothing can.
    """
    observers = f"  - host: {OBSERVER}\n    how: tcp:{port}\n" if tcp else "  - host: 127.0.0.1\n    how: ping\n"
    yield _HEAD.format(
        seed=province.seed, sites=len(province.sites), devices=len(province.devices), timezone=province.timezone,
        port=port, user=V3_USER, observers=observers,
        ssh=(_SSH.format(username=ssh.username, key=ssh.key) if ssh else "")
        + (_CONSOLE.format(username=console.username, password=console.password) if console else ""),
        shells=(_SHELLS.format(port=ssh.port) if ssh else "")
        + (_CONSOLES.format(port=console.port) if console else ""),
    )  # fmt: skip
    shells = {d.id for d in with_shell(province)} if ssh else frozenset[str]()
    consoles = {d.id for d in with_console(province)} if console else frozenset[str]()
    for site in province.sites.values():
        yield _site(site)
        yield "    devices:\n"
        for device in province.devices_of[site.id]:
            ways = (("shell", device.id in shells), ("console", device.id in consoles))
            yield _device(device, site, port, tcp, ways=ways)


def with_shell(province: Province) -> list[SimDevice]:
    """Devices at public sites whose shell can be entered."""
    found = (d for d in province.devices.values() if d.platform in WITH_SHELL)
    return [d for d in found if province.sites[d.site].is_public]


def with_console(province: Province) -> list[SimDevice]:
    """Devices that can be changed: RouterOS at public sites."""
    found = (d for d in province.devices.values() if d.platform.startswith("routeros"))
    return [d for d in found if province.sites[d.site].is_public]


#: The address that stands for the controller's own way out; it always answers TCP.
OBSERVER = "127.61.0.1"


def _site(site: SimSite) -> str:
    pairs = {
        "name": _quoted(site.name), "area": site.area, "lat": f"{site.lat:.5f}", "lon": f"{site.lon:.5f}",
        "kind": site.kind, "backhaul": site.backhaul, "provider": _quoted(site.provider),
        "plan_down_mbps": _number(site.plan_down_mbps), "plan_up_mbps": _number(site.plan_up_mbps),
        "capacity_clients": site.capacity_clients, "programme": _quoted(site.programme),
        "opening_hours": _quoted(site.opening),
    }  # fmt: skip
    lines = [f"    {key}: {value}\n" for key, value in pairs.items() if value is not None]
    return f"  - id: {site.id}\n" + "".join(lines)


def _device(device: SimDevice, site: SimSite, port: int, tcp: bool, *, ways: tuple[tuple[str, bool], ...] = ()) -> str:
    chosen = (("v3", device.v3), ("vsat", site.backhaul == "vsat"), *ways)
    groups = [g for g, wanted in chosen if wanted]
    pairs = {
        "name": _quoted(device.name), "host": device.address, "role": device.role, "parent": device.parent,
        "uplink": platforms.WAN[device.platform], "groups": f"[{', '.join(groups)}]" if groups else None,
        "service_check": f"tcp:{device.address}:{port}" if tcp and device.is_gateway else None,
    }  # fmt: skip
    lines = [f"        {key}: {value}\n" for key, value in pairs.items() if value is not None]
    return f"      - id: {device.id}\n" + "".join(lines)


def _quoted(text: str | None) -> str | None:
    return None if text is None else json.dumps(text, ensure_ascii=False)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"
