"""Which dialect changes which platform. Each dialect is one file of this folder that holds `DIALECT`."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any, Final, cast

from devices.configuring.dialect import Dialect
from devices.model import Device
from devices.platforms.recognise import platforms

#: Platform to dialect. A platform that is not here is only watched.
DIALECTS: Final = {
    "airos": "linux",
    "frr": "frr",
    "ios": "ios",
    "iosxe": "ios",
    "linux": "linux",
    "openwrt": "uci",
    "routeros": "routeros",
    "ruijie": "ruijie",
    "unifi": "linux",
    "vrp": "vrp",
    "yunshan": "vrp",
}


def dialect_of(platform: str) -> Dialect | None:
    """The dialect of a platform; None where devices of this platform are only watched."""
    name = DIALECTS.get(platform)
    return None if name is None else dialect(name)


@cache
def dialect(name: str) -> Dialect:
    """A dialect by its own name."""
    module: Any = importlib.import_module(f"devices.configuring.{name}")
    return cast("Dialect", module.DIALECT)


def terminal_of(device: Device) -> str | None:
    """The name netmiko has for the terminal of a device's platform; None where it has none, or is not recognised."""
    platform = platforms().get(device.platform)
    return None if platform is None else platform.netmiko
