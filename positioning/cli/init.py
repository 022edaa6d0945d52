"""A folder to work in: the example's strategies and record, and templates."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from positioning.cli.command import Command, new_app, one_line_errors
from positioning.cli.command_words import command_words
from positioning.errors import BadInputError

app = new_app()

ENGINE = Path(__file__).parents[1]
SKIPPED = shutil.ignore_patterns("__pycache__", "*.pyc")
README = """# A workshop for positioning

    positioning run                        # every strategy of strategies/ on the sample market; pages in reports/
    positioning list                       # strategies with their parameters and bounds
    positioning run templates/strategy.py  # a strategy of your own, by its file
    positioning fetch                      # real prices, into data_cache/
    positioning run --data yahoo

`strategies/` holds an example, the strategies of a thesis and, in `record/`, its facts: change it, or add a file and
list it in `strategies/__init__.py`. `templates/` holds every table that an option takes.
"""


@app.command(cls=Command)
def init(
    place: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")],
) -> None:
    """Lay a folder to work in, with an example that runs at once and a template of every table."""
    with one_line_errors():
        lay(place)
        print(f"made {place}; next: cd {place} && {command_words('run')}")


def lay(place: Path) -> Path:
    """The workshop, whole or not at all. Raises BadInputError where something is in the place already."""
    if place.is_dir() and not any(place.iterdir()):
        place.rmdir()
    if place.exists():
        raise BadInputError(
            f"{place} is there already", "wanted a new or an empty folder", "choose another name"
        )
    from positioning.files import atomic_folder

    with atomic_folder(place) as draft:
        shutil.copytree(example(), draft / "strategies", ignore=SKIPPED)
        shutil.copytree(ENGINE / "cli" / "templates", draft / "templates", ignore=SKIPPED)
        (draft / "README.md").write_text(README, encoding="utf-8")
        (draft / ".gitignore").write_text("data_cache/\nreports/\n__pycache__/\n", encoding="utf-8")
    return place


def example() -> Path:
    """The strategies of the example: packed into the wheel at build time, beside the engine in a checkout."""
    packed, beside = ENGINE / "workshop" / "strategies", ENGINE.parent / "strategies"
    return packed if packed.is_dir() else beside
