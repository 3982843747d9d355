"""Tensors that are stored in parts, when an edit would change the shape of one of them: codes without the scales of their rows are no
weights any more."""
from __future__ import annotations

from collections.abc import Iterable

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import EditError
from inspector.core.keypath import quoted, visible
from inspector.core.packed.families.names import LogicalTensor
from inspector.core.packed.logical import keys_of, packed

_SHOWN = 3


def refuse_parts(ckpt: Checkpoint, keys: Iterable[str], what: str) -> None:
    """Raises EditError where one of the tensors `keys` is a part of a packed one and would be `what` ("resized") alone."""
    for key, of in _owners(ckpt, keys):
        raise EditError(f"{quoted(key, 80)} cannot be {what}: it holds a part of {visible(of.name, 80)} {list(of.shape)}, packed as "
                        f"{of.words}", f"Unpack it before: --dequantize float16:{visible(of.name, 200)}.", key, id="packed")


def said_of_parts(ckpt: Checkpoint, keys: Iterable[str]) -> list[str]:
    """What is to be known of an edit that takes parts of packed tensors elsewhere."""
    found = list(_owners(ckpt, keys))
    named = ", ".join(f"{visible(key, 60)} of {visible(of.name, 60)} ({of.words})" for key, of in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
    return [f"Parts of packed tensors: {named}{more}. The other parts stay as they are."] if found else []


def _owners(ckpt: Checkpoint, keys: Iterable[str]) -> Iterable[tuple[str, LogicalTensor]]:
    """Those of the tensors that are parts; the factors of an adapter stand for themselves."""
    wanted = [*keys]
    owner = {key: of for of in packed(ckpt).values() if not of.is_adapter for key in keys_of(of)} if wanted else {}
    return ((key, owner[key]) for key in wanted if key in owner)
