"""Names and writing of files, so that two processes at once, or one that dies, leave only whole ones."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path


def safe_name(name: str) -> str:
    """The name where it is letters, digits, _ and -; else what is left of it and eight digits of its hash."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:80]
    if plain == name and name not in ("", "index"):
        return name
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}".strip("-")


def write_whole(path: Path, text: str) -> Path:
    """Write beside the path, then rename onto it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path
