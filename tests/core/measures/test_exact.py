"""Every number of a summary against numpy and torch in float64, on every way the elements can be counted: sorted, in numpy's passes,
in the compiled passes; in one chunk or in many; on one thread or on several."""
from __future__ import annotations

import math
import os
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector import core
from inspector.core.measures import elements, kernels, selecting, sources, tables
from inspector.core.measures import summary as module
from inspector.core.runtime import compiled, workers

Array = np.ndarray[Any, Any]
FLOATS = ["float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"]
INTS = ["int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8"]
WAYS = ["sorted", "numpy", "compiled"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    go(request.param, monkeypatch)
    return str(request.param)


def go(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything after this is counted in that way."""
    if way == "sorted":
        return
    monkeypatch.setattr(sources, "TINY", 0)
    monkeypatch.setattr(compiled, "WORTH", 0 if way == "compiled" else 1 << 62)
    monkeypatch.setattr(compiled, "CHEAP", 1 << 62)
    monkeypatch.setattr(kernels.loops, "ready", _compiled if way == "compiled" else {})


_compiled: dict[str, Any] = {}      # once for all tests


def numpy_type(name: str) -> np.dtype[Any]:
    return np.dtype(getattr(ml_dtypes, name)) if hasattr(ml_dtypes, name) else np.dtype(name)


def checkpoint(path: Path, *arrays: Array, dtype: str = "", **changes: Any) -> core.Checkpoint:
    """Arrays "0", "1" … in a file, one storage each; `changes` to their descriptions."""
    data, storages, tensors = bytearray(b"x"), {}, {}       # at odd offsets
    for n, array in enumerate(arrays):
        name, kind = str(n), dtype or array.dtype.name
        storages[name] = core.Storage(name, kind, "cpu", array.nbytes, core.Extent(0, len(data), array.nbytes, array.nbytes))
        data += np.ascontiguousarray(array).tobytes()
        stride = tuple(step // array.itemsize for step in np.empty(array.shape, array.dtype).strides)
        info = core.TensorInfo(name, array.shape, kind, "cpu", stride, 0, name, array.nbytes, state_dict="")
        tensors[name] = info._replace(**changes)
    path.write_bytes(data)
    found = os.stat(path)
    stamp = core.FileStamp(str(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)
    return core.Checkpoint(str(path), "safetensors", "state-dict", (stamp,), tensors, storages=storages)


def expect(summary: core.Summary, values: Array, least_normal: float = 0.0) -> None:
    """`values`: what the elements are, float64 or exact integers."""
    whole = values.dtype.kind in "iu"
    finite = values.ravel() if whole else values[np.isfinite(values)].ravel()
    assert (summary.numel, summary.finite) == (values.size, finite.size)
    assert summary.zeros == (values == 0).sum()
    if not whole:
        assert (summary.nan, summary.posinf, summary.neginf) == (
            np.isnan(values).sum(), (values == np.inf).sum(), (values == -np.inf).sum())
        assert summary.inf == summary.posinf + summary.neginf
        assert summary.subnormal == ((finite != 0) & (abs(finite) < least_normal)).sum()
    if not finite.size:
        assert all(map(math.isnan, (summary.min, summary.max, summary.mean, summary.std, summary.l2)))
        assert summary.quantiles == summary.edges == summary.counts == ()
        return
    assert (summary.min, summary.max) == (finite.min(), finite.max())
    exact = [int(v) for v in finite.tolist()] if whole else finite.tolist()
    largest = max(map(abs, exact)) or 1
    scaled = [v / largest for v in exact]
    mean = math.fsum(scaled) / len(scaled)
    assert summary.mean == pytest.approx(mean * largest, rel=1e-12, abs=1e-15 * largest)
    # integers far from zero and near each other: distances are exact only as integers
    middle = sum(exact) // len(exact) if whole else 0
    apart = [(v - middle) / largest for v in exact] if whole else scaled
    centre = math.fsum(apart) / len(apart)
    std = math.sqrt(math.fsum((v - centre) ** 2 for v in apart) / len(apart)) * largest
    assert summary.std == pytest.approx(std, rel=1e-12, abs=1e-15 * largest)
    norm = math.sqrt(math.fsum(v * v for v in scaled))
    assert summary.l2 == pytest.approx(norm * largest if norm * largest < math.inf else math.inf, rel=1e-12)
    assert sum(summary.counts) == finite.size
    assert list(summary.counts) == exact_histogram(exact, summary.edges)
    expect_quantiles(summary, sorted(exact))


def exact_histogram(exact: list[Any], edges: tuple[float, ...]) -> list[int]:
    """Comparing Python's numbers is exact, whatever their types. The outermost edges hold all."""
    import bisect
    ordered = sorted(exact)
    starts = [bisect.bisect_left(ordered, edge) for edge in edges[1:-1]]
    return np.diff([0, *starts, len(exact)]).tolist()


def expect_quantiles(summary: core.Summary, ordered: list[Any]) -> None:
    assert len(summary.quantiles) == len(core.QUANTILES)
    for share, found in zip(core.QUANTILES, summary.quantiles, strict=True):
        spot = share * (len(ordered) - 1)
        low, high = ordered[int(spot)], ordered[min(int(spot) + 1, len(ordered) - 1)]
        part = spot - int(spot)
        assert found == pytest.approx(low * (1 - part) + high * part, rel=1e-12,
                                      abs=max(1e-14 * max(abs(low), abs(high)), 5e-324))
        assert float(low) <= float(found) <= float(high)


def drawn(dtype: str, n: int, seed: int = 5) -> Array:
    """Elements of every sort: of all sizes, NaN, infinities, both zeros, subnormals, the extremes."""
    random = np.random.default_rng(seed)
    kind = numpy_type(dtype)
    if dtype in INTS:
        info = np.iinfo(kind)
        array = random.integers(info.min, info.max, n, kind, endpoint=True)
        array[:n // 2] = random.integers(0, 100, n // 2)
        array[n // 3:n // 3 + 4] = [info.min, info.max, info.max - 1, 0]
        return array
    with np.errstate(all="ignore"):
        array = (random.standard_t(2, n) * 10.0 ** random.integers(-3, 2, n)).astype(kind)
        bits = random.integers(0, 256, 40 * kind.itemsize, np.uint8)
        array[5:45] = np.frombuffer(bits.tobytes(), kind)
        array[50:56] = np.array([0.0, -0.0, np.nan, np.inf, -np.inf, float(ml_dtypes.finfo(kind).smallest_subnormal)]).astype(kind)
    if dtype == "float64":
        array[np.abs(array) > 1e100] = 7            # those have a test of their own: they drown all else
    return array


@pytest.mark.parametrize("dtype", FLOATS + INTS)
def test_that_every_number_is_exact(tmp_path: Path, way: str, dtype: str) -> None:
    array = drawn(dtype, 3000)
    least = float(ml_dtypes.finfo(array.dtype).smallest_normal) if dtype in FLOATS else 0.0
    values = array.astype(np.float64) if dtype in FLOATS else array
    summary = core.summarize_tensor(checkpoint(tmp_path / "f", array, dtype=dtype), "0", 23)
    expect(summary, values, least)
    assert summary.edges == pytest.approx(np.histogram_bin_edges(np.array([summary.min, summary.max], float), 23), rel=1e-12, abs=0.0)
    if array.itemsize <= 2:
        assert summary.distinct == len({float(v) for v in values[np.isfinite(values.astype(float))].tolist()})


@pytest.mark.parametrize("dtype", FLOATS[:5] + INTS[:2])
@pytest.mark.parametrize("what", ["empty", "scalar", "all-nan", "none-finite", "constant", "zeros", "negative-zeros", "two", "subnormal"])
def test_that_edge_cases_are_exact(tmp_path: Path, way: str, dtype: str, what: str) -> None:
    kind = numpy_type(dtype)
    if dtype in INTS and what in ("all-nan", "none-finite", "negative-zeros", "subnormal"):
        pytest.skip("integers have none")
    tiny = float(ml_dtypes.finfo(kind).smallest_subnormal) if dtype in FLOATS else 0.0
    values = {"empty": np.zeros(0), "scalar": np.array(3.0), "all-nan": np.full(70, np.nan),
              "none-finite": np.array([np.inf, -np.inf, np.nan]), "constant": np.full((9, 9), 0.75 if dtype in FLOATS else 41),
              "zeros": np.zeros((4, 5)), "negative-zeros": -np.zeros(6),
              "two": np.array([1.0, 2.0]), "subnormal": np.array([tiny, 2 * tiny, 3 * tiny, 0])}[what]
    with np.errstate(all="ignore"):
        array = values.astype(kind)
    least = float(ml_dtypes.finfo(kind).smallest_normal) if dtype in FLOATS else 0.0
    summary = core.summarize_tensor(checkpoint(tmp_path / "f", array, dtype=dtype), "0", 4)
    expect(summary, array.astype(np.float64) if dtype in FLOATS else array, least)
    if what in ("constant", "zeros", "negative-zeros"):
        assert summary.std == 0
        assert set(summary.quantiles) == {summary.min}


@pytest.mark.parametrize("values", [[-1.7e308, 1.7e308, 0, 1e308], [0, 5e-324, 1e-323], [1e16, 1e16 + 2, 1e16 + 4], [1.7e308, 1.7e308],
                                    [1e308] * 20, [1e200, -1e200, 1e-200], [1e-170, 3e-170], [1e300, 1e300 + 2**950]], ids=str)
def test_that_extreme_floats_are_exact(tmp_path: Path, way: str, values: list[float]) -> None:
    expect(core.summarize_tensor(checkpoint(tmp_path / "f", np.array(values)), "0", 10), np.array(values), 2.0 ** -1022)


@pytest.mark.parametrize(("dtype", "values"), [
    ("int64", [2**63 - 1, 2**63 - 2, -2**63, 0]), ("int64", [2**62 + 3, 2**62 + 5, 2**62 + 9]),
    ("uint64", [2**64 - 1, 2**64 - 3, 2**53 + 1]),
    ("int64", [-2**63] * 3), ("int64", list(range(-70000, 70000, 7))), ("uint64", list(range(2**64 - 40000, 2**64))),
    ("int64", [n**11 for n in range(-50, 50)] * 3)], ids=["ends", "far-together", "unsigned", "least", "many", "many-unsigned", "powers"])
def test_that_integers_are_never_lost_in_floats(tmp_path: Path, way: str, dtype: str, values: list[int]) -> None:
    summary = core.summarize_tensor(checkpoint(tmp_path / "f", np.array(values, dtype)), "0", 9)
    expect(summary, np.array(values, dtype))
    assert summary.mean == sum(values) / len(values)
    assert (summary.min, summary.max) == (min(values), max(values))


@pytest.mark.parametrize("edges", [(-1.0, 0.0, 0.5, 1.0), (0.0, 1e-3),
                                    (0.1, 0.1 + 1e-9, 0.10000001, 2.0), (-1e300, 0.0, 1e300), (5e3, 6e3)], ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16", "int32"])
def test_that_given_edges_are_counted_exactly(tmp_path: Path, way: str, dtype: str, edges: tuple[float, ...]) -> None:
    random = np.random.default_rng(3)
    array = np.concatenate([random.normal(0, 1, 2000), np.repeat([0.0, 0.5, 0.1, 1.0, -1.0, 6e3], 9)]).astype(numpy_type(dtype))
    summary = core.summarize_tensor(checkpoint(tmp_path / "f", array, dtype=dtype), "0", edges=edges)
    values = array.astype(np.float64)
    assert list(summary.counts) == np.histogram(values, np.array(edges))[0].tolist()
    assert (summary.below, summary.above) == ((values < edges[0]).sum(), (values > edges[-1]).sum())


def test_that_more_edges_than_buckets_are_exact(tmp_path: Path, way: str) -> None:
    array = np.random.default_rng(4).normal(1, 1e-4, 20000).astype(np.float32)
    ckpt = checkpoint(tmp_path / "f", array)
    summary = core.summarize_tensor(ckpt, "0", 5000, range=(0.9999, 1.0001))
    assert list(summary.counts) == np.histogram(array.astype(np.float64), np.array(summary.edges))[0].tolist()


def test_that_a_logarithmic_histogram_is_exact(tmp_path: Path, way: str) -> None:
    array = np.random.default_rng(4).normal(0, 1, 5000).astype(np.float32)
    ckpt = checkpoint(tmp_path / "f", array, array - 100)
    summary = core.summarize_tensor(ckpt, "0", 20, log=True)
    assert list(summary.counts) == np.histogram(array.astype(np.float64), np.array(summary.edges))[0].tolist()
    assert summary.below + sum(summary.counts) == 5000
    assert summary.above == 0
    ratios = np.array(summary.edges[1:]) / np.array(summary.edges[:-1])
    assert ratios == pytest.approx(ratios[0])
    with pytest.raises(core.UsageError, match="positive"):
        core.summarize_tensor(ckpt, "1", log=True)
    with pytest.raises(core.UsageError, match="begin"):
        core.summarize_tensor(ckpt, "0", log=True, range=(0, 1))


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "int64", "complex64"])
def test_that_neither_chunks_nor_threads_change_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: str) -> None:
    random = np.random.default_rng(9)
    array = (random.normal(0.5, 2, 50_001) * 100).astype(numpy_type(dtype))
    ckpt = checkpoint(tmp_path / "f", array, dtype=dtype)
    found = {}
    for name in WAYS:
        for chunk, few in ((1 << 20, 1 << 18), (1 << 20, 0), (10_000, 1 << 18), (777, 1 << 18)):
            for threads in (1, 3):
                with monkeypatch.context() as patch:
                    go(name, patch)
                    patch.setattr(selecting, "_FEW", few)       # elements that are kept and sorted, not counted
                    patch.setattr(module, "CHUNK", chunk)
                    patch.setattr(module, "_WIDE", 0)
                    patch.setattr(workers, "cores", lambda threads=threads: threads)
                    found[name, chunk, few, threads] = core.summarize_tensor(ckpt, "0", 50)
    first = found["sorted", 1 << 20, 0, 1]
    for (name, chunk, few, _), summary in found.items():
        assert summary == found[name, chunk, few, 1]    # the very same, however many threads
        assert (summary.mean, summary.std, summary.l2) == pytest.approx((first.mean, first.std, first.l2), rel=1e-13)
        assert replace(summary, mean=0.0, std=0.0, l2=0.0, fine=None) == replace(first, mean=0.0, std=0.0, l2=0.0, fine=None)


def test_that_machine_code_is_made_of_every_loop() -> None:
    for name in kernels.RECIPES:
        _compiled.setdefault(name, compiled.build(name, kernels.RECIPES[name].arguments))
        assert _compiled[name] is not None, name


@pytest.mark.parametrize("width", [kernels.FLOAT32, kernels.FLOAT64], ids=lambda width: width.name)
@pytest.mark.parametrize("way", ["numpy", "compiled"])
def test_that_no_more_elements_are_kept_than_there_were(monkeypatch: pytest.MonkeyPatch, width: kernels.Width, way: str) -> None:
    go(way, monkeypatch)
    floats = np.random.default_rng(4).normal(0, 1, 5000).astype(width.floats)
    places = (floats.view(width.bits) >> width.top).astype(np.int64)
    wanted = np.unique(places[:20])
    slot = np.zeros(kernels.BUCKETS, np.uint16)
    slot[wanted] = np.arange(1, wanted.size + 1)
    keep = np.append(0, np.where(wanted % 2, 0xFFFF, 0)).astype(np.uint32)
    nothing = np.zeros(wanted.size + 2, np.uint64)
    buckets = kernels.WantedBuckets(slot, nothing, np.array([np.inf]), nothing[1:].copy(), keep)
    there = floats[keep[slot[places]] != 0]
    for most in (0, 1, there.size - 1, there.size, there.size + 5):         # the file may have changed since they were counted
        kept = kernels.keep_wanted(width, floats, buckets, np.zeros(wanted.size + 2, np.int64), most)
        assert kept.tolist() == there[:most].tolist()[:len(kept)]
        assert len(kept) == min(most, there.size)


@pytest.mark.parametrize("width", [kernels.FLOAT32, kernels.FLOAT64], ids=lambda width: width.name)
def test_that_what_is_wanted_is_found_in_any_number_of_elements(monkeypatch: pytest.MonkeyPatch, width: kernels.Width) -> None:
    drawn = np.abs(np.random.default_rng(5).normal(0, 1, 4100)).astype(width.floats)
    wanted = np.unique((drawn.view(width.bits) >> width.top).astype(np.int64)[::40])
    drawn[::97] = np.nan
    slot = np.zeros(kernels.BUCKETS, np.uint16)
    slot[wanted] = np.arange(1, wanted.size + 1)
    opened = np.append(False, wanted % 3 == 0)
    thresholds = (wanted << width.top | 1 << width.top - 1).astype(width.bits).view(width.floats).astype(np.float64)    # one each
    first = np.append(0, np.arange(wanted.size + 1)).astype(np.uint64)
    fine = np.where(opened, np.cumsum(opened) - 1, opened.sum()).astype(np.uint64)
    buckets = kernels.WantedBuckets(slot, first, np.append(thresholds, np.inf), fine, np.where(opened, 0xFFFF, 0).astype(np.uint32))
    for size in (0, 1, 2, 3, 4, 5, 7, 8, 2046, 2047, 2048, 2049, 2050, 2051, 4095, 4100):
        found = []
        for way in ("numpy", "compiled"):
            go(way, monkeypatch)
            counted = [np.zeros(2 * wanted.size + 2, np.int64) for _ in range(2)]
            table = np.zeros((opened.sum() + 1, kernels.BUCKETS), np.uint32)
            kept = kernels.keep_wanted(width, drawn[:size], buckets, counted[0], size)
            kernels.count_wanted(width, drawn[:size], buckets, counted[1], table)
            found.append((kept.tobytes(), counted[0].tolist(), counted[1].tolist(), table[:-1].tobytes()))
        assert found[0] == found[1], size


def test_that_a_table_of_small_counters_is_emptied_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_FLUSH", 100)
    monkeypatch.setattr(module, "CHUNK", 400)
    go("numpy", monkeypatch)
    for dtype in ("float32", "int16", "int64"):
        array = drawn(dtype, 3000)
        expect(core.summarize_tensor(checkpoint(tmp_path / "f", array), "0"), array.astype(np.float64) if dtype == "float32" else array,
               2.0 ** -126)


# -- layouts ----------------------------------------------------------------------------------------------------------------

def test_that_strided_tensors_are_measured(tmp_path: Path, way: str) -> None:
    array = np.random.default_rng(1).normal(0, 1, (40, 50)).astype(np.float32)
    ckpt = checkpoint(tmp_path / "f", array, shape=(25, 13), stride=(2, 150), offset=3)
    expect(core.summarize_tensor(ckpt, "0"), array.reshape(-1)[3:][np.add.outer(np.arange(25) * 2, np.arange(13) * 150)].astype(np.float64),
           2.0 ** -126)


def test_that_an_expanded_tensor_is_measured_by_what_is_stored(tmp_path: Path, way: str) -> None:
    array = drawn("float32", 300)
    ckpt = checkpoint(tmp_path / "f", array, shape=(7, 300, 5), stride=(0, 1, 0))
    expect(core.summarize_tensor(ckpt, "0", 11), np.broadcast_to(array.astype(np.float64)[None, :, None], (7, 300, 5)), 2.0 ** -126)
    vast = checkpoint(tmp_path / "g", np.array([1, 2, 2, 7], np.float32), shape=(4, 1 << 50), stride=(1, 0))
    summary = core.summarize_tensor(vast, "0", 3)
    assert (summary.numel, summary.mean, summary.counts) == (1 << 52, 3.0, (3 << 50, 0, 1 << 50))
    assert summary.l2 == pytest.approx(math.sqrt(58 * 2.0 ** 50))
    assert summary.quantile(0.5) == 2


def test_that_complex_elements_count_by_magnitude(tmp_path: Path, way: str) -> None:
    random = np.random.default_rng(2)
    array = (random.normal(0, 1, 2000) + 1j * random.normal(0, 1, 2000)).astype(np.complex64)
    array[:3] = [complex(np.nan, 1), complex(np.inf, np.nan), 0]
    array[3] = complex(np.inf, 0)
    sizes = np.abs(array.astype(np.complex128))
    sizes[1] = np.nan
    summary = core.summarize_tensor(checkpoint(tmp_path / "f", array), "0")
    expect(summary, sizes)


def test_that_bool_is_0_and_1_whatever_byte_stands_for_it(tmp_path: Path, way: str) -> None:
    summary = core.summarize_tensor(checkpoint(tmp_path / "f", np.array([0, 1, 255, 0, 2], np.uint8), dtype="bool"), "0", 2)
    assert (summary.min, summary.max, summary.mean, summary.zeros, summary.distinct, summary.counts) == (0, 1, 0.6, 2, 2, (2, 3))


@pytest.mark.parametrize("dtype", ["qint8", "quint8", "qint32"])
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.filterwarnings("ignore:.*quantize.*:UserWarning")
def test_that_quantized_tensors_tell_stored_and_meant_numbers(tmp_path: Path, way: str, dtype: str, per_channel: bool) -> None:
    values = torch.randn(6, 30, 4, generator=torch.Generator().manual_seed(1))
    if per_channel:
        scales, points = torch.rand(30, dtype=torch.float64) / 50 + 0.01, torch.randint(0, 5, (30,))
        tensor = torch.quantize_per_channel(values, scales, points, 1, getattr(torch, dtype))
    else:
        tensor = torch.quantize_per_tensor(values, 0.03, 4, getattr(torch, dtype))
    torch.save({"w": tensor}, tmp_path / "f.pt")
    summary = core.summarize_tensor(core.open(tmp_path / "f.pt"), "w")
    expect(replace(summary, dequantized=None), tensor.int_repr().numpy().astype(np.int64))
    meant = tensor.dequantize().numpy().astype(np.float64)
    found = summary.dequantized
    assert found is not None
    assert (found.numel, found.zeros) == (meant.size, (meant == 0).sum())
    assert (found.min, found.max, found.mean, found.std) == pytest.approx((meant.min(), meant.max(), meant.mean(), meant.std()), rel=1e-6)
    assert found.quantiles == pytest.approx(np.quantile(meant, core.QUANTILES), rel=1e-6, abs=1e-8)


@pytest.mark.filterwarnings("ignore:Sparse:UserWarning")
def test_that_sparse_tensors_are_measured_by_their_values(tmp_path: Path) -> None:
    dense = torch.zeros(30, 40)
    dense[3, 4], dense[5, 6], dense[29, 39] = 1, -2, 4
    torch.save({"coo": dense.to_sparse(), "csr": dense.to_sparse_csr()}, tmp_path / "f.pt")
    found = core.summarize(core.open(tmp_path / "f.pt"), ["coo", "csr"])
    for summary in found.values():
        assert (summary.numel, summary.min, summary.max, summary.mean) == (3, -2, 4, 1)


def test_that_a_wrong_checksum_gives_no_numbers(tmp_path: Path, way: str) -> None:
    torch.save({"w": torch.arange(70_000.0)}, tmp_path / "f.pt")
    data = bytearray((tmp_path / "f.pt").read_bytes())
    at = data.index(np.float32(60_000).tobytes())
    data[at] ^= 1
    (tmp_path / "f.pt").write_bytes(data)
    ckpt = core.open(tmp_path / "f.pt")
    with pytest.raises(core.BadTensor, match="checksum"):
        core.summarize_tensor(ckpt, "w")
    assert isinstance(dict(core.summarize_each(ckpt, ["w"]))["w"], core.BadTensor)


# -- groups, threads, cancelling ------------------------------------------------------------------------------------------------

def test_that_a_mixed_group_is_measured_as_one(tmp_path: Path, way: str) -> None:
    arrays = [drawn("float32", 800), drawn("bfloat16", 700), drawn("int16", 300), drawn("float8_e5m2", 200)]
    values = np.concatenate([array.astype(np.float64) for array in arrays])
    summary = core.summarize_group(checkpoint(tmp_path / "f", *arrays), ["0", "1", "2", "3"], 31)
    expect(replace(summary, subnormal=0), values)
    doubles = [drawn("float64", 500), np.arange(-5, 400, dtype=np.int64), drawn("float16", 100)]
    whole = core.summarize_group(checkpoint(tmp_path / "g", *doubles), ["0", "1", "2"], 31)
    expect(replace(whole, subnormal=0), np.concatenate([array.astype(np.float64) for array in doubles]))
    integers = [drawn("int64", 500), drawn("int8", 100), drawn("int32", 200)]
    found = core.summarize_group(checkpoint(tmp_path / "h", *integers), ["0", "1", "2"], 31)
    expect(found, np.concatenate([array.astype("i8") for array in integers]))


def test_that_many_tensors_come_in_order_from_many_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_BIG", 0)
    monkeypatch.setattr(workers, "_ENOUGH", 0)
    monkeypatch.setattr(module, "_BATCH", 0)
    monkeypatch.setattr(workers, "cores", lambda: 4)
    arrays = [np.random.default_rng(n).normal(n, 1, 100 + n) for n in range(60)]
    ckpt = checkpoint(tmp_path / "f", *arrays)
    seen: list[tuple[int, int]] = []

    class Watching(core.Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            seen.append((done, total))

    outcomes = list(core.summarize_each(ckpt, list(ckpt.tensors), 5, Watching()))
    assert [key for key, _ in outcomes] == list(ckpt.tensors)
    for (_, outcome), array in zip(outcomes, arrays, strict=True):
        assert isinstance(outcome, core.Summary)
        assert outcome.max == array.max()
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]


@pytest.mark.parametrize("threads", [1, 3])
def test_that_cancelling_ends_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    import threading
    monkeypatch.setattr(workers, "_BIG", 0)
    monkeypatch.setattr(workers, "_ENOUGH", 0)
    monkeypatch.setattr(module, "_BATCH", 0)
    monkeypatch.setattr(workers, "cores", lambda: threads)
    ckpt = checkpoint(tmp_path / "f", *[np.arange(1000.0)] * 50)

    class Stopping(core.Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            if done > 100_000:
                raise core.Cancelled("enough")

    before = {*threading.enumerate()}           # of which those that other tests left behind may end meanwhile
    with pytest.raises(core.Cancelled):
        core.summarize(ckpt, monitor=Stopping())
    assert {*threading.enumerate()} <= before
    iterator: Iterator[object] = core.summarize_each(ckpt, list(ckpt.tensors))
    next(iterator)
    iterator.close()        # type: ignore[attr-defined]
    assert {*threading.enumerate()} <= before


# -- binning again ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int8", "int16", "float8_e4m3fn"])
def test_that_binning_again_needs_no_reading_and_is_exact(tmp_path: Path, dtype: str) -> None:
    array = drawn(dtype, 3000)
    path = tmp_path / "f"
    summary = core.summarize_tensor(checkpoint(path, array, dtype=dtype), "0", 64, fine=True)
    path.unlink()
    values = array.astype(np.float64)
    values = values[np.isfinite(values)]
    for bins, span in ((64, None), (7, (-1.0, 2.0)), (720, (0.0, 0.5))):
        found = core.rebin(summary, bins, span)
        assert found is not None
        assert found.exact
        assert list(found.counts) == np.histogram(values, np.array(found.edges))[0].tolist()
        if span is None:
            assert (found.edges, found.counts) == (summary.edges, summary.counts)
        else:
            assert (found.below, found.above) == ((values < span[0]).sum(), (values > span[1]).sum())
    log = core.rebin(summary, 10, log=True)
    assert log is not None
    assert sum(log.counts) == (values > 0).sum()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32"])
def test_that_a_summary_holds_little_unless_it_is_to_be_binned_again(tmp_path: Path, dtype: str) -> None:
    ckpt = checkpoint(tmp_path / "f", drawn(dtype, 100_000), dtype=dtype)
    plain, fine = core.summarize_tensor(ckpt, "0"), core.summarize_tensor(ckpt, "0", fine=True)
    assert core.rebin(plain, 10) is None
    assert len(pickle.dumps(plain)) < 4_000 < len(pickle.dumps(fine)) or fine.fine is None
    assert replace(fine, fine=None) == plain
    assert core.summarize_group(ckpt, ["0"]).fine is None


def test_that_binning_float32_again_says_that_it_is_not_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go("numpy", monkeypatch)
    array = np.random.default_rng(0).normal(0, 1, 100_000).astype(np.float32)
    summary = core.summarize_tensor(checkpoint(tmp_path / "f", array), "0", fine=True)
    found = core.rebin(summary, 40, (-2.0, 2.0))
    assert found is not None
    assert not found.exact
    assert found.below + sum(found.counts) + found.above == array.size
    there = np.histogram(array.astype(np.float64), np.array(found.edges))[0]
    assert np.abs(there - np.array(found.counts)).max() < 30
    powers = core.rebin(summary, 4, (0.0, 4.0))
    assert powers is not None
    assert powers.exact         # no bucket is cut at 0, 1, 2, 3 and 4
    assert list(powers.counts) == np.histogram(array.astype(np.float64), np.array(powers.edges))[0].tolist()


def test_that_a_summary_can_be_sent_to_another_process(tmp_path: Path) -> None:
    import copy
    summary = core.summarize_tensor(checkpoint(tmp_path / "f", drawn("float32", 500)), "0")
    assert copy.deepcopy(summary) == summary
    assert hash(summary) == hash(copy.deepcopy(summary))


# -- any numbers ----------------------------------------------------------------------------------------------------------------

SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SETTINGS
@given(data=st.binary(max_size=400), dtype=st.sampled_from(FLOATS[1:] + INTS), way=st.sampled_from(WAYS), bins=st.integers(1, 70))
def test_that_any_bits_are_measured_exactly(tmp_path_factory: pytest.TempPathFactory, data: bytes, dtype: str, way: str, bins: int) -> None:
    kind = numpy_type(dtype)
    array = np.frombuffer(data[:len(data) // kind.itemsize * kind.itemsize], kind)
    with pytest.MonkeyPatch.context() as patch:
        go(way, patch)
        patch.setattr(module, "CHUNK", 64)
        summary = core.summarize_tensor(checkpoint(tmp_path_factory.mktemp("any") / "f", array, dtype=dtype), "0", bins)
    least = float(ml_dtypes.finfo(kind).smallest_normal) if dtype in FLOATS else 0.0
    with np.errstate(all="ignore"):
        expect(summary, array.astype(np.float64) if dtype in FLOATS else array, least)


@SETTINGS
@given(values=st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=80),
       edges=st.lists(st.floats(-1e30, 1e30), min_size=2, max_size=12, unique=True), way=st.sampled_from(WAYS))
def test_that_any_edges_are_counted_exactly(tmp_path_factory: pytest.TempPathFactory, values: list[float], edges: list[float],
                                            way: str) -> None:
    array = np.array(values + edges[::2]).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        go(way, patch)
        summary = core.summarize_tensor(checkpoint(tmp_path_factory.mktemp("any") / "f", array), "0", edges=sorted(edges))
    exact = array.astype(np.float64)
    assert list(summary.counts) == np.histogram(exact, np.array(sorted(edges)))[0].tolist()
    assert (summary.below, summary.above) == ((exact < min(edges)).sum(), (exact > max(edges)).sum())


def test_that_every_type_of_number_of_whole_bytes_has_a_way_to_be_counted() -> None:
    for name, known in core.DTYPES.items():
        if known.kind != "other" and known.bits % 8 == 0:
            assert elements.measurable(name)
            assert (elements.family(name) == elements.TABLE) == (known.bits <= 16)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8"])
def test_that_sums_are_not_sent_to_the_threads_of_another_library(dtype: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """numpy.dot does that from some ten thousand numbers on, and takes a hundred times as long where all cores have work."""
    go("numpy", monkeypatch)
    values = (np.random.default_rng(0).standard_normal(100_000) * 1000).astype(dtype)
    ckpt = checkpoint(tmp_path / "x", values)
    real, sent = np.dot, []

    def dot(a: Array, b: Array) -> Any:
        sent.append(a.dtype.kind)
        return real(a, b)

    monkeypatch.setattr(np, "dot", dot)
    assert core.summarize(ckpt)["0"].std == pytest.approx(values.astype("f8").std(), rel=1e-12)
    assert "f" not in sent
