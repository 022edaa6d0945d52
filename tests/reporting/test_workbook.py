"""A run as a spreadsheet, read back by another program."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from positioning.analysis.report import BacktestReport
from positioning.data.sample import SampleSource
from positioning.errors import BadInputError
from positioning.market.bars import Notice
from positioning.market.coverage import Span
from positioning.reporting.workbook import Sheet, write_workbook
from positioning.runs.backtest import RunSettings, backtest
from positioning.runs.keeping import daily
from strategies import HongKongEquipment
from tests.builders import THESIS

if TYPE_CHECKING:
    import openpyxl

SPAN = Span(np.datetime64("2024-09-02"), np.datetime64("2025-10-31"))  # a workbook of six years takes seconds


@pytest.fixture(scope="module")
def report() -> BacktestReport:
    return backtest(
        HongKongEquipment(), RunSettings(SampleSource(), THESIS, SPAN, command="=cmd|' /C calc'!A0")
    )


@pytest.fixture(scope="module")
def book(report: BacktestReport, tmp_path_factory: pytest.TempPathFactory) -> openpyxl.Workbook:
    import openpyxl

    return openpyxl.load_workbook(write_workbook(report, tmp_path_factory.mktemp("xlsx")))


def test_a_sheet_a_table(book: openpyxl.Workbook) -> None:
    names = [
        "About",
        "Metrics",
        "Daily",
        "Ledger",
        "Orders",
        "Profit by leg",
        "Trailing",
        "Years",
        "Months",
        "Risk",
    ]
    assert book.sheetnames == names
    assert all(book[name].max_row > 1 for name in names)
    assert book.properties.title.startswith("SIMULATED")
    assert book["About"]["A2"].value == "SIMULATED"


def test_numbers_are_the_account_s(report: BacktestReport, book: openpyxl.Workbook) -> None:
    rows = list(book["Daily"].values)
    table = daily(report)
    assert list(rows[0]) == list(table)
    column = rows[0].index("nav")
    # A workbook holds sixteen digits.
    np.testing.assert_allclose([row[column] for row in rows[1:]], table["nav"], rtol=1e-15)
    assert rows[1][0].date() == report.result.rows[0].astype(object)
    figures = {row[0]: row[1] for row in book["Metrics"].values}
    assert figures["sharpe"] == pytest.approx(report.metrics.sharpe, rel=1e-15)
    profit = {row[0]: sum(v or 0 for v in row[1:]) for row in list(book["Profit by leg"].values)[1:]}
    assert sum(profit.values()) == pytest.approx(report.result.nav[-1] - 1)


def test_no_cell_is_run(book: openpyxl.Workbook) -> None:
    assert not [c.coordinate for page in book for row in page.iter_rows() for c in row if c.data_type == "f"]
    told = {row[0]: row[1] for row in book["About"].values}
    assert told["command"] == "'=cmd|' /C calc'!A0"


def test_a_hostile_name_is_text(report: BacktestReport, tmp_path: Path) -> None:
    market = replace(
        report.result.market, notices=(Notice("", "=HYPERLINK(1)"), Notice("", "http://example.org"))
    )
    import openpyxl

    hostile = replace(report, result=replace(report.result, market=market))
    page = openpyxl.load_workbook(write_workbook(hostile, tmp_path))["About"]
    cells = [row[1] for row in page.iter_rows() if row[0].value == "notice"]
    assert "'=HYPERLINK(1)" in [c.value for c in cells]
    assert all(c.data_type == "s" and c.hyperlink is None for c in cells)


def test_a_foreign_file_is_not_written_over(report: BacktestReport, tmp_path: Path) -> None:
    path = write_workbook(report, tmp_path)
    write_workbook(report, tmp_path)  # our own is
    import openpyxl

    other = openpyxl.Workbook()
    other.save(path)
    kept = path.read_bytes()
    with pytest.raises(BadInputError, match="is not a file of this program"):
        write_workbook(report, tmp_path)
    path.write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(BadInputError, match="is not a file of this program"):
        write_workbook(report, tmp_path)
    assert kept


def test_a_table_longer_than_a_sheet_is_refused(
    report: BacktestReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("positioning.reporting.workbook.MOST_ROWS", 5)
    monkeypatch.setattr("positioning.reporting.workbook.sheets", lambda _: [Sheet("Long", ("a",), [[0]] * 6)])
    with pytest.raises(BadInputError, match="the table Long has 6 rows"):
        write_workbook(report, tmp_path)
    assert not list(tmp_path.iterdir())
