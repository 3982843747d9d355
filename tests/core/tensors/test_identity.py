"""What a tensor is, whatever it is called, by which results are kept."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from inspector import core


def test_that_a_tensor_stays_what_it_is_under_another_name_and_no_other_is_it(tmp_path: Path) -> None:
    whole = torch.arange(12.0)
    torch.save({"whole": whole, "part": whole[2:6], "tied": whole, "turned": whole.reshape(3, 4).t(), "other": whole.clone()},
               tmp_path / "a.pth")
    ckpt = core.open(tmp_path / "a.pth")
    found = {key: core.identity_of(ckpt, key) for key in ckpt.tensors}
    assert found["whole"] == found["tied"]
    assert len({found[key] for key in ("whole", "part", "turned", "other")}) == 4
    renamed = core.edit(ckpt, [core.Rename("part", "piece"), core.Drop("other")])
    assert core.identity_of(renamed, "piece") == found["part"]
    assert core.identity_of(core.edit(ckpt, [core.Cast("float16")]), "part") != found["part"]


def test_that_numbers_of_a_file_are_not_hashed_as_themselves_by_those_who_keep_something_by_it(tmp_path: Path) -> None:
    core.save({"w": np.ones((1, 3), np.float32)}, tmp_path / "a.pth")
    assert isinstance(core.identity_of(tmp_path / "a.pth", "w"), bytes)      # whose hash is keyed by the process
