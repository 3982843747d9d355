"""What each kind of edit asks for: a few fields that make an edit, or take one apart to change it."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import chain
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QLineEdit, QPushButton, QSizePolicy, QWidget

from inspector import core
from inspector.gui.kit import file_dialogs, tables

translate = QCoreApplication.translate
_CHOICES = 200
DTYPES = ("float16", "bfloat16", "float32", "float64", "float8_e4m3fn", "float8_e5m2", "int8", "int32", "int64", "bool")


class Choices(NamedTuple):
    """What a field suggests, and which of it stands there at first."""

    texts: tuple[str, ...] = ()
    usual: str = ""


class Form(QWidget):
    """`edit()` makes the edit of what stands in the fields, or raises EditError; while one that is `needed` is empty there is
    nothing to make yet."""

    changed = Signal()

    def __init__(self, make: Callable[[Form], core.Edit]) -> None:
        super().__init__()
        self._make = make
        self._needed: list[QLineEdit | QComboBox] = []
        self.fields: dict[str, QLineEdit | QComboBox | QCheckBox] = {}
        self._rows = QFormLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setHorizontalSpacing(16)
        self._rows.setVerticalSpacing(9)
        self._rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)

    def edit(self) -> core.Edit:
        return self._make(self)

    @property
    def complete(self) -> bool:
        return all(_text(field) for field in self._needed)

    def text(self, name: str) -> str:
        field = self.fields[name]
        return "" if isinstance(field, QCheckBox) else _text(field)

    def checked(self, name: str) -> bool:
        field = self.fields[name]
        return isinstance(field, QCheckBox) and field.isChecked()

    def line(self, name: str, caption: str, text: str = "", *, hint: str = "", needed: bool = True, browse: bool = False) -> None:
        edit = QLineEdit(text)
        edit.setPlaceholderText(hint)
        edit.setAccessibleName(caption)
        edit.textChanged.connect(self.changed)
        self.fields[name] = edit
        if needed:
            self._needed.append(edit)
        self._rows.addRow(caption, self._with_browse(edit) if browse else edit)

    def choice(self, name: str, caption: str, choices: Iterable[str], text: str = "") -> None:
        """A field with suggestions."""
        box = QComboBox()
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        box.addItems(_first(choices))
        box.setEditText(text)
        box.setAccessibleName(caption)
        completer = box.completer()
        if completer is not None:
            completer.setCompletionMode(completer.CompletionMode.PopupCompletion)
        if not all(box.itemText(n).isascii() for n in range(box.count())):          # what is chosen is typed text, and has no marks
            for view in (box.view(), completer.popup() if completer is not None else None):
                tables.keep_order(view)
        box.editTextChanged.connect(self.changed)
        self.fields[name] = box
        self._needed.append(box)
        self._rows.addRow(caption, box)

    def tick(self, name: str, caption: str, on: bool, silences: Sequence[str] = ()) -> None:
        """A yes or no; while it is yes, the fields `silences` ask for nothing."""
        box = QCheckBox(caption)
        box.setChecked(on)
        self.fields[name] = box

        def follow(on: bool) -> None:
            for other in silences:
                self.fields[other].setEnabled(not on)
            self.changed.emit()

        box.toggled.connect(follow)
        self._rows.addRow("", box)
        follow(on)

    def _with_browse(self, edit: QLineEdit) -> QWidget:
        both = QWidget()
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        button = QPushButton(self.tr("Browse…"))
        button.setAccessibleName(self.tr("Choose a file"))
        button.clicked.connect(lambda: file_dialogs.open_file(self.window(), self.tr("Choose a checkpoint"), edit.text(), edit.setText))
        row.addWidget(edit, 1)
        row.addWidget(button)
        return both


def _text(field: QLineEdit | QComboBox) -> str:
    return field.currentText() if isinstance(field, QComboBox) else field.text()


def _first(choices: Iterable[str]) -> list[str]:
    """As many as are suggested, each once."""
    found: dict[str, None] = {}
    for choice in choices:
        found[choice] = None
        if len(found) == _CHOICES:
            break
    return list(found)


def choices_for(kind: str, ckpt: core.Checkpoint) -> Choices:
    """What the first field of such a form suggests, where every key has to be looked at for it. For workers."""
    return _LOOKED_UP[kind][0](ckpt) if kind in _LOOKED_UP else Choices()


def form_for(kind: str, ckpt: core.Checkpoint, start: core.Edit | None = None, suggested: str = "", choices: Choices | None = None) -> Form:
    """The form of `kind`, filled from the edit `start`, or with what is `suggested` for its first field. `choices` are what `choices_for`
    found, which is asked where there are none."""
    if kind in _LOOKED_UP:
        return _LOOKED_UP[kind][1](choices_for(kind, ckpt) if choices is None else choices, start, suggested)
    return _FORMS[kind](ckpt, start, suggested)


def _prefixes(ckpt: core.Checkpoint) -> Choices:
    seen = core.wrapper_prefixes(ckpt)
    tops = (f"{info.name.partition('.')[0]}." for info in ckpt.tensors.values() if "." in info.name)
    return Choices(tuple(_first(chain(seen, tops))), next(iter(seen), ""))


def _strip(choices: Choices, start: core.Edit | None, suggested: str) -> Form:
    form = Form(lambda form: core.parse_edit("strip-prefix", form.text("prefix")))
    text = start.prefix if isinstance(start, core.StripPrefix) else suggested or choices.usual
    form.choice("prefix", translate("EditForms", "Prefix"), choices.texts, text)
    return form


def _add(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    form = Form(lambda form: core.parse_edit("add-prefix", form.text("prefix")))
    text = start.prefix if isinstance(start, core.AddPrefix) else suggested
    form.choice("prefix", translate("EditForms", "Prefix"), core.ADDED_PREFIXES, text)
    return form


def _drop_broken(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    return Form(lambda form: core.DropBroken())


def _rename(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    form = Form(lambda form: core.Rename.from_json({"pattern": form.text("pattern"), "replacement": form.text("replacement")}, "rename"))
    given = start if isinstance(start, core.Rename) else None
    form.line("pattern", translate("EditForms", "Regular expression"), given.pattern if given else suggested,
              hint=r"^encoder\.layer\.(\d+)\.")
    form.line("replacement", translate("EditForms", "Replace by"), given.replacement if given else "", hint=r"blocks.\1.", needed=False)
    return form


def _renumber(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    def make(form: Form) -> core.Edit:
        place, by = form.text("place").strip(), form.text("by").strip()
        if place.count("#") != 1:
            said = translate("EditForms", "“{place}” does not say which number changes")
            raise core.EditError(said.format(place=core.visible(place, 80)), translate(
                "EditForms", "Write one # for it, as in blocks.#, and * for each number before it."))
        with suppress(core.EditError):
            if "=" not in by:
                return core.parse_edit("renumber", f"{place}={by}")
        raise core.EditError(
            translate("EditForms", "“{number}” is not what can be added to the numbers of layers").format(number=core.visible(by, 80)),
            translate("EditForms", "Write a whole number with its sign, as in -1 or +1."))

    form = Form(make)
    given = start if isinstance(start, core.Renumber) else None
    form.line("place", translate("EditForms", "Layers"), given.place if given else suggested, hint="blocks.#")
    form.line("by", translate("EditForms", "Add to the number"), f"{given.by:+d}" if given else "", hint="-1")
    return form


def _globbed(option: str, usual: str = "") -> Callable[[core.Checkpoint, core.Edit | None, str], Form]:
    def make(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
        form = Form(lambda form: core.parse_edit(option, form.text("glob")))
        text = start.text if start is not None else suggested or usual
        form.line("glob", translate("EditForms", "Keys"), text, hint="*.num_batches_tracked")
        return form
    return make


def _places(ckpt: core.Checkpoint) -> Choices:
    modules = (path or "." for path in ckpt.state_dicts if path in ckpt.modules)
    tops = (core.top_of(key) for table in (ckpt.tensors, ckpt.values) for key in table if "." in key)
    found = _first(chain(modules, filter(None, ckpt.state_dicts), tops))
    return Choices(tuple(found), next(iter(found), ""))


def _extract(choices: Choices, start: core.Edit | None, suggested: str) -> Form:
    form = Form(lambda form: core.parse_edit("extract", form.text("path")))
    text = start.path if isinstance(start, core.Extract) else suggested or choices.usual
    form.choice("path", translate("EditForms", "Path"), choices.texts, text)
    return form


def _cast(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    form = Form(lambda form: core.Cast.from_json({"dtype": form.text("dtype"), "glob": form.text("glob") or "*"}, "cast"))
    given = start if isinstance(start, core.Cast) else None
    form.choice("dtype", translate("EditForms", "Element type"), DTYPES, given.dtype if given else "float16")
    form.line("glob", translate("EditForms", "Keys"), given.glob if given else suggested or "*",
              hint=translate("EditForms", "* is all floating tensors outside optimizers"), needed=False)
    return form


def _dequantize(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    form = Form(lambda form: core.Dequantize.from_json({"dtype": form.text("dtype"), "glob": form.text("glob") or "*"}, "dequantize"))
    given = start if isinstance(start, core.Dequantize) else None
    form.choice("dtype", translate("EditForms", "Element type"), ("bfloat16", "float16", "float32"), given.dtype if given else "bfloat16")
    form.line("glob", translate("EditForms", "Names"), given.glob if given else suggested or "*",
              hint=translate("EditForms", "* is all packed tensors"), needed=False)
    return form


def _devices(ckpt: core.Checkpoint) -> Choices:
    tags = sorted({info.device for info in ckpt.tensors.values() if info.device is not None} - {"meta"})
    kinds = dict.fromkeys(f"{tag.partition(':')[0]}:*" for tag in tags if ":" in tag)
    return Choices(tuple(_first([*kinds, *tags, "*"])), next(iter(kinds), "*"))


def _device(choices: Choices, start: core.Edit | None, suggested: str) -> Form:
    given = dict(start.mapping) if isinstance(start, core.RemapDevices) else {}
    rest = dict([*given.items()][1:])

    def make(form: Form) -> core.Edit:
        return core.RemapDevices.from_json({form.text("from"): form.text("to"), **rest}, "device")

    form = Form(make)
    first = next(iter(given), "")
    form.choice("from", translate("EditForms", "From"), choices.texts, first or suggested or choices.usual)
    form.choice("to", translate("EditForms", "To"), ("cpu", "cuda:0", "cuda:1", "mps", "xpu:0"), given.get(first, "cpu"))
    return form


def _copy(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    form = Form(lambda form: core.Copy.from_json({"from": form.text("from"), "to": form.text("to")}, "copy"))
    given = start if isinstance(start, core.Copy) else None
    form.choice("from", translate("EditForms", "Tensor"), ckpt.tensors, given.source if given else suggested)
    form.line("to", translate("EditForms", "Also called"), given.target if given else "", hint="lm_head.weight")
    return form


def _resize(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    form = Form(lambda form: core.parse_edit("resize", f"{form.text('key')}={form.text('dim')}:{form.text('size')}:{form.text('fill')}"))
    given = start if isinstance(start, core.Resize) else None
    key = given.key if given else suggested
    info = ckpt.tensors.get(key)
    form.choice("key", translate("EditForms", "Tensor"), ckpt.tensors, key)
    form.choice("dim", translate("EditForms", "Dimension"), ("0", "1", "-1"), str(given.dim) if given else "0")
    form.line("size", translate("EditForms", "New size"), str(given.size if given else info.shape[0] if info and info.shape else ""),
              hint="32064")
    fill = given.fill if given else "mean"
    form.choice("fill", translate("EditForms", "New rows are"), tuple(dict.fromkeys((*core.FILLS, fill))), fill)
    return form


def _split(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    form = Form(lambda form: core.parse_edit("split", f"{form.text('key')}={form.text('dim')}:{form.text('parts')}"))
    given = start if isinstance(start, core.Split) else None
    form.choice("key", translate("EditForms", "Tensor"), ckpt.tensors, given.key if given else suggested)
    form.choice("dim", translate("EditForms", "Dimension"), ("0", "1", "-1"), str(given.dim) if given else "0")
    parts = ", ".join(name if size < 0 else f"{name}:{size}" for name, size in given.parts) if given else ""
    form.line("parts", translate("EditForms", "Parts"), parts, hint="attn.q.weight, attn.k.weight, attn.v.weight")
    return form


def _reshape(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    form = Form(lambda form: core.parse_edit("reshape", f"{form.text('glob')}={form.text('shape').replace(' ', '')}"))
    given = start if isinstance(start, core.Reshape) else None
    form.line("glob", translate("EditForms", "Tensors"), given.glob if given else suggested, hint="patch_embed.proj.weight")
    form.line("shape", translate("EditForms", "Shape"), ", ".join(map(str, given.shape)) if given else "", hint="768, 3, 16, -1")
    return form


def _reorder(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    form = Form(lambda form: core.parse_edit("reorder", f"{form.text('glob')}={form.text('order')}:{form.text('heads')}"))
    given = start if isinstance(start, core.Reorder) else None
    form.line("glob", translate("EditForms", "Tensors"), given.glob if given else suggested, hint="layers.*.attention.wq.weight")
    form.choice("order", translate("EditForms", "Order"), ("halves", "pairs"), given.order if given else "halves")
    form.line("heads", translate("EditForms", "Heads"), str(given.heads) if given else "", hint="32")
    return form


def _concat(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    form = Form(lambda form: core.parse_edit("concat", f"{form.text('parts')}={form.text('key')}:{form.text('dim')}"))
    given = start if isinstance(start, core.Concat) else None
    form.line("parts", translate("EditForms", "Tensors"), ", ".join(given.parts) if given else suggested,
              hint="attn.q.weight, attn.k.weight, attn.v.weight")
    form.line("key", translate("EditForms", "Become"), given.key if given else "", hint="attn.qkv.weight")
    form.choice("dim", translate("EditForms", "Dimension"), ("0", "1", "-1"), str(given.dim) if given else "0")
    return form


def _set(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    def make(form: Form) -> core.Edit:
        path = form.text("path")
        if form.checked("delete"):
            return core.SetValue(path, delete=True)
        return core.SetValue(path, core.parse_edit("set", f"value={form.text('value')}").to_json()["value"])

    form = Form(make)
    given = start if isinstance(start, core.SetValue) else None
    path = given.path if given else suggested
    value = given.value if given and not given.delete else ckpt.values.get(path, "")
    form.choice("path", translate("EditForms", "Path"), ckpt.values, path)
    shown = "" if isinstance(value, core.Opaque) or value == "" else core.to_json(value)
    form.line("value", translate("EditForms", "Value"), shown if isinstance(shown, str) else _json(shown), needed=False)
    form.tick("delete", translate("EditForms", "Take it out"), bool(given and given.delete), ("value",))
    return form


def _json(value: object) -> str:
    return core.SetValue("value", value).text.partition("=")[2]


def _metadata(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    form = Form(lambda form: core.SetMetadata(form.text("key"), None if form.checked("delete") else form.text("value")))
    given = start if isinstance(start, core.SetMetadata) else None
    key = given.key if given else suggested
    form.choice("key", translate("EditForms", "Name"), ckpt.metadata, key)
    form.line("value", translate("EditForms", "Text"), (given.value or "") if given else ckpt.metadata.get(key, ""), needed=False)
    form.tick("delete", translate("EditForms", "Take it out"), given is not None and given.value is None, ("value",))
    return form


def _match(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    form = Form(lambda form: core.parse_edit("match", form.text("path")))
    text = start.reference if isinstance(start, core.Match) and isinstance(start.reference, str) else suggested
    form.line("path", translate("EditForms", "Checkpoint of the model"), text, browse=True)
    return form


def _optimizer_for(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    form = Form(lambda form: core.parse_edit("optimizer-for", form.text("path")))
    form.line("path", translate("EditForms", "Checkpoint of the model"),
              start.reference if isinstance(start, core.OptimizerFor) else suggested, browse=True)
    return form


def _merge_adapter(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    form = Form(lambda form: core.parse_edit("merge-adapter", form.text("path")))
    form.line("path", translate("EditForms", "Adapter"), start.adapter if isinstance(start, core.MergeAdapter) else suggested,
              hint="adapter_model.safetensors", browse=True)
    return form


def _take(ckpt: core.Checkpoint, start: core.Edit | None, suggested: str) -> Form:
    given = start if isinstance(start, core.Take) else core.Take("", suggested or "*")
    form = Form(lambda form: core.Take.from_json({"file": form.text("path"), "glob": "*" if given.pairs else form.text("glob") or "*",
                                                  "pairs": [list(pair) for pair in given.pairs]}, "take"))
    form.line("path", translate("EditForms", "Checkpoint to take from"), given.source, browse=True)
    if not given.pairs:
        form.line("glob", translate("EditForms", "Keys"), given.glob, hint=translate("EditForms", "* is all outside optimizers"),
                  needed=False)
    return form


_LOOKED_UP: dict[str, tuple[Callable[[core.Checkpoint], Choices], Callable[[Choices, core.Edit | None, str], Form]]] = {
    "strip-prefix": (_prefixes, _strip), "extract": (_places, _extract), "device": (_devices, _device)}
_FORMS: dict[str, Callable[[core.Checkpoint, core.Edit | None, str], Form]] = {
    "add-prefix": _add, "rename": _rename, "renumber": _renumber,
    "drop": _globbed("drop"), "drop-broken": _drop_broken,
    "keep": _globbed("keep"), "unshare": _globbed("unshare"), "plain": _globbed("plain", "*"), "cast": _cast,
    "dequantize": _dequantize, "copy": _copy, "set": _set, "set-metadata": _metadata, "match": _match, "take": _take,
    "merge-adapter": _merge_adapter, "resize": _resize, "transpose": _globbed("transpose"), "reshape": _reshape, "reorder": _reorder,
    "split": _split, "concat": _concat, "optimizer-for": _optimizer_for}
