"""The panels as tabs. A panel is loaded and made when its tab is first looked at, which spares the start most of the widgets.

Tabs for which there is no room are in a menu at the end of the row; the one that is shown always has its place.
"""
from __future__ import annotations

from functools import partial
from typing import cast

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QMenu, QTabBar, QTabWidget, QToolButton, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import theme, words
from inspector.gui.panels import PANELS, Panel
from inspector.gui.state import edit_words
from inspector.gui.state.session import Document, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.widgets.lazy_panel import SelectionPanel

from .drops import refuse_drops

NAMES = tuple(panel.name for panel in PANELS)
_BADGE = 18             # device-independent pixels
_APART = 7                      # pixels between it and the next tab, as the style has them
_LEFT = 12              # before the first tab


class PanelTabs(QTabWidget):
    """`menu_asked`: as of `SelectionPanel`."""

    menu_asked = Signal(int, str, QPoint)

    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bar = _Bar(self)
        self.setTabBar(self._bar)
        self.setDocumentMode(True)
        self.setAccessibleName(self.tr("Panels"))
        self._bar.setAccessibleName(self.tr("Panels"))
        self.more = QToolButton(self)
        self.more.setText("···")
        self.more.setAccessibleName(self.tr("More panels"))
        self.more.setToolTip(self.tr("More panels"))
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setProperty("bare", True)
        self._others = QMenu(self.more)
        self._others.aboutToShow.connect(self._list_others)
        self.more.setMenu(self._others)
        self.more.hide()
        self._arranged: object = None                   # for what the tabs have their places
        self.currentChanged.connect(self._arrange)
        self._fitted: tuple[int, int] = (0, 0)          # document, identity of its checkpoint
        self._fits = [panel.fits is None for panel in PANELS]
        for panel in PANELS:
            slot = _PanelSlot(panel, session, tasks)
            slot.panel_asked.connect(self.show_panel)
            slot.place_asked.connect(self.show_place)
            slot.menu_asked.connect(self.menu_asked)
            self.addTab(slot, panel.title())

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

    def make_ahead(self) -> bool:
        """Makes one of the panels that have a tab and were not looked at yet. Whether there are more."""
        slots = (self.widget(n) for n in range(self.count()) if self.isTabVisible(n))
        unmade = [slot for slot in slots if isinstance(slot, _PanelSlot) and slot.content is None]
        if unmade:
            unmade[0].make()
        return len(unmade) > 1

    def show_place(self, place: tuple[int, ...] | core.SearchTarget) -> None:
        """An element of the selected tensor among its values: that with the index, or the first that is so."""
        self.show_panel("values")
        values = self.panel("values")
        if isinstance(values, SelectionPanel):
            values.seek(place)

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
                self._arrange()
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
        made.setMinimumWidth(_BADGE + _APART)
        made.setAlignment(Qt.AlignmentFlag.AlignCenter)
        made.setToolTip(words.tip(said))
        bar.setTabButton(at, QTabBar.ButtonPosition.RightSide, made)
        self._arrange()

    @property
    def left_out(self) -> list[str]:
        """The panels whose tabs have no room."""
        return [NAMES[n] for n in sorted(self._bar.left_out)]

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "_arranged"):
            self._arranged = None
            self._arrange()

    def _arrange(self) -> None:
        """Tabs in their order as long as there is room, but first the one that is shown. Nothing is done for what was arranged already:
        whether the tabs must be slim is tried out, and each trial is styled, laid out and drawn."""
        bar, room = self._bar, self.width() - _LEFT
        shown = [n for n in range(self.count()) if self.isTabVisible(n)]
        badges = [bar.tabButton(n, QTabBar.ButtonPosition.RightSide) for n in shown]
        arranged = self.isVisible(), self.width(), self.currentIndex(), shown, badges
        if arranged == self._arranged:
            return
        self._arranged = arranged
        for slim in (False, True):
            bar.make_slim(slim)
            sizes = {n: bar.own_size(n).width() for n in shown}
            if sum(sizes.values()) <= room:
                break
        left_out: set[int] = set()
        if sum(sizes.values()) > room:
            room -= self.more.sizeHint().width() + sizes.get(self.currentIndex(), 0)
            for n in shown:
                if n != self.currentIndex():
                    room -= sizes[n]
                    left_out |= {n} if room < 0 else set()
        bar.leave_out(frozenset(left_out))
        self.more.setVisible(bool(left_out))
        hint = self.more.sizeHint()
        self.more.setGeometry(self.width() - hint.width(), 2, hint.width(), max(hint.height(), bar.sizeHint().height() - 4))

    def _list_others(self) -> None:
        self._others.clear()
        for n in sorted(self._bar.left_out):
            self._others.addAction(self.tabText(n), partial(self.setCurrentIndex, n))

    def fit(self, document: Document | None) -> dict[str, bool]:
        """Shows the tabs of the panels that have something to say about `document`, and gives for each panel whether it has. While
        a file is on its way, the tabs stay as they are."""
        ckpt = document.checkpoint if document is not None else None
        if document is not None and ckpt is not None and self._fitted != (document.id, id(ckpt)):
            self._fitted = document.id, id(ckpt)
            self._fits = [panel.fits is None or panel.fits(ckpt) for panel in PANELS]
        for n, fits in enumerate(self._fits):
            self.setTabVisible(n, fits)
        self._arrange()
        return dict(zip(NAMES, self._fits, strict=True))


class _Bar(QTabBar):
    """`left_out` are tabs without room: they take none, and stay tabs for everybody else."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.left_out: frozenset[int] = frozenset()
        self.setUsesScrollButtons(False)

    def own_size(self, index: int) -> QSize:
        """How large a tab is where there is room."""
        return super().tabSizeHint(index)

    def tabSizeHint(self, index: int) -> QSize:
        return QSize(0, self.own_size(index).height()) if index in self.left_out else self.own_size(index)

    def minimumTabSizeHint(self, index: int) -> QSize:
        return self.tabSizeHint(index)

    def leave_out(self, tabs: frozenset[int]) -> None:
        for n in range(self.count()):
            badge = self.tabButton(n, QTabBar.ButtonPosition.RightSide)
            if badge is not None:               # one that came now is shown by Qt, and would lie over the tab before
                badge.setVisible(n not in tabs)
        if tabs == self.left_out:
            return
        self.left_out = tabs
        self._lay_out()

    def make_slim(self, slim: bool) -> None:
        """With less around the names."""
        if self.property("slim") != slim:
            self.setProperty("slim", slim)
            theme.repolish(self)
            self._lay_out()

    def _lay_out(self) -> None:
        self.setElideMode(Qt.TextElideMode.ElideNone)       # nothing else makes Qt lay the tabs out anew


class _PanelSlot(QWidget):
    """Where a panel will be."""

    panel_asked = Signal(str)
    place_asked = Signal(object)
    menu_asked = Signal(int, str, QPoint)

    def __init__(self, panel: Panel, session: Session, tasks: Tasks) -> None:
        super().__init__()
        self._panel, self._session, self._tasks = panel, session, tasks
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.content: QWidget | None = None

    def make(self) -> None:
        """The panel, if it is not there yet."""
        if self.content is None:
            self.content = self._panel.build(self._session, self._tasks, self)
            if isinstance(self.content, SelectionPanel):
                self.content.panel_asked.connect(self.panel_asked)
                self.content.place_asked.connect(self.place_asked)
                self.content.menu_asked.connect(self.menu_asked)
            self._column.addWidget(self.content)
            self.setFocusProxy(self.content)
            refuse_drops(self)

    def showEvent(self, event: QShowEvent) -> None:
        self.make()
        super().showEvent(event)
