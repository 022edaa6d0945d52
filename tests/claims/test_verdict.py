"""The rules by hand, and that nothing is supported where there is nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from positioning.claims.claim import Claim, Evidence, Fit
from positioning.claims.facts import stated_figure
from positioning.claims.statistics import mean_difference, skewness
from positioning.claims.verdict import ClaimAnswer, Finding, Ruling, family, rule
from tests.builders import Figure

BASKET = Evidence("basket", names=("A",), against="B")


def claim(key: str = "C", fit: Fit = "exact", untestable: str = "") -> Claim:
    return Claim(key, "position", "It pays.", "a letter", "What is named.", fit, (BASKET,), untestable)


def finding(estimate: float, p: float, part: str = "after", place: int = 0, **more: Any) -> Finding:
    return Finding(place, "basket", "A over B", part, estimate, p=p, count=more.pop("count", 100), **more)  # type: ignore[arg-type]


def one(found: list[Finding], **more: Any) -> ClaimAnswer:
    return rule([claim(**more)], [found])[0]


@pytest.mark.parametrize(
    ("found", "ruling"),
    [
        ([finding(0.1, 0.01)], Ruling.SUPPORTED),
        ([finding(-0.1, 0.01)], Ruling.CONTRADICTED),
        ([finding(0.1, 0.06)], Ruling.NOT_TOLD),
        ([finding(0.1, 0.05)], Ruling.SUPPORTED),
        # What was seen by those who made the claim decides nothing.
        ([finding(0.9, 0.0001, "before"), finding(0.1, 0.4)], Ruling.NOT_TOLD),
        ([finding(0.9, 0.0001, "before")], Ruling.UNTESTABLE),
        # Beside the deciding test: one that agrees or is not clear changes nothing, one that contradicts takes it back.
        ([finding(0.1, 0.01), finding(-0.1, 0.2, place=1)], Ruling.SUPPORTED),
        ([finding(0.1, 0.01), finding(-0.1, 0.01, place=1)], Ruling.NOT_TOLD),
        ([finding(-0.1, 0.01), finding(0.1, 0.01, place=1)], Ruling.NOT_TOLD),
        ([finding(0.1, 0.01), finding(-0.1, 0.01, "before", 1)], Ruling.SUPPORTED),
        ([finding(0.1, 0.4), finding(0.1, 0.001, place=1)], Ruling.NOT_TOLD),
        # Too little of it.
        ([finding(0.1, 0.01, count=59)], Ruling.UNTESTABLE),
        ([finding(math.nan, math.nan, missing="no prices of A")], Ruling.UNTESTABLE),
        ([], Ruling.UNTESTABLE),
        # Facts.
        ([Finding(0, "figure", "x", "whole", 1, holds=True)], Ruling.SUPPORTED),
        ([Finding(0, "figure", "x", "whole", 1, holds=False)], Ruling.CONTRADICTED),
        ([Finding(0, "figure", "x", "whole", 1)], Ruling.UNTESTABLE),
        # What only informs.
        ([Finding(0, "stress", "x", "whole", 1, p=0.001, count=1000)], Ruling.UNTESTABLE),
        ([Finding(0, "study", "x", "after", 1, p=0.001, count=7)], Ruling.UNTESTABLE),
        ([Finding(0, "study", "x", "after", 1, p=0.001, count=8)], Ruling.SUPPORTED),
    ],
)  # fmt: skip
def test_the_rules(found: list[Finding], ruling: Ruling) -> None:
    assert one(found).ruling is ruling


def test_what_nothing_stands_for_and_what_says_so_itself_is_untestable() -> None:
    assert one([finding(0.1, 0.0001)], fit="none").ruling is Ruling.UNTESTABLE
    found = one([finding(0.1, 0.0001)], untestable="nobody knows")
    assert (found.ruling, found.why) == (Ruling.UNTESTABLE, "nobody knows")
    assert math.isnan(found.q)


@pytest.mark.parametrize(("estimate", "p"), [(0.1, 0.01), (-0.1, 0.01), (0.1, 0.9)])
def test_a_verdict_says_what_of_the_claim_is_not_in_it(estimate: float, p: float) -> None:
    note = "without B, of which there are no prices then"
    assert one([finding(estimate, p, note=note)]).why.endswith(f"; {note}")
    assert "without B" not in one([finding(estimate, p)]).why


def test_many_claims_share_one_family() -> None:
    # Benjamini-Hochberg by hand: 0.03, 0.04, 0.9 of three are 0.06, 0.06 and 0.9.
    made = rule(
        [claim(str(n)) for n in range(3)], [[finding(1, 0.03)], [finding(1, 0.04)], [finding(1, 0.9)]]
    )
    assert [round(a.q, 10) for a in made] == [0.06, 0.06, 0.9]
    assert {a.ruling for a in made} == {Ruling.NOT_TOLD}
    assert ["is not rare among all" in a.why for a in made] == [True, True, False], "q decided, not p"
    assert family(made).startswith("all 3 deciding tests")
    alone = rule([claim("a"), claim("b", untestable="x")], [[finding(1, 0.03)], [finding(1, 0.9)]])
    assert alone[0].ruling is Ruling.SUPPORTED  # what cannot be tested is no test


def random_differences(rng: np.random.Generator, sleeves: int, rows: int) -> np.ndarray:
    """(rows, sleeves) driftless, with a common part and calm and wild spells."""
    level = np.zeros(rows)
    for t, shock in enumerate(rng.normal(0, 0.15, rows)):
        level[t] = 0.95 * level[t - 1] + shock
    common = rng.normal(0, 0.01, (rows, 1))
    return np.exp(level)[:, None] * (0.5 * common + rng.normal(0, 0.01, (rows, sleeves)))


def supported(rng: np.random.Generator, rows: int, drift: float = 0.0) -> list[Ruling]:
    made = random_differences(rng, 6, rows) + drift
    found = [[mean_difference(0, BASKET, column, "x", "after", 252.0)] for column in made.T]
    return [a.ruling for a in rule([claim(str(n)) for n in range(6)], found)]


def share_supported(runs: int, seed: int, drift: float = 0.0) -> float:
    """How often any of six claims is supported on 144 returns after publication."""
    rng = np.random.default_rng(seed)
    return float(np.mean([Ruling.SUPPORTED in supported(rng, 144, drift) for _ in range(runs)]))


def test_no_verdict_on_driftless_sleeves_small() -> None:
    assert share_supported(150, 1) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 150)  # three standard errors


@pytest.mark.slow
def test_no_verdict_on_driftless_sleeves_and_power(figure: Figure) -> None:
    share = share_supported(4000, 1)
    power = {drift: share_supported(300, 2, drift) for drift in (0.001, 0.002, 0.004)}
    told = "; ".join([f"{share:.1%}", *(f"drift {d:.1%} a row: {p:.0%}" for d, p in power.items())])
    figure("any of six claims supported, 4,000 runs without a drift", told, "without: 5 % at most")
    assert share <= 0.05
    assert power[0.004] > power[0.002] > power[0.001]


def test_means_are_those_of_statsmodels() -> None:
    from statsmodels.regression.linear_model import OLS

    values = np.random.default_rng(3).normal(0.001, 0.01, 200)
    found = mean_difference(
        0, Evidence("basket", names=("A",), against="B", sign=-1), values, "x", "after", 252.0
    )
    theirs = OLS(values, np.ones(200)).fit(
        cov_type="HAC", cov_kwds={"maxlags": int(4 * 2 ** (2 / 9)), "use_correction": True}, use_t=True
    )
    low, high = -252 * theirs.conf_int()[0][::-1]
    assert (found.estimate, found.low, found.high, found.p) == pytest.approx(
        (-252 * theirs.params[0], low, high, theirs.pvalues[0]), rel=1e-9
    )
    assert (
        "59 returns, and 60 are wanted"
        in mean_difference(0, BASKET, values[:59], "x", "after", 252.0).missing
    )


def test_skewness_of_a_lottery_is_found_and_of_a_coin_is_not() -> None:
    evidence = Evidence("skew", strategy="s")
    rng = np.random.default_rng(4)
    lottery = np.where(rng.random(300) < 0.08, 0.08, -0.001)
    found = skewness(0, evidence, lottery, "after", 0)
    assert found.estimate > 2
    assert found.p <= 0.01
    p = np.array([skewness(0, evidence, rng.standard_t(4, 150) / 100, "after", n).p for n in range(200)])
    assert np.mean(p <= 0.05) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 200)


def test_figures_hold_within_what_is_stated() -> None:
    assert (
        stated_figure(0, Evidence("figure", stated=8.4, checked=4.1, within=0.84, source="s")).holds is False
    )
    assert stated_figure(0, Evidence("figure", stated=273, checked=273.9, within=1, source="s")).holds is True
    assert (
        "no independent figure for 8.1"
        in stated_figure(0, Evidence("figure", stated=8.1, source="s")).missing
    )
