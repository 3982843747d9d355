"""What a checkpoint is: coordinates, never handles, never tensor bytes.

A `Checkpoint` is immutable and may be read from any thread. It says which tensors there are and where their bytes lie;
`core.bytes` fetches them when somebody asks.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from .dtypes import DTYPES
from .findings import Finding
from .graph import Graph


class FileStamp(NamedTuple):
    """How a file looked when it was opened; compared before every later read. With `inside`, extents lie in what is unpacked
    from the file: the first of `inside` is a member of it, each next one a member of the one before."""

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int
    inside: tuple[Extent, ...] = ()


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
    With `local` set, `offset` is where torch would have put the payload: `core.bytes` reads and verifies the local header
    before it reads a byte, and goes by that."""

    file: int
    offset: int
    nbytes: int
    size: int
    method: int = 0
    crc: int | None = None
    local: LocalHeader | None = None

    def moved(self, by: int) -> Extent:
        """The same bytes, in a file where `by` others come before."""
        local = self.local and self.local._replace(at=self.local.at + by, bound=self.local.bound + by)
        return self._replace(offset=self.offset + by, local=local)


class Storage(NamedTuple):
    """One run of bytes that tensors view. `nbytes` is what the file declares for it; `dtype` the declared element type
    (untyped: "uint8"); `device` the tag stored in the file. `problem` says why its bytes cannot be trusted, or is ""."""

    id: str
    dtype: str
    device: str | None
    nbytes: int
    extent: Extent | None
    big_endian: bool = False
    problem: str = ""


class TensorInfo(NamedTuple):
    """A tensor as the file describes it. `shape`, `stride` and `offset` count elements; `storage` is a key of
    `Checkpoint.storages` ("" for a tensor without one, as on the meta device). `state_dict` is the path of the state dict
    it belongs to (None: none). `layout` is torch's name; `extra` keeps what other layouts need (quantizer, indices …). Tensors
    of other layouts than "strided" are made of strided ones, `parts`; `shape` of nested ones ("nested", "jagged") is that of
    the values in them, and `extra["form"]` says what they look like.
    `problem` says why the values cannot be shown, or is ""; `node` is its place in the pickle's graph (-1: none)."""

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
    extra: Mapping[str, Any] | None = None

    @property
    def numel(self) -> int:
        n = 1
        for size in self.shape:
            n *= size
        return n

    @property
    def nbytes(self) -> int:
        """Logical bytes: elements times width, whatever is stored."""
        known = DTYPES.get(self.dtype)
        if known and known.bits < 8 and known.kind == "quantized" and self.shape:      # rows are whole bytes
            return self.numel // (self.shape[-1] or 1) * -(-self.shape[-1] * known.bits // 8)
        return -(-self.numel * known.bits // 8) if known else 0

    @property
    def parts(self) -> dict[str, TensorInfo]:
        """The tensors that this one is described by, as torch calls them: "indices" and "values", "scales" … They have keys of
        their own in no table, and storages of the checkpoint."""
        return {name: part for name, part in (self.extra or {}).items() if isinstance(part, TensorInfo) and name != "cast"}

    @property
    def name(self) -> str:
        """The key inside its state dict: what `load_state_dict` would call it."""
        return self.key[len(self.state_dict) + 1:] if self.state_dict else self.key


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that is no plain number, text or None: `type` is its name as the file says it ("omegaconf.ListConfig"),
    `text` one line to show for it. It is kept whole in the graph at `node`; nothing named by it was looked up."""

    type: str
    text: str
    node: int = -1


Plain = bool | int | float | complex | str | bytes | None | tuple[()] | list[Any] | dict[Any, Any] | Opaque
"""Leaves of the tree. Containers occur only empty; everything else in them has keys of its own."""


class Chunk(NamedTuple):
    """A box of a tensor that is stored in several: `offsets` and `sizes` say which elements it is, `storage` where they lie,
    at `offset` and with `stride` (elements) in it. The chunks of a tensor are `extra["chunks"]`, a tuple of these; its own
    storage is then one that stands nowhere in a file as a whole (no extent), in C order."""

    offsets: tuple[int, ...]
    sizes: tuple[int, ...]
    storage: Storage
    offset: int
    stride: tuple[int, ...]


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
    value in `values`, and a tensor whose elements are to be converted has in `extra["cast"]` the `TensorInfo` it is read as
    (a key of `Edited.source.storages` is its storage), a storage of its own without extent, and is contiguous. One whose elements
    come from another checkpoint is the same; that one's files are then among `Checkpoint.files`, behind those of the source, and its
    storages in `taken`."""

    source: Checkpoint
    origin: Mapping[str, str]
    root: str = ""
    edits: tuple[Any, ...] = ()
    taken: Mapping[str, Storage] = MappingProxyType({})

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (Edited, *map(_thawed, self))


_EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """See the module. `path` as given; `format` and `kind` one of the fixed names of DESIGN §3; `metadata` is safetensors'
    `__metadata__`; `module_metadata` maps a state dict's path to its `_metadata` (module prefix -> facts);
    `facts` are the container's own ("byteorder": "little"); `files` the stamps that extents refer to."""

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
    members: tuple[Member, ...] = ()
    pickles: tuple[Pickle, ...] = ()
    edited: Edited | None = None

    def __repr__(self) -> str:
        """One line: whoever types a name in a notebook does not want all tables."""
        edited = f", {len(self.edited.edits)} edits" if self.edited else ""
        counts = f"{len(self.tensors):,} tensors, {len(self.values):,} values"
        return f"<Checkpoint {self.path!r}: {self.kind} ({self.format}), {counts}{edited}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle and copy: tables that are views of a dict are sent as the dict."""
        return _restored, (Checkpoint, *(_thawed(getattr(self, name)) for name in Checkpoint.__slots__))

    @property
    def nbytes(self) -> int:
        """Bytes of all files together; of an edited checkpoint, of those it was opened from."""
        return sum(stamp.size for stamp in (self.edited.source if self.edited else self).files)

    def is_taken(self, key: str) -> bool:
        """Whether the elements of a tensor are another checkpoint's (`Edited.taken`)."""
        read_as = (self.tensors[key].extra or {}).get("cast")
        return self.edited is not None and isinstance(read_as, TensorInfo) and read_as.storage in self.edited.taken

    def pickle_of(self, node: int) -> tuple[Pickle, int] | None:
        """The pickle that `node` of a tensor or an opaque value lies in, and its number there; None when there is none."""
        for pickled in self.pickles:
            if 0 <= node < len(pickled.graph):
                return pickled, node
            node -= len(pickled.graph)
        return None


class _Thawed(NamedTuple):
    """A mapping proxy on its way through pickle, which knows none."""

    table: dict[Any, Any]


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
