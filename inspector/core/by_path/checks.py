"""Whether torch takes a file, what it is, its optimizers and its parameters."""
from __future__ import annotations

from inspector.core import torch_load
from inspector.core.training import optimizers as _optimizers
from inspector.core.training import weights

from . import by_path

loads_with_torch = by_path(torch_load.loads_with_torch, __name__)
optimizers = by_path(_optimizers.optimizers, __name__)
model_dicts = by_path(weights.model_dicts, __name__)
