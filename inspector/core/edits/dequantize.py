"""Packed weights as the numbers that they stand for: quantized, block-scaled and wrapped tensors become plain ones."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from inspector.core.checkpoint import Checkpoint, Extra, Storage, TensorInfo
from inspector.core.dtypes import DTYPES
from inspector.core.errors import EditError
from inspector.core.keypath import quoted, visible
from inspector.core.packed.families.names import LogicalTensor
from inspector.core.packed.logical import in_order, metadata_left, packed, tensor_of, values_left
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import counted

from .tools.common import edited, origin_of, storages_left
from .tools.copies import fresh_ids
from .tools.element_types import TypeEdit, dtype_named
from .tools.globs import matcher

_SHOWN = 3


@dataclass(frozen=True)
class Dequantize(TypeEdit):
    """Each packed tensor whose name fits `glob` becomes one tensor of the floating type `dtype` under that name, and its parts (codes,
    scales, zero points …) go. Made with float32 arithmetic, then rounded as `Cast` rounds. What is packed in a way that is not read stays
    as it is; plain tensors do in any case. Of a model of another program (GGUF, ONNX) the weights are left: its own values go.

    >>> import ml_dtypes
    >>> codes = np.ones((2, 2)).astype(ml_dtypes.float8_e4m3fn)
    >>> packed = {"fc.weight": codes, "fc.weight_scale_inv": np.float32([[0.5]])}
    >>> core.edit(packed, [core.Dequantize("bfloat16")]).tensors["fc.weight"].dtype
    'bfloat16'
    """

    OPTION: ClassVar[str] = "dequantize"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        target = self.target(self.dtype)
        there = _packed(ckpt, monitor)
        chosen = self._chosen(there)
        made = {name: tensor for name, tensor in chosen.items() if tensor.decoder is not None}
        if chosen and not made:
            name, tensor = next(iter(chosen.items()))
            raise EditError(f"{quoted(name, 80)} cannot be unpacked: {tensor.problem or 'it is no packed tensor'}",
                            "Save it as it is.", name, id="packed")
        if not made and not _of_another_program(ckpt):
            return edited(ckpt, self)
        ids = fresh_ids(ckpt)
        tensors: dict[str, TensorInfo] = {}
        came_from: dict[str, str] = {}
        storages: dict[str, Storage] = {}
        for key, one in in_order(ckpt, made):
            if isinstance(one, TensorInfo):
                tensors[key], came_from[key] = one, key
                continue
            plain = tensor_of(ckpt, one)
            storage = Storage(next(ids), target, plain.device, plain.numel * DTYPES[target].itemsize, None)
            storages[storage.id] = storage
            tensors[one.name] = plain._replace(dtype=target, storage=storage.id, storage_nbytes=storage.nbytes,
                                               extra=Extra(read_from=plain))
            came_from[one.name] = one.inner[0] if one.inner else one.parts.get("data") or key
        values = {} if _of_another_program(ckpt) else values_left(ckpt, made.values())
        came_from |= {key: key for key in values}
        known = origin_of(ckpt)
        kept = storages_left(ckpt, tensors, values)
        return edited(ckpt, self, {new: old for new, old in came_from.items() if old in known}, tensors=tensors, values=values,
                      storages={**kept, **storages}, metadata=metadata_left(ckpt, made.values(), len(made) < len(there)))

    @classmethod
    def target(cls, dtype: str) -> str:
        target = dtype_named(dtype)
        if DTYPES[target].kind != "float":
            raise EditError(f"{target} is no floating type", "Write float32, bfloat16 or float16.", id="bad_dtype")
        return target

    def _chosen(self, there: Mapping[str, LogicalTensor]) -> dict[str, LogicalTensor]:
        fits = matcher(self.glob)
        return {name: tensor for name, tensor in there.items() if fits(name)}

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        chosen = self._chosen(_packed(before, monitor))
        gone = len(before.values) - len(after.values)
        if not chosen and not gone:
            return ["Nothing that fits is packed."]
        counts: dict[str, int] = {}
        for tensor in chosen.values():
            if tensor.decoder is not None:
                counts[tensor.scheme] = counts.get(tensor.scheme, 0) + 1
        notes = [f"{counted(count, 'tensor was', 'tensors were')} packed as {visible(scheme, 40)} and {'is' if count == 1 else 'are'} "
                 f"{self.target(self.dtype)} now." for scheme, count in counts.items()]
        if gone and _of_another_program(before):
            notes.append(f"{counted(gone, 'value is', 'values are')} about the model's program and "
                         f"{'is' if gone == 1 else 'are'} left out.")
        left = [tensor for tensor in chosen.values() if tensor.decoder is None]
        notes += [f"{visible(tensor.name, 60)} stays packed: {visible(tensor.problem, 200)}." for tensor in left[:_SHOWN]]
        if len(left) > _SHOWN:
            notes.append(f"{counted(len(left) - _SHOWN, 'more stays', 'more stay')} packed.")
        return notes


def _of_another_program(ckpt: Checkpoint) -> bool:
    """Whether its values are those of a container that no checkpoint is written as."""
    return ckpt.as_opened.format in ("gguf", "onnx")


def _packed(ckpt: Checkpoint, monitor: Monitor) -> dict[str, LogicalTensor]:
    """The tensors that are packed, whether they can be unpacked or not; not those that another program's file has as they are."""
    return {name: tensor for name, tensor in packed(ckpt, monitor).items() if tensor.decoder is not None or tensor.problem}
