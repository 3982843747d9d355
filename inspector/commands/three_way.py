"""`inspector diff A B --base BASE`: who changed what since the file that both come from, as text, as JSON and as a page."""
from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from inspector import core
from inspector.sentences import said as spoken

from . import relations_text
from .columns import columns
from .output import Paint, plain
from .pages import page_of, table, text_of, told_of

if TYPE_CHECKING:
    from concurrent.futures import Executor

STATUSES = ("conflict", "a", "b", "alike", "kept")
_MARKS = {"conflict": "!", "a": "A", "b": "B", "alike": "=", "kept": " ", "unread": "?"}
_STYLES = {"!": "danger", "A": "warning", "B": "warning", "?": "danger"}
_WORDS = {"conflict": "in conflict", "a": "changed in A alone", "b": "changed in B alone", "alike": "changed alike in both",
          "kept": "kept by both", "unread": "not judged"}
_CALM = ("kept", "alike")
_SHOWN = 60             # tensors that no edit brings over, named in text
_MOST_ROWS = 5000
_TITLES = ("key", "in A", "in B", "A from base", "B from base", "")
_json = core.to_json


def held(asked: argparse.Namespace, a: core.Checkpoint, b: core.Checkpoint, base: core.Checkpoint, fits: Callable[[core.Pair], bool],
         wanted: frozenset[str] | None, monitor: core.Monitor = core.QUIET, executor: Executor | None = None) -> core.ThreeWay:
    """The two held against the base, of statuses that are `wanted` alone. Raises UsageError for a filter that makes no sense with it."""
    if asked.rtol or asked.atol:
        raise core.UsageError("--rtol and --atol do not go with --base: there a tensor is the base's or it is not", "Leave them out.")
    paired = core.pair_up(a, b, in_a=asked.a_state_dict, in_b=asked.b_state_dict, weights_only=asked.weights_only, monitor=monitor)
    if asked.match is not None and not any(map(fits, paired.pairs)):
        raise core.UsageError(f"no tensor matches {core.visible(asked.match)}", "`inspector ls` shows the keys.")
    found = core.compare_with_base(paired, base, in_base=asked.base_state_dict, values=not asked.structure_only, only=fits, monitor=monitor,
                                   distances=lambda one: one.status == "conflict" and not asked.structure_only, executor=executor)
    if asked.match is None and wanted is None:
        return found

    def is_wanted(one: core.Triple) -> bool:
        key = core.Pair(one.a if one.a is not None else one.base, one.b if one.b is not None else one.base, one.status)
        return fits(key) and (wanted is None or one.status in wanted)

    return core.with_triples(found, [one for one in found.tensors if is_wanted(one)],
                             () if asked.match is not None else [one for one in found.values if wanted is None or one.status in wanted])


def exit_code(found: core.ThreeWay, structure_only: bool = False) -> int:
    """0 A and B are the same, 1 something is another in them, 3 nothing that could be judged is."""
    statuses = found.statuses
    if statuses & {"conflict", "a", "b"}:
        return 1
    return 3 if "unread" in statuses and not structure_only else 0


def merge_text(merge: core.Merge, path: str) -> str:
    """What the recipe that was written does, and what is left to do."""
    parts = [text for text in (
        core.wording.counted(len(merge.taken), "tensor gets", "tensors get") + " B's values" if merge.taken else "",
        core.wording.counted(len(merge.added), "is", "are") + " added" if merge.added else "",
        core.wording.counted(len(merge.dropped), "is", "are") + " dropped" if merge.dropped else "",
        core.wording.counted(len(merge.values), "other value is", "other values are") + " set" if merge.values else "") if text]
    said = ", ".join(map(spoken, parts)) or spoken("nothing to take")
    lines = [spoken(f"{core.wording.count(len(merge.edits), 'edit')} in {core.visible(path, 400)} for A: {said}")]
    if merge.conflicts:
        lines.append(spoken(f"{core.wording.counted(len(merge.conflicts), 'conflict is', 'conflicts are')} left to you: "
                            "A keeps what it has there"))
    lines += [spoken(f"no edit does this: {_key(one)} ({spoken(_WORDS[one.status])})") for one in merge.left[:_SHOWN]]
    if len(merge.left) > _SHOWN:
        lines.append(spoken(f"… and {len(merge.left) - _SHOWN:,} more"))
    return "\n".join(lines) + "\n\n"


# -- JSON ---------------------------------------------------------------------------------------------------------------------------

def as_json(found: core.ThreeWay) -> dict[str, Any]:
    """The object of `diff --base --json`."""
    return {"same": exit_code(found) == 0, "base": {"path": found.base.path, "state_dict": found.state_dict},
            "state_dicts": list(found.comparison.state_dicts), "rules": [relations_text.rule_json(rule) for rule in found.comparison.rules],
            "counts": found.counts, "conflicts": [_key(one, raw=True) for one in found.conflicts],
            "tensors": [_triple_json(one) for one in found.tensors], "values": [one._asdict() for one in found.values]}


def merge_json(merge: core.Merge) -> dict[str, Any]:
    return {"edits": len(merge.edits), "taken": list(merge.taken), "added": list(merge.added), "dropped": list(merge.dropped),
            "values": list(merge.values), "left": [_key(one, raw=True) for one in merge.left]}


def _triple_json(one: core.Triple) -> dict[str, Any]:
    answer: dict[str, Any] = {"base": one.base, "a": one.a, "b": one.b, "status": one.status, "in_a": one.in_a, "in_b": one.in_b}
    for name, found in zip(("a_rel", "b_rel"), one.from_base, strict=True):
        if found is not None and not found.problem:
            answer[name] = _json(found.rel)
    return {**answer, "problem": one.problem} if one.problem else answer


# -- text ---------------------------------------------------------------------------------------------------------------------------

def as_text(found: core.ThreeWay, *, show_all: bool = False, paint: Paint = plain) -> str:
    """What it comes to, a line per tensor that somebody changed, the conflicts first, and the values that somebody did."""
    comparison = found.comparison
    sides = ((spoken("base"), found.base.path, found.state_dict), *zip(("A   ", "B   "), (comparison.a.path, comparison.b.path),
                                                               comparison.state_dicts, strict=True))
    parts = ["\n".join(f"{name}  {core.visible(path, 1000)}{_state_dict_text(state_dict)}" for name, path, state_dict in sides),
             spoken(verdict_text(found))]
    shown = [one for one in in_order(found) if show_all or one.status not in _CALM]
    if shown:
        parts.append(columns(("", *_TITLES), map(_row, shown), lambda mark: paint(mark, _STYLES.get(mark, ""))))
    if found.values:
        parts.append(columns(("", "value", "base", "A", "B"), (
            (_MARKS[one.status], core.visible(one.key), *("-" if text is None else core.visible(text, 80) for text in one[1:4]))
            for one in found.values), lambda mark: paint(mark, _STYLES.get(mark, ""))))
    parts.append(_counted(found))
    return "\n\n".join(parts) + "\n"


def verdict_text(found: core.ThreeWay) -> str:
    """A sentence."""
    counts, values = found.counts, [one for one in found.values if one.status == "conflict"]
    conflicts = counts["conflict"]
    if conflicts or values:
        what = [core.wording.count(n, noun) for n, noun in ((conflicts, "tensor"), (len(values), "other value")) if n]
        return f"conflicts: both changed {' and '.join(what)}, each in its own way"
    if counts.get("unread"):
        return "no conflict in what could be judged"
    changed = found.statuses & {"a", "b"}
    if not changed:
        return "A and B are the same" + (", and not what the base was" if counts["alike"] else ", as the base was")
    return {frozenset("a"): "only A changed something", frozenset("b"): "only B changed something"}.get(
        frozenset(changed), "no conflict: what both changed is not the same")


def in_order(found: core.ThreeWay) -> list[core.Triple]:
    """Conflicts first, then what one side changed."""
    places = ("conflict", "unread", "a", "b", "alike", "kept")
    return sorted(found.tensors, key=lambda one: places.index(one.status))


def _counted(found: core.ThreeWay) -> str:
    counts = ", ".join(spoken(f"{count:,} {_WORDS[status]}") for status, count in found.counts.items() if count)
    return spoken(f"{core.wording.count(len(found.tensors), 'tensor')}: {counts or spoken('nothing to compare')}")


def _row(one: core.Triple) -> tuple[str, ...]:
    distances = ["" if side is None or side.problem else f"{side.rel:.4g}" for side in one.from_base]
    return (_MARKS[one.status], _key(one), *("" if deed == "absent" else spoken(deed) for deed in (one.in_a, one.in_b)), *distances,
            f"! {core.visible(spoken(one.problem), 160)}" if one.problem else "")


def _key(one: core.Triple | core.ValueTriple, *, raw: bool = False) -> str:
    key = one.key if isinstance(one, core.ValueTriple) else next((key for key in (one.a, one.b, one.base) if key is not None), "")
    return key if raw else core.visible(key)


def _state_dict_text(state_dict: str) -> str:
    return "" if state_dict in (core.WHOLE, "") else f" ({core.visible(state_dict)})"


# -- a page -------------------------------------------------------------------------------------------------------------------------

def write_page(found: core.ThreeWay, path: str) -> None:
    """Writes the page to `path`. Raises SaveError."""
    ckpts = (found.base, found.comparison.a, found.comparison.b)
    core.write_output(path, page(found).encode(), "page", [stamp.path for ckpt in ckpts for stamp in ckpt.files])


def page(found: core.ThreeWay) -> str:
    comparison = found.comparison
    title = "Two checkpoints and the one that both come from"
    return page_of(spoken(title), [f"<h1>{told_of(title)}</h1>", f"<p>{base_line(found)}<br>"
                                   f'<b class="a">A</b> {_side(comparison.a, comparison.state_dicts[0])}<br>'
                                   f'<b class="b">B</b> {_side(comparison.b, comparison.state_dicts[1])}</p>', *sections(found)])


def base_line(found: core.ThreeWay) -> str:
    """Which file both come from, as HTML."""
    return f"<b>{told_of('base')}</b> {_side(found.base, found.state_dict)}"


def sections(found: core.ThreeWay) -> list[str]:
    """What it comes to and who changed what, as parts of a page."""
    body = [f"<p><b>{told_of(verdict_text(found))}</b><br>{text_of(_counted(found))}</p>"]
    ordered = in_order(found)
    for status in ("conflict", "unread", "a", "b", "alike"):
        rows = [one for one in ordered if one.status == status]
        if rows:
            title = f"{_WORDS[status][0].upper()}{_WORDS[status][1:]}: {core.wording.count(len(rows), 'tensor')}"
            body += [f"<h2>{told_of(title)}</h2>",
                     table(_TITLES, (_row(one)[1:] for one in rows[:_MOST_ROWS]), numbers=(3, 4))]
            if len(rows) > _MOST_ROWS:
                more = f"… and {len(rows) - _MOST_ROWS:,} more; `inspector diff --base BASE --json` lists them all."
                body.append(f"<p>{told_of(more)}</p>")
    if found.values:
        body += [f"<h2>{told_of('Other values')}</h2>", table(("value", "base", "A", "B", ""), _value_rows(found.values[:_MOST_ROWS]))]
    return body


def _value_rows(values: Iterable[core.ValueTriple]) -> Iterable[tuple[str, ...]]:
    return ((core.visible(one.key), *("-" if text is None else text for text in one[1:4]), spoken(_WORDS[one.status])) for one in values)


def _side(ckpt: core.Checkpoint, state_dict: str) -> str:
    place = "" if state_dict in ("", core.WHOLE) else f", {core.visible(state_dict)}"
    return f'{text_of(ckpt.path)} <span class="soft">({text_of(ckpt.format)}, {core.wording.size(ckpt.nbytes)}{text_of(place)})</span>'
