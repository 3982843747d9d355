"""How fluent the window stays and how soon numbers are there. Run by hand, on a machine with nothing else to do:

    QT_QPA_PLATFORM=offscreen python tests/bench/bench_window.py FILE [KEY]

Opens FILE (a few GB) in the window, measures all its tensors in the layers panel and watches a 10 ms heartbeat of the GUI thread
meanwhile; then selects tensors (KEY, or the largest below 120 MB and its neighbours) and tells when histogram, heatmap and values
are on show.
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
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from inspector.gui.frame.main_window import MainWindow
from inspector.gui.kit import theme
from inspector.gui.kit.settings import Settings
from inspector.gui.panels.heatmap import HeatmapPanel
from inspector.gui.panels.layers import LayersPanel
from inspector.gui.panels.statistics import StatisticsPanel
from inspector.gui.panels.values import ValuesPanel
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks


class Heartbeat(QObject):
    """A timer of 10 ms, how long it really took from beat to beat, and how much of that the GUI thread itself was at work: the rest
    it waited for the interpreter or for a processor. A process beside it that only sleeps 10 ms at a time tells how long one waits
    on this machine for a processor alone."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[tuple[float, float]] = []
        self._cpu = 0.0
        self._control: subprocess.Popen[str] | None = None
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(10)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        self.gaps = []
        self._control = subprocess.Popen([sys.executable, "-c", _CONTROL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._control.stdout is not None
        self._control.stdout.readline()         # it is up, and no longer takes a processor to start
        self._cpu = time.thread_time()
        self._clock.start()
        self._timer.start()

    def stop(self) -> str:
        self._timer.stop()
        assert self._control is not None
        alone = self._control.communicate("")[0].strip()
        worst = sorted(self.gaps)[-5:]
        late = sum(1 for gap, _ in self.gaps if gap > 50)
        said = ", ".join(f"{gap:.0f} ({cpu:.0f})" for gap, cpu in worst)
        return (f"{len(self.gaps)} beats, {late} later than 50 ms, worst {said} ms (of it at work), most at work "
                f"{max((cpu for _, cpu in self.gaps), default=0):.0f} ms; a sleeper beside it waited {alone} ms at worst")

    def _beat(self) -> None:
        cpu = time.thread_time()
        self.gaps.append((self._clock.nsecsElapsed() / 1e6, (cpu - self._cpu) * 1e3))
        self._cpu = cpu
        self._clock.restart()


_CONTROL = """
import sys, threading, time
done = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), done.set()), daemon=True).start()
print(flush=True)
worst, last = 0.0, time.perf_counter()
while not done.is_set():
    time.sleep(0.01)
    now = time.perf_counter()
    worst, last = max(worst, now - last), now
print(round(worst * 1e3))
"""


def until(app: QApplication, done: Callable[[], bool], seconds: float = 600) -> float:
    start = time.perf_counter()
    while not done():
        app.processEvents()
        time.sleep(0.001)
        if time.perf_counter() - start > seconds:
            raise SystemExit("it never came")
    return time.perf_counter() - start


def main() -> None:
    path = sys.argv[1]
    app = QApplication([])
    theme.current().apply_style_sheet()
    session, tasks = Session(), Tasks()
    window = MainWindow(session, tasks, Settings(os.path.join(tempfile.mkdtemp(), "settings.ini")))
    window.resize(1280, 800)
    window.show()
    window.opener.open([path])
    until(app, lambda: any(document.checkpoint is not None for document in session.documents) and not tasks.running)
    document = session.documents[0]
    ckpt = document.checkpoint
    assert ckpt is not None
    session.select(Selection(document.id))
    window.view.show_panel("layers")
    heart = Heartbeat()

    layers = window.findChildren(LayersPanel)[0]
    resting = time.perf_counter() + 0.5
    until(app, lambda: not tasks.running and time.perf_counter() > resting)
    heart.start()
    layers.requests.go_on()             # so much is not read unasked
    spent = until(app, lambda: len(layers.model.rows) == len(ckpt.tensors) and not tasks.running)
    size = sum(t.nbytes for t in ckpt.tensors.values()) / 1e9
    print(f"layers: {len(ckpt.tensors)} tensors, {size:.2f} GB in {spent:.2f} s; {heart.stop()}")
    window.hide()

    by_size = sorted((t for t in ckpt.tensors.values() if t.nbytes <= 120e6), key=lambda t: -t.nbytes)
    keys = sys.argv[2:3] * 1 + [t.key for t in by_size[:4]]
    statistics, heatmap, values = StatisticsPanel(session, tasks), HeatmapPanel(session, tasks), ValuesPanel(session, tasks)
    ready: list[tuple[str, StatisticsPanel | HeatmapPanel | ValuesPanel, Callable[[str], bool]]] = [
        ("histogram", statistics, lambda key: statistics.result is not None and statistics.heading.accessibleName() == key),
        ("heatmap", heatmap, lambda key: heatmap.heading.accessibleName() == key and heatmap._shown.isVisible()
            and not any(task.key == "heatmap" for task in tasks.running)),
        ("values", values, lambda key: values.heading.accessibleName() == key and not values.model.busy)]
    for name, panel, shown in ready:
        panel.resize(800, 800)
        panel.show()
        for key in keys:
            heart.start()
            session.select(Selection(document.id, key, (key,)))
            spent = until(app, lambda key=key, shown=shown: shown(key))  # type: ignore[misc]
            panel.repaint()
            print(f"{name}: {key} ({ckpt.tensors[key].nbytes / 1e6:.0f} MB) in {spent * 1e3:.0f} ms; {heart.stop()}")
        panel.hide()
    tasks.close()


if __name__ == "__main__":
    main()
