"""What is suggested is done, saved and loaded into a real model: it never raises what was said not to happen, whatever was wrong."""
from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from inspector import core

State = dict[str, torch.Tensor]


class Tied(nn.Module):
    """A small language model whose head is its embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(7, 4)
        self.layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])
        self.lm_head = nn.Linear(4, 7, bias=False)
        self.lm_head.weight = self.embed_tokens.weight


def convolutional() -> nn.Module:
    body = nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4))
    return nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 4, 3), bn=nn.BatchNorm2d(4), body=body, fc=nn.Linear(4, 2)))


def old_norm() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.Sequential(nn.utils.weight_norm(nn.Linear(4, 3)), nn.utils.weight_norm(nn.Conv1d(3, 2, 3)))


def new_norm() -> nn.Module:
    norm = nn.utils.parametrizations.weight_norm
    return nn.Sequential(norm(nn.Linear(4, 3)), norm(nn.Conv1d(3, 2, 3)))


def encoder() -> nn.Module:
    return nn.ModuleDict({"encoder": nn.TransformerEncoderLayer(8, 2, 16), "head": nn.Linear(8, 5)})


MODELS: dict[str, Callable[[], nn.Module]] = {"convolutional": convolutional, "tied": Tied, "old norm": old_norm, "new norm": new_norm,
                                              "encoder": encoder}
PAIRS = [(name, name) for name in MODELS] + [("old norm", "new norm"), ("new norm", "old norm"), ("encoder", "convolutional")]
PREFIXES = ("", "module.", "_orig_mod.", "model.", "module._orig_mod.", "net.backbone.")


def some(state: State, numbers: list[int]) -> list[str]:
    return list(dict.fromkeys([*state][n % len(state)] for n in numbers)) if state else []


def without(state: State, numbers: list[int]) -> State:
    gone = some(state, numbers)
    return OrderedDict((key, value) for key, value in state.items() if key not in gone)


def reshaped(state: State, numbers: list[int]) -> State:
    chosen = some(state, numbers)
    return OrderedDict((key, torch.zeros(*value.shape[:-1], 9) if key in chosen and value.dim() else value) for key, value in state.items())


def with_more(state: State, numbers: list[int]) -> State:
    return OrderedDict([*state.items(), *((f"extra.{n % 5}.weight", torch.ones(n % 5 + 1)) for n in numbers)])


def renamed_head(state: State, numbers: list[int]) -> State:
    return OrderedDict((key.replace("fc.", "classifier.").replace("head.", "classifier."), value) for key, value in state.items())


CHANGES = (without, reshaped, with_more, renamed_head)


def nested(state: State, model: nn.Module) -> Any:
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    sum(parameter.sum() for parameter in model.parameters()).backward()  # type: ignore[union-attr]
    optimizer.step()
    return {"epoch": 3, "model_state_dict": state, "optimizer_state_dict": optimizer.state_dict(), "lr": 0.1}


FORMS: dict[str, Callable[[State, nn.Module], Any]] = {
    "flat": lambda state, model: state, "nested": nested, "deep": lambda state, model: {"checkpoint": {"net": state}, "step": 1},
    "two": lambda state, model: {"model": state, "model_ema": OrderedDict(state), "epoch": 1},
}


def applied(found: core.LoadReport, file: Path, out: Path) -> State:
    """The state dict that is to be loaded once the advice was followed."""
    if found.edits:
        core.save(core.edit(file, found.edits), out)
        loaded = torch.load(out, weights_only=True)
    else:
        loaded = core.load_state_dict(file) if file.suffix == ".safetensors" else torch.load(file, weights_only=True)
    for part in () if ("--extract", found.state_dict) in found.suggested else filter(None, found.state_dict.split(".")):
        loaded = loaded[part]
    state: State = loaded
    return state


def is_loaded(key: str, state: State) -> bool:
    """Whether a key of the model gets something; of weight normalisation also by its old names."""
    module, _, part = key.partition("parametrizations.weight.original")
    return key in state or bool(part and f"{module}weight_g" in state and f"{module}weight_v" in state)


def holds(found: core.LoadReport, model: nn.Module, state: State) -> None:
    """Loads as the advice says, and all that was said of it is so."""
    if found.after.loads:
        model.load_state_dict(state)
    elif found.after.loads_in_part:
        result = model.load_state_dict(state, strict=False)
        assert sorted(result.missing_keys) == sorted(found.after.missing)
        assert sorted(result.unexpected_keys) == sorted(found.after.unexpected)
        assert found.after.fitting == sum(is_loaded(key, state) for key in model.state_dict())
    else:
        with pytest.raises(RuntimeError):
            model.load_state_dict(state)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pair=st.sampled_from(PAIRS), prefix=st.sampled_from(PREFIXES), form=st.sampled_from([*FORMS]),
       changes=st.lists(st.tuples(st.sampled_from(CHANGES), st.lists(st.integers(0, 30), min_size=1, max_size=3)), max_size=2),
       asked=st.sampled_from(("shapes", "state dict", "training", "safetensors", "error")))
def test_that_following_the_advice_never_raises_what_it_says_it_will_not(tmp_path: Path, pair: tuple[str, str], prefix: str, form: str,
                                                                        changes: list[tuple[Any, list[int]]], asked: str) -> None:
    source, model = MODELS[pair[0]](), MODELS[pair[1]]()
    state: State = source.state_dict()
    for change, numbers in changes:
        state = change(state, numbers)
    state = OrderedDict((prefix + key, value) for key, value in state.items())
    if not state:
        return
    file, reference = tmp_path / "file.pth", tmp_path / "reference.pth"
    torch.save(FORMS[form](state, source), file)
    if asked == "shapes":
        found = core.load_report(file, {key: tuple(value.shape) for key, value in model.state_dict().items()})
    elif asked == "error":
        try:
            model.load_state_dict(torch.load(file, weights_only=True))
            return
        except RuntimeError as error:
            found = core.doctor(str(error), core.open(file))
            known = {mismatch.key for mismatch in found.lists.mismatched}
            if any(key not in known and value.shape != model.state_dict()[key].shape
                   for key, value in applied(found, file, tmp_path / "out.pth").items() if key in model.state_dict()):
                return          # a text that names keys and no shapes cannot tell
            if set(model.state_dict()) - set(found.after.missing) - set(applied(found, file, tmp_path / "out.pth")):
                return          # nor does it name the counters of batches
    else:
        kept = model.state_dict()
        if asked == "safetensors":
            reference = tmp_path / "reference.safetensors"
            save_file({key: value.clone() for key, value in kept.items()}, reference)
        else:
            torch.save({"state_dict": kept, "epoch": 1} if asked == "training" else kept, reference)
        found = core.load_report(file, reference)
    holds(found, model, applied(found, file, tmp_path / "out.pth"))
    if not changes and pair != ("encoder", "convolutional"):
        assert found.after.loads, "a file of this very model can be made to fit"


def test_that_packed_weights_are_unpacked_for_a_plain_model_and_their_scales_not_dropped(tmp_path: Path) -> None:
    """The codes of fp8 have the name and shape of the weight: without their scales they would load, as other numbers."""
    net = nn.Linear(4, 4, bias=False)
    torch.save(net.state_dict(), tmp_path / "ref.pth")
    scale = net.weight.detach().abs().max() / 448
    codes = (net.weight.detach() / scale).to(torch.float8_e4m3fn)
    save_file({"module.weight": codes, "module.weight_scale_inv": scale.reshape(1, 1)}, tmp_path / "fp8.safetensors")
    found = core.load_report(tmp_path / "fp8.safetensors", tmp_path / "ref.pth")
    assert found.after.loads
    assert found.suggested == (("--dequantize", "bfloat16"), ("--strip-prefix", "module."))
    core.save(core.edit(tmp_path / "fp8.safetensors", found.edits), tmp_path / "fixed.pth")
    loaded = nn.Linear(4, 4, bias=False)
    loaded.load_state_dict(torch.load(tmp_path / "fixed.pth", weights_only=True))
    assert torch.allclose(loaded.weight, net.weight, rtol=0.1, atol=1e-3)
    # a model that has the scales, too, takes the file as it is packed
    save_file({"weight": codes, "weight_scale_inv": scale.reshape(1, 1)}, tmp_path / "same.safetensors")
    assert core.load_report(tmp_path / "fp8.safetensors", tmp_path / "same.safetensors").suggested == (("--strip-prefix", "module."),)
