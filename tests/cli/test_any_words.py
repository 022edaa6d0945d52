"""Whatever is typed after an option, for a flag or in the place of a name, a command answers or refuses in a line: no
traceback, no hang, no file elsewhere. What there is to type is read from the commands; a new option is asked, too."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from positioning.cli.commands import COMMANDS
from tests.builders import Figure

ROOT = Path(__file__).parents[2]
SHORT = ["--start", "2024-01-02", "--end", "2024-04-30"]
# What makes each command's shortest answer, its names first. `fetch` reads alone; `serve` ends at once, see `work`.
BASE = {
    "run": ["middle_corridor", *SHORT, "--placebo", "0", "--no-quantstats"],
    "today": ["middle_corridor", "--as-of", "2024-06-14"],
    "check": ["middle_corridor", "--cuts", "2"],
    "grid_search": ["middle_corridor", *SHORT, "--grid", "half_life=5,10"],
    "event_study": ["CF", "--placebo", "0"],
    "stress": ["middle_corridor", "--paths", "4", "--horizon", "20", "--replay", "none"],
    "capacity": ["middle_corridor", *SHORT],
    "claims": ["--placebo", "1"],
    "compare": [],
    "verify": ["middle_corridor"],
    "events": [],
    "screen": ["list.csv"],
    "fetch": ["--check"],
    "serve": ["--no-open", "--port", "0"],
    "listing": [],
    "init": ["place"],
}
ODD = (
    "", " ", "\ufeff", '"', "\r", "\n\n", ",", ";", ":", "=", "=1+1", "[/red]", "\x1b[31m", "nan", "inf", "-inf", "1e999",
    "-1", "0", "9" * 400, "9999-99-99", "0000-00-00", "2024-02-30", "10000-01-01", "1,5", "١٢", "x" * 9000, "[" * 3000,
    "\udcff", "../../..", "folder:", "folder:/proc/self", "a=b=c", "NTR=nan", "none:none", "-", "--", "%s%n", "{0}", "~",
)  # fmt: skip
PATIENCE = 300  # seconds after which an answer counts as hanging, however busy the machine


def parameters(module: str) -> list[Any]:
    """Of the command: its arguments and options."""
    command = typer.main.get_command(import_module(f"positioning.cli.{module}").app)
    return [p for p in command.params if p.name != "help"]


def options(module: str) -> list[str]:
    """Each that takes a value."""
    return [
        next(o for o in p.opts if o.startswith("--"))
        for p in parameters(module)
        if p.param_type_name == "option" and not p.is_flag
    ]


def flags(module: str) -> list[str]:
    """Each option without a value, and what turns it off."""
    return [
        word
        for p in parameters(module)
        if p.param_type_name == "option" and p.is_flag
        for word in (*p.opts, *p.secondary_opts)
    ]


def prepare(module: str, work: Path) -> None:
    """What a command needs to have an answer, in the folder it stands in: runs, a list, pages; none for `init`."""
    if module in ("compare", "verify"):
        for strategy in ("middle_corridor", "fertilizer_producers"):
            assert plain_answer("run", [strategy, *BASE["run"][1:]]) == ""
    (work / "list.csv").write_text("name,country\nMosaic Company,US\nUralkali,RU\n")
    if module == "serve":
        (work / "reports").mkdir()
        (work / "reports" / "index.html").touch()
    shutil.rmtree(work / "place", ignore_errors=True)


def in_place_of_names(module: str, word: str) -> list[str]:
    """The command line with a word where its names stand."""
    base = BASE[module]
    names = next((i for i, w in enumerate(base) if w.startswith("-")), len(base))
    return [*base[names:], "--", word]


def lines(module: str, draw: random.Random, words: int) -> list[list[str]]:
    """Command lines: that many odd words after every option and in the place of the names, each flag alone and with a
    value that it does not take."""
    base = BASE[module]
    return [
        *([*base, f"{o}={word}"] for o in options(module) for word in draw.sample(ODD, words)),
        *([*base, flag] for flag in flags(module)),
        *([*base, f"{flag}={draw.choice(ODD)}"] for flag in flags(module) if flag.startswith("--")),
        *(
            in_place_of_names(module, word)
            for p in parameters(module)
            if p.param_type_name == "argument"
            for word in draw.sample(ODD, 4 * words)
        ),
    ]


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, in which no server waits for readers, and no browser opens."""
    monkeypatch.setattr("http.server.ThreadingHTTPServer.serve_forever", lambda _: None)
    monkeypatch.setattr("webbrowser.open", lambda _: None)
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@contextmanager
def in_time() -> Iterator[None]:
    def late(*_: Any) -> None:
        raise AssertionError("no answer")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def plain_answer(module: str, line: list[str]) -> str:
    """What the command says where nothing is odd; "" where it answers. `fetch` has no store to tell of."""
    with in_time():
        done = CliRunner().invoke(import_module(f"positioning.cli.{module}").app, line)
    return "" if done.exit_code == 0 or module == "fetch" else done.output


def one_answer(module: str, line: list[str]) -> int:
    """The status; what was refused is refused in a line."""
    with in_time():
        done = CliRunner().invoke(import_module(f"positioning.cli.{module}").app, line)
    asked = (module, [word[:60] for word in line])
    assert done.exception is None or isinstance(done.exception, SystemExit), (asked, done.exception)
    assert done.exit_code in (0, 1, 2), asked
    if done.exit_code == 2:
        last = done.stderr.splitlines()[-1]
        assert last.startswith("error: "), (asked, done.stderr)
        assert last.isprintable(), asked
    assert "Traceback" not in done.output, asked
    return done.exit_code


def test_every_word_of_every_command_is_asked() -> None:
    """By what the commands are, so that a new one, or a new option, cannot be left out."""
    assert set(BASE) == set(COMMANDS.values())
    asked = 0
    for module in BASE:
        typed = {word.partition("=")[0] for line in lines(module, random.Random(0), 1) for word in line}  # noqa: S311
        own = [p for p in parameters(module) if p.param_type_name == "option"]
        for p in own:
            assert typed & set(p.opts), p.name
            assert set(p.secondary_opts) <= typed, p.name
        asked += len(own)
        if len(own) < len(parameters(module)):
            assert "--" in typed, module
    assert asked > 100


def test_odd_words_are_answered_small(work: Path) -> None:
    draw = random.Random(1)  # noqa: S311 - no secret
    small = [
        (m, line)
        for m in ("events", "listing", "verify", "init", "compare", "serve")
        for line in lines(m, draw, 1)
    ]
    for module, line in draw.sample(small, 20):
        one_answer(module, line)
    assert not [place for place in work.parent.iterdir() if place != work]


@pytest.mark.parametrize(
    ("module", "flag"), [(m, f) for m in BASE for f in flags(m)[:1] if f.startswith("--")]
)
def test_a_flag_takes_no_value(module: str, flag: str, work: Path) -> None:
    assert one_answer(module, [*BASE[module], f"{flag}=1"]) == 2
    assert not list(work.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("module", BASE)
def test_odd_words_after_every_option(module: str, work: Path, figure: Figure) -> None:
    watched = {
        place: set(place.iterdir()) for place in (work.parent, ROOT, ROOT / "reports", ROOT / "data_cache")
    }
    prepare(module, work)
    assert plain_answer(module, BASE[module]) == ""
    statuses = [one_answer(module, line) for line in lines(module, random.Random(module), 3)]  # noqa: S311
    shutil.rmtree(work / "place", ignore_errors=True)
    assert plain_answer(module, BASE[module]) == ""
    assert {place: set(place.iterdir()) for place in watched} == watched  # nothing was written elsewhere
    figure(
        f"odd words after the options of {module}, its flags, and odd names",
        f"{len(statuses)} answers, {statuses.count(2)} of them refusals in a line", "no traceback, no file elsewhere",
    )  # fmt: skip


@pytest.mark.slow
def test_odd_words_to_processes(tmp_path: Path, figure: Figure) -> None:
    """As users type them: four command lines of each, but of `serve`, which would wait for readers."""
    draw, asked = random.Random(3), 0  # noqa: S311
    for module in [m for m in BASE if m != "serve"]:
        own = [line for line in lines(module, draw, 1) if all(word.isprintable() for word in line)]
        for line in draw.sample(own, min(4, len(own))):
            done = subprocess.run(
                [sys.executable, "-m", f"backtests.{'list' if module == 'listing' else module}", *line],
                cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
                capture_output=True, text=True, check=False, timeout=PATIENCE,
            )  # fmt: skip
            assert done.returncode in (0, 1, 2), (module, line, done.stderr)
            assert "Traceback" not in done.stderr, (module, line)
            if done.returncode == 2:
                assert done.stderr.splitlines()[-1].startswith("error: "), (module, line, done.stderr)
            asked += 1
    figure("odd words typed to processes", f"{asked} answers", "each an answer or a line")
