"""Loops as machine code: made of what is shipped, without numba, and of nothing else."""
from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from inspector.core.runtime import compiled
from inspector.core.runtime.compiled import Loops, Recipe, address_of, carray, greater_of, number_of

ROOT = Path(__file__).resolve().parents[3]
SPEC = importlib.util.spec_from_file_location("make_loops", ROOT / "tests" / "make_loops.py")
assert SPEC is not None
assert SPEC.loader is not None
make_loops = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(make_loops)


def _sums(bits_at: Any, size: Any, out_at: Any) -> None:
    bits, out = carray(bits_at, size), carray(out_at, 2)
    total, top = 0.0, 0.0
    for n in range(size):
        total += number_of(bits[n])
        top = greater_of(top, abs(number_of(bits[n])))
    out[0] = total
    out[1] = top


def _recipe(name: str) -> Recipe:
    return Recipe(_sums, f"{name}* int64 float64*")


def _loops(*names: str) -> Loops:
    recipes = make_loops.kernels.RECIPES
    return Loops({name: recipes[name].arguments for name in names}, recipes.__getitem__)


@pytest.mark.parametrize("kind", ["uint16", "uint32", "uint64"])
def test_that_a_loop_reads_the_numbers_that_bits_are(kind: str) -> None:
    pytest.importorskip("numba")
    loop = compiled.build(kind, _recipe(kind).arguments, make_loops.made(kind, _recipe(kind)))
    assert loop is not None
    numbers = np.array([1.5, -4.0, 0.25], "f4" if kind != "uint64" else "f8")
    bits = numbers.view(kind) if kind != "uint16" else (numbers.view("u4") >> 16).astype("u2")
    out = np.zeros(2)
    loop(address_of(bits, kind), bits.size, address_of(out, "f8"))
    assert out.tolist() == [-2.25, 4.0]


def test_that_what_is_shipped_is_made_of_the_loops_as_they_are() -> None:
    """When this fails: python tests/make_loops.py"""
    recipes = dict(make_loops.recipes())
    assert {path.stem for path in compiled.FOLDER.glob("*.ll")} == set(recipes)
    for name, recipe in recipes.items():
        said = (compiled.FOLDER / f"{name}.ll").read_text("utf-8").splitlines()[1]
        assert said == f"; source {make_loops.source_of(recipe)}", name


@pytest.mark.parametrize("name", [name for name, _ in make_loops.recipes()])
def test_that_a_shipped_loop_calls_nothing_and_names_no_machine(name: str) -> None:
    text = (compiled.FOLDER / f"{name}.ll").read_text("utf-8")
    declared = [line for line in text.splitlines() if line.startswith("declare")]
    assert all("@llvm." in line for line in declared)
    assert text.count("define ") == 1
    assert "target " not in text
    assert "inttoptr" not in text
    assert compiled.build(name, dict(make_loops.recipes())[name].arguments) is not None


def test_that_loops_are_made_without_numba_and_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    code = """
import sys
from inspector.core.comparison.differences import kernels as pairs
from inspector.core.measures import kernels
print(all(room.get(name, 1 << 40) is not None for room in (kernels.loops, pairs.loops) for name in room.names), "numba" in sys.modules)
"""
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    assert said == "True False"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "nonsense", "define i32 @other() { ret i32 0 }",
                                  "declare i32 @system(ptr)\ndefine i32 @loop(ptr %a) { %b = call i32 @system(ptr %a)\n ret i32 %b }"])
def test_that_what_is_no_loop_of_its_own_is_left_to_its_twin(text: str) -> None:
    assert compiled.build("x", "uint32* int64 float64*", text) is None


def test_that_without_llvmlite_the_twins_do_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    loops = _loops("count16")
    assert loops.get("count16", compiled.WORTH) is None
    assert loops.ready == {"count16": None}


def test_that_little_work_waits_for_nothing_and_much_work_for_the_loop() -> None:
    loops = _loops("count16")
    assert loops.get("count16", compiled.CHEAP - 1) is None
    assert not loops.ready
    assert loops.get("count16", compiled.WORTH) is not None
    assert loops.get("count16", 0) is not None


def test_that_a_loop_that_is_expected_is_made_once_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(compiled, "build", lambda name, arguments: made.append(name) or print)
    loops = _loops("count16")
    for _ in range(3):
        loops.expect("count16", compiled.CHEAP)
    assert loops.get("count16", compiled.WORTH) is print           # waits for the one that is being made
    assert made == ["count16"]


def test_that_what_a_request_could_have_used_is_made_when_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(compiled, "build", lambda name, arguments: made.append(name) or print)
    loops = _loops("count16", "scanfloat32")
    assert loops.get("count16", compiled.CHEAP) is None
    assert loops.get("scanfloat32", compiled.CHEAP - 1) is None
    assert made == []
    loops.make_missed()
    loops.make_missed()
    assert loops.get("count16", compiled.WORTH) is print           # waits for the one that is being made
    assert made == ["count16"]


_BEGUN = """
import sys
from inspector import core
from inspector.core.comparison.differences import kernels as pairs
from inspector.core.measures import kernels
for loops in (pairs.loops, kernels.loops):
    def expect(name, nbytes, real=loops.expect):
        print(name, "numpy" in sys.modules)
        real(name, nbytes)
    loops.expect = expect
if sys.argv[1] == "diff":
    core.compare(*sys.argv[2:])
else:
    core.summarize(core.open(sys.argv[2]))
"""


@pytest.mark.parametrize(("what", "dtype", "begun"), [("diff", "float32", ["apart-float32 False"]), ("diff", "int64", []),
                                                      ("stats", "float32", ["scanfloat32 False", "keep_wantedfloat32 True"]),
                                                      ("stats", "float16", ["count16 False"])])
def test_that_a_loop_is_begun_before_others_load_what_they_need(tmp_path: Path, what: str, dtype: str, begun: list[str]) -> None:
    paths = [tmp_path / f"{n}.safetensors" for n in range(2)]
    for n, path in enumerate(paths):
        save_file({"w": np.full(compiled.WORTH // np.dtype(dtype).itemsize, n, dtype), "few": np.ones(3)}, path)
    said = subprocess.run([sys.executable, "-c", _BEGUN, what, *map(str, paths)], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [*dict.fromkeys(said.stdout.splitlines())] == begun


def test_that_an_address_is_given_only_of_elements_of_that_type_in_a_row() -> None:
    array = np.zeros((4, 4), np.float32)
    assert address_of(array, "f4") == array.ctypes.data
    for wrong, kind in ((array, "f8"), (array[:, ::2], "f4"), (array.T, "f4")):
        with pytest.raises(TypeError, match="in a row"):
            address_of(wrong, kind)


_ENDS_EARLY = """
import sys, time
from inspector.core.measures import kernels
from inspector.core.runtime import compiled
for name in sorted(kernels.loops.names):
    kernels.loops.expect(name, compiled.WORTH)
while not compiled._at_work.locked():
    time.sleep(0.001)
time.sleep(float(sys.argv[1]))
"""


@pytest.mark.parametrize("seconds", [0, 0.02, 0.05, 0.1, 0.2])
def test_that_a_process_that_ends_while_loops_are_made_ends_well(seconds: float) -> None:
    done = subprocess.run([sys.executable, "-c", _ENDS_EARLY, str(seconds)], capture_output=True, text=True, timeout=120, check=False,
                          cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
