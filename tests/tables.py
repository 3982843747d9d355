"""Checkpoints of plain arrays, without a format: tables over a file that holds nothing but the elements."""
from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from inspector import core


def checkpoint(folder: Path, arrays: Mapping[str, Any], problems: Mapping[str, str] | None = None) -> core.Checkpoint:
    """A checkpoint whose tensors lie one after the other in a file of their own."""
    raw, tensors, storages = b"", {}, {}
    for n, (key, values) in enumerate(arrays.items()):
        array = np.asarray(values)
        dtype = "bool" if array.dtype == bool else str(array.dtype)
        content = array.tobytes()
        problem = (problems or {}).get(key, "")
        extent = core.Extent(0, len(raw), len(content), len(content))
        storages[str(n)] = core.Storage(str(n), dtype, None, len(content), extent, False, problem)
        stride = tuple(int(step) // array.itemsize for step in np.empty(array.shape, array.dtype).strides)
        tensors[key] = core.TensorInfo(key, array.shape, dtype, None, stride, 0, str(n), len(content), problem=problem)
        raw += content
    path = folder / "values.raw"
    path.write_bytes(raw)
    found = os.stat(path)
    stamp = core.FileStamp(str(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)
    return core.Checkpoint(str(path), "torch-zip", "state-dict", (stamp,), tensors, storages=storages)


def make(path: str = "/runs/last.pth", *, keys: dict[str, tuple[int, ...]] | None = None,
         values: dict[str, core.Plain] | None = None, findings: tuple[core.Finding, ...] = (),
         metadata: dict[str, str] | None = None, members: int = 0, tied: tuple[str, ...] = (), stamp: core.FileStamp | None = None,
         **more: str) -> core.Checkpoint:
    """A checkpoint of float32 tensors on cuda:0 with the given shapes; those named in `tied` lie in one storage."""
    shapes = {"model.weight": (4, 3), "model.bias": (4,), "optimizer.state.0.exp_avg": (4, 3)} if keys is None else keys
    tensors, storages = {}, {}
    home = "model" if not shapes or any(key.startswith("model.") for key in shapes) else ""
    for n, (key, shape) in enumerate(shapes.items()):
        id = "tied" if key in tied else str(n)
        plain = core.TensorInfo(key, shape, "float32", "cuda:0", (1,) * len(shape), 0, id, 0,
                                state_dict=home if key.startswith(core.under(home)) else None)
        tensors[key] = plain._replace(storage_nbytes=plain.nbytes)
        extent = core.Extent(0, 64 * n, plain.nbytes, plain.nbytes, 0, 0xBEEF)
        storages[id] = core.Storage(id, "float32", "cuda:0", plain.nbytes, extent)
    stamps = (stamp or core.FileStamp(path, 1000, 1_700_000_000_000_000_000, 0, 7, 1),)
    kind = more.get("kind", "training-checkpoint")
    return core.Checkpoint(path, more.get("format", "torch-zip"), kind, stamps, tensors, values or {},
                           storages, (home,), findings, metadata or {}, {home: {"": {"version": 1}}}, {"byteorder": "little"},
                           tuple(core.Member(f"archive/data/{n}", core.Extent(0, n, 8, 8, 0, n)) for n in range(members)))
