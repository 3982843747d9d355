"""What is asked of a whole graph is one pass over it, in whichever order things were put into each other."""
from __future__ import annotations

import pytest

from inspector.core.graph import GLOBAL, LIST, STR, Graph
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
