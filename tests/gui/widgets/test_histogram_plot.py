"""The plot: what it shows, says and gives away; that pyqtgraph comes late and Qt's None is not used up."""
from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from inspector.gui.kit import theme
from inspector.gui.widgets.histogram_plot import MOST_CURVES, Curve, Heights, HistogramPlot
from tests.gui.showing import written

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

ONE = Curve("layer.weight", (0.0, 1.0, 2.0, 3.0, 4.0), (10, 80, 9, 1))
TWO = Curve("<b>layer</b>\n.bias", (1.0, 2.0, 3.0), (2, 2))
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def plot(qtbot: QtBot) -> HistogramPlot:
    made = HistogramPlot()
    qtbot.addWidget(made)
    made.resize(520, 360)
    made.show()
    return made


def canvas(plot: HistogramPlot) -> QWidget:
    proxy = plot.focusProxy()
    assert proxy is not None
    return proxy


def colours_of(widget: QWidget) -> list[str]:
    """The colours of the picture, the most frequent first."""
    picture = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    seen: dict[int, int] = {}
    for y in range(0, picture.height(), 2):
        for x in range(0, picture.width(), 2):
            seen[picture.pixel(x, y)] = seen.get(picture.pixel(x, y), 0) + 1
    return [QColor(pixel).name() for pixel in sorted(seen, key=lambda pixel: -seen[pixel])]


def pixels_of(widget: QWidget, colour: QColor) -> int:
    picture = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return sum(picture.pixel(x, y) == colour.rgb() for y in range(picture.height()) for x in range(picture.width()))


def test_that_pyqtgraph_is_not_imported_before_a_curve_is_shown() -> None:
    code = ("import sys\n"
            "import inspector.gui.panels.statistics\n"
            "from PySide6.QtWidgets import QApplication\n"
            "from inspector.gui.widgets.histogram_plot import Curve, HistogramPlot\n"
            "app = QApplication([])\n"
            "plot = HistogramPlot()\n"
            "plot.show_message('nothing')\n"
            "plot.show()\n"
            "assert 'pyqtgraph' not in sys.modules and 'numpy' not in sys.modules and 'torch' not in sys.modules\n"
            "plot.show_curves([Curve('a', (0, 1, 2), (1, 2))])\n"
            "assert 'pyqtgraph' in sys.modules and 'torch' not in sys.modules\n")
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr


def test_that_tab_comes_to_the_plot_before_its_button_and_shows_it(qtbot: QtBot) -> None:
    row = QWidget()
    qtbot.addWidget(row)
    first, plot, last = QLineEdit(row), HistogramPlot(row), QLineEdit(row)
    row.resize(520, 460)
    column = QVBoxLayout(row)
    for widget in (first, plot, last):
        column.addWidget(widget)
    with qtbot.waitExposed(row):
        row.show()
    row.activateWindow()
    plot.show_curves([ONE])
    first.setFocus()
    qtbot.waitUntil(lambda: first.hasFocus() and canvas(plot).isVisible())
    seen: list[QWidget] = []
    for _ in range(4):
        focused = QApplication.focusWidget()
        assert focused is not None
        seen.append(focused)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert seen == [first, canvas(plot), plot.menu_button, last]
    accent = QColor(theme.current().colours.accent)
    canvas(plot).setFocus()
    framed = pixels_of(plot, accent)
    first.setFocus()
    assert framed > pixels_of(plot, accent) + canvas(plot).width()          # the line of the curve is drawn in it, too


def test_that_a_message_stands_in_place_of_a_plot(plot: HistogramPlot) -> None:
    plot.show_curves([ONE])
    plot.show_message("No finite values.")
    assert plot.message == "No finite values."
    assert plot.curves == ()
    assert plot.accessibleDescription() == "No finite values."


def test_that_nothing_to_draw_is_said(plot: HistogramPlot) -> None:
    plot.show_curves([Curve("empty", (0.0,), ())])
    assert plot.message


def test_that_the_plot_is_described_in_words(plot: HistogramPlot) -> None:
    plot.show_curves([ONE])
    words = plot.accessibleDescription()
    assert "layer.weight: 100 values from 0 to 4 in 4 bins" in words
    assert "1 to 2, with 80.0 %" in words
    assert canvas(plot).accessibleName()
    assert canvas(plot).accessibleDescription() == words


def test_that_the_cursor_reads_range_count_and_share(plot: HistogramPlot) -> None:
    plot.show_curves([ONE])
    plot.move_cursor(1.5)
    assert plot.readout == "1 to 2: 80 of 100 (80.0 %)"


def test_that_a_bin_of_one_integer_reads_as_that_integer(plot: HistogramPlot) -> None:
    plot.show_curves([Curve("ids", (-0.5, 0.5, 1.5, 3.5), (1, 2, 3))], integers=True)
    plot.move_cursor(1.0)
    assert plot.readout.startswith("1: 2 of 6")
    plot.move_cursor(2.0)
    assert plot.readout.startswith("2 to 3: 3 of 6")


def test_that_the_keyboard_moves_the_cursor(plot: HistogramPlot, qtbot: QtBot) -> None:
    plot.show_curves([ONE])
    read = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_PageUp):
        qtbot.keyClick(canvas(plot), key)
        read.append(plot.readout.split(":")[0])
    assert read == ["1 to 2", "2 to 3", "3 to 4", "3 to 4", "0 to 1", "3 to 4"]
    qtbot.keyClick(canvas(plot), Qt.Key.Key_Escape)
    assert "of 100" not in plot.readout


def test_that_r_and_a_double_click_reset_the_view(plot: HistogramPlot, qtbot: QtBot) -> None:
    plot.show_curves([ONE])
    whole = plot.canvas.in_view
    port = canvas(plot).viewport()
    resets: list[Callable[[], None]] = [lambda: qtbot.keyClick(canvas(plot), Qt.Key.Key_R),
                                        lambda: qtbot.mouseDClick(port, Qt.MouseButton.LeftButton, pos=QPoint(200, 150))]
    for reset in resets:
        qtbot.keyClick(canvas(plot), Qt.Key.Key_Plus)
        assert plot.canvas.in_view != whole
        reset()
        assert plot.canvas.in_view == whole


def test_that_the_wheel_looks_closer_across_and_leaves_bars_on_their_axis(plot: HistogramPlot) -> None:
    plot.show_curves([ONE])
    assert plot.canvas is not None
    view = plot.canvas.widget.viewport()
    across, upwards = plot.canvas.in_view
    at = QPointF(plot.canvas.area.center())
    turn = QWheelEvent(at, QPointF(view.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, 480), Qt.MouseButton.NoButton,
                       Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
    QCoreApplication.sendEvent(view, turn)
    left, right = plot.canvas.in_view[0]
    assert right - left < across[1] - across[0]
    assert plot.canvas.in_view[1] == upwards


def test_that_the_mouse_moves_the_cursor_and_takes_it_away(plot: HistogramPlot) -> None:
    plot.show_curves([ONE])
    QApplication.processEvents()
    port = canvas(plot).viewport()
    place = QPointF(port.width() / 2, port.height() / 2)
    none = Qt.MouseButton.NoButton
    QApplication.sendEvent(port, QMouseEvent(QEvent.Type.MouseMove, place, port.mapToGlobal(place), none, none,
                                             Qt.KeyboardModifier.NoModifier))
    assert "of 100" in plot.readout
    QApplication.sendEvent(port, QEvent(QEvent.Type.Leave))
    assert "of 100" not in plot.readout


def test_that_several_curves_get_a_legend_of_plain_text(plot: HistogramPlot, qtbot: QtBot) -> None:
    plot.show_curves([ONE, TWO])
    names = [entry.accessibleName() for entry in plot.legend.entries]
    assert names == ["layer.weight", "<b>layer</b>\\n.bias"]
    assert "&lt;b&gt;" in plot.legend.entries[1].toolTip()
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in plot.findChildren(QLabel))
    plot.move_cursor(1.5)
    assert [entry.note for entry in plot.legend.entries] == ["80 (80.0 %)", "2 (50.0 %)"]


def test_that_no_more_than_eight_curves_are_drawn(plot: HistogramPlot) -> None:
    plot.show_curves([ONE._replace(name=str(n)) for n in range(20)])
    assert len(plot.curves) == MOST_CURVES


@pytest.mark.parametrize("heights", Heights)
@pytest.mark.parametrize(("edges", "counts"), [
    ((-1e38, 0.0, 1e38), (1, 3)), ((-1.7e308, 0.0, 1.7e308), (1, 3)), ((1.0, 1.0000001), (7,)), ((0.0, 5e-324), (7,)),
    ((0.0, 1.0, 2.0), (0, 10 ** 15)), ((0.0, 1.0), (0,)),
])
def test_that_any_numbers_can_be_drawn(plot: HistogramPlot, heights: Heights, edges: tuple[float, ...],
                                       counts: tuple[int, ...]) -> None:
    plot.show_curves([Curve("w", edges, counts)], heights=heights)
    plot.step_cursor(0)
    assert not plot.grab().isNull()
    assert plot.readout


def test_that_colours_follow_the_theme(plot: HistogramPlot) -> None:
    plot.show_curves([ONE])
    for choice, colours in (("light", theme.LIGHT), ("dark", theme.DARK), ("light", theme.LIGHT)):
        theme.current().choose(choice)
        QApplication.processEvents()
        shown = colours_of(canvas(plot))
        assert shown[0] == colours.plot_background
        assert colours.series[0] in shown


def test_that_a_table_is_given_as_csv(plot: HistogramPlot) -> None:
    plot.show_curves([ONE, Curve('=cmd|"x",1', (0.0, 0.5), (3,))])
    lines = plot.table().splitlines()
    assert lines[:2] == ["tensor,from,to,count", "layer.weight,0.0,1.0,10"]
    assert lines[-1] == '"\'=cmd|""x"",1",0.0,0.5,3'


def test_that_data_and_picture_are_copied(plot: HistogramPlot) -> None:
    plot.show_curves([ONE])
    plot.copy_table()
    assert QGuiApplication.clipboard().text().splitlines()[1] == "layer.weight\t0.0\t1.0\t10"
    QApplication.processEvents()
    plot.copy_picture()
    assert QGuiApplication.clipboard().image().width() >= 2 * canvas(plot).width()


def test_that_picture_and_table_are_saved(plot: HistogramPlot, tmp_path: Path, qtbot: QtBot) -> None:
    plot.show_curves([ONE, TWO])
    QApplication.processEvents()
    for name, save in (("a.png", plot.save_picture), ("a.csv", plot.save_table)):
        plot.choose_path = lambda *_, path=str(tmp_path / name): path  # type: ignore[misc]
        save()
        written(qtbot)
        assert plot.readout.startswith("Saved")
    assert QImage(str(tmp_path / "a.png")).width() >= 2 * canvas(plot).width()
    assert (tmp_path / "a.csv").read_text().count("\n") == 9         # one name has a line break


def test_that_a_picture_that_cannot_be_saved_is_told_in_place(plot: HistogramPlot, tmp_path: Path, qtbot: QtBot) -> None:
    plot.show_curves([ONE])
    plot.choose_path = lambda *_: str(tmp_path / "missing" / "a.png")
    plot.save_picture()
    written(qtbot)
    assert "The PNG picture cannot be written: No such file or directory" in plot.readout


def test_that_giving_up_the_choice_saves_nothing(plot: HistogramPlot, qtbot: QtBot) -> None:
    plot.show_curves([ONE])
    plot.choose_path = lambda *_: ""
    before = plot.readout
    plot.save_table()
    written(qtbot)
    assert plot.readout == before


def test_that_pyqtgraphs_own_menu_and_buttons_are_off(plot: HistogramPlot) -> None:
    plot.show_curves([ONE])
    item = canvas(plot).getPlotItem()
    assert not item.menuEnabled()
    assert not item.getViewBox().menuEnabled()
    assert canvas(plot).contextMenuPolicy() == Qt.ContextMenuPolicy.CustomContextMenu
    assert plot.menu_button.menu().actions()[0].text().startswith("Reset view")


def test_that_labels_of_the_axes_reach_from_zero_to_the_top(plot: HistogramPlot) -> None:
    plot.show_curves([ONE])
    QApplication.processEvents()
    plot.grab()
    texts = plot.canvas.tick_labels("left")
    assert texts[0] == "0"
    assert texts[-1] == "80"


def test_that_the_same_curves_give_the_same_picture(plot: HistogramPlot) -> None:
    plot.show_curves([ONE, TWO])
    QApplication.processEvents()
    first = plot.picture()
    plot.show_curves([TWO])
    plot.show_curves([ONE, TWO])
    QApplication.processEvents()
    assert plot.picture() == first


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal")
def test_that_repainting_does_not_use_up_none(plot: HistogramPlot) -> None:
    """PySide6 6.12.0 takes one reference from None with most calls (DESKTOP F1): hundreds a repaint, then the process aborts."""
    plot.show_curves([ONE, TWO])
    port = canvas(plot).viewport()
    port.repaint()
    before = sys.getrefcount(None)
    for n in range(500):
        if n % 50 == 0:
            plot.show_curves([ONE, TWO] if n % 100 else [ONE])
        port.repaint()
    assert before - sys.getrefcount(None) < 1000
