"""What a gate asks of the poller's records: who answered, clients, traffic, errors of some devices over minutes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from controller.rollout.gate import Measured
from measurements.store import Reader

_STEP_S = 60
_HOUR_S = 3600.0


class StoredMonitoring:
    """Reads raw polls. Implements `controller.rollout.gate.Monitoring`.

    Args:
        reader: opens the store for reading; once a gate.
    """

    def __init__(self, reader: Callable[[], AbstractContextManager[Reader]]) -> None:
        self._reader = reader

    def measured(self, devices: Sequence[str], *, start: float, end: float) -> Measured:
        """The devices over [start, end): means of clients and traffic, summed over the devices.

        Raises:
            StoreError: it cannot be read.
        """
        first, last = int(start), int(end)
        asked = answering = 0
        clients: list[float] = []
        bps: list[float] = []
        errors: list[float] = []
        with self._reader() as reader:
            for device in devices:
                told = reader.series(
                    "wifi_device", device, ("snmp_ok", "ping_ok", "service_ok", "clients", "in_bps", "out_bps"),
                    start=first, end=last, step_s=_STEP_S,
                ).columns  # fmt: skip
                answers = [
                    any(value for value in row if value is not None)
                    for row in zip(told["snmp_ok"], told["ping_ok"], told["service_ok"], strict=True)
                    if any(value is not None for value in row)
                ]
                asked += bool(answers)
                answering += bool(answers) and answers[-1]
                _mean_into(clients, told["clients"])
                _mean_into(bps, [_plus(i, o) for i, o in zip(told["in_bps"], told["out_bps"], strict=True)])
                ports = reader.series("interface", device, ("errors_per_s",), start=first, end=last, step_s=_STEP_S)
                _mean_into(errors, ports.columns["errors_per_s"])
        return Measured(
            asked=asked,
            answering=answering,
            clients=sum(clients) if clients else None,
            bps=sum(bps) if bps else None,
            errors_per_h=_HOUR_S * sum(errors) / len(errors) if errors else None,
        )


def _mean_into(found: list[float], column: Sequence[float | None]) -> None:
    told = [value for value in column if value is not None]
    if told:
        found.append(sum(told) / len(told))


def _plus(one: float | None, other: float | None) -> float | None:
    return None if one is None and other is None else (one or 0.0) + (other or 0.0)
