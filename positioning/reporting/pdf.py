"""A page printed to PDF by a headless Chromium."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from positioning.errors import BadInputError, shortened
from positioning.files import atomic_file
from positioning.reporting.page_file import refuse_foreign_pages

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SECONDS = 180
MOST_SAID = 10_000  # bytes of its standard error that are read, from its end
TAIL = 1024  # bytes in which the mark of a PDF's end stands


def browser() -> str:
    """The program's path. Raises BadInputError where there is none."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise BadInputError(
            "pdf=True", f"wanted one of {', '.join(BROWSERS)} here", "install one, or leave it out", "pdf"
        )
    return program


def print_pdf(page: Path) -> Path:
    """Write the page as PDF beside it, whole; returns its path. Raises BadInputError where Chromium fails."""
    program, pdf = browser(), page.with_suffix(".pdf")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        draft = Path(place) / "page.pdf"
        words = [
            program, "--headless", "--disable-gpu", "--disable-background-networking", "--no-first-run",
            f"--user-data-dir={place}/profile", "--virtual-time-budget=20000", "--no-pdf-header-footer",
            f"--print-to-pdf={draft}", *(["--no-sandbox"] if os.geteuid() == 0 else []), page.resolve().as_uri(),
        ]  # fmt: skip
        output = _run(words)
        if not _is_pdf(draft):
            last = (output.strip().splitlines() or ["no word"])[-1]
            raise BadInputError(
                f"{program} made no PDF: {shortened(last, 200)}", "wanted one", "print the page by hand"
            )
        refuse_foreign_pages(pdf.parent, [pdf.name])
        with atomic_file(pdf) as beside:
            shutil.copyfile(draft, beside)
    return pdf


def _run(words: Sequence[str]) -> str:
    """What the program said on standard error. However it ends, and however we do, its children end with it."""
    with (
        tempfile.TemporaryFile() as output,
        subprocess.Popen(  # noqa: S603
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=output, start_new_session=True
        ) as process,
    ):
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise BadInputError(
                f"{words[0]} took over {SECONDS} s", "wanted a PDF", "print the page by hand"
            ) from None
        finally:
            with suppress(ProcessLookupError, PermissionError):  # no child is left
                os.killpg(process.pid, signal.SIGKILL)
        output.seek(max(output.seek(0, os.SEEK_END) - MOST_SAID, 0))
        return output.read().decode(errors="replace")


def _is_pdf(path: Path) -> bool:
    """Whether it begins and ends as a PDF does."""
    try:
        with path.open("rb") as file:
            begins = file.read(5) == b"%PDF-"
            file.seek(max(file.seek(0, os.SEEK_END) - TAIL, 0))
            return begins and b"%%EOF" in file.read()
    except OSError:
        return False
