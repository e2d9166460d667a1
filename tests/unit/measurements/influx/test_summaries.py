"""Summary buckets: written as public fields, read back as exactly the columns they were made from."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from measurements.derive import derive
from measurements.influx.summaries import bucket_lines, columns_of
from measurements.reading import DeviceRow, InterfaceRow, PingRow, RadioRow, Reading, ServiceRow
from measurements.rollup import roll

B = 1_790_000_100


def told(line: str) -> dict[str, float]:
    fields = re.split(r"(?<!\\) ", line)[1]
    return {key: float(value.rstrip("i")) for key, value in (part.split("=") for part in fields.split(","))}


def gauge(low: float, high: float) -> st.SearchStrategy[float | None]:
    return st.none() | st.floats(low, high)


readings = st.lists(
    st.builds(
        lambda slot, clients, cpu, octets, rtt, noise, ok: Reading(
            device="a",
            slot=B + slot * 60,
            at=B + slot * 60.0,
            row=DeviceRow(device="a", slot=B, snmp_ok=ok, clients=clients, cpu_ratio=cpu, uptime_s=slot * 60.0 + 1000),
            ping=PingRow(device="a", slot=B, sent=5, received=3, rtt_avg_ms=rtt),
            interfaces=(
                InterfaceRow(
                    device="a", if_name="wan", slot=B, if_hc_in_octets=octets, is_uplink=True, speed_bps=10**9
                ),
            ),
            radios=(RadioRow(device="a", radio="r", slot=B, clients=clients, noise_dbm=noise),),
            services=(ServiceRow(device="a", check="dns", slot=B, ok=ok, latency_ms=rtt, down_bps=noise),),
        ),
        slot=st.integers(0, 4),
        clients=st.none() | st.integers(0, 500),
        cpu=gauge(0, 1),
        octets=st.none() | st.integers(0, 2**40),
        rtt=gauge(0, 5000),
        noise=gauge(-120, 0),
        ok=st.none() | st.booleans(),
    ),
    max_size=6,
)


@given(some=readings)
def test_every_column_of_a_bucket_comes_back_exactly(some: list[Reading]) -> None:
    for kind, rolled in roll(derive(some)).items():
        for subject, columns in rolled.items():
            back: dict[str, int] = {}
            for line in bucket_lines(kind, B, {subject: columns}):
                back |= columns_of(line.split(",")[0], told(line))
            assert back == {name: value for name, value in columns.items() if not _empty(name, columns)}


def _empty(name: str, columns: dict[str, int]) -> bool:
    """Sums of nothing are left out."""
    return columns.get(f"{name.rsplit('_', 1)[0]}_n") == 0


def test_a_bucket_is_written_with_its_public_names_and_types() -> None:
    columns = {"clients_n": 5, "clients_sum": 14, "clients_min": 1, "clients_max": 4, "polls": 5, "reboots": 0,
               "ping_ok_n": 4, "ping_ok_sum": 3, "sent": 25, "received": 20,
               "rtt_avg_ms_n": 5, "rtt_avg_ms_sum": 1234, "rtt_avg_ms_min": 100, "rtt_avg_ms_max": 400}  # fmt: skip
    device, ping = bucket_lines("wifi_device", B, {("a", None): columns})
    assert device == (
        f"wifi_device,device=a polls=5i,reboots=0i,clients_n=5i,ping_ok_n=4i,"
        f"clients=2.8,clients_min=1.0,clients_max=4.0,ping_ok=0.75 {B}"
    )
    assert ping == (
        f"ping,device=a sent=25i,received=20i,rtt_avg_ms_n=5i,rtt_avg_ms=2.468,rtt_avg_ms_min=1.0,rtt_avg_ms_max=4.0,"
        f"loss_ratio=0.19999999999999996 {B}"
    )
