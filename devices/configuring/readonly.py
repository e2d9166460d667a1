"""Which commands only look. What is not known to look is taken to change something.

A list of what is allowed, by dialect, never a list of what is refused: a language has more ways to write than anybody
can name. A line with a second command in it, or an output that goes into a file, is never read-only.
"""

from __future__ import annotations

import re
from typing import Final

#: What could start a second command or write a file in a shell; `|` only before a filter, see below.
_SHELL_MARKS: Final = re.compile(r"[;&<>`$\\\n\r(){}]")
_SHELL_FILTER: Final = re.compile(r"\s*(?:grep|head|tail|wc|sort|uniq|cut)(?:\s+[\w\s.,:/=*'\"^-]+)?\s*")
_SHELL: Final = re.compile(
    r"(?:cat|head|tail|ls|df|free|uptime|uname|date|id|ps|dmesg|logread|wc|grep|lsmod|mount|iwinfo)(?:\s.*)?"
    r"|ip\s+(?:-\S+\s+)*(?:addr|address|a|link|l|route|r|neigh|n|rule)(?:\s+(?:show|list|ls|get)(?:\s.*)?)?"
    r"|iw\s+dev(?:\s+\S+\s+(?:info|link|station\s+dump|scan\s+dump))?"
    r"|uci\s+(?:-q\s+)?(?:show|get|export|changes)(?:\s.*)?"
    r"|ubus\s+(?:list(?:\s.*)?|call\s+(?:system|network\.\S+|hostapd\.\S+)\s+(?:board|info|status|dump|get_clients))"
    r"|ping\s+-c\s*\d{1,2}\s+\S+|opkg\s+list-installed|netstat(?:\s.*)?|ss(?:\s.*)?"
)
#: Arguments that make one of the above write: `date -s`, `dmesg -C`, `sort -o`, `mount -o remount`.
_SHELL_WRITES: Final = re.compile(
    r"^date\s+(?!\+)\S|^dmesg\s+.*-\w*[cCDEn]|^mount\s+\S|^(?:ss)\s+.*(?:-K|--kill)|^logread\s+.*-[fFS]"
)
_FILTER_WRITES: Final = re.compile(r"\bsort\b.*\s-\w*o|\bsort\b.*--output|\buniq\s+(?:-\S+\s+)*\S+\s+\S")

#: What may stand in arguments where no shell reads them.
_PLAIN: Final = r"(?:\s[\w\s.:/,+*#@=\"-]*)?"
_NEVER: Final = re.compile(r"[;&<>`\r\n]")
_CISCO: Final = re.compile(r"(?:show|sh|dir|ping|traceroute|who)" + _PLAIN)
_CISCO_PIPE: Final = re.compile(r"\s*(?:include|inc|i|exclude|exc|e|begin|beg|b|section|sec|count)\s+[^|]*")
_ROUTEROS: Final = re.compile(
    r"(?:/?[a-z0-9 /-]*?[\s/])?(?:print|export|find)(?:\s+[^\[\]{}|$]*)?"
    r"|/?(?:tool\s+)?ping\s+[^\[\]{}|$]*\bcount=\d{1,2}\b[^\[\]{}|$]*"
    r"|/?[a-z0-9 /-]*[\s/]monitor\s+[^\[\]{}|$]*\bonce\b[^\[\]{}|$]*"
)
#: Verbs of RouterOS that change, as words of their own: `/system reboot print` is no print.
_ROUTEROS_WRITES: Final = re.compile(
    r"(?:^|[\s/])(?:add|set|remove|unset|enable|disable|move|edit|reset|reset-\S+|reboot|shutdown|import|fetch|run"
    r"|upgrade|install|save|load|clear|flush|release|renew|make-static|comment)(?=$|\s)|\bfile=|\bdo="
)
_VRP: Final = re.compile(r"(?:display|dis|ping|tracert|dir)" + _PLAIN)
_VRP_PIPE: Final = re.compile(r"\s*(?:include|exclude|begin|count)\s+[^|]*")


def only_looks(dialect: str, command: str) -> bool:
    """True when a command is known to change nothing.

    Args:
        dialect: name of the language: ios, ruijie, frr, vrp, routeros, uci, linux.
        command: one line.
    """
    line = command.strip()
    if not line or _NEVER.search(line):
        return False
    match dialect:
        case "ios" | "ruijie":
            return _piped(line, _CISCO, _CISCO_PIPE)
        case "frr":
            return _piped(line, _CISCO, _CISCO_PIPE) and not _SHELL_MARKS.search(line)
        case "vrp":
            return _piped(line, _VRP, _VRP_PIPE)
        case "routeros":
            return bool(_ROUTEROS.fullmatch(line)) and not _ROUTEROS_WRITES.search(line)
        case "uci" | "linux":
            return _shell(line)
        case _:
            return False


def _piped(line: str, command: re.Pattern[str], filters: re.Pattern[str]) -> bool:
    first, *rest = line.split("|")
    return bool(command.fullmatch(first.strip())) and all(filters.fullmatch(part) for part in rest)


def _shell(line: str) -> bool:
    if _SHELL_MARKS.search(line):
        return False
    first, *rest = line.split("|")
    looks = bool(_SHELL.fullmatch(first.strip())) and not _SHELL_WRITES.search(first.strip())
    return looks and all(_SHELL_FILTER.fullmatch(part) and not _FILTER_WRITES.search(part) for part in rest)
