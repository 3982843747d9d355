"""Files that several processes saved, each with its parts of distributed tensors: torch.save of a state dict of DTensors, or of the
ShardedTensors of FullyShardedDataParallel, on every rank.

What a tensor is laid out like stands in each file (`Extra.part_of`); which rank wrote which file only its name says. Parts are joined where
they are cut along one dimension: in the order of the ranks, as `Shard.split_tensor` of torch.distributed.tensor.placement_types cuts them
(the last ones shorter, or empty). Over several dimensions of a mesh that is so, too, where each cuts the same one. Parts of a
ShardedTensor say themselves where in it they begin (torch/distributed/_shard/sharded_tensor/api.py of torch 2.13).
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
from inspector.core.keypath import ancestors, leaf_of, visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count, counted

from . import set_files
from .pieces import Piece, together

FORMAT = "dtensor"
_SHARD = re.compile(r"_?Shard\((?:dim=)?(-?\d+)\)")
_SHARDED = ("torch.distributed._shard.sharded_tensor.api.ShardedTensor", "torch.distributed._shard.sharded_tensor.ShardedTensor")
_FLAT = ("_flat_param", "flat_param")
_AGAIN = "Copy the files of all ranks into the folder."

ReadShard = Callable[[SourceFile, str, Limits, Monitor], Checkpoint]


def read(folder: str, first: str, read_shard: ReadShard, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint whose files are named like `first`. Values and ordinary tensors are those of the first rank that has them. Raises
    Unsupported when there is no distributed tensor in them, so that they are as many checkpoints."""
    family = set_files.rank_of(first)
    assert family is not None
    names = {rank.number: name for name in set_files.list_folder(folder, monitor).names
             if (rank := set_files.rank_of(name)) is not None and rank.family == family.family}
    findings = [*set_files.links_outside(folder, names.values(), limits)]
    files: list[FileStamp] = []
    parts: dict[int, Checkpoint] = {}
    shared = limits.shared_by(len(names))
    for n, number in enumerate(sorted(names)):
        monitor.report(n, len(names), visible(names[number], 80))
        part = set_files.read_part(folder, names[number], len(files),
                                   lambda source, path: read_shard(source, path, shared, monitor), monitor)
        if isinstance(part, InspectorError):
            findings.append(set_files.about_files("missing-shard", [names[number]], f"{part.message}.", part.hint))
            continue
        parts[number] = part
        files += part.files
    if not parts:
        raise Unsupported("none of the ranks' files can be read", _AGAIN, id="not_regular_file")
    sharded = {number: own for number, part in parts.items() if (own := _sharded(part))}
    if not sharded and not any(info.extra is not None and info.extra.part_of for part in parts.values() for info in part.tensors.values()):
        raise Unsupported(f"this is a folder of {count(len(names), 'file')} of several ranks, and no tensor in them is a part of "
                          "a larger one",
                          "Open one of the files in it.", id="not_regular_file")
    absent = [number for number in range(max(names) + 1) if number not in parts]
    if absent:
        findings.append(Finding("missing-shard", "warning", "", f"The files of rank {set_files.numbers(absent)} are not there, and what "
                                "was in them is missing.", _AGAIN))
    found = _Tensors(parts, bool(absent), sharded)
    head = parts[min(parts)]
    values: dict[str, Plain] = {key: value for key, value in head.values.items() if key not in found.tensors
                                and not any(above in found.sharded for above in ancestors(key))}
    flat = [key for key in found.sharded if leaf_of(key) in _FLAT]
    if flat:
        findings.append(Finding("flat-parameter", "info", visible(flat[0]),
                                f"{counted(len(flat), 'tensor is a flat parameter', 'tensors are the flat parameters')} of "
                                "FullyShardedDataParallel, each with those of a module one behind the other. Their names and shapes are "
                                "not in the files.", "Load it with FSDP and save its state dict as FULL_STATE_DICT or SHARDED_STATE_DICT.",
                                keys=tuple(flat)))
    return Checkpoint(folder, FORMAT, head.kind, tuple(files), MappingProxyType(found.tensors), MappingProxyType(values),
                      MappingProxyType(found.storages), head.state_dicts, (*findings, *_kept(head)),
                      module_metadata=head.module_metadata, facts=MappingProxyType({"ranks": f"{len(names):,}", "byteorder": "little"}))


def _kept(head: Checkpoint) -> list[Finding]:
    """The findings of one file that still hold: its parts are no parts any more."""
    return [finding for finding in head.findings if finding.id not in ("shard", "distributed", "wrapper")]


class _Tensors:
    """The tensors of all files, joined by their keys."""

    def __init__(self, parts: dict[int, Checkpoint], incomplete: bool, sharded: dict[int, dict[str, list[Piece]]]) -> None:
        self.tensors: dict[str, TensorInfo] = {}
        self.storages: dict[str, Storage] = {}
        self._parts = parts
        self._incomplete = incomplete
        self.sharded = dict.fromkeys(key for own in sharded.values() for key in own)
        for key in dict.fromkeys(key for part in parts.values() for key in part.tensors):
            if key in self.sharded:
                self._join_sharded(key, [piece._replace(storage=self._own(number, piece.storage)) for number, own in sharded.items()
                                         for piece in own.get(key, ())])
            elif not any(above in self.sharded for above in ancestors(key)):
                self._join(key)

    def _join_sharded(self, key: str, pieces: list[Piece]) -> None:
        """A ShardedTensor, whose parts say where they are: which are there is seen, whatever the ranks."""
        whole = next(part.tensors[key] for part in self._parts.values() if key in part.tensors)
        if any(part.tensors[key].shape != whole.shape for part in self._parts.values() if key in part.tensors):
            self.tensors[key] = whole._replace(problem="corrupt: the ranks say different shapes of it")
            return
        if not pieces:
            self.tensors[key] = whole._replace(problem="missing: no rank has a piece of it")
            return
        joined, own = together(key, [piece for piece in pieces if piece.info.numel] or pieces[:1], "", whole.shape)
        self.tensors[key] = joined._replace(key=key, device=pieces[0].info.device, state_dict=whole.state_dict, node=-1)
        self.storages.update((storage.id, storage) for storage in own)

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


def _sharded(part: Checkpoint) -> dict[str, list[Piece]]:
    """The ShardedTensors of a file, with the pieces of each that it has. What a piece says of itself in no understandable way makes it
    none, so that it is missed."""
    found: dict[str, list[Piece]] = {}
    for key, info in part.tensors.items():
        if info.extra is None or info.extra.subclass not in _SHARDED:
            continue
        pieces = found.setdefault(key, [])
        while (piece := part.tensors.get(f"{key}.state.0.{len(pieces)}.tensor")) is not None:
            offsets = _integers(part, f"{key}.state.0.{len(pieces)}.metadata.shard_offsets", len(info.shape))
            sizes = _integers(part, f"{key}.state.0.{len(pieces)}.metadata.shard_sizes", len(info.shape))
            storage = part.storages.get(piece.storage)
            if offsets is None or sizes != piece.shape or storage is None:
                break
            pieces.append(Piece(offsets, piece._replace(node=-1), storage))
    return found


def _integers(part: Checkpoint, path: str, count: int) -> tuple[int, ...] | None:
    """The list of so many sizes at `path`."""
    found = [part.values.get(f"{path}.{n}") for n in range(count)]
    sizes = tuple(size for size in found if isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 1 << 62)
    return sizes if len(sizes) == count and f"{path}.{count}" not in part.values else None


def _cut(part_of: PartOf) -> int | str:
    """The dimension that the parts are cut along, or why they cannot be joined."""
    dims = [_SHARD.fullmatch(text) for text in part_of.placements]
    if not dims or any(match is None for match in dims):
        return f"it is placed {', '.join(part_of.placements) or 'in a way that is not told'}, and such parts are not joined"
    found = {int(match[1]) % max(len(part_of.shape), 1) for match in dims if match is not None}
    return found.pop() if len(found) == 1 else "it is cut along several dimensions, and such parts are not joined"
