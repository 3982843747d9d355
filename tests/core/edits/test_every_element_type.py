"""Resized, split, joined, transposed and copied tensors of every element type, however they lie in their storages, against torch; what
cannot be done is refused with the reason."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from inspector import core
from tests.core.packed import packing

TYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2, torch.complex64,
         torch.int8, torch.int64, torch.uint8, torch.uint16, torch.bool)
Tensors = dict[str, torch.Tensor]


def values(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    return torch.randn(shape) > 0 if dtype is torch.bool else (5 * torch.randn(shape)).to(dtype)


def laid_out(how: str, dtype: torch.dtype) -> torch.Tensor:
    """8 by 6, as itself, as rows of a larger tensor, or turned."""
    return {"whole": lambda: values((8, 6), dtype), "view": lambda: values((12, 6), dtype)[2:10],
            "turned": lambda: values((6, 8), dtype).t()}[how]()


def made(folder: Path, tensors: Tensors, *edits: core.Edit) -> Tensors:
    torch.save(tensors, folder / "in.pth")
    core.save(core.edit(folder / "in.pth", edits), folder / "out.pth")
    found: Tensors = torch.load(folder / "out.pth", weights_only=True)
    return found


def content(tensor: torch.Tensor) -> tuple[object, ...]:
    """Shape, type and bytes: a NaN is itself, and fp8 has no operators."""
    return tuple(tensor.shape), tensor.dtype, tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def joined(*tensors: torch.Tensor) -> torch.Tensor:
    """`torch.cat`, which not every type has, of rows as bytes."""
    rows = torch.cat([tensor.contiguous().view(torch.uint8) for tensor in tensors])
    return rows.view(tensors[0].dtype)


@pytest.mark.parametrize("how", ["whole", "view", "turned"])
@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_that_rows_and_columns_are_those_of_torch(tmp_path: Path, dtype: torch.dtype, how: str) -> None:
    torch.manual_seed(3)
    w, more = laid_out(how, dtype), values((2, 6), dtype)
    zeros = torch.zeros(2, 6).to(dtype)
    expected: list[tuple[core.Edit, Tensors]] = [
        (core.Split("w", 0, (("a", 3), ("b", 5))), {"a": w[:3], "b": w[3:]}),
        (core.Split("w", 1, (("a", -1), ("b", -1))), {"a": w[:, :3], "b": w[:, 3:]}),
        (core.Concat(("w", "more"), "z", 0), {"z": joined(w, more)}), (core.Transpose("w"), {"w": w.t()}),
        (core.Copy("w", "new"), {"w": w, "new": w}), (core.parse_edit("resize", "w=0:5"), {"w": w[:5]}),
        (core.parse_edit("resize", "w=1:2"), {"w": w[:, :2]}), (core.parse_edit("resize", "w=0:10:zero"), {"w": joined(w, zeros)})]
    for edit, wanted in expected:
        found = made(tmp_path, {"w": w, "more": more, "other": values((3,), dtype)}, edit)
        for key, tensor in wanted.items():
            assert content(found[key]) == content(tensor), (edit, key)


@pytest.mark.parametrize("edit", [core.Transpose("w"), core.parse_edit("resize", "w=0:10:zero"), core.parse_edit("resize", "w=0:5")])
@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_that_tied_tensors_stay_one(tmp_path: Path, dtype: torch.dtype, edit: core.Edit) -> None:
    w = values((8, 6), dtype)
    found = made(tmp_path, {"w": w, "tied": w}, edit)
    assert content(found["w"]) == content(found["tied"])
    assert found["w"].data_ptr() == found["tied"].data_ptr()
    assert found["w"].shape != w.shape


@pytest.mark.parametrize(("tensor", "edit", "why"), [
    (torch.tensor(3.0), core.parse_edit("resize", "t=0:2"), "'t' has 0 dimensions"),
    (torch.tensor(3.0), core.Transpose("t"), "there is nothing to transpose"),
    (torch.tensor(3.0), core.Split("t", 0, (("a", 1), ("b", -1))), "'t' has 0 dimensions"),
    (torch.tensor(3.0), core.Concat(("t", "more"), "z", 0), "'t' has 0 dimensions"),
    (torch.zeros(0, 4), core.parse_edit("resize", "t=0:2"), "'t' has no rows to take the mean of"),
    (torch.ones(4), core.Split("t", 0, (("a", 3), ("b", 3))), "'t' is 4 long in dimension 0")])
def test_that_what_has_no_such_dimension_is_refused_by_name(tmp_path: Path, tensor: torch.Tensor, edit: core.Edit, why: str) -> None:
    with pytest.raises(core.EditError, match=f"^{why}" if why.startswith("'") else why):
        made(tmp_path, {"t": tensor, "more": tensor.clone()}, edit)


def test_that_what_is_empty_is_turned_cut_joined_and_filled(tmp_path: Path) -> None:
    t = torch.zeros(0, 4, dtype=torch.bfloat16)
    for edit, key, shape in ((core.Transpose("t"), "t", (4, 0)), (core.parse_edit("resize", "t=0:2:zero"), "t", (2, 4)),
                             (core.Concat(("t", "more"), "z", 0), "z", (0, 4)), (core.Split("t", 1, (("a", 1), ("b", 3))), "b", (0, 3)),
                             (core.Copy("t", "u"), "u", (0, 4))):
        found = made(tmp_path, {"t": t, "more": t.clone()}, edit)
        assert (tuple(found[key].shape), found[key].dtype) == (shape, torch.bfloat16)


@pytest.mark.parametrize("make", [packing.gptq, packing.awq, packing.bit_packed], ids=lambda make: make.__name__)
def test_that_a_part_of_a_packed_tensor_is_not_resized_or_transposed_alone(tmp_path: Path, make: Callable[..., packing.Packed]) -> None:
    packed = make(np.random.default_rng(5), 16, 16)
    path = packed.save(tmp_path / "model")
    ckpt = core.open(path.parent)
    matrices = [key for key in packed.parts if len(ckpt.tensors[key].shape) == 2]
    assert matrices
    for key in matrices:
        for edit in (core.Resize(key, 0, 1), core.Transpose(key)):
            with pytest.raises(core.EditError) as refused:
                core.edit(ckpt, [edit])
            assert f"it holds a part of {packed.name} [16, 16], packed as " in refused.value.message
            assert refused.value.hint == f"Unpack it before: --dequantize float16:{packed.name}."
        [effect] = core.effects(ckpt, [core.Split(key, 1, (("a", 1), ("b", -1)))])
        assert any(note.startswith(f"Parts of packed tensors: {key} of {packed.name} (") for note in effect.notes)
    unpacked = core.edit(ckpt, [core.Dequantize("float16", packed.name), core.Resize(packed.name, 0, 4)])
    assert unpacked.tensors[packed.name].shape == (4, 16)


def test_that_the_factors_of_an_adapter_are_resized_like_any_tensor() -> None:
    lora = {"fc.lora_A.weight": np.ones((2, 8), np.float32), "fc.lora_B.weight": np.ones((4, 2), np.float32)}
    assert core.edit(lora, [core.Resize("fc.lora_B.weight", 0, 6)]).tensors["fc.lora_B.weight"].shape == (6, 2)
