"""The strip over the panels, whichever is open: the worst that is known of the selected file, with the one thing to do about it."""
from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from inspector import core, sentences
from inspector.gui.kit import icons, theme, words
from inspector.gui.state import signals, suggested_edits
from inspector.gui.state.analysis import Analyses
from inspector.gui.state.session import Document, Selection, Session, State
from inspector.gui.state.signals import FileSignals, Kind
from inspector.gui.state.tasks import Tasks
from inspector.gui.state.value_checks import Checked, ValueChecks
from inspector.gui.widgets.elided import Elided, ElidedLabel

HEIGHT, LINE = 38, 30                       # of one line, and of one more
_LINK_FROM, _DETAIL_FROM = 620, 430         # widths from which on there is room for the link, and for the detail
_SOME = 90                                  # pixels of a detail that is told where only its line is to be had
_VERDICT = 60                               # pixels of the verdict where nothing else is left to give way
_SIGN = 20
_LEVELS = ("", "ok", "info", "warning", "danger")


class _Button(NamedTuple):
    text: str
    run: Callable[[], object]
    picture: str = ""


class SignalStrip(QFrame):
    """`give_way` says that another banner stands in its place."""

    show_findings = Signal()            # the panel that tells all of them

    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setFixedHeight(HEIGHT)
        self._session = session
        self._signals = signals.Signals.shared(session, tasks)
        self._checks = ValueChecks.shared(session, tasks)
        self._analyses = Analyses.shared(session, tasks)
        self._closed: set[int] = set()          # documents whose calm strip was put away
        self._covered = False
        self._told: tuple[int, str] = (0, "")   # document and level that were last said aloud
        self._kind, self._said = Kind.OK, ""
        self._run: Callable[[], object] | None = None
        self._go: Callable[[], object] | None = None
        self._place()
        session.selection_changed.connect(self.refresh)
        for signal in (session.document_changed, session.document_removed, self._signals.changed, self._checks.changed,
                       self._analyses.ready):
            signal.connect(self._follow)
        theme.current().changed.connect(self._tint)
        self.refresh()

    def give_way(self, covered: bool) -> None:
        if covered != self._covered:
            self._covered = covered
            self.refresh()

    def _follow(self, id: int) -> None:
        if self._session.document(id) is None:
            self._closed.discard(id)
        self.refresh()

    def refresh(self) -> None:
        document = self._session.selected_document
        found = self._signals.of(document) if document is not None and document.state is State.READY else None
        worst = found.worst if found is not None else None
        if document is None or found is None or worst is None or self._covered or (worst.kind is Kind.OK and document.id in self._closed):
            self.setVisible(False)
            return
        self._show(document, found, worst)
        self.setVisible(True)
        self._tell(document.id, worst.level)

    # -- what it says -------------------------------------------------------------------------------------------------

    def _show(self, document: Document, found: FileSignals, worst: signals.Signal) -> None:
        self._kind = worst.kind
        self._said = self._verdict(worst)
        self.detail.set_text(self._detail(worst, found))
        action, link = self._buttons(document, worst)
        self._run, self._go = action.run if action else None, link.run if link else None
        for button, wanted in ((self.action, action), (self.link, link)):
            button.setText(wanted.text if wanted else "")
        note, ask = self._note(document, found.checked)
        self.note.setText(note)
        self.check.setVisible(ask)
        self.close_.setVisible(worst.kind is Kind.OK)
        if self.property("level") != worst.level:
            self.setProperty("level", worst.level)
            self.verdict.setProperty("tone", worst.level)
            for widget in (self, self.verdict):
                theme.repolish(widget)
        self.setAccessibleName(f"{self._said} {self.detail.text}")
        self._tint()
        self._fit()

    def _verdict(self, worst: signals.Signal) -> str:
        n = f"{worst.n:,}"
        if worst.kind is Kind.RUNS:
            code = worst.finding.code if worst.finding is not None else ()
            return self.tr("Runs commands if it is loaded:") if core.any_runs_commands(code) \
                else self.tr("Calls unknown code if it is loaded:")
        if worst.kind is Kind.BROKEN:
            return self.tr("Cut short:") if worst.finding is not None and worst.finding.id in signals.CUT else self.tr("Broken:")
        if worst.kind is Kind.NAN:
            return self.tr("1 value is no finite number:") if worst.n == 1 else self.tr("{n} values are no finite numbers:").format(n=n)
        if worst.kind is Kind.CLASSES:
            return self.tr("{what} to load:").format(what=worst.text) if worst.n else self.tr("torch.load refuses it:")
        if worst.kind is Kind.ZERO:
            return self.tr("1 tensor is all zero:") if worst.n == 1 else self.tr("{n} tensors are all zero:").format(n=n)
        if worst.kind is Kind.OK:
            return self.tr("Only tensors and plain values:")
        return self.tr("{what}:").format(what=worst.text)

    def _detail(self, worst: signals.Signal, found: FileSignals) -> str:
        ckpt, finding = found.checkpoint, worst.finding
        if worst.kind is Kind.OK:
            return self.tr("loads with weights_only=True.") if ckpt.format.startswith("torch") or ckpt.format == "pickle" \
                else self.tr("nothing in it can run.")
        if worst.kind is Kind.BROKEN and worst.keys:
            return self.tr("{n} of {all} tensors are not whole.").format(n=f"{len(worst.keys):,}", all=f"{len(ckpt.tensors):,}")
        if worst.kind in (Kind.NAN, Kind.ZERO):
            return self.tr("{names} and {n} more").format(names=", ".join(worst.keys[:2]), n=f"{len(worst.keys) - 2:,}") \
                if len(worst.keys) > 2 else ", ".join(worst.keys)
        if worst.kind is Kind.CLASSES and finding is not None and finding.code:
            return ", ".join(finding.code[:6]) + (", …" if len(finding.code) > 6 else "")
        return sentences.said(finding.message) if finding is not None else ""

    def _buttons(self, document: Document, worst: signals.Signal) -> tuple[_Button | None, _Button | None]:
        show = _Button(self.tr("Show where"), lambda: self._select(document, worst.keys[0])) if worst.keys else \
            _Button(self.tr("Show all"), self.show_findings.emit)
        if worst.kind is Kind.OK:
            return None, None
        if worst.kind in (Kind.NAN, Kind.ZERO):
            return _Button(self.tr("Go to the first"), show.run), None
        fix = self._fix(document, worst.kind)
        return fix, show

    def _fix(self, document: Document, kind: Kind) -> _Button | None:
        """The edits that end it, each tried already."""
        for finding, edits in self._analyses.fixes(document).items():
            if edits and (signals.kind_of(finding) is kind or (kind is Kind.RUNS and signals.kind_of(finding) is Kind.CLASSES)):
                text = self.tr("Keep what is whole") if kind is Kind.BROKEN else suggested_edits.text_of(finding, edits)
                return _Button(text, lambda edits=edits: self._session.add_edits(document.id, edits))    # type: ignore[misc]
        return None

    def _note(self, document: Document, checked: Checked | None) -> tuple[str, bool]:
        """What is known of the values, and whether to offer that they be read."""
        if document.checkpoint is None or not document.checkpoint.tensors:
            return "", False
        if checked is not None and checked.is_complete:
            tensors = self.tr("{n} of {all} tensors read").format(n=f"{checked.read:,}", all=f"{checked.of:,}")
            return (tensors if not checked.finite else self.tr("{tensors}: no NaN, no infinity").format(tensors=tensors)), False
        if self._checks.is_expected(document):
            return self.tr("values not read yet"), False
        return self.tr("values not read"), True

    def _select(self, document: Document, key: str) -> None:
        ckpt = document.checkpoint
        if ckpt is not None:
            self._session.select(Selection(document.id, key, (key,)) if key in ckpt.tensors else
                                 Selection(document.id, key, (), key) if key in ckpt.values else Selection(document.id, key))

    def _tell(self, id: int, level: str) -> None:
        """Says it aloud when it is graver than what was said of the file before."""
        before = self._told[1] if self._told[0] == id else ""
        if _LEVELS.index(level) > _LEVELS.index(before):
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
        self._told = id, level

    # -- places ---------------------------------------------------------------------------------------------------------

    def _place(self) -> None:
        self._picture = QLabel()
        self.verdict = ElidedLabel()
        self.verdict.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.verdict.setMinimumWidth(_VERDICT)
        font = self.verdict.font()
        font.setWeight(font.Weight.DemiBold)
        self.verdict.setFont(font)
        self.detail = Elided()
        self.note = QLabel()
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setProperty("tone", "muted")
        self.check = QPushButton(self.tr("Check for NaN"))
        self.link = QPushButton()
        for button in (self.check, self.link):
            button.setProperty("link", True)
            button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.action = QPushButton()
        self.action.setProperty("slim", True)
        self.check.clicked.connect(self._ask)
        self.link.clicked.connect(lambda: self._go() if self._go is not None else None)
        self.action.clicked.connect(lambda: self._run() if self._run is not None else None)
        self.close_ = QToolButton()
        icons.put(self.close_, "close")
        self.close_.setAccessibleName(self.tr("Put the message away"))
        self.close_.clicked.connect(self._put_away)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(14, 0, 8, 0)
        lines.setSpacing(0)
        self._line, self._below = QHBoxLayout(), QHBoxLayout()
        for row in (self._line, self._below):
            row.setSpacing(8)
            lines.addLayout(row)
        self._line.addWidget(self._picture)
        self._line.addWidget(self.verdict)
        self._line.addWidget(self.detail, 1)
        self._line.addStretch(0)        # where there is no room for the detail the verdict stays beside its sign
        for widget in (self.note, self.check, self.link, self.action, self.close_):
            self._line.addWidget(widget)
        self._below.addSpacing(_SIGN + 8)       # below the words
        self._below.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def _ask(self) -> None:
        document = self._session.selected_document
        if document is not None:
            self._checks.ask(document.id)
            self.refresh()

    def _put_away(self) -> None:
        document = self._session.selected_document
        if document is not None:
            self._closed.add(document.id)
            self.refresh()

    def _tint(self) -> None:
        level = signals.LEVELS[self._kind]
        self._picture.setAccessibleName(signals.sign_name(self._kind))
        self._picture.setPixmap(icons.pixmap(signals.PICTURES[self._kind], _SIGN, theme.colours()._asdict()[level]))

    def _fit(self) -> None:
        """Where it is narrow the note and the link go first, then the detail; then what is to be done about it stands below."""
        self.verdict.setText(self._said)
        always = sum(widget.sizeHint().width() + 8 for widget in (self._picture, self.verdict, self.action, self.check, self.close_)
                     if widget in (self._picture, self.verdict) or widget.isVisibleTo(self)) + 14
        wide = self.width() >= max(_LINK_FROM, always + self.link.sizeHint().width() + self.note.sizeHint().width() + 80)
        self.note.setVisible(wide and bool(self.note.text()) and (self._kind is Kind.OK or self.check.isVisibleTo(self)))
        self.link.setVisible(wide and bool(self.link.text()))
        self.action.setVisible(bool(self.action.text()))
        stacked = self.width() < always and self.action.isVisibleTo(self)
        self._stack(stacked)
        detailed = self.width() >= (always - self.action.sizeHint().width() + _SOME if stacked else max(_DETAIL_FROM, always + 40))
        self.detail.setVisible(detailed)
        self.verdict.setText(self._said if detailed else self._said.rstrip(":："))
        self.verdict.setToolTip(words.tip(f"{self._said} {self.detail.text}"))

    def _stack(self, stacked: bool) -> None:
        if stacked != (self._below.indexOf(self.action) >= 0):
            if stacked:
                self._below.insertWidget(1, self.action)
            else:
                self._line.insertWidget(self._line.indexOf(self.close_), self.action)
            self.setFixedHeight(HEIGHT + LINE if stacked else HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
