"""Who stands in for a sleeve that the news had not reached: the donor pool of a synthetic control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.analysis.factors import Factors
from positioning.arrays import FloatArray
from positioning.errors import BadInputError
from positioning.event_studies.sleeve_returns import Returns, Sleeve
from positioning.events.thesis import Thesis
from positioning.market.benchmark import benchmark
from positioning.market.identifiers import identifiers
from positioning.market.instruments import Instrument
from positioning.market.source import Source
from positioning.market.venues import calendar_name, same_close

FUND_ROLES = ("hedge", "benchmark", "control")


@final
@dataclass(frozen=True, eq=False)
class DonorPool:
    """symbols: of the donors; returns: (S, J) simple total returns in base currency on the sleeve's sessions, NaN where
    unknown. apart: those that close at another hour than the sleeve's venue, whose moves follow a session late. left_out:
    candidates of the universe and why each is no donor."""

    symbols: tuple[str, ...]
    returns: FloatArray
    apart: tuple[str, ...]
    left_out: Mapping[str, str]


def donor_pool(
    returns: Returns,
    source: Source,
    thesis: Thesis,
    base: str = "USD",
    accepted: Sequence[str] = (),
    published: Factors | None = None,
) -> DonorPool:
    """Names of the role control and funds of the sleeve's theme or of the market as a whole, with prices in the source,
    that are no company of the sleeve. A donor that the quality gate refuses is left out, and so is the second line of a
    company. published: factors whose risk-free rate the sleeve's returns are over, so that the donors' are, too."""
    donor_returns: dict[str, FloatArray] = {}
    out: dict[str, str] = {}
    thesis_source, of = source.knowing(thesis), thesis.instruments.of
    companies = {key for s in returns.sleeve.names for key in _company(of(s))}
    for symbol in candidates(returns.sleeve, thesis):
        if companies & _company(of(symbol)):
            out[symbol] = "another line of a company that is held or a donor already"
            continue
        try:
            prices = benchmark(
                thesis_source, symbol, returns.sessions, base, thesis.events.crash_dates, accepted
            )
        except BadInputError as error:
            out[symbol] = f"its prices are refused: {error.seen}"
            continue
        if prices is None or np.isfinite(prices.levels).sum() < 2:
            out[symbol] = "no prices"
            continue
        simple_returns = np.full(prices.levels.size, np.nan)
        simple_returns[1:] = prices.levels[1:] / prices.levels[:-1] - 1.0
        donor_returns[symbol] = simple_returns
        companies |= _company(of(symbol))
    block = (
        np.column_stack(list(donor_returns.values()))
        if donor_returns
        else np.empty((returns.sessions.size, 0))
    )
    if published is not None:
        free = published.levels(returns.sessions)[:, -1:]
        block[1:] -= free[1:] / free[:-1] - 1.0
    venues = (of(s).venue for s in returns.symbols)
    venue = next((v for v in venues if calendar_name(v) == returns.venue), "")
    apart = tuple(s for s in donor_returns if venue and not same_close(of(s).venue, venue))
    return DonorPool(tuple(donor_returns), block, apart, out)


def candidates(sleeve: Sleeve, thesis: Thesis) -> tuple[str, ...]:
    """The symbols of the universe that may be donors of a sleeve, whether there are prices or not: of its theme or of
    none, controls, and funds whatever they are in the universe for."""
    return tuple(
        s
        for s, c in thesis.universe.items()
        if c.theme in (sleeve.theme, "")
        and s not in sleeve.names
        and (c.role == "control" or (c.role in FUND_ROLES and thesis.instruments.of(s).kind == "fund"))
    )


def _company(i: Instrument) -> set[str]:
    """What two lines of one company have in common: numbers, aliases, or the name before a bracket."""
    identity = identifiers(i.symbol)
    name = i.name.partition(" (")[0]
    return {w.casefold() for w in (*identity.isins, identity.lei, *identity.names, name) if w}
