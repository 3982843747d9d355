"""Weights that quantized layers keep packed in objects of their own, where no state dict of plain tensors has them."""
from __future__ import annotations

from inspector.core.checkpoint import Checkpoint, Opaque
from inspector.core.keypath import ancestors, relative, top_of


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
