"""Assessment: published examples, cases by hand, brute force, arch's SPA, and what pure noise must give."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import kurtosis, rankdata, skew

from positioning.analysis.cross_validation import PBO_TRIALS, Pbo, pbo, pbo_sample, purged_splits
from positioning.analysis.overfitting import (
    deflated_sharpe,
    effective_trials,
    expected_maximum_sharpe,
    minimum_track_record_length,
    neighbourhood_scores,
    plateau,
    probabilistic_sharpe,
)
from tests.builders import Figure

# The same formula in another order of operations.
SAME = 1e-12

PRINTED = 5e-5  # half a unit of the fourth decimal, which is as far as the papers print
YEAR = 250


# Sharpe ratios: the papers' own numbers


def test_deflated_sharpe_of_the_published_example() -> None:
    """Bailey and Lopez de Prado (2014): annual Sharpe 2.5 over five years of 250 days, skew -3, kurtosis 10, the
    best of 100 independent trials whose annual Sharpes have variance 1/2."""
    variance = 0.5 / YEAR
    assert expected_maximum_sharpe(variance, 100) == pytest.approx(0.1132, abs=PRINTED)
    found = deflated_sharpe(2.5 / math.sqrt(YEAR), variance, 100, 5 * YEAR, -3.0, 10.0)
    assert found == pytest.approx(0.9004, abs=PRINTED)


@pytest.mark.parametrize(("trials", "skew_", "kurtosis_"), [(46, -3.0, 10.0), (88, 0.0, 3.0)])
def test_trials_that_the_published_example_would_bear(trials: int, skew_: float, kurtosis_: float) -> None:
    """The same paper: 46 trials would have given 0.9505, and 88 had returns been normal."""
    found = deflated_sharpe(2.5 / math.sqrt(YEAR), 0.5 / YEAR, trials, 5 * YEAR, skew_, kurtosis_)
    assert found == pytest.approx(0.9505, abs=PRINTED)


@pytest.mark.parametrize(
    ("rows", "skew_", "kurtosis_", "years"),
    [(252, 0.0, 3.0, 2.73), (52, 0.0, 3.0, 2.83), (12, 0.0, 3.0, 3.24), (12, -0.72, 5.78, 4.99)],
)
def test_track_record_of_the_published_example(
    rows: int, skew_: float, kurtosis_: float, years: float
) -> None:
    """Bailey and Lopez de Prado (2012): years until an annual Sharpe of 2 is above 1 at 95 %, printed to 0.01."""
    root = math.sqrt(rows)
    length = minimum_track_record_length(2 / root, 1 / root, 0.95, skew_, kurtosis_)
    assert length / rows == pytest.approx(years, abs=5e-3)


# Sharpe ratios: closed forms


def test_probabilistic_sharpe_by_hand() -> None:
    assert probabilistic_sharpe(0.1, 0.1, 500, -1.0, 8.0) == 0.5
    # SR 1, T 7, normal: 1 * sqrt(6) / sqrt(1 + 1/2) = 2 deviations
    assert probabilistic_sharpe(1.0, 0.0, 7) == pytest.approx(0.5 * (1 + math.erf(math.sqrt(2))), rel=SAME)
    assert probabilistic_sharpe(1.0, 0.0, 7) + probabilistic_sharpe(-1.0, 0.0, 7) == pytest.approx(1.0)
    assert math.isnan(probabilistic_sharpe(1.0, 0.0, 7, 1.0, 1.0))  # a coin that ever falls on one side
    assert math.isnan(probabilistic_sharpe(math.nan, 0.0, 7))


@settings(deadline=None)
@given(
    st.floats(-0.2, 0.2), st.floats(0.01, 0.2), st.floats(0.51, 0.999), st.floats(-3, 1), st.floats(11, 20)
)
def test_track_record_is_the_inverse_of_probabilistic_sharpe(
    benchmark: float, edge: float, confidence: float, skew_: float, kurtosis_: float
) -> None:
    length = minimum_track_record_length(benchmark + edge, benchmark, confidence, skew_, kurtosis_)
    if length >= 2:
        again = probabilistic_sharpe(benchmark + edge, benchmark, length, skew_, kurtosis_)
        assert again == pytest.approx(confidence, abs=1e-9)  # the inverse normal is good to some 1e-15 in z


def test_track_record_has_no_end_without_an_edge() -> None:
    assert minimum_track_record_length(0.1, 0.1) == math.inf
    assert minimum_track_record_length(0.0, 0.1) == math.inf


def test_expected_maximum_is_that_of_simulated_normals() -> None:
    best = np.random.default_rng(1).normal(size=(20_000, 200)).max(axis=1)
    # The formula is asymptotic, at 200 trials half a per cent too high; the mean's standard error is 0.1 %.
    assert expected_maximum_sharpe(1.0, 200) == pytest.approx(best.mean(), rel=0.01)
    assert expected_maximum_sharpe(4.0, 200) == pytest.approx(2 * expected_maximum_sharpe(1.0, 200))


def test_expected_maximum_of_few_trials() -> None:
    assert expected_maximum_sharpe(1.0, 1.0) == 0.0
    counts = np.linspace(1, 3, 50)
    found = [expected_maximum_sharpe(1.0, n) for n in counts]
    assert np.all(np.diff(found) >= 0)
    assert found[0] == 0.0
    assert math.isnan(expected_maximum_sharpe(1.0, math.nan))
    assert deflated_sharpe(0.1, 0.3, 1, 100) == probabilistic_sharpe(0.1, 0.0, 100)


def test_probabilistic_sharpe_is_uniform_without_skill() -> None:
    """On returns whose true Sharpe is the benchmark, PSR below p has probability p."""
    rng = np.random.default_rng(2)
    returns = rng.gamma(4.0, size=(4000, 400)) - 4.0  # skewed, mean zero
    ratios = returns.mean(axis=1) / returns.std(axis=1, ddof=1)
    moments = zip(ratios, skew(returns, axis=1), kurtosis(returns, axis=1, fisher=False), strict=True)
    psr = np.array([probabilistic_sharpe(r, 0.0, 400, s, k) for r, s, k in moments])
    for p in (0.05, 0.5, 0.95):
        # Three standard errors of 4,000 draws are at most 0.024; the formula itself is of order 1/sqrt(400).
        assert np.mean(psr < p) == pytest.approx(p, abs=0.03)


# Effective trials


def test_identical_trials_are_one_and_independent_ones_are_many() -> None:
    rng = np.random.default_rng(3)
    one = rng.normal(size=64)
    assert effective_trials([np.tile(one, (500, 1))]) == pytest.approx(1.0, abs=1e-9)
    assert effective_trials([np.outer(np.linspace(1, 3, 500), one) + 0.2]) == pytest.approx(1.0, abs=1e-9)
    # rho of 500 independent trials is 0 with a standard error of sqrt(2 / 64) / 500, that is 0.03 %.
    assert effective_trials([rng.normal(size=(500, 64))]) == pytest.approx(500, rel=2e-3)


def test_effective_trials_is_the_average_correlation_in_any_pieces() -> None:
    rng = np.random.default_rng(4)
    sums = rng.normal(size=(60, 32)) + 0.8 * rng.normal(size=32)
    rho = np.corrcoef(sums)[np.triu_indices(60, 1)].mean()
    expected = rho + (1 - rho) * 60
    assert effective_trials([sums]) == pytest.approx(expected, rel=SAME)
    assert effective_trials([sums[:7], sums[7:8], sums[8:8], sums[8:]]) == pytest.approx(expected, rel=SAME)
    assert effective_trials([1e3 * sums + 5]) == pytest.approx(expected, rel=1e-9)


def test_trials_that_never_vary_are_no_trials() -> None:
    sums = np.random.default_rng(5).normal(size=(4, 16))
    sums[1], sums[2, 3] = 0.01, np.nan
    assert effective_trials([sums]) == effective_trials([sums[[0, 3]]])
    assert effective_trials([sums[:2]]) == 1.0
    assert math.isnan(effective_trials([sums[1:3]]))
    # Opposite trials: average correlation -1, cut to 0.
    assert effective_trials([np.array([[1.0, 2.0, 4.0], [-1.0, -2.0, -4.0]])]) == 2.0


# Probability of backtest overfitting


def blocks_of(returns: np.ndarray, blocks: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts, sums and sums of squares of (trials, rows) returns."""
    parts = np.array_split(returns, blocks, axis=1)
    counts = np.array([float(part.shape[1]) for part in parts])
    sums = np.stack([part.sum(axis=1) for part in parts], axis=1)
    return counts, sums, np.stack([(part**2).sum(axis=1) for part in parts], axis=1)


def noise(seed: int, trials: int, rows: int, blocks: int) -> Pbo:
    return pbo(*blocks_of(np.random.default_rng(seed).normal(0.0, 0.01, (trials, rows)), blocks))


def test_pbo_is_that_of_the_series_themselves() -> None:
    """Against ranks and Sharpe ratios of the whole series, split by split."""
    returns = np.random.default_rng(6).standard_t(4, (9, 61)) * 0.01 + 0.001
    logits, pairs = [], []
    for chosen in combinations(range(6), 3):
        parts = np.array_split(np.arange(61), 6)
        inside = np.concatenate([parts[b] for b in chosen])
        outside = np.setdiff1d(np.arange(61), inside)
        seen, unseen = (
            returns[:, rows].mean(axis=1) / returns[:, rows].std(axis=1, ddof=1) for rows in (inside, outside)
        )
        winner = seen.argmax()
        w = rankdata(unseen)[winner] / 10
        logits.append(math.log(w / (1 - w)))
        pairs.append((seen[winner], unseen[winner]))
    found = pbo(*blocks_of(returns, 6))
    assert np.sort(found.logits) == pytest.approx(np.sort(logits), rel=SAME, abs=SAME)
    x, y = np.array(pairs).T
    assert np.sort(found.in_sample) == pytest.approx(np.sort(x), rel=1e-9)
    assert found.slope == pytest.approx(np.polyfit(x, y, 1)[0], rel=1e-9)
    assert found.probability_of_loss == np.mean(y < 0)
    # Nine trials have a middle rank, which counts half.
    half = 0.5 * np.mean(np.abs(logits) < SAME)
    assert found.probability == pytest.approx(np.mean(np.array(logits) < -SAME) + half)
    assert (found.trials, found.sampled, found.logits.size) == (9, False, 20)


def test_pbo_of_two_trials_by_hand() -> None:
    """Two blocks of two rows. Trial 0 wins the first and loses the second; so each winner ends last:
    w = 1/3, logit ln(1/2), in both splits."""
    returns = np.array([[0.03, 0.01, -0.01, -0.03], [-0.03, -0.01, 0.01, 0.03]])
    found = pbo(*blocks_of(returns, 2))
    assert found.logits == pytest.approx([math.log(0.5)] * 2)
    sharpe = 0.02 / (0.01 * math.sqrt(2))
    assert found.in_sample == pytest.approx([sharpe] * 2)
    assert found.out_of_sample == pytest.approx([-sharpe] * 2)
    assert (found.probability, found.probability_of_loss) == (1.0, 1.0)
    assert math.isnan(found.slope)  # one point twice


def test_pbo_is_near_zero_with_one_truly_better_trial() -> None:
    returns = np.random.default_rng(7).normal(0.0, 0.01, (200, 1600))
    returns[42] += 0.004  # a Sharpe of 0.4 a row: eleven standard errors on either half
    found = pbo(*blocks_of(returns, 16))
    assert found.probability < 0.001
    assert found.probability_of_loss < 0.001
    assert found.logits.size == 12_870


def test_pbo_of_noise_averages_one_half() -> None:
    found = [noise(seed, 21, 160, 8).probability for seed in range(200)]
    assert abs(np.mean(found) - 0.5) < 3 * np.std(found) / math.sqrt(200)


@pytest.mark.slow
def test_pbo_of_noise_averages_one_half_with_sixteen_blocks(figure: Figure) -> None:
    found = [noise(seed, 100, 1600, 16).probability for seed in range(200)]
    error = 3 * np.std(found) / math.sqrt(200)
    figure("PBO of noise, 16 blocks, mean of 200", f"{np.mean(found):.3f}", f"0.5 within {error:.3f}")
    assert abs(np.mean(found) - 0.5) < 3 * np.std(found) / math.sqrt(200)


def test_equal_trials_share_their_rank() -> None:
    one = np.random.default_rng(8).normal(0.0, 0.01, 160)
    found = pbo(*blocks_of(np.tile(one, (37, 1)), 16))
    assert (found.logits == 0).all()
    assert found.probability == 0.5


def test_trials_without_risk_and_dead_ones_have_a_place() -> None:
    counts, sums, squares = blocks_of(np.random.default_rng(9).normal(-0.01, 0.001, (3, 80)), 4)
    sums[1] = squares[1] = 0.0  # in cash: Sharpe 0, the best of these
    sums[2, 3] = squares[2, 3] = np.nan  # dies in the last block
    found = pbo(counts, sums, squares)
    assert (found.in_sample == 0).all()
    assert (found.out_of_sample == 0).all()
    assert found.logits == pytest.approx([math.log(3)] * 6)  # never below another
    sums[2, :3] *= -1  # splendid until it dies
    found = pbo(counts, sums, squares)
    assert np.sum(found.out_of_sample == -np.inf) == 3  # the three halves before the last block choose it
    assert found.probability_of_loss == 0.5
    # The other three choose cash, which ends second of three behind it: at the median, counted half.
    assert found.probability == 0.75


def test_more_trials_than_can_be_ranked_are_drawn_from() -> None:
    few, many = pbo_sample(PBO_TRIALS), pbo_sample(3 * PBO_TRIALS, seed=1)
    assert np.array_equal(few, np.arange(PBO_TRIALS))
    assert np.unique(many).size == PBO_TRIALS
    assert np.array_equal(many, pbo_sample(3 * PBO_TRIALS, seed=1))
    assert not np.array_equal(many, pbo_sample(3 * PBO_TRIALS, seed=2))
    blocks = blocks_of(np.random.default_rng(10).normal(0.0, 0.01, (PBO_TRIALS + 5, 16)), 4)
    found = pbo(*blocks)
    assert (found.trials, found.sampled) == (PBO_TRIALS, True)
    chosen = pbo_sample(PBO_TRIALS + 5)
    same = pbo(blocks[0], blocks[1][chosen], blocks[2][chosen])
    assert np.array_equal(found.logits, same.logits)


# The plateau


def test_plateau_by_hand() -> None:
    nan = math.nan
    values = np.array(
        [
            [1.0, 1.0, 9.0, 0.0],
            [1.0, 1.2, 1.1, 0.0],
            [1.0, 1.3, 1.2, nan],
        ]
    )
    found = plateau(values, (True, True))
    expected = [
        [1.0, 1.0, 0.0, 0.0],
        [1.0, 1.0, 0.0, 0.0],
        [1.0, 1.0, 1.1, nan],
    ]
    assert neighbourhood_scores(values, (True, True))[0] == pytest.approx(np.array(expected), nan_ok=True)
    assert found.score == 1.1
    assert found.best == (2, 2)  # not the peak of 9 beside the cliff
    assert found.neighbours == 2  # above and to the left; the one to the right is not known
    assert found.edges == (0,)


def test_categories_have_no_neighbours() -> None:
    values = np.array([[1.0, 5.0, 2.0], [3.0, 3.5, 3.0]])
    assert plateau(values, (False, True)).best == (1, 1)
    assert plateau(values, (False, True)).edges == ()
    alone = plateau(values, (False, False))
    assert np.array_equal(neighbourhood_scores(values, (False, False))[0], values)
    assert (alone.best, alone.neighbours, alone.edges) == ((0, 1), 0, ())


def test_among_equal_scores_the_higher_value_wins() -> None:
    assert plateau(np.array([2.0, 2.0, 9.0, 2.0]), (True,)).best == (2,)
    assert plateau(np.array([2.0, 2.0]), (True,)).best == (0,)
    assert plateau(np.array([2.0]), (True,)).edges == ()  # one value is no search


def test_ruin_beside_a_trial_is_its_score() -> None:
    values = np.array([1.0, 3.0, -np.inf, 0.5])
    assert np.array_equal(neighbourhood_scores(values, (True,))[0], [1.0, -np.inf, -np.inf, -np.inf])
    assert plateau(values, (True,)).best == (0,)
    ruin = plateau(np.array([np.nan, -np.inf]), (True,))
    assert (ruin.best, ruin.score, ruin.neighbours) == ((1,), -math.inf, 0)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.tuples(*[st.integers(1, 4)] * 3), st.tuples(*[st.booleans()] * 3))
def test_plateau_is_the_lowest_of_each_cross(
    seed: int, shape: tuple[int, ...], ordered: tuple[bool, ...]
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=shape)
    values[rng.random(shape) < 0.2] = np.nan
    if np.isnan(values).all():
        return
    scores, counts = neighbourhood_scores(values, ordered)
    cells = list(np.ndindex(*shape))
    for cell in cells:
        cross = [
            values[other]
            for other in cells
            if np.abs(np.subtract(cell, other)).sum() <= 1
            and all(o or a == b for o, a, b in zip(ordered, cell, other, strict=True))
        ]
        wanted = np.nan if np.isnan(values[cell]) else np.nanmin(cross)
        assert scores[cell] == pytest.approx(wanted, nan_ok=True)
        assert np.isnan(values[cell]) or counts[cell] == np.isfinite(cross).sum() - 1


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000), st.tuples(*[st.integers(1, 5)] * 3), st.tuples(*[st.booleans()] * 3))
def test_a_plateau_is_found_in_stretches_of_any_length(
    monkeypatch: pytest.MonkeyPatch, seed: int, shape: tuple[int, ...], ordered: tuple[bool, ...]
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 4, shape).astype(np.float64)  # with equals
    values[rng.random(shape) < 0.2] = -np.inf
    values[rng.random(shape) < 0.2] = np.nan
    if np.isnan(values).all():
        return
    scores, counts = neighbourhood_scores(values, ordered)
    known = [cell for cell in np.ndindex(*shape) if not np.isnan(values[cell])]
    best = max(known, key=lambda cell: (scores[cell], values[cell], tuple(-i for i in cell)))
    for trials in (1, 7, 1000):
        monkeypatch.setattr("positioning.analysis.overfitting.SLAB", trials)
        found = plateau(values, ordered)
        assert (found.best, found.score, found.neighbours) == (best, scores[best], counts[best])


# Purged cross-validation


def test_purging_by_hand() -> None:
    """Twelve rows in four groups of three, an embargo of one row, events on rows 4-6 and 10-14 (which the
    sample cuts at 11). T test, x train, . neither."""
    windows = np.array([[4, 6], [10, 14]])
    drawn = {
        k: ["".join(np.where(s.test, "T", np.where(s.train, "x", "."))) for s in splits]
        for k in (1, 2)
        for splits in [purged_splits(12, 4, k, embargo=1, event_windows=windows)]
    }
    assert drawn[1] == [
        "TTT.xxxxxxxx",  # row 3 embargoed
        "xxxTTT..xxxx",  # row 6 shares an event with 4 and 5; row 7 embargoed, after the event's last
        "xxxx..TTT.xx",  # rows 4 and 5 share it with 6; row 9 embargoed; none before the test
        "xxxxxxxxxTTT",  # the second event lies in the test alone
    ]
    assert drawn[2] == [
        "TTTTTT..xxxx",
        "TTT...TTT.xx",
        "TTT.xxxxxTTT",
        "xxxTTTTTT.xx",  # neighbours in the test are one run: nothing to purge or embargo between them
        "xxxTTT..xTTT",
        "xxxx..TTTTTT",
    ]


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_purged_splits_know_nothing_of_each_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, groups = int(rng.integers(60, 90)), int(rng.integers(3, 7))
    first = rng.integers(-3, rows, 4)
    windows = np.stack([first, first + rng.integers(0, 6, 4)], axis=1)
    embargo = int(rng.integers(0, 4))
    splits = purged_splits(rows, groups, 2, embargo=embargo, event_windows=windows)
    assert len(splits) == math.comb(groups, 2)
    assert (np.sum([s.test for s in splits], axis=0) == groups - 1).all()  # each row tested equally often
    for split in splits:
        assert not (split.train & split.test).any()
        for a, b in windows:
            inside = slice(max(a, 0), max(b + 1, 0))
            assert not (split.train[inside].any() and split.test[inside].any())
        for lag in range(1, embargo + 1):
            assert not (split.train[lag:] & split.test[:-lag]).any()


def test_nothing_is_purged_without_events_or_embargo() -> None:
    for split in purged_splits(10, 3, 1, embargo=0, event_windows=np.empty((0, 2), dtype=np.int64)):
        assert np.array_equal(split.train, ~split.test)


# Bad input


@pytest.mark.parametrize(
    "call",
    [
        lambda: probabilistic_sharpe(0.1, 0.0, 1),
        lambda: minimum_track_record_length(0.1, 0.0, 1.0),
        lambda: expected_maximum_sharpe(1.0, 0.5),
        lambda: expected_maximum_sharpe(-1.0, 5),
        lambda: effective_trials([np.zeros(16)]),
        lambda: pbo(np.ones(3), np.ones((5, 3)), np.ones((5, 3))),
        lambda: pbo(np.ones(22), np.ones((5, 22)), np.ones((5, 22))),
        lambda: pbo(np.ones(4), np.ones((1, 4)), np.ones((1, 4))),
        lambda: pbo(np.ones(4), np.ones((5, 4)), np.ones((5, 6))),
        lambda: plateau(np.full((2, 2), np.nan), (True, True)),
        lambda: plateau(np.ones((2, 2)), (True,)),
        lambda: purged_splits(10, 3, 3, embargo=0, event_windows=np.empty((0, 2), dtype=np.int64)),
        lambda: purged_splits(10, 11, 1, embargo=0, event_windows=np.empty((0, 2), dtype=np.int64)),
        lambda: purged_splits(10, 2, 1, embargo=-1, event_windows=np.empty((0, 2), dtype=np.int64)),
        lambda: purged_splits(10, 2, 1, embargo=0, event_windows=np.array([[0, 9]])),
    ],
)
def test_what_cannot_be_computed_is_refused(call: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        call()  # type: ignore[operator]
