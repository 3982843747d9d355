"""Which numbers of a checkpoint say how good it is, and whether more is better: by the words in their names."""
from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import InspectorError
from inspector.core.keypath import join, leaf_of, parent_of, segments_of
from inspector.core.naming_conventions import is_random_state, words
from inspector.core.progress import QUIET, Monitor
from inspector.core.tensors.reader import TensorReader

Direction = Literal["up", "down", ""]

_UP = frozenset(("acc", "accs", "accuracy", "accuracies", "auc", "auroc", "map", "ap", "iou", "miou", "dice", "bleu", "rouge", "f1",
                 "precision", "recall", "psnr", "ssim", "r2", "top1", "top5", "prec1", "prec5", "fitness", "reward"))
_DOWN = frozenset(("loss", "losses", "nll", "bce", "error", "errors", "err", "perplexity", "ppl", "mse", "mae", "rmse", "wer", "cer",
                   "fid", "lpips"))
_NEUTRAL = frozenset(("score", "metric", "metrics", "monitor"))
_NOT = frozenset(("scale", "weight", "weights", "fn", "func", "type", "name", "step", "steps", "coef", "alpha", "lambda", "grad",
                  "accumulate", "accumulation", "count", "batch", "epoch", "every", "threshold", "config", "ratio",
                  "location", "smoothing", "margin"))
_QUALIFIERS = frozenset(("val", "valid", "validation", "eval", "dev", "test", "train", "training", "best"))
_HELD_OUT = frozenset(("val", "valid", "validation", "eval", "dev", "test"))
_TRAINING = frozenset(("train", "training"))
# Sections of a checkpoint in which numbers are settings, or a program's own.
_SETTINGS = frozenset(("args", "arguments", "config", "cfg", "configs", "hparams", "hyper", "hyperparameters", "options", "opt", "opts",
                       "optim", "optimizer", "optimizers", "scheduler", "schedulers", "callbacks", "loops", "scaler", "amp", "kwargs"))
_RATE = re.compile(r"(?:.*\.)?param_groups\.0\.lr")
_RATES = frozenset(("lr", "learning_rate"))
_MOST = 200             # metrics of one file
_LONGEST = 200          # characters of a name
_TENSORS = 64           # tensors of one element that are read for it
_NUMBER = re.compile(r"-?(?:\d{1,20}(?:\.\d{1,20})?(?:e[+-]?\d{1,3})?|nan|inf)", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+[0-9]?|[0-9]+")


class Best(NamedTuple):
    """Number `at` of a series has the best `value` of `metric`."""

    at: int
    metric: str
    value: float


def is_qualifier(word: str) -> bool:
    return word.lower() in _QUALIFIERS


def is_metric(name: str) -> bool:
    """Whether a name is that of a measure of quality: "val_acc", "best_loss", "mAP50"."""
    found = _words(name)
    return not found & _NOT and bool(found & (_UP | _DOWN) or (found & _NEUTRAL and found & _QUALIFIERS))


def direction_of(name: str) -> Direction:
    """Whether more is better ("up") or less; "" where that is not known.

    >>> core.direction_of("val_acc"), core.direction_of("loss"), core.direction_of("colour")
    ('up', 'down', '')
    """
    found = _words(leaf_of(name))
    return "down" if found & _DOWN else "up" if found & _UP else ""         # top1_error is an error


def _words(name: str) -> frozenset[str]:
    """In every way in which the name can be taken apart: "mAP50" is map, m, ap; "valLoss" is val, loss."""
    name = name[:200]
    plain = [word for part in re.split(r"[^a-z0-9]+", name.lower()) for word in (part, *_WORD.findall(part))]
    return frozenset((*plain, *(word.rstrip("0123456789") for word in plain), *words(name)))


def metrics_of(ckpt: Checkpoint, monitor: Monitor = QUIET) -> dict[str, float]:
    """key -> number, by the keys that the file has for them; a list of numbers is its last one, which the latest epoch appended. The
    optimizer's learning rate is "lr". Reads tensors of one element that are named so. Raises Cancelled."""
    found: dict[str, float] = {}
    lists: dict[str, tuple[int, float]] = {}
    rate: float | None = None
    for key, value in ckpt.values.items():
        number = number_of(value)
        if number is None or len(found) >= _MOST:
            continue
        if rate is None and _RATE.fullmatch(key):
            rate = number
        above, last = parent_of(key), leaf_of(key)
        if last.isdecimal() and len(last) <= 9 and _says(above):
            if int(last) >= lists.get(above, (-1, 0.0))[0]:
                lists[above] = int(last), number
        elif _says(key) or (last.lower() in _RATES and "." not in key):
            found[key] = number
    found.update({key: number for key, (_, number) in lists.items() if key not in found and len(found) < _MOST})
    found.update(_of_tensors(ckpt, monitor))
    found.update({name: number for name, number in _monitored(ckpt, monitor) if name not in found and len(found) < _MOST})
    for key, text in ckpt.metadata.items():         # safetensors holds texts alone
        if key not in found and len(found) < _MOST and _says(key) and _NUMBER.fullmatch(text):
            found[key] = float(text)
    if rate is not None and not any(leaf_of(key).lower() in _RATES for key in found):
        found["lr"] = rate
    return found


def _monitored(ckpt: Checkpoint, monitor: Monitor) -> Iterator[tuple[str, float]]:
    """What a callback of Lightning's watches (`ModelCheckpoint`: "monitor", "current_score"), by the name of what it watches."""
    for key, name in ckpt.values.items():
        if leaf_of(key) == "monitor" and isinstance(name, str) and 0 < len(name) <= _LONGEST:
            score = join(parent_of(key), "current_score")
            number = number_of(ckpt.values.get(score))
            info = ckpt.tensors.get(score)
            if number is None and info is not None and is_single(info):
                number = next((found for _, found in single_numbers(ckpt, [info], monitor)), None)
            if number is not None:
                yield name, number


def number_of(value: object) -> float | None:
    """A plain number that float64 holds; None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isinstance(value, float) or abs(value) < 1 << 1000 else None


def _says(key: str) -> bool:
    """Whether a number under `key` is a metric."""
    *sections, leaf = segments_of(key)
    if any(not _SETTINGS.isdisjoint(words(section)) or is_random_state(section) for section in sections):
        return False
    return is_metric(leaf)


def _of_tensors(ckpt: Checkpoint, monitor: Monitor) -> dict[str, float]:
    """Tensors of one element, as `criterion(output, target)` is when nobody called `item`."""
    wanted = [info for info in ckpt.tensors.values() if is_single(info) and _says(info.key)]
    return dict(single_numbers(ckpt, wanted[:_TENSORS], monitor))


def is_single(info: TensorInfo) -> bool:
    """Whether a tensor outside of all state dicts, or of a dict that is none of a model's, is just one real number."""
    known = DTYPES.get(info.dtype)
    return len(info.shape) <= 1 and info.numel == 1 and info.layout == "strided" and not info.problem and known is not None \
        and known.kind in ("float", "int", "uint")


def single_numbers(ckpt: Checkpoint, infos: Iterable[TensorInfo], monitor: Monitor = QUIET) -> Iterable[tuple[str, float]]:
    """(key, its number) of tensors of one element; those that cannot be read are left out. Raises Cancelled."""
    with TensorReader(ckpt, monitor) as reader:
        for info in infos:
            try:
                array = reader.array(info.key)
                yield info.key, float(array.reshape(-1)[0])
            except (InspectorError, ValueError, TypeError, IndexError):
                continue


# -- the best one -----------------------------------------------------------------------------------------------------------

def best_of(rows: Sequence[Mapping[str, float]], metric: str | None = None) -> Best | None:
    """The first of the checkpoints, whose metrics `rows` are, that has the best value of `metric`; without it, of the one that says
    most: a score before a loss, held-out data before training data, the present one before the best so far. None where no metric is
    one of which it is known whether more is better.

    >>> core.best_of([{"val_acc": 0.8}, {"val_acc": 0.9}, {"val_acc": 0.85}])
    Best(at=1, metric='val_acc', value=0.9)
    """
    if metric is None:
        judged = [name for name in _names(rows) if direction_of(name) and _is_known(rows, name)]
        if not judged:
            return None
        metric = min(judged, key=lambda name: (_rank(name), judged.index(name)))
    direction = direction_of(metric)
    values = [(row[metric], at) for at, row in enumerate(rows) if metric in row and math.isfinite(row[metric])]
    if not direction or not values:
        return None
    value = (max if direction == "up" else min)(value for value, _ in values)
    return Best(next(at for found, at in values if found == value), metric, value)


def _names(rows: Sequence[Mapping[str, float]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _is_known(rows: Sequence[Mapping[str, float]], name: str) -> bool:
    """Whether most of the checkpoints have it."""
    return 2 * sum(1 for row in rows if name in row and math.isfinite(row[name])) > len(rows)


def _rank(name: str) -> int:
    found = _words(name.replace(".", "_"))
    if found & _TRAINING:
        return 8
    held_out, so_far = bool(found & _HELD_OUT), "best" in found
    if direction_of(name) == "up":
        return 0 if held_out and not so_far else 1 if not so_far else 2
    return 3 if held_out and not so_far else 4 if so_far else 5
