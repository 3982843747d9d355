"""What is written for other programs: numbers as tab- or comma-separated text and as .npy, pictures; and names for the files.

Everything goes through `core.replace_file`: the old file or the whole new one. The functions run in a worker or on the GUI thread alike.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QIODevice, QObject, QPoint, QRect, QSize
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter
from PySide6.QtWidgets import QWidget

from inspector import core

from . import disk, words

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_AT_ONCE = 1 << 16              # elements turned into text at once
_LONGEST = 120                  # characters of a suggested name
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


def picture_of(widget: QWidget, ground: QColor, scale: float) -> QImage:
    """A widget as it looks now, on a `ground` of one colour, `scale` pixels per point. On the GUI thread."""
    image = QImage(widget.size() * scale, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(scale)
    image.fill(ground)
    widget.render(image, QPoint())
    return image


def drawing_of_widget(widget: QWidget, ground: QColor, title: str) -> bytes:
    """A widget as it looks now, as `drawing_of` has it."""

    def draw(painter: QPainter) -> None:
        painter.fillRect(widget.rect(), ground)
        widget.render(painter, QPoint(), renderFlags=QWidget.RenderFlag.DrawChildren)

    return drawing_of(widget.size(), title, draw)


def file_name(key: str, ending: str) -> str:
    """A name for a file about the tensor `key` that is safe in any folder of any system: no separators, nothing hidden, no
    device of Windows, not too long."""
    safe = "".join(char if char.isalnum() or char in "._- " else "_" for char in key if char.isprintable())
    safe = safe.strip(" .")[-_LONGEST:].strip(" .") or "tensor"
    if safe.split(".", 1)[0].strip().lower() in _RESERVED:
        safe = f"_{safe}"
    return f"{safe}{ending}"


def name_of(path: str, key: str, what: str, ending: str) -> str:
    """What is made of a tensor or a group of the checkpoint at `path` is called: "last-fc.weight-histogram.png"."""
    stem = core.file_name(path)
    stem = stem.rpartition(".")[0] or stem
    return file_name("-".join(part for part in (stem, key, what) if part), ending)


def texts(values: Array) -> list[str]:
    """Each element as the shortest text that reads back as it is; complex32 as real+imaginaryj."""
    if values.dtype.names:
        return [f"{real}{'' if str(imag).startswith('-') else '+'}{imag}j"
                for real, imag in zip(texts(values["real"]), texts(values["imag"]), strict=True)]
    if values.dtype.kind in "iub":
        return [str(value) for value in values.tolist()]
    return [str(value) for value in values.reshape(-1)]


def table(ckpt: core.Checkpoint, key: str, plane: core.Plane, rows: range, cols: range, separator: str,
          monitor: core.Monitor = core.QUIET) -> Iterator[bytes]:
    """The window of `plane` as lines of text. Beyond the end of a fold fields are empty."""
    for run in _bands(rows, cols, monitor):
        values = core.read_slice(ckpt, key, plane, run, cols, monitor)
        lines = []
        for row, line in zip(run, values, strict=True):
            fields = texts(line)
            if plane.fold:
                fields = [text if plane.position(row, col) is not None else "" for text, col in zip(fields, cols, strict=True)]
            lines.append(separator.join(fields))
        yield ("\n".join(lines) + "\n").encode("ascii", "backslashreplace")


def npy(ckpt: core.Checkpoint, key: str, plane: core.Plane, rows: range, cols: range,
        monitor: core.Monitor = core.QUIET) -> Iterator[bytes]:
    """The window of `plane` as an .npy file (numpy's format 1.0). What numpy has no type for is widened without loss: bfloat16
    and 8-bit floats to float32, complex32 to complex64."""
    import numpy as np
    first = _plain(core.read_slice(ckpt, key, plane, rows[:1], cols[:1]))
    head = BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": np.lib.format.dtype_to_descr(first.dtype), "fortran_order": False,
                                                "shape": (len(rows), len(cols))})
    yield head.getvalue()
    for run in _bands(rows, cols, monitor):
        yield np.ascontiguousarray(_plain(core.read_slice(ckpt, key, plane, run, cols, monitor))).tobytes()


def array(ckpt: core.Checkpoint, key: str, monitor: core.Monitor = core.QUIET) -> Iterator[bytes]:
    """The whole tensor as an .npy file of its shape, with types as `npy` has them; read and made piece by piece."""
    import numpy as np
    kind = _plain(core.read_values(ckpt, key, 0, 1)).dtype
    head = BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False,
                                                "shape": core.readable_shape(ckpt.tensors[key])})
    yield head.getvalue()
    for chunk in core.iter_chunks(ckpt, key, monitor=monitor):
        yield np.ascontiguousarray(_plain(chunk).astype(kind, copy=False)).tobytes()


def write(path: str, pieces: Iterable[bytes], kind: core.OutputKind, of: Iterable[str] = ()) -> None:
    """Never over what is something else; a new file to be read by no others than the files `of` that it tells of. Raises core.SaveError,
    and what the pieces raise."""
    of = tuple(of)
    core.check_output(path, kind, of)
    try:
        core.replace_file(path, pieces, of=of)
    except OSError as error:
        raise _not_saved(path, core.visible(error.strerror or type(error).__name__)) from error


def drawing_of(size: QSize, title: str, draw: Callable[[QPainter], None]) -> bytes:
    """What `draw` draws over `size`, as an SVG document: lines and letters stay such, pictures are put in. On the GUI thread."""
    from PySide6.QtSvg import QSvgGenerator
    drawn = QByteArray()
    buffer = QBuffer(drawn)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setViewBox(QRect(QPoint(), size))
    generator.setTitle(core.visible(title, _LONGEST))
    painter = QPainter(generator)
    draw(painter)
    painter.end()
    return bytes(drawn.data())


def write_picture(path: str, picture: QImage) -> None:
    """As PNG. Raises core.SaveError."""
    drawn = QByteArray()
    buffer = QBuffer(drawn)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"PNG"))
    if not writer.write(picture):
        raise _not_saved(path, writer.errorString())
    write(path, [bytes(drawn.data())], "picture")


def carry_out(path: str, write: Callable[[], None], owner: QObject, say: Callable[[str], object]) -> None:
    """Writes beside the window, and has `say` tell what came of it, unless `owner` is gone by then."""
    def work() -> str:
        try:
            write()
        except core.SaveError as error:
            return words.error(error)
        return QCoreApplication.translate("Exporting", "Saved {path}").format(path=core.visible(path))

    disk.told_later(work, owner, say)


def _not_saved(path: str, why: str) -> core.SaveError:
    return core.SaveError(QCoreApplication.translate("Exporting", "{path} was not saved: {why}").format(path=core.visible(path), why=why),
                          QCoreApplication.translate("Exporting", "Choose another folder."))


def _bands(rows: range, cols: range, monitor: core.Monitor) -> Iterator[range]:
    at_once = max(1, _AT_ONCE // max(len(cols), 1))
    for done in range(0, len(rows), at_once):
        monitor.report(done, len(rows))
        yield rows[done:done + at_once]


def _plain(values: Array) -> Array:
    import numpy as np
    if values.dtype.names:
        found: Array = (values["real"].astype(np.float32) + 1j * values["imag"].astype(np.float32)).astype(np.complex64)
        return found
    if values.dtype.kind in "fiubc" and values.dtype.type.__module__ == "numpy":
        return values
    wide: Array = values.astype(np.float32)
    return wide
