"""LANCOM LCOS LX access points: LCOS-LX-MIB."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import Cell, free_share, radios, scalar, single, text

_STATUS = "1.3.6.1.4.1.2356.13.1.47."
_RADIO = "1.3.6.1.4.1.2356.13.1.3.57.1."

PLATFORM = Platform(
    name="lcos-lx",
    vendor="LANCOM",
    recognise=(Sign(object_id=("1.3.6.1.4.1.2356.13",)), Sign(descr=r"LCOS-LX", rank=60)),
    model=(text(_STATUS + "3.0", r"[A-Z]{2}-\w+"), text(SYS_DESCR, r"LANCOM (\S+)")),
    version=(text(_STATUS + "9.0"), text(SYS_DESCR, r"LCOS-LX: (\d[\w.]*)")),
    serial=(text(_STATUS + "7.0"),),
    uptime=(standard.UPTIME,),
    cpu=(single(scalar(_STATUS + "2.0")), *standard.CPU),
    memory=(free_share(scalar(_STATUS + "5.0"), scalar(_STATUS + "4.0")), *standard.MEMORY),
    disk=standard.DISK,
    radios=(
        radios(
            channel=_RADIO + "3",
            noise_dbm=_RADIO + "5",
            tx_power_dbm=_RADIO + "7",
            airtime_ratio=Cell(column=_RADIO + "6", scale=0.01),
        ),
    ),
)
