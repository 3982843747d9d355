from __future__ import annotations

import contextlib
import re
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from inspector import core
from inspector.core.edits.tools import naming
from tests.core.edits.made import names, net, opened, state_dict, training


def test_that_groups_stand_for_what_they_matched(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, state_dict("encoder.layer.0.w", "encoder.layer.11.w", "head.w",
                                       metadata={"": {}, "encoder.layer.0": {"version": 2}, "encoder.layer.0.act": {"version": 3}}))
    new = core.edit(ckpt, [core.Rename(r"^encoder\.layer\.(\d+)", r"blocks.\1")])
    assert names(new) == ["blocks.0.w", "blocks.11.w", "head.w"]
    assert dict(new.module_metadata[""]) == {"": {}, "blocks.0": {"version": 2}, "blocks.0.act": {"version": 3}}


@pytest.mark.parametrize(("replacement", "name"), [(r"\\1", r"\1"), (r"\\\\2", r"\\2"), (r"\\g<x>", r"\g<x>")])
def test_that_a_number_behind_a_doubled_backslash_is_no_group(tmp_path: Path, replacement: str, name: str) -> None:
    assert names(core.edit(opened(tmp_path, state_dict("w")), [core.Rename("w", replacement)])) == [name]


def test_that_numbers_of_optimizers_and_loose_values_keep_their_names(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, training(net()))
    new = core.edit(ckpt, [core.Rename(r"1|epoch|lr|exp_avg", "X")])
    assert [key for key in new.tensors if key.startswith("optimizer")] == [key for key in ckpt.tensors if key.startswith("optimizer")]
    assert list(new.values) == list(ckpt.values)
    assert "model.fcX.weight" in new.tensors or "model.fcX.bias" in new.tensors


def test_that_a_collision_names_both(tmp_path: Path) -> None:
    with pytest.raises(core.EditError, match=r"'fc1' and 'fc2' would both be called 'fc'"):
        core.edit(opened(tmp_path, state_dict("fc1", "fc2")), [core.Rename(r"\d", "")])


def test_that_a_name_cannot_become_empty(tmp_path: Path) -> None:
    with pytest.raises(core.EditError, match="no name left"):
        core.edit(opened(tmp_path, state_dict("a")), [core.Rename(".*", "")])


@pytest.mark.parametrize("text", ["(=x", "a=\\1", "(?P<n>a)=\\g<m>", "=x", "no-equals", "(a)=\\2"])
def test_that_a_bad_pattern_or_replacement_is_told_when_it_is_typed(text: str) -> None:
    with pytest.raises(core.EditError):
        core.parse_edit("rename", text)


@pytest.mark.parametrize("pattern", [r"(\w+)+$", r"^(a|a)*b$", r"(?:\w*\w*)*!", r"(x+x+)+y", r"(\d+)+x", r"(\w+\s?)*$"])
def test_that_a_pattern_which_could_take_for_ever_ends(tmp_path: Path, pattern: str) -> None:
    ckpt = opened(tmp_path, state_dict("a" * 60 + ".weight", "x" * 60 + ".bias", "1" * 60 + ".bias"))
    with contextlib.suppress(core.EditError):           # stopped, or all of a name is gone
        assert len(core.edit(ckpt, [core.Rename(pattern, "")]).tensors) == 3


def test_that_a_pattern_which_takes_too_long_is_stopped_and_others_go_on_meanwhile(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, state_dict("x" * 4000 + ".weight"))
    beats, stop = [], threading.Event()

    def beat() -> None:
        while not stop.wait(0.005):
            beats.append(1)

    other = threading.Thread(target=beat)
    other.start()
    try:
        with pytest.raises(core.EditError, match="too long") as caught:
            core.edit(ckpt, [core.Rename("(x+x+)+y", "")])
    finally:
        stop.set()
        other.join()
    assert caught.value.id == "slow_regex"
    assert len(beats) > 20          # of some six hundred; with the interpreter's lock held there would be none


def test_that_a_repeated_group_which_is_quick_is_used(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, state_dict(*(f"model.layers.block.attention.output.dense{n}.weight" for n in range(30))))
    new = core.edit(ckpt, [core.Rename(r"^(?:\w+\.)+(\w+\.)weight$", r"\1w")])
    assert names(new) == [f"dense{n}.w" for n in range(30)]


def test_that_nested_dicts_keep_what_is_in_them(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"w": torch.ones(1), "old": [torch.ones(1), 3]})
    new = core.edit(ckpt, [core.Rename("^old", "new")])
    assert names(new) == ["w", "new.0"]
    assert list(new.values) == ["new.1"]
    assert names(core.edit(ckpt, [core.Rename("0$", "zero")])) == ["w", "old.0"]


@given(st.lists(st.from_regex(r"[a-c]{1,3}(\.[a-c0-1]{1,3}){0,3}", fullmatch=True), min_size=1, max_size=8, unique=True),
       st.sampled_from([("a", "z"), (r"^(\w)", r"\1\1"), (r"\.(\w+)$", r".\1_x"), ("0", "1"), ("b+", "")]))
def test_that_names_are_those_of_re_sub_or_the_edit_is_refused(tmp_path_factory: pytest.TempPathFactory, keys: list[str],
                                                             rule: tuple[str, str]) -> None:
    ckpt = opened(tmp_path_factory.mktemp("x"), state_dict(*keys))
    wanted = [re.sub(*rule, key) for key in keys]
    try:
        new = core.edit(ckpt, [core.Rename(*rule)])
    except core.EditError:
        assert len(set(wanted)) < len(keys) or "" in wanted
    else:
        assert names(new) == wanted
        assert new.edited is not None
        assert [new.edited.origin[key] for key in wanted] == keys


@pytest.mark.parametrize(("pattern", "said"), [
    ("^layers\\.(\\d+)", "2 tensors fit and keep their names."),
    ("^layers\\.(0)\\.", "1 tensor fits and keeps its name."),
    ("^blocks\\.(\\d+)", "Nothing in the file fits.")])
def test_that_a_renaming_that_changes_nothing_is_told_from_one_that_fits_nothing(pattern: str, said: str) -> None:
    ckpt = core.edit({f"layers.{n}.w": torch.ones(2) for n in range(2)}, [])
    replacement = "layers.\\1." if pattern.endswith(".") else "layers.\\1"
    assert core.effects(ckpt, [core.Rename(pattern, replacement)])[0].notes == (said,)


# -- files made to be slow ------------------------------------------------------------------------------------------------------

class Counted(dict[str, Any]):
    """Values that know how often somebody went through them."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.times = 0

    def __iter__(self) -> Iterator[str]:
        self.times += 1
        return super().__iter__()

    def items(self) -> Any:
        self.times += 1
        return super().items()


def looks_at(optimizers: int) -> int:
    state = {"state": {0: {"momentum_buffer": np.ones(2)}}, "param_groups": [{"lr": 0.1, "params": ["old.w"]}]}
    ckpt = core.edit({f"o{n}": state for n in range(optimizers)}, [])
    values = Counted(ckpt.values)
    after = core.edit(replace(ckpt, values=values), [core.Rename("old", "new")])
    assert after.values[f"o{optimizers - 1}.param_groups.0.params.0"] == "new.w"
    return values.times


def test_that_values_are_gone_through_no_more_often_where_there_are_more_optimizers() -> None:
    assert looks_at(20) == looks_at(2) > 0


@given(st.sets(st.text("a.", max_size=5), min_size=1), st.text("a.", max_size=4), st.text("a.", max_size=2))
def test_that_what_holds_another_state_dict_is_known(places: set[str], above: str, tail: str) -> None:
    """As looking at each of them tells."""
    names = object.__new__(naming._Names)
    names._dicts = sorted(f"{path}." for path in places)
    key = f"{above}.{tail}" if tail else above
    head = key[:-len(tail)] if tail else key + "."
    for place in places:
        assert names._holds_a_dict(key, place, tail) == any(path != place and f"{path}.".startswith(head) for path in places)


def test_that_entries_listed_with_a_number_behind_their_name_are_renamed_beside_containers_too(tmp_path: Path) -> None:
    """A key that is given twice, and one beside a number that reads like it; the dict in the dict is what made them be passed over."""
    state = {"a": torch.ones(2), "b": torch.zeros(2), "1": torch.ones(3), "c": torch.zeros(3), "n": {"x": 1}}
    torch.save(state, tmp_path / "whole.pth")
    path = tmp_path / "a.pth"
    with zipfile.ZipFile(tmp_path / "whole.pth") as whole, zipfile.ZipFile(path, "w") as made:
        for name in whole.namelist():
            data = whole.read(name)
            if name.endswith("data.pkl"):
                data = data.replace(b"X\1\0\0\0b", b"X\1\0\0\0a").replace(b"X\1\0\0\0c", b"K\1")
            made.writestr(name, data)
    assert set(core.open(path).tensors) == {"a", "a#2", "1", "1#2"}
    after = core.edit(path, [core.Rename("^a", "q"), core.Rename("^1#2", "r")])
    assert set(after.tensors) == {"q", "q#2", "1", "r"}
    core.save(after, tmp_path / "out.pth")
    loaded = torch.load(tmp_path / "out.pth", weights_only=True)
    assert list(map(str, loaded)) == ["q", "1", "r", "n"]
    assert loaded["q"].tolist() == [0, 0]
    with pytest.raises(core.SaveError, match=r"'1' and '1#2' would both be called 'm\.1'"):
        core.save(core.edit(path, [core.AddPrefix("m")]), tmp_path / "other.pth")
    alone = core.edit(path, [core.Rename("^a$", "q"), core.Drop("1#2"), core.AddPrefix("m")])
    assert set(alone.tensors) == {"m.q", "m.q#2", "m.1"}
    core.save(alone, tmp_path / "alone.pth")
    assert torch.load(tmp_path / "alone.pth", weights_only=True)["m.q"].tolist() == [0, 0]
