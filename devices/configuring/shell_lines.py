"""Lines of a shell that change files, and the text in which files stand beside other configuration.

Only three forms are modelled, those that intents write and that templates should: words printed to a file by `printf`
(`>` or `>>`), and a removed file. Anything with expansion, pipes or several commands is not understood.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: Begins the content of a file in a configuration text; no file of a device begins a line so.
HEAD: Final = "### file "
_FILE: Final = re.compile(rf"^{HEAD}(\S+)\n", re.M)
_UNQUOTED: Final = set("|&;()<>`$*?{}~!\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file that a line writes, appends to (`more`), or removes (`lines` None)."""

    path: str
    lines: tuple[str, ...] | None
    more: bool = False


def words_of(line: str) -> list[str] | None:
    """The words of one simple command, redirections as words of their own; None where a shell would do more.

    Raises:
        ValueError: a quote does not close.
    """
    shlex.split(line)
    plain = re.sub(r"'[^']*'|\"[^\"$`\\]*\"|\\.", "", line)
    plain = re.sub(r"(?<=\s)>>?(?=\s)", " ", plain)
    if _UNQUOTED & set(plain) or '"' in plain:
        return None
    return shlex.split(line)


def bare(line: str) -> tuple[str, bool]:
    """A line without `|| true`, and whether that stood there."""
    found = re.fullmatch(r"(.*\S)\s*\|\|\s*(?:true|:)\s*", line)
    return (found[1], True) if found else (line.strip(), False)


def written_of(words: Sequence[str]) -> Written | None:
    """What a command writes into a file; None where it is none of the modelled forms."""
    match words:
        case ["printf", "%s\\n", *texts, ">" | ">>" as sign, path] if texts and path.startswith("/"):
            return Written(path=path, lines=tuple(texts), more=sign == ">>")
        case ["rm", "-f", path] if path.startswith("/"):
            return Written(path=path, lines=None)
    return None


def parted(text: str) -> tuple[str, dict[str, str]]:
    """A configuration text as what stands before the first file, and the files."""
    places = list(_FILE.finditer(text))
    if not places:
        return text, {}
    ends = [p.start() for p in places[1:]] + [len(text)]
    return text[: places[0].start()], {p[1]: text[p.end() : e] for p, e in zip(places, ends, strict=True)}


def joined(first: str, files: dict[str, str]) -> str:
    """The text of both; files in the order of their paths, without blanks at the ends of lines."""
    return first + "".join(f"{HEAD}{path}\n{_tidy(files[path])}" for path in sorted(files))


def _tidy(content: str) -> str:
    lines = [line.rstrip() for line in content.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return "".join(f"{line}\n" for line in lines)


def apply(files: dict[str, str], written: Written) -> None:
    """Change the files as the line does."""
    if written.lines is None:
        files.pop(written.path, None)
        return
    fresh = "".join(f"{line}\n" for line in written.lines)
    files[written.path] = (files.get(written.path, "") if written.more else "") + fresh


def is_said(files: dict[str, str], written: Written) -> bool:
    """Whether what a line writes is found in the files."""
    if written.lines is None:
        return written.path not in files
    have, want = _tidy(files.get(written.path, "")), _tidy("".join(f"{x}\n" for x in written.lines))
    return want in have if written.more else want == have
