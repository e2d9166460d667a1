"""Where a reader may be sent back to: our own pages and nowhere else."""

from __future__ import annotations

from urllib.parse import urlsplit


def own_path(address: str, otherwise: str = "/") -> str:
    r"""The address if it is a path of ours, else `otherwise`.

    Backslashes, blanks and control characters are refused as a whole: browsers drop or turn some of them, so that
    `/\\evil` and `/<tab>/evil` would become another origin.
    """
    strange = any(ord(c) <= 0x20 or c in "\\\x7f" for c in address)
    if strange or not address.startswith("/") or address.startswith("//"):
        return otherwise
    try:
        parts = urlsplit(address)
    except ValueError:
        return otherwise
    return otherwise if parts.scheme or parts.netloc else address
