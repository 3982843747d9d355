"""Everything that torch saves, in every way it can save it, held against what torch itself reads back.

Keys, order, shapes, types, strides, offsets, which tensors share a storage, every bit, and every plain value. Torch reads
nothing but what this test has just made.
"""
from __future__ import annotations

import copy
import hashlib
import io
import math
import struct
import warnings
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.testing._internal.two_tensor import TwoTensor

from inspector import core
from tests.core.tensors.test_reader import LAYOUTS, PLAIN, bits, name_of, raw_bytes

pytestmark = [pytest.mark.filterwarnings("ignore:" + text) for text in (
    "ComplexHalf support is experimental", "Sparse .* tensor support is in beta state", "torch.quantize_per_tensor",
    "TypedStorage is deprecated", "The PyTorch API of nested tensors", ".*torch.ao.quantization is deprecated",
    ".*quantize_dynamic", "Sparse invariant checks", ".*weight_norm", ".*is deprecated", "pickle_protocol")]

WRITINGS = {**{f"zip-{n}": (True, n) for n in range(6)}, **{f"legacy-{n}": (False, n) for n in range(6)}}


def views() -> dict[str, Any]:
    base = torch.arange(24.0)
    table = base.view(4, 6)
    weight = nn.Parameter(torch.randn(3, 2))
    return {"base": base, "table": table, "row": table[1], "column": table[:, 2], "turned": table.t(), "steps": base[3::4],
            "as-strided": base.as_strided((3, 4), (2, 1), 1), "expanded": torch.ones(1, 3).expand(5, 3), "0-dim": base[7],
            "empty": torch.zeros(0, 3), "empty-view": base[24:], "weight": weight, "tied": weight,
            "frozen": nn.Parameter(torch.ones(2), requires_grad=False), "untied": weight.detach().clone(),
            "part": weight.detach()[1:]}


def types(new: bool) -> dict[str, torch.Tensor]:
    """In all layouts; the `new` ones are those that only the zip format has."""
    chosen = [dtype for dtype in PLAIN if (dtype in torch.storage._new_dtypes()) == new]    # type: ignore[no-untyped-call]
    return {f"{name_of(dtype)} {how}": cut(bits(40, dtype).reshape(8, 5)) for dtype in chosen for how, cut in LAYOUTS.items()}


def quantized() -> dict[str, torch.Tensor]:
    drawn, scales = torch.randn(4, 6), torch.rand(4, dtype=torch.float64) + 0.1
    return {"tensor": torch.quantize_per_tensor(drawn, 0.1, 3, torch.quint8),
            "turned": torch.quantize_per_tensor(drawn, 0.2, 0, torch.qint8).t(),
            "wide": torch.quantize_per_tensor(drawn, 0.2, 0, torch.qint32),
            "channel": torch.quantize_per_channel(drawn, scales, torch.arange(4), 0, torch.qint8),
            "floats": torch.quantize_per_channel(drawn, scales.float(), torch.rand(4), 0, torch.quint4x2)}


def sparse() -> dict[str, torch.Tensor]:
    flat = torch.tensor([[0, 1.5, 0, 0], [2, 0, 0, -3]])
    return {"coo": flat.to_sparse(), "csr": flat.to_sparse_csr(), "csc": flat.to_sparse_csc(), "bsr": flat.to_sparse_bsr((2, 2)),
             "bsc": flat.to_sparse_bsc((1, 2)), "bool": (flat > 0).to_sparse(), "nothing": torch.zeros(3, 2).to_sparse(),
             "batches": torch.stack([flat, flat.flip(0)]).to_sparse_csr(), "half": flat.half().to_sparse(),
             "bfloat": flat.bfloat16().to_sparse_csr(), "complex": flat.to(torch.complex64).to_sparse(),
             "blocks": torch.randn(4, 4, 3).to_sparse_csr(dense_dim=1), "param": nn.Parameter(flat.to_sparse()),
             "hybrid": torch.sparse_coo_tensor([[2, 0]], torch.randn(2, 4), (3, 4)),
             "twice": torch.sparse_coo_tensor([[0, 1, 0], [1, 0, 1]], [1.0, 2.0, 4.0], (2, 2))}


def nested() -> dict[str, torch.Tensor]:
    some = [torch.randn(2, 3), torch.randn(4, 3), torch.randn(0, 3)]
    rows = torch.nested.nested_tensor(some, layout=torch.jagged)
    return {"strided": torch.nested.nested_tensor(some), "jagged": rows, "turned": rows.transpose(1, 2),
            "param": nn.Parameter(torch.nested.nested_tensor(some[:2], layout=torch.jagged)),
            "gaps": torch.nested.narrow(torch.randn(2, 5, 3), 1, torch.tensor([0, 1]), torch.tensor([2, 3]), layout=torch.jagged)}


def signs() -> dict[str, torch.Tensor]:
    drawn = torch.randn(3, 2, dtype=torch.complex64)
    return {"plain": drawn, "conj": drawn.conj(), "turned": drawn.conj().t(),
            "minus": torch.randn(3, dtype=torch.complex64).conj().imag, "real": torch.randn(3, dtype=torch.complex128).real}


def containers() -> dict[Any, Any]:
    inner = OrderedDict(a=torch.ones(2), b=None)
    by_default: defaultdict[str, list[int]] = defaultdict(list, {"x": [1]})
    return {"list": [1, [2.5, ["three", (4, torch.zeros(1))]], [], {}, ()], "again": inner, "ordered": inner,
            7: {1.5: "x", None: 2, True: 3},
            (1, "t"): torch.ones(1), "counter": Counter("abca"), "default": by_default, "large": 1 << 200, "small": -(1 << 63),
            "inf": math.inf, "minus": -0.0, "nan": math.nan, "bytes": b"\0\xff", "text": "é\u4e2d\U0001f600\n", "complex": 1 - 2j,
            "size": [*torch.Size((2, 3))], "": "empty key"}


def training() -> dict[str, Any]:
    net = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01, amsgrad=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
    for _ in range(2):
        net(torch.randn(5, 4)).square().mean().backward()
        optimizer.step()
        schedule.step()
    return {"epoch": 2, "model": net.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": schedule.state_dict(),
            "ema": copy.deepcopy(net).state_dict(), "rng": torch.get_rng_state(), "loss": 0.125, "done": False}


def carrying() -> dict[str, torch.Tensor]:
    """Tensors with attributes, which are listed under them."""
    noted, buffer = nn.Parameter(torch.randn(2)), nn.Buffer(torch.ones(2))
    noted.note, noted.scale = "text", torch.ones(1)     # type: ignore[attr-defined]
    return {"noted": noted, "buffer": buffer}


KINDS: dict[str, Callable[[], Any]] = {
    "views": views,
    "types": lambda: types(False), "new-types": lambda: types(True),
    "quantized": quantized, "sparse": sparse, "nested": nested, "signs": signs,
    "containers": containers, "training": training,
    "tensor": lambda: torch.randn(3, 2), "parameter": lambda: nn.Parameter(torch.randn(2)), "list": lambda: [torch.ones(1), 2],
    "tuple": lambda: (torch.ones(2).half(), {"x": torch.zeros(1)}), "number": lambda: 3, "nothing": dict,
    "meta": lambda: {"w": torch.empty(2, 3, device="meta"), "p": nn.Parameter(torch.empty(4, device="meta"))},
    "state-dict": lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)).state_dict(),
}


def written(value: Any, writing: str, path: Path) -> Any:
    """Saves `value` and gives what torch reads of it; where torch does not read its own file back (protocol 0), or reads
    the sizes of nested tensors before they are there (legacy), what it reads of its usual one."""
    zipped, protocol = WRITINGS[writing]
    torch.save(value, path, _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
    if protocol and (zipped or not any(isinstance(leaf, torch.Tensor) and leaf.is_nested for _, leaf in leaves(value))):
        return torch.load(path, weights_only=False)
    memory = io.BytesIO()
    torch.save(value, memory)
    memory.seek(0)
    return torch.load(memory, weights_only=False)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(key, tensor or plain value) in stored order, keys as paths from the root: dict keys and list indexes joined by dots."""
    if isinstance(value, dict | list | tuple) and len(value):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def identity(value: Any) -> Any:
    """Equal for values that are the same in type and in every bit."""
    if isinstance(value, float):
        return "float", struct.pack(">d", value)
    if isinstance(value, core.Opaque):
        return "opaque"
    return ("dict", {}) if value == {} else (type(value).__name__, value)


def same(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    theirs = theirs.detach()
    assert (ours.dtype, ours.layout, ours.is_nested) == (theirs.dtype, theirs.layout, theirs.is_nested)
    if theirs.is_nested:
        for a, b in zip(ours.unbind(), theirs.unbind(), strict=True):
            same(a.contiguous(), b.contiguous())
        return
    assert ours.shape == theirs.shape
    if theirs.layout != torch.strided:
        for name in ("_indices", "_values") if theirs.layout == torch.sparse_coo else parts(theirs):
            same(getattr(ours, name)(), getattr(theirs, name)())
        return
    assert (ours.stride(), ours.is_conj(), ours.is_neg()) == (theirs.stride(), theirs.is_conj(), theirs.is_neg())
    if theirs.is_quantized:
        assert ours.qscheme() == theirs.qscheme()
        assert torch.equal(ours.dequantize(), theirs.dequantize())
        return
    assert raw_bytes(ours.resolve_conj().resolve_neg()) == raw_bytes(theirs.resolve_conj().resolve_neg())


def parts(tensor: torch.Tensor) -> tuple[str, ...]:
    by_row = tensor.layout in (torch.sparse_csr, torch.sparse_bsr)
    return ("crow_indices", "col_indices", "values") if by_row else ("ccol_indices", "row_indices", "values")


def described(ckpt: core.Checkpoint, info: core.TensorInfo, theirs: torch.Tensor) -> None:
    """What is said of a tensor, and every bit of it."""
    assert info.dtype == name_of(theirs.dtype)
    assert info.requires_grad == theirs.requires_grad
    assert info.device == str(theirs.device)
    if info.device == "meta":
        assert (info.shape, info.stride, info.storage) == (tuple(theirs.shape), theirs.stride(), "")
        assert info.problem.startswith("meta")
        return
    assert not info.problem
    if not theirs.is_nested:
        assert info.shape == tuple(theirs.shape)
    same(core.read_torch(ckpt, info.key), theirs)
    detached = theirs.detach()
    if theirs.is_nested:
        assert core.read_numpy(ckpt, info.key).tobytes() == raw_bytes(detached.values())
    elif theirs.layout != torch.strided:
        unfolded = detached.to_dense()
        assert core.read_numpy(ckpt, info.key).tobytes() == raw_bytes(unfolded)
        stored = detached._values() if theirs.layout == torch.sparse_coo else detached.values()
        assert b"".join(chunk.tobytes() for chunk in core.iter_chunks(ckpt, info.key)) == raw_bytes(stored)
    else:
        plain = detached.resolve_conj().resolve_neg()
        assert (info.stride, info.offset) == (theirs.stride(), theirs.storage_offset())
        raw = raw_bytes(plain.int_repr() if theirs.is_quantized else plain)
        assert core.digest(ckpt, info.key) == hashlib.sha256(raw).hexdigest()
        assert core.read_numpy(ckpt, info.key).tobytes() == raw


def shared(pairs: list[tuple[str, Any]]) -> set[frozenset[str]]:
    """The groups of keys of one storage."""
    groups: dict[Any, set[str]] = {}
    for key, storage in pairs:
        groups.setdefault(storage, set()).add(key)
    return {frozenset(keys) for keys in groups.values()}


def agree(path: Path, theirs: Any, also: frozenset[str] = frozenset()) -> None:
    """`also` are keys that torch keeps as attributes of tensors."""
    ckpt = core.open(path)
    found = list(leaves(theirs))
    tensors = {key: value for key, value in found if isinstance(value, torch.Tensor)}
    values = [(key, identity(value)) for key, value in found if not isinstance(value, torch.Tensor)]
    assert [key for key in ckpt.tensors if key not in also] == list(tensors)
    assert [(key, identity(value)) for key, value in ckpt.values.items() if key not in also] == values
    for key, tensor in tensors.items():
        described(ckpt, ckpt.tensors[key], tensor)
    plain = [key for key, tensor in tensors.items() if tensor.layout == torch.strided and not tensor.is_nested and tensor.numel()
             and tensor.device.type == "cpu"]
    assert shared([(key, ckpt.tensors[key].storage) for key in plain]) == shared(
        [(key, tensors[key].untyped_storage().data_ptr()) for key in plain])


@pytest.mark.parametrize(("kind", "writing"), [(kind, writing) for kind in KINDS for writing in WRITINGS
                                               if kind != "new-types" or writing.startswith("zip")])
def test_that_what_torch_wrote_is_what_torch_reads(kind: str, writing: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = tmp_path / "t.pth"
    agree(path, written(KINDS[kind](), writing, path))


@pytest.mark.parametrize("writing", WRITINGS)
def test_that_a_state_dict_loads_with_its_ties(writing: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = tmp_path / "t.pth"
    theirs = written(OrderedDict(views()), writing, path)
    ours = core.load_state_dict(path)
    assert list(ours) == list(theirs)
    for key, tensor in theirs.items():
        same(ours[key], tensor)
        assert ours[key].storage_offset() == tensor.storage_offset()
        assert ours[key].untyped_storage().nbytes() == tensor.untyped_storage().nbytes()
    some = [key for key, tensor in theirs.items() if tensor.numel()]
    assert shared([(key, ours[key].untyped_storage().data_ptr()) for key in some]) == shared(
        [(key, theirs[key].untyped_storage().data_ptr()) for key in some])


@pytest.mark.parametrize("writing", ["zip-2", "zip-5", "legacy-2"])
def test_that_what_tensors_carry_comes_after_them(writing: str, tmp_path: Path) -> None:
    path = tmp_path / "t.pth"
    agree(path, written(carrying(), writing, path),
          frozenset({"noted.note", "noted.scale", "buffer.persistent", "buffer._is_buffer"}))
    assert core.open(path).values["noted.note"] == "text"


class Noted(torch.Tensor):
    """A subclass with values of its own, unlike the ones that wrap others."""


@pytest.mark.parametrize("writing", ["zip-1", "zip-2", "zip-5", "legacy-2"])
def test_that_wrapping_classes_have_no_values_but_those_of_their_parts(writing: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    wrapped = TwoTensor(torch.randn(2, 3), torch.randn(2, 3))
    path = tmp_path / "t.pth"
    written({"two": wrapped, "param": nn.Parameter(wrapped), "noted": torch.randn(3).as_subclass(Noted)}, writing, path)
    ckpt = core.open(path)
    assert list(ckpt.tensors) == ["two", "two.a", "two.b", "param", "param.a", "param.b", "noted"]
    two, noted = ckpt.tensors["two"], ckpt.tensors["noted"]
    assert (two.shape, two.dtype, two.device, two.storage, two.state_dict) == ((2, 3), "float32", "cpu", "", "")
    assert two.extra == core.Extra(subclass="torch.testing._internal.two_tensor.TwoTensor")
    assert two.problem.startswith("wrapper")
    assert ckpt.tensors["param"].requires_grad
    assert ckpt.tensors["two.a"].storage == ckpt.tensors["param.a"].storage
    for key, inner in (("two.a", wrapped.a), ("two.b", wrapped.b)):
        same(core.read_torch(ckpt, key), inner)
    for read in (core.read_numpy, core.read_torch, core.digest):
        with pytest.raises(core.BadTensor, match="wrapper"):
            read(ckpt, "two")
    assert noted.extra == core.Extra(subclass=f"{__name__}.Noted")
    assert not noted.problem
    assert {finding.id for finding in ckpt.findings} <= {"wrapper", "unknown-code", "shared-storage", "weights-only"}


class Net(nn.Module):
    """All that a module may hold."""

    def __init__(self) -> None:
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.normed = nn.utils.weight_norm(nn.Linear(2, 3))
        self.body = nn.ModuleList([nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)])
        self.heads = nn.ModuleDict({"z": nn.Linear(2, 2), "a": nn.LSTM(2, 3)})
        self.register_buffer("passing", torch.ones(1), persistent=False)
        self.register_buffer("kept", torch.arange(3))
        self.tied = nn.Linear(2, 2)
        self.tied.weight = self.heads["z"].weight       # type: ignore[assignment]


@pytest.mark.parametrize("writing", ["zip-0", "zip-2", "zip-5", "legacy-0", "legacy-2", "legacy-4"])
@pytest.mark.parametrize("where", ["", "ema", "1"])
def test_that_a_whole_module_is_its_state_dict(where: str, writing: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = nn.DataParallel(Net())
    saved: Any = {"": net, "ema": {"epoch": 3, "ema": net}, "1": [3, net]}[where]
    path = tmp_path / "net.pth"
    torch.save(saved, path, _use_new_zipfile_serialization=WRITINGS[writing][0], pickle_protocol=WRITINGS[writing][1])
    ckpt = core.open(path)
    assert ckpt.kind == ("training-checkpoint" if where == "ema" else "module")
    ours, theirs = core.load_state_dict(path, where), net.state_dict()
    assert list(ours) == list(theirs)
    for key, tensor in theirs.items():
        same(ours[key], tensor)
    assert shared([(key, tensor.untyped_storage().data_ptr()) for key, tensor in ours.items()]) == shared(
        [(key, tensor.untyped_storage().data_ptr()) for key, tensor in theirs.items()])


# -- whatever else there may be -----------------------------------------------------------------------------------------------

_KEYS = st.text("abcxyz é中_-/", min_size=1, max_size=5) | st.integers(-3, 3)
_VALUES = (st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.floats() | st.text(max_size=5) | st.binary(max_size=5)
           | st.complex_numbers(allow_nan=False, max_magnitude=1e9))


@st.composite
def cuts(draw: st.DrawFn) -> tuple[int, tuple[int, ...], tuple[int, ...], int]:
    """(which of the storages, shape, stride, offset) of a view that stays inside 60 elements."""
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=4)))
    stride = tuple(draw(st.integers(0, 5)) for _ in shape)
    return draw(st.integers(0, 2)), shape, stride, draw(st.integers(0, 19))


def _unlike(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Dicts whose keys differ as text too: {1: …, "1": …} has one path for both, which another test is about."""
    pairs = st.lists(st.tuples(_KEYS, children), max_size=4, unique_by=lambda pair: str(pair[0]))
    return pairs.map(dict) | pairs.map(OrderedDict)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=st.recursive(_VALUES | cuts().map(lambda cut: ("view", cut)),
                         lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=3).map(tuple) | _unlike(inner),
                         max_leaves=20),
       writing=st.sampled_from(sorted(WRITINGS)))
def test_that_any_nest_of_values_and_views_is_what_torch_reads(tree: Any, writing: str, tmp_path: Path) -> None:
    bases = [torch.arange(60.0), torch.arange(60).to(torch.int16), torch.arange(60).to(torch.complex64)]

    def grown(value: Any) -> Any:
        if isinstance(value, tuple) and len(value) == 2 and value[0] == "view" and isinstance(value[1], tuple) and len(value[1]) == 4:
            which, shape, stride, offset = value[1]
            return bases[which].as_strided(shape, stride, offset)
        if isinstance(value, dict):
            return type(value)((key, grown(inner)) for key, inner in value.items())
        return type(value)(map(grown, value)) if isinstance(value, list | tuple) else value

    path = tmp_path / "t.pth"
    agree(path, written(grown(tree), writing, path))


# -- what no torch wrote ------------------------------------------------------------------------------------------------------


class Lie:
    """Saved as a call of one of torch's functions with arguments of its own."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


def rows(*given: list[int]) -> torch.Tensor:
    return torch.tensor(given)


@pytest.mark.parametrize(("sizes", "strides", "offsets"), [
    pytest.param(rows([2, 3], [3, 3]), rows([3, 1], [3, 1]), [0, 6], id="beyond"),
    pytest.param(rows([2, 3], [2, 3]), rows([3, 1], [3, 1]), [0, -6], id="before"),
    pytest.param(rows([2, 3], [2, 3]), rows([3, 1], [3, -1]), [0, 6], id="backwards"),
    pytest.param(rows([1 << 62, 1 << 62], [1, 1]), rows([1 << 62, 4], [1, 1]), [0, 6], id="wraps"),
])
def test_that_nested_tensors_outside_their_values_are_refused(sizes: torch.Tensor, strides: torch.Tensor, offsets: list[int],
                                                              tmp_path: Path) -> None:
    lie = Lie(torch._utils._rebuild_nested_tensor, torch.arange(12.0), sizes, strides, torch.tensor(offsets))   # type: ignore[attr-defined]
    torch.save({"t": lie}, tmp_path / "t.pth")
    ckpt = core.open(tmp_path / "t.pth")
    assert core.read_numpy(ckpt, "t").tolist() == list(range(12))
    with pytest.raises(core.BadTensor, match="do not lie inside its values"):
        core.read_torch(ckpt, "t")


@pytest.mark.parametrize(("offsets", "lengths"), [([0, 2, 7], None), ([1, 2, 4], None), ([0, 3, 2], None), ([0, 2, 4], [2, 3]),
                                                  ([0, 2, 4], [2]), ([0, 2, 4], [-1, 2])])
def test_that_jagged_tensors_outside_their_values_are_refused(offsets: list[int], lengths: list[int] | None, tmp_path: Path) -> None:
    from torch.nested._internal.nested_tensor import NestedTensor, _rebuild_njt
    given = {"values": torch.randn(4, 3), "offsets": torch.tensor(offsets), "lengths": None if lengths is None else torch.tensor(lengths),
             "_ragged_idx": 1, "_metadata_cache": {}, "requires_grad": False}
    lie = Lie(torch._tensor._rebuild_from_type_v2, _rebuild_njt, NestedTensor, (given,), {})
    torch.save({"t": lie}, tmp_path / "t.pth")
    with pytest.raises(core.BadTensor, match="do not lie inside its values"):
        core.read_torch(core.open(tmp_path / "t.pth"), "t")


def test_that_sparse_tensors_too_big_to_unfold_are_measured_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "t.pth"
    torch.save({"t": torch.sparse_coo_tensor([[5, 1 << 40]], [1.5, -2.0], (1 << 41,))}, path)
    ckpt = core.open(path)
    summary = core.summarize(ckpt)["t"]
    assert (summary.min, summary.max, summary.numel) == (-2.0, 1.5, 2)
    assert core.digest(ckpt, "t") == hashlib.sha256(struct.pack("<2q2f", 5, 1 << 40, 1.5, -2)).hexdigest()
    with pytest.raises(core.BadTensor, match="too many to be unfolded"):
        core.read_numpy(ckpt, "t")
