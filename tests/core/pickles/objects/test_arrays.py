"""numpy's arrays in pickles are tensors: pickled by numpy itself, read without it."""
from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from inspector import core
from inspector.core.checkpoint import Opaque
from tests.core.pickles import opcodes as op
from tests.core.pickles.objects.test_composite_tensors import array
from tests.core.pickles.objects.test_tensors import seen

SIMPLE = ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")


def opened(tmp_path: Path, value: Any, protocol: int = 4) -> core.Checkpoint:
    path = tmp_path / "arrays.pkl"
    path.write_bytes(pickle.dumps(value, protocol))
    return core.open(path)


def ordered(order: str) -> st.SearchStrategy[np.dtype[Any]]:
    return st.sampled_from([np.dtype(name).newbyteorder(order) for name in SIMPLE])


@pytest.mark.parametrize("protocol", range(6))
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_that_an_array_of_any_simple_type_is_a_tensor_with_its_values(tmp_path_factory: pytest.TempPathFactory, protocol: int,
                                                                      data: st.DataObject) -> None:
    dtype = data.draw(st.one_of(ordered("<"), ordered(">")))
    value = data.draw(arrays.arrays(dtype, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)))
    value = [value, np.asfortranarray(value), value.T, value[::-1] if value.ndim else value][data.draw(st.integers(0, 3))]
    ckpt = opened(tmp_path_factory.mktemp("arrays"), {"w": value}, protocol)
    info = ckpt.tensors["w"]
    assert (info.shape, info.problem, info.device) == (value.shape, "", None)
    found = core.read_numpy(ckpt, "w")
    assert found.tobytes() == np.ascontiguousarray(value, dtype.newbyteorder("<")).tobytes()


@pytest.mark.parametrize("name", ["bfloat16", "float8_e4m3fn", "float8_e5m2"])
@pytest.mark.parametrize("protocol", [2, 5])
def test_that_types_of_ml_dtypes_are_torch_s(tmp_path: Path, name: str, protocol: int) -> None:
    value = np.arange(6).astype(getattr(ml_dtypes, name)).reshape(2, 3)
    ckpt = opened(tmp_path, {"w": value}, protocol)
    assert ckpt.tensors["w"].dtype == name
    assert core.read_numpy(ckpt, "w").tobytes() == value.tobytes()


@pytest.mark.parametrize("value", [
    np.array([None, {}], object), np.array(["a", "bc"]), np.array([b"a"]), np.zeros(2, "M8[s]"), np.zeros(2, [("x", "f4")]),
    np.ma.masked_array([1, 2], [True, False]), np.zeros(2, "f16"),
], ids=["objects", "texts", "bytes", "dates", "records", "masked", "long-double"])
def test_that_an_array_of_anything_else_is_no_tensor(tmp_path: Path, value: Any) -> None:
    ckpt = opened(tmp_path, {"w": value})
    assert "w" not in ckpt.tensors
    assert isinstance(ckpt.values["w"], Opaque)


def test_that_one_array_under_two_names_is_one_storage(tmp_path: Path) -> None:
    shared = np.ones(3, "f4")
    ckpt = opened(tmp_path, {"a": shared, "b": shared, "c": np.ones(3, "f4")})
    assert ckpt.tensors["a"].storage == ckpt.tensors["b"].storage != ckpt.tensors["c"].storage


@pytest.mark.parametrize("changed", [
    array(op.integers(2, 3)) + op.integer(1) + b"a", op.build(array(op.integers(2, 3)), op.NONE), array(op.integers(2, 4)),
    array(op.integers(-2, -3)), array(op.integers(2, 3), "f8"),
], ids=["appended", "built-twice", "too-long", "negative", "too-short"])
def test_that_an_array_that_is_not_in_order_is_no_tensor(changed: bytes) -> None:
    assert seen(op.dict_of({"w": changed})).tensors == []


ZOO = {"model": {"stem.weight": np.ones((2, 3), "f4"), "fc.bias": np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3))},
       "__author__": "x", "n": np.uint16([1, 2])}


@pytest.mark.parametrize("protocol", range(2, 6))
def test_that_a_pickle_of_arrays_is_saved_as_tensors(tmp_path: Path, protocol: int) -> None:
    ckpt = opened(tmp_path, ZOO, protocol)
    assert (ckpt.state_dicts, ckpt.kind) == (("model",), "training-checkpoint")
    core.save(ckpt, tmp_path / "zoo.pth")
    found = torch.load(tmp_path / "zoo.pth", weights_only=True)
    assert list(found) == list(ZOO)
    assert list(found["model"]) == ["stem.weight", "fc.bias"]
    assert found["model"]["fc.bias"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["model"]["fc.bias"].dtype == torch.float64
    assert (found["__author__"], found["n"].tolist()) == ("x", [1, 2])


def test_that_arrays_are_edited_as_tensors_are(tmp_path: Path) -> None:
    shared = np.arange(4, dtype="f4")
    ckpt = opened(tmp_path, {"module.a": shared, "module.b": shared, "module.drop": np.ones(2)})
    edits = [core.StripPrefix("module."), core.Drop("drop"), core.Cast("float16")]
    core.save(core.edit(ckpt, edits), tmp_path / "new.pth")
    found = torch.load(tmp_path / "new.pth", weights_only=True)
    assert {key: (value.dtype, value.tolist()) for key, value in found.items()} == dict.fromkeys("ab", (torch.float16, [0, 1, 2, 3]))
    assert found["a"].data_ptr() == found["b"].data_ptr()


def test_that_arrays_in_a_file_of_torch_s_stay_what_they_are_until_they_are_made_plain(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2), "mean": np.arange(3, dtype="f4")}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    assert list(ckpt.tensors) == ["w", "mean"]
    assert [one.key for one in core.loads_with_torch(ckpt).refused][:1] == ["mean"]
    core.save(core.edit(ckpt, [core.Rename("w", "v")]), tmp_path / "b.pth")
    kept = torch.load(tmp_path / "b.pth", weights_only=False)
    assert isinstance(kept["mean"], np.ndarray)
    assert kept["mean"].tolist() == [0, 1, 2]
    core.save(core.edit(ckpt, [core.MakePlain("*")]), tmp_path / "c.pth")
    assert torch.load(tmp_path / "c.pth", weights_only=True)["mean"].tolist() == [0, 1, 2]
    core.save(core.edit(ckpt, [core.Cast("float16")]), tmp_path / "d.pth")
    assert torch.load(tmp_path / "d.pth", weights_only=True)["mean"].dtype == torch.float16


class OnDevice:
    """A tensor as a backend without storages pickles it (`Tensor._reduce_ex_internal`)."""

    def __init__(self, tensor: torch.Tensor, device: str, function: str) -> None:
        self.tensor, self.device, self.function = tensor, device, function

    def __reduce_ex__(self, protocol: Any) -> Any:
        held = self.tensor.float() if self.tensor.dtype == torch.bfloat16 else self.tensor
        return getattr(torch._utils, self.function), (held.detach().numpy(), self.tensor.dtype, self.device, self.tensor.requires_grad)


@pytest.mark.parametrize("device", ["xla:0", "maia:0", "hpu", "ort:1"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64])
@pytest.mark.parametrize("legacy", [False, True])
def test_that_tensors_kept_as_numpy_are_read_and_moved(tmp_path: Path, device: str, dtype: torch.dtype, legacy: bool) -> None:
    weight = torch.arange(6).reshape(2, 3).to(dtype)
    made = OnDevice(weight, device, "_rebuild_device_tensor_from_numpy")
    torch.save({"w": made, "again": made, "p": torch.ones(2)}, tmp_path / "a.pth", _use_new_zipfile_serialization=not legacy)
    ckpt = core.open(tmp_path / "a.pth")
    assert (ckpt.tensors["w"].device, ckpt.tensors["w"].dtype) == (device, str(dtype).removeprefix("torch."))
    assert torch.equal(core.read_torch(ckpt, "w"), weight)
    core.save(core.edit(ckpt, [core.RemapDevices({device: "cpu"})]), tmp_path / "b.pth")
    found = torch.load(tmp_path / "b.pth", weights_only=True)
    assert torch.equal(found["w"], weight)
    assert found["w"].dtype == dtype
    assert found["w"] is found["again"]
    core.save(ckpt, tmp_path / "same.pth")
    core.save(core.edit(ckpt, [core.Drop("again")]), tmp_path / "c.safetensors")
    assert core.read_numpy(core.open(tmp_path / "c.safetensors"), "w").tobytes() == core.read_numpy(ckpt, "w").tobytes()
