"""The commands of FRR 8 that are modelled, in the order of `show running-config` (seen on running routers).

`hostname` is not: what is shown is the name that each vtysh has from its own host, whatever was configured before.
"""

from __future__ import annotations

from typing import Final

from devices.configuring.sections import Command, Grammar

GRAMMAR: Final = Grammar(
    top=(
        Command(begins=r"frr defaults "),
        Command(begins=r"domainname \S", names=r"domainname"),
        Command(begins=r"log (?:file|syslog|stdout|facility|record-priority|timestamp)", names=r"log \S+"),
        Command(begins=r"(?:ip|ipv6) forwarding$", is_switch=True, manages=True),
        Command(begins=r"service (?:integrated-vtysh-config|advanced-vty)$"),
        Command(begins=r"password ", names=r"password", manages=True),
        Command(begins=r"enable password ", names=r"enable password", manages=True),
        Command(begins=r"ip route \S+ \S", is_sorted=True, manages=True),
        Command(begins=r"ipv6 route \S+ \S", is_sorted=True, manages=True),
        Command(begins=r"vrf \S+$", opens=True, manages=True),
        Command(begins=r"interface \S+", opens=True, is_sorted=True, is_there=True),
        Command(begins=r"router (?:bgp|ospf|ospf6|rip|ripng|isis|babel|eigrp)\b", opens=True, manages=True),
        Command(begins=r"access-list \S+ seq \d+ ", names=r"access-list \S+ seq \d+", is_sorted=True, manages=True),
        Command(begins=r"ip prefix-list \S+ seq \d+ ", names=r"ip prefix-list \S+ seq \d+", is_sorted=True),
        Command(begins=r"route-map \S+ (?:permit|deny) \d+$", opens=True),
        Command(begins=r"line vty$", opens=True, manages=True),
    ),
    below=(
        (
            r"interface ",
            (
                Command(begins=r"shutdown$", manages=True),
                Command(begins=r"bandwidth \d", names=r"bandwidth"),
                Command(begins=r"description ", names=r"description"),
                Command(begins=r"ip address \S", is_sorted=True, manages=True),
                Command(begins=r"ipv6 address \S", is_sorted=True, manages=True),
                Command(
                    begins=r"ip ospf \S",
                    names=r"ip ospf (?:authentication-key|cost|hello-interval|dead-interval)",
                    manages=True,
                ),
            ),
        ),
        (r"vrf ", (Command(begins=r"ip route \S+ \S", is_sorted=True, manages=True),)),
        (
            r"route-map ",
            (
                Command(begins=r"description ", names=r"description"),
                Command(begins=r"match (?:ip|interface|tag|metric) ", names=r"match \S+(?: \S+)?"),
                Command(begins=r"set (?:metric|tag|local-preference|src) ", names=r"set \S+"),
            ),
        ),
        (
            r"router ospf",
            (
                Command(begins=r"ospf router-id ", names=r"ospf router-id"),
                Command(begins=r"(?:redistribute|passive-interface|network) \S", manages=True),
            ),
        ),
        (r"line vty", (Command(begins=r"exec-timeout ", names=r"exec-timeout"), Command(begins=r"access-class "))),
    ),
)
