"""torch archives, with torch and zipfile as oracles."""
from __future__ import annotations

import warnings
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector import core
from inspector.core.saving.disk.payloads import Inputs, Output, Payload, Progress
from inspector.core.saving.layouts import torch_zip
from tests import builders
from tests.core.pickles import opcodes as op
from tests.core.saving import samples


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {info.filename: archive.read(info) for info in archive.infolist()}


def test_that_an_unedited_file_comes_back(tmp_path: Path) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", samples.odd_state())
    report = core.save(ckpt, tmp_path / "b.pth")
    samples.same(ckpt, core.open(tmp_path / "b.pth"))
    before, after = members(tmp_path / "a.pth"), members(tmp_path / "b.pth")
    assert list(before) == list(after)
    assert before == after
    assert report.tensors == len(ckpt.tensors)
    assert report.path == str(tmp_path / "b.pth")


def test_that_torch_reads_it_as_it_read_the_old_one(tmp_path: Path) -> None:
    samples.saved(tmp_path / "a.pth", samples.odd_state())
    core.save(core.open(tmp_path / "a.pth"), tmp_path / "b.pth")
    a, b = (torch.load(tmp_path / name, weights_only=True) for name in ("a.pth", "b.pth"))
    assert list(a) == list(b)
    for key, value in a.items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(b[key], value)
            assert (b[key].stride(), b[key].requires_grad) == (value.stride(), value.requires_grad)
    assert b["whole"].data_ptr() == b["tied"].data_ptr()
    assert b["view"].untyped_storage().data_ptr() == b["whole"].untyped_storage().data_ptr()
    assert b["model"]._metadata == a["model"]._metadata


def test_that_payloads_are_aligned_and_members_are_laid_out_as_torch_does(tmp_path: Path) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", samples.plain_state())
    core.save(ckpt, tmp_path / "b.pth")
    for name in ("a.pth", "b.pth"):
        for member in core.open(tmp_path / name).members:
            assert member.extent.offset % 64 == 0
            assert member.extent.method == 0
            assert member.extent.crc is not None


def test_that_the_size_is_planned_to_the_byte(tmp_path: Path) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", samples.plain_state())
    for name in ("b.pth", "b.safetensors"):
        plan = core.plan_save(ckpt, tmp_path / name)
        core.save(plan)
        assert (tmp_path / name).stat().st_size == plan.nbytes == plan.files[0].nbytes


def test_that_other_members_of_the_archive_stay_where_they_are(tmp_path: Path) -> None:
    samples.saved(tmp_path / "a.pth", {"x": torch.ones(3)})
    with zipfile.ZipFile(tmp_path / "a.pth", "a") as archive:
        archive.writestr("a/extra/notes.txt", b"kept")
    core.save(core.open(tmp_path / "a.pth"), tmp_path / "b.pth")
    assert members(tmp_path / "b.pth")["a/extra/notes.txt"] == b"kept"


def test_that_records_no_tensor_refers_to_are_kept_unless_dropped(tmp_path: Path) -> None:
    samples.saved(tmp_path / "a.pth", {"x": torch.ones(3)})
    with zipfile.ZipFile(tmp_path / "a.pth", "a") as archive:
        archive.writestr("a/data/99", b"orphan")
    ckpt = core.open(tmp_path / "a.pth")
    plan = core.plan_save(ckpt, tmp_path / "b.pth")
    assert any("belong to no tensor are kept" in note for note in plan.notes)
    core.save(plan)
    assert members(tmp_path / "b.pth")["a/data/99"] == b"orphan"
    core.save(ckpt, tmp_path / "c.pth", unreferenced=False)
    assert "a/data/99" not in members(tmp_path / "c.pth")


def test_that_bytes_behind_the_archive_are_dropped_only_after_notice(tmp_path: Path) -> None:
    samples.saved(tmp_path / "a.pth", {"x": torch.ones(3)})
    with open(tmp_path / "a.pth", "ab") as file:
        file.write(b"behind")
    ckpt = core.open(tmp_path / "a.pth")
    plan = core.plan_save(ckpt, tmp_path / "b.pth")
    assert [loss.id for loss in plan.losses] == ["trailing"]
    with pytest.raises(core.SaveError) as caught:
        core.save(plan)
    assert caught.value.id == "loss"
    core.save(plan, allow_loss=True)
    assert b"behind" not in (tmp_path / "b.pth").read_bytes()


def test_that_an_archive_that_programs_read_differently_is_not_saved_over(tmp_path: Path) -> None:
    raw = bytearray(samples.saved(tmp_path / "a.pth", {"x": torch.ones(3)}) and (tmp_path / "a.pth").read_bytes())
    at = raw.index(b"a/data.pkl")
    raw[at:at + 10] = b"b/data.pkl"
    (tmp_path / "a.pth").write_bytes(raw)
    ckpt = core.open(tmp_path / "a.pth")
    with pytest.raises(core.SaveError) as caught:
        core.plan_save(ckpt, tmp_path / "a.pth")
    assert caught.value.id == "ambiguous"
    plan = core.plan_save(ckpt, tmp_path / "b.safetensors")
    assert "header-mismatch" in [loss.id for loss in plan.losses]


def test_that_a_packed_archive_is_written_unpacked(tmp_path: Path) -> None:
    samples.saved(tmp_path / "a.pth", samples.plain_state())
    packed = builders.torch_zip(members(tmp_path / "a.pth")["a/data.pkl"], [
        (name[2:], data) for name, data in members(tmp_path / "a.pth").items() if name.startswith("a/data/")], "a", zipfile.ZIP_DEFLATED)
    (tmp_path / "packed.pth").write_bytes(packed)
    ckpt = core.open(tmp_path / "packed.pth")
    core.save(ckpt, tmp_path / "b.pth")
    samples.same(ckpt, core.open(tmp_path / "b.pth"))
    assert torch.load(tmp_path / "b.pth", weights_only=True).keys() == ckpt.tensors.keys()


def test_that_a_big_endian_file_keeps_its_order(tmp_path: Path) -> None:
    samples.saved(tmp_path / "a.pth", {"x": torch.arange(5)})
    old = members(tmp_path / "a.pth")
    with zipfile.ZipFile(tmp_path / "big.pth", "w") as archive:
        for name, data in old.items():
            archive.writestr(name, b"big" if name.endswith("byteorder") else data if "/data/0" not in name
                             else torch.arange(5).numpy().byteswap().tobytes())
    ckpt = core.open(tmp_path / "big.pth")
    core.save(ckpt, tmp_path / "b.pth")
    again = core.open(tmp_path / "b.pth")
    assert members(tmp_path / "b.pth")["a/byteorder"] == b"big"
    assert core.read_numpy(again, "x").tolist() == [0, 1, 2, 3, 4]
    core.save(ckpt, tmp_path / "b.safetensors")
    assert core.read_numpy(core.open(tmp_path / "b.safetensors"), "x").tolist() == [0, 1, 2, 3, 4]


def test_that_numbers_beyond_32_bits_get_zip64_fields(tmp_path: Path) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", samples.plain_state())
    plan = core.plan_save(ckpt, tmp_path / "b.pth")
    archive = plan.work[0]
    assert isinstance(archive, torch_zip.Archive)
    small = archive._replace(limit=1000)         # as if 32 bits ended there
    with open(tmp_path / "b.pth", "wb") as file, Inputs(ckpt, core.QUIET) as inputs, \
            Output(file.fileno(), inputs, Progress(core.QUIET, 1, "")) as output:
        torch_zip.write(small, output)
        output.finish()
    assert (tmp_path / "b.pth").stat().st_size == small.nbytes > archive.nbytes
    samples.same(ckpt, core.open(tmp_path / "b.pth"))
    assert members(tmp_path / "b.pth").keys() == members(tmp_path / "a.pth").keys()
    assert torch.load(tmp_path / "b.pth", weights_only=True).keys() == ckpt.tensors.keys()


def test_that_a_damaged_storage_is_not_copied(tmp_path: Path) -> None:
    samples.saved(tmp_path / "a.pth", {"bad": torch.full((40_000,), 7.0), "fine": torch.ones(3)})
    raw = bytearray((tmp_path / "a.pth").read_bytes())
    at = raw.index(torch.full((40_000,), 7.0).numpy().tobytes())
    raw[at + 1000] ^= 1
    (tmp_path / "a.pth").write_bytes(raw)
    for name in ("b.pth", "b.safetensors"):
        with pytest.raises(core.SaveError, match="bad") as caught:
            core.save(core.open(tmp_path / "a.pth"), tmp_path / name)
        assert caught.value.id == "bad_source"
        assert not (tmp_path / name).exists()
    assert samples.left(tmp_path) == []


@pytest.mark.parametrize("edits", [[], [core.AddPrefix("m")]], ids=["as it is", "renamed"])
@pytest.mark.parametrize("wrong", [op.tensor(size=(7, 4)), op.tensor(offset=1), op.tensor(size=(-5, 4)), op.tensor(size=(5,)),
                                   op.tensor(op.integer(3)), op.tensor(grad=op.integer(7)),
                                   op.pairs_into(op.tensor(), [(op.text("a"), op.NONE)])],
                         ids=["too many", "too far", "negative", "one size", "no storage", "no boolean", "changed"])
def test_that_a_tensor_which_contradicts_itself_is_not_written(tmp_path: Path, wrong: bytes, edits: list[core.Edit]) -> None:
    """torch loads nothing at all of a file that has one."""
    made = op.pickled(op.dict_of({"fine": op.tensor(), "wrong": wrong}))
    (tmp_path / "a.pth").write_bytes(builders.torch_zip(made, {"data/0": bytes(80)}))
    ckpt = core.open(tmp_path / "a.pth")
    assert core.totals(ckpt).parameters >= 20
    for name in ("b.pth", "b.safetensors"):
        with pytest.raises(core.SaveError, match=r"wrong cannot be saved: (corrupt|out_of_bounds): .*--drop-broken"):
            core.save(core.edit(ckpt, edits), tmp_path / name)
        assert not (tmp_path / name).exists()
    core.save(core.edit(ckpt, [core.DropBroken()]), tmp_path / "c.pth")
    assert torch.load(tmp_path / "c.pth", weights_only=True)["fine"].equal(torch.zeros(5, 4))


def test_that_a_storage_without_a_tensor_is_named_in_one_line(tmp_path: Path) -> None:
    """Its key is a line break, and no record has it."""
    torch.save({"s": torch.ones(4).untyped_storage()}, tmp_path / "a.pth")
    named = members(tmp_path / "a.pth")
    with zipfile.ZipFile(tmp_path / "b.pth", "w") as archive:
        for name, data in named.items():
            archive.writestr(name, data.replace(b"X\x01\0\0\x000", b"X\x01\0\0\0\n") if name.endswith("data.pkl") else data)
    ckpt = core.edit(core.open(tmp_path / "b.pth"), [core.SetValue("more", "1")])
    with pytest.raises(core.SaveError, match=r"storage \\n cannot be saved: ") as caught:
        core.plan_save(ckpt, tmp_path / "c.pth")
    assert "\n" not in str(caught.value)


def test_that_a_truncated_archive_is_not_replaced_by_what_is_left_of_it(tmp_path: Path) -> None:
    samples.saved(tmp_path / "a.pth", samples.plain_state(3, 4000))
    raw = (tmp_path / "a.pth").read_bytes()
    (tmp_path / "a.pth").write_bytes(raw[:-2000])
    ckpt = core.open(tmp_path / "a.pth")
    with pytest.raises(core.SaveError) as caught:
        core.plan_save(ckpt, tmp_path / "a.pth")
    assert caught.value.id == "salvaged"


@pytest.mark.parametrize("kind", ["traced", "scripted"])
def test_that_a_torchscript_archive_is_saved_again_whole(tmp_path: Path, kind: str) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = torch.jit.trace(model, torch.ones(1, 3)) if kind == "traced" else torch.jit.script(model)
        torch.jit.save(made, str(tmp_path / "a.pt"))
    ckpt = core.open(tmp_path / "a.pt")
    plan = core.plan_save(ckpt, tmp_path / "b.pt")
    assert plan.format == "torchscript"
    core.save(plan)
    before, after = members(tmp_path / "a.pt"), members(tmp_path / "b.pt")
    assert {n: d for n, d in before.items() if "data.pkl" not in n} == {n: d for n, d in after.items() if "data.pkl" not in n}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert torch.equal(torch.jit.load(str(tmp_path / "b.pt"))(torch.ones(1, 3)), made(torch.ones(1, 3)))
    core.save(ckpt, tmp_path / "b.safetensors", allow_loss=True)
    assert set(core.open(tmp_path / "b.safetensors").tensors) >= {"0.weight", "0.bias"}


_VALUES = st.recursive(st.none() | st.booleans() | st.integers(-2 ** 70, 2 ** 70) | st.floats() | st.text(max_size=8),
                       lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(max_size=5), _VALUES, max_size=4),
       st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 3)), max_size=4))
def test_that_any_training_state_comes_back(tmp_path: Path, values: dict[str, object], views: list[tuple[int, int, int]]) -> None:
    base = torch.arange(30.0)
    state = {**values, "tensors": [base.as_strided((rows, 2), (step, 1), offset) for rows, offset, step in views]}
    ckpt = samples.saved(tmp_path / "a.pth", state)
    core.save(ckpt, tmp_path / "b.pth")
    samples.same(ckpt, core.open(tmp_path / "b.pth"))


def test_that_what_is_read_back_of_another_payload_is_noticed(tmp_path: Path) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", {"a": torch.zeros(4), "b": torch.ones(4)})
    plan = core.plan_save(ckpt, tmp_path / "b.pth")
    archive = plan.work[0]
    assert isinstance(archive, torch_zip.Archive)
    a, b = (name for name in archive.members if name.startswith("data/"))
    swapped = {**archive.members, a: archive.members[b], b: archive.members[a]}
    lying = archive._replace(members={name: swapped[name] for name in archive.members},
                             records=tuple(record._replace(name=b if record.name == a else a) for record in archive.records))
    with pytest.raises(core.SaveError) as caught:
        core.save(replace(plan, work=(lying,)))
    assert caught.value.id == "verification"
    assert not (tmp_path / "b.pth").exists()


def test_that_a_payload_of_another_length_is_noticed(tmp_path: Path) -> None:
    ckpt = samples.saved(tmp_path / "a.pth", {"a": torch.zeros(4)})
    with open(tmp_path / "x", "wb") as file, Inputs(ckpt, core.QUIET) as inputs, \
            Output(file.fileno(), inputs, Progress(core.QUIET, 1, "")) as output, pytest.raises(core.SaveError):
        output.payload(Payload("a", 17, key="a"))
