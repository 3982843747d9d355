"""Does an adapter fit its base, and how much does each of its modules add?"""
from __future__ import annotations

import math
import os
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.adapters import AdapterFit, adapter_fit
from inspector.core.checkpoint import Checkpoint, TensorInfo, Unpacked, contiguous
from inspector.core.edits.editing import edit
from inspector.core.edits.merge_adapter import MergeAdapter
from inspector.core.errors import BadTensor, InspectorError
from inspector.core.opening import CheckpointLike, opened
from inspector.core.packed.families.lora import Adapter
from inspector.core.progress import QUIET, Monitor
from inspector.core.tensors.reader import TensorReader
from inspector.core.tensors.unpacking import Parts

from .fit import read_reference
from .reference import Reference

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_BLOCK = 16 << 20           # bytes of float64 at once


class ModuleDelta(NamedTuple):
    """What a module's product `factor` B A is: its Frobenius `norm`, and its `effective_rank`, the exponential of the entropy of its
    singular values as shares of their sum (Roy and Vetterli, 2007): as many directions as count. None where they cannot be had: `problem`
    says why, or values were not to be read; the norm alone is None where the factor is not known."""

    norm: float | None = None
    effective_rank: float | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AdapterReport:
    """`fit` says which modules have a weight in the base; `deltas` belong to its `modules`, one each. `refused` is why merging was
    refused when it was tried on the tables, "" where it was not, or not tried. `merge` is the edit of the base, where it was tried and
    went well."""

    fit: AdapterFit
    deltas: tuple[ModuleDelta, ...]
    refused: str = ""
    merge: MergeAdapter | None = None

    @property
    def fits(self) -> bool:
        return self.fit.fits and not self.refused

    @property
    def sentence(self) -> str:
        """What it comes to, in one sentence."""
        return f"it does not fit: merging is refused: {self.refused}" if self.refused else self.fit.sentence


def adapter_report(adapter: CheckpointLike, base: CheckpointLike | Reference, *, values: bool = True,
                   monitor: Monitor = QUIET) -> AdapterReport:
    """How `adapter` fits `base`, a checkpoint of the model or the shapes in a `.json`; with `values`, what each module adds, for which the
    adapter's own tensors are read. Merging is tried on the tables. Raises Cancelled, and what opening raises.

    >>> lora = {"base_model.model.fc.lora_A.weight": np.ones((2, 8)), "base_model.model.fc.lora_B.weight": np.ones((4, 2))}
    >>> found = core.adapter_report(lora, {"fc.weight": np.ones((4, 8))})
    >>> len(found.fit.modules), len(found.deltas), found.refused
    (1, 1, '')
    """
    adapter = opened(adapter, monitor)
    if isinstance(base, str | os.PathLike):
        base = read_reference(base, monitor)
    if isinstance(base, Reference):
        fit = adapter_fit(adapter, _of_shapes(base), monitor)
        return AdapterReport(fit, _deltas(adapter, fit, values, monitor))
    base = opened(base, monitor)
    fit = adapter_fit(adapter, base, monitor)
    refused, merge = "", None
    if fit.fits and adapter.edited is None:
        try:
            edit(base, [MergeAdapter(adapter.path)], monitor)
            merge = MergeAdapter(adapter.path)
        except InspectorError as error:
            refused = error.message
    return AdapterReport(fit, _deltas(adapter, fit, values, monitor), refused, merge)


def deltas_of(adapter: CheckpointLike, fit: AdapterFit, monitor: Monitor = QUIET) -> tuple[ModuleDelta, ...]:
    """What each of the modules of `fit` adds, of an adapter whose tensors are in `adapter`. Where its scale is not known the effective rank
    is, which does not depend on it. Raises Cancelled.

    >>> lora = {"base_model.model.fc.lora_A.weight": np.ones((2, 8)), "base_model.model.fc.lora_B.weight": np.ones((4, 2))}
    >>> model = {"fc.base_layer.weight": np.ones((4, 8)), "fc.lora_A.a.weight": np.ones((2, 8)), "fc.lora_B.a.weight": np.ones((4, 2))}
    >>> [merge] = core.load_report(model, {"fc.weight": (4, 8)}).merges
    >>> core.deltas_of(model, merge.fit)
    (ModuleDelta(norm=None, effective_rank=1.0, problem=''),)
    """
    return _deltas(opened(adapter, monitor), fit, True, monitor)


def _of_shapes(reference: Reference) -> Checkpoint:
    """Names and shapes as a checkpoint that has nothing else."""
    tensors = {name: TensorInfo(name, shape, "float32", None, contiguous(shape), 0, "", 0, False, "")
               for name, shape in reference.shapes.items() if shape is not None}
    return Checkpoint(reference.label, "json", "state-dict", (), MappingProxyType(tensors), state_dicts=("",))


def _deltas(adapter: Checkpoint, fit: AdapterFit, values: bool, monitor: Monitor) -> tuple[ModuleDelta, ...]:
    if not values:
        return (ModuleDelta(),) * len(fit.modules)
    found = []
    total = sum(one.adapter.a.nbytes + one.adapter.b.nbytes for one in fit.modules)
    done = 0
    with TensorReader(adapter, monitor) as reader:
        for one in fit.modules:
            monitor.report(done, total, one.adapter.key)
            done += one.adapter.a.nbytes + one.adapter.b.nbytes
            found.append(_delta(one.adapter, reader, monitor))
    return tuple(found)


def _delta(one: Adapter, reader: TensorReader, monitor: Monitor) -> ModuleDelta:
    factor = one.factor
    one = one if one.factor is not None or one.problem else one._replace(factor=1.0)
    if one.product is None or one.factor is None:
        return ModuleDelta(problem=one.problem)
    import numpy as np
    parts = Parts(Unpacked(one.scheme, one.product, (("A", one.a), ("B", one.b))), reader.box)
    try:
        grams = [_gram(parts, "A", one.a, 1, one.rank, monitor), _gram(parts, "B", one.b, 0, one.rank, monitor)]
    except BadTensor as error:
        return ModuleDelta(problem=error.message)
    if not all(np.isfinite(gram).all() for gram in grams):
        return ModuleDelta(problem="its matrices have elements that are not finite")
    squares = np.maximum(_squares(*grams), 0.0)
    singular = np.sqrt(squares) * abs(one.factor)
    whole = float(singular.sum())
    shares = singular[singular > 0] / whole if whole else singular[:0]
    entropy = -float((shares * np.log(shares)).sum())
    norm = math.sqrt(float((singular * singular).sum()))
    return ModuleDelta(norm if factor is not None else None, math.exp(entropy) if whole else 0.0)


def _gram(parts: Parts, role: str, info: TensorInfo, axis: int, rank: int, monitor: Monitor) -> Array:
    """[rank, rank]: the products of all rows of A with each other, or of all columns of B."""
    import numpy as np
    size = info.shape[axis]
    step = max(1, _BLOCK // 8 // max(info.numel // max(size, 1), 1))
    found = np.zeros((rank, rank))
    for first in range(0, size, step):
        monitor.check()
        block = parts.numbers(role, first, min(first + step, size), axis).astype(np.float64)
        rows = block.reshape(rank, -1) if role == "A" else block.reshape(-1, rank).T
        with np.errstate(all="ignore"):
            found += rows @ rows.T
    return found


def _squares(a: Array, b: Array) -> Array:
    """The squares of the singular values of B A, by their Gram matrices: the eigenvalues of sqrt(b) a sqrt(b)."""
    import numpy as np
    values, vectors = np.linalg.eigh(b)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    found: Array = np.linalg.eigvalsh(root.T @ a @ root)
    return found
