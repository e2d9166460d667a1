"""Moxa AWK wireless access points and clients: MOXA-AWK MIBs, one tree a model with the same leaves."""

from devices.platforms import standard
from devices.platforms.platform import Platform, Sign
from devices.platforms.sources import scalar, single, text, used_share

#: Trees under moxa(8691).awk(15) of the AWK series with one layout (4131A, 3131A, 1131A, 1137C, 1151C, 3252A ...).
_TREES = tuple(f"1.3.6.1.4.1.8691.15.{n}.1." for n in (31, 32, 33, 34, 35, 36, 37, 38, 39, 40))

PLATFORM = Platform(
    name="moxa",
    vendor="Moxa",
    recognise=(Sign(object_id=("1.3.6.1.4.1.8691",)),),
    model=tuple(text(tree + "1.1.0") for tree in _TREES),
    version=tuple(text(tree + "1.5.0") for tree in _TREES),
    uptime=(standard.UPTIME,),
    cpu=(*(single(scalar(tree + "11.25.1.0")) for tree in _TREES), *standard.CPU),
    memory=(
        *(used_share(scalar(tree + "11.25.3.0"), scalar(tree + "11.25.2.0")) for tree in _TREES),
        *standard.MEMORY,
    ),
)
