"""Torch's stream format from before 1.6: as torch writes it, and one thing wrong at a time.

What is hostile meets our own code only; torch reads what torch wrote, or what was written by hand and is benign.
"""
from __future__ import annotations

import collections
import hashlib
import io
import random
import struct
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from inspector import core
from inspector.core.checkpoint import Checkpoint, Opaque
from inspector.core.errors import Ambiguous, Corrupt, InspectorError, TooBig, Truncated, Unsupported
from inspector.core.formats import torch_legacy
from inspector.core.io.sources import SourceFile, open_source
from inspector.core.limits import Limits
from inspector.core.pickles.decode.machine import Budget
from inspector.core.progress import QUIET
from tests.builders import TRIP_MODULE
from tests.core.pickles import opcodes as op

MAGIC = 0x1950A86A20F9469CFC6C
SYS_INFO = {"protocol_version": op.integer(1001), "little_endian": op.TRUE,
            "type_sizes": op.dict_of({"short": op.integer(2), "int": op.integer(4), "long": op.integer(4)})}
FOUR = struct.pack("<4f", 1, 2, 3, 4)
TRIP = op.reduce(op.name(TRIP_MODULE, "trip"))


# -- streams by hand ---------------------------------------------------------------------------------------------------


def storage(key: str = "0", numel: int = 4, cls: str = "FloatStorage", location: str = "cpu", view: bytes = op.NONE) -> bytes:
    return op.tuple_of(op.text("storage"), op.name("torch", cls), op.text(key), op.text(location), op.integer(numel), view) + b"Q"


def view(key: str, first: int, count: int) -> bytes:
    return op.tuple_of(op.text(key), op.integer(first), op.integer(count))


def tensor(of: bytes, size: int = 4, offset: int = 0) -> bytes:
    return op.tensor(of, offset, (size,), (1,))


def stored(raw: bytes, numel: int | None = None, width: int = 4) -> bytes:
    return struct.pack("<q", len(raw) // width if numel is None else numel) + raw


def stream(object: bytes, keys: Mapping[str, bytes] | list[tuple[str, bytes]], *, magic: bytes = op.integer(MAGIC),
           version: bytes = op.integer(1001), sys_info: bytes = op.dict_of(SYS_INFO), tail: bytes = b"") -> bytes:
    """A file of the format: `keys` are the storages in order with all their bytes, numbers included."""
    rows = list(keys.items()) if isinstance(keys, Mapping) else keys
    pickles = [magic, version, sys_info, object, op.list_of(*(op.text(key) for key, _ in rows))]
    return b"".join(map(op.pickled, pickles)) + b"".join(raw for _, raw in rows) + tail


GOOD = stream(op.dict_of({"w": tensor(storage())}), {"0": stored(FOUR)})
TWO = op.dict_of({"a": tensor(storage("0")), "b": tensor(storage("1"))})


class Opener:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "x.pth"

    def __call__(self, content: bytes, limits: Limits | None = None) -> Checkpoint:
        self.path.write_bytes(content)
        return core.open(self.path, limits=limits or Limits())


@pytest.fixture
def opened(tmp_path: Path) -> Opener:
    return Opener(tmp_path)


def ids(ckpt: Checkpoint) -> set[str]:
    return {finding.id for finding in ckpt.findings}


def refused(opened: Opener, content: bytes, kind: type[InspectorError], id: str, *says: str) -> InspectorError:
    with pytest.raises(kind) as caught:
        opened(content)
    error = caught.value
    assert error.id == id, str(error)
    assert error.hint
    assert error.where
    text = str(error)
    assert core.visible(text, 10_000) == text, "one line"
    for part in says:
        assert part in text
    return error


# -- section E ---------------------------------------------------------------------------------------------------------


def test_that_a_sound_file_opens_without_a_remark(opened: Opener) -> None:
    ckpt = opened(GOOD)
    assert (ckpt.format, ckpt.kind, ckpt.findings) == ("torch-legacy", "state-dict", ())
    assert core.read_numpy(ckpt, "w").tolist() == [1, 2, 3, 4]
    assert {"byteorder": "little", "protocol_version": "1001", "pickle_protocol": "2",
            "type_sizes": "short 2, int 4, long 4"}.items() <= ckpt.facts.items()
    assert "no checksums" in ckpt.facts["checksums"]
    assert [member.name for member in ckpt.members] == ["magic", "version", "sys_info", "object", "keys", "storage 0"]


@pytest.mark.parametrize(("content", "problem", "intact"), [
    pytest.param(stream(op.dict_of({"w": tensor(storage())}), {"0": stored(FOUR * 2)}),
                 "size_mismatch: the object says 4 elements, the stored number is 8", [], id="header-8-pickle-4"),
    pytest.param(stream(op.dict_of({"w": tensor(storage(numel=8), 8)}), {"0": stored(FOUR)}),
                 "size_mismatch: the object says 8 elements, the stored number is 4", [], id="header-4-pickle-8"),
    pytest.param(stream(TWO, {"1": stored(FOUR), "0": stored(FOUR)})[:-1],
                 "truncated: storage 0 needs 16 bytes, 15 are there", ["b"], id="data-truncated"),
    pytest.param(stream(TWO, {"1": stored(FOUR), "0": b"\4\0\0"}), "truncated: the bytes end before storage 0", ["b"],
                 id="number-truncated"),
    pytest.param(stream(TWO, {}), "missing: the file's list of storages does not have it", [], id="key-list-empty"),
    pytest.param(stream(op.dict_of({"w": tensor(storage(view=view("v", 2, 4)))}), {"0": stored(FOUR)}),
                 "out_of_bounds: a view of elements 2 to 6 of a storage of 4", [], id="view-beyond-root"),
    pytest.param(stream(op.dict_of({"w": tensor(storage(view=view("v", 0, 2)))}), {"0": stored(FOUR)}),
                 "out_of_bounds: needs 4 elements, the storage has 2", [], id="tensor-beyond-view"),
    pytest.param(stream(op.dict_of({"w": tensor(storage(view=view("v", -1, 2)), 2)}), {"0": stored(FOUR)}),
                 "out_of_bounds: a view of elements -1 to 1 of a storage of 4", [], id="view-offset-negative"),
])
def test_that_the_broken_part_is_marked(opened: Opener, content: bytes, problem: str, intact: list[str]) -> None:
    ckpt = opened(content)
    broken = [info for info in ckpt.tensors.values() if info.problem]
    assert problem in {info.problem for info in broken}
    assert "broken-tensor" in ids(ckpt)
    for info in broken:
        with pytest.raises(core.BadTensor):
            core.read_numpy(ckpt, info.key)
    assert [key for key, info in ckpt.tensors.items() if not info.problem] == intact
    for key in intact:
        assert core.read_numpy(ckpt, key).tolist() == [1, 2, 3, 4]
    assert ("truncated" in ids(ckpt)) == problem.startswith("truncated")
    assert "trailing" not in ids(ckpt)


@pytest.mark.parametrize(("content", "kind", "id", "says"), [
    pytest.param(stream(op.dict_of({"w": tensor(storage())}), {"0": stored(FOUR, -1)}), Corrupt, "corrupt", "-1 elements",
                 id="numel-negative"),
    pytest.param(stream(op.dict_of({"w": tensor(storage())}), {"0": stored(FOUR, 1 << 38)}), Truncated, "truncated",
                 "1,099,511,627,776 bytes", id="a-terabyte-in-the-number"),
    pytest.param(stream(op.dict_of({"w": tensor(storage(numel=1 << 38), 1 << 38)}), {"0": stored(FOUR, 1 << 38)}), Truncated,
                 "truncated", "1,099,511,627,776 bytes", id="a-terabyte-everywhere"),
    pytest.param(stream(TWO, [("0", stored(FOUR)), ("0", stored(FOUR))]), Ambiguous, "duplicate_storage", "twice",
                 id="key-listed-twice"),
    pytest.param(stream(TWO, {"0": stored(FOUR), "7": stored(FOUR)}), Corrupt, "corrupt", "'7'", id="unknown-key"),
    pytest.param(stream(TWO, {}, version=op.integer(1002)), Unsupported, "unsupported", "1002", id="protocol-1002"),
    pytest.param(stream(TWO, {}, version=TRIP), Corrupt, "corrupt", "no number", id="protocol-from-a-call"),
    pytest.param(op.pickled(op.integer(MAGIC)), Truncated, "truncated", "STOP", id="nothing-behind-the-magic-number"),
])
def test_that_it_is_refused_in_one_line(opened: Opener, content: bytes, kind: type[InspectorError], id: str, says: str) -> None:
    error = refused(opened, content, kind, id, says)
    assert ("unknown-code" in {finding.id for finding in error.findings}) == (TRIP in content)


@pytest.mark.parametrize("tail", [
    pytest.param(b"x" * 5, id="trailing-junk"), pytest.param(GOOD, id="another-checkpoint"),
])
def test_that_what_follows_is_told(opened: Opener, tail: bytes) -> None:
    ckpt = opened(GOOD + tail)
    assert [finding.where for finding in ckpt.findings if finding.id == "trailing"] == [f"byte {len(GOOD)}"]
    assert core.read_numpy(ckpt, "w").tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(("magic", "called"), [
    pytest.param(op.integer(MAGIC + 1), False, id="wrong-magic-number"),
    pytest.param(op.reduce(op.name(TRIP_MODULE, "trip"), op.integer(MAGIC)), True, id="magic-number-from-a-call"),
])
def test_that_a_file_without_the_literal_magic_number_is_a_plain_pickle(opened: Opener, magic: bytes, called: bool) -> None:
    ckpt = opened(stream(TWO, {}, magic=magic))
    assert ckpt.format == "pickle"
    assert "plain-pickle" in ids(ckpt)
    assert any(f.id == "unknown-code" and TRIP_MODULE in f.message and f.level == "danger" for f in ckpt.findings) == called


LONG4 = b"\x8b" + (10).to_bytes(4, "little") + MAGIC.to_bytes(10, "little")
LONG1 = b"\x8a\x0a" + MAGIC.to_bytes(10, "little")


@pytest.mark.parametrize("magic", [
    b"\x80\x02" + LONG1 + b".", LONG1 + b".", b"\x80\x01" + LONG1 + b".", b"\x80\x02" + LONG4 + b".", LONG4 + b".",
    b"\x80\x04\x95" + (13).to_bytes(8, "little") + LONG1 + b".", b"\x80\x02\x8a\x0c" + MAGIC.to_bytes(12, "little") + b".",
    b"L%dL\n." % MAGIC, b"L%d\n." % MAGIC, b"\x80\x02L%dL\n." % MAGIC, b"I%d\n." % MAGIC, b"\x80\x00I%d\n." % MAGIC,
    b"\x80\x02" + LONG1 + b"q\x00.", LONG1 + b"p0\n0g0\n.", b"\x80\x02N0" + LONG1 + b".", b"(0" + LONG1 + b".", b"I1\n0" + LONG1 + b".",
    b"\x80\x02" + LONG1 + b"\x80\x02.",
], ids=lambda magic: magic.hex(" ")[:24])
@pytest.mark.parametrize("rest", [TWO, op.list_of(tensor(storage()))], ids=["dict", "list"])
def test_that_the_magic_number_counts_by_its_value_as_for_torch(opened: Opener, magic: bytes, rest: bytes) -> None:
    names = {"0": stored(FOUR), "1": stored(FOUR)} if rest is TWO else {"0": stored(FOUR)}
    content = magic + stream(rest, names).removeprefix(op.pickled(op.integer(MAGIC)))
    ckpt = opened(content)
    assert (ckpt.format, len(ckpt.tensors)) == ("torch-legacy", len(names))
    theirs = torch.load(io.BytesIO(content), weights_only=False)
    for key, expected in leaves(theirs):
        assert core.read_numpy(ckpt, key).tolist() == expected.tolist()


def test_that_the_byte_order_is_told_and_values_are_those_that_torch_reads(opened: Opener) -> None:
    ckpt = opened(stream(op.dict_of({"w": tensor(storage())}), {"0": stored(FOUR)},
                         sys_info=op.dict_of({**SYS_INFO, "little_endian": op.FALSE})))
    assert [(finding.id, finding.level) for finding in ckpt.findings] == [("byteorder", "warning")]
    assert core.read_numpy(ckpt, "w").tolist() == torch.load(opened.path, weights_only=True)["w"].tolist() == [1, 2, 3, 4]


def module_id(module: str, name: str, file: bytes = op.text("/home/me/net.py"),
              source: bytes = op.text("class Net:\n    <b>pass</b>\n")) -> bytes:
    return op.tuple_of(op.text("module"), op.name(module, name), file, source) + b"Q"


def test_that_a_class_with_its_source_is_shown_as_text(opened: Opener) -> None:
    state = op.dict_of({"_parameters": op.dict_of({"w": tensor(storage())}), "_buffers": op.EMPTY_DICT, "_modules": op.EMPTY_DICT})
    made = op.build(module_id(TRIP_MODULE, "Trip") + op.EMPTY_TUPLE + b"\x81", state)
    ckpt = opened(stream(made, {"0": stored(FOUR)}))
    assert ckpt.kind == "module"
    assert ckpt.facts[f"source of {TRIP_MODULE}.Trip"] == "# /home/me/net.py\nclass Net:\n    <b>pass</b>\n"
    assert [(f.id, f.level) for f in ckpt.findings] == [("module-source", "info"), ("unknown-code", "warning"),
                                                              ("weights-only", "warning")]
    root = ckpt.values[""]
    assert isinstance(root, Opaque)
    assert root.type == f"{TRIP_MODULE}.Trip"
    assert [info.problem for info in ckpt.tensors.values()] == [""]
    assert not list(opened.path.parent.glob("*.patch"))


@pytest.mark.parametrize(("file", "source", "told"), [
    (op.NONE, op.NONE, False), (op.NONE, op.text("x"), True), (op.integer(3), op.integer(4), False),
])
def test_that_a_class_without_source_is_a_class_all_the_same(opened: Opener, file: bytes, source: bytes, told: bool) -> None:
    made = op.build(module_id("m", "Net", file, source) + op.EMPTY_TUPLE + b"\x81", op.dict_of({"a": op.integer(1)}))
    ckpt = opened(stream(made, {}))
    assert "computed-call" not in ids(ckpt)
    assert "persistent-id" not in ids(ckpt)
    assert ("module-source" in ids(ckpt)) == told
    assert ckpt.values["a"] == 1


def test_that_one_huge_source_shared_by_many_ids_is_not_copied(opened: Opener) -> None:
    huge = b"T" + struct.pack("<I", 3 << 20) + b"x" * (3 << 20)
    first = op.tuple_of(op.text("module"), op.name("m", "Net"), op.NONE, huge + op.put(1)) + b"Q"
    again = op.tuple_of(op.text("module"), op.name("m", "Net"), op.get(1), op.get(1)) + b"Q"
    ckpt = opened(stream(op.list_of(first, *[again] * 4000), {}))
    assert ckpt.facts["source of m.Net"] == "(a text of 3,145,728 bytes)"


@pytest.mark.parametrize("id", [
    op.integer(3) + b"Q", op.text("x") + b"Q", op.EMPTY_TUPLE + b"Q", op.tuple_of(op.text("module")) + b"Q", b"Pmodule\n",
    op.tuple_of(op.text("module"), TRIP, op.NONE, op.NONE) + b"Q",
])
def test_that_other_persistent_ids_are_told(opened: Opener, id: bytes) -> None:
    assert "persistent-id" in ids(opened(stream(op.list_of(id), {})))


@pytest.mark.parametrize("where", ["magic", "version", "sys_info", "object", "keys", "trailing"])
def test_that_calls_in_any_pickle_are_told_and_nothing_is_run(opened: Opener, where: str) -> None:
    popped = TRIP + op.POP
    parts = {"magic": op.integer(MAGIC), "version": op.integer(1001), "sys_info": op.dict_of(SYS_INFO)}
    if where in parts:
        parts[where] = popped + parts[where]
    content = stream((popped if where == "object" else b"") + op.dict_of({"w": tensor(storage())}), {"0": stored(FOUR)}, **parts)
    if where == "keys":
        keys = op.pickled(op.list_of(op.text("0")))
        content = content.replace(keys, op.pickled(popped + op.list_of(op.text("0"))))
    if where == "trailing":
        content += op.pickled(TRIP)
        assert "trailing" in ids(opened(content))
        return
    ckpt = opened(content)
    assert any(f.id == "unknown-code" and TRIP_MODULE in f.message for f in ckpt.findings)


@pytest.mark.parametrize("broken", [b"\xff", b"", b"0"])
def test_that_what_a_broken_pickle_would_have_called_is_told(opened: Opener, broken: bytes) -> None:
    head = b"".join(map(op.pickled, (op.integer(MAGIC), op.integer(1001), op.dict_of(SYS_INFO))))
    content = head + b"\x80\2" + TRIP + b"0" + broken
    with pytest.raises((Corrupt, Truncated)) as caught:
        opened(content)
    assert [f.where.partition(":")[0] for f in caught.value.findings if f.id == "unknown-code"] == ["object"]


@pytest.mark.parametrize("keys", [op.NONE, op.EMPTY_DICT, op.list_of(op.integer(0)), op.list_of(op.NONE), TRIP])
def test_that_an_odd_list_of_storages_is_refused(opened: Opener, keys: bytes) -> None:
    content = b"".join(map(op.pickled, (op.integer(MAGIC), op.integer(1001), op.dict_of(SYS_INFO), TWO, keys)))
    refused(opened, content, Corrupt, "corrupt")


@pytest.mark.parametrize("info", [op.NONE, op.list_of(), op.dict_of({"little_endian": op.text("yes")}), op.EMPTY_DICT])
def test_that_what_torch_ignores_may_be_anything(opened: Opener, info: bytes) -> None:
    ckpt = opened(stream(op.dict_of({"w": tensor(storage())}), {"0": stored(FOUR)}, sys_info=info))
    assert core.read_numpy(ckpt, "w").tolist() == [1, 2, 3, 4]


def test_that_storages_behind_one_of_unknown_type_are_marked(opened: Opener) -> None:
    object = op.dict_of({"a": tensor(storage("0")), "b": tensor(storage("1", cls="OddStorage")), "c": tensor(storage("2"))})
    ckpt = opened(stream(object, {"0": stored(FOUR), "1": stored(FOUR), "2": stored(FOUR)}))
    assert [info.problem.partition(":")[0] for info in ckpt.tensors.values()] == ["", "unknown_dtype", "unknown_dtype"]


def test_that_a_missing_element_type_is_no_reason_to_lose_the_key(opened: Opener) -> None:
    ckpt = opened(stream(op.dict_of({"a": tensor(storage("../../etc/passwd"))}), {}))
    assert ckpt.tensors["a"].problem.startswith("bad_key")


# -- views of storages, which torch wrote before 0.4 ---------------------------------------------------------------------


def test_that_views_are_parts_of_their_root_as_for_torch(opened: Opener) -> None:
    raw = struct.pack("<6f", *range(6))
    object = op.dict_of({
        "root": tensor(storage(numel=6), 6), "view": tensor(storage(numel=6, view=view("10", 2, 3)), 3),
        "again": tensor(storage(numel=6, view=view("10", 2, 3)), 2, 1), "other": tensor(storage(numel=6, view=view("11", 4, 2)), 2),
    })
    ckpt = opened(stream(object, {"0": stored(raw)}))
    theirs = torch.load(opened.path, weights_only=True)
    base = theirs["root"].data_ptr()
    assert list(ckpt.tensors) == list(theirs)
    for key, expected in theirs.items():
        found = ckpt.tensors[key]
        assert found.problem == ""
        assert (found.storage, found.storage_nbytes) == ("0", 24)
        assert found.offset * 4 == expected.data_ptr() - base
        assert core.read_numpy(ckpt, key).tolist() == expected.tolist()
    together = core.load_state_dict(opened.path)
    together["root"][4] = 99
    assert (together["view"][2], together["again"][1], together["other"][0]) == (99, 99, 99)


@pytest.mark.parametrize("odd", [
    op.tuple_of(op.text("v"), op.integer(0)), op.EMPTY_DICT, op.text("v"), op.tuple_of(op.integer(1), op.integer(0), op.integer(4)),
    op.tuple_of(op.text("v"), op.NONE, op.integer(4)), op.tuple_of(op.text("v"), op.integer(0), op.integer(1 << 70)),
    op.tuple_of(op.text("v"), op.integer(0), op.integer(-4)),
])
def test_that_an_odd_view_is_marked(opened: Opener, odd: bytes) -> None:
    ckpt = opened(stream(op.dict_of({"w": tensor(storage(view=odd))}), {"0": stored(FOUR)}))
    assert ckpt.tensors["w"].problem.partition(":")[0] in ("corrupt", "out_of_bounds")


@pytest.mark.parametrize("second", [view("v", 1, 2), view("0", 0, 2)])
def test_that_views_that_disagree_are_marked(opened: Opener, second: bytes) -> None:
    object = op.list_of(tensor(storage(view=view("v", 0, 2)), 2), tensor(storage(view=second), 2))
    ckpt = opened(stream(object, {"0": stored(FOUR)}))
    assert [info.problem.partition(":")[0] for info in ckpt.tensors.values()] == ["", "corrupt"]


def test_that_a_storage_by_itself_is_listed(opened: Opener) -> None:
    ckpt = opened(stream(op.list_of(storage(), storage(view=view("v", 1, 2))), {"0": stored(FOUR)}))
    assert [getattr(value, "text", "") for value in ckpt.values.values()] == [
        "storage 0: 4 elements of float32 on cpu", "storage 0: 2 elements of float32 on cpu"]


# -- tensors and parameters of the first releases --------------------------------------------------------------------------


def old_tensor(of: bytes, cls: bytes = op.name("torch", "FloatTensor")) -> bytes:
    return op.build(op.reduce(cls), op.tuple_of(of, op.integer(1), op.integers(3), op.integers(1)))


@pytest.mark.parametrize(("value", "requires_grad"), [
    (old_tensor(storage()), False),
    (old_tensor(storage(), op.name("torch.cuda", "FloatTensor")), False),
    (op.build(op.name("torch", "FloatTensor") + op.EMPTY_TUPLE + b"\x81",
              op.tuple_of(storage(), op.integer(1), op.integers(3), op.integers(1))), False),
    (op.build(op.reduce(op.name("torch.nn.parameter", "Parameter"), old_tensor(storage())),
              op.tuple_of(op.TRUE, op.FALSE, op.NONE)), True),
    (op.build(op.reduce(op.name("torch.autograd.variable", "Variable"), tensor(storage(), 3, 1)),
              op.tuple_of(op.FALSE, op.FALSE, op.ordered_dict())), False),
    (op.build(op.name("torch.nn.parameter", "Parameter") + op.EMPTY_TUPLE + b"\x81",
              op.tuple_of(old_tensor(storage()), op.NONE, op.NONE, op.TRUE, op.FALSE)), True),
], ids=["build", "cuda", "newobj", "parameter", "variable", "parameter-of-five"])
def test_that_tensors_by_build_are_tensors(opened: Opener, value: bytes, requires_grad: bool) -> None:
    ckpt = opened(stream(op.dict_of({"w": value}), {"0": stored(FOUR)}))
    assert list(ckpt.tensors) == ["w"]
    found = ckpt.tensors["w"]
    assert (found.shape, found.stride, found.offset, found.dtype, found.requires_grad) == ((3,), (1,), 1, "float32", requires_grad)
    assert core.read_numpy(ckpt, "w").tolist() == [2, 3, 4]
    assert not ids(ckpt) & {"unknown-code", "computed-call"}


def parameter_of_five(data: bytes, gradient: bytes, requires_grad: bytes = op.TRUE) -> bytes:
    """As torch 0.1.5 wrote it: (data, gradient, hooks, requires_grad, volatile)."""
    return op.build(op.newobj(op.name("torch.nn.parameter", "Parameter")), op.tuple_of(data, gradient, op.NONE, requires_grad, op.FALSE))


@pytest.mark.parametrize("gradient", [
    old_tensor(storage("1")), tensor(storage("1"), 3, 1), parameter_of_five(old_tensor(storage("1")), op.NONE, op.FALSE),
    op.build(op.reduce(op.name("torch.autograd.variable", "Variable"), old_tensor(storage("1"))),
             op.tuple_of(op.FALSE, op.FALSE, op.NONE)),
], ids=["tensor", "rebuilt", "variable-of-five", "variable"])
def test_that_a_gradient_kept_beside_a_parameter_is_a_tensor_outside_the_state_dict(opened: Opener, gradient: bytes) -> None:
    ckpt = opened(stream(op.dict_of({"w": parameter_of_five(old_tensor(storage()), gradient), "b": tensor(storage("2"), 3, 1)}),
                         {"0": stored(FOUR), "1": stored(FOUR[::-1]), "2": stored(FOUR)}))
    assert {key: info.state_dict for key, info in ckpt.tensors.items()} == {"w": "", "w.grad": None, "b": ""}
    assert (ckpt.kind, ckpt.tensors["w"].requires_grad, ckpt.tensors["w.grad"].shape) == ("state-dict", True, (3,))
    assert core.read_numpy(ckpt, "w.grad").tobytes() == FOUR[::-1][4:]
    assert list(core.load_state_dict(ckpt)) == ["w", "b"]
    assert [model.parameters for model in core.describe(ckpt).models] == [6]


def test_that_a_gradient_has_a_gradient_of_its_own(opened: Opener) -> None:
    inner = parameter_of_five(old_tensor(storage("1")), parameter_of_five(old_tensor(storage("2")), op.NONE))
    ckpt = opened(stream(op.dict_of({"w": parameter_of_five(old_tensor(storage()), inner)}), {n: stored(FOUR) for n in "012"}))
    assert list(ckpt.tensors) == ["w", "w.grad", "w.grad.grad"]


@pytest.mark.parametrize("gradient", [op.integer(3), op.text("none"), op.EMPTY_DICT, op.build(old_tensor(storage("1")), op.EMPTY_DICT)])
def test_that_what_is_no_gradient_is_listed_as_what_it_is(opened: Opener, gradient: bytes) -> None:
    keys = {"0": stored(FOUR), "1": stored(FOUR)} if storage("1") in gradient else {"0": stored(FOUR)}
    ckpt = opened(stream(op.dict_of({"w": parameter_of_five(old_tensor(storage()), gradient)}), keys))
    assert list(ckpt.tensors) == ["w"]
    assert "w.grad" in ckpt.values


@pytest.mark.parametrize(("value", "requires_grad"), [
    (op.reduce(op.name("torch.nn.parameter", "Parameter"), tensor(storage(), 3, 1), op.TRUE), True),
    (op.reduce(op.name("torch.nn.parameter", "Parameter"), tensor(storage(), 3, 1), op.FALSE), False),
    (op.reduce(op.name("torch.nn.parameter", "Parameter"), old_tensor(storage())), True),
    (op.newobj(op.name("torch.nn.parameter", "Parameter"), tensor(storage(), 3, 1), op.FALSE), False),
], ids=["as-torch-0.4", "frozen", "default", "newobj"])
def test_that_a_parameter_made_of_its_tensor_is_what_torch_makes_of_it(opened: Opener, value: bytes, requires_grad: bool) -> None:
    ckpt = opened(stream(op.dict_of({"w": value}), {"0": stored(FOUR)}))
    theirs = torch.load(opened.path, weights_only=True)["w"]
    assert (list(ckpt.tensors), ckpt.tensors["w"].requires_grad, theirs.requires_grad) == (["w"], requires_grad, requires_grad)
    assert core.read_numpy(ckpt, "w").tolist() == theirs.tolist() == [2, 3, 4]


def test_that_torch_agrees_about_a_tensor_by_build(opened: Opener) -> None:
    opened(stream(op.dict_of({"w": old_tensor(storage())}), {"0": stored(FOUR)}))
    assert torch.load(opened.path, weights_only=True)["w"].tolist() == [2, 3, 4]


@pytest.mark.parametrize("value", [
    op.reduce(op.name("torch", "FloatTensor")), op.reduce(op.name("torch", "FloatTensor"), op.list_of(op.integer(1))),
    op.build(old_tensor(storage()), op.EMPTY_DICT), op.build(op.reduce(op.name("torch", "FloatTensor")), op.EMPTY_TUPLE),
    op.build(op.reduce(op.name("torch.nn.parameter", "Parameter"), op.NONE), op.tuple_of(op.TRUE, op.FALSE, op.NONE)),
    op.build(op.reduce(op.name("torch.nn.parameter", "Parameter"), old_tensor(storage())), op.tuple_of(op.NONE, op.FALSE, op.NONE)),
    op.reduce(op.name("torch.nn.parameter", "Parameter")),
])
def test_that_what_is_not_quite_such_a_tensor_stays_an_object(opened: Opener, value: bytes) -> None:
    ckpt = opened(stream(op.dict_of({"w": value}), {"0": stored(FOUR)} if storage() in value else {}))
    assert "w" not in ckpt.tensors
    assert isinstance(ckpt.values["w"], Opaque)


def test_that_hooks_of_an_old_parameter_are_listed(opened: Opener) -> None:
    value = op.build(op.reduce(op.name("torch.nn.parameter", "Parameter"), old_tensor(storage())),
                     op.tuple_of(op.TRUE, op.FALSE, op.pairs_into(op.ordered_dict(), [(op.integer(0), op.text("hook"))])))
    ckpt = opened(stream(op.dict_of({"w": value}), {"0": stored(FOUR)}))
    assert "hook" in ckpt.values.values()
    assert list(ckpt.tensors) == ["w"]


# -- what torch writes -----------------------------------------------------------------------------------------------------


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        yield path, value
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
    for key, inner in pairs:
        yield from leaves(inner, f"{path}.{key}" if path else str(key))


def digest(value: torch.Tensor) -> str:
    value = value.detach().resolve_conj().resolve_neg()
    raw = (value.int_repr() if value.is_quantized else value).contiguous().reshape(-1).view(torch.uint8)
    return hashlib.sha256(raw.numpy().tobytes()).hexdigest()


def agree(path: Path) -> Checkpoint:
    """What we say of the file, after comparing it with what torch says."""
    ckpt = core.open(path)
    assert ckpt.format == "torch-legacy"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = dict(leaves(torch.load(path, weights_only=True, map_location="cpu")))
    assert list(ckpt.tensors) == list(theirs)
    pairs = set()
    for key, expected in theirs.items():
        found = ckpt.tensors[key]
        assert (found.shape, found.stride, found.offset) == (tuple(expected.shape), expected.stride(), expected.storage_offset())
        assert (f"torch.{found.dtype}", found.requires_grad, found.problem) == (str(expected.dtype), expected.requires_grad, "")
        assert core.digest(ckpt, key) == digest(expected)
        if found.storage_nbytes:
            assert found.storage_nbytes == expected.untyped_storage().nbytes()
            pairs.add((found.storage, expected.untyped_storage().data_ptr()))
    assert len(pairs) == len({ours for ours, _ in pairs}) == len({its for _, its in pairs})
    return ckpt


def save(value: Any, path: Path, protocol: int = 2) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(value, path, pickle_protocol=protocol, _use_new_zipfile_serialization=False)


def samples() -> dict[str, Callable[[], Any]]:
    torch.manual_seed(0)
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    weight = torch.nn.Parameter(torch.randn(3, 2))
    return {
        "state-dict": lambda: torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4)).state_dict(),
        "training": training,
        "nested": lambda: {"a": [base, (base + 1, {"b": base.double()})], "n": 3, "t": "text", "none": None},
        "shared": lambda: {"x": base, "y": base, "z": base.view(-1)},
        "views": lambda: [base[1:], base[:, ::2], base.t(), base[2, 3], base[0:0], base.unfold(0, 2, 1), base.expand(2, 4, 6)],
        "parameters": lambda: {"w": weight, "tied": weight, "buffer": torch.nn.Parameter(base, requires_grad=False)},
        "empty": dict,
        "tensor": lambda: base,
        "scalars": lambda: [torch.tensor(3.5), torch.tensor(7), torch.zeros(0), torch.zeros(3, 0)],
        "quantized": lambda: {"q": torch.quantize_per_tensor(base, 0.5, 3, torch.qint8)},
    }


def training() -> dict[str, Any]:
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return {"epoch": 5, "model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict(), "loss": 0.5}


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
@pytest.mark.parametrize("name", list(samples()))
def test_that_torch_and_we_see_the_same(tmp_path: Path, name: str) -> None:
    save(samples()[name](), tmp_path / "x.pt")
    agree(tmp_path / "x.pt")


@pytest.mark.parametrize("protocol", [2, 3])
def test_that_torch_and_we_see_the_same_in_other_protocols(tmp_path: Path, protocol: int) -> None:
    save(samples()["nested"](), tmp_path / "x.pt", protocol)
    agree(tmp_path / "x.pt")


@pytest.mark.parametrize("protocol", [4, 5])
def test_that_protocols_that_torch_writes_and_reads_only_unsafely_are_read(tmp_path: Path, protocol: int) -> None:
    save(samples()["training"](), tmp_path / "x.pt", protocol)
    save(torch.load(tmp_path / "x.pt", weights_only=False), tmp_path / "again.pt")       # benign: written a line above
    ours, same = core.open(tmp_path / "x.pt"), agree(tmp_path / "again.pt")
    assert ours.facts["pickle_protocol"] == str(protocol)
    assert list(ours.tensors) == list(same.tensors)
    assert dict(ours.values) == dict(same.values)
    assert [core.digest(ours, key) for key in ours.tensors] == [core.digest(same, key) for key in same.tensors]


EVERY_DTYPE = [value for value in vars(torch).values() if isinstance(value, torch.dtype)]


@pytest.mark.filterwarnings("ignore")
def test_that_every_dtype_that_torch_saves_is_read(tmp_path: Path) -> None:
    seen = set()
    for dtype in sorted((dtype for dtype in set(EVERY_DTYPE) if not str(dtype).startswith("torch.q")), key=str):
        try:
            value = torch.zeros(5, dtype=torch.uint8).view(dtype) if dtype.itemsize == 1 else torch.arange(5).to(dtype)
            save({"x": value, "y": value[1:3]}, tmp_path / "x.pt")
            torch.load(tmp_path / "x.pt", weights_only=True)["x"].contiguous().view(torch.uint8)
        except (RuntimeError, NotImplementedError, TypeError, KeyError, AttributeError):
            continue
        agree(tmp_path / "x.pt")
        seen.add(dtype)
    assert seen >= {torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
                    torch.uint8, torch.bool, torch.complex64, torch.complex128}


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.uint16, torch.uint64])
def test_that_newer_dtypes_that_torch_saves_and_cannot_load_are_read(tmp_path: Path, dtype: torch.dtype) -> None:
    value = torch.arange(24, dtype=torch.uint8).view(dtype)
    save({"x": value, "y": value[1:3]}, tmp_path / "x.pt")
    ckpt = core.open(tmp_path / "x.pt")
    assert [(f"torch.{info.dtype}", info.problem) for info in ckpt.tensors.values()] == [(str(dtype), "")] * 2
    assert [core.digest(ckpt, key) for key in ckpt.tensors] == [digest(value), digest(value[1:3])]


def test_that_state_dict_metadata_is_kept(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(2))
    save(model.state_dict(), tmp_path / "x.pt")
    ckpt = agree(tmp_path / "x.pt")
    assert ckpt.kind == "state-dict"
    assert dict(ckpt.module_metadata[""]) == {"": {"version": 1}, "0": {"version": 2}}
    assert torch.equal(core.load_state_dict(tmp_path / "x.pt")["0.weight"], model[0].weight)


def test_that_a_whole_module_is_shown_without_its_class(tmp_path: Path) -> None:
    save(torch.nn.Sequential(torch.nn.Linear(2, 3)), tmp_path / "x.pt")
    ckpt = core.open(tmp_path / "x.pt")
    assert ckpt.kind == "module"
    assert [info.shape for info in ckpt.tensors.values()] == [(3, 2), (3,)]
    assert not ids(ckpt) & {"computed-call", "persistent-id"}
    assert "class Linear(Module)" in ckpt.facts["source of torch.nn.modules.linear.Linear"]


def test_that_keys_of_python_2_are_text(opened: Opener) -> None:
    def py2(text: str) -> bytes:
        return b"U" + bytes([len(text)]) + text.encode()

    of = op.tuple_of(py2("storage"), op.name("torch", "FloatStorage"), py2("0"), py2("cpu"), op.integer(4), op.NONE) + b"Q"
    head = (op.integer(MAGIC), op.integer(1001), op.dict_of(SYS_INFO), op.dict_of([(py2("w"), tensor(of))]), op.list_of(py2("0")))
    ckpt = opened(b"".join(map(op.pickled, head)) + stored(FOUR))
    assert core.read_numpy(ckpt, "w").tolist() == torch.load(opened.path, weights_only=True)["w"].tolist() == [1, 2, 3, 4]


# -- cost and damage -------------------------------------------------------------------------------------------------------


class Counting(SourceFile):
    """Keeps which bytes were read."""

    spans: list[tuple[int, int]]

    def read(self, offset: int, nbytes: int) -> bytes:
        self.spans.append((offset, nbytes))
        return super().read(offset, nbytes)


def counted(path: Path, limits: Limits | None = None) -> tuple[Checkpoint, list[tuple[int, int]]]:
    with open_source(path) as source:
        source.__class__ = Counting
        source.spans = []  # type: ignore[attr-defined]
        return torch_legacy.read(source, str(path), limits or Limits()), source.spans  # type: ignore[attr-defined]


def test_that_tensor_bytes_are_not_read(tmp_path: Path) -> None:
    save({f"w{n}": torch.zeros(2_000_000) for n in range(5)}, tmp_path / "x.pt")
    ckpt, spans = counted(tmp_path / "x.pt")
    assert len(ckpt.tensors) == 5
    assert sum(nbytes for _, nbytes in spans) < 2 << 20
    assert len(spans) < 10


def test_that_small_storages_are_not_asked_for_one_by_one(tmp_path: Path) -> None:
    save([torch.zeros(3) for _ in range(3000)], tmp_path / "x.pt")
    ckpt, spans = counted(tmp_path / "x.pt")
    assert len(ckpt.tensors) == 3000
    assert len(spans) < 20


def test_that_a_head_larger_than_the_first_block_is_read_in_growing_blocks(opened: Opener) -> None:
    rows = [(op.text(f"k{n}"), op.text("x" * 500)) for n in range(10_000)]
    content = stream(op.dict_of([*rows, (op.text("w"), tensor(storage()))]), {"0": stored(FOUR)}, tail=bytes(3 << 20))
    ckpt = opened(content)
    assert len(ckpt.values) == 10_000
    assert core.read_numpy(ckpt, "w").tolist() == [1, 2, 3, 4]
    assert {len(pickled.graph.data) for pickled in ckpt.pickles} == {max(pickled.graph.end for pickled in ckpt.pickles)}
    _, spans = counted(opened.path)
    assert len(spans) < 6


def test_that_a_length_beyond_the_end_is_not_looked_for(tmp_path: Path) -> None:
    head = b"".join(map(op.pickled, (op.integer(MAGIC), op.integer(1001), op.dict_of(SYS_INFO))))
    path = tmp_path / "x.pt"
    path.write_bytes(head + b"\x80\4\x8e" + struct.pack("<Q", 1 << 60))
    with path.open("r+b") as file:
        file.truncate(1 << 40)
    with open_source(path) as source:
        source.__class__ = Counting
        source.spans = []  # type: ignore[attr-defined]
        with pytest.raises(Truncated):
            torch_legacy.read(source, str(path))
        assert sum(nbytes for _, nbytes in source.spans) <= 2 << 20  # type: ignore[attr-defined]


def test_that_a_head_without_end_is_too_big(tmp_path: Path) -> None:
    head = b"".join(map(op.pickled, (op.integer(MAGIC), op.integer(1001), op.dict_of(SYS_INFO))))
    path = tmp_path / "x.pt"
    path.write_bytes(head + b"\x80\2" + op.text("x" * 3_000_000) + op.POP + op.text("y" * 3_000_000))
    with pytest.raises(TooBig), open_source(path) as source:
        torch_legacy.read(source, str(path), Limits(pickle_bytes=2 << 20))


def test_that_opcodes_are_counted_once_however_often_a_pickle_is_begun(opened: Opener) -> None:
    content = stream(op.list_of(*(op.text("x" * 1000) for _ in range(5000))), {})
    count = sum(len(pickled.graph) for pickled in opened(content).pickles)
    assert len(opened(content, Limits(opcodes=count + 60)).values) == 5000


@pytest.mark.parametrize("sample", ["training", "views"])
def test_that_a_file_cut_anywhere_is_told_to_be_cut(opened: Opener, tmp_path: Path, sample: str) -> None:
    save(samples()[sample](), tmp_path / "whole.pt")
    whole = (tmp_path / "whole.pt").read_bytes()
    for end in [*range(40, len(whole), 7), len(whole) - 1]:
        try:
            ckpt = opened(whole[:end])
        except Truncated:
            continue
        assert "truncated" in ids(ckpt)
        assert any(info.problem for info in ckpt.tensors.values())


def test_that_a_pickle_that_is_longer_than_a_small_first_block_is_decoded_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from inspector.core.formats.before_1_6 import pickle_stream
    (tmp_path / "x").write_bytes(b"\x80\x02](" + b"K\x01" * 50_000 + b"e." + bytes(1000))
    decoded: list[int] = []
    real = pickle_stream.decode
    monkeypatch.setattr(pickle_stream, "decode", lambda data, *some, **more: decoded.append(len(data)) or real(data, *some, **more))
    with open_source(tmp_path / "x") as source:
        graph = pickle_stream.PickleStream(source, 0, source.size, Limits(), QUIET, Budget(), 1000).decode(0, "x")
    assert graph.end == 100_006
    assert decoded == [1000, 101_006]


def test_that_a_block_may_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from inspector.core.formats.before_1_6 import pickle_stream
    from inspector.core.formats.before_1_6.pickle_stream import PickleStream
    monkeypatch.setattr(pickle_stream, "_SECOND", 0)        # or all that follows the first block would be one
    save(samples()["training"](), tmp_path / "x.pt")
    save(samples()["training"](), tmp_path / "y.pt", 4)
    for name in ("x.pt", "y.pt"):
        with open_source(tmp_path / name) as source:
            wanted = None
            for block in (1, 2, 3, 5, *range(20, 2000, 37)):
                stream = PickleStream(source, 0, source.size, Limits(), QUIET, Budget(), block)
                at, found = 0, []
                for _ in range(5):
                    graph = stream.decode(at, "x")
                    at = graph.end
                    found.append((bytes(graph.kind), graph.a.tolist(), graph.at.tolist(), graph.end))
                wanted = wanted or found
                assert found == wanted


@pytest.mark.parametrize("protocol", [2, 4])
def test_that_what_follows_is_read_while_a_pickle_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: int) -> None:
    from inspector.core.formats.before_1_6 import pickle_stream
    from inspector.core.formats.before_1_6.pickle_stream import PickleStream
    save({"counts": list(range(100_000)), "model": {f"layers.{n}.weight": torch.zeros(1) for n in range(5000)},
          "words": [{"name": [n]} for n in range(8000)]}, tmp_path / "x.pt", protocol)
    monkeypatch.setattr(pickle_stream, "_SECOND", 0)
    decoded: list[int] = []
    real = pickle_stream.decode
    monkeypatch.setattr(pickle_stream, "decode", lambda data, *some, **more: decoded.append(len(data)) or real(data, *some, **more))
    wanted = None
    with open_source(tmp_path / "x.pt") as source:
        for block in (source.size, 1 << 17, 270_001, 420_003):
            monkeypatch.setattr(pickle_stream, "HEAD", block)
            stream = PickleStream(source, 0, source.size, Limits(), QUIET, Budget(), block)
            at, found = 0, []
            for _ in range(5):
                graph = stream.decode(at, "x")
                at = graph.end
                found.append((bytes(graph.kind), graph.a, graph.b, graph.at, graph.operands, dict(graph.mutations), graph.names, graph.end))
            wanted = wanted or found
            assert found == wanted
            assert len(decoded) == 5, "nothing is decoded twice"
            decoded.clear()


def test_that_any_damage_gives_a_checkpoint_or_one_error(opened: Opener) -> None:
    rng = random.Random(5)
    object = op.dict_of({"a": tensor(storage("0")), "b": old_tensor(storage("1", view=view("9", 0, 4))),
                         "m": op.build(module_id("m", "Net") + op.EMPTY_TUPLE + b"\x81", op.EMPTY_DICT)})
    content = stream(object, {"0": stored(FOUR), "1": stored(FOUR)})
    outcomes: collections.Counter[str] = collections.Counter()
    for _ in range(1500):
        damaged = bytearray(content)
        for _ in range(rng.choice((1, 1, 2, 5))):
            at = rng.randrange(20, len(damaged))
            damaged[at:at + rng.choice((0, 1, 1, 4))] = rng.randbytes(rng.choice((0, 1, 1, 8)))
        try:
            ckpt = opened(bytes(damaged))
            for key, info in ckpt.tensors.items():
                if not info.problem:
                    core.read_numpy(ckpt, key)
            outcomes["opened"] += 1
        except InspectorError as error:
            outcomes[type(error).__name__ if error.hint else "no hint"] += 1
    assert not outcomes["no hint"]
    assert outcomes["opened"] > 100
    assert outcomes["Corrupt"] > 100


def test_that_the_corpus_agrees(corpus: Path) -> None:
    import json
    for name in ("c013", "c035", "c044", "c157", "c158", "c159"):
        path = next((corpus / "files").glob(f"{name}__*"))
        ckpt = core.open(path)
        theirs = json.loads((corpus / "truth" / f"{name}.json").read_text())["tensors"]
        assert [(info.key, list(info.shape), info.offset) for info in ckpt.tensors.values()] == [
            (its["path"], its["shape"], its["storage_offset"]) for its in theirs]
        assert [core.digest(ckpt, key) for key in ckpt.tensors] == [its["sha256"] for its in theirs]
