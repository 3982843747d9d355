"""A folder that DeepSpeed's ZeRO wrote: the parameters as the flat float32 tensors of all ranks hold them, under their own names.

    mp_rank_00_model_states.pt                             stages 1 and 2: names and shapes, buffers, weights in low precision
    zero_pp_rank_0_mp_rank_00_model_states.pt              stage 3: the same, one of each rank; its weights are empty
    [bf16_]zero_pp_rank_0_mp_rank_00_optim_states.pt       what one rank has of the flat tensors, and of the optimizer's moments

What is listed at the root is what zero_to_fp32.py of such a folder would write: buffers, frozen parameters, parameters, and second names of
shared ones. The moments are listed by parameter under `optimizer.state`. Nothing is put together before it is read: a parameter is the runs
of elements that it is in the flat tensors (`zero_layout`). Source: deepspeed 0.19.8, utils/zero_to_fp32.py and runtime/zero/.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import prod
from types import MappingProxyType
from typing import NamedTuple

from inspector.core.checkpoint import (
    Checkpoint,
    Chunk,
    Extent,
    Extra,
    FileStamp,
    Opaque,
    Plain,
    Storage,
    TensorInfo,
    contiguous,
    is_contiguous,
)
from inspector.core.dtypes import DTYPES
from inspector.core.errors import Ambiguous, Corrupt, InspectorError, Unsupported
from inspector.core.findings import Finding
from inspector.core.formats.shared.merging import Findings, Keys, Nodes, merge_metadata, renamed, renumbered
from inspector.core.graph import Graph
from inspector.core.io.sources import SourceFile
from inspector.core.keypath import below, is_under, join, relative, visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count

from . import set_files
from .saved_dicts import SavedDict, integer_of, items_of, root_of
from .set_files import ZeroFile
from .zero_layout import Place, Run, missing, of_groups, of_ranks

FORMAT = "deepspeed-zero"
STAGE = "zero_stage"            # of `Checkpoint.facts`: "1", "2", "3" or "universal"
STATE = "optimizer.state"
_OPTIMIZER = "optimizer_state_dict"
_FLAT = ("single_partition_of_fp32_groups", "fp32_flat_groups")
_BASE = ("base_optimizer_state", "optimizer_state_dict")        # of stages 1 and 2, and of 3
_TABLES = frozenset({"param_shapes", "buffer_names", "frozen_param_shapes", "frozen_param_fragments", "shared_params", "optimizer",
                     "module", "lr_scheduler"})
_AGAIN = "Copy the files of all ranks into the folder."
_DEVICE = "Look at its files one by one."

ReadOne = Callable[[SourceFile, str, Limits, Monitor], Checkpoint]


class Part(NamedTuple):
    """A file of the set as it was read: `ids` are its storages' names in the set, `base` where its nodes begin there (None: its pickle
    is not kept)."""

    ckpt: Checkpoint
    ids: dict[str, str]
    base: int | None

    def storage(self, info: TensorInfo) -> Storage | None:
        """That of a tensor of this file."""
        found = self.ckpt.storages.get(info.storage)
        return found and found._replace(id=self.ids[info.storage])


class Rank(NamedTuple):
    """What one rank wrote of the optimizer: the flat tensors of the groups, and by the name of a moment those of it, group -> tensor."""

    part: Part
    flat: list[TensorInfo]
    moments: dict[str, dict[int, TensorInfo]]


def read(folder: str, read_one: ReadOne, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in `folder`. Raises Unsupported for parts of a model that lies on several ranks by its layers or matrices, Ambiguous
    for two files of one rank, Corrupt when the file with names and shapes is not there or none can be read. What single files lack is
    told by the tensors."""
    names = [found for name in set_files.list_folder(folder, monitor).names if (found := set_files.zero_file(name)) is not None]
    _check_names(names)
    reading = Reading(folder, read_one, limits, monitor, len(names))
    reading.findings.add(set_files.links_outside(folder, [file.name for file in names], limits))
    return _Zero(reading, names).checkpoint()


def _check_names(files: Sequence[ZeroFile]) -> None:
    models = {file.model_rank for file in files}
    if len(models) > 1:
        raise several_models(len(models))
    seen: dict[tuple[str, int], str] = {}
    for file in files:
        other = seen.setdefault((file.kind, file.rank), file.name)
        if other != file.name:
            raise Ambiguous(f"two files are of one rank: {visible(other, 80)} and {visible(file.name, 80)}",
                            "Two checkpoints are mixed in this folder: keep the files of one.", id="mixed_set")


def several_models(count: int) -> Unsupported:
    return Unsupported(f"this is a folder of {count:,} model-parallel ranks, whose parts of matrices and layers are not joined",
                       f"DeepSpeed's ds_to_universal.py joins them, and such a folder can be opened. {_DEVICE}", id="model_parallel")


class Reading:
    """The files of a set of DeepSpeed's as far as they were read, and what all together have."""

    def __init__(self, folder: str, read_one: ReadOne, limits: Limits, monitor: Monitor, count: int) -> None:
        self.folder = folder
        self.limits = limits.shared_by(max(count, 1))
        self.monitor = monitor
        self.count = count
        self.files: list[FileStamp] = []
        self.findings = Findings()
        self.nodes = Nodes()
        self.listed_nodes: list[tuple[int, str]] = []
        self.storages: dict[str, Storage] = {}
        self.tensors: dict[str, TensorInfo] = {}
        self.values: dict[str, Plain] = {}
        self.lost: dict[str, InspectorError] = {}
        self._read_one = read_one
        self._known: set[tuple[str, str]] = set()           # names in the pickles that are kept

    def part(self, name: str, keep_pickles: bool = True) -> Part | None:
        """The file of that name; None when it cannot be read, which is then told. `keep_pickles`: values and objects of it are listed;
        without it, its pickle is kept all the same where it names what no other does, which a person should be told."""
        self.monitor.report(len(self.files), self.count, visible(name, 80))
        found = set_files.read_part(self.folder, name, len(self.files),
                                    lambda source, path: self._read_one(source, path, self.limits, self.monitor), self.monitor)
        if isinstance(found, InspectorError):
            self.lost[name] = found
            return None
        number = len(self.files)
        self.files += found.files
        base = self.nodes.add(found.pickles, visible(name)) if keep_pickles or not self._known.issuperset(_names(found)) else None
        self._known |= _names(found)
        if base is not None:
            self.listed_nodes += [(node + base, key) for node, key in found.listed_nodes]
        self.findings.add((finding for finding in found.findings if finding.id != "shared-storage"), visible(name))
        return Part(found, {id: f"{number}/{id}" for id in found.storages}, base)

    def tell_lost(self) -> None:
        """The finding about files that cannot be read."""
        if self.lost:
            first = next(iter(self.lost.values()))
            self.findings.add([set_files.about_files("missing-shard", list(self.lost), f"{first.message}.", first.hint)])

    def put(self, key: str, part: Part, info: TensorInfo, place: str | None) -> None:
        """Lists a tensor of a file under `key`, in the state dict at `place`."""
        moved = renamed(info, part.ids, part.base or 0)
        self.tensors[key] = moved._replace(key=key, state_dict=place, node=-1 if part.base is None else moved.node)
        for id in {info.storage, *(inner.storage for inner in info.parts.values())} & set(part.ids):
            self.storages[part.ids[id]] = part.ckpt.storages[id]._replace(id=part.ids[id])

    def put_value(self, key: str, part: Part, value: Plain) -> None:
        if part.base is not None:
            self.values[key] = renumbered(value, part.ids, part.base)
        else:
            self.values[key] = replace(value, node=-1, storage="") if isinstance(value, Opaque) else value

    def assembled(self, key: str, shape: tuple[int, ...], dtype: str, device: str | None, chunks: tuple[Chunk, ...], problem: str,
                  place: str) -> TensorInfo:
        """The tensor in the state dict at `place` that `chunks` are; with a problem, what is known of it."""
        known = DTYPES.get(dtype)
        nbytes = prod(shape) * known.itemsize if known is not None and known.bits % 8 == 0 else 0
        own = Storage(f"{key}#", dtype, device, nbytes, None if nbytes else Extent(0, 0, 0, 0))
        self.storages[own.id] = own
        return TensorInfo(key, shape, dtype, device, contiguous(shape), 0, own.id, own.nbytes, state_dict=place, problem=problem,
                          extra=Extra(chunks=chunks) if chunks and not problem else None)

    def checkpoint(self, facts: Mapping[str, str], parts: Iterable[Checkpoint]) -> Checkpoint:
        self.tell_lost()
        places = [""] + [STATE] * any(info.state_dict == STATE for info in self.tensors.values())
        metadata = merge_metadata(parts).get("module")
        tensors = dict(sorted(self.tensors.items(), key=lambda item: item[1].state_dict != ""))
        return Checkpoint(self.folder, FORMAT, "training-checkpoint" if len(places) > 1 or self.values else "state-dict",
                          tuple(self.files), MappingProxyType(tensors), MappingProxyType(self.values),
                          MappingProxyType(self.storages), tuple(places), self.findings.all(),
                          module_metadata=MappingProxyType({"": metadata} if metadata else {}),
                          facts=MappingProxyType({**facts, "files": f"{len(self.files):,}", "byteorder": "little"}),
                          pickles=tuple(self.nodes.pickles), listed_nodes=tuple(self.listed_nodes))


class _Zero:
    def __init__(self, reading: Reading, files: Sequence[ZeroFile]) -> None:
        self.reading = reading
        self.models: dict[int, Part] = {}
        for file in sorted(files, key=lambda file: file.rank):
            if file.kind == "model" and (part := reading.part(file.name, not self.models)) is not None:
                self.models[file.rank] = part
        if not self.models:
            reason = next(iter(reading.lost.values()), None)
            raise Corrupt("the file with the names and shapes of the parameters is not there" if reason is None else
                          f"the file with the names and shapes of the parameters cannot be read: {reason.message}",
                          "Copy …model_states.pt into the folder: the flat tensors of the ranks say nothing without it.")
        self.head = self.models[min(self.models)]
        self.root = root_of(self.head.ckpt)
        self.by_parameter = False               # stage 3
        self.stage = self.root.table("ds_config").table("zero_optimization").integer("stage")
        self.groups = groups_of(self.root)
        self.world = 0
        self.counts: list[int | None] = []
        self.paddings: list[list[int] | None] = []
        self.ranks: dict[int, Rank] = {}
        degree = self.root.integer("mp_world_size")
        if degree is not None and degree > 1:
            raise several_models(degree)
        self._read_ranks([file for file in files if file.kind == "optimizer"])

    # -- the ranks ------------------------------------------------------------------------------------------------------------

    def _read_ranks(self, files: list[ZeroFile]) -> None:
        stray: list[str] = []
        for file in sorted(files, key=lambda file: file.rank):
            part = self.reading.part(file.name, not self.ranks)
            if part is None:
                continue
            said = root_of(part.ckpt).table(_OPTIMIZER)
            if not self.ranks:
                self._believe(said)
            if file.rank >= self.world or self._world_of(said) != self.world or (_FLAT[1] in said) != self.by_parameter:
                stray.append(file.name)
                continue
            flat = _listed(part, f"{_OPTIMIZER}.{_FLAT[self.by_parameter]}")
            self.ranks[file.rank] = Rank(part, flat, _moments(part, flat))
        if stray:
            self.reading.findings.add([set_files.about_files(
                "extra-shard", stray, f"what is in it is not of a checkpoint of {self.world:,} ranks like the others.",
                "It may be left over from another one: it is not shown.")])
        absent = [rank for rank in range(self.world) if rank not in self.ranks]
        if absent:
            self.reading.findings.add([Finding("missing-shard", "warning", "", f"What rank {set_files.numbers(absent)} of {self.world:,} "
                                               "has of the parameters is not there.", _AGAIN)])

    def _believe(self, said: SavedDict) -> None:
        """Takes what the first rank says of all."""
        self.by_parameter = _FLAT[1] in said
        self.stage = said.integer("zero_stage") or self.stage
        self.world = self._world_of(said)
        if not 0 < self.world <= set_files.LISTED:
            raise Corrupt(f"the checkpoint says that it is one of {self.world:,} ranks", "Save it again.", id="corrupt")
        self.counts = self._counts(said)
        listed = said.items("param_alignment_paddings")
        self.paddings = [] if listed is None else [_integers(said.graph, item) for item in listed]

    def _counts(self, said: SavedDict) -> list[int | None]:
        """By how many ranks each group is cut."""
        one = said.integer("partition_count")
        if one is not None:
            return [one] * len(self.groups)
        return [integer_of(said.graph, item) for item in said.items("partition_count") or ()]

    def _world_of(self, said: SavedDict) -> int:
        return max((count for count in self._counts(said) if count is not None), default=0)

    # -- the tensors ----------------------------------------------------------------------------------------------------------

    def checkpoint(self) -> Checkpoint:
        places = self._places()
        put_buffers(self.reading, self.head, self.root)
        self._frozen()
        for name, place in places.items():
            self.reading.tensors[name] = self._joined(name, place, lambda run: self.ranks[run.rank].flat[run.group], "")
        self._shared()
        self._others()
        self._moments_of(places)
        self._first_ranks(places)
        version = self.root.text("ds_version")
        stage = self.stage if self.stage in (1, 2, 3) else 3 if self.by_parameter else 2
        facts = {STAGE: str(stage), "ranks": f"{self.world:,}", **({"ds_version": visible(version, 40)} if version else {})}
        return self.reading.checkpoint(facts, [self.head.ckpt])

    def _places(self) -> dict[str, Place]:
        if not self.world:
            return {name: Place(shape or (), 0, problem=missing(0)) for shapes in self.groups for name, shape in shapes.items()}
        sizes = [None if (rank := self.ranks.get(number)) is None else [flat.numel for flat in rank.flat] for number in range(self.world)]
        if self.by_parameter:
            return of_ranks(self.groups, sizes)
        return of_groups(self.groups, self.paddings, sizes, self.counts)

    def _joined(self, name: str, place: Place, flat_of: Callable[[Run], TensorInfo | None], of: str) -> TensorInfo:
        """The tensor that the runs of `place` are, in the tensors that `flat_of` gives for them; `of` is what it is of the parameter."""
        key = join(STATE, join(name, of)) if of else name
        first = next((flat for rank in self.ranks.values() for flat in rank.flat), None)
        dtype, device = (first.dtype, first.device) if first is not None else ("float32", None)
        chunks, problem, at = [], place.problem, 0
        for n, run in enumerate(place.runs):
            flat = flat_of(run)
            part = self.ranks[run.rank].part
            storage = None if flat is None else part.storage(flat)
            if flat is None or storage is None:
                problem = problem or "corrupt: not all ranks have it"
                break
            dtype, device = (flat.dtype, flat.device) if not n else (dtype, device)
            problem = problem or _why_not(flat, run, dtype)
            self.reading.storages[storage.id] = storage
            chunks.append(Chunk((at,), (run.numel,), storage, flat.offset + run.start, (1,)))
            at += run.numel
        if not problem and at != prod(place.shape):
            problem = f"corrupt: its parts have {at:,} of {count(prod(place.shape), 'element')}"
        return self.reading.assembled(key, place.shape, dtype, device, tuple(chunks), problem, STATE if of else "")

    def _frozen(self) -> None:
        """Parameters that are not trained: in whole, or with stage 3 a piece of each on every rank."""
        for name, shape in self.root.table("frozen_param_shapes").shapes().items():
            if self.by_parameter:
                self.reading.tensors[name] = self._frozen_of_ranks(name, shape)
                continue
            info = self.head.ckpt.tensors.get(f"frozen_param_fragments.{name}")
            if info is None:
                self.reading.tensors[name] = self.reading.assembled(name, shape or (), "float32", None, (), "missing: it was left out", "")
                continue
            self.reading.put(name, self.head, info, "")
            if shape is None or (info.shape != shape and (info.numel != prod(shape) or not is_contiguous(info.shape, info.stride))):
                self.reading.tensors[name] = self.reading.tensors[name]._replace(problem="corrupt: it has another shape than is said of it")
            elif info.shape != shape:
                self.reading.tensors[name] = self.reading.tensors[name]._replace(shape=shape, stride=contiguous(shape))

    def _frozen_of_ranks(self, name: str, shape: tuple[int, ...] | None) -> TensorInfo:
        key = f"frozen_param_fragments.{name}"
        pieces = {number: info for number, part in self.models.items() if (info := part.ckpt.tensors.get(key)) is not None}
        first = next(iter(pieces.values()), None)
        dtype, device = (first.dtype, first.device) if first is not None else ("float32", None)
        numel, chunks, at = prod(shape or ()), [], 0
        each = -(-numel // self.world) if self.world else numel
        problem = "corrupt: no shape is said of it" if shape is None else ""
        while at < numel and not problem:
            number = at // each
            info = pieces.get(number)
            storage = None if info is None else self.models[number].storage(info)
            if info is None or storage is None:
                problem = missing(number)
                break
            count = min(each, numel - at)
            problem = _why_not(info, Run(number, 0, 0, count), dtype) or ("" if info.numel == each else
                                                                          "corrupt: its pieces are not as large as the ranks say")
            self.reading.storages[storage.id] = storage
            chunks.append(Chunk((at,), (count,), storage, info.offset, (1,)))
            at += count
        return self.reading.assembled(name, shape or (), dtype, device, tuple(chunks), problem, "")

    def _shared(self) -> None:
        for name, other in self.root.table("shared_params").texts().items():
            found = self.reading.tensors.get(other)
            if found is not None:
                self.reading.tensors[name] = found._replace(key=name)

    def _others(self) -> None:
        """What else the model's state dict has: second names of before they were listed, and extra state. Weights of stage 3 are empty."""
        inside = dict(below(self.head.ckpt.tensors, "module"))
        same = {view: self.reading.tensors[name] for key, name in inside.items()
                if name in self.reading.tensors and (view := self.head.ckpt.tensors[key].view) is not None}
        for key, name in inside.items():
            info = self.head.ckpt.tensors[key]
            if name in self.reading.tensors:
                continue
            tied = same.get(info.view) if info.view is not None and info.numel else None
            if tied is not None:
                self.reading.tensors[name] = tied._replace(key=name)
            elif info.numel or not self.by_parameter:
                self.reading.put(name, self.head, info, "")

    # -- the optimizer --------------------------------------------------------------------------------------------------------

    def _moments_of(self, places: Mapping[str, Place]) -> None:
        first = self.ranks[min(self.ranks)] if self.ranks else None
        for moment in first.moments if first is not None else ():
            def flat_of(run: Run, moment: str = moment) -> TensorInfo | None:
                return self.ranks[run.rank].moments.get(moment, {}).get(run.group)

            for name, place in places.items():
                if place.problem or all(flat_of(run) is not None for run in place.runs[:1]):
                    found = self._joined(name, place, flat_of, moment)
                    self.reading.tensors[found.key] = found

    def _first_ranks(self, places: Mapping[str, Place]) -> None:
        """What is not cut over the ranks, as the first of them has it: options of the optimizer, steps, the trainer's own values."""
        keys = Keys()
        keys.seen |= self.reading.tensors.keys()
        names: dict[int, list[str]] = {}
        for name, place in places.items():
            names.setdefault(place.group, []).append(name)
        put_client_values(self.reading, keys, self.head)
        for rank in [*self.ranks.values()][:1]:
            ckpt, taken = rank.part.ckpt, {info.key for info in rank.flat}
            taken |= {info.key for of_group in rank.moments.values() for info in of_group.values()}
            for key, info in ckpt.tensors.items():
                if key not in taken:
                    self.reading.put(keys.new(_of_optimizer(key)), rank.part, info, None)
            for key, value in ckpt.values.items():
                if is_under(key, _OPTIMIZER) and not _is_about_parts(key):
                    self.reading.put_value(keys.new(_of_optimizer(key)), rank.part, value)
            for group in sorted(names):
                if any(key.startswith(f"optimizer.param_groups.{group}.") for key in self.reading.values):
                    self.reading.values.update((keys.new(f"optimizer.param_groups.{group}.params.{n}"), name)
                                               for n, name in enumerate(names[group]))


def _names(part: Checkpoint) -> set[tuple[str, str]]:
    """What the pickles of a file would import."""
    return {name for _, graph in part.pickles for name in graph.names}


def groups_of(root: SavedDict) -> list[dict[str, tuple[int, ...] | None]]:
    """The parameters of each group as the model's file lists them, in the order in which they lie; until 0.3.16 there was but one
    table."""
    items = root.items("param_shapes")
    tables = [root.table("param_shapes")] if items is None else [SavedDict(root.graph, item) for item in items]
    return [table.shapes() for table in tables]


def put_buffers(reading: Reading, head: Part, root: SavedDict) -> None:
    """Lists the model's buffers, which its file has under their names."""
    for name in (root.graph.text(item) for item in root.items("buffer_names") or ()):
        info = head.ckpt.tensors.get(join("module", name)) if name else None
        if name and info is not None:
            reading.put(name, head, info, "")


def put_client_values(reading: Reading, keys: Keys, head: Part) -> None:
    """Lists what the model's file has beside the model: the trainer's own values and tensors, and DeepSpeed's configuration."""
    for key, info in head.ckpt.tensors.items():
        if not any(is_under(key, table) for table in ("module", "frozen_param_fragments")):
            reading.put(keys.new(key), head, info, None)
    for key, value in head.ckpt.values.items():
        top = key.partition(".")[0]
        if top not in _TABLES or (top == "lr_scheduler" and value is not None):
            reading.put_value(keys.new(key), head, value)


def _of_optimizer(key: str) -> str:
    """What a key of a rank's file is called in the joined checkpoint."""
    if not is_under(key, _OPTIMIZER):
        return key
    rest = relative(key, _OPTIMIZER)
    base = next((base for base in _BASE if is_under(rest, f"{base}.param_groups")), "")
    return join("optimizer", relative(rest, base) if base else rest)


def _is_about_parts(key: str) -> bool:
    """Whether a value only says which flat tensor, or which part of it, is meant."""
    return is_under(key, f"{_OPTIMIZER}.param_slice_mappings") or any(
        is_under(key, f"{_OPTIMIZER}.{base}.param_groups") and ".params." in key for base in _BASE)


def _listed(part: Part, path: str) -> list[TensorInfo]:
    """The tensors of the list at `path` in a file."""
    found: list[TensorInfo] = []
    while (info := part.ckpt.tensors.get(f"{path}.{len(found)}")) is not None:
        found.append(info)
    return found


def _moments(part: Part, flat: Sequence[TensorInfo]) -> dict[str, dict[int, TensorInfo]]:
    """name -> group -> tensor, of the optimizer's state that has an element for each of the flat tensor of that group: a dict of dicts, or
    (elastic checkpoints) a list of them."""
    found: dict[str, dict[int, TensorInfo]] = {}
    for base in _BASE:
        for path in (f"{_OPTIMIZER}.{base}.state", f"{_OPTIMIZER}.{base}"):
            for key, rest in below(part.ckpt.tensors, path):
                group, _, name = rest.partition(".")
                info = part.ckpt.tensors[key]
                if not group.isdigit() or len(group) > 8 or not name or "." in name or len(info.shape) != 1:
                    continue
                if int(group) < len(flat) and info.numel >= flat[int(group)].numel:
                    found.setdefault(name, {}).setdefault(int(group), info)
    return found


def _integers(graph: Graph, n: int) -> list[int] | None:
    items = items_of(graph, n)
    numbers = [integer_of(graph, item) for item in items or ()]
    return None if items is None else [-1 if number is None else number for number in numbers]


def _why_not(flat: TensorInfo, run: Run, dtype: str) -> str:
    """Why a run cannot be read of a flat tensor, or ""."""
    if flat.problem:
        return flat.problem
    if flat.layout != "strided" or flat.quantizer is not None or len(flat.shape) != 1 or (flat.stride != (1,) and flat.numel > 1):
        return "corrupt: what a rank has of it is no flat tensor"
    if flat.dtype != dtype:
        return f"corrupt: the ranks have it as {dtype} and as {flat.dtype}"
    if run.start + run.numel > flat.numel:
        return f"corrupt: it would reach to element {run.start + run.numel:,} of a flat tensor of {flat.numel:,}"
    return ""
