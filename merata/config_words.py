"""Plans and rollouts as text for a terminal, and as plain values for `--json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from controller.rollout.records import Plan, PlanDevice, Rollout, RolloutState, Step

#: Exit codes of `plan`, `push`, `status` and `resume`.
EXIT_OK, EXIT_FAILED, EXIT_BAD, EXIT_STOPPED, EXIT_WAITING = range(5)
#: Devices named in one line before "and n more".
_NAMED: Final = 12
_WARNINGS: Final[Mapping[str, str]] = {
    "management_path": "touches the way we reach it",
    "only_site": "the only site that works for its people",
    "no_guard": "nothing on the device undoes it: needs `allow_unguarded: yes`, goes alone",
    "commands_only": "what it will look like is not known: the commands are all there is to see",
}
_GOOD: Final = (Step.OK, Step.UNCHANGED)


def counts(plan: Plan) -> dict[str, int]:
    """How many devices are to be changed, hold it already, did not answer, cannot be changed."""
    found = Counter(_kind(device) for device in plan.devices)
    return {kind: found[kind] for kind in ("change", "unchanged", "offline", "refused")}


def _kind(device: PlanDevice) -> str:
    if device.error is not None:
        return "offline" if device.error.startswith("offline:") else "refused"
    return "change" if device.lines else "unchanged"


def plan_json(plan: Plan) -> dict[str, Any]:
    """A plan as JSON says it."""
    return {**asdict(plan), "counts": counts(plan)}


def rollout_json(rollout: Rollout) -> dict[str, Any]:
    """A rollout as JSON says it."""
    return {**asdict(rollout), "counts": {s.value: n for s, n in Counter(d.step for d in rollout.devices).items()}}


def head(plan: Plan, zone: ZoneInfo) -> Iterator[str]:
    """What a plan is, in a few lines."""
    found = counts(plan)
    yield f"plan {plan.id}  {plan.change}: {plan.title}  [{plan.state.value}]"
    yield f"hash      {plan.hash}"
    yield f"where     {plan.where}"
    yield f"made      {clock(plan.made_at, zone)} by {plan.author}, valid until {clock(plan.expires_at, zone)}"
    if plan.approved_by and plan.approved_at is not None:
        yield f"approved  {clock(plan.approved_at, zone)} by {plan.approved_by}"
    if why := " ".join(part for part in (plan.ticket, plan.reason) if part):
        yield f"why       {why}"
    if plan.values:
        yield "set       " + ", ".join(f"{name}={value}" for name, value in plan.values.items())
    yield (
        f"devices   {found['change']} to change, {found['unchanged']} unchanged, {found['offline']} offline,"
        f" {found['refused']} refused"
    )


def warnings(plan: Plan) -> Iterator[str]:
    """Every warning with the devices it is about."""
    for code, text in _WARNINGS.items():
        about = [d for d in plan.devices if code in d.warnings]
        if not about:
            continue
        people = sum(d.people or 0 for d in {d.site: d for d in about}.values()) if code == "only_site" else 0
        yield f"WARNING   {text}{f' (about {people} people)' if people else ''}: {named([d.device for d in about])}"


def devices(plan: Plan, only: str | None = None) -> Iterator[str]:
    """Masked diff and exact commands; devices that are sent the same are shown together."""
    groups: dict[tuple[Any, ...], list[PlanDevice]] = {}
    for device in plan.devices:
        if only is None or device.device == only:
            groups.setdefault((device.error, device.lines, device.diff, device.guard), []).append(device)
    for (error, lines, diff, guard), group in groups.items():
        names = named([d.device for d in group])
        if error is not None:
            yield f"\n== {names}\n   cannot be changed: {error}"
        elif not lines:
            yield f"\n== {names}\n   unchanged"
        else:
            yield f"\n== {names}  guard {guard}"
            yield from (f"   {line}" for line in (diff.splitlines() if diff is not None else ()))
            yield "   commands:"
            yield from (f"   > {line}" for line in lines)
            yield from (f"   must hold: {check}" for check in group[0].checks)


def progress(rollout: Rollout, zone: ZoneInfo) -> Iterator[str]:
    """Where a rollout stands: state, waves, gates, and every device that is not well."""
    ended = f", ended {clock(rollout.ended, zone)}" if rollout.ended else ""
    yield f"rollout {rollout.id} of plan {rollout.plan}  [{rollout.state.value}]"
    yield f"started   {clock(rollout.started, zone)} by {rollout.by}{ended}"
    if reason := rollout.why.get("reason"):
        facts = ", ".join(f"{k} {v}" for k, v in rollout.why.items() if k != "reason")
        yield f"why       {reason}" + (f" ({facts})" if facts else "")
    if rollout.stop_asked_by:
        yield f"stop      asked by {rollout.stop_asked_by}"
    for wave in sorted({d.wave for d in rollout.devices}):
        found = Counter(d.step.value for d in rollout.devices if d.wave == wave)
        mark = " <- now" if wave == rollout.wave and rollout.state is RolloutState.RUNNING else ""
        yield f"wave {wave:<4} {', '.join(f'{n} {step}' for step, n in sorted(found.items()))}{mark}"
    for gate in rollout.gates:
        yield f"gate      wave {gate.get('wave')}: {gate.get('verdict')}"
    for one in rollout.devices:
        if one.step.is_end and one.step not in (*_GOOD, Step.SKIPPED):
            reason = one.facts.get("reason") or ""
            told = one.facts.get("said") or one.facts.get("error") or ""
            yield (
                f"  {one.device}: {one.step.value}" + (f", {reason}" if reason else "") + (f": {told}" if told else "")
            )


def exit_code(rollout: Rollout) -> int:
    """0 all well, 1 over with failures, 3 stopped, 4 not over."""
    if rollout.state is RolloutState.STOPPED:
        return EXIT_STOPPED
    if rollout.state not in (RolloutState.DONE, RolloutState.EXPIRED):
        return EXIT_WAITING
    return EXIT_OK if all(d.step in _GOOD for d in rollout.devices) else EXIT_FAILED


def named(names: Sequence[str]) -> str:
    """Some ids in one line."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    head_count = f"{len(names)} devices: " if len(names) > 1 else ""
    return head_count + ", ".join(names[:_NAMED]) + more


def clock(at: float, zone: ZoneInfo) -> str:
    """A time for people."""
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M")
