"""What opening and closing files leaves behind in the window.

    QT_QPA_PLATFORM=offscreen python tests/bench/bench_closing.py [TIMES] [FILE ...]

Opens each FILE (by default two samples that it makes itself), looks at it on every panel in turn, closes it, TIMES times (1,000) in
all, and prints the memory after the first fifty, when everything has been loaded that will be, and at the end.
"""
from __future__ import annotations

import os
import sys
import tempfile
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from inspector import core
from inspector.gui.frame import windows
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.frame.panel_tabs import NAMES

WARM = 50


class Rounds:
    """One file after the other: opened, waited for, closed."""

    def __init__(self, window: MainWindow, paths: list[str], times: int) -> None:
        self._window, self._paths, self._times = window, paths, times
        self._count = 0
        self._open = False
        self._begun = time.monotonic()
        self._first = 0.0
        self._timer = QTimer()
        self._timer.timeout.connect(self._step)
        self._timer.start(0)

    def _step(self) -> None:
        if self._window.tasks.running:
            return
        if self._open:
            self._window.files.close_file()
            self._open = False
            self._count += 1
            if self._count in (WARM, self._times) or self._count % 200 == 0:
                self._report()
            if self._count >= self._times:
                self._timer.stop()
                QApplication.exit(0)
            return
        self._window.tabs.show_panel(NAMES[self._count % len(NAMES)])
        self._window.open_paths([self._paths[self._count % len(self._paths)]])
        self._open = True

    def _report(self) -> None:
        now = resident()
        self._first = self._first or now
        print(f"{self._count:6,} closed   {now:7.1f} MB   {now - self._first:+6.1f} MB since the first report   "
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
        del rounds
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
