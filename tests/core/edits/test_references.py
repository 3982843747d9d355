"""The other checkpoint that an edit goes by."""
from __future__ import annotations

import errno
import pickle
from pathlib import Path

import pytest
import torch

from inspector import core


@pytest.mark.parametrize("made", [core.Match, core.Take, core.OptimizerFor, core.MergeAdapter], ids=lambda made: made.__name__)
@pytest.mark.parametrize("name", ["gone.pth", "gone.json", "gone/adapter"])
def test_that_a_reference_that_is_not_there_is_a_file_not_found_and_an_edit_error(made: type[core.Edit], name: str, tmp_path: Path) -> None:
    path = str(tmp_path / name)
    ckpt = core.edit({"model": {"w": torch.ones(3)}, "optimizer": torch.optim.SGD([torch.ones(3)], 0.1).state_dict()}, [])
    with pytest.raises(FileNotFoundError) as found:
        core.edit(ckpt, [made(path)])               # type: ignore[call-arg]
    error = found.value
    assert isinstance(error, core.EditError)
    assert (error.errno, error.filename, error.id) == (errno.ENOENT, path, "bad_reference")
    assert str(error).count(path) == 1
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.filename) == (type(error), str(error), path)


def test_that_a_reference_that_is_no_checkpoint_is_there_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "notes.pth").write_text("no checkpoint")
    with pytest.raises(core.EditError) as found:
        core.edit({"w": torch.ones(3)}, [core.Match(str(tmp_path / "notes.pth"))])
    assert not isinstance(found.value, FileNotFoundError)
