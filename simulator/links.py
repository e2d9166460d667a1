"""What a site's link lets through, and what of it is left at a moment: what a speed test there would find."""

from __future__ import annotations

import random

from simulator import load
from simulator.province import Province, SimSite
from simulator.story import Story
from simulator.traits import busiest

#: A test beside others on a full link still gets its share of it.
LEAST_SHARE = 0.15
#: One of so many ordinary links is worn: it lets through hardly more than its people ask of it.
WORN = 8


def line_bps(province: Province, site: SimSite) -> float:
    """Bits a second that the link lets through when nobody else uses it."""
    rng = random.Random(f"{province.seed}:{site.id}:line")  # noqa: S311 - a story, not a secret
    plan, asked = (site.plan_down_mbps or 10.0) * 1e6, busiest(province, site) * 8
    if site.id in province.lasting.useless:
        return rng.uniform(0.7e6, 1.3e6)
    if site.id in province.lasting.crowded:
        return plan
    if site.backhaul == "vsat":
        return plan * rng.uniform(0.9, 1.2)  # a satellite's plan is what is promised, and it may burst
    if rng.randrange(WORN) == 0 and site.id not in province.lasting.all:
        return max(0.6e6, asked * rng.uniform(1.05, 1.25))
    return max(plan * rng.uniform(0.62, 0.92), asked * 1.05)


def available_bps(story: Story, site: SimSite, t: float) -> float:
    """Bits a second that a download through the site gets at `t`; 0 while the site does not serve."""
    gateway = story.province.gateway(site.id)
    segment = story.segment(gateway, t)
    if not segment.reachable or "no_service" in segment.mishaps:
        return 0.0
    line = line_bps(story.province, site)
    if segment.flow == "full":
        return line * LEAST_SHARE
    traits = story.traits(gateway)
    lively = load.liveliness(t, traits.phase)
    warped = load.warp(t, traits.phase)
    carried = sum(8 * rate * load.level(kind, warped, story.offset_s) * lively for kind, rate in traits.mix)
    return float(max(line - carried, line * LEAST_SHARE))
