"""A window that follows a file which another process writes with torch.save into place every 100 ms. Run by hand, on an idle machine:

    QT_QPA_PLATFORM=offscreen python tests/bench/bench_following.py [SECONDS] [LAYERS] [PANEL]

Tells how many states were shown, each a whole one, what went wrong, and for how long the GUI thread was kept: see `bench_gaps`.
"""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from bench_gaps import Heart
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel

from inspector.gui.frame import windows
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.state.session import Selection, State

WRITER = """
import sys, time, torch
path, seconds, layers = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
def save(n):
    torch.save({"epoch": n, "model": {f"layer{k}": {"w": torch.full((20_000,), float(n)), "b": torch.full((3,), float(n))}
                                      for k in range(layers)}}, path)
save(0)
print("ready", flush=True)
sys.stdin.readline()
end, n = time.monotonic() + seconds, 0
while time.monotonic() < end:
    n += 1
    save(n)
    time.sleep(0.1)
save(-1)
print(n, flush=True)
"""


def main(seconds: float, layers: int, panel: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "last.pth"
        app = windows.Application("light")
        window: MainWindow = windows._window(windows.Settings(str(Path(folder) / "settings.ini")))
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(seconds), str(layers)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdin is not None
            assert writer.stdout is not None
            writer.stdout.readline()
            window.show()
            window.open_paths([str(path)])
            wait(app, lambda: bool(window.session.documents) and window.session.documents[0].state is State.READY)
            document = window.session.documents[0]
            window.menus["follow"].setChecked(True)
            window.view.show_panel(panel)
            keys = ("model.layer0.w", "model.layer0.b")
            window.session.select(Selection(document.id, "model.layer0", keys))
            wait(app, lambda: not window.tasks.running)
            seen: list[object] = []
            wrong: list[str] = []

            def shown() -> None:
                ckpt = document.original
                if document.state is not State.READY or ckpt is None or len(ckpt.tensors) != 2 * layers:
                    wrong.append(f"{document.state}: {document.error}")
                elif not seen or seen[-1] != ckpt.values["epoch"]:
                    seen.append(ckpt.values["epoch"])

            def looked() -> None:
                wrong.extend(label.text() for label in window.findChildren(QLabel) if label.isVisible() and (
                    "the file changed" in label.text().lower() or "could not" in label.text()))

            window.session.document_changed.connect(lambda id: shown())
            looks = QTimer(interval=50)
            looks.timeout.connect(looked)
            looks.start()
            heart = Heart()
            writer.stdin.write("go\n")
            writer.stdin.flush()
            wait(app, lambda: writer.poll() is not None)
            written = writer.stdout.readline().strip()
            wait(app, lambda: bool(seen) and seen[-1] == -1)
            clock, thread, process = heart.worst
        print(f"{panel}: {len(seen)} states shown of {written} written in {seconds:g} s, {len(wrong)} errors{wrong[:2] or ''}; longest gap "
              f"{clock:.0f} ms by the clock, {thread:.0f} ms of the GUI thread, {process:.0f} ms of the process")
        window.close()


def wait(app: QApplication, until: Callable[[], bool]) -> None:
    while not until():
        app.processEvents()
        time.sleep(0.001)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0, int(sys.argv[2]) if len(sys.argv) > 2 else 8,
         sys.argv[3] if len(sys.argv) > 3 else "statistics")
