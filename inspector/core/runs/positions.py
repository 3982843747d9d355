"""How far training was when a checkpoint was saved: epoch and step, by what the file says, what the trainer wrote beside it, its name."""
from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import InspectorError
from inspector.core.io.sources import open_source
from inspector.core.keypath import leaf_of, top_of
from inspector.core.limits import LIMITS
from inspector.core.naming_conventions import words
from inspector.core.progress import QUIET, Monitor

from . import file_names
from .metrics import is_metric, is_single, number_of, single_numbers

# The names that say most first.
_EPOCH = ("epoch", "epochs", "current_epoch", "epochs_completed", "epoch_num", "epoch_idx", "last_epoch")
_STEP = ("global_step", "step", "steps", "iteration", "iterations", "iter", "num_updates", "global_steps", "n_iter")
_UPDATES = re.compile(r"optimizer_history\.\d{1,9}\.num_updates")       # of fairseq, trainer.py: the last one is this checkpoint's
_SETTINGS = frozenset(("args", "config", "cfg", "hparams", "optimizer", "optim", "scheduler", "sched", "lr", "callbacks", "loops",
                       "scaler", "state", "model"))
_MOST = 1e15
# Files whose folder has the name that tells.
_PLAIN = re.compile(r"(?:diffusion_)?(?:pytorch_|adapter_)?model\.(?:safetensors|bin|pth?)(?:\.index\.json)?")
TRAINER_STATE = "trainer_state.json"        # transformers, `TrainerState` of trainer_callback.py
_LOG = 5000             # entries of its history that are looked at, from the end


class Position(NamedTuple):
    """`epoch` and `step` are None where nobody says them; `said_by` is "file", "trainer" or "name"."""

    epoch: int | float | None
    step: int | None
    metrics: dict[str, float]
    said_by: str


def position_of(ckpt: Checkpoint, path: str, metrics: Mapping[str, float], monitor: Monitor = QUIET) -> Position:
    """Of the checkpoint at `path`, whose own `metrics` are known. What the file says goes before what lies beside it, that before what
    its name says."""
    own = _in_file(ckpt, monitor)
    epoch, step = _first(own, _EPOCH), _first(own, _STEP)
    said_by = "file" if epoch is not None or step is not None else "name"
    named = file_names.told_by(os.path.dirname(path) if _PLAIN.fullmatch(os.path.basename(path)) else path)
    beside = _beside(path)
    found = {**named.metrics, **beside, **metrics}
    for name in ("epoch", "global_step"):
        found.pop(name, None)
    if epoch is None and step is None and ("epoch" in beside or "global_step" in beside):
        epoch, step, said_by = beside.get("epoch"), beside.get("global_step"), "trainer"
    if epoch is None:
        epoch = named.epoch
    if step is None:
        step = named.step
    return Position(_whole(epoch), None if step is None else int(step), found, said_by)


def _in_file(ckpt: Checkpoint, monitor: Monitor) -> dict[str, float]:
    """Counters at the root or just below it, by their names in small letters."""
    found: dict[str, float] = {}
    for key, value in ckpt.values.items():
        number = number_of(value)
        if number is not None and _is_counter(key) and 0 <= number < _MOST:
            found.setdefault(leaf_of(key).lower(), number)
        elif number is not None and _UPDATES.fullmatch(key) and 0 <= number < _MOST:
            found["num_updates"] = number
    infos = [info for key, info in ckpt.tensors.items() if _is_counter(key) and is_single(info)]
    for key, number in single_numbers(ckpt, infos[:8], monitor) if infos else ():
        if 0 <= number < _MOST:
            found.setdefault(leaf_of(key).lower(), number)
    for key, text in ckpt.metadata.items():         # safetensors holds texts alone
        if key.lower() in (*_EPOCH, *_STEP) and text.isdecimal() and len(text) <= 15:
            found.setdefault(key.lower(), float(text))
    return found


def _is_counter(key: str) -> bool:
    if key.count(".") > 1 or leaf_of(key).lower() not in (*_EPOCH, *_STEP):
        return False
    return "." not in key or _SETTINGS.isdisjoint(words(top_of(key)))


def _first(found: Mapping[str, float], names: tuple[str, ...]) -> float | None:
    return next((found[name] for name in names if name in found), None)


def _whole(number: float | None) -> int | float | None:
    return int(number) if number is not None and number == int(number) else number


def _beside(path: str) -> dict[str, float]:
    """What transformers' Trainer wrote beside a checkpoint: epoch, global_step, and each metric as it was logged last."""
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    name = os.path.join(folder, TRAINER_STATE)
    if not os.path.isfile(name):
        return {}
    try:
        with open_source(name) as source:
            if source.size > LIMITS.json_bytes:
                return {}
            said = json.loads(source.read(0, source.size))
    except (InspectorError, ValueError, RecursionError):
        return {}
    if not isinstance(said, dict):
        return {}
    found: dict[str, float] = {}
    history = said.get("log_history")
    for entry in (history if isinstance(history, list) else [])[-_LOG:]:
        for key, value in entry.items() if isinstance(entry, dict) else ():
            number = number_of(value)
            if number is not None and (is_metric(key) or key == "learning_rate"):
                found[key] = number
    for key in ("epoch", "global_step", "best_metric"):
        number = number_of(said.get(key))
        if number is not None and abs(number) < _MOST:
            found[key] = number
    return found
