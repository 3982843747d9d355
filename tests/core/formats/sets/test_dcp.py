"""torch.distributed.checkpoint folders: written by torch itself, and by hand from its own classes for what it would not write."""
from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import itertools
import json
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.filesystem import _StorageInfo
from torch.distributed.checkpoint.metadata import (
    BytesStorageMetadata,
    ChunkStorageMetadata,
    Metadata,
    MetadataIndex,
    TensorProperties,
    TensorStorageMetadata,
)

from inspector import core
from inspector.cli import main
from inspector.core.formats.sets.chunk_map import problem_of
from inspector.core.limits import Limits
from inspector.core.tensors import reader
from inspector.core.tensors.strides import boxes
from tests.builders import safetensors, torch_zip
from tests.core.formats.sets.several_ranks import written_by_ranks

WHOLE = torch.arange(48.0).reshape(6, 8)
Chunks = list[tuple[tuple[int, ...], torch.Tensor]]
Edit = Callable[[Metadata], None]


def cut(tensor: torch.Tensor, *pieces: int) -> Chunks:
    """The chunks of a regular grid."""
    steps = [size // n for size, n in zip(tensor.shape, pieces, strict=True)]
    corners = itertools.product(*(range(0, size, step) for size, step in zip(tensor.shape, steps, strict=True)))
    return [(corner, tensor[tuple(slice(a, a + step) for a, step in zip(corner, steps, strict=True))].clone()) for corner in corners]


def saved(value: object, **how: Any) -> bytes:
    out = io.BytesIO()
    torch.save(value, out, **how)
    return out.getvalue()


def write(folder: Path, shape: tuple[int, ...], chunks: Chunks, edit: Edit = lambda _: None, *, files: int = 2,
          objects: dict[str, bytes] | None = None, **how: Any) -> Path:
    """A checkpoint with one tensor "w", whose chunks go round the files."""
    dtype = chunks[0][1].dtype
    described: dict[str, Any] = {"w": TensorStorageMetadata(TensorProperties(dtype), torch.Size(shape), [
        ChunkStorageMetadata(torch.Size(offsets), piece.shape) for offsets, piece in chunks])}
    contents = [b""] * files
    stored: dict[MetadataIndex, _StorageInfo] = {}
    items: list[tuple[MetadataIndex, bytes]] = [(MetadataIndex("w", offsets), saved(piece, **how)) for offsets, piece in chunks]
    for name, raw in (objects or {}).items():
        described[name] = BytesStorageMetadata()
        items.append((MetadataIndex(name), raw))
    for n, (index, raw) in enumerate(items):
        stored[index] = _StorageInfo(f"__{n % files}_0.distcp", len(contents[n % files]), len(raw))
        contents[n % files] += raw
    for n, content in enumerate(contents):
        (folder / f"__{n}_0.distcp").write_bytes(content)
    metadata = Metadata(described, storage_data=stored)
    edit(metadata)
    (folder / ".metadata").write_bytes(pickle.dumps(metadata, 4))
    return folder


def ids(ckpt: core.Checkpoint) -> set[str]:
    return {finding.id for finding in ckpt.findings}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A training state saved by torch.distributed.checkpoint."""
    folder = tmp_path_factory.mktemp("dcp") / "step-3"
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    state = {"model": dict(model.state_dict()), "half": torch.ones(2, 3, dtype=torch.bfloat16).t(), "empty": torch.zeros(0, 3),
             "optim": {"state": {"0.weight": {"step": torch.tensor(3.0), "exp_avg": torch.ones(3, 4)}},
                       "param_groups": [{"lr": 0.1, "params": ["0.weight"]}]}, "epoch": 3, "args": {"name": "x", "where": Path("a")}}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "torch.distributed is disabled")
        dcp.save(state, storage_writer=dcp.FileSystemWriter(folder), no_dist=True)
    return folder, state


@pytest.mark.parametrize("given", ["folder", ".metadata"])
def test_that_what_torch_saved_opens(written: tuple[Path, dict[str, Any]], given: str) -> None:
    folder, state = written
    ckpt = core.open(folder if given == "folder" else folder / given)
    assert (ckpt.format, ckpt.kind, ckpt.path, ids(ckpt)) == ("dcp", "training-checkpoint", str(folder), {"non-contiguous"})
    for name, tensor in state["model"].items():
        info = ckpt.tensors[f"model.{name}"]
        assert (info.shape, info.dtype, info.state_dict) == (tuple(tensor.shape), str(tensor.dtype)[6:], "model")
        assert torch.equal(core.read_torch(ckpt, info.key), tensor)
    assert torch.equal(core.read_torch(ckpt, "half"), state["half"])
    assert ckpt.tensors["empty"].shape == (0, 3)
    assert ckpt.tensors["optim.state.0.weight.exp_avg"].state_dict == "optim.state"
    assert set(ckpt.state_dicts) == {"model", "optim.state"}        # of the root only a few tensors are its own
    assert ckpt.values["epoch"] == 3
    assert ckpt.values["args.name"] == "x"
    assert core.check(ckpt) == ckpt.findings
    loaded = core.load_state_dict(folder, "model")
    assert {name: tensor.tolist() for name, tensor in loaded.items()} == {
        name: tensor.tolist() for name, tensor in state["model"].items()}
    assert core.is_set(folder)


def test_that_the_command_line_lists_and_checks_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, (6, 8), cut(WHOLE, 2, 2))
    assert main(["ls", "--json", "--digest", str(tmp_path)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["format"], said["findings"]) == ("dcp", [])
    assert said["tensors"][0]["sha256"] == hashlib.sha256(WHOLE.numpy().tobytes()).hexdigest()
    assert main(["check", str(tmp_path)]) == 0
    assert main(["stats", str(tmp_path)]) == 0


@pytest.mark.parametrize("stages", [False, True])
@pytest.mark.parametrize("ranks", [2, 3, 5])
def test_that_what_several_ranks_wrote_is_in_the_order_of_the_state_dict(tmp_path: Path, ranks: int, stages: bool) -> None:
    names = [f"{layer}.{leaf}" for layer in "zyxwv" for leaf in ("weight", "bias")]
    states = [{"model": {name: torch.full((1 + n, 2), float(n)) for n, name in enumerate(names) if not stages or n * ranks // 10 == rank},
               "epoch": 3} for rank in range(ranks)]
    ckpt = core.open(written_by_ranks(tmp_path / "dcp", states))
    assert [*ckpt.tensors] == [f"model.{name}" for name in names]
    assert ckpt.values["epoch"] == 3
    assert all((core.read_numpy(ckpt, f"model.{name}") == n).all() for n, name in enumerate(names))
    if not stages:
        stored = dcp.FileSystemReader(tmp_path / "dcp").read_metadata().state_dict_metadata
        assert [key for key in stored if key != "epoch"] != [*ckpt.tensors]


def test_that_damage_to_a_chunk_is_noticed(tmp_path: Path) -> None:
    write(tmp_path, (6, 8), cut(WHOLE, 2, 1), files=1)
    content = bytearray((tmp_path / "__0_0.distcp").read_bytes())
    at = content.rindex(WHOLE[3:].numpy().tobytes())
    content[at] ^= 1
    (tmp_path / "__0_0.distcp").write_bytes(content)
    ckpt = core.open(tmp_path)
    assert "corrupt-member" in {finding.id for finding in core.check(ckpt)}
    with pytest.raises(core.BadTensor, match="checksum"):
        core.read_numpy(ckpt, "w")


@pytest.mark.parametrize("pieces", [(1, 1), (2, 1), (1, 4), (3, 2), (6, 8)])
@pytest.mark.parametrize("how", [{}, {"_use_new_zipfile_serialization": False}], ids=["zip", "legacy"])
def test_that_chunks_are_put_together(tmp_path: Path, pieces: tuple[int, int], how: dict[str, Any]) -> None:
    ckpt = core.open(write(tmp_path, (6, 8), cut(WHOLE, *pieces), **how))
    info, expected = ckpt.tensors["w"], WHOLE.numpy()
    assert (info.shape, info.stride, info.problem, ckpt.kind) == ((6, 8), (8, 1), "", "state-dict")
    np.testing.assert_array_equal(core.read_numpy(ckpt, "w"), expected)
    for size in (4, 20, 100):
        joined = np.concatenate(list(core.iter_chunks(ckpt, "w", size)))
        np.testing.assert_array_equal(joined, expected.reshape(-1))
    assert core.digest(ckpt, "w") == hashlib.sha256(expected.tobytes()).hexdigest()
    assert list(core.digests(ckpt)) == [("w", core.digest(ckpt, "w"))]
    assert torch.equal(core.load_state_dict(tmp_path)["w"], WHOLE)
    assert torch.equal(core.read_torch(ckpt, "w"), WHOLE)
    summary = core.summarize(ckpt)["w"]
    assert (summary.min, summary.max, summary.numel) == (0, 47, 48)


def test_that_chunks_of_many_forms_are_put_together(tmp_path: Path) -> None:
    whole = torch.arange(4 * 6 * 5, dtype=torch.int16).reshape(4, 6, 5)
    chunks = cut(whole, 2, 3, 5)
    chunks = [(at, piece.transpose(0, 1).contiguous().transpose(0, 1) if n % 2 else piece) for n, (at, piece) in enumerate(chunks)]
    ckpt = core.open(write(tmp_path, (4, 6, 5), chunks, files=3))
    np.testing.assert_array_equal(core.read_numpy(ckpt, "w"), whole.numpy())
    uneven = [((0, 0), WHOLE[:1, :5].clone()), ((0, 5), WHOLE[:4, 5:].clone()), ((1, 0), WHOLE[1:, :5].clone()),
              ((4, 5), WHOLE[4:, 5:].clone())]
    (tmp_path / "b").mkdir()
    ckpt = core.open(write(tmp_path / "b", (6, 8), uneven))
    assert torch.equal(core.read_torch(ckpt, "w"), WHOLE)


def test_that_putting_together_reads_bounded_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = torch.arange(1 << 16, dtype=torch.int32).reshape(256, 256)
    ckpt = core.open(write(tmp_path, (256, 256), cut(whole, 2, 4)))
    monkeypatch.setattr(reader, "_HELD", 1 << 10)
    monkeypatch.setattr(reader, "_PIECE", 1 << 12)
    pieces = list(core.iter_chunks(ckpt, "w", 1 << 12))
    assert max(piece.nbytes for piece in pieces) <= 1 << 12
    np.testing.assert_array_equal(np.concatenate(pieces), whole.numpy().reshape(-1))
    assert core.digest(ckpt, "w") == hashlib.sha256(whole.numpy().tobytes()).hexdigest()


@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 4), (2, 3, 4), (2, 1, 3, 2)])
def test_that_boxes_are_the_elements_in_order(shape: tuple[int, ...]) -> None:
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    for start, stop in itertools.combinations(range(numbers.size + 1), 2):
        found: list[int] = []
        for lows, sizes in boxes(shape, start, stop):
            found += numbers[tuple(slice(a, a + n) for a, n in zip(lows, sizes, strict=True))].reshape(-1).tolist()
        assert found == list(range(start, stop))


# -- what is broken on purpose ----------------------------------------------------------------------------------------

def test_that_hostile_names_are_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marker = tmp_path / "marker"

    class Trip:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (marker,)

    def edit(metadata: Metadata) -> None:
        metadata.planner_data = Trip()

    ckpt = core.open(write(tmp_path, (6, 8), cut(WHOLE, 2, 1), edit, objects={"extra": saved({"a": 1, "b": torch.ones(2)})}))
    assert not marker.exists()
    told = [finding for finding in ckpt.findings if finding.id in ("unknown-code", "computed-call")]
    assert told
    assert told[0].where.startswith(".metadata:")
    assert ckpt.values["extra.a"] == 1
    assert torch.equal(core.read_torch(ckpt, "w"), WHOLE)


@pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "\\\\h\\s\\x", "C:x", "file:///x", ""])
def test_that_paths_that_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    def edit(metadata: Metadata) -> None:
        metadata.storage_data[MetadataIndex("w", (0, 0))].relative_path = name

    write(tmp_path, (6, 8), cut(WHOLE, 2, 1), edit)
    with pytest.raises(core.Corrupt) as caught:
        core.open(tmp_path)
    assert caught.value.id == "path_traversal"


def test_that_items_are_found_by_a_detour_inside_the_folder(tmp_path: Path) -> None:
    def edit(metadata: Metadata) -> None:
        for info in metadata.storage_data.values():
            info.relative_path = f"./sub/../{info.relative_path}"

    ckpt = core.open(write(tmp_path, (6, 8), cut(WHOLE, 2, 1), edit))
    assert torch.equal(core.read_torch(ckpt, "w"), WHOLE)


@pytest.mark.parametrize(("offset", "length"), [(-1, 100), (1 << 40, 100), (0, 1 << 40), (0, -5), (0, 0), (3, 100)])
def test_that_items_outside_their_file_are_problems_of_their_tensors(tmp_path: Path, offset: int, length: int) -> None:
    def edit(metadata: Metadata) -> None:
        info = metadata.storage_data[MetadataIndex("w", (0, 0))]
        info.offset, info.length = offset, length

    ckpt = core.open(write(tmp_path, (6, 8), cut(WHOLE, 2, 1), edit, objects={"extra": saved([5])}))
    assert ckpt.tensors["w"].problem.startswith("corrupt: ")
    assert len(ckpt.tensors["w"].chunks) == 1
    with pytest.raises(core.BadTensor):
        core.read_numpy(ckpt, "w")


def test_that_overlapping_items_are_problems(tmp_path: Path) -> None:
    def edit(metadata: Metadata) -> None:
        metadata.storage_data[MetadataIndex("w", (3, 0))].offset -= 1

    ckpt = core.open(write(tmp_path, (6, 8), cut(WHOLE, 2, 1), edit, files=1, objects={"extra": saved([5])}))
    assert "overlap" in ckpt.tensors["w"].problem
    assert ckpt.values["extra.0"] == 5


@pytest.mark.parametrize(("chunks", "says"), [
    pytest.param(cut(WHOLE, 2, 2)[:3], "holes", id="hole"),
    pytest.param([*cut(WHOLE, 2, 1), ((1, 0), WHOLE[1:2].clone())], "overlap", id="overlap"),
    pytest.param([((0, 0), WHOLE[:3].clone()), ((2, 0), WHOLE[2:5].clone())], "overlap", id="overlap-and-hole"),
    pytest.param([((0, 0), WHOLE[:3].clone()), ((4, 0), WHOLE[3:].clone())], "beyond", id="beyond"),
    pytest.param([((0, 0), WHOLE[:4, :6].clone()), ((2, 2), WHOLE[:4, :6].clone())], "overlap", id="overlap-in-both"),
])
def test_that_chunks_that_are_not_the_tensor_are_told(tmp_path: Path, chunks: Chunks, says: str) -> None:
    ckpt = core.open(write(tmp_path, (6, 8), chunks))
    assert says in ckpt.tensors["w"].problem
    assert "chunk-map" in ids(ckpt)
    assert len(ckpt.tensors["w"].chunks) == len(chunks)


def test_that_a_map_of_very_many_chunks_is_judged_at_once() -> None:
    count = 50_000
    assert problem_of((count, 4), [((n, 0), (1, 4)) for n in range(count)]) == ""
    assert "overlap" in problem_of((count, 4), [((n // 2, 0), (1, 4)) for n in range(count)])
    grid = [((n, m), (1, 1)) for n in range(200) for m in range(200)]
    assert problem_of((200, 200), grid) == ""
    assert "overlap" in problem_of((200, 200), [*grid[:-1], ((0, 0), (1, 1))])
    many = [((n, n), (1, 1)) for n in range(4000)] + [((0, 5000), (5000, 5000))]
    assert "holes" in problem_of((10_000, 10_000), many)


def test_that_an_item_is_held_against_what_is_said_of_it(tmp_path: Path) -> None:
    def edit(metadata: Metadata) -> None:
        metadata.state_dict_metadata["w"].properties.dtype = torch.int32      # type: ignore[union-attr]

    ckpt = core.open(write(tmp_path, (6, 8), cut(WHOLE, 2, 1), edit))
    assert "holds float32 [3, 8] where .metadata says int32" in ckpt.tensors["w"].problem


def test_that_a_missing_file_is_told_and_the_rest_opens(tmp_path: Path) -> None:
    write(tmp_path, (6, 8), cut(WHOLE, 2, 1), objects={"extra": saved([5]), "more": saved([6])})
    (tmp_path / "__1_0.distcp").unlink()
    ckpt = core.open(tmp_path)
    assert ckpt.tensors["w"].problem.startswith("missing_shard: __1_0.distcp: ")
    assert "missing-shard" in ids(ckpt)
    assert ckpt.values["extra.0"] == 5
    assert isinstance(ckpt.values["more"], core.Opaque)


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"
OTHERS = {"empty (0 bytes)": b"", "Git-LFS pointer": LFS, "git-annex": b"/annex/objects/MD5E-s9--ab.distcp\n", "web page": b"<html>" * 900,
          "JSON text": b'{"error": "gone"}'}
METADATA = {**OTHERS, "nothing but zeros": bytes(999), "a compressed Python pickle": gzip.compress(pickle.dumps({"w": 1})),
            "a ZIP archive": torch_zip(b"\x80\x02}."), "a safetensors file": safetensors("{}")}


@pytest.mark.parametrize("says", OTHERS)
def test_that_a_file_with_items_that_is_something_else_is_said_to_be_that(says: str, tmp_path: Path) -> None:
    write(tmp_path, (6, 8), cut(WHOLE, 1, 2))
    (tmp_path / "__1_0.distcp").write_bytes(OTHERS[says])
    ckpt = core.open(tmp_path)
    assert says in next(finding.message for finding in ckpt.findings if finding.id == "missing-shard")
    assert "missing_shard: __1_0.distcp" in ckpt.tensors["w"].problem


@pytest.mark.parametrize("says", METADATA)
def test_that_a_metadata_that_is_something_else_is_said_to_be_that(says: str, tmp_path: Path) -> None:
    write(tmp_path, (6, 8), cut(WHOLE, 1, 2))
    (tmp_path / ".metadata").write_bytes(METADATA[says])
    for path in (tmp_path, tmp_path / ".metadata"):
        with pytest.raises(core.InspectorError) as caught:
            core.open(path)
        assert says in caught.value.message
        assert caught.value.where.startswith(".metadata")


@pytest.mark.parametrize("damaged", ["first", "offset"])
def test_that_a_value_that_cannot_be_read_is_a_finding(damaged: str, tmp_path: Path) -> None:
    def beyond(metadata: Metadata) -> None:
        found = metadata.storage_data[MetadataIndex("epoch")]
        metadata.storage_data[MetadataIndex("epoch")] = _StorageInfo(found.relative_path, 10 ** 6, found.length)

    raw = saved(3)
    write(tmp_path, (6, 8), cut(WHOLE, 1, 1), beyond if damaged == "offset" else lambda _: None,
          objects={"epoch": b"Q" + raw[1:] if damaged == "first" else raw})
    found = next(finding for finding in core.open(tmp_path).findings if finding.id == "bad-member")
    assert (found.level, found.keys) == ("danger", ("epoch",))
    assert "epoch first: corrupt: " in found.message


def test_that_a_link_out_of_the_folder_is_followed_when_somebody_agrees(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    write(folder, (6, 8), cut(WHOLE, 2, 1))
    (folder / "__1_0.distcp").rename(tmp_path / "elsewhere")
    (folder / "__1_0.distcp").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(core.Unsupported) as caught:
        core.open(folder)
    assert caught.value.id == "outside_folder"
    ckpt = core.open(folder, follow_links=True)
    assert ids(ckpt) == {"outside_folder"}
    assert not ckpt.tensors["w"].problem


def test_that_other_files_beside_are_told(tmp_path: Path) -> None:
    write(tmp_path, (6, 8), cut(WHOLE, 2, 1))
    (tmp_path / "__7_0.distcp").write_bytes(b"")
    assert ids(core.open(tmp_path)) == {"extra-shard"}
    alone = core.open(tmp_path / "__0_0.distcp")
    assert ids(alone) == {"one-of-a-set"}


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_that_every_protocol_and_form_of_metadata_is_read(tmp_path: Path, protocol: int) -> None:
    write(tmp_path, (6, 8), cut(WHOLE, 2, 1))
    metadata = pickle.loads((tmp_path / ".metadata").read_bytes())
    metadata.storage_meta = {"where": Path("/tmp/x"), "format": torch.per_tensor_affine}
    (tmp_path / ".metadata").write_bytes(pickle.dumps(metadata, protocol))
    ckpt = core.open(tmp_path)
    assert ckpt.findings == ()
    assert torch.equal(core.read_torch(ckpt, "w"), WHOLE)


@pytest.mark.parametrize("content", [b"", b"hello", pickle.dumps({"a": 1}), pickle.dumps(Metadata({}))[:-20], b"\x80\x04N."])
def test_that_another_metadata_is_one_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".metadata").write_bytes(content)
    with pytest.raises(core.ReadError) as caught:
        core.open(tmp_path)
    assert caught.value.hint


def test_that_a_shared_list_of_chunks_is_not_gone_through_again_and_again(tmp_path: Path) -> None:
    def edit(metadata: Metadata) -> None:
        one = metadata.state_dict_metadata["w"]
        one.chunks = one.chunks * 1000      # type: ignore[union-attr]
        metadata.state_dict_metadata |= {f"x{n}": one for n in range(3000)}

    ckpt = core.open(write(tmp_path, (6, 8), cut(WHOLE, 2, 1), edit))
    assert "more chunks than are stored" in ckpt.tensors["x2999"].problem


def test_that_every_cut_of_metadata_is_one_error_or_a_checkpoint(tmp_path: Path) -> None:
    write(tmp_path, (6, 8), cut(WHOLE, 2, 1))
    content = (tmp_path / ".metadata").read_bytes()
    for n in range(0, len(content), 7):
        (tmp_path / ".metadata").write_bytes(content[:n] + b"\xff" + content[n + 1:])
        with contextlib.suppress(core.InspectorError):
            core.open(tmp_path)


def test_that_limits_hold(tmp_path: Path) -> None:
    write(tmp_path, (6, 8), cut(WHOLE, 2, 1))
    with pytest.raises(core.TooBig):
        core.open(tmp_path, limits=Limits(pickle_bytes=100))


def test_that_a_real_folder_is_as_its_truth_says(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = json.loads((corpus / "dcp-megatron.truth.json").read_text())
    assert main(["ls", "--json", "--digest", str(corpus / "dcp-megatron")]) == 0
    listed = {row["key"]: row for row in json.loads(capsys.readouterr().out)["tensors"]}
    ckpt = core.open(corpus / "dcp-megatron")
    described = {row["fqn"]: row for row in truth["state_dict_metadata"]}
    parts = [row for row in truth["tensors"] if "shape" in row]
    tensors = {fqn for fqn, row in described.items() if row["kind"] == "TensorStorageMetadata"}
    assert {row["fqn"] for row in parts} == tensors
    assert tensors <= set(listed)
    assert all(key in listed or any(name.startswith(key) for name in (*ckpt.values, *listed)) for key in described)
    for row in parts:
        whole = listed[row["fqn"]]
        assert (whole["shape"], whole["dtype"]) == (described[row["fqn"]]["size"], row["dtype"])
        array = core.read_numpy(ckpt, row["fqn"])
        assert whole["sha256"] == hashlib.sha256(array.tobytes()).hexdigest()
        box = array[tuple(slice(a, a + n) for a, n in zip(row["chunk_offset"], row["shape"], strict=True))]
        assert hashlib.sha256(box.tobytes()).hexdigest() == row["sha256"]


def test_that_a_damaged_chunk_is_told_with_its_key(tmp_path: Path) -> None:
    write(tmp_path, (6, 8), cut(WHOLE, 3, 1))
    path = tmp_path / "__1_0.distcp"
    raw = bytearray(path.read_bytes())
    at = raw.index(WHOLE[2:4].numpy().tobytes())
    raw[at] ^= 1
    path.write_bytes(raw)
    (found,) = [finding for finding in core.check(core.open(tmp_path)) if finding.id == "corrupt-member"]
    assert "it holds w:" in found.message


def test_that_odd_booleans_in_chunks_are_told(tmp_path: Path) -> None:
    flags = torch.zeros(4, 2, dtype=torch.uint8)
    flags[3, 1] = 7
    write(tmp_path, (4, 2), [((0, 0), flags[:2].clone().view(torch.bool)), ((2, 0), flags[2:].clone().view(torch.bool))])
    (found,) = [finding for finding in core.check(core.open(tmp_path)) if finding.id == "non-canonical-bool"]
    assert (found.where, found.message) == ("w", "Boolean values stored as neither 0 nor 1: w.")
    write(tmp_path, (4, 2), cut(torch.ones(4, 2, dtype=torch.bool), 2, 1))
    assert "non-canonical-bool" not in {finding.id for finding in core.check(core.open(tmp_path))}
