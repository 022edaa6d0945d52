"""A finished account, as people read it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, final

import numpy as np

from positioning.arrays import FloatArray
from positioning.display import Displayable, Picture
from positioning.errors import BadInputError, did_you_mean
from positioning.market.bars import Notice
from positioning.simulation.ledger import Ledger
from positioning.simulation.orders_table import orders_table
from positioning.simulation.profit import PARTS, profit_parts

if TYPE_CHECKING:
    import pandas as pd


@final
@dataclass(frozen=True, eq=False, repr=False)
class Result(Ledger, Displayable):
    """A finished account. For people: `to_frame()` and `series("nav")` by date, `orders` as a table, `contributions()`,
    and its picture in a notebook. For arithmetic: every property is an array over its T rows (`rows` are their dates) and
    N instruments (`market.symbols`), in base currency, of an account opened with nav 1.0.

    opening, closing: what it held before the first row and after the last.
    shares: (T, N) after each row. trades: (T, N) shares traded on the row, signed; paid: (T, N) their price;
    called: (T, N) whether a margin call made them.
    nav, cash: (T,). order_arrays: what `orders` is a table of. ruin_row: the row on which equity reached zero (nav is 0
    from there), or None; deficit: what was then owed beyond it.
    """

    def picture(self) -> Picture:
        """Span, return and what is held last; in a notebook also the profit of each name and the path of nav."""
        rows, last = self.rows, self.weights[-1]
        weights = [f"{s} {w:+.1%}" for s, w in zip(self.market.symbols, last, strict=True) if w]
        facts = {
            "span": f"{rows[0]} to {rows[-1]}, {rows.size:,} rows" + (", RUINED" if self.ruined else ""),
            "prices": self.market.source + (" (SIMULATED)" if self.market.simulated else ""),
            "total return": f"{self.nav[-1] - 1.0:+.2%} in {self.market.base}, after costs",
            "orders": ", ".join(f"{k} {v}" for k, v in self.order_arrays.picture().facts.items()),
            "held last": ", ".join(weights[:6]) + (" ..." if len(weights) > 6 else "") if weights else "cash",
        }
        profit = self.contributions()
        table = [
            (symbol, *(f"{profit[symbol][part]:+.4f}" for part in PARTS))
            for symbol in sorted(profit, key=lambda s: -abs(sum(profit[s].values())))
        ]
        return Picture(facts, ("profit of nav", *PARTS), table, self.nav)

    def to_frame(self) -> pd.DataFrame:
        """One row a date: nav, returns, gross_exposure, net_exposure, cash, cost, interest, and the weight of each
        symbol."""
        import pandas as pd

        columns = {
            "nav": self.nav, "returns": self.returns, "gross_exposure": self.gross_exposure,
            "net_exposure": self.net_exposure, "cash": self.cash, "cost": self.cost, "interest": self.interest,
        }  # fmt: skip
        weights = {s: self.weights[:, n] for n, s in enumerate(self.market.symbols)}
        index = pd.DatetimeIndex(self.rows.astype("datetime64[ns]"), name="date")
        return pd.DataFrame({**columns, **weights}, index=index)

    def series(self, column: str = "nav") -> pd.Series:
        """One column of `to_frame` by date, for people; the properties of these names are arrays, for arithmetic.

        Raises BadInputError for a column that it has not.
        """
        frame = self.to_frame()
        if column not in frame:
            columns = [str(name) for name in frame]
            raise BadInputError(
                f"column={column}", "wanted one of its columns", did_you_mean(column, columns), "column"
            )
        series: pd.Series = frame[column]
        return series

    @cached_property
    def profit(self) -> dict[str, FloatArray]:
        """(T, N) profit by part, in units of opening nav; the parts add up to the change of nav. See `profit_parts`."""
        return profit_parts(self)

    @cached_property
    def orders(self) -> pd.DataFrame:
        """One row an order, dated; see `orders_table`."""
        return orders_table(self)

    def contributions(self) -> dict[str, dict[str, float]]:
        """Profit by symbol and part, in units of opening nav; interest under the symbol "cash"."""
        totals = {part: values.sum(axis=0) for part, values in self.profit.items()}
        table = {
            symbol: {part: float(totals[part][n]) for part in PARTS}
            for n, symbol in enumerate(self.market.symbols)
        }
        table["cash"] = {**dict.fromkeys(PARTS, 0.0), "financing": float(self.interest.sum())}
        return table

    @cached_property
    def unpriced(self) -> dict[str, tuple[int, float]]:
        """By symbol: sessions of its venue on which it was held without a price, and the largest share of nav
        it then was (absolute)."""
        blind = self.market.venue_open & ~np.isfinite(self.market.close)
        cells = blind[self.market.start :] & (self.shares != 0.0)
        return {
            symbol: (int(cells[:, n].sum()), float(np.abs(self.weights[cells[:, n], n]).max()))
            for n, symbol in enumerate(self.market.symbols)
            if cells[:, n].any()
        }

    @cached_property
    def notices(self) -> tuple[Notice, ...]:
        """What a reader of the figures must know: of the market, and of forced exits and margin calls."""
        own = []
        for n, row in enumerate(self.inputs.exit_row):
            shares, symbol = float(self.trades[row, n]), self.market.symbols[n]
            if row < 0 or shares == 0.0 or self.inputs.terms_known[n]:
                continue
            what = (
                "the short was bought back at its last mark, since what it owes is not known"
                if shares > 0
                else "what was held is written off"
            )
            own.append(
                Notice(symbol, f"left its listing by {self.rows[row]} without terms on record: {what}")
            )
        without_volume = () if self.inputs.liquidity is None else self.inputs.liquidity.without_volume
        for symbol in without_volume:
            own.append(Notice(symbol, "has no volume on record: with a capital it is not traded"))
        for symbol in self.inputs.untaxed:
            own.append(
                Notice(symbol, "pays dividends, and no withholding rate is on record for it: taken gross")
            )
        for symbol in self.inputs.inside:
            own.append(
                Notice(
                    symbol,
                    "has its dividends inside its price: tax on them cannot be withheld, so it is paid gross",
                )
            )
        if self.called.any() or self.closing.called.any():
            first = (
                self.rows[np.flatnonzero(self.called.any(axis=1))[0]] if self.called.any() else self.rows[-1]
            )
            text = (
                f"a debt beside a frozen holding led to a margin call (first trade {first}): all that could be traded "
                "was closed, and no decision was taken while free equity was below zero"
            )
            own.append(Notice("", text))
        return (*self.market.notices, *own)

    def to_vectorbt(self, money: float = 1.0) -> Any:
        """A vectorbt Portfolio of the same trades, opened with this much money: vectorbt leaves out orders of less than
        about 1e-8 shares, of which a larger account has none. See `positioning.simulation.vectorbt_bridge`."""
        from positioning.simulation.vectorbt_bridge import portfolio

        return portfolio(self.inputs, self.market.symbols, self.trades, self.paid, money)
