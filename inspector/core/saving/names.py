"""What the entries of a checkpoint are called in the new file by whoever reads it, and whether they are there at all: asked of the object
before anything is written, so that a plan says what a save would find.

Two entries whose paths read alike (`{"a.0": …, "a": {"0": …}}`) are listed as `a.0` and `a.0#2`: the mark is no part of a name, and what
has it loses it with the other. Of lists that lose items the others close up.
"""
from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import SaveError
from inspector.core.keypath import quoted, visible
from inspector.core.pickles.objects.contents import Contents
from inspector.core.progress import QUIET, Monitor, distinct, stoppable
from inspector.core.wording import counted

from .verify import Mismatch, same_values

_MARK = re.compile(r"#[1-9][0-9]*\Z")
_SHOWN = 3


def is_marked(key: str) -> bool:
    """Whether a key may be one of several whose paths read alike."""
    return "#" in key and _MARK.search(key) is not None


def names_there(ckpt: Checkpoint, contents: Contents, gone: frozenset[str], closed_up: Mapping[str, str],
                monitor: Monitor = QUIET) -> dict[str, str]:
    """Those of the keys of `ckpt` that `contents`, the object to be written, has under another name, with that name; `gone` are not
    written, and `closed_up` are called otherwise already. Raises SaveError where an entry would not be there, be another value, or be lost
    to another one of the same name."""
    _one_of_each(ckpt, contents)
    names: dict[str, str] = {}
    for wanted, found in ((ckpt.tensors, [info.key for info in stoppable(contents.tensors, monitor)]),
                          (ckpt.values, [key for key, _ in contents.values])):
        planned = [(key, closed_up.get(key, key)) for key in stoppable(wanted, monitor) if key not in gone]
        names.update(_matched(planned, found, monitor))
    values = {names.get(key, key): value for key, value in stoppable(ckpt.values.items(), monitor) if key not in gone}
    try:
        same_values(values, dict(contents.values))
    except Mismatch as error:
        raise SaveError(f"{visible(error.what, 80) or 'the object'} cannot be written so that it reads as it does now",
                        "It is written in an unusual way. Drop it, or save the weights alone as safetensors.", error.where,
                        id="not_as_planned") from error
    return names


def told(names: Mapping[str, str]) -> list[str]:
    """A sentence about keys that have other names in the new file."""
    if not names:
        return []
    shown = ", ".join(f"{visible(old, 60)} as {visible(new, 60)}" for old, new in list(names.items())[:_SHOWN])
    more = ", …" if len(names) > _SHOWN else ""
    return [f"{counted(len(names), 'key is', 'keys are')} listed under another name in the new file, as what made it so is not there: "
            f"{shown}{more}."]


def _matched(planned: Sequence[tuple[str, str]], found: Sequence[str], monitor: Monitor) -> dict[str, str]:
    left = distinct(found, monitor)
    taken = distinct((new for _, new in planned), monitor)
    if len(planned) == len(found) and left == taken:
        return {key: new for key, new in stoppable(planned, monitor) if key != new}
    there: dict[str, deque[str]] = {}
    for key in stoppable(found, monitor):
        there.setdefault(_bare(key, left), deque()).append(key)
    names = {}
    for key, new in stoppable(planned, monitor):
        alike = there.get(_bare(new, taken)) or there.get(_MARK.sub("", new))
        if not alike:
            raise SaveError(f"{quoted(key, 80)} would not be in the new file", "Another entry has its place. Drop one of them, or give "
                            "it another name.", visible(key), id="not_as_planned")
        name = alike.popleft()
        if name != key:
            names[key] = name
    extra = next((keys[0] for keys in there.values() if keys), None)
    if extra is not None:
        raise SaveError(f"{quoted(extra, 80)} would be in the new file as well, which is to go", "It stands in another place of the "
                        "same object, too. Drop both.", visible(extra), id="not_as_planned")
    return names


def _bare(key: str, others: Iterable[str]) -> str:
    """A key without the mark, where there is, or was, one without it."""
    bare = _MARK.sub("", key) if "#" in key else key
    return bare if bare in others else key


def _one_of_each(ckpt: Checkpoint, contents: Contents) -> None:
    """Raises SaveError where one dict would have two entries of the same key, of which whoever reads it keeps the last."""
    came = ckpt.edited.origin if ckpt.edited is not None else {}
    before = {key for finding in ckpt.as_opened.findings if finding.id == "duplicate-keys" for key in finding.keys}     # looked after
    found = (key for finding in contents.findings if finding.id == "duplicate-keys" for key in finding.keys or (finding.where,))
    twice = next((key for key in found if came.get(key, key) not in before), None)
    if twice is None:
        return
    bare = _MARK.sub("", twice)
    both = [key for key in (*ckpt.tensors, *ckpt.values) if _MARK.sub("", key) == bare]
    shown = " and ".join(repr(visible(came.get(key, key), 80)) for key in both[:2])
    raise SaveError(f"{shown} would both be called {quoted(bare, 80)}", "Drop one of them first, or give it another name.",
                    visible(bare), id="collision")
