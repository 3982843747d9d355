from __future__ import annotations

import decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from inspector import core
from tests.core.edits.made import net, opened, training


@pytest.mark.parametrize(("text", "value"), [("7", 7), ("-1.5", -1.5), ("true", True), ("None", None), ("null", None),
                                             ("resnet50", "resnet50"),
                                             ('"7"', "7"), ("{}", {}), ("[]", []), ("a=b", "a=b"), ("", "")])
def test_that_values_are_json_or_text(text: str, value: Any) -> None:
    edit = core.parse_edit("set", f"epoch={text}")
    assert edit == core.SetValue("epoch", value)


@pytest.mark.parametrize("text", ["epoch", "=3", "epoch=[1]", 'epoch={"a":1}', "epoch=" + "9" * 5000])
def test_that_other_values_are_refused(text: str) -> None:
    with pytest.raises(core.EditError):
        core.parse_edit("set", text)


def test_that_a_value_is_replaced_added_and_taken_out(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, training(net()))
    new = core.edit(ckpt, [core.SetValue("epoch", 6), core.SetValue("config.name", "x"), core.SetValue("config.lr", delete=True),
                           core.SetValue("config.layers.0", delete=True)])
    assert new.values["epoch"] == 6
    assert new.values["config.name"] == "x"
    assert "config.lr" not in new.values
    assert new.values["config.layers.0"] == 2
    assert new.edited is not None
    assert "config.name" not in new.edited.origin
    assert new.edited.origin["epoch"] == "epoch"
    assert next(iter(new.values)) == "epoch"
    assert ckpt.values["epoch"] == 5


def test_that_an_unknown_object_becomes_plain_data(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"args": decimal.Context(), "w": torch.ones(1)})
    assert "unknown-code" in {finding.id for finding in ckpt.findings}
    new = core.edit(ckpt, [core.SetValue("args", "was a Context")])
    assert dict(new.values) == {"args": "was a Context"}
    assert not new.findings


@pytest.mark.parametrize("format", ["torch-zip", "safetensors", "torch-legacy"])
@pytest.mark.parametrize(("edits", "wanted"), [
    ([core.Drop("opt"), core.SetValue("opt.lr", 3)], {"opt": {"lr": 3}}),
    ([core.Drop("opt*"), core.SetValue("opt.lr", 3), core.SetValue("opt.wd", 0.5)], {"opt": {"lr": 3, "wd": 0.5}}),
    ([core.SetValue("a.b.c", 1), core.SetValue("a.d", 2), core.SetValue("a.b.e", {})], {"a": {"b": {"c": 1, "e": {}}, "d": 2}}),
    ([core.SetValue("opt", delete=True), core.SetValue("opt.lr.base", 1)], {"opt": {"lr": {"base": 1}}}),
    ([core.SetValue("layer.scale", 2.0)], {"layer.scale": 2.0}),            # beside layer.weight, as a state dict has it
    ([core.SetValue("layer.sub.scale", 2.0)], {"layer.sub.scale": 2.0}),
    ([core.Rename("^layer", "block"), core.SetValue("layer.scale", 2.0)], {"layer": {"scale": 2.0}}),
])
def test_that_a_value_below_a_key_that_is_not_there_gets_dicts_of_its_own(tmp_path: Path, edits: list[core.Edit], format: str,
                                                                          wanted: dict[str, Any]) -> None:
    state: dict[str, Any] = {"layer.weight": torch.ones(2), "layer.bias": torch.ones(2)}
    if format == "safetensors":
        save_file(state, tmp_path / "a.safetensors")
        edits = [edit for edit in edits if not isinstance(edit, core.Drop) and not getattr(edit, "delete", False)]
        source = tmp_path / "a.safetensors"
    else:
        torch.save({**state, "opt": 1 if any(getattr(edit, "delete", False) for edit in edits) else {"lr": .1, "state": {"a": 1}}},
                   tmp_path / "a.pth", _use_new_zipfile_serialization=format == "torch-zip")
        source = tmp_path / "a.pth"
    core.save(core.edit(source, edits), tmp_path / "b.pth")
    found = torch.load(tmp_path / "b.pth", weights_only=True)
    for key, value in wanted.items():
        assert found[key] == value
    assert not [key for key in found if key.startswith(("opt.", "a."))]


@pytest.mark.parametrize(("edit", "words"), [
    (core.SetValue("model.fc1.weight", 1), "is a tensor"), (core.SetValue("config", 1), "holds others"),
    (core.SetValue("nope", delete=True), "no value"), (core.SetValue("epoch.x", 1), "single value"),
    (core.SetValue("config.layers.9", 1), "is a list"), (core.SetValue("", 1), "no path"), (core.SetValue("epoch", [1]), "one by one"),
])
def test_that_what_cannot_be_set_is_told(tmp_path: Path, edit: core.SetValue, words: str) -> None:
    with pytest.raises(core.EditError, match=words):
        core.edit(opened(tmp_path, training(net())), [edit])


def test_that_a_module_cannot_be_overwritten(tmp_path: Path) -> None:
    with pytest.raises(core.EditError, match="attribute of"):
        core.edit(opened(tmp_path, {"m": net()}), [core.SetValue("m.training", False)])
    with pytest.raises(core.EditError, match="holds tensors"):
        core.edit(opened(tmp_path, {"m": net()}), [core.SetValue("m", 1)])


def test_that_metadata_is_set_and_taken_out(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"w": torch.ones(1)})
    new = core.edit(ckpt, [core.SetMetadata("format", "pt"), core.SetMetadata("a", "b=c"), core.SetMetadata("format", None)])
    assert dict(new.metadata) == {"a": "b=c"}
    assert not ckpt.metadata
    assert core.parse_edit("set-metadata", "a=b=c") == core.SetMetadata("a", "b=c")
    effects = core.effects(new, [core.SetMetadata("a", "x"), core.SetMetadata("b", None)])
    assert [effect.notes for effect in effects] == [("The metadata 'a' says 'x' instead of 'b=c'.",), ("The metadata has no 'b'.",)]


def test_that_a_plain_number_takes_the_place_of_numpys_equal_one(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(1), "best": np.float64(91.25), "last": 3}, tmp_path / "m.pth")
    ckpt = core.open(tmp_path / "m.pth")
    edits = [core.SetValue("best", 91.25), core.SetValue("last", 3)]
    notes = [effect.notes for effect in core.effects(ckpt, edits)]
    assert notes[0] == ("'best' was a numpy number and is float now, which torch.load takes.",)
    core.save(core.edit(ckpt, edits), tmp_path / "out.pth")
    assert torch.load(tmp_path / "out.pth", weights_only=True)["best"] == 91.25
