"""The table of questions put to a strategy."""

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from positioning.analysis import strategy_check
from positioning.analysis.purity import mutated, reads_outside, repeatable
from positioning.analysis.robustness import (
    best_days_share,
    break_even_bps,
    delayed_decisions,
    gap_trading,
    start_dependence,
    without_name,
)
from positioning.analysis.source_code import reads_clock, reads_silently
from positioning.analysis.strategy_check import Status, _purity_rows, check_strategy
from positioning.events.event import Events
from positioning.market.market import Market
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import read_fees
from positioning.strategy.from_file import strategy_from_file
from positioning.strategy.strategy import Strategy
from positioning.strategy.targets import Targets
from tests.analysis.planted import CHEATS, HONEST, Planted

TERMS = AccountTerms(read_fees("none"))
NOTHING = Events(())


def market_of(close: Any, names: str = "AB") -> Market:
    values = np.asarray(close, dtype=float)
    days = pd.bdate_range("2022-01-03", periods=values.shape[0])
    return Market.from_frames(pd.DataFrame(values, index=days, columns=list(names)))


@pytest.fixture(scope="module")
def market() -> Market:
    rng = np.random.default_rng(11)
    return market_of(40 * np.exp(np.cumsum(rng.normal(0.0005, 0.015, (500, 4)), axis=0)), "ABCD")


@dataclass(frozen=True)
class Named(Planted):
    """As planted, with its names."""

    @property
    def names(self) -> tuple[str, ...]:
        return ("A", "B", "C", "D")


@pytest.mark.parametrize("name", ["shift(-1)", "full-sample z-score", "normalised by the last price"])
def test_a_cheat_is_wrong_and_says_what_moved(name: str, market: Market) -> None:
    found = check_strategy(Named(rule=CHEATS[name][0]), market, NOTHING, TERMS, cuts=8)
    assert found.wrong
    assert found.sentence.startswith("WRONG: ")
    assert "moved the weight of" in found.sentence


@pytest.mark.parametrize(
    "name",
    [n for n in HONEST if n not in ("published index values", "news", "currency momentum", "volume so far")],
)
def test_an_honest_strategy_has_nothing_wrong(
    name: str, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strategy_check, "in_new_process", lambda *_: None)  # asked below
    found = check_strategy(Named(rule=HONEST[name]), market, NOTHING, TERMS, cuts=8)
    assert not found.wrong, found.sentence
    assert len({row.name for row in found.rows}) == len(found.rows)


def test_weights_beyond_the_gross_limit_are_wrong(market: Market) -> None:
    found = check_strategy(Greedy(), market, NOTHING, TERMS)
    assert [row.status for row in found.rows] == [Status.WRONG]
    assert "gross exposure" in found.sentence


@dataclass(frozen=True)
class Greedy(Planted):
    def target_weights(self, market: Market, events: Events) -> Targets:
        return Targets(market.rows, market.symbols, np.array([5]), np.ones((1, 4)))


def test_what_is_not_repeatable_is_wrong(market: Market) -> None:
    dice = Planted(rule=lambda m, e: np.random.default_rng().random(m.close.shape))
    assert not repeatable(dice, market, NOTHING)
    seeded = Planted(rule=lambda m, e: np.random.default_rng(1).random(m.close.shape))
    assert repeatable(seeded, market, NOTHING)


def test_writing_into_the_market_is_named(market: Market) -> None:
    def careless(m: Market, _: Events) -> Any:
        m.close[0] = 1.0
        return m.close

    copy = replace(market, close=market.close.copy())
    assert mutated(Planted(rule=careless), copy, NOTHING) == ("close",)
    assert mutated(Planted(), market, NOTHING) == ()


def test_reading_a_file_is_named_and_importing_is_not(market: Market, tmp_path: Path) -> None:
    file = tmp_path / "signal.csv"
    file.write_text("1")

    def peeking(m: Market, _: Events) -> Any:
        return np.full(m.close.shape, float(file.read_text()))

    def importing(m: Market, _: Events) -> Any:
        import colorsys

        return np.full(m.close.shape, colorsys.ONE_THIRD)

    assert reads_outside(Planted(rule=peeking), market, NOTHING) == (str(file),)
    assert reads_outside(Planted(rule=importing), market, NOTHING) == ()


@dataclass(frozen=True)
class Punctual(Planted):
    """Asks what time it is."""

    def target_weights(self, market: Market, events: Events) -> Targets:
        if time.time() < 0:
            return super().target_weights(market, events)
        return super().target_weights(market, events)


def test_the_clock_is_seen_in_its_file() -> None:
    assert [call.split(": ")[1] for call in reads_clock(Punctual())] == ["time.time"]
    assert reads_clock(Planted()) == ()


def test_delay_and_leaving_out_by_hand(market: Market) -> None:
    targets = Targets(market.rows, market.symbols, np.array([3, 498]), np.full((2, 4), 0.25))
    late = delayed_decisions(targets, 2)
    assert late.decided.tolist() == [5]  # 500 is past the last row
    assert without_name(targets, "B").weights[0].tolist() == [0.25, 0.0, 0.25, 0.25]


def hand_account() -> Any:
    """One name bought whole at 100 on row 2, at the close; up 10 % on row 3, down 10 % on row 4, up 20 % on row 5."""
    close = np.array([[100, 1], [100, 1], [100, 1], [110, 1], [99, 1], [118.8, 1]], dtype=float)
    market = market_of(close)
    targets = Targets(market.rows, market.symbols, np.array([1]), np.array([[1.0, 0.0]]))
    return AccountTerms(read_fees("none"), fill="close").run(targets, market, NOTHING)


def test_best_days_and_break_even_by_hand() -> None:
    result = hand_account()
    assert result.nav[-1] == pytest.approx(1.188, abs=1e-12)
    # The five best of five log returns are all of them.
    assert best_days_share(result) == pytest.approx(1.0, abs=1e-12)
    # Mean return (0 + 0 + 0.1 - 0.1 + 0.2) / 6 over the mean trade, once the whole of nav in six rows: 2,000 bps.
    assert break_even_bps(result) == pytest.approx(2_000, rel=1e-9)


def test_expanding_means_depend_on_the_start_and_rolling_ones_do_not(market: Market) -> None:
    def change(rule: Callable[[Market, Events], Any]) -> float:
        strategy = Planted(rule=rule)
        return start_dependence(strategy, market, NOTHING, strategy.target_weights(market, NOTHING))[0]

    # Decisions come every fifth row from row 60 of whatever market: 175 rows later they fall on the same rows.
    assert change(HONEST["momentum"]) < 1e-12
    assert change(HONEST["expanding z-score"]) > 0.02


def test_trading_because_of_gaps_is_measured(market: Market) -> None:
    rng = np.random.default_rng(2)
    close = np.where(rng.random(market.close.shape) < 0.2, np.nan, market.close)
    gappy = replace(market, close=close, open=close, tradable=np.isfinite(close))
    present = Planted(rule=lambda m, e: np.isfinite(m.close))
    steady = Planted(rule=lambda m, e: np.ones(m.close.shape))
    assert gap_trading(present, gappy, NOTHING, present.target_weights(gappy, NOTHING)) > 0.8
    assert gap_trading(steady, gappy, NOTHING, steady.target_weights(gappy, NOTHING)) == 0.0


SENT = """
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from positioning import Strategy, Targets
{top}

@dataclass(frozen=True)
class Own(Strategy):
    name: ClassVar[str] = "own"
    benchmark: ClassVar[str] = "SPY"
    names: tuple[str, ...] = ("A", "B", "C", "D")

    def target_weights(self, market, events):
        scores = {scores}
        weights = np.tile(scores / np.abs(scores).sum(), (2, 1))
        return Targets(market.rows, market.symbols, np.array([60, 90]), weights, self.band)
"""


def own(folder: Path, scores: str, top: str = "") -> Strategy:
    """A strategy of a file, which another process can import."""
    file = folder / "own.py"
    file.write_text(SENT.format(top=top, scores=scores))
    return strategy_from_file(str(file))()


@pytest.mark.parametrize(
    ("scores", "top"),
    [
        ("SEEN.setdefault('mean', market.close.mean(axis=0))", "SEEN = {}"),
        ("self.__dict__.setdefault('mean', market.close.mean(axis=0))", ""),
        ("np.array([hash(s) % 1001 + 1.0 for s in market.symbols])", ""),
    ],
    ids=["a global", "the strategy itself", "hashes of texts"],
)  # fmt: skip
def test_what_a_strategy_keeps_or_draws_by_process_is_seen_in_a_new_one(
    scores: str, top: str, market: Market, tmp_path: Path
) -> None:
    """Its answers are the same bits twice, and no replaced future moves what it kept of the whole."""
    strategy = own(tmp_path, scores, top)
    rows = {row.name: row for row in _purity_rows(strategy, market, NOTHING)}
    assert rows["repeatable"].status is Status.WRONG
    assert "in a new process, asked of the market up to 2022-12-" in rows["repeatable"].detail
    assert "it keeps what it saw, or draws anew" in rows["repeatable"].detail
    assert all(row.status is Status.RIGHT for name, row in rows.items() if name != "repeatable")


def test_a_new_process_says_the_same_of_an_honest_one_and_what_was_read_on_import(
    market: Market, tmp_path: Path
) -> None:
    """Constants are kept by right; a file read on import is no part of the code."""
    honest = own(tmp_path, "ONES * market.close[50]", "ONES = np.ones(4)")
    rows = {row.name: row for row in _purity_rows(honest, market, NOTHING)}
    assert {row.status for row in rows.values()} == {Status.RIGHT}
    assert rows["repeatable"].detail == "the same bits twice, and the same weights in a new process"
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "signal.txt").write_text("1 2 3 4")
    reader = own(
        tmp_path / "b",
        "TABLE",
        "from pathlib import Path\nTABLE = np.loadtxt(Path(__file__).with_name('signal.txt'))",
    )
    row = next(row for row in _purity_rows(reader, market, NOTHING) if row.name == "files")
    assert (row.status, row.detail) == (Status.WRONG, f"it read {tmp_path / 'b' / 'signal.txt'}")


def test_a_strategy_that_fails_in_a_new_process_or_cannot_be_sent(market: Market, tmp_path: Path) -> None:
    first = own(
        tmp_path, "np.ones(4) if SEEN.setdefault('rows', market.rows.size) == 500 else 1 // 0", "SEEN = {}"
    )
    first.target_weights(market, NOTHING)
    row = next(_purity_rows(first, market, NOTHING))
    assert row.status is Status.WRONG
    assert row.detail.startswith("in a new process, asked of the market up to 2022-12-")
    assert row.detail.endswith(", it fails")
    here = next(_purity_rows(Planted(rule=lambda m, e: np.ones(m.close.shape)), market, NOTHING))
    assert here.status is Status.RIGHT
    assert here.detail == "the same bits twice; a new process was not asked"


@pytest.mark.parametrize(
    ("top", "line", "seen"),
    [
        ("from datetime import datetime as dt", "dt.now().year", "datetime.now"),
        ("import time as clock", "clock.time()", "time.time"),
        ("from time import time as t", "t()", "time.time"),
        ("from datetime import datetime\nnow = datetime.now", "now().year", "datetime.now"),
        ("import datetime", "datetime.date.today().year", "date.today"),
        ("import pandas as pd", "pd.Timestamp.now().year", "Timestamp.now"),
        ("", "np.datetime64('today').astype(int)", 'datetime64("today")'),
        ("from pandas import to_datetime as read", "read('now').year", 'to_datetime("now")'),
    ],
)
def test_the_clock_is_seen_by_any_name(top: str, line: str, seen: str, tmp_path: Path) -> None:
    strategy = own(tmp_path, f"np.full(4, {line})", top)
    assert {call.split(": ")[1] for call in reads_clock(strategy)} == {seen}
    assert reads_silently(strategy) == ()


def test_the_clock_is_seen_in_a_module_beside_and_not_where_a_file_is_run_by_itself(tmp_path: Path) -> None:
    (tmp_path / "watch_of_own.py").write_text("import time\n\ndef year():\n    return time.time() / 3e7\n")
    strategy = own(
        tmp_path, "np.full(4, year())",
        "from watch_of_own import year\n\nif __name__ == '__main__':\n    import time\n    print(time.time())",
    )  # fmt: skip
    assert reads_clock(strategy) == ("watch_of_own.py line 4: time.time",)


@pytest.mark.parametrize(
    ("top", "line", "seen"),
    [
        ("import pyarrow.parquet as pq", "pq.read_table('a')", "pyarrow.parquet.read_table"),
        ("from pandas import read_parquet", "read_parquet('a')", "pandas.read_parquet"),
        ("import os", "os.path.getmtime('a')", "os.path.getmtime"),
        ("import os", "os.getenv('a')", "os.getenv"),
        ("from pathlib import Path", "Path('a').stat().st_mtime", "st_mtime"),
    ],
)
def test_what_reads_files_unseen_is_named_by_its_line(top: str, line: str, seen: str, tmp_path: Path) -> None:
    strategy = own(tmp_path, f"np.full(4, {line})", top)
    assert {call.split(": ")[1] for call in reads_silently(strategy)} == {seen}
    assert reads_clock(strategy) == ()


def test_files_are_seen_however_they_are_opened(market: Market, tmp_path: Path) -> None:
    file = tmp_path / "signal.bin"
    np.arange(4.0).tofile(file)

    def listed(m: Market, _: Events) -> Any:
        return np.full(m.close.shape, len(os.listdir(tmp_path)))

    def raw(m: Market, _: Events) -> Any:
        with open(os.fsencode(file), "rb") as f:
            return np.full(m.close.shape, len(f.read()))

    def mapped(m: Market, _: Events) -> Any:
        return np.full(m.close.shape, np.memmap(file, dtype=float, mode="r")[1])

    def kept(m: Market, _: Events) -> Any:
        with closing(sqlite3.connect(tmp_path / "a.db")) as base:
            return np.full(m.close.shape, base.execute("select 1").fetchone()[0])

    paths = [reads_outside(Planted(rule=rule), market, NOTHING) for rule in (listed, raw, mapped, kept)]
    assert paths == [(str(tmp_path),), (str(file),), (str(file),), (str(tmp_path / "a.db"),)]
