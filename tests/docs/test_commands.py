"""What the documentation tells people to type is what the program takes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from merata.cli import cli
from tests.docs.shell import PAGES, ROOT, Typed, commands, inline, typed

IN_BLOCKS = [found for page in PAGES for found in typed(page)]
IN_TEXT = [found for page in PAGES for found in inline(page)]
_STANDS_FOR_SOMETHING = re.compile(r"\$|\.\.\.|…|^<.*>$|^[A-Z][A-Z0-9_.-]*$")


def parsed(arguments: tuple[str, ...]) -> tuple[click.Context, dict[str, object]]:
    """The command that these arguments name, and what they say to it.

    Raises:
        UsageError: no such command or option, or an option without its value.
    """
    context, rest = click.Context(cli, info_name="merata"), list(arguments)
    while True:
        command = context.command
        said, left, _ = command.make_parser(context).parse_args(list(rest))
        if not isinstance(command, click.Group) or not left:
            return context, dict(said)
        name, below, rest = command.resolve_command(context, list(left))
        assert below is not None
        context = click.Context(below, info_name=name, parent=context)


def complaints(arguments: tuple[str, ...], *, whole: bool) -> Iterator[str]:
    """What the program would refuse; `whole`: the line is complete, so a value it needs must be there."""
    if "..." in arguments:  # `merata plan ... --profile ID`: one of its commands takes this
        at = arguments.index("...")
        context, _ = parsed(arguments[:at])
        assert isinstance(context.command, click.Group)
        each = [(*arguments[:at], name, *arguments[at + 1 :]) for name in context.command.list_commands(context)]
        if all(list(complaints(one, whole=whole)) for one in each):
            yield "no command takes this"
        return
    try:
        context, said = parsed(arguments)
    except click.BadOptionUsage as error:  # there is such an option; in running text its value may be left out
        if whole:
            yield error.format_message()
        return
    except click.UsageError as error:
        yield error.format_message()
        return
    for parameter in context.command.params:
        value = said.get(parameter.name or "")
        if whole and value in (None, ()) and parameter.required:
            yield f"{parameter.human_readable_name} is missing"
        for one in value if isinstance(value, list | tuple) else (value,):
            if not isinstance(one, str) or _STANDS_FOR_SOMETHING.search(one):
                continue
            if isinstance(parameter.type, click.Choice | click.IntRange | click.FloatRange):
                try:
                    parameter.type.convert(one, parameter, context)
                except click.BadParameter as error:
                    yield error.format_message()
    if whole and isinstance(context.command, click.Group) and not context.command.invoke_without_command and not said:
        yield f"{context.command_path} needs a command"


@pytest.mark.parametrize("found", IN_BLOCKS, ids=str)
def test_a_line_of_a_shell_block_is_taken(found: Typed) -> None:
    assert list(complaints(found.arguments, whole=True)) == []


@pytest.mark.parametrize("found", IN_TEXT, ids=str)
def test_a_command_in_running_text_exists(found: Typed) -> None:
    assert list(complaints(found.arguments, whole=False)) == []


def leaves(group: click.Group, context: click.Context, path: str) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            below = click.Context(command, info_name=name, parent=context)
            yield from leaves(command, below, f"{path} {name}")
        else:
            yield f"{path} {name}"


@pytest.mark.parametrize("command", list(leaves(cli, click.Context(cli, info_name="merata"), "merata")))
def test_every_command_has_its_row_in_the_reference(command: str) -> None:
    assert f"| `{command}` |" in (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")


def test_the_documentation_shows_the_commands_that_matter() -> None:
    shown = {found.arguments[0] for found in IN_BLOCKS if found.arguments}
    assert {"inventory", "poll", "probe", "run", "web", "store"} <= shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("fly",),
        ("run", "--wings"),
        ("run", "--store", "paper"),
        ("probe",),
        ("run", "--interval", "0"),
        ("store", "x"),
        ("plan", "...", "--wings"),
    ],
)
def test_a_wrong_line_is_noticed(arguments: tuple[str, ...]) -> None:
    assert list(complaints(arguments, whole=True)) != []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("merata run &      # polls", [("run",)]),
        ("A=b .venv/bin/merata poll --once && $merata web", [("poll", "--once"), ("web",)]),
        ("sudo -u merata MERATA_STATE=/x /opt/merata/bin/merata doctor", [("doctor",)]),
        ("podman run --env-file merata.env merata run", [("run",)]),
        ("sudo useradd --system merata", []),
    ],
)
def test_calls_are_found_in_a_line_of_shell(line: str, found: list[tuple[str, ...]]) -> None:
    assert list(commands(line)) == found
