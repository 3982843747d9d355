"""The JSON header of a safetensors file, entry by entry.

Follows `SafeTensors::read_metadata` of safetensors/src/tensor.rs (version 0.8) and is stricter where two readers could
see two contents: duplicate names anywhere, an entry written as a list, dimensions that torch cannot count. Entries as all
known writers write them are taken many at a time by a regular expression; plain ones in another spelling go one by one
through the json module, when they are small and flat; all others, and all that have something wrong, take the general
scanner. The faster roads accept nothing that the slowest does not.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple, NoReturn

from inspector.core.checkpoint import contiguous
from inspector.core.dtypes import DTYPES, SAFETENSORS
from inspector.core.errors import Corrupt, ReadError, TooBig
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count

from .strict_json import HINT, Scanner

METADATA = "__metadata__"
BASE = 8                                   # the header follows its length
_UINT64 = 1 << 64
_INT64 = (1 << 63) - 1
_RANK = 65_536                             # dimensions of one tensor, and
_USUAL_RANK = 64                           # … where numpy stops
_FIELDS = ("dtype", "shape", "data_offsets")

_INT = rb"(?:0|[1-9][0-9]{0,19})"
# one entry as all known writers spell it, with Rust's spacing or Python's, and its comma: its name, the head of its object
# up to the second bracket, its offsets; or else all the rest, so that findall cannot step over what it does not know. Names
# and heads are taken as they come here and judged afterwards, names all at once, heads once for all that are alike.
_USUAL = re.compile(rb' ?"([^"]*)": ?\{([^[]*\[[^[]*)\[(#), ?(#)\]\},|([\x00-\xff]+)'.replace(b"#", _INT))
_ONE = re.compile(rb' ?"([^"]*)": ?\{([^[]*\[[^[]*)\[(#), ?(#)\]\}'.replace(b"#", _INT))
_SAID = re.compile(rb'\{"__metadata__": ?(\{[^{}\\]*\}), ?')         # what is said of the file, before all entries
_HEAD = re.compile(rb'"dtype": ?"([A-Z0-9_]{1,16})", ?"shape": ?\[((?:#(?:, ?#)*)?)\], ?"data_offsets": ?'.replace(b"#", _INT))
_NOT_PLAIN = bytes(range(0x20)) + b"\\"     # what stands for something else in a string, or must not be in one
_ENTRY_END = b"]},"
_BLOCK_MIN, _BLOCK_MAX = 1 << 11, 1 << 16  # bytes given to one call of findall: a few milliseconds at most
_PLAIN_MAX = 4096                          # bytes of an entry that may be given to the json module
_SHORT = 256                               # bytes of a head that is remembered, and …
_LAYER = 1024                              # … of a header of which it is remembered where its tensors lie


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


def _plain_int(text: str) -> int:
    return int(text) if len(text) <= 20 and text[0] != "-" else _refuse(text)


def _only_spelling(value: str | int | bool | None) -> str:
    """The JSON text of what `_PLAIN` took from bytes without a backslash: those leave one way to write it. Not of what nests more."""
    if isinstance(value, str):
        return f'"{value}"'
    return _LITERALS[value] if value is None or isinstance(value, bool) else str(value) if isinstance(value, int) else _refuse("")


_LITERALS = {None: "null", True: "true", False: "false"}
_PLAIN = json.JSONDecoder(object_pairs_hook=tuple, parse_float=_refuse, parse_int=_plain_int, parse_constant=_refuse)


class Form(NamedTuple):
    """What tensors of one type and shape have in common. `dtype` is torch's name, `shape` and `stride` what torch would
    say, `nbytes` what the file must hold; `problem` says why values cannot be shown, or is ""."""

    dtype: str
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    nbytes: int
    problem: str


class Header(NamedTuple):
    """`starts`, `stops`, `keys` and `forms` have an item for every tensor, in header order: where its bytes start and end,
    counted from the end of the header, its key, its form. `extra` has the raw JSON of fields that safetensors does not
    define, by key and field; `anomalies` are deviations that the reference reader tolerates, as sentences."""

    starts: list[int]
    stops: list[int]
    keys: list[str]
    forms: list[Form]
    metadata: dict[str, str]
    extra: dict[str, dict[str, str]]
    anomalies: list[str]


class Layout(NamedTuple):
    """Where the tensors of a file lie, and their forms, as in a `Header`; shared by all files that are laid out alike. `fills` says how
    many bytes they fill, each behind the one before it; -1 where they do not, or one is of no usual form."""

    starts: tuple[int, ...]
    stops: tuple[int, ...]
    forms: tuple[Form, ...]
    fills: int


class Small(NamedTuple):
    """A short header with nothing odd about it, for whoever has thousands. `metadata` are names with texts."""

    keys: list[str]
    layout: Layout
    metadata: tuple[tuple[str, str], ...]


def parse(data: bytes, *, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Header:
    """The header in `data`. Raises Corrupt for anything that is not one, with the byte offset in the file."""
    found = _small(data) if len(data) <= _PLAIN_MAX else None
    if found is None:
        return _Parser(data, limits, monitor).run()
    starts, stops, forms, _ = found.layout
    return Header([*starts], [*stops], found.keys, [*forms], dict(found.metadata), {}, [])


def parse_small(data: bytes, *, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Small | None:
    """The same of a short one; None where there is anything to be said of it."""
    found = _small(data)
    if found is None:
        try:
            header = _Parser(data, limits, monitor).run()
        except ReadError:
            return None
        if not header.extra and not header.anomalies:
            found = Small(header.keys, _laid(header.starts, header.stops, header.forms), tuple(header.metadata.items()))
    return found


def _laid(starts: Iterable[int], stops: Iterable[int], forms: Iterable[Form]) -> Layout:
    starts, stops, forms = tuple(starts), tuple(stops), tuple(forms)
    whole = bool(starts) and starts == (0, *stops[:-1]) and all(
        stop - start == form.nbytes and len(form.shape) <= _USUAL_RANK for start, stop, form in zip(starts, stops, forms, strict=True))
    return Layout(starts, stops, forms, stops[-1] if whole else -1)


def _small(data: bytes) -> Small | None:
    """A short header that begins with what is said of the file, if with anything, and has only entries in the usual spelling with nothing
    wrong about them: all in one go, for of such files there are thousands. None of any other."""
    text = data.rstrip(b" ")
    said = _SAID.match(text)
    metadata = _remembered_texts(said[1]) if said else ()
    if not text.startswith(b"{") or not text.endswith(b"]}}") or metadata is None:
        return None
    rows = _USUAL.findall(text[said.end() if said else 1:-1] + b",")
    if rows[-1][-1]:
        return None
    raw_keys, heads, starts, stops, _ = zip(*rows, strict=True)
    laid, keys = (_remembered_layout if len(text) <= _LAYER else _layout)(heads, starts, stops), _usual_keys(raw_keys)
    if laid is None or len({*keys}) < len(rows) or METADATA in keys:
        return None
    return Small(keys, laid, metadata)


class _Parser:
    def __init__(self, data: bytes, limits: Limits, monitor: Monitor) -> None:
        self.data = data
        self.scan = Scanner(data, "the header", BASE, limits=limits, monitor=monitor)
        self.monitor = monitor
        self.starts: list[int] = []
        self.stops: list[int] = []
        self.keys: list[str] = []
        self.forms: list[Form] = []
        self.taken: set[str] = set()                    # all keys so far
        self.metadata: dict[str, str] | None = None
        self.extra: dict[str, dict[str, str]] = {}
        self.anomalies: list[str] = []
        self.form_of: dict[bytes, Form] = {}            # by the head of the entry

    def run(self) -> Header:
        scan = self.scan
        self._begin()
        scan.space()
        more = scan.peek() != b"}"
        if not more:
            scan.pos += 1
        while more:
            self._usual_entries()
            more = (self._usual_entry() or self._plain_entries() or self._any_entry()) == b","
        scan.end()
        return Header(self.starts, self.stops, self.keys, self.forms, self.metadata or {}, self.extra, self.anomalies)

    def _begin(self) -> None:
        data = self.data
        if data.startswith(b"\xef\xbb\xbf"):
            raise self.scan.fail("a byte-order mark at its beginning")
        if data.startswith((b"\xff\xfe", b"\xfe\xff")) or (b"\0" in data[:2] and b"{" in data[:2]):
            raise self.scan.fail("UTF-16 text where only UTF-8 is allowed")
        if not data.startswith(b"{"):
            self.scan.space()
            if self.scan.peek() != b"{":
                raise self.scan.fail(f"{visible(repr(data[:16])[2:-1])} at its beginning where {{ should be")
            self.anomalies.append("the header begins with white space, which the format forbids and most readers tolerate")
        self.scan.pos += 1

    def _usual_entries(self) -> None:
        """Takes entries, many at a time, while they are spelt in the usual way, nothing is wrong and another one follows."""
        block = _BLOCK_MIN
        while True:
            pos = self.scan.pos
            end = self.data.rfind(_ENTRY_END, pos, pos + block) + len(_ENTRY_END)
            rows = _USUAL.findall(self.data, pos, end) if end > pos else []
            rest = rows.pop()[-1] if rows and rows[-1][-1] else b""
            if not rows or not self._take_rows(rows):
                self._take_usual_entries(rows, end)
                return
            self.scan.pos = end - len(rest)
            self.scan.space()
            if rest:
                return
            self.monitor.report(end, len(self.data))
            block = min(block * 2, _BLOCK_MAX)

    def _take_rows(self, rows: list[tuple[bytes, ...]]) -> bool:
        """Takes these entries, or none of them when one needs a closer look."""
        raw_keys, heads, starts, stops, _ = zip(*rows, strict=True)
        form_of = self.form_of
        known = [_usual_form(head, form_of) for head in {*heads}.difference(form_of)]
        keys = _usual_keys(raw_keys)
        fresh = {*keys}
        if not all(known) or len(fresh) < len(rows) or METADATA in fresh or not self.taken.isdisjoint(fresh):
            return False
        self.taken |= fresh
        self.keys += keys
        self.forms += map(form_of.__getitem__, heads)
        ends = [*map(int, stops)]
        # where each begins where the one before it ends, as nearly always, half of the numbers are known already
        self.starts += [int(starts[0]), *ends[:-1]] if starts[1:] == stops[:-1] else map(int, starts)
        self.stops += ends
        return True

    def _take_usual_entries(self, rows: list[tuple[bytes, ...]], end: int) -> None:
        """Takes the first of these entries, which end before `end`: those before the one that needs a closer look."""
        odd = next((n for n, row in enumerate(rows) if row[1] not in self.form_of or not _usual_keys(row[:1])), 0)
        if odd and self._take_rows(rows[:odd]):
            self.scan.pos = next(islice(_USUAL.finditer(self.data, self.scan.pos, end), odd - 1, None)).end()
            self.scan.space()

    def _usual_entry(self) -> bytes:
        """Takes one entry in the usual spelling that no other need follow, as the last one of all; otherwise b""."""
        scan = self.scan
        found = _ONE.match(self.data, scan.pos, scan.pos + _PLAIN_MAX)
        if found is None or not self._take_rows([(*found.groups(), b"")]):
            return b""
        scan.pos = found.end()
        return scan.separator()

    def _plain_entries(self) -> bytes:
        """Takes entries in any spelling, many at a time or else one, while they name no field twice, nest nothing more and have only such
        other fields as are spelt in one way; returns what separates the last of them from the next. b"" where the first is none of them."""
        scan, block, following = self.scan, _BLOCK_MIN, b""
        while True:
            end = self.data.rfind(b"},", scan.pos, scan.pos + block) + 1
            if not end or not self._take_plain(end):
                end = self.data.find(b"}", scan.pos, scan.pos + _PLAIN_MAX) + 1
                if not end or not self._take_plain(end):
                    return following
                block = _BLOCK_MIN
            scan.pos = end
            following = scan.separator()
            if following != b",":
                return following
            self.monitor.report(end, len(self.data))
            block = min(block * 2, _BLOCK_MAX)

    def _take_plain(self, end: int) -> bool:
        """Takes the plain entries up to `end`, or none of them when one needs a closer look."""
        raw, begin = self.data[self.scan.pos:end], BASE + self.scan.pos
        fresh: dict[str, tuple[int, int, Form]] = {}
        extra: dict[str, dict[str, str]] = {}
        form_of = self.form_of
        try:
            for key, pairs in _PLAIN.decode("{" + raw.decode() + "}"):
                fields = dict(pairs) if type(pairs) is tuple else {}       # a list of pairs is no object
                (start, stop), shape = fields["data_offsets"], fields["shape"]
                like = fields["dtype"].encode() + repr(shape).encode()
                key.encode()                            # no half of a surrogate pair, which the json module takes
                if key in fresh or key in self.taken or key == METADATA or len(fields) != len(pairs) \
                        or not _counts(shape) or not _counts(fields["data_offsets"]):
                    return False
                form = form_of.get(like)
                if form is None:
                    form = form_of[like] = _form(fields["dtype"], tuple(shape), key, begin)
                fresh[key] = start, stop, form
                if len(fields) > len(_FIELDS):
                    extra[key] = {name: _only_spelling(value) for name, value in pairs if name not in _FIELDS}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ReadError):
            return False
        if extra and b"\\" in raw:
            return False
        for key, (start, stop, form) in fresh.items():
            self._take(start, stop, key, form)
        self.extra |= extra
        return True

    def _any_entry(self) -> bytes:
        """Takes one member of the header in any spelling; what separates it from the next is returned."""
        scan = self.scan
        scan.space()
        at = scan.pos
        key = scan.name()
        if key in self.taken or (key == METADATA and self.metadata is not None):
            raise scan.duplicate(key, at)
        if key == METADATA:
            self._take_metadata(at)
        else:
            self._take(*self._entry(key, at))
        return scan.separator()

    def _take(self, start: int, stop: int, key: str, form: Form) -> None:
        self.starts.append(start)
        self.stops.append(stop)
        self.keys.append(key)
        self.forms.append(form)
        self.taken.add(key)

    def _take_metadata(self, at: int) -> None:
        found = self.scan.value(2)
        if found is None:
            self.anomalies.append(f"{METADATA} is null, which the reference reader tolerates")
            found = {}
        if not isinstance(found, dict):
            raise self._corrupt(f"{METADATA} is not an object", at)
        if found.keys() >= set(_FIELDS) and type(found["shape"]) is list:
            raise self._corrupt(f"a tensor is named {METADATA}, which the format reserves", at, "reserved_name")
        for name, value in found.items():
            if type(value) is not str:
                raise self._corrupt(f"the value of \"{visible(name)}\" in {METADATA} is not text", at)
        self.metadata = found

    def _entry(self, key: str, at: int) -> tuple[int, int, str, Form]:
        scan = self.scan
        if scan.peek() != b"{":
            raise self._corrupt(f"the entry of tensor \"{visible(key)}\" is not an object", at)
        fields: dict[str, Any] = {}
        for name in scan.members(2):
            begin = scan.pos
            if name in _FIELDS:
                fields[name] = scan.value(3)
            else:
                scan.skip(3)
                self.extra.setdefault(key, {})[name] = self.data[begin:scan.pos].decode()
        for name in _FIELDS:
            if name not in fields:
                raise self._corrupt(f"tensor \"{visible(key)}\" has no {name}", at)
        dtype, shape, offsets = (fields[name] for name in _FIELDS)
        if type(dtype) is not str:
            raise self._corrupt(f"the dtype of tensor \"{visible(key)}\" is not text", at)
        if not _counts(shape):
            raise self._corrupt(f"the shape of tensor \"{visible(key)}\" is not a list of whole numbers from 0 on", at)
        if not _counts(offsets) or len(offsets) != 2:
            raise self._corrupt(f"the data_offsets of tensor \"{visible(key)}\" are not two whole numbers from 0 on", at)
        return offsets[0], offsets[1], key, _form(dtype, tuple(shape), key, BASE + at)

    def _corrupt(self, message: str, at: int, id: str = "") -> Corrupt:
        return Corrupt(message, HINT, f"byte {BASE + at}", id=id)


def _usual_keys(raw: tuple[bytes, ...]) -> list[str]:
    """The names whose bytes these are; none when one of them needs a closer look."""
    together = b"\n".join(raw)
    if len(together.translate(None, _NOT_PLAIN)) != len(together) - len(raw) + 1:
        return []
    try:
        return together.decode().split("\n")
    except UnicodeDecodeError:
        return []


def _usual_form(head: bytes, form_of: dict[bytes, Form]) -> bool:
    """Puts what `head` says into `form_of`; False when something is wrong with it."""
    form = _remembered_form(head) if len(head) <= _SHORT else _form_of(head)
    if form is not None:
        form_of[head] = form
    return form is not None


def _form_of(head: bytes) -> Form | None:
    matched = _HEAD.fullmatch(head)
    if matched is None:
        return None
    dtype, shape = matched.groups()
    try:
        return _form(dtype.decode(), tuple([int(size) for size in shape.split(b",")]) if shape else (), "", 0)
    except ReadError:
        return None


_remembered_form = lru_cache(maxsize=256)(_form_of)         # of a set of fifty thousand files most have tensors like others


def _layout(heads: tuple[bytes, ...], starts: tuple[bytes, ...], stops: tuple[bytes, ...]) -> Layout | None:
    """Of a file with these heads and offsets; None where one needs a closer look."""
    forms = [_remembered_form(head) if len(head) <= _SHORT else None for head in heads]
    known = [form for form in forms if form is not None]
    return _laid(map(int, starts), map(int, stops), known) if len(known) == len(forms) else None


_remembered_layout = lru_cache(maxsize=64)(_layout)         # … and as many of the same: they are the layers of one model


@lru_cache(maxsize=64)
def _remembered_texts(data: bytes) -> tuple[tuple[str, str], ...] | None:
    """Names and texts of a JSON object; None where it is none of texts alone."""
    try:
        found = Scanner(data).document()
    except ReadError:
        return None
    return tuple(found.items()) if all(type(text) is str for text in found.values()) else None


def _counts(value: object) -> bool:
    """Whether `value` is a list of non-negative integers; True and False are none."""
    return type(value) is list and all(type(item) is int and item >= 0 for item in value)


def _form(dtype: str, shape: tuple[int, ...], key: str, at: int) -> Form:
    """Checks type and shape as `Metadata::validate` does, and as torch does when it makes the tensor."""
    where = f"byte {at}"
    name = SAFETENSORS.get(dtype)
    if name is None:
        meant = f"The name is probably meant to be {dtype.upper()}. " if dtype.upper() in SAFETENSORS else ""
        raise Corrupt(f"tensor \"{visible(key)}\" has the element type \"{visible(dtype, 40)}\", which safetensors does not define",
                      f"{meant}The file was made by a newer or incorrect program.", where, id="unknown_dtype")
    if len(shape) > _RANK:
        raise TooBig(f"tensor \"{visible(key)}\" has {count(len(shape), 'dimension')}", HINT, where)
    numel = 1
    for size in shape:
        numel *= size
        if numel >= _UINT64 or size > _INT64:
            raise _overflow(key, where)
    bits = numel * DTYPES[name].bits
    if bits >= _UINT64:
        raise _overflow(key, where)
    if bits % 8:
        raise Corrupt(f"the {count(numel, 'element')} of tensor \"{visible(key)}\" ({dtype}) do not fill whole bytes", HINT, where,
                      id="misaligned")
    name, shape, problem = _as_torch_says(name, shape)
    return Form(name, shape, _strides(shape, key, where), bits // 8, problem)


def _as_torch_says(name: str, shape: tuple[int, ...]) -> tuple[str, tuple[int, ...], str]:
    """(dtype, shape, problem): safetensors gives torch 4-bit floats in pairs, two to an element of the last dimension
    (bindings/python/src/lib.rs), and cannot give it 6-bit floats."""
    if name == "float4_e2m1" and shape and shape[-1] % 2 == 0:
        return "float4_e2m1fn_x2", (*shape[:-1], shape[-1] // 2), ""
    if DTYPES[name].bits % 8:
        bits = DTYPES[name].bits
        return name, shape, f"PyTorch has no {bits}-bit floats laid out like this: the bytes are kept, the values cannot be shown"
    return name, shape, ""


def _strides(shape: tuple[int, ...], key: str, where: str) -> tuple[int, ...]:
    strides = contiguous(shape)
    if max(strides, default=0) > _INT64:
        raise _overflow(key, where)
    return strides


def _overflow(key: str, where: str) -> Corrupt:
    return Corrupt(f"the shape of tensor \"{visible(key)}\" is too large to count", HINT, where, id="overflow")
