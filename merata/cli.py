"""The command line. Each file in `merata.commands` is one command; nothing else has to be edited to add one."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from merata import commands
from merata.settings import default_state


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What every command is handed: where the state and the inventory are."""

    state: Path
    inventory: Path


class Discovered(click.Group):
    """Commands found by file name and imported only when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names of the command files, dashes for underscores."""
        return sorted(m.name.replace("_", "-") for m in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The `command` object of the file of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module: Any = importlib.import_module(f"merata.commands.{cmd_name.replace('-', '_')}")
        found: click.Command = module.command
        return found


@click.group(cls=Discovered, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--state", type=click.Path(path_type=Path), help="State directory [MERATA_STATE; ./var in a clone].")
@click.option(
    "--inventory",
    type=click.Path(path_type=Path),
    envvar="MERATA_INVENTORY",
    default=Path("inventory.yaml"),
    show_default=True,
    help="What we own.",
)
@click.version_option(package_name="merata")
@click.pass_context
def cli(ctx: click.Context, state: Path | None, inventory: Path) -> None:
    """Merata: public internet access points, measured, mapped and planned."""
    ctx.obj = Context(state=state or default_state(), inventory=inventory)


def main() -> None:
    """Entry point: foreseen errors become one sentence and exit code 2."""
    from devices.errors import CredentialError, InventoryError
    from measurements.errors import StoreError

    try:
        cli(standalone_mode=True)
    except InventoryError as error:
        for complaint in error.complaints:
            click.echo(str(complaint), err=True)
        click.echo(f"merata: inventory refused: {len(error.complaints)} error(s)", err=True)
        sys.exit(2)
    except (CredentialError, StoreError, PermissionError) as error:
        click.echo(f"merata: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
