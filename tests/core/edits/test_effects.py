"""What edits do, key by key, as data."""
from __future__ import annotations

from pathlib import Path

import pytest
import torch

from inspector import core
from tests.core.edits.made import opened, state_dict


def weights() -> dict[str, torch.Tensor]:
    return {"conv.weight": torch.arange(36.).reshape(4, 3, 3), "conv.bias": torch.arange(4.), "fc.weight": torch.arange(20.).reshape(5, 4)}


def rows(ckpt: core.Checkpoint, edit: core.Edit, most: int = 5000) -> core.EffectRows:
    [step] = core.apply_each(ckpt, [edit])
    found = core.effect_rows(step.effect, step.before, step.after, most)
    assert found.total >= len(found.rows)
    return found


@pytest.fixture
def ckpt(tmp_path: Path) -> core.Checkpoint:
    return opened(tmp_path, {"model": weights(), "epoch": 3})


@pytest.mark.parametrize(("edit", "row"), [
    (core.Cast("float16", "model"), ("changed", "model.conv.weight", "model.conv.weight", (("dtype", "float32", "float16"),), False)),
    (core.RemapDevices({"*": "cuda:1"}), ("changed", "model.conv.weight", "model.conv.weight", (("device", "cpu", "cuda:1"),), False)),
    (core.SetValue("epoch", 9), ("changed", "epoch", "epoch", (("content", 3, 9),), False)),
    (core.SetValue("lr", 0.5), ("new", "", "lr", (("content", None, 0.5),), False)),
    (core.SetMetadata("by", "me"), ("new", "", "by", (("content", None, "me"),), True)),
    (core.Drop("model"), ("dropped", "model.conv.weight", "", (), False)),
    (core.Rename("conv", "c"), ("renamed", "model.conv.weight", "model.c.weight", (), False)),
])
def test_that_a_row_says_what_a_key_was_and_is(ckpt: core.Checkpoint, edit: core.Edit, row: tuple[object, ...]) -> None:
    found = rows(ckpt, edit)
    assert found.rows[0] == row
    assert found.total == len(found.rows)


def test_that_metadata_that_changes_or_goes_has_its_row(ckpt: core.Checkpoint) -> None:
    told = core.edit(ckpt, [core.SetMetadata("by", "me")])
    assert rows(told, core.SetMetadata("by", "you")).rows == (("changed", "by", "by", (("content", "me", "you"),), True),)
    assert rows(told, core.SetMetadata("by", None)).rows == (("dropped", "by", "", (("content", "me", None),), True),)
    assert rows(told, core.SetMetadata("by", "me")).rows == ()


def test_that_values_that_are_taken_are_told_once(ckpt: core.Checkpoint, tmp_path: Path) -> None:
    torch.save({"conv.bias": torch.ones(4), "fc.weight": torch.ones(2, dtype=torch.float16)}, tmp_path / "other.pth")
    take = core.Take(str(tmp_path / "other.pth"), "{conv.bias,fc.weight}")
    assert [row.changes for row in rows(ckpt, take).rows] == [
        (("taken", None, None),), (("shape", (5, 4), (2,)), ("dtype", "float32", "float16"), ("taken", None, None))]
    taken = core.edit(ckpt, [take])
    assert [row.changes for row in rows(taken, core.RemapDevices({"*": "mps"})).rows][1:2] == [(("device", "cpu", "mps"),)]
    assert core.changes_between(ckpt, "model.conv.bias", taken, "model.conv.bias") == (("taken", None, None),)
    assert core.changes_between(ckpt, "model.conv.weight", taken, "model.conv.weight") == ()


def test_that_bytes_of_their_own_are_told_by_size_where_it_differs(tmp_path: Path) -> None:
    tied, wide = torch.ones(3), torch.zeros(100)
    ckpt = opened(tmp_path, {"a": tied, "b": tied, "view": wide[:5]})
    assert {row.after: row.changes for row in rows(ckpt, core.Unshare("*")).rows} == {
        "b": (("unshared", None, None),), "view": (("storage", 400, 20),)}


def test_that_elements_in_another_order_are_not_said_to_have_shared_their_bytes(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"w": torch.ones(2, 3), "wq": torch.ones(4, 3)})
    assert [row.changes for row in rows(ckpt, core.Transpose("w")).rows] == [(("shape", (2, 3), (3, 2)),)]
    assert [row.changes for row in rows(ckpt, core.parse_edit("reorder", "wq=halves:1")).rows] == [()]


def test_that_a_key_that_is_renamed_and_changed_is_one_row(ckpt: core.Checkpoint) -> None:
    edit = core.Rename("conv", "c")                     # no edit of today does both
    after = core.edit(ckpt, [edit, core.Cast("float16", "model.c.*")])
    effect = core.Effect(edit, (("model.conv.weight", "model.c.weight"), ("model.conv.bias", "model.c.bias")), (), ("model.c.weight",))
    assert core.effect_rows(effect, ckpt, after) == ((
        ("renamed", "model.conv.weight", "model.c.weight", (("dtype", "float32", "float16"),), False),
        ("renamed", "model.conv.bias", "model.c.bias", (), False)), 2)


def test_that_the_rows_of_very_many_keys_are_cut_and_counted(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, state_dict(*(f"m.{n}" for n in range(50))))
    found = rows(ckpt, core.StripPrefix("m."), most=7)
    assert (len(found.rows), found.total) == (7, 50)
    assert [row.before for row in found.rows] == [f"m.{n}" for n in range(7)]
