"""Ruijie RGOS: the language of IOS, with enable, no revert timer, and its own sentences."""

from __future__ import annotations

import re
from typing import Final

from simulator.shells.ios import IosRouter, IosTerminal
from simulator.shells.ios_rules import TOP, UNDER
from simulator.shells.router import Terminal
from simulator.shells.sections import Rule

_TOP: Final = (
    Rule(pattern=r"(wlan-config \d+|ap-config \S+|ap-group \S+|wlansec \d+)", opens=True),
    Rule(pattern=r"sntp (server|enable|interval)", key=r"sntp \S+"),
    *TOP,
)
_UNDER: Final = (
    (r"wlan-config ", (Rule(pattern=r"(ssid|enable-broad-ssid|tunnel|ssid-code) ?", key=r"\S+"),)),
    (
        r"wlansec ",
        (
            Rule(pattern=r"security (rsn|wpa) (enable|disable)$", key=r"security \S+(?= enable$| disable$)"),
            Rule(pattern=r"security (rsn|wpa) akm psk set-key ascii ", key=r"security \S+ akm psk set-key"),
            Rule(pattern=r"security (rsn|wpa) (ciphers|akm) ", key=r"security \S+ \S+ \S+ \S+"),
        ),
    ),
    *UNDER,
)


class RuijieRouter(IosRouter):
    """State of a Ruijie device."""

    has_revert = False
    top, under = _TOP, _UNDER

    def first_configuration(self) -> str:
        """A small configuration whose management address is the box's."""
        return (
            f"version RGOS 11.4(1)B70\nhostname {self.box.name}\n"
            f"username {self.box.username} privilege 15 password {self.box.password}\n"
            "ip name-server 8.8.8.8\nwlan-config 1 Lama\n ssid Lama\n"
            "wlansec 1\n security rsn enable\n security rsn ciphers aes enable\n security rsn akm psk enable\n"
            " security rsn akm psk set-key ascii sandilama1\n"
            f"interface GigabitEthernet 0/0\n description uplink\n ip address {self.box.host} 255.255.255.0\n"
            "interface GigabitEthernet 0/1\n shutdown\nip route 0.0.0.0 0.0.0.0 127.0.0.1\n"
            "snmp-server community lama ro\nline vty 0 4\n login local\nntp server 10.0.0.1\n"
        )

    def terminal(self, number: int, username: str) -> Terminal:
        """A new session."""
        return RuijieTerminal(self, number, username)


class RuijieTerminal(IosTerminal):
    """One session; `Ruijie>` until enabled."""

    def refusal(self, text: str) -> str:
        """See Terminal."""
        return super().refusal(text).replace("% Invalid", "\n% Invalid", 1).lstrip("\n")

    def version(self) -> str:
        """`show version`."""
        return (
            "System description      : Ruijie Gigabit Wireless AP (AP720-L) By Ruijie Networks\n"
            "System software version : AP_RGOS 11.4(1)B70\n"
        )

    def privileged(self, line: str) -> str:
        """Where Ruijie speaks otherwise than IOS."""
        if re.match(r"(configure confirm|configure revert|show archive)", line):
            return self.refusal(line)
        if found := re.match(r"reload in (\d+)$", line):
            return self.ask(
                f"System will reload in {found[1]} minutes. Proceed? [confirm]",
                lambda answer: self._armed(answer, int(found[1])),
            )
        return super().privileged(line)

    def _armed(self, answer: str, minutes: int) -> str:
        if answer.strip().lower() in ("", "y", "yes"):
            self.router.arm_reload(minutes)
        return ""
