"""ckpt["key"]: a checkpoint is a mapping of tensors that are read when they are asked for."""
from __future__ import annotations

import pickle
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core
from inspector.core.io.sources import ExtentReader


@pytest.fixture
def ckpt(tmp_path: Path) -> core.Checkpoint:
    base = torch.arange(120.0).reshape(4, 5, 6)
    torch.save({"model": {"w": base, "t": base.transpose(0, 2), "scalar": torch.tensor(3), "b": torch.ones(3, dtype=torch.bfloat16)},
                "epoch": 7}, tmp_path / "a.pth")
    return core.open(tmp_path / "a.pth")


def test_that_a_checkpoint_is_a_mapping_of_its_tensors(ckpt: core.Checkpoint) -> None:
    keys = ["model.w", "model.t", "model.scalar", "model.b"]
    assert (list(ckpt), list(ckpt.keys()), [key for key, _ in ckpt.items()], len(ckpt)) == (keys, keys, keys, 4)
    assert "model.w" in ckpt
    assert "epoch" not in ckpt
    assert 3 not in ckpt
    assert {key: tensor.shape for key, tensor in dict(ckpt).items()}["model.t"] == (6, 5, 4)
    assert ckpt.get("nope") is None
    assert ckpt.get("model.b").dtype == "bfloat16"
    assert bool(core.edit(ckpt, [core.Extract("model")]))


def test_that_a_missing_key_is_a_key_error_that_names_what_is_like_it(ckpt: core.Checkpoint) -> None:
    with pytest.raises(KeyError) as caught:
        ckpt["model.ww"]
    assert isinstance(caught.value, core.UsageError)
    assert "model.w" in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    with pytest.raises(core.NoSuchKey, match=r"ckpt\.values\['epoch'\]"):
        ckpt["epoch"]
    with pytest.raises(KeyError, match=r"model\.scalar"):
        core.read_numpy(ckpt, "scalar")


def test_that_a_tensor_says_what_it_is_without_being_read(ckpt: core.Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*args: Any, **named: Any) -> Any:
        raise AssertionError("something was read")

    monkeypatch.setattr(ExtentReader, "__init__", never)
    x = ckpt["model.w"]
    assert (x.shape, x.dtype, x.ndim, x.size, x.nbytes, x.device, len(x)) == ((4, 5, 6), "float32", 3, 120, 480, "cpu", 4)
    assert repr(x) == "<LazyTensor 'model.w' 4 × 5 × 6 float32>"
    assert dict(ckpt.items()).keys() == ckpt.keys()


def test_that_its_numbers_are_those_of_the_file(ckpt: core.Checkpoint) -> None:
    x = ckpt["model.t"]
    assert np.array_equal(x.numpy(), core.read_numpy(ckpt, "model.t"))
    assert np.array_equal(np.asarray(x, np.float64), x.numpy().astype(np.float64))
    assert (x.torch().stride(), x.torch().tolist()) == ((1, 6, 30), x.numpy().tolist())
    assert float(ckpt["model.scalar"][()]) == 3
    with pytest.raises(TypeError, match="no length"):
        len(ckpt["model.scalar"])


_slices = st.builds(slice, st.none() | st.integers(-7, 7), st.none() | st.integers(-7, 7), st.none() | st.sampled_from([1, 2, 3, -1, -2]))


@settings(max_examples=150, deadline=None)
@given(st.lists(_slices | st.integers(-4, 3) | st.none(), max_size=4), st.none() | st.integers(0, 3), st.sampled_from("wt"))
def test_that_any_part_is_what_numpy_takes(tmp_path_factory: pytest.TempPathFactory, index: list[Any], dots: int | None,
                                           which: str) -> None:
    path = tmp_path_factory.getbasetemp() / "lazy.safetensors"
    base = torch.arange(120.0).reshape(4, 5, 6)
    if not path.exists():
        safetensors.torch.save_file({"w": base, "t": base.transpose(0, 2).contiguous()}, path)
    places = (*index[:dots], ..., *index[dots:]) if dots is not None else tuple(index)
    whole = (base if which == "w" else base.transpose(0, 2)).numpy()
    try:
        expected = whole[places]
    except IndexError:
        with pytest.raises(IndexError):
            core.open(path)[which][places]
        return
    found = core.open(path)[which][places]
    assert np.shape(found) == np.shape(expected)
    assert np.array_equal(found, expected)


def test_that_only_the_part_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    safetensors.torch.save_file({"w": torch.zeros(1000, 1000)}, tmp_path / "a.safetensors")
    read: list[int] = []
    plain = ExtentReader.read

    def counted(self: ExtentReader, extent: Any, at: int, nbytes: int) -> Any:
        read.append(nbytes)
        return plain(self, extent, at, nbytes)

    monkeypatch.setattr(ExtentReader, "read", counted)
    assert core.open(tmp_path / "a.safetensors")["w"][500, :10].shape == (10,)
    assert sum(read) <= 4096


def test_that_lists_and_masks_are_refused_with_what_to_do(ckpt: core.Checkpoint) -> None:
    for index in ([0, 1], True, 1.5, np.array([True, False, True, True])):
        with pytest.raises(core.UsageError, match=r"x\.numpy\(\) first"):
            ckpt["model.w"][index]  # type: ignore[index]


def test_that_quantized_and_sparse_ones_are_cut_as_they_are_read(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        q = torch.quantize_per_tensor(torch.randn(3, 4), 0.1, 0, torch.qint8)
    torch.save({"q": q, "s": torch.eye(5).to_sparse()}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    assert ckpt["q"][1].tolist() == q.int_repr()[1].tolist()
    assert ckpt["s"][2:, ::2].tolist() == torch.eye(5)[2:, ::2].tolist()


def test_that_another_process_reads_it(ckpt: core.Checkpoint) -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(np.asarray, ckpt["model.w"]).result(60).tolist() == ckpt["model.w"].numpy().tolist()


def test_that_tensors_of_checkpoints_and_new_arrays_are_saved_together(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    safetensors.torch.save_file({"x": torch.randn(3, 3)}, tmp_path / "b.safetensors")
    other = core.open(tmp_path / "b.safetensors")
    mixed = {"old": {**ckpt}, "t": ckpt["model.t"], "x": other["x"], "cast": core.edit(ckpt, [core.Cast("float16", "*w")])["model.w"],
             "new": np.ones(2), "epoch": 8}
    core.save(mixed, tmp_path / "mixed.pth")
    found = torch.load(tmp_path / "mixed.pth", weights_only=True)
    assert torch.equal(found["old"]["model.w"], ckpt["model.w"].torch())
    assert torch.equal(found["t"], ckpt["model.t"].torch())
    assert torch.equal(found["x"], other["x"].torch())
    assert found["t"].data_ptr() == found["old"]["model.w"].data_ptr()          # they were tied in the file
    assert (found["cast"].dtype, found["epoch"], found["new"].tolist()) == (torch.float16, 8, [1, 1])
