"""Rates of a currency as people have them: per dollar under three names, per euro, and the ECB's own table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from positioning.data.folder import FolderSource
from positioning.errors import BadInputError
from positioning.market.bars import Rates
from positioning.market.findings import errors
from positioning.market.quality import check

DAYS = np.arange(np.datetime64("2020-01-01"), np.datetime64("2022-01-01"))
DAYS = DAYS[np.is_busday(DAYS)]
RNG = np.random.default_rng(5)
# Around the averages of 2020 and 2021 on record: 1.14 and 1.18 dollars a euro.
EURO = 1.16 + 0.01 * np.sin(np.arange(DAYS.size) / 40) + RNG.normal(0, 0.002, DAYS.size)
PEG = 7.78 + RNG.normal(0, 0.004, DAYS.size)
LIRA = np.where(DAYS.astype("datetime64[Y]") == np.datetime64("2020"), 7.0, 8.9) * np.exp(
    RNG.normal(0, 0.006, DAYS.size)
)
PER_DOLLAR = {"HKD": PEG, "TRY": LIRA}


def table(**columns: np.ndarray) -> str:
    lines = [
        ",".join(["Date", *columns]),
        *(
            ",".join([str(day), *(f"{v:.8g}" for v in row)])
            for day, *row in zip(DAYS, *columns.values(), strict=True)
        ),
    ]
    return "\n".join(lines) + "\n"


def folder(place: Path, **files: str) -> FolderSource:
    for name, text in files.items():
        (place / f"{name}.csv").write_text(text)
    return FolderSource(place)


def own_table() -> str:
    """The ECB's own file: a column a currency, of units per euro."""
    return table(USD=EURO, JPY=EURO * 109, HKD=EURO * PEG, TRY=EURO * LIRA)


@pytest.mark.parametrize("currency", ["HKD", "TRY"])
@pytest.mark.parametrize(
    "name", ["{}_X", "{}USD_X", "USD{}_X", "FX_ECB", "eurofxref-hist", "eurofxref-hist (1)"]
)
def test_the_ecb_s_own_file_is_known_by_its_columns_whatever_its_name(
    tmp_path: Path, currency: str, name: str
) -> None:
    source = folder(tmp_path, **{name.format(currency): own_table()})
    delivery = source.deliver([], [currency])
    # Eight digits are written of each.
    assert delivery.rates[currency].usd == pytest.approx(1 / PER_DOLLAR[currency], rel=1e-6)
    assert not source.findings([f"{currency}=X"])
    said = [str(n.text) for n in delivery.notices]
    assert len(said) == ("{}" in name)
    assert all("units per euro" in text for text in said)


def test_a_currency_per_dollar_under_yahoo_s_other_name(tmp_path: Path) -> None:
    found = folder(tmp_path, USDHKD_X=table(Close=PEG)).deliver([], ["HKD"]).rates["HKD"]
    assert (found.origin, found.usd == pytest.approx(1 / PEG, rel=1e-6)) == ("USDHKD_X.csv", True)


def test_units_per_euro_beside_the_euro_are_crossed_on_the_days_of_both(tmp_path: Path) -> None:
    euro = "\n".join(table(Close=EURO).splitlines()[:-1]) + "\n"
    source = folder(tmp_path, EURHKD_X=table(Close=EURO * PEG), EURUSD_X=euro)
    found = source.deliver([], ["HKD", "EUR"]).rates
    assert found["HKD"].usd == pytest.approx(1 / PEG[:-1], rel=1e-6)
    assert found["HKD"].dates[-1] == DAYS[-2]
    assert found["EUR"].origin == "EURUSD_X.csv"
    (tmp_path / "EURUSD_X.csv").unlink()
    assert not source.deliver([], ["HKD"]).rates


def test_a_series_of_the_ecb_s_portal_is_no_rate_per_dollar(tmp_path: Path) -> None:
    text = table(Close=EURO * PEG).replace("Close", '"Hong Kong dollar/Euro (EXR.D.HKD.EUR.SP00.A)"')
    with pytest.raises(
        BadInputError, match=r"units per euro; wanted HKD per US dollar; name it EURHKD_X.csv"
    ):
        folder(tmp_path, HKD_X=text).deliver([], ["HKD"])


def levels(currency: str, per_dollar: np.ndarray) -> list[str]:
    rates = Rates(currency, DAYS[: per_dollar.size], 1 / per_dollar, "X.csv")
    found = errors(check({}, {currency: rates}))
    return [f.seen.rpartition(": ")[2] for f in found if f.check in ("level", "peg")]


@pytest.mark.parametrize("currency", ["HKD", "TRY"])
def test_a_column_of_units_per_euro_is_no_rate_per_dollar(currency: str) -> None:
    """17 % off, which no jump shows; for one pegged to the dollar a part of the rows is enough."""
    true = PER_DOLLAR[currency]
    assert levels(currency, true) == []
    assert levels(currency, true * EURO) == ["units per euro, not per dollar?"]
    half = np.where(np.arange(true.size) < 300, true, true * EURO)
    told = {"HKD": "units per euro, not per dollar?"}
    assert levels(currency, half) == [
        told.get(currency, "units per dollar on one side and per euro on the other?")
    ]


def test_a_currency_off_its_peg_is_another() -> None:
    assert levels("HKD", PEG * 6.5 / 7.78) == ["another currency, or another unit?"]
    some = np.where(np.abs(np.arange(PEG.size) - 200) < 10, 6.5, PEG)
    assert levels("HKD", some) == ["another currency, or another unit?"]
    assert levels("TRY", LIRA * 1.35) == []  # the lira has moved so


@pytest.mark.parametrize(("rows", "said"), [(21, 0), (22, 1)])
def test_a_currency_that_floats_and_does_not_move_is_told(rows: int, said: int) -> None:
    still = 1 / LIRA
    still[100 : 101 + rows] = still[100]
    found = check({}, {"TRY": Rates("TRY", DAYS, still, "X.csv")})
    assert [f.seen.partition(" rows")[0] for f in found if f.check == "stale"] == [str(rows + 1)] * said
    assert not check({}, {"HKD": Rates("HKD", DAYS, np.full(DAYS.size, 1 / 7.8), "X.csv")})  # a peg may


def test_a_jump_of_the_lira_by_as_much_as_the_euro_is_dearer_is_no_change_to_euros() -> None:
    fallen = np.where(np.arange(DAYS.size) < 300, LIRA / 1.16, LIRA)
    assert "euro" not in " ".join(levels("TRY", fallen))
