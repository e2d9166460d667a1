"""Secrets in configurations made of lines: where a value that nobody may read stands, by the word before it.

One table for IOS, FRR, VRP and Ruijie: their words for secrets hardly differ, and a word too many hides a name, while a
word too few shows a password.
"""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "***"
#: A word after which a secret comes.
_WORDS: Final = (
    r"passwords?|passwd|passphrase|pass-phrase|secret|wpa-psk|set-key|psk-key|key-string|pre-shared-key|shared-key"
    r"|authentication-key(?! \d+ \S)|authentication-password|privacy-password|auth-pass|auth-password|priv-password"
    r"|domain-password|area-password|simple-password"
    r"|(?<!set )(?<!match )community|isakmp key|(?:radius|tacacs)-server key|key(?= [0-9] \S)"
    r"|md5|sha(?:-?\d+)?|aes(?= \d+ \S)|3des|des56"
    r"|cipher|irreversible-cipher|authentication (?:simple|string|text)"
)
#: What may stand between that word and the value: how it is written or what it is for.
_BETWEEN: Final = (
    r"(?:(?:0|5|6|7|8|9|128|192|256|encrypted|clear|ascii|hex|cipher|irreversible-cipher|simple|plain|read|write|ro|rw"
    r"|md5|sha(?:-?\d+)?|aes(?:-?\d+)?|des56|3des|localized|ciphertext)\s+)*"
)
_SECRET: Final = re.compile(rf"(?<![-\w])((?:{_WORDS})(?![-\w])\s+{_BETWEEN})(\"[^\"\n]*\"|[^\s]+)", re.I)
#: `snmp-server host ADDRESS [traps] [version 2c] COMMUNITY`: the community stands without a word before it.
_TRAP_HOST: Final = re.compile(
    r"^(\s*snmp-server host \S+ (?:(?:traps|informs) )?(?:version (?:1|2c|3 (?:auth|noauth|priv)) )?)"
    r"(?!version|traps|informs)(\S+)",
    re.M,
)
#: Words that may follow one of the above and are none of its values.
_NO_VALUE: Final = re.compile(
    r"encryption|chain|recovery|policy|complexity|minimum|min-length|length|expire|history|alert|enable|disable"
    r"|control|change|string",
    re.I,
)


def masked(text: str) -> str:
    """The text with every secret value hidden; lines and words stay where they are."""
    return _TRAP_HOST.sub(lambda m: m[1] + HIDDEN, _SECRET.sub(_hidden, text))


def kinds_dropped(text: str) -> str:
    """A masked text without how its secrets are written: `secret 9 ***` and `secret ***` are the same."""
    return re.sub(rf"\s+{_BETWEEN}{re.escape(HIDDEN)}", f" {HIDDEN}", text, flags=re.I)


def _hidden(found: re.Match[str]) -> str:
    return found[0] if _NO_VALUE.fullmatch(found[2]) else found[1] + HIDDEN
