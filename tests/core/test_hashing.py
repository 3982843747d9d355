"""Nothing from a file is hashed as itself: files of numbers and shapes that all have one hash, through everything that is done with a file.

What is counted is how many keys of one hash any dict or set ever holds (`tests.hash_watch`): where that is bounded, 90,000 of them cost
90,000 times what one costs.
"""
from __future__ import annotations

import contextlib
import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from inspector import cli, core
from inspector.core import hashing
from inspector.core.checkpoint import Extent, TensorInfo, View
from inspector.core.tensors.sparse import dense
from tests import builders, hash_watch
from tests.core.pickles import opcodes as op

COUNT = 160
MOST = 100                  # keys of one hash: what `core.load` allows, which makes real dicts because it is asked to
ONE = op.integer(1)
SHAPES = hash_watch.pairs(COUNT, (0,))
OTHERS = hash_watch.pairs(2 * COUNT, (0,))[COUNT:]
WALKING = hash_watch.walking()
KEYS: dict[str, list[bytes]] = {
    "walking integers": [op.integer(n) for n in WALKING],
    "integers": [op.integer(n) for n in hash_watch.integers(COUNT)],
    "reals": [op.real(x) for x in hash_watch.reals(COUNT)],
    "tuples": [op.integers(*pair) for pair in hash_watch.pairs(COUNT)],
    "nested tuples": [op.tuple_of(op.integers(*pair), op.integers(*pair)) for pair in hash_watch.pairs(COUNT)],
    "frozensets": [op.tuple_of(op.MARK + op.integer(n) + b"\x91") for n in hash_watch.integers(COUNT)],
}


def keyed(keys: list[bytes], target: bytes = op.EMPTY_DICT, value: bytes = ONE) -> bytes:
    return op.pairs_into(target, [(key, value) for key in keys])


def in_every_container(keys: list[bytes]) -> bytes:
    return op.pickled(op.dict_of({
        "dict": keyed(keys), "set": op.EMPTY_SET + op.values(keys) + b"\x90", "frozenset": op.values(keys) + b"\x91",
        "ordered": keyed(keys, op.ordered_dict()), "state": op.build(op.newobj(op.name("m", "C")), keyed(keys)),
        "default": keyed(keys, op.reduce(op.name("collections", "defaultdict"), op.name("builtins", "int"))),
        "counter": op.reduce(op.name("collections", "Counter"), keyed(keys)),
        "called": op.reduce(op.name("builtins", "set"), op.list_of(*keys)),
        "memo": op.list_of(*(key + op.put(n << 20) for n, key in enumerate(keys))),
        "persistent": op.list_of(*(key + b"Q" for key in keys))}), 4)


def of_storages(keys: list[bytes]) -> bytes:
    return op.pickled(op.list_of(*(op.tensor(op.storage(key, 0), 0, (0,), (1,)) for key in keys)))


def far_memo() -> bytes:
    """Values in the memo far beyond its end, each of them taken out again."""
    put, got = (b"".join(before + code + struct.pack("<I", n) for n in WALKING) for before, code in ((b"N", b"r"), (b"", b"j")))
    return b"\x80\x02](" + put + got + b"e."


def layers() -> bytes:
    return op.pickled(op.dict_of({f"layers.{n}.weight": op.tensor() for n in WALKING}))


def of_torch_0_1(keys: list[int]) -> bytes:
    """An archive of torch 0.1.9 whose storages have these numbers."""
    storages = op.pickled(op.integer(len(keys))) + b"".join(
        b"\x80\x02(" + op.integer(n) + op.text("cpu") + op.name("torch", "FloatStorage") + b"t." + struct.pack("<q", 0) for n in keys)
    members = {"sys_info": op.pickled(op.dict_of({"protocol_version": op.integer(1000)})), "storages": storages + op.pickled(op.EMPTY_LIST),
               "tensors": op.pickled(op.integer(0)), "pickle": op.pickled(op.list_of(*(op.integer(n) + b"Q" for n in keys)))}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, raw in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(raw)
            archive.addfile(entry, io.BytesIO(raw))
    return out.getvalue()


def training(keys: list[bytes]) -> bytes:
    state = op.dict_of({"exp_avg": op.tensor(), "step": ONE})
    optimizer = op.dict_of({"state": keyed(keys, value=state), "param_groups": op.list_of(op.dict_of({"params": op.list_of(*keys)}))})
    return op.pickled(op.dict_of({"model": op.dict_of({"w": op.tensor()}), "optimizer_state_dict": optimizer}))


def tensors(shapes: list[tuple[int, ...]], strides: list[tuple[int, ...]] | None = None) -> bytes:
    return op.pickled(op.dict_of({f"layers.{n}.weight": op.tensor(op.storage(), 0, shape, stride)
                                  for n, (shape, stride) in enumerate(zip(shapes, strides or shapes, strict=True))}))


def legacy(pickle: bytes) -> bytes:
    heads = op.pickled(op.integer(0x1950a86a20f9469cfc6c)) + op.pickled(op.integer(1001)) + op.pickled(op.EMPTY_DICT)
    return heads + pickle + op.pickled(op.list_of(op.text("0"))) + struct.pack("<q", 20) + bytes(80)


def zipped(pickle: bytes) -> bytes:
    return builders.torch_zip(pickle, {"data/0": bytes(80)})


def gguf(shapes: list[tuple[int, ...]]) -> bytes:
    def text(said: str) -> bytes:
        return struct.pack("<Q", len(said)) + said.encode()
    rows = b"".join(text(f"t{n}") + struct.pack("<I3QIQ", 3, *shape, 0, 0) for n, shape in enumerate(shapes))
    return b"GGUF" + struct.pack("<IQQ", 3, len(shapes), 0) + rows + bytes(64)


def npz(shapes: list[tuple[int, ...]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n, shape in enumerate(shapes):
            header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
            archive.writestr(f"t{n}.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
    return out.getvalue()


def onnx(shapes: list[tuple[int, ...]]) -> bytes:
    def varint(n: int) -> bytes:
        return bytes([n & 127 | 128]) + varint(n >> 7) if n > 127 else bytes([n])

    def field(number: int, data: bytes | int) -> bytes:
        return varint(number << 3) + varint(data) if isinstance(data, int) else varint(number << 3 | 2) + varint(len(data)) + data
    rows = b"".join(field(5, b"".join(field(1, size) for size in shape) + field(2, 1) + field(8, f"t{n}".encode()) + field(9, b""))
                    for n, shape in enumerate(shapes))
    return field(1, 8) + field(7, field(2, b"g") + rows)


def metadata(shapes: list[tuple[int, ...]]) -> bytes:
    """Of a torch.distributed.checkpoint: chunks of one tensor at these places."""
    place = "torch.distributed.checkpoint.metadata"

    def sizes(*numbers: int) -> bytes:
        return op.reduce(op.name("torch", "Size"), op.integers(*numbers))

    def made(kind: str, **fields: bytes) -> bytes:
        return op.build(op.newobj(op.name(place, kind)), op.dict_of(fields))
    chunks = [made("ChunkStorageMetadata", offsets=sizes(*shape), sizes=sizes(0, 1, 1)) for shape in shapes]
    properties = made("TensorProperties", dtype=op.name("torch", "float32"))
    entry = made("TensorStorageMetadata", properties=properties, size=sizes(0, 1 << 40, 1 << 20), chunks=op.list_of(*chunks))
    index = [(made("MetadataIndex", fqn=op.text("w"), offset=sizes(*shape), index=op.NONE),
              op.build(op.newobj(op.name("torch.distributed.checkpoint.filesystem", "_StorageInfo")), op.dict_of({
                  "relative_path": op.text("__0_0.distcp"), "offset": op.integer(shape[1]), "length": op.integer(shape[2])})))
             for shape in shapes]
    return op.pickled(made("Metadata", state_dict_metadata=op.dict_of({"w": entry}), planner_data=op.NONE,
                           storage_data=op.pairs_into(op.EMPTY_DICT, index)))


FILES: dict[str, Callable[[], bytes]] = {
    **{f"{kind}.pth": lambda keys=keys: zipped(in_every_container(keys)) for kind, keys in KEYS.items()},
    **{f"root of {kind}.pkl": lambda keys=keys: op.pickled(keyed(keys)) for kind, keys in KEYS.items()},
    **{f"tensors at {kind}.pth": lambda keys=keys: zipped(op.pickled(keyed(keys, value=op.tensor()))) for kind, keys in KEYS.items()},
    **{f"storages {kind}.pth": lambda keys=keys: zipped(of_storages(keys)) for kind, keys in KEYS.items()},
    **{f"optimizer of {kind}.pth": lambda keys=keys: zipped(training(keys)) for kind, keys in KEYS.items()},
    **{f"legacy {kind}.pt": lambda keys=keys: legacy(op.pickled(keyed(keys))) for kind, keys in KEYS.items()},
    "far memo.pth": lambda: zipped(far_memo()), "layers.pth": lambda: zipped(layers()), "storages.pt": lambda: of_torch_0_1(WALKING),
    "shapes.pth": lambda: zipped(tensors(SHAPES)), "legacy.pt": lambda: legacy(tensors(SHAPES)),
    "strides.pth": lambda: zipped(tensors([(0, 1, 1)] * COUNT, SHAPES)), "shapes.gguf": lambda: gguf(SHAPES),
    "shapes.npz": lambda: npz(SHAPES), "shapes.onnx": lambda: onnx(SHAPES),
    "shapes.safetensors": lambda: builders.safetensors({
        f"t{n}": {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]} for n, shape in enumerate(SHAPES)}),
    ".metadata": lambda: metadata(SHAPES),
    "model.json": lambda: json.dumps({"tensors": [{"key": f"t{n}", "shape": shape, "dtype": "float32"}
                                                  for n, shape in enumerate(SHAPES)]}).encode(),
}
QUICK = ("integers.pth", "far memo.pth", "layers.pth", "storages.pt",
         "root of nested tuples.pkl", "storages tuples.pth", "optimizer of integers.pth", "shapes.pth",
         ".metadata")           # the others with `-m slow`


def asked(path: Path, other: Path, folder: Path) -> list[Callable[[], object]]:
    """Everything that is done with a checkpoint."""
    def opened() -> core.Checkpoint:
        return core.open(path)
    ckpt = opened()
    other_ckpt = core.open(other)
    keys = list(ckpt.tensors)
    return [
        opened, lambda: core.totals(ckpt), lambda: core.counts(ckpt), lambda: core.sizes(ckpt), lambda: core.check_report(ckpt),
        lambda: [core.fixes_for(finding, ckpt) for finding in ckpt.findings], lambda: core.digests(ckpt), lambda: core.digest_of(ckpt),
        lambda: core.summarize(ckpt), lambda: core.health(ckpt), lambda: core.group_statistics(ckpt, keys), lambda: core.logical(ckpt),
        lambda: core.architectures(ckpt), lambda: core.optimizers(ckpt), lambda: core.loads_with_torch(ckpt), lambda: core.load(ckpt),
        lambda: core.compare(ckpt, other_ckpt), lambda: core.compare(ckpt, ckpt), lambda: core.load_report(ckpt, other_ckpt),
        lambda: core.breaches(ckpt, core.contract(other_ckpt)), lambda: core.series([path, other]),
        lambda: core.edit(ckpt, [core.Match(str(other))]), lambda: core.edit(ckpt, [core.OptimizerFor(str(other))]),
        lambda: core.edit(ckpt, [core.Take(str(other), "*")]), lambda: core.edit(ckpt, [core.Cast("float16")]),
        *(lambda name=name, edits=edits: core.save(core.edit(ckpt, edits) if edits else ckpt, folder / name, allow_loss=True)
          for name, edits in (("a.pth", []), ("a.safetensors", [core.AddPrefix("x.")]), ("a.pt", [core.MakePlain("*")]))),
    ]


@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in FILES])
def test_that_no_dict_or_set_ever_holds_many_keys_of_one_hash(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    path, other, third = tmp_path / name, tmp_path / "other.pth", tmp_path / "third.pth"
    path.write_bytes(FILES[name]())
    other.write_bytes(zipped(tensors(OTHERS)))
    third.write_bytes(zipped(tensors(SHAPES[:10])))
    core.check_report(core.open(third))             # what is loaded for any file is not watched
    with hash_watch.HashWatch() as watch:
        try:
            questions = asked(path, other, folder)
        except core.InspectorError:
            questions = []
        for question in questions:
            with contextlib.suppress(core.InspectorError):
                question()
    # `core.load` makes real dicts because it is asked to: keys of one hash it counts, those that are led past each other are Python's
    assert {where: most for where, most in watch.worst.items()
            if most > MOST and not ("walking" in name and where.startswith("core/python_objects/building.py"))} == {}


def test_that_the_watch_sees_what_shares_a_hash(tmp_path: Path) -> None:
    """The watch itself: a dict of such keys in a function of ours."""
    def hold(numbers: list[int]) -> int:
        held = dict.fromkeys(numbers)
        return len(held)
    for numbers, most in ((hash_watch.integers(COUNT), COUNT), (WALKING, len(WALKING) - 2)):
        watch = hash_watch.HashWatch("tests")
        with watch:
            hold(numbers)
        assert watch.most == most
    assert len({hash(one) for one in hash_watch.pairs(COUNT, (0,))}) == 1


def test_that_views_and_extents_of_one_pythons_hash_have_others() -> None:
    assert len({hash(View("0", 0, shape, shape, "float32")) for shape in SHAPES}) == COUNT
    one, other = View("0", 1, (2, 3), (3, 1), "float32"), View("0", 1, (2, 3), (3, 1), "float32")
    assert one == other
    assert hash(one) == hash(other)
    assert hash(Extent(0, 1, 2, 2)) == hash(Extent(0, 1, 2, 2)) != hash(Extent(0, 1, 2, 3))


def test_that_a_cache_of_few_gives_the_same_for_many() -> None:
    made: list[int] = []

    def double(n: int) -> int:
        made.append(n)
        return 2 * n
    few = hashing.Few[int, int](double)
    assert [few[n] for n in range(1000)] == [2 * n for n in range(1000)]
    assert [few[5], few[5]] == [10, 10]
    assert made.count(5) == 1
    assert len(few) < 100


def test_that_keys_as_text_are_equal_for_what_is_equal() -> None:
    assert hashing.as_key((1, 2), None, "a") == hashing.as_key((1, 2), None, "a") != hashing.as_key((1, 2), "None", "a")


def test_that_a_table_by_numbers_is_a_dict() -> None:
    held, plain = hashing.ByNumber[str](), dict[int, str]()
    for number in (0, -1, 5, 1 << 63, -(1 << 63), 5):
        held[number] = plain[number] = str(len(plain))
    assert [*held.values()] == [*plain.values()]
    assert len(held) == len(plain)
    assert [held[number] for number in plain] == [*plain.values()]
    assert 6 not in held
    assert held.get(6) is None
    with pytest.raises(KeyError, match="6"):
        held[6]
    held.discard(5)
    held.discard(6)
    assert 5 not in held
    assert -1 in held


def test_that_a_table_by_numbers_has_places_that_no_file_foresees() -> None:
    held = hashing.ByNumber[int]()
    for number in WALKING:
        held[number] = number
    (inner,) = (getattr(held, name) for name in held.__slots__)
    assert hash_watch.longest_walk([*map(hash, inner)]) < MOST


@given(arrays(st.sampled_from([np.int64, np.uint8, np.uint64, np.float32]), array_shapes(min_dims=0, max_dims=3, min_side=0),
              elements={"allow_nan": False}))
def test_that_what_is_told_apart_is_what_numpy_tells_apart(numbers: Any) -> None:
    assert np.array_equal(hashing.distinct(numbers), np.unique(numbers))


def test_that_sparse_indices_which_numpy_hashes_alike_are_told_apart_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """`numpy.unique` takes minutes for indices that are chosen for it, so they never come there."""
    def refused(*_: Any, **__: Any) -> Any:
        raise AssertionError("numbers of a file were put into a hash table")
    info = TensorInfo("a", (1 << 20,), "float32", None, (), 0, "", 0, layout="sparse_coo")
    with monkeypatch.context() as patched:
        patched.setattr(np, "unique", refused)
        found = dense(info, {"indices": np.array([[5, 3, 5]]), "values": np.array([1, 2, 4], np.float32)})
    assert found[[3, 5]].tolist() == [2, 5]


@pytest.mark.parametrize("options", [[], ["--json"], ["--textconv"]])
def test_that_a_list_of_shapes_of_one_hash_is_printed_without_a_dict_of_them(tmp_path: Path, options: list[str],
                                                                              capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "shapes.pth"
    path.write_bytes(FILES["shapes.pth"]())
    cli.main(["ls", str(path), *options])                   # what is loaded for any file is not watched
    before = capsys.readouterr().out
    with hash_watch.HashWatch() as watch:
        cli.main(["ls", str(path), *options])
    assert capsys.readouterr().out == before
    assert f"layers.{COUNT - 1}.weight" in before
    assert {where: most for where, most in watch.worst.items() if most > MOST} == {}
