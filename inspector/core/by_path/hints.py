"""Whether there may be packed tensors at all, asked before what knows them is loaded."""
from __future__ import annotations

from inspector.core.packed import hints

from . import by_path

may_be_packed = by_path(hints.may_be_packed, __name__)
