"""MikroTik RouterOS 7: console, safe mode, backups, scheduler.

Safe mode as documented ("Console", "Safe Mode"): taken and released with Ctrl-X; undone when its session is lost, not
when it ends with /quit; more than 100 actions end it without undoing; it holds what other sessions change, too; who
takes it while another has it is asked.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from simulator.shells.router import Box, Handle, Router, Terminal
from simulator.shells.routeros_console import Console, Running, at_once
from simulator.shells.routeros_tree import Item, Tree, select
from simulator.shells.routeros_words import Wrong, seconds, split, time_text

_HISTORY: Final = 100
_CTRL_X, _CTRL_C, _CTRL_D = "\x18", "\x03", "\x04"
_FLASH: Final = 12_000_000
_HIJACK: Final = "Hijacking Safe Mode from someone - unroll/release/don't take it [u/r/d]: "


class RouterosRouter(Router):
    """State of a RouterOS device. What is changed is kept at once: startup equals running."""

    version = "7.15.3"

    def __init__(self, box: Box, *, later: Callable[[float, Callable[[], None]], Handle]) -> None:
        """Start with the box's configuration."""
        super().__init__(box, later=later)
        self.tree = Tree()
        self.born = time.monotonic()
        self.quitting = False
        self.safe: tuple[int, Tree] | None = None  # session that holds safe mode, and what was before
        self.actions = 0  # since safe mode was taken
        self.files: dict[str, Tree] = {}
        self._jobs: list[Handle] = []
        self._schedule: dict[str, Handle] = {}
        self._known: dict[str, Item] = {}
        text = box.config if box.config is not None else self.first_configuration()
        console = Console(self)
        at_once(console.run(text))
        if not self.tree.items["user"]:
            account = {"name": box.username, "password": box.password, "group": "full"}
            self.tree.add("user", account)
        self.changed("user")

    def first_configuration(self) -> str:
        """A small configuration whose management address is the box's."""
        return (
            f'/system identity set name="{self.box.name}"\n'
            "/interface bridge add name=bridge\n"
            "/interface wireless security-profiles add name=publik mode=dynamic-keys authentication-types=wpa2-psk"
            " wpa2-pre-shared-key=sandilama1\n"
            "/interface wireless set wlan1 mode=ap-bridge ssid=Lama security-profile=publik country=indonesia\n"
            "/interface bridge port add bridge=bridge interface=ether2\n"
            "/interface bridge port add bridge=bridge interface=wlan1\n"
            "/ip pool add name=tamu ranges=10.5.50.10-10.5.50.254\n"
            "/ip address add address=10.5.50.1/24 interface=bridge\n"
            f"/ip address add address={self.box.host}/24 interface=ether1 comment=kelola\n"
            "/ip dhcp-server add name=tamu interface=bridge address-pool=tamu\n"
            "/ip dhcp-server network add address=10.5.50.0/24 gateway=10.5.50.1 dns-server=10.5.50.1\n"
            "/ip dns set servers=8.8.8.8 allow-remote-requests=yes\n"
            "/ip firewall nat add chain=srcnat action=masquerade out-interface=ether1\n"
            "/ip route add gateway=127.0.0.1\n"
            "/snmp set enabled=yes\n"
        )

    def account_of(self, login: str) -> str:
        """`admin+ct511w4098h` is admin with console options."""
        return login.split("+", 1)[0]

    def terminal(self, number: int, username: str) -> Terminal:
        """A new session."""
        return RouterosTerminal(self, number, username)

    def running(self) -> str:
        """`/export terse show-sensitive` without its header."""
        with self.lock:
            return "".join(f"{line}\n" for line in self.tree.export(terse=True, sensitive=True))

    def startup(self) -> str:
        """The same: every change is kept at once."""
        return self.running()

    def guard(self) -> str | None:
        """See Router."""
        with self.lock:
            if self.safe is not None:
                return "safe-mode"
            return "scheduler" if any("backup load" in x for x in self._scheduled_texts()) else None

    def _scheduled_texts(self) -> list[str]:
        sources = {s["name"]: s.get("source", "") for s in self.tree.items["system script"]}
        return [sources.get(i.get("on-event", ""), i.get("on-event", "")) for i in self.tree.items["system scheduler"]]

    def header(self) -> list[str]:
        """What `/export` begins with."""
        return [
            f"# 2026-03-01 {time_text(self.uptime_s() % 86400)} by RouterOS {self.version}",
            "# software id = 7LKX-0EIS", "#", "# model = RB952Ui-5ac2nD", "# serial number = HCQ0000SIM1",
        ]  # fmt: skip

    def uptime_s(self) -> float:
        """Seconds of the device's own time since it started."""
        return (time.monotonic() - self.born) * self.box.speed

    def resource(self) -> dict[str, str]:
        """`/system resource`."""
        free = 0 if self.faults.disk_full else _FLASH
        return {"uptime": time_text(self.uptime_s()), "version": f"{self.version} (stable)", "free-memory": "64.0MiB",
                "free-hdd-space": str(free), "total-hdd-space": "16777216", "board-name": "hAP ac lite"}  # fmt: skip

    # management path

    def has_way(self) -> bool:
        """Address on an interface that is on, SSH service on, and no input rule that drops us."""
        with self.lock:
            items = self.tree.items
            if any(i["disabled"] == "yes" for i in select(items["ip service"], [("name", "=", "ssh")])):
                return False
            off = {i["name"] for p in ("ethernet", "bridge", "vlan", "wireless", "wifi")
                   for i in items[f"interface {p}"] if i.get("disabled") == "yes"}  # fmt: skip
            standing = [
                i for i in items["ip address"]
                if i["address"].split("/")[0] == self.box.host and i["disabled"] != "yes" and i["interface"] not in off
            ]  # fmt: skip
            return bool(standing) and self._is_let_in()

    def _is_let_in(self) -> bool:
        plain = {"chain", "action", "disabled", "comment", "log", "log-prefix", "reject-with"}
        for rule in self.tree.items["ip firewall filter"]:
            if rule["chain"] != "input" or rule["disabled"] == "yes":
                continue
            other = {k: v for k, v in rule.items() if k not in plain}
            ports = other.pop("dst-port", None)
            is_tcp = other.pop("protocol", "tcp") == "tcp"
            if other or not is_tcp or (ports is not None and "22" not in ports.split(",")):
                continue
            return rule["action"] == "accept" or rule["action"] not in ("drop", "reject")
        return True

    # changes

    def changed(self, path: str) -> None:
        """A menu changed: accounts and scheduler follow."""
        if path == "user":
            self.accounts = {
                u["name"]: u.get("password", "") for u in self.tree.items["user"] if u.get("disabled") != "yes"
            }
        if path == "system scheduler":
            self._reschedule()

    def keep(self, name: str) -> None:
        """Save a backup file."""
        self.files[f"{name}.backup"] = self.tree.copy()
        files = self.tree.items["file"]
        files[:] = [f for f in files if f["name"] != f"{name}.backup"]
        files.append({"name": f"{name}.backup", "type": "backup", "size": "42 KiB"})

    def load(self, name: str) -> bool:
        """Load a backup file and restart; False where there is none."""
        file = name if name.endswith(".backup") else f"{name}.backup"
        if file not in self.files or not select(self.tree.items["file"], [("name", "=", file)]):
            return False
        files = self.tree.items["file"]
        self.tree = self.files[file].copy()
        self.tree.items["file"] = files
        self.restart()
        return True

    def start_again(self) -> None:
        """Jobs are gone; safe mode of a lost session was undone before."""
        if self.safe is not None:
            files = self.tree.items["file"]
            self.tree, self.safe = self.safe[1], None
            self.tree.items["file"] = files
        for handle in (*self._jobs, *self._schedule.values()):
            handle.cancel()
        self._jobs.clear()
        self._schedule.clear()
        self._known.clear()
        self.born = time.monotonic()

    def started(self) -> None:
        """The scheduler runs what is to run at startup."""
        self.born = time.monotonic()
        self._reschedule()
        self.changed("user")
        for item in self.tree.items["system scheduler"]:
            if item.get("start-time") == "startup" and item["disabled"] != "yes" and not seconds(item["interval"]):
                self.after(3.0, partial(self._run_event, item.get("on-event", "")))

    # scheduler

    def _reschedule(self) -> None:
        """Follow the table: items that went or changed lose their timer, new ones get one."""
        items = {i["name"]: i for i in self.tree.items["system scheduler"]}
        for name in list(self._schedule):
            if items.get(name) != self._known.get(name):
                self._schedule.pop(name).cancel()
        for name, item in items.items():
            every = seconds(item["interval"]) or 0.0
            if name not in self._schedule and item["disabled"] != "yes" and every:
                self._known[name] = dict(item)
                self._schedule[name] = self.after(every, partial(self._fire, name, every))

    def _fire(self, name: str, every: float) -> None:
        item = next((i for i in self.tree.items["system scheduler"] if i["name"] == name), None)
        if item is None or self.is_down:
            return
        self._schedule[name] = self.after(every, partial(self._fire, name, every))
        self._run_event(item.get("on-event", ""))

    def _run_event(self, event: str) -> None:
        """Run a script by name, or the text itself."""
        self.execute(self._source(event))

    def _source(self, event: str) -> str:
        found = select(self.tree.items["system script"], [("name", "=", event)])
        return found[0].get("source", "") if found else event

    def execute(self, script: str) -> None:
        """Run a script in the background; its waits pass in the device's time, an error ends it silently."""
        self._go_on(Console(self).run(script), self.restarts)

    def _go_on(self, running: Running, restarts: int) -> None:
        if self.restarts != restarts:
            return  # a job does not outlive a restart
        try:
            pause = next(running)
        except (StopIteration, Wrong):
            return
        self._jobs.append(self.after(pause, lambda: self._go_on(running, restarts)))

    # safe mode

    def take_safe(self, session: int) -> None:
        """This session holds safe mode from now on."""
        self.safe, self.actions = (session, self.tree.copy()), 0

    def unroll(self) -> None:
        """Undo what was changed in safe mode."""
        if self.safe is not None:
            files = self.tree.items["file"]
            self.tree, self.safe = self.safe[1], None
            self.tree.items["file"] = files
            self._reschedule()
            self.changed("user")

    def acted(self, actions: int) -> None:
        """So many actions went into the history; too many end safe mode without undoing."""
        if self.safe is not None:
            self.actions += actions
            if self.actions > _HISTORY:
                self.safe = None


class RouterosTerminal(Terminal):
    """One console session."""

    router: RouterosRouter

    def __init__(self, router: RouterosRouter, number: int, username: str) -> None:
        """Signed in at the top menu."""
        super().__init__(router, number, username)
        self.router = router
        self.menu = ""
        self._held: str = ""
        self._question = ""
        self._then: Callable[[str], str] | None = None

    def asks(self, character: str) -> bool:
        """A question mark opens the help, even between quotes."""
        return character == "?" and self._then is None

    def greeting(self) -> str:
        """The banner, as long as it must be to be read past."""
        note = self.router.tree.settings["system note"]
        told = f"{note['note']}\n" if note["note"] and note["show-at-login"] == "yes" else ""
        return f"\n  MMM      MMM       KKK\n  MikroTik RouterOS {self.router.version} (c) 1999-2024\n\n{told}\n"

    def prompt(self) -> str:
        """See Terminal."""
        if self._then is not None:
            return self._question
        if self._held:
            return "{... "
        name = self.router.tree.settings["system identity"]["name"]
        place = f"/{self.menu.replace(' ', '/')}" if self.menu else ""
        is_safe = self.router.safe is not None and self.router.safe[0] == self.number
        return f"[{self.username}@{name}] {place}{'<SAFE>' if is_safe else '>'} "

    def refusal(self, text: str) -> str:
        """See Terminal."""
        word = (text.strip().lstrip("/").split() or [""])[0]
        return f"bad command name {word} (line 1 column 2)\n"

    def key(self, character: str) -> str | None:
        """Ctrl-X is safe mode, Ctrl-C leaves a question, Ctrl-D the session."""
        if character == _CTRL_X and self._then is None:
            return self._safe()
        if character == _CTRL_C:
            self._then, self._held = None, ""
            return ""
        if character == _CTRL_D:
            self.lost()  # documented: leaves safe mode without keeping what was changed
            self.ended = True
            return ""
        return None

    def lost(self) -> None:
        """Safe mode held by this session is undone."""
        if self.router.safe is not None and self.router.safe[0] == self.number:
            self.router.unroll()

    def line(self, text: str) -> str:
        """See Terminal."""
        if self._then is not None:
            then, self._then = self._then, None
            return then(text)
        whole = f"{self._held}\n{text}" if self._held else text
        self._held = ""
        console = Console(self.router, menu=self.menu, ask=self._ask)
        try:
            split(whole)
        except Wrong:
            if _is_open(whole):
                self._held = whole
                return ""
        said = ""
        try:
            at_once(console.run(whole))
        except Wrong as wrong:
            said = f"{wrong}\n"
        self.menu = console.menu
        self.router.acted(console.counted)
        if self.router.quitting:
            self.router.quitting, self.ended = False, True
            self._left()
            return "interrupted\n"
        return "".join(f"{x}\n" for x in console.out) + said

    def _left(self) -> None:
        """An orderly end keeps what was changed in safe mode."""
        if self.router.safe is not None and self.router.safe[0] == self.number:
            self.router.safe = None

    def _ask(self, question: str, then: Callable[[str], str]) -> str:
        self._question, self._then = question, then
        return ""

    def _safe(self) -> str:
        router = self.router
        if router.safe is None:
            router.take_safe(self.number)
            return "[Safe Mode taken]\n"
        if router.safe[0] == self.number:
            router.safe = None
            return "[Safe Mode released]\n"

        def hijack(answer: str) -> str:
            if answer == "u":
                router.unroll()
            if answer in ("u", "r"):
                router.take_safe(self.number)
                return "[Safe Mode taken]\n"
            return ""

        return self._ask(_HIJACK, hijack)


def _is_open(text: str) -> bool:
    """A block that was begun and goes on in the next line."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    return bare.count("{") > bare.count("}")
