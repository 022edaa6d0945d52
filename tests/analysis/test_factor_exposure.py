"""Factors of several files and regions, what they explain of an account, and where its risk came from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from positioning.analysis.factor_exposure import STEP, WINDOW, exposure
from positioning.analysis.factor_files import read_factors
from positioning.analysis.factor_regions import (
    ANY,
    checked_region,
    factor_measure,
    fits,
    region_of,
    require_dollars,
    require_fit,
)
from positioning.analysis.factors import Factors, joined
from positioning.analysis.risk import risk_shares
from positioning.errors import BadInputError
from positioning.event_studies.design import Design
from positioning.event_studies.sleeve_returns import Sleeve, sleeve_returns
from positioning.market.instruments import instrument
from positioning.market.market import Market
from positioning.reporting.factors import measure_words
from positioning.runs.backtest import RunSettings, backtest
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import FeeTable
from positioning.strategy.targets import Targets
from strategies import FertilizerProducers
from tests.builders import SAMPLE, THESIS

DAYS = np.busday_offset("2019-01-02", np.arange(1900), roll="forward").astype("datetime64[D]")


def published(names: tuple[str, ...] = ("Mkt-RF", "SMB"), region: str = "US", seed: int = 0) -> Factors:
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 0.008, (DAYS.size, len(names)))
    return Factors(names, DAYS, values, np.full(DAYS.size, 1e-4), "made up", (region,))


def test_rolling_betas_are_those_of_each_window() -> None:
    factors, rng = published(), np.random.default_rng(1)
    nav = np.cumprod(1 + 1e-4 + factors.values @ [0.8, -0.3] + rng.normal(0, 0.004, DAYS.size))
    found = exposure(DAYS, nav, factors)
    assert (np.diff(found.days.astype(np.int64)) > 0).all()
    assert found.days[-1] == DAYS[-1]
    own = nav[1:] / nav[:-1] - 1 - 1e-4
    for row in (0, 7, found.days.size - 1):
        end = own.size - STEP * (found.days.size - 1 - row)
        x = add_constant(factors.values[1:][end - WINDOW : end])
        np.testing.assert_allclose(
            found.rolling[row], OLS(own[end - WINDOW : end], x).fit().params[1:], atol=1e-10
        )
    json = found.to_json()
    assert set(json["betas"]) == {"Mkt-RF", "SMB"}
    assert json["alpha_error"] == pytest.approx(float(found.fit.fit.errors[0]) * found.per_year)
    assert json["explained"] == pytest.approx(found.fit.share)


def test_factors_of_other_hours_enter_with_leads_and_lags() -> None:
    """An account that follows its factor a day late: by hand in numpy, and the same-day beta beside it."""
    factors, rng = published(("Mkt-RF", "SMB")), np.random.default_rng(3)
    moves = factors.values
    late = np.zeros_like(moves)
    late[1:] = moves[:-1]
    nav = np.cumprod(
        1 + 1e-4 + 0.5 * moves[:, 0] + 0.4 * late[:, 0] - 0.3 * late[:, 1] + rng.normal(0, 0.003, DAYS.size)
    )
    same, dimson = (exposure(DAYS, nav, factors, m) for m in ("same_day", "dimson"))
    assert same.fit.betas == pytest.approx([0.5, 0.0], abs=0.05)
    assert dimson.fit.betas == pytest.approx([0.9, -0.3], abs=0.05)
    own = nav[1:] / nav[:-1] - 1 - 1e-4
    kept = slice(1, -1)  # neither the first return nor the last has both neighbours
    x = add_constant(
        np.column_stack([moves[1:][n : own.size - 2 + n, k] for k in range(2) for n in range(3)])
    )
    lags = int(4 * (x.shape[0] / 100) ** (2 / 9))
    theirs = OLS(own[kept], x).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True
    )
    tested = theirs.t_test(
        np.array([[1, 0, 0, 0, 0, 0, 0], [0, 1, 1, 1, 0, 0, 0], [0, 0, 0, 0, 1, 1, 1]], dtype=float)
    )
    fit = dimson.fit.fit
    np.testing.assert_allclose(fit.coefficients, tested.effect, atol=1e-10)
    np.testing.assert_allclose(fit.errors, tested.sd[:, 0] if tested.sd.ndim > 1 else tested.sd, atol=1e-10)
    np.testing.assert_allclose(fit.p, tested.pvalue, atol=1e-10)
    assert dimson.fit.alpha == pytest.approx(dimson.per_year * float(theirs.params[0]), abs=1e-10)
    last = OLS(own[kept][-WINDOW:], x[-WINDOW:]).fit().params
    np.testing.assert_allclose(dimson.rolling[-1], [last[1:4].sum(), last[4:].sum()], atol=1e-10)
    assert dimson.days[-1] == DAYS[-2]
    assert (same.to_json()["beta_measure"], dimson.to_json()["beta_measure"]) == ("same_day", "dimson")
    assert "day before, the day and the day after" in measure_words(dimson)
    assert "of the same day" in measure_words(same)


@pytest.mark.parametrize(
    ("venues", "regions", "measure"),
    [
        (("XNYS", "XNAS"), ("US",), "same_day"),
        (("XNYS",), ("North_America",), "same_day"),
        (("XLON",), ("Europe",), "same_day"),
        (("XETR",), ("Europe",), "same_day"),
        (("XETR",), ("US",), "dimson"),
        (("XNYS", "XETR"), ("North_America",), "dimson"),
        (("XHKG",), ("Asia_Pacific_ex_Japan",), "dimson"),  # Sydney has closed two hours before
        (("XNYS",), ("Developed",), "dimson"),
        (("XNYS",), (), "dimson"),  # hours that are not told
        ((), ("US",), "same_day"),
    ],
)
def test_betas_of_factors_are_of_the_hours_of_what_is_held(
    venues: tuple[str, ...], regions: tuple[str, ...], measure: str
) -> None:
    assert factor_measure(venues, regions) == measure


def test_an_account_takes_the_hours_of_what_it_held() -> None:
    frame = SAMPLE.deliver(("NTR",), ()).bars["NTR"].dates
    days = frame[frame >= np.datetime64("2019-01-01")]
    values = np.random.default_rng(1).normal(0, 0.008, (days.size, 1))
    factors = Factors(("Mkt-RF",), days, values, np.zeros(days.size), "made up", ("US",))
    report = backtest(FertilizerProducers(), RunSettings(SAMPLE, THESIS, placebos=0, factors=factors))
    assert report.factors is not None
    assert report.factors.fit.measure == "dimson"  # kali closes in Frankfurt


def written(place: Path, name: str, head: str, rows: np.ndarray, form: str = ".2f") -> Path:
    lines = [
        f"{str(d).replace('-', '')},{','.join(format(v, form) for v in row)}"
        for d, row in zip(DAYS, rows, strict=False)
    ]
    path = place / name
    path.write_text(f"Made up.\n\n{head}\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_momentum_without_a_rate_joins_the_factors_that_have_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    three = read_factors(
        written(tmp_path, "Europe_3_Factors_Daily.csv", ",Mkt-RF,SMB,RF", rng.normal(0, 0.9, (200, 3)))
    )
    momentum = read_factors(
        written(tmp_path, "Europe_Mom_Factor_Daily.csv", ",WML", rng.normal(0, 0.9, (150, 1)))
    )
    both = joined([three, momentum])
    assert both.names == ("Mkt-RF", "SMB", "WML")
    assert both.dates.size == 150
    assert both.regions == ("Europe",)
    np.testing.assert_array_equal(both.values[:, 2], momentum.values[:, 0])
    with pytest.raises(BadInputError, match="no factor file has RF"):
        joined([momentum])
    with pytest.raises(BadInputError, match="is in two files"):
        joined([three, three])


def test_two_regions_are_told_apart() -> None:
    both = joined([published(region="Europe"), published(region="Asia_Pacific_ex_Japan", seed=1)])
    assert both.names[0] == "Europe Mkt-RF"
    assert both.names[2] == "Asia_Pacific_ex_Japan Mkt-RF"
    with pytest.raises(BadInputError, match="days in common"):
        joined([published(), replace(published(region="Europe"), dates=DAYS + 4000)])


def test_fractions_are_told_from_percent_by_their_size(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(0, 0.9, (200, 3))
    values[5] = -99.99
    percent = read_factors(written(tmp_path, "Japan_3_Factors_Daily.csv", ",Mkt-RF,SMB,RF", values, ".4f"))
    fractions = read_factors(
        written(tmp_path, "Japan_4_Factors_Daily.csv", ",Mkt-RF,SMB,RF", values / 100, ".6f")
    )
    np.testing.assert_allclose(percent.values, fractions.values, atol=1e-6)
    assert np.isnan(fractions.values[5]).all()
    assert "fractions" in fractions.notes[0]
    assert not percent.notes


@pytest.mark.parametrize(
    ("name", "vintage", "region"),
    [
        ("F-F_Research_Data_Factors_daily.CSV", "", "US"),
        ("F-F_Momentum_Factor_daily.csv", "", "US"),
        ("Developed_3_Factors_Daily.csv", "", "Developed"),
        ("Developed_ex_US_5_Factors_Daily.csv", "", "Developed_ex_US"),
        ("Asia_Pacific_ex_Japan_3_Factors_Daily.csv", "Bloomberg", "Asia_Pacific_ex_Japan"),
        ("North_America_Mom_Factor_Daily.csv", "", "North_America"),
        ("mine.csv", "This file was created using the 202607 CRSP database.", "US"),
        ("mine.csv", "This file was created using the 203101 Bloomberg database.", ""),
    ],
)
def test_a_file_tells_its_region(name: str, vintage: str, region: str) -> None:
    assert region_of(name, vintage) == region


def test_what_is_held_must_belong_to_the_region() -> None:
    hong_kong, american, receipt = instrument("1157.HK"), instrument("MOS"), instrument("KAP.IL")
    assert fits(hong_kong, ("Asia_Pacific_ex_Japan",))
    assert not fits(hong_kong, ("US",))
    assert not fits(receipt, ("Europe",))  # a Kazakh company, though it trades in London
    require_fit({american: 0.6, hong_kong: 0.4}, ("US",), "")
    require_fit({american: 0.1, hong_kong: 0.9}, ("US", "Asia_Pacific_ex_Japan"), "")
    with pytest.raises(BadInputError, match=r"of US, to which 40% of what is held belongs \(not 1157.HK\)"):
        require_fit({american: 0.4, hong_kong: 0.6}, ("US",), "")
    require_fit({hong_kong: 1.0}, ("US",), ANY)
    with pytest.raises(BadInputError, match="no factor file tells its region"):
        require_fit({american: 1.0}, (), "")
    with pytest.raises(BadInputError, match="region=Mars"):
        checked_region("Mars")
    assert checked_region("asia pacific ex japan") == "Asia_Pacific_ex_Japan"
    with pytest.raises(BadInputError, match="base=EUR"):
        require_dollars("EUR")


def test_risk_by_hand_and_in_sum() -> None:
    rng = np.random.default_rng(4)
    index = pd.bdate_range("2022-01-03", periods=300)
    close = 100 * np.exp(np.cumsum(rng.normal(0, [0.01, 0.02], (300, 2)), axis=0))
    market = Market.from_frames(pd.DataFrame(close, index, ["NTR", "MOS"]))
    weights = np.tile([0.5, 0.4], (300, 1))
    targets = Targets(market.rows, market.symbols, np.arange(300), weights)
    r = AccountTerms(FeeTable((), "none"), "close").run(targets, market)
    shares = risk_shares(r, THESIS)
    assert shares is not None
    for kind in shares.to_json().values():
        assert sum(kind.values()) == pytest.approx(1.0, abs=1e-12)
    moves = np.diff(close, axis=0) / close[:-1] * [0.5, 0.4]
    total = moves.sum(axis=1)
    by_hand = [np.cov(m, total)[0, 1] / total.var(ddof=1) for m in moves.T]
    # Daily rebalancing waits for the next close, so weights drift by a day's move: a hundredth of a share.
    assert [shares.leg["NTR"], shares.leg["MOS"]] == pytest.approx(by_hand, abs=0.01)
    assert shares.theme == {"fertilizer": pytest.approx(1.0)}
    nothing = Targets(market.rows, market.symbols, np.array([0]), np.zeros((1, 2)))
    assert risk_shares(AccountTerms(FeeTable((), "none")).run(nothing, market), THESIS) is None


def test_an_event_study_takes_factors_in_place_of_its_market() -> None:
    sleeve = Sleeve("made", "fertilizer", ("NTR", "MOS"), "SPY")
    plain = sleeve_returns(SAMPLE, sleeve, Design())
    factors = published(region="North_America")
    found = sleeve_returns(SAMPLE, sleeve, Design(model="factors", published=factors))
    assert not found.lagged
    levels = factors.levels(found.sessions)
    grown = np.full_like(levels, np.nan)
    grown[1:] = levels[1:] / levels[:-1] - 1
    np.testing.assert_array_equal(found.factors, grown[:, :2])
    np.testing.assert_array_equal(found.names, plain.names - grown[:, 2:])
    assert found.against == "the factors Mkt-RF, SMB (North_America)"
    assert plain.against == "SPY"
    with pytest.raises(BadInputError, match="to which 0% of what is held belongs"):
        sleeve_returns(SAMPLE, sleeve, Design(model="factors", published=published(region="Japan")))
    apart = sleeve_returns(
        SAMPLE, sleeve, Design(model="factors", published=published(region="Japan"), region=ANY)
    )
    assert apart.lagged
    assert apart.factors.shape[1] == 6  # each with leads and lags
    with pytest.raises(BadInputError, match="beside published factors"):
        Design(model="mean", published=factors)
