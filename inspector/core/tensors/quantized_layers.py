"""Weights that quantized layers keep packed in objects of their own, where no state dict of plain tensors has them."""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core.checkpoint import Checkpoint, Opaque
from inspector.core.keypath import ancestors, is_within, relative, top_of, visible
from inspector.core.wording import count


def packed_in(ckpt: Checkpoint, key: str) -> str | None:
    """The class of the object of a whole module that has the tensor in its packed state: what `__getstate__` of `LinearPackedParamsBase`,
    `ConvPackedParamsBase` … gives, or that of a quantized convolution. None for other tensors, attributes of modules among them."""
    if ckpt.tensors[key].state_dict is not None:
        return None
    for path in ancestors(key):
        value = ckpt.values.get(path)
        if isinstance(value, Opaque) and value.type != "reference":
            return value.type if top_of(relative(key, path)) == "state" else None
    return None


def packed_keys(ckpt: Checkpoint, path: str) -> Iterator[str]:
    """The keys of such weights in what is at `path`."""
    return (key for key, info in ckpt.tensors.items()
            if info.state_dict is None and is_within(key, path) and packed_in(ckpt, key) is not None)


def said_of(ckpt: Checkpoint, key: str) -> str:
    """The sentence about a packed weight that cannot be carried over."""
    return (f"{visible(key, 80)} ({count(ckpt.tensors[key].nbytes, 'byte')}) lies packed in an object, "
            f"{visible(packed_in(ckpt, key) or '', 80)}, and is in no state dict that can be written here: it is left out.")
