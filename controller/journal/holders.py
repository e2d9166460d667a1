"""What a process calls itself when it takes a lease, so that another can tell that it is dead.

`role@machine/namespace/pid/start`: machine is the boot's id, so that neither a restart nor another machine is mistaken
for us; the start time tells a pid that was given anew (proc(5), field 22 of stat).
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_FORM: Final = re.compile(r"^(?P<role>[^@]+)@(?P<here>[^/]+/[^/]+)/(?P<pid>\d+)/(?P<start>\d+)(?:#\d+)?$")


def myself(role: str) -> str:
    """The name of this process in a role (`executor`, `speed test`)."""
    pid = os.getpid()
    return f"{role.replace('@', ' ')}@{_here()}/{pid}/{_start(pid) or 0}"


def role_of(holder: str) -> str:
    """The role, for people."""
    return holder.split("@", 1)[0]


def is_gone(holder: str) -> bool:
    """True when that process surely runs no more; False for another machine's and when it cannot be told."""
    found = _FORM.match(holder)
    if found is None or found["here"] != _here():
        return False
    return _start(int(found["pid"])) != int(found["start"])


@cache
def _here() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()[:13]
        space = re.sub(r"\D", "", os.readlink(_PROC / "self/ns/pid"))
    except OSError:  # no Linux: leases of the dead run out by themselves
        return f"unknown-{os.getpid()}/0"
    return f"{boot}/{space}"


def _start(pid: int) -> int | None:
    """Start time in clock ticks since boot; None when there is no such process (or it is a zombie)."""
    try:
        rest = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if rest[0] == "Z" else int(rest[19])
