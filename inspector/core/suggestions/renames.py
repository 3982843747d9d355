"""Some tensors -> a renaming that means just them, to be changed by whoever asked."""
from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from inspector.core.edits.editing import edit
from inspector.core.edits.rename import Rename
from inspector.core.edits.tools.common import origin_of
from inspector.core.edits.tools.optimizers import states_of
from inspector.core.errors import EditError
from inspector.core.keypath import segments_of
from inspector.core.opening import CheckpointLike, opened
from inspector.core.progress import QUIET, Monitor
from inspector.core.training.weights import optimizer_states

_LONGEST = 4000         # characters of a pattern
_GROUPS = 99            # that a replacement can ask for by number


def rename_for(keys: Collection[str], ckpt: CheckpointLike, monitor: Monitor = QUIET) -> Rename | None:
    """A renaming whose pattern fits just the tensors `keys`, and the optimizer's state for them, with a replacement that leaves their
    names as they are: what stands between its groups can then be changed. It has been tried, which reads no tensor. None when no pattern
    means them alone, as where another state dict has the same names. Raises Cancelled.

    >>> model = {f"layers.{n}.{leaf}": np.ones(2) for n in range(12) for leaf in ("norm.weight", "norm.bias", "fc.weight")}
    >>> core.rename_for([key for key in model if "norm" in key], core.edit(model, []))
    Rename(pattern='^layers\\\\.(\\\\d+)\\\\.norm\\\\.(weight|bias)$', replacement='layers.\\\\1.norm.\\\\2')
    """
    ckpt = opened(ckpt, monitor)
    kept = optimizer_states(ckpt)
    wanted = {key for key in keys if key in ckpt.tensors and ckpt.tensors[key].state_dict not in kept}
    also = {*wanted, *keys, *states_of(ckpt, wanted).keys}
    for made in _candidates(list(dict.fromkeys(ckpt.tensors[key].name for key in ckpt.tensors if key in wanted))):
        monitor.check()
        try:
            after = edit(ckpt, [Rename(made.pattern, f"~{made.replacement}")], monitor)
        except EditError:               # a pattern that is too long or, of a whole module, no names that can be changed
            continue
        changed = {old for new, old in origin_of(after).items() if new != old and old in ckpt.tensors}
        if wanted <= changed <= also:
            return made
    return None


def _candidates(names: Sequence[str]) -> Iterator[Rename]:
    """The ones that say most first: segments that differ are groups, and numbers any number; just these numbers; all that begins alike;
    any number in one of several forms; all by their names."""
    if not names:
        return
    rows = [segments_of(name) for name in names]
    if len({len(row) for row in rows}) == 1:
        columns = [tuple(dict.fromkeys(column)) for column in zip(*rows, strict=True)]
        if sum(len(column) > 1 for column in columns) <= _GROUPS:
            yield from (_by_segments(columns, any_number) for any_number in (True, False))
    low, high = min(names), max(names)          # what these begin with alike, all do
    alike = next((at for at, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    head = low[:low.rfind(".", 0, alike) + 1]
    yield Rename(rf"^{re.escape(head)}(.+)$", rf"{_as_it_is(head)}\1")
    forms = dict.fromkeys(r"\.".join(r"\d+" if _is_number(segment) else re.escape(segment) for segment in row) for row in rows)
    for either in (forms, [re.escape(name) for name in names]):
        pattern = rf"^(?=(?:{'|'.join(either)})$){re.escape(head)}(.+)$"
        if len(pattern) <= _LONGEST:
            yield Rename(pattern, rf"{_as_it_is(head)}\1")


def _by_segments(columns: Sequence[Sequence[str]], any_number: bool) -> Rename:
    pattern, replacement, groups = [], [], 0
    for column in columns:
        if len(column) == 1:
            pattern.append(re.escape(column[0]))
            replacement.append(_as_it_is(column[0]))
            continue
        groups += 1
        number = any_number and all(map(_is_number, column))
        pattern.append(r"(\d+)" if number else f"({'|'.join(map(re.escape, column))})")
        replacement.append(f"\\{groups}")
    return Rename("^" + r"\.".join(pattern) + "$", ".".join(replacement))


def _is_number(segment: str) -> bool:
    return segment.isascii() and segment.isdigit()


def _as_it_is(text: str) -> str:
    return text.replace("\\", "\\\\")
