"""What is said when memory runs out while a checkpoint is loaded: CUDA's, the computer's own, or a killed process."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from inspector.core import wording
from inspector.core.checkpoint import Checkpoint
from inspector.core.edits.cast import Cast
from inspector.core.edits.extract import Extract
from inspector.core.edits.remap_devices import RemapDevices
from inspector.core.edits.tools.common import Edit
from inspector.core.keypath import visible
from inspector.core.tensors.sizes import sizes
from inspector.core.training.weights import model_dicts, roles

from .explanation import Case, Explanation, search

_SIGNS = (r"(?P<device>CUDA|MPS|XPU|HIP|NPU) (?:backend )?out of memory(?:[:.])?(?: Tried to allocate (?P<size>[\d.]+ ?[KMGT]?i?B))?",
          r"OutOfMemoryError", r"can't allocate memory: you tried to allocate (?P<bytes>\d+) bytes", r"std::bad_alloc",
          r"cudaErrorMemoryAllocation", r"cuda runtime error \(2\)", r"CUDA error: out of memory", r"MemoryError",
          r"not enough memory: you tried to allocate", r"Cannot allocate memory", r"(?:^|\s)Killed$")


def explain(case: Case) -> Explanation | None:
    found = search(_SIGNS, case.text)
    if found is None:
        return None
    said = found.groupdict()
    where = f"on the {said['device']} device" if said.get("device") else "in memory"
    asked = f" for {said['size']} more" if said.get("size") else ""
    if said.get("bytes"):
        asked = f" for {wording.size(int(said['bytes'][:18]))}"
    meaning = f"There was no room {where}{asked}: a checkpoint that is loaded takes its own size beside the model that it is for."
    if case.file is None:
        return Explanation("out-of-memory", meaning, advice=_ADVICE)
    away = any(info.device not in (None, "cpu", "meta") for info in case.file.tensors.values())
    return Explanation("out-of-memory", meaning, tuple(_about(case.file)), case.remedies(_ways(case, case.file, away), lambda ckpt: True),
                       _ADVICE)


_ADVICE = ('state = torch.load(path, map_location="cpu", mmap=True); model.load_state_dict(state); del state',
           "mmap=True (torch 2.1 and newer) reads a tensor when it is copied, not before; it needs a file of the zip format.")


def _about(file: Checkpoint) -> Iterator[str]:
    stored = sizes(file)
    yield f"The tensors of this file take {wording.size(stored.stored)} of memory once they are loaded."
    tags: dict[str, int] = {}
    seen: set[str] = set()
    for info in file.tensors.values():
        if info.device is not None and info.storage not in seen:
            seen.add(info.storage)
            tags[info.device] = tags.get(info.device, 0) + info.storage_nbytes
    for tag, nbytes in sorted(tags.items(), key=lambda one: -one[1]):
        if tag not in ("cpu", "meta"):
            yield f"{wording.size(nbytes)} of that is tagged with {visible(tag, 40)}: torch.load without map_location puts it there."
    role = roles(file)
    parts: dict[str, int] = {}
    for info in file.tensors.values():
        parts[role(info)] = parts.get(role(info), 0) + info.nbytes
    if parts.get("optimizer"):
        weights = parts.get("parameter", 0) + parts.get("buffer", 0)
        yield f"The weights are {wording.size(weights)}, the optimizer's state {wording.size(parts['optimizer'])}."


def _ways(case: Case, file: Checkpoint, away: bool) -> Iterator[tuple[str, Sequence[Edit]]]:
    before = sizes(file).stored
    if away:
        yield "its tensors load into the computer's own memory, to be moved from there one by one", [RemapDevices({"*": "cpu"})]
    for edits, what in _smaller(file):
        after = case.after(edits)
        nbytes = sizes(after).stored if after is not None else before
        if nbytes < before:
            yield f"{what}: {wording.size(nbytes)} instead of {wording.size(before)}", edits


def _smaller(file: Checkpoint) -> Iterator[tuple[Sequence[Edit], str]]:
    models = [path for path in model_dicts(file) if path or file.modules]
    if models:
        yield [Extract(models[0] or ".")], "the weights alone"
    yield [Cast("float16")], "in half precision, which rounds the weights"
