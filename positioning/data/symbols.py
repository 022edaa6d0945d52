"""Which symbols may be asked for, as Yahoo writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from positioning.data.cache_source import RATES
from positioning.errors import BadInputError
from positioning.market.instruments import RECORDED, Instruments

QUOTED_FIRST = ("EUR", "GBP", "AUD", "NZD")  # currencies that the market quotes in US dollars per unit
MOST_NAMED = 5  # symbols that a refusal names beside its first
_SYMBOL = re.compile(r"[A-Z0-9^][A-Z0-9^.=&_-]{0,29}")
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")


def checked_symbol(text: str, instruments: Instruments = RECORDED) -> str:
    """The symbol as Yahoo writes it. Raises BadInputError for what none is, or of no venue we cover."""
    symbol = text.strip().upper()
    if not _SYMBOL.fullmatch(symbol) or ".." in symbol:
        raise BadInputError(
            f"symbol {text[:60]!r}", "wanted a Yahoo symbol such as MOS, 1157.HK, ^HSI or HKD=X", "correct it"
        )
    if _ISIN.fullmatch(symbol):
        raise BadInputError(
            f"{symbol} is an ISIN", "wanted a Yahoo symbol", "type the line's symbol, such as MOS"
        )
    if not symbol.endswith("=X"):
        instruments.of(symbol)  # what no venue is known for cannot be held, and is not asked for
    return symbol


def checked_symbols(texts: Sequence[str], instruments: Instruments = RECORDED) -> list[str]:
    """The symbols as Yahoo writes them, each once. Raises BadInputError, naming every one that cannot be held: a
    batch with a slip in it is asked for as a whole or not at all."""
    symbols, wrong = [], []
    for text in texts:
        try:
            symbols.append(checked_symbol(text, instruments))
        except BadInputError as error:
            wrong.append((text, error))
    if not wrong:
        return list(dict.fromkeys(symbols))
    fault = wrong[0][1].seen
    if len(wrong) > 1:
        more = f" and {len(wrong) - 1 - MOST_NAMED} more" if len(wrong) > MOST_NAMED + 1 else ""
        fault += f" (and {', '.join(repr(text[:20]) for text, _ in wrong[1 : MOST_NAMED + 1])}{more})"
    if len(texts) > len(wrong):
        fault += "; nothing was asked for"
    raise BadInputError(fault, wrong[0][1].wanted, wrong[0][1].remedy)


def rate_symbol(currency: str) -> str:
    """The symbol under which Yahoo quotes a currency against the US dollar."""
    return RATES[0 if currency in QUOTED_FIRST else 1].format(currency)
