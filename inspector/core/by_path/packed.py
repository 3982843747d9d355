"""The tensors that a checkpoint stands for, and what its bytes may be taken for."""
from __future__ import annotations

from inspector.core import adapters
from inspector.core.packed import countable as _countable
from inspector.core.packed import logical as _logical
from inspector.core.packed import reinterpreted, view

from . import by_path

inner_adapters = by_path(adapters.inner_adapters, __name__)
is_adapter = by_path(adapters.is_adapter, __name__)
logical = by_path(_logical.logical, __name__)
packed_tensors = by_path(_logical.packed, __name__)
unpacked = by_path(_logical.unpacked, __name__)
reinterpret = by_path(reinterpreted.reinterpret, __name__)
fitting_types = by_path(reinterpreted.fitting_types, __name__)
packed_view = by_path(view.packed_view, __name__)
countable = by_path(_countable.countable, __name__)
stored_codes = by_path(reinterpreted.stored_codes, __name__)
