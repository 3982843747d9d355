"""What entries are called in the new file is known before it is written: nothing is refused by the verification of its own save."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from inspector import core

ONE, TWO = torch.ones(1), torch.zeros(2)
ALIKE: dict[str, dict[Any, Any]] = {
    "a dict behind": {"a.0": ONE, "a": {"0": TWO}},
    "a dict before": {"a": {"0": TWO}, "a.0": ONE},
    "a list": {"a": [TWO], "a.0": ONE},
    "deep": {"s": {"a.0": ONE, "a": {"0": TWO}}, "epoch": 3},
    "numbers": {"a.0": 3, "a": {"0": 4}, "w": ONE},
    "a number and a tensor": {"a.0": 3, "a": {"0": TWO}, "w": ONE},
    "three": {"a.b.c": ONE, "a": {"b.c": TWO, "b": {"c": torch.ones(3)}}},
}
EDITS = ["", "add-prefix=m.", "rename=^a=b", "rename=0=z", "rename=a\\.0=q", "strip-prefix=a", "drop=a.0", "drop=*#2", "keep=a.0",
         "extract=a", "copy=a.0=c", "set=a.0=5", "drop=a.b.c"]


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        return [leaf for item in (value.values() if isinstance(value, dict) else value) for leaf in leaves(item)]
    return [value.tolist() if isinstance(value, torch.Tensor) else value]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("kind", ALIKE)
def test_that_keys_that_read_alike_are_saved_as_planned_or_refused_by_the_plan(kind: str, edit: str, tmp_path: Path) -> None:
    path, new = tmp_path / "m.pth", tmp_path / "new.pth"
    torch.save(ALIKE[kind], path)
    try:
        edited = core.edit(core.open(path), [core.parse_edit(*edit.split("=", 1))] if edit else [])
        plan = core.plan_save(edited, new)
    except core.InspectorError:
        return
    core.save(plan, allow_loss=True)
    again = core.open(new)
    assert [plan.renamed.get(key, key) for key in edited.tensors] == list(again.tensors)
    assert {plan.renamed.get(key, key): value for key, value in edited.values.items()} == dict(again.values)
    assert len(leaves(torch.load(new, weights_only=True))) == len(edited.tensors) + len(edited.values)
    assert any("under another name" in note for note in plan.notes) is bool(plan.renamed)


def test_that_a_key_whose_double_goes_has_its_own_name_again(tmp_path: Path) -> None:
    torch.save(ALIKE["a dict behind"], tmp_path / "m.pth")
    edited = core.edit(core.open(tmp_path / "m.pth"), [core.Drop("a.0")])
    plan = core.plan_save(edited, tmp_path / "new.pth")
    assert plan.renamed == {"a.0#2": "a.0"}
    assert any("a.0#2 as a.0" in note for note in plan.notes)
    core.save(plan)
    assert torch.equal(torch.load(tmp_path / "new.pth", weights_only=True)["a"]["0"], TWO)


def test_that_two_keys_that_would_become_one_are_refused_with_both(tmp_path: Path) -> None:
    torch.save({1: ONE, "1": TWO}, tmp_path / "m.pth")
    edited = core.edit(core.open(tmp_path / "m.pth"), [core.AddPrefix("m.")])
    with pytest.raises(core.SaveError, match=r"'1' and '1#2' would both be called 'm\.1'") as error:
        core.plan_save(edited, tmp_path / "new.pth")
    assert error.value.id == "collision"


def test_that_a_name_that_only_the_listing_has_is_told_where_it_is_written(tmp_path: Path) -> None:
    torch.save(ALIKE["a dict behind"], tmp_path / "m.pth")
    plan = core.plan_save(tmp_path / "m.pth", tmp_path / "new.safetensors")
    assert any("1 tensor gets the name of the list of keys, a.0#2 first" in note for note in plan.notes)
    torch.save({"a#2": ONE, "a": TWO}, tmp_path / "own.pth")
    assert not core.plan_save(tmp_path / "own.pth", tmp_path / "new.safetensors").notes


class Unknown:
    """Of no module that a pickle may name without being asked."""


def test_that_a_list_closes_up_where_code_is_left_out_of_it(tmp_path: Path) -> None:
    torch.save({"steps": [1, Unknown(), 2, {"w": ONE}], "w": TWO}, tmp_path / "m.pth")
    plan = core.plan_save(core.open(tmp_path / "m.pth"), tmp_path / "new.pth", drop_code=["*"])
    assert plan.renamed == {"steps.2": "steps.1", "steps.3.w": "steps.2.w"}
    core.save(plan, allow_loss=True)
    theirs = torch.load(tmp_path / "new.pth", weights_only=True)
    assert (theirs["steps"][:2], torch.equal(theirs["steps"][2]["w"], ONE)) == ([1, 2], True)


def test_that_one_place_of_a_list_that_stands_in_two_is_not_changed_alone(tmp_path: Path) -> None:
    shared = [1, 2, 3]
    torch.save({"a": shared, "b": shared, "w": ONE}, tmp_path / "m.pth")
    edited = core.edit(core.open(tmp_path / "m.pth"), [core.Drop("b.1")])
    with pytest.raises(core.EditError, match="one entry of one container"):
        core.plan_save(edited, tmp_path / "new.pth")
    core.save(core.edit(core.open(tmp_path / "m.pth"), [core.Drop("{a,b}.1")]), tmp_path / "new.pth")
    assert torch.load(tmp_path / "new.pth", weights_only=True)["b"] == [1, 3]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_that_keys_of_bytes_and_sets_read_the_same_in_every_protocol(protocol: int, tmp_path: Path) -> None:
    value = {b"xy": ONE, b"": 1, b"\x00\xff": 2, b"z" * 200: 3, frozenset((1,)): 4, (b"a", 1): 5, (frozenset((b"q",)),): 6}
    torch.save(value, tmp_path / "m.pth", pickle_protocol=protocol)
    ckpt = core.open(tmp_path / "m.pth")
    assert list(ckpt.tensors) == ["b'xy'"]
    assert list(ckpt.values) == ["b''", "b'\\x00\\xff'", repr(b"z" * 200), "{1}", "(b'a', 1)", "({b'q'},)"]
    core.save(core.edit(ckpt, [core.Drop("b''")]), tmp_path / "new.pth")
    del value[b""]
    assert list(torch.load(tmp_path / "new.pth", weights_only=False)) == list(value)


@pytest.mark.parametrize("where", ["safetensors", "first", "last"])
@pytest.mark.parametrize(("edit", "name"), [(None, ""), (core.AddPrefix("m."), "m."), (core.Rename("^$", "z"), "z")])
def test_that_an_entry_with_an_empty_name_is_one_like_the_others(where: str, edit: core.Edit | None, name: str, tmp_path: Path) -> None:
    state = {"": ONE, "a": TWO} if where != "last" else {"a": TWO, "": ONE}
    path = tmp_path / ("m.safetensors" if where == "safetensors" else "m.pth")
    save_file(state, path) if where == "safetensors" else torch.save(state, path)
    ckpt = core.open(path)
    edited = core.edit(ckpt, [edit] if edit else [])
    core.save(edited, tmp_path / "new.pth")
    assert torch.equal(torch.load(tmp_path / "new.pth", weights_only=True)[name], ONE)
    core.save(edited, tmp_path / "new.safetensors")
    assert torch.equal(load_file(tmp_path / "new.safetensors")[name], ONE)


def test_that_a_tensor_that_is_the_whole_object_keeps_having_no_name(tmp_path: Path) -> None:
    torch.save(ONE, tmp_path / "m.pth")
    edited = core.edit(core.open(tmp_path / "m.pth"), [core.Cast("float16")])
    core.save(edited, tmp_path / "new.pth")
    assert torch.equal(torch.load(tmp_path / "new.pth", weights_only=True), ONE.half())
