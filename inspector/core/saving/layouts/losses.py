"""What a format cannot hold of a checkpoint: said before a byte is written."""
from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, Opaque, TensorInfo, View, is_contiguous
from inspector.core.dtypes import DTYPES, SAFETENSORS
from inspector.core.errors import SaveError
from inspector.core.keypath import Paths, is_within, join, quoted, visible
from inspector.core.pickles.objects.names import is_distributed
from inspector.core.plain_values import one_line
from inspector.core.progress import QUIET, Monitor, stoppable
from inspector.core.tensors.broken import WITHOUT, why_broken
from inspector.core.tensors.quantized_layers import packed_in, said_of
from inspector.core.wording import count, counted

SAFE_NAMES: Mapping[str, str] = {**{torch: safe for safe, torch in SAFETENSORS.items()}, "float4_e2m1fn_x2": "F4"}
_LISTED = 1000                  # losses told one by one


class Loss(NamedTuple):
    """`id` is a stable name ("python-value", "layout", "dtype", "no-values", "trailing-bytes" …), `where` the key."""

    id: str
    where: str
    message: str


class Held(NamedTuple):
    """What safetensors takes of a checkpoint: the tensors by the names they get, in order, and what `__metadata__` is told of
    names that stand for the same tensor; what is lost, and notes on what is told and not lost."""

    tensors: dict[str, TensorInfo]
    tied: dict[str, str]
    losses: list[Loss]
    notes: list[str]


def safetensors_holds(ckpt: Checkpoint, every_name: bool, monitor: Monitor = QUIET) -> Held:
    """`every_name`: tensors under several names are written once for each. Raises SaveError for a name that cannot be one."""
    losses: list[Loss] = []
    tensors: dict[str, TensorInfo] = {}
    modules = Paths(ckpt.modules)
    for key, info in stoppable(ckpt.tensors.items(), monitor):
        if _is_attribute(info, modules):
            continue
        if why := why_broken(ckpt, info):
            raise SaveError(f"{visible(key, 80)} cannot be saved: {why}", WITHOUT, visible(key), id="bad_source")
        loss = _not_held(info)
        if loss is None:
            _check_name(key)
            tensors[key] = info
            if info.extra is not None and info.extra.part_of is not None:
                losses.append(Loss("shard", key, f"{visible(key, 80)} is one process's part of a tensor {list(info.extra.part_of.shape)}, "
                                   f"{list(info.shape)} of it: that is written, and not that it is a part."))
        else:
            losses.append(loss)
    tied = {} if every_name else _ties(ckpt, tensors, monitor)
    for name in tied:
        del tensors[name]
    losses += packed_left_out(ckpt, tensors, monitor)
    losses += _values(ckpt, monitor)
    if len(losses) > _LISTED:
        rest = losses[_LISTED:]
        more = f"{count(len(rest), 'more thing')} cannot be held, {quoted(rest[0].where, 80)} first."
        losses = [*losses[:_LISTED], Loss(rest[0].id, rest[0].where, more)]
    return Held(tensors, tied, losses, _notes(ckpt, tensors, tied, monitor))


def packed_left_out(ckpt: Checkpoint, written: Collection[str], monitor: Monitor = QUIET) -> Iterator[Loss]:
    """Packed weights of quantized layers that are in no state dict and not among the keys that are `written`: of the whole modules that are
    in the checkpoint, or whose state dict it is now. `torch.nn` hands them over by code of their classes (`_save_to_state_dict` in
    torch/ao/nn/quantized)."""
    edited = ckpt.edited
    base = _extracted(ckpt)
    yield from (Loss("packed", key, message) for key, message in (edited.left_out if edited is not None else ()) if is_within(key, base))
    source = ckpt.as_opened
    modules = source.modules
    if not modules:
        return
    origin = edited.origin if edited is not None else {key: key for key in stoppable(chain(ckpt.tensors, ckpt.values), monitor)}
    there = {origin[key] for key in stoppable(written, monitor) if key in origin}
    meant = Paths(modules & {*origin.values(), edited.root if edited is not None else ""})
    for key, info in stoppable(source.tensors.items(), monitor):
        if info.state_dict is not None or key in there or not is_within(key, base):
            continue
        if meant.has(key) and packed_in(source, key) is not None:
            yield Loss("packed", key, said_of(source, key))


def _extracted(ckpt: Checkpoint) -> str:
    """The path in the file of what edits made the root."""
    path = ""
    for edit in ckpt.edited.edits if ckpt.edited is not None else ():
        if edit.option == "extract":
            path = join(path, edit.path.strip("."))
    return path


def _not_held(info: TensorInfo) -> Loss | None:
    name, key = visible(info.key, 80), info.key
    if info.extra is not None and info.extra.shadowed:
        return Loss("shadowed", key, f"{name} is a value that another one of the same key took the place of: it is left out.")
    known = DTYPES.get(info.dtype)
    if info.layout != "strided":
        return Loss("layout", key, f"{name} is a {info.layout} tensor: safetensors holds only plain ones, it is left out.")
    if known is not None and known.kind == "quantized":
        return Loss("quantized", key, f"{name} is quantized ({info.dtype}, {count(info.nbytes, 'byte')}): safetensors has no quantizers, "
                    "it is left out.")
    if info.dtype not in SAFE_NAMES or (info.dtype == "float4_e2m1fn_x2" and not info.shape):
        return Loss("dtype", key, f"{name} has the element type {info.dtype}, which safetensors does not have: it is left out.")
    if info.numel and not info.chunks and (info.device == "meta" or not info.storage):
        return Loss("no-values", key, f"{name} has no values in the file (device {info.device}): it is left out.")
    return None


def _check_name(key: str) -> None:
    if key == "__metadata__":
        raise SaveError("a tensor is named __metadata__, which safetensors keeps for itself", "Rename that tensor first.", key,
                        id="bad_name")
    try:
        key.encode()
    except UnicodeEncodeError:
        raise SaveError(f"the name {quoted(key, 80)} holds half a character (a lone surrogate), which safetensors cannot write",
                        "Rename that tensor first.", visible(key), id="bad_name") from None


def _ties(ckpt: Checkpoint, tensors: dict[str, TensorInfo], monitor: Monitor) -> dict[str, str]:
    """Names that stand for the same tensor -> the one that is kept: the first in alphabetical order among those that cover
    their storage, as `safetensors.torch.save_model` has it (`_remove_duplicate_names`). A tensor named "format" keeps its name: that
    word in `__metadata__` says for whom the file is."""
    groups: dict[View, list[str]] = {}
    known = ckpt.edited.origin if ckpt.edited else tensors          # a name that an edit asked for is written
    for key, info in stoppable(tensors.items(), monitor):
        if key in known and info.numel and (view := info.view) is not None:
            groups.setdefault(view, []).append(key)
    kept = {name: "format" if "format" in names else min(names) for names in stoppable(groups.values(), monitor)
            for name in names}
    return {name: stays for name, stays in stoppable(kept.items(), monitor) if name != stays}


def _values(ckpt: Checkpoint, monitor: Monitor) -> Iterator[Loss]:
    """Plain values and objects. What is no tensor of a module, whose weights are what such a file is for, is only told."""
    modules = Paths(ckpt.modules)
    for key, value in stoppable(ckpt.values.items(), monitor):
        if isinstance(value, Opaque) and value.type == "reference":
            continue
        if modules.has(key):
            continue
        shown = value.type if isinstance(value, Opaque) else visible(one_line(value), 60)
        yield Loss("python-value", key, f"{visible(key, 80) or 'the root'} = {shown} is no tensor: it is left out.")


def _is_attribute(info: TensorInfo, modules: Paths) -> bool:
    """Whether a tensor of a whole module is no part of its state dict: a buffer that is not persistent, a plain attribute."""
    return info.state_dict is None and modules.has(info.key)


def _marked(ckpt: Checkpoint, tensors: Mapping[str, TensorInfo], monitor: Monitor) -> list[str]:
    """Those listed with a mark (`a.0#2`) that is no part of their names in the file."""
    source = ckpt.as_opened
    if not any(finding.id in ("key-collision", "duplicate-keys") for finding in source.findings):
        return []
    came = ckpt.edited.origin if ckpt.edited is not None else {}
    found = []
    for key in stoppable(tensors, monitor):
        bare, mark, number = came.get(key, key).rpartition("#")
        if mark and number.isdecimal() and (bare in source.tensors or bare in source.values):
            found.append(key)
    return found


def _notes(ckpt: Checkpoint, tensors: dict[str, TensorInfo], tied: dict[str, str], monitor: Monitor) -> list[str]:
    notes = []
    if ckpt.modules:
        modules = Paths(ckpt.modules)
        inside = sum(modules.has(key) for key in stoppable(ckpt.values, monitor))
        notes.append(f"The weights of a whole model are written; its class and {inside:,} attributes that are no tensors are left out.")
        others = sum(1 for info in stoppable(ckpt.tensors.values(), monitor) if _is_attribute(info, modules))
        if others:
            notes.append("Tensors of it that are no part of its state dict (buffers that are not persistent, plain attributes) are "
                         f"left out, as load_state_dict would refuse them: {others:,}.")
    spread = [key for key, info in stoppable(tensors.items(), monitor) if info.extra is not None and is_distributed(info.extra.subclass)]
    if spread:
        notes.append(f"{len(spread):,} distributed tensors become plain ones, {visible(spread[0], 80)} first: their mesh and placements "
                     "are left out.")
    marked = _marked(ckpt, tensors, monitor)
    if marked:
        notes.append(f"{counted(len(marked), 'tensor gets', 'tensors get')} the name of the list of keys, {visible(marked[0], 80)} first: "
                     "the path reads like that of another, and safetensors has only names.")
    for name, kept in list(tied.items())[:20]:
        notes.append(f"{visible(name, 80)} is the same tensor as {visible(kept, 80)}: it is written once, under that name, and "
                     "__metadata__ says so.")
    if len(tied) > 20:
        notes.append(f"{counted(len(tied) - 20, 'more name stands', 'more names stand')} for a tensor that is written once.")
    shared = _shared(tensors, monitor)
    if shared:
        notes.append(f"{visible(shared[0], 80)} views memory that others view too: it gets bytes of its own." if len(shared) == 1 else
                     f"{len(shared):,} tensors view memory that others view too, {visible(shared[0], 80)} first: each gets bytes of its "
                     "own.")
    odd = [key for key, info in stoppable(tensors.items(), monitor) if not is_contiguous(info.shape, info.stride)]
    if odd:
        notes.append(f"{visible(odd[0], 80)} is not contiguous: its elements are written in order, and its strides become the usual ones."
                     if len(odd) == 1 else f"{len(odd):,} tensors are not contiguous, {visible(odd[0], 80)} first: their elements are "
                     "written in order, and their strides become the usual ones.")
    tags = sorted({info.device for info in stoppable(tensors.values(), monitor) if info.device not in (None, "cpu")} - {None})
    if tags:
        notes.append(f"safetensors has no devices: the tags {visible(', '.join(str(tag) for tag in tags), 80)} go, tensors load where they "
                     "are wanted.")
    learning = sum(1 for info in stoppable(tensors.values(), monitor) if info.requires_grad)
    if learning:
        notes.append(f"{counted(learning, 'tensor is', 'tensors are')} marked requires_grad; safetensors has no such mark.")
    if any(info.state_dict not in ("", None) for info in stoppable(tensors.values(), monitor)):
        notes.append("Nested keys are joined by \".\": the file has one level of names.")
    if ckpt.module_metadata:
        notes.append("The versions of modules (_metadata) are left out: safetensors files never have them.")
    return notes


def _shared(tensors: dict[str, TensorInfo], monitor: Monitor) -> list[str]:
    owners: dict[str, str] = {}
    found = []
    for key, info in stoppable(tensors.items(), monitor):
        if info.storage and info.numel and not info.chunks and owners.setdefault(info.storage, key) != key:
            found.append(key)
    return found
