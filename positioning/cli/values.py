"""Texts of options made values: days, spans, sources."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from positioning.errors import BadInputError, did_you_mean

if TYPE_CHECKING:
    import numpy as np

    from positioning.market.coverage import Span
    from positioning.market.source import Source


MINYEAR_TOLD, MAXYEAR_TOLD = 1900, 2200  # of dates that a refusal takes for meant


def span_of(start: str | None, end: str | None) -> Span:
    """The asked-for span. Raises BadInputError for what is not a date, or reversed."""
    from positioning.market.coverage import Span

    return Span(day_of("--start", start), day_of("--end", end))


def day_of(option: str, text: str | None) -> np.datetime64 | None:
    """The date, datetime64[D], or None. Raises BadInputError for what is not a date."""
    import numpy as np

    if text is None:
        return None
    try:
        return np.datetime64(date.fromisoformat(text), "D")
    except ValueError:
        meant = [f"{option} {day}" for day in _days_meant(option, text)] or [f"{option} 2021-06-30"]
        raise BadInputError(
            f"{option} {text}", "wanted a date as YEAR-MONTH-DAY", f"type {' or '.join(meant)}"
        ) from None


def _days_meant(option: str, text: str) -> list[date]:
    """The dates that a text in another order, or of a year or month alone, may mean; the first of its days, of --end the
    last."""
    parts = [int(part) for part in re.split(r"\D+", text.strip()) if part]
    if re.search(r"[^\d\s./,_-]", text) or not parts:
        return []
    if len(parts) == 1 and MINYEAR_TOLD <= parts[0] <= MAXYEAR_TOLD:
        parts = [parts[0], 12, 31] if option == "--end" else [parts[0], 1, 1]
    if len(parts) == 2:
        year, month = sorted(parts, reverse=True)
        parts = [year, month, 31 if option == "--end" else 1]
    if len(parts) != 3:
        return []
    first, second, third = parts
    orders = [(first, second, third)] if first > 31 else [(third, second, first), (third, first, second)]
    if "." in text and first <= 31:
        orders = orders[:1]  # where dates have points the day stands first
    days = []
    for year, month, day in orders:
        if MINYEAR_TOLD <= year <= MAXYEAR_TOLD and 1 <= month <= 12 and 1 <= day <= 31:
            days.append(date(year, month, min(day, monthrange(year, month)[1])))
    return list(dict.fromkeys(days))


def source_of(text: str, cache: Path = Path("data_cache"), basis: Sequence[str] = ()) -> Source:
    """`sample`, `folder:DIR`, `yahoo` (what is stored in the cache) or `snapshot:NAME`.

    basis: `SYMBOL=traded|split|total_return`, what a folder's closes are.
    Raises BadInputError for anything else, DataMissingError where the store is empty.
    """
    kind, _, place = text.partition(":")
    if basis and kind != "folder":
        raise BadInputError(
            f"--basis {basis[0]} with --data {text}",
            "wanted a folder of files: what Yahoo's and the sample's prices are is known",
            "leave it out",
        )
    if kind == "sample" and not place:
        from positioning.data.sample import SampleSource

        return SampleSource()
    if kind == "folder" and place:
        from positioning.data.folder import FolderSource
        from positioning.data.price_basis import checked_basis

        return FolderSource(Path(place), dict(checked_basis(word) for word in basis))
    if (kind == "yahoo" and not place) or (kind == "snapshot" and place):
        from positioning.data.cache_source import StoreSource

        return StoreSource(cache, place)
    kinds = ["sample", "folder:DIR", "yahoo", "snapshot:NAME"]
    meant = f"type --data folder:{text}" if Path(text).is_dir() else did_you_mean(kind, kinds)
    raise BadInputError(f"--data {text}", f"wanted {', '.join(kinds)}", meant)
