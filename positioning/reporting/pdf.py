"""A page printed to PDF by a headless Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from positioning.errors import BadInputError
from positioning.files import atomic_file

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SECONDS = 180


def browser() -> str:
    """The program's path. Raises BadInputError where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise BadInputError(
            "--pdf", f"wanted one of {', '.join(BROWSERS)} here", "install one, or leave it out"
        )
    return found


def print_pdf(page: Path) -> Path:
    """Write the page as PDF beside it, whole; returns its path. Raises BadInputError where Chromium fails."""
    program, pdf = browser(), page.with_suffix(".pdf")
    with tempfile.TemporaryDirectory() as place:
        draft = Path(place) / "page.pdf"
        words = [
            program, "--headless", "--disable-gpu", "--disable-background-networking", "--no-first-run",
            f"--user-data-dir={place}/profile", "--virtual-time-budget=20000", "--no-pdf-header-footer",
            f"--print-to-pdf={draft}", *(["--no-sandbox"] if os.geteuid() == 0 else []), page.resolve().as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603
        except subprocess.TimeoutExpired:
            raise BadInputError(
                f"{program} took over {SECONDS} s", "wanted a PDF", "print the page by hand"
            ) from None
        if not draft.is_file():
            last = (done.stderr.strip().splitlines() or ["no word"])[-1]
            raise BadInputError(f"{program} made no PDF: {last}", "wanted one", "print the page by hand")
        with atomic_file(pdf) as beside:
            shutil.copyfile(draft, beside)
    return pdf
