"""What the RouterOS devices of the story hold at first, in their own language; not all of them as they should."""

from __future__ import annotations

from typing import Final

from simulator.province import SimDevice, SimSite

SSID: Final = "Internet Publik"
#: The office's servers, and the passphrase that everybody at the sites knows.
TIME, NAMES, PASSPHRASE = "10.61.0.1", "10.61.0.53", "internetpublik"
#: Every so many-th device lacks the office's clock, or still answers telnet.
_NO_TIME, _TELNET = 9, 13


def configuration(device: SimDevice, site: SimSite) -> str:
    """The first configuration of a device.

    Args:
        device: of a RouterOS family; its platform tells the radio driver, or that it has none.
        site: where it stands.
    """
    radios = _RADIOS[device.platform]
    ports = ["ether2", *radios]
    lines = [
        f'/system identity set name="{device.id}"',
        f'/snmp set enabled=yes location="{site.name}"',
        "/system clock set time-zone-name=Asia/Pontianak time-zone-autodetect=no",
        "/interface bridge add name=bridge",
        *_wifi(device.platform, radios),
        *(f"/interface bridge port add bridge=bridge interface={port}" for port in ports),
        f"/ip address add address={device.address}/16 interface=ether1 comment=kelola",
        f"/ip dns set servers={NAMES} allow-remote-requests=yes",
    ]
    if device.is_gateway:
        lines += [
            "/ip pool add name=tamu ranges=10.5.50.10-10.5.51.254",
            "/ip address add address=10.5.50.1/23 interface=bridge",
            "/ip dhcp-server add name=tamu interface=bridge address-pool=tamu",
            "/ip dhcp-server network add address=10.5.50.0/23 gateway=10.5.50.1 dns-server=10.5.50.1",
            "/ip firewall nat add chain=srcnat action=masquerade out-interface=ether1",
        ]
    if device.index % _NO_TIME:
        lines += ["/system ntp client set enabled=yes", f"/system ntp client servers add address={TIME}"]
    if device.index % _TELNET:
        lines.append("/ip service set telnet disabled=yes")
    return "".join(f"{line}\n" for line in lines)


_RADIOS: Final[dict[str, tuple[str, ...]]] = {
    "routeros-plain": (), "routeros-wireless": ("wlan1", "wlan2"), "routeros-wifi": ("wifi1", "wifi2"),
}  # fmt: skip


def _wifi(platform: str, radios: tuple[str, ...]) -> list[str]:
    if platform == "routeros-wireless":
        profile = (
            "/interface wireless security-profiles add name=publik mode=dynamic-keys authentication-types=wpa2-psk"
            f" unicast-ciphers=aes-ccm group-ciphers=aes-ccm wpa2-pre-shared-key={PASSPHRASE}"
        )
        each = [
            f'/interface wireless set {name} mode=ap-bridge ssid="{SSID}" security-profile=publik country=indonesia'
            for name in radios
        ]
        return [profile, *each]
    return [
        f'/interface wifi set {name} configuration.mode=ap configuration.ssid="{SSID}" configuration.country=Indonesia'
        f" security.authentication-types=wpa2-psk security.passphrase={PASSPHRASE} disabled=no"
        for name in radios
    ]
