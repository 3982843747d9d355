"""What a comparison comes to, in one of a few words with the figures that led to it."""
from __future__ import annotations

import math
from collections import defaultdict

from inspector.core.comparison.pairing.pairs import Comparison, Pair, Verdict
from inspector.core.dtypes import DTYPES

_RELATED = 0.3          # cosine of all weights together from which on one is taken for the other trained further
_ENOUGH = 0.5           # of the smaller side's tensors must have a partner
_MATRIX = 64            # elements from which on a weight's direction tells something
_MOST_GROUPS = 64


def verdict_of(comparison: Comparison) -> Verdict:
    """See `Verdict`."""
    pairs = comparison.pairs
    both = [pair for pair in pairs if pair.a is not None and pair.b is not None]
    facts: dict[str, int | float | str] = {"pairs": len(both), "only_a": sum(pair.b is None for pair in pairs),
                                           "only_b": sum(pair.a is None for pair in pairs)}
    smaller = min(len(both) + int(facts["only_a"]), len(both) + int(facts["only_b"]))
    if not smaller:
        return Verdict("empty", tuple(facts.items()))
    if len(both) < _ENOUGH * smaller:
        return Verdict("different-architectures", tuple(facts.items()))
    shapes = [pair for pair in both if pair.status == "shape"]
    facts["shapes"] = len(shapes)
    facts["read"] = sum(pair.difference is not None and not pair.difference.problem for pair in both)
    if not facts["read"]:
        return Verdict("structure", tuple(facts.items()))
    moved = [pair for pair in both if pair.difference is not None and pair.difference.n_different]
    casts = [pair for pair in both if pair.status == "dtype"]
    facts |= {"moved": len(moved), "casts": len(casts), "renamed": sum(pair.rule >= 0 for pair in both)}
    complete = not facts["only_a"] and not facts["only_b"] and not shapes and facts["read"] == len(both)
    if not moved and not casts:
        same_file = comparison.same and comparison.a.format == comparison.b.format and not facts["renamed"]
        return Verdict("identical" if complete and same_file else "same-weights", tuple(facts.items()))
    if all(pair.status == "dtype" and pair.difference is not None and pair.difference.cast for pair in moved):
        facts["dtypes"] = ", ".join(sorted({f"{comparison.a.tensors[pair.a or ''].dtype} and {comparison.b.tensors[pair.b or ''].dtype}"
                                            for pair in casts}))
        return Verdict("cast", tuple(facts.items()))
    cosine, rel = _together(comparison, both)
    facts |= {"cosine": cosine, "rel": rel}
    changed, frozen = _groups(both)
    related = math.isnan(cosine) or cosine >= _RELATED
    return Verdict("fine-tuned" if related else "unrelated-values", tuple(facts.items()), changed, frozen)


def _together(comparison: Comparison, pairs: list[Pair]) -> tuple[float, float]:
    """Cosine and relative distance of all weights, as the mean of the tensors' own weighted by elements: norms and counters,
    which are alike in all networks, are left out where there is anything else."""
    matrices = [pair for pair in pairs if pair.difference is not None and not pair.difference.problem
                and math.isfinite(pair.difference.cosine)
                and DTYPES[comparison.a.tensors[pair.a or ""].dtype].kind in ("float", "complex")]
    large = [pair for pair in matrices if len(comparison.a.tensors[pair.a or ""].shape) > 1
             and comparison.a.tensors[pair.a or ""].numel >= _MATRIX] or matrices
    found = [(pair.difference.numel, pair.difference.cosine, min(pair.difference.rel, 1e9)) for pair in large if pair.difference]
    weight = sum(numel for numel, _, _ in found)
    if not weight:
        return math.nan, math.nan
    return tuple(math.fsum(row[0] * row[i] for row in found) / weight for i in (1, 2))  # type: ignore[return-value]


def _groups(pairs: list[Pair]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(layers of which a value changed, layers of which none did), by A's names up to the first number."""
    changed: dict[str, bool] = defaultdict(bool)
    for pair in pairs:
        if pair.difference is not None and not pair.difference.problem:
            changed[_layer(pair.a or "")] |= bool(pair.difference.n_different)
    return (tuple(name for name, moved in changed.items() if moved)[:_MOST_GROUPS],
            tuple(name for name, moved in changed.items() if not moved)[:_MOST_GROUPS])


def _layer(key: str) -> str:
    segments = key.split(".")[:-1] or [key]
    for i, segment in enumerate(segments):
        if any(char.isdigit() for char in segment):
            return ".".join(segments[:i + 1])
    return ".".join(segments)
