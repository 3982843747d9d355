"""What the tables tell by themselves."""
from __future__ import annotations

from inspector.core import counting, mixtures
from inspector.core.tensors import sizes as _sizes
from inspector.core.training import weights

from . import by_path

sizes = by_path(_sizes.sizes, __name__)
totals = by_path(counting.totals, __name__)
counts = by_path(counting.counts, __name__)
byte_map = by_path(counting.byte_map, __name__)
describe = by_path(counting.describe, __name__)
experts = by_path(mixtures.experts, __name__)
headline = by_path(counting.headline, __name__)
roles = by_path(weights.roles, __name__)
