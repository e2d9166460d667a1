"""From the views' dataclasses to what the API gives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from controller.views import Identity
from controller.views.board import OutageItem
from controller.views.charts import ChartSet
from controller.views.fleet import WORST_FIRST, Area, DeviceNow, Fresh, SiteNow
from controller.views.history import Bar, Spell
from web.api import schemas as s


def moment(at: float | None) -> datetime | None:
    """Epoch seconds as an aware time."""
    return None if at is None else datetime.fromtimestamp(at, UTC).replace(microsecond=0)


def state(value: str) -> s.StateWord:
    """A state as the API writes it."""
    return cast("s.StateWord", str(value))


def counts(told: Mapping[Any, int]) -> dict[s.StateWord, int]:
    """Sites by state, zeros kept."""
    return {state(v): told.get(v, 0) for v in WORST_FIRST}


def plain(value: Any) -> Any:
    """A stored value as JSON can say it: no NaN, no infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def plain_all(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Stored values by name."""
    return {k: plain(v) for k, v in fields.items()}


def fresh(told: Fresh) -> s.FreshOut:
    """The age of the data."""
    return s.FreshOut(at=moment(told.at), age_s=told.age_s, late=told.is_late, simulated=told.simulated)


def area(told: Area) -> s.AreaOut:
    """A unit."""
    return s.AreaOut(code=told.code, name=told.name)


def site(told: SiteNow) -> s.SiteOut:
    """One site."""
    place = told.site
    return s.SiteOut(
        id=place.id,
        name=place.name,
        kind=str(place.kind),
        lat=place.lat,
        lon=place.lon,
        regency=area(told.regency),
        district=area(told.district),
        village=area(told.village) if told.village else None,
        state=state(told.state),
        cause=told.cause,
        since=moment(told.since),
        people=told.people,
        clients=told.clients,
        in_bps=plain(told.in_bps),
        out_bps=plain(told.out_bps),
        backhaul=str(place.backhaul) if place.backhaul else None,
        provider=place.provider,
        plan_down_mbps=place.plan_down_mbps,
        capacity_clients=place.capacity_clients,
        programme=place.programme,
        devices=[d.id for d in told.devices],
    )


def device(told: DeviceNow) -> s.DeviceOut:
    """One device."""
    box, latest = told.device, told.latest
    return s.DeviceOut(
        id=box.id,
        name=box.name,
        site=box.site,
        role=str(box.role),
        platform=box.platform,
        address=box.target.host,
        port=box.target.port,
        parent=box.parent,
        state=state(told.state),
        cause=told.cause,
        since=moment(told.since),
        polled_at=moment(latest.at) if latest else None,
        answered_at=moment(latest.answered_at) if latest else None,
        lane=latest.lane if latest else None,
        error_kind=latest.error_kind if latest else None,
        fields=plain_all(latest.fields) if latest else {},
    )


def identity(told: Identity | None) -> s.IdentityOut | None:
    """What a device last said it is."""
    at = moment(told.told_at if told else None)
    if told is None or at is None:
        return None
    return s.IdentityOut(
        told_at=at,
        platform=told.platform,
        vendor=told.vendor,
        model=told.model,
        version=told.version,
        serial=told.serial,
        mac=told.mac,
        sys_name=told.sys_name,
    )


def spell(told: Spell) -> s.SpellOut:
    """One state from-to."""
    start, end = moment(told.start), moment(told.end)
    assert start is not None and end is not None  # noqa: S101, PT018  both are numbers
    return s.SpellOut(state=state(told.state), cause=told.cause, start=start, end=end, open=told.is_open)


def history(told: Bar) -> s.HistoryOut:
    """Thirty days."""
    start, end = moment(told.start), moment(told.end)
    assert start is not None and end is not None  # noqa: S101, PT018  both are numbers
    return s.HistoryOut(
        start=start,
        end=end,
        availability_ratio=told.availability_ratio,
        down_times=told.down_times,
        down_s=told.down_s,
        unknown_s=told.unknown_s,
        spells=[spell(x) for x in told.spells],
    )


def outage(told: OutageItem) -> s.OutageOut:
    """One outage."""
    start = moment(told.started)
    assert start is not None  # noqa: S101  a number
    return s.OutageOut(
        id=told.id,
        state=state(told.state),
        cause=told.cause,
        start=start,
        end=moment(told.ended),
        duration_s=told.duration_s,
        people=told.people,
        lost_person_hours=round(told.lost_person_hours, 1),
        sites=[*(x.id for x in told.sites), *told.gone],
        devices=[x.id for x in told.devices],
        root=told.root.id if told.root else None,
    )


def charts(told: ChartSet) -> s.ChartsOut:
    """Charts of one device, values to four significant decimals."""
    return s.ChartsOut(
        span=cast("s.Span", told.span),
        step_s=told.step_s,
        start=told.start,
        end=told.end,
        slots=list(told.slots),
        charts=[
            s.ChartOut(
                key=c.key,
                unit=c.unit,
                lines=[s.LineOut(name=x.name, values=[_short(v) for v in x.values]) for x in c.lines],
                limit=c.limit,
                limit_kind=c.limit_kind,
            )
            for c in told.charts
        ],
        trouble=[spell(x) for x in told.bad],
    )


def _short(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 3)
