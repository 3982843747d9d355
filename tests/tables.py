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
