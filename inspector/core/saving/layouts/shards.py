"""How a checkpoint is divided into files, and the index that tells of them.

The names and the index are those of huggingface_hub/serialization/_base.py: tensors go into the present shard in key order
until the next one would not fit; one that is larger than a shard has one of its own.
"""
from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from inspector.core.checkpoint import TensorInfo
from inspector.core.errors import UsageError
from inspector.core.progress import QUIET, Monitor, stoppable

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kKmMgGtT]?)(i?)[bB]?\s*")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
DEFAULT = 5_000_000_000         # bytes: huggingface_hub's


class Names(NamedTuple):
    """What the files of a set are called: "model-00001-of-00003.safetensors", "model.safetensors.index.json"."""

    shards: list[str]
    listing: str


def parse_size(text: str | int) -> int:
    """"5GB", "200MB", "1.5GiB" or a number of bytes. Raises UsageError."""
    if isinstance(text, int):
        found = text
    else:
        match = _SIZE.fullmatch(text)
        if match is None:
            raise UsageError(f"{text!r} is no size", "Write it like 5GB, 500MB or 2GiB.")
        number, power, binary = match.groups()
        found = int(float(number) * (1024 if binary else 1000) ** _POWERS[power.lower()])
    if found <= 0:
        raise UsageError(f"{text!r} is no size for a shard", "Write it like 5GB, 500MB or 2GiB.")
    return found


def divide(tensors: Mapping[str, TensorInfo], size: int, monitor: Monitor = QUIET) -> list[dict[str, TensorInfo]]:
    """The tensors of each shard, at least one shard."""
    shards: list[dict[str, TensorInfo]] = [{}]
    room = size
    for key, info in stoppable(tensors.items(), monitor):
        if info.nbytes > room and shards[-1]:
            shards.append({})
            room = size
        shards[-1][key] = info
        room -= info.nbytes
    return shards


def names(stem: str, count: int, mark: str = "") -> Names:
    """`mark` keeps the names apart from those of a set that is being replaced."""
    between = f"-r{mark}" if mark else ""
    return Names([f"{stem}{between}-{n:05}-of-{count:05}.safetensors" for n in range(1, count + 1)], f"{stem}.safetensors.index.json")


def index(shards: list[dict[str, TensorInfo]], files: list[str]) -> bytes:
    total = sum(info.nbytes for shard in shards for info in shard.values())
    weight_map = {key: name for shard, name in zip(shards, files, strict=True) for key in shard}
    return json.dumps({"metadata": {"total_size": total}, "weight_map": weight_map}, indent=2, ensure_ascii=False).encode() + b"\n"
