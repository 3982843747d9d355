"""What the names of checkpoints say."""
from __future__ import annotations

import pytest

from inspector.core.runs.file_names import natural, told_by


@pytest.mark.parametrize(("name", "epoch", "step", "metrics"), [
    ("checkpoint_epoch10.pth", 10, None, {}),
    ("vgg16_e100_acc0.85.pth", 100, None, {"acc": 0.85}),
    ("epoch=3-step=100.ckpt", 3, 100, {}),
    ("model-epoch=07-val_loss=0.25.ckpt", 7, None, {"val_loss": 0.25}),
    ("resnet50_val_acc0.91_ep7.pt", 7, None, {"val_acc": 0.91}),
    ("runs/checkpoint-500", None, 500, {}),
    ("runs/checkpoint-500/", None, 500, {}),
    ("iter_5000.pth", None, 5000, {}),
    ("model_12.safetensors", None, None, {}),
    ("reward=-1.5.pth", None, None, {"reward": -1.5}),
    ("lr1e-4.pth", None, None, {}),
    ("mp_rank_00_model_states.pt", None, None, {}),
    ("resnet50.pth", None, None, {}),
    ("epoch99999999999999999999.pth", None, None, {})])
def test_that_a_name_tells_epoch_step_and_metrics(name: str, epoch: int | None, step: int | None, metrics: dict[str, float]) -> None:
    assert told_by(name) == (epoch, step, metrics)


def test_that_numbers_in_names_are_ordered_as_numbers() -> None:
    names = ["model_10.pth", "model_2.pth", "Model_1.pth", "model_2b.pth"]
    assert sorted(names, key=natural) == ["Model_1.pth", "model_2.pth", "model_2b.pth", "model_10.pth"]
