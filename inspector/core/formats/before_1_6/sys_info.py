"""What torch's formats before 1.6 say about the machine that wrote the file.

It is a dict of "protocol_version", "little_endian" and "type_sizes".
"""
from __future__ import annotations

from inspector.core.findings import Finding
from inspector.core.graph import DICT, Graph
from inspector.core.keypath import visible
from inspector.core.pickles.objects.plain import key_text, short

_MOST = 64                  # entries looked at


def facts_of(graph: Graph, member: str) -> tuple[dict[str, str], list[Finding]]:
    """Facts and findings from the sys_info pickle. Torch itself goes by none of it."""
    if graph.root < 0 or graph.kind[graph.root] != DICT:
        return {}, [Finding("sys-info", "warning", f"{member}:{graph.start}", "What the file says about the machine that wrote it "
                            "is no dict.", "torch ignores it; the file was probably changed by hand.")]
    known = {key_text(graph, key): value for key, value in graph.pairs(graph.root)[:_MOST]}
    facts, findings = {}, []
    if "protocol_version" in known:
        facts["protocol_version"] = short(graph, known["protocol_version"], 40)
    sizes = known.get("type_sizes", -1)
    if sizes >= 0 and graph.kind[sizes] == DICT:
        said = (f"{visible(key_text(graph, key), 20)} {short(graph, value, 20)}" for key, value in graph.pairs(sizes)[:8])
        facts["type_sizes"] = ", ".join(said)
    little = graph.boolean(known["little_endian"]) if "little_endian" in known else None
    if little is not None:
        facts["byteorder"] = "little" if little else "big"
    if little is False:
        findings.append(Finding("byteorder", "warning", f"{member}:{graph.start}", "The file says it was written on a big-endian "
                                "machine. torch reads its numbers as little-endian all the same, and so they are shown here.",
                                "If the values make no sense, their bytes are the wrong way round: swap them after loading."))
    return facts, findings
