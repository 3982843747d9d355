from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.modules.utils import consume_prefix_in_state_dict_if_present

from inspector import core
from inspector.core.naming_conventions import without_wrappers
from tests.core.edits.made import names, net, opened, state_dict, training


def test_that_a_prefix_goes_in_front_only_and_as_a_whole(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, state_dict("module.a.w", "submodule.x", "a.module.w", "modules.w"))
    for prefix in ("module.", "module"):
        assert names(core.edit(ckpt, [core.StripPrefix(prefix)])) == ["a.w", "submodule.x", "a.module.w", "modules.w"]


def test_that_the_metadata_follows_as_with_torchs_own_function(tmp_path: Path) -> None:
    model = torch.nn.DataParallel(net())
    theirs = model.state_dict()
    ckpt = opened(tmp_path, {"model": theirs})
    consume_prefix_in_state_dict_if_present(theirs, "module.")
    ours = core.edit(ckpt, [core.StripPrefix("module.")])
    assert [info.name for info in ours.tensors.values()] == list(theirs)
    assert dict(ours.module_metadata["model"]) == dict(theirs._metadata.items())


@pytest.mark.parametrize(("segment", "before", "after"), [
    ("_orig_mod", "_orig_mod.a.w", "a.w"), ("_orig_mod", "a._orig_mod.b._orig_mod.w", "a.b.w"),
    ("_orig_mod", "a.my_orig_mod.w", "a.my_orig_mod.w"),
    ("_fsdp_wrapped_module", "a._fsdp_wrapped_module.w", "a.w"),
    ("_checkpoint_wrapped_module", "l.0._checkpoint_wrapped_module.w", "l.0.w"),
    ("_fpw_module", "a._fpw_module.w", "a.w"), ("_forward_module", "_forward_module.a.w", "a.w"),
])
def test_that_names_of_wrappers_go_wherever_they_are(tmp_path: Path, segment: str, before: str, after: str) -> None:
    module = before.rpartition(".")[0]
    ckpt = opened(tmp_path, state_dict(before, metadata={"": {"version": 1}, module: {"version": 2}}))
    new = core.edit(ckpt, [core.StripPrefix(f"{segment}.")])
    assert names(new) == [after]
    assert after.rpartition(".")[0] in new.module_metadata[""]


def test_that_two_names_which_meet_are_an_error_that_names_both(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, state_dict("module.a", "a"))
    with pytest.raises(core.EditError, match=r"'module\.a' and 'a' would both be called 'a'") as error:
        core.edit(ckpt, [core.StripPrefix("module.")])
    assert error.value.id == "collision"


def test_that_a_name_which_is_the_prefix_is_left_alone(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, state_dict("module.a", "module"))
    assert names(core.edit(ckpt, [core.StripPrefix("module.")])) == ["a", "module"]


def test_that_it_acts_in_every_state_dict_but_not_on_numbered_parameters(tmp_path: Path) -> None:
    before = training(net(), prefix="module")
    ckpt = opened(tmp_path, {**before, "ema": before["model"]})
    new = core.edit(ckpt, [core.StripPrefix("module.")])
    assert new.edited is not None
    assert new.edited.origin["ema.fc1.weight"] == "ema.module.fc1.weight"
    assert {key for key in new.tensors if ".module." in key} == set()
    assert [key for key in new.tensors if key.startswith("optimizer")] == [key for key in ckpt.tensors if key.startswith("optimizer")]
    assert "module-prefix" in {finding.id for finding in ckpt.findings} - {finding.id for finding in new.findings}


def test_that_a_prefix_with_the_state_dicts_path_acts_in_that_one_only(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"model": state_dict("module.a"), "ema": state_dict("module.a")})
    assert names(core.edit(ckpt, [core.StripPrefix("model.module.")])) == ["model.a", "ema.module.a"]


def test_that_names_in_the_state_of_an_optimizer_follow(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"model": state_dict("module.a"), "optim": {
        "state": {"module.a": {"exp_avg": torch.ones(2), "step": 3}}, "param_groups": [{"params": ["module.a"], "lr": 0.1}]}})
    new = core.edit(ckpt, [core.StripPrefix("module.")])
    assert names(new) == ["model.a", "optim.state.a.exp_avg"]
    assert new.values["optim.param_groups.0.params.0"] == "a"
    assert "optim.state.a.step" in new.values


def test_that_nothing_leaves_a_list(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"w": torch.ones(1), "module": [torch.ones(1), torch.ones(2)]})
    assert names(core.edit(ckpt, [core.StripPrefix("module.")])) == ["w", "module.0", "module.1"]


def test_that_a_whole_module_must_be_extracted_first(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, torch.nn.DataParallel(net()))
    with pytest.raises(core.EditError, match=r"--extract \.") as error:
        core.edit(ckpt, [core.StripPrefix("module.")])
    assert error.value.id == "in_module"
    assert names(core.edit(ckpt, [core.Extract("."), core.StripPrefix("module.")]))[0] == "fc1.weight"


@pytest.mark.parametrize("prefix", ["", ".", "..", "a..", ".a"])
def test_that_what_is_no_prefix_is_refused(prefix: str) -> None:
    with pytest.raises(core.EditError, match="no prefix"):
        core.parse_edit("--strip-prefix", prefix)


def test_that_nothing_to_do_is_told_and_no_error(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, state_dict("a"))
    effect, = core.effects(ckpt, [core.StripPrefix("module.")])
    assert effect.nothing
    assert effect.notes == ("Nothing in the file fits.",)


SEGMENTS = st.sampled_from(["a", "b", "module", "_orig_mod", "0", "submodule"])
NAMES = st.lists(SEGMENTS, min_size=1, max_size=5).map(".".join)


@given(NAMES)
def test_that_taking_a_segment_out_keeps_all_others_in_order(name: str) -> None:
    after = without_wrappers(name, ("_orig_mod",)).split(".")
    *above, last = name.split(".")
    assert after == [part for part in above if part != "_orig_mod"] + [last]


@given(st.lists(NAMES, min_size=1, max_size=8, unique=True), st.sampled_from(["module", "a.b", "x"]))
def test_that_adding_a_prefix_and_stripping_it_gives_the_same_names(tmp_path_factory: pytest.TempPathFactory, keys: list[str],
                                                                    prefix: str) -> None:
    ckpt = opened(tmp_path_factory.mktemp("x"), state_dict(*keys, metadata={"": {"version": 1}, keys[0]: {"version": 3}}))
    new = core.edit(ckpt, [core.AddPrefix(prefix), core.StripPrefix(prefix)])
    assert names(new) == keys
    assert new.edited is not None
    assert all(new.edited.origin[key] == key for key in keys)
    assert [core.digest(new, key) for key in keys] == [core.digest(ckpt, key) for key in keys]
    assert dict(new.module_metadata[""])[keys[0]] == {"version": 3}
