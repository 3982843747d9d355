"""What was found of pairs of tensors, kept for as long as the files stay as they are. Used by workers, one at a time.

A pair is known by what its two tensors are: the same elements of the same storages of the same files, whatever they are called. An edit
that does something else, another rule for names, or the files taken up again later ask for nothing to be read twice.
"""
from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from inspector import core

from .kept_differences import NAME, KeptDifferences

MOST = 200_000          # pairs
MOST_JUDGED = 8         # comparisons


class _Judged(NamedTuple):
    """What took reading both files to say, by the keys that the files have for their tensors."""

    exactly: Hashable
    lineage: core.Lineage
    rearranged: tuple[core.Rearranged, ...]
    undecided: tuple[core.Undecided, ...]
    unsearched: core.Unsearched | None


class KnownDifferences:
    def __init__(self) -> None:
        self._found = KeptDifferences()
        self._judged: dict[Hashable, _Judged] = {}

    def __len__(self) -> int:
        return len(self._found)

    def keep(self, comparison: core.Comparison, pair: core.Pair) -> None:
        """Remembers what was found of `pair`."""
        name = _name_of(comparison, pair)
        if name is not None and pair.difference is not None and not pair.difference.problem:
            if len(self._found) >= MOST:
                self._found.clear()
            self._found.keep(name, pair.difference)

    def filled(self, comparison: core.Comparison, monitor: core.Monitor = core.QUIET) -> core.Comparison:
        """The comparison with what is known of its pairs."""
        if not self._found:
            return comparison
        pairs = list(comparison.pairs)
        for n, pair in enumerate(core.stoppable(comparison.pairs, monitor)):
            if pair.difference is None and pair.status in ("unread", "dtype"):
                name = _name_of(comparison, pair)
                found = self._found.get(name) if name is not None else None
                if found is not None:
                    pairs[n] = core.with_difference(pair, found)
        return core.with_pairs(comparison, pairs)

    def judged(self, comparison: core.Comparison, monitor: core.Monitor) -> core.Comparison:
        """What a comparison whose values were read comes to. Where B's values come from and which tensors are made of which takes reading
        them once more: while edits wait, the first is left unsaid, and the second is what was found before them."""
        files = tuple((ckpt.edited.source if ckpt.edited else ckpt).files for ckpt in (comparison.a, comparison.b))
        pending = comparison.a.edited is not None or comparison.b.edited is not None
        exactly = None if pending else (comparison.state_dicts, comparison.rules, comparison.weights_only)
        known = self._judged.get(files)
        if known is None or not (pending or known.exactly == exactly):
            found = core.judged(comparison, monitor)
            if len(self._judged) >= MOST_JUDGED:
                self._judged.clear()
            self._judged[files] = _Judged(exactly, found.lineage, _as_opened(found.rearranged, comparison), found.undecided,
                                           found.unsearched)
            return found
        comparison = replace(comparison, rearranged=_as_it_is(known.rearranged, comparison))
        if not pending:
            comparison = replace(comparison, lineage=known.lineage, undecided=known.undecided, unsearched=known.unsearched)
        return replace(comparison, verdict=core.verdict_of(comparison, monitor))


def _as_opened(found: Sequence[core.Rearranged], comparison: core.Comparison) -> tuple[core.Rearranged, ...]:
    """By the keys that the tensors have in their files, as far as they come from there."""
    origins = [ckpt.edited.origin if ckpt.edited is not None else None for ckpt in (comparison.a, comparison.b)]
    return tuple(moved for one in found if (moved := _under_other_keys(one, origins)) is not None)


def _as_it_is(found: Sequence[core.Rearranged], comparison: core.Comparison) -> tuple[core.Rearranged, ...]:
    """By the keys that the tensors have now; without those of which an edit has taken something away or given it other elements."""
    now = [None if ckpt.edited is None else {old: key for key, old in ckpt.edited.origin.items()
                                              if key in ckpt.tensors and ckpt.tensors[key].read_from is None}
           for ckpt in (comparison.a, comparison.b)]
    return tuple(moved for one in found if (moved := _under_other_keys(one, now)) is not None)


def _under_other_keys(one: core.Rearranged, tables: Sequence[object]) -> core.Rearranged | None:
    sides = []
    for keys, table in zip((one.a, one.b), tables, strict=True):
        moved = keys if not isinstance(table, Mapping) else tuple(table[key] for key in keys if key in table)
        if len(moved) != len(keys):
            return None
        sides.append(moved)
    return one._replace(a=sides[0], b=sides[1])


def _name_of(comparison: core.Comparison, pair: core.Pair) -> bytes | None:
    """None where it cannot be told."""
    a, b = core.identity_of(comparison.a, pair.a or ""), core.identity_of(comparison.b, pair.b or "")
    return None if a is None or b is None else hashlib.blake2b(a + b, digest_size=NAME).digest()
