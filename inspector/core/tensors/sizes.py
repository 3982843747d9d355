"""Bytes told apart: of the file, of the storages in it, those that tensors reach, and those that the tensors would need.

`torch.save(x[:10])` saves all of x: such bytes are stored and not reached. Tied tensors and views are reached once and needed
each time.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import product
from math import prod
from operator import itemgetter, mul
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, Extra, Storage, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.hashing import Few, as_key
from inspector.core.progress import QUIET, Monitor, distinct, stoppable
from inspector.core.tensor_table import column, each_alone, kinds

from .strides import collapse, span, storage_order

Run = tuple[int, int]               # bits of a storage, from … to

_RUNS = 4096                        # runs of one tensor that are told apart; beyond, its gaps are counted but not placed
_RUNS_IN_ALL = 1_000_000
_FORM_FIELDS = ("shape", "stride", "dtype", "storage_nbytes", "problem", "layout")
_FORM = itemgetter(*map(TensorInfo._fields.index, _FORM_FIELDS))

Form = tuple[tuple[int, ...], tuple[int, ...], str, int, str, str]


class Sizes(NamedTuple):
    """`file`: of all files together, of an edited checkpoint of those it was opened from. `stored`: of the storages in them
    (unpacked, where they are packed), of an edited checkpoint in the file that it would be saved as in its own format.
    `reachable`: those of them that some tensor views; `unreferenced` the others. `logical`: elements times width, of every
    tensor by itself. A bound from above where thousands of strided views cross each other in one storage, exact otherwise."""

    file: int
    stored: int
    reachable: int
    logical: int
    unreferenced: int


def sizes(ckpt: Checkpoint, monitor: Monitor = QUIET) -> Sizes:
    """See `Sizes`. Linear in the tensors. Raises Cancelled.

    >>> found = core.sizes(core.save({"w": np.ones(1000)}, folder / "a.safetensors").path)
    >>> found.logical, found.stored, found.unreferenced
    (8000, 8000, 0)
    """
    apart = _only_in_chunks(ckpt.as_opened, monitor)

    def counts(id: str, storage: Storage) -> bool:
        return id not in apart and _has_bytes(ckpt, storage)

    # none is kept: there may be a million
    stored = _chunked(ckpt, counts, monitor) + sum(
        storage.nbytes for id, storage in stoppable(ckpt.storages.items(), monitor) if counts(id, storage))
    wasted = sum(nbytes for id, (_, nbytes) in stoppable(unreached(ckpt, monitor).items(), monitor)
                 if counts(id, ckpt.storages[id]) or (ckpt.edited is None and id in apart))
    logical = sum(info.nbytes for info in stoppable(ckpt.tensors.values(), monitor))
    return Sizes(ckpt.nbytes, stored, stored - wasted, logical, wasted)


def unreached(ckpt: Checkpoint, monitor: Monitor = QUIET) -> dict[str, tuple[str, int]]:
    """Storage -> (key of a tensor in it, "" when there is none; bytes that no tensor reaches), where that is not nothing. What
    cannot be told, as of a tensor with a problem, counts as reached."""
    if ckpt.format.startswith("safetensors") or _all_filled(ckpt, monitor):
        return {}
    left = _RUNS_IN_ALL
    found = {}
    looking = _partly(ckpt, monitor)
    alone = Few(_reached_alone)
    for id, storage in stoppable(ckpt.storages.items(), monitor):
        views = looking.get(id, [])
        if views is None:
            continue
        monitor.check()
        known = alone[views[0].shape, views[0].stride, views[0].dtype] if len(views) == 1 else -1
        bits, runs = (known, 1) if known >= 0 else _reached(views, left)
        left -= runs
        nbytes = storage.nbytes - min(-(-bits // 8), storage.nbytes)
        if nbytes:
            found[id] = views[0].key if views else "", nbytes
    return found


def _has_bytes(ckpt: Checkpoint, storage: Storage) -> bool:
    """Whether it lies in a file, or an edit gives it bytes when it is saved."""
    return storage.has_bytes or (ckpt.edited is not None and storage.id not in ckpt.edited.source.storages)


def _chunked(ckpt: Checkpoint, counts: Callable[[str, Storage], bool], monitor: Monitor) -> int:
    """Bytes of the storages that chunks of tensors lie in, each once, without those that are one with a storage that `counts`. An edited
    checkpoint is saved with the tensor in one."""
    if ckpt.edited is not None:
        return sum(info.nbytes for info in stoppable(ckpt.tensors.values(), monitor) if info.chunks)
    found = {chunk.storage.extent: chunk.storage.nbytes for info in stoppable(ckpt.tensors.values(), monitor)
             if info.extra is not None for chunk in info.chunks if chunk.storage.extent is not None}
    if not found:
        return 0
    counted = {storage.extent for id, storage in stoppable(ckpt.storages.items(), monitor) if counts(id, storage)}
    return sum(nbytes for extent, nbytes in found.items() if extent not in counted)


def _only_in_chunks(ckpt: Checkpoint, monitor: Monitor) -> set[str]:
    """The storages of the checkpoint that nothing but chunks of tensors lies in."""
    found = {chunk.storage.id for info in stoppable(ckpt.tensors.values(), monitor) if info.extra is not None
             for chunk in info.chunks if _is_among(ckpt, chunk.storage)}
    return found - {info.storage for info in stoppable(_viewing(ckpt), monitor)} if found else found


def _is_among(ckpt: Checkpoint, storage: Storage) -> bool:
    known = ckpt.storages.get(storage.id)
    return known is not None and known.extent == storage.extent


def _all_filled(ckpt: Checkpoint, monitor: Monitor) -> bool:
    """The usual case, told in milliseconds: there are few forms, and every storage is filled by a tensor."""
    tensors, fills = ckpt.tensors, Few(_fills)
    if not all(fills[form] for form, _ in kinds(tensors, *_FORM_FIELDS)) \
            or any(map(_has_more, stoppable(column(tensors, "extra"), monitor))):
        return False
    apart = len(tensors) if each_alone(tensors) else len(distinct(column(tensors, "storage"), monitor) - {""})
    return len(ckpt.storages) == apart


def _has_more(extra: Extra | None) -> bool:
    """Whether there may be more to a tensor than a view of its storage."""
    return extra is not None and (extra.made_of or extra.chunks or extra.quantizer or extra.unpacked) is not None


def _partly(ckpt: Checkpoint, monitor: Monitor) -> dict[str, list[TensorInfo] | None]:
    """Storage -> the tensors in it, or None where one of them fills it."""
    looking: dict[str, list[TensorInfo] | None] = {}
    fills = Few(_fills)
    for info in stoppable(_every(ckpt), monitor):
        if fills[_FORM(info)]:
            looking[info.storage] = None
        else:
            known = looking.setdefault(info.storage, [])
            if known is not None:
                known.append(info)
    return looking


def _every(ckpt: Checkpoint) -> Iterator[TensorInfo]:
    """All tensors, those that sparse, nested and quantized ones consist of, and chunks as views of their storages."""
    yield from _viewing(ckpt)
    for info in ckpt.tensors.values():
        for chunk in info.chunks if info.extra is not None else ():
            if _is_among(ckpt, chunk.storage):
                yield info._replace(shape=chunk.sizes, stride=chunk.stride, offset=chunk.offset, storage=chunk.storage.id,
                                    storage_nbytes=chunk.storage.nbytes, problem="", extra=None)


def _viewing(ckpt: Checkpoint) -> Iterator[TensorInfo]:
    """All tensors, and those that sparse, nested and quantized ones consist of."""
    for info in ckpt.tensors.values():
        yield info
        if info.extra is not None:
            yield from info.parts.values()


def _fills(form: Form) -> bool:
    """Whether such a tensor reaches all of its storage, or nobody can know."""
    shape, stride, dtype, nbytes, problem, layout = form
    known = DTYPES.get(dtype)
    if known is None or problem or layout != "strided" or len(shape) != len(stride):
        return True
    return prod(shape) * known.bits >= 8 * nbytes and collapse(*storage_order(shape, stride)) in (((prod(shape),), (1,)), ((), ()))


def _reached_alone(form: tuple[tuple[int, ...], tuple[int, ...], str]) -> int:
    """Bits that such a tensor reaches, where its elements lie one behind the other; -1 where they do not."""
    shape, stride, dtype = form
    dense = collapse(*storage_order(shape, stride)) in (((prod(shape),), (1,)), ((), ()))
    return prod(shape) * DTYPES[dtype].bits if dense else -1


def _reached(infos: Iterable[TensorInfo], limit: int) -> tuple[int, int]:
    """Bits that the tensors of one storage reach together, and how many runs were looked at; up to `limit`, but one
    of each tensor."""
    exact: list[Run] = []
    loose: list[tuple[Run, int]] = []           # (from first to last element, how much of that is reached)
    forms = {as_key(*form): form for info in infos if 0 not in info.shape
             for form in ((info.shape, info.stride, info.offset, DTYPES[info.dtype].bits),)}
    for shape, stride, offset, bits in forms.values():
        moving = [(size, step) for size, step in zip(shape, stride, strict=True) if step and size > 1]
        lengths, steps = collapse(*storage_order([size for size, _ in moving], [step for _, step in moving]))
        inner = 1
        if steps and steps[-1] == 1:
            inner, lengths, steps = lengths[-1], lengths[:-1], steps[:-1]
        count = prod(lengths)
        if count == 1 or count <= min(_RUNS, limit - len(exact)):
            starts = (offset + sum(map(mul, places, steps)) for places in product(*map(range, lengths)))
            exact += [(start * bits, (start + inner) * bits) for start in starts]
        else:
            reach = span(lengths, steps) + inner - 1
            loose.append(((offset * bits, (offset + reach) * bits), min(count * inner, reach) * bits))
    surely = _union(exact)
    if not loose:
        return surely, len(exact)
    return min(_union([*exact, *(run for run, _ in loose)]), surely + sum(reached for _, reached in loose)), len(exact)


def _union(runs: Iterable[Run]) -> int:
    """How much the runs cover together."""
    total = end = 0
    for low, high in sorted(runs):
        if high > end:
            total += high - max(low, end)
            end = high
    return total
