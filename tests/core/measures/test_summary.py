"""Summaries against numpy in float64."""
from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from inspector import core
from inspector.core.measures import sources
from inspector.core.measures import summary as module
from tests import builders
from tests.core.formats.test_other_programs import gguf


def checkpoint(path: Path, **arrays: np.ndarray) -> core.Checkpoint:  # type: ignore[type-arg]
    """Arrays in a file, one storage each."""
    data = bytearray()
    storages, tensors = {}, {}
    for name, array in arrays.items():
        dtype = {"float8_e4m3fn": "float8_e4m3fn"}.get(array.dtype.name, array.dtype.name)
        extent = core.Extent(0, len(data), array.nbytes, array.nbytes)
        data += np.ascontiguousarray(array).tobytes()
        storages[name] = core.Storage(name, dtype, "cpu", array.nbytes, extent)
        stride = tuple(step // array.itemsize for step in np.empty(array.shape, array.dtype).strides)
        tensors[name] = core.TensorInfo(name, array.shape, dtype, "cpu", stride, 0, name, array.nbytes, state_dict="")
    path.write_bytes(data)
    found = os.stat(path)
    stamp = core.FileStamp(str(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)
    return core.Checkpoint(str(path), "safetensors", "state-dict", (stamp,), tensors, storages=storages)


def expect(summary: core.Summary, values: np.ndarray, bins: int) -> None:  # type: ignore[type-arg]
    finite = values[np.isfinite(values)].ravel()
    assert summary.numel == values.size
    assert (summary.nan, summary.inf, summary.zeros) == (np.isnan(values).sum(), np.isinf(values).sum(), (values == 0).sum())
    assert (summary.min, summary.max) == (finite.min(), finite.max())
    assert summary.mean == pytest.approx(finite.mean(), rel=1e-12, abs=1e-12 * abs(finite).max())
    assert summary.std == pytest.approx(finite.std(), rel=1e-10, abs=1e-12 * abs(finite).max())
    assert summary.edges == pytest.approx(np.histogram_bin_edges(finite, bins), rel=1e-12, abs=1e-12 * abs(finite).max())
    assert sum(summary.counts) == summary.finite == finite.size
    assert list(summary.counts) == np.histogram(finite, summary.edges)[0].tolist()
    assert (summary.below, summary.above) == (0, 0)


@pytest.mark.parametrize("elements", [7, 1 << 18])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16",
                                   "uint8", ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2], ids=str)
def test_that_numbers_agree_with_numpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: str, elements: int) -> None:
    monkeypatch.setattr(module, "CHUNK", elements * 8)
    drawn = np.random.default_rng(5).normal(3, 20, (50, 20))
    array = (abs(drawn) if np.dtype(dtype).kind == "u" else drawn).astype(dtype)
    array[:3] = 0
    expect(core.summarize_tensor(checkpoint(tmp_path / "f", t=array), "t", bins=17), array.astype(np.float64), 17)


@pytest.mark.parametrize("elements", [7, 1 << 18])
@pytest.mark.filterwarnings("error")
def test_that_nan_and_infinities_are_counted_and_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elements: int) -> None:
    monkeypatch.setattr(module, "CHUNK", elements * 8)
    array = np.random.default_rng(5).normal(0, 1, 1000).astype(np.float32)
    array[::10], array[1::20], array[2::50], array[3] = np.nan, np.inf, -np.inf, 0
    expect(core.summarize_tensor(checkpoint(tmp_path / "f", t=array), "t", bins=9), array.astype(np.float64), 9)


@pytest.mark.parametrize("values", [[np.nan] * 3, [np.nan, np.inf, -np.inf], []],
                         ids=["all-nan", "none-finite", "empty"])
def test_that_nothing_finite_gives_an_empty_histogram(tmp_path: Path, values: list[float]) -> None:
    summary = core.summarize_tensor(checkpoint(tmp_path / "f", t=np.array(values, np.float32)), "t")
    assert (summary.numel, summary.finite, summary.zeros) == (len(values), 0, 0)
    assert all(math.isnan(x) for x in (summary.min, summary.max, summary.mean, summary.std))
    assert (summary.edges, summary.counts) == ((), ())


def test_that_a_scalar_has_a_summary(tmp_path: Path) -> None:
    summary = core.summarize_tensor(checkpoint(tmp_path / "f", t=np.array(4, np.int64)), "t", bins=3)
    assert (summary.numel, summary.min, summary.max, summary.mean, summary.std) == (1, 4, 4, 4, 0)
    assert summary.edges == pytest.approx((3.5, 3.8333333, 4.1666667, 4.5))
    assert summary.counts == (0, 1, 0)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_that_integers_beyond_2_53_are_exact(tmp_path: Path, dtype: str) -> None:
    top = np.iinfo(dtype).max
    array = np.array([top, top - 1, top - 3, 2**53 + 1], dtype)
    summary = core.summarize_tensor(checkpoint(tmp_path / "f", t=array), "t", bins=4)
    assert (summary.min, summary.max) == (2**53 + 1, top)
    assert isinstance(summary.max, int)
    assert summary.mean == (3 * top - 4 + 2**53 + 1) / 4
    assert sum(summary.counts) == 4


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("values", [[-1.7e308, 1.7e308, 0, 1e308], [0, 5e-324, 1e-323], [1e16, 1e16 + 2, 1e16 + 4],
                                    [1.7e308, 1.7e308], [-0.0, 0.0], [1e308] * 20], ids=str)
def test_that_extreme_values_stay_in_bounds(tmp_path: Path, values: list[float]) -> None:
    summary = core.summarize_tensor(checkpoint(tmp_path / "f", t=np.array(values)), "t", bins=10)
    assert sum(summary.counts) == len(values)
    assert (summary.min, summary.max) == (min(values), max(values))
    assert summary.mean == pytest.approx(sum(v / len(values) for v in values))
    assert list(summary.edges) == sorted(summary.edges)


@pytest.mark.parametrize("size", [4, 400_000])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "float8_e4m3fn", "float8_e5m2"])
def test_that_the_least_of_zeros_is_zero_and_not_minus_zero(tmp_path: Path, dtype: str, size: int) -> None:
    kind = np.dtype(getattr(ml_dtypes, dtype, dtype))
    for zero in (0.0, -0.0):
        summary = core.summarize_tensor(checkpoint(tmp_path / "f", t=np.resize(np.array([zero, 1], kind), size)), "t")
        assert (str(float(summary.min)), str(float(summary.quantiles[0]))) == ("0.0", "0.0")


@pytest.mark.filterwarnings("error")
def test_that_complex_elements_count_by_magnitude(tmp_path: Path) -> None:
    array = np.array([3 + 4j, 0, -1j, complex(np.nan, np.inf), complex(np.inf, 1)], np.complex64)
    summary = core.summarize_tensor(checkpoint(tmp_path / "f", t=array), "t", bins=5)
    assert (summary.min, summary.max, summary.mean) == (0, 5, 2)
    assert (summary.nan, summary.inf, summary.zeros) == (1, 1, 1)
    assert summary.counts == (1, 1, 0, 0, 1)


def test_that_complex32_counts_by_magnitude(tmp_path: Path) -> None:
    ckpt = checkpoint(tmp_path / "f", t=np.array([3, 4, 0, 0], np.float16))
    info = ckpt.tensors["t"]._replace(dtype="complex32", shape=(2,))
    ckpt = core.Checkpoint(ckpt.path, ckpt.format, ckpt.kind, ckpt.files, {"t": info}, storages=ckpt.storages)
    assert core.summarize_tensor(ckpt, "t").max == 5


@pytest.mark.parametrize("edges", [[-1, 0, 1], [0.5, 0.6, 2, 100]], ids=str)
def test_that_given_edges_are_kept_and_what_is_outside_is_counted(tmp_path: Path, edges: Sequence[float]) -> None:
    array = np.linspace(-3, 3, 601)
    summary = core.summarize_tensor(checkpoint(tmp_path / "f", t=array), "t", edges=edges)
    assert summary.edges == tuple(map(float, edges))
    assert list(summary.counts) == np.histogram(array, edges)[0].tolist()
    assert summary.below == (array < edges[0]).sum()
    assert summary.above == (array > edges[-1]).sum()
    assert summary.min == -3


def test_that_progress_counts_the_bytes_of_every_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 80)
    array = np.arange(100.)
    seen: list[tuple[int, int]] = []

    class Watching(core.Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            seen.append((done, total))

    ckpt = checkpoint(tmp_path / "f", t=array)
    summary = core.summarize_tensor(ckpt, "t", bins=5, monitor=Watching(), range=(0, 50))
    assert summary.counts == (10, 10, 10, 10, 11)
    assert seen[-1] == (800, 800)
    seen.clear()
    monkeypatch.setattr(sources, "TINY", 0)
    core.summarize_tensor(ckpt, "t", bins=5, monitor=Watching())
    assert seen == sorted(seen)
    assert seen[-1] == (1600, 1600)


@pytest.mark.parametrize("ask", [{"bins": 0}, {"edges": [1]}, {"edges": [1, 1]}, {"edges": [0, math.inf]}, {"range": (1, 0)},
                                 {"range": (0, math.nan)}], ids=str)
def test_that_impossible_histograms_are_refused(tmp_path: Path, ask: dict[str, object]) -> None:
    with pytest.raises(core.UsageError):
        core.summarize_tensor(checkpoint(tmp_path / "f", t=np.arange(3.)), "t", **ask)  # type: ignore[arg-type]


def test_that_a_group_is_summed_up_as_one(tmp_path: Path) -> None:
    a, b, c = np.random.default_rng(1).normal(0, 1, 300), np.arange(-5, 5, dtype=np.int32), np.full(7, 20, np.float16)
    ckpt = checkpoint(tmp_path / "f", a=a, b=b, c=c)
    whole = core.summarize_group(ckpt, ["a", "b", "c"], 12)
    expect(whole, np.concatenate([a, b, c]).astype(np.float64), 12)
    integers = core.summarize_group(ckpt, ["b", "b"], 3)
    assert (integers.numel, integers.min, integers.max, integers.mean) == (20, -5, 4, -0.5)
    assert core.summarize_group(ckpt, []).numel == 0


def test_that_summarize_leaves_out_only_what_was_not_asked_for_by_name(tmp_path: Path) -> None:
    ckpt = checkpoint(tmp_path / "f", a=np.arange(3.), b=np.arange(4.))
    tensors = {**ckpt.tensors, "b": ckpt.tensors["b"]._replace(problem="broken")}
    ckpt = core.Checkpoint(ckpt.path, ckpt.format, ckpt.kind, ckpt.files, tensors, storages=ckpt.storages)
    assert list(core.summarize(ckpt)) == ["a"]
    assert core.summarize(ckpt, ["a"], bins=3)["a"].counts == (1, 1, 1)
    with pytest.raises(core.BadTensor, match="broken"):
        core.summarize(ckpt, ["b"])
    with pytest.raises(core.UsageError, match="no tensor 'x'"):
        core.summarize(ckpt, ["x"])


def test_that_fields_of_its_own_in_a_header_are_no_reason_to_measure_what_has_no_elements(tmp_path: Path,
                                                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    entries = ",".join(f'"{n}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0],"own":{n % 2}}}' for n in range(50))
    (tmp_path / "a.safetensors").write_bytes(builders.safetensors("{" + entries + "}"))
    measured: list[object] = []
    real = module._summarize
    monkeypatch.setattr(module, "_summarize", lambda run, found, ask: measured.append(found) or real(run, found, ask))
    found = core.summarize(tmp_path / "a.safetensors")
    assert len(measured) == 1
    assert {one.numel for one in found.values()} == {0}


def test_that_of_packed_tensors_without_elements_one_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.gguf").write_bytes(gguf([], [(f"t{n}", (0, 32), 2, b"") for n in range(50)]))
    ckpt = core.unpacked(core.open(tmp_path / "a.gguf"))
    measured: list[object] = []
    real = module._summarize
    monkeypatch.setattr(module, "_summarize", lambda run, found, ask: measured.append(found) or real(run, found, ask))
    found = core.summarize(ckpt)
    assert len(measured) == 1
    assert len(found) == 50
    assert {repr(one) for one in found.values()} == {repr(core.summarize_tensor(ckpt, "t7"))}


def test_that_of_tensors_without_elements_one_of_each_type_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tensors = {f"{dtype}.{n}": np.zeros((0, n), dtype) for n in range(50) for dtype in ("float32", "int64")}
    ckpt = core.open(core.save({**tensors, "w": np.ones(3, np.float32)}, tmp_path / "a.pth").path)
    apart = {key: core.summarize(ckpt, [key])[key] for key in ("float32.1", "int64.1", "w")}
    measured: list[str] = []
    real = module._summarize

    def count(run: object, found: list[Any], ask: object) -> core.Summary:
        measured.extend(source.key for source in found)
        return real(run, found, ask)       # type: ignore[arg-type]
    monkeypatch.setattr(module, "_summarize", count)
    found = core.summarize(ckpt)
    assert measured == ["float32.0", "int64.0"]         # "w" is measured in rows
    assert found.keys() == ckpt.tensors.keys()
    assert repr(found["float32.7"]) == repr(apart["float32.1"])
    assert repr(found["int64.7"]) == repr(apart["int64.1"])
    assert found["w"].mean == 1.0
