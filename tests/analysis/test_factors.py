"""Factor files of the French library, and alphas against statsmodels and linearmodels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from linearmodels.iv import IV2SLS
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from positioning.analysis.factor_files import read_factors
from positioning.analysis.factors import factor_fit
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
    y, x = nav[1:] / nav[:-1] - 1 - values[1:, 3] / 100, add_constant(values[1:, :3] / 100)
    lags = int(4 * (299 / 100) ** (2 / 9))
    theirs = OLS(y, x).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True)
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


US = "This file was created using the 202607 CRSP database.\nThe TBill rate is from Ibbotson, until 202405.\n\n"
ROWS = "20300102,0.41,-0.12,0.07,0.01\n20300103,-0.88,0.30,0.15,0.01\n20300104,1.20,0.02,-0.40,0.01\n"
NAMED = ",Mkt-RF,SMB,HML,RF\n"


@pytest.mark.parametrize(
    "text",
    [
        US + NAMED + ROWS,
        US + NAMED + ROWS + "\nCopyright 2030 Eugene F. Fama and Kenneth R. French\n",
        US + NAMED + ROWS + "Copyright 2030 Eugene F. Fama and Kenneth R. French",
        US + NAMED + "\n" + ROWS,
        US + " ,Mkt-RF , SMB, HML ,RF \n" + ROWS.replace(",", "   ,  "),
        US + '"","Mkt-RF","SMB","HML","RF"\n' + ROWS.replace("0.41", '"0.41"'),
        US + ",Mkt-RF,SMB,HML,Rf\n" + ROWS,
        # As a spreadsheet saves it again: every line as wide as the widest.
        "Created using the 202607 CRSP database.,,,,,\n,,,,,\n,Mkt-RF,SMB,HML,RF,\n" + ROWS.replace("\n", ",\n"),
        # A sentence above the header that begins with a comma, and one that is not about factors.
        ", missing data, are indicated, by -99.99\n" + US + NAMED + ROWS,
        US + NAMED + ROWS.replace("20300103", "\n20300103"),
        US + NAMED + ROWS + "\n  Annual Factors: January-December \n,Mkt-RF,SMB,HML,RF\n2030,10.0,1.0,1.0,3.0\n",
        # A second block of daily rows under a header of its own, as portfolios have them.
        US + NAMED + ROWS + "\n  Equal weighted -- Daily\n,Mkt-RF,SMB,HML,RF\n20300102,9.0,9.0,9.0,9.0\n",
        "\ufeff" + US + NAMED + ROWS,
        (US + NAMED + ROWS).replace("\n", "\r\n"),
        "\n".join(["Words, with commas, of a head of unfixed length."] * 30) + "\n" + NAMED + ROWS,
        # Before a factor begins there are codes alone, for longer than it lasts.
        US + NAMED + "".join(f"202912{d},-99.99,-999,-99.99,-99.99\n" for d in range(10, 30)) + ROWS,
    ],
)  # fmt: skip
def test_odd_files_have_the_same_three_days(text: str, tmp_path: Path) -> None:
    path = tmp_path / "F-F_Research_Data_Factors_daily.CSV"
    path.write_bytes(text.encode())
    found = read_factors(path)
    assert (found.names, found.regions, found.notes) == (("Mkt-RF", "SMB", "HML"), ("US",), ())
    np.testing.assert_array_equal(
        found.dates[-3:], np.arange("2030-01-02", "2030-01-05", dtype="datetime64[D]")
    )
    np.testing.assert_allclose(
        found.values[-3:], [[0.0041, -0.0012, 0.0007], [-0.0088, 0.003, 0.0015], [0.012, 0.0002, -0.004]]
    )
    np.testing.assert_allclose(found.risk_free[-3:], 0.0001)
    assert np.isnan(found.values[:-3]).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # A line that was lost among daily rows, and cells that were split by a decimal comma.
        (US + NAMED + ROWS.replace("20300103,-0.88", "x20300103,-0.88"), "line 6"),
        (US + NAMED + "20300102,0,41,-0,12,0,07,0,01\n", "line 5"),
        (US + NAMED + "20300102,0_4,0.1,0.1,0.01\n", "line 5"),
        (US + NAMED + "20300102,NA,0.1,0.1,0.01\n", "line 5"),
        (US + NAMED + "20300102,inf,0.1,0.1,0.01\n", "beyond 100 %"),
        (US + NAMED + ROWS + ROWS, "line 8"),
        (US + ",Mkt-RF,,HML,RF\n" + ROWS, "line 4: the header"),
        (US + ",SMB,SMB,HML,RF\n" + ROWS, "wanted each factor once"),
        (US + ",RF\n20300102,0.01\n", "line 4: the header"),
        (US + NAMED.replace(",", ";") + ROWS.replace(",", ";"), "no header"),
        (US + "    Mkt-RF    SMB    HML    RF\n20300102   0.41  -0.12   0.07   0.01\n", "no header"),
        (US + NAMED + "2030-01-02,0.41,-0.12,0.07,0.01\n", "no daily rows"),
        (US + NAMED + "203001,0.41,-0.12,0.07,0.01\n\n Annual\n2030,1,1,1,1\n", "no daily rows"),
        ("PK\x03\x04", "no header"),
        ("", "no header"),
    ],
)
def test_odd_files_that_cannot_be_read_say_where(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError, match=said) as error:
        read_factors(path)
    assert "\n" not in str(error.value)


def test_too_few_common_days_are_refused(tmp_path: Path) -> None:
    factors = read_factors(file(tmp_path, drawn()))
    with pytest.raises(BadInputError, match="returns in common"):
        factor_fit(DAYS[:30], np.ones(30), factors, 260.0)
