"""The pickle machine: bytes in, an inert `Graph` out, in one pass. All 68 opcodes, protocols 0 to 5.

    decode(bytes) ── _Machine.run: one loop, the frequent opcodes in place ──> graph.kind/a/b/at/operands
                        ├── _RARE[op](machine, at, pos, stack)      the others, one small method each
                        └── tensor_runs.run(...)                          long runs of tensors, many at a time with numpy

What is accepted follows the C unpickler (`Modules/_pickle.c`), because that is what would have read the file; the stack,
the marks and the memo hold node numbers only, so nothing is imported, called, hashed, compared or nested. Where it is
stricter: a frame must end between two opcodes and hold no other (CPython 3.13.15 and later), and only what a pickler can
have made may be changed (a list is not given keys). Where it is wider: calls, persistent ids and extension codes are
recorded, never resolved, and names may be empty.

Errors are Truncated, Corrupt, Unsupported or TooBig with `where` as "member:offset"; the graph as far as it got is the
error's `decoded`, so that what a broken pickle would have called is still known.
"""
from __future__ import annotations

import re
import struct
from array import array
from bisect import bisect_left
from collections.abc import Callable
from itertools import chain, repeat
from operator import length_hint

from inspector.core.errors import Corrupt, ReadError, TooBig, Truncated, Unsupported
from inspector.core.graph import (
    ADDITEMS,
    APPEND,
    APPENDS,
    BIGINT,
    BIGTEXT,
    BUILD,
    BYTEARRAY,
    BYTES,
    DICT,
    EXT,
    FALSE,
    FLOAT,
    FROZENSET,
    GLOBAL,
    GLOBALDYN,
    INST,
    INT,
    KIND_NAMES,
    LIST,
    NEWOBJ,
    NEWOBJEX,
    NONE,
    OBJ,
    PERSID,
    PERSIDTEXT,
    PYSTR,
    PYSTRTEXT,
    REDUCE,
    SET,
    SETITEM,
    SETITEMS,
    STR,
    STRTEXT,
    TEXTS,
    TRUE,
    TUPLE,
    Graph,
    Note,
)
from inspector.core.hashing import ByNumber
from inspector.core.limits import LIMITS, Limits
from inspector.core.progress import QUIET, Monitor
from inspector.core.runtime.collector import collector_paused
from inspector.core.wording import count

from . import literals, opcodes, tensor_runs

HIGHEST_PROTOCOL = 5
FEW = 1 << 18                           # bytes: more than a frame or most rounds
ROUND = 1 << 12                         # opcodes between two looks at the budgets and the monitor; larger ones leave the cache
NOTES_OF_ONE_KIND = 1000
_USELESS = 3                            # times that bodies are read ahead in vain before it is given up
_MOST_VAIN = 6                          # doublings of what lies between two tries of a run
_HELD_BYTES, _MEMO_BYTES, _FAR_BYTES = 48, 5, 130       # of a number on a stack, in the memo, and of one in the memo beyond its end
DAMAGED = "The file is damaged or was not written by a pickler; get it again from where it came from."
CUT_SHORT = "The file was cut short, perhaps by a broken download or a full disk; get it again from where it came from."

_u16 = struct.Struct("<H").unpack_from
_u32 = struct.Struct("<I").unpack_from
_i32 = struct.Struct("<i").unpack_from
_u64 = struct.Struct("<Q").unpack_from
_float_bits = struct.Struct(">q").unpack_from
_SURROGATE = re.compile("[\ud800-\udfff]")

# What Python's own objects of these kinds cannot take: for the rest (calls, names, persistent ids) only running would tell.
_PLAIN = frozenset(range(GLOBAL))
_UNHASHABLE = frozenset((LIST, DICT, SET, BYTEARRAY))
_SUSPECT = _UNHASHABLE | {TUPLE}
_ACCEPTS = {APPEND: LIST, APPENDS: LIST, SETITEM: DICT, SETITEMS: DICT, ADDITEMS: SET}


Inline = Callable[[Graph, int, int], int]
"""(the graph so far, the node that BUILD was done to, the offset behind that) -> where the pickle goes on. Errors are those of `decode`."""
More = Callable[[], bytes]
"""The same bytes with some of those that follow behind them; as they were where there are none."""


class Budget:
    """How many opcodes may still be run (a PUT right behind what it stores is free), and how many bytes graphs may still take; shared by
    the pickles of one file."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.left = limits.opcodes
        self.memory = limits.memory


def decode(data: bytes, start: int = 0, *, limits: Limits = LIMITS, monitor: Monitor = QUIET, member: str = "data.pkl",
           budget: Budget | None = None, by_runs: bool = True, inline: Inline | None = None, more: More | None = None) -> Graph:
    """The pickle that begins at `data[start]`; `graph.end` is the offset behind its STOP.

    `member` names the stream in errors. `by_runs=False` keeps to the plain loop; the graph is the same either way. `inline` knows of bytes
    between the opcodes. `more` is asked when few bytes are left; Truncated is raised all the same where one opcode needs many.
    Raises Truncated, Corrupt, Unsupported and TooBig (with `decoded`), and Cancelled from `monitor`.
    """
    machine = _Machine(data, start, limits, monitor, member, budget or Budget(limits.of_file(len(data) - start)), by_runs, inline,
                       more)
    if len(data) >= 1 << 31:
        raise TooBig(f"the pickle has {count(len(data), 'byte')}; offsets in it are kept in 31 bits")
    with collector_paused():
        try:
            machine.run()
        except ReadError as error:
            machine.graph.end = machine.at
            error.decoded = machine.graph
            raise
    machine.budget.memory -= machine.graph.nbytes
    return machine.graph


class _Machine:
    """One decode. `stack` lists and the memo hold node numbers; `meta` are the stacks below the open
    MARKs. The memo is dense (`memo[i]` for i < len) with a dict, `far`, for indexes beyond."""

    def __init__(self, data: bytes, start: int, limits: Limits, monitor: Monitor, member: str, budget: Budget,
                 by_runs: bool, inline: Inline | None, more: More | None) -> None:
        self.data = data
        self.start = start
        self.at = start                     # offset of the opcode being run, once it matters
        self.limits = limits
        self.monitor = monitor
        self.member = member
        self.budget = budget
        self.by_runs = by_runs
        self.inline = inline
        self.more = more
        self.graph = Graph(data, start)
        # nodes since the last flush: appending to a list takes a fifth of the time that appending to an array does
        self.new_a: list[int] = []
        self.new_b: list[int] = []
        self.new_at: list[int] = []
        self.new_operands: list[int] = []
        self.base = 0
        self.memo = array("i")
        self.far = ByNumber[int]()
        self.bodies: tensor_runs.Bodies | None = None           # of tensors, read ahead
        self.overwritten = False            # whether a memo entry was put anew since then
        self.useless = 0                    # times that this came to nothing
        self.retry = 0                      # offset before which no run of tensors is looked for
        self.vain = 0                       # times, one after the other, that none was found
        self.meta: list[list[int]] = []
        self.last_frame = tensor_runs.Frame(start, start)
        self.names: dict[tuple[str, str], int] = {}
        self.rebuild = -1                   # node of the global torch._utils._rebuild_tensor_v2
        self.noted: dict[str, int] = {}
        self.tuples_to_hash: list[tuple[int, int, str]] = []    # (at, node, role)

    # -- the loop -----------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Runs up to STOP. The branches are in the order of how often opcodes occur in torch's files; a branch either sets
        k, a, b for the node that the loop's foot appends and pushes, or does all itself and continues."""
        data, size, kind, memo, far, meta = self.data, len(self.data), self.graph.kind, self.memo, self.far, self.meta
        new_a, new_b, new_at, operands = self.new_a, self.new_b, self.new_at, self.new_operands
        opcodes_used = self.graph.opcodes
        base = 0                            # operands already in the graph
        mutate, changed, suspect = self.mutate, self.graph.mutations.add, _SUSPECT
        stack: list[int] = []
        held = 0                            # numbers in all of `meta`
        pos = at = self.start
        rebuild = ahead = -1                # ahead: the same where bodies of tensors may be skipped
        n = 0                               # number of the next node
        steps = repeat(None, 0)
        try:
            while True:
                steps = self.next_round(pos, held + len(stack))
                base = self.flush()
                if size - pos < FEW and self.grow():
                    data, size, ahead = self.data, len(self.data), -1
                for _ in steps:
                    at = pos
                    op = data[at]
                    pos = at + 1
                    if op == 0x4B:                                  # BININT1
                        k = INT
                        a = data[pos]
                        b = 0
                        pos += 1
                    elif op == 0x58 or op == 0x8C:                  # BINUNICODE SHORT_BINUNICODE
                        if op == 0x58:
                            a = pos + 4
                            b = a + _u32(data, pos)[0]
                        else:
                            a = pos + 1
                            b = a + data[pos]
                            if op not in opcodes_used:
                                opcodes_used[op] = at
                        if b > size:
                            raise self.truncated(at)
                        pos = b
                        k = STR
                        if not data[a:b].isascii():
                            self.check_utf8(at, a, b)
                    elif op == 0x68:                                # BINGET
                        i = data[pos]
                        found = memo[i] if i < len(memo) else far[i]
                        pos += 1
                        if found == ahead:
                            lane = self.skip_body(at, n, base + len(operands))
                            base = self.base
                            if lane is not None:
                                n = len(kind)
                                pos, found = lane[0], n - 1
                        stack.append(found)
                        continue
                    elif op == 0x28:                                # MARK
                        meta.append(stack)
                        held += len(stack)
                        stack = []
                        continue
                    elif op == 0x86:                                # TUPLE2
                        k = TUPLE
                        b = stack.pop()
                        operands += stack.pop(), b
                        b = base + len(operands)
                        a = b - 2
                    elif op == 0x74:                                # TUPLE
                        k = TUPLE
                        items = stack
                        stack = meta.pop()
                        held -= len(stack)
                        a = base + len(operands)
                        operands += items
                        b = base + len(operands)
                    elif op == 0x52:                                # REDUCE
                        b = stack.pop()
                        a = stack.pop()
                        k = REDUCE
                        if a == rebuild and at >= self.retry and not far:
                            kind.append(k)
                            new_a.append(a)
                            new_b.append(b)
                            new_at.append(at)
                            stack.append(n)
                            depth = max(len(meta) - 1, 0)       # of the stacks that a run may change
                            held -= sum(map(len, meta[depth:]))
                            pos = self.run_of_tensors(pos, stack, rebuild)
                            held += sum(map(len, meta[depth:]))
                            base = self.flush()
                            n = len(kind)
                            ahead = rebuild if self.bodies is not None else -1
                            if size - pos < FEW and self.grow():
                                data, size, ahead = self.data, len(self.data), -1
                            continue
                    elif op == 0x47:                                # BINFLOAT
                        k = FLOAT
                        a, = _float_bits(data, pos)
                        b = 0
                        pos += 8
                    elif op == 0x29:                                # EMPTY_TUPLE
                        k = TUPLE
                        a = b = base + len(operands)
                    elif op == 0x71:                                # BINPUT
                        self.put(data[pos], stack[-1])
                        pos += 1
                        continue
                    elif op == 0x72:                                # LONG_BINPUT
                        self.put(_u32(data, pos)[0], stack[-1])
                        pos += 4
                        continue
                    elif op == 0x94:                                # MEMOIZE
                        self.put(len(memo) + len(far), stack[-1])
                        opcodes_used.setdefault(op, at)
                        continue
                    elif op == 0x6A:                                # LONG_BINGET
                        i, = _u32(data, pos)
                        found = memo[i] if i < len(memo) else far[i]
                        pos += 4
                        if found == ahead:
                            lane = self.skip_body(at, n, base + len(operands))
                            base = self.base
                            if lane is not None:
                                n = len(kind)
                                pos, found = lane[0], n - 1
                        stack.append(found)
                        continue
                    elif op == 0x51:                                # BINPERSID
                        k = PERSID
                        a = stack.pop()
                        b = 0
                    elif op == 0x4D:                                # BININT2
                        k = INT
                        a, = _u16(data, pos)
                        b = 0
                        pos += 2
                    elif op == 0x4A:                                # BININT
                        k = INT
                        a, = _i32(data, pos)
                        b = 0
                        pos += 4
                    elif op == 0x89 or op == 0x88 or op == 0x4E:    # NEWFALSE NEWTRUE NONE
                        k = FALSE if op == 0x89 else TRUE if op == 0x88 else NONE
                        a = b = 0
                    elif op == 0x7D or op == 0x5D or op == 0x8F:    # EMPTY_DICT EMPTY_LIST EMPTY_SET
                        k = DICT if op == 0x7D else LIST if op == 0x5D else SET
                        a = b = base + len(operands)
                    elif op == 0x75 or op == 0x65 or op == 0x90:    # SETITEMS APPENDS ADDITEMS
                        items = stack
                        stack = meta.pop()
                        held -= len(stack)
                        target = stack[-1]
                        if op == 0x90:
                            opcodes_used.setdefault(op, at)
                        if items:
                            mutate(SETITEMS if op == 0x75 else APPENDS if op == 0x65 else ADDITEMS, at, target, items)
                            base = self.base
                            n += 1
                        continue
                    elif op == 0x85:                                # TUPLE1
                        k = TUPLE
                        operands.append(stack.pop())
                        b = base + len(operands)
                        a = b - 1
                    elif op == 0x87:                                # TUPLE3
                        k = TUPLE
                        items = stack[-3:]
                        del stack[-3:]
                        if len(items) < 3:
                            raise self.underflow(at)
                        operands += items
                        b = base + len(operands)
                        a = b - 3
                    elif op == 0x73 or op == 0x61:                  # SETITEM APPEND
                        items = [stack.pop()]
                        if op == 0x73:
                            items.insert(0, stack.pop())
                        target = stack[-1]
                        if kind[target] != (DICT if op == 0x73 else LIST) or (kind[items[0]] in suspect and op == 0x73):
                            mutate(SETITEM if op == 0x73 else APPEND, at, target, items)
                        else:
                            new_a.append(base + len(operands))
                            operands.append(target)
                            operands += items
                            new_b.append(base + len(operands))
                            new_at.append(at)
                            kind.append(SETITEM if op == 0x73 else APPEND)
                            changed(target, n)
                        n += 1
                        continue
                    elif op == 0x62:                                # BUILD
                        b = stack.pop()
                        self.build(at, stack[-1], b)
                        n += 1
                        if self.inline is not None:
                            base = self.flush()
                            pos = self.inline(self.graph, stack[-1], pos)
                        continue
                    elif op == 0x2E:                                # STOP
                        self.stop(at, pos, stack, held)
                        return
                    else:
                        rare = _RARE.get(op)
                        if rare is None:
                            raise self.corrupt(at, f"there is no pickle opcode 0x{op:02x}")
                        self.at = at
                        if op not in opcodes_used:
                            opcodes_used[op] = at
                        if op in _TO_MARK:
                            items = stack
                            stack = meta.pop()
                            held -= len(stack)
                            pos = rare(self, at, pos, stack, items)
                        elif op == 0x30 and not stack and meta:     # POP takes a MARK where nothing lies on it
                            stack = meta.pop()
                            held -= len(stack)
                        else:
                            pos = rare(self, at, pos, stack, stack)
                        base = self.base
                        n = len(kind)
                        rebuild = self.rebuild
                        continue

                    kind.append(k)
                    new_a.append(a)
                    new_b.append(b)
                    new_at.append(at)
                    stack.append(n)
                    op = data[pos]                                  # nearly every node but numbers is put into the memo
                    if op == 0x72:
                        i, = _u32(data, pos + 1)
                        if i == len(memo) and not far:
                            memo.append(n)
                        else:
                            self.put(i, n)
                        pos += 5
                    elif op == 0x94:
                        if op not in opcodes_used:
                            opcodes_used[op] = pos
                        if far:
                            self.put(len(memo) + len(far), n)
                        else:
                            memo.append(n)
                        pos += 1
                    elif op == 0x71:
                        i = data[pos + 1]
                        if i == len(memo) and not far:
                            memo.append(n)
                        else:
                            self.put(i, n)
                        pos += 2
                    n += 1
        except (IndexError, KeyError, struct.error) as error:
            raise self.explain(error, at) from None
        finally:
            self.flush()
            self.at = at
            self.budget.left += length_hint(steps)

    def next_round(self, pos: int, held: int) -> repeat[None]:
        """Looks at the budgets and the monitor; gives one item for every opcode that may run until the next look. `held`
        counts the numbers on all stacks."""
        self.monitor.report(pos - self.start, len(self.data) - self.start, self.member)
        self.check_held(pos, held)
        needs = self.graph.nbytes + pos - self.start + _HELD_BYTES * held + _MEMO_BYTES * len(self.memo) + _FAR_BYTES * len(self.far)
        if needs > self.budget.memory:
            raise self.too_big(pos, f"what the pickle describes takes more than {self.budget.memory:,} bytes of memory, more than a file "
                               "of this size has a use for")
        count = min(ROUND, self.budget.left)
        if count <= 0:
            raise self.too_big(pos, f"the pickle has more opcodes than the {self.limits.opcodes:,} this program will read")
        self.budget.left -= count
        return repeat(None, count)

    def grow(self) -> bool:
        """Takes in more of the bytes behind those that are there; whether there were some. Nothing is read ahead then."""
        data = self.more() if self.more is not None else self.data
        if len(data) == len(self.data):
            self.more = None
            return False
        self.data = self.graph.data = data
        self.bodies, self.retry = None, 0
        return True

    def check_held(self, at: int, held: int) -> None:
        if held + len(self.meta) > self.limits.stack:
            raise self.too_big(at, f"the pickle's stack holds more than {self.limits.stack:,} entries")
        if len(self.memo) + len(self.far) > self.limits.memo:
            raise self.too_big(at, f"the pickle's memo holds more than {self.limits.memo:,} entries")

    def stop(self, at: int, pos: int, stack: list[int], held: int) -> None:
        graph = self.graph
        graph.root = stack.pop()
        graph.end = pos
        self.check_held(at, held + len(stack))
        self.check_frame(at)
        if at < self.last_frame.end - 1:
            self.note("odd-frame", at, "The pickle stops before its frame ends; some readers skip the rest of the frame, "
                                       "others read it.")
        if held or stack:
            graph.leftover = tuple(chain(*self.meta, stack))
            self.note("leftover-stack", at, f"{len(graph.leftover):,} more value(s) lie on the pickle's stack when it stops; "
                                            "they are not part of the result.")
        if self.meta:
            self.note("leftover-mark", at, f"{len(self.meta):,} MARK(s) are still open when the pickle stops.")
        self.find_unhashable_tuples()

    def run_of_tensors(self, pos: int, stack: list[int], rebuild: int) -> int:
        """Gives the offset behind them. Where there are none or few, the next try comes after twice as many tensors as the last time."""
        self.flush()
        pos, self.retry, bodies = tensor_runs.run(self.graph, self.memo, stack, self.meta, pos, rebuild, self.budget, self.last_frame,
                                                  self.monitor)
        if bodies is None:
            self.vain = 0
        else:
            self.retry = pos + (self.retry - pos << self.vain)
            self.vain = min(self.vain + 1, _MOST_VAIN)
            if self.useless < _USELESS and self.bodies is None:
                self.bodies = bodies
        return pos

    def skip_body(self, at: int, node: int, operand: int) -> tensor_runs.Lane | None:
        """Skips the body of a tensor that begins at `at` and was read ahead; None where it has to be read. `base` and the number of nodes
        are those behind it."""
        bodies = self.bodies
        if bodies is None:
            return None
        lane = bodies.lanes.get(at)
        if lane is None:
            if at <= bodies.last:
                if at in bodies.begun:
                    self.retry = at
                return None
            self.flush()
            self.overwritten = False
            if self.far or not bodies.read_ahead(at, self.memo):
                self.bodies = None
                self.useless += 1
                return None
            lane = bodies.lanes.get(at)
            if lane is None:
                if at in bodies.begun:
                    self.retry = at
                return None
        _, nodes, operands, kinds, puts, first, number = lane
        memo = self.memo
        if (first != len(memo) and first >= 0) or nodes > self.budget.left or self.overwritten or self.far:
            return None
        self.budget.left -= nodes
        bodies.used += 1
        bodies.waiting += number, node, operand
        self.graph.kind += kinds
        memo.extend([node + put for put in puts])
        self.base = operand - len(self.new_operands) + operands
        return lane

    def flush(self) -> int:
        """Moves the new nodes and operands into the graph's arrays; gives the number of operands there."""
        graph = self.graph
        if self.bodies is not None and self.bodies.waiting:
            self.bodies.write(graph, self.new_a, self.new_b, self.new_at, self.new_operands, self.base + len(self.new_operands))
            for new in (self.new_a, self.new_b, self.new_at, self.new_operands):
                new.clear()
        for new, kept in ((self.new_a, graph.a), (self.new_b, graph.b), (self.new_at, graph.at),
                          (self.new_operands, graph.operands)):
            if new:
                _extend(kept, new)
                new.clear()
        self.base = len(graph.operands)
        return self.base

    # -- nodes --------------------------------------------------------------------------------------------------------

    def node(self, kind: int, a: int, b: int, at: int) -> int:
        self.graph.kind.append(kind)
        self.new_a.append(a)
        self.new_b.append(b)
        self.new_at.append(at)
        return len(self.graph.kind) - 1

    def container(self, kind: int, at: int, *parts: list[int]) -> int:
        operands = self.new_operands
        first = self.base + len(operands)
        for part in parts:
            if len(part) > ROUND:               # it may be millions
                self.flush()
                self.graph.operands.extend(_emptied(part))
                self.base = len(self.graph.operands)
            else:
                operands += part
        return self.node(kind, first, self.base + len(operands), at)

    def mutate(self, kind: int, at: int, target: int, items: list[int]) -> None:
        """One APPEND(S), SETITEM(S) or ADDITEMS. Only the right container or something whose class is unknown takes it."""
        kinds = self.graph.kind
        was = kinds[target]
        if was in _PLAIN and was != _ACCEPTS[kind]:
            raise self.cannot_change(at, target)
        if kind == SETITEMS or kind == SETITEM:  # noqa: SIM109 - two comparisons are less than a tuple
            self.check_pairs(at, items)
        elif kind == ADDITEMS:
            self.check_hashable(at, items, "an item of a set")
        n = len(kinds)
        if len(items) > ROUND:
            self.container(kind, at, [target], items)
        else:                                   # the same in place: there may be as many as there are values
            operands = self.new_operands
            self.new_a.append(self.base + len(operands))
            operands.append(target)
            operands += items
            self.new_b.append(self.base + len(operands))
            self.new_at.append(at)
            kinds.append(kind)
        self.graph.mutations.add(target, n)

    def build(self, at: int, target: int, state: int) -> None:
        """BUILD calls `__setstate__` or fills `__dict__`, which Python's own plain objects have not; None as state does nothing."""
        kind = self.graph.kind
        if kind[target] in _PLAIN and kind[state] != NONE:
            raise self.cannot_change(at, target)
        self.graph.mutations.add(target, self.node(BUILD, target, state, at))

    def put(self, index: int, n: int) -> None:
        memo = self.memo
        if index < len(memo):
            memo[index] = n
            self.overwritten = True
        elif index == len(memo):
            memo.append(n)
            self.far.discard(index)
        else:
            self.far[index] = n

    # -- checks -------------------------------------------------------------------------------------------------------

    def check_pairs(self, at: int, items: list[int]) -> None:
        if len(items) % 2:
            raise self.corrupt(at, f"{opcodes.name(self.data[at])} has a key without a value")
        self.check_hashable(at, items[::2], "a key of a dict")

    def check_hashable(self, at: int, nodes: list[int], role: str) -> None:
        """Notes what Python would refuse to hash. Tuples are looked into at the end, all in one pass."""
        kind = self.graph.kind
        if _SUSPECT.isdisjoint(map(kind.__getitem__, nodes)):
            return
        for n in nodes:
            if kind[n] in _UNHASHABLE:
                self.note("unhashable", at, f"A {KIND_NAMES[kind[n]].lower()} is {role}, which Python does not allow.")
            elif kind[n] == TUPLE:
                self.tuples_to_hash.append((at, n, role))

    def find_unhashable_tuples(self) -> None:
        """A tuple's operands come before it in the log, so one pass forward settles tuples of tuples of any depth."""
        if not self.tuples_to_hash:
            return
        self.flush()
        graph, kind = self.graph, self.graph.kind
        bad = bytearray(len(kind))
        n = kind.find(TUPLE)
        while n >= 0:
            bad[n] = any(bad[i] or kind[i] in _UNHASHABLE for i in graph.initial(n))
            n = kind.find(TUPLE, n + 1)
        for at, n, role in self.tuples_to_hash:
            if bad[n]:
                self.note("unhashable", at, f"A tuple that holds a list, dict or set is {role}, which Python does not allow.")

    def check_utf8(self, at: int, a: int, b: int) -> None:
        raw = self.data[a:b]
        try:
            str(raw, "utf-8")
        except UnicodeDecodeError:
            try:
                str(raw, "utf-8", "surrogatepass")
            except UnicodeDecodeError as error:
                raise self.corrupt(a + error.start, "a text is not valid UTF-8") from None
            self.note_surrogate(at)

    def check_frame(self, at: int) -> None:
        """The frame that was open before `at` must have ended between two opcodes. Steps on from the last node inside it."""
        frame = self.last_frame
        if not frame.start < frame.end <= at:
            return
        self.flush()
        ats = self.graph.at
        before = bisect_left(ats, frame.end) - 1
        pos: int | None = max(frame.start, ats[before]) if before >= 0 else frame.start
        while pos is not None and pos < frame.end:
            last, pos = pos, opcodes.end_of(self.data, pos)
        if pos != frame.end:
            raise self.corrupt(last, f"{opcodes.name(self.data[last])} crosses the end of its frame", id="frame_mismatch")

    # -- the less frequent opcodes: (at, pos behind the opcode byte, stack, what lay above the MARK) -> pos behind the opcode ----

    def proto(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        version = self.data[pos]
        if version > HIGHEST_PROTOCOL:
            raise self.failed(Unsupported, at, f"there is no pickle protocol {version} yet, only up to {HIGHEST_PROTOCOL}",
                              "If the file is not damaged, a newer version of this program may read it.")
        if at != self.start:
            self.note("odd-protocol", at, f"The pickle's protocol is said again, or late: {version}.")
        self.graph.protocol = max(self.graph.protocol, version)
        return pos + 1

    def frame(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        length, = _u64(self.data, pos)
        if at < self.last_frame.end:
            raise self.corrupt(at, "a frame begins before the last one has ended", id="frame_mismatch")
        self.check_frame(at)
        if pos + 8 + length > len(self.data):
            raise self.truncated(at)
        self.last_frame = tensor_runs.Frame(pos + 8, pos + 8 + length)
        return pos + 8

    def pop(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        stack.pop()
        return pos

    def pop_mark(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        return pos

    def dup(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        stack.append(stack[-1])
        return pos

    def put_text(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        index, end = self.index(at, pos)
        if not 0 <= index <= literals.INT64_MAX:
            raise self.corrupt(at, f"the memo index {index} is impossible")
        self.put(index, stack[-1])
        return end

    def get_text(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        index, end = self.index(at, pos)
        found = self.memo[index] if 0 <= index < len(self.memo) else self.far[index]
        stack.append(found)
        return end

    def int_text(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        return self.number(at, pos, stack, literals.int_line)

    def long_text(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        return self.number(at, pos, stack, literals.long_line)

    def long_binary(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        if self.data[at] == 0x8B and _i32(self.data, pos)[0] < 0:
            raise self.corrupt(at, "LONG4 has a negative length")
        first, end = self.counted(at, pos)
        length = end - first
        if length * 8 <= self.limits.int_bits:
            value = int.from_bytes(self.data[first:end], "little", signed=True)
            if literals.INT64_MIN <= value <= literals.INT64_MAX:
                stack.append(self.node(INT, value, 0, at))
                return end
        else:
            self.note("big-int", at, f"An integer of {length * 8:,} bits.")
        stack.append(self.node(BIGINT, first, end, at))
        return end

    def float_text(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        end = self.line(at, pos)
        try:
            bits = literals.float_line(self.data[pos:end])
        except ValueError as error:
            raise self.corrupt(at, f"FLOAT does not hold a number: {error}") from None
        stack.append(self.node(FLOAT, bits, 0, at))
        return end + 1

    def string_text(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        end = self.text_end(at, pos)
        try:
            first, last = literals.quoted(self.data[pos:end])
        except ValueError as error:
            raise self.corrupt(at, f"STRING does not hold a string: {error}") from None
        stack.append(self.node(PYSTRTEXT, pos + first, pos + last, at))
        return end + 1

    def unicode_text(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        end = self.text_end(at, pos)
        try:
            text = str(self.data[pos:end], "raw-unicode-escape")
        except UnicodeDecodeError as error:
            raise self.corrupt(at, f"UNICODE does not hold a text: {error.reason}") from None
        if _SURROGATE.search(text):
            self.note_surrogate(at)
        stack.append(self.node(STRTEXT, pos, end, at))
        return end + 1

    def literal(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        op = self.data[at]
        if op == 0x54 and _i32(self.data, pos)[0] < 0:
            raise self.corrupt(at, "BINSTRING has a negative length")
        first, end = self.counted(at, pos)
        if op == 0x8D and not self.data[first:end].isascii():
            self.check_utf8(at, first, end)
        stack.append(self.node(_LITERALS[op], first, end, at))
        return end

    def list_of(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        stack.append(self.container(LIST, at, items))
        return pos

    def dict_of(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        self.check_pairs(at, items)
        stack.append(self.container(DICT, at, items))
        return pos

    def frozenset_of(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        self.check_hashable(at, items, "an item of a frozenset")
        stack.append(self.container(FROZENSET, at, items))
        return pos

    def global_text(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        n, end = self.global_lines(at, pos, "utf-8")
        stack.append(n)
        return end

    def stack_global(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        name, module = stack.pop(), stack.pop()
        graph = self.graph
        self.flush()
        if graph.kind[name] in TEXTS and graph.kind[module] in TEXTS:
            stack.append(self.global_node(at, graph.text(module) or "", graph.text(name) or ""))
        else:
            stack.append(self.node(GLOBALDYN, module, name, at))
        return pos

    def ext(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        op = self.data[at]
        code = self.data[pos] if op == 0x82 else _u16(self.data, pos)[0] if op == 0x83 else _i32(self.data, pos)[0]
        if code <= 0:
            raise self.corrupt(at, f"the extension code {code} is impossible")
        stack.append(self.node(EXT, code, 0, at))
        return pos + opcodes.FIXED[op]

    def persid_text(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        end = self.line(at, pos)
        if not self.data[pos:end].isascii():
            raise self.corrupt(at, "a persistent id is not ASCII text")
        stack.append(self.node(PERSIDTEXT, pos, end, at))
        return end + 1

    def newobj(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        arguments, cls = stack.pop(), stack.pop()
        stack.append(self.node(NEWOBJ, cls, arguments, at))
        return pos

    def newobj_ex(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        keywords, arguments, cls = stack.pop(), stack.pop(), stack.pop()
        stack.append(self.container(NEWOBJEX, at, [cls, arguments, keywords]))
        return pos

    def obj(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        if not items:
            raise self.underflow(at)
        stack.append(self.container(OBJ, at, items))
        return pos

    def inst(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        cls, end = self.global_lines(at, pos, "ascii")
        stack.append(self.container(INST, at, [cls], items))
        return end

    def next_buffer(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        raise self.corrupt(at, "the pickle wants a buffer that was kept outside of it, and there is none")

    def readonly_buffer(self, at: int, pos: int, stack: list[int], items: list[int]) -> int:
        raise self.failed(Unsupported, at, "the pickle refers to a buffer that was kept outside of it",
                          "Save it again without `buffer_callback`.")

    # -- their parts --------------------------------------------------------------------------------------------------

    def line(self, at: int, pos: int) -> int:
        """Where the newline is that ends the text line at `pos`."""
        end = self.data.find(b"\n", pos, pos + self.limits.text_line + 1)
        if end >= 0:
            return end
        if len(self.data) - pos > self.limits.text_line:
            raise self.too_big(at, f"a line of {opcodes.name(self.data[at])} is longer than {self.limits.text_line:,} bytes")
        raise self.truncated(at)

    def text_end(self, at: int, pos: int) -> int:
        """The same of a text, which is as long as it is: protocol 0 keeps all elements of an array in one."""
        end = self.data.find(b"\n", pos)
        if end < 0:
            raise self.truncated(at)
        return end

    def counted(self, at: int, pos: int) -> tuple[int, int]:
        """Start and end of the payload behind its little-endian, unsigned length at `pos`."""
        first = pos + opcodes.COUNTED[self.data[at]]
        end = first + int.from_bytes(self.data[pos:first], "little")
        if end > len(self.data) or first > len(self.data):
            raise self.truncated(at)
        return first, end

    def index(self, at: int, pos: int) -> tuple[int, int]:
        """The memo index of PUT or GET, and the offset behind its line."""
        end = self.line(at, pos)
        try:
            index, canonical = literals.index_line(self.data[pos:end])
        except ValueError as error:
            raise self.corrupt(at, f"{opcodes.name(self.data[at])} does not hold a memo index: {error}") from None
        if not canonical:
            self.note_spelling(at, index)
        return index, end + 1

    def number(self, at: int, pos: int, stack: list[int], read: Callable[[bytes], literals.Number]) -> int:
        end = self.line(at, pos)
        try:
            found = read(self.data[pos:end])
        except ValueError as error:
            raise self.corrupt(at, f"{opcodes.name(self.data[at])} does not hold an integer: {error}") from None
        value = found.value
        if value is None:
            if found.end - found.start > self.limits.int_bits * 0.3:
                self.note("big-int", at, f"An integer of {found.end - found.start:,} digits.")
            stack.append(self.node(BIGTEXT, pos + found.start, pos + found.end, at))
        elif isinstance(value, bool):
            stack.append(self.node(TRUE if value else FALSE, 0, 0, at))
        else:
            stack.append(self.node(INT, value, 0, at))
        if not found.canonical:
            self.note_spelling(at, value)
        return end + 1

    def global_lines(self, at: int, pos: int, encoding: str) -> tuple[int, int]:
        middle = self.line(at, pos)
        end = self.line(at, middle + 1)
        try:
            module, name = str(self.data[pos:middle], encoding), str(self.data[middle + 1:end], encoding)
        except UnicodeDecodeError:
            raise self.corrupt(at, f"a name in {opcodes.name(self.data[at])} is not valid {encoding.upper()}") from None
        return self.global_node(at, module, name), end + 1

    def global_node(self, at: int, module: str, name: str) -> int:
        index = self.names.setdefault((module, name), len(self.names))
        if index == len(self.graph.names):
            self.graph.names.append((module, name))
        n = self.node(GLOBAL, index, 0, at)
        if self.by_runs and name == "_rebuild_tensor_v2" and module == "torch._utils":
            self.rebuild = n
        return n

    # -- notes and errors ---------------------------------------------------------------------------------------------

    def note(self, id: str, at: int, message: str) -> None:
        count = self.noted[id] = self.noted.get(id, 0) + 1
        if count <= NOTES_OF_ONE_KIND:
            self.graph.notes.append(Note(id, at, message))
        elif count == NOTES_OF_ONE_KIND + 1:
            self.graph.notes.append(Note(id, at, f"There are more than {NOTES_OF_ONE_KIND:,} of these; the rest is not listed."))

    def note_surrogate(self, at: int) -> None:
        self.note("surrogate", at, "A text holds half of a surrogate pair, which is no character; it is kept as it is.")

    def note_spelling(self, at: int, value: int | None) -> None:
        shown = "a big integer" if value is None else f"{value:d}"
        self.note("non-canonical-int", at, f"An integer is spelt as no pickler spells it; PyTorch reads it as {shown}, "
                                           "other tools may not.")

    def explain(self, error: Exception, at: int) -> ReadError:
        """What an exception of the loop means: the data ended, the stack was too short, or the memo entry was never made."""
        self.flush()
        ats = self.graph.at
        if isinstance(error, KeyError):
            return self.corrupt(at, f"{opcodes.name(self.data[at])} asks for memo entry {error.args[0]}, which was never put there")
        reached_next = bool(ats) and ats[-1] == at         # the node is made, so only the PUT behind it can have failed
        if isinstance(error, struct.error) or reached_next or opcodes.end_of(self.data, at) is None:
            return self.truncated(opcodes.end_of(self.data, at) or at if reached_next else at)
        return self.underflow(at)

    def truncated(self, at: int) -> ReadError:
        if at >= len(self.data):
            return self.failed(Truncated, at, "the pickle ends without its STOP", CUT_SHORT)
        return self.failed(Truncated, at, f"the pickle ends in the middle of {opcodes.name(self.data[at])}", CUT_SHORT)

    def underflow(self, at: int) -> ReadError:
        return self.corrupt(at, f"{opcodes.name(self.data[at])} needs more than lies on the pickle's stack")

    def cannot_change(self, at: int, target: int) -> ReadError:
        kind = KIND_NAMES[self.graph.kind[target]]
        return self.corrupt(at, f"{opcodes.name(self.data[at])} would change a value of kind {kind}, which has no such thing")

    def too_big(self, at: int, message: str) -> ReadError:
        return self.failed(TooBig, at, message,
                           "No real checkpoint needs as much; the file is damaged or made to exhaust its reader.")

    def corrupt(self, at: int, message: str, *, id: str = "") -> ReadError:
        return self.failed(Corrupt, at, message, DAMAGED, id=id)

    def failed(self, error: type[ReadError], at: int, message: str, hint: str, *, id: str = "") -> ReadError:
        return error(message[0].upper() + message[1:] if message[0].islower() else message, hint, f"{self.member}:{at}", id=id)


def _extend(kept: array[int], new: list[int]) -> None:
    """Four times as fast as `array.fromlist`; in pieces, as each stands in memory three times for a moment."""
    for first in range(0, len(new), ROUND):
        piece = new[first:first + ROUND]
        kept.frombytes(struct.pack(f"{len(piece)}{kept.typecode}", *piece))


def _emptied(numbers: list[int]) -> array[int]:
    """The same numbers as an array, which are ten times smaller there; none is in memory twice for longer than a moment."""
    found = array("i", bytes(4 * len(numbers)))
    for first in range((len(numbers) - 1) // ROUND * ROUND, -1, -ROUND):
        found[first:first + ROUND] = array("i", numbers[first:])
        del numbers[first:]
    return found


_LITERALS = {0x8D: STR, 0x43: BYTES, 0x42: BYTES, 0x8E: BYTES, 0x96: BYTEARRAY, 0x55: PYSTR, 0x54: PYSTR}
_RARE: dict[int, Callable[[_Machine, int, int, list[int], list[int]], int]] = {
    0x80: _Machine.proto,
    0x95: _Machine.frame,
    0x30: _Machine.pop,
    0x31: _Machine.pop_mark,
    0x32: _Machine.dup,
    0x70: _Machine.put_text,
    0x67: _Machine.get_text,
    0x49: _Machine.int_text,
    0x4C: _Machine.long_text,
    0x8A: _Machine.long_binary,
    0x8B: _Machine.long_binary,
    0x46: _Machine.float_text,
    0x53: _Machine.string_text,
    0x56: _Machine.unicode_text,
    **dict.fromkeys(_LITERALS, _Machine.literal),
    0x6C: _Machine.list_of,
    0x64: _Machine.dict_of,
    0x91: _Machine.frozenset_of,
    0x63: _Machine.global_text,
    0x93: _Machine.stack_global,
    0x82: _Machine.ext,
    0x83: _Machine.ext,
    0x84: _Machine.ext,
    0x50: _Machine.persid_text,
    0x81: _Machine.newobj,
    0x92: _Machine.newobj_ex,
    0x6F: _Machine.obj,
    0x69: _Machine.inst,
    0x97: _Machine.next_buffer,
    0x98: _Machine.readonly_buffer,
}
_TO_MARK = frozenset(b"ldo1i\x91")        # LIST DICT OBJ POP_MARK INST FROZENSET
