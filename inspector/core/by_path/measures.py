"""Statistics."""
from __future__ import annotations

from inspector.core.measures import health as _health
from inspector.core.measures import summary

from . import by_path

summarize = by_path(summary.summarize, __name__)
summarize_tensor = by_path(summary.summarize_tensor, __name__)
summarize_group = by_path(summary.summarize_group, __name__)
summarize_each = by_path(summary.summarize_each, __name__)
health = by_path(_health.health, __name__)
