"""What charts of all pages share, as plotly figures in JSON. The one door to plotly, whose script pages share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from positioning.arrays import FloatArray
from positioning.files import folder_for_files, write_whole
from positioning.reporting.html import Html

Figure = dict[str, Any]
NO_DAYS: Mapping[str, list[str]] = MappingProxyType({})
AXIS = {"gridcolor": "$grid", "zerolinecolor": "$grid", "linecolor": "$grid", "automargin": True}


@contextmanager
def shared_script(directory: Path) -> Iterator[str]:
    """Plotly's script beside the page that is written in the block, once for all pages; its address relative to them.

    Where the block does not end well and no page is there, the script that was written for it is not either.
    """
    from plotly.offline import get_plotlyjs, get_plotlyjs_version

    name = f"assets/plotly-{get_plotlyjs_version()}.min.js"
    script = directory / name
    is_new = not script.is_file()
    with folder_for_files(script.parent):
        try:
            if is_new:
                write_whole(script, get_plotlyjs())
            yield name
        except BaseException:
            if is_new and not any(directory.glob("*.html")):
                script.unlink(missing_ok=True)
            raise
    if not script.is_file():  # another process wrote it, and was stopped before its first page
        write_whole(script, get_plotlyjs())


@lru_cache(maxsize=1)
def inline_code() -> str:
    """Plotly's script, such that it cannot end the element it stands in."""
    from plotly.offline import get_plotlyjs

    return re.sub("</(?=script)", r"<\\/", get_plotlyjs(), flags=re.IGNORECASE)


def inline_script() -> Html:
    """Plotly's script as an element of a page that needs no other file."""
    return Html(f"<script>{inline_code()}</script>")


def embed(figures: Mapping[str, Figure], shared: Mapping[str, list[str]] = NO_DAYS) -> Html:
    """The figures by element id, as JSON that cannot end the script element it stands in.

    A string "$role" stands for the colour the page's style gives that role, light or dark. shared: by a word dates that
    many lines have in common: they are written once, and "@word" stands for them.
    """
    data: dict[str, Any] = {name: _sharing(figure, shared) for name, figure in figures.items()} | dict(shared)
    text = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return Html(f'<script type="application/json" id="chart-data">{text}</script>')


def _sharing(figure: Figure, shared: Mapping[str, list[str]]) -> Figure:
    if not shared:
        return figure
    return figure | {"data": [_lean(trace, shared) for trace in figure["data"]]}


def _lean(trace: Figure, shared: Mapping[str, list[str]]) -> Figure:
    word = next((word for word, days in shared.items() if trace["x"] == days), "")
    return trace | {"x": f"@{word}"} if word else trace


def safe_label(text: str) -> str:
    """Safe in a label: plotly reads a few tags and decodes a few entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def bare_layout() -> Figure:
    """Margins, paper, letters and hover boxes of every chart."""
    return {
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8}, "autosize": True,
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": "$ink"},
        "hoverlabel": {"align": "left", "bgcolor": "$card", "bordercolor": "$grid", "font": {"color": "$ink"}},
    }  # fmt: skip


def curve(
    name: str, days: list[str], values: FloatArray, colour: str, dash: str = "solid", width: float = 1.5
) -> Figure:
    """A trace of values by day."""
    return {
        "type": "scatter", "mode": "lines", "name": name, "x": days, "y": rounded(values),
        "line": {"color": colour, "width": width, "dash": dash},
    }  # fmt: skip


def rounded(values: FloatArray) -> list[float | None]:
    """Five digits, None for what is undefined."""
    return [round(v, 5) if isfinite(v) else None for v in values.tolist()]


def watermark() -> Figure:
    """SIMULATED across a chart."""
    return {
        "text": "SIMULATED", "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "showarrow": False,
        "textangle": -10, "font": {"size": 38, "color": "$watermark"},
    }  # fmt: skip


def mark_published(figure: Figure, days: list[str], published: np.datetime64) -> None:
    """A line at the day of the thesis, where it lies among the days, ascending."""
    day = str(published)
    if not days or not days[0] <= day <= days[-1]:
        return
    line = {"color": "$other", "width": 1, "dash": "dash"}
    figure["layout"]["shapes"] = [
        {"type": "line", "x0": day, "x1": day, "y0": 0, "y1": 1, "yref": "paper", "line": line}
    ]
    figure["layout"]["annotations"].append(
        {"text": "thesis", "x": day, "y": 1, "yref": "paper", "xanchor": "right", "yanchor": "top", "showarrow": False,
         "font": {"size": 11, "color": "$ink"}}
    )  # fmt: skip


LIGHT = {
    "strategy": "#14507a", "contrast": "#c0701c", "benchmark": "#8a949e", "fill": "rgba(20,80,122,.14)",
    "grid": "#e3e7eb", "good": "#1f7a4d", "bad": "#b3261e", "other": "#6b7682", "ink": "#1d2733",
    "paper": "#f6f7f9", "card": "#ffffff", "soft": "#55626f", "rule": "#d5dbe1", "watermark": "rgba(170,40,30,.16)",
}  # fmt: skip


def as_plotly(figure: Figure) -> Any:
    """The figure as plotly's own, for a notebook, in the light colours of the pages."""
    from plotly.graph_objects import Figure as Plotly

    def coloured(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: coloured(v) for k, v in value.items()}
        if isinstance(value, list):
            return [coloured(v) for v in value]
        return LIGHT.get(value[1:], value) if isinstance(value, str) and value.startswith("$") else value

    return Plotly(coloured(figure))
