"""MikroTik SwOS switches: a small part of MIKROTIK-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import Answers, Source, each, several, text

_MIB = "1.3.6.1.4.1.14988.1.1."
_BOARD = several(_MIB + "3.10.0", _MIB + "3.11.0", scale=0.1, keep=lambda v: v != 0)
_NO_MODULE = 2**32 - 128
_OPTICS = each(_MIB + "19.1.1.6", keep=lambda v: isinstance(v, int) and 0 < v < 150 and v != _NO_MODULE)


def _temperatures(answers: Answers) -> tuple[float, ...] | None:
    """The board and the transceivers that are plugged in."""
    return (*(_BOARD.read(answers) or ()), *(_OPTICS.read(answers) or ())) or None


PLATFORM = Platform(
    name="swos",
    vendor="MikroTik",
    recognise=(Sign(object_id=("1.3.6.1.4.1.14988.2",)), Sign(descr=r"\bSwOS\b", rank=55)),
    model=(text(SYS_DESCR, r"^(\S+)(?: SwOS|$)"),),
    version=(text(_MIB + "7.4.0"), text(SYS_DESCR, r"SwOS v?(\S+)")),
    serial=(text(_MIB + "7.3.0"),),
    uptime=(standard.UPTIME,),
    temperature=(Source(oids=_BOARD.oids, columns=_OPTICS.columns, read=_temperatures),),
    wired=True,
)
