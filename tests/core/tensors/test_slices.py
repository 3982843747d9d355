"""Slices, reduced copies, runs and searches against torch and numpy, whatever the type, the layout and the container."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core
from inspector.core.tensors import slices
from inspector.core.tensors.reader import TensorReader
from tests.core.tensors.test_reader import LAYOUTS, PLAIN, bits, lay, name_of, raw_bytes

pytestmark = pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")
INF, NAN = float("inf"), float("nan")


def in_chunks(ckpt: core.Checkpoint, key: str) -> core.Checkpoint:
    """The same matrix, said to lie in chunks of three by two, each a window of the same storage."""
    info = ckpt.tensors[key]
    storage = ckpt.storages[info.storage]
    n_rows, n_cols = info.shape
    chunks = tuple(
        core.Chunk((r, c), (min(3, n_rows - r), min(2, n_cols - c)), storage, info.offset + r * info.stride[0] + c * info.stride[1],
                   info.stride)
        for r in range(0, n_rows, 3) for c in range(0, n_cols, 2))
    made = info._replace(extra=core.Extra(chunks=chunks), stride=(n_cols, 1), offset=0)
    return core.Checkpoint(ckpt.path, "dcp", "state-dict", ckpt.files, {key: made}, storages=ckpt.storages)


@pytest.mark.parametrize("how", ["little", "big", "deflated"])
@pytest.mark.parametrize("dtype", PLAIN, ids=name_of)
def test_that_slices_of_every_type_and_layout_are_torchs(tmp_path: Path, dtype: torch.dtype, how: str) -> None:
    tensors = {name: cut(bits(40, dtype).reshape(8, 5)) for name, cut in LAYOUTS.items()}
    ckpt = lay(tmp_path / "raw", tensors, big_endian=how == "big", deflated=how == "deflated")
    for name, tensor in tensors.items():
        shape = tuple(tensor.shape)
        flat = core.read_values(ckpt, name, 0, tensor.numel())
        assert flat.tobytes() == raw_bytes(tensor), name
        if tensor.dim() == 2:
            whole = core.read_slice(ckpt, name, core.matrix_plane(shape))
            assert whole.tobytes() == raw_bytes(tensor), name
            if tensor.numel():
                part = core.read_slice(ckpt, name, core.Plane(shape, (1,), (0,)), range(0, shape[1], 2), range(0, shape[0], 3))
                assert part.tobytes() == raw_bytes(tensor.t()[::2, ::3]), name


def test_that_a_slice_of_a_tensor_in_chunks_is_put_together(tmp_path: Path) -> None:
    tensor = torch.arange(7 * 5, dtype=torch.int32).reshape(7, 5)
    ckpt = in_chunks(lay(tmp_path / "raw", {"t": tensor}), "t")
    plane = core.Plane((7, 5), (0,), (1,))
    for rows, cols in ((range(7), range(5)), (range(1, 7, 2), range(0, 5, 3)), (range(2, 3), range(4, 5)), (range(0, 7, 4), range(1, 3))):
        np.testing.assert_array_equal(core.read_slice(ckpt, "t", plane, rows, cols), tensor.numpy()[rows][:, cols])
    np.testing.assert_array_equal(core.read_values(ckpt, "t", 3, 20), np.arange(3, 23))
    assert core.find_next(ckpt, "t", 0, "max") == 34


def test_that_a_plane_goes_through_any_two_dimensions(tmp_path: Path) -> None:
    tensor = torch.arange(2 * 3 * 4 * 5, dtype=torch.int64).reshape(2, 3, 4, 5)
    ckpt = lay(tmp_path / "raw", {"t": tensor})
    whole = tensor.numpy()
    found = core.read_slice(ckpt, "t", core.Plane((2, 3, 4, 5), (3,), (1,), (1, 0, 2, 0)))
    np.testing.assert_array_equal(found, whole[1, :, 2, :].T)
    mosaic = core.Plane((2, 3, 4, 5), (0, 2), (1, 3))
    want = whole.transpose(0, 2, 1, 3).reshape(8, 15)
    assert mosaic.size == (8, 15)
    assert mosaic.unit == (4, 5)
    np.testing.assert_array_equal(core.read_slice(ckpt, "t", mosaic), want)
    np.testing.assert_array_equal(core.read_slice(ckpt, "t", mosaic, range(3, 6), range(4, 11, 3)), want[3:6, 4:11:3])
    np.testing.assert_array_equal(core.read_slice(ckpt, "t", core.Plane((2, 3, 4, 5), (1, 3), (0, 2))), want.T)


def test_that_positions_and_places_are_each_others_way_back() -> None:
    for plane in (core.Plane((2, 3, 4, 5), (0, 2), (1, 3)), core.Plane((2, 3, 4), (2,), (0,), (0, 1, 0)), core.Plane((7,), fold=3),
                  core.Plane((6,), (), (0,)), core.Plane((), (), ())):
        n_rows, n_cols = plane.size
        for row in range(n_rows):
            for col in range(n_cols):
                at = plane.position(row, col)
                assert at is None or plane.row_and_column(at) == (row, col)
    assert core.Plane((7,), fold=3).position(2, 1) is None
    assert core.Plane((7,), fold=3).position(2, 0) == (6,)
    assert core.Plane((4, 4), (0,), (1,)).position(4, 0) is None


def test_that_a_plane_outside_the_tensor_is_refused(tmp_path: Path) -> None:
    for rows, cols, index in (((0,), (0,), ()), ((2,), (1,), ()), ((0,), (), (0, 5)), ((0,), (1,), (0,))):
        with pytest.raises(core.UsageError):
            core.Plane((4, 5), rows, cols, index)
    ckpt = lay(tmp_path / "raw", {"t": torch.zeros(4, 5)})
    with pytest.raises(core.UsageError):
        core.read_slice(ckpt, "t", core.Plane((4, 5), (0,), (1,)), range(3, 5))
    with pytest.raises(core.UsageError):
        core.read_slice(ckpt, "t", core.Plane((4, 6), (0,), (1,)))


def test_that_a_fold_breaks_elements_into_rows_and_says_where_they_end(tmp_path: Path) -> None:
    ckpt = lay(tmp_path / "raw", {"t": torch.arange(10, dtype=torch.float32)})
    plane = core.matrix_plane((10,), 4)
    assert plane.size == (3, 4)
    np.testing.assert_array_equal(core.read_slice(ckpt, "t", plane), [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0, 0]])
    np.testing.assert_array_equal(core.read_slice(ckpt, "t", plane, range(1, 3), range(1, 4, 2)), [[5, 7], [9, 0]])
    reduced = core.reduce_slice(ckpt, "t", plane, most=(2, 2))
    np.testing.assert_array_equal(reduced.values[0], [2.5, 4.5])
    assert reduced.values[1, 0] == 8.5          # of the two elements that are there
    assert reduced.read == 10


@pytest.mark.parametrize("how", ["mean", "absmax", "extreme", "sample"])
@pytest.mark.parametrize("turned", [False, True])
def test_that_blocks_are_what_numpy_makes_of_them(tmp_path: Path, how: core.Reduction, turned: bool) -> None:
    values = np.random.default_rng(5).normal(size=(37, 53)).astype(np.float32)
    tensor = torch.from_numpy(values)
    ckpt = lay(tmp_path / "raw", {"t": tensor.t().contiguous().t() if turned else tensor})
    found = core.reduce_slice(ckpt, "t", core.matrix_plane((37, 53)), range(2, 37), range(1, 50), most=(9, 7), how=how)
    assert (found.rows, found.cols) == (range(2, 37, 4), range(1, 50, 7))
    wide = values.astype(np.float64)
    for i, row in enumerate(found.rows):
        for j, col in enumerate(found.cols):
            block = wide[row:min(row + 4, 37), col:min(col + 7, 50)]
            want = {"mean": block.mean(), "absmax": np.abs(block).max(), "extreme": max(block.flat, key=abs), "sample": block[0, 0]}[how]
            assert found.values[i, j] == pytest.approx(want, rel=1e-12)
    assert found.read == (35 * 49 if how != "sample" else 9 * 7)


@pytest.mark.parametrize("how", ["mean", "absmax", "extreme", "sample"])
@pytest.mark.parametrize("turned", [False, True])
def test_that_rows_in_another_order_are_reduced_as_if_they_were_stored_so(tmp_path: Path, how: core.Reduction, turned: bool) -> None:
    values = np.random.default_rng(5).normal(size=(37, 53)).astype(np.float32)
    order = np.random.default_rng(6).permutation(37)
    order[[3, 4, 5]] = sorted(order[[3, 4, 5]])
    tensor, stored = torch.from_numpy(values), torch.from_numpy(values[order])
    ckpt = lay(tmp_path / "raw", {"t": tensor.t().contiguous().t() if turned else tensor, "u": stored})
    plane = core.matrix_plane((37, 53))
    for window in (None, None), (range(2, 37), range(1, 50)), (range(3, 6), range(4, 7)):
        for most in (9, 7), (100, 100):
            found = core.reduce_slice(ckpt, "t", plane, *window, most=most, how=how, order=order.tolist())
            want = core.reduce_slice(ckpt, "u", plane, *window, most=most, how=how)
            np.testing.assert_allclose(found.values, want.values, rtol=1e-12)
            assert found[1:] == want[1:]
    for wrong in [0] * 37, list(range(36)), [1, *range(1, 37)]:
        with pytest.raises(core.UsageError, match="no order of 37 rows"):
            core.reduce_slice(ckpt, "t", plane, order=wrong)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 12), st.integers(1, 12), st.integers(1, 20_000))
def test_that_less_is_read_where_the_budget_is_small(tmp_path_factory: pytest.TempPathFactory, n_rows: int, n_cols: int, down: int,
                                                     across: int, budget: int) -> None:
    folder = tmp_path_factory.mktemp("budget")
    ckpt = lay(folder / "raw", {"t": torch.ones(n_rows, n_cols, dtype=torch.float64)})
    found = core.reduce_slice(ckpt, "t", core.matrix_plane((n_rows, n_cols)), most=(down, across), budget=budget)
    assert found.values.shape == (len(found.rows), len(found.cols))
    assert len(found.rows) <= down
    assert len(found.cols) <= across
    assert (found.values == 1).all()
    assert found.values.size <= found.read <= n_rows * n_cols
    assert found.read * 8 <= max(budget, found.values.size * 8 * 2) or found.read <= 2 * found.values.size


def test_that_a_nan_in_a_block_is_seen(tmp_path: Path) -> None:
    tensor = torch.zeros(100, 100)
    tensor[57, 31] = NAN
    tensor[59, 32] = -3
    ckpt = lay(tmp_path / "raw", {"t": tensor})
    for how in ("mean", "absmax", "extreme"):
        found = core.reduce_slice(ckpt, "t", core.matrix_plane((100, 100)), most=(10, 10), how=how)
        assert np.argwhere(np.isnan(found.values)).tolist() == [[5, 3]]


def test_that_blocks_of_a_mosaic_are_whole_kernels(tmp_path: Path) -> None:
    ckpt = lay(tmp_path / "raw", {"t": torch.ones(64, 64, 3, 3)})
    found = core.reduce_slice(ckpt, "t", core.Plane((64, 64, 3, 3), (0, 2), (1, 3)), most=(100, 100))
    assert (found.rows.step, found.cols.step) == (3, 3)
    assert found.values.shape == (64, 64)


def test_that_complex_counts_by_magnitude_and_bool_as_numbers(tmp_path: Path) -> None:
    ckpt = lay(tmp_path / "raw", {"c": torch.tensor([[3 + 4j, complex(INF, NAN)]]), "b": torch.tensor([[True, False]])})
    np.testing.assert_array_equal(core.reduce_slice(ckpt, "c", core.matrix_plane((1, 2))).values, [[5, NAN]])
    np.testing.assert_array_equal(core.reduce_slice(ckpt, "b", core.matrix_plane((1, 2))).values, [[1, 0]])


def test_that_packed_bits_are_no_numbers_but_show_their_bytes(tmp_path: Path) -> None:
    ckpt = lay(tmp_path / "raw", {"t": torch.arange(6, dtype=torch.uint8)})
    info = ckpt.tensors["t"]._replace(dtype="float4_e2m1", shape=(3, 4), stride=(4, 1))
    ckpt = core.Checkpoint(ckpt.path, "safetensors", "state-dict", ckpt.files, {"t": info}, storages=ckpt.storages)
    assert core.readable_shape(info) == (6,)
    np.testing.assert_array_equal(core.read_values(ckpt, "t", 1, 3), [1, 2, 3])
    with pytest.raises(core.BadTensor) as caught:
        core.reduce_slice(ckpt, "t", core.matrix_plane((6,), 3))
    assert caught.value.id == "not_numbers"


def test_that_the_next_odd_value_is_found_and_the_search_goes_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "_SCANNED", 3)
    values = torch.tensor([1.0, NAN, 0.0, -INF, 7.0, -8.0, NAN, 7.0, 2.0])
    ckpt = lay(tmp_path / "raw", {"t": values, "i": torch.tensor([3, 1, 2]), "e": torch.zeros(0), "n": torch.full((2,), NAN)})
    assert [core.find_next(ckpt, "t", start, "nan") for start in (0, 2, 6, 7)] == [1, 6, 6, 1]
    assert [core.find_next(ckpt, "t", start, "max") for start in (0, 5, 8)] == [4, 7, 4]
    assert core.find_next(ckpt, "t", 0, "min") == 5
    assert core.find_next(ckpt, "t", 4, "inf") == 3
    assert core.find_next(ckpt, "t", 3, "zero") == 2
    assert core.find_next(ckpt, "i", 0, "nan") is None
    assert core.find_next(ckpt, "i", 0, "max") == 0
    assert core.find_next(ckpt, "e", 5, "max") is None
    assert core.find_next(ckpt, "n", 0, "max") is None


def test_that_a_search_can_be_cancelled(tmp_path: Path) -> None:
    class Stop(core.Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            raise core.Cancelled

    ckpt = lay(tmp_path / "raw", {"t": torch.zeros(10)})
    with pytest.raises(core.Cancelled):
        core.find_next(ckpt, "t", 0, "nan", Stop())
    with pytest.raises(core.Cancelled):
        core.reduce_slice(ckpt, "t", core.matrix_plane((10,), 4), monitor=Stop())


def test_that_a_window_too_big_for_memory_is_refused(tmp_path: Path) -> None:
    ckpt = lay(tmp_path / "raw", {"t": torch.zeros(1, 1).expand(1 << 20, 1 << 20)})
    plane = core.matrix_plane((1 << 20, 1 << 20))
    with pytest.raises(core.BadTensor):
        core.read_slice(ckpt, "t", plane)
    assert core.read_slice(ckpt, "t", plane, range(5, 7), range(9)).shape == (2, 9)
    found = core.reduce_slice(ckpt, "t", plane, most=(8, 8), budget=1 << 16)
    assert found.values.shape == (8, 8)


@pytest.mark.filterwarnings("ignore:.*[Ss]parse")
def test_that_sparse_tensors_are_looked_at_unfolded(tmp_path: Path) -> None:
    made = torch.Generator().manual_seed(0)
    plain = torch.randn(16, 12, generator=made) * (torch.rand(16, 12, generator=made) > 0.7)
    deep = torch.randn(3, 4, 5, generator=made)
    sparse = {"coo": plain.to_sparse(), "csr": plain.to_sparse_csr(), "bsc": plain.to_sparse_bsc((4, 4)), "deep": deep.to_sparse(2)}
    torch.save({**sparse, "huge": torch.sparse_coo_tensor(torch.tensor([[0], [0]]), torch.ones(1), (10 ** 6, 10 ** 6))},
               tmp_path / "s.pth")
    ckpt = core.open(tmp_path / "s.pth")
    for key in sparse:
        whole = (deep if key == "deep" else plain).numpy()
        plane = core.matrix_plane(whole.shape)
        flat = core.read_slice(ckpt, key, plane)
        assert np.array_equal(flat, whole if whole.ndim == 2 else whole[0]), key
        assert np.array_equal(core.read_slice(ckpt, key, plane, range(1, 3), range(0, 5, 2)), flat[1:3, 0:5:2]), key
        assert np.array_equal(core.read_values(ckpt, key, 7, 20), whole.reshape(-1)[7:27]), key
        assert core.find_next(ckpt, key, 0, "max") == int(whole.argmax()), key
        assert core.reduce_slice(ckpt, key, plane, most=(4, 4)).values.size <= 16
    with pytest.raises(core.BadTensor, match="sparse"):
        core.read_values(ckpt, "huge", 0, 10)
    with pytest.raises(core.UsageError, match="no such part"), TensorReader(ckpt) as reader:
        reader.box("coo", (0, 0), (17, 1))
