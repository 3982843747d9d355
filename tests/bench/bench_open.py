"""How long opening takes, as ratios against what a user would do otherwise, whole processes in turn (A B A B …) in one run.

    python tests/bench/bench_open.py [--folder DIR] [--runs 5] [--gigabytes 4] [--tensors 100000] [--only large,many,million,shards,window]
                                     [--before DIR]

Prints a table and asserts nothing: these are measurements, the bars they are held against stand beside them. The samples
(about 4.5 GB) are written once into DIR with torch and safetensors and kept there. `--before` is another checkout of this program: what
is measured of a million tensors is then measured of that, too, in turn.
"""
from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

TORCH_LOAD = "import sys, torch; torch.load(sys.argv[1], mmap=True, weights_only=True)"
SAFE_OPEN = """
import sys
from safetensors import safe_open
with safe_open(sys.argv[1], framework="np") as f:
    for key in f.keys():
        part = f.get_slice(key); part.get_shape(); part.get_dtype()
"""
CORE_OPEN = "import sys; from inspector import core; core.open(sys.argv[1]).tensors"
PAINTED = """
import os, sys, tempfile
from PySide6.QtCore import QEvent, QObject, QTimer
from inspector.gui.frame import windows

class Watch(QObject):                       # leaves when the tree has been painted with the file's keys in it
    def eventFilter(self, seen, event):
        if event.type() == QEvent.Type.Paint and window.model.rowCount() > 3:
            QTimer.singleShot(0, lambda: (window.tree.grab().save(sys.argv[2]), os._exit(0)))
        return False

app = windows.Application("system")
window = windows._window(windows.Settings(os.path.join(tempfile.mkdtemp(), "settings.ini")))
watch = Watch()
window.tree.viewport().installEventFilter(watch)
window.resize(1200, 800)
window.show()
window.open_paths([sys.argv[1]])
app.exec()
"""
IMPORT_TORCH = "import torch"
MILLION_PTH = """               # as torch.save writes it, which takes minutes for so many
import collections, io, pickle, struct, zipfile
import torch
class Storage:
    def __init__(self, n): self.n = n
class Tensor:
    def __init__(self, n): self.n = n
    def __reduce__(self):
        return torch._utils._rebuild_tensor_v2, (Storage(self.n), 0, (2, 2), (2, 1), False, collections.OrderedDict())
class Pickler(pickle.Pickler):
    def persistent_id(self, one):
        return ("storage", torch.FloatStorage, str(one.n), "cpu", 4) if isinstance(one, Storage) else None
out = io.BytesIO()
pickler = Pickler(out, 2)
pickler.fast = FAST
pickler.dump({f"layers.{n // 10}.block.{n % 10}.weight": Tensor(n) for n in range(1_000_000)})
with zipfile.ZipFile(PATH, "w") as archive:
    archive.writestr("archive/data.pkl", out.getvalue())
    archive.writestr("archive/byteorder", "little")
    for n in range(1_000_000):
        archive.writestr(f"archive/data/{n}", struct.pack("<4f", n, n, n, n))
    archive.writestr("archive/version", "3\\n")
"""
SHARDS = """
import json, os, struct
os.makedirs(PATH)
names = {f"layers.{n}.weight": f"model-{n + 1:05d}-of-50000.safetensors" for n in range(50_000)}
for key, name in names.items() if BODIES else ():
    header = json.dumps({key: {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}).encode()
    header += b" " * (-len(header) % 8)
    with open(os.path.join(PATH, name), "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header + bytes(16))
with open(os.path.join(PATH, "model.safetensors.index.json"), "w") as file:
    json.dump({"metadata": {"total_size": 800_000}, "weight_map": names}, file)
"""
ROOT = Path(__file__).resolve().parents[2]


class Run(NamedTuple):
    seconds: float
    processor: float        # seconds, of all its threads
    megabytes: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "inspector-bench")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--gigabytes", type=float, default=4.0)
    parser.add_argument("--tensors", type=int, default=100_000)
    parser.add_argument("--only", default="large,many,million,shards,window")
    parser.add_argument("--before", type=Path)
    options = parser.parse_args()
    options.folder = options.folder.resolve()
    options.folder.mkdir(parents=True, exist_ok=True)
    chosen = options.only.split(",")
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, {options.runs} runs each, medians; MB is the peak of the process")
    if "large" in chosen:
        large(options)
    if "many" in chosen:
        many(options)
    if "million" in chosen:
        million(options)
    if "shards" in chosen:
        shards(options)
    if "window" in chosen:
        window(options)


def large(options: argparse.Namespace) -> None:
    path = options.folder / f"state_dict_{options.gigabytes:g}GB.pth"
    if not path.exists():
        write(path, f"""
import torch
n = {int(options.gigabytes * (1 << 30))} // (4 * 4096 * 1024)
torch.save({{f"layers.{{i}}.weight": torch.full((4096, 1024), float(i)) for i in range(n)}}, PATH)""")
    print(f"\n{path.name}: {path.stat().st_size / 1e9:.2f} GB")
    ls, load = in_turn(options.runs, inspector("ls", path), python(TORCH_LOAD, path))
    show("inspector ls", ls, "torch.load(mmap, weights_only)", load, "at least 10, under 120 MB")


def many(options: argparse.Namespace) -> None:
    path = options.folder / f"{options.tensors}_tensors.pth"
    if not path.exists():
        write(path, f"""
import torch
torch.save({{f"layers.{{i // 10}}.block.{{i % 10}}.weight": torch.full((4, 3), float(i)) for i in range({options.tensors})}}, PATH)""")
    safe = path.with_suffix(".safetensors")
    if not safe.exists():
        write(safe, f"""
import numpy as np
from safetensors.numpy import save_file
save_file({{f"layers.{{i // 10}}.block.{{i % 10}}.weight": np.full((4, 3), i, np.float32) for i in range({options.tensors})}}, PATH)""")
    print(f"\n{path.name}: {path.stat().st_size / 1e6:.0f} MB; {safe.name}: {safe.stat().st_size / 1e6:.0f} MB")
    ls, load = in_turn(max(1, min(options.runs, 3)), inspector("ls", path), python(TORCH_LOAD, path))
    show("inspector ls, .pth", ls, "torch.load(mmap, weights_only)", load, "at least 12, under 150 MB")
    small_dicts(options)
    ours, walk = in_turn(options.runs, python(CORE_OPEN, path), python(SAFE_OPEN, safe))
    show("core.open, .pth", ours, "safe_open walking .safetensors", walk, "at least 1")
    ours, walk = in_turn(options.runs, python(CORE_OPEN, safe), python(SAFE_OPEN, safe))
    show("core.open, .safetensors", ours, "safe_open walking .safetensors", walk, "at least 1")
    ours, walk = in_turn(options.runs, inspector("ls", safe), python(SAFE_OPEN, safe))
    show("inspector ls, .safetensors", ours, "safe_open walking .safetensors", walk, "at least 1")


def small_dicts(options: argparse.Namespace) -> None:
    """The same number of tensors in dicts of ten, and as the state of an optimizer."""
    for name, made in (("in_small_dicts", "{f'model{d}': {f'layer{i}.weight': full(10 * d + i) for i in range(10)} "
                                          "for d in range(N // 10)}"),
                       ("of_an_optimizer", "{'state': {d: {'exp_avg': full(d), 'exp_avg_sq': full(d)} for d in range(N // 2)}, "
                                           "'param_groups': [{'lr': 0.1, 'params': list(range(N // 2))}]}")):
        path = options.folder / f"{options.tensors}_tensors_{name}.pth"
        if not path.exists():
            write(path, f"import torch\nN = {options.tensors}\nfull = lambda i: torch.full((4, 3), float(i))\ntorch.save({made}, PATH)")
        ours, load = in_turn(1, inspector("ls", path), python(TORCH_LOAD, path))
        show(f"inspector ls, {name}", ours, "torch.load(mmap, weights_only)", load, "at least 12")


def million(options: argparse.Namespace) -> None:
    path = options.folder / "1000000_tensors.safetensors"
    if not path.exists():
        write(path, """
import json, struct
keys = [f"layers.{i // 10}.block.{i % 10}.weight" for i in range(1_000_000)]
header = json.dumps({key: {"dtype": "F32", "shape": [2, 2], "data_offsets": [16 * i, 16 * i + 16]} for i, key in enumerate(keys)},
                    separators=(",", ":")).encode()
with open(PATH, "wb") as file:
    file.write(struct.pack("<Q", len(header)) + header)
    file.truncate(8 + len(header) + 16_000_000)""")
    print(f"\n{path.name}: {path.stat().st_size / 1e6:.0f} MB")
    for what, command in (("core.open", python(CORE_OPEN, path)), ("inspector ls", inspector("ls", path))):
        ours, other = in_turn(max(1, min(options.runs, 3)), command, command if options.before else python(SAFE_OPEN, path),
                              before=options.before)
        show(what, ours, f"{what}, before" if options.before else "safe_open walking it", other, "under 3 s, 350 MB")
    for name, fast in (("1000000_tensors.pth", False), ("1000000_tensors_without_memo.pth", True)):
        path = options.folder / name
        if not path.exists():
            write(path, f"FAST = {fast}\n{MILLION_PTH}")
        run = measure(inspector("ls", path), ROOT)
        print(f"  inspector ls, {name}: {run.seconds:.3f} s, {run.processor:.3f} s of processor, {run.megabytes:.0f} MB   "
              "bar: under 15 s, 1 GB")


def shards(options: argparse.Namespace) -> None:
    """The index of fifty thousand files of a tensor each, with them beside it and without."""
    for name, bodies in (("50000_shards", True), ("50000_shards_that_are_not_there", False)):
        folder = options.folder / name
        if not folder.exists():
            write(folder, f"BODIES = {bodies}\n{SHARDS}")
        run = measure(python(CORE_OPEN, folder / "model.safetensors.index.json"), ROOT)
        print(f"  core.open, {name}: {run.seconds:.3f} s, {run.processor:.3f} s of processor, {run.megabytes:.0f} MB   bar: under 2 s")


def window(options: argparse.Namespace) -> None:
    make = "import sys; from inspector.core import demo; print(*demo.make_demo(sys.argv[1]), sep='\\n')"
    made = subprocess.run([sys.executable, "-c", make, str(options.folder)], check=True, capture_output=True, text=True)
    path = made.stdout.splitlines()[0]
    shot = options.folder / "painted.png"
    print(f"\n{Path(path).name}: from the start of the process to the tree painted off screen")
    painted, torch = in_turn(options.runs, python(PAINTED, path, shot), python(IMPORT_TORCH))
    show("window with tree", painted, "import torch", torch, "at least 2")


def show(ours: str, a: list[Run], theirs: str, b: list[Run], bar: str) -> None:
    ratios = sorted(y.seconds / x.seconds for x, y in zip(a, b, strict=True))
    processor = statistics.median(y.processor / x.processor for x, y in zip(a, b, strict=True))
    for name, runs in ((ours, a), (theirs, b)):
        seconds = [run.seconds for run in runs]
        print(f"  {name:32} {statistics.median(seconds):8.3f} s  ({min(seconds):.3f} to {max(seconds):.3f})  "
              f"{statistics.median(run.processor for run in runs):8.3f} s of processor  "
              f"{statistics.median(run.megabytes for run in runs):7.0f} MB")
    print(f"  {'ratio':32} {statistics.median(ratios):8.2f} x  ({ratios[0]:.2f} to {ratios[-1]:.2f}), of processor {processor:.2f} x   "
          f"bar: {bar}")


def in_turn(runs: int, a: list[str], b: list[str], before: Path | None = None, *,
            fine: Sequence[int] = (0,)) -> tuple[list[Run], list[Run]]:
    """`before` is the checkout that `b` runs in (None: this one); `fine` are the statuses that both may end with."""
    measured: tuple[list[Run], list[Run]] = ([], [])
    for turn in range(runs + 1):                # the first of each only warms the caches
        for command, into, where in zip((a, b), measured, (ROOT, before or ROOT), strict=True):
            run = measure(command, where, fine)
            if turn:
                into.append(run)
    return measured


def measure(command: list[str], where: Path, fine: Sequence[int] = (0,)) -> Run:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(where)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)       # an installed program has its bytecode at hand
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment, cwd=where)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in fine:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def inspector(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "inspector", *map(str, arguments)]


def python(code: str, *arguments: str | Path) -> list[str]:
    return [sys.executable, "-c", code, *map(str, arguments)]


def write(path: Path, code: str) -> None:
    print(f"writing {path} …", flush=True)
    partial = path.with_name(path.name + ".partial")
    subprocess.run([sys.executable, "-c", f"PATH = {str(partial)!r}\n{code}"], check=True)
    partial.rename(path)


if __name__ == "__main__":
    main()
