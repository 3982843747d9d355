"""Names with a wrapper's name in front or in the middle are the names without it, and the suggested steps take it out."""
from __future__ import annotations

from collections.abc import Callable

import pytest

from inspector.core.comparison.loading.load_report import report
from inspector.core.comparison.pairing.match import match

PLAIN = ("encoder.layer.weight", "encoder.layer.bias", "decoder.out.weight", "decoder.out.bias", "head.weight")


def shapes(*names: str) -> dict[str, tuple[int, ...] | None]:
    return {name: (3 + n, 4) for n, name in enumerate(names)}


@pytest.mark.parametrize("wrapped", [
    lambda name: f"_orig_mod.{name}", lambda name: f"module._orig_mod.{name}", lambda name: f"_orig_mod.module.{name}",
    lambda name: name.replace("encoder.", "encoder._orig_mod."), lambda name: name.replace("coder.", "coder.module."),
    lambda name: name.replace("layer.", "_fsdp_wrapped_module.layer._checkpoint_wrapped_module."),
    lambda name: f"_fsdp_wrapped_module._fpw_module.{name}", lambda name: f"_forward_module.{name}",
    lambda name: name.replace("layer.", "layer._fsdp_wrapped_module."),
], ids=["compiled", "compiled-and-parallel", "parallel-and-compiled", "part-compiled", "parts-parallel", "fsdp", "old-fsdp",
        "fabric", "part-fsdp"])
@pytest.mark.parametrize("turned", [False, True])
def test_that_names_in_wrappers_are_matched_and_unwrapped(wrapped: Callable[[str], str], turned: bool) -> None:
    a, b = shapes(*map(wrapped, PLAIN)), shapes(*PLAIN)
    matching = match(b, a) if turned else match(a, b)
    assert matching.pairs == ({name: wrapped(name) for name in PLAIN} if turned else {wrapped(name): name for name in PLAIN})
    if not turned:
        found = report(a, b)
        assert found.suggested
        assert found.after.loads
