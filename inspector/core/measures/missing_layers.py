"""Layers whose number is missing between others of their stack: a lost shard, a wrong filter, a conversion that skipped one.

Names alone cannot tell a lost layer from one that has no tensors: an activation in an `nn.Sequential` has a number too. So a stack is what
is named like one and has several parts in each layer, most of them the same; and gaps that come at equal distances, as pooling does, are
part of the plan.
"""
from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from inspector.core.findings import Finding, Level
from inspector.core.keypath import visible

_NUMBERED = re.compile(r"(?P<stem>(?:layers?|blocks?|stages?|units?|cells?|stacks?|h|transformer|experts?)[._]?)"
                       r"(?P<number>\d{1,6})(?=\.)", re.IGNORECASE)
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


def missing_layers(keys: Iterable[str]) -> list[Gap]:
    """The stacks in which numbers are missing. Linear in the keys."""
    stacks: dict[str, dict[str, set[str]]] = {}         # by numbers as text: those of a file are not hashed as themselves
    for key in keys:
        for stack, number, rest in _layers(key):
            stacks.setdefault(stack, {}).setdefault(str(number), set()).add(rest)
    found = (_gap(stack, layers) for stack, layers in stacks.items())
    return [gap for gap in found if gap is not None]


def missing_layers_findings(keys: Iterable[str], path: str = "") -> Iterator[Finding]:
    """The finding "missing-layers" of each such stack. A file that is named as a part of a set has every reason to lack some."""
    keys = list(keys)
    gaps = missing_layers(keys)
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


def _layers(key: str) -> Iterator[tuple[str, int, str]]:
    """(stack, number, what follows) of every numbered segment of a key."""
    for match in _NUMBERED.finditer(key):
        at = match.start()
        if at and (key[at - 1] != "." if match["stem"].rstrip("._").lower() == "h" else key[at - 1].isdigit()):
            continue        # "path.0." is no stack of h; but "denseblock1." and "resblocks.0." are stacks
        yield key[:match.start("number")], int(match["number"]), key[match.end() + 1:]


def _gap(stack: str, layers: dict[str, set[str]]) -> Gap | None:
    there = sorted(map(int, layers))
    missing = sum(after - before - 1 for before, after in pairwise(there))
    if not missing or not _is_stack(layers):
        return None
    runs = _lengths(there)
    gaps = len(runs) - 1
    if gaps * 3 > len(there) or (len(set(runs)) == 1 and runs[0] <= _PERIOD and (gaps > 1 or runs[0] < 3)):
        return None
    if missing > 4 * len(there) + 64:
        return None         # numbers that count something else
    numbers = set(there)
    return Gap(stack, tuple(there), tuple(n for n in range(there[0], there[-1]) if n not in numbers))


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
