"""Measures in words: titles of charts, their lines and limits, one value with its unit, raw names."""

from __future__ import annotations

from controller.views.charts import Chart
from web.words.catalogue import gettext, pgettext
from web.words.speech import Figures


def chart_title(key: str) -> str:
    """The title of a chart."""
    return {
        "traffic": gettext("Traffic"),
        "clients": gettext("Connected users"),
        "loss": gettext("Packets lost"),
        "latency": gettext("Latency (ping)"),
        "snmp": gettext("Latency (SNMP)"),
        "cpu": gettext("Processor and memory"),
        "temperature": gettext("Temperature"),
        "uptime": gettext("Running without restart"),
    }[key]


def unit_word(chart: Chart) -> str:
    """The unit beside the title."""
    if chart.key == "clients":
        return gettext("devices")
    return gettext("days") if chart.unit == "d" else chart.unit


def LINE_WORDS() -> dict[str, str]:
    """Lines by stored name."""
    return {
        "in_bps": pgettext("traffic", "down"),
        "out_bps": pgettext("traffic", "up"),
        "clients": gettext("users"),
        "loss_ratio": "",
        "rtt_avg_ms": "",
        "snmp_rtt_ms": "",
        "cpu_ratio": gettext("CPU"),
        "memory_ratio": gettext("memory"),
        "temperature_c": "",
        "uptime_s": "",
    }


def decimals_of(chart: Chart) -> int:
    """How exactly a chart's values are told."""
    return 1 if chart.key in ("traffic", "uptime") else 0


def value_word(chart: Chart, value: float | None, figures: Figures) -> str:
    """One value of a chart with its unit."""
    if value is None:
        return gettext("not measured")
    return f"{figures.number(value, decimals_of(chart))} {unit_word(chart)}".strip()


def limit_word(chart: Chart, figures: Figures) -> str:
    """The word on a limit line."""
    value = figures.number(chart.limit, 0 if chart.limit == int(chart.limit or 0) else 1)
    return {
        "plan": gettext("contract %(n)s", n=value),
        "capacity": gettext("capacity %(n)s", n=value),
        "threshold": gettext("threshold %(n)s", n=value),
    }[chart.limit_kind]


def source_word(source: str) -> str:
    """Where a raw value came from."""
    return {
        "ping": gettext("echo requests (ping)"),
        "snmp": gettext("the device, over SNMP"),
        "service": gettext("a check of the service"),
        "poll": gettext("timed by the poll"),
        "derived": gettext("calculated from two readings"),
    }[source]
