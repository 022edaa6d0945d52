"""Runs kept on disk: what was asked, what it stood on, and every row of the account.

`reports/runs/ID/` is written whole or not at all and never changed. It holds

    summary.json     see `SCHEMA`
    returns.parquet  one row a date: nav, returns, cash_return, benchmark (level), without_events_nav,
                     gross, net, trapped, trade_value, cost, interest, and `cost_KIND` for each kind of fee
    ledger.parquet   one row a date and symbol: shares, trades, paid, mark, weight, and the profit of the row in
                     units of opening nav by part: price, currency, dividends, taxes, costs, impact, financing
    orders.parquet   one row an order
    events.json      the events and restrictions known in the span, for the marks of a chart
    study.toml       the options that repeat it: positioning run --config study.toml
    tearsheet.html   the page as it was; its script is in `assets/` two folders up

Its ID is the UTC time, the strategy and six digits of a hash of what it stands on.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, final

from positioning.errors import BadInputError, did_you_mean
from positioning.files import read_bounded
from positioning.json_text import decoded
from positioning.provenance import digest
from positioning.runs.schema import Fact, Summary

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 2
"""Version of summary.json. Its keys:

schema, id, made (UTC), tables {file: SHA-256}, strategy, title, themes, benchmark {symbol, name, remark} or null,
simulated
command        what was typed; request: the options of backtests.run by name, files by absolute path
parameters     all fields of the strategy, defaults included
source, snapshot, digests {symbol or CUR=X: SHA-256 of the series delivered, benchmark included}
thesis         {name, digest of its thesis.toml and universe.csv}
events         {digest, records {id, or "SYMBOL kind date": 16 digits of its hash}}
fees {label, digest}, cash {label, digest}: the digests are of the rates on the rows of the account
fill, mark, base, seed, versions {package: version}, python, code {file: 16 digits of its hash}
instruments    {symbol: {name, currency, venue}}
verdict {grade, tone, sentence}, held {names, of, weight}: see analysis.verdict and analysis.holding_coverage
searched       the search that had tried its parameters when it was made, or null: see analysis.kept_search
metrics, without_events, without_events_same_exposure
               metrics as `backtests.run --json` has them and more; deficit; spark: nav in 120 points
world          returns by the state of series that were given, by name: see analysis.world
risk           shares of the variance {leg, theme, country, currency}, or null; factors: see
               analysis.factor_exposure, or null
placebo        {p, draws, seed, median, flipped} of total returns on shuffled event dates, or null
"""

MOST_TOLD = 3  # strategies and newest runs that a refusal names
MOST_BYTES = 2_000_000_000  # of a table
MOST_OF_SUMMARY = 16_000_000


@final
@dataclass(frozen=True, eq=False)
class SavedRun:
    """A run read back."""

    place: Path
    summary: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Name of its folder."""
        return self.place.name

    @property
    def address(self) -> str:
        """Of its page, relative to the folder of all runs."""
        return f"runs/{self.id}/tearsheet.html"

    @cached_property
    def returns(self) -> pd.DataFrame:
        """One row a date."""
        return self._table("returns.parquet")

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """One row a date and symbol."""
        rows = self._table("ledger.parquet")
        if not set(rows["symbol"]) <= set(self.summary["instruments"]):
            raise self._not_as_written("ledger.parquet", "it has symbols that the summary has not")
        return rows

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """Events and restrictions of its span, each with id, day, title, themes, kind and story."""
        try:
            return [dict(fact) for fact in decoded(self._bytes("events.json"), list[Fact])]
        except ValueError as error:
            raise self._not_as_written("events.json", str(error)) from None

    def check(self) -> None:
        """Raise BadInputError where a file is not the one that was written with the run."""
        for name in self.summary["tables"]:
            self._bytes(name)
        _ = self.returns, self.ledger, self.events  # decoded, too

    def _table(self, name: str) -> pd.DataFrame:
        import pandas as pd

        try:
            return pd.read_parquet(io.BytesIO(self._bytes(name)))
        except (ValueError, KeyError, TypeError) as error:  # pyarrow's are ValueErrors
            raise self._not_as_written(name, type(error).__name__) from None

    def _bytes(self, name: str) -> bytes:
        """Of one of its files. Raises BadInputError where its digest is not the one in the summary."""
        try:
            data = read_bounded(self.place / name, MOST_BYTES)
        except OSError as error:
            raise self._not_as_written(name, str(error.strerror)) from None
        if digest(data) != self.summary["tables"].get(name):
            raise self._not_as_written(name, "its digest is another")
        return data

    def _not_as_written(self, name: str, why: str) -> BadInputError:
        return BadInputError(
            f"{self.place / name} is not as it was written ({why})",
            "wanted the run as it was kept",
            "make the run again",
        )


def read_run(place: Path) -> SavedRun:
    """The run in that folder. Raises BadInputError where there is none, one of another schema, or one whose summary
    is not as runs write it."""
    try:
        data = read_bounded(place / "summary.json", MOST_OF_SUMMARY)
    except OSError:
        raise BadInputError(
            f"{place} holds no run", "wanted a folder with a summary.json", "look in reports/runs"
        ) from None
    try:
        if b"\\u0000" in data:
            raise ValueError("a NUL character")  # which no path may hold
        schema = decoded(data, _SchemaVersion).schema
        if schema != SCHEMA:
            raise BadInputError(f"{place} has schema {schema}", f"wanted {SCHEMA}", "make the run again")
        decoded(data, Summary)
        return SavedRun(place, json.loads(data))
    except ValueError as error:
        raise BadInputError(
            f"{place / 'summary.json'} is not as it was written ({error})",
            "wanted the run as it was kept",
            "make the run again, or remove that folder",
        ) from None


@dataclass(frozen=True)
class _SchemaVersion:
    schema: int


class KeptRuns(NamedTuple):
    """Runs, the newest first, and why other folders beside them hold none."""

    runs: list[SavedRun]
    left_out: list[str]


def read_runs(directory: Path) -> KeptRuns:
    """All runs under `directory/runs`; a folder that holds none, or one of another version, is named."""
    runs, left_out = [], []
    with suppress(OSError):
        for place in sorted((directory / "runs").glob("[!.]*/")):
            try:
                runs.append(read_run(place))
            except BadInputError as error:
                if place.exists():  # else it is being removed
                    left_out.append(f"left out: {error}")
    return KeptRuns(sorted(runs, key=lambda k: (k.summary["made"], k.id), reverse=True), left_out)


def runs_in(directory: Path) -> list[SavedRun]:
    """All readable runs under `directory/runs`, newest first."""
    return read_runs(directory).runs


def find_run(directory: Path, word: str) -> SavedRun:
    """The run of that ID, of its beginning, of that folder, or the newest of that strategy.

    Raises BadInputError for none, or for a beginning that several share."""
    if (Path(word) / "summary.json").is_file():
        return read_run(Path(word))
    runs = runs_in(directory)
    of_strategy = [k for k in runs if k.summary["strategy"] == word]
    if of_strategy:
        return of_strategy[0]
    matches = [k for k in runs if k.id == word] or [k for k in runs if word and k.id.startswith(word)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise BadInputError(
            f"{len(matches)} runs begin with {word}", "wanted one", f"type {matches[0].id} or another in full"
        )
    if not runs:
        raise BadInputError(f"no run in {directory}", f"wanted {word}", "make one: `run`")
    names = dict.fromkeys(k.summary["strategy"] for k in runs)
    near = did_you_mean(word, [*names, *(k.id for k in runs)])
    if not near.startswith("Did"):
        near = did_you_mean(word, [*list(names)[:MOST_TOLD], *(k.id for k in runs[:MOST_TOLD])])
    raise BadInputError(
        f"no run {word}", f"wanted one of {len(runs):,} runs, or the newest of a strategy", near
    )
