"""Zip archives that are no `torch.save` checkpoint: what they are, in one line, and what to do with them."""
from __future__ import annotations

from collections.abc import Collection
from typing import NoReturn

from inspector.core.errors import Corrupt, NotACheckpoint, Unsupported
from inspector.core.formats.shared import member_names
from inspector.core.keypath import visible

# a member that tells -> what the archive is
_SIGNS = (
    ("[Content_Types].xml", "a Microsoft Office document"),
    ("AndroidManifest.xml", "an Android app (APK)"),
    ("META-INF/MANIFEST.MF", "a Java archive (JAR)"),
    ("mimetype", "an OpenDocument or EPUB file"),
    ("model.weights.h5", "a Keras model"),
    ("saved_model.pb", "a TensorFlow SavedModel"),
    ("Manifest.json", "a Core ML package"),
)
# what torch.save writes of an archive whose object it could not pickle (torch/serialization.py, `_open_zipfile_writer.__exit__`)
_WITHOUT_OBJECT = frozenset(("version", "byteorder", ".data/serialization_id", ".format_version", ".storage_alignment"))


def refuse(names: Collection[str]) -> NoReturn:
    """Raises what there is to say about an archive with these members and no data.pkl."""
    first = next(iter(names))
    top = first.partition("/")[0] + "/"
    own = {name.removeprefix(top) for name in names}
    inner = own.union(names)
    if ".data/extern_modules" in inner:
        raise Unsupported("this is a torch.package archive, which is not read",
                          "Load it with torch.package.PackageImporter and save the model's state_dict().", id="torch_package")
    for sign, what in _SIGNS:
        if sign in names:
            raise NotACheckpoint(f"this is {what}: a ZIP archive, but no checkpoint", "Choose the checkpoint file instead.")
    if any(name.partition("/")[0].endswith(".dist-info") for name in names):
        raise NotACheckpoint("this is a Python wheel, not a checkpoint", "Choose the checkpoint file instead.")
    if "version" in own and own <= _WITHOUT_OBJECT:
        raise Corrupt("this is what torch.save leaves when it fails: an archive without data.pkl, and so without anything in it",
                      "The save raised an error, often because something in the object cannot be pickled: save only state_dict()s and "
                      "plain values, and take an earlier checkpoint.", id="failed_save")
    if "version" in inner and any(name.startswith("data/") for name in inner):
        raise Corrupt("this looks like a PyTorch checkpoint, but its record data.pkl is missing",
                      "Without it nobody can tell which tensors there are: fetch the file again.", id="missing")
    files = [name for name in names if not name.endswith("/")]
    raise NotACheckpoint(f"this is a ZIP archive, not a checkpoint itself; it holds {member_names.listed(files or names)}",
                         member_names.how_to_open(files), id="archive", members=member_names.openable(files))


def _listed(names: Collection[str]) -> str:
    """"3 files (a.pth, b.pth, c.txt)", the first few of them."""
    shown = [visible(name, 60) for name, _ in zip(names, range(3), strict=False)]
    more = ", …" if len(names) > len(shown) else ""
    return f"{len(names):,} file{'s' if len(names) != 1 else ''} ({', '.join(shown)}{more})"
