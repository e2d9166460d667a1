"""What is made to go wrong on simulated routers is met as it would be met on real ones."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from devices.errors import AuthenticationFailed, Unreachable
from devices.model import Device
from simulator.shells import Box, Loss, Shells, serve
from tests.integration.shells.conftest import Door, until

SHOW = "show running-config"


@pytest.fixture(scope="module")
def served() -> Iterator[Shells]:
    with serve([Box(dialect="ios", host="127.47.0.1", speed=60.0, tcp_timeout_s=60.0)]) as shells:
        yield shells


@pytest.fixture
def shells(served: Shells) -> Shells:
    """The same router with nothing wrong."""
    router = served.routers[0]
    router.faults = type(router.faults)()
    served.look()
    return served


@pytest.fixture
def device(door: Door, shells: Shells) -> Device:
    return door.device("127.47.0.1", shells.routers[0].port, "ios")


def test_a_line_is_lost_with_its_session_before_or_after_it_was_taken(
    door: Door, device: Device, shells: Shells
) -> None:
    router = shells.routers[0]
    for after in (False, True):
        router.faults.lose = [Loss(pattern="hostname", after=after)]
        session = door.open(device)
        session.run("configure terminal")
        with pytest.raises(Unreachable):
            session.run("hostname hilang")
        assert ("hostname hilang" in router.running()) == after


def test_a_reply_that_never_comes_ends_at_the_deadline(door: Door, device: Device, shells: Shells) -> None:
    shells.routers[0].faults.hang = ["^show running"]
    session = door.open(device)
    with pytest.raises(Unreachable):
        session.run(SHOW, timeout_s=0.3)


def test_a_slow_router_is_waited_for(door: Door, device: Device, shells: Shells) -> None:
    shells.routers[0].faults.login_delay_s = 0.3
    began = time.monotonic()
    session = door.open(device)
    assert time.monotonic() - began > 0.3
    shells.routers[0].faults.delay_s = 0.3
    began = time.monotonic()
    assert "interface" in session.run(SHOW)
    assert time.monotonic() - began > 0.3


def test_a_wrong_prompt_is_never_taken_for_the_end(door: Door, device: Device, shells: Shells) -> None:
    session = door.open(device)
    shells.routers[0].faults.prompt = "rommon 1 >"
    with pytest.raises(Unreachable):
        session.run("show clock", timeout_s=0.5)


def test_a_silent_router_lets_nobody_in_and_answers_again(door: Door, device: Device, shells: Shells) -> None:
    router = shells.routers[0]
    session = door.open(device)
    router.faults.silent = True
    shells.look()
    with pytest.raises(Unreachable):
        session.run(SHOW, timeout_s=0.3)
    with pytest.raises(Unreachable):
        door.open(device, deadline_s=1.0)
    router.faults.silent = False
    shells.look()
    assert "interface" in door.open(device).run(SHOW)


def test_a_restart_ends_sessions_and_forgets_what_was_not_saved(door: Door, device: Device, shells: Shells) -> None:
    router = shells.routers[0]
    session = door.open(device)
    session.run("configure terminal")
    session.run("interface GigabitEthernet0/1")
    session.run("description belum disimpan")
    shells.restart(router)
    with pytest.raises(Unreachable):
        session.run("end")
    until(router.answers)
    assert "belum disimpan" not in door.open(device).run(SHOW)


def test_a_changed_host_key_is_refused(door: Door, device: Device, shells: Shells) -> None:
    shells.change_host_key(shells.routers[0])
    with pytest.raises(AuthenticationFailed, match="changed"):
        door.open(device)
