"""What one row of a comparison says, as text, worked out when it is first drawn."""
from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from inspector import core
from inspector.gui.kit import words

from .pair_tree import DEVICE, FIGURES, PairTree
from .tree_rows import TreeRows

COLUMNS = ("name", "status", "a", "b", *FIGURES)
NAME, STATUS, A, B, MAX, RMS, REL, COSINE, SHARE, SQNR = range(10)

# signs that differ in shape, so that nobody needs the colours; those of `inspector diff`
MARKS = {"equal": "=", "values": "≠", "dtype": "t", "shape": "#", "only-a": "−", "only-b": "+", "renamed": "→", "unread": "·",
         "plain": "v", DEVICE: "d"}
TONES = {"equal": "", "values": "warning", "dtype": "info", "shape": "danger", "only-a": "danger", "only-b": "ok", "renamed": "info",
         "unread": "", "plain": "warning", DEVICE: "info"}       # fields of theme.Colours; "" is muted
_EMPTY = ("",) * len(FIGURES)
_IN_A_GROUP = ("values", "shape", "only-a", "only-b", "dtype", "renamed", "plain", DEVICE, "unread", "equal")


@dataclass(frozen=True, slots=True)
class PairLine:
    """`texts` one per column, safe to draw. `status` is one of `pair_tree.STATUSES`, "" of a group; `same` says that the cells of
    A and B say the same; `problem` why values could not be compared. `counts` are a group's."""

    node: int
    depth: int
    texts: tuple[str, ...]
    status: str
    key: str
    has_children: bool
    expanded: bool
    same: bool = False
    problem: str = ""
    counts: tuple[tuple[str, int], ...] = ()


def status_words() -> dict[str, str]:
    """What each status is called."""
    translate = QCoreApplication.translate
    return {"equal": translate("Compare", "Equal"), "values": translate("Compare", "Values"), "dtype": translate("Compare", "Dtype"),
            "shape": translate("Compare", "Shape"), "only-a": translate("Compare", "Only in A"),
            "only-b": translate("Compare", "Only in B"), "renamed": translate("Compare", "Renamed"),
            "unread": translate("Compare", "Not read yet"), "plain": translate("Compare", "Other value"),
            DEVICE: translate("Compare", "Device")}


def status_helps() -> dict[str, str]:
    """What each status means."""
    translate = QCoreApplication.translate
    return {"equal": translate("Compare", "the same name, shape, dtype and values"),
            "values": translate("Compare", "the same shape and dtype, other values"),
            "dtype": translate("Compare", "the same shape, another dtype; the values may be equal"),
            "shape": translate("Compare", "other shapes, so the values are not compared"),
            "only-a": translate("Compare", "A has it and B does not"), "only-b": translate("Compare", "B has it and A does not"),
            "renamed": translate("Compare", "equal but for the name"),
            "unread": translate("Compare", "alike so far; the values were not read yet"),
            "plain": translate("Compare", "numbers, texts and metadata that differ"),
            DEVICE: translate("Compare", "saved from different devices")}


def line_of(rows: TreeRows, tree: PairTree, node: int) -> PairLine:
    label = core.visible(tree.label(node)) or '""'
    depth = int(tree.shown_depth[node]) - 1         # the root has no row
    pair, change = tree.pair(node), tree.change(node)
    has_children, expanded = rows.has_children(node), rows.is_expanded(node)
    if pair is not None:
        return _pair_line(tree, node, pair, label, depth, has_children, expanded)
    if change is not None and not int(tree.tensors[node]):      # an object that holds tensors is a group
        sides = tuple("—" if side is None else core.visible(side, 120) for side in (change.a, change.b))
        said = status_words()["only-b" if change.a is None else "only-a" if change.b is None else "plain"]
        return PairLine(node, depth, (label, said, *sides, *_EMPTY), "plain", change.key, has_children, expanded)
    counts = tree.counts(node)
    shown = tuple((status, counts[status]) for status in _IN_A_GROUP if status in counts)
    theirs = _group_in_b(tree, node)
    if theirs is not None:
        label += f"  →  {core.visible(theirs) or QCoreApplication.translate('Compare', '(root)')}"
    total = sum(count for status, count in counts.items() if status not in (DEVICE, "plain"))
    in_a, in_b = (words.tensors(total - counts.get(missing, 0)) for missing in ("only-b", "only-a")) if total \
        else (words.values(counts.get("plain", 0)), "")
    figures = tuple(_figure(name, tree.peak(name, node)) for name in FIGURES) if set(counts) & {"values", "dtype"} else _EMPTY
    said = "  ".join(f"{MARKS[status]} {count:,}" for status, count in shown)
    return PairLine(node, depth, (label, said, in_a, in_b, *figures), "", tree.key(node), has_children, expanded, in_a == in_b,
                    counts=shown)


def _pair_line(tree: PairTree, node: int, pair: core.Pair, label: str, depth: int, has_children: bool, expanded: bool) -> PairLine:
    comparison = tree.figures.comparison
    x = comparison.a.tensors[pair.a] if pair.a is not None else None
    y = comparison.b.tensors[pair.b] if pair.b is not None else None
    if pair.rule >= 0 and (theirs := _tail_in_b(tree, node, pair)) is not None:
        label += f"  →  {core.visible(theirs)}"
    sides = tuple(side_text(info, pair.device) for info in (x, y))
    found = pair.difference
    problem = found.problem if found is not None else ""
    figures: tuple[str, ...] = _EMPTY
    if found is not None and not problem and found.n_different:
        figures = tuple(_figure(name, float(tree.figures.of[name][tree.entry[node]])) for name in FIGURES)
    return PairLine(node, depth, (label, status_text(pair), *sides, *figures), pair.status, pair.a or pair.b or "", has_children,
                    expanded, sides[0] == sides[1], problem)


def _name_in_b(tree: PairTree, pair: core.Pair) -> str:
    b = tree.figures.comparison.b.tensors[pair.b or ""]
    return b.key if tree.figures.comparison.state_dicts[1] == core.WHOLE else b.name


def _tail_in_b(tree: PairTree, node: int, pair: core.Pair) -> str | None:
    """What B calls the part of a pair's name that its row shows; None when it is the same."""
    mine, theirs = tree.label(node), _name_in_b(tree, pair)
    tail = ".".join(core.segments_of(theirs)[-len(core.segments_of(mine)):])
    return tail if tail != mine else None


def _group_in_b(tree: PairTree, node: int) -> str | None:
    """What B calls a group, going by its first pair under another name; None when that ends alike, or is not one group."""
    below = tree.first_renamed(node)
    if below is None or not node:
        return None
    pair = tree.pair(below)
    group, mine = tree.key(node), tree.key(below)
    if pair is None or not core.is_under(mine, group):
        return None
    tail, theirs = mine[len(group):], _name_in_b(tree, pair)
    if theirs != tail[1:] and not theirs.endswith(tail):
        return None
    found = theirs[:-len(tail)] if theirs.endswith(tail) else ""
    label = tree.label(node)
    return found if found != label and not found.endswith(f".{label}") else None


def side_text(info: core.TensorInfo | None, device: bool) -> str:
    if info is None:
        return "—"
    said = f"{words.shape(info.shape)}  {core.visible(info.type_words)}"
    return f"{said}  {core.visible(info.device or '')}" if device else said


def status_text(pair: core.Pair) -> str:
    """"Values"; "Dtype, a cast"; "Equal, device"."""
    translate = QCoreApplication.translate
    said, found = [status_words()[pair.status]], pair.difference
    if found is not None and found.problem:
        said = [translate("Compare", "Not readable")]
    elif pair.status == "dtype" and found is not None:
        said.append(translate("Compare", "equal") if not found.n_different else translate("Compare", "a cast") if found.cast
                    else translate("Compare", "values too"))
    elif pair.status == "values" and pair.rule >= 0:
        said.append(translate("Compare", "renamed"))
    if pair.device:
        said.append(translate("Compare", "device"))
    return ", ".join(said)


def long_status() -> str:
    """The longest that usually stands in the column of the status."""
    return f"{status_words()['dtype']}, {QCoreApplication.translate('Compare', 'values too')}"


def tooltip(line: PairLine, column: int, tree: PairTree) -> str:
    """Rich text in which nothing from a file is markup."""
    pair = tree.pair(line.node)
    if line.problem:
        return words.tip(words.sentence(core.visible(line.problem, 400)))
    if column == NAME and pair is not None:
        return "<br>".join(words.tip(f"{side}:  {key}") for side, key in (("A", pair.a), ("B", pair.b)) if key is not None)
    if column == STATUS:
        named, helps = status_words(), status_helps()
        if line.status:
            return words.tip(helps[line.status])
        return "<br>".join(words.tip(f"{MARKS[status]}  {count:,}  {named[status]}") for status, count in line.counts)
    change = tree.change(line.node)
    if change is not None and column in (A, B):
        return words.tip((change.a if column == A else change.b) or "—")
    return words.tip(line.texts[column] if column != NAME else line.key)


def accessible(line: PairLine) -> str:
    """"conv1.weight, Values, level 2"."""
    text = QCoreApplication.translate("Compare", "{name}, {status}, level {level}").format(
        name=line.texts[NAME], status=line.texts[STATUS], level=line.depth + 1)
    if line.has_children:
        text += ", " + (QCoreApplication.translate("TreeModel", "expanded") if line.expanded
                        else QCoreApplication.translate("TreeModel", "collapsed"))
    return text


def fields(line: PairLine, tree: PairTree) -> tuple[str, ...]:
    """A row for copying: both raw keys, the status, and the columns unformatted."""
    pair, change = tree.pair(line.node), tree.change(line.node)
    if change is not None:
        return (change.key, change.key, line.status, change.a or "", change.b or "", *_EMPTY)
    if pair is None:
        return (line.key, "", "", *line.texts[A:B + 1], *_EMPTY)
    entry = int(tree.entry[line.node])
    known = pair.difference is not None and not pair.difference.problem
    return (pair.a or "", pair.b or "", pair.status, *line.texts[A:B + 1],
            *(repr(float(tree.figures.of[name][entry])) if known else "" for name in FIGURES))


def _figure(name: str, value: float) -> str:
    if value != value:
        return "—" if name == "cosine" else ""
    if name == "cosine":
        return f"{value:.6f}"
    if name == "sqnr":
        return core.wording.decibels(value)
    if name == "share":
        return "100 %" if value == 1 else "<0.01 %" if 0 < value < 0.0001 else f"{value * 100:.2f} %"
    return f"{value:.4g}"
