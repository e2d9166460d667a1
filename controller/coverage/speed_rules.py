"""How the program tests sites by itself: how often, when, with what, and how much data it may cost. Data, in TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from collectors.speed import Means, checked, iperf3_command
from controller.coverage.errors import BadInput
from devices.model import Backhaul, Site

HERE = "here"  # `from`: the machine that the program runs on is a device of the site
Window = tuple[time, time]


class Hours(StrEnum):
    """Hours of the day that are meant by a word."""

    BUSY = "busy"  # the site's busiest hour of the last days, inside its opening hours
    ANY = "any"  # all of its opening hours
    ALWAYS = "always"  # at any time, shut or not: for where a satellite's night volume is free


class Begin(StrEnum):
    """When a site is tested for the first time."""

    SPREAD = "spread"  # on its own day of the first stretch
    NOW = "now"  # at the next moment inside its hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How one site is tested; None: as the fleet is. `device`: who downloads, None: the first of the site with SSH."""

    url: str | None = None
    iperf3: str | None = None
    means: Means | None = None
    device: str | None = None
    is_skipped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedRules:
    """How sites are tested. Octets, seconds; `hours` a word or times of the day.

    per_30_days: tests of a site in 30 days, each in a stretch of its own. tries: in one stretch, one a day at most.
    at_once: tests at the same time, none of them on a backhaul that another one uses.
    monthly_octets: what the tests of a site may cost in a civil month; `monthly_by_backhaul` goes before it.
    """

    way: Way
    per_30_days: int = 2
    hours: Hours | tuple[Window, ...] = Hours.BUSY
    begin: Begin = Begin.SPREAD
    most_bytes: int = 5_000_000
    most_s: int = 15
    at_once: int = 4
    tries: int = 3
    monthly_octets: int = 100_000_000
    monthly_by_backhaul: Mapping[Backhaul, int] = field(default_factory=lambda: {Backhaul.VSAT: 20_000_000})
    sites: Mapping[str, Way] = field(default_factory=dict)

    def way_of(self, site: Site) -> Way:
        """How a site is tested, its own words before those of the fleet. `{site}` in a URL is the site's id."""
        own = self.sites.get(site.id, Way())
        is_told = own.url is not None or own.iperf3 is not None
        url = own.url if is_told else self.way.url
        return Way(
            url=None if url is None else url.replace("{site}", site.id),
            iperf3=own.iperf3 if is_told else self.way.iperf3,
            means=own.means or self.way.means,
            device=own.device,
            is_skipped=own.is_skipped,
        )

    def budget(self, site: Site) -> int:
        """Octets of a civil month."""
        if site.backhaul is None:
            return self.monthly_octets
        return self.monthly_by_backhaul.get(site.backhaul, self.monthly_octets)


def of_url(url: str) -> SpeedRules:
    """The rules as shipped, for a URL that every site downloads.

    Raises:
        BadInput: it is not http or https.
    """
    try:
        return SpeedRules(way=Way(url=checked(url)))
    except ValueError as err:
        raise BadInput(str(err), path="MERATA_SPEED_URL") from err


def load(path: Path) -> SpeedRules:
    """The rules of a file.

    Raises:
        BadInput: it cannot be read, is not TOML, or says something that is no rule; the message names the key.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise BadInput(f"cannot be read ({err.strerror or err})", path=path.name) from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise BadInput(f"is not TOML ({err})", path=path.name) from err
    try:
        return _File.model_validate(said).rules()
    except ValidationError as err:
        first = err.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BadInput(first["msg"].removeprefix("Value error, "), path=path.name, column=key) from err


# --- the file --------------------------------------------------------------------------------------------------------

_Megabytes = Annotated[float, Field(gt=0.1, le=100_000)]


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str | None = None
    iperf3: str | None = None
    means: Means | None = Field(default=None, alias="with")

    @field_validator("url")
    @classmethod
    def _is_url(cls, said: str | None) -> str | None:
        return None if said is None else checked(said)

    @field_validator("iperf3")
    @classmethod
    def _is_server(cls, said: str | None) -> str | None:
        if said is not None:
            iperf3_command(said, most_bytes=1, most_s=1)
        return said


class _Site(_Told):
    device: str | None = Field(default=None, alias="from")
    skip: bool = False

    def way(self) -> Way:
        return Way(
            url=self.url, iperf3=self.iperf3, means=self.means, device=self.device, is_skipped=self.skip
        )  # fmt: skip


class _File(_Told):
    tests_per_30_days: int = Field(default=2, ge=1, le=30)
    hours: str = Hours.BUSY
    begin: Begin = Begin.SPREAD
    max_mb: Annotated[float, Field(ge=0.1, le=1000)] = 5.0
    max_s: Annotated[int, Field(ge=2, le=120)] = 15
    at_once: Annotated[int, Field(ge=1, le=100)] = 4
    tries: Annotated[int, Field(ge=1, le=30)] = 3
    monthly_mb: _Megabytes = 100.0
    monthly_mb_by_backhaul: dict[Literal["fibre", "radio", "4g", "vsat"], _Megabytes] = {}
    sites: dict[str, _Site] = {}

    @field_validator("hours")
    @classmethod
    def _are_hours(cls, said: str) -> str:
        _hours(said)
        return said

    def rules(self) -> SpeedRules:
        limits = {Backhaul.VSAT: 20_000_000} | {
            Backhaul(name): int(mb * 1e6) for name, mb in self.monthly_mb_by_backhaul.items()
        }
        return SpeedRules(
            way=Way(url=self.url, iperf3=self.iperf3, means=self.means),
            per_30_days=self.tests_per_30_days,
            hours=_hours(self.hours),
            begin=self.begin,
            most_bytes=int(self.max_mb * 1e6),
            most_s=self.max_s,
            at_once=self.at_once,
            tries=self.tries,
            monthly_octets=int(self.monthly_mb * 1e6),
            monthly_by_backhaul=limits,
            sites={name: told.way() for name, told in self.sites.items()},
        )


def _hours(said: str) -> Hours | tuple[Window, ...]:
    """A word, or `09:00-11:00, 13:00-15:00`."""
    if said in set(Hours):
        return Hours(said)
    found = []
    for part in said.split(","):
        first, _, last = part.strip().partition("-")
        try:
            window = (time.fromisoformat(first.strip()), time.fromisoformat(last.strip().replace("24:00", "23:59:59")))
        except ValueError:
            raise ValueError(f"{part.strip()!r} is neither {', '.join(Hours)} nor times like 09:00-11:00") from None
        if window[0] >= window[1]:
            raise ValueError(f"{part.strip()!r} ends before it begins")
        found.append(window)
    return tuple(found)
