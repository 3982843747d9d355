"""Numbers as `core.wording` spells them, and counted things in the language of the window; names as menu text and tooltips."""
from __future__ import annotations

import os
import re
from collections.abc import Iterable
from html import escape

from PySide6.QtCore import QCoreApplication

from inspector import core, languages, sentences

_FOLDERS = 5            # that a file's name is told with at most

def size(nbytes: int) -> str:
    """Bytes in decimal units, three digits: "44.7 MB"."""
    return core.wording.size(nbytes)


def exact_size(nbytes: int) -> str:
    """"44.7 MB (44,730,112 bytes)"; small ones as "160 bytes"."""
    whole = QCoreApplication.translate("Words", "{n} bytes").format(n=core.wording.number(nbytes)) if nbytes != 1 \
        else QCoreApplication.translate("Words", "1 byte")
    return f"{size(nbytes)} ({whole})" if core.wording.is_shortened(nbytes) else whole


def many(n: int) -> str:
    """A large count, shortened: "11.2 M"."""
    return core.wording.many(n)


def share(part: int, whole: int) -> str:
    """"45 %"; "<1 %" for what is little but not nothing, ">99 %" for what is nearly all."""
    return core.wording.share(part, whole)


def tensors(n: int) -> str:
    return QCoreApplication.translate("Words", "1 tensor") if n == 1 \
        else QCoreApplication.translate("Words", "{n} tensors").format(n=f"{n:,}")


def values(n: int) -> str:
    return QCoreApplication.translate("Words", "1 value") if n == 1 \
        else QCoreApplication.translate("Words", "{n} values").format(n=f"{n:,}")


def experts(n: int) -> str:
    return QCoreApplication.translate("Words", "{n} experts").format(n=f"{n:,}")


def findings(n: int) -> str:
    return QCoreApplication.translate("Words", "1 finding") if n == 1 \
        else QCoreApplication.translate("Words", "{n} findings").format(n=f"{n:,}")


def places(n: int) -> str:
    return QCoreApplication.translate("Words", "1 place") if n == 1 \
        else QCoreApplication.translate("Words", "{n} places").format(n=f"{n:,}")


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


def at_least(said: str) -> str:
    """Of a number that is without what is in files that are not there."""
    return QCoreApplication.translate("Words", "at least {said}").format(said=said)


def rewritten(found: core.Rewritten) -> str:
    """"3 changed, 1 new, 2 gone"."""
    told = [text.format(n=f"{n:,}") for n, text in (
        (len(found.changed), QCoreApplication.translate("Words", "{n} changed")),
        (len(found.new), QCoreApplication.translate("Words", "{n} new")),
        (len(found.gone), QCoreApplication.translate("Words", "{n} gone")),
        (found.unknown, QCoreApplication.translate("Words", "{n} perhaps changed"))) if n]
    return ", ".join(told) or QCoreApplication.translate("Words", "nothing changed")


def shape(dims: tuple[int, ...] | None) -> str:
    """"64 × 3 × 7 × 7"; a tensor without dimensions is a scalar."""
    return core.wording.shape(dims) if dims != () else QCoreApplication.translate("Words", "scalar")


def shape_of(info: core.TensorInfo) -> str:
    """Its shape, or "?" where its file, which would tell it, is not there."""
    return shape(info.told_shape)


def table_shape(dims: tuple[int, ...]) -> str:
    """The same in a column: "64×3×7×7"."""
    return shape(dims).replace(" ", "")


def sentence(text: str) -> str:
    """`text` with a capital and a full stop, as it stands alone on a page; "data.pkl breaks off" keeps its small letter."""
    first = text.split(" ", 1)[0]
    start = text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text
    if start.endswith((".", "!", "?", "。", "！", "？")):
        return start
    return f"{start}." if start.isascii() or languages.current() == "en" else f"{start}。"


def said(text: str, limit: int = 256) -> str:
    """What comes from below the window, in the window's language, with everything invisible made visible."""
    return core.visible(sentences.said(text), limit)


def error(error: core.InspectorError) -> str:
    """What is wrong and what to do, in one line."""
    return f"{sentence(said(error.message, 400))} {said(error.hint, 200)}".strip()


def file_name(path: str, others: Iterable[str] = (), folders: int = 0) -> str:
    """The name of a file, with as many of the folders that it is in as tell it from `others` of that name, and at least `folders`."""
    name = core.file_name(path)
    alike = [_parts(other) for other in others if other != path and core.file_name(other) == name]
    parts = _parts(path)
    most = max(1, min(len(parts) - 1, _FOLDERS))
    n = next((n for n in range(min(folders + 1, most), most) if all(other[-n:] != parts[-n:] for other in alike)), most)
    return "/".join((*(core.visible(part, 40) for part in parts[-n:-1]), core.visible(name, 120)))


def _parts(path: str) -> list[str]:
    folder = core.folder_of(path)
    above = folder.partition("://")[2].partition("?")[0].rstrip("/").split("/") if core.is_address(path) \
        else os.path.normpath(folder).split(os.sep) if folder else []
    return [*above, core.file_name(path)]


def menu_text(name: str, limit: int = 80) -> str:
    """A name from a file or a folder as menu or button text: one line, everything visible, no accelerators."""
    return core.isolated(core.visible(name, limit)).replace("&", "&&")


def without_marks(text: str) -> str:
    """Without what `core.isolated` puts in, for who asks what is shown."""
    return text if text.isascii() else text.replace("\u2066", "").replace("\u2069", "")


def tip(name: str, limit: int = 2000) -> str:
    """A name as a tooltip, literally. Qt would take `<b>` for rich text, so it gets rich text in which nothing is markup; long
    names may break anywhere."""
    shown = core.visible(name, limit)
    broken = core.isolated(re.sub(r"(.{40})", "\\1\u200b", shown) if len(shown) > 80 else shown)
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
