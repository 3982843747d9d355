"""In which form two checkpoints are compared: as they are stored, or as the tensors that their packed parts stand for."""
from __future__ import annotations

from inspector.core.adapters import is_adapter
from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.packed.families.names import LogicalTensor
from inspector.core.packed.hints import may_be_packed
from inspector.core.packed.logical import instead_of_parts, packed_among
from inspector.core.progress import QUIET, Monitor


def as_meant(a: Checkpoint, b: Checkpoint, monitor: Monitor = QUIET) -> tuple[Checkpoint, Checkpoint]:
    """Both with the packed tensors that can be unpacked instead of their parts, so that codes are compared with what they stand for. What
    both have stored in one and the same way with the same scales stays as it is: its integers say all. An adapter is no model."""
    if not (may_be_packed(a, monitor) or may_be_packed(b, monitor)) or is_adapter(a) is not is_adapter(b):
        return a, b
    (in_a, tensors_a), (in_b, tensors_b) = packed_among(a, monitor), packed_among(b, monitor)
    return (instead_of_parts(a, chosen := _chosen(a, in_a, b, in_b), tensors_a, len(chosen) < len(in_a)),
            instead_of_parts(b, chosen := _chosen(b, in_b, a, in_a), tensors_b, len(chosen) < len(in_b)))


def _chosen(ckpt: Checkpoint, found: dict[str, LogicalTensor], other: Checkpoint,
            others: dict[str, LogicalTensor]) -> dict[str, LogicalTensor]:
    return {name: tensor for name, tensor in found.items() if tensor.decoder is not None and not (
        tensor.scheme == "torch-qtensor" and name in others and _is_stored_alike(ckpt.tensors.get(name), other.tensors.get(name)))}


def _is_stored_alike(x: TensorInfo | None, y: TensorInfo | None) -> bool:
    return x is not None and y is not None and x.dtype == y.dtype and x.quantizer == y.quantizer


def stored_as(info: TensorInfo) -> object:
    """What differs for tensors that are not stored in one way: the element type, or how they are packed."""
    if info.unpacked is None:
        return info.dtype
    return info.unpacked.scheme, tuple((role, part.dtype, part.shape) for role, part in info.unpacked.sources)
