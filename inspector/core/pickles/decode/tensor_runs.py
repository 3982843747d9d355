"""Long runs of tensors, decoded many at a time.

torch.save writes every tensor after the first as the same thirty opcodes (`torch._tensor.Tensor.__reduce_ex__`,
`torch.serialization.persistent_id`; `?` is optional, PUT is BINPUT, LONG_BINPUT or MEMOIZE, GET is BINGET or LONG_BINGET):

    behind the REDUCE of the last one:   PUT?  plain*  ((SETITEMS | APPENDS) MARK | turn)?  plain*
    plain, as keys and the count of steps: text PUT? | GET | int | BINFLOAT | NONE | NEWTRUE | NEWFALSE
    turn, to the next of many dicts:     (SETITEMS | SETITEM) ((SETITEMS | APPENDS) MARK)?  (text PUT? | GET | int)?  EMPTY_DICT PUT?  MARK?
    which has a MARK and ends in SETITEMS, or has one pair and ends in SETITEM; a FRAME may come behind each value, just where the last
    one ends
    the anchor, the same bytes in a run: GET _rebuild_tensor_v2  MARK MARK  GET "storage"
    then:                                GET storage class, text PUT? | GET, text PUT? | GET, int, NONE?, TUPLE PUT?, BINPERSID,
                                         int, size tuple PUT? | GET, stride tuple PUT? | GET, NEWTRUE | NEWFALSE,
                                         GET OrderedDict, EMPTY_TUPLE, REDUCE PUT?, TUPLE PUT?, REDUCE

A pickler without a memo writes names and texts out each time: GLOBAL for each GET of a name, "storage" as a text. Those are runs, too, of
names that came before.

Anchors are found by a plain search. Each one starts a lane, and all lanes step through their opcodes together: one numpy
gather reads the next opcode of all of them. A lane counts only if every opcode is the one expected and the lane before it
ends exactly where this one begins, so strings that happen to hold an anchor do no harm. What is not exactly this is left
to the plain loop, which would have made the very same nodes in the same order.

Where tensors do not follow one another so, as with numbers between them, `Bodies` has what is between anchor and last REDUCE decoded all
the same: the plain loop does the opcodes between two tensors and skips each body (`Bodies.take`), and the nodes of those that were skipped
are written together (`Bodies.write`).
"""
from __future__ import annotations

import functools
import re
import sys
from array import array
from collections.abc import Container, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from inspector.core.graph import (
    APPENDS,
    BYTEARRAY,
    DICT,
    FALSE,
    FLOAT,
    GLOBAL,
    INT,
    LIST,
    NONE,
    PERSID,
    REDUCE,
    SET,
    SETITEM,
    SETITEMS,
    STR,
    TRUE,
    TUPLE,
    Graph,
)
from inspector.core.progress import QUIET, Monitor

from .columns import different

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

FEWEST = 32                     # tensors that are worth the start
FEWEST_WITHOUT_NUMPY = 3000     # the same where numpy must be imported first, which takes as long as reading so many
WORTH = 512                     # tensors that are done sooner as a run than by skipping their bodies
BLOCK = 4096                    # lanes at a time: what they need stays in the cache, and small, …
_MOST = 8192                    # … up to so many, which is quicker, where it is little beside what was read
_SHARE = 32                     # of all lanes that were read
_AHEAD = 8                      # blocks that room is made for, as long as few lanes were read
NEAR = 4096                     # bytes in which the next anchor must be
MOST_DIMS = 8
MOST_PLAIN = 25                 # values one after the other: twelve pairs and a key
LONGEST = 512                   # bytes that all opcodes between two texts can take, and some
NEVER = 1 << 62
_WINDOW, _LARGEST_WINDOW = 1 << 14, 1 << 18     # bytes that are searched for anchors at once

_ANCHOR = re.compile(rb"(h.|j....)\(\((h.|j....)", re.DOTALL)
_REBUILD = ("torch._utils", "_rebuild_tensor_v2")
_WRITTEN = b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storage"       # the anchor where nothing is in the memo
_STORAGE_AT = len(_WRITTEN) - 12    # of the opcode of "storage"
_LONGEST_NAME = 40                  # bytes of a GLOBAL that is looked for
_MOST_NAMES = 32
_NOT_FOR_KEYS = frozenset((LIST, DICT, SET, BYTEARRAY, TUPLE))
_OTHER, _PUT, _GET, _INT, _TEXT, _ATOM = range(6)
# opcode: (class, bytes with its argument, bits of the argument)
_TOKENS = {0x71: (_PUT, 2, 8), 0x72: (_PUT, 5, 32), 0x94: (_PUT, 1, 0), 0x68: (_GET, 2, 8), 0x6A: (_GET, 5, 32),
           0x4B: (_INT, 2, 8), 0x4D: (_INT, 3, 16), 0x4A: (_INT, 5, 32), 0x58: (_TEXT, 5, 32), 0x8C: (_TEXT, 2, 8),
           0x47: (_ATOM, 9, 0), 0x4E: (_ATOM, 1, 0), 0x88: (_ATOM, 1, 0), 0x89: (_ATOM, 1, 0)}
_KINDS = {0x58: STR, 0x8C: STR, 0x47: FLOAT, 0x4E: NONE, 0x88: TRUE, 0x89: FALSE}       # of the others INT
_FRAME = 0x95
_NOTED = frozenset((0x94, 0x8C))        # MEMOIZE SHORT_BINUNICODE: torch.load(weights_only=True) takes neither


class _Budget(Protocol):
    left: int


class Frame:
    """What the last FRAME spans."""

    __slots__ = ("end", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end = start, end


def run(graph: Graph, memo: array[int], stack: list[int], meta: list[list[int]], pos: int, rebuild: int,
        budget: _Budget, frame: Frame, monitor: Monitor = QUIET) -> tuple[int, int, Bodies | None]:
    """Decodes the tensors that follow the REDUCE of one, which ended at `pos` and is on top of `stack`.

    Changes `graph`, `memo`, `stack`, `meta` and `frame` as the plain loop would have. Gives the offset to go on at, just behind the REDUCE
    of the last tensor decoded (`pos` itself when none was), the offset before which another try is not worth it, and the bodies of those
    that follow, where they do not follow closely enough. Raises Cancelled.
    """
    data = graph.data
    places = _memoised(graph, memo, pos, rebuild) or _written(graph, pos)
    if places is None:
        return pos, pos + NEAR, None
    fewest = FEWEST if "numpy" in sys.modules else FEWEST_WITHOUT_NUMPY
    if len(data) < 2 * LONGEST or sum(1 for _ in islice(places.after(pos), fewest)) < fewest:
        return pos, NEVER, None
    try:
        import numpy  # noqa: F401
    except ImportError:
        return pos, NEVER, None
    return _run_blocks(places, graph, memo, stack, meta, pos, budget, frame, monitor)


def _memoised(graph: Graph, memo: array[int], pos: int, rebuild: int) -> _Anchors | None:
    """The anchors behind `pos` that fetch the names from the memo."""
    found = _ANCHOR.search(graph.data, pos, pos + NEAR)
    if found is None or _get_index(found[1]) >= len(memo) or _get_index(found[2]) >= len(memo) \
            or memo[_get_index(found[1])] != rebuild:
        return None
    return _Anchors(graph, found[0], rebuild, memo[_get_index(found[2])], _get_index(found[2]))


def _written(graph: Graph, pos: int) -> _Anchors | None:
    """… and those that have them written out."""
    if graph.data.find(_WRITTEN, pos, pos + NEAR) < 0:
        return None
    return _Anchors(graph, _WRITTEN, names=graph.names)


class _Anchors:
    """The places of one anchor in the data, and the nodes that its GETs ask for; or, where it has none, the `names` that came so far."""

    def __init__(self, graph: Graph, anchor: bytes, rebuild: int = -1, storage: int = -1, storage_slot: int = -1,
                 names: Sequence[tuple[str, str]] = ()) -> None:
        self.data = graph.data
        self.seen = graph.opcodes
        self.anchor = anchor
        self.rebuild = rebuild
        self.storage = storage
        self.storage_slot = storage_slot
        self.rebuild_name = names.index(_REBUILD) if names else -1
        spelt = ((f"c{module}\n{name}\n", index) for index, (module, name) in enumerate(names))
        self.names = [(text.encode("ascii"), index) for text, index in spelt
                      if len(text) <= _LONGEST_NAME and text.isascii() and text.count("\n") == 2][:_MOST_NAMES]
        self._pattern = re.compile(re.escape(anchor))

    @functools.cached_property
    def reader(self) -> _Reader:
        return _Reader(self.data, self.seen)

    def ahead(self, pos: int) -> _Ahead:
        return _Ahead(self.reader, self.anchor, pos)

    def after(self, pos: int) -> Iterator[int]:
        return map(re.Match.start, self._pattern.finditer(self.data, pos))


class _Ahead:
    """The places of an anchor from some position on, many at a time, but for the last LONGEST bytes."""

    def __init__(self, reader: _Reader, anchor: bytes, pos: int) -> None:
        import numpy as np
        self._reader = reader
        self._anchor = anchor
        self._pos = pos
        self._window = _WINDOW
        self._found: Ints = np.zeros(0, np.int64)

    def next(self, most: int) -> Ints:
        """The next ones, at most so many; none where there are none."""
        import numpy as np
        end = self._reader.safe - len(self._anchor)
        while len(self._found) < most and self._pos < end:
            behind = min(self._pos + self._window, end)
            self._found = np.concatenate((self._found, self._between(self._pos, behind)))
            self._pos, self._window = behind, min(2 * self._window, _LARGEST_WINDOW)
        found, self._found = self._found[:most], self._found[most:]
        return found

    def _between(self, first: int, last: int) -> Ints:
        import numpy as np
        whole = self._reader.bytes
        here: Mask = whole[first:last] == self._anchor[0]
        for place, byte in enumerate(self._anchor[1:8], 1):         # one byte after the other: sixteen positions at once
            here &= whole[first + place:last + place] == byte
        found: Ints = np.flatnonzero(here) + first
        sound: Ints = found[self._reader.says(found, self._anchor)]
        return sound


def _run_blocks(places: _Anchors, graph: Graph, memo: array[int], stack: list[int], meta: list[list[int]], pos: int,
                budget: _Budget, frame: Frame, monitor: Monitor) -> tuple[int, int, Bodies | None]:
    read, size = 0, 2 * FEWEST          # twice what is done already, so that what is read in vain stays in proportion
    anchors = places.ahead(pos)
    start = pos
    room = _Room(graph)
    try:
        while True:
            monitor.check()                 # some milliseconds each
            starts = anchors.next(size)
            if not len(starts):
                return pos, pos, None
            monitor.check()
            block = _Block(places, starts, pos, frame.end)
            monitor.check()
            block.keep(block.sound_lanes())
            block.keep(block.frames_in_order(frame))
            block.keep(block.known_indexes(len(memo)))
            block.keep(block.valid_texts())
            monitor.check()
            top = _Top(block, stack, meta)
            block.keep(block.fitting_batches(graph, top))
            done = block.lanes
            if done < (FEWEST if pos == start else 1) or not block.commit(graph, room, memo, top, budget, monitor):
                if pos > start:
                    return _ended(places, start, pos, read)
                return pos, int(starts[-1]), Bodies(places) if len(starts) == size and not places.names else None
            top.leave(stack, meta)
            block.leave(frame)
            end = int(block.end[done - 1])
            if done < len(starts):
                return _ended(places, start, end, read + done)
            room.expect((len(graph.data) - end) / (end - pos), far=done >= BLOCK)
            pos, read = end, read + done
            size = min(max(BLOCK, min(_MOST, read // _SHARE)), 2 * size)
    finally:
        room.close()


def _ended(places: _Anchors, start: int, end: int, lanes: int) -> tuple[int, int, Bodies | None]:
    """What a run gives that ended before its anchors did: was it short, others after it may be, too, and are looked for less often."""
    return (end, end, None) if lanes >= WORTH or places.names else (end, 2 * end - start, Bodies(places))


class _Room:
    """The ends of the graph's columns while a run is written to them. An array that is made longer is copied, as a rule: so they are made
    longer for many tensors at once, and cut to what was written when the run is over. `operands`: how many there are."""

    def __init__(self, graph: Graph) -> None:
        self._columns = graph.a, graph.b, graph.at, graph.operands
        self._filled = [*map(len, self._columns)]
        self._grown = [0] * len(self._columns)          # by the last block
        self._more = 0.0

    @property
    def operands(self) -> int:
        return self._filled[-1]

    def expect(self, blocks: float, far: bool) -> None:
        """As much as the last block wrote, that many times, comes next if all that follows is like it. `far`: that is to be believed."""
        self._more = blocks if far else min(blocks, _AHEAD)

    def write(self, *values: NDArray[Any]) -> None:
        """Appends to each column, of which the operands are the last."""
        import numpy as np
        for number, (column, own) in enumerate(zip(self._columns, values, strict=True)):
            first = self._filled[number]
            last = first + len(own)
            if last > len(column):
                column.frombytes(bytes(column.itemsize * (last - len(column) + int(self._grown[number] * self._more))))
            np.frombuffer(column, column.typecode)[first:last] = own
            self._filled[number], self._grown[number] = last, len(own)

    def close(self) -> None:
        for column, filled in zip(self._columns, self._filled, strict=True):
            del column[filled:]


class _Top:
    """What lies above the MARK of the dict or list that tensors are put into, and the stacks below that, the last two of them. A dict that
    no MARK lies on, as it has one pair, is taken for one with a MARK: `marked` is False then."""

    def __init__(self, block: _Block, stack: list[int], meta: Sequence[list[int]]) -> None:
        self.marked = not block.begins_in_single or len(stack) < 3
        self.stack = stack if self.marked else stack[-2:]
        self.below = [*meta[-2:]] if self.marked else [*meta[-1:], stack[:-2]]
        self.marked_behind = self.marked                # the same behind the last lane that is written

    def leave(self, stack: list[int], meta: list[list[int]]) -> None:
        """Makes `stack` and `meta` what they are behind that lane."""
        if self.marked and not self.marked_behind:
            stack[:0] = meta.pop()
        elif not self.marked:
            if self.marked_behind:
                meta.append(self.below[-1])
            stack[:] = self.stack if self.marked_behind else self.below[-1] + self.stack


Lane = tuple[int, int, int, bytes, tuple[int, ...], int, int]
"""A body that may be skipped: where its REDUCE ends; how many nodes and operands are in it; the kinds of the nodes; which of them the memo
gets; the memo index of the first PUT, -1 where none says it; its number."""


class Bodies:
    """What tensors are made of between anchor and last REDUCE, read ahead for many (`lanes`, by their anchors), and skipped by the plain
    loop one by one where that has come to the anchor. Those that were skipped wait to be written: number, first node, first operand."""

    def __init__(self, places: _Anchors) -> None:
        self.lanes: dict[int, Lane] = {}
        self.begun: frozenset[int] = frozenset()        # anchors of the first ones of those that a run would take
        self.waiting: list[int] = []
        self.last = -1                      # anchor of those that were read
        self.used = 0
        self._places = places
        self._size = FEWEST                 # lanes that are read at once, twice as many each time while most of them are of use
        self._block: _Block | None = None
        self._fetched: tuple[Ints, ...] = ()    # of each lane the nodes its GETs ask for: class, hooks, storage's key, location, tuples

    def read_ahead(self, at: int, memo: array[int]) -> bool:
        """Reads what follows the anchor at `at`, which was not read yet; nothing may wait, and what is in the memo must not be put there
        anew as long as the lanes are used. False: that is not worth it any longer."""
        import numpy as np
        if self._block is not None and 2 * self.used < len(self.lanes):
            return False
        self._size = min(BLOCK, 2 * self._size)
        starts = np.fromiter(islice(self._places.after(at), self._size), np.int64)
        self.lanes, self.used = {}, 0
        if len(starts) < FEWEST or memo[self._places.storage_slot] != self._places.storage:
            return False
        self.last = int(starts[-1])
        block = self._block = _Block(self._places, starts, at)
        everywhere: Mask = np.ones(len(starts), bool)
        resolve, known = _Resolver(memo, np.zeros(0, np.int64)), len(memo)
        wanted = [(block.cls, everywhere), (block.hooks, everywhere),
                  *((one.slot, one.got) for one in block.may_be_fetched())]
        for slot, got in wanted:
            block.whole &= ~got | ((slot >= 0) & (slot < known))
        self._fetched = tuple(resolve(slot, got & block.whole) for slot, got in wanted)
        self.lanes, self.begun = block.bodies(starts)
        return bool(self.lanes)

    def write(self, graph: Graph, a: list[int], b: list[int], at: list[int], operands: list[int], total_operands: int) -> None:
        """Appends the nodes of those that wait to the graph's columns, with the nodes and operands of the plain loop between them."""
        import numpy as np
        assert self._block is not None
        number, node, operand = np.array(self.waiting, np.int64).reshape(-1, 3).T
        cls, hooks, *fetched = (nodes[number] for nodes in self._fetched)
        self.waiting.clear()
        block = self._block.only(number)
        made = _Tensor(block)
        ids, there = made.nodes.number(0), made.nodes.there
        ids += (node - ids[:, 0])[:, None]
        places, operands_there = made.operands.number(0), made.operands.there
        places += (operand - places[:, 0])[:, None]
        either = zip(block.may_be_fetched(), made.fetched(), fetched, strict=True)
        made.fill(ids, places, np.full(len(node), self._places.rebuild), cls, hooks,
                  *(np.where(one.got, nodes, ids[:, column]) for one, column, nodes in either))
        first = len(graph.a)
        where = ids[there] - first
        nodes = made.nodes
        columns = (graph.a, nodes.a, a, np.int64), (graph.b, nodes.b, b, np.intc), (graph.at, nodes.at, at, np.intc)
        for column, own, plain, kind in columns:
            column.frombytes(_raw(_merged(where, own[there], plain, len(graph.kind) - first, kind)))
        first = len(graph.operands)
        graph.operands.frombytes(_raw(_merged(places[operands_there] - first, made.operands.value[operands_there], operands,
                                              total_operands - first, np.intc)))


def _merged(where: Ints, own: NDArray[Any], others: list[int], total: int, kind: Any) -> NDArray[Any]:
    """A column with `own` at the places `where` and the others, in order, at all other places."""
    import numpy as np
    column: NDArray[Any] = np.empty(total, kind)
    rest: Mask = np.ones(total, bool)
    rest[where] = False
    column[where] = own
    column[rest] = others
    return column


def _raw(values: NDArray[Any]) -> memoryview:
    return values.data.cast("B")


def _get_index(get: bytes) -> int:
    return int.from_bytes(get[1:], "little")


class _Reader:
    """Opcodes of many lanes at once. `view[p]` is the eight bytes at offset p, wherever p is. The first of those opcodes that some readers
    refuse is left to the plain loop, which notes where it is: from then on it is among those `seen`."""

    def __init__(self, data: bytes, seen: Container[int]) -> None:
        import numpy as np
        self.data = data
        self.safe = len(data) - LONGEST
        self.view = np.ndarray((len(data) - 7,), np.dtype("<i8"), data, 0, (1,))
        self.bytes = np.frombuffer(data, np.uint8)
        self.high_bits = np.array([int.from_bytes(b"\x80" * count, "little", signed=count == 8) for count in range(9)], np.int64)
        self.classes = np.zeros(256, np.int64)
        self.widths = np.zeros(256, np.int64)
        self.masks = np.zeros(256, np.int64)
        self.kinds = np.full(256, INT, np.int64)
        for op, (which, width, bits) in _TOKENS.items():
            if op in _NOTED and op not in seen:
                continue
            self.classes[op], self.widths[op], self.masks[op] = which, width, (1 << bits) - 1
            self.kinds[op] = _KINDS.get(op, INT)

    def read(self, p: Ints) -> Token:
        word = self.view[p]
        op = word & 255
        word >>= 8
        value = word & self.masks.take(op)
        negative = (op == 0x4A) & (value >= 1 << 31)
        if negative.any():
            value[negative] -= 1 << 32
        return Token(op, self.classes.take(op), self.widths.take(op), value, word)

    def says(self, p: Ints, said: bytes) -> Mask:
        """Where exactly these bytes are."""
        import numpy as np
        found: Mask = np.ones(len(p), bool)
        for done in range(0, len(said), 8):
            part = said[done:done + 8]
            word = self.view[p + done] if len(part) == 8 else self.view[p + done] & ((1 << 8 * len(part)) - 1)
            found &= word == int.from_bytes(part, "little", signed=len(part) == 8)
        return found


class Token(NamedTuple):
    op: Ints
    which: Ints         # _PUT, _GET …
    width: Ints         # bytes, without a text's payload
    value: Ints         # argument: number, memo index or length
    rest: Ints          # the seven bytes behind the opcode


class Put(NamedTuple):
    there: Mask
    slot: Ints          # memo index
    implied: Mask       # MEMOIZE, which carries no index


class Operand(NamedTuple):
    """A text, a number or the like written out (`made`) or fetched from the memo (`got`)."""

    made: Mask
    text: Mask
    got: Mask
    slot: Ints          # memo index where got
    kind: Ints          # where made
    a: Ints             # text: start; number: value
    b: Ints
    at: Ints
    put: int            # which of the PUTs is behind it

    @property
    def there(self) -> Mask:
        found: Mask = self.made | self.got
        return found


class TupleOfInts(NamedTuple):
    """One written out, or fetched from the memo (`got`)."""

    items: list[tuple[Mask, Ints, Ints]]        # there, value, at
    at: Ints
    got: Mask
    slot: Ints          # memo index where got


class _Block:
    """The lanes of one stretch of anchors: parsed when made, cut short by `keep`, written by `commit`."""

    def __init__(self, places: _Anchors, anchors: Ints, pos: int, frame_end: int = NEVER) -> None:
        """A FRAME is not looked for before `frame_end`."""
        import numpy as np
        self.reader = places.reader
        self.framed = frame_end <= int(anchors[-1]) and _FRAME in places.seen
        self.frames: list[tuple[Mask, Ints]] = []       # which lanes have one at a step, and where they are then
        self.lanes = len(anchors)
        self.storage = places.storage
        self.names = places.names                       # none: they come from the memo
        self.rebuild_name = places.rebuild_name
        self.anchors = anchors
        self.ok: Mask = np.ones(len(anchors), bool)
        self.puts: list[Put] = []
        self.end = self._parse_tensor(self._within(anchors + len(places.anchor)))
        self.whole = self.ok.copy()             # whatever is between them
        self.begin = np.concatenate((np.array([pos], np.int64), self.end[:-1]))
        tensor_puts, self.puts = self.puts, []
        self._parse_lead(self.begin, anchors)
        self.before = len(self.puts)            # PUTs before the tensor: of the one before it, of a dict and its name, of the key
        self.puts += tensor_puts

    # -- parsing: each step takes the lanes' positions and gives those behind what it read -----------------------------

    def _parse_lead(self, p: Ints, anchors: Ints) -> None:
        p = self._behind_frame(self._put(p))
        self.ahead, p = self._plain(p, anchors)
        token = self.reader.read(p)
        batch: Mask = ((token.op == 0x75) | (token.op == 0x65)) & ((token.rest & 255) == 0x28)
        self.single: Mask = token.op == 0x73
        self.turn: Mask = ((token.op == 0x75) & ~batch) | self.single
        self.batch: Mask = batch | self.turn
        self.batch_op, self.batch_at = token.op, p
        p = p + 2 * batch
        self.turning = bool(self.turn.any())
        if self.turning:
            p = self._parse_turn(p, token)
        self.behind: list[Operand] = []
        if self.batch.any():
            self.behind, p = self._plain(p, anchors)
        self.ok &= p == anchors

    @property
    def begins_in_single(self) -> bool:
        """Whether what the first lane ends is a dict of one pair."""
        return bool(self.single[0]) and not any(operand.there[0] for operand in self.ahead)

    def _plain(self, p: Ints, anchors: Ints) -> tuple[list[Operand], Ints]:
        """Plain values one after the other, up to the anchor at most."""
        found: list[Operand] = []
        while len(found) < MOST_PLAIN:
            out = ~self.ok | (p == anchors) | (self.reader.classes.take(self.reader.bytes.take(p)) < _GET)
            if out.all():
                break
            operand, p = self._operand(p, None, but=out)
            found.append(operand)
            p = self._behind_frame(self._within(p))
        return found, p

    def _parse_turn(self, p: Ints, token: Token) -> Ints:
        """The end of one dict and the beginning of the next that lies in the same one; `outer`: where a batch of that ends, too."""
        turn, data = self.turn, self.reader.bytes
        self.outer_op, self.outer_at = token.rest & 255, p + 1
        self.outer: Mask = turn & ((self.outer_op == 0x75) | (self.outer_op == 0x65)) & ((token.rest >> 8 & 255) == 0x28)
        p = p + turn + 2 * self.outer
        self.name, p = self._operand(p, None, but=~turn | (data[p] == 0x7D) | (self.reader.classes.take(data[p]) == _ATOM))
        self.ok &= ~turn | (data[p] == 0x7D)
        self.dict_at = p
        p = p + turn
        token = self.reader.read(p)
        there = turn & (token.which == _PUT)
        self.puts.append(Put(there, token.value, token.op == 0x94))
        p = p + token.width * there
        self.marked: Mask = turn & (data[p] == 0x28)
        behind: Ints = p + self.marked
        return behind

    def _parse_tensor(self, p: Ints) -> Ints:
        self.cls, self.cls_at, p = self._name(p)
        self.storage_key, p = self._operand(p, _TEXT)
        p = self._behind_frame(p)
        self.location, p = self._operand(p, _TEXT)
        p = self._behind_frame(p)
        self.numel, p = self._operand(p, _INT)
        p = self._behind_frame(p)
        self.none = self.reader.bytes[p] == 0x4E
        self.none_at = p
        p = p + self.none
        self.pid_at, p = self._expect(p, 0x74)
        p = self._behind_frame(self._put(p))
        self.persid_at, p = self._expect(p, 0x51)
        p = self._behind_frame(p)
        self.offset, p = self._operand(p, _INT)
        p = self._behind_frame(p)
        self.size, p = self._tuple(p)
        p = self._behind_frame(p)
        self.stride, p = self._tuple(p)
        p = self._behind_frame(p)
        self.flag_at, self.flag = p, self.reader.bytes[p]
        self.ok &= (self.flag == 0x88) | (self.flag == 0x89)
        p = p + 1
        self.hooks, self.hooks_name_at, p = self._name(p)
        self.empty_at, p = self._expect(p, 0x29)
        self.hooks_at, p = self._expect(p, 0x52)
        p = self._behind_frame(self._put(p))
        self.args_at, p = self._expect(p, 0x74)
        p = self._put(p)
        self.reduce_at, p = self._expect(p, 0x52)
        return p

    def _name(self, p: Ints) -> tuple[Ints, Ints, Ints]:
        """A GET of a name, or one that is written out and came before: its memo index or that among the names; where it is."""
        import numpy as np
        if not self.names:
            token = self.reader.read(p)
            self.ok &= token.which == _GET
            return token.value, p, p + token.width
        found, width = np.full(self.lanes, -1), np.zeros(self.lanes, np.int64)
        for number, (spelt, index) in enumerate(self.names):
            here = (found < 0) & self.reader.says(p, spelt)
            found[here], width[here] = index, len(spelt)
            if (found >= 0).all():
                self.names.insert(0, self.names.pop(number))        # the next is the same, most often
                break
        self.ok &= found >= 0
        return found, p, p + width

    def _within(self, p: Ints) -> Ints:
        """Positions where LONGEST bytes can be read; the lanes of the others are not sound."""
        import numpy as np
        self.ok &= p <= self.reader.safe
        return np.minimum(p, self.reader.safe)

    def _behind_frame(self, p: Ints) -> Ints:
        """Positions behind the FRAMEs that are there."""
        if not self.framed:
            return p
        here: Mask = self.reader.bytes[p] == _FRAME
        if not here.any():
            return p
        self.frames.append((here, p))
        return self._within(p + 9 * here)

    def _expect(self, p: Ints, op: int) -> tuple[Ints, Ints]:
        self.ok &= self.reader.bytes[p] == op
        return p, p + 1

    def _put(self, p: Ints, but: Mask | None = None) -> Ints:
        token = self.reader.read(p)
        there = token.which == _PUT
        if but is not None:
            there = there & ~but
        self.puts.append(Put(there, token.value, token.op == 0x94))
        behind: Ints = p + token.width * there
        return behind

    def _operand(self, p: Ints, wanted: int | None, but: Mask | None = None) -> tuple[Operand, Ints]:
        """A text or GET (`wanted` _TEXT), an int (_INT), or any plain value (None), and none at all where `but` says so."""
        import numpy as np
        token, put = self.reader.read(p), len(self.puts)
        text, got = token.which == _TEXT, token.which == _GET
        made = text | (token.which == _INT)
        kind = self.reader.kinds.take(token.op)
        if wanted == _INT:
            self.ok &= token.which == _INT
            return Operand(made, text, got, token.value, kind, token.value, np.zeros_like(p), p, -1), p + token.width
        if wanted == _TEXT:
            made = text
        else:
            made = made | (token.which == _ATOM)
        if but is not None:
            made, text, got = made & ~but, text & ~but, got & ~but
            self.ok &= made | got | but
        else:
            self.ok &= made | got
        behind = p + token.width * (made | got)
        a = np.where(text, behind, token.value)
        real = made & (token.op == 0x47)
        if real.any():
            a[real] = self.reader.view[p[real] + 1].byteswap()
        behind = self._within(behind + token.value * text)
        b = np.where(text, behind, 0)
        operand = Operand(made, text, got, token.value, kind, a, b, p, put)
        follow = self.reader.read(behind)
        there = (follow.which == _PUT) & text
        self.puts.append(Put(there, follow.value, follow.op == 0x94))
        return operand, behind + follow.width * there

    def _tuple(self, p: Ints) -> tuple[TupleOfInts, Ints]:
        import numpy as np
        fetched = self.reader.read(p)
        got = fetched.which == _GET
        p = p + np.where(got, fetched.width, 0)
        marked = (self.reader.bytes[p] == 0x28) & ~got
        p = p + marked
        items: list[tuple[Mask, Ints, Ints]] = []
        count = np.zeros(len(p), np.int64)
        active = self.ok & ~got
        while True:
            token = self.reader.read(p)
            active = active & (token.which == _INT)
            if len(items) == MOST_DIMS or not active.any():
                break
            items.append((active, token.value, p))
            count += active
            p = self._behind_frame(p + token.width * active)
        op = token.op
        by_count = np.array([0x29, 0x85, 0x86, 0x87] + [0] * (MOST_DIMS - 3), np.int64)[count]
        self.ok &= got | (op == np.where(marked, 0x74, by_count))
        return TupleOfInts(items, p, got, fetched.value), self._put(p + ~got, but=got)

    # -- bodies ----------------------------------------------------------------------------------------------------------

    def bodies(self, anchors: Ints) -> tuple[dict[int, Lane], frozenset[int]]:
        """By their anchors the lanes that may be skipped, whatever is between them; but not those that as many follow closely as are worth
        a run: of these the anchors of the first ones."""
        import numpy as np
        made = _Tensor(self)
        ids, there = made.nodes.number(0), made.nodes.there
        kinds, stored = made.kinds(), np.stack([put.there for put in self.puts[self.before:]], 1)
        ok, explicit = self.whole.copy(), np.full(self.lanes, -1)
        before: Ints = np.cumsum(stored, 1) - stored
        for column, put in enumerate(self.puts[self.before:]):
            said, first = put.there & ~put.implied, put.slot - before[:, column]
            ok &= ~said | (explicit < 0) | (explicit == first)
            explicit[said] = first[said]
        for number in chain(self._undecodable(self.storage_key), self._undecodable(self.location)):
            ok[number] = False
        close = self._close_ones(WORTH)
        ok &= ~close
        begun = close & ~np.concatenate((np.zeros(1, np.bool_), close[:-1]))
        forms = np.concatenate((there, stored, kinds), 1).astype(np.uint8)
        whole, width = forms.tobytes(), forms.shape[1]
        columns, shapes = [*made.put_columns()], dict[bytes, tuple[bytes, tuple[int, ...]]]()
        found: dict[int, Lane] = {}
        counts, operands = there.sum(1).tolist(), np.stack(made.operands.present, 1).sum(1).tolist()
        ends, firsts, places = self.end.tolist(), explicit.tolist(), anchors.tolist()
        for number in np.flatnonzero(ok).tolist():
            form = whole[number * width:number * width + width]
            shape = shapes.get(form)
            if shape is None:
                put_nodes = (ids[number, columns] - ids[number, 0])[stored[number]]
                shape = shapes[form] = kinds[number][there[number]].tobytes(), tuple(put_nodes.tolist())
            found[places[number]] = (ends[number], counts[number], operands[number], *shape, firsts[number], number)
        return found, frozenset(anchors[begun].tolist())

    def _close_ones(self, fewest: int) -> Mask:
        """Which lanes so many follow that a run would take."""
        import numpy as np
        bad = np.flatnonzero(~self.ok)
        numbers = np.arange(len(self.ok))
        next_bad = np.append(bad, len(self.ok))[np.searchsorted(bad, numbers, side="right")]
        close: Mask = next_bad - numbers > fewest
        return close

    def only(self, lanes: Ints) -> _Block:
        """These lanes of it, as far as bodies go."""
        found: _Block = object.__new__(_Block)
        found.__dict__.update({name: _taken(value, lanes) for name, value in self.__dict__.items()})
        found.lanes = len(lanes)
        return found

    # -- how many lanes, from the first, hold; `keep` drops the rest -----------------------------------------------------

    def keep(self, lanes: int) -> None:
        self.lanes = min(self.lanes, lanes)

    def _first_bad(self, ok: Mask) -> int:
        good = ok[:self.lanes]
        return self.lanes if good.all() else int(good.argmin())

    def sound_lanes(self) -> int:
        return self._first_bad(self.ok)

    def frames_in_order(self, frame: Frame) -> int:
        """Each FRAME must begin where the one before it ends, and end in the data."""
        data, end = self.reader.data, frame.end
        self.spans = [(lane, Frame(pos + 9, pos + 9 + int.from_bytes(data[pos + 1:pos + 9], "little"))) for pos, lane in sorted(
            (int(p[lane]), lane) for here, p in self.frames for lane in here[:self.lanes].nonzero()[0].tolist())]
        for lane, span in self.spans:
            if span.start - 9 != end or span.end > len(data):
                return lane
            end = span.end
        return self.lanes

    def leave(self, frame: Frame) -> None:
        """Makes `frame` what the last one is that begins in the lanes."""
        for lane, span in self.spans:
            if lane < self.lanes:
                frame.start, frame.end = span.start, span.end

    def known_indexes(self, known: int) -> int:
        """PUTs must count on from `known`, and GETs ask for what was put before them."""
        import numpy as np
        there = np.stack([put.there for put in self.puts], 1)
        total = np.cumsum(there.ravel()).reshape(there.shape) + known
        self.put_there, self.put_before = there, total - there
        ok: Mask = np.ones(len(there), bool)
        for i, put in enumerate(self.puts):
            ok &= ~put.there | put.implied | (put.slot == self.put_before[:, i])
        # the PUTs in order: the tensor before, plain values, perhaps the dict's name and itself, plain values, storage key, location, id,
        # size, stride, hooks, arguments
        first = self.before
        for operand in self._lead():
            ok &= ~operand.got | (operand.slot < self.put_before[:, operand.put])
        if not self.names:
            ok &= (self.cls < self.put_before[:, first]) & (self.hooks < self.put_before[:, first + 5])
        ok &= ~self.storage_key.got | (self.storage_key.slot < self.put_before[:, first])
        ok &= ~self.location.got | (self.location.slot < self.put_before[:, first + 1])
        for place, several in enumerate((self.size, self.stride), 3):
            ok &= ~several.got | (several.slot < self.put_before[:, first + place])
        return self._first_bad(ok)

    def may_be_fetched(self) -> tuple[Operand | TupleOfInts, ...]:
        """What of a tensor may come from the memo, but for names."""
        return self.storage_key, self.location, self.size, self.stride

    def _lead(self) -> list[Operand]:
        """What is before the tensors."""
        return [*self.ahead, *((self.name,) if self.turning else ()), *self.behind]

    def valid_texts(self) -> int:
        """Texts must be UTF-8; nearly all are ASCII, which their bytes eight at a time show."""
        operands = (*self._lead(), self.storage_key, self.location)
        return min((n for operand in operands for n in self._undecodable(operand)), default=self.lanes)

    def _undecodable(self, operand: Operand) -> Iterator[int]:
        """The lanes whose text is no UTF-8."""
        import numpy as np
        made = np.flatnonzero(operand.text[:self.lanes])
        a, b = operand.a[made], operand.b[made]
        for i in np.flatnonzero(self._perhaps_not_ascii(a, b)).tolist():
            try:
                str(self.reader.data[int(a[i]):int(b[i])], "utf-8")
            except UnicodeDecodeError:
                yield int(made[i])

    def _perhaps_not_ascii(self, a: Ints, b: Ints) -> Mask:
        import numpy as np
        doubtful: Mask = b - a > LONGEST
        for done in range(0, min(LONGEST, int((b - a).max(initial=0))), 8):
            left = np.clip(b - a - done, 0, 8)
            word = self.reader.view[np.minimum(a + done, b)]
            doubtful |= (word & self.reader.high_bits[left]) != 0
        return doubtful

    def fitting_batches(self, graph: Graph, top: _Top) -> int:
        """A batch may end only where its target takes it and, for a dict, where every value has a key."""
        import numpy as np
        kind, stack, meta = graph.kind, top.stack, top.below
        lanes = np.flatnonzero(self.batch[:self.lanes])
        if not len(lanes):
            return self.lanes
        if not meta or not meta[-1]:
            return int(lanes[0])
        pairs = self.batch_op[lanes] != 0x65
        turns = _before(self.turn)[lanes]                       # where there was one, what is filled is a dict
        items = _steps(self.pushed()[lanes], len(stack))
        even = items % 2 == 0
        even[0] &= _NOT_FOR_KEYS.isdisjoint(kind[k] for k in stack[::2])
        accepted = np.array([_accepts(kind[meta[-1][-1]], LIST), _accepts(kind[meta[-1][-1]], DICT)])
        ok = np.where(turns > 0, pairs, accepted[pairs.astype(np.intp)]) & (even | ~pairs)
        if self.turning:
            single = self.single[lanes]
            marked = np.concatenate((np.array([top.marked]), (self.marked | ~self.turn)[lanes[:-1]]))
            ok &= np.where(single, ~marked & (items == 2), marked)
            ok &= ~self.outer[lanes] | self._outer_fits(graph, lanes, meta)
        return self.lanes if ok.all() else int(lanes[ok.argmin()])

    def pushed(self) -> Ints:
        """How many were pushed up to where the batch of a lane would end."""
        import numpy as np
        ahead, all_of_them = np.zeros(len(self.ok), np.int64), np.ones(len(self.ok), np.int64)
        for operand in self.ahead:
            ahead += operand.there
        for operand in self.behind:
            all_of_them += operand.there
        found: Ints = _before(all_of_them + ahead) + ahead
        return found

    def _outer_fits(self, graph: Graph, lanes: Ints, meta: Sequence[list[int]]) -> Mask:
        """The same of the batches of what the dicts are in, where one ends."""
        import numpy as np
        fits: Mask = np.zeros(len(lanes), bool)
        if len(meta) < 2 or not meta[-2]:
            return fits
        kind, waiting = graph.kind, meta[-1]
        ends = self.outer[lanes]
        unnamed = _before(self.turn & ~(self.name.made | self.name.got))[lanes[ends]]
        even = unnamed == np.concatenate((np.zeros(1, np.int64), unnamed[:-1]))
        even[:1] &= len(waiting) % 2 == 0 and _NOT_FOR_KEYS.isdisjoint(kind[k] for k in waiting[::2])
        pairs = self.outer_op[lanes[ends]] == 0x75
        accepted = np.array([_accepts(kind[meta[-2][-1]], LIST), _accepts(kind[meta[-2][-1]], DICT)])
        fits[ends] = accepted[pairs.astype(np.intp)] & (even | ~pairs)
        return fits

    # -- writing ------------------------------------------------------------------------------------------------------

    def commit(self, graph: Graph, room: _Room, memo: array[int], top: _Top, budget: _Budget, monitor: Monitor) -> bool:
        """Appends the lanes to the graph. False, and nothing done, where that would break a rule that shows only now."""
        import numpy as np
        monitor.check()
        n, stack, meta = self.lanes, top.stack, top.below
        nodes, operands = _Nodes(n), _Operands(n)
        one: Mask = np.ones(n, bool)

        # presence of nodes and operands, in the order the plain loop would make them
        ahead = [nodes.column(operand.made) for operand in self.ahead]
        batch = nodes.column(self.batch)
        outer, name, dict_ = (nodes.column(there) for there in (self.outer, self.name.made, self.turn)) if self.turning else (-1, -1, -1)
        behind = [nodes.column(operand.made) for operand in self.behind]
        made = _Tensor(self, nodes, operands)
        reduce = made.reduce

        first_node, first_operand = len(graph.kind), room.operands
        ids = nodes.number(first_node)
        if nodes.total > budget.left:
            return False
        batches = _Batches(self, stack, meta)
        places = operands.number(first_operand) + batches.inserted[:, None]

        in_memo = [*ahead, *((name, dict_) if self.turning else ()), *behind, *made.put_columns(), reduce]
        put_nodes = self._put_nodes(stack[-1], ids[:, in_memo])
        resolve = _Resolver(memo, put_nodes)

        def nodes_of(operand: Operand | TupleOfInts, column: int) -> Ints:
            got = operand.got[:n]
            return np.where(got, resolve(operand.slot[:n], got), ids[:, column]) if got.any() else ids[:, column]

        plain = [nodes_of(operand, column) for operand, column in zip((*self.ahead, *self.behind), (*ahead, *behind), strict=True)]
        fetched = [nodes_of(operand, column) for operand, column in zip(self.may_be_fetched(), made.fetched(), strict=True)]
        if self.names:
            cls_node, hooks_class, rebuild = ids[:, made.cls], ids[:, made.hooks_name], ids[:, made.rebuild]
        else:
            cls_node, hooks_class = resolve(self.cls[:n], one), resolve(self.hooks[:n], one)
            rebuild = np.full(n, self._rebuild(graph, stack))

        begin, middle, end = batches.places(places)
        made_of = np.where(self.batch_op[:n] == 0x75, SETITEMS, np.where(self.single[:n], SETITEM, APPENDS))
        nodes.fill(batch, made_of, begin, middle, self.batch_at)
        name_node = begin
        if self.turning:
            name_node = nodes_of(self.name, name)
            nodes.fill(outer, np.where(self.outer_op[:n] == 0x75, SETITEMS, APPENDS), middle, end, self.outer_at)
            nodes.fill(name, np.where(self.name.text[:n], STR, INT), self.name.a, self.name.b, self.name.at)
            nodes.fill(dict_, DICT, end, end, self.dict_at)
        for operand, column in zip((*self.ahead, *self.behind), (*ahead, *behind), strict=True):
            nodes.fill(column, operand.kind[:n], operand.a, operand.b, operand.at)
        made.fill(ids, places, rebuild, cls_node, hooks_class, *fetched)

        monitor.check()
        new_kinds = nodes.kinds()
        named = [(name_node, self.name.got)] if self.turning else []
        pushed = [*plain, ids[:, reduce]]
        fetched_ones = zip(plain, (operand.got for operand in (*self.ahead, *self.behind)), strict=True)
        if not all(self._keys_hashable(graph.kind, new_kinds, found[got[:n]], first_node) for found, got in named) or not (
                all(self._keys_hashable(graph.kind, new_kinds, found[got[:n]], first_node) for found, got in fetched_ones)      # most often
                or self._keys_hashable(graph.kind, new_kinds, batches.keys(pushed, self.batch_op), first_node)):
            return False
        budget.left -= nodes.total
        written = batches.write(graph, operands, places - first_operand, pushed, ids[:, batch],
                                (name_node, ids[:, dict_], ids[:, outer]) if self.turning else None)
        graph.kind += new_kinds.tobytes()
        room.write(nodes.a[nodes.there], nodes.b[nodes.there], nodes.at[nodes.there], written)
        memo.extend(array("i", put_nodes.astype(np.intc).tobytes()))
        if self.turning and self.turn[:n].any():
            top.marked_behind = bool(self.marked[np.flatnonzero(self.turn[:n])[-1]])
        return True

    def _rebuild(self, graph: Graph, stack: Sequence[int]) -> int:
        """The callable: that of the tensor the run started behind."""
        return graph.a[stack[-1]]

    def _put_nodes(self, before: int, made: Ints) -> Ints:
        """The nodes that the lanes' PUTs store, in order; `before` is the tensor in front of the first lane."""
        import numpy as np
        n = self.lanes
        values = np.empty((n, len(self.puts)), np.int64)
        values[0, 0] = before
        values[1:, 0] = made[:-1, -1]
        values[:, 1:] = made[:, :-1]
        flat: Ints = values[self.put_there[:n]]
        return flat

    def _keys_hashable(self, old: bytearray, new: NDArray[np.uint8], keys: Ints, first_node: int) -> bool:
        nodes = different(keys).values.tolist() if len(keys) else []
        return all((old[k] if k < first_node else int(new[k - first_node])) not in _NOT_FOR_KEYS for k in nodes)


def _before(there: Mask | Ints) -> Ints:
    """Of each lane how many before it are so, or how many the ones before it have together."""
    import numpy as np
    found: Ints = np.cumsum(there, dtype=np.int64) - there
    return found


def _accepts(target: int, kind: int) -> bool:
    """Whether a value of kind `target` may be filled as one of `kind`: of calls and names only running them would tell."""
    return target >= GLOBAL or target == kind


def _taken(value: Any, lanes: Ints) -> Any:
    """An array, or what arrays are in, with these items of each array."""
    import numpy as np
    if isinstance(value, np.ndarray):
        return value[lanes]
    if isinstance(value, list):
        return [_taken(part, lanes) for part in value]
    if isinstance(value, tuple):
        parts = [_taken(part, lanes) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


class _Tensor:
    """The columns of what tensors are made of from the storage's key on, in the order in which the plain loop would make it."""

    def __init__(self, block: _Block, nodes: _Nodes | None = None, operands: _Operands | None = None) -> None:
        import numpy as np
        self.block = block
        self.nodes = nodes = nodes or _Nodes(block.lanes)
        self.operands = operands = operands or _Operands(block.lanes)
        one: Mask = np.ones(block.lanes, bool)
        if block.names:
            self.rebuild, self.storage, self.cls = (nodes.column(one) for _ in range(3))
        self.storage_key = nodes.column(block.storage_key.made)
        self.location = nodes.column(block.location.made)
        self.numel = nodes.column(one)
        self.none = nodes.column(block.none)
        self.pid = nodes.column(one)
        self.persid = nodes.column(one)
        self.offset = nodes.column(one)
        self.sizes = [nodes.column(there) for there, _, _ in block.size.items]
        self.size = nodes.column(~block.size.got)
        self.strides = [nodes.column(there) for there, _, _ in block.stride.items]
        self.stride = nodes.column(~block.stride.got)
        self.flag = nodes.column(one)
        if block.names:
            self.hooks_name = nodes.column(one)
        self.empty = nodes.column(one)
        self.hooks = nodes.column(one)
        self.args = nodes.column(one)
        self.reduce = nodes.column(one)
        self.pid_operands = [operands.column(one) for _ in range(5)] + [operands.column(block.none)]
        self.size_operands = [operands.column(there) for there, _, _ in block.size.items]
        self.stride_operands = [operands.column(there) for there, _, _ in block.stride.items]
        self.args_operands = [operands.column(one) for _ in range(6)]

    def put_columns(self) -> tuple[int, ...]:
        """Those of the nodes that a PUT stores, in order, but for the tensor's own."""
        return self.storage_key, self.location, self.pid, self.size, self.stride, self.hooks, self.args

    def fetched(self) -> tuple[int, ...]:
        """Those of the nodes that may be fetched from the memo instead."""
        return self.storage_key, self.location, self.size, self.stride

    def fill(self, ids: Ints, places: Ints, rebuild: Ints, cls: Ints, hooks_class: Ints, storage_key: Ints, location: Ints, size: Ints,
             stride: Ints) -> None:
        """Writes all of it. `ids` and `places` are the numbers of nodes and operands; the others the nodes that are asked for."""
        import numpy as np
        block, nodes, operands = self.block, self.nodes, self.operands
        after_sizes = places[:, self.stride_operands[0] if self.stride_operands else self.args_operands[0]]
        after_pid = places[:, self.size_operands[0]] if self.size_operands else after_sizes
        nodes.fill(self.storage_key, STR, block.storage_key.a, block.storage_key.b, block.storage_key.at)
        nodes.fill(self.location, STR, block.location.a, block.location.b, block.location.at)
        nodes.fill(self.numel, INT, block.numel.a, 0, block.numel.at)
        nodes.fill(self.none, NONE, 0, 0, block.none_at)
        nodes.fill(self.pid, TUPLE, places[:, self.pid_operands[0]], after_pid, block.pid_at)
        nodes.fill(self.persid, PERSID, ids[:, self.pid], 0, block.persid_at)
        nodes.fill(self.offset, INT, block.offset.a, 0, block.offset.at)
        for column, (_, value, at) in zip([*self.sizes, *self.strides], [*block.size.items, *block.stride.items], strict=True):
            nodes.fill(column, INT, value, 0, at)
        nodes.fill(self.size, TUPLE, after_pid, after_sizes, block.size.at)
        nodes.fill(self.stride, TUPLE, after_sizes, places[:, self.args_operands[0]], block.stride.at)
        nodes.fill(self.flag, np.where(block.flag[:nodes.lanes] == 0x88, TRUE, FALSE), 0, 0, block.flag_at)
        nodes.fill(self.empty, TUPLE, places[:, self.args_operands[0]], places[:, self.args_operands[0]], block.empty_at)
        nodes.fill(self.hooks, REDUCE, hooks_class, ids[:, self.empty], block.hooks_at)
        nodes.fill(self.args, TUPLE, places[:, self.args_operands[0]], places[:, self.args_operands[0]] + 6, block.args_at)
        nodes.fill(self.reduce, REDUCE, rebuild, ids[:, self.args], block.reduce_at)
        storage = ids[:, self.storage] if block.names else np.full(nodes.lanes, block.storage)
        if block.names:
            text = block.anchors + _STORAGE_AT + 5
            nodes.fill(self.rebuild, GLOBAL, block.rebuild_name, 0, block.anchors)
            nodes.fill(self.storage, STR, text, text + 7, block.anchors + _STORAGE_AT)
            nodes.fill(self.cls, GLOBAL, block.cls, 0, block.cls_at)
            nodes.fill(self.hooks_name, GLOBAL, block.hooks, 0, block.hooks_name_at)
        pid_values = (storage, cls, storage_key, location, ids[:, self.numel], ids[:, self.none])
        args_values = (ids[:, self.persid], ids[:, self.offset], size, stride, ids[:, self.flag], ids[:, self.hooks])
        int_values = (ids[:, column] for column in (*self.sizes, *self.strides))
        for column, values in zip([*self.pid_operands, *self.size_operands, *self.stride_operands, *self.args_operands],
                                  [*pid_values, *int_values, *args_values], strict=True):
            operands.fill(column, values)

    def kinds(self) -> NDArray[np.uint8]:
        """[lane, column] -> kind."""
        import numpy as np
        kinds = np.zeros((self.nodes.lanes, len(self.nodes.present)), np.uint8)
        for columns, kind in (((self.storage_key, self.location), STR), ((self.numel, self.offset, *self.sizes, *self.strides), INT),
                              ((self.none,), NONE), ((self.pid, self.size, self.stride, self.empty, self.args), TUPLE),
                              ((self.persid,), PERSID), ((self.hooks, self.reduce), REDUCE)):
            kinds[:, list(columns)] = kind
        kinds[:, self.flag] = np.where(self.block.flag[:self.nodes.lanes] == 0x88, TRUE, FALSE)
        return kinds


class _Table:
    """Columns of what each lane may make, and for each lane and column whether it does; flattened lane by lane."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.present: list[Mask] = []

    def column(self, present: Mask) -> int:
        self.present.append(present[:self.lanes])
        return len(self.present) - 1

    def number(self, first: int) -> Ints:
        """Numbers everything present from `first` on: [lane, column] -> number, of the next one present where absent."""
        import numpy as np
        self.there = np.stack(self.present, 1)
        shape = self.there.shape
        count = np.cumsum(self.there.ravel(), dtype=np.int64).reshape(shape)
        self.total = int(count[-1, -1])
        count -= self.there
        count += first
        return count


class _Nodes(_Table):

    def number(self, first: int) -> Ints:
        import numpy as np
        numbers = super().number(first)
        shape = self.there.shape
        self.kind, self.a = np.empty(shape, np.uint8), np.empty(shape, np.int64)
        self.b, self.at = np.empty(shape, np.intc), np.empty(shape, np.intc)
        self.used: list[bool] = np.any(self.there, 0).tolist()
        return numbers

    def fill(self, column: int, kind: Any, a: Any, b: Any, at: Ints) -> None:
        if self.used[column]:
            n = self.lanes
            self.kind[:, column] = kind
            self.a[:, column] = a if isinstance(a, int) else a[:n]
            self.b[:, column] = b if isinstance(b, int) else b[:n]
            self.at[:, column] = at[:n]

    def kinds(self) -> NDArray[np.uint8]:
        flat: NDArray[np.uint8] = self.kind[self.there]
        return flat


class _Operands(_Table):

    def number(self, first: int) -> Ints:
        import numpy as np
        numbers = super().number(first)
        self.value = np.empty(self.there.shape, np.intc)
        return numbers

    def fill(self, column: int, values: Ints) -> None:
        self.value[:, column] = values[:self.lanes]


class _Batches:
    """The SETITEMS and APPENDS between lanes, and the dicts that begin behind some of them. `inserted[lane]`: operands of all of them up to
    and with that lane's own."""

    def __init__(self, block: _Block, stack: list[int], meta: Sequence[list[int]]) -> None:
        """What lies on `stack` is above the MARK already; `meta` are the stacks below, the last two."""
        import numpy as np
        n = block.lanes
        self.stack, self.meta = stack, meta
        self.lanes = np.flatnonzero(block.batch[:n])
        one: Mask = np.ones(n, bool)
        self.pushed = np.stack([*(operand.there[:n] for operand in (*block.ahead, *block.behind)), one], 1)
        self.ends = block.pushed()[self.lanes] + len(stack)     # of the batches, in what lies there and is pushed
        self.items = np.zeros(n, np.int64)                      # in the batch that ends at a lane
        self.items[self.lanes] = _steps(self.ends, 0)
        own = self.items + block.batch[:n]
        self.turns = self.outer = self.lanes[:0]
        if block.turning:
            self.turn = block.turn[:n]
            self.named = block.name.there[:n] & self.turn
            self.turns, self.outer = np.flatnonzero(self.turn), np.flatnonzero(block.outer[:n])
            begun = (_before(self.turn) + _before(self.named))[self.outer]
            own[self.outer] += 1 + _steps(begun, len(meta[-1]) if len(self.outer) else 0)
        self.own = own
        self.inserted = np.cumsum(own)

    def places(self, places: Ints) -> tuple[Ints, Ints, Ints]:
        """Where the operands of each lane's batch begin, where they end and those of the outer one begin, and where these end. `places`
        are those of the lanes' own operands."""
        end: Ints = places[:, 0]
        begin = end - self.own
        return begin, begin + self.items + 1, end

    def keys(self, pushed: list[Ints], batch_op: Ints) -> Ints:
        """What the batches give dicts as keys. `pushed`: as for `write`."""
        import numpy as np
        whole = np.concatenate((np.array(self.stack, np.int64), np.stack(pushed, 1)[self.pushed]))
        items = self.items[self.lanes]
        places = np.arange(int(items.sum()))
        even = (places - np.repeat(self.ends - items, items)) % 2 == 0
        found: Ints = whole[places[even & np.repeat(batch_op[self.lanes] != 0x65, items)]]
        return found

    def write(self, graph: Graph, operands: _Operands, places: Ints, pushed: list[Ints], nodes: Ints,
              turns: tuple[Ints, Ints, Ints] | None) -> NDArray[np.intc]:
        """Gives all operands, and leaves on the stacks what lies there behind the last lane. `pushed`: nodes, in order, of each lane;
        `turns`: names of dicts, the dicts, nodes of the batches of what they are in."""
        import numpy as np
        written = np.empty(operands.total + int(self.inserted[-1]), np.intc)
        written[places[operands.there]] = operands.value[operands.there]
        whole = np.stack(pushed, 1)[self.pushed]
        if len(self.lanes):
            whole = np.concatenate((np.array(self.stack, np.int64), whole))
            self.stack.clear()
            self._fill(graph, written, places, whole, nodes, turns)
            whole = whole[int(self.ends[-1]):]
        self.stack.extend(whole.tolist())
        return written

    def _fill(self, graph: Graph, written: NDArray[np.intc], places: Ints, whole: Ints, nodes: Ints,
              turns: tuple[Ints, Ints, Ints] | None) -> None:
        """The operands of the batches."""
        import numpy as np
        lanes, last = self.lanes, int(self.ends[-1])
        begin, middle, _ = self.places(places)
        targets = np.full(len(lanes), self.meta[-1][-1])
        if turns is not None:
            before = _before(self.turn)[lanes]
            targets[before > 0] = turns[1][self.turns[before[before > 0] - 1]]
        written[begin[lanes]] = targets
        items = self.items[lanes]
        written[np.arange(last) + np.repeat(begin[lanes] + 1 - (self.ends - items), items)] = whole[:last]
        filled = [*zip(nodes[lanes].tolist(), targets.tolist(), strict=True)]
        if turns is not None:
            filled = sorted(filled + self._fill_outer(written, middle, *turns))
        for node, target in filled:
            graph.mutations.add(target, node)

    def _fill_outer(self, written: NDArray[np.intc], middle: Ints, name: Ints, dict_: Ints, nodes: Ints) -> list[tuple[int, int]]:
        """The same of what the dicts are in: batches, with their targets."""
        import numpy as np
        waiting, filled = self.meta[-1], []
        both = np.stack((name, dict_), 1)
        pushed = np.stack((self.named, self.turn), 1)
        before = 0
        for lane in self.outer.tolist():
            waiting.extend(both[before:lane][pushed[before:lane]].tolist())
            target, place = self.meta[-2][-1], int(middle[lane])
            written[place] = target
            written[place + 1:place + 1 + len(waiting)] = waiting
            filled.append((int(nodes[lane]), target))
            waiting.clear()
            before = lane
        waiting.extend(both[before:][pushed[before:]].tolist())
        return filled


def _steps(totals: Ints, more: int) -> Ints:
    """From each of the totals to the next, from 0 on, and `more` for the first."""
    import numpy as np
    found: Ints = np.diff(totals, prepend=0)
    found[:1] += more
    return found


class _Resolver:
    """Memo indexes to nodes, of entries from before the block and of those the block itself puts."""

    def __init__(self, memo: array[int], put_nodes: Ints) -> None:
        self.memo = memo
        self.known = len(memo)
        self.put_nodes = put_nodes

    def __call__(self, index: Ints, wanted: Mask) -> Ints:
        import numpy as np
        found = np.zeros(len(index), np.int64)
        fresh = wanted & (index >= self.known)
        found[fresh] = self.put_nodes[index[fresh] - self.known]
        old = wanted & (index < self.known)
        found[old] = np.frombuffer(self.memo, np.intc)[index[old]]
        return found
