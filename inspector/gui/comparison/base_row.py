"""Which file both come from, who changed what since, and what one side changed brought into the other."""
from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QPushButton, QWidget

from inspector import core
from inspector.gui.comparison.base_progress import BaseProgress
from inspector.gui.comparison.progress import Step
from inspector.gui.kit import words
from inspector.gui.state.session import Session
from inspector.gui.widgets.boxes import label
from inspector.gui.widgets.elided import Elided


class BaseRow(QWidget):
    """There where a third file is open."""

    merge_asked = Signal(int)           # into which side

    def __init__(self, session: Session, held: BaseProgress) -> None:
        super().__init__()
        self._session, self._held = session, held
        self.files = QComboBox()
        self.files.setAccessibleName(self.tr("The file that both come from"))
        self.files.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.files.setMinimumContentsLength(18)
        self.files.activated.connect(self._chosen)
        self.said = Elided()
        self.button = QPushButton()
        self.button.setProperty("slim", True)
        self.button.clicked.connect(self._pressed)
        self.merge = QPushButton(self.tr("Merge"))
        self.merge.setProperty("slim", True)
        self.merge.setToolTip(self.tr("Brings what only one side changed into the other, as edits that wait to be saved"))
        self._menu = QMenu(self.merge)
        self.ways = tuple(self._menu.addAction("", partial(self.merge_asked.emit, side)) for side in (0, 1))
        self.merge.setMenu(self._menu)
        named = label(tone="muted", selectable=False)
        named.setText(self.tr("Both come from"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in (named, self.files):
            row.addWidget(widget)
        row.addWidget(self.said, 1)
        row.addWidget(self.button)
        row.addWidget(self.merge)
        for signal in (session.document_added, session.document_removed, session.compared_changed):
            signal.connect(self.refresh)
        held.changed.connect(self._show)
        self.refresh()

    def refresh(self) -> None:
        """Which files there are to choose from."""
        compared = self._session.compared
        documents = self._session.documents
        others = [document for document in documents if compared is not None and document.id not in compared.ids]
        self.setVisible(bool(others))
        with QSignalBlocker(self.files):
            self.files.clear()
            self.files.addItem(self.tr("no file named"), None)
            for document in others:
                self.files.addItem(core.isolated(self._session.name(document)), document.id)
                self.files.setItemData(self.files.count() - 1, words.tip(document.path, 400), Qt.ItemDataRole.ToolTipRole)
            self.files.setCurrentIndex(max(0, self.files.findData(compared.base if compared is not None else None)))
        self._show()

    def _chosen(self) -> None:
        compared = self._session.compared
        if compared is not None:
            self._session.compare(compared._replace(base=self.files.currentData()))

    def _pressed(self) -> None:
        if self._held.step is Step.READING:
            self._held.stop()
        elif isinstance(self._held.error, core.Changed):
            self._held.reload()
        else:
            self._held.go_on()

    def _show(self) -> None:
        step = self._held.step
        self.said.set_text(self._sentence())
        self.button.setVisible(step in (Step.READING, Step.STOPPED, Step.FAILED))
        failed = self.tr("Reload") if isinstance(self._held.error, core.Changed) else self.tr("Try again")
        self.button.setText({Step.READING: self.tr("Stop"), Step.STOPPED: self.tr("Go on")}.get(step, failed))
        counts = self._held.counts
        self.merge.setVisible(step is Step.DONE)
        self.merge.setEnabled(any(counts.get(status) for status in "ab"))
        for side, way in enumerate(self.ways):
            n = counts.get("ba"[side], 0)
            name, other = "AB"[side], "BA"[side]
            way.setEnabled(n > 0)
            way.setText(self.tr("Into {name}: 1 change of {other}").format(name=name, other=other) if n == 1
                        else self.tr("Into {name}: {n} changes of {other}").format(name=name, n=f"{n:,}", other=other))

    def _sentence(self) -> str:
        step, (done, total) = self._held.step, self._held.read
        if step is Step.IDLE:
            return self.tr("Name it to see who changed what since.")
        if step is Step.WAITING:
            return self.tr("Once A and B are compared…")
        if step is Step.READING:
            said = self.tr("Reading…")
            return f"{said} {self.tr('{done} of {total}').format(done=words.size(done), total=words.size(total))}" if total else said
        if step is Step.STOPPED:
            return self.tr("Stopped.")
        if step is Step.FAILED:
            error = self._held.error
            return words.sentence(words.said(error.message, 300)) if isinstance(error, core.InspectorError) \
                else self.tr("The values could not be read.")
        counts = self._held.counts
        texts = (("conflict", self.tr("1 conflict"), self.tr("{n} conflicts")),
                 ("a", self.tr("1 change by A"), self.tr("{n} changes by A")),
                 ("b", self.tr("1 change by B"), self.tr("{n} changes by B")), ("alike", self.tr("1 alike"), self.tr("{n} alike")),
                 ("unread", self.tr("1 not judged"), self.tr("{n} not judged")))
        said = " · ".join(one if counts[status] == 1 else many.format(n=f"{counts[status]:,}")
                          for status, one, many in texts if counts[status])
        return said or self.tr("Nothing was changed since.")
