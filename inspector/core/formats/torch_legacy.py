"""Streams of torch before 1.6, with the streams in the bytes of their object: see `before_1_6.torch_legacy`."""
from __future__ import annotations

from inspector.core.checkpoint import Checkpoint
from inspector.core.graph import Graph
from inspector.core.io.sources import SourceFile
from inspector.core.limits import LIMITS, Limits
from inspector.core.pickles.decode.machine import Budget
from inspector.core.progress import QUIET, Monitor

from .before_1_6 import torch_legacy
from .embedded.streams import load_embedded


def read(source: SourceFile, path: str, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> Checkpoint:
    """The checkpoint in `source`. Errors as of the reader of the stream itself."""
    def load_streams(graph: Graph, budget: Budget, resolve: torch_legacy.Resolve) -> tuple[Graph, torch_legacy.Resolve]:
        embedded = load_embedded(graph, forget_loader=False, budget=budget, limits=limits, monitor=monitor)
        return embedded.graph, embedded.resolver(resolve)

    return torch_legacy.read(source, path, load_streams, limits, monitor)
