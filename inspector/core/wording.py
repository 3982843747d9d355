"""Numbers as people read them: sizes, counts, shares, durations, shapes. One spelling for command line, window, findings and reports.

Sizes are in powers of ten, as file managers and disks count them. Three digits, and no zeros behind the point that say nothing: "1 kB",
"44.7 MB". A file may claim any number: those beyond a hundred bits are shown as a power of two, and none ever becomes a float.
"""
from __future__ import annotations

import re
from collections.abc import Sequence

UNKNOWN = "?"           # a shape or a size that the file does not tell
_SIZES = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_COUNTS = ("", "K", "M", "B", "T")
_RANK = 8               # dimensions shown of a shape
_WIDEST = 100           # bits; Python itself refuses to write numbers of some thousand digits
_UNIT = r"(?:[KMBT]|[kMGTPE]?B|%|dB|ms|s|min|h)"
_BOUND = re.compile(rf"(?<=\d) (?={_UNIT}(?![\w]))|(?<=\d) (?=× \d)|(?<=\d ×) (?=\d)")


def number(n: int) -> str:
    """"44,730,112"; "≈ 2^512" for what nobody would read."""
    return f"{n:,}" if n.bit_length() <= _WIDEST else f"≈ 2^{n.bit_length() - 1}"


def size(nbytes: int) -> str:
    """"160 B", "1 kB", "44.7 MB"."""
    return _scaled(nbytes, _SIZES)


def exact_size(nbytes: int) -> str:
    """"44.7 MB (44,730,112 bytes)"; small ones as "160 bytes"."""
    whole = count(nbytes, "byte")
    return f"{size(nbytes)} ({whole})" if is_shortened(nbytes) else whole


def is_shortened(nbytes: int) -> bool:
    """Whether `size` says less than the exact number would."""
    return nbytes >= 1000 and nbytes.bit_length() <= _WIDEST


def many(n: int) -> str:
    """A count in short, "11.2 M"; up to 9,999 as it is."""
    return f"{n:,}" if n < 10_000 else _scaled(n, _COUNTS)


def count(n: int, noun: str) -> str:
    """"1 tensor", "2,000 tensors"."""
    return f"{number(n)} {noun}" if n == 1 else f"{number(n)} {noun}s"


def counted(n: int, one: str, more: str) -> str:
    """A count with words that have to agree with it: "1 tensor is", "2,000 tensors are"."""
    return f"{number(n)} {one if n == 1 else more}"


def share(part: int, whole: int) -> str:
    """"45 %"; "<1 %" for what is little but not nothing, ">99 %" for what is nearly all; "" of nothing."""
    if not whole:
        return ""
    percent = part * 100 // whole
    if part and not percent:
        return "<1 %"
    return ">99 %" if percent == 99 and part * 100 > whole * 99 else f"{(part * 200 + whole) // (whole * 2)} %"


def duration(seconds: float) -> str:
    """"0.3 s", "42 s", "2 min 5 s", "3 h 20 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def decibels(value: float) -> str:
    """"34.1 dB", "21 dB"; "exact" of what has no error."""
    if value == float("inf"):
        return "exact"
    return "—" if value != value else f"{value:.1f}".removesuffix(".0") + " dB"


def layer_name(key: str) -> str:
    """A tensor as people speak of it: "layer 12 down_proj" of "model.layers.12.mlp.down_proj.weight", and "layer 3 experts.7.up_proj" where
    more numbers than that of the layer tell it from others."""
    segments = key.split(".")
    named = segments[:-1] if segments[-1] in ("weight", "bias") and len(segments) > 1 else segments
    place = next((n for n, segment in enumerate(segments) if segment.isdecimal()), None)
    if place is None or place >= len(named) - 1:
        return ".".join(named)
    numbers = [n for n, segment in enumerate(named) if segment.isdecimal() and place < n < len(named) - 1]
    return f"layer {segments[place]} {'.'.join(named[max(numbers[0] - 1, place + 1):]) if numbers else named[-1]}"


def shape(dims: Sequence[int] | None) -> str:
    """As it stands by itself, in labels and sentences: "64 × 3 × 7 × 7"; a tensor without dimensions is a "scalar". None: it is not
    known."""
    if dims is None:
        return UNKNOWN
    if not dims:
        return "scalar"
    shown = " × ".join(map(_dim, dims[:32]))
    return shown if len(dims) <= 32 else f"{shown} × …"


def shape_list(dims: Sequence[int] | None) -> str:
    """As Python writes it, in the columns of a terminal, where it can be pasted: "[64, 3, 7, 7]"."""
    if dims is None:
        return UNKNOWN
    if len(dims) <= _RANK:
        return f"[{', '.join(map(_dim, dims))}]"
    return f"[{', '.join(map(_dim, dims[:_RANK - 2]))}, ... {len(dims) - _RANK + 2:,} more]"


def _dim(n: int) -> str:
    return str(n) if n.bit_length() <= _WIDEST else number(n)


def unbroken(text: str) -> str:
    """`text` for where lines are broken: a number keeps its unit, and a shape its dimensions. What is copied out of a field is as before.

    >>> core.wording.unbroken("3.17 M of 64 × 3 in 2 min").count("\u00a0")
    4
    """
    return _BOUND.sub("\u00a0", text)


def listed(parts: Sequence[str]) -> str:
    """"a, b and c"."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def _scaled(n: int, units: Sequence[str]) -> str:
    if not is_shortened(n):
        return f"{number(n)} {units[0]}".rstrip()
    power = min((len(str(n)) - 1) // 3, len(units) - 1)
    thousandths = n * 1000 // 1000 ** power
    if thousandths >= 999_500 and power + 1 < len(units):
        power, thousandths = power + 1, 1000
    if thousandths >= 999_500:
        return f"{(thousandths + 500) // 1000:,} {units[power]}"
    step = 10 if thousandths < 9_995 else 100 if thousandths < 99_950 else 1000
    digits = (thousandths + step // 2) // step * step
    text = f"{digits // 1000}.{digits % 1000:03}".rstrip("0").rstrip(".")
    return f"{text} {units[power]}"


def groups(sizes: Sequence[int]) -> str:
    """"1 group of 4 parameters", "2 groups of 4 and 2 parameters"."""
    if not sizes:
        return "no group of parameters"
    *before, last = map(number, sizes)
    listed = f"{', '.join(before)} and {last}" if before else last
    return f"{count(len(sizes), 'group')} of {listed} parameter{'' if [*sizes] == [1] else 's'}"


def system_name() -> str:
    """What this computer runs. Not `platform.platform()`, which starts a program to ask for the processor."""
    import platform
    system = platform.uname()
    return f"{system.system} {system.release} {system.machine}"
