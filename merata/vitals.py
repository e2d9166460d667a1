"""Fresh vital signs of one device over SNMP, for the threads that change devices; one event loop of their own."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, TypeVar

from collectors.learned import Learned
from controller.polling.doors import Doors
from controller.polling.names import Names
from controller.rollout.ports import Vital
from devices.errors import DeviceError
from devices.model import Device, Inventory
from measurements.reading import Reading
from merata.lines import Lines

log = logging.getLogger(__name__)
T = TypeVar("T")

_LIMIT_S = 30.0
_UP = 1  # ifOperStatus, RFC 2863


class SnmpVitals:
    """Asks devices as the poller does, now. Any thread; close it at the end.

    Args:
        inventory: what we own.
        environ: where `env:` references are looked up.
    """

    def __init__(self, inventory: Inventory, *, environ: Mapping[str, str]) -> None:
        self._inventory = inventory
        self._environ = environ
        self._learned: dict[str, Learned | None] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="vitals", daemon=True)
        self._thread.start()
        self._lines, self._doors = self._do(self._open()).result(_LIMIT_S)

    async def _open(self) -> tuple[Lines, Doors]:
        lines = Lines(self._inventory)
        self._names = Names(ttl_s=300.0, monotonic=time.monotonic)
        return lines, Doors(
            self._inventory, snmp=lines.snmp, ping=lines.ping, shell=None, names=self._names, environ=self._environ
        )

    def look(self, device: Device) -> Vital:
        """Ask; silence is a Vital with `reachable` False. A device without SNMP tells nothing (None)."""
        try:
            reading: Reading = self._do(self._ask(device)).result(_LIMIT_S + 5.0)
        except (TimeoutError, DeviceError, OSError) as error:
            log.info("%s told nothing over SNMP: %s", device.id, error)
            return Vital(reachable=False if device.snmp is not None else None)
        return vital(reading)

    async def _ask(self, device: Device) -> Reading:
        host = await self._names.address(device.target.host)
        asked = replace(device, target=replace(device.target, host=host), service_check=None)
        now = time.time()
        async with asyncio.timeout(_LIMIT_S):
            polled = await self._doors.poll(asked, learned=self._learned.get(device.id), slot=int(now), now=now)
        self._learned[device.id] = polled.learned
        return polled.reading

    def _do(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Close the sockets and end the loop."""
        self._do(self._lines.close()).result(_LIMIT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_LIMIT_S)
        self._loop.close()


def vital(reading: Reading) -> Vital:
    """A reading as vital signs: SNMP decides whether it answers, ping where SNMP is not asked."""
    row = reading.row
    up = frozenset(port.if_name for port in reading.interfaces if port.oper_status == _UP)
    errors = [port.if_in_errors for port in reading.interfaces if port.if_in_errors is not None]
    return Vital(
        reachable=row.snmp_ok if row.snmp_ok is not None else row.ping_ok,
        uptime_s=row.uptime_s
        if row.uptime_s is not None
        else None
        if row.sys_up_time is None
        else row.sys_up_time / 100,
        uplink=next((port.if_name for port in reading.interfaces if port.is_uplink), None),
        up=up if reading.interfaces else None,
        clients=row.clients,
        errors=sum(errors) if errors else None,
    )
