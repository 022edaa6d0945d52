"""A market of the caller's own frames; the only place the market room touches pandas objects."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from positioning.arrays import BoolArray, DateArray, FloatArray, IntArray
from positioning.errors import BadInputError
from positioning.market.bars import Bars, Rates
from positioning.market.calendar_checks import FEWEST, day_shift, frequency_findings
from positioning.market.findings import Finding, accept, stop_on_errors
from positioning.market.frame_shapes import frames_by_price, symbols_of
from positioning.market.frame_values import dates_of, numbers_of, require_frame, values_like
from positioning.market.instruments import PENCE, Instrument, Instruments
from positioning.market.price_checks import NOTHING, price_findings
from positioning.market.rate_checks import rate_findings, usual_level
from positioning.market.venues import has_calendar, opens_early, sessions

FEWEST_MOVES = 20  # of a name's closes, which say how it usually moves


def fields_from_frames(
    close: pd.DataFrame,
    open_: pd.DataFrame | None,
    dividends: pd.DataFrame | None,
    venue: str | Mapping[str, str],
    currency: str | Mapping[str, str],
    rates: pd.DataFrame | None,
    base: str,
    volume: pd.DataFrame | None = None,
    accepted: Sequence[str] = (),
) -> dict[str, Any]:
    """The fields of a market of your own prices; see Market.from_frames.

    close: (T, N), or the whole frame of `yfinance.download`, whose columns are (price, symbol) in either order:
    its Close, Open, Dividends and Volume are taken, the latter three unless they are given.
    """
    frames = {"close": close, "open": open_, "dividends": dividends, "rates": rates, "volume": volume}
    for what, frame in frames.items():
        require_frame(frame, what, needed=what == "close")
    close, open_, dividends, volume = frames_by_price(close, open_, dividends, volume)
    rows = dates_of(close, "close")
    symbols = symbols_of(close)
    check_base(base)
    instruments = tuple(
        Instrument(
            symbol=s,
            name=s,
            venue=_of(venue, s, "venue"),
            currency=ccy,
            quoted_in=ccy,
            kind="share",
            recorded=False,
        )
        for s in symbols
        for ccy in [_currency(_of(currency, s, "currency"), s)]
    )
    prices = values_like(close, close, "close")
    opens = np.full_like(prices, np.nan) if open_ is None else values_like(open_, close, "open")
    _require_positive(prices, symbols, rows, "close")
    _require_positive(opens, symbols, rows, "open")
    if (none := np.isnan(prices).all(axis=0)).any():
        raise BadInputError(
            f"{symbols[int(np.argmax(none))]} has no close at all", "wanted one at least", "drop that column"
        )
    payments = (
        np.zeros_like(prices) if dividends is None else np.nan_to_num(_amounts(dividends, close), nan=0.0)
    )
    _require_payable(payments, prices, symbols, rows)
    traded = np.isfinite(prices)
    _require_sessions(rows, traded, instruments)
    opens = np.where(traded, opens, np.nan)
    findings = _inspected(rows, instruments, prices, opens, payments, accepted)
    return {
        "rows": rows,
        "instruments": instruments,
        "open": opens,
        "close": prices,
        "dividends": payments,
        "tradable": traded,
        "venue_open": traded,
        "early": np.column_stack([opens_early(i.venue, rows) for i in instruments]) & traded,
        "rates": np.column_stack([_rate(rates, close, i.currency, base) for i in instruments]),
        "basis": tuple("traded" for _ in symbols),
        "base": base,
        "findings": findings,
        "volume": None if volume is None else _volumes(volume, close, traded),
    }


def _volumes(frame: pd.DataFrame, like: pd.DataFrame, traded: BoolArray) -> FloatArray:
    values = values_like(frame, like, "volume")
    if (values < 0).any() or np.isinf(values).any():
        raise BadInputError("a volume below zero or infinite", "wanted shares traded", "correct the volumes")
    return np.where(traded, values, np.nan)


def _currency(text: str, symbol: str) -> str:
    """The currency. Raises BadInputError for a unit that is a hundredth of one."""
    if text in PENCE:
        raise BadInputError(
            f"{symbol}: currency {text!r} is a hundredth of {PENCE[text][0]}",
            "wanted prices in the currency itself",
            f"divide them by 100 and give currency={PENCE[text][0]!r}",
        )
    return text


def check_base(base: str) -> None:
    """BadInputError for what is no code of a currency."""
    if not re.fullmatch(r"[A-Z]{3}", base):
        raise BadInputError(
            f"base={base}", "wanted three capitals (ISO 4217)", "give for example base=USD", "base"
        )


def _require_payable(
    payments: FloatArray, prices: FloatArray, symbols: Sequence[str], rows: DateArray
) -> None:
    """BadInputError for a dividend of more than the last close before it: the share did not have it to pay."""
    for at, n in zip(*np.nonzero(payments), strict=True):
        before = prices[:at, n][np.isfinite(prices[:at, n])]
        if before.size and payments[at, n] > before[-1]:
            raise BadInputError(
                f"{symbols[n]}: dividends {payments[at, n]:g} on {rows[at]}, above the close of {before[-1]:g} before it",
                "wanted cash a share, in the unit of the closes",
                "correct that cell",
            )


def _require_sessions(rows: DateArray, traded: BoolArray, instruments: Sequence[Instrument]) -> None:
    """BadInputError where dates are not those of daily bars: weekly or monthly ones, all a day off the sessions of their
    venue, or on days of the week on which it is never open."""
    for n, i in enumerate(instruments):
        days = rows[traded[:, n]]
        for finding in frequency_findings(i.symbol, days):
            raise BadInputError(str(finding), "wanted a close for each session", finding.remedy)
        if not has_calendar(i.venue) or days.size < FEWEST:
            continue
        day = np.timedelta64(1, "D")
        venue_sessions = sessions(i.venue, days[0] - 30 * day, days[-1] + 30 * day)
        week = ~np.isin(np.arange(7), _weekday(venue_sessions))
        if (shut := days[week[_weekday(days)]]).size and not day_shift(days, venue_sessions):
            raise BadInputError(
                f"{i.symbol}: {shut.size} closes on days of the week on which {i.venue} is never open, first {shut[0]}",
                "wanted the dates of its sessions",
                "drop those rows: prices carried over a weekend trade on no exchange",
            )
        if words := day_shift(days, venue_sessions):
            raise BadInputError(
                f"{i.symbol}: every date is a day {words} for {i.venue}",
                "wanted the dates of its sessions",
                "tz_convert the stamps to the exchange's zone, then tz_localize(None).normalize()",
            )


def _inspected(
    rows: DateArray,
    instruments: Sequence[Instrument],
    closes: FloatArray,
    opens: FloatArray,
    payments: FloatArray,
    accepted: Sequence[str],
) -> tuple[Finding, ...]:
    """What the quality gate finds in the prices of names with FEWEST_MOVES.

    Raises BadInputError for an error that `accepted` does not name: a switch of unit, a close that leaves the others and
    comes back, a split left in."""
    findings: list[Finding] = []
    for n, i in enumerate(instruments):
        has_close = np.isfinite(closes[:, n])
        if np.count_nonzero(np.diff(closes[has_close, n])) < FEWEST_MOVES:
            continue
        blank = np.full(int(has_close.sum()), np.nan)
        bars = Bars(
            i.symbol,
            rows[has_close],
            opens[has_close, n],
            blank,
            blank,
            closes[has_close, n],
            blank,
            payments[has_close, n],
        )
        findings += [
            f for f in price_findings(bars, NOTHING) if f.check != "stale"
        ]  # the caller says what trades
    marked = accept(findings, accepted, [i.symbol for i in instruments], Instruments(tuple(instruments)))
    stop_on_errors(marked)
    return marked


def _amounts(dividends: pd.DataFrame, close: pd.DataFrame) -> FloatArray:
    amounts = values_like(dividends, close, "dividends")
    if (bad := (amounts < 0) | np.isinf(amounts)).any():
        row, column = (int(n[0]) for n in np.nonzero(bad))
        raise BadInputError(
            f"{close.columns[column]}: dividends {amounts[row, column]:g} on {close.index[row]:%Y-%m-%d}",
            "wanted finite amounts of at least zero",
            "correct or empty that cell",
        )
    return amounts


def _weekday(days: DateArray) -> IntArray:
    """0 for Monday to 6 for Sunday."""
    return np.asarray((days.astype(np.int64) + 3) % 7)


def _of(choice: str | Mapping[str, str], symbol: str, what: str) -> str:
    if isinstance(choice, str):
        return choice
    if symbol not in choice:
        raise BadInputError(
            f"{symbol} has no {what}", f"wanted a {what} for every column", f"add it to {what}="
        )
    return choice[symbol]


def _rate(rates: pd.DataFrame | None, like: pd.DataFrame, currency: str, base: str) -> FloatArray:
    if currency == base:
        return np.ones(len(like))
    if rates is None or currency not in rates.columns or not rates.index.equals(like.index):
        raise BadInputError(
            f"no rates of {currency}",
            f"wanted {base} per {currency} on the dates of close",
            f"give rates=, or currency={base!r} where the closes are in it",
        )
    values = numbers_of(rates[[currency]], "rates")[:, 0]
    if not ((values > 0) & np.isfinite(values)).all():
        raise BadInputError(
            f"a rate of {currency} is missing, zero, negative or infinite",
            "wanted positive numbers",
            "correct rates=",
        )
    _require_usual(currency, base, like.index.to_numpy().astype("datetime64[D]"), values)
    return values


def _require_usual(currency: str, base: str, rows: DateArray, values: FloatArray) -> None:
    """BadInputError for a rate of another order of magnitude than is on record, such as one the wrong way round."""
    of, per = usual_level(currency, rows), usual_level(base, rows)
    if of is None or (per is None and base != "USD"):
        return
    usd = values if per is None else values / per
    for f in rate_findings(Rates(currency, rows, usd, "rates="), {}):
        if f.severity == "error" and f.check in ("level", "unit_switch", "jump", "spike"):
            raise BadInputError(str(f), f"wanted {base} per {currency}", "correct rates=")


def _require_positive(values: FloatArray, symbols: Sequence[str], rows: DateArray, what: str) -> None:
    """BadInputError naming the first price at or below zero, or infinite."""
    bad = (values <= 0) | np.isinf(values)
    if bad.any():
        row, column = (int(i[0]) for i in np.nonzero(bad))
        raise BadInputError(
            f"{symbols[column]}: {what} {values[row, column]:g} on {rows[row]}",
            "wanted finite prices above zero",
            "correct or remove that value",
        )
