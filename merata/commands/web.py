"""`merata web`: the pages and the API, read only."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from merata.cli import Context

WORKERS = 2
THREADS = 64
KILL_S = 10


def is_loopback(host: str) -> bool:
    """True for addresses that only this machine can reach."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


@click.command("web")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8021, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", default=WORKERS, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.option("--i-know-this-is-open", is_flag=True, help="Listen beyond this machine although there is no sign-in.")
@click.pass_obj
def command(context: Context, host: str, port: int, workers: int, i_know_this_is_open: bool) -> None:
    """Serve the pages and the JSON API."""
    if not is_loopback(host) and not i_know_this_is_open:
        click.echo(
            f"merata: {host} is wider than this machine and there is no sign-in yet;"
            " add --i-know-this-is-open if everybody who can reach it may see everything.",
            err=True,
        )
        raise SystemExit(2)
    serve(context.state, context.inventory, host=host, port=port, workers=workers)


def serve(state: Path, inventory: Path, *, host: str, port: int, workers: int = WORKERS) -> None:
    """Run the web server until it is told to stop (SIGTERM, SIGINT).

    Args:
        state: state directory; only read.
        inventory: shown while no controller has accepted one.
        host: address to listen on.
        port: port to listen on.
        workers: processes; each answers `THREADS` requests at a time.
    """
    from granian.constants import Interfaces
    from granian.server import Server

    click.echo(f"merata web: http://{host}:{port}", err=True)
    load = partial(load_app, state, inventory, not is_loopback(host))
    Server(
        "merata.commands.web",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        workers_kill_timeout=KILL_S,
        respawn_failed_workers=True,
        log_access=False,
        log_level="error",  # type: ignore[arg-type]  # granian takes the word as well as its enum
        websockets=False,
    ).serve(target_loader=load, wrap_loader=False)


def load_app(state: Path, inventory: Path, open_to_all: bool) -> Callable[..., Any]:
    """Build the WSGI application in one worker process."""
    from controller.views import Views
    from merata.planning_pages import planner_views
    from merata.reading import sources
    from web import WebSettings, create_app

    views = Views(sources(state, inventory))
    settings = WebSettings(clock=time.time, open_to_all=open_to_all)
    return create_app(views, settings, planner_views(state, inventory))
