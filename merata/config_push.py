"""`merata config push, status, stop, resume`: requests to the one executor, and how far it is."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn
from zoneinfo import ZoneInfo

import click

from merata.cli import Context
from merata.config_copies import JSON, refuse, whoami
from merata.config_plans import PLAN, foreseen, known

if TYPE_CHECKING:
    from controller.rollout.records import Rollout
    from merata.config_fleet import ConfigFleet

ROLLOUT = click.argument("number", type=int, metavar="ROLLOUT")
FOLLOW = click.option("--follow/--no-follow", default=True, show_default=True, help="Wait, and say what happens.")
EXIT_WAITING = 4
#: Between two looks at the journal, seconds.
_LOOK_S = 1.0
#: An executor that runs takes a request within this.
_TAKEN_S = 15.0


@click.command("push")
@PLAN
@click.option("--here", is_flag=True, help="Send it from this process instead of asking a running executor.")
@FOLLOW
@click.option("--replan/--no-replan", "replans", default=True, show_default=True,
              help="Make a new plan for devices that drifted since they were planned for.")  # fmt: skip
@JSON
@click.pass_obj
def push(context: Context, number: int, *, here: bool, follow: bool, replans: bool, as_json: bool) -> None:
    """Send an approved plan, in waves, with everything undone that goes wrong.

    A device whose configuration is not the one it was planned for gets nothing, and stands in a new plan. Ctrl-C ends
    the looking only: the rollout goes on (with --here it pauses after the devices under way). Exit codes: 0 all well,
    1 over with failures, 2 refused, 3 stopped, 4 not over or nobody takes it up.
    """
    from controller.rollout.freezing import is_whole
    from controller.rollout.records import PlanState
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet, foreseen():
        plan = known(fleet, number)
        if not is_whole(plan):
            refuse(f"plan {number} is not what was frozen under its hash: it is not sent")
        if plan.state is not PlanState.APPROVED:
            refuse(f"plan {number} is {plan.state.value}, not approved: merata config approve {number}")
        if not any(device.lines and device.error is None for device in plan.devices):
            refuse(f"plan {number} changes no device")
        request = fleet.journal.ask("rollout.start", {"plan": number}, who=whoami(), at=time.time())
        rollout = _sent(context, fleet, request, here=here, follow=follow, quiet=as_json)
        _ended(fleet, rollout, replans=replans and follow, as_json=as_json)


@click.command("status")
@ROLLOUT
@click.option("--follow", is_flag=True, help="Wait until it is over.")
@JSON
@click.pass_obj
def status(context: Context, number: int, *, follow: bool, as_json: bool) -> None:
    """Show how far a rollout is, and every device that is not well. Exit codes as of `push`."""
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet:
        rollout = _rollout(fleet, number)
        if follow:
            rollout = _follow(fleet, number, quiet=as_json)
        _ended(fleet, rollout, replans=False, as_json=as_json)


@click.command("stop")
@ROLLOUT
@JSON
@click.pass_obj
def stop(context: Context, number: int, *, as_json: bool) -> None:
    """Let nothing new begin. Devices under way are finished or rolled back; `resume` goes on."""
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet:
        _rollout(fleet, number)
        # Straight into the journal: a stop must not wait for an executor that is busy or gone.
        asked = fleet.journal.rollouts.ask_stop(number, by=whoami(), at=time.time())
        after = _rollout(fleet, number)
    if as_json:
        click.echo(json.dumps({"rollout": number, "asked": asked, "state": after.state.value}))
    elif asked:
        click.echo(f"rollout {number}: nothing new begins; what is under way is finished or rolled back")
    else:
        click.echo(f"rollout {number} is {after.state.value}" + (", stop asked before" if after.stop_asked_by else ""))


@click.command("resume")
@ROLLOUT
@click.option("--here", is_flag=True, help="Go on in this process instead of asking a running executor.")
@FOLLOW
@JSON
@click.pass_obj
def resume(context: Context, number: int, *, here: bool, follow: bool, as_json: bool) -> None:
    """Go on with a rollout that was stopped, or whose executor died. Nothing is sent twice.

    Devices that stood between armed and confirmed are looked at before anything else is done with them.
    """
    from merata.config_fleet import config_fleet

    with config_fleet(context.state, context.inventory) as fleet, foreseen():
        _rollout(fleet, number)
        request = fleet.journal.ask("rollout.resume", {"rollout": number}, who=whoami(), at=time.time())
        rollout = _sent(context, fleet, request, here=here, follow=follow, quiet=as_json)
        _ended(fleet, rollout, replans=False, as_json=as_json)


def _rollout(fleet: ConfigFleet, number: int) -> Rollout:
    found = fleet.journal.rollouts.rollout(number)
    if found is None:
        refuse(f"there is no rollout {number}; `merata config plans` lists them")
    return found


def _sent(context: Context, fleet: ConfigFleet, request: int, *, here: bool, follow: bool, quiet: bool) -> Rollout:
    """The rollout that a request became, as far as it was followed; with `here` this process carries it out."""
    if not here:
        return _watch(fleet, request, follow=follow, quiet=quiet)
    from controller.rollout.executor import ExecutorBusy
    from merata.rollout_parts import run_here

    try:
        return run_here(context.state, context.inventory, lambda: _watch(fleet, request, follow=True, quiet=quiet))
    except ExecutorBusy as error:
        click.echo(f"{error}: it takes the request", err=True)
        return _watch(fleet, request, follow=follow, quiet=quiet)


def _watch(fleet: ConfigFleet, request: int, *, follow: bool, quiet: bool) -> Rollout:
    """From the request to the rollout, and along with it; Ctrl-C ends the looking only."""
    number: int | None = None
    try:
        number = _taken(fleet, request)
        return _follow(fleet, number, quiet=quiet) if follow else _rollout(fleet, number)
    except KeyboardInterrupt:
        goes_on = (
            f"rollout {number} goes on; look with: merata config status {number} --follow"
            if number is not None
            else f"request {request} stays with the executor; look with: merata config plans"
        )
        click.echo(f"\n{goes_on}", err=True)
        raise SystemExit(EXIT_WAITING) from None


def _taken(fleet: ConfigFleet, request: int) -> int:
    """The rollout that a request became; ends the command when it is refused or nobody takes it."""
    from controller.journal.records import RequestState

    until = time.monotonic() + _TAKEN_S
    while (found := fleet.journal.request(request)) is not None:
        result: Mapping[str, Any] = found.result or {}
        if found.state is RequestState.FAILED:
            refuse(str(result.get("error", "the executor refused it")))
        if found.state is RequestState.DONE:
            return int(result["rollout"])
        lease = fleet.journal.rollouts.lease("executor")
        is_held = lease is not None and lease.until > time.time()
        if not is_held and time.monotonic() > until:
            click.echo(
                "nobody changes routers now: start `merata executor` (the request waits), or send with --here", err=True
            )
            raise SystemExit(EXIT_WAITING)
        time.sleep(_LOOK_S / 4)
    raise SystemExit(EXIT_WAITING)


def _follow(fleet: ConfigFleet, number: int, *, quiet: bool) -> Rollout:
    """Say what changes until it is over, or waits for something that a person need not wait for."""
    from controller.rollout.records import RolloutState

    before: dict[str, str] = {}
    state = ""
    while True:
        found = _rollout(fleet, number)
        if not quiet:
            now = {d.device: d.step.value for d in found.devices}
            for one in found.devices:
                if before.get(one.device) != one.step.value and one.step.is_end:
                    reason = one.facts.get("reason")
                    click.echo(f"  {one.device}: {one.step.value}" + (f", {reason}" if reason else ""), err=True)
            if state != f"{found.state} {found.wave}":
                left = Counter(d.step.is_end for d in found.devices)
                click.echo(f"rollout {number} {found.state.value}, wave {found.wave}, {left[False]} to go", err=True)
            before, state = now, f"{found.state} {found.wave}"
        if found.state is not RolloutState.RUNNING:
            return found
        time.sleep(_LOOK_S)


def _ended(fleet: ConfigFleet, rollout: Rollout, *, replans: bool, as_json: bool) -> NoReturn:
    """Say how it stands, plan drifted devices again, and leave with the code of the end."""
    from merata import config_words as words

    newer = _drifted(fleet, rollout) if replans else None
    if as_json:
        click.echo(json.dumps({**words.rollout_json(rollout), "replanned": newer}, indent=1))
    else:
        for line in words.progress(rollout, ZoneInfo(fleet.inventory.timezone)):
            click.echo(line)
        if newer is not None:
            click.echo(f"devices that drifted stand in plan {newer}: merata config show {newer}")
    raise SystemExit(words.exit_code(rollout))


def _drifted(fleet: ConfigFleet, rollout: Rollout) -> int | None:
    """The number of a new plan for devices that were not as planned for; None where there is none."""
    from controller.changes.errors import ChangeError
    from controller.rollout.records import Step
    from merata.config_making import again

    if rollout.ended is None or all(d.step is not Step.DRIFTED for d in rollout.devices):
        return None
    try:
        made = again(fleet, known(fleet, rollout.plan), author=whoami(), only=(Step.DRIFTED,))
    except (ChangeError, ValueError) as wrong:
        click.echo(f"devices drifted, and cannot be planned again: {wrong}", err=True)
        return None
    return None if made is None else made.id


VERBS = (push, status, stop, resume)
