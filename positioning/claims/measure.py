"""The evidence on claims, measured: accounts, studies, placebos, searches, stress tests, published series and facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from positioning.analysis.metrics import rows_per_year
from positioning.analysis.report import BacktestReport
from positioning.arrays import BoolArray, DateArray, FloatArray
from positioning.claims.claim import Evidence
from positioning.claims.facts import dated_event, dated_markers, published_series, stated_figure
from positioning.claims.statistics import mean_difference, quantile, skewness
from positioning.claims.verdict import Finding, Part
from positioning.errors import DataMissingError, PositioningError
from positioning.event_studies.day_zero import EventFilter
from positioning.event_studies.design import Design
from positioning.event_studies.donors import donor_pool
from positioning.event_studies.outcome import LEAD, outcome
from positioning.event_studies.sleeve_returns import sleeve_returns
from positioning.event_studies.sleeves import strategy_sleeves
from positioning.event_studies.study import EventStudy, study
from positioning.event_studies.synthetic_control import synthetic_control
from positioning.market.benchmark import Benchmark, benchmark
from positioning.market.source import Driver
from positioning.runs.backtest import RunSettings, backtest, market_of
from positioning.scenarios.stress_test import StressSettings, StressTest, stress_test
from positioning.search.assessment import Assessment, assess
from positioning.search.chunk_store import MemoryChunks
from positioning.search.measures import Figures
from positioning.search.run import Search, search, threads
from positioning.search.space import SearchSpace
from positioning.search.trials import Plan
from positioning.strategy.strategy import Strategy

AXES: Mapping[str, tuple[float, ...]] = {
    "half_life": (5.0, 10.0, 20.0, 40.0, 80.0), "respond": (0.25, 0.5, 0.75, 1.0),
}  # fmt: skip
SPAN = (0, 10)  # sessions around day zero
NORMAL = 1.959964  # 97.5 % quantile


@final
@dataclass(eq=False)
class Measurements:
    """What the evidence is measured with; each account, study, search and stress test is made once, when first asked for.

    strategies: by name; settings: source, thesis, placebos and all that runs share; paths: of stress tests; reports: the
    accounts made so far.
    """

    strategies: Mapping[str, Strategy]
    settings: RunSettings
    paths: int = 1_000
    reports: dict[str, BacktestReport] = field(default_factory=dict)
    _studies: dict[str, EventStudy] = field(default_factory=dict)
    _stress: dict[tuple[str, str], StressTest] = field(default_factory=dict)

    def findings(self, evidence: Sequence[Evidence]) -> list[Finding]:
        """All that the evidence of one claim says; what could not be measured says why."""
        findings: list[Finding] = []
        for place, one in enumerate(evidence):
            try:
                findings += self._measured(place, one)
            except PositioningError as error:
                findings.append(Finding(place, one.kind, one.kind, "after", missing=error.seen))
        return findings

    @property
    def simulated(self) -> bool:
        """Whether prices were generated."""
        return self.settings.source.simulated

    def report(self, name: str) -> BacktestReport:
        """The account of a strategy, judged."""
        if name not in self.reports:
            self.reports[name] = backtest(self._strategy(name), self.settings)
        return self.reports[name]

    def studied(self, name: str) -> EventStudy:
        """The event study of a strategy's sleeve."""
        if name not in self._studies:
            s, thesis = self.settings, self.settings.thesis
            sleeve = strategy_sleeves(self._strategy(name), thesis, s.benchmark or "")[0]
            design = Design()
            returns = sleeve_returns(s.source, sleeve, design, s.base, thesis.events.crash_dates, s.accepted)
            self._studies[name] = study(returns, thesis.events, EventFilter(), design)
        return self._studies[name]

    def _strategy(self, name: str) -> Strategy:
        if name not in self.strategies:
            raise DataMissingError(f"no strategy {name}", "wanted one that is listed", "list it")
        return self.strategies[name]

    def _measured(self, place: int, one: Evidence) -> list[Finding]:
        kinds: Mapping[str, Callable[[int, Evidence], list[Finding]]] = {
            "account": self._account, "basket": self._basket, "skew": self._skew, "study": self._study,
            "control": self._control, "placebo": self._placebo, "search": self._search, "stress": self._stressed,
            "series": lambda place, one: [published_series(place, one, self._published(one.series))],
            "figure": lambda place, one: [stated_figure(place, one)],
            "event": lambda place, one: [dated_event(place, one, self.settings.events)],
            "markers": lambda place, one: [dated_markers(place, one, self.settings.events)],
        }  # fmt: skip
        return kinds[one.kind](place, one)

    def _skew(self, place: int, one: Evidence) -> list[Finding]:
        r = self.report(one.strategy).result
        returns, seed = r.nav[1:] / r.nav[:-1] - 1.0, self.settings.seed
        return [skewness(place, one, returns[m], part, seed) for part, m in self._parts(r.rows[1:])]

    def _parts(self, days: DateArray) -> list[tuple[Part, BoolArray]]:
        after = days > self.settings.thesis.published
        return [("before", ~after), ("after", after)]

    def _account(self, place: int, one: Evidence) -> list[Finding]:
        report = self.report(one.strategy)
        r, against = report.result, one.against
        other: FloatArray | None
        if against == "benchmark":
            measure = report.benchmark
            name = _named(measure, self._strategy(one.strategy).benchmark)
            other = None if measure is None else measure.levels
        elif against == "without_events":
            name, other = "itself without events", report.without_events.nav
        elif against == "cash":
            name, other = "cash", np.cumprod(1.0 + r.inputs.growth, dtype=np.float64)
        elif against in self.strategies:
            beside = self.report(against).result
            name, other = against, _on(r.rows, beside.rows, beside.nav)
        else:
            measure = self._series_of(against, r.rows)
            name, other = _named(measure, against), None if measure is None else measure.levels
        if other is None:
            raise DataMissingError(f"no prices of {name}", "wanted them", "add them")
        what = f"{one.strategy} over {name}, a year"
        return self._differences(place, one, what, r.rows, r.nav, other)

    def _basket(self, place: int, one: Evidence) -> list[Finding]:
        bars = self.settings.source.deliver([one.against], ()).bars.get(one.against)
        series = {} if bars is None else {s: self._series_of(s, bars.dates) for s in one.names}
        price_levels = {s: v.levels for s, v in series.items() if v is not None}
        if bars is None or not price_levels:
            lacking = one.against if bars is None else ", ".join(one.names)
            raise DataMissingError(f"no prices of {lacking}", "wanted them", "add them")
        rows = bars.dates
        returns = np.column_stack([_growth(v) for v in price_levels.values()])
        measure = self._series_of(one.against, rows)
        assert measure is not None  # noqa: S101 - its bars are there
        other, findings = _growth(measure.levels), []
        for part, mask in self._parts(rows):
            usable = np.isfinite(returns) & (mask & np.isfinite(other))[:, None]
            count = usable.sum(axis=1)
            used = count > 0
            mean = np.where(usable, returns, 0.0).sum(axis=1)[used] / count[used]
            names = [s for n, s in enumerate(price_levels) if usable[:, n].any()] or list(price_levels)
            what = f"{', '.join(names)} over {_named(measure, one.against)}, a year"
            difference = mean_difference(place, one, mean - other[used], what, part, rows_per_year(rows))
            unpriced = ", ".join(s for s in one.names if s not in names)
            note = f"without {unpriced}, of which there are no prices then" if unpriced else ""
            findings.append(replace(difference, note=note))
        return findings

    def _differences(
        self, place: int, one: Evidence, what: str, rows: DateArray, own: FloatArray, other: FloatArray
    ) -> list[Finding]:
        difference = (_growth(own) - _growth(other))[1:]
        finite = np.isfinite(difference)
        findings = [
            mean_difference(place, one, difference[mask & finite], what, part, rows_per_year(rows))
            for part, mask in self._parts(rows[1:])
        ]
        last = rows[1:][finite][-1] if finite.any() else rows[0]
        return [
            replace(f, missing=f"{f.missing}: what both have ends on {last}")
            if f.missing and f.part == "after"
            else f
            for f in findings
        ]

    def _series_of(self, symbol: str, rows: DateArray) -> Benchmark | None:
        s = self.settings
        return benchmark(s.source, symbol, rows, s.base, s.events.crash_dates, s.accepted)

    def _study(self, place: int, one: Evidence) -> list[Finding]:
        study = self.studied(one.strategy)
        what = f"news of {study.returns[0].sleeve.theme}, mean abnormal return in the expected direction"
        if study.panel is None:
            return [Finding(place, "study", what, "after", missing="no event could be measured")]
        days = np.array([o.day for o in study.panel.observations])
        findings = []
        for part, mask in self._parts(days):
            members = np.flatnonzero(mask).astype(np.int64)
            if not members.size:
                findings.append(Finding(place, "study", what, part, missing="no news that could be measured"))
                continue
            o = outcome(study.panel, members, SPAN, True)
            reach = quantile(o.freedom) * o.error
            findings.append(Finding(
                place, "study", what, part, one.sign * o.caar, one.sign * o.caar - reach, one.sign * o.caar + reach,
                o.tests[LEAD].p, o.count, o.detectable,
            ))  # fmt: skip
        return findings

    def _control(self, place: int, one: Evidence) -> list[Finding]:
        study, s = self.studied(one.strategy), self.settings
        pool = donor_pool(study.returns[0], s.source, s.thesis, s.base, s.accepted)
        control = synthetic_control(study, pool, s.events, Design(), max(s.placebos, 1), s.seed)
        what = "news less a synthetic control, shuffled dates"
        o = control.outcome(SPAN)
        if o is None:
            return [Finding(place, "control", what, "whole", missing=control.refused)]
        return [Finding(place, "control", what, "whole", one.sign * o.effect, p=o.p_time, count=o.count)]

    def _placebo(self, place: int, one: Evidence) -> list[Finding]:
        placebo = self.report(one.strategy).placebo
        what = f"{one.strategy} over the middle of shuffled event dates, whole span (one-sided p)"
        if placebo is None:
            return [Finding(place, "placebo", what, "whole", missing="no shuffles were asked for")]
        more = placebo.total_return - float(np.median(placebo.shuffled))
        count = placebo.shuffled.size
        return [Finding(place, "placebo", what, "whole", one.sign * more, p=placebo.p_value, count=count)]

    def _search(self, place: int, one: Evidence) -> list[Finding]:
        strategy = self._strategy(one.strategy)
        axes = {name: values for name, values in AXES.items() if name in strategy.parameters()}
        search = searched(strategy, axes, self.settings)
        luck = (
            "" if search.pbo is None else f", probability of overfitting {100 * search.pbo.probability:.0f} %"
        )
        what = f"{one.strategy}: deflated Sharpe of the best of {search.trials} trials{luck}"
        return [Finding(place, "search", what, "whole", search.best.dsr, count=search.trials, form="number")]

    def _stressed(self, place: int, one: Evidence) -> list[Finding]:
        s, key = self.settings, (one.strategy, one.scenarios)
        if key not in self._stress:
            self._stress[key] = stress_test(
                [self._strategy(one.strategy)], s.source, s.thesis, one.scenarios,
                StressSettings(paths=self.paths, seed=s.seed, window=None), base=s.base,
            )  # fmt: skip
        figures = self._stress[key].figures[one.strategy]
        names = [one.scenario] if one.scenario else [x.name for x in self._stress[key].scenarios.scenarios]
        if one.scenario and one.scenario not in figures:
            raise DataMissingError(
                f"no scenario {one.scenario}", f"wanted {', '.join(figures)}", "correct it"
            )
        return [
            Finding(
                place, "stress", f"{one.strategy} under {name}, mean over a year of simulated paths", "whole",
                figures[name].mean, figures[name].mean - NORMAL * figures[name].error,
                figures[name].mean + NORMAL * figures[name].error, count=self.paths,
            )
            for name in names
        ]  # fmt: skip

    def _published(self, names: Sequence[str]) -> Driver:
        """The first of these series that the source has."""
        for name in names:
            with suppress(DataMissingError):
                return self.settings.source.driver(name)
        raise DataMissingError(
            f"no published series {', '.join(names)}", "wanted one of them", "add its file"
        )


def searched(strategy: Strategy, axes: Mapping[str, tuple[float, ...]], settings: RunSettings) -> Assessment:
    """Every combination of the axes, assessed by Sharpe."""
    market = market_of(strategy, settings)
    space = SearchSpace(strategy, market, settings.events, dict(axes), settings.account)
    codes = space.grouped(space.codes(np.arange(space.combinations)))
    work = threads(2)
    trials = search(space, Plan(codes, (Figures(squares=True),)), MemoryChunks(), work)
    return assess(Search(space, "sharpe", True, work), trials)


def _named(measure: Benchmark | None, symbol: str) -> str:
    """What something is held against, with what must stand beside every comparison with it."""
    return f"{symbol} ({measure.remark})" if measure is not None and measure.remark else symbol


def _growth(levels: FloatArray) -> FloatArray:
    out = np.full(levels.size, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        out[1:] = levels[1:] / levels[:-1] - 1.0
    return np.where(np.isfinite(out), out, np.nan)


def _on(rows: DateArray, dates: DateArray, levels: FloatArray) -> FloatArray:
    """Levels at the last of `dates` up to each row; NaN outside them."""
    at = np.searchsorted(dates, rows, side="right") - 1
    return np.where((at >= 0) & (rows <= dates[-1]), levels[np.maximum(at, 0)], np.nan)
