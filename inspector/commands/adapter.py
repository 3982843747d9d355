"""What `check ADAPTER --against BASE` says: which modules fit, and how much each of them adds."""
from __future__ import annotations

from typing import Any

from inspector import core

from .columns import columns

_SHOWN = 40
_LONGEST = 1 << 20          # characters of a command


def as_json(report: core.AdapterReport) -> dict[str, Any]:
    """What it adds to the object of `check --json`."""
    fit = report.fit
    return {"adapter": {
        "fits": report.fits, "sentence": report.sentence, "state_dict": fit.state_dict,
        "modules": [{"name": one.adapter.name, "key": one.weight.key if one.weight else None, "scheme": one.adapter.scheme,
                     "rank": one.adapter.rank, "scale": one.adapter.factor, "shape": [*one.adapter.shape],
                     "base_shape": [*one.weight.shape] if one.weight else None, "norm": core.to_json(delta.norm),
                     "effective_rank": core.to_json(delta.effective_rank), "problem": one.problem or delta.problem}
                    for one, delta in zip(fit.modules, report.deltas, strict=True)],
        "whole": [{"key": one.key, "from": one.tensor.key, "new": one.replaced is None} for one in fit.whole],
        "elsewhere": [one.name for one in fit.elsewhere], "unknown": [*fit.unknown],
        "merge": core.as_option(report.merge) if report.merge else None}}


def as_text(report: core.AdapterReport, base: str) -> str:
    fit = report.fit
    lines = [core.visible(report.sentence, 600)]
    if fit.modules:
        both = sorted(zip(fit.modules, report.deltas, strict=True), key=lambda both: (not both[0].problem, -(both[1].norm or 0.0)))
        rows = [(core.visible(one.adapter.name, 100), core.wording.shape_list(one.adapter.shape), f"{one.adapter.rank:,}",
                 _number(one.adapter.factor), _number(delta.norm), _number(delta.effective_rank),
                 core.visible(one.problem or delta.problem, 200)) for one, delta in both[:_SHOWN]]
        lines.append(columns(("module", "shape", "rank", "scale", "norm", "effective rank", ""), rows))
    if len(fit.modules) > _SHOWN:
        lines.append(f"… and {len(fit.modules) - _SHOWN:,} more; --json lists them all")
    if any(one.adapter.scheme == "dora" for one in fit.modules):
        lines.append("norm and effective rank are those of what is added before the rows are scaled (DoRA)")
    for one in fit.whole[:_SHOWN]:
        lines.append(f"{core.visible(one.key, 100)}: whole, {'new' if one.replaced is None else 'in place of the base’s'}")
    for title, names in (("of another part of the model, left out", [one.name for one in fit.elsewhere]),
                         ("nothing is known of", fit.unknown)):
        if names:
            more = " …" if len(names) > _SHOWN else ""
            lines.append(f"{title}: " + ", ".join(core.visible(name, 100) for name in names[:_SHOWN]) + more)
    if report.merge is not None:
        lines += ["merged, which was tried:", "  " + core.visible(core.as_command([report.merge], base, "MERGED"), _LONGEST)]
    return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.5g}"
