"""Which of torch's zip archives one is, by the names of its members: they all look the same from outside.

    torch-zip           data.pkl: `torch.save`, and TorchScript from torch 1.3 on
    torchscript-json    model.json: TorchScript of torch 1.0 to 1.2
    npz                 members that end in .npy: the first, most of them, or some beside what is named like no checkpoint
    torch-export        models/…json, serialized_…: `torch.export.save` and packages of AOTInductor (.pt2)
"""
from __future__ import annotations

from collections.abc import Collection

from inspector.core.errors import ReadError
from inspector.core.formats.shared import member_names
from inspector.core.io.sources import SourceFile

from .directory import read_directory

SAVED, SCRIPT, EXPORT, ARRAYS = "torch-zip", "torchscript-json", "torch-export", "npz"
_MAIN = "data.pkl"
_EXPORT_SIGNS = ("serialized_exported_program.json", "archive_format", "serialized_state_dict.json", "serialized_state_dict.pt")
_EXPORT_FOLDERS = ("models/", "data/aotinductor/", "data/weights/")
_LOCAL = 30                 # bytes of a local header before the member's name


def kind_of(source: SourceFile, head: bytes) -> str:
    """The kind of the zip archive `source`, whose first bytes are `head`; SAVED for any other archive and for one whose
    directory cannot be read: what is wrong with it is for that reader to say."""
    first = head[_LOCAL:_LOCAL + int.from_bytes(head[26:28], "little")]
    if first.endswith(_MAIN.encode()):          # torch.save writes it first: spares reading the directory twice
        return SAVED
    try:
        names = read_directory(source, any_case=False).members      # nor do all its readers mind it
    except ReadError:
        return SAVED
    return by_names(names)


def by_names(names: Collection[str]) -> str:
    top = top_of(names)
    inner = {name[len(top):] if name.startswith(top) else name for name in names}
    if any(name.rpartition("/")[2].lower() == _MAIN and name.count("/") <= 1 for name in names):
        return SAVED
    if not inner.isdisjoint(_EXPORT_SIGNS):
        return EXPORT
    if "model.json" in inner and any(name in inner or any(other.startswith(name) for other in inner)
                                     for name in ("version", "attributes.pkl", "code/", "tensors/")):
        return SCRIPT
    if any(name.startswith(_EXPORT_FOLDERS) and name.endswith((".json", ".so")) for name in inner):
        return EXPORT
    files = [name for name in names if not name.endswith("/")]
    arrays = [name for name in files if name.endswith(".npy")]
    if arrays and (files[0] == arrays[0] or 2 * len(arrays) > len(files)
                   or (any("/" not in name for name in arrays) and not member_names.openable(files))):
        return ARRAYS
    return SAVED


def top_of(names: Collection[str]) -> str:
    """"net/" where all members lie in the folder net, else ""."""
    first = next(iter(names), "")
    folder, slash, _ = first.partition("/")
    top = folder + slash
    return top if slash and all(name.startswith(top) for name in names) else ""
