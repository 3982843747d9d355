"""A folder of safetensors files that several ranks wrote, each with its pieces of the tensors: torch.distributed.checkpoint's
HuggingFaceStorageWriter with save_distributed=True.

`shard-RRRRR-model-IIIII-of-NNNNN.safetensors`; each file's metadata says at which offsets of the whole its tensors begin
(DCP_SHARDING_INFO). Source: torch 2.13 distributed/checkpoint/hf_storage.py. A piece that is not there cannot be seen from the shapes
alone: the ranks are counted, and what is put together has to be covered once.
"""
from __future__ import annotations

import json
from collections.abc import Callable
from math import prod
from types import MappingProxyType
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, Chunk, Extra, FileStamp, Storage, TensorInfo, contiguous
from inspector.core.dtypes import DTYPES
from inspector.core.errors import Corrupt, InspectorError
from inspector.core.findings import Finding
from inspector.core.io.sources import SourceFile
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count

from . import set_files

FORMAT = "dcp-safetensors"
_INFO = "DCP_SHARDING_INFO"
_AGAIN = "Fetch all files of the folder again."
_PAIRS = 1024               # pieces of one tensor of which each is held against each

ReadShard = Callable[[SourceFile, str, Limits, Monitor], Checkpoint]


class Piece(NamedTuple):
    """A box of a tensor: where it begins in the whole, and where its elements are."""

    offsets: tuple[int, ...]
    info: TensorInfo
    storage: Storage


def read(folder: str, read_shard: ReadShard, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in `folder`. Raises Corrupt when none of its files can be read; what single ones lack is told by their tensors."""
    names = [name for name in set_files.list_folder(folder, monitor).names if set_files.PIECE.fullmatch(name)]
    findings = [*set_files.links_outside(folder, names, limits)]
    files: list[FileStamp] = []
    pieces: dict[str, list[Piece]] = {}
    lost: list[str] = []
    shared = limits.shared_by(len(names))
    for n, name in enumerate(names):
        monitor.report(n, len(names), visible(name, 80))
        part = set_files.read_part(folder, name, len(files), lambda source, path: read_shard(source, path, shared, monitor), monitor)
        if isinstance(part, InspectorError):
            lost.append(name)
            findings.append(set_files.about_files("missing-shard", [name], f"{part.message}.", part.hint))
            continue
        said = _offsets(part.metadata.get(_INFO, ""))
        for key, info in part.tensors.items():
            storage = part.storages[info.storage]._replace(id=f"{len(files)}/{info.storage}")
            pieces.setdefault(key, []).append(Piece(said.get(key, (0,) * len(info.shape)), info, storage))
        findings += part.findings
        files += part.files
    if not files:
        raise Corrupt("none of the files in the folder can be read", _AGAIN)
    absent = _absent(names, lost)
    if absent:
        findings.append(Finding("missing-shard", "warning", "", f"The files of {absent} are not there, and what was in them is missing "
                                "from the tensors.", _AGAIN))
    tensors: dict[str, TensorInfo] = {}
    storages: dict[str, Storage] = {}
    for key, found in pieces.items():
        tensors[key], own = together(key, found, absent)
        storages.update((storage.id, storage) for storage in own)
    return Checkpoint(folder, FORMAT, "state-dict", tuple(files), MappingProxyType(tensors), storages=MappingProxyType(storages),
                      state_dicts=("",), findings=tuple(findings),
                      facts=MappingProxyType({"files": f"{len(names):,}", "byteorder": "little"}))


def _offsets(text: str) -> dict[str, tuple[int, ...]]:
    """name -> where its piece begins; {} for what is no such table."""
    try:
        said = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    found: dict[str, tuple[int, ...]] = {}
    for name, entry in said.items() if isinstance(said, dict) else ():
        offsets = entry.get("saved_offsets") if isinstance(entry, dict) else None
        if isinstance(offsets, list) and all(isinstance(at, int) and not isinstance(at, bool) and 0 <= at < 1 << 62 for at in offsets):
            found[name] = tuple(offsets)
    return found


def _absent(names: list[str], lost: list[str]) -> str:
    """The ranks of which no file is there, in words."""
    ranks = {int(match[1]) for name in names if name not in lost and (match := set_files.PIECE.fullmatch(name))}
    every = {int(match[1]) for name in names if (match := set_files.PIECE.fullmatch(name))}
    gone = sorted(set(range(1, min(max(every), len(every) + 1000) + 1)) - ranks)
    return ("rank " if len(gone) == 1 else "ranks ") + set_files.numbers(gone) if gone else ""


def together(key: str, pieces: list[Piece], absent: str, whole: tuple[int, ...] | None = None) -> tuple[TensorInfo, list[Storage]]:
    """The tensor that the pieces are boxes of, and its storages; `whole` is its shape, where that is told."""
    first = pieces[0].info
    dims = len(first.shape)
    storages = [piece.storage for piece in pieces]
    if any(len(piece.offsets) != dims or len(piece.info.shape) != dims or piece.info.dtype != first.dtype for piece in pieces):
        return first._replace(storage=storages[0].id, problem="corrupt: its pieces are of different kinds"), storages[:1]
    shape = tuple(max(piece.offsets[d] + piece.info.shape[d] for piece in pieces) for d in range(dims))
    if whole is not None and any(there > size for there, size in zip(shape, whole, strict=False)):
        return first._replace(storage=storages[0].id, problem="corrupt: its pieces reach beyond it"), storages[:1]
    shape = whole if whole is not None and len(whole) == dims else shape
    if len(pieces) == 1 and shape == first.shape:
        return first._replace(storage=storages[0].id), storages
    problem = _why_not_whole(shape, pieces)
    if absent:
        problem = problem or f"missing: the pieces of {absent} are not there"
    own = Storage(f"{key}#", first.dtype, None, prod(shape) * DTYPES[first.dtype].itemsize if first.dtype in DTYPES else 0, None)
    chunks = tuple(Chunk(piece.offsets, piece.info.shape, piece.storage, piece.info.offset, piece.info.stride) for piece in pieces)
    broken = next((piece.info.problem for piece in pieces if piece.info.problem), "")
    return TensorInfo(key, shape, first.dtype, None, contiguous(shape), 0, own.id, own.nbytes, state_dict="", problem=broken or problem,
                      extra=Extra(chunks=chunks)), [own, *storages]


def _why_not_whole(shape: tuple[int, ...], pieces: list[Piece]) -> str:
    covered = sum(prod(piece.info.shape) for piece in pieces)
    if covered < prod(shape):
        return f"missing: its pieces cover {covered:,} of {count(prod(shape), 'element')}"
    if covered > prod(shape) or (len(pieces) <= _PAIRS and any(_meet(a, b) for n, a in enumerate(pieces) for b in pieces[:n])):
        return "corrupt: its pieces cover some elements twice"
    return ""


def _meet(a: Piece, b: Piece) -> bool:
    return all(x < y + m and y < x + n for x, n, y, m in zip(a.offsets, a.info.shape, b.offsets, b.info.shape, strict=True))
