"""How long a frame of the pictures of a model takes: drawn anew after a resize, and under a moving mouse. Run as a script; prints a table.

    QT_QPA_PLATFORM=offscreen python tests/bench/bench_pictures.py [treemap] [ridges] [heatmap] [kernels]
"""
from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QTableView, QWidget

from inspector import core
from inspector.gui.kit import theme
from inspector.gui.models.box_fills import TINT, Fill
from inspector.gui.models.layer_table import RIDGE, LayerTable, Row
from inspector.gui.widgets.colour_maps import MAPS, limits_of
from inspector.gui.widgets.heatmap_view import HeatmapView, layer_of
from inspector.gui.widgets.kernel_sheet import KernelCard, KernelSheetView, sheet_image
from inspector.gui.widgets.layer_cells import LayerCells
from inspector.gui.widgets.ridges import RidgeDelegate
from inspector.gui.widgets.treemap_view import TreemapView

FRAMES = 30
SIZE = QSize(900, 460)


def model(blocks: int) -> core.Checkpoint:
    """A transformer's names and shapes, 12 tensors a block."""
    tensors = {}
    for block in range(blocks):
        for name, shape in (*((f"attn.{one}_proj", (512, 512)) for one in "qkvo"), ("mlp.up", (2048, 512)), ("mlp.down", (512, 2048))):
            for leaf, dims in (("weight", shape), ("bias", shape[:1])):
                key = f"model.layers.{block}.{name}.{leaf}"
                tensors[key] = core.TensorInfo(key, dims, "float32", "cpu", (1,) * len(dims), 0, key, 0, state_dict="")
    return core.Checkpoint("/models/made.pth", "torch-zip", "state-dict", (), tensors, state_dicts=("",))


def frames(what: str, step: Callable[[int], object], draw: QWidget) -> None:
    """The time from an event until it is painted, of FRAMES events; and what of it this thread was at work, whoever else was."""
    app = QApplication.instance()
    assert app is not None
    taken, worked = [], []
    for n in range(FRAMES):
        start, cpu = time.perf_counter(), time.thread_time()
        step(n)
        draw.repaint()
        taken.append((time.perf_counter() - start) * 1000)
        worked.append((time.thread_time() - cpu) * 1000)
        app.processEvents()
    print(f"{what:<56}{statistics.median(taken):>9.2f} ms{max(taken):>9.2f} ms{statistics.median(worked):>9.2f} ms", flush=True)


def turns(what: str, step: Callable[[int], object], whole: Callable[[], bool]) -> None:
    """The longest turn from an event until the picture that it asks for is whole, of a few."""
    worst = [0.0, 0.0]
    count = 0
    for n in range(5):
        step(n)
        while not whole():
            start, cpu = time.perf_counter(), time.thread_time()
            QApplication.processEvents()
            worst = [max(worst[0], time.perf_counter() - start), max(worst[1], time.thread_time() - cpu)]
            count += 1
        QApplication.processEvents()
    print(f"{f'{what}, in {count // 5} turns':<56}{'':>12}{worst[0] * 1000:>9.2f} ms{worst[1] * 1000:>9.2f} ms", flush=True)


def moved(widget: QWidget, x: float, y: float) -> None:
    at = QPointF(x, y)
    QApplication.sendEvent(widget, QMouseEvent(QEvent.Type.MouseMove, at, widget.mapToGlobal(at), Qt.MouseButton.NoButton,
                                               Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier))


def shown(widget: QWidget) -> None:
    widget.resize(SIZE)
    widget.show()
    QApplication.processEvents()


def treemap() -> None:
    series = theme.LIGHT.series

    def colour_of(box: core.ByteBox) -> Fill:
        return Fill(series[core.BYTE_KINDS.index(box.kind or "other")], TINT)

    for blocks in (84, 166):
        start = time.perf_counter()
        root = core.byte_map(model(blocks))
        made = (time.perf_counter() - start) * 1000
        view = TreemapView()
        view.show_root(root, colour_of)
        shown(view)
        boxes = f"treemap, {blocks * 12:,} tensors, {len(view.places):,} boxes"
        print(f"{boxes + ': made in a worker':<56}{made:>9.2f} ms")
        frames(f"{boxes}: resized", lambda n, view=view: view.resize(SIZE - QSize(n, 0)), view)
        frames(f"{boxes}: laid out and drawn", lambda n, view=view, root=root: view.show_root(root, colour_of), view)
        frames(f"{boxes}: mouse moved", lambda n, view=view: moved(view, 20.0 + 25 * n, 40.0 + 12 * n), view)
        view.close()


def ridges() -> None:
    """200 rows all in sight, on one scale."""
    rng = np.random.default_rng(0)
    arrays = {f"layers.{n}.weight": rng.normal(size=(64, 64)).astype(np.float32) * (1 + n / 50) for n in range(200)}
    ckpt = core.edit(arrays, [])
    rows = [Row.of(key, found, 120) for key, found in core.summarize_each(ckpt, [*arrays], 1, fine=True)]
    model, delegate = LayerTable(), RidgeDelegate()
    model.show_rows(ckpt, "", rows)
    delegate.set_span(core.ridge_range([row.ridge for row in rows if row.ridge is not None]))
    table = QTableView()
    table.setModel(model)
    table.setItemDelegate(LayerCells(table))
    table.setItemDelegateForColumn(RIDGE, delegate)
    for column in range(1, RIDGE):
        table.setColumnHidden(column, True)
    table.setColumnWidth(RIDGE, 430)
    table.verticalHeader().setDefaultSectionSize(24)
    shown(table)
    frames("ridges, 200 rows, scrolled", lambda n: table.verticalScrollBar().setValue(3 * n), table.viewport())
    table.resize(900, 24 * 201)
    QApplication.processEvents()
    frames("ridges, 200 rows all in sight, drawn again", lambda n: None, table.viewport())
    turns("ridges, 200 rows all in sight, over another span", lambda n: delegate.set_span((-1.0 - n, 1.0 + n)), lambda: delegate.is_whole)


def heatmap() -> None:
    """A matrix with the norms of its rows and columns beside it; from far, a part of it, and so near that its numbers are written."""
    colours, values = MAPS["blue-red"], np.random.default_rng(0).normal(size=(1024, 1024))
    ckpt = core.edit({"w": values.astype(np.float32)}, [])
    plane, limits = core.matrix_plane(values.shape), limits_of(values, True)
    layer = layer_of(core.reduce_slice(ckpt, "w", plane), colours, limits, False)
    view = HeatmapView()
    view.reserve_margins(True)
    middle = QPointF(SIZE.width() / 2, SIZE.height() / 2)
    shown(view)
    view.show_plane(plane, layer, colours, limits)
    view.set_margins(np.sqrt((values ** 2).sum(axis=1)), np.sqrt((values ** 2).sum(axis=0)))
    frames("heatmap, 1,024 x 1,024 with margins, resized", lambda n: view.resize(SIZE - QSize(n, 0)), view)
    frames("heatmap: mouse moved", lambda n: moved(view, 60.0 + 8 * n, 60.0 + 8 * n), view)
    view.zoom(4, middle)
    frames("heatmap, four times as near: panned", lambda n: view.pan(7 - n, 3), view)
    while view.pixels_a_cell[0] < 31:
        view.zoom(1.2, middle)
    frames("heatmap, with its numbers: panned", lambda n: view.pan(7 - n, 3), view)
    view.close()


def kernels() -> None:
    """Of a convolution, 4,096 tiles, as far apart and as near as there is room for; and one with its numbers."""
    for what, shape in (("4,096 kernels of 3 x 3", (4096, 1, 3, 3)), ("64 kernels of 7 x 7 in colour", (64, 3, 7, 7))):
        tiles = np.random.default_rng(0).normal(size=shape)
        view = KernelSheetView()
        shown(view)
        view.show_tiles(sheet_image(tiles, common=False, shown=MAPS["blue-red"], dark=False, rgb=shape[1] == 3), tiles, 0,
                        list(range(shape[0])))
        bar = view.verticalScrollBar()
        frames(f"{what}: resized", lambda n, view=view: view.resize(SIZE - QSize(n, 0)), view.viewport())
        frames(f"{what}: scrolled", lambda n, bar=bar: bar.setValue(7 * n), view.viewport())
        frames(f"{what}: mouse moved", lambda n, view=view: moved(view.viewport(), 20.0 + 25 * n, 40.0 + 12 * n), view.viewport())
        view.zoom(0.01)
        frames(f"{what}: smallest, scrolled", lambda n, bar=bar: bar.setValue(7 * n), view.viewport())
        view.close()
    card = KernelCard()
    shown(card)
    card.show_tile(tiles[0], ["Input 0", "Input 1", "Input 2"], MAPS["blue-red"])
    frames("one kernel with its numbers", lambda n: None, card)


PICTURES = {"treemap": treemap, "ridges": ridges, "heatmap": heatmap, "kernels": kernels}

if __name__ == "__main__":
    made = QApplication.instance() or QApplication(sys.argv)
    theme.current().choose("light")
    print(f"{'':<56}{'median':>12}{'worst':>12}{'at work':>12}")
    for picture in sys.argv[1:] or PICTURES:
        PICTURES[picture]()
