"""What `merata status` looks at: how the controller and the devices stand, read beside it with few imports."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from controller.polling import status
from measurements.sqlite.reader import SqliteReader
from measurements.store import Latest
from merata.settings import StatePaths

if TYPE_CHECKING:
    from devices.facts import Identity

log = logging.getLogger(__name__)
STATUS_FILE = "status.json"


def read_status(state: Path) -> dict[str, Any] | None:
    """What the controller last said of itself."""
    return status.read(StatePaths(root=state).run / STATUS_FILE)


def is_running(state: Path) -> bool:
    """True while a process holds the state directory."""
    lock = StatePaths(root=state).run / "lock"
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def read_latest(state: Path) -> Mapping[str, Latest]:
    """Last known of every device, read beside a running controller."""
    with closing(SqliteReader(state)) as reader:
        return reader.latest()


def read_identities(state: Path) -> Mapping[str, Identity]:
    """What every device last said it is; empty where there is no journal, or none that can be read."""
    from controller.journal.errors import JournalError
    from controller.journal.journal import Journal

    path = StatePaths(root=state).journal
    if not path.exists():  # only the controller makes one
        return {}
    try:
        with closing(Journal.open(path)) as journal:
            return journal.identities()
    except JournalError as error:
        log.warning("what devices are is not known: %s", error)
        return {}
