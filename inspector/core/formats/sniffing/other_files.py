"""Files that people take for checkpoints: what they are, in one line, and what to do about it.

Each function gives the error to raise, or None when the file is not of its sort. Nothing is unpacked beyond a kilobyte that
tells what lies inside.
"""
from __future__ import annotations

import os
import re
import zlib
from collections.abc import Sequence

from inspector.core.errors import NotACheckpoint, ReadError, Unsupported
from inspector.core.formats.shared import member_names
from inspector.core.formats.shared.tar_members import TarMember, is_tar, plain
from inspector.core.io.pointers import pointer
from inspector.core.io.sources import SourceFile
from inspector.core.keypath import visible
from inspector.core.wording import count

WINDOW = 65_536                            # bytes of text looked at, at either end
_AGAIN = "Get the file from its source again."
_ENGINE = "It runs on one kind of GPU only and its weights are compiled into it: open the PyTorch or ONNX original, or look at it with " \
          "trtexec --loadEngine."
_PROGRAM = "Its weights are laid out for a device: open the PyTorch original, or run it with the ExecuTorch runtime."
_UNPACK = "Unpack it first with a program for such archives, then open the checkpoint inside."


# (bytes, at offset, what it is): things that are no checkpoints of any kind
_NO_CHECKPOINTS = (
    (b"\x89PNG\r\n\x1a\n", 0, "a PNG image (image/png)"), (b"\xff\xd8\xff", 0, "a JPEG image (image/jpeg)"),
    (b"GIF87a", 0, "a GIF image (image/gif)"), (b"GIF89a", 0, "a GIF image (image/gif)"),
    (b"WEBP", 8, "a WebP image (image/webp)"), (b"WAVE", 8, "a WAV sound (audio/wav)"), (b"ftyp", 4, "an MP4 video (video/mp4)"),
    (b"%PDF-", 0, "a PDF document (application/pdf)"), (b"\x7fELF", 0, "a Linux program or library (ELF)"),
    (b"\xcf\xfa\xed\xfe", 0, "a macOS program or library (Mach-O)"), (b"SQLite format 3\0", 0, "an SQLite database"),
    (b"PAR1", 0, "a Parquet table"), (b"ARROW1\0\0", 0, "an Arrow table"), (b"\x00asm", 0, "a WebAssembly module"),
)
# (bytes, at offset, what it is, what to do, id): weights of other programs, and archives
_KNOWN = (
    (b"ggml", 0, "a GGML model (llama.cpp)", "Use llama.cpp's own tools for it, or open the PyTorch original.", "ggml"),
    (b"lmgg", 0, "a GGML model (llama.cpp)", "Use llama.cpp's own tools for it, or open the PyTorch original.", "ggml"),
    (b"fmgg", 0, "a GGML model (llama.cpp)", "Use llama.cpp's own tools for it, or open the PyTorch original.", "ggml"),
    (b"tjgg", 0, "a GGML model (llama.cpp)", "Use llama.cpp's own tools for it, or open the PyTorch original.", "ggml"),
    (b"\x89HDF\r\n\x1a\n", 0, "an HDF5 file (Keras or MATLAB weights)", "Read it with h5py or Keras.", "hdf5"),
    (b"MATLAB 5.0 MAT-file", 0, "a MATLAB file", "Read it with scipy.io.loadmat.", "matlab"),
    (b"\x93NUMPY", 0, "a NumPy array (.npy)", "Read it with numpy.load.", "npy"),
    (b"TFL3", 4, "a TensorFlow Lite model", "Read it with TensorFlow Lite.", "tflite"),
    (b"ftrt", 0, "a TensorRT engine", _ENGINE, "tensorrt"), (b"ptrt", 0, "a TensorRT engine", _ENGINE, "tensorrt"),
    (b"ET12", 4, "an ExecuTorch program (.pte)", _PROGRAM, "executorch"),       # schema/program.fbs
    (b"FT01", 4, "an ExecuTorch data file (.ptd)", _PROGRAM, "executorch"),     # extension/flat_tensor/serialize/flat_tensor.fbs
    (b"\x12\x01\0\0\0\0\0\0", 0, "an MXNet parameter file", "Read it with mxnet.nd.load.", "mxnet"),
    (b"7z\xbc\xaf\x27\x1c", 0, "a 7z archive", _UNPACK, "unsupported_container"),
    (b"Rar!\x1a\x07", 0, "a RAR archive", _UNPACK, "unsupported_container"),
    (b"BZh", 0, "compressed with bzip2", "Unpack it with bunzip2, then open the result.", "compressed"),
    (b"\xfd7zXZ\0", 0, "compressed with xz", "Unpack it with unxz, then open the result.", "compressed"),
    (b"\x28\xb5\x2f\xfd", 0, "compressed with zstd", "Unpack it with unzstd, then open the result.", "compressed"),
    (b"\x04\x22\x4d\x18", 0, "compressed with lz4", "Unpack it with unlz4, then open the result.", "compressed"),
)
_LEVELDB_MAGIC = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"
_HTML = re.compile(r"\s*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body|title|script|meta)\b",
                   re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title\b[^<>]{0,200}>([^<]{0,2000})", re.IGNORECASE)
_PTH_LINE = re.compile(r"\s*(?:#.*|import[ \t].*|(?!HTTP/)[\w./\\:~@+ -]+)?")
_PTH_SIGN = re.compile(r"\s*import[ \t]|(?!.*://).*[/\\]")       # of one line at least: a server's "Not Found" has none
_BINARY_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def block(source: SourceFile, offset: int) -> bytes:
    """Up to `WINDOW` bytes from `offset`, which may lie before the file's beginning."""
    begin = min(max(offset, 0), source.size)
    return source.read(begin, min(WINDOW, source.size - begin))


def by_signature(source: SourceFile, head: bytes) -> ReadError | None:
    """Binary files that begin (or end) with bytes nothing else has."""
    if head.startswith(b"\x1f\x8b\x08"):
        return _gzip(head)
    for magic, offset, what, todo, id in _KNOWN:
        if head.startswith(magic, offset) and (magic != b"BZh" or head[3:4].isdigit()):
            return Unsupported(f"this is {what}, which is not read here" if not what.startswith("compressed") else
                               f"the file is {what}", todo, id=id)
    for magic, offset, what in _NO_CHECKPOINTS:
        if head.startswith(magic, offset):
            return NotACheckpoint(f"this is {what}, not a checkpoint", "Check which file was meant.")
    if head[4:6] == b'{"' and head.startswith((b"ftrt", b"ptrt"), 4 + int.from_bytes(head[:4], "little")):
        return Unsupported("this is a TensorRT engine behind a header of Ultralytics, which is not read here", _ENGINE, id="tensorrt")
    if head.startswith(b"MZ") and head.startswith(b"PE\0\0", int.from_bytes(head[60:64], "little")):
        return NotACheckpoint("this is a Windows program or library, not a checkpoint", "Check which file was meant.")
    return _tensorflow(source, head) or _zlib(head)


def zeros(source: SourceFile, head: bytes) -> ReadError | None:
    """Looked at in a few places only: a file of zeros may be terabytes long."""
    if any(head):
        return None
    step = max(source.size // 16, 1)
    if any(any(source.read(at, min(len(head), source.size - at))) for at in range(0, source.size, step)):
        return NotACheckpoint(f"the first {len(head):,} bytes are all zero, as in a download that was never completed", _AGAIN,
                              "byte 0", id="all_zero")
    return NotACheckpoint(f"the file seems to hold nothing but zeros ({count(source.size, 'byte')}): its space was reserved and never "
                          "filled", "The download or copy was interrupted: fetch the file again.", "byte 0", id="all_zero")


def text(source: SourceFile, head: bytes) -> ReadError | None:
    content = _decoded(block(source, 0))
    if content is None:
        return None
    if (found := pointer(head)) is not None:
        return found
    if _HTML.match(content):
        return _html(content)
    begin = content.lstrip("\ufeff \t\r\n")
    start = visible(begin[:60].rstrip())
    if begin.startswith(("{", "[")):
        return NotACheckpoint(f"this is JSON text, not a checkpoint; it begins with {start}",
                              "It may be a configuration or a server's error message: get the file with the weights.", id="json")
    if begin.startswith("<?xml") or (begin.startswith("<") and begin.rstrip().endswith(">")):
        return NotACheckpoint(f"this is XML text, not a checkpoint; it begins with {start}",
                              "It may be a server's error message: get the file with the weights.", id="xml")
    if _is_path_configuration(source, content):
        return NotACheckpoint("this is a Python path-configuration file (.pth), not a checkpoint",
                              "Python reads such files at start-up to find packages; the name's ending is all they share.",
                              id="path_configuration")
    if not begin:
        return NotACheckpoint("the file holds nothing but white space", _AGAIN, id="text")
    return NotACheckpoint(f"this is plain text, not a checkpoint; it begins with \"{start}\"", "Check which file was meant.",
                          id="text")


def tar(members: Sequence[TarMember]) -> ReadError:
    """An ordinary tar: what it holds and which of it to open."""
    names = [plain(member.name) for member in members]
    if not names:
        return Unsupported("this is a tar archive without any file in it", _AGAIN, id="container")
    return Unsupported(f"this is a tar archive, not a checkpoint itself; it holds {member_names.listed(names)}",
                       member_names.how_to_open(names), id="container", members=member_names.openable(names))


def unknown(head: bytes) -> ReadError:
    shown = head[:8].hex(" ")
    more = " …" if len(head) > 8 else ""
    return NotACheckpoint(f"this is not a format this program knows; it begins with the bytes {shown}{more}",
                          "PyTorch checkpoints begin with 50 4b 03 04 (zip) or 80 02 (pickle), safetensors with a length and {. "
                          "The file may be damaged, encrypted or of another program.", "byte 0", id="unknown_format")


def _gzip(head: bytes) -> ReadError:
    try:
        inside = zlib.decompressobj(31).decompress(head, 1024)
    except zlib.error:
        inside = b""
    if is_tar(inside):
        return Unsupported("this is a gzip-compressed tar archive (.tar.gz)",
                           "Unpack it (tar xzf FILE, or any archive program), then open the checkpoint inside.", id="compressed")
    return Unsupported("the file is compressed with gzip", "Unpack it (gunzip, or any archive program), then open the result.",
                       id="compressed")


def _tensorflow(source: SourceFile, head: bytes) -> ReadError | None:
    if source.size >= 48 and source.read(source.size - 8, 8) == _LEVELDB_MAGIC:
        return Unsupported("this is the index of a TensorFlow checkpoint, which is not read here", "Read it with TensorFlow.",
                           id="tensorflow")
    if len(head) >= 16 and int.from_bytes(head[8:12], "little") == _masked_crc32c(head[:8]):
        return NotACheckpoint("this is a TFRecord file (TensorFlow data or logs), not a checkpoint", "Check which file was meant.",
                              id="tensorflow")
    if head.startswith(b"\x08\x01\x12"):
        length, width = _varint(head, 3)
        if width and 3 + width + length == source.size and head[3 + width:4 + width] == b"\x0a":
            return Unsupported("this is a TensorFlow SavedModel, which is not read here", "Read it with TensorFlow.",
                               id="tensorflow")
    return None


def _zlib(head: bytes) -> ReadError | None:
    if head.startswith(b"ZF0x"):
        inside = b"x"
    elif len(head) > 2 and head[0] == 0x78 and int.from_bytes(head[:2], "big") % 31 == 0:
        try:
            inside = zlib.decompressobj().decompress(head, 1024)
        except zlib.error:
            return None
    else:
        return None
    return Unsupported("the file is compressed with zlib, as joblib.dump(compress=…) does", "Load it with joblib.load and save its tensors "
                       "with torch.save, or dump it without compress.", id="compressed") if inside else None


def is_onnx(source: SourceFile, head: bytes) -> bool:
    """ModelProto: ir_version (field 1), then producer_name (field 2) as most exporters write it, or the graph (field 7)."""
    if len(head) < 8 or head[0] != 0x08 or not 1 <= head[1] <= 0x1F:
        return False
    if source.stamp.path.lower().endswith(".onnx") and head[2] in (0x12, 0x1A, 0x22, 0x28, 0x3A, 0x42):
        return True
    end = 4 + head[3]
    producer = head[4:end]
    return head[2] == 0x12 and 1 <= head[3] <= 64 and re.fullmatch(rb"[\w.+ -]+", producer) is not None and \
        head[end:end + 1] in (b"\x1a", b"\x22", b"\x3a")


def _decoded(raw: bytes) -> str | None:
    """`raw` as text, or None when it is not text. A character cut at its end does not matter."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        encoding = "utf-8"
    for cut in range(4):
        try:
            content = raw[:len(raw) - cut].decode(encoding)
            return None if cut == len(raw) or _BINARY_CONTROL.search(content) else content
        except UnicodeDecodeError as error:
            if error.start < len(raw) - 4:
                return None
    return None


def _html(content: str) -> ReadError:
    import html  # seldom needed, and this module is part of every start
    found = _TITLE.search(content)
    title = visible(" ".join(html.unescape(found.group(1)).split()), 100) if found else ""
    return NotACheckpoint("this is a web page (HTML), not a checkpoint" + (f"; its title is \"{title}\"" if title else ""),
                          "The server answered with a page, perhaps to log in or to confirm: download the file itself.",
                          id="html_page")


def _is_path_configuration(source: SourceFile, content: str) -> bool:
    if os.path.splitext(source.stamp.path)[1].lower() != ".pth":
        return False
    lines = content.splitlines()[:100]
    lines = [line for line in lines if len(line) < 2000]
    return all(map(_PTH_LINE.fullmatch, lines)) and any(map(_PTH_SIGN.match, lines))


def _masked_crc32c(data: bytes) -> int:
    """TensorFlow's checksum of a record's length: CRC-32C, rotated right by 15 and offset (tensorflow/core/lib/hash/crc32c.h)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """(value, bytes) of the protobuf number at `at`; (0, 0) when there is none of at most 9 bytes."""
    value = 0
    for width, byte in enumerate(data[at:at + 9]):
        value |= (byte & 0x7F) << 7 * width
        if byte < 0x80:
            return value, width + 1
    return 0, 0
