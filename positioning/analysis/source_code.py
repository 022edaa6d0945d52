"""What the source of a strategy asks for that no decision should know, where it cannot be seen while one is made: the
clock, and files that compiled code opens."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from positioning.provenance import imported_by
from positioning.strategy.strategy import Strategy

CLOCK = {
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("Timestamp", "now"),
    ("Timestamp", "today"), ("Timestamp", "utcnow"), ("time", "time"), ("time", "time_ns"), ("time", "localtime"),
    ("time", "gmtime"), ("time", "monotonic"), ("time", "perf_counter"), ("time", "ctime"), ("time", "strftime"),
    ("time", "monotonic_ns"), ("time", "perf_counter_ns"), ("time", "clock_gettime"), ("time", "process_time"),
}  # fmt: skip
NOW = ("now", "today")  # words that numpy and pandas read off the clock
# Names of what opens files in compiled code, which no hook of Python sees, and of what tells of files and the process.
SILENT = (
    "pandas.read_", "pyarrow.parquet.", "pyarrow.csv.", "pyarrow.feather.", "pyarrow.dataset.", "pyarrow.orc.",
    "pyarrow.json.", "pyarrow.memory_map", "pyarrow.OSFile", "polars.read_", "polars.scan_", "duckdb.", "h5py.",
    "netCDF4.", "os.stat", "os.environ", "os.getenv", "os.path.getmtime", "os.path.getsize", "os.path.exists",
)  # fmt: skip
STAMPS = ("st_mtime", "st_mtime_ns", "st_ctime", "st_ctime_ns", "st_size")


def reads_clock(strategy: Strategy) -> tuple[str, ...]:
    """Where the strategy's own file, other classes of it left out, and the modules beside it that it imports name what
    tells the time, as `line 12: datetime.now`."""
    return tuple(_places(strategy, _clock))


def reads_silently(strategy: Strategy) -> tuple[str, ...]:
    """Where they name what reads a file unseen or tells of the process, as `line 12: pyarrow.parquet.read_table`."""
    return tuple(_places(strategy, _hidden_reads))


def _places(strategy: Strategy, of: Any) -> Iterator[str]:
    for label, tree in _trees(strategy):
        names = _origins(tree)
        for node in ast.walk(tree):
            for word in of(node, names):
                yield f"{label}line {getattr(node, 'lineno', 0)}: {word}"


def _trees(strategy: Strategy) -> Iterator[tuple[str, ast.Module]]:
    """(words before a line's number, tree) of each file; what is only done when a file is run by itself left out."""
    kind = type(strategy)
    own = {c.__name__ for c in kind.__mro__}
    beside = {name: f for name, f in imported_by(kind.__module__).items() if "." not in name}
    beside.pop("__main__", None)
    try:
        files = [("", Path(inspect.getfile(kind))), *((f"{f.name} ", f) for f in beside.values())]
    except (OSError, TypeError):
        return
    for label, file in files:
        try:
            tree = ast.parse(file.read_text(encoding="utf-8"))
        except (OSError, SyntaxError, ValueError):
            continue
        tree.body = [
            node
            for node in tree.body
            if not (isinstance(node, ast.ClassDef) and not label and node.name not in own)
            and not (isinstance(node, ast.If) and "__main__" in ast.unparse(node.test))
        ]
        yield label, tree


def _origins(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for: `dt` for `datetime.datetime`."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _dotted(node: ast.AST, names: dict[str, str]) -> str:
    """The whole name of what an expression names, "" of another one."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value, names)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def _clock(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Attribute) or (isinstance(node, ast.Name) and node.id in names):
        parts = _dotted(node, names).split(".")
        if tuple(parts[-2:]) in CLOCK:
            yield ".".join(parts[-2:])
    if isinstance(node, ast.Call):
        words = [a.value for a in node.args if isinstance(a, ast.Constant)]
        name = _dotted(node.func, names).rpartition(".")[2]
        if name in ("datetime64", "Timestamp", "to_datetime") and words and words[0] in NOW:
            yield f'{name}("{words[0]}")'


def _hidden_reads(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Attribute) and node.attr in STAMPS:
        yield node.attr
    elif isinstance(node, ast.Attribute) or (isinstance(node, ast.Name) and node.id in names):
        name = _dotted(node, names)
        if name.startswith(SILENT) and (isinstance(node, ast.Attribute) or name.rpartition(".")[0]):
            yield name
