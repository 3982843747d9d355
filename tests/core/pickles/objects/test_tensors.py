"""Tensors by every rebuild function, and those that lie about their storage."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
import torch

from inspector.core.checkpoint import Extra, Opaque, PerChannel, PerTensor, SparseCoo, Storage, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.objects.contents import Contents, contents_of
from inspector.core.pickles.objects.storages import StorageRef
from tests.core.pickles import opcodes as op

UTILS = "torch._utils"
INT_KEY = op.integer(3)


def resolve(ref: StorageRef) -> Storage:
    bits = DTYPES[ref.dtype].bits if ref.dtype else 8
    return Storage(ref.key or "?", ref.dtype or "unknown", ref.device, max(ref.numel, 0) * bits // 8, None)


def seen(value: bytes) -> Contents:
    return contents_of(decode(op.pickled(value)), resolve)


def the_tensor(value: bytes) -> TensorInfo:
    contents = seen(op.dict_of({"t": value}))
    assert len(contents.tensors) == 1
    assert contents.tensors[0].key == "t"
    return contents.tensors[0]


def call(function: str, *args: bytes, module: str = UTILS) -> bytes:
    return op.reduce(op.name(module, function), *args)


def many(value: bytes) -> TensorInfo:
    """The same among so many ordinary tensors that numpy reads those."""
    pairs = {f"w{i}": op.tensor(op.storage(f"{i + 1}")) for i in range(300)}
    contents = seen(op.dict_of({**pairs, "t": value}))
    assert len(contents.tensors) == 301
    assert not any(info.problem for info in contents.tensors[:300])
    return contents.tensors[300]


@pytest.mark.parametrize("look", [the_tensor, many], ids=["alone", "among-many"])
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        pytest.param(op.tensor(op.storage(numel=-1)), "corrupt: the storage claims -1 elements", id="numel-negative"),
        pytest.param(
            op.tensor(op.storage(numel=1 << 63)), "corrupt: the storage claims 9223372036854775808 elements", id="numel-wraps"
        ),
        pytest.param(op.tensor(size=(10, 4)), "out_of_bounds: needs 40 elements, the storage has 20", id="size-beyond"),
        pytest.param(op.tensor(offset=1), "out_of_bounds: needs 21 elements, the storage has 20", id="offset-beyond"),
        pytest.param(op.tensor(stride=(40, 10)), "out_of_bounds: needs 191 elements, the storage has 20", id="stride-beyond"),
        pytest.param(op.tensor(offset=-1), "corrupt: the offset is -1", id="offset-negative"),
        pytest.param(op.tensor(stride=(-4, 1)), "corrupt: a stride is negative", id="stride-negative"),
        pytest.param(
            op.tensor(size=(1 << 32, 1 << 32), stride=(0, 0)), "corrupt: more elements than 64 bits can count", id="overflow"
        ),
        pytest.param(op.tensor(size=(-5, 4)), "corrupt: a size is negative", id="size-negative"),
        pytest.param(op.tensor(stride=(1,)), "corrupt: 2 sizes but 1 stride", id="lengths-differ"),
        pytest.param(
            op.tensor(op.storage(cls=op.name("torch", "OddStorage"))),
            "unknown_dtype: no such storage type as torch.OddStorage",
            id="storage-class",
        ),
        pytest.param(
            op.tensor(op.storage("../../etc/hosts")), "bad_key: the storage's key '../../etc/hosts' is a path", id="path"
        ),
        pytest.param(op.tensor(op.storage("0\0x")), "bad_key: the storage's key has a NUL in it", id="nul"),
        pytest.param(
            op.tensor(op.storage(INT_KEY)), "bad_key: the storage's key is no text, or a very long one", id="integer-key"
        ),
        pytest.param(op.tensor(op.integer(5)), "corrupt: no storage where the tensor's values should be", id="integer"),
        pytest.param(op.tensor(op.integer(5) + b"Q"), "corrupt: the persistent id names no storage", id="odd-id"),
        pytest.param(op.tensor(size=op.text("5, 4")), "corrupt: the size is not made of integers", id="size-text"),
        pytest.param(
            op.tensor(size=op.tuple_of(op.integer(5), op.TRUE)), "corrupt: the size is not made of integers", id="size-bool"
        ),
        pytest.param(
            op.tensor(size=op.tuple_of(op.integer(1 << 70))), "corrupt: a size needs more than 64 bits", id="size-bits"
        ),
        pytest.param(
            call("_rebuild_tensor_v2", op.storage(), op.integer(0)), "corrupt: 2 arguments where a tensor needs 6", id="few"
        ),
        pytest.param(call("_rebuild_tensor_v3", op.storage()), "corrupt: 1 arguments where a tensor needs 7", id="v3"),
        pytest.param(op.tensor(grad=op.text("yes")), "corrupt: requires_grad is no boolean", id="grad-is-text"),
        pytest.param(op.tensor(offset=op.real(0.0)), "corrupt: the offset is no integer", id="offset-is-real"),
        pytest.param(op.build(op.tensor(), op.EMPTY_DICT), "corrupt: the tensor is changed after it was made", id="built-later"),
    ],
)
def test_that_a_tensor_that_lies_has_a_problem(look: Any, value: bytes, problem: str) -> None:
    assert look(value).problem == problem


@pytest.mark.parametrize("look", [the_tensor, many], ids=["alone", "among-many"])
@pytest.mark.parametrize(
    ("size", "stride"),
    [
        pytest.param((), (), id="scalar"),
        pytest.param((0, 3), (3, 1), id="empty"),
        pytest.param((4, 5), (1, 4), id="transposed"),
        pytest.param((2, 1, 3), (10, 7, 2), id="steps"),
    ],
)
def test_that_a_tensor_in_order_has_none(look: Any, size: tuple[int, ...], stride: tuple[int, ...]) -> None:
    info = look(op.tensor(size=size, stride=stride))
    assert (info.shape, info.stride, info.problem, info.dtype, info.storage_nbytes) == (size, stride, "", "float32", 80)


@pytest.mark.parametrize(
    ("value", "finding"),
    [
        pytest.param(op.tensor(size=(10**8, 10**7), stride=(0, 0)), "expanded", id="petabytes"),
        pytest.param(op.tensor(size=(1 << 62,), stride=(0,)), "expanded", id="2^62"),
        pytest.param(op.tensor(size=(0, 1 << 62, 1 << 62), stride=(1, 1, 1)), "zero-size", id="zero-size"),
        pytest.param(op.tensor(size=(1,) * 5000, stride=(1,) * 5000), "rank", id="rank"),
        pytest.param(op.tensor(size=(3, 3), stride=(1, 1)), "overlap", id="overlap"),
        pytest.param(op.tensor(op.storage(location="meta")), "meta", id="meta"),
    ],
)
def test_that_an_odd_tensor_is_a_finding(value: bytes, finding: str) -> None:
    contents = seen(op.dict_of({"t": value}))
    assert [info.problem for info in contents.tensors] == [""]
    assert [found.id for found in contents.findings] == [finding]


def test_that_many_enormous_sizes_are_cut_short() -> None:
    info = the_tensor(op.tensor(size=(1 << 62,) * 5000, stride=(1,) * 5000))
    assert info.problem.startswith("corrupt")
    assert len(info.shape) == 64


def test_that_two_types_of_one_storage_are_a_finding() -> None:
    contents = seen(op.list_of(op.tensor(), op.tensor(op.storage(cls=op.name("torch", "IntStorage")))))
    assert [info.dtype for info in contents.tensors] == ["float32", "float32"]  # as torch reads it
    assert [found.id for found in contents.findings] == ["dtype-conflict"]
    assert list(contents.storages) == ["0"]


def test_that_two_sizes_of_one_storage_are_a_problem() -> None:
    contents = seen(op.list_of(op.tensor(), op.tensor(op.storage(numel=40), size=(40,), stride=(1,))))
    assert [info.problem for info in contents.tensors] == ["", "size_mismatch: storage 0 has 40 elements here and 20 before"]


def test_that_a_storage_is_asked_for_once() -> None:
    asked: list[StorageRef] = []

    def once(ref: StorageRef) -> Storage:
        asked.append(ref)
        return resolve(ref)

    data = op.list_of(*[op.tensor(op.storage(str(i % 2))) for i in range(400)])
    contents = contents_of(decode(op.pickled(data)), once)
    assert [(ref.key, ref.dtype, ref.device, ref.numel) for ref in asked] == [
        ("0", "float32", "cpu", 20),
        ("1", "float32", "cpu", 20),
    ]
    assert len(contents.tensors) == 400


def test_that_a_broken_storage_breaks_its_tensors() -> None:
    contents = contents_of(
        decode(op.pickled(op.tensor())), lambda ref: Storage("0", "float32", "cpu", 80, None, problem="missing: data/0")
    )
    assert contents.tensors[0].problem == "missing: data/0"


def test_that_a_device_tag_is_text() -> None:
    assert the_tensor(op.tensor(op.storage(location="cuda:3"))).device == "cuda:3"
    assert the_tensor(op.tensor(op.storage(location="<b>\n"))).device == "<b>\n"


def test_that_a_storage_by_itself_is_a_value() -> None:
    contents = seen(op.dict_of({"s": op.storage(location="cuda:0")}))
    assert contents.tensors == []
    ((_, value),) = contents.values
    assert isinstance(value, Opaque)
    assert (value.type, value.text) == ("torch.storage", "storage 0: 20 elements of float32 on cuda:0")
    assert list(contents.storages) == ["0"]


@pytest.mark.parametrize("value", [op.integer(3) + b"Q", b"Podd\n"], ids=["integer", "text"])
def test_that_an_odd_persistent_id_is_a_finding(value: bytes) -> None:
    contents = seen(op.dict_of({"s": value}))
    assert [found.id for found in contents.findings] == ["persistent-id"]
    assert isinstance(contents.values[0][1], Opaque)


def test_that_an_odd_persistent_id_out_of_reach_is_a_finding() -> None:
    assert [found.id for found in seen(op.integer(3) + b"Q0N").findings] == ["persistent-id"]


# -- rebuild functions ------------------------------------------------------------------------------------------------

STRIDED = (op.storage(), op.integer(0), op.integers(5, 4), op.integers(4, 1))


def test_that_the_first_rebuild_function_is_read() -> None:
    info = the_tensor(call("_rebuild_tensor", *STRIDED))
    assert (info.shape, info.problem) == ((5, 4), "")


def test_that_parameters_say_whether_they_are_trained() -> None:
    for grad, expected in ((op.TRUE, True), (op.FALSE, False)):
        info = the_tensor(call("_rebuild_parameter", op.tensor(), grad, op.ordered_dict()))
        assert (info.requires_grad, info.problem) == (expected, "")


def test_that_what_a_parameter_carries_is_listed() -> None:
    state = op.dict_of({"note": op.text("hi"), "scale": op.tensor(op.storage("1"))})
    contents = seen(op.dict_of({"p": call("_rebuild_parameter_with_state", op.tensor(), op.TRUE, op.ordered_dict(), state)}))
    assert [info.key for info in contents.tensors] == ["p", "p.scale"]
    assert contents.values == [("p.note", "hi")]


def test_that_a_parameter_in_itself_ends() -> None:
    state = b"}" + op.put(9)
    value = call("_rebuild_parameter_with_state", op.tensor(), op.TRUE, op.ordered_dict(), state) + op.put(8)
    contents = seen(value + op.POP + op.get(9) + op.text("me") + op.get(8) + b"s" + op.POP + op.get(8))
    assert [info.key for info in contents.tensors] == ["", "me"]


def test_that_a_parameter_of_something_else_is_an_object() -> None:
    contents = seen(op.dict_of({"p": call("_rebuild_parameter", op.integer(3), op.TRUE, op.ordered_dict())}))
    assert contents.tensors == []
    assert contents.values[0][0] == "p"


def test_that_a_million_parameters_in_one_another_end() -> None:
    value = op.tensor()
    for _ in range(50):
        value = call("_rebuild_parameter", value, op.TRUE, op.ordered_dict())
    contents = seen(value)
    assert len(contents.tensors) == 1
    assert contents.tensors[0].problem == ""


def test_that_a_subclass_is_its_tensor() -> None:
    value = call(
        "_rebuild_from_type_v2",
        op.name(UTILS, "_rebuild_tensor_v2"),
        op.name("mylib", "MyTensor"),
        op.tuple_of(*STRIDED, op.FALSE, op.ordered_dict()),
        op.dict_of({"tag": op.integer(3)}),
        module="torch._tensor",
    )
    contents = seen(op.dict_of({"t": value}))
    assert (contents.tensors[0].shape, contents.tensors[0].extra) == ((5, 4), Extra(subclass="mylib.MyTensor"))
    assert contents.values == [("t.tag", 3)]


def test_that_an_untyped_storage_is_read_by_the_type_of_the_tensor() -> None:
    untyped = op.storage(cls=op.name("torch.storage", "UntypedStorage"), numel=40)
    value = call("_rebuild_tensor_v3", untyped, *STRIDED[1:], op.FALSE, op.ordered_dict(), op.name("torch", "uint16"))
    info = the_tensor(value)
    assert (info.dtype, info.problem, info.storage_nbytes) == ("uint16", "", 40)
    wide = call("_rebuild_tensor_v3", untyped, *STRIDED[1:], op.FALSE, op.ordered_dict(), op.name("torch", "uint32"))
    assert the_tensor(wide).problem == "out_of_bounds: needs 20 elements, the storage has 10"


def test_that_conjugates_are_marked() -> None:
    info = the_tensor(
        op.tensor(
            op.storage(cls=op.name("torch", "ComplexFloatStorage")),
            0,
            (5, 4),
            (4, 1),
            op.FALSE,
            op.dict_of({"conj": op.TRUE, "neg": op.FALSE}),
        )
    )
    assert (info.extra, info.problem) == (Extra(conj=True), "")


def test_that_a_quantized_tensor_keeps_its_quantizer() -> None:
    storage = op.storage(cls=op.name("torch", "QUInt8Storage"))
    quantizer = op.tuple_of(op.name("torch", "per_tensor_affine"), op.real(0.1), op.integer(3))
    info = the_tensor(call("_rebuild_qtensor", storage, *STRIDED[1:], quantizer, op.FALSE, op.ordered_dict()))
    assert (info.dtype, info.quantizer) == ("quint8", PerTensor("per_tensor_affine", 0.1, 3))
    scales = op.tensor(op.storage("1", cls=op.name("torch", "DoubleStorage")), 0, (5,), (1,))
    zeros = op.tensor(op.storage("2", cls=op.name("torch", "LongStorage")), 0, (5,), (1,))
    channels = op.tuple_of(op.name("torch", "per_channel_affine"), scales, zeros, op.integer(0))
    info = the_tensor(call("_rebuild_qtensor", storage, *STRIDED[1:], channels, op.FALSE, op.ordered_dict()))
    assert isinstance(info.quantizer, PerChannel)
    assert (info.parts["scales"].shape, info.parts["zero_points"].storage, info.quantizer.axis) == ((5,), "2", 0)
    odd = call("_rebuild_qtensor", storage, *STRIDED[1:], op.integer(1), op.FALSE, op.ordered_dict())
    assert the_tensor(odd).problem == "corrupt: no known quantizer"


def saved(value: Any) -> Contents:
    file = io.BytesIO()
    torch.save(value, file)
    with zipfile.ZipFile(file) as archive:
        return contents_of(decode(archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))), resolve)


@pytest.mark.filterwarnings("ignore")
def test_that_sparse_tensors_keep_their_parts() -> None:
    dense = torch.tensor([[0.0, 1.0], [2.0, 0.0]])
    contents = saved({"coo": dense.to_sparse(), "csr": dense.to_sparse_csr()})
    coo, csr = contents.tensors
    assert (coo.layout, coo.shape, coo.dtype, coo.problem) == ("sparse_coo", (2, 2), "float32", "")
    assert isinstance(coo.made_of, SparseCoo)
    assert (coo.parts["indices"].shape, coo.parts["values"].shape, coo.made_of.is_coalesced) == ((2, 2), (2,), True)
    assert (csr.layout, csr.parts["crow_indices"].dtype, csr.parts["values"].shape) == ("sparse_csr", "int64", (2,))


def test_that_a_sparse_tensor_out_of_order_has_a_problem() -> None:
    layout = op.reduce(op.name("torch.serialization", "_get_layout"), op.text("torch.sparse_coo"))
    assert the_tensor(call("_rebuild_sparse_tensor", layout, op.tuple_of(op.integer(1)))).problem.startswith("corrupt")
    parts = op.tuple_of(op.integer(1), op.integer(2), op.integers(2, 2))
    assert the_tensor(call("_rebuild_sparse_tensor", layout, parts)).problem == "corrupt: a part of the tensor is no tensor"
    assert the_tensor(call("_rebuild_sparse_tensor", op.text("x"), parts)).problem == "corrupt: no known sparse layout"


def test_that_a_meta_tensor_has_no_storage() -> None:
    value = call("_rebuild_meta_tensor_no_storage", op.name("torch", "float16"), op.integers(2, 3), op.integers(3, 1), op.FALSE)
    info = the_tensor(value)
    assert (info.dtype, info.device, info.storage, info.shape) == ("float16", "meta", "", (2, 3))
    assert info.problem.startswith("meta")


def test_that_a_size_by_class_is_read() -> None:
    assert the_tensor(op.tensor(size=op.reduce(op.name("torch", "Size"), op.integers(5, 4)))).shape == (5, 4)
    assert the_tensor(op.tensor(size=op.list_of(op.integer(5), op.integer(4)))).shape == (5, 4)


def test_that_sizes_changed_after_the_call_are_not_trusted() -> None:
    sizes = op.EMPTY_LIST + op.put(5) + op.integer(2) + b"a"
    value = op.tensor(size=sizes, stride=(1,))
    contents = seen(op.tuple_of(value, op.get(5) + op.integer(9) + b"a"))
    assert contents.tensors[0].problem == "corrupt: the size is changed after the tensor was made"
