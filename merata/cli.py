"""The command line. Each file in `merata.commands` is one command; nothing else has to be edited to add one."""

from __future__ import annotations

import ast
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

    def list_commands(self, ctx: click.Context | None) -> list[str]:  # noqa: ARG002
        """Names of the command files, dashes for underscores."""
        return sorted(m.name.replace("_", "-") for m in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The `command` object of the file of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module: Any = importlib.import_module(f"merata.commands.{cmd_name.replace('-', '_')}")
        found: click.Command = module.command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands, read from their files: importing them all takes ten times as long."""
        names = self.list_commands(None)
        most = formatter.width - 6 - max(map(len, names))
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, click.Command(name, help=said(name)).get_short_help_str(most)) for name in names]
            )


def said(name: str) -> str:
    """What a command says of itself: `short_help` or `help` of its decorator, else the docstring of the function.

    Args:
        name: of the command, as on the command line.
    """
    path = Path(commands.__path__[0]) / f"{name.replace('-', '_')}.py"
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == "command":
            given = {
                keyword.arg: keyword.value.value
                for decorator in node.decorator_list
                if isinstance(decorator, ast.Call) and getattr(decorator.func, "attr", "") in ("command", "group")
                for keyword in decorator.keywords
                if isinstance(keyword.value, ast.Constant)
            }
            return str(given.get("short_help") or given.get("help") or ast.get_docstring(node) or "")
    return ""


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
