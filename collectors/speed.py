"""How fast a site downloads: a light active test in the shell of its own router (OpenWrt, Linux).

It ends at so many bytes or seconds, whichever comes first, since volume over a satellite costs money. The time to
connect counts, so a short test on a long way tells a little less than there is, never more.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from devices.errors import UnexpectedReply
from devices.model import Device
from devices.transport.shell import Shell

LEAST_BYTES: Final = 50_000  # less is an error page, or nothing worth a figure
_TOLD: Final = re.compile(r"merata-speed +(\d+) +([\d.]+) +([\d.]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What arrived, and in which time (the device's own clock since its start, hundredths)."""

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
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise ValueError(f"{url!r} is no http or https address")
    return (
        "PATH=$PATH:/usr/sbin:/sbin;w='wget -qO-';command -v wget >/dev/null||w='curl -sfL';t=;"
        f"command -v timeout >/dev/null&&t='timeout {most_s}';read -r a x </proc/uptime;"
        f"n=$($t $w {shlex.quote(url)} 2>/dev/null|head -c {most_bytes}|wc -c);read -r b x </proc/uptime;"
        'echo "merata-speed" $n $a $b'
    )


def parse(text: str) -> Download:
    """The answer to `command`.

    Raises:
        UnexpectedReply: the shell did not tell, or too little arrived to say anything.
    """
    found = _TOLD.search(text)
    if found is None:
        raise UnexpectedReply("the shell did not tell how much was downloaded")
    octets, seconds = int(found[1]), float(found[3]) - float(found[2])
    if octets < LEAST_BYTES:
        raise UnexpectedReply(f"only {octets} bytes arrived in {seconds:.1f} s: is the address right and reachable?")
    return Download(octets=octets, seconds=max(seconds, 0.01))


async def download(
    shell: Shell, device: Device, url: str, *, most_bytes: int = 5_000_000, most_s: int = 15
) -> Download:
    """Let a device download and throw away.

    Args:
        shell: the way in.
        device: the site's router, with `ssh` settings.
        url: of something larger than `most_bytes`.
        most_bytes: end of the test.
        most_s: end of the test.

    Raises:
        DeviceError: no session, or no usable answer.
        ValueError: the URL is not http or https.
    """
    line = command(url, most_bytes=most_bytes, most_s=most_s)
    (reply,) = await shell.run(device, [line], deadline_s=most_s + 20.0)
    return parse(reply.text)
