"""A histogram as SVG, written here because pyqtgraph's exporter fails on filled steps. Names are escaped; nothing is linked."""
from __future__ import annotations

from collections.abc import Sequence
from html import escape

from inspector.gui.kit import theme
from inspector.gui.models.plot_scales import Scale

_WIDTH, _HEIGHT = 800, 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 18, 16, 50
_ROW = 18                       # pixels of a line of the legend
_DASHED = 4                     # curves from here on are dashed, as on the screen

_Curve = tuple[str, Sequence[float], Sequence[float], int]


def drawn(curves: Sequence[_Curve], x: Scale, y: Scale, titles: tuple[str, str], c: theme.Colours) -> str:
    """`curves` are (name, edges, heights, number of its colour) in the units of `x` and `y`; `titles` stand below and beside the axes."""
    names = [name for name, _, _, _ in curves] if len(curves) > 1 else []
    top = _TOP + _ROW * len(names)
    height = _HEIGHT + _ROW * len(names)
    wide, high = _WIDTH - _LEFT - _RIGHT, height - top - _BOTTOM

    def across(value: float) -> float:
        return _LEFT + x.to_view(value) * wide

    def up(value: float) -> float:
        return top + high - y.to_view(value) / 1.04 * high

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" '
             f'font-family="sans-serif" font-size="12" fill="{c.plot_text}">',
             f'<rect width="{_WIDTH}" height="{height}" fill="{c.plot_background}"/>']
    for tick in y.ticks(0.0, 1.0, 8):
        at = top + high - tick.at / 1.04 * high
        if tick.text:
            parts.append(f'<path d="M{_LEFT} {at:.2f}H{_WIDTH - _RIGHT}" stroke="{c.plot_grid}"/>'
                         f'<text x="{_LEFT - 8}" y="{at + 4:.2f}" text-anchor="end">{escape(tick.text)}</text>')
    for tick in x.ticks(0.0, 1.0, 8):
        at = _LEFT + tick.at * wide
        parts.append(f'<path d="M{at:.2f} {top + high}v5" stroke="{c.plot_text}"/>'
                     f'<text x="{at:.2f}" y="{top + high + 19}" text-anchor="middle">{escape(tick.text)}</text>')
    for n, (name, edges, heights, series) in enumerate(curves):
        colour = c.series[series % len(c.series)]
        dash = ' stroke-dasharray="6 3"' if series >= _DASHED else ""
        steps = "".join(f"V{up(value):.2f}H{across(edge):.2f}" for value, edge in zip(heights, edges[1:], strict=True))
        parts.append(f'<path d="M{across(edges[0]):.2f} {up(0):.2f}{steps}V{up(0):.2f}Z" fill="{colour}" stroke="{colour}" '
                     f'fill-opacity="{0.4 if len(curves) == 1 else 0.15}" stroke-width="1.4"{dash}/>')
        if names:
            at = _TOP + _ROW * n + 4
            parts.append(f'<path d="M{_LEFT} {at}h24" stroke="{colour}" stroke-width="2.4"{dash}/>'
                         f'<text x="{_LEFT + 32}" y="{at + 4}">{escape(name)}</text>')
    parts += [f'<path d="M{_LEFT} {top}V{top + high}H{_WIDTH - _RIGHT}" fill="none" stroke="{c.plot_text}"/>',
              f'<text x="{_LEFT + wide / 2:.0f}" y="{height - 10}" text-anchor="middle">{escape(titles[0])}</text>',
              f'<text transform="translate(16 {top + high / 2:.0f}) rotate(-90)" text-anchor="middle">{escape(titles[1])}</text>',
              "</svg>"]
    return "\n".join(parts) + "\n"
