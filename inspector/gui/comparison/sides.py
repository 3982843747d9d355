"""Which two files are compared, and which state dict of each."""
from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QWidget,
)

from inspector import core
from inspector.gui.comparison.progress import ComparisonProgress
from inspector.gui.kit import icons, theme, words
from inspector.gui.state.session import Compared, Session

WIDEST_DICT = 260               # device-independent pixels
AUTOMATIC = "\0automatic"       # no path of a state dict holds such a sign at its start


class Sides(QWidget):
    back_asked = Signal()
    close_asked = Signal()

    def __init__(self, session: Session, progress: ComparisonProgress) -> None:
        super().__init__()
        self._session, self._progress = session, progress
        self.files = [self._box(self.tr("File A")), self._box(self.tr("File B"))]
        self.dicts = [_DictBox(self.tr("State dict of A")), _DictBox(self.tr("State dict of B"))]
        for side in (0, 1):
            self.dicts[side].setMaximumWidth(WIDEST_DICT)
            self.files[side].activated.connect(lambda _, side=side: self._file_chosen(side))
            self.dicts[side].activated.connect(lambda _, side=side: self._dict_chosen(side))
        self.swap = QToolButton()
        icons.put(self.swap, "swap")
        self.swap.setAccessibleName(self.tr("Exchange A and B"))
        self.swap.setToolTip(self.tr("Exchange A and B (Alt+\\)"))
        self.swap.clicked.connect(self.exchange)
        self.back = QPushButton(self.tr("Back to the files"))
        self.back.setToolTip(self.tr("The comparison stays; Ctrl+D shows it again"))
        self.back.clicked.connect(self.back_asked)
        close = QToolButton()
        icons.put(close, "close")
        close.setAccessibleName(self.tr("End the comparison"))
        close.setToolTip(self.tr("End the comparison"))
        close.clicked.connect(self.close_asked)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for side, letter in enumerate("AB"):
            row.addWidget(_Letter(letter))
            row.addWidget(self.files[side], 1)
            row.addWidget(self.dicts[side])
            if side == 0:
                row.addWidget(self.swap)
        row.addWidget(self.back)
        row.addWidget(close)
        for signal in (session.document_added, session.document_removed, session.compared_changed):
            signal.connect(self.refresh)
        progress.paired.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        compared = self._session.compared
        if compared is None:
            return
        for side, id in enumerate(compared.ids):
            with QSignalBlocker(self.files[side]):
                self._fill_files(self.files[side], id)
            with QSignalBlocker(self.dicts[side]):
                self._fill_dicts(side, (compared.in_a, compared.in_b)[side])

    def _fill_files(self, box: QComboBox, id: int) -> None:
        box.clear()
        documents = self._session.documents
        for document in documents:
            box.addItem(core.isolated(self._session.name(document)), document.id)
            box.setItemData(box.count() - 1, words.tip(document.path, 400), Qt.ItemDataRole.ToolTipRole)
        box.setCurrentIndex(box.findData(id))
        box.setToolTip(str(box.currentData(Qt.ItemDataRole.ToolTipRole) or ""))

    def _fill_dicts(self, side: int, asked: str | None) -> None:
        box, found = self.dicts[side], self._progress.comparison
        box.clear()
        if found is None:
            box.hide()
            return
        ckpt = (found.a, found.b)[side]
        taken = self._named(found.state_dicts[side])
        box.addItem(core.isolated(self.tr("{name}  (found)").format(name=taken)), AUTOMATIC)
        for path in (core.WHOLE, *ckpt.state_dicts):
            box.addItem(core.isolated(self._named(path)), path)
        box.setCurrentIndex(box.findData(AUTOMATIC if asked is None else asked))
        box.setToolTip(words.tip(words.without_marks(box.currentText())))
        box.updateGeometry()
        box.setVisible(any(ckpt.state_dicts))           # one at the root is the whole file

    def _named(self, path: str) -> str:
        return self.tr("whole file") if path == core.WHOLE else core.visible(path, 80) or self.tr("(root)")

    def _file_chosen(self, side: int) -> None:
        compared, id = self._session.compared, self.files[side].currentData()
        if compared is None or id == compared.ids[side]:
            return
        if id == compared.ids[1 - side]:
            self.exchange()
        else:
            self._session.compare(compared.put(side, id))

    def _dict_chosen(self, side: int) -> None:
        compared, path = self._session.compared, self.dicts[side].currentData()
        if compared is None:
            return
        wanted = None if path == AUTOMATIC else path
        changed = compared._replace(in_a=wanted) if side == 0 else compared._replace(in_b=wanted)
        self._session.compare(changed._replace(accepted=(), rejected=()))

    def exchange(self) -> None:
        compared = self._session.compared
        if compared is not None:
            self._session.compare(Compared(compared.b, compared.a, compared.in_b, compared.in_a,
                                           tuple(rule.back() for rule in compared.accepted),
                                           tuple(rule.back() for rule in compared.rejected), compared.base))

    @staticmethod
    def _box(name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(8)
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return box


class _DictBox(QComboBox):
    """As wide as what is chosen takes, and not as the longest of the list; where that has no room its middle is left out."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(8)

    def sizeHint(self) -> QSize:
        hint, option = super().sizeHint(), QStyleOptionComboBox()
        self.initStyleOption(option)
        option.rect = QRect(QPoint(0, 0), hint)
        edit = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self)
        around = hint.width() - edit.width()
        return QSize(around + self.fontMetrics().horizontalAdvance(self.currentText()) + 6, hint.height())

    def showPopup(self) -> None:
        """Its list is as wide as the longest."""
        self.view().setMinimumWidth(min(self.view().sizeHintForColumn(0) + 24, 2 * WIDEST_DICT))
        super().showPopup()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        edit = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self)
        shown = self.fontMetrics().elidedText(words.without_marks(self.currentText()), Qt.TextElideMode.ElideMiddle, edit.width() - 2)
        option.currentText = core.isolated(shown)           # the mark at the end of what is left out would be missing
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()


class _Letter(QLabel):
    """A or B in the colour of its curve."""

    def __init__(self, letter: str) -> None:
        super().__init__()
        self._letter = letter
        self.setFixedSize(24, 24)
        self.setAccessibleName(letter)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.colours(self.palette())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.series["AB".index(self._letter)]))
        painter.drawRoundedRect(self.rect(), 6, 6)
        font = self.font()
        font.setWeight(font.Weight.Bold)
        painter.setFont(font)
        painter.setPen(QColor(colours.accent_text))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._letter)
        painter.end()
