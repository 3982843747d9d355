"""All that there is to be said against a checkpoint: what opening found, and what its bytes and its values show, which are read once."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from .checkpoint import Checkpoint
from .checks import DEEP_CHECKS
from .findings import Finding
from .io.verified import forget_verified
from .measures.health import health_by_numbers
from .measures.misplaced_indices import misplaced_indices_findings
from .measures.missing_layers import missing_layers_findings
from .measures.summary import Summary, measure_each
from .packed.countable import judged
from .progress import QUIET, Monitor
from .tensor_table import column
from .tensors.sharing import sharing

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from .packed.families.names import LogicalTensor

_NO_NUMBERS = "not_numbers"     # of packed bits there is no NaN to be looked for


class Read(NamedTuple):
    """Of how many tensors the values were looked at, and of how many there are; the same in bytes, those of tensors that are the same view
    counted once. Both are 0 `of` what was not to be looked at."""

    tensors: int
    of: int
    nbytes: int
    of_nbytes: int


@dataclass(frozen=True, slots=True)
class CheckReport:
    """`findings`: all. `read`: how much they go by. `refused`: the keys of tensors whose values could not be looked at, and why;
    `values` False: nobody was to look at any. `summaries` of what was read, of packed tensors by the name of what they stand for; `packed`
    are these, None where they were not looked for."""

    findings: tuple[Finding, ...]
    read: Read
    refused: Mapping[str, str]
    values: bool = True
    summaries: Mapping[str, Summary] = field(default_factory=dict, repr=False)
    packed: Mapping[str, LogicalTensor] | None = field(default=None, repr=False, compare=False)


def check(ckpt: Checkpoint, monitor: Monitor = QUIET, *, values: bool = True, executor: Executor | None = None) -> tuple[Finding, ...]:
    """All findings: those of opening, and those that need the tensors' bytes (NaN, infinities, zeros, checksums …), which are read once,
    now, by the workers of `executor` where one is given. Without `values` nothing is read.

    >>> "module-prefix" in [found.id for found in core.check(core.make_demo(folder)[0])]
    True
    """
    return check_report(ckpt, monitor, values=values, executor=executor).findings


def check_report(ckpt: Checkpoint, monitor: Monitor = QUIET, *, values: bool = True, executor: Executor | None = None) -> CheckReport:
    """The findings of `check`, and how much they go by.

    >>> found = core.check_report({"a": np.ones(3), "b": np.float32([1, np.nan])})
    >>> found.read.tensors, found.read.of, [finding.id for finding in found.findings]
    (2, 2, ['nan-values'])
    """
    found = [*ckpt.findings, *missing_layers_findings(ckpt.tensors, ckpt.path, monitor)]
    total = len(ckpt.tensors)
    nbytes = sum(info.nbytes for info in ckpt.tensors.values()) if not sharing(ckpt) else _stored(ckpt, ckpt.tensors)
    if not values:
        refused = {key: info.problem for key, info in ckpt.tensors.items() if info.problem}
        return CheckReport(tuple(found), Read(0, total, 0, nbytes), refused, values=False)
    forget_verified(ckpt)
    summaries: dict[str, Summary] = {}
    refused = {}
    meant, parts, packed = judged(ckpt, monitor)        # what they stand for is judged: a scale is no weight that was never trained
    to_read: list[str] = []
    for key, problem in zip(meant.tensors, column(meant.tensors, "problem"), strict=True):
        if problem:                             # of a set without its files that is a million of them
            refused.update(dict.fromkeys(parts.get(key, (key,)), problem))
        else:
            to_read.append(key)
    known = len(refused)
    for key, outcome in measure_each(meant, to_read, monitor, executor=executor):
        if isinstance(outcome, Summary):
            summaries[key] = outcome
        elif outcome.id != _NO_NUMBERS:
            refused.update(dict.fromkeys(parts.get(key, (key,)), outcome.message))
    if 0 < known < len(refused):
        refused = {key: refused[key] for key in ckpt.tensors if key in refused}
    found += [finding for look in (*DEEP_CHECKS, misplaced_indices_findings) for finding in look(ckpt, monitor)]
    found += health_by_numbers(meant, summaries)
    left = nbytes - _stored(ckpt, refused) if len(refused) < total else 0
    return CheckReport(tuple(found), Read(total - len(refused), total, left, nbytes), refused, summaries=summaries, packed=packed)


def _stored(ckpt: Checkpoint, keys: Iterable[str]) -> int:
    """The bytes of these tensors, of those that are the same view once."""
    return sum({info.view or key: info.nbytes for key in keys for info in (ckpt.tensors[key],)}.values())
