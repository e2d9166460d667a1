"""Pictures drawn by the server as SVG: marks, bars, maps, charts. They need no script and they print."""

from __future__ import annotations

from flask import Flask

from web.draw.bars import days, mix
from web.draw.chart import chart_svg, key_line, line_word
from web.draw.map import overview
from web.draw.marks import mark
from web.draw.planner import choropleth, ladder, marks_of, pick_key
from web.draw.planner_charts import lorenz, marginal, trade
from web.draw.province import province
from web.draw.rollout import cells, progress_bar, symbol
from web.words.changes import diff_lines

__all__ = ["install"]


def install(app: Flask) -> None:
    """Give every template our pictures."""
    app.jinja_env.globals.update(mark=mark, mix_bar=mix, day_bar=days, overview_map=overview, province=province)
    app.jinja_env.globals.update(device_cells=cells, progress_bar=progress_bar, step_symbol=symbol)
    app.jinja_env.globals.update(diff_lines=diff_lines)
    app.jinja_env.globals.update(chart_svg=chart_svg, key_line=key_line, line_word=line_word)
    app.jinja_env.globals.update(choropleth=choropleth, ladder=ladder, marks_of=marks_of, pick_key=pick_key)
    app.jinja_env.globals.update(lorenz_chart=lorenz, trade_chart=trade, marginal_chart=marginal)
