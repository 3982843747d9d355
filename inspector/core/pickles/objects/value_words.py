"""What a value is, in a few words: "a numpy number", "a path", "an object of the class net.Config"."""
from __future__ import annotations

from inspector.core.graph import BYTEARRAY, CALLS, EXT, FROZENSET, GLOBAL, GLOBALDYN, SET, Graph
from inspector.core.keypath import visible

from .calls import call_of
from .carried_sources import carried_by
from .names import FROM_TYPE, FROM_TYPE_V2, JAGGED, Name, canonical
from .recognise import numpy_type

_LONGEST = 100          # characters of a name that are shown
_SCALARS = {"f": "number", "i": "number", "u": "number", "c": "number", "b": "truth value", "U": "text", "S": "text", "M": "date",
            "m": "duration", "V": "record"}
_RANDOM_STATES = frozenset({"torch.Generator", "torch._C.Generator", "random.Random", "numpy.random.mtrand.RandomState"})

_WORDS: dict[Name, str] = {
    ("numpy.core.multiarray", "_reconstruct"): "a numpy array", ("numpy.core.numeric", "_frombuffer"): "a numpy array",
    ("numpy", "dtype"): "a numpy element type", ("numpy.ma.core", "_mareconstruct"): "a masked numpy array",
    ("argparse", "Namespace"): "a Namespace", ("types", "SimpleNamespace"): "a SimpleNamespace",
    **dict.fromkeys((("pathlib", name) for name in ("Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath")),
                    "a path"),
    ("datetime", "datetime"): "a date and time", ("datetime", "date"): "a date", ("datetime", "time"): "a time of day",
    ("datetime", "timedelta"): "a duration", ("datetime", "timezone"): "a time zone",
    ("collections", "defaultdict"): "a defaultdict", ("collections", "deque"): "a deque", ("collections", "Counter"): "a Counter",
    ("collections", "OrderedDict"): "an OrderedDict", ("collections", "UserDict"): "a UserDict", ("collections", "UserList"): "a UserList",
    ("builtins", "range"): "a range", ("builtins", "slice"): "a slice", ("builtins", "frozenset"): "a frozenset",
    ("builtins", "set"): "a set", ("builtins", "bytes"): "bytes", ("_codecs", "encode"): "bytes", ("builtins", "bytearray"): "a bytearray",
    ("builtins", "complex"): "a complex number", ("builtins", "Ellipsis"): "an Ellipsis", ("builtins", "NotImplemented"): "NotImplemented",
    ("decimal", "Decimal"): "a Decimal", ("fractions", "Fraction"): "a Fraction", ("uuid", "UUID"): "a UUID",
    ("functools", "partial"): "a partial function", ("io", "BytesIO"): "a BytesIO", ("_io", "BytesIO"): "a BytesIO",
    ("builtins", "getattr"): "a method or an attribute", ("torch", "Generator"): "a random generator",
    ("torch._C", "Generator"): "a random generator",
    ("torch._utils", "_rebuild_nested_tensor"): "a nested tensor", JAGGED: "a jagged tensor",
    ("torch._utils", "_rebuild_xla_tensor"): "a tensor of an XLA device",
    ("torch._utils", "_rebuild_device_tensor_from_numpy"): "a tensor kept as a numpy array",
}
_CLASS_ARGUMENT = {FROM_TYPE: 1, FROM_TYPE_V2: 1, ("torch._utils", "_rebuild_wrapper_subclass"): 0}     # of a tensor's own class


def words_for(graph: Graph, n: int) -> str:
    """What node `n` is."""
    kind = graph.kind[n]
    if kind == GLOBAL:
        return _named(graph.names[graph.a[n]])
    if kind in (GLOBALDYN, EXT):
        return "a name put together while loading" if kind == GLOBALDYN else "an extension code"
    if kind in (SET, FROZENSET, BYTEARRAY):
        return {SET: "a set", FROZENSET: "a frozenset", BYTEARRAY: "a bytearray"}[kind]
    if kind not in CALLS:
        return "a value"
    call = call_of(graph, n)
    if call.spelled is None or call.name is None:
        return "made by something that is no plain name"
    if call.name == ("numpy.core.multiarray", "scalar"):
        dtype = numpy_type(graph, call.args[0]) if call.args else None
        return f"a numpy {_SCALARS.get(dtype.kind, 'value') if dtype is not None else 'value'}"
    known = _WORDS.get(call.name)
    if known is not None:
        return "empty bytes" if known == "bytes" and call.args == () else known
    place = _CLASS_ARGUMENT.get(call.name)
    if place is not None and call.args is not None and len(call.args) > place:
        cls = graph.global_name(call.args[place])
        return f"a tensor of the class {visible('.'.join(cls), _LONGEST)}" if cls else "a tensor of a computed class"
    carried = carried_by(graph, call)
    if carried is not None:
        return f"an object of the class {visible(carried.class_name, _LONGEST)}, whose source the file carries"
    dotted = ".".join(call.spelled)
    if dotted in _RANDOM_STATES:
        return "a random generator"
    name = visible(".".join(call.name), _LONGEST)
    return f"an object of the class {name}" if call.made or looks_like_a_class(call.spelled[1]) else f"made by {name}"


def _named(name: Name) -> str:
    known = canonical(*name)
    if known in (("builtins", "Ellipsis"), ("builtins", "NotImplemented")):
        return _WORDS[known]
    dotted = visible(known[1] if known[0] == "builtins" else ".".join(known), _LONGEST)
    if known[0] == "builtins":
        return f"the {'class' if known[1] in _TYPES or looks_like_a_class(known[1]) else 'function'} {dotted}"
    return f"the class {dotted}" if looks_like_a_class(name[1]) else f"the name {dotted}"


_TYPES = frozenset({"int", "float", "str", "bool", "bytes", "list", "dict", "tuple", "set", "frozenset", "object", "type", "complex",
                    "bytearray", "range", "slice"})


def looks_like_a_class(name: str) -> bool:
    """Whether a name is written as those of classes are."""
    last = name.rpartition(".")[2].lstrip("_")
    return last[:1].isupper() and not last.isupper()
