"""Numbers as people read them: sizes, counts, shares. One spelling for the whole window."""
from __future__ import annotations

import re
from html import escape

from PySide6.QtCore import QCoreApplication

from inspector import core

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_COUNTS = ("", " K", " M", " B", " T")


def size(nbytes: int) -> str:
    """Bytes in decimal units, three digits: "44.7 MB"."""
    return _scaled(nbytes, _UNITS, " ")


def exact_size(nbytes: int) -> str:
    """"44.7 MB (44,730,112 bytes)"; small ones as "160 bytes"."""
    whole = QCoreApplication.translate("Words", "{n} bytes").format(n=f"{nbytes:,}") if nbytes != 1 \
        else QCoreApplication.translate("Words", "1 byte")
    return whole if nbytes < 1000 else f"{size(nbytes)} ({whole})"


def many(n: int) -> str:
    """A large count, shortened: "11.2 M"."""
    return f"{n:,}" if n < 10_000 else _scaled(n, _COUNTS, "")


def share(part: int, whole: int) -> str:
    """"45 %"; "<1 %" for what is little but not nothing, ">99 %" for what is nearly all."""
    if not whole:
        return ""
    percent = part * 100 / whole
    return "<1 %" if 0 < percent < 1 else ">99 %" if 99 < percent < 100 else f"{percent:.0f} %"


def tensors(n: int) -> str:
    return QCoreApplication.translate("Words", "1 tensor") if n == 1 \
        else QCoreApplication.translate("Words", "{n} tensors").format(n=f"{n:,}")


def values(n: int) -> str:
    return QCoreApplication.translate("Words", "1 value") if n == 1 \
        else QCoreApplication.translate("Words", "{n} values").format(n=f"{n:,}")


def findings(n: int) -> str:
    return QCoreApplication.translate("Words", "1 finding") if n == 1 \
        else QCoreApplication.translate("Words", "{n} findings").format(n=f"{n:,}")


def level(level: str, n: int) -> str:
    """"2 warnings"."""
    if level == "danger":
        said = QCoreApplication.translate("Words", "1 danger") if n == 1 else QCoreApplication.translate("Words", "{n} dangers")
    elif level == "warning":
        said = QCoreApplication.translate("Words", "1 warning") if n == 1 else QCoreApplication.translate("Words", "{n} warnings")
    else:
        said = QCoreApplication.translate("Words", "1 note") if n == 1 else QCoreApplication.translate("Words", "{n} notes")
    return said.format(n=f"{n:,}")


def parameters(n: int) -> str:
    return QCoreApplication.translate("Words", "1 parameter") if n == 1 \
        else QCoreApplication.translate("Words", "{n} parameters").format(n=many(n))


def shape(dims: tuple[int, ...]) -> str:
    """"64 × 3 × 7 × 7"; a tensor without dimensions is a scalar."""
    if not dims:
        return QCoreApplication.translate("Words", "scalar")
    shown = " × ".join(str(dim) for dim in dims[:32])
    return shown if len(dims) <= 32 else f"{shown} × …"


def sentence(text: str) -> str:
    """`text` with a capital and a full stop, as it stands alone on a page; "data.pkl breaks off" keeps its small letter."""
    first = text.split(" ", 1)[0]
    start = text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text
    return start if start.endswith((".", "!", "?")) else f"{start}."


def menu_text(name: str, limit: int = 80) -> str:
    """A name from a file or a folder as menu or button text: one line, everything visible, no accelerators."""
    return core.visible(name, limit).replace("&", "&&")


def tip(name: str, limit: int = 2000) -> str:
    """A name as a tooltip, literally. Qt would take `<b>` for rich text, so it gets rich text in which nothing is markup; long
    names may break anywhere."""
    shown = core.visible(name, limit)
    broken = re.sub(r"(.{40})", "\\1\u200b", shown) if len(shown) > 80 else shown
    return f"<qt>{escape(broken)}</qt>"


def tsv(field: str) -> str:
    """Quoted where it must be (RFC 4180); what a spreadsheet would take for a formula becomes text."""
    if field[:1] in ("=", "+", "-", "@", "\t", "\r") and not _is_number(field):
        field = "'" + field
    if any(char in field for char in '\t\n\r"'):
        return '"' + field.replace('"', '""') + '"'
    return field


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _scaled(n: int, units: tuple[str, ...], gap: str) -> str:
    if n < 1000:
        return f"{n:,}{gap}{units[0]}" if units[0] else f"{n:,}"
    power = min((len(str(n)) - 1) // 3, len(units) - 1)
    # integers as far as they go: a hostile count may be larger than any float
    milli = n * 1000 // 1000 ** power
    if milli >= 999_500 and power + 1 < len(units):
        power, milli = power + 1, 1000
    if milli >= 10_000_000:
        return f"{milli // 1000:,}{gap}{units[power]}"
    digits = 2 if milli < 9_995 else 1 if milli < 99_950 else 0
    return f"{milli / 1000:.{digits}f}{gap}{units[power]}"
