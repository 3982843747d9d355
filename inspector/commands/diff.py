"""`inspector diff A B`: what differs between two checkpoints, as text, as JSON and as a page of its own (`diff_page`)."""
from __future__ import annotations

import argparse
import fnmatch
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from inspector import core
from inspector.sentences import said as spoken

from . import cluster, files, load, relations_text
from .arguments import add_json
from .columns import columns
from .output import Output, Paint, plain

if TYPE_CHECKING:
    from concurrent.futures import Executor

READS_ONLY = True

STATUSES = ("equal", "values", "dtype", "shape", "only-a", "only-b", "renamed", "device")
_MARKS = {"equal": "=", "values": "~", "dtype": "t", "shape": "#", "only-a": "-", "only-b": "+", "renamed": ">", "unread": "?"}
_STYLES = {"-": "removed", "+": "added", "~": "warning", "#": "warning", "t": "warning", "?": "danger"}
_SHOWN = 60             # rules and layers named in text
_SHORT_OF = (("only_a", "only in A"), ("only_b", "only in B"), ("shapes", "of another shape"), ("unread", "could not be read"))
_json = core.to_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "What differs between two checkpoints; exit 0 when nothing does, 1 when something does."
    parser.add_argument("a", metavar="A", help="a checkpoint")
    parser.add_argument("b", metavar="B", help="another one, of any format")
    parser.add_argument("--match", metavar="GLOB", help="only tensors whose key in A or B matches")
    parser.add_argument("--only", metavar="STATUS", help="only pairs of these statuses, as in values,shape: " + ", ".join(STATUSES)
                        + "; with --base of conflict, a, b, alike, kept")
    parser.add_argument("--rtol", metavar="X", type=float, default=0.0, help="elements count as equal within atol + rtol * |b|")
    parser.add_argument("--atol", metavar="X", type=float, default=0.0, help="see --rtol")
    parser.add_argument("--weights-only", action="store_true",
                        help="are the models' weights the same? Optimizers, epochs, options, devices and names do not count")
    parser.add_argument("--structure-only", action="store_true", help="names, shapes and dtypes only; no tensor is read")
    parser.add_argument("--a-state-dict", metavar="PATH",
                        help='the state dict of A to compare, as in model_state_dict ("" is the root, * all)')
    parser.add_argument("--b-state-dict", metavar="PATH", help="the same for B")
    parser.add_argument("--all", action="store_true", help="list the equal tensors too")
    parser.add_argument("--base", metavar="BASE",
                        help="the checkpoint that both come from: what A changed since, what B did, and the conflicts")
    parser.add_argument("--base-state-dict", metavar="PATH", help="the state dict of BASE to compare")
    parser.add_argument("--save-recipe", metavar="FILE",
                        help="also write the edits that make A what B is, as `inspector edit A -o OUT --recipe FILE` does them; with "
                             "--base those that bring into A what only B changed")
    parser.add_argument("--html", metavar="FILE", help="also write a page that shows it, with histograms")
    cluster.add_dask(parser)
    add_json(parser)
    files.add_follow_links(parser)


def run(asked: argparse.Namespace, out: Output) -> int:
    if asked.base is None and asked.base_state_dict is not None:
        raise core.UsageError("--base-state-dict without --base", "Name the checkpoint that both come from with --base.")
    read = [path for path in (asked.a, asked.b, asked.base) if path is not None]
    if asked.html is not None:
        core.check_output(asked.html, "page", read)
    if asked.save_recipe is not None:
        core.check_output(asked.save_recipe, "recipe", read)
    core.check_apart((asked.html, asked.save_recipe))
    if asked.base is not None:
        return _run_with_base(asked, out)
    a, b = (files.opened(path, asked, out) for path in (asked.a, asked.b))
    with files.about(f"{asked.a} and {asked.b}"):
        with cluster.executor_of(asked) as executor:
            comparison = compared(asked, a, b, out.monitor, executor)
        if asked.html is not None:
            load("diff_page").write(comparison, asked.html)
        said = _save_recipe(comparison, asked.save_recipe, (asked.a, asked.b)) if asked.save_recipe is not None else ""
    if out.json:
        out.answer(as_json(comparison, asked.structure_only))
    else:
        out.text(said + as_text(comparison, show_equal=asked.all, structure_only=asked.structure_only, paint=out.paint))
    return exit_code(comparison, asked.structure_only)


def _run_with_base(asked: argparse.Namespace, out: Output) -> int:
    three_way = load("three_way")
    a, b, base = (files.opened(path, asked, out) for path in (asked.a, asked.b, asked.base))
    with files.about(f"{asked.a}, {asked.b} and {asked.base}"):
        wanted = _wanted_statuses(asked.only, three_way.STATUSES, with_base=True)
        with cluster.executor_of(asked) as executor:
            found: core.ThreeWay = three_way.held(asked, a, b, base, _fits(asked.match), wanted, out.monitor, executor)
        if asked.html is not None:
            three_way.write_page(found, asked.html)
        merge = core.merge_of(found, 0, out.monitor) if asked.save_recipe is not None else None
        if merge is not None:
            core.save_recipe(merge.edits, asked.save_recipe, (asked.a, asked.b, asked.base))
    if out.json:
        out.answer({**three_way.as_json(found), **({"merge": three_way.merge_json(merge)} if merge is not None else {})})
    else:
        said = three_way.merge_text(merge, asked.save_recipe) if merge is not None else ""
        out.text(said + three_way.as_text(found, show_all=asked.all, paint=out.paint))
    code: int = three_way.exit_code(found, asked.structure_only)
    return code


def _save_recipe(comparison: core.Comparison, path: str, inputs: tuple[str, str]) -> str:
    """Writes the edits that make A what B is, and says how far they go."""
    found = core.conversion_of(comparison)
    core.save_recipe(found.edits, path, inputs)
    lines = [spoken(f"{core.wording.count(len(found.edits), 'edit')} in {core.visible(path, 400)}: with them {found.done:,} of the "
                    f"{core.wording.count(found.of, 'tensor')} of B {'is' if found.of == 1 else 'are'} in A by name, shape and type")]
    lines += [spoken(f"no edit does this: {relations_text.rearranged_text(one)}") for one in found.left[:_SHOWN]]
    if len(found.left) > _SHOWN:
        lines.append(spoken(f"… and {len(found.left) - _SHOWN:,} more"))
    alone = [one for one in found.left if one.kind == "grown" and one.a == one.b]
    if alone and comparison.b.path:
        lines.append(spoken(f"`--take {core.visible(comparison.b.path, 400)}:{core.visible(alone[0].b[0])}` brings such a tensor from B, "
                            "what A has of it too"))
    return "\n".join(lines) + "\n\n"


def compared(asked: argparse.Namespace, a: core.Checkpoint, b: core.Checkpoint, monitor: core.Monitor = core.QUIET,
             executor: Executor | None = None) -> core.Comparison:
    """The comparison asked for, with the pairs that the filters leave. Raises UsageError for a filter that makes no sense."""
    if asked.rtol < 0 or asked.atol < 0 or asked.rtol != asked.rtol or asked.atol != asked.atol:
        raise core.UsageError("a tolerance cannot be negative")
    wanted = _wanted_statuses(asked.only, STATUSES)
    fits = _fits(asked.match)
    found = core.compare(a, b, in_a=asked.a_state_dict, in_b=asked.b_state_dict, values=not asked.structure_only, rtol=asked.rtol,
                         atol=asked.atol, only=fits, weights_only=asked.weights_only, monitor=monitor, executor=executor)
    if asked.match is None and wanted is None:
        return found
    def is_wanted(pair: core.Pair) -> bool:
        return wanted is None or pair.status in wanted or (pair.device and "device" in wanted)
    pairs = [pair for pair in found.pairs if fits(pair) and is_wanted(pair)]
    if asked.match is not None and not any(map(fits, found.pairs)):
        raise core.UsageError(f"no tensor matches {core.visible(asked.match)}", "`inspector ls` shows the keys.")
    return core.with_pairs(found, pairs, found.verdict, values=())


def _wanted_statuses(text: str | None, statuses: Sequence[str], *, with_base: bool = False) -> frozenset[str] | None:
    """What `--only` names, None without it. Raises UsageError for what is not among `statuses`."""
    if text is None:
        return None
    found = frozenset(part.strip() for part in text.split(",") if part.strip())
    wrong = sorted(found - {*statuses})
    if wrong:
        raise core.UsageError(f"with --base there is no status {wrong[0]!r}" if with_base else f"there is no status {wrong[0]!r}",
                              "Statuses are " + ", ".join(statuses) + ".")
    if not found:
        raise core.UsageError("--only names no status", "Statuses are " + ", ".join(statuses) + ".")
    return found


def _fits(glob: str | None) -> Callable[[core.Pair], bool]:
    if glob is None:
        return lambda pair: True
    matches = re.compile(fnmatch.translate(glob)).match
    return lambda pair: any(key is not None and matches(key) is not None for key in (pair.a, pair.b))


def is_same(comparison: core.Comparison, structure_only: bool = False) -> bool:
    """What the exit code says. With `structure_only`, pairs whose values were not asked for count as equal; where the weights alone were
    asked for, the same values under other names or on other devices are the same."""
    if comparison.weights_only and comparison.pairs:
        return all(pair.status in ("equal", "renamed", *(("unread",) if structure_only else ())) for pair in comparison.pairs)
    fine = ("equal", "unread") if structure_only else ("equal",)
    return all(pair.status in fine and not pair.device for pair in comparison.pairs) and not comparison.values


def exit_code(comparison: core.Comparison, structure_only: bool = False) -> int:
    """0 nothing differs, 1 something does, 3 nothing that could be read does."""
    if comparison.weights_only and not comparison.pairs:
        return 3
    if is_same(comparison, structure_only):
        return 0
    judged = [pair for pair in comparison.pairs if pair.status != "unread"]
    return 3 if len(judged) < len(comparison.pairs) and is_same(core.with_pairs(comparison, judged), structure_only) else 1


# -- JSON ---------------------------------------------------------------------------------------------------------------------

def as_json(comparison: core.Comparison, structure_only: bool = False) -> dict[str, Any]:
    """The object of `diff --json`."""
    verdict = comparison.verdict
    return {
        "same": is_same(comparison, structure_only),
        "verdict": {"id": verdict.id, **{name: _json(value) for name, value in verdict.facts}, "moved_layers": list(verdict.moved),
                    "frozen_layers": list(verdict.frozen)} if verdict else None,
        "state_dicts": list(comparison.state_dicts),
        "rules": [relations_text.rule_json(rule) for rule in comparison.rules],
        "offered": [relations_text.rule_json(rule) for rule in comparison.offered],
        "pairs": [_pair_json(comparison, pair) for pair in comparison.pairs],
        "counts": comparison.counts,
        "rearranged": [relations_text.rearranged_json(one) for one in comparison.rearranged],
        "undecided": [one._asdict() for one in comparison.undecided],
        "unsearched": comparison.unsearched and comparison.unsearched._asdict(),
        "lineage": relations_text.lineage_json(comparison),
        "values": [change._asdict() for change in comparison.values],
    }


def _pair_json(comparison: core.Comparison, pair: core.Pair) -> dict[str, Any]:
    answer: dict[str, Any] = {"a": pair.a, "b": pair.b, "status": pair.status}
    found = pair.difference
    if found is not None and not found.problem:
        answer |= {"max_abs": _json(found.max_abs), "rms": _json(found.rms), "rel": _json(found.rel), "cosine": _json(found.cosine),
                   "n_different": found.n_different, "numel": found.numel, "sign_flips": found.sign_flips, "nonfinite": found.nonfinite,
                   "equal_bytes": found.equal_bytes}
        if found.cast:
            answer["cast"] = found.cast
    else:
        answer |= dict.fromkeys(("max_abs", "rms", "rel", "cosine", "n_different"))
    ratio = comparison.sqnr(pair)
    if ratio is not None:
        answer["sqnr_db"] = _json(ratio)
    for side, ckpt, key in (("a", comparison.a, pair.a), ("b", comparison.b, pair.b)):
        unpacked = ckpt.tensors[key].unpacked if key is not None else None
        if unpacked is not None:
            answer[f"scheme_{side}"] = unpacked.scheme
    if found is not None and found.problem:
        answer["problem"] = found.problem
    if pair.device:
        answer["device"] = True
    if pair.rule >= 0:
        answer["rule"] = pair.rule
    return answer


# -- text ---------------------------------------------------------------------------------------------------------------------

def as_text(comparison: core.Comparison, *, show_equal: bool = False, structure_only: bool = False, paint: Paint = plain) -> str:
    """A verdict, the rules by which names were paired, a line per pair that differs, and the values that do."""
    parts = [f"A  {core.visible(comparison.a.path, 1000)}{_state_dict_text(comparison.state_dicts[0])}\n"
             f"B  {core.visible(comparison.b.path, 1000)}{_state_dict_text(comparison.state_dicts[1])}", verdict_text(comparison)]
    if comparison.lineage.deltas and (told := relations_text.lineage_lines(comparison)):
        parts.append("\n".join(told))
    if comparison.rules or comparison.offered:
        parts.append("\n".join(_rules(comparison)))
    quiet = ("equal", "unread") if structure_only else ("equal",)
    pairs = [pair for pair in worst_first(comparison) if show_equal or pair.status not in quiet or pair.device]
    rows = [row(comparison, pair) for pair in pairs]
    if rows:
        parts.append(columns(titles(comparison), rows, lambda mark: paint(mark, _STYLES.get(mark, ""))))
    if comparison.values:
        parts.append(columns(("value", "A", "B"), ((core.visible(change.key), *(
            "-" if side is None else core.visible(side, 80) for side in (change.a, change.b))) for change in comparison.values)))
    parts.append(counts_text(comparison))
    return "\n\n".join(parts) + "\n"


def counts_text(comparison: core.Comparison) -> str:
    """"3 pairs: 2 equal, 1 values"."""
    if not comparison.pairs:
        return spoken("no tensors to compare")
    counts = ", ".join(f"{count:,} {spoken(status)}" for status, count in comparison.counts.items() if count)
    return spoken(f"{core.wording.count(len(comparison.pairs), 'pair')}: {counts}")


def worst_first(comparison: core.Comparison) -> list[core.Pair]:
    """The pairs; those of packed tensors first, the worst of them before."""
    if not comparison.is_packed:
        return list(comparison.pairs)
    ratios = {n: ratio for n, pair in enumerate(comparison.pairs) if (ratio := comparison.sqnr(pair)) is not None and ratio == ratio}
    order = sorted(range(len(comparison.pairs)), key=lambda n: (n not in ratios, ratios.get(n, 0.0)))
    return [comparison.pairs[n] for n in order]


def titles(comparison: core.Comparison) -> tuple[str, ...]:
    """Of the columns that `row` fills."""
    return ("", "key", "A", "B", *(["SQNR"] if comparison.is_packed else []), "different", "max abs", "rms", "relative", "cosine", "")


def row(comparison: core.Comparison, pair: core.Pair) -> tuple[str, ...]:
    """Mark, key, both sides' shape, dtype or device where they differ, and the figures."""
    x = comparison.a.tensors[pair.a] if pair.a is not None else None
    y = comparison.b.tensors[pair.b] if pair.b is not None else None
    name = core.visible(_name(pair.a, comparison.state_dicts[0]) or _name(pair.b, comparison.state_dicts[1]))
    # what a prefix explains for all of them is not said of each
    if pair.b is not None and pair.rule >= 0 and comparison.rules[pair.rule].kind not in ("prefix", "wrapper"):
        name += f" > {core.visible(_name(pair.b, comparison.state_dicts[1]))}"
    sides = [_side(info, pair) if info is not None else "-" for info in (x, y)]
    found = pair.difference
    if comparison.is_packed:
        ratio = comparison.sqnr(pair)
        sides.append("" if ratio is None else core.wording.decibels(ratio))
    if found is None:
        return (_MARKS[pair.status], name, *sides, "", "", "", "", "", "")
    if found.problem:
        return (_MARKS[pair.status], name, *sides, "", "", "", "", "", "! " + core.visible(spoken(found.problem), 160))
    share = core.wording.share(found.n_different, found.numel) or "0 %"
    notes = [spoken(f"{found.nonfinite:,} not finite")] if found.nonfinite else []
    if found.cast:
        notes.append(spoken("exactly a cast"))
    return (_MARKS[pair.status], name, *sides, share, *(f"{value:.4g}" for value in (found.max_abs, found.rms, found.rel)),
            f"{found.cosine:.6f}", ", ".join(notes))


def _name(key: str | None, state_dict: str) -> str:
    """A key inside the state dict that is compared."""
    return core.seen_from(key or "", "" if state_dict == core.WHOLE else state_dict)


def _side(info: core.TensorInfo, pair: core.Pair) -> str:
    said = [core.wording.shape_list(info.told_shape)]
    if pair.status in ("dtype", "only-a", "only-b"):
        said.append(core.visible(info.type_words, 60))
    if pair.device:
        said.append(core.visible(info.device or "", 24))
    return " ".join(said)


def _state_dict_text(state_dict: str) -> str:
    return "" if state_dict in (core.WHOLE, "") else f" ({core.visible(state_dict)})"


def _rules(comparison: core.Comparison) -> list[str]:
    lines = [line for rule in comparison.rules[:_SHOWN]
             for line in (spoken(f"paired by {rule_text(rule)}"), *([f"  {spoken(rule.why)}"] if rule.why else []))]
    if len(comparison.rules) > _SHOWN:
        lines.append(spoken(f"… and {len(comparison.rules) - _SHOWN:,} more rules"))
    return lines + [spoken(f"not applied: {rule_text(rule)}: {rule.why}") for rule in comparison.offered[:_SHOWN]]


def rule_text(rule: core.Rule) -> str:
    """A rule on one line, with what it explains, in English."""
    tail = f"explains {len(rule.pairs):,}" + (f", {rule.collisions:,} collisions" if rule.collisions else "")
    if rule.kind == "content":
        return f"equal content ({tail})"
    if rule.kind == "order":
        return f"shape and order ({tail})"
    names = [core.visible(name) or '""' for name in (rule.a, rule.b)]
    return f"{rule.kind} {names[0]} > {names[1]} ({tail})"


_VERDICTS = {
    "identical": "identical: the same tensors, values and metadata",
    "same-weights": "the same weights in another form",
    "cast": "the same weights, cast to another dtype",
    "rearranged": "the same weights, some of them transposed, reshaped, split or joined",
    "partly-same": "what both have is the same, but not all is in both",
    "partly-read": "what could be read is the same, but not all could be read",
    "parts": "two parts of one checkpoint, which hold different pieces of it: open the folder or the index to see them as one",
    "fine-tuned": "the same network, trained further",
    "unrelated-values": "the same shapes with unrelated values",
    "different-architectures": "different architectures",
    "unreadable": "no values could be read, so nothing can be said of them",
    "structure": "compared by names, shapes and dtypes; no values were read",
    "empty": "nothing to compare",
}


def verdict_text(comparison: core.Comparison) -> str:
    """One or two lines that say what the comparison comes to."""
    verdict = comparison.verdict
    if verdict is None:
        return ""
    facts = dict(verdict.facts)
    if verdict.id == "adapter":
        return spoken(f"{str(facts['adapter']).upper()} is an adapter, {'B' if facts['adapter'] == 'a' else 'A'} its base? "
                      f"{core.visible(str(facts['fit']), 400)}; `inspector check ADAPTER --against BASE` tells of each module")
    if verdict.id == "quantized":
        return spoken(_quantized_text(facts))
    said = _VERDICTS[verdict.id]
    if verdict.id == "fine-tuned" and comparison.lineage.has_another_cause:
        said = "the same network with other values"
    if verdict.id == "cast":
        said += f" ({facts['dtypes']})"
    if "cosine" in facts:
        known = f"{facts['moved']:,} of {core.wording.count(int(facts['read']), 'tensor')} " \
                f"{'differs' if facts['moved'] == 1 else 'differ'}, "
        said += f": {known if facts['read'] else ''}cosine {facts['cosine']:.6f}, relative distance {facts['rel']:.4g}"
    elif verdict.id != "empty":
        said += f": {core.wording.count(int(facts['pairs']), 'tensor')} in both"
        if verdict.id != "structure":
            said += f", {facts['read']:,} of them read" if facts["read"] != facts["pairs"] else ", all of them read"
    if verdict.id != "empty":
        arranged = {side: int(facts.get(f"arranged_{side}", 0)) for side in "ab"}
        short = {**facts, **{f"only_{side}": int(facts[f"only_{side}"]) - arranged[side] for side in "ab"}}
        if any(arranged.values()):
            said += f", {arranged['a']:,} of A and {arranged['b']:,} of B arranged otherwise"
        said += "".join(f", {short[name]:,} {words}" for name, words in _SHORT_OF if short[name])
    if comparison.values and verdict.id in ("same-weights", "cast", "rearranged"):
        said += f"; {len(comparison.values):,} values that are no weights differ" if len(comparison.values) > 1 else \
            "; 1 value that is no weight differs"
    lines = [spoken(said), *(spoken(relations_text.rearranged_text(one)) for one in comparison.rearranged[:_SHOWN])]
    if len(comparison.rearranged) > _SHOWN:
        lines.append(spoken(f"… and {len(comparison.rearranged) - _SHOWN:,} more are rearranged"))
    lines += [spoken(relations_text.undecided_text(one)) for one in comparison.undecided[:_SHOWN]]
    if comparison.unsearched is not None:
        lines += [*map(spoken, relations_text.unsearched_lines(comparison.unsearched))]
    if verdict.id == "fine-tuned" and verdict.frozen:
        lines += [f"{spoken('changed:')} {_names(verdict.moved)}", f"{spoken('frozen: ')} {_names(verdict.frozen)}"]
    return "\n".join(lines)


def _quantized_text(facts: dict[str, int | float | str]) -> str:
    """"quantized from A: 34.1 dB, worst layer 12 down_proj 21 dB": signal to error, of all packed tensors together and of the worst."""
    start = {"a": "quantized from A", "b": "quantized from B"}.get(str(facts["original"]), "two packings of the same weights, B from A")
    said = f"{start}: {core.wording.decibels(float(facts['sqnr']))}"
    if int(facts["packed"]) > 1:
        said += (f", worst {core.visible(core.wording.layer_name(str(facts['worst'])), 80)} "
                 f"{core.wording.decibels(float(facts['worst_sqnr']))}")
    said += f" ({core.wording.count(int(facts['packed']), 'packed tensor')})"
    others = int(facts["moved"]) - int(facts["packed"])
    if others > 0:
        said += f"; {core.wording.count(others, 'other tensor')} differ{'s' * (others == 1)}"
    return said + "".join(f", {facts[name]:,} {words}" for name, words in _SHORT_OF if facts[name])


def _names(layers: Sequence[str]) -> str:
    shown = [core.visible(layer, 60) or "(root)" for layer in layers[:_SHOWN // 4]]
    return ", ".join(shown) + (f" and {len(layers) - len(shown):,} more" if len(layers) > len(shown) else "")
