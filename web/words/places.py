"""How places and outages are called in one line."""

from __future__ import annotations

from markupsafe import Markup

from controller.views.board import OutageItem
from controller.views.fleet import DeviceNow, SiteNow
from web.words import terms
from web.words.speech import say, say_n

FEW = 2


def place_of(site: SiteNow) -> str:
    """District and regency: "Badau, Kapuas Hulu"; once when both have one name."""
    names = list(dict.fromkeys([site.district.name, site.regency.name]))
    return ", ".join(names)


def outage_title(outage: OutageItem) -> Markup:
    """One site by name; several by their districts, or by their regencies when they are many."""
    if not outage.sites:
        return say_n("%(n)s site that is no longer listed", "%(n)s sites that are no longer listed", len(outage.gone))
    if len(outage.sites) == 1:
        return Markup("{}, {}").format(outage.sites[0].site.name, outage.sites[0].district.name)
    areas = outage.districts if len(outage.districts) <= FEW else outage.regencies
    names = [a.name for a in areas]
    if len(names) == 1:
        where = say("%(a)s", a=names[0])
    elif len(names) == FEW:
        where = say("%(a)s and %(b)s", a=names[0], b=names[1])
    else:
        where = say_n("%(a)s and %(n)s other regency", "%(a)s and %(n)s other regencies", len(names) - 1, a=names[0])
    return say_n("%(where)s: %(n)s site", "%(where)s: %(n)s sites", len(outage.sites), where=where)


def device_title(device: DeviceNow) -> str:
    """Role and name: "Router rb-badau-1"."""
    return f"{terms.role(device.device.role)} {device.device.name}"
