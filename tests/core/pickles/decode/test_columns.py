"""What is different in a column is what numpy says."""
from __future__ import annotations

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.pickles.decode.columns import all_different, different

COLUMNS = st.lists(st.integers(-5, 5) | st.integers(-(1 << 63), (1 << 63) - 1), max_size=30)


@given(COLUMNS | COLUMNS.map(sorted))
def test_that_the_different_items_are_those_of_numpy(items: list[int]) -> None:
    column = np.array(items, np.int64)
    values, first, which = np.unique(column, return_index=True, return_inverse=True)
    found = different(column)
    assert (found.values.tolist(), found.first.tolist(), found.which.tolist()) == (values.tolist(), first.tolist(), which.tolist())
    assert all_different(column) == (len(values) == len(items))


def test_that_masked_arrays_are_not_loaded_to_find_out() -> None:
    code = "import sys, numpy as np; from inspector.core.pickles.decode.columns import different; different(np.array([3, 1, 3])); " \
           "sys.exit('numpy.ma' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
