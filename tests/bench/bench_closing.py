"""What opening and closing files leaves behind in the window.

    QT_QPA_PLATFORM=offscreen python tests/bench/bench_closing.py [TIMES] [FILE ...]

Opens each FILE (by default two samples that it makes itself), looks at the whole of it, or at its largest tensor, on every panel in
turn, puts an edit on every fifth that is closed unsaved, closes it, TIMES times (1,000) in all, and prints the memory after the first
fifty, when everything has been loaded that will be, and at the end, each after a rest. Ends with status 1 where it grew by more than LIMIT.
"""
from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from inspector import core
from inspector.gui.frame import windows
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.frame.panel_tabs import NAMES
from inspector.gui.state.session import Selection

WARM = 50
REST = 12.0             # seconds before memory is looked at: garbage is looked for where nothing was done for ten
LIMIT = 20.0            # megabytes


class Rounds:
    """One file after the other: opened, waited for, closed."""

    def __init__(self, window: MainWindow, paths: list[str], times: int) -> None:
        self._window, self._paths, self._times = window, paths, times
        self._count = 0
        self._next = self._open
        self._begun = time.monotonic()
        self._first = self._last = self._rested = 0.0
        window.edits.asks = False
        self._timer = QTimer()
        self._timer.timeout.connect(self._step)
        self._timer.start(0)

    @property
    def growth(self) -> float:
        """Megabytes since the first report."""
        return self._last - self._first

    def _step(self) -> None:
        if not self._window.tasks.running:
            self._next()

    def _open(self) -> None:
        self._window.tabs.show_panel(NAMES[self._count % len(NAMES)])
        self._window.open_paths([self._paths[self._count % len(self._paths)]])
        self._next = self._look

    def _look(self) -> None:
        document = self._window.session.documents[0]
        if document.checkpoint is not None and self._count % 2:
            key = max(document.checkpoint.tensors.values(), key=lambda tensor: tensor.nbytes).key
            self._window.session.select(Selection(document.id, key, (key,)))
            if not self._count % 5:
                self._window.session.add_edits(document.id, [core.Drop(key)])
        self._next = self._close

    def _close(self) -> None:
        self._window.files.close_file()
        self._count += 1
        self._next = self._open
        if self._count in (WARM, self._times) or self._count % 200 == 0:
            self._rested, self._next = time.monotonic() + REST, self._rest

    def _rest(self) -> None:
        if time.monotonic() < self._rested:
            time.sleep(0.01)
            return
        self._begun += REST
        self._next = self._open
        self._report()
        if self._count >= self._times:
            self._timer.stop()
            QApplication.exit(0)

    def _report(self) -> None:
        self._last = resident()
        self._first = self._first or self._last
        print(f"{self._count:6,} closed   {self._last:7.1f} MB   {self.growth:+6.1f} MB since the first report   "
              f"{(time.monotonic() - self._begun) * 1000 / self._count:5.1f} ms each", flush=True)


def resident() -> float:
    """Megabytes of memory that this process has."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> int:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        paths = sys.argv[2:] or core.make_demo(folder)
        app = windows.Application("light")
        window = windows._window(windows.Settings(os.path.join(folder, "settings.ini")))
        window.resize(1200, 800)
        window.show()
        rounds = Rounds(window, paths, times)
        app.exec()
        window.close()
    return 0 if rounds.growth <= LIMIT else 1


if __name__ == "__main__":
    raise SystemExit(main())
