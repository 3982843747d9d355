"""Tensors made of others, by hand: what they say of themselves, and that no lie about their parts is believed."""
from __future__ import annotations

from typing import Any

import pytest

from inspector.core.checkpoint import Extra, Jagged, Nested, PerChannel
from tests.core.pickles import opcodes as op
from tests.core.pickles.objects.test_tensors import STRIDED, call, seen, the_tensor

LONG = op.name("torch", "LongStorage")
FLOAT32 = op.name("torch", "float32")
CPU = op.reduce(op.name("torch", "device"), op.text("cuda"), op.integer(1))
NJT = ("torch.nested._internal.nested_tensor", "_rebuild_njt")


def longs(key: str, *shape: int) -> bytes:
    stride = tuple(shape[1] if i == 0 and len(shape) == 2 else 1 for i in range(len(shape)))
    return op.tensor(op.storage(key, cls=LONG), 0, shape, stride)


def layout(name: str) -> bytes:
    return op.reduce(op.name("torch.serialization", "_get_layout"), op.text(f"torch.{name}"))


def from_type(function: tuple[str, str], cls: tuple[str, str], args: bytes, state: bytes) -> bytes:
    return call("_rebuild_from_type_v2", op.name(*function), op.name(*cls), args, state, module="torch._tensor")


def wrapped(*args: bytes, state: bytes = op.EMPTY_DICT) -> bytes:
    return from_type(("torch._utils", "_rebuild_wrapper_subclass"), ("mylib", "Wrap"), op.tuple_of(*args), state)


WRAP = (op.name("mylib", "Wrap"), FLOAT32, op.integers(5, 4), op.integers(4, 1), op.integer(0), layout("strided"), CPU, op.TRUE)
VALUES = op.tensor(size=(20,), stride=(1,))


def nested(values: bytes = VALUES, sizes: bytes = longs("1", 2, 3), strides: bytes = longs("2", 2, 3), offsets: bytes = longs("3", 2),
           *more: bytes) -> bytes:
    return call("_rebuild_nested_tensor", values, sizes, strides, offsets, *more)


def jagged(pairs: dict[str, bytes], state: bytes = op.EMPTY_DICT) -> bytes:
    return from_type(NJT, ("torch.nested._internal.nested_tensor", "NestedTensor"), op.tuple_of(op.dict_of(pairs)), state)


JAGGED = {"values": op.tensor(), "offsets": longs("1", 3), "lengths": op.NONE, "_ragged_idx": op.integer(1), "requires_grad": op.TRUE}


def test_that_a_wrapping_class_is_told_with_its_tensors() -> None:
    state = op.dict_of({"scale": op.tensor(op.storage("1"), 0, (2,), (1,)), "data": op.tensor(), "bits": op.integer(4)})
    contents = seen(op.dict_of({"w": wrapped(*WRAP, state=state), "b": op.tensor()}))
    info = contents.tensors[0]
    assert (info.shape, info.stride, info.dtype, info.device, info.requires_grad, info.storage, info.state_dict) == (
        (5, 4), (4, 1), "float32", "cuda:1", True, "", "")
    assert info.problem == "wrapper: only the code of mylib.Wrap knows its values; what it makes them of is listed under it"
    assert info.extra == Extra(subclass="mylib.Wrap")
    assert [tensor.key for tensor in contents.tensors] == ["w", "w.scale", "w.data", "b"]
    assert [tensor.state_dict for tensor in contents.tensors] == ["", None, None, ""]
    assert contents.values == [("w.bits", 4)]
    assert "wrapper" in {finding.id for finding in contents.findings}


def test_that_slots_of_a_wrapping_class_are_listed() -> None:
    state = op.tuple_of(op.NONE, op.dict_of({"_local_tensor": op.tensor()}))
    assert [info.key for info in seen(op.dict_of({"w": wrapped(*WRAP, state=state)})).tensors] == ["w", "w._local_tensor"]


@pytest.mark.parametrize(("at", "given", "problem"), [
    (1, op.name("mylib", "float33"), "unknown_dtype"), (2, op.text("x"), "corrupt: the size"), (2, op.integers(-1), "corrupt: a size is"),
    (2, op.integers(1 << 40, 1 << 40), "corrupt: more elements"), (7, op.text("x"), "corrupt: requires_grad"),
])
def test_that_a_wrapping_class_that_lies_has_that_problem(at: int, given: bytes, problem: str) -> None:
    args = [*WRAP]
    args[at] = given
    assert the_tensor(wrapped(*args)).problem.startswith(problem)
    assert the_tensor(wrapped(*args[:5])).problem.startswith("corrupt: 5 arguments")


def test_that_a_nested_tensor_has_its_values_and_four_parts() -> None:
    info = the_tensor(nested())
    assert (info.layout, info.shape, info.dtype, info.device, info.problem) == ("nested", (20,), "float32", "cpu", "")
    assert {name: part.shape for name, part in info.parts.items()} == {
        "values": (20,), "sizes": (2, 3), "strides": (2, 3), "offsets": (2,)}
    assert isinstance(info.made_of, Nested)
    assert info.made_of.form == "2 tensors of 3 dimensions"


@pytest.mark.parametrize(("value", "problem"), [
    pytest.param(nested(sizes=longs("1", 2)), "corrupt: the sizes of", id="rank"),
    pytest.param(nested(strides=longs("2", 3, 3)), "corrupt: the sizes of", id="rows"),
    pytest.param(nested(offsets=op.tensor(op.storage("3"), 0, (2,), (1,))), "corrupt: the sizes of", id="floats"),
    pytest.param(nested(op.tensor(size=(21,), stride=(1,))), "out_of_bounds", id="values"),
    pytest.param(nested(nested()), "corrupt: a part of the tensor is no plain tensor", id="nested"),
    pytest.param(nested(op.integer(1)), "corrupt: a part of the tensor is no tensor", id="number"),
    pytest.param(nested(VALUES, longs("1", 2, 3), longs("2", 2, 3), longs("3", 2), op.NONE), "corrupt: 5 arguments", id="more"),
])
def test_that_a_nested_tensor_that_lies_has_a_problem(value: bytes, problem: str) -> None:
    assert the_tensor(value).problem.startswith(problem)


def test_that_a_jagged_tensor_says_what_it_looks_like() -> None:
    info = the_tensor(jagged(JAGGED, op.dict_of({"_values": op.tensor(), "_ragged_idx": op.integer(1)})))
    assert (info.layout, info.shape, info.requires_grad, info.problem) == ("jagged", (5, 4), True, "")
    assert list(info.parts) == ["values", "offsets"]
    assert isinstance(info.made_of, Jagged)
    assert (info.made_of.form, info.made_of.ragged_dim) == ("(2, *, 4)", 1)


def test_that_notes_on_a_jagged_tensor_are_listed() -> None:
    contents = seen(op.dict_of({"t": jagged(JAGGED, op.dict_of({"_values": op.tensor(), "note": op.text("hi")}))}))
    assert ("t.note", "hi") in contents.values


@pytest.mark.parametrize("changes", [
    {"values": op.integer(1)}, {"offsets": longs("1", 2, 2)}, {"offsets": longs("1", 0)}, {"_ragged_idx": op.integer(3)},
    {"_ragged_idx": op.integer(0)}, {"_ragged_idx": op.text("1")}, {"lengths": op.integer(3)}, {"requires_grad": op.text("")},
])
def test_that_a_jagged_tensor_that_lies_has_a_problem(changes: dict[str, bytes]) -> None:
    assert the_tensor(jagged({**JAGGED, **changes})).problem.startswith("corrupt")


def test_that_parts_may_be_subclasses_of_torch_s_own_making() -> None:
    """torch.compile leaves notes on tensors, which makes them more than plain ones."""
    noted = from_type(("torch._utils", "_rebuild_tensor_v2"), ("torch", "Tensor"),
                      op.tuple_of(*STRIDED, op.FALSE, op.ordered_dict()), op.dict_of({"note": op.integer(1)}))
    assert the_tensor(jagged({**JAGGED, "values": noted})).problem == ""


def test_that_parts_in_parts_end() -> None:
    value = op.tensor()
    for _ in range(200):
        value = jagged({**JAGGED, "values": value})
    assert the_tensor(value).problem == "corrupt: a part of the tensor is no plain tensor"


def array(shape: bytes, dtype: str = "f4") -> bytes:
    kind = op.build(op.reduce(op.name("numpy", "dtype"), op.text(dtype), op.FALSE, op.TRUE), op.tuple_of(
        op.integer(3), op.text("<"), op.NONE, op.NONE, op.NONE, op.integer(-1), op.integer(-1), op.integer(0)))
    made = op.reduce(op.name("numpy.core.multiarray", "_reconstruct"), op.name("numpy", "ndarray"), op.integers(0), op.raw(b"b"))
    return op.build(made, op.tuple_of(op.integer(1), shape, kind, op.FALSE, op.raw(bytes(24))))


@pytest.mark.parametrize("function", ["_rebuild_device_tensor_from_numpy", "_rebuild_xla_tensor"])
def test_that_a_tensor_of_numpy_data_has_the_values_of_its_array_in_a_type_of_its_own(function: str) -> None:
    value = call(function, array(op.integers(2, 3)), op.name("torch", "bfloat16"), op.text("xla:1"), op.TRUE)
    contents = seen(op.dict_of({"t": value}))
    info = contents.tensors[0]
    assert (info.shape, info.stride, info.dtype, info.device, info.requires_grad) == ((2, 3), (3, 1), "bfloat16", "xla:1", True)
    assert (info.problem, contents.values) == ("", [])
    assert info.read_from is not None
    assert (info.read_from.dtype, contents.storages[info.read_from.storage].has_bytes) == ("float32", True)


@pytest.mark.parametrize("data", [op.integer(3), array(op.integers(-2, 3)), array(op.text("x"))], ids=["number", "negative", "shape"])
def test_that_numpy_data_that_is_none_is_a_problem(data: bytes) -> None:
    value = call("_rebuild_device_tensor_from_numpy", data, FLOAT32, op.text("xla:1"), op.TRUE)
    assert seen(op.dict_of({"t": value})).tensors[0].problem.startswith("corrupt")


def per_channel(scales: bytes, zeros: bytes) -> bytes:
    storage = op.storage(cls=op.name("torch", "QInt8Storage"))
    quantizer = op.tuple_of(op.name("torch", "per_channel_affine"), scales, zeros, op.integer(0))
    return call("_rebuild_qtensor", storage, *STRIDED[1:], quantizer, op.FALSE, op.ordered_dict())


def test_that_a_quantizer_of_lists_is_read_as_until_1_4() -> None:
    info = the_tensor(per_channel(op.list_of(*[op.real(0.5)] * 5), op.list_of(*map(op.integer, range(5)))))
    assert info.quantizer == PerChannel("per_channel_affine", (0.5,) * 5, (0, 1, 2, 3, 4), 0)
    assert info.problem == ""


@pytest.mark.parametrize("scales", [op.list_of(op.text("x")), op.list_of(*[op.real(1)] * 70_000)], ids=["text", "long"])
def test_that_a_quantizer_of_odd_lists_is_a_problem(scales: bytes) -> None:
    assert the_tensor(per_channel(scales, op.EMPTY_LIST)).problem.startswith(("corrupt", "unsupported"))


@pytest.mark.parametrize(("root", "kind"), [
    pytest.param("module", "module", id="module"), pytest.param("list", "module", id="list"), pytest.param("tuple", "module", id="tuple"),
    pytest.param("object", "module", id="object"), pytest.param("dict", "training-checkpoint", id="dict"),
    pytest.param("tensors", "other", id="tensors"),
])
def test_that_a_file_with_a_module_at_its_top_is_one(root: str, kind: str) -> None:
    state = op.dict_of({"_parameters": op.dict_of({"w": op.tensor()}), "_buffers": op.EMPTY_DICT, "_modules": op.EMPTY_DICT})
    net = op.build(op.newobj(op.name("mylib", "Net")), state)
    values: dict[str, Any] = {"module": net, "list": op.list_of(op.NONE, net), "tuple": op.tuple_of(net, op.integer(1)),
                              "object": op.build(op.newobj(op.name("mylib", "Agent")), op.dict_of({"net": net})),
                              "dict": op.dict_of({"net": net, "epoch": op.integer(3)}), "tensors": op.list_of(op.tensor())}
    assert seen(values[root]).kind == kind
