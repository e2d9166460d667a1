"""Huawei VRP 5: user view and system view, undo, save with its question, schedule reboot delay."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from simulator.shells.router import Box, Handle, Router, Terminal
from simulator.shells.sections import Rule, Section, drop, first, parse, put

_TOP: Final = (
    Rule(pattern=r"interface \S+", opens=True),
    Rule(pattern=r"aaa$", opens=True),
    Rule(pattern=r"wlan$", opens=True),
    Rule(pattern=r"user-interface (vty|con) ", opens=True),
    Rule(pattern=r"acl (number |name )?\S+", opens=True),
    Rule(pattern=r"(vlan \d+|ip pool \S+|ospf \d+|traffic (behavior|classifier|policy) \S+)", opens=True),
    Rule(pattern=r"sysname \S+$", key=r"sysname"),
    Rule(pattern=r"clock timezone ", key=r"clock timezone"),
    Rule(pattern=r"header (login|shell) ", key=r"header \S+"),
    Rule(pattern=r"ntp-service unicast-server \S+", key=r"ntp-service unicast-server \S+"),
    Rule(pattern=r"ntp-service "),
    Rule(pattern=r"dns server \S+$"),
    Rule(pattern=r"dns (resolve|domain \S+)$"),
    Rule(pattern=r"snmp-agent community (read|write) ", key=r"snmp-agent community \S+( cipher)? \S+"),
    Rule(pattern=r"snmp-agent (sys-info) \S+ ", key=r"snmp-agent sys-info \S+"),
    Rule(pattern=r"snmp-agent( |$)"),
    Rule(pattern=r"ip route-static "),
    Rule(pattern=r"(vlan batch|dhcp|stelnet|ssh|info-center|undo|lldp|stp|telnet|http|nat|qos|firewall) ?"),
)
_UNDER: Final = (
    (
        r"interface ",
        (
            Rule(pattern=r"ip address \d+\.\d+\.\d+\.\d+ (\d+|\d+\.\d+\.\d+\.\d+)$", key=r"ip address"),
            Rule(pattern=r"description ", key=r"description"),
            Rule(pattern=r"shutdown$"),
            Rule(pattern=r"qos (car|lr) (inbound|outbound)", key=r"qos \S+ \S+"),
            Rule(pattern=r"(port|dhcp|mtu|stp|nat|traffic-policy|undo|ip|undo shutdown|speed|duplex) ?"),
        ),
    ),
    (
        r"aaa",
        (
            Rule(pattern=r"local-user \S+ password ", key=r"local-user \S+ password"),
            Rule(pattern=r"local-user \S+ (service-type|privilege level|level) ", key=r"local-user \S+ \S+"),
            Rule(pattern=r"(authentication|authorization|accounting)-scheme \S+|domain \S+"),
        ),
    ),
    (
        r"wlan",
        (
            Rule(pattern=r"(ssid|security|vap|traffic)-profile name \S+", opens=True),
            Rule(pattern=r"ap-group name \S+", opens=True),
        ),
    ),
    (r"ssid-profile", (Rule(pattern=r"ssid \S+", key=r"ssid"), Rule(pattern=r"max-sta-number ", key=r"\S+"))),
    (r"security-profile", (Rule(pattern=r"security (wpa2?|wpa-wpa2|open)", key=r"security"),)),
    (r"", (Rule(pattern=r"[a-z0-9]"),)),
)
_ORDER: Final = (
    r"sysname", r"header", r"vlan batch", r"clock", r"dns", r"dhcp", r"ip pool", r"acl", r"traffic", r"aaa", r"vlan",
    r"interface", r"ip route-static", r"snmp-agent", r"stelnet|ssh", r"user-interface", r"wlan", r"ntp-service",
)  # fmt: skip
_ADDRESS: Final = re.compile(r"ip address (\d+\.\d+\.\d+\.\d+) ")
_USER: Final = re.compile(r"local-user (\S+) password (?:irreversible-cipher|cipher|simple) (\S+)")
_UNKNOWN: Final = "Error: Unrecognized command found at '^' position.\n"


class VrpRouter(Router):
    """State of a VRP device."""

    def __init__(self, box: Box, *, later: Callable[[float, Callable[[], None]], Handle]) -> None:
        """Start with the box's configuration, saved."""
        super().__init__(box, later=later)
        self.tree = parse(box.config if box.config is not None else self.first_configuration(), comment="#")
        self.saved = self.tree.copy()
        self.reboot: Handle | None = None
        self.reboots_in = ""
        self.learn_accounts()

    def first_configuration(self) -> str:
        """A small configuration whose management address is the box's."""
        return (
            f"sysname {self.box.name}\ndns resolve\ndns server 8.8.8.8\naaa\n"
            f" local-user {self.box.username} password irreversible-cipher {self.box.password}\n"
            f" local-user {self.box.username} privilege level 15\n"
            f" local-user {self.box.username} service-type ssh\n"
            f"interface GigabitEthernet0/0/0\n description uplink\n ip address {self.box.host} 255.255.255.0\n"
            "interface GigabitEthernet0/0/1\n shutdown\nip route-static 0.0.0.0 0.0.0.0 127.0.0.1\n"
            "snmp-agent\nsnmp-agent community read cipher lamalama\nstelnet server enable\n"
            "user-interface vty 0 4\n authentication-mode aaa\n protocol inbound ssh\n"
            "ntp-service unicast-server 10.0.0.1\n"
        )

    @property
    def sysname(self) -> str:
        """The name in the prompt."""
        return next((c.line.split()[1] for c in self.tree.children if c.line.startswith("sysname ")), "Huawei")

    def terminal(self, number: int, username: str) -> Terminal:
        """A new session."""
        return VrpTerminal(self, number, username)

    def text_of(self, tree: Section) -> str:
        """A tree as `display current-configuration` prints it: top lines begin with a space, sections do not."""
        lines = ["#"]

        def rank(child: Section) -> int:
            return next((i for i, p in enumerate(_ORDER) if re.match(p, child.line)), len(_ORDER))

        before = -1
        for child in sorted(tree.children, key=rank):
            opens = bool((rule := first(_TOP, child.line)) and rule.opens)
            if (opens or rank(child) != before) and lines[-1] != "#":
                lines.append("#")
            before = rank(child)
            lines.append(child.line if opens else f" {child.line}")
            lines.extend(_below(child, 1))
        return "\n".join([*lines, "#", "return"]) + "\n"

    def running(self) -> str:
        """See Router."""
        with self.lock:
            return self.text_of(self.tree)

    def startup(self) -> str:
        """See Router."""
        with self.lock:
            return self.text_of(self.saved)

    def guard(self) -> str | None:
        """See Router."""
        return "reboot" if self.reboot else None

    def has_way(self) -> bool:
        """The management address stands on an interface that is not shut."""
        return any(
            section.line.startswith("interface ")
            and not section.find("shutdown")
            and any((m := _ADDRESS.match(c.line)) and m[1] == self.box.host for c in section.children)
            for section in self.tree.children
        )

    def start_again(self) -> None:
        """See Router."""
        self.tree = self.saved.copy()
        self.cancel_reboot()
        self.learn_accounts()

    def learn_accounts(self) -> None:
        """Who may sign in, by the running configuration."""
        aaa = self.tree.find("aaa")
        found = {m[1]: m[2] for c in (aaa.children if aaa else []) if (m := _USER.match(c.line))}
        self.accounts = found or {self.box.username: self.box.password}

    def arm_reboot(self, minutes: int) -> None:
        """`schedule reboot delay`."""
        self.cancel_reboot()
        self.reboots_in = f"{minutes // 60:02}:{minutes % 60:02}"
        self.reboot = self.after(minutes * 60, self.restart)

    def cancel_reboot(self) -> None:
        """`undo schedule reboot`."""
        if self.reboot is not None:
            self.reboot.cancel()
        self.reboot = None


class VrpTerminal(Terminal):
    """One session: `<name>`, `[name]`, `[name-view]`."""

    router: VrpRouter

    def __init__(self, router: VrpRouter, number: int, username: str) -> None:
        """Signed in to the user view."""
        super().__init__(router, number, username)
        self.router = router
        self.sections: list[Section] | None = None
        self._question = ""
        self._then: Callable[[str], str] | None = None

    def greeting(self) -> str:
        """What a VRP device says at login."""
        return "\nInfo: The max number of VTY users is 5, and the number of current VTY users on line is 1.\n"

    def prompt(self) -> str:
        """See Terminal."""
        if self._then is not None:
            return self._question
        name = self.router.sysname
        if self.sections is None:
            return f"<{name}>"
        view = "".join(f"-{_view(s.line)}" for s in self.sections[1:])
        return f"[{name}{view}]"

    def refusal(self, text: str) -> str:  # noqa: ARG002 - the marker stands under the first character
        """See Terminal."""
        return f"{' ' * len(self.prompt())}^\n{_UNKNOWN}"

    def key(self, character: str) -> str | None:
        """Ctrl-Z returns to the user view, Ctrl-C leaves a question."""
        if character == "\x1a":
            self.sections = None
            return ""
        if character == "\x03":
            self._then = None
            return ""
        return None

    def line(self, text: str) -> str:
        """See Terminal."""
        if self._then is not None:
            then, self._then = self._then, None
            return then(text.strip().lower())
        line = text.strip()
        if not line or line.startswith("#"):
            return ""
        if line.startswith("display ") or line.startswith("dis "):
            return self._display(line)
        return self._system(line) if self.sections is not None else self._user(line)

    def _ask(self, question: str, then: Callable[[str], str]) -> str:
        self._question, self._then = question, then
        return ""

    def _display(self, line: str) -> str:
        router = self.router
        words = line.split()[1:]
        if words[0].startswith("cur"):
            return _piped(router.running(), line)
        if words[0].startswith("saved"):
            return _piped(router.startup(), line)
        if words == ["schedule", "reboot"]:
            return (
                f"Info: System will reboot in {router.reboots_in}.\n"
                if router.reboot
                else "Info: Reboot schedule is not enabled.\n"
            )
        if words[0] == "version":
            return "Huawei Versatile Routing Platform Software\nVRP (R) software, Version 5.170 (AR651 V300R019C10)\n"
        return self.refusal(line)

    def _user(self, line: str) -> str:
        router = self.router
        if line in ("quit", "logout"):
            self.ended = True
            return ""
        if line in ("system-view", "sys", "system"):
            self.sections = [router.tree]
            return "Enter system view, return user view with Ctrl+Z.\n"
        if line.startswith("screen-length ") or line.startswith("screen-width "):
            return "Info: The configuration takes effect on the current user terminal interface only.\n"
        if line == "save":
            return self._ask(
                "Warning: The current configuration will be written to the device. Continue? [Y/N]:", self._saved
            )
        if line == "save force":
            return self._saved("y")
        if found := re.match(r"schedule reboot delay (?:(\d+):(\d+)|(\d+))$", line):
            minutes = int(found[3]) if found[3] else int(found[1]) * 60 + int(found[2])
            return self._ask(
                f"Warning: The system will reboot in {minutes} minutes. Continue? [Y/N]:",
                lambda answer: self._scheduled(answer, minutes),
            )
        if line == "undo schedule reboot":
            router.cancel_reboot()
            return "Info: Reboot schedule was canceled.\n"
        if line == "reboot":
            return self._ask("Warning: All the configuration will be saved. System will reboot! Continue? [Y/N]:",
                             self._rebooted)  # fmt: skip
        return self.refusal(line)

    def _saved(self, answer: str) -> str:
        if not answer.startswith("y"):
            return ""
        if self.router.faults.disk_full:
            return "Now saving the current configuration to the slot 0.\nError: The storage space is insufficient.\n"
        self.router.saved = self.router.tree.copy()
        return "Now saving the current configuration to the slot 0.\nInfo: Save the configuration successfully.\n"

    def _scheduled(self, answer: str, minutes: int) -> str:
        if answer.startswith("y"):
            self.router.arm_reboot(minutes)
            return f"Info: Reboot system in {minutes} minutes.\n"
        return ""

    def _rebooted(self, answer: str) -> str:
        if answer.startswith("y"):
            self.router.restart()
        return ""

    def _system(self, line: str) -> str:
        assert self.sections is not None  # noqa: S101 - the caller looked
        if line in ("return", "quit"):
            self.sections = self.sections[:-1] if line == "quit" else []
            self.sections = self.sections or None
            return ""
        bare = line.removeprefix("undo ")
        for depth in range(len(self.sections), 0, -1):
            rules = self._rules(self.sections[:depth])
            rule = first(rules, bare) or (_begins(rules, bare) if bare != line else None)
            if rule is not None and not (depth > 1 and first(_TOP, bare) and rule.pattern == "[a-z0-9]"):
                self.sections = self.sections[:depth]
                return self._taken(line, bare, rule)
        return self.refusal(line)

    def _rules(self, sections: list[Section]) -> tuple[Rule, ...]:
        if len(sections) == 1:
            return _TOP
        return next(rules for pattern, rules in _UNDER if re.match(pattern, sections[-1].line))

    def _taken(self, line: str, bare: str, rule: Rule) -> str:
        assert self.sections is not None  # noqa: S101 - the caller looked
        parent = self.sections[-1]
        if line == bare:
            child = put(parent, bare, rule)
            if rule.opens:
                self.sections.append(child)
        elif not drop(parent, bare, rule):
            return "Error: The specified configuration does not exist.\n" if " " in bare else ""
        if parent.line == "aaa":
            self.router.learn_accounts()
        return ""


def _below(section: Section, depth: int) -> list[str]:
    return [x for c in section.children for x in (" " * depth + c.line, *_below(c, depth + 1))]


def _view(line: str) -> str:
    words = line.split()
    if words[0] == "user-interface":
        return "ui-" + "".join(words[1:2]) + "-".join(words[2:])
    if words[0] == "wlan":
        return "wlan-view"
    if words[0].endswith("-profile"):
        return f"{words[0].removesuffix('-profile')}-prof-{words[-1]}"
    return "".join(words[1:]) if words[0] == "interface" else "-".join(words)


def _begins(rules: tuple[Rule, ...], bare: str) -> Rule | None:
    return next((r for r in rules if r.key and re.match(r.key + "$", bare)), None)


def _piped(text: str, line: str) -> str:
    found = re.search(r"\| include (.+)$", line)
    return "".join(f"{x}\n" for x in text.splitlines() if re.search(found[1], x)) if found else text
