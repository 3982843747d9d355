"""A stream that is an archive, as torch.save writes them since 1.6."""
from __future__ import annotations

from inspector.core.dtypes import DTYPES
from inspector.core.errors import BadTensor, Corrupt
from inspector.core.formats.zip.directory import ZipDirectory, read_directory
from inspector.core.io.sources import STORED, SourceFile, in_memory, payload_offset, read_member
from inspector.core.limits import Limits
from inspector.core.pickles.decode.machine import Budget, decode
from inspector.core.pickles.objects.storages import StorageRef
from inspector.core.progress import Monitor
from inspector.core.wording import count

from .content import Content, Piece, declared, nbytes_of

SIGNATURE = b"PK\x03\x04"
_OBJECT = "/data.pkl"


def read(raw: bytes, limits: Limits, monitor: Monitor, budget: Budget) -> Content:
    """The object and where its storages lie in `raw`. Raises Corrupt for an archive of anything else, BadTensor where the object cannot
    be unpacked, and what `read_directory` and `machine.decode` raise."""
    source = in_memory(raw, "bytes")
    directory = read_directory(source, limits, monitor)
    top = next(iter(directory.members), "").partition("/")[0]
    main = directory.members.get(top + _OBJECT)
    if main is None or main.size > len(raw):        # torch.save packs nothing
        raise Corrupt("no stream of torch's")
    data = read_member(source, main)
    graph = decode(data, limits=limits, monitor=monitor, budget=budget)
    order = directory.members.get(f"{top}/byteorder")
    big = order is not None and order.size < 16 and read_member(source, order) == b"big"
    return Content(graph, {key: _piece(source, directory, top, ref, big) for key, ref in declared(graph).items()})


def _piece(source: SourceFile, directory: ZipDirectory, top: str, ref: StorageRef, big: bool) -> Piece:
    dtype, nbytes = ref.dtype or "uint8", nbytes_of(ref)
    name = f"{top}/data/{ref.key}"
    extent = directory.members.get(name)
    start, problem = 0, ref.problem or directory.notes.get(name, "")
    if extent is None:
        problem = problem or "missing: the archive has no record of it"
    elif extent.method != STORED:
        problem = problem or "unsupported: it is packed in an archive within the pickle"
    elif extent.size != nbytes:
        problem = problem or f"size_mismatch: the object says {count(nbytes, 'byte')}, its record has {extent.size:,}"
    elif not problem:
        try:
            start = payload_offset(source, extent)
        except BadTensor as error:
            problem = f"{error.id or 'corrupt'}: {error.message}"
    known = DTYPES.get(dtype)
    unit = (known.stored // 2 if known.kind == "complex" else known.stored) if known and big else 1
    return Piece(dtype, ref.device, start, nbytes, unit, problem)
