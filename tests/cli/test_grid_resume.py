"""A search that is stopped, however rudely, goes on and ends as if it had not been."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from positioning.cli.grid_search import app
from positioning.search.checkpoint import LEFT
from tests.builders import Figure
from tests.cli.work import but_progress

WIDE = (
    *("--grid", "half_life=1:50:1", "--grid", "hedge_ratio=0.02:1:0.02"),
    *("--grid", "exposure=0.1:0.2:0.005"),
)  # 52,500 trials, seven chunks
WIDER = (*WIDE[:4], "--grid", "exposure=0.1:0.59875:0.00125")  # a million trials, 123 chunks
SMALL = ("--grid", "half_life=5,20,40", "--grid", "hedge_ratio=0:1:0.005")
PATIENCE = 300.0  # seconds until a chunk must be there


def command(out: Path, *words: str) -> list[str]:
    return [
        sys.executable, "-m", "backtests.grid_search", "fertilizer_producers", *words, "--workers", "1",
        "--out", str(out),
    ]  # fmt: skip


def chunks(out: Path) -> set[Path]:
    """The chunks of searches, drafts of folders left aside: they vanish while one looks."""
    return set((out / LEFT).glob("[!.]*/[0-9]*.npy")) if (out / LEFT).exists() else set()


def stopped(
    out: Path, how: signal.Signals, moment: float, *words: str, meanwhile: Callable[[], object] = tuple
) -> tuple[int, str]:
    """The search, stopped `moment` seconds after it has kept chunks of its own. meanwhile: called while it is at it, and
    waits."""
    before, begun = chunks(out), time.monotonic()
    with subprocess.Popen(
        command(out, *words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as run:
        while run.poll() is None and len(chunks(out) - before) < 2:
            assert time.monotonic() - begun < PATIENCE
            time.sleep(0.001)
        run.send_signal(signal.SIGSTOP)  # however late this process was to look
        assert run.poll() is None, "it ended before it was stopped: make the grid wider"
        meanwhile()
        run.send_signal(signal.SIGCONT)
        time.sleep(moment)
        run.send_signal(how)
        assert run.stderr is not None
        return run.wait(), but_progress(run.stderr.read())


def finished(out: Path, *words: str) -> bytes:
    """The table of trials of the search, run to its end."""
    code, said = run(out, *words, "--workers", "1")
    assert code == 0, said
    assert not (out / LEFT).exists()
    return (out / "trials.parquet").read_bytes()


def killed_and_resumed(out: Path, kills: int, *words: str) -> bytes:
    """The table of a search that is killed so often before it may end."""
    moments = np.random.default_rng(kills).uniform(0.0, 0.1, kills)
    for k, moment in enumerate(moments):
        code, _ = stopped(out, signal.SIGKILL, moment, *words, *(["--resume"] if k else []))
        assert code == -signal.SIGKILL, "it ended before it was killed: make the grid wider"
        assert not (out / "trials.parquet").exists()
    assert len(chunks(out)) >= 2 * kills
    done = subprocess.run(command(out, *words, "--resume"), check=True, capture_output=True, text=True)
    assert "resumed: " in done.stderr
    return (out / "trials.parquet").read_bytes()


def test_stopped_killed_and_resumed_it_ends_in_the_same_bytes_and_no_other_gets_in(tmp_path: Path) -> None:
    out = tmp_path / "stopped"

    def try_as_well() -> None:
        code, said = run(out, *WIDE)
        assert code == 2
        assert "another process is at this search" in said

    code, said = stopped(out, signal.SIGINT, 0.05, *WIDE, meanwhile=try_as_well)
    assert code == 130
    assert len(said.strip().splitlines()) == 1, said
    assert "of 52,500 trials are kept in" in said
    assert "--resume" in said
    code, said = stopped(out, signal.SIGKILL, 0.02, *WIDE, "--resume")
    assert code == -signal.SIGKILL
    assert "resumed: " in said
    code, said = run(out, *WIDE, "--workers", "1", "--resume")
    assert code == 0, said
    assert "resumed: " in said
    assert (out / "trials.parquet").read_bytes() == finished(tmp_path / "whole", *WIDE)


@pytest.mark.slow
def test_killed_ten_times_it_ends_in_the_same_bytes(tmp_path: Path, figure: Figure) -> None:
    same = killed_and_resumed(tmp_path / "killed", 10, *WIDER) == finished(tmp_path / "whole", *WIDER)
    killed, whole = ({p.name for p in (tmp_path / name).iterdir()} for name in ("killed", "whole"))
    assert killed == whole
    figure(
        "a search killed ten times and resumed", "the same bytes" if same else "OTHER BYTES", "the same bytes"
    )
    assert same


def run(out: Path, *words: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(app, ["fertilizer_producers", *words, "--out", str(out)])
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exception
    return outcome.exit_code, outcome.stderr


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a search that was stopped in its judgement, all chunks kept."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path_factory.mktemp("original")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("positioning.search.assessment.assess", stop)
        code, said = run(out, *SMALL)
    assert code == 130
    assert "stopped; 603 of 603 trials are kept" in said
    return out


@pytest.fixture
def left(original: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(original, tmp_path / "left")


def test_with_the_same_inputs_nothing_is_done_again(left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a chunk was worked out again")

    monkeypatch.setattr("positioning.search.chunk_store.FolderChunks.put", never)
    code, said = run(left, *SMALL, "--resume")
    assert code == 0, said
    assert "resumed: 603 of 603 trials were kept" in said
    assert not (left / LEFT).exists()


def test_a_torn_chunk_is_done_again(left: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    torn = sorted(chunks(left))
    torn[0].write_bytes(torn[0].read_bytes()[:-8])
    torn[1].write_bytes(b"")
    code, said = run(left, *SMALL, "--resume")
    assert code == 0, said
    assert "resumed: 0 of 603 trials" in said  # both chunks
    fresh = tmp_path_factory.mktemp("fresh")
    assert run(fresh, *SMALL)[0] == 0
    assert (left / "trials.parquet").read_bytes() == (fresh / "trials.parquet").read_bytes()


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        (("--grid", "half_life=5,20,41", *SMALL[2:]), "axis half_life"),
        ((*SMALL, "--set", "band=0.2"), "parameter band"),
        ((*SMALL, "--fees", "none"), "fees"),
        ((*SMALL, "--cash", "0.02"), "cash"),
        ((*SMALL, "--fill", "close"), "fill"),
        ((*SMALL, "--end", "2025-06-30"), "span"),
        ((*SMALL, "--random", "200"), "choice of trials"),
    ],
)
def test_changed_inputs_start_anew_and_say_why(left: Path, words: tuple[str, ...], changed: str) -> None:
    before = chunks(left)
    code, said = run(left, *words, "--resume")
    assert code == 0, said
    assert f"starts anew: since the search that was stopped, changed: {changed}" in said
    assert chunks(left) == before  # it may still go on under its own inputs


def test_changed_code_prices_and_events_start_anew(left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from positioning import provenance as codes
    from positioning.market.bars import Bars

    known = codes.code_digests

    def edited(strategy: type) -> dict[str, str]:
        return known(strategy) | {"simulation/kernel.py": "0" * 16}

    with monkeypatch.context() as patched:
        patched.setattr(codes, "code_digests", edited)
        assert "changed: code simulation/kernel.py" in run(left, *SMALL, "--resume")[1]
    digest = Bars.digest
    with monkeypatch.context() as patched:
        patched.setattr(Bars, "digest", lambda self: "0" * 64 if self.symbol == "NTR" else digest(self))
        assert "changed: prices NTR" in run(left, *SMALL, "--resume")[1]
    events = left / "events.csv"
    lines = (
        (Path(codes.__file__).parents[1] / "strategies" / "record" / "events.csv")
        .read_text(encoding="utf-8")
        .splitlines()
    )
    events.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    assert "changed: events" in run(left, *SMALL, "--resume", "--events", str(events))[1]


def test_another_machine_starts_anew(left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One whose numbers differ in the last bit: its chunks would not fit beside those kept."""
    from positioning.search.lane_figures import LaneFigures

    table = LaneFigures.table
    monkeypatch.setattr(LaneFigures, "table", lambda *given: np.nextafter(table(*given), np.inf))
    assert "changed: numbers of this machine" in run(left, *SMALL, "--resume")[1]


def test_what_was_kept_is_no_speed(left: Path) -> None:
    code, _ = run(left, *SMALL, "--resume")
    assert code == 0
    assert "0 trials took" in (left / "grid.html").read_text(encoding="utf-8")
    assert "603 were kept from before" in (left / "grid.html").read_text(encoding="utf-8")


def test_a_place_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    for place in (Path("/proc/nowhere"), tmp_path / "file" / "out"):
        code, said = run(place, *SMALL)
        assert code == 2
        assert len(said.strip().splitlines()) == 1


def test_an_empty_folder_of_the_user_stays(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    code, said = run(own, "--grid", "gross_limit=0.3", "--grid", "exposure=0.9")
    assert code == 2
    assert "above gross_limit=0.3" in said
    assert own.is_dir()
    assert not list(own.iterdir())


@pytest.mark.slow  # three searches at once
def test_searches_side_by_side_leave_each_other_alone(tmp_path: Path) -> None:
    begun = [
        subprocess.Popen(command(tmp_path, *SMALL, "--set", f"band={k / 10}"), stdout=subprocess.DEVNULL)
        for k in range(3)
    ]
    assert [one.wait() for one in begun] == [0, 0, 0]
    assert not (tmp_path / LEFT).exists()


def test_without_resume_it_begins_anew_and_says_so(left: Path) -> None:
    code, said = run(left, *SMALL)
    assert code == 0
    assert "is discarded: --resume would have used it" in said
    assert not (left / LEFT).exists()


def test_nothing_to_resume_is_said(tmp_path: Path) -> None:
    code, said = run(tmp_path, *SMALL, "--resume")
    assert code == 0
    assert "nothing to resume in" in said


def test_disk_full_is_one_line_and_keeps_what_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from positioning.search.chunk_store import FolderChunks

    put, times = FolderChunks.put, iter(range(100))

    def full(self: FolderChunks, number: int, table: object) -> None:
        if next(times) >= 1:
            raise OSError(28, "No space left on device", str(self.place))
        put(self, number, table)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(FolderChunks, "put", full)
        code, said = run(tmp_path, *SMALL)
    assert code == 2
    assert "No space left" in said
    code, said = run(tmp_path, *SMALL, "--resume")
    assert code == 0
    assert "resumed: 512 of 603" in said or "resumed: 91 of 603" in said  # whichever chunk was first
