"""The dictionary of one file: texts that repeat (ids, names) as small integers."""

from __future__ import annotations

import sqlite3


class Words:
    """Numbers of texts, kept in memory by the file's one writer."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._numbers: dict[str, int] = {}
        self.reload()

    def reload(self) -> None:
        """Read again what is stored: after a rollback the numbers made in it are gone."""
        self._numbers = {text: number for number, text in self._db.execute("SELECT id, text FROM word")}

    def number(self, text: str) -> int:
        """The number of a text, made in the current transaction where it is new."""
        known = self._numbers.get(text)
        if known is None:
            known = len(self._numbers) + 1
            self._db.execute("INSERT INTO word (id, text) VALUES (?, ?)", (known, text))
            self._numbers[text] = known
        return known

    def optional(self, text: str | None) -> int | None:
        """`number`, where there is a text."""
        return None if text is None else self.number(text)

    def known(self, text: str) -> int | None:
        """The number, where the text has one."""
        return self._numbers.get(text)
