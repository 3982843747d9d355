"""Calls that build tensors -> `TensorInfo`, checked: nothing in it reaches outside its storage unless `problem` says so.

Sources: torch/_utils.py and torch/_tensor.py of torch 2.13 (`_rebuild_*`), aten/src/ATen/native/Resize.h
(`checkInBoundsForStorage`).
"""
from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from inspector.core.checkpoint import Extra, PerChannel, PerTensor, Storage, TensorInfo, contiguous
from inspector.core.dtypes import DTYPES
from inspector.core.graph import BIGINT, BIGTEXT, BUILD, DICT, FLOAT, GLOBAL, INT, LIST, NEWOBJ, NONE, PERSID, REDUCE, TUPLE, Graph
from inspector.core.progress import QUIET, Monitor
from inspector.core.runtime.memory import release_memory
from inspector.core.wording import count

from . import arrays, composite_tensors
from .bulk import ORDINARY, RowNumbers, Rows, numbered, ordinary_tensors
from .calls import Call, call_of, tuple_items
from .listed import Ordinary, TensorList, ordinary_of
from .names import (
    ARRAY_BUILDERS,
    FROM_TYPE,
    FROM_TYPE_V2,
    JAGGED,
    OLD_PARAMETERS,
    OLD_TENSORS,
    PARAMETER,
    PARAMETER_CLASS,
    PARAMETER_WITH_STATE,
    QSCHEMES,
    TENSOR_BUILDERS,
    TENSOR_V2,
    Name,
    canonical,
    dtype_name,
)
from .parts import BrokenTensor, Parts, numel_of, overflows, overlaps
from .plain import small_integer
from .recognise import size_of, too_long
from .storages import Backing, ResolveMany, Storages

MAX_RANK = 64               # dims that a broken shape is still shown with, and that go without a remark
_WRAPPERS = 8               # Parameter(Subclass(Parameter(…
_INT64 = 1 << 63
_LARGE = 5_000_000          # nodes of a graph from which memory is given back at once
_LONG_RANKS = 1_000_000     # dimensions of all tensors together that have more than MAX_RANK
_CHANNELS = 1 << 16         # of a quantizer that is a list
_LONG = 16                  # items from which a size tuple is remembered, as it may be shared by many tensors
_PLAIN_TYPES = frozenset({("torch", "Tensor"), PARAMETER_CLASS, ("torch.nn.parameter", "Buffer")})

_TensorTuple = tuple[tuple[int, ...], str, str | None, tuple[int, ...], int]


class Rebuilt(NamedTuple):
    """A tensor and what else hangs on it: `states` are nodes of attributes that its subclass or Parameter carries, `gradient` is the
    node of its gradient (-1: none)."""

    info: TensorInfo
    states: tuple[int, ...] = ()
    gradient: int = -1


def give_back(graph: Graph) -> None:
    """Columns of a million tensors that were needed for a moment are holes in this process's memory: a hundred megabytes, which nothing
    else fits into."""
    if len(graph) > _LARGE:
        release_memory()


class Tensors:
    """Reads tensors of one graph. `remarks` counts what is odd about readable ones: id -> [(key, text)], first few."""

    def __init__(self, graph: Graph, resolve: Callable[[Any], Storage], resolve_many: ResolveMany | None = None,
                 monitor: Monitor = QUIET) -> None:
        self.graph = graph
        self.storages = Storages(graph, resolve, resolve_many)
        self.builders = {i for i, name in enumerate(graph.names) if canonical(*name) in _MAKERS}
        self.array_builders = {i for i in self.builders if canonical(*graph.names[i]) in ARRAY_BUILDERS}
        self.plain_builders = {i for i, name in enumerate(graph.names) if canonical(*name) == TENSOR_V2}
        self.ordered_dicts = {i for i, name in enumerate(graph.names) if canonical(*name) == ("collections", "OrderedDict")}
        parameters = {i for i, name in enumerate(graph.names) if canonical(*name) == PARAMETER}
        self.remarks: dict[str, list[tuple[str, str]]] = {}
        self._rows: Rows | None = None
        self._rows, self.storages.ids = \
            ordinary_tensors(graph, self.plain_builders, parameters, self.ordered_dicts, monitor) or (None, None)
        give_back(graph)
        self.storages.ordinary_ids = len(self.storages.ids.nodes) if self.storages.ids is not None else 0
        self._ordinary: Ordinary | None = None
        self.numbers = RowNumbers(bytearray(len(graph)), array("i")) if self._rows is None else self._rows.numbers
        self._long_ranks = _LONG_RANKS
        self._dims: dict[int, tuple[tuple[int, ...], str]] = {}
        self._names: dict[int, Name] = {}
        self._lists: dict[int, tuple[float, ...]] = {}
        self._under: set[int] = set()
        self._arrays: dict[int, arrays.Array | None] = {}

    def is_tensor(self, n: int) -> bool:
        """Whether node `n` is a call of something that builds tensors, by its name only; or a numpy array of numbers."""
        graph = self.graph
        if graph.kind[n] != REDUCE and graph.kind[n] != NEWOBJ:
            return False
        f = graph.a[n]
        return graph.kind[f] == GLOBAL and graph.a[f] in self.builders \
            and (graph.a[f] not in self.array_builders or self.array(n) is not None)

    def is_array(self, n: int) -> bool:
        """Whether the tensor that node `n` is is a numpy array."""
        return self._arrays.get(n) is not None and self.graph.kind[n] == REDUCE

    def array(self, n: int) -> arrays.Array | None:
        """The numpy array of numbers that node `n` is; None for anything else."""
        if n not in self._arrays:
            self._arrays[n] = arrays.numbers_of(self.graph, n)
        return self._arrays[n]

    def is_scalar(self, n: int) -> bool:
        """Whether the tensor that node `n` builds has no dimension, by its list of sizes only. Resolves nothing."""
        if self.numbers.marks[n] & ORDINARY:
            return not self._shape(self.numbers.of(n))
        graph = self.graph
        for _ in range(_WRAPPERS):
            call = call_of(graph, n)
            if not call.args or call.name is None:
                return False
            if call.name in (PARAMETER, PARAMETER_WITH_STATE) and graph.kind[call.args[0]] == REDUCE:
                n = call.args[0]
                continue
            if call.name in ARRAY_BUILDERS:
                array = self.array(n)
                return array is not None and not array.shape
            if call.name not in _WITH_SIZE or len(call.args) < 4:
                return False
            size = call.args[2]
            return graph.kind[size] in (TUPLE, LIST) and graph.a[size] == graph.b[size] and size not in graph.mutations
        return False

    def _shape(self, row: int) -> tuple[int, ...]:
        """That of an ordinary tensor."""
        if self._ordinary is not None:
            return self._ordinary.kinds[self._ordinary.kind[row]].shape
        return self._rows.forms[self._rows.form[row]][0] if self._rows is not None else ()

    def listing(self) -> TensorList | list[TensorInfo]:
        """An empty list for the tensors of the graph. Where it is a `TensorList`, `numbers` tells from now on which nodes are tensors that
        can be added to it by their rows."""
        rows, storages = self._rows, self.storages
        places = None if rows is None else storages.at_once(rows.pids, rows.offsets + rows.reaches)
        if rows is None or places is None or storages.many is None:
            return []
        which, many = (places >= 0).nonzero()[0], storages.many
        if len(which) < len(places):
            self.numbers = numbered(rows.nodes[which], len(self.graph))
        self._rows = storages.ids = None        # what is left to be asked of them is in columns by now
        self._ordinary = ordinary_of(rows.forms, many, form=rows.form[which], place=places[which], node=rows.nodes[which],
                                     offset=rows.offsets[which], requires_grad=rows.requires_grad[which])
        del rows, places, which
        give_back(self.graph)
        return TensorList(self._ordinary, storages.uses)

    def quick(self) -> Callable[[int, str, str | None], TensorInfo | None]:
        """A function of (node, key, state dict) for ordinary tensors that are in order; None for all others. This decides how
        long opening a large file takes."""
        if self._rows is None:
            return _no_tensor
        row_of, backing_of = self.numbers.of, self.storages.ordinary()
        forms = [self._rows.forms[n] for n in self._rows.form.tolist()]
        offsets, reaches, pids = self._rows.offsets.tolist(), self._rows.reaches.tolist(), self._rows.pids.tolist()
        grads = self._rows.requires_grad.tolist()
        make, info_type = tuple.__new__, TensorInfo

        def read(n: int, key: str, state_dict: str | None) -> TensorInfo | None:
            row = row_of(n)
            if row < 0:
                return None
            shape, stride = forms[row]
            offset = offsets[row]
            backing = backing_of(pids[row])
            if backing is None:
                return None
            storage, dtype, device, capacity, nbytes, problem, start = backing
            if problem or start or device == "meta" or offset + reaches[row] > capacity:
                return None
            return make(info_type, (key, shape, dtype, device, stride, offset, storage, nbytes, grads[row], state_dict,
                                    "strided", "", n, None))

        return read

    # -- any tensor ---------------------------------------------------------------------------------------------------

    def read(self, n: int, key: str, state_dict: str | None, component: bool = False) -> Rebuilt | None:
        """Any tensor, broken ones with their problem; None when `n` turns out to be something that is no tensor. A `component`
        of another is None too where it is made of others itself."""
        parts = Parts(component)
        try:
            if not self._fill(parts, n, key):
                return None
        except BrokenTensor as odd:
            parts.problem = str(odd)
        if not parts.problem and parts.backing is not None:
            parts.problem = parts.backing.problem
        if parts.problem:                               # the product of many enormous sizes is never computed
            parts.shape, parts.stride = parts.shape[:MAX_RANK], parts.stride[:MAX_RANK]
        backing = parts.backing
        info = TensorInfo(key, parts.shape, parts.dtype, parts.device, parts.stride, parts.offset, backing.id if backing else "",
                          backing.nbytes if backing else 0, parts.requires_grad, state_dict, parts.layout, parts.problem, n,
                          parts.extra())
        if parts.stands_for is not None:
            inner = parts.stands_for
            info = inner._replace(key=key, state_dict=state_dict, node=n, requires_grad=parts.requires_grad or inner.requires_grad,
                                  extra=replace(inner.extra or Extra(), subclass=parts.subclass, part_of=parts.part_of))
        if parts.converted_to and not parts.problem:
            info = self._converted(info, parts.converted_to)
        return Rebuilt(info, tuple(parts.states), parts.gradient)

    def _converted(self, source: TensorInfo, dtype: str) -> TensorInfo:
        """The tensor that is made of `source` when it is loaded, in another type."""
        nbytes = source.numel * DTYPES[dtype].itemsize
        storage = self.storages.of_converted(source.node, dtype, source.device, nbytes)
        return source._replace(dtype=dtype, stride=contiguous(source.shape), offset=0, storage=storage.id, storage_nbytes=nbytes,
                               extra=Extra(read_from=source._replace(state_dict=None, requires_grad=False)))

    def _fill(self, parts: Parts, n: int, key: str) -> bool:
        """Unwraps Parameters and subclasses, then reads the tensor inside. False: no tensor inside."""
        call = call_of(self.graph, n)
        grads: list[bool] = []
        for _ in range(_WRAPPERS):
            inner = self._unwrap(parts, call, grads)
            if inner is None:
                break
            call = inner
        else:
            return False
        if call.name in OLD_TENSORS:
            if not self._old_tensor(parts, call, key):
                return False
        elif call.name in ARRAY_BUILDERS:
            if self.array(call.node) is None:
                return False
            parts.subclass = arrays.class_of(self.graph, call.node)
            self.from_array(parts, call.node, None, key)
        elif not self._build(parts, call, key):
            return False
        if grads:
            parts.requires_grad = grads[0]
        if parts.moved is not None:
            parts.device = parts.moved[1]
            if self.dtype(parts.moved[0]) != parts.dtype:
                raise BrokenTensor("unsupported: the tensor changes its type when it is loaded")
        return True

    def _build(self, parts: Parts, call: Call, key: str) -> bool:
        """Reads the tensor that one of torch's functions builds. False: `call` is none of them."""
        builder = _BUILDERS.get(call.name) if call.name else None
        if builder is None or (parts.component and call.name not in _SIMPLE):
            return False
        if self.graph.mutations.get(call.node) or call.args is None:
            raise BrokenTensor("corrupt: the tensor is changed after it was made")
        builder(self, parts, call.args, call.node, key)
        return True

    def _old_tensor(self, parts: Parts, call: Call, key: str) -> bool:
        """An instance of torch.FloatTensor or the like, whose state is (storage, offset, size, stride), as until 0.1.10: see
        `Tensor.__setstate__` in torch/_tensor.py."""
        items = self._only_state(call.node)
        if call.args != () or items is None or len(items) != 4:
            return False
        self._strided(parts, items, self.graph.mutations[call.node][0], key)
        return True

    def _old_parameter(self, parts: Parts, call: Call, grads: list[bool]) -> Call | None:
        """The tensor in a Parameter or Variable as torch wrote it up to 0.4.1: (data, requires_grad) of a Parameter of 0.4; before that
        (data,) with the state (requires_grad, volatile, hooks), or nothing with the state (data, gradient, hooks, requires_grad,
        volatile)."""
        graph, args = self.graph, call.args
        items = self._only_state(call.node)
        if args is None or (items is None and call.node in graph.mutations):
            return None
        gradient = hooks = -1
        if items is None and 1 <= len(args) <= 2:
            data, requires_grad = args[0], graph.boolean(args[1]) if len(args) == 2 else call.name == PARAMETER_CLASS
        elif items is not None and len(args) == 1 and len(items) == 3:
            data, requires_grad, hooks = args[0], graph.boolean(items[0]), items[2]
        elif items is not None and not args and len(items) == 5:
            data, gradient, hooks, requires_grad = items[0], items[1], items[2], graph.boolean(items[3])
        else:
            return None
        if requires_grad is None or not self.is_tensor(data):
            return None
        grads.append(requires_grad)
        if hooks >= 0 and graph.kind[hooks] != NONE and _has_state(graph, hooks):
            parts.states.append(hooks)
        if gradient >= 0 and graph.kind[gradient] != NONE:
            parts.gradient = gradient
        return call_of(graph, data)

    def _only_state(self, n: int) -> tuple[int, ...] | None:
        """The items of the tuple that is the state of the one BUILD that is all that was done to `n`; None otherwise."""
        done = self.graph.mutations.get(n, ())
        if len(done) != 1 or self.graph.kind[done[0]] != BUILD:
            return None
        return tuple_items(self.graph, self.graph.b[done[0]])

    def _unwrap(self, parts: Parts, call: Call, grads: list[bool]) -> Call | None:
        """The call inside a wrapper; None when `call` is none (or not in order, so that it is no tensor at all)."""
        graph, args = self.graph, call.args
        if call.name in OLD_PARAMETERS:
            return self._old_parameter(parts, call, grads)
        if args is None or call.node in graph.mutations:
            return None
        if call.name in (PARAMETER, PARAMETER_WITH_STATE) and len(args) == (3 if call.name == PARAMETER else 4):
            requires_grad = graph.boolean(args[1])
            if requires_grad is None or graph.kind[args[0]] != REDUCE:
                return None
            grads.append(requires_grad)
            if len(args) == 4 and _has_state(graph, args[3]):
                parts.states.append(args[3])
            return call_of(graph, args[0])
        if call.name in (FROM_TYPE, FROM_TYPE_V2) and len(args) == 4:
            spelled, of_type, inner = graph.global_name(args[0]), graph.global_name(args[1]), tuple_items(graph, args[2])
            if spelled is None or of_type is None or inner is None:
                return None
            if of_type not in _PLAIN_TYPES:
                parts.subclass = ".".join(of_type)
            if _has_state(graph, args[3]):
                parts.states.append(args[3])
            return Call(call.node, canonical(*spelled), spelled, inner)
        if call.name == ("torch._utils", "_rebuild_device_tensor_from_cpu_tensor") and len(args) == 4:
            requires_grad, device = graph.boolean(args[3]), graph.loose_text(args[2])
            if requires_grad is None or device is None or graph.kind[args[0]] != REDUCE:
                return None
            grads.append(requires_grad)
            parts.moved = args[1], device
            return call_of(graph, args[0])
        return None

    # -- builders -----------------------------------------------------------------------------------------------------

    def _tensor(self, parts: Parts, args: tuple[int, ...], when: int, key: str) -> None:
        if len(args) != 4:
            raise BrokenTensor(f"corrupt: {len(args)} arguments where a tensor needs 4")
        self._strided(parts, args, when, key)

    def _tensor_v2(self, parts: Parts, args: tuple[int, ...], when: int, key: str) -> None:
        if not 6 <= len(args) <= 7:
            raise BrokenTensor(f"corrupt: {len(args)} arguments where a tensor needs 6")
        self._strided(parts, args[:4], when, key, metadata=args[6] if len(args) == 7 else -1)
        self.requires_grad(parts, args[4])

    def _tensor_v3(self, parts: Parts, args: tuple[int, ...], when: int, key: str) -> None:
        if not 7 <= len(args) <= 8:
            raise BrokenTensor(f"corrupt: {len(args)} arguments where a tensor needs 7")
        dtype = self.dtype(args[6])
        self._strided(parts, args[:4], when, key, dtype, metadata=args[7] if len(args) == 8 else -1)
        self.requires_grad(parts, args[4])

    def _qtensor(self, parts: Parts, args: tuple[int, ...], when: int, key: str) -> None:
        if len(args) != 7:
            raise BrokenTensor(f"corrupt: {len(args)} arguments where a quantized tensor needs 7")
        self._strided(parts, args[:4], when, key)
        self.requires_grad(parts, args[5])
        self._quantizer(parts, args[4], when, key)

    def _quantizer(self, parts: Parts, n: int, when: int, key: str) -> None:
        graph = self.graph
        items = tuple_items(graph, n)
        named = graph.global_name(items[0]) if items else None
        if items is None or named is None or named[0] != "torch" or named[1] not in QSCHEMES:
            raise BrokenTensor("corrupt: no known quantizer")
        if len(items) == 3 and graph.kind[items[2]] == INT and graph.kind[items[1]] in (FLOAT, INT):
            scale = graph.real(items[1]) if graph.kind[items[1]] == FLOAT else float(graph.a[items[1]])
            parts.quantizer = PerTensor(named[1], scale, graph.a[items[2]])
            return
        if len(items) == 4 and graph.kind[items[3]] == INT:
            scales = self._channels(parts, items[1], when, "scales", key)
            zero_points = self._channels(parts, items[2], when, "zero_points", key)
            parts.quantizer = PerChannel(named[1], scales, zero_points, graph.a[items[3]])
            return
        raise BrokenTensor("corrupt: the quantizer is not in order")

    def _channels(self, parts: Parts, n: int, when: int, name: str, key: str) -> TensorInfo | tuple[float, ...]:
        """A number for each channel: a tensor, or (until 1.4) a list, which many tensors may share."""
        graph = self.graph
        if graph.kind[n] != LIST:
            part = parts.understood[name] = self.component(n, f"{key}.{name}")
            return part
        found = self._lists.get(n)
        if found is None:
            if too_long(graph, n, _CHANNELS) or graph.mutated_after(n, when):
                raise BrokenTensor("unsupported: the quantizer's lists are too long, or changed after the tensor was made")
            values = graph.sequence(n)
            if any(graph.kind[value] not in (FLOAT, INT) for value in values):
                raise BrokenTensor("corrupt: the quantizer is not in order")
            found = self._lists[n] = tuple(graph.real(value) if graph.kind[value] == FLOAT else graph.a[value] for value in values)
        return found

    def component(self, n: int, key: str) -> TensorInfo:
        """A strided tensor that is part of another. Raises Odd: parts of parts could nest as deep as the file likes."""
        if not self.is_tensor(n):
            raise BrokenTensor("corrupt: a part of the tensor is no tensor")
        found = self.read(n, key, None, component=True)
        if found is None:
            raise BrokenTensor("corrupt: a part of the tensor is no plain tensor")
        return found.info

    def _meta(self, parts: Parts, args: tuple[int, ...], when: int, key: str) -> None:
        if len(args) != 4:
            raise BrokenTensor(f"corrupt: {len(args)} arguments where a meta tensor needs 4")
        parts.dtype, parts.device = self.dtype(args[0]), "meta"
        parts.shape, parts.stride = self.sizes(args[1], when, "size"), self.sizes(args[2], when, "stride")
        self.requires_grad(parts, args[3])
        parts.problem = "meta: the file holds no values for this tensor"
        self.check(parts, key)
        self.remark("meta", key, "has a shape but no values (meta device)")

    def from_array(self, parts: Parts, n: int, device: str | None, key: str) -> None:
        """The numpy array at node `n`, whose bytes stand in the pickle, as a tensor on `device`. Raises BrokenTensor where it is none."""
        array = self.array(n)
        if array is None:
            raise BrokenTensor("corrupt: no numpy array of numbers where the tensor's values should be")
        parts.shape, parts.stride, parts.dtype, parts.device = array.shape, array.stride, array.dtype, device
        nbytes = numel_of(array.shape) * DTYPES[array.dtype].itemsize
        parts.backing = self.storages.of_constant(n, array.dtype, device, nbytes, array.constant)
        self.check(parts, key)

    # -- pieces -------------------------------------------------------------------------------------------------------

    def _strided(self, parts: Parts, args: tuple[int, ...], when: int, key: str, dtype: str | None = None,
                 metadata: int = -1) -> None:
        """(storage, offset, size, stride), into `parts`; `dtype` where the storage is untyped."""
        graph = self.graph
        storage, offset, size, stride = args
        parts.shape, parts.stride = self.sizes(size, when, "size"), self.sizes(stride, when, "stride")
        parts.dtype = dtype or "unknown"
        if graph.kind[storage] != PERSID:
            raise BrokenTensor("corrupt: no storage where the tensor's values should be")
        backing = self.storages.of(storage)
        if backing is None:
            raise BrokenTensor("corrupt: the persistent id names no storage")
        parts.backing = backing
        parts.dtype, parts.device = dtype or backing.dtype, backing.device
        position = small_integer(graph, offset)
        if position is None:
            raise BrokenTensor("corrupt: the offset is no integer" + (" of 64 bits" if graph.kind[offset] in (BIGINT, BIGTEXT) else ""))
        parts.offset = position if -_INT64 <= position < _INT64 else 0
        if parts.offset != position:
            raise BrokenTensor("corrupt: the offset needs more than 64 bits")
        if metadata >= 0:
            self._bits(parts, metadata, when)
        if parts.dtype != "unknown" and parts.dtype not in DTYPES:
            raise BrokenTensor(f"unknown_dtype: {parts.dtype}")
        if backing.problem.startswith("meta") or parts.device == "meta":
            self.remark("meta", key, "has a shape but no values (meta device)")
        self.check(parts, key)
        parts.offset += backing.start

    def check(self, parts: Parts, key: str) -> None:
        """Raises Odd unless every element lies inside the storage; notes what is odd but readable."""
        shape, stride = parts.shape, parts.stride
        if len(shape) != len(stride):
            raise BrokenTensor(f"corrupt: {count(len(shape), 'size')} but {count(len(stride), 'stride')}")
        if parts.offset < 0:
            raise BrokenTensor(f"corrupt: the offset is {parts.offset}")
        if any(size < 0 for size in shape):
            raise BrokenTensor("corrupt: a size is negative")
        if any(step < 0 for step in stride):
            raise BrokenTensor("corrupt: a stride is negative")
        numel = numel_of(shape)
        if len(shape) > MAX_RANK:
            self.remark("rank", key, f"has {count(len(shape), 'dimension')}")
        if numel == 0:
            if overflows(shape):
                if len(shape) > MAX_RANK:
                    raise BrokenTensor("corrupt: sizes beyond 64 bits in too many dimensions")
                self.remark("zero-size", key, "has no elements but enormous other sizes")
            return
        if any(step == 0 and size > 1 for size, step in zip(shape, stride, strict=True)):
            self.remark("expanded", key, f"shows {count(numel, 'element')}, repeating fewer stored ones")
        elif overlaps(shape, stride):
            self.remark("overlap", key, "has elements that share their bytes with each other")
        if parts.backing is None:
            return
        reach = parts.offset + sum((size - 1) * step for size, step in zip(shape, stride, strict=True)) + 1
        capacity = self._capacity(parts, parts.backing)
        if reach > capacity:
            raise BrokenTensor(parts.backing.problem or f"out_of_bounds: needs {count(reach, 'element')}, the storage has {capacity}")

    def _capacity(self, parts: Parts, backing: Backing) -> int:
        """How many elements of the tensor's type the storage holds."""
        held, wanted = DTYPES.get(backing.dtype), DTYPES.get(parts.dtype)
        return backing.capacity * held.stored * 8 // wanted.bits if held and wanted else backing.capacity

    def sizes(self, n: int, when: int, what: str) -> tuple[int, ...]:
        """The integers of a size or stride: of a tuple, list or torch.Size."""
        graph = self.graph
        kind = graph.kind[n]
        values: list[int | None]
        found = self._dims.get(n)
        if found is None:
            if kind == LIST and too_long(graph, n, MAX_RANK):
                items, values = [], [None]
            elif kind in (TUPLE, LIST):
                if graph.mutated_after(n, when):
                    raise BrokenTensor(f"corrupt: the {what} is changed after the tensor was made")
                items = graph.sequence(n)
                values = [graph.a[i] if graph.kind[i] == INT else None for i in items]
            elif kind == REDUCE:
                known = size_of(graph, n)
                items, values = [], [None] if known is None else [*known]
            else:
                items, values = [], [None]
            found = self._checked_sizes(items, values, what)
            if len(values) > _LONG:
                self._dims[n] = found
        sizes, problem = found
        if problem:
            raise BrokenTensor(problem)
        if len(sizes) > MAX_RANK:
            self._long_ranks -= len(sizes)
            if self._long_ranks < 0:
                raise BrokenTensor("too_big: too many tensors with too many dimensions")
        return sizes

    def _checked_sizes(self, items: list[int], values: list[int | None], what: str) -> tuple[tuple[int, ...], str]:
        if None not in values:
            return tuple(value for value in values if value is not None), ""
        graph = self.graph
        if items and all(graph.kind[i] in (INT, BIGINT, BIGTEXT) for i in items):
            return (), f"corrupt: a {what} needs more than 64 bits"
        return (), f"corrupt: the {what} is not made of integers"

    def dtype(self, n: int) -> str:
        named = self.graph.global_name(n)
        found = dtype_name(*named) if named else None
        if found is None:
            raise BrokenTensor("unknown_dtype: no type of torch's" + (f": {'.'.join(named)[:60]}" if named else ""))
        return found

    def requires_grad(self, parts: Parts, n: int) -> None:
        value = self.graph.boolean(n)
        if value is None and self.graph.kind[n] == INT and self.graph.a[n] in (0, 1):
            value = self.graph.a[n] == 1
        if value is None:
            raise BrokenTensor("corrupt: requires_grad is no boolean")
        parts.requires_grad = value

    def _bits(self, parts: Parts, n: int, when: int) -> None:
        """The conjugate and negative bits of `metadata`, a dict of text to bool: the values are stored without them."""
        graph = self.graph
        if graph.kind[n] == NONE:
            return
        if graph.kind[n] != DICT or graph.mutated_after(n, when):
            raise BrokenTensor("corrupt: the tensor's metadata is not in order")
        for name, value in graph.pairs(n)[:16]:
            text, on = graph.loose_text(name), graph.boolean(value)
            if text not in ("conj", "neg") or on is None:
                raise BrokenTensor("corrupt: the tensor's metadata is not in order")
            if on:
                parts.conj, parts.neg = parts.conj or text == "conj", parts.neg or text == "neg"

    def storages_under(self, n: int) -> None:
        """Resolves the storages that node `n` leads to, which belong to a tensor and are listed under no key. Each node is looked at
        once, however many tensors share it."""
        graph, todo = self.graph, [n]
        while todo:
            n = todo.pop()
            if n in self._under:
                continue
            self._under.add(n)
            if graph.kind[n] == PERSID:
                self.storages.of(n)
            todo += graph.references(n)
            for m in graph.mutations.get(n, ()):
                todo += graph.references(m)

    def remark(self, id: str, key: str, text: str) -> None:
        self.remarks.setdefault(id, []).append((key, text))


def _no_tensor(n: int, key: str, state_dict: str | None) -> None:
    """What is found where no ordinary tensors were read beforehand."""


def _has_state(graph: Graph, n: int) -> bool:
    """Whether there are attributes in the state that a Parameter or a subclass is rebuilt with. Many may share it: no counting."""
    kind = graph.kind[n]
    if kind == DICT:
        return graph.b[n] > graph.a[n] or n in graph.mutations
    return kind != NONE


_Builder = Callable[[Tensors, Parts, tuple[int, ...], int, str], None]
_BUILDERS: dict[Name, _Builder] = {
    ("torch._utils", "_rebuild_tensor"): Tensors._tensor,
    TENSOR_V2: Tensors._tensor_v2,
    ("torch._utils", "_rebuild_tensor_v3"): Tensors._tensor_v3,
    ("torch._utils", "_rebuild_qtensor"): Tensors._qtensor,
    ("torch._utils", "_rebuild_meta_tensor_no_storage"): Tensors._meta,
    ("torch._utils", "_rebuild_sparse_tensor"): composite_tensors.sparse,
    ("torch._utils", "_rebuild_nested_tensor"): composite_tensors.nested, JAGGED: composite_tensors.jagged,
    ("torch._utils", "_rebuild_wrapper_subclass"): composite_tensors.wrapper,
    ("torch._utils", "_rebuild_device_tensor_from_numpy"): composite_tensors.from_numpy,
    ("torch._utils", "_rebuild_xla_tensor"): composite_tensors.from_numpy,
}
_MAKERS = TENSOR_BUILDERS | OLD_TENSORS | OLD_PARAMETERS | ARRAY_BUILDERS
_WITH_SIZE = frozenset({("torch._utils", "_rebuild_tensor"), TENSOR_V2, ("torch._utils", "_rebuild_tensor_v3"),
                        ("torch._utils", "_rebuild_qtensor")})
_SIMPLE = frozenset({("torch._utils", "_rebuild_tensor"), TENSOR_V2, ("torch._utils", "_rebuild_tensor_v3")})
