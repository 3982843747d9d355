"""What a comparison comes to, and how far it is, as sentences."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication

from inspector import core
from inspector.gui.comparison.progress import ComparisonProgress, Step
from inspector.gui.kit import words
from inspector.gui.models.pair_lines import distance_text
from inspector.gui.models.pair_tree import CHANGES

translate = QCoreApplication.translate
_NAMED = 12             # layers that are named
_REARRANGED = 3         # tensors that are named
_UNDECIDED = 1


class VerdictText(NamedTuple):
    """A sentence, what goes with it, and its tone (a level of the style sheet, "" for calm)."""

    text: str
    more: str = ""
    level: str = ""


def text_of(progress: ComparisonProgress) -> VerdictText:
    if progress.step is Step.FAILED and progress.error is not None:
        error = progress.error
        hint = words.said(error.hint, 600) if isinstance(error, core.InspectorError) else ""
        text = words.said(error.message if isinstance(error, core.InspectorError) else str(error), 600)
        return VerdictText(words.sentence(text), hint, "danger")
    if progress.step is Step.WAITING:
        return VerdictText(translate("Compare", "Opening the files…"))
    if progress.step is Step.PAIRING:
        return VerdictText(translate("Compare", "Pairing the tensors…"))
    if progress.step in (Step.READING, Step.STOPPED) and progress.tree is not None:
        figures = progress.tree.figures
        counts, total = figures.counts(), len(figures.pairs)
        start = translate("Compare", "Reading the values…") if progress.step is Step.READING else translate("Compare", "Stopped.")
        facts = [translate("Compare", "{n} of {all} pairs known").format(n=f"{total - counts['unread']:,}", all=f"{total:,}"),
                 translate("Compare", "{n} differ so far").format(n=f"{sum(counts[status] for status in CHANGES):,}")]
        if progress.read[1]:
            facts.append(translate("Compare", "{done} of {total}").format(done=words.size(progress.read[0]),
                                                                         total=words.size(progress.read[1])))
        return VerdictText(start, " · ".join(facts), "" if progress.step is Step.READING else "warning")
    if progress.verdict is not None and progress.tree is not None:
        figures = progress.tree.figures
        if progress.verdict.id == "identical" and progress.judged is not None and is_one_file(progress.judged):
            return VerdictText(translate("Compare", "A and B are the same file."), "", "info")
        return verdict_text(progress.verdict, len(figures.values), progress.rearranged, progress.undecided, progress.lineage,
                            progress.unsearched, counters=(figures.counts()["counter"], figures.counters_read()))
    return VerdictText("")


def verdict_text(verdict: core.Verdict, other_values: int = 0, rearranged: Sequence[core.Rearranged] = (),
                 undecided: Sequence[core.Undecided] = (), lineage: core.Lineage | None = None,
                 unsearched: core.Unsearched | None = None, *,
                 counters: tuple[int, int] = (0, 0)) -> VerdictText:
    """`counters`: how many of the tensors that differ, and of those that were read, only count steps."""
    facts = dict(verdict.facts)
    if verdict.id == "adapter":
        text = translate("Compare", "A is an adapter, B a model.") if facts["adapter"] == "a" \
            else translate("Compare", "B is an adapter, A a model.")
        return VerdictText(text, words.sentence(words.said(str(facts["fit"]), 400)), "ok" if facts["fits"] else "warning")
    if verdict.id == "quantized":
        return _quantized({**facts, "moved": int(facts["moved"]) - counters[0]})
    text, level = {
        "identical": (translate("Compare", "Identical: the same tensors, values and metadata."), "ok"),
        "same-weights": (translate("Compare", "The same weights in another form."), "ok"),
        "cast": (translate("Compare", "The same weights, cast to another dtype."), "info"),
        "rearranged": (translate("Compare", "The same weights, some of them transposed, reshaped, split or joined."), "info"),
        "partly-same": (translate("Compare", "What both have is the same, but not all is in both."), "warning"),
        "partly-read": (translate("Compare", "What could be read is the same, but not all could be read."), "warning"),
        "parts": (translate("Compare", "Two parts of one checkpoint, which hold different pieces of it: open its folder or index instead."),
                  "warning"),
        "fine-tuned": (translate("Compare", "The same network, trained further."), "info"),
        "unrelated-values": (translate("Compare", "The same shapes with unrelated values."), "warning"),
        "different-architectures": (translate("Compare", "Different architectures."), "warning"),
        "unreadable": (translate("Compare", "No values could be read, so nothing can be said of them."), "warning"),
        "structure": (translate("Compare", "Compared by names, shapes and dtypes; there were no values to read."), ""),
        "empty": (translate("Compare", "There is nothing to compare: one of the files holds no tensors here."), ""),
    }[verdict.id]
    if verdict.id == "different-architectures" and not facts["pairs"]:
        text = translate("Compare", "No key of A is in B.")
    more = []
    if verdict.id == "cast":
        more.append(core.visible(str(facts["dtypes"])))
    if "cosine" in facts:
        moved, read = (int(facts[name]) - n for name, n in zip(("moved", "read"), counters, strict=True))
        more += [translate("Compare", "{n} of {all} tensors differ").format(n=f"{moved:,}", all=f"{read:,}")] if facts["read"] else []
        more += [translate("Compare", "cosine {value}").format(value=f"{facts['cosine']:.6f}"),
                 translate("Compare", "relative distance {value}").format(value=distance_text(float(facts["rel"])))]
    elif verdict.id not in ("empty", "structure", "unreadable") and not (verdict.id == "different-architectures" and not facts["pairs"]):
        both = translate("Compare", "{n} tensors in both, {read} of them read")
        more.append(both.format(n=f"{facts['pairs']:,}", read=f"{facts['read']:,}") if facts["pairs"]
                    else translate("Compare", "no tensor of A has a partner in B"))
    if facts.get("arranged_a") or facts.get("arranged_b"):
        otherwise = translate("Compare", "{a} of A and {b} of B arranged otherwise")
        more.append(otherwise.format(a=f"{facts['arranged_a']:,}", b=f"{facts['arranged_b']:,}"))
        facts |= {f"only_{side}": int(facts[f"only_{side}"]) - int(facts[f"arranged_{side}"]) for side in "ab"}
    more += _short_of(facts)
    if counters[0]:
        more.append(translate("Compare", "1 counter left out") if counters[0] == 1
                    else translate("Compare", "{n} counters left out").format(n=f"{counters[0]:,}"))
    if other_values:
        more.append(translate("Compare", "1 other value differs") if other_values == 1
                    else translate("Compare", "{n} other values differ").format(n=f"{other_values:,}"))
    lines = [" · ".join(more), *map(rearranged_text, rearranged[:_REARRANGED])]
    if len(rearranged) > _REARRANGED:
        lines.append(translate("Compare", "{n} more rearranged").format(n=f"{len(rearranged) - _REARRANGED:,}"))
    lines += map(undecided_text, undecided[:_UNDECIDED])
    if len(undecided) > _UNDECIDED:
        further = translate("Compare", "and {n} more groups of which nothing tells which is which")
        lines.append(further.format(n=f"{len(undecided) - _UNDECIDED:,}"))
    if unsearched is not None:
        lines += unsearched_lines(unsearched)
    inferences = lineage.inferences if lineage is not None else ()
    if verdict.id == "fine-tuned" and lineage is not None and lineage.has_another_cause:
        text = translate("Compare", "The same network with other values.")
    lines += [translate("Compare", "Seems: {what} (rests on {n} of {all} tensors)").format(what=inference_text(one), n=f"{one.tensors:,}",
                                                                                all=f"{one.of:,}") for one in inferences]
    if lineage is not None and lineage.looked_at < lineage.of:
        lines.append(translate("Compare", "{n} of the {all} tensors that differ were looked at for this, the largest").format(
            n=f"{lineage.looked_at:,}", all=f"{lineage.of:,}"))
    if verdict.id == "fine-tuned" and verdict.frozen:
        inside = _shared((*verdict.moved, *verdict.frozen))
        lines += [translate("Compare", "Changed: {layers}").format(layers=_layers(verdict.moved, inside)),
                  translate("Compare", "Frozen: {layers}").format(layers=_layers(verdict.frozen, inside))]
    return VerdictText(text, "\n".join(line for line in lines if line), level)


def is_one_file(comparison: core.Comparison) -> bool:
    """Whether both sides are the same files of this machine, under whatever paths, as they were opened."""
    sides = [[stamp._replace(path="") for stamp in ckpt.files] for ckpt in (comparison.a, comparison.b)]
    return sides[0] == sides[1] and all(stamp.inode and stamp.address is None for stamp in sides[0]) and bool(sides[0])


def _quantized(facts: dict[str, int | float | str]) -> VerdictText:
    said = {"a": translate("Compare", "Quantized from A: {all}, worst {layer} {worst}."),
            "b": translate("Compare", "Quantized from B: {all}, worst {layer} {worst}."),
            }.get(str(facts["original"]),
                  translate("Compare", "Two packings of the same weights: {all} from A to B, worst {layer} {worst}."))
    text = said.format(all=core.wording.decibels(float(facts["sqnr"])), worst=core.wording.decibels(float(facts["worst_sqnr"])),
                       layer=words.said(core.wording.layer_name(str(facts["worst"])), 80))
    more = [translate("Compare", "{n} packed").format(n=words.tensors(int(facts["packed"])))]
    others = int(facts["moved"]) - int(facts["packed"])
    if others > 0:
        more.append(translate("Compare", "{n} others differ").format(n=f"{others:,}"))
    more += _short_of(facts)
    return VerdictText(text, " · ".join(more), "info")


def _short_of(facts: dict[str, int | float | str]) -> list[str]:
    texts = (("only_a", translate("Compare", "{n} only in A")), ("only_b", translate("Compare", "{n} only in B")),
             ("shapes", translate("Compare", "{n} of another shape")), ("unread", translate("Compare", "{n} could not be read")),
             ("renamed", translate("Compare", "{n} under other names")))
    return [text.format(n=f"{facts[name]:,}") for name, text in texts if facts.get(name)]


def rearranged_text(one: core.Rearranged) -> str:
    """"lin.weight is transposed in B"."""
    a, b = map(_keys, (one.a, one.b))
    texts = {"transposed": translate("Compare", "{a} is transposed in B: {b}"),
             "permuted": translate("Compare", "{a} has its dimensions in another order in B: {b}"),
             "reshaped": translate("Compare", "{a} is reshaped in B: {b}"), "moved": translate("Compare", "{a} has another name in B: {b}"),
             "reordered": translate("Compare", "{a} has its slices in another order in B: {b}"),
             "joined": translate("Compare", "{a} in A are joined in B: {b}"),
             "stacked": translate("Compare", "{a} in A are stacked in B: {b}"),
             "grown": translate("Compare", "{a} has more slices in B: {b}"), "cut": translate("Compare", "{a} has fewer slices in B: {b}")}
    if one.a == one.b:
        texts |= {"transposed": translate("Compare", "{a} is transposed in B"),
                  "permuted": translate("Compare", "{a} has its dimensions in another order in B"),
                  "reshaped": translate("Compare", "{a} is reshaped in B"),
                  "reordered": translate("Compare", "{a} has its slices in another order in B"),
                  "grown": translate("Compare", "{a} has more slices in B"), "cut": translate("Compare", "{a} has fewer slices in B")}
    if len(one.b) > 1:
        texts |= {"joined": translate("Compare", "{a} in A is split in B: {b}"),
                  "stacked": translate("Compare", "{a} in A is unstacked in B: {b}")}
    growth = growth_text(one)
    notes = [*([translate("Compare", "transposed as well")] if one.turned else []), *orders_text(one), *growth[:1], *how_well(one),
             *growth[1:]]
    return texts[one.kind].format(a=a, b=b) + (f"  ({', '.join(notes)})" if notes else "")


def _quantized_text(piece: str, in_runs: bool) -> str:
    return {
        "tensor": translate("Compare", "B was quantized to {bits} bits as a whole and made floats again, {decibels} dB at worst"),
        "block": translate("Compare", "B was quantized to {bits} bits in blocks of {group}×{group} and made floats again, "
                                      "{decibels} dB at worst"),
        "column": translate("Compare", "B was quantized to {bits} bits in runs of {group} of a column and made floats again, "
                                       "{decibels} dB at worst")
        if in_runs else translate("Compare", "B was quantized to {bits} bits by columns and made floats again, {decibels} dB at worst"),
        "row": translate("Compare", "B was quantized to {bits} bits in runs of {group} and made floats again, {decibels} dB at worst")
        if in_runs else translate("Compare", "B was quantized to {bits} bits by rows and made floats again, {decibels} dB at worst"),
    }[piece]


def inference_text(one: core.Inference) -> str:
    """"a low-rank adapter of rank 8 was merged into q_proj, v_proj"."""
    facts = {name: f"{value:,}" if isinstance(value, int) else core.visible(str(value), 120) for name, value in one.facts}
    plain = dict(one.facts)
    if "lowest" in facts:
        facts["ranks"] = facts["rank"] if facts["rank"] == facts["lowest"] else translate("Compare", "{lowest} to {rank}").format_map(facts)
    for name, form in (("decibels", ".1f"), ("share", ".1%"), ("least", ".6g"), ("most", ".6g")):
        if isinstance(plain.get(name), float):
            facts[name] = format(plain[name], form)
    texts = {
        "merged-lora": translate("Compare", "a low-rank adapter (LoRA) of rank {ranks} was merged into {modules}"),
        "low-rank": translate("Compare", "the change of {modules} has rank {ranks}; {others} other tensors changed too"),
        "quantized": _quantized_text(str(plain.get("piece", "row")), bool(plain.get("group"))),
        "rounded": translate("Compare", "B went through {to}, rounded to nearest") if plain.get("mode") == "nearest"
        else translate("Compare", "B went through {to}, rounded towards zero"),
        "scaled": translate("Compare", "B is A times {least}") if facts.get("least") == facts.get("most")
        else translate("Compare", "B is A times {least} to {most}"),
        "pruned": translate("Compare", "elements were set to zero, {share} of those tensors"),
        "small-parts": translate("Compare", "only normalisations and biases were trained"),
        "replaced": translate("Compare", "{modules} made anew, the rest comes from A"),
        "fine-tuned": translate("Compare", "B comes from A: what changed points the same way, as after training on"),
        "unrelated": translate("Compare", "B does not come from A")}
    return texts[one.id].format_map(facts)


def undecided_text(one: core.Undecided) -> str:
    text = translate("Compare", "{a} and {b} hold one and the same value: nothing tells which is which") if one.constant else \
        translate("Compare", "{a} and {b} hold the same values: nothing tells which is which")
    return text.format(a=_keys(one.a), b=_keys(one.b))


def unsearched_lines(one: core.Unsearched) -> Iterator[str]:
    if one.tensors:
        text = translate("Compare", "{n} of the {all} tensors without an equal partner were not looked at for what they are made of: "
                                    "there are too many, and the largest go first")
        yield text.format(n=f"{one.tensors:,}", all=f"{one.of:,}")
    if one.nearly:
        yield translate("Compare", "What the {n} tensors that are left are nearly made of was not looked for: there are too many").format(
            n=f"{one.nearly:,}")


def _keys(keys: Sequence[str]) -> str:
    return core.visible(keys[0], 80) if len(keys) == 1 else translate("Compare", "{n} tensors ({first}, …)").format(
        n=f"{len(keys):,}", first=core.visible(keys[0], 80))


def orders_text(one: core.Rearranged) -> list[str]:
    heads = translate("Compare", "{order}, {n} heads")
    texts = {"halves": translate("Compare", "rotary halves"), "pairs": translate("Compare", "rotary pairs"),
             "groups": translate("Compare", "in alternating groups"), "reversed": translate("Compare", "in reverse order"),
             "other": translate("Compare", "in an order of their own")}
    found = [texts[order] for order in dict.fromkeys(filter(None, one.orders))]
    if one.groups and len(found) == 1 and ("halves" in one.orders or "pairs" in one.orders):
        return [heads.format(order=found[0], n=f"{one.groups:,}")]
    return found


def growth_text(one: core.Rearranged) -> list[str]:
    """How many slices more or fewer along which dimension, and what those are that only one side has."""
    grown = one.grown
    if grown is None:
        return []
    places = ("front", "around", "behind") if one.kind == "grown" else ("last", "middle", "first")
    place = places[0] if grown.start == grown.more else places[1] if grown.start else places[2]
    text = {"front": translate("Compare", "{more} more in front of the {common} along dimension {dim}"),
            "around": translate("Compare", "{more} more around the {common} along dimension {dim}"),
            "behind": translate("Compare", "{more} more behind the {common} along dimension {dim}"),
            "last": translate("Compare", "the last {common} of {all} along dimension {dim}"),
            "middle": translate("Compare", "{common} of {all} along dimension {dim}"),
            "first": translate("Compare", "the first {common} of {all} along dimension {dim}")}[place]
    said = text.format(more=f"{grown.more:,}", common=f"{grown.common:,}", all=f"{grown.common + grown.more:,}", dim=one.dims[0])
    if not grown.made:
        return [said]
    form = translate("Compare", "new: {what}") if one.kind == "grown" else translate("Compare", "left out: {what}")
    return [said, form.format(what=_made_text(grown))]


def _made_text(grown: core.Grown) -> str:
    if grown.made == "own" and grown.std is not None:
        text = translate("Compare", "values of their own (std {std})") if grown.others is None else \
            translate("Compare", "values of their own (std {std}, the others {others})")
        return text.format(std=f"{grown.std:.4g}", others="" if grown.others is None else f"{grown.others:.4g}")
    texts = {"zeros": translate("Compare", "zeros"), "constant": translate("Compare", "all {value}"),
             "mean": translate("Compare", "the mean of the others"),
             "near-mean": translate("Compare", "nearly the mean of the others (relative distance {distance})"),
             "copy": translate("Compare", "copies of number {row}"), "again": translate("Compare", "the others once more"),
             "copies": translate("Compare", "copies of others"), "own": translate("Compare", "values of their own")}
    return texts[grown.made].format(value=f"{grown.value:.6g}", row=f"{grown.row:,}", distance=f"{grown.distance:.2g}")


def how_well(one: core.Rearranged) -> list[str]:
    notes = []
    if one.held == "cast":
        notes.append(translate("Compare", "exactly a cast"))
    elif one.held == "scaled":
        notes.append(translate("Compare", "times {factor}").format(factor=f"{one.scale:.6g}"))
    elif one.held == "near" and one.difference is not None:
        notes.append(translate("Compare", "nearly: relative distance {value}").format(value=f"{one.difference.rel:.4g}"))
    if one.basis == "weight":
        notes.append(translate("Compare", "as its weight is"))
    return notes


def _shared(layers: Sequence[str]) -> str:
    """What the names of all `layers` begin with, as that of their state dict: it is not said before each of them."""
    first = core.segments_of(layers[0])[0] if layers else ""
    return first if all(core.is_under(layer, first) for layer in layers) else ""


def _layers(layers: Sequence[str], inside: str) -> str:
    names = [core.seen_from(layer, inside) if inside else layer for layer in layers[:_NAMED]]
    shown = [core.visible(name, 60) or translate("Compare", "(root)") for name in names]
    text = ", ".join(shown)
    return text if len(layers) <= _NAMED else translate("Compare", "{layers} and {n} more").format(
        layers=text, n=f"{len(layers) - _NAMED:,}")


def rule_text(rule: core.Rule) -> str:
    """"prefix  module.  →  (nothing)"."""
    kinds = {"wrapper": translate("Compare", "Wrapper"), "prefix": translate("Compare", "Prefix"),
             "segments": translate("Compare", "Names"),
             "shift": translate("Compare", "Numbering")}
    if rule.kind == "content":
        return translate("Compare", "Equal content under any name")
    if rule.kind == "order":
        return translate("Compare", "Equal shapes, in the order in which they are stored")
    sides = [core.visible(side, 80) or translate("Compare", "(nothing)") for side in (rule.a, rule.b)]
    return f"{kinds.get(rule.kind, core.visible(rule.kind))}:  {sides[0]}  →  {sides[1]}"


def rule_facts(rule: core.Rule) -> str:
    """"explains 120 names · 2 collisions · 3 left over"."""
    many = len(rule.pairs)
    facts = [translate("Compare", "explains 1 name") if many == 1 else translate("Compare", "explains {n} names").format(n=f"{many:,}")]
    if rule.collisions:
        facts.append(translate("Compare", "1 collision") if rule.collisions == 1
                     else translate("Compare", "{n} collisions").format(n=f"{rule.collisions:,}"))
    if rule.leftover:
        facts.append(translate("Compare", "{n} left over").format(n=f"{rule.leftover:,}"))
    if rule.why:
        facts.append(core.visible(rule.why, 200))
    return " · ".join(facts)
