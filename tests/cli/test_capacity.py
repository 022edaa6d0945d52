"""The capacity command: its answer, page and JSON, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from positioning.cli.capacity import app


def answer(*words: str) -> str:
    found = CliRunner().invoke(app, list(words))
    assert found.exit_code == 0, found.output
    return found.stdout


def test_its_json_is_of_every_capital_and_leg_and_the_page_opens_with_the_answer(tmp_path: Path) -> None:
    told = json.loads(answer("fertilizer_producers", "--capital", "5e7", "--out", str(tmp_path), "--json"))
    found = told["strategies"]["fertilizer_producers"]
    amounts = [c["capital"] for c in found["capitals"]]
    assert amounts[0] == pytest.approx(1e5)
    assert np.diff(np.log(amounts)) == pytest.approx(np.log(1e7) / 63)
    assert found["legs_at"] == 5e7
    leg = next(x for x in found["legs"] if x["symbol"] == found["binds"])
    days = leg["days_to_exit"]
    # half the share of volume takes twice the days, to the digits of a division
    assert days["0.05"] == pytest.approx(2 * days["0.1"]) == pytest.approx(4 * days["0.2"])
    assert days["0.1"] == pytest.approx(abs(leg["weight"]) * 5e7 / (0.1 * leg["value_traded"]))
    assert found["capitals"][0]["not_held"] < found["capitals"][-1]["not_held"]
    headlines_are_of_the_strategy(found)
    page = (tmp_path / "capacity_fertilizer_producers.html").read_text(encoding="utf-8")
    assert page.index(found["answer"].split(";")[0]) < page.index("What this rests on")
    assert "SIMULATED" in page
    ends = found["quarter_not_held_from"]
    assert page.count(f'"x0":{ends}') == 4, "returns of another portfolio are shaded on each chart of capital"
    assert "Shaded: over 25" in page


def headlines_are_of_the_strategy(found: dict[str, Any]) -> None:
    """No figure of the answer lies where it says that the account is another portfolio; the least before is told."""
    ends = found["quarter_not_held_from"]
    assert ends < 1e12
    for key in (
        "half_of_profit_left_at",
        "nothing_left_at",
        "edge_over_benchmark_gone_at",
        "edge_over_without_events_gone_at",
    ):
        assert found[key] is None or found[key] < ends, key
    assert [c["another_portfolio"] for c in found["capitals"]] == [
        c["capital"] >= ends for c in found["capitals"]
    ]
    own = [c for c in found["capitals"] if c["capital"] < ends]
    least = min(own, key=lambda c: c["total_return"])
    assert found["lowest_return"] == {name: least[name] for name in ("capital", "total_return")}
    assert f"at the least {100 * least['total_return']:+.1f} %, at " in found["answer"].replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert "billion" not in found["answer"]


@pytest.mark.parametrize(
    "words",
    [["--capital", "-1"], ["--capital", "nan"], ["--participation", "0"], ["--participation", "2"],
     ["--impact", "cube"], ["--capital", "much"]],
)  # fmt: skip
def test_absurd_sizes_are_refused(words: list[str], tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["fertilizer_producers", *words, "--out", str(tmp_path)])
    assert found.exit_code == 2
    assert not list(tmp_path.iterdir())
