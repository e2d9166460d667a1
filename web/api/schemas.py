"""What the API takes and gives, as pydantic models; the OpenAPI description is made from them.

Times are ISO 8601 in UTC. Rates are bit/s, ratios 0-1, durations seconds. null is "not measured", never 0.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

StateWord = Literal["up", "degraded", "down", "unknown", "maintenance"]
Span = Literal["24h", "7d", "30d"]


class Model(BaseModel):
    """Base: names are as listed, nothing else."""

    model_config = ConfigDict(extra="forbid")


class Problem(Model):
    """What failed: a code for programs, a sentence for people."""

    code: str
    message: str
    reference: str | None = None
    fields: list[dict[str, str]] | None = None


class ProblemOut(Model):
    """Every error has this form."""

    error: Problem


class FreshOut(Model):
    """How old the data is. `late`: over two poll intervals. `simulated`: not real."""

    at: datetime | None
    age_s: float | None
    late: bool
    simulated: bool


class AreaOut(Model):
    """An administrative unit: Kemendagri code with dots, short name."""

    code: str
    name: str


class SiteOut(Model):
    """One site now. `people`: estimate of those it serves, each person counted once."""

    id: str
    name: str
    kind: str
    lat: float
    lon: float
    regency: AreaOut
    district: AreaOut
    village: AreaOut | None
    state: StateWord
    cause: str | None
    since: datetime | None
    people: int | None
    clients: int | None
    in_bps: float | None
    out_bps: float | None
    backhaul: str | None
    provider: str | None
    plan_down_mbps: float | None
    capacity_clients: int | None
    programme: str | None
    devices: list[str]


class SpellOut(Model):
    """A subject was in one state over [start, end); `open`: it still is."""

    state: StateWord
    cause: str | None
    start: datetime
    end: datetime
    open: bool


class HistoryOut(Model):
    """Thirty days: availability is up / (up + down) over observed time."""

    start: datetime
    end: datetime
    availability_ratio: float | None
    down_times: int
    down_s: float
    unknown_s: float
    spells: list[SpellOut]


class SiteDetailOut(Model):
    """One site with its history and its open outage."""

    fresh: FreshOut
    site: SiteOut
    history: HistoryOut
    outage: str | None


class PageOut(Model):
    """Where in a long list this answer stands."""

    page: int
    pages: int
    matched: int
    total: int


class SitesOut(Model):
    """Some of the sites."""

    fresh: FreshOut
    paging: PageOut
    counts: dict[StateWord, int]
    sites: list[SiteOut]


class ColumnsOut(Model):
    """All sites as columns. `lon` and `lat` are differences of degrees x `scale`; `state` is one digit a site."""

    version: str
    scale: int
    states: list[StateWord]
    kinds: list[str]
    regencies: list[str]
    id: list[str]
    lon: list[int]
    lat: list[int]
    state: str
    kind: list[int]
    regency: list[int]


class DeviceOut(Model):
    """One device now; `fields` are the last raw values and rates, named as in the metrics reference."""

    id: str
    name: str
    site: str
    role: str
    platform: str
    address: str
    port: int
    parent: str | None
    state: StateWord
    cause: str | None
    since: datetime | None
    polled_at: datetime | None
    answered_at: datetime | None
    lane: str | None
    error_kind: str | None
    fields: dict[str, Any]


class DevicesOut(Model):
    """Some of the devices."""

    fresh: FreshOut
    paging: PageOut
    devices: list[DeviceOut]


class IdentityOut(Model):
    """What a device said it is, at `told_at`; null is not told."""

    told_at: datetime
    platform: str
    vendor: str | None
    model: str | None
    version: str | None
    serial: str | None
    mac: str | None
    sys_name: str | None


class DeviceDetailOut(Model):
    """One device with its ports and radios; `identity` is null where it never said what it is."""

    fresh: FreshOut
    device: DeviceOut
    identity: IdentityOut | None
    interfaces: dict[str, dict[str, Any]]
    radios: dict[str, dict[str, Any]]
    services: dict[str, dict[str, Any]]
    history: HistoryOut


class LineOut(Model):
    """One line of a chart."""

    name: str
    values: list[float | None]


class ChartOut(Model):
    """One measure in its unit; null is a hole."""

    key: str
    unit: str
    lines: list[LineOut]
    limit: float | None
    limit_kind: str


class ChartsOut(Model):
    """Charts of one device on one time axis; `slots` are bucket starts, epoch seconds."""

    span: Span
    step_s: int
    start: int
    end: int
    slots: list[int]
    charts: list[ChartOut]
    trouble: list[SpellOut]


class SeriesOut(Model):
    """Stored columns of one subject; `slots` are bucket starts, epoch seconds; null is a hole."""

    kind: str
    device: str
    name: str | None
    step_s: int
    tier: str
    slots: list[int]
    columns: dict[str, list[float | None]]


class OutageOut(Model):
    """Sites that fail together for one cause. `end` null: still open."""

    id: str
    state: StateWord
    cause: str
    start: datetime
    end: datetime | None
    duration_s: float
    people: int
    lost_person_hours: float
    sites: list[str]
    devices: list[str]
    root: str | None


class OutagesOut(Model):
    """Outages, most people first."""

    fresh: FreshOut
    outages: list[OutageOut]


class OutageDetailOut(Model):
    """One outage."""

    fresh: FreshOut
    outage: OutageOut


class SummaryOut(Model):
    """The fleet in a few figures."""

    fresh: FreshOut
    sites: int
    devices: int
    counts: dict[StateWord, int]
    outages: int
    people_without_internet: int


class RegencyOut(Model):
    """One regency for everybody."""

    area: AreaOut
    places: int
    counts: dict[StateWord, int]
    people_without_internet: int
    availability_ratio: float | None


class StatusOut(Model):
    """Public figures; no names of devices, no addresses."""

    fresh: FreshOut
    places: int
    counts: dict[StateWord, int]
    people_without_internet: int
    regencies: list[RegencyOut]


class SystemOut(Model):
    """The program itself; `run` is what the collector last said."""

    fresh: FreshOut
    devices: int
    sites: int
    answered: int
    lanes: dict[str, int]
    errors: dict[str, int]
    inventory_version: str
    run: dict[str, Any]


class OutlineOut(Model):
    """A GeoJSON feature; `properties` hold code, name, `approximate` and `label` (where to write the name)."""

    type: Literal["Feature"]
    id: str
    properties: dict[str, Any]
    geometry: dict[str, Any]


class OutlinesOut(Model):
    """A GeoJSON FeatureCollection (RFC 7946)."""

    type: Literal["FeatureCollection"]
    features: list[OutlineOut]


class SiteQuery(Model):
    """Filter and page of sites."""

    regency: str = Field(default="", max_length=13, description="Kemendagri code of a regency, such as 61.08")
    state: list[StateWord] = Field(default_factory=list, description="repeat for several")
    kind: str = Field(default="", max_length=20)
    q: str = Field(default="", max_length=80, description="part of a name or id")
    sort: Literal["status", "name", "place", "people", "clients", "since"] = "status"
    page: int = Field(default=1, ge=1, le=100_000)
    per_page: int = Field(default=50, ge=1, le=500)


class DeviceQuery(Model):
    """Filter and page of devices."""

    site: str = Field(default="", max_length=120)
    state: list[StateWord] = Field(default_factory=list)
    page: int = Field(default=1, ge=1, le=100_000)
    per_page: int = Field(default=50, ge=1, le=500)


class OutageQuery(Model):
    """Which outages; without dates those that are open."""

    start: datetime | None = Field(default=None, description="ISO 8601; without an offset it is UTC")
    end: datetime | None = None


class ChartQuery(Model):
    """The length of the charts."""

    span: Span = "24h"


class SeriesQuery(Model):
    """Which stored columns."""

    kind: Literal["wifi_device", "ping", "radio", "interface", "service"] = "wifi_device"
    field: list[str] = Field(min_length=1, max_length=20, description="repeat for several")
    name: str | None = Field(default=None, max_length=120, description="port, radio or check")
    start: datetime | None = Field(default=None, description="default: 24 hours before the end")
    end: datetime | None = None
    step_s: int | None = Field(default=None, ge=1, le=86_400)
