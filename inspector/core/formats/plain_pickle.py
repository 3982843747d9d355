"""A pickle without torch's framing: somebody's `pickle.dump`, or joblib's. Its numpy arrays are tensors, and so are torch's, whose storages
are streams of their own inside its bytes."""
from __future__ import annotations

from types import MappingProxyType

from inspector.core.checkpoint import Checkpoint, Pickle, Storage
from inspector.core.dtypes import DTYPES
from inspector.core.errors import ReadError, TooBig, Truncated, Unsupported
from inspector.core.findings import Finding
from inspector.core.formats.embedded.streams import load_embedded
from inspector.core.formats.shared.joblib_arrays import InlineArrays, is_of_joblib
from inspector.core.formats.shared.module_sources import carried_findings
from inspector.core.io.sources import SourceFile
from inspector.core.limits import LIMITS, Limits
from inspector.core.pickles.decode.machine import Budget, decode
from inspector.core.pickles.objects.code import findings_before
from inspector.core.pickles.objects.contents import Contents, contents_of
from inspector.core.pickles.objects.storages import StorageRef
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count, counted

FORMAT = "pickle"
MEMBER = "pickle"


def read(source: SourceFile, path: str, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in `source`; `path` is what it is called. Raises Truncated, Corrupt, Unsupported or TooBig; what the
    pickle would have called before it breaks off is in the error's findings."""
    if source.size > limits.pickle_bytes:
        raise TooBig(f"the pickle has {count(source.size, 'byte')}; up to {limits.pickle_bytes:,} are read",
                     "Load it with the program that wrote it and save its tensors with torch.save.")
    data = _bytes(source, limits, monitor)
    budget = Budget(limits)
    contents, pickles, at, is_joblib = _first(data, budget, limits, monitor)
    facts = {"pickle protocol": str(pickles[0].graph.protocol)}
    findings = [_JOBLIB if is_joblib else _PLAIN, *carried_findings(pickles[0].graph, MEMBER, facts), *contents.findings]
    while at < len(data) and len(pickles) < limits.pickles_per_stream:
        member = f"{MEMBER}#{len(pickles) + 1}"
        try:
            inline = InlineArrays(member, budget, limits, monitor)
            graph = inline.load(decode(data, at, limits=limits, monitor=monitor, member=member, budget=budget, inline=inline))
            end, embedded = graph.end, load_embedded(graph, forget_loader=True, budget=budget, limits=limits, monitor=monitor)
            findings += contents_of(embedded.graph, embedded.resolver(_no_storage), member=member, limits=limits, monitor=monitor).findings
        except ReadError:
            break
        pickles.append(Pickle(member, embedded.graph))
        findings.append(Finding("trailing-pickle", "warning", f"{MEMBER}:{at}", "Another pickle follows the first; only "
                                "programs that ask for it see it.", "Its names are listed among the findings."))
        at = end
    if at < len(data):
        findings.append(Finding("trailing-bytes", "warning", f"{MEMBER}:{at}",
                                f"{counted(len(data) - at, 'byte follows', 'bytes follow')} the pickle and "
                                "are no pickle.", "They are not shown; the program that wrote the file may know what they are."))
    return Checkpoint(path, FORMAT, contents.kind, (source.stamp,), contents.table,
                      values=MappingProxyType(dict(contents.values)), storages=contents.storages,
                      state_dicts=contents.state_dicts, findings=tuple(findings),
                      module_metadata=MappingProxyType(contents.module_metadata),
                      facts=MappingProxyType(facts), pickles=tuple(pickles),
                      listed_nodes=tuple(contents.listed_nodes))


_PLAIN = Finding("plain-pickle", "warning", "", "This is a plain Python pickle, not a file that torch.save wrote.",
                 "torch.load does not open it; pickle.load would run whatever it says. Here nothing in it was run. Save it as .pth or "
                 ".safetensors to get a file that opens without pickle.load.")

_JOBLIB = Finding("plain-pickle", "warning", "", "This is a file of joblib's, a Python pickle with the bytes of arrays between its parts, "
                  "not a file that torch.save wrote.", "torch.load does not open it; joblib.load would run whatever it says. Here nothing "
                  "in it was run. Save it as .pth or .safetensors to get a file that opens without joblib.")


def _bytes(source: SourceFile, limits: Limits, monitor: Monitor) -> bytes:
    if source.is_in_memory:
        return source.read(0, source.size)
    parts = []
    for at in range(0, source.size, limits.chunk):
        monitor.report(at, source.size)
        parts.append(source.read(at, min(limits.chunk, source.size - at)))
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _first(data: bytes, budget: Budget, limits: Limits, monitor: Monitor) -> tuple[Contents, list[Pickle], int, bool]:
    """What the first pickle holds, itself, where it ends, and whether joblib wrote it."""
    inline = InlineArrays(MEMBER, budget, limits, monitor)
    try:
        graph = inline.load(decode(data, limits=limits, monitor=monitor, member=MEMBER, budget=budget, inline=inline))
    except ReadError as error:
        error.findings = (*error.findings, *findings_before(error, MEMBER))
        if is_of_joblib(error) and not isinstance(error, Truncated):
            raise Unsupported("this is a joblib file whose numpy arrays are not where joblib has put them since 2016",
                              "Load it with joblib.load, then save its arrays with torch.save or numpy.savez.", id="joblib",
                              findings=error.findings) from error
        raise
    end = graph.end
    embedded = load_embedded(graph, forget_loader=True, budget=budget, limits=limits, monitor=monitor)
    contents = contents_of(embedded.graph, embedded.resolver(_no_storage), member=MEMBER, limits=limits, monitor=monitor)
    return contents, [Pickle(MEMBER, embedded.graph)], end, bool(inline)


def _no_storage(ref: StorageRef) -> Storage:
    dtype = ref.dtype or "uint8"
    bits = DTYPES[dtype].bits if dtype in DTYPES else 8
    return Storage(ref.key or f"node {ref.node}", dtype, ref.device, max(ref.numel, 0) * bits // 8, None,
                   problem="a bare pickle names this storage and does not hold its bytes")
