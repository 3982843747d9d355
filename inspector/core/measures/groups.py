"""Statistics of one tensor or of a group, with a histogram over the same bins for all of them.

    keys → counters left out → pass 1: moments of each tensor → edges for all of them → pass 2: counts → GroupStatistics

There are many more bins than are shown: `merging.merge_bins` makes any wanted number of them exactly, without reading again.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor
from inspector.core.limits import LIMITS
from inspector.core.progress import QUIET, Monitor, stoppable
from inspector.core.tensors.reader import TensorReader

from .bin_edges import ALL_VALUES, FINE_BINS, BinEdges, BinRange, even_bins, log_bins, powers_between
from .merging import added_counts, cut_out, merge_summaries, with_counts_of, without_histogram
from .summary import Summary, summarize_each, summarize_group, summarize_tensor

MOST_APART = 8                  # tensors that are kept apart; more are only added up
_COUNTERS = 0.01                # the most of all elements that is left out
_LOOKS = 4                      # passes spent at most on finding shares of values; without outliers it is one
_SMALL = 1 << 18                # elements; smaller tensors are measured with the file opened once for all of them
_TOLD = 100                     # tensors that could not be read and are named
_WHOLE = frozenset(("int", "uint", "bool", "quantized"))
_COUNTING = frozenset(("int", "uint", "bool"))


@dataclass(frozen=True, slots=True)
class GroupStatistics:
    """`together` counts all tensors that could be read; `each` has (key, summary), in order, of at most eight, with its quantiles; all
    have the same `edges`. `left_out` says which tensors could not be read, and why (the first hundred of `n_left_out`). `whole`: all values
    are whole numbers. `kinds`: the kinds of element types (see `core.Dtype`). `nbytes`: stored bytes of what was measured. `counters`
    are keys that were not measured: counters among weights."""

    together: Summary
    each: tuple[tuple[str, Summary], ...]
    left_out: tuple[tuple[str, BadTensor], ...]
    n_left_out: int
    n_tensors: int
    whole: bool
    kinds: frozenset[str]
    nbytes: int
    counters: tuple[str, ...] = ()

    def between(self, low: float, high: float) -> GroupStatistics | None:
        """The same with only the bins between two edges; None when that needs reading (see `merging.cut_out`)."""
        together = cut_out(self.together, low, high)
        each = [(key, cut_out(summary, low, high)) for key, summary in self.each]
        if together is None:
            return None
        return replace(self, together=together, each=tuple((key, summary) for key, summary in each if summary is not None))


class Measurable(NamedTuple):
    """`keys` are measured together, `counters` left out of them; `nbytes` of the former are to be read, once or more often."""

    keys: tuple[str, ...]
    counters: tuple[str, ...]
    nbytes: int


def measurable(ckpt: Checkpoint, keys: Sequence[str], monitor: Monitor = QUIET) -> Measurable:
    """What `group_statistics` would measure of `keys`. A few whole numbers among weights, like the steps that a batch norm counts,
    would press all bars of the weights into one: they are left out, where they are at most a hundredth of all elements. Keys that
    are no tensors of `ckpt` are passed over. Raises Cancelled.

    >>> core.measurable({"w": np.ones(500), "steps": np.array(7)}, ["w", "steps"])
    Measurable(keys=('w',), counters=('steps',), nbytes=4000)
    """
    def all_of(keys: Iterable[str]) -> Iterator[TensorInfo]:
        return (ckpt.tensors[key] for key in stoppable(keys, monitor))

    there = tuple([key for key in stoppable(keys, monitor) if key in ckpt.tensors])
    counting = {name for name, dtype in DTYPES.items() if dtype.kind in _COUNTING}
    counters = {info.key for info in all_of(there) if info.dtype in counting}
    if counters and sum(info.numel for info in all_of(counters)) <= _COUNTERS * sum(info.numel for info in all_of(there)):
        kept, aside = ([key for key in stoppable(there, monitor) if (key in counters) is apart] for apart in (False, True))
    else:
        kept, aside = [*there], []
    return Measurable(tuple(kept), tuple(aside), sum(info.nbytes for info in all_of(kept)))


def group_statistics(ckpt: Checkpoint, keys: Sequence[str] | Measurable, range: BinRange = ALL_VALUES,
                     monitor: Monitor = QUIET) -> GroupStatistics:
    """Measures the tensors `keys` together, over the same bins; one whose values cannot be had is left out and told. Raises BadTensor
    when none can be read, Cancelled, and what reading files raises.

    >>> found = core.group_statistics({"a": np.float32([0, 1]), "b": np.float32([2, 5])}, ["a", "b"])
    >>> found.together.mean, [(key, summary.max) for key, summary in found.each]
    (2.0, [('a', 1.0), ('b', 5.0)])
    """
    group = keys if isinstance(keys, Measurable) else measurable(ckpt, keys, monitor)
    kept = group.keys
    if len(kept) == 1 and range == ALL_VALUES and _kind(ckpt.tensors[kept[0]]) not in _WHOLE:
        return replace(_at_once(ckpt, kept[0], monitor), counters=group.counters)
    steps = _Steps(monitor, (3 if range.kind == "middle" else 2) * group.nbytes)
    moments, left_out = _moments(ckpt, kept, steps)
    if kept and not moments:
        raise left_out[0][1]
    good = list(moments)
    if len(good) == 1 == len(kept) and range.kind != "fixed":
        return replace(_alone(ckpt, good[0], range, moments[good[0]], steps), counters=group.counters)
    kinds = frozenset(_kind(ckpt.tensors[key]) for key in good)
    whole = bool(kinds) and kinds <= _WHOLE
    together = merge_summaries(list(moments.values()))
    bins = _bins(ckpt, good, together, range, whole, steps)
    each: dict[str, Summary] = {}
    if len(good) <= MOST_APART:
        each = {key: with_counts_of(moments[key], _counted(ckpt, [key], bins, steps)) if bins else without_histogram(moments[key])
                for key in good}
    if bins:
        together = with_counts_of(together, added_counts(list(each.values())) if each else _counted(ckpt, good, bins, steps))
    return GroupStatistics(together, tuple(each.items()), tuple(left_out[:_TOLD]), len(left_out), len(good), whole, kinds,
                           sum(ckpt.tensors[key].stored_nbytes for key in kept), group.counters)


def _kind(info: TensorInfo) -> str:
    """The kind of its elements: integers that are made one by one of what is stored are integers, though they come as float32."""
    if info.unpacked is not None and info.unpacked.whole:
        return "int"
    return DTYPES[info.dtype].kind if info.dtype in DTYPES else ""


def _at_once(ckpt: Checkpoint, key: str, monitor: Monitor) -> GroupStatistics:
    """One tensor of no whole numbers, all of it: numbers and bins come out of the same passes."""
    info = ckpt.tensors[key]
    found = summarize_tensor(ckpt, key, FINE_BINS, monitor)
    if not found.finite or found.min == found.max:
        found = without_histogram(found)
    return GroupStatistics(found, ((key, found),), (), 0, 1, False, frozenset((DTYPES[info.dtype].kind,)), info.stored_nbytes)


def _alone(ckpt: Checkpoint, key: str, range: BinRange, found: Summary, steps: _Steps) -> GroupStatistics:
    """One tensor: its own quantiles say where the middle is."""
    info = ckpt.tensors[key]
    kind = _kind(info)
    low, high = (float(found.min), float(found.max)) if range.kind == "all" else (
        found.quantile(0.01), found.quantile(0.99))
    if found.finite and found.min != found.max:
        bins = log_bins(low, high) if range.log else even_bins(low, high, whole=kind in _WHOLE)
        found = with_counts_of(found, _counted(ckpt, [key], bins, steps))
    else:
        found = without_histogram(found)
    return GroupStatistics(found, ((key, found),), (), 0, 1, kind in _WHOLE, frozenset((kind,)), info.stored_nbytes)


def _moments(ckpt: Checkpoint, keys: Sequence[str], steps: _Steps) -> tuple[dict[str, Summary], list[tuple[str, BadTensor]]]:
    """Of each tensor its summary without a useful histogram, in one pass; and those that cannot be read."""
    small = [key for key in keys if ckpt.tensors[key].numel <= _SMALL]
    steps.begin(sum(ckpt.tensors[key].nbytes for key in small))
    found: dict[str, Summary | BadTensor] = dict(summarize_each(ckpt, small, 1, steps))
    for key in keys:
        if key not in found:
            steps.begin(ckpt.tensors[key].nbytes)
            try:
                found[key] = summarize_tensor(ckpt, key, 1, steps, range=(0.0, 1.0))
            except BadTensor as error:
                found[key] = error
    moments, left_out = {}, []
    for key in keys:
        outcome = _expanded(ckpt, key) or found[key] if len(keys) > 1 else found[key]
        if isinstance(outcome, BadTensor):
            left_out.append((key, outcome))
        else:
            moments[key] = outcome
    return moments, left_out


def _expanded(ckpt: Checkpoint, key: str) -> BadTensor | None:
    """Why a tensor that repeats a few elements endlessly is not counted among others, whose numbers it would outweigh."""
    info = ckpt.tensors[key]
    if 0 not in info.stride or info.nbytes <= LIMITS.preview or info.problem:
        return None
    with TensorReader(ckpt) as reader:
        try:
            reader.check(info, expand=False)
        except BadTensor as error:
            return error
    return None


def _counted(ckpt: Checkpoint, keys: list[str], bins: BinEdges, steps: _Steps) -> Summary:
    steps.begin(sum(ckpt.tensors[key].nbytes for key in keys))
    if len(keys) == 1 and 0 in ckpt.tensors[keys[0]].stride:        # what is repeated is multiplied there
        return summarize_tensor(ckpt, keys[0], len(bins.edges) - 1, steps, range=(bins.edges[0], bins.edges[-1]) if bins.even else None,
                                edges=None if bins.even else bins.edges, quantiles=False)
    if bins.even:
        return summarize_group(ckpt, keys, len(bins.edges) - 1, steps, range=(bins.edges[0], bins.edges[-1]), quantiles=False)
    return summarize_group(ckpt, keys, monitor=steps, edges=bins.edges, quantiles=False)


# -- which bins -----------------------------------------------------------------------------------------------------------------

def _bins(ckpt: Checkpoint, keys: list[str], together: Summary, range: BinRange, whole: bool, steps: _Steps) -> BinEdges | None:
    """The bins for `range`; None when there is nothing to draw: no finite value, or always the same."""
    if range.kind == "fixed":
        if not together.finite:
            return None
        return log_bins(range.low, range.high) if range.log else even_bins(range.low, range.high, whole=whole)
    if not together.finite or together.min == together.max:
        return None
    low, high = float(together.min), float(together.max)
    if range.kind == "middle":
        low, high = _middle(ckpt, keys, (low, high), (range.low, range.high), together.finite, whole, steps)
    return log_bins(low, high) if range.log else even_bins(low, high, whole=whole)


def _middle(ckpt: Checkpoint, keys: list[str], bounds: tuple[float, float], shares: tuple[float, float], total: int,
            whole: bool, steps: _Steps) -> tuple[float, float]:
    """Bounds between which the values from the first share to the second lie, to a hundredth of their distance. Where one
    outlier of 1e38 puts everything else into a few even bins, the next look is by powers of two."""
    low, high = bounds
    bins = even_bins(low, high, whole=whole)
    for count_again in range(_LOOKS):
        found = _counted(ckpt, keys, bins, steps)
        first, last = _bin_of_share(found, shares[0] * total), _bin_of_share(found, shares[1] * total)
        low, high = bins.edges[first], bins.edges[last + 1]
        if (bins.even and last - first >= 100) or len(bins.edges) < 3 or (whole and bins.edges[1] - bins.edges[0] <= 1):
            break
        bins = powers_between(low, high) if count_again == 0 and last - first < 8 else even_bins(low, high, whole=whole)
    return low, high


def _bin_of_share(found: Summary, wanted: float) -> int:
    """The bin in which the `wanted`-th value lies."""
    seen = found.below
    for i, count in enumerate(found.counts):
        seen += count
        if seen >= wanted:
            return i
    return len(found.counts) - 1


class _Steps(Monitor):
    """Many readings told as one, of `total` bytes over all passes."""

    def __init__(self, monitor: Monitor, total: int) -> None:
        self._monitor = monitor
        self._total = total
        self._before = self._part = 0

    def begin(self, nbytes: int) -> None:
        """The reading of so many bytes begins, all earlier ones are over."""
        self._before += self._part
        self._part = nbytes
        self.report(0, 0)

    def report(self, done: int, total: int, what: str = "") -> None:
        now = self._before + (self._part * done // total if total else 0)
        self._monitor.report(min(now, self._total), self._total, what)

    def check(self) -> None:
        self._monitor.check()
