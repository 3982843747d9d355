"""Containers that are filled in every way a pickle can fill them (keys set again, later, through the memo, after BUILD), held against what
torch reads: the whole nested object, in its order."""
from __future__ import annotations

import io
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core
from tests.core.pickles import opcodes as op

MAGIC = 0x1950A86A20F9469CFC6C
KEYS = ["a", "b", "weight", "bias", "m.0.w", "é", ""]
SIZES = [3, 1, 5]           # elements of the storages


class Made:
    """Opcodes that torch's safe unpickler reads, drawn one after the other; `containers`, `tensors` and `keys` are places in the memo."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.places = 0
        self.containers: list[tuple[int, str]] = []
        self.tensors: list[int] = []
        self.keys: list[int] = []
        self.left = 40

    def chance(self, of: int) -> bool:
        return bool(self.draw(st.integers(1, of)) == 1)

    def put(self) -> tuple[int, bytes]:
        n = self.places
        self.places += 1
        return n, self.draw(st.sampled_from([b"q" + bytes([n]), op.put(n)])) if n < 256 else op.put(n)

    def key(self) -> bytes:
        if self.keys and self.chance(3):
            return op.get(self.draw(st.sampled_from(self.keys)))
        made = op.text(self.draw(st.sampled_from(KEYS)))
        if self.chance(3):
            n, code = self.put()
            self.keys.append(n)
            made += code
        return made

    def tensor(self) -> bytes:
        if self.tensors and self.chance(3):
            return op.get(self.draw(st.sampled_from(self.tensors)))
        n = self.draw(st.integers(0, len(SIZES) - 1))
        offset = self.draw(st.integers(0, SIZES[n] - 1))
        grad = self.draw(st.sampled_from([op.TRUE, op.FALSE]))
        made = op.tensor(op.storage(str(n), numel=SIZES[n]), offset, (SIZES[n] - offset,), (1,), grad)
        if self.chance(3):
            n, code = self.put()
            self.tensors.append(n)
            made += code
        return made

    def value(self, depth: int) -> bytes:
        self.left -= 1
        kind = self.draw(st.integers(0, 9)) if depth < 4 and self.left > 0 else self.draw(st.integers(6, 9))
        if kind in (0, 1, 2):
            return self.mapping(depth)
        if kind == 3:
            return self.sequence(depth)
        if kind == 4:
            return op.tuple_of(*(self.value(depth + 1) for _ in range(self.draw(st.integers(0, 3)))))
        if kind == 5 and self.containers:
            return self.again(depth)
        if kind in (5, 6, 7):
            return self.tensor()
        return self.draw(st.sampled_from([op.integer(7), op.text("x"), op.NONE, op.TRUE, op.real(0.5), op.integer(1 << 70),
                                          op.EMPTY_TUPLE]))

    def mapping(self, depth: int) -> bytes:
        is_ordered = self.chance(2)
        made = op.ordered_dict() if is_ordered else op.EMPTY_DICT
        place = -1
        if self.chance(2):
            place, code = self.put()
            made += code
        for _ in range(self.draw(st.integers(0, 3))):
            made += self.pairs(depth)
            if is_ordered and self.chance(3):
                made = op.build(made, op.dict_of([(op.text("_metadata"), op.ordered_dict())]))
        if place >= 0:
            self.containers.append((place, "ordered" if is_ordered else "dict"))
        return made

    def pairs(self, depth: int) -> bytes:
        items = [self.key() + self.value(depth + 1) for _ in range(self.draw(st.integers(1, 4)))]
        return b"".join(item + b"s" for item in items) if self.chance(3) else op.values(items) + b"u"

    def sequence(self, depth: int) -> bytes:
        made, place = op.EMPTY_LIST, -1
        if self.chance(2):
            place, code = self.put()
            made += code
        for _ in range(self.draw(st.integers(0, 2))):
            items = [self.value(depth + 1) for _ in range(self.draw(st.integers(1, 3)))]
            made += b"".join(item + b"a" for item in items) if self.chance(3) else op.values(items) + b"e"
        if place >= 0:
            self.containers.append((place, "list"))
        return made

    def again(self, depth: int) -> bytes:
        """A container of before, as it is or with more put into it."""
        place, kind = self.draw(st.sampled_from(self.containers))
        if self.chance(2):
            return op.get(place)
        more = op.values([self.value(4)]) + b"e" if kind == "list" else self.pairs(4)
        if kind == "ordered" and self.chance(2):
            more += op.dict_of([(op.text("_metadata"), op.ordered_dict())]) + b"b"
        return op.get(place) + more


@st.composite
def objects(draw: Callable[[st.SearchStrategy[Any]], Any]) -> bytes:
    return Made(draw).mapping(0)


def data(n: int) -> bytes:
    return (torch.arange(SIZES[n]) + 10.0 * n).numpy().tobytes()


def used(value: bytes) -> list[int]:
    return [n for n, size in enumerate(SIZES) if op.storage(str(n), numel=size) in value]


def archive(path: Path, value: bytes) -> None:
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a/data.pkl", op.pickled(value))
        made.writestr("a/version", "3\n")
        for n in used(value):
            made.writestr(f"a/data/{n}", data(n))


def stream(path: Path, value: bytes) -> None:
    keys = op.list_of(*(op.text(str(n)) for n in used(value)))
    pickles = (op.integer(MAGIC), op.integer(1001), op.EMPTY_DICT, _with_views(value), keys)
    path.write_bytes(b"".join(map(op.pickled, pickles)) + b"".join(SIZES[n].to_bytes(8, "little") + data(n) for n in used(value)))


def _with_views(value: bytes) -> bytes:
    """Persistent ids as the format of before 1.6 has them: with a view behind them, here none."""
    for n, size in enumerate(SIZES):
        plain = op.storage(str(n), numel=size)
        value = value.replace(plain, plain[:-2] + op.NONE + b"tQ")
    return value


def same(ours: Any, theirs: Any) -> None:
    """Equal in types, order, values and bits."""
    if isinstance(theirs, torch.Tensor):
        assert isinstance(ours, torch.Tensor)
        assert (ours.dtype, ours.shape, ours.stride(), ours.storage_offset()) == (
            theirs.dtype, theirs.shape, theirs.stride(), theirs.storage_offset())
        assert torch.equal(ours, theirs)
        return
    assert isinstance(ours, type(theirs)) or isinstance(theirs, type(ours)) or (ours, theirs) == ((), [])
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key, value in theirs.items():
            same(ours[key], value)
    elif isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            same(a, b)
    else:
        assert ours == theirs


def names(value: Any) -> set[str]:
    """All keys of dicts in `value`."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return {*(value if isinstance(value, dict) else ()), *(name for item in inside for name in names(item))}


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """key -> tensor or plain value, keys as paths."""
    found: dict[str, Any] = {}
    if isinstance(value, dict | list | tuple) and len(value):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            found.update(leaves(inner, f"{path}.{key}" if path else str(key)))
        return found
    return {path: value}


@settings(max_examples=80, deadline=None)
@given(value=objects(), write=st.sampled_from([archive, stream]))
def test_that_the_whole_object_is_the_one_that_torch_reads(
        value: bytes, write: Callable[[Path, bytes], None], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("g") / "a.pth"
    write(path, value)
    try:
        theirs = torch.load(path, weights_only=True)
    except RecursionError:
        return
    ckpt = core.open(path)
    assert core.loads_with_torch(ckpt).weights_only
    same(core.load(ckpt, as_torch=True), theirs)
    if not names(theirs) & {"", "m.0.w"}:           # each path is one key then
        listed = [key for key, info in ckpt.tensors.items() if info.extra is None or not info.extra.shadowed]
        assert listed == [key for key, leaf in leaves(theirs).items() if isinstance(leaf, torch.Tensor)]


@settings(max_examples=60, deadline=None)
@given(value=objects(), write=st.sampled_from([archive, stream]), format=st.sampled_from(["torch-zip", "torch-legacy"]))
def test_that_saving_it_gives_what_torch_read_before(value: bytes, write: Callable[[Path, bytes], None], format: str,
                                                     tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("g")
    write(folder / "a.pth", value)
    theirs = torch.load(folder / "a.pth", weights_only=True)
    core.save(core.open(folder / "a.pth"), folder / "b.pth", format=format)
    same(torch.load(folder / "b.pth", weights_only=True), theirs)


STEPS = st.lists(st.tuples(st.sampled_from(["set", "delete", "pop first", "to end", "set again", "share", "nest"]),
                           st.sampled_from(KEYS[:4]), st.integers(0, 5)), max_size=14)


@settings(max_examples=80, deadline=None)
@given(steps=STEPS, ordered=st.booleans(), zipped=st.booleans(), protocol=st.integers(2, 5))
def test_that_a_dict_of_which_keys_were_deleted_and_set_again_is_read_in_its_order(
        steps: list[tuple[str, str, int]], ordered: bool, zipped: bool, protocol: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    made: Any = OrderedDict() if ordered else {}
    shared = torch.arange(6.0)
    for what, key, n in steps:
        if what in ("set", "set again"):
            made[key] = shared[n:] if what == "set" else torch.full((2,), float(n))
        elif what == "delete":
            made.pop(key, None)
        elif what == "pop first" and made:
            made.pop(next(iter(made)))
        elif what == "to end" and key in made:
            made[key] = made.pop(key)
        elif what == "share" and made:
            made[key] = next(iter(made.values()))
        elif what == "nest":
            made = {key: made, "n": n} if n else OrderedDict([(key, made)])
    out = io.BytesIO()
    torch.save(made, out, _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
    path = tmp_path_factory.mktemp("d") / "a.pth"
    path.write_bytes(out.getvalue())
    same(core.load(path, as_torch=True), made)
    assert list(core.open(path).tensors) == [key for key, leaf in leaves(made).items() if isinstance(leaf, torch.Tensor)]
