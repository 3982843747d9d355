"""Layers whose number is missing between others of their stack: a lost shard, a wrong filter, a conversion that skipped one.

Names alone cannot tell a lost layer from one that has no tensors: an activation in an `nn.Sequential` has a number too. So a stack is what
is named like one and has several parts in each layer, most of them the same; and gaps that come at equal distances, as pooling does, are
part of the plan.
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from inspector.core.findings import Finding, Level
from inspector.core.keypath import visible
from inspector.core.progress import QUIET, Monitor, stoppable

_NUMBER = re.compile(r"(?<=[a-z._])\d{1,6}(?=\.)", re.IGNORECASE)
_STEM = re.compile(r"(?:(?<!\d)(?:layers?|blocks?|stages?|units?|cells?|stacks?|transformer|experts?)"
                   r"|(?:^|(?<=\.))h)[._]?\Z", re.IGNORECASE)       # "path.0." is no stack of h; but "denseblock1." and "resblocks.0." are
_LONGEST = 16           # characters that a stem has at most, and the one before it
_LONG = 4096            # characters from which on a key is no layer's: what it begins with is held for each number in it
_ADAPTER = re.compile(r"(?:^|\.)(?:lora_|ia3_|hada_|adapter)")      # those are put on some layers only
_PART = re.compile(r"\d+[-_]of[-_]\d+")
_SHOWN = 8              # numbers that are listed
_TOLD = 20              # stacks
_PERIOD = 3             # layers between gaps up to which equal distances are taken for a plan


class Gap(NamedTuple):
    """`stack` is what the keys begin with ("model.layers."), `there` and `missing` are numbers, ascending."""

    stack: str
    there: tuple[int, ...]
    missing: tuple[int, ...]


def missing_layers(keys: Collection[str], monitor: Monitor = QUIET) -> list[Gap]:
    """The stacks in which numbers are missing. Linear in the keys. Raises Cancelled."""
    stacks: dict[str, set[str]] = {}        # numbers as text: those of a file are not hashed as themselves
    others: set[str] = set()                # what comes before numbers and is no stack
    for key, begin, end in _numbered(keys, monitor):
        stack, number = key[:begin], key[begin:end]
        numbers = stacks.get(stack)
        if numbers is not None:
            numbers.add(number)
        elif stack not in others:
            if _STEM.search(stack[-_LONGEST:]) is None:
                others.add(stack)
            else:
                stacks[stack] = {number}
    gaps = {gap.stack: gap for stack, numbers in stacks.items() if (gap := _gap(stack, numbers)) is not None}
    if not gaps:
        return []
    parts: dict[str, dict[str, set[str]]] = {stack: {} for stack in gaps}       # which only few are asked for
    for key, begin, end in _numbered(keys, monitor):
        if key[:begin] in parts:
            parts[key[:begin]].setdefault(str(int(key[begin:end])), set()).add(key[end + 1:])
    return [gap for stack, gap in gaps.items() if _is_stack(parts[stack])]


def missing_layers_findings(keys: Iterable[str], path: str = "", monitor: Monitor = QUIET) -> Iterator[Finding]:
    """The finding "missing-layers" of each such stack. A file that is named as a part of a set has every reason to lack some."""
    keys = list(keys)
    gaps = missing_layers(keys, monitor)
    part = _PART.search(path) is not None
    level: Level = "info" if part else "warning"
    hint = "The other files of the set may have them." if part else \
        "A part of the model was lost or left out: look for another shard, or save it again."
    for gap in gaps[:_TOLD]:
        subject, verb = ("Layer", "is") if len(gap.missing) == 1 else ("Layers", "are")
        yield Finding("missing-layers", level, visible(gap.stack.rstrip("._")),
                      f"{subject} {_listed(gap.missing)} of {visible(gap.stack, 80)}* {verb} missing; "
                      f"there are {_listed(gap.there)}.", hint, keys=tuple(key for key in keys if key.startswith(gap.stack)),
                      prefix=gap.stack)
    if len(gaps) > _TOLD:
        yield Finding("missing-layers", level, visible(gaps[_TOLD].stack.rstrip("._")),
                      f"Layers are missing in {len(gaps) - _TOLD:,} more stacks.", hint, prefix=gaps[_TOLD].stack)


def _numbered(keys: Iterable[str], monitor: Monitor) -> Iterator[tuple[str, int, int]]:
    """The keys, each with where a number begins and ends that may be a layer's, for each of these."""
    for key in stoppable(keys, monitor):
        if len(key) < _LONG:
            for match in _NUMBER.finditer(key):
                yield key, match.start(), match.end()


def _gap(stack: str, numbers: Iterable[str]) -> Gap | None:
    """What is missing between these, where it is not so much or so regular that it is meant to be."""
    there = [number for number, _ in groupby(sorted(map(int, numbers)))]
    missing = there[-1] - there[0] + 1 - len(there)
    if not missing:
        return None
    runs = _lengths(there)
    gaps = len(runs) - 1
    if gaps * 3 > len(there) or (len(set(runs)) == 1 and runs[0] <= _PERIOD and (gaps > 1 or runs[0] < 3)):
        return None
    if missing > 4 * len(there) + 64:
        return None         # numbers that count something else
    known = set(there)
    return Gap(stack, tuple(there), tuple(n for n in range(there[0], there[-1]) if n not in known))


def _is_stack(layers: dict[str, set[str]]) -> bool:
    """Whether most layers have the same several parts."""
    often = Counter(rest for rests in layers.values() for rest in rests)
    parts = [rest for rest, times in often.items() if times * 2 > len(layers) and "." in rest]
    return len(parts) > 1 and not all(_ADAPTER.search(part) for part in often)


def _lengths(numbers: Sequence[int]) -> list[int]:
    """How many follow each other without a gap."""
    found = [1]
    for before, after in pairwise(numbers):
        if after == before + 1:
            found[-1] += 1
        else:
            found.append(1)
    return found


def _listed(numbers: Sequence[int]) -> str:
    """"0-2, 4"."""
    found, at = [], 0
    for length in _lengths(numbers):
        first, last = numbers[at], numbers[at + length - 1]
        found.append(str(first) if length == 1 else f"{first}-{last}")
        at += length
    return ", ".join(found[:_SHOWN]) + (" …" if len(found) > _SHOWN else "")
