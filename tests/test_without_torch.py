"""Where torch cannot be imported, as in the program that is shipped without Python, all works but what makes torch's own tensors."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from inspector import commands, core
from inspector.core.runtime.interpreter import interpreter

ROOT = Path(__file__).resolve().parents[1]

# as a Python without torch behaves, also where torch lies in site-packages
CHILD = """
import contextlib, io, json, sys, traceback

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "safetensors", "numba"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NoTorch())
from inspector import cli, core

answers = []
for argv in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(argv)
    answers.append([argv, code, out.getvalue(), err.getvalue()])
asked = {}
path = sys.argv[2]
for name, ask in (("load", lambda: core.load(path)), ("load_state_dict", lambda: core.load_state_dict(path, "model_state_dict")),
                  ("as_torch", lambda: core.load(path, as_torch=True)),
                  ("read_torch", lambda: core.read_torch(path, next(iter(core.open(path).tensors))))):
    try:
        asked[name] = type(ask()).__name__
    except Exception as error:
        asked[name] = f"{type(error).__name__} {getattr(error, 'id', '')}: {error}"
print(json.dumps({"answers": answers, "asked": asked, "torch": "torch" in sys.modules}))
"""


@pytest.fixture(scope="module")
def without_torch(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("without")
    pth, weights = core.make_demo(folder)
    asked = [["ls", pth], ["ls", "--json", "--digest", pth], ["stats", weights], ["stats", "--json", "--bins", "8", pth], ["check", pth],
             ["check", weights, "--against", pth], ["diff", pth, weights], ["run", str(folder)],
             ["edit", pth, "-o", "half.pth", "--cast", "float16"],
             ["edit", pth, "-o", "weights.safetensors", "--extract", "model_state_dict"],
             ["average", pth, "half.pth", "-o", "mean.pth"], ["show", weights, next(iter(core.open(weights).tensors))],
             ["digest", weights, "-o", "m.json"], ["verify", weights, "m.json"], ["contract", weights, "-o", "c.json"],
             ["modules", weights], ["code", pth], ["desktop", "status"], ["completion", "bash"], ["help"], ["help", "edit"], ["version"],
             ["demo", "--screenshot", "window.png"], ["edit", pth, "-o", "verified.pth", "--device", "*=cpu"]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    run = subprocess.run([sys.executable, "-c", CHILD, json.dumps(asked), pth], cwd=folder, env=environment, capture_output=True, text=True,
                         timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    said: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return said


def test_that_every_command_works(without_torch: dict[str, Any]) -> None:
    assert {argv[0] for argv, *_ in without_torch["answers"]} == set(commands.COMMANDS)
    wrong = [(argv, code, err) for argv, code, _, err in without_torch["answers"]
             if code not in ((0, 1, 3) if argv[0] in ("check", "diff", "desktop") else (0,)) or "Traceback" in err or "bug" in err]
    assert not wrong
    assert without_torch["torch"] is False


def test_that_the_object_comes_as_numpy_arrays_and_what_needs_torch_says_so_in_one_line(without_torch: dict[str, Any]) -> None:
    asked = without_torch["asked"]
    assert asked["load"] == "dict"
    for name in ("load_state_dict", "as_torch", "read_torch"):
        assert asked[name].startswith("UsageError no_torch: PyTorch is needed for its own tensors"), asked
        assert "pip install torch" in asked[name]
        assert "\n" not in asked[name]


def test_that_the_frozen_program_is_not_taken_for_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert interpreter() == sys.executable
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert interpreter() == ""
    source, _ = core.make_demo(tmp_path)
    ckpt = core.open(source)
    report = core.save(ckpt, tmp_path / "again.pth", verify="torch")
    assert any("could not be asked: the file was compared by this program alone" in note for note in report.notes)
    with pytest.raises(core.UsageError, match="does not bring along"):
        core.shapes_of_model("torch.nn:Linear")
