"""Which region published factors are of, and whether what is held belongs to it.

The countries of each region are those of the French library's descriptions of its developed-market factors; emerging
factors are monthly only. A share fits by the country of its venue or by that of its incorporation, a receipt by that of
the company alone: a Kazakh bank's receipt in London is no British share.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from positioning.analysis.market_line import BetaMeasure, measure_for
from positioning.errors import BadInputError, did_you_mean
from positioning.market.instruments import Instrument

EUROPE = frozenset(
    ["AT", "BE", "CH", "DE", "DK", "ES", "FI", "FR", "GB", "GR", "IE", "IT", "NL", "NO", "PT", "SE"]
)
NORTH_AMERICA = frozenset(("US", "CA"))
PACIFIC = frozenset(("AU", "HK", "NZ", "SG"))
JAPAN = frozenset(("JP",))
REGIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "US": frozenset(("US",)),
        "North_America": NORTH_AMERICA,
        "Europe": EUROPE,
        "Japan": JAPAN,
        "Asia_Pacific_ex_Japan": PACIFIC,
        "Developed_ex_US": EUROPE | PACIFIC | JAPAN | {"CA"},
        "Developed": EUROPE | PACIFIC | JAPAN | NORTH_AMERICA,
    }
)
ANY = "any"
FITS_FROM = 0.5  # share of what is held that must belong to the region

# Countries of the venues that lie in one of the regions, by ISO 10383 code.
VENUE_COUNTRIES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("XNYS", "XNAS", "ARCX", "XASE", "BATS"), "US"), **dict.fromkeys(("XTSE", "XTSX"), "CA"),
        "XTKS": "JP", "XHKG": "HK", "XASX": "AU", "XNZE": "NZ", "XSES": "SG", "XLON": "GB", "XPAR": "FR", "XAMS": "NL",
        "XBRU": "BE", "XMIL": "IT", "XMAD": "ES", "XLIS": "PT", "XDUB": "IE", "XSWX": "CH", "XWBO": "AT", "XCSE": "DK",
        "XHEL": "FI", "XOSL": "NO", "XSTO": "SE", "ASEX": "GR", "XATH": "GR",
        **dict.fromkeys(("XETR", "XFRA", "XDUS", "XHAM", "XSTU"), "DE"),
    }
)  # fmt: skip


# The venues by whose closes most of a region's factors are: those of its largest markets that close together or apart.
CLOSING_VENUES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "US": ("XNYS",),
        "North_America": ("XNYS",),
        "Europe": ("XLON",),
        "Japan": ("XTKS",),
        "Asia_Pacific_ex_Japan": ("XASX", "XHKG"),
        "Developed_ex_US": ("XLON", "XTKS", "XASX", "XHKG"),
        "Developed": ("XNYS", "XLON", "XTKS", "XASX", "XHKG"),
    }
)


def factor_measure(venues: Iterable[str], regions: tuple[str, ...]) -> BetaMeasure:
    """What betas of factors are made of, see `market_line`: dimson where a venue of what is held closes at another hour
    than a market of the regions, or where no region is told."""
    closings = tuple(v for region in regions for v in CLOSING_VENUES[region])
    return measure_for(tuple(sorted(set(venues))), closings) if closings else "dimson"


def region_of(file: str, vintage: str) -> str:
    """The region that a file of the French library is of, by its name, else by the database that its first line names;
    "" where neither tells it."""
    name = file.casefold().replace(" ", "_").replace("-", "_")
    matches = [region for region in REGIONS if name.startswith(region.casefold() + "_")]
    if matches:
        return max(matches, key=len)
    return "US" if name.startswith(("f_f_", "us_")) or "CRSP" in vintage else ""


def checked_region(word: str) -> str:
    """The region under that word, or ANY. Raises BadInputError."""
    by_word = {region.casefold(): region for region in (*REGIONS, ANY)}
    plain = word.strip().casefold().replace(" ", "_").replace("-", "_")
    if plain not in by_word:
        raise BadInputError(
            f"region={word}",
            f"wanted {', '.join(REGIONS)}, or {ANY}",
            did_you_mean(word, (*REGIONS, ANY)),
            "region",
        )
    return by_word[plain]


def fits(i: Instrument, regions: tuple[str, ...]) -> bool:
    """Whether an instrument belongs to one of the regions."""
    places = {i.incorporated} if i.kind == "receipt" else {i.incorporated, VENUE_COUNTRIES.get(i.venue, "")}
    return any(places & REGIONS[region] for region in regions)


def require_dollars(base: str) -> None:
    """BadInputError for returns in another currency than the published factors'."""
    if base != "USD":
        raise BadInputError(
            f"base={base} beside factors",
            "wanted USD: published factors are dollar returns",
            "give base=USD",
            "base",
        )


def require_fit(holdings: Mapping[Instrument, float], regions: tuple[str, ...], region: str) -> None:
    """BadInputError where less than FITS_FROM of what is held, by weight, belongs to the regions; region: what was said
    of the region, "" for nothing, ANY for whatever fits."""
    if region == ANY:
        return
    if not regions:
        raise BadInputError(
            "no factor file tells its region",
            f"wanted {', '.join(REGIONS)}, or {ANY}",
            "give region=US",
            "region",
        )
    total = sum(holdings.values())
    share = sum(w for i, w in holdings.items() if fits(i, regions)) / total if total > 0 else 1.0
    if share < FITS_FROM:
        strange = [i.symbol for i, _ in sorted(holdings.items(), key=lambda x: -x[1]) if not fits(i, regions)]
        raise BadInputError(
            f"the factors are of {' and '.join(regions)}, to which {share:.0%} of what is held belongs "
            f"(not {', '.join(strange[:3])})",
            "wanted factors of its own region",
            f"get the region's file, or give region={ANY} to use these all the same",
            "region",
        )
