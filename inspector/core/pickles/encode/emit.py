"""A graph as pickle bytes again.

    emit(graph) ── _Writer.nested: operands, operation, what was done to it, as picklers write ──> bytes
                     └── _Writer.flat: in the order of the log, where a cycle or a late change forces it

Nested order is depth first from the root: a value is written where it is first needed and is complete, with all that was
done to it, before anything else is. A call sees its arguments when it runs, so that this is right only while no call comes
before a change that it did not see, or behind one that it saw; `emit_order` says when that could be. Flat order repeats the
calls and changes of the log one after the other, each value in the memo, and is always right; it needs POP, which torch's
safe unpickler does not know.

What the root does not need is left out: calls whose result was thrown away too. Two values that are one object stay one, by
their node. Nothing here recurses, compares or hashes what is in the file. Memory: the output, and some integers a node.
"""
from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from inspector.core.graph import (
    ADDITEMS,
    APPEND,
    APPENDS,
    BUILD,
    BYTEARRAY,
    BYTES,
    CALLS,
    DICT,
    FALSE,
    FIRST_MUTATION,
    FLOAT,
    FROZENSET,
    GLOBAL,
    GLOBALDYN,
    INST,
    INT,
    LIST,
    NEWOBJ,
    NEWOBJEX,
    OBJ,
    PERSID,
    REDUCE,
    SET,
    SETITEM,
    SETITEMS,
    STR,
    TUPLE,
    Graph,
)
from inspector.core.pickles.objects.names import canonical
from inspector.core.progress import QUIET, Monitor
from inspector.core.runtime.collector import collector_paused

from . import emit_order, opcode_bytes

_CHECK_EVERY = 1 << 11          # nodes between two looks at the monitor
_NOTHING_LATE: Mapping[int, int] = {}
_NO_NODE = 1 << 62
_REST = -1 << 62
_MANY = 1 << 12                 # operands of one node that are put on `work` at once
_OPS = {TUPLE: b"t", FROZENSET: b"\x91", GLOBALDYN: b"\x93", PERSID: b"Q", REDUCE: b"R", NEWOBJ: b"\x81", NEWOBJEX: b"\x92", OBJ: b"o",
        APPEND: b"a", APPENDS: b"e", SETITEM: b"s", SETITEMS: b"u", ADDITEMS: b"\x90", BUILD: b"b"}
_NEEDS = {BYTES: 3, BYTEARRAY: 5, FROZENSET: 4, SET: 4, GLOBALDYN: 4, NEWOBJEX: 4}      # protocol that introduced the opcode
_MARKED = frozenset((APPENDS, SETITEMS, ADDITEMS, OBJ, INST, FROZENSET))
_CONSTANTS = (b"N", b"\x88", b"\x89")
_EMPTY = {LIST: b"]", DICT: b"}", SET: b"\x8f"}
_FILLED = {LIST: b"e", DICT: b"u"}
_TUPLES = (b")", b"\x85", b"\x86", b"\x87")
# names that a protocol below 3 would read as something else than what Python 3 calls so (`_compat_pickle` of CPython 3.13)
_OLD_MODULES = frozenset({"dbm", "_elementtree", "urllib", "itertools", "_socket", "_multiprocessing", "multiprocessing", "socket"})


class Emitted(NamedTuple):
    """`persids` are the nodes of persistent ids in `data`, in the order in which they are loaded; `nested` tells whether
    `data` is in nested order."""

    data: bytes
    persids: list[int]
    nested: bool = True


def emit(graph: Graph, *, done_after: Mapping[int, int] = _NOTHING_LATE, fresh: int = _NO_NODE, readable: bool = True,
         monitor: Monitor = QUIET) -> Emitted:
    """The pickle of `graph`. `done_after` is that of a `GraphEditor`, `fresh` its first new node: what is made from there on may be
    made whenever it is needed. With `readable` kinds that torch's safe unpickler does not
    know become calls that give the same value (bytes, bytearray, sets of plain values, texts of protocol 0); without it every
    node keeps its kind. Raises Cancelled from `monitor`, ValueError for a graph that needs a value to make that value."""
    if graph.root < 0:
        raise ValueError("a pickle that broke off has no root")
    with collector_paused():
        shared = emit_order.shared(graph, monitor)
        try:
            writer = _Writer(graph, shared, done_after, readable, monitor, fresh)
            writer.nested()
            if writer.in_order or not emit_order.has_late_calls(graph, done_after, fresh, monitor):
                return writer.emitted(nested=True)
        except _Cycle:
            pass
        writer = _Writer(graph, shared, done_after, readable, monitor, fresh)
        writer.flat()
        return writer.emitted(nested=False)


class _Cycle(Exception):
    """A value is needed to make that value: nested order cannot say it."""


class _Writer:
    """Numbers on `work` are nodes to be pushed, or their complements, whose operands are on the pickle's stack already; `_REST` is more
    of the operands that stand last in `rests`."""

    def __init__(self, graph: Graph, shared: bytearray, done_after: Mapping[int, int], readable: bool, monitor: Monitor,
                 fresh: int) -> None:
        self.graph = graph
        self.fresh = fresh
        self.shared = shared
        self.changed = graph.changed()
        self.done_after = done_after
        self.readable = readable
        self.monitor = monitor
        self.out = bytearray()
        self.memo: dict[int, int] = {}
        self.entries = 0                    # of the pickle's memo
        self.words: dict[object, int] = {}  # helpers of readable bytes and sets -> their memo entry
        self.open: set[int] = set()         # shared nodes whose operands are being written
        self.rests: list[tuple[Sequence[int], int]] = []        # operands of which there are many, and how many were put on `work`
        self.persids: list[int] = []
        self.protocol = opcode_bytes.PROTOCOL
        self.in_order = True                # calls and changes were written in the order of the log
        self.last = -1
        self.is_flat = False
        self.steady = bytearray()           # in flat order: 1 for nodes that may be made wherever they are needed
        self.top = -1                       # … and what the last statement left on the pickle's stack

    def emitted(self, nested: bool) -> Emitted:
        source = self.graph.protocol
        # names mean something else below 3, and dotted ones something from 4 on
        wanted = max(self.protocol, source) if self.protocol > 2 and source > 2 else 2
        return Emitted(b"\x80" + bytes((wanted,)) + bytes(self.out) + b".", self.persids, nested)

    # -- nested -------------------------------------------------------------------------------------------------------

    def nested(self) -> None:
        self._push(self.graph.root)

    def _push(self, root: int) -> None:
        """Writes what pushes `root`."""
        self._write([root])

    def _write(self, work: list[int]) -> None:
        """Writes what pushes what is on `work`. The branches are in the order of how often kinds occur."""
        graph, out, shared, memo = self.graph, self.out, self.shared, self.memo
        kind, a, b, operands, data = graph.kind, graph.a, graph.b, graph.operands, graph.data
        changed, mutations = self.changed, graph.mutations
        integer, schedule = opcode_bytes.integer, self._schedule
        countdown = _CHECK_EVERY
        while work:
            n = work.pop()
            countdown -= 1
            if not countdown:
                self.monitor.check()
                countdown = _CHECK_EVERY
            if n < 0:
                if n == _REST:
                    self._schedule_rest(work)
                    continue
                n = ~n
                if kind[n] == TUPLE and not shared[n] and not changed[n]:       # as nearly all are
                    count = b[n] - a[n]
                    out += _TUPLES[count] if count <= 3 else b"t"
                else:
                    self._done(n, work)
                continue
            if shared[n]:
                entry = memo.get(n)
                if entry is not None:
                    out += b"h%c" % entry if entry < 256 else b"j" + entry.to_bytes(4, "little")
                    continue
                if n in self.open:
                    raise _Cycle
            k = kind[n]
            if k == INT:
                value = a[n]
                out += b"K%c" % value if 0 <= value < 256 else integer(value)
            elif k == STR:
                raw = data[a[n]:b[n]]
                out += b"X"
                out += len(raw).to_bytes(4, "little")
                out += raw
            elif k == TUPLE:
                count = b[n] - a[n]
                if count:
                    work.append(~n)
                    if count > 3:
                        out += b"("
                        schedule(work, operands[a[n]:b[n]])
                    else:
                        work += reversed(operands[a[n]:b[n]])
                    if shared[n]:
                        self.open.add(n)
                    continue
                out += b")"
            elif k <= FALSE:
                out += _CONSTANTS[k]
            elif k == FLOAT:
                out += b"G" + a[n].to_bytes(8, "big", signed=True)
            elif k in _FILLED and a[n] == b[n]:     # made empty, as picklers do
                out += _EMPTY[k]
                if shared[n]:
                    memo[n] = self._put()
                if changed[n] and not self.is_flat:
                    done = mutations[n]
                    if len(done) == 1:
                        work.append(done[0])
                    else:
                        schedule(work, done)
                continue
            elif k in (REDUCE, NEWOBJ, GLOBALDYN):
                work += ~n, b[n], a[n]
                if shared[n]:
                    self.open.add(n)
                continue
            elif k == PERSID:
                work += ~n, a[n]
                if shared[n]:
                    self.open.add(n)
                continue
            elif k == APPEND or k == SETITEM:  # noqa: SIM109 - two comparisons are less than a tuple
                if b[n] - a[n] > 1:
                    work.append(~n)
                    work += reversed(operands[a[n] + 1:b[n]])
                continue
            elif k >= FIRST_MUTATION:
                self._change(n, work)
                continue
            elif k in opcode_bytes.LEAVES:
                self._leaf(n)
            else:
                self._container(n, work)
                continue
            if shared[n]:
                memo[n] = self._put()

    def _change(self, m: int, work: list[int]) -> None:
        """The target is on the pickle's stack: schedules the rest of a mutation, which may be of many items."""
        graph = self.graph
        if graph.kind[m] == BUILD:
            work += ~m, graph.b[m]
            return
        items = graph.operands[graph.a[m] + 1:graph.b[m]]
        if not items:
            return                      # all of it was dropped
        if graph.kind[m] in _MARKED:
            self.out += b"("
        work.append(~m)
        self._schedule(work, items)

    def _schedule(self, work: list[int], operands: Sequence[int]) -> None:
        """Puts operands on `work`, of many the first only: millions would take forty bytes each there."""
        if len(operands) > _MANY:
            self.rests.append((operands, 0))
            self._schedule_rest(work)
        else:
            work += reversed(operands)

    def _schedule_rest(self, work: list[int]) -> None:
        operands, done = self.rests.pop()
        if done + _MANY < len(operands):
            self.rests.append((operands, done + _MANY))
            work.append(_REST)
        work += reversed(operands[done:done + _MANY])

    def _leaf(self, n: int) -> None:
        graph, k = self.graph, self.graph.kind[n]
        if k == GLOBAL:
            self._name(*graph.names[graph.a[n]])
        elif not self.readable:
            self._need(_NEEDS.get(k, 0))
            self.out += opcode_bytes.leaf(graph, n)
        elif k in (BYTES, BYTEARRAY):
            self._helper(opcode_bytes.ENCODE if k == BYTES else opcode_bytes.MUTABLE_BYTES)
            self.out += opcode_bytes.readable_leaf(graph, n)
            self._helper("latin1" if k == BYTES else "latin-1")
            self.out += b"\x86R"
        else:
            self.out += opcode_bytes.readable_leaf(graph, n)

    def _helper(self, what: str | tuple[str, str]) -> None:
        """A name or text that the readable spelling of bytes and sets needs, from the memo after the first time."""
        entry = self.words.get(what)
        if entry is not None:
            self._get(entry)
            return
        self.out += opcode_bytes.text(what.encode()) if isinstance(what, str) else b"c%s\n%s\n" % (what[0].encode(), what[1].encode())
        self.words[what] = self._put()

    def _name(self, module: str, attribute: str) -> None:
        lines = opcode_bytes.name(module, attribute)
        if lines is None:
            self._need(4)
        elif self.graph.protocol > 2:
            if "." in attribute:
                self._need(4)           # below 4 it would be a name with a dot in it
            elif module == "dbm" or (module in _OLD_MODULES and canonical(module, attribute) != (module, attribute)):
                self._need(3)
        self.out += lines or opcode_bytes.stack_name(module, attribute)

    def _container(self, n: int, work: list[int]) -> None:
        """Schedules a LIST, DICT, SET, FROZENSET, OBJ, INST or NEWOBJEX."""
        graph, k = self.graph, self.graph.kind[n]
        items = graph.initial(n)
        if k == SET and self.readable and not self.is_flat and self._is_plain_set(n):
            self._helper(opcode_bytes.SET)
            self.out += b"]("
            work.append(~n)
            self._schedule(work, graph.sequence(n))
        elif k in _EMPTY:
            self.out += _EMPTY[k]
            self._need(_NEEDS.get(k, 0))
            if items:
                self.out += b"("
            work.append(~n)
            self._schedule(work, items)
        else:
            self._need(_NEEDS.get(k, 0))
            if k in _MARKED:
                self.out += b"("
            work.append(~n)
            self._schedule(work, items[1:] if k == INST else items)
        if self.shared[n]:
            self.open.add(n)

    def _is_plain_set(self, n: int) -> bool:
        """Whether all items are leaves, so that none of them can lead back to the set."""
        return all(self.graph.kind[item] in opcode_bytes.LEAVES for item in self.graph.sequence(n))

    def _done(self, n: int, work: list[int]) -> None:
        """The operands of `n` are on the pickle's stack: writes the operation, and schedules what was done to the value."""
        graph, out, k = self.graph, self.out, self.graph.kind[n]
        if k == TUPLE:
            count = graph.b[n] - graph.a[n]
            out += _TUPLES[count] if count <= 3 else b"t"
        elif k in _EMPTY:
            if k == SET and self.readable and not self.is_flat and self._is_plain_set(n):
                out += b"e\x85R"
                self._remember(n)
                return
            if graph.b[n] > graph.a[n]:
                out += _FILLED[k]
        elif k == INST:
            module, attribute = graph.names[graph.a[graph.operands[graph.a[n]]]]
            out += b"i%s\n%s\n" % (module.encode(), attribute.encode())
        else:
            out += _OPS[k]
            if k == PERSID:
                self.persids.append(n)
        if k >= FIRST_MUTATION or k in CALLS:
            when = self.done_after.get(n, n)
            if when < self.fresh:
                if when < self.last:
                    self.in_order = False
                self.last = when
            if k >= FIRST_MUTATION:
                if k == ADDITEMS:
                    self._need(4)
                return
        self._remember(n)
        if self.changed[n] and not self.is_flat:
            self._schedule(work, graph.mutations[n])

    def _remember(self, n: int) -> None:
        if self.shared[n]:
            self.memo[n] = self._put()
            self.open.discard(n)

    def _put(self) -> int:
        entry = self.entries
        self.out += b"q%c" % entry if entry < 256 else b"r" + struct.pack("<I", entry)
        self.entries = entry + 1
        return entry

    def _get(self, entry: int) -> None:
        self.out += b"h%c" % entry if entry < 256 else b"j" + struct.pack("<I", entry)

    def _need(self, protocol: int) -> None:
        if protocol > self.protocol:
            self.protocol = protocol

    # -- flat ---------------------------------------------------------------------------------------------------------

    def flat(self) -> None:
        """One statement for each value that is changed, or made by a call that must keep its place, and for each change."""
        graph = self.graph
        self.is_flat = True
        self.steady = emit_order.steady(graph, self.done_after, self.monitor)
        self.shared = bytearray(often | (not calm) for often, calm in zip(self.shared, self.steady, strict=True))
        live = graph.reachable()
        order = [n for n, needed in enumerate(live) if needed and (graph.kind[n] >= FIRST_MUTATION or not self.steady[n])]
        if self.done_after:
            order.sort(key=lambda n: self.done_after.get(n, n))
        for n in order:
            self.monitor.check()
            if n not in self.memo:
                self._statement(n)
        self._before(graph.root)
        if self.top != graph.root:
            self._clear()
            self._push(graph.root)

    def _statement(self, n: int) -> None:
        graph = self.graph
        if graph.kind[n] < FIRST_MUTATION:
            self._ensure(n)
            return
        target = graph.references(n)[0]
        if graph.kind[n] != BUILD and graph.b[n] - graph.a[n] < 2:
            return
        self._before(n)
        if self.top != target:
            self._clear()
            self._push(target)
            self.top = target
        work: list[int] = []
        self._change(n, work)
        self._write(work[1:])
        self._done(n, work)

    def _ensure(self, n: int) -> None:
        """Makes `n`, and before it what it needs and what has no statement of its own to come before it."""
        self._before(n)
        if n not in self.memo:
            self._clear()
            self._push(n)
            self.top = n

    def _before(self, n: int) -> None:
        """Makes what pushing `n` needs and cannot be made on the way."""
        todo = [n]
        path: set[int] = set()
        while todo:
            present = todo[-1]
            missing = self._missing(present) if present == n or present not in self.memo else set()
            if missing:
                path.add(present)
                if missing & path:
                    raise ValueError("a value of the pickle is needed to make that value")
                todo += missing
                continue
            todo.pop()
            path.discard(present)
            if present != n and present not in self.memo:
                self._clear()
                self._push(present)
                self.top = present

    def _missing(self, n: int) -> set[int]:
        """Values under `n` that need a statement of their own and had none."""
        graph, found = self.graph, set()
        todo = [*graph.references(n)]
        seen = set(todo)
        while todo:
            other = todo.pop()
            if other in self.memo or graph.kind[other] in opcode_bytes.LEAVES:
                continue
            if not self.steady[other]:
                found.add(other)
                continue
            for more in graph.references(other):
                if more not in seen:
                    seen.add(more)
                    todo.append(more)
        return found

    def _clear(self) -> None:
        if self.top >= 0:
            self.out += b"0"
            self.top = -1
