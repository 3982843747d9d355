"""The whole object of a checkpoint, as `torch.load` would give it, with nothing of it run."""
from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from inspector.core import opening
from inspector.core.checkpoint import Checkpoint, Opaque, Storage, TensorInfo
from inspector.core.edits.make_plain import MakePlain, plain_source
from inspector.core.errors import UsageError
from inspector.core.graph import Graph
from inspector.core.limits import LIMITS
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.encode.records import Record
from inspector.core.pickles.objects.storages import KnownStorages
from inspector.core.pickles.objects.tensors import Tensors
from inspector.core.progress import QUIET, Monitor
from inspector.core.runtime.collector import collector_paused
from inspector.core.saving.object.pickled import Pickled, pickled
from inspector.core.saving.object.synthesis import synthesised
from inspector.core.tensors.ahead import read_ahead
from inspector.core.tensors.reader import TensorReader
from inspector.core.tensors.shared_storages import SharedStorages

from .arrays import ArrayMaker
from .building import Maker, build

_ONE_PICKLE = frozenset({"torch-zip", "torch-legacy", "torch-tar", "pickle"})
_PROGRAMS = frozenset({"torchscript", "torch-export"})


def load(path: opening.CheckpointLike, as_torch: bool = False, map_location: Any = None, *, follow_links: bool = False,
         monitor: Monitor = QUIET) -> Any:
    """The whole object in a checkpoint, or in the file of that path: dicts, lists, tuples, numbers and texts as they were saved, tensors
    as numpy arrays, or with `as_torch` as torch tensors. Nothing in the file is run, whatever it is: what `torch.load` needs
    `weights_only=False` for comes as plain data, a whole module as its state dict, an object as the dict of its attributes.

    A drop-in for `torch.load(path, weights_only=True)`, of every container: safetensors, sets of files and DCP folders come as dicts,
    edited checkpoints as they would be saved.

    - Tensors that share memory in the file share it here; one that is there twice is one object.
    - Arrays have the shape and strides of the file; bfloat16 and float8 are those of `ml_dtypes`. Quantized tensors are
      `core.QuantizedArray`, sparse ones `core.SparseArray`, nested ones `core.NestedArray`, those without values `core.EmptyArray`.
      Parameters are arrays, `torch.Size` is a tuple, dtypes and devices are texts.
    - Torch tensors are on the CPU whatever device they were saved on, or where `map_location` says: a device, or a mapping of
      tags to devices (`{"cuda:0": "cuda:1"}`; what it does not name stays on the CPU).
    - What has no plain form is a `core.Opaque`, which says what it is.

    Raises what `core.open` raises (`FileMissing`, which is a FileNotFoundError, among them), BadTensor when the values of a tensor cannot
    be had, TooBig for keys made to be slow, UsageError for `map_location` without `as_torch`, Cancelled. `monitor` is told bytes.

    >>> training, _ = core.make_demo(folder)
    >>> whole = core.load(training)
    >>> whole["epoch"], whole["config"]["augment"], whole["model_state_dict"]["module.stem.conv.weight"].shape
    (12, ['rotate', 'shift', 'erase'], (24, 1, 5, 5))
    """
    if map_location is not None and not as_torch:
        raise UsageError("numpy arrays are on no device", "Say as_torch=True beside map_location.")
    ckpt = opening.open(path, follow_links=follow_links, monitor=monitor) if isinstance(path, str | os.PathLike) else \
        opening.opened(path, monitor)
    with collector_paused():
        if ckpt.format.startswith("safetensors"):
            found = _Whole(ckpt, None, {}, {})
        elif ckpt.edited is None and ckpt.format in _ONE_PICKLE:
            plain = plain_source(ckpt, monitor)
            found = _Whole(plain, plain.pickles[0].graph, plain.storages, {})
        else:
            found = _as_saved(ckpt, monitor)
        return found.load(as_torch, map_location, monitor)


def _as_saved(ckpt: Checkpoint, monitor: Monitor) -> _Whole:
    """The object that a save to a PyTorch file would write."""
    source = ckpt.as_opened
    if source.format in _ONE_PICKLE:
        ckpt = MakePlain("*").apply(ckpt, monitor)
    if source.format in _PROGRAMS and not ckpt.tensors:
        return _Whole(ckpt, None, {}, {})
    made = Pickled(*synthesised(ckpt, monitor)[:2]) if source.format in _PROGRAMS else pickled(ckpt, monitor=monitor)
    own = {f"data/{record.name[5:]}": record for record in made.records}
    storages = {name[5:]: _storage_of(ckpt, record) for name, record in own.items()}
    tensors = {storages[record.name[5:]].id: record.key for record in made.records if record.key is not None}
    return _Whole(ckpt, decode(made.data, limits=LIMITS.of_file(ckpt.nbytes), monitor=monitor), storages, tensors)


def _storage_of(ckpt: Checkpoint, record: Record) -> Storage:
    if record.key is None:
        return ckpt.storages[record.storage]
    info = ckpt.tensors[record.key]
    return Storage(f"made:{record.name}", info.dtype, info.device, info.nbytes, None)


class _Whole(NamedTuple):
    """`graph` is the object, None for a flat dict of the tensors of `ckpt`; `storages` are those that its persistent ids name; `made` says
    whose elements those of them are that lie in no file."""

    ckpt: Checkpoint
    graph: Graph | None
    storages: Mapping[str, Storage]
    made: Mapping[str, str]

    def load(self, as_torch: bool, map_location: Any, monitor: Monitor) -> Any:
        with TensorReader(self.ckpt, monitor, ahead=read_ahead(self.ckpt, self.ckpt.tensors.values())) as reader:
            shared = SharedStorages(self.ckpt, reader, self.made, monitor, self._nbytes())
            by_id = {storage.id: storage for storage in self.storages.values()}
            maker: Maker
            if as_torch:
                from inspector.core import torch_bridge
                maker = torch_bridge.TorchMaker(shared, by_id, map_location)
            else:
                maker = ArrayMaker(shared, by_id)
            if self.graph is None:
                return {key: maker.tensor(info, False) for key, info in self.ckpt.tensors.items()}
            known = KnownStorages(self.storages)
            return build(self.graph, Tensors(self.graph, known.resolve, known.resolve_many), maker, monitor)

    def _nbytes(self) -> int:
        """Bytes that there are to read, about: of the storages that tensors view."""
        infos: Iterable[TensorInfo] = self.ckpt.tensors.values()
        used = {info.storage: info.storage_nbytes for info in infos}
        alone = {value.storage for value in self.ckpt.values.values() if isinstance(value, Opaque) and value.storage}
        return sum(used.values()) + sum(self.storages[id].nbytes for id in alone - used.keys() if id in self.storages)
