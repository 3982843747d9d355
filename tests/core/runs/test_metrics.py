"""Which numbers are metrics, and what is best."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from inspector import core
from inspector.core.runs.metrics import best_of, direction_of, is_metric, metrics_of


@pytest.mark.parametrize(("name", "direction"), [
    ("loss", "down"), ("val_loss", "down"), ("valLoss", "down"), ("best_acc1", "up"), ("mAP50", "up"), ("mIoU", "up"),
    ("perplexity", "down"),
    ("top1_error", "down"), ("bleu4", "up"), ("eval_accuracy", "up"), ("best_metric", ""), ("val_score", "")])
def test_that_the_kind_of_a_metric_says_whether_more_is_better(name: str, direction: str) -> None:
    assert is_metric(name)
    assert direction_of(name) == direction


@pytest.mark.parametrize("name", ["loss_scale", "loss_weight", "acc_steps", "accumulate_grad_batches", "weight", "map_location", "epoch",
                                  "label_smoothing", "loss_fn"])
def test_that_settings_are_no_metrics(name: str) -> None:
    assert not is_metric(name)


def test_that_metrics_are_found_in_values_nested_ones_lists_and_tensors(save: Callable[..., Path]) -> None:
    path = save("a.pth", {"epoch": 3, "loss": torch.tensor(0.25), "best_acc": np.float64(0.5), "metrics": {"val": {"acc": 0.7}},
                          "history": {"train_loss": [3.0, 2.0, 1.5]}, "args": {"loss": 1.0}, "seed": 1,
                          "model_state_dict": {"loss": torch.ones(3), "w": torch.ones(2)},
                          "optimizer_state_dict": {"state": {}, "param_groups": [{"lr": 0.1, "params": []}]}})
    assert metrics_of(core.open(path)) == {"loss": 0.25, "best_acc": 0.5, "metrics.val.acc": 0.7, "history.train_loss": 1.5, "lr": 0.1}


def test_that_the_best_is_by_held_out_scores_before_losses() -> None:
    rows = [{"loss": 3.0, "val_acc": 0.5, "best_acc": 0.5}, {"loss": 1.0, "val_acc": 0.9, "best_acc": 0.9},
            {"loss": 0.5, "val_acc": 0.7, "best_acc": 0.9}]
    assert best_of(rows) == (1, "val_acc", 0.9)
    assert best_of(rows, "loss") == (2, "loss", 0.5)
    assert best_of(rows, "best_acc") == (1, "best_acc", 0.9)
    assert best_of([{"loss": float("nan")}, {"loss": 2.0}, {"loss": 3.0}]) == (1, "loss", 2.0)


def test_that_of_an_unknown_kind_none_is_best() -> None:
    assert best_of([{"best_metric": 1.0}, {"best_metric": 2.0}]) is None
    assert best_of([{"best_metric": 1.0}], "best_metric") is None
    assert best_of([{}, {}]) is None
