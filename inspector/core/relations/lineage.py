"""Is B just A? A fact about every pair whose values differ, how far each layer moved, and what that lets one think."""
from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing

from inspector.core.comparison.differences.streaming import Readers
from inspector.core.comparison.pairing.lineage import Delta, Depth, Inference, Lineage
from inspector.core.comparison.pairing.names import role_of, template_of
from inspector.core.comparison.pairing.pairs import Comparison, Pair
from inspector.core.dtypes import DTYPES
from inspector.core.keypath import leaf_of
from inspector.core.progress import QUIET, Monitor, stoppable
from inspector.core.runtime.workers import PerThread, Progress, cores, each
from inspector.core.tensors.reader import TensorReader

from .deltas import Both, delta_of

_MOST = 4096            # pairs that are looked at, the largest
_DEEP = 8               # kinds of modules, in one of each of which a high rank that is still low is looked for
_BATCH = 16             # pairs that are one job: of most the difference has told all
_NAMED = 6
_MOST_LAYERS = 4096
_LONGEST = 1e150        # norms whose squares are numbers


def lineage_of(comparison: Comparison, monitor: Monitor = QUIET) -> Lineage:
    """Of a comparison whose values were read. Raises ReadError when a file has changed, Cancelled."""
    explained = {key for one in comparison.rearranged for key in one.a if len(one.a) == len(one.b) == 1}
    compared = [pair for pair in stoppable(comparison.pairs, monitor)
                if pair.a is not None and pair.b is not None and pair.status != "shape"
                and pair.difference is not None and pair.a not in explained]
    differing = [pair for pair in stoppable(compared, monitor)
                 if pair.difference is not None and pair.difference.n_different and not pair.difference.cast
                 and comparison.a.tensors[pair.a or ""].unpacked is comparison.b.tensors[pair.b or ""].unpacked is None]
    chosen = sorted(differing, key=lambda pair: -pair.difference.numel if pair.difference is not None else 0)[:_MOST]
    looked = {(delta.a, delta.b): delta for delta in _look_at_all(comparison, chosen, monitor)}
    deltas = tuple(looked.get((pair.a or "", pair.b or "")) or _plain(comparison, pair)
                   for pair in stoppable(compared, monitor))
    return Lineage(deltas, tuple(_inferences(comparison, deltas, {(pair.a, pair.b): pair for pair in stoppable(compared, monitor)})),
                   depth_of(comparison, stoppable(compared, monitor)), len(chosen), len(differing))


def _look_at_all(comparison: Comparison, chosen: Sequence[Pair], monitor: Monitor) -> list[Delta]:
    """One of each kind of module first: where its rank is high and still low, the others of its kind are looked at as deeply."""
    modules = [_module(pair.a or "") for pair in chosen]
    kinds: dict[str, int] = {}
    for number, (pair, module) in enumerate(zip(chosen, modules, strict=True)):
        if len(kinds) == _DEEP:
            break
        if module not in kinds and len(comparison.a.tensors[pair.a or ""].shape) > 1:
            kinds[module] = number
    first = frozenset(kinds.values())
    found = _look(comparison, [(chosen[number], True) for number in kinds.values()], monitor, 1)    # what they take is done on all cores
    low = frozenset(_module(delta.a) for delta in found if delta.kind == "low-rank")
    others = [(pair, module in low) for number, (pair, module) in enumerate(zip(chosen, modules, strict=True)) if number not in first]
    return [*found, *_look(comparison, others, monitor, cores())]


def _look(comparison: Comparison, chosen: Sequence[tuple[Pair, bool]], monitor: Monitor, threads: int) -> list[Delta]:
    """`chosen`: pairs, and whether each is looked at deeply."""
    a, b = comparison.a.tensors, comparison.b.tensors
    progress = Progress(monitor, sum(pair.difference.numel for pair, _ in chosen if pair.difference is not None))
    readers = PerThread(lambda: Readers(TensorReader(comparison.a, progress), TensorReader(comparison.b, progress)))

    def work(some: Sequence[tuple[Pair, bool]]) -> list[Delta]:
        return [look(*one) for one in some]

    def look(pair: Pair, deeply: bool) -> Delta:
        mine, x, y = readers.get(), a[pair.a or ""], b[pair.b or ""]
        plain = all(info.layout == "strided" and not info.problem for info in (x, y))
        found = delta_of(Both(mine.a, x, mine.b, y, progress, deeply), pair) if plain else _plain(comparison, pair)
        progress.add(x.numel, x.key)
        return found

    batches = [chosen[first:first + _BATCH] for first in range(0, len(chosen), _BATCH)]
    with closing(readers), closing(each(batches, work, threads, progress.stopped)) as results:
        return [delta for found in results for delta in found]


def _plain(comparison: Comparison, pair: Pair) -> Delta:
    """What the differences alone say."""
    found = pair.difference
    kind = "unread" if found is None or found.problem else "cast" if found.cast or (not found.n_different and pair.status == "dtype") \
        else "changed" if found.n_different else "equal"
    return Delta(pair.a or "", pair.b or "", kind, mode="nearest" if kind == "cast" else "")


# -- how far each layer moved ---------------------------------------------------------------------------------------------------------

def depth_of(comparison: Comparison, compared: Iterable[Pair]) -> tuple[Depth, ...]:
    """Layers in their order, what is in none first; () where nothing differs."""
    sums: dict[str, dict[str, list[float]]] = defaultdict(lambda: {part: [0.0, 0.0] for part in ("matrices", "norms", "biases")})
    compared = [*compared]
    if not any(pair.difference is not None and pair.difference.rel for pair in compared):
        return ()                       # as of two equal files: no name is looked at
    moved = False
    for pair in compared:
        if len(sums) > _MOST_LAYERS:
            return ()
        found, info = pair.difference, comparison.a.tensors[pair.a or ""]
        if found is None or found.problem or DTYPES[info.dtype].kind not in ("float", "complex") or not math.isfinite(found.rel):
            continue
        numbers = template_of(info.name).numbers
        distance = found.rel * found.norm
        if max(distance, found.norm) > _LONGEST:
            continue
        square = sums[str(numbers[0] if numbers else -1)][_part(info.name, info.shape)]
        square[0] += distance ** 2
        square[1] += found.norm ** 2
        moved |= distance > 0
    if not moved:
        return ()
    return tuple(Depth(layer, *(math.sqrt(square[0] / square[1]) if square[1] else None for square in sums[str(layer)].values()))
                 for layer in sorted(map(int, sums)))


def _part(name: str, shape: tuple[int, ...]) -> str:
    if len(shape) > 1:
        return "matrices"
    path = template_of(name).path
    is_norm = "norm" in role_of(path) or "norm" in name.lower() or leaf_of(name) in ("weight", "gamma", "running_mean", "running_var")
    return "norms" if is_norm else "biases"


# -- what that lets one think ---------------------------------------------------------------------------------------------------------

def _inferences(comparison: Comparison, deltas: Sequence[Delta], pairs: dict[tuple[str | None, str | None], Pair]) -> Iterable[Inference]:
    of: dict[str, list[Delta]] = defaultdict(list)
    for delta in deltas:
        of[delta.kind].append(delta)
    judged = len(deltas) - len(of["unread"])
    moved = [delta for delta in deltas if delta.kind not in ("equal", "cast", "unread")]
    if not moved:
        return

    def inference(id: str, rests: Sequence[Delta], **facts: int | float | str) -> Inference:
        return Inference(id, tuple(facts.items()), tuple(delta.a for delta in rests[:_NAMED]), len(rests), judged)

    if of["low-rank"]:
        ranks = Counter(delta.rank for delta in of["low-rank"])
        alone = len(of["low-rank"]) == len(moved) > 1           # one matrix may have been shifted by anything
        yield inference("merged-lora" if alone else "low-rank", of["low-rank"], rank=max(ranks) if alone else ranks.most_common(1)[0][0],
                        lowest=min(ranks), modules=", ".join(dict.fromkeys(_module(delta.a) for delta in of["low-rank"])),
                        others=len(moved) - len(of["low-rank"]))
    if of["quantized"]:
        levels = max(delta.levels for delta in of["quantized"])
        group, piece = Counter((delta.group, delta.piece) for delta in of["quantized"]).most_common(1)[0][0]
        rel = [found.rel for delta in of["quantized"] if (found := pairs[delta.a, delta.b].difference) is not None]
        yield inference("quantized", of["quantized"], bits=_bits(levels), levels=levels, group=group, piece=piece,
                        decibels=-20 * math.log10(max(max(rel), 1e-12)))
    if of["rounded"]:
        (to, mode), _ = Counter((delta.to, delta.mode) for delta in of["rounded"]).most_common(1)[0]
        yield inference("rounded", of["rounded"], to=to, mode=mode)
    if of["scaled"]:
        scales = sorted(delta.scale for delta in of["scaled"])
        yield inference("scaled", of["scaled"], least=scales[0], most=scales[-1])
    if of["masked"]:
        yield inference("pruned", of["masked"], share=sum(delta.share for delta in of["masked"]) / len(of["masked"]))
    matrices = [delta for delta in moved if len(comparison.a.tensors[delta.a].shape) > 1]
    trained = [delta for delta in moved if delta.kind in ("related", "unrelated", "changed")]
    if not matrices and trained:
        yield inference("small-parts", trained)
    elif of["unrelated"]:
        others = [delta for delta in deltas if delta.kind not in ("unrelated", "changed", "unread")
                  and len(comparison.a.tensors[delta.a].shape) > 1]
        wild = [delta for delta in of["unrelated"] if len(comparison.a.tensors[delta.a].shape) > 1]
        if wild and len(others) > len(wild):
            yield inference("replaced", wild, modules=", ".join(dict.fromkeys(_module(delta.a) for delta in wild)))
        elif wild and not [delta for delta in others if delta.kind != "equal"]:
            yield inference("unrelated", wild)
    far = [delta for delta in of["related"] if len(comparison.a.tensors[delta.a].shape) > 1]
    if far:
        yield inference("fine-tuned", far)


def _bits(levels: int) -> int:
    """Of as many values as were seen: of 8 bits hardly any run has all, and nobody uses 7."""
    bits = max(1, math.ceil(math.log2(levels)))
    return 8 if bits == 7 else bits


def _module(key: str) -> str:
    """The name of the module that a tensor belongs to, without its path: q_proj."""
    path = [segment for segment in template_of(key).path if segment != "#"]
    return path[-1] if path else key
