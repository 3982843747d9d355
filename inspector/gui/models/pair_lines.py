"""What one row of a comparison says, as text, worked out when it is first drawn."""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication

from inspector import core
from inspector.gui.kit import words

from .pair_tree import BY_A, BY_B, BY_BOTH, CONFLICT, DEVICE, FIGURES, RENAMED, Figures, PairTree
from .tree_rows import TreeRows

COLUMNS = ("name", "differs", "shape", "max", "rms", "cosine", "share", "sqnr")
NAME, DIFFERS, SHAPE, MAX, RMS, COSINE, SHARE, SQNR = range(8)
_FIGURES = COLUMNS[MAX:]

# signs that differ in shape, so that nobody needs the colours; those of `inspector diff` as far as it has them
MARKS = {"equal": "=", "values": "≠", "cast": "≈", "shape": "#", "only-a": "−", "only-b": "+", "counter": "n", "unread": "·",
         "unreadable": "!", "plain": "v", RENAMED: "→", DEVICE: "d", CONFLICT: "×", BY_A: "A", BY_B: "B", BY_BOTH: "&"}
TONES = {"equal": "", "values": "warning", "cast": "ok", "shape": "danger", "only-a": "danger", "only-b": "ok", "counter": "",
         "unread": "", "unreadable": "danger", "plain": "warning", RENAMED: "info", DEVICE: "info", CONFLICT: "danger", BY_A: "info",
         BY_B: "info", BY_BOTH: ""}              # of theme.Colours; "" is muted
_OF_GROUPS = ("max", "sqnr")        # what the most extreme of is the group's own
_EMPTY = ("",) * len(_FIGURES)
_IN_A_GROUP = ("shape", "values", "cast", "only-a", "only-b", "unreadable", "plain", "unread", "equal", "counter")
CALM = ("equal", "unread", "counter")        # nothing to look at
_HIGHEST = 40           # characters of a shape or number in a cell; of more dimensions only their number is said


class Piece(NamedTuple):
    """Part of a cell: a text, "" or "calm" or "new" for how it is drawn, and whether it may be left out where there is no room."""

    text: str
    tone: str = ""
    spare: bool = False


@dataclass(frozen=True, slots=True)
class PairLine:
    """`texts` one per column, safe to draw. `status` is one of `pair_tree.STATUSES`, "" of a group; `word` says it, `brief` does in
    narrow columns. `distance` is that of the pair, or of all in a group together, relative to A's norm; NaN where none is known.
    `is_open`: some of what lies below has not been read. `shape` has the pieces of that column; `problem` says why values could not be
    compared. `counts` are a group's; `since` says who changed it since the base (`pair_tree.BASE_MARKS`)."""

    node: int
    depth: int
    texts: tuple[str, ...]
    status: str
    key: str
    has_children: bool
    expanded: bool
    word: str = ""
    brief: str = ""
    distance: float = math.nan
    is_open: bool = False
    shape: tuple[Piece, ...] = ()
    problem: str = ""
    counts: tuple[tuple[str, int], ...] = ()
    since: str = ""

    @property
    def sign(self) -> str:
        """Whose of `MARKS` stands before the word."""
        return CONFLICT if self.since == CONFLICT else self.status

    @property
    def is_calm(self) -> bool:
        """Whether there is nothing to look at."""
        return self.status in CALM


def status_words() -> dict[str, str]:
    """What each status is called."""
    translate = QCoreApplication.translate
    return {"equal": translate("Compare", "Equal"), "values": translate("Compare", "Values"), "cast": translate("Compare", "Cast only"),
            "shape": translate("Compare", "Shape"), "only-a": translate("Compare", "Only in A"),
            "only-b": translate("Compare", "Only in B"), "counter": translate("Compare", "Counters"),
            "unread": translate("Compare", "Not read yet"), "unreadable": translate("Compare", "Not readable"),
            "plain": translate("Compare", "Other values"), RENAMED: translate("Compare", "Renamed"), DEVICE: translate("Compare", "Device"),
            CONFLICT: translate("Compare", "Conflict"), BY_A: translate("Compare", "A changed it"),
            BY_B: translate("Compare", "B changed it"), BY_BOTH: translate("Compare", "Both alike")}


def status_helps() -> dict[str, str]:
    """What each status means."""
    translate = QCoreApplication.translate
    return {"equal": translate("Compare", "the same shape, dtype and values, under whatever name"),
            "values": translate("Compare", "the same shape, other values"),
            "cast": translate("Compare", "one is exactly the other in another dtype"),
            "shape": translate("Compare", "other shapes, so the values are not compared"),
            "only-a": translate("Compare", "A has it and B does not"), "only-b": translate("Compare", "B has it and A does not"),
            "counter": translate("Compare", "counts of steps or batches that went on; they are in no distance"),
            "unread": translate("Compare", "alike so far; the values were not read yet"),
            "unreadable": translate("Compare", "the values could not be compared"),
            "plain": translate("Compare", "numbers, texts and metadata that differ"),
            RENAMED: translate("Compare", "paired although the names differ"),
            DEVICE: translate("Compare", "saved from different devices"),
            CONFLICT: translate("Compare", "both changed it since the base, each in its own way"),
            BY_A: translate("Compare", "only A changed it since the base"), BY_B: translate("Compare", "only B changed it since the base"),
            BY_BOTH: translate("Compare", "both changed it since the base, and are the same")}


def line_of(rows: TreeRows, tree: PairTree, node: int) -> PairLine:
    label = core.visible(tree.label(node)) or '""'
    depth = int(tree.shown_depth[node]) - 1         # the root has no row
    pair, change = tree.pair(node), tree.change(node)
    has_children, expanded = rows.has_children(node), rows.is_expanded(node)
    if pair is not None:
        return _pair_line(tree, node, pair, label, depth, has_children, expanded)
    if change is not None and not int(tree.tensors[node]):      # an object that holds tensors is a group
        said, since = change_text(change), tree.figures.since_base(tree.number_of(node))
        if since:
            said = QCoreApplication.translate("Compare", "{what}, {who}").format(what=said, who=_who_did(since))
        return PairLine(node, depth, (label, said, "", *_EMPTY), "plain", change.key, has_children, expanded, said, said, since=since)
    return _group_line(tree, node, label, depth, has_children, expanded)


def _group_line(tree: PairTree, node: int, label: str, depth: int, has_children: bool, expanded: bool) -> PairLine:
    counts = tree.counts(node)
    shown = tuple((status, counts[status]) for status in _IN_A_GROUP if status in counts)
    theirs = _group_in_b(tree, node)
    if theirs is not None:
        label += f"  →  {core.visible(theirs) or QCoreApplication.translate('Compare', '(root)')}"
    total = sum(count for status, count in shown if status != "plain")
    what = words.tensors(total) if total else words.values(counts.get("plain", 0))
    shown = (*((mark, counts[mark]) for mark in (CONFLICT,) if mark in counts), *shown)
    moved = set(counts) & {"values", "cast"}
    figures = tuple(_figure(name, tree.peak(name, node)) if name in _OF_GROUPS else "" for name in _FIGURES) if moved else _EMPTY
    distance = tree.distance(node) if moved else math.nan
    said = "  ".join(f"{MARKS[status]} {count:,}" for status, count in shown)
    text = f"{said}  {distance_text(distance)}" if distance == distance else said
    return PairLine(node, depth, (label, text, what, *figures), "", tree.key(node), has_children, expanded, distance=distance,
                    is_open=bool(counts.get("unread")), shape=(Piece(what, "calm"),), counts=shown)


def _pair_line(tree: PairTree, node: int, pair: core.Pair, label: str, depth: int, has_children: bool, expanded: bool) -> PairLine:
    figures, n = tree.figures, tree.number_of(node)
    status = figures.status_of(n)
    if pair.rule >= 0 and (theirs := _tail_in_b(tree, node, pair)) is not None:
        label += f"  →  {core.visible(theirs)}"
    found = pair.difference
    problem = found.problem if found is not None else ""
    numbers: tuple[str, ...] = _EMPTY
    distance = math.nan
    if found is not None and not problem and found.n_different and status != "counter":
        numbers = tuple(_figure(name, float(figures.of[name][n])) for name in _FIGURES)
        distance = found.rel
    word, brief = words_of(figures, n, pair, status)
    shape = shape_of(figures.comparison, pair)
    said = f"{word}, {distance_text(distance)}" if distance == distance else word
    return PairLine(node, depth, (label, said, "  ".join(piece.text for piece in shape), *numbers), status, pair.a or pair.b or "",
                    has_children, expanded, word, brief, distance, status == "unread", shape, problem,
                    since=figures.since_base(n))


def words_of(figures: Figures, n: int, pair: core.Pair, status: str) -> tuple[str, str]:
    """What is so of a pair, and the same in a narrow column."""
    translate = QCoreApplication.translate
    named = {"equal": translate("Compare", "equal"), "values": translate("Compare", "values"),
             "cast": translate("Compare", "cast only"), "shape": translate("Compare", "shape"),
             "only-a": translate("Compare", "only in A"), "only-b": translate("Compare", "only in B"),
             "counter": translate("Compare", "counter"), "unread": translate("Compare", "not read yet"),
             "unreadable": translate("Compare", "not readable")}
    word = brief = named[status]
    if status == "cast":
        brief = translate("Compare", "cast")
    elif status == "unread" and figures.reading and figures.reading in (pair.a, pair.b):
        word = brief = translate("Compare", "reading…")
    elif status == "counter" and n in figures.counted:
        word = brief = translate("Compare", "counter, {a} → {b}").format(a=figures.counted[n][0], b=figures.counted[n][1])
    if pair.device and status == "equal":
        word = translate("Compare", "equal, other device")
    since = figures.since_base(n)
    if since:
        word = translate("Compare", "{what}, {who}").format(what=word, who=_who_did(since, status))
        brief = {CONFLICT: translate("Compare", "conflict"), BY_A: translate("Compare", "by A"), BY_B: translate("Compare", "by B"),
                 BY_BOTH: translate("Compare", "by both")}[since]
    return word, brief


def _who_did(since: str, status: str = "") -> str:
    """Of a mark of `BASE_MARKS`: who did what, as far as the status tells."""
    translate = QCoreApplication.translate
    return {CONFLICT: translate("Compare", "conflict"),
            BY_A: translate("Compare", "A added it") if status == "only-a" else translate("Compare", "A dropped it") if status == "only-b"
            else translate("Compare", "A changed it"),
            BY_B: translate("Compare", "B added it") if status == "only-b" else translate("Compare", "B dropped it") if status == "only-a"
            else translate("Compare", "B changed it"),
            BY_BOTH: translate("Compare", "both changed it")}[since]


def change_text(change: core.ValueChange) -> str:
    """"1 → 2"; "only in A: 0.1"."""
    translate = QCoreApplication.translate
    if change.b is None:
        return translate("Compare", "only in A: {value}").format(value=core.visible(change.a or "", 120))
    if change.a is None:
        return translate("Compare", "only in B: {value}").format(value=core.visible(change.b, 120))
    return f"{core.visible(change.a, 120)} → {core.visible(change.b, 120)}"


def shape_of(comparison: core.Comparison, pair: core.Pair) -> tuple[Piece, ...]:
    """Shape, dtype, and where they are not the same those of A and those of B. A shape is never cut."""
    x = comparison.a.tensors[pair.a] if pair.a is not None else None
    y = comparison.b.tensors[pair.b] if pair.b is not None else None
    one = x if x is not None else y
    assert one is not None
    if x is None or y is None:
        return Piece(dense_shape(one.shape)), Piece(core.visible(one.type_words), "calm", True)
    pieces = [Piece(dense_shape(x.shape))] if x.shape == y.shape else [
        Piece(dense_shape(x.shape)), Piece("→", "calm"), Piece(dense_shape(y.shape), "new")]
    types = core.visible(x.type_words), core.visible(y.type_words)
    pieces += [Piece(types[0], "calm", True)] if types[0] == types[1] else [
        Piece(types[0], "calm", True), Piece("→", "calm", True), Piece(types[1], "new", True)]
    if pair.device:
        devices = core.visible(x.device or "—"), core.visible(y.device or "—")
        pieces += [Piece(devices[0], "calm", True), Piece("→", "calm", True), Piece(devices[1], "new", True)]
    return tuple(pieces)


def dense_shape(dims: tuple[int, ...]) -> str:
    """"64×3×7×7"; "scalar"; "9-D" where the whole would not fit a column."""
    if not dims:
        return QCoreApplication.translate("Compare", "scalar")
    text = "×".join(map(str, dims))
    return text if len(text) <= _HIGHEST else QCoreApplication.translate("Compare", "{n}-D").format(n=len(dims))


def distance_text(rel: float) -> str:
    """"1.97 %" of A's norm."""
    if rel != rel:
        return ""
    if math.isinf(rel):
        return "∞ %"
    percent = rel * 100
    if percent == 0:
        return "0 %"
    if percent < 0.001:
        return "<0.001 %"
    return f"{percent:.3f} %" if percent < 0.01 else f"{percent:.2f} %" if percent < 10 else f"{percent:.1f} %" if percent < 100 \
        else f"{percent:,.0f} %" if percent < 1e6 else f"{percent:.1e} %"


def bar_part(rel: float) -> float:
    """How much of its bar a distance fills: by logarithm, from 0.001 % to all of A's norm."""
    if rel != rel or rel <= 0:
        return 0.0
    return min(1.0, max(0.02, (math.log10(rel) + 5) / 5)) if rel < math.inf else 1.0


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
    said = f"{words.shape_of(info)}  {core.visible(info.type_words)}"
    return f"{said}  {core.visible(info.device or '')}" if device else said


def sides_of(pair: core.Pair, comparison: core.Comparison) -> tuple[str, str]:
    """What both sides are."""
    x = comparison.a.tensors[pair.a] if pair.a is not None else None
    y = comparison.b.tensors[pair.b] if pair.b is not None else None
    return side_text(x, pair.device), side_text(y, pair.device)


def tooltip(line: PairLine, column: int, tree: PairTree) -> str:
    """Rich text in which nothing from a file is markup."""
    pair, change = tree.pair(line.node), tree.change(line.node)
    if line.problem:
        return words.tip(words.sentence(words.said(line.problem, 400)))
    if column == NAME and pair is not None:
        return "<br>".join(words.tip(f"{side}:  {key}") for side, key in (("A", pair.a), ("B", pair.b)) if key is not None)
    if column == SHAPE and pair is not None:
        return "<br>".join(words.tip(f"{side}:  {text}") for side, text in zip("AB", sides_of(pair, tree.figures.comparison), strict=True))
    if column == DIFFERS and change is not None and line.status == "plain":
        return "<br>".join(words.tip(f"{side}:  {text if text is not None else '—'}") for side, text in (("A", change.a), ("B", change.b)))
    if column == DIFFERS:
        return "<br>".join(map(words.tip, _explained(line)))
    return words.tip(line.texts[column] if column != NAME else line.key)


def _explained(line: PairLine) -> list[str]:
    translate = QCoreApplication.translate
    named, helps = status_words(), status_helps()
    lines = [helps[name] for name in (line.status, line.since) if name] if line.status else [
        f"{MARKS[status]}  {count:,}  {named[status]}" for status, count in line.counts]
    if line.distance == line.distance:
        whole = translate("Compare", "{value} of A's norm") if line.status \
            else translate("Compare", "{value} of A's norm, all of it together")
        lines.append(whole.format(value=distance_text(line.distance)))
    if line.is_open and not line.status:
        lines.append(translate("Compare", "Some of it was not read yet."))
    return lines


def accessible(line: PairLine) -> str:
    """"conv1.weight, values differ, 1.97 percent, 24×24×3×3, float32 to bfloat16, level 2": words for signs, which readers pass over."""
    translate = QCoreApplication.translate
    if line.status:
        said = [translate("Compare", "values differ") if line.status == "values" and not line.since else line.word]
    else:
        named = status_words()
        said = [f"{count:,} {named[status]}" for status, count in line.counts]
    if line.distance == line.distance:
        said.append(translate("Compare", "{n} percent").format(n=distance_text(line.distance).removesuffix(" %").replace("<", "")))
    if (shape := _spoken(line.shape)):
        said.append(shape)
    text = translate("Compare", "{name}, {what}, level {level}").format(
        name=line.texts[NAME], what=", ".join(said).replace(" → ", translate("Compare", " to ")), level=line.depth + 1)
    if line.has_children:
        text += ", " + (translate("TreeModel", "expanded") if line.expanded else translate("TreeModel", "collapsed"))
    return text


def _spoken(pieces: tuple[Piece, ...]) -> str:
    """Shape, then dtypes, then devices, each with an arrow where A and B are not the same."""
    said: list[str] = []
    for n, piece in enumerate(pieces):
        joined = n and (piece.text == "→" or pieces[n - 1].text == "→")
        said.append(f"{' ' if joined else ', ' if n else ''}{piece.text}")
    return "".join(said)


def fields(line: PairLine, tree: PairTree) -> tuple[str, ...]:
    """A row for copying: both raw keys, the status, both sides, and the figures unformatted."""
    pair, change = tree.pair(line.node), tree.change(line.node)
    none = ("",) * len(FIGURES)
    if change is not None:
        return (change.key, change.key, line.status, change.a or "", change.b or "", *none)
    if pair is None:
        return (line.key, "", "", line.texts[SHAPE], "", *none)
    n = tree.number_of(line.node)
    known = pair.difference is not None and not pair.difference.problem
    return (pair.a or "", pair.b or "", pair.status, *sides_of(pair, tree.figures.comparison),
            *(repr(float(tree.figures.of[name][n])) if known else "" for name in FIGURES))


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
