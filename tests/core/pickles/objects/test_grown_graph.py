"""A graph with nodes behind its last one: the one it was made of stays as it was, texts and all."""
from __future__ import annotations

import pickle

from inspector.core.graph import DICT, GLOBAL, INT, STR, TUPLE
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.objects.grown_graph import GrownGraph


def test_that_the_source_stays_as_it_was() -> None:
    source = decode(pickle.dumps({"a": "text", "b": 1}, 2))
    before = (bytes(source.kind), source.a.tolist(), source.b.tolist(), source.operands.tolist(), list(source.names), source.data)
    grown = GrownGraph(source)
    text = grown.node(STR, *grown.put_bytes(b"new"))
    both = grown.tuple_of((text, grown.node(INT, 7), grown.node(GLOBAL, grown.name_number("torch", "Size"))))
    grown.change(source.root, grown.graph.kind[both], grown.graph.a[both], grown.graph.b[both])
    graph = grown.finished()
    assert (source.kind[source.root], graph.kind[source.root]) == (DICT, TUPLE)
    first, second, third = graph.sequence(graph.root)
    assert (graph.text(first), graph.integer(second), graph.global_name(third)) == ("new", 7, ("torch", "Size"))
    assert before == (bytes(source.kind), source.a.tolist(), source.b.tolist(), source.operands.tolist(), list(source.names), source.data)


def test_that_two_that_grew_from_one_graph_know_nothing_of_each_other() -> None:
    source = decode(pickle.dumps(["x"], 2))
    ones = [GrownGraph(source), GrownGraph(source)]
    numbers = [grown.node(STR, *grown.put_bytes(text)) for grown, text in zip(ones, (b"one", b"two"), strict=True)]
    assert numbers[0] == numbers[1] == len(source)
    assert [grown.finished().text(n) for grown, n in zip(ones, numbers, strict=True)] == ["one", "two"]


def test_that_a_name_is_there_once_and_new_nodes_say_where_they_come_from() -> None:
    source = decode(b"cmath\nsin\n0cmath\nsin\n0cmath\ncos\n.")
    grown = GrownGraph(source)
    assert grown.name_number("math", "cos") == source.names.index(("math", "cos"))
    fresh = grown.name_number("torch", "Size")
    assert grown.name_number("torch", "Size") == fresh == len(source.names)
    assert grown.graph.at[grown.node(INT, 1)] == -1
    grown.at = 12
    assert grown.graph.at[grown.node(INT, 1)] == 12
