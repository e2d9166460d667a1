"""What routers and iperf3 say of a download, and the lines that make them."""

from __future__ import annotations

import json

import pytest

from collectors.speed import fetch_command, iperf3_command, parse_fetch, parse_iperf3
from devices.errors import UnexpectedReply

#: As documented for RouterOS 6.49 and 7: the block is painted again while the download goes on.
FETCHED = """\
      status: downloading
  downloaded: 1200KiB
       total: 4882KiB
    duration: 1s

      status: finished
  downloaded: 4882KiB
       total: 4882KiB
    duration: 3s

00:00:02.510
"""


def test_routeros_tells_kibibytes_and_the_time_that_the_command_took() -> None:
    found = parse_fetch(FETCHED)
    assert (found.octets, found.seconds) == (4882 * 1024, 2.51)
    assert found.down_bps == pytest.approx(15.93e6, rel=0.001)


def test_without_a_measured_time_its_own_whole_seconds_must_do() -> None:
    assert parse_fetch(FETCHED.replace("00:00:02.510", "")).seconds == 3.0
    assert parse_fetch("status: finished\ndownloaded: 900KiB\nduration: 1m2s\n").seconds == 62.0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("failure: connection timeout\n00:00:10.01", "did not tell"),
        ("bad command name fetch (line 1 column 14)", "bad command name"),
        ("", "nothing"),
        ("downloaded: 3KiB\n00:00:00.10", "only 3072 bytes"),
    ],
)
def test_what_routeros_refuses_is_an_error(text: str, complaint: str) -> None:
    with pytest.raises(UnexpectedReply, match=complaint):
        parse_fetch(text)


def test_the_line_for_routeros_ends_at_a_time_and_keeps_nothing() -> None:
    line = fetch_command("http://speed.example/5mb?s=a", most_s=15)
    assert line == ':put [:time {/tool fetch url="http://speed.example/5mb?s=a" output=none duration=15s}]'


@pytest.mark.parametrize(
    "url", ['http://x/"', "http://x/$y", "http://x/[z]", "http://x/a;b", "http://x/{a}", "ftp://x/"]
)
def test_nothing_of_a_url_becomes_a_command_of_routeros(url: str) -> None:
    with pytest.raises(ValueError, match=r"no http or https|read as its own"):
        fetch_command(url, most_s=15)


def told(**end: object) -> str:
    return json.dumps({"start": {}, "intervals": [], "end": end})


def test_iperf3_is_believed_by_what_the_receiver_counted() -> None:
    text = told(sum_sent={"bytes": 9e6, "seconds": 1.0}, sum_received={"bytes": 5_000_000, "seconds": 2.5})
    found = parse_iperf3(f"some banner\n{text}\n")
    assert (found.octets, found.seconds, found.down_bps) == (5_000_000, 2.5, 16e6)


def test_a_test_that_was_cut_at_its_time_still_tells() -> None:
    cut = json.loads(told(sum_received={"bytes": 800_000, "seconds": 15.0}))
    cut["error"] = "interrupt - the client has terminated"
    assert parse_iperf3(json.dumps(cut)).octets == 800_000


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (json.dumps({"end": {}, "error": "unable to connect to server"}), "unable to connect"),
        ("sh: iperf3: not found", "JSON"),
        (told(sum_received={"bytes": 10, "seconds": 1}), "only 10 bytes"),
        (told(sum_received={"bytes": 0, "seconds": 0}), "told no end"),
    ],
)
def test_what_iperf3_cannot_do_is_an_error(text: str, complaint: str) -> None:
    with pytest.raises(UnexpectedReply, match=complaint):
        parse_iperf3(text)


def test_a_server_is_a_host_with_a_port_and_nothing_else() -> None:
    assert "-c 10.1.2.3 -p 5201 -n 700 -R -J" in iperf3_command("10.1.2.3", most_bytes=700, most_s=15)
    assert "-c 2001:db8::1 -p 5202 " in iperf3_command("[2001:db8::1]:5202", most_bytes=700, most_s=15)
    for wrong in ("a b", "x;reboot", "-h", "x:0", "x:70000", "$(reboot)", ""):
        with pytest.raises(ValueError, match="no HOST"):
            iperf3_command(wrong, most_bytes=1, most_s=1)
