"""What one row of the tree says, as text, worked out when it is first drawn."""
from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QCoreApplication

from inspector import core
from inspector.gui.kit import words
from inspector.gui.state import row_values
from inspector.gui.state.session import Document, State
from inspector.gui.state.signals import Kind as Signs
from inspector.gui.state.signals import Mark, sign_name

from .plot_scales import number

if TYPE_CHECKING:                   # numpy comes with them
    from inspector.gui.state.row_values import RowValues

    from .key_tree import KeyTree
    from .tree_marks import TreeMarks
    from .tree_rows import TreeRows

COLUMNS = ("name", "shape", "dtype", "device", "parameters", "bytes", "bits",
           "values", "min", "max", "mean", "std", "nan", "zeros", "norm", "digest")
NAME, SHAPE, DTYPE, DEVICE, PARAMETERS, BYTES, BITS, VALUES, MIN, MAX, MEAN, STD, NAN, ZEROS, NORM, DIGEST = range(16)
NUMBERS = (PARAMETERS, BYTES, BITS, MIN, MAX, MEAN, STD, NAN, ZEROS, NORM)
MEASURED = (VALUES, MIN, MAX, MEAN, STD, NAN, ZEROS, NORM, DIGEST)      # columns of a list, which take reading
UNREAD, UNREADABLE = "…", "–"
_DIGITS, _ALL_DIGITS = 4, 9
_OF_STORAGE = ("storage", "unshared")       # changes of where a tensor's bytes lie


class Kind(Enum):
    FILE = "file"
    LOADING = "loading"     # a file on its way; its tree may still be that of before
    FAILED = "failed"
    MESSAGE = "message"     # why a file could not be opened
    GROUP = "group"
    TENSOR = "tensor"
    VALUE = "value"


class Spark(NamedTuple):
    """`heights` (0 to 255) of equal bins over `low` to `high`; those of a `kind` are drawn over one range."""

    heights: tuple[int, ...]
    low: float
    high: float
    kind: row_values.TensorKind


@dataclass(frozen=True, slots=True)
class Line:
    """`texts` one for each of the first columns, then comes `bits`, then one of `measured` for each of MEASURED; all safe to draw.
    `spans`: the second text takes all columns but the first
    (values, progress), or the first takes them all (messages). `node` is None for files without a tree. `share` of the file's bytes, 0 to
    1; `progress` likewise, None where it is unknown. `key` is raw."""

    kind: Kind
    document: int
    node: int | None
    depth: int
    texts: tuple[str, str, str, str, str, str]
    key: str = ""
    has_children: bool = False
    expanded: bool = False
    spans: bool = False
    share: float = 0.0
    progress: float | None = None
    problem: str = ""
    bookmarked: bool = False
    shared: bool = False                        # a tensor whose storage others lie in too
    briefs: Mapping[int, str] | None = None     # shorter texts of columns, for when there is no room
    edited: str = ""                            # what a key was before the edits that wait, or that it is new
    packed: bool = False                        # one tensor that is packed, its parts beneath
    part: bool = False                          # one of these parts, beneath it
    bits: str = ""                              # what an element takes, where some tensor of the file is packed
    marks: tuple[Mark, ...] = ()                # what the row is guilty of; of a group, what lies below it
    measured: tuple[str, ...] = ()              # of a tensor in a list
    spark: Spark | None = None                  # its small histogram, once it was read

    def text(self, column: int) -> str:
        if column >= VALUES:
            return self.measured[column - VALUES] if self.measured else ""
        return self.bits if column == BITS else self.texts[column]


def file_line(document: Document, rows: TreeRows | None, laying_out: bool, marks: TreeMarks | None = None,
              name: str = "") -> Line:
    """The row of a document itself. `name`: what tells it from others."""
    name = name or core.visible(core.file_name(document.path))
    if document.state is State.FAILED:
        return Line(Kind.FAILED, document.id, None, 0, (name, _could_not(), "", "", "", ""), has_children=True, expanded=True,
                    spans=True, problem=_why(document))
    children = rows is not None and rows.has_children(0)
    expanded = rows is not None and rows.is_expanded(0)
    if document.state is State.LOADING or rows is None:
        doing = QCoreApplication.translate("TreeModel", "laying out the keys") if laying_out \
            else core.visible(document.doing) or QCoreApplication.translate("TreeModel", "opening")
        progress = min(1.0, document.done / document.total) if document.total > 0 and not laying_out else None
        return Line(Kind.LOADING, document.id, None if rows is None else 0, 0, (name, doing, "", "", "", ""),
                    has_children=children, expanded=expanded, spans=True, progress=progress)
    return Line(Kind.FILE, document.id, 0, 0, (name, *_summary(rows.tree, 0)), has_children=children, expanded=expanded, share=1.0,
                marks=marks.file if marks else (), briefs={PARAMETERS: words.many(int(rows.tree.parameters[0]))}, bits=_bits(rows.tree, 0),
                edited=QCoreApplication.translate("TreeModel", "with edits that wait to be saved") if rows.tree.checkpoint.edited else "")


def message_line(document: Document) -> Line:
    """Below a file that could not be opened: why, and what to do."""
    text = _why(document) or words.sentence(_could_not())
    return Line(Kind.MESSAGE, document.id, None, 1, (text, "", "", "", "", ""), spans=True, problem=text)


def _why(document: Document) -> str:
    """Why a file could not be opened, where, and what to do."""
    error = document.error
    if error is None:
        return ""
    said = words.said(error.message, 1500)
    if error.where:
        said = QCoreApplication.translate("TreeModel", "{message} (at {where})").format(message=said, where=core.visible(error.where, 200))
    return f"{words.sentence(said)} {words.said(error.hint, 500)}".rstrip()


def node_line(document: Document, rows: TreeRows, node: int, marks: TreeMarks | None = None, values: RowValues | None = None,
              bookmarks: Collection[str] = ()) -> Line:
    """The row of a group, tensor or value; `values` is what was measured, in a list."""
    tree = rows.tree
    info = tree.info(node)
    # an object that holds tensors, such as a whole module, is a group that has a class
    holds = tree.is_value(node) and int(tree.tensors[node]) > 0
    packed = tree.packed(node)
    kind = Kind.TENSOR if info is not None else Kind.VALUE if tree.is_value(node) and not holds else Kind.GROUP
    part = info is not None and tree.is_part(node)
    alone = tree.alone(node)
    texts = _packed(tree, node, alone) if alone is not None else _tensor(info, not part and tree.has_parameters(node)) if info is not None \
        else (core.one_line(tree.value(node)), "", "", "", "") if kind is Kind.VALUE \
        else _packed(tree, node, packed) if packed is not None else _summary(tree, node)
    bare = texts[0]
    if holds:
        short = core.one_line(tree.value(node)).partition("(")[0].rpartition(".")[2]
        texts = (f"{short} · {bare}", *texts[1:])
    label = core.visible(tree.key(node) if rows.flat else tree.label(node)) or ('""' if tree.checkpoint.kind != "tensor"
                                              else QCoreApplication.translate("TreeModel", "(the tensor itself)"))
    briefs = {PARAMETERS: words.many(alone.numel), **_packed_briefs(alone)} if alone is not None \
        else {PARAMETERS: words.many(info.numel), SHAPE: _dimensions(info.shape)} if info is not None \
        else {PARAMETERS: words.many(int(tree.parameters[node])), **(_packed_briefs(packed) if packed is not None else {}),
              **({SHAPE: bare} if holds else {})} \
        if kind is Kind.GROUP else None
    measured = values is not None and bool(tree.measurable[node])
    depth = 1 if rows.flat else int(tree.shown_depth[node])
    return Line(kind, document.id, node, depth, (label, *texts), key=tree.key(node), briefs=briefs,
                measured=_measured(values, node) if values is not None and measured else (),
                spark=_spark(values, node) if values is not None and measured else None,
                has_children=rows.has_children(node), expanded=rows.is_expanded(node), spans=kind is Kind.VALUE,
                share=tree.share(node), packed=packed is not None or alone is not None,
                part=part and not tree.as_stored, bits="" if part else _bits(tree, node),
                problem=info.problem if info is not None else "", bookmarked=tree.key(node) in bookmarks,
                shared=info is not None and info.storage in tree.shared, marks=marks.of(node, group=kind is Kind.GROUP) if marks else (),
                edited=_edited(tree.checkpoint, tree.key(node)) if kind is not Kind.GROUP and tree.checkpoint.edited else "")


def figure(values: RowValues, node: int, column: int, digits: int = _ALL_DIGITS) -> str:
    """A number of a node as text; "" where the column has none, UNREAD or UNREADABLE instead of it."""
    name = COLUMNS[column]
    state = values.digested[node] if column == DIGEST else values.state[node]
    if state != row_values.READ:
        return UNREADABLE if state == row_values.FAILED else UNREAD
    if column == DIGEST:
        digest: str = values.digests[node].decode("ascii")
        return digest if digits == _ALL_DIGITS else digest[:12]
    if name in row_values.COUNTS:
        return core.wording.number(int(values.counts[node, row_values.COUNTS.index(name)]))
    if name in row_values.FIGURES:
        return _short(float(values.figures[node, row_values.FIGURES.index(name)]), digits)
    return ""


def _short(value: float, digits: int) -> str:
    """Small ones with an exponent: zeros in front take the room that digits need."""
    if not 0 < abs(value) < 1e-3:
        return number(value, digits)
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def _measured(values: RowValues, node: int) -> tuple[str, ...]:
    waits = values.state[node] == row_values.UNREAD
    return (UNREAD if waits else "", *(figure(values, node, column, _DIGITS) for column in MEASURED[1:]))


def _spark(values: RowValues, node: int) -> Spark | None:
    if values.state[node] != row_values.READ or not values.heights[node].any():
        return None
    low, high = (float(values.figures[node, row_values.FIGURES.index(name)]) for name in ("min", "max"))
    return Spark(tuple(values.heights[node].tolist()), low, high, values.kind_of(node))


def tooltip(line: Line, column: int, tree: KeyTree | None, document: Document) -> str:
    """Rich text in which nothing from the file is markup."""
    if line.kind in (Kind.FAILED, Kind.MESSAGE):
        return words.tip(line.problem)
    if line.kind in (Kind.FILE, Kind.LOADING) and column == NAME:
        texts = [document.path, *([line.edited] if line.edited else []), *_signs(line)]
        return "<br>".join(words.tip(text) for text in texts)
    if column == NAME:
        texts = [line.key or line.texts[NAME]] + ([line.problem] if line.problem else []) + ([_shares_storage()] if line.shared else []) \
            + ([line.edited] if line.edited else []) + _signs(line)
        return "<br>".join(words.tip(text) for text in texts)
    if line.kind is Kind.VALUE and tree is not None and line.node is not None:
        return words.tip(core.one_line(tree.value(line.node), 2000))
    if column == BYTES and tree is not None and line.node is not None and line.kind is not Kind.LOADING:
        whole = words.exact_size(_own_bytes(line, tree))
        share = words.share(*_shares(line.share))
        return escape(f"{whole} · " + QCoreApplication.translate("TreeModel", "{share} of the file").format(share=share))
    if column == PARAMETERS and tree is not None and line.node is not None and line.kind in (Kind.FILE, Kind.GROUP, Kind.TENSOR):
        return escape(_elements(tree, line.node))
    return words.tip(line.text(SHAPE if line.spans else column))


def _elements(tree: KeyTree, node: int) -> str:
    """"9,513,813 elements, 3,171,210 of them parameters"."""
    elements, parameters = int(tree.elements[node]), int(tree.parameters[node])
    said = core.wording.number(elements)
    if not tree.has_parameters(node):
        return QCoreApplication.translate("TreeModel", "{n} elements, no parameters").format(n=said)
    if elements == parameters:
        return QCoreApplication.translate("TreeModel", "{n} parameters").format(n=said)
    return QCoreApplication.translate("TreeModel", "{n} elements, {parameters} of them parameters").format(
        n=said, parameters=core.wording.number(parameters))


def accessible(line: Line) -> str:
    """"weight, level 3"; "encoder, level 2, expanded"."""
    text = QCoreApplication.translate("TreeModel", "{name}, level {level}").format(name=line.texts[NAME], level=line.depth + 1)
    if line.has_children:
        text += ", " + (QCoreApplication.translate("TreeModel", "expanded") if line.expanded
                        else QCoreApplication.translate("TreeModel", "collapsed"))
    if line.bookmarked:
        text += ", " + QCoreApplication.translate("TreeModel", "bookmarked")
    if line.shared:
        text += ", " + _shares_storage()
    if line.edited:
        text += ", " + line.edited
    text = ", ".join((text, *_signs(line)))
    if line.kind is Kind.FAILED:
        text += ", " + _could_not()
    if line.kind is Kind.LOADING:
        text += ", " + line.texts[SHAPE]
    return text


def raw(line: Line, column: int, tree: KeyTree) -> int | str | None:
    """The number behind a cell. What 64 bits do not hold comes as text: Qt would overflow."""
    if line.node is None or line.kind is Kind.VALUE or column not in NUMBERS or column > BITS:
        return None
    if column == BITS:
        return line.bits
    if column == PARAMETERS and not line.texts[PARAMETERS]:
        return None
    number = _own_parameters(line, tree) if column == PARAMETERS else _own_bytes(line, tree)
    return number if number < 2**63 else core.wording.number(number)


def fields(line: Line, tree: KeyTree | None, document: Document) -> tuple[str, ...]:
    """A row for copying: the raw key, and the columns unformatted."""
    if tree is None or line.node is None:
        return (document.path, line.problem, "", "", "", "")
    key = line.key if line.node else document.path
    if line.kind is Kind.VALUE:
        return (key, core.one_line(tree.value(line.node), 100_000), core.type_name(tree.value(line.node)), "", "", "")
    info = tree.info(line.node)
    one = tree.alone(line.node) or info or tree.packed(line.node)
    shape = "x".join(map(str, one.shape)) if one is not None else ""
    return (key, shape, line.texts[DTYPE], line.texts[DEVICE],
            *(str(number) if (number := raw(line, column, tree)) is not None else "" for column in (PARAMETERS, BYTES)))


def _signs(line: Line) -> list[str]:
    """What the signs on a row say; that it was edited is said with what it was before."""
    return [mark.text or sign_name(mark.kind) for mark in line.marks if mark.kind is not Signs.EDITED]


def _shares_storage() -> str:
    return QCoreApplication.translate("TreeModel", "shares its storage with others")


def _edited(ckpt: core.Checkpoint, key: str) -> str:
    """"was: module.fc.weight, float32, cuda:0" as far as it differs; "" for what no edit touched."""
    assert ckpt.edited is not None
    source, old = ckpt.edited.source, ckpt.edited.origin.get(key)
    if old is None:
        return QCoreApplication.translate("TreeModel", "new")
    told = [core.visible(old)] if old != key else []
    changes = core.changes_between(source, old, ckpt, key)
    reshaped = any(change.what == "shape" for change in changes)
    told += [_was(change) for change in changes if not (reshaped and change.what in _OF_STORAGE)]
    return QCoreApplication.translate("TreeModel", "was: {before}").format(before=", ".join(told)) if told else ""


def _was(change: core.Change) -> str:
    if change.what == "taken":
        return QCoreApplication.translate("TreeModel", "other values")
    if change.what in _OF_STORAGE:
        return _shares_storage()
    before: Any = change.before
    if change.what == "shape":
        return words.shape(before)
    if change.what == "content":
        return f"{core.visible(before.dtype)} {words.shape(before.shape)}" if isinstance(before, core.TensorInfo) \
            else core.one_line(before, 200)
    return core.visible(before or "")


def _could_not() -> str:
    return QCoreApplication.translate("TreeModel", "could not be opened")


def _tensor(info: core.TensorInfo, counts: bool) -> tuple[str, str, str, str, str]:
    """`counts`: it is a parameter of the model, by itself."""
    return (words.shape_of(info).replace(" ", ""), core.visible(info.dtype), core.visible(info.device or ""),
            core.wording.number(info.numel) if counts else "", words.size(info.nbytes))


def _bits(tree: KeyTree, node: int) -> str:
    """"4.19": what an element takes at or below a node, all parts together."""
    if tree.view is None:
        return ""
    found = tree.bits_per_weight(node)
    return f"{found:.3g}" if found is not None else ""


def _packed(tree: KeyTree, node: int, tensor: core.LogicalTensor) -> tuple[str, str, str, str, str]:
    """The cells of a packed tensor: what it stands for, and the bytes of all its parts."""
    return (words.table_shape(tensor.shape), core.visible(tensor.words), _shared_name(tree.common_device(node)),
            _parameters(tree, node), words.size(int(tree.nbytes[node])))


def _dimensions(shape: tuple[int, ...]) -> str:
    """"5-D": half a shape would be another shape."""
    return QCoreApplication.translate("TreeModel", "{n}-D").format(n=len(shape))


def _packed_briefs(tensor: core.LogicalTensor) -> dict[int, str]:
    bits = {DTYPE: f"{tensor.bits:g}-bit"} if tensor.bits is not None and not tensor.is_adapter else {}
    return {SHAPE: _dimensions(tensor.shape), **bits}


def _summary(tree: KeyTree, node: int) -> tuple[str, str, str, str, str]:
    """The cells of a group: how many tensors, what they have in common, their sums."""
    tensors, values = int(tree.tensors[node]), int(tree.plain_values[node])
    if not tensors:
        return (words.values(values), "", "", "", "")
    experts = _experts(tree, node)
    return (f"{words.experts(experts)} · {words.tensors(int(tree.meant[node]))}" if experts else words.tensors(int(tree.meant[node])),
            _shared_name(tree.common_dtype(node)), _shared_name(tree.common_device(node)),
            _parameters(tree, node), words.size(int(tree.nbytes[node])))


def _parameters(tree: KeyTree, node: int) -> str:
    """How many parameters of the model; "" where there are none: buffers and the state of an optimizer have only elements."""
    return core.wording.number(int(tree.parameters[node])) if tree.has_parameters(node) else ""


def _experts(tree: KeyTree, node: int) -> int:
    """How many experts a group called so has in it; 0 for other groups."""
    if tree.name(node) not in ("experts", "local_experts"):
        return 0
    children = tree.name_id[tree.children_of(node)].tolist()
    return len(children) if len(children) > 1 and all(tree.names[id].isdecimal() for id in children) else 0


def _shared_name(names: tuple[str | None, ...] | None) -> str:
    if names is None:
        return QCoreApplication.translate("TreeModel", "mixed")
    return core.visible(names[0] or "") if names else ""


def _own_parameters(line: Line, tree: KeyTree) -> int:
    assert line.node is not None
    one = tree.alone(line.node) or tree.info(line.node)
    return one.numel if one is not None else int(tree.parameters[line.node])


def _own_bytes(line: Line, tree: KeyTree) -> int:
    assert line.node is not None
    info = tree.info(line.node)
    return info.nbytes if info is not None else int(tree.nbytes[line.node])


def _shares(share: float) -> tuple[int, int]:
    return round(share * 1_000_000), 1_000_000
