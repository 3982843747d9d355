"""What a comparison comes to, in one of a few words with the figures that led to it."""
from __future__ import annotations

import math
from collections import defaultdict
from itertools import chain

from inspector.core.adapters import adapter_fit, is_adapter
from inspector.core.checkpoint import Checkpoint
from inspector.core.comparison.pairing.pairs import Comparison, Difference, Pair, Verdict
from inspector.core.dtypes import DTYPES
from inspector.core.keypath import segments_of
from inspector.core.naming_conventions import are_shards
from inspector.core.progress import QUIET, Monitor, stoppable

_RELATED = 0.3          # cosine of all weights together, or of their opposites, from which on one is taken for the other trained further
_MADE_OF = 0.7          # cosine of packed tensors from which on one side is taken for the other, packed: about 3 dB
_ENOUGH = 0.5           # of the smaller side's tensors must have a partner
_MATRIX = 64            # elements from which on a weight's direction tells something
_MOST_GROUPS = 64
_SHARDING = "DCP_SHARDING_INFO"         # torch/distributed/checkpoint/_hf_utils.py: which rows of each tensor a file holds


def verdict_of(comparison: Comparison, monitor: Monitor = QUIET) -> Verdict:
    """See `Verdict`. Reads what says how an adapter is to be taken.

    >>> core.verdict_of(core.compare({"w": np.float32([1, 2])}, {"module.w": np.float32([1, 2])})).id
    'same-weights'
    """
    pairs = comparison.pairs
    if (side := _adapter(comparison)):
        adapter, base = (comparison.a, comparison.b) if side == "a" else (comparison.b, comparison.a)
        fit = adapter_fit(adapter, base, monitor)
        return Verdict("adapter", (("adapter", side), ("fit", fit.sentence), ("fits", int(fit.fits)), ("modules", len(fit.modules)),
                                   ("fitting", len(fit.fitting)), *((name, 0) for name in ("only_a", "only_b", "shapes", "unread"))))
    both = [pair for pair in stoppable(pairs, monitor) if pair.a is not None and pair.b is not None]
    comparable = [pair for pair in stoppable(both, monitor) if pair.status != "shape"]
    read = [pair for pair in stoppable(comparable, monitor) if pair.difference is not None and not pair.difference.problem]
    casts = [pair for pair in stoppable(both, monitor) if pair.status == "dtype"]
    differing = [pair for pair in stoppable(pairs, monitor) if _differs(pair)]
    left = _unexplained(comparison, differing, monitor)
    nearly = [one for one in comparison.rearranged if one.held not in ("exact", "cast")]
    facts: dict[str, int | float | str] = {
        "pairs": len(both), "only_a": sum(pair.b is None for pair in stoppable(pairs, monitor)),
        "only_b": sum(pair.a is None for pair in stoppable(pairs, monitor)),
        "shapes": len(both) - len(comparable), "read": len(read), "unread": len(comparable) - len(read),
        "moved": sum(pair.difference is not None and pair.difference.n_different > 0 for pair in stoppable(both, monitor)),
        "casts": len(casts), "renamed": sum(pair.rule >= 0 for pair in stoppable(both, monitor)),
        "rearranged": len(differing) - len(left), "nearly": len(nearly),
        "arranged_a": sum(pair.b is None and pair not in left for pair in stoppable(pairs, monitor)),
        "arranged_b": sum(pair.a is None and pair not in left for pair in stoppable(pairs, monitor))}
    if grown := sum(not one.is_whole for one in comparison.rearranged):
        facts["grown"] = grown
    if casts:
        facts["dtypes"] = ", ".join(sorted({f"{comparison.a.tensors[pair.a or ''].type_words} and "
                                            f"{comparison.b.tensors[pair.b or ''].type_words}" for pair in stoppable(casts, monitor)}))
    quantized = _quantized(comparison, monitor)
    id = _of_structure(comparison, facts, any(pair.difference is not None for pair in stoppable(comparable, monitor))) or \
        _of_values(comparison, left, facts, monitor)
    if quantized and id not in ("empty", "different-architectures", "unreadable", "structure"):
        facts |= quantized
        return Verdict("quantized", tuple(facts.items()))
    changed: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()
    if not id:
        arranged = [one.difference for one in nearly if one.difference is not None]
        # the others are pairs by their names alone
        meant = [pair for pair in stoppable(read, monitor) if pair in left or not _differs(pair)]
        facts |= {"cosine": _cosine(comparison, meant, arranged, monitor), "rel": _distance(comparison, meant, arranged, monitor)}
        cosine = float(facts["cosine"])
        changed, frozen = _groups(comparison, both, monitor)
        id = "fine-tuned" if math.isnan(cosine) or abs(cosine) >= _RELATED else "unrelated-values"
    if id in ("fine-tuned", "unrelated-values", "different-architectures", "partly-same") and are_parts(comparison.a, comparison.b):
        return Verdict("parts", tuple(facts.items()))
    return Verdict(id, tuple(facts.items()), changed, frozen)


def _adapter(comparison: Comparison) -> str:
    """Which side is an adapter, "" where none or both are."""
    a, b = is_adapter(comparison.a), is_adapter(comparison.b)
    return "" if a is b else "a" if a else "b"


def _quantized(comparison: Comparison, monitor: Monitor) -> dict[str, int | float | str]:
    """How far packed tensors are from those that they were made of, or from each other; {} where none differs, or where they do not even
    point the same way, so that neither can have been made of the other."""
    found: list[tuple[float, Pair]] = []
    signal = noise = 0.0
    sides: set[str] = set()
    for pair in stoppable(comparison.pairs, monitor):
        ratio = comparison.sqnr(pair)
        if ratio is None or pair.difference is None:
            continue
        x, y = comparison.a.tensors[pair.a or ""], comparison.b.tensors[pair.b or ""]
        sides.add("b" if y.unpacked is None else "a" if x.unpacked is None else "")
        error = pair.difference.rms ** 2 * pair.difference.numel
        if math.isfinite(ratio) and error:
            found.append((ratio, pair))
            noise += error
            signal += error * 10.0 ** (ratio / 10.0)
    if not found or not noise or not math.isfinite(signal / noise):
        return {}
    cosines = [pair.difference.cosine for _, pair in found if pair.difference is not None and math.isfinite(pair.difference.cosine)]
    if not cosines or math.fsum(cosines) / len(cosines) < _MADE_OF:
        return {}
    worst, where = min(found, key=lambda one: one[0])
    return {"original": sides.pop() if len(sides) == 1 else "", "sqnr": 10.0 * math.log10(signal / noise), "packed": len(found),
            "worst": where.a or "", "worst_sqnr": worst}


def _of_structure(comparison: Comparison, facts: dict[str, int | float | str], asked: bool) -> str:
    """The verdict that shapes alone allow, or "". `asked`: values were to be read."""
    pairs, only_a, only_b, rearranged = (int(facts[name]) for name in ("pairs", "only_a", "only_b", "rearranged"))
    smaller = min(pairs + only_a, pairs + only_b)
    if not smaller:
        return "empty"
    if pairs + rearranged < _ENOUGH * smaller:
        return "different-architectures"
    if facts["read"] or facts["rearranged"] or facts.get("grown"):
        return ""
    if facts["unread"]:
        return "unreadable" if asked else "structure"
    return "different-architectures"            # not one tensor has the same shape on both sides


def _of_values(comparison: Comparison, left: set[Pair], facts: dict[str, int | float | str],
               monitor: Monitor) -> str:
    """The verdict where no value differs that nothing explains, or ""."""
    if any(pair.status in ("values", "dtype") for pair in stoppable(left, monitor)):
        return ""
    if facts["nearly"]:                         # values differ, under other names or in another arrangement
        return ""
    if left:
        return "" if any(not one.is_whole and one.held not in ("exact", "cast") for one in comparison.rearranged) else "partly-same"
    if facts["unread"]:
        return "partly-read"
    if facts["rearranged"]:
        return "rearranged"
    if facts["casts"]:
        return "cast"
    same_file = comparison.same and comparison.a.format == comparison.b.format and not facts["renamed"]
    return "identical" if same_file else "same-weights"


def _differs(pair: Pair) -> bool:
    """Whether something is missing, of another shape, or of other values than a cast would give."""
    if pair.status == "dtype":
        return pair.difference is not None and pair.difference.n_different > 0 and not pair.difference.cast
    return pair.status in ("values", "shape", "only-a", "only-b")


def _unexplained(comparison: Comparison, differing: list[Pair], monitor: Monitor) -> set[Pair]:
    """Those that no rearrangement explains. One that has more of the same is no explanation of what it has more."""
    in_a = {key for one in comparison.rearranged if one.is_whole for key in one.a}
    in_b = {key for one in comparison.rearranged if one.is_whole for key in one.b}
    return {pair for pair in stoppable(differing, monitor)
            if not (pair.a is None or pair.a in in_a) or not (pair.b is None or pair.b in in_b)}


def are_parts(a: Checkpoint, b: Checkpoint) -> bool:
    """Whether the two say of themselves, in their metadata or by their names in one folder, that they are parts of one checkpoint."""
    one, other = a.metadata.get(_SHARDING), b.metadata.get(_SHARDING)
    return (one is not None and other is not None and one != other) or are_shards(a.path, b.path)


def _cosine(comparison: Comparison, pairs: list[Pair], arranged: list[Difference], monitor: Monitor) -> float:
    """Cosine of all weights, as the mean of the tensors' own weighted by elements: norms and counters, which are alike in all networks,
    are left out where there is anything else. `arranged` are those of tensors in another arrangement."""
    matrices = [pair for pair in stoppable(pairs, monitor) if pair.difference is not None and not pair.difference.problem
                and math.isfinite(pair.difference.cosine)
                and DTYPES[comparison.a.tensors[pair.a or ""].dtype].kind in ("float", "complex")]
    large = [pair for pair in stoppable(matrices, monitor) if len(comparison.a.tensors[pair.a or ""].shape) > 1
             and comparison.a.tensors[pair.a or ""].numel >= _MATRIX] or matrices
    found = [(one.numel, one.cosine) for one in stoppable(chain((pair.difference for pair in large), arranged), monitor)
             if one is not None and math.isfinite(one.cosine)]
    weight = sum(numel for numel, _ in found)
    return math.fsum(numel * cosine for numel, cosine in found) / weight if weight else math.nan


def _distance(comparison: Comparison, read: list[Pair], arranged: list[Difference], monitor: Monitor) -> float:
    """The norm of all differences over that of all of A, as groups of pairs have it, and of tensors in another arrangement. Single whole
    numbers, which count steps, are left out. NaN where nothing is known."""
    found = [pair.difference for pair in stoppable(read, monitor)
             if pair.difference is not None and not _counts(comparison, pair)] + arranged
    squares = [(one.rel * one.norm if one.norm else one.rms * one.numel ** 0.5, one.norm)
               for one in stoppable(found, monitor)]
    apart, norm = (math.hypot(*(row[i] for row in stoppable(squares, monitor)
                                     if math.isfinite(row[0]) and math.isfinite(row[1]))) for i in (0, 1))
    return apart / norm if norm else math.inf if apart else 0.0 if squares else math.nan


def _counts(comparison: Comparison, pair: Pair) -> bool:
    """Whether it is a single whole number, which counts steps: nothing is learnt in it."""
    info = comparison.a.tensors[pair.a or ""]
    return info.numel == 1 and DTYPES[info.dtype].kind not in ("float", "complex")


def _groups(comparison: Comparison, pairs: list[Pair], monitor: Monitor) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(layers of which a value changed, layers of which none did), by A's names up to the first number; counters say nothing of a layer."""
    changed: dict[str, bool] = defaultdict(bool)
    for pair in stoppable(pairs, monitor):
        if pair.difference is not None and not pair.difference.problem and not _counts(comparison, pair):
            changed[_layer(pair.a or "")] |= bool(pair.difference.n_different)
    return (tuple(name for name, moved in changed.items() if moved)[:_MOST_GROUPS],
            tuple(name for name, moved in changed.items() if not moved)[:_MOST_GROUPS])


def _layer(key: str) -> str:
    segments = segments_of(key)[:-1] or [key]
    for i, segment in enumerate(segments):
        if any(char.isdigit() for char in segment):
            return ".".join(segments[:i + 1])
    return ".".join(segments)
