"""No GPL or AGPL at run time: every locked run-time package says its licence, and none of the refused ones.

Run by `make check`: `python -m tests.architecture.licences`.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFUSED = re.compile(r"\b(AGPL|GPL|SSPL|BUSL|Affero|GNU General Public)", re.I)
LESSER = re.compile(r"\b(LGPL|Lesser General Public)", re.I)
# Packages whose metadata names no licence or several; read by hand, with what was found there.
READ_BY_HAND = {
    "asyncssh": "EPL-2.0, chosen of the two it is offered under (EPL-2.0 or GPL-2.0-or-later); unmodified library",
    "pysnmp": "BSD-2-Clause, as its licence file says",
    "paramiko": "LGPL-2.1, used as an unmodified library",
    "scp": "LGPL-2.1-or-later, used as an unmodified library",
}


def licence_of(name: str) -> str:
    """The licence as the installed package's metadata states it."""
    info = metadata(name)
    classifiers = [c.rsplit("::", 1)[1].strip() for c in info.get_all("Classifier") or [] if c.startswith("License ::")]
    stated = info.get("License-Expression") or (info.get("License") or "").split("\n")[0]
    return " | ".join(dict.fromkeys(filter(None, [stated, *classifiers])))


def refused() -> list[str]:
    """One sentence for each package that may not be used at run time."""
    found = []
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        locked = re.match(r"([a-z0-9][a-z0-9._-]*)==", line)
        if not locked or locked[1] in READ_BY_HAND:
            continue
        try:
            licence = licence_of(locked[1])
        except PackageNotFoundError:
            continue  # for another interpreter or platform than this one
        if not licence:
            found.append(f"{locked[1]}: states no licence; read it and note it in READ_BY_HAND")
        elif REFUSED.search(licence) and not LESSER.search(licence):
            found.append(f"{locked[1]}: {licence}")
    return found


if __name__ == "__main__":
    problems = refused()
    print(*problems, sep="\n")
    print(f"licences: {len(problems)} refused")
    sys.exit(bool(problems))
