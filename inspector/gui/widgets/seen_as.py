"""Beneath the name of a tensor: what it is, and what its bytes are taken for. As stored first; another type, another shape, and back.

    ┌ 4-bit GPTQ · 896 × 896 · 421 kB ────────────────── [As stored ▾] ┐
    │ Values they stand for | Stored integers            (packed ones) │
    │ (Seen as uint4)  Shape [ 112 × 7168 ]  [Low bits first ▾]  ✕     │
    └ why that shape does not fit ─────────────────────────────────────┘
"""
from __future__ import annotations

from functools import partial

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QMenu, QPushButton, QTabBar, QVBoxLayout, QWidget

from inspector import core
from inspector.gui.kit import words
from inspector.gui.state.looked_at import QUANTIZED, LookedAt
from inspector.gui.state.session import SeenAs, Session

from .boxes import label, tool_button

_HIGH, _LOW = "-high", "-low"


class SeenAsBar(QWidget):
    """`offer` what is looked at; what is chosen goes to the session, which tells all panels."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._at: LookedAt | None = None
        self._fits: tuple[core.FittingType, ...] = ()
        self.remark = label(tone="muted", wrap=True)
        self.form = codes_switch()
        self.button = QPushButton()
        self.menu = QMenu(self.button)
        self.chip = QLabel()
        self.shape = QLineEdit()
        self.order = QComboBox()
        self.reset = tool_button("close", self.tr("See it as stored"))
        self.problem = label(tone="danger", wrap=True)
        self._place()
        self.offer(None)
        self.form.currentChanged.connect(self._switch_form)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.shape.editingFinished.connect(self._take_shape)
        self.shape.textEdited.connect(lambda: self.problem.hide())
        self.order.activated.connect(self._take_order)
        self.reset.clicked.connect(self.see_as_stored)
        session.document_removed.connect(self._forget)

    def offer(self, at: LookedAt | None) -> None:
        """Another tensor, or none; or another look at the same."""
        self._at, self._fits = at, ()
        packed = at.packed if at is not None and at.has_codes else None
        self.form.setVisible(packed is not None)
        if at is not None and packed is not None:
            with QSignalBlocker(self.form):
                self.form.setCurrentIndex(int(at.codes))
                self.form.setTabText(1, self.tr("Stored integers") if self._stores_codes(packed, at) else self.tr("Stored numbers"))
        seen = at.seen if at is not None else None
        self.button.setVisible(self._stored is not None)
        if self._stored is not None:
            self._offer_types(*self._stored, seen)
        self._active.setVisible(seen is not None)
        if seen is not None:
            self._show_seen(seen)
        self._say(at.problem if at is not None else None)

    def _stores_codes(self, packed: core.LogicalTensor, at: LookedAt) -> bool:
        """Whether what is stored is an integer for each element; not floats of less precision, nor words or blocks of several elements."""
        codes = self._session.codes_of(at.document, (packed.name,))
        stored = codes.tensors.get(packed.parts.get("data", "")) if codes is not None else None
        if stored is None or stored.dtype not in core.DTYPES:
            return False
        return (stored.unpacked is not None and stored.unpacked.whole) or (
            core.DTYPES[stored.dtype].kind != "float" and stored.numel == packed.numel)

    def _forget(self, id: int) -> None:
        """Nothing is kept of a file that was closed."""
        if self._at is not None and self._at.document == id:
            self.offer(None)

    def offer_codes(self, packed: bool) -> None:
        """Several tensors, some of which are `packed`: only these can be looked at in another way."""
        self.offer(None)
        self.form.setVisible(packed)
        with QSignalBlocker(self.form):
            self.form.setCurrentIndex(int(self._session.shows_codes(quantized=False)))
            self.form.setTabText(1, self.tr("Stored integers"))

    def see_as_stored(self) -> None:
        at = self._at
        if at is not None and at.stored is not None:
            had_focus = self._active.isAncestorOf(self.focusWidget()) if self.focusWidget() is not None else False
            self._session.see_as(at.document, at.stored, None)
            if had_focus:
                self.button.setFocus()

    def see_as(self, dtype: str, shape: tuple[int, ...]) -> None:
        """As if it had been chosen: what does not fit is said, and what is shown stays."""
        at, stored = self._at, self._stored
        if at is None or stored is None:
            return
        ckpt, key = stored
        try:
            seen = core.reinterpret(ckpt, key, dtype, shape).tensors[key]
        except core.InspectorError as error:
            self._say(error)
            return
        self._say(None)
        self._session.see_as(at.document, key, SeenAs(dtype, seen.shape))

    @property
    def _stored(self) -> tuple[core.Checkpoint, str] | None:
        """The tensor whose bytes can be taken for something else."""
        document = self._session.document(self._at.document) if self._at is not None else None
        if self._at is None or self._at.stored is None or document is None or document.checkpoint is None:
            return None
        return document.checkpoint, self._at.stored

    # -- what is shown ------------------------------------------------------------------------------------------------

    def _offer_types(self, ckpt: core.Checkpoint, key: str, seen: SeenAs | None) -> None:
        tip = words.tip(self.tr("See the stored bytes as another type and shape. The file stays as it is."))
        try:
            self._fits = core.fitting_types(ckpt, key)
        except core.InspectorError as error:
            tip = words.tip(words.error(error))
        self.button.setEnabled(bool(self._fits))
        self.button.setText(_named(seen.dtype) if seen is not None else self.tr("As stored"))
        self.button.setToolTip(tip)

    def _show_seen(self, seen: SeenAs) -> None:
        self.chip.setText(self.tr("Seen as {type}").format(type=_named(seen.dtype)))
        self.chip.setAccessibleName(self.chip.text())
        self.shape.setText(words.shape(seen.shape) if seen.shape else "1")
        element = core.element_type(seen.dtype)
        self.order.setVisible(element.bits in (1, 2, 4))
        self.order.setCurrentIndex(self.order.findData(element.high_first))

    def _say(self, error: core.InspectorError | None) -> None:
        self.problem.setText(words.error(error) if error is not None else "")
        self.problem.setVisible(error is not None)

    # -- what is chosen -----------------------------------------------------------------------------------------------

    def _fill_menu(self) -> None:
        """The types that fit, with the shape that each gives first."""
        self.menu.clear()
        if self._stored is None or self._at is None:
            return
        ckpt, key = self._stored
        info, seen, group = ckpt.tensors[key], self._at.seen, QActionGroup(self.menu)
        self._add(self.menu, group, self.tr("As stored: {type}").format(type=core.visible(info.dtype)), info.shape, seen is None,
                  self.see_as_stored)
        self.menu.addSeparator()
        chosen = core.element_type(seen.dtype).name if seen is not None else ""
        narrow = [fit for fit in self._fits if fit.type.is_narrow]
        whole = [fit for fit in self._fits if fit.type.is_integer and not fit.type.is_narrow]
        floats = [fit for fit in self._fits if not fit.type.is_integer and not fit.type.is_narrow]
        for title, fits in ((self.tr("Floating point"), floats), (self.tr("Integers"), whole), (self.tr("Narrower than a byte"), narrow)):
            if fits:
                below = self.menu.addMenu(title)
                for fit in fits:
                    self._add(below, group, _named(fit.type.name), fit.shape, fit.type.name == chosen,
                              partial(self.see_as, fit.type.name, fit.shape))

    @staticmethod
    def _add(menu: QMenu, group: QActionGroup, name: str, shape: tuple[int, ...], checked: bool, run: object) -> None:
        action = QAction(f"{words.menu_text(name)}\t{words.shape(shape)}", menu)
        action.setCheckable(True)
        action.setChecked(checked)
        group.addAction(action)
        action.triggered.connect(run)
        menu.addAction(action)

    def _take_shape(self) -> None:
        at = self._at
        if at is None or at.seen is None or self.shape.text() == words.shape(at.seen.shape):
            return
        try:
            shape = core.parse_shape(self.shape.text())
        except core.InspectorError as error:
            self._say(error)
            return
        self.see_as(at.seen.dtype, shape)

    def _take_order(self) -> None:
        at = self._at
        if at is not None and at.seen is not None:
            name = core.element_type(at.seen.dtype).name
            self.see_as(name + (_HIGH if self.order.currentData() else _LOW), at.seen.shape)

    def _switch_form(self, index: int) -> None:
        packed = self._at.packed if self._at is not None else None
        self._session.show_codes(bool(index), quantized=packed is not None and packed.scheme == QUANTIZED)

    # -- places -------------------------------------------------------------------------------------------------------

    def _place(self) -> None:
        self.button.setMenu(self.menu)
        self.button.setProperty("link", True)
        self.button.setAccessibleName(self.tr("What the bytes are seen as"))
        self.chip.setTextFormat(Qt.TextFormat.PlainText)
        self.chip.setObjectName("chip")
        self.shape.setAccessibleName(self.tr("Shape"))
        self.shape.setPlaceholderText("64 × 128")
        self.shape.setMaximumWidth(240)
        self.order.setAccessibleName(self.tr("Which bits of a byte come first"))
        self.order.setToolTip(self.order.accessibleName())
        self.order.addItem(self.tr("Low bits first"), False)
        self.order.addItem(self.tr("High bits first"), True)
        caption = QLabel(self.tr("S&hape"))
        caption.setTextFormat(Qt.TextFormat.PlainText)
        caption.setProperty("tone", "muted")
        caption.setBuddy(self.shape)
        self._active = QWidget()
        row = QHBoxLayout(self._active)
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(8)
        for widget in (self.chip, caption, self.shape, self.order, self.reset):
            row.addWidget(widget, 1 if widget is self.shape else 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.remark, 1)
        top.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(2)
        whole.addLayout(top)
        whole.addWidget(self.form, 0, Qt.AlignmentFlag.AlignLeft)
        whole.addWidget(self._active)
        whole.addWidget(self.problem)


def codes_switch() -> QTabBar:
    """The values of packed tensors first, what is stored of them second."""
    bar = QTabBar()
    bar.setExpanding(False)
    bar.setDrawBase(False)
    for title in (QCoreApplication.translate("SeenAsBar", "Values they stand for"),
                  QCoreApplication.translate("SeenAsBar", "Stored integers")):
        bar.addTab(title)
    bar.setAccessibleName(QCoreApplication.translate("SeenAsBar", "Of packed tensors"))
    return bar


def _named(dtype: str) -> str:
    """What a type is called here: codebooks by who uses them."""
    name = core.element_type(dtype).name
    return {"nf4": "nf4 (bitsandbytes)", "bnb-fp4": "fp4 (bitsandbytes)", "float4_e2m1": "fp4 (e2m1)", "float6_e2m3": "fp6 (e2m3)",
            "float6_e3m2": "fp6 (e3m2)"}.get(name, name)
