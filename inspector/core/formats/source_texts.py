"""The texts that lie in a checkpoint: the code of TorchScript, programs of torch.export, the sources of module classes, extra
files. They are read piece by piece and shown as text; no line of them is compiled.

    texts(ckpt)                     what there is: records of the archive ("code/__torch__.py"), or a class ("net.Encoder")
    read_text(ckpt, name, start)    a piece of one of them; text_pieces all of it, piece by piece
    source_of(ckpt, key)            which of them tells what the module at `key` does
"""
from __future__ import annotations

from collections.abc import Callable, Container, Generator, Iterator
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, Member, Opaque
from inspector.core.errors import UsageError
from inspector.core.formats.shared.module_sources import SOURCE
from inspector.core.graph import REDUCE
from inspector.core.io.sources import ExtentReader
from inspector.core.keypath import ancestors, quoted
from inspector.core.pickles.objects.calls import call_of
from inspector.core.pickles.objects.carried_sources import carried_by, carried_sources

from . import torchscript_classes

PIECE = 512 << 10           # bytes that are read at once
_BEGINNINGS = 4             # bytes that a cut may have to go back, for the longest character of UTF-8

_TEXT_SUFFIXES = (".json", ".py", ".cpp", ".cc", ".c", ".h", ".hpp", ".cu", ".txt", ".md", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".csv")
_ZIPS = frozenset(("serialized_state_dict.json", "serialized_constants.json", "serialized_example_inputs.json"))


class Text(NamedTuple):
    """A piece of the text `name`: its bytes `start` to `end` of `nbytes`, decoded as UTF-8; what is none is "\\ufffd"."""

    name: str
    text: str
    start: int
    end: int
    nbytes: int


class Declaration(NamedTuple):
    """Where a class is declared: in the text `name`, by the line that begins with `line` ("": by all of the text)."""

    name: str
    line: str


def texts(ckpt: Checkpoint) -> dict[str, int]:
    """The texts in `ckpt`, in stored order, sources of classes first: name -> bytes.

    >>> import torch
    >>> torch.save(torch.nn.ReLU(), folder / "a.pth", _use_new_zipfile_serialization=False)
    >>> ckpt = core.open(folder / "a.pth")
    >>> list(core.texts(ckpt))
    ['torch.nn.modules.activation.ReLU']
    """
    sources = {fact.removeprefix(SOURCE): len(_encoded(text)) for fact, text in ckpt.facts.items() if fact.startswith(SOURCE)}
    return sources | {name: member.extent.size for name, member in _records(ckpt) if name not in sources}


def read_text(ckpt: Checkpoint, name: str, start: int = 0, nbytes: int = PIECE) -> Text:
    """At most `nbytes` bytes of the text `name` from its byte `start` on. What goes on is cut at the end of a line where there is
    one, else between two characters.

    Raises UsageError where there is no such text, BadTensor when its bytes cannot be had or, read as a whole, are not those that
    were saved, Changed, Unreadable and the like as `io.sources.ExtentReader.read`.

    >>> import torch
    >>> torch.save(torch.nn.ReLU(), folder / "a.pth", _use_new_zipfile_serialization=False)
    >>> ckpt = core.open(folder / "a.pth")
    >>> "class ReLU" in core.read_text(ckpt, "torch.nn.modules.activation.ReLU").text
    True
    """
    pieces = text_pieces(ckpt, name, start, nbytes)
    try:
        return next(pieces)
    finally:
        pieces.close()


def text_pieces(ckpt: Checkpoint, name: str, start: int = 0, nbytes: int = PIECE) -> Generator[Text, None, None]:
    """The text from its byte `start` on, in pieces as `read_text` gives them, at least one; errors as there. A packed record is
    unpacked once for all of them.

    >>> import torch
    >>> torch.save(torch.nn.ReLU(), folder / "a.pth", _use_new_zipfile_serialization=False)
    >>> ckpt = core.open(folder / "a.pth")
    >>> pieces = list(core.text_pieces(ckpt, "torch.nn.modules.activation.ReLU", nbytes=400))
    >>> len(pieces) > 2, pieces[0].end == pieces[1].start, pieces[-1].end == pieces[-1].nbytes
    (True, True, True)
    """
    source = ckpt.facts.get(SOURCE + name)
    if source is not None:
        raw = _encoded(source)
        yield from _pieces(name, len(raw), lambda at, count: raw[at:at + count], min(start, len(raw)), nbytes)
        return
    extent = _record(ckpt, name).extent
    with ExtentReader(ckpt, extent.file) as reader:
        yield from _pieces(name, extent.size, lambda at, count: reader.read(extent, at, count), min(start, extent.size), nbytes)


def _pieces(name: str, whole: int, read: Callable[[int, int], bytes], at: int, nbytes: int) -> Iterator[Text]:
    kept = b""
    while True:
        raw = kept + read(at + len(kept), max(0, min(nbytes - len(kept), whole - at - len(kept))))
        cut = _cut(raw) if at + len(raw) < whole else len(raw)
        yield Text(name, raw[:cut].decode("utf-8", "replace"), at, at + cut, whole)
        kept, at = raw[cut:], at + cut
        if at >= whole:
            return


def source_of(ckpt: Checkpoint, key: str, known: Container[str] | None = None) -> Declaration | None:
    """The text that declares the class of the module at `key`, or of the nearest one above it; None where no text does.
    `known` are the names of all texts, where the caller has them at hand.

    >>> import torch
    >>> torch.save(torch.nn.ReLU(), folder / "a.pth", _use_new_zipfile_serialization=False)
    >>> ckpt = core.open(folder / "a.pth")
    >>> core.source_of(ckpt, "")
    Declaration(name='torch.nn.modules.activation.ReLU', line='class ReLU')
    """
    known = texts(ckpt) if known is None else known
    for path in (key, *ancestors(key)):
        value = ckpt.values.get(path)
        found = _carried(ckpt, value) or _declaration(value, known) if isinstance(value, Opaque) else None
        if found is not None:
            return found
    return None


def _carried(ckpt: Checkpoint, value: Opaque) -> Declaration | None:
    """Where the class of an object is declared that carries its source text."""
    place = ckpt.pickle_of(value.node)
    if place is None:
        return None
    graph, node = place[0].graph, place[1]
    carried = carried_by(graph, call_of(graph, node)) if graph.kind[node] == REDUCE else None
    source = carried_sources(graph).get(carried.source) if carried is not None else None
    return Declaration(source.name, f"class {carried.class_name}(") if carried is not None and source is not None else None


def _declaration(value: Opaque, known: Container[str]) -> Declaration | None:
    module, _, name = value.type.rpartition(".")
    if value.type in known:
        return Declaration(value.type, f"class {name}")
    if value.text in known:                             # TorchScript of torch 1.0 to 1.2: a record for each module
        return Declaration(value.text, "")
    record = torchscript_classes.member_of(module)
    return Declaration(record, f"class {name}(") if record in known else None


def _records(ckpt: Checkpoint) -> Iterator[tuple[str, Member]]:
    """The records that are text, by their names without the archive's top folder."""
    if ckpt.format not in ("torchscript", "torch-export"):
        return
    top = f"{ckpt.facts['folder']}/" if ckpt.facts.get("folder") else ""
    for member in ckpt.members:
        name = member.name.removeprefix(top)
        if _is_script_text(name) if ckpt.format == "torchscript" else _is_export_text(name):
            yield name, member


def _is_script_text(name: str) -> bool:
    return name == "model.json" or (name.startswith("code/") and name.endswith(".py")) or (
        name.startswith("extra/") and not name.endswith("/"))


def _is_export_text(name: str) -> bool:
    return name not in _ZIPS and (name.lower().endswith(_TEXT_SUFFIXES) or (
        name.startswith(("extra/", "extra_files/")) and not name.endswith("/")))


def _record(ckpt: Checkpoint, name: str) -> Member:
    found = next((member for record, member in _records(ckpt) if record == name), None)
    if found is None:
        raise UsageError(f"there is no text {quoted(name)} in the file", "`inspector code FILE` lists them.")
    return found


def _cut(raw: bytes) -> int:
    """How much of `raw`, which goes on, makes a piece."""
    line = raw.rfind(b"\n") + 1
    if line:
        return line
    for back in range(1, min(_BEGINNINGS, len(raw)) + 1):
        if raw[-back] & 0xC0 != 0x80:                   # the first byte of a character
            return len(raw) - back if raw[-back] >= 0x80 and len(raw) > back else len(raw)
    return len(raw)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
