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

Money. Longs receive dividends less what is withheld, shorts owe them gross and pay borrow on the last mark; cash
earns its rate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from positioning.market.market import Market
from positioning.simulation.account import AccountTerms
from positioning.simulation.constraints import TradingConstraints, trading_constraints
from positioning.simulation.kernel import CANCELLED, CUT, FILLED, IN_BAND, PENDING, REPLACED
from positioning.strategy.targets import Targets

ROUNDING = 1e-12  # share of equity below which an amount is what sums of doubles leave


@final
@dataclass(frozen=True, eq=False)
class ReferenceAccount:
    """nav, cash: by row of the account; shares: by row and leg. fates: of each order, by market row of its decision
    and leg: fate, waits, why (of the first wait), got. called: account row and leg of each trade that a margin
    call made. ruin_row: of the account, None for none; owed: what ruin then left unpaid."""

    nav: list[float]
    cash: list[float]
    shares: list[list[float]]
    fates: Mapping[tuple[int, int], Mapping[str, Any]]
    called: list[tuple[int, int]]
    ruin_row: int | None
    owed: float

    @property
    def ruined(self) -> bool:
        """Whether whole equity reached zero."""
        return self.ruin_row is not None

    @property
    def returns(self) -> list[float]:
        """By row of the account; NaN where undefined."""
        made = [0.0]
        for t in range(1, len(self.nav)):
            before = self.nav[t - 1]
            ended = self.ruin_row is not None and t > self.ruin_row
            made.append(self.nav[t] / before - 1.0 if before > 0 else 0.0 if ended else math.nan)
        return made


def reference(  # noqa: PLR0912, PLR0915 - one law, one body, as in the kernel
    targets: Targets, market: Market, terms: AccountTerms, constraints: TradingConstraints | None = None
) -> ReferenceAccount:
    """The account of these decisions, opened with one unit of cash on row `market.start`."""
    m, first = market, market.start
    c = constraints or trading_constraints(m, mark=terms.mark)
    names = range(len(m.instruments))
    fees = terms.fees.on(m.rows, m.instruments)
    growth = [0.0] * m.rows.size if terms.cash is None else terms.cash.on(m.rows).tolist()
    withheld = None if terms.tax is None else terms.tax.on(m.rows, m.instruments)[0]
    cash, shares, owed = 1.0, [0.0 for _ in names], 0.0
    ruined, ruin_row = False, None
    close, mark, rate = [math.nan for _ in names], [math.nan for _ in names], [math.nan for _ in names]
    waiting: dict[int, dict[str, Any]] = {}  # leg -> its pending order
    fates: dict[tuple[int, int], dict[str, Any]] = {}
    nav, cash_path, path = list[float](), list[float](), list[list[float]]()
    called: list[tuple[int, int]] = []
    whole, in_debt = 0.0, False
    decisions = {int(row): targets.weights[d] for d, row in enumerate(targets.decided) if row >= first}
    gone = [int(c.exit_row[n]) <= first for n in names]

    def decide(row: int, n: int, fate: int, why: str = "") -> dict[str, Any]:
        order = {
            "w": float(decisions[row][n]), "born": row, "fate": fate, "waits": 0, "why": why, "rest": False,
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
            seen = np.isfinite(m.close[t, n]) and (begins or not trapped[n])
            close[n] = m.close[t, n] if seen else close[n]
            rate[n] = m.rates[t, n] if np.isfinite(m.rates[t, n]) else last_rate[n]
            now = close[n] * m.rates[t, n]
            mark[n] = now if np.isfinite(now) else before[n]
        if t > first and not ruined:
            days = int((m.rows[t] - m.rows[t - 1]).astype(int))
            income = cash * growth[t]
            for n in names:
                paid = 0.0 if trapped[n] or not m.dividends[t, n] else m.dividends[t, n] * rate[n]
                if shares[n] > 0:
                    income += shares[n] * paid * (1.0 if withheld is None else 1.0 - withheld[t, n])
                elif shares[n] < 0:
                    income += shares[n] * paid
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
            held = [n for n in names if shares[n]]
            stuck = sum(shares[n] * worth[n] for n in held if trapped[n] and shares[n] > 0)
            value = cash + sum(shares[n] * worth[n] for n in held if not (trapped[n] and shares[n] > 0))
            dust = ROUNDING * whole
            if value + stuck <= dust:
                ruined, ruin_row, owed = True, t - first, max(-value - stuck, 0.0)
            else:
                freed, buys = 0.0, dict[int, tuple[float, float]]()
                for n, order in sorted(waiting.items()):
                    w = order["w"]
                    buying = w > 0 and (shares[n] <= 0 or w * value > shares[n] * worth[n])
                    if c.no_buy[t, n] and value > dust and buying:
                        order["fate"] = CANCELLED
                        if shares[n] >= 0:
                            waiting.pop(n)
                            continue
                        w = order["w"] = 0.0
                        order["rest"] = False
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
                    if order["rest"] and want <= 0:
                        waiting.pop(n)["fate"] = FILLED
                    elif (
                        not order["rest"] and w and shares[n]
                        and abs(shares[n] * price[n] / value - w) < targets.band * abs(w)
                    ):  # fmt: skip
                        waiting.pop(n)["fate"] = IN_BAND
                    elif want <= 0:  # sells first
                        if want < 0 and order["call"]:
                            called.append((t - first, n))
                        cash -= want * price[n] * (1 - fees.sell[:, t, n].sum())
                        shares[n] += want
                        order["got"] += want
                        waiting.pop(n)["fate"] = FILLED
                    else:
                        buys[n] = (min(want, max(-shares[n], 0)), want)
                for n, (cover, _) in buys.items():  # covers come in full
                    cash -= cover * price[n] * (1 + fees.buy[:, t, n].sum())
                    shares[n] = 0.0 if cover == -shares[n] else shares[n] + cover
                collateral = sum(-shares[n] * (worth[n]) for n in names if shares[n] < 0)
                free = cash - collateral
                cost = {n: price[n] * (1 + fees.buy[:, t, n].sum()) for n in buys}
                need = sum((want - cover) * cost[n] for n, (cover, want) in buys.items())
                slack = ROUNDING * value  # rounding is neither a shortfall nor cash
                factor = 1.0 if need <= max(free, 0) + slack else free / need if free > slack else 0.0
                for n, (cover, want) in buys.items():
                    lot = (want - cover) * factor
                    cash -= lot * cost[n]
                    shares[n] += lot
                    waiting[n]["got"] += cover + lot
                    if waiting[n]["call"]:
                        called.append((t - first, n))
                    short = factor < 1 and want > cover
                    if short and freed > 0:
                        waiting[n]["rest"] = True
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
                        "w": 0.0, "born": t, "fate": PENDING, "waits": 0, "why": "", "rest": False, "got": 0.0,
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
    return ReferenceAccount(nav, cash_path, path, fates, called, ruin_row, owed)
