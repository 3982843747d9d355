"""Other device tags, so that torch.load finds the device without map_location. Needs none of the devices."""
from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from inspector.core.checkpoint import Checkpoint, Storage, TensorInfo
from inspector.core.errors import EditError
from inspector.core.keypath import quoted, visible
from inspector.core.naming_conventions import is_device
from inspector.core.progress import QUIET, Monitor

from .tools.common import Edit, edited

_UNTOUCHED = (None, "meta")

Remapped = Callable[[str | None], str | None]


@dataclass(frozen=True)
class RemapDevices(Edit):
    """Tags that fit a pattern of `mapping` become its device; of several the first that fits. Tags are what is saved with storages
    ("cuda:3"); safetensors has none. What is on the meta device has no values and stays there.

    >>> core.edit({"w": np.ones(3)}, [core.RemapDevices({"cpu": "cuda:0"})]).tensors["w"].device
    'cuda:0'
    """

    mapping: Mapping[str, str] = field(hash=False)
    OPTION: ClassVar[str] = "device"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        for target in self.mapping.values():
            _check(target)
        fits = [(re.compile(fnmatch.translate(pattern)).match, target) for pattern, target in self.mapping.items()]
        known: dict[str | None, str | None] = dict.fromkeys(_UNTOUCHED)
        known["meta"] = "meta"

        def remapped(tag: str | None) -> str | None:
            if tag not in known:
                known[tag] = next((target for match, target in fits if match(tag or "")), tag)
            return known[tag]

        tensors = {key: _on(info, remapped) for key, info in ckpt.tensors.items()}
        storages = {id: _moved(storage, remapped) for id, storage in ckpt.storages.items()}
        return edited(ckpt, self, tensors=tensors, storages=storages)

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        tags = {info.device for info in before.tensors.values()}
        if tags == {None}:
            return ["The file has no device tags: its format knows none."]
        notes = []
        if "meta" in tags and any(fnmatch.fnmatchcase("meta", pattern) for pattern in self.mapping):
            notes.append("Tensors on the meta device have no values and stay there.")
        missing = [pattern for pattern in self.mapping if not any(tag and fnmatch.fnmatchcase(tag, pattern) for tag in tags)]
        if missing:
            there = ", ".join(sorted(visible(tag, 40) for tag in tags if tag))
            notes.append(f"No tag fits {', '.join(visible(pattern, 40) for pattern in missing)}: there is {there}.")
        return notes

    @property
    def text(self) -> str:
        return ",".join(f"{pattern}={target}" for pattern, target in self.mapping.items())

    def to_json(self) -> Any:
        return dict(self.mapping)

    @classmethod
    def parse(cls, text: str, option: str) -> RemapDevices:
        mapping: dict[str, str] = {}
        for part in text.split(","):
            pattern, equals, target = part.rpartition("=")
            if not equals or not pattern:
                raise EditError(f"{quoted(part, 80)} does not say which device becomes which", "Write FROM=TO, like cuda:*=cpu.")
            mapping.setdefault(pattern, target)
        return cls.from_json(mapping, option)

    @classmethod
    def from_json(cls, value: Any, option: str) -> RemapDevices:
        if isinstance(value, str):
            return cls.parse(value, option)
        if not isinstance(value, dict) or not value or not all(isinstance(part, str) for pair in value.items() for part in pair):
            raise EditError("device takes an object of patterns and devices", 'Like {"cuda:*": "cpu"}.')
        for target in value.values():
            _check(target)
        return cls(dict(value))


def _check(target: str) -> None:
    """Raises EditError for what torch would not take for a device that a file can be on."""
    if target.startswith("cpu:"):
        raise EditError(f"{quoted(target, 60)} is no device that torch.load finds: the CPU has no number", "Write cpu.", id="bad_device")
    if target == "meta" or not is_device(target):       # what is on that one has no values
        raise EditError(f"{quoted(target, 60)} is no device", "torch knows cpu, cuda, cuda:0, mps, xpu and the like.", id="bad_device")


def _on(info: TensorInfo, remapped: Remapped) -> TensorInfo:
    extra = info.extra
    if extra is not None:
        chunks = tuple(chunk._replace(storage=_moved(chunk.storage, remapped)) for chunk in extra.chunks)
        extra = replace(extra.with_parts(lambda part: _on(part, remapped)), chunks=chunks)
    device = remapped(info.device)
    return info if device == info.device and extra is None else info._replace(device=device, extra=extra)


def _moved(storage: Storage, remapped: Remapped) -> Storage:
    device = remapped(storage.device)
    return storage if device == storage.device else storage._replace(device=device)
