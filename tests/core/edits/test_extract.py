from __future__ import annotations

from pathlib import Path

import pytest
import torch

from inspector import core
from tests.core.edits.made import names, net, opened, state_dict, training


def test_that_weights_come_out_of_a_training_checkpoint(tmp_path: Path) -> None:
    before = training(net())
    new = core.edit(opened(tmp_path, before), [core.Extract("model")])
    assert names(new) == list(before["model"])
    assert not new.values
    assert new.kind == "state-dict"
    assert new.state_dicts == ("",)
    assert new.edited is not None
    assert new.edited.root == "model"
    assert new.edited.origin["fc1.weight"] == "model.fc1.weight"
    assert set(new.module_metadata[""]) == set(before["model"]._metadata)
    assert not [finding for finding in new.findings if finding.level != "info"]


@pytest.mark.parametrize("path", [".", ""])
def test_that_a_whole_module_becomes_its_state_dict(tmp_path: Path, path: str) -> None:
    model = net()
    ckpt = opened(tmp_path, model)
    assert "unknown-code" in {finding.id for finding in ckpt.findings}
    new = core.edit(ckpt, [core.Extract(path)])
    assert names(new) == list(model.state_dict())
    assert not new.values
    assert new.kind == "state-dict"
    assert not new.findings
    loaded = {key: core.read_torch(new, key) for key in new.tensors}
    net().load_state_dict(loaded, strict=True)


def test_that_a_module_within_and_a_submodule_come_out(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"ema": net(), "n": 1})
    assert names(core.edit(ckpt, [core.Extract("ema")]))[0] == "fc1.weight"
    new = core.edit(ckpt, [core.Extract("ema.bn")])
    assert names(new) == list(torch.nn.BatchNorm1d(4).state_dict())
    assert new.edited is not None
    assert new.edited.root == "ema"


def test_that_a_part_of_names_comes_out_too(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"state_dict": state_dict("backbone.a", "backbone.b", "head.a",
                                                      metadata={"": {}, "backbone": {"version": 2}, "head": {}})})
    new = core.edit(ckpt, [core.Extract("state_dict.backbone")])
    assert names(new) == ["a", "b"]
    assert dict(new.module_metadata) == {"": {"": {"version": 2}}}
    assert new.edited is not None
    assert new.edited.root == "state_dict"


def test_that_one_after_the_other_goes_deeper(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"a": {"b": {"c": state_dict("x")}}, "k": 1})
    new = core.edit(ckpt, [core.Extract("a"), core.Extract("b.c")])
    assert names(new) == ["x"]
    assert new.edited is not None
    assert new.edited.root == "a.b.c"
    assert new.edited.origin["x"] == "a.b.c.x"


def test_that_sub_dicts_without_tensors_come_out(tmp_path: Path) -> None:
    new = core.edit(opened(tmp_path, training(net())), [core.Extract("config")])
    assert dict(new.values) == {"lr": 0.1, "layers.0": 1, "layers.1": 2, "layers.2": 3}
    assert new.kind == "other"


@pytest.mark.parametrize(("path", "words"), [("nope", "There are model"), ("epoch", "single value"), ("model.fc1.weight", "one tensor")])
def test_that_what_holds_nothing_is_refused_with_the_choices(tmp_path: Path, path: str, words: str) -> None:
    with pytest.raises(core.EditError, match=words):
        core.edit(opened(tmp_path, training(net())), [core.Extract(path)])


def test_that_an_optimizer_comes_out_whole(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, training(net()))
    new = core.edit(ckpt, [core.Extract("optimizer")])
    assert new.state_dicts == ("state",)
    assert "param_groups.0.lr" in new.values
    one = core.edit(ckpt, [core.Extract("optimizer.state.0")])
    assert names(one) == ["step", "exp_avg", "exp_avg_sq"]
    assert torch.equal(core.read_torch(one, "step"), torch.tensor(1.0))
