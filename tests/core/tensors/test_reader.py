"""Elements of tensors against torch, over raw files laid out by hand: no reader is needed for these facts."""
from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inspector import core
from inspector.core.io import sources
from inspector.core.tensors import reader as arrays
from inspector.core.tensors.reader import TensorReader, iter_chunks
from inspector.core.torch_bridge import load_tensors

pytestmark = pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")

PLAIN = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2,
         torch.float8_e4m3fnuz, torch.float8_e5m2fnuz, torch.float8_e8m0fnu, torch.int64, torch.int32, torch.int16, torch.int8,
         torch.uint64, torch.uint32, torch.uint16, torch.uint8, torch.bool, torch.complex128, torch.complex64, torch.complex32]

LAYOUTS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "whole": lambda t: t,
    "transposed": lambda t: t.t(),
    "rows": lambda t: t[2:5],
    "columns": lambda t: t[:, 1:4],
    "every-other": lambda t: t[::2, ::3],
    "expanded": lambda t: t[1].expand(5, -1),
    "expanded-scalar": lambda t: t[1, 1].expand(3, 4),
    "overlapping": lambda t: torch.as_strided(t, (6, 5), (2, 1), 3),
    "permuted": lambda t: t.reshape(2, 2, 2, 5).permute(3, 1, 0, 2),
    "scalar": lambda t: t[3, 2],
    "empty": lambda t: t[:0],
    "empty-and-strided": lambda t: t[:, :0].t(),
    "one-element": lambda t: t[3:4, 2:3],
}


def name_of(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def bits(numel: int, dtype: torch.dtype, seed: int = 3) -> torch.Tensor:
    """Elements of every bit pattern, NaNs and infinities among them; bool only 0 and 1."""
    width = torch.empty(0, dtype=dtype).element_size()
    raw = np.random.default_rng(seed).integers(0, 2 if dtype == torch.bool else 256, numel * width, dtype=np.uint8)
    return torch.frombuffer(bytearray(raw.tobytes()), dtype=dtype)


def raw_bytes(tensor: torch.Tensor) -> bytes:
    """Of the elements in C order."""
    flat = torch.empty(tensor.numel(), dtype=tensor.dtype)
    flat.set_(tensor.contiguous().untyped_storage(), tensor.contiguous().storage_offset(), (tensor.numel(),), (1,))
    return bytes(flat.view(torch.uint8).numpy().tobytes()) if tensor.numel() else b""


def lay(path: Path, tensors: dict[str, torch.Tensor], *, big_endian: bool = False, deflated: bool = False,
        crc: bool = True) -> core.Checkpoint:
    """A checkpoint over a file that holds the tensors' storages one after another, 3 bytes apart."""
    storages: dict[str, core.Storage] = {}
    infos: dict[str, core.TensorInfo] = {}
    seen: dict[int, str] = {}
    data = bytearray(b"???")
    for key, tensor in tensors.items():
        storage = tensor.untyped_storage()
        id = seen.setdefault(storage.data_ptr() or -len(seen) - 1, str(len(seen)))
        dtype = name_of(tensor.dtype)
        if id not in storages:
            held = bytes(torch.tensor([], dtype=torch.uint8).set_(storage, 0, (storage.nbytes(),), (1,)).numpy().tobytes())  # type: ignore[call-overload]
            if big_endian:
                unit = tensor.element_size() // (2 if tensor.is_complex() else 1)
                held = np.frombuffer(held, f"u{unit}").byteswap().tobytes()
            packed = held
            if deflated:
                engine = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
                packed = engine.compress(held) + engine.flush()
            extent = core.Extent(0, len(data), len(packed), len(held), 8 if deflated else 0, zlib.crc32(held) if crc else None)
            storages[id] = core.Storage(id, dtype, "cpu", len(held), extent, big_endian)
            data += packed + b"???"
        infos[key] = core.TensorInfo(key, tuple(tensor.shape), dtype, "cpu", tensor.stride(), tensor.storage_offset(), id,
                                     storages[id].nbytes, state_dict="")
    path.write_bytes(data)
    return core.Checkpoint(str(path), "torch-zip", "state-dict", (stamp(path),), infos, storages=storages, state_dicts=("",))


def stamp(path: Path) -> core.FileStamp:
    found = os.stat(path)
    return core.FileStamp(str(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)


def with_tensor(ckpt: core.Checkpoint, key: str, **changes: Any) -> core.Checkpoint:
    return replace(ckpt, tensors={**ckpt.tensors, key: ckpt.tensors[key]._replace(**changes)})


def with_storage(ckpt: core.Checkpoint, id: str, **changes: Any) -> core.Checkpoint:
    return replace(ckpt, storages={**ckpt.storages, id: ckpt.storages[id]._replace(**changes)})


@pytest.mark.parametrize("how", ["little", "big", "deflated"])
@pytest.mark.parametrize("dtype", PLAIN, ids=name_of)
def test_that_every_type_and_layout_reads_as_torch_has_it(tmp_path: Path, dtype: torch.dtype, how: str) -> None:
    tensors = {name: cut(bits(40, dtype).reshape(8, 5)) for name, cut in LAYOUTS.items()}
    ckpt = lay(tmp_path / "raw", tensors, big_endian=how == "big", deflated=how == "deflated")
    for name, tensor in tensors.items():
        want = raw_bytes(tensor)
        array = core.read_numpy(ckpt, name)
        assert array.shape == tuple(tensor.shape), name
        assert array.tobytes() == want, name
        assert array.flags.owndata or array.base.flags.owndata
        assert array.flags.writeable
        assert b"".join(part.tobytes() for part in iter_chunks(ckpt, name, 7)) == want, name
        assert core.digest(ckpt, name) == hashlib.sha256(want).hexdigest(), name
        back = core.read_torch(ckpt, name)
        assert (back.dtype, back.shape, back.stride()) == (tensor.dtype, tensor.shape, tensor.stride()), name
        assert raw_bytes(back) == want, name
        assert not back.requires_grad


@pytest.mark.parametrize("dtype", PLAIN, ids=name_of)
def test_that_arrays_have_the_values_torch_has(tmp_path: Path, dtype: torch.dtype) -> None:
    tensor = bits(64, dtype)
    array = core.read_numpy(lay(tmp_path / "raw", {"t": tensor}), "t")
    if dtype == torch.complex32:
        array = array["real"].astype(np.complex64) + 1j * array["imag"].astype(np.complex64)
    wide = np.complex128 if dtype.is_complex else np.float64 if dtype.is_floating_point else array.dtype
    want = tensor.to(torch.complex128 if dtype.is_complex else torch.float64 if dtype.is_floating_point else dtype).numpy()
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(np.nan_to_num(array.astype(wide)), np.nan_to_num(want))


def test_that_chunks_keep_to_their_size_whatever_the_strides(tmp_path: Path) -> None:
    base = torch.arange(6 * 7 * 8, dtype=torch.int32).reshape(6, 7, 8)
    tensors = {"whole": base, "turned": base.permute(2, 0, 1), "wide": base[0, 0].expand(20, 8), "thin": base[:, ::3, ::2]}
    ckpt = lay(tmp_path / "raw", tensors)
    for name, tensor in tensors.items():
        for size in (1, 4, 30, 100, 1 << 20):
            parts = list(iter_chunks(ckpt, name, size))
            assert max(part.nbytes for part in parts) <= max(size, 4)
            assert np.concatenate(parts).tolist() == tensor.flatten().tolist()
            unordered = np.concatenate(list(iter_chunks(ckpt, name, size, ordered=False)))
            assert sorted(unordered.tolist()) == sorted(tensor.flatten().tolist())


def test_that_a_transposed_tensor_streams_straight_when_order_does_not_matter(tmp_path: Path) -> None:
    tensor = torch.arange(48.).reshape(6, 8).t()
    parts = list(iter_chunks(lay(tmp_path / "raw", {"t": tensor}), "t", 16, ordered=False))
    assert np.concatenate(parts).tolist() == list(range(48))


@pytest.mark.parametrize(("held", "gap"), [(64, 16), (64, 1 << 20), (400, 40), (1, 1)])
def test_that_big_strided_tensors_are_gathered_in_small_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int,
                                                              gap: int) -> None:
    monkeypatch.setattr(arrays, "_HELD", held)
    monkeypatch.setattr(arrays, "_GAP", gap)
    base = torch.arange(1200, dtype=torch.int16)
    tensors = {"turned": base.reshape(30, 40).t(), "third": base.reshape(20, 3, 20)[:, 1],
               "grid": base.reshape(10, 12, 10)[::3, ::5, ::2], "four": base.reshape(4, 5, 6, 10).permute(2, 0, 3, 1),
               "over": torch.as_strided(base, (50, 30), (3, 7), 5)}
    ckpt = lay(tmp_path / "raw", tensors, crc=False)
    longest = 0
    read = sources.ExtentReader.read

    def spy(self: Any, extent: core.Extent, start: int = 0, nbytes: int | None = None) -> bytes:
        nonlocal longest
        longest = max(longest, nbytes or 0)
        return read(self, extent, start, nbytes)

    monkeypatch.setattr(sources.ExtentReader, "read", spy)
    for name, tensor in tensors.items():
        for size in (2, 100, 5000):
            assert np.concatenate(list(iter_chunks(ckpt, name, size))).tolist() == tensor.flatten().tolist(), name
    assert longest <= max(held, 2)


@pytest.mark.parametrize("shape", [(10**15,), (1 << 62,), (1 << 31, 1 << 31)], ids=["petabytes", "2^62", "two-dims"])
def test_that_expanded_tensors_over_budget_are_refused_and_never_unfolded(tmp_path: Path, shape: tuple[int, ...]) -> None:
    ckpt = with_tensor(lay(tmp_path / "raw", {"t": torch.arange(4.)}), "t", shape=shape, stride=(0,) * len(shape))
    for use in (core.read_numpy, core.digest, lambda c, k: next(iter_chunks(c, k))):
        with pytest.raises(core.BadTensor, match="expanded from 4 stored bytes"):
            use(ckpt, "t")  # type: ignore[operator]
    summary = core.summarize_tensor(ckpt, "t", 1)   # which needs no unfolding
    assert (summary.numel, summary.max, summary.zeros) == (info_numel := ckpt.tensors["t"].numel, 0, info_numel)
    if len(shape) == 1 and shape[0] < 1 << 60:      # torch keeps it expanded, in four bytes
        tensor = core.read_torch(ckpt, "t")
        assert (tuple(tensor.shape), tensor.stride()) == (shape, (0,))
        assert tensor.untyped_storage().nbytes() == 4


def test_that_a_part_of_an_expanded_tensor_is_bounded_too(tmp_path: Path) -> None:
    ckpt = with_tensor(lay(tmp_path / "raw", {"t": torch.arange(4.)}), "t", shape=(1 << 31, 1 << 31), stride=(0, 0))
    for index in (0, (slice(None), 5), (slice(None, None, 2), -1)):
        with pytest.raises(core.BadTensor, match="expanded from 4 stored bytes") as caught:
            ckpt["t"][index]
        assert caught.value.id == "expanded"
    assert ckpt["t"][7, :5].tolist() == [0.0] * 5
    assert ckpt["t"][-1, -1] == 0.0


def test_that_a_greater_budget_unfolds_what_was_asked_for(tmp_path: Path) -> None:
    ckpt = lay(tmp_path / "raw", {"t": torch.ones(1).expand(1000)})
    tight = core.Limits(preview=100)
    with pytest.raises(core.BadTensor):
        core.read_numpy(ckpt, "t", limits=tight)
    assert core.read_numpy(ckpt, "t").sum() == 1000


def test_that_a_storage_shorter_than_declared_gives_no_neighbouring_bytes(tmp_path: Path) -> None:
    """Numel 8, the record holds 4."""
    ckpt = lay(tmp_path / "raw", {"t": torch.arange(4.), "next": torch.arange(9.)})
    lying = with_tensor(with_storage(ckpt, "0", nbytes=32), "t", shape=(8,))
    for use in (core.read_numpy, core.read_torch, core.digest):
        with pytest.raises(core.BadTensor, match="byte 32 of a storage that has 16"):
            use(lying, "t")
    with pytest.raises(core.BadTensor):
        load_tensors(lying, "")
    assert core.read_numpy(lying, "next").tolist() == list(range(9))


@pytest.mark.parametrize("changes", [{"offset": 1}, {"offset": -1}, {"stride": (-1,)}, {"stride": (2,)}, {"stride": (1, 1)},
                                     {"shape": (5,)}, {"shape": (-4,)}, {"shape": (1 << 62,), "stride": (1,)}], ids=str)
def test_that_no_description_reaches_outside_its_storage(tmp_path: Path, changes: dict[str, Any]) -> None:
    ckpt = with_tensor(lay(tmp_path / "raw", {"t": torch.arange(4.), "next": torch.arange(9.)}), "t", **changes)
    for use in (core.read_numpy, core.read_torch, core.digest):
        with pytest.raises(core.BadTensor):
            use(ckpt, "t")


def test_that_the_file_s_own_problem_is_the_reason_given(tmp_path: Path) -> None:
    ckpt = lay(tmp_path / "raw", {"t": torch.arange(4.)})
    with pytest.raises(core.BadTensor, match="numel is a str"):
        core.read_numpy(with_tensor(ckpt, "t", problem="its numel is a str"), "t")
    with pytest.raises(core.BadTensor, match="record is missing"):
        core.read_numpy(with_storage(ckpt, "0", problem="its record is missing", extent=None), "t")
    with pytest.raises(core.BadTensor, match="meta device"):
        core.read_numpy(with_tensor(ckpt, "t", device="meta", storage=""), "t")
    with pytest.raises(core.BadTensor, match="element type weird is unknown"):
        core.read_numpy(with_tensor(ckpt, "t", dtype="weird"), "t")
    with pytest.raises(core.BadTensor, match="sparse_coo"):
        core.read_numpy(with_tensor(ckpt, "t", layout="sparse_coo"), "t")
    with pytest.raises(core.UsageError, match="no tensor 'x'"):
        core.read_numpy(ckpt, "x")


@pytest.mark.parametrize("view", [lambda t: t, lambda t: t[2:3], lambda t: t.reshape(2, 5).t()], ids=["whole", "part", "strided"])
def test_that_values_are_refused_when_the_checksum_is_wrong(tmp_path: Path, view: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """Whichever part of the storage is asked for, and every time it is asked for."""
    ckpt = lay(tmp_path / "raw", {"t": view(torch.arange(10.)), "other": torch.arange(3.)})
    extent = ckpt.storages["0"].extent
    assert extent is not None
    assert extent.crc is not None
    broken = with_storage(ckpt, "0", extent=extent._replace(crc=extent.crc ^ 1))
    for use in (core.read_numpy, core.digest, core.digest, core.read_torch, lambda c, k: list(iter_chunks(c, k))):
        with pytest.raises(core.BadTensor, match="CRC"):
            use(broken, "t")  # type: ignore[operator]
    assert core.read_numpy(broken, "other").tolist() == [0, 1, 2]


def test_that_a_checksum_is_reckoned_once_per_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = torch.arange(1000.)
    ckpt = lay(tmp_path / "raw", {str(n): base[n:n + 5] for n in range(50)})
    read: list[int] = []
    real = sources.ExtentReader.read

    def spy(self: Any, extent: core.Extent, start: int = 0, nbytes: int | None = None) -> bytes:
        read.append(nbytes or 0)
        return real(self, extent, start, nbytes)

    monkeypatch.setattr(sources.ExtentReader, "read", spy)
    for key in ckpt.tensors:
        core.read_numpy(ckpt, key)
    assert sum(read) <= 4000 + 50 * 20


def test_that_parts_of_a_storage_too_big_to_verify_first_are_read_alone(tmp_path: Path) -> None:
    ckpt = lay(tmp_path / "raw", {"t": torch.arange(1000.)[10:20]})
    extent = ckpt.storages["0"].extent
    assert extent is not None
    ckpt = with_storage(ckpt, "0", extent=extent._replace(crc=1))
    with TensorReader(ckpt, limits=core.Limits(preview=100)) as reader:
        assert reader.array("t").tolist() == list(range(10, 20))


def test_that_an_untyped_big_endian_storage_is_swapped_by_its_tensor(tmp_path: Path) -> None:
    ckpt = lay(tmp_path / "raw", {"t": torch.arange(5, dtype=torch.int32)}, big_endian=True)
    assert core.read_numpy(with_storage(ckpt, "0", dtype="uint8"), "t").tolist() == [0, 1, 2, 3, 4]


def test_that_odd_bytes_for_true_are_kept(tmp_path: Path) -> None:
    """Only what is shown is made canonical."""
    ckpt = with_tensor(lay(tmp_path / "raw", {"t": torch.tensor([0, 1, 255], dtype=torch.uint8)}), "t", dtype="bool")
    assert core.read_numpy(ckpt, "t").tobytes() == b"\x00\x01\xff"
    assert core.digest(ckpt, "t") == hashlib.sha256(b"\x00\x01\xff").hexdigest()
    summary = core.summarize_tensor(ckpt, "t", bins=2)
    assert (summary.min, summary.max, summary.zeros, summary.counts) == (0, 1, 1, (1, 2))


@pytest.mark.parametrize(("dtype", "nbytes"), [("float4_e2m1", 5), ("float6_e2m3", 6)])
def test_that_types_narrower_than_a_byte_give_raw_bytes(tmp_path: Path, dtype: str, nbytes: int) -> None:
    raw = torch.arange(nbytes, dtype=torch.uint8)
    shape = (5, 2) if dtype == "float4_e2m1" else (2, 4)
    ckpt = with_tensor(lay(tmp_path / "raw", {"t": raw}), "t", dtype=dtype, shape=shape, stride=(shape[1], 1))
    assert core.read_numpy(ckpt, "t").tolist() == list(range(nbytes))
    assert core.digest(ckpt, "t") == hashlib.sha256(bytes(range(nbytes))).hexdigest()
    with pytest.raises(core.BadTensor, match="packed bits"):
        core.summarize_tensor(ckpt, "t")


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128, torch.float32], ids=name_of)
@pytest.mark.parametrize("flag", ["conj", "neg"])
def test_that_lazy_signs_are_applied(tmp_path: Path, dtype: torch.dtype, flag: str) -> None:
    tensor = bits(12, dtype).reshape(3, 4)
    ckpt = with_tensor(lay(tmp_path / "raw", {"t": tensor}), "t", extra=core.Extra(conj=flag == "conj", neg=flag == "neg"))
    width = tensor.element_size() // (2 if dtype.is_complex else 1)
    signs = np.frombuffer(raw_bytes(tensor), f"u{width}").copy()
    turned = slice(None) if flag == "neg" else slice(1, None, 2) if dtype.is_complex else slice(0)
    signs[turned] ^= np.array(1 << (8 * width - 1), f"u{width}")
    assert core.read_numpy(ckpt, "t").tobytes() == signs.tobytes()


def test_that_a_thousand_ties_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tensor = torch.arange(100.)
    ckpt = lay(tmp_path / "raw", {str(n): tensor for n in range(1000)})
    calls = 0
    real = sources.ExtentReader.read_some

    def spy(self: Any, *args: Any) -> bytes:
        nonlocal calls
        calls += 1
        return real(self, *args)

    monkeypatch.setattr(sources.ExtentReader, "read_some", spy)
    found = dict(core.digests(ckpt))
    assert set(found.values()) == {hashlib.sha256(raw_bytes(tensor)).hexdigest()}
    assert calls == 1


def test_that_digests_say_which_tensors_have_none(tmp_path: Path) -> None:
    ckpt = with_tensor(lay(tmp_path / "raw", {"a": torch.ones(2), "b": torch.ones(3)}), "a", problem="broken")
    found = dict(core.digests(ckpt))
    assert isinstance(found["a"], core.BadTensor)
    assert found["b"] == core.digest(ckpt, "b")


def test_that_a_changed_file_is_noticed_at_the_next_read(tmp_path: Path) -> None:
    ckpt = lay(tmp_path / "raw", {"t": torch.ones(2)})
    with open(tmp_path / "raw", "ab") as file:
        file.write(b"more")
    with pytest.raises(core.Changed):
        core.read_numpy(ckpt, "t")


def test_that_reading_can_be_cancelled(tmp_path: Path) -> None:
    class Impatient(core.Monitor):
        def check(self) -> None:
            raise core.Cancelled

    ckpt = lay(tmp_path / "raw", {"t": torch.ones(50, 50).t()})
    with pytest.raises(core.Cancelled):
        core.read_numpy(ckpt, "t", Impatient())
    with pytest.raises(core.Cancelled):
        core.summarize_tensor(ckpt, "t", monitor=Impatient())


def test_that_a_loaded_state_dict_shares_memory_as_the_file_does(tmp_path: Path) -> None:
    base = torch.arange(20.)
    tensors = {"a": base, "tied": base, "part": base[3:9], "turned": base.reshape(4, 5).t(),
               "own": torch.ones(3, dtype=torch.bfloat16), "none": torch.empty(0, 3)}
    loaded = load_tensors(lay(tmp_path / "raw", tensors), "")
    assert list(loaded) == list(tensors)
    for key, tensor in tensors.items():
        assert torch.equal(loaded[key], tensor)
        assert loaded[key].stride() == tensor.stride()
    shared = {loaded[key].untyped_storage().data_ptr() for key in ("a", "tied", "part", "turned")}
    assert len(shared) == 1
    loaded["a"][3] = 100.
    assert loaded["part"][0] == 100.


def test_that_a_large_tensor_tells_how_far_it_is_read(tmp_path: Path) -> None:
    class Told(core.Monitor):
        def __init__(self) -> None:
            self.told: list[tuple[int, int]] = []

        def report(self, done: int, total: int, what: str = "") -> None:
            self.told.append((done, total))

    torch.save({"a": torch.zeros(1 << 23), "b": torch.ones(3)}, tmp_path / "a.pth")
    torch.save({"a": torch.ones(1 << 23), "b": torch.ones(3)}, tmp_path / "b.pth")
    a, b = core.open(tmp_path / "a.pth"), core.open(tmp_path / "b.pth")
    whole = (1 << 25) + 12
    for work, total in ((lambda monitor: list(core.digests(a, monitor=monitor)), whole),
                        (lambda monitor: core.digest(a, "a", monitor), 1 << 25),
                        (lambda monitor: core.compare(a, b, monitor=monitor), 2 * whole)):
        said = Told()
        work(said)
        of_bytes = [done for done, of in said.told if of == total]
        assert len(of_bytes) >= 4
        assert of_bytes == sorted(of_bytes)
        assert of_bytes[-1] == total


def test_that_a_storage_known_to_be_right_is_read_again_where_local_headers_state_checksums(tmp_path: Path) -> None:
    """Archives of so many members and bytes have their local headers read with the tensors."""
    path = core.save({f"w{n}": np.full(20_000, n, np.float32) for n in range(300)}, tmp_path / "a.pth").path
    ckpt = core.open(path)
    assert all(storage.extent.local is not None for storage in ckpt.storages.values() if storage.extent is not None)
    assert dict(core.digests(ckpt)) == dict(core.digests(ckpt))
    assert core.read_numpy(ckpt, "w7").max() == 7
