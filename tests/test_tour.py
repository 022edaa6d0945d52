"""The notebook runs, and what it shows is what its cells answer."""

import ast
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.documents import ROOT, script

tour = script("tour")


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the listed strategies, in which one stands."""
    shutil.copytree(ROOT / "strategies", tmp_path / "strategies")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(cell: str, names: dict[str, Any]) -> list[dict[str, str]]:
    """What a notebook shows below a cell: the value of its last line, where that is an expression."""
    tree = ast.parse(cell)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)  # noqa: S102 - our own notebook
    if not isinstance(last, ast.Expr):
        return []
    value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)  # noqa: S307
    rich = getattr(value, "_repr_html_", None)
    return [{"text/html": rich()} if rich else {"text/plain": repr(value)}]


@pytest.mark.usefixtures("workshop", "other_programs_unasked")
def test_each_cell_answers_what_the_notebook_shows() -> None:
    """In this process, without a kernel; renew the outputs with `make tour`."""
    names: dict[str, Any] = {"__name__": "tour"}
    for cell in nbformat.read(tour.PLACE, 4).cells:
        if cell.cell_type == "code":
            made = shown(cell.source, names)
            kept = [
                {kind: o.data[kind] for kind in ("text/html", "text/plain") if kind in o.data}
                for o in cell.outputs
            ]
            assert [next(iter(k.items())) for k in kept] == [next(iter(m.items())) for m in made], cell.source
    assert "SIMULATED" in repr(names["report"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the kernel's own packages
def test_a_kernel_executes_it(workshop: Path) -> None:
    """The real thing: it takes a kernel's start and the compiling of nothing, some 20 s, and changes nothing."""
    kept = nbformat.read(tour.PLACE, 4)
    done = tour.executed(nbformat.read(tour.PLACE, 4), workshop)
    assert [c.get("outputs") for c in done.cells] == [c.get("outputs") for c in kept.cells]


def test_it_holds_nothing_of_one_machine_or_moment() -> None:
    text = tour.PLACE.read_text(encoding="utf-8")
    assert not re.search(r"/(?:home|root|tmp|work|Users)/|0x[0-9a-f]{6,}", text)
    assert all(c.get("execution_count") is None for c in nbformat.read(tour.PLACE, 4).cells)


def test_the_site_shows_its_cells_and_what_they_answer() -> None:
    notebook = nbformat.read(tour.PLACE, 4)
    page = tour.on_page_markdown(f"before\n\n{tour.MARK}\n")
    assert page.startswith("before")
    assert all(c.source in page for c in notebook.cells)
    assert page.count('<div class="shown">') == sum(len(c.get("outputs", ())) for c in notebook.cells)
    assert "<polyline" in page
    assert tour.on_page_markdown("no mark") == "no mark"
