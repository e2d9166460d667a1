"""How fast a site downloads: a light active test, made by a router or another device of ours that stands there.

A test ends at so many bytes or seconds, whichever comes first, since volume over a satellite costs money. The time to
connect counts in a download over HTTP, so a short test on a long way tells a little less than there is, never more.
"""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from devices.errors import NotSupported, UnexpectedReply
from devices.model import Device
from devices.transport.session import Sessions
from devices.transport.shell import Shell

LEAST_BYTES: Final = 50_000  # less is an error page, or nothing worth a figure
_TOLD: Final = re.compile(r"merata-speed +(\d+) +([\d.]+) +([\d.]+)")
_FETCHED: Final = re.compile(r"downloaded: *(\d+) *KiB", re.IGNORECASE)
_FETCH_TOOK: Final = re.compile(r"(?m)^ *(?:(\d+)w)?(?:(\d+)d)?(\d+):(\d\d):(\d\d(?:\.\d+)?) *$")
_FETCH_SAID: Final = re.compile(r"duration: *(?:(\d+)m)?(\d+(?:\.\d+)?)s", re.IGNORECASE)
_SERVER: Final = re.compile(r"\[?([A-Za-z0-9.:_-]+?)\]?(?::(\d{1,5}))?")
_HEADROOM_S: Final = 20.0  # signing in and out
_CHUNK: Final = 65_536


class Means(StrEnum):
    """With what a device measures."""

    HTTP = "http"  # wget or curl in a Linux shell (OpenWrt, Linux)
    FETCH = "fetch"  # RouterOS: /tool fetch output=none
    IPERF3 = "iperf3"  # iperf3 -R in a Linux shell


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What arrived, and in which time."""

    octets: int
    seconds: float

    @property
    def down_bps(self) -> float:
        """Bits a second."""
        return self.octets * 8 / self.seconds


def command(url: str, *, most_bytes: int, most_s: int) -> str:
    """One line for the shell, shorter than a terminal is wide with an ordinary URL.

    Raises:
        ValueError: the URL is not http or https.
    """
    return (
        "PATH=$PATH:/usr/sbin:/sbin;w='wget -qO-';command -v wget >/dev/null||w='curl -sfL';t=;"
        f"command -v timeout >/dev/null&&t='timeout {most_s}';read -r a x </proc/uptime;"
        f"n=$($t $w {shlex.quote(checked(url))} 2>/dev/null|head -c {most_bytes}|wc -c);read -r b x </proc/uptime;"
        'echo "merata-speed" $n $a $b'
    )


def fetch_command(url: str, *, most_s: int) -> str:
    """One line for RouterOS. It knows no bound of octets: the file behind the URL is the bound.

    Raises:
        ValueError: the URL is not http or https, or holds what RouterOS would not leave alone.
    """
    if re.search(r'["$\\\s;{}\[\]]', checked(url)):
        raise ValueError(f"{url!r} holds a character that RouterOS would read as its own")
    return f':put [:time {{/tool fetch url="{url}" output=none duration={most_s}s}}]'


def iperf3_command(server: str, *, most_bytes: int, most_s: int) -> str:
    """One line for the shell; `server` is HOST or HOST:PORT. Cut short at its time, iperf3 still tells what arrived.

    Raises:
        ValueError: the server is no host with a port.
    """
    found = _SERVER.fullmatch(server)
    if found is None or not 0 < int(found[2] or 5201) < 65_536 or found[1].startswith("-"):
        raise ValueError(f"{server!r} is no HOST or HOST:PORT")
    return (
        "PATH=$PATH:/usr/local/bin;t=;"
        f"command -v timeout >/dev/null&&t='timeout {most_s}';"
        # Not in a pipe: `timeout` ends its whole group, and in a terminal whoever reads the pipe is of it.
        f"r=$($t iperf3 -c {found[1]} -p {found[2] or 5201} -n {most_bytes} -R -J -i 0 2>&1);"
        "echo \"$r\"|tr -d '\\n\\t'"
    )


def checked(url: str) -> str:
    """The URL itself.

    Raises:
        ValueError: it is not http or https.
    """
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise ValueError(f"{url!r} is no http or https address")
    return url


def parse(text: str) -> Download:
    """The answer to `command`.

    Raises:
        UnexpectedReply: the shell did not tell, or too little arrived to say anything.
    """
    found = _TOLD.search(text)
    if found is None:
        raise UnexpectedReply("the shell did not tell how much was downloaded")
    return _enough(int(found[1]), float(found[3]) - float(found[2]))


def parse_fetch(text: str) -> Download:
    """The answer to `fetch_command`: the last `downloaded:` in KiB, and the time that `:time` measured.

    Raises:
        UnexpectedReply: RouterOS refused, or too little arrived.
    """
    told, took = _FETCHED.findall(text), _fetch_took(text)
    if not told or took is None:
        said = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "nothing")
        raise UnexpectedReply(f"RouterOS did not tell how much was downloaded, but: {said[:120]}")
    return _enough(int(told[-1]) * 1024, took)


def _fetch_took(text: str) -> float | None:
    if found := _FETCH_TOOK.findall(text):
        weeks, days, hours, minutes, seconds = found[-1]
        whole = ((int(weeks or 0) * 7 + int(days or 0)) * 24 + int(hours)) * 3600 + int(minutes) * 60
        return whole + float(seconds)
    said = _FETCH_SAID.findall(text)
    return int(said[-1][0] or 0) * 60 + float(said[-1][1]) if said else None


def parse_iperf3(text: str) -> Download:
    """The answer to `iperf3_command`: what the receiving end counted.

    Raises:
        UnexpectedReply: no JSON, an error that it names, or too little arrived.
    """
    begin, end = text.find("{"), text.rfind("}")
    try:
        told: Mapping[str, Any] = json.loads(text[begin : end + 1])
    except ValueError:
        raise UnexpectedReply(f"iperf3 did not answer in JSON, but: {text.strip()[:120] or 'nothing'}") from None
    got = told.get("end", {}).get("sum_received", {})
    if not isinstance(got, Mapping) or not isinstance(got.get("bytes"), int | float) or not got.get("seconds"):
        raise UnexpectedReply(f"iperf3: {str(told.get('error', 'it told no end'))[:160]}")
    return _enough(int(got["bytes"]), float(got["seconds"]))


def _enough(octets: int, seconds: float) -> Download:
    if octets < LEAST_BYTES:
        raise UnexpectedReply(f"only {octets} bytes arrived in {seconds:.1f} s: is the address right and reachable?")
    return Download(octets=octets, seconds=max(seconds, 0.01))


async def measure(
    shell: Shell,
    device: Device,
    means: Means,
    target: str,
    *,
    most_bytes: int = 5_000_000,
    most_s: int = 15,
    sessions: Sessions | None = None,
) -> Download:
    """Let a device download and throw away.

    Args:
        shell: the way into Linux.
        device: stands at the site, with `ssh` settings.
        means: with what.
        target: URL of something larger than `most_bytes` (for RouterOS: not much larger), or the iperf3 server.
        most_bytes: end of the test.
        most_s: end of the test.
        sessions: the way into RouterOS.

    Raises:
        DeviceError: no session, or no usable answer.
        ValueError: the target does not fit the means.
    """
    if means is Means.FETCH:
        if sessions is None:
            raise NotSupported("no terminals of RouterOS here", target=device.target.host)
        line = fetch_command(target, most_s=most_s)
        return parse_fetch(await asyncio.to_thread(_typed, sessions, device, line, most_s + _HEADROOM_S))
    read: Callable[[str], Download]
    if means is Means.HTTP:
        line, read = command(target, most_bytes=most_bytes, most_s=most_s), parse
    else:
        line, read = iperf3_command(target, most_bytes=most_bytes, most_s=most_s), parse_iperf3
    (reply,) = await shell.run(device, [line], deadline_s=most_s + _HEADROOM_S)
    return read(reply.text)


def _typed(sessions: Sessions, device: Device, line: str, deadline_s: float) -> str:
    session = sessions.open(device, deadline_s=deadline_s)
    try:
        told = session.run(line)
    except BaseException:
        session.cut()
        raise
    session.close()
    return told


async def download(
    shell: Shell, device: Device, url: str, *, most_bytes: int = 5_000_000, most_s: int = 15
) -> Download:
    """`measure` over HTTP in a Linux shell."""
    return await measure(shell, device, Means.HTTP, url, most_bytes=most_bytes, most_s=most_s)


async def download_here(url: str, *, most_bytes: int = 5_000_000, most_s: int = 15) -> Download:
    """Download with the machine that the program runs on: right only where that machine is a device of the site.

    Raises:
        UnexpectedReply: nobody answers, or too little arrived.
        ValueError: the URL is not http or https.
    """
    return await asyncio.to_thread(_download_here, checked(url), most_bytes, most_s)


def _download_here(url: str, most_bytes: int, most_s: int) -> Download:
    began = time.monotonic()
    octets = 0
    try:
        with urllib.request.urlopen(url, timeout=most_s) as answer:  # noqa: S310 - http or https, see `checked`
            while octets < most_bytes and time.monotonic() - began < most_s:
                if not (piece := answer.read1(min(_CHUNK, most_bytes - octets))):
                    break
                octets += len(piece)
    except (OSError, ValueError) as err:
        if octets < LEAST_BYTES:
            raise UnexpectedReply(f"{urlsplit(url).hostname} gave nothing: {err}") from err
    return _enough(octets, time.monotonic() - began)
