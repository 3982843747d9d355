"""What the tables of a file or a group add up to."""
from __future__ import annotations

from pathlib import Path

import pytest

from inspector import core
from tests import builders
from tests.tables import make


def test_that_totals_count_what_is_stored_once_and_parameters_without_the_optimizer() -> None:
    found = core.totals(make(tied=("model.weight", "optimizer.state.0.exp_avg")), "", ())
    assert (found.tensors, found.parameters, found.optimizer) == (3, 16, 12)
    assert (found.logical, found.stored, found.sharing) == (112, 64, 2)
    assert [(part.name, part.tensors, part.nbytes) for part in found.parts] == [("model", 2, 64), ("optimizer", 1, 48)]
    assert [tensor.key for tensor in found.largest] == ["model.weight", "optimizer.state.0.exp_avg", "model.bias"]


def test_that_totals_of_a_group_are_of_its_keys_only() -> None:
    found = core.totals(make(values={"model.note": 1, "epoch": 2}), "model", ("model.weight", "model.bias"))
    assert (found.tensors, found.values, found.logical) == (2, 1, 64)
    assert [part.name for part in found.parts] == ["weight", "bias"]


def test_that_many_kinds_end_in_one_row_of_others() -> None:
    found = core.totals(make(keys={f"part{n}.w": (n + 1,) for n in range(30)}), "", ())
    assert len(found.parts) == 8
    assert found.parts[-1].name is None
    assert sum(part.tensors for part in found.parts) == 30


def test_that_totals_can_be_cancelled() -> None:
    class Stop(core.Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            raise core.Cancelled

    with pytest.raises(core.Cancelled):
        core.totals(make(), "", (), Stop())


def test_that_a_script_may_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(builders.safetensors({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, bytes(8)))
    assert core.totals(path).parameters == 2
