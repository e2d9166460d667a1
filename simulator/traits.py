"""What does not change about a device: how busy it can get, how warm it runs, what it carries."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass

from simulator.events import DAY
from simulator.province import Province, SimDevice, SimSite

#: Share of its plan that an ordinary site uses in its busiest hour; with its liveliness it stays below saturation.
BUSIEST = 0.45
OCTETS_A_CLIENT = 40_000  # a second, in the busiest hour
OCTETS_A_MBPS = 125_000
#: What goes through a link that lets hardly anything through, and through one that hardly anybody uses.
LITTLE = 80_000
FEW = 5.0
_LETTERS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What does not change about a device. Rates are octets a second at the busiest hour."""

    phase: float
    backhaul: str
    mix: tuple[tuple[str, float], ...]  # kinds of place whose people it carries, octets a second each
    full_in: float
    full_out: float
    kind: str
    peak_clients: float
    least_clients: float
    full_clients: float
    cpu: float
    memory: float
    temperature: float
    disk: float
    first_boot: float
    serial: str
    mac: bytes


def make_traits(province: Province, device: SimDevice, start: float) -> Traits:
    """Draw what does not change about a device.

    Args:
        province: where it stands.
        device: the device.
        start: when its story begins, epoch seconds; it was last started some time before.
    """
    site = province.sites[device.site]
    rng = random.Random(f"{province.seed}:{device.id}:traits")  # noqa: S311 - a story, not a secret
    peak = peak_clients(province, site)
    if site.is_public:
        share = 1.0 if device.is_gateway else device.share
        mix: tuple[tuple[str, float], ...] = ((site.kind, share * busiest(province, site)),)
        kind, clients = site.kind, device.share * peak
        full = device.share * (site.capacity_clients or 40) * 1.3
    else:
        up = province.devices[device.parent] if device.platform == "airos-sector" and device.parent else device
        mix, share = _carried(province, up), 1.0
        kind, clients, full = "village_office", 0.0, 0.0
        if device.platform == "airos-sector":
            clients = full = float(max(1, len(province.sites_behind(up))))
    return Traits(
        phase=rng.uniform(0, 6.28),
        backhaul=site.backhaul,
        mix=mix,
        full_in=_plan(site) * 0.975 * share,
        full_out=(site.plan_up_mbps or 5.0) * OCTETS_A_MBPS * 0.55 * share,
        kind=kind,
        peak_clients=clients,
        # A table with one row a client that has no rows cannot be told from one that is not there.
        least_clients=1.0 if device.platform == "routeros-wifi" and clients else 0.0,
        full_clients=full,
        cpu=rng.uniform(3, 14),
        memory=rng.uniform(0.28, 0.55),
        temperature=rng.uniform(36, 47),
        disk=rng.uniform(0.2, 0.6),
        first_boot=start - rng.uniform(2, 200) * DAY,
        serial="SIM" + "".join(rng.choice(_LETTERS) for _ in range(9)),
        mac=bytes((0x02, 0x61, *device.index.to_bytes(4, "big"))),
    )


def _carried(province: Province, device: SimDevice) -> tuple[tuple[str, float], ...]:
    """Traffic of a tower or PoP: what the public sites behind it use."""
    rates: dict[str, float] = defaultdict(float)
    for site in province.sites_behind(device):
        rates[site.kind] += busiest(province, site)
    return tuple(sorted(rates.items()))


def busiest(province: Province, site: SimSite) -> float:
    """Octets a second in the busiest hour of an ordinary week."""
    asked = min(BUSIEST * _plan(site), peak_clients(province, site) * OCTETS_A_CLIENT)
    told = province.lasting
    return min(asked, LITTLE) if site.id in told.useless or site.id in told.quiet else asked


def _plan(site: SimSite) -> float:
    return (site.plan_down_mbps or 10.0) * OCTETS_A_MBPS


def peak_clients(province: Province, site: SimSite) -> float:
    """Most people a site sees in its busiest hour; below its capacity unless the story says otherwise."""
    rng = random.Random(f"{province.seed}:{site.id}:people")  # noqa: S311 - a story, not a secret
    usual = (site.capacity_clients or 40) * rng.uniform(0.22, 0.72)
    return min(usual, FEW) if site.id in province.lasting.quiet else usual
