"""Whether the controller can see, from its anchors and from the silence of a fleet."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from controller.polling.names import Names
from controller.polling.observer import Observation, Sight, fell_silent, observe
from devices.errors import Unreachable
from devices.model import Anchor

GATEWAY, UPSTREAM = Anchor(domain="a", host="gw"), Anchor(domain="a", host="up")


def look(*anchors: Anchor, answers: Mapping[str, object]) -> Observation:
    async def ask(anchor: Anchor, timeout_s: float) -> bool | None:
        found = answers[anchor.host]
        if isinstance(found, list):
            found = found.pop(0)
        if isinstance(found, Exception):
            raise found
        if found == "hangs":
            await asyncio.sleep(60)
        return found  # type: ignore[return-value]

    return asyncio.run(observe(anchors, ask, timeout_s=0.02, tries=2))


@pytest.mark.parametrize(
    ("gateway", "upstream", "sight"),
    [
        (True, True, Sight.SEES),
        (True, False, Sight.PARTLY),
        (False, False, Sight.BLIND),
        (Unreachable("no answer"), OSError(101, "Network is unreachable"), Sight.BLIND),
        ("hangs", "hangs", Sight.BLIND),
        (None, None, Sight.UNDECLARED),
        (None, True, Sight.SEES),
        (None, False, Sight.BLIND),
    ],
)
def test_a_domain_is_blind_when_none_of_its_anchors_answers(gateway: object, upstream: object, sight: Sight) -> None:
    assert look(GATEWAY, UPSTREAM, answers={"gw": gateway, "up": upstream}).of("a") is sight


def test_one_lost_packet_does_not_blind() -> None:
    assert look(GATEWAY, answers={"gw": [False, True]}).of("a") is Sight.SEES


def test_domains_are_seen_apart_and_one_without_anchors_counts_as_undeclared() -> None:
    found = look(GATEWAY, Anchor(domain="b", host="b"), answers={"gw": False, "b": True})
    assert found.blind == {"a"}
    assert (found.of("b"), found.of("c")) == (Sight.SEES, Sight.UNDECLARED)
    assert found.failed == ("a gw",)


def test_an_anchor_that_cannot_be_asked_because_of_a_bug_says_nothing() -> None:
    assert look(GATEWAY, answers={"gw": RuntimeError("a bug")}).of("a") is Sight.UNDECLARED


@pytest.mark.parametrize(
    ("before", "silent", "expected"),
    [(100, 61, True), (100, 60, False), (25, 20, True), (25, 19, False), (0, 50, False)],
)
def test_a_fleet_fell_silent_when_more_than_sixty_percent_and_at_least_twenty_did(
    before: int, silent: int, expected: bool
) -> None:
    answered = {f"d{n}" for n in range(before)}
    assert fell_silent(answered, [f"d{n}" for n in range(silent)], ratio=0.6, at_least=20) is expected


def test_names_are_remembered_and_the_last_address_serves_while_the_resolver_is_away() -> None:
    asked: list[str] = []
    now = [0.0]
    away = [False]

    async def resolve(name: str) -> str:
        asked.append(name)
        if away[0] or name == "lost.test":
            raise OSError("no such name")
        return "10.0.0.7"

    async def body() -> None:
        names = Names(ttl_s=300, monotonic=lambda: now[0], resolve=resolve)
        assert await names.address("192.0.2.1") == "192.0.2.1"
        assert await names.address("fe80::1%eth0") == "fe80::1%eth0"
        assert [await names.address("ap.test") for _ in range(3)] == ["10.0.0.7"] * 3
        assert asked == ["ap.test"]
        away[0], now[0] = True, 301
        assert await names.address("ap.test") == "10.0.0.7"
        with pytest.raises(Unreachable, match="does not resolve"):
            await names.address("lost.test")

    asyncio.run(body())
