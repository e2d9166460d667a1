"""Fixed words for the values of our enumerations, in the reader's language."""

from __future__ import annotations

from flask import g

from web.words.catalogue import pgettext

#: Systems whose own name is not spelled as the platform is called here; proper names, the same in every language.
SYSTEMS = {
    "airos": "airOS", "arubaos": "ArubaOS", "arubaos-cx": "ArubaOS-CX", "asuswrt": "ASUSWRT", "comware": "Comware",
    "ddwrt": "DD-WRT", "edgeos": "EdgeOS", "edgeswitch": "EdgeSwitch", "fortigate": "FortiOS", "frr": "FRR",
    "ios": "IOS", "iosxe": "IOS XE", "keeneticos": "KeeneticOS", "lcos": "LCOS", "linux": "Linux", "openwrt": "OpenWrt",
    "opnsense": "OPNsense", "pfsense": "pfSense", "routeros": "RouterOS", "rutos": "RutOS", "swos": "SwOS",
    "tomato": "Tomato", "unifi": "UniFi", "vrp": "VRP", "vyos": "VyOS", "zynos": "ZyNOS",
}  # fmt: skip
#: Names of platforms that say nothing of a device: not recognised yet, or recognised as nothing particular.
UNTOLD = ("auto", "generic")

MARKS = {"up": "up", "degraded": "deg", "down": "down", "unknown": "unk", "maintenance": "mnt"}


def state(value: str) -> str:
    """A state's word: Normal, Terganggu, Mati, Tak diketahui, Pemeliharaan."""
    if "state_words" not in g:  # asked thousands of times on a map
        g.state_words = _state_words()
    words: dict[str, str] = g.state_words
    return words.get(value, value)


def _state_words() -> dict[str, str]:
    return {
        "up": pgettext("state", "Up"),
        "degraded": pgettext("state", "Degraded"),
        "down": pgettext("state", "Down"),
        "unknown": pgettext("state", "Unknown"),
        "maintenance": pgettext("state", "Planned work"),
    }


def letter(value: str) -> str:
    """A state's letter; no letter means two states across the languages."""
    letters = {
        "up": pgettext("state letter", "U"),
        "degraded": pgettext("state letter", "D"),
        "down": pgettext("state letter", "X"),
        "unknown": "?",
        "maintenance": pgettext("state letter", "P"),
    }
    return letters.get(value, "?")


def kind(value: str) -> str:
    """What stands at a place."""
    words = {
        "school": pgettext("kind", "School"),
        "puskesmas": pgettext("kind", "Puskesmas"),
        "village_office": pgettext("kind", "Village office"),
        "district_office": pgettext("kind", "District office"),
        "park": pgettext("kind", "Park"),
        "market": pgettext("kind", "Market"),
        "harbour": pgettext("kind", "Harbour"),
        "library": pgettext("kind", "Library"),
        "worship": pgettext("kind", "Place of worship"),
        "other": pgettext("kind", "Other public place"),
        "tower": pgettext("kind", "Tower"),
        "pop": pgettext("kind", "Network node (PoP)"),
        "office": pgettext("kind", "Office"),
    }
    return words.get(value, value)


def backhaul(value: str | None) -> str:
    """The link that feeds a site."""
    words = {
        "fibre": pgettext("backhaul", "Fibre"),
        "radio": pgettext("backhaul", "Radio"),
        "4g": pgettext("backhaul", "4G"),
        "vsat": pgettext("backhaul", "VSAT"),
    }
    return words.get(value or "", "–" if value is None else value)


def role(value: str) -> str:
    """What a device is for."""
    words = {
        "router": pgettext("role", "Router"),
        "ap": pgettext("role", "Access point"),
        "controller": pgettext("role", "Wi-Fi controller"),
        "switch": pgettext("role", "Switch"),
        "camera": pgettext("role", "Camera"),
    }
    return words.get(value, value)


def system(platform: str, version: str | None) -> str:
    """What runs on a device, as RouterOS 7.16.2; a dash where it is not known."""
    name = "" if platform in UNTOLD else SYSTEMS.get(platform, platform)
    if version and name and version.casefold().startswith(name.casefold()):
        return version
    return " ".join(filter(None, (name, version))) or "–"


def lane(value: str) -> str:
    """How a device is polled: with the others, patiently, or rarely because it is silent."""
    words = {
        "fast": pgettext("lane", "fast"),
        "slow": pgettext("lane", "slow"),
        "silent": pgettext("lane", "silent"),
    }
    return words.get(value, value)
