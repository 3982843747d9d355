"""What a comparison comes to, and how far it is, as sentences."""
from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication

from inspector import core
from inspector.gui.comparison.progress import ComparisonProgress, Step
from inspector.gui.kit import words

_NAMED = 12             # layers that are named
_REARRANGED = 3         # tensors that are named
_UNDECIDED = 1


class VerdictText(NamedTuple):
    """A sentence, what goes with it, and its tone (a level of the style sheet, "" for calm)."""

    text: str
    more: str = ""
    level: str = ""


def text_of(progress: ComparisonProgress) -> VerdictText:
    t = QCoreApplication.translate
    if progress.step is Step.FAILED and progress.error is not None:
        error = progress.error
        hint = words.said(error.hint, 600) if isinstance(error, core.InspectorError) else ""
        text = words.said(error.message if isinstance(error, core.InspectorError) else str(error), 600)
        return VerdictText(words.sentence(text), hint, "danger")
    if progress.step is Step.WAITING:
        return VerdictText(t("Compare", "Opening the files…"))
    if progress.step is Step.PAIRING:
        return VerdictText(t("Compare", "Pairing the tensors…"))
    if progress.step in (Step.READING, Step.STOPPED) and progress.tree is not None:
        counts = progress.tree.figures.counts()
        left = sum(pair.difference is None for pair in progress.tree.figures.pairs if pair.status in ("unread", "dtype"))
        differ = sum(count for status, count in counts.items() if status in ("values", "dtype", "shape", "only-a", "only-b"))
        start = t("Compare", "Reading the values…") if progress.step is Step.READING else t("Compare", "Stopped.")
        so_far = t("Compare", "{differ} differ so far, {left} not read yet")
        return VerdictText(start, so_far.format(differ=words.tensors(differ), left=f"{left:,}"),
                    "" if progress.step is Step.READING else "warning")
    if progress.verdict is not None and progress.tree is not None:
        return verdict_text(progress.verdict, len(progress.tree.figures.values), progress.rearranged, progress.undecided,
                            progress.lineage)
    return VerdictText("")


def verdict_text(verdict: core.Verdict, other_values: int = 0, rearranged: Sequence[core.Rearranged] = (),
                 undecided: Sequence[core.Undecided] = (), lineage: core.Lineage | None = None) -> VerdictText:
    t = QCoreApplication.translate
    facts = dict(verdict.facts)
    if verdict.id == "adapter":
        text = t("Compare", "A is an adapter, B a model.") if facts["adapter"] == "a" else t("Compare", "B is an adapter, A a model.")
        return VerdictText(text, words.sentence(core.visible(str(facts["fit"]), 400)), "ok" if facts["fits"] else "warning")
    if verdict.id == "quantized":
        return _quantized(facts)
    text, level = {
        "identical": (t("Compare", "Identical: the same tensors, values and metadata."), "ok"),
        "same-weights": (t("Compare", "The same weights in another form."), "ok"),
        "cast": (t("Compare", "The same weights, cast to another dtype."), "info"),
        "rearranged": (t("Compare", "The same weights, some of them transposed, reshaped, split or joined."), "info"),
        "partly-same": (t("Compare", "What both have is the same, but not all is in both."), "warning"),
        "partly-read": (t("Compare", "What could be read is the same, but not all could be read."), "warning"),
        "parts": (t("Compare", "Two parts of one checkpoint, which hold different pieces of it: open its folder or index instead."),
                  "warning"),
        "fine-tuned": (t("Compare", "The same network, trained further."), "info"),
        "unrelated-values": (t("Compare", "The same shapes with unrelated values."), "warning"),
        "different-architectures": (t("Compare", "Different architectures."), "warning"),
        "unreadable": (t("Compare", "No values could be read, so nothing can be said of them."), "warning"),
        "structure": (t("Compare", "Compared by names, shapes and dtypes; there were no values to read."), ""),
        "empty": (t("Compare", "There is nothing to compare: one of the files holds no tensors here."), ""),
    }[verdict.id]
    more = []
    if verdict.id == "cast":
        more.append(core.visible(str(facts["dtypes"])))
    if "cosine" in facts:
        more += [t("Compare", "{n} of {all} tensors differ").format(n=f"{facts['moved']:,}", all=f"{facts['read']:,}"),
                 t("Compare", "cosine {value}").format(value=f"{facts['cosine']:.6f}"),
                 t("Compare", "relative distance {value}").format(value=f"{facts['rel']:.4g}")]
    elif verdict.id not in ("empty", "structure", "unreadable"):
        more.append(t("Compare", "{n} tensors in both, {read} of them read").format(n=f"{facts['pairs']:,}", read=f"{facts['read']:,}"))
    if facts.get("arranged_a") or facts.get("arranged_b"):
        otherwise = t("Compare", "{a} of A and {b} of B arranged otherwise")
        more.append(otherwise.format(a=f"{facts['arranged_a']:,}", b=f"{facts['arranged_b']:,}"))
        facts |= {f"only_{side}": int(facts[f"only_{side}"]) - int(facts[f"arranged_{side}"]) for side in "ab"}
    more += _short_of(facts)
    if other_values:
        more.append(t("Compare", "1 other value differs") if other_values == 1
                    else t("Compare", "{n} other values differ").format(n=f"{other_values:,}"))
    lines = [" · ".join(more), *map(rearranged_text, rearranged[:_REARRANGED])]
    if len(rearranged) > _REARRANGED:
        lines.append(t("Compare", "{n} more are rearranged").format(n=f"{len(rearranged) - _REARRANGED:,}"))
    lines += map(undecided_text, undecided[:_UNDECIDED])
    if len(undecided) > _UNDECIDED:
        lines.append(t("Compare", "and {n} more groups of which nothing tells which is which").format(n=f"{len(undecided) - _UNDECIDED:,}"))
    inferences = lineage.inferences if lineage is not None else ()
    if verdict.id == "fine-tuned" and lineage is not None and lineage.has_another_cause:
        text = t("Compare", "The same network with other values.")
    lines += [t("Compare", "Seems: {what} (rests on {n} of {all} tensors)").format(what=inference_text(one), n=f"{one.tensors:,}",
                                                                                all=f"{one.of:,}") for one in inferences]
    if lineage is not None and lineage.looked_at < lineage.of:
        lines.append(t("Compare", "{n} of the {all} tensors that differ were looked at for this, the largest").format(
            n=f"{lineage.looked_at:,}", all=f"{lineage.of:,}"))
    if verdict.id == "fine-tuned" and verdict.frozen:
        lines += [t("Compare", "Changed: {layers}").format(layers=_layers(verdict.moved)),
                  t("Compare", "Frozen: {layers}").format(layers=_layers(verdict.frozen))]
    return VerdictText(text, "\n".join(line for line in lines if line), level)


def _quantized(facts: dict[str, int | float | str]) -> VerdictText:
    t = QCoreApplication.translate
    said = {"a": t("Compare", "Quantized from A: {all}, worst {layer} {worst}."),
            "b": t("Compare", "Quantized from B: {all}, worst {layer} {worst}."),
            }.get(str(facts["original"]), t("Compare", "Two packings of the same weights: {all} from A to B, worst {layer} {worst}."))
    text = said.format(all=core.wording.decibels(float(facts["sqnr"])), worst=core.wording.decibels(float(facts["worst_sqnr"])),
                       layer=core.visible(core.wording.layer_name(str(facts["worst"])), 80))
    more = [t("Compare", "{n} packed").format(n=words.tensors(int(facts["packed"])))]
    others = int(facts["moved"]) - int(facts["packed"])
    if others > 0:
        more.append(t("Compare", "{n} others differ").format(n=f"{others:,}"))
    more += _short_of(facts)
    return VerdictText(text, " · ".join(more), "info")


def _short_of(facts: dict[str, int | float | str]) -> list[str]:
    t = QCoreApplication.translate
    texts = (("only_a", t("Compare", "{n} only in A")), ("only_b", t("Compare", "{n} only in B")),
             ("shapes", t("Compare", "{n} of another shape")), ("unread", t("Compare", "{n} could not be read")),
             ("renamed", t("Compare", "{n} under other names")))
    return [text.format(n=f"{facts[name]:,}") for name, text in texts if facts.get(name)]


def rearranged_text(one: core.Rearranged) -> str:
    """"lin.weight is transposed in B"."""
    t = QCoreApplication.translate
    a, b = map(_keys, (one.a, one.b))
    texts = {"transposed": t("Compare", "{a} is transposed in B: {b}"),
             "permuted": t("Compare", "{a} has its dimensions in another order in B: {b}"),
             "reshaped": t("Compare", "{a} is reshaped in B: {b}"), "moved": t("Compare", "{a} has another name in B: {b}"),
             "reordered": t("Compare", "{a} has its slices in another order in B: {b}"),
             "joined": t("Compare", "{a} in A are joined in B: {b}"), "stacked": t("Compare", "{a} in A are stacked in B: {b}")}
    if len(one.b) > 1:
        texts |= {"joined": t("Compare", "{a} in A is split in B: {b}"), "stacked": t("Compare", "{a} in A is unstacked in B: {b}")}
    notes = [*([t("Compare", "transposed as well")] if one.turned else []), *_orders(one), *_how_well(one)]
    return texts[one.kind].format(a=a, b=b) + (f"  ({', '.join(notes)})" if notes else "")


def inference_text(one: core.Inference) -> str:
    """"a low-rank adapter of rank 8 was merged into q_proj, v_proj"."""
    t = QCoreApplication.translate
    facts = {name: f"{value:,}" if isinstance(value, int) else core.visible(str(value), 120) for name, value in one.facts}
    plain = dict(one.facts)
    if "lowest" in facts:
        facts["ranks"] = facts["rank"] if facts["rank"] == facts["lowest"] else t("Compare", "{lowest} to {rank}").format_map(facts)
    for name, form in (("decibels", ".1f"), ("share", ".1%"), ("least", ".6g"), ("most", ".6g")):
        if isinstance(plain.get(name), float):
            facts[name] = format(plain[name], form)
    texts = {
        "merged-lora": t("Compare", "a low-rank adapter (LoRA) of rank {ranks} was merged into {modules}"),
        "low-rank": t("Compare", "the change of {modules} has rank {ranks}; {others} other tensors changed too"),
        "quantized": t("Compare", "B was quantized to {bits} bits in runs of {group} and made floats again, {decibels} dB at worst")
        if plain.get("group") else t("Compare", "B was quantized to {bits} bits by rows and made floats again, {decibels} dB at worst"),
        "rounded": t("Compare", "B went through {to}, rounded to nearest") if plain.get("mode") == "nearest"
        else t("Compare", "B went through {to}, rounded towards zero"),
        "scaled": t("Compare", "B is A times {least}") if plain.get("least") == plain.get("most")
        else t("Compare", "B is A times {least} to {most}"),
        "pruned": t("Compare", "elements were set to zero, {share} of those tensors"),
        "small-parts": t("Compare", "only normalisations and biases were trained"),
        "replaced": t("Compare", "{modules} made anew, the rest comes from A"),
        "fine-tuned": t("Compare", "B comes from A: what changed points the same way, as after training on"),
        "unrelated": t("Compare", "B does not come from A")}
    return texts[one.id].format_map(facts)


def undecided_text(one: core.Undecided) -> str:
    t = QCoreApplication.translate
    text = t("Compare", "{a} and {b} hold one and the same value: nothing tells which is which") if one.constant else \
        t("Compare", "{a} and {b} hold the same values: nothing tells which is which")
    return text.format(a=_keys(one.a), b=_keys(one.b))


def _keys(keys: Sequence[str]) -> str:
    return core.visible(keys[0], 80) if len(keys) == 1 else QCoreApplication.translate("Compare", "{n} tensors ({first}, …)").format(
        n=f"{len(keys):,}", first=core.visible(keys[0], 80))


def _orders(one: core.Rearranged) -> list[str]:
    t = QCoreApplication.translate
    heads = t("Compare", "{order}, {n} heads")
    texts = {"halves": t("Compare", "rotary halves"), "pairs": t("Compare", "rotary pairs"),
             "groups": t("Compare", "in alternating groups"), "reversed": t("Compare", "in reverse order"),
             "other": t("Compare", "in an order of their own")}
    found = [texts[order] for order in dict.fromkeys(filter(None, one.orders))]
    if one.groups and len(found) == 1 and ("halves" in one.orders or "pairs" in one.orders):
        return [heads.format(order=found[0], n=f"{one.groups:,}")]
    return found


def _how_well(one: core.Rearranged) -> list[str]:
    t = QCoreApplication.translate
    notes = []
    if one.held == "cast":
        notes.append(t("Compare", "exactly a cast"))
    elif one.held == "scaled":
        notes.append(t("Compare", "times {factor}").format(factor=f"{one.scale:.6g}"))
    elif one.held == "near" and one.difference is not None:
        notes.append(t("Compare", "nearly: relative distance {value}").format(value=f"{one.difference.rel:.4g}"))
    if one.basis == "weight":
        notes.append(t("Compare", "as its weight is"))
    return notes


def _layers(layers: Sequence[str]) -> str:
    shown = [core.visible(layer, 60) or QCoreApplication.translate("Compare", "(root)") for layer in layers[:_NAMED]]
    text = ", ".join(shown)
    return text if len(layers) <= _NAMED else QCoreApplication.translate("Compare", "{layers} and {n} more").format(
        layers=text, n=f"{len(layers) - _NAMED:,}")


def rule_text(rule: core.Rule) -> str:
    """"prefix  module.  →  (nothing)"."""
    t = QCoreApplication.translate
    kinds = {"wrapper": t("Compare", "Wrapper"), "prefix": t("Compare", "Prefix"), "segments": t("Compare", "Names"),
             "shift": t("Compare", "Numbering")}
    if rule.kind == "content":
        return t("Compare", "Equal content under any name")
    sides = [core.visible(side, 80) or t("Compare", "(nothing)") for side in (rule.a, rule.b)]
    return f"{kinds.get(rule.kind, core.visible(rule.kind))}:  {sides[0]}  →  {sides[1]}"


def rule_facts(rule: core.Rule) -> str:
    """"explains 120 names · 2 collisions · 3 left over"."""
    t = QCoreApplication.translate
    many = len(rule.pairs)
    facts = [t("Compare", "explains 1 name") if many == 1 else t("Compare", "explains {n} names").format(n=f"{many:,}")]
    if rule.collisions:
        facts.append(t("Compare", "1 collision") if rule.collisions == 1
                     else t("Compare", "{n} collisions").format(n=f"{rule.collisions:,}"))
    if rule.leftover:
        facts.append(t("Compare", "{n} left over").format(n=f"{rule.leftover:,}"))
    if rule.why:
        facts.append(core.visible(rule.why, 200))
    return " · ".join(facts)
