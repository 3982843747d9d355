"""Packed tensors in a tree of keys: where one stands as a single row, and which of the file's tensors lie beneath it."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from inspector.core.checkpoint import Checkpoint, to_be_sent
from inspector.core.keypath import ancestors, is_under, join, leaf_of, parent_of
from inspector.core.progress import QUIET, Monitor

from .families.names import LogicalTensor
from .logical import instead_of_parts, keys_of, packed_among


@dataclass(frozen=True, slots=True)
class PackedView:
    """The packed tensors of a checkpoint that can be unpacked. `tensors` by their names; `unpacked` is the checkpoint that has them instead
    of their parts. `groups` maps the path of a row to the name of the tensor that is one row there, its parts beneath; `paths` says where a
    stored tensor stands then, for those that stand elsewhere than under their own key; `owners` which packed tensor a key is a part of."""

    tensors: Mapping[str, LogicalTensor]
    unpacked: Checkpoint
    groups: Mapping[str, str]
    paths: Mapping[str, str]
    owners: Mapping[str, str]
    as_stored: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        return to_be_sent(PackedView, (self.tensors, self.unpacked, self.groups, self.paths, self.owners, self.as_stored))

    def without_rows(self) -> PackedView:
        """The same tensors where each of their parts is a row of its own, as it is stored."""
        return replace(self, groups=MappingProxyType({}), paths=MappingProxyType({}), as_stored=True)

    def meant(self, keys: Iterable[str]) -> tuple[str, ...]:
        """`keys` with packed tensors instead of their parts, where all of these are among them: keys of `unpacked`, but for parts that
        were named alone."""
        keys = tuple(keys)
        given = set(keys)
        whole = {name for name in dict.fromkeys(self.owners[key] for key in keys if key in self.owners)
                 if given.issuperset(self.stored(name))}
        return tuple(dict.fromkeys(self.owners[key] if self.owners.get(key) in whole else key for key in keys))

    def count(self, keys: Iterable[str]) -> int:
        """How many tensors `keys` stand for; the factors of an adapter are two."""
        keys = tuple(keys)
        whole = {name for name in {self.owners[key] for key in keys if key in self.owners} if not self.tensors[name].is_adapter}
        given = set(keys) if whole else set()
        return len(keys) - sum(len(stored) - 1 for name in whole if given.issuperset(stored := self.stored(name)))

    def one(self, keys: Iterable[str]) -> LogicalTensor | None:
        """The packed tensor that just these keys are the parts of."""
        found = tuple(keys)
        name = self.owners.get(found[0]) if found else None
        if name is None or len(found) != len(stored := self.stored(name)) or set(found) != set(stored):
            return None
        return self.tensors[name]

    def stored(self, name: str) -> list[str]:
        """The keys of the tensors that a packed one is made of."""
        return [key for key in keys_of(self.tensors[name]) if key in self.owners]


def packed_view(ckpt: Checkpoint, monitor: Monitor = QUIET) -> PackedView | None:
    """The view of `ckpt`; None where nothing in it is packed. Reads small tensors and the configuration beside the file. Raises
    Cancelled.

    >>> import ml_dtypes
    >>> codes = np.ones((2, 2)).astype(ml_dtypes.float8_e4m3fn)
    >>> ckpt = core.edit({"fc.weight": codes, "fc.weight_scale_inv": np.float32([[0.5]])}, [])
    >>> sorted(core.packed_view(ckpt).owners.items())
    [('fc.weight', 'fc.weight'), ('fc.weight_scale_inv', 'fc.weight')]
    """
    every, tensors = packed_among(ckpt, monitor)
    found = {name: tensor for name, tensor in every.items() if tensor.decoder is not None}
    if not found:
        return None
    stored = {name: [key for key in keys_of(tensor) if key in tensors] for name, tensor in found.items()}
    owners = {key: name for name, keys in stored.items() for key in keys}
    counted = _Counted(ckpt)
    groups: dict[str, str] = {}
    paths: dict[str, str] = {}
    for name, keys in stored.items():
        if len(keys) < 2:
            continue
        row, moved = _row_of(name, keys, counted)
        if row and row not in groups:
            groups[row] = name
            paths |= moved
    return PackedView(MappingProxyType(found), instead_of_parts(ckpt, found, tensors, len(found) < len(every)), MappingProxyType(groups),
                      MappingProxyType(paths), MappingProxyType(owners))


class _Counted:
    """How many tensors lie under a path. Counted for the first that is asked about, as adapters are and others are not."""

    def __init__(self, ckpt: Checkpoint) -> None:
        self._ckpt = ckpt
        self._counts: dict[str, int] | None = None

    def under(self, path: str) -> int:
        if self._counts is None:
            self._counts = {}
            for key in self._ckpt.tensors:
                for above in ancestors(key):
                    self._counts[above] = self._counts.get(above, 0) + 1
        return self._counts.get(path, 0)


def _row_of(name: str, keys: list[str], counted: _Counted) -> tuple[str, dict[str, str]]:
    """Where a packed tensor is one row, and where those of its parts stand that do not lie beneath that by their own keys."""
    above = parent_of(name)
    if all(not above or is_under(key, above) for key in keys):
        outside = [key for key in keys if not is_under(key, name)]
        return name, {key: join(name, leaf_of(key) if key == name else key[len(above) + 1 if above else 0:]) for key in outside}
    # an adapter's matrices lie in a group of their own
    common = next((path for path in ancestors(keys[0]) if path and counted.under(path) == len(keys)
                   and all(is_under(key, path) for key in keys)), "")
    return common, {}
