"""Ruijie RGOS: the language of IOS with commands of its own for Wi-Fi, and no revert timer.

From Ruijie's command references; tried only on a fake that follows them. The guard is a scheduled reload.
"""

from __future__ import annotations

from typing import Final

from devices.configuring.dialect import GuardKind, GuardState
from devices.configuring.intents import Intent
from devices.configuring.ios import Ios
from devices.configuring.ios_grammar import BELOW, BLOCK, TOP
from devices.configuring.ios_intents import ruijie_lines_of
from devices.configuring.lined import Lined
from devices.configuring.sections import Command, Grammar
from devices.model import Device
from devices.transport.session import Session

_WLAN: Final = (
    Command(begins=r"wlan-config \d+", names=r"wlan-config \d+", opens=True),
    Command(begins=r"wlansec \d+$", opens=True),
    Command(begins=r"(?:ap-config|ap-group) \S", opens=True),
    Command(begins=r"sntp (?:server|enable|interval)", names=r"sntp (?:server \S+|\S+)"),
)
_BELOW: Final = (
    (r"wlan-config ", (Command(begins=r"(?:ssid|enable-broad-ssid|tunnel|ssid-code)(?: |$)", names=r"\S+"),)),
    (
        r"wlansec ",
        (
            Command(begins=r"security (?:rsn|wpa) (?:enable|disable)$", names=r"security \S+(?= enable$| disable$)"),
            Command(begins=r"security (?:rsn|wpa) ciphers \S+ ", names=r"security \S+ ciphers \S+"),
            Command(begins=r"security (?:rsn|wpa) akm psk set-key ", names=r"security \S+ akm psk set-key", hides=True),
            Command(begins=r"security (?:rsn|wpa) akm \S+ (?:enable|disable)$", names=r"security \S+ akm \S+"),
        ),
    ),
)


class Ruijie(Ios):
    """The dialect of RGOS."""

    name = "ruijie"
    guards = (GuardKind.RELOAD,)
    grammar = Grammar(top=(*TOP[:14], *_WLAN, *TOP[14:]), below=(*_BELOW, *BELOW), block=BLOCK)

    def intent_lines(self, intent: Intent, running: str, device: Device) -> list[str]:
        """See `ios_intents`."""
        return ruijie_lines_of(intent, self._tree(running), device)

    def obstacles(self, session: Session) -> list[str]:
        """Reasons not to begin."""
        return Lined.obstacles(self, session)

    def guard_state(self, session: Session, token: str) -> GuardState:
        """Armed while a reload is scheduled."""
        return Lined.guard_state(self, session, token)

    def schedule_restart(self, session: Session, minutes: int, token: str) -> None:  # noqa: ARG002
        """`reload in`: RGOS takes no reason."""
        self._order_restart(session, f"reload in {minutes}")


DIALECT: Final = Ruijie()
