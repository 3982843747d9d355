"""Ordinary tensors that are made in one step are those that are made node by node."""
from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.core.checkpoint import Extent, Extra, Storage, TensorInfo
from inspector.core.graph import Graph
from inspector.core.pickles.encode.graph_editor import GraphEditor
from inspector.core.pickles.encode.records import Records
from inspector.core.pickles.encode.torch_objects import TorchObjects

BEYOND = 1 << 63
sizes = st.lists(st.integers(0, 3) | st.sampled_from([255, 256, 1 << 31, BEYOND - 1, BEYOND]), max_size=3).map(tuple)
forms = st.tuples(st.sampled_from(["float32", "float16", "bool", "complex64", "uint16", "float8_e4m3fn"]), sizes, sizes,
                  st.sampled_from([0, 5, BEYOND]), st.sampled_from([None, "cpu", "cuda:0", "meta"]))
extras = st.sampled_from([None, None, Extra(conj=True), Extra(neg=True), Extra(header_fields=(("a", "1"),)), Extra(shadowed=True),
                          Extra(read_from=TensorInfo("", (), "float32", None, (), 0, "0", 4))])


def made(tensors: list[TensorInfo], storages: dict[str, Storage]) -> Any:
    editor = GraphEditor(Graph(b""))
    ckpt: Any = SimpleNamespace(tensors={info.key: info for info in tensors}, storages=storages)
    objects = TorchObjects(editor, ckpt, Records(["7"]))
    nodes = [objects.tensor(info) for info in tensors]
    graph = editor.finish()
    return nodes, objects.storage_of, [bytes(column) for column in (graph.kind, graph.a, graph.b, graph.at, graph.operands)], graph.data, \
        graph.names, objects.records.of(storages)


@settings(max_examples=300, deadline=None)
@given(st.lists(forms, min_size=1, max_size=4),
       st.lists(st.tuples(st.integers(0, 3), st.integers(0, 15), extras, st.booleans()), max_size=20),
       st.lists(st.tuples(st.sampled_from([0, 4, 6, 8, 24, 1 << 70]), st.sampled_from([None, "cpu", "cuda:1"])), min_size=16, max_size=16))
def test_that_tensors_made_in_one_step_are_those_made_node_by_node(
        kinds: list[Any], chosen: list[tuple[int, int, Extra | None, bool]], given_storages: list[tuple[int, str | None]]) -> None:
    storages = {str(n): Storage(str(n), "uint8", device, nbytes, Extent(0, 0, nbytes, nbytes))
                for n, (nbytes, device) in enumerate(given_storages)}
    tensors = []
    for place, (form, storage, extra, grad) in enumerate(chosen):
        dtype, shape, stride, offset, device = kinds[form % len(kinds)]
        tensors.append(TensorInfo(f"{place}.é", shape, dtype, device, stride, offset, str(storage), 0, grad, extra=extra))
    together = made(tensors, storages)
    with mock.patch.object(TorchObjects, "_ordinary", return_value=-1):
        assert together == made(tensors, storages)


def test_that_ordinary_tensors_are_made_in_one_step() -> None:
    storages = {str(n): Storage(str(n), "float32", "cpu", 24, Extent(0, 0, 24, 24)) for n in range(9)}
    tensors = [TensorInfo(id, (2, 3), "float32", "cpu", (3, 1), 0, id, 24) for id in storages]
    with mock.patch.object(TorchObjects, "strided", autospec=True, side_effect=TorchObjects.strided) as one_by_one:
        made(tensors, storages)
    assert one_by_one.call_count == 1           # the first, with what all have together
