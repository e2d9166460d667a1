"""Filters as they stand in the query string: Indonesian words in both languages, so that a link can be sent."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import request

from controller.views.sites import SiteFilter, filter_of

STATE_WORDS = {
    "down": "mati",
    "degraded": "terganggu",
    "unknown": "tak-diketahui",
    "maintenance": "pemeliharaan",
    "up": "normal",
}
KIND_WORDS = {
    "school": "sekolah",
    "puskesmas": "puskesmas",
    "village_office": "kantor-desa",
    "district_office": "kantor-camat",
    "park": "taman",
    "market": "pasar",
    "harbour": "pelabuhan",
    "library": "perpustakaan",
    "worship": "rumah-ibadah",
    "other": "lainnya",
    "tower": "menara",
    "pop": "pop",
    "office": "kantor",
}
SORT_WORDS = {
    "status": "status",
    "name": "nama",
    "place": "tempat",
    "people": "orang",
    "clients": "pengguna",
    "since": "sejak",
}


def read_filter() -> SiteFilter:
    """The filter of this request; words that mean nothing are dropped."""
    return filter_of(
        regency=request.args.get("wilayah", ""),
        states=[s for s, word in STATE_WORDS.items() if word in request.args.getlist("status")],
        kind=next((k for k, word in KIND_WORDS.items() if word == request.args.get("jenis")), ""),
        words=request.args.get("q", "").strip()[:80],
    )


def read_sort() -> str:
    """The order of this request."""
    return next((s for s, word in SORT_WORDS.items() if word == request.args.get("urut")), "status")


def read_page() -> int:
    """The page number of this request."""
    return max(1, min(100_000, request.args.get("hal", 1, type=int)))


def query(wanted: SiteFilter, **more: object) -> str:
    """The filter as a query string with its `?`; empty when it asks for all."""
    pairs: list[tuple[str, str]] = []
    if wanted.regency:
        pairs.append(("wilayah", wanted.regency))
    pairs += [("status", STATE_WORDS[s]) for s in wanted.states]
    if wanted.kind:
        pairs.append(("jenis", KIND_WORDS[wanted.kind]))
    if wanted.words:
        pairs.append(("q", wanted.words))
    pairs += [(k, str(v)) for k, v in more.items() if v not in ("", None)]
    return "?" + urlencode(pairs) if pairs else ""
