"""Tensors that are made when they are asked for, from columns: what `Checkpoint.tensors` is where there may be a million."""
from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, Sequence, ValuesView
from itertools import filterfalse, groupby, islice, repeat
from operator import itemgetter, methodcaller
from typing import Any, TypeVar, overload

from .checkpoint import TensorInfo
from .progress import PIECE, QUIET, Monitor, counted, distinct, in_pieces, stoppable
from .wording import count

T = TypeVar("T")

_ROWS = 4096            # tensors made at once
_MADE = 64          # kinds of tensors of which it is remembered what was made
_FEW = 1024             # different names that are kept
_VERY_FEW = 8           # … that a key is compared with
_SHORT = 4 << 20        # characters of all keys that are kept
_NEAR = 256             # … for who asks for one key after the other


class TensorTable(Mapping[str, TensorInfo]):
    """Tensors by key, in order, each made when it is asked for: of a million, few ever are. What several look at is kept as columns
    (`column`). None is kept: to make all of them again takes half a microsecond each, to keep them 500 bytes. Frozen like all else here;
    any thread may read it."""

    __slots__ = ("_joined", "_keys", "_leaves", "_near", "_next", "_numbers")

    def __init__(self, keys: list[str]) -> None:
        self._keys = keys
        self._leaves: frozenset[str] | None = None          # empty where they are many
        self._joined: tuple[str, ...] = ()                  # kept where it is short
        self._numbers: dict[str, int] | None = None         # made for the first that is asked for by its key
        self._near: tuple[int, list[TensorInfo]] = (0, [])  # the number of the first, and those that were last made together
        self._next = -1                                     # the number behind the one that was last asked for

    def row(self, number: int) -> TensorInfo:
        """The tensor of that number."""
        return next(iter(self.rows(number, number + 1)))

    def leaves(self) -> frozenset[str] | None:
        """The last segments of all keys, which are few in any model; None where they are many."""
        found = self._leaves
        if found is None:
            some: set[str] = set()
            known: tuple[str, ...] = ()
            for piece in in_pieces(self._keys):
                others = filterfalse(methodcaller("endswith", known), piece) if known else piece
                some.update([key.rpartition(".")[2] for key in others])
                known = tuple(f".{leaf}" for leaf in some) if len(some) <= _VERY_FEW else ()
                if len(some) > _FEW:
                    some.clear()
                    break
            found = self._leaves = frozenset(some)
        return found if found or not self._keys else None

    def joined(self) -> Iterable[str]:
        """All keys with a newline between them, thousands in one piece."""
        if not self._joined:
            pieces = map("\n".join, in_pieces(self._keys))
            if sum(map(len, self._keys)) > _SHORT:
                return pieces
            self._joined = tuple(pieces)
        return self._joined

    @abstractmethod
    def rows(self, first: int, last: int) -> Iterable[TensorInfo]:
        """Those numbered so."""

    @abstractmethod
    def column(self, field: str) -> Iterable[Any] | None:
        """A field of all of them; None where it is no column."""

    def stretches(self) -> Iterable[tuple[str | None, int]] | None:
        """The state dicts that the tensors lie in, in order, and how many of them do; None where they must be looked through."""
        return None

    def made_of(self, fields: Sequence[str], make: Callable[..., Any]) -> Iterable[Any] | None:
        """What `make` makes of these fields of each tensor; None where they must be looked through."""
        return None

    def kinds(self, *fields: str) -> Iterable[tuple[Any, int]] | None:
        """The values that these fields have together, and how many tensors have them; None where they must be looked through."""
        return None

    @property
    @abstractmethod
    def each_alone(self) -> bool:
        """Whether none shares its storage with another."""

    def _numbered(self) -> dict[str, int]:
        numbers = self._numbers
        if numbers is None:
            numbers, left = {}, enumerate(self._keys)
            while some := [*islice(left, _ROWS)]:           # not all in one call, which would keep the interpreter from the window
                numbers.update((key, number) for number, key in some)
            self._numbers = numbers
        return numbers

    def __contains__(self, key: object) -> bool:
        return key in self._numbered()

    def __getitem__(self, key: str) -> TensorInfo:
        number = (self._numbers or self._numbered())[key]
        first, near = self._near
        if 0 <= (place := number - first) < len(near):
            return near[place]
        if number not in (self._next, first + len(near)) or not number:
            self._next = number + 1
            return self.row(number)
        near = [*self.rows(number, min(number + _NEAR, len(self._keys)))]
        self._near = number, near
        return near[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def keys(self) -> KeysView[str]:
        return _Keys(self)

    def values(self) -> ValuesView[TensorInfo]:
        return _Rows(self)

    def items(self) -> ItemsView[str, TensorInfo]:
        return _Items(self)

    def all(self) -> Iterator[TensorInfo]:
        """Every tensor in order."""
        for first in range(0, len(self._keys), _ROWS):
            yield from self.rows(first, min(first + _ROWS, len(self._keys)))

    def __repr__(self) -> str:
        return f"<{count(len(self._keys), 'tensor')}>"


class _Keys(KeysView[str]):
    _mapping: TensorTable

    def __iter__(self) -> Iterator[str]:
        return iter(self._mapping._keys)


class _Rows(ValuesView[TensorInfo]):
    _mapping: TensorTable

    def __iter__(self) -> Iterator[TensorInfo]:
        return self._mapping.all()

    def __contains__(self, info: object) -> bool:
        return isinstance(info, TensorInfo) and self._mapping.get(info.key) == info


class _Items(ItemsView[str, TensorInfo]):
    _mapping: TensorTable

    def __iter__(self) -> Iterator[tuple[str, TensorInfo]]:
        return zip(self._mapping._keys, self._mapping.all(), strict=True)


class _InOrder(Sequence[TensorInfo]):
    """The tensors of a table by their numbers, made when they are asked for."""

    def __init__(self, table: TensorTable) -> None:
        self._table = table

    @overload
    def __getitem__(self, which: int) -> TensorInfo: ...

    @overload
    def __getitem__(self, which: slice) -> Sequence[TensorInfo]: ...

    def __getitem__(self, which: int | slice) -> TensorInfo | Sequence[TensorInfo]:
        if not isinstance(which, slice):
            return self._table.row(range(len(self._table))[which])
        numbers = range(len(self._table))[which]
        return [*self._table.rows(numbers.start, numbers.stop)] if numbers.step == 1 and numbers else [*map(self._table.row, numbers)]

    def __iter__(self) -> Iterator[TensorInfo]:
        return self._table.all()

    def __len__(self) -> int:
        return len(self._table)


def in_order(tensors: Mapping[str, TensorInfo]) -> Sequence[TensorInfo]:
    """The tensors by their numbers: without making them, where they are made only when asked for.

    >>> [info.shape for info in core.in_order(core.edit({"a": np.ones((2, 3)), "b": np.ones(4)}, []).tensors)[1:]]
    [(4,)]
    """
    return _InOrder(tensors) if isinstance(tensors, TensorTable) else [*tensors.values()]


def column(tensors: Mapping[str, TensorInfo], field: str) -> Iterable[Any]:
    """One field of all tensors, in order: without making them, where they are made only when asked for.

    >>> list(core.column(core.edit({"a": np.ones((2, 3)), "b": np.ones(4)}, []).tensors, "shape"))
    [(2, 3), (4,)]
    """
    found = tensors.column(field) if isinstance(tensors, TensorTable) else None
    return map(itemgetter(TensorInfo._fields.index(field)), tensors.values()) if found is None else found


def kinds(tensors: Mapping[str, TensorInfo], *fields: str) -> Iterable[tuple[Any, int]]:
    """The values that some fields of the tensors have together, as tuples, and how many tensors have them. There are few, as a rule, where
    there are many tensors in a table; the same may come several times.

    >>> {kind for kind, count in core.kinds(core.edit({"a": np.ones((2, 3)), "b": np.ones(4)}, []).tensors, "dtype", "device")}
    {('float64', 'cpu')}
    """
    found = tensors.kinds(*fields) if isinstance(tensors, TensorTable) else None
    return zip(zip(*(column(tensors, field) for field in fields), strict=True), repeat(1), strict=False) if found is None else found


def values_of(tensors: Mapping[str, TensorInfo], field: str) -> Iterable[Any]:
    """The values that a field of the tensors has: of the few in a table each once or several times, else that of each tensor."""
    found = tensors.kinds(field) if isinstance(tensors, TensorTable) else None
    return column(tensors, field) if found is None else (value for (value,), _ in found)


def made_of(tensors: Mapping[str, TensorInfo], fields: Sequence[str], make: Callable[..., T]) -> Iterable[T]:
    """What `make` makes of some fields of each tensor, in order; it is called once for all tensors that are alike in them, where there are
    few kinds.

    >>> list(core.made_of(core.edit({"a": np.ones((2, 3)), "b": np.ones(4)}, []).tensors, ["shape", "dtype"], "{} {}".format))
    ['(2, 3) float64', '(4,) float64']
    """
    found = tensors.made_of(fields, make) if isinstance(tensors, TensorTable) else None
    return map(MadeOnce(make).__getitem__, zip(*(column(tensors, field) for field in fields), strict=True)) if found is None else found


class MadeOnce(dict[tuple[Any, ...], T]):
    """What is made of values, once for each of the first `_MADE`: shapes are what a file says, and many could share a hash."""

    def __init__(self, make: Callable[..., T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, values: tuple[Any, ...]) -> T:
        made = self._make(*values)
        if len(self) < _MADE:
            self[values] = made
        return made


def stretches(tensors: Mapping[str, TensorInfo], monitor: Monitor = QUIET) -> Iterable[tuple[str | None, int]]:
    """The state dicts that the tensors lie in, in order, and how many of them follow each other there; the same may come several times.
    Raises Cancelled."""
    found = tensors.stretches() if isinstance(tensors, TensorTable) else None
    return found if found is not None else (
        (place, sum(1 for _ in some)) for place, some in groupby(stoppable(column(tensors, "state_dict"), monitor)))


def pieces_of(some: Iterable[tuple[T, int]]) -> Iterator[tuple[T, int]]:
    """The same with none longer than what is done in one call, as of `in_pieces`."""
    for what, many in some:
        for done in range(0, many, PIECE):
            yield what, min(PIECE, many - done)


def tagged(tensors: Mapping[str, TensorInfo], field: str, monitor: Monitor = QUIET) -> dict[str | None, int]:
    """How many tensors have each of the texts that a field of them may be, as "dtype" and "device" are. Raises Cancelled."""
    known = tensors.kinds(field) if isinstance(tensors, TensorTable) else None
    if known is None:
        return counted(column(tensors, field), monitor)
    found: dict[str | None, int] = {}
    for (text,), times in known:
        found[text] = found.get(text, 0) + times
    return found


def joined(entries: Mapping[str, Any]) -> Iterable[str]:
    """All keys with a newline between them, thousands in one piece."""
    return entries.joined() if isinstance(entries, TensorTable) else map("\n".join, in_pieces(entries))


def each_alone(tensors: Mapping[str, TensorInfo], monitor: Monitor = QUIET) -> bool:
    """Whether none of the tensors shares its storage with another, or has none. Raises Cancelled."""
    if isinstance(tensors, TensorTable):
        return tensors.each_alone
    used = distinct(column(tensors, "storage"), monitor)
    return len(used) == len(tensors) and "" not in used
