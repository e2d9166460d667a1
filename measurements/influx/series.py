"""History of one subject out of InfluxDB's raw and 5-minute buckets, on the grid that the local tables use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from measurements.derive import derive
from measurements.influx.config import InfluxSettings
from measurements.influx.lines import tag_value
from measurements.influx.rawreads import Asks, InfluxRaw, names, quoted, slices, where
from measurements.influx.summaries import SECOND_TAG, columns_of, stored_fields
from measurements.reading import Reading
from measurements.rollup import FIVE_MINUTES, publish
from measurements.sqlite.rolling import combined
from measurements.sqlite.series import LOOK_BACK_S, grid, raw_series
from measurements.store import Series


class InfluxSeries:
    """Series from one InfluxDB. Raises `StoreUnavailable` when it does not answer."""

    def __init__(self, asks: Asks, settings: InfluxSettings) -> None:
        self._asks = asks
        self._five_minutes = settings.bucket("5m")
        self._raw = InfluxRaw(asks, settings.bucket("raw"))

    def raw(
        self, kind: str, device: str, fields: Sequence[str], *, start: int, end: int, step_s: int | None,
        name: str | None, local: Sequence[Reading] = (),
    ) -> Series:  # fmt: skip
        """Raw readings on a grid; `local` ones stand in for InfluxDB's from the first of them on."""
        until = min((reading.slot for reading in local), default=end)
        ports = "all" if kind == "interface" and name is not None else "uplink"
        told = self._raw.readings(device, start - LOOK_BACK_S, until, kind=kind, ports=ports)
        return raw_series(kind, derive([*told, *local]), fields, start=start, end=end, step_s=step_s, name=name)

    def five_minutes(
        self, kind: str, device: str, fields: Sequence[str], *, start: int, end: int, step_s: int, name: str | None
    ) -> Series | None:
        """5-minute buckets, combined to `step_s` (a multiple of 300 s); None: no such port, radio or check in them."""
        rows = self._rows(kind, device, fields, start, end, name)
        if name is not None and not rows:
            return None
        edges = grid(start, end, step_s)
        groups: list[list[Mapping[str, int]]] = [[] for _ in edges]
        for bucket, columns in rows:
            groups[(bucket - edges[0]) // step_s].append(columns)
        measured = "wifi_device" if kind == "ping" else kind
        made = [combined(measured, group) for group in groups]
        columns_out = {field: [publish(kind, each, field) for each in made] for field in fields}
        return Series(step_s=step_s, tier="5m", slots=edges, columns=columns_out)

    def _rows(
        self, kind: str, device: str, fields: Sequence[str], start: int, end: int, name: str | None
    ) -> list[tuple[int, dict[str, int]]]:
        """Stored columns of every bucket, in no order; several for one bucket where several names are summed."""
        measurements = [kind]
        if kind == "wifi_device" and set(fields) & set(stored_fields("ping")):
            measurements.append("ping")
        found: list[tuple[int, dict[str, int]]] = []
        for measurement in measurements:
            columns = stored_fields(measurement)
            tag = SECOND_TAG.get(kind)
            only = f' AND "{tag}" = {quoted(tag_value(name))}' if tag and name is not None else ""
            grouped = f" GROUP BY {names([tag])}" if tag else ""
            for low, high in slices(start - start % FIVE_MINUTES, end):
                condition = where(device, low, high) + only
                question = f"SELECT {names(columns)} FROM {names([measurement])} WHERE {condition}{grouped}"  # noqa: S608
                for series in self._asks.query(self._five_minutes, question):
                    keys = series["columns"][1:]
                    for value in series.get("values", []):
                        told = {k: v for k, v in zip(keys, value[1:], strict=True) if v is not None}
                        found.append((int(value[0]), columns_of(measurement, told)))
        return found
