"""`--drop-broken`: what cannot be read is left out by name, and what is left loads; torch is the oracle."""
from __future__ import annotations

import subprocess
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from inspector import core
from tests import builders
from tests.core.pickles import opcodes as op
from tests.core.saving import samples

STATE = {f"l{i}.{name}": torch.arange(200.0) * (i + 1) for i in range(5) for name in ("weight", "bias")}


def place_of(path: Path, record: str) -> int:
    """The first byte of a stored member."""
    with zipfile.ZipFile(path) as archive:
        info = next(info for info in archive.infolist() if info.filename.endswith(record))
    data = path.read_bytes()
    names = [int.from_bytes(data[info.header_offset + at:info.header_offset + at + 2], "little") for at in (26, 28)]
    return info.header_offset + 30 + sum(names)


def flip(path: Path, *records: str) -> None:
    data = bytearray(path.read_bytes())
    for record in records:
        data[place_of(path, record) + 5] ^= 0x40
    path.write_bytes(data)


def cut(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:int(len(data) * share)])


def dropped(path: Path, *, to: Path | None = None, **options: Any) -> tuple[core.Effect, dict[str, Any]]:
    """The effect of dropping what is broken, and what torch reads of the file that is saved then."""
    ckpt = core.open(path)
    new = core.edit(ckpt, [core.DropBroken()])
    target = to or path.with_name("out.pth")
    core.save(new, target, **options)
    found = load_file(target) if target.suffix == ".safetensors" else torch.load(target, weights_only=True)
    return core.effects(ckpt, [core.DropBroken()])[0], found


def same(found: dict[str, Any], whole: dict[str, Any]) -> bool:
    return all(torch.equal(value, whole[key]) for key, value in found.items() if isinstance(value, torch.Tensor))


def test_that_tensors_with_other_bytes_than_were_saved_go_by_name(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "a.pth")
    flip(tmp_path / "a.pth", "data/2", "data/7")
    effect, found = dropped(tmp_path / "a.pth")
    gone = [key for i, key in enumerate(STATE) if i in (2, 7)]
    assert list(effect.dropped) == gone
    assert list(found) == [key for key in STATE if key not in gone]
    assert same(found, STATE)
    assert [note.split(": ")[0] for note in effect.notes[1:3]] == gone
    assert "the bytes of 8 tensors" in effect.notes[0]
    assert "read and compared with their checksums" in effect.notes[0]


@pytest.mark.parametrize("share", [.35, .5, .65, .8, .95, .999])
@pytest.mark.parametrize("zip", [True, False])
def test_that_all_that_is_left_of_a_cut_file_is_saved(tmp_path: Path, share: float, zip: bool) -> None:
    torch.save(STATE, tmp_path / "a.pth", _use_new_zipfile_serialization=zip)
    cut(tmp_path / "a.pth", share)
    with pytest.raises(core.SaveError, match="--drop-broken") if not (zip and share > .9) else nothing():
        core.save(core.open(tmp_path / "a.pth"), tmp_path / "refused.pth")
    effect, found = dropped(tmp_path / "a.pth")
    assert {*effect.dropped, *found} == set(STATE)
    assert not set(effect.dropped) & set(found)
    assert len(found) >= int(10 * share) - 2
    assert same(found, STATE)
    assert all(any(note.startswith(f"{key}: ") for note in effect.notes) for key in effect.dropped)


class nothing:
    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        pass


def test_that_views_and_names_of_one_broken_storage_go_together(tmp_path: Path) -> None:
    whole = torch.arange(10.0)
    torch.save({"head": whole[:4], "tail": whole[4:], "tied": whole[:4], "other": torch.ones(3)}, tmp_path / "a.pth")
    flip(tmp_path / "a.pth", "data/0")
    effect, found = dropped(tmp_path / "a.pth")
    assert set(effect.dropped) == {"head", "tail", "tied"}
    assert list(found) == ["other"]


def test_that_the_state_of_an_optimizer_follows_the_parameters_that_go(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    flip(tmp_path / "a.pth", f"data/{ckpt.tensors['model.1.bias'].storage}")
    effect, found = dropped(tmp_path / "a.pth")
    assert list(found["model"]) == ["0.weight", "0.bias", "1.weight"]
    assert list(found["optimizer"]["state"]) == [0, 1, 2]
    assert found["optimizer"]["param_groups"][0]["params"] == [0, 1, 2]
    assert found["epoch"] == 3
    assert "model.1.bias" in effect.dropped


def test_that_sparse_and_quantized_tensors_go_when_one_of_their_parts_is_broken(tmp_path: Path) -> None:
    sparse = torch.sparse_coo_tensor([[0, 2]], [1.0, 2.0], (3,), check_invariants=True)
    channels = samples.quantized_per_channel()
    torch.save({"sparse": sparse, "channels": channels, "w": torch.ones(2)}, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    parts = [ckpt.tensors["sparse"].parts["values"].storage, ckpt.tensors["channels"].parts["scales"].storage]
    flip(tmp_path / "a.pth", *(f"data/{id}" for id in parts))
    effect, found = dropped(tmp_path / "a.pth")
    assert set(effect.dropped) == {"sparse", "channels"}
    assert list(found) == ["w"]


_HOLDER = """
import sys, torch
class Holder: pass
Holder.__module__ = "mymodule"
sys.modules["mymodule"] = type(sys)("mymodule"); sys.modules["mymodule"].Holder = Holder
h = Holder(); h.hidden = {"deep": [torch.arange(50.)]}
torch.save({"w": torch.ones(200), "h": h, "epoch": 1}, sys.argv[1])
"""


def test_that_an_unknown_object_goes_with_the_tensor_that_is_broken_in_it(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _HOLDER, str(tmp_path / "a.pth")], check=True)
    flip(tmp_path / "a.pth", "data/1")
    effect, found = dropped(tmp_path / "a.pth")
    assert found.keys() == {"w", "epoch"}
    assert "h" in effect.dropped


def test_that_a_whole_module_is_extracted_first(tmp_path: Path) -> None:
    torch.save(nn.Linear(3, 2), tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    flip(tmp_path / "a.pth", f"data/{ckpt.tensors['bias'].storage}")
    with pytest.raises(core.EditError, match="--extract"):
        core.edit(core.open(tmp_path / "a.pth"), [core.DropBroken()])
    new = core.edit(core.open(tmp_path / "a.pth"), [core.Extract("."), core.DropBroken()])
    core.save(new, tmp_path / "b.pth")
    assert list(torch.load(tmp_path / "b.pth", weights_only=True)) == ["weight"]


def test_that_of_a_set_the_tensors_of_a_missing_file_go(tmp_path: Path) -> None:
    builders_set = tmp_path / "set"
    torch.save(STATE, tmp_path / "a.pth")
    core.save(core.open(tmp_path / "a.pth"), builders_set, format="safetensors-sharded", shard_size=2000)
    shards = sorted(builders_set.glob("*.safetensors"))
    lost = set(load_file(shards[1]))
    shards[1].unlink()
    with pytest.raises(core.SaveError, match="--drop-broken"):
        core.save(core.open(builders_set), tmp_path / "refused.pth")
    with pytest.raises(core.SaveError, match="--drop-broken"):
        core.save(core.open(builders_set), tmp_path / "refused.safetensors")
    for target in ("out.pth", "out.safetensors"):
        effect, found = dropped(builders_set, to=tmp_path / target)
        assert set(effect.dropped) == lost
        assert same(found, STATE)
        assert {*found, *lost} == set(STATE)
    assert not (tmp_path / "refused.pth").exists()


@pytest.mark.parametrize("share", [.3, .6, .99])
def test_that_all_that_is_left_of_a_cut_safetensors_file_is_saved(tmp_path: Path, share: float) -> None:
    save_file(STATE, tmp_path / "a.safetensors", {"format": "pt", "by": "me"})
    cut(tmp_path / "a.safetensors", share)
    for refused in ("refused.safetensors", "refused.pth", "a.safetensors"):
        before = (tmp_path / "a.safetensors").read_bytes()
        with pytest.raises(core.SaveError):
            core.save(core.open(tmp_path / "a.safetensors"), tmp_path / refused, allow_loss=True)
        assert (tmp_path / "a.safetensors").read_bytes() == before
    effect, found = dropped(tmp_path / "a.safetensors", to=tmp_path / "out.safetensors")
    assert {*effect.dropped, *found} == set(STATE)
    assert same(found, STATE)
    assert len(found) >= int(10 * share) - 1
    assert core.open(tmp_path / "out.safetensors").metadata == {"format": "pt", "by": "me"}
    assert same(dropped(tmp_path / "a.safetensors", allow_loss=True)[1], STATE)


def test_that_a_safetensors_file_with_bytes_behind_it_is_saved_without_them(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "a.safetensors")
    whole = (tmp_path / "a.safetensors").read_bytes()
    (tmp_path / "a.safetensors").write_bytes(whole + bytes(100))
    with pytest.raises(core.SaveError, match="not replaced"):
        core.save(core.open(tmp_path / "a.safetensors"), tmp_path / "a.safetensors")
    core.save(core.open(tmp_path / "a.safetensors"), tmp_path / "b.safetensors")
    assert (tmp_path / "b.safetensors").read_bytes() == whole


def test_that_edits_before_keep_what_they_did(tmp_path: Path) -> None:
    torch.save({"module.a": torch.ones(300), "module.b": torch.zeros(300), "module.c": torch.ones(300)}, tmp_path / "a.pth")
    flip(tmp_path / "a.pth", "data/1")
    new = core.edit(core.open(tmp_path / "a.pth"), [core.StripPrefix("module."), core.Cast("float16"), core.DropBroken()])
    core.save(new, tmp_path / "b.pth")
    found = torch.load(tmp_path / "b.pth", weights_only=True)
    assert {key: value.dtype for key, value in found.items()} == {"a": torch.float16, "c": torch.float16}


def test_that_other_members_that_are_corrupt_are_left_out_and_told(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "a.pth")
    with zipfile.ZipFile(tmp_path / "a.pth", "a") as archive:
        archive.writestr("a/extra/notes.txt", "words that nobody can read any more")
    flip(tmp_path / "a.pth", "extra/notes.txt", "a/version")
    with pytest.raises(core.SaveError):
        core.save(core.open(tmp_path / "a.pth"), tmp_path / "refused.pth")
    effect, found = dropped(tmp_path / "a.pth")
    assert list(found) == list(STATE)
    assert any("extra/notes.txt" in note for note in effect.notes)
    assert not any("extra" in name for name in zipfile.ZipFile(tmp_path / "out.pth").namelist())


def test_that_a_whole_file_stays_as_it_is_and_how_much_was_looked_at_is_said(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "a.pth")
    effect, found = dropped(tmp_path / "a.pth")
    assert effect.nothing
    assert effect.notes == ("All are where they should be; the bytes of 10 tensors were read and compared with their checksums.",)
    assert (tmp_path / "out.pth").read_bytes()[:2] == b"PK"
    assert list(found) == list(STATE)
    torch.save(STATE, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    effect, _ = dropped(tmp_path / "old.pth")
    assert "no checksums for 10 tensors" in effect.notes[0]


def test_that_values_that_never_were_in_the_file_are_not_broken(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2), "m": torch.empty(3, device="meta")}, tmp_path / "a.pth")
    effect, found = dropped(tmp_path / "a.pth")
    assert effect.nothing
    assert found["m"].is_meta
    path = tmp_path / "narrow.safetensors"
    path.write_bytes(builders.safetensors({"six": {"dtype": "F6_E2M3", "shape": [4], "data_offsets": [0, 3]},
                                           "a": {"dtype": "F32", "shape": [2], "data_offsets": [3, 11]}}, bytes(11)))
    new = core.edit(core.open(path), [core.DropBroken()])
    assert list(new.tensors) == ["six", "a"]


@pytest.mark.parametrize("location", ["meta", "cpu"])
@pytest.mark.parametrize("records", [{}, {"data/0": bytes(4)}])
@pytest.mark.parametrize("format", ["torch-zip", "torch-legacy", "safetensors"])
def test_that_what_is_said_of_a_tensor_that_cannot_be_saved_is_what_saves_the_rest(tmp_path: Path, location: str, format: str,
                                                                                  records: dict[str, bytes]) -> None:
    made = {"a*": op.tensor(op.storage("0", numel=3, location=location), 0, (3,), (1,)),
            "b": op.tensor(op.storage("1", numel=3), 0, (3,), (1,))}
    (tmp_path / "a.pth").write_bytes(builders.torch_zip(op.pickled(op.dict_of(made)), {**records, "data/1": bytes(12)}))
    ckpt, out = core.open(tmp_path / "a.pth"), tmp_path / "out"
    try:
        core.plan_save(ckpt, out, format=format)
    except core.SaveError as error:
        option, _, text = error.hint.rpartition("--")[2].strip(".").partition(" ")
        core.plan_save(core.edit(ckpt, [core.parse_edit(option, text.strip("'"))]), out, format=format)
    else:
        assert (location, format) == ("meta", "safetensors")         # which says what is lost


def test_that_a_file_that_was_replaced_meanwhile_is_not_taken_for_broken(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    torch.save(OrderedDict(a=torch.ones(5)), tmp_path / "a.pth")
    with pytest.raises(core.Changed):
        core.edit(ckpt, [core.DropBroken()])


def test_that_nothing_is_left_is_an_error(tmp_path: Path) -> None:
    save_file({"a": torch.ones(4)}, tmp_path / "a.safetensors")
    torch.save({"a": torch.ones(400)}, tmp_path / "a.pth")
    flip(tmp_path / "a.pth", "data/0")
    with pytest.raises(core.EditError, match="nothing would be left"):
        core.edit(core.open(tmp_path / "a.pth"), [core.DropBroken()])


def test_that_it_has_no_text_on_the_command_line_and_true_in_a_recipe() -> None:
    edit = core.parse_edit("drop-broken", "")
    assert edit == core.DropBroken()
    assert core.as_option(edit) == "--drop-broken"
    assert core.as_command([edit], "a.pth", "b.pth") == "inspector edit a.pth -o b.pth --drop-broken"
    assert core.from_recipe(core.to_recipe([edit])) == [edit]
    assert "core.DropBroken()" in core.as_python([edit], "a.pth", "b.pth")
    with pytest.raises(core.EditError, match="takes nothing"):
        core.parse_edit("drop-broken", "a")
    with pytest.raises(core.EditError):
        core.from_recipe('[{"drop-broken": "a"}]')


def test_that_findings_about_broken_tensors_are_ended_by_leaving_them_out(tmp_path: Path) -> None:
    torch.save({"model": STATE}, tmp_path / "a.pth")
    flip(tmp_path / "a.pth", "data/3")
    found = next(finding for finding in core.check(tmp_path / "a.pth") if finding.id == "corrupt-member")
    fixes = core.fixes_for(found, tmp_path / "a.pth")
    assert fixes == (core.Drop("model.l1.bias"),)
    torch.save({"model": STATE}, tmp_path / "a.pth")
    cut(tmp_path / "a.pth", .5)
    ckpt = core.open(tmp_path / "a.pth")
    broken = next(finding for finding in ckpt.findings if finding.id == "broken-tensor")
    core.save(core.edit(ckpt, core.fixes_for(broken, ckpt)), tmp_path / "b.pth")
    assert same(torch.load(tmp_path / "b.pth", weights_only=True)["model"], STATE)
    torch.save(nn.Linear(300, 2), tmp_path / "m.pth")
    cut(tmp_path / "m.pth", .9)
    whole = core.open(tmp_path / "m.pth")
    broken = next((finding for finding in whole.findings if finding.id == "broken-tensor"), None)
    if broken is not None:
        core.save(core.edit(whole, core.fixes_for(broken, whole)), tmp_path / "n.pth")
        assert list(torch.load(tmp_path / "n.pth", weights_only=True)) == ["weight"]


@pytest.mark.parametrize("write", [torch.save, save_file])
def test_that_many_lost_tensors_are_left_out_without_naming_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Any) -> None:
    write({f"layers.{n}.weight": torch.ones(500) for n in range(40)}, tmp_path / "a.pth")
    cut(tmp_path / "a.pth", .5)
    ckpt = core.open(tmp_path / "a.pth")
    broken = next(finding for finding in ckpt.findings if finding.id == "broken-tensor")
    assert len(broken.keys) > 8
    with monkeypatch.context() as unread:           # trying it reads nothing of the tensors that are whole
        unread.setattr("inspector.core.edits.drop_broken.unreadable", lambda *_: pytest.fail("tensors are read"))
        assert core.fixes_for(broken, ckpt) == (core.DropBroken(),)
    after = core.edit(ckpt, [core.DropBroken()])
    assert set(after) == set(ckpt.tensors) - set(broken.keys)
    core.save(after, tmp_path / "b.pth")
    assert "broken-tensor" not in {finding.id for finding in core.check(tmp_path / "b.pth")}


def test_that_many_lost_tensors_of_a_whole_module_are_left_out_of_its_state_dict(tmp_path: Path) -> None:
    torch.save(nn.Sequential(*(nn.Linear(30, 30) for _ in range(12))), tmp_path / "m.pth")
    cut(tmp_path / "m.pth", .5)
    ckpt = core.open(tmp_path / "m.pth")
    broken = next(finding for finding in ckpt.findings if finding.id == "broken-tensor")
    assert len(broken.keys) > 8
    assert core.fixes_for(broken, ckpt) == (core.Extract("."), core.DropBroken())
    core.save(core.edit(ckpt, core.fixes_for(broken, ckpt)), tmp_path / "n.pth")
    assert set(torch.load(tmp_path / "n.pth", weights_only=True)).isdisjoint(broken.keys)


def test_that_many_corrupt_tensors_are_left_out_as_what_is_broken(tmp_path: Path) -> None:
    torch.save({f"w{n}": torch.ones(100) * n for n in range(1, 12)}, tmp_path / "a.pth")
    for n in range(10):
        flip(tmp_path / "a.pth", f"data/{n}")
    found = [finding for finding in core.check(tmp_path / "a.pth") if finding.id == "corrupt-member"]
    fixes = {edit for finding in found for edit in core.fixes_for(finding, tmp_path / "a.pth")}
    assert all(core.fixes_for(finding, tmp_path / "a.pth") for finding in found)
    assert list(core.edit(tmp_path / "a.pth", fixes)) == ["w11"]
