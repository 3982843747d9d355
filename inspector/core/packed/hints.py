"""Whether a checkpoint may hold packed tensors at all: a glance at names, before the rooms that know them are loaded."""
from __future__ import annotations

from inspector.core.checkpoint import Checkpoint
from inspector.core.keypath import leaf_of

_LEAVES = frozenset({"qweight", "SCB", "weight_packed", "weight_scale", "scales", "bitsandbytes__nf4", "bitsandbytes__fp4"})
_OTHER_PROGRAMS = frozenset({"gguf", "onnx", "npz", "dcp-safetensors", "dtensor", "deepspeed-zero", "megatron"})
_ENDINGS = ("_scale_inv", "_blocks")
_ADAPTER = ".lora_"


def may_be_packed(ckpt: Checkpoint) -> bool:
    """False where nothing says so; a matter of milliseconds for many tensors.

    >>> core.may_be_packed(core.edit({"fc.weight": np.ones((2, 2))}, []))
    False
    """
    if "tensor_names" in ckpt.metadata or ckpt.as_opened.format in _OTHER_PROGRAMS:
        return True
    leaves = {leaf_of(key) for key in ckpt.tensors}
    if not leaves.isdisjoint(_LEAVES) or any(leaf.endswith(_ENDINGS) for leaf in leaves):
        return True
    if any(_ADAPTER in key for key in ckpt.tensors):
        return True
    if "scale" in leaves and any(info.dtype == "float8_e8m0fnu" for info in ckpt.tensors.values()):
        return True
    return any(info.extra is not None and (info.extra.quantizer is not None or info.extra.subclass.startswith("torchao."))
               for info in ckpt.tensors.values())
