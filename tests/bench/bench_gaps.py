"""For how long the GUI thread is kept: at 1,000,000 rows, and while 100,000 keys are opened. Run by hand, on an idle machine:

    QT_QPA_PLATFORM=offscreen python tests/bench/bench_gaps.py [LAYERS] [FILE ...] [--only STAGE,STAGE]

In the whole window, with every panel there is: expands, filters, sorts and selects all of a made-up checkpoint of LAYERS (100: a million
rows, 0: none); opens each FILE, measures all its tensors on the panel of layers, searches it, lists it with columns of what values say,
edits it and asks to save it; compares the first two; and opens hundreds of small files together. For each it tells after how long the rows
stood there, and the longest time from one beat of a 5 ms timer on the GUI thread to the next: by the clock, by the processor time of that
thread, and by that of the whole process, which holds the waiting for the interpreter too. On a busy machine the clock counts the
neighbours; processor time does not.
"""
from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from bench_tree import giant
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from inspector import core
from inspector.gui.comparison.progress import Step
from inspector.gui.frame import windows
from inspector.gui.frame.ahead import Ahead
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.models.pair_lines import DIFFERS
from inspector.gui.models.tree_lines import MEAN, STD, VALUES
from inspector.gui.state.pending_edits import Editing
from inspector.gui.state.session import Document, Selection, State

BEAT = 5                # milliseconds
MANY = 300              # files opened together
CALM = 0.15             # seconds in which nothing happens any more
STAGES = ("rows", "layers", "search", "columns", "edit", "save", "compare", "many")        # besides opening and closing


class Heart(QObject):
    """Beats on the GUI thread. `worst`: the longest gap, as (clock, this thread, whole process) in milliseconds, each by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.worst = (0.0, 0.0, 0.0)
        self._last = (0.0, 0.0, 0.0)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self.restart()
        self._timer.start(BEAT)

    def restart(self) -> None:
        self.worst, self._last = (0.0, 0.0, 0.0), _now()

    def _beat(self) -> None:
        now = _now()
        gap = tuple((b - a) * 1000 for a, b in zip(self._last, now, strict=True))
        self.worst = (max(self.worst[0], gap[0]), max(self.worst[1], gap[1]), max(self.worst[2], gap[2]))
        self._last = now


def _now() -> tuple[float, float, float]:
    return time.perf_counter(), time.thread_time(), time.process_time()


class Bench:
    def __init__(self, window: MainWindow, app: QApplication) -> None:
        self._window, self._app = window, app
        self._heart = Heart()
        self.ahead: Ahead | None = None

    def _turn(self) -> None:
        """Of the event loop, which rests when nothing is to be done, as that of the program does; the next beat is never far."""
        self._app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    def calm(self) -> None:
        """Until nothing runs and nothing is about to."""
        until = time.perf_counter() + CALM
        while time.perf_counter() < until:
            self._turn()
            if self._window.tasks.running or any(timer.isActive() and timer.isSingleShot() for timer in self._window.findChildren(QTimer)):
                until = time.perf_counter() + CALM

    def rest(self) -> None:
        """As long as a person does, so that what is made ahead is."""
        self.calm()
        while self._window.tasks.running or (self.ahead is not None and self.ahead.at_work):
            self._app.processEvents()
            time.sleep(0.0005)

    def step(self, what: str, work: Callable[[], object], there: Callable[[], bool] = lambda: True) -> None:
        self.calm()
        self._heart.restart()
        start = time.perf_counter()
        work()
        while not there():
            self._turn()
        spent = time.perf_counter() - start
        self.calm()
        clock, thread, process = self._heart.worst
        print(f"{what:<34} there after {spent * 1000:8,.1f} ms   longest gap: clock {clock:7.1f} ms   this thread {thread:6.1f}   "
              f"process {process:6.1f}", flush=True)


def main(layers: int, files: list[str], only: Sequence[str] = STAGES) -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = windows.Application("light")
        window = windows._window(windows.Settings(os.path.join(folder, "settings.ini")))
        window.resize(1280, 860)
        window.show()
        bench, model, session = Bench(window, app), window.model, window.session
        bench.ahead = Ahead(session, window.tasks, window.tabs, window.comparison, window)
        window.open_paths(core.make_demo(folder)[:1])           # what is loaded with the first file, and soon after, is
        bench.rest()
        window.files.close_file()
        if layers and "rows" in only:
            checkpoint = giant(layers)
            document = session.add(checkpoint.path)
            session.select(Selection(document.id))

            def rows() -> int:
                return model.rowCount()

            bench.step("lay out and show", lambda: session.loaded(document.id, checkpoint), lambda: model.tree(document.id) is not None)
            tree = model.tree(document.id)
            assert tree is not None
            everything = int((~tree.folded).sum())
            bench.step("expand all", window.view.expand_all, lambda: rows() == everything)
            for text in ("777", "down_proj", "layers.3.", "*.layers.1?.*.up_proj.*e", "dtype:f32 >2kB -up", "zzz", ""):
                before = rows()
                bench.step(f"filter {text!r}", lambda text=text: window.search.setText(text), lambda before=before: rows() != before)
            bench.step("expand all", window.view.expand_all, lambda: rows() == everything)
            for column, name in ((0, "name"), (5, "bytes"), (1, "shape")):
                first = model.line(min(rows() - 1, 40)).key
                bench.step(f"sort by {name}", lambda column=column: window.tree.sortByColumn(column, Qt.SortOrder.DescendingOrder),
                           lambda first=first, name=name: model.line(min(rows() - 1, 40)).key != first or name == "shape")
            bench.step("file order", lambda: window.tree.sortByColumn(-1, Qt.SortOrder.AscendingOrder))
            bench.step("select all", window.tree.selectAll,
                       lambda: session.selection is not None and len(session.selection.keys) == len(tree.infos))
            bench.step("filter 'down_proj'", lambda: window.search.setText("down_proj"), lambda: rows() < everything)
            bench.step("select the file", lambda: window.tree.select_row(0))
            bench.step("select all that is found", window.tree.selectAll,
                       lambda: session.selection is not None and 0 < len(session.selection.keys) < len(tree.infos))
            bench.step("filter cleared, they stay selected", lambda: window.search.setText(""), lambda: rows() == everything)
            bench.step("select the file", lambda: window.tree.select_row(0))
            bench.step("collapse all", window.view.collapse_all, lambda: rows() < everything)
            window.edits.close(document.id)
        for path in files:
            bench.step(f"open {os.path.basename(path)}", lambda path=path: window.open_paths([path]),
                       lambda path=path: any(model.tree(one.id) is not None for one in session.documents if one.path == path))
            document = next(one for one in session.documents if one.path == path)
            for stage, run in (("layers", measure), ("search", search), ("columns", columns), ("edit", edit), ("save", save)):
                if stage in only:
                    run(bench, window, document)
            bench.step("close it", lambda document=document: window.edits.close(document.id))
        if len(files) > 1 and "compare" in only:
            compare(bench, window, files[:2])
        if "many" in only:
            many(bench, window, Path(folder))
        window.close()


def measure(bench: Bench, window: MainWindow, document: Document) -> None:
    """All tensors of an open file."""
    from inspector.gui.panels.layers import LayersPanel  # loaded by nobody before it is looked at
    assert document.checkpoint is not None
    count = len(document.checkpoint.tensors)
    window.session.select(Selection(document.id))
    bench.step("show layers", lambda: window.view.show_panel("layers"))
    layers = window.findChildren(LayersPanel)[0]
    bench.step(f"measure {count:,} tensors", layers.requests.go_on, lambda: len(layers.model.rows) == count)
    bench.step("another measure", lambda: layers.measures.setCurrentIndex(layers.measures.currentIndex() + 1))
    window.view.show_panel("overview")
    bench.calm()


def search(bench: Bench, window: MainWindow, document: Document) -> None:
    bench.step("expand all", window.view.expand_all)
    for text in ("weight", "1.*.weight", "qqq", ""):
        bench.step(f"search {text!r}", lambda text=text: window.search.setText(text))
    bench.step("select all", window.tree.selectAll)
    bench.step("select the file", lambda: window.tree.select_row(0))


def columns(bench: Bench, window: MainWindow, document: Document) -> None:
    """Of what values say, in the tree and in the list."""
    tree = window.tree
    bench.step("list", window.as_list.click)
    bench.step("columns of values", lambda: [tree.choose_column(column, True) for column in (VALUES, MEAN, STD)],
               lambda: not window.reader.left()[0])
    bench.step("sort by mean", lambda: tree.sortByColumn(MEAN, Qt.SortOrder.DescendingOrder))
    bench.step("file order", lambda: tree.sortByColumn(-1, Qt.SortOrder.AscendingOrder))
    bench.step("select all", tree.selectAll)
    bench.step("copy shapes", window.menus["copy-shapes"].trigger, lambda: not tree._copying.isActive())
    bench.step("select the file", lambda: tree.select_row(0))
    bench.step("tree", window.as_list.click)


def edit(bench: Bench, window: MainWindow, document: Document) -> None:
    """Every key of it, and back."""
    session, model, id = window.session, window.model, document.id
    assert document.checkpoint is not None
    editing = Editing.shared(session, window.tasks)
    first = next(iter(document.checkpoint.tensors)).partition(".")[0]

    def there() -> bool:
        tree = model.tree(id)
        return editing.ready(id) and tree is not None and tree.checkpoint is document.checkpoint

    for panel in ("overview", "edits"):
        session.select(Selection(id))
        window.view.show_panel(panel)
        for what, edits in (("add a prefix", [core.AddPrefix("model.")]), ("strip it", [core.StripPrefix("model.")]),
                            ("drop every tenth", [core.Drop(f"{first}.*1.*")])):
            bench.step(f"{what} ({panel})", lambda edits=edits: session.add_edits(id, edits), there)
        for what in ("undo", "undo", "undo"):
            bench.step(f"{what} ({panel})", window.edits.undo, there)
    window.view.show_panel("overview")
    bench.calm()


def save(bench: Bench, window: MainWindow, document: Document) -> None:
    """Up to what stands in the dialog."""
    from inspector.gui.dialogs.save import SaveDialog
    window.session.add_edits(document.id, [core.AddPrefix("model.")])
    bench.calm()
    dialogs: list[SaveDialog | None] = []
    bench.step("ask to save", lambda: dialogs.append(window.edits.save_document(document.id, own=False)),
               lambda: dialogs[0] is not None and dialogs[0].plan is not None)
    assert dialogs[0] is not None
    bench.step("ask for safetensors", lambda: dialogs[0] and dialogs[0].path.setText(dialogs[0].path.text() + ".safetensors"),
               lambda: dialogs[0] is not None and dialogs[0].plan is not None)
    bench.step("leave it", dialogs[0].reject)
    window.edits.undo()
    bench.calm()


def compare(bench: Bench, window: MainWindow, files: list[str]) -> None:
    """Two files side by side: paired and read, gone through, filtered, sorted, edited."""
    window.open_paths(files)
    bench.rest()
    page = window.comparison.page
    a, b = (document.id for document in window.session.documents)
    bench.step("compare", lambda: window.comparison.compare_documents(a, b),
               lambda: page.progress.step is Step.DONE)
    print(f"{len(page.model.tree.figures.pairs) if page.model.tree else 0:,} pairs, {page.change.text()}: {page.verdict_text.text()}")
    bench.step("next change", page.go_to_change)
    bench.step("next change", page.go_to_change)
    bench.step("expand all", window.view.expand_all)
    bench.step("filter 'weight'", lambda: page.search.setText("weight"))
    bench.step("filter cleared", lambda: page.search.setText(""))
    bench.step("only what differs", lambda: page.chips.show_only("values"))
    bench.step("all", page.chips.clear)
    bench.step("sort by what differs", lambda: page.view.sortByColumn(DIFFERS, Qt.SortOrder.DescendingOrder))
    bench.step("order of A", lambda: page.view.sortByColumn(-1, Qt.SortOrder.AscendingOrder))
    bench.step("expand all", window.view.expand_all)
    bench.step("select all", page.view.selectAll)
    bench.step("copy names", window.view.copy_keys, lambda: not page.view._copying.isActive())
    bench.step("select one", page.view.select_first)
    bench.step("take one tensor", lambda: page.push(0), lambda: page.progress.step is Step.DONE)
    bench.step("list", page.list.click)


def many(bench: Bench, window: MainWindow, folder: Path) -> None:
    """Small ones, dropped together, and closed together."""
    paths = [str(folder / f"{n:03}.npz") for n in range(MANY)]
    for path in paths:
        np.savez(path, weight=np.ones((4, 4), np.float32), bias=np.ones(4, np.float32))
    session = window.session
    bench.step(f"open {MANY} files", lambda: window.opener._open_all(paths),
               lambda: sum(document.state is State.READY for document in session.documents) >= MANY)
    bench.step("close them", lambda: [window.edits.close(document.id) for document in session.documents])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("layers", nargs="?", type=int, default=100)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--only", default=",".join(STAGES), help=f"of {', '.join(STAGES)}; files are opened and closed in any case")
    asked = parser.parse_args()
    main(asked.layers, asked.files, asked.only.split(","))
