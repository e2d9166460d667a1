"""Figures that standard MIBs tell, whatever the maker: fallbacks for every platform.

SNMPv2-MIB (RFC 3418), HOST-RESOURCES-MIB (RFC 2790), ENTITY-MIB (RFC 6933), ENTITY-SENSOR-MIB (RFC 3433),
UCD-SNMP-MIB and LM-SENSORS-MIB (net-snmp), SNMP-FRAMEWORK-MIB (RFC 3411).
"""

from __future__ import annotations

import re

from devices.platforms.platform import SYS_UP_TIME
from devices.platforms.sources import (
    Answers,
    Number,
    Numbers,
    Rows,
    Source,
    Text,
    each,
    idle,
    number,
    scalar,
    string,
)

HR_UPTIME = "1.3.6.1.2.1.25.1.1.0"
ENGINE_TIME = "1.3.6.1.6.3.10.2.1.3.0"
#: TimeTicks wrap here; only then does snmpEngineTime (whole seconds, 31 bits) know better.
WRAP_S = 2**32 / 100


def _uptime(answers: Answers) -> float | None:
    """Seconds since the host started: it is up at least as long as its agent."""
    ticks = [n / 100 for o in (HR_UPTIME, SYS_UP_TIME) if (n := number(answers.values.get(o))) is not None]
    engine = number(answers.values.get(ENGINE_TIME))
    if engine is not None and (engine >= WRAP_S or not ticks):
        ticks.append(engine)
    return max(ticks) if ticks else None


#: The longer of hrSystemUptime and sysUpTime; snmpEngineTime past 497 days.
UPTIME: Number = Source(oids=(HR_UPTIME, SYS_UP_TIME, ENGINE_TIME), read=_uptime)
#: sysUpTime alone, for agents whose other clocks lie.
AGENT_UPTIME: Number = scalar(SYS_UP_TIME, scale=0.01)
HOST_UPTIME: Number = scalar(HR_UPTIME, scale=0.01)

# -- CPU -----------------------------------------------------------------------------------------------------------

#: One figure a core: the mean over the last minute.
HR_PROCESSOR: Numbers = each("1.3.6.1.2.1.25.3.3.1.2", keep=lambda v: isinstance(v, int) and 0 <= v <= 100)
#: ssCpuIdle of net-snmp.
UCD_CPU: Numbers = idle(scalar("1.3.6.1.4.1.2021.11.11.0"))
CPU = (HR_PROCESSOR, UCD_CPU)

# -- memory --------------------------------------------------------------------------------------------------------

_UCD = "1.3.6.1.4.1.2021.4."
_TOTAL, _FREE, _BUFFER, _CACHED = (_UCD + leaf for leaf in ("5.0", "6.0", "14.0", "15.0"))


def _ucd_memory(answers: Answers) -> float | None:
    """Used RAM without buffers and cache, else every Linux looks full."""
    whole, free = (number(answers.values.get(o)) for o in (_TOTAL, _FREE))
    if not whole or free is None:
        return None
    spare = free + sum(number(answers.values.get(o)) or 0.0 for o in (_BUFFER, _CACHED))
    return 1 - spare / whole if 0 <= spare <= whole else 1 - free / whole if 0 <= free <= whole else None


UCD_MEMORY: Number = Source(oids=(_TOTAL, _FREE, _BUFFER, _CACHED), read=_ucd_memory)

_STORAGE = "1.3.6.1.2.1.25.2.3.1."
_TYPE, _DESCR, _SIZE, _USED = (_STORAGE + leaf for leaf in ("2", "3", "5", "6"))
_RAM = "1.3.6.1.2.1.25.2.1.2"
_RAM_NAME = re.compile(r"(?i)^(physical memory|real memory|main memory|ram\b|memory\b|dram|system memory)")


def _ram_row(answers: Answers) -> str | None:
    """The row of the RAM: by type and name, else by either."""
    types, names, sizes = answers.table(_TYPE), answers.table(_DESCR), answers.table(_SIZE)
    told = [s for s in sizes if number(sizes[s]) and s in answers.table(_USED)]
    typed = [s for s in told if str(types.get(s)).endswith(_RAM[4:])]
    called = [s for s in told if _RAM_NAME.match(string(names.get(s)) or "")]
    both = [s for s in typed if s in called]
    return next(iter(both or typed or called), None)


def _hr_memory(answers: Answers) -> float | None:
    row = _ram_row(answers)
    if row is None:
        return None
    used, size = number(answers.table(_USED)[row]), number(answers.table(_SIZE)[row])
    return used / size if used is not None and size and 0 <= used <= size else None


def _hr_rows(answers: Answers) -> Rows:
    row = _ram_row(answers)
    return dict.fromkeys((_TYPE, _DESCR, _SIZE, _USED), () if row is None else (row,))


HR_MEMORY: Number = Source(columns=(_TYPE, _DESCR, _SIZE, _USED), read=_hr_memory, narrow=_hr_rows, max_rows=60)
MEMORY = (UCD_MEMORY, HR_MEMORY)

# -- disk ----------------------------------------------------------------------------------------------------------

_FIXED_DISK = "1.3.6.1.2.1.25.2.1.4"
#: Always full (squashfs of the firmware, snaps) or no storage at all, though agents call them fixed disks.
_NO_DISK = re.compile(r"(?i)^/(rom|snap|proc|sys|dev|run)(/|$)|squashfs|cdrom|virtual memory|swap")
#: Rows asked again at each poll; a disk beyond the fullest is looked at with the next survey.
_DISKS = 2


def _disks(answers: Answers) -> dict[str, float]:
    """Used share of each writable fixed disk, the fullest first."""
    types, names, sizes = answers.table(_TYPE), answers.table(_DESCR), answers.table(_SIZE)
    found = {}
    for row, told in answers.table(_USED).items():
        if not str(types.get(row)).endswith(_FIXED_DISK[4:]) or _NO_DISK.search(string(names.get(row)) or ""):
            continue
        used, size = number(told), number(sizes.get(row))
        if used is not None and size and 0 <= used <= size:
            found[row] = used / size
    return dict(sorted(found.items(), key=lambda disk: -disk[1]))


def _hr_disk_rows(answers: Answers) -> Rows:
    return dict.fromkeys((_TYPE, _SIZE, _USED), tuple(_disks(answers))[:_DISKS])


#: hrStorageTable, the same columns and bound as the memory's: one walk serves both.
HR_DISK: Number = Source(
    columns=(_TYPE, _DESCR, _SIZE, _USED),
    read=lambda answers: next(iter(_disks(answers).values()), None),
    narrow=_hr_disk_rows,
    max_rows=60,
)

_DSK_PATH, _DSK_PERCENT = "1.3.6.1.4.1.2021.9.1.2", "1.3.6.1.4.1.2021.9.1.9"


def _ucd_disks(answers: Answers) -> dict[str, float]:
    paths, shares = answers.table(_DSK_PATH), answers.table(_DSK_PERCENT)
    told = {row: n / 100 for row in shares if (n := number(shares[row])) is not None and 0 <= n <= 100}
    told = {row: share for row, share in told.items() if not _NO_DISK.search(string(paths.get(row)) or "")}
    return dict(sorted(told.items(), key=lambda disk: -disk[1]))


#: dskPercent of net-snmp, of the paths that snmpd.conf names.
UCD_DISK: Number = Source(
    columns=(_DSK_PATH, _DSK_PERCENT),
    read=lambda answers: next(iter(_ucd_disks(answers).values()), None),
    narrow=lambda answers: {_DSK_PERCENT: tuple(_ucd_disks(answers))[:_DISKS]},
    max_rows=60,
)
DISK = (HR_DISK, UCD_DISK)

# -- temperature ---------------------------------------------------------------------------------------------------

_CELSIUS, _OK = 8, 1


def sensors(table: str) -> Numbers:
    """Degrees from a table laid out as entPhySensorTable (RFC 3433).

    A figure is value x 10^(3 x (scale - units(9))) / 10^precision.
    """
    kind, scale_of, precision_of, reading, status = columns = tuple(f"{table}.{leaf}" for leaf in "12345")

    def rows(answers: Answers) -> tuple[str, ...]:
        kinds, states = answers.table(kind), answers.table(status)
        return tuple(s for s in answers.table(reading) if kinds.get(s) == _CELSIUS and states.get(s, _OK) == _OK)

    def read(answers: Answers) -> tuple[float, ...] | None:
        found = []
        for row in rows(answers):
            value = number(answers.table(reading)[row])
            scale = number(answers.table(scale_of).get(row)) or 9.0
            precision = number(answers.table(precision_of).get(row)) or 0.0
            if value is not None and 1 <= scale <= 17 and -8 <= precision <= 9:  # the ranges of RFC 3433
                degrees = value * 10 ** (3 * (scale - 9)) / 10**precision
                if -60 < degrees < 200:
                    found.append(degrees)
        return tuple(found) or None

    return Source(columns=columns, read=read, narrow=lambda a: dict.fromkeys(columns, rows(a)[:12]), max_rows=200)


ENTITY_SENSORS: Numbers = sensors("1.3.6.1.2.1.99.1.1.1")
LM_SENSORS: Numbers = each("1.3.6.1.4.1.2021.13.16.2.1.3", scale=0.001, keep=lambda v: isinstance(v, int) and v > 0)
TEMPERATURE = (ENTITY_SENSORS, LM_SENSORS)

# -- scripts hung on net-snmp ----------------------------------------------------------------------------------------

#: nsExtendOutput1Line (NET-SNMP-EXTEND-MIB) and its place below an object that `extend` was given.
_LINE, _LINE_BELOW = "1.3.6.1.4.1.8072.1.3.2.3.1.1", "3.1.1"


def extend(name: str, base: str | None = None) -> str:
    """The object with the first line of an snmpd `extend` script: indexed by the length and letters of its name."""
    column = _LINE if base is None else f"{base}.{_LINE_BELOW}"
    return ".".join((column, str(len(name)), *(str(b) for b in name.encode())))


# -- what the box is -----------------------------------------------------------------------------------------------

_ENTITY = "1.3.6.1.2.1.47.1.1.1.1."
_CLASS = _ENTITY + "5"
_CHASSIS = 3


def entity(leaf: int, pattern: str | None = None) -> Text:
    """A text of entPhysicalTable: that of the chassis, else the first that is told."""
    column = f"{_ENTITY}{leaf}"
    compiled = re.compile(pattern) if pattern else None

    def read(answers: Answers) -> str | None:
        classes, texts = answers.table(_CLASS), answers.table(column)
        order = sorted(texts, key=lambda s: classes.get(s) != _CHASSIS)
        told = (t for s in order if (t := string(texts[s])) and (compiled is None or compiled.search(t)))
        found = next(told, None)
        if found is None or compiled is None:
            return found
        matched = compiled.search(found)
        return matched.group(1) if matched and compiled.groups else found

    return Source(columns=(_CLASS, column), read=read, max_rows=60)


def entity_of_chassis(leaf: int) -> Text:
    """A text of entPhysicalTable, of a chassis only (a serial of some module is not that of the box)."""
    column = f"{_ENTITY}{leaf}"

    def read(answers: Answers) -> str | None:
        classes = answers.table(_CLASS)
        told = (string(v) for s, v in answers.table(column).items() if classes.get(s) == _CHASSIS)
        return next((t for t in told if t), None)

    return Source(columns=(_CLASS, column), read=read, max_rows=60)


MODEL = (entity(13, r"\w{2,}"),)
SERIAL = (entity_of_chassis(11), entity(11, r"\w{4,}"))
VERSION = (entity_of_chassis(10), entity_of_chassis(9), entity(10, r"\d"), entity(9, r"\d"))
