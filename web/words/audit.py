"""The audit in words: every act, and the facts that say more."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup

from controller.journal.audit import Entry
from controller.views.audit import AuditPage
from web.words import changes
from web.words.catalogue import gettext
from web.words.speech import Figures

#: What may be asked for, in the order of the list; with a dot at its end all that begin so.
ACTS: Final = (
    "plan.", "plan.made", "plan.approved", "plan.rejected", "plan.replaced",
    "rollout.", "rollout.started", "rollout.stop_asked", "rollout.stopped", "rollout.paused", "rollout.resumed",
    "rollout.gate", "rollout.done", "rollout.expired",
    "device.", "device.sending", "device.ok", "device.rolled_back", "device.rollback_failed", "device.unknown",
    "device.offline", "device.refused", "device.drifted",
    "configuration_accepted", "copy_written", "command_sent", "command_ended",
    "sign_in", "sign_in.failed", "sign_out",
    "account.", "account.add", "account.role", "account.password", "account.disable", "account.enable",
    "setting.changed",
)  # fmt: skip


def act_word(act: str) -> str:
    """An act as a choice; what has no words is shown as it is."""
    words = {
        "plan.": gettext("Everything about plans"),
        "rollout.": gettext("Everything about sending"),
        "device.": gettext("Everything done to devices"),
        "account.": gettext("Everything about accounts"),
        "rollout.gate": gettext("Gate between waves"),
        "configuration_accepted": gettext("Configuration accepted"),
        "copy_written": gettext("Restorable copy written out"),
        "command_sent": gettext("Command sent to devices"),
        "command_ended": gettext("Command ended"),
        "sign_in": gettext("Signed in"),
        "sign_in.failed": gettext("Sign-in failed"),
        "sign_out": gettext("Signed out"),
        "account.add": gettext("Account made"),
        "account.role": gettext("Role changed"),
        "account.password": gettext("Password changed"),
        "account.disable": gettext("Account closed"),
        "account.enable": gettext("Account opened again"),
        "setting.changed": gettext("Setting changed"),
    }
    if act in words:
        return words[act]
    return changes.act_words(act).rstrip(".") or act


def told(entry: Entry) -> Markup:
    """One row: what was done, and why or how."""
    if entry.act.startswith(("plan.", "rollout.", "device.")):
        return changes.act(entry)
    return Markup("<b>{}.</b>").format(act_word(entry.act))


def more(entry: Entry) -> str:
    """The facts worth reading beside the words; "" where there are none."""
    facts, fmt = entry.facts, Figures.current()
    found: list[str] = []
    if entry.act == "plan.made":
        found.append(gettext("%(n)s devices", n=fmt.number(int(facts.get("devices") or 0))))
    for name in ("change", "where", "ticket", "reason", "why", "command", "address", "role", "reference", "value"):
        value = facts.get(name)
        if value in (None, "", []) or (name == "reason" and not entry.act.startswith("plan.")):
            continue
        found.append(f"{_name(name)}: {value}")
    for name in ("failed", "devices"):
        listed = facts.get(name)
        if isinstance(listed, list) and listed:
            shown = ", ".join(map(str, listed[:3])) + (" …" if len(listed) > 3 else "")
            found.append(f"{_name(name)} ({fmt.number(len(listed))}): {shown}")
    return "; ".join(found)


def _name(fact: str) -> str:
    words = {
        "change": gettext("change"),
        "where": gettext("targets"),
        "ticket": gettext("ticket"),
        "reason": gettext("reason"),
        "why": gettext("reason"),
        "command": gettext("command"),
        "address": gettext("from"),
        "role": gettext("role"),
        "reference": gettext("copy"),
        "value": gettext("value"),
        "failed": gettext("failed"),
        "devices": gettext("devices"),
    }
    return words.get(fact, fact)


def subject(entry: Entry) -> tuple[str, str]:
    """What it was done to, and the address of its page; "" where it has none."""
    kind, _, name = entry.subject.partition(":")
    if kind == "plan":
        return f"P-{name}", f"/perubahan/{name}"
    if kind == "rollout":
        plan = entry.facts.get("plan")
        return gettext("sending %(n)s", n=name), f"/perubahan/{plan}" if plan else ""
    if kind == "device":
        return name, f"/perangkat/{name}"
    if kind == "setting":
        return gettext("setting %(n)s", n=name), ""
    if kind == "fleet":
        return gettext("several devices"), ""
    return (name or kind), ""


def link(page: AuditPage, *, before: int | None = None, about: str | None = None) -> str:
    """Address of the same search further back, or about something else."""
    pairs = {
        "tentang": page.about if about is None else about,
        "tindakan": page.act,
        "sebelum": str(before) if before else "",
    }
    return "/audit?" + urlencode({name: text for name, text in pairs.items() if text})
