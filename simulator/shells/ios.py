"""Cisco IOS 15 and IOS XE: exec, enable and configure modes, archive with revert timer, reload in, write memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from simulator.shells.ios_rules import ORDER, TOP, UNDER
from simulator.shells.router import Box, Handle, Router, Terminal
from simulator.shells.sections import Rule, Section, drop, first, parse, put, shown

_MARKER: Final = "% Invalid input detected at '^' marker.\n"
_ADDRESS: Final = re.compile(r"ip address (\d+\.\d+\.\d+\.\d+) ")
_SECRET: Final = re.compile(r"username (\S+) .*?(?:secret|password)(?: 0)? (\S+)$")


class IosRouter(Router):
    """State of an IOS device."""

    has_revert = True
    top: tuple[Rule, ...] = TOP
    under: tuple[tuple[str, tuple[Rule, ...]], ...] = UNDER
    order: tuple[str, ...] = ORDER

    def __init__(self, box: Box, *, later: Callable[[float, Callable[[], None]], Handle]) -> None:
        """Start with the box's configuration, saved."""
        super().__init__(box, later=later)
        text = box.config if box.config is not None else self.first_configuration()
        self.tree = parse(text)
        self.saved = self.tree.copy()
        self.old: Section | None = None  # what the revert timer puts back
        self.revert: Handle | None = None
        self.reload: Handle | None = None
        self.reloads_at = 0
        self.holder: int | None = None  # terminal that armed the revert timer

    def first_configuration(self) -> str:
        """A small configuration whose management address is the box's."""
        return (
            f"version 15.7\nservice timestamps log datetime msec\nhostname {self.box.name}\n"
            f"username {self.box.username} privilege 15 secret 0 {self.box.password}\n"
            "ip name-server 8.8.8.8\narchive\n path flash:archive\n maximum 14\n"
            f"interface GigabitEthernet0/0\n description uplink\n ip address {self.box.host} 255.255.255.0\n"
            "interface GigabitEthernet0/1\n no ip address\n shutdown\n"
            "ip default-gateway 127.0.0.1\nsnmp-server community lama RO\nline vty 0 4\n login local\n"
            " transport input ssh\nntp server 10.0.0.1\n"
        )

    @property
    def hostname(self) -> str:
        """The name in the prompt."""
        return next((c.line.split()[1] for c in self.tree.children if c.line.startswith("hostname ")), "Router")

    def terminal(self, number: int, username: str) -> Terminal:
        """A new session."""
        return IosTerminal(self, number, username)

    def text_of(self, tree: Section) -> str:
        """A tree as `show` prints it."""
        lines = shown(tree, separator="!", order=self.order)
        return "\n".join([*lines, "end"]) + "\n"

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
        return "revert" if self.revert else "reload" if self.reload else None

    def has_way(self) -> bool:
        """The management address stands on an interface that is not shut."""
        for section in self.tree.children:
            lines = [c.line for c in section.children]
            is_on = section.line.startswith("interface ") and "shutdown" not in lines
            if is_on and any((m := _ADDRESS.match(x)) and m[1] == self.box.host for x in lines):
                return True
        return False

    def start_again(self) -> None:
        """See Router."""
        self.tree = self.saved.copy()
        self.disarm()
        self.cancel_reload()
        self.learn_accounts()

    def learn_accounts(self) -> None:
        """Who may sign in, by the running configuration. Nobody configured: the box's account."""
        found = {m[1]: m[2] for c in self.tree.children if (m := _SECRET.match(c.line))}
        self.accounts = found or {self.box.username: self.box.password}

    def arm_revert(self, minutes: int, terminal: int) -> None:
        """`configure terminal revert timer N`."""
        self.old, self.holder = self.tree.copy(), terminal
        self.revert = self.after(minutes * 60, self.roll_back)

    def roll_back(self) -> None:
        """Put back what was before the timer."""
        if self.old is not None:
            self.tree = self.old
        self.disarm()
        self.learn_accounts()

    def disarm(self) -> None:
        """Forget the revert timer."""
        if self.revert is not None:
            self.revert.cancel()
        self.revert = self.old = self.holder = None

    def arm_reload(self, minutes: int) -> None:
        """`reload in N`."""
        self.cancel_reload()
        self.reloads_at = minutes
        self.reload = self.after(minutes * 60, self.restart)

    def cancel_reload(self) -> bool:
        """`reload cancel`; False where none was scheduled."""
        was, self.reload = self.reload, None
        if was is not None:
            was.cancel()
        return was is not None


class IosTerminal(Terminal):
    """One session: `>` or `#`, and the stack of entered sections while configuring."""

    router: IosRouter

    def __init__(self, router: IosRouter, number: int, username: str) -> None:
        """Signed in; privileged at once where no enable password is set."""
        super().__init__(router, number, username)
        self.router = router
        self.is_enabled = router.box.enable_password is None
        self.sections: list[Section] | None = None
        self._asked: Callable[[str], str] | None = None
        self._question = ""
        self._banner: tuple[str, str, list[str]] | None = None

    def prompt(self) -> str:
        """See Terminal."""
        if self._asked is not None:
            return self._question
        if self._banner is not None:
            return ""
        name = self.router.hostname
        if self.sections is None:
            return name + ("#" if self.is_enabled else ">")
        mode = "config" if len(self.sections) == 1 else _mode(self.sections[-1].line)
        return f"{name[:20]}({mode})#"

    def refusal(self, text: str) -> str:  # noqa: ARG002 - the marker stands under the first character
        """See Terminal."""
        return f"{' ' * len(self.prompt())}^\n{_MARKER}\n"

    def line(self, text: str) -> str:
        """See Terminal."""
        if self._asked is not None:
            asked, self._asked, self.echo = self._asked, None, True
            return asked(text)
        if self._banner is not None:
            return self._banner_line(text)
        line = text.strip()
        if not line or line.startswith("!"):
            return ""
        return self._configure(line) if self.sections is not None else self._exec(line)

    def key(self, character: str) -> str | None:
        """Ctrl-Z ends configuring, Ctrl-C a question."""
        if character == "\x1a" and self.sections is not None:
            self.sections = None
            return ""
        if character == "\x03":
            self._asked, self.echo = None, True
            return ""
        return None

    def ask(self, question: str, then: Callable[[str], str], *, echo: bool = True) -> str:
        """Put a question in place of the prompt."""
        self._question, self._asked, self.echo = question, then, echo
        return ""

    # exec mode

    def _exec(self, line: str) -> str:
        words = line.split()
        if words[0] in ("exit", "logout", "quit"):
            self.ended = True
            return ""
        if words[0] in ("terminal", "ter", "term"):
            return "" if len(words) > 1 else self.refusal(line)
        if words[0] in ("enable", "en"):
            return self._enable()
        if line == "show version":
            return self.version()
        if line in ("show clock", "show users", "show privilege"):
            return "*00:01:02.003 UTC Mon Mar 1 1993\n" if line == "show clock" else "\n"
        if not self.is_enabled:
            return self.refusal(line)
        if words[0] == "disable":
            self.is_enabled = False
            return ""
        return self.privileged(line)

    def version(self) -> str:
        """`show version`."""
        return (
            "Cisco IOS Software, C800 Software, Version 15.7(3)M8, RELEASE SOFTWARE (fc1)\n"
            f"{self.router.hostname} uptime is 1 week, 2 days, 3 hours\n"
        )

    def _enable(self) -> str:
        if self.is_enabled:
            return ""
        left = 3

        def check(answer: str) -> str:
            nonlocal left
            if answer == self.router.box.enable_password:
                self.is_enabled = True
                return ""
            left -= 1
            return self.ask("Password: ", check, echo=False) if left else "% Access denied\n\n"

        return self.ask("Password: ", check, echo=False)

    def privileged(self, line: str) -> str:
        """What an enabled session may."""
        router = self.router
        if found := re.match(r"sh(?:ow?)? (run\S*|start\S*)(?: (.*))?$", line):
            is_running = found[1].startswith("run")
            text = router.running() if is_running else router.startup()
            header = "Building configuration...\n\n" if is_running else ""
            kind = (
                f"Current configuration : {len(text)} bytes\n" if is_running else f"Using {len(text)} out of 262144\n"
            )
            return _piped(header + kind, text, found[2] or "")
        if line == "show archive":
            return "The maximum archive configurations allowed is 14.\n" if self._archive() else (
                "%Archive configuration has not been enabled\n"
            )  # fmt: skip
        if re.match(r"sh(ow?)? (archive config rollback timer|configure? ?revert)", line):
            return self._revert_shown()
        if found := re.match(r"conf(?:igure)? t(?:erminal)?(?: revert timer (\d+))?$", line):
            return self._begin(found[1])
        if re.match(r"configure (confirm|revert now)", line) and router.has_revert:
            return self._confirm(line)
        if re.match(r"(wr(ite)?( mem(ory)?)?|copy running-config startup-config)$", line):
            return self._write(line)
        if line.startswith("reload"):
            return self._reload(line)
        if line == "show reload":
            return (
                f"Reload scheduled in {router.reloads_at} minutes\n" if router.reload else "No reload is scheduled.\n"
            )
        if re.match(r"dir( flash:)?$", line):
            free = 0 if router.faults.disk_full else 31_000_000
            return f"Directory of flash:/\n\n128016384 bytes total ({free} bytes free)\n"
        return self.refusal(line)

    def _archive(self) -> bool:
        section = self.router.tree.find("archive")
        return section is not None and any(c.line.startswith("path ") for c in section.children)

    def _revert_shown(self) -> str:
        return (
            "Time configured :  1 minutes\nTimer type: absolute timer\n"
            if self.router.revert
            else "%No Rollback Confirmed Change pending\n"
        )

    def _begin(self, minutes: str | None) -> str:
        router = self.router
        if minutes is not None:
            if not router.has_revert:
                return self.refusal("")
            if not self._archive():
                return "Rollback:Archive feature is not enabled.\nPlease configure archive path first.\n"
            if router.revert is not None:
                return "%Another Rollback Confirmed Change is pending\n"
            router.arm_revert(int(minutes), self.number)
        self.sections = [router.tree]
        said = "Enter configuration commands, one per line.  End with CNTL/Z.\n"
        if minutes is not None:
            said = f"Rollback Confirmed Change: Backing up current running config to flash:archive-1\n\n{said}"
        return said

    def _confirm(self, line: str) -> str:
        if self.router.revert is None:
            return "%No Rollback Confirmed Change pending\n"
        if line == "configure confirm":
            self.router.disarm()
            return ""
        self.router.roll_back()
        return "Rollback Done\n"

    def _write(self, line: str) -> str:
        if line.startswith("copy"):
            return self.ask("Destination filename [startup-config]? ", lambda _: self._written())
        return self._written()

    def _written(self) -> str:
        if self.router.faults.disk_full:
            return "Building configuration...\n% Error opening nvram:/startup-config (No space left on device)\n"
        self.router.saved = self.router.tree.copy()
        return "Building configuration...\n[OK]\n"

    def _reload(self, line: str) -> str:
        router = self.router
        if line == "reload cancel":
            return (
                "\n\n***\n*** --- SHUTDOWN ABORTED ---\n***\n"
                if router.cancel_reload()
                else "%No reload is scheduled.\n"
            )
        found = re.match(r"reload(?: in (\d+))?( .*)?$", line)
        if found is None:
            return self.refusal(line)

        def confirmed(answer: str) -> str:
            if answer.strip().lower() not in ("", "y", "yes"):
                return ""
            if found[1] is None:
                router.restart()
            else:
                router.arm_reload(int(found[1]))
            return ""

        def saved(answer: str) -> str:
            said = self._written() if answer.strip().lower() in ("y", "yes") else ""
            self.ask("Proceed with reload? [confirm]", confirmed)
            return said

        if router.text_of(router.tree) != router.text_of(router.saved):
            return self.ask("\nSystem configuration has been modified. Save? [yes/no]: ", saved)
        return self.ask("Proceed with reload? [confirm]", confirmed)

    # configure mode

    def _configure(self, line: str) -> str:
        assert self.sections is not None  # noqa: S101 - the caller looked
        if line == "end":
            self.sections = None
            return ""
        if line == "exit":
            self.sections.pop()
            if not self.sections:
                self.sections = None
            return ""
        if line.startswith("do "):
            return self.privileged(line[3:])
        if found := re.match(r"banner (motd|login|exec) (\^C|\S)", line):
            return self._banner_begun(line, found[1], found[2])
        return self._set(line)

    def _set(self, line: str) -> str:
        assert self.sections is not None  # noqa: S101 - the caller looked
        bare = line.removeprefix("no ")
        for depth in range(len(self.sections), 0, -1):
            rules = self.rules(self.sections[:depth])
            rule = first(rules, line) or first(rules, bare) or (_begins(rules, bare) if bare != line else None)
            if rule is not None and not (depth > 1 and first(self.router.top, bare) and rule.pattern == "[a-z0-9]"):
                self.sections = self.sections[:depth]
                return self._taken(line, bare, rule)
        return self.refusal(line)

    def rules(self, sections: list[Section]) -> tuple[Rule, ...]:
        """What may stand in the innermost of the entered sections."""
        if len(sections) == 1:
            return self.router.top
        return next(rules for pattern, rules in self.router.under if re.match(pattern, sections[-1].line))

    def _taken(self, line: str, bare: str, rule: Rule) -> str:
        assert self.sections is not None  # noqa: S101 - the caller looked
        parent = self.sections[-1]
        if line == bare:
            if not rule.opens:
                _replace_negation(parent, bare, rule)
            if bare.startswith("ip name-server "):
                for server in bare.split()[2:]:
                    put(parent, f"ip name-server {server}", rule)
            else:
                child = put(parent, bare, rule)
                if rule.opens:
                    self.sections.append(child)
        else:
            drop(parent, bare, rule)
            if parent.line.startswith("interface ") and bare.startswith("ip address"):
                parent.children.insert(0, Section("no ip address"))
        if bare.startswith("username "):
            self.router.learn_accounts()
        return ""

    def _banner_begun(self, line: str, kind: str, mark: str) -> str:
        text = line.split(mark, 1)[1]
        if mark in text:
            return self._banner_done(kind, [text.split(mark, 1)[0]])
        self._banner = (kind, mark, [text])
        return f"Enter TEXT message.  End with the character '{mark}'.\n"

    def _banner_line(self, text: str) -> str:
        assert self._banner is not None  # noqa: S101 - the caller looked
        kind, mark, lines = self._banner
        if mark in text:
            self._banner = None
            return self._banner_done(kind, [*lines, text.split(mark, 1)[0]])
        lines.append(text)
        return ""

    def _banner_done(self, kind: str, lines: list[str]) -> str:
        rule = first(self.router.top, f"banner {kind} x")
        assert rule is not None  # noqa: S101 - the table holds it
        put(self.router.tree, f"banner {kind} ^C" + "\n".join(lines) + "^C", rule)
        return ""


def _mode(line: str) -> str:
    word = line.split(maxsplit=1)[0]
    modes = {"interface": "config-if", "line": "config-line", "router": "config-router", "archive": "config-archive",
             "vlan": "config-vlan", "dot11": "config-ssid", "policy-map": "config-pmap", "class": "config-pmap-c",
             "class-map": "config-cmap", "wlan": "config-wlan"}  # fmt: skip
    if line.startswith("ip dhcp pool"):
        return "dhcp-config"
    if line.startswith("ip access-list"):
        return "config-ext-nacl"
    return modes.get(word, "config-sub")


def _begins(rules: tuple[Rule, ...], bare: str) -> Rule | None:
    """A negated command may stop short: `no banner motd`, `no description`."""
    return next((r for r in rules if r.key and re.match(r.key + "$", bare)), None)


def _replace_negation(parent: Section, line: str, rule: Rule) -> None:
    """A setting takes the place of its shown negation (`no ip address`)."""
    name = rule.name_of(line)
    parent.children[:] = [c for c in parent.children if c.line not in (f"no {line}", f"no {name}")]


def _piped(header: str, text: str, pipe: str) -> str:
    """`| include X`, `| section X`, `| exclude X`; anything else shows all."""
    found = re.match(r"\| (i\S*|s\S*|e\S*) (.+)$", pipe)
    if found is None:
        return header + "\n" + text
    kind, pattern = found[1][0], found[2]
    lines = text.splitlines()
    if kind == "i":
        kept = [x for x in lines if re.search(pattern, x)]
    elif kind == "e":
        kept = [x for x in lines if not re.search(pattern, x)]
    else:
        kept, inside = [], False
        for x in lines:
            inside = bool(re.search(pattern, x)) if not x.startswith(" ") else inside
            if inside:
                kept.append(x)
    return "".join(f"{x}\n" for x in kept)
