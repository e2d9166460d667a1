"""What IOS takes: the lines that may stand at the top and in each section, and the order in which they are shown."""

from __future__ import annotations

from typing import Final

from simulator.shells.sections import Rule

#: What may stand at the top. Others are refused with the marker.
TOP: Final = (
    Rule(pattern=r"interface \S+", opens=True),
    Rule(pattern=r"line (con|vty|aux|console) ", opens=True),
    Rule(pattern=r"router (ospf|bgp|rip|eigrp) ?", opens=True),
    Rule(pattern=r"ip access-list (standard|extended) \S+", opens=True),
    Rule(pattern=r"ip dhcp pool \S+", opens=True),
    Rule(pattern=r"(vlan \d+|dot11 ssid \S+|wlan \S+|archive$|class-map |policy-map |key chain )", opens=True),
    Rule(pattern=r"hostname \S+$", key=r"hostname"),
    Rule(pattern=r"banner (motd|login|exec) ", key=r"banner \S+"),
    Rule(pattern=r"username \S+ ", key=r"username \S+"),
    Rule(pattern=r"enable (secret|password) ", key=r"enable \S+"),
    Rule(pattern=r"clock timezone ", key=r"clock timezone"),
    Rule(pattern=r"clock summer-time ", key=r"clock summer-time"),
    Rule(pattern=r"ip (domain name|domain-name) \S+$", key=r"ip domain.name"),
    Rule(pattern=r"ip default-gateway \S+$", key=r"ip default-gateway"),
    Rule(pattern=r"ip ssh (version|time-out|authentication-retries) ", key=r"ip ssh \S+"),
    Rule(pattern=r"ip name-server( \d+\.\d+\.\d+\.\d+)+$"),
    Rule(pattern=r"ip (route|http|dhcp excluded-address|routing|cef|domain lookup|forward-protocol|scp|tftp|nat) ?"),
    Rule(pattern=r"ntp (server|peer) \S+", key=r"ntp \S+ \S+"),
    Rule(pattern=r"ntp (source|update-calendar|authenticate|logging)", key=r"ntp \S+"),
    Rule(pattern=r"snmp-server community \S+", key=r"snmp-server community \S+"),
    Rule(pattern=r"snmp-server (location|contact|chassis-id) ", key=r"snmp-server \S+"),
    Rule(pattern=r"snmp-server (group|user|view|host) \S+", key=r"snmp-server \S+ \S+"),
    Rule(pattern=r"snmp-server (enable|ifindex|trap-source) "),
    Rule(pattern=r"(logging|access-list|aaa|service|cdp|lldp|spanning-tree|crypto|errdisable|boot|version|vtp) "),
    Rule(pattern=r"(cdp|lldp) run$"),
)
#: What may stand in a section, by how the section begins; the last is any other.
UNDER: Final[tuple[tuple[str, tuple[Rule, ...]], ...]] = (
    (
        r"interface ",
        (
            Rule(pattern=r"ip address (dhcp$|\d+\.\d+\.\d+\.\d+ \d+\.\d+\.\d+\.\d+$)", key=r"ip address"),
            Rule(pattern=r"description ", key=r"description"),
            Rule(pattern=r"shutdown$"),
            Rule(pattern=r"(mtu|bandwidth|speed|duplex|encapsulation \S+) ?", key=r"\S+"),
            Rule(pattern=r"service-policy (input|output) \S+$", key=r"service-policy \S+"),
            Rule(pattern=r"(traffic-shape|rate-limit) ", key=r"\S+ \S+"),
            Rule(
                pattern=r"(switchport|spanning-tree|ssid|channel|power|vlan|storm-control|encryption|load"
                r"|ip (?!route|name-server|domain|ssh|default-gateway|access-list|dhcp)) ?"
            ),
        ),
    ),
    (
        r"policy-map ",
        (Rule(pattern=r"class \S+", opens=True), Rule(pattern=r"(police|shape|bandwidth|set|priority) ", key=r"\S+")),
    ),
    (r"class ", (Rule(pattern=r"(police|shape|bandwidth|set|priority|service-policy) ", key=r"\S+"),)),
    (r"archive", (Rule(pattern=r"(path|maximum|write-memory|time-period)", key=r"\S+"), Rule(pattern=r"log "))),
    (
        r"line ",
        (
            Rule(pattern=r"(exec-timeout|password|login|transport \S+|logging \S+)", key=r"\S+( input| output)?"),
            Rule(pattern=r"(access-class|privilege|length|stopbits|no exec)"),
        ),
    ),
    (
        r"dot11 ssid |wlan ",
        (
            Rule(pattern=r"wpa-psk ", key=r"wpa-psk"),
            Rule(pattern=r"authentication (open|key-management)", key=r"authentication \S+"),
            Rule(pattern=r"(vlan|mbssid|guest-mode|security|shutdown|client|max-associations)"),
        ),
    ),
    (r"ip dhcp pool ", (Rule(pattern=r"(network|default-router|dns-server|lease|domain-name) ", key=r"\S+"),)),
    (r"", (Rule(pattern=r"[a-z0-9]"),)),
)
#: The order in which a device shows its top lines, which is not the order of typing.
ORDER: Final = (
    r"version", r"service", r"hostname", r"boot", r"enable", r"aaa", r"clock", r"ip domain", r"ip name-server",
    r"ip (cef|routing|dhcp)", r"archive", r"dot11", r"username", r"vlan", r"ip ssh", r"class-map", r"policy-map",
    r"interface", r"ip default-gateway", r"ip ", r"logging", r"access-list", r"snmp-server", r"banner", r"line", r"ntp",
)  # fmt: skip
