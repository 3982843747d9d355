from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core import naming_conventions as module

_PARTS = st.sampled_from(["rng", "RNG", "Random", "state", "states", "ema", "EMA", "Teacher", "amp", "sample",
                          "example", "inputs", "optimizerG",
                          "optim", "metrics", "Meter", "opt", "lr", "schedulers", "model", "net", "weight", "_", ".", "3", "é", "K"])
_NAMES = st.lists(_PARTS, max_size=6).map("".join) | st.text(max_size=12)


@pytest.mark.parametrize("asked", [module.is_average, module.is_weights, module.is_random_state, module.holds_no_weights])
@given(name=_NAMES)
def test_that_a_name_without_a_hint_has_no_such_word(asked: Any, name: str) -> None:
    hinted = asked(name)
    with pytest.MonkeyPatch.context() as patch:
        for hints in ("average", "others", "no_weights", "random"):
            patch.setattr(module, f"_hints_at_{hints}", lambda _: True)
        assert asked(name) is hinted


@given(names=st.lists(_NAMES, max_size=8), apart=st.booleans())
def test_that_many_names_are_asked_together_what_is_asked_of_each(names: list[str], apart: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SIP", 1 + apart)
        assert module.paths_of_weights(names) == [name for name in names if module.is_weights(name)]
        assert module.paths_of_averages(names) == {name for name in names if module.is_average(name)}


def test_that_what_is_asked_of_names_is_said_of_usual_ones() -> None:
    for asked, fitting, other in ((module.is_average, ("model_ema", "netG.TeacherNet"), "model"),
                                  (module.is_weights, ("model.encoder", "netG"), "optimizerG_state_dict.model"),
                                  (module.is_random_state, ("cuda_rng_state", "numpyRandomState"), "orange"),
                                  (module.holds_no_weights, ("example_inputs", "train_metrics"), "state")):
        assert all(map(asked, fitting))
        assert not asked(other)
