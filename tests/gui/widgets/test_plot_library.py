"""Loading pyqtgraph beside a window: each in a process of its own, for it is loaded once."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

BEGIN = """
import sys, threading
from PySide6.QtCore import QCoreApplication
from inspector import core
from inspector.gui.widgets.plot_library import library
app = QCoreApplication([])
ended = []
def work(monitor):
    try:
        library.wait(monitor)
        ended.append("loaded")
    except core.Cancelled:
        ended.append("cancelled")
def worker(monitor):
    thread = threading.Thread(target=work, args=(monitor,))
    thread.start()
    return thread
class Stop(core.Monitor):
    stopped = False
    def check(self):
        if self.stopped:
            raise core.Cancelled
monitor = Stop()
thread = worker(monitor)
"""


def run(script: str) -> str:
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
                          env={**os.environ, "QT_QPA_PLATFORM": "offscreen"})
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_that_nothing_of_qt_is_made_in_a_worker_while_the_windows_thread_is_at_work() -> None:
    assert run(BEGIN + """
thread.join(1.5)                    # the window's thread is busy with something else
print(thread.is_alive(), "pyqtgraph" in sys.modules, "PySide6.QtTest" in sys.modules)
turns = 0
while thread.is_alive():
    app.processEvents()
    turns += 1
print(ended, hasattr(sys.modules["pyqtgraph"], "PlotWidget"), turns > 3)
""").splitlines() == ["True False False", "['loaded'] True True"]


def test_that_who_needs_it_at_once_gets_it_while_it_is_being_loaded() -> None:
    assert run(BEGIN + """
while "pyqtgraph" not in sys.modules:
    app.processEvents()
half = not hasattr(sys.modules["pyqtgraph"], "PlotWidget")
whole = hasattr(library.get(), "PlotWidget")
thread.join()
print(half, whole, ended)
""").split("\n")[0] == "True True ['loaded']"


def test_that_who_waits_for_it_can_be_cancelled() -> None:
    assert run(BEGIN + """
monitor.stopped = True
thread.join()
print(ended, "pyqtgraph" in sys.modules)
again = worker(core.Monitor())
while again.is_alive():
    app.processEvents()
print(ended)
""").splitlines() == ["['cancelled'] False", "['cancelled', 'loaded']"]


def test_that_it_is_loaded_where_no_worker_asked_for_it() -> None:
    assert run("""
from inspector import core
from inspector.gui.widgets.plot_library import library
print(hasattr(library.get(), "PlotWidget"))
library.wait(core.Monitor())
print("there")
""").split() == ["True", "there"]


def test_that_a_plot_that_is_looked_at_has_its_canvas_before_what_it_shows_is_there() -> None:
    """In a turn of its own: the worker that waits for the library goes on only after that."""
    assert run("""
import threading
from PySide6.QtWidgets import QApplication
from inspector import core
from inspector.gui.widgets.histogram_plot import HistogramPlot
from inspector.gui.widgets.plot_library import library
app = QApplication([])
seen, hidden = HistogramPlot(), HistogramPlot()
seen.show()
found = []
def work():
    library.wait(core.Monitor())
    found.append(seen.canvas is not None)
thread = threading.Thread(target=work)
thread.start()
while thread.is_alive():
    app.processEvents()
print(found, hidden.canvas, seen.message == "")
hidden.show()
while hidden.canvas is None:
    app.processEvents()
""").splitlines() == ["[True] None True"]
