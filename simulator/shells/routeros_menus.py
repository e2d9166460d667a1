"""The menus of RouterOS 7 that are modelled: their properties, what is there at the first start.

Only properties listed here are taken; an unknown one is refused as the console does. A default is not exported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """One menu. `unique` are properties that no two items share; `presets` items that cannot be added or removed."""

    properties: frozenset[str]
    is_settings: bool = False
    defaults: dict[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    presets: tuple[dict[str, str], ...] = ()
    is_fixed: bool = False  # its items are hardware: set only
    is_exported: bool = True
    hidden: frozenset[str] = frozenset()  # shown by /export only with show-sensitive
    unset: frozenset[str] = frozenset()  # taken, never shown again
    refers: dict[str, tuple[str, ...]] = field(default_factory=dict)  # property -> menus in which its value is a name


def _menu(properties: str, **more: object) -> Menu:
    return Menu(properties=frozenset({*properties.split(), "comment", "disabled"}), **more)  # type: ignore[arg-type]


def _settings(properties: str, **more: object) -> Menu:
    return Menu(properties=frozenset(properties.split()), is_settings=True, **more)  # type: ignore[arg-type]


_INTERFACES: Final = (
    "interface ethernet",
    "interface bridge",
    "interface vlan",
    "interface wireless",
    "interface wifi",
    "interface list",
)
_FILTER: Final = (
    "chain action protocol src-address dst-address src-port dst-port in-interface out-interface in-interface-list"
    " out-interface-list connection-state src-address-list dst-address-list jump-target log log-prefix limit"
    " connection-nat-state reject-with src-mac-address icmp-options tls-host packet-mark connection-mark"
    " to-addresses to-ports new-packet-mark new-connection-mark passthrough"
    " hw-offload address-list address-list-timeout"
)
_WPA: Final = frozenset({"wpa-pre-shared-key", "wpa2-pre-shared-key", "passphrase", "security.passphrase"})
_WIFI_CONFIGURATION: Final = (
    "name ssid mode country hide-ssid security security.passphrase security.authentication-types channel datapath"
    " channel.frequency channel.band channel.width datapath.bridge installation max-clients"
)

MENUS: Final[dict[str, Menu]] = {
    "interface bridge": _menu(
        "name mtu arp protocol-mode vlan-filtering admin-mac auto-mac igmp-snooping fast-forward frame-types pvid",
        required=(),
        unique=("name",),
        defaults={"protocol-mode": "rstp", "disabled": "no", "vlan-filtering": "no", "auto-mac": "yes"},
    ),
    "interface ethernet": _menu(
        "name mtu arp speed auto-negotiation advertise mac-address poe-out loop-protect rx-flow-control",
        unique=("name",),
        is_fixed=True,
        defaults={"disabled": "no", "auto-negotiation": "yes"},
        presets=tuple({"default-name": f"ether{n}", "name": f"ether{n}"} for n in range(1, 6)),
    ),
    "interface vlan": _menu(
        "name interface vlan-id mtu arp use-service-tag",
        required=("interface", "vlan-id"),
        unique=("name",),
        defaults={"disabled": "no"},
        refers={"interface": _INTERFACES},
    ),
    "interface wireless security-profiles": _menu(
        "name mode authentication-types unicast-ciphers group-ciphers wpa-pre-shared-key wpa2-pre-shared-key"
        " supplicant-identity eap-methods management-protection",
        unique=("name",),
        hidden=_WPA,
        defaults={"supplicant-identity": "MikroTik", "mode": "none"},
        presets=({"name": "default", "default": "yes", "default-name": "default"},),
    ),
    "interface wireless": _menu(
        "name mode ssid band frequency channel-width country security-profile wireless-protocol hide-ssid tx-power"
        " tx-power-mode wps-mode master-interface default-authentication default-forwarding distance installation"
        " max-station-count wmm-support vlan-id vlan-mode radio-name antenna-gain frequency-mode",
        unique=("name",),
        defaults={"disabled": "no", "mode": "station", "security-profile": "default", "ssid": "MikroTik"},
        presets=tuple({"default-name": f"wlan{n}", "name": f"wlan{n}"} for n in (1, 2)),
        refers={"security-profile": ("interface wireless security-profiles",)},
    ),
    "interface wifi security": _menu(
        "name authentication-types passphrase encryption ft ft-over-ds wps management-protection",
        unique=("name",),
        hidden=_WPA,
        defaults={"disabled": "no"},
    ),
    "interface wifi configuration": _menu(
        _WIFI_CONFIGURATION,
        unique=("name",),
        hidden=_WPA,
        defaults={"disabled": "no"},
        refers={"security": ("interface wifi security",), "channel": ("interface wifi channel",)},
    ),
    "interface wifi channel": _menu("name frequency band width skip-dfs-channels", unique=("name",)),
    "interface wifi datapath": _menu("name bridge vlan-id client-isolation", unique=("name",)),
    "interface wifi": _menu(
        "configuration configuration.ssid configuration.mode configuration.country configuration.hide-ssid"
        " master-interface mtu arp mac-address "
        + _WIFI_CONFIGURATION,
        unique=("name",),
        hidden=_WPA,
        defaults={"disabled": "no"},
        presets=tuple({"default-name": f"wifi{n}", "name": f"wifi{n}"} for n in (1, 2)),
        refers={"configuration": ("interface wifi configuration",), "security": ("interface wifi security",)},
    ),
    "interface list": _menu("name include exclude", unique=("name",)),
    "interface bridge port": _menu(
        "bridge interface pvid horizon hw edge point-to-point path-cost priority frame-types ingress-filtering",
        required=("bridge", "interface"),
        unique=("interface",),
        defaults={"disabled": "no"},
        refers={"bridge": ("interface bridge",), "interface": _INTERFACES},
    ),
    "interface list member": _menu(
        "list interface",
        required=("list", "interface"),
        refers={"interface": _INTERFACES, "list": ("interface list",)},
        defaults={"disabled": "no"},
    ),
    "ip pool": _menu("name ranges next-pool", required=("ranges",), unique=("name",)),
    "ip dhcp-server": _menu(
        "name interface address-pool lease-time authoritative server-address lease-script",
        unique=("name",),
        required=("interface",),
        defaults={"disabled": "no", "lease-time": "30m"},
        refers={"interface": _INTERFACES, "address-pool": ("ip pool",)},
    ),
    "queue type": _menu("name kind pcq-rate pcq-classifier pfifo-limit", unique=("name",)),
    "queue simple": _menu(
        "name target max-limit limit-at burst-limit burst-threshold burst-time priority queue parent dst packet-marks"
        " total-max-limit time",
        required=("target",),
        unique=("name",),
        defaults={"disabled": "no", "priority": "8/8", "queue": "default-small/default-small"},
    ),
    "queue tree": _menu(
        "name parent packet-mark max-limit limit-at priority queue", required=("parent",), unique=("name",)
    ),
    "snmp community": _menu(
        "name addresses security read-access write-access authentication-protocol authentication-password"
        " encryption-protocol encryption-password",
        unique=("name",),
        hidden=frozenset({"authentication-password", "encryption-password"}),
        defaults={
            "security": "none", "read-access": "yes", "write-access": "no", "disabled": "no", "addresses": "::/0",
            "authentication-protocol": "MD5", "encryption-protocol": "DES",
        },
        presets=({"name": "public", "default": "yes"},),
    ),
    "user group": _menu("name policy skin", unique=("name",), presets=(
        {"name": "read", "default": "yes"}, {"name": "write", "default": "yes"}, {"name": "full", "default": "yes"},
    )),
    "ip address": _menu(
        "address interface network broadcast",
        required=("address", "interface"),
        unique=("address",),
        defaults={"disabled": "no"},
        refers={"interface": _INTERFACES},
    ),
    "ip dhcp-client": _menu(
        "interface add-default-route use-peer-dns use-peer-ntp default-route-distance dhcp-options",
        required=("interface",),
        unique=("interface",),
        defaults={"disabled": "no", "add-default-route": "yes", "use-peer-dns": "yes", "use-peer-ntp": "yes"},
        refers={"interface": _INTERFACES},
    ),
    "ip dhcp-server lease": _menu("address mac-address server client-id", defaults={"disabled": "no"}),
    "ip dhcp-server network": _menu(
        "address gateway dns-server netmask domain ntp-server", required=("address",), unique=("address",)
    ),
    "ip dns": _settings(
        "servers allow-remote-requests cache-size cache-max-ttl max-udp-packet-size use-doh-server verify-doh-cert",
        defaults={"servers": "", "allow-remote-requests": "no", "cache-size": "2048KiB"},
    ),
    "ip dns static": _menu("name address type regexp ttl cname forward-to", defaults={"disabled": "no"}),
    "ip firewall address-list": _menu(
        "address list timeout", required=("address", "list"), defaults={"disabled": "no"}
    ),
    "ip firewall filter": _menu(_FILTER, required=("chain",), defaults={"disabled": "no", "action": "accept"}),
    "ip firewall mangle": _menu(_FILTER, required=("chain",), defaults={"disabled": "no", "action": "accept"}),
    "ip firewall nat": _menu(_FILTER, required=("chain",), defaults={"disabled": "no", "action": "accept"}),
    "ip hotspot profile": _menu(
        "name hotspot-address dns-name html-directory login-by use-radius rate-limit", unique=("name",),
        presets=({"name": "default", "default": "yes"},),
    ),
    "ip hotspot user profile": _menu(
        "name rate-limit shared-users session-timeout idle-timeout keepalive-timeout", unique=("name",),
        presets=({"name": "default", "default": "yes"},),
    ),
    "ip hotspot": _menu("name interface address-pool profile idle-timeout addresses-per-mac", unique=("name",)),
    "ip route": _menu(
        "dst-address gateway distance routing-table scope check-gateway pref-src",
        defaults={"disabled": "no", "distance": "1"},
    ),
    "ip service": _menu(
        "port address certificate tls-version vrf max-sessions",
        is_fixed=True,
        defaults={"disabled": "no", "address": ""},
        presets=tuple(
            {"name": n, "port": p, "default-name": n}
            for n, p in (
                ("telnet", "23"), ("ftp", "21"), ("www", "80"), ("ssh", "22"), ("api", "8728"), ("winbox", "8291")
            )
        ),
    ),
    "ip ssh": _settings("strong-crypto forwarding-enabled always-allow-password-login host-key-type host-key-size"),
    "ip neighbor discovery-settings": _settings("discover-interface-list protocol mode"),
    "ip cloud": _settings("ddns-enabled update-time ddns-update-interval"),
    "ipv6 address": _menu("address interface advertise from-pool eui-64", refers={"interface": _INTERFACES}),
    "snmp": _settings(
        "enabled contact location trap-community trap-version trap-target trap-generators trap-interfaces"
        " engine-id-suffix src-address vrf",
        defaults={"enabled": "no", "contact": "", "location": "", "trap-version": "1", "trap-target": ""},
    ),
    "system clock": _settings(
        "time-zone-name time-zone-autodetect date time gmt-offset",
        defaults={"time-zone-name": "manual", "time-zone-autodetect": "yes"},
        unset=frozenset({"date", "time"}),
    ),
    "system identity": _settings("name", defaults={"name": "MikroTik"}),
    "system note": _settings("note show-at-login show-at-cli-login", defaults={"note": "", "show-at-login": "yes"}),
    "system logging": _menu("topics action prefix regex"),
    "system logging action": _menu(
        "name target remote remote-port src-address bsd-syslog memory-lines", unique=("name",)
    ),
    "system ntp client": _settings(
        "enabled mode servers vrf", defaults={"enabled": "no", "mode": "unicast", "servers": ""}
    ),
    "system ntp client servers": _menu(
        "address min-poll max-poll iburst auth-key", required=("address",), defaults={"disabled": "no"}
    ),
    "system ntp server": _settings("enabled broadcast multicast manycast use-local-clock"),
    "system scheduler": _menu(
        "name start-date start-time interval on-event policy",
        unique=("name",),
        defaults={"disabled": "no", "interval": "0s"},
    ),
    "system script": _menu("name source policy dont-require-permissions owner", unique=("name",)),
    "tool netwatch": _menu("host interval timeout up-script down-script type", defaults={"disabled": "no"}),
    "tool mac-server": _settings("allowed-interface-list"),
    "tool bandwidth-server": _settings("enabled authenticate max-sessions"),
    "radius": _menu("service address secret timeout authentication-port", hidden=frozenset({"secret"})),
    "ppp secret": _menu("name password service profile", unique=("name",), hidden=frozenset({"password"})),
    "user": _menu(
        "name password group address inactivity-timeout inactivity-policy",
        required=("name", "group"),
        unique=("name",),
        is_exported=False,
        hidden=frozenset({"password"}),
        defaults={"disabled": "no", "address": ""},
        refers={"group": ("user group",)},
    ),
    "user ssh-keys": _menu("user key key-owner", is_exported=False),
    "file": _menu("name type size contents", unique=("name",), is_exported=False),
}  # fmt: skip
