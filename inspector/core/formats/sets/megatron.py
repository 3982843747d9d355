"""A folder that Megatron-LM saved with tensor parallelism: each rank's file has its part of the matrices, joined by the modules' names.

    latest_checkpointed_iteration.txt   the number of the iteration, or "release"
    iter_0000100/mp_rank_00/model_optim_rng.pt, iter_0000100/mp_rank_01/model_optim_rng.pt …

A ColumnParallelLinear and a VocabParallelEmbedding have rows of the whole (and of its bias), a RowParallelLinear columns (its bias is
everybody's); everything else that is known is the same on all ranks. With a gated activation each rank has its rows of the gate and then
those of the other half. Nothing in the files says which module is which: what is not called as below, and what depends on an option that
the files do not tell, is ambiguous and stays as the ranks have it. Sources: Megatron-LM core_r0.13, megatron/training/checkpointing.py
(`get_checkpoint_name`, `fix_query_key_value_ordering`), megatron/core/tensor_parallel/layers.py, tools/checkpoint/.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, FileStamp, Plain, Storage, TensorInfo, contiguous
from inspector.core.errors import InspectorError, Unsupported
from inspector.core.findings import Finding
from inspector.core.formats.shared.merging import Findings, Nodes, merge_metadata, renamed, renumbered
from inspector.core.io.sources import SourceFile
from inspector.core.keypath import is_under, join, leaf_of, parent_of, visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count

from . import set_files
from .pieces import Piece, together

FORMAT = "megatron"
_MODELS = re.compile(r"model\d*(?:\.|$)")
_COLUMNS = frozenset({"query_key_value", "query", "key_value", "linear_qkv", "linear_q", "linear_kv", "dense_h_to_4h", "linear_fc1",
                      "output_layer", "linear_q_up_proj", "linear_kv_up_proj"})
_ROWS = frozenset({"dense_4h_to_h", "linear_proj", "linear_fc2"})
_ATTENTION = frozenset({"self_attention", "attention", "inter_attention", "cross_attention"})
_GATED = frozenset({"dense_h_to_4h", "linear_fc1"})
_GATES = ("swiglu", "gated_linear_unit", "glu_activation")
_WHOLE = re.compile(r"(?:.*_)?(?:layer_?norm|norm)(?:_\d+)?|position_embeddings|tokentype_embeddings|rotary_pos_emb|router|pooler"
                    r"|binary_head|linear_q_down_proj|linear_kv_down_proj")
_WHOLE_LEAVES = frozenset({"layer_norm_weight", "layer_norm_bias"})        # of a norm that is fused with the layer behind it
_QKV_ORDER = 2.0            # the version since which the parts of each head lie together
_MOST = 4096                # ranks
_AGAIN = "Copy the folders of all ranks."

ReadOne = Callable[[SourceFile, str, Limits, Monitor], Checkpoint]


class _How(NamedTuple):
    """How the ranks' parts of a tensor make the whole: cut along `dim` (None: all have the whole), each part of `blocks` equal ones that
    come one after another in the whole, too; or why nobody can tell."""

    dim: int | None
    blocks: int = 1
    unknown: str = ""


def read(folder: str, read_one: ReadOne, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in `folder`, which is that of one iteration. Raises Unsupported for pipeline stages and experts on several ranks."""
    names = set_files.megatron_ranks(folder)
    if any(rank.others for rank in names):
        raise Unsupported(f"this is a folder of {len(names):,} ranks with pipeline stages or experts of their own, which are not joined",
                          "Open the file of one rank.", id="model_parallel")
    return _Reading(folder, names, read_one, limits, monitor).checkpoint()


class _Reading:
    def __init__(self, folder: str, names: list[set_files.MegatronRank], read_one: ReadOne, limits: Limits, monitor: Monitor) -> None:
        self.folder = folder
        self.files: list[FileStamp] = []
        self.findings = Findings()
        self.nodes = Nodes()
        self.parts: dict[int, Checkpoint] = {}
        self.ids: dict[int, dict[str, str]] = {}
        self.bases: dict[int, int] = {}
        self.tensors: dict[str, TensorInfo] = {}
        self.storages: dict[str, Storage] = {}
        self.unknown: dict[str, str] = {}
        self.findings.add(set_files.links_outside(folder, [rank.path for rank in names], limits))
        shared = limits.shared_by(len(names))
        for rank in names:
            monitor.report(len(self.files), len(names), visible(rank.path, 80))
            part = set_files.read_part(folder, rank.path, len(self.files),
                                       lambda source, path: read_one(source, path, shared, monitor), monitor)
            if isinstance(part, InspectorError):
                self.findings.add([set_files.about_files("missing-shard", [rank.path], f"{part.message}.", part.hint)])
                continue
            self.bases[rank.number] = self.nodes.add(part.pickles, visible(rank.path))
            self.ids[rank.number] = {id: f"{len(self.files)}/{id}" for id in part.storages}
            self.parts[rank.number] = part
            self.files += part.files
            self.findings.add((finding for finding in part.findings if finding.id != "shared-storage"), visible(rank.path))
        if not self.parts:
            raise Unsupported("none of the ranks' files can be read", _AGAIN, id="not_regular_file")
        self.head = self.parts[min(self.parts)]
        self.ranks = self._ranks(names)

    def _ranks(self, names: list[set_files.MegatronRank]) -> int:
        """How many there are, as the arguments say or else the names. Raises Unsupported where pipeline stages are told of."""
        for name in ("pipeline_model_parallel_size", "expert_model_parallel_size"):
            if (stages := _number(self.head, name)) is not None and stages > 1:
                raise Unsupported(f"it was saved with {name} = {stages:g}, and such parts are not joined", "Open the file of one rank.",
                                  id="model_parallel")
        there = max(rank.number for rank in names) + 1
        told = _number(self.head, "tensor_model_parallel_size") or _number(self.head, "model_parallel_size")
        ranks = int(told) if told is not None and there <= told <= _MOST and told == int(told) else there
        absent = [number for number in range(ranks) if number not in self.parts]
        if absent:
            self.findings.add([Finding("missing-shard", "warning", "", f"What rank {set_files.numbers(absent)} of {ranks:,} has of the "
                                       "matrices is not there.", _AGAIN)])
        return ranks

    def checkpoint(self) -> Checkpoint:
        for key in dict.fromkeys(key for part in self.parts.values() for key in part.tensors):
            self._join(key)
        if self.unknown:
            first = next(iter(self.unknown))
            self.findings.add([Finding("ambiguous-parts", "warning", visible(first), f"{count(len(self.unknown), 'tensor')} of the model "
                                       f"{'is' if len(self.unknown) == 1 else 'are'} left as the ranks have them, "
                                       f"{visible(first, 80)} first: {self.unknown[first]}.",
                                       "Their parts are listed under mp_rank_00, mp_rank_01 …", keys=tuple(self.unknown))])
        base, ids = self.bases[min(self.bases)], self.ids[min(self.ids)]
        values: dict[str, Plain] = {key: renumbered(value, ids, base) for key, value in self.head.values.items() if key not in self.tensors}
        places = dict.fromkeys(info.state_dict for info in self.tensors.values() if info.state_dict is not None)
        return Checkpoint(self.folder, FORMAT, self.head.kind, tuple(self.files), MappingProxyType(self.tensors), MappingProxyType(values),
                          MappingProxyType(self.storages), tuple(places), self.findings.all(),
                          module_metadata=MappingProxyType(merge_metadata([self.head])),
                          facts=MappingProxyType({"ranks": f"{self.ranks:,}", "byteorder": "little"}), pickles=tuple(self.nodes.pickles),
                          listed_nodes=tuple((node + base, key) for node, key in self.head.listed_nodes))

    # -- tensors ----------------------------------------------------------------------------------------------------------------

    def _join(self, key: str) -> None:
        held = {number: part.tensors[key] for number, part in self.parts.items() if key in part.tensors}
        number, first = next(iter(held.items()))
        how = _how(key, first, self.head) if _MODELS.match(key) else _How(None, unknown="not of the model")
        if how.unknown or (how.dim is not None and how.dim >= len(first.shape)):
            if _MODELS.match(key):
                self.unknown[key] = how.unknown or "it has fewer dimensions than its kind has"
            for other in held:
                self._put(join(f"mp_rank_{other:02}", key), other, held[other], None)
            return
        if any(info.shape != first.shape or info.dtype != first.dtype for info in held.values()):
            self._put(key, number, first, first.state_dict)
            self.tensors[key] = self.tensors[key]._replace(problem="corrupt: the ranks have it in different shapes or types")
        elif how.dim is None or self.ranks == 1:
            self._put(key, number, first, first.state_dict)
        else:
            self._put_together(key, how.dim, how.blocks, held, first)

    def _put_together(self, key: str, dim: int, blocks: int, held: Mapping[int, TensorInfo], first: TensorInfo) -> None:
        size = first.shape[dim]
        whole = tuple(size * self.ranks if d == dim else length for d, length in enumerate(first.shape))
        if size % blocks or any(info.problem or info.layout != "strided" or info.extra is not None for info in held.values()):
            broken = next((info.problem for info in held.values() if info.problem), "corrupt: its parts cannot be put together")
            own = Storage(f"{key}#", first.dtype, first.device, 0, None)
            self.storages[own.id] = own
            self.tensors[key] = first._replace(shape=whole, stride=contiguous(whole), offset=0, storage=own.id, problem=broken, node=-1,
                                               extra=None)
            return
        pieces, step = [], size // blocks
        for rank, info in held.items():
            storage = self._storage(rank, info.storage)
            for block in range(blocks) if storage is not None else ():
                at = tuple(block * step * self.ranks + rank * step if d == dim else 0 for d in range(len(whole)))
                form = tuple(step if d == dim else length for d, length in enumerate(info.shape))
                part = info._replace(shape=form, offset=info.offset + block * step * info.stride[dim])
                assert storage is not None
                pieces.append(Piece(at, part, storage))
        joined, used = together(key, pieces, "", whole) if pieces else (first._replace(problem="missing: it has no values"), [])
        self.tensors[key] = joined._replace(key=key, device=first.device, requires_grad=first.requires_grad, state_dict=first.state_dict,
                                            node=-1)
        self.storages.update((storage.id, storage) for storage in used)

    def _put(self, key: str, rank: int, info: TensorInfo, place: str | None) -> None:
        self.tensors[key] = renamed(info, self.ids[rank], self.bases[rank])._replace(key=key, state_dict=place)
        for id in {info.storage, *(inner.storage for inner in info.parts.values())}:
            storage = self._storage(rank, id)
            if storage is not None:
                self.storages[storage.id] = storage

    def _storage(self, rank: int, id: str) -> Storage | None:
        found = self.parts[rank].storages.get(id)
        return found and found._replace(id=self.ids[rank][id])


def _number(part: Checkpoint, name: str) -> float | None:
    """An argument of the training program."""
    found = part.values.get(join("args", name))
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _how(key: str, info: TensorInfo, head: Checkpoint) -> _How:
    """How the parts of the model's tensor `key` belong together, by its name and the arguments."""
    leaf, module = leaf_of(key), parent_of(key)
    layer = leaf_of(module)
    if leaf in _WHOLE_LEAVES or _WHOLE.fullmatch(layer) or leaf == "inv_freq" or leaf_of(parent_of(module)) in ("pooler", "binary_head"):
        return _How(None)
    if is_under(key, "experts") or "experts" in key.split(".") or leaf not in ("weight", "bias"):
        return _How(None, unknown="nothing says how such a tensor is cut")
    if layer == "word_embeddings" or (layer == "lm_head" and leaf == "bias"):
        return _How(0)
    if layer in _ROWS or (layer == "dense" and leaf_of(parent_of(module)) in _ATTENTION):
        return _How(1 if leaf == "weight" else None)
    if layer not in _COLUMNS:
        return _How(None, unknown="nothing says whether such a tensor is cut")
    if layer in ("query_key_value", "key_value"):
        version = head.values.get("checkpoint_version")
        if not isinstance(version, int | float) or isinstance(version, bool) or version < _QKV_ORDER:
            return _How(None, unknown="the order of queries, keys and values within it was another before version 2 of the format")
    if layer not in _GATED:
        return _How(0)
    gates = {name: head.values[join("args", name)] for name in _GATES if join("args", name) in head.values}
    if not gates or any(gate is not None and not isinstance(gate, bool) for gate in gates.values()):
        return _How(None, unknown="the arguments do not say whether its activation is gated, in which case it is two matrices")
    return _How(0, 2 if any(gates.values()) else 1)
