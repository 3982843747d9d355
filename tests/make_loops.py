"""Makes `inspector/core/runtime/loops/*.ll` anew: the loops of `kernels` as LLVM's intermediate language, by numba.

    python tests/make_loops.py

To be run when a loop changes; `tests/core/runtime/test_compiled.py` tells when that was forgotten. What is written is optimized, with
elements in lanes of 32 bytes, which takes as long as making machine code does and is so done once, here; a processor of other lanes takes
them in parts. It is then cleaned of all that belongs to a processor, a platform or numba, so that llvmlite of any recent version makes
machine code of it for the computer it runs on.
"""
from __future__ import annotations

import hashlib
import inspect
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

# of no processor in particular, and as it was written: `made` optimizes it
os.environ |= {"NUMBA_OPT": "0", "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_LOOP_VECTORIZE": "0",
               "NUMBA_SLP_VECTORIZE": "0"}
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from inspector.core.comparison.differences import kernels as pairs
from inspector.core.measures import kernels
from inspector.core.runtime.compiled import FOLDER, Loops, Recipe

LANES = "x86_64-unknown-linux-gnu", "x86-64-v3"         # for whose lanes loops are written
ROOMS: tuple[Loops, ...] = (kernels.loops, pairs.loops)


def recipes() -> Iterator[tuple[str, Recipe]]:
    for room in ROOMS:
        for name in room.names:
            yield name, room.recipe(name)


def source_of(recipe: Recipe) -> str:
    """What tells one version of a loop from another, whatever the Python."""
    cells = {name: cell.cell_contents for name, cell in zip(recipe.function.__code__.co_freevars, recipe.function.__closure__ or (),
                                                             strict=True)}
    used = {name: value for name, value in sorted(recipe.function.__globals__.items())
            if name in recipe.function.__code__.co_names and isinstance(value, int)}
    said = (inspect.getsource(recipe.function), recipe.arguments, sorted(recipe.fastmath or ()),
            sorted((name, str(getattr(value, "__name__", value))) for name, value in cells.items()), used)
    return hashlib.sha256(repr(said).encode()).hexdigest()


def made(name: str, recipe: Recipe) -> str:
    """The text of a loop's file."""
    import llvmlite.binding as llvm
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    symbol, text = _by_numba(recipe)
    # numba counts references to arrays that were made of bare addresses, which does nothing
    counting = r"(define (?:linkonce_odr )?void @NRT_(?:incref|decref)\([^)]*\))[^{]*\{.*?\n\}"
    text = re.sub(counting, r"\1 alwaysinline {\n  ret void\n}", text, flags=re.DOTALL)
    module = llvm.parse_assembly(text)
    for function in module.functions:
        if not function.is_declaration and function.name != symbol:
            function.linkage = "internal"
    _optimize(module, "generic", 1)
    module = llvm.parse_assembly(_cleaned(str(module).replace(symbol, "loop")))     # what is left of it is that of no platform
    _optimize(module, LANES[1], 3)
    clean = _cleaned(str(module))
    llvm.parse_assembly(clean).verify()
    return f"; {name}: made by tests/make_loops.py, not by hand\n; source {source_of(recipe)}\n{clean}"


def _optimize(module: Any, processor: str, level: int) -> None:
    import llvmlite.binding as llvm
    machine = llvm.Target.from_triple(LANES[0]).create_target_machine(cpu=processor, opt=level)
    module.triple, module.data_layout = LANES[0], str(machine.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=level)
    options.loop_vectorization = options.loop_interleaving = level > 1
    options.loop_unrolling = options.slp_vectorization = False          # the loops are as fast without, and sooner made
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    sweep = llvm.create_new_module_pass_manager()
    sweep.add_global_dead_code_eliminate_pass()
    sweep.add_strip_dead_prototype_pass()
    sweep.run(module, builder)


_ORDERED = ("nnan", "nsz")          # what goes in lanes must be known to be numbers


def _by_numba(recipe: Recipe) -> tuple[str, str]:
    import numba
    from numba import types
    simple = {str(kind): kind for kind in (types.uint8, types.uint16, types.uint32, types.uint64, types.int32, types.int64,
                                           types.float32, types.float64)}
    arguments = [types.CPointer(simple[word[:-1]]) if word.endswith("*") else simple[word] for word in recipe.arguments.split()]
    plain = recipe.function
    function = FunctionType(plain.__code__, {**plain.__globals__, **_given()}, plain.__name__, None, plain.__closure__)
    compiled = numba.njit(types.void(*arguments), fastmath=recipe.fastmath, error_model="numpy", no_cpython_wrapper=True,
                          no_cfunc_wrapper=True)(function)
    (result,) = compiled.overloads.values()
    return result.fndesc.llvm_func_name, result.library.get_llvm_str()


def _given() -> dict[str, Any]:
    """What takes the place of the functions that loops call by the same names."""
    import numba
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    @intrinsic  # type: ignore[untyped-decorator]
    def number_of(_context: Any, bits: Any) -> Any:
        def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
            (found,) = arguments
            if bits in (types.uint64, types.int64):
                return builder.bitcast(found, ir.DoubleType())
            if bits is types.uint16:
                found = builder.shl(builder.zext(found, ir.IntType(32)), ir.IntType(32)(16))
            return builder.fpext(builder.bitcast(found, ir.FloatType()), ir.DoubleType())
        return types.float64(bits), generate

    @intrinsic  # type: ignore[untyped-decorator]
    def greater_of(_context: Any, _one: Any, _other: Any) -> Any:
        def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
            one, other = arguments
            return builder.select(builder.fcmp_ordered(">", one, other, flags=_ORDERED), one, other, flags=_ORDERED)
        return types.float64(types.float64, types.float64), generate

    return {"carray": numba.carray, "number_of": number_of, "greater_of": greater_of}


def _cleaned(text: str) -> str:
    """Without what only this machine, this numba or the newest LLVM knows. What numba would raise is told by what a loop returns."""
    for pattern in (r"^(?:; ModuleID|source_filename|target (?:datalayout|triple)).*\n", r"^@(?:_ZN08NumbaEnv|\.const\.).*\n",
                    r"^.*!numba_exception_output.*\n", r"^!\d+ = .*\n", r"^![\w.]+ = .*\n", r"^attributes #\d+ = .*\n",
                    r"^; Function Attrs.*\n"):
        text = re.sub(pattern, "", text, flags=re.MULTILINE)
    text = re.sub(r" *; preds = .*", "", text)
    text = re.sub(r",? ![\w.]+ !\d+", "", text)
    for word in (r" captures\(none\)", r" range\(i\d+ -?\d+, -?\d+\)", r" samesign", r" #\d+", r" local_unnamed_addr", r" fastcc",
                 r" disjoint", r"(?<=zext) nneg", r"(?<=uitofp) nneg", r"(?<=getelementptr) nusw", r"(?<=getelementptr) nuw",
                 r"(?<=getelementptr inbounds) nuw", r"(?<=trunc) nuw", r"(?<=trunc) nsw", r"(?<=trunc nuw) nsw"):
        text = re.sub(word, "", text)
    return text.strip("\n") + "\n"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.ll"):
        old.unlink()
    for name, recipe in recipes():
        text = made(name, recipe)
        (FOLDER / f"{name}.ll").write_text(text, "utf-8", newline="\n")
        print(f"{name}: {len(text):,} bytes")


if __name__ == "__main__":
    main()
