"""The door to quantstats: each trap of its own is shut."""

from __future__ import annotations

import logging
import re
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from positioning.reporting.tearsheet import quantstats_report as door
from positioning.reporting.tearsheet.quantstats_report import QuantstatsPage, quantstats_html

ROWS = 320
HOSTILE = "<img src=x onerror=alert(1)> {{metrics}}"


def series(seed: int, rows: int = ROWS, zone: str | None = None) -> pd.Series:
    dates = pd.bdate_range("2023-01-02", periods=rows, tz=zone)
    return pd.Series(np.random.default_rng(seed).normal(0.0004, 0.01, rows), dates)


def jumping_series() -> tuple[pd.Series, pd.Series]:
    """Dates in two zones, five idle rows and a jump first."""
    returns, benchmark = series(1, zone="Asia/Hong_Kong"), series(2, zone="America/New_York")
    returns.iloc[:6] = [0, 0, 0, 0, 0, 0.05]
    return returns, benchmark


@pytest.fixture(scope="module")
def page() -> tuple[QuantstatsPage, str]:
    """A report with a benchmark; what it logged."""
    records: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(listener)
    try:
        made = quantstats_html(*jumping_series(), HOSTILE, 260.3)
    finally:
        logging.getLogger().removeHandler(listener)
    return made, "\n".join(records)


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything but the drawing."""
    monkeypatch.setattr(
        door, "_report", lambda own, measure, *_: f"{len(own)} rows, benchmark {measure is not None}"
    )


def test_q1_returns_that_look_like_prices_are_refused() -> None:
    made = quantstats_html(series(1).abs().where(lambda r: r.index != r.index[7], 1.42), None, "t", 260)
    assert made.body == ""
    assert made.figures == {}
    assert "prices" in made.remarks[0]


def test_q1_penny_returns_stay_returns() -> None:
    """All below 1 and of both signs: total return is the product, not a ratio of prices."""
    returns = series(3)
    assert door._figures(returns, returns, None, 260)["total_return"] == pytest.approx(
        (1 + returns).prod() - 1, rel=1e-12
    )


def test_q2_dates_are_local(page: tuple[QuantstatsPage, str]) -> None:
    """2 January in Hong Kong is 1 January in UTC, and must not become it."""
    assert "2 Jan, 2023 - " in page[0].body
    assert "1 Jan, 2023" not in page[0].body.replace("11 Jan, 2023", "")


def test_q3_two_zones_are_no_error(page: tuple[QuantstatsPage, str]) -> None:
    assert page[0].remarks == ()
    assert "Rolling beta" in page[0].body


def test_q4_a_benchmark_on_other_dates_is_refused_not_filled_backwards() -> None:
    with pytest.raises(ValueError, match="each date"):
        quantstats_html(series(1), series(2).iloc[::2], "t", 260)
    gap = series(2)
    gap.iloc[50] = np.nan
    with pytest.raises(ValueError, match="gap"):
        quantstats_html(series(1), gap, "t", 260)


@pytest.mark.usefixtures("unrendered")
def test_q4_a_shorter_benchmark_gives_beta_on_its_span_and_leaves_the_report_on_the_accounts() -> None:
    returns, benchmark = series(1), series(2)
    benchmark.iloc[:60] = np.nan
    made = quantstats_html(returns, benchmark, "t", 260)
    assert made.body == f"{ROWS} rows, benchmark False"
    assert "2023-03-27" in made.remarks[0]
    both = np.cov(returns[60:], benchmark[60:])
    assert made.figures["beta"] == pytest.approx(both[0, 1] / both[1, 1], rel=1e-9)
    assert made.figures["total_return"] == pytest.approx((1 + returns).prod() - 1, rel=1e-12)


def test_q7_idle_rows_at_the_start_are_kept(page: tuple[QuantstatsPage, str]) -> None:
    returns = series(1)
    returns.iloc[:6] = [0, 0, 0, 0, 0, 0.05]
    assert page[0].figures["total_return"] == pytest.approx((1 + returns).prod() - 1, rel=1e-12)
    assert "(matched dates)" not in page[0].body


@pytest.mark.parametrize(
    ("values", "why"),
    [(np.zeros(ROWS), "never moved"), (np.full(ROWS, -1.0), "ruined"), (np.zeros(5), "too few")],
)
def test_q9_what_it_breaks_on_is_not_given_to_it(values: np.ndarray, why: str) -> None:
    dates = pd.bdate_range("2023-01-02", periods=values.size)
    made = quantstats_html(pd.Series(values, dates), pd.Series(values, dates), "t", 260)
    assert made.body == ""
    assert why in made.remarks[0]


@pytest.mark.usefixtures("unrendered")
def test_q9_a_benchmark_equal_or_flat_is_left_out() -> None:
    returns = series(1)
    for benchmark in (returns, returns * 0):
        made = quantstats_html(returns, benchmark, "t", 260)
        assert made.body == f"{ROWS} rows, benchmark False"
        assert len(made.remarks) == 1
        assert "beta" not in made.figures


@pytest.mark.usefixtures("unrendered")
def test_q12_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    import quantstats

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("asked for a download")

    monkeypatch.setattr(quantstats.utils, "download_returns", fail)
    quantstats_html(series(1), series(2), "t", 260)
    with pytest.raises(TypeError):
        quantstats_html(series(1), "SPY", "t", 260)  # type: ignore[arg-type]


def test_a_failure_inside_is_a_remark(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise RuntimeError("of its own")

    monkeypatch.setattr(door, "_report", fail)
    made = quantstats_html(series(1), None, "t", 260)
    assert (made.body, made.remarks) == ("", ("quantstats failed: RuntimeError: of its own",))


def test_no_font_is_missed_and_nothing_is_said(page: tuple[QuantstatsPage, str]) -> None:
    assert "findfont" not in page[1]
    assert page[1] == ""


def test_the_report_is_inert_and_whole(page: tuple[QuantstatsPage, str]) -> None:
    body = page[0].body
    assert "<img" not in body
    assert "&lt;img src=x onerror=alert(1)&gt; &#123;&#123;metrics" in body
    assert body.count("<svg") == 14
    assert not re.search(r"\{\{|<metadata|<\?xml|<script|\N{SMALL PERCENT SIGN}", body)


def test_what_misleads_is_left_out_and_a_fall_that_lasts_is_not_recovered(
    page: tuple[QuantstatsPage, str],
) -> None:
    body = page[0].body
    assert re.search(r"<td>Calmar</td>", body)
    for absurd in ("Treynor", "Risk of Ruin", "BENCHMARK", "3Y (ann.)", "10Y (ann.)", "#fedd78"):
        assert absurd not in body
    falls = series(1)
    falls.iloc[-3:] = -0.02
    made = quantstats_html(falls, None, "t", 260)
    last = f"{falls.index[-1]:%Y-%m-%d}"
    ended = re.search(r"<td>Max DD Period End</td><td>(.*?)</td>", made.body)
    assert ended is not None
    table = made.body.partition("Worst 10 drawdowns")[2]
    assert f"<td>{last}</td>" not in table
    assert table.count("<td>not yet</td>") == 1
    assert ended[1] == "not yet" or ended[1] < last


def test_our_template_takes_all_that_quantstats_offers() -> None:
    import quantstats

    placeholders = [
        set(re.findall(r"{{\w+}}", file.read_text()))
        for file in (
            Path(quantstats.__file__).with_name("report.html"),
            Path(door.__file__).with_name("quantstats_template.html"),
        )
    ]
    assert placeholders[0] == placeholders[1]


def test_years_stand_under_their_own_bars() -> None:
    """With pandas 3 quantstats alone writes 2020 under 2019's bar."""
    dates = pd.bdate_range("2019-01-01", "2022-12-30")
    returns = pd.Series(np.random.default_rng(4).normal(0, 0.01, dates.size), dates, name="r")
    with door._quiet() as qs:
        axes = qs.plots.yearly_returns(returns, show=False).axes[0]
        labels = {round(t.get_position()[0]): t.get_text() for t in axes.get_xticklabels()}
    centres = [round(bar.get_x() + bar.get_width() / 2) for bar in axes.patches]
    assert [labels[c] for c in centres] == ["2019", "2020", "2021", "2022"]


def test_what_is_done_once_changes_no_byte(
    page: tuple[QuantstatsPage, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All is drawn, measured and grouped as often as quantstats asks: that takes the time of two pages."""
    monkeypatch.setattr(door, "without_repeats", lambda _: nullcontext())
    assert quantstats_html(*jumping_series(), HOSTILE, 260.3) == page[0]


def test_what_quantstats_works_out_once_is_worked_out_of_what_it_is_given() -> None:
    """Other numbers, dates, names or options are another question, and nobody changes an answer for the next."""
    import quantstats

    plain = quantstats.utils.aggregate_returns
    frame = pd.DataFrame({"a": series(7), "b": series(8)})
    later = frame.set_axis(frame.index + pd.Timedelta(40, "D"))
    asked = [
        frame,
        frame * 2,
        later,
        frame.rename(columns={"a": "c"}),
        frame["a"],
        frame["a"].rename("d"),
        frame["b"],
    ]
    with door._quiet() as qs:
        for _ in range(2):
            for data in asked:
                for options in [(None, True), ("ME", True), ("ME", False), ("YE", True)]:
                    told = qs.utils.aggregate_returns(data, *options)
                    assert told.equals(plain(data, *options))
                    told.iloc[0] = np.nan
    assert quantstats.utils.aggregate_returns is plain


def test_a_benchmark_on_other_dates_is_aligned_as_quantstats_does() -> None:
    import quantstats

    own, measure = series(9), series(10)
    shorter = measure.iloc[3:-2]
    wanted = [quantstats.utils._prepare_benchmark(m, own.index) for m in (measure, shorter)]
    with door._quiet() as qs:
        for m, prepared in zip((measure, shorter), wanted, strict=True):
            pd.testing.assert_series_equal(qs.utils._prepare_benchmark(m, own.index), prepared)
    assert len(wanted[1]) == len(own)


def test_its_theme_stays_its_own() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    with door._quiet():
        assert matplotlib.rcParams["svg.hashsalt"] == "positioning"
    assert dict(matplotlib.rcParams) == before
