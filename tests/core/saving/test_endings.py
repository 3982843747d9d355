"""A new file is never named like something it is not."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from inspector import core


@pytest.fixture
def ckpt(tmp_path: Path) -> core.Checkpoint:
    torch.save({"w": torch.ones(2)}, tmp_path / "in.pth")
    return core.open(tmp_path / "in.pth")


@pytest.mark.parametrize(("name", "format", "told"), [
    ("x.onnx", None, "ONNX"), ("x.NPZ", None, "NumPy"), ("x.gguf", None, "GGUF"),
    ("x.npy", "safetensors", "NumPy"), ("x.h5", None, "Keras"),
    ("x.pt2", None, "torch.export"), ("x.json", None, "text"), ("x.pth.gz", None, "packed"), ("x.png", None, "picture"),
    ("x.safetensors", "torch-zip", "PyTorch file that is named like a safetensors"), ("x.SafeTensors", "torch-zip", "PyTorch file"),
    ("x.pth", "safetensors", "safetensors file that is named like a PyTorch"), ("x.bin", "safetensors", "torch.load would refuse"),
    ("x.safetensors", "safetensors-sharded", "folder"), ("x.pth", "safetensors-sharded", "folder"), ("-", None, "standard output"),
    ("-", "safetensors", "standard output")])
def test_that_a_misleading_name_is_refused(ckpt: core.Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str,
                                           format: str | None, told: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(core.SaveError, match=told) as refused:
        core.plan_save(ckpt, name, format=format)
    assert refused.value.id == "ending"
    assert refused.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["in.pth"]


@pytest.mark.parametrize("name", [
    "x.pth", "x.PT", "x.ckpt", "x.bin", "x.th", "x.tar", "x.pth.tar", "x.pkl", "x", "x.best", "x.epoch_3", "x.v1.2"])
def test_that_torch_s_own_endings_and_those_that_promise_nothing_are_written(ckpt: core.Checkpoint, tmp_path: Path, name: str) -> None:
    core.save(ckpt, tmp_path / name)
    assert list(torch.load(tmp_path / name, weights_only=True)) == ["w"]


def test_that_a_format_that_is_asked_for_may_have_any_harmless_name(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    for name in ("x", "x.weights", "x.safetensors"):
        core.save(ckpt, tmp_path / name, format="safetensors")
        assert list(load_file(tmp_path / name)) == ["w"]
    for name in ("set.v1", "other/model.safetensors.index.json"):
        core.save(ckpt, tmp_path / name, format="safetensors-sharded")
        assert core.open(tmp_path / name).format == "safetensors-sharded"


def test_that_a_file_may_go_back_to_where_it_came_from_and_its_name_is_told(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "odd.npz")
    for format in ("torch-zip", "safetensors"):
        plan = core.plan_save(core.open(tmp_path / "odd.npz"), tmp_path / "odd.npz", format=format)
        assert any("NumPy" in note for note in plan.notes)
        core.save(plan)
        assert core.open(tmp_path / "odd.npz").format == format
    with pytest.raises(core.SaveError, match="NumPy"):
        core.save(core.open(tmp_path / "odd.npz"), tmp_path / "other.npz")


def test_that_a_file_that_is_what_its_name_says_is_not_replaced_by_something_else_of_that_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", w=np.ones(2, np.float32))
    before = (tmp_path / "a.npz").read_bytes()
    for format in (None, "safetensors"):
        with pytest.raises(core.SaveError, match="NumPy") as refused:
            core.save(core.open(tmp_path / "a.npz"), tmp_path / "a.npz", format=format)
        assert refused.value.id == "ending"
    assert (tmp_path / "a.npz").read_bytes() == before


@pytest.mark.parametrize(("path", "name"), [("run/last.pth", "run/last-edited.pth"), ("m.safetensors", "m-edited.safetensors"),
                                            ("prog.PT2", "prog-edited.pth"), ("set/", "set-edited")])
def test_that_the_edited_file_is_named_for_what_it_will_be(path: str, name: str) -> None:
    assert core.edited_path(path) == name
