"""`merata simulate`: a made-up province that answers SNMP on loopback addresses."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:  # imported late so that --help is quick
    from simulator.province import Province
    from simulator.story import Story


PORT = click.IntRange(1, 65535)


@click.command("simulate")
@click.option("--devices", default=600, show_default=True, type=click.IntRange(5, 60_000), help="How many devices.")
@click.option(
    "--port", default=16161, show_default=True, type=click.IntRange(0, 65535), help="UDP port; 0: any free one."
)
@click.option("--seed", default=61, show_default=True, help="Another seed is another province.")
@click.option(
    "--origin", "origins", type=float, multiple=True, help="Moment (epoch s) the troubles are anchored to [now]."
)
@click.option("--quiet", is_flag=True, help="Nothing goes wrong: a load for measuring.")
@click.option("--dead", default=0.0, type=click.FloatRange(0, 0.5), help="Share of devices that never answer.")
@click.option("--v3-every", default=6, show_default=True, help="Each so many-th device speaks SNMPv3 only; 0: none.")
@click.option(
    "--inventory-out", type=click.Path(path_type=Path, dir_okay=False), help="Write the inventory here first."
)
@click.option("--listen", is_flag=True, help="Gateways also accept TCP on the port, so that service can be asked.")
@click.option("--downloads", type=PORT, help="TCP port of an HTTP server for speed tests, GET /unduh/SITE.")
@click.option("--ssh", type=(PORT, PORT), help="Port of SSH on OpenWrt and Linux, and of the server it is handed to.")
@click.option(
    "--consoles", type=(PORT, click.Path(path_type=Path, file_okay=False, exists=True)),
    help="Port of SSH on RouterOS, and the folder of its password and host key.",
)  # fmt: skip
def command(
    devices: int, port: int, seed: int, origins: tuple[float, ...], quiet: bool, dead: float, v3_every: int,
    inventory_out: Path | None, listen: bool, downloads: int | None, ssh: tuple[int, int] | None,
    consoles: tuple[int, Path] | None,
) -> None:  # fmt: skip
    """Answer SNMP for a seeded province on 127.61.0.0/16 until stopped.

    Prints `READY port count` once it answers. The secrets it understands are those of the demonstration:
    MERATA_DEMO_COMMUNITY=merata-demo, MERATA_DEMO_AUTH=merata-demo-auth, MERATA_DEMO_PRIV=merata-demo-priv.
    """
    from simulator.province import build
    from simulator.story import Story

    province = build(seed=seed, devices=devices, v3_every=v3_every)
    story = Story(province, origins or (time.time(),), quiet=quiet, dead_ratio=dead)
    try:
        asyncio.run(_serve(story, port, inventory_out, listen, downloads, ssh, consoles))
    except OSError as error:
        click.echo(f"merata: cannot answer on port {port}: {error.strerror}", err=True)
        sys.exit(2)


async def _serve(
    story: Story,
    port: int,
    inventory_out: Path | None,
    listen: bool,
    downloads: int | None,
    ssh: tuple[int, int] | None,
    consoles: tuple[int, Path] | None,
) -> None:
    from simulator.agent import Agents
    from simulator.doors import Doors
    from simulator.downloads import Downloads
    from simulator.inventory_text import OBSERVER
    from simulator.listeners import Listeners

    changed = None
    if consoles is not None:
        from simulator.consoles import Consoles  # with asyncssh, which takes its time

        changed = Consoles(story, *consoles)
    agents = Agents(story, clients=None if changed is None else changed.clients)
    agents.warm()
    bound = agents.open(port)
    if inventory_out is not None:
        _write(inventory_out, story.province, bound, tcp=listen)
    following = [asyncio.create_task(Listeners(story, bound, always=[OBSERVER]).run())] if listen else []
    if ssh is not None:
        following.append(asyncio.create_task(Doors(story, *ssh).run()))
    if changed is not None:
        following.append(asyncio.create_task(changed.run()))
    server = Downloads(story)
    if downloads is not None:
        await server.open(OBSERVER, downloads)
    print(f"READY {bound} {len(story.province.devices)}", flush=True)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    server.close()
    agents.close()


def _write(path: Path, province: Province, port: int, *, tcp: bool) -> None:
    from simulator import inventory_text

    path.write_text("".join(inventory_text.write(province, port=port, tcp=tcp)), encoding="utf-8")
