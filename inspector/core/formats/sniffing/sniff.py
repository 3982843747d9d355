"""What a file is, by its content: the name of a format, or a refusal that says what the file is instead.

    sniff ── zip? ── safetensors? ── a pickle, torch's old format? ── a tar? ──> the format's name
          │    └─ `zip_kind`: which of torch's archives it is
          └─ a zip at the end of anything else ──> "torch-zip" (its reader says what precedes the archive)
          └─ `other_files` ──> NotACheckpoint, Unsupported or Truncated: what it is and what to do

The suffix never decides. A few blocks of some kilobytes are read, wherever the file ends.
"""
from __future__ import annotations

import re
from functools import partial

from inspector.core.errors import Ambiguous, NotACheckpoint, ReadError, Truncated, Unsupported
from inspector.core.formats.shared import tar_members
from inspector.core.formats.shared.compression import beginning, compression_of
from inspector.core.formats.shared.pickle_head import HEAD, is_binary_pickle, is_stream
from inspector.core.formats.zip import archive_kind
from inspector.core.formats.zip.tail import archive_before, zip_at_end
from inspector.core.graph import CALLS, CONTAINERS
from inspector.core.io.sources import SourceFile
from inspector.core.pickles.decode.machine import decode
from inspector.core.wording import count

from . import other_files, several_archives

_PROTOCOL_0 = 1 << 20                      # bytes of a text pickle that are decoded to be sure that it is one
_BLOCK = 1 << 20                           # bytes that a block of bzip2 has at most
_HEADER_CAP = 100_000_000                  # bytes, of a safetensors header

# how pickles of protocols 0 and 1 begin: a global, a container that is empty or marked, or the marked items of a tuple
_TEXT_PICKLE = re.compile(rb"\(*c[^\s]+\n[^\s]+\n|\(i[^\s]+\n[^\s]+\n|\(*(?:\([dlt]|[\]})])(?:p\d+\n|[q(.SUVXIKMJNFGLc])"
                          rb"|\(+(?:[IFLSV][^\n]*\n|[KMJGXU]|N[^\w\s])", re.DOTALL)
_INDEX = re.compile(rb'"weight_map"\s*:\s*\{')
_TAR_RECORDS = {"sys_info", "pickle", "storages", "tensors"}
_SHARD = re.compile(rb'\.(safetensors|bin)"')


def sniff(source: SourceFile) -> str:
    """The format's name: "torch-zip", "torchscript-json", "torch-export", "safetensors", "pickle", "compressed" (a pickle), "torch-legacy",
    "torch-tar", "gguf", "onnx", "npz", "safetensors-sharded" or "torch-sharded". Raises NotACheckpoint, Unsupported, Truncated or
    Ambiguous in one line for everything else."""
    if source.size == 0:
        if source.goes_on():
            raise NotACheckpoint("the system tells no size of this file and makes what is in it while it is read, as of the files in /proc",
                                 "Copy it to an ordinary file and open that.", id="not_regular_file")
        raise NotACheckpoint("the file is empty (0 bytes)", "The download or the save never got started or the disk was full: get "
                             "the file again.", id="empty")
    head = source.beginning(HEAD)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _zip(source, head)
    if head.startswith(b"GGUF"):
        return "gguf"
    if _looks_like_safetensors(head):
        return "safetensors"
    found = _pickle(source, head) or _tar(source, head) or _index(source, head)
    if found is None and (zip_at_end(source) or archive_before(source, source.size) is not None):
        return "torch-zip"
    if found in ("torch-legacy", "pickle") and zip_at_end(source):
        raise Ambiguous("the file begins as a pickle and ends as a zip archive: PyTorch reads the one, other programs the other",
                        "Do not trust this file: it was probably made to look different to different programs.", "byte 0",
                        id="polyglot")
    if found is not None:
        return found
    if _is_compressed_pickle(source, head):
        return "compressed"
    if other_files.is_onnx(source, head):
        return "onnx"
    refusal = other_files.by_signature(source, head) or other_files.zeros(source, head) or other_files.text(source, head)
    if refusal is None and source.stamp.path.lower().endswith(".safetensors"):
        return "safetensors"               # it is none that can be opened: its reader says what exactly is wrong
    raise refusal or other_files.unknown(head)


def _zip(source: SourceFile, head: bytes) -> str:
    if source.size < 22:
        raise Truncated(f"the file begins as a zip archive and ends after {count(source.size, 'byte')}; the smallest archive has 22",
                        "The download or copy was interrupted: fetch the file again.", f"byte {source.size}")
    several_archives.refuse_archives(source)
    return archive_kind.kind_of(source, head)


def _looks_like_safetensors(head: bytes) -> bool:
    """A length and the beginning of a JSON object. Lengths made of text (a JSON file) are beyond any header: so large a
    number is a length only when what follows can be nothing but such a header."""
    length = int.from_bytes(head[:8], "little")
    text = head[8:].lstrip(b" \t\r\n")
    if length <= _HEADER_CAP:
        return length >= 2 and text.startswith((b"{", b"\xef\xbb\xbf{", b"\xff\xfe{\0", b"\xfe\xff\0{"))
    return text.startswith((b'{"', b'{ "')) and b"\0" in head[:8]


def _pickle(source: SourceFile, head: bytes) -> str | None:
    if is_stream(head):
        return "torch-legacy"
    if is_binary_pickle(head):
        return "pickle"
    if _TEXT_PICKLE.match(head) and _decodes(source):
        return "pickle"
    return None


def _is_compressed_pickle(source: SourceFile, head: bytes) -> bool:
    """Whether what the file unpacks to begins as a pickle, and not as a stream of torch's."""
    method = compression_of(head)
    if method == "bzip2":                   # unpacks block by block
        head = source.read(0, min(_BLOCK, source.size))
    inside = beginning(head, HEAD) if method else b""
    return is_binary_pickle(inside) and not is_stream(inside)


def _decodes(source: SourceFile) -> bool:
    """Whether the text at the beginning of the file is a whole pickle, or one that would have called something; of one that goes on behind
    what is looked at, whether it has begun a container."""
    data = source.read(0, min(source.size, _PROTOCOL_0))
    try:
        decode(data)
    except ReadError as error:
        telling = CALLS | CONTAINERS if isinstance(error, Truncated) and source.size > len(data) else CALLS
        return error.decoded is not None and not telling.isdisjoint(error.decoded.kind)
    return True


def _tar(source: SourceFile, head: bytes) -> str | None:
    """Torch's own tar of 2016, told by its members; any other tar is refused with a list of what it holds."""
    if not tar_members.is_tar(head):
        return None
    members, broken = tar_members.members_of(source)
    names = {member.name.removeprefix("./").rstrip("/") for member in members}
    if {"pickle", "storages", "tensors"} <= names or (broken is not None and _TAR_RECORDS & names):
        return "torch-tar"
    if {"sys_info", "pickle"} <= names and "storages" not in names:
        return "torch-tar"                 # cut short between two members: its reader says so
    if {"pickle", "storages"} <= names:
        raise Unsupported("this imitates PyTorch's tar format of 2016 but has no member named tensors, so no PyTorch reads it",
                          "Ask for the original checkpoint.", id="container")
    raise other_files.tar([member for member in members if member.regular])


def _index(source: SourceFile, head: bytes) -> str | None:
    """The index of a sharded checkpoint, as transformers writes it beside the shards."""
    if not head.lstrip().startswith(b"{"):
        return None
    blocks = map(partial(other_files.block, source), (0, source.size - other_files.WINDOW))
    text = b"".join(blocks)
    if not _INDEX.search(text):
        return None
    shard = _SHARD.search(text)
    return "torch-sharded" if shard and shard.group(1) == b"bin" else "safetensors-sharded"

