"""Strategies from files: found, imported once, sent to other processes, and every mistake in one line."""

import multiprocessing
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from positioning.errors import BadInputError
from positioning.provenance import code_digests
from positioning.strategy.from_file import blamed, command_word, names_file, reference, strategy_from_file
from positioning.strategy.strategy import Strategy
from strategies.fertilizer_producers import FertilizerProducers

LISTED = Path(__file__).parents[2] / "strategies" / "fertilizer_producers.py"
HEAD = (
    "from dataclasses import dataclass\nfrom typing import ClassVar\n\n"
    "from positioning.strategy.strategy import Strategy\n\n"
)
WHOLE = (
    HEAD + "@dataclass(frozen=True)\nclass Own(Strategy):\n    name: ClassVar[str] = 'own'\n"
    "    benchmark: ClassVar[str] = 'SPY'\n    names = ('MOS',)\n    days: int = 5\n\n"
    "    def target_weights(self, market, events):\n        return 1 // 0\n"
)

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def place(text: str, name: str = "mine.py") -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return place


def test_a_listed_strategy_copied_and_renamed_is_a_strategy(write: Write) -> None:
    text = LISTED.read_text(encoding="utf-8").replace("FertilizerProducers", "Mine")
    word = write(text.replace('"fertilizer_producers"', '"mine"'))
    mine = strategy_from_file(word)
    assert mine.name == "mine"
    assert mine().parameters() == FertilizerProducers().parameters()
    assert strategy_from_file(f"{word}:Mine") is mine  # imported once
    assert reference(mine) == f"{word}:Mine"
    assert reference(FertilizerProducers) == "fertilizer_producers"


def test_the_digests_hold_the_file_and_what_it_imports_from_beside_it(write: Write, tmp_path: Path) -> None:
    write("LEGS = ('MOS', 'NTR')\n", "beside_it.py")
    write("nothing = 1\n", "unread.py")
    kind = strategy_from_file(
        write(WHOLE.replace("('MOS',)", "LEGS").replace("\n\n@", "\nfrom beside_it import LEGS\n\n@", 1))
    )
    assert kind().names == ("MOS", "NTR")
    own = {name for name in code_digests(kind) if name.startswith(tmp_path.name)}
    assert own == {f"{tmp_path.name}/mine.py", f"{tmp_path.name}/beside_it.py"}


def _days(strategy: Strategy) -> int:
    return int(strategy.parameters()["days"])


def test_another_process_imports_the_same_file(write: Write) -> None:
    strategy = strategy_from_file(write(WHOLE))(days=7)  # type: ignore[call-arg]
    assert pickle.loads(pickle.dumps(strategy)) == strategy  # noqa: S301 - our own
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(_days, strategy).result() == 7


def test_an_edit_within_a_second_and_of_one_length_is_seen(write: Write, tmp_path: Path) -> None:
    code = "import sys; from positioning.strategy.from_file import strategy_from_file as f; print(f(sys.argv[1])().days)"
    for days in (5, 6):
        word = write(WHOLE.replace("days: int = 5", f"days: int = {days}"))
        told = subprocess.run([sys.executable, "-c", code, word], capture_output=True, text=True, check=True)
        assert told.stdout == f"{days}\n"
    assert not (tmp_path / "__pycache__").exists()


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        ("x = (\n", "", r"mine\.py, line 1: SyntaxError: '\(' was never closed"),
        ("import nowhere_at_all\n", "", r"mine\.py, line 1: ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("x = 1\n\nraise SystemExit(3)\n", "", r"mine\.py, line 3: SystemExit: 3"),
        ("x = 1\n", "", r"mine\.py holds no strategies; wanted one"),
        (WHOLE + WHOLE[len(HEAD) :].replace("Own", "Other"), "", r"holds 2 strategies.*mine\.py:Own, .*mine\.py:Other"),
        (WHOLE, "Owm", r"mine\.py has no Owm; .*Did you mean Own\?"),
        (WHOLE, "ClassVar", r"ClassVar in .*mine\.py is no strategy"),
        (HEAD + "class Own(Strategy):\n    x = 1\n", "", r"line 6: the strategy Own has no names, .*, name, bench"),
        ("def weights(close, events):\n    return close\n", "weights", r"is no strategy; .*from_frames"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_place(text: str, name: str, told: str, write: Write) -> None:
    word = write(text)
    with pytest.raises(BadInputError, match=told) as raised:
        strategy_from_file(f"{word}:{name}" if name else word)
    assert "\n" not in str(raised.value)


def test_bytes_that_are_no_text_and_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_bytes(b"x = '\xff\xfe'\n")
    with pytest.raises(BadInputError, match=r"mine\.py"):
        strategy_from_file(str(tmp_path / "mine.py"))
    with pytest.raises(BadInputError, match=r"no file nowhere/mine\.py"):
        strategy_from_file("nowhere/mine.py:Own")
    with pytest.raises(BadInputError, match="no file a/b"):
        strategy_from_file("a/b")
    assert [names_file(w) for w in ("mine.py", "mine.py:Own", "a/b", "enablers", "SDF.DE")] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_an_error_in_its_decisions_names_the_line(write: Write) -> None:
    word = write(WHOLE)
    strategy = strategy_from_file(word)()
    with pytest.raises(ZeroDivisionError) as raised:
        strategy.target_weights(None, None)  # type: ignore[arg-type]
    assert str(blamed(raised.value)).startswith(f"{word}, line 14: ZeroDivisionError: ")
    with pytest.raises(ZeroDivisionError) as ours:
        1 // 0  # noqa: B018
    assert blamed(ours.value) is None


def test_a_hint_names_a_file_as_one_types_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of a strategy out of a file is no word that a command takes."""
    (tmp_path / "one").mkdir()
    source = """from dataclasses import dataclass
from typing import ClassVar
from positioning import Basket

@dataclass(frozen=True)
class First(Basket):
    name: ClassVar[str] = "first"
    benchmark: ClassVar[str] = "SPY"
    legs: tuple[str, ...] = ("NTR", "MOS")
"""
    own, two = tmp_path / "one" / "mine.py", tmp_path / "two.py"
    own.write_text(source, encoding="utf-8")
    two.write_text(source + "class Second(First):\n    name: ClassVar[str] = 'second'\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for word in ("one/mine.py", "two.py:Second"):
        kind = strategy_from_file(word)
        assert command_word(kind) == word
        assert strategy_from_file(command_word(kind)) is kind
    monkeypatch.chdir(tmp_path / "one")
    assert command_word(strategy_from_file("mine.py")) == "mine.py"
    assert command_word(strategy_from_file("../two.py:First")) == f"{two}:First"
    assert command_word(FertilizerProducers) == "fertilizer_producers"
