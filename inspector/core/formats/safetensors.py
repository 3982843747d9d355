"""The safetensors container: 8 bytes of length, a JSON header, then the tensors' bytes without a gap.

Follows safetensors/src/tensor.rs (version 0.8), `read_metadata` and `Metadata::validate`; see `shared.safetensors_header` for
where this reader is stricter. In one thing it is more patient: of a file that ends before its last tensor does, as a download that broke
off leaves it, or goes on behind it, the header still says where all the others lie.
"""
from __future__ import annotations

import struct
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate, repeat
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from inspector.core.checkpoint import Checkpoint, Extent, Extra, Storage, TensorInfo
from inspector.core.errors import Ambiguous, Corrupt, InspectorError, TooBig, Truncated
from inspector.core.findings import Finding
from inspector.core.io.sources import SourceFile
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import QUIET, Monitor, in_pieces
from inspector.core.tensor_table import TensorTable
from inspector.core.wording import count, counted

from .shared.safetensors_header import BASE, Form, Header, parse
from .zip.tail import zip_at_end

FORMAT = "safetensors"
MAX_HEADER = 100_000_000                   # bytes; MAX_HEADER_SIZE of the reference
_AGAIN = "The download or copy was probably interrupted: fetch the file again."
_DAMAGED = "The file is damaged or was not written by a correct program: fetch it again, or ask whoever made it."
_USUAL_RANK = 64                           # dimensions; numpy has no more
_FEW_FORMS = 1024                          # shapes and types that are counted
_BATCH = 4096                              # tensors made between two reports
_NBYTES, _SHAPE = (itemgetter(Form._fields.index(field)) for field in ("nbytes", "shape"))


def read(source: SourceFile, path: str, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in `source`; `path` is what it is called. Only the header is read.

    Raises Truncated (the header itself is cut), TooBig, Corrupt, and Ambiguous when another container follows the tensors.
    """
    data = _header_bytes(source, limits, monitor)
    header = parse(data, limits=limits, monitor=monitor)
    begin = BASE + len(data)
    if not _fills(header):
        header = _by_offset(header)
        _check_offsets(header, begin)
    storages = _Storages(source.index, begin, header, source.size - begin)
    odd, facts = _wrong_size(source, begin, begin + (header.stops[-1] if header.stops else 0), storages.broken)
    tensors = _Tensors(header.keys, header.forms, _extras(header), storages.broken)
    return Checkpoint(path, FORMAT, "state-dict", (source.stamp,), tensors, storages=storages, state_dicts=("",),
                      findings=(*odd, *_findings(header)), metadata=MappingProxyType(header.metadata),
                      facts=MappingProxyType({"header bytes": f"{len(data):,}", "tensor bytes": f"{source.size - begin:,}",
                                              "byteorder": "little", **facts}))


def _header_bytes(source: SourceFile, limits: Limits, monitor: Monitor) -> bytes:
    if source.size < BASE:
        raise Truncated(f"the file has {count(source.size, 'byte')}; a safetensors file begins with 8 bytes that give its header's length",
                        _AGAIN, "byte 0")
    length = struct.unpack("<Q", source.read(0, BASE))[0]
    cap = min(limits.json_header, MAX_HEADER)
    if length > cap:
        raise TooBig(f"its first 8 bytes announce a header of {count(length, 'byte')}; the format allows {cap:,}",
                     "The file is damaged at its beginning, or is no safetensors file at all.", "byte 0")
    if length < 2:
        raise Corrupt(f"its first 8 bytes announce a header of {count(length, 'byte')}, too few for any", _DAMAGED, "byte 0")
    missing = BASE + length - source.size
    if missing > 0:
        raise Truncated(f"the header should have {count(length, 'byte')} and at least {missing:,} of them are missing", _AGAIN,
                        f"byte {source.size}")
    parts = []
    for at in range(0, length, limits.chunk):
        monitor.report(at, length)
        parts.append(source.read(BASE + at, min(limits.chunk, length - at)))
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _fills(header: Header) -> bool:
    """Whether the tensors lie one after another in the order of the header, each as long as its form: the usual case."""
    end = 0
    for first in range(0, len(header.forms), _BATCH):
        batch = slice(first, first + _BATCH)
        ends = [*accumulate(map(_NBYTES, header.forms[batch]), initial=end)]
        if header.starts[batch] != ends[:-1] or header.stops[batch] != ends[1:]:
            return False
        end = ends[-1]
    return True


def _by_offset(header: Header) -> Header:
    """In the order of the tensors' bytes; header order among empty tensors at one place."""
    if header.starts == [0, *header.stops[:-1]]:
        return header
    rows = sorted(zip(header.starts, header.stops, header.keys, header.forms, strict=True), key=itemgetter(0, 1))
    starts, stops, keys, forms = zip(*rows, strict=True)
    return header._replace(starts=[*starts], stops=[*stops], keys=[*keys], forms=[*forms])


def _check_offsets(header: Header, begin: int) -> None:
    """Raises unless the tensors lie one after another from `begin` on, each as long as its form."""
    end = 0
    previous = ""
    for start, stop, key, form in zip(header.starts, header.stops, header.keys, header.forms, strict=True):
        if start != end or stop - start != form.nbytes:
            raise _wrong_offsets(key, start, stop, form.nbytes, end, previous, begin)
        end = stop
        previous = key


def _wrong_size(source: SourceFile, begin: int, end: int, broken: Mapping[int, str]) -> tuple[tuple[Finding, ...], dict[str, str]]:
    """What is to be said, and a fact that keeps the file from being replaced, unless it ends at `end`, where its last tensor does.
    `broken` are the tensors that are not whole. Raises Ambiguous when what follows is something else."""
    extra = source.size - end
    if extra < 0:
        cut = sum(problem.startswith("truncated") for problem in broken.values())
        return (Finding("truncated", "danger", f"byte {source.size}", f"{counted(-extra, 'byte is', 'bytes are')} missing: the header "
                        f"describes {end - begin:,} "
                        f"bytes of tensors and the file has {source.size - begin:,}. Tensors cut short: {cut:,}, lost: "
                        f"{len(broken) - cut:,}. Other programs do not open it.",
                        f"{_AGAIN} What is there can be shown, and saved under another name."),
                ), {"salvaged": "the end of the file is missing: read-only until saved anew"}
    if extra and zip_at_end(source):
        raise Ambiguous(f"a zip archive follows the tensors ({count(extra, 'byte')}): programs that look for a zip see another file",
                        "Do not trust this file: it was probably made to look different to different programs.",
                        f"byte {end}", id="polyglot")
    if extra:
        return (Finding("extra-bytes", "danger", f"byte {end}", f"{counted(extra, 'byte follows', 'bytes follow')} the last tensor, of "
                        "none. Other "
                        "programs do not open the file.", "If they were added at the end, all tensors are whole: look at some of "
                        "them, then save it under another name."),
                ), {"salvaged": f"{counted(extra, 'byte follows', 'bytes follow')} the last tensor: read-only until saved anew"}
    return (), {}


def _wrong_offsets(key: str, start: int, stop: int, nbytes: int, end: int, previous: str, begin: int) -> InspectorError:
    name, where = f"tensor \"{visible(key)}\"", f"byte {begin + start}"
    if stop < start:
        return Corrupt(f"{name} ends ({stop:,}) before it begins ({start:,})", _DAMAGED, where, id="reversed")
    if start > end:
        return Corrupt(f"{count(start - end, 'byte')} before {name} belong to no tensor", _DAMAGED, f"byte {begin + end}", id="hole")
    if start < end:
        return Corrupt(f"{name} overlaps \"{visible(previous)}\"", _DAMAGED, where, id="overlap")
    return Corrupt(f"{name} has {count(stop - start, 'byte')} where its shape and type need {nbytes:,}", _DAMAGED, where,
                   id="size_mismatch")


def _extras(header: Header) -> dict[str, Extra]:
    """What tensors have besides the format's own fields; those that have the same share it."""
    known: dict[tuple[tuple[str, str], ...], Extra] = {}
    found = {}
    for key, fields in header.extra.items():
        said = tuple(fields.items())
        found[key] = known.get(said) or known.setdefault(said, Extra(header_fields=said))
    return found


class _Tensors(TensorTable):
    """Those of a header, in the given order, numbered as their storages are. `broken` says what is wrong with some."""

    __slots__ = ("_broken", "_extra", "_forms", "_times")

    def __init__(self, keys: list[str], forms: list[Form], extra: dict[str, Extra], broken: Mapping[int, str]) -> None:
        super().__init__(keys)
        self._forms = forms
        self._extra = extra
        self._broken = broken
        self._times: list[tuple[Form, int]] | None = None       # how many tensors have each form; none where those are many

    def __reduce__(self) -> tuple[Any, ...]:
        return _Tensors, (self._keys, self._forms, self._extra, self._broken)

    @property
    def each_alone(self) -> bool:
        return True

    def rows(self, first: int, last: int) -> Iterable[TensorInfo]:
        problems: Iterable[str]
        dtypes, shapes, strides, nbytes, problems = zip(*self._forms[first:last], strict=True)
        keys = self._keys[first:last]
        extras = map(self._extra.get, keys) if self._extra else repeat(None)
        if self._broken:
            problems = map(self._broken.get, range(first, last), problems)
        # columns as TensorInfo has its fields; several times as fast as calling the class
        rows = zip(keys, shapes, dtypes, repeat(None), strides, repeat(0), map(str, range(first, last)), nbytes,
                   repeat(False), repeat(""), repeat("strided"), problems, repeat(-1), extras)
        return map(_new, repeat(TensorInfo), rows)

    def column(self, field: str) -> Iterable[Any] | None:
        if field == "problem" and self._broken:
            return None
        if field == "extra" and self._extra:
            return map(self._extra.get, self._keys)
        if field in _IN_FORMS:
            return map(_IN_FORMS[field], self._forms)
        if field in _ALIKE:
            return repeat(_ALIKE[field], len(self._keys))
        if field == "storage":
            return map(str, range(len(self._keys)))
        return iter(self._keys) if field == "key" else None


    def kinds(self, *fields: str) -> Iterable[tuple[Any, int]] | None:
        if not all(field in _IN_FORMS or field in _ALIKE for field in fields) or ("problem" in fields and self._broken) \
                or ("extra" in fields and self._extra) or not self._keys:
            return None
        if all(field in _ALIKE for field in fields):
            return [(tuple(_ALIKE[field] for field in fields), len(self._keys))]
        if self._times is None:
            self._times = _times_of(self._forms)
        return [(tuple(_ALIKE[field] if field in _ALIKE else _IN_FORMS[field](form) for field in fields), times)
                for form, times in self._times] or None


def _times_of(forms: Iterable[Form]) -> list[tuple[Form, int]]:
    """Each of the forms, which many tensors have in common, and how many have it: told by what they are, as what they hold comes from the
    file. Empty where there are too many for that to be of use."""
    found: dict[int, Form] = {}
    times: Counter[int] = Counter()
    for piece in in_pieces(forms):
        ids = [*map(id, piece)]
        times.update(ids)
        if len(times) > len(found):
            found.update(zip(ids, piece, strict=True))
        if len(found) > _FEW_FORMS:
            return []
    return [(found[which], count) for which, count in times.items()]


_IN_FORMS = {field: itemgetter(Form._fields.index(own)) for field, own in (
    ("shape", "shape"), ("dtype", "dtype"), ("stride", "stride"), ("storage_nbytes", "nbytes"), ("problem", "problem"))}
_ALIKE = {"device": None, "offset": 0, "requires_grad": False, "state_dict": "", "layout": "strided", "node": -1, "extra": None}
_new: Callable[[type[TensorInfo], tuple[object, ...]], TensorInfo] = tuple.__new__


class _Storages(Mapping[str, Storage]):
    """One for every tensor, numbered in the order of their bytes; each is made when it is asked for, as few ever are."""

    __slots__ = ("_begin", "_file", "_forms", "_starts", "_there", "broken")

    def __init__(self, file: int, begin: int, header: Header, there: int) -> None:
        """`there` is how many bytes the file has behind its header; `broken` will be what the storages lack that reach beyond those, by
        their numbers."""
        self._file = file
        self._begin = begin
        self._starts = header.starts
        self._forms = header.forms
        self._there = there
        self.broken = {} if not header.stops or header.stops[-1] <= there else _broken(header, there)

    def __getitem__(self, id: str) -> Storage:
        number = int(id) if isinstance(id, str) and id.isdecimal() and len(id) < 20 else -1
        if not 0 <= number < len(self._starts) or str(number) != id:
            raise KeyError(id)
        dtype, _, _, nbytes, problem = self._forms[number]
        extent = Extent(self._file, self._begin + self._starts[number], nbytes, nbytes)
        if number in self.broken:
            left = max(0, self._there - self._starts[number])
            return Storage(id, dtype, None, nbytes, extent._replace(nbytes=left, size=left), problem=self.broken[number])
        return Storage(id, dtype, None, nbytes, extent, problem=problem)

    def __iter__(self) -> Iterator[str]:
        return map(str, range(len(self._starts)))

    def __len__(self) -> int:
        return len(self._starts)


def _broken(header: Header, there: int) -> dict[int, str]:
    """number -> what a tensor lacks of which not all bytes are among the first `there`."""
    found = {}
    for number in range(bisect_right(header.stops, there), len(header.stops)):
        start, nbytes = header.starts[number], header.forms[number].nbytes
        if nbytes:
            found[number] = f"truncated: {there - start:,} of {nbytes:,} bytes are there" if start < there \
                else "lost: the file ends before its bytes"
    return found


def _findings(header: Header) -> tuple[Finding, ...]:
    found = [Finding("non-canonical-header", "warning", "byte 8", f"{text[0].upper()}{text[1:]}.",
                     "Save the file again to have it written in the usual way.") for text in header.anomalies]
    if header.extra:
        key, fields = next(iter(header.extra.items()))
        others = f", and {len(header.extra) - 1:,} other tensors have such fields" if len(header.extra) > 1 else ""
        names = ", ".join(f"\"{visible(name, 40)}\"" for name in list(fields)[:3])
        found.append(Finding("extra-field", "info", key, f"\"{visible(key)}\" has fields that safetensors does not define: "
                             f"{names}{others}.", "Other programs ignore them.", keys=tuple(header.extra)))
    if "" in header.keys:
        found.append(Finding("empty-name", "info", "", "One tensor's name is empty.",
                             "Rename it before other programs trip over it.", keys=("",)))
    is_deep = any(len(shape) > _USUAL_RANK for shape in map(_SHAPE, header.forms))
    deep = [key for key, form in zip(header.keys, header.forms, strict=True) if len(form.shape) > _USUAL_RANK] if is_deep else []
    if deep:
        found.append(Finding("rank", "info", deep[0], f"\"{visible(deep[0])}\" has more than {_USUAL_RANK} dimensions.",
                             "NumPy and most operations of PyTorch stop there.", keys=tuple(deep)))
    return tuple(found)
