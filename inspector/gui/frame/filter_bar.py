"""What the filter finds, as a selection: how many that are, and what can be done with all of them at once; where it finds nothing, what may
have been meant."""
from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from inspector import core
from inspector.gui.kit import icons, theme, words
from inspector.gui.models import search
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.elided import Elided
from inspector.gui.widgets.tree_view import TreeView

HEIGHT = 38
_LIKELY = "filter-likely"
_QUESTION_FROM, _ALL_FROM = 520, 430        # widths from which on a question is a whole one, and there are two more buttons


class FilterBar(QFrame):
    """The buttons mean the tensors that are found in the selected file, or where there are none, in the first that has some."""

    measure_asked = Signal(object)      # `Selection`s
    rename_asked = Signal(object)
    drop_asked = Signal(object)
    copy_asked = Signal(object)
    save_asked = Signal(object)
    type_asked = Signal(str)            # what is to be searched for instead; "": nothing

    def __init__(self, session: Session, tasks: Tasks, tree: TreeView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("level", "info")
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._session, self._tasks, self._tree, self._model = session, tasks, tree, tree.tree_model
        self._instead = ""
        self._found: Selection | None = None
        self._of_several = False
        self._place()
        self._model.counts_changed.connect(self.refresh)
        session.selection_changed.connect(self._follow)
        theme.current().changed.connect(self._tint)
        self.refresh()

    @property
    def found(self) -> Selection | None:
        """What the buttons mean; None while it is being looked up, and when it is nothing."""
        return self._found

    def refresh(self) -> None:
        """The filter finds something else."""
        self._found = None
        self.setVisible(bool(self._model.query.terms) and bool(self._session.documents))
        if not self._model.query.terms:
            return
        found, total = self._model.counts
        text = self.tr("{n} shown of {all}") if self._model.hides else self.tr("{n} found of {all}")
        self.count.setText(text.format(n=f"{found:,}", all=f"{total:,}"))
        self.count.setVisible(found > 0)
        query = self._model.query
        self.what.set_text("" if found else self.tr("No key matches “{text}”.").format(text=core.visible(query.text.strip(), 80)))
        self._offer_instead("")
        if not found:
            trees = self._model.trees
            self._tasks.start(_LIKELY, lambda monitor: search.likely(trees, query, monitor),
                              on_done=lambda text: self._offer_instead(text) if query is self._model.query else None, urgent=True)
        else:
            self._tasks.cancel(_LIKELY)
        self._tint()
        hits = self._model.hits()
        selected = self._session.selected_document
        id = selected.id if selected is not None and selected.id in hits else next(iter(hits), None)
        self._enable()
        if id is not None:
            self._model.ask_hits({id: hits[id]}, self._take)

    def _follow(self) -> None:
        """Another file may be selected."""
        selection = self._session.selection
        if self.isVisible() and self._found is not None and selection is not None and selection.document != self._found.document:
            self.refresh()

    def _take(self, found: Selection | None) -> None:
        document = self._session.document(found.document) if found is not None else None
        ckpt = document.checkpoint if document is not None else None
        if found is None or ckpt is None or not found.keys or not self._model.query.terms:
            return
        self._found = found
        several = self._of_several = len(self._model.hits()) > 1
        name = core.visible(ckpt.path.replace("\\", "/").rsplit("/", 1)[-1], 60)
        said = words.size(self._model.bytes_of_hits(found.document))
        self.what.set_text(self.tr("{size}; in {file}: {tensors}").format(size=said, file=name, tensors=words.tensors(len(found.keys)))
                           if several else said)
        self._enable()

    def _offer_instead(self, text: str) -> None:
        """What is found when it is spelt otherwise; "" where nothing is known."""
        self._instead = text
        self._enable()

    def _enable(self) -> None:
        n = len(self._found.keys) if self._found is not None else 0
        self._label(n)
        tensors = words.tensors(n)
        for button, said in ((self.measure, self.tr("Statistics of {tensors}")), (self.rename, self.tr("Rename {tensors}")),
                             (self.drop, self.tr("Drop {tensors}")),
                             (self.copy, self.tr("Copy the keys of {tensors}")), (self.save, self.tr("Save {tensors} as a file"))):
            button.setEnabled(n > 0)
            button.setAccessibleName(said.format(tensors=tensors))
            button.setToolTip(said.format(tensors=tensors))
        nothing = self.count.isHidden()
        for button in (self.measure, self.rename, self.drop, self.copy, self.save):
            button.setVisible(not nothing and (button not in (self.rename, self.copy) or self.width() >= _ALL_FROM))
        self.clear.setVisible(nothing)
        self.instead.setVisible(nothing and bool(self._instead))
        shown = core.visible(self._instead, 60).replace("&", "&&")
        self.instead.setText(self.tr("{text}?").format(text=shown) if self.width() < _QUESTION_FROM else
                             self.tr("Did you mean {text}?").format(text=shown))
        self.instead.setAccessibleName(self.tr("Did you mean {text}?").format(text=core.visible(self._instead, 200)))

    def _label(self, n: int) -> None:
        """As many buttons have words as there is room for; those whose pictures say least keep them longest."""
        shown = f"{n:,}"
        texts = {self.measure: self.tr("Measure"), self.rename: self.tr("Rename…"), self.drop: self.tr("Drop {n}").format(n=shown),
                 self.copy: self.tr("Copy"), self.save: self.tr("Save these {n}…").format(n=shown)}
        shorter = ((self.save, self.tr("Save {n}…").format(n=shown)), (self.copy, ""), (self.measure, ""), (self.drop, shown),
                   (self.save, f"{shown}…"), (self.rename, ""))
        margins, between = self._row.contentsMargins(), self._row.spacing()
        needed = margins.left() + margins.right() + self._picture.width() + between + self.count.sizeHint().width()
        needed += sum(between + self._width_of(text) for text in texts.values())
        for button, text in shorter:
            if needed <= self.width():
                break
            needed += self._width_of(text) - self._width_of(texts[button])
            texts[button] = text
        for button, text in texts.items():
            button.setText(text)
        # a size is shown whole or not at all; which file has what is found may be cut
        whole = self.what.text
        least = f"{whole.partition(';')[0]}; …" if self._of_several else whole
        self.what.setVisible(not n or self.width() - needed >= between + self.what.fontMetrics().horizontalAdvance(least))
        self.count.setToolTip("" if self.what.isVisibleTo(self) else words.tip(whole))

    def _width_of(self, text: str) -> int:
        self._like_all.setText(text)            # one beside the layout, which would be worked out again for every text
        return self._like_all.sizeHint().width()

    def _place(self) -> None:
        self._picture = QLabel()
        self._picture.setFixedWidth(16)         # never what gives way
        self.count = QLabel()
        self.count.setTextFormat(Qt.TextFormat.PlainText)
        self.count.setProperty("tone", "info")
        font = self.count.font()
        font.setWeight(font.Weight.DemiBold)
        self.count.setFont(font)
        self.what = Elided()
        self.measure, self.rename, self.drop, self.copy, self.save = (QPushButton() for _ in range(5))
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(14, 0, 8, 0)
        row.setSpacing(7)
        row.addWidget(self._picture)
        row.addWidget(self.count)
        row.addWidget(self.what, 1)
        row.addStretch()
        for button, picture, signal in ((self.measure, "chart", self.measure_asked), (self.rename, "edit", self.rename_asked),
                                        (self.drop, "remove", self.drop_asked), (self.copy, "copy", self.copy_asked),
                                        (self.save, "save", self.save_asked)):
            icons.put(button, picture, "accent_text" if button is self.save else "")
            button.setProperty("slim", True)
            button.setProperty("primary", button is self.save)
            button.clicked.connect(lambda checked=False, signal=signal: signal.emit(self._found) if self._found is not None else None)
            row.addWidget(button)
        self._like_all = QPushButton(self)
        self._like_all.hide()
        icons.put(self._like_all, "copy")
        self._like_all.setProperty("slim", True)
        self.instead, self.clear = QPushButton(), QPushButton(self.tr("Clear"))
        self.clear.setAccessibleName(self.tr("Clear the filter"))
        self.instead.clicked.connect(lambda: self.type_asked.emit(self._instead))
        self.clear.clicked.connect(lambda: self.type_asked.emit(""))
        for button in (self.instead, self.clear):
            button.setProperty("link", True)
            row.addWidget(button)

    def _tint(self) -> None:
        self._picture.setPixmap(icons.pixmap("filter", 16, theme.colours().info))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._enable()
