"""The pairs of a comparison as arrays and lines: names that align, sums, extremes, order, filters."""
from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core
from inspector.gui.models import pair_lines
from inspector.gui.models.key_tree import KeyTree
from inspector.gui.models.pair_model import PairModel
from inspector.gui.models.pair_tree import Figures, PairTree, aligned_names, build_pair_tree
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
    assert tree.peak("max", node(tree, "only")) == 7
    assert tree.peak("max", 0) == 0.25


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
    rows.sort("status", True)
    assert {figures.pairs[int(tree.entry[n])].status for n in rows.rows[1:4]} == {"values"}


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
    assert line.texts[:4] == ("epoch", "Other value", "1", "2")


@pytest.mark.parametrize(("pair", "found", "said"), [
    (("w", "w", "unread"), core.Difference(4, 0), "Equal"),
    (("w", "w", "unread"), core.Difference(4, 2, 0.1), "Values"),
    (("w", "w", "dtype"), core.Difference(4, 2, 0.1, cast="b"), "Dtype, a cast"),
    (("w", "w", "dtype"), core.Difference(4, 2, 0.1), "Dtype, values too"),
    (("w", "w", "dtype"), core.Difference(4, 0), "Dtype, equal"),
    (("w", "w", "unread"), core.Difference(problem="its bytes are gone"), "Not readable"),
])
def test_that_a_pair_says_what_differs(pair: tuple[str, str, str], found: core.Difference, said: str) -> None:
    assert pair_lines.status_text(core.with_difference(core.Pair(*pair), found)) == said


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
        assert tree.counts(0) == dict(Counter(pair.status for pair in comparison.pairs))
        for n in range(len(tree)):
            pair = tree.pair(n)
            if pair is not None and pair.a is not None:
                assert tree.key(n) == pair.a
