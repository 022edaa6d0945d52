"""A result's columns by date, for people: the same numbers as its arrays."""

import numpy as np
import pandas as pd
import pytest

from positioning.errors import BadInputError
from positioning.simulation.simulate import simulate
from tests.simulation.accounts import FREE, build, decide


def test_columns_by_date_are_the_arrays() -> None:
    market = build({"A": [100.0, 110.0, 99.0], "B": [50.0, 50.0, 55.0]})
    result = simulate(decide(market, {0: {"A": 0.5, "B": 0.25}}), market, FREE)
    nav = result.series()
    assert isinstance(nav.index, pd.DatetimeIndex)
    assert (nav.name, nav.index.name) == ("nav", "date")
    np.testing.assert_array_equal(nav.to_numpy(), result.nav)
    np.testing.assert_array_equal(nav.index.to_numpy().astype("datetime64[D]"), result.rows)
    np.testing.assert_array_equal(result.series("B").to_numpy(), result.weights[:, 1])
    with pytest.raises(BadInputError, match=r"column=naw; .*Did you mean nav"):
        result.series("naw")
