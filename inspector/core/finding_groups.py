"""Findings that say the same of several places as one: a sentence for each kind, what it is about, and where."""
from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Literal, NamedTuple, TypeAlias

from .findings import LEVELS, Finding, Level
from .keypath import ancestors
from .pickles.objects.names import any_runs_commands, is_class_name
from .progress import QUIET, Monitor, distinct, stoppable
from .wording import counted

About: TypeAlias = Literal["code", "member", "key", "device", ""]


class FindingGroup(NamedTuple):
    """The `findings` of one kind and level. `title`: one sentence for all of them; it is the message of the finding where there is one only
    that has no shorter words. `about`: what `names` are, which it is about: dotted names of code, members, keys or device tags, as they are
    in the file; "" and none where no finding tells. `places`: where: keys, else members, else where each finding says it is."""

    id: str
    level: Level
    findings: tuple[Finding, ...]
    title: str
    about: About
    names: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def hint(self) -> str:
        """What to do, of all of them, each said once."""
        return " ".join(dict.fromkeys(finding.hint for finding in self.findings if finding.hint))


def grouped_findings(findings: Iterable[Finding], monitor: Monitor = QUIET) -> tuple[FindingGroup, ...]:
    """One group for each kind and level, the gravest first, else in the order of the findings. Raises Cancelled.

    >>> found = core.check({"a": np.float32([1, np.nan]), "b": np.float32([np.nan, 2])})
    >>> [(group.title, group.names, len(group.places)) for group in core.grouped_findings(found)]
    [('2 tensors hold NaN.', ('a', 'b'), 2)]
    """
    alike: dict[tuple[str, Level], list[Finding]] = {}
    for finding in findings:
        alike.setdefault((finding.id, finding.level), []).append(finding)
    made = [_group(id, level, tuple(some), monitor) for (id, level), some in alike.items()]
    return tuple(sorted(made, key=lambda group: -LEVELS.index(group.level)))


def count_places(groups: Iterable[FindingGroup], monitor: Monitor = QUIET) -> int:
    """In how many places something is the matter, each counted once whatever is said of it. Raises Cancelled.

    >>> core.count_places(core.grouped_findings(core.check({"a": np.float32([np.inf, np.nan])})))
    1
    """
    return len(distinct((place for group in groups for place in group.places), monitor))


def _group(id: str, level: Level, findings: tuple[Finding, ...], monitor: Monitor) -> FindingGroup:
    keys = _all((finding.keys for finding in findings), monitor)
    told: tuple[tuple[About, tuple[str, ...]], ...] = (("key", _outermost(keys, monitor)),) if id in _BY_KEY else (
        ("code", _all((finding.code for finding in findings), monitor)),
        ("member", _all((finding.members for finding in findings), monitor)),
        ("key", keys), ("device", _all((finding.devices for finding in findings), monitor)))
    about, names = next(((about, names) for about, names in told if names), ("", ()))
    where = (finding.keys or finding.members or ((finding.where,) if finding.where else ()) for finding in findings)
    return FindingGroup(id, level, findings, _title(id, level, findings, names), about, names, _all(where, monitor))


_BY_KEY = frozenset(("weights-only",))      # about values, whose code other findings are about


def _all(parts: Iterable[tuple[str, ...]], monitor: Monitor) -> tuple[str, ...]:
    """All of them, each once, in order."""
    return tuple(dict.fromkeys(stoppable(chain.from_iterable(parts), monitor)))


def _outermost(keys: tuple[str, ...], monitor: Monitor) -> tuple[str, ...]:
    """Those in none of the others: what refuses a value refuses what it is in."""
    all_ = distinct(keys, monitor)
    return tuple(key for key in stoppable(keys, monitor) if all_.isdisjoint(ancestors(key)))


def _title(id: str, level: Level, findings: tuple[Finding, ...], names: tuple[str, ...]) -> str:
    """One about one thing says it best itself."""
    first, more = findings[0].message, len(findings) - 1
    if not more and len(names) < 2 and names != ("",):
        return first
    tensors = counted(len(names), "tensor", "tensors")
    one = len(names) == 1
    match id, level:
        case "unknown-code", "warning" if all(is_class_name(name.rpartition(".")[2]) for name in names):
            return f"Needs {counted(len(names), 'class', 'classes')} that you may not have."
        case "unknown-code", "warning":
            return f"Needs {counted(len(names), 'class or function', 'classes and functions')} that you may not have."
        case "unknown-code", "danger" if more and any_runs_commands(names):
            return f"Calls or names {counted(len(names), 'function', 'functions')}, by which it can run commands or code of its own."
        case "unknown-code", "danger" if more:
            return f"Calls or names {counted(len(names), 'function', 'functions')} not known here: torch.load would run them."
        case "dead-call", "danger" if more:
            return f"Makes {len(findings):,} calls whose results are thrown away."
        case "weights-only", "warning" if "" in names:
            return "torch.load refuses the file with weights_only=True."
        case "weights-only", "warning" if names:
            return f"torch.load refuses {counted(len(names), 'value', 'values')} of it with weights_only=True."
        case "broken-tensor", "danger":
            return f"The values of {tensors} cannot be had."
        case "corrupt-member", "danger" if len(names) > 1:
            return f"The bytes of {len(names):,} members cannot be trusted."
        case "nan-values", "danger":
            return f"{tensors} {'holds' if one else 'hold'} NaN."
        case "infinite-values", "danger":
            return f"{tensors} {'holds' if one else 'hold'} infinite values."
        case "all-zero", "warning":
            return f"{tensors} {'is' if one else 'are'} zero throughout."
        case "exploding-scale", "warning":
            return f"{tensors} {'is' if one else 'are'} far greater than usual for the same name in other layers."
        case "vanishing-scale", "warning":
            return f"{tensors} {'is' if one else 'are'} far smaller than usual for the same name in other layers."
    return first if not more else f"{first} There are {more:,} more like it."
