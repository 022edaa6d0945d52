"""Fixtures shared by the tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def prices() -> Path:
    """The folder of real closes that POSITIONING_PRICES names."""
    folder = os.environ.get("POSITIONING_PRICES")
    if not folder:
        pytest.skip("POSITIONING_PRICES does not name a folder of real prices")
    return Path(folder)
