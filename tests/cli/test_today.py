"""The command that says what to hold today."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positioning.cli.run import app as run
from positioning.cli.today import app


def answer(*words: str) -> dict[str, object]:
    done = CliRunner().invoke(app, [*words, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_weights_are_those_a_run_ends_on(tmp_path: Path) -> None:
    found = answer("fertilizer_producers", "--capital", "1e6", "--out", str(tmp_path), "--csv")
    own = found["strategies"]["fertilizer_producers"]  # type: ignore[index]
    assert found["advice"] is False
    done = CliRunner().invoke(
        run, ["fertilizer_producers", "--no-quantstats", "--json", "--out", str(tmp_path)]
    )
    assert json.loads(done.stdout)["strategies"]["fertilizer_producers"]["last"] == own["as_of"]
    assert {leg["symbol"] for leg in own["legs"]} == {"NTR", "MOS", "ICL", "SDF.DE", "MOO"}
    page = (tmp_path / "today_fertilizer_producers.html").read_text(encoding="utf-8")
    assert "A calculation, not advice." in page
    assert "SIMULATED" in page
    orders = (tmp_path / "today_fertilizer_producers_orders.csv").read_text(encoding="utf-8").splitlines()
    assert len(orders) == 1 + sum(bool(leg["order"]) for leg in own["legs"])


def test_holdings_are_read_and_the_rest_is_ordered(tmp_path: Path) -> None:
    held = tmp_path / "held.csv"
    held.write_text("symbol,shares,cost\nNTR,100,50\nMOO,-50,60\n")
    found = answer(
        "fertilizer_producers", "--holdings", str(held), "--capital", "1e6", "--out", str(tmp_path)
    )
    legs = {leg["symbol"]: leg for leg in found["strategies"]["fertilizer_producers"]["legs"]}  # type: ignore[index]
    assert legs["NTR"]["shares_after"] == 100 + legs["NTR"]["order"]
    assert legs["MOO"]["shares_after"] == -50 + legs["MOO"]["order"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("symbol,shares\nNTR,many\n", "line 2: shares 'many'"),
        ("symbol,shares\nNTR,1\nNTR,2\n", "NTR again"),
        ("symbol,shares\nNTR,inf\n", "finite"),
        ("symbol\nNTR\n", "no column 'shares'"),
        ("symbol,shares\nXYZ,1\n", "a holding of XYZ"),
        ("symbol,shares\n,1\n", "symbol is empty"),
    ],
)
def test_bad_holdings_are_one_line(tmp_path: Path, text: str, words: str) -> None:
    held = tmp_path / "held.csv"
    held.write_text(text)
    done = CliRunner().invoke(
        app, ["fertilizer_producers", "--holdings", str(held), "--out", str(tmp_path / "o")]
    )
    assert done.exit_code == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    "words", [["--capital", "-5"], ["--capital", "nan"], ["--capital", "much"], ["--as-of", "soon"]]
)
def test_bad_options_are_one_line(words: list[str]) -> None:
    done = CliRunner().invoke(app, ["fertilizer_producers", *words])
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1


def test_old_prices_end_with_status_three(tmp_path: Path) -> None:
    folder = tmp_path / "prices"
    folder.mkdir()
    days = [f"2023-{m:02d}-{d:02d}" for m in range(1, 13) for d in range(1, 29)]
    import numpy as np

    closed = [d for d in days if np.is_busday(d) and d not in ("2023-01-02", "2023-01-16", "2023-02-20", "2023-04-07",
              "2023-06-19", "2023-07-04", "2023-09-04", "2023-11-23", "2023-12-25")]  # fmt: skip
    rows = "".join(
        f"{d},{50 + k % 7}.{k % 90 + 10},{50 + k % 7}.{k % 90 + 10},0\n" for k, d in enumerate(closed)
    )
    (folder / "MOS.csv").write_text("Date,Open,Close,Dividends\n" + rows)
    words = ["fertilizer_producers", "--data", f"folder:{folder}", "--set", "legs=MOS", "--set", "hedge=none",
             "--out", str(tmp_path)]  # fmt: skip
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 3, done.output
    assert "--max-age" in done.stderr
    assert CliRunner().invoke(app, [*words, "--as-of", "2023-12-01"]).exit_code == 0
