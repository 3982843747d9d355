"""What is asked of a whole graph is one pass over it, in whichever order things were put into each other."""
from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.graph import GLOBAL, LIST, STR, Graph, Mutations
from inspector.core.pickles.decode.machine import decode
from tests.core.pickles import opcodes as op

LISTS = 200


def filled_from_the_front() -> Graph:
    """Lists of which each gets the next one, the first of them first; the last has a name in it."""
    made = b"".join(b"]" + op.put(n) + b"0" for n in range(LISTS))
    filled = b"".join(op.get(n) + op.get(n + 1) + b"a0" for n in range(LISTS - 1))
    return decode(op.pickled(made + filled + op.get(LISTS - 1) + op.name("a", "B") + b"a0" + op.get(0)))


def counted(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    asked: list[int] = []
    references = Graph.references

    def count(self: Graph, n: int) -> list[int]:
        asked.append(n)
        return references(self, n)
    monkeypatch.setattr(Graph, "references", count)
    return asked


def test_that_what_leads_to_a_node_is_found_through_what_was_put_in_later_and_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = filled_from_the_front()
    asked = counted(graph, monkeypatch)
    leading = graph.leading_to([graph.kind.index(GLOBAL)])
    assert all(leading[n] for n, kind in enumerate(graph.kind) if kind == LIST)
    assert len(asked) <= len(graph)


def test_that_what_does_not_lead_to_a_node_is_not_among_it() -> None:
    graph = decode(op.pickled(op.dict_of({"a": op.list_of(op.name("a", "B")), "b": op.list_of(op.text("c"))})))
    leading = graph.leading_to([graph.kind.index(GLOBAL)])
    lists = [n for n, kind in enumerate(graph.kind) if kind == LIST]
    assert [leading[n] for n in lists] == [1, 0]
    assert not any(leading[n] for n, kind in enumerate(graph.kind) if kind == STR)


def test_that_everything_below_the_root_is_reachable_and_nothing_else() -> None:
    thrown_away = op.list_of(op.text("gone")) + b"0"
    graph = decode(op.pickled(thrown_away + op.tuple_of(op.list_of(op.reduce(op.name("a", "B"), op.text("x"))))))
    seen = graph.reachable()
    texts = {graph.text(n): seen[n] for n, kind in enumerate(graph.kind) if kind == STR}
    assert texts == {"gone": 0, "x": 1}
    assert seen[graph.root] == seen[graph.kind.index(GLOBAL)] == 1


@given(steps=st.lists(st.tuples(st.sampled_from(["add", "add", "add", "set", "delete", "copy"]), st.integers(0, 6)), max_size=40))
def test_that_mutations_are_those_that_were_added_in_whatever_order_their_targets_come(steps: list[tuple[str, int]]) -> None:
    mutations, expected = Mutations(), dict[int, list[int]]()
    for node, (step, target) in enumerate(steps, 10):
        if step == "add":
            mutations.add(target, node)
            expected.setdefault(target, []).append(node)
        elif step == "set":
            mutations[target] = expected[target] = [node, node + 100]
        elif step == "delete":
            assert mutations.pop(target, None) == expected.pop(target, None)
        else:
            before, mutations = mutations, mutations.copy()
            before.add(target, node)
    assert dict(mutations) == expected == dict(mutations.items())
    assert len(mutations) == len(expected)
    for target in range(7):
        assert mutations.get(target) == expected.get(target)
        assert (target in mutations) == (target in expected)
    with pytest.raises(KeyError):
        mutations[7]
    apart = {**{target: [node] for target, node in mutations.single()}, **dict(mutations.others())}
    assert apart == expected


def test_that_what_is_done_once_to_each_of_many_nodes_takes_a_few_bytes_each() -> None:
    many = 20_000
    tracemalloc.start()
    try:
        mutations = Mutations()
        for n in range(many):
            mutations.add(3 * n, 3 * n + 2)
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(mutations) == many
    assert kept < 12 * many
