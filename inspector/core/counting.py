"""What a checkpoint adds up to, with packed tensors as what they stand for: what that takes is loaded only where one may be packed."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from . import checkpoint as tables
from .checkpoint import Checkpoint
from .packed.hints import may_be_packed
from .progress import QUIET, Monitor, stoppable
from .training import description, sentences, weights
from .training import totals as stored
from .training.byte_map import MOST, ByteBox
from .training.byte_map import byte_map as _byte_map
from .training.description import Description
from .training.totals import Totals
from .training.weights import Counts

if TYPE_CHECKING:
    from .packed.countable import Countable
    from .packed.families.names import LogicalTensor


def counts(ckpt: Checkpoint, keys: Iterable[str] | None = None, monitor: Monitor = QUIET) -> Counts:
    """Of the tensors `keys`, or of all, by what they are to the model: a packed weight has as many elements as it stands for.

    >>> core.counts({"bn.weight": np.ones(8), "bn.running_mean": np.zeros(8), "epoch": 3})
    Counts(parameters=8, buffers=8, optimizer=0, others=0)
    """
    found = _countable(ckpt, monitor)
    return weights.counts(ckpt, keys, monitor) if found is None else weights.counts(
        found.ckpt, None if keys is None else found.keys(keys), monitor)


def totals(ckpt: Checkpoint, prefix: str = "", keys: Sequence[str] = (), monitor: Monitor = QUIET) -> Totals:
    """Adds up the tensors `keys`, which lie below `prefix`; of the whole file, when there are neither. Tensors and bytes are those that are
    stored, parameters those that they stand for. Linear in the keys. Raises Cancelled.

    >>> found = core.totals({"a.w": np.ones(10), "a.b": np.ones(2), "c": np.ones(5)}, "a", ["a.w", "a.b"])
    >>> found.tensors, found.parameters, found.logical
    (2, 12, 96)
    """
    found, known = stored.totals(ckpt, prefix, keys, monitor), _countable(ckpt, monitor)
    if known is None:
        return found
    chosen = known.keys(keys) if prefix or keys else None
    counted = weights.counts(known.ckpt, chosen, monitor)
    return found._replace(parameters=counted.parameters, optimizer=counted.optimizer, bits_per_weight=known.bits_per_weight(chosen))


def describe(ckpt: Checkpoint, monitor: Monitor = QUIET) -> Description:
    """What a checkpoint is, all in all (see `Description`). Linear in the keys. Raises Cancelled.

    >>> about = core.describe({"epoch": 3, "model": {"fc.weight": np.ones((4, 2))}})
    >>> about.progress, [(model.path, model.parameters) for model in about.models]
    ((('epoch', 3),), [('model', 8)])
    """
    about, known = description.describe(ckpt, monitor), _countable(ckpt, monitor)
    if known is None:
        return about
    inside: dict[str | None, list[str]] = {}
    for info in stoppable(known.ckpt.tensors.values(), monitor):
        inside.setdefault(info.state_dict, []).append(info.key)
    models = []
    for model in about.models:
        counted = weights.counts(known.ckpt, inside.get(model.path, []), monitor)
        models.append(model._replace(parameters=counted.parameters, buffers=counted.buffers))
    return about._replace(models=tuple(models))


def byte_map(ckpt: Checkpoint, prefix: str = "", keys: Sequence[str] = (), *, types: Mapping[str, str] | None = None, most: int = MOST,
             monitor: Monitor = QUIET) -> ByteBox:
    """Where the bytes are: the tensors `keys`, which lie below `prefix`, as boxes in boxes, the largest first; those of the whole file,
    when there are neither. The largest groups are opened until there are `most` boxes, or only tensors. `types` are the classes of modules
    by their paths. Linear in the keys. Raises Cancelled.

    >>> import numpy as np
    >>> report = core.save({"fc.weight": np.zeros((3, 2)), "fc.bias": np.zeros(3), "scale": np.zeros(1)}, folder / "m.pth")
    >>> [(box.name, box.nbytes, len(box.boxes)) for box in core.byte_map(folder / "m.pth").boxes]
    [('fc', 72, 2), ('scale', 8, 0)]
    """
    known = _countable(ckpt, monitor)
    packed = frozenset[str]() if known is None else frozenset(
        key for tensor in known.packed if not tensor.is_adapter for key in tensor.parts.values())
    return _byte_map(ckpt, prefix, keys, types=types, packed=packed, most=most, monitor=monitor)


def headline(ckpt: Checkpoint, monitor: Monitor = QUIET, *, packed: Mapping[str, LogicalTensor] | None = None) -> str:
    """Format, kind, how much of what, in a few lines. `packed` are its packed tensors where they are known (`CheckReport.packed`).

    >>> print(core.headline({"epoch": 3, "model": {"fc.weight": np.ones((4, 2))}}))
    (in memory): a training checkpoint (torch-zip), 1 tensor, 8 parameters, 0 B
    float64; cpu
    state dicts: model
    """
    known = _countable(ckpt, monitor, packed)
    if known is None:
        return sentences.headline(ckpt)
    said = sentences.headline(ckpt, weights.counts(known.ckpt, monitor=monitor))
    schemes = Counter(tensor.scheme for tensor in known.packed if tensor.decoder is not None or tensor.problem)
    if not schemes:
        return said
    bits = known.bits_per_weight()
    return f"{said}\npacked: {', '.join(f'{name} {times:,}' for name, times in schemes.most_common())}" + (
        f"; {bits:.4g} bits a weight" if bits is not None else "")


def _countable(ckpt: Checkpoint, monitor: Monitor, packed: Mapping[str, LogicalTensor] | None = None) -> Countable | None:
    found: Countable | None = tables.front_door("countable")(ckpt, monitor, packed) if packed or (
        packed is None and may_be_packed(ckpt, monitor)) else None
    return found
