"""What a checkpoint is, in English."""
from __future__ import annotations

from pathlib import Path

import pytest

from inspector import core

torch = pytest.importorskip("torch")


@pytest.fixture
def ckpt(tmp_path: Path) -> core.Checkpoint:
    model = torch.nn.Linear(3, 4)
    optimizer = torch.optim.AdamW(model.parameters())
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    torch.save({"epoch": 50, "model_state_dict": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "x.pth")
    return core.open(tmp_path / "x.pth")


def test_that_one_sentence_says_what_it_is(ckpt: core.Checkpoint) -> None:
    said = core.sentence(core.describe(ckpt))
    share = round(100 * 136 / ckpt.nbytes)
    assert said == ("Training checkpoint, PyTorch ≥ 1.6 zip, epoch 50: model_state_dict (2 tensors, 16 parameters, float32, saved on cpu) "
                    f"and AdamW state for all of them, which is {share} % of the file.")


def test_that_parts_beside_are_told_and_little_is_not_nothing() -> None:
    optimizer = core.Optimizer("opt", "", {"0": None, "1": "m.a"}, {}, ("m",), False, 3, "")
    model = core.Model("m", 1, 12_345_678, 0, 9, ("float32",), (None,), "", False)
    said = core.sentence(core.Description("E", "other", (("loss", 0.12345),), (model,), (optimizer,), ("s",), ("a",), ("r",), 1000))
    assert said == ("Python data, E, loss 0.1235: m (1 tensor, 12.3 M parameters, float32) and optimizer state for 2 parameter tensors, 1 "
                    "of them known by name, which is <1 % of the file; with scheduler, gradient scaler and random state.")


def test_that_of_a_file_which_is_cut_short_no_more_than_all_of_it_is_said_to_be_state() -> None:
    optimizer = core.Optimizer("opt", "Adam", {"0": None}, {}, (), False, 3000, "")
    said = core.sentence(core.Description("E", "other", (), (), (optimizer,), (), (), (), 1000))
    assert said == "Python data, E: Adam state for 1 parameter tensor."


def info(key: str, shape: tuple[int, ...] = (4, 3), storage: str = "0") -> core.TensorInfo:
    return core.TensorInfo(key, shape, "float32", None, (3, 1)[-len(shape):], 0, storage, 48, state_dict="")


def test_that_shared_elements_count_once_and_the_optimizer_apart() -> None:
    infos = (info("a"), info("tied"), info("part", (3,)), info("meta", storage=""), info("meta2", storage=""),
             info("optimizer.state.0.exp_avg", storage="9"), info("model.optim", storage="8"))
    ckpt = core.Checkpoint("x\n.pth", "torch-zip", "state-dict", (), {one.key: one for one in infos}, state_dicts=("",))
    assert core.headline(ckpt) == ("x\\n.pth: a state dict (torch-zip), 7 tensors, 51 parameters, 12 values of optimizer state, 0 B\n"
                                   "float32; no device")


def test_that_a_thousand_state_dicts_are_not_all_named() -> None:
    ckpt = core.Checkpoint("x", "torch-zip", "other", (), {}, state_dicts=tuple(f"m{n}" for n in range(1000)))
    assert core.headline(ckpt).endswith("m19 and 980 more")
