"""What the pages need to be told from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Settings of one web process.

    clock: gives now (epoch s, UTC). live_s: how often an open page asks for news.
    open_to_all: answer whatever host name is asked for; False: loopback names only, against DNS rebinding.
    """

    clock: Callable[[], float]
    live_s: int = 12
    open_to_all: bool = False
