"""The run command as a user types it: what it prints, writes and refuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positioning.cli.run import app
from tests.cli.work import asked
from tests.forks import Forks

FIELDS = {
    *("total_return", "cagr", "volatility", "sharpe", "sortino", "max_drawdown"),
    *("beta", "beta_measure", "alpha", "benchmark", "risk", "factors", "world", "holds", "size"),
    *("turnover", "cost_bps_per_year", "first", "last", "sessions", "verdict", "held", "record"),
    *(
        "long_exposure",
        "without_events",
        "without_events_same_exposure",
        "placebo",
        "active_returns",
        "check",
        "searched",
    ),
}


def run(*words: str, quantstats: bool = False) -> tuple[int, str, str]:
    """quantstats: with its part of the page, which takes longer than all else."""
    outcome = CliRunner().invoke(app, [*words, *(() if quantstats else ("--no-quantstats",))])
    if outcome.exception is not None and not isinstance(outcome.exception, SystemExit):
        raise outcome.exception
    return outcome.exit_code, outcome.stdout, outcome.stderr


def refused(tmp_path: Path, *words: str) -> str:
    """The one line of an error with status 2 that left nothing behind."""
    out = tmp_path / "out"
    code, stdout, stderr = run(*words, "--out", str(out))
    assert code == 2, stdout + stderr
    assert stdout == ""
    assert not out.exists() or not list(out.rglob("*"))
    lines = stderr.strip().splitlines()
    assert len(lines) == 1, stderr
    assert lines[0].startswith("error: ")
    return lines[0]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom positioning.cli.run import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "heavy = ('numba', 'vectorbt', 'matplotlib', 'pandas', 'plotly', 'exchange_calendars')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


@pytest.fixture(scope="module")
def corridor(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, Path, str]:
    out = tmp_path_factory.mktemp("reports")
    code, stdout, stderr = run("middle_corridor", "--out", str(out), "--json", quantstats=True)
    assert code == 0, stderr
    return json.loads(stdout), out, stderr


def test_json_has_what_the_readme_promises(corridor: tuple[dict, Path, str]) -> None:
    answer, out, stderr = corridor
    assert set(answer) == {"data", "snapshot", "strategies", "files"}
    assert answer["data"] == "sample"
    assert len(answer["snapshot"]) == 64
    assert set(answer["strategies"]["middle_corridor"]) == FIELDS
    found = answer["strategies"]["middle_corridor"]
    assert found["max_drawdown"] <= 0
    assert (found["placebo"]["draws"], found["placebo"]["seed"]) == (200, 0)
    assert 1 / 201 <= found["placebo"]["p"] <= 1
    kept = json.loads(next((out / "runs").glob("*/summary.json")).read_text(encoding="utf-8"))
    assert kept["placebo"] == found["placebo"]
    twin = found["without_events_same_exposure"]
    assert kept["without_events_same_exposure"]["total_return"] == twin["total_return"]
    assert abs(twin["long_exposure"] - found["long_exposure"]) < 1e-3
    assert [Path(f).name for f in answer["files"]] == ["middle_corridor.html", "index.html"]
    assert all(Path(f).is_file() for f in answer["files"])
    assert stderr == ""
    assert not [f for f in out.rglob("*") if ".tmp" in f.name]


def test_same_answer_twice(corridor: tuple[dict, Path, str], tmp_path: Path) -> None:
    _, stdout, _ = run("middle_corridor", "--out", str(tmp_path), "--json")
    again = json.loads(stdout)
    assert again["strategies"] == corridor[0]["strategies"]
    assert again["snapshot"] == corridor[0]["snapshot"]


BAD = {
    "unknown strategy": (["fertiliser_producers"], "Did you mean fertilizer_producers?"),
    "unknown parameter": (["middle_corridor", "--set", "halflife=3"], "Did you mean half_life?"),
    "parameter of another": (["middle_corridor", "--set", "enablers.respond=0"], "strategy of this run"),
    "not a number": (["middle_corridor", "--set", "half_life=long"], "wanted a number"),
    "out of range": (["middle_corridor", "--set", "half_life=-1"], "wanted sessions above 0"),
    "not finite": (["middle_corridor", "--set", "exposure=nan"], "finite"),
    "no equals sign": (["middle_corridor", "--set", "half_life"], "name=value"),
    "unknown data": (["--data", "smaple"], "Did you mean sample?"),
    "missing folder": (["--data", "folder:/nowhere/at/all"], "/nowhere/at/all"),
    "dates reversed": (
        ["--start", "2024-01-01", "--end", "2023-01-01"],
        "start 2024-01-01 after end 2023-01-01",
    ),
    "not a date": (["--start", "soon"], "wanted a date"),
    "before every price": (["--start", "2010-01-01"], "before the first price"),
    "after every price": (["--start", "2031-01-01"], "wanted prices after the start"),
    "empty span": (["--start", "2023-01-01", "--end", "2023-01-01"], "no session"),
    "unknown fill": (["--fill", "noon"], "wanted open or close"),
    "unknown fees": (["--fees", "cheap"], "cheap"),
    "bad cash": (["--cash", "lots"], "--cash lots"),
    "cash in per cent": (["--cash", "5"], "annual fraction"),
    "benchmark of no venue": (["middle_corridor", "--benchmark", "BTC-USD"], "BTC-USD"),
    "unknown base": (["middle_corridor", "--base", "XXX"], "XXX"),
    "missing events": (["--events", "/nowhere/events.csv"], "/nowhere/events.csv"),
    "unknown leg's suffix": (["middle_corridor", "--set", "legs=ABC.XX"], "ABC.XX"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_line(case: str, tmp_path: Path) -> None:
    words, expected = BAD[case]
    assert expected in refused(tmp_path, *words)


def test_a_hedge_that_is_missing_gets_one_line(tmp_path: Path) -> None:
    """From a folder: the sample simulates any symbol."""
    data = tmp_path / "data"
    data.mkdir()
    rows = [f"{day},20,20" for day in ("2020-01-02", "2020-01-03", "2020-01-06")]
    (data / "NTR.csv").write_text("\n".join(["Date,Open,Close", *rows]) + "\n")
    words = ["fertilizer_producers", "--data", f"folder:{data}", "--set", "hedge=ZZZZ"]
    assert "the hedge ZZZZ is not in folder" in refused(tmp_path, *words)


EVENT_COLUMNS = (
    "id,announced,title,issuer,instrument,direction,severity,themes,"
    "sign_fertilizer,sign_corridor,sign_equipment,follows,source,confidence"
)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("X1,2022-01-12T13:25,t,EU,quota,tighten,3,fertilizer,1,0,0,,s,high", "zone"),
        ("X1,2022-01-12,t,EU,quota,tighten,3,fertilizer,1,0,0,,,high", "source"),
        ("X1,2022-01-12,t,EU,quota,loosen,3,fertilizer,1,0,0,,s,high", "loosen"),
        ("X1,2022-01-12,t,EU,quota,tighten,9,fertilizer,1,0,0,,s,high", "severity"),
    ],
)
def test_bad_events_name_the_line(row: str, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_text(f"{EVENT_COLUMNS}\n{row}\n")
    line = refused(tmp_path, "--events", str(file))
    assert expected in line
    assert "line 2" in line


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Date,Open,High,Low,Close,Volume\n2020-01-02,1,1,1,-4,10\n", "-4"),
        ("Date,Open,High,Low,Close,Volume\n2020-01-02,1,1,1,0,10\n", "0"),
        (
            "Date,Open,High,Low,Close,Volume\n2020-01-03,1,1,1,1,10\n2020-01-02,1,1,1,1,10\n2020-01-06,1,1,1,1,10\n",
            "2020-01-02",
        ),
        ("Date,Open\n2020-01-02,1\n", "Close"),
        ('Date,Close\n2020-01-02,"1\n', "NTR"),
    ],
)
def test_bad_files_are_refused(body: str, expected: str, tmp_path: Path) -> None:
    folder = tmp_path / "prices"
    folder.mkdir()
    (folder / "NTR.csv").write_text(body)
    words = ["fertilizer_producers", "--set", "legs=NTR", "--set", "hedge=none", "--data", f"folder:{folder}"]
    line = refused(tmp_path, *words)
    assert "NTR" in line
    assert expected in line


def test_unwritable_place_is_one_line(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    code, _, stderr = run("middle_corridor", "--out", str(blocker))
    assert code == 2
    assert stderr.count("\n") == 1
    assert stderr.startswith("error: ")


def test_all_four_on_real_closes(prices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("positioning.reporting.pages.cores", lambda: 1)  # vectorbt is asked in this process
    words = [
        "--data",
        f"folder:{prices}",
        "--out",
        str(tmp_path),
        "--placebo",
        "0",
        "--verbose",
    ]
    code, stdout, stderr = run(*words)
    assert code == 0, stderr
    assert "SIMULATED" not in stdout
    said = " ".join(stdout.split())  # lines are wrapped
    for name in ("fertilizer_producers", "middle_corridor", "hong_kong_equipment", "enablers"):
        assert (tmp_path / f"{name}.html").is_file()
    assert "SDF.DE is not in folder" in said
    assert "left out, its weight goes to the other names" in said
    for name in ("KSPI", "FRHC"):
        assert f"{name} is left out for too short a span of prices to 2024-03-08" in said


def test_later_end_keeps_stale_holdings(prices: Path, tmp_path: Path) -> None:
    words = [
        "fertilizer_producers",
        "--data",
        f"folder:{prices}",
        "--end",
        "2025-06-30",
        "--out",
        str(tmp_path),
    ]
    code, stdout, _ = run(*words, "--json")
    assert code == 0
    answer = json.loads(stdout)["strategies"]["fertilizer_producers"]
    assert answer["last"] == "2025-06-30"
    assert "NTR" in (tmp_path / "fertilizer_producers.html").read_text()


@pytest.mark.parametrize(
    "command",
    ["run", "fetch", "events", "event_study", "stress", "grid_search", "compare", "verify", "serve"],
)
def test_a_mistyped_option_of_any_command_is_one_line(commands: Forks, command: str) -> None:
    done = asked(commands, command, "--nope")
    assert done.status == 2
    assert done.out == ""
    assert done.err.count("\n") == 1, done.err
    assert done.err.startswith("error: ")


def test_a_short_run_states_no_probability_and_no_figure_of_a_year(tmp_path: Path) -> None:
    words = ("fertilizer_producers", "--start", "2024-03-01", "--end", "2024-04-30", "--placebo", "5")
    code, stdout, stderr = run(*words, "--json", "--out", str(tmp_path))
    assert code == 0, stderr
    (own,) = json.loads(stdout)["strategies"].values()
    assert [own[name] for name in ("cagr", "sharpe", "volatility", "sortino")] == [None] * 4
    assert own["without_events"]["sharpe"] is None
    assert own["total_return"] is not None
    assert own["placebo"]["p"] is None
    page = (tmp_path / "fertilizer_producers.html").read_text(encoding="utf-8")
    assert "under a year" in page
    assert "p = 0" not in page
    code, stdout, stderr = run(*words, "--out", str(tmp_path))
    assert code == 0, stderr
    assert "under" in stdout
    assert "a year" in stdout
