"""What torch says when it refuses a file, without the advice around it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from inspector import core
from inspector.core.torch_bridge import essence

# as torch 2.5, 2.6 and 2.13 print them
NEW = ("Weights only load failed. This file can still be loaded, to do so you have two options, \x1b[1mdo those steps only if you trust "
       "the source of the checkpoint\x1b[0m. \n\t(1) In PyTorch 2.6, we changed the default value of the `weights_only` argument in "
       "`torch.load` from `False` to `True`. Re-running `torch.load` with `weights_only` set to `False` will likely succeed, but it can "
       "result in arbitrary code execution. Do it only if you got the file from a trusted source.\n\t(2) Alternatively, to load with "
       "`weights_only=True` please check the recommended steps in the following error message.\n\tWeightsUnpickler error: Unsupported "
       "global: GLOBAL numpy.core.multiarray.scalar was not an allowed global by default. Please use "
       "`torch.serialization.add_safe_globals([numpy.core.multiarray.scalar])` or the "
       "`torch.serialization.safe_globals([numpy.core.multiarray.scalar])` context manager to allowlist this global if you trust this "
       "class/function.\n\nCheck the documentation of torch.load to learn more about types accepted by default with weights_only "
       "https://pytorch.org/docs/stable/generated/torch.load.html.")
OLD = ("Weights only load failed. Re-running `torch.load` with `weights_only` set to `False` will likely succeed, but it can result in "
       "arbitrary code execution. Do it only if you got the file from a trusted source.\n Please file an issue with the following so that "
       "we can make `weights_only=True` compatible with your use case: WeightsUnpickler error: Unsupported operand 149")
BLOCKED = ("Weights only load failed. Re-running ...\n\n\nTrying to load unsupported GLOBAL posix.system whose module posix is "
           "blocked.\n\nCheck the documentation of torch.load")
IMPORT = "Weights only load failed. ``torch.distributed.tensor`` must be imported to load DTensors\n In PyTorch 2.6"


@pytest.mark.parametrize(("message", "about"), [
    (NEW, "Unsupported global: GLOBAL numpy.core.multiarray.scalar was not an allowed global by default."),
    (OLD, "Unsupported operand 149"),
    (BLOCKED, "Trying to load unsupported GLOBAL posix.system whose module posix is blocked."),
    (IMPORT, "``torch.distributed.tensor`` must be imported to load DTensors"),
    ("PytorchStreamReader failed locating file data/3: file not found", "PytorchStreamReader failed locating file data/3: file not found"),
    ("", ""),
])
def test_that_the_sentence_with_the_name_is_found(message: str, about: str) -> None:
    assert essence(message) == about


def test_that_the_note_of_a_verified_save_names_the_value_and_what_keeps_it(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2), "run": {"best": np.float64(1.5)}}, tmp_path / "a.pth")
    report = core.save(core.open(tmp_path / "a.pth"), tmp_path / "b.pth", verify="torch")
    note = next(note for note in report.notes if "torch.load" in note)
    assert "run.best is a numpy number" in note
    assert "scalar" in note
    assert "--plain" in note
    assert "\x1b" not in note
