"""The keys of a change file and how each is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from controller.changes.model import Type
from devices.configuring.intents import Encryption, UserGroup
from devices.inventory import words
from devices.inventory.layers import Field
from devices.inventory.words import Unfit

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
#: Names that templates have already.
TAKEN: Final = frozenset(
    {"device", "site", "area", "loop", "self", "range", "dict", "namespace", "true", "false", "none"}
)


def _must(read: Callable[[str], Any], *, many: bool = False) -> Field:
    return Field(read=read, many=many, clearable=False)


def _raw() -> Field:
    return Field(clearable=False)


def _prose(found: str) -> str:
    """Some sentences; line ends are spaces."""
    return words.text(" ".join(found.split()))


def variable_name(found: str) -> str:
    """A name for templates."""
    if not _NAME.fullmatch(found) or found in TAKEN:
        raise Unfit(
            "a name of a-z, 0-9 and _, at most 40, beginning with a letter, not one that templates have already"
        )
    return found


def _share(found: str) -> float:
    """A share of a whole: 0.05 or 5%."""
    value = words.number(found[:-1].strip()) / 100 if found.endswith("%") else words.number(found)
    if not 0 <= value <= 1:
        raise Unfit("a share from 0 to 1, or a percentage")
    return value


def _seconds(least: float, most: float) -> Callable[[str], float]:
    return _between(least, most, "seconds")


def _between(least: float, most: float, unit: str) -> Callable[[str], float]:
    def read(found: str) -> float:
        value = words.number(found)
        if not least <= value <= most:
            raise Unfit(f"{unit} from {least:g} to {most:g}")
        return value

    return read


def _window(found: str) -> str | None:
    """When devices may be changed; None: always."""
    from controller.rollout.window import parse  # here, since the rollout's own package may import this one

    text = found.lower().strip()
    if text == "always":
        return None
    try:
        parse(text)
    except ValueError as wrong:
        raise Unfit(f"times like `mon-fri 22:00-24:00; sat 01:00-05:00`, or always ({wrong})") from None
    return text


TOLERANCE: Mapping[str, Field] = {
    "reachable": _must(_share),
    "clients": _must(_share),
    "throughput": _must(_share),
    "errors_per_h": _must(_between(0, 1e9, "errors")),
    "least_clients": _must(words.whole(0, 1_000_000)),
    "least_bps": _must(_between(0, 1e12, "bit/s")),
}
OPTIONS: Mapping[str, Field] = {
    "waves": _must(_share, many=True),
    "batch": _must(words.whole(1, 500)),
    "budget": _must(_share),
    "canary_budget": _must(words.whole(1, 100)),
    "settle_s": _must(_seconds(0, 86_400)),
    "tolerance": Field(fields=TOLERANCE, clearable=False),
    "window": _must(_window),
    "retry_s": _must(_seconds(10, 86_400)),
    "valid_h": _must(_between(0.1, 24 * 90, "hours")),
    "session_s": _must(_seconds(10, 3_600)),
    "allow_unguarded": _must(words.truth),
}
ROOT: Mapping[str, Field] = {
    "name": _must(words.identifier),
    "title": _must(_prose),
    "reason": _must(_prose),
    "where": _must(_prose),
    "variables": _raw(),
    "intent": _raw(),
    "templates": _raw(),
    "verify": _raw(),
    "options": Field(fields=OPTIONS, clearable=False),
}
VARIABLE: Mapping[str, Field] = {
    "type": _must(words.one_of(Type)),
    "of": _must(words.choice(*(t.value for t in Type if t not in (Type.LIST, Type.CHOICE, Type.SECRET)))),
    "choices": _must(words.text, many=True),
    "least": _must(words.number),
    "most": _must(words.number),
    "value": _raw(),
    "cases": _raw(),
    "title": _must(_prose),
}
CASE: Mapping[str, Field] = {"where": _must(_prose), "value": _raw()}
VERIFY: Mapping[str, Field] = {name: _must(words.text, many=True) for name in ("present", "absent", "matches")}

#: Fields of intents that hold a secret, a whole number, a list, or one of a few words; every other is one text.
SECRET_FIELDS: Final = frozenset({"passphrase", "community", "auth_password", "priv_password", "password"})
WHOLE_FIELDS: Final = frozenset({"down_kbps", "up_kbps"})
LIST_FIELDS: Final = frozenset({"servers"})
WORD_FIELDS: Final[Mapping[str, type[Encryption | UserGroup]]] = {"encryption": Encryption, "group": UserGroup}
#: Said of keys that people write in the wrong place.
HINTS: Mapping[str, str] = {
    "password": "secrets are not written here: make a variable of type secret with a reference (env:NAME, file:PATH)",
    "template": "unknown key 'template': write `templates:` with a file for each platform",
    "intents": "unknown key 'intents': did you mean 'intent'?",
    "targets": "unknown key 'targets': did you mean 'where'?",
}
