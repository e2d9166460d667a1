"""Speed tests of the demonstration: rules for those that are really made, and those of the months before as told.

The tests of today are real: the controller downloads over HTTP in a shell at the site's address, and the server gives
as much as the story says that the link has left. What lies before the demonstration's first day was never measured; it
is written as the story has it, as every other figure of that time, and says so.
"""

from __future__ import annotations

import random
from pathlib import Path

from controller.coverage.speed import SpeedBook
from merata.coverage_history import folder_of
from simulator.downloads import PATH
from simulator.inventory_text import OBSERVER, with_console, with_shell
from simulator.links import available_bps
from simulator.province import Province, SimSite
from simulator.story import Story

DAY_S = 86_400
TOLD = "as the story has it, not measured"
_STRETCH_S = 15 * DAY_S

_RULES = """\
# How the demonstration tests its sites: real downloads from a server on loopback, each as fast as its link is told to
# be. A network of yours tests at its busiest hour, with more octets and less haste: docs/how-to/speed-tests.md
url = "http://{host}:{port}{path}{{site}}"
begin = "now"
hours = "always"
max_mb = 1.5
max_s = 3
at_once = 6
"""
_WITHOUT_SHELLS = """\

# No SSH server could be run here: this machine downloads in the sites' place.
"""


def rules(province: Province, *, port: int, has_shells: bool, has_consoles: bool = False) -> str:
    """The file of rules.

    Args:
        province: the sites.
        port: of the HTTP server.
        has_shells: the devices have shells; else the machine of the demonstration downloads for those that would.
        has_consoles: RouterOS can be signed in to, but its simulated console downloads nothing.
    """
    text = _RULES.format(host=OBSERVER, port=port, path=PATH)
    if has_consoles:
        text += _consoles(province, has_shells=has_shells)
    if has_shells:
        return text
    sites = [f'[sites.{site.id}]\nfrom = "here"\n' for site in tested(province)]
    return text + _WITHOUT_SHELLS + "".join(sites)


def _consoles(province: Province, *, has_shells: bool) -> str:
    """At each site whose gateway is RouterOS the device with a shell downloads; without one it is not tested."""
    shells: dict[str, str] = {}
    for device in with_shell(province):
        shells.setdefault(device.site, device.id)
    own = {device.site for device in with_console(province)}
    lines = [f"[sites.{site}]\nskip = true\n" for site in sorted(own - shells.keys())]
    if has_shells:
        lines += [f'[sites.{site}]\nfrom = "{shells[site]}"\n' for site in sorted(own & shells.keys())]
    return "".join(["\n# The simulated consoles of RouterOS download nothing.\n", *lines])


def tested(province: Province) -> list[SimSite]:
    """Public sites where a device of ours has a shell, by id."""
    return [province.sites[name] for name in sorted({device.site for device in with_shell(province)})]


def write_tests(state: Path, story: Story, *, start: float, end: float) -> int:
    """Write down what tests of a time that nobody measured would have found.

    Args:
        state: the demonstration's state directory.
        story: the sites and their links.
        start: epoch s.
        end: epoch s.

    Returns:
        How many were written.
    """
    book, written = SpeedBook(folder_of(state)), []
    for site in tested(story.province):
        rng = random.Random(f"{story.province.seed}:{site.id}:tests")  # noqa: S311 - a story, not a secret
        at = start + rng.uniform(0, _STRETCH_S)
        while at < end:
            if (found := available_bps(story, site, at)) > 0:
                written.append((site.id, at, found))
            at += _STRETCH_S * rng.uniform(0.7, 1.1)
    for name, at, found in sorted(written, key=lambda each: each[1]):
        book.add(name, at=at, down_bps=found, by=TOLD, octets=1_500_000)
    return len(written)
