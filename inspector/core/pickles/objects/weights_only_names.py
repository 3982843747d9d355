"""Which names `torch.load(weights_only=True)` takes, release by release: the table, and nothing else.

    2.4    what `_ALWAYS` lists; users may add names (`add_safe_globals`). The default is weights_only=False
    2.5    + bytes (`_codecs.encode`), bytearray, tensors of devices that keep them as numpy arrays. sys, os, posix, nt blocked
    2.6    + set, complex, uint16, uint32, uint64, tensors of devices that keep them on the CPU, jagged tensors (registered when
           `import torch` loads torch.nested). Objects of the classes listed may be made and given a state, not only Parameters.
           TorchScript archives and the tar format are refused. From here on weights_only=True is the default
    2.7    + float8_e8m0fnu, the shell types int1 … int7, uint1 … uint7
    2.8    + float4_e2m1fn_x2
    2.10   + _MeshLayout (registered when torch.distributed is loaded). Only a dict, OrderedDict or Counter is given items
    2.13   + _FlatLayout
    2.14   + bcomplex32. Python 2's names of exceptions are read as those of builtins
    2.15   - nested and jagged tensors

Sources: `_get_allowed_globals`, `_tensor_rebuild_functions`, `_read_global_instruction` and `Unpickler.load` in
torch/_weights_only_unpickler.py; `_new_dtypes` and `_dtype_to_storage_type_map` in torch/storage.py; `_storage_classes` in
torch/__init__.py; `NAME_MAPPING` and `IMPORT_MAPPING` in torch/_utils.py; the calls of `add_safe_globals` in torch/nested/__init__.py,
torch/distributed/device_mesh.py and torch/distributed/tensor/__init__.py: all as they are in the wheels of 2.4.0, 2.4.1, 2.5.0, 2.5.1,
2.6.0, 2.7.1, 2.8.0, 2.9.0, 2.9.1, 2.10.0, 2.11.0, 2.12.1, 2.13.0, 2.14.0 and 2.14.1. What 2.15 changes is read from pull request 194380
of pytorch/pytorch and the file in its repository after that, not from a wheel. The classes of tensors, which torch makes in C++
(torch/csrc/tensor/python_tensor.cpp), are those that 2.13.0 lists.
"""
from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from inspector.core.errors import UsageError
from inspector.core.keypath import quoted, visible

RELEASES = ("2.4", "2.5", "2.6", "2.7", "2.8", "2.9", "2.10", "2.11", "2.12", "2.13", "2.14", "2.15")
NEWEST = RELEASES[-1]

_ELEMENTS = ("Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte")
_DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex128", "complex64",
           "complex32", "qint8", "qint32", "quint8", "quint4x2", "quint2x4", "float8_e5m2", "float8_e4m3fn", "float8_e5m2fnuz",
           "float8_e4m3fnuz", "bits8", "bits16", "bits1x8", "bits2x4", "bits4x2")
_SCHEMES = ("per_tensor_affine", "per_tensor_symmetric", "per_channel_affine", "per_channel_symmetric",
            "per_channel_affine_float_qparams")
_REBUILDERS = ("_rebuild_parameter", "_rebuild_parameter_with_state", "_rebuild_qtensor", "_rebuild_tensor", "_rebuild_tensor_v2",
               "_rebuild_tensor_v3", "_rebuild_sparse_tensor", "_rebuild_meta_tensor_no_storage", "_rebuild_nested_tensor",
               "_rebuild_wrapper_subclass")
_STORAGES = (*_ELEMENTS, "Bool", "ComplexFloat", "ComplexDouble")

STORAGE_NAMES = frozenset((
    "torch.storage.UntypedStorage", "torch.storage.TypedStorage",
    *(f"{module}.{element}Storage" for module in ("torch", "torch.cuda") for element in _STORAGES),
    *(f"torch.Q{element}Storage" for element in ("UInt8", "Int8", "Int32", "UInt4x2", "UInt2x4")),
))
TENSOR_CLASSES = frozenset((
    *(f"{module}.{element}Tensor" for module in ("torch", "torch.cuda", "torch.sparse", "torch.cuda.sparse") for element in _ELEMENTS),
    "torch.BoolTensor", "torch.cuda.BoolTensor",
))
CLASSES = TENSOR_CLASSES | {"collections.OrderedDict", "collections.Counter", "torch.nn.parameter.Parameter", "torch.Size",
                            "torch.Tensor", "torch.device", "builtins.bytearray", "builtins.set", "builtins.complex"}
"""Those of the names that are classes: objects of them may be made (NEWOBJ) and given a state (BUILD)."""
_FUNCTIONS = ("torch.serialization._get_layout", "torch._tensor._rebuild_from_type_v2", *(f"torch._utils.{name}" for name in _REBUILDERS))

_ALWAYS = frozenset((
    "collections.OrderedDict", "collections.Counter", "torch.nn.parameter.Parameter", "torch.Size", "torch.Tensor", "torch.device",
    *_FUNCTIONS, *STORAGE_NAMES, *TENSOR_CLASSES, *(f"torch.{name}" for name in (*_DTYPES, *_SCHEMES)),
))
_JAGGED = ("torch.nested._internal.nested_tensor.NestedTensor", "torch.nested._internal.nested_tensor._rebuild_njt")
_ADDED: dict[str, tuple[str, ...]] = {
    "2.5": ("_codecs.encode", "builtins.bytearray", "torch._utils._rebuild_device_tensor_from_numpy"),
    "2.6": ("builtins.set", "builtins.complex", "torch._utils._rebuild_device_tensor_from_cpu_tensor", "torch.uint16", "torch.uint32",
            "torch.uint64", *_JAGGED),
    "2.7": ("torch.float8_e8m0fnu", *(f"torch.{kind}{bits}" for kind in ("int", "uint") for bits in range(1, 8))),
    "2.8": ("torch.float4_e2m1fn_x2",),
    "2.10": ("torch.distributed._mesh_layout._MeshLayout",),
    "2.13": ("torch.distributed._mesh_layout._FlatLayout",),
    "2.14": ("torch.bcomplex32",),
}
_REMOVED: dict[str, tuple[str, ...]] = {"2.15": ("torch._utils._rebuild_nested_tensor", *_JAGGED)}

BLOCKED_MODULES = frozenset({"sys", "os", "posix", "nt"})
NOT_CALLED = STORAGE_NAMES | {f"torch.{name}" for name in (*_DTYPES, *_SCHEMES)} | {
    name for names in _ADDED.values() for name in names if name.count(".") == 1 and name.startswith("torch.")}
"""Those of the names that are neither classes nor functions, but element types, quantizers and storages: data."""

# How names that Python 2 or its pickles have are read: first the pair, then the module.
_RENAMED: dict[tuple[str, str], tuple[str, str]] = {
    ("__builtin__", "xrange"): ("builtins", "range"), ("__builtin__", "reduce"): ("functools", "reduce"),
    ("__builtin__", "intern"): ("sys", "intern"), ("__builtin__", "unichr"): ("builtins", "chr"),
    ("__builtin__", "unicode"): ("builtins", "str"), ("__builtin__", "long"): ("builtins", "int"),
    ("__builtin__", "basestring"): ("builtins", "str"), ("itertools", "izip"): ("builtins", "zip"),
    ("itertools", "imap"): ("builtins", "map"), ("itertools", "ifilter"): ("builtins", "filter"),
    ("itertools", "ifilterfalse"): ("itertools", "filterfalse"), ("itertools", "izip_longest"): ("itertools", "zip_longest"),
    ("UserDict", "IterableUserDict"): ("collections", "UserDict"), ("UserDict", "UserDict"): ("collections", "UserDict"),
    ("UserList", "UserList"): ("collections", "UserList"), ("UserString", "UserString"): ("collections", "UserString"),
    ("exceptions", "StandardError"): ("builtins", "Exception"),
}
_MODULES: dict[str, str] = {
    "__builtin__": "builtins", "copy_reg": "copyreg", "Queue": "queue", "repr": "reprlib", "_abcoll": "collections.abc",
    "UserDict": "collections", "UserList": "collections", "UserString": "collections", "whichdb": "dbm", "StringIO": "io",
    "cStringIO": "io",
}


class Rules(NamedTuple):
    """What one release takes. `allowed` are dotted names; `makes_classes`: objects of all classes among them, not only of Parameter,
    may be made and given a state; `checks_items`: only dicts are given items; `reads_old_names`: names of Python 2 in pickles of any
    protocol; `reads_exceptions`: those of its exceptions; `refuses_archives`: TorchScript archives and tar files, at once;
    `goes_by_names`: what is called .safetensors is read as that."""

    release: str
    allowed: frozenset[str]
    makes_classes: bool
    checks_items: bool
    reads_old_names: bool
    reads_exceptions: bool
    refuses_archives: bool
    goes_by_names: bool

    def spelled(self, module: str, name: str, protocol: int) -> str:
        """The dotted name that torch looks up for a GLOBAL of a pickle of that protocol."""
        if self.reads_old_names or protocol == 2:
            if (module, name) in _RENAMED:
                module, name = _RENAMED[module, name]
            elif module == "exceptions" and self.reads_exceptions:
                module = "builtins"
            else:
                module = _MODULES.get(module, module)
        return f"{module}.{name}"


def rules_of(release: str | None = None) -> Rules:
    """The rules of a release ("2.6", "2.6.1", "2.13.0+cpu"), of the newest one that is known without it and for later ones. Raises
    UsageError for what is no release and for those before 2.4."""
    if release is None:
        return _rules(len(RELEASES) - 1)
    major, _, rest = release.partition(".")
    minor = rest.partition(".")[0].partition("+")[0]
    if not (major.isascii() and major.isdecimal() and minor.isascii() and minor.isdecimal() and len(release) < 40):
        raise UsageError(f"{quoted(release, 40)} is no release of torch", f"Give one from {RELEASES[0]} to {NEWEST}.")
    number = int(major), int(minor)
    known = [tuple(map(int, name.split("."))) for name in RELEASES]
    if number < known[0]:
        raise UsageError(f"what torch {visible(release, 40)} takes is not known here", f"Give a release from {RELEASES[0]} to {NEWEST}.")
    return _rules(known.index(number) if number in known else len(known) - 1)


@cache
def _rules(index: int) -> Rules:
    until = RELEASES[:index + 1]
    allowed = (_ALWAYS | _all(_ADDED, until)) - _all(_REMOVED, until)
    return Rules(RELEASES[index], allowed, "2.6" in until, "2.10" in until, "2.6" in until, "2.14" in until, "2.6" in until,
                 "2.13" in until)


def _all(table: dict[str, tuple[str, ...]], releases: Iterable[str]) -> frozenset[str]:
    return frozenset(name for release in releases for name in table.get(release, ()))
