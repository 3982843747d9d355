"""The files of a sharded set that hold more than tensors by their names, as the one object that they are together.

A set of PyTorch files has a table of all keys, and what stands there under `optimizer.param_groups.0.lr` is a number in a dict in a list.
One object made of that table would have a key of that name, which no optimizer reads. The files know better: joined (`object.merged`),
they are what `torch.save` would have written, and the edits apply to that as they did to the table.
"""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core import opening
from inspector.core.checkpoint import Checkpoint
from inspector.core.edits.editing import edit
from inspector.core.errors import Changed, InspectorError
from inspector.core.io import addresses
from inspector.core.keypath import visible
from inspector.core.progress import QUIET, Monitor

from .object.merged import merge

_FORMAT = "torch-sharded"
_FLAT = "What lies in dicts and lists of the set is written under names with dots: its files cannot be joined ({})."
_OTHER = "In the one object of the set the edits do otherwise than in the table of its files, at {} first."


def as_one_object(ckpt: Checkpoint, monitor: Monitor = QUIET) -> tuple[Checkpoint, str]:
    """`ckpt` with one object, and ""; itself where it has one, or needs none, and itself with a sentence where the files cannot be joined.
    Raises Changed when they are not what was opened any more, Cancelled."""
    source = ckpt.as_opened
    if source.format != _FORMAT or not (source.values or any(source.state_dicts)):
        return ckpt, ""
    stamps = [stamp for stamp in source.files if not stamp.path.endswith(".json")]
    if any(stamp.inside or addresses.is_address(stamp.path) for stamp in stamps):
        return ckpt, _FLAT.format("they are not files of this computer")
    try:
        parts = [opening.open(stamp.path, monitor=monitor, follow_links=True) for stamp in stamps]
        for part, stamp in zip(parts, stamps, strict=True):
            if part.files != (stamp,):
                raise Changed("the file is not the one that was opened any more", "Open the set again.", visible(stamp.path))
        joined = merge(parts, monitor)
        if {*joined.tensors} != {*source.tensors} or {*joined.values} != {*source.values}:
            return ckpt, _FLAT.format("together they have other keys")
        after = joined if ckpt.edited is None else edit(joined, ckpt.edited.edits, monitor)
        other = {*_form(after)}.symmetric_difference(_form(ckpt))
        return after, _OTHER.format(visible(min(other)[0], 80)) if other else ""
    except Changed:
        raise
    except InspectorError as error:
        return ckpt, _FLAT.format(error.message)


def _form(ckpt: Checkpoint) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield from ((key, info.shape) for key, info in ckpt.tensors.items())
    yield from ((key, ()) for key in ckpt.values)
