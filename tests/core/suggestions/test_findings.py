"""What is suggested about findings has been tried: applied, it leaves nothing of what the finding is about."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from inspector import core
from inspector.core.suggestions.findings import has_ended
from tests import builders
from tests.core.edits.made import counted_edits, net, opened, state_dict


class Config:
    """What no program but its own knows."""


def finding(ckpt: core.Checkpoint, id: str) -> core.Finding:
    [found] = [finding for finding in ckpt.findings if finding.id == id]
    return found


def wrapped(prefix: str = "module.") -> OrderedDict[str, torch.Tensor]:
    return OrderedDict((prefix + key, value) for key, value in net().state_dict().items())


def tied_and_views() -> dict[str, torch.Tensor]:
    whole = torch.arange(10.)
    return {"a": whole[:6], "b": whole[4:]}


SAMPLES: dict[str, tuple[Any, str, tuple[core.Edit, ...]]] = {
    "module": (wrapped(), "module-prefix", (core.StripPrefix("module."),)),
    "compiled": (wrapped("_orig_mod."), "module-prefix", (core.StripPrefix("_orig_mod."),)),
    "averaged": (OrderedDict([("n_averaged", torch.tensor(3)), *wrapped().items()]), "module-prefix",
                 (core.Drop("n_averaged"), core.StripPrefix("module."))),
    "inside": ({"model": wrapped(), "epoch": 3}, "module-prefix", (core.StripPrefix("module."),)),
    "several": ({"model": wrapped(), "ema": wrapped()}, "module-prefix", (core.StripPrefix("module."),)),
    "one-of-several": ({"model": wrapped(), "other": state_dict("module.x", "y")}, "module-prefix", (core.StripPrefix("model.module."),)),
    "collision": ({"model": {"module.a": torch.ones(1), "module.b": torch.ones(2), "a": 3}}, "module-prefix", ()),
    "whole-wrapped": (nn.DataParallel(net()), "module-prefix", (core.Extract("."), core.StripPrefix("module."))),
    "part": ({"encoder.module.w": torch.ones(1), "head.w": torch.ones(2)}, "wrapped-part",
             (core.Rename(r"^encoder\.module\.", "encoder."),)),
    "view": ({"a": torch.zeros(9000)[:4], "b": torch.zeros(3)}, "oversized-storage", (core.Unshare("a"),)),
    "views-of-one": ({"a": torch.zeros(9000)[:4], "b": torch.zeros(9000)[5:9]}, "oversized-storage", (core.Unshare("{a,b}"),)),
    "overlap": (tied_and_views(), "shared-storage", (core.Unshare("{a,b}"),)),
    "whole": (net(), "unknown-code", (core.Extract("."),)),
    "whole-inside": ({"net": nn.Sequential(nn.Linear(2, 2)), "epoch": 3}, "unknown-code", (core.Extract("net"),)),
    "two-wholes": ({"a": nn.Linear(2, 2), "b": nn.Linear(2, 2)}, "unknown-code", ()),
}


@pytest.mark.parametrize("sample", SAMPLES)
def test_that_the_fixes_of_a_finding_end_it(tmp_path: Path, sample: str) -> None:
    thing, id, edits = SAMPLES[sample]
    ckpt = opened(tmp_path, thing)
    if id:
        assert {core.fixes_for(one, ckpt) for one in ckpt.findings if one.id == id} == {edits}
    for one, fixes in core.fixes_for_each(ckpt, ckpt.findings):
        assert fixes == core.fixes_for(one, ckpt)
        if fixes:
            after = core.edit(ckpt, fixes)
            assert has_ended(one, ckpt, after)
            assert one not in after.findings
            assert core.from_recipe(core.to_recipe(fixes)) == list(fixes)
            core.save(after, tmp_path / "fixed.pth")
            assert one not in core.check(core.open(tmp_path / "fixed.pth"))


def test_that_tags_of_devices_become_the_cpu(tmp_path: Path) -> None:
    ckpt = core.edit(opened(tmp_path, state_dict("a", "b")), [core.RemapDevices({"*": "cuda:3"})])
    assert core.fixes_for(finding(ckpt, "saved-on-gpu"), ckpt) == (core.RemapDevices({"*": "cpu"}),)


@pytest.mark.parametrize("tag", ["gpu", "cpu:0", "fpga"])
def test_that_a_tag_that_no_torch_knows_becomes_the_cpu_and_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tag: str) -> None:
    tags = iter((tag, "cuda:1"))
    monkeypatch.setattr(torch.serialization, "_package_registry",
                        [(-100, lambda storage: next(tags), lambda storage, where: None), *torch.serialization._package_registry])
    torch.save({"a": torch.ones(2), "b": torch.ones(2)}, tmp_path / "a.pth")
    monkeypatch.undo()
    ckpt = core.open(tmp_path / "a.pth")
    with pytest.raises(RuntimeError, match="restore data location"):
        torch.load(tmp_path / "a.pth", weights_only=True)
    assert core.loads_with_torch(ckpt).weights_only is False
    fixes = core.fixes_for(finding(ckpt, "location"), ckpt)
    assert fixes == (core.RemapDevices({tag: "cpu"}),)
    fixed = core.edit(ckpt, fixes)
    assert [info.device for info in fixed.tensors.values()] == ["cpu", "cuda:1"]
    assert core.loads_with_torch(fixed).weights_only


def test_that_a_whole_model_of_an_unknown_class_becomes_its_state_dict(tmp_path: Path) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(2, 2)

    Net.__qualname__, Net.__module__ = "Net", __name__
    globals()["Net"] = Net
    try:
        ckpt = opened(tmp_path, {"model": Net(), "epoch": 3})
    finally:
        del globals()["Net"]
    unknown = [one for one in ckpt.findings if one.id == "unknown-code"]
    assert unknown
    fixes = dict(core.fixes_for_each(ckpt, unknown))
    assert set(fixes.values()) == {(core.Extract("model"),)}
    core.save(core.edit(ckpt, [core.Extract("model")]), tmp_path / "weights.pth")
    nn.ModuleDict({"fc": nn.Linear(2, 2)}).load_state_dict(torch.load(tmp_path / "weights.pth", weights_only=True))


def test_that_tied_weights_are_left_tied(tmp_path: Path) -> None:
    tied = torch.ones(3, 3)
    ckpt = opened(tmp_path, {"embed": tied, "head": tied})
    assert core.fixes_for(finding(ckpt, "shared-storage"), ckpt) == ()
    mixed = opened(tmp_path, {"embed": tied, "head": tied, **tied_and_views()})
    assert core.fixes_for(finding(mixed, "shared-storage"), mixed) == ()        # the tied ones would share their bytes still


def test_that_a_finding_nobody_can_end_has_no_fixes(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    assert core.fixes_for(finding(ckpt, "wrong-extension"), tmp_path / "a.pth") == ()
    assert core.fixes_for(core.Finding("of-another-world", "info", "", "?"), ckpt) == ()


def test_that_what_many_findings_ask_for_is_tried_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ckpt = opened(tmp_path, wrapped())
    applied = counted_edits(monkeypatch)
    found = list(core.fixes_for_each(ckpt, [finding(ckpt, "module-prefix")] * 5))
    assert [fixes for _, fixes in found] == [(core.StripPrefix("module."),)] * 5
    assert applied == [core.StripPrefix("module.")]


def test_that_a_finding_of_reading_has_ended_when_its_tensors_are_gone(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, state_dict("a", "b"))
    read = core.Finding("corrupt-member", "danger", "data/0", "?", keys=("a",))
    assert not has_ended(read, ckpt, core.edit(ckpt, [core.Rename("a", "c")]))
    assert has_ended(read, ckpt, core.edit(ckpt, [core.Drop("a")]))
    assert not has_ended(read._replace(keys=()), ckpt, core.edit(ckpt, [core.Drop("a")]))


def test_that_trying_can_be_stopped(tmp_path: Path) -> None:
    class Stop(core.Monitor):
        def check(self) -> None:
            raise core.Cancelled

    ckpt = opened(tmp_path, wrapped())
    with pytest.raises(core.Cancelled):
        core.fixes_for(finding(ckpt, "module-prefix"), ckpt, Stop())


def test_that_a_suggested_edit_is_a_command_that_does_the_same(tmp_path: Path) -> None:
    for n, (thing, _, _) in enumerate(SAMPLES.values()):
        (tmp_path / str(n)).mkdir()
        ckpt = opened(tmp_path / str(n), thing)
        for _, fixes in core.fixes_for_each(ckpt, ckpt.findings):
            assert [core.parse_edit(edit.option, edit.text) for edit in fixes] == [*fixes]


def test_that_a_whole_model_that_torch_refuses_becomes_its_state_dict(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, net())
    assert core.fixes_for(finding(ckpt, "weights-only"), ckpt) == (core.Extract("."),)


def test_that_values_in_values_are_named_once(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {"w": torch.ones(1), "net": net()})
    assert core.fixes_for(finding(ckpt, "weights-only"), ckpt) == (core.MakePlain("net"),)


# -- files of very many of them ------------------------------------------------------------------------------------------------

def refused_calls(file: Path, count: int) -> core.Checkpoint:
    """A list of so many values that torch.load refuses, each with a key of its own."""
    file.write_bytes(builders.torch_zip(b"\x80\x02](" + b"cargparse\nNamespace\n)R" * count + b"e."))
    return core.open(file)


def test_that_edits_that_name_more_than_ten_thousand_values_are_not_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ckpt = refused_calls(tmp_path / "a.pth", 12_000)
    applied = counted_edits(monkeypatch)
    assert core.fixes_for(finding(ckpt, "weights-only"), ckpt) == (core.MakePlain("*"),)
    assert len(applied) == 1


def test_that_no_edit_is_tried_where_not_every_key_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = refused_calls(tmp_path / "a.pth", 1000)
    ckpt = core.open(tmp_path / "a.pth", limits=core.Limits(memory=400 << 10, memory_per_byte=0))
    assert 0 < len(ckpt.values) < len(whole.values)
    assert "no edit is tried" in finding(ckpt, "too-many-keys").hint
    applied = counted_edits(monkeypatch)
    assert core.fixes_for(finding(ckpt, "weights-only"), ckpt) == ()
    assert applied == []


def test_that_nothing_is_tried_where_nothing_would_be_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = tmp_path / "model.safetensors.index.json"
    index.write_text('{"weight_map": {"a": "x.safetensors", "b": "x.safetensors", "c": "y.safetensors"}}')
    ckpt = core.open(index)
    applied = counted_edits(monkeypatch)
    assert core.fixes_for(finding(ckpt, "broken-tensor"), ckpt) == ()
    assert applied == []
    save_file({"c": torch.ones(2)}, tmp_path / "y.safetensors")
    ckpt = core.open(index)
    assert core.fixes_for(finding(ckpt, "broken-tensor"), ckpt) == (core.Drop("{a,b}"),)


def test_that_edits_that_name_hundreds_of_values_are_tried(tmp_path: Path) -> None:
    ckpt = refused_calls(tmp_path / "a.pth", 500)
    assert len(core.fixes_for(finding(ckpt, "weights-only"), ckpt)) == 3


class Counted(tuple[str, ...]):
    """Keys that know how often somebody went through them."""

    times = 0

    def __iter__(self) -> Iterator[str]:
        Counted.times += 1
        return super().__iter__()


def test_that_keys_of_a_finding_are_gone_through_a_few_times_however_many_they_are(tmp_path: Path) -> None:
    ckpt = refused_calls(tmp_path / "a.pth", 100)
    found = finding(ckpt, "weights-only")
    assert core.fixes_for(found._replace(keys=Counted(found.keys)), ckpt)
    assert 0 < Counted.times < 10
