"""What quantstats and matplotlib would do again while a report is made is done once, for the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd


@contextmanager
def without_repeats(quantstats: ModuleType) -> Iterator[None]:
    """While this lasts. pyplot draws a figure once more after each save, for a window that there is not, and once before
    it, for layouts that move what they hold: quantstats has its own laid out before it saves. The same words are measured
    for each chart, and the same returns grouped for each row of a table."""
    from matplotlib.backend_bases import FigureCanvasBase, RendererBase
    from matplotlib.backends.backend_agg import RendererAgg
    from matplotlib.figure import Figure
    from matplotlib.textpath import TextToPath

    changes: list[AbstractContextManager[Any]] = [
        mock.patch.object(FigureCanvasBase, "draw_idle"),
        mock.patch.object(RendererBase, "_draw_disabled", _rehearsal),
        mock.patch.object(Figure, "draw", _drawn_once(Figure.draw)),
    ]
    for measurer in (RendererAgg, TextToPath):
        name = "get_text_width_height_descent"
        changes.append(mock.patch.object(measurer, name, _measured_once(getattr(measurer, name))))
    for module, name in ((quantstats.utils, "aggregate_returns"), (quantstats.stats, "drawdown_details")):
        changes.append(mock.patch.object(module, name, _worked_out_once(getattr(module, name))))
    aligned = _aligned_at_a_glance(quantstats.utils._prepare_benchmark)
    changes.append(mock.patch.object(quantstats.utils, "_prepare_benchmark", aligned))
    with ExitStack() as stack:
        for change in changes:
            stack.enter_context(change)
        yield


@contextmanager
def _rehearsal(renderer: Any) -> Iterator[None]:
    renderer.is_rehearsal = True
    try:
        yield
    finally:
        del renderer.is_rehearsal


def _drawn_once(draw: Callable[..., None]) -> Callable[..., None]:
    def draw_once(figure: Any, renderer: Any) -> None:
        if not getattr(renderer, "is_rehearsal", False):
            draw(figure, renderer)

    return draw_once


def _measured_once(measure: Callable[..., Any]) -> Callable[..., Any]:
    """Of words in a font: their size depends on nothing else of what measures them but its dots per inch."""
    memory: dict[Any, Any] = {}

    def measured(by: Any, words: str, font: Any, is_mathematics: Any) -> Any:
        key = getattr(by, "dpi", None), words, font, is_mathematics
        if key not in memory:
            memory[key[0], words, font.copy(), is_mathematics] = measure(by, words, font, is_mathematics)
        return memory[key]

    return measured


def _worked_out_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Of numbers on dates and of plain options; of anything else as often as it is asked."""
    memory: dict[Any, Any] = {}

    def worked_out(data: Any, *options: Any) -> Any:
        if not (isinstance(data.index, pd.DatetimeIndex) and _is_of_numbers(data)):
            return function(data, *options)
        names = (data.name,) if isinstance(data, pd.Series) else (None, *data.columns)
        key = names, str(data.index.dtype), data.index.asi8.tobytes(), data.to_numpy().tobytes(), options
        if key not in memory:
            memory[key] = function(data, *options).copy()
        return memory[key].copy()

    return worked_out


def _aligned_at_a_glance(prepare: Callable[..., Any]) -> Callable[..., Any]:
    """quantstats puts both sets of dates side by side, date by date, to see whether they are the same: where they are, it
    is not told of the others."""

    def prepared(benchmark: Any = None, period: Any = "max", *rest: Any, **named: Any) -> Any:
        if isinstance(period, pd.DatetimeIndex) and isinstance(benchmark, pd.Series | pd.DataFrame):
            period = "max" if period.equals(benchmark.index) else period
        return prepare(benchmark, period, *rest, **named)

    return prepared


def _is_of_numbers(data: pd.Series | pd.DataFrame) -> bool:
    return all(kind == np.float64 for kind in ([data.dtype] if isinstance(data, pd.Series) else data.dtypes))
