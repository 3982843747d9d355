"""The members of an archive by name, as columns: of a million, few are ever asked for."""
from __future__ import annotations

from array import array
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, MutableMapping, Sequence
from itertools import chain, islice, repeat
from typing import Any, NamedTuple, overload

from inspector.core.checkpoint import Extent, LocalHeader, Member
from inspector.core.progress import QUIET, Monitor

_AT_ONCE = 2048             # members that are put into the table in one call
_NO_SIZE = (1 << 64) - 1    # bytes that no member has
_FEW = 32                   # names that are looked for one by one before there is a table of all
_ROWS = 64                  # extents that are made together
_new: Callable[[type, tuple[object, ...]], Any] = tuple.__new__


class Columns(NamedTuple):
    """A directory, one item per member, in its order; zip64 resolved, offsets from the file's start. `raws` are the names as they are
    written, None where they are UTF-8; `bounds` the first byte after each that belongs to something else; `offsets` where the bytes begin,
    0 as long as the local header was not read."""

    file: int
    raws: Sequence[bytes] | None
    name_lengths: array[int]
    flags: array[int]
    methods: array[int]
    crcs: array[int]
    packed: array[int]
    sizes: array[int]
    headers: array[int]
    bounds: array[int]
    offsets: array[int]

    def extent(self, n: int, name: str) -> Extent:
        size, crc, offset = self.sizes[n], self.crcs[n], self.offsets[n]
        local = None
        if not offset:
            offset = _bytes_at(self.headers[n], self.name_lengths[n])
            raw = name.encode() if self.raws is None else self.raws[n]
            local = LocalHeader(self.headers[n], raw, self.flags[n], self.bounds[n])
        # torch.serialization.set_crc32_options(False) leaves zeros
        return Extent(self.file, offset, self.packed[n], size, self.methods[n], crc if crc or not size else None, local)

    def extents(self, numbers: Sequence[int], names: Sequence[str]) -> Iterable[Extent]:
        """Those of several, `names` of all, in less time."""
        headers, places = self._headers(numbers)
        if not places:
            return (self.extent(n, names[n]) for n in numbers)
        sizes = [*map(self.sizes.__getitem__, numbers)]
        crcs = [crc if crc or not size else None for crc, size in zip(map(self.crcs.__getitem__, numbers), sizes, strict=True)]
        raws = map(str.encode, map(names.__getitem__, numbers)) if self.raws is None else map(self.raws.__getitem__, numbers)
        locals = map(_new, repeat(LocalHeader), zip(headers, raws, map(self.flags.__getitem__, numbers),
                                                    map(self.bounds.__getitem__, numbers), strict=True))
        return map(_new, repeat(Extent), zip(repeat(self.file, len(places)), places, map(self.packed.__getitem__, numbers), sizes,
                                             map(self.methods.__getitem__, numbers), crcs, locals, strict=True))

    def places(self, numbers: Sequence[int], names: Sequence[str]) -> Iterable[tuple[int, int, int | None]]:
        """Those of their extents."""
        headers, places = self._headers(numbers)
        return zip(repeat(self.file), places, headers) if places else (self.extent(n, names[n]).place for n in numbers)

    def _headers(self, numbers: Sequence[int]) -> tuple[list[int], list[int]]:
        """Where the local headers of members begin, and about where their bytes do; nowhere if one of those was read."""
        headers = [*map(self.headers.__getitem__, numbers)]
        if any(map(self.offsets.__getitem__, numbers)):
            return headers, []
        return headers, [*map(_bytes_at, headers, map(self.name_lengths.__getitem__, numbers))]


def _bytes_at(header: int, name_length: int) -> int:
    """About where torch puts the bytes: behind name and a 4-byte extra field, at the next multiple of 64."""
    return (header + name_length + 97) & -64


class Members(MutableMapping[str, Extent]):
    """Extents by the members' names, in the order of the directory: those of `columns`, made when they are asked for, unless they were
    set."""

    __slots__ = ("_found", "_numbers", "columns", "names", "set")

    def __init__(self, names: list[str], columns: Columns | None, extents: Iterable[Extent] = ()) -> None:
        self.names = names
        self.columns = columns
        self.set = dict(enumerate(extents))
        self._numbers: dict[str, int] | None = None     # made when many names are asked for
        self._found: dict[str, int] = {}                # those that were asked for until then

    @classmethod
    def of(cls, extents: Mapping[str, Extent]) -> Members:
        """The same of extents that are there already."""
        return cls([*extents], None, extents.values())

    def number(self, name: str) -> int:
        """The place of a member in the directory; -1 where there is none."""
        if self._numbers is not None:
            return self._numbers.get(name, -1)
        number = self._found.get(name)
        if number is None:
            if len(self._found) >= _FEW:
                return self._table().get(name, -1)
            number = self._found[name] = self.names.index(name) if name in self.names else -1
        return number

    def numbers_of(self, base: str, names: Iterable[str], count: int, monitor: Monitor = QUIET) -> Sequence[int]:
        """Those of the `count` members of these names under `base`; -1 where there is none."""
        first, done, left = -1, 0, iter(names)
        while some := [base + name for name in islice(left, _AT_ONCE)]:
            monitor.check()
            if not done:
                first = self.number(some[0])
            if first < 0 or self.names[first + done:first + done + len(some)] != some:
                return self._numbers_in_any_order(range(first, first + done), chain(some, map(base.__add__, left)))
            done += len(some)
        return range(first, first + count)                                      # as nearly always

    def _numbers_in_any_order(self, known: Sequence[int], names: Iterable[str]) -> Sequence[int]:
        return array("q", chain(known, map(self._table().get, names, repeat(-1))))

    def _table(self) -> dict[str, int]:
        found = self._numbers
        if found is None:
            found = {}
            for first in range(0, len(self.names), _AT_ONCE):    # not all in one call, which would keep the interpreter from the window
                found.update(zip(self.names[first:first + _AT_ONCE], range(first, len(self.names)), strict=False))
            self._numbers = found
        return found

    def sizes(self, numbers: Sequence[int]) -> Sequence[int]:
        """How many bytes these members are, unpacked; more than there can be for the number -1."""
        if self.columns is None:
            return [_NO_SIZE if number < 0 else self.set[number].size for number in numbers]
        if isinstance(numbers, range):
            return self.columns.sizes[numbers.start:numbers.stop]
        return [_NO_SIZE if number < 0 else self.columns.sizes[number] for number in numbers]

    def items(self) -> ItemsView[str, Extent]:
        return _Items(self)

    def each(self) -> Iterator[Extent]:
        """Of all, in order."""
        return chain.from_iterable(map(self.extents, self._rows()))

    def _rows(self) -> Iterator[range]:
        return (range(first, min(first + _ROWS, len(self.names))) for first in range(0, len(self.names), _ROWS))

    def each_place(self) -> Iterator[tuple[int, int, int | None]]:
        return chain.from_iterable(map(self.places, self._rows()))

    def extents(self, numbers: Sequence[int]) -> Iterable[Extent]:
        """Those of the members at these places in the directory."""
        if self.columns is None or not self.set.keys().isdisjoint(numbers):
            return map(self.extent, numbers)
        return self.columns.extents(numbers, self.names)

    def places(self, numbers: Sequence[int]) -> Iterable[tuple[int, int, int | None]]:
        """Those of their extents."""
        if self.columns is None or not self.set.keys().isdisjoint(numbers):
            return (self.extent(n).place for n in numbers)
        return self.columns.places(numbers, self.names)

    def extent(self, number: int) -> Extent:
        """That of the member at a place in the directory."""
        found = self.set.get(number)
        if found is not None:
            return found
        assert self.columns is not None
        return self.columns.extent(number, self.names[number])

    def __getitem__(self, name: str) -> Extent:
        number = self.number(name)
        if number < 0:
            raise KeyError(name)
        return self.extent(number)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.number(name) >= 0

    def __setitem__(self, name: str, extent: Extent) -> None:
        """For members that are there."""
        self.set[self.number(name)] = extent

    def __delitem__(self, name: str) -> None:
        raise TypeError("an archive keeps its members")

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


class _Items(ItemsView[str, Extent]):
    _mapping: Members

    def __iter__(self) -> Iterator[tuple[str, Extent]]:
        return zip(self._mapping.names, self._mapping.each(), strict=True)


class MemberList(Sequence[Member]):
    """All members as a checkpoint lists them; `notes` says what is wrong with some."""

    __slots__ = ("_members", "_notes")

    def __init__(self, members: Members, notes: Mapping[str, str]) -> None:
        self._members = members
        self._notes = notes

    @overload
    def __getitem__(self, which: int) -> Member: ...

    @overload
    def __getitem__(self, which: slice) -> list[Member]: ...

    def __getitem__(self, which: int | slice) -> Member | list[Member]:
        names = self._members.names[which]
        return self._made(names) if isinstance(names, str) else [*map(self._made, names)]

    def __iter__(self) -> Iterator[Member]:
        return (Member(name, extent, self._notes.get(name, "")) for name, extent in self._members.items())

    def __len__(self) -> int:
        return len(self._members)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and [*self] == [*other]

    __hash__ = None     # type: ignore[assignment]

    @property
    def names(self) -> list[str]:
        """Of all of them, none of which is made for it."""
        return self._members.names

    def places(self) -> Iterator[tuple[int, int, int | None]]:
        """Those of their extents, in order."""
        return self._members.each_place()

    def _made(self, name: str) -> Member:
        return Member(name, self._members[name], self._notes.get(name, ""))


def names_of(members: Sequence[Member]) -> Sequence[str]:
    """The names of the members that a checkpoint lists, in order."""
    return members.names if isinstance(members, MemberList) else [member.name for member in members]


def places_of(members: Sequence[Member]) -> Iterable[tuple[int, int, int | None]]:
    """The places of their extents, in order."""
    return members.places() if isinstance(members, MemberList) else (member.extent.place for member in members)
