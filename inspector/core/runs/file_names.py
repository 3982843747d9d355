"""What the names of checkpoints say: `checkpoint_epoch10.pth`, `vgg16_e100_acc0.85.pth`, `epoch=3-step=100.ckpt`, `checkpoint-500/`."""
from __future__ import annotations

import os
import re
from typing import NamedTuple

from . import metrics

_NUMBERED = re.compile(r"((?<![0-9.])[A-Za-z]+(?:_[A-Za-z]+)*)?(=|[:_\- ]*)((?<==)-?\d+(?:\.\d+)?(?:e-?\d+)?|\d+(?:\.\d+)?)")
_ENDING = re.compile(r"(?:\.(?:pth|pt|ckpt|bin|th|pt2|ptl|pkl|mdlus|safetensors|tar|index|json))+$", re.IGNORECASE)
_PIECES = re.compile(r"(\d+)")
_EPOCH = frozenset(("epoch", "epochs", "ep", "e"))
_STEP = frozenset(("step", "steps", "iter", "iters", "iteration", "iterations", "it"))
_TRAINER = re.compile(r"checkpoint-(\d+)")          # transformers, `PREFIX_CHECKPOINT_DIR` of trainer_utils.py: always a step
_LONGEST = 255
_DIGITS = 15            # more are no count of epochs or steps


class Told(NamedTuple):
    """`epoch` and `step` are None where the name says none; `metrics` by the names they have in it."""

    epoch: int | None
    step: int | None
    metrics: dict[str, float]


def told_by(path: str) -> Told:
    """What the last part of `path` says."""
    name = os.path.basename(os.path.normpath(path))[:_LONGEST]
    trainer = _TRAINER.fullmatch(name)
    if trainer is not None and len(trainer[1]) <= _DIGITS:
        return Told(None, int(trainer[1]), {})
    epoch = step = None
    found: dict[str, float] = {}
    for word, _, number in _NUMBERED.findall(_ENDING.sub("", name)):
        words = word.lower().split("_")
        whole = number.isdecimal() and len(number) <= _DIGITS
        if whole and words[-1] in _EPOCH and epoch is None:
            epoch = int(number)
        elif whole and words[-1] in _STEP and step is None:
            step = int(number)
        elif called := _metric(word):
            found.setdefault(called, float(number))
    return Told(epoch, step, found)


def _metric(word: str) -> str:
    """The name of the metric at the end of `resnet_val_acc`, "" where that is none."""
    parts = word.split("_")
    last = next((n for n in range(len(parts)) if metrics.is_qualifier(parts[n]) and n < len(parts) - 1), len(parts) - 1)
    called = "_".join(parts[last:])
    return called if metrics.is_metric(called) else ""


def natural(path: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which `model_2` comes before `model_10`."""
    name = os.path.normpath(path)
    return tuple((0, int(part), "") if part.isdecimal() and len(part) <= 300 else (1, 0, part.lower()) for part in _PIECES.split(name)
                 if part)
