"""The rows of the tree: what stands where, in which state, and that Qt's own model tester has nothing to say."""
from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QCoreApplication, Qt
from pytestqt.modeltest import ModelTester

from inspector import core
from inspector.gui.models import search, tree_model
from inspector.gui.models.key_tree import KeyTree, build_key_tree
from inspector.gui.models.tree_model import BYTES, DEVICE, DTYPE, KEY, NAME, PARAMETERS, RAW, SHAPE, Kind, TreeModel
from inspector.gui.models.tree_rows import TreeRows
from inspector.gui.state.session import Selection, Session
from inspector.gui.state.tasks import Tasks


def tensor(key: str, shape: tuple[int, ...] = (2, 3), dtype: str = "float32", device: str | None = "cpu",
           **more: Any) -> core.TensorInfo:
    return core.TensorInfo(key, shape, dtype, device, (1,) * len(shape), 0, key, 0, **more)


def checkpoint(*tensors: core.TensorInfo | str, kind: str = "state-dict", **values: Any) -> core.Checkpoint:
    infos = [tensor(each) if isinstance(each, str) else each for each in tensors]
    return core.Checkpoint("/x/model.pt", "torch-zip", kind, (), {info.key: info for info in infos}, values)


NET = ("enc.0.w", "enc.0.b", "enc.1.w", "enc.1.b", "head.w")


@pytest.fixture
def model(session: Session) -> TreeModel:
    return TreeModel(session)


@pytest.fixture
def show(session: Session) -> Callable[..., int]:
    """Opens a checkpoint under a path, and gives the document's id."""
    def show(*tensors: core.TensorInfo | str, path: str = "/x/model.pt", **values: Any) -> int:
        document = session.add(path)
        session.loaded(document.id, checkpoint(*tensors, **values))
        return document.id
    return show


def names(model: TreeModel) -> list[str]:
    return ["  " * model.line(row).depth + model.line(row).texts[NAME] for row in range(model.rowCount())]


def row_of(model: TreeModel, name: str) -> int:
    return next(row for row in range(model.rowCount()) if model.line(row).texts[NAME] == name)


# -- states -----------------------------------------------------------------------------------------------------------


def test_that_qt_finds_no_fault_in_any_state(session: Session, model: TreeModel, show: Callable[..., int],
                                             qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(model)
    first = show(*NET, epoch=3)
    waiting = session.add("/x/waiting.pt")
    session.progress(waiting.id, 1, 3, "reading")
    broken = session.add("/x/broken.pt")
    session.failed(broken.id, core.Truncated("The file ends early"))
    qtmodeltester.check(model)
    model.collapse_all()
    model.expand_all()
    model.set_expanded(row_of(model, "enc"), False)
    model.set_expanded(row_of(model, "enc"), True)
    qtmodeltester.check(model)
    model.set_filter("w -head")
    model.sort(BYTES, Qt.SortOrder.DescendingOrder)
    qtmodeltester.check(model)
    session.restart(broken.id)
    session.loaded(broken.id, checkpoint("a.b"))
    session.remove(first)
    session.failed(waiting.id, core.Truncated("The file ends early"))
    qtmodeltester.check(model)
    session.remove(waiting.id)
    session.remove(broken.id)
    qtmodeltester.check(model)
    assert model.rowCount() == 0


def test_that_a_document_waits_on_one_row_and_then_shows_its_tree(session: Session, model: TreeModel) -> None:
    document = session.add("/x/model.pt")
    assert [model.line(0).kind, model.line(0).progress] == [Kind.LOADING, None]
    session.progress(document.id, 1, 4, "reading data.pkl")
    assert model.line(0).texts[SHAPE] == "reading data.pkl"
    assert model.line(0).progress == 0.25
    assert model.rowCount() == 1
    session.loaded(document.id, checkpoint(*NET))
    assert names(model) == ["model.pt", "  enc", "    0", "      w", "      b", "    1", "      w", "      b", "  head.w"]
    assert model.line(0).kind is Kind.FILE


def test_that_a_failed_document_says_why_below_it(session: Session, model: TreeModel) -> None:
    document = session.add("/x/model.pt")
    session.failed(document.id, core.Truncated("The file ends at byte 12", "Download it again.", "data.pkl:12"))
    assert [model.line(row).kind for row in range(2)] == [Kind.FAILED, Kind.MESSAGE]
    assert model.line(1).texts[NAME] == "The file ends at byte 12 (at data.pkl:12). Download it again."
    assert model.parent_row(1) == 0
    session.failed(document.id, core.Truncated("Still"))
    assert model.line(1).texts[NAME] == "Still."


def test_that_the_old_tree_stays_while_a_file_is_loaded_again(session: Session, model: TreeModel, show: Callable[..., int]) -> None:
    id = show(*NET)
    model.collapse_all()
    model.set_expanded(row_of(model, "enc"), True)
    model.set_expanded(row_of(model, "1"), True)
    before = names(model)
    session.restart(id)
    assert names(model) == before
    assert model.line(0).kind is Kind.LOADING
    session.loaded(id, checkpoint("new", *NET))
    assert names(model) == [before[0], "  new", *before[1:]]


def test_that_new_documents_do_not_disturb_the_others(session: Session, model: TreeModel, show: Callable[..., int]) -> None:
    show(*NET)
    model.set_expanded(row_of(model, "enc"), False)
    before = names(model)
    other = show("a.b", "a.c", path="/x/other.pt")
    session.failed(session.add("/x/third.pt").id, core.Corrupt("No"))
    assert names(model)[:len(before)] == before
    session.remove(other)
    assert names(model)[:len(before)] == before
    assert names(model)[len(before)] == "third.pt"


def test_that_a_tree_is_laid_out_by_a_task_and_stale_ones_are_dropped(session: Session) -> None:
    class Held:
        def __init__(self) -> None:
            self.work: dict[Hashable, tuple[Callable[[core.Monitor], KeyTree], Callable[[KeyTree], None]]] = {}

        def start(self, key: Hashable, work: Callable[[core.Monitor], KeyTree], *, on_done: Callable[[KeyTree], None],
                  label: str = "", urgent: bool = False) -> None:
            self.work[key] = (work, on_done)

        def cancel(self, key: Hashable) -> None:
            self.work.pop(key, None)

    held = Held()
    model = TreeModel(session, held)
    document = session.add("/x/model.pt")
    session.loaded(document.id, checkpoint("old"))
    assert model.rowCount() == 1
    assert model.line(0).texts[SHAPE] == "laying out the keys"
    work, done = held.work["tree", document.id]
    session.loaded(document.id, checkpoint("new"))
    done(work(core.QUIET))
    assert model.rowCount() == 1
    work, done = held.work["tree", document.id]
    done(work(core.QUIET))
    assert names(model) == ["model.pt", "  new"]
    session.remove(document.id)
    assert not held.work
    done(work(core.QUIET))
    assert model.rowCount() == 0


def test_that_small_files_are_opened_all_the_way_and_large_ones_are_not(model: TreeModel, show: Callable[..., int]) -> None:
    show(*NET)
    assert model.rowCount() == 9
    show(*(f"layer{i}.{j}" for i in range(30) for j in range(30)), path="/x/large.pt")
    assert model.rowCount() == 9 + 31


# -- texts ------------------------------------------------------------------------------------------------------------


def test_that_rows_say_what_there_is(model: TreeModel, show: Callable[..., int]) -> None:
    show(tensor("m.a", (64, 3, 7, 7), "float32", "cuda:0"), tensor("m.b", (), "bfloat16", None), epoch=50)
    said = {model.line(row).texts[NAME]: model.line(row).texts[1:] for row in range(model.rowCount())}
    assert said["a"] == ("64×3×7×7", "float32", "cuda:0", "9,408", "37.6 kB")
    assert said["b"] == ("scalar", "bfloat16", "", "1", "2 B")
    assert said["m"] == ("2 tensors", "mixed", "mixed", "9,409", "37.6 kB")
    assert said["epoch"][0] == "50"
    assert model.line(row_of(model, "epoch")).spans


@pytest.mark.parametrize("key", ["<b>x</b>", "&lt;", "<br>", "<img src='file:///etc/passwd'>", "<img src='//host/share/x.png'>"],
                         ids=["bold", "entity", "break", "file", "unc"])
def test_that_markup_in_names_stays_text(model: TreeModel, show: Callable[..., int], key: str) -> None:
    show(key, "other", **{"value" + key: key})
    assert model.index(1, NAME).data() == key
    for row in range(model.rowCount()):
        for column in range(model.columnCount()):
            tip = model.index(row, column).data(Qt.ItemDataRole.ToolTipRole) or ""
            assert key not in tip
            assert "<img" not in tip


@pytest.mark.parametrize(("key", "shown"), [
    ("\u202egnp.exe", "\\u202egnp.exe"),
    ("a\u2066b\u2069", "a\\u2066b\\u2069"), ("a\u200bb\ufeff", "a\\u200bb\\ufeff"), ("a\nb\r\tc", "a\\nb\\r\\tc"),
    ("a\x0bb\x85c\u2028", "a\\x0bb\\x85c\\u2028"), ("a\0b", "a\\0b"), ("a\ud800b", "a\\ud800b"), ("", '""')],
    ids=["rlo", "isolates", "zero-width", "newline", "separators", "nul", "surrogate", "empty"])
def test_that_invisible_characters_are_drawn_and_copied_raw(model: TreeModel, show: Callable[..., int], key: str,
                                                            shown: str) -> None:
    show(key, "other")
    assert model.index(1, NAME).data() == shown
    assert model.copied_fields(1)[0] == key


def test_that_look_alike_keys_stay_two_rows(model: TreeModel, show: Callable[..., int]) -> None:
    """Nothing is normalised."""
    show("caf\u00e9", "cafe\u0301", "\u0430", "a")
    assert model.rowCount() == 5
    assert [model.copied_fields(row)[0] for row in range(1, 5)] == ["caf\u00e9", "cafe\u0301", "\u0430", "a"]


def test_that_long_names_and_values_are_shortened_to_be_drawn(model: TreeModel, show: Callable[..., int]) -> None:
    long = "x" * 1_000_000
    show(long, value=long)
    for row in range(model.rowCount()):
        for column in range(model.columnCount()):
            assert len(model.index(row, column).data()) <= 300
            assert len(model.index(row, column).data(Qt.ItemDataRole.ToolTipRole) or "") < 10_000
    assert model.copied_fields(1)[0] == long


def test_that_file_names_that_are_not_text_are_shown_escaped(session: Session, model: TreeModel) -> None:
    session.add("/x/caf\udce9.pt")
    assert model.index(0, NAME).data() == "caf\\udce9.pt"


def test_that_numbers_beyond_64_bits_reach_qt_as_text(model: TreeModel, show: Callable[..., int]) -> None:
    show(tensor("a", (2**40, 2**40)), tensor("b", (2**62,) * 60), tensor("c", (3,)), big=2**200)
    raw = {model.line(row).texts[NAME]: model.index(row, PARAMETERS).data(RAW) for row in range(model.rowCount())}
    assert raw["a"] == f"{2**80:,}"
    assert raw["c"] == 3
    assert isinstance(raw["b"], str)
    assert model.line(row_of(model, "b")).texts[PARAMETERS] == "≈ 2^3720"
    assert raw["big"] is None
    assert model.line(row_of(model, "big")).texts[SHAPE].startswith(str(2**200)[:20])
    for row in range(model.rowCount()):
        for column in range(model.columnCount()):
            assert isinstance(model.index(row, column).data(), str)


def test_that_screen_readers_hear_name_level_and_state(model: TreeModel, show: Callable[..., int]) -> None:
    show(*NET)
    def heard(name: str) -> str:
        return str(model.index(row_of(model, name), NAME).data(Qt.ItemDataRole.AccessibleTextRole))

    assert heard("model.pt") == "model.pt, level 1, expanded"
    assert heard("head.w") == "head.w, level 2"
    model.set_expanded(row_of(model, "enc"), False)
    assert heard("enc") == "enc, level 2, collapsed"
    assert model.index(row_of(model, "enc"), SHAPE).data(Qt.ItemDataRole.AccessibleTextRole) == "4 tensors"


def test_that_the_lone_tensor_of_a_file_is_named_for_people(model: TreeModel, show: Callable[..., int]) -> None:
    show("", kind="tensor")
    assert model.line(1).texts[NAME] == "(the tensor itself)"


def test_that_tensors_of_one_storage_are_marked(model: TreeModel, show: Callable[..., int]) -> None:
    show(tensor("embed")._replace(storage="0"), tensor("head")._replace(storage="0"), tensor("alone"), tensor("meta")._replace(storage=""),
         tensor("meta2")._replace(storage=""))
    marked = {model.line(row).texts[NAME] for row in range(model.rowCount()) if model.line(row).shared}
    assert marked == {"embed", "head"}
    index = model.index(row_of(model, "head"), NAME)
    assert "shares its storage with others" in index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert "shares its storage with others" in index.data(Qt.ItemDataRole.ToolTipRole)
    assert "shares" not in model.index(row_of(model, "alone"), NAME).data(Qt.ItemDataRole.ToolTipRole)


def test_that_a_broken_tensor_says_so(model: TreeModel, show: Callable[..., int]) -> None:
    show(tensor("w", problem="its bytes are missing"))
    assert model.line(1).problem == "its bytes are missing"
    assert "its bytes are missing" in model.index(1, NAME).data(Qt.ItemDataRole.ToolTipRole)


# -- expanding --------------------------------------------------------------------------------------------------------


def test_that_expanding_and_collapsing_move_rows_as_they_should(model: TreeModel, show: Callable[..., int]) -> None:
    show(*NET)
    model.collapse_all()
    assert names(model) == ["model.pt", "  enc", "  head.w"]
    model.set_expanded(1, True)
    assert names(model) == ["model.pt", "  enc", "    0", "    1", "  head.w"]
    model.set_expanded(3, True)
    model.set_expanded(1, False)
    assert names(model) == ["model.pt", "  enc", "  head.w"]
    model.set_expanded(1, True)
    assert names(model) == ["model.pt", "  enc", "    0", "    1", "      w", "      b", "  head.w"]
    model.set_expanded_below(1, True)
    assert model.rowCount() == 9
    model.set_expanded_below(1, False)
    assert names(model) == ["model.pt", "  enc", "  head.w"]
    model.set_expanded(0, False)
    assert names(model) == ["model.pt"]


def test_that_leaves_and_waiting_files_do_not_expand(session: Session, model: TreeModel, show: Callable[..., int]) -> None:
    show("w")
    session.add("/x/waiting.pt")
    for row in (1, 2):
        model.set_expanded(row, True)
        model.set_expanded_below(row, True)
    assert names(model) == ["model.pt", "  w", "waiting.pt"]


groups = st.sampled_from(["a", "b", "c10", "c2"])
some_keys = st.lists(st.lists(groups, min_size=1, max_size=4).map(".".join), min_size=1, max_size=15, unique=True)
kinds_of_change = st.sampled_from(["toggle", "below", "all", "none", "depth", "sort", "filter"])
steps = st.lists(st.tuples(kinds_of_change, st.integers(0, 30)), max_size=8)


@pytest.mark.parametrize("renamed", [lambda key: f"module.{key}", lambda key: f"_orig_mod.module.{key}", lambda key: f"a.b.c.d.{key}",
                                     lambda key: key.replace("enc.", "encoder."), lambda key: key.replace("enc.", "model.encoder."),
                                     lambda key: key.replace("fc.", "fc.linear."), lambda key: key.replace(".1.", ".one.")])
@pytest.mark.parametrize("undone", [False, True])
def test_that_groups_stay_open_under_the_names_that_an_edit_gives_them(renamed: Callable[[str], str], *, undone: bool) -> None:
    leaves = ("norm.weight", "norm.bias", "fc.weight", "fc.bias")
    keys = [f"{part}.{n}.{leaf}" for part in ("enc", "dec") for n in range(3) for leaf in leaves]
    infos = [tensor(key)._replace(storage=str(n)) for n, key in enumerate(keys)]
    opened = [key for key in keys if key.startswith("enc.1.fc.")]
    before, after = (build_key_tree(checkpoint(*(info._replace(key=name(info.key)) for info in infos)))
                     for name in ((renamed, lambda key: key) if undone else (lambda key: key, renamed)))
    said = renamed if undone else str
    older = TreeRows(before)
    older._kept[:] = False
    for key in opened:
        node = before.find(said(key))
        assert node is not None
        older.reveal(node)
    rows = TreeRows(after)
    rows.take_over(older)
    said = str if undone else renamed
    for key in keys:
        node = after.find(said(key))
        assert node is not None
        assert (rows.row_of(node) is not None) == (key in opened), key


@given(some_keys, steps)
@settings(max_examples=120, deadline=None)
def test_that_any_sequence_of_changes_shows_what_the_plainest_tree_would(keys: list[str], changes: list[tuple[str, int]]) -> None:
    tree = build_key_tree(checkpoint(*keys))
    rows = TreeRows(tree)
    expanded = {True: set(np.flatnonzero(rows._kept).tolist()), False: set()}
    hits: set[int] | None = None
    order: tuple[str, bool] | None = None

    def shown(n: int) -> bool:
        return hits is None or n == 0 or any(n <= hit < tree.end[n] for hit in hits)

    def walk(n: int) -> list[int]:
        own = [] if tree.folded[n] else [n]
        if not tree.folded[n] and n not in expanded[hits is None]:
            return own
        children = list(tree.children(n))
        if order is not None:
            rank = tree.ranks(order[0])
            children.sort(key=lambda child: -int(rank[child]) if order[1] else int(rank[child]))
        return own + [row for child in children if shown(child) for row in walk(child)]

    for what, number in changes:
        place = number % len(rows.rows)
        node = int(rows.rows[place])
        now = expanded[hits is None]
        if what == "toggle" and rows.has_children(node):
            if rows.is_expanded(node):
                rows.collapse(node, place, rows.count_below(place))
                now.discard(node)
            else:
                rows.expand(node, place, rows.if_expanded(node))
                now.add(node)
        elif what in ("below", "all", "none"):
            start = node if what == "below" else 0
            rows.set_below(start, what != "none")
            below = set(range(start, int(tree.end[start])))
            now.difference_update(below)
            now.update(below if what != "none" else ())
        elif what == "depth":
            rows.set_depth(number % 4)
            now.clear()
            now.update(n for n in range(len(tree)) if tree.shown_depth[n] < number % 4)
        elif what == "sort":
            order = None if number % 5 == 0 else (("name", "parameters", "shape")[number % 3], bool(number % 2))
            rows.sort(*order) if order is not None else rows.sort(None)
        elif what == "filter":
            text = ("", "a", "c1", "zzz")[number % 4]
            found = search.find(tree, search.parse(text)) if text else None
            rows.show_only(found)
            hits = None if found is None else set(np.flatnonzero(found).tolist())
            expanded[False] = set(range(len(tree)))
        assert rows.rows.tolist() == walk(0)
        for row, there in enumerate(rows.rows.tolist()):
            assert rows.row_of(there) == row
            children = [child for child in tree.children(there) if shown(child)]
            assert rows.has_children(there) == bool(children)


# -- sorting and filtering --------------------------------------------------------------------------------------------


def test_that_sorting_is_natural_within_parents_and_leaves_files_in_place(model: TreeModel, show: Callable[..., int]) -> None:
    show("layer10.w", "layer10.a", "layer2.w", "layer2.a")
    show("z", "y", path="/x/a.pt")
    stored = names(model)
    model.sort(NAME, Qt.SortOrder.AscendingOrder)
    assert names(model) == ["model.pt", "  layer2", "    a", "    w", "  layer10", "    a", "    w", "a.pt", "  y", "  z"]
    model.sort(NAME, Qt.SortOrder.DescendingOrder)
    assert names(model)[:3] == ["model.pt", "  layer10", "    w"]
    model.sort(-1)
    assert names(model) == stored


def test_that_a_filter_folds_away_the_rest_and_clearing_restores(model: TreeModel, show: Callable[..., int]) -> None:
    show(*NET, epoch=3)
    model.collapse_all()
    model.set_expanded(row_of(model, "enc"), True)
    before = names(model)
    query = model.set_filter("1.w shape:quark")
    assert [problem.term for problem in query.problems] == ["shape:quark"]
    assert names(model) == ["model.pt", "  enc", "    1", "      w"]
    assert model.counts == (1, 6)
    model.set_expanded(1, False)
    assert names(model) == ["model.pt", "  enc"]
    model.set_filter("")
    assert names(model) == before
    assert model.counts == (6, 6)


def test_that_a_document_that_arrives_is_filtered_and_sorted_too(model: TreeModel, show: Callable[..., int]) -> None:
    model.set_filter("w")
    model.sort(NAME, Qt.SortOrder.DescendingOrder)
    show("a.w", "b.w", "c.x")
    assert names(model) == ["model.pt", "  b.w", "  a.w"]
    assert model.counts == (2, 3)


def test_that_a_group_without_hits_below_has_no_arrow(model: TreeModel, show: Callable[..., int]) -> None:
    show("a", "a.b")
    model.set_filter("-b")
    assert not model.line(row_of(model, "a")).has_children


# -- selection --------------------------------------------------------------------------------------------------------


def chosen(model: TreeModel, *rows: int) -> Selection | None:
    return model.selection(model.nodes([(row, row) for row in rows]), rows[-1] if rows else -1)


def test_that_rows_mean_keys_in_stored_order(session: Session, model: TreeModel, show: Callable[..., int]) -> None:
    id = show(*NET, epoch=3)
    at = {model.copied_fields(row)[0]: row for row in range(1, model.rowCount())}
    assert chosen(model, 0) == Selection(id, "", NET)
    assert chosen(model, at["enc"]) == Selection(id, "enc", NET[:4])
    assert chosen(model, at["head.w"]) == Selection(id, "head.w", ("head.w",))
    assert chosen(model, at["epoch"]) == Selection(id, "epoch", (), "epoch")
    assert chosen(model, at["enc.1"], at["enc.0.b"]) == Selection(id, "enc", ("enc.0.b", "enc.1.w", "enc.1.b"))
    assert chosen(model, at["head.w"], at["enc.0.w"]) == Selection(id, "", ("enc.0.w", "head.w"))
    assert chosen(model) is None
    waiting = session.add("/x/waiting.pt")
    assert chosen(model, model.rowCount() - 1) == Selection(waiting.id)
    assert chosen(model, 0, model.rowCount() - 1) == Selection(waiting.id)
    assert chosen(model, model.rowCount() - 1, 0) == Selection(id, "", NET)


def test_that_nodes_and_rows_translate_back(model: TreeModel, show: Callable[..., int]) -> None:
    show(*NET)
    show(*NET, path="/x/other.pt")
    nodes = model.nodes([(1, 3), (8, 10)])
    assert model.ranges(nodes) == [(1, 3), (8, 8), (9, 10)]


def test_that_a_key_is_revealed(model: TreeModel, show: Callable[..., int]) -> None:
    id = show(*NET)
    model.collapse_all()
    row = model.reveal(id, "enc.1.b")
    assert row is not None
    assert model.copied_fields(row)[0] == "enc.1.b"
    assert model.reveal(id, "") == 0
    assert model.reveal(id, "nowhere") is None
    assert model.reveal(99, "") is None
    model.set_filter("head")
    assert model.reveal(id, "enc.1.b") is None


def test_that_typed_letters_find_the_next_name(model: TreeModel, show: Callable[..., int]) -> None:
    show("conv1.w", "conv2.w", "fc.w.x", "fc.b", path="/x/Fcn.pt")
    assert [model.line(row).texts[NAME] for row in range(model.rowCount())] == ["Fcn.pt", "conv1.w", "conv2.w", "fc", "w.x", "b"]
    assert model.find_name("fc", 1) == 3
    assert model.find_name("FC", 4) == 0
    assert model.find_name("conv2.w", 0) == 2
    assert model.find_name("w.", 0) == 4
    assert model.find_name("q", 0) is None


def test_that_columns_have_titles_and_numbers_stand_right(model: TreeModel, show: Callable[..., int]) -> None:
    show("w")
    titles = [model.headerData(column, Qt.Orientation.Horizontal) for column in range(6)]
    assert titles == ["Name", "Shape", "Dtype", "Device", "Parameters", "Bytes"]
    sides = [model.index(1, column).data(Qt.ItemDataRole.TextAlignmentRole) for column in range(6)]
    right = [bool(side & int(Qt.AlignmentFlag.AlignRight)) for side in sides]
    assert right == [column in (PARAMETERS, BYTES) for column in range(6)]
    assert model.index(1, NAME).data(KEY) == "w"
    assert [model.copied_fields(1)[column] for column in (SHAPE, DTYPE, DEVICE)] == ["2x3", "float32", "cpu"]


# -- rows that a worker arranges ----------------------------------------------------------------------------------------


@pytest.fixture
def large(session: Session, tasks: Tasks, monkeypatch: pytest.MonkeyPatch, idle: Callable[[Tasks], None]) -> TreeModel:
    """A model to which two files of a few keys are many."""
    monkeypatch.setattr(tree_model, "MANY_NODES", 2)
    model = TreeModel(session, tasks)
    for path in ("/x/a.pt", "/x/b.pt"):
        document = session.add(path)
        session.loaded(document.id, checkpoint(*NET, epoch=3))
    idle(tasks)
    return model


CHANGES: dict[str, Callable[[TreeModel], object]] = {
    "expand": TreeModel.expand_all, "collapse": TreeModel.collapse_all, "filter": lambda model: model.set_filter("b"),
    "filter more": lambda model: model.set_filter("enc.1"), "clear": lambda model: model.set_filter(""),
    "sort": lambda model: model.sort(NAME, Qt.SortOrder.DescendingOrder), "file order": lambda model: model.sort(-1),
    "open below": lambda model: model.set_expanded_below(0, True), "close below": lambda model: model.set_expanded_below(0, False)}


@given(st.lists(st.sampled_from(sorted(CHANGES)), max_size=6))
@settings(max_examples=25, deadline=None)
def test_that_a_worker_arranges_the_rows_as_they_would_be_at_once(wanted: list[str]) -> None:
    session = Session()
    at_once = TreeModel(session)
    for path in ("/x/a.pt", "/x/b.pt"):
        session.loaded(session.add(path).id, checkpoint(*NET, epoch=3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tree_model, "MANY_NODES", 2)
        later = _LaterTasks()
        in_worker = TreeModel(session, later)
        for document in session.documents:
            later.run(("tree", document.id))
        for what in wanted:
            CHANGES[what](in_worker)
        later.run("rows")
    for what in wanted:
        CHANGES[what](at_once)
    assert names(in_worker) == names(at_once)
    assert not in_worker.is_arranging


class _LaterTasks:
    """Stands for `Tasks`: what is started runs when the test says so."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, tuple[Callable[[core.Monitor], Any], Callable[[Any], None]]] = {}

    def start(self, key: Hashable, work: Callable[[core.Monitor], Any], *, on_done: Callable[[Any], None],
              on_cancel: Callable[[], None] | None = None, label: str = "", urgent: bool = False) -> None:
        self._waiting[key] = work, on_done

    def cancel(self, key: Hashable) -> None:
        self._waiting.pop(key, None)

    def run(self, key: Hashable) -> None:
        while key in self._waiting:
            work, on_done = self._waiting.pop(key)
            on_done(work(core.QUIET))


def test_that_rows_stay_as_they_are_until_the_worker_is_through(large: TreeModel, tasks: Tasks, idle: Callable[[Tasks], None]) -> None:
    before = names(large)
    large.set_filter("head")
    assert large.is_arranging
    assert names(large) == before
    idle(tasks)
    assert names(large) == ["a.pt", "  head.w", "b.pt", "  head.w"]
    assert large.counts == (2, 12)


def test_that_a_row_opened_by_hand_meanwhile_stays_open(large: TreeModel, tasks: Tasks, idle: Callable[[Tasks], None]) -> None:
    large.collapse_all()
    idle(tasks)
    large.sort(NAME, Qt.SortOrder.DescendingOrder)
    large.set_expanded(row_of(large, "enc"), True)
    idle(tasks)
    assert names(large)[:6] == ["a.pt", "  head.w", "  epoch", "  enc", "    1", "    0"]


def test_that_a_file_closed_meanwhile_is_gone(large: TreeModel, session: Session, tasks: Tasks, idle: Callable[[Tasks], None]) -> None:
    large.set_filter("head")
    session.remove(session.documents[0].id)
    idle(tasks)
    assert names(large) == ["b.pt", "  head.w"]


def test_that_a_file_opened_meanwhile_is_arranged_too(large: TreeModel, session: Session, tasks: Tasks,
                                                      idle: Callable[[Tasks], None]) -> None:
    document = session.add("/x/c.pt")
    session.loaded(document.id, checkpoint(*NET))
    large.set_filter("head")
    large.sort(NAME, Qt.SortOrder.DescendingOrder)
    idle(tasks)
    assert names(large) == [name for path in "abc" for name in (f"{path}.pt", "  head.w")]


def test_that_arranging_that_is_cancelled_leaves_the_rows(large: TreeModel, tasks: Tasks, idle: Callable[[Tasks], None]) -> None:
    before = names(large)
    large.set_filter("head")
    tasks.cancel("rows")
    idle(tasks)
    assert names(large) == before
    assert not large.is_arranging


def test_that_the_keys_of_many_nodes_are_looked_up_by_a_worker(large: TreeModel, session: Session, tasks: Tasks,
                                                               idle: Callable[[Tasks], None]) -> None:
    said: list[Selection | None] = []
    large.ask_selection(large.nodes([(0, 1)]), 0, said.append)
    assert said == []
    idle(tasks)
    assert said == [Selection(session.documents[0].id, "", NET)]


def test_that_an_object_which_holds_tensors_is_a_group_with_its_class(model: TreeModel, show: Callable[..., int]) -> None:
    show("other", tensor("model.fc.weight", (4, 3)), kind="training-checkpoint", model=core.Opaque("nets.Net", "nets.Net(...)"))
    row = row_of(model, "model")
    assert model.index(row, SHAPE).data() == "Net · 1 tensor"
    briefs = model.line(row).briefs
    assert briefs is not None
    assert briefs[SHAPE] == "1 tensor"             # a number is shown whole or not at all
    assert model.index(row, PARAMETERS).data() == "12"


def test_that_the_keys_of_nodes_below_which_there_are_many_are_looked_up_by_a_worker(
        large: TreeModel, session: Session, tasks: Tasks, idle: Callable[[Tasks], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_model, "MANY_NODES", 4)
    (tree, _), id = large.trees, session.documents[0].id
    said: list[Selection | None] = []
    first, enc, head = (tree.find(key) for key in ("enc.0", "enc", "head.w"))
    assert first is not None
    assert enc is not None
    assert head is not None
    large.ask_hits({id: (first,)}, said.append)
    assert [found and found.keys for found in said] == [NET[:2]]        # few, wherever they lie
    large.ask_hits({id: (first, enc, head)}, said.append)               # the first of which has few, but not all of them
    assert len(said) == 1
    idle(tasks)
    assert said[-1] is not None
    assert said[-1].keys == NET


def test_that_a_large_tree_that_is_closed_is_taken_down_by_a_worker(large: TreeModel, session: Session, tasks: Tasks,
                                                                    idle: Callable[[Tasks], None]) -> None:
    gone: list[str] = []

    def noted(_: object) -> None:
        gone.append(threading.current_thread().name)

    tree = weakref.ref(large.trees[0], noted)
    session.remove(session.documents[0].id)
    assert tree() is not None
    QCoreApplication.processEvents()
    idle(tasks)
    assert gone == ["inspector-worker"]


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("column", [None, NAME, BYTES])
@pytest.mark.parametrize("flat", [False, True])
def test_that_where_nothing_is_hidden_every_hit_is_come_by_once_in_the_order_of_the_rows(model: TreeModel, show: Callable[..., int],
                                                                                        flat: bool, column: int | None,
                                                                                        backwards: bool) -> None:
    """In closed groups and closed files, too."""
    show(*NET, "enc.sub.deep.w", "enc.sub.deep.b")
    show("other.w", "other.rest", path="/x/second.pt")
    model.show_flat(flat)
    if column is not None:
        model.sort(column, Qt.SortOrder.DescendingOrder)
    before = model.rowCount()
    model.set_hides(False)
    model.set_filter("*w")
    assert model.rowCount() == before
    assert model.counts == (5, 9)
    model.collapse_all()
    model.set_expanded_below(0, False)
    row, found = -1, []
    for _ in range(6):
        reached = model.reveal_hit(row, backwards)
        assert reached is not None
        assert model.is_hit(reached)
        row = reached
        line = model.line(row)
        found.append((line.document, line.key))
    assert len(set(found)) == 5
    assert found[5] == found[0]
    model.expand_all()
    order = [(model.line(place).document, model.line(place).key) for place in range(model.rowCount()) if model.is_hit(place)]
    assert found[:5] == (order[::-1] if backwards else order)


def test_that_what_is_hidden_follows_the_choice_at_once(model: TreeModel, show: Callable[..., int]) -> None:
    show(*NET)
    model.set_filter("head")
    hidden = names(model)
    model.set_hides(False)
    assert model.rowCount() > len(hidden)
    reached = model.reveal_hit(-1)
    assert reached is not None
    assert model.line(reached).key == "head.w"
    model.set_hides(True)
    assert names(model) == hidden
    model.set_filter("nothing of that name")
    assert model.reveal_hit(-1) is None
