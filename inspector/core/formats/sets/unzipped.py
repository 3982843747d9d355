"""What torch.save writes, unzipped: a folder with data.pkl, data/ and the other records of the archive as files of their own."""
from __future__ import annotations

import os
from typing import NamedTuple

from inspector.core.checkpoint import Extent, FileStamp
from inspector.core.errors import TooBig, Unreadable
from inspector.core.findings import Finding
from inspector.core.io.sources import stamp_of
from inspector.core.keypath import visible
from inspector.core.limits import Limits
from inspector.core.progress import Monitor

from . import set_files

_CHECK_EVERY = 1024


class Unzipped(NamedTuple):
    """The files of a folder as members of the archive that they were, called folder/record; each lies in a file of its own, the one of
    `stamps` that its extent says. `notes` says which cannot be read, and why."""

    members: dict[str, Extent]
    notes: dict[str, str]
    findings: list[Finding]
    stamps: list[FileStamp]


def look(folder: str, limits: Limits, monitor: Monitor) -> Unzipped:
    """Raises Unreadable, TooBig, and Unsupported for links that lead out of the folder."""
    top = os.path.basename(os.path.abspath(folder)) or "archive"
    names = _names(folder, limits, monitor)
    findings = set_files.links_outside(folder, names, limits)
    found = Unzipped({}, {}, findings, [])
    for name in names:
        member = f"{top}/{name}"
        stamp = stamp_of(os.path.join(folder, *name.split("/")))
        if stamp is None:
            found.notes[member] = "unreadable: it is no regular file that can be looked at"
            found.members[member] = Extent(0, 0, 0, 0)
            continue
        found.members[member] = Extent(len(found.stamps), 0, stamp.size, stamp.size)
        found.stamps.append(stamp)
    findings.append(Finding("unzipped", "info", "", "This is a PyTorch archive that was unzipped: torch.load reads no folders.",
                            "Save it as a file to get the archive back."))
    return found


def _names(folder: str, limits: Limits, monitor: Monitor) -> list[str]:
    """The files in `folder`, with "/" between, in the order in which torch writes them: data.pkl first."""
    found: list[str] = []
    todo = [""]
    while todo:
        within = todo.pop()
        try:
            with os.scandir(os.path.join(folder, *within.split("/")[:-1])) as entries:
                for entry in entries:
                    if len(found) % _CHECK_EVERY == 0:
                        monitor.check()
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(f"{within}{entry.name}/")
                    else:
                        found.append(f"{within}{entry.name}")
        except OSError as error:
            raise Unreadable(f"the system could not list the folder {visible(within or folder, 80)}: "
                             f"{error.strerror or type(error).__name__}", "Your account may not read it: ask its owner.") from error
        if len(found) + len(todo) > limits.zip_entries:
            raise TooBig(f"the folder holds more than {limits.zip_entries:,} files", "Open it with larger limits if you trust it.")
    return sorted(found, key=lambda name: (name != "data.pkl", len(name), name))
