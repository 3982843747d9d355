"""The elements of tensors, from the bytes of their storages.

Reads are bounded whatever the strides; nothing is allocated that the file does not back with bytes, so an expanded tensor
(stride 0, or overlapping) whose elements would take more than `limits.preview` bytes is refused with `BadTensor`. Values
are shown only when the checksum of their storage, where there is one, was found right (of storages over `limits.preview`,
only when the tensor covers the whole storage: the rest is `check`'s to read).

Tensors that are made of others (`TensorInfo.parts`): their stored elements are those of their values, in whichever order they
are stored; that is what chunks, and so all statistics, are of. Their digest is over all their parts, so that two with one
digest and shape are equal. Sparse ones are unfolded only for `read_numpy`.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.checkpoint import (
    Checkpoint,
    Chunk,
    Constant,
    Extent,
    Extra,
    Incomplete,
    InMemory,
    Piece,
    Storage,
    TensorInfo,
    Unpacked,
    contiguous,
)
from inspector.core.dtypes import DTYPES, numpy_dtype
from inspector.core.errors import BadTensor, NoSuchKey, UsageError
from inspector.core.io.neighbours import SMALL
from inspector.core.io.neighbours import Piece as SmallPiece
from inspector.core.io.remote import ReadAhead
from inspector.core.io.sources import ExtentReaders
from inspector.core.io.verified import verified_offsets
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import QUIET, Monitor, in_pieces, stoppable
from inspector.core.runtime import workers
from inspector.core.runtime.elsewhere import each_elsewhere
from inspector.core.wording import count

from .ahead import read_ahead
from .casts import converter
from .coordinates import coordinates
from .sparse import dense
from .strides import Dims, blocks, boxes, collapse, span, storage_order
from .unpacking import Decoded

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import numpy as np

    Array = np.ndarray[Any, Any]

_HELD = 32 << 20        # bytes of a storage held at once to gather strided elements from
_GAP = 16 << 10         # bytes between two wanted runs from which on two reads are cheaper than one
_PIECE = 4 << 20        # bytes of one read when only the checksum is wanted
_BATCH = 2 << 20        # bytes of small tensors that one thread takes at a time
_NEAR = 256             # small tensors that are read together between two looks at the monitor
_PAGE = 4096
_FORMS = 64             # shapes and strides that are remembered
ELSEWHERE = 16 << 20    # bytes of small tensors that are one job of another process


def read_numpy(ckpt: Checkpoint, key: str, monitor: Monitor = QUIET, *, limits: Limits = LIMITS) -> Array:
    """The tensor as an array of its own, in C order, with the shape and the element type of the file (`numpy_dtype`).

    Quantized tensors give their stored integers, sparse ones are unfolded, nested ones give the values in them. Types narrower
    than a byte give their raw bytes in one dimension, torch's shell types uint8. Raises BadTensor when the values cannot be had,
    UsageError when there is no such key.

    >>> path = core.save({"w": np.float32([[1, 2], [3, 4]])}, folder / "a.pth").path
    >>> core.read_numpy(path, "w")
    array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    with TensorReader(ckpt, monitor, limits=limits) as reader:
        return reader.array(key)


def iter_chunks(ckpt: Checkpoint, key: str, max_bytes: int = LIMITS.chunk, monitor: Monitor = QUIET, *,
                ordered: bool = True, limits: Limits = LIMITS) -> Iterator[Array]:
    """One-dimensional read-only arrays of at most `max_bytes` (at least one element) which, joined, are the tensor's
    elements in C order; with `ordered=False` in whichever order is read fastest. Element types as for `read_numpy`.

    >>> [chunk.tolist() for chunk in core.iter_chunks({"w": np.arange(5, dtype=np.int64)}, "w", max_bytes=16)]
    [[0, 1], [2, 3], [4]]
    """
    with TensorReader(ckpt, monitor, limits=limits) as reader:
        yield from reader.chunks(key, max_bytes, ordered=ordered)


def digest(ckpt: Checkpoint, key: str, monitor: Monitor = QUIET) -> str:
    """SHA-256 (hex) of the elements in C order, little-endian; quantized: of the stored integers; sparse and nested: of the
    elements of all their parts, one part after the other as `TensorInfo.parts` has them.

    >>> core.digest({"w": np.float32([1, 2])}, "w")[:16]
    'b9c80b5adeca4507'
    """
    with TensorReader(ckpt, monitor) as reader:
        return reader.digest(key, monitor)


def digests(ckpt: Checkpoint, keys: Iterable[str] | None = None, monitor: Monitor = QUIET, *,
            executor: Executor | None = None) -> Iterator[tuple[str, str | BadTensor]]:
    """(key, its `digest`, or why there is none) of every tensor, in order, on as many threads as there are cores, or on the workers of
    `executor`, which read by themselves. Tensors that are the same view are read once; one tensor is the work of one worker, whatever its
    size, as SHA-256 goes from front to back.

    >>> [(key, found[:8]) for key, found in core.digests({"a": np.float32([1, 2]), "b": np.zeros(3)})]
    [('a', 'b9c80b5a'), ('b', '9d908ecf')]
    """
    chosen = list(ckpt.tensors if keys is None else keys)
    first: dict[object, str] = {}
    stands_for = {key: first.setdefault(_view(ckpt, key), key) for key in chosen}
    wanted = [*first.values()]
    sizes = {key: ckpt.tensors[key].nbytes if key in ckpt.tensors else 0 for key in wanted}
    known: dict[str, str | BadTensor] = {}
    if executor is not None:
        found = _digests_elsewhere(ckpt, wanted, sizes, executor, monitor)
        for key in chosen:
            while stands_for[key] not in known:
                known.update(next(found))
            yield key, known[stands_for[key]]
        return
    progress = workers.Progress(monitor, sum(sizes.values()))
    ahead = read_ahead(ckpt, [ckpt.tensors[key] for key in wanted if key in ckpt.tensors])
    readers = workers.PerThread(lambda: TensorReader(ckpt, progress, ahead=ahead))

    def work(batch: list[str]) -> list[tuple[str, str | BadTensor]]:
        reader = readers.get()
        found: list[tuple[str, str | BadTensor]] = []
        small = 0
        for key in batch:
            share = workers.Share(progress, sizes[key], key) if sizes[key] > _PIECE else None
            try:
                found.append((key, reader.digest(key, share or progress)))
            except BadTensor as error:
                found.append((key, error))
            if share is not None:
                share.end()
            else:
                small += sizes[key]
        if small:
            progress.add(small, batch[-1])
        return found

    results = workers.each(_batches(ckpt, wanted, sizes), work, workers.threads_for(sizes.values(), far=ckpt.is_far), progress.stopped)
    try:
        for key in chosen:
            while stands_for[key] not in known:
                known.update(next(results))
            yield key, known[stands_for[key]]
    finally:
        results.close()
        readers.close()


def _digests_elsewhere(ckpt: Checkpoint, keys: list[str], sizes: Mapping[str, int], executor: Executor,
                       monitor: Monitor) -> Iterator[list[tuple[str, str | BadTensor]]]:
    batches = list(_batches(ckpt, [key for key in keys if key in ckpt.tensors], sizes, ELSEWHERE))
    for key in keys:
        if key not in ckpt.tensors:
            raise NoSuchKey(key, ckpt)
    jobs = [coordinates(ckpt, [ckpt.tensors[key] for key in batch]) for batch in batches]
    yield from each_elsewhere(jobs, _digests_of, executor, monitor, [sum(sizes[key] for key in batch) for batch in batches])


def _digests_of(part: Checkpoint) -> list[tuple[str, str | BadTensor]]:
    """On a worker."""
    found: list[tuple[str, str | BadTensor]] = []
    with TensorReader(part, ahead=read_ahead(part, part.tensors.values())) as reader:
        for key in part.tensors:
            try:
                found.append((key, reader.digest(key)))
            except BadTensor as error:
                found.append((key, error))
    return found


def _view(ckpt: Checkpoint, key: str) -> object:
    """Equal for tensors that are the same elements of the same storage."""
    info = ckpt.tensors.get(key)
    return (info and info.view) or key


def _batches(ckpt: Checkpoint, keys: list[str], sizes: Mapping[str, int], most: int = _BATCH) -> Iterator[list[str]]:
    """Neighbours together while they are small, and while they view the same storage, which is then verified once."""
    batch: list[str] = []
    size, storage = 0, ""
    for key in keys:
        where = ckpt.tensors[key].storage if key in ckpt.tensors else ""
        if batch and size + sizes[key] > most and (where != storage or not where):
            yield batch
            batch, size = [], 0
        batch.append(key)
        size, storage = size + sizes[key] + 1000, where
    if batch:
        yield batch


class _Location(NamedTuple):
    """Where a tensor's elements are: collapsed dimensions in elements, `item` bytes each, swapped in units of `swap` bytes
    (1: not at all). `extent` is None only for a tensor without elements."""

    extent: Extent | _Assembly | _Converted | _Literal | Decoded | None
    shape: Dims
    stride: Dims
    offset: int
    item: int
    swap: int
    numel: int

    @property
    def straight(self) -> bool:
        return not self.shape or self.stride == (1,)


class _Part(NamedTuple):
    """A chunk of an assembled tensor: the box it fills and where its elements are."""

    offsets: Dims
    sizes: Dims
    location: _Location


class _Assembly:
    """Stands where an extent would for a tensor in chunks: its elements in C order, put together as they are read."""

    crc = None
    method = 0

    def __init__(self, shape: Dims, item: int, parts: list[_Part]) -> None:
        self.shape = shape
        self.item = item
        self.parts = parts
        self.size = prod(shape) * item
        self.scattered = any(not _runs_forward(part) for part in parts)      # whether rows of it lie all over what they are read from


def _assembly(info: TensorInfo, shape: Dims, item: int, parts: list[_Part]) -> _Assembly:
    """Of a tensor that boxes can be cut out of. Raises BadTensor."""
    import numpy as np
    try:
        np.empty(0).reshape((0,) * max(1, len(shape)))
    except ValueError as error:
        raise BadTensor(f"an array cannot have its {count(len(shape), 'dimension')}", where=info.key) from error
    return _Assembly(shape, item, parts)


def _runs_forward(part: _Part) -> bool:
    """Whether its elements in C order lie in that order."""
    steps = [step for size, step in zip(part.sizes, part.location.stride, strict=True) if size > 1]
    return steps == sorted(steps, reverse=True)


class _Converted:
    """Stands where an extent would for a tensor that an edit converts: its elements in C order, converted as they are read.
    `location` is where the elements of `source` are."""

    crc = None
    method = 0

    def __init__(self, source: TensorInfo, location: _Location, target: str) -> None:
        self.source = source
        self.location = location
        self.target = target
        self.item = _item(target)
        self.size = location.numel * self.item


class _Literal:
    """Stands where an extent would for a tensor whose bytes are a constant of a pickle, or arrays: they are in memory as it is."""

    crc = None
    method = 0

    def __init__(self, constant: Constant | InMemory) -> None:
        self.data = memoryview(constant.data())
        self.size = len(self.data)


class _Form(NamedTuple):
    """What follows from shape and stride alone: both collapsed, how many elements, and how many from first to last."""

    shape: Dims
    stride: Dims
    numel: int
    reach: int


class TensorReader:
    """Reads tensors of one checkpoint with its files kept open; a context manager for one thread. Errors as `read_numpy`."""

    def __init__(self, ckpt: Checkpoint, monitor: Monitor = QUIET, *, limits: Limits = LIMITS, recycle: bool = False,
                 ahead: ReadAhead | None = None) -> None:
        """With `recycle`, what `chunks` gives may be overwritten as soon as the next one is asked for; `ahead` is what is going to be read
        (`ahead.read_ahead`)."""
        self._ckpt = ckpt
        self._recycle = recycle
        self._buffer = memoryview(b"")
        self._held_buffer = memoryview(b"")
        self._to_hold = 0
        self.held = 0
        self._monitor = monitor
        self._limits = limits
        self._files = ExtentReaders(ckpt, monitor, ahead)
        self._whole: tuple[Extent, bytes] | None = None
        self._dense: tuple[TensorInfo, Array] | None = None
        self._literal: tuple[Constant | InMemory, _Literal] | None = None
        self._decoded: tuple[Unpacked, Decoded] | None = None
        self._forms: dict[tuple[Dims, Dims], _Form] = {}        # a checkpoint has few, again and again

    def __enter__(self) -> TensorReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._whole = self._decoded = None
        self._files.__exit__(kind, error, trace)

    # -- what callers ask for -----------------------------------------------------------------------------------------

    def array(self, key: str | TensorInfo) -> Array:
        """See `read_numpy`; for a `TensorInfo` `chunks`."""
        info = _tensor(self._ckpt, key) if isinstance(key, str) else key
        return self._unfolded(info) if info.layout.startswith("sparse_") else self._array(_values_of(info))

    def raw(self, info: TensorInfo) -> bytes:
        """The elements of a tensor that is not sparse as they lie in memory, in C order: a third quicker than `array` for a few bytes."""
        info = _values_of(info)
        with _memory_for(info):
            return b"".join(self._runs(info, self._locate(info), LIMITS.chunk, ordered=True))

    def _unfolded(self, info: TensorInfo) -> Array:
        """A sparse tensor with all its zeros."""
        self._check_sparse(info)
        with _memory_for(info):
            return dense(info, {name: self._array(part) for name, part in info.parts.items()})

    def _check_sparse(self, info: TensorInfo) -> None:
        """Raises BadTensor for a sparse tensor that is not unfolded."""
        values = _values_of(info)
        nbytes = info.nbytes + sum(part.nbytes for part in info.parts.values())
        if nbytes > self._limits.preview:
            raise BadTensor(f"it is sparse and would take {count(nbytes, 'byte')}: too many to be unfolded",
                            "read_torch gives it as it is stored.", info.key, id="expanded")
        if array_dtype(info.dtype).itemsize * 8 != DTYPES[info.dtype].bits or values.dtype != info.dtype:
            raise BadTensor(f"sparse tensors of {info.dtype} are not unfolded", where=info.key, id="unsupported")

    def _array(self, info: TensorInfo) -> Array:
        import numpy as np
        key = info.key
        location = self._locate(info)
        whole_bytes = DTYPES[info.dtype].bits % 8 == 0
        with _memory_for(info):
            flat = np.empty(location.numel * location.item, np.uint8)
            at = 0
            for part in self._runs(info, location, LIMITS.chunk, ordered=True):
                flat[at:at + len(part)] = np.frombuffer(part, np.uint8)
                at += len(part)
            try:
                return flat.view(array_dtype(info.dtype)).reshape(info.shape if whole_bytes else (-1,))
            except ValueError as error:
                raise BadTensor(f"an array cannot have its {count(len(info.shape), 'dimension')}", where=key) from error

    def chunks(self, key: str | TensorInfo, max_bytes: int = LIMITS.chunk, *, ordered: bool = True, hold: int = 0,
               start: int = 0) -> Iterator[Array]:
        """See `iter_chunks`; a `TensorInfo` may also be a part of a tensor, or another view of its storage. When this reader
        recycles, the first `hold` bytes, as many of them as `held` says, are not overwritten before another tensor is read;
        `start`, which must be what `held` said, leaves them out when the same is read again."""
        import numpy as np
        info = _tensor(self._ckpt, key) if isinstance(key, str) else key
        dtype = array_dtype(info.dtype) if info.dtype in DTYPES else None
        info = _values_of(info)
        self.held, self._to_hold = start, hold
        for part in self._runs(info, self._locate(info), max_bytes, ordered, start):
            yield np.frombuffer(part, dtype)

    def together(self, infos: Sequence[TensorInfo]) -> list[memoryview | None]:
        """The elements of each of many small tensors, in C order, read in few pieces; None for each that must be read alone, as it does not
        lie in one piece or something is wrong with it. For some megabytes at a time. Raises ReadError when a file has changed."""
        found: list[memoryview | None] = [None] * len(infos)
        in_files: dict[int, list[tuple[int, SmallPiece]]] = {}
        for number, info in enumerate(stoppable(infos, self._monitor)):
            storage, start, nbytes = self._lies_in(info)
            if storage is None:
                continue
            if storage.constant is not None:
                literal = self._literal_of(storage.constant)
                found[number] = literal.data[start:start + nbytes] if start + nbytes <= literal.size else None
            elif storage.extent is not None:
                in_files.setdefault(storage.extent.file, []).append((number, SmallPiece(storage.extent, start, nbytes)))
        for file, pieces in in_files.items():
            for near in in_pieces(pieces, _NEAR):
                self._monitor.check()
                read = self._files.of(file).neighbours([piece for _, piece in near], verified_offsets(self._ckpt.files[file]))
                for (number, _), data in zip(near, read, strict=True):
                    found[number] = data
        return found

    def _lies_in(self, info: TensorInfo) -> tuple[Storage | None, int, int]:
        """In which storage, from which byte on and in how many the elements of a small tensor lie in C order, with nothing to be done to
        them; in None where that is not so."""
        known, storage = DTYPES.get(info.dtype), self._ckpt.storages.get(info.storage)
        if known is None or known.bits % 8 or not _is_as_stored(info) or info.problem or info.layout != "strided" or info.offset < 0 \
                or storage is None or storage.problem or storage.big_endian:
            return None, 0, 0
        try:
            form = self._forms.get((info.shape, info.stride)) or self._form(info)
        except BadTensor:
            return None, 0, 0
        item = known.bits // 8
        start, nbytes = info.offset * item, form.numel * item
        if not 0 < nbytes <= SMALL or (form.shape and form.stride != (1,)) or start + nbytes > storage.nbytes:
            return None, 0, 0
        return storage, start, nbytes

    def box(self, key: str | TensorInfo, first: Dims, sizes: Dims, steps: Dims | None = None) -> Array:
        """The elements at `first[d] + i * steps[d]`, `i < sizes[d]`, of every dimension `d`, as an array of shape `sizes` of its
        own; element types as for `read_numpy`. Types narrower than a byte have one dimension, of bytes. Only what spans the box
        is read, and never more than `sizes` is allocated. A `TensorInfo` may also be another view of a tensor's storage. Raises
        UsageError for a box that is not within the tensor."""
        import numpy as np
        info = _tensor(self._ckpt, key) if isinstance(key, str) else key
        if info.layout.startswith("sparse_"):
            return self._box_of_sparse(info, first, sizes, steps or (1,) * len(info.shape))
        location = self._locate(info, expand=True)
        whole_bytes = DTYPES[info.dtype].bits % 8 == 0
        shape, stride = (info.shape, info.stride) if whole_bytes else ((info.nbytes,), (1,))
        steps = steps or (1,) * len(shape)
        _check_box(shape, first, sizes, steps)
        self._check_expanded(info, sizes, tuple(step * each for step, each in zip(steps, stride, strict=True)), location.item)
        with _memory_for(info):
            try:
                out = np.empty(sizes, f"V{location.item}")
            except ValueError as error:
                raise BadTensor(f"an array cannot have its {count(len(sizes), 'dimension')}", where=info.key) from error
            if location.extent is not None and out.size:
                self._fill_box(out, location, first, steps, stride)
            data = _ready(out, location.swap)
            if info.is_conjugate or info.is_negative:
                data = next(_with_signs(iter((data,)), info.dtype, info.is_conjugate, info.is_negative))
            found: Array = np.frombuffer(data, array_dtype(info.dtype)).reshape(sizes)
            return found

    def _check_expanded(self, info: TensorInfo, sizes: Dims, steps: Dims, item: int) -> None:
        """Raises BadTensor for a box of so many elements, `steps` apart in the storage, that the file backs with far fewer bytes."""
        nbytes = prod(sizes) * item
        if nbytes > self._limits.preview:
            stored = (sum((size - 1) * abs(step) for size, step in zip(sizes, steps, strict=True)) + 1) * item
            if nbytes > 4 * stored:
                raise BadTensor(f"this part of it is expanded from {stored:,} stored bytes to {nbytes:,}: too many to be unfolded",
                                "Ask for a smaller part.", info.key, id="expanded")

    def _box_of_sparse(self, info: TensorInfo, first: Dims, sizes: Dims, steps: Dims) -> Array:
        """The same of a sparse tensor, which is unfolded once for all boxes."""
        _check_box(info.shape, first, sizes, steps)
        if self._dense is None or self._dense[0] is not info:
            self._dense = info, self._unfolded(info)
        places = (slice(low, low + (size - 1) * step + 1 if size else low, step)
                  for low, size, step in zip(first, sizes, steps, strict=True))
        found: Array = self._dense[1][tuple(places)].copy()
        return found

    def digest(self, key: str, monitor: Monitor = QUIET) -> str:
        """See `digest`; reports bytes of the tensor, as far as it takes more than one reading."""
        import hashlib  # loads OpenSSL, which nobody who only opens a file should wait for
        info = _tensor(self._ckpt, key)
        if info.layout != "strided":
            return self._digest_of_parts(info)
        location = self._locate(info)
        nbytes = location.numel * location.item
        if location.extent is not None and nbytes <= _PIECE and location.straight and location.swap == 1 and info.extra is None:
            return hashlib.sha256(self._bytes(location.extent, location.offset * location.item, nbytes,
                                              whole=nbytes == location.extent.size)).hexdigest()
        state, done = hashlib.sha256(), 0
        for part in self._runs(info, location, _PIECE, ordered=True):
            state.update(part)
            done += len(part)
            monitor.report(done, nbytes, key)
        return state.hexdigest()

    def _digest_of_parts(self, info: TensorInfo) -> str:
        import hashlib
        state = hashlib.sha256()
        _values_of(info)        # complains where there are none
        for part in info.parts.values():
            for piece in self._runs(part, self._locate(part), _PIECE, ordered=True):
                state.update(piece)
        return state.hexdigest()

    def check(self, info: TensorInfo, expand: bool = True) -> None:
        """Raises BadTensor when the tensor's description already tells that its values cannot be had; without `expand` also when
        it is expanded to more elements than anybody would want unfolded."""
        self._locate(info, expand)

    def check_box(self, info: TensorInfo) -> None:
        """Raises BadTensor when the tensor's description already tells that no `box` of it can be had."""
        if info.layout.startswith("sparse_"):
            self._check_sparse(info)
        else:
            self._locate(info, expand=True)

    def span_bytes(self, info: TensorInfo) -> bytearray:
        """The run of the storage that the tensor reaches, from its first element to its last, as stored but little-endian:
        nothing that is expanded takes more room here than in the file."""
        location = self._locate(info, expand=True)
        buffer = bytearray()
        if location.extent is not None:
            reach = span(location.shape, location.stride)
            straight = location._replace(shape=(reach,), stride=(1,), numel=reach)
            with _memory_for(info):
                for part in self._straight(straight, LIMITS.chunk):
                    buffer += part
        return buffer

    def storage_bytes(self, storage: Storage) -> bytearray:
        """All bytes that `storage` declares, swapped to little-endian by its own element type."""
        if storage.problem or not storage.has_bytes:
            raise BadTensor(storage.problem or "its bytes are not in the file", where=storage.id)
        item = _item(storage.dtype)
        numel = storage.nbytes // item
        location = _Location(self._stored(storage), (numel,), (1,), 0, item, _swap(storage, storage.dtype), numel)
        buffer = bytearray()
        for part in self._straight(location, LIMITS.chunk):
            buffer += part
        return buffer

    # -- where the elements are ---------------------------------------------------------------------------------------

    def _locate(self, info: TensorInfo, expand: bool = False) -> _Location:
        if info.problem:
            raise BadTensor(info.problem, where=info.key)
        source = info.read_from
        if source is not None:
            inner = self._locate(source._replace(key=info.key))
            if inner.extent is None:
                return inner._replace(item=_item(info.dtype))
            converted = _Converted(source, inner, info.dtype)
            return _Location(converted, (inner.numel,), (1,), 0, converted.item, 1, inner.numel)
        if info.unpacked is not None:
            return self._locate_decoded(info, info.unpacked)
        if info.pieces:
            return self._locate_pieces(info)
        if info.layout != "strided":
            raise BadTensor(f"its layout is {info.layout}: it has no bytes of its own, only its parts have", where=info.key,
                            id="unsupported")
        item = _item(info.dtype, info.key)
        form = (self._forms.get((info.shape, info.stride)) if DTYPES[info.dtype].bits % 8 == 0 else None) or self._form(info)
        if form.numel == 0:
            return _Location(None, (0,), (1,), 0, item, 1, 0)
        if info.chunks:
            parts = [_Part(chunk.offsets, chunk.sizes, self._locate_chunk(info, chunk, item)) for chunk in info.chunks]
            in_runs = len(info.chunks[0].offsets) != len(info.shape)
            assembly = _assembly(info, (form.numel,) if in_runs else info.shape, item, parts)
            return _Location(assembly, (form.numel,), (1,), 0, item, 1, form.numel)
        storage = self._ckpt.storages.get(info.storage) or self._before_edits(info.storage)
        if storage is None or not storage.has_bytes or storage.problem:
            raise _no_values(info, storage)
        extent = self._stored(storage)
        end, there = (info.offset + form.reach) * item, min(storage.nbytes, extent.size)
        if end > there or info.offset < 0:
            raise BadTensor(f"it reaches to byte {end:,} of a storage that has {there:,}",
                            "The file is incomplete or its description of this tensor is wrong.", info.key, id="out_of_bounds")
        nbytes, stored = form.numel * item, form.reach * item
        if nbytes > self._limits.preview and nbytes > 4 * stored and not expand:
            raise BadTensor(f"it is expanded from {stored:,} stored bytes to {nbytes:,}: too many to be unfolded",
                            "Look at the tensor it was expanded from.", info.key, id="expanded")
        return _Location(extent, form.shape, form.stride, info.offset, item,
                      _swap(storage, info.dtype) if storage.big_endian else 1, form.numel)

    def _locate_decoded(self, info: TensorInfo, unpacked: Unpacked) -> _Location:
        """The elements that are made of packed parts; made again where another tensor was read in between."""
        if not info.numel:
            return _Location(None, (0,), (1,), 0, _item(info.dtype), 1, 0)
        if self._decoded is None or self._decoded[0] is not unpacked:
            self._decoded = unpacked, Decoded(info, unpacked, self.box)
        return _Location(self._decoded[1], (info.numel,), (1,), 0, _item(info.dtype), 1, info.numel)

    def _locate_pieces(self, info: TensorInfo) -> _Location:
        """The elements of a tensor that is put together of boxes of others."""
        item = _item(info.dtype, info.key)
        if not info.numel:
            return _Location(None, (0,), (1,), 0, item, 1, 0)
        parts = [_Part(piece.offsets, piece.sizes, self._locate_piece(info, piece)) for piece in info.pieces if 0 not in piece.sizes]
        return _Location(_assembly(info, info.shape, item, parts), (info.numel,), (1,), 0, item, 1, info.numel)

    def _locate_piece(self, info: TensorInfo, piece: Piece) -> _Location:
        """Where the elements of a box are, its dimensions not collapsed. Raises BadTensor."""
        source = piece.source._replace(key=info.key)
        whole = self._locate(source, expand=True)
        in_order = source.read_from is not None or source.unpacked is not None or source.chunks or source.pieces
        stride, offset = (contiguous(source.shape), whole.offset) if in_order else (source.stride, source.offset)
        offset += sum(low * step for low, step in zip(piece.first, stride, strict=True))
        return _Location(whole.extent, piece.sizes, tuple(stride[d] for d in piece.order), offset, whole.item, whole.swap,
                         prod(piece.sizes))

    def _stored(self, storage: Storage) -> Extent | _Literal:
        """Where the bytes of `storage`, which has some, are."""
        if storage.constant is None:
            assert storage.extent is not None
            return storage.extent
        return self._literal_of(storage.constant)

    def _literal_of(self, constant: Constant | InMemory) -> _Literal:
        if self._literal is None or self._literal[0] is not constant:
            self._literal = constant, _Literal(constant)
        return self._literal[1]

    def _before_edits(self, storage: str) -> Storage | None:
        """A storage that only tensors to be converted still view, or that is another checkpoint's."""
        edited = self._ckpt.edited
        return (edited.source.storages.get(storage) or edited.taken.get(storage)) if edited else None

    def _locate_chunk(self, info: TensorInfo, chunk: Chunk, item: int) -> _Location:
        """Where a chunk's elements are, its dimensions not collapsed. Raises BadTensor."""
        storage = chunk.storage
        if storage.extent is None or storage.problem:
            raise _no_values(info, storage)
        reach = span(chunk.sizes, chunk.stride)
        end, there = (chunk.offset + reach) * item, min(storage.nbytes, storage.extent.size)
        if end > there or chunk.offset < 0 or any(step < 0 for step in chunk.stride):
            raise BadTensor(f"one of its chunks reaches to byte {end:,} of a storage that has {there:,}",
                            "The file is incomplete or its description of this tensor is wrong.", info.key, id="out_of_bounds")
        swap = _swap(storage, info.dtype) if storage.big_endian else 1
        return _Location(storage.extent, chunk.sizes, chunk.stride, chunk.offset, item, swap, prod(chunk.sizes))

    def _form(self, info: TensorInfo) -> _Form:
        if DTYPES[info.dtype].bits % 8:
            return _Form((info.nbytes,), (1,), info.nbytes, info.nbytes)
        if len(info.shape) != len(info.stride) or any(s < 0 for s in info.stride) or any(n < 0 for n in info.shape):
            raise BadTensor("its shape and strides contradict each other", where=info.key, id="corrupt")
        shape, stride = collapse(info.shape, info.stride)
        form = _Form(shape, stride, info.numel, span(shape, stride))
        if len(self._forms) < _FORMS:               # shapes are what the file says: many could share a hash
            self._forms[info.shape, info.stride] = form
        return form

    # -- bytes in C order ---------------------------------------------------------------------------------------------

    def _runs(self, info: TensorInfo, location: _Location, max_bytes: int, ordered: bool, skip: int = 0) -> Iterator[bytes | memoryview]:
        """Little-endian elements, in pieces of at most `max_bytes` but at least one element."""
        if location.extent is None:
            return
        max_bytes = max(location.item, max_bytes - max_bytes % location.item)
        if not ordered:
            shape, stride = collapse(*storage_order(location.shape, location.stride))
            location = location._replace(shape=shape, stride=stride)
        runs = self._straight(location, max_bytes, skip) if location.straight else self._strided(location, max_bytes)
        if info.is_conjugate or info.is_negative:
            runs = _with_signs(runs, info.dtype, info.is_conjugate, info.is_negative)
        yield from runs

    def _straight(self, location: _Location, max_bytes: int, skip: int = 0) -> Iterator[bytes | memoryview]:
        assert location.extent is not None
        start, nbytes = location.offset * location.item, location.numel * location.item
        if isinstance(location.extent, _Converted) and nbytes == location.extent.size:
            yield from self._all_converted(location.extent, max_bytes)
            return
        if isinstance(location.extent, _Assembly) and location.extent.scattered:
            yield from self._scattered(location.extent, start + skip, start + nbytes, max_bytes)
            return
        for at in range(start + skip, start + nbytes, max_bytes):
            self._monitor.check()
            data = self._bytes(location.extent, at, min(max_bytes, start + nbytes - at), whole=nbytes == location.extent.size)
            yield data if location.swap == 1 else _swapped(data, location.swap)

    def _scattered(self, assembly: _Assembly, start: int, end: int, max_bytes: int) -> Iterator[memoryview]:
        """Bytes `start` to `end`, more of them at a time: fewer passes over what they are read from."""
        room = max(max_bytes, min(self._limits.preview // 2, 2 * _HELD) // assembly.item * assembly.item)
        for at in range(start, end, room):
            self._monitor.check()
            data = self._assembled(assembly, at, min(room, end - at))
            for first in range(0, len(data), max_bytes):
                yield data[first:first + max_bytes]
            del data

    def _strided(self, location: _Location, max_bytes: int) -> Iterator[bytes | memoryview]:
        import numpy as np
        assert location.extent is not None
        reach = span(location.shape, location.stride) * location.item
        element = np.dtype(f"V{location.item}")
        if reach <= _HELD:
            held = self._bytes(location.extent, location.offset * location.item, reach)
            for offset, shape, stride in blocks(location.shape, location.stride, max_bytes // location.item):
                self._monitor.check()
                box = np.ndarray(shape, element, held, offset * location.item, [s * location.item for s in stride])
                yield _ready(np.ascontiguousarray(box), location.swap)
            return
        # a bigger box needs fewer passes over the storage
        room = max(max_bytes, min(self._limits.preview // 2, 2 * _HELD))
        for offset, shape, stride in blocks(location.shape, location.stride, room // location.item):
            out = np.empty(shape, element)
            self._gather(out, location, location.offset + offset, stride)
            data = _ready(out, location.swap)
            for at in range(0, len(data), max_bytes):
                yield data[at:at + max_bytes]
            del out, data       # before the next box is made

    def _gather(self, out: Array, location: _Location, offset: int, stride: Dims) -> None:
        """Fills `out` from the storage with reads of at most `_HELD` bytes, leaving out what no element needs."""
        import numpy as np
        assert location.extent is not None
        item, todo = location.item, [(out, offset, stride)]
        while todo:
            self._monitor.check()
            box, offset, stride = todo.pop()
            if 1 in box.shape:
                flat = box.shape.index(1)
                todo.append((_at(box, flat, 0), offset, _without(stride, flat)))
                continue
            widest = max(range(len(stride)), key=stride.__getitem__, default=-1)
            step = stride[widest] if stride else 0
            reach = span(box.shape, stride)
            inner = reach - step * (box.shape[widest] - 1) if stride else 1
            sparse = step * item >= _GAP and step >= 2 * inner
            if not stride or (reach * item <= _HELD and not sparse):
                data = self._bytes(location.extent, offset * item, reach * item)
                box[...] = np.ndarray(box.shape, box.dtype, data, 0, [s * item for s in stride])
                continue
            rows = 1 if sparse else max(1, (_HELD // item - inner) // step + 1)
            for first in range(0, box.shape[widest], rows):
                part = _at(box, widest, slice(first, first + rows))
                todo.append((part, offset + first * step, stride))

    # -- tensors in chunks --------------------------------------------------------------------------------------------

    def _assembled(self, assembly: _Assembly, start: int, nbytes: int) -> memoryview:
        """Bytes `start` … of the elements in C order. Both are whole elements."""
        import numpy as np
        item = assembly.item
        out = np.empty(nbytes // item, f"V{item}")
        at = 0
        for lows, sizes in boxes(assembly.shape, start // item, (start + nbytes) // item):
            box = out[at:at + prod(sizes)].reshape(sizes)
            at += box.size
            for part in assembly.parts:
                self._fill(box, lows, part)
        return out.view(np.uint8).data

    def _fill_box(self, out: Array, location: _Location, first: Dims, steps: Dims, stride: Dims) -> None:
        if isinstance(location.extent, _Assembly) and len(location.extent.shape) == len(first):
            for part in location.extent.parts:
                self._fill(out, first, part, steps)
            return
        offset = location.offset + sum(low * step for low, step in zip(first, stride, strict=True))
        self._gather(out, location, offset, tuple(a * b for a, b in zip(stride, steps, strict=True)))

    def _fill(self, box: Array, lows: Dims, part: _Part, steps: Dims | None = None) -> None:
        """Writes into `box`, which begins at `lows` of the tensor and takes every `steps`-th element of each dimension, the
        elements that `part` has of it."""
        import numpy as np
        steps = steps or (1,) * len(lows)
        ends = tuple(map(sum, zip(part.offsets, part.sizes, strict=True)))
        # the first and the last number of steps that end inside the part
        first = tuple(max(0, -((low - start) // step)) for low, start, step in zip(lows, part.offsets, steps, strict=True))
        last = tuple(min(size, -((low - end) // step)) for low, size, end, step in zip(lows, box.shape, ends, steps, strict=True))
        if any(a >= b for a, b in zip(first, last, strict=True)):
            return
        inside: list[Any] = [slice(a, b) for a, b in zip(first, last, strict=True)]
        target = box[(*inside, ...)]
        location = part.location
        offset = location.offset + sum((low + a * step - base) * apart for a, low, step, base, apart
                                    in zip(first, lows, steps, part.offsets, location.stride, strict=True))
        stride = tuple(a * b for a, b in zip(location.stride, steps, strict=True))
        if location.swap == 1:
            self._gather(target, location, offset, stride)
            return
        piece = np.empty(target.shape, target.dtype)
        self._gather(piece, location, offset, stride)
        target[...] = np.frombuffer(_ready(piece, location.swap), target.dtype).reshape(target.shape)

    # -- tensors that are converted -----------------------------------------------------------------------------------

    def _all_converted(self, converted: _Converted, max_bytes: int) -> Iterator[memoryview]:
        source, item = converted.source, converted.location.item
        convert = converter(source.dtype, converted.target)
        for part in self._runs(source, converted.location, max_bytes // converted.item * item, ordered=True):
            yield convert(part)

    def _some_converted(self, converted: _Converted, start: int, nbytes: int) -> memoryview:
        """Bytes `start` … of the converted elements. Both are whole elements."""
        source, location = converted.source, converted.location
        first, count = start // converted.item, nbytes // converted.item
        if location.straight:
            location = location._replace(offset=location.offset + first, numel=count)
        else:
            whole = _Assembly(source.shape, location.item, [_Part((0,) * len(source.shape), source.shape,
                                                               location._replace(shape=source.shape, stride=source.stride))])
            location = location._replace(extent=whole, shape=(count,), stride=(1,), offset=first, numel=count, swap=1)
        return converter(source.dtype, converted.target)(b"".join(self._runs(source, location, nbytes, ordered=True)))

    # -- bytes of an extent -------------------------------------------------------------------------------------------

    def _bytes(self, extent: Extent | _Assembly | _Converted | _Literal | Decoded, start: int, nbytes: int,
               whole: bool = False) -> bytes | memoryview:
        """`whole`: the caller reads the extent from front to back, and the checksum is told at its end."""
        if isinstance(extent, _Literal):
            return extent.data[start:start + nbytes]
        if isinstance(extent, Decoded):
            return extent.bytes(start, nbytes)
        if isinstance(extent, _Assembly):
            return self._assembled(extent, start, nbytes)
        if isinstance(extent, _Converted):
            return self._some_converted(extent, start, nbytes)
        if self._whole is not None and self._whole[0] is extent:
            return memoryview(self._whole[1])[start:start + nbytes]
        reader = self._files.of(extent.file)
        known = extent.crc is None or extent.offset in verified_offsets(self._ckpt.files[extent.file])
        if whole and known:         # as bytes go by at memory speed, a checksum costs more than all else
            return reader.read_some(extent, start, nbytes, self._buffer_for(nbytes), verify=False)
        if whole:
            data = reader.read_some(extent, start, nbytes, self._buffer_for(nbytes))
            if start + nbytes == extent.size:
                self._remember(extent)
            return data
        if extent.method and extent.size > self._limits.preview:
            raise BadTensor("it views a part of a compressed storage that is too big to unpack in memory",
                            "Save the file again without compression.", id="too_big")
        if extent.method or (not known and extent.size <= min(_HELD, self._limits.preview)):
            self._whole = (extent, reader.read(extent, 0, extent.size))
            self._remember(extent)
            return memoryview(self._whole[1])[start:start + nbytes]
        if not known and extent.size <= self._limits.preview:
            for at in range(0, extent.size, _PIECE):
                self._monitor.check()
                reader.read(extent, at, min(_PIECE, extent.size - at))
            self._remember(extent)
        return reader.read(extent, start, nbytes)

    def _buffer_for(self, nbytes: int) -> memoryview | None:
        """Where to put bytes that nobody keeps for long: fresh memory for every chunk costs as much as reading it."""
        if not self._recycle:
            return None
        if self.held + nbytes <= self._to_hold:
            if len(self._held_buffer) < self._to_hold:
                self._held_buffer = _fresh(self._to_hold)
            self.held += nbytes
            return self._held_buffer[self.held - nbytes:self.held]
        self._to_hold = 0
        if len(self._buffer) < nbytes:
            self._buffer = _fresh(nbytes)
        return self._buffer

    def _remember(self, extent: Extent) -> None:
        if extent.crc is not None:
            verified_offsets(self._ckpt.files[extent.file]).add(extent.offset)


def _check_box(shape: Dims, first: Dims, sizes: Dims, steps: Dims) -> None:
    if not len(shape) == len(first) == len(sizes) == len(steps) or any(
            size and not 0 <= low <= low + (size - 1) * step < length
            for low, size, step, length in zip(first, sizes, steps, shape, strict=True)):
        raise UsageError(f"there is no such part in a tensor of shape {list(shape)}")


def _fresh(nbytes: int) -> memoryview:
    """Memory that is not filled first: that would stop all other threads for as long as reading into it takes. It begins with a page:
    where large arrays do, 16 bytes behind that, some processors take four times as long to copy what begins with a page in the file."""
    import numpy as np
    room = np.empty(nbytes + _PAGE, np.uint8)
    start = -int(room.__array_interface__["data"][0]) % _PAGE
    return room[start:start + nbytes].data


def array_dtype(name: str) -> np.dtype[Any]:
    """The array type elements of torch's `name` come in: `numpy_dtype`, or uint8 where there is none."""
    import numpy as np
    try:
        return numpy_dtype(name)
    except ValueError:
        return np.dtype(np.uint8)


def _tensor(ckpt: Checkpoint, key: str) -> TensorInfo:
    info = ckpt.tensors.get(key)
    if info is None:
        raise NoSuchKey(key, ckpt)
    return info


def _is_as_stored(info: TensorInfo) -> bool:
    """Whether nothing is to be done to what is stored, whatever else is said of the tensor."""
    return info.extra is None or info.extra == Extra(header_fields=info.extra.header_fields)


def _values_of(info: TensorInfo) -> TensorInfo:
    """The strided tensor that has the stored elements of `info`: itself, or its values. Raises BadTensor."""
    if info.layout == "strided":
        return info
    if info.problem or info.made_of is None or isinstance(info.made_of, Incomplete):
        raise BadTensor(info.problem or f"its layout is {info.layout}: where its values are is not known", where=info.key,
                        id="unsupported")
    return info.made_of.values._replace(key=info.key)


def _item(dtype: str, key: str = "") -> int:
    """Bytes an element; 1 for types narrower than a byte, which are handled as raw bytes."""
    known = DTYPES.get(dtype)
    if known is None:
        raise BadTensor(f"its element type {dtype} is unknown", where=key, id="unknown_dtype")
    return known.bits // 8 if known.bits % 8 == 0 else 1


def _swap(storage: Storage, dtype: str) -> int:
    """In units of how many bytes a big-endian storage is swapped; 1: not at all. An untyped storage is swapped by the type
    of the tensor that views it."""
    if not storage.big_endian:
        return 1
    name = storage.dtype if storage.dtype in DTYPES and DTYPES[storage.dtype].bits > 8 else dtype
    return _item(name) // (2 if DTYPES[name].kind == "complex" else 1)


def _no_values(info: TensorInfo, storage: Storage | None) -> BadTensor:
    if storage is not None and storage.problem:
        return BadTensor(storage.problem, where=info.key)
    reason = ": it was saved from the meta device" if info.device == "meta" else ""
    return BadTensor("it has no values in the file" + reason, where=info.key, id="no_data")


def _at(box: Array, axis: int, index: int | slice) -> Array:
    """A view of `box` at `index` of one axis, never a scalar."""
    view: Array = box[(*(slice(None),) * axis, index, ...)]
    return view


def _without(stride: Dims, axis: int) -> Dims:
    return stride[:axis] + stride[axis + 1:]


def _ready(out: Array, swap: int) -> memoryview:
    import numpy as np
    flat = out.reshape(-1).view(np.uint8)
    return flat.data if swap == 1 else _swapped(flat.data, swap)


def _swapped(data: bytes | memoryview, unit: int) -> memoryview:
    import numpy as np
    return np.frombuffer(data, f"u{unit}").byteswap().view(np.uint8).data


def _with_signs(runs: Iterator[bytes | memoryview], dtype: str, conj: bool, neg: bool) -> Iterator[memoryview]:
    """A tensor saved with torch's lazy conjugate or negative bit: the stored elements with the signs it stands for."""
    import numpy as np
    width = DTYPES[dtype].itemsize // 2 if DTYPES[dtype].kind == "complex" else DTYPES[dtype].itemsize
    top = np.array(1 << (8 * width - 1), f"u{width}")
    for part in runs:
        signs = np.frombuffer(part, f"<u{width}").copy()
        if neg:
            signs ^= top
        if conj and DTYPES[dtype].kind == "complex":
            signs[1::2] ^= top
        yield signs.view(np.uint8).data


@contextmanager
def _memory_for(info: TensorInfo) -> Iterator[None]:
    try:
        yield
    except MemoryError:
        raise BadTensor(f"its {info.nbytes:,} bytes do not fit into this computer's memory", where=info.key,
                        id="too_big") from None

