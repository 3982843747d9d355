"""Pointers to files that were not downloaded: what Git-LFS and git-annex leave in a working copy in their place."""
from __future__ import annotations

import codecs
import re

from inspector.core.errors import NotACheckpoint
from inspector.core.wording import count

_LFS = re.compile(rb"version https?://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v1")
_LFS_OID = re.compile(rb"^oid sha256:([0-9a-f]{64})\r?$", re.MULTILINE)
_LFS_SIZE = re.compile(rb"^size ([0-9]{1,19})\r?$", re.MULTILINE)
_ANNEX = re.compile(rb"/annex/objects/[\w-]+-s[0-9]+")        # git-annex-pointer: the key has the size in its name
_LONGEST = 1024             # bytes of a pointer, as Git-LFS reads them


def pointer(head: bytes, ours: bool = False) -> NotACheckpoint | None:
    """What there is to say of a file that begins with `head` where it is a pointer; None where it is none. `ours`: in the place of a file
    that this program writes, and not of a checkpoint."""
    what = "file" if ours else "checkpoint"
    head = head[:_LONGEST]
    if _ANNEX.match(head):
        return NotACheckpoint(f"this is a git-annex pointer; the {what} itself was not downloaded",
                              "Run git annex get in the repository, or download the file from its web page.", id="annex_pointer")
    if not _LFS.match(head.removeprefix(codecs.BOM_UTF8)):
        return None
    oid, size = _LFS_OID.search(head), _LFS_SIZE.search(head)
    about = [count(int(size.group(1)), "byte")] if size else []
    if oid:
        about.append(f"sha256 {oid.group(1).decode()}")
    return NotACheckpoint(f"this is a Git-LFS pointer; the {what} itself" + (f" ({', '.join(about)})" if about else "")
                          + " was not downloaded", "Run git lfs pull in the repository, or download the file from its web page.",
                          id="lfs_pointer")


def refuse_pointer(data: bytes, path: str) -> None:
    """Raises NotACheckpoint where the file at `path`, which is to be one of our own and begins with `data`, is a pointer."""
    found = pointer(data, ours=True)
    if found is not None:
        found.where = path
        raise found
