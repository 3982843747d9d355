"""What tensors of two files have to do with each other, as text and JSON: how they are arranged, and what became of their values."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from inspector import core
from inspector.sentences import said as spoken

_FEW = 6                # tensors named of those that one is made of
_NAMED = 2              # tensors named of those that something rests on
_SHOWN = 3              # layers named as those that moved most
_ALIKE = 1.1            # times the least, what the most may be where all moved alike


def rearranged_json(one: core.Rearranged) -> dict[str, Any]:
    found = one.difference
    names = ("n_different", "numel", "max_abs", "rms", "rel", "cosine")
    figures = None if found is None else {name: core.to_json(value) for name, value in found._asdict().items() if name in names}
    grown = None if one.grown is None else {name: core.to_json(value) for name, value in one.grown._asdict().items()}
    return {**one._asdict(), "difference": figures, "grown": grown, "text": rearranged_text(one)}


def rearranged_text(one: core.Rearranged) -> str:
    """"lin.weight is transposed in B"."""
    a, b = map(_keys, (one.a, one.b))
    if one.grown is not None:
        return _grown_text(one, one.grown)
    if len(one.a) > 1 or len(one.b) > 1:
        how = ("are " if one.b and len(one.a) > 1 else "is ") + _how_of_several(one)
        said = f"{a} of A {how} in B: {b}" if len(one.a) > 1 else f"{b} of B are {_how_of_several(one)} in A: {a}"
    else:
        said = f"{a} {_how_of_one(one)} in B" + (f": {b}" if one.a != one.b else "")
    return said + _how_well(one)


def _keys(keys: Sequence[str]) -> str:
    return ", ".join(core.visible(key) for key in keys[:_FEW]) + (f" and {len(keys) - _FEW:,} more" if len(keys) > _FEW else "")


def _how_of_one(one: core.Rearranged) -> str:
    if one.kind == "reordered":
        slices = "rows" if one.dims in ((0,), ()) else f"slices along dimension {one.dims[0]}"
        return ("is transposed and " if one.turned else "") + f"has its {slices} in {_order_text(one.orders[0], one.groups)}"
    return {"permuted": f"is transposed to dimensions {', '.join(map(str, one.dims))}", "moved": "is under another name",
            "reshaped": "is transposed and reshaped" if one.turned else "is reshaped"}.get(one.kind, f"is {one.kind}")


def _how_of_several(one: core.Rearranged) -> str:
    if one.kind == "stacked":
        how = "stacked" + (f" and joined along dimension {one.dims[1]}" if len(one.dims) > 1 else "")
    else:
        how = f"joined along dimension {one.dims[0]}"
    if one.turned:
        how = f"transposed and {how}"
    several = one.a if len(one.a) > 1 else one.b
    for order in dict.fromkeys(filter(None, one.orders)):
        of = [key for key, its in zip(several, one.orders, strict=True) if its == order]
        whose = "each" if len(of) == len(several) else _keys(of)
        how += f", {whose} in {_order_text(order, one.groups)}"
    return how


def _grown_text(one: core.Rearranged, grown: core.Grown) -> str:
    """"e.weight has 16 more rows in B behind the 32,000 of A. New: zeros."."""
    is_new = one.kind == "grown"
    many = (grown.more if is_new else grown.common) > 1
    slices = ("elements" if many else "element") if grown.size == 1 else ("rows" if many else "row") if one.dims == (0,) else \
        f"{'slices' if many else 'slice'} along dimension {one.dims[0]}"
    key = core.visible(one.a[0]) + (f" ({core.visible(one.b[0])})" if one.a != one.b else "")
    if is_new:
        where = "in front of" if grown.start == grown.more else "around" if grown.start else "behind"
        said = f"{key} has {grown.more:,} more {slices} in B {where} the {grown.common:,} of A."
    else:
        which = "last" if grown.start == grown.more else "middle" if grown.start else "first"
        said = f"{key} has only its {which} {grown.common:,} {slices} of {grown.common + grown.more:,} in B."
    found = one.difference
    held = {"cast": "They are exactly a cast.", "scaled": f"They are times {one.scale:.6g}, but for rounding."}.get(one.held, "")
    if one.held == "near" and found is not None:
        held = f"They are nearly the same: relative distance {found.rel:.4g}, largest difference {found.max_abs:.4g}."
    if one.basis == "weight":
        held = f"{held} As its weight is.".lstrip()
    made = made_text(grown)
    new = "" if not made else f"New: {made}." if is_new else f"Left out: {made}."
    return " ".join(filter(None, (said, held, new)))


def made_text(grown: core.Grown) -> str:
    """What the slices are that only the longer one has: "the mean of the others, but for rounding"."""
    own = "values of their own" if grown.std is None else f"values of their own, standard deviation {grown.std:.4g}" \
        if grown.others is None else f"values of their own, standard deviation {grown.std:.4g}, that of the others {grown.others:.4g}"
    return {"zeros": "zeros", "constant": f"all {grown.value:.6g}", "mean": "the mean of the others, but for rounding",
            "near-mean": f"nearly the mean of the others, at a relative distance of {grown.distance:.2g}",
            "copy": f"copies of number {grown.row:,}, counted from 0", "again": "the others once more", "copies": "copies of others",
            "own": own}.get(grown.made, "")


def _order_text(order: str, groups: int) -> str:
    many = f"of {groups:,} " if groups else ""
    return {"halves": f"the order of rotary halves {many}heads", "pairs": f"the order of rotary pairs {many}heads",
            "groups": f"{core.wording.count(groups, 'run')} with the others between" if groups else "runs with the others between",
            "reversed": "reverse order"}.get(order, "another order")


def _how_well(one: core.Rearranged) -> str:
    found = one.difference
    held = {"cast": "; exactly a cast", "scaled": f"; times {one.scale:.6g}"}.get(one.held, "")
    if one.held in ("near", "scaled") and found is not None:
        held += (f"; {'nearly' if one.held == 'near' else 'but for rounding'}: relative distance {found.rel:.4g}, "
                 f"largest difference {found.max_abs:.4g}")
    return held + ("; as its weight is" if one.basis == "weight" else "")


def undecided_text(one: core.Undecided) -> str:
    what = "hold one and the same value" if one.constant else "hold the same values"
    return f"{_keys(one.a)} of A and {_keys(one.b)} of B all {what}: nothing in them tells which is which"


def unsearched_lines(one: core.Unsearched) -> Iterator[str]:
    if one.tensors:
        yield f"{one.tensors:,} of the {one.of:,} tensors without an equal partner were not looked at for what they are made of: " \
            "there are too many, and the largest go first"
    if one.nearly:
        yield f"what the {one.nearly:,} tensors that are left are nearly made of was not looked for: there are too many"


# -- what became of the values ---------------------------------------------------------------------------------------------------

_KINDS = {"equal": "equal", "cast": "exactly a cast", "rounded": "rounded and kept in their type", "scaled": "multiplied",
          "masked": "equal but for zeros", "low-rank": "changed by something of low rank", "quantized": "on a grid of few values",
          "related": "changed", "unrelated": "unrelated", "changed": "different, no more told", "unread": "could not be compared"}


def lineage_json(comparison: core.Comparison) -> dict[str, Any]:
    """Facts, and apart from them what they let one think."""
    lineage = comparison.lineage
    return {"facts": [{name: core.to_json(value) for name, value in delta._asdict().items()} for delta in lineage.deltas],
            "looked_at": lineage.looked_at, "of": lineage.of,
            "depth": [{name: core.to_json(value) for name, value in row._asdict().items()} for row in lineage.depth],
            "inferences": [{"id": one.id, "text": inference_text(one), **{name: core.to_json(value) for name, value in one.facts},
                            "rests_on": list(one.rests_on), "tensors": one.tensors, "of": one.of} for one in lineage.inferences]}


def lineage_lines(comparison: core.Comparison) -> list[str]:
    """Facts first, then what they let one think; [] where nothing differs."""
    lineage = comparison.lineage
    if not lineage.of:
        return []
    kinds = Counter(delta.kind for delta in lineage.deltas)
    said = ", ".join(spoken(f"{kinds[kind]:,} {words}") for kind, words in _KINDS.items() if kinds[kind])
    looked = "" if lineage.looked_at == lineage.of else \
        " " + spoken(f"({lineage.looked_at:,} of the {lineage.of:,} that differ were looked at, the largest)")
    lines = [f"{spoken('values:  ')} {said}{looked}"]
    rows = [(row.matrices, row.layer) for row in lineage.depth if row.matrices is not None and row.layer >= 0]
    if len(rows) > 2 and max(rows)[0]:
        if max(rows)[0] <= _ALIKE * min(rows)[0]:
            lines.append(spoken(f"by depth: all layers moved alike, by {max(rows)[0]:.3g} relative to their size"))
        else:
            most = ", ".join(f"{layer} ({value:.3g})" for value, layer in sorted(rows, reverse=True)[:_SHOWN] if value)
            least, layer = min(rows)
            lines.append(spoken(f"by depth: layers {most} moved most, layer {layer} least ({least:.3g}), relative to their size"))
    return lines + [f"{spoken('seems:   ')} {spoken(f'{inference_text(one)}; {rests_text(one)}')}" for one in lineage.inferences]


def inference_text(one: core.Inference) -> str:
    """"a low-rank adapter of rank 8 was merged into q_proj, v_proj"."""
    facts = dict(one.facts)
    if one.id in ("merged-lora", "low-rank"):
        ranks = f"{facts['lowest']} to {facts['rank']}" if facts["lowest"] != facts["rank"] else f"{facts['rank']}"
        where = core.visible(str(facts["modules"]), 120)
        return f"a low-rank adapter (LoRA) of rank {ranks} was merged into {where}" if one.id == "merged-lora" else \
            f"the change of {where} has rank {ranks}, and {facts['others']:,} other tensors changed too"
    if one.id == "quantized":
        group, columns = facts["group"], facts["piece"] == "column"
        pieces = "as a whole" if facts["piece"] == "tensor" else f"in blocks of {group}x{group}" if facts["piece"] == "block" else \
            f"in runs of {group} of a column" if columns and group else "in columns" if columns else \
            f"in runs of {group}" if group else "in rows"
        return f"B was quantized to {facts['bits']} bits {pieces} and made floating numbers again ({facts['decibels']:.1f} dB at worst)"
    if one.id == "rounded":
        return f"B went through {facts['to']}, rounded {'to nearest' if facts['mode'] == 'nearest' else facts['mode']}"
    if one.id == "scaled":
        least, most = f"{facts['least']:.6g}", f"{facts['most']:.6g}"
        return f"B is A times {least}" + (f" to {most}" if least != most else "")
    if one.id == "pruned":
        return f"elements were set to zero, {facts['share']:.1%} of those tensors"
    return {"small-parts": "only normalisations and biases were trained",
            "fine-tuned": "B comes from A: what changed points the same way, as after training on",
            "replaced": f"{core.visible(str(facts.get('modules', '')), 120)} made anew, the rest comes from A",
            "unrelated": "B does not come from A"}[one.id]


def rests_text(one: core.Inference) -> str:
    """What an inference rests on."""
    named = one.rests_on[:_NAMED]
    return f"rests on {one.tensors:,} of {core.wording.count(one.of, 'tensor')}: {_keys(named)}" + (
        ", …" if one.tensors > len(named) else "")


def rule_json(rule: core.Rule) -> dict[str, Any]:
    answer: dict[str, Any] = {"kind": rule.kind, "a": rule.a, "b": rule.b, "explains": len(rule.pairs), "collisions": rule.collisions,
                              "leftover": rule.leftover}
    return {**answer, "why": rule.why} if rule.why else answer
