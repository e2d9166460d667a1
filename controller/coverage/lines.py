"""A file of JSON lines that only grows: each line is on disk before the next begins, a torn last one is mended."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from controller.coverage.errors import LedgerError


class Lines:
    """The file. Its first line says what it is and in which format.

    Args:
        path: made with the first line that is added.
        kind: what it holds; another kind is refused.
        version: of the lines; a newer one is refused untouched.
    """

    def __init__(self, path: Path, *, kind: str, version: int) -> None:
        self.path, self._kind, self._version = path, kind, version

    def read(self) -> list[dict[str, Any]]:
        """All lines, oldest first. A last line without its end was never acknowledged and does not count.

        Raises:
            LedgerError: the file is of another kind or newer, or a line is damaged.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as err:
            raise LedgerError(f"{self.path}: cannot be read ({err.strerror or err})") from err
        whole = content[: content.rfind(b"\n") + 1].splitlines()
        if not whole:
            return []
        head = self._line(whole[0], 1)
        if head.get("kind") != self._kind:
            raise LedgerError(f"{self.path}: is no {self._kind}")
        if not isinstance(head.get("format"), int) or head["format"] > self._version:
            raise LedgerError(
                f"{self.path}: format {head.get('format')} is of a newer program (this one: {self._version})"
            )
        return [self._line(line, number) for number, line in enumerate(whole[1:], start=2)]

    def add(self, make: Callable[[list[dict[str, Any]]], Mapping[str, Any]]) -> None:
        """Add what `make` returns for the lines there are; nobody else adds in between. On disk when it returns.

        Raises:
            LedgerError: as `read`, or from `make`; nothing was added.
        """
        with self._alone() as file:
            line = dict(make(self.read()))
            content = os.pread(file, os.fstat(file).st_size, 0)
            end = content.rfind(b"\n") + 1
            os.ftruncate(file, end)  # a torn line goes
            head = "" if end else json.dumps({"kind": self._kind, "format": self._version}) + "\n"
            os.pwrite(file, (head + json.dumps(line, ensure_ascii=False) + "\n").encode(), end)
            os.fsync(file)

    @contextmanager
    def _alone(self) -> Iterator[int]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as err:
            raise LedgerError(f"{self.path}: cannot be written ({err.strerror or err})") from err
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)

    def _line(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            found = json.loads(line)
        except ValueError as err:
            raise LedgerError(f"{self.path}:{number}: is damaged ({err})") from err
        if not isinstance(found, dict):
            raise LedgerError(f"{self.path}:{number}: is damaged (no object)")
        return found
