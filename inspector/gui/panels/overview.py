"""Overview: what the selected file, group, tensor or value is, at a glance. Totals are worked out in a task."""
from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from itertools import chain

from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import icons, theme, words
from inspector.gui.models.box_fills import Values
from inspector.gui.state import signals, suggested_edits
from inspector.gui.state.analysis import Analyses, Analysis, related
from inspector.gui.state.changes import Changes
from inspector.gui.state.looked_at import QUANTIZED
from inspector.gui.state.requests import Many, Phase, Request, Requests
from inspector.gui.state.session import Document, Selection, Session
from inspector.gui.state.tasks import Tasks
from inspector.gui.state.value_checks import ValueChecks
from inspector.gui.widgets import description, fact_boxes, texts
from inspector.gui.widgets.boxes import (
    Bar,
    Columns,
    FactBox,
    FindingBox,
    Fold,
    Prose,
    empty,
    facts,
    format_name,
    is_whole,
    label,
    tiles,
)
from inspector.gui.widgets.byte_map_box import ByteMapBox
from inspector.gui.widgets.finding_groups import Fix, GroupBox, NoteLine
from inspector.gui.widgets.lazy_panel import SelectionPanel
from inspector.gui.widgets.treemap_view import Places

BOXES_SHOWN = 3                 # of kinds of findings, before "Show more"
_FEW = 10_000                   # keys of findings that are put together on the spot
SHARED_SHOWN = 8                # storages of several tensors
TASK, MAP = "overview", "overview-map"
DEVICES_SHOWN = 3               # in the line about torch.load
KEPT = 64                       # totals that are kept
MAPS_KEPT = 6                   # maps: half a megabyte each at most
_AT_ONCE = 0.006                # seconds of a turn in which a page is made, box by box


class Overview(SelectionPanel):
    """`requests` add up the tensors of a file or a group, `maps` say where their bytes are. What is chosen in the map is selected, and the
    page stays."""

    def __init__(self, session: Session, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(session, tasks, parent)
        self.requests: Requests[core.Totals] = self.make_requests(TASK, keep=KEPT)
        self.maps: Requests[core.ByteBox] = self.make_requests(MAP, keep=MAPS_KEPT)
        self.map: ByteMapBox | None = None
        self._colouring = "kind"
        self._unfolded = False          # what the map says, too
        self._open: dict[int, set[tuple[str, str]]] = {}                # document -> kinds of findings that are unfolded, "" for all kinds
        self._inside: tuple[Selection, str] | None = None               # of a page, the group in its map that was gone into
        self._chosen: tuple[Selection, Selection] | None = None         # what was selected in the map, and of what the page is
        self._analyses = Analyses.shared(session, tasks)
        self._checks = ValueChecks.shared(session, tasks)
        self._signals = signals.Signals.shared(session, tasks)
        self._changes = Changes.shared(session)
        self._drawn: tuple[core.Checkpoint, Selection, core.PackedView | None] | None = None
        self.area = QScrollArea()
        self._made = self._new_page()
        self.area.setWidget(self._made)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setAccessibleName(self.tr("Overview"))
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusProxy(self.area)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.area)
        self.requests.changed.connect(self._answered)
        self.maps.changed.connect(self._mapped)
        self._news = QTimer(self)           # what came at once is drawn once, and not in the turn in which others take it in, too
        self._news.setSingleShot(True)
        self._news.timeout.connect(self._draw_news)
        self._boxes: Iterator[None] | None = None       # of a page, as far as they are not made yet
        self._making = QTimer(self)         # all boxes of a page at once take longer than a frame, and showing them does, too
        self._making.setSingleShot(True)
        self._making.timeout.connect(self._go_on_making)
        self._showing = QTimer(self)
        self._showing.setSingleShot(True)
        self._showing.timeout.connect(self._show_page)
        self._painting = QTimer(self)
        self._painting.setSingleShot(True)
        self._painting.timeout.connect(lambda: self.setUpdatesEnabled(True))
        self._scroll_to = 0
        self._analyses.ready.connect(self._analysis_ready)
        self._signals.changed.connect(self._analysis_ready)
        self._checks.changed.connect(self._values_came)
        self._checks.moved.connect(self._values_came)
        self._changes.changed.connect(self._values_came)
        theme.current().changed.connect(self._redraw)

    def follow(self) -> None:
        """Shows the session's selection, at once where nothing must be summed."""
        document, selection = self._session.selected_document, self._page
        if document is None or selection is None or document.checkpoint is None:
            self.let_go()
        elif self._drawn is None or self._drawn[0] is not document.checkpoint or self._drawn[1] != selection \
                or self._drawn[2] is not document.packed:
            self._draw(document, document.checkpoint, selection)
        elif self.map is not None:
            self._mark()

    @property
    def _page(self) -> Selection | None:
        """What the page is of: the selection, or what it was before something in its map was chosen."""
        selection = self._session.selection
        if self._chosen is not None and self._chosen[0] != selection:
            self._chosen = None
        return self._chosen[1] if self._chosen is not None else selection

    def let_go(self) -> None:
        super().let_go()
        self._drawn = self._chosen = self._inside = self._boxes = None
        self._making.stop()
        self._leave_map()
        empty(self._content)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._redraw()

    def _redraw(self) -> None:
        """The same anew."""
        self._drawn = None
        self.requests.ask(None)
        self.refresh()

    def _analysis_ready(self, id: int) -> None:
        """More is known of a file now."""
        selected = self._session.selected_document
        if selected is not None and selected.id == id and self._drawn is not None:
            self._news.start()

    def _draw_news(self) -> None:
        """Draws again with what is known by now; where the person was looking stays in sight."""
        if self._drawn is not None:
            at = self._scroll_to if self._unseen else self.area.verticalScrollBar().value()
            self._redraw()
            self._scroll_to = at
            if not self._unseen:
                self.area.verticalScrollBar().setValue(at)

    def _draw(self, document: Document, ckpt: core.Checkpoint, selection: Selection) -> None:
        tensor = ckpt.tensors.get(selection.prefix) if selection.keys == (selection.prefix,) else None
        if selection.value is not None and selection.value in ckpt.values:
            self.requests.ask(None)
            self._fill(lambda: self._value(selection.value or "", ckpt))
        elif (view := document.packed) is not None and (packed := view.one(selection.keys)) is not None and packed.scheme != QUANTIZED:
            self.requests.ask(None)
            self._fill(lambda: self._packed(packed, ckpt, document))
        elif tensor is not None:
            self.requests.ask(None)
            self._fill(lambda: self._tensor(tensor, ckpt, document))
        else:
            self._group(ckpt, selection)

    def _fill(self, build: Callable[[], Iterator[None] | None]) -> None:
        """`build` makes the page, or gives what makes it box by box, in as many turns as that takes."""
        document, selection = self._session.selected_document, self._page
        if document is not None and document.checkpoint is not None and selection is not None:
            self._drawn = (document.checkpoint, selection, document.packed)
        self._news.stop()
        self._painting.stop()
        self.setUpdatesEnabled(False)
        self._leave_map()
        focused, page = self.focusWidget(), self.area.widget()
        if focused is not None and page is not None and focused.hasFocus() and page.isAncestorOf(focused):
            self.area.setFocus(Qt.FocusReason.OtherFocusReason)         # and not whatever comes next in the window
        self._made.hide()
        self._made.deleteLater()            # where it is: in another place, every word of it would be polished once more
        self._made = self._new_page()
        self._scroll_to = 0
        self._showing.stop()
        self._boxes = build()
        if self._boxes is None:
            self._making.stop()
            self._content.addStretch(1)
            self._showing.start()
        else:
            self._making.start()

    def _go_on_making(self) -> None:
        """Some boxes, or what is left to do once there are all: finding places for them takes as long as showing them there."""
        until = time.perf_counter() + _AT_ONCE
        if self._boxes is None:
            self._content.addStretch(1)
            self._made.resize(self.area.viewport().width(), self._made.height())
            self._content.activate()
            self._showing.start()
            return
        if all(time.perf_counter() < until for _ in self._boxes):
            self._boxes = None
        self._making.start()

    @property
    def _unseen(self) -> bool:
        """Whether there is a page that is not on show yet."""
        return self._making.isActive() or self._showing.isActive()

    @property
    def is_settled(self) -> bool:
        """Whether the page shows what is known, and is on show."""
        return not self._unseen and not self._news.isActive() and not self._painting.isActive()

    def _leave_map(self) -> None:
        if self.map is not None:
            self.map.view.let_go()
            self.map = None

    def _new_page(self) -> QWidget:
        """To be filled before it is put where it can be seen: until then Qt lays nothing out for it."""
        page = QWidget(self.area.viewport())        # in another place, every word of it would be polished once more
        page.hide()
        page.setObjectName("page")
        self._content = QVBoxLayout(page)
        self._content.setContentsMargins(20, 18, 20, 22)
        self._content.setSpacing(14)
        return page

    def _show_page(self) -> None:
        """What was filled, in the place of what stood there. Boxes side by side find their columns by the width that they have now, and
        Qt lays them out anew before the next turn, in which the page is painted."""
        self.area.setWidget(self._made)
        self._made.show()
        self.area.verticalScrollBar().setValue(self._scroll_to)
        self._painting.start()

    # -- file and group

    def _group(self, ckpt: core.Checkpoint, selection: Selection) -> None:
        prefix, keys = selection.prefix, () if is_whole(selection, ckpt) else selection.keys
        self.requests.ask(Request(ckpt, (prefix, Many(keys)), lambda monitor: core.totals(ckpt, prefix, keys, monitor),
                                  label=self.tr("Adding up tensors")))

    def _answered(self) -> None:
        document, selection, found = self._session.selected_document, self._page, self.requests.result
        if self.requests.phase is Phase.DONE and found is not None and document is not None and selection is not None:
            ckpt = document.checkpoint
            if ckpt is not None and self.requests.request is not None and self.requests.request.source is ckpt:
                self._fill(lambda: self._show_totals(found, ckpt, selection, document))

    def _show_totals(self, found: core.Totals, ckpt: core.Checkpoint, selection: Selection, document: Document) -> Iterator[None]:
        whole = is_whole(selection, ckpt)
        known = self._analyses.of(document) if whole else None
        if whole:
            name = core.file_name(document.path)
            said = description.sentence(known.about) if known is not None else self._sentence(ckpt, found)
            self._head("archive" if ckpt.pickles or ckpt.members else "file", name, document.path, said,
                       self._torch_line(ckpt, known.torch_load) if known is not None else "")
        elif selection.prefix:
            said = self._group_sentence(ckpt, selection.prefix, found)
            self._head("group", selection.prefix, selection.prefix, said)
        else:
            self._head("group", self.tr("{tensors} selected").format(tensors=words.tensors(found.tensors)),
                       lambda: "\n".join(selection.keys),
                       self.tr("Tensors from different parts of {file}.").format(file=core.visible(core.file_name(document.path), 80)))
        yield
        numbers = self._numbers(ckpt, found, selection, document.packed)
        if known is not None and known.experts is not None:
            numbers.insert(2, self._experts(known.experts))
            if known.experts.active is not None:
                caption, many, remark = numbers[1]
                active = self.tr("{n} active").format(n=words.many(known.experts.active))
                numbers[1] = caption, many, f"{active} {remark}".rstrip()
        self._content.addWidget(tiles(numbers))
        yield
        shown: dict[str, Callable[[], None]] = {}
        if whole:
            shown = yield from self._findings(ckpt, document)
        if whole and not found.tensors:
            self._content.addWidget(label(self.tr("No tensors in this file."), tone="muted"))
        if found.tensors > 1 and found.logical:
            self._show_map_box(ckpt, selection, core.visible(core.file_name(document.path), 60) if whole else "")
            yield
        if whole and known is not None and known.sizes.stored:
            self._content.addWidget(fact_boxes.bytes_box(known.sizes, shown.get("oversized-storage"), known.dropped))
            yield
        yield from self._breakdowns(ckpt, found, selection, document.id)
        if whole:
            if known is not None:
                self._shared(known, ckpt, document.id)
                yield
            self._metadata(ckpt)
            yield
            self._facts(ckpt, found)

    def _torch_line(self, ckpt: core.Checkpoint, told: core.LoadsWithTorch) -> str:
        """Whether torch.load takes the file, where no finding says it already."""
        if any(finding.id == "weights-only" for finding in ckpt.findings):
            return ""
        if told.weights_only and told.devices:
            return self.tr("torch.load takes it with weights_only=True, and with map_location=\"cpu\" where there is no {devices}.").format(
                devices=core.visible(", ".join(told.devices[:DEVICES_SHOWN]) + (", …" if len(told.devices) > DEVICES_SHOWN else ""), 120))
        if told.weights_only:
            return self.tr("torch.load takes it as it is, with weights_only=True.")
        return words.said(told.sentence(), 400)

    def _head(self, picture: str, name: str, raw: str | Callable[[], str], sentence: str, more: str = "") -> None:
        """`raw` is what is copied; a function gives what is too much to be put together for nothing."""
        row = QHBoxLayout()
        row.setSpacing(13)
        drawn = QLabel()
        drawn.setPixmap(icons.pixmap(picture, 30, theme.colours().accent))
        drawn.setAccessibleName({"archive": self.tr("File"), "tensor": self.tr("Tensor"), "value": self.tr("Value")}.get(
            picture, self.tr("Group")))
        row.addWidget(drawn, 0, Qt.AlignmentFlag.AlignTop)
        text = QVBoxLayout()
        text.setSpacing(4)
        title = Prose(core.visible(name), self.tr("Name"), strong=True, scale=1.3)
        text.addWidget(title)
        text.addWidget(Prose(sentence, self.tr("What it is"), tone="muted"))
        if more:
            text.addWidget(Prose(more, self.tr("Whether torch.load takes it"), tone="muted"))
        row.addLayout(text, 1)
        copy = QPushButton()
        icons.put(copy, "copy")
        copy.setProperty("link", True)
        copy.setAccessibleName(self.tr("Copy name"))
        copy.setToolTip(self.tr("Copy the path") if raw != name else self.tr("Copy the key"))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(raw if isinstance(raw, str) else raw()))
        row.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
        self._content.addLayout(row)

    def _sentence(self, ckpt: core.Checkpoint, found: core.Totals) -> str:
        """Until more is known."""
        return {
            "state-dict": self.tr("A state dict: the weights of a model, key by key."),
            "training-checkpoint": self.tr("A training checkpoint: weights together with what is needed to go on training."),
            "module": self.tr("A whole model saved with its class. The class is not needed to look inside; nothing of it is run."),
            "torchscript": self.tr("A TorchScript program with its weights."),
            "tensor": self.tr("A tensor saved by itself."),
        }.get(ckpt.kind, self.tr("Saved Python data.") if not found.tensors else self.tr("Tensors in a structure of their own."))

    def _group_sentence(self, ckpt: core.Checkpoint, prefix: str, found: core.Totals) -> str:
        said = self.tr("{tensors}, {values}.").format(tensors=words.tensors(found.tensors), values=words.values(found.values)) \
            if found.values else self.tr("{tensors}.").format(tensors=words.tensors(found.tensors))
        if prefix in ckpt.state_dicts:
            return self.tr("A state dict with {what}").format(what=said)
        return self.tr("A group of keys with {what}").format(what=said)

    def _numbers(self, ckpt: core.Checkpoint, found: core.Totals, selection: Selection,
                 view: core.PackedView | None) -> list[tuple[str, str, str]]:
        whole = is_whole(selection, ckpt)
        tensors = view.count(ckpt.tensors if whole else selection.keys) if view is not None else found.tensors
        count, in_all = f"{tensors:,}", words.many(found.parameters)
        extra = self.tr("+ {n} optimizer").format(n=words.many(found.optimizer)) \
            if found.optimizer and found.parameters else ""
        if found.optimizer and not found.parameters:
            in_all = words.many(found.optimizer)
        if found.partial:
            in_all = words.at_least(in_all)
        if found.bits_per_weight is not None:
            packed = self.tr("{n} bits a packed weight").format(n=f"{found.bits_per_weight:.3g}")
            extra = f"{packed} {extra}".rstrip()
        remarks = [*([self.tr("{n} stored").format(n=f"{found.tensors:,}")] if tensors != found.tensors else []),
                   *([words.values(found.values)] if found.values else [])]
        stored = words.size(found.stored)
        shared = self.tr("{size} stored").format(size=stored) if stored != words.size(found.logical) else ""
        # of a file that is cut short, compressed or edited, a part may be more than all of it
        last = (self.tr("File"), words.size(ckpt.nbytes), "") if whole or found.stored > ckpt.nbytes else \
            (self.tr("Share of file"), words.share(found.stored, ckpt.nbytes), "")
        return [(self.tr("Tensors"), count, " · ".join(remarks)), (self.tr("Parameters"), in_all, extra),
                (self.tr("Tensor bytes"), words.size(found.logical), shared), last]

    def _experts(self, found: core.Experts) -> tuple[str, str, str]:
        """How many there are, and how many of them work on a token, where that is known."""
        said = [self.tr("in {n} layers").format(n=f"{found.layers:,}")] if found.layers > 1 else []
        if found.top_k is not None:
            said.append(self.tr("{k} on a token ({source})").format(k=found.top_k, source=core.visible(found.source, 60)))
        return self.tr("Experts"), f"{found.number:,}", ", ".join(said)

    def _fix(self, group: core.FindingGroup, document: Document, offered: set[tuple[core.Edit, ...]]) -> Fix | None:
        """The button on findings of one kind: what ends the first of them that can be ended, once on the page."""
        known = self._analyses.fixes(document)
        for finding in group.findings:
            fixes = known.get(finding, ())
            if fixes and fixes not in offered:
                offered.add(fixes)
                return suggested_edits.text_of(finding, fixes), partial(self._session.add_edits, document.id, fixes)
        return None

    def _findings(self, ckpt: core.Checkpoint, document: Document) -> Generator[None, None, dict[str, Callable[[], None]]]:
        """Gives what brings the findings of each id into sight."""
        known = self._signals.of(document)
        few = sum(len(finding.keys) for finding in ckpt.findings) <= _FEW
        groups = known.groups if known is not None else core.grouped_findings(ckpt.findings) if few else ()
        only_notes = all(group.level == "info" for group in groups)
        calm = self._calm(ckpt, document) if only_notes else []
        if calm:
            box = FactBox(self.tr("No problem found"))
            for text in calm:
                box.body.addLayout(_ticked(text))
            self._content.addWidget(box)
            yield
        if not groups:
            return {}
        opened = self._open.setdefault(document.id, set())
        boxes: dict[str, GroupBox | NoteLine] = {}
        offered: set[tuple[core.Edit, ...]] = set()
        places = QPushButton(words.places(known.places if known is not None else core.count_places(groups)))
        card = FactBox(words.level("info", len(groups)) if only_notes else words.findings(len(groups)), *self._counts(groups, places))

        def put(some: Sequence[core.FindingGroup]) -> None:
            for group in some:
                kind, fix = (group.id, group.level), self._fix(group, document, offered)
                first = fix is not None and not any(isinstance(other, GroupBox) and other.fix for other in boxes.values())
                box = NoteLine(group, fix, unfolded=kind in opened) if group.level == "info" else \
                    GroupBox(group, fix, primary=first, unfolded=kind in opened)
                box.turned.connect(partial(_keep, opened, kind))
                box.place_chosen.connect(partial(self._select_place, document.id))
                boxes.setdefault(group.id, box)
                card.body.addWidget(box)

        for group in groups[:BOXES_SHOWN]:
            put((group,))
            yield
        rest = groups[BOXES_SHOWN:]
        more = QPushButton(self.tr("Show {n} more").format(n=len(rest)))

        def show_rest() -> None:
            if not more.isHidden():
                more.hide()
                opened.add(_ALL_KINDS)
                put(rest)

        def show(id: str) -> None:
            if id not in boxes:
                show_rest()
            boxes[id].unfold(True)
            QTimer.singleShot(0, boxes[id], lambda: self.area.ensureWidgetVisible(boxes[id]))         # once it has its place

        def show_places() -> None:
            show_rest()
            unfold = not all((group.id, group.level) in opened for group in groups)
            for box in card.findChildren(GroupBox) + card.findChildren(NoteLine):
                if not isinstance(box.parent(), NoteLine):
                    box.unfold(unfold)

        more.setProperty("link", True)
        more.setAccessibleName(more.text())
        more.clicked.connect(show_rest)
        places.clicked.connect(show_places)
        card.body.addWidget(more)
        more.setVisible(bool(rest))
        self._content.addWidget(card)
        if rest and _ALL_KINDS in opened:
            show_rest()
        return {group.id: partial(show, group.id) for group in groups}

    def _counts(self, groups: Sequence[core.FindingGroup], places: QPushButton) -> list[QWidget]:
        """How many of each level, and in how many places, which a click lists."""
        counts = {level: sum(group.level == level for group in groups) for level in reversed(core.LEVELS)}
        said = [words.level(level, n) for level, n in counts.items() if n]
        places.setProperty("link", True)
        places.setAccessibleName(self.tr("{places}, list all").format(places=places.text()))
        if all(len(group.places) <= 1 for group in groups):
            places.hide()
        return [*([label(" · ".join(said), tone="muted")] if len(said) > 1 else []), places]

    def _select_place(self, document: int, place: str) -> None:
        """The row of a key, a value or a group; what is no key but an offset in a file has none."""
        found = self._session.document(document)
        ckpt = found.checkpoint if found is not None else None
        if ckpt is None or not place:
            return
        if place in ckpt.values and place not in ckpt.tensors:
            self._session.select(Selection(document, place, (), place))
        elif place in ckpt.tensors or any(key.startswith(f"{place}.") for key in chain(ckpt.tensors, ckpt.values)):
            self._select_group(document, place)

    def _calm(self, ckpt: core.Checkpoint, document: Document) -> list[str]:
        """What was looked at and is well, where nothing is the matter with the file."""
        found, checked = self._signals.of(document), self._checks.of(document)
        if found is None or found.worst is None or found.worst.kind is not signals.Kind.OK:
            return []
        said = [self.tr("Only tensors and plain values: loads with weights_only=True") if ckpt.pickles
                else self.tr("Holds no code: tensors and texts only"),
                self.tr("Every tensor has its place in the file")]
        if checked is not None and checked.is_complete and checked.finite:
            said.append(self.tr("No NaN, no infinity ({n} of {all} tensors read)").format(n=f"{checked.read:,}", all=f"{checked.of:,}"))
        if not any(finding.id == "saved-on-gpu" for finding in ckpt.findings):
            said.append(self.tr("No device tags but the cpu's: loads on any computer"))
        return said

    # -- where the bytes are

    def _show_map_box(self, ckpt: core.Checkpoint, selection: Selection, name: str) -> None:
        top = selection.prefix
        self.map = ByteMapBox(ckpt.path, top, name or core.leaf_of(top) or self.tr("Selected tensors"), self._colouring,
                              self._values)
        self.map.chosen.connect(self._choose)
        self.map.opened.connect(lambda key: self._session.select(Selection(selection.document, key, (key,))))
        self.map.entered.connect(self._go_into)
        self.map.coloured.connect(self._remember_colouring)
        self.map.measured.connect(partial(self.panel_asked.emit, "statistics"))
        self.map.menu_asked.connect(partial(self.menu_asked.emit, selection.document))
        self.map.read_asked.connect(partial(self._checks.ask, selection.document))
        self.map.view.elsewhere = partial(self._lay_map_out, weakref.ref(self.map))       # which it must not hold
        self._content.addWidget(self.map)
        self._ask_map(ckpt, selection, self._inside[1] if self._inside is not None and self._inside[0] == selection else top)

    def _values(self, how: str) -> Values | None:
        """What is known of the values of the file, by the keys that it has now."""
        document = self._session.selected_document
        ckpt = document.checkpoint if document is not None else None
        if document is None or ckpt is None:
            return None
        if how == "change":
            found = self._changes.of(document)
            return Values(found.by_key.get, len(found.by_key), len(found.by_key)) if found is not None else None
        known, original = self._checks.measured(document), document.original
        if known is None or original is None:
            return None
        look: Callable[[str], float | None] = known.std if how == "std" else known.nonfinite
        return Values(look if ckpt is original else lambda key: look(origin) if (origin := _origin(ckpt, key)) is not None else None,
                      known.read, known.of, original.nbytes, known.at_work)

    def _values_came(self, id: int | None = None) -> None:
        selected = self._session.selected_document
        if self.map is not None and selected is not None and id in (None, selected.id):
            self.map.show_values()

    def _remember_colouring(self, name: str) -> None:
        self._colouring = name

    def _go_into(self, path: str) -> None:
        document, page = self._session.selected_document, self._page
        if document is not None and document.checkpoint is not None and page is not None:
            self._ask_map(document.checkpoint, page, path)

    def _ask_map(self, ckpt: core.Checkpoint, selection: Selection, path: str) -> None:
        self._inside = selection, path
        of = () if is_whole(selection, ckpt) else selection.keys
        head = core.under(path)

        def work(monitor: core.Monitor) -> core.ByteBox:
            inside = tuple(key for key in of or ckpt.tensors if key.startswith(head)) if head else of
            return core.byte_map(ckpt, path, inside, types=_types(ckpt, monitor), monitor=monitor)

        request = Request(ckpt, (path, Many(of)), work, label=self.tr("Looking where the bytes are"))
        if request.is_same(self.maps.request):
            self._mapped()              # nothing changes, and so nothing is told
        else:
            self.maps.ask(request)

    def _lay_map_out(self, box: weakref.ref[ByteMapBox], work: Callable[[core.Monitor], Places], take: Callable[[Places], None]) -> None:
        """In a worker: two thousand boxes take as long as a frame."""
        def done(places: Places) -> None:
            if box() is self.map:                 # it may have gone with its page
                take(places)

        self._tasks.start("overview-places", work, on_done=done)

    def _mapped(self) -> None:
        if self.map is not None and self.maps.phase is Phase.DONE and self.maps.result is not None:
            self.map.show_map(self.maps.result)
            self._mark()

    def _mark(self) -> None:
        selection = self._session.selection
        if self.map is not None and selection is not None:
            self.map.view.mark(selection.prefix)

    def _choose(self, path: str) -> None:
        """A box of the map: it is selected, and the page stays."""
        page, document = self._page, self._session.selected_document
        if page is None or document is None or document.checkpoint is None:
            return
        ckpt, head = document.checkpoint, core.under(path)
        keys = (path,) if path in ckpt.tensors else tuple(key for key in ckpt.tensors if key.startswith(head))
        wanted = Selection(document.id, path, keys)
        self._chosen = (wanted, page) if wanted != page else None
        self._session.select(wanted)

    def _breakdowns(self, ckpt: core.Checkpoint, found: core.Totals, selection: Selection, document: int) -> Iterator[None]:
        if not found.tensors:
            return
        boxes: list[QWidget] = [Columns([self._shares(self.tr("Data types"), found.dtypes, found),
                                         self._shares(self.tr("Devices"), found.devices, found)], 240, 14)]
        yield
        if len(found.parts) > 1:
            boxes.append(self._parts(found, selection, document, ckpt))
            yield
        if len(found.largest) > 1:
            boxes.append(self._largest(found, document))
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        for box in boxes:
            column.addWidget(box)
        titles = [self.tr("Data types"), self.tr("Devices"), *([self.tr("Parts")] if len(found.parts) > 1 else []),
                  *([self.tr("Largest tensors")] if len(found.largest) > 1 else [])]
        fold = Fold(" · ".join(titles), inside, self._unfolded or self.map is None)
        fold.toggled.connect(self._remember_fold)
        self._content.addWidget(fold)
        yield

    def _remember_fold(self, unfolded: bool) -> None:
        self._unfolded = unfolded

    def _shares(self, title: str, shares: tuple[core.Subtotal, ...], found: core.Totals) -> FactBox:
        box = FactBox(title)
        series = theme.colours().series
        for n, entry in enumerate(shares):
            box.body.addWidget(self._bar(entry, found, series[n % len(series)], self.tr("not stored")))
        box.body.addStretch(1)
        return box

    def _bar(self, entry: core.Subtotal, found: core.Totals, colour: str, nameless: str,
             on_click: Callable[[], object] | None = None) -> Bar:
        name = self.tr("others") if entry.name is None else core.visible(entry.name) or nameless
        said = f"{words.size(entry.nbytes)} · {words.share(entry.nbytes, found.logical)}".rstrip(" ·")
        return Bar(name, said, entry.nbytes / found.logical if found.logical else 0, remark=words.tensors(entry.tensors),
                   colour=colour, on_click=on_click)

    def _parts(self, found: core.Totals, selection: Selection, document: int, ckpt: core.Checkpoint) -> FactBox:
        box = FactBox(self.tr("Parts"))
        colour = theme.colours().accent
        for entry in found.parts:
            go = partial(self._select_group, document, core.join(selection.prefix, entry.name)) if entry.name else None
            box.body.addWidget(self._bar(entry, found, colour, self.tr("(empty name)"), go))
        return box

    def _largest(self, found: core.Totals, document: int) -> FactBox:
        box = FactBox(self.tr("Largest tensors"))
        top = found.largest[0].nbytes
        for tensor in found.largest:
            key = tensor.key
            said = f"{words.size(tensor.nbytes)} · {words.share(tensor.nbytes, found.logical)}"
            box.body.addWidget(Bar(core.visible(key), said, tensor.nbytes / top, remark=words.shape(tensor.shape), raw=key,
                                    on_click=partial(self._session.select, Selection(document, key, (key,)))))
        return box

    def _select_group(self, document: int, key: str) -> None:
        found = self._session.document(document)
        if found is None or found.checkpoint is None:
            return
        ckpt, head = found.checkpoint, f"{key}."
        if key in ckpt.tensors:
            self._session.select(Selection(document, key, (key,)))
        else:
            self._session.select(Selection(document, key, tuple(k for k in ckpt.tensors if k.startswith(head))))

    def _shared(self, known: Analysis, ckpt: core.Checkpoint, document: int) -> None:
        """The storages that several tensors lie in; a click leads to the first of them, whose page lists the others."""
        if not known.sharing:
            return
        groups = sorted(known.sharing.items(), key=lambda item: -(ckpt.storages[item[0]].nbytes if item[0] in ckpt.storages else 0))
        box = FactBox(self.tr("Shared storages"), label(f"{len(groups):,}", tone="muted"))
        for id, keys in groups[:SHARED_SHOWN]:
            nbytes = ckpt.storages[id].nbytes if id in ckpt.storages else 0
            names = " = ".join(core.visible(key, 60) for key in keys[:2]) + (" = …" if len(keys) > 2 else "")
            box.body.addWidget(Bar(names, words.size(nbytes), None, remark=words.tensors(len(keys)), raw="\n".join(keys),
                                    on_click=partial(self._session.select, Selection(document, keys[0], (keys[0],)))))
        if len(groups) > SHARED_SHOWN:
            box.body.addWidget(label(self.tr("{n} more").format(n=f"{len(groups) - SHARED_SHOWN:,}"), tone="muted"))
        self._content.addWidget(box)

    def _metadata(self, ckpt: core.Checkpoint) -> None:
        if not ckpt.metadata:
            return
        box = FactBox(self.tr("Metadata"), label("__metadata__", tone="muted"))
        if len(ckpt.metadata) <= 12 and all(len(text) <= 400 for text in ckpt.metadata.values()):
            box.body.addLayout(facts((core.visible(name, 60), core.visible(text, 400) or "“”")
                                      for name, text in ckpt.metadata.items()))
        else:
            box.body.addWidget(texts.table_of(ckpt.metadata, self.tr("Name"), self.tr("Text")))
        self._content.addWidget(box)

    def _facts(self, ckpt: core.Checkpoint, found: core.Totals) -> None:
        box = FactBox(self.tr("File"))
        container = [(core.visible(name, 60).replace("_", " ").capitalize(), core.visible(text))
                     for name, text in ckpt.facts.items()]
        box.body.addLayout(facts([
            (self.tr("Format"), format_name(ckpt.format)),
            (self.tr("Kind"), ckpt.kind.replace("-", " ")),
            *container,
            (self.tr("Size"), words.exact_size(ckpt.nbytes)),
            (self.tr("Tensors"), self.tr("{tensors}, {size} of elements, {stored} stored").format(
                tensors=words.tensors(found.tensors), size=words.size(found.logical), stored=words.size(found.stored))),
            (self.tr("Shared"), self.tr("{tensors} share a storage with another").format(tensors=words.tensors(found.sharing))
             if found.sharing else ""),
            (self.tr("Unreadable"), self.tr("The values of {tensors} cannot be had").format(tensors=words.tensors(found.broken))
             if found.broken else ""),
            (self.tr("State dicts"), ", ".join(core.visible(path, 60) or self.tr("the whole file")
                                               for path in ckpt.state_dicts[:12])),
            (self.tr("Path"), core.visible(ckpt.path, 1000)),
        ]))
        self._content.addWidget(box)

    # -- one tensor, one value

    def _tensor(self, tensor: core.TensorInfo, ckpt: core.Checkpoint, document: Document) -> None:
        sentence = self.tr("A tensor of {dtype} in {where}.").format(
            dtype=tensor.dtype, where=core.visible(tensor.state_dict, 80) or self.tr("the root state dict")) \
            if tensor.state_dict is not None else self.tr("A tensor of {dtype}.").format(dtype=tensor.dtype)
        known = self._analyses.of(document)
        parameter = known.parameter_of.get(tensor.key) if known is not None else None
        if parameter is not None:
            sentence += " " + self.tr("It is optimizer state of {parameter}.").format(parameter=core.visible(parameter, 200))
        self._head("tensor", tensor.key, tensor.key, sentence)
        if tensor.problem:
            self._content.addWidget(FindingBox(core.Finding("bad-tensor", "warning", "", tensor.problem,
                                                           self.tr("Everything else in the file can still be read."))))
        self._content.addWidget(tiles([
            (self.tr("Shape"), words.shape_of(tensor), ""),
            (self.tr("Elements"), words.many(tensor.numel), f"{tensor.numel:,}" if tensor.numel >= 10_000 else ""),
            (self.tr("Bytes"), words.size(tensor.nbytes), "" if tensor.nbytes > ckpt.nbytes else
             words.share(tensor.nbytes, ckpt.nbytes) + " " + self.tr("of file")),
        ]))
        box = FactBox(self.tr("Tensor"))
        yes, no = self.tr("yes"), self.tr("no")
        box.body.addLayout(facts([
            (self.tr("Data type"), tensor.dtype),
            (self.tr("Device"), core.visible(tensor.device) if tensor.device else self.tr("not stored in this format")),
            (self.tr("Size"), words.exact_size(tensor.nbytes)),
            (self.tr("Requires grad"), yes if tensor.requires_grad else no),
            (self.tr("Layout"), core.visible(tensor.layout) if tensor.layout != "strided" else ""),
            (self.tr("Stride"), ", ".join(map(str, tensor.stride[:32]))),
            (self.tr("Name in its state dict"), core.visible(tensor.name) if tensor.name != tensor.key else ""),
        ]))
        self._content.addWidget(box)
        found = related(tensor, ckpt, known) if known is not None else []
        if found:
            self._content.addWidget(fact_boxes.related_box(found, lambda key: self._session.select(Selection(document.id, key, (key,)))))

    def _packed(self, tensor: core.LogicalTensor, ckpt: core.Checkpoint, document: Document) -> None:
        infos = [(key, ckpt.tensors[key]) for key in dict.fromkeys(tensor.parts.values()) if key in ckpt.tensors]
        self._head("box", tensor.name, tensor.name, (
            self.tr("A packed tensor, {how}: {n} that stand for one.") if len(infos) > 1 else self.tr("A packed tensor, {how}.")).format(
                how=core.visible(tensor.words, 80), n=words.tensors(len(infos))))
        nbytes = sum(info.nbytes for _, info in infos)
        each = self.tr("{bits} bits a weight").format(bits=f"{tensor.bits_per_weight:.3g}") if tensor.bits_per_weight is not None else ""
        self._content.addWidget(tiles([
            (self.tr("Shape"), words.shape(tensor.shape), core.visible(tensor.dtype, 40)),
            (self.tr("Elements"), words.many(tensor.numel), f"{tensor.numel:,}" if tensor.numel >= 10_000 else ""),
            (self.tr("Bytes"), words.size(nbytes), each)]))
        parts = [(role, ckpt.tensors[key]) for role, key in tensor.parts.items() if key in ckpt.tensors]
        self._content.addWidget(fact_boxes.parts_box(parts))
        dtype = tensor.dtype if tensor.dtype in ("float16", "bfloat16", "float32") else "bfloat16"
        if not set("*?[]{}") & set(tensor.name) and not tensor.is_adapter:
            unpack = QPushButton(self.tr("Unpack to {dtype}").format(dtype=dtype))
            unpack.clicked.connect(lambda: self._session.add_edits(document.id, [core.Dequantize(dtype, tensor.name)]))
            self._content.addWidget(unpack, 0, Qt.AlignmentFlag.AlignLeft)

    def _value(self, key: str, ckpt: core.Checkpoint) -> None:
        value = ckpt.values[key]
        self._head("value", key, key, self.tr("A value of type {type}.").format(type=core.visible(core.type_name(value))))
        self._content.addWidget(texts.value_box(value))


def _origin(ckpt: core.Checkpoint, key: str) -> str | None:
    """What a tensor is called in the file, where its elements are those of the file."""
    if ckpt.edited is None:
        return key
    info = ckpt.tensors.get(key)
    return ckpt.edited.origin.get(key) if info is not None and info.read_from is None else None


def _types(ckpt: core.Checkpoint, monitor: core.Monitor) -> dict[str, str]:
    """The classes of modules by their paths, where they were pickled."""
    if not ckpt.modules or not core.model_dicts(ckpt):
        return {}
    found: dict[str, str] = {}
    waiting = [one.root for one in core.architectures(ckpt, monitor=monitor) if not one.inferred]
    while waiting:
        module = waiting.pop()
        if module.type:
            found[module.path] = module.type
        waiting += module.children
    return found


_ALL_KINDS = ("", "")


def _keep(opened: set[tuple[str, str]], kind: tuple[str, str], on: bool) -> None:
    (opened.add if on else opened.discard)(kind)


def _ticked(text: str) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(9)
    picture = QLabel()
    picture.setPixmap(icons.pixmap("ok", 16, theme.colours().ok))
    picture.setAccessibleName(QCoreApplication.translate("Overview", "All right"))
    row.addWidget(picture)
    row.addWidget(label(text, wrap=True), 1)
    return row
