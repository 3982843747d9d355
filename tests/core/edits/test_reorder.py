"""Rows of heads from pairs to halves and back, as the conversion of LLaMA does it."""
from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core
from tests.core.edits.made import net, opened
from tests.core.relations.galleries import halves


def digests(ckpt: core.Checkpoint) -> dict[str, str]:
    return {key: core.digest(ckpt, key) for key in ckpt.tensors}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int8])
def test_that_halves_are_what_the_conversion_of_llama_makes(tmp_path: Path, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    tensors = {"wq.weight": (torch.randn(24, 10) * 50).to(dtype), "wq.bias": (torch.randn(24) * 50).to(dtype)}
    tensors["wo.weight"] = torch.randn(5, 5)
    torch.save(tensors, tmp_path / "a.pth")
    core.save(core.edit(tmp_path / "a.pth", [core.Reorder("wq.*", "halves", 3)]), tmp_path / "b.pth")
    made = torch.load(tmp_path / "b.pth", weights_only=True)
    assert torch.equal(made["wq.weight"], halves(tensors["wq.weight"], 3))
    assert torch.equal(made["wq.bias"], halves(tensors["wq.bias"], 3))
    assert torch.equal(made["wo.weight"], tensors["wo.weight"])


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 5), st.sampled_from(["halves", "pairs"]), st.booleans())
@settings(deadline=None, max_examples=30)
def test_that_the_other_order_is_the_way_back(heads: int, half: int, wide: int, order: str, turned: bool) -> None:
    weight = torch.arange(heads * 2 * half * wide).reshape(heads * 2 * half, wide).float()
    a = core.edit({"w": weight.t().contiguous().t() if turned else weight}, [])
    there = core.Reorder("w", order, heads)
    back = core.Reorder("w", "pairs" if order == "halves" else "halves", heads)
    assert digests(core.edit(a, [there, back])) == digests(a)
    assert digests(core.edit(a, [there, core.Transpose("w"), core.Transpose("w"), back])) == digests(a)


def test_that_a_part_of_what_was_reordered_is_a_part_of_it() -> None:
    weight = torch.randn(12, 4)
    found = core.edit({"w": weight}, [core.Reorder("w", "halves", 2), core.Split("w", 0, (("x", 6), ("y", 6)))])
    assert torch.equal(torch.from_numpy(core.read_numpy(found, "y").copy()), halves(weight, 2)[6:])


def test_that_rows_of_no_such_heads_are_told() -> None:
    with pytest.raises(core.EditError, match="rows"):
        core.edit({"w": torch.ones(10, 2)}, [core.Reorder("w", "halves", 4)])


@pytest.mark.parametrize("edit", [core.Reorder("*.rows", "halves", 2), core.Transpose("*.rows")])
def test_that_what_an_object_holds_is_left_alone(tmp_path: Path, edit: core.Edit) -> None:
    model = net()
    model.rows = torch.arange(32.).reshape(8, 4)            # neither a parameter nor a buffer
    ckpt = opened(tmp_path, {"net": model, "weights": {"rows": torch.arange(32.).reshape(8, 4)}})
    after = core.edit(ckpt, [edit])
    assert [key for key in ckpt.tensors if after.tensors[key] is not ckpt.tensors[key]] == ["weights.rows"]
    with pytest.raises(core.EditError, match="--extract net"):
        core.edit(ckpt, [core.parse_edit(edit.option, edit.text.replace("*", "net"))])


@pytest.mark.parametrize("text", ["w", "w=halves", "w=thirds:3", "w=halves:0", "w=halves:x", "=halves:2"])
def test_that_what_says_no_order_is_refused(text: str) -> None:
    with pytest.raises(core.EditError):
        core.parse_edit("reorder", text)


def test_that_its_text_is_read_back() -> None:
    edit = core.Reorder("layers.*.wq.weight", "pairs", 32)
    assert core.parse_edit(edit.option, edit.text) == edit
    assert core.from_recipe(core.to_recipe([edit])) == [edit]
