"""Which column is meant: the names that public files of Indonesia and of the world use.

Every guess can be overruled by an option. Names are compared in small letters without blanks, dots and underscores.
Sources: BIG boundaries (KDEPUM, WADMKD and the like), OCHA COD-AB (ADM3_PCODE), geoBoundaries (shapeName),
BPS (iddesa), Giga (giga_id_school), Dapodik (npsn), Kontur (h3, population), HRSL (latitude, longitude).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from geography.units import Level

_ANY_CODE = ("kemendagricode", "kodekemendagri", "code", "kode", "kodewilayah", "pcode", "bpscode", "kodebps", "id")
_ANY_NAME = ("namobj", "shapename", "name", "nama", "namawilayah")

CODE = {
    Level.VILLAGE: ("kdepum", "kodedesa", "kddesa", "villagecode", "adm4pcode", "iddesa", "kdebps", *_ANY_CODE),
    Level.DISTRICT: ("kdcpum", "kodekec", "kdkec", "kodekecamatan", "districtcode", "adm3pcode", "idkec", "kdcbps",
                     *_ANY_CODE),
    Level.REGENCY: ("kdpkab", "kodekab", "kdkab", "kodekabupaten", "regencycode", "adm2pcode", "idkab", "kdbbps",
                    *_ANY_CODE),
}  # fmt: skip
NAME = {
    Level.VILLAGE: ("wadmkd", "namadesa", "desa", "kelurahan", "desakelurahan", "village", "adm4en", "adm4id",
                    *_ANY_NAME),
    Level.DISTRICT: ("wadmkc", "namakecamatan", "kecamatan", "district", "adm3en", "adm3id", *_ANY_NAME),
    Level.REGENCY: ("wadmkk", "namakabupaten", "kabupaten", "kabupatenkota", "regency", "adm2en", "adm2id", *_ANY_NAME),
}  # fmt: skip
#: The unit one level up, by code or by name.
PARENT = {
    Level.VILLAGE: ("kdcpum", "districtcode", "kodekec", "adm3pcode", "parent", "wadmkc", "kecamatan", "district",
                    "adm3en", "adm3id"),
    Level.DISTRICT: ("kdpkab", "regencycode", "kodekab", "adm2pcode", "parent", "wadmkk", "kabupaten", "regency",
                     "adm2en", "adm2id"),
    Level.REGENCY: ("kdppum", "provincecode", "adm1pcode", "parent", "wadmpr", "provinsi", "province", "adm1en"),
}  # fmt: skip
LAT = ("lat", "latitude", "lintang", "y", "ycoord", "latdd", "schoollatitude", "koordinatlintang")
LON = ("lon", "lng", "long", "longitude", "bujur", "x", "xcoord", "londd", "schoollongitude", "koordinatbujur")
PEOPLE = ("people", "population", "penduduk", "jumlahpenduduk", "jiwa", "jumlahjiwa", "pop", "total", "jumlah", "z",
          "populationest2024")  # fmt: skip
HEXAGON = ("h3", "h3index", "hex", "hexid", "h3id", "cell")
YEAR = ("year", "tahun", "populationyear")
POINT_ID = ("gigaidschool", "schoolidgiga", "npsn", "schoolid", "kodepuskesmas", "kodefaskes", "siteid", "nodeid", "id",
            "kode", "code")  # fmt: skip
POINT_NAME = ("schoolname", "namasekolah", "satuanpendidikan", "namapuskesmas", "namafaskes", "namakantor", "sitename",
              "nodename", "name", "nama", "lokasi")  # fmt: skip


def plain(name: str) -> str:
    """A column's name for comparison."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def guess(columns: Sequence[str], known: Sequence[str]) -> str | None:
    """The column whose name comes first among the known ones."""
    return next(iter(guesses(columns, known)), None)


def guesses(columns: Sequence[str], known: Sequence[str]) -> list[str]:
    """All columns with known names, best first."""
    by_plain: dict[str, str] = {}
    for column in columns:
        by_plain.setdefault(plain(column), column)
    return [by_plain[name] for name in known if name in by_plain]


def guess_people(columns: Sequence[str]) -> str | None:
    """A column of people; also names that only hold such a word (idn_general_2020, pop_2025, population_2020)."""
    exact = guess(columns, PEOPLE)
    if exact is not None:
        return exact
    return next((c for c in columns if re.search(r"general|pop|penduduk|jiwa|people", plain(c))), None)
