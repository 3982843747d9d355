"""Every sentence about a run is true: each is held against what was trained."""
from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from inspector import core

from .conftest import Trained

Save = Callable[..., Path]


def said(found: core.Tracks, **options: object) -> list[str]:
    return [core.remark_text(found.series, one) for one in core.remarks(found, core.average_lags(found), **options)]      # type: ignore[arg-type]


@pytest.fixture
def measured(trained: Trained) -> core.Tracks:
    return core.measure_series(core.series(trained.folder))


def test_that_the_first_nan_is_exact(trained: Trained, measured: core.Tracks) -> None:
    epoch = next(epoch for epoch, state in trained.states.items() if any(bool(tensor.isnan().any()) for tensor in state.values()))
    keys = tuple(f"model_state_dict.{name}" for name, tensor in trained.states[epoch].items() if bool(tensor.isnan().any()))
    assert measured.first_nan() == (epoch - 1, keys)
    assert epoch >= 9


def test_that_the_best_is_by_the_files_own_value(trained: Trained, measured: core.Tracks) -> None:
    best = measured.series.best()
    epoch = max(trained.scores, key=lambda one: trained.scores[one])
    assert best == (epoch - 1, "val_acc", trained.scores[epoch])
    assert epoch < 9
    assert f"Best by val_acc: epoch {epoch} with {trained.scores[epoch]:.6g}, not the last." in said(measured)


def test_that_what_is_frozen_is_so_since_the_epoch_after_which_nothing_moved(trained: Trained, measured: core.Tracks) -> None:
    frozen = [one for one in core.remarks(measured) if one.id == "frozen"]
    assert [(measured.series[one.at].epoch, one.facts["groups"]) for one in frozen] == [(4, ("backbone",))]
    for epoch in range(5, 13):
        assert all(torch.equal(trained.states[epoch][name], trained.states[4][name]) for name in trained.states[4] if "backbone" in name)
    assert not torch.equal(trained.states[3]["backbone.0.weight"], trained.states[4]["backbone.0.weight"])
    assert "Frozen since epoch 4: backbone." in said(measured)


def test_that_the_divergence_is_told_with_the_part_that_grew_and_by_how_much(trained: Trained, measured: core.Tracks) -> None:
    one = next(one for one in core.remarks(measured) if one.id in ("diverged", "broken"))
    diverged = next(one for one in core.remarks(measured) if one.id == "diverged")
    assert measured.series[diverged.at].epoch == 9
    assert one.at >= diverged.at
    part = diverged.facts["group"]
    def size(epoch: int) -> float:
        return float(torch.cat([tensor.double().ravel() for name, tensor in trained.states[epoch].items() if name.startswith(part)]).norm())
    assert diverged.facts["growth"] == pytest.approx(size(9) / size(8), rel=1e-6)
    assert diverged.facts["growth"] > 2
    assert "The learning rate rose from 0.05 to 8 at epoch 9." in said(measured)


def test_that_a_healthy_run_has_nothing_wrong(tmp_path: Path, save: Save) -> None:
    torch.manual_seed(0)
    net = torch.nn.Linear(6, 6)
    for epoch in range(8):
        with torch.no_grad():
            for parameter in net.parameters():
                parameter += 0.05 * torch.randn_like(parameter) / (epoch + 1)
        save(f"{epoch}.pth", {"epoch": epoch, "loss": 1 / (epoch + 1), "model": copy.deepcopy(net.state_dict())})
    found = core.measure_series(core.series(tmp_path))
    assert said(found) == ["Best by loss: epoch 7 with 0.125."]


def test_that_an_average_lags_by_as_many_epochs_as_it_is_made_of_older_weights(tmp_path: Path, save: Save) -> None:
    torch.manual_seed(0)
    walk = [torch.zeros(4000)]
    for _ in range(11):
        walk.append(walk[-1] + torch.randn(4000) + 1)
    for epoch, weights in enumerate(walk):
        save(f"{epoch}.pth", {"epoch": epoch, "model": {"w": weights, "b": torch.ones(3)},
                              "model_ema": {"w": walk[max(epoch - 3, 0)] + 0.01, "b": torch.ones(3)}})
    found = core.measure_series(core.series(tmp_path))
    lags = core.average_lags(found)
    assert [(lag.average, lag.model, lag.by) for lag in lags] == [("model_ema", "model", 3)]
    assert "model_ema lags by 3 epochs: in epoch 11 it is nearest to the weights of epoch 8." in said(found)


def test_that_an_average_nearest_to_its_own_weights_does_not_lag(tmp_path: Path, save: Save) -> None:
    torch.manual_seed(0)
    for epoch in range(4):
        weights = torch.randn(400)
        save(f"{epoch}.pth", {"epoch": epoch, "model": {"w": weights, "b": torch.ones(3)},
                              "ema": {"w": weights + 0.01, "b": torch.ones(3)}})
    found = core.measure_series(core.series(tmp_path))
    assert [lag.by for lag in core.average_lags(found)] == [0]
    assert not any("lags" in text for text in said(found))


def test_that_a_copy_is_told_and_freezes_nothing(tmp_path: Path, save: Save) -> None:
    torch.manual_seed(0)
    for epoch in range(3):
        state = {"w": torch.randn(40), "b": torch.randn(3)}
        save(f"epoch_{epoch}.pth", {"epoch": epoch, "model": state})
    save("last.pth", {"epoch": 2, "model": state})
    found = core.measure_series(core.series(tmp_path))
    assert said(found) == ["last.pth holds the same weights as epoch_2.pth."]


def test_that_a_run_in_which_nothing_moves_says_so(tmp_path: Path, save: Save) -> None:
    for epoch in range(3):
        save(f"{epoch}.pth", {"epoch": epoch, "model": {"w": torch.ones(40), "b": torch.ones(3)}})
    assert said(core.measure_series(core.series(tmp_path))) == ["No weight changed in any of them."]


def test_that_an_infinity_is_told_as_one(tmp_path: Path, save: Save) -> None:
    torch.manual_seed(0)
    for epoch in range(3):
        state = {"w": torch.randn(40), "b": torch.randn(3)}
        if epoch == 2:
            state["b"][1] = float("inf")
        save(f"{epoch}.pth", {"epoch": epoch, "model": state})
    found = core.measure_series(core.series(tmp_path))
    assert said(found) == ["First infinity in epoch 2: model.b; the last file without is epoch 1."]
    assert found.first_nan() is None


def test_that_the_best_is_not_praised_without_a_word_of_its_nan(tmp_path: Path, save: Save) -> None:
    torch.manual_seed(0)
    for epoch, score in enumerate((0.1, 0.3, 0.9, 0.5)):
        state = {"w": torch.randn(40), "b": torch.randn(3)}
        state["b"][1] = float("nan") if epoch == 2 else 0.0
        save(f"{epoch}.pth", {"epoch": epoch, "val_acc": score, "model": state})
    texts = said(core.measure_series(core.series(tmp_path)))
    assert "Best by val_acc: epoch 2 with 0.9, not the last; it has NaN or infinity in model.b." in texts


def test_that_a_loss_that_jumps_or_is_no_number_is_told(tmp_path: Path, save: Save) -> None:
    torch.manual_seed(0)
    losses = [1.0, 0.9, 0.8, 0.7, 25.0, float("nan")]
    for epoch, (loss, err) in enumerate(zip(losses, [1.0, 0.9, 0.8, 0.7, 25.0, 24.0], strict=True)):
        save(f"{epoch}.pth", {"epoch": epoch, "loss": loss, "err": err, "model": {"w": torch.randn(40)}})
    texts = said(core.measure_series(core.series(tmp_path)))
    assert "loss is NaN in epoch 5." in texts
    assert "err rose from 0.7 to 25 at epoch 4." in texts


def test_that_beside_an_average_it_is_the_part_that_diverged_which_is_named(save: Save) -> None:
    def epoch(n: int) -> dict[str, object]:
        weights = {"layer3.w": torch.ones(8) + 0.01 * n, "layer4.w": torch.ones(8) * (40 if n == 5 else 1 + 0.01 * n)}
        return {"epoch": n, "state_dict": weights, "ema": {name: torch.ones(8) + 0.005 * n for name in weights}}

    found = core.measure_series(core.series([save(f"{n}.pth", epoch(n)) for n in range(6)]))
    assert any(text.startswith("Diverged at epoch 5: state_dict.layer4 grew 38×") for text in said(found))
