"""What the ledger reads of a market, and what it keeps of accounts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from positioning.arrays import BoolArray, CodeArray, FloatArray, IntArray
from positioning.compiled import compiled

# Why a leg cannot trade on a row.
OPEN, CLOSED, HALTED, NO_RATE, TOO_EARLY, FROZEN, NO_EQUITY, ENDS, VOLUME, NO_VOLUME = range(10)
# What became of an order.
NONE, FILLED, CUT, PENDING, REPLACED, CANCELLED, IN_BAND, BELOW_LOT = range(8)

# Fractions of nav below this are what rounding leaves, neither cash to buy with nor a living account.
DUST = 1e-12
HAIR = 1e-9  # parts of a share of volume, or of a lot, that are rounding
LANES = 128  # accounts of a call; fewer would leave the calls' own time to be felt
NOTHING = 1e-6  # times a price: one that falls so far, a ruin or a faulty figure
SPELL = 64  # rows of which the least and the greatest price are known

# The slots of a leg of an account (WANTED: its pending weight; PARTIAL: 1 where that is the rest of a buy, -1 of a
# sale; SALE, RISE: the shares it is to sell and to buy; CALLED: 1 where a margin call closes it; CAPPED: 1 where volume
# leaves some of a purchase for later, -1 of a sale; BEFORE: the shares before a rebalance; DEARER: its impact, fraction
# of the value).
SHARES, WANTED, PARTIAL, SALE, RISE, CALLED, CAPPED, BEFORE, DEARER = range(9)
TRADED, COST, IMPACT = range(3)  # the slots of what is summed of its trades


class LedgerArrays(NamedTuple):
    """What the ledger reads of a market: T rows, N names, base currency."""

    why: CodeArray  # (T, N) int8: OPEN or the reason a leg cannot trade
    early: BoolArray  # (T, N) bool: the session opened before a decision of the row before was known
    no_buy: BoolArray  # (T, N) bool: purchases are barred, but for covering a short
    frozen: BoolArray  # (T, N) bool: a long holding is trapped, and counts for nothing when targets are sized
    mark_factor: float  # fraction of its mark a trapped holding is worth in nav
    fill: FloatArray  # (T, N) fill price
    value: FloatArray  # (T, N) price a leg is valued at when others fill: its fill price, else its last mark, else 0
    last: FloatArray  # (T, N) last mark of the row before at this row's rate, 0 before the first
    mark: FloatArray  # (T, N) closing mark, 0 before the first
    buy: FloatArray  # (T, N) fee fraction of a buy
    sell: FloatArray  # (T, N) fee fraction of a sale
    dividend: FloatArray  # (T, N) per share, gross: what a short owes
    tax: FloatArray  # (T, N) withheld of it from a long
    borrow: FloatArray  # (T, N) cost of being short from the row before, fraction of value
    growth: FloatArray  # (T,) return of cash from the row before
    exit_row: IntArray  # (N,) row of a forced exit, -1 for none
    exit_price: FloatArray  # (N,) per share paid to a long at the forced exit
    exit_cover: FloatArray  # (N,) per share owed by a short then
    all_open: BoolArray  # (T,) whether every leg can be bought and sold, on a decision of the row before too
    paying: BoolArray  # (T,) whether any dividend is
    moving: IntArray  # (T + 1,) the first row from there on with a dividend or a return of cash, T for none
    freezing: IntArray  # (T + 1,) the first row from there on with anything frozen, T for none
    least: FloatArray  # (T / SPELL, N) the least of value and mark over each stretch of SPELL rows
    most: FloatArray  # (T / SPELL, N) the greatest
    steady: (
        BoolArray  # (T / SPELL,) whether no price falls to nothing from the stretch before to the one after
    )


class Depth(NamedTuple):
    """What the ledger reads of a market where accounts have a capital."""

    limit: FloatArray  # (T, N) most that may be traded on the row, base currency; 0 where no past volume is known
    impact: (
        FloatArray  # (T, N) paid on a trade, fraction of its value by the root of its value in base currency
    )
    lot: FloatArray  # (T, N) shares that trade together, 0 for any number
    least: FloatArray  # (T, N) least commission of a trade, base currency
    buy: FloatArray  # (T, N) commission of a buy that it is the least of, part of `LedgerArrays.buy`
    sell: FloatArray  # (T, N) the same of a sale
    most: FloatArray  # (T, N) limit in shares at the fill price
    per_price: FloatArray  # (T, N) one by the fill price
    per_lot: FloatArray  # (T, N) one by lot, 0 for any number


class AccountState(NamedTuple):
    """K accounts between two rows."""

    cash: FloatArray  # (K,)
    shares: FloatArray  # (N, K)
    pending: FloatArray  # (N, K) weights, NaN for none
    partial: FloatArray  # (N, K) 1 where the pending leg is the rest of a buy, -1 of a sale, else 0
    called: FloatArray  # (N, K) 1 where a margin call closes the leg, else 0


class Outcome(NamedTuple):
    """What is kept of K accounts."""

    nav: FloatArray  # (T, K)
    traded: FloatArray  # (K,) sum of absolute trade values
    cost: FloatArray  # (K,) sum of fees and impact
    impact: FloatArray  # (K,) of that, impact
    ruin_row: IntArray  # (K,) -1 for none
    ruined_at_fill: BoolArray  # (K,)
    deficit: FloatArray  # (K,) what was then owed beyond zero

    @classmethod
    def blank(cls, rows: int, accounts: int) -> Outcome:
        """Nothing has happened yet."""
        return cls(
            np.zeros((rows, accounts)), np.zeros(accounts), np.zeros(accounts), np.zeros(accounts),
            np.full(accounts, -1, np.int64), np.zeros(accounts, np.bool_), np.zeros(accounts),
        )  # fmt: skip


class Recording(NamedTuple):
    """What is kept of a single account besides. D decisions; row 0 of the orders is for those inherited."""

    held: FloatArray  # (T, N) shares after the row
    trades: FloatArray  # (T, N) shares traded, signed
    called: BoolArray  # (T, N) whether a margin call made that trade
    paid: FloatArray  # (T, N) price of those trades
    cash: FloatArray  # (T,)
    status: CodeArray  # (D + 1, N) int8
    waits: IntArray  # (D + 1, N) rows the order waited
    reason: CodeArray  # (D + 1, N) int8, why it waited first
    filled_row: IntArray  # (D + 1, N) last row it traded, -1 for none
    wanted: FloatArray  # (D + 1, N) shares it wanted when it first could trade
    got: FloatArray  # (D + 1, N) shares it got

    @classmethod
    def blank(cls, rows: int, names: int, decisions: int) -> Recording:
        """Nothing has happened yet."""
        path, order = (rows, names), (decisions + 1, names)
        return cls(
            np.zeros(path), np.zeros(path), np.zeros(path, np.bool_), np.zeros(path), np.zeros(rows),
            np.zeros(order, np.int8), np.zeros(order, np.int64), np.zeros(order, np.int8),
            np.full(order, -1, np.int64), np.zeros(order), np.zeros(order),
        )  # fmt: skip


@compiled()
def row_has(flags: BoolArray) -> BoolArray:
    """(T,) whether any of (T, N) is true."""
    found = np.zeros(flags.shape[0], np.bool_)
    for r in range(flags.shape[0]):
        found[r] = flags[r].any()
    return found


@compiled()
def next_rows(flags: BoolArray) -> IntArray:
    """(T + 1,) the first true row from each row on, T for none."""
    rows = flags.size
    found = np.full(rows + 1, rows)
    for r in range(rows - 1, -1, -1):
        found[r] = r if flags[r] else found[r + 1]
    return found


@compiled()
def price_range(value: FloatArray, mark: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(T / SPELL, N) the least and the greatest of value and mark (T, N) over each SPELL rows."""
    rows, names = mark.shape
    spells = -(-rows // SPELL)
    least, most = np.full((spells, names), np.inf), np.full((spells, names), -np.inf)
    for r in range(rows):
        for n in range(names):
            least[r // SPELL, n] = min(least[r // SPELL, n], value[r, n], mark[r, n])
            most[r // SPELL, n] = max(most[r // SPELL, n], value[r, n], mark[r, n])
    return least, most


@compiled()
def steady_spells(least: FloatArray, most: FloatArray) -> BoolArray:
    """(S,) whether over each stretch and its neighbours the least price (S, N) of every name is above NOTHING times its
    greatest (S, N), a name without a price apart."""
    spells, names = least.shape
    steady = np.ones(spells, np.bool_)
    for spell in range(spells):
        for n in range(names):
            low, high = least[spell, n], most[spell, n]
            for beside in range(max(spell - 1, 0), min(spell + 2, spells)):
                low, high = min(low, least[beside, n]), max(high, most[beside, n])
            if high != 0.0 and not low > NOTHING * high:
                steady[spell] = False
    return steady
