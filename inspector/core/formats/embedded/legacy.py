"""A stream in torch's format of before 1.6, which is what it makes of a storage to this day: see `before_1_6.torch_legacy`."""
from __future__ import annotations

from inspector.core.errors import Corrupt
from inspector.core.formats.before_1_6.old_storages import HEADER
from inspector.core.formats.before_1_6.torch_legacy import VERSION
from inspector.core.formats.shared.pickle_head import MAGIC
from inspector.core.graph import LIST, TUPLE, Graph
from inspector.core.limits import Limits
from inspector.core.pickles.decode.machine import Budget, decode
from inspector.core.pickles.objects.persistent import load_modules
from inspector.core.pickles.objects.text_ids import load_texts
from inspector.core.progress import Monitor
from inspector.core.wording import count

from .content import Content, Piece, declared, nbytes_of


def read(raw: bytes, limits: Limits, monitor: Monitor, budget: Budget) -> Content:
    """The object and where its storages lie in `raw`. Raises Corrupt for anything else, and what `machine.decode` raises."""
    at = 0

    def following(member: str) -> Graph:
        nonlocal at
        graph = decode(raw, at, limits=limits, monitor=monitor, member=member, budget=budget)
        at = graph.end
        return graph

    magic = following("magic")
    if magic.integer(magic.root) != MAGIC:
        raise Corrupt("no stream of torch's")
    version = following("version")
    if version.integer(version.root) != VERSION:
        raise Corrupt("no stream of torch's")
    following("sys_info")
    graph = load_modules(load_texts(following("object"))[0], "module")[0]
    listed = following("keys")
    if len(graph.data) == len(raw):
        graph.data = raw[:at]                       # without the storages, which may be large
    refs = declared(graph)
    pieces: dict[str, Piece] = {}
    for key in _keys(listed):
        ref = refs.get(key)
        if ref is None or at + HEADER > len(raw):
            break
        numel, nbytes = int.from_bytes(raw[at:at + HEADER], "little", signed=True), nbytes_of(ref)
        problem = ref.problem
        if numel != ref.numel:
            problem = problem or f"size_mismatch: the object says {count(ref.numel, 'element')}, the stored number is {numel:,}"
        elif at + HEADER + nbytes > len(raw):
            problem = problem or "truncated: the bytes end before it does"
        pieces[key] = Piece(ref.dtype or "uint8", ref.device, at + HEADER, nbytes, problem=problem)
        if problem:
            break                                   # nobody knows where the next one begins
        at += HEADER + nbytes
    for key, ref in refs.items():
        pieces.setdefault(key, Piece(ref.dtype or "uint8", ref.device, 0, nbytes_of(ref), problem=ref.problem or
                                     "missing: the stream does not hold its bytes"))
    return Content(graph, pieces)


def _keys(graph: Graph) -> list[str]:
    if graph.root < 0 or graph.kind[graph.root] not in (LIST, TUPLE):
        raise Corrupt("the list of storages is no list")
    found = [graph.any_text(n) for n in graph.sequence(graph.root)]
    return [key for key in dict.fromkeys(found) if key is not None]
