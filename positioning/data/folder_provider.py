"""A folder of CSV files asked as Yahoo is, so that a user's own prices get into the store."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from importlib.metadata import version
from typing import final

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.data.folder import FolderSource
from positioning.data.series import COLUMNS, PRICES, Series
from positioning.data.yahoo_answer import Answer
from positioning.errors import BadInputError
from positioning.market.bars import Bars, Rates
from positioning.market.findings import Finding, accept
from positioning.market.instruments import Instruments

_MENDED = ("price", "dates")  # such cells are holes in what is delivered; what they were is told


@final
class FolderProvider:
    """A folder of CSV files asked like a provider: each file is read whole.

    accepted: `SYMBOL:CHECK` of errors in spite of which a file is stored.
    """

    def __init__(self, source: FolderSource, accepted: Sequence[str] = ()) -> None:
        self._source, self._accepted = source, tuple(accepted)

    @property
    def label(self) -> str:
        """Where it fetches from: `folder:DIR`."""
        return self._source.label

    @property
    def library(self) -> str:
        """`positioning` and its version."""
        return f"positioning {version('positioning')}"

    def ask(self, symbol: str, start: date, now: datetime) -> Answer:  # noqa: ARG002 (files know no hour)
        """The file's rows from `start` on; what is wrong with the file is the reason of a failure."""
        currency = re.fullmatch(r"([A-Z]{3})(?:USD)?=X", symbol)
        try:
            if currency is not None:
                findings = self._findings(f"{currency[1]}=X")
                rates = self._source.deliver([], [currency[1]]).rates.get(currency[1])
                answer = None if rates is None else _of_rates(rates)
            else:
                findings = self._findings(symbol)
                bars = self._source.deliver([symbol], []).bars.get(symbol)
                answer = None if bars is None else _of_bars(bars, self._source.instruments)
            if answer is None:
                return self._absent(symbol)
            if wrong := [f for f in findings if f.severity == "error" and f.check not in _MENDED]:
                word = f"{wrong[0].symbol}:{wrong[0].check}"
                return Answer(
                    "failed", f"{wrong[0]}; {wrong[0].remedy}; or to store it as it is give accepted={word}"
                )
            return replace(answer, notices=(*answer.notices, *(str(f) for f in findings)))
        except BadInputError as error:
            return Answer("failed", str(error))

    def _findings(self, symbol: str) -> tuple[Finding, ...]:
        words = [word for word in self._accepted if word.rpartition(":")[0] == symbol]
        return accept(self._source.findings([symbol]), words, [symbol], self._source.instruments)

    def _absent(self, symbol: str) -> Answer:
        return Answer("nothing", f"{symbol} is not in {self.label}")


def _of_bars(bars: Bars, instruments: Instruments) -> Answer:
    columns = {name: getattr(bars, name) for name in (*PRICES, "volume", "dividends")}
    texts = tuple(n.text for n in bars.notices)
    series = _series(bars.dates, columns)
    unit = instruments.of(bars.symbol).currency  # the folder source has made pounds of pence
    return Answer("prices", series=series, unit=unit, basis=bars.basis, notices=texts)


def _of_rates(rates: Rates) -> Answer:
    series = _series(rates.dates, {"close": rates.usd})
    return Answer("prices", series=series, unit=f"USD per {rates.currency}")


def _series(dates: DateArray, own: dict[str, FloatArray]) -> Series:
    """What a file gives, NaN for the rest; it has neither splits nor a provider's adjustment."""
    blank, none = np.full(dates.size, np.nan), np.zeros(dates.size)
    columns = {
        name: own.get(name, none if name in ("dividends", "splits", "gains") else blank) for name in COLUMNS
    }
    return Series(dates, columns, np.zeros(dates.size, dtype="U1"))
