"""FRRouting on Linux: polled as Linux is, changed through vtysh. SNMP seldom tells it, so the inventory does."""

from dataclasses import replace

from devices.platforms import linux
from devices.platforms.platform import Sign

PLATFORM = replace(
    linux.PLATFORM,
    name="frr",
    recognise=(Sign(descr=r"\bFRR(outing)?\b", rank=30),),
    clients_by_shell=False,
    wired=True,
)
