"""The commands that compare files, and those that ask whether one would load: from the menus to the session and the page."""
from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from inspector import core
from inspector.gui.kit.settings import Settings
from inspector.gui.state.session import Compared, Session
from inspector.gui.state.tasks import Tasks

from .drops import refuse_drops
from .menus import Menus
from .opening import Choose, Opener

if TYPE_CHECKING:                   # loaded when they are first asked for
    from inspector.gui.comparison.page import ComparePage
    from inspector.gui.dialogs.doctor import Doctor


PAGE_COMMANDS = ("next-change", "previous-change", "push-to-b", "push-to-a", "compare-base", "swap-sides", "pair-details", "ruler")


class CompareCommands(QObject):
    """The page of the comparison is one of `pages`, made when it is first needed, which spares the start; `files` is the one to go
    back to."""

    shown_changed = Signal()        # the comparison came to the front, or left it
    said = Signal()                 # its `sentence` is another
    known_changed = Signal()        # what is known of it
    left = Signal()                 # back to the files

    def __init__(self, window: QWidget, session: Session, tasks: Tasks, opener: Opener, menus: Menus, choose: Choose,
                 pages: QStackedWidget, files: QWidget, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._session, self._tasks, self._opener = window, session, tasks, opener
        self._menus, self._settings = menus, settings
        self._pages, self._files, self._choose = pages, files, choose
        self._page: ComparePage | None = None
        self._begun: ComparePage | None = None          # one that nobody asked for yet
        for name, run in (("compare", self.compare), ("compare-with", self.compare_with_file), ("against", self.check_against),
                          ("doctor", self.explain_error),
                          ("next-change", lambda: self.page.go_to_change()),
                          ("previous-change", lambda: self.page.go_to_change(backwards=True)),
                          ("push-to-b", lambda: self.page.push(1)), ("push-to-a", lambda: self.page.push(0)),
                          ("compare-base", self.choose_base), ("swap-sides", lambda: self.page.sides.exchange()),
                          ("pair-details", lambda: self.page.toggle_details()),
                          ("compare-back", lambda: self.page.visits.back()), ("compare-forward", lambda: self.page.visits.forward())):
            menus.on(name, run)
        menus["ruler"].toggled.connect(self._show_ruler)
        session.compared_changed.connect(self._follow)

    @property
    def page(self) -> ComparePage:
        if self._page is None:
            page = self._begun or self._begin()
            page.make_all()
            self._take(page)
            return page
        return self._page

    def make_ahead(self) -> bool:
        """Makes what takes a few milliseconds of the page, before somebody asks for it. Whether there is more to be made."""
        if self._page is not None:
            return False
        if self._begun is None:
            self._begun = self._begin()
        elif not self._begun.make_part():
            self._take(self._begun)
            return False
        return True

    def _begin(self) -> ComparePage:
        from inspector.gui.comparison.page import ComparePage
        return ComparePage(self._session, self._tasks, self._settings, self._pages, in_turns=True)

    def _take(self, page: ComparePage) -> None:
        """One that stands."""
        self._page = page
        page.back_asked.connect(self.show_files)
        page.said.connect(self.said)
        page.said.connect(self._name_pushes)
        page.progress.changed.connect(self.known_changed)
        page.visits.changed.connect(self.enable)
        page.ruler.setVisible(self._menus["ruler"].isChecked())
        page.fit_asked.connect(self._check_into)
        self._pages.addWidget(page)
        refuse_drops(page)
        page.progress.follow()
        page.sides.refresh()

    @property
    def shown(self) -> bool:
        return self._page is not None and self._pages.currentWidget() is self._page

    @property
    def sentence(self) -> str:
        """What the line under the window says of it."""
        return self._page.sentence if self._page is not None else ""

    @property
    def judged(self) -> core.Comparison | None:
        """The comparison, once all is known of it."""
        return self._page.progress.judged if self._page is not None else None

    @property
    def held(self) -> core.ThreeWay | None:
        """Who changed what since the file that both come from, once that is known of what was judged."""
        return self._page.held.current if self._page is not None else None

    def enable(self) -> None:
        """The commands that are about what it shows."""
        self._name_pushes()
        for name in PAGE_COMMANDS:
            self._menus[name].setEnabled(self.shown)
        visits = self._page.visits if self._page is not None and self.shown else None
        self._menus["compare-back"].setEnabled(visits is not None and visits.can_go_back)
        self._menus["compare-forward"].setEnabled(visits is not None and visits.can_go_forward)

    def _name_pushes(self) -> None:
        """What the other file has not goes, and that is what it is called."""
        drops = self.page.drops if self.shown else (False, False)
        self._menus["push-to-a"].setText(self.tr("Drop from &A") if drops[0] else self.tr("Take B's into &A"))
        self._menus["push-to-b"].setText(self.tr("Drop from &B") if drops[1] else self.tr("Take A's into &B"))

    def _show_ruler(self, on: bool) -> None:
        self.page.ruler.setVisible(on)

    # -- comparing

    def compare(self) -> None:
        """Shows the comparison there is, or goes back from it; or begins one: of the only two files, of the selected one with the
        one opened last, or with one that is still to be chosen."""
        ids, selected = [document.id for document in self._session.documents], self._session.selected_document
        if self.shown:
            self.show_files()
        elif self._session.compared is not None:
            self._follow()
        elif len(ids) == 2:
            self.compare_documents(*ids)
        elif selected is not None and len(ids) > 2:
            self.compare_documents(selected.id, next(id for id in reversed(ids) if id != selected.id))
        else:
            self.compare_with_file()

    def compare_with_file(self) -> None:
        selected = self._session.selected_document
        if selected is not None:
            self.compare_documents(selected.id, 0)

    def choose_base(self) -> None:
        """The file that both come from, which is opened where it is not yet."""
        def chosen(paths: list[str]) -> None:
            self._opener.open(paths[:1])
            found, compared = self._opener.find(paths[0]), self._session.compared
            if found is not None and compared is not None and found.id not in compared.ids:
                self.page.notice.clear()
                self._session.compare(compared._replace(base=found.id))

        self._choose(False, chosen)

    def compare_documents(self, a: int, b: int) -> None:
        """`b` is 0 for a file that is still to be chosen."""
        if b:
            self._session.compare(Compared(a, b))
            self._follow()
        else:
            self._choose(False, lambda paths: self._compare_with_path(a, paths[0]))

    def compare_paths(self, paths: list[str]) -> None:
        """Opens what is not open yet: two files are compared with each other, one with the selected file."""
        selected = self._session.selected_document
        if len(paths) == 1 and selected is not None:
            self._compare_with_path(selected.id, paths[0])
            return
        self._opener.open(paths)
        opened = [self._opener.find(path) for path in paths]
        if len(opened) == 2 and opened[0] is not None and opened[1] is not None:
            self.compare_documents(opened[0].id, opened[1].id)

    def compare_with_another(self, path: str) -> None:
        """Asks for the file that the one at `path` is to be compared with."""
        self._choose(False, lambda paths: self.compare_paths([path, paths[0]]))

    def show_files(self) -> None:
        """Back from the comparison, which stays as it is."""
        if self.shown:
            self._pages.setCurrentWidget(self._files)
            self.shown_changed.emit()
            self.left.emit()

    def _compare_with_path(self, a: int, path: str) -> None:
        self._opener.open([path])
        opened = self._opener.find(path)
        if opened is not None and opened.id != a:
            self.compare_documents(a, opened.id)

    def _follow(self) -> None:
        """Shows what the session compares."""
        if self._session.compared is None:
            self.show_files()
            return
        self._pages.setCurrentWidget(self.page)
        self.page.view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.shown_changed.emit()

    # -- would it load?

    def explain_error(self) -> None:
        self._doctor().ask_error()

    def check_against(self) -> None:
        self._choose(False, lambda paths: self._doctor().check_against(paths[0]))

    def _check_into(self, id: int, model: int) -> None:
        document = self._session.document(model)
        if document is not None and document.checkpoint is not None:
            self._doctor(id).check_checkpoint(document.checkpoint)

    def _doctor(self, id: int | None = None) -> Doctor:
        from inspector.gui.dialogs.doctor import Doctor
        selected = self._session.selected_document
        made = Doctor(self._session, self._tasks, id if id is not None else selected.id if selected is not None else None, self._window)
        refuse_drops(made)
        return made
