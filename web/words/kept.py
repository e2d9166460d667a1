"""Kept configurations in words: how a rule, a version, a fetch stands."""

from __future__ import annotations

from urllib.parse import urlencode

from markupsafe import Markup

from controller.configurations.firmware import Standing
from controller.views.compliance import CompliancePage, FirmwareKind, FirmwarePage, RuleRow
from web.words.catalogue import pgettext
from web.words.changes import masked

__all__ = ["LISTS", "MARKS", "ORDER", "kind_link", "masked", "off", "red", "rule_mark", "sign", "standing"]

#: A standing drawn as a state mark: shape and letter, as everywhere.
MARKS = {
    Standing.WANTED: "up", Standing.OTHER: "degraded", Standing.REFUSED: "down", Standing.UNTOLD: "unknown",
    Standing.UNLISTED: "unknown",
}  # fmt: skip
#: Lists of devices (controller.views.compliance.KEEP) as they stand in the address.
LISTS = {"unsaved": "belum-tersimpan", "failed": "gagal-diambil"}
#: The signs of rules and standings: those of bulk changes, since the letters of a state speak of a device's health.
SIGNS = {"up": "x-ok", "degraded": "x-rb", "down": "x-bad", "unknown": "x-off"}
ORDER = (Standing.REFUSED, Standing.OTHER, Standing.UNTOLD, Standing.UNLISTED, Standing.WANTED)


def standing(value: Standing) -> str:
    """How a version stands to the wanted list."""
    words = {
        Standing.WANTED: pgettext("firmware", "As wanted"),
        Standing.OTHER: pgettext("firmware", "Another version"),
        Standing.REFUSED: pgettext("firmware", "Refused version"),
        Standing.UNTOLD: pgettext("firmware", "Version not told"),
        Standing.UNLISTED: pgettext("firmware", "Not in the list"),
    }
    return words[value]


def sign(mark: str) -> Markup:
    """A sign; words stand beside it."""
    return Markup('<svg class="c" aria-hidden="true"><use href="#{}"/></svg>').format(SIGNS[mark])


def rule_mark(rule: RuleRow) -> str:
    """State mark of a rule."""
    return {True: "up", False: "down", None: "unknown"}[rule.is_kept]


def red(page: CompliancePage) -> int:
    """Rules that a device breaks."""
    return sum(1 for rule in page.rules if rule.is_kept is False)


def off(page: FirmwarePage) -> int:
    """Devices whose version is not wanted."""
    return page.counts[Standing.OTHER] + page.counts[Standing.REFUSED]


def kind_link(kind: FirmwareKind, page: int = 1) -> str:
    """Address of every device of one system, model and version."""
    pairs = {"sistem": kind.platform, "model": kind.model, "versi": kind.version, "hal": str(page) if page > 1 else ""}
    return "/firmware/perangkat?" + urlencode({name: text for name, text in pairs.items() if text})
