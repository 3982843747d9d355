"""The mean of the weights of several checkpoints, as torch.optim.swa_utils and model soups take it, and whether that makes sense.

Nothing is read by averaging: each tensor of the result knows of which tensors of which files it is the mean, and they are read a
chunk of each at a time when it is measured or saved.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from inspector.core.checkpoint import Checkpoint, Extra, Storage, TensorInfo, Unpacked, contiguous, is_contiguous
from inspector.core.dtypes import DTYPES
from inspector.core.edits.editing import edit
from inspector.core.edits.tools.common import Edit, edited, needs_extraction, origin_of, storages_left
from inspector.core.edits.tools.copies import fresh_ids
from inspector.core.edits.tools.taken import Numbers
from inspector.core.errors import BadTensor, EditError, UsageError
from inspector.core.keypath import leaf_of, quoted, visible
from inspector.core.measures.distribution import sum_of_products, sum_of_squares
from inspector.core.opening import CheckpointLike, opened
from inspector.core.packed.logical import packed
from inspector.core.progress import QUIET, Monitor
from inspector.core.tensors.casts import converter, why_not
from inspector.core.tensors.decoders.mean import Mean
from inspector.core.tensors.reader import TensorReader
from inspector.core.training.weights import optimizer_states, roles
from inspector.core.wording import count, counted

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_SAMPLE = 16 << 20          # bytes of whole tensors that are compared of each checkpoint, the greatest first
_ALL_PAIRS = 12             # checkpoints up to which each is compared with each other one; more of them with the last
_STRANGERS = 0.2            # cosine below which two checkpoints are hardly of one run: those of two runs are near 0
_STATISTICS = frozenset(("running_mean", "running_var"))


@dataclass(frozen=True)
class Average(Edit):
    """The floating tensors of the model's state dicts become the means of themselves and of those of the same key (or, where none of
    these keys are there, the same name in their state dict) in the checkpoints `others`, `weights` being those of the others and then its
    own. Added up in float64, then converted to their element type. Integers, optimizers and values that are no tensors stay.

    >>> others = (core.edit({"w": np.float32([1, 2])}, []),)
    >>> core.edit({"w": np.float32([3, 6])}, [core.Average(others, (1, 1))])["w"].numpy()
    array([2., 4.], dtype=float32)
    """

    others: tuple[Checkpoint, ...]
    weights: tuple[float, ...]
    OPTION: ClassVar[str] = "average"
    TAKES_TEXT: ClassVar[bool] = False

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        chosen = averaged_keys(ckpt)
        inside = next((path for key in chosen if (path := ckpt.tensors[key].state_dict) in ckpt.modules), None)
        if inside is not None:
            raise needs_extraction(chosen[0], inside)
        _check_not_packed((ckpt, *self.others), monitor)
        partners = [_partners(ckpt, other, chosen) for other in self.others]
        stage, moved = ckpt, []
        taken: dict[str, Storage] = {}
        for other, theirs in zip(self.others, partners, strict=True):
            monitor.check()
            numbers = Numbers(stage, other)
            moved.append({key: numbers.moved(info) for key, info in theirs.items()})
            taken |= numbers.storages
            stage = replace(stage, files=numbers.files, storages={**stage.storages, **numbers.storages})
        tensors = dict(ckpt.tensors)
        storages: dict[str, Storage] = {}
        made: dict[object, str] = {}
        ids = fresh_ids(ckpt)
        for key in chosen:
            info = ckpt.tensors[key]
            parts = [*(theirs[key] for theirs in moved), info]
            views = tuple(part.view or (n, key) for n, part in enumerate(parts))
            if views not in made:
                made[views] = next(ids)
                nbytes = info.numel * DTYPES[info.dtype].itemsize
                storages[made[views]] = Storage(made[views], info.dtype, info.device, nbytes, None)
            id = made[views]
            tensors[key] = TensorInfo(key, info.shape, info.dtype, info.device, contiguous(info.shape), 0, id, storages[id].nbytes,
                                      info.requires_grad, info.state_dict, node=info.node,
                                      extra=Extra(read_from=self._mean(info, parts)))
        same = {key: key for key in origin_of(ckpt)}
        return edited(ckpt, self, same, taken=taken, tensors=tensors, files=stage.files,
                      storages={**storages_left(ckpt, tensors, ckpt.values), **storages})

    def _mean(self, info: TensorInfo, parts: Sequence[TensorInfo]) -> TensorInfo:
        into = _wide(info.dtype)
        flat = all(is_contiguous(part.shape, part.stride) and not part.chunks for part in parts) or not info.shape
        sources = [part._replace(shape=(part.numel,), stride=(1,)) for part in parts] if flat else parts
        unit = 1 if flat else info.numel // info.shape[0]
        decoder = Mean(self.weights, into, unit)
        return TensorInfo(info.key, info.shape, into, info.device, contiguous(info.shape), 0, "", 0,
                          extra=Extra(unpacked=Unpacked("mean", decoder, tuple((str(n), one) for n, one in enumerate(sources)))))

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        chosen = set(averaged_keys(before))
        rest = [info for key, info in before.tensors.items() if key not in chosen]
        states = optimizer_states(before)
        optimizer = sum(info.state_dict in states for info in rest)
        counters = len(rest) - optimizer
        notes = [f"{counted(len(chosen), 'tensor is the mean', 'tensors are the means')} of {count(len(self.weights), 'file')}"
                 + (f", weighted {', '.join(f'{weight:g}' for weight in self.weights)}." if len(set(self.weights)) > 1 else ".")]
        if counters:
            notes.append(f"{counted(counters, 'tensor is', 'tensors are')} the last file's: integers, and what is no weight of the model.")
        if optimizer:
            notes.append(f"The optimizer's state ({counted(optimizer, 'tensor', 'tensors')}) is the last file's, and not that of the mean.")
        if before.values:
            notes.append(f"{counted(len(before.values), 'value that is no tensor is', 'values that are no tensors are')} the last file's.")
        if any(leaf_of(key) in _STATISTICS for key in chosen):
            notes.append("Running statistics of batch normalisation are means, too: torch.optim.swa_utils.update_bn makes them anew.")
        return notes

    @property
    def text(self) -> str:
        return ""


def average(checkpoints: Sequence[CheckpointLike], weights: Sequence[float] | None = None, monitor: Monitor = QUIET) -> Checkpoint:
    """The last of `checkpoints` with the mean of the weights of all, to be measured and saved like any other. `weights`: one number for
    each, by which it counts. See `Average` for what is averaged. Raises UsageError for fewer than
    two, EditError for keys or shapes that do not fit (naming the first) and for packed weights, Cancelled, and errors as `core.open`.

    >>> import numpy as np
    >>> mean = core.average([{"w": np.float32([1, 2])}, {"w": np.float32([3, 6])}])
    >>> mean["w"].numpy().tolist()
    [2.0, 4.0]
    """
    if len(checkpoints) < 2:
        raise UsageError("a mean takes at least two checkpoints", "Name several: inspector average A B -o OUT.")
    counted = tuple(float(weight) for weight in (weights if weights is not None else [1.0] * len(checkpoints)))
    if len(counted) != len(checkpoints):
        raise UsageError(f"there {'is' if len(counted) == 1 else 'are'} {count(len(counted), 'weight')} for "
                         f"{count(len(checkpoints), 'checkpoint')}", "Give one for each.")
    if not all(math.isfinite(weight) and weight >= 0 for weight in counted) or not sum(counted) > 0:
        raise UsageError("a weight is a number that is not negative, and not all are zero", "Like --weights 1,2,1.")
    *others, last = [opened(one, monitor) for one in checkpoints]
    return edit(last, [Average(tuple(others), counted)], monitor)


def averaged_keys(ckpt: CheckpointLike) -> list[str]:
    """The floating tensors of its models.

    >>> core.averaged_keys(core.edit({"model": {"w": np.ones(3), "steps": np.array(7)}, "epoch": 3}, []))
    ['model.w']
    """
    ckpt = opened(ckpt)
    role_of = roles(ckpt)
    return [key for key, info in ckpt.tensors.items() if role_of(info) in ("parameter", "buffer") and _is_averaged(info)]


def _is_averaged(info: TensorInfo) -> bool:
    known = DTYPES.get(info.dtype)
    if known is None or known.kind not in ("float", "complex") or info.layout != "strided" or info.problem or info.numel == 0:
        return False
    return not why_not(info.dtype, _wide(info.dtype)) and not why_not(_wide(info.dtype), info.dtype)


def _wide(dtype: str) -> str:
    """The element type in which elements of `dtype` are added up."""
    return "complex128" if DTYPES[dtype].kind == "complex" else "float64"


def _partners(ckpt: Checkpoint, other: Checkpoint, chosen: Sequence[str]) -> dict[str, TensorInfo]:
    """key -> the tensor of `other` that is averaged with it. Raises EditError."""
    if not chosen:
        raise EditError(f"{visible(ckpt.path)} has no weights to average", "Name checkpoints of a model.", id="no_average")
    found = {key: other.tensors[key] for key in chosen if key in other.tensors}
    if not found:
        role_of = roles(other)
        names = {info.name: info for info in other.tensors.values() if role_of(info) in ("parameter", "buffer")}
        found = {key: names[name] for key in chosen if (name := ckpt.tensors[key].name) in names}
    missing = [key for key in chosen if key not in found]
    if missing:
        raise EditError(f"{visible(other.path)} has no tensor {quoted(missing[0], 80)}"
                        + (f", nor {len(missing) - 1:,} others" if len(missing) > 1 else "") + f" that {visible(ckpt.path)} has",
                        "Average checkpoints of one model; bring names into line with `inspector edit` first.", missing[0], id="no_average")
    for key, theirs in found.items():
        mine = ckpt.tensors[key]
        if theirs.shape != mine.shape:
            raise EditError(f"{quoted(key, 80)} is {list(theirs.shape)} in {visible(other.path)} and {list(mine.shape)} in "
                            f"{visible(ckpt.path)}", "Average checkpoints of one model.", key, id="no_average")
        if not _is_averaged(theirs) or why_not(theirs.dtype, _wide(mine.dtype)):
            why = theirs.problem or f"it is {theirs.layout if theirs.layout != 'strided' else theirs.dtype} there"
            raise EditError(f"{quoted(key, 80)} of {visible(other.path)} cannot be averaged: {visible(why, 200)}",
                            "Leave that file out.", key, id="no_average")
    return found


def _check_not_packed(ckpts: Sequence[Checkpoint], monitor: Monitor) -> None:
    """The mean of the scales of two files is nothing to the codes of either. Raises EditError."""
    for ckpt, tensor in ((one, tensor) for one in ckpts for tensor in packed(one, monitor).values()):
        if not tensor.is_adapter and (tensor.decoder is not None or len(tensor.parts) > 1):
            raise EditError(f"{visible(ckpt.path)} is packed: {quoted(tensor.name, 80)} is {visible(tensor.words, 60)}, and the mean of "
                            "its parts is not that of the numbers that they stand for",
                            "Average those: first `inspector edit FILE -o OUT --dequantize float32`.", tensor.name, id="no_average")


# -- whether it makes sense ---------------------------------------------------------------------------------------------------

class Likeness(NamedTuple):
    """Two of the checkpoints, by their numbers, and the cosine of their weights (of matrices and kernels, `tensors` of them) as vectors;
    NaN where it cannot be told. `strangers`: they point in directions so different that they are hardly of one run."""

    a: int
    b: int
    cosine: float
    tensors: int

    @property
    def strangers(self) -> bool:
        return self.cosine < _STRANGERS


def likeness(checkpoints: Sequence[CheckpointLike], monitor: Monitor = QUIET) -> tuple[Likeness, ...]:
    """How alike the weights are of each pair of up to twelve checkpoints, of more of each with the last. Reads at most 16 MB of each a
    pair. Raises EditError where keys or shapes do not fit or weights are packed, Cancelled, and errors as `core.open`.

    >>> found = core.likeness([{"w": np.eye(4)}, {"w": 2 * np.eye(4)}])[0]
    >>> round(found.cosine, 6), found.tensors
    (1.0, 1)
    """
    there = [opened(one, monitor) for one in checkpoints]
    _check_not_packed(there, monitor)
    last = len(there) - 1
    if not there:
        return ()
    chosen = averaged_keys(there[last])
    partners = [_partners(there[last], other, chosen) for other in there[:-1]]
    partners.append({key: there[last].tensors[key] for key in chosen})
    sample = _sample(there[last], chosen)
    pairs = list(combinations(range(len(there)), 2)) if len(there) <= _ALL_PAIRS else [(n, last) for n in range(last)]
    found = []
    for done, (a, b) in enumerate(pairs):
        monitor.report(done, len(pairs), "comparing")
        with TensorReader(there[a], monitor, recycle=True) as one, TensorReader(there[b], monitor, recycle=True) as other:
            compared = [(partners[a][key], partners[b][key]) for key in sample]
            found.append(Likeness(a, b, _cosine(one, other, compared, monitor), len(sample)))
    return tuple(found)


def _sample(ckpt: Checkpoint, chosen: Sequence[str]) -> list[str]:
    """Matrices and kernels before all others: biases and scales of any two models are alike."""
    ordered = sorted(chosen, key=lambda key: (len(ckpt.tensors[key].shape) < 2, -ckpt.tensors[key].numel))
    wide = [key for key in ordered if len(ckpt.tensors[key].shape) >= 2] or ordered
    sample: list[str] = []
    size = 0
    for key in wide:
        if size + ckpt.tensors[key].nbytes <= _SAMPLE or not sample:
            sample.append(key)
            size += ckpt.tensors[key].nbytes
    return sample


def _cosine(one: TensorReader, other: TensorReader, pairs: Sequence[tuple[TensorInfo, TensorInfo]], monitor: Monitor) -> float:
    """Of all of them as one vector each, of what is finite in both."""
    import numpy as np
    product = length_a = length_b = 0.0
    for a, b in pairs:
        monitor.check()
        try:
            x, y = _beginning(one, a), _beginning(other, b)
        except BadTensor:
            continue
        n = min(x.size, y.size)
        finite = np.isfinite(x[:n]) & np.isfinite(y[:n])
        x, y = np.where(finite, x[:n], 0), np.where(finite, y[:n], 0)
        product += sum_of_products(x, y)
        length_a += sum_of_squares(x)
        length_b += sum_of_squares(y)
    size = math.sqrt(length_a) * math.sqrt(length_b)
    return max(-1.0, min(1.0, product / size)) if size and math.isfinite(size) else math.nan


def _beginning(reader: TensorReader, info: TensorInfo) -> Array:
    """The first elements in C order as float64, the parts of complex ones one after the other: all of them, of a huge tensor 16 MB."""
    import numpy as np
    item, shape, read = DTYPES[info.dtype].itemsize, info.shape or (1,), info
    if not info.shape or (is_contiguous(info.shape, info.stride) and not info.chunks):
        shape = (info.numel,)
        read = info._replace(shape=shape, stride=(1,))
    rows = max(1, min(shape[0], _SAMPLE // max(math.prod(shape[1:]) * item, 1)))
    stored = np.ascontiguousarray(reader.box(read, (0,) * len(shape), (rows, *shape[1:]))).reshape(-1)
    return np.frombuffer(converter(info.dtype, _wide(info.dtype))(stored.view(np.uint8).data), np.float64)
