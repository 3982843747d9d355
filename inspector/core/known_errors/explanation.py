"""What is said about an error: what it means, what of the file is meant, and edits that were tried."""
from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, Opaque
from inspector.core.comparison.loading.load_report import LoadReport
from inspector.core.edits.editing import edit
from inspector.core.edits.recipe import can_be_typed
from inspector.core.edits.tools.common import Edit, are_soon_tried
from inspector.core.errors import EditError, InspectorError
from inspector.core.io import addresses
from inspector.core.keypath import visible
from inspector.core.progress import QUIET, Monitor
from inspector.core.torch_load import loads_with_torch
from inspector.core.training.weights import model_dicts

_NAMED = 6
_START, _END = 100_000, 200_000           # characters


class Remedy(NamedTuple):
    """`edits` of the file, which were applied to its tables, and in `outcome` what is so afterwards: a part of a sentence. No edits: the
    file saved again as it is. `name` is what the new file has to be called to be found, where that matters."""

    outcome: str
    edits: tuple[Edit, ...]
    name: str = ""

    def target(self, file: str) -> str:
        """Where to save what becomes of `file`: under that name, beside it or here, where nothing has it yet. "FIXED": anywhere."""
        folder = "" if addresses.is_address(file) else file if os.path.isdir(file) else os.path.dirname(file)
        names = dict.fromkeys((os.path.join(folder, self.name), self.name)) if self.name else ()
        return next((name for name in names if not os.path.lexists(name)), "FIXED")


class Explanation(NamedTuple):
    """`id` is a stable name ("weights-only"); `meaning` one sentence about the error, `about` sentences about the file at hand, `advice`
    what to do besides edits, each a sentence or a line of Python. `remedies` are the most fitting first. `load` is the report on the
    names, of an error of `load_state_dict`."""

    id: str
    meaning: str
    about: tuple[str, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    advice: tuple[str, ...] = ()
    load: LoadReport | None = None


class Case(NamedTuple):
    """The `text` of an error, and the `file` that is meant: None without one, and where it cannot be read, for the reason `unreadable`."""

    text: str
    file: Checkpoint | None = None
    unreadable: InspectorError | None = None
    state_dict: str | None = None
    monitor: Monitor = QUIET

    def after(self, edits: Sequence[Edit]) -> Checkpoint | None:
        """The file after `edits`, None when they cannot be applied."""
        if self.file is None:
            return None
        try:
            return edit(self.file, edits, self.monitor)
        except EditError:
            return None

    def remedies(self, ways: Iterable[tuple[str, Sequence[Edit]]], reaches: Callable[[Checkpoint], bool],
                 name: str = "") -> tuple[Remedy, ...]:
        """Those of `ways` (outcome, edits) that can be applied, do something, and give what they are for; of several with one outcome the
        first."""
        found: list[Remedy] = []
        for outcome, edits in ways:
            after = self.after(edits) if self._is_soon_tried(edits) and can_be_typed(edits) else None
            if after is None or not (after.tensors or after.values) or (edits and self._is_unchanged(after)):
                continue
            if reaches(after) and not any(one.outcome == outcome or one.edits == tuple(edits) for one in found):
                found.append(Remedy(outcome, tuple(edits), name))
        return tuple(found)

    def _is_soon_tried(self, edits: Sequence[Edit]) -> bool:
        return self.file is None or are_soon_tried(edits, self.file)

    def _is_unchanged(self, after: Checkpoint) -> bool:
        return self.file is not None and after.tensors is self.file.tensors and after.values is self.file.values \
            and after.metadata == self.file.metadata


def search(patterns: Iterable[str], text: str) -> re.Match[str] | None:
    """The first of `patterns` that `text` has, however a terminal wrapped it."""
    return next((found for pattern in patterns if (found := re.search(pattern, _on_one_line(text))) is not None), None)


@lru_cache(1)
def _on_one_line(text: str) -> str:
    if len(text) > _START + _END:           # what was raised stands at the end of what a terminal has
        text = f"{text[:_START]} {text[-_END:]}"
    return " ".join(text.split())


def is_taken(ckpt: Checkpoint) -> bool:
    """Whether nothing is known for which torch.load (weights_only=True) would refuse it, saved as a PyTorch file."""
    return loads_with_torch(ckpt).weights_only is not False


def few(names: Sequence[str], most: int = _NAMED) -> str:
    """"a, b and 3 more", safe to show."""
    shown = ", ".join(visible(name, 80) or "the root" for name in names[:most])
    return shown + (f" and {len(names) - most:,} more" if len(names) > most else "")


_FORMATS = {"torch-zip": "PyTorch's zip format, of 1.6 and newer", "torch-legacy": "PyTorch's format of before 1.6",
            "torch-tar": "PyTorch's tar format of before 0.1.10", "torchscript": "TorchScript", "torch-export": "torch.export",
            "safetensors": "safetensors", "pickle": "a plain pickle"}


def contents(file: Checkpoint) -> Iterator[str]:
    """What a file holds, and in which format."""
    value = file.values.get("")
    what = f"a whole object of {visible(value.type, 120)}" if isinstance(value, Opaque) else \
        {"state-dict": "a state dict", "training-checkpoint": "a training checkpoint", "torchscript": "a program with its weights",
         "tensor": "one tensor"}.get(file.kind, "other contents")
    yield f"This file holds {what}, in {_FORMATS.get(file.format, visible(file.format, 40))}."
    models = [path for path in model_dicts(file) if path]
    if models:
        yield f"Its weights are at {few(models)}."
