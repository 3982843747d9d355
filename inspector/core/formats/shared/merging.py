"""One checkpoint from the parts of several: names kept apart, numbers of graph nodes counted on, findings told once."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from inspector.core.checkpoint import Checkpoint, Opaque, Pickle, Plain, TensorInfo
from inspector.core.findings import Finding


class Keys:
    """Keys given away once: what comes again is `key#2`, `key#3` …"""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._counts: dict[str, int] = {}

    def new(self, key: str) -> str:
        found = key
        while found in self.seen:
            self._counts[key] = self._counts.get(key, 1) + 1
            found = f"{key}#{self._counts[key]}"
        self.seen.add(found)
        return found


class Nodes:
    """Counts the nodes of several pickles as if they were one (`Checkpoint.pickle_of`)."""

    def __init__(self) -> None:
        self.pickles: list[Pickle] = []
        self._next = 0

    def add(self, pickles: Iterable[Pickle], label: str) -> int:
        """Keeps `pickles`, named after the part `label`. Gives what is to be added to the part's node numbers."""
        base = self._next
        for member, graph in pickles:
            self.pickles.append(Pickle(f"{label}/{member}" if label else member, graph))
            self._next += len(graph)
        return base


def renamed(info: TensorInfo, ids: Mapping[str, str], base: int) -> TensorInfo:
    """`info` with its storages called as `ids` says and its node counted from `base`; those of its parts likewise."""
    extra = info.extra and info.extra.with_parts(lambda part: renamed(part, ids, base))
    return info._replace(storage=ids.get(info.storage, ""), node=info.node + base if info.node >= 0 else -1, extra=extra)


def counted_on(value: Plain, base: int) -> Plain:
    """A value with its node counted from `base`."""
    return replace(value, node=value.node + base) if isinstance(value, Opaque) and value.node >= 0 else value


class Findings:
    """Findings of many parts. The same words about several are one finding that says how many."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], tuple[Finding, int]] = {}

    def add(self, findings: Iterable[Finding], label: str = "") -> None:
        for finding in findings:
            first, count = self._found.get((finding.id, finding.message), (None, 0))
            if first is None:
                place = "/".join(part for part in (label, finding.where) if part)
                first = finding._replace(where=place)
            self._found[finding.id, finding.message] = first, count + 1

    def all(self) -> tuple[Finding, ...]:
        return tuple(finding if count == 1 else finding._replace(message=f"{finding.message} (The same is true of {count - 1:,} "
                     f"other{'s' if count > 2 else ''}.)") for finding, count in self._found.values())


def merge_metadata(parts: Iterable[Checkpoint]) -> dict[str, Mapping[str, Any]]:
    """The `_metadata` of state dicts that lie in several files: the first to tell of a module is believed."""
    found: dict[str, dict[str, Any]] = {}
    for part in parts:
        for path, modules in part.module_metadata.items():
            known = found.setdefault(path, {})
            for module, facts in modules.items():
                known.setdefault(module, facts)
    return dict(found)
