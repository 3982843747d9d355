"""Loops as machine code: made once, kept, linked without the compiler, and never run when they are not what was kept."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inspector.core.measures import kernels
from inspector.core.runtime import compiled
from inspector.core.runtime.compiled import Loops, Recipe, address_of, bits_of, carray, number_of

ROOT = Path(__file__).resolve().parents[3]


def _sums(bits_at: Any, size: Any, out_at: Any) -> None:
    bits, out = carray(bits_at, size), carray(out_at, 2)
    total, top = 0.0, bits_of(0.0)
    for n in range(size):
        total += number_of(bits[n])
        top = max(top, bits_of(abs(number_of(bits[n]))))
    out[0] = total
    out[1] = number_of(top)


def _recipe(name: str) -> Recipe:
    return Recipe(_sums, f"{name}* int64 float64*")


def _folder() -> Path:
    return Path(os.environ["XDG_CACHE_HOME"]) / "checkpoint-inspector" / "loops"


def _run(loop: compiled.Loop, kind: str) -> list[float]:
    numbers = np.array([1.5, -4.0, 0.25], "f4" if kind != "uint64" else "f8")
    bits = numbers.view(kind) if kind != "uint16" else (numbers.view("u4") >> 16).astype("u2")
    out = np.zeros(2)
    loop(address_of(bits, kind), bits.size, address_of(out, "f8"))
    return list(out.tolist())


@pytest.mark.parametrize("kind", ["uint16", "uint32", "uint64"])
def test_that_a_loop_reads_the_numbers_that_bits_are(kind: str) -> None:
    loop = compiled.build(_recipe, kind)
    assert loop is not None
    assert _run(loop, kind) == [-2.25, 4.0]


def test_that_a_loop_is_kept_and_linked_by_another_process_without_the_compiler() -> None:
    code = """
import sys
from inspector.core.comparison.differences import kernels as pairs
from inspector.core.measures import kernels
worth = int(sys.argv[1])
names = [kernels.loops.get(name, worth) is not None for name in kernels.RECIPES]
names += [pairs.loops.get(name, worth) is not None for name in ("bfloat16", "float32", "float64")]
print(all(names), any(names), "numba" in sys.modules)
"""

    def said(worth: int) -> str:
        return subprocess.run([sys.executable, "-c", code, str(worth)], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    assert said(compiled.CHEAP) == "False False False"          # none is there yet, and nobody waits for a compiler
    assert said(compiled.WORTH) == "True True True"
    assert len(list(_folder().glob("*.o"))) == len(kernels.RECIPES) + 3
    assert said(compiled.CHEAP) == "True True False"


def test_that_a_damaged_or_foreign_object_file_is_made_anew_and_not_run() -> None:
    assert compiled.build(_recipe, "uint32") is not None
    (path,) = _folder().glob("uint32-*.o")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert compiled.build(_recipe, "uint32", may_compile=False) is None
    assert compiled.build(_recipe, "uint32") is not None
    assert compiled.build(_recipe, "uint32", may_compile=False) is not None
    compiled._write(str(path), b"another processor", "symbol", b"code")
    assert compiled.build(_recipe, "uint32", may_compile=False) is None
    loop = compiled.build(_recipe, "uint32")
    assert loop is not None
    assert _run(loop, "uint32") == [-2.25, 4.0]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no such rights here")
def test_that_an_object_file_which_others_may_write_is_not_run() -> None:
    assert compiled.build(_recipe, "uint32") is not None
    (path,) = _folder().glob("uint32-*.o")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o666)
    assert compiled.build(_recipe, "uint32", may_compile=False) is None


def test_that_a_changed_loop_is_another_file() -> None:
    def other(bits_at: Any, size: Any, out_at: Any) -> None:
        carray(out_at, 2)[0] = 7.0

    assert compiled.build(_recipe, "uint32") is not None
    loop = compiled.build(lambda name: Recipe(other, f"{name}* int64 float64*"), "uint32")
    assert loop is not None
    assert _run(loop, "uint32")[0] == 7.0
    assert len(list(_folder().glob("uint32-*.o"))) == 2


def test_that_loops_work_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    loop = compiled.build(_recipe, "uint32")
    assert loop is not None
    assert _run(loop, "uint32") == [-2.25, 4.0]


def test_that_a_loop_which_needs_more_than_itself_is_left_to_its_twin() -> None:
    def allocates(bits_at: Any, size: Any, out_at: Any) -> None:
        carray(out_at, 2)[0] = [float(n) for n in range(size)][-1]

    loops = Loops(lambda name: Recipe(allocates, f"{name}* int64 float64*"))
    assert loops.get("uint32", compiled.WORTH) is None
    assert loops.ready == {"uint32": None}


def test_that_little_work_neither_compiles_nor_links() -> None:
    loops = Loops(_recipe)
    assert loops.get("uint32", compiled.CHEAP - 1) is None
    assert loops.get("uint32", compiled.CHEAP) is None
    assert not loops.ready
    assert loops.get("uint32", compiled.WORTH) is not None
    assert loops.get("uint32", 0) is not None


def test_that_an_address_is_given_only_of_elements_of_that_type_in_a_row() -> None:
    array = np.zeros((4, 4), np.float32)
    assert address_of(array, "f4") == array.ctypes.data
    for wrong, kind in ((array, "f8"), (array[:, ::2], "f4"), (array.T, "f4")):
        with pytest.raises(TypeError, match="in a row"):
            address_of(wrong, kind)
