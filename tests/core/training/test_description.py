"""What a file is, all in all."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from inspector import core

torch = pytest.importorskip("torch")


def described(tmp_path: Path, value: Any, **options: Any) -> core.Description:
    torch.save(value, tmp_path / "x.pth", **options)
    return core.describe(core.open(tmp_path / "x.pth"))


def net() -> Any:
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))


def trained() -> tuple[Any, Any]:
    model = net()
    optimizer = torch.optim.AdamW(model.parameters())
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    return model, optimizer


def test_that_a_training_checkpoint_is_described(tmp_path: Path) -> None:
    model, optimizer = trained()
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    found = described(tmp_path, {"epoch": 50, "global_step": 1200, "model_state_dict": model.state_dict(), "loss": 0.5,
                                 "optimizer_state_dict": optimizer.state_dict(), "lr_scheduler": scheduler.state_dict(),
                                 "scaler": {"scale": 65536.0}, "ema": model.half().state_dict(), "rng_state": torch.get_rng_state()})
    assert (found.era, found.kind) == ("PyTorch ≥ 1.6 zip", "training-checkpoint")
    assert found.progress == (("epoch", 50), ("global_step", 1200), ("loss", 0.5))
    assert (found.schedulers, found.scalers, found.random_states) == (("lr_scheduler",), ("scaler",), ("rng_state",))
    weights, average = found.models
    assert weights == core.Model("model_state_dict", 7, 24, 9, 4 * 32 + 8, ("float32", "int64"), ("cpu",), "", False)
    assert (average.path, average.average, average.dtypes) == ("ema", True, ("float16", "int64"))
    (optimizer_,) = found.optimizers
    assert (optimizer_.kind, optimizer_.of_model, optimizer_.nbytes) == ("AdamW", "model_state_dict", 4 * (2 * 24 + 4))


def test_that_tied_weights_count_once(tmp_path: Path) -> None:
    weight = torch.zeros(5, 2)
    (model,) = described(tmp_path, {"embed": weight, "head": weight}).models
    assert (model.path, model.tensors, model.parameters) == ("", 2, 10)


def test_that_a_legacy_file_is_of_its_time(tmp_path: Path) -> None:
    assert described(tmp_path, {"w": torch.zeros(1)}, _use_new_zipfile_serialization=False).era == "PyTorch 0.1.10–1.5 format"


def test_that_a_whole_module_has_its_class_and_not_its_attributes_models(tmp_path: Path) -> None:
    model = net()
    object.__setattr__(model, "teacher", net())
    found = described(tmp_path, {"model": model, "epoch": 1})
    assert [(part.path, part.type) for part in found.models] == [("model", "torch.nn.modules.container.Sequential")]


@pytest.mark.parametrize(("values", "said"), [
    ({"epoch": 3}, (("epoch", 3),)),
    ({"extras": {"current_epoch": 7}}, (("current_epoch", 7),)),
    ({"epoch": True, "step": 10 ** 13}, ()),
    ({"loss": float("nan"), "best_acc": 0.5}, (("best_acc", 0.5),)),
    ({"a": {"b": {"epoch": 3}}}, ()),
    ({"Epoch": 2, "iter": 4, "step": 6}, (("epoch", 2), ("step", 6))),
], ids=["root", "below", "no-number", "not-finite", "too-deep", "two-counters"])
def test_that_progress_is_found_under_its_usual_names(tmp_path: Path, values: dict[str, Any], said: tuple[object, ...]) -> None:
    assert described(tmp_path, {"w": {"w": torch.zeros(1)}, **values}).progress == said


def test_that_data_without_a_model_is_described(tmp_path: Path) -> None:
    found = described(tmp_path, {"a": [1, 2]})
    assert (found.kind, found.models, found.optimizers) == ("other", (), ())
