"""What a RouterOS console does with a script: commands on menus, selections, and the few words of scripting in use."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Final

from simulator.shells.routeros_menus import MENUS
from simulator.shells.routeros_tree import Item, select
from simulator.shells.routeros_words import Argument, Statement, Value, Wrong, seconds, split, statement, time_text

if TYPE_CHECKING:
    from simulator.shells.routeros import RouterosRouter

#: A running script yields the device's seconds that it waits.
Running = Generator[float, None, None]
Result = str | list[Item]
_VERBS: Final = (
    "add",
    "set",
    "remove",
    "find",
    "print",
    "export",
    "get",
    "enable",
    "disable",
    "unset",
    "comment",
    "move",
)
_COMPARED: Final = re.compile(r"\s(<=|>=|!=|=|<|>|&&|\|\||and|or|\.|\+|-)\s")


class Console:
    """One run of a script for somebody: a terminal, or the scheduler where `ask` is None."""

    def __init__(
        self,
        router: RouterosRouter,
        *,
        menu: str = "",
        ask: Callable[[str, Callable[[str], str]], str] | None = None,
    ) -> None:
        """Begin in a menu."""
        self.router, self.menu, self.ask = router, menu, ask
        self.out: list[str] = []
        self.counted = 0  # actions that went into the history

    def run(self, script: str) -> Running:
        """Carry statements out, one after another.

        Raises:
            Wrong: one was refused; those before it stay done.
        """
        for text in split(script):
            yield from self._statement(statement(text))

    def say(self, text: str) -> None:
        """Print a line."""
        self.out.append(text)

    # statements

    def _statement(self, parsed: Statement) -> Running:
        if parsed.text.startswith(":"):
            yield from self._word(parsed)
            return
        if parsed.text in ("/", ".."):
            self.menu = "" if parsed.text == "/" else self.menu.rpartition(" ")[0]
            return
        path, verb = self._parted(parsed)
        if verb is None:
            self.menu = path
            return
        if (special := _SPECIAL.get(f"{path} {verb}".strip())) is not None:
            special(self, parsed)
            return
        if path == "system script" and verb == "run":
            for item in self._chosen(path, parsed.arguments):
                yield from self.run(item.get("source", ""))
            return
        self._on_menu(path, verb, parsed)

    def _parted(self, parsed: Statement) -> tuple[str, str | None]:
        """Menu and verb of a statement; (menu, None) where it only enters one."""
        here = [] if parsed.is_absolute else self.menu.split()
        words = [*here, *parsed.words]
        for length in range(len(words), -1, -1):
            path = " ".join(words[:length])
            rest = words[length:]
            if path not in MENUS and not any(m.startswith(f"{path} ") for m in MENUS) and path not in ("", *_PLACES):
                continue
            if not rest:
                if not parsed.arguments:
                    return path, None
                break
            verb = rest[0]
            if (verb in _VERBS and path in MENUS) or f"{path} {verb}".strip() in _SPECIAL or verb == "run":
                bare = [Argument(name="", operator="", value=Value(kind="text", text=w)) for w in rest[1:]]
                parsed.arguments[:0] = bare
                return path, verb
            if verb == "export" or (verb in ("print", "get") and path in _PLACES):
                parsed.arguments[:0] = [
                    Argument(name="", operator="", value=Value(kind="text", text=w)) for w in rest[1:]
                ]
                return path, verb
            break
        bad = next((w for i, w in enumerate(words) if not self._is_place(words[: i + 1])), words[-1] if words else "")
        raise Wrong(f"bad command name {bad} (line 1 column {parsed.text.find(bad) + 1})")

    @staticmethod
    def _is_place(words: list[str]) -> bool:
        path = " ".join(words)
        return path in _PLACES or any(m == path or m.startswith(f"{path} ") for m in MENUS)

    def _on_menu(self, path: str, verb: str, parsed: Statement) -> None:
        tree = self.router.tree
        if verb == "export":
            self._export(path, parsed)
        elif path not in MENUS:
            self._place(path, verb)
        elif verb == "print":
            self._print(path, parsed)
        elif verb == "add" and not MENUS[path].is_settings:
            given = self._given(parsed.arguments)
            before = given.pop("place-before", None)
            at = None if before is None else self._index(path, before, parsed)
            self._free_space(path)
            tree.add(path, given, before=at)
            self._count(path, 1)
        elif verb == "set" and MENUS[path].is_settings:
            given = self._given(parsed.arguments)
            tree._check(path, given, among=None)
            tree.settings[path].update(given)
            self._count(path, 1)
        elif verb in ("set", "enable", "disable", "unset"):
            chosen = self._chosen(path, parsed.arguments)
            given = self._given([a for a in parsed.arguments if a.name and a.name != "numbers"])
            if verb != "set":
                given = {"disabled": "yes" if verb == "disable" else "no"} if verb != "unset" else {}
            tree.set(path, chosen, given)
            self._count(path, len(chosen))
        elif verb == "remove" and not MENUS[path].is_settings:
            chosen = self._chosen(path, parsed.arguments)
            tree.remove(path, chosen)
            self._count(path, len(chosen))
        else:
            raise Wrong(f"bad command name {verb} (line 1 column 1)")
        self.router.changed(path)

    def _count(self, path: str, actions: int) -> None:
        if path != "file":
            self.counted += actions

    def _free_space(self, path: str) -> None:
        if self.router.faults.disk_full and path in ("file", "system script"):
            raise Wrong("failure: no space left on device")

    def _index(self, path: str, place: str, parsed: Statement) -> int:
        if place.isdecimal():
            return int(place)
        argument = next(a for a in parsed.arguments if a.name == "place-before")
        chosen = self.value(argument.value)
        if isinstance(chosen, list) and chosen:
            return next(i for i, x in enumerate(self.router.tree.items[path]) if x is chosen[0])
        raise Wrong("no such item")

    def _given(self, arguments: list[Argument]) -> Item:
        given: Item = {}
        for argument in arguments:
            if not argument.name or argument.operator != "=":
                raise Wrong("expected end of command (line 1 column 1)")
            value = self.value(argument.value)
            given[argument.name] = value if isinstance(value, str) else "..."
        return given

    def _chosen(self, path: str, arguments: list[Argument]) -> list[Item]:
        """The items that `[find ...]`, numbers or names mean."""
        items = self.router.tree.items.get(path, [])
        wanted = next((a for a in arguments if a.name in ("", "numbers")), None)
        if wanted is None:
            raise Wrong("failure: missing value(s) of argument(s) numbers")
        value = self.value(wanted.value, menu=path)
        if isinstance(value, list):
            return value
        found: list[Item] = []
        for word in value.split(","):
            item = next((i for i in items if i.get("name") == word), None)
            if item is None and word.isdecimal() and int(word) < len(items):
                item = items[int(word)]
            if item is None:
                raise Wrong("no such item")
            found.append(item)
        return found

    # values

    def value(self, value: Value, *, menu: str | None = None) -> Result:
        """What a value means."""
        if value.kind == "command":
            return self._command(value.text, menu)
        if value.kind == "expression":
            return self._expression(value.text)
        return value.text

    def _command(self, text: str, menu: str | None) -> Result:
        parsed = statement(text)
        if parsed.text.startswith(":len"):
            inner = self.value(parsed.arguments[0].value)
            return str(len(inner))
        was, self.menu = self.menu, self.menu if menu is None or parsed.is_absolute else menu
        try:
            path, verb = self._parted(parsed)
        finally:
            self.menu = was
        if verb == "find":
            tests = [(a.name, a.operator, str(self.value(a.value))) for a in parsed.arguments if a.name]
            if unknown := [n for n, _, _ in tests if n not in MENUS[path].properties and n not in _FLAGS]:
                raise Wrong(f"expected end of command (line 1 column {text.find(unknown[0]) + 1})")
            return select(self.router.tree.items[path], tests)
        if verb == "get":
            return self._get(path, parsed)
        raise Wrong(f"bad command name {verb} (line 1 column 1)")

    def _get(self, path: str, parsed: Statement) -> str:
        words = [a.value for a in parsed.arguments]
        if path == "system resource":
            return self.router.resource()[words[0].text]
        if MENUS[path].is_settings:
            return self.router.tree.settings[path].get(words[0].text, "")
        chosen = self._chosen(path, parsed.arguments[:1])
        if not chosen:
            raise Wrong("no such item")
        return chosen[0].get(words[1].text, "")

    def _expression(self, text: str) -> str:
        parts = _operators(text)
        if len(parts) == 1:
            value = self.value(statement(f"x={parts[0]}").arguments[0].value)
            return value if isinstance(value, str) else str(len(value))
        left, operator, right = parts[0], parts[1], " ".join(parts[2:])
        a, b = self._expression(left), self._expression(right)
        if operator == ".":
            return a + b
        if operator in ("&&", "and"):
            return _truth(a == b == "true")
        if operator in ("||", "or"):
            return _truth("true" in (a, b))
        x, y = seconds(a), seconds(b)
        if operator in ("+", "-"):
            total = (x or 0) + (y or 0) * (1 if operator == "+" else -1)
            return str(int(total)) if a.isdecimal() else time_text(total)
        first, second = (x, y) if x is not None and y is not None else (a, b)
        return _truth(
            {"=": first == second, "!=": first != second}.get(operator)
            if operator in ("=", "!=")
            else {"<": first < second, ">": first > second, "<=": first <= second, ">=": first >= second}[operator]  # type: ignore[operator]
        )

    # words of scripting

    def _word(self, parsed: Statement) -> Running:
        word = parsed.words[0]
        rest = parsed.arguments
        bare = [a.value for a in rest if not a.name]
        named = {a.name: a.value for a in rest if a.name}
        if len(parsed.words) > 1:
            bare[:0] = [Value(kind="text", text=w) for w in parsed.words[1:]]
        if word == ":put":
            value = self.value(bare[0]) if bare else ""
            self.say(value if isinstance(value, str) else ";".join(f"*{i + 1:X}" for i in range(len(value))))
        elif word == ":delay":
            yield seconds(bare[0].text if bare else "1") or 0.0
        elif word == ":if":
            if self.value(bare[0]) == "true":
                yield from self.run(named["do"].text)
            elif "else" in named:
                yield from self.run(named["else"].text)
        elif word == ":do":
            try:
                yield from self.run(bare[0].text)
            except Wrong:
                yield from self.run(named["on-error"].text if "on-error" in named else "")
        elif word == ":execute":
            self.router.execute((named.get("script") or bare[0]).text)
        elif word == ":log":
            return
        elif word == ":error":
            raise Wrong(bare[0].text if bare else "")
        else:
            raise Wrong(f"bad command name {word.lstrip(':')} (line 1 column 2)")

    # showing

    def _export(self, path: str, parsed: Statement) -> None:
        words = {a.value.text for a in parsed.arguments if not a.name}
        if unknown := words - {"terse", "compact", "show-sensitive", "hide-sensitive", "verbose"}:
            raise Wrong(f"expected end of command (line 1 column {parsed.text.find(unknown.pop()) + 1})")
        self.out.extend(self.router.header())
        self.out.extend(
            self.router.tree.export(under=path, terse="terse" in words, sensitive="show-sensitive" in words)
        )

    def _print(self, path: str, parsed: Statement) -> None:
        menu = MENUS[path]
        words = {a.value.text for a in parsed.arguments if not a.name}
        if menu.is_settings:
            width = max((len(k) for k in menu.properties), default=0)
            shown = self.router.tree.settings[path]
            self.out.extend(f"{k:>{width + 2}}: {shown.get(k, '')}" for k in sorted(menu.properties - menu.unset))
            return
        where = [(a.name, a.operator, str(self.value(a.value))) for a in parsed.arguments if a.name]
        items = self.router.tree.items[path]
        found = select(items, where)
        if "count-only" in words:
            self.say(str(len(found)))
            return
        for number, item in enumerate(items):
            if any(item is f for f in found):
                flag = "X" if item.get("disabled") == "yes" else " "
                self.say(f" {number} {flag} " + self.line_of(path, item))

    @staticmethod
    def line_of(path: str, item: Item) -> str:
        """An item as `print terse` shows it, without what may not be read."""
        hidden = MENUS[path].hidden | {"default-name", "default", "default-of", "contents", "disabled"}
        return " ".join(f"{k}={v}" for k, v in sorted(item.items()) if k not in hidden)

    def _place(self, path: str, verb: str) -> None:
        if path == "system resource" and verb == "print":
            self.out.extend(f"{k:>26}: {v}" for k, v in self.router.resource().items())
        elif path in ("system routerboard", "system package") and verb == "print":
            self.say("       routerboard: yes")
        else:
            raise Wrong(f"bad command name {verb} (line 1 column 1)")


def _operators(text: str) -> list[str]:
    """An expression at its first operator outside of quotes and brackets."""
    depth, inside, i = 0, False, 0
    while i < len(text):
        c = text[i]
        if c == '"' and text[i - 1 : i] != "\\":
            inside = not inside
        elif not inside:
            depth += c in "[({"
            depth -= c in "])}"
            found = _COMPARED.match(text, i) if not depth else None
            if found:
                return [text[:i].strip(), found[1], text[found.end() :].strip()]
        i += 1
    return [text.strip()]


def _truth(value: bool | None) -> str:
    return "true" if value else "false"


def _argument(parsed: Statement, name: str) -> str | None:
    return next((a.value.text for a in parsed.arguments if a.name == name), None)


def _backup_save(console: Console, parsed: Statement) -> None:
    router = console.router
    if router.faults.disk_full:
        raise Wrong("failure: not enough space on device")
    name = _argument(parsed, "name") or f"{router.tree.settings['system identity']['name']}-backup"
    router.keep(name)
    console.say("Saving system configuration")
    console.say("Configuration backup saved")


def _backup_load(console: Console, parsed: Statement) -> None:
    router, name = console.router, _argument(parsed, "name") or ""
    if _argument(parsed, "password") is None and console.ask is None:
        raise Wrong("failure: missing value(s) of argument(s) password")

    def load(answer: str) -> str:
        if answer.strip().lower() not in ("y", "yes"):
            return ""
        if not router.load(name):
            return "failure: no such file\n"
        return "Restoring system configuration\nSystem configuration restored, rebooting now\n"

    if console.ask is None:
        load("y")
    else:
        console.ask("Restore and reboot? [y/N]:", load)


def _reboot(console: Console, _: Statement) -> None:
    def reboot(answer: str) -> str:
        if answer.strip().lower() in ("y", "yes"):
            console.router.restart()
        return ""

    if console.ask is None:
        reboot("y")
    else:
        console.ask("Reboot, yes? [y/N]:", reboot)


def _quit(console: Console, _: Statement) -> None:
    console.router.quitting = True


_PLACES: Final = ("system resource", "system backup", "system routerboard", "system package", "system script job")
_FLAGS: Final = ("dynamic", "invalid", "default", "default-name")
_SPECIAL: Final[dict[str, Callable[[Console, Statement], None]]] = {
    "system backup save": _backup_save,
    "system backup load": _backup_load,
    "system reboot": _reboot,
    "quit": _quit,
}


def at_once(running: Iterator[float]) -> float:
    """Run to the end without waiting; the seconds that would have been waited."""
    return sum(running)
