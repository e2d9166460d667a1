"""What the documentation tells a reader to type: lines of shell blocks and commands in running text."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
SHELLS = ("sh", "bash", "shell", "console")
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<body>.*?)^(?P=indent)```", re.M | re.S)
_INLINE = re.compile(r"`(merata [a-z-][^`]*)`")
_ENDS = {"&&", "||", "|", ";", "&", "(", ")"}
_CONTAINERS = ("podman", "docker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """`merata` with its arguments, and where that stands."""

    page: str
    line: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: {self.line}"


def typed(page: Path) -> Iterator[Typed]:
    """Every `merata ...` of a page's shell blocks."""
    name = page.relative_to(ROOT).as_posix()
    for block in _FENCE.finditer(page.read_text(encoding="utf-8")):
        if block["language"] not in SHELLS:
            continue
        for line in block["body"].replace("\\\n", " ").splitlines():
            for arguments in commands(line):
                yield Typed(page=name, line=line.strip(), arguments=arguments)


def inline(page: Path) -> Iterator[Typed]:
    """Every `merata ...` that stands between backticks in running text."""
    name = page.relative_to(ROOT).as_posix()
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for found in _INLINE.finditer(text):
        line = " ".join(found[1].split())
        yield Typed(page=name, line=line, arguments=tuple(shlex.split(line.removesuffix("...").removesuffix("…"))[1:]))


def commands(line: str) -> Iterator[tuple[str, ...]]:
    """The arguments of each call of merata in a line of shell."""
    words = shlex.shlex(line.strip().removeprefix("$ "), posix=True, punctuation_chars="|&;()")
    words.whitespace_split = True
    words.commenters = "#"
    part: list[str] = []
    for word in [*words, ";"]:
        if word not in _ENDS:
            part.append(word)
            continue
        if (arguments := _called(part)) is not None:
            yield arguments
        part = []


def _called(words: list[str]) -> tuple[str, ...] | None:
    rest = list(words)
    while rest and ("=" in rest[0] or rest[0] == "exec"):
        rest.pop(0)
    if rest[:1] == ["sudo"]:
        return _called(rest[3:] if rest[1:2] == ["-u"] else rest[1:])
    if len(rest) > 1 and rest[0] in _CONTAINERS and rest[1] == "run" and "merata" in rest:
        image = len(rest) - 1 - rest[::-1].index("merata")  # the program is the image's entry point
        return tuple(rest[image + 1 :])
    if rest and (rest[0] in ("merata", "$merata") or rest[0].endswith("/bin/merata")):
        return tuple(rest[1:])
    return None
