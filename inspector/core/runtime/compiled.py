"""Loops over elements as machine code, where there is enough to do.

A loop is written in Python beside its twin in numpy, which gives the same numbers. What numba makes of it, LLVM's intermediate language, is
shipped with the program, optimized (`loops/`, made by `tests/make_loops.py`); llvmlite makes machine code of that for the processor at
hand, in some hundredths of a second, each time the program needs it. So nothing waits for a compiler of Python, nothing is kept in a folder
of the user's, and no machine code is loaded that somebody else could have written.

Small tensors never wait: a loop is made by the first request of `WORTH` bytes or more, and in the background after one of `CHEAP` bytes,
which it does not take the processor from, and used from then on by all. Without llvmlite, or where it fails, the twins do all the work.
"""
from __future__ import annotations

import atexit
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from llvmlite.binding import ExecutionEngine

    Array = np.ndarray[Any, Any]

WORTH = 32 << 20            # bytes from which on making a loop is sooner done than numpy
CHEAP = 4 << 20             # bytes that are often followed by more
FOLDER = Path(__file__).resolve().parent / "loops"

Loop = Callable[..., None]


class Recipe(NamedTuple):
    """`function` returns nothing and allocates nothing: what it finds goes into arrays it is given. `arguments` are numba's names
    of types, with a `*` when it is the address of such elements, which `carray` in the function makes an array of. `fastmath` is
    numba's."""

    function: Callable[..., Any]
    arguments: str
    fastmath: Any = False


# What loops may call beside numpy's types; other functions take the place of these when the loops are made.

def carray(address: Any, shape: Any) -> Any:
    """The array at an address."""
    raise NotImplementedError


def number_of(bits: Any) -> Any:
    """The bfloat16, float32 or float64 with these bits (uint16, uint32; uint64 or int64), as float64."""
    raise NotImplementedError


def greater_of(one: Any, other: Any) -> Any:
    """The greater of two float64 that are no NaN: of them a loop takes as many as go in its lanes."""
    raise NotImplementedError


def address_of(array: Array, kind: str) -> int:
    """Of the elements of an array that lie one after the other. Raises TypeError when they are not of that kind, or do not."""
    if not (array.flags.c_contiguous and array.flags.aligned and array.dtype == kind):
        raise TypeError(f"elements of {array.dtype} in strides of {array.strides} where {kind} in a row are wanted")
    found: int = array.__array_interface__["data"][0]
    return found


class Loops:
    """The loops of a room, by name: what arguments each has, and its recipe. `ready` maps those that were wanted so far to None where they
    could not be made."""

    def __init__(self, arguments: Mapping[str, str], recipe: Callable[[str], Recipe]) -> None:
        self.names = tuple(arguments)
        self.recipe = recipe
        self._arguments = arguments
        self.ready: dict[str, Loop | None] = {}
        self._making = {name: Lock() for name in self.names}
        self._expected: set[str] = set()
        self._missed: set[str] = set()

    def get(self, name: str, nbytes: int) -> Loop | None:
        """The loop if it is there, or when `nbytes` bytes are to be read. None: the twin is to be used."""
        if name in self.ready:
            return self.ready[name]
        if nbytes < WORTH:
            if nbytes >= CHEAP:
                self._missed.add(name)
            return None
        return self._made(name)

    def make_missed(self) -> None:
        """Has the loops made in the background that requests up to now could have used: call it when one is over."""
        missed, self._missed = self._missed, set()
        for name in missed:
            self.expect(name, CHEAP)

    def expect(self, name: str, nbytes: int) -> None:
        """Has a loop made in the background that will soon be wanted for `nbytes` bytes."""
        if nbytes >= min(CHEAP, WORTH) and name not in self.ready and name not in self._expected:
            self._expected.add(name)
            Thread(target=self._made, args=(name,), name=f"inspector-{name}", daemon=True).start()

    def _made(self, name: str) -> Loop | None:
        with self._making[name]:
            if name not in self.ready:
                self.ready[name] = build(name, self._arguments[name])
            return self.ready[name]


def build(name: str, arguments: str, text: str | None = None) -> Loop | None:
    """The loop of that name, or of the given `text`, for the processor at hand; None where that cannot be."""
    try:
        if text is None:
            text = (FOLDER / f"{name}.ll").read_text("utf-8")
        return _Native(arguments, _linked(text))
    except Exception:       # no llvmlite, one of a version that does not know the language …
        return None


class _Native:
    """Machine code. Called with numbers as the recipe has them; the interpreter's lock is released meanwhile."""

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


_engines: list[ExecutionEngine] = []        # the machine code lives as long as they do
_at_work = Lock()                           # held by the one thread that is in LLVM; at the end of the process for good
_ending = Event()
_LONGEST = 10.0                             # seconds; a loop takes some hundredths of one


def _end() -> None:
    """Lets nobody into LLVM any more and waits for who is in it. The end of a process takes LLVM's own tables apart, whatever a thread in
    the background is doing with them just then: it would crash after all was done well. In a process that was forked off meanwhile
    nobody holds the lock who could let go of it."""
    _ending.set()
    _at_work.acquire(timeout=_LONGEST)


atexit.register(_end)


def _linked(text: str) -> int:
    """The address of the one function in `text`. Raises when it needs anything but itself, and when the process ends."""
    with _at_work:
        if _ending.is_set():
            raise RuntimeError("the process ends")
        import llvmlite.binding as llvm
        return _address(llvm, text)


def _address(llvm: Any, text: str) -> int:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(text)
    needed = [one.name for one in module.functions if one.is_declaration and not one.name.startswith("llvm.")]
    if needed:
        raise ValueError(f"it calls {needed}")
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3, jit=True,
                                           reloc="static" if target.name.startswith("x86") else "default", codemodel="jitdefault")
    module.triple, module.data_layout = llvm.get_default_triple(), str(machine.target_data)
    module.verify()
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    address = int(engine.get_function_address("loop"))
    if not address:
        raise ValueError("it has no loop")
    _engines.append(engine)
    return address
