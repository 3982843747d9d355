"""Which way round a weight stands: the kernels of transposed convolutions lie by inputs first (torch/nn/modules/conv.py: `(in_channels,
out_channels // groups, *kernel_size)` where the others have `(out_channels, in_channels // groups, *kernel_size)`)."""
from __future__ import annotations

from inspector.core.checkpoint import Checkpoint, Opaque
from inspector.core.keypath import join, parent_of


def is_transposed(ckpt: Checkpoint, key: str) -> bool:
    """Whether `key` is the weight of a transposed convolution for sure: by the class of its module, where a module was pickled, or because
    only the second dimension is as long as the bias beside it. False where nothing tells.

    >>> core.is_transposed({"up.weight": np.zeros((8, 4, 2, 2)), "up.bias": np.zeros(4)}, "up.weight")
    True
    """
    info = ckpt.tensors.get(key)
    if info is None or len(info.shape) < 3:
        return False
    module = ckpt.values.get(parent_of(key))
    if isinstance(module, Opaque) and "Conv" in module.type:
        return "ConvTranspose" in module.type
    bias = ckpt.tensors.get(join(parent_of(key), "bias"))
    return bias is not None and bias.shape == info.shape[1:2] != info.shape[:1]
