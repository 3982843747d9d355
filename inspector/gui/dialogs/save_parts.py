"""What a save must be told before it may begin: which losses are meant, which unknown code is written, what may be replaced."""
from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from inspector import core
from inspector.gui.kit import icons, theme, words
from inspector.gui.widgets.boxes import FactBox, Prose, facts, format_name, label

translate = QCoreApplication.translate
_LOSSES = 100               # listed one by one
_CODE = 100
KEEP, DROP = "keep", "drop"

QUESTIONS: dict[str, Callable[[], str]] = {
    "replace-link": lambda: translate("SaveDialog", "Replace the link by the new file"),
    "break-hard-links": lambda: translate("SaveDialog", "Part this name from the others"),
    "read-only": lambda: translate("SaveDialog", "Replace it although it is read-only")}


def own_path(path: str) -> str:
    """Where a document is saved unless somebody says otherwise: in its own place; beside that, where saving would not write what it is,
    into an archive around it, or over the net. Asks the disk where a member of an archive may be meant."""
    return path if core.file_of(path) == path and not core.is_address(path) else core.edited_path(path)


def plan_for(ckpt: core.Checkpoint, path: str, monitor: core.Monitor, *, in_place: bool = True, backup: bool = False,
             **options: Any) -> core.SavePlan:
    """In place, where it may be and that can be done; then it takes a copy, whose plan says what is wrong with that. For workers. Raises
    Changed where a file that would be read is another by now: to save would only say so in the end."""
    if core.has_changed(ckpt):
        raise core.Changed(translate("SaveDialog", "the file is gone, or another than it was when it was opened"),
                           translate("SaveDialog", "Reload it first: the edits are kept, and made again."))
    if in_place:
        with contextlib.suppress(core.SaveError):
            found = core.plan_save(ckpt, path, in_place=True, monitor=monitor, **options)
            if found.in_place is not None and found.in_place.nbytes:
                return found
    return core.plan_save(ckpt, path, backup=backup, monitor=monitor, **options)


class Box(QFrame):
    """A tinted box with a picture, a sentence in bold and what goes below."""

    def __init__(self, level: str, text: str, hint: str = "") -> None:
        super().__init__()
        self.setProperty("level", level)
        picture = QLabel()
        picture.setPixmap(icons.pixmap(level, 20, theme.colours()._asdict()[level]))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 12, 10)
        row.setSpacing(11)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        self.body = QVBoxLayout()
        self.body.setSpacing(6)
        row.addLayout(self.body, 1)
        self.body.addWidget(Prose(text, text[:60], strong=True))
        if hint:
            self.body.addWidget(Prose(hint, translate("SaveDialog", "What to do"), tone="muted"))


def error_box(error: core.InspectorError, hint: str | None = None) -> Box:
    return Box("danger", words.sentence(words.said(error.message, 600)), words.said(error.hint if hint is None else hint, 600))


def question_box(error: core.InspectorError, allowed: bool, on_toggled: Callable[[bool], object]) -> Box:
    """What must be asked before the file at the target may be replaced; `error.id` is a key of QUESTIONS."""
    box = Box("warning", words.sentence(words.said(error.message, 600)),
              translate("SaveDialog", "Save under another name, or say that it is meant."))
    box.body.addWidget(_tick(QUESTIONS[error.id](), allowed, on_toggled))
    return box


def loss_box(losses: tuple[core.Loss, ...], label_: str, meant: bool, on_toggled: Callable[[bool], object]) -> Box:
    count = translate("SaveDialog", "One thing is lost") if len(losses) == 1 \
        else translate("SaveDialog", "{n} things are lost").format(n=f"{len(losses):,}")
    box = Box("warning", translate("SaveDialog", "{count}: {format} cannot hold all of it.").format(
        count=count, format=label_[:1].upper() + label_[1:] if label_.startswith("a ") else label_))
    shown = [words.said(loss.message, 300) for loss in losses[:_LOSSES]]
    if len(losses) > _LOSSES:
        shown.append(translate("SaveDialog", "… and {n} more").format(n=f"{len(losses) - _LOSSES:,}"))
    many = len(shown) > 6
    lines = Prose("\n".join(f"•  {line}" for line in shown), translate("SaveDialog", "What is lost"))
    if many:
        lines.setFixedHeight(lines.fontMetrics().lineSpacing() * 7)
        lines.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
    box.body.addWidget(lines)
    box.body.addWidget(_tick(translate("SaveDialog", "Write anyway, without these"), meant, on_toggled))
    return box


def code_box(names: Iterable[str], decided: Mapping[str, str], on_decided: Callable[[Mapping[str, str]], object]) -> Box:
    """For each name of unknown code: keep or drop. `on_decided` gets what was chosen just now."""
    names = list(names)
    box = Box("warning", translate("SaveDialog", "The file names code that is not known here. Keep or drop each."),
              translate("SaveDialog", "Kept, it is written as it is and nothing runs until somebody loads the file outside this program. "
                                      "Dropped, what it stands for is left out."))
    for name in names[:_CODE]:
        row = QHBoxLayout()
        row.addWidget(Prose(core.visible(name, 160), translate("SaveDialog", "Name")), 1, Qt.AlignmentFlag.AlignVCenter)
        choice = QComboBox()
        choice.setAccessibleName(core.visible(name, 160))
        for text, value in ((translate("SaveDialog", "Choose…"), ""), (translate("SaveDialog", "Keep"), KEEP),
                            (translate("SaveDialog", "Drop"), DROP)):
            choice.addItem(text, value)
        choice.setCurrentIndex(max(choice.findData(decided.get(name, "")), 0))
        choice.activated.connect(lambda at, name=name, choice=choice: on_decided({name: str(choice.itemData(at))}))
        row.addWidget(choice, 0, Qt.AlignmentFlag.AlignVCenter)
        box.body.addLayout(row)
    if len(names) > _CODE:
        box.body.addWidget(label(translate("SaveDialog", "… and {n} more").format(n=f"{len(names) - _CODE:,}"), tone="muted"))
    if len(names) > 1:
        row = QHBoxLayout()
        for text, value in ((translate("SaveDialog", "Keep All"), KEEP), (translate("SaveDialog", "Drop All"), DROP)):
            button = QPushButton(text)
            button.setAccessibleName(text)
            button.clicked.connect(partial(_decide_all, names, value, on_decided))
            row.addWidget(button)
        row.addStretch(1)
        box.body.addLayout(row)
    return box


def is_own(ckpt: core.Checkpoint, path: str) -> bool:
    """Whether a path is that of a file of what is open, links followed. For workers."""
    target = os.path.realpath(path)
    return any(os.path.realpath(stamp.path) == target for stamp in ckpt.files)


class Ready(NamedTuple):
    """A plan, with what is told of it: whether what it replaces is the file that is open, and how many tensors are written."""

    plan: core.SavePlan
    own: bool
    tensors: int

    @classmethod
    def of(cls, plan: core.SavePlan, ckpt: core.Checkpoint, monitor: core.Monitor) -> Ready:
        """For workers."""
        gone = sum(key in plan.ckpt.tensors for key in core.stoppable(plan.gone, monitor))
        return cls(plan, is_own(ckpt, plan.target.path), len(plan.ckpt.tensors) - gone)


def plan_box(ready: Ready, ckpt: core.Checkpoint, opened: int) -> FactBox:
    """How much of the `opened` tensors that the file had, how large, where, and what is there now."""
    plan, count = ready.plan, ready.tensors
    box = FactBox(translate("SaveDialog", "What will be written"))
    size = words.exact_size(plan.nbytes)
    if len(plan.files) > 1:
        size = translate("SaveDialog", "{size} in {n} files").format(size=size, n=f"{len(plan.files):,}")
    if plan.in_place is not None:
        there = translate("SaveDialog", "nothing: {size} are written into the file that is open, its tensors stay where they are").format(
            size=words.size(plan.in_place.nbytes))
    elif plan.replaces is None:
        there = translate("SaveDialog", "nothing: the name is free")
    else:
        there = (translate("SaveDialog", "the file that is open, {size}") if ready.own
                 else translate("SaveDialog", "the file there now, {size}")).format(size=words.size(plan.replaces))
    tensors = f"{count:,}" if count == opened else translate("SaveDialog", "{n} of {all}").format(n=f"{count:,}", all=f"{opened:,}") \
        if count < opened else translate("SaveDialog", "{n}, instead of {all}").format(n=f"{count:,}", all=f"{opened:,}")
    box.body.addLayout(facts([
        (translate("SaveDialog", "Format"), format_name(plan.format)),
        (translate("SaveDialog", "Tensors"), tensors),
        (translate("SaveDialog", "Size"), size),
        (translate("SaveDialog", "Opened file"), words.size(ckpt.nbytes)),
        (translate("SaveDialog", "Free space"), words.size(plan.free)),
        (translate("SaveDialog", "Replaces"), there)]))
    return box


def notes_box(notes: tuple[str, ...]) -> FactBox:
    box = FactBox(translate("SaveDialog", "Good to know"))
    for note in notes[:20]:
        box.body.addWidget(Prose(words.said(note, 500), translate("SaveDialog", "Note"), tone="muted"))
    return box


def _decide_all(names: list[str], value: str, on_decided: Callable[[Mapping[str, str]], object]) -> None:
    on_decided(dict.fromkeys(names, value))


def _tick(text: str, on: bool, on_toggled: Callable[[bool], object]) -> QCheckBox:
    tick = QCheckBox(text)
    tick.setChecked(on)
    tick.toggled.connect(on_toggled)
    return tick
