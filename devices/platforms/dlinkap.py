"""D-Link access points (DAP): the private tree of each model lies under its own sysObjectID."""

from devices.platforms import standard
from devices.platforms.platform import SYS_DESCR, Platform, Sign
from devices.platforms.sources import scalar, single, text

#: A DAP-2230 tells its load in hundredths of a per cent; unverified for other models.
_DAP_2230 = "1.3.6.1.4.1.171.10.37.56.5.1.3.0"

PLATFORM = Platform(
    name="dlinkap",
    vendor="D-Link",
    recognise=(
        Sign(object_id=("1.3.6.1.4.1.171.10.37", "1.3.6.1.4.1.171.10.128")),
        Sign(object_id=("1.3.6.1.4.1.171",), descr=r"(?i)D-Link (Access Point|DAP|DWL)|D-Link .* AP|^D[AW][PL]-\d"),
    ),
    model=(text(SYS_DESCR, r"\b(D(?:AP|WL|BA)-\w+)"),),
    uptime=(standard.UPTIME,),
    cpu=(single(scalar(_DAP_2230, scale=0.01)), *standard.CPU),
    memory=standard.MEMORY,
    disk=standard.DISK,
)
