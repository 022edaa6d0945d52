"""A run written to disk as `saved` reads it: its summary, and its tables row by row."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from positioning.analysis.metrics import to_json
from positioning.analysis.report import BacktestReport
from positioning.arrays import FloatArray
from positioning.events.event import Event
from positioning.events.restriction import Restriction
from positioning.files import atomic_folder, safe_name, sweep, write_whole
from positioning.json_text import json_text
from positioning.provenance import code_digests, digest, digest_of
from positioning.simulation.profit import PARTS
from positioning.simulation.result import Result

if TYPE_CHECKING:
    pass

from positioning.runs.saved_run import SCHEMA, SavedRun

POINTS = 120


def keep(
    report: BacktestReport,
    request: Mapping[str, Any],
    digests: Mapping[str, str],
    directory: Path,
    page: str,
    study: str = "",
) -> SavedRun:
    """Write the run under `directory/runs`. request: the options it was asked with; digests: of each series
    delivered; page: its tearsheet, whose links are relative to `directory`; study: the file that repeats it."""
    now = datetime.now(UTC)
    summary = summary_of(report, request, digests)
    mark = digest(json.dumps([summary["metrics"], summary["digests"], summary["events"], request]))[:6]
    stem = f"{now:%Y%m%d-%H%M%S}-{safe_name(report.strategy.name)}-{mark}"
    runs = directory / "runs"
    sweep(runs)
    while True:
        place = _free(runs, stem)
        try:
            with atomic_folder(place) as draft:
                _tables(report, draft)
                _write(draft / "events.json", _facts(report))
                write_whole(draft / "tearsheet.html", page)
                tables = {
                    f.name: digest(f.read_bytes()) for f in sorted(draft.iterdir()) if f.suffix != ".html"
                }
                whole = {
                    "schema": SCHEMA,
                    "id": place.name,
                    "made": now.isoformat(),
                    "tables": tables,
                    **summary,
                }
                if study:
                    write_whole(draft / "study.toml", study)
                _write(draft / "summary.json", whole)
            return SavedRun(place, whole)
        except OSError:
            if not place.exists():
                raise  # else another process has taken that name since


def _free(runs: Path, stem: str) -> Path:
    """The same run twice in a second gets a number."""
    number, place = 1, runs / stem
    while place.exists():
        number += 1
        place = runs / f"{stem}-{number}"
    return place


def _write(path: Path, value: object) -> None:
    write_whole(path, json_text(value, indent=1) + "\n")


def summary_of(
    report: BacktestReport, request: Mapping[str, Any], digests: Mapping[str, str]
) -> dict[str, Any]:
    """All of summary.json but schema, id and made."""
    r, b, p = report.result, report.benchmark, report.strategy
    some = np.unique(np.linspace(0, r.nav.size - 1, min(POINTS, r.nav.size)).astype(int))
    return {
        "strategy": p.name,
        "title": report.strategy.title,
        "themes": list(p.themes),
        "benchmark": None if b is None else {"symbol": b.symbol, "name": b.name, "remark": b.remark},
        "simulated": r.market.simulated,
        "command": report.command,
        "request": dict(request),
        "parameters": {k: list(v) if isinstance(v, tuple) else v for k, v in p.parameters().items()},
        "source": r.market.source,
        "snapshot": r.market.snapshot,
        "digests": dict(sorted(digests.items())),
        "thesis": {"name": report.thesis.name, "digest": report.thesis.digest},
        "events": {"digest": report.events.digest(), "records": records(report)},
        "fees": {"label": r.inputs.fee_label, "digest": digest_of(r.inputs.fees)},
        "cash": {"label": r.inputs.cash_label, "digest": digest(r.inputs.growth.tobytes())},
        "fill": r.inputs.fill_at,
        "mark": r.inputs.mark_label,
        "tax": {"label": r.inputs.tax_label, "digest": digest(r.inputs.tax.tobytes())},
        "base": r.market.base,
        "seed": request.get("seed", 0),
        "versions": dict(report.versions),
        "python": sys.version.split()[0],
        "code": code_digests(type(p)),
        "instruments": {
            i.symbol: {"name": i.name, "currency": i.currency, "venue": i.venue} for i in r.market.instruments
        },
        "verdict": report.verdict.to_json(),
        "held": report.coverage.to_json(),
        "searched": None if report.kept_search is None else report.kept_search.to_json(),
        "metrics": to_json(report.metrics),
        "without_events": to_json(report.without_events_metrics),
        "without_events_same_exposure": to_json(report.without_events_same_exposure_metrics),
        "world": {w.name: w.to_json() for w in report.world},
        "risk": None if report.risk is None else report.risk.to_json(),
        "factors": None if report.factors is None else report.factors.to_json(),
        "placebo": None if report.placebo is None else report.placebo.to_json(),
        "deficit": r.deficit,
        "spark": [round(float(v), 5) for v in r.nav[some]],
    }


def records(report: BacktestReport) -> dict[str, str]:
    """Digest of each event by id, and of each restriction by symbol, kind and date."""
    named: dict[str, Event | Restriction] = {e.id: e for e in report.events}
    named |= {f"{r.symbol} {r.kind} {r.known_on()}": r for r in report.events.restrictions}
    return {key: digest_of(record)[:16] for key, record in named.items()}


def _tables(report: BacktestReport, place: Path) -> None:
    import pandas as pd

    tables = {
        "returns": pd.DataFrame(daily(report)),
        "ledger": pd.DataFrame(legs(report.result)),
        "orders": report.result.orders,
    }
    for name, table in tables.items():
        with (place / f"{name}.parquet").open("wb") as file:  # pyarrow takes UTF-8 names alone
            table.to_parquet(file, index=False)


def daily(report: BacktestReport) -> dict[str, np.ndarray[Any, Any]]:
    """The columns of returns.parquet."""
    r = report.result
    levels = np.full(r.nav.size, np.nan) if report.benchmark is None else report.benchmark.levels
    return {
        "date": r.rows.astype("datetime64[ms]"), "nav": r.nav, "returns": r.returns, "cash_return": r.inputs.growth,
        "benchmark": levels, "without_events_nav": report.without_events.nav,
        "gross": r.gross_exposure, "net": r.net_exposure,
        "trapped": r.trapped, "trade_value": np.asarray(r.trade_value.sum(axis=1)), "cost": r.cost,
        "interest": r.interest,
        **{f"cost_{kind}": np.asarray(values.sum(axis=1)) for kind, values in r.costs.items()},
    }  # fmt: skip


def legs(result: Result) -> dict[str, np.ndarray[Any, Any]]:
    """The columns of ledger.parquet, date by date."""
    shape = result.shares.shape
    tables: dict[str, FloatArray] = {
        "shares": result.shares, "trades": result.trades, "paid": result.paid,
        "mark": result.inputs.mark, "weight": result.weights, **{part: result.profit[part] for part in PARTS},
    }  # fmt: skip
    return {
        "date": np.repeat(result.rows.astype("datetime64[ms]"), shape[1]),
        "symbol": np.tile(np.array(result.market.symbols, dtype=object), shape[0]),
        **{name: np.broadcast_to(values, shape).ravel() for name, values in tables.items()},
    }


def _facts(report: BacktestReport) -> list[dict[str, Any]]:
    first, last = report.result.rows[[0, -1]]
    symbols = set(report.result.market.symbols)
    facts = [
        {"id": e.id, "day": str(e.known_on()), "title": e.title, "themes": list(e.themes), "kind": "event",
         "story": f"{e.issuer}, {e.direction.replace('_', ' ')}, severity {e.severity} of 5. Source: {e.source}",
         "sleeves": [s for s, sign in e.signs.items() if sign] if e.counts else []}
        for e in report.events if first <= e.known_on() <= last
    ]  # fmt: skip
    facts += [
        {"id": f"{r.symbol} {r.kind} {r.known_on()}", "day": str(r.known_on()), "kind": "restriction", "sleeves": [],
         "title": f"{r.symbol}: {r.kind.replace('_', ' ')}", "themes": ["restrictions"],
         "story": f"{r.reason}. Source: {r.source}"}
        for r in report.events.restrictions if r.symbol in symbols and first <= r.known_on() <= last
    ]  # fmt: skip
    return facts
