"""How the terminals of the platforms talk: their prompts, how one leaves them, how a file gets there. Text only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

#: What terminals use and people do not: Huawei's blank with "cursor left", CSI (bracketed paste among them), OSC,
#: carriage returns, backspaces and NUL.
_NOISE: Final = re.compile(r"(?: \x1b\[\d+D)|\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\r\x08\x00]")
#: The beginning of such a sequence at the end of what has come so far.
_BROKEN: Final = re.compile(r" ?\x1b(?:\[[0-9;?]*[ -/]*|\][^\x07\x1b]{0,200}\x1b?)?\Z")
#: Nothing of the same line stands before a prompt.
_AT_LINE_START: Final = r"(?<![^\n])"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """One family of terminals.

    `prompt`: regular expression of the prompt in any mode, `{base}` standing for the device's own name. `own_prompt`:
    the family is a shell whose prompt we set. `inside`: a prompt that tells that `outwards` must be sent before
    `farewell`. `settle_s`: how long nothing more may come before an answer counts as ended (screens that
    repaint and show the line twice). `files`: how `put` works, None where it does not.
    """

    prompt: str
    farewell: str = "exit"
    inside: str = r"(?!)"
    outwards: str = ""
    settle_s: float = 0.0
    own_prompt: bool = False
    files: str | None = None

    def prompt_of(self, base: str) -> re.Pattern[str]:
        """The prompt of a device that calls itself `base`."""
        return re.compile(_AT_LINE_START + self.prompt.replace("{base}", re.escape(base)) + r"[ \t]*\Z")


#: IOS and its likes cut the name in the prompts of configuration modes at 20 characters; netmiko's base holds 16.
CISCO: Final = Manner(prompt=r"{base}[^\s#>]*[#>]", inside=r"\(conf", outwards="end")
#: `<name>` in the user view, `[name-view]` in the others, `[~name]` and `[*name]` on VRP8; `HRP_M` before all on pairs.
HUAWEI: Final = Manner(
    prompt=r"(?:HRP_\w)?(?:<{base}[^\n>]*>|\[[~*]?{base}[^\n\]]*\])", farewell="quit", inside=r"\]", outwards="return"
)
#: RouterOS paints its line again after an answer, so that one prompt may be followed by another.
ROUTEROS: Final = Manner(prompt=r"\[[^\n\]]*\][^\n]*>", farewell="/quit", settle_s=0.05, files="sftp")
SHELL: Final = Manner(prompt="{base}", own_prompt=True, files="shell")


def manner_of(kind: str) -> Manner:
    """The family of netmiko's kinds of terminals."""
    if kind.startswith("huawei"):
        return HUAWEI
    if kind.startswith("mikrotik"):
        return ROUTEROS
    return SHELL if kind == "linux" else CISCO


def clean(raw: str) -> tuple[str, str]:
    """What has come, without noise, and its last characters where they may be the beginning of noise."""
    broken = _BROKEN.search(raw)
    cut = broken.start() if broken else len(raw)
    return _NOISE.sub("", raw[:cut]), raw[cut:]


def echo_end(text: str, line: str, start: int = 0) -> int | None:
    """Where the echo of a line ends in a text, blanks not counting (terminals wrap); None while it is not all there."""
    wanted = re.sub(r"\s", "", line)
    if not wanted:
        return text.find("\n", start) + 1 or None
    places = [at for at in range(start, len(text)) if not text[at].isspace()]
    found = "".join(text[at] for at in places).find(wanted)
    if found < 0:
        return None
    ended = text.find("\n", places[found + len(wanted) - 1])
    return None if ended < 0 else ended + 1


def repainted_end(text: str, line: str, start: int) -> int:
    """Where the last painting of a line ends that begins at `start`: RouterOS may show prompt and line again."""
    while text.startswith("[", start):
        end = text.find("\n", start) + 1
        if not end or echo_end(text[start:end], line) is None:
            break
        start = end
    return start
