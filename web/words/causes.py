"""What a cause code means to a person: a short title, one sentence, and what to do about it.

Codes come from `controller.health`; one that is not listed here is still told, by its state alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from web.words.catalogue import gettext
from web.words.speech import Figures, say

Evidence = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A cause in words. `title` stands bold before `sentence`; `todo` is the next step, empty when there is none."""

    title: str
    sentence: Markup
    todo: str

    @property
    def line(self) -> Markup:
        """Title and sentence in one line of a list."""
        return Markup("{} {}").format(self.title, self.sentence) if self.sentence else Markup("{}").format(self.title)


def _number(evidence: Evidence, *names: str) -> float | None:
    for name in names:
        value = evidence.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None


def _silent(e: Evidence, f: Figures) -> Explained:  # noqa: ARG001
    return Explained(
        title=gettext("Does not answer."),
        sentence=say("No question has been answered since then."),
        todo=gettext("Check power at the site first, then the cable, then the link."),
    )


def _parent_down(e: Evidence, f: Figures) -> Explained:  # noqa: ARG001
    return Explained(
        title=gettext("Behind a device that is down."),
        sentence=say("It cannot be asked until that device is back."),
        todo=gettext("Repair the device in front of it; nothing to do here yet."),
    )


def _unobserved(e: Evidence, f: Figures) -> Explained:  # noqa: ARG001
    return Explained(
        title=gettext("Could not be asked."),
        sentence=say("Our own link or server was interrupted; this says nothing about the site."),
        todo=gettext("Check the network of the monitoring server."),
    )


def _power_cut(e: Evidence, f: Figures) -> Explained:
    within = _number(e, "within_s")
    told = (
        say("Neighbouring sites went silent within %(time)s.", time=f.duration(max(60.0, within)))
        if within is not None
        else say("Neighbouring sites went silent within minutes of each other.")
    )
    return Explained(
        title=gettext("Power cut."),
        sentence=told,
        todo=gettext("Ask the power company for the time of return before travelling."),
    )


def _uplink_down(e: Evidence, f: Figures) -> Explained:  # noqa: ARG001
    return Explained(
        title=gettext("Uplink cut."),
        sentence=say("A device on the way does not answer; the sites behind it went with it."),
        todo=gettext("Start at the device that fails first; the sites behind it return with it."),
    )


def _no_uplink(e: Evidence, f: Figures) -> Explained:  # noqa: ARG001
    return Explained(
        title=gettext("The link to the site is cut."),
        sentence=say("A device before it is down, so nobody here is served."),
        todo=gettext("Repair the device before it; this site returns with it."),
    )


def _all_aps(e: Evidence, f: Figures) -> Explained:  # noqa: ARG001
    return Explained(
        title=gettext("No access point answers."),
        sentence=say("The router is alive, but nobody can connect."),
        todo=gettext("Check the switch or the PoE injector that feeds the access points."),
    )


def _some_devices(e: Evidence, f: Figures) -> Explained:  # noqa: ARG001
    failed = e.get("devices")
    told = (
        say("No answer from: %(names)s.", names=", ".join(map(str, failed[:3])))
        if isinstance(failed, list) and failed
        else say("Part of the place has no signal.")
    )
    return Explained(
        title=gettext("A device at this site does not answer."),
        sentence=told,
        todo=gettext("Check the cable and the power of the device that is marked below."),
    )


def _saturated(e: Evidence, f: Figures) -> Explained:
    used, plan = _number(e, "in_bps", "down_bps"), _number(e, "plan_bps", "plan_down_bps")
    told = (
        say("%(used)s of the contracted %(plan)s are in use.", used=f.bits(used), plan=f.bits(plan))
        if used is not None and plan is not None
        else say("The link carries nearly all that was contracted.")
    )
    return Explained(
        title=gettext("The link is full."),
        sentence=told,
        todo=gettext("Note the hours; if it stays, a larger contract serves more people than a new device."),
    )


def _errors(e: Evidence, f: Figures) -> Explained:  # noqa: ARG001
    return Explained(
        title=gettext("A port counts errors."),
        sentence=say("Frames arrive broken."),
        todo=gettext("Change the cable or the plug of the port that shows errors below."),
    )


def _full(e: Evidence, f: Figures) -> Explained:
    clients, capacity = _number(e, "clients"), _number(e, "capacity", "capacity_clients")
    told = (
        say("%(clients)s users on a capacity of %(capacity)s.", clients=f.number(clients), capacity=f.number(capacity))
        if clients is not None and capacity is not None
        else say("More people are connected than the place is built for.")
    )
    return Explained(
        title=gettext("Full."),
        sentence=told,
        todo=gettext("Note the hours; if it stays, add an access point or capacity."),
    )


def _slow(e: Evidence, f: Figures) -> Explained:
    delay = _number(e, "rtt_avg_ms", "rtt_ms", "snmp_rtt_ms", "latency_ms")
    usual = _number(e, "usual_ms", "baseline_ms", "normal_ms", "threshold_ms")
    if delay is not None and usual is not None:
        told = say("Answers take %(now)s, usually %(usual)s.", now=f.milliseconds(delay), usual=f.milliseconds(usual))
    elif delay is not None:
        told = say("Answers take %(now)s.", now=f.milliseconds(delay))
    else:
        told = say("Answers take longer than they should.")
    return Explained(
        title=gettext("Slow."), sentence=told, todo=gettext("Look whether the link is busy or its signal is weak.")
    )


def _lossy(e: Evidence, f: Figures) -> Explained:
    loss = _number(e, "loss_ratio", "loss")
    told = (
        say("The link loses %(loss)s of the packets; the device itself answers.", loss=f.percent(loss))
        if loss is not None
        else say("The link loses packets; the device itself answers.")
    )
    return Explained(
        title=gettext("Packet loss."),
        sentence=told,
        todo=gettext("Check weather and antenna, then report to the provider with the chart of lost packets."),
    )


def _hot(e: Evidence, f: Figures) -> Explained:
    degrees = _number(e, "temperature_c", "temperature")
    told = say("The device reports %(t)s °C.", t=f.number(degrees)) if degrees is not None else Markup("")
    return Explained(
        title=gettext("Too hot."),
        sentence=told,
        todo=gettext("Give it shade and air; heat shortens the life of a device."),
    )


def _disk(e: Evidence, f: Figures) -> Explained:  # noqa: ARG001
    return Explained(
        title=gettext("Storage is full."),
        sentence=say("The device may lose its settings at the next restart."),
        todo=gettext("Remove old files or logs from the device."),
    )


def _busy(e: Evidence, f: Figures) -> Explained:
    load = _number(e, "cpu_ratio", "cpu")
    told = say("The processor is %(load)s busy.", load=f.percent(load)) if load is not None else Markup("")
    return Explained(
        title=gettext("Overloaded."), sentence=told, todo=gettext("Look for a loop, an attack or too many users.")
    )


def _memory(e: Evidence, f: Figures) -> Explained:
    used = _number(e, "memory_ratio", "memory")
    told = say("%(used)s of the memory is in use.", used=f.percent(used)) if used is not None else Markup("")
    return Explained(
        title=gettext("Memory is nearly full."), sentence=told, todo=gettext("Plan a restart outside opening hours.")
    )


def _flapping(e: Evidence, f: Figures) -> Explained:  # noqa: ARG001
    return Explained(
        title=gettext("Comes and goes."),
        sentence=say("It has changed between up and down several times in a short while."),
        todo=gettext("Suspect a loose cable, a weak power supply or a weak radio link."),
    )


def _auth(e: Evidence, f: Figures) -> Explained:  # noqa: ARG001
    return Explained(
        title=gettext("Refuses our password."),
        sentence=say("The device answers, but not to us."),
        todo=gettext("Compare the credential in the inventory with the one on the device."),
    )


def _no_snmp(e: Evidence, f: Figures) -> Explained:  # noqa: ARG001
    return Explained(
        title=gettext("Answers ping, not SNMP."),
        sentence=say("People may be served, but nothing can be measured."),
        todo=gettext("Check that SNMP is on, the community is right and no filter stands in between."),
    )


def _no_service(e: Evidence, f: Figures) -> Explained:  # noqa: ARG001
    return Explained(
        title=gettext("The internet does not come through."),
        sentence=say("The device answers, but the check of the service behind it fails."),
        todo=gettext("Call the provider of the link; the equipment at the site works."),
    )


def _name(e: Evidence, f: Figures) -> Explained:  # noqa: ARG001
    return Explained(
        title=gettext("Its host name is not found."),
        sentence=say("The device could not be asked."),
        todo=gettext("Correct the name in the inventory, or repair the name server."),
    )


def _maintenance(e: Evidence, f: Figures) -> Explained:  # noqa: ARG001
    return Explained(title=gettext("Planned work."), sentence=say("Announced; this time is not counted."), todo="")


_WORDS: Mapping[str, Callable[[Evidence, Figures], Explained]] = {
    "silent": _silent,
    "parent_down": _parent_down,
    "unobserved": _unobserved,
    "power_cut": _power_cut,
    "uplink_down": _uplink_down,
    "no_uplink": _no_uplink,
    "all_aps": _all_aps,
    "some_devices": _some_devices,
    "saturated": _saturated,
    "errors": _errors,
    "full": _full,
    "slow": _slow,
    "lossy": _lossy,
    "hot": _hot,
    "disk": _disk,
    "busy": _busy,
    "memory": _memory,
    "flapping": _flapping,
    "auth": _auth,
    "no_snmp": _no_snmp,
    "no_service": _no_service,
    "name": _name,
    "maintenance": _maintenance,
}


def known_causes() -> frozenset[str]:
    """Codes that have words of their own."""
    return frozenset(_WORDS)


def explain(cause: str | None, state: str, evidence: Evidence | None = None) -> Explained:
    """A verdict in words; a code without words of its own is told by its state.

    Args:
        cause: a code, or None.
        state: `up`, `degraded`, `down`, `unknown`, `maintenance`.
        evidence: what was measured when it began; figures in it are told where they are known.
    """
    figures = Figures.current()
    if cause is not None and cause in _WORDS:
        return _WORDS[cause](evidence or {}, figures)
    nothing = Markup("")
    if state == "up":
        return Explained(title=gettext("Answers and serves."), sentence=nothing, todo="")
    if state == "unknown":
        return Explained(
            title=gettext("Not measured yet."),
            sentence=say("Neither up nor down: nobody has asked, or nobody could."),
            todo="",
        )
    if state == "maintenance":
        return _maintenance({}, figures)
    title = gettext("Cause unknown.")
    told = say("Code: %(cause)s.", cause=cause) if cause else nothing
    return Explained(title=title, sentence=told, todo=gettext("Look at the three questions and the last readings."))
