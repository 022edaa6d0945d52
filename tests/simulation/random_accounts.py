"""Accounts on random markets with everything mixed, and what holds of each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st

from positioning.events.event import Events
from positioning.events.restriction import Restriction, RestrictionKind
from positioning.market.bars import DateArray
from positioning.market.instruments import Instrument
from positioning.market.market import Market
from positioning.simulation.account import AccountTerms
from positioning.simulation.cash import CashRate
from positioning.simulation.constraints import trading_constraints
from positioning.simulation.fees import FeeRate, FeeTable
from positioning.simulation.holdings import Holdings
from positioning.simulation.inputs import Fill
from positioning.simulation.ledger_arrays import NONE
from positioning.simulation.orders import REASON
from positioning.simulation.reference import ReferenceAccount, reference
from positioning.simulation.result import Result
from positioning.simulation.simulate import run
from positioning.simulation.taxes import DividendTax, WithholdingRate
from positioning.strategy.targets import Targets

VENUES = {"XNYS": "USD", "XHKG": "HKD", "XASX": "AUD"}
# Both sides sum forty rows of doubles near one, in another order; a wrong share shows at 1e-4 and more.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Case:
    """One random account and what it is charged: bps by side, doubled from `dearer` on, as the tax on dividends is."""

    market: Market
    targets: Targets
    buy: float
    sell: float
    borrow: float
    dearer: np.datetime64
    cash: float
    fill: Fill
    restrictions: tuple[Restriction, ...] = ()
    mark: str = "last"

    @property
    def terms(self) -> AccountTerms:
        return AccountTerms(self.fees, self.fill, CashRate.constant(self.cash), self.mark, self.tax)

    @property
    def tax(self) -> DividendTax | None:
        """15 % of what every other name pays, 30 % from `dearer` on; none where trading is free."""
        if not self.buy:
            return None
        rates = [
            WithholdingRate("XX", i.symbol, "*", rate, start, "assumption: test")
            for i in self.market.instruments[::2]
            for start, rate in ((np.datetime64("2000-01-01"), 15.0), (self.dearer, 30.0))
        ]
        return DividendTax(tuple(rates), "*", "random")

    def kept_of_dividends(self, date: np.datetime64, name: int) -> float:
        """The share of what a name pays on a date that its holder keeps."""
        if self.tax is None or name % 2:
            return 1.0
        return 0.7 if date >= self.dearer else 0.85

    @property
    def fees(self) -> FeeTable:
        rates = []
        for side, fee, bps in (
            ("buy", "commission", self.buy),
            ("sell", "commission", self.sell),
            ("short", "borrow", self.borrow),
        ):
            for start, factor in ((np.datetime64("2000-01-01"), 1), (self.dearer, 2)):
                rates.append(FeeRate("*", "*", "*", fee, side, bps * factor, start, "assumption: test"))
        return FeeTable(tuple(rates), "random")

    def simulate(self, market: Market | None = None, targets: Targets | None = None) -> Result:
        events = Events((), self.restrictions)
        return self.terms.run(targets or self.targets, market or self.market, events)

    def reference(self) -> ReferenceAccount:
        held_under = trading_constraints(self.market, self.restrictions, mark=self.mark)
        return reference(self.targets, self.market, self.terms, held_under)


@st.composite
def cases(draw: st.DrawFn, gaps: bool = True) -> Case:  # noqa: PLR0915 - a market has many parts
    """Venues with holidays of their own, halts, holes, late names, missing opens, stale rates, an early venue,
    delistings, dividends, shorts, fees; `gaps=False` leaves every leg tradable on every row."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_rows, n_names = draw(st.sampled_from([3, 12, 25, 40])), draw(st.sampled_from([1, 2, 4, 6]))
    wild = draw(st.sampled_from([0.01, 0.03, 0.3]))  # the last one ruins some short accounts
    shape = (n_rows, n_names)
    rows = np.datetime64("2024-01-02") + np.cumsum(rng.choice([1, 1, 1, 1, 3], n_rows))
    venues = rng.choice(list(VENUES), n_names)
    close = rng.uniform(1, 200, n_names) * np.exp(np.cumsum(rng.standard_t(4, shape) * wild, axis=0))
    squeezed = gaps and n_names > 1 and draw(st.booleans())  # a short rises beside a long that freezes
    if squeezed:
        close[:, 1] *= np.exp(0.08 * np.arange(n_rows))
    opens = close * np.exp(rng.normal(0, wild / 2, shape))
    dividends = np.where(rng.random(shape) < 0.08, close * 0.02, 0.0)
    by_currency = {
        c: rng.uniform(0.1, 2) * np.exp(np.cumsum(rng.normal(0, 0.02, n_rows))) for c in VENUES.values()
    }
    by_currency["USD"] = np.ones(n_rows)
    venue_open = np.ones(shape, bool)
    tradable = np.ones(shape, bool)
    delisted: list[date | None] = [None] * n_names
    if gaps:
        opens[rng.random(shape) < 0.2] = np.nan
        for venue in VENUES:
            venue_open[np.ix_(rng.random(n_rows) < 0.2, venues == venue)] = False
        for c in ("HKD", "AUD"):
            stale = rng.integers(n_rows)
            if rng.random() < 0.3:
                by_currency[c][stale : stale + 4] = np.nan
        holes = rng.random(shape) < 0.05  # the name has no price
        for n in range(n_names):
            if rng.random() < 0.3:
                holes[: rng.integers(1, n_rows), n] = True  # joins late
            if rng.random() < 0.25:
                last = int(rng.integers(1, n_rows))
                delisted[n] = rows[last].astype(object)
                holes[last + 1 :, n] = True
        close[holes | ~venue_open] = opens[holes | ~venue_open] = np.nan
        tradable = np.isfinite(close) & (rng.random(shape) > 0.15)  # halted: a stale print, no trade
    rates = np.column_stack([by_currency[VENUES[v]] for v in venues])
    instruments = tuple(
        Instrument(
            f"N{n}", f"N{n}", str(v), VENUES[v], VENUES[v], "share", recorded=False, delisted=delisted[n],
            exit_price=float(rng.uniform(1, 100)) if delisted[n] and rng.random() < 0.5 else None,
        )
        for n, v in enumerate(venues)
    )  # fmt: skip
    early = (venues == "XASX")[None, :] & venue_open & (gaps and draw(st.booleans()))
    market = Market(
        rows, instruments, opens, close, dividends, tradable, venue_open, early, rates,
        basis=("traded",) * n_names, start=int(rng.integers(0, n_rows // 3 + 1)) if gaps else 0,
    )  # fmt: skip
    decided = np.nonzero(rng.random(n_rows) < draw(st.sampled_from([0.15, 0.4, 1.0])))[0]
    raw = rng.normal(size=(decided.size, n_names)) * (rng.random((decided.size, n_names)) < 0.8)
    if draw(st.booleans()):
        raw = np.abs(raw)  # long only
    gross = rng.choice([0.5, 0.9, 1.0, 1.8], decided.size)
    weights = raw * (gross / np.maximum(np.abs(raw).sum(axis=1), 1e-9))[:, None]
    if squeezed:
        weights[:1] = 0.0
        weights[:1, :2] = (1.0, 0.0) if rng.random() < 0.4 else (0.95, -0.8)
    targets = Targets(rows, market.symbols, decided, weights, draw(st.sampled_from([0.0, 0.1, 0.5])))
    free = draw(st.booleans())
    bps = rng.uniform(0, 50, 2) * (not free)
    fill: Fill = draw(st.sampled_from(["open", "close"]))
    cash = draw(st.sampled_from([0.0, 0.05]))
    borrow, dearer = float(rng.choice([0, 300])), rows[n_rows // 2]
    if not gaps or not draw(st.booleans()):
        return Case(market, targets, bps[0], bps[1], borrow, dearer, cash, fill)
    mark = draw(st.sampled_from(["last", "zero", "haircut:0.5"]))
    made = tuple(r for i in instruments for r in restrictions_on(i.symbol, rows, rng))
    if squeezed and decided.size:
        day = datetime.fromisoformat(str(rows[min(decided[0] + 3, n_rows - 1)])).replace(tzinfo=UTC)
        made += (Restriction("N0", day, "frozen", "designated", "why", "doc"),)
    return Case(market, targets, bps[0], bps[1], borrow, dearer, cash, fill, made, mark)


def restrictions_on(symbol: str, rows: DateArray, rng: np.random.Generator) -> list[Restriction]:
    """Freezes on one or two grounds, liftings that take effect later, purchases barred, delistings; of half the names
    nothing."""
    made: list[Restriction] = []

    def add(kind: RestrictionKind, ground: str, row: int, later: int = 0, **more: Any) -> None:
        announced = datetime.fromisoformat(str(rows[row])).replace(tzinfo=UTC) + timedelta(days=1)
        effective = rows[min(row + later, rows.size - 1)]
        made.append(
            Restriction(symbol, announced, kind, ground, "why", "doc", True, effective, binding=True, **more)
        )

    for kind, ground in (("frozen", "designated"), ("frozen", "suspended"), ("no_buy", "our own list")):
        if rng.random() < 0.3:
            row = int(rng.integers(rows.size))
            add(kind, ground, row, int(rng.integers(3)))
            if rng.random() < 0.5:
                add("lifted", ground, min(row + int(rng.integers(8)), rows.size - 1), int(rng.integers(4)))
    if rng.random() < 0.15:
        recovery = None if rng.random() < 0.5 else float(rng.choice([0.0, 5.0]))
        add("delisted", "delisting", int(rng.integers(rows.size)), recovery=recovery)
    return made


def fates_of(result: Result) -> Mapping[tuple[int, int], dict[str, Any]]:
    """By row of decision and leg; orders inherited with the opening left out."""
    o, first = result.order_arrays, result.market.start
    return {
        (int(o.decided[d - 1]) + first, int(n)): {
            "fate": int(o.status[d, n]), "waits": int(o.waits[d, n]),
            "why": REASON[int(o.reason[d, n])], "got": o.got[d, n],
        }
        for d, n in np.argwhere(o.status != NONE)
        if d > 0
    }  # fmt: skip


def equals_itself_cut_and_continued(
    whole: Result, targets: Targets, restrictions: tuple[Restriction, ...], terms: AccountTerms, share: float
) -> None:
    """An account stopped after a share of its rows and opened again from what it held is the whole: the same operations
    in the same order, so the same bits."""
    m, first = whole.market, whole.market.start
    t = first + round(share * (m.rows.size - 1 - first))
    until, after, events = m.until(t), replace(m, start=t), Events((), restrictions)
    known = targets.decided <= t
    head_targets = replace(
        targets, rows=until.rows, decided=targets.decided[known], weights=targets.weights[known]
    )
    opening = Holdings.opening(len(m.symbols))
    head = run(head_targets, until, terms.inputs(until, events), opening)
    tail = run(targets, after, terms.inputs(after, events), head.closing)
    assert [*head.nav, *tail.nav[1:]] == whole.nav.tolist()
    assert [*head.cash, *tail.cash[1:]] == whole.cash.tolist()
    assert np.vstack([head.shares, tail.shares[1:]]).tolist() == whole.shares.tolist()
    first_part, second_part = head.contributions(), tail.contributions()
    for symbol, parts in whole.contributions().items():
        for part, profit in parts.items():
            close_to(first_part[symbol][part] + second_part[symbol][part], profit)
    assert fates_of(tail) == {k: f for k, f in fates_of(whole).items() if k[0] >= t}
    assert opening.cash == 1.0
    assert (opening.shares == 0).all()


def close_to(ours: Any, theirs: Any, tolerance: float = ROUNDING) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def agrees(case: Case) -> Result:
    """The account, having compared it with the reference."""
    result, slow = case.simulate(), case.reference()
    assert result.ruin_row == slow.ruin_row
    close_to(result.nav, slow.nav)
    before = np.array([1.0, *slow.nav[:-1]])  # a return is as exact as the nav it divides by
    close_to(result.returns * before, np.array(slow.returns) * before)
    close_to(result.cash, slow.cash)
    close_to(result.shares, slow.shares)
    close_to(result.deficit, slow.owed)
    assert sorted(map(tuple, np.argwhere(result.called).tolist())) == sorted(slow.margin_calls)
    fates = fates_of(result)
    assert fates.keys() == slow.fates.keys()
    for key, fate in fates.items():
        expected = slow.fates[key]
        assert {k: fate[k] for k in ("fate", "waits", "why")} == {
            k: expected[k] for k in ("fate", "waits", "why")
        }, key
        close_to(fate["got"], expected["got"])
    return result


def is_product_of_returns(result: Result) -> None:
    """Nav is the product of 1 + returns, begun anew where none is defined: nowhere but out of a row on which a living
    account is worth nothing or less."""
    nav, returns = result.nav, result.returns
    ended = result.rows.size if result.ruin_row is None else result.ruin_row
    undefined = np.zeros(nav.size, dtype=bool)
    undefined[1 : ended + 1] = nav[:ended][: nav.size - 1] <= 0
    np.testing.assert_array_equal(np.isnan(returns), undefined)
    starts = [0, *np.flatnonzero(undefined).tolist()]
    for first, end in pairwise([*starts, nav.size]):
        close_to(nav[first] * np.cumprod(1 + np.r_[0.0, returns[first + 1 : end]]), nav[first:end])


def adds_up(result: Result) -> None:
    """The parts of profit are the change of nav on each row, and what ruin left unpaid."""
    by_row = sum(result.profit.values()).sum(axis=1) + result.interest
    steps = np.diff(result.nav, prepend=1.0)
    if result.ruined:
        steps[result.ruin_row] -= result.deficit
    close_to(by_row, steps)
