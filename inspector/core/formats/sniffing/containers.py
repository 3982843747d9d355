"""Archives around checkpoints: ordinary .zip and .tar files, NVIDIA's .mdlus, the .zip of Stable-Baselines3.

    FILE!member        one member, opened as if it were a file; FILE!member!inner one inside that
    FILE!0, FILE!1     of several saves that lie one behind the other in one file: see `saves`

Nothing is unpacked to disk, and nothing is opened unasked. A stored member is read in place; a deflated one is inflated into
memory, up to `LIMITS.preview` bytes. A path that exists as it is written is no such name, whatever its characters.
"""
from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from inspector.core.checkpoint import Checkpoint, Extent
from inspector.core.errors import BadTensor, Corrupt, NotACheckpoint, TooBig, Unsupported
from inspector.core.formats.shared import member_names, tar_members
from inspector.core.formats.shared.pickle_head import begins_a_save
from inspector.core.formats.zip.directory import ZipDirectory, read_directory
from inspector.core.io import addresses
from inspector.core.io.sources import STORED, SourceFile
from inspector.core.keypath import quoted, visible
from inspector.core.limits import Limits
from inspector.core.progress import Monitor

from .several_archives import Save

MARK = "!"
_HEAD = 512

SavesIn = Callable[[SourceFile, Limits, Monitor], list[Save]]


def split(path: str) -> tuple[str, str]:
    """(file on disk, the rest after "!" or ""). Without such a file the whole path, so that opening it says so."""
    if MARK not in path or os.path.lexists(path):
        return path, ""
    if addresses.is_address(path):
        return addresses.split_member(path)
    at = path.rfind(MARK)
    while at > 0:
        if os.path.isfile(path[:at]):
            return path[:at], path[at + 1:]
        at = path.rfind(MARK, 0, at)
    return path, ""


def enter(source: SourceFile, path: str, inner: str, saves_in: SavesIn, limits: Limits, monitor: Monitor) -> SourceFile:
    """The member `inner` ("member" or "member!inner…") of the archive `source`, which is called `path`; `saves_in` is that of `saves`.

    Raises NotACheckpoint when there is no such member or `source` is no archive, TooBig for more archives inside each other
    than `limits.nested_pickles` or a packed member that is too large, Unsupported for one that is encrypted, and what
    `read_directory` raises.
    """
    depth = 0
    while inner:
        depth += 1
        if depth > limits.nested_pickles:
            raise TooBig(f"more than {limits.nested_pickles} archives lie inside each other", "Extract the inner ones first.",
                         visible(path, 200))
        names, locate = _members(source, saves_in, limits, monitor)
        member, rest = _choose(inner, names, path)
        path = f"{path}{MARK}{member}"
        source = _source_of(source, locate(member), member, path)
        inner = rest
    return source


def counted_from_file(ckpt: Checkpoint, source: SourceFile, file: SourceFile) -> Checkpoint:
    """`ckpt`, read from the member `source`, with its extents counted from the beginning of `file`, where they are read from
    later."""
    stamp = file.stamp._replace(inside=source.inside)
    others = tuple(other._replace(path=file.stamp.path) for other in ckpt.files[1:])     # unpacked from within the member
    base = source.base
    storages = {key: storage._replace(extent=storage.extent.moved(base))
                if storage.extent is not None and storage.extent.file == source.index else storage
                for key, storage in ckpt.storages.items()}
    members = tuple(member._replace(extent=member.extent.moved(base)) for member in ckpt.members)
    facts = {**ckpt.facts, "archive": visible(addresses.file_name(file.stamp.path), 200)}
    return replace(ckpt, files=(stamp, *others), storages=MappingProxyType(storages), members=members, facts=MappingProxyType(facts))


def _members(source: SourceFile, saves_in: SavesIn, limits: Limits, monitor: Monitor) -> tuple[list[str], Callable[[str], Extent]]:
    """The names of the files in an archive, and what says where one of them lies."""
    head = source.read(0, min(_HEAD, source.size))
    several = saves_in(source, limits, monitor) if begins_a_save(head) else []
    if len(several) > 1:
        numbered = {str(n): Extent(source.index, save.offset, save.nbytes, save.nbytes) for n, save in enumerate(several)}
        return list(numbered), numbered.__getitem__
    if head.startswith(b"PK\x03\x04"):
        directory = read_directory(source, limits, monitor)
        return [name for name in directory.members if not name.endswith("/")], partial(_in_zip, source, directory)
    if tar_members.is_tar(head):
        found = {tar_members.plain(member.name): member for member in tar_members.regular_files(source)}
        return list(found), lambda name: _in_tar(source, found[name])
    raise NotACheckpoint("this is no ZIP or tar archive and holds not more than one save, so nothing in it can be opened by name",
                         "Leave out what follows the exclamation mark.", id="no_archive")


def _in_zip(source: SourceFile, directory: ZipDirectory, name: str) -> Extent:
    directory.confirm(source, [name])
    wrong = directory.notes.get(name) or directory.remarks.get(name)
    if wrong:
        raise Corrupt(f"the member {quoted(name, 80)} cannot be read: {wrong.partition(': ')[2] or wrong}",
                      "The archive is damaged or was changed by hand: fetch it again.", visible(name, 80))
    return directory.members[name]


def _in_tar(source: SourceFile, member: tar_members.TarMember) -> Extent:
    nbytes = min(member.nbytes, source.size - member.offset)        # what a cut archive still has
    return Extent(source.index, member.offset, nbytes, nbytes)


def _choose(inner: str, names: list[str], path: str) -> tuple[str, str]:
    """(the member that `inner` begins with, what follows its "!"): the longest that fits, as names may hold "!" themselves."""
    known = set(names)
    at = len(inner)
    while at > 0:
        if inner[:at] in known:
            return inner[:at], inner[at + 1:]
        at = inner.rfind(MARK, 0, at)
    raise NotACheckpoint(f"there is no member {quoted(inner, 200)} in {visible(addresses.file_name(path), 200)}",
                         f"It holds {member_names.listed(names)}.", id="no_member")


def _source_of(source: SourceFile, extent: Extent, member: str, path: str) -> SourceFile:
    if extent.method == STORED:
        return source.window(extent.offset, extent.nbytes, path)
    shown = visible(member, 80)
    try:
        return source.unpacked(extent, path)
    except TooBig as error:
        raise TooBig(f"the member {shown!r} is too large to be read inside the archive: {error.message}", error.hint, shown) from None
    except BadTensor as error:
        kind = Unsupported if error.id == "unsupported" else Corrupt
        raise kind(f"the member {shown!r} cannot be unpacked: {error.message}", error.hint, shown, id=error.id) from error
