"""`merata demo`: simulator, controller and pages as one program on the embedded store."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time

import click

from merata.cli import Context


@click.command(help="A simulated province, polled over real SNMP, with its pages on 127.0.0.1.")
@click.option(
    "--port", default=8021, show_default=True, type=click.IntRange(1, 65000), help="The next free one from here."
)
@click.option("--devices", default=600, show_default=True, type=click.IntRange(20, 20_000))
@click.option("--seed", default=61, show_default=True, help="Another seed is another province.")
@click.option("--fresh", is_flag=True, help="Forget the demo of before and write a new story.")
@click.pass_obj
def command(context: Context, port: int, devices: int, seed: int, fresh: bool) -> None:
    """Prepare what is missing, start the parts, run until Ctrl-C."""
    import shutil

    from merata import demo
    from merata.demo_changes import sign_ins
    from merata.supervisor import supervise

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = context.state.resolve() / "demo"
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    try:
        port = demo.free_tcp_port(port)
        click.echo("merata: preparing a simulated province and thirty days of its history ...", err=True)
        scene = demo.prepare(folder, devices=devices, seed=seed, now=time.time(), say=demo.Progress())
    except KeyboardInterrupt:
        click.echo("\nmerata: stopped before anything ran; nothing half done is kept", err=True)
        sys.stderr.flush()
        os._exit(0)  # the thread that was sending work to the killed helper would be waited for
    except OSError as error:
        click.echo(f"merata: {error}", err=True)
        sys.exit(2)

    def ready() -> None:
        click.echo(f"\n  http://127.0.0.1:{port}\n")
        people = ", or ".join(f"{one.name} with {one.password}" for one in sign_ins(folder))
        if people:
            click.echo(f"  Changes to routers: http://127.0.0.1:{port}/perubahan")
            click.echo(f"  Sign in at http://127.0.0.1:{port}/masuk as {people}")
        click.echo("  Sample data (Data contoh): every device answers SNMP on loopback. Ctrl-C stops everything.")

    def say(text: str) -> None:
        click.echo(f"merata: {text}", err=True)

    sys.exit(asyncio.run(supervise(demo.parts(folder, scene, port), say=say, on_ready=ready)))
