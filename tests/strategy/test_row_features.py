"""Rows that were worked out for other decisions have the bits of rows worked out alone."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from positioning.market.load import load
from positioning.market.market import Market
from positioning.strategy import features
from positioning.strategy.features import Betas, Covariance, Eligibility, FeatureBook, RowFeature
from strategies.enablers import Enablers
from tests.builders import EVENTS, SAMPLE

LEGS = ("0598.HK", "1199.HK", "1919.HK")
KINDS: tuple[RowFeature, ...] = (
    Betas(("NTR", "MOS", "SDF.DE"), "MOO", 120, "overlapping"),
    Eligibility(LEGS, 120, "strict"),
    Covariance(60, "overlapping"),
)


@cache
def market() -> Market:
    strategy = Enablers()
    return load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)


@pytest.mark.parametrize("feature", KINDS, ids=lambda f: type(f).__name__)
@pytest.mark.parametrize("most", [features.MAX_ROW_BYTES, 0], ids=["kept", "not kept"])
def test_rows_have_the_same_bits_whoever_asked_before(
    feature: RowFeature, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "MAX_ROW_BYTES", most)
    shared, rng = replace(market()), np.random.default_rng(0)
    for _ in range(4):
        rows = np.sort(rng.choice(shared.rows.size, 40, replace=False))
        seen = FeatureBook(shared, EVENTS, rows)[feature]
        alone = feature.of_rows(replace(market()), EVENTS.restrictions, rows)
        assert seen.dtype == alone.dtype
        assert seen.tobytes() == np.ascontiguousarray(alone).tobytes()


def test_no_row_is_worked_out_twice_and_other_restrictions_are_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared, asked = replace(market()), list[int]()
    whole = Eligibility.of_rows
    monkeypatch.setattr(
        Eligibility, "of_rows", lambda self, m, r, rows: (asked.append(rows.size), whole(self, m, r, rows))[1]
    )
    rows = np.arange(400, 500)
    feature = KINDS[1]
    first = FeatureBook(shared, EVENTS, rows)[feature]
    FeatureBook(shared, EVENTS, rows[::2])[feature]
    FeatureBook(shared, EVENTS, np.arange(450, 510))[feature]
    assert asked == [100, 10]
    free = FeatureBook(shared, replace(EVENTS, restrictions=()), rows)[feature]
    assert asked == [100, 10, 100]
    assert free.shape == first.shape


def test_no_rows_are_no_rows() -> None:
    for feature in KINDS:
        assert len(FeatureBook(market(), EVENTS, np.zeros(0, dtype=np.int64))[feature]) == 0
