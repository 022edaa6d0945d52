"""Whatever is typed after an option, a command answers or refuses in a line: no traceback, no hang, no file elsewhere."""

from __future__ import annotations

import random
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
# What makes each command's shortest answer. `serve` answers to browsers, see test_serve_attacks; `fetch` reads alone.
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
    "verify": ["nothing"],
    "events": [],
    "screen": ["nothing.csv"],
    "fetch": ["--check"],
    "listing": [],
    "init": ["place"],
}
OF_NOTHING = {"compare", "verify", "screen", "fetch"}  # no runs, no list, no store: their answer is that
ODD = (
    "", " ", "\ufeff", '"', "\r", "\n\n", ",", ";", ":", "=", "=1+1", "[/red]", "\x1b[31m", "nan", "inf", "-inf", "1e999",
    "-1", "0", "9" * 400, "9999-99-99", "0000-00-00", "2024-02-30", "10000-01-01", "1,5", "١٢", "x" * 9000, "[" * 3000,
    "\udcff", "../../..", "folder:", "folder:/proc/self", "a=b=c", "NTR=nan", "none:none", "-", "--", "%s%n", "{0}", "~",
)  # fmt: skip
PATIENCE = 300  # seconds after which an answer counts as hanging, however busy the machine


def options() -> Iterator[tuple[str, str]]:
    """Each command that can be asked, and each of its options that takes a value."""
    for module in BASE:
        for p in typer.main.get_command(import_module(f"positioning.cli.{module}").app).params:
            if p.param_type_name == "option" and not getattr(p, "is_flag", False) and p.name != "help":
                yield module, next(o for o in p.opts if o.startswith("--"))


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


def plain_answer(module: str) -> str:
    """What the command says where nothing is odd; "" where it answers, as it does unless it is asked of nothing."""
    with in_time():
        done = CliRunner().invoke(import_module(f"positioning.cli.{module}").app, BASE[module])
    return "" if done.exit_code == 0 or module in OF_NOTHING else done.output


def one_answer(module: str, option: str, value: str) -> int:
    """The status; what was refused is refused in a line."""
    with in_time():
        done = CliRunner().invoke(
            import_module(f"positioning.cli.{module}").app, [*BASE[module], f"{option}={value}"]
        )
    asked = (module, option, value[:60])
    assert done.exception is None or isinstance(done.exception, SystemExit), (asked, done.exception)
    assert done.exit_code in (0, 1, 2), asked
    if done.exit_code == 2:
        last = done.stderr.splitlines()[-1]
        assert last.startswith("error: "), (asked, done.stderr)
        assert last.isprintable(), asked
    assert "Traceback" not in done.output, asked
    return done.exit_code


def test_every_command_but_those_that_listen_is_asked() -> None:
    assert set(BASE) == set(COMMANDS.values()) - {"serve"}
    assert len(list(options())) > 100


def test_odd_words_are_answered_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    draw = random.Random(1)  # noqa: S311 - no secret
    asked = [(m, o) for m, o in options() if m in ("events", "listing", "verify", "init", "compare")]
    for module, option in draw.sample(asked, 20):
        one_answer(module, option, draw.choice(ODD))


@pytest.mark.slow
@pytest.mark.parametrize("module", BASE)
def test_odd_words_after_every_option(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    watched = {
        place: set(place.iterdir()) for place in (tmp_path, ROOT, ROOT / "reports", ROOT / "data_cache")
    }
    draw, statuses = random.Random(module), []  # noqa: S311
    assert plain_answer(module) == ""
    for _, option in [pair for pair in options() if pair[0] == module]:
        statuses += [one_answer(module, option, value) for value in draw.sample(ODD, 3)]
    assert plain_answer(module) == ""
    assert {place: set(place.iterdir()) for place in watched} == watched  # nothing was written elsewhere
    figure(
        f"odd words after the options of {module}",
        f"{len(statuses)} answers, {statuses.count(2)} of them refusals in a line", "no traceback, no file elsewhere",
    )  # fmt: skip


@pytest.mark.slow
def test_odd_words_to_processes(tmp_path: Path, figure: Figure) -> None:
    """As users type them: each command with three of its options."""
    draw, asked = random.Random(3), 0  # noqa: S311
    for module, base in BASE.items():
        own = [option for name, option in options() if name == module]
        for option in draw.sample(own, min(3, len(own))):
            value = draw.choice([v for v in ODD if v.isprintable()])
            done = subprocess.run(
                [sys.executable, "-m", f"backtests.{'list' if module == 'listing' else module}", *base,
                 f"{option}={value}"],
                cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
                capture_output=True, text=True, check=False, timeout=PATIENCE,
            )  # fmt: skip
            assert done.returncode in (0, 1, 2), (module, option, value, done.stderr)
            assert "Traceback" not in done.stderr, (module, option, value)
            if done.returncode == 2:
                assert done.stderr.splitlines()[-1].startswith("error: "), (
                    module,
                    option,
                    value,
                    done.stderr,
                )
            asked += 1
    figure("odd words typed to processes", f"{asked} answers", "each an answer or a line")
