"""One tensor that nothing can be done with is refused by itself: the rest of the file is listed, measured, compared, edited and saved."""
from __future__ import annotations

import contextlib
import json
import struct
from pathlib import Path

import pytest

from inspector import cli, core
from tests import builders
from tests.core.pickles import opcodes as op

FOUR = struct.pack("<4f", 1, 2, 3, 4)


def storage(key: str, cls: tuple[str, str] = ("torch", "FloatStorage"), numel: int = 4, location: str = "cpu") -> bytes:
    return op.tuple_of(op.text("storage"), op.name(*cls), op.text(key), op.text(location), op.integer(numel)) + b"Q"


def tensor(of: bytes, shape: tuple[int, ...] = (4,), stride: tuple[int, ...] = (1,), offset: int = 0, more: bytes = b"") -> bytes:
    sizes, steps = (op.tuple_of(*map(op.integer, numbers)) for numbers in (shape, stride))
    return op.name("torch._utils", "_rebuild_tensor_v3" if more else "_rebuild_tensor_v2") + op.tuple_of(
        of, op.integer(offset), sizes, steps, op.FALSE, op.name("collections", "OrderedDict") + op.EMPTY_TUPLE + b"R",
        *([more] if more else [])) + b"R"


UNTYPED = ("torch.storage", "UntypedStorage")
ODD = {
    "unknown storage class": tensor(storage("1", ("torch", "NoSuchStorage"))),
    "a class of somebody else": tensor(storage("1", ("my", "Storage"))),
    "unknown type": tensor(storage("1", UNTYPED, 16), more=op.name("torch", "no_such_type")),
    "a type that is no type": tensor(storage("1", UNTYPED, 16), more=op.integer(3)),
    "a shell type": tensor(storage("1", UNTYPED, 16), (16,), more=op.name("torch", "int3")),
    "several in a byte": tensor(storage("1", UNTYPED, 16), (32,), more=op.name("torch", "quint4x2")),
    "pairs in a byte": tensor(storage("1", UNTYPED, 16), (16,), more=op.name("torch", "float4_e2m1fn_x2")),
    "bits": tensor(storage("1", UNTYPED, 16), (16,), more=op.name("torch", "bits8")),
    "no record": tensor(storage("9")),
    "too large for its storage": tensor(storage("1"), (400,)),
    "negative stride": tensor(storage("1"), (2,), (-1,)),
    "negative size": tensor(storage("1"), (-2,)),
    "more strides than sizes": tensor(storage("1"), (2,), (1, 1)),
    "more than 64 bits of elements": tensor(storage("1"), (1 << 62, 8), (0, 0)),
    "expanded": tensor(storage("1"), (1 << 40,), (0,)),
    "no storage": tensor(op.integer(7)),
    "meta": tensor(storage("1", location="meta")),
    "5,000 dimensions": tensor(storage("1"), (1,) * 5000, (1,) * 5000),
    "half a character": tensor(storage("1")),
    "conjugate of nothing": op.name("torch._utils", "_rebuild_qtensor") + op.tuple_of(
        storage("1", ("torch", "QInt8Storage"), 16), op.integer(0), op.tuple_of(op.integer(4)), op.tuple_of(op.integer(1)), op.NONE) + b"R",
    "sparse without a type": op.name("torch._utils", "_rebuild_sparse_tensor") + op.tuple_of(
        op.name("torch", "_C.layout"), op.tuple_of(op.NONE, op.NONE, op.NONE)) + b"R",
    "sparse of an unknown type": op.name("torch._utils", "_rebuild_sparse_tensor") + op.tuple_of(
        op.name("torch.serialization", "_get_layout") + op.tuple_of(op.text("torch.sparse_coo")) + b"R",
        op.tuple_of(tensor(storage("2", ("torch", "LongStorage"), 2), (1, 2), (2, 1)),
                    tensor(storage("1", ("torch", "NoSuchStorage")), (2,)), op.tuple_of(op.integer(4)), op.FALSE)) + b"R",
}


def written(folder: Path, what: str) -> Path:
    key = "\ud800" if what == "half a character" else "odd"
    path = folder / "odd.pth"
    path.write_bytes(builders.torch_zip(op.pickled(op.dict_of({"a": tensor(storage("0")), key: ODD[what], "z": tensor(storage("3"))})), {
        "data/0": FOUR, "data/1": FOUR, "data/2": struct.pack("<2q", 0, 2), "data/3": FOUR[::-1]}))
    return path


def answered(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """The exit status and what is printed; a complaint is one line, and of no bug."""
    code = cli.main([str(part) for part in arguments])
    out, complaint = capsys.readouterr()
    assert "bug" not in complaint, complaint
    assert complaint.count("\n") == (code == 2), complaint
    return code, out


@pytest.mark.parametrize("what", ODD)
def test_that_the_rest_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    path = written(tmp_path, what)
    code, out = answered(capsys, "stats", path, "--json")
    assert code == 0
    rows = {row["key"]: row for row in json.loads(out)["tensors"]}
    assert rows["a"]["max"] == 4
    assert "min" in rows["z"]
    for row in rows.values():
        assert "problem" in row or "mean" in row
    assert answered(capsys, "stats", path, "--together", "--layers")[0] == 0
    ckpt = core.open(path)
    for key in ckpt.tensors:
        with contextlib.suppress(*([] if key in ("a", "z") else [core.BadTensor])):
            core.group_statistics(ckpt, [key])


@pytest.mark.parametrize("what", ODD)
def test_that_the_rest_is_digested_and_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    path = written(tmp_path, what)
    code, out = answered(capsys, "ls", path, "--json", "--digest")
    assert code == 0
    rows = {row["key"]: row for row in json.loads(out)["tensors"]}
    assert {len(rows[key]["sha256"]) for key in "az"} == {64}
    code, out = answered(capsys, "check", path, "--json")
    assert code in (0, 1, 3)
    assert "error" not in json.loads(out)
    ckpt = core.open(path)
    for key in ckpt.tensors:
        with contextlib.suppress(*([] if key in ("a", "z") else [core.BadTensor])):
            core.read_values(ckpt, key, 0, 4)
            core.reduce_slice(ckpt, key, core.matrix_plane(core.readable_shape(ckpt.tensors[key]), fold=4), most=(4, 4))


@pytest.mark.parametrize("what", ODD)
def test_that_the_rest_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    path = written(tmp_path, what)
    (tmp_path / "b").mkdir()
    for other in (path, written(tmp_path / "b", "unknown type")):
        code, out = answered(capsys, "diff", path, other, "--json")
        assert code in (0, 1, 3)
        pairs = {pair["a"]: pair["status"] for pair in json.loads(out)["pairs"]}
        assert (pairs["a"], pairs["z"]) == ("equal", "equal")


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize("ending", [".pth", ".safetensors"])
@pytest.mark.parametrize("edit", [("--cast", "float16"), ("--unshare", "*"), ("--add-prefix", "x.", "--device", "*=cpu")], ids="".join)
def test_that_a_save_is_done_or_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str, ending: str,
                                                    edit: tuple[str, ...]) -> None:
    path, target = written(tmp_path, what), tmp_path / f"new{ending}"
    code, _ = answered(capsys, "edit", path, "-o", target, "--allow-loss", "--keep-code", "*", *edit)
    assert target.exists() == (code == 0)
    if code == 0:
        again = core.open(target)
        prefix = "x." if "--add-prefix" in edit else ""
        assert {f"{prefix}a", f"{prefix}z"} <= set(again.tensors)
        if "--cast" not in edit:
            assert core.digest(again, f"{prefix}a") == core.digest(core.open(path), "a")
    else:
        assert not any(name.startswith(".~") for name in map(str, tmp_path.iterdir()))


@pytest.mark.parametrize("what", ODD)
def test_that_the_rest_is_saved_when_it_is_dropped(tmp_path: Path, capsys: pytest.CaptureFixture[str], what: str) -> None:
    path, target = written(tmp_path, what), tmp_path / "new.pth"
    code, _ = answered(capsys, "edit", path, "-o", target, "--keep", "{a,z}", "--allow-loss", "--keep-code", "*")
    assert code == 0
    again = core.open(target)
    assert list(again.tensors) == ["a", "z"]
    assert core.digest(again, "z") == core.digest(core.open(path), "z")


def test_that_a_missing_shard_leaves_the_others_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    header = {"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}
    (tmp_path / "one.safetensors").write_bytes(builders.safetensors(header, FOUR))
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}))
    code, out = answered(capsys, "stats", index, "--json")
    assert code == 0
    rows = {row["key"]: row for row in json.loads(out)["tensors"]}
    assert rows["a"]["max"] == 4
    assert rows["b"]["problem"]
    code, out = answered(capsys, "diff", index, index, "--json")
    assert {pair["a"]: pair["status"] for pair in json.loads(out)["pairs"]}["a"] == "equal"
    assert code == 3


def test_that_a_file_that_is_one_tensor_is_cast_and_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its key is the empty text."""
    path, target = tmp_path / "one.pth", tmp_path / "half.pth"
    path.write_bytes(builders.torch_zip(op.pickled(tensor(storage("0"))), {"data/0": FOUR}))
    assert answered(capsys, "edit", path, "-o", target, "--cast", "float16")[0] == 0
    assert core.read_numpy(target, "").tolist() == [1, 2, 3, 4]


def test_that_metadata_with_half_a_character_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(builders.torch_zip(op.pickled(op.dict_of({"a": tensor(storage("0"))})), {"data/0": FOUR}))
    edited = core.edit(core.open(path), [core.SetMetadata("note", "x\ud800")])
    with pytest.raises(core.SaveError, match="half a character") as caught:
        core.plan_save(edited, tmp_path / "new.safetensors")
    assert caught.value.hint


def test_that_a_set_of_no_files_is_not_planned(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(builders.torch_zip(op.pickled(op.dict_of({"epoch": op.integer(1)}))))
    with pytest.raises(core.SaveError, match="no tensor is left"):
        core.plan_save(path, tmp_path / "new", format="safetensors-sharded")


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 2)], ids=str)
def test_that_a_picture_of_no_elements_is_empty(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = tmp_path / "a.pth"
    stride = (1,) * len(shape)
    path.write_bytes(builders.torch_zip(op.pickled(op.dict_of({"a": tensor(storage("0"), shape, stride)})), {"data/0": FOUR}))
    for how in ("mean", "absmax", "sample"):
        reduced = core.reduce_slice(core.open(path), "a", core.matrix_plane(shape, fold=4), how=how)     # type: ignore[arg-type]
        assert reduced.values.size == 0


def test_that_an_object_made_of_a_name_that_is_changed_later_stays_what_it_is(tmp_path: Path) -> None:
    """A BUILD may be done to a name: the object that was made with it cannot become plain by becoming the name."""
    made = op.name("my", "Number") + op.tuple_of(op.name("torch", "float32") + op.put(0)) + b"R"
    path = tmp_path / "a.pth"
    path.write_bytes(builders.torch_zip(op.pickled(op.dict_of({"a": made, "b": op.get(0) + op.EMPTY_DICT + b"b"}))))
    ckpt = core.open(path)
    for edits in ([core.MakePlain("*")], *(edits for _, edits in core.fixes_for_each(ckpt, core.check(ckpt)))):
        assert "b" in core.edit(ckpt, edits).values


@pytest.mark.parametrize("edit", ["resize:w=0:8", "transpose:w", "split:w=0:a,b", "concat:w,v=0:a", "resize:w=1:3:mean"])
def test_that_more_dimensions_than_arrays_have_are_said_and_no_bug_of_ours(tmp_path: Path, edit: str) -> None:
    entry = {"dtype": "F32", "shape": [2] + [1] * 299}
    header = {"w": {**entry, "data_offsets": [0, 8]}, "v": {**entry, "data_offsets": [8, 16]}}
    (tmp_path / "a.safetensors").write_bytes(builders.safetensors(header, bytes(16)))
    kind, _, text = edit.partition(":")
    with contextlib.suppress(core.InspectorError):
        changed = core.edit(tmp_path / "a.safetensors", [core.parse_edit(kind, text)])
        with contextlib.suppress(core.InspectorError):
            core.read_numpy(changed, next(iter(changed.tensors)))
        core.save(changed, tmp_path / "b.safetensors")
    assert not (tmp_path / "b.safetensors").exists() or core.open(tmp_path / "b.safetensors").tensors
