"""What the sender does with every answer, driven step by step with a clock of the test."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from measurements.influx.connection import Answer, Verdict
from measurements.influx.sender import LONGEST_WAIT_S, REJECTED_REQUESTS, Sender
from measurements.spool import Spool, SpoolLimits

OK = Answer(verdict=Verdict.STORED, status=204)
OUT = Answer(verdict=Verdict.LATER, status=503, message="InfluxDB answered 503")
DENIED = Answer(verdict=Verdict.REFUSED, status=401, message="InfluxDB answered 401")
LARGE = Answer(verdict=Verdict.TOO_LARGE, status=413)
BAD = Answer(verdict=Verdict.REJECTED, status=400, message="unable to parse")


class Server:
    """Takes lines and answers as the test says; remembers what it stored."""

    def __init__(self, judge: Callable[[str, Sequence[str]], Answer] = lambda _b, _l: OK) -> None:
        self.judge = judge
        self.asked: list[int] = []
        self.stored: list[str] = []

    def write(self, bucket: str, lines: Sequence[str]) -> Answer:
        self.asked.append(len(lines))
        answer = self.judge(bucket, lines)
        if answer.verdict is Verdict.STORED:
            self.stored.extend(lines)
        return answer


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path / "spool.db", SpoolLimits(max_age_s={"raw": 10_000}))
    yield opened
    opened.close()


def sender(spool: Spool, server: Server, clock: Clock | None = None, lines: int = 100) -> Sender:
    return Sender(spool, server, clock=clock or Clock(), rng=random.Random(1), batch_lines=lines)


def fill(spool: Spool, count: int, bucket: str = "raw") -> list[str]:
    made = [f"m v={n}i {n}" for n in range(count)]
    spool.put(bucket, made, now=1000.0)
    return made


def test_stored_lines_are_forgotten_and_the_next_batch_goes_at_once(spool: Spool) -> None:
    server = Server()
    made = fill(spool, 3) + fill(spool, 2)
    tried = sender(spool, server, lines=3)
    assert tried.step() == 0
    assert tried.step() == 0
    assert server.stored == made
    assert tried.step() == 1.0  # nothing waits
    assert tried.status().last_sent_at == 1000.0


def test_while_the_server_is_out_lines_stay_and_the_wait_grows_to_a_minute_with_jitter(spool: Spool) -> None:
    clock, server = Clock(), Server(lambda _b, _l: OUT)
    fill(spool, 3)
    tried = sender(spool, server, clock)
    waits = []
    for _ in range(12):
        waits.append(tried.step())
        assert tried.step() == pytest.approx(waits[-1])  # asked too early: no request
        clock.now += waits[-1]
    assert len(server.asked) == 12
    assert all(1 <= wait <= LONGEST_WAIT_S for wait in waits)
    assert waits[0] == 1
    assert all(30 <= wait <= 60 for wait in waits[6:])
    assert len(set(waits[6:])) > 3
    assert tried.status().alarms == ("InfluxDB answered 503",)
    server.judge = lambda _b, _l: OK
    assert tried.step() == 0
    assert (spool.status().lines, tried.status().alarms, tried.status().failures) == (0, (), 0)


def test_the_servers_own_retry_after_is_honoured(spool: Spool) -> None:
    busy = Answer(verdict=Verdict.LATER, status=429, message="slow down", retry_after_s=120)
    fill(spool, 1)
    assert sender(spool, Server(lambda _b, _l: busy)).step() == 120


def test_a_refused_bucket_waits_with_an_alarm_and_does_not_hold_up_the_others(spool: Spool) -> None:
    clock = Clock()
    server = Server(lambda bucket, _l: DENIED if bucket == "raw" else OK)
    fill(spool, 2, "raw")
    others = fill(spool, 3, "1h")
    tried = sender(spool, server, clock)
    assert tried.step() == 0
    assert tried.step() == 0
    assert server.stored == others
    assert tried.status().alarms == ("raw: InfluxDB answered 401",)
    assert tried.step() == 1.0
    assert spool.status().lines == 2
    server.judge = lambda _b, _l: OK
    clock.now += 60
    assert tried.step() == 0
    assert (spool.status().lines, tried.status().alarms) == (0, ())


def test_a_batch_that_is_too_large_is_halved_and_the_smaller_size_is_remembered(spool: Spool) -> None:
    server = Server(lambda _b, lines: LARGE if len(lines) > 30 else OK)
    made = fill(spool, 100)
    made += fill(spool, 25) + fill(spool, 25)
    tried = sender(spool, server)
    tried.step()
    assert server.asked == [100, 50, 25, 25, 50, 25, 25]
    tried.step()
    assert server.asked[7:] == [25]
    tried.step()
    assert server.stored == made
    assert spool.status().dead == 0


def test_one_line_that_is_too_large_alone_is_put_aside(spool: Spool) -> None:
    fill(spool, 1)
    sender(spool, Server(lambda _b, _l: LARGE)).step()
    assert (spool.status().lines, spool.status().dead) == (0, 1)


def test_only_the_lines_that_will_never_be_taken_go_to_dead_even_if_the_server_refuses_whole_batches(
    spool: Spool,
) -> None:
    bad = {"m v=17i 17", "m v=63i 63"}
    server = Server(lambda _b, lines: BAD if bad & set(lines) else OK)
    made = fill(spool, 100)
    sender(spool, server).step()
    assert sorted(server.stored) == sorted(set(made) - bad)
    assert {lines for _, _, _, lines in spool.dead_letters()} == bad
    assert (spool.status().sent, spool.status().dead, spool.status().lines) == (98, 2, 0)


def test_the_search_for_bad_lines_ends_when_all_are_bad(spool: Spool) -> None:
    server = Server(lambda _b, _l: BAD)
    fill(spool, 5000)
    sender(spool, server, lines=5000).step()
    assert len(server.asked) < 2 * REJECTED_REQUESTS
    assert (spool.status().lines, spool.status().dead) == (0, 5000)


def test_an_outage_in_the_middle_of_a_halved_batch_keeps_the_whole_batch(spool: Spool) -> None:
    server = Server()
    answers = iter([LARGE, OK, OUT])
    server.judge = lambda _b, _l: next(answers, OK)
    made = fill(spool, 4)
    clock = Clock()
    tried = sender(spool, server, clock)
    assert tried.step() == 1
    assert spool.status().lines == 4
    clock.now += 1
    tried.step()
    assert set(server.stored) == set(made)
    assert spool.status().lines == 0


def test_a_clock_that_is_set_back_does_not_lengthen_a_wait(spool: Spool) -> None:
    clock, server = Clock(), Server(lambda _b, _l: OUT)
    fill(spool, 1)
    tried = sender(spool, server, clock)
    tried.step()
    server.judge = lambda _b, _l: OK
    clock.now -= 86_400
    assert tried.step() == 0
    assert spool.status().lines == 0


def test_a_row_larger_than_what_fitted_last_time_is_cut_before_it_is_sent(spool: Spool) -> None:
    server = Server(lambda _b, lines: LARGE if len(lines) > 30 else OK)
    fill(spool, 100)
    made = fill(spool, 60)
    tried = sender(spool, server)
    tried.step()
    before = len(server.asked)
    tried.step()
    assert server.asked[before:] == [26, 26, 8]
    assert server.stored[-60:] == made


def test_lines_that_outlived_their_tier_are_not_sent(spool: Spool) -> None:
    clock, server = Clock(), Server()
    fill(spool, 3)
    clock.now += 20_000
    sender(spool, server, clock).step()
    assert server.asked == []
    assert spool.status().dropped == 3


def test_the_thread_sends_what_is_put_while_it_runs_and_stops_when_told(spool: Spool) -> None:
    import threading

    arrived = threading.Event()
    server = Server(lambda _b, _l: (arrived.set(), OK)[1])
    tried = sender(spool, server)
    tried.start()
    made = fill(spool, 3)
    tried.wake()
    assert arrived.wait(10)
    tried.stop()
    assert server.stored == made
