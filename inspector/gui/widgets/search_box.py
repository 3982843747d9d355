"""The search box over the tree: filters while one types, or goes from hit to hit where nothing is to be hidden, and says what it did not
understand."""
from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QColor, QKeyEvent, QPalette
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import icons, theme
from inspector.gui.models.search import Problem

from .boxes import offer_clearing
from .tree_view import TreeView

DELAY = 90                      # milliseconds after the last key


class SearchBox(QWidget):
    left = Signal()             # Down was pressed: the tree has the focus now

    def __init__(self, tree: TreeView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tree = tree
        self._wrong = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY)
        self._timer.timeout.connect(self.apply)
        self._place()
        self.setFocusProxy(self.edit)
        self.edit.textChanged.connect(self._typed)
        for widget in (self.edit, tree):
            widget.installEventFilter(self)
        theme.current().changed.connect(self._colour)
        self.set_hides(True)

    def text(self) -> str:
        return self.edit.text()

    def setText(self, text: str) -> None:
        """Types `text` and shows what it finds at once."""
        self.edit.setText(text)
        self.apply()

    def apply(self) -> None:
        """Filters by what is typed now, without waiting."""
        self._timer.stop()
        before = self.tree.tree_model.query.terms
        query = self.tree.tree_model.set_filter(self.edit.text())
        if query.terms and query.terms != before and not self.tree.tree_model.hides:
            self.tree.enter()                   # stays where it is as long as that is found
        self._hint(query.problems)

    def set_hides(self, hides: bool) -> None:
        """Whether what is not found is hidden; else the first hit is selected, and Enter goes to the next."""
        self.tree.tree_model.set_hides(hides)
        self.edit.setPlaceholderText(self.tr("Filter:  q_proj   *.weight   shape:64x3   dtype:bf16   >10MB   -bias") if hides else
                                     self.tr("Find:  q_proj   *.weight   shape:64x3   dtype:bf16   >10MB   -bias"))
        self.edit.setAccessibleName(self.tr("Filter the keys") if hides else self.tr("Find keys"))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape and self.edit.text():
                self.setText("")            # in the tree, too, where one is while a filter is on
                return True
            if watched is self.tree:
                return False
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.tree.tree_model.hides:
                self._next(backwards=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
                return True
            if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._leave()
                return True
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        self.edit = QLineEdit()
        self.edit.setToolTip(self._help())
        self._picture = QAction(self)
        icons.put(self._picture, "search", "muted")
        self.edit.addAction(self._picture, QLineEdit.ActionPosition.LeadingPosition)
        offer_clearing(self.edit)
        self.hint = QLabel()
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self.hint.setWordWrap(True)
        self.hint.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.edit)
        column.addWidget(self.hint)
        self._colour()

    def _help(self) -> str:
        return "<qt><table cellspacing='2'>" + "".join(
            f"<tr><td><code>{term}</code>&nbsp;&nbsp;</td><td>{text}</td></tr>" for term, text in (
                ("q_proj weight", self.tr("keys that hold every word")),
                ("*.layers.?.*weight", self.tr("whole keys, with * and ?")),
                ("shape:4096", self.tr("a dimension is 4096")),
                ("shape:64x3x7x7", self.tr("the whole shape")),
                ("dtype:bf16", self.tr("the element type")),
                ("device:cuda", self.tr("the stored device")),
                ("scheme:gptq bits:4", self.tr("how it is packed")),
                ("&gt;10MB &lt;1GiB", self.tr("the size of a tensor")),
                ("-bias", self.tr("not this")),
                ("&quot;a b&quot;", self.tr("exactly this text")))) + "</table></qt>"

    def _typed(self) -> None:
        if self.edit.text():
            self._timer.start()
        else:
            self.apply()                        # clearing needs no waiting

    def _next(self, *, backwards: bool) -> None:
        """To the first hit of what was typed just now, to the next after that; the focus stays."""
        if self._timer.isActive():
            self.apply()
        else:
            self.tree.find_next(backwards=backwards)

    def _leave(self) -> None:
        """To the tree: with what is typed applied, and on a row."""
        if self._timer.isActive():
            self.apply()
        self.tree.setFocus(Qt.FocusReason.OtherFocusReason)
        self.tree.enter()
        self.left.emit()

    def _hint(self, problems: tuple[Problem, ...]) -> None:
        """What was not understood, in a line below; what is merely unfinished is explained calmly."""
        said = " ".join(self._explain(problem) for problem in problems[:2])
        self.hint.setText(said)
        self.hint.setVisible(bool(said))
        self._wrong = any(not problem.unfinished for problem in problems)
        self._colour()

    def _explain(self, problem: Problem) -> str:
        how = {"shape": self.tr("Write shapes like shape:4096 or shape:64x3x7x7."),
               "dtype": self.tr("Write types like dtype:bf16, dtype:float32 or dtype:int8."),
               "device": self.tr("Write devices like device:cpu or device:cuda:0."),
               "scheme": self.tr("Write schemes like scheme:gptq, scheme:nf4 or scheme:mlx."),
               "bits": self.tr("Write bits like bits:4 or bits:8."),
               "size": self.tr("Write sizes like >10MB, <1K or >=2GiB.")}[problem.kind]
        if problem.unfinished:
            return how
        return self.tr("{term} is not understood.").format(term=core.visible(problem.term, 40)) + " " + how

    def _colour(self) -> None:
        """A wrong term colours the text, whatever the style."""
        colours = theme.current().colours
        for widget, role in ((self.edit, QPalette.ColorRole.Text), (self.hint, QPalette.ColorRole.WindowText)):
            palette = widget.palette()
            normal = colours.text if widget is self.edit else colours.muted
            palette.setColor(role, QColor(colours.danger if self._wrong else normal))
            if palette != widget.palette():
                widget.setPalette(palette)
