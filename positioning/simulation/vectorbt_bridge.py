"""The one door to vectorbt: the ledger's trades as a vectorbt Portfolio."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, final

import numpy as np
import pandas as pd

from positioning.arrays import FloatArray
from positioning.simulation.inputs import LedgerInputs
from positioning.worker_processes import without_modules

NOTHING = 1e-12  # a forced exit that pays nothing: vectorbt takes no price of zero
UNUSED = (  # what vectorbt draws with and reads dates with: half of its import, and no trade needs it
    "plotly", "plotly.basedatatypes", "plotly.express", "plotly.graph_objects", "plotly.io", "plotly.subplots",
    "imageio", "dateparser",
)  # fmt: skip


@final
@dataclass(frozen=True)
class RoundTrips:
    """Trades as vectorbt counts them. closed, open: how many; won: share of the closed that gained; profit_factor: gains
    over losses; length: mean of the closed in rows. None where there is none to tell it of."""

    closed: int
    open: int
    won: float | None
    profit_factor: float | None
    length: float | None


class _AbsentModule(ModuleType):
    """Every name of it is a class, and so is every name of that; whatever is made or set there is lost."""

    __all__ = ()

    def __getattr__(self, name: str) -> type:
        return _AbsentClass.of(name)


class _AbsentClass(type):
    @classmethod
    def of(cls, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls(name, (), {"__init__": lambda *_, **__: None})

    def __getattr__(cls, name: str) -> type:
        return _AbsentClass.of(name)

    def __setitem__(cls, *_: object) -> None:
        return


def load() -> Any:
    """vectorbt itself; in a process that answers for another without its adapter of quantstats and what is unused."""
    with warnings.catch_warnings(), without_modules(quantstats=None):
        warnings.simplefilter("ignore")  # vectorbt's own imports deprecate
        try:
            with without_modules(**{name: _AbsentModule(name) for name in UNUSED}):
                import vectorbt
        except Exception:  # noqa: BLE001 - another version, which does more with them
            for name in [name for name in sys.modules if name.partition(".")[0] == "vectorbt"]:
                del sys.modules[name]
            import vectorbt
    return vectorbt


def round_trips(
    inputs: LedgerInputs, symbols: Sequence[str], trades: FloatArray, prices: FloatArray
) -> RoundTrips:
    """Of the ledger's trades; see `portfolio`."""
    records = portfolio(inputs, symbols, trades, prices).trades.values
    closed = records[records["status"] == 1]
    gains, losses = closed["pnl"][closed["pnl"] > 0].sum(), -closed["pnl"][closed["pnl"] < 0].sum()
    some = closed.size > 0
    return RoundTrips(
        closed=int(closed.size),
        open=int(records.size - closed.size),
        won=float((closed["pnl"] > 0).mean()) if some else None,
        profit_factor=float(gains / losses) if losses > 0 else None,
        length=float((closed["exit_idx"] - closed["entry_idx"]).mean()) if some else None,
    )


def portfolio(
    inputs: LedgerInputs, symbols: Sequence[str], trades: FloatArray, prices: FloatArray, money: float = 1.0
) -> Any:
    """A grouped, cash-sharing `vectorbt.Portfolio` of `money` that places the ledger's trades at the ledger's prices.

    It reproduces nav where there are no dividends, borrow, interest and forced exits: vectorbt books none of
    them. Elsewhere only its trade statistics are of use, and they leave those out.
    """
    vbt = load()
    index = pd.DatetimeIndex(inputs.rows.astype("datetime64[ns]"))
    columns = list(symbols)
    frame = lambda values: pd.DataFrame(values, index=index, columns=columns)  # noqa: E731
    mark = pd.DataFrame(
        inputs.mark, index=index, columns=columns
    ).bfill()  # before its first price nothing is held
    fees = inputs.fees
    traded = trades != 0.0
    return vbt.Portfolio.from_orders(
        close=mark,
        size=frame(np.where(traded, trades * money, np.nan)),
        size_type="amount",
        price=frame(np.where(traded, np.maximum(prices, NOTHING), mark.to_numpy())),
        fees=frame(np.where(trades > 0, fees.buy_total, fees.sell_total)),
        direction="both",
        init_cash=money,
        group_by=True,
        cash_sharing=True,
        call_seq="auto",
        lock_cash=False,
        freq="1D",
    )
