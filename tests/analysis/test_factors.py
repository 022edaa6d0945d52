"""Factor files of the French library, and alphas against statsmodels and linearmodels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from linearmodels.iv import IV2SLS

from positioning.analysis.factors import factor_fit, read_factors
from positioning.errors import BadInputError

HEAD = "This file was created using the 203101 Bloomberg database.\r\nMissing data are indicated by -99.99.\r\n\r\n"
DAYS = np.busday_offset("2030-01-01", np.arange(300), roll="forward").astype("datetime64[D]")


def file(place: Path, values: np.ndarray, tail: str = "") -> Path:
    rows = [
        f"{str(d).replace('-', '')}    ," + ",".join(f"{v:.2f}   " for v in row)
        for d, row in zip(DAYS, values, strict=False)
    ]
    path = place / "Europe_3_Factors_Daily.csv"
    path.write_text(
        HEAD + ",Mkt-RF,SMB,HML,RF\r\n" + "\r\n".join(rows) + "\r\n" + tail, newline="", encoding="utf-8"
    )
    return path


def drawn() -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.round(np.column_stack([rng.normal(0, 0.9, (300, 3)), np.full(300, 0.01)]), 2)


def test_percent_missing_codes_padding_and_what_follows_the_daily_block(tmp_path: Path) -> None:
    values = drawn()
    values[1], values[2, 0] = -99.99, -999.0
    tail = "\r\n  Annual Factors: January-December \r\n,Mkt-RF,SMB,HML,RF\r\n2030,1.0,1.0,1.0,1.0\r\n\r\nCopyright\r\n"
    found = read_factors(file(tmp_path, values, tail))
    assert found.names == ("Mkt-RF", "SMB", "HML")
    assert found.vintage.startswith("This file was created using the 203101 Bloomberg")
    np.testing.assert_array_equal(found.dates, DAYS)
    assert np.isnan(found.values[1]).all()
    assert np.isnan(found.risk_free[1])
    assert np.isnan(found.values[2, 0])
    np.testing.assert_allclose(found.values[3:], values[3:, :3] / 100, rtol=1e-12)


def test_alpha_and_betas_are_those_of_statsmodels_and_linearmodels(tmp_path: Path) -> None:
    values = drawn()
    factors, rng = read_factors(file(tmp_path, values)), np.random.default_rng(2)
    excess = 0.0004 + values[:, :3] / 100 @ [0.9, 0.3, -0.2] + rng.normal(0, 0.005, 300)
    nav = np.cumprod(1 + excess + values[:, 3] / 100)
    found = factor_fit(DAYS, nav, factors, 260.0)
    y, x = nav[1:] / nav[:-1] - 1 - values[1:, 3] / 100, sm.add_constant(values[1:, :3] / 100)
    lags = int(4 * (299 / 100) ** (2 / 9))
    theirs = sm.OLS(y, x).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True)
    others = IV2SLS(y, x, None, None).fit(cov_type="kernel", kernel="bartlett", bandwidth=lags, debiased=True)
    for other, errors in ((theirs.params, theirs.bse), (others.params, others.std_errors)):
        np.testing.assert_allclose(found.fit.coefficients, other, rtol=0, atol=1e-10)
        np.testing.assert_allclose(found.fit.errors, errors, rtol=0, atol=1e-10)
    assert found.alpha == pytest.approx(260 * theirs.params[0], abs=1e-8)
    assert found.share == pytest.approx(theirs.rsquared, abs=1e-10)
    assert found.returns == 299


def test_a_missing_factor_day_is_compounded_over(tmp_path: Path) -> None:
    values = drawn()
    factors = read_factors(file(tmp_path, values))
    gone = np.delete(np.arange(300), [50, 51])
    nav = np.cumprod(1 + values[:, :3].sum(axis=1) / 100)
    found = factor_fit(DAYS[gone], nav[gone], factors, 260.0)
    assert found.returns == 297


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no header\n20300102,1,2\n", "no header"),
        (",Mkt-RF,RF\n203001,1.0,0.1\n", "no daily rows"),
        (",Mkt-RF,RF\n20300103,1.0,0.1\n20300102,1.0,0.1\n", "line 3"),
        (",Mkt-RF,RF\n20300103,x,0.1\n", "line 2"),
        (",Mkt-RF,RF\n20300103,1.0\n", "line 2"),
        (",Mkt-RF,RF\n20309903,1.0,0.1\n", "line 2"),
        (",Mkt-RF,RF\n20300103,500.0,0.1\n", "beyond 100 %"),
    ],
)
def test_what_is_no_daily_factor_file_is_refused(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError, match=said):
        read_factors(path)
    with pytest.raises(BadInputError, match="wanted a factor file"):
        read_factors(tmp_path / "none.csv")


def test_too_few_common_days_are_refused(tmp_path: Path) -> None:
    factors = read_factors(file(tmp_path, drawn()))
    with pytest.raises(BadInputError, match="returns in common"):
        factor_fit(DAYS[:30], np.ones(30), factors, 260.0)
