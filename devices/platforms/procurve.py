"""HP and Aruba switches (ProCurve, ArubaOS-Switch, OfficeConnect): STATISTICS-MIB, NETSWITCH-MIB, ENTITY-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import (
    Answers,
    Source,
    joined,
    number,
    scalar,
    single,
    string,
    text,
    used_share,
)
from devices.platforms.sources import total as whole

_SWITCH = "1.3.6.1.4.1.11.2.14.11.5.1."
_AIR, _AIR_TEXT = "1.3.6.1.4.1.11.2.14.11.1.2.8.1.1.2", "1.3.6.1.4.1.11.2.14.11.1.2.8.1.1.3"
_SIZE, _FREE, _USED = (f"{_SWITCH}1.2.{part}" for part in ("2.1.1.5", "2.1.1.6", "2.1.1.7"))
_BYTES = "1.3.6.1.4.1.11.2.14.11.5.1.1.2.2.1.1."

_NUMBER = r"\b(J[A-Z0-9]{4,5})"  # HP's product number


def _chassis(answers: Answers) -> tuple[float, ...] | None:
    """HpSystemAirCurrentTemp reads like "27C"; power supplies tell theirs in degrees."""
    air = [n for v in answers.table(_AIR_TEXT).values() if (n := number(string(v))) is not None]
    supplies = [n for v in answers.table(_SWITCH + "55.1.1.1.4").values() if (n := number(v))]
    return tuple(air + supplies) or None


PLATFORM = Platform(
    name="procurve",
    vendor="HP",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.11.2.3.7.11", "1.3.6.1.4.1.11.2.3.7.8")),
        Sign(
            descr=r"(?i)^(HP|HPE|Aruba|ProCurve|Hewlett).*(ProCurve|OfficeConnect|Instant On|revision [A-Z]{1,2}\.)",
            rank=45,
        ),
    ),
    model=(
        joined(text(SYS_DESCR, _NUMBER + r" Switch \S"), text(SYS_DESCR, r"\bJ\w{4,5} Switch ([\w\-+]+)")),
        text(SYS_DESCR, r"Switch (\S[^,]* J\w{4,5}),"),
        text(SYS_DESCR, r"^(?:Aruba|HPE?|ProCurve) (J\w{4,5} [^,]+?)(?: Switch)?,"),
        text(SYS_DESCR, r"^(?:HPE?|ProCurve)(?: ProCurve)? (?!Stack)([^,]+),"),
        text(SYS_DESCR, r"^(?!HP Stack)(\S+) "),
        *standard.MODEL,
    ),
    version=(
        text(_SWITCH + "1.3.0"),
        text(SYS_DESCR, r"revision ([A-Z]{1,2}\.[\w.]+)"),
        text(SYS_DESCR, r"\b([A-Z]{2}\.\d+\.\d[\w.\-]*)"),
        text(SYS_DESCR, r"InstantOn_\w+?_(\d+\.\d[\w.]*)"),
        *standard.VERSION,
    ),
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=(single(scalar(_SWITCH + "9.6.1.0")), *standard.CPU),
    memory=(used_share(whole(_BYTES + "7", fixed=True), whole(_BYTES + "5", fixed=True)), *standard.MEMORY),
    disk=standard.DISK,
    temperature=(Source(columns=(_AIR_TEXT, _SWITCH + "55.1.1.1.4"), read=_chassis), *standard.TEMPERATURE),
    netmiko="hp_procurve",
    wired=True,
)
