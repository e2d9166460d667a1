"""Anything that answers SNMP: what the standard MIBs tell, and nothing guessed."""

from devices.platforms import standard
from devices.platforms.platform import Platform, Sign

PLATFORM = Platform(
    name="generic",
    vendor=None,
    recognise=(Sign(rank=0),),
    model=standard.MODEL,
    version=standard.VERSION,
    serial=standard.SERIAL,
    uptime=(standard.UPTIME,),
    cpu=standard.CPU,
    memory=standard.MEMORY,
    temperature=standard.TEMPERATURE,
)
