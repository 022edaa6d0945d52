"""Texts of options made values: days, spans, sources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from positioning.errors import BadInputError, did_you_mean

if TYPE_CHECKING:
    import numpy as np

    from positioning.market.coverage import Span
    from positioning.market.source import Source


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
        raise BadInputError(
            f"{option} {text}", "wanted a date such as 2021-06-30", f"type {option} 2021-06-30"
        ) from None


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
