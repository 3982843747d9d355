"""What the tables tell by themselves: nothing that reads tensors is loaded for it."""
from __future__ import annotations

from inspector.core.tensors import sizes as _sizes
from inspector.core.training import totals as _totals

from . import by_path

sizes = by_path(_sizes.sizes, __name__)
totals = by_path(_totals.totals, __name__)
