"""What is true of all edits together."""
from __future__ import annotations

from pathlib import Path

import pytest
import torch

from inspector import core
from tests.core.edits.made import names, net, opened, state_dict, training


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
