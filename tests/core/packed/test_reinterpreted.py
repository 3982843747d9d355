"""Stored bytes taken for elements of another type and shape: equal to what torch, numpy and ml_dtypes make of the same bytes."""
from __future__ import annotations

import tempfile
from pathlib import Path
from types import MappingProxyType
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core
from tests.core.formats.sets.zero_folders import make, write
from tests.core.packed import packing

Array = np.ndarray[Any, Any]
BYTES = np.random.default_rng(0).integers(0, 256, (6, 48), dtype=np.uint8)
PLAIN = {"f32": "float32", "f16": "float16", "i8": "int8", "int16": "int16", "U16": "uint16", "torch.int32": "int32", "i64": "int64",
         "u64": "uint64"}
EXTENDED = {"bf16": "bfloat16", "e4m3": "float8_e4m3fn", "float8_e5m2": "float8_e5m2", "e4m3fnuz": "float8_e4m3fnuz",
            "e8m0": "float8_e8m0fnu"}
SMALL = {"fp4": "float4_e2m1fn", "e2m3": "float6_e2m3fn", "e3m2": "float6_e3m2fn"}


def ckpt_of(array: Array, folder: Path) -> core.Checkpoint:
    core.save({"w": array}, folder / "a.pth")
    return core.open(folder / "a.pth")


def codes(data: Array, bits: int, high: bool = False) -> Array:
    """A run of bytes as codes, a bit at a time."""
    flat = np.unpackbits(data.reshape(-1), bitorder="big" if high else "little")
    flat = flat[:len(flat) // bits * bits].reshape(-1, bits)
    weights = 1 << np.arange(bits)
    return flat @ (weights[::-1] if high else weights)


@pytest.mark.parametrize("name", PLAIN)
def test_that_whole_bytes_are_those_of_a_view(name: str, tmp_path: Path) -> None:
    seen = core.reinterpret(ckpt_of(BYTES, tmp_path), "w", name)
    assert seen.tensors["w"].dtype == PLAIN[name]
    np.testing.assert_array_equal(seen["w"].numpy(), BYTES.view(PLAIN[name]))


@pytest.mark.parametrize("name", EXTENDED)
def test_that_small_floats_are_those_of_ml_dtypes(name: str, tmp_path: Path) -> None:
    seen = core.reinterpret(ckpt_of(BYTES, tmp_path), "w", name)
    wanted = BYTES.view(getattr(ml_dtypes, EXTENDED[name]))
    np.testing.assert_array_equal(seen["w"].numpy().astype(np.float32), wanted.astype(np.float32))


@pytest.mark.parametrize("bits", range(1, 8))
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("stored", ["u1", "<i4", "<f8"])
def test_that_integers_of_few_bits_are_those_of_the_bits(bits: int, signed: bool, stored: str, tmp_path: Path) -> None:
    name = f"{'i' if signed else 'u'}{bits}"
    if name == "i1":
        return
    wanted = codes(BYTES, bits)
    wanted = np.where(wanted >> (bits - 1), wanted - (1 << bits), wanted) if signed else wanted
    seen = core.reinterpret(ckpt_of(BYTES.view(stored), tmp_path), "w", name, (BYTES.size * 8 // bits,))
    np.testing.assert_array_equal(seen["w"].numpy(), wanted)
    np.testing.assert_array_equal(seen["w"][5:40:3], wanted[5:40:3])


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_that_the_first_may_be_in_the_high_bits(bits: int, tmp_path: Path) -> None:
    ckpt = ckpt_of(BYTES, tmp_path)
    np.testing.assert_array_equal(core.reinterpret(ckpt, "w", f"u{bits}-high")["w"].numpy().ravel(), codes(BYTES, bits, high=True))
    np.testing.assert_array_equal(core.reinterpret(ckpt, "w", f"u{bits}-low")["w"].numpy().ravel(), codes(BYTES, bits))


@pytest.mark.parametrize("name", SMALL)
def test_that_floats_of_4_and_6_bits_are_those_of_ml_dtypes(name: str, tmp_path: Path) -> None:
    kind = np.dtype(getattr(ml_dtypes, SMALL[name]))
    bits = 4 if name == "fp4" else 6
    wanted = codes(BYTES, bits).astype(np.uint8).view(kind).astype(np.float32)
    seen = core.reinterpret(ckpt_of(BYTES, tmp_path), "w", name, (-1,))
    np.testing.assert_array_equal(seen["w"].numpy(), wanted)
    assert np.signbit(seen["w"].numpy()).tolist() == np.signbit(wanted).tolist()


def test_that_codebooks_are_those_of_bitsandbytes(tmp_path: Path) -> None:
    data = np.arange(16, dtype=np.uint8).reshape(2, 8) * 17
    ckpt = ckpt_of(data, tmp_path)
    nf4 = core.reinterpret(ckpt, "w", "nf4")["w"].numpy().ravel()[::2]
    assert nf4[[0, 7, 15]].tolist() == [-1.0, 0.0, 1.0]
    # the values between which a standard normal distribution is cut into areas of one size, which is how the table is made
    assert np.all(np.diff(nf4) > 0)
    assert abs(nf4[1] + 0.6961928009986877) < 1e-7
    fp4 = core.reinterpret(ckpt, "w", "bnb-fp4")["w"].numpy().ravel()[::2]
    np.testing.assert_allclose(fp4[:8] * 12, [0, 0.0625, 8, 12, 4, 6, 2, 3], rtol=1e-6)
    np.testing.assert_array_equal(fp4[8:], -fp4[:8])
    first = core.reinterpret(ckpt_of(np.array([0xF0], np.uint8), tmp_path), "w", "nf4")["w"].numpy()
    assert first.tolist() == [1.0, -1.0]                # bitsandbytes' first is in the high nibble


def test_that_a_shape_may_be_given_in_any_way_people_write_it(tmp_path: Path) -> None:
    ckpt = ckpt_of(BYTES, tmp_path)
    wanted = BYTES.view(np.float32).reshape(8, 9)
    for text in ("f32:8x9", "f32:[8, 9]", "f32:(8,9)", "f32:-1x9", "f32:8,-1"):
        np.testing.assert_array_equal(core.reinterpret(ckpt, "w", text)["w"].numpy(), wanted)
    np.testing.assert_array_equal(core.reinterpret(ckpt, "w", "f32", (8, 9))["w"].numpy(), wanted)


def test_that_a_last_byte_need_not_be_full(tmp_path: Path) -> None:
    ckpt = ckpt_of(np.array([0x21, 0x43, 0x65], np.uint8), tmp_path)
    assert core.reinterpret(ckpt, "w", "u4:5")["w"].numpy().tolist() == [1, 2, 3, 4, 5]


REFUSED = [("f32:7x9", "288 bytes"), ("f32:5x-1", "no multiple"), ("f32:-1x-1", "no shape"), ("f32:-2x3", "no shape"),
           ("f32:9x", "no shape"),
           ("f32:0x-1", "multiple"), ("bool", "no type"), ("qint8", "no type"), ("int1", "no type"), ("u0", "no type"), ("u9", "no type"),
           ("object", "no type"), ("", "no type"), ("f32-high", "order"), ("u3-high", "order"), ("nf4:1", "288 bytes"),
           ("u4:" + "x".join(["9" * 19] * 40), "no shape"), ("u4:9999999x9999999", "288 bytes"), ("u4:" + "1x" * 99 + "1", "no shape")]


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_that_what_does_not_fit_is_refused_in_one_line(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(core.UsageError, match=why) as said:
        core.reinterpret(ckpt_of(BYTES, tmp_path), "w", text)
    assert "\n" not in str(said.value)
    assert len(str(said.value)) < 1200


def test_that_tensors_without_a_run_of_bytes_are_refused(tmp_path: Path) -> None:
    torch.save({"t": torch.ones(4, 3).T, "s": torch.eye(3).to_sparse(), "odd": torch.ones(9)[1:], "e": torch.ones(1).expand(4)},
               tmp_path / "a.pt")
    ckpt = core.open(tmp_path / "a.pt")
    for key, name in (("t", "i32"), ("s", "i32"), ("e", "u8"), ("odd", "f64"), ("none", "u8")):
        with pytest.raises((core.UsageError, core.NoSuchKey)):
            core.reinterpret(ckpt, key, name)
    assert core.reinterpret(ckpt, "odd", "i32")["odd"].numpy().tolist() == [0x3F800000] * 8


def test_that_a_tensor_of_several_pieces_is_seen_where_its_elements_stay_as_wide(tmp_path: Path) -> None:
    model = make([{"a": (5, 3), "b": (7,)}])
    ckpt = core.open(write(tmp_path / "z", model, 3, 2))
    np.testing.assert_array_equal(core.reinterpret(ckpt, "a", "i32")["a"].numpy(), model.parameters["a"].numpy().view(np.int32))
    wanted = codes(model.parameters["a"].numpy().view(np.uint8), 4)
    np.testing.assert_array_equal(core.reinterpret(ckpt, "a", "u4")["a"].numpy().ravel(), wanted)
    with pytest.raises(core.UsageError, match="pieces"):
        core.reinterpret(ckpt, "a", "u8")


def test_that_all_that_measures_goes_by_what_is_seen(tmp_path: Path) -> None:
    seen = core.reinterpret(ckpt_of(BYTES, tmp_path), "w", "i4")
    wanted = codes(BYTES, 4)
    wanted = np.where(wanted > 7, wanted - 16, wanted)
    found = core.summarize(seen)["w"]
    assert (found.numel, found.min, found.max, found.zeros) == (wanted.size, wanted.min(), wanted.max(), int((wanted == 0).sum()))
    plane = core.matrix_plane(seen.tensors["w"].shape)
    np.testing.assert_array_equal(core.read_slice(seen, "w", plane), wanted.reshape(6, 96))


@pytest.mark.parametrize("dtype", ["u1", "<i4", "<f8", "<f2"])
@pytest.mark.parametrize("shape", [(6, 48), (5, 3), (7,), (), (0, 4)])
def test_that_just_the_types_that_fit_are_offered(dtype: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    ckpt = ckpt_of(np.zeros(shape, dtype), tmp_path)
    fits = core.fitting_types(ckpt, "w")
    assert len({fit.type.name for fit in fits}) == len(fits)
    for fit in fits:
        seen = core.reinterpret(ckpt, "w", fit.type.name, fit.shape)
        assert seen.tensors["w"].shape == fit.shape
        assert seen["w"].numpy().shape == fit.shape
    offered = {fit.type.name for fit in fits}
    for name, bits in (("float64", 64), ("float32", 32), ("bfloat16", 16), ("uint8", 8), ("nf4", 4), ("uint3", 3), ("float6_e2m3", 6)):
        # what is left over in the last byte is nobody's
        assert (name in offered) == (ckpt.tensors["w"].nbytes * 8 % bits < (bits if bits < 8 else 1)), name


def test_that_rows_which_are_no_whole_elements_become_one_run(tmp_path: Path) -> None:
    fits = {fit.type.name: fit.shape for fit in core.fitting_types(ckpt_of(np.zeros((4, 3), np.float16), tmp_path), "w")}
    assert fits["float16"] == (4, 3)
    assert fits["uint4"] == (4, 12)
    assert fits["float32"] == (6,)
    assert fits["float64"] == (3,)


def test_that_no_type_is_offered_for_what_has_no_run_of_bytes(tmp_path: Path) -> None:
    torch.save({"t": torch.ones(4, 3).T, "s": torch.eye(3).to_sparse()}, tmp_path / "a.pt")
    ckpt = core.open(tmp_path / "a.pt")
    for key, why in (("t", "one behind the other"), ("s", "made of other tensors")):
        with pytest.raises(core.UsageError, match=why):
            core.fitting_types(ckpt, key)
    with pytest.raises(core.NoSuchKey):
        core.fitting_types(ckpt, "none")


@pytest.mark.parametrize("kind", packing.MAKERS)
def test_that_the_codes_of_a_packed_tensor_come_one_by_one(kind: str, tmp_path: Path) -> None:
    made = packing.MAKERS[kind](np.random.default_rng(2))
    ckpt = core.open(made.save(tmp_path / "a"))
    tensor = core.logical(ckpt)[made.name]
    if tensor.is_adapter:
        with pytest.raises(core.UsageError, match="has no codes"):
            core.stored_codes(ckpt, [tensor])
        return
    key = tensor.parts["data"]
    found = core.stored_codes(ckpt, [tensor])
    assert list(found.tensors) == [key]
    values, bits = found[key].numpy(), int(tensor.bits or 0)
    raw = made.tensors[key]
    if raw.dtype.kind in "iu" and raw.dtype.itemsize * 8 > bits and raw.dtype.itemsize * 8 % bits == 0:
        np.testing.assert_array_equal(values.ravel(), codes(np.ascontiguousarray(raw).view(np.uint8), bits, kind.startswith("bnb")))
        assert values.size >= made.values.size
    else:
        np.testing.assert_array_equal(values.view(np.uint8), np.ascontiguousarray(raw).view(np.uint8))


@pytest.mark.parametrize("shape", [(4, 6), (1, 8), (8, 1)])
def test_that_codes_which_have_a_number_each_stay_as_they_are(shape: tuple[int, ...], tmp_path: Path) -> None:
    stored = np.arange(np.prod(shape), dtype=np.int8).reshape(shape) % 8
    tensor = core.LogicalTensor("w", shape, "float32", "torchao-intx", 4, 4, MappingProxyType({"data": "w"}))
    found = core.stored_codes(ckpt_of(stored, tmp_path), [tensor])["w"].numpy()
    np.testing.assert_array_equal(found, stored)


def test_that_blocks_with_their_scales_among_the_codes_stay_as_they_are(tmp_path: Path) -> None:
    stored = np.arange(72, dtype=np.uint8).reshape(2, 36)           # two blocks of 32 codes and a scale of two bytes in a row
    tensor = core.LogicalTensor("w", (2, 64), "float32", "gguf-q4_0", 4, 4.5, MappingProxyType({"data": "w"}))
    np.testing.assert_array_equal(core.stored_codes(ckpt_of(stored, tmp_path), [tensor])["w"].numpy(), stored)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 7), st.integers(1, 4000), st.sampled_from([1, 2, 4, 8]), st.booleans(), st.data())
def test_that_any_run_is_that_of_the_whole(bits: int, numel: int, width: int, high: bool, data: st.DataObject) -> None:
    nbytes = -(-numel * bits // 8)
    numel = (nbytes + -nbytes % width) * 8 // bits
    raw = np.random.default_rng(numel).integers(0, 256, nbytes + -nbytes % width, dtype=np.uint8)
    high = high and 8 % bits == 0
    with tempfile.TemporaryDirectory() as folder:
        seen = core.reinterpret(ckpt_of(raw.view(f"<i{width}"), Path(folder)), "w", f"u{bits}{'-high' if high else ''}", (numel,))
        start = data.draw(st.integers(0, numel - 1))
        stop = data.draw(st.integers(start, numel))
        np.testing.assert_array_equal(seen["w"][start:stop], codes(raw, bits, high)[start:stop])
        chunks = [*core.iter_chunks(seen, "w", 4 * data.draw(st.integers(1, 900)))]
        np.testing.assert_array_equal(np.concatenate(chunks), codes(raw, bits, high))
