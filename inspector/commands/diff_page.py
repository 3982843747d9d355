"""A comparison as one self-contained page: no scripts, nothing fetched, and every name in it plain text."""
from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from inspector import core
from inspector.sentences import said as spoken

from . import diff, relations_text, three_way
from .pages import page_of, table, text_of, told_of

_HISTOGRAMS = 24        # pairs drawn, those that differ most
_MOST_ROWS = 5000
_BINS = 80
_MOST_LAYERS = 512
_WIDTH, _HEIGHT = 320, 90

def write(comparison: core.Comparison, path: str) -> None:
    """Writes the page to `path`. Raises SaveError."""
    read = [stamp.path for ckpt in (comparison.a, comparison.b) for stamp in ckpt.files]
    core.write_output(path, page(comparison).encode(), "page", read)


def page(comparison: core.Comparison, base: core.ThreeWay | None = None) -> str:
    """The HTML, with who changed what since the `base` where that was found out. Reads the tensors that it draws."""
    verdict = diff.verdict_text(comparison)
    body = [
        f"<h1>{told_of('Comparison of two checkpoints')}</h1>",
        f'<p><b class="a">A</b> {_side(comparison.a, comparison.state_dicts[0])}<br>'
        f'<b class="b">B</b> {_side(comparison.b, comparison.state_dicts[1])}'
        f"{f'<br>{three_way.base_line(base)}' if base is not None else ''}</p>",
        f"<p><b>{'<br>'.join(map(text_of, verdict.splitlines()))}</b><br>"
        f"{text_of(diff.counts_text(comparison))}</p>",
    ]
    if base is not None:
        body += [f"<h2>{told_of('Who changed what since the base')}</h2>", *three_way.sections(base)]
    body += _lineage(comparison)
    if comparison.rules or comparison.offered:
        body += [f"<h2>{told_of('Rules by which names were paired')}</h2>", table(("rule", "applied"), [
            *((spoken(diff.rule_text(rule)), spoken("yes")) for rule in comparison.rules),
            *((spoken(diff.rule_text(rule)), spoken(f"no: {rule.why}")) for rule in comparison.offered)])]
    drawn = list(_histograms(comparison))
    if drawn:
        body += [f"<h2>{told_of(f'Values of the {len(drawn)} that differ most')}</h2>", f'<div class="grid">{"".join(drawn)}</div>']
    differing = [pair for pair in diff.worst_first(comparison) if pair.status != "equal" or pair.device]
    if differing:
        body += [f"<h2>{told_of(core.wording.counted(len(differing), 'pair that differs', 'pairs that differ'))}</h2>",
                 _pairs(comparison, differing[:_MOST_ROWS])]
        if len(differing) > _MOST_ROWS:
            body.append(f"<p>{told_of(f'… and {len(differing) - _MOST_ROWS:,} more; `inspector diff --json` lists them all.')}</p>")
    if comparison.values:
        title = core.wording.counted(len(comparison.values), "other value that differs", "other values that differ")
        body += [f"<h2>{told_of(title)}</h2>", table(
            ("value", "A", "B"), [(core.visible(one.key), *("-" if side is None else side for side in (one.a, one.b)))
                                  for one in comparison.values[:_MOST_ROWS]])]
    return page_of(spoken("Comparison of two checkpoints"), body)


def _side(ckpt: core.Checkpoint, state_dict: str) -> str:
    place = "" if state_dict in ("", core.WHOLE) else f", {core.visible(state_dict)}"
    return f'{text_of(ckpt.path)} <span class="soft">({text_of(ckpt.format)}, {core.wording.size(ckpt.nbytes)}{text_of(place)})</span>'


def _lineage(comparison: core.Comparison) -> list[str]:
    """Facts about the values, what they let one think, and how far each layer moved."""
    lines = relations_text.lineage_lines(comparison)
    if not lines:
        return []
    body = [f"<h2>{told_of('Where the values of B come from')}</h2>", f"<p>{'<br>'.join(map(text_of, lines))}</p>"]
    rows = [row for row in comparison.lineage.depth[:_MOST_LAYERS] if row.layer >= 0]
    if len(rows) > 1:
        most = max((value for row in rows for value in row[1:] if value is not None), default=0.0) or 1.0
        lines = [f"<tr><td>{row.layer}</td>{''.join(_bar(value, most) for value in row[1:])}</tr>" for row in rows]
        titles = "".join(f"<th>{told_of(title)}</th>" for title in ("layer", "matrices", "normalisations", "biases"))
        body += [f"<h2>{told_of('How far each layer moved, relative to its size')}</h2>", f"<table><tr>{titles}</tr>", *lines, "</table>"]
    return body


def _bar(value: float | None, most: float) -> str:
    if value is None:
        return "<td></td>"
    return (f'<td><svg viewBox="0 0 100 8" width="100" height="8" style="width:100px;border:0" role="img" aria-label="{value:.4g}">'
            f'<rect width="{100 * value / most:.1f}" height="8" fill="var(--a)"/></svg> {value:.4g}</td>')


def _pairs(comparison: core.Comparison, pairs: Sequence[core.Pair]) -> str:
    titles = ("status", *diff.titles(comparison)[1:])
    rows = ((spoken(pair.status), *diff.row(comparison, pair)[1:]) for pair in pairs)
    return table(titles, rows, numbers=range(4, len(titles) - 1))


def _histograms(comparison: core.Comparison) -> Iterable[str]:
    differing = [pair for pair in comparison.pairs if pair.difference is not None and pair.difference.n_different
                 and not pair.difference.problem and pair.a is not None and pair.b is not None]
    differing.sort(key=lambda pair: -(pair.difference.rel if pair.difference else 0.0))
    for pair in differing[:_HISTOGRAMS]:
        figure = _histogram(comparison, pair)
        if figure:
            yield figure


def _histogram(comparison: core.Comparison, pair: core.Pair) -> str:
    """Both histograms over one range, as outlines."""
    sides = ((comparison.a, pair.a or ""), (comparison.b, pair.b or ""))
    try:
        first = [core.summarize_tensor(ckpt, key, 1) for ckpt, key in sides]
        low, high = (float(pick(bound)) for pick, bound in ((min, [s.min for s in first]), (max, [s.max for s in first])))
        if not math.isfinite(low) or not math.isfinite(high):
            return ""
        if low == high:
            low, high = low - 0.5, high + 0.5
        counts = [core.summarize_tensor(ckpt, key, _BINS, range=(low, high)).counts for ckpt, key in sides]
    except core.BadTensor:
        return ""
    top = max(max(column) for column in counts) or 1
    lines = "".join(f'<path d="{_outline(column, top)}" fill="none" stroke="var(--{side})" stroke-width="1.5"/>'
                    for side, column in zip("ab", counts, strict=True))
    found = pair.difference
    name = core.visible(pair.a or "") + (f" > {core.visible(pair.b or '')}" if pair.a != pair.b else "")
    said = spoken(f"relative {found.rel:.4g}, cosine {found.cosine:.6f}; {low:.4g} to {high:.4g}") if found else ""
    return (f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{told_of("histograms of " + name)}">{lines}</svg>'
            f'<figcaption>{text_of(name)}<br><span class="soft">{text_of(said)}</span></figcaption></figure>')


def _outline(counts: Sequence[int], top: int) -> str:
    """Steps from bin to bin; heights by logarithm, so that tails are seen."""
    step = _WIDTH / len(counts)
    points = [f"M0 {_HEIGHT}"]
    for n, count in enumerate(counts):
        height = _HEIGHT - math.log1p(count) / math.log1p(top) * (_HEIGHT - 6)
        points.append(f"L{n * step:.1f} {height:.1f}L{(n + 1) * step:.1f} {height:.1f}")
    return "".join(points) + f"L{_WIDTH} {_HEIGHT}"
