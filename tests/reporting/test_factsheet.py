"""The factsheet: gross less net is costs, the doubts stand on it, two pages of A4."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from positioning.analysis.periods import calendar_years, costs_paid, monthly, trailing
from positioning.analysis.report import BacktestReport
from positioning.reporting.factsheet import view, write_factsheet
from positioning.reporting.format import before_costs
from positioning.reporting.pdf import print_pdf
from tests.analysis.spoken import plain


@pytest.mark.usefixtures("reports")
def test_gross_less_net_is_costs_to_the_last_digit(reports: list[BacktestReport]) -> None:
    for report in reports:
        r = report.result
        for p in [*trailing(r, report.without_events, None), *calendar_years(r, report.without_events, None)]:
            assert p.gross - p.net == pytest.approx(
                p.costs, rel=0, abs=1e-15
            )  # one rounding of the difference
            a, b = (int(np.searchsorted(r.rows, day)) for day in (p.first, p.last))
            assert p.costs == costs_paid(r)[a + 1 : b + 1].sum() / r.nav[a]
            fees = sum(v[a + 1 : b + 1].sum() for v in r.costs.values())
            borrow = -r.profit["financing"][a + 1 : b + 1].sum()
            assert p.costs * r.nav[a] == pytest.approx(fees + borrow, rel=1e-12)  # summed in another order


def test_what_is_shown_adds_up_to_the_last_digit(reports: list[BacktestReport]) -> None:
    def cents(text: str) -> int:
        return round(100 * float(text.removesuffix("\u00a0%").replace("\u2212", "-")))

    shown = [row for report in reports for row in view(report).trailing]
    assert len(shown) >= 12
    for _, gross, costs, net, *_ in shown:
        assert cents(gross) - cents(costs) == cents(net)
    assert before_costs(0.00126, 0.00126) == "+0.26\u00a0%"  # 0.13 and 0.13, though 0.252 alone would be 0.25


def test_years_and_months_compound_to_the_whole(reports: list[BacktestReport]) -> None:
    for report in reports:
        r = report.result
        years = np.prod([1 + p.net for p in calendar_years(r, report.without_events, report.benchmark)])
        months = np.prod([1 + v for year in monthly(r.rows, r.nav).values() for v in year.values()])
        assert years == pytest.approx(r.nav[-1], rel=1e-12)
        assert months == pytest.approx(r.nav[-1], rel=1e-12)


def test_the_doubts_stand_on_it(reports: list[BacktestReport], tmp_path: Path) -> None:
    path = write_factsheet(reports[0], tmp_path)
    text = plain(path.read_text())
    assert "Hypothetical performance" in text
    assert "SIMULATED" in path.read_text().split("</title>")[0]
    assert reports[0].verdict.sentence in text
    assert "generated prices: none was ever paid" in text
    assert "7, by rule: it sells short" in text
    assert " ".join(reports[0].strategy.caveat.split()) in text
    assert len(view(reports[0]).years) == 6
    assert "GIPS" not in text


@pytest.mark.skipif(not shutil.which("chromium"), reason="no chromium on this machine")
def test_two_pages_of_a4(reports: list[BacktestReport], tmp_path: Path) -> None:
    for report in (reports[0], reports[3]):
        style = write_factsheet(report, tmp_path).read_text().split("@media print")[-1].split("</style>")[0]
        assert "zoom" not in style
        assert min(float(size) for size in re.findall(r"font-size: ([\d.]+)pt", style)) >= 8
        pdf = print_pdf(write_factsheet(report, tmp_path)).read_bytes()
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2
        box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf)
        assert box is not None
        assert [float(x) for x in box.groups()] == pytest.approx([595.3, 841.9], abs=1.0)  # points
