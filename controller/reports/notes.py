"""Sentences that figures bring along (notes of inputs, kinds of demand, ways of knowing a speed) in both languages.

The rooms that count write English; here it is read back and said in Indonesian. What is not known stays as it is: a
test holds every sentence of the program against this table.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Said = str | Callable[["re.Match[str]"], str]

_MONTHS = "Jan Feb Mar Apr Mei Jun Jul Agu Sep Okt Nov Des".split()  # noqa: SIM905
_FORMS = {"table": "tabel", "points": "titik", "hexagons": "heksagon"}


def _decimal(text: str) -> str:
    return text.replace(".", ",")


def _placed(found: re.Match[str]) -> str:
    regencies, where, form, low, high = found.groups()
    how = _FORMS.get(form, form)
    return (
        f"perkiraan: penduduk {regencies} kabupaten ditempatkan menurut {where} ({how}), disesuaikan ke angka resmi "
        f"dengan faktor {_decimal(low)} sampai {_decimal(high)}; sel tanpa penduduk tidak dihitung di sana"
    )


def _leaning(found: re.Match[str]) -> str:
    villages, share, km = found.groups()
    return (
        f"di {villages} desa {share} penduduk ditempatkan dalam {_decimal(km)} km dari sekolah, puskesmas, kantor, dan "
        "permukiman yang diimpor (pilihan kami, bukan pengukuran), kecuali bila data penduduk yang diimpor lebih tahu"
    )


def _tested(found: re.Match[str]) -> str:
    count, year, month, day, clock = found.groups()
    newest = f"{int(day)} {_MONTHS[int(month) - 1]} {year} {clock.replace(':', '.')} UTC"
    return f"uji aktif, median dari {count}, terbaru {newest}"


_TABLE: tuple[tuple[str, Said], ...] = (
    (r"straight line: optimistic where rivers or roads lie between",
     "garis lurus: optimistis bila sungai atau jalan memisahkan"),
    (r"ways from a table; a pair that it does not list is out of reach",
     "jalan menurut tabel; pasangan yang tidak tercantum berada di luar jangkauan"),
    (r"estimate: everybody of a village is taken to live at its point",
     "perkiraan: semua penduduk desa dianggap tinggal di titik desa"),
    (r"estimate: totals of villages are spread evenly over the village's land",
     "perkiraan: jumlah penduduk desa disebar rata di tanah desa"),
    (r"estimate: people of (\d+) regencies stand where (.+) \((\w+)\) puts them, held to official totals by factors "
     r"from ([\d.]+) to ([\d.]+); cells without people are left out there", _placed),
    (r"totals of units: (.+), held to official totals of regencies",
     lambda m: f"jumlah penduduk wilayah: {m[1]}, disesuaikan ke angka resmi kabupaten"),
    (r"boundaries of villages are approximate", "batas desa adalah perkiraan"),
    (r"without land of their own, counted over their district: (.+)",
     lambda m: f"belum punya wilayah sendiri, dihitung di seluruh kecamatannya: {m[1]}"),
    (r"in (\d+) villages (\S+) of the people are put within ([\d.]+) km of imported schools, puskesmas, offices and "
     r"settlements \(our choice, not a measurement\), except where imported people say better", _leaning),
    (r"village points", "titik desa"),
    (r"hexagons at resolution (\d+)", lambda m: f"heksagon H3 resolusi {m[1]}"),
    (r"hexagons at resolution (\d+), split to (\d+) where a radius cuts them",
     lambda m: f"heksagon H3 resolusi {m[1]}, dipecah ke {m[2]} bila terpotong tepi jangkauan"),
    (r"active test, median of (\d+), newest (\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d)Z", _tested),
    (r"busy hour p95 of (\d+) days, at least", lambda m: f"jam sibuk p95 selama {m[1]} hari, paling sedikit"),
    (r"saturated link, busy hour p95 of (\d+) days", lambda m: f"tautan jenuh, jam sibuk p95 selama {m[1]} hari"),
)  # fmt: skip
_KNOWN = tuple((re.compile(pattern), said) for pattern, said in _TABLE)


def in_language(text: str, lang: str) -> str:
    """The sentence in `id` or `en`; unknown ones as they are."""
    if lang != "id":
        return text
    for pattern, said in _KNOWN:
        if (found := pattern.fullmatch(text)) is not None:
            return said if isinstance(said, str) else said(found)
    return text


def is_known(text: str) -> bool:
    """True where there are words for it in both languages."""
    return any(pattern.fullmatch(text) for pattern, _ in _KNOWN)
