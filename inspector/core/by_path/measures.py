"""Statistics, and findings that take the values."""
from __future__ import annotations

from inspector.core import checking
from inspector.core.measures import groups, layers, summary
from inspector.core.measures import health as _health

from . import by_path

check = by_path(checking.check, __name__)
check_report = by_path(checking.check_report, __name__)
summarize = by_path(summary.summarize, __name__)
summarize_tensor = by_path(summary.summarize_tensor, __name__)
summarize_group = by_path(summary.summarize_group, __name__)
summarize_each = by_path(summary.summarize_each, __name__)
group_statistics = by_path(groups.group_statistics, __name__)
measurable = by_path(groups.measurable, __name__)
health = by_path(_health.health, __name__)
value_findings = by_path(_health.value_findings, __name__)
weights_among = by_path(layers.weights_among, __name__)
