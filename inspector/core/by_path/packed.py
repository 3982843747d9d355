"""The tensors that a checkpoint stands for."""
from __future__ import annotations

from inspector.core.packed import logical as _logical

from . import by_path

logical = by_path(_logical.logical, __name__)
packed_tensors = by_path(_logical.packed, __name__)
unpacked = by_path(_logical.unpacked, __name__)
