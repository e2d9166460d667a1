"""Huawei VRP: one line after the other in the system view, `commit` where the system works in two stages (VRP8).

From Huawei's command references; tried only on a fake that follows them. The guard is a restart by `schedule reboot
delay`, which starts what was saved. `commit trial` of VRP8 is not used: it would have to be the sending itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from devices.configuring.lined import Lined
from devices.configuring.sections import Command, Grammar
from devices.transport.session import Session

_ADDRESS: Final = r"\d+\.\d+\.\d+\.\d+"
_PROFILES: Final = r"(?:ssid|security|vap|traffic)-profile name \S"
GRAMMAR: Final = Grammar(
    negation="undo",
    comment="#",
    block=None,
    top=(
        Command(begins=r"sysname \S+$", names=r"sysname"),
        Command(begins=r"header (?:login|shell) ", names=r"header \S+"),
        Command(begins=r"vlan batch "),
        Command(begins=r"clock timezone ", names=r"clock timezone"),
        Command(begins=r"dns resolve$"),
        Command(begins=rf"dns server {_ADDRESS}$"),
        Command(begins=r"dhcp enable$"),
        Command(begins=r"ip pool \S", opens=True),
        Command(begins=r"acl (?:number |name )?\S", opens=True, manages=True),
        Command(begins=r"traffic (?:behavior|classifier|policy) \S", opens=True),
        Command(begins=r"aaa$", opens=True, manages=True),
        Command(begins=r"vlan \d+$", opens=True, manages=True),
        Command(begins=r"interface \S", opens=True, is_there=True),
        Command(begins=r"ip route-static ", manages=True),
        Command(
            begins=r"snmp-agent community (?:read|write) ",
            names=r"snmp-agent community (?:read|write)",
            hides=True,
            manages=True,
        ),
        Command(begins=r"snmp-agent sys-info \S+ ", names=r"snmp-agent sys-info \S+", manages=True),
        Command(begins=r"snmp-agent(?:$| )", manages=True),
        Command(begins=r"(?:stelnet|ssh) ", manages=True),
        Command(begins=r"user-interface (?:vty|con) ", opens=True, manages=True),
        Command(begins=r"wlan$", opens=True),
        Command(begins=r"ntp-service unicast-server \S", names=r"ntp-service unicast-server \S+"),
    ),
    below=(
        (
            r"interface ",
            (
                Command(begins=r"description ", names=r"description"),
                Command(begins=rf"ip address {_ADDRESS} \S+$", names=r"ip address", manages=True),
                Command(begins=r"shutdown$", manages=True),
                Command(begins=r"qos (?:car|lr) (?:inbound|outbound) ", names=r"qos \S+ \S+", manages=True),
                Command(begins=r"(?:port|traffic-policy|mtu|speed|duplex) ", manages=True),
            ),
        ),
        (
            r"aaa",
            (
                Command(begins=r"local-user \S+ password ", names=r"local-user \S+ password", hides=True, manages=True),
                Command(
                    begins=r"local-user \S+ (?:service-type|privilege level|level) ",
                    names=r"local-user \S+ \S+",
                    manages=True,
                ),
            ),
        ),
        (r"wlan", (Command(begins=_PROFILES, opens=True), Command(begins=r"ap-group name \S", opens=True))),
        (r"ssid-profile", (Command(begins=r"ssid ", names=r"ssid"), Command(begins=r"max-sta-number ", names=r"\S+"))),
        (r"security-profile", (Command(begins=r"security ", names=r"security", hides=True),)),
        (
            r"user-interface ",
            (Command(begins=r"(?:idle-timeout|authentication-mode|protocol inbound) ", names=r"\S+", manages=True),),
        ),
        (r"ip pool ", (Command(begins=r"(?:gateway-list|network|dns-list|lease) ", names=r"\S+"),)),
    ),
)


#: Lines of which the device shows another text, in an order of its own: what it will show cannot be foretold.
_UNTOLD: Final = re.compile(r"\s*(?:undo )?(?:local-user|snmp-agent community)\b")


class Vrp(Lined):
    """The dialect of VRP. Implements `devices.configuring.dialect.Dialect`."""

    name = "vrp"
    comment = "#"
    grammar = GRAMMAR
    noise = re.compile(r"!Software Version|!Last configuration|Info: ")
    show_running = "display current-configuration"
    show_saved = "display saved-configuration"
    last_line = "return"
    enter = "system-view"
    leave = "return"
    inside = r"(?:^|\n)(?:HRP_\w)?\[[^\]\n]+\][ \t]*\Z"
    outside = r"(?:^|\n)(?:HRP_\w)?<[^>\n]+>[ \t]*\Z"
    renames = r"(?:undo )?sysname\b"
    refused = re.compile(
        r"^\s*(?:Error:[^\n]*|(?:Unrecognized|Incomplete|Ambiguous|Wrong)[^\n]*(?:command|parameter)[^\n]*)", re.M
    )
    question = r"\[Y/N(?:/C)?\]\s?:?\s*\Z"
    stages = re.compile(r"\[~[^\]\n]+\][ \t]*\Z")

    def after(self, running: str, lines: Sequence[str]) -> str | None:
        """As the port says; None also for accounts and communities."""
        return None if any(_UNTOLD.match(line) for line in lines) else super().after(running, lines)

    def restart_scheduled(self, session: Session) -> str | None:
        """`display schedule reboot`."""
        said = session.run("display schedule reboot")
        return said if re.search(r"will reboot|rebooted? (?:in|at)|\d\d:\d\d", said) else None

    def schedule_restart(self, session: Session, minutes: int, token: str) -> None:  # noqa: ARG002 - it takes no name
        """`schedule reboot delay`; what is not saved is lost by it, which is what is wanted."""
        said = session.run(f"schedule reboot delay {minutes}", expect=rf"(?:{self.outside}|{self.question})")
        while re.search(self.question, said):
            said = session.run("y", expect=rf"(?:{self.outside}|{self.question})")

    def cancel_restart(self, session: Session) -> None:
        """`undo schedule reboot`."""
        session.run("undo schedule reboot", expect=self.outside)

    def write(self, session: Session) -> str:
        """`save`, with yes to its question."""
        said = session.run("save", expect=rf"(?:{self.outside}|{self.question})")
        if re.search(self.question, said):
            said += session.run("y", expect=self.outside)
        return said


DIALECT: Final = Vrp()
