"""Findings carry what they are about as data, so that nothing has to be read out of their words."""
from __future__ import annotations

import copy
import pickle
import warnings
from pathlib import Path

import pytest
import torch
import torch.distributed.checkpoint as dcp

from inspector import core
from inspector.core.formats.shared.merging import Findings


class Note:
    """What no library has."""


def opened(path: Path, contents: object) -> core.Checkpoint:
    torch.save(contents, path / "a.pth")
    return core.open(path / "a.pth")


def finding(ckpt: core.Checkpoint, id: str) -> core.Finding:
    return next(found for found in (*ckpt.findings, *core.health(ckpt)) if found.id == id)


def test_that_a_prefix_is_told_with_the_state_dicts_that_have_it(tmp_path: Path) -> None:
    found = finding(opened(tmp_path, {"net": {"module.w": torch.ones(2)}, "ema": {"module.w": torch.ones(2)}, "epoch": 3}), "module-prefix")
    assert (found.prefix, found.keys) == ("module.", ("net", "ema"))


def test_that_all_keys_are_told_where_the_words_name_three(tmp_path: Path) -> None:
    whole = torch.arange(40.0)
    ckpt = opened(tmp_path, {f"w{i}": whole[i:i + 4] for i in range(9)} | {f"t{i}": torch.ones(3, 2).T for i in range(5)})
    assert finding(ckpt, "shared-storage").keys == tuple(f"w{i}" for i in range(9))
    assert finding(ckpt, "non-contiguous").keys == tuple(f"t{i}" for i in range(5))


def test_that_names_stand_there_as_they_are_in_the_file(tmp_path: Path) -> None:
    key = "w\u202eg"
    found = finding(opened(tmp_path, {key: torch.ones(2), "v": torch.ones(2)}), "hostile-name")
    assert found.keys == (key,)
    assert key not in found.message + found.where
    assert found.message == r"The key 'w\u202eg' has invisible or control characters in it."         # escaped once


def test_that_code_is_told_by_its_dotted_name_and_where_it_is_called(tmp_path: Path) -> None:
    found = [told for told in opened(tmp_path, {"w": torch.ones(2), "when": Note()}).findings if told.id == "unknown-code"]
    assert [(told.code, told.keys) for told in found] == [((f"{__name__}.Note",), ("when",))]


def test_that_health_names_every_tensor_it_means(tmp_path: Path) -> None:
    bad = torch.full((4, 4), float("nan"))
    ckpt = opened(tmp_path, {"ok": torch.randn(4, 4), **{f"bad{i}": bad.clone() for i in range(5)}, "zero": torch.zeros(5, 5)})
    assert finding(ckpt, "nan-values").keys == tuple(f"bad{i}" for i in range(5))
    assert finding(ckpt, "all-zero").keys == ("zero",)


@pytest.mark.parametrize("contents", [
    pytest.param({"a.w": torch.ones(2), "A.w": torch.ones(2)}, id="alike"), pytest.param({"module.w": torch.ones(3)}, id="prefix"),
    pytest.param({"w": torch.ones(100_000)[:3]}, id="small-view"), pytest.param({"w": torch.ones(4).expand(3, 4)}, id="expanded"),
    pytest.param({"m": torch.ones(3, device="meta"), "w": torch.ones(1)}, id="meta"),
    pytest.param({1: torch.ones(2), 2: torch.ones(1)}, id="numbers"), pytest.param({"n": [Note()], "w": torch.ones(2)}, id="code")])
def test_that_keys_lead_to_something_and_findings_can_be_kept(tmp_path: Path, contents: object) -> None:
    ckpt = opened(tmp_path, contents)
    assert ckpt.findings
    for found in ckpt.findings:
        assert all(key in ckpt.tensors or key in ckpt.values or key in ckpt.state_dicts for key in found.keys), found
        assert pickle.loads(pickle.dumps(found)) == copy.copy(found) == found
        assert hash(found) == hash(copy.deepcopy(found))
        assert list(found.to_json()) == ["id", "level", "where", "message", "hint"]


def test_that_parts_of_a_set_add_their_facts_up() -> None:
    together = Findings()
    one = core.Finding("rank", "info", "a", "It is odd.", keys=("a",), code=("m.f",))
    together.add([one], "first")
    together.add([one._replace(keys=("b", ""), where="b")], "second", above="model")
    together.add([one._replace(id="other")])
    merged, other = together.all()
    assert merged == one._replace(where="first/a", message="It is odd. (The same is true of 1 other.)", keys=("a", "model.b", "model"))
    assert other == one._replace(id="other")


def test_that_an_item_of_a_folder_names_its_key_in_the_whole(tmp_path: Path) -> None:
    state = {"model": {"w": torch.ones(2, 3)}, "odd": {"p": Note()}}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "torch.distributed is disabled")
        dcp.save(state, checkpoint_id=tmp_path / "d")
    ckpt = core.open(tmp_path / "d")
    assert all(key in ckpt.tensors or key in ckpt.values for found in ckpt.findings for key in found.keys)
    assert [found.keys for found in ckpt.findings if found.code == (f"{__name__}.Note",)] == [("odd.p",)]
