"""Source text that a file carries along: of module classes in torch's formats before 1.6, of whole modules of Python in StyleGAN's
pickles. It is told and kept as text, never used."""
from __future__ import annotations

from collections.abc import Sequence

from inspector.core.findings import Finding
from inspector.core.graph import Graph
from inspector.core.keypath import visible
from inspector.core.pickles.objects.carried_sources import carried_sources
from inspector.core.pickles.objects.persistent import ModuleSource

SOURCE = "source of "       # what the facts begin with that hold one
_LISTED = 5


def source_findings(sources: Sequence[ModuleSource], member: str, facts: dict[str, str]) -> list[Finding]:
    """The finding "module-source"; the texts themselves go into `facts`."""
    if not sources:
        return []
    for source in sources:
        facts.setdefault(f"{SOURCE}{'.'.join(source.name)}", f"# {source.file}\n{source.text}" if source.file else source.text)
    more = " …" if len(sources) > _LISTED else ""
    names = ", ".join(visible(".".join(source.name), 60) for source in sources[:_LISTED]) + more
    count = "1 class" if len(sources) == 1 else f"{len(sources):,} classes"
    return [Finding("module-source", "info", f"{member}:{sources[0].at}", f"The file carries the source text of {count} of "
                    f"modules: {names}. It is shown as text; nothing is compared with it, imported or run.",
                    "torch.load with weights_only=False compares it with the installed class and may write a .patch file.")]


def carried_findings(graph: Graph, member: str, facts: dict[str, str]) -> list[Finding]:
    """The same of the texts that objects carry by `torch_utils.persistence`, each of a whole module of Python."""
    sources = list(dict.fromkeys(carried_sources(graph).values()))
    if not sources:
        return []
    for source in sources:
        facts.setdefault(f"{SOURCE}{source.name}", source.text)
    classes = list(dict.fromkeys(name for source in sources for name in source.classes))
    names = ", ".join(visible(name, 60) for name in classes[:_LISTED]) + (" …" if len(classes) > _LISTED else "")
    count = "1 module of Python" if len(sources) == 1 else f"{len(sources):,} modules of Python"
    return [Finding("module-source", "info", f"{member}:{sources[0].at}", f"The file carries the source text of {count}, for its objects "
                    f"of the classes {names}. It is shown as text; nothing is imported or run.",
                    "pickle.load, and torch.load with weights_only=False, run it.")]
