"""The law of the ledger in plain Python: one account, one row and one leg at a time, nothing shared with the kernel.

This is the specification. The kernel does the same for many accounts at once, and tests hold the two together on
random markets. It is some thousand times slower.

Time. What is decided on row t waits from row t + 1 on, and each leg trades on the first row on which its venue is
open, the name trades, its currency has a rate and it is not frozen. A session that opened before the decision was
known is not yet one. A leg that waits keeps its shares; a later decision replaces its order.

Size. A weight is a fraction of free equity: cash and holdings without what is frozen, shorts deducted, at the row's
fill prices; legs that do not trade, and legs whose session opened too early, at their last marks.

Order. Sales come first, then covers of shorts in full, then purchases, shrunk by one factor to the free cash (cash
less the market value of shorts). What a waiting sale would pay for stays pending; else a purchase is cut.

Restrictions. Where purchases are barred an order to buy is cancelled, but for covering a short. Frozen longs are
trapped: neither traded nor counted when targets are sized. A listing that ends forces its holder out at the terms on
record; without terms a long gets nothing and a short is bought back at the last mark.

Ruin and debt. Whole equity is free equity and what is trapped, at last marks whatever mark nav counts it at. At or
below zero it is ruin: nothing is held from there on. Where free equity alone is below zero, a debt stands against
what is trapped: every order is cancelled, each leg that is not trapped is closed at its next session, and decisions
are cancelled until free equity is back at zero. The debt is negative cash and pays the cash rate. Without free
equity nothing can be sized, so orders wait, but for exits.

Returns. A return leads from a row to the next: nav / nav of the row before - 1. Ruin ends the account, and its returns
are 0 from there. Where a mark below the last takes nav to zero or less while the account lives on, no return leads out
of that row: it is undefined, not zero, since the nav after it is no product of anything.

Capital. With one, a unit of the account stands for so much money. On a row a leg trades at most a share of the average
value (close x volume) of the twenty sessions of its venue before the row, of which five, and five returns, must be
known; in whole lots, but for the last of a holding. What is left stays pending as a weight, and is done once the market
has carried it to its target. Less than a lot is not traded. A sale left over is one that purchases may wait for. Each
trade pays, on its value, Y x volatility x the root of its share of that average, and at least the least commission;
cash is reserved for both before purchases are shrunk, at the size they would have had.

Money. Longs receive dividends less what is withheld, shorts owe them gross and pay borrow on the last mark; cash
earns its rate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from positioning.market.market import Market
from positioning.simulation.account import AccountTerms
from positioning.simulation.constraints import TradingConstraints, trading_constraints
from positioning.simulation.ledger_arrays import BELOW_LOT, CANCELLED, CUT, FILLED, IN_BAND, PENDING, REPLACED
from positioning.simulation.order_sizes import BoardLot, LeastFee
from positioning.strategy.targets import Targets

HAIR = 1e-9  # part of a share of volume, or of a lot, that is rounding
ROUNDING = 1e-12  # share of equity below which an amount is what sums of doubles leave


@final
@dataclass(frozen=True, eq=False)
class ReferenceAccount:
    """nav, cash: by row of the account; shares: by row and leg. fates: of each order, by market row of its decision
    and leg: fate, waits, why (of the first wait), got. margin_calls: account row and leg of each trade that a margin
    call made. ruin_row: of the account, None for none; owed: what ruin then left unpaid."""

    nav: list[float]
    cash: list[float]
    shares: list[list[float]]
    fates: Mapping[tuple[int, int], Mapping[str, Any]]
    margin_calls: list[tuple[int, int]]
    ruin_row: int | None
    owed: float

    @property
    def ruined(self) -> bool:
        """Whether whole equity reached zero."""
        return self.ruin_row is not None

    @property
    def returns(self) -> list[float]:
        """By row of the account; NaN where undefined."""
        returns = [0.0]
        for t in range(1, len(self.nav)):
            before = self.nav[t - 1]
            ended = self.ruin_row is not None and t > self.ruin_row
            returns.append(self.nav[t] / before - 1.0 if before > 0 else 0.0 if ended else math.nan)
        return returns


def reference(  # noqa: PLR0912, PLR0915 - one law, one body, as in the kernel
    targets: Targets, market: Market, terms: AccountTerms, constraints: TradingConstraints | None = None
) -> ReferenceAccount:
    """The account of these decisions, opened with one unit of cash on row `market.start`."""
    m, first = market, market.start
    c = constraints or trading_constraints(m, mark=terms.mark)
    names = range(len(m.instruments))
    fees = terms.fees.on(m.rows, m.instruments)
    capital = terms.capital if terms.capital is not None and terms.capital.amount > 0 else None
    growth = [0.0] * m.rows.size if terms.cash is None else terms.cash.on(m.rows).tolist()
    withheld = None if terms.tax is None else terms.tax.on(m.rows, m.instruments)[0]
    cash, shares, owed = 1.0, [0.0 for _ in names], 0.0
    ruined, ruin_row = False, None
    close, mark, rate = [math.nan for _ in names], [math.nan for _ in names], [math.nan for _ in names]
    waiting: dict[int, dict[str, Any]] = {}  # leg -> its pending order
    fates: dict[tuple[int, int], dict[str, Any]] = {}
    nav, cash_path, path = list[float](), list[float](), list[list[float]]()
    margin_calls: list[tuple[int, int]] = []
    whole, in_debt = 0.0, False
    decisions = {int(row): targets.weights[d] for d, row in enumerate(targets.decided) if row >= first}
    gone = [int(c.exit_row[n]) <= first for n in names]

    def charged(n: int, t: int) -> bool:
        own = [k for k, kind in enumerate(fees.kinds) if kind == "commission"]
        return any(fees.buy[k, t, n] > 0 or fees.sell[k, t, n] > 0 for k in own)

    def least(n: int, t: int) -> float:
        """The least commission, in units of the account."""
        amount = 0.0 if capital is None else _latest(capital.least_fees, m, t, n, "amount")
        return amount * rate[n] / capital.amount if capital is not None and amount else 0.0

    def limit(n: int, t: int) -> float:
        """The most that may be traded, in units of the account."""
        traded = _past_trading(m, t, n)[0]
        return 0.0 if capital is None else capital.participation * traded / capital.amount

    def impact(n: int, t: int, value: float) -> float:
        """What a trade of this value loses to its size, fraction of it."""
        if capital is None or value == 0:
            return 0.0
        traded, moved = _past_trading(m, t, n)
        constant = float(capital.impact.on(m.instruments[n : n + 1])[0])
        return constant * moved * math.sqrt(value * capital.amount / traded)

    def extra(n: int, t: int, size: float, price: float, buys: bool) -> float:
        """What a trade costs besides the fees that are proportional to it."""
        value = size * price
        own = [k for k, kind in enumerate(fees.kinds) if kind == "commission"]
        part = float(sum((fees.buy if buys else fees.sell)[k, t, n] for k in own)) * value
        topped = max(least(n, t) - part, 0.0) if size > 0 and charged(n, t) else 0.0
        return value * impact(n, t, value) + topped

    def in_lots(n: int, t: int, size: float) -> float:
        lot = 0.0 if capital is None else _latest(capital.lots, m, t, n, "shares")
        return (
            size
            if capital is None or not lot
            else math.floor(size * capital.amount / lot + HAIR) * lot / capital.amount
        )

    def decide(row: int, n: int, fate: int, why: str = "") -> dict[str, Any]:
        order = {
            "w": float(decisions[row][n]), "born": row, "fate": fate, "waits": 0, "why": why, "rest": 0,
            "got": 0.0, "call": False,
        }  # fmt: skip
        fates[row, n] = order
        return order

    for t in range(m.rows.size):
        before, last_rate = list(mark), list(rate)
        trapped = [bool(c.frozen[t, n]) for n in names]
        last = [close[n] * (m.rates[t, n] if np.isfinite(m.rates[t, n]) else math.nan) for n in names]
        last = [before[n] if math.isnan(last[n]) else last[n] for n in names]
        for (
            n
        ) in names:  # what the row shows; of a frozen name nothing, but for what traded on the day it froze
            begins = trapped[n] and not (t > 0 and c.frozen[t - 1, n]) and m.tradable[t, n]
            has_price = np.isfinite(m.close[t, n]) and (begins or not trapped[n])
            close[n] = m.close[t, n] if has_price else close[n]
            rate[n] = m.rates[t, n] if np.isfinite(m.rates[t, n]) else last_rate[n]
            now = close[n] * m.rates[t, n]
            mark[n] = now if np.isfinite(now) else before[n]
        if t > first and not ruined:
            days = int((m.rows[t] - m.rows[t - 1]).astype(int))
            income = cash * growth[t]
            for n in names:
                dividend = 0.0 if trapped[n] or not m.dividends[t, n] else m.dividends[t, n] * rate[n]
                if shares[n] > 0:
                    income += shares[n] * dividend * (1.0 if withheld is None else 1.0 - withheld[t, n])
                elif shares[n] < 0:
                    income += shares[n] * dividend
                    income += shares[n] * before[n] * fees.borrow[t, n] * days / 365
            cash += income
            for n in names:  # forced exits on the first row after the listing ended
                if not gone[n] and int(c.exit_row[n]) == t:
                    gone[n] = True
                    stated = c.exit_price[n] * rate[n]
                    price = stated if np.isfinite(c.exit_price[n]) else (0.0 if shares[n] > 0 else mark[n])
                    if shares[n]:
                        cash += shares[n] * price
                        shares[n] = 0.0
                    if n in waiting:
                        waiting.pop(n)["fate"] = CANCELLED
            if t - 1 in decisions:  # yesterday's decision replaces what waits
                for n in names:
                    moves = decisions[t - 1][n] != 0 or shares[n] != 0
                    if in_debt:
                        if moves:
                            decide(t - 1, n, CANCELLED)
                        continue
                    if n in waiting:
                        waiting.pop(n)["fate"] = REPLACED
                    if moves and gone[n]:
                        decide(t - 1, n, CANCELLED)
                    elif moves:
                        waiting[n] = decide(t - 1, n, PENDING)
            # who trades, at what price; what each leg is worth meanwhile
            why, price, worth = dict[int, str](), dict[int, float](), dict[int, float]()
            for n in names:
                why[n] = (
                    "frozen" if trapped[n]
                    else "venue closed" if not m.venue_open[t, n]
                    else "no trading in the name" if not m.tradable[t, n]
                    else "no currency rate" if not np.isfinite(m.rates[t, n])
                    else "session opened before the decision"
                    if m.early[t, n] and days == 1 and t - 1 in decisions
                    else ""
                )  # fmt: skip
                at_open = terms.fill == "open" and np.isfinite(m.open[t, n])
                price[n] = (m.open[t, n] if at_open else m.close[t, n]) * m.rates[t, n]
                worth[n] = last[n] if why[n] else price[n]
            legs = [n for n in names if shares[n]]
            stuck = sum(shares[n] * worth[n] for n in legs if trapped[n] and shares[n] > 0)
            value = cash + sum(shares[n] * worth[n] for n in legs if not (trapped[n] and shares[n] > 0))
            dust = ROUNDING * whole
            if value + stuck <= dust:
                ruined, ruin_row, owed = True, t - first, max(-value - stuck, 0.0)
            else:
                freed, buys = 0.0, dict[int, tuple[float, float, bool]]()
                for n, order in sorted(waiting.items()):
                    w = order["w"]
                    buying = w > 0 and (shares[n] <= 0 or w * value > shares[n] * worth[n])
                    if c.no_buy[t, n] and value > dust and buying:
                        order["fate"] = CANCELLED
                        if shares[n] >= 0:
                            waiting.pop(n)
                            continue
                        w = order["w"] = 0.0
                        order["rest"] = 0
                    if why[n] and (value > dust or w == 0):
                        if not order["call"]:
                            order["why"] = order["why"] or why[n]
                            order["waits"] += 1
                        if shares[n] > 0 and not trapped[n]:
                            freed += max(shares[n] * worth[n] - max(w, 0) * value, 0)
                        continue
                    if value <= dust and w != 0:
                        if not why[n]:
                            order["why"] = order["why"] or "no free equity: all is trapped"
                            order["waits"] += 1
                        continue
                    want = w * value / price[n] - shares[n]
                    if order["rest"] and order["rest"] * want <= 0:
                        waiting.pop(n)["fate"] = FILLED
                        continue
                    if (
                        not order["rest"] and w and shares[n]
                        and abs(shares[n] * price[n] / value - w) < targets.band * abs(w)
                    ):  # fmt: skip
                        waiting.pop(n)["fate"] = IN_BAND
                        continue
                    most = math.inf if capital is None else limit(n, t) / price[n]
                    capped = abs(want) > most * (1 + HAIR)
                    size = min(abs(want), most) if capped else abs(want)
                    size = size if w == 0 and not capped else in_lots(n, t, size)
                    if capped:
                        if not order["call"]:
                            order["why"] = order["why"] or (
                                "more than the share of past volume" if most > 0 else "no past volume known"
                            )
                        order["waits"] += not order["call"]
                    if want > 0 and size > 0:
                        buys[n] = (min(size, max(-shares[n], 0)), size, capped)
                        continue
                    if want <= 0:  # sells first
                        if size > 0 and order["call"]:
                            margin_calls.append((t - first, n))
                        cash += size * price[n] * (1 - fees.sell[:, t, n].sum()) - extra(
                            n, t, size, price[n], False
                        )
                        shares[n] = 0.0 if size == shares[n] else shares[n] - size
                        order["got"] -= size
                        if capped and shares[n] > 0:
                            freed += max(shares[n] * price[n] - max(w, 0) * value, 0)
                        if capped and size > 0:
                            order["rest"] = -1
                    if not capped:
                        nothing = capital is not None and size == 0 and want != 0 and not order["rest"]
                        waiting.pop(n)["fate"] = BELOW_LOT if nothing else FILLED
                collateral = sum(-shares[n] * worth[n] for n in names if shares[n] < 0)
                collateral -= sum(cover * price[n] for n, (cover, *_) in buys.items())
                free = cash - collateral
                free -= sum(
                    cover * price[n] * (1 + fees.buy[:, t, n].sum()) for n, (cover, *_) in buys.items()
                )
                cost = dict[int, float]()
                for n, (cover, size, _) in buys.items():
                    dearer = impact(n, t, size * price[n])
                    free -= cover * price[n] * dearer + (least(n, t) if charged(n, t) else 0.0)
                    cost[n] = price[n] * (1 + fees.buy[:, t, n].sum() + dearer)
                need = sum((size - cover) * cost[n] for n, (cover, size, _) in buys.items())
                slack = ROUNDING * value  # rounding is neither a shortfall nor cash
                factor = 1.0 if need <= max(free, 0) + slack else free / need if free > slack else 0.0
                for n, (cover, size, capped) in buys.items():
                    bought = size if factor == 1 else cover + (size - cover) * factor
                    bought = bought if factor == 1 else max(in_lots(n, t, bought), cover)
                    cash -= bought * price[n] * (1 + fees.buy[:, t, n].sum()) + extra(
                        n, t, bought, price[n], True
                    )
                    shares[n] = 0.0 if bought == -shares[n] else shares[n] + bought
                    order = waiting[n]
                    order["got"] += bought
                    if order["call"]:
                        margin_calls.append((t - first, n))
                    short = factor < 1 and size > cover
                    if capped or (short and freed > 0):
                        order["rest"] = 1
                    else:
                        waiting.pop(n)["fate"] = CUT if short else FILLED
        stuck = sum(shares[n] * mark[n] for n in names if shares[n] > 0 and trapped[n])
        free = cash + sum(
            shares[n] * mark[n] for n in names if shares[n] < 0 or (shares[n] and not trapped[n])
        )
        in_debt = False
        if t >= first and not ruined:
            if free + stuck <= ROUNDING * whole:
                ruined, ruin_row, owed = True, t - first, max(-free - stuck, 0.0)
            elif free < -ROUNDING * whole:
                in_debt = True
                for order in waiting.values():
                    order["fate"] = CANCELLED if not order["call"] else order["fate"]
                closing = [n for n in names if shares[n] < 0 or (shares[n] > 0 and not trapped[n])]
                waiting = {
                    n: {
                        "w": 0.0, "born": t, "fate": PENDING, "waits": 0, "why": "", "rest": 0, "got": 0.0,
                        "call": True,
                    }
                    for n in closing
                }  # fmt: skip
        if ruined:
            cash, shares, free, stuck = 0.0, [0.0 for _ in names], 0.0, 0.0
            for n in list(waiting):
                waiting.pop(n)["fate"] = CANCELLED
        whole = free + stuck
        if t >= first:
            worth_now = free + c.mark_factor * stuck
            nav.append(worth_now if abs(worth_now) > ROUNDING * whole else 0.0)
            cash_path.append(cash)
            path.append(list(shares))
    end = m.rows.size - 1
    if end in decisions and not ruined:  # no session is left for what is decided on the last row
        for n in names:
            over = int(c.exit_row[n]) <= end
            if decisions[end][n] != 0 or (shares[n] != 0 and not over):
                late = CANCELLED if over or in_debt else PENDING
                decide(end, n, late, "the run ends before the next session" if late == PENDING else "")
    return ReferenceAccount(nav, cash_path, path, fates, margin_calls, ruin_row, owed)


def _past_trading(m: Market, t: int, n: int) -> tuple[float, float]:
    """Average value traded and volatility of the twenty sessions before a row; 0 where five are not known."""
    values, gains = list[float](), list[float]()
    listed = [u for u in range(t) if np.isfinite(m.close[: u + 1, n]).any() and m.venue_open[u, n]]
    rated = [u for u in range(t) if np.isfinite(m.rates[u, n])]
    for u in listed[-20:]:
        rate = m.rates[max((v for v in rated if v <= u), default=0), n]
        if not np.isfinite(m.close[u, n]):
            values.append(0.0)
        elif m.volume is not None and np.isfinite(m.volume[u, n] * rate):
            values.append(m.close[u, n] * rate * m.volume[u, n])
        before = [v for v in range(u) if np.isfinite(m.close[v, n])]
        if np.isfinite(m.close[u, n]) and before:
            gains.append((m.close[u, n] + m.dividends[u, n]) / m.close[before[-1], n] - 1)
    traded = sum(values) / len(values) if len(values) >= 5 else 0.0
    mean = sum(gains) / max(len(gains), 1)
    moved = math.sqrt(sum((g - mean) ** 2 for g in gains) / (len(gains) - 1)) if len(gains) > 1 else 0.0
    return (traded, moved) if len(gains) >= 5 else (0.0, 0.0)


def _latest(records: Sequence[BoardLot] | Sequence[LeastFee], m: Market, t: int, n: int, what: str) -> float:
    """A lot or a least commission on record on a row, the first of them before it; 0 where there is none."""
    i = m.instruments[n]
    home = "XNYS" if i.venue in ("XNAS", "XASE", "ARCX") else i.venue
    fitting: list[Any] = [r for r in records if r.venue == home]
    if what == "shares":
        fitting = [r for r in fitting if r.symbol == i.symbol] or [r for r in fitting if not r.symbol]
    else:
        fitting = [r for r in fitting if r.currency == i.currency]
    fitting.sort(key=lambda r: r.start)
    in_force = [r for r in fitting if r.start <= m.rows[t]] or fitting[:1]
    return float(getattr(in_force[-1], what)) if in_force else 0.0
