"""Which bytes of a pickle push which operand: a walk over the opcodes that keeps offsets only.

The graph says what there is; where a value is fetched from the memo it does not say, and patching the bytes needs that.
Stack effects are those of `machine`, which accepted the stream before.
"""
from __future__ import annotations

from typing import NamedTuple

from inspector.core.graph import Graph
from inspector.core.pickles.decode import opcodes
from inspector.core.progress import QUIET, Monitor, stoppable

_CHECK_EVERY = 1 << 12
_PUSH, _GET, _PUT, _MARK, _TAKE, _TO_MARK, _INTO, _POP, _DUP, _NOTHING = range(10)
# opcodes that take their operands off the stack: how many above the one whose place the result takes
_TAKES = {**dict.fromkeys(b"\x85Q", 0), **dict.fromkeys(b"\x86R\x81\x93ba", 1), **dict.fromkeys(b"\x87\x92s", 2)}
_OPERANDS = {**dict.fromkeys(b"\x85Qba", 1), **dict.fromkeys(b"\x86R\x81\x93s", 2), **dict.fromkeys(b"\x87\x92", 3)}


def _classes() -> bytes:
    table = bytearray([_PUSH]) * 256
    for group, codes in ((_GET, b"hjg"), (_PUT, b"qrp\x94"), (_MARK, b"("), (_TAKE, bytes(_TAKES)), (_TO_MARK, b"tldoi\x91"),
                         (_INTO, b"eu\x90"), (_POP, b"01"), (_DUP, b"2"), (_NOTHING, b"\x80\x95\x98")):
        for code in codes:
            table[code] = group
    return bytes(table)


_CLASS = _classes()


class OperandOffsets(NamedTuple):
    """`starts` has for each wanted node the offset at which each of its operands begins to be pushed (the target of a
    mutation left out); `fetched`, for each watched literal, the offsets of the opcodes that fetch it from the memo."""

    starts: dict[int, list[int]]
    fetched: dict[int, list[int]]


def operand_offsets(graph: Graph, wanted: set[int], watched: set[int], monitor: Monitor = QUIET) -> OperandOffsets | None:
    """One walk over the pickle of `graph`. None where the stream does something that this does not follow."""
    data, pos, end = graph.data, graph.start, graph.end
    consumers = {graph.at[n]: n for n in stoppable(wanted, monitor)}
    literals = {graph.at[n]: n for n in stoppable(watched, monitor)}
    starts: dict[int, list[int]] = {}
    fetched: dict[int, list[int]] = {n: [] for n in stoppable(watched, monitor)}
    stack: list[int] = []
    meta: list[tuple[int, list[int]]] = []
    entries: dict[int, int] = {}            # memo index -> watched literal
    count = 0                               # of the memo, for MEMOIZE
    fixed, classes = opcodes.FIXED, _CLASS
    countdown = _CHECK_EVERY
    try:
        while pos < end - 1:
            countdown -= 1
            if not countdown:
                monitor.check()
                countdown = _CHECK_EVERY
            at, op = pos, data[pos]
            width = fixed.get(op)
            if width is not None:
                pos += 1 + width
            else:
                behind = opcodes.end_of(data, at)
                if behind is None:
                    return None
                pos = behind
            group = classes[op]
            if group == _PUSH:
                stack.append(at)
            elif group == _GET:
                stack.append(at)
                if entries:
                    index = _index(data, at, op, pos)
                    if index in entries:
                        fetched[entries[index]].append(at)
            elif group == _PUT:
                index = count if op == 0x94 else _index(data, at, op, pos)
                count += 1
                if stack[-1] in literals and data[stack[-1]] == data[graph.at[literals[stack[-1]]]]:
                    entries[index] = literals[stack[-1]]
                elif index in entries:
                    del entries[index]
            elif group == _MARK:
                meta.append((at, stack))
                stack = []
            elif group == _TAKE:
                if at in consumers:
                    starts[consumers[at]] = stack[-_OPERANDS[op]:]
                above = _TAKES[op]
                if above:
                    del stack[-above:]
            elif group in (_TO_MARK, _INTO):
                if at in consumers:
                    starts[consumers[at]] = stack
                mark, stack = meta.pop()
                if group == _TO_MARK:
                    stack.append(mark)
            elif group == _POP:
                if op == 0x31 or not stack:
                    stack = meta.pop()[1]
                else:
                    stack.pop()
            elif group == _DUP:
                stack.append(at)
    except IndexError:
        return None
    return OperandOffsets(starts, fetched)


def _index(data: bytes, at: int, op: int, pos: int) -> int:
    return int.from_bytes(data[at + 1:pos], "little") if op in b"hjqr" else int(data[at + 1:pos])
