"""Compliance: rules that configurations must keep, from one file, and who breaks them and where.

A rule is a regular expression that some line must match, or that no line may match, for the devices it is about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from devices.errors import Complaint, InventoryError
from devices.inventory.text import Entries, Items, Node, Word, parse

#: Whether a rule is about a device, by its id.
About = Callable[[str], bool]

_KEYS: Final = ("id", "title", "where", "must_contain", "must_not_contain", "why")
_SHOWN: Final = 3
_REMEMBERED: Final = 200  # rules a device; more are of files that were changed since


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `where`: as written, "" for every device."""

    id: str
    title: str
    where: str = ""
    must_contain: tuple[re.Pattern[str], ...] = ()
    must_not_contain: tuple[re.Pattern[str], ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """How one device breaks one rule. lines: (number from 1, masked text) of what should not be there."""

    rule: str
    device: str
    absent: tuple[str, ...] = ()  # patterns that no line matches
    lines: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One rule over the fleet. `unread`: devices it is about whose configuration was never fetched."""

    rule: Rule
    kept: int
    breaches: tuple[Breach, ...]
    unread: tuple[str, ...] = ()


class Memory:
    """What was found before: a configuration that has not changed is neither read nor searched again.

    Args:
        mark: changes whenever the configuration of a device does; None: it was never fetched.
    """

    def __init__(self, mark: Callable[[str], object]) -> None:
        self.mark = mark
        self.found: dict[str, tuple[object, dict[Rule, Breach | None]]] = {}


def judge(
    rules: Sequence[Rule],
    devices: Sequence[str],
    text: Callable[[str], str | None],
    about: Mapping[str, About],
    *,
    memory: Memory | None = None,
) -> list[Verdict]:
    """Hold configurations against rules.

    Args:
        rules: of `load`.
        devices: every device that could be asked.
        text: the newest masked configuration of a device; None: never fetched.
        about: for each rule's id the devices it is about.
        memory: of earlier calls.
    """
    looks = {d: _Look(d, text, memory) for d in devices}
    verdicts = []
    for rule in rules:
        concerned = [d for d in devices if about[rule.id](d)]
        breaches, unread = [], []
        for device in concerned:
            if not looks[device].is_read:
                unread.append(device)
            elif breach := looks[device].breach(rule):
                breaches.append(breach)
        kept = len(concerned) - len(breaches) - len(unread)
        verdicts.append(Verdict(rule=rule, kept=kept, breaches=tuple(breaches), unread=tuple(unread)))
    return verdicts


class _Look:
    """One device under all rules; its configuration is read once, and only where it must be searched."""

    def __init__(self, device: str, text: Callable[[str], str | None], memory: Memory | None) -> None:
        self._device, self._text = device, text
        self._lines: list[str] | None = None
        self._is_asked = False
        mark = memory.mark(device) if memory else None
        kept = memory.found.get(device) if memory and mark is not None else None
        self._known: dict[Rule, Breach | None] = {}
        if kept is not None and kept[0] == mark and len(kept[1]) < _REMEMBERED:
            self._known = kept[1]
        elif memory and mark is not None:
            memory.found[device] = (mark, self._known)

    @property
    def is_read(self) -> bool:
        return bool(self._known) or self._asked() is not None

    def breach(self, rule: Rule) -> Breach | None:
        if rule not in self._known:
            self._known[rule] = _breach(rule, self._device, self._asked() or [])
        return self._known[rule]

    def _asked(self) -> list[str] | None:
        if not self._is_asked:
            told = self._text(self._device)
            self._lines, self._is_asked = None if told is None else told.splitlines(), True
        return self._lines


def _breach(rule: Rule, device: str, lines: Sequence[str]) -> Breach | None:
    absent = tuple(p.pattern for p in rule.must_contain if not any(p.search(line) for line in lines))
    found = [
        (number, line.strip())
        for number, line in enumerate(lines, start=1)
        if any(pattern.search(line) for pattern in rule.must_not_contain)
    ]
    if not absent and not found:
        return None
    return Breach(rule=rule.id, device=device, absent=absent, lines=tuple(found[:_SHOWN]))


def load(text: str, path: str, where: Callable[[str], About]) -> tuple[list[Rule], dict[str, About]]:
    """Read a rules file.

    Args:
        text: YAML, `rules:` with a list of entries.
        path: as complaints name it.
        where: an expression's meaning; raises ValueError with one sentence.

    Returns:
        The rules in their order, and for each rule's id whom it is about.

    Raises:
        InventoryError: every complaint at once, with line and key.
    """
    tree, complaints = parse(text, path)

    def complain(line: int, key: str, message: str) -> None:
        complaints.append(Complaint(path=path, line=line, key=key, message=message))

    rules: list[Rule] = []
    about: dict[str, About] = {}
    listed = tree.nodes.get("rules") if isinstance(tree, Entries) else None
    if not complaints and not isinstance(listed, Items):
        complain(1, "rules", "a list of rules was expected")
    for entry in listed.items if isinstance(listed, Items) else ():
        if not isinstance(entry, Entries):
            complain(entry.line, "rules", "each rule is a mapping with `id` and what it must or must not contain")
            continue
        before = len(complaints)
        rule = _rule(entry, complain)
        if rule.id in about:
            complain(entry.lines["id"], "id", f"{rule.id!r} stands twice")
        try:
            about[rule.id] = where(rule.where) if rule.where else lambda _: True
        except ValueError as error:
            complain(entry.lines["where"], "where", str(error))
        if len(complaints) == before:
            rules.append(rule)
    if complaints:
        raise InventoryError(sorted(complaints))
    return rules, about


def _rule(entry: Entries, complain: Callable[[int, str, str], None]) -> Rule:
    for key in entry.nodes:
        if key not in _KEYS:
            complain(entry.lines[key], key, f"is no key of a rule; there are {', '.join(_KEYS)}")
    rule = Rule(
        id=_word(entry, "id", complain, needed=True),
        title=_word(entry, "title", complain),
        where=_word(entry, "where", complain),
        must_contain=_patterns(entry, "must_contain", complain),
        must_not_contain=_patterns(entry, "must_not_contain", complain),
        why=_word(entry, "why", complain),
    )
    if not {"must_contain", "must_not_contain"} & set(entry.nodes):
        complain(entry.line, rule.id, "needs `must_contain` or `must_not_contain`")
    return rule


def _word(entry: Entries, key: str, complain: Callable[[int, str, str], None], *, needed: bool = False) -> str:
    node = entry.nodes.get(key)
    if isinstance(node, Word) and (node.text.strip() or not needed):
        return node.text.strip()
    if node is not None or needed:
        complain(entry.lines.get(key, entry.line), key, "text was expected")
    return ""


def _patterns(entry: Entries, key: str, complain: Callable[[int, str, str], None]) -> tuple[re.Pattern[str], ...]:
    node = entry.nodes.get(key)
    if node is None:
        return ()
    words: Sequence[Node] = node.items if isinstance(node, Items) else (node,)
    found = []
    for word in words:
        if not isinstance(word, Word) or not word.text:
            complain(word.line, key, "a regular expression, or a list of them, was expected")
            continue
        try:
            found.append(re.compile(word.text))
        except re.error as error:
            complain(word.line, key, f"{word.text!r} is no regular expression: {error}")
    return tuple(found)
