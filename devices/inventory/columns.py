"""Columns of a table: which field each is, guessed from Indonesian and English headers, and how its words are meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

#: Fields that a column may be, by the names of the inventory; `site.` and `device.` where both have the key.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "site.id": ("site", "site id", "id site", "id lokasi", "kode lokasi", "kode site", "location id"),
    "site.name": (
        "site name", "nama lokasi", "nama site", "lokasi", "location", "nama tempat", "nama titik", "nama titik lokasi",
        "nama instansi", "nama sekolah", "titik lokasi",
    ),
    "area": (
        "area", "kode wilayah", "kode kemendagri", "kode desa", "kode kelurahan", "kode desa kelurahan",
        "kode kecamatan", "kemendagri code", "village code", "area code", "kode administrasi",
    ),
    "lat": ("lat", "latitude", "lintang", "garis lintang", "koordinat lintang", "y"),
    "lon": ("lon", "lng", "long", "longitude", "bujur", "garis bujur", "koordinat bujur", "x"),
    "kind": ("kind", "jenis lokasi", "tipe lokasi", "kategori", "kategori lokasi", "site type", "site kind", "jenis"),
    "backhaul": ("backhaul", "media akses", "media", "jenis koneksi", "koneksi", "akses", "access", "teknologi"),
    "provider": ("provider", "isp", "penyedia", "penyedia layanan", "operator", "penyelenggara"),
    "plan_down_mbps": (
        "plan down mbps", "bandwidth", "bandwidth mbps", "download", "download mbps", "unduh", "kecepatan unduh",
        "kecepatan", "down mbps", "kapasitas mbps", "kapasitas bandwidth",
    ),
    "plan_up_mbps": ("plan up mbps", "upload", "upload mbps", "unggah", "kecepatan unggah", "up mbps"),
    "capacity_clients": ("capacity clients", "kapasitas pengguna", "kapasitas klien", "max clients", "maks pengguna"),
    "programme": ("programme", "program", "nama program", "kegiatan", "paket"),
    "opening_hours": ("opening hours", "jam buka", "jam operasional", "jam layanan", "jam kerja"),
    "site.since": ("site since", "tanggal aktif", "aktif sejak", "mulai", "tanggal mulai"),
    "site.until": ("site until", "berakhir", "tanggal berakhir", "sampai"),
    "device.id": ("device id", "id perangkat", "kode perangkat", "id device", "asset id", "kode aset"),
    "device.name": ("device name", "nama perangkat", "perangkat", "device", "hostname", "nama device", "nama ap"),
    "host": (
        "host", "ip", "ip address", "alamat ip", "ip perangkat", "address", "ip device", "ip management", "ip mgmt",
    ),
    "port": ("port", "port snmp", "snmp port"),
    "domain": ("domain", "jaringan"),
    "role": ("role", "peran", "fungsi", "jenis perangkat", "tipe perangkat", "device type", "device role"),
    "platform": ("platform", "sistem", "os", "firmware"),
    "parent": ("parent", "induk", "perangkat induk", "terhubung ke", "upstream"),
    "snmp.credential": ("snmp credential", "credential", "kredensial", "kredensial snmp"),
    "ssh.credential": ("ssh credential", "kredensial ssh"),
    "ssh.username": ("ssh username", "ssh user", "pengguna ssh"),
    "tags": ("tags", "tag", "label"),
    "device.since": ("device since", "tanggal pasang", "tanggal instalasi", "installed", "terpasang"),
    "device.until": ("device until", "tanggal bongkar", "removed"),
}  # fmt: skip
SITE_FIELDS: Final = tuple(FIELDS)[: tuple(FIELDS).index("device.id")]
#: Headers that are of the device where the table has addresses, and of the site where it has none.
_EITHER: Final = {
    "id": ("device.id", "site.id"),
    "nama": ("device.name", "site.name"),
    "name": ("device.name", "site.name"),
}
#: Headers under which people keep secrets; such a column is left out, and said.
_SECRETS: Final = re.compile(r"password|passwd|sandi|community|komunitas|secret|psk|kunci", re.I)

_HEADERS: Final = {
    spelling: name for name, spellings in FIELDS.items() for spelling in (*spellings, name.replace("_", " "))
}

_KINDS: Final = {
    "school": "sekolah sd sdn smp smpn sma sman smk smkn mi mts ma madrasah tk tamankanak-kanak paud kampus",
    "puskesmas": "pustu posyandu polindes kesehatan",
    "park": "taman alun alun-alun lapangan rth wisata",
    "market": "pasar",
    "harbour": "pelabuhan dermaga port steher",
    "library": "perpustakaan perpus",
    "worship": "masjid mushola musholla surau gereja vihara pura klenteng ibadah",
    "tower": "menara bts",
    "pop": "",
    "village_office": "desa kelurahan lurah dusun",
    "district_office": "camat kecamatan",
    "office": "kantor dinas badan",
    "other": "lainnya lain umum",
}
_ROLES: Final = {
    "ap": "accesspoint wifi hotspot wap",
    "router": "mikrotik gateway routerboard",
    "switch": "sw hub",
    "controller": "kontroler capsman wlc",
    "camera": "cctv kamera",
}
_BACKHAULS: Final = {
    "fibre": "fiber fo ftth serat optik optic",
    "radio": "wireless microwave ptp nirkabel",
    "4g": "lte seluler gsm 4g-lte modem",
    "vsat": "satelit satellite",
}


def guess(header: Sequence[str]) -> tuple[dict[str, int], list[str], list[str]]:
    """Which column is which field.

    Returns:
        Field -> column; headers that are no field; headers that look like secrets.
    """
    found: dict[str, int] = {}
    foreign: list[str] = []
    secret: list[str] = []
    plain = [plain_header(written) for written in header]
    of_site = not any(_HEADERS.get(name) == "host" for name in plain)
    for column, written in enumerate(header):
        either = _EITHER.get(plain[column])
        name = either[of_site] if either else _HEADERS.get(plain[column])
        if not written:
            continue
        if name is None or name in found:
            (secret if _SECRETS.search(written) else foreign).append(written)
        else:
            found[name] = column
    return found, foreign, secret


def plain_header(written: str) -> str:
    """A header without case, signs and doubled spaces: `Bandwidth (Mbps)` is `bandwidth mbps`."""
    return " ".join(re.sub(r"[^0-9a-z.]+", " ", written.lower()).split())


def meant(field: str, cell: str) -> str:
    """A cell in the words of the inventory; what is not understood stays as it is and is complained of later."""
    return _MEANT.get(field, str)(cell.strip())


def _word_of(words: Mapping[str, str]) -> Callable[[str], str]:
    known = {spelling: value for value, spellings in words.items() for spelling in (value, *spellings.split())}

    def read(cell: str) -> str:
        lowered = cell.lower().replace("_", " ")
        if (whole := lowered.replace(" ", "_")) in words or (whole := lowered.replace(" ", "")) in known:
            return known[whole]
        # "Kantor Desa" is a village office, not an office: the word that is most particular, as the table is ordered.
        present = {known[part] for part in re.split(r"[\s/,()-]+", lowered) if part in known}
        return next((value for value in words if value in present), cell)

    return read


def _number(cell: str) -> str:
    """`20 Mbps` is 20; a decimal comma is a point."""
    bare = re.sub(r"\s*(mbps|mb/s|mb|orang|pengguna|klien)\.?$", "", cell, flags=re.I)
    return bare.replace(",", ".") if re.fullmatch(r"[+-]?\d+,\d+", bare) else bare


def _degrees(cell: str) -> str:
    """Decimal degrees, also with a comma, a degree sign and a letter for the side: `0,0263° LS` is -0.0263."""
    found = re.fullmatch(r"([+-]?\d+(?:[.,]\d+)?)\s*°?\s*(LU|LS|BT|BB|N|S|E|W)?", cell, re.I)
    if found is None:
        return cell
    value = found[1].replace(",", ".")
    below = (found[2] or "").upper() in ("LS", "S", "BB", "W")
    return "-" + value if below and not value.startswith("-") else value


def _day(cell: str) -> str:
    """Day/month/year, as Indonesia writes it, or year-month-day, with or without a time."""
    bare = cell.partition(" ")[0] if re.match(r"\d{4}-\d\d-\d\d ", cell) else cell
    found = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", bare)
    return f"{found[3]}-{int(found[2]):02d}-{int(found[1]):02d}" if found else bare


def _area(cell: str) -> str:
    return cell.replace(" ", "")


_MEANT: Final[Mapping[str, Callable[[str], str]]] = {
    "kind": _word_of(_KINDS),
    "role": _word_of(_ROLES),
    "backhaul": _word_of(_BACKHAULS),
    "plan_down_mbps": _number,
    "plan_up_mbps": _number,
    "capacity_clients": _number,
    "lat": _degrees,
    "lon": _degrees,
    "area": _area,
    "site.since": _day,
    "site.until": _day,
    "device.since": _day,
    "device.until": _day,
}
