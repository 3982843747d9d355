"""Colours for numbers: maps that colour-blind eyes can read, and the arithmetic that puts numbers on them.

Diverging maps (ColorBrewer's RdBu and PuOr; after "berlin" of F. Crameri in the dark) have a neutral middle for zero. Sequential
ones (viridis, cividis of matplotlib) rise evenly in lightness. None of them tells red from green by hue alone.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtGui import QColor, QImage

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class ColourMap(NamedTuple):
    """Anchors from the least to the greatest number; `dark` ones are used on dark ground. `nonfinite` is what NaN and infinities are
    drawn in: a colour that the map has not."""

    name: str
    light: tuple[str, ...]
    dark: tuple[str, ...]
    nonfinite: str

    def anchors(self, dark: bool) -> tuple[str, ...]:
        return self.dark if dark else self.light


_RDBU = ("#053061", "#2166ac", "#4393c3", "#92c5de", "#d1e5f0", "#f7f7f7", "#fddbc7", "#f4a582", "#d6604d", "#b2182b", "#67001f")
_BERLIN = ("#a9b9ff", "#7fb2ee", "#5597c9", "#2f6f93", "#1d4357", "#171b20", "#55220f", "#853a24", "#ad5b47", "#d98a7a", "#ffb9b4")
_PUOR = ("#2d004b", "#542788", "#8073ac", "#b2abd2", "#d8daeb", "#f7f7f7", "#fee0b6", "#fdb863", "#e08214", "#b35806", "#7f3b08")
_PUOR_DARK = ("#d7ccff", "#b4a3ef", "#8a76cf", "#60509c", "#362f58", "#171b20", "#4d310a", "#82530a", "#b87612", "#e39c3d", "#ffcb85")
_VIRIDIS = ("#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725")
_CIVIDIS = ("#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838")
_GREY = ("#000000", "#ffffff")

MAPS: dict[str, ColourMap] = {
    "blue-red": ColourMap("blue-red", _RDBU, _BERLIN, "#f0d000"),
    "purple-orange": ColourMap("purple-orange", _PUOR, _PUOR_DARK, "#00c2a8"),
    "viridis": ColourMap("viridis", _VIRIDIS, _VIRIDIS, "#ff4fa3"),
    "cividis": ColourMap("cividis", _CIVIDIS, _CIVIDIS, "#ff4fa3"),
    "grey": ColourMap("grey", _GREY, _GREY, "#ff4fa3"),
}


class Limits(NamedTuple):
    """The numbers at the two ends of the map; what lies beyond is `clipped` there."""

    low: float
    high: float
    clipped: bool = False


def limits_of(values: Array, symmetric: bool, share: float = 1.0) -> Limits:
    """Ends for the finite ones of `values`, of which the `share` nearest to the middle (0.99, say) need to fit."""
    import numpy as np
    good = np.isfinite(values)
    finite = values if good.all() else values[good]
    if not finite.size:
        return Limits(-1.0, 1.0) if symmetric else Limits(0.0, 1.0)
    if symmetric:
        sizes = np.abs(finite)
        most = float(sizes.max())
        top = float(np.quantile(sizes, share)) if share < 1 else most
        top = top or most or 1.0
        return Limits(-top, top, top < most)
    least, most = float(finite.min()), float(finite.max())
    tail = (1 - share) / 2
    low, high = (float(end) for end in np.quantile(finite, (tail, 1 - tail))) if share < 1 else (least, most)
    if low == high:
        low, high = (least, most) if least < most else (low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2)
    return Limits(low, high, low > least or high < most)


def table_of(shown: ColourMap, dark: bool, steps: int = 256) -> Array:
    """Red, green, blue of `steps` colours, uint8."""
    import numpy as np
    anchors = np.array([(colour.red(), colour.green(), colour.blue()) for colour in map(QColor, shown.anchors(dark))], np.float64)
    at = np.linspace(0, len(anchors) - 1, steps)
    table: Array = np.stack([np.interp(at, np.arange(len(anchors)), anchors[:, part]) for part in range(3)], axis=1)
    return np.round(table).astype(np.uint8)


def painted(values: Array, limits: Limits, table: Array, nonfinite: str) -> QImage:
    """One pixel a number. NaN and infinities are `nonfinite`."""
    import numpy as np
    finite = np.isfinite(values)
    half = limits.high / 2 - limits.low / 2         # halves, for the difference of two finite numbers may be infinite
    places = values * 0.5 if finite.all() else np.where(finite, values, 0.0) * 0.5
    places -= limits.low / 2
    with np.errstate(over="ignore"):
        places /= half or 1.0
        places *= len(table)
    np.clip(places, 0, len(table) - 1, out=places)
    colours = np.full((len(table) + 1, 4), 255, np.uint8)
    colours[:-1, :3] = table
    shown = QColor(nonfinite)
    colours[-1, :3] = shown.red(), shown.green(), shown.blue()
    which: Array = places.astype(np.uint16)
    which[~finite] = len(table)
    pixels: Array = np.ascontiguousarray(colours.view(np.uint32).reshape(-1)[which]).view(np.uint8)
    height, width = values.shape
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    return image.copy()         # `pixels` does not outlive this
