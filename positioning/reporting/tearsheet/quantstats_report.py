"""The one door to quantstats: simple returns in, its report and its figures out, its traps shut."""

from __future__ import annotations

import html
import math
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, final

import numpy as np
import pandas as pd

from positioning.arrays import DAYS_PER_YEAR, FloatArray
from positioning.reporting.tearsheet.quantstats_repeats import without_repeats
from positioning.worker_processes import without_modules

MIN_ROWS = 20  # below this its monthly tables and rolling windows are empty, and parts of it raise
NOISE = 1e-12
FONT = "Arial"  # what quantstats asks for by name in every title

ABSURD = ("Treynor Ratio", "Risk of Ruin")  # the whole span's return over beta; zero for any long account
YEARS = MappingProxyType({"3Y (ann.)": 3, "5Y (ann.)": 5, "10Y (ann.)": 10})  # rows that need so many years
FAINT, SEEN = "#fedd78", "#c0701c"  # quantstats' colour of a benchmark, and ours
NAMED_IN_CAPITALS = "Benchmark: BENCHMARK &bull; "
NAMES = MappingProxyType({"strategy_title": "Strategy", "benchmark_title": "Benchmark"})


@final
@dataclass(frozen=True)
class QuantstatsPage:
    """quantstats' report as the content of a shadow root, and its figures for the numbers we show.

    body: HTML, "" where quantstats cannot be asked. styles: CSS for the same root. figures: by the names of
    `Metrics`; fractions. remarks: what was left out, and why.
    """

    body: str
    styles: str
    figures: Mapping[str, float]
    remarks: tuple[str, ...] = field(default=())


def quantstats_html(
    returns: pd.Series, benchmark_returns: pd.Series | None, title: str, rows_per_year: float
) -> QuantstatsPage:
    """The report of these simple returns, one a row, the opening row left out.

    benchmark_returns: on the same dates, NaN before and after its own span; beta and alpha are over that, and the report,
    which covers the account's whole span, is then without it. rows_per_year: annualises everything; the report, which
    counts windows with it, gets it rounded. Dates are local: a zone is dropped, not converted. No date is
    moved and no value filled (quantstats would fill backwards).

    A series quantstats would misread, or break on, is not given to it: the remarks say so. Raises ValueError
    for values that are not finite and for a benchmark on other dates or with a gap.
    """
    own = _local(returns)
    refusal = _refusal(own)
    if refusal:
        return QuantstatsPage("", "", {}, (refusal,))
    both, measure, remarks = _common(own, benchmark_returns)
    try:
        figures = _figures(own, both, measure, rows_per_year)
        beside = measure if len(both) == len(own) else None
        body = _corrected(_report(own, beside, title, rows_per_year), own, beside)
    except Exception as error:  # noqa: BLE001 (its failures are many and must not take our page with them)
        return QuantstatsPage("", "", {}, (*remarks, f"quantstats failed: {type(error).__name__}: {error}"))
    return QuantstatsPage(body, _own_file("quantstats.css"), figures, remarks)


def _local(returns: pd.Series) -> pd.Series:
    """The series on naive midnight dates of its own zone."""
    index = pd.DatetimeIndex(returns.index).tz_localize(None).normalize()
    out = pd.Series(returns.to_numpy(dtype=np.float64), index=index, name="returns")
    if not index.is_monotonic_increasing or not index.is_unique:
        raise ValueError("dates must be strictly ascending")
    return out


def _refusal(own: pd.Series) -> str:
    values = own.to_numpy()
    if not np.isfinite(values).all():
        raise ValueError("returns must be finite")
    if values.size < MIN_ROWS:
        return f"quantstats is not asked: {values.size} returns are too few for its tables (it needs {MIN_ROWS})."
    if (values <= -1.0).any():
        return "quantstats is not asked: the account was ruined, and it would go on dividing by what is left."
    if np.std(values) <= NOISE:
        return (
            "quantstats is not asked: the account never moved, and its ratios and regression divide by that."
        )
    if values.min() >= 0:
        return "quantstats is not asked: no return is negative; it divides by falls, and may read such gains as prices."
    return ""


def _common(
    own: pd.Series, benchmark: pd.Series | None
) -> tuple[pd.Series, pd.Series | None, tuple[str, ...]]:
    """Strategy and benchmark on the benchmark's rows; without it, and a remark, where it cannot be used."""
    if benchmark is None:
        return own, None, ()
    measure = _local(benchmark)
    if not measure.index.equals(own.index):
        raise ValueError("the benchmark must have a value or NaN on each date of the returns")
    measure = measure.loc[measure.first_valid_index() : measure.last_valid_index()]
    both = own.loc[measure.index]
    if not np.isfinite(measure).all():
        raise ValueError("the benchmark has a gap inside its span: carry its level forward")
    unfit = _unfit(both.to_numpy(), measure.to_numpy())
    if unfit:
        return own, None, (unfit,)
    if len(both) == len(own):
        return both, measure, ()
    first, last = (f"{day:%Y-%m-%d}" for day in both.index[[0, -1]])
    return (
        both,
        measure,
        (
            f"The benchmark's prices go from {first} to {last} only: its curve is left out below, so that all is over "
            "the account's own span.",
        ),
    )


def _unfit(both: FloatArray, measure: FloatArray) -> str:
    """Why quantstats cannot compare the two, "" where it can."""
    if both.size < MIN_ROWS:
        return f"The benchmark shares {both.size} returns with the strategy: too few for quantstats."
    if np.abs(both - measure).max() <= NOISE:
        return "The benchmark equals the strategy: quantstats is given none to compare with."
    if min(both.std(), measure.std()) <= NOISE or max(both.min(), measure.min()) >= 0:
        return "Benchmark or strategy never moves, or never falls, on their common span: quantstats is given none."
    return ""


def _figures(
    own: pd.Series, both: pd.Series, measure: pd.Series | None, rows_per_year: float
) -> Mapping[str, float]:
    """quantstats' own numbers under our names; NaN where it has none."""
    with _quiet() as qs:
        s = qs.stats
        figures = {
            "total_return": s.comp(own),
            "cagr": s.cagr(own, periods=rows_per_year),
            "volatility": s.volatility(own, periods=rows_per_year, prepare_returns=False),
            "sharpe": s.sharpe(own, periods=rows_per_year),
            "sortino": s.sortino(own, periods=rows_per_year),
            "max_drawdown": s.max_drawdown(own),
            "calmar": s.calmar(own, periods=rows_per_year, prepare_returns=False),
            "var_95": s.value_at_risk(own, prepare_returns=False),
            "es_95": s.conditional_value_at_risk(own, prepare_returns=False),
            "hit_rate": s.win_rate(own, prepare_returns=False),
        }
        if measure is not None:
            greeks = s.greeks(both, measure, rows_per_year, prepare_returns=False)
            figures |= {"beta": greeks["beta"], "alpha": greeks["alpha"]}
    return {name: float(value) if math.isfinite(value) else math.nan for name, value in figures.items()}


def _report(own: pd.Series, measure: pd.Series | None, title: str, rows_per_year: float) -> str:
    with _quiet() as qs, tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "report.html")
        qs.reports.html(
            own,
            measure,
            title=_inert(title),
            output=str(file),
            periods_per_year=round(rows_per_year),
            match_dates=False,
            template_path=Path(__file__).with_name("quantstats_template.html"),
            **NAMES,  # constant: matplotlib would read a name's $ as mathematics, and HTML its <
        )
        text = file.read_text(encoding="utf-8")
    # A stand-alone SVG's prolog is no HTML, its metadata carries the clock; the rare per cent sign lacks a glyph.
    return re.sub(
        r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|\N{SMALL PERCENT SIGN}",
        "",
        text,
        flags=re.DOTALL,
    )


def _corrected(body: str, own: pd.Series, measure: pd.Series | None) -> str:
    """Its report without the rows that mislead, a fall that lasts not called recovered, and the benchmark in a colour
    that can be seen on paper of either kind."""
    drawings, tables, rest = body.partition('<div class="tables">')
    years = (own.index[-1] - own.index[0]).days / DAYS_PER_YEAR
    absurd = [*ABSURD, *(row for row, count in YEARS.items() if years < count)]
    rest = re.sub(rf"<tr><td>({'|'.join(map(re.escape, absurd))})</td>.*?</tr>\n?", "", rest)
    last = f"{own.index[-1]:%Y-%m-%d}"
    each = [own] if measure is None else [measure, own]
    rest = re.sub(
        r"(?<=<tr><td>Max DD Period End</td>).*?(?=</tr>)", lambda m: _not_yet(m[0], each, last), rest
    )
    if _fallen(own):
        rest = re.sub(rf"(?<=<tr>)(<td>[\d-]{{10}}</td>)<td>{last}</td>(?=<td>)", r"\1<td>not yet</td>", rest)
    return drawings.replace(FAINT, SEEN).replace(NAMED_IN_CAPITALS, "") + tables + rest


def _not_yet(cells: str, each: Sequence[pd.Series], last: str) -> str:
    """Cells of dates, a series a cell, where the last date of one that ends below a high is no recovery."""
    dates = re.findall(r"<td>(.*?)</td>", cells)
    texts = ["not yet" if day == last and _fallen(of) else day for day, of in zip(dates, each, strict=True)]
    return "".join(f"<td>{t}</td>" for t in texts)


def _fallen(returns: pd.Series) -> bool:
    """Whether it ends below a high."""
    worth = np.cumprod(1.0 + returns.to_numpy())
    return bool(worth[-1] < max(1.0, worth.max()) * (1 - NOISE))


def _inert(title: str) -> str:
    """Escaped for its template, which takes both tags and {{placeholders}} from a title."""
    return html.escape(title).replace("{", "&#123;").replace("}", "&#125;")


def load() -> None:
    """Import quantstats, so that the first report need not."""
    _quantstats()


@lru_cache(maxsize=1)
def _quantstats() -> tuple[ModuleType, dict[Any, Any]]:
    """quantstats, and the matplotlib theme it sets on import, kept out of everyone else's settings."""
    import matplotlib

    matplotlib.use("Agg")
    _provide_font()
    # IPython shows its reports in notebooks, yfinance fetches prices: a quarter of its import, and no page needs them.
    without = without_modules(IPython=None, yfinance=ModuleType("yfinance"))
    with matplotlib.rc_context(), warnings.catch_warnings(), without:
        warnings.simplefilter("ignore")
        import quantstats

        theme: dict[Any, Any] = {k: v for k, v in matplotlib.rcParams.items() if not k.startswith("backend")}
    # The same chart gets the same ids, whenever it is drawn.
    return quantstats, theme | {"svg.hashsalt": "positioning"}


def _provide_font() -> None:
    """Where there is no Arial, its name means the sans serif that comes with matplotlib."""
    import matplotlib
    from matplotlib import font_manager

    fonts = font_manager.fontManager
    if any(entry.name == FONT for entry in fonts.ttflist):
        return
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"):
        entry = font_manager.ttfFontProperty(font_manager.get_font(folder / name))
        fonts.ttflist.append(replace(entry, name=FONT))


@contextmanager
def _quiet() -> Iterator[ModuleType]:
    """quantstats under its own theme; its deprecations are nothing a reader of a page can act on.

    With dates on the axis pandas 3 puts yearly bars elsewhere than quantstats then puts the years' names, which
    end up one bar late; x_compat keeps the bars at 0, 1, 2.
    """
    quantstats, theme = _quantstats()
    import matplotlib

    with (
        without_repeats(quantstats),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        pd.plotting.plot_params.use("x_compat", True),  # type: ignore[attr-defined]
        matplotlib.rc_context(theme),
    ):
        warnings.simplefilter("ignore")
        yield quantstats


@lru_cache(maxsize=4)
def _own_file(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
