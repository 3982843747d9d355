"""See, compare and repair PyTorch checkpoints without running anything in them. `from inspector import core` is the library."""
from __future__ import annotations

__version__ = "0.1.0"
"""The version of the distribution."""
