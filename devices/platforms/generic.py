"""Anything that answers SNMP: what the standard MIBs tell. Only the maker's name is looked up by its number."""

from devices.platforms import standard
from devices.platforms.makers import BY_OBJECT_ID
from devices.platforms.platform import SYS_OBJECT_ID, Platform, Sign
from devices.platforms.sources import named

PLATFORM = Platform(
    name="generic",
    vendor=None,
    recognise=(Sign(rank=0),),
    vendor_from=(named(SYS_OBJECT_ID, BY_OBJECT_ID),),
    model=standard.MODEL,
    version=standard.VERSION,
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    disk=standard.DISK,
    temperature=standard.TEMPERATURE,
)
