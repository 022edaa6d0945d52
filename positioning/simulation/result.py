"""The stored ledger and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, final

import numpy as np

from positioning.arrays import BoolArray, CodeArray, DateArray, FloatArray, IntArray
from positioning.display import Displayed, Picture
from positioning.errors import BadInputError, did_you_mean
from positioning.market.bars import Notice
from positioning.market.market import Market
from positioning.simulation import kernel
from positioning.simulation.holdings import Holdings
from positioning.simulation.inputs import LedgerInputs
from positioning.strategy.targets import Targets

if TYPE_CHECKING:
    import pandas as pd

STATUS = {
    kernel.FILLED: "filled",
    kernel.CUT: "cut: cash did not suffice",
    kernel.PENDING: "pending",
    kernel.REPLACED: "replaced by the next decision",
    kernel.CANCELLED: "cancelled",
    kernel.IN_BAND: "not traded: inside the band",
    kernel.BELOW_LOT: "not traded: less than a lot",
}
REASON = {
    kernel.OPEN: "",
    kernel.CLOSED: "venue closed",
    kernel.HALTED: "no trading in the name",
    kernel.NO_RATE: "no currency rate",
    kernel.TOO_EARLY: "session opened before the decision",
    kernel.FROZEN: "frozen",
    kernel.NO_EQUITY: "no free equity: all is trapped",
    kernel.ENDS: "the run ends before the next session",
    kernel.VOLUME: "more than the share of past volume",
    kernel.NO_VOLUME: "no past volume known",
}
FORCED = "forced out: delisted"
CALLED = "forced out: margin call"
PARTS = ("price", "currency", "dividends", "taxes", "costs", "impact", "financing")


@final
@dataclass(frozen=True, eq=False, repr=False)
class Orders(Displayed):
    """One order a decision and leg. decided: (D,), weights: (D, N); the rest (D + 1, N), row 0 for orders
    inherited with the opening holdings, whose weights are `inherited` (N,); see `kernel.run_ledger`."""

    decided: IntArray
    weights: FloatArray
    inherited: FloatArray
    status: CodeArray
    waits: IntArray
    reason: CodeArray
    filled_row: IntArray
    wanted: FloatArray
    got: FloatArray

    def picture(self) -> Picture:
        """How many orders ended in which way."""
        counts = {words: int((self.status == code).sum()) for code, words in STATUS.items()}
        facts = {"decisions": f"{self.decided.size:,}"} | {w: f"{n:,}" for w, n in counts.items() if n}
        return Picture(facts)


@final
@dataclass(frozen=True, eq=False, repr=False)
class Result(Displayed):
    """A finished account over T rows and N instruments, in base currency, opened with nav 1.0.

    opening, closing: what it held before the first row and after the last.
    shares: (T, N) after each row. trades: (T, N) shares traded on the row, signed; paid: (T, N) their price;
    called: (T, N) whether a margin call made them.
    nav, cash: (T,). ruin_row: the row on which equity reached zero (nav is 0 from there), or None;
    deficit: what was then owed beyond it.
    """

    market: Market
    targets: Targets
    inputs: LedgerInputs
    opening: Holdings
    closing: Holdings
    shares: FloatArray
    trades: FloatArray
    called: BoolArray
    paid: FloatArray
    nav: FloatArray
    cash: FloatArray
    orders_: Orders
    ruin_row: int | None
    ruined_at_fill: bool
    deficit: float

    def picture(self) -> Picture:
        """Span, return and what is held last; in a notebook also the profit of each name and the path of nav."""
        rows, last = self.rows, self.weights[-1]
        held = [f"{s} {w:+.1%}" for s, w in zip(self.market.symbols, last, strict=True) if w]
        facts = {
            "span": f"{rows[0]} to {rows[-1]}, {rows.size:,} rows" + (", RUINED" if self.ruined else ""),
            "prices": self.market.source + (" (SIMULATED)" if self.market.simulated else ""),
            "total return": f"{self.nav[-1] - 1.0:+.2%} in {self.market.base}, after costs",
            "orders": ", ".join(f"{k} {v}" for k, v in self.orders_.picture().facts.items()),
            "held last": ", ".join(held[:6]) + (" ..." if len(held) > 6 else "") if held else "cash",
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
            known = [str(name) for name in frame]
            raise BadInputError(
                f"column={column}", "wanted one of its columns", did_you_mean(column, known), "column"
            )
        found: pd.Series = frame[column]
        return found

    @property
    def rows(self) -> DateArray:
        """(T,) dates of the account."""
        return self.inputs.rows

    @property
    def ruined(self) -> bool:
        """Whether equity, with what is trapped at its last marks, reached zero: no mark decides it."""
        return self.ruin_row is not None

    @cached_property
    def worthless(self) -> bool:
        """Whether nav was at or below zero on some row: ruined, or at this mark no more than what is owed. It is judged
        as lost from that row on (`metrics.summarise`), though at a mark below the last the ledger goes on."""
        return self.ruined or bool(self.nav.min() <= 0)

    @cached_property
    def returns(self) -> FloatArray:
        """(T,) nav / nav of the row before - 1; 0 on the opening row and after ruin. NaN out of a row on which a living
        account is at its mark worth nothing or less: a debt beside a holding marked down has no return.

        So nav is the product of 1 + returns from its opening to the first NaN, and again from each row after one.
        """
        out = np.zeros(self.nav.size)
        before, ended = self.nav[:-1], self.nav.size if self.ruin_row is None else self.ruin_row
        alive = before > 0
        out[1:][alive] = self.nav[1:][alive] / before[alive] - 1.0
        out[1 : ended + 1][~alive[:ended]] = np.nan
        return out

    @cached_property
    def mark_factors(self) -> FloatArray:
        """(T, N) fraction of its mark that a holding counts in nav: below 1 where trapped and marked down."""
        return np.where(self.inputs.frozen & (self.shares > 0), self.inputs.mark_factor, 1.0)

    @cached_property
    def trapped(self) -> FloatArray:
        """(T,) value of frozen long holdings at their last marks, whatever nav counts them at."""
        trapped = self.inputs.frozen & (self.shares > 0)
        return np.asarray(np.where(trapped, self.shares * self.inputs.mark, 0.0).sum(axis=1))

    def nav_marked(self, factor: float) -> FloatArray:
        """(T,) nav with trapped holdings at `factor` of their last mark: the trades are the same under each."""
        return self.nav + (factor - self.inputs.mark_factor) * self.trapped

    @cached_property
    def values(self) -> FloatArray:
        """(T, N) market value held after each row: shares x mark, trapped holdings as nav counts them."""
        return np.where(self.shares != 0.0, self.shares * self.inputs.mark * self.mark_factors, 0.0)

    @cached_property
    def weights(self) -> FloatArray:
        """(T, N) values / nav; 0 after ruin."""
        nav = np.where(self.nav > 0, self.nav, np.inf)
        return self.values / nav[:, None]

    @property
    def gross_exposure(self) -> FloatArray:
        """(T,) sum of absolute weights."""
        return np.asarray(np.abs(self.weights).sum(axis=1))

    @property
    def net_exposure(self) -> FloatArray:
        """(T,) sum of weights."""
        return np.asarray(self.weights.sum(axis=1))

    @cached_property
    def trade_value(self) -> FloatArray:
        """(T, N) |trades| x paid, forced exits left out: they are not dealt in."""
        value = np.abs(self.trades) * self.paid
        for n, row in enumerate(self.inputs.exit_row):
            if row >= 0:
                value[row, n] = 0.0
        return value

    @cached_property
    def costs(self) -> dict[str, FloatArray]:
        """(T, N) by kind of fee: trade value x the rate of its side on the row; with a capital also what least
        commissions add."""
        buys = self.trades > 0
        fees = self.inputs.fees
        charged = {
            kind: self.trade_value * np.where(buys, fees.buy[k], fees.sell[k])
            for k, kind in enumerate(fees.kinds)
        }
        if self.inputs.liquidity is not None:
            charged["least_commission"] = self.inputs.liquidity.topped_up(self.trade_value, buys)
        return charged

    @cached_property
    def impact(self) -> FloatArray:
        """(T, N) what trades lost to their own size; 0 without a capital."""
        if self.inputs.liquidity is None:
            return np.zeros_like(self.trade_value)
        return self.inputs.liquidity.impact(self.trade_value)

    @cached_property
    def charges(self) -> FloatArray:
        """(T, N) all fees and impact."""
        fees, value = self.inputs.fees, self.trade_value
        charged = value * np.where(self.trades > 0, fees.buy_total, fees.sell_total)
        if self.inputs.liquidity is not None:
            charged = charged + self.costs["least_commission"] + self.impact
        return charged

    @cached_property
    def cost(self) -> FloatArray:
        """(T,) all fees and impact of the row."""
        return np.asarray(self.charges.sum(axis=1))

    @cached_property
    def held_before(self) -> FloatArray:
        """(T, N) shares carried into each row."""
        return np.vstack([self.opening.shares, self.shares[:-1]])

    @cached_property
    def profit(self) -> dict[str, FloatArray]:
        """(T, N) profit by part, in units of opening nav; the parts add up to the change of nav.

        price: shares held x change of local price at the old rate (and of what a trapped holding counts), and
        shares traded x (mark - paid). currency: shares held x new local price x change of the rate. dividends:
        gross; taxes: withheld of them from longs (negative); costs (fees, negative); impact: of the size of trades on
        their price (negative, 0 without a capital); financing: borrow paid.
        Interest on cash belongs to no leg: see `interest`. After ruin what is owed beyond zero is forgiven: see
        `deficit`.
        """
        inputs, held = self.inputs, self.held_before
        mark, local = self._final_marks, inputs.local
        rate = np.divide(inputs.mark, local, out=np.zeros_like(local), where=np.isfinite(local))
        price, currency = np.zeros_like(mark), np.zeros_like(mark)
        currency[1:] = _times(held[1:], local[1:] * (rate[1:] - rate[:-1]) * self.mark_factors[1:])
        last = inputs.mark[:-1] * self.mark_factors[:-1]
        price[1:] = _times(held[1:], mark[1:] - last) - currency[1:]
        traded = _times(self.trades, mark - self.paid)
        parts = {
            "price": price + traded,
            "currency": currency,
            "dividends": held * inputs.dividend,
            "taxes": -np.maximum(held, 0.0) * inputs.tax,
            "costs": -sum(self.costs.values(), np.zeros_like(mark)),
            "impact": 0.0 - self.impact,
            "financing": np.zeros_like(mark),
        }
        parts["dividends"][0] = parts["taxes"][0] = 0.0
        parts["financing"][1:] = (
            np.minimum(held[1:], 0.0) * np.nan_to_num(inputs.mark[:-1]) * inputs.borrow[1:]
        )
        if self.ruin_row is not None:
            for values in parts.values():
                values[self.ruin_row + 1 :] = 0.0
        return parts

    @cached_property
    def interest(self) -> FloatArray:
        """(T,) earned on cash."""
        out = np.zeros(self.nav.size)
        out[1:] = self.cash[:-1] * self.inputs.growth[1:]
        return out

    @cached_property
    def _final_marks(self) -> FloatArray:
        """(T, N) marks that closed each row, as nav counts them; fill-time values on the row of a ruin found at
        the fill."""
        mark = self.inputs.mark * self.mark_factors
        if self.ruin_row is None or not self.ruined_at_fill:
            return mark
        r = self.ruin_row
        fresh = bool((self.orders_.decided == r - 1).any())
        mark[r] = np.where(self.inputs.early[r] & fresh, self.inputs.last[r], self.inputs.value[r])
        return mark

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
    def orders(self) -> pd.DataFrame:
        """One row an order: decided, symbol, side, target_weight, status, filled (date), waited (rows),
        reason (of the first wait), wanted and got (shares), value (base currency, each lot at its own price);
        forced exits included. The side of what never came to trade is that of target x free equity less what was
        held when decided, at last marks: no mark of trapped holdings turns it."""
        import pandas as pd

        o, rows, symbols = self.orders_, self.rows, self.market.symbols
        since = np.concatenate([[0], o.decided, [rows.size]])  # an order lives from one decision to the next
        records: list[dict[str, Any]] = []
        own = np.where(self.called, 0.0, self.trade_value)
        free, worth = self.nav_marked(0.0), _times(self.shares, self.inputs.mark)
        for d, n in np.argwhere(o.status != kernel.NONE):
            filled = int(o.filled_row[d, n])
            target = o.weights[d - 1, n] if d else o.inherited[n]
            sought = max(o.wanted[d, n], o.got[d, n], key=abs) or target * free[since[d]] - worth[since[d], n]
            records.append(
                {
                    "decided": rows[since[d]],
                    "symbol": symbols[n],
                    "side": "buy" if sought > 0 else "sell",
                    "target_weight": target,
                    "status": STATUS[int(o.status[d, n])],
                    "filled": rows[filled] if filled >= 0 else np.datetime64("NaT", "D"),
                    "waited": int(o.waits[d, n]),
                    "reason": REASON[int(o.reason[d, n])],
                    "wanted": o.wanted[d, n],
                    "got": o.got[d, n],
                    "value": float(own[since[d] + 1 : since[d + 1] + 1, n].sum()),
                }
            )
        records += self._forced_exits() + self._margin_calls()
        columns = [
            "decided",
            "symbol",
            "side",
            "target_weight",
            "status",
            "filled",
            "waited",
            "reason",
            "wanted",
            "got",
            "value",
        ]
        frame = pd.DataFrame.from_records(records, columns=columns)
        for column in ("decided", "filled"):
            frame[column] = pd.to_datetime(frame[column])
        return frame.sort_values(["decided", "symbol"], kind="stable", ignore_index=True)

    def _forced_exits(self) -> list[dict[str, Any]]:
        out: list[dict[str, Any]] = []
        for n, row in enumerate(self.inputs.exit_row):
            shares, paid = self.trades[row, n], self.paid[row, n]
            if row >= 0 and shares != 0.0:
                known = bool(self.inputs.terms_known[n])
                status = FORCED if known or shares < 0 else f"{FORCED}, covered at its last mark"
                status = status if paid > 0 else f"{status}, nothing paid"
                out.append(self._forced(row, n, status, "" if known else "no terms on record"))
        return out

    def _margin_calls(self) -> list[dict[str, Any]]:
        why, last = "debt beside a frozen holding", self.rows.size - 1
        done = [self._forced(row, n, CALLED, why) for row, n in np.argwhere(self.called).tolist()]
        left = np.flatnonzero(self.closing.called).tolist()
        return done + [self._forced(last, n, f"{CALLED}, pending", why) for n in left]

    def _forced(self, row: int, n: int, status: str, reason: str) -> dict[str, Any]:
        shares, day = float(self.trades[row, n]), self.rows[row]
        sought = shares or -float(self.shares[row, n])
        filled = day if shares != 0.0 else np.datetime64("NaT", "D")
        return {
            "decided": day, "symbol": self.market.symbols[n], "side": "buy" if sought > 0 else "sell",
            "target_weight": 0.0, "status": status, "filled": filled, "waited": 0, "reason": reason,
            "wanted": sought, "got": shares, "value": abs(shares) * float(self.paid[row, n]),
        }  # fmt: skip

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
        silent = () if self.inputs.liquidity is None else self.inputs.liquidity.silent
        for symbol in silent:
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


def _times(shares: FloatArray, per_share: FloatArray) -> FloatArray:
    """shares x per_share, 0 where none are held (the price may then be missing)."""
    return np.where(shares != 0.0, shares * per_share, 0.0)
