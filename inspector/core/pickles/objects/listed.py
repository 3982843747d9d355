"""Ordinary tensors of a pickle that were listed under keys, as columns: of a million, few are ever made."""
from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from inspector.core.checkpoint import TensorInfo
from inspector.core.pickles.decode.columns import all_different, different
from inspector.core.progress import counted
from inspector.core.tensor_table import MadeOnce, TensorTable

from .bulk import Form
from .storages import Many, ManyStorages

if TYPE_CHECKING:
    from .bulk import Bools, Ints

_FIELD = TensorInfo._fields.index


class Kind(NamedTuple):
    """What ordinary tensors have in common, of which there are few."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: str
    device: str
    storage_nbytes: int
    requires_grad: bool


class Ordinary(NamedTuple):
    """Ordinary tensors of one graph, column by column: `kind` says which of `kinds` each is, `place` where its storage is among `storages`,
    `node` is that in the graph. `offset` is None where all are 0."""

    kinds: list[Kind]
    kind: array[int]
    place: array[int]
    node: array[int]
    offset: array[int] | None
    storages: ManyStorages


def ordinary_of(forms: Sequence[Form], many: Many, *, form: Ints, place: Ints, node: Ints, offset: Ints, requires_grad: Bools) -> Ordinary:
    """`form`, `place`, `node`, `offset` and `requires_grad` of each tensor, `place` being that of its storage in `many`."""
    import numpy as np
    storages, refs = many.found, many.refs
    dtype, device, nbytes = refs.dtype[place], refs.device[place], np.array(storages.nbytes, np.int64)[place]
    kind, first = _kinds(form, dtype, device, nbytes, requires_grad.astype(np.int64))
    kinds = []
    for n in first.tolist():
        (shape, stride), at = forms[form[n]], int(place[n])
        kinds.append(Kind(shape, stride, refs.dtypes[dtype[n]], refs.devices[device[n]], storages.nbytes[at], bool(requires_grad[n])))
    offsets = array("q", offset.tobytes()) if offset.any() else None
    return Ordinary(kinds, _compact(kind), _compact(place), _compact(node), offsets, storages)


def _kinds(*columns: Ints) -> tuple[Ints, Ints]:
    """For each row of the columns which of the different ones it is, and the number of the first row of each kind."""
    import numpy as np
    kind, first = np.zeros(len(columns[0]), np.int64), np.zeros(1, np.int64)
    for column in columns:
        if (column == column[first][kind]).all():       # tells no more
            continue
        own = different(column).which
        _, first, kind = different(kind * (int(own.max()) + 1) + own)
    return kind, first


def _compact(numbers: Ints) -> array[int]:
    import numpy as np
    return array("i", numbers.astype(np.intc).tobytes())


class TensorList(Sequence[TensorInfo]):
    """Tensors in the order in which they were listed: `ordinary` ones, made when they are asked for, and others. Grows while a pickle is
    gone through."""

    def __init__(self, ordinary: Ordinary, uses: array[int]) -> None:
        """`uses` gets the place of the storage of each ordinary tensor that is added."""
        self.ordinary = ordinary
        self.keys: list[str] = []
        self._uses = uses
        self._rows = array("i")             # of each its row, or the complement of its place among the others
        self._others: list[TensorInfo] = []
        self._state_dicts: list[tuple[int, str | None]] = [(0, None)]   # from which tensor on they are of which
        self._times: Mapping[int, int] | None = None                # kinds of ordinary ones, counted when somebody asks

    def append(self, info: TensorInfo) -> None:
        self._rows.append(~len(self._others))
        self._others.append(info)
        self.keys.append(info.key)

    def add(self, row: int, key: str, state_dict: str | None) -> None:
        """Adds the ordinary tensor of that row."""
        if self._state_dicts[-1][1] != state_dict:
            self._state_dicts.append((len(self.keys), state_dict))
        self.keys.append(key)
        self._rows.append(row)
        self._uses.append(self.ordinary.place[row])

    def add_many(self, rows: Ints, keys: Iterable[str], state_dict: str | None) -> None:
        """Adds those of several rows."""
        import numpy as np
        if self._state_dicts[-1][1] != state_dict:
            self._state_dicts.append((len(self.keys), state_dict))
        self.keys += keys
        self._rows.frombytes(rows.astype(np.intc).tobytes())
        self._uses.frombytes(np.frombuffer(self.ordinary.place, np.intc)[rows].tobytes())

    def extend(self, rows: array[int], places: array[int], keys: Iterable[str], state_dict: str | None) -> None:
        """Adds a few whose places are known."""
        if self._state_dicts[-1][1] != state_dict:
            self._state_dicts.append((len(self.keys), state_dict))
        self.keys += keys
        self._rows += rows
        self._uses += places

    def add_dicts(self, rows: Ints, keys: Iterable[str], counts: Iterable[int], state_dicts: Iterable[str | None]) -> None:
        """Adds those of several rows, so many of each state dict."""
        first, kept = len(self.keys), self._state_dicts
        for count, path in zip(counts, state_dicts, strict=True):
            if kept[-1][1] != path:
                kept.append((first, path))
            first += count
        self.add_many(rows, keys, kept[-1][1])

    def have_dimensions(self, rows: Ints) -> Bools:
        """Which of those rows do."""
        import numpy as np
        table = np.array([bool(kind.shape) for kind in self.ordinary.kinds])
        found: Bools = table[np.frombuffer(self.ordinary.kind, np.intc)[rows]]
        return found

    def leave(self, state_dict: str) -> None:
        """Takes all tensors out of that state dict, which turned out to be none."""
        self._state_dicts = [(first, None if path == state_dict else path) for first, path in self._state_dicts]
        self._others = [info._replace(state_dict=None) if info.state_dict == state_dict else info for info in self._others]

    def kinds(self, *fields: str) -> Iterable[tuple[Any, int]] | None:
        """The values that fields have together, and how many tensors have them; None where they must be looked through."""
        if not all(field in _IN_KINDS or field in _ALIKE for field in fields) or ("offset" in fields and self.ordinary.offset is not None):
            return None
        if self._times is None:
            rows = self._rows if not self._others else (row for row in self._rows if row >= 0)
            self._times = counted(map(self.ordinary.kind.__getitem__, rows))
        ordinary, ats = self.ordinary.kinds, [*map(_FIELD, fields)]
        own = ((tuple(_ALIKE[field] if field in _ALIKE else _IN_KINDS[field](ordinary[kind]) for field in fields), times)
               for kind, times in self._times.items())
        return chain(own, ((tuple(info[at] for at in ats), 1) for info in self._others))

    def made_of(self, fields: Sequence[str], make: Callable[..., Any]) -> Iterable[Any] | None:
        """What is made of fields that are all the same in tensors of one kind; None where that is not so."""
        if self._others or not all(field in _IN_KINDS for field in fields):
            return None
        made = MadeOnce(make)
        values = [made[tuple(_IN_KINDS[field](kind) for field in fields)] for kind in self.ordinary.kinds]
        return repeat(values[0], len(self._rows)) if len(values) == 1 else \
            map(values.__getitem__, map(self.ordinary.kind.__getitem__, self._rows))

    def stretches(self) -> Iterable[tuple[str | None, int]] | None:
        """The state dicts that tensors lie in and how many of them do, in order; None where they must be looked through."""
        if self._others:
            return None
        ends = chain((first for first, _ in self._state_dicts[1:]), (len(self.keys),))
        return ((path, end - first) for (first, path), end in zip(self._state_dicts, ends, strict=True) if end > first)

    @property
    def each_alone(self) -> bool:
        """Whether none shares its storage with another."""
        import numpy as np
        return not self._others and len(self._uses) == len(self.keys) and all_different(np.frombuffer(self._uses, np.intc))

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[TensorInfo]:
        return iter(self.made(0, len(self.keys)))

    @overload
    def __getitem__(self, which: int) -> TensorInfo: ...

    @overload
    def __getitem__(self, which: slice) -> list[TensorInfo]: ...

    def __getitem__(self, which: int | slice) -> TensorInfo | list[TensorInfo]:
        if isinstance(which, slice):
            return [self[number] for number in range(len(self))[which]]
        return self.one(range(len(self))[which])

    def made(self, first: int, last: int) -> Iterable[TensorInfo]:
        """The tensors numbered so."""
        rows = self._rows[first:last]
        columns = [self._column(field, first, last, rows) for field in TensorInfo._fields]
        made = map(_new, repeat(TensorInfo), zip(*columns, strict=True))
        if not self._others:
            return made
        return (info if row >= 0 else self._others[~row] for info, row in zip(made, rows, strict=True))

    def one(self, number: int) -> TensorInfo:
        """The tensor of that number: the same as `made`, at a fraction of the cost for a single one."""
        row = self._rows[number]
        if row < 0:
            return self._others[~row]
        _, kind, place, node, offset, storages = self.ordinary
        (shape, stride, dtype, device, nbytes, requires_grad), (storage,) = self.ordinary.kinds[kind[row]], storages.ids((place[row],))
        at = bisect_right(self._state_dicts, number, key=itemgetter(0)) - 1
        return TensorInfo(self.keys[number], shape, dtype, device, stride, offset[row] if offset is not None else 0, storage, nbytes,
                          requires_grad, self._state_dicts[at][1], node=node[row])

    def column(self, field: str) -> Iterable[Any]:
        """A field of all of them."""
        found = self._column(field, 0, len(self.keys), self._rows)
        if not self._others or field == "key":
            return found
        at = _FIELD(field)
        return (value if row >= 0 else self._others[~row][at] for value, row in zip(found, self._rows, strict=True))

    def _column(self, field: str, first: int, last: int, rows: array[int]) -> Iterable[Any]:
        """The same as if all were ordinary: of the others something or other."""
        kinds, kind, place, node, offset, storages = self.ordinary
        if field in _IN_KINDS:
            values = [*map(_IN_KINDS[field], kinds)]
            if values.count(values[0]) == len(values):
                return repeat(values[0], len(rows))
            return map(values.__getitem__, map(kind.__getitem__, self._any(rows)))
        if field == "key":
            return self.keys[first:last]
        if field == "offset" and offset is not None:
            return map(offset.__getitem__, self._any(rows))
        if field == "storage":
            return storages.ids(map(place.__getitem__, self._any(rows)))
        if field == "node":
            return map(node.__getitem__, self._any(rows))
        if field == "state_dict":
            ends = [begin for begin, _ in self._state_dicts[1:]]
            return chain.from_iterable(repeat(path, min(end, last) - max(begin, first)) for (begin, path), end
                                       in zip(self._state_dicts, [*ends, len(self.keys)], strict=True) if begin < last and end > first)
        return repeat(_ALIKE[field], len(rows))

    def _any(self, rows: array[int]) -> Iterable[int]:
        return rows if not self._others else (max(row, 0) for row in rows)


class ListedTensors(TensorTable):
    """Those of such a list by their keys."""

    __slots__ = ("_list",)

    def __init__(self, tensors: TensorList) -> None:
        super().__init__(tensors.keys)
        self._list = tensors

    def __reduce__(self) -> tuple[Any, ...]:
        return ListedTensors, (self._list,)

    def row(self, number: int) -> TensorInfo:
        return self._list.one(number)

    def rows(self, first: int, last: int) -> Iterable[TensorInfo]:
        return self._list.made(first, last)

    def column(self, field: str) -> Iterable[Any]:
        return self._list.column(field)

    def kinds(self, *fields: str) -> Iterable[tuple[Any, int]] | None:
        return self._list.kinds(*fields)

    def made_of(self, fields: Sequence[str], make: Callable[..., Any]) -> Iterable[Any] | None:
        return self._list.made_of(fields, make)

    def stretches(self) -> Iterable[tuple[str | None, int]] | None:
        return self._list.stretches()

    @property
    def each_alone(self) -> bool:
        return self._list.each_alone


_IN_KINDS: dict[str, Callable[[Kind], Any]] = {field: itemgetter(at) for at, field in enumerate(Kind._fields)}
_ALIKE = {"offset": 0, "layout": "strided", "problem": "", "extra": None}
_new: Callable[[type[TensorInfo], tuple[object, ...]], TensorInfo] = tuple.__new__
