"""Weights of other programs: GGUF, ONNX and NumPy archives, written by hand field by field, whole and hostile."""
from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path
from typing import Any
from unittest import mock

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from inspector import core
from inspector.core.formats import npz
from inspector.core.formats.gguf import _Reading
from tests.builders import torch_zip

# -- GGUF -----------------------------------------------------------------------------------------------------------------------------


def every(ckpt: core.Checkpoint) -> list[tuple[str, core.Summary | core.BadTensor]]:
    return [*core.summarize_each(ckpt, list(ckpt.tensors))]


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def gguf(values: list[tuple[str, bytes]], tensors: list[tuple[str, tuple[int, ...], int, bytes]], alignment: int = 32) -> bytes:
    """`values` are (key, type and value, packed), `tensors` (name, shape, type, bytes)."""
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(values)) + b"".join(text(key) + value for key, value in values)
    offset, data = 0, b""
    for name, shape, kind, raw in tensors:
        head += text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape)) + struct.pack("<IQ", kind, offset)
        data += raw + bytes(-len(raw) % alignment)
        offset = len(data)
    return head + bytes(-len(head) % alignment) + data


VALUES = [("general.architecture", struct.pack("<I", 8) + text("llama")), ("llama.block_count", struct.pack("<II", 4, 7)),
          ("rope", struct.pack("<If", 6, 0.5)), ("flag", struct.pack("<I?", 7, True)), ("short", struct.pack("<IIQ3i", 9, 5, 3, 1, -2, 3)),
          ("tokens", struct.pack("<IIQ", 9, 8, 100) + b"".join(text(f"t{n}") for n in range(100))),
          ("scores", struct.pack("<IIQ", 9, 6, 500_000) + bytes(2_000_000)), ("empty", struct.pack("<IIQ", 9, 6, 0))]


def test_that_a_gguf_model_is_listed_with_its_values(tmp_path: Path) -> None:
    plain, half = np.arange(12, dtype=np.float32).reshape(3, 4), np.ones((2, 2), ml_dtypes.bfloat16)
    rng = np.random.default_rng(0)
    codes, scale = rng.integers(0, 16, 64), np.float16(0.25)
    rows = b"".join(scale.tobytes() + bytes(int(codes[32 * b + i]) | int(codes[32 * b + 16 + i]) << 4 for i in range(16)) for b in range(2))
    (tmp_path / "m.gguf").write_bytes(gguf(VALUES, [("a", (3, 4), 0, plain.tobytes()), ("b", (2, 2), 30, half.tobytes()),
                                                    ("q", (2, 32), 2, rows)]))
    ckpt = core.open(tmp_path / "m.gguf")
    assert (ckpt.format, ckpt.kind, ckpt.findings) == ("gguf", "state-dict", ())
    assert {key: value for key, value in ckpt.values.items() if not isinstance(value, core.Opaque)} == {
        "general.architecture": "llama", "llama.block_count": 7, "rope": 0.5, "flag": True, "short.0": 1, "short.1": -2, "short.2": 3,
        "empty": []}
    assert str(getattr(ckpt.values["tokens"], "text", "")).startswith("100 texts: t0, t1")
    assert core.read_numpy(ckpt, "a").tolist() == plain.tolist()
    assert {key: (info.shape, info.dtype) for key, info in ckpt.tensors.items()} == {
        "a": ((3, 4), "float32"), "b": ((2, 2), "bfloat16"), "q": ((2, 18), "uint8")}
    [found] = core.packed_tensors(ckpt).values()
    assert (found.name, found.shape, found.scheme, found.bits, found.bits_per_weight) == ("q", (2, 32), "gguf-q4_0", 4, 4.5)
    wanted = [[(int(codes[32 * b + i]) - 8) * 0.25 for i in range(32)] for b in range(2)]
    assert core.read_numpy(core.unpacked(ckpt), "q").tolist() == wanted
    core.save(core.edit(ckpt, [core.Dequantize("float32")]), tmp_path / "out.safetensors")
    assert core.read_numpy(tmp_path / "out.safetensors", "q").tolist() == wanted


@pytest.mark.parametrize("shape", [(160,), (5, 32), (1, 160), (5, 1, 32)], ids=str)
def test_that_blocks_are_read_whatever_dimensions_they_are_in(tmp_path: Path, shape: tuple[int, ...]) -> None:
    codes = np.arange(160, dtype=np.int8).reshape(5, 32) - 80
    rows = b"".join(np.float16(2.0 ** n).tobytes() + codes[n].tobytes() for n in range(5))
    (tmp_path / "m.gguf").write_bytes(gguf([], [("q", shape, 8, rows)]))
    plain = core.unpacked(tmp_path / "m.gguf")
    values = (codes * 2.0 ** np.arange(5)[:, None]).astype(np.float32).reshape(shape)
    assert np.array_equal(core.read_numpy(plain, "q"), values)
    assert np.array_equal(np.concatenate([*core.iter_chunks(plain, "q", 4 * 50)]), values.ravel())
    assert np.array_equal(plain["q"][..., 3:30], values[..., 3:30])
    assert core.summarize_tensor(plain, "q").min == values.min()


def test_that_blocks_of_a_gguf_model_keep_what_they_stand_for_in_safetensors(tmp_path: Path) -> None:
    rows = bytes(range(36))
    (tmp_path / "m.gguf").write_bytes(gguf([], [("a", (3,), 0, bytes(12)), ("q", (2, 32), 2, rows)]))
    plan = core.plan_save(tmp_path / "m.gguf", tmp_path / "out.safetensors")
    assert {loss.id for loss in plan.losses} <= {"python-value"}
    core.save(plan, allow_loss=True)
    assert load_file(tmp_path / "out.safetensors")["q"].numpy().tobytes() == rows
    extra = core.open(tmp_path / "out.safetensors").tensors["q"].extra
    assert extra is not None
    assert extra.header_fields == (("ggml_type", '"q4_0"'), ("ggml_shape", "[2, 32]"))
    *_, loss = core.plan_save(tmp_path / "m.gguf", tmp_path / "out.pth").losses
    assert loss.message == "Fields of 1 tensor have no place in a PyTorch file: ggml_type, ggml_shape."


def test_that_narrow_elements_of_an_onnx_model_can_be_saved_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(model(initializer("w", 22, (3,), block(9, b"\x21\x03"))))
    core.save(tmp_path / "m.onnx", tmp_path / "out.safetensors", allow_loss=True)
    assert load_file(tmp_path / "out.safetensors")["w"].tolist() == [0x21, 0x03]


GOOD = gguf(VALUES[:5], [("a", (3, 4), 0, bytes(48)), ("q", (2, 32), 2, bytes(36))])


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_that_a_damaged_gguf_model_is_refused_or_read_but_never_more(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    raw = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(4, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("g") / "m.gguf"
    path.write_bytes(raw[:data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw)
    try:
        ckpt = core.open(path)
    except core.InspectorError:
        return
    for _key, outcome in every(core.unpacked(ckpt)):
        assert isinstance(outcome, core.Summary | core.BadTensor)


def listed(path: Path) -> Any:
    try:
        ckpt = core.open(path)
    except core.InspectorError as error:
        return error.message, error.where
    return [*ckpt.tensors.values()], [*ckpt.storages.values()], ckpt.findings, ckpt.facts


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_that_rows_of_a_gguf_table_that_are_read_in_few_steps_are_what_they_are_byte_by_byte(
        data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    tensors = [(f"blk.{n}.\u00e9" * (n % 5 * 60), (2,) * (n % 6), n % 3 % 2, bytes(4)) for n in range(1, 40)]
    raw = bytearray(gguf([], tensors) + bytes(data.draw(st.sampled_from([0, 5_000]))))
    for _ in range(data.draw(st.integers(0, 2))):
        raw[data.draw(st.integers(24, 9_000))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("g") / "m.gguf"
    path.write_bytes(raw)
    few = listed(path)
    with mock.patch.object(_Reading, "row_in_window", return_value=None):
        assert few == listed(path)


@pytest.mark.parametrize(("raw", "said"), [
    (struct.pack("<4sIQQ", b"GGUF", 3, 1 << 60, 0), "more than"), (struct.pack("<4sIQQ", b"GGUF", 3, 0, 1 << 60), "more than"),
    (struct.pack("<4sIQQ", b"GGUF", 1, 0, 0), "version 1"), (struct.pack(">4sIQQ", b"GGUF", 3, 0, 0), "big-endian"),
    (gguf([("a", struct.pack("<IIQ", 9, 9, 1))], []), "array"), (gguf([("a", struct.pack("<I", 99))], []), "type 99"),
    (gguf([("a", struct.pack("<IIQ", 9, 8, 1 << 50))], []), "array"),
    (gguf([("general.alignment", struct.pack("<II", 4, 0))], []), "alignment"),
    (gguf([], [("a", (1,), 0, bytes(4)), ("a", (1,), 0, bytes(4))]), "twice"), (gguf([], [("a", (1,) * 40, 0, bytes(4))]), "dimensions"),
])
def test_that_gguf_tables_that_lie_are_refused_in_one_line(raw: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(raw + bytes(100))
    with pytest.raises(core.InspectorError, match=said):
        core.open(tmp_path / "m.gguf")


def test_that_many_values_of_one_name_are_one_finding_that_counts_them(tmp_path: Path) -> None:
    values = [(key, struct.pack("<IB", 0, n)) for n, key in enumerate(["a", "b", "a", "b", "b", "c"])]
    (tmp_path / "m.gguf").write_bytes(gguf(values, []) + bytes(64))
    ckpt = core.open(tmp_path / "m.gguf")
    [finding] = ckpt.findings
    assert (finding.id, finding.keys, dict(ckpt.values)) == ("duplicate-key", ("a", "b"), {"a": 0, "b": 1, "c": 5})
    assert "'a' is there more than once; the first is shown, and so is 1 other" in finding.message
    assert "llama.cpp refuses" in finding.hint


def test_that_arrays_are_listed_item_by_item_only_while_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.core.formats.gguf._ITEMS_IN_ALL", 5)
    (tmp_path / "m.gguf").write_bytes(gguf([(key, struct.pack("<IIQ3b", 9, 1, 3, 1, -2, 3)) for key in "abc"], []) + bytes(64))
    ckpt = core.open(tmp_path / "m.gguf")
    assert {key for key, value in ckpt.values.items() if not isinstance(value, core.Opaque)} == {"a.0", "a.1", "a.2"}
    assert [getattr(ckpt.values[key], "text", "") for key in "bc"] == ["3 numbers: 1, -2, 3"] * 2
    assert [(finding.id, "2 short arrays" in finding.message) for finding in ckpt.findings] == [("too-many-keys", True)]


def test_that_what_follows_the_tensors_of_a_gguf_model_is_told(tmp_path: Path) -> None:
    model = gguf([], [("a", (3, 2), 0, bytes(24)), ("b", (8,), 0, bytes(32))])
    file = tmp_path / "m.gguf"
    for content in (model, model + bytes(-len(model) % 32)):            # the last tensor filled up or not
        file.write_bytes(content)
        assert core.open(file).findings == ()
    file.write_bytes(model + bytes(-len(model) % 32) + b"more")
    found, = core.open(file).findings
    assert (found.id, found.message) == ("trailing", "4 bytes follow the last tensor, of none.")
    file.write_bytes(model + torch_zip(b"\x80\x02}."))
    with pytest.raises(core.Ambiguous, match="a zip archive follows the tensors"):
        core.open(file)


def test_that_a_tensor_of_a_gguf_model_in_the_bytes_of_another_is_refused(tmp_path: Path) -> None:
    model = gguf([], [("a", (3, 2), 0, bytes(24)), ("b", (8,), 0, bytes(32))])
    row = b"b" + struct.pack("<IQIQ", 1, 8, 0, 32)
    assert model.count(row) == 1
    (tmp_path / "m.gguf").write_bytes(model.replace(row, b"b" + struct.pack("<IQIQ", 1, 8, 0, 8)))
    with pytest.raises(core.Corrupt, match='tensor "b" overlaps "a"'):
        core.open(tmp_path / "m.gguf")
    (tmp_path / "m.gguf").write_bytes(model.replace(row, b"b" + struct.pack("<IQIQ", 1, 8, 99, 8)))     # whose size is not known
    assert core.open(tmp_path / "m.gguf").tensors["b"].problem


def test_that_tensors_of_a_gguf_model_where_llama_cpp_does_not_take_them_are_told(tmp_path: Path) -> None:
    model = gguf([], [("a", (3, 2), 0, bytes(24)), ("b", (8,), 0, bytes(32)), ("c", (8,), 0, bytes(32))])
    file = tmp_path / "m.gguf"
    for offset, told in ((32, []), (24, ["'b' first: at byte "]), (28, ["'b' first: at byte "])):          # in what fills the one before up
        file.write_bytes(model.replace(b"b" + struct.pack("<IQIQ", 1, 8, 0, 32), b"b" + struct.pack("<IQIQ", 1, 8, 0, offset)))
        findings = core.open(file).findings
        assert [finding.id for finding in findings] == ["misplaced"] * len(told)
        assert all(said in finding.message for finding, said in zip(findings, told, strict=True))
    behind_a_hole = model.replace(b"c" + struct.pack("<IQIQ", 1, 8, 0, 64), b"c" + struct.pack("<IQIQ", 1, 8, 0, 128)) + bytes(64)
    file.write_bytes(behind_a_hole)
    assert [(finding.id, finding.where) for finding in core.open(file).findings] == [("misplaced", "c")]
    file.write_bytes(gguf([("general.alignment", struct.pack("<II", 4, 48))], [("a", (12,), 0, bytes(48))], 48))
    assert [finding.id for finding in core.open(file).findings] == ["alignment"]


def test_that_tensors_beyond_the_end_of_a_gguf_model_say_so(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(GOOD[:-60])
    ckpt = core.open(tmp_path / "m.gguf")
    assert [finding.id for finding in ckpt.findings][:1] == ["truncated"]
    assert any(info.problem for info in ckpt.tensors.values())
    (tmp_path / "huge.gguf").write_bytes(gguf([], [("a", (1 << 40, 1 << 40), 0, bytes(4)), ("b", (1 << 62, 1 << 62), 2, bytes(4))]))
    for _key, outcome in every(core.unpacked(core.open(tmp_path / "huge.gguf"))):
        assert isinstance(outcome, core.BadTensor)


# -- ONNX -----------------------------------------------------------------------------------------------------------------------------

def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def block(field: int, content: bytes | str) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(raw)) + raw


def tensor(name: str, kind: int, shape: tuple[int, ...], *fields: bytes) -> bytes:
    return b"".join(number(1, size) for size in shape) + number(2, kind) + b"".join(fields) + (block(8, name) if name else b"")


def model(*parts: bytes, producer: str = "tests") -> bytes:
    return number(1, 8) + block(2, producer) + block(7, b"".join(parts) + block(2, "net")) + block(8, number(2, 17))


def initializer(*args: Any) -> bytes:
    return block(5, tensor(*args))


def test_that_the_initializers_of_an_onnx_model_are_tensors(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    raw, floats = rng.normal(size=(3, 4)).astype(np.float32), rng.normal(size=5).astype(np.float32)
    half = rng.normal(size=4).astype(np.float16)
    signed, long = np.array([-3, 7, -8], np.int8), np.array([1, -1, 1 << 40], np.int64)
    other, brain = rng.normal(size=2), rng.normal(size=3).astype(ml_dtypes.bfloat16)
    const = block(1, block(2, "made") + block(4, "Constant") + block(5, block(1, "value") + block(5, tensor(
        "", 1, (2,), block(9, bytes(8))))))
    ports = block(11, block(1, "x") + block(2, block(1, number(1, 1) + block(2, block(1, block(2, "batch")) + block(1, number(1, 4)))))) + \
        block(12, block(1, "y"))
    (tmp_path / "m.onnx").write_bytes(model(
        initializer("raw", 1, (3, 4), block(9, raw.tobytes())), initializer("floats", 1, (5,), block(4, floats.tobytes())),
        initializer("half", 10, (4,), block(5, b"".join(varint(int(x)) for x in half.view(np.uint16)))),
        initializer("brain", 16, (3,), *(number(5, int(x)) for x in brain.view(np.uint16))),
        initializer("signed", 3, (3,), block(5, b"".join(varint(int(x)) for x in signed))),
        initializer("long", 7, (3,), block(7, b"".join(varint(int(x)) for x in long))),
        initializer("other", 11, (2,), block(10, other.tobytes())),
        initializer("four", 22, (5,), block(9, bytes([0x2F, 0x87, 0x01]))), initializer("words", 8, (1,), block(6, "text")),
        const, ports, block(1, block(4, "Conv"))))
    ckpt = core.open(tmp_path / "m.onnx")
    assert (ckpt.format, ckpt.findings) == ("onnx", ())
    for key, array in {"raw": raw, "floats": floats, "half": half, "brain": brain, "signed": signed, "long": long, "other": other,
                       "made": np.zeros(2, np.float32)}.items():
        found = core.read_numpy(ckpt, key)
        assert (found.dtype, found.tolist()) == (array.dtype, array.tolist()), key
    assert core.read_numpy(core.unpacked(ckpt), "four").tolist() == [-1, 2, 7, -8, 1]
    assert {key: value for key, value in ckpt.values.items() if key != "words"} == {
        "model.ir_version": 8, "model.producer": "tests", "graph.name": "net", "opset.ai.onnx": 17, "inputs.x": "float32 [batch, 4]",
        "outputs.y": "", "operators.Constant": 1, "operators.Conv": 1}
    core.save(core.edit(ckpt, [core.Dequantize("float32")]), tmp_path / "out.safetensors")
    assert core.read_numpy(tmp_path / "out.safetensors", "raw").tolist() == raw.tolist()


NARROW = {21: ("uint4", 4, range(16)), 22: ("int4", 4, [*range(8), *range(-8, 0)]), 25: ("uint2", 2, range(4)),
          26: ("int2", 2, (0, 1, -2, -1)), 23: ("float4_e2m1fn", 4, None), 27: ("float6_e2m3fn", 6, None), 28: ("float6_e3m2fn", 6, None)}


@pytest.mark.parametrize("kind", NARROW)
@pytest.mark.parametrize("count", [1, 4, 5, 23])
@pytest.mark.parametrize("spelled", [False, True])
def test_that_elements_narrower_than_a_byte_are_those_of_their_codes(kind: int, count: int, spelled: bool, tmp_path: Path) -> None:
    """As onnx.proto has them: low bits first; spelled as numbers a byte each of 4 and 2 bits, but one code each of 6."""
    name, bits, values = NARROW[kind]
    codes = np.random.default_rng(count).integers(0, 1 << bits, count)
    packed = sum(int(code) << bits * n for n, code in enumerate(codes)).to_bytes(-(-count * bits // 8), "little")
    field = block(5, b"".join(map(varint, codes.tolist() if bits == 6 else packed))) if spelled else block(9, packed)
    (tmp_path / "m.onnx").write_bytes(model(initializer("w", kind, (count,), field)))
    ckpt = core.open(tmp_path / "m.onnx")
    [found] = core.packed_tensors(ckpt).values()
    assert (found.dtype, found.bits, found.shape, found.problem) == (name.removesuffix("fn"), bits, (count,), "")
    wanted = np.array(values)[codes] if values is not None else codes.astype(np.uint8).view(getattr(ml_dtypes, name)).astype(np.float32)
    assert core.read_numpy(core.unpacked(ckpt), "w").tolist() == wanted.tolist()


def test_that_an_onnx_model_is_compared_with_the_checkpoint_it_was_exported_from(tmp_path: Path) -> None:
    weights = {"fc.weight": torch.randn(4, 3), "fc.bias": torch.randn(4)}
    torch.save(weights, tmp_path / "m.pth")
    parts = [initializer(key, 1, tuple(value.shape), block(9, value.numpy().tobytes())) for key, value in weights.items()]
    (tmp_path / "m.onnx").write_bytes(model(*parts))
    assert core.compare(tmp_path / "m.onnx", tmp_path / "m.pth").verdict.id == "same-weights"
    sparse = block(15, block(1, tensor("thin", 1, (2,), block(9, bytes(8)))) + number(3, 9))
    (tmp_path / "m.onnx").write_bytes(model(*parts, sparse))
    [finding] = core.open(tmp_path / "m.onnx").findings
    assert (finding.id, finding.level, finding.message) == ("sparse", "info", "A sparse initializer is not shown.")
    core.save(core.edit(tmp_path / "m.onnx", [core.Dequantize("float32")]), tmp_path / "out.safetensors")
    assert core.digest_of(tmp_path / "out.safetensors") == core.digest_of(tmp_path / "m.pth")


def dequantize(name: str, *inputs: str, **numbers: int) -> bytes:
    attributes = b"".join(block(5, block(1, key) + number(3, value)) for key, value in numbers.items())
    return block(1, b"".join(block(1, one) for one in inputs) + block(2, name) + block(4, "DequantizeLinear") + attributes)


def test_that_of_a_field_given_twice_the_last_counts_as_in_all_of_protobuf(tmp_path: Path) -> None:
    first, last = np.ones(2, np.float32).tobytes(), np.float32([3, 4]).tobytes()
    (tmp_path / "m.onnx").write_bytes(model(initializer("v", 1, (2,), block(9, first), block(8, "w"), block(9, last))))
    ckpt = core.open(tmp_path / "m.onnx")
    assert {key: core.read_numpy(ckpt, key).tolist() for key in ckpt.tensors} == {"v": [3, 4]}


@pytest.mark.parametrize(("shape", "axis", "size", "kind"), [
    ((4, 6), 0, 0, 3), ((4, 6), 1, 0, 3), ((4, 6), -1, 3, 3), ((4, 6), 0, 2, 2), ((2, 3, 4), 1, 0, 2), ((4, 6), None, 0, 3),
    ((3, 4), 1, 2, 22), ((3, 5), 0, 0, 21), ((4, 3), 1, 0, 21), ((2, 5, 3), 1, 0, 22), ((2, 7), -1, 0, 22)])
def test_that_dequantize_linear_of_initializers_is_a_packed_tensor(shape: tuple[int, ...], axis: int | None, size: int, kind: int,
                                                                   tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    low, high = {3: (-128, 128), 2: (0, 256), 22: (-8, 8), 21: (0, 16)}[kind]
    codes = rng.integers(low, high, shape)
    form = list(shape)
    if axis is None:
        form = []
    elif size:
        form[axis] = -(-shape[axis] // size)
    else:
        form = [shape[axis]]
    scales, zeros = rng.uniform(0.1, 1, form).astype(np.float32), rng.integers(low, high, form)

    def of(table: Any) -> Any:
        if axis is None:
            return table
        if size:
            return np.repeat(table, size, axis)
        return np.reshape(table, [shape[axis] if d == axis % len(shape) else 1 for d in range(len(shape))])

    wanted = (codes - of(zeros)).astype(np.float32) * of(scales)

    def raw(array: Any) -> bytes:
        flat = np.ravel(array)
        if kind < 20:
            return flat.astype(np.int8 if kind == 3 else np.uint8).tobytes()
        flat = np.append(flat, np.zeros(flat.size % 2, flat.dtype)) & 15
        return (flat[0::2] | flat[1::2] << 4).astype(np.uint8).tobytes()

    numbers = {} if axis is None else {"axis": axis, **({"block_size": size} if size else {})}
    (tmp_path / "m.onnx").write_bytes(model(
        initializer("q", kind, shape, block(9, raw(codes))), initializer("s", 1, tuple(form), block(9, scales.tobytes())),
        initializer("z", kind, tuple(form), block(9, raw(zeros))), dequantize("w", "q", "s", "z", **numbers)))
    ckpt = core.open(tmp_path / "m.onnx")
    found = core.packed_tensors(ckpt)["w"]
    assert (found.scheme, found.shape, found.problem) == ("onnx-qdq", shape, "")
    assert found.parts == {"data": "q", "scale": "s", "zero_point": "z"}
    assert np.array_equal(core.read_numpy(core.unpacked(ckpt), "w"), wanted)


def external(name: str, location: str, offset: str = "16", length: str = "24") -> bytes:
    said = {"location": location, "offset": offset, "length": length}
    pairs = [block(13, block(1, key) + block(2, value)) for key, value in said.items()]
    return initializer(name, 1, (6,), *pairs, number(14, 1))


def test_that_external_data_is_found_by_a_detour_once(tmp_path: Path) -> None:
    array = np.arange(6, dtype=np.float32)
    (tmp_path / "w.bin").write_bytes(bytes(16) + array.tobytes())
    (tmp_path / "m.onnx").write_bytes(model(*(external(name, name) for name in ("w.bin", "./w.bin", "sub/../w.bin", ".\\w.bin"))))
    ckpt = core.open(tmp_path / "m.onnx")
    assert len(ckpt.files) == 2
    assert [core.read_numpy(ckpt, key).tolist() for key in ckpt.tensors] == [array.tolist()] * 4


def test_that_external_data_behind_a_link_out_of_the_folder_is_read_when_somebody_agrees(tmp_path: Path) -> None:
    array = np.arange(6, dtype=np.float32)
    (tmp_path / "elsewhere.bin").write_bytes(bytes(16) + array.tobytes())
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "w.bin").symlink_to(tmp_path / "elsewhere.bin")
    path = tmp_path / "model" / "m.onnx"
    path.write_bytes(model(external("w", "w.bin")))
    with pytest.raises(core.Unsupported) as caught:
        core.open(path)
    assert caught.value.id == "outside_folder"
    ckpt = core.open(path, follow_links=True)
    assert [finding.id for finding in ckpt.findings] == ["outside_folder"]
    assert core.read_numpy(ckpt, "w").tolist() == array.tolist()


def test_that_external_data_is_read_from_the_models_folder_only(tmp_path: Path) -> None:
    array = np.arange(6, dtype=np.float32)
    (tmp_path / "w.bin").write_bytes(bytes(16) + array.tobytes())
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "w.bin").write_bytes(bytes(16) + array.tobytes())
    path = tmp_path / "model" / "m.onnx"
    path.write_bytes(model(external("here", "w.bin"), external("up", "../w.bin"), external("root", str(tmp_path / "w.bin")),
                           external("none", "gone.bin"), external("short", "w.bin", "17"), external("odd", "w.bin", "0", "23"),
                           external("text", "w.bin", "-1"), external("drive", "C:/w.bin"), external("square", "w.bin", "\u00b2"),
                           external("huge", "w.bin", "9" * 5000), external("indic", "w.bin", "16", "\u0662\u0664")))
    ckpt = core.open(path)
    assert core.read_numpy(ckpt, "here").tolist() == array.tolist()
    assert all(ckpt.tensors[key].problem for key in ckpt.tensors if key != "here")
    assert {finding.id for finding in ckpt.findings} >= {"path-traversal"}
    (tmp_path / "model" / "w.bin").write_bytes(bytes(100))
    with pytest.raises(core.Changed):
        core.read_numpy(ckpt, "here")


ONNX = model(initializer("a", 1, (2, 2), block(9, bytes(16))), initializer("q", 3, (4,), block(5, bytes(4))), dequantize("w", "q", "a"))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_that_a_damaged_onnx_model_is_refused_or_read_but_never_more(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    raw = bytearray(ONNX)
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(2, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("o") / "m.onnx"
    path.write_bytes(raw[:data.draw(st.integers(8, len(raw)))] if data.draw(st.booleans()) else raw)
    try:
        ckpt = core.open(path)
    except core.InspectorError:
        return
    for _key, outcome in every(core.unpacked(ckpt)):
        assert isinstance(outcome, core.Summary | core.BadTensor)


def test_that_what_is_left_out_of_an_onnx_model_is_one_finding_a_kind(tmp_path: Path) -> None:
    outside = [block(5, number(2, 1) + block(8, f"w{n}") + block(13, block(1, "location") + block(2, f"/etc/{n}")) + number(14, 1))
               for n in range(3)]
    sound = initializer("a", 1, (1,), block(9, bytes(4)))
    (tmp_path / "m.onnx").write_bytes(model(sound, sound, sound, *outside))
    found = {finding.id: finding.message for finding in core.open(tmp_path / "m.onnx").findings}
    assert found["duplicate-key"].endswith("it is left out, and so is 1 other.")
    assert "'/etc/0'" in found["path-traversal"]
    assert found["path-traversal"].endswith("it is not opened, nor are 2 others.")


@pytest.mark.parametrize("packed", [True, False])
def test_that_no_tensor_of_an_onnx_model_has_thousands_of_dimensions(packed: bool, tmp_path: Path) -> None:
    dims = block(1, b"\1" * 5000) if packed else number(1, 1) * 5000
    (tmp_path / "m.onnx").write_bytes(model(block(5, dims + number(2, 1) + block(8, "w") + block(9, bytes(4)))))
    with pytest.raises(core.TooBig, match=r"^[^\n]*$"):
        core.open(tmp_path / "m.onnx")


def test_that_messages_cannot_be_made_to_take_long(tmp_path: Path) -> None:
    deep = b""
    for _ in range(2000):
        deep = block(7, deep)
    huge = block(5, number(1, 1 << 62) + number(1, 1 << 62) + number(2, 1) + block(8, "a"))
    for raw in (number(1, 8) + deep, number(1, 8) + block(7, huge),
                number(1, 8) + block(7, b"\xff" * 40), number(1, 8) + varint(7 << 3 | 2) + varint(1 << 60)):
        (tmp_path / "m.onnx").write_bytes(raw)
        try:
            ckpt = core.open(tmp_path / "m.onnx")
        except core.InspectorError:
            continue
        assert all(info.problem for info in ckpt.tensors.values())


# -- npz ------------------------------------------------------------------------------------------------------------------------------


def test_that_arrays_whose_names_differ_in_case_are_told_apart_as_numpy_does(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", W=np.ones(2), w=np.zeros(3), U=np.arange(4.0), u=np.arange(5.0))
    ckpt = core.open(tmp_path / "a.npz")
    assert {key: ckpt[key].numpy().tolist() for key in ckpt} == {key: array.tolist() for key, array in np.load(tmp_path / "a.npz").items()}
    core.save(ckpt, tmp_path / "b.safetensors")
    assert load_file(tmp_path / "b.safetensors")["w"].tolist() == [0, 0, 0]
    with zipfile.ZipFile(tmp_path / "twice.npz", "w") as archive:
        archive.write(tmp_path / "a.npz", "w.npy")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.write(tmp_path / "b.safetensors", "w.npy")
    with pytest.raises(core.InspectorError, match="are named the same"):
        core.open(tmp_path / "twice.npz")



@pytest.mark.parametrize("compressed", [False, True])
def test_that_arrays_of_numpy_are_tensors(compressed: bool, tmp_path: Path) -> None:
    arrays: dict[str, Any] = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "big": np.arange(3, dtype=">f8"), "flag": np.array(True),
                              "f": np.asfortranarray(np.arange(6, dtype=np.int64).reshape(2, 3)), "inner/c": np.ones(2, np.complex64),
                              "none": np.zeros((0, 4), np.int16)}
    (np.savez_compressed if compressed else np.savez)(tmp_path / "a.npz", words=np.array(["x"]), **arrays)
    ckpt = core.open(tmp_path / "a.npz")
    assert (ckpt.format, list(ckpt.tensors)) == ("npz", [*arrays])
    for key, array in arrays.items():
        found = core.read_numpy(ckpt, key)
        assert (found.shape, found.tolist()) == (array.shape, array.tolist()), key
    assert isinstance(ckpt.values["words"], core.Opaque)
    core.save(core.edit(ckpt, [core.Drop("words")]), tmp_path / "out.safetensors")
    assert core.read_numpy(tmp_path / "out.safetensors", "f").tolist() == arrays["f"].tolist()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("more", [64, 3])
def test_that_bytes_after_an_array_do_not_spoil_what_is_saved_of_it(more: int, order: str, tmp_path: Path) -> None:
    import io
    array, raw = np.arange(6, dtype=f"{order}f8").reshape(2, 3), io.BytesIO()
    np.save(raw, array)
    np.save(tmp_path / "n.npy", np.asfortranarray(np.arange(4, dtype="<i4").reshape(2, 2)))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("w.npy", raw.getvalue() + bytes(more))
        archive.writestr("n.npy", (tmp_path / "n.npy").read_bytes())
    assert np.load(tmp_path / "a.npz")["w"].tolist() == array.tolist()
    for name, legacy in (("out.pth", False), ("old.pth", True)):
        edited = core.edit(tmp_path / "a.npz", [core.Copy("w", "tied")])
        core.save(core.plan_save(edited, tmp_path / name, format="torch-legacy" if legacy else None))
        found = torch.load(tmp_path / name)
        assert found["w"].tolist() == found["tied"].tolist() == array.tolist()
        assert found["n"].tolist() == [[0, 1], [2, 3]]
        assert [(value.storage_offset(), value.untyped_storage().nbytes()) for value in found.values()] == [(0, 48), (0, 16), (0, 48)]
        assert found["w"].data_ptr() == found["tied"].data_ptr()        # and no header of numpy's in the file
        assert not [one for one in core.open(tmp_path / name).findings if one.level != "info"]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("format", ["torch-zip", "torch-legacy"])
def test_that_arrays_are_saved_as_a_pytorch_file_though_nothing_is_edited(save: Any, format: str, tmp_path: Path) -> None:
    arrays = {"w": np.arange(12, dtype=">f4").reshape(3, 4), "f": np.asfortranarray(np.ones((2, 3))), "s": np.int64(3)}
    save(tmp_path / "a.npz", **arrays)
    core.save(core.open(tmp_path / "a.npz"), tmp_path / "out.pth", format=format)
    assert {key: value.tolist() for key, value in torch.load(tmp_path / "out.pth").items()} \
        == {key: value.tolist() for key, value in arrays.items()}


NEGATIVE = b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}".ljust(63)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\1\0", b"\x93NUMPY\1\0\xff\xff{", b"hello", b"\x93NUMPY\1\0\x40\0" + NEGATIVE + b"\n"])
def test_that_an_array_that_is_none_is_a_finding(content: bytes, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", good=np.ones(2), words=np.array(["a"]), objects=np.array([{}]))
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive:
        archive.writestr("bad.npy", content)
    found, = core.open(tmp_path / "a.npz").findings
    assert (found.id, found.level, found.keys) == ("bad-member", "danger", ("bad",))


def test_that_members_beside_the_arrays_are_told_and_the_arrays_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", w=np.ones(2), u=np.arange(3))
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive:
        archive.writestr("meta.json", "{}")
        archive.writestr("model.pth", b"\x80\x02}.")
        archive.writestr("v", archive.read("u.npy"))                    # numpy goes by how it begins
        archive.writestr("w", b"raw")
    ckpt, theirs = core.open(tmp_path / "a.npz"), np.load(tmp_path / "a.npz")
    assert {key: ckpt[key].numpy().tolist() for key in ckpt} == {key: theirs[key].tolist() for key in ("w.npy", "u", "v")}
    assert list(ckpt.values) == ["meta.json", "model.pth", "w"]
    found, = ckpt.findings
    assert (found.id, found.keys, found.members) == ("other-members", ("meta.json", "model.pth", "w"), ("model.pth",))
    with pytest.raises(core.InspectorError, match=r"meta\.json"):
        core.save(ckpt, tmp_path / "out.safetensors")
    with zipfile.ZipFile(tmp_path / "weights.zip", "w") as archive:     # a checkpoint with some array beside it is none of these
        archive.write(tmp_path / "a.npz", "model.pth")
        archive.write(tmp_path / "a.npz", "mean.npy")
    with pytest.raises(core.InspectorError, match=r"holds model\.pth, mean\.npy"):
        core.open(tmp_path / "weights.zip")


def test_that_an_array_that_packs_as_a_bomb_does_is_read_up_to_a_bound_and_described_beyond(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "a.npz", zeros=np.zeros((5_000, 1_000), np.float32), w=np.ones(2))
    assert core.summarize(core.open(tmp_path / "a.npz"), ["zeros"])["zeros"].zeros == 5_000_000
    monkeypatch.setattr(npz, "_PACKED_WELL", 1 << 24)
    ckpt = core.open(tmp_path / "a.npz")
    assert (ckpt.tensors["zeros"].shape, ckpt["w"].numpy().tolist()) == ((5_000, 1_000), [1, 1])
    with pytest.raises(core.BadTensor, match="as in a zip bomb"):
        core.summarize(ckpt, ["zeros"])


def test_that_whatever_space_stands_between_the_sizes_of_an_array_they_are_read(tmp_path: Path) -> None:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2L,\t1\x1c, 3 \n), }"
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", len(header)) + header + bytes(24))
    assert core.open(tmp_path / "a.npz").tensors["a"].shape == (2, 1, 3)


def test_that_arrays_of_objects_stay_shut(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.array([{"b": 1}], dtype=object), s=np.zeros(2, [("x", "f4")]), w=np.ones(1))
    ckpt = core.open(tmp_path / "a.npz")
    assert list(ckpt.tensors) == ["w"]
    assert {key: getattr(value, "text", "") for key, value in ckpt.values.items()} == {
        "a": "Python objects, which are a pickle", "s": "a structured array"}


@pytest.mark.parametrize("header", [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }", "{'descr': '<f4', 'shape': (1,)}", "", "{",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }" + "x" * 70_000,
    *(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({sizes}), }}" for sizes in
      ("L,", "1L2,", "1 2,", ",", "9" * 5_000, "\u0663,"))])
def test_that_headers_that_lie_give_no_numbers(header: str, tmp_path: Path) -> None:
    raw = b"\x93NUMPY\x02\x00" + struct.pack("<I", len(header)) + header.encode() + bytes(16)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", raw)
    ckpt = core.open(tmp_path / "a.npz")
    assert "a" in ckpt.values or ckpt.tensors["a"].problem
    assert json.dumps(core.to_json(dict(ckpt.values))) is not None


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_that_arrays_are_listed_together_as_they_are_one_by_one(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("z") / "a.npz"
    sizes = data.draw(st.lists(st.sampled_from((0, 1, 3, 200, 300)), min_size=1, max_size=6))
    save = np.savez_compressed if data.draw(st.booleans()) else np.savez
    save(path, **{f"k{n}": np.zeros(size, np.float32) for n, size in enumerate(sizes)})
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw)

    def listed() -> object:
        try:
            ckpt = core.open(path)
        except core.InspectorError as error:
            return error.message
        return dict(ckpt.tensors), dict(ckpt.values), dict(ckpt.storages), ckpt.findings
    together = listed()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(npz, "read_neighbours", lambda read, size, pieces, right: ([None] * len(pieces), set()))
        assert listed() == together
