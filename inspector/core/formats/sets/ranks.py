"""Files that several processes saved, each with its parts of distributed tensors: torch.save of a state dict of DTensors on every rank.

What a tensor is laid out like stands in each file (`Extra.part_of`); which rank wrote which file only its name says. Parts are joined where
they are cut along one dimension: in the order of the ranks, as `Shard.split_tensor` of torch.distributed.tensor.placement_types cuts them
(the last ones shorter, or empty). Over several dimensions of a mesh that is so, too, where each cuts the same one.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from types import MappingProxyType

from inspector.core.checkpoint import Checkpoint, FileStamp, PartOf, Plain, Storage, TensorInfo
from inspector.core.errors import InspectorError, Unsupported
from inspector.core.findings import Finding
from inspector.core.formats.shared.merging import renamed
from inspector.core.io.sources import SourceFile
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import QUIET, Monitor

from . import set_files
from .pieces import Piece, together

FORMAT = "dtensor"
_SHARD = re.compile(r"_?Shard\((?:dim=)?(-?\d+)\)")
_AGAIN = "Copy the files of all ranks into the folder."

ReadShard = Callable[[SourceFile, str, Limits, Monitor], Checkpoint]


def read(folder: str, first: str, read_shard: ReadShard, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint whose files are named like `first`. Values and ordinary tensors are those of the first rank that has them. Raises
    Unsupported when there is no distributed tensor in them, so that they are as many checkpoints."""
    family = set_files.rank_of(first)
    assert family is not None
    names = {rank.number: name for name in set_files.list_folder(folder).names
             if (rank := set_files.rank_of(name)) is not None and rank.family == family.family}
    findings = [*set_files.links_outside(folder, names.values(), limits)]
    files: list[FileStamp] = []
    parts: dict[int, Checkpoint] = {}
    for number in sorted(names):
        monitor.report(len(files), len(names), visible(names[number], 80))
        part = set_files.read_part(folder, names[number], len(files),
                                   lambda source, path: read_shard(source, path, limits, monitor), monitor)
        if isinstance(part, InspectorError):
            findings.append(set_files.about_files("missing-shard", [names[number]], f"{part.message}.", part.hint))
            files.append(FileStamp(names[number], 0, 0, 0, 0, 0))
            continue
        parts[number] = part
        files += part.files
    if not any(info.extra is not None and info.extra.part_of for part in parts.values() for info in part.tensors.values()):
        raise Unsupported(f"this is a folder of {len(names):,} files of several ranks, and no tensor in them is a part of a larger one",
                          "Open one of the files in it.", id="not_regular_file")
    absent = [number for number in range(max(names) + 1) if number not in parts]
    if absent:
        shown = ", ".join(map(str, absent[:8])) + (" …" if len(absent) > 8 else "")
        findings.append(Finding("missing-shard", "warning", "", f"The files of rank {shown} are not there, and what was in them is "
                                "missing.", _AGAIN))
    found = _Tensors(parts, bool(absent))
    head = parts[min(parts)]
    values: dict[str, Plain] = {key: value for key, value in head.values.items() if key not in found.tensors}
    return Checkpoint(folder, FORMAT, head.kind, tuple(files), MappingProxyType(found.tensors), MappingProxyType(values),
                      MappingProxyType(found.storages), head.state_dicts, (*findings, *_kept(head)),
                      module_metadata=head.module_metadata, facts=MappingProxyType({"ranks": f"{len(names):,}", "byteorder": "little"}))


def _kept(head: Checkpoint) -> list[Finding]:
    """The findings of one file that still hold: its parts are no parts any more."""
    return [finding for finding in head.findings if finding.id not in ("shard", "distributed")]


class _Tensors:
    """The tensors of all files, joined by their keys."""

    def __init__(self, parts: dict[int, Checkpoint], incomplete: bool) -> None:
        self.tensors: dict[str, TensorInfo] = {}
        self.storages: dict[str, Storage] = {}
        self._parts = parts
        self._incomplete = incomplete
        for key in dict.fromkeys(key for part in parts.values() for key in part.tensors):
            self._join(key)

    def _join(self, key: str) -> None:
        held = {number: part for number, part in self._parts.items() if key in part.tensors}
        number, part = next(iter(held.items()))
        info = part.tensors[key]
        part_of = info.extra.part_of if info.extra is not None else None
        if part_of is None:
            self._keep(number, part, info)
            return
        along = _cut(part_of)
        if isinstance(along, str) or info.problem:
            self._keep(number, part, info._replace(problem=info.problem or f"shard: {along}"))
            return
        pieces: list[Piece] = []
        at = 0
        for other, one in held.items():
            mine = one.tensors[key]
            storage = self._own(other, one.storages[mine.storage]) if mine.storage else None
            if storage is not None and len(mine.shape) == len(part_of.shape):
                pieces.append(Piece(tuple(at if d == along else 0 for d in range(len(mine.shape))), mine, storage))
                at += mine.shape[along]
        absent = "other ranks" if self._incomplete or len(held) < len(self._parts) else ""
        joined, own = together(key, [piece for piece in pieces if piece.info.numel] or pieces[:1], absent, part_of.shape)
        self.tensors[key] = joined._replace(device=info.device, requires_grad=info.requires_grad, state_dict=info.state_dict)
        self.storages.update((storage.id, storage) for storage in own)

    def _keep(self, number: int, part: Checkpoint, info: TensorInfo) -> None:
        ids = {id: f"{number}/{id}" for id in part.storages}
        self.tensors[info.key] = renamed(info, ids, 0)._replace(node=-1)
        for id in {info.storage, *(inner.storage for inner in info.parts.values())} & set(part.storages):
            self.storages[ids[id]] = self._own(number, part.storages[id])

    @staticmethod
    def _own(number: int, storage: Storage) -> Storage:
        return storage._replace(id=f"{number}/{storage.id}")


def _cut(part_of: PartOf) -> int | str:
    """The dimension that the parts are cut along, or why they cannot be joined."""
    dims = [_SHARD.fullmatch(text) for text in part_of.placements]
    if not dims or any(match is None for match in dims):
        return f"it is placed {', '.join(part_of.placements) or 'in a way that is not told'}, and such parts are not joined"
    found = {int(match[1]) % max(len(part_of.shape), 1) for match in dims if match is not None}
    return found.pop() if len(found) == 1 else "it is cut along several dimensions, and such parts are not joined"
