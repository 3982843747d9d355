"""A universal checkpoint of DeepSpeed's: for each parameter a folder with its whole values, and a file for each moment of the optimizer.

    mp_rank_00_model_states.pt        buffers, names and shapes, as in a checkpoint of ZeRO's
    zero/NAME/fp32.pt                 {"param": tensor, "cat_dim": …}, and likewise exp_avg.pt, exp_avg_sq.pt; step.pt is a mere tensor
    zero/optimizer_state.pt           options of the optimizer

Source: deepspeed 0.19.8, checkpoint/ds_to_universal.py.
"""
from __future__ import annotations

import os
from collections.abc import Sequence

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import Corrupt, ReadError
from inspector.core.formats.shared.merging import Keys
from inspector.core.keypath import below, is_under, join, visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import QUIET, Monitor

from . import set_files
from .saved_dicts import SavedDict, root_of
from .zero import STAGE, STATE, Part, Reading, ReadOne, groups_of, put_buffers, put_client_values

_FOLDER = "zero"
_VALUES = "fp32.pt"
_OPTIONS = "optimizer_state.pt"


def read(folder: str, read_one: ReadOne, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in `folder`. Raises Corrupt when no parameter in it can be read; those that cannot be are told."""
    inside = os.path.join(folder, _FOLDER)
    names = [name for name in set_files.list_folder(inside, monitor).names if os.path.isdir(os.path.join(inside, name))]
    states = {name: [state for state in _files(os.path.join(inside, name)) if state.endswith(".pt")] for name in names}
    heads = [file for name in set_files.list_folder(folder, monitor).names if (file := set_files.zero_file(name)) is not None
             and file.kind == "model"]
    reading = Reading(folder, read_one, limits, monitor, sum(map(len, states.values())) + len(heads))
    paths = [f"{_FOLDER}/{name}/{state}" for name, files in states.items() for state in files]
    reading.findings.add(set_files.links_outside(folder, [*(file.name for file in heads), *paths], limits))
    head = reading.part(min(heads, key=lambda file: (file.model_rank, file.rank)).name) if heads else None
    root = root_of(head.ckpt if head is not None else None)
    if head is not None:
        put_buffers(reading, head, root)
    shapes = {name: shape for group in groups_of(root) for name, shape in group.items()}
    _parameters(reading, states, [*(name for name in shapes if name in states), *(name for name in names if name not in shapes)])
    for name in dict.fromkeys((*shapes, *names)):
        if name not in reading.tensors:
            reading.tensors[name] = reading.assembled(name, shapes.get(name) or (0,), "float32", None, (),
                                                        "missing: its values are not there, or cannot be read", "")
    if not any(info.state_dict == "" and not info.problem for info in reading.tensors.values()):
        raise Corrupt("none of the parameters in the folder can be read", "Convert the checkpoint again.")
    _shared(reading, root)
    _others(reading, head)
    keys = Keys()
    keys.seen |= reading.tensors.keys()
    if head is not None:
        put_client_values(reading, keys, head)
    if _OPTIONS in _files(inside) and (part := reading.part(f"{_FOLDER}/{_OPTIONS}")) is not None:
        for key, value in part.ckpt.values.items():
            if ".params." not in key and not is_under(key, "param_slice_mappings"):
                reading.put_value(keys.new(join("optimizer", key)), part, value)
    version = root.text("ds_version")
    return reading.checkpoint({STAGE: "universal", **({"ds_version": visible(version, 40)} if version else {})},
                              [head.ckpt] if head is not None else [])


def _files(folder: str) -> list[str]:
    try:
        return set_files.list_folder(folder).names
    except ReadError:
        return []


def _parameters(reading: Reading, states: dict[str, list[str]], order: Sequence[str]) -> None:
    for name in order:
        for state in sorted(states[name], key=lambda state: state != _VALUES):
            if state == _VALUES and name in reading.tensors:        # a buffer, which has its own type in the model's file
                continue
            part = reading.part(f"{_FOLDER}/{name}/{state}", keep_pickles=False)
            found = part and next((part.ckpt.tensors[key] for key in ("param", "") if key in part.ckpt.tensors), None)
            if part is None or found is None:
                continue
            key = name if state == _VALUES else join(STATE, join(name, state.removesuffix(".pt")))
            reading.put(key, part, found, "" if state == _VALUES else STATE)


def _shared(reading: Reading, root: SavedDict) -> None:
    for name, other in root.table("shared_params").texts().items():
        found = reading.tensors.get(other)
        if found is not None and name not in reading.tensors:
            reading.tensors[name] = found._replace(key=name)


def _others(reading: Reading, head: Part | None) -> None:
    """What the model's file has besides: frozen parameters, which have no master weights, and extra state."""
    for key, name in (*below(head.ckpt.tensors, "frozen_param_fragments"), *below(head.ckpt.tensors, "module")) if head else ():
        if name not in reading.tensors and head is not None:
            reading.put(name, head, head.ckpt.tensors[key], "")
