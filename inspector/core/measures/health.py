"""What the numbers of a whole model say about it: findings.

Each look takes the summaries, most without reading a byte more. Reading again are only those that need to know where values lie
(dead rows) or whether equal numbers mean equal bytes (duplicates), and only for the tensors in question.
"""
from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor
from inspector.core.findings import Finding, Level
from inspector.core.hashing import as_key
from inspector.core.keypath import leaf_of, top_of, visible
from inspector.core.progress import QUIET, Monitor, stoppable
from inspector.core.tensor_table import values_of
from inspector.core.tensors.reader import TensorReader
from inspector.core.wording import count

from .layers import rms, siblings_name
from .missing_layers import missing_layers_findings
from .summary import CHUNK, Summary, summarize
from .type_ranges import OVERFLOWS

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import numpy as np

    Array = np.ndarray[Any, Any]

_SHOWN = 3              # keys that a finding names
_FEW = 6                # elements that agree without meaning anything by it
_SIBLINGS = 4           # tensors of the same name in other layers from which on they can be compared
_FACTOR = 100.0         # times the median of the siblings: no longer a matter of depth
# type -> from where on numbers become infinite, and up to where they become zero
_NARROW = {"float16": (OVERFLOWS["float16"], 2.0 ** -25), "bfloat16": (OVERFLOWS["bfloat16"], 2.0 ** -134)}
_FLOATS = frozenset(name for name, known in DTYPES.items() if known.kind in ("float", "complex"))
_HUGE_MATRIX = 1 << 31  # elements of a matrix whose rows are looked at one by one


def health(ckpt: Checkpoint, summaries: Mapping[str, Summary] | None = None, monitor: Monitor = QUIET, *,
           executor: Executor | None = None) -> tuple[Finding, ...]:
    """What the numbers of the tensors say about the model: NaN and infinities, tensors that are zero or constant, layers whose number is
    missing, dead rows and columns, scales far from those of the same name in other layers, values that float16 and bfloat16 cannot hold,
    equal bytes stored twice; the gravest first in each kind. Goes by `summaries` (of all tensors, or of the ones in question); without
    them, everything is measured first, by the workers of `executor` where one is given. Raises Cancelled, and what reading files raises.

    >>> found = core.health({"a": np.float32([1, np.nan]), "b": np.float32([7e4, 1])})
    >>> [finding.message for finding in found]
    ['1 element is NaN, in 1 tensor: a (1).', '1 tensor would have infinite values in float16: b.']
    """
    if summaries is None:
        summaries = summarize(ckpt, monitor=monitor, executor=executor)
    measured = {key: summary for key, summary in stoppable(summaries.items(), monitor) if key in ckpt.tensors}
    found = [finding for finding in missing_layers_findings(ckpt.tensors, ckpt.path, monitor)
             if not measured.keys().isdisjoint(finding.keys)]
    found += health_by_numbers(ckpt, measured, monitor)
    with TensorReader(ckpt, monitor) as reader:
        found += _dead(ckpt, _floats(ckpt, measured, monitor), reader, monitor)
        found += _copies(ckpt, measured, reader, monitor)
    return tuple(found)


def health_by_numbers(ckpt: Checkpoint, summaries: Mapping[str, Summary], monitor: Monitor = QUIET) -> Iterator[Finding]:
    """What `health` finds in the numbers alone, reading nothing: all but missing layers, dead rows and columns, and copies."""
    floats = _floats(ckpt, summaries, monitor)
    yield from _nonfinite(ckpt, floats, monitor)
    yield from _flat(ckpt, floats, monitor)
    yield from _scales(floats, monitor)
    yield from _narrower(ckpt, floats, monitor)


class Extremes(Protocol):
    """What of a `Summary` tells whether anything is the matter with a tensor by itself."""

    @property
    def numel(self) -> int: ...

    @property
    def finite(self) -> int: ...

    @property
    def min(self) -> float | int: ...

    @property
    def max(self) -> float | int: ...

    @property
    def nan(self) -> int: ...

    @property
    def inf(self) -> int: ...


_Told = TypeVar("_Told", bound=Extremes)


def _floats(ckpt: Checkpoint, summaries: Mapping[str, _Told], monitor: Monitor) -> Mapping[str, _Told]:
    if len(summaries) == len(ckpt.tensors) and {*values_of(ckpt.tensors, "dtype")} <= _FLOATS:      # as of most models
        return summaries
    others = {key for key in stoppable(summaries, monitor) if ckpt.tensors[key].dtype not in _FLOATS}
    return {key: summary for key, summary in stoppable(summaries.items(), monitor) if key not in others} if others else summaries


def value_findings(ckpt: Checkpoint, summaries: Mapping[str, Extremes], monitor: Monitor = QUIET) -> tuple[Finding, ...]:
    """What `health` finds tensor by tensor, comparing none with others and reading nothing: NaN, infinities, tensors that are zero or
    constant throughout. Of `summaries`, or what tells as much, of the tensors in question alone it says the same as of all. Raises
    Cancelled.

    >>> ckpt = core.edit({"a": np.float32([1, np.nan]), "b": np.ones(8)}, [])
    >>> [finding.id for finding in core.value_findings(ckpt, core.summarize(ckpt))]
    ['nan-values']
    """
    floats = _floats(ckpt, summaries, monitor)
    return (*_nonfinite(ckpt, floats, monitor), *_flat(ckpt, floats, monitor))


# -- from the numbers alone -----------------------------------------------------------------------------------------------------

def _nonfinite(ckpt: Checkpoint, floats: Mapping[str, Extremes], monitor: Monitor) -> Iterator[Finding]:
    nan = [(key, summary.nan) for key, summary in stoppable(floats.items(), monitor) if summary.nan]
    infinite: list[tuple[str, int]] = []
    meant: list[tuple[str, int]] = []
    for key, summary in stoppable(floats.items(), monitor):
        if summary.inf:
            (meant if _may_be_infinite(ckpt.tensors[key]) else infinite).append((key, summary.inf))
    for name, what, bad in (("nan-values", "NaN", nan), ("infinite-values", "infinite", infinite)):
        if bad:
            yield Finding(name, "danger", visible(_worst_first(bad)[0][0]), _counted(bad, what),
                          "Training has diverged, or the file was damaged or badly converted: go back to an earlier checkpoint.",
                          keys=tuple([key for key, _ in bad]))
    if meant:
        yield Finding("infinite-buffers", "info", visible(_worst_first(meant)[0][0]), _counted(meant, "infinite"),
                      "By their names these are masks, bounds that nothing has been observed for, or single numbers: there it is usual.",
                      keys=tuple(key for key, _ in meant))


def _worst_first(bad: list[tuple[str, int]]) -> list[tuple[str, int]]:
    bad.sort(key=itemgetter(1), reverse=True)
    return bad


def _counted(bad: list[tuple[str, int]], what: str) -> str:
    total = sum(map(itemgetter(1), bad))
    return (f"{total:,} {'elements are' if total != 1 else 'element is'} {what}, in {_tensors(bad)}: "
            f"{_listed((f'{visible(key, 60)} ({number:,})' for key, number in bad), len(bad))}.")


# What attention masks, torch.ao.quantization's observers before their first batch, and meters of the best value so far are called.
_MASK = re.compile(r"(?:^|[._])(?:\w*mask\w*|min_vals?|max_vals?)$")


def _may_be_infinite(info: TensorInfo) -> bool:
    return info.numel == 1 or _MASK.search(info.key) is not None


def _flat(ckpt: Checkpoint, floats: Mapping[str, Extremes], monitor: Monitor) -> Iterator[Finding]:
    """Tensors with one number in them. Of a matrix of weights that means that nothing was ever learnt, or all was lost: its rows are
    alike and stay so. Vectors begin as such, and constants may be meant."""
    zero: list[str] = []
    dull: list[str] = []
    same: list[str] = []
    for key, summary in stoppable(floats.items(), monitor):
        if summary.numel < 2 or summary.finite != summary.numel or summary.min != summary.max \
                or _is_usual(info := ckpt.tensors[key], summary):
            continue
        if summary.max == 0:
            zero.append(key)
        elif summary.numel <= _FEW:
            continue
        elif _is_matrix(info) and summary.max != 1 and not _MASK.search(key):
            dull.append(key)
        else:
            same.append(key)
    if zero:
        yield Finding("all-zero", "warning", visible(zero[0]), f"All elements are zero in {_tensors(zero)}: {_keys(zero)}.",
                      "They were perhaps never trained, or were lost in a conversion.", keys=tuple(zero))
    alike: tuple[tuple[str, Level, list[str]], ...] = (("constant-weights", "warning", dull), ("constant-values", "info", same))
    for name, level, keys in alike:
        if keys:
            listed = _listed((f"{visible(key, 60)} ({floats[key].max:.6g})" for key in keys), len(keys))
            yield Finding(name, level, visible(keys[0]), f"All elements are the same number in {_tensors(keys)}: {listed}.",
                          "They were perhaps never trained.", keys=tuple(keys))


_MOMENTS = frozenset(("exp_avg", "exp_avg_sq", "max_exp_avg_sq", "exp_inf", "momentum_buffer", "square_avg", "grad_avg", "acc_delta", "sum",
                      "step", "prev", "ax", "mu", "eta", "row_var", "col_var"))      # torch/optim/*.py


def _is_usual(info: TensorInfo, summary: Extremes) -> bool:
    """Fresh biases, norms and running statistics, counters, gradients and optimizer state are often 0 or 1 all over, and nothing is wrong;
    a mask may let everything pass."""
    if _is_optimizers(info.key) or info.key.endswith(".grad"):
        return True
    if summary.max not in (0, 1):
        return False
    return not _is_matrix(info) or info.key.endswith(("bias", "running_mean", "running_var")) or _MASK.search(info.key) is not None


def _is_optimizers(key: str) -> bool:
    return "optim" in top_of(key) or leaf_of(key) in _MOMENTS


def _is_matrix(info: TensorInfo) -> bool:
    """Two dimensions, or more of which more than one is to speak of: a norm's (C, 1, 1) is a vector, a head's (1, N) none."""
    return len(info.shape) == 2 or sum(size > 1 for size in info.shape) > 1


def _scales(floats: Mapping[str, Summary], monitor: Monitor) -> Iterator[Finding]:
    """Tensors whose root mean square is far from that of the same one in other layers."""
    families: dict[str, list[str]] = {}
    for key, summary in stoppable(floats.items(), monitor):
        if summary.finite and summary.l2 > 0 and (name := siblings_name(key)) != key:
            families.setdefault(name, []).append(key)
    from statistics import median  # seldom needed, and this module is part of every start
    great, small = [], []
    for keys in stoppable(families.values(), monitor):
        if len(keys) < _SIBLINGS:
            continue
        sizes = {key: rms(floats[key]) for key in stoppable(keys, monitor)}
        usual = median(sizes.values())
        great += [(key, size / usual) for key, size in stoppable(sizes.items(), monitor) if size > _FACTOR * usual]
        small += [(key, size / usual) for key, size in stoppable(sizes.items(), monitor) if size * _FACTOR < usual]
    for name, word, odd in (("exploding-scale", "greater", great), ("vanishing-scale", "smaller", small)):
        if odd:
            odd.sort(key=lambda entry: -abs(math.log(entry[1])))
            listed = _listed((f"{visible(key, 60)} ({max(share, 1 / share):,.0f} times)" for key, share in odd), len(odd))
            yield Finding(name, "warning", visible(odd[0][0]), f"{_tensors(odd)} {'is' if len(odd) == 1 else 'are'} more than "
                          f"{_FACTOR:.0f} times {word} than usual for the same name in other layers: {listed}.",
                          "Look at their histograms beside those of the other layers.", keys=tuple(key for key, _ in odd))


def _narrower(ckpt: Checkpoint, floats: Mapping[str, Summary], monitor: Monitor) -> Iterator[Finding]:
    sizes = [(key, max(-float(summary.min), float(summary.max))) for key, summary in stoppable(floats.items(), monitor) if summary.finite]
    for name, (infinite, zero) in _NARROW.items():
        largest = {key: size for key, size in stoppable(sizes, monitor) if (size >= infinite or 0 < size <= zero)
                   and _can_shrink(ckpt.tensors[key].dtype, name) and not _is_optimizers(key)}
        over = [key for key, size in largest.items() if size >= infinite]
        under = [key for key, size in largest.items() if size <= zero]
        for kind, keys, what in (("overflows", over, "have infinite values"), ("underflows", under, "be all zero")):
            if keys:
                yield Finding(f"{kind}-{name}", "info", visible(keys[0]), f"{_tensors(keys)} would {what} in {name}: {_keys(keys)}.",
                              f"Do not cast {'it' if len(keys) == 1 else 'them'} to {name}.", keys=tuple(keys))


def _can_shrink(dtype: str, into: str) -> bool:
    return dtype in ("float64", "float32") or (dtype == "bfloat16" and into == "float16")


# -- from the elements again ------------------------------------------------------------------------------------------------------

def _dead(ckpt: Checkpoint, floats: Mapping[str, Summary], reader: TensorReader, monitor: Monitor) -> Iterator[Finding]:
    """Rows and columns of matrices (of convolutions: output and input channels) that are zero throughout."""
    rows, columns = [], []
    for key, summary in stoppable(floats.items(), monitor):
        if not summary.zeros or not _may_have_dead(info := ckpt.tensors[key], summary):
            continue
        try:
            row, column = _zero_lines(reader, info, monitor)
        except BadTensor:
            continue
        if row:
            rows.append((key, row, info.shape[0]))
        if column:
            columns.append((key, column, info.shape[1]))
    for name, word, hit in (("dead-rows", "row", rows), ("dead-columns", "column", columns)):
        if hit:
            hit.sort(key=lambda entry: -entry[1] / entry[2])
            total = sum(number for _, number, _ in hit)
            listed = _listed((f"{visible(key, 60)} ({number:,} of {size:,})" for key, number, size in hit), len(hit))
            yield Finding(name, "info", visible(hit[0][0]), f"{total:,} {word}{'s are' if total != 1 else ' is'} zero throughout, in "
                          f"{_tensors(hit)}: {listed}.", "Pruned, padded or dead units: they only take room.",
                          keys=tuple(key for key, _, _ in hit))


def _may_have_dead(info: TensorInfo, summary: Summary) -> bool:
    if len(info.shape) < 2 or info.layout != "strided" or info.numel > _HUGE_MATRIX or summary.numel != info.numel:
        return False
    if DTYPES[info.dtype].kind != "float" or min(info.shape[:2]) < 2:
        return False
    # a line of zeros takes that many zeros, and a tensor that is zero throughout was told of already
    return min(info.numel // info.shape[0], info.numel // info.shape[1]) <= summary.zeros < summary.numel


def _zero_lines(reader: TensorReader, info: TensorInfo, monitor: Monitor) -> tuple[int, int]:
    """How many rows and how many columns are zero throughout."""
    import numpy as np
    row_alive, column_alive = np.zeros(info.shape[0], bool), np.zeros(info.shape[1], bool)
    inner = info.numel // (info.shape[0] * info.shape[1])
    place = 0
    for chunk in reader.chunks(info, CHUNK):
        monitor.check()
        alive = np.flatnonzero(chunk) + place
        place += chunk.size
        lines = alive // inner
        row_alive[lines // info.shape[1]] = True
        column_alive[lines % info.shape[1]] = True
    return int((~row_alive).sum()), int((~column_alive).sum())


def _copies(ckpt: Checkpoint, measured: Mapping[str, Summary], reader: TensorReader, monitor: Monitor) -> Iterator[Finding]:
    """Tensors with the same bytes that are stored more than once. Only those with equal numbers are read to compare."""
    alike: dict[str, list[str]] = {}
    for key, summary in stoppable(measured.items(), monitor):
        if summary.min != summary.max and (info := ckpt.tensors[key]).nbytes >= 1024:
            numbers = as_key(info.shape, info.dtype, summary.min, summary.max, summary.mean, summary.std, summary.zeros, summary.nan)
            alike.setdefault(numbers, []).append(key)
    groups: list[list[str]] = []
    for keys in alike.values():
        apart = _first_of_each_view(ckpt, keys)
        if len(apart) > 1:
            groups += _same_bytes(reader, apart, monitor)
    if not groups:
        return
    groups.sort(key=lambda keys: -(len(keys) - 1) * ckpt.tensors[keys[0]].nbytes)
    wasted = sum((len(keys) - 1) * ckpt.tensors[keys[0]].nbytes for keys in groups)
    tied, others = [keys for keys in groups if _looks_tied(keys)], [keys for keys in groups if not _looks_tied(keys)]
    if tied:
        yield Finding("untied-copy", "info", visible(tied[0][0]), f"Input and output weights are equal but stored twice: {_groups(tied)}.",
                      "They were tied once: training would now change them apart, and tying them again saves the room.",
                      keys=tuple(key for keys in tied for key in keys))
    if others:
        yield Finding("duplicate-tensors", "info", visible(others[0][0]), f"Tensors have the same bytes as others: {_groups(others)}.",
                      f"{count(wasted, 'byte')} in all are stored more than once.", keys=tuple(key for keys in others for key in keys))


def _groups(groups: list[list[str]]) -> str:
    return _listed((" = ".join(visible(key, 60) for key in keys[:_SHOWN]) + (" = …" if len(keys) > _SHOWN else "") for keys in groups),
                   len(groups))


def _first_of_each_view(ckpt: Checkpoint, keys: list[str]) -> list[str]:
    """One key of each set of tensors that are the same bytes of the same storage: ties are no copies."""
    views: dict[object, str] = {}
    for key in keys:
        info = ckpt.tensors[key]
        views.setdefault(info.view or key, key)
    return [*views.values()]


def _same_bytes(reader: TensorReader, keys: list[str], monitor: Monitor) -> list[list[str]]:
    equal: dict[str, list[str]] = {}
    for key in keys:
        monitor.check()
        try:
            equal.setdefault(reader.digest(key), []).append(key)
        except BadTensor:
            continue
    return [found for found in equal.values() if len(found) > 1]


def _looks_tied(keys: list[str]) -> bool:
    inward = re.compile(r"(?:^|[._])(?:embed\w*|wte|shared|embedding\w*|tok_embeddings)(?:[._]|$)")
    outward = re.compile(r"(?:^|[._])(?:lm_head|output|decoder|head|classifier|predictions|proj_out)(?:[._]|$)")
    return any(inward.search(key) for key in keys) and any(outward.search(key) for key in keys)


# -- in words -----------------------------------------------------------------------------------------------------------------------

def _keys(keys: Collection[str]) -> str:
    return _listed((visible(key, 60) for key in keys), len(keys))


def _listed(texts: Iterable[str], number: int) -> str:
    """The first of so many; the others are not made."""
    return ", ".join(islice(texts, _SHOWN)) + (f" and {number - _SHOWN:,} more" if number > _SHOWN else "")


def _tensors(what: list[Any]) -> str:
    return f"{len(what):,} tensor" + ("" if len(what) == 1 else "s")


