"""The code in a file, to be read."""
from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from inspector import core
from inspector.gui.frame.main_window import MainWindow
from inspector.gui.frame.panel_tabs import NAMES
from inspector.gui.kit import theme
from inspector.gui.kit.settings import Settings
from inspector.gui.panels.code import FOLD, PIECE, CodePanel, piece_of, short_name
from inspector.gui.state.session import Document, Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.code_highlighter import Highlighter, language_of
from inspector.gui.widgets.code_view import CodeView
from tests import builders
from tests.core.pickles import opcodes as op

NET = "class Net(Module):\n  __parameters__ = []\n  def forward(self):\n    return \"<b>text</b>\"\n"
INNER = "class Other(Module):\n  pass\n" + "# filler\n" * 40 + "class Inner(Module):\n  k : int\n"


def archive(path: Path, code: dict[str, bytes]) -> core.Checkpoint:
    inner = op.build(op.newobj(op.name("__torch__.inner", "Inner")), op.dict_of({"w": op.tensor()}))
    net = op.build(op.newobj(op.name("__torch__", "Net")), op.dict_of({"inner": inner}))
    records = {"data/0": bytes(80), "constants.pkl": op.pickled(op.EMPTY_TUPLE), **code}
    path.write_bytes(builders.torch_zip(op.pickled(net), records, compression=zipfile.ZIP_DEFLATED))
    return core.open(path)


@pytest.fixture
def scripted(tmp_path: Path) -> core.Checkpoint:
    return archive(tmp_path / "net.pt", {"code/__torch__.py": NET.encode(), "code/__torch__/inner.py": INNER.encode(),
                                         "extra/\u202eevil.txt": b"<img src=x>\x1b[0m"})


@pytest.fixture
def panel(session: Session, tasks: Tasks, qtbot: QtBot) -> CodePanel:
    made = CodePanel(session, tasks)
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show()
    return made


def show(session: Session, tasks: Tasks, qtbot: QtBot, ckpt: core.Checkpoint, prefix: str = "") -> Document:
    document = session.add(ckpt.path)
    session.loaded(document.id, ckpt)
    session.select(Selection(document.id, prefix))
    qtbot.waitUntil(lambda: not tasks.running)
    return document


def text(panel: CodePanel) -> str:
    return panel.view.edit.toPlainText()


def names(panel: CodePanel) -> list[str]:
    return [panel.names.index(n).data() for n in range(panel.names.rowCount())]


def press(widget: object, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
        QGuiApplication.sendEvent(widget, QKeyEvent(kind, key, modifier))      # type: ignore[arg-type]


def test_that_a_file_shows_its_texts_and_the_class_of_its_root(panel: CodePanel, session: Session, tasks: Tasks, qtbot: QtBot,
                                                               scripted: core.Checkpoint) -> None:
    show(session, tasks, qtbot, scripted)
    assert names(panel) == ["__torch__.py", "inner.py", "extra/\\u202eevil.txt"]
    assert text(panel) == NET                                        # and its tags are text
    assert panel.title.text() == "__torch__.py"
    assert panel.list.currentIndex().row() == 0


def test_that_a_module_leads_to_its_class(panel: CodePanel, session: Session, tasks: Tasks, qtbot: QtBot,
                                          scripted: core.Checkpoint) -> None:
    document = show(session, tasks, qtbot, scripted)
    session.select(Selection(document.id, "inner.w", ("inner.w",)))
    qtbot.waitUntil(lambda: text(panel) == INNER)
    assert panel.view.edit.textCursor().block().text() == "class Inner(Module):"
    session.select(Selection(document.id, ""))
    qtbot.waitUntil(lambda: text(panel) == NET)


def test_that_a_text_is_chosen_by_its_name(panel: CodePanel, session: Session, tasks: Tasks, qtbot: QtBot,
                                           scripted: core.Checkpoint) -> None:
    show(session, tasks, qtbot, scripted)
    panel.list.setCurrentIndex(panel.names.index(2))
    qtbot.waitUntil(lambda: text(panel) == "<img src=x>\\x1b[0m")
    panel.list.actions()[0].trigger()
    assert QGuiApplication.clipboard().text() == "extra/\u202eevil.txt"
    panel.copy_button.click()
    assert QGuiApplication.clipboard().text() == "<img src=x>\\x1b[0m"
    assert "<img" not in panel.names.index(2).data(Qt.ItemDataRole.ToolTipRole)


def test_that_the_sources_of_old_files_are_shown(panel: CodePanel, session: Session, tasks: Tasks, qtbot: QtBot, tmp_path: Path,
                                                 checkpoint: object) -> None:
    import dataclasses
    made: core.Checkpoint = checkpoint(values={"model": core.Opaque("net.Net", "net.Net(...)")})    # type: ignore[operator]
    show(session, tasks, qtbot, dataclasses.replace(made, facts={"source of net.Net": "class Net: pass"}), "model")
    assert (names(panel), text(panel)) == (["net.Net"], "class Net: pass")


def test_that_a_file_without_texts_says_so(panel: CodePanel, session: Session, tasks: Tasks, qtbot: QtBot, checkpoint: object) -> None:
    show(session, tasks, qtbot, checkpoint())        # type: ignore[operator]
    assert panel.pages.currentWidget() is panel.message
    assert "no code" in panel.message.text()
    assert not panel.list.isVisible()
    assert not panel.copy_button.isEnabled()


def test_that_a_long_text_comes_in_pieces(panel: CodePanel, session: Session, tasks: Tasks, qtbot: QtBot, tmp_path: Path) -> None:
    code = NET.encode() + b"# a line of code\n" * 20_000
    show(session, tasks, qtbot, archive(tmp_path / "net.pt", {"code/__torch__.py": code}))
    assert len(text(panel)) <= PIECE
    assert "340 kB" in panel.extent.text()
    assert panel.more.isVisible()
    panel.more.click()
    qtbot.waitUntil(lambda: not tasks.running)
    assert PIECE < len(text(panel)) <= 2 * PIECE
    while panel.more.isVisible():
        panel.view.edit.verticalScrollBar().setValue(0)
        before = len(text(panel))
        panel.view.edit.verticalScrollBar().setValue(panel.view.edit.verticalScrollBar().maximum())     # as one scrolls
        qtbot.waitUntil(lambda before=before: len(text(panel)) > before and not tasks.running)
    assert text(panel).encode() == code
    assert not panel.extent.text()


def test_that_a_class_far_down_is_found_without_showing_all(panel: CodePanel, session: Session, tasks: Tasks, qtbot: QtBot,
                                                            tmp_path: Path) -> None:
    code = b"# a line of code\n" * 300_000 + NET.encode()
    show(session, tasks, qtbot, archive(tmp_path / "net.pt", {"code/__torch__.py": code}))
    assert text(panel).endswith(NET)
    assert len(text(panel)) <= PIECE
    assert "beginning" in panel.extent.text()
    panel.list.clicked.emit(panel.names.index(0))
    qtbot.waitUntil(lambda: not tasks.running)
    assert panel.extent.text().startswith("Shown: the first")


def test_that_long_lines_are_folded(tmp_path: Path) -> None:
    """A line of a megabyte takes Qt seconds."""
    ckpt = archive(tmp_path / "net.pt", {"code/a.py": b"x = [" + b"1, " * 30_000 + b"]\nshort", "code/b.py": b"y" * 1000})
    piece = piece_of(ckpt, "code/a.py", 0)
    assert piece.folded
    assert max(map(len, piece.text.split("\n"))) <= FOLD
    assert piece.text.replace("\n", "") == core.read_text(ckpt, "code/a.py", 0, PIECE).text
    assert all(line.endswith(", ") for line in piece.text.split("\n")[:-1])
    assert piece_of(ckpt, "code/b.py", 0).text.count("\n") == 1000 // FOLD


def test_that_what_cannot_be_read_is_said_in_its_place(panel: CodePanel, session: Session, tasks: Tasks, qtbot: QtBot,
                                                       scripted: core.Checkpoint, tmp_path: Path) -> None:
    show(session, tasks, qtbot, scripted)
    (tmp_path / "net.pt").unlink()
    panel.list.setCurrentIndex(panel.names.index(1))
    qtbot.waitUntil(lambda: panel.pages.currentWidget() is panel.message)
    assert "is not there any more" in panel.message.text()


def test_that_closing_the_file_empties_the_panel(panel: CodePanel, session: Session, tasks: Tasks, qtbot: QtBot,
                                                 scripted: core.Checkpoint) -> None:
    document = show(session, tasks, qtbot, scripted)
    session.remove(document.id)
    assert panel.names.rowCount() == 0
    assert panel.pages.currentWidget() is panel.message


def test_that_nothing_is_read_while_the_panel_is_hidden(panel: CodePanel, session: Session, tasks: Tasks, qtbot: QtBot,
                                                        scripted: core.Checkpoint) -> None:
    panel.hide()
    show(session, tasks, qtbot, scripted)
    assert panel.names.rowCount() == 0
    panel.show()
    qtbot.waitUntil(lambda: text(panel) == NET)


def test_that_names_in_the_list_are_short() -> None:
    assert [short_name(name) for name in ("code/__torch__/net/model/___torch_mangle_3.py", "code/__torch__.py", "extra/a\n", "net.Net",
                                          "code/__torch__/___torch_mangle_x.py", "models/model.json")] == [
        "net/model · 3", "__torch__.py", "extra/a\\n", "net.Net", "___torch_mangle_x.py", "models/model.json"]


def test_that_the_list_keeps_qts_rules(qtmodeltester: ModelTester, panel: CodePanel, session: Session, tasks: Tasks, qtbot: QtBot,
                                       scripted: core.Checkpoint) -> None:
    show(session, tasks, qtbot, scripted)
    qtmodeltester.check(panel.names, force_py=True)


# -- finding ------------------------------------------------------------------------------------------------------------------

def current(view: CodeView) -> str:
    """The place that stands out among those that were found, where the cursor is."""
    marks = view.edit.extraSelections()
    chosen = [mark.cursor for mark in marks if mark.format.background().color().name() == theme.colours().accent]
    assert [cursor.selectionStart() for cursor in chosen] == [view.edit.textCursor().position()]
    return chosen[0].selectedText().lower()


def test_that_control_f_finds_in_the_text(panel: CodePanel, session: Session, tasks: Tasks, qtbot: QtBot,
                                          scripted: core.Checkpoint) -> None:
    show(session, tasks, qtbot, scripted)
    press(panel.view.edit, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    bar = panel.view.find_bar
    assert bar.isVisible()
    bar.edit.setText("EL")
    press(bar.edit, Qt.Key.Key_Return)
    assert current(panel.view) == "el"
    assert bar.count.text() == "1 of 1"
    bar.edit.setText("e")
    press(bar.edit, Qt.Key.Key_Return)
    first = panel.view.edit.textCursor().position()
    count = NET.lower().count("e")
    assert bar.count.text().endswith(f"of {count}")
    assert len(panel.view.edit.extraSelections()) == count + 1          # the current one is marked again
    for _ in range(count):
        press(bar.edit, Qt.Key.Key_Return)
    assert panel.view.edit.textCursor().position() == first          # once round
    press(bar.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert panel.view.edit.textCursor().position() != first
    bar.edit.setText("nowhere")
    press(bar.edit, Qt.Key.Key_Return)
    assert bar.count.text() == "not found"
    press(bar.edit, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert not panel.view.edit.extraSelections()


def test_that_typing_finds_without_a_key(panel: CodePanel, session: Session, tasks: Tasks, qtbot: QtBot,
                                         scripted: core.Checkpoint) -> None:
    show(session, tasks, qtbot, scripted)
    panel.search.click()
    panel.view.find_bar.edit.setText("forward")
    qtbot.waitUntil(lambda: current(panel.view) == "forward")


def test_that_the_window_keeps_its_own_control_f(panel: CodePanel) -> None:
    event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    event.ignore()
    assert not panel.view.eventFilter(panel.view.edit, event)
    wanted = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert panel.view.eventFilter(panel.list, wanted)
    assert wanted.isAccepted()


def test_that_places_are_right_behind_wide_characters(qtbot: QtBot) -> None:
    view = CodeView()
    qtbot.addWidget(view)
    view.show()
    view.show_text("a.py", "x = '\U0001f600'  # find me\nİ find")
    view.find_bar.open("find")
    view.find_bar.go(1)
    assert current(view) == "find"
    view.find_bar.go(1)
    assert current(view) == "find"
    assert view.edit.textCursor().blockNumber() == 1


# -- colours ------------------------------------------------------------------------------------------------------------------

def coloured(view: CodeView) -> dict[str, str]:
    found = {}
    block = view.edit.document().begin()
    while block.isValid():
        for piece in block.layout().formats():
            found[block.text()[piece.start:piece.start + piece.length]] = piece.format.foreground().color().name()
        block = block.next()
    return found


def test_that_words_texts_numbers_and_comments_are_told_apart(qtbot: QtBot) -> None:
    view = CodeView()
    qtbot.addWidget(view)
    view.show_text("code/a.py", 'class A:  # note\n  x = "tex\\"t" + f(12.5)\n  """long\n  words"""\n  return xreturn')
    c = theme.colours()
    assert coloured(view) == {"class": c.link, "A": c.text, "# note": c.muted, '"tex\\"t"': c.ok, "12.5": c.warning, '"""long': c.ok,
                              '  words"""': c.ok, "return": c.link}
    view.show_text("x.json", '{"a": "b", "n": 1.5e3, "t": true}')
    assert coloured(view) == {'"a"': c.link, '"b"': c.ok, '"n"': c.link, "1.5e3": c.warning, '"t"': c.link, "true": c.warning}
    view.show_text("x.cpp", 'int a = 1; /* b\nc */ char* d = "e"; // f')
    assert coloured(view)["/* b"] == c.muted
    assert coloured(view)["c */"] == c.muted
    view.show_text("extra/x.txt", "class A: 12")
    assert coloured(view) == {}


def test_that_colours_follow_the_theme(qtbot: QtBot) -> None:
    view = CodeView()
    qtbot.addWidget(view)
    theme.current().choose("light")
    view.show_text("a.py", "return")
    theme.current().choose("dark")
    assert coloured(view) == {"return": theme.DARK.link}


@pytest.mark.parametrize("line", ['"' * 1000, "'\\" * 500, "\\" * 1000, "(" * 1000, "/*" * 500, '"""' * 300, '"a\\' * 300])
@pytest.mark.parametrize("name", ["a.py", "a.json", "a.cpp"])
def test_that_odd_lines_are_coloured_at_once(qtbot: QtBot, name: str, line: str) -> None:
    view = CodeView()
    qtbot.addWidget(view)
    view.show_text(name, f"{line}\n" * 20)
    assert view.edit.document().blockCount() == 21
    assert isinstance(view.highlighter, Highlighter)


def test_that_the_language_is_told_by_the_name() -> None:
    names = ("code/a.py", "net.Net", "models/m.JSON", "model.json", "k/x.cu", "extra/readme", "extra/a.txt")
    assert [language_of(name) for name in names] == ["python", "python", "json", "json", "c", "", ""]


# -- in the window ------------------------------------------------------------------------------------------------------------

def test_that_the_tab_is_there_for_files_with_code_only(settings: Settings, qtbot: QtBot, tasks: Tasks, session: Session,
                                                        scripted: core.Checkpoint, checkpoint: object) -> None:
    window = MainWindow(session, tasks, settings)
    qtbot.addWidget(window)
    window.show()
    at = NAMES.index("code")
    with_code = show(session, tasks, qtbot, scripted)
    assert window.tabs.isTabVisible(at)
    assert window.menus["code"].isEnabled()
    window.view.show_panel("code")
    place = window.tabs.panel("code")
    assert isinstance(place, CodePanel)
    qtbot.waitUntil(lambda: text(place) == NET)
    show(session, tasks, qtbot, checkpoint("/other.pt"))        # type: ignore[operator]
    assert not window.tabs.isTabVisible(at)
    assert not window.menus["code"].isEnabled()
    assert window.tabs.currentIndex() != at
    session.select(Selection(with_code.id))
    assert window.tabs.isTabVisible(at)
    window.close()
