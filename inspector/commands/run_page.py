"""A training run as one self-contained page: sentences, metrics over the checkpoints, what moved in each part of the model."""
from __future__ import annotations

import math
from collections.abc import Sequence

from inspector import core
from inspector.sentences import said as spoken

from . import run
from .pages import page_of, table, text_of, told_of

_WIDTH, _HEIGHT, _PAD = 640, 120, 8
_CURVES = 12            # metrics drawn
_ROWS = 200             # groups
_STOPS = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))        # viridis, matplotlib's


def write(found: run.Found, title: str, path: str) -> None:
    """Writes the page to `path`. Raises SaveError."""
    read = [stamp.path for one in found.series for stamp in one.stamps]
    core.write_output(path, page(found, title).encode(), "page", read)


def page(found: run.Found, title: str) -> str:
    """The HTML. Reads nothing."""
    series = found.series
    body = [f"<h1>{text_of(title)}</h1>", f'<p class="soft">{text_of(run.headline(found))}</p>',
            "<ul>" + "".join(f"<li>{told_of(text)}</li>" for text in run.sentences(found)) + "</ul>"]
    curves = [name for name in series.metrics if sum(math.isfinite(one.metrics.get(name, math.nan)) for one in series) > 1]
    if curves:
        body += [f"<h2>{told_of('Metrics')}</h2>", f'<div class="grid">{"".join(_curve(series, name) for name in curves[:_CURVES])}</div>']
    if found.groups and len(series) > 1:
        body += [f"<h2>{told_of('Change against the checkpoint before')}</h2>", _strip(found)]
    titles, rows = run.checkpoints_table(found)
    body += [f"<h2>{told_of('Checkpoints')}</h2>", table(titles, rows, numbers=range(2, len(titles) - 1))]
    titles, rows = run.groups_table(found.groups[:_ROWS], "")
    body += [f"<h2>{told_of('Parts of the model')}</h2>", table(titles[:-1], [row[:-1] for row in rows], numbers=range(1, len(titles) - 1))]
    body += [f"<p>{text_of(text)}</p>" for text in (*filter(None, [run.estimates(found)]), *run.left_out(series))]
    return page_of(spoken(f"Run: {title}"), body)


def _curve(series: core.Series, name: str) -> str:
    """One metric as a line, broken where it is no number; the first and the last checkpoint at the ends."""
    values = [one.metrics.get(name, math.nan) for one in series]
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite), max(finite)
    is_log = low > 0 and high > 20 * low
    def scaled(value: float) -> float:
        a, b, x = (math.log(low), math.log(high), math.log(value)) if is_log else (low, high, value)
        return (x - a) / (b - a) if b > a else 0.5
    step = (_WIDTH - 2 * _PAD) / max(len(values) - 1, 1)
    path, dots, pen_up = [], [], True
    for n, value in enumerate(values):
        if not math.isfinite(value):
            pen_up = True
            continue
        x, y = _PAD + n * step, _HEIGHT - _PAD - scaled(value) * (_HEIGHT - 2 * _PAD)
        path.append(f"{'M' if pen_up else 'L'}{x:.1f} {y:.1f}")
        dots.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="var(--a)"><title>'
                    f"{text_of(f'{spoken(core.run_label(series, n))}: {value:.6g}')}</title></circle>")
        pen_up = False
    said = spoken(f"{low:.4g} to {high:.4g}{', logarithmic' if is_log else ''}")
    return (f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{text_of(name)}">'
            f'<path d="{"".join(path)}" fill="none" stroke="var(--a)" stroke-width="1.5"/>{"".join(dots)}</svg>'
            f'<figcaption>{text_of(name)} <span class="soft">{text_of(said)}</span></figcaption></figure>')


def _strip(found: run.Found) -> str:
    """A row for each part, a cell for each checkpoint, the colour by the logarithm of the change."""
    series, groups = found.series, found.groups[:_ROWS]
    sizes = sorted(point.change for group in groups for point in group.points
                   if point is not None and point.change > 0 and math.isfinite(point.change))
    low, high = (math.log(sizes[0]), math.log(sizes[-1])) if sizes else (0.0, 0.0)
    head = "".join(f'<th class="n">{text_of(_short(series, n))}</th>' for n in range(len(series)))
    lines = []
    for group in groups:
        cells = "".join(_cell(point, spoken(core.run_label(series, n)), low, high) for n, point in enumerate(group.points))
        lines.append(f'<tr><td class="k">{text_of(group.name)}</td>{cells}</tr>')
    scale = spoken(f"from {run.share(sizes[0])} (dark) to {run.share(sizes[-1])} (light)" if sizes else "nothing moved")
    others = spoken("red: NaN or infinite; empty: nothing moved, or nothing to compare with")
    return (f'<div style="overflow-x:auto"><table><tr><th></th>{head}</tr>\n' + "\n".join(lines) + "</table></div>"
            f'<p class="soft">{text_of(scale)}; {text_of(others)}</p>')


def _short(series: core.Series, at: int) -> str:
    one = series[at]
    if series.order == "epoch" and one.epoch is not None:
        return f"{one.epoch:g}"
    return f"{one.step}" if series.order == "step" else f"{at + 1}"


def _cell(point: core.TrackPoint | None, label: str, low: float, high: float) -> str:
    if point is None:
        return "<td></td>"
    said = spoken(f"{label}: change {run.change(point) or 'not known'}, norm {run.number(point.norm)}")
    if point.broken:
        return f'<td style="background:#a1201a" title="{text_of(f"{said}, {run.broken(point)}")}"></td>'
    if not point.change > 0:
        return f'<td title="{text_of(said)}"></td>'
    at = 1.0 if math.isinf(point.change) else (math.log(point.change) - low) / (high - low) if high > low else 0.5
    return f'<td style="background:{_colour(at, _STOPS)}" title="{text_of(said)}"></td>'


def _colour(at: float, stops: Sequence[tuple[int, int, int]]) -> str:
    place = min(max(at, 0.0), 1.0) * (len(stops) - 1)
    n = min(int(place), len(stops) - 2)
    mixed = (round(a + (b - a) * (place - n)) for a, b in zip(stops[n], stops[n + 1], strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)
