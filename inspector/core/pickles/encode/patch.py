"""An edited graph as its original bytes with only the edited literals and entries replaced.

    patch(editor) ── _Patch.literals: texts and numbers, in place where every use of one changes alike, else use by use
                  ── _Patch.drops: the opcodes of an entry go, from its key to what follows its value
                  ── spliced: the rest is copied; FRAMEs go, as their lengths would be wrong

A text is written once and fetched from the memo where it is needed again: a location that is also a key, one key in many
dicts. Which opcode pushed which operand is found by one walk over the opcodes (`operand_offsets`), only where that is needed.
None says that it cannot be done here: something else than literals and entries changed, or a dropped entry holds what
others fetch from the memo.
"""
from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector.core.graph import APPEND, COLUMNS, DICT, FIRST_MUTATION, LIST, LISTED, PERSID, SETITEM, SETITEMS, STR, Graph
from inspector.core.pickles.decode import opcodes
from inspector.core.progress import QUIET, Monitor, stoppable

from . import emit_order, opcode_bytes
from .emit import Emitted
from .graph_editor import GraphEditor
from .operand_offsets import OperandOffsets, operand_offsets

if TYPE_CHECKING:
    import numpy as np

    Ints = np.ndarray[Any, np.dtype[np.int64]]

_FRAME, _MEMOIZE = 0x95, 0x94
_GETS = frozenset(b"hjg")
_PUTS = frozenset(b"qrp\x94")
_ONE_ENTRY = frozenset({APPEND, SETITEM})


class _Splice(NamedTuple):
    start: int
    end: int
    new: bytes


class _NotHere(Exception):
    """The bytes cannot be patched for this."""


def patch(editor: GraphEditor, monitor: Monitor = QUIET) -> Emitted | None:
    """The patched bytes; None where they have to be written anew. Raises Cancelled."""
    graph = editor.source
    if editor.rebuilt or any(editor.graph.kind[n] not in opcode_bytes.LEAVES for n in stoppable(editor.literals.values(), monitor)):
        return None
    if any(graph.kind[n] not in (LIST, DICT) and graph.kind[n] < FIRST_MUTATION for n in stoppable(editor.drops, monitor)):
        return None
    try:
        patching = _Patch(editor, monitor)
        splices = [*patching.literals(), *patching.drops(), *_frames(graph, monitor)]
        data = _spliced(graph.data[graph.start:graph.end], graph.start, splices, monitor)
    except _NotHere:
        return None
    return Emitted(data, patching.persids())


def _spliced(data: bytes, base: int, splices: list[_Splice], monitor: Monitor) -> bytes:
    out, at = bytearray(), 0
    for start, end, new in stoppable(sorted(splices), monitor):
        if start - base < at:
            if end - base <= at and not new:
                continue                # a frame's head, or an entry, within what goes anyway
            raise _NotHere
        out += data[at:start - base]
        out += new
        at = end - base
    out += data[at:]
    return bytes(out)


def _frames(graph: Graph, monitor: Monitor) -> list[_Splice]:
    """The heads of all frames: what is in them is no longer as long as they say."""
    found: list[_Splice] = []
    if graph.protocol < 4:
        return found
    pos: int | None = graph.start
    for _ in stoppable(repeat(None), monitor):
        if pos is None or pos >= graph.end:
            break
        if graph.data[pos] == _FRAME:
            found.append(_Splice(pos, pos + 9, b""))
            pos += 9 + int.from_bytes(graph.data[pos + 1:pos + 9], "little")
        else:
            pos = opcodes.end_of(graph.data, pos)
    return found


class _Patch:
    def __init__(self, editor: GraphEditor, monitor: Monitor) -> None:
        self.editor = editor
        self.graph = editor.source
        self.monitor = monitor
        self.uses = emit_order.uses(self.graph, monitor)
        self.gone: list[tuple[int, int]] = []           # bytes of dropped entries
        self._offsets: OperandOffsets | None = None
        self._by_node: dict[int, list[tuple[int, int]]] = {}
        for n, position in stoppable(editor.literals, monitor):
            self._by_node.setdefault(self._operand(n, position), []).append((n, position))

    # -- literals -----------------------------------------------------------------------------------------------------

    def literals(self) -> list[_Splice]:
        found: list[_Splice] = []
        for old, positions in stoppable(self._by_node.items(), self.monitor):
            if self.graph.kind[old] not in opcode_bytes.LEAVES or old == self.graph.root:
                raise _NotHere
            new = [self._literal(old, self.editor.literals[position]) for position in positions]
            if len(positions) == self.uses[old] and len(set(new)) == 1:
                at = self.graph.at[old]
                found.append(_Splice(at, self._end(at), new[0]))
            else:
                found += self._some_uses(old, positions, new)
        return found

    def _some_uses(self, old: int, positions: list[tuple[int, int]], new: list[bytes]) -> list[_Splice]:
        """Some uses of a literal change and others do not, or they change differently."""
        graph, data = self.graph, self.graph.data
        at, end = graph.at[old], self._end(graph.at[old])
        found: list[_Splice] = []
        edited: set[int] = set()
        at_home = b""
        for (n, position), literal in zip(positions, new, strict=True):
            start = self._starts(n)[position - (graph.kind[n] >= FIRST_MUTATION)]
            edited.add(start)
            if start == at:
                at_home = literal
            elif data[start] in _GETS:
                found.append(_Splice(start, self._end(start), literal))
            else:
                raise _NotHere
        if not at_home:
            return found
        fetched = [start for start in self._operand_offsets().fetched.get(old, ()) if start not in edited]
        if not fetched:                     # nobody needs what was here
            return [*found, _Splice(at, end, at_home)]
        if data[end] == _MEMOIZE:           # its number in the memo is its turn: it must stay, and POP takes it off the stack
            return [*found, _Splice(end + 1, end + 1, b"0" + at_home)]
        if data[end] not in _PUTS:
            raise _NotHere
        behind = self._end(end)
        return [*found, _Splice(at, behind, at_home), _Splice(fetched[0], self._end(fetched[0]), data[at:behind])]

    def _literal(self, old: int, new: int) -> bytes:
        """The opcodes of `new`, in the manner of those of `old`."""
        graph, op = self.editor.graph, self.graph.data[self.graph.at[old]]
        if graph.kind[new] == STR:
            raw = graph.data[graph.a[new]:graph.b[new]]
            return opcode_bytes.short_text(raw) if op == 0x8C else opcode_bytes.text(raw)
        return opcode_bytes.leaf(graph, new)

    # -- entries ------------------------------------------------------------------------------------------------------

    def drops(self) -> list[_Splice]:
        graph = self.graph
        found: list[tuple[int, int]] = []
        for n, positions in stoppable(self.editor.drops.items(), self.monitor):
            if graph.kind[n] in _ONE_ENTRY:                 # its operation goes with it
                found.append((self._starts(n)[0], self._end(graph.at[n])))
                continue
            changed = graph.kind[n] >= FIRST_MUTATION       # and its target, at place 0, has no start
            bounds = self._pair_bounds(n) or [*self._starts(n), graph.at[n]]
            for position in stoppable(sorted(positions), self.monitor):
                start, end = bounds[position - changed], bounds[position - changed + 1]
                if start < end:
                    found.append((start, end))
        self.gone = _joined(found, self.monitor)
        if self.gone:
            self._check_nothing_is_missed()
        return [_Splice(start, end, b"") for start, end in self.gone]

    def _pair_bounds(self, n: int) -> list[int]:
        """Where the pairs of a SETITEMS begin and end, as often as there are operands, without a walk: when each key is a literal
        of its own, written where it is used. [] where that is not so."""
        graph, at, kind, uses = self.graph, self.graph.at, self.graph.kind, self.uses
        if kind[n] != SETITEMS:
            return []
        found: list[int] = []
        last = -1
        for i in stoppable(range(graph.a[n] + 1, graph.b[n], 2), self.monitor):
            key, value = graph.operands[i], graph.operands[i + 1]
            if kind[key] not in opcode_bytes.LEAVES or uses[key] != 1 or at[key] <= last:
                return []
            found += at[key], at[key]           # of a pair all goes with its value
            last = max(at[key], at[value])
        return [*found, at[n]]

    def _check_nothing_is_missed(self) -> None:
        """Raises _NotHere where what stays needs a value that goes, or what goes does something to what stays."""
        import numpy as np
        graph = self.graph
        going = self._goes(np.frombuffer(graph.at, np.intc))
        for start, end in stoppable(self.gone, self.monitor):
            if graph.protocol >= 4 and _MEMOIZE in graph.data[start:end]:
                raise _NotHere              # perhaps only the byte; if it is the opcode, all later numbers would shift
        if going[graph.root]:
            raise _NotHere
        for n in np.flatnonzero(going & (np.frombuffer(graph.kind, np.uint8) >= FIRST_MUTATION)).tolist():
            if not going[graph.references(n)[0]] and n not in self.editor.drops:
                raise _NotHere
        consumers, operands, positions = _references(graph)
        bad = going[operands] & ~going[consumers]
        for consumer, at in stoppable(zip(consumers[bad].tolist(), positions[bad].tolist(), strict=True), self.monitor):
            if at not in self.editor.drops.get(consumer, ()):
                raise _NotHere

    def persids(self) -> list[int]:
        """Nodes of the persistent ids that are left."""
        import numpy as np
        found = np.flatnonzero(np.frombuffer(self.graph.kind, np.uint8) == PERSID)
        if not self.gone:
            return found.tolist()
        left = found[~self._goes(np.frombuffer(self.graph.at, np.intc)[found])]
        return left.tolist()            # type: ignore[no-any-return]

    def _goes(self, ats: Any) -> Any:
        """Which of the offsets lie in what is dropped."""
        import numpy as np
        begins, ends = np.array(self.gone).T
        position = np.searchsorted(begins, ats, "right") - 1
        return (position >= 0) & (ats < ends[np.maximum(position, 0)])

    # -- where operands are pushed ------------------------------------------------------------------------------------

    def _operand(self, n: int, position: int) -> int:
        graph = self.graph
        if graph.kind[n] in COLUMNS:
            return graph.b[n] if position else graph.a[n]
        return graph.operands[graph.a[n] + position]

    def _end(self, at: int) -> int:
        end = opcodes.end_of(self.graph.data, at)
        if end is None:
            raise _NotHere
        return end

    def _starts(self, n: int) -> list[int]:
        """The offset at which each operand of `n` begins to be pushed; of a mutation, its target is left out."""
        found = self._operand_offsets().starts.get(n)
        if found is None:
            raise _NotHere
        return found

    def _operand_offsets(self) -> OperandOffsets:
        if self._offsets is None:
            wanted = {n for n, _ in self.editor.literals} | set(self.editor.drops)
            self._offsets = operand_offsets(self.graph, wanted, set(self._by_node), self.monitor)
            if self._offsets is None:
                raise _NotHere
        return self._offsets


def _references(graph: Graph) -> tuple[Ints, Ints, Ints]:
    """Who refers to whom, and at which place of it: (consumers, operands, places)."""
    import numpy as np
    kind = np.frombuffer(graph.kind, np.uint8)
    a, b = np.frombuffer(graph.a, np.int64), np.frombuffer(graph.b, np.intc)
    columns = np.isin(kind, list(COLUMNS))
    first, second = np.flatnonzero(columns), np.flatnonzero(columns & (kind != PERSID))
    listed = np.flatnonzero(np.isin(kind, list(LISTED)))
    counts = b[listed] - a[listed]
    consumers = np.repeat(listed, counts)
    positions = np.arange(len(consumers)) - np.repeat(np.cumsum(counts) - counts, counts)
    operands = np.frombuffer(graph.operands, np.intc)[np.repeat(a[listed], counts) + positions] if len(graph.operands) else positions
    return (np.concatenate((first, second, consumers)), np.concatenate((a[first], b[second], operands)),
            np.concatenate((np.zeros(len(first), np.int64), np.ones(len(second), np.int64), positions)))


def _joined(spans: list[tuple[int, int]], monitor: Monitor) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in stoppable(sorted(spans), monitor):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found
