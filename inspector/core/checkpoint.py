"""What a checkpoint is: coordinates, never handles, never tensor bytes.

A `Checkpoint` is immutable and may be read from any thread. It says which tensors there are and where their bytes lie;
`tensors.reader` fetches them when somebody asks.
"""
from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from .dtypes import DTYPES
from .findings import Finding
from .graph import Graph
from .hashing import as_key
from .wording import count

if TYPE_CHECKING:
    from .tensors.lazy import LazyTensor

T = TypeVar("T")


def front_door(name: str) -> Any:
    """What `core` calls `name`. The front door puts its own list of names here when it is loaded, as it always is before anything in it:
    so a checkpoint can be asked for its tensors without knowing those that read them."""
    raise AssertionError(f"nobody knows {name}")


class Address:
    """Where a file that is not on this computer is, with the words that let one in. Shows nothing of itself; `text` is for those who
    read."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return "<Address>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __reduce__(self) -> tuple[Any, ...]:
        return Address, (self.text,)


class FileStamp(NamedTuple):
    """How a file looked when it was opened; compared before every later read. With `inside`, extents lie in what is unpacked
    from the file: the first of `inside` is a member of it, each next one a member of the one before. A file that is not on this
    computer has an `address`, of which `path` is what may be shown, and a `mark`, which changes when the file does: the server's ETag
    or the time of the last change; the system's numbers are 0."""

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int
    inside: tuple[Extent, ...] = ()
    mark: str = ""
    address: Address | None = None


class LocalHeader(NamedTuple):
    """What a zip's central directory says about a member's local header, for members whose local header was not read at
    open. `at` is its offset, `name` its raw name, `flags` the general purpose bits, `bound` the first byte that belongs to
    something else (the next member or the directory)."""

    at: int
    name: bytes
    flags: int
    bound: int


class Extent(NamedTuple):
    """Where bytes lie. `file` indexes `Checkpoint.files`; `offset` and `nbytes` are what lies on disk; `size` is how many
    bytes that is once inflated; `method` is zip's (0 stored, 8 deflated); `crc` the CRC-32 of the `size` bytes, or None.
    With `local` set, `offset` is where torch would have put the payload: `io.sources` reads and verifies the local header
    before it reads a byte, and goes by that."""

    file: int
    offset: int
    nbytes: int
    size: int
    method: int = 0
    crc: int | None = None
    local: LocalHeader | None = None

    def __hash__(self) -> int:
        return hash(as_key(self.file, self.offset, self.nbytes, self.size, self.crc))

    @property
    def place(self) -> tuple[int, int, int | None]:
        """What tells the members of archives apart."""
        return self.file, self.offset, None if self.local is None else self.local.at

    def moved(self, by: int) -> Extent:
        """The same bytes, in a file where `by` others come before."""
        local = self.local and self.local._replace(at=self.local.at + by, bound=self.local.bound + by)
        return self._replace(offset=self.offset + by, local=local)


class Constant(NamedTuple):
    """Bytes that stand in a pickle itself: those of the constant at `node` of `graph`, or, where that is a text, of the text in
    latin-1, as pickle protocol 2 spells bytes; no bytes at node -1. `swap` is in units of how many bytes they are big-endian; 1: not
    at all. Of a constant that holds more, they are the `nbytes` bytes (-1: all) from `start`."""

    graph: Graph
    node: int
    swap: int = 1
    start: int = 0
    nbytes: int = -1

    def data(self) -> bytes:
        """The bytes, little-endian."""
        raw = self.graph.content(self.node, self.start, self.nbytes) if self.node >= 0 else b""
        if self.swap == 1:
            return raw
        swapped = bytearray(len(raw))
        for i in range(self.swap):
            swapped[i::self.swap] = raw[self.swap - 1 - i::self.swap]
        return bytes(swapped)


class InMemory:
    """Bytes of arrays that a script holds: `view` keeps their memory alive. Little-endian, as `Constant.data` gives them."""

    __slots__ = ("_view",)
    swap = 1

    def __init__(self, view: bytes | memoryview) -> None:
        self._view = view

    def data(self) -> bytes | memoryview:
        return self._view

    def __reduce__(self) -> tuple[Any, ...]:
        return InMemory, (bytes(self._view),)


class Storage(NamedTuple):
    """One run of bytes that tensors view. `nbytes` is what the file declares for it; `dtype` the declared element type
    (untyped: "uint8"); `device` the tag stored in the file. `problem` says why its bytes cannot be trusted, or is "". They lie at
    `extent`, or are a `constant` of a pickle or of this process."""

    id: str
    dtype: str
    device: str | None
    nbytes: int
    extent: Extent | None
    big_endian: bool = False
    problem: str = ""
    constant: Constant | InMemory | None = None

    @property
    def has_bytes(self) -> bool:
        """Whether its bytes are anywhere."""
        return self.extent is not None or self.constant is not None

    @property
    def place(self) -> tuple[int, int, int | None] | None:
        """That of its extent."""
        return None if self.extent is None else self.extent.place


class TensorInfo(NamedTuple):
    """A tensor as the file describes it. `shape`, `stride` and `offset` count elements; `storage` is a key of
    `Checkpoint.storages` ("" for a tensor without one, as on the meta device). `state_dict` is the path of the state dict
    it belongs to (None: none). `layout` is torch's name; tensors of other layouts than "strided" are made of strided ones,
    `parts`; `shape` of nested ones ("nested", "jagged") is that of the values in them.
    `problem` says why the values cannot be shown, or is ""; `node` is its place in the pickle's graph (-1: none). `extra` is
    what else there is to it, None for nearly all tensors."""

    key: str
    shape: tuple[int, ...]
    dtype: str
    device: str | None
    stride: tuple[int, ...]
    offset: int
    storage: str
    storage_nbytes: int
    requires_grad: bool = False
    state_dict: str | None = None
    layout: str = "strided"
    problem: str = ""
    node: int = -1
    extra: Extra | None = None

    @property
    def numel(self) -> int:
        n = 1
        for size in self.shape:
            n *= size if size > 0 else 0        # negative in a corrupt one
        return n

    @property
    def nbytes(self) -> int:
        """Logical bytes: elements times width, whatever is stored."""
        known = DTYPES.get(self.dtype)
        if known and known.bits < 8 and known.kind == "quantized" and self.shape:      # rows are whole bytes
            return self.numel // (self.shape[-1] or 1) * -(-self.shape[-1] * known.bits // 8)
        return -(-self.numel * known.bits // 8) if known else 0

    @property
    def is_described(self) -> bool:
        """Whether the file tells its shape and type. Of a tensor in a file of a set that is not there the index tells the name alone: the
        shape that it has here, (0,), is none."""
        return self.dtype != "unknown" or self.shape != (0,)

    @property
    def told_shape(self) -> tuple[int, ...] | None:
        """Its shape for people; None where the file does not tell it."""
        return self.shape if self.is_described else None

    @property
    def stored_nbytes(self) -> int:
        """Bytes of what it is made of: of a packed tensor those of all its parts, else the logical ones."""
        return sum(part.nbytes for _, part in self.extra.unpacked.sources) if self.extra and self.extra.unpacked else self.nbytes

    @property
    def name(self) -> str:
        """The key inside its state dict: what `load_state_dict` would call it."""
        return self.key[len(self.state_dict) + 1:] if self.state_dict else self.key

    @property
    def parts(self) -> dict[str, TensorInfo]:
        """The tensors that this one is described by, as torch calls them: "indices" and "values", "scales" … They have keys of
        their own in no table, and storages of the checkpoint."""
        if self.extra is None:
            return {}
        return {**(self.extra.made_of.parts(self.layout) if self.extra.made_of else {}),
                **(dict(self.extra.unpacked.sources) if self.extra.unpacked else {}),
                **(self.extra.quantizer.parts() if isinstance(self.extra.quantizer, PerChannel) else {})}

    @property
    def made_of(self) -> Composition | None:
        return self.extra.made_of if self.extra is not None else None

    @property
    def quantizer(self) -> Quantizer | None:
        return self.extra.quantizer if self.extra is not None else None

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """See `Extra`; () for a tensor that lies in one piece."""
        return self.extra.chunks if self.extra is not None else ()

    @property
    def read_from(self) -> TensorInfo | None:
        return self.extra.read_from if self.extra is not None else None

    @property
    def unpacked(self) -> Unpacked | None:
        return self.extra.unpacked if self.extra is not None else None

    @property
    def type_words(self) -> str:
        """The element type, or how it is packed, for people: "float16", "4-bit GPTQ g128"."""
        return self.unpacked.words or self.unpacked.scheme if self.unpacked is not None else self.dtype

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """See `Extra`; () for most."""
        return self.extra.pieces if self.extra is not None else ()

    @property
    def is_conjugate(self) -> bool:
        return self.extra is not None and self.extra.conj

    @property
    def is_negative(self) -> bool:
        return self.extra is not None and self.extra.neg

    @property
    def view(self) -> View | None:
        """Equal for tensors of one checkpoint that are the same elements in the same order; None where that cannot be told."""
        if not self.storage or self.problem or self.layout != "strided":
            return None
        if self.extra is None:
            return View(self.storage, self.offset, self.shape, self.stride, self.dtype)
        return View(self.storage, self.offset, self.shape, self.stride, self.dtype, self.extra.conj, self.extra.neg,
                    self.extra.quantizer)


class View(NamedTuple):
    """Which elements of which storage, in which order, standing for which numbers."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: str
    conj: bool = False
    neg: bool = False
    quantizer: Quantizer | None = None

    def __hash__(self) -> int:
        return hash(as_key(self.storage, self.offset, self.shape, self.stride))


def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a tensor in C order, as torch gives them: a dimension without elements counts as one."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


def is_contiguous(shape: tuple[int, ...], stride: tuple[int, ...]) -> bool:
    """Whether elements in C order lie one behind the other, as torch's `is_contiguous` says it."""
    if 0 in shape or len(shape) != len(stride):
        return True
    expected = 1
    for size, step in zip(reversed(shape), reversed(stride), strict=True):
        if size != 1:
            if step != expected:
                return False
            expected *= size
    return True


class Piece(NamedTuple):
    """A box of a tensor that an edit puts together of others. `offsets` and `sizes` say which elements of it they are; they are those of
    `source` from index `first` on, dimension d of the box running along dimension `order[d]` of the source. Both are of one type."""

    offsets: tuple[int, ...]
    sizes: tuple[int, ...]
    source: TensorInfo
    first: tuple[int, ...]
    order: tuple[int, ...]


class Chunk(NamedTuple):
    """A box of a tensor that is stored in several: `offsets` and `sizes` say which elements it is, `storage` where they lie,
    at `offset` and with `stride` (elements) in it. Where they have one dimension and the tensor another number, it is a run of its
    elements in C order; all chunks of a tensor are of the same kind."""

    offsets: tuple[int, ...]
    sizes: tuple[int, ...]
    storage: Storage
    offset: int
    stride: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Extra:
    """What there is to a tensor beyond a strided view of a storage. Several may hold at once.

    `made_of`: the tensors that one of another layout consists of.
    `quantizer`: what the stored integers of a quantized one stand for.
    `chunks`: the boxes that a tensor lies in which is stored in several; its own storage is then one that stands nowhere in
    a file as a whole (no extent), in C order.
    `read_from`: the tensor whose elements an edit gives it, converted to its type; a storage of `Edited.source` or one of
    `Edited.taken` is where they lie. Its own storage is then one without extent, and it is contiguous.
    `pieces`: the boxes of other tensors that such a one is put together of. It is contiguous and has no storage.
    `conj`, `neg`: torch's lazy bits: each stored element stands for its conjugate, its negative.
    `part_of`: the larger tensor of several processes that it is the part of which this file holds.
    `shadowed`: its dict has the same key once more, behind it: whoever loads the file gets the other value.
    `subclass`: the Python class that the file says it is of ("" for Tensor and Parameter). A name, nothing more.
    `header_fields`: names and values (JSON, as spelled) that a safetensors header has for it besides those of the format.
    `unpacked`: how its elements (float32; of means float64 or complex128) are made of others. It is contiguous and has no storage."""

    made_of: Composition | None = None
    quantizer: Quantizer | None = None
    chunks: tuple[Chunk, ...] = ()
    read_from: TensorInfo | None = None
    conj: bool = False
    neg: bool = False
    subclass: str = ""
    part_of: PartOf | None = None
    shadowed: bool = False
    header_fields: tuple[tuple[str, str], ...] = ()
    unpacked: Unpacked | None = None
    pieces: tuple[Piece, ...] = ()

    def with_parts(self, change: Callable[[TensorInfo], TensorInfo]) -> Extra:
        """The same, made of what `change` gives for each of `TensorInfo.parts`."""
        quantizer = self.quantizer
        if isinstance(quantizer, PerChannel):
            quantizer = quantizer.with_parts(change)
        return replace(self, made_of=self.made_of and self.made_of.with_parts(change), quantizer=quantizer,
                       unpacked=self.unpacked and self.unpacked.with_parts(change))


class PartReader(Protocol):
    """Gives a decoder the elements of the parts that a packed tensor is made of, as arrays: by role, and of the dimension `axis` those
    from `first` to `last` (None: to the end) only."""

    def codes(self, role: str, first: int = 0, last: int | None = None, axis: int = 0) -> Any:
        """As they are stored; element types that numpy has not are unsigned integers of their width."""

    def numbers(self, role: str, first: int = 0, last: int | None = None, axis: int = 0) -> Any:
        """As float32."""

    def converted(self, role: str, first: int, last: int, dtype: str) -> Any:
        """Those from `first` to `last` of the first dimension, one behind the other, as elements of another type."""

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives, made once: something small that all runs of elements need and that takes a pass over the parts."""


class Decoder(Protocol):
    """Makes elements of packed parts. Frozen, and fit for pickle."""

    @property
    def unit(self) -> int:
        """How many elements are made together: a row of the tensor in C order, or a run that has whole bytes and scales."""

    def decode(self, parts: PartReader, first: int, last: int) -> Any:
        """The elements of rows `first` to `last`, one behind the other, as float32; fewer in the last row where that is not full."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """`sources` are the stored tensors by their role; `words` says how it is packed, for people: "4-bit GPTQ g128". The elements are made
    as float32; `whole`: they are integers of less than a byte."""

    scheme: str
    decoder: Decoder
    sources: tuple[tuple[str, TensorInfo], ...]
    words: str = ""
    whole: bool = False

    def with_parts(self, change: Callable[[TensorInfo], TensorInfo]) -> Unpacked:
        return replace(self, sources=tuple((role, change(info)) for role, info in self.sources))


@dataclass(frozen=True, slots=True)
class PartOf:
    """A tensor of which one process holds a part: its `shape`, and how it is laid out over each dimension of the mesh of processes
    ("Shard(dim=0)", "Replicate()", "Partial(sum)")."""

    shape: tuple[int, ...]
    placements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SparseCoo:
    """Column i of `indices` (a row for each sparse dimension) says where the i-th of `values` stands. `is_coalesced`: whether
    each place occurs once, None where the file does not say."""

    indices: TensorInfo
    values: TensorInfo
    is_coalesced: bool | None = None

    def parts(self, layout: str) -> dict[str, TensorInfo]:
        return {"indices": self.indices, "values": self.values}

    def with_parts(self, change: Callable[[TensorInfo], TensorInfo]) -> SparseCoo:
        return replace(self, indices=change(self.indices), values=change(self.values))


COMPRESSED = {"sparse_csr": ("crow_indices", "col_indices"), "sparse_csc": ("ccol_indices", "row_indices"),
              "sparse_bsr": ("crow_indices", "col_indices"), "sparse_bsc": ("ccol_indices", "row_indices")}
"""What torch calls the compressed and the plain indices of each layout."""


@dataclass(frozen=True, slots=True)
class SparseCompressed:
    """CSR, CSC, BSR, BSC, in the words of `torch.sparse_compressed_tensor`: `compressed_indices` say where in `plain_indices`
    and `values` each row (CSR, BSR) or column (CSC, BSC) begins."""

    compressed_indices: TensorInfo
    plain_indices: TensorInfo
    values: TensorInfo

    def parts(self, layout: str) -> dict[str, TensorInfo]:
        compressed, plain = COMPRESSED.get(layout, ("compressed_indices", "plain_indices"))
        return {compressed: self.compressed_indices, plain: self.plain_indices, "values": self.values}

    def with_parts(self, change: Callable[[TensorInfo], TensorInfo]) -> SparseCompressed:
        return replace(self, compressed_indices=change(self.compressed_indices), plain_indices=change(self.plain_indices),
                       values=change(self.values))


@dataclass(frozen=True, slots=True)
class Nested:
    """Tensors of their own sizes in one buffer, `values`; a row of `sizes`, a row of `strides` and one of `offsets` for each."""

    values: TensorInfo
    sizes: TensorInfo
    strides: TensorInfo
    offsets: TensorInfo

    @property
    def form(self) -> str:
        """What it looks like, in words; "" where its parts contradict each other."""
        if len(self.sizes.shape) != 2:
            return ""
        return f"{count(self.sizes.shape[0], 'tensor')} of {count(self.sizes.shape[1], 'dimension')}"

    def parts(self, layout: str) -> dict[str, TensorInfo]:
        return {"values": self.values, "sizes": self.sizes, "strides": self.strides, "offsets": self.offsets}

    def with_parts(self, change: Callable[[TensorInfo], TensorInfo]) -> Nested:
        return Nested(change(self.values), change(self.sizes), change(self.strides), change(self.offsets))


@dataclass(frozen=True, slots=True)
class Jagged:
    """Tensors that differ in one dimension, `ragged_dim` (0 is that of the tensors), joined along it in `values`: each begins at
    one of `offsets`, and is as long as `lengths` says or reaches to the next."""

    values: TensorInfo
    offsets: TensorInfo
    lengths: TensorInfo | None
    ragged_dim: int

    @property
    def form(self) -> str:
        """Its shape with a star for the ragged dimension; "" where its parts contradict each other."""
        if not 1 <= self.ragged_dim <= len(self.values.shape) or len(self.offsets.shape) != 1:
            return ""
        sizes: list[object] = [self.offsets.shape[0] - 1, *self.values.shape]
        sizes[self.ragged_dim] = "*"
        return "(" + ", ".join(map(str, sizes)) + ")"

    def parts(self, layout: str) -> dict[str, TensorInfo]:
        lengths = {} if self.lengths is None else {"lengths": self.lengths}
        return {"values": self.values, "offsets": self.offsets, **lengths}

    def with_parts(self, change: Callable[[TensorInfo], TensorInfo]) -> Jagged:
        return replace(self, values=change(self.values), offsets=change(self.offsets), lengths=self.lengths and change(self.lengths))


@dataclass(frozen=True, slots=True)
class Incomplete:
    """What was understood of a tensor whose description breaks off (its `problem` says where): parts by torch's names."""

    understood: tuple[tuple[str, TensorInfo], ...]

    def parts(self, layout: str) -> dict[str, TensorInfo]:
        return dict(self.understood)

    def with_parts(self, change: Callable[[TensorInfo], TensorInfo]) -> Incomplete:
        return Incomplete(tuple((name, change(part)) for name, part in self.understood))


Composition = SparseCoo | SparseCompressed | Nested | Jagged | Incomplete


@dataclass(frozen=True, slots=True)
class PerTensor:
    """One scale for all elements: `(stored - zero_point) * scale`. `scheme` is torch's name ("per_tensor_affine")."""

    scheme: str
    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True)
class PerChannel:
    """A scale for each index of the dimension `axis`; tensors, or (until torch 1.4) numbers in the pickle."""

    scheme: str
    scales: TensorInfo | tuple[float, ...]
    zero_points: TensorInfo | tuple[float, ...]
    axis: int

    def parts(self) -> dict[str, TensorInfo]:
        given = {"scales": self.scales, "zero_points": self.zero_points}
        return {name: part for name, part in given.items() if isinstance(part, TensorInfo)}

    def with_parts(self, change: Callable[[TensorInfo], TensorInfo]) -> PerChannel:
        def changed(given: TensorInfo | tuple[float, ...]) -> TensorInfo | tuple[float, ...]:
            return change(given) if isinstance(given, TensorInfo) else given

        return replace(self, scales=changed(self.scales), zero_points=changed(self.zero_points))


Quantizer = PerTensor | PerChannel


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that is no plain number, text or None: `type` is its name as the file says it ("omegaconf.ListConfig"),
    `text` one line to show for it. It is kept whole in the graph at `node`; nothing named by it was looked up. One that is a
    storage itself, without a tensor, has its key in `Checkpoint.storages` as `storage`."""

    type: str
    text: str
    node: int = -1
    storage: str = ""


Plain = bool | int | float | complex | str | bytes | None | tuple[()] | list[Any] | dict[Any, Any] | Opaque
"""Leaves of the tree. Containers occur only empty; everything else in them has keys of its own."""


class Member(NamedTuple):
    """One record of an archive: what `Details` lists. `note` says what is wrong with it, or is ""."""

    name: str
    extent: Extent
    note: str = ""


class Pickle(NamedTuple):
    """One pickle of the file: the member it lies in ("data.pkl") and its graph. `node` of tensors and opaque values counts
    through the graphs of all pickles in order, which matters in checkpoints of several files: see `Checkpoint.pickle_of`."""

    member: str
    graph: Graph


class Edited(NamedTuple):
    """Where an edited checkpoint comes from. `source` is the checkpoint as it was opened (never an edited one); `origin` maps
    every present key of a tensor or a value to its key there, keys that are new being absent; `root` is the path in `source`
    of what is the root now ("" unless extracted); `edits` are the edits that were applied, in order (`core.edits`).

    What changed besides stands in the tables themselves: a remapped device in `TensorInfo.device` and `Storage.device`, a
    value in `values`, and of a tensor whose elements are to be converted or copied `TensorInfo.read_from` is the tensor of `source`
    that they are read from. One whose elements come from another checkpoint is the same; that one's files are then among
    `Checkpoint.files`, behind those of the source, and its storages in `taken`. `replaced` are keys of the source whose
    value was set, be it to one that equals what was there: a numpy number and the plain one are one value in `values`. `left_out` are
    weights that an edit could not carry over: (key in the file as it was opened, what is to be said before anything is written)."""

    source: Checkpoint
    origin: Mapping[str, str]
    root: str = ""
    edits: tuple[Any, ...] = ()
    taken: Mapping[str, Storage] = MappingProxyType({})
    replaced: frozenset[str] = frozenset()
    left_out: tuple[tuple[str, str], ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return to_be_sent(Edited, self)


_EMPTY: Mapping[str, Any] = MappingProxyType({})


class WeaklyReferable:
    """For classes with slots: results can be kept beside what they are about without keeping it."""

    __slots__ = ("__weakref__",)


@dataclass(frozen=True, slots=True)
class Checkpoint(WeaklyReferable):
    """See the module. `path` as given; `format` is the name of a reader ("torch-zip", "safetensors-sharded" …), `kind` one
    of "state-dict", "training-checkpoint", "module", "torchscript", "tensor", "other"; `metadata` is safetensors'
    `__metadata__`; `module_metadata` maps a state dict's path to its `_metadata` (module prefix -> facts);
    `facts` are the container's own ("byteorder": "little"); `files` the stamps that extents refer to; `listed_nodes` says under which key
    the pickles' calls, names and sets stand: (node, key), keys being those of the file, the nodes counted as `pickle_of` does.

    >>> ckpt = core.open(core.save({"epoch": 3, "model": {"w": np.float32([1, 2])}}, folder / "a.pth").path)
    >>> list(ckpt), ckpt["model.w"].shape, ckpt.values["epoch"], ckpt.kind, ckpt.format
    (['model.w'], (2,), 3, 'training-checkpoint', 'torch-zip')
    """

    path: str
    format: str
    kind: str
    files: tuple[FileStamp, ...]
    tensors: Mapping[str, TensorInfo]
    values: Mapping[str, Plain] = field(default_factory=lambda: _EMPTY)
    storages: Mapping[str, Storage] = field(default_factory=lambda: _EMPTY)
    state_dicts: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    module_metadata: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: _EMPTY)
    facts: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    members: Sequence[Member] = ()
    pickles: tuple[Pickle, ...] = ()
    edited: Edited | None = None
    listed_nodes: tuple[tuple[int, str], ...] = ()
    _answers: dict[str, Any] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __repr__(self) -> str:
        """One line: whoever types a name in a notebook does not want all tables."""
        edited = f", {count(len(self.edited.edits), 'edit')}" if self.edited else ""
        counts = f"{count(len(self.tensors), 'tensor')}, {count(len(self.values), 'value')}"
        return f"<Checkpoint {self.path!r}: {self.kind} ({self.format}), {counts}{edited}>"

    # -- a mapping of its tensors --

    def __getitem__(self, key: str) -> LazyTensor:
        """The tensor of that key, which is read when its numbers are asked for. Raises NoSuchKey, which is a KeyError."""
        found: LazyTensor = front_door("LazyTensor")(self, key)
        return found

    def __contains__(self, key: object) -> bool:
        return key in self.tensors

    def __iter__(self) -> Iterator[str]:
        return iter(self.tensors)

    def __len__(self) -> int:
        return len(self.tensors)

    def __bool__(self) -> bool:
        return True             # one without tensors is one all the same

    def keys(self) -> KeysView[str]:
        """The keys of all tensors, in stored order; `dict(ckpt)` goes by them."""
        return self.tensors.keys()

    def items(self) -> Iterator[tuple[str, LazyTensor]]:
        """(key, tensor) of all, in stored order; none is read by it."""
        return ((key, self[key]) for key in self.tensors)

    def get(self, key: str, default: Any = None) -> LazyTensor | Any:
        return self[key] if key in self.tensors else default

    def _repr_html_(self) -> str:
        """What a notebook shows: the tree of its keys."""
        shown: str = front_door("as_html")(self)
        return shown

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle and copy: tables that are views of a dict are sent as the dict."""
        return to_be_sent(Checkpoint, (getattr(self, name) for name in Checkpoint.__slots__ if name != "_answers"))

    def answer(self, question: str, find: Callable[[], T]) -> T:
        """What `find` gives, found once for this checkpoint, which never changes: for what is asked again and again and goes through all
        there is."""
        if question not in self._answers:
            self._answers[question] = find()
        found: T = self._answers[question]
        return found

    def with_findings(self, findings: Iterable[Finding]) -> Checkpoint:
        """The same with these findings, by which no question is answered otherwise."""
        made = replace(self, findings=tuple(findings))
        made._answers.update(self._answers)
        return made

    @property
    def as_opened(self) -> Checkpoint:
        """The checkpoint before all edits: what its files say."""
        return self.edited.source if self.edited else self

    def is_still(self, before: Checkpoint) -> bool:
        """Whether this is what edits that found nothing to do left of `before`: everything in it is the very same."""
        return all(map(operator.is_, _content(self), _content(before)))

    @property
    def nbytes(self) -> int:
        """Bytes of all files together; of an edited checkpoint, of those it was opened from."""
        return sum(stamp.size for stamp in self.as_opened.files)

    @property
    def is_far(self) -> bool:
        """Whether some of its bytes are not on this computer."""
        return any(stamp.address is not None for stamp in self.files)

    @property
    def modules(self) -> frozenset[str]:
        """The state dicts that are no dicts in the file but whole modules: what `state_dict()` of each would give."""
        return frozenset(path for path in self.state_dicts if isinstance(self.values.get(path), Opaque))

    def is_taken(self, key: str) -> bool:
        """Whether the elements of a tensor are another checkpoint's (`Edited.taken`)."""
        source = self.tensors[key].read_from
        return self.edited is not None and source is not None and source.storage in self.edited.taken

    def pickle_of(self, node: int) -> tuple[Pickle, int] | None:
        """The pickle that `node` of a tensor or an opaque value lies in, and its number there; None when there is none."""
        for pickled in self.pickles:
            if 0 <= node < len(pickled.graph):
                return pickled, node
            node -= len(pickled.graph)
        return None


def _content(ckpt: Checkpoint) -> tuple[object, ...]:
    return (ckpt.files, ckpt.tensors, ckpt.values, ckpt.storages, ckpt.state_dicts, ckpt.metadata, ckpt.module_metadata, ckpt.members,
            ckpt.pickles, ckpt.kind)


def kind_of_dict(tensors: int, entries: int, *, has_metadata: bool, holds_tensors: bool) -> str:
    """`Checkpoint.kind` where the root is a dict of so many `entries`, `tensors` of them being those of a state dict. It is one when
    most are, or when it has `_metadata`, which only `Module.state_dict` gives a dict. `holds_tensors`: there are some, however deep."""
    if has_metadata or 2 * tensors > entries:
        return "state-dict"
    return "training-checkpoint" if holds_tensors else "other"


class _Thawed(NamedTuple):
    """A mapping proxy on its way through pickle, which knows none."""

    table: dict[Any, Any]


def to_be_sent(kind: type[Any], values: Iterable[Any]) -> tuple[Any, ...]:
    """What `__reduce__` of a `kind` with these values gives, whose tables may be views of dicts, which pickle and copy do not take."""
    return _restored, (kind, *map(_thawed, values))


def _thawed(value: Any) -> Any:
    if isinstance(value, MappingProxyType):
        return _Thawed({key: _thawed(item) for key, item in value.items()})
    return value


def _frozen(value: Any) -> Any:
    if isinstance(value, _Thawed):
        return MappingProxyType({key: _frozen(item) for key, item in value.table.items()})
    return value


def _restored(kind: type[Any], *fields: Any) -> Any:
    return kind(*map(_frozen, fields))
