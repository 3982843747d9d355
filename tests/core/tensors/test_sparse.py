"""Sparse tensors unfolded, held against torch, and what does not fit together."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.core.checkpoint import TensorInfo
from inspector.core.errors import BadTensor
from inspector.core.tensors.sparse import dense

pytestmark = pytest.mark.filterwarnings("ignore:Sparse .* tensor support is in beta state")


def described(layout: str, shape: tuple[int, ...], dtype: str = "float32") -> TensorInfo:
    return TensorInfo("t", shape, dtype, "cpu", (), 0, "", 0, layout=layout)


def parts_of(tensor: torch.Tensor) -> dict[str, Any]:
    if tensor.layout == torch.sparse_coo:
        return {"indices": tensor._indices().numpy(), "values": tensor._values().numpy()}
    names = ("crow_indices", "col_indices") if tensor.layout in (torch.sparse_csr, torch.sparse_bsr) else ("ccol_indices", "row_indices")
    return {name: getattr(tensor, name)().numpy() for name in (*names, "values")}


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.data())
def test_that_unfolding_is_torch_s_to_dense(data: st.DataObject) -> None:
    batch, rows, columns, deep = (data.draw(st.integers(low, 3)) for low in (0, 1, 1, 0))
    block = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 2))
    shape = (*((batch,) if batch else ()), rows * block[0], columns * block[1], *((deep,) if deep else ()))
    one = torch.tensor(data.draw(st.lists(st.integers(0, 2), min_size=rows * columns, max_size=rows * columns)), dtype=torch.float32)
    grid = one.reshape(rows, columns).repeat_interleave(block[0], 0).repeat_interleave(block[1], 1)
    flat = grid.reshape(1, *grid.shape, 1) * torch.arange(1.0, 1 + max(batch, 1) * max(deep, 1)).reshape(max(batch, 1), 1, 1, -1)
    plain = flat.reshape(shape)
    made = {"sparse_coo": plain.to_sparse(len(shape) - bool(deep)), "sparse_csr": plain.to_sparse_csr(dense_dim=int(bool(deep))),
            "sparse_csc": plain.to_sparse_csc(dense_dim=int(bool(deep))),
            "sparse_bsr": plain.to_sparse_bsr(block, dense_dim=int(bool(deep))),
            "sparse_bsc": plain.to_sparse_bsc(block, dense_dim=int(bool(deep)))}
    for layout, tensor in made.items():
        assert np.array_equal(dense(described(layout, shape), parts_of(tensor)), plain.numpy()), layout


def test_that_values_of_one_place_add_up() -> None:
    parts: dict[str, Any] = {"indices": np.array([[0, 1, 0]]), "values": np.array([1.0, 2.0, 4.0], np.float32)}
    assert dense(described("sparse_coo", (2,)), parts).tolist() == [5.0, 2.0]
    parts["values"] = np.array([False, False, True])
    assert dense(described("sparse_coo", (2,), "bool"), parts).tolist() == [True, False]


GOOD = {"crow_indices": np.array([0, 1, 3]), "col_indices": np.array([2, 0, 1]), "values": np.ones(3, np.float32)}


@pytest.mark.parametrize(("layout", "shape", "parts"), [
    pytest.param("sparse_coo", (2,), {"indices": np.array([[2]]), "values": np.ones(1)}, id="beyond"),
    pytest.param("sparse_coo", (2,), {"indices": np.array([[-1]]), "values": np.ones(1)}, id="negative"),
    pytest.param("sparse_coo", (2,), {"indices": np.array([[0.0]]), "values": np.ones(1)}, id="not-integers"),
    pytest.param("sparse_coo", (2,), {"indices": np.array([[0, 1]]), "values": np.ones(1)}, id="fewer-values"),
    pytest.param("sparse_coo", (2, 3), {"indices": np.array([[0]]), "values": np.ones((1, 2))}, id="dense-shape"),
    pytest.param("sparse_coo", (2,), {"indices": np.array([0]), "values": np.ones(1)}, id="flat-indices"),
    pytest.param("sparse_coo", (0,), {"indices": np.array([[0]]), "values": np.ones(1)}, id="nowhere"),
    pytest.param("sparse_csr", (2, 3), {**GOOD, "crow_indices": np.array([0, 3, 1])}, id="falls"),
    pytest.param("sparse_csr", (2, 3), {**GOOD, "crow_indices": np.array([1, 1, 3])}, id="starts-late"),
    pytest.param("sparse_csr", (2, 3), {**GOOD, "crow_indices": np.array([0, 1, 2])}, id="ends-early"),
    pytest.param("sparse_csr", (2, 3), {**GOOD, "crow_indices": np.array([0, 1, 1, 3])}, id="rows"),
    pytest.param("sparse_csr", (2, 2), GOOD, id="columns"),
    pytest.param("sparse_csr", (2, 3), {**GOOD, "values": np.ones(2)}, id="values"),
    pytest.param("sparse_csr", (6,), GOOD, id="rank"),
    pytest.param("sparse_bsr", (3, 3), {**GOOD, "values": np.ones((3, 2, 1))}, id="blocks-do-not-fit"),
    pytest.param("sparse_bsr", (2, 3), {**GOOD, "values": np.ones((3, 0, 1))}, id="empty-blocks"),
    pytest.param("sparse_bsr", (2, 3), GOOD, id="no-blocks"),
])
def test_that_parts_that_contradict_each_other_are_refused(layout: str, shape: tuple[int, ...], parts: dict[str, Any]) -> None:
    with pytest.raises(BadTensor, match="its indices are not those"):
        dense(described(layout, shape), parts)
