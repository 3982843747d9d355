from __future__ import annotations

from pathlib import Path

import torch

from inspector import core
from tests.core.edits.made import names, net, opened, training


def test_that_the_result_is_what_a_wrapped_model_saves(tmp_path: Path) -> None:
    model = net()
    theirs = torch.nn.DataParallel(model).state_dict()
    new = core.edit(opened(tmp_path, model.state_dict()), [core.AddPrefix("module.")])
    assert names(new) == list(theirs)
    assert dict(new.module_metadata[""]) == dict(theirs._metadata)


def test_that_a_training_checkpoint_gets_it_in_its_weights_only(tmp_path: Path) -> None:
    ckpt = opened(tmp_path, {**training(net()), "step": torch.ones(1)})
    new = core.edit(ckpt, [core.AddPrefix("module.")])
    changed = {key for key in new.tensors if key not in ckpt.tensors}
    assert changed == {f"model.module.{name}" for name in net().state_dict()}
    assert list(new.values) == list(ckpt.values)
    assert "step" in new.tensors
