"""The rules by which names were paired, those that could be meant, and those that a person switched off."""
from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.comparison.progress import ComparisonProgress
from inspector.gui.kit import words
from inspector.gui.state.session import Session
from inspector.gui.widgets.boxes import label

from .verdicts import rule_facts, rule_text

SHOWN = 200             # rules with a box of their own
EXAMPLES = 3
SHORT = 64              # characters that fit one line of a narrow panel


class RulesPanel(QWidget):
    names_asked = Signal(int, object)       # side, the rules whose pairs get the other side's names
    fit_asked = Signal(int)                 # the side that is to fit the other

    def __init__(self, session: Session, progress: ComparisonProgress) -> None:
        super().__init__()
        self._session, self._progress = session, progress
        self.boxes: list[QCheckBox] = []
        self._column = QVBoxLayout()
        self._column.setSpacing(8)
        inside = QWidget()
        inside.setObjectName("page")
        whole = QVBoxLayout(inside)
        whole.setContentsMargins(16, 14, 16, 14)
        whole.setSpacing(10)
        whole.addLayout(self._column)
        whole.addStretch(1)
        self._buttons = self._make_buttons()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addWidget(self._buttons)
        progress.paired.connect(self.refresh)
        self.refresh()

    @property
    def count(self) -> int:
        """How many rules were applied or could be."""
        found = self._progress.comparison
        return len(found.rules) + len(found.offered) if found is not None else 0

    def refresh(self) -> None:
        while self._column.count():
            item = self._column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.boxes = []
        found, compared = self._progress.comparison, self._session.compared
        if found is None or compared is None:
            self._buttons.hide()
            return
        for title, rules, checked in ((self.tr("Names were paired by"), found.rules, True),
                                      (self.tr("Could be meant, and is not applied"), found.offered, False),
                                      (self.tr("Switched off by you"), compared.rejected, False)):
            if rules:
                self._column.addWidget(label(title, strong=True, selectable=False))
            for rule in rules[:SHOWN]:
                self._column.addWidget(self._rule_box(rule, checked))
            if len(rules) > SHOWN:
                self._column.addWidget(label(self.tr("and {n} more").format(n=f"{len(rules) - SHOWN:,}"), tone="muted"))
        if not (found.rules or found.offered or compared.rejected):
            self._column.addWidget(label(self.tr("Every tensor that has a partner has the same name in both files."), tone="muted",
                                         wrap=True))
        self._buttons.show()
        self._names.setVisible(bool(found.rules))

    def _rule_box(self, rule: core.Rule, checked: bool) -> QWidget:
        frame = QFrame()
        frame.setObjectName("factbox")
        text = rule_text(rule)
        box = QCheckBox(words.menu_text(text, 200) if len(text) <= SHORT else words.menu_text(text.partition(":")[0]))
        box.setAccessibleName(text)
        box.setChecked(checked)
        box.setAccessibleDescription(rule_facts(rule))
        box.setToolTip(self.tr("Switch it off to pair the names without it") if checked
                       else self.tr("Switch it on to pair the names with it"))
        box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        box.toggled.connect(lambda on, rule=rule: self.set_used(rule, on))
        self.boxes.append(box)
        column = QVBoxLayout(frame)
        column.setContentsMargins(12, 9, 12, 10)
        column.setSpacing(4)
        column.addWidget(box)
        column.addWidget(label(rule_facts(rule), tone="muted", wrap=True))
        for a, b in rule.pairs[:EXAMPLES]:
            for line in ((f"{a}  →  {b}",) if len(a) + len(b) <= SHORT else (a, f"→  {b}")):
                column.addWidget(_Line(line))
        return frame

    def set_used(self, rule: core.Rule, used: bool) -> None:
        """Pairs the names again, with the rule or without it."""
        compared = self._session.compared
        if compared is None:
            return
        key = (rule.a, rule.b)
        accepted = tuple(other for other in compared.accepted if (other.a, other.b) != key)
        rejected = tuple(other for other in compared.rejected if (other.a, other.b) != key)
        if used and rejected == compared.rejected:
            accepted = (*accepted, rule)                # one that was only offered
        elif not used and accepted == compared.accepted:
            rejected = (*rejected, rule)                # one that was found
        self._session.compare(compared._replace(accepted=accepted, rejected=rejected))

    def _make_buttons(self) -> QWidget:
        bar = QWidget()
        column = QVBoxLayout(bar)
        column.setContentsMargins(16, 8, 16, 12)
        column.setSpacing(6)
        self._names = _row(self.tr("Give the names of the other file"), (self.tr("to A"), self.tr("to B")), self._ask_names)
        column.addWidget(self._names)
        column.addWidget(_row(self.tr("Would it load into the other's model?"), (self.tr("A into B"), self.tr("B into A")),
                              self.fit_asked.emit))
        return bar

    def _ask_names(self, side: int) -> None:
        found = self._progress.comparison
        if found is not None:
            self.names_asked.emit(side, found.rules)


def _row(title: str, names: tuple[str, str], run: Callable[[int], object]) -> QWidget:
    """A line of text with a button for each side."""
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    row.addWidget(label(title, tone="muted", selectable=False, wrap=True), 1)
    for side, name in enumerate(names):
        button = QPushButton(name)
        button.setAccessibleName(f"{title}: {name}")
        button.clicked.connect(partial(_pressed, run, side))
        row.addWidget(button)
    return made


def _pressed(run: Callable[[int], object], side: int, _: bool = False) -> None:
    run(side)


class _Line(QWidget):
    """Calm text on one line, its middle left out where it does not fit."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = core.visible(text, 400)
        self.setToolTip(words.tip(text))
        self.setAccessibleName(self._text)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().height() + 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        shown = self.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideMiddle, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, core.isolated(shown))
        painter.end()
