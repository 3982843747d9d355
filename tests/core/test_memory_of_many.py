"""What is worked out about a table of many tensors keeps none of them, and goes through them without having all at once."""
from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from inspector import core
from inspector.core.tensor_table import TensorTable
from tests.builders import safetensors

MANY = 20_000
ALL = 500 * MANY            # bytes of that many tensors


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> core.Checkpoint:
    header, at = {}, 0
    for n in range(MANY):
        end = at + (n % 3 + 1) * 8
        header[f"layers.{n // 10}.block.{n % 10}.weight"] = {"dtype": "F32", "shape": [n % 3 + 1, 2], "data_offsets": [at, end]}
        at = end
    path = tmp_path_factory.mktemp("many") / "many.safetensors"
    path.write_bytes(safetensors(header, bytes(at)))
    return core.open(path)


@pytest.mark.parametrize("work", [core.totals, core.counts, core.describe, core.sizes, core.sharing, core.experts, core.byte_map],
                         ids=lambda work: work.__name__)
def test_that_tables_of_many_are_gone_through_one_by_one(work: Callable[[core.Checkpoint], object], many: core.Checkpoint) -> None:
    assert isinstance(many.tensors, TensorTable)
    assert many.tensors["layers.0.block.0.weight"].numel == 2           # their keys are known by number
    tracemalloc.start()
    try:
        found = work(many)
        kept, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    del found
    assert most < ALL / 2
    assert kept < ALL / 5
