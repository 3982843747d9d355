"""Opening is inert: in a process of its own, with an audit hook on everything an attack would need."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from inspector.core import demo
from tests import builders

CHILD = """
import json, os, sys
from inspector import core

warm, hostile = json.loads(sys.argv[1])

def look(path):
    try:
        ckpt = core.open(path)
        for key, tensor in ckpt.tensors.items():
            if not tensor.problem:
                core.digest(ckpt, key)
        for name in core.texts(ckpt):
            core.read_text(ckpt, name)
        core.check(ckpt)
        return sorted({f.id for f in ckpt.findings})
    except core.InspectorError as error:
        return sorted({error.id, *(f.id for f in error.findings)})

for path in warm:
    look(path)

FORBIDDEN = ("import", "exec", "compile", "code.__new__", "pickle.", "marshal.", "os.system", "os.exec", "os.posix_spawn", "os.spawn",
             "os.fork", "subprocess.", "socket.", "ctypes.", "webbrowser.", "os.startfile", "winreg.", "urllib.", "shutil.", "os.remove",
             "os.rename", "os.mkdir", "os.listdir", "os.scandir", "object.__setattr__", "sys._getframe", "cpython.run")
events = []
listening = True

def hook(event, arguments):
    if listening and event.startswith(FORBIDDEN):
        events.append([event, repr(arguments)[:200]])
    elif listening and event == "open" and arguments[0] not in allowed:
        events.append([event, repr(arguments)[:200]])

allowed = {*hostile, *(os.fsencode(path) for path in hostile)}
before = set(sys.modules)
sys.addaudithook(hook)
found = {os.path.basename(path): look(path) for path in hostile}
listening = False
print(json.dumps({"events": events, "new_modules": sorted(set(sys.modules) - before), "found": found}))
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("inert")
    marker = folder / "marker"
    (folder / f"{builders.TRIP_MODULE}.py").write_text(builders.trip_source(marker))
    hostile = {}
    for name, data in builders.trip_pickles().items():
        hostile[f"{name}.pkl"] = data
        hostile[f"{name}.pth"] = builders.torch_zip(data)
        hostile[f"{name}.extra.pth"] = builders.torch_zip(b"\x80\x02}.", {"evil.pkl": data})
        hostile[f"{name}.old.pt"] = builders.zipped({"net/model.json": b'{"mainModule": {}}', "net/version": b"1",
                                                     "net/attributes.pkl": data})
        hostile[f"{name}.pt2"] = builders.zipped({"net/archive_format": b"pt2", "net/models/model.json": b"import os; os.abort()",
                                                  "net/data/constants/model.pt": data})
    hostile["page.pth"] = b"<html><head><title>Not <b>Found</b></title></head></html>"
    hostile["broken.safetensors"] = builders.safetensors({"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 16]}}, bytes(16))
    for name, data in hostile.items():
        (folder / name).write_bytes(data)
    warm = demo.make_demo(folder / "warm")
    (folder / "warm" / "bare.pkl").write_bytes(b"\x80\x02}.")
    (folder / "warm" / "two.pkl").write_bytes(b"\x80\x02}." * 2)      # our reader of what follows comes with the first file that needs it
    for name, data in {"warm.pth": builders.torch_zip(b"\x80\x02cx\ny\n)R.", {"evil.pkl": b"N."}), "junk": b"?" * 100}.items():
        (folder / "warm" / name).write_bytes(data)
        warm.append(str(folder / "warm" / name))
    (folder / "warm" / "warm.pt2").write_bytes(builders.zipped({"archive_format": b"pt2", "models/m.json": b"{}", "data/constants/m.pt":
                                                                builders.torch_zip(b"\x80\x02cx\ny\n)R.")}))
    warm.append(str(folder / "warm" / "warm.pt2"))
    (folder / "warm" / "warm.old.pt").write_bytes(builders.zipped({"net/model.json": b'{"mainModule": {}}', "net/version": b"1",
                                                                   "net/attributes.pkl": b"\x80\x02N."}))
    warm.append(str(folder / "warm" / "warm.old.pt"))
    warm += [str(folder / "warm" / name) for name in ("bare.pkl", "two.pkl")]
    warm += [str(folder / name) for name in ("page.pth", "broken.safetensors")]
    targets = [str(folder / name) for name in hostile] + warm[:2]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).resolve().parents[1]), str(folder)])}
    run = subprocess.run([sys.executable, "-c", CHILD, json.dumps([warm, targets])], capture_output=True, text=True, timeout=120,
                         env=environment, check=False)
    assert run.returncode == 0, run.stderr
    return {**json.loads(run.stdout), "marker": marker.exists()}


def test_that_opening_measuring_and_checking_raise_no_forbidden_audit_event(report: dict[str, object]) -> None:
    assert report["events"] == []


def test_that_no_module_is_imported_on_account_of_a_file(report: dict[str, object]) -> None:
    assert report["new_modules"] == []


def test_that_the_marker_of_the_trip_function_never_appears(report: dict[str, object]) -> None:
    assert report["marker"] is False


@pytest.mark.parametrize("name", [f"{name}{suffix}" for name in builders.trip_pickles()
                                  for suffix in (".pkl", ".pth", ".extra.pth", ".old.pt", ".pt2")])
def test_that_every_way_of_calling_is_reported(report: dict[str, object], name: str) -> None:
    found = report["found"]
    assert isinstance(found, dict)
    assert "unknown-code" in found[name]


@pytest.mark.parametrize("start", ["command", "module"])
def test_that_modules_beside_a_checkpoint_are_not_imported(tmp_path: Path, start: str) -> None:
    """A downloaded folder with a json.py, a torch.py … in it, and the person is in that folder."""
    folder, marker = tmp_path / "downloaded", tmp_path / "marker"
    folder.mkdir()
    body = {"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}
    (folder / "model.safetensors").write_bytes(builders.safetensors(body, bytes(16)))
    # what runs before our first line when one says python -m (runpy's own imports) no program can help
    names = ["json", "torch", "numpy", "argparse", "typing_extensions", "ml_dtypes", "zlib", "fnmatch", "string"]
    for name in [*names, *(["types", "os", "re", "enum"] if start == "command" else [])]:
        (folder / f"{name}.py").write_text(f"open({str(marker)!r}, 'a').write({name!r})\n")
    if start == "command":                  # as the installed `inspector` does
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "inspector").write_text("from inspector.cli import start\nstart()\n")
        command = [sys.executable, str(tmp_path / "bin" / "inspector")]
    else:
        command = [sys.executable, "-m", "inspector"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    for arguments in (["ls", "--json", "--digest", "model.safetensors"], ["stats", "model.safetensors", "--match", "*"]):
        run = subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, timeout=120, env=environment, check=False)
        assert run.returncode == 0, run.stderr
    assert not marker.exists(), marker.read_text()
