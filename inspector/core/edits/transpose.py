"""Matrices the other way round: `nn.Linear` and GPT-2's `Conv1D`, torch and TensorFlow keep the same weight transposed."""
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import EditError
from inspector.core.keypath import visible
from inspector.core.progress import QUIET, Monitor
from inspector.core.training.weights import optimizer_states

from .tools.common import Edit, edited, note
from .tools.globs import fitting, is_literal, matcher
from .tools.optimizers import Moments, moments_of
from .tools.rearranging import NewTensors, elements_of, module_of, must_be_ordinary, turned, why_not

_SHOWN = 3


@dataclass(frozen=True)
class Transpose(Edit):
    """The last two dimensions of each tensor that fits `glob` change places, and its elements lie in the new order. What has fewer
    dimensions is left alone, unless `glob` is its very key. Tied tensors stay tied, and what an optimizer keeps for each element is turned
    along; its state is left alone otherwise unless it is named."""

    glob: str
    OPTION: ClassVar[str] = "transpose"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        chosen, new = self._chosen(ckpt), NewTensors(ckpt)
        tensors, done = dict(ckpt.tensors), set[str]()
        for key in [*chosen, *self._moments(ckpt, chosen).like]:
            if key in done:
                continue
            info = ckpt.tensors[key]
            keys = new.tied_to(key)
            done.update(keys)
            last = len(info.shape) - 1
            tensors.update(new.made(info, keys, turned(elements_of(info), (*range(last - 1), last, last - 1))))
        if not done:
            return edited(ckpt, self)
        return edited(ckpt, self, tensors=tensors, storages=new.left(tensors))

    def _chosen(self, ckpt: Checkpoint) -> list[str]:
        """Raises EditError where the pattern is the key of a tensor that cannot be transposed."""
        found = []
        for key in self._fitting(ckpt):
            info = ckpt.tensors[key]
            if (is_literal(self.glob) and key == self.glob) or info.name == self.glob:
                must_be_ordinary(ckpt, info, "transposed")
                if len(info.shape) < 2:
                    raise EditError(f"{visible(key, 80)!r} has the shape {list(info.shape)}: there is nothing to transpose",
                                    "A matrix has two dimensions.", key, id="no_such_dimension")
            if len(info.shape) >= 2 and not why_not(info) and module_of(ckpt, key) is None:
                found.append(key)
        return found

    def _fitting(self, ckpt: Checkpoint) -> list[str]:
        numbered, whole = optimizer_states(ckpt), is_literal(self.glob)
        return [key for key in fitting(ckpt, self.glob) if whole or ckpt.tensors[key].state_dict not in numbered]

    @staticmethod
    def _moments(ckpt: Checkpoint, chosen: list[str]) -> Moments:
        new = NewTensors(ckpt)
        return moments_of(ckpt, {tied for key in chosen for tied in new.tied_to(key)})

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        chosen = self._chosen(before)
        notes = []
        deep = [key for key in chosen if len(before.tensors[key].shape) > 2]
        if deep:
            shown = ", ".join(f"{visible(key, 60)} {list(before.tensors[key].shape)}" for key in deep[:_SHOWN])
            notes.append(f"Of {note(len(deep), 'tensor', 'tensors')} of more than two dimensions the last two change places: {shown}"
                         f"{' …' if len(deep) > _SHOWN else ''}.")
        left = len(self._fitting(before)) - len(chosen)
        if left:
            notes.append(f"Left alone: {note(left, 'tensor that is no matrix', 'tensors that are no matrices')}.")
        moments = self._moments(before, chosen)
        return [*notes, *moments.said([*moments.like], "is turned along", "are turned along")]

    @property
    def text(self) -> str:
        return self.glob

    @classmethod
    def parse(cls, text: str, option: str) -> Transpose:
        matcher(text)
        return cls(text)
