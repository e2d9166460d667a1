"""What the pages of kept configurations read, found in the state directory. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from controller.configurations.drift import what
from controller.configurations.history import History
from controller.configurations.records import Held
from controller.journal.errors import JournalError
from controller.journal.journal import Journal
from controller.views.compliance import Configurations, ConfigurationSources
from controller.views.new_change import ChangeFileSources, NewChanges
from devices.configuring.registry import dialect_of
from devices.facts import Identity
from merata.change_files import ChangeFolder
from merata.commands.firmware import LIST
from merata.config_copies import RULES
from merata.settings import StatePaths

T = TypeVar("T")


def configurations(state: Path, inventory: Path, journal: Callable[[], Journal | None]) -> Configurations:
    """The queries behind `/kepatuhan` and `/firmware`.

    Args:
        state: state directory.
        inventory: its folder holds the rules file and the wanted list.
        journal: the open journal; None while there is none.
    """
    history = History(StatePaths(root=state).configurations / "history")

    def held() -> Mapping[str, Held]:
        return _of(journal, lambda open_: open_.configurations.all())

    def identities() -> Mapping[str, Identity]:
        return _of(journal, lambda open_: open_.identities())

    return Configurations(
        ConfigurationSources(
            rows=held,
            text=history.newest,
            diff=lambda one: what(one, history).diff,
            rules=lambda: _file(inventory.parent / RULES),
            firmware=lambda: _file(inventory.parent / LIST),
            identities=identities,
            dialect=_dialect_name,
            log=lambda device, limit: history.log(device, limit=limit),
            text_at=history.text,
            between=history.diff,
        )
    )


def new_changes(state: Path, inventory: Path, journal: Callable[[], Journal | None]) -> NewChanges:
    """The queries behind `/perubahan/baru`: changes in the inventory's folder or below, as the executor takes them."""
    folder = ChangeFolder(inventory.parent, state)
    sources = ChangeFileSources(
        listed=folder.listed,
        one=folder.one,
        identities=lambda: _of(journal, lambda open_: open_.identities()),
        dialect=_dialect_name,
    )
    return NewChanges(sources, journal)


def _of(journal: Callable[[], Journal | None], ask: Callable[[Journal], Mapping[str, T]]) -> Mapping[str, T]:
    try:
        found = journal()
        return {} if found is None else ask(found)
    except JournalError:
        return {}


def _file(path: Path) -> tuple[str, str] | None:
    try:
        return path.read_text(encoding="utf-8"), path.name
    except (OSError, UnicodeDecodeError):
        return None


def _dialect_name(platform: str) -> str | None:
    found = dialect_of(platform)
    return None if found is None else found.name
