"""CPU of one device poll: ours, collectd's snmp plugin (C), prometheus-snmp-exporter (Go); same requests, same run.

A poll is one GET of 8 scalars and one GETBULK of 4 columns x 6 rows. Each address of 127/8 is another device; one
responder for all. CPU is user + system of the asking process: getrusage for ours, /proc for theirs. The exporter
cannot join columns in one request; it is told the same objects and walks them one by one, and its figure includes HTTP.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import subprocess
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks import _snmp
from devices.model import Target
from devices.transport.snmp.api import Agent, Community, UsmUser
from devices.transport.snmp.client import SnmpClient

COLLECTD_INTERVAL_S = 10


class Ours:
    """Our client, swept in turns with the peers' windows, so that a busy machine is busy for all."""

    def __init__(self, port: int, n: int, credential: Community | UsmUser, in_flight: int) -> None:
        self._fleet = _snmp.agents(n, port, credential)
        self._in_flight = in_flight
        self._client = SnmpClient()
        self._cpu_ms: list[float] = []
        self._rates: list[float] = []
        self._retransmitted = 0

    async def sweep(self, times: int) -> None:
        """Poll every device so often; every answer must be the right one."""
        n = len(self._fleet)
        for _ in range(times):
            first = not self._cpu_ms
            cpu, began = _snmp.own_cpu_s(), time.monotonic()
            right = await _snmp.sweep(self._client, self._fleet, self._in_flight, thorough=first)
            if right != n:
                raise SystemExit(f"only {right} of {n} answers were right: {self._client.statistics}")
            self._cpu_ms.append((_snmp.own_cpu_s() - cpu) * 1000 / n)
            self._rates.append(n / (time.monotonic() - began))

    async def result(self) -> dict[str, Any]:
        """Figures of all sweeps but the first, which is told apart as first contact."""
        statistics_ = self._client.statistics
        await self._client.close()
        return {
            "what": "merata",
            "polls": len(self._fleet) * (len(self._cpu_ms) - 1),
            "cpu_ms": round(statistics.median(self._cpu_ms[1:]), 4),
            "cpu_ms_range": [round(min(self._cpu_ms[1:]), 4), round(max(self._cpu_ms[1:]), 4)],
            "cpu_ms_first_contact": round(self._cpu_ms[0], 4),
            "polls_a_second": round(statistics.median(self._rates[1:])),
            "rss_mb": round(_snmp.rss_mb(), 1),
            "retransmitted": statistics_.retransmitted,
        }


def _collectd_config(folder: Path, port: int, n: int, v3: bool) -> Path:
    (folder / "types.db").write_text(
        "bench8 " + ", ".join(f"v{i}:GAUGE:U:U" for i in range(8)) + "\n"
        "bench3 a:DERIVE:0:U, b:DERIVE:0:U, c:GAUGE:U:U\n"
    )
    secret = (
        f'Version 3\n Username "{_snmp.USER.name.decode()}"\n SecurityLevel "authPriv"\n AuthProtocol "SHA"\n'
        f' AuthPassphrase "bench-auth-1"\n PrivacyProtocol "AES"\n PrivacyPassphrase "bench-priv-1"'
        if v3
        else 'Version 2\n Community "public"'
    )
    values = " ".join(f'"{o}"' for o in _snmp.SCALARS)
    columns = " ".join(f'"{o}"' for o in _snmp.COLUMNS[:3])
    # BulkSize counts varbinds: 28 gives max-repetitions 28 / 4 = 7 and so one request for the table.
    hosts = "\n".join(
        f'<Host "d{i}">\n Address "{_snmp.host(i)}:{port}"\n {secret}\n Collect "scalars" "table"\n'
        f" Interval {COLLECTD_INTERVAL_S}\n BulkSize 28\n Timeout 5\n Retries 1\n</Host>"
        for i in range(n)
    )
    config = folder / "collectd.conf"
    config.write_text(
        f'BaseDir "{folder}"\nPIDFile "{folder}/pid"\nTypesDB "{folder}/types.db"\nInterval {COLLECTD_INTERVAL_S}\n'
        "ReadThreads 20\nWriteThreads 1\nLoadPlugin logfile\n<Plugin logfile>\n LogLevel err\n"
        f' File "{folder}/log"\n</Plugin>\nLoadPlugin snmp\n<Plugin snmp>\n'
        f'<Data "scalars">\n Table false\n Type "bench8"\n Values {values}\n</Data>\n'
        f'<Data "table">\n Table true\n Type "bench3"\n TypeInstanceOID "{_snmp.COLUMNS[3]}"\n'
        f" Values {columns}\n</Data>\n"
        f"{hosts}\n</Plugin>\n"
    )
    return config


async def _served(port: int) -> int | None:
    """Requests that the C responder has answered; None from another responder."""
    agent = Agent(target=Target(domain="", host="127.200.0.1", port=port), credential=_snmp.COMMUNITY)
    async with SnmpClient() as client:
        value = (await client.get(agent, [_snmp.SERVED])).get(_snmp.SERVED)
    return value if isinstance(value, int) else None


async def collectd(port: int, n: int, windows: int, ours: Ours, *, v3: bool = False) -> dict[str, Any] | None:
    """CPU of collectd in windows of two intervals, after some to settle; our sweeps run between the windows."""
    program = shutil.which("collectd", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [program, "-f", "-C", str(_collectd_config(folder, port, n, v3))]
        with _snmp.process(command, stderr=subprocess.DEVNULL) as child:
            await asyncio.sleep(COLLECTD_INTERVAL_S * 1.5)
            figures, polls = [], 0.0
            for _ in range(windows):
                await ours.sweep(3)
                before, cpu, began = await _served(port), _snmp.cpu_s(child.pid), time.monotonic()
                await asyncio.sleep(COLLECTD_INTERVAL_S * 2)
                after = await _served(port)
                wall = time.monotonic() - began
                done = (after - before - 1) / 2 if not v3 and before and after else n * wall / COLLECTD_INTERVAL_S
                polls += done
                figures.append((_snmp.cpu_s(child.pid) - cpu) * 1000 / done)
            return {
                "what": "collectd 5.12 snmp (C)",
                "polls": round(polls),
                "cpu_ms": round(statistics.median(figures), 4),
                "cpu_ms_range": [round(min(figures), 4), round(max(figures), 4)],
                "polls_a_second": None,
                "rss_mb": round(_snmp.rss_mb(child.pid), 1),
            }


def _exporter_config(folder: Path, v3: bool) -> Path:
    gets = "\n".join(f"    - {o}" for o in _snmp.SCALARS)
    walks = "\n".join(f"    - {o}" for o in _snmp.COLUMNS)
    auth = (
        "  version: 3\n  auth:\n    username: bench\n    security_level: authPriv\n    auth_protocol: SHA\n"
        "    password: bench-auth-1\n    priv_protocol: AES\n    priv_password: bench-priv-1\n"
        if v3
        else "  version: 2\n  auth:\n    community: public\n"
    )
    metrics = "\n".join(
        [f"  - {{name: s{i}, oid: {o.removesuffix('.0')}, type: gauge, help: x}}" for i, o in enumerate(_snmp.SCALARS)]
        + [
            f"  - {{name: c{i}, oid: {o}, type: {'counter' if i < 2 else 'gauge'}, help: x, "
            "indexes: [{labelname: ifIndex, type: gauge}]}"
            for i, o in enumerate(_snmp.COLUMNS[:3])
        ]
    )
    config = folder / "snmp.yml"
    config.write_text(f"bench:\n  walk:\n{walks}\n  get:\n{gets}\n  max_repetitions: 7\n{auth}  metrics:\n{metrics}\n")
    return config


async def exporter(port: int, n: int, v3: bool) -> dict[str, Any] | None:
    """CPU of the exporter while it is scraped for `n` devices, 20 at a time."""
    program = shutil.which("prometheus-snmp-exporter")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as name:
        listen = f"127.0.0.1:{_snmp.free_port(1)}"
        config = _exporter_config(Path(name), v3)
        command = [program, f"--config.file={config}", f"--web.listen-address={listen}", "--log.level=error"]
        with _snmp.process(command) as child:
            await asyncio.to_thread(_wait_for, f"http://{listen}/")

            def scrape(i: int) -> bool:
                url = f"http://{listen}/snmp?module=bench&target={_snmp.host(i)}:{port}"
                with urllib.request.urlopen(url, timeout=20) as answer:
                    return answer.read().count(b"\nc0{") == _snmp.ROWS

            cpu, began = _snmp.cpu_s(child.pid), time.monotonic()
            with ThreadPoolExecutor(20) as pool:
                right = sum(await asyncio.to_thread(lambda: list(pool.map(scrape, range(n)))))
            wall = time.monotonic() - began
            if right != n:
                _snmp.fail(f"the exporter gave only {right} of {n} right answers")
                return None
            return {
                "what": "prometheus-snmp-exporter 0.21 (Go)",
                "polls": n,
                "cpu_ms": round((_snmp.cpu_s(child.pid) - cpu) * 1000 / n, 4),
                "polls_a_second": round(n / wall),
                "rss_mb": round(_snmp.rss_mb(child.pid), 1),
            }


def _wait_for(url: str) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{url} does not answer")


def table(title: str, rows: list[dict[str, Any]]) -> None:
    """One table."""
    print(f"\n{title}")
    print(f"{'':36} {'CPU ms a poll':>14} {'range':>18} {'polls/s':>8} {'RSS MB':>7} {'polls':>7}")
    for r in rows:
        low_high = "{}-{}".format(*r["cpu_ms_range"]) if "cpu_ms_range" in r else ""
        print(
            f"{r['what']:36} {r['cpu_ms']:>14} {low_high:>18} {r['polls_a_second'] or 'paced':>8} "
            f"{r['rss_mb']:>7} {r['polls']:>7}"
        )


async def main(quick: bool) -> None:
    """v2c, then v3."""
    n, windows = (300, 1) if quick else (2000, 3)
    with _snmp.responder_v2c() as (port, which):
        v2c = await _compare(port, n, _snmp.COMMUNITY, windows)
    table(f"SNMPv2c, {n} devices, responder: {which}", v2c)
    few = n // 4
    with _snmp.responder_python(1) as port:
        v3 = await _compare(port, few, _snmp.USER, windows)
    table(f"SNMPv3 authPriv SHA-1/AES-128, {few} devices, responder: 1 Python process", v3)
    _snmp.write("snmp_poll", {"responder_v2c": which, "v2c": v2c, "v3": v3, "load_average": os.getloadavg()})


async def _compare(port: int, n: int, credential: Community | UsmUser, windows: int) -> list[dict[str, Any]]:
    v3 = isinstance(credential, UsmUser)
    ours = Ours(port, n, credential, min(200, n // 3))
    await ours.sweep(4)
    peers = [await collectd(port, n, windows, ours, v3=v3), await exporter(port, n, v3)]
    await ours.sweep(4)
    return [await ours.result(), *(p for p in peers if p is not None)]


if __name__ == "__main__":
    _snmp.run(main(_snmp.arguments(__doc__).quick))
