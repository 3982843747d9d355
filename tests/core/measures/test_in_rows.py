"""Tensors that are measured together have the numbers that each has by itself."""
from __future__ import annotations

import math
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core
from inspector.core.checkpoint import Extra
from inspector.core.measures import summary as module
from inspector.core.measures.in_rows import fits_rows, measured_in_rows
from inspector.core.tensors.decoders.ggml import Ggml

DTYPES = ["float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16",
          "uint8", "bool", "complex64"]
FAULTS = ["bytes", "lost", "outside", "negative", "problem", "big-endian"]
SPECIAL = {"f": [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, 6e-5, -5e-324, 1e300, 3e38, -7e-320, 65504.0, 1.0, 1.0, 0.1, 2.5],
           "i": [0, 1, -1, 2 ** 63 - 1, -2 ** 63, 2 ** 31, 2 ** 53 + 1, 7, 7, 1000]}


def array_of(dtype: str, numel: int, seed: int, odd: int) -> np.ndarray[Any, Any]:
    """`odd` of the elements are special ones."""
    rng = np.random.default_rng(seed)
    kind = np.dtype(getattr(ml_dtypes, dtype) if dtype in ("bfloat16", "float8_e4m3fn") else dtype)
    whole = kind.kind in "iu"
    drawn = rng.integers(0 if kind.kind == "u" else -9, 1000, numel) if whole else rng.normal(0, 10.0 ** rng.integers(-6, 6), numel)
    with np.errstate(all="ignore"):
        found = drawn.astype(kind)
        if numel:
            special = rng.choice(np.array(SPECIAL["i" if whole else "f"]), odd)
            found[rng.integers(0, numel, odd)] = special.astype(kind)
    return found


def checkpoint_of(path: Path, arrays: list[np.ndarray[Any, Any]], broken: dict[int, str], shared: dict[int, int]) -> core.Checkpoint:
    """A file of them, with checksums. `broken`: what is wrong with some; `shared`: whose storage some view the rest of, from an element."""
    data, storages, tensors = bytearray(b"head"), {}, {}
    for number, array in enumerate(arrays):
        name, wrong = f"t{number}", broken.get(number, "")
        raw = array.tobytes() if wrong != "bytes" else bytes(array.nbytes)[:-1] + b"\1" if array.nbytes else b""
        extent = core.Extent(0, len(data), array.nbytes, array.nbytes, crc=zlib.crc32(array.tobytes()) if number % 3 else None)
        data += raw + bytes(number % 7)
        dtype = array.dtype.name
        storages[name] = core.Storage(name, dtype, "cpu", array.nbytes, extent, big_endian=wrong == "big-endian",
                                      problem="it is lost" if wrong == "lost" else "")
        tensors[name] = core.TensorInfo(name, array.shape, dtype, "cpu", (1,), 0, name, array.nbytes, state_dict="")
        if wrong == "outside":
            tensors[name] = tensors[name]._replace(offset=3)
        if wrong == "negative":
            tensors[name] = tensors[name]._replace(extra=Extra(neg=True))
        if wrong == "problem":
            tensors[name] = tensors[name]._replace(problem="it was cut")
        if number in shared and f"t{shared[number]}" in tensors:
            of = tensors[f"t{shared[number]}"]
            tensors[name] = of._replace(key=name, shape=(of.numel // 2,), offset=of.offset + of.numel // 2)
    path.write_bytes(data)
    found = os.stat(path)
    stamp = core.FileStamp(str(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)
    return core.Checkpoint(str(path), "safetensors", "state-dict", (stamp,), tensors, storages=storages)


drawn_arrays = st.lists(st.tuples(st.sampled_from(DTYPES), st.sampled_from([0, 1, 2, 3, 7, 8, 9, 64, 129, 1000]), st.integers(0, 9),
                                  st.sampled_from([0, 0, 0, 1, 3])), min_size=2, max_size=12)
drawn_faults = st.dictionaries(st.integers(0, 11), st.sampled_from(FAULTS), max_size=3)
drawn_shared = st.dictionaries(st.integers(1, 11), st.integers(0, 5), max_size=3)


def told(found: core.Summary | core.BadTensor) -> str:
    return repr(found) if isinstance(found, core.Summary) else str(found)


@settings(max_examples=60, deadline=None)
@given(drawn_arrays, drawn_faults, drawn_shared, st.sampled_from([1, 5, 64]), st.booleans())
def test_that_tensors_measured_together_are_as_each_by_itself(tmp_path_factory: pytest.TempPathFactory, drawn: list[Any],
                                                              broken: dict[int, str], shared: dict[int, int], bins: int,
                                                              fine: bool) -> None:
    arrays = [array_of(*one) for one in drawn]
    path = tmp_path_factory.mktemp("rows") / "f"
    # each from a file of its own time, so that no checksum was found right before
    ckpt = checkpoint_of(path, arrays, broken, shared)
    together = {key: told(found) for key, found in core.summarize_each(ckpt, ckpt.tensors, bins, fine=fine)}
    brief = {key: told(found) for key, found in module.measure_each(ckpt, ckpt.tensors)}
    ckpt = checkpoint_of(path, arrays, broken, shared)
    alone = {key: told(found) for one in ckpt.tensors for key, found in core.summarize_each(ckpt, [one], bins, fine=fine)}
    assert together == alone
    assert brief == {key: told(found) for one in ckpt.tensors for key, found in module.measure_each(ckpt, [one])}


@pytest.mark.parametrize("dtype", [name for name in DTYPES if fits_rows(name)])
@pytest.mark.parametrize("numel", [1, 2, 5, 8, 9, 127, 128, 129, 1000, 4097, 8192])
def test_that_rows_of_every_length_are_added_up_as_arrays_are(tmp_path: Path, dtype: str, numel: int) -> None:
    arrays = [array_of(dtype, numel, seed, 0) for seed in range(4)]
    if dtype.startswith("float8"):                  # what is too large for it is NaN
        arrays = [np.where(np.isnan(array.astype(np.float32)), array.dtype.type(2), array) for array in arrays]
    ckpt = checkpoint_of(tmp_path / "f", arrays, {}, {})
    rows = measured_in_rows(np.stack(arrays), dtype, 64, module.QUANTILES, fine=False)
    assert None not in rows
    assert {key: told(found) for key, found in core.summarize_each(ckpt, ckpt.tensors)} \
        == {key: told(core.summarize_tensor(ckpt, key)) for key in ckpt.tensors}


def test_that_what_needs_care_is_left_to_who_measures_one_by_one() -> None:
    rows = np.array([[1.0, 2.0], [1.0, np.nan], [1e200, 1.0], [1e-300, 0.0], [-np.inf, 3.0], [0.0, -0.0]])
    assert [row is not None for row in measured_in_rows(rows, "float64", 4, (), fine=False)] == [True, False, False, False, False, True]
    whole = np.array([[1, 2], [-2 ** 63, 0], [2 ** 63 - 1, 0], [2 ** 52, 0]])
    assert [row is not None for row in measured_in_rows(whole, "int64", 4, (), fine=False)] == [True, False, False, False]


def test_that_complex_numbers_of_any_bits_are_measured_without_a_warning(tmp_path: Path) -> None:
    bits = np.array([0x7fa00000, 0x3f800000], np.uint32)            # a NaN that signals, and 1
    ckpt = checkpoint_of(tmp_path / "f", [bits.view(np.complex64)], {}, {})
    assert core.summarize_tensor(ckpt, "t0").nan == 1


def test_that_constants_are_measured_with_what_lies_in_files() -> None:
    arrays = {f"{dtype}.{seed}": array_of(dtype, 9, seed, seed % 2) for dtype in DTYPES for seed in range(5)}
    alone = {key: told(core.summarize_tensor({key: array}, key)) for key, array in arrays.items()}
    assert {key: told(found) for key, found in core.summarize_each(arrays, arrays)} == alone


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([(2, 32, 18), (8, 32, 34), (12, 256, 144), (30, 1, 2), (24, 1, 1)]), st.integers(1, 3),
                          st.sampled_from([(), (1,), (3,)]), st.integers(0, 99), st.booleans()), max_size=9))
def test_that_blocks_measured_together_are_as_each_by_itself(tmp_path_factory: pytest.TempPathFactory, drawn: list[Any]) -> None:
    heads, data = [], b""
    for n, ((kind, elements, nbytes), blocks, outer, seed, odd) in enumerate(drawn):
        sizes = (elements * blocks, *outer)                     # the innermost first
        raw = np.random.default_rng(seed).integers(0, 256 if odd else 60, nbytes * blocks * math.prod(outer), np.uint8).tobytes()
        heads.append(struct.pack(f"<Q2sI{len(sizes)}QIQ", 2, b"t%d" % n, len(sizes), *sizes, kind, len(data)))
        data += raw + bytes(-len(raw) % 32)
    head = b"".join([struct.pack("<4sIQQ", b"GGUF", 3, len(heads), 0), *heads])
    path = tmp_path_factory.mktemp("blocks") / "a.gguf"
    path.write_bytes(head + bytes(-len(head) % 32) + data)
    for ckpt in (core.open(path), core.unpacked(core.open(path))):
        for ask in (core.summarize_each, module.measure_each):
            together = {key: told(found) for key, found in ask(ckpt, ckpt.tensors)}
            assert together == {key: told(found) for one in ckpt.tensors for key, found in ask(ckpt, [one])}
            assert len(together) == len(drawn)


def test_that_blocks_of_many_tensors_are_made_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heads = b"".join(struct.pack("<Q3sIQIQ", 3, b"%03d" % n, 1, 32, 8, 64 * n) for n in range(500))
    head = struct.pack("<4sIQQ", b"GGUF", 3, 500, 0) + heads
    (tmp_path / "a.gguf").write_bytes(head + bytes(-len(head) % 32) + b"".join(
        np.float16(1).tobytes() + np.full(32, n % 100, np.int8).tobytes() + bytes(30) for n in range(500)))
    made, decoded = [], Ggml.decoded
    monkeypatch.setattr(Ggml, "decoded", lambda self, stored: (made.append(stored.size), decoded(self, stored))[1])
    found = dict(module.measure_each(core.unpacked(core.open(tmp_path / "a.gguf")), [f"{n:03}" for n in range(500)]))
    assert [one.max for one in found.values() if isinstance(one, core.Summary)] == [n % 100 for n in range(500)]
    assert len(made) < 10


def test_that_few_reads_are_enough_for_many_small_tensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = core.save({f"layer.{n}.weight": np.full((4, 3), n, np.float32) for n in range(500)}, tmp_path / "a.pth").path
    ckpt, reads = core.open(path), []
    read = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, nbytes, offset: (reads.append(nbytes), read(fd, nbytes, offset))[1])
    found = dict(core.summarize_each(ckpt, ckpt.tensors))
    assert [one.max for one in found.values() if isinstance(one, core.Summary)] == [*range(500)]
    assert len(reads) < 10
