"""What hangs on tensors (attributes of a Parameter, gradients that torch before 0.2 kept) shares their names and their fate."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inspector import core
from tests.core.pickles import opcodes as op

MAGIC = 0x1950A86A20F9469CFC6C


def with_attributes(path: Path) -> Path:
    weight = torch.nn.Parameter(torch.arange(4.0))
    weight.scale, weight.note, weight.steps = torch.ones(2), "x", [1, torch.zeros(3)]  # type: ignore[attr-defined]
    torch.save({"a.w": weight, "a.b": torch.zeros(3), "a.b.note": torch.ones(1)}, path)
    return path


def old_tensor(key: str) -> bytes:
    state = op.tuple_of(op.storage(key, 4), op.integer(0), op.integers(4), op.integers(1))
    return op.build(op.reduce(op.name("torch", "FloatTensor")), state)


def parameter(data: str, gradient: str = "") -> bytes:
    state = op.tuple_of(old_tensor(data), old_tensor(gradient) if gradient else op.NONE, op.NONE, op.TRUE, op.FALSE)
    return op.build(op.newobj(op.name("torch.nn.parameter", "Parameter")), state)


def with_gradients(path: Path) -> Path:
    """A stream of torch's of before 1.6: parameters a.w and a.v with gradients, a.b without."""
    keys = "01234"
    value = op.dict_of({"a.w": parameter("0", "1"), "a.v": parameter("2", "3"), "a.b": parameter("4")})
    pickles = (op.integer(MAGIC), op.integer(1001), op.EMPTY_DICT, value, op.list_of(*map(op.text, keys)))
    raw = b"".join(map(op.pickled, pickles))
    for n, _ in enumerate(keys):
        raw += (4).to_bytes(8, "little") + np.arange(4 * n, 4 * n + 4, dtype=np.float32).tobytes()
    path.write_bytes(raw)
    return path


def keys_after(path: Path, edits: Sequence[core.Edit], out: Path, **how: Any) -> list[str]:
    """What the saved file lists, which is what the edited tables say."""
    ckpt = core.edit(path, edits)
    core.save(ckpt, out, **how)
    found = core.open(out)
    assert sorted(found.tensors) == sorted(ckpt.tensors)
    assert sorted(found.values) == sorted(ckpt.values)
    return [*found.tensors, *found.values]


@pytest.mark.parametrize(("edit", "left"), [
    (core.Drop("a.w"), ["a.b", "a.b.note"]), (core.Drop("*.w"), ["a.b", "a.b.note"]),
    (core.Drop("a.w.scale"), ["a.w", "a.w.steps.1", "a.b", "a.b.note", "a.w.note", "a.w.steps.0"]),
    (core.Drop("a.w.note"), ["a.w", "a.w.scale", "a.w.steps.1", "a.b", "a.b.note", "a.w.steps.0"]),
    (core.Drop("a.w.steps.0"), ["a.w", "a.w.scale", "a.w.steps.0", "a.b", "a.b.note", "a.w.note"]),
    (core.Drop("a.w.steps"), ["a.w", "a.w.scale", "a.b", "a.b.note", "a.w.note"]),
    (core.Keep("a.w"), ["a.w", "a.w.scale", "a.w.steps.1", "a.w.note", "a.w.steps.0"]),
    (core.Drop("a.b"), ["a.w", "a.w.scale", "a.w.steps.1", "a.w.note", "a.w.steps.0"]),
    (core.Rename(r"\.w$", ".weight"),
     ["a.weight", "a.weight.scale", "a.weight.steps.1", "a.b", "a.b.note", "a.weight.note", "a.weight.steps.0"]),
    (core.StripPrefix("a"), ["w", "w.scale", "w.steps.1", "b", "b.note", "w.note", "w.steps.0"]),
], ids=str)
def test_that_attributes_of_a_parameter_go_with_it_and_can_go_alone(tmp_path: Path, edit: core.Edit, left: list[str]) -> None:
    assert keys_after(with_attributes(tmp_path / "a.pth"), [edit], tmp_path / "o.pth") == left
    assert list(torch.load(tmp_path / "o.pth", weights_only=True)) == list(core.load_state_dict(tmp_path / "o.pth"))


def test_that_an_attribute_of_a_parameter_can_be_set(tmp_path: Path) -> None:
    keys_after(with_attributes(tmp_path / "a.pth"), [core.SetValue("a.w.note", 3)], tmp_path / "o.pth")
    assert torch.load(tmp_path / "o.pth", weights_only=True)["a.w"].note == 3


@pytest.mark.parametrize("format", ["torch-zip", "torch-legacy"])
@pytest.mark.parametrize(("edits", "left"), [
    ([], "a.w a.w.grad a.v a.v.grad a.b"), ([core.Drop("a.w")], "a.v a.v.grad a.b"), ([core.Drop("a.w.grad")], "a.w a.v a.v.grad a.b"),
    ([core.Drop("*.grad")], "a.w a.v a.b"), ([core.Keep("*.w")], "a.w a.w.grad"), ([core.Keep("a.w")], "a.w a.w.grad"),
    ([core.StripPrefix("a.")], "w w.grad v v.grad b"), ([core.Rename("w$", "weight")], "a.weight a.weight.grad a.v a.v.grad a.b"),
    ([core.AddPrefix("m.")], "m.a.w m.a.w.grad m.a.v m.a.v.grad m.a.b"), ([core.Cast("float16")], "a.w a.w.grad a.v a.v.grad a.b"),
    ([core.Cast("float16", "a.w")], "a.w a.w.grad a.v a.v.grad a.b"), ([core.Cast("float16", "*.grad")], "a.w a.w.grad a.v a.v.grad a.b"),
    ([core.Cast("float16"), core.Drop("*.grad")], "a.w a.v a.b"), ([core.Unshare("*")], "a.w a.w.grad a.v a.v.grad a.b"),
    ([core.RemapDevices({"cpu": "cuda:0"})], "a.w a.w.grad a.v a.v.grad a.b"),
], ids=str)
def test_that_gradients_beside_parameters_are_kept_and_can_go(tmp_path: Path, edits: list[core.Edit], left: str, format: str) -> None:
    source = with_gradients(tmp_path / "old.pth")
    assert keys_after(source, edits, tmp_path / "o.pth", format=format) == left.split()
    ours, wanted = core.open(tmp_path / "o.pth"), core.edit(source, edits)
    for key in left.split():
        assert core.read_numpy(ours, key).tolist() == core.read_numpy(wanted, key).tolist()
        assert (ours.tensors[key].dtype, ours.tensors[key].device) == (wanted.tensors[key].dtype, wanted.tensors[key].device)
    theirs = torch.load(tmp_path / "o.pth", weights_only=True, map_location="cpu")
    assert {key: value.tolist() for key, value in theirs.items()} == {
        key: core.read_numpy(ours, key).tolist() for key, info in ours.tensors.items() if info.state_dict == ""}
    assert all(isinstance(value, torch.nn.Parameter) and value.requires_grad for value in theirs.values())


def test_that_gradients_are_written_to_safetensors_under_their_names(tmp_path: Path) -> None:
    source = with_gradients(tmp_path / "old.pth")
    assert keys_after(source, [], tmp_path / "o.safetensors") == ["a.w", "a.w.grad", "a.v", "a.v.grad", "a.b"]


def test_that_items_of_a_list_close_up_in_a_file_of_before_1_6(tmp_path: Path) -> None:
    torch.save({"l": [torch.zeros(1), torch.ones(1), torch.ones(2)]}, tmp_path / "l.pth", _use_new_zipfile_serialization=False)
    assert keys_after(tmp_path / "l.pth", [core.Drop("l.0")], tmp_path / "o.pth") == ["l.0", "l.1"]
    assert [value.numel() for value in torch.load(tmp_path / "o.pth", weights_only=True)["l"]] == [1, 2]
