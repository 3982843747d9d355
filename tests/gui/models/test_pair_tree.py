"""The pairs of a comparison as arrays and lines: names that align, sums, extremes, order, filters."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core
from inspector.gui.models import pair_lines
from inspector.gui.models.key_tree import KeyTree, nodes_of
from inspector.gui.models.pair_model import PairModel
from inspector.gui.models.pair_tree import FIGURES, STATUSES, Figures, PairTree, aligned_names, build_pair_tree
from inspector.gui.models.tree_rows import TreeRows

Shapes = dict[str, tuple[int, ...]]


def checkpoint(shapes: Shapes, path: str = "/a.pth", values: dict[str, core.Plain] | None = None, device: str = "cpu",
               dtype: str = "float32") -> core.Checkpoint:
    tensors = {key: core.TensorInfo(key, shape, dtype, device, (1,) * len(shape), 0, "", 0, state_dict="") for key, shape in shapes.items()}
    return core.Checkpoint(path, "torch-zip", "state-dict", (), tensors, values or {}, {}, ("",), (), {}, {}, {}, ())


def tree_of(a: core.Checkpoint, b: core.Checkpoint, flat: bool = False) -> PairTree:
    return build_pair_tree(Figures(core.pair_up(a, b)), flat=flat)


def node(tree: KeyTree, key: str) -> int:
    found = tree.find(key)
    assert found is not None
    return found


NET: Shapes = {"conv.weight": (8, 3, 3, 3), "conv.bias": (8,), "layers.0.weight": (8, 8), "layers.1.weight": (8, 8), "fc.weight": (10, 8)}


def test_that_what_only_b_has_stands_where_a_would_have_it() -> None:
    wrapped = {f"module.{key}": shape for key, shape in NET.items()} | {"module.fc.bias": (10,), "module.head.weight": (3, 8)}
    names = aligned_names(core.pair_up(checkpoint(NET), checkpoint(wrapped)))
    assert set(names) == set(NET) | {"fc.bias", "head.weight"}


def test_that_a_name_both_files_have_for_different_tensors_is_shown_twice() -> None:
    comparison = core.pair_up(checkpoint({"x.weight": (2, 2)}), checkpoint({"x.weight": (2, 2)}))
    apart = core.with_pairs(comparison, [core.Pair("x.weight", None, "only-a"), core.Pair(None, "x.weight", "only-b")])
    assert aligned_names(apart) == ["x.weight", "x.weight (B)"]


def test_that_counters_are_no_groups_largest_difference() -> None:
    a = checkpoint({"bn.weight": (4,), "only.num_batches_tracked": ()})
    counted = a.tensors["bn.weight"]._replace(key="bn.num_batches_tracked", shape=(), stride=(), dtype="int64")
    steps = a.tensors["only.num_batches_tracked"]._replace(dtype="int64")
    a = replace(a, tensors={"bn.weight": a.tensors["bn.weight"], counted.key: counted, steps.key: steps})
    pairs = [core.Pair(key, key, "values", difference=core.Difference(1, 1, apart))
             for key, apart in (("bn.weight", 0.25), ("bn.num_batches_tracked", 400.0), ("only.num_batches_tracked", 7.0))]
    tree = build_pair_tree(Figures(core.with_pairs(core.pair_up(a, a), pairs)))
    assert tree.peak("max", node(tree, "bn")) == 0.25
    assert tree.peak("max", node(tree, "bn.num_batches_tracked")) == 400
    assert np.isnan(tree.peak("max", node(tree, "only")))
    assert tree.peak("max", node(tree, "only.num_batches_tracked")) == 7
    assert tree.peak("max", 0) == 0.25
    assert tree.counts(0) == {"values": 1, "counter": 2}
    assert not tree.figures.changed[1:].any()


def test_that_whole_numbers_that_count_nothing_are_values() -> None:
    a = checkpoint({"embed.position_ids": (8,), "embed.count": ()}, dtype="int64")
    pairs = [core.Pair(key, key, "values", difference=core.Difference(8, 1, 3.0, 1.0, 0.5, 0.9, norm=2.0)) for key in a.tensors]
    assert build_pair_tree(Figures(core.with_pairs(core.pair_up(a, a), pairs))).counts(0) == {"values": 2}


def test_that_groups_count_their_pairs_by_status() -> None:
    other = dict(NET)
    del other["conv.bias"]
    other |= {"layers.1.weight": (8, 9), "layers.2.weight": (8, 8)}
    tree = tree_of(checkpoint(NET), checkpoint(other))
    assert tree.counts(0) == {"shape": 1, "only-a": 1, "only-b": 1, "unread": 3}
    assert tree.counts(node(tree, "layers")) == {"shape": 1, "only-b": 1, "unread": 1}
    assert tree.counts(node(tree, "conv.bias")) == {"only-a": 1}


def test_that_values_fill_in_and_groups_show_the_greatest() -> None:
    tree = tree_of(checkpoint(NET), checkpoint(NET))
    figures = tree.figures
    layers = node(tree, "layers")
    assert np.isnan(tree.peak("max", layers))
    figures.fill([(2, core.with_difference(figures.pairs[2], core.Difference(64, 3, 0.5, 0.1, 0.2, 0.9))),
                  (3, core.with_difference(figures.pairs[3], core.Difference(64, 64, 2.0, 0.1, 0.1, 0.99)))])
    assert tree.peak("max", layers) == 2.0
    assert tree.peak("cosine", layers) == 0.9
    assert tree.peak("share", layers) == 1.0
    assert tree.counts(0) == {"values": 2, "unread": 3}
    assert figures.counts()["values"] == 2


def test_that_sorting_by_a_figure_puts_the_most_different_first() -> None:
    tree = tree_of(checkpoint(NET), checkpoint(NET), flat=True)
    figures = tree.figures
    for n, most in ((0, 1.0), (2, 5.0), (4, 3.0)):
        figures.fill([(n, core.with_difference(figures.pairs[n], core.Difference(8, 1, most, most, most, 1 - most / 10)))])
    rows = TreeRows(tree)
    rows.sort("max", True)
    order = [figures.pairs[int(tree.entry[n])].a for n in rows.rows[1:]]
    assert order[:3] == ["layers.0.weight", "fc.weight", "conv.weight"]
    rows.sort("cosine")
    assert figures.pairs[int(tree.entry[rows.rows[1]])].a == "layers.0.weight"
    rows.sort("differs", True)
    assert [figures.pairs[int(tree.entry[n])].a for n in rows.rows[1:4]] == ["layers.0.weight", "fc.weight", "conv.weight"]


def test_that_what_is_missing_or_of_another_shape_sorts_before_any_distance() -> None:
    other = {**NET, "fc.weight": (10, 9)}
    del other["conv.bias"]
    tree = tree_of(checkpoint(NET), checkpoint(other), flat=True)
    far = core.Difference(64, 64, 9.0, 9.0, 90.0, 0.1, norm=1.0)
    number = [pair.a for pair in tree.figures.pairs].index("layers.0.weight")
    tree.figures.fill([(number, core.with_difference(tree.figures.pairs[number], far))])
    rows = TreeRows(tree)
    rows.sort("differs", True)
    assert [tree.figures.pairs[int(tree.entry[n])].a for n in rows.rows[1:4]] == ["conv.bias", "fc.weight", "layers.0.weight"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=10, max_size=10), st.integers(0, 150))
def test_that_a_groups_distance_is_that_of_all_its_tensors_together(numbers: list[int], huge: int) -> None:
    """Whatever stands before the group in the tree."""
    figures = [(rel / 1000, norm / 1000) for rel, norm in zip(numbers[:5], numbers[5:], strict=True)]
    figures[0] = (0.1, 10.0 ** huge)
    tree = tree_of(checkpoint(NET), checkpoint(NET))
    tree.figures.fill([(n, core.with_difference(tree.figures.pairs[n], core.Difference(4, 1, 1.0, 1.0, rel, 0.5, norm=norm)))
                       for n, (rel, norm) in enumerate(figures) if norm > 0])
    known = [(rel, norm) for rel, norm in figures[2:4] if norm > 0]
    found = tree.distance(node(tree, "layers"))
    if not known:
        assert np.isnan(found)
    else:
        apart, whole = (float(np.sqrt(np.sum(np.square(each)))) for each in ([rel * norm for rel, norm in known], [n for _, n in known]))
        assert found == pytest.approx(apart / whole if whole else 0.0, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2000), st.integers(0, 9)), max_size=12), st.integers(1, 4), st.integers(0, 3))
def test_that_what_groups_say_while_values_come_in_is_what_they_say_of_all_of_them(news: list[tuple[int, int, int]], at_once: int,
                                                                                 held: int) -> None:
    """Whether a pair comes once or again, and whoever asked in between."""
    figures = Figures(core.pair_up(checkpoint(NET), checkpoint(NET)))
    tree = build_pair_tree(figures)
    everything = range(len(tree))

    def said(tree: PairTree) -> tuple[list[object], list[float]]:
        return ([(tree.counts(n), *(repr(tree.peak(name, n)) for name in FIGURES)) for n in everything],
                [tree.distance(n) for n in everything])

    for start in range(0, len(news), at_once):
        said(tree)
        figures.fill([(n, core.with_difference(figures.pairs[n], core.Difference(8, different, far / 7, far / 9, far / 100, 0.9, norm=far)))
                      for n, far, different in news[start:start + at_once]])
        if start == held:
            figures.hold(np.arange(len(figures.status), dtype=np.int8) % 5 - 1)
        (counted, distances), anew = said(tree), said(build_pair_tree(figures))
        assert counted == anew[0]
        assert distances == pytest.approx(anew[1], rel=1e-9, nan_ok=True)
        assert figures.counts() == {name: tree.counts(0).get(name, 0) for name in figures.counts()}


def test_that_values_that_come_in_are_added_and_not_gone_through_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = tree_of(checkpoint(NET), checkpoint(NET))
    group = node(tree, "layers")

    def said() -> tuple[object, ...]:
        return tree.counts(group), tree.peak("max", group), tree.distance(group), tree.counts(0), tree.distance(0)

    said()
    monkeypatch.setattr(tree, "_of_nodes", lambda *_: pytest.fail("all of it was looked at"))
    figures = tree.figures
    figures.fill([(3, core.with_difference(figures.pairs[3], core.Difference(64, 64, 2.0, 0.1, 0.1, 0.99, norm=1.0)))])
    assert said() == ({"values": 1, "unread": 1}, 2.0, 0.1, {"values": 1, "unread": 4}, 0.1)


def test_that_what_groups_say_at_first_is_summed_up_where_the_tree_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = tree_of(checkpoint(NET), checkpoint(NET))
    tree.sum_up_shown()
    tree.figures.hold(None)                 # there is no base
    monkeypatch.setattr(tree, "_of_nodes", lambda *_: pytest.fail("all of it was looked at"))
    monkeypatch.setattr("inspector.gui.models.pair_tree._numbers_of", lambda *_: pytest.fail("a group was summed up"))
    assert tree.rows is not None
    groups = [n for n in tree.rows.rows.tolist() if tree.has_children[n]]
    assert [tree.counts(n) for n in groups] == [{"unread": int(tree.tensors[n])} for n in groups]
    assert len(groups) > 1


def test_that_marks_of_a_base_go_when_there_is_none_any_more() -> None:
    tree = tree_of(checkpoint(NET), checkpoint(NET))
    tree.figures.hold(np.zeros(len(tree.figures.status), dtype=np.int8))
    assert tree.counts(0)["conflict"] == len(NET)
    tree.figures.hold(None)
    assert "conflict" not in tree.counts(0)


@given(st.lists(st.sampled_from(["a", "b", "a.b", "a.b.c", "b.b", "c"]), unique=True, min_size=1),
       st.lists(st.sampled_from(["a", "b", "a.b", "d.e"]), unique=True), st.booleans())
def test_that_a_list_is_asked_for_keys_it_has_and_for_groups_it_has_not(tensors: list[str], values: list[str], flat: bool) -> None:
    ckpt = checkpoint(dict.fromkeys(tensors, (2,)), values=dict.fromkeys(values, 1))
    tree = KeyTree(ckpt, nodes_of(ckpt, flat=flat), core.QUIET)
    assert all(tree.key(node(tree, key)) == key for key in {*tensors, *values})
    groups = {".".join(key.split(".")[:n]) for key in (*tensors, *values) for n in range(1, key.count(".") + 1)}
    for key in groups - {*tensors, *values}:
        assert (tree.find(key) is None) == flat
    assert tree.find("z.z") is None


def test_that_the_keys_of_a_list_are_not_gone_through_for_a_group_that_it_has_not() -> None:
    tree = tree_of(checkpoint(NET), checkpoint(NET), flat=True)

    class Keys(list[str]):
        def __iter__(self) -> Iterator[str]:
            pytest.fail("they were gone through")

        def index(self, *_: object) -> int:
            pytest.fail("they were looked through")

    tree.keys = Keys(tree.keys)
    assert tree.find("layers") is None


def test_that_counters_and_pairs_of_other_shapes_are_in_no_groups_distance() -> None:
    a = checkpoint({"n.weight": (4,), "n.num_batches_tracked": (), "n.table": (3,)})
    b = checkpoint({"n.weight": (4,), "n.num_batches_tracked": (), "n.table": (4,)})
    tree = tree_of(a, b)
    far = core.Difference(1, 1, 400.0, 400.0, 4.0, 1.0, norm=100.0)
    near = core.Difference(4, 4, 0.1, 0.05, 0.25, 0.99, norm=2.0)
    tree.figures.fill([(0, core.with_difference(tree.figures.pairs[0], near)), (1, core.with_difference(tree.figures.pairs[1], far))])
    assert tree.distance(node(tree, "n")) == pytest.approx(0.25)


def test_that_a_flat_tree_has_no_groups() -> None:
    tree = tree_of(checkpoint(NET), checkpoint(NET), flat=True)
    assert not tree.has_children[1:].any()
    assert [tree.label(n) for n in range(1, len(tree))] == list(NET)


def test_that_devices_are_a_status_of_their_own() -> None:
    tree = tree_of(checkpoint(NET, device="cuda:0"), checkpoint(NET))
    assert tree.figures.counts()["device"] == 5
    assert tree.with_status(frozenset({"device"})).sum() == 5
    assert not tree.with_status(frozenset({"values"})).any()


def test_that_other_values_have_rows_beside_the_tensors() -> None:
    tree = tree_of(checkpoint(NET, values={"epoch": 1, "lr": 0.1}), checkpoint(NET, values={"epoch": 2, "seed": 7}))
    found = {change.key: (change.a, change.b) for n in range(len(tree)) if (change := tree.change(n)) is not None}
    assert found == {"epoch": ("1", "2"), "lr": ("0.1", None), "seed": (None, "7")}
    assert tree.counts(0)["plain"] == 3
    line = pair_lines.line_of(TreeRows(tree), tree, node(tree, "epoch"))
    assert line.texts[:3] == ("epoch", "1 → 2", "")
    assert pair_lines.line_of(TreeRows(tree), tree, node(tree, "lr")).word == "only in A: 0.1"
    assert pair_lines.line_of(TreeRows(tree), tree, node(tree, "seed")).word == "only in B: 7"


@pytest.mark.parametrize(("status", "found", "said"), [
    ("unread", None, "not read yet"),
    ("dtype", None, "not read yet"),
    ("unread", core.Difference(4, 0), "equal"),
    ("unread", core.Difference(4, 2, 0.1, 0.1, 0.0197), "values, 1.97 %"),
    ("dtype", core.Difference(4, 2, 0.1, 0.1, 0.001, cast="b"), "cast only, 0.10 %"),
    ("dtype", core.Difference(4, 2, 0.1, 0.1, 0.5), "values, 50.0 %"),
    ("dtype", core.Difference(4, 0), "cast only"),
    ("unread", core.Difference(problem="its bytes are gone"), "not readable"),
    ("dtype", core.Difference(problem="its bytes are gone"), "not readable"),
])
def test_that_a_pair_says_what_differs(status: str, found: core.Difference | None, said: str) -> None:
    tree = tree_of(checkpoint({"w": (4,)}), checkpoint({"w": (4,)}))
    pair = tree.figures.pairs[0]._replace(status=status)
    tree.figures.fill([(0, core.with_difference(pair, found) if found is not None else pair)])
    assert pair_lines.line_of(TreeRows(tree), tree, 1).texts[pair_lines.DIFFERS] == said


def test_that_the_pair_that_is_being_read_says_so() -> None:
    tree = tree_of(checkpoint(NET), checkpoint(NET), flat=True)
    tree.figures.reading = "conv.bias"
    words = {line.key: line.word for n in range(1, len(tree)) if (line := pair_lines.line_of(TreeRows(tree), tree, n))}
    assert words == {key: "reading…" if key == "conv.bias" else "not read yet" for key in NET}


def test_that_equal_tensors_under_another_name_are_equal_and_marked_as_renamed() -> None:
    tree = tree_of(checkpoint({f"module.{key}": shape for key, shape in NET.items()}), checkpoint(NET))
    tree.figures.fill([(n, core.with_difference(pair, core.Difference(4, 0))) for n, pair in enumerate(tree.figures.pairs)])
    assert tree.figures.counts()["equal"] == tree.figures.counts()["renamed"] == 5
    assert tree.with_status(frozenset({"renamed"})).sum() == 5


@pytest.mark.parametrize(("a", "b", "whole", "kept"), [
    ((64, 3, 7, 7), (64, 3, 7, 7), "64×3×7×7 float32", "64×3×7×7"),
    ((10, 64), (36, 64), "10×64 → 36×64 float32", "10×64 → 36×64"),
    ((), (), "scalar float32", "scalar"),
    ((100_000_000,) * 6, (100_000_000,) * 6, "6-D float32", "6-D"),
])
def test_that_of_a_shape_nothing_is_spare(a: tuple[int, ...], b: tuple[int, ...], whole: str, kept: str) -> None:
    tree = tree_of(checkpoint({"w": a}), checkpoint({"w": b}))
    pieces = pair_lines.line_of(TreeRows(tree), tree, 1).shape
    assert " ".join(piece.text for piece in pieces) == whole
    assert " ".join(piece.text for piece in pieces if not piece.spare) == kept


def test_that_dtypes_and_devices_stand_beside_each_other_only_where_they_differ() -> None:
    tree = tree_of(checkpoint({"w": (4,)}, device="cuda:0"), checkpoint({"w": (4,)}, dtype="bfloat16"))
    pieces = pair_lines.line_of(TreeRows(tree), tree, 1).shape
    assert [piece.text for piece in pieces] == ["4", "float32", "→", "bfloat16", "cuda:0", "→", "cpu"]


@pytest.mark.parametrize(("rel", "said"), [(0.0, "0 %"), (1e-7, "<0.001 %"), (5e-5, "0.005 %"), (0.0197, "1.97 %"), (0.234, "23.4 %"),
                                           (1.43, "143 %"), (float("inf"), "∞ %"), (float("nan"), "")])
def test_that_distances_are_said_as_percent(rel: float, said: str) -> None:
    assert pair_lines.distance_text(rel) == said


@settings(deadline=None)
@given(st.floats(0, 10), st.floats(0, 10))
def test_that_bars_grow_with_the_distance_and_are_full_at_all_of_the_norm(x: float, y: float) -> None:
    if x <= y:
        assert pair_lines.bar_part(x) <= pair_lines.bar_part(y)
    assert 0 <= pair_lines.bar_part(x) <= 1
    assert pair_lines.bar_part(max(x, 1)) == 1


def test_that_changes_are_gone_through_in_the_order_of_the_rows_round_and_into_what_is_collapsed(qapp: object) -> None:
    other = {**NET, "layers.1.weight": (8, 9), "fc.weight": (10, 9)}
    del other["conv.bias"]
    model = PairModel()
    model.set_tree(tree_of(checkpoint(NET), checkpoint(other)))
    model.collapse_all()
    tree = model.tree
    assert tree is not None
    seen, row = [], -1
    for _ in range(4):
        found = model.next_change(row)
        assert found is not None
        seen.append(tree.key(found))
        row = model.reveal_node(found)
        assert row is not None
        assert model.change_at(row) == (len(seen) if len(seen) < 4 else 1, 3)
    assert seen == ["conv.bias", "layers.1.weight", "fc.weight", "conv.bias"]
    back = model.next_change(row, backwards=True)
    assert back is not None
    assert tree.key(back) == "fc.weight"
    model.set_filter("layers", frozenset())
    assert model.change_at(-1) == (0, 1)


def test_that_equal_files_have_no_change_to_go_to(qapp: object) -> None:
    model = PairModel()
    assert model.next_change(-1) is None
    tree = tree_of(checkpoint(NET), checkpoint(NET))
    tree.figures.fill([(n, core.with_difference(pair, core.Difference(4, 0))) for n, pair in enumerate(tree.figures.pairs)])
    model.set_tree(tree)
    assert model.next_change(-1) is None
    assert model.next_hit(-1) is None
    assert model.change_at(0) == (0, 0)
    tree.figures.fill([(2, core.with_difference(tree.figures.pairs[2], core.Difference(4, 1)))])
    assert model.change_at(-1) == (0, 1)                # what came in is one, in the rows that stood there before


def test_that_the_overview_has_every_pair_that_is_not_filtered_out_and_finds_their_rows(qapp: object) -> None:
    model = PairModel()
    tree = tree_of(checkpoint(NET), checkpoint({**NET, "fc.weight": (10, 9)}))
    model.set_tree(tree)
    model.expand_all()
    assert [STATUSES[code] for code in model.overview().statuses] == ["unread"] * 4 + ["shape"]
    assert model.span_of(0, model.rowCount() - 1) == (0, 5)
    assert [model.line(row).key for n in range(5) if (row := model.row_in_overview(n)) is not None] == list(NET)
    model.collapse_all()
    first = model.row_in_overview(0)
    assert first is not None
    assert model.line(first).key == "conv"
    assert model.span_of(first, first) == (0, 2)                # a collapsed group stands for what is in it
    assert model.row_in_overview(5) is None
    model.set_filter("layers", frozenset())
    assert len(model.overview().statuses) == 2


def test_that_f3_goes_through_what_the_filter_finds(qapp: object) -> None:
    model = PairModel()
    model.set_tree(tree_of(checkpoint(NET), checkpoint(NET)))
    model.set_filter("weight", frozenset())
    rows, row = [], -1
    for _ in range(5):
        found = model.next_hit(row)
        assert found is not None
        row = found
        rows.append(model.line(row).key)
    assert rows == ["conv.weight", "layers.0.weight", "layers.1.weight", "fc.weight", "conv.weight"]
    assert model.next_hit(row, backwards=True) is not None


def test_that_a_group_under_another_name_says_so_and_what_is_below_does_not_repeat_it() -> None:
    tree = tree_of(checkpoint({f"module.{key}": shape for key, shape in NET.items()}),
                   checkpoint({f"body.{key}": shape for key, shape in NET.items()}))
    rows = TreeRows(tree)
    assert pair_lines.line_of(rows, tree, node(tree, "module")).texts[0] == "module  →  body"
    assert pair_lines.line_of(rows, tree, node(tree, "module.layers")).texts[0] == "layers"
    assert pair_lines.line_of(rows, tree, node(tree, "module.fc.weight")).texts[0] == "fc.weight"


def test_that_names_from_files_are_made_visible() -> None:
    tree = tree_of(checkpoint({"a\u202eb": (2,)}), checkpoint({"a\u202eb": (2,)}))
    line = pair_lines.line_of(TreeRows(tree), tree, 1)
    assert "\u202e" not in line.texts[0]
    assert "\u202e" not in pair_lines.tooltip(line, 0, tree)


def test_that_the_model_filters_by_status_and_words_and_keeps_its_order(qapp: object) -> None:
    model = PairModel()
    tree = tree_of(checkpoint(NET), checkpoint({**NET, "layers.1.weight": (8, 9), "fc.weight": (10, 9)}))
    model.set_tree(tree)
    model.set_filter("", frozenset({"shape"}))
    assert model.counts == (2, 5)
    assert {model.line(row).key for row in range(model.rowCount()) if model.line(row).status} == {"layers.1.weight", "fc.weight"}
    model.set_filter("fc", frozenset({"shape"}))
    assert model.counts == (1, 5)
    model.set_filter("fc", frozenset())
    model.set_filter("", frozenset())
    assert model.counts == (5, 5)
    assert model.reveal("layers.0.weight") is not None


names = st.lists(st.text("ab.", min_size=1, max_size=8), unique=True, max_size=12)


@settings(max_examples=60, deadline=None)
@given(names, names, st.sampled_from(["", "module.", "a."]))
def test_that_every_pair_has_one_node_and_the_root_counts_them_all(mine: list[str], theirs: list[str], prefix: str) -> None:
    a = checkpoint({name: (2, len(name)) for name in mine})
    b = checkpoint({prefix + name: (2, len(name)) for name in {*mine[:6], *theirs}})
    comparison = core.pair_up(a, b)
    for flat in (False, True):
        tree = build_pair_tree(Figures(comparison), flat=flat)
        assert sorted(entry for entry in tree.entry.tolist() if entry >= 0) == list(range(len(comparison.pairs)))
        counts = tree.counts(0)
        assert counts.pop("renamed", 0) == sum(pair.rule >= 0 for pair in comparison.pairs)
        assert counts == dict(Counter(pair.status for pair in comparison.pairs))
        for n in range(len(tree)):
            pair = tree.pair(n)
            if pair is not None and pair.a is not None:
                assert tree.key(n) == pair.a
