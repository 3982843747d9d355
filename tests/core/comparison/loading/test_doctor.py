"""From torch's own text and the file: which dict was loaded, which should have been, and the edits after which it loads."""
from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from inspector import core


def net() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 1))


def wrapped() -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = nn.DataParallel(net()).state_dict()
    return state


def error_of(model: nn.Module, given: Any) -> str:
    with pytest.raises(RuntimeError) as refused:
        model.load_state_dict(given)
    return str(refused.value)


@pytest.mark.parametrize("name", ["model_state_dict", "state_dict", "net", "model.weights"])
@pytest.mark.parametrize("given", ["the whole", "the inner"])
def test_that_a_nested_state_dict_of_a_wrapped_model_is_taken_out_and_unwrapped(tmp_path: Path, name: str, given: str) -> None:
    thing = {"epoch": 4, name: wrapped(), "lr": 0.1}
    torch.save(thing, tmp_path / "last.pth")
    text = error_of(net(), thing if given == "the whole" else thing[name])
    found = core.doctor(text, core.open(tmp_path / "last.pth"))
    assert found.suggested == (("--extract", name), ("--strip-prefix", "module."))
    assert found.after.loads
    core.save(core.edit(tmp_path / "last.pth", found.edits), tmp_path / "fixed.pth")
    fixed = torch.load(tmp_path / "fixed.pth", weights_only=True)
    net().load_state_dict(fixed)
    assert "1.num_batches_tracked" in fixed


def test_that_the_one_of_several_models_is_meant_whose_names_are_missing(tmp_path: Path) -> None:
    other = nn.ModuleDict({"encoder": nn.Linear(3, 3), "decoder": nn.Linear(3, 2)})
    thing = {"generator": {f"module.{k}": v for k, v in other.state_dict().items()}, "critic": wrapped(), "epoch": 1}
    torch.save(thing, tmp_path / "gan.pth")
    ckpt = core.open(tmp_path / "gan.pth")
    assert core.doctor(error_of(net(), thing), ckpt).suggested[0] == ("--extract", "critic")
    assert core.doctor(error_of(other, thing), ckpt).suggested[0] == ("--extract", "generator")


def test_that_what_fits_in_the_loaded_dict_is_known_to_be_the_models(tmp_path: Path) -> None:
    state = net().state_dict()
    thing = {"model": OrderedDict((k.replace("1.", "norm."), v) for k, v in state.items()), "n": 1}
    torch.save(thing, tmp_path / "a.pth")
    found = core.doctor(error_of(net(), thing["model"]), core.open(tmp_path / "a.pth"))
    assert found.lists.fitting == len(state) - 5
    assert {*found.lists.missing} == {f"1.{name}" for name in ("weight", "bias", "running_mean", "running_var")}
    assert len(found.lists.unexpected) == 5


def test_that_keys_whose_shapes_the_text_does_not_tell_are_said_to_load_by_their_names_alone(tmp_path: Path) -> None:
    state = wrapped()
    state["module.2.weight"] = torch.zeros(5, 4, 1, 1)          # names are refused before shapes are looked at
    torch.save(state, tmp_path / "wrapped.pth")
    text = error_of(net(), state)
    found = core.doctor(text, core.open(tmp_path / "wrapped.pth"))
    assert found.after.loads
    assert found.by_name(found.after) == len(found.lists.missing) == 8
    explained = core.explain_error(text, core.open(tmp_path / "wrapped.pth"))
    assert explained.remedies[0].outcome == "all 9 keys load, by their names"
    torch.save(net().state_dict(), tmp_path / "plain.pth")
    report = core.load_report(core.open(tmp_path / "plain.pth"), core.open(tmp_path / "plain.pth"))
    assert report.by_name(report.after) == 0


def test_that_a_key_that_is_only_missing_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    torch.save({"model": net().state_dict(), "epoch": 2}, tmp_path / "a.pth")
    bigger = nn.Sequential(*net(), nn.Linear(2, 2))
    found = core.doctor(error_of(bigger, net().state_dict()), core.open(tmp_path / "a.pth"))
    assert found.lists == core.Lists(("3.weight", "3.bias"), (), (), 9)
    assert found.suggested == (("--extract", "model"),)


def test_that_a_text_of_another_file_is_answered_with_what_it_says(tmp_path: Path) -> None:
    torch.save({"a.weight": torch.ones(2)}, tmp_path / "a.pth")
    found = core.doctor(error_of(net(), {"x.weight": torch.ones(2)}), core.open(tmp_path / "a.pth"))
    assert found.suggested == ()
    assert not found.after.loads


def test_that_extra_state_counts_as_a_key(tmp_path: Path) -> None:
    class Extra(nn.Linear):
        def get_extra_state(self) -> Any:
            return {"n": 1}

        def set_extra_state(self, state: Any) -> None:
            pass

    state = nn.Sequential(Extra(2, 2)).state_dict()
    torch.save(state, tmp_path / "a.pth")
    found = core.doctor(error_of(nn.Sequential(nn.Linear(2, 2)), state), core.open(tmp_path / "a.pth"))
    assert found.lists.unexpected == ("0._extra_state",)
    assert found.after.loads


@pytest.mark.parametrize("prefix", ["module.", "model.net."])
@pytest.mark.parametrize("also", [(), ("2.bias",)], ids=["sizes", "sizes and a name"])
def test_that_names_which_whoever_loads_the_file_stripped_are_found_through_their_prefix(tmp_path: Path, prefix: str,
                                                                                         also: tuple[str, ...]) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 5, 1, bias=not also))
    saved = {f"{prefix}{key}": value for key, value in net().state_dict().items()} | {"other.2.weight": torch.ones(1)}
    torch.save({"model": saved, "epoch": 1}, tmp_path / "a.pth")
    text = error_of(model, {key.removeprefix(prefix): value for key, value in saved.items() if key.startswith(prefix)})
    found = core.doctor(text, core.open(tmp_path / "a.pth"))
    core.save(core.edit(tmp_path / "a.pth", found.edits), tmp_path / "fixed.pth")
    said = model.load_state_dict(torch.load(tmp_path / "fixed.pth", weights_only=True), strict=False)
    assert not said.unexpected_keys
    assert set(said.missing_keys) == {"2.weight", "2.bias"} - {*also}
    assert found.after.fitting == 7
