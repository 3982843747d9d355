"""What is patched is the source but for what was edited, and the graph of it is the edited graph."""
from __future__ import annotations

import pickle
import pickletools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.core.graph import APPEND, APPENDS, DICT, LIST, SETITEM, SETITEMS, STR, Graph
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.encode.emit import emit
from inspector.core.pickles.encode.graph_editor import GraphEditor
from inspector.core.pickles.encode.patch import patch
from tests.core.pickles import opcodes as op
from tests.core.pickles.encode.test_emit import shape

TEXTS = st.sampled_from(["cpu", "weight", "a", "b", "module.x", "é"])
TREES = st.recursive(st.one_of(st.integers(-5, 300), TEXTS, st.floats(allow_nan=False)), lambda inner: st.one_of(
    st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4), st.tuples(inner, inner)), max_leaves=25)


def operations(graph: Graph) -> list[tuple[int, int]]:
    """(mutation or container, place of the key or item) of every entry."""
    found = []
    for n, kind in enumerate(graph.kind):
        count = len(graph.references(n))
        if kind in (SETITEM, SETITEMS, DICT):
            found += [(n, i) for i in range(int(kind != DICT), count, 2)]
        elif kind in (APPEND, APPENDS, LIST):
            found += [(n, i) for i in range(int(kind != LIST), count)]
    return found


@given(TREES, st.integers(0, 5), st.data())
@settings(max_examples=120, deadline=None)
def test_that_patching_and_writing_anew_give_the_same_graph(tree: Any, protocol: int, data: st.DataObject) -> None:
    source = pickle.dumps(tree, protocol)
    graph = decode(source)
    editor = GraphEditor(graph)
    for n, place in data.draw(st.lists(st.sampled_from(operations(graph) or [(-1, 0)]), max_size=4, unique=True)):
        if n < 0:
            continue
        is_pair = graph.kind[n] in (SETITEM, SETITEMS, DICT)
        if data.draw(st.booleans()):
            editor.drop(n, (place, place + 1) if is_pair else (place,))
        elif is_pair and graph.kind[graph.references(n)[place]] == STR:
            editor.set_operand(n, place, editor.const(data.draw(st.sampled_from(["new", "other", ""]))))
        elif graph.kind[graph.references(n)[place]] <= STR:
            editor.set_operand(n, place, editor.const(data.draw(st.sampled_from([1, "text", None, 2.5]))))
    edited = editor.finish()
    anew = emit(edited, readable=False)
    expected = pickle.loads(anew.data)
    patched = patch(editor)
    if patched is not None:
        # two places that get equal new texts may share one or not: nobody can tell the difference
        assert shape(decode(patched.data), texts_are_shared=False) == shape(decode(anew.data), texts_are_shared=False)
        assert pickle.loads(patched.data) == expected
    if not editor.changed:
        assert expected == tree


@pytest.mark.parametrize("protocol", range(6))
def test_that_only_the_edited_opcodes_differ(protocol: int) -> None:
    word = "weight"
    source = pickle.dumps({"first": {word: 1, "x": word}, "second": {word: 2}, word: [word, 3]}, protocol)
    graph = decode(source)
    editor = GraphEditor(graph)
    target = next(n for n, place in operations(graph) if graph.kind[n] in (SETITEM, SETITEMS, DICT)
                  and graph.text(graph.references(n)[place]) == word)
    editor.set_operand(target, 1, editor.const("kernel"))
    editor.finish()
    patched = patch(editor)
    assert patched is not None
    assert pickle.loads(patched.data) == {"first": {"kernel": 1, "x": word}, "second": {word: 2}, word: [word, 3]}
    before = [(code.name, arg) for code, arg, _ in pickletools.genops(source) if code.name != "FRAME"]
    after = [(code.name, arg) for code, arg, _ in pickletools.genops(patched.data) if code.name != "FRAME"]
    rest = after.copy()
    for step in before:
        if step in rest:
            rest.remove(step)
    assert len(rest) <= 2
    assert any(arg == "kernel" for _, arg in rest)


def test_that_a_location_that_is_also_a_key_is_changed_alone() -> None:
    shared = op.put(0)
    source = op.pickled(op.EMPTY_DICT + op.values([op.text("cpu") + shared, op.integer(1), op.text("other"),
                                                   op.tuple_of(op.text("x"), op.get(0))]) + b"u")
    graph = decode(source)
    for place, expected in ((1, {"gpu": 1, "other": ("x", "cpu")}), (-1, {"cpu": 1, "other": ("x", "gpu")})):
        editor = GraphEditor(graph)
        mutation = graph.mutations[graph.root][0]
        n, at = (mutation, place) if place > 0 else (graph.references(mutation)[4], 1)
        editor.set_operand(n, at, editor.const("gpu"))
        editor.finish()
        patched = patch(editor)
        assert patched is not None
        assert pickle.loads(patched.data) == expected


def test_that_an_entry_that_others_need_is_not_cut_out() -> None:
    shared = [1]
    graph = decode(pickle.dumps({"a": shared, "b": shared, "c": 3}, 2))
    mutation = graph.mutations[graph.root][0]
    editor = GraphEditor(graph)
    editor.drop(mutation, (1, 2))
    edited = editor.finish()
    assert patch(editor) is None
    assert pickle.loads(emit(edited).data) == {"b": [1], "c": 3}
    editor = GraphEditor(graph)
    editor.drop(mutation, (3, 4))
    editor.finish()
    patched = patch(editor)
    assert patched is not None
    assert pickle.loads(patched.data) == {"a": [1], "c": 3}


def test_that_an_editor_makes_every_kind_of_node() -> None:
    graph = decode(pickle.dumps({"list": [1], "ordered": {}}, 2))
    editor = GraphEditor(graph)
    pairs = dict(zip(("list", "ordered"), graph.references(graph.mutations[graph.root][0])[2::2], strict=True))
    big = -(1 << 90)
    items = [editor.const(x) for x in (None, True, 7, big, 0.5, "text", b"raw", -(1 << 40))]
    listed = editor.list_of([editor.tuple_of(items), editor.word("w"), editor.word("w")])
    editor.add_pairs(pairs["ordered"], [(editor.const("items"), listed)])
    made = editor.reduce(editor.name("collections", "OrderedDict"), ())
    editor.add_pairs(made, [(editor.const("k"), editor.integers((1, 2, 3)))])
    editor.build(made, editor.dict_of([(editor.const("_metadata"), editor.list_of([]))]))
    editor.add_pairs(pairs["ordered"], [(editor.const("new"), made)])
    edited = editor.finish()
    assert patch(editor) is None
    back = pickle.loads(emit(edited, done_after=editor.done_after, fresh=editor.first_new).data)
    assert back["ordered"]["items"] == [(None, True, 7, big, 0.5, "text", b"raw", -(1 << 40)), "w", "w"]
    assert back["ordered"]["items"][1] is back["ordered"]["items"][2]
    assert back["ordered"]["new"] == {"k": (1, 2, 3)}
    assert back["ordered"]["new"]._metadata == []
    assert pickle.loads(emit(graph).data) == {"list": [1], "ordered": {}}
