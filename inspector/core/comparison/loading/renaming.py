"""Edits that give tensors the names they should have, as few and as general as they can be, tried out before they are proposed.

A step is (option, argument) as the command line takes it, and acts on names inside a state dict.
"""
from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from inspector.core.keypath import parent_of, segments_of, top_of, under
from inspector.core.naming_conventions import WRAPPERS, without_wrappers
from inspector.core.numbering import moved, places

Step = tuple[str, str]
"""An edit as it is typed: (option, argument), like ("--strip-prefix", "module.")."""

_MOST = 64              # more steps than this help nobody
_NUMBER = re.compile(r"\d+")


def steps_for(names: Iterable[str], targets: Mapping[str, str]) -> tuple[list[Step], dict[str, str]]:
    """(steps, name -> what the steps make of it). `targets` says what some of `names` should be called; the others may be
    renamed along where that harms nobody. Steps that cannot be had without a collision are left out.

    >>> core.steps_for(["module.a.w", "module.b.w"], {"module.a.w": "a.w"})
    ([('--strip-prefix', 'module.')], {'module.a.w': 'a.w', 'module.b.w': 'b.w'})
    """
    work = _Work({name: name for name in names}, dict(targets))
    work.unwrap()
    work.prefixes()
    work.numbers()
    work.patterns()
    return work.steps, work.now


class _Rename(NamedTuple):
    pattern: str
    replacement: str

    def of(self, name: str) -> str:
        return re.sub(self.pattern, self.replacement, name)


class _Work:
    """`now` maps each name to what it is called after `steps`."""

    def __init__(self, now: dict[str, str], targets: dict[str, str]) -> None:
        self.now = now
        self.targets = targets
        self.steps: list[Step] = []

    def pending(self) -> dict[str, str]:
        """What names that are not right yet are called now -> what they should be."""
        return {self.now[name]: target for name, target in self.targets.items() if self.now[name] != target}

    def take(self, step: Step, changed: Mapping[str, str]) -> bool:
        """Does it, unless two names would become one or a right one wrong. `changed` maps present names."""
        then = {name: changed.get(present, present) for name, present in self.now.items()}
        right = all(then[name] == target for name, target in self.targets.items() if self.now[name] == target)
        if not right or then == self.now or len(set(then.values())) < len(then):
            return False
        self.now = then
        self.steps.append(step)
        return True

    # -- whole prefixes -----------------------------------------------------------------------------------------------

    def unwrap(self) -> None:
        """What wrappers (`torch.compile`, FSDP …) put into names is stripped from all of them, when the targets have none of it."""
        pending = self.pending()
        for wrapper in sorted(WRAPPERS):
            wrapped = {name for name in pending if f".{wrapper}." in f".{name}."}
            if wrapped and not any(f".{wrapper}." in f".{target}." for target in self.targets.values()):
                changed = {name: without_wrappers(name, (wrapper,)) for name in self.now.values()}
                self.take(("--strip-prefix", f"{wrapper}."), changed)

    def prefixes(self) -> None:
        """Prefixes to strip, the one most names ask for first; then one to add, or one to put in another's place."""
        for _ in range(_MOST):
            pending = self.pending()
            asked: dict[tuple[str, str], int] = defaultdict(int)
            for name, target in pending.items():
                difference = _difference(name, target)
                if _NUMBER.search(difference[0]):       # the numbers of layers may differ below a prefix that is to go
                    difference = _difference(_NUMBER.sub("0", name), _NUMBER.sub("0", target))
                asked[difference] += 1
            for (old, new), count in sorted(asked.items(), key=lambda one: -one[1])[:8]:
                # a layer's prefix is left to the patterns, which do all layers at once
                if (count >= 2 or count == len(pending)) and not _NUMBER.search(old) and self._replace(old, new, pending):
                    break
            else:
                return

    def _replace(self, old: str, new: str, pending: dict[str, str]) -> bool:
        present = list(self.now.values())
        if old and not new:
            return self.take(("--strip-prefix", old), {name: name[len(old):] for name in present if name.startswith(old)})
        if new and not old:
            if self.take(("--add-prefix", new), {name: new + name for name in present}):
                return True
            heads = sorted({top_of(name) for name, target in pending.items() if target == new + name})
            chosen = "|".join(map(_literal, heads))
            return len(heads) <= 16 and self._rename(_Rename(rf"^(?=(?:{chosen})(?:\.|$))", _plain(new)))
        if not old:
            return False
        rename = _Rename("^" + _literal(old), _plain(new))
        return self._rename(rename) or self._renamed_and_renumbered(rename)

    def _renamed_and_renumbered(self, rename: _Rename) -> bool:
        """Another stem and another first number of layers: one rename and one shift, where a rename alone would be one a layer."""
        now, steps = self.now, [*self.steps]
        if self._rename(rename, numbers_later=True):
            self.numbers()
            if not any(_NUMBER.sub("0", name) == _NUMBER.sub("0", target) for name, target in self.pending().items()):
                return True
        self.now, self.steps = now, steps
        return False

    def _rename(self, rename: _Rename, *, numbers_later: bool = False) -> bool:
        changed = {name: rename.of(name) for name in self.now.values()}
        pending = self.pending()

        def is_right(name: str, target: str) -> bool:
            return name == target or (numbers_later and _NUMBER.sub("0", name) == _NUMBER.sub("0", target))

        wrong = any(name in pending and not is_right(new, pending[name]) for name, new in changed.items() if new != name)
        return not wrong and self.take(("--rename", f"{rename.pattern}={rename.replacement}"), changed)

    # -- numbers of layers --------------------------------------------------------------------------------------------

    def numbers(self) -> None:
        """Layers that are counted from another number, all at once: one by one each would be in the way of the next."""
        for _ in range(_MOST):
            asked = Counter(one for name, target in self.pending().items() if (one := _other_number(name, target)) is not None)
            if not any(count >= 2 and self.take(("--renumber", f"{place}={by:+d}"), _renumbered(self.now.values(), place, by))
                       for (place, by), count in asked.most_common(8)):
                return

    # -- patterns -----------------------------------------------------------------------------------------------------

    def patterns(self) -> None:
        """Renames of what is left, for as many names at once as one pattern fits."""
        stuck: set[str] = set()
        while len(self.steps) < _MOST:
            pending = {name: target for name, target in self.pending().items() if name not in stuck}
            if not pending:
                return
            name, target = next(iter(pending.items()))
            tried = sorted(dict.fromkeys(_generalised(name, target)), key=lambda rename: -_coverage(rename, pending))
            if not any(self._rename(rename) for rename in tried):
                stuck.add(name)


def _other_number(name: str, target: str) -> tuple[str, int] | None:
    """Where and by how much the number of a layer differs, if nothing else does."""
    for (place, mine, start, end), (_, theirs, *_) in zip(places(name), places(target), strict=False):
        if mine != theirs:
            by = theirs[-1] - mine[-1]
            return (place, by) if moved(name, start, end, by) == target else None
    return None


def _renumbered(names: Iterable[str], place: str, by: int) -> dict[str, str]:
    return {name: moved(name, start, end, by) for name in names for at, numbers, start, end in places(name)
            if at == place and numbers[-1] + by >= 0}


def _coverage(rename: _Rename, pending: dict[str, str]) -> int:
    return sum(rename.of(name) == target for name, target in pending.items())


def _difference(name: str, target: str) -> tuple[str, str]:
    """The prefixes in which they differ, whole segments, and no more of them than need be."""
    mine, theirs = segments_of(name), segments_of(target)
    same = 0
    while same < min(len(mine), len(theirs)) and mine[-1 - same] == theirs[-1 - same]:
        same += 1
    def head(segments: list[str]) -> str:
        return "".join(f"{segment}." for segment in segments[:len(segments) - same])
    return (head(mine), head(theirs)) if same else ("?", "")


def _generalised(name: str, target: str) -> Iterator[_Rename]:
    """Renames that do it: of the module with all its tensors, or of the name itself; each for all layers, where a number
    stays, and for this one only; or of a prefix."""
    mine, theirs = segments_of(name), segments_of(target)
    old, new = _difference(name, target)
    if old and old != "?":
        yield from _with_numbers(old, new, "")
    if mine[-1] == theirs[-1] and len(mine) > 1 and len(theirs) > 1:
        yield from _with_numbers(under(parent_of(name)), under(parent_of(target)), "")
    yield from _with_numbers(name, target, "$")


def _with_numbers(name: str, target: str, end: str) -> Iterator[_Rename]:
    """The numbers that stay become groups: all of them in order, the first only, the last only, none."""
    mine, theirs = list(_NUMBER.finditer(name)), list(_NUMBER.finditer(target))
    in_order: list[tuple[int, int]] = []
    at = 0
    for i, number in enumerate(mine):
        j = next((j for j in range(at, len(theirs)) if theirs[j][0] == number[0]), None)
        if j is not None:
            in_order.append((i, j))
            at = j + 1
    for kept in (in_order, in_order[:1], in_order[-1:], []):
        pattern, replacement = ["^"], []
        last = 0
        for i, _ in kept:
            pattern += [_literal(name[last:mine[i].start()]), r"(\d+)"]
            last = mine[i].end()
        pattern.append(_literal(name[last:]) + end)
        last = 0
        for group, (_, j) in enumerate(kept, 1):
            replacement += [_plain(target[last:theirs[j].start()]), f"\\g<{group}>"]
            last = theirs[j].end()
        replacement.append(_plain(target[last:]))
        yield _Rename("".join(pattern), "".join(replacement))


def _literal(text: str) -> str:
    """`text` in a pattern. The first `=` would end the pattern on the command line, so it is written as its code."""
    return re.escape(text).replace("=", r"\x3d").replace(r"\-", "-").replace(r"\_", "_")


def _plain(text: str) -> str:
    """`text` in a replacement."""
    return text.replace("\\", r"\\")


