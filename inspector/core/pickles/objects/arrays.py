"""numpy's arrays in a pickle: where their bytes lie, and how they are to be read.

Sources: `array_reduce`, `array_setstate` and `arraydescr_reduce` in numpy/_core/src/multiarray (2.x): an array's state is (version,
shape, dtype, Fortran order, bytes or list of objects); that of datetime64's dtype ends in (metadata, (unit, step, 1, 1)). From pickle
protocol 5 on a contiguous array is `_frombuffer(bytes, dtype, shape, order)` (numpy/_core/numeric.py). The types of the package ml_dtypes
are named by their classes.
"""
from __future__ import annotations

from math import prod
from typing import NamedTuple

from inspector.core.checkpoint import Constant
from inspector.core.dtypes import DTYPES
from inspector.core.graph import BYTEARRAY, BYTES, DICT, LIST, PYSTR, PYSTRTEXT, REDUCE, TEXTS, TUPLE, Graph

from .calls import call_of, tuple_items
from .names import ARRAY_BUILDERS, Name
from .plain import small_integer
from .recognise import NumpyType, numpy_type

_TORCH = {("b", 1): "bool", ("i", 1): "int8", ("i", 2): "int16", ("i", 4): "int32", ("i", 8): "int64", ("u", 1): "uint8",
          ("u", 2): "uint16", ("u", 4): "uint32", ("u", 8): "uint64", ("f", 2): "float16", ("f", 4): "float32", ("f", 8): "float64",
          ("c", 8): "complex64", ("c", 16): "complex128"}
_MASKED = ("numpy.ma.core", "_mareconstruct")
# classes whose arrays are their elements and nothing else
_CLASSES: frozenset[Name] = frozenset({("numpy", "ndarray"), ("numpy", "matrix"), ("numpy", "memmap"),
                                       ("numpy.matrixlib.defmatrix", "matrix"), ("numpy.core.memmap", "memmap")})


class Array(NamedTuple):
    """An array in a pickle. `dtype` is torch's name of its element type, "" where torch has none; `stride` in elements; `constant` are
    its bytes (None: there are none); `objects` the nodes of its elements where those are objects."""

    kind: NumpyType
    dtype: str
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    constant: Constant | None
    objects: tuple[int, ...] = ()
    unit: tuple[str, int] = ("", 1)


def array_of(graph: Graph, n: int) -> Array | None:
    """The numpy array that node `n` is, of whatever class: ndarray, matrix, memmap. None for anything else."""
    if graph.kind[n] != REDUCE:
        return None
    call = call_of(graph, n)
    if call.name == ("numpy.core.numeric", "_frombuffer") and call.args is not None and len(call.args) == 4:
        buffer, dtype, shape, order = call.args
        return _array(graph, dtype, shape, graph.loose_text(order) == "F", buffer)
    states = graph.states(n)
    if call.name not in (("numpy.core.multiarray", "_reconstruct"), _MASKED) or len(states) != 1:
        return None
    parts = tuple_items(graph, states[0])
    if parts is None or len(parts) < 5:
        return None
    return _array(graph, parts[2], parts[1], graph.boolean(parts[3]) is True or small_integer(graph, parts[3]) == 1, parts[4])


def numbers_of(graph: Graph, n: int) -> Array | None:
    """The same where it is an array of numbers that a tensor can hold, and nothing else was done to it; None for arrays of texts,
    objects and records, for masked ones, and for classes that may mean more by it."""
    if graph.kind[n] != REDUCE:
        return None
    call, done = call_of(graph, n), graph.mutations.get(n, ())
    if call.name not in ARRAY_BUILDERS or not call.args:
        return None
    if call.name == ("numpy.core.numeric", "_frombuffer"):
        found = array_of(graph, n) if not done else None
    else:
        found = array_of(graph, n) if len(done) == 1 and len(call.args) == 3 and graph.global_name(call.args[0]) in _CLASSES else None
    return found if found is not None and found.dtype else None


def class_of(graph: Graph, n: int) -> str:
    """What the array at `n` calls its class."""
    call = call_of(graph, n)
    named = graph.global_name(call.args[0]) if call.args and call.name == ("numpy.core.multiarray", "_reconstruct") else None
    return ".".join(named) if named else "numpy.ndarray"


def mask_of(graph: Graph, n: int) -> Array | None:
    """The mask of the masked array that node `n` is."""
    parts = tuple_items(graph, graph.states(n)[0]) if graph.states(n) else None
    own = array_of(graph, n)
    if call_of(graph, n).name != _MASKED or parts is None or len(parts) < 6 or own is None:
        return None
    count: int = prod(own.shape)
    constant = constant_of(graph, parts[5], NumpyType("b", 1, "<"), count)
    if constant is None and count:
        return None
    return Array(NumpyType("b", 1, "<"), "bool", own.shape, own.stride, constant)


def _array(graph: Graph, dtype: int, shape: int, fortran: bool, content: int) -> Array | None:
    kind, name = element_type(graph, dtype)
    sizes = tuple_items(graph, shape)
    dims = [small_integer(graph, size) for size in sizes] if sizes is not None else [None]
    lengths: tuple[int, ...] = tuple(size for size in dims if size is not None)
    if kind is None or len(lengths) < len(dims) or any(size < 0 or size >= 1 << 62 for size in lengths):
        return None
    stride = _strides(lengths, fortran)
    if kind.kind == "O":
        items = graph.sequence(content) if graph.kind[content] == LIST else []
        return Array(kind, "", lengths, stride, None, tuple(items)) if len(items) == prod(lengths) else None
    constant = constant_of(graph, content, kind, prod(lengths))
    if constant is None and prod(lengths) * kind.size:
        return None
    return Array(kind, name, lengths, stride, constant, unit=unit_of(graph, dtype) if kind.kind in "mM" else ("", 1))


def holds_objects(graph: Graph, dtype: int) -> bool:
    """Whether an element type is that of Python objects, or of records with such in them."""
    kind = numpy_type(graph, dtype)
    if kind is None or kind.kind != "V":
        return kind is not None and kind.kind == "O"
    parts = tuple_items(graph, graph.states(dtype)[0]) if graph.states(dtype) else None
    fields = graph.pairs(parts[4]) if parts is not None and len(parts) > 4 and graph.kind[parts[4]] == DICT else []
    inner = [items[0] for _, value in fields if (items := tuple_items(graph, value))]
    return any(numpy_type(graph, n) is None or holds_objects(graph, n) for n in inner if n < dtype) if inner else False


def element_type(graph: Graph, n: int) -> tuple[NumpyType | None, str]:
    """An element type as numpy has it, and what torch calls it ("" where it has none)."""
    found = numpy_type(graph, n)
    if found is not None:
        return found, _TORCH.get((found.kind, found.size), "")
    call = call_of(graph, n) if graph.kind[n] == REDUCE else None
    named = graph.global_name(call.args[0]) if call is not None and call.name == ("numpy", "dtype") and call.args else None
    if named is None or named[0] != "ml_dtypes" or named[1] not in DTYPES or DTYPES[named[1]].bits % 8:
        return None, ""
    parts = [tuple_items(graph, state) or () for state in graph.states(n)]
    order = ">" if any(len(items) > 1 and graph.loose_text(items[1]) == ">" for items in parts) else "<"
    return NumpyType("f", DTYPES[named[1]].bits // 8, order), named[1]


def _strides(shape: tuple[int, ...], fortran: bool) -> tuple[int, ...]:
    strides, step = [], 1
    for size in shape if fortran else reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(strides if fortran else reversed(strides))


def constant_of(graph: Graph, n: int, kind: NumpyType, count: int) -> Constant | None:
    """The constant of `count` elements that is given as bytes, or as text that is to be encoded; None where it is not of that size."""
    nbytes = count * kind.size
    if graph.kind[n] == REDUCE:
        n = encoded_text(graph, n)
        # up to two bytes for each character, in protocol 0 up to six: what is of another size altogether is not decoded to find out
        if n < 0 or not nbytes <= graph.b[n] - graph.a[n] <= 6 * nbytes or len(graph.content(n)) != nbytes:
            return None
    elif bytes_length(graph, n) != nbytes:
        return None
    unit = kind.size // 2 if kind.kind == "c" else 4 if kind.kind == "U" else kind.size
    return Constant(graph, n, unit if kind.order == ">" and kind.kind in "iufcUmM" else 1)


def encoded_text(graph: Graph, n: int) -> int:
    """The text that `_codecs.encode(text, "latin1")` at `n` makes bytes of; -1 for anything else."""
    call = call_of(graph, n)
    return call.args[0] if call.name == ("_codecs", "encode") and call.args and graph.kind[call.args[0]] in TEXTS else -1


def bytes_length(graph: Graph, n: int) -> int:
    """How many bytes the constant at `n` holds; -1 where it is none."""
    if graph.kind[n] in (BYTES, BYTEARRAY, PYSTR):
        return graph.b[n] - graph.a[n]
    return len(graph.raw(n) or b"") if graph.kind[n] == PYSTRTEXT else -1


def unit_of(graph: Graph, dtype: int) -> tuple[str, int]:
    """The unit of datetime64's or timedelta64's numbers, and how many of it a step is."""
    states = graph.states(dtype)
    parts = tuple_items(graph, states[0]) if states else None
    metadata = tuple_items(graph, parts[8]) if parts is not None and len(parts) > 8 and graph.kind[parts[8]] == TUPLE else None
    said = tuple_items(graph, metadata[1]) if metadata is not None and len(metadata) == 2 else None
    if not said:
        return "", 1
    call = call_of(graph, said[0]) if graph.kind[said[0]] == REDUCE else None
    raw = graph.raw(said[0])
    text = graph.loose_text(call.args[0]) if call is not None and call.args else raw.decode("latin-1") if raw is not None \
        else graph.loose_text(said[0])
    return text or "", small_integer(graph, said[1]) or 1 if len(said) > 1 else 1


def places(array: Array) -> list[int]:
    """Which stored element each one is, in C order."""
    found = [0]
    for length, step in zip(array.shape, array.stride, strict=True):
        found = [base + i * step for base in found for i in range(length)]
    return found
