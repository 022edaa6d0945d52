"""What a thesis tells the sample market: read from its folder, checked, and seen in the prices."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from positioning.data.sample import SampleSource
from positioning.errors import BadInputError
from positioning.events.thesis import Thesis
from positioning.events.thesis_file import read_thesis
from positioning.market.sample_facts import NO_FACTS, SampleFacts, read_sample_facts
from tests.builders import RECORD, THESIS

CARRIERS = """
[groups.carriers]
share = 0.4

[names.ZIM]
group = "carriers"
price = 12.0
spy = 1.1
hsi = 0.2
idio = 0.5
kurtosis = 4.0
yield = 0.0
volume = 4e6

[names.MATX]
like = "ZIM"
price = 100.0

[reactions.carriers]
reference = 0.3162277660168379 # sqrt(share) times idio
mean = 0.05
noise = 0.0
split = [1.0]
up = [2023-12-18]
down = []

[jumps.MATX]
date = 2024-03-01
size = -0.5
"""


def told(text: str) -> SampleSource:
    return SampleSource().knowing(replace(THESIS, sample=SampleFacts(text)))


def test_a_group_answers_its_dates_and_nothing_else_moves() -> None:
    """The reaction is all that differs: its size is the mean over the reference, times the name's own loading, which is
    the reference here; the rest of the group's variance shrinks by what the jump takes, under a thousandth of a move."""
    quiet = CARRIERS.replace("up = [2023-12-18]", "up = []")
    with_news, without = (told(t).deliver(["ZIM", "SPY"], []).bars for t in (CARRIERS, quiet))
    assert with_news["SPY"].digest() == without["SPY"].digest()
    moves = [np.diff(np.log(b["ZIM"].close)) for b in (with_news, without)]
    days = with_news["ZIM"].dates[1:]
    apart = moves[0] - moves[1]
    day = days == np.datetime64("2023-12-19")
    assert apart[day] == pytest.approx(0.05, abs=0.003)  # prices to the cent at twelve dollars
    assert np.abs(apart[~day]).max() < 0.004


def test_a_name_borrows_moments_and_jumps() -> None:
    source = told(CARRIERS)
    given = source.deliver(["MATX"], [])
    assert any("is simulated with the volatility and betas of ZIM" in n.text for n in given.notices)
    bars = given.bars["MATX"]
    day = bars.dates[1:] == np.datetime64("2024-03-01")
    assert np.diff(np.log(bars.close))[day][0] < -0.3  # a day moves by 4 %
    assert {"ZIM", "MATX", "NTR"} <= set(source.universe())


def test_without_a_file_the_sample_knows_no_news(tmp_path: Path) -> None:
    for name in ("thesis.toml", "events.csv"):
        (tmp_path / name).write_bytes((RECORD / name).read_bytes())
    plain = read_thesis(tmp_path)
    assert plain.sample == NO_FACTS
    (tmp_path / "sample.toml").write_text(CARRIERS)
    with_facts = read_thesis(tmp_path)
    assert with_facts.sample == SampleFacts(CARRIERS)
    assert with_facts.digest != plain.digest


def test_facts_are_a_value() -> None:
    assert pickle.loads(pickle.dumps(THESIS.sample)) == THESIS.sample  # noqa: S301
    again: Thesis = pickle.loads(pickle.dumps(THESIS))  # noqa: S301
    assert again.sample == THESIS.sample
    assert hash(THESIS.sample) != hash(NO_FACTS)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("[reaction.x]\n", "table 'reaction'"),
        ("jumps = 3\n", "jumps"),
        ("[jumps]\nNTR = 2\n", "jumps"),
        ("[jumps.NTR]\ndate = 2022-01-03\nsiez = -1\n", "jumps.NTR.siez"),
        ("[jumps.NTR]\ndate = 2022-01-03\n", "jumps.NTR has no size"),
        ("[jumps.NTR]\ndate = '2022'\nsize = -1\n", "jumps.NTR: "),
        ("[jumps.NTR]\ndate = 2022-01-03\nsize = nan\n", "jumps.NTR.size = nan"),
        ("[splits.NTR]\ndate = 2022-01-03\nratio = 0\n", "splits.NTR.ratio = 0"),
        ("[drivers.OIL]\nnoise = 0.1\nlag_days = 3\nshape = [['2022-13', 1.0], ['2023-01', 2.0]]\n", "drivers.OIL.shape"),
        ("[drivers.OIL]\nnoise = 0.1\nlag_days = 3\nshape = [['2023-01', 1.0], ['2022-01', 2.0]]\n", "drivers.OIL.shape"),
        ("[groups.x]\nshare = 1.5\n", "groups.x.share = 1.5"),
        ("[names.NTR]\nprice = -1\n", "names.NTR.price = -1"),
        ("[names\n", "cannot be read"),
    ],
)  # fmt: skip
def test_a_fault_of_the_file_is_one_line_with_its_place(text: str, seen: str, tmp_path: Path) -> None:
    file = tmp_path / "sample.toml"
    file.write_text(text)
    with pytest.raises(BadInputError) as raised:
        read_sample_facts(file)
    assert str(file) in raised.value.seen
    assert seen in raised.value.seen


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("[names.ZIM]\nlike = 'NTRR'\n", "names.ZIM.like 'NTRR'"),
        ("[names.ZIM]\nlike = 'FMC'\n", "names.ZIM.like 'FMC'"),  # which borrows itself
        ("[names.ZIM]\nprice = 3.0\n", "names.ZIM has no spy"),
        ("[names.ZIM]\nlike = 'NTR'\ngroup = 'ships'\n", "names.ZIM.group 'ships'"),
        (
            "[reactions.ships]\nreference = 1\nmean = 0\nnoise = 0\nsplit = [1]\nup = []\ndown = []\n",
            "reactions.ships",
        ),
        ("[offers.NTR]\ndate = 2022-01-03\nlast = 2022-03-01\npremium = 0.2\n", "offers.NTR on 2022-01-03"),
    ],
)
def test_a_row_that_names_what_is_not_there_is_refused(text: str, seen: str) -> None:
    with pytest.raises(BadInputError, match=r"sample\.toml") as raised:
        told(text).deliver(["ZIM", "NTR"], [])
    assert seen in raised.value.seen


def test_days_outside_the_market_do_nothing() -> None:
    late = "[jumps.NTR]\ndate = 2031-01-06\nsize = -1.0\n"
    assert (
        told(late).deliver(["NTR"], []).bars["NTR"].digest()
        == told("").deliver(["NTR"], []).bars["NTR"].digest()
    )
