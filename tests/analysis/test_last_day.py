"""What an account held at its end is what `today` wants, to the bit, however it is added up."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from positioning.analysis.last_day import UNKNOWN, last_day
from positioning.cli.run import app as run_app
from positioning.cli.today import app as today_app
from positioning.simulation.fees import FeeTable
from positioning.simulation.simulate import simulate
from positioning.strategy.targets import Targets
from tests.builders import THESIS
from tests.reporting.browser import Fixed, account


def test_a_run_ends_on_the_weights_of_today(tmp_path: Path) -> None:
    where = ["fertilizer_producers", "--out", str(tmp_path), "--json"]
    ran = CliRunner().invoke(run_app, [*where, "--placebo", "0", "--no-quantstats"])
    now = CliRunner().invoke(today_app, where)
    assert (ran.exit_code, now.exit_code) == (0, 0)
    holds = json.loads(ran.stdout)["strategies"]["fertilizer_producers"]["holds"]
    wanted = json.loads(now.stdout)["strategies"]["fertilizer_producers"]
    assert {s: w for s, w in holds["weights"].items() if w} == {
        s: w for s, w in wanted["weights"].items() if w
    }
    assert (holds["as_of"], holds["decided"]) == (wanted["as_of"], wanted["decided"])
    for split in ("by_theme", "by_country", "by_currency"):
        for kind, whole in (("target", holds["weights"]), ("held", holds["held"])):
            # The same few numbers of size one, added up in another order.
            assert sum(v[kind] for v in holds[split].values()) == pytest.approx(
                sum(whole.values()), abs=1e-14
            )
    assert sum(holds["held"].values()) + holds["cash"]["held"] == pytest.approx(1.0, abs=1e-14)


def test_by_hand() -> None:
    """Half in A at 100; A rises to 110: 0.55 of 1.05 is held while half is wanted."""
    found = last_day(account(Fixed(), [100.0, 100.0, 110.0]).result, THESIS)
    (leg,) = found.legs
    assert (leg.symbol, leg.theme, leg.target) == ("A", UNKNOWN, 0.5)
    assert leg.weight == pytest.approx(0.55 / 1.05, abs=1e-15)
    assert found.shares(lambda leg: leg.currency) == {leg.currency: (0.5, leg.weight)}


def test_no_decision_is_no_holding() -> None:
    market = account(Fixed(), [100.0, 100.0, 110.0]).result.market
    none = Targets(market.rows, market.symbols, np.array([], dtype=int), np.zeros((0, 1)))
    found = last_day(simulate(none, market, FeeTable((), "none")), THESIS)
    assert found.legs == ()
    assert found.cash == (1.0, 1.0)
    assert found.to_json()["decided"] is None
