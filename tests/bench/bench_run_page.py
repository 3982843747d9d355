"""For how long the GUI thread is kept by the page of a run, while it fills and while it watches a folder that a training writes to:

    QT_QPA_PLATFORM=offscreen python tests/bench/bench_run_page.py [FILES] [TENSORS] [SECONDS]

The checkpoints are written by another process, with torch.save in place: `last.pth` every 100 ms, a new epoch every two seconds.
"""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from bench_following import wait
from bench_gaps import Heart
from PySide6.QtCore import QTimer

from inspector.gui.frame import windows
from inspector.gui.frame.main_window import MainWindow

WRITER = """
import sys, time, torch
folder, files, tensors, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
model = {f"layers.{n // 8}.{n % 8}.weight": torch.randn(200, 100) for n in range(tensors)}
def save(n, name):
    for tensor in model.values():
        tensor += 0.01 * torch.randn_like(tensor)
    torch.save({"epoch": n, "loss": 1 / n, "val_acc": n / 1000, "model": model}, f"{folder}/{name}.pth")
for n in range(1, files + 1):
    save(n, f"epoch_{n}")
print("ready", flush=True)
sys.stdin.readline()
end, written, then = time.monotonic() + seconds, files, time.monotonic()
while time.monotonic() < end:
    save(written, "last")
    if time.monotonic() - then > 2:
        written, then = written + 1, time.monotonic()
        save(written, f"epoch_{written}")
    time.sleep(0.1)
print(written, flush=True)
"""


def main(files: int, tensors: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["INSPECTOR_CACHE"] = ""
        run = Path(folder) / "run"
        run.mkdir()
        app = windows.Application("light")
        window: MainWindow = windows._window(windows.Settings(str(Path(folder) / "settings.ini")))
        window.resize(1440, 900)
        window.show()
        with subprocess.Popen([sys.executable, "-c", WRITER, str(run), str(files), str(tensors), str(seconds)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdin is not None
            assert writer.stdout is not None
            writer.stdout.readline()
            heart = Heart()
            window.open_paths([str(run)])
            wait(app, lambda: window.runs.shown)
            told("making the page", heart, "shown")
            heart.restart()
            page = window.runs.page
            grown: list[int] = []
            page.reading.grown.connect(lambda: grown.append(page.reading.count[0]))
            wait(app, lambda: page.reading.tracks is not None and not window.tasks.running)
            told("filling", heart, f"{len(grown)} drawings before all {files} files were read")
            wrong: list[str] = []
            page.reading.found.connect(lambda: wrong.append(str(page.reading.error)) if page.reading.error is not None else None)
            page.watch.setChecked(True)
            heart = Heart()
            steps = QTimer(interval=300)
            steps.timeout.connect(lambda: page.timeline.choose((page.timeline.at + 1) % len(page.series or (0,)), page.timeline.row))
            steps.start()
            writer.stdin.write("go\n")
            writer.stdin.flush()
            wait(app, lambda: writer.poll() is not None)
            written = int(writer.stdout.readline())
            told("watching", heart, f"{len(page.series or ())} checkpoints in sight, {written} epochs written, {len(wrong)} errors")
        window.close()


def told(what: str, heart: Heart, more: str) -> None:
    clock, thread, process = heart.worst
    print(f"{what}: {more}; longest gap {clock:.0f} ms by the clock, {thread:.0f} ms of the GUI thread, {process:.0f} ms of the process")


if __name__ == "__main__":
    asked = sys.argv[1:]
    main(int(asked[0]) if asked else 24, int(asked[1]) if len(asked) > 1 else 64, float(asked[2]) if len(asked) > 2 else 60.0)
