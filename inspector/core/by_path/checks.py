"""Findings, what a file is, and its optimizers."""
from __future__ import annotations

from inspector.core import checks
from inspector.core.training import description
from inspector.core.training import optimizers as _optimizers

from . import by_path

check = by_path(checks.check, __name__)
describe = by_path(description.describe, __name__)
optimizers = by_path(_optimizers.optimizers, __name__)
