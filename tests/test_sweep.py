"""A sweep gives each trial the account that `simulate` gives it."""

from dataclasses import dataclass, replace
from typing import final

import numpy as np
import pytest

from positioning.errors import BadInputError
from positioning.events.event import read_events
from positioning.market.load import load
from positioning.market.sample import SampleSource
from positioning.research.ground import Ground
from positioning.research.measures import FIGURES, Accounts, Measure
from positioning.research.metrics import summarise
from positioning.research.sweep import sweep, tabulate
from positioning.simulation.cash import CashRate
from positioning.simulation.fees import read_fees
from positioning.simulation.kernel import LANES, run_lanes
from positioning.simulation.simulate import Holdings, run
from positioning.simulation.tape import record
from positioning.simulation.terms import AccountTerms
from strategies import Enablers, FertilizerProducers, HongKongEquipment, MiddleCorridor, Sanctioned

EVENTS = read_events()
GRIDS = {
    "hedged, short, banded": (
        FertilizerProducers(),
        {"half_life": [3.0, 30.0], "hedge_ratio": [0.0, 0.7, 1.4], "respond": [0.0, 1.0], "band": [0.0, 0.3]},
    ),
    "five venues, screens": (
        MiddleCorridor(),
        {"screen": ["none", "strict"], "exposure": [0.2, 1.0], "lookback": [60, 250]},
    ),
    "a halt and a delisting": (HongKongEquipment(), {"exposure": [0.1, 0.5, 1.0], "respond": [0.5]}),
    "a blend": (
        Enablers(),
        {
            "half_life": [5.0, 40.0],
            "exposure": [0.3, 0.8],
            "respond": [0.0, 0.5],
            "lookback": [60, 120],
            "band": [0.2],
        },
    ),
    "frozen": (Sanctioned(), {"exposure": [0.3, 1.0], "band": [0.0, 0.5]}),
}


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("mark", ["last", "zero"])
def test_every_trial_is_the_account_of_simulate(name: str, mark: str) -> None:
    position, axes = GRIDS[name]
    market = load(SampleSource(), position.names, position.hedges, history=position.history)
    terms = AccountTerms(read_fees(), cash=CashRate.constant(0.03), mark=mark)
    trials = sweep(position, market, EVENTS, axes, terms)
    assert trials.count == np.prod([len(v) for v in axes.values()])
    sums = np.concatenate(list(trials.sums()))
    for k in range(trials.count):
        own = replace(position, **{axis: values[k].item() for axis, values in trials.axes.items()})
        tape = terms.tape(market, EVENTS, own.screened(market, EVENTS))
        r, _ = run(own.target_weights(market, EVENTS), market, tape, Holdings.opening(len(market.symbols)))
        m = summarise(
            r.rows,
            r.nav,
            trade_value=r.trade_value.sum(axis=1),
            cost=r.cost,
            cash_rate=tape.growth,
            ruined=r.ruined,
        )
        for figure in FIGURES:
            # 1e-12 of the size: the same nav to the bit, summed in another order
            np.testing.assert_allclose(
                trials.figures[figure][k], getattr(m, figure), rtol=1e-12, atol=1e-12, err_msg=figure
            )
        excess = (r.returns - tape.growth)[1:]
        np.testing.assert_allclose(sums[k].sum(), excess.sum(), rtol=1e-12, atol=1e-12)


@final
@dataclass(frozen=True)
class Nav(Measure):
    """The whole path, to compare bits."""

    rows: int

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"nav_{r}" for r in range(self.rows))

    def read(self, accounts: Accounts) -> np.ndarray:
        return accounts.nav


@pytest.mark.parametrize("name", GRIDS)
def test_nav_of_every_trial_has_the_bits_of_simulate(name: str) -> None:
    position, axes = GRIDS[name]
    market = load(SampleSource(), position.names, position.hedges, history=position.history)
    terms = AccountTerms(read_fees(), fill="close", cash=CashRate.constant(0.02))
    ground = Ground(position, market, EVENTS, {a: tuple(v) for a, v in axes.items()}, terms)
    codes = ground.walk(ground.codes(np.arange(ground.combinations)))
    paths = tabulate(ground, codes, (Nav(market.rows.size - market.start),))
    for k, code in enumerate(codes):
        own = ground.at(code)
        targets = own.target_weights(market, EVENTS)
        one, _ = run(targets, market, ground.tape(own), Holdings.opening(len(market.symbols)))
        np.testing.assert_array_equal(paths[:, k], one.nav)


def test_nav_of_a_lane_has_the_bits_of_the_ledger() -> None:
    position = FertilizerProducers()
    market = load(SampleSource(), position.names, position.hedges, history=position.history)
    tape = record(market, read_fees(), cash=CashRate.constant(0.02))
    targets = position.target_weights(market, EVENTS)
    scale = np.linspace(-1.0, 1.0, LANES)  # long and short, flat in between
    weights = targets.weights[:, :, None] * scale
    nav = np.empty((tape.rows.size, LANES))
    run_lanes(
        targets.decided - market.start,
        weights,
        np.full(LANES, 0.1),
        *tape.inputs,
        nav,
        np.zeros(LANES),
        np.zeros(LANES),
    )
    for k in (0, 7, 31, 32, 63):
        one, _ = run(
            replace(targets, weights=weights[:, :, k]), market, tape, Holdings.opening(len(market.symbols))
        )
        np.testing.assert_array_equal(nav[:, k], one.nav)


def test_results_do_not_depend_on_the_number_of_workers() -> None:
    position, axes = GRIDS["hedged, short, banded"]
    market = load(SampleSource(), position.names, position.hedges, history=position.history)
    terms = AccountTerms(read_fees())
    one, three = (sweep(position, market, EVENTS, axes, terms, workers=n) for n in (1, 3))
    np.testing.assert_array_equal(list(one.tables()), list(three.tables()))
    assert all(np.array_equal(one.figures[f], three.figures[f], equal_nan=True) for f in FIGURES)


@pytest.mark.parametrize(
    ("axes", "wanted"),
    [
        ({"halflife": [1.0]}, "Did you mean half_life?"),
        ({"half_life": []}, "axis half_life is empty"),
        ({"half_life": [10.0, -1.0]}, "wanted sessions above 0"),
    ],
)
def test_a_bad_axis_is_refused(axes: dict[str, list[float]], wanted: str) -> None:
    position = FertilizerProducers()
    market = load(SampleSource(), position.names, position.hedges, history=position.history)
    with pytest.raises(BadInputError, match=wanted.replace("?", r"\?")):
        sweep(position, market, EVENTS, axes, AccountTerms(read_fees()))
