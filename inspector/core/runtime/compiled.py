"""Loops over elements as machine code, where there is enough to do.

numba compiles them, once on a machine: what it makes of a loop is kept as an object file in the user's cache folder, and from
then on only llvmlite, which numba brings, is loaded to link it. That takes a tenth of the time and less than half of the memory
of numba itself, which would be more than a whole comparison of two models needs otherwise.

Small tensors never wait for a compiler: each loop has a twin in numpy that gives the same numbers, and a loop is compiled by the
first request of `WORTH` bytes or more, linked by one of `CHEAP` bytes when it was compiled before, and used from then on by all.
Without numba, or where it fails, the twins do all the work.
"""
from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from threading import Lock
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.io.new_files import replace_file

if TYPE_CHECKING:
    import numpy as np
    from llvmlite.binding import ExecutionEngine

    Array = np.ndarray[Any, Any]

WORTH = 32 << 20            # bytes from which on compiling is sooner done than numpy
CHEAP = 8 << 20             # bytes from which on linking is

_MADE = 1                   # goes up when other machine code is made of the same loop

Loop = Callable[..., None]


class Recipe(NamedTuple):
    """`function` returns nothing and allocates nothing: what it finds goes into arrays it is given. `arguments` are numba's names
    of types, with a `*` when it is the address of such elements, which `carray` in the function makes an array of. `fastmath` is
    numba's."""

    function: Callable[..., Any]
    arguments: str
    fastmath: Any = False


# What loops may call beside numpy's types; `_given` has what takes their place when they are compiled.

def carray(address: Any, shape: Any) -> Any:
    """The array at an address."""
    raise NotImplementedError


def number_of(bits: Any) -> Any:
    """The bfloat16, float32 or float64 with these bits (uint16, uint32; uint64 or int64), as float64."""
    raise NotImplementedError


def bits_of(number: Any) -> Any:
    """The bits of a float64, as int64."""
    raise NotImplementedError


def address_of(array: Array, kind: str) -> int:
    """Of the elements of an array that lie one after the other. Raises TypeError when they are not of that kind, or do not."""
    if not (array.flags.c_contiguous and array.flags.aligned and array.dtype == kind):
        raise TypeError(f"elements of {array.dtype} in strides of {array.strides} where {kind} in a row are wanted")
    found: int = array.__array_interface__["data"][0]
    return found


class Loops:
    """The compiled loops of a room, by name. `ready` maps those that were wanted so far to None where that failed."""

    def __init__(self, recipe: Callable[[str], Recipe]) -> None:
        self._recipe = recipe
        self._lock = Lock()
        self._unknown: set[str] = set()
        self.ready: dict[str, Loop | None] = {}

    def get(self, name: str, nbytes: int) -> Loop | None:
        """The compiled loop if it is there, or when `nbytes` bytes are to be read. None: the twin is to be used."""
        if name in self.ready:
            return self.ready[name]
        if nbytes < min(CHEAP, WORTH) or (nbytes < WORTH and name in self._unknown):
            return None
        with self._lock:
            if name not in self.ready:
                found = build(self._recipe, name, may_compile=nbytes >= WORTH)
                if found is None and nbytes < WORTH:
                    self._unknown.add(name)
                    return None
                self.ready[name] = found
        return self.ready[name]


def build(recipe: Callable[[str], Recipe], name: str, may_compile: bool = True) -> Loop | None:
    """The loop, linked, or compiled if it was not yet and `may_compile` says so; None where that cannot be."""
    try:
        wanted = recipe(name)
        path = _path_for(name, wanted)
        known = _read(path) if path else None
        if known is None and not may_compile:
            return None
        import llvmlite.binding as llvm
        machine = f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()} {llvm.get_default_triple()}".encode()
        code = _code_of(known, machine) if known is not None else None
        if code is None and may_compile:
            code = _compiled(wanted)
            if path:
                _write(path, machine, *code)
        return _Native(wanted.arguments, _linked(*code)) if code is not None else None
    except Exception:       # no numba, one that does not fit this Python or numpy …
        return None


class _Native:
    """A linked loop. Called with numbers as the recipe has them; the interpreter's lock is released meanwhile."""

    def __init__(self, arguments: str, address: int) -> None:
        import ctypes
        simple = {"uint32": ctypes.c_uint32, "uint64": ctypes.c_uint64, "int32": ctypes.c_int32, "int64": ctypes.c_int64,
                  "float64": ctypes.c_double}
        types: list[Any] = [ctypes.c_void_p if word.endswith("*") else simple[word] for word in arguments.split()]
        # numba's functions begin with where to put what they return, which is nothing, and what they raise
        self._nothing = ctypes.create_string_buffer(16)
        self._places = ctypes.addressof(self._nothing), ctypes.addressof(self._nothing) + 8
        self._call = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *types)(address)

    def __call__(self, *arguments: float) -> None:
        if self._call(*self._places, *arguments):
            raise RuntimeError("a compiled loop failed")


def _compiled(wanted: Recipe) -> tuple[str, bytes]:
    """(symbol, object file) of a loop, from numba. Raises when it needs anything but itself."""
    import llvmlite.binding as llvm
    import numba
    from numba import types
    simple = {str(kind): kind for kind in (types.uint8, types.uint16, types.uint32, types.uint64, types.int32, types.int64,
                                           types.float32, types.float64)}
    arguments = [types.CPointer(simple[word[:-1]]) if word.endswith("*") else simple[word] for word in wanted.arguments.split()]
    plain = wanted.function
    function = FunctionType(plain.__code__, {**plain.__globals__, **_given()}, plain.__name__, None, plain.__closure__)
    made = numba.njit(types.void(*arguments), fastmath=wanted.fastmath, error_model="numpy", no_cpython_wrapper=True,
                      no_cfunc_wrapper=True)(function)
    (result,) = made.overloads.values()
    symbol = result.fndesc.llvm_func_name
    module = llvm.parse_assembly(result.library.get_llvm_str())
    for one in module.functions:        # what numba brings along and the loop does not use, like its way to count references
        if not one.is_declaration and one.name != symbol:
            one.linkage = "internal"
    machine = _machine()
    sweep = llvm.create_new_module_pass_manager()
    sweep.add_global_dead_code_eliminate_pass()
    sweep.add_strip_dead_prototype_pass()
    sweep.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    needed = [one.name for one in module.functions if one.is_declaration and not one.name.startswith("llvm.")]
    if not set(needed) <= {"memset", "memcpy", "memmove"}:
        raise ValueError(f"it calls {needed}")
    return symbol, machine.emit_object(module)


def _given() -> dict[str, Any]:
    import numba
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    def number_of(_context: Any, bits: Any) -> Any:
        def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
            (found,) = arguments
            if bits in (types.uint64, types.int64):
                return builder.bitcast(found, ir.DoubleType())
            if bits is types.uint16:
                found = builder.shl(builder.zext(found, ir.IntType(32)), ir.IntType(32)(16))
            return builder.fpext(builder.bitcast(found, ir.FloatType()), ir.DoubleType())
        return types.float64(bits), generate

    def bits_of(_context: Any, _number: Any) -> Any:
        return types.int64(types.float64), lambda _, builder, __, arguments: builder.bitcast(arguments[0], ir.IntType(64))

    return {"carray": numba.carray, "number_of": intrinsic(number_of), "bits_of": intrinsic(bits_of)}


def _machine() -> Any:
    import llvmlite.binding as llvm
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3, jit=True,
                                        reloc="static" if target.name.startswith("x86") else "default", codemodel="jitdefault")


_engines: list[ExecutionEngine] = []        # what they have linked lives as long as they do
_linking = Lock()


def _linked(symbol: str, code: bytes) -> int:
    import llvmlite.binding as llvm
    with _linking:
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        _engines.append(engine)
        return int(engine.get_function_address(symbol))


# -- the cache --------------------------------------------------------------------------------------------------------------
#
# One file a loop: SHA-256 (hex) of the rest, the machine it was made for, the symbol, each on a line, then the object file.
# What is in the folder runs, as compiled Python in __pycache__ does: it is the user's own, readable and writable by nobody else.

def _path_for(name: str, wanted: Recipe) -> str:
    """Where the object file of just this loop would be; "" when there is no folder for it. Another version of the loop, of Python or
    of numpy is another file."""
    import hashlib

    import numpy as np
    code = wanted.function.__code__
    names = wanted.function.__globals__
    said = repr((_MADE, sys.version_info[:2], np.__version__, code.co_code, code.co_consts, code.co_names, wanted.arguments,
                 sorted(wanted.fastmath or ()), [repr(cell.cell_contents) for cell in wanted.function.__closure__ or ()],
                 [names[one] for one in code.co_names if isinstance(names.get(one), int | float)]))
    folder = _folder()
    return os.path.join(folder, f"{name}-{hashlib.sha256(said.encode()).hexdigest()[:24]}.o") if folder else ""


def _folder() -> str:
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        base = os.path.join(home, "Library", "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return os.path.join(base, "checkpoint-inspector", "loops") if os.path.isabs(base) else ""


def _read(path: str) -> bytes | None:
    import hashlib
    try:
        with open(path, "rb") as file:
            found = os.fstat(file.fileno())
            if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & 0o022):
                return None         # somebody else could have written it
            said = file.read()
    except OSError:
        return None
    return said[65:] if hashlib.sha256(said[65:]).hexdigest().encode() == said[:64] else None


def _code_of(known: bytes, machine: bytes) -> tuple[str, bytes] | None:
    made_for, symbol, code = known.split(b"\n", 2)
    return (symbol.decode(), code) if made_for == machine else None


def _write(path: str, machine: bytes, symbol: str, code: bytes) -> None:
    import hashlib
    said = b"\n".join((machine, symbol.encode(), code))
    with contextlib.suppress(OSError):      # a full disk, a folder that may not be written to: compiled again next time
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        replace_file(path, hashlib.sha256(said).hexdigest().encode() + b"\n" + said, durable=False, private=True)
