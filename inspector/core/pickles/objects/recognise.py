"""What calls in a pickle stand for, by name table: containers, numpy, dates, paths … as views over nodes.

A recogniser gets the call and says what it is; one that meets anything unexpected (number of arguments, their kinds, a
change after the call) declines with None, and the node stays an opaque object, whole. To add one: write a function and a
line in `_BY_NAME`.
"""
from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import PurePosixPath, PureWindowsPath
from typing import Literal, NamedTuple

from inspector.core.checkpoint import Opaque, Plain
from inspector.core.graph import (
    APPEND,
    APPENDS,
    BUILD,
    BYTEARRAY,
    BYTES,
    DICT,
    FROZENSET,
    GLOBAL,
    INT,
    LIST,
    NONE,
    PYSTR,
    PYSTRTEXT,
    REDUCE,
    SET,
    SETITEM,
    SETITEMS,
    STR,
    STRTEXT,
    TUPLE,
    Graph,
    Pairs,
)
from inspector.core.keypath import visible

from .calls import Call, call_of, tuple_items
from .carried_sources import carried_by
from .names import LAYOUTS, MEMORY_FORMATS, Name, carries_source
from .plain import NUMBERS, SCALARS, bytes_text, scalar, short, small_integer

_TEXT_ARGUMENTS = 80        # characters of an argument that is shown as part of its object's line
_FEW_ARGUMENTS = 4
_RANK = 256                 # dimensions of a torch.Size
_LONG_PATH = 32_768         # characters, which is more than any system takes


class Leaf(NamedTuple):
    """One value."""

    value: Plain


class Mapping(NamedTuple):
    """Keys and values; `attributes` are what else the object carries (name -> node), `metadata` the node of a state dict's
    `_metadata` or -1."""

    pairs: Pairs
    empty: Plain
    attributes: tuple[tuple[int, int], ...] = ()
    metadata: int = -1


class Sequence(NamedTuple):
    items: list[int]
    empty: Plain


class Object(NamedTuple):
    """Something unknown, kept whole: its line, and the nodes under it by what to call them."""

    value: Opaque
    children: list[tuple[str, int]]       # fixed names: arguments, items
    attributes: Pairs                     # (key node, value node) of its state


View = Leaf | Mapping | Sequence | Object


def view_of(graph: Graph, n: int) -> View:
    """What container or call `n` is."""
    kind = graph.kind[n]
    if kind == DICT:
        return Mapping(graph.pairs(n), {})
    if kind == LIST:
        return Sequence(graph.sequence(n), [])
    if kind == TUPLE:
        return Sequence(graph.sequence(n), ())
    if kind in (SET, FROZENSET):
        name = "set" if kind == SET else "frozenset"
        return Sequence(graph.sequence(n), Opaque(name, f"{name}()", n))
    call = call_of(graph, n, len(graph.operands))
    recogniser = _BY_NAME.get(call.name) or (_carried if carries_source(*call.name) else None) if call.name else None
    if recogniser is not None and call.args is not None and not call.kwargs:
        found = recogniser(graph, call)
        if found is not None:
            return found
    return unknown_object(graph, call)


def unknown_object(graph: Graph, call: Call) -> Object:
    """`call` as an object nothing is known about: its arguments, items and state under it."""
    n = call.node
    children: list[tuple[str, int]] = []
    args = call.args if call.args is not None else tuple(graph.references(n)[1:])
    inline = _inline_arguments(graph, call)
    changed = n in graph.mutations
    items = graph.sequence(n) if changed else []
    if inline is None:
        # items of a list-like object are numbered, so its arguments need a name of their own
        prefix = "args." if items else ""
        children += [(f"{prefix}{i}", arg) for i, arg in enumerate(args)]
    children += [(str(i), item) for i, item in enumerate(items)]
    attributes = [*call.kwargs, *(graph.pairs(n) if changed else ())]
    for state in graph.states(n) if changed else ():
        found = state_pairs(graph, state)
        if found is None:
            children.append(("state", state))
        else:
            attributes += found
    title = visible(".".join(call.spelled)) if call.spelled else "a computed object"
    plain = not children and not attributes
    text = f"{title}({inline})" if inline is not None and (inline or plain) and not (attributes or children) else f"{title}(...)"
    return Object(Opaque(title, text, n), children, attributes)


def _inline_arguments(graph: Graph, call: Call) -> str | None:
    """The arguments as one short text, when they are few short scalars: enum members, dates, ids. Else None."""
    if call.args is None or len(call.args) > _FEW_ARGUMENTS:
        return None
    if any(graph.kind[arg] not in SCALARS for arg in call.args):
        return None
    if any(graph.kind[arg] not in NUMBERS and graph.b[arg] - graph.a[arg] > _TEXT_ARGUMENTS for arg in call.args):
        return None
    return ", ".join(short(graph, arg) for arg in call.args)


def state_pairs(graph: Graph, state: int) -> Pairs | None:
    """The attributes that a BUILD state sets: of a dict, of (dict or None, slots dict); None for any other state."""
    kind = graph.kind[state]
    if kind == DICT:
        return graph.pairs(state)
    if kind == NONE:
        return []
    if kind == TUPLE:
        parts = tuple_items(graph, state)
        if parts is not None and len(parts) == 2 and all(graph.kind[part] in (DICT, NONE) for part in parts):
            return [pair for part in parts if graph.kind[part] == DICT for pair in graph.pairs(part)]
    return None


# -- what recognisers ask about ---------------------------------------------------------------------------------------

def _only(graph: Graph, n: int, *kinds: int) -> bool:
    """Whether nothing but mutations of `kinds` was done to `n`."""
    return all(graph.kind[m] in kinds for m in graph.mutations.get(n, ()))


def _bytes_of(graph: Graph, n: int) -> bytes | None:
    """Bytes however they were pickled: as such, as a python-2 string, or as `_codecs.encode(text, "latin1")`."""
    kind = graph.kind[n]
    if kind in (BYTES, PYSTR, PYSTRTEXT, BYTEARRAY):
        return graph.raw(n)
    if kind == REDUCE:
        call = call_of(graph, n)
        if call.name == ("_codecs", "encode") and call.args is not None:
            return _encoded(graph, call)
        if call.name == ("builtins", "bytes") and call.args == ():
            return b""
    return None


def _encoded(graph: Graph, call: Call) -> bytes | None:
    args = call.args or ()
    if len(args) != 2 or graph.loose_text(args[1]) not in ("latin1", "latin-1", "iso-8859-1"):
        return None
    text = graph.loose_text(args[0])
    try:
        return None if text is None else text.encode("latin-1")
    except UnicodeEncodeError:
        return None


def _integers(graph: Graph, nodes: tuple[int, ...]) -> list[int] | None:
    return [graph.a[n] for n in nodes] if all(graph.kind[n] == INT for n in nodes) else None


# -- containers -------------------------------------------------------------------------------------------------------

def _ordered_dict(graph: Graph, call: Call) -> View | None:
    """OrderedDict() then SETITEMS, or python 2's OrderedDict([[k, v], …]); `_metadata` and other attributes by BUILD."""
    args = call.args or ()
    if len(args) > 1:
        return None
    pairs = _pair_list(graph, args[0], call.node) if args else []
    attributes = _attributes(graph, call.node)
    if pairs is None or attributes is None or not _only(graph, call.node, SETITEM, SETITEMS, BUILD):
        return None
    metadata = [value for key, value in attributes if graph.loose_text(key) == "_metadata"]
    others = [pair for pair in attributes if graph.loose_text(pair[0]) != "_metadata"]
    return Mapping(_one_after_the_other(pairs, graph.pairs(call.node)), {}, tuple(others), metadata[-1] if metadata else -1)


def _pair_list(graph: Graph, n: int, when: int) -> Pairs | None:
    """The pairs of a list of two-item lists or tuples, or of a dict, unchanged since `when`."""
    if graph.mutated_after(n, when):
        return None
    if graph.kind[n] == DICT:
        return graph.pairs(n)
    if graph.kind[n] not in (LIST, TUPLE):
        return None
    pairs = []
    for item in graph.sequence(n):
        if graph.kind[item] not in (LIST, TUPLE) or graph.mutated_after(item, when):
            return None
        parts = graph.sequence(item)
        if len(parts) != 2:
            return None
        pairs.append((parts[0], parts[1]))
    return pairs


def _one_after_the_other(pairs: Pairs, more: Pairs) -> Pairs:
    return [*pairs, *more] if pairs and more else pairs or more


def _attributes(graph: Graph, n: int) -> list[tuple[int, int]] | None:
    """All attributes that BUILDs set on `n`; None when one of them is no mapping."""
    attributes: list[tuple[int, int]] = []
    for state in graph.states(n):
        found = state_pairs(graph, state)
        if found is None:
            return None
        attributes += found
    return attributes


def _default_dict(graph: Graph, call: Call) -> View | None:
    args = call.args or ()
    if len(args) > 1 or (args and graph.kind[args[0]] not in (GLOBAL, NONE)):
        return None
    attributes = _attributes(graph, call.node)
    if attributes is None or not _only(graph, call.node, SETITEM, SETITEMS, BUILD):
        return None
    return Mapping(graph.pairs(call.node), {}, tuple(attributes))


def _dict(graph: Graph, call: Call) -> View | None:
    """dict and Counter: empty, or made of one dict (or list of pairs)."""
    args = call.args or ()
    pairs = _pair_list(graph, args[0], call.node) if len(args) == 1 else [] if not args else None
    attributes = _attributes(graph, call.node)
    if pairs is None or attributes is None or not _only(graph, call.node, SETITEM, SETITEMS, BUILD):
        return None
    return Mapping(_one_after_the_other(pairs, graph.pairs(call.node)), {}, tuple(attributes))


def _items_argument(graph: Graph, call: Call) -> list[int] | None:
    """The items of at most one argument that is a list, tuple or set, unchanged since the call."""
    args = call.args or ()
    if not args:
        return []
    if len(args) > 1 or graph.kind[args[0]] not in (LIST, TUPLE, SET, FROZENSET) or graph.mutated_after(args[0], call.node):
        return None
    return graph.sequence(args[0])


def _set(graph: Graph, call: Call) -> View | None:
    items = _items_argument(graph, call)
    if items is None or call.node in graph.mutations or call.name is None:
        return None
    return Sequence(items, Opaque(call.name[1], f"{call.name[1]}()", call.node))


def _list(graph: Graph, call: Call) -> View | None:
    items = _items_argument(graph, call)
    if items is None or call.name is None or not _only(graph, call.node, APPEND, APPENDS):
        return None
    return Sequence(items + graph.sequence(call.node), [] if call.name[1] == "list" else ())


def _script_list(graph: Graph, call: Call) -> View | None:
    """What torch/jit/_pickle.py gives for a typed list: `build_intlist([1, 2])` and its kin."""
    args = call.args or ()
    if len(args) != 1 or graph.kind[args[0]] != LIST or call.node in graph.mutations:
        return None
    return Sequence(graph.sequence(args[0]), [])


def _tagged(graph: Graph, call: Call) -> View | None:
    """`restore_type_tag(value, "Dict[str, int]")`: the value. Tags within tags stay objects."""
    args = call.args or ()
    if len(args) != 2 or graph.kind[args[0]] not in (DICT, LIST, TUPLE) or call.node in graph.mutations:
        return None
    return view_of(graph, args[0])


def _numbered_tensor(graph: Graph, call: Call) -> View | None:
    """`build_tensor_from_id(3)`: a tensor of the table that TorchScript archives had until torch 1.2."""
    args = call.args or ()
    if len(args) != 1 or graph.kind[args[0]] != INT:
        return None
    return Leaf(Opaque("tensor", f"tensor {graph.a[args[0]]} of the archive's table", call.node))


def _deque(graph: Graph, call: Call) -> View | None:
    """deque(), deque(items), deque(items, maxlen), then APPENDS."""
    args = call.args or ()
    if len(args) == 2 and graph.kind[args[1]] not in (INT, NONE):
        return None
    items = _items_argument(graph, call._replace(args=args[:1]))
    if items is None or len(args) > 2 or not _only(graph, call.node, APPEND, APPENDS):
        return None
    return Sequence(items + graph.sequence(call.node), Opaque("collections.deque", "deque([])", call.node))


def _namespace(graph: Graph, call: Call) -> View | None:
    """argparse.Namespace and types.SimpleNamespace: a mapping of attributes."""
    attributes = _attributes(graph, call.node)
    if call.args or attributes is None or not _only(graph, call.node, BUILD) or call.spelled is None:
        return None
    return Mapping(attributes, Opaque(".".join(call.spelled), f"{call.spelled[1]}()", call.node))


# -- single values ----------------------------------------------------------------------------------------------------

def _unmutated(recogniser: Callable[[Graph, Call], View | None]) -> Callable[[Graph, Call], View | None]:
    def checked(graph: Graph, call: Call) -> View | None:
        return None if call.node in graph.mutations else recogniser(graph, call)
    return checked


def _bytes(graph: Graph, call: Call) -> View | None:
    raw = _bytes_of(graph, call.node)
    return None if raw is None else Leaf(raw)


def _bytearray(graph: Graph, call: Call) -> View | None:
    args = call.args or ()
    if not args:
        raw: bytes | None = b""
    elif len(args) == 2 and graph.loose_text(args[1]) in ("latin-1", "latin1"):      # protocol 2's spelling
        raw = _encoded(graph, call)
    else:
        raw = _bytes_of(graph, args[0]) if len(args) == 1 else None
    if raw is None:
        return None
    return Leaf(Opaque("bytearray", bytes_text(raw, len(raw)), call.node))


def _complex(graph: Graph, call: Call) -> View | None:
    parts = [scalar(graph, arg) for arg in call.args or () if graph.kind[arg] in NUMBERS]
    numbers = [part for part in parts if isinstance(part, (int, float)) and not isinstance(part, bool)]
    if len(numbers) != 2 or len(call.args or ()) != 2:
        return None
    try:
        return Leaf(complex(*numbers))
    except OverflowError:
        return None


def _size(graph: Graph, call: Call) -> View | None:
    sizes = size_of(graph, call.node)
    if sizes is None:
        return None
    listed = ", ".join(str(size) for size in sizes[:64]) + (", …" if len(sizes) > 64 else "")
    return Leaf(Opaque("torch.Size", f"torch.Size([{listed}])", call.node))


def size_of(graph: Graph, n: int, most: int = _RANK) -> list[int] | None:
    """The numbers of a torch.Size(…) call; None when it is not quite that, or has more than `most`."""
    call = call_of(graph, n)
    args = call.args or ()
    if call.name != ("torch", "Size") or len(args) != 1 or graph.kind[args[0]] not in (TUPLE, LIST) or n in graph.mutations:
        return None
    if too_long(graph, args[0], most) or graph.mutated_after(args[0], n):
        return None
    return _integers(graph, tuple(graph.sequence(args[0])))


def too_long(graph: Graph, n: int, most: int) -> bool:
    """Whether container `n` has more than `most` items, without going over them."""
    count = graph.b[n] - graph.a[n]
    for m in graph.mutations.get(n, ()):
        count += graph.b[m] - graph.a[m]
        if count > most:
            return True
    return count > most


def device_of(graph: Graph, n: int) -> str | None:
    """The device that node `n` is, as its tag ("cuda:0"): text, or a torch.device(…) call. None for anything else."""
    if graph.kind[n] != REDUCE:
        return graph.loose_text(n)
    call = call_of(graph, n)
    args = call.args or ()
    name = graph.loose_text(args[0]) if args else None
    if call.name != ("torch", "device") or n in graph.mutations or name is None or len(args) > 2 \
            or (len(args) == 2 and graph.kind[args[1]] != INT):
        return None
    return name + (f":{graph.a[args[1]]}" if len(args) == 2 else "")


def _device(graph: Graph, call: Call) -> View | None:
    name = device_of(graph, call.node)
    return None if name is None else Leaf(Opaque("torch.device", visible(name), call.node))


def layout_of(graph: Graph, n: int) -> str | None:
    """The layout that node `n` names: `torch.strided` itself, or `_get_layout("torch.strided")`."""
    if graph.kind[n] == GLOBAL:
        module, name = graph.names[graph.a[n]]
        return name if module == "torch" and name in LAYOUTS else None
    if graph.kind[n] != REDUCE:
        return None
    call = call_of(graph, n)
    text = graph.loose_text(call.args[0]) if call.args and len(call.args) == 1 else None
    if call.name != ("torch.serialization", "_get_layout") or text is None:
        return None
    name = text.removeprefix("torch.")
    return name if name in LAYOUTS | MEMORY_FORMATS else None


def _layout(graph: Graph, call: Call) -> View | None:
    name = layout_of(graph, call.node)
    return None if name is None else Leaf(Opaque("torch.layout", f"torch.{name}", call.node))


def _path(graph: Graph, call: Call) -> View | None:
    parts = [graph.loose_text(arg) for arg in call.args or ()]
    if any(part is None for part in parts) or call.spelled is None:
        return None
    texts = [part or "" for part in parts]
    flavour = PureWindowsPath if "Windows" in call.spelled[1] else PurePosixPath
    # as str() of it; Python 3.13 writes what the path was made of, which may be "a//b/." and "c:/x"
    joined = str(flavour(*texts)) if sum(map(len, texts)) < _LONG_PATH else "/".join(texts)
    return Leaf(Opaque(".".join(call.spelled), joined, call.node))


def _date_and_time(graph: Graph, call: Call) -> View | None:
    """datetime, date and time from their packed bytes (Lib/_pydatetime.py, `_getstate`); a time zone is not shown."""
    args = call.args or ()
    if not 1 <= len(args) <= 2 or call.name is None:
        return None
    raw = _bytes_of(graph, args[0])
    if raw is None and graph.kind[args[0]] in (STR, STRTEXT):
        raw = (graph.text(args[0]) or "").encode("latin-1", "replace")
    if raw is None:
        return None
    form = call.name[1]
    if len(raw) != {"date": 4, "time": 6, "datetime": 10}[form]:
        return None
    text = ""
    if form != "time":
        text = f"{raw[0] * 256 + raw[1]:04}-{raw[2] & 0x7f:02}-{raw[3]:02}"
        raw = raw[4:]
    if form != "date":
        fraction = int.from_bytes(raw[3:6], "big")
        text += ("T" if text else "") + f"{raw[0] & 0x7f:02}:{raw[1]:02}:{raw[2]:02}" + (f".{fraction:06}" if fraction else "")
    return Leaf(Opaque(f"datetime.{form}", text, call.node))


def _time_delta(graph: Graph, call: Call) -> View | None:
    parts = _integers(graph, call.args or ())
    if parts is None or len(parts) != 3:
        return None
    days, seconds, micro = parts
    return Leaf(Opaque("datetime.timedelta", f"{days} days {seconds} s" + (f" {micro} µs" if micro else ""), call.node))


def _short_call(graph: Graph, call: Call) -> View | None:
    """slice, range, Decimal, Fraction: their few scalar arguments as Python would write them."""
    inline = _inline_arguments(graph, call)
    if not inline or call.spelled is None or call.name is None:
        return None
    return Leaf(Opaque(call.name[1] if call.name[0] == "builtins" else ".".join(call.name), f"{call.name[1]}({inline})", call.node))


def _uuid(graph: Graph, call: Call) -> View | None:
    attributes = _attributes(graph, call.node)
    if call.args or attributes is None or not _only(graph, call.node, BUILD):
        return None
    values = [small_integer(graph, value) for key, value in attributes if graph.loose_text(key) == "int"]
    if len(values) != 1 or values[0] is None or not 0 <= values[0] < 1 << 128:
        return None
    digits = f"{values[0]:032x}"
    text = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return Leaf(Opaque("uuid.UUID", text, call.node))


def _partial(graph: Graph, call: Call) -> View | None:
    """functools.partial(f) with its BUILD of (f, args, kwargs, dict): named by what it would call."""
    args = call.args or ()
    named = graph.global_name(args[0]) if len(args) == 1 else None
    if named is None:
        return None
    base = unknown_object(graph, call)
    children: list[tuple[str, int]] = []
    for state in graph.states(call.node):
        parts = tuple_items(graph, state)
        if parts is None or len(parts) != 4:
            return None
        children += [("args", parts[1]), ("kwargs", parts[2])]
    return Object(Opaque("functools.partial", f"functools.partial({visible('.'.join(named))}, ...)", base.value.node), children, [])


def _carried(graph: Graph, call: Call) -> View | None:
    """An object that carries the source of its class: what its state says, under that class's name."""
    carried = carried_by(graph, call)
    if carried is None:
        return None
    name = visible(carried.class_name, _TEXT_ARGUMENTS)
    value, attributes = Opaque(name, f"{name}(...)", call.node), state_pairs(graph, carried.state)
    return Object(value, [("state", carried.state)], []) if attributes is None else Object(value, [], attributes)


# -- numpy ------------------------------------------------------------------------------------------------------------

_SHAPES = 32
_STRUCT = {("f", 2): "e", ("f", 4): "f", ("f", 8): "d"}


class NumpyType(NamedTuple):
    kind: str           # numpy's one-letter kind: f i u b c U S O V M m
    size: int           # bytes
    order: str          # "<" or ">"

    @property
    def text(self) -> str:
        words = {"f": "float", "i": "int", "u": "uint", "c": "complex"}
        if self.kind in words:
            return f"{words[self.kind]}{self.size * 8}"
        others = {"b": "bool", "O": "object", "U": "text", "S": "bytes", "V": "record", "M": "datetime64", "m": "timedelta64"}
        return others[self.kind]


def numpy_type(graph: Graph, n: int) -> NumpyType | None:
    """The element type that `numpy.dtype("f8", False, True)` and its BUILD `(3, "<", …)` describe."""
    if graph.kind[n] != REDUCE:
        return None
    call = call_of(graph, n)
    args = call.args or ()
    text = graph.loose_text(args[0]) if args and call.name == ("numpy", "dtype") else None
    if not text or len(args) > 3 or text[0] not in "fiubcUSOVMm?" or not text[1:].isdecimal() or len(text) > 9:
        return None
    states = graph.states(n)
    if len(states) > 1 or not _only(graph, n, BUILD):
        return None
    order = "<"
    if states:
        parts = tuple_items(graph, states[0])
        found = graph.loose_text(parts[1]) if parts is not None and len(parts) >= 8 else None
        if found not in ("<", ">", "|", "="):
            return None
        order = ">" if found == ">" else "<"
    size = int(text[1:]) * (4 if text[0] == "U" else 1)
    return NumpyType("b" if text[0] == "?" else text[0], size, order)


def _numpy_dtype(graph: Graph, call: Call) -> View | None:
    found = numpy_type(graph, call.node)
    return None if found is None else Leaf(Opaque("numpy.dtype", found.text, call.node))


def _numpy_scalar(graph: Graph, call: Call) -> View | None:
    """numpy.core.multiarray.scalar(dtype, bytes): a plain number, or a text."""
    args = call.args or ()
    if len(args) != 2:
        return None
    dtype, raw = numpy_type(graph, args[0]), _bytes_of(graph, args[1])
    if dtype is None or raw is None or len(raw) != dtype.size:
        return None
    value = numpy_value(dtype, raw)
    return None if value is None else Leaf(value)


def numpy_value(dtype: NumpyType, raw: bytes) -> Plain:
    """One element as a number or text; None where it is neither."""
    order: Literal["little", "big"] = "little" if dtype.order == "<" else "big"
    if dtype.kind == "b" and dtype.size == 1:
        return raw != b"\0"
    if dtype.kind in "iu" and dtype.size in (1, 2, 4, 8):
        return int.from_bytes(raw, order, signed=dtype.kind == "i")
    code = _STRUCT.get((dtype.kind, dtype.size))
    if code:
        real: float = struct.unpack(dtype.order + code, raw)[0]
        return real
    half = _STRUCT.get(("f", dtype.size // 2)) if dtype.kind == "c" else None
    if half:
        return complex(*struct.unpack(dtype.order + half * 2, raw))
    if dtype.kind == "U":
        try:
            return raw.decode("utf-32-le" if dtype.order == "<" else "utf-32-be").rstrip("\0")
        except UnicodeDecodeError:
            return None
    return raw.rstrip(b"\0") if dtype.kind == "S" else None


def _numpy_array(graph: Graph, call: Call) -> View | None:
    """`_reconstruct(ndarray, (0,), b"b")` and its BUILD `(version, shape, dtype, fortran, bytes or list of objects)`."""
    args = call.args or ()
    states = graph.states(call.node)
    if len(args) != 3 or graph.global_name(args[0]) != ("numpy", "ndarray") or len(states) != 1:
        return None
    if not _only(graph, call.node, BUILD):
        return None
    parts = tuple_items(graph, states[0])
    if parts is None or len(parts) != 5:
        return None
    shape, dtype = _shape(graph, parts[1]), numpy_type(graph, parts[2])
    if shape is None or dtype is None:
        return None
    value = _array_text(call.node, dtype, shape)
    if graph.kind[parts[4]] == LIST and dtype.kind == "O":
        return Object(value, [(str(i), item) for i, item in enumerate(graph.sequence(parts[4]))], [])
    return Leaf(value) if _holds_bytes(graph, parts[4]) else None


def _numpy_buffer(graph: Graph, call: Call) -> View | None:
    """numpy.core.numeric._frombuffer(buffer, dtype, shape, order): what pickle protocol 5 writes."""
    args = call.args or ()
    if len(args) != 4 or not _holds_bytes(graph, args[0]):
        return None
    dtype, shape = numpy_type(graph, args[1]), _shape(graph, args[2])
    return None if shape is None or dtype is None else Leaf(_array_text(call.node, dtype, shape))


def _array_text(n: int, dtype: NumpyType, shape: list[int]) -> Opaque:
    listed = ", ".join(str(size) for size in shape[:_SHAPES]) + (", …" if len(shape) > _SHAPES else "")
    return Opaque("numpy.ndarray", f"{dtype.text} [{listed}]", n)


def _holds_bytes(graph: Graph, n: int) -> bool:
    """Whether `n` is bytes in one of their spellings, without copying them."""
    if graph.kind[n] in (BYTES, PYSTR, PYSTRTEXT, BYTEARRAY):
        return True
    if graph.kind[n] != REDUCE:
        return False
    return call_of(graph, n).name in (("_codecs", "encode"), ("builtins", "bytes"), ("builtins", "bytearray"))


def _shape(graph: Graph, n: int) -> list[int] | None:
    sizes = tuple_items(graph, n)
    return None if sizes is None else _integers(graph, sizes)


_BY_NAME: dict[Name, Callable[[Graph, Call], View | None]] = {
    ("collections", "OrderedDict"): _ordered_dict,
    ("collections", "defaultdict"): _default_dict,
    ("collections", "Counter"): _dict,
    ("builtins", "dict"): _dict,
    ("collections", "deque"): _deque,
    ("builtins", "set"): _set, ("builtins", "frozenset"): _set,
    ("builtins", "list"): _list, ("builtins", "tuple"): _list,
    ("argparse", "Namespace"): _namespace, ("types", "SimpleNamespace"): _namespace,
    ("_codecs", "encode"): _unmutated(_bytes), ("builtins", "bytes"): _unmutated(_bytes),
    ("builtins", "bytearray"): _unmutated(_bytearray), ("builtins", "complex"): _unmutated(_complex),
    ("torch", "Size"): _size, ("torch", "device"): _device,
    ("torch.serialization", "_get_layout"): _unmutated(_layout),
    **{("pathlib", name): _unmutated(_path)
       for name in ("Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath")},
    **{("datetime", name): _unmutated(_date_and_time) for name in ("datetime", "date", "time")},
    ("datetime", "timedelta"): _unmutated(_time_delta),
    ("builtins", "slice"): _unmutated(_short_call), ("builtins", "range"): _unmutated(_short_call),
    ("decimal", "Decimal"): _unmutated(_short_call), ("fractions", "Fraction"): _unmutated(_short_call),
    ("uuid", "UUID"): _uuid,
    ("functools", "partial"): _partial,
    **{("torch.jit._pickle", f"build_{kind}list"): _script_list for kind in ("int", "tensor", "double", "bool", "complex")},
    ("torch.jit._pickle", "restore_type_tag"): _tagged, ("torch.jit._pickle", "build_tensor_from_id"): _unmutated(_numbered_tensor),
    ("numpy", "dtype"): _numpy_dtype,
    ("numpy.core.multiarray", "scalar"): _unmutated(_numpy_scalar),
    ("numpy.core.multiarray", "_reconstruct"): _numpy_array,
    ("numpy.core.numeric", "_frombuffer"): _unmutated(_numpy_buffer),
}
