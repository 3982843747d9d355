"""The window's sentence about a file is the command line's, word for word, while it speaks English."""
from __future__ import annotations

import itertools

import pytest

from inspector import core
from inspector.gui.widgets import description

MODEL = core.Model("model", 62, 11_173_962, 9_600, 44_730_112, ("float32", "int64"), ("cuda:0", "cpu"), "", False)
ONE = core.Model("", 1, 1, 0, 4, ("float32",), (None,), "net.Net\n", False)
ADAM = core.Optimizer("optimizer", "Adam", {"0": "model.a", "1": "model.b"}, {}, ("model",), True, 30_000_000, "")
NAMELESS = core.Optimizer("opt", "", {"0": None, "1": "model.a"}, {}, ("model",), False, 3, "")
KNOWN = core.Optimizer("opt", "SGD\x1b", {"0": "model.a"}, {}, ("model", "ema"), False, 999, "")
LOST = core.Optimizer("opt", "Adam", {"0": "model.a"}, {}, ("model",), True, 99_000_000, "")
KINDS = ("state-dict", "training-checkpoint", "module", "torchscript", "tensor", "other")


def abouts() -> list[core.Description]:
    models = ((), (MODEL,), (ONE,), (MODEL, ONE), (MODEL,) * 6)
    optimizers = ((), (ADAM,), (NAMELESS,), (ADAM, KNOWN), (KNOWN,), (LOST,), (ADAM,) * 5)
    beside = (((), (), ()), (("scheduler",), (), ()), (("a", "b"), ("scaler",), ("rng",)))
    progress = ((), (("epoch", 50), ("global_step", 12_345), ("loss", 0.123456)))
    kinds = itertools.cycle(KINDS)
    return [core.Description("PyTorch ≥ 1.6 zip", next(kinds), said, some, states, *others, 44_900_000)
            for some, states, others, said in itertools.product(models, optimizers, beside, progress)]


@pytest.mark.parametrize("about", abouts(), ids=lambda about: about.kind)
def test_that_window_and_command_line_say_the_same(about: core.Description, qapp: object) -> None:
    assert description.sentence(about) == core.sentence(about)


def test_that_latin_words_stand_apart_from_chinese_in_a_list(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(description, "translate", lambda _, text: {"{some} and {last}": "{some}和{last}", ", ": "，"}[text])
    assert description.listed(("3 个张量", "Adam 状态")) == "3 个张量和 Adam 状态"


@pytest.mark.parametrize("parts", [(), ("a",), ("a", "b"), ("a", "b", "c")])
def test_that_lists_read_alike(parts: tuple[str, ...], qapp: object) -> None:
    assert description.listed(parts) == core.wording.listed(parts)
