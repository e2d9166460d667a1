"""Our own files, compressed when the program was built, with an address that changes when they do."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from whitenoise import WhiteNoise

STATIC = Path(__file__).resolve().parent / "static"
_VERSIONED = re.compile(r"^/static/vendor/[^/]+-\d+\.\d+\.\d+/")
MIMETYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".geojson": "application/geo+json"}
HEADERS_S = 300


class StaticFiles(WhiteNoise):  # type: ignore[misc]  # whitenoise ships no types
    """WhiteNoise that never serves a compressed twin older than its file (an edited clone)."""

    def add_file_to_dictionary(self, url: str, path: str, stat_cache: Any = None) -> None:
        """Leave stale `.br` and `.gz` out, then go on as usual."""
        if stat_cache is not None and path in stat_cache:
            fresh = stat_cache[path].st_mtime
            stale = {t for t in (path + ".br", path + ".gz") if t in stat_cache and stat_cache[t].st_mtime < fresh}
            if stale:
                stat_cache = {k: v for k, v in stat_cache.items() if k not in stale}
        super().add_file_to_dictionary(url, path, stat_cache=stat_cache)


def with_static_files(wsgi: Callable[..., Any]) -> Callable[..., Any]:
    """Serve `/static/` in front of the application."""
    served: Callable[..., Any] = StaticFiles(
        wsgi,
        root=str(STATIC),
        prefix="static/",
        max_age=HEADERS_S,
        allow_all_origins=False,
        mimetypes=MIMETYPES,
        add_headers_function=_harden,
        immutable_file_test=lambda path, url: bool(_VERSIONED.match(url)),  # noqa: ARG005
    )
    return served


def _harden(headers: Any, path: str, url: str) -> None:  # noqa: ARG001
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"


@cache
def static_url(name: str) -> str:
    """Address of one of our files with its content's hash, so that a new version is fetched at once."""
    digest = hashlib.blake2b((STATIC / name).read_bytes(), digest_size=5).hexdigest()
    return f"/static/{name}?v={digest}"


@cache
def vendor_url(package: str, file: str) -> str:
    """Address of a vendored file; empty when the build has not brought it."""
    for folder in sorted(STATIC.glob(f"vendor/{package}-*")):
        if (folder / file).is_file():
            return f"/static/vendor/{folder.name}/{file}"
    return ""
