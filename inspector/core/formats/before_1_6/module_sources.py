"""The source text of module classes that torch's formats before 1.6 carry along: told and kept as text, never used."""
from __future__ import annotations

from collections.abc import Sequence

from inspector.core.findings import Finding
from inspector.core.keypath import visible
from inspector.core.pickles.objects.persistent import ModuleSource

_LISTED = 5


def source_findings(sources: Sequence[ModuleSource], member: str, facts: dict[str, str]) -> list[Finding]:
    """The finding "module-source"; the texts themselves go into `facts`."""
    if not sources:
        return []
    for source in sources:
        facts.setdefault(f"source of {'.'.join(source.name)}", f"# {source.file}\n{source.text}" if source.file else source.text)
    more = " …" if len(sources) > _LISTED else ""
    names = ", ".join(visible(".".join(source.name), 60) for source in sources[:_LISTED]) + more
    count = "1 class" if len(sources) == 1 else f"{len(sources):,} classes"
    return [Finding("module-source", "info", f"{member}:{sources[0].at}", f"The file carries the source text of {count} of "
                    f"modules: {names}. It is shown as text; nothing is compared with it, imported or run.",
                    "torch.load with weights_only=False compares it with the installed class and may write a .patch file.")]
