"""Bulk changes in words: steps, states, reasons, warnings, acts. A code without words is shown as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup, escape

from controller.journal.audit import Entry
from controller.rollout.gate import Measure
from controller.rollout.records import Step
from controller.views.rollouts import DeviceRow, Wave
from web.words.catalogue import gettext, pgettext
from web.words.speech import Figures, say, say_n

#: Symbol of a cell: shape and sign carry the step, colour helps.
CELLS = {
    Step.OK: "ok", Step.UNCHANGED: "same", Step.ROLLED_BACK: "rb", Step.OFFLINE: "off", Step.WAITING: "wait",
    Step.ROLLBACK_FAILED: "bad", Step.UNKNOWN: "lost", Step.REFUSED: "not", Step.DRIFTED: "not", Step.SKIPPED: "skip",
}  # fmt: skip
#: Groups of devices (controller.views.rollouts.GROUPS) as they stand in the query string.
GROUP_WORDS = {
    "bad": "tak-diketahui", "rolled_back": "dikembalikan", "offline": "luring", "not_sent": "tidak-dikirim",
    "under_way": "dikirim", "waiting": "menunggu", "skipped": "dilewati", "done": "selesai",
    "unchanged": "tetap", "not_planned": "tidak-direncanakan",
}  # fmt: skip
MARK = re.compile("⟦([^⟦⟧]+)⟧|\\*\\*\\*")


def cell(step: Step) -> str:
    """Symbol of a step; what is under way has one for all."""
    return CELLS.get(step, "go")


def step_word(step: Step) -> str:
    """A step as a state of the device."""
    words = {
        Step.WAITING: pgettext("step", "Waiting"),
        Step.PRECHECKING: pgettext("step", "Being checked"),
        Step.BACKING_UP: pgettext("step", "Being backed up"),
        Step.ARMING: pgettext("step", "Safeguard being armed"),
        Step.SENDING: pgettext("step", "Being sent"),
        Step.VERIFYING: pgettext("step", "Result being checked"),
        Step.CONFIRMING: pgettext("step", "Safeguard being released"),
        Step.SAVING: pgettext("step", "Being saved"),
        Step.ROLLING_BACK: pgettext("step", "Being rolled back"),
        Step.OK: pgettext("step", "Done"),
        Step.UNCHANGED: pgettext("step", "Unchanged"),
        Step.DRIFTED: pgettext("step", "Drifted"),
        Step.OFFLINE: pgettext("step", "Offline"),
        Step.REFUSED: pgettext("step", "Not sent"),
        Step.ROLLED_BACK: pgettext("step", "Rolled back"),
        Step.ROLLBACK_FAILED: pgettext("step", "Rollback failed"),
        Step.UNKNOWN: pgettext("step", "Unknown"),
        Step.SKIPPED: pgettext("step", "Skipped"),
    }
    return words[step]


def group_word(group: str) -> str:
    """A group of devices."""
    words = {
        "bad": pgettext("group", "Unknown or rollback failed"),
        "rolled_back": pgettext("step", "Rolled back"),
        "offline": pgettext("step", "Offline"),
        "not_sent": pgettext("step", "Not sent"),
        "under_way": pgettext("group", "Under way"),
        "waiting": pgettext("step", "Waiting"),
        "skipped": pgettext("step", "Skipped"),
        "done": pgettext("step", "Done"),
        "unchanged": pgettext("step", "Unchanged"),
        "not_planned": pgettext("group", "Could not be planned"),
    }
    return words[group]


def members_link(plan: int, *, group: str = "", wave: int | None = None, page: int = 1) -> str:
    """Address of a list of devices of a change."""
    asked = {"keadaan": GROUP_WORDS.get(group, ""), "gelombang": "" if wave is None else wave + 1}
    pairs = {name: value for name, value in {**asked, "hal": page if page > 1 else ""}.items() if value != ""}
    return f"/perubahan/{plan}/daftar" + (f"?{urlencode(pairs)}" if pairs else "")


def state_word(state: str) -> str:
    """Where a change stands."""
    words = {
        "draft": pgettext("change", "Waiting for approval"),
        "approved": pgettext("change", "Approved, not started"),
        "rejected": pgettext("change", "Rejected"),
        "replaced": pgettext("change", "Replaced by a newer plan"),
        "running": pgettext("change", "Running"),
        "paused": pgettext("change", "Paused"),
        "stopped": pgettext("change", "Stopped"),
        "done": pgettext("change", "Finished"),
        "expired": pgettext("change", "Expired"),
    }
    return words.get(state, state)


def reason(facts: Mapping[str, Any]) -> str:
    """Why a device or a rollout ended as it did, from its facts; empty where there is no reason."""
    code = str(facts.get("reason") or "")
    clients = {"now": facts.get("clients"), "before": facts.get("clients_before")}
    listed = facts.get("interfaces") or facts.get("devices")
    names = ", ".join(map(str, listed)) if isinstance(listed, list | tuple) else ""
    words = {
        "": "",
        "offline": gettext("The device did not answer; nothing was sent."),
        "drift": gettext("Its configuration changed after the plan was made; nothing was sent. Plan it again."),
        "unchanged": gettext("The configuration said all of it already; nothing was sent."),
        "obstacle": gettext("Something is in the way on the device; nothing was sent."),
        "host_key": gettext("Its host key is not the trusted one; nothing was sent."),
        "authentication": gettext("It refused the sign-in; nothing was sent."),
        "credential": gettext("A secret that is needed could not be had."),
        "no_guard": gettext("It can arm no safeguard, and the plan does not allow going without."),
        "no_guard_on_management_path": gettext("The change touches the management path, and it can arm no safeguard."),
        "not_armed": gettext("The safeguard could not be armed."),
        "not_planned": gettext("It could not be planned."),
        "no_dialect": gettext("This program cannot configure its platform."),
        "link_lost": gettext("The link was lost while the change was sent."),
        "session_lost": gettext("The session was lost while the change was sent."),
        "refused": gettext("The device refused a command."),
        "lines_missing": gettext("What was sent is not in its configuration."),
        "unexpected": gettext("Its configuration is not what was meant."),
        "snmp_silent": gettext("After the change it did not answer SNMP."),
        "interface_down": gettext("After the change an interface is down: %(names)s.", names=names),
        "uplink_down": gettext("After the change the uplink is down: %(names)s.", names=names),
        "clients_lost": gettext("Clients fell from %(before)s to %(now)s after the change.", **clients),
        "not_saved": gettext("It did not save the configuration."),
        "interrupted": gettext("The program was interrupted."),
        "budget": gettext("The failure budget is used up."),
        "state_unknown": gettext("The state of a device is not known: %(names)s.", names=names),
        "gate": gettext("The gate did not let the next wave through."),
        "asked": gettext("A person stopped it."),
        "window": gettext("Outside its maintenance window; it goes on by itself."),
        "changed_since": gettext("Its configuration is neither the old one nor the new one."),
        "unexpected_reply": gettext("Its answer was not understood."),
        "not_supported": gettext("It cannot do what is needed."),
        "checks_failed": gettext("A check of the change did not hold on it."),
        "no_copy": gettext("No copy of its configuration could be kept, so nothing was sent."),
        "not_owned": gettext("It left the inventory; nothing was sent."),
        "internal": gettext("The program failed; what the device holds is not known."),
        "expired": gettext("The plan has expired."),
    }
    return words.get(code, code.replace("_", " "))


def rollout_reason(why: Mapping[str, Any]) -> str:
    """Why a rollout stands as it does."""
    if why.get("reason") == "offline":
        return gettext("Waiting for devices that are offline.")
    return reason(why)


def plan_error(text: str) -> str:
    """Why a device could not be planned: `code: sentence` as the planner left it."""
    code, _, told = text.partition(": ")
    words = {
        "no_dialect": gettext("This program cannot configure its platform."),
        "no_ssh": gettext("The inventory has no SSH settings for it."),
        "busy": gettext("Another hand was on it."),
        "offline": gettext("It did not answer."),
        "host-key": gettext("Its host key is not the trusted one."),
        "authentication": gettext("It refused the sign-in."),
    }
    return words.get(code) or told or text


def refusal(code: str) -> str:
    """Why an act was refused."""
    words = {
        "own_plan": gettext("You made this plan: another account has to approve it."),
        "plan_state": gettext("The plan is past that."),
        "expired": gettext("The plan has expired: plan the change again."),
        "not_approved": gettext("The plan is not approved."),
        "under_way": gettext("The plan is being sent already, or was."),
        "no_plan": gettext("There is no such plan."),
        "no_rollout": gettext("There is no such rollout."),
        "no_device": gettext("The plan has no such device."),
        "over": gettext("It is over."),
        "changed": gettext("The plan is not the one you looked at. Look again."),
        "not_running": gettext("Nothing is being sent that could be stopped."),
        "not_stopped": gettext("It is not stopped, so it cannot be resumed."),
        "asked": gettext("That was asked for already."),
    }
    return words.get(code, "")


def warning(code: str) -> str:
    """A warning of a plan about one device."""
    words = {
        "management_path": gettext("touches the management path"),
        "only_site": gettext("only public site of its village"),
        "no_guard": gettext("no safeguard on the device"),
        "commands_only": gettext("difference cannot be foretold, commands only"),
    }
    return words.get(code, code.replace("_", " "))


def guard(code: str) -> str:
    """What undoes a change that nobody confirms."""
    words = {
        "timer": pgettext("guard", "the device puts its old configuration back at a deadline"),
        "reload": pgettext("guard", "the device restarts with what was saved"),
        "held": pgettext("guard", "the change lives with the session and is undone when that is cut"),
        "none": pgettext("guard", "none"),
    }
    return words.get(code, code)


def wave_title(wave: Wave) -> str:
    """Name of a wave."""
    if wave.number == 0:
        return gettext("1. Canary")
    if wave.is_last:
        return gettext("%(n)s. The rest", n=wave.number + 1)
    if wave.share is None:
        return gettext("Wave %(n)s", n=wave.number + 1)
    share = Figures.current().percent(wave.share)
    return gettext("%(n)s. Up to %(share)s", n=wave.number + 1, share=share)


def measure(one: Measure) -> Markup:
    """One line of a gate: what, now, before or bound."""
    fmt = Figures.current()
    if one.name == "reachable":
        return say("Reachable %(now)s of %(before)s", now=fmt.number(one.now), before=fmt.number(one.before))
    if one.name == "errors":
        if one.now is None or one.bound is None:
            return say("Errors not compared")
        return say(
            "Errors %(now)s an hour, limit %(bound)s", now=fmt.number(one.now, 1), bound=fmt.number(one.bound, 1)
        )
    word = pgettext("gate", "Clients") if one.name == "clients" else pgettext("gate", "Traffic")
    if one.bound is None:
        return say("%(what)s: too few before to compare", what=word)
    if one.now is None:
        return say("%(what)s not told any more", what=word)
    share = one.now / one.before if one.before else None
    least = one.bound / one.before if one.before else None
    return say(
        "%(what)s %(share)s of before, at least %(least)s",
        what=word,
        share=fmt.percent(share),
        least=fmt.percent(least),
    )


def act_words(code: str) -> str:
    """What was done, as a short sentence; "" where there are no words for it."""
    words = {
        "plan.made": gettext("Plan made."),
        "plan.approved": gettext("Plan approved."),
        "plan.rejected": gettext("Plan rejected."),
        "plan.replaced": gettext("Replaced by a newer plan."),
        "rollout.started": gettext("Sending began."),
        "rollout.resumed": gettext("Sending goes on."),
        "rollout.stop_asked": gettext("Stop asked for."),
        "rollout.stopped": gettext("Stopped."),
        "rollout.paused": gettext("Paused."),
        "rollout.done": gettext("Finished."),
        "rollout.expired": gettext("Expired."),
        "device.arming": gettext("Safeguard being armed."),
        "device.sending": gettext("Commands being sent."),
        "device.rolling_back": gettext("Being rolled back."),
    }
    step = code.removeprefix("device.")
    if code.startswith("device.") and step in {s.value for s in Step if s.is_end}:
        return step_word(Step(step)) + "."
    return words.get(code, "")


def act(entry: Entry) -> Markup:
    """One row of the audit."""
    facts = entry.facts
    if entry.act == "rollout.gate":
        passed = facts.get("verdict") == "pass"
        number = int(facts.get("wave", 0)) + 1
        told = gettext("Gate %(n)s passed.", n=number) if passed else gettext("Gate %(n)s not passed.", n=number)
    else:
        told = act_words(entry.act) or entry.act
    why = "" if entry.act.startswith("plan.") else _why(entry)  # a plan's reason is a person's sentence
    return Markup("<b>{}</b> {}").format(told, why) if why else Markup("<b>{}</b>").format(told)


def _why(entry: Entry) -> str:
    return rollout_reason(entry.facts) if entry.act.startswith("rollout.") else reason(entry.facts)


def who(name: str, names: Mapping[str, str]) -> str:
    """Who did it: the full name of an account, a user of the server, or the program itself."""
    return gettext("the program") if name == "executor" else names.get(name, name.removeprefix("local:"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffLine:
    """One line of a difference: h (head), m (gone), p (new), c (as it was)."""

    kind: str
    text: Markup


def diff_lines(text: str) -> Sequence[DiffLine]:
    """A unified difference, secrets shown as marks with the name of what stands there."""
    found = []
    for line in text.splitlines():
        if line.startswith(("---", "+++")):
            continue
        kind = {"-": "m", "+": "p", "@": "h"}.get(line[:1], "c")
        shown = line.strip("@ ") if kind == "h" else line[1:] if line[:1] in "-+ " else line
        found.append(DiffLine(kind=kind, text=masked(shown)))
    return found


def masked(line: str) -> Markup:
    """A line with every mark of a secret set apart."""
    parts: list[Markup] = []
    last = 0
    for found in MARK.finditer(line):
        parts.append(escape(line[last : found.start()]))
        name = (found[1] or "").partition(":")[2] or found[1] or ""
        word = gettext("secret: %(name)s", name=name) if name else gettext("secret")
        parts.append(Markup('<span class="mask">{}</span>').format(word))
        last = found.end()
    return Markup("").join([*parts, escape(line[last:])])


def lines_of(row: DeviceRow, told: object) -> list[Markup]:
    """Lines that the executor names, by number among those sent or by their text."""
    found = []
    for one in told if isinstance(told, list | tuple) else [told]:
        known = isinstance(one, int) and 0 <= one < len(row.planned.lines)
        found.append(masked(row.planned.lines[one] if known and isinstance(one, int) else str(one)))
    return found


def short_hash(text: str) -> str:
    """The first twelve characters in groups of four, to be read aloud."""
    return " ".join(text[i : i + 4] for i in range(0, 12, 4))


def reason_of(row: DeviceRow) -> str:
    """Why a device stands where it does."""
    return reason(row.progress.facts) if row.progress else ""


def tally_sentence(page: Any) -> Markup:
    """What follows the name of the change in the headline."""
    tally, fmt = page.tally, Figures.current()
    done, total = fmt.number(tally.done), fmt.number(tally.total)
    if page.rollout is None:
        return _before(page.state, tally.total, page.people)
    now = next((w.number for w in page.waves if w.is_now), 0) + 1
    slots = {"now": now, "of": len(page.waves), "done": done, "total": total}
    told = {
        "running": say("Wave %(now)s of %(of)s is running: %(done)s of %(total)s done", **slots),
        "paused": say("Paused in wave %(now)s of %(of)s: %(done)s of %(total)s done", **slots),
        "stopped": say("Stopped in wave %(now)s of %(of)s: %(done)s of %(total)s done", **slots),
        "expired": say("Expired in wave %(now)s of %(of)s: %(done)s of %(total)s done", **slots),
    }.get(page.state, say("Finished: %(done)s of %(total)s done", done=done, total=total))
    rest = []
    if tally.bad:
        rest.append(say_n("<b>%(n)s in an unknown state</b>", "<b>%(n)s in an unknown state</b>", tally.bad))
    if tally.rolled_back:
        rest.append(say_n("%(n)s rolled back", "%(n)s rolled back", tally.rolled_back))
    if tally.offline:
        rest.append(say_n("%(n)s offline", "%(n)s offline", tally.offline))
    return Markup(", ").join([told, *rest]) + Markup(".")


def _before(state: str, total: int, people: int | None) -> Markup:
    fmt = Figures.current()
    near = say(" About %(n)s people live near their sites.", n=fmt.people(people)) if people else Markup("")
    if state == "draft":
        return say_n("%(n)s device would change.", "%(n)s devices would change.", total) + near
    if state == "approved":
        return say_n("%(n)s device may be changed now.", "%(n)s devices may be changed now.", total) + near
    return Markup("{}.").format(state_word(state))
