"""The commands of IOS and IOS XE that are modelled, in the order of `show running-config`."""

from __future__ import annotations

from typing import Final

from devices.configuring.sections import Command, Grammar

_ADDRESS: Final = r"\d+\.\d+\.\d+\.\d+"

TOP: Final = (
    Command(begins=r"version "),
    Command(begins=r"service \S", is_switch=True),
    Command(begins=r"hostname \S+$", names=r"hostname"),
    Command(begins=r"enable (?:secret|password) ", names=r"enable (?:secret|password)", hides=True, manages=True),
    Command(begins=r"aaa ", manages=True),
    Command(begins=r"clock timezone ", names=r"clock timezone", grows=True),
    Command(begins=r"clock summer-time ", names=r"clock summer-time"),
    Command(begins=r"ip (?:domain name|domain-name) ", names=r"ip domain.name"),
    Command(begins=r"ip domain[ -]lookup$", is_switch=True),
    Command(begins=rf"ip name-server {_ADDRESS}$"),
    Command(begins=r"ip dhcp (?:excluded-address|relay) "),
    Command(begins=r"ip dhcp pool \S", opens=True),
    Command(begins=r"archive$", opens=True),
    Command(begins=r"dot11 ssid \S", opens=True),
    Command(begins=r"username \S+ ", names=r"username \S+", hides=True, manages=True),
    Command(begins=r"vlan \d+$", opens=True, manages=True),
    Command(begins=r"ip ssh (?:version|time-out|authentication-retries) ", names=r"ip ssh \S+", manages=True),
    Command(begins=r"class-map ", opens=True),
    Command(begins=r"policy-map \S+$", opens=True),
    Command(begins=r"interface \S", opens=True, is_there=True),
    Command(begins=r"ip default-gateway ", names=r"ip default-gateway", manages=True),
    Command(begins=r"ip http (?:secure-)?server$", is_switch=True),
    Command(begins=r"ip route ", manages=True),
    Command(begins=r"ip access-list (?:standard|extended) \S", opens=True, manages=True),
    Command(begins=r"logging (?:buffered|console|trap|facility|source-interface)", names=r"logging \S+"),
    Command(begins=r"logging (?:host )?\S"),
    Command(begins=r"access-list \d+ ", manages=True),
    Command(begins=r"snmp-server community \S", names=r"snmp-server community \S+", manages=True),
    Command(begins=r"snmp-server (?:location|contact|chassis-id) ", names=r"snmp-server \S+"),
    Command(begins=r"snmp-server user \S", names=r"snmp-server user \S+", is_unseen=True, manages=True),
    Command(begins=r"snmp-server (?:group|view|host) \S", names=r"snmp-server \S+ \S+", hides=True, manages=True),
    Command(begins=r"snmp-server enable traps"),
    Command(begins=r"banner (?:motd|login|exec) ", names=r"banner \S+"),
    Command(begins=r"line (?:con|vty|aux|console) ", opens=True, manages=True),
    Command(begins=r"ntp server \S", names=r"ntp server \S+", grows=True),
    Command(begins=r"ntp (?:source|logging|authenticate)", names=r"ntp \S+"),
)
_INTERFACE: Final = (
    Command(begins=r"description ", names=r"description"),
    Command(begins=r"bandwidth \d", names=r"bandwidth"),
    Command(
        begins=rf"ip address (?:dhcp$|{_ADDRESS} {_ADDRESS}$)", names=r"ip address(?=$| dhcp$| \S+ \S+$)",
        negated="no ip address", manages=True,
    ),
    Command(begins=rf"ip address {_ADDRESS} {_ADDRESS} secondary$", manages=True),
    Command(begins=r"ip access-group \S+ (?:in|out)$", names=r"ip access-group", manages=True),
    Command(begins=r"ip (?:helper-address|nat) \S"),
    Command(begins=r"shutdown$", manages=True),
    Command(begins=r"(?:speed|duplex|mtu) ", names=r"\S+", manages=True),
    Command(begins=r"switchport ", manages=True),
    Command(begins=r"encapsulation ", names=r"encapsulation", manages=True),
    Command(begins=r"ssid \S"),
    Command(begins=r"encryption (?:vlan \d+ )?mode ", names=r"encryption (?:vlan \d+ )?mode"),
    Command(begins=r"service-policy (?:input|output) \S+$", names=r"service-policy \S+", manages=True),
)  # fmt: skip
_LINE: Final = (
    Command(begins=r"exec-timeout ", names=r"exec-timeout"),
    Command(begins=r"password ", names=r"password", hides=True),
    Command(begins=r"login(?:$| )", names=r"login"),
    Command(begins=r"access-class ", names=r"access-class", manages=True),
    Command(begins=r"transport (?:input|output|preferred) ", names=r"transport \S+", manages=True),
    Command(begins=r"privilege level ", names=r"privilege level", manages=True),
)
_POLICE: Final = (
    Command(begins=r"(?:police|shape|bandwidth|priority) ", names=r"\S+", grows=True),
    Command(begins=r"service-policy \S", names=r"service-policy"),
)
BELOW: Final = (
    (r"interface ", _INTERFACE),
    (r"line ", _LINE),
    (r"policy-map ", (Command(begins=r"class \S+$", opens=True),)),
    (r"class ", _POLICE),
    (r"class-map ", (Command(begins=r"match "),)),
    (r"archive", (Command(begins=r"(?:path|maximum|time-period) ", names=r"\S+"), Command(begins=r"write-memory$"))),
    (
        r"dot11 ssid ",
        (
            Command(begins=r"vlan ", names=r"vlan"),
            Command(begins=r"authentication open$"),
            Command(begins=r"authentication key-management ", names=r"authentication key-management"),
            Command(begins=r"guest-mode$"),
            Command(begins=r"mbssid guest-mode"),
            Command(begins=r"wpa-psk ", names=r"wpa-psk", hides=True),
        ),
    ),
    (r"ip dhcp pool ", (Command(begins=r"(?:network|default-router|dns-server|lease|domain-name) ", names=r"\S+"),)),
    (r"vlan ", (Command(begins=r"name ", names=r"name"),)),
    (r"ip access-list ", (Command(begins=r"(?:\d+ )?(?:permit|deny|remark) ", manages=True),)),
)
#: `banner motd ~ ... ~`: the text up to the next mark, over as many lines as it takes. Shown with the mark `^C`.
BLOCK: Final = r"(banner (?:motd|login|exec)) (\^C|\S)"

GRAMMAR: Final = Grammar(top=TOP, below=BELOW, block=BLOCK)
