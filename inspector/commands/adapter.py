"""What `check ADAPTER --against BASE` says: which modules fit, and how much each of them adds; of a model with its adapters in it, too."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inspector import core
from inspector.sentences import said

from .columns import columns

_SHOWN = 40
_LONGEST = 1 << 20          # characters of a command
Deltas = Sequence[Sequence[core.ModuleDelta]] | None
"""What the modules of each adapter add, in the order of the adapters; None where it was not looked at."""


def as_json(report: core.AdapterReport) -> dict[str, Any]:
    """What it adds to the object of `check --json`."""
    fit = report.fit
    return {"adapter": {
        "fits": report.fits, "sentence": report.sentence, "state_dict": fit.state_dict,
        "modules": _modules_json(fit, report.deltas),
        "whole": [{"key": one.key, "from": one.tensor.key, "new": one.replaced is None} for one in fit.whole],
        "elsewhere": [one.name for one in fit.elsewhere], "unknown": [*fit.unknown],
        "merge": core.as_option(report.merge) if report.merge else None}}


def _modules_json(fit: core.AdapterFit, deltas: Sequence[core.ModuleDelta]) -> list[dict[str, Any]]:
    return [{"name": one.adapter.name, "key": one.weight.key if one.weight else None, "scheme": one.adapter.scheme,
             "rank": one.adapter.rank, "scale": one.adapter.factor, "shape": [*one.adapter.shape],
             "base_shape": [*one.weight.shape] if one.weight else None, "norm": core.to_json(delta.norm),
             "effective_rank": core.to_json(delta.effective_rank), "problem": one.problem or delta.problem}
            for one, delta in zip(fit.modules, deltas, strict=True)]


def as_text(report: core.AdapterReport, base: str) -> str:
    fit = report.fit
    lines = [core.visible(said(report.sentence), 600), *_modules_text(fit, report.deltas)]
    for one in fit.whole[:_SHOWN]:
        lines.append(said(f"{core.visible(one.key, 100)}: whole, {'new' if one.replaced is None else 'in place of the base’s'}"))
    for title, names in (("of another part of the model, left out", [one.name for one in fit.elsewhere]),
                         ("nothing is known of", fit.unknown)):
        if names:
            more = " …" if len(names) > _SHOWN else ""
            lines.append(said(f"{title}:") + " " + ", ".join(core.visible(name, 100) for name in names[:_SHOWN]) + more)
    if report.merge is not None:
        lines += [said("merged, which was tried:"), "  " + core.visible(core.as_command([report.merge], base, "MERGED"), _LONGEST)]
    return "\n".join(lines) + "\n"


def _modules_text(fit: core.AdapterFit, deltas: Sequence[core.ModuleDelta]) -> list[str]:
    """What each module adds, those first that do not fit, then the largest."""
    lines = []
    if fit.modules:
        both = sorted(zip(fit.modules, deltas, strict=True), key=lambda both: (not both[0].problem, -(both[1].norm or 0.0)))
        rows = [(core.visible(one.adapter.name, 100), core.wording.shape_list(one.adapter.shape), f"{one.adapter.rank:,}",
                 _number(one.adapter.factor), _number(delta.norm), _number(delta.effective_rank),
                 core.visible(said(one.problem or delta.problem), 200)) for one, delta in both[:_SHOWN]]
        lines.append(columns(("module", "shape", "rank", "scale", "norm", "effective rank", ""), rows))
    if len(fit.modules) > _SHOWN:
        lines.append(said(f"… and {len(fit.modules) - _SHOWN:,} more; --json lists them all"))
    if any(one.adapter.scheme == "dora" for one in fit.modules):
        lines.append(said("norm and effective rank are those of what is added before the rows are scaled (DoRA)"))
    return lines


def merges_json(merges: Sequence[core.InnerMerge], deltas: Deltas = None) -> list[dict[str, Any]]:
    """Of a model with its adapters in it, each of them. "suggested" of one whose alpha is not known has ALPHA in its place."""
    return [{"name": one.name, "fits": one.fit.fits, "sentence": one.fit.sentence, "refused": one.refused, "loads": one.loads,
             "alpha_known": one.tried_alpha is None, "tried_alpha": one.tried_alpha,
             "suggested": [*map(core.as_option, one.edits_to_fill_in)],
             **({"modules": _modules_json(one.fit, deltas[n])} if deltas is not None else {})} for n, one in enumerate(merges)]


def merges_text(merges: Sequence[core.InnerMerge], file: str, deltas: Deltas = None) -> str:
    many = "1 adapter lies in it beside the weights that it adds to" if len(merges) == 1 else \
        f"{len(merges):,} adapters lie in it beside the weights that they add to"
    lines = [said(f"{many}; a model without adapters takes them merged, each of which was tried:" if len(merges) > 1 else
                  f"{many}; a model without adapters takes it merged, which was tried:")]
    for n, one in enumerate(merges):
        lines.append(f"{core.visible(one.name, 80)}: {core.visible(said(one.fit.sentence), 600)}")
        lines += [f"  {line}" for text in (_modules_text(one.fit, deltas[n]) if deltas is not None else ()) for line in text.splitlines()]
        if one.after is None:
            lines.append("  " + said(f"merging is refused: {core.visible(one.refused, 400)}"))
            continue
        lines.append("  " + said(f"{_outcome(one.after)}:" if one.tried_alpha is None else f"{_outcome(one.after)}, with the alpha of its "
                                 "training for ALPHA, which neither the file nor an adapter_config.json beside it says:"))
        lines.append("    " + core.visible(core.as_command(one.edits_to_fill_in, file, "FIXED"), _LONGEST))
    return "\n".join(lines)


def _outcome(after: core.Lists) -> str:
    if after.loads:
        return f"then all {core.wording.count(after.fitting, 'key')} load"
    faults = ((len(after.missing), "missing"), (len(after.unexpected), "unexpected"), (len(after.mismatched), "of another shape"))
    return f"then {core.wording.count(after.fitting, 'key')} fit, " + ", ".join(f"{n:,} {what}" for n, what in faults if n)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.5g}"
