"""What is written of a checkpoint that was joined from the files of several ranks of DeepSpeed's: the weights, as its zero_to_fp32.py does.

Such a folder is a training run's: beside the weights it has the moments of the optimizer, twice as large, and DeepSpeed's own values. A
file made of it is loaded as a state dict, in which these would be unexpected keys.
"""
from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from inspector.core.checkpoint import Checkpoint
from inspector.core.wording import count, exact_size

_FORMAT = "deepspeed-zero"


def is_joined(ckpt: Checkpoint) -> bool:
    """Whether a checkpoint is such a folder's."""
    return ckpt.as_opened.format == _FORMAT


def weights_alone(ckpt: Checkpoint) -> tuple[Checkpoint, str]:
    """`ckpt` without what is no part of the state dict at its root, and a sentence about that; itself and "" where it is no such one, or
    where its state dict is not what is to be written. What an edit put there stays."""
    edited = ckpt.edited
    if not is_joined(ckpt) or (edited is not None and edited.root) or "" not in ckpt.state_dicts:
        return ckpt, ""

    def is_own(key: str) -> bool:
        return edited is None or (key in edited.origin and edited.origin[key] not in edited.replaced)

    left = [info for key, info in ckpt.tensors.items() if info.state_dict != "" and is_own(key)]
    values = {key: value for key, value in ckpt.values.items() if not is_own(key)}
    gone = len(ckpt.values) - len(values)
    if not left and not gone:
        return ckpt, ""
    keys = {info.key for info in left}
    what = " and ".join(([f"{count(len(left), 'tensor')} of the optimizer "
                          f"({exact_size(sum(info.nbytes for info in left))})"] if left else [])
                        + ([f"{count(gone, 'value')}"] if gone else []))
    note = (f"The weights are written, as zero_to_fp32.py of DeepSpeed does; {what} that are no part of the model stay in the files of the "
            "ranks. Extract \"optimizer\" to write the optimizer's state.")
    tensors = {key: info for key, info in ckpt.tensors.items() if key not in keys}
    return replace(ckpt, tensors=MappingProxyType(tensors), values=MappingProxyType(values),
                   state_dicts=tuple(path for path in ckpt.state_dicts if path != "optimizer.state")), note
