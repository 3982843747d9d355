"""The panels as tabs. A panel is loaded and made when its tab is first looked at, which spares the start most of the widgets."""
from __future__ import annotations

from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QTabBar, QTabWidget, QVBoxLayout, QWidget

from inspector.gui.kit import words
from inspector.gui.panels import PANELS, Panel
from inspector.gui.state import edit_words
from inspector.gui.state.session import Document, Session
from inspector.gui.state.tasks import Tasks

from .drops import refuse_drops

NAMES = tuple(panel.name for panel in PANELS)
_BADGE = 18             # device-independent pixels


class PanelTabs(QTabWidget):
    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.setAccessibleName(self.tr("Panels"))
        self.tabBar().setAccessibleName(self.tr("Panels"))
        self._fitted: tuple[int, int] = (0, 0)          # document, identity of its checkpoint
        self._fits = [panel.fits is None for panel in PANELS]
        for panel in PANELS:
            self.addTab(_PanelSlot(panel, session, tasks), panel.title())

    @property
    def current(self) -> str:
        """The name of the panel that is shown."""
        return NAMES[self.currentIndex()]

    def panel(self, name: str) -> QWidget | None:
        """The panel `name`, once it was made."""
        place = self.widget(NAMES.index(name))
        return place.content if isinstance(place, _PanelSlot) else None

    def show_panel(self, name: str) -> None:
        """Brings a panel to the front; the first one, for a name that no panel has (any more)."""
        self.setCurrentIndex(NAMES.index(name) if name in NAMES else 0)

    def show_badges(self, findings: int, level: str, edits: int) -> None:
        """Counts on the tabs: findings of the worst level above notes, and edits that wait. 0 shows nothing."""
        said = words.level(level, findings) if findings else ""
        self._badge("overview", findings, level, said)
        self._badge("edits", edits, "info", edit_words.edits(edits) if edits else "")

    def _badge(self, name: str, n: int, level: str, said: str) -> None:
        at, bar = NAMES.index(name), self.tabBar()
        badge = bar.tabButton(at, QTabBar.ButtonPosition.RightSide)
        title = PANELS[at].title()
        bar.setAccessibleTabName(at, f"{title}, {said}" if n else title)
        if not n:
            if badge is not None:
                bar.setTabButton(at, QTabBar.ButtonPosition.RightSide, cast(QWidget, None))
                badge.deleteLater()
            return
        text = f"{n:,}" if n < 1000 else "999+"
        if isinstance(badge, QLabel) and (badge.text(), badge.property("level")) == (text, level):
            return
        if badge is not None:                   # the tab makes room for a button when it gets one
            badge.deleteLater()
        made = QLabel(text)
        made.setObjectName("badge")
        made.setProperty("level", level)
        made.setFixedHeight(_BADGE)
        made.setMinimumWidth(_BADGE)
        made.setAlignment(Qt.AlignmentFlag.AlignCenter)
        made.setToolTip(words.tip(said))
        bar.setTabButton(at, QTabBar.ButtonPosition.RightSide, made)

    def fit(self, document: Document | None) -> dict[str, bool]:
        """Shows the tabs of the panels that have something to say about `document`, and gives for each panel whether it has. While
        a file is on its way, the tabs stay as they are."""
        ckpt = document.checkpoint if document is not None else None
        if document is not None and ckpt is not None and self._fitted != (document.id, id(ckpt)):
            self._fitted = document.id, id(ckpt)
            self._fits = [panel.fits is None or panel.fits(ckpt) for panel in PANELS]
        for n, fits in enumerate(self._fits):
            self.setTabVisible(n, fits)
        return dict(zip(NAMES, self._fits, strict=True))


class _PanelSlot(QWidget):
    """Where a panel will be."""

    def __init__(self, panel: Panel, session: Session, tasks: Tasks) -> None:
        super().__init__()
        self._panel, self._session, self._tasks = panel, session, tasks
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.content: QWidget | None = None

    def showEvent(self, event: QShowEvent) -> None:
        if self.content is None:
            self.content = self._panel.build(self._session, self._tasks, self)
            self._column.addWidget(self.content)
            self.setFocusProxy(self.content)
            refuse_drops(self)
        super().showEvent(event)
