"""A file of cash rates is read like every other table, and each complaint names the line."""

from pathlib import Path

import numpy as np
import pytest

from positioning.errors import BadInputError
from positioning.simulation.cash import read_cash


def test_remarks_semicolons_and_further_columns_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "cash.csv"
    file.write_text("# of the central bank\nDate;Rate;Note\n2024-01-02;0.0525;x\n2024-09-19;0.05;\n")
    cash = read_cash(str(file))
    assert cash.annual.tolist() == [0.0525, 0.05]
    rows = np.array(["2024-09-18", "2024-09-19", "2024-09-20"], dtype="datetime64[D]")
    np.testing.assert_array_equal(cash.on(rows), [0.0, 0.0525 / 365.0, 0.05 / 365.0])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("date,rate\n2024-13-02,0.05\n", "line 2: date '2024-13-02'"),
        ("date,rate\n2024-01-02,0.05\n2024-01-03,five\n", "line 3: rate 'five'"),
        ("date,rate\n2024-01-02,5.25\n", "line 2: a cash rate of 5.25"),
        ("date,rate\n2024-01-02,nan\n", "line 2: a cash rate of nan"),
        ("day,rate\n2024-01-02,0.05\n", "no column 'date'"),
        ("date,rate\n2024-01-03,0.05\n2024-01-02,0.05\n", "unsorted dates"),
        ("date,rate\n", "has no rows"),
    ],
)
def test_a_bad_line_is_named(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "cash.csv").write_text(text)
    with pytest.raises(BadInputError) as caught:
        read_cash(str(tmp_path / "cash.csv"))
    assert told in str(caught.value)
