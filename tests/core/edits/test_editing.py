"""What is true of all edits together."""
from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from inspector import core
from inspector.core.edits.tools import references
from tests.core.edits.made import counted_edits, names, net, opened, state_dict, training


def test_that_the_checkpoint_itself_stays_as_it_was(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, training(net(), prefix="module"))
    before = (dict(ckpt.tensors), dict(ckpt.values), dict(ckpt.storages), ckpt.findings)
    core.edit(ckpt, [core.StripPrefix("module."), core.Cast("float16"), core.Drop("optimizer"), core.Extract("model")])
    assert before == (dict(ckpt.tensors), dict(ckpt.values), dict(ckpt.storages), ckpt.findings)
    assert ckpt.edited is None


def test_that_no_edits_give_the_checkpoint_itself(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, state_dict("a"))
    assert core.edit(ckpt, []) is ckpt


def test_that_editing_in_steps_is_editing_at_once(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, training(net(), prefix="module"))
    edits = [core.StripPrefix("module."), core.Drop("fc2"), core.Extract("model"), core.Rename("^fc", "lin"), core.Cast("bfloat16")]
    stepwise = ckpt
    for edit in edits:
        stepwise = core.edit(stepwise, [edit])
    at_once = core.edit(ckpt, edits)
    assert stepwise == at_once
    assert at_once.edited is not None
    assert at_once.edited.edits == tuple(edits)
    assert at_once.edited.root == "model"
    assert dict(at_once.edited.origin)["lin1.weight"] == "model.module.fc1.weight"


def test_that_an_edited_checkpoint_is_measured_and_read_like_any_other(tmp_path: Path) -> None:
    model = net()
    new = core.edit(opened(tmp_path, model.state_dict()), [core.AddPrefix("module"), core.Cast("float16")])
    for name, tensor in model.state_dict().items():
        key = f"module.{name}"
        wanted = tensor.half() if tensor.is_floating_point() else tensor
        assert torch.equal(core.read_torch(new, key), wanted)
        assert core.summarize(new, [key])[key].numel == tensor.numel()
    assert len(dict(core.digests(new))) == len(names(new))


def test_that_cancelling_stops_an_edit(tmp_path: Path) -> None:
    class Stop(core.Monitor):
        def check(self) -> None:
            raise core.Cancelled

    with pytest.raises(core.Cancelled):
        core.edit(opened(tmp_path, state_dict("a")), [core.StripPrefix("b")], Stop())


def test_that_safetensors_are_edited_too(tmp_path: Path) -> None:
    from safetensors.torch import save_file
    save_file({"module.a": torch.ones(2), "module.b": torch.zeros(1)}, tmp_path / "x.safetensors", {"format": "pt"})
    ckpt = core.open(tmp_path / "x.safetensors")
    new = core.edit(ckpt, [core.StripPrefix("module."), core.SetMetadata("by", "me"), core.Extract(".")])
    assert names(new) == ["a", "b"]
    assert dict(new.metadata) == {"format": "pt", "by": "me"}
    assert "module-prefix" not in {finding.id for finding in new.findings}


@pytest.mark.parametrize("edit", [core.StripPrefix("module."), core.AddPrefix("x"), core.Rename("e", "ee"), core.Cast("float16"),
                                  core.RemapDevices({"*": "cuda:0"}), core.Unshare("*"), core.Drop("*running*")])
def test_that_every_origin_is_a_key_of_the_file(corpus: Path, edit: core.Edit) -> None:
    files = [path for path in sorted(corpus.rglob("*")) if path.suffix in (".pth", ".pt", ".bin", ".safetensors", ".ckpt")][::6]
    for path in files:
        try:
            ckpt = core.open(path)
            new = core.edit(ckpt, [edit])
        except core.InspectorError:
            continue
        assert new.edited is not None
        sources = list(new.edited.origin.values())
        assert len(sources) == len(set(sources))
        assert set(sources) <= {*ckpt.tensors, *ckpt.values}
        assert set(new.edited.origin) == {*new.tensors, *new.values}
        assert all(info.key == key for key, info in new.tensors.items())
        assert all(info.storage in new.storages or not info.storage or info.extra for info in new.tensors.values())


# -- once ---------------------------------------------------------------------------------------------------------------------------

def test_that_each_edit_is_applied_once_and_the_last_gives_what_editing_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ckpt = opened(tmp_path, training(net(), prefix="module"))
    edits = [core.StripPrefix("module."), core.Drop("fc2"), core.Cast("float16")]
    wanted = core.edit(ckpt, edits)
    applied = counted_edits(monkeypatch)
    steps = list(core.apply_each(ckpt, edits, read=True))
    assert applied == edits
    assert [step.edit for step in steps] == edits
    assert steps[0].before is ckpt
    assert all(one.after is other.before for one, other in pairwise(steps))
    assert steps[-1].after == wanted
    assert [step.effect for step in steps] == core.effects(ckpt, edits, read=True)


def test_that_what_a_cast_loses_is_told_later_without_applying_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ckpt = opened(tmp_path, {"w": torch.tensor([1e30, 1.0])})
    [step] = core.apply_each(ckpt, [core.Cast("float16")])
    assert not step.effect.notes
    applied = counted_edits(monkeypatch)
    assert any("1 element overflows" in note for note in core.notes_when_read(step))
    assert applied == []


def test_that_edits_before_one_that_cannot_be_applied_are_given(tmp_path: Path) -> None:
    steps = core.apply_each(opened(tmp_path, state_dict("m.a")), [core.StripPrefix("m."), core.Extract("nothing"), core.Drop("a")])
    assert names(next(steps).after) == ["a"]
    with pytest.raises(core.EditError, match="nothing"):
        next(steps)


# -- references ---------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def opens(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The references that were opened."""
    read, found = references.read, list[str]()

    def reading(path: str, **more: Any) -> core.Checkpoint:
        found.append(path)
        return read(path, **more)

    monkeypatch.setattr(references, "read", reading)
    return found


def test_that_a_reference_is_opened_once_for_as_long_as_it_stays_as_it_is(tmp_path: Path, opens: list[str]) -> None:
    ckpt = opened(tmp_path, state_dict("a", "b", "c"))
    other, match, take = tmp_path / "other.pth", core.Match(str(tmp_path / "other.pth")), core.Take(str(tmp_path / "other.pth"), "a")
    torch.save(state_dict("b", "a"), other)
    for _ in range(3):
        steps = list(core.apply_each(ckpt, [match, take, match], read=True))
        assert names(steps[-1].after) == ["a", "b"]
        core.edit(ckpt, [take])
    assert opens == [str(other)]
    assert all(step.is_current for step in steps)
    torch.save(state_dict("c", "b"), other)
    assert not any(step.is_current for step in steps)
    assert names(core.edit(ckpt, [match])) == ["b", "c"]
    assert opens == [str(other)] * 2
    other.unlink()
    with pytest.raises(core.EditError, match=r"other\.pth"):
        core.edit(ckpt, [match])


def test_that_a_file_of_a_set_that_changed_is_seen_too(tmp_path: Path, opens: list[str]) -> None:
    from safetensors.torch import save_file
    folder = tmp_path / "set"
    folder.mkdir()
    for n, name in enumerate("ab", 1):
        save_file({name: torch.zeros(n)}, folder / f"model-0000{n}-of-00002.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": {
        name: f"model-0000{n}-of-00002.safetensors" for n, name in enumerate("ab", 1)}}))
    ckpt = opened(tmp_path, {"a": torch.zeros(1), "b": torch.zeros(2)})
    match = core.Match(str(folder))
    assert names(core.edit(ckpt, [match])) == ["a", "b"]
    assert names(core.edit(ckpt, [match])) == ["a", "b"]
    assert len(opens) == 1
    save_file({"b": torch.zeros(7)}, folder / "model-00002-of-00002.safetensors")
    assert names(core.edit(ckpt, [match])) == ["a"]


def test_that_only_few_references_are_kept(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, state_dict("a"))
    for n in range(5):
        torch.save(state_dict("a"), tmp_path / f"{n}.pth")
        core.edit(ckpt, [core.Match(str(tmp_path / f"{n}.pth"))])
    assert len(references._known) <= 2


def test_that_waiting_for_a_reference_that_somebody_else_opens_can_be_stopped(tmp_path: Path) -> None:
    class Stop(core.Monitor):
        def check(self) -> None:
            raise core.Cancelled

    torch.save(state_dict("a"), tmp_path / "other.pth")
    with references._lock, pytest.raises(core.Cancelled):
        references.opened(str(tmp_path / "other.pth"), Stop())


# -- findings -----------------------------------------------------------------------------------------------------------------------

def test_that_a_reader_s_findings_go_with_the_keys_they_are_about(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"m": state_dict("a.w", "b.w"), "epoch": 3})
    said = {where: core.Finding("said", "info", where, where) for where in ("m.a.w", "m.b.w", "m.a", "m.b", "m", "epoch", "data.pkl:7")}
    ckpt = replace(ckpt, findings=tuple(said.values()))
    new = core.edit(ckpt, [core.Drop("m.b"), core.Rename(r"^a\.", "c.")])
    assert [finding.where for finding in new.findings if finding.id == "said"] == ["m.c.w", "m.a", "m", "epoch", "data.pkl:7"]
