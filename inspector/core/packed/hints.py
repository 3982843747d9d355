"""Whether a checkpoint may hold packed tensors at all: a glance at names, before the rooms that know them are loaded."""
from __future__ import annotations

from inspector.core.checkpoint import Checkpoint
from inspector.core.keypath import leaf_of
from inspector.core.progress import QUIET, Monitor, sips, stoppable
from inspector.core.tensor_table import TensorTable, tagged, values_of

_LEAVES = frozenset({"qweight", "SCB", "weight_packed", "weight_scale", "scales", "weight_scales", "codebooks",
                     "bitsandbytes__nf4", "bitsandbytes__fp4"})
OTHER_PROGRAMS = frozenset({"gguf", "onnx", "npz", "dcp-safetensors", "dtensor", "deepspeed-zero", "megatron"})
_ENDINGS = ("_scale_inv", "_blocks")
_ADAPTER = ".lora_"


def may_be_packed(ckpt: Checkpoint, monitor: Monitor = QUIET) -> bool:
    """False where nothing says so; a matter of milliseconds for many tensors. Raises Cancelled.

    >>> core.may_be_packed(core.edit({"fc.weight": np.ones((2, 2))}, []))
    False
    """
    if "tensor_names" in ckpt.metadata or ckpt.as_opened.format in OTHER_PROGRAMS:
        return True
    leaves = ckpt.tensors.leaves() if isinstance(ckpt.tensors, TensorTable) else None
    if leaves is not None and (not leaves.isdisjoint(_LEAVES) or any(leaf.endswith(_ENDINGS) for leaf in leaves)):
        return True
    scaled = leaves is not None and "scale" in leaves
    for piece in sips(ckpt.tensors, monitor):
        keys = "\n".join([*piece, ""])              # looked through at once, which is ten times as fast as one by one
        if _ADAPTER in keys:
            return True
        if leaves is not None:
            continue
        if any(f"{ending}\n" in keys for ending in _ENDINGS):
            return True
        if any(f"{leaf}\n" in keys for leaf in _LEAVES) and not _LEAVES.isdisjoint(map(leaf_of, piece)):
            return True
        scaled = scaled or ".scale\n" in keys
    if scaled and "float8_e8m0fnu" in tagged(ckpt.tensors, "dtype", monitor):
        return True
    extras = filter(None, stoppable(values_of(ckpt.tensors, "extra"), monitor))
    return any(extra.quantizer is not None or extra.subclass.startswith("torchao.") for extra in extras)
