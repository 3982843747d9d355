"""`KeyTree` against naive trees made of dicts."""
from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import core
from inspector.gui.models import key_tree
from inspector.gui.models.key_tree import MAX_DEPTH, MIXED, NONE, KeyTree, build_key_tree, each_once, in_order, natural_key
from inspector.gui.models.tree_rows import TreeRows


def tensor(key: str, shape: tuple[int, ...] = (2, 3), dtype: str = "float32", device: str | None = "cpu") -> core.TensorInfo:
    return core.TensorInfo(key, shape, dtype, device, (1,) * len(shape), 0, key, 0)


def checkpoint(tensors: Iterable[core.TensorInfo | str], values: dict[str, Any] | None = None, **facts: Any) -> core.Checkpoint:
    infos = [tensor(each) if isinstance(each, str) else each for each in tensors]
    return core.Checkpoint("/x/model.pt", "torch-zip", facts.pop("kind", "state-dict"), (), {info.key: info for info in infos},
                           values or {}, **facts)


def tree_of(*keys: str, **values: Any) -> KeyTree:
    return build_key_tree(checkpoint(keys, values))


class Naive:
    """A node of the tree as one would write it down: name, entry, children in order."""

    def __init__(self, name: str, entry: int = -1) -> None:
        self.name, self.entry = name, entry
        self.children: list[Naive] = []

    def child(self, name: str) -> Naive | None:
        return next((child for child in self.children if child.name == name), None)

    def walk(self, depth: int = 0, above: tuple[int, ...] = ()) -> Iterable[tuple[Naive, int]]:
        yield self, depth
        for child in self.children:
            yield from child.walk(depth + 1)

    def entries(self) -> list[int]:
        return [node.entry for node, _ in self.walk() if node.entry >= 0]


def naive(keys: list[str]) -> Naive:
    root = Naive("")
    for i, key in enumerate(keys):
        *groups, last = key.split(".")
        node = root
        for name in groups:
            found = node.child(name)
            if found is None:
                found = Naive(name)
                node.children.append(found)
            node = found
        found = node.child(last)
        if found is None or found.entry >= 0:
            found = Naive(last)
            node.children.append(found)
        found.entry = i
    return root


names = st.sampled_from(["", "a", "b", "c", "10", "2", "weight", "A", "ß", "\0", "\ud800", "\u202e"])
keys = st.lists(names, min_size=1, max_size=5).map(".".join)
dtypes = st.sampled_from(["float32", "bfloat16", "int64"])
shapes = st.lists(st.integers(0, 5), max_size=3).map(tuple)
infos = st.builds(tensor, keys, shapes, dtypes, st.sampled_from([None, "cpu", "cuda:0"]))
checkpoints = st.builds(checkpoint, st.lists(infos, max_size=25, unique_by=lambda info: info.key),
                        st.dictionaries(keys, st.integers(), max_size=8))


@given(checkpoints)
@settings(max_examples=60, deadline=None)
def test_that_the_arrays_are_the_naive_tree_in_preorder(ckpt: core.Checkpoint) -> None:
    tree = build_key_tree(ckpt)
    expected = list(naive([*ckpt.tensors, *ckpt.values]).walk())
    assert [tree.name(n) for n in range(len(tree))] == [node.name for node, _ in expected]
    assert tree.depth.tolist() == [depth for _, depth in expected]
    assert tree.entry.tolist() == [node.entry for node, _ in expected]
    assert tree.end.tolist() == [n + len(list(node.walk())) for n, (node, _) in enumerate(expected)]
    for n in range(1, len(tree)):
        assert tree.parent[n] < n < tree.end[n] <= tree.end[tree.parent[n]]


@given(checkpoints)
@settings(max_examples=60, deadline=None)
def test_that_sums_equal_naive_recursion(ckpt: core.Checkpoint) -> None:
    tree = build_key_tree(ckpt)
    stored = list(ckpt.tensors.values())
    for n, (node, _) in enumerate(naive([*ckpt.tensors, *ckpt.values]).walk()):
        below = [stored[i] for i in node.entries() if i < len(stored)]
        assert tree.tensors[n] == len(below)
        assert tree.plain_values[n] == len(node.entries()) - len(below)
        assert tree.elements[n] == sum(info.numel for info in below)
        assert tree.parameters[n] == core.counts(ckpt, [info.key for info in below]).parameters
        assert tree.nbytes[n] == sum(info.nbytes for info in below)
        assert tree.tensor_keys([n]) == tuple(key for key in ckpt.tensors if key in {info.key for info in below})
        for code, names_, values in ((tree.dtype[n], tree.dtypes, {info.dtype for info in below}),
                                     (tree.device[n], tree.devices, {info.device for info in below})):
            assert code == NONE if not values else code == MIXED if len(values) > 1 else {names_[code]} == values


@given(checkpoints)
@settings(max_examples=50, deadline=None)
def test_that_every_key_is_found_and_spelled_as_stored(ckpt: core.Checkpoint) -> None:
    tree = build_key_tree(ckpt)
    for key in [*ckpt.tensors, *ckpt.values]:
        node = tree.find(key)
        assert node is not None
        assert tree.key(node) == key
    for n in range(1, len(tree)):
        assert tree.key(n) == ".".join(tree.name(up) for up in [*reversed(list(tree.ancestors(n))), n][1:])
    for n in range(len(tree)):
        assert tree.children_of(n).tolist() == list(tree.children(n))


@given(checkpoints)
@settings(max_examples=50, deadline=None)
def test_that_only_groups_with_a_single_child_are_folded(ckpt: core.Checkpoint) -> None:
    tree = build_key_tree(ckpt)
    for n in range(len(tree)):
        assert tree.folded[n] == (n > 0 and tree.entry[n] < 0 and len(list(tree.children(n))) == 1)
        standing = n
        while tree.folded[standing]:
            standing += 1
        assert tree.representative[n] == standing
        assert tree.shown_depth[n] == tree.depth[n] - sum(bool(tree.folded[up]) for up in tree.ancestors(n))


@given(checkpoints, st.sampled_from(["name", "shape", "dtype", "device", "parameters", "bytes"]), st.booleans())
@settings(max_examples=80, deadline=None)
def test_that_sorting_equals_a_stable_sort_of_siblings(ckpt: core.Checkpoint, column: str, descending: bool) -> None:
    tree = build_key_tree(ckpt)
    rank = tree.ranks(column)

    def walk(n: int) -> Iterable[int]:
        yield n
        for child in sorted(tree.children(n), key=lambda child: int(rank[child]), reverse=False) if not descending \
                else sorted(tree.children(n), key=lambda child: -int(rank[child])):
            yield from walk(child)

    order = np.empty(len(tree), dtype=int)
    order[tree.sorted_positions(column, descending)] = np.arange(len(tree))
    assert order.tolist() == list(walk(0))


def test_that_ranks_follow_what_is_shown() -> None:
    tree = build_key_tree(checkpoint([tensor("g.x", (4,), "int8"), tensor("g.y", (2, 2), "bool"), tensor("a", (10,), "bool"),
                                      tensor("b", (9, 1), "int8"), tensor("c", (9,), "float64", None)], {"v": 1}))
    by = {column: {tree.key(n): int(tree.ranks(column)[n]) for n in range(1, len(tree))}
          for column in ("name", "shape", "dtype", "device", "parameters", "bytes")}
    assert by["shape"]["g"] < by["shape"]["c"] < by["shape"]["b"] < by["shape"]["a"] < by["shape"]["v"]
    assert by["dtype"]["v"] < by["dtype"]["a"] < by["dtype"]["c"] < by["dtype"]["b"] < by["dtype"]["g"]
    assert by["device"]["c"] < by["device"]["a"]
    assert by["parameters"]["g"] == by["parameters"]["b"] == by["parameters"]["a"] < by["parameters"]["c"]      # whole numbers are none
    assert by["bytes"]["a"] < by["bytes"]["c"]


@pytest.mark.parametrize(("less", "more"), [("layer2", "layer10"), ("a1b2", "a1b10"), ("9", "10"), ("x", "x1"), ("a", "b"),
                                            ("a" + "9" * 300, "a1" + "0" * 300)])
def test_that_numbers_in_names_count_as_numbers(less: str, more: str) -> None:
    assert natural_key(less) < natural_key(more)


def test_that_leading_zeros_do_not_change_the_place() -> None:
    assert natural_key("layer007") == natural_key("layer7")


def test_that_the_root_of_a_state_dict_has_its_own_row() -> None:
    tree = build_key_tree(checkpoint(["model_state_dict.module.net.w", "optimizer.state.0.m"],
                                     state_dicts=("model_state_dict", "optimizer.state")))
    standing = [tree.label(n) for n in range(1, len(tree)) if not tree.folded[n]]
    assert standing == ["model_state_dict", "module.net.w", "optimizer.state", "0.m"]


def test_that_a_key_may_be_a_tensor_and_a_prefix_in_either_order() -> None:
    for order in (("a", "a.b"), ("a.b", "a"), ("a", "x", "a.b", "a.c.d")):
        tree = tree_of(*order)
        node = tree.find("a")
        assert node is not None
        assert tree.info(node) is not None
        assert [tree.key(child) for child in tree.children(node)][:1] == ["a.b"]
        assert not tree.folded[node]


def test_that_a_tensor_and_a_value_of_one_key_both_have_a_node() -> None:
    tree = tree_of("a.b", **{"a.b": 1})
    assert [tree.key(n) for n in range(1, len(tree))] == ["a", "a.b", "a.b"]
    assert tree.info(2) is not None
    assert tree.is_value(3)
    assert tree.value(3) == 1


def test_that_scattered_groups_are_gathered() -> None:
    tree = tree_of("b.x", "a.x", "b.y", "a.y.z", "b.x2")
    assert [tree.key(n) for n in range(len(tree))] == ["", "b", "b.x", "b.y", "b.x2", "a", "a.x", "a.y", "a.y.z"]


@pytest.mark.parametrize("key", ["", ".", "..", "a..b", ".a", "a.", "\0", "\0.\0", "a\nb.c", "\ud800.x", "\u202egnp.exe"],
                         ids=["empty", "dot", "dots", "gap", "leading", "trailing", "nul", "nuls", "newline",
                              "surrogate", "bidi"])
def test_that_odd_keys_keep_their_exact_text(key: str) -> None:
    tree = tree_of("w", key)
    node = tree.find(key)
    assert node is not None
    assert tree.key(node) == key
    assert tree.tensor_keys([0]) == ("w", key)


def test_that_a_thousand_levels_are_a_thousand_levels_and_more_stay_one_name() -> None:
    deep = ".".join(["a"] * MAX_DEPTH)
    tree = tree_of(deep, deep + ".b.c", "x")
    assert int(tree.depth.max()) == MAX_DEPTH
    assert sorted(tree.keys) == sorted(tree.key(n) for n in range(len(tree)) if tree.entry[n] >= 0)
    assert tree.find(deep + ".b.c") is not None
    assert tree.label(int(tree.find(deep + ".b.c") or 0)).endswith("a.b.c")


def test_that_keys_of_dots_do_not_fill_the_memory() -> None:
    keys = [f"{i}" + "." * 1_000_000 for i in range(40)]
    tree = tree_of(*keys)
    assert len(tree) <= 40 * (MAX_DEPTH + 1)
    assert [tree.key(n) for n in np.flatnonzero(tree.entry >= 0)] == keys


def test_that_the_number_of_groups_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.gui.models.key_tree.SPARE_NODES", 100)
    keys = [".".join([str(i), *"abcdefghijklmnopqrstuvwxyz"]) for i in range(100)]
    tree = tree_of(*keys)
    assert len(tree) < 100 + 5 * 100 + 60
    assert [tree.key(n) for n in np.flatnonzero(tree.entry >= 0)] == keys
    assert all(tree.find(key) is not None for key in keys)


def test_that_sums_beyond_64_bits_are_exact() -> None:
    huge = (2**62, 2**62)
    tree = build_key_tree(checkpoint([tensor("g.a", huge), tensor("g.b", (3,))]))
    assert tree.parameters[0] == 2**124 + 3
    assert tree.nbytes[0] == 4 * (2**124 + 3)
    assert 0 < tree.share(1) <= 1
    assert tree.ranks("bytes").tolist() == [2, 2, 1, 0]


def test_that_an_empty_checkpoint_is_a_root_alone() -> None:
    tree = tree_of()
    assert len(tree) == 1
    assert tree.tensor_keys([0]) == ()
    assert tree.share(0) == 0.0
    assert tree.sorted_positions("bytes").tolist() == [0]


def test_that_building_reports_and_can_be_cancelled() -> None:
    class Impatient(core.Monitor):
        reports = 0

        def report(self, done: int, total: int, what: str = "") -> None:
            self.reports += 1
            if self.reports == 2:
                raise core.Cancelled

    monitor = Impatient()
    with pytest.raises(core.Cancelled):
        build_key_tree(checkpoint([f"g{i % 7}.w{i}" for i in range(30_000)]), monitor)
    assert monitor.reports == 2


def test_that_many_distinct_names_are_ranked_as_in_one_sort() -> None:
    keys = [f"n{(i * 7919) % 25_000}" for i in range(25_000)]
    tree = tree_of(*keys)
    order = np.argsort(tree.sorted_positions("name"))[1:]
    assert [tree.key(n) for n in order] == sorted(keys, key=lambda key: int(key[1:]))


def test_that_the_lowest_common_group_holds_all() -> None:
    tree = tree_of("a.b.c", "a.b.d", "a.e", "f")
    at = {tree.key(n): n for n in range(len(tree))}
    assert tree.key(tree.lowest_common([at["a.b.c"], at["a.b.d"]])) == "a.b"
    assert tree.key(tree.lowest_common([at["a.b.d"], at["a.e"]])) == "a"
    assert tree.lowest_common([at["a.e"], at["f"]]) == 0
    assert tree.tensor_keys([at["a.e"], at["a.b"]]) == ("a.b.c", "a.b.d", "a.e")


@given(checkpoints, st.data())
@settings(max_examples=60, deadline=None)
def test_that_few_nodes_looked_up_one_by_one_are_the_tensors_that_marking_all_of_the_tree_gives(ckpt: core.Checkpoint,
                                                                                                data: st.DataObject) -> None:
    tree = build_key_tree(ckpt)
    nodes = sorted(data.draw(st.sets(st.integers(0, len(tree) - 1), max_size=6)))
    found = []
    for sparse in (10 ** 9, 0.001):         # never and always one by one
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(key_tree, "_SPARSE", sparse)
            found.append(tree.tensor_keys(nodes))
    below = {key for n in nodes for m in range(n, int(tree.end[n])) if (info := tree.info(m)) is not None for key in (info.key,)}
    assert found == [tuple(key for key in ckpt.tensors if key in below)] * 2


@given(checkpoints)
@settings(max_examples=60, deadline=None)
def test_that_every_key_and_every_group_is_found_where_it_stands(ckpt: core.Checkpoint) -> None:
    tree = build_key_tree(ckpt)
    for n in range(1, len(tree)):
        path = tree.key(n)
        if not path:
            continue                        # the root's, too
        entry = [m for m in range(len(tree)) if tree.entry[m] >= 0 and tree.key(m) == path]
        there = entry or [m for m in range(1, len(tree)) if tree.key(m) == path]
        assert tree.find(path) == there[0]
        if f"{path}.no" not in tree.keys and "no" not in tree.names:
            assert tree.find(f"{path}.no") is None


@pytest.mark.parametrize("chunk", [1, 2, 5, 100])
def test_that_the_tensors_of_nodes_come_in_stored_order_whatever_pieces_they_are_looked_up_in(
        chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_tree, "_CHOOSE_CHUNK", chunk)
    keys = ["b.0", "a.x", "b.1", "c", "a.y", "b.2.w", "a.z"]
    tree = tree_of(*keys, note=1)
    nodes = sorted(node for key in ("a", "b.2", "c", "note") if (node := tree.find(key)) is not None)
    assert tree.tensor_keys(nodes) == ("a.x", "c", "a.y", "b.2.w", "a.z")
    assert tree.tensor_keys([nodes[0]]) == tuple(key for key in keys if key.startswith(tree.key(nodes[0])))
    note = tree.find("note")
    assert note is not None
    assert tree.tensor_keys([note]) == ()
    assert tree.tensor_keys([]) == ()


@given(st.lists(st.integers(-1, 9) | st.sampled_from([2**62, -2**62])))
def test_that_nodes_each_once_are_those_of_numpy(nodes: list[int]) -> None:
    assert each_once(np.array(nodes, np.int64)).tolist() == np.unique(np.array(nodes, np.int64)).tolist()


def test_that_masked_arrays_are_not_loaded_for_a_tree_that_is_shown() -> None:
    code = """
import sys
import numpy as np
from inspector import core
from inspector.gui.models.key_tree import build_key_tree
from inspector.gui.models.tree_marks import TreeMarks
from inspector.gui.models.tree_model import _sorted
from inspector.gui.models.tree_rows import TreeRows
from inspector.gui.state.signals import FileSignals, Kind, Signal
before = "numpy.ma" in sys.modules
tree = build_key_tree(core.edit({f"layer.{n}.weight": np.zeros(2) for n in range(400)}, []))
found = FileSignals(tree.checkpoint, (Signal(Kind.NAN, 1, "1 NaN", ("layer.1.weight",)),), None, (), (), 0, {}, frozenset())
print(len(_sorted([np.arange(2, 4)], TreeRows(tree))), *tree.tensor_keys([3]), len(TreeMarks(tree, found).guilty))
print(before or "numpy.ma" not in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["2", "layer.0.weight", "1", "True"]


def test_that_a_group_that_is_alone_in_a_file_is_open_at_first_however_much_is_in_it() -> None:
    rows = TreeRows(tree_of(*(f"model.blocks.{n}.weight" for n in range(100))))
    assert [rows.tree.key(int(node)) for node in rows.rows[:3]] == ["", "model.blocks", "model.blocks.0.weight"]
    several = TreeRows(tree_of("head.weight", *(f"model.{n}.weight" for n in range(100))))
    assert [several.tree.key(int(node)) for node in several.rows] == ["", "head.weight", "model"]


@given(st.lists(st.integers(0, 5)), st.booleans(), st.integers(1, 4))
def test_that_what_is_sorted_in_pieces_is_sorted_as_in_one(keys: list[int], down: bool, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_tree, "_SORT_CHUNK", piece)
        assert [*in_order(keys, down=down)] == sorted(range(len(keys)), key=keys.__getitem__, reverse=down)
