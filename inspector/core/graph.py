"""A pickle as an inert graph: an append-only log of nodes that refer to each other by number.

The machine (`pickles.machine`) turns opcodes into this log in one pass and nothing in it is ever executed, hashed,
compared or printed recursively. A node is four integers, `kind[n]`, `a[n]`, `b[n]`, `at[n]`; `at` is the offset in `data`
of the opcode that made it, and what `a` and `b` are depends on the kind:

    kind                       a                        b
    NONE TRUE FALSE            -                        -
    INT                        the value                -                 fits 64 bits, signed
    BIGINT                     start in data            end               LONG1/LONG4 payload, little-endian two's complement
    BIGTEXT                    start                    end               decimal text of INT/LONG that 64 bits do not hold
    FLOAT                      the 64 bits (as int64)   -
    STR                        start                    end               UTF-8 with surrogates passed through
    STRTEXT                    start                    end               UNICODE line, raw-unicode-escape
    BYTES, BYTEARRAY           start                    end
    PYSTR                      start                    end               python-2 str: BINSTRING, SHORT_BINSTRING
    PYSTRTEXT                  start                    end               STRING line between its quotes, escapes undecoded
    TUPLE LIST DICT SET FROZENSET   operands start      operands end      DICT: key, value, key, value …
    GLOBAL                     index into `names`       -
    GLOBALDYN                  node of the module       node of the name  STACK_GLOBAL on operands that are not str
    EXT                        the code                 -                 copyreg extension registry; never looked up
    PERSIDTEXT                 start                    end               PERSID line
    PERSID                     node of the id           -                 BINPERSID
    REDUCE                     node of the callable     node of the arguments
    NEWOBJ                     node of the class        node of the arguments
    NEWOBJEX                   operands start           operands end      class, args, kwargs
    OBJ                        operands start           operands end      class first, then arguments
    INST                       operands start           operands end      the GLOBAL node first, then arguments
    BUFFER                     -                        -                 out-of-band buffer
  and the mutations, which are nodes of the same log so that their order is kept, but never anyone's operand:
    APPEND APPENDS             operands start           operands end      target, then items
    SETITEM SETITEMS           operands start           operands end      target, then key, value, key, value …
    ADDITEMS                   operands start           operands end      target, then items
    BUILD                      node of the target       node of the state

Containers are evaluated at the end of the log: what a list holds is what it was made with plus all its mutations. A
REDUCE saw its arguments as they were when it ran; `mutated_after` tells whether that makes a difference.
"""
from __future__ import annotations

import re
import struct
from array import array
from bisect import bisect_left
from collections.abc import ItemsView, Iterable, Iterator, MutableMapping, Sequence
from typing import Any, NamedTuple, overload

(NONE, TRUE, FALSE, INT, BIGINT, BIGTEXT, FLOAT, STR, STRTEXT, BYTES, BYTEARRAY, PYSTR, PYSTRTEXT,
 TUPLE, LIST, DICT, SET, FROZENSET, GLOBAL, GLOBALDYN, EXT, PERSIDTEXT, PERSID,
 REDUCE, NEWOBJ, NEWOBJEX, OBJ, INST, BUFFER,
 APPEND, APPENDS, SETITEM, SETITEMS, ADDITEMS, BUILD) = range(35)

KIND_NAMES = (
    "NONE", "TRUE", "FALSE", "INT", "BIGINT", "BIGTEXT", "FLOAT", "STR", "STRTEXT", "BYTES", "BYTEARRAY", "PYSTR",
    "PYSTRTEXT", "TUPLE", "LIST", "DICT", "SET", "FROZENSET", "GLOBAL", "GLOBALDYN", "EXT", "PERSIDTEXT", "PERSID",
    "REDUCE", "NEWOBJ", "NEWOBJEX", "OBJ", "INST", "BUFFER", "APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS",
    "BUILD",
)

TEXTS = frozenset((STR, STRTEXT))
CONTAINERS = frozenset((TUPLE, LIST, DICT, SET, FROZENSET))
CALLS = frozenset((REDUCE, NEWOBJ, NEWOBJEX, OBJ, INST))
_CALL = re.compile(b"[%b]" % re.escape(bytes(sorted(CALLS))))
MUTATIONS = frozenset((APPEND, APPENDS, SETITEM, SETITEMS, ADDITEMS, BUILD))
COLUMNS = frozenset((REDUCE, NEWOBJ, GLOBALDYN, PERSID, BUILD))        # whose operands are `a` and `b` themselves
LISTED = (CONTAINERS | MUTATIONS | {NEWOBJEX, OBJ, INST}) - {BUILD}     # … and those that stand in `operands`

_PAIRED = COLUMNS - {PERSID}
_REFERRING = COLUMNS | LISTED

FIRST_MUTATION = APPEND

MANY_PAIRS = 3000


class Note(NamedTuple):
    """Something odd the machine saw at byte `at`: `id` becomes the finding's id."""

    id: str
    at: int
    message: str


Pairs = Sequence[tuple[int, int]]


class ManyPairs(Sequence[tuple[int, int]]):
    """(key, value) nodes of a large dict, as two columns: as tuples they would take ten times the memory."""

    __slots__ = ("keys", "values")

    def __init__(self, keys: array[int], values: array[int]) -> None:
        self.keys = keys
        self.values = values

    @overload
    def __getitem__(self, which: int) -> tuple[int, int]: ...

    @overload
    def __getitem__(self, which: slice) -> list[tuple[int, int]]: ...

    def __getitem__(self, which: int | slice) -> tuple[int, int] | list[tuple[int, int]]:
        if isinstance(which, slice):
            return list(zip(self.keys[which], self.values[which], strict=True))
        return self.keys[which], self.values[which]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self.keys, self.values, strict=True)

    def __len__(self) -> int:
        return len(self.keys)


class Mutations(MutableMapping[int, list[int]]):
    """The mutation nodes of each node that has some, in order. Those of which there is one, done when nothing behind its target had been
    changed, are two columns: as nearly all are, and lists of one in a dict would take twenty times the memory."""

    __slots__ = ("_given_up", "_nodes", "_others", "_targets")

    def __init__(self) -> None:
        self._targets = array("i")                  # go up
        self._nodes = array("i")                    # of each its mutation, -1 where that stands among the others by now
        self._given_up = 0                          # how many do
        self._others: dict[int, list[int]] = {}

    def add(self, target: int, node: int) -> None:
        """One more of the target's, behind those it has."""
        if not self._targets or target > self._targets[-1]:
            self._targets.append(target)
            self._nodes.append(node)
            return
        done = self._others.get(target)
        if done is None:
            first = self._taken(target)
            self._others[target] = [node] if first < 0 else [first, node]
        else:
            done.append(node)

    def copy(self) -> Mutations:
        made = Mutations()
        made._targets, made._nodes, made._given_up = self._targets[:], self._nodes[:], self._given_up
        made._others = {target: done[:] for target, done in self._others.items()}
        return made

    def single(self) -> Iterator[tuple[int, int]]:
        """Target and mutation of those in columns."""
        both = zip(self._targets, self._nodes, strict=True)
        return ((target, node) for target, node in both if node >= 0) if self._given_up else both

    def others(self) -> ItemsView[int, list[int]]:
        """… and targets with their mutations of all that are not there."""
        return self._others.items()

    def _place(self, target: int) -> int:
        place = bisect_left(self._targets, target)
        return place if place < len(self._targets) and self._targets[place] == target and self._nodes[place] >= 0 else -1

    def _taken(self, target: int) -> int:
        """Its mutation out of the columns; -1 where it is not there."""
        place = self._place(target)
        if place < 0:
            return -1
        node, self._nodes[place] = self._nodes[place], -1
        self._given_up += 1
        return node

    def get(self, target: int, default: Any = None) -> Any:
        targets = self._targets                     # as `_place` does it: this is asked of nearly every node, which mostly has none
        place = bisect_left(targets, target)
        if place < len(targets) and targets[place] == target and self._nodes[place] >= 0:
            return [self._nodes[place]]
        return self._others.get(target, default) if self._others else default

    def __getitem__(self, target: int) -> list[int]:
        found: list[int] | None = self.get(target)
        if found is None:
            raise KeyError(target)
        return found

    def __setitem__(self, target: int, done: Iterable[int]) -> None:
        self.pop(target, None)
        for node in done:
            self.add(target, node)

    def __delitem__(self, target: int) -> None:
        if self._taken(target) < 0:
            del self._others[target]

    def __contains__(self, target: object) -> bool:
        targets = self._targets
        place = bisect_left(targets, target) if isinstance(target, int) else len(targets)
        return (place < len(targets) and targets[place] == target and self._nodes[place] >= 0) or target in self._others

    def __iter__(self) -> Iterator[int]:
        yield from (target for target, _ in self.single())
        yield from self._others

    def __len__(self) -> int:
        return len(self._targets) - self._given_up + len(self._others)


class Graph:
    """See the module. Filled by the machine, read by everyone, changed by nobody afterwards.

    `data` holds the pickle's bytes (it may be longer: `start`..`end` is this pickle, STOP included); `root` is the node
    that STOP returned; `protocol` the highest PROTO seen (0: none); `mutations` maps a node to its mutation nodes in
    order; `leftover` are nodes still on the stack at STOP; `opcodes` has the offset of the first use of each opcode that is
    not among those that nearly all of torch's pickles are made of.
    """

    __slots__ = (
        "_texts",
        "a",
        "at",
        "b",
        "data",
        "end",
        "grafted",
        "kind",
        "leftover",
        "mutations",
        "names",
        "notes",
        "opcodes",
        "operands",
        "protocol",
        "root",
        "start",
    )

    def __init__(self, data: bytes, start: int = 0) -> None:
        self.data = data
        self.start = start
        self.end = start
        self.root = -1
        self.protocol = 0
        self.kind = bytearray()
        self.a = array("q")
        self.b = array("i")             # node numbers and offsets in `data` fit 32 bits: half the memory, half the time
        self.at = array("i")
        self.operands = array("i")
        self.names: list[tuple[str, str]] = []       # (module, name) of GLOBAL nodes, one entry per distinct pair
        self.mutations = Mutations()
        self.notes: list[Note] = []
        self.leftover: tuple[int, ...] = ()
        self.opcodes: dict[int, int] = {}
        self.grafted = False            # whether it says something else than the bytes from `start` to `end`
        self._texts: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def nbytes(self) -> int:
        """About how much memory all of this takes, the pickle itself among it."""
        return (17 * len(self.kind) + 4 * len(self.operands) + self.end - self.start + 8 * len(self.mutations)
                + 260 * len(self.mutations.others()) + 1200 * len(self.names))

    # -- one node -----------------------------------------------------------------------------------------------------

    def text(self, n: int) -> str | None:
        """The text of a STR or STRTEXT node; None for any other. A PYSTR is bytes-or-text by its reader: see `loose_text`."""
        kind = self.kind[n]
        if kind == STR:
            found = self._texts.get(n)
            if found is None:
                found = self._texts[n] = str(self.data[self.a[n]:self.b[n]], "utf-8", "surrogatepass")
            return found
        if kind == STRTEXT:
            return str(self.data[self.a[n]:self.b[n]], "raw-unicode-escape")
        return None

    def loose_text(self, n: int) -> str | None:
        """Like `text`, and python-2 strings as torch reads them (`encoding="utf-8"`); None where that fails."""
        kind = self.kind[n]
        if kind in (PYSTR, PYSTRTEXT):
            raw = self.raw(n)
            try:
                return None if raw is None else raw.decode("utf-8")
            except UnicodeDecodeError:
                return None
        return self.text(n)

    def any_text(self, n: int) -> str | None:
        """Like `loose_text`, and python-2 strings that are no UTF-8 as torch reads them when it is told to (`encoding="latin1"`)."""
        text = self.loose_text(n)
        if text is None and self.kind[n] in (PYSTR, PYSTRTEXT):
            raw = self.raw(n)
            return None if raw is None else raw.decode("latin-1")
        return text

    def raw(self, n: int) -> bytes | None:
        """The bytes of a BYTES, BYTEARRAY, PYSTR or PYSTRTEXT node (escapes decoded); None for any other."""
        kind = self.kind[n]
        if kind in (BYTES, BYTEARRAY, PYSTR):
            return self.data[self.a[n]:self.b[n]]
        if kind == PYSTRTEXT:
            return _unescaped(self.data[self.a[n]:self.b[n]])
        return None

    def content(self, n: int, start: int = 0, nbytes: int = -1) -> bytes:
        """`nbytes` bytes (-1: all) from `start` of bytes in one of their spellings: as for `raw`, or a text that protocol 2 encodes in
        latin-1. b"" for any other node, and for a text that has no latin-1. Nothing is kept."""
        kind, a, b = self.kind[n], self.a[n], self.b[n]
        end = None if nbytes < 0 else start + nbytes
        if kind in (BYTES, BYTEARRAY, PYSTR):
            return self.data[a + start:b if end is None else min(b, a + end)]
        if kind not in TEXTS:
            raw = self.raw(n)
            return b"" if raw is None else raw[start:end]
        text = str(self.data[a:b], "utf-8", "surrogatepass") if kind == STR else self.text(n) or ""
        try:
            return text.encode("latin-1")[start:end]
        except UnicodeEncodeError:
            return b""

    def integer(self, n: int) -> int | None:
        """The value of an INT, or of a BIGINT/BIGTEXT of any length; None for any other kind, bool included."""
        kind = self.kind[n]
        if kind == INT:
            return self.a[n]
        if kind == BIGINT:
            return int.from_bytes(self.data[self.a[n]:self.b[n]], "little", signed=True)
        if kind == BIGTEXT and self.b[n] - self.a[n] <= 4000:
            return int(self.data[self.a[n]:self.b[n]].decode("ascii"), 0)
        return None

    def real(self, n: int) -> float:
        """The value of a FLOAT node."""
        value: float = struct.unpack("<d", struct.pack("<q", self.a[n]))[0]
        return value

    def boolean(self, n: int) -> bool | None:
        """The value of a TRUE or FALSE node; None for any other."""
        kind = self.kind[n]
        return True if kind == TRUE else False if kind == FALSE else None

    def global_name(self, n: int) -> tuple[str, str] | None:
        """(module, name) of a GLOBAL node; None for any other, GLOBALDYN included."""
        return self.names[self.a[n]] if self.kind[n] == GLOBAL else None

    # -- what a node refers to ----------------------------------------------------------------------------------------

    def initial(self, n: int) -> Sequence[int]:
        """The operands a container, NEWOBJEX, OBJ, INST or mutation node was made with."""
        return self.operands[self.a[n]:self.b[n]]

    def sequence(self, n: int) -> list[int]:
        """Items of a container or of any other target of APPEND(S)/ADDITEMS, mutations included, in order."""
        items = list(self.initial(n)) if self.kind[n] in CONTAINERS else []
        for m in self.mutations.get(n, ()):
            if self.kind[m] in (APPEND, APPENDS, ADDITEMS):
                items.extend(self.operands[self.a[m] + 1:self.b[m]])
        return items

    def pairs(self, n: int) -> Pairs:
        """(key, value) nodes of a DICT or of any other target of SETITEM(S), in stored order, duplicates kept; as `ManyPairs` where they
        are so many."""
        flat = array("i", self.initial(n) if self.kind[n] == DICT else ())
        for m in self.mutations.get(n, ()):
            if self.kind[m] in (SETITEM, SETITEMS):
                flat.extend(self.operands[self.a[m] + 1:self.b[m]])
        if len(flat) >= 2 * MANY_PAIRS:
            return ManyPairs(flat[::2], flat[1::2])
        return list(zip(flat[::2], flat[1::2], strict=True))

    def states(self, n: int) -> list[int]:
        """State nodes of the BUILDs on `n`, in order."""
        return [self.b[m] for m in self.mutations.get(n, ()) if self.kind[m] == BUILD]

    def changed(self) -> bytearray:
        """One byte per node: 1 where something is done to it."""
        found = bytearray(len(self.kind))
        for n in self.mutations:
            found[n] = 1
        return found

    def mutated_after(self, n: int, when: int) -> bool:
        """Whether container `n` was changed by a mutation later in the log than node `when`."""
        return any(m > when for m in self.mutations.get(n, ()))

    def references(self, n: int) -> list[int]:
        """Every node that `n` itself refers to (for mutations the target too), in order."""
        kind = self.kind[n]
        if kind in CONTAINERS or kind in (NEWOBJEX, OBJ, INST) or FIRST_MUTATION <= kind < BUILD:
            return list(self.initial(n))
        if kind in (REDUCE, NEWOBJ, BUILD, GLOBALDYN):
            return [self.a[n], self.b[n]]
        if kind == PERSID:
            return [self.a[n]]
        return []

    def calls(self) -> Iterator[int]:
        """All nodes that a real unpickler would call something for, in order, reachable or not."""
        return map(re.Match.start, _CALL.finditer(self.kind))

    def leading_to(self, ends: Iterable[int]) -> bytearray:
        """One byte per node: 1 for `ends` and for every node that needs one of them, itself or by what is put into it later."""
        found = bytearray(len(self.kind))
        last = array("i", (-1,)) * len(self.kind)       # node -> the last of its uses
        users, before = array("i"), array("i")          # use -> the node that has it, the use of the same node before it
        for n, kind in enumerate(self.kind):
            if kind in _REFERRING:
                refs = self.references(n)
                into = refs[0] if kind >= FIRST_MUTATION else n
                for other in refs:
                    before.append(last[other])
                    last[other] = len(users)
                    users.append(into)
        todo = [*ends]
        for n in todo:
            found[n] = 1
        while todo:
            use = last[todo.pop()]
            while use >= 0:
                if not found[users[use]]:
                    found[users[use]] = 1
                    todo.append(users[use])
                use = before[use]
        return found

    def reachable(self) -> bytearray:
        """One byte per node: 1 where the root needs it (mutations of needed nodes included). Iterative."""
        kind, a, b, operands, mutations, changed = self.kind, self.a, self.b, self.operands, self.mutations, self.changed()
        seen = bytearray(len(kind))
        if self.root < 0:
            return seen
        todo = [self.root]
        seen[self.root] = 1
        while todo:
            n = todo.pop()
            of = kind[n]
            others = operands[a[n]:b[n]] if of in LISTED else (a[n], b[n]) if of in _PAIRED else (a[n],) if of == PERSID else ()
            for other in others:
                if not seen[other]:
                    seen[other] = 1
                    if kind[other] in _REFERRING or changed[other]:     # most are texts and numbers
                        todo.append(other)
            for other in mutations[n] if changed[n] else ():
                if not seen[other]:
                    seen[other] = 1
                    todo.append(other)
        return seen


_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_ESCAPED = {b"\n": b"", b"\\": b"\\", b"'": b"'", b'"': b'"', b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r",
            b"t": b"\t", b"v": b"\v"}


def _unescaped(raw: bytes) -> bytes:
    """As `PyBytes_DecodeEscape` does, which warns (and so may raise) about escapes that it then keeps as they are."""
    return _ESCAPE.sub(_one_escape, raw)


def _one_escape(found: re.Match[bytes]) -> bytes:
    octal, hexadecimal, other = found.groups()
    if octal is not None:
        return bytes((int(octal, 8) & 255,))
    if hexadecimal is not None:
        return bytes((int(hexadecimal, 16),))
    return _ESCAPED.get(other, found[0])
