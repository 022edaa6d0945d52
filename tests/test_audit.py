"""Data is never code: no pickle, no eval, no shell, no unsafe parser anywhere in what is shipped; and no secret."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHIPPED = sorted(
    f
    for room in ("positioning", "strategies", "backtests", "docs", "benchmarks")
    for f in (ROOT / room).rglob("*.py")
)
MODULES = {
    "pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "dbm", "yaml", "xml", "lxml", "telnetlib",
    "commands", "pty", "code", "runpy",
}  # fmt: skip
CALLS = {"eval", "exec", "compile", "__import__"}
METHODS = {
    "os.system", "os.popen", "os.execv", "os.execvp", "os.spawnv", "subprocess.getoutput", "subprocess.getstatusoutput",
    "tempfile.mktemp", "pandas.read_pickle", "pd.read_pickle", "pd.eval", "pandas.eval", "np.fromregex",
    "builtins.eval", "builtins.exec", "shutil.unpack_archive", "ssl._create_unverified_context",
}  # fmt: skip
ON_ANYTHING = {
    "eval",
    "query",
    "extractall",
    "unpickle",
}  # of a frame, an archive or an unpickler, whatever its name
LAST_NAMES = {name.rsplit(".", 1)[-1] for name in CALLS | METHODS} | ON_ANYTHING
LETS = {("allow_pickle", True), ("shell", True), ("autoescape", False), ("verify", False)}
TYPES = {"Element", "ParseError"}  # of xml, which parse nothing
# Tools of the repository, which read only what they or pytest wrote.
# Processes of this program pickle questions and answers to each other over pipes of their own, as multiprocessing does.
ALLOWED = {
    "docs/mutate.py": {"compile"}, "docs/validate.py": {"xml"}, "positioning/worker_processes.py": {"pickle"},
}  # fmt: skip
TEXT = {
    ".py",
    ".toml",
    ".csv",
    ".md",
    ".html",
    ".js",
    ".css",
    ".json",
    ".yml",
    ".yaml",
    ".sh",
    ".cfg",
    ".txt",
    ".ipynb",
    "",
}
SECRET = re.compile(
    r"(?i)\b(?:password|passwd|secret|api_?key|access_?token|bearer)\b\s*[:=]\s*[\"'][^\"'\s]{8,}[\"']"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b"
)


def dangers(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name.split(".")[0] for a in node.names if a.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            if not {a.name for a in node.names} <= TYPES:
                yield str(node.module).split(".")[0]
        elif isinstance(node, ast.ImportFrom):
            yield from {f"{node.module}.{a.name}" for a in node.names} & METHODS
        elif isinstance(node, ast.Call):
            last = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if last in LAST_NAMES:
                called = ast.unparse(node.func)
                if called in CALLS | METHODS or (
                    isinstance(node.func, ast.Attribute) and last in ON_ANYTHING
                ):
                    yield called
            for keyword in node.keywords:
                value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
                if (keyword.arg, value) in LETS:
                    yield f"{keyword.arg}={value}"


def test_no_file_that_is_shipped_runs_data() -> None:
    assert len(SHIPPED) > 200
    found = {}
    for file in SHIPPED:
        name = str(file.relative_to(ROOT))
        bad = set(dangers(ast.parse(file.read_text(encoding="utf-8")))) - ALLOWED.get(name, set())
        if bad:
            found[name] = sorted(bad)
    assert found == {}


@pytest.mark.parametrize(
    "line",
    [
        "import pickle", "from xml.etree import ElementTree", "eval(text)", "os.system(text)", "pd.read_pickle(path)",
        "np.load(path, allow_pickle=True)", "subprocess.run(text, shell=True)", "import yaml",
        "Environment(autoescape=False)", "from os import system", "frame.query(text)", "frame.eval(text)",
        "archive.extractall(place)", "from xml import sax",
    ],
)  # fmt: skip
def test_the_audit_sees_what_it_is_for(line: str) -> None:
    assert list(dangers(ast.parse(line)))


def test_nothing_that_is_shipped_holds_a_secret() -> None:
    rooms = ("positioning", "strategies", "backtests", "docs", "tests", "benchmarks", ".github", ".ci")
    files = [f for room in rooms for f in (ROOT / room).rglob("*")] + list(ROOT.glob("*"))
    texts = [f for f in files if f.suffix in TEXT and f.is_file() and "__pycache__" not in f.parts]
    assert len(texts) > 500
    assert [str(f.relative_to(ROOT)) for f in texts if SECRET.search(f.read_text("utf-8"))] == []
    assert SECRET.search("password = " + repr("correct-horse"))
