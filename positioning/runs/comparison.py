"""Runs side by side: what they share, what differs, and everything the comparison page says about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, final

import numpy as np

from positioning.analysis.account_history import AccountHistory, between, metrics_of
from positioning.analysis.block_bootstrap import intervals
from positioning.analysis.factor_exposure import FactorExposure, exposure
from positioning.analysis.factor_regions import factor_measure, require_dollars, require_fit
from positioning.analysis.factors import Factors
from positioning.analysis.metrics import Metrics, rows_per_year
from positioning.analysis.pairs import Pair, aligned, correlation, pairs, superior
from positioning.analysis.superior_predictive_ability import Spa
from positioning.arrays import FloatArray
from positioning.market.instruments import RECORDED
from positioning.runs.saved_run import SavedRun

if TYPE_CHECKING:
    import pandas as pd

Interval = tuple[float, float]


class Contender(Protocol):
    """What a comparison reads of an account: a kept run, or returns of another program."""

    @property
    def id(self) -> str:
        """By which it is told from others."""

    @property
    def address(self) -> str:
        """Of its page, relative to the folder of all; "" where it has none."""

    @property
    def summary(self) -> Mapping[str, Any]:
        """See `saved_run.SCHEMA` for what its keys say."""

    @property
    def returns(self) -> pd.DataFrame:
        """One row a date; trade_value, cost, gross and net NaN where they are not known."""

    @property
    def events(self) -> list[dict[str, Any]]:
        """Events and restrictions of its span."""


@final
@dataclass(frozen=True, eq=False)
class ComparedRun:
    """One run in a comparison. course: its rows inside the common span, or its own where it is left out.
    factors: the rows inside against published factors, where given."""

    run: Contender
    label: str
    course: AccountHistory
    inside: bool
    metrics: Metrics | None
    intervals: Mapping[str, Interval]
    factors: FactorExposure | None = None

    @property
    def alive(self) -> bool:
        """Whether it can be set against others."""
        return self.inside and not self.course.ruined


@final
@dataclass(frozen=True, eq=False)
class Comparison:
    """contenders in the order asked; span: the common dates, None where there are no two; correlation, pairs,
    superior: over those in `rivals`, places among the contenders."""

    contenders: tuple[ComparedRun, ...]
    span: tuple[np.datetime64, np.datetime64] | None
    rivals: tuple[int, ...]
    dates: int
    correlation: FloatArray
    pairs: tuple[Pair, ...]
    superior: tuple[Spa | None, ...]
    draws: int
    seed: int

    @property
    def simulated(self) -> bool:
        """Whether any of them stands on generated prices."""
        return any(c.run.summary["simulated"] for c in self.contenders)

    @property
    def mixed(self) -> bool:
        """Whether some stand on generated prices, and others on real ones or on such as are not known."""
        return len({bool(c.run.summary["simulated"]) for c in self.contenders}) > 1

    @property
    def unknown(self) -> tuple[str, ...]:
        """Labels of those of which it is not known whether their prices are real."""
        return tuple(c.label for c in self.contenders if c.run.summary["simulated"] is None)


def compare(
    runs: Sequence[Contender],
    draws: int = 1000,
    seed: int = 0,
    factors: Factors | None = None,
    region: str = "",
) -> Comparison:
    """The runs over the dates common to all that have two rows or more. factors, region: as `RunSettings` has them."""
    courses = [history_of(run) for run in runs]
    span = common_span(courses)
    contenders = []
    for run, label, course in zip(runs, labels(runs), courses, strict=True):
        inside = span is not None and course.dates.size > 1
        cut = between(course, *span) if inside and span is not None else course
        bands = intervals(cut, draws, seed) if inside and cut.nav[0] > 0 else {}
        factor_fit = None if factors is None or not inside else _exposed(run, cut, factors, region)
        contenders.append(ComparedRun(run, label, cut, inside, metrics_of(cut), bands, factor_fit))
    rivals = tuple(n for n, c in enumerate(contenders) if c.alive)
    dates, rows = np.zeros(0, "datetime64[D]"), np.zeros((0, 0))
    if rivals:
        dates, rows = aligned([contenders[n].course for n in rivals])
    several = len(rivals) > 1 and dates.size > 2
    return Comparison(
        contenders=tuple(contenders),
        span=span,
        rivals=rivals,
        dates=dates.size,
        correlation=correlation(rows) if several else np.full((len(rivals), len(rivals)), np.nan),
        pairs=tuple(pairs(rows, rows_per_year(dates), draws, seed)) if several else (),
        superior=tuple(superior(rows, draws, seed)) if several else (None,) * (len(rivals) + 1),
        draws=draws,
        seed=seed,
    )


def _exposed(run: Contender, course: AccountHistory, factors: Factors, region: str) -> FactorExposure | None:
    """A contender against the factors; None for one that is dead. Raises BadInputError as `backtest.exposed` does."""
    if course.ruined or not isinstance(run, SavedRun):  # what returns alone held is not known
        return None
    require_dollars(run.summary["base"])
    long = run.ledger.assign(weight=run.ledger["weight"].clip(lower=0.0)).groupby("symbol")["weight"].mean()
    mean_weights = {RECORDED.of(str(symbol)): float(weight) for symbol, weight in long.items() if weight > 0}
    require_fit(mean_weights, factors.regions, region)
    symbols = run.ledger.loc[run.ledger["weight"] != 0.0, "symbol"].unique()
    measure = factor_measure((RECORDED.of(str(symbol)).venue for symbol in symbols), factors.regions)
    return exposure(course.dates, course.nav, factors, measure)


def history_of(run: Contender) -> AccountHistory:
    """The whole account of a run."""
    r = run.returns
    columns = ("nav", "cash_return", "trade_value", "cost", "benchmark")
    nav, cash, traded, cost, levels = (r[c].to_numpy(dtype=np.float64).copy() for c in columns)
    measure = run.summary["metrics"].get("beta_measure", "same_day")  # of runs kept before there was another
    return AccountHistory(
        r["date"].to_numpy().astype("datetime64[D]"), nav, cash, traded, cost, levels, measure
    )


def common_span(courses: Sequence[AccountHistory]) -> tuple[np.datetime64, np.datetime64] | None:
    """From the latest first date to the earliest last one, of those with two rows or more, where each of them then
    has two rows."""
    long = [c for c in courses if c.dates.size > 1]
    if not long:
        return None
    first, last = max(c.dates[0] for c in long), min(c.dates[-1] for c in long)
    enough = all(((c.dates >= first) & (c.dates <= last)).sum() > 1 for c in long)
    return (first, last) if enough else None


def labels(runs: Sequence[Contender]) -> list[str]:
    """Names that tell the runs apart: title, then the parameters that differ, then the end of the ID."""
    titles = [str(r.summary["title"]) for r in runs]
    out = []
    for run, name in zip(runs, titles, strict=True):
        same = [r.summary["parameters"] for r, other in zip(runs, titles, strict=True) if other == name]
        own = run.summary["parameters"]
        apart = [k for k in own if any(p.get(k) != own[k] for p in same)]
        parts = [f"{k}={_short(own[k])}" for k in apart]
        if run.summary["simulated"] and not all(r.summary["simulated"] for r in runs):
            parts.append("SIMULATED")
        out.append(f"{name} ({', '.join(parts)})" if parts else name)
    return [
        n if out.count(n) == 1 else f"{n} #{r.id.split('-', 1)[0]}-{r.id[-6:]}" for n, r in _zip(out, runs)
    ]


def _zip(names: list[str], runs: Sequence[Contender]) -> list[tuple[str, Contender]]:
    return list(zip(names, runs, strict=True))


def _short(value: Any) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 30 else text[:29] + "…"


def differences(c: Comparison) -> list[tuple[str, list[str]]]:
    """Facts in which the runs differ: name, and each run's."""
    every: dict[str, Callable[[Mapping[str, Any]], object]] = {
        "Own span": lambda s: f"{s['metrics']['first']} to {s['metrics']['last']}",
        "Prices": lambda s: s["source"] + (", SIMULATED" if s["simulated"] else ""),
        "Base currency": lambda s: s["base"],
        "Fees": lambda s: s["fees"]["label"],
        "Fills": lambda s: f"at the {s['fill']}" if s["fill"] in ("open", "close") else s["fill"],
        "Cash earns": lambda s: s["cash"]["label"],
        "Mark of frozen holdings": lambda s: s["mark"],
        "Benchmark": lambda s: benchmark_words(s["benchmark"]),
        "Beta and alpha": lambda s: MEASURED[s["metrics"].get("beta_measure", "same_day")],
        "Dividends are paid": lambda s: s["tax"]["label"] if "tax" in s else "gross",
        "Event record": lambda s: s["events"]["digest"][:12],
        "Packages": lambda s: ", ".join(f"{k} {v}" for k, v in s["versions"].items()),
    }
    rows = []
    for name, fact in every.items():
        values = [str(fact(x.run.summary)) for x in c.contenders]
        if len(set(values)) > 1:
            rows.append((name, values))
    restated = _restated(c)
    return [*rows, *([("Prices restated between runs", restated)] if any(restated) else [])]


MEASURED = {
    "same_day": "on the benchmark's returns of the same row",
    "dimson": "on the benchmark's returns of the row before, the same and the next",
}


def benchmark_words(benchmark: Mapping[str, Any] | None) -> str:
    """Symbol of a kept run's benchmark, and what must stand beside it."""
    if benchmark is None:
        return "none"
    remark = benchmark.get("remark", "")
    return f"{benchmark['symbol']}, {remark}" if remark else str(benchmark["symbol"])


COSTLY = ("Base currency", "Fees", "Fills", "Cash earns", "Mark of frozen holdings")


def _restated(c: Comparison) -> list[str]:
    """By run, the symbols whose stored prices differ from those of another run on the same source."""
    digests_by_symbol: dict[tuple[str, str], set[str]] = {}
    for x in c.contenders:
        for symbol, digest in x.run.summary["digests"].items():
            digests_by_symbol.setdefault((x.run.summary["source"], symbol), set()).add(digest)
    moved = {key for key, digests in digests_by_symbol.items() if len(digests) > 1}
    return [
        ", ".join(sorted(s for s in x.run.summary["digests"] if (x.run.summary["source"], s) in moved))
        for x in c.contenders
    ]


def facts(c: Comparison) -> list[dict[str, Any]]:
    """Events and restrictions inside the span, each once, by day."""
    if c.span is None:
        return []
    first, last = (str(day) for day in c.span)
    every = {e["id"]: e for x in c.contenders for e in x.run.events if first <= e["day"] <= last}
    return sorted(every.values(), key=lambda e: (e["day"], e["id"]))
