"""Numbers that were measured are kept, so that a run of fifty files to which one is added is not read anew.

They lie in a cache folder of the person's own, one small file a checkpoint and one a step: counts and norms, in the order of the
checkpoint's tensors; no name, no path. Of the last checkpoints of a run, which others will be compared with, a sketch of each tensor lies
there too (`sketches`), in which small tensors are as they are. What a file is about its name says, the SHA-256 of how the
checkpoint's file looks and where its tensors lie in it (`RunCheckpoint.identity`). Not beside the checkpoints: those folders are shared,
synchronised and listed by training programs, and reading must not write there.

A folder that others may write to is not used. What is found is taken only when it is whole, has as many numbers as the checkpoint has
tensors, and each is one that could have been measured. The oldest go when there are more than a few thousand.
"""
from __future__ import annotations

import contextlib
import hashlib
import math
import os
import re
import stat
import sys
import time
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

from inspector.core.errors import InspectorError
from inspector.core.io.new_files import replace_file
from inspector.core.io.sources import open_source

from .columns import MOVED, UNKNOWN, Own, Step
from .series import RunCheckpoint
from .sketches import DIGEST, Sketch, starts, width_for
from .steps import Known

if TYPE_CHECKING:
    Arrays = tuple[array[float] | array[int], ...]      # array takes no parameters at run time before 3.12

_MAGIC = b"inspector run 1\n"
_MOST = 5_000               # files
_MOST_BYTES = 128 << 20     # of all files together
_FRESH = 100_000_000        # nanoseconds in which a file may have been written twice with one time stamp
_OURS = re.compile(r"[a-z]+-[0-9a-f]{64}").fullmatch
_SWEPT = 64                 # files between two looks at how many there are


class KeptNumbers:
    """The numbers of earlier times. `folder` is where they lie; "" keeps none. Nothing is raised: what cannot be kept is measured again.

    >>> paths = [core.save({"epoch": n, "val_acc": n / 10, "w": np.full(4, n + 1.)}, folder / f"{n}.pth").path for n in range(3)]
    >>> kept = core.KeptNumbers("")
    >>> core.measure_series(core.series(paths), kept=kept).read
    3
    """

    def __init__(self, folder: str | None = None) -> None:
        self.folder = _folder(default_folder() if folder is None else folder)
        self._written = 0

    def own(self, one: RunCheckpoint) -> Own | None:
        """What was measured of that checkpoint, if it was."""
        found = self._read(_name("own", one), "ddqq", len(one.outline.keys))
        if found is None:
            return None
        own = Own(*found)                           # type: ignore[arg-type]
        unread = [nan == -1 for nan in own.nan]
        fine = all(_is_size(norm) and _is_size(std) for norm, std in zip(own.norm, own.std, strict=True)) and all(
            bad or (nan >= 0 and inf >= 0 and nan + inf <= math.prod(shape))
            for bad, nan, inf, shape in zip(unread, own.nan, own.inf, one.outline.shapes, strict=True))
        return own if fine else None

    def step(self, before: RunCheckpoint, one: RunCheckpoint, exact: bool = False) -> Step | None:
        """What was measured of the step between the two, or else, unless it must be `exact`, estimated, if it was."""
        count = len(one.outline.keys)
        found = self._read(_name("step", before, one), "ddb", count)
        if found is None and not exact:
            found = self._read(_name("near", before, one), "ddbd", count)
        if found is None:
            return None
        step = Step(*found)                         # type: ignore[arg-type]
        fine = all(_is_size(moved) and _is_size(old) for moved, old in zip(step.moved, step.before, strict=True)) \
            and all(UNKNOWN <= same <= MOVED for same in step.same) and all(0 <= error <= 1 for error in step.error)
        return step if fine else None

    def known(self, one: RunCheckpoint, own: Own | None = None) -> Known | None:
        """All that is known of a checkpoint, if there is a sketch of it."""
        width = width_for(one.outline)
        where = starts(one.outline, width)[-1]
        body = self._body(_name("sketch", one), DIGEST * len(one.outline.keys) + 8 * where) if width else None
        own = own if own is not None or body is None else self.own(one)
        if own is None or body is None:
            return None
        digests = DIGEST * len(one.outline.keys)
        sums = array("d")
        sums.frombytes(body[digests:])
        if sys.byteorder == "big":
            sums.byteswap()
        return Known(one.outline, own, Sketch(width, body[:digests], sums))

    def keep_own(self, one: RunCheckpoint, own: Own) -> None:
        if _is_settled(one):
            self._write(_name("own", one), own)

    def keep_step(self, before: RunCheckpoint, one: RunCheckpoint, step: Step) -> None:
        if _is_settled(before) and _is_settled(one):
            if any(step.error):
                self._write(_name("near", before, one), step)           # type: ignore[arg-type]
            else:
                self._write(_name("step", before, one), step[:3])

    def keep_sketch(self, one: RunCheckpoint, sketch: Sketch) -> None:
        if _is_settled(one):
            self._write(_name("sketch", one), (array("B", sketch.digests), sketch.sums))

    def drop_sketch(self, one: RunCheckpoint) -> None:
        """It is not among those any more that others will be compared with."""
        if self.folder:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(self.folder, _name("sketch", one)))

    def numbers(self, what: str, checkpoints: Sequence[RunCheckpoint], count: int) -> array[float] | None:
        """Sizes that were measured of several checkpoints together, `count` of them."""
        found = self._read(_name(what, *checkpoints), "d", count)
        if found is None:
            return None
        sizes: array[float] = found[0]              # type: ignore[assignment]
        return sizes if all(map(_is_size, sizes)) else None

    def keep_numbers(self, what: str, checkpoints: Sequence[RunCheckpoint], numbers: array[float]) -> None:
        if all(map(_is_settled, checkpoints)):
            self._write(_name(what, *checkpoints), (numbers,))

    def _body(self, name: str, nbytes: int) -> bytes | None:
        """What lies in a file, `nbytes` of it, if that is whole."""
        if not self.folder:
            return None
        size = len(_MAGIC) + 32 + nbytes
        try:
            with open_source(os.path.join(self.folder, name)) as source:
                data = source.read(0, size) if source.size == size else b""
        except InspectorError:
            return None
        body = data[len(_MAGIC) + 32:]
        whole = len(data) == size and data.startswith(_MAGIC) and hashlib.sha256(body).digest() == data[len(_MAGIC):len(_MAGIC) + 32]
        return body if whole else None

    def _read(self, name: str, kinds: str, count: int) -> Arrays | None:
        columns = [array(kind) for kind in kinds]
        body = self._body(name, sum(count * column.itemsize for column in columns))
        if body is None:
            return None
        at = 0
        for column in columns:
            column.frombytes(body[at:at + count * column.itemsize])
            at += count * column.itemsize
            if sys.byteorder == "big":
                column.byteswap()
        return tuple(columns)

    def _write(self, name: str, columns: Sequence[array[float] | array[int]]) -> None:
        if not self.folder:
            return
        body = b""
        for column in columns:
            little = array(column.typecode, column)
            if sys.byteorder == "big":
                little.byteswap()
            body += little.tobytes()
        path = os.path.join(self.folder, name)
        with contextlib.suppress(OSError):
            if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
                return                  # a pipe would be waited for, and what a link leads to written over
            replace_file(path, _MAGIC + hashlib.sha256(body).digest() + body, private=True)
        self._written += 1
        if self._written % _SWEPT == 1:
            self._sweep()

    def _sweep(self) -> None:
        """Lets the oldest go where there are too many. Only what has a name of ours: INSPECTOR_CACHE may name a folder of other things."""
        with contextlib.suppress(OSError):
            with os.scandir(self.folder) as entries:
                files = [(found.st_mtime_ns, found.st_size, entry.path) for entry in entries
                         if _OURS(entry.name) and entry.is_file(follow_symlinks=False) and (found := entry.stat(follow_symlinks=False))]
            files.sort(reverse=True)
            total = 0
            for count, (_, nbytes, path) in enumerate(files, 1):
                total += nbytes
                if count > _MOST or total > _MOST_BYTES:
                    os.unlink(path)


def default_folder() -> str:
    """Where the system wants a program's caches to be; INSPECTOR_CACHE names another folder, and none when it is empty."""
    given = os.environ.get("INSPECTOR_CACHE")
    if given is not None:
        return given
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        base = os.path.join(os.path.expanduser("~"), "Library", "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME", "")
        base = base if os.path.isabs(base) else os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "checkpoint-inspector", "runs") if os.path.isabs(base) else ""


def _folder(path: str) -> str:
    """`path`, made where it is not there; "" where it cannot be made or is not this person's alone."""
    if not path:
        return ""
    try:
        os.makedirs(path, 0o700, exist_ok=True)
        found = os.lstat(path)
    except (OSError, ValueError):
        return ""
    if not stat.S_ISDIR(found.st_mode):
        return ""
    if sys.platform != "win32" and (found.st_uid != os.getuid() or found.st_mode & 0o022):
        return ""
    return path


def _name(kind: str, *checkpoints: RunCheckpoint) -> str:
    state = hashlib.sha256(kind.encode("utf-8", "surrogatepass"))
    for one in checkpoints:
        state.update(one.identity.encode())
    return f"{kind.split()[0]}-{state.hexdigest()}"


def _is_settled(one: RunCheckpoint) -> bool:
    """Whether the files are old enough for a later change to show in their time stamps."""
    now = time.time_ns()
    return bool(one.stamps) and all(now - stamp.mtime_ns > _FRESH for stamp in one.stamps)


def _is_size(number: float) -> bool:
    return number >= 0 or math.isnan(number)
