"""The door to Jinja2: templates that say everything they need, and can neither read files nor slip in a word.

What an expression prints into a line must be one plain word, or have gone through `quote`: a site called
`x" disabled=yes` then is a name, not a command. What the inventory does not tell is undefined, and an undefined name
is an error, never nothing. A secret prints as its mark, alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from typing import Any, Final

from jinja2 import FunctionLoader, StrictUndefined, TemplateError, TemplateSyntaxError, Undefined, nodes
from jinja2.meta import find_referenced_templates, find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from controller.changes.errors import RenderError
from devices.configuring.secrets import references

#: What needs no quotes in any language we speak.
_PLAIN: Final = re.compile(r"[A-Za-z0-9._:/@+-]*")
_BRACKETS: Final = ("⟦", "⟧")


class Quoted(str):
    """A text that may stand in a line as it is: quoted by the dialect, a secret's mark, or vouched for."""

    __slots__ = ()


class Engine:
    """The templates of one change, for one dialect."""

    def __init__(self, texts: Mapping[str, str], quote: Callable[[str], str] = str) -> None:
        """Prepare.

        Args:
            texts: every template by name; names in errors are these.
            quote: the dialect's; raises ValueError for what it cannot say.
        """
        self._lines = _environment(texts, _in_line)
        self._lines.filters |= {
            "quote": partial(_quoted, quote),
            "words": partial(_words, quote),
            "verbatim": _verbatim,
        }
        self._values = _environment({}, _in_value)

    def lines(self, name: str, values: Mapping[str, Any]) -> list[str]:
        """What a template writes: lines without empty ones, without space at their ends.

        Raises:
            RenderError: with template and line where they are known.
        """
        text = _guarded(lambda: self._lines.get_template(name).render(values), name)
        lines = [line.rstrip() for line in text.split("\n") if line.strip()]
        for line in lines:
            if not line.replace("\t", " ").isprintable():
                raise RenderError(f"{name}: writes a character that is not printable: {line[:60]!r}")
        return lines

    def value(self, text: str, values: Mapping[str, Any], said: str) -> str:
        """A text with its `{{ ... }}` filled in; for values, which are checked by type and quoted later."""
        if "{" not in text:
            return text
        return _guarded(lambda: self._values.from_string(text).render(values), said)


class Reading:
    """What a template says it needs, found without running it."""

    def __init__(self, source: str, name: str) -> None:
        """Parse and compile it.

        Raises:
            SyntaxFault: it is no template.
        """
        environment = _reading_environment()
        try:
            self._tree = environment.parse(source, name)
            environment.compile(source, name)
        except TemplateSyntaxError as wrong:
            raise SyntaxFault(wrong.message or "not a template", wrong.lineno) from None
        self.includes = tuple(find_referenced_templates(self._tree))  # None: a name that is only known at run time
        self.assigned = frozenset(n.name for n in self._tree.find_all(nodes.Name) if n.ctx != "load") | frozenset(
            n.name for n in self._tree.find_all(nodes.Macro)
        )

    def names(self) -> dict[str, int]:
        """Names it takes from outside, with the first line of each."""
        wanted = find_undeclared_variables(self._tree)
        found: dict[str, int] = {}
        for node in self._tree.find_all(nodes.Name):
            if node.name in wanted and node.ctx == "load":
                found.setdefault(node.name, node.lineno)
        return found

    def attributes(self, owners: Iterable[str]) -> list[tuple[str, str, int]]:
        """`owner.attribute` and `owner["attribute"]` with their lines, for these owners."""
        known = frozenset(owners)
        found: list[tuple[str, str, int]] = []
        for dot in self._tree.find_all(nodes.Getattr):
            if isinstance(dot.node, nodes.Name) and dot.node.name in known:
                found.append((dot.node.name, dot.attr, dot.lineno))
        for item in self._tree.find_all(nodes.Getitem):
            if isinstance(item.node, nodes.Name) and item.node.name in known and isinstance(item.arg, nodes.Const):
                found.append((item.node.name, str(item.arg.value), item.lineno))
        return found


class SyntaxFault(ValueError):
    """A template does not parse."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def sole_name(text: str) -> str | None:
    """The name in a text that is `{{ name }}` and nothing else: its value is taken as it is, not as text."""
    found = re.fullmatch(r"\s*\{\{\s*([A-Za-z_]\w*)\s*\}\}\s*", text)
    return found[1] if found else None


def _environment(texts: Mapping[str, str], finalize: Callable[[Any], str]) -> ImmutableSandboxedEnvironment:
    def load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        source = texts.get(name)
        return None if source is None else (source, name, lambda: True)

    environment = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(load),
        undefined=_Untold,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # this is not HTML; `_in_line` lets nothing through that is not quoted
    )
    # Time and chance have no place in a frozen plan; nor has anything that makes text out of objects.
    for name in ("random", "pprint", "xmlattr", "urlize", "tojson"):
        environment.filters.pop(name, None)
    for name in ("lipsum", "cycler", "joiner"):
        environment.globals.pop(name, None)
    return environment


@cache
def _reading_environment() -> ImmutableSandboxedEnvironment:
    environment = _environment({}, _in_line)
    environment.filters |= {"quote": str, "words": str, "verbatim": str}
    return environment


class _Untold(StrictUndefined):
    """What the inventory does not tell (names that nobody defines are found when the change is read)."""

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:  # the sandbox's refusal
            return self._undefined_hint
        return f"nothing is told of {self._undefined_name!r} here: test it with `is defined`, or write `| default(...)`"


class _Unfit(ValueError):
    """A value that must not be printed."""


def _plain(value: object) -> str:
    """The text of a scalar."""
    if isinstance(value, Undefined):
        return str(value)  # raises, naming what is undefined
    if value is None:
        raise _Unfit("none has no text")
    if isinstance(value, bool):
        raise _Unfit("yes or no has no text of its own: write {{ 'yes' if ... else 'no' }}")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _Unfit("not a finite number")
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, str):
        return value
    raise _Unfit(f"a {type(value).__name__} has no text: join its items with `| words`")


def _in_line(value: object) -> str:
    text = _plain(value)
    if isinstance(value, Quoted):
        return text
    _no_mark(text)
    if not _PLAIN.fullmatch(text):
        raise _Unfit(f"{text!r} is more than a plain word: write `| quote`")
    return text


def _in_value(value: object) -> str:
    text = _plain(value)
    if isinstance(value, Quoted) and references([text]):
        raise _Unfit("a secret must stand alone: {{ name }} and nothing else")
    _no_mark(text)
    return text


def _quoted(quote: Callable[[str], str], value: object) -> Quoted:
    if isinstance(value, Quoted):
        return value
    text = _plain(value)
    _no_mark(text)
    try:
        return Quoted(quote(text))
    except ValueError as wrong:
        raise _Unfit(f"{text!r} cannot be said in this device's language: {wrong}") from None


def _words(quote: Callable[[str], str], values: Iterable[object], separator: str = " ") -> Quoted:
    """The items of a list, each plain or quoted, with a separator."""
    if isinstance(values, str):
        raise _Unfit("`words` is for a list")
    _no_mark(separator)
    return Quoted(separator.join(t if _PLAIN.fullmatch(t := _plain(v)) else _quoted(quote, v) for v in values))


def _verbatim(value: object) -> Quoted:
    """A text as it is: who writes the template vouches for it."""
    text = _plain(value)
    if not isinstance(value, Quoted):
        _no_mark(text)
    if "\n" in text or "\r" in text:
        raise _Unfit("a value must not begin a new line")
    return Quoted(text)


def _no_mark(text: str) -> None:
    if any(bracket in text for bracket in _BRACKETS):
        raise _Unfit("a secret stands alone, and nothing else may hold the brackets of one")


def _guarded(act: Callable[[], str], name: str) -> str:
    """Run a template; whatever it raises becomes one sentence with the template's line."""
    try:
        return act()
    except (TemplateError, _Unfit, TypeError, ValueError, ArithmeticError, LookupError, OverflowError) as wrong:
        message = getattr(wrong, "message", None) or str(wrong) or type(wrong).__name__
        raise RenderError(f"{_place(wrong, name)}: {message}") from None


def _place(wrong: BaseException, name: str) -> str:
    """Template and line of the innermost frame that is a template's (Jinja puts them into the traceback)."""
    found, trace = name, wrong.__traceback__
    while trace is not None:
        if "__jinja_template__" in trace.tb_frame.f_globals or trace.tb_frame.f_code.co_filename in (
            name,
            "<template>",
        ):
            file = trace.tb_frame.f_code.co_filename
            found = name if file == "<template>" else f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found
