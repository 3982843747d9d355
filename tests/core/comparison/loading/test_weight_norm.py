"""Weight normalisation in its two spellings: torch's modules are the oracle, in both directions and in wrappers."""
from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from inspector import core


def old() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        norm = nn.utils.weight_norm
        return nn.Sequential(OrderedDict(a=norm(nn.Linear(4, 3)), b=nn.Linear(3, 3), c=norm(nn.Linear(3, 2))))


def new() -> nn.Module:
    norm = nn.utils.parametrizations.weight_norm
    return nn.Sequential(OrderedDict(a=norm(nn.Linear(4, 3)), b=nn.Linear(3, 3), c=norm(nn.Linear(3, 2))))


@pytest.mark.parametrize(("of", "into"), [(old, new), (new, old)], ids=["old into new", "new into old"])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod."])
@pytest.mark.parametrize("nested", [False, True])
def test_that_either_spelling_ends_in_a_file_that_loads(tmp_path: Path, of: Callable[[], nn.Module], into: Callable[[], nn.Module],
                                                        prefix: str, nested: bool) -> None:
    source, model = of(), into()
    state = OrderedDict((prefix + key, value) for key, value in source.state_dict().items())
    torch.save({"net": state, "epoch": 1} if nested else state, tmp_path / "a.pth")
    torch.save(model.state_dict(), tmp_path / "ref.pth")
    x = torch.randn(2, 4)
    reports = [core.load_report(tmp_path / "a.pth", tmp_path / "ref.pth")]
    try:
        model.load_state_dict(torch.load(tmp_path / "a.pth", weights_only=True))
    except RuntimeError as error:
        reports.append(core.doctor(str(error), core.open(tmp_path / "a.pth")))
    else:
        assert of is old
    for found in reports:
        assert found.after.loads
        fixed = tmp_path / "a.pth"
        if found.edits:
            core.save(core.edit(tmp_path / "a.pth", found.edits), fixed := tmp_path / "fixed.pth")
        fresh = into()
        fresh.load_state_dict(torch.load(fixed, weights_only=True))
        assert torch.allclose(fresh(x), source(x), atol=1e-6)


def test_that_a_file_of_the_old_spelling_loads_as_it_is_and_its_shapes_are_compared(tmp_path: Path) -> None:
    torch.save(old().state_dict(), tmp_path / "a.pth")
    fits = core.load_report(tmp_path / "a.pth", {key: tuple(value.shape) for key, value in new().state_dict().items()})
    assert (fits.lists.loads, fits.lists.fitting, fits.suggested) == (True, 8, ())
    model = nn.Sequential(OrderedDict(a=nn.utils.parametrizations.weight_norm(nn.Linear(4, 5)), b=nn.Linear(3, 3),
                                      c=nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))))
    found = core.load_report(tmp_path / "a.pth", {key: tuple(value.shape) for key, value in model.state_dict().items()})
    with pytest.raises(RuntimeError) as refused:
        model.load_state_dict(torch.load(tmp_path / "a.pth", weights_only=True))
    parts = {f"a.parametrizations.weight.original{n}" for n in (0, 1)}
    assert {one.key for one in found.lists.mismatched} == {*parts, "a.bias"}
    for one in found.lists.mismatched:
        assert f"size mismatch for {one.key}: " in str(refused.value)


def test_that_other_names_that_end_alike_are_left_alone(tmp_path: Path) -> None:
    torch.save({"x.weight_g": torch.ones(1), "x.weight_v": torch.ones(2)}, tmp_path / "a.pth")
    found = core.load_report(tmp_path / "a.pth", {"x.weight_g": (1,), "x.weight_v": (2,), "y.bias": (1,)})
    assert (found.suggested, found.lists.missing) == ((), ("y.bias",))
