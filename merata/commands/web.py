"""`merata web`: the pages and the API. Whoever listens beyond this machine needs accounts, and encryption for them."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from controller.journal.journal import Journal
from merata.cli import Context
from merata.settings import StatePaths

WORKERS = 2
THREADS = 64
KILL_S = 10
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Who can reach the pages, and how.

    sign_in: reading needs an account. any_name: answer whatever host name is asked for; False: loopback names only.
    proxies: addresses whose X-Forwarded-For and -Proto are believed. cert, key: for https by ourselves.
    """

    host: str = "127.0.0.1"
    port: int = 8021
    sign_in: bool = False
    any_name: bool = False
    proxies: tuple[str, ...] = ()
    cert: Path | None = None
    key: Path | None = None


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
@click.option("--tls-cert", type=FILE, help="Certificate chain (PEM): serve https.")
@click.option("--tls-key", type=FILE, help="Its key (PEM).")
@click.option(
    "--trusted-proxy",
    "proxies",
    multiple=True,
    metavar="ADDRESS",
    help="Reverse proxy in front, which serves https and sets X-Forwarded-For and -Proto. May be given again.",
)
@click.option(
    "--i-know-this-is-open", is_flag=True, help="Everybody who can reach it reads everything, changes nothing."
)
@click.pass_obj
def command(
    context: Context,
    host: str,
    port: int,
    workers: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    proxies: tuple[str, ...],
    i_know_this_is_open: bool,
) -> None:
    """Serve the pages and the JSON API."""
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together")
    wide = not is_loopback(host) or bool(proxies)
    sign_in = wide and not i_know_this_is_open
    if sign_in and (refused := _missing(context.state, host, encrypted=tls_cert is not None or bool(proxies))):
        click.echo(f"merata: {refused}", err=True)
        raise SystemExit(2)
    listening = Listening(
        host=host, port=port, sign_in=sign_in, any_name=wide, proxies=proxies, cert=tls_cert, key=tls_key
    )
    serve(context.state, context.inventory, listening, workers=workers)


def _missing(state: Path, host: str, *, encrypted: bool) -> str | None:
    """One sentence with what to type; None when people can sign in."""
    path = StatePaths(root=state).journal
    if not path.exists() or not Journal.open(path).accounts.exists_any():
        return (
            f"{host} is wider than this machine and there is no account yet: merata account add NAME --role engineer"
            " (or --i-know-this-is-open if everybody who can reach it may read everything)"
        )
    if not encrypted:
        return (
            f"{host} is wider than this machine and passwords would go over it in the clear:"
            " give --tls-cert and --tls-key, or --trusted-proxy with the address of a proxy that serves https"
        )
    return None


def serve(state: Path, inventory: Path, listening: Listening, *, workers: int = WORKERS) -> None:
    """Run the web server until it is told to stop (SIGTERM, SIGINT).

    Args:
        state: state directory; accounts, sessions and requests are written to its journal, nothing else.
        inventory: shown while no controller has accepted one.
        listening: where, and who can reach it.
        workers: processes; each answers `THREADS` requests at a time.
    """
    from granian.constants import Interfaces
    from granian.server import Server

    scheme = "https" if listening.cert else "http"
    click.echo(f"merata web: {scheme}://{listening.host}:{listening.port}", err=True)
    Server(
        "merata.commands.web",
        address=listening.host,
        port=listening.port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        workers_kill_timeout=KILL_S,
        respawn_failed_workers=True,
        log_access=False,
        log_level="error",  # type: ignore[arg-type]  # granian takes the word as well as its enum
        websockets=False,
        ssl_cert=listening.cert,
        ssl_key=listening.key,
    ).serve(target_loader=partial(load_app, state, inventory, listening), wrap_loader=False)


def load_app(state: Path, inventory: Path, listening: Listening) -> Callable[..., Any]:
    """Build the WSGI application in one worker process."""
    from granian.utils.proxies import wrap_wsgi_with_proxy_headers

    from controller.views import Views
    from merata.config_pages import configurations, new_changes
    from merata.planning_pages import planner_views
    from merata.reading import OpenJournal, sources
    from web import SignIn, WebSettings, create_app

    views = Views(sources(state, inventory))
    settings = WebSettings(clock=time.time, open_to_all=listening.any_name)
    journal = OpenJournal(StatePaths(root=state).journal).journal
    sign_in = SignIn(journal=journal, needed=listening.sign_in)
    kept = configurations(state, inventory, journal)
    wishes = new_changes(state, inventory, journal)
    app: Callable[..., Any] = create_app(views, settings, planner_views(state, inventory), sign_in, kept, wishes)
    return wrap_wsgi_with_proxy_headers(app, list(listening.proxies)) if listening.proxies else app
