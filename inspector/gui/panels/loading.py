"""Loading: a file that is being opened, with how far it is and a way out."""
from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import icons
from inspector.gui.state.session import Session, State
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.boxes import ProgressBar, label

_STEPS = 1000


class Loading(QWidget):
    cancel_asked = Signal(int)

    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._name = label("", strong=True, scale=1.3)
        self._doing = label("", tone="muted")
        for line in (self._name, self._doing):
            line.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.bar = ProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of opening"))
        self.bar.setFixedWidth(320)
        self.cancel = QPushButton(self.tr("Cancel"))
        self.cancel.setAccessibleName(self.tr("Cancel opening"))
        icons.put(self.cancel, "close")
        self.cancel.clicked.connect(self._cancel)
        whole = QVBoxLayout(self)
        whole.setSpacing(12)
        whole.addStretch(2)
        whole.addWidget(self._name)
        for widget in (self.bar, self.cancel):
            row = QHBoxLayout()
            row.addStretch(1)
            row.addWidget(widget)
            row.addStretch(1)
            whole.addLayout(row)
            if widget is self.bar:
                whole.addWidget(self._doing)
        whole.addStretch(3)
        session.selection_changed.connect(self.refresh)
        session.document_changed.connect(self._follow)

    def _follow(self, id: int) -> None:
        self.refresh()

    def refresh(self) -> None:
        document = self._session.selected_document
        if document is None or document.state is not State.LOADING:
            return
        name = core.file_name(document.path)
        self._name.setText(self.tr("Opening {name}").format(name=core.visible(name, 70)))
        self._doing.setText(core.visible(document.doing, 100))
        self.bar.setRange(0, _STEPS if document.total else 0)
        if document.total:
            self.bar.setValue(min(document.done * _STEPS // document.total, _STEPS))

    def _cancel(self) -> None:
        document = self._session.selected_document
        if document is not None:
            self.cancel_asked.emit(document.id)
