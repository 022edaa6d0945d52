"""Execute docs/tour.ipynb in an empty folder and write its outputs into it: python docs/tour.py

What is of one machine or one moment (versions, times, numbers of executions) is left out, so that the notebook changes
only where an answer does. As a hook of mkdocs this file also makes the notebook's page of the site.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from html import escape
from pathlib import Path
from typing import Any

import nbformat

PLACE = Path(__file__).with_name("tour.ipynb")
STRATEGIES = Path(__file__).parents[1] / "strategies"
SECONDS = 300  # for a cell on a busy machine
MARK = "<!-- the cells of tour.ipynb -->"


def executed(notebook: Any, folder: Path) -> Any:
    """The notebook run by a kernel of its own that stands in a folder, with what it showed."""
    from nbclient import NotebookClient

    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # else the kernel warns of frozen modules
    result = NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    for cell in result.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = [_lasting(o) for o in cell.outputs if o.output_type != "stream"]
    result.metadata.language_info = {"name": "python"}
    return result


def _lasting(output: Any) -> Any:
    """An output without the number of its execution."""
    if "execution_count" in output:
        output.execution_count = None
    return output


def page(notebook: Any) -> str:
    """The cells as Markdown: code in fences, tables and pictures as the HTML that a notebook shows."""
    parts = []
    for cell in notebook.cells:
        parts.append(cell.source if cell.cell_type == "markdown" else f"```python\n{cell.source}\n```")
        for output in cell.get("outputs", ()):
            data = output.data
            html = data.get("text/html") or f"<pre>{escape(data['text/plain'])}</pre>"
            parts.append(f'<div class="shown">\n{_unbroken(html)}\n</div>')
    return "\n\n".join(parts)


def _unbroken(html: str) -> str:
    """HTML without blank lines, at which Markdown would end it."""
    return "\n".join(line for line in html.splitlines() if line.strip())


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The hook: the page that has the mark shows the notebook there."""
    return markdown.replace(MARK, page(nbformat.read(PLACE, 4))) if MARK in markdown else markdown


def main() -> None:
    """Run it in a folder as `positioning init` lays one."""
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(STRATEGIES, Path(place) / "strategies")
        result = executed(nbformat.read(PLACE, 4), Path(place))
    nbformat.write(result, PLACE)
    print(f"wrote {PLACE.name}")


if __name__ == "__main__":
    main()
