"""One checkpoint from the parts of several: names kept apart, numbers of graph nodes counted on, findings told once."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from inspector.core.checkpoint import Checkpoint, Opaque, Pickle, Plain, TensorInfo
from inspector.core.findings import Finding
from inspector.core.keypath import join


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


def renumbered(value: Plain, ids: Mapping[str, str], base: int) -> Plain:
    """The same of a value."""
    if not isinstance(value, Opaque) or value.node < 0:
        return value
    return replace(value, node=value.node + base, storage=ids.get(value.storage, ""))


class Findings:
    """Findings of many parts. The same words about several are one finding that says how many."""

    def __init__(self) -> None:
        self._alike: dict[tuple[str, str], list[Finding]] = {}

    def add(self, findings: Iterable[Finding], label: str = "", above: str | None = None) -> None:
        """Those of the part `label`, whose keys are listed under the key `above` (None: as they are)."""
        for finding in findings:
            if above and finding.keys:
                finding = finding._replace(keys=tuple(join(above, key) if key else above for key in finding.keys))
            alike = self._alike.setdefault((finding.id, finding.message), [])
            if not alike:
                finding = finding._replace(where="/".join(part for part in (label, finding.where) if part))
            alike.append(finding)

    def all(self) -> tuple[Finding, ...]:
        return tuple(alike[0] if len(alike) == 1 else _one_of(alike) for alike in self._alike.values())


def _one_of(alike: list[Finding]) -> Finding:
    """The first, with the facts of all."""
    first, more = alike[0], len(alike) - 1
    keys, devices, code, members = (tuple(dict.fromkeys(chain.from_iterable(lists))) for lists in zip(
        *((finding.keys, finding.devices, finding.code, finding.members) for finding in alike), strict=True))
    return first._replace(message=f"{first.message} (The same is true of {more:,} other{'s' if more > 1 else ''}.)",
                          keys=keys, devices=devices, code=code, members=members)


def merge_metadata(parts: Iterable[Checkpoint]) -> dict[str, Mapping[str, Any]]:
    """The `_metadata` of state dicts that lie in several files: the first to tell of a module is believed."""
    found: dict[str, dict[str, Any]] = {}
    for part in parts:
        for path, modules in part.module_metadata.items():
            known = found.setdefault(path, {})
            for module, facts in modules.items():
                known.setdefault(module, facts)
    return dict(found)
