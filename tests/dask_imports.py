"""Imports all that a machine of a dask cluster needs for a search: for a process that others are forks of."""

from __future__ import annotations

from importlib import import_module

import dask
import numba

from tests.dask_machines import IDLE

for module in (
    *("distributed.cli.dask_scheduler", "distributed.cli.dask_worker", "distributed.http.scheduler"),
    *("positioning.search.on_cluster", "tests.search.clusters"),
):
    import_module(module)
dask.config.set(IDLE)
numba.njit(lambda x: x + 1.0)(1.0)  # what numba imports before the first function it compiles
