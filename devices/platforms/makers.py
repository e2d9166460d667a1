"""Who registered which enterprise number (IANA Private Enterprise Numbers): a name for devices without a platform."""

from __future__ import annotations

_ENTERPRISES = "1.3.6.1.4.1."

#: Makers of what stands in access networks: radios, routers, switches, PON, cellular, cameras, power.
MAKERS = {
    "9": "Cisco", "11": "HP", "43": "3Com", "45": "Nortel", "63": "Apple", "94": "Nokia", "111": "Oracle",
    "119": "NEC", "161": "Motorola", "171": "D-Link", "193": "Ericsson", "207": "Allied Telesis", "211": "Fujitsu",
    "232": "HP", "236": "Samsung", "248": "Hirschmann", "259": "Accton", "272": "bintec", "311": "Microsoft",
    "318": "APC", "332": "Digi", "343": "Intel", "368": "Axis", "388": "Symbol", "476": "Vertiv", "529": "Ascend",
    "534": "Eaton", "562": "Mitel", "637": "Nokia", "664": "Adtran", "674": "Dell", "789": "NetApp",
    "800": "Alcatel-Lucent", "850": "Tripp Lite", "890": "Zyxel", "1588": "Brocade", "1872": "Alteon",
    "1916": "Extreme", "1991": "Ruckus", "2011": "Huawei", "2281": "Ceragon", "2356": "LANCOM", "2509": "Aviat",
    "2604": "Sophos", "2620": "Check Point", "2636": "Juniper", "3097": "WatchGuard", "3181": "Microsens",
    "3224": "NetScreen", "3309": "Nomadix", "3320": "BDCOM", "3375": "F5", "3417": "Blue Coat", "3709": "Datacom",
    "3808": "CyberPower", "3902": "ZTE", "3942": "Infinet", "4329": "Siemens", "4346": "Phoenix Contact",
    "4413": "Broadcom", "4458": "RADWIN", "4491": "CableLabs", "4526": "Netgear", "4881": "Ruijie",
    "5227": "Buffalo", "5624": "Enterasys", "5651": "Maipu", "6027": "Force10", "6296": "DASAN", "6321": "Calix",
    "6486": "Alcatel-Lucent", "6527": "Nokia", "6574": "Synology", "6876": "VMware", "6889": "Avaya",
    "7367": "DrayTek", "7571": "SAF Tehnika", "7779": "Infoblox", "8691": "Moxa", "8741": "SonicWall",
    "8744": "Colubris", "8886": "Raisecom", "10002": "Ubiquiti", "10456": "PLANET", "11256": "Stormshield",
    "11863": "TP-Link", "11898": "Proxim", "12148": "Eltek", "12325": "FreeBSD", "12356": "Fortinet",
    "12394": "Alvarion", "14125": "EnGenius", "14179": "Cisco", "14501": "Blue Coat", "14525": "Trapeze",
    "14817": "4RF", "14823": "Aruba", "14988": "MikroTik", "15983": "Meru", "16177": "Westermo",
    "17163": "Riverbed", "17409": "C-Data", "17713": "Cambium", "20632": "Barracuda", "20916": "AVTECH",
    "20992": "Cradlepoint", "21013": "Xirrus", "21067": "Cyberoam", "24681": "QNAP", "25053": "Ruckus",
    "25461": "Palo Alto Networks", "25506": "H3C", "25728": "NetPing", "26138": "Intelbras", "26928": "Aerohive",
    "27662": "Pepwave", "29671": "Meraki", "30065": "Arista", "30803": "Vyatta", "31926": "Siklu",
    "32761": "LigoWave", "34592": "C-Data", "35265": "Eltex", "37950": "V-SOL", "39165": "Hikvision",
    "40418": "SNR", "41112": "Ubiquiti", "41916": "Viptela", "42397": "Grandstream", "43356": "Mimosa",
    "44194": "EnGenius", "44641": "VyOS", "46242": "Netonix", "47196": "Aruba", "48690": "Teltonika", "52642": "FS",
    "57344": "Tachyon",
}  # fmt: skip

#: By prefix of sysObjectID.
BY_OBJECT_ID = {_ENTERPRISES + number: maker for number, maker in MAKERS.items()}
