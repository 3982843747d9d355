"""What a merge adds up, against torch's own sums."""
from __future__ import annotations

import platform

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from inspector.core.tensors.decoders.merged import lengths_of_rows, squares_of_columns

pytestmark = pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="torch adds up otherwise elsewhere")


@given(st.integers(0, 90), st.integers(0, 70), st.integers(0, 1 << 30))
@example(5, 4096, 0)
@example(3, 11008, 1)
@example(1, 7, 2)
def test_that_lengths_of_rows_are_those_of_torch_bit_for_bit(rows: int, cols: int, seed: int) -> None:
    values = (np.random.default_rng(seed).normal(size=(rows, cols)) * 10.0 ** (seed % 9 - 4)).astype(np.float32)
    wanted = torch.linalg.norm(torch.from_numpy(values), dim=1).numpy()
    assert lengths_of_rows(values).tobytes() == wanted.tobytes()


@given(st.integers(0, 90), st.integers(2, 70), st.integers(1, 90), st.integers(0, 1 << 30))
def test_that_lengths_of_columns_are_those_of_torch_whatever_the_pieces(rows: int, cols: int, step: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(rows, cols)).astype(np.float32)
    squares = np.zeros(cols, np.float32)
    for first in range(0, rows, step):
        squares = squares_of_columns(squares, values[first:first + step])
    assert np.sqrt(squares).tobytes() == torch.linalg.norm(torch.from_numpy(values).T, dim=1).numpy().tobytes()


def test_that_what_is_no_number_stays_none() -> None:
    values = np.array([[1, np.nan, 2], [np.inf, 0, 1], [3e38, 3e38, 0]], np.float32)
    assert lengths_of_rows(values).tobytes() == torch.linalg.norm(torch.from_numpy(values), dim=1).numpy().tobytes()
