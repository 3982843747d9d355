"""New files beside their final place, which replace it all at once or not at all.

    .~inspector-<8 hex of the name>.lock    held by whoever saves to that name; the `journal` of what else was made, so that the next
                                            save takes away what a killed one left
    .~inspector-<8 random>                  a file being written, for its owner only

    .~inspector-<8 hex of the name>.undo    what a change in place overwrites (`overwrite`)

Order of a save: write, fsync, verify, mode, rename, fsync of the folder. A set of files is written under names that nothing
refers to yet; its index comes last, and replacing it is the one step that counts. A backup is a second name for the old file, given
right before that step, and taken away again where the step was not reached. Whatever fails before that step leaves the old file as it
was. The lock is the system's (flock), so it ends with the process that holds it.
"""
from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from types import TracebackType

from inspector.core.errors import Corrupt, FileMissing, InspectorError, NotACheckpoint, ReadError, SaveError, TooBig, Unsupported
from inspector.core.io.new_files import NEW, PREFIX, beside, found_at, is_interrupted, is_possible, put_in_place, sync_folder, write_all
from inspector.core.io.sources import open_source
from inspector.core.keypath import visible
from inspector.core.wording import count

from . import journal, overwrite
from .backups import backup_names, is_backup_of
from .journal import Identity
from .overwrite import FileChange

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_LOCK = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
INDEX = ".index.json"
_AT_ONCE = 4 << 20          # bytes copied at once
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL})
_MOST_INDEX = 100 << 20     # bytes of one that is read
_ORIGIN = ("com.apple.quarantine", "user.xdg.origin.url", "user.xdg.referrer.url")     # where a download says it came from


class Temporary:
    """A new file that will be called `name`. `fd` is open for writing until it is closed; `path` is where it is until then."""

    def __init__(self, folder: str, name: str) -> None:
        self.name = name
        self.path = os.path.join(folder, PREFIX + os.urandom(4).hex())
        self.fd = -1

    def open(self) -> None:
        self.fd = os.open(self.path, NEW, 0o600)

    def close(self) -> None:
        """Raises OSError: what was written may then not be there."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)


class Staging:
    """One save into `folder`, to `name`; a context manager that takes everything away again unless `commit` was reached. `sources` are
    the files (device, inode) that are read for it: they are not cleared away, whatever a journal says.

    Raises SaveError with id "busy" when somebody else is saving to that name, OSError from the system."""

    def __init__(self, folder: str, name: str, sources: Collection[tuple[int, int]] = ()) -> None:
        self._sources = sources
        self.folder = folder
        self.name = name
        self.notes: list[str] = []
        self._temporaries: list[Temporary] = []
        self._placed: dict[str, Identity] = {}  # new files under their final names that nothing refers to yet
        self._old: dict[str, Identity] = {}
        self.kept = ""                          # what the file that was replaced is called now
        self._before: Identity | None = None    # that file
        self._copies: tuple[Identity, ...] = ()     # of it, where it could not have two names
        self._lock_path = os.path.join(folder, lock_name(name))
        self._lock = _locked(self._lock_path, name)
        try:
            self.took_back = overwrite.take_back(folder, name)
            self._recover()
        except BaseException:
            self._leave()
            raise

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        left = False
        for temporary in self._temporaries:
            with contextlib.suppress(OSError):
                temporary.close()
            left = not _removed(temporary.path) or left
        for name, one in self._placed.items():
            # somebody else's save may have taken the name, which was free when this one was planned
            left = (journal.is_still(self._at(name), one, placed=True) and not _removed(self._at(name))) or left
        left = (error is not None and self._is_kept_in_vain() and not _removed(self._at(self.kept))) or left
        self._temporaries, self._placed = [], {}
        if left:                                # the lock file still lists it for the next save
            self._close_lock()
        else:
            self._unlock()

    def _leave(self) -> None:
        """Lets go of a lock whose journal may still tell of something."""
        try:
            empty = not os.fstat(self._lock).st_size
        except OSError:
            empty = False
        if empty:
            self._unlock()
        else:
            self._close_lock()

    def create(self, name: str) -> Temporary:
        """A new, empty file to become `name`. Raises OSError."""
        temporary = Temporary(self.folder, name)
        self._temporaries.append(temporary)
        name = os.path.basename(temporary.path)
        journal.note(self._lock, made={name: None})
        temporary.open()
        found = os.fstat(temporary.fd)
        journal.note(self._lock, made={name: Identity(found.st_dev, found.st_ino)})
        return temporary

    def commit(self, mode: int, check: Callable[[], None], old: Iterable[str] = (), mode_of_others: int = 0o600,
               backup: bool = False) -> None:
        """Puts all files in place, the last made one last, if `check` raises nothing. `old` are names that may go afterwards; with `backup`
        the file that is replaced stays, under a name that was free (`kept`). Raises OSError or SaveError while
        nothing has changed yet; what goes wrong after that becomes a note."""
        *others, last = self._temporaries
        for temporary in self._temporaries:
            _set_mode(temporary.path, mode if temporary is last else mode_of_others, self.notes)
        self._old = {name: one for name in old if name != last.name and (one := journal.identity(self._at(name))) is not None}
        new = {temporary.name: one for temporary in others if (one := journal.identity(temporary.path)) is not None}
        if others or self._old:
            journal.note(self._lock, sets={**new, **self._old})
            os.fsync(self._lock)
        check()
        for temporary in others:
            if temporary.name in new:           # before it is there: a rename may be done although the system says no
                self._placed[temporary.name] = new[temporary.name]
            put_in_place(temporary.path, os.path.join(self.folder, temporary.name))
        if others:
            sync_folder(self.folder)
        if backup:
            self._keep()
        put_in_place(last.path, os.path.join(self.folder, last.name))
        self._temporaries, self._placed = [], {}
        try:
            sync_folder(self.folder)
        except OSError as error:
            self.notes.append("The file is saved, but the system could not confirm that its name would survive a power failure: "
                              f"{_text(error)}.")
        kept = indexed_by_others(self.folder, self.name)
        for name, one in self._old.items():
            if kept is None or name in kept or not journal.is_still(self._at(name), one) or not _removed(self._at(name)):
                why = "another index cannot be read" if kept is None else "another index names it, or it changed meanwhile"
                self.notes.append(f"{visible(name, 80)}, a file of the old set, stays: {why}.")

    def overwrite(self, changes: Sequence[FileChange], check: Callable[[], None]) -> None:
        """Makes `changes` in the files themselves, and takes them back unless `check` then raises nothing. Raises as
        `overwrite.overwrite`."""
        overwrite.overwrite(self.folder, self.name, changes, check, self.notes)

    # -- the old file kept ----------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        """Gives the file that will be replaced one more name, never one that something has. Raises OSError."""
        target = self._at(self.name)
        old = journal.identity(target)
        if old is None:
            return
        for name in backup_names(self.name):
            if os.path.lexists(self._at(name)):
                continue
            journal.note(self._lock, kept={name: old})
            os.fsync(self._lock)
            self.kept, self._before = name, old     # before it is there: a link may be made although the system says no
            try:
                os.link(target, self._at(name))
            except FileExistsError:             # somebody else's, made this moment
                self.kept = ""
                continue
            except OSError as error:
                if error.errno not in _NO_LINKS or os.path.lexists(self._at(name)):
                    raise
                self._copy(target, name)
            sync_folder(self.folder)
            return

    def _copy(self, target: str, name: str) -> None:
        """The same where files cannot have two names: all bytes again. Raises OSError."""
        temporary = self.create(name)
        self._temporaries.remove(temporary)     # it is not what is put in place
        try:
            fd = os.open(target, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
            try:
                while data := os.read(fd, _AT_ONCE):
                    write_all(temporary.fd, data)
            finally:
                os.close(fd)
            os.fsync(temporary.fd)
            temporary.close()
            _set_mode(temporary.path, stat.S_IMODE(os.stat(target).st_mode), self.notes)
            self.notes += keep_attributes(temporary.path, target, None)
            made = journal.identity(temporary.path)
            self._copies = (made,) if made is not None else ()
            if os.path.lexists(self._at(name)):         # somebody else's, made while this was copied
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), self._at(name))
            os.rename(temporary.path, self._at(name))
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.close()
            _removed(temporary.path)
            raise

    def _is_kept_in_vain(self) -> bool:
        """Whether the file that was to be replaced is there as before, and has the second name or a copy that was made."""
        if not self.kept or self._before is None:
            return False
        there, here = journal.identity(self._at(self.name)), journal.identity(self._at(self.kept))
        ours = (self._before, *self._copies)
        return there is not None and here is not None and there[:2] == self._before[:2] and here[:2] in [one[:2] for one in ours]

    def _at(self, name: str) -> str:
        return os.path.join(self.folder, name)

    # -- the lock file, which is the journal ----------------------------------------------------------------------------

    def _recover(self) -> None:
        """Takes away what a killed save to this name left, going by its journal and by what indexes in the folder refer to."""
        if not os.fstat(self._lock).st_size:
            return
        told = journal.noted(self._lock)
        for name, one in told.made.items():
            if re.fullmatch(re.escape(PREFIX) + "[0-9a-f]{8}", name) and journal.is_still(self._at(name), one):
                self._clear(name)
        target = journal.identity(self._at(self.name))
        for name, one in told.kept.items():
            # the step that counts was not reached: both names are of one file, and this one is too many
            if target is not None and target[:2] == one[:2] and is_backup_of(name, self.name) and \
                    journal.is_still(self._at(name), one, placed=True):
                _removed(self._at(name))
        referred = self._referred() if self.name.endswith(INDEX) else None
        mine = re.compile(re.escape(self.name.partition(".")[0]) + r"(?:-r[0-9a-f]{8})?-\d{5}-of-\d{5}\.(?:safetensors|bin)")
        for name, one in told.sets.items():
            unwanted = referred is not None and name not in referred and mine.fullmatch(name)
            if unwanted and journal.is_still(self._at(name), one, placed=True):
                self._clear(name)
        os.ftruncate(self._lock, 0)

    def _clear(self, name: str) -> None:
        if not journal.is_among(self._at(name), self._sources):
            _removed(self._at(name))

    def _referred(self) -> set[str] | None:
        """The names in all indexes of the folder, the one at `name` included; None when they cannot be told."""
        own = index_names(self._at(self.name)) if found_at(self._at(self.name)) is not None else set()
        others = indexed_by_others(self.folder, self.name)
        return None if own is None or others is None else own | others

    def _unlock(self) -> None:
        if sys.platform == "win32":             # where an open file cannot be deleted
            self._close_lock()
        with contextlib.suppress(OSError):
            os.unlink(self._lock_path)
        self._close_lock()

    def _close_lock(self) -> None:
        fd, self._lock = self._lock, -1
        if fd >= 0:
            with contextlib.suppress(OSError):
                os.close(fd)


def recover(path: str) -> bool:
    """Takes back a change in place of the file at `path` that was interrupted; whether there was one. Does nothing while somebody is
    saving to that name. Raises OSError, SaveError when it cannot be taken back.

    >>> core.recover(core.save({"w": np.ones(3)}, folder / "a.pth").path)
    False
    """
    if not is_possible(path):
        return False
    path = os.path.realpath(path)
    if os.path.isdir(path):                     # a set is changed under the name of its index
        taken_back = [recover(os.path.join(path, name)) for name in os.listdir(path) if name.endswith(INDEX)]
        return any(taken_back)
    if not is_interrupted(path) and not os.path.lexists(os.path.join(os.path.dirname(path), lock_name(os.path.basename(path)))):
        return False
    try:
        with Staging(*os.path.split(path)) as staging:
            return staging.took_back
    except SaveError as error:
        if error.id == "busy":
            return False
        raise


def lock_name(name: str) -> str:
    return beside(name, ".lock")


def indexed_by_others(folder: str, name: str) -> set[str] | None:
    """The files that the other indexes in the folder name; None when one of them cannot be read, so that there is no file of which it
    could be said that no index names it."""
    found: set[str] = set()
    try:
        for other in os.listdir(folder):
            if other.endswith(INDEX) and other != name:
                found |= _index_names(os.path.join(folder, other)) or set()
    except (OSError, ReadError):
        return None
    return found


def index_names(path: str) -> set[str] | None:
    """The files that the index at `path` names; None when it is none that can be read."""
    try:
        return _index_names(path)
    except (OSError, ReadError):
        return None


def _index_names(path: str) -> set[str] | None:
    """The same, also by the names that files of its own folder have there; None for what is certainly no index. Raises ReadError or
    OSError when that cannot be told."""
    try:
        with open_source(path) as source:
            if source.size > _MOST_INDEX:
                raise TooBig(f"an index of {count(source.size, 'byte')} is not read", where=path)
            found = json.loads(source.read(0, source.size))["weight_map"]
        names, folder = {name for name in found.values() if isinstance(name, str)}, os.path.dirname(path) or os.curdir
        with os.scandir(folder) as entries:
            links = {entry.name for entry in entries if entry.is_symlink()}
        return names | {_led_to(folder, name) for name in names if name in links or "/" in name or "\\" in name}
    except (FileMissing, NotACheckpoint, Unsupported, TypeError, KeyError, AttributeError):
        return None
    except (ValueError, RecursionError) as error:
        raise Corrupt(f"it is no JSON: {error}", where=path) from error


def _led_to(folder: str, name: str) -> str:
    """What a file is called in `folder` that is named by a detour ("./x", "../here/x", ".\\x") or a link."""
    found = os.path.join(folder, name.replace("\\", "/"))
    try:
        return os.path.relpath(os.path.realpath(found), os.path.realpath(folder)).replace(os.sep, "/")
    except ValueError:              # another drive, or no name of a file
        return name


def keep_attributes(path: str, old: str | None, source: str | None) -> list[str]:
    """Gives the new file at `path` the owner and extended attributes of `old`, and from `source` what says where it was
    downloaded from. Sentences about what could not be kept are returned."""
    notes: list[str] = []
    if os.name == "nt":
        _keep_zone(path, source)
    elif old is not None:
        there, here = os.stat(old), os.stat(path)
        if (there.st_uid, there.st_gid) != (here.st_uid, here.st_gid):
            try:
                os.chown(path, there.st_uid, there.st_gid)
            except OSError as error:
                notes.append(f"The owner of the old file could not be kept: {_text(error)}.")
    for origin, names in ((source, _ORIGIN), (old, None)):
        notes += _keep_xattrs(path, origin, names)
    return notes


def _keep_xattrs(path: str, origin: str | None, only: tuple[str, ...] | None) -> list[str]:
    if sys.platform != "linux" or origin is None:
        return []
    try:
        names = os.listxattr(origin)
    except OSError:
        return []
    lost = []
    for name in names:
        if only is not None and name not in only:
            continue
        try:
            os.setxattr(path, name, os.getxattr(origin, name))
        except OSError:
            lost.append(name)
    return [f"Extended attributes could not be kept: {visible(', '.join(lost))}."] if lost else []


def _keep_zone(path: str, source: str | None) -> None:
    """Windows' mark of the web, a stream of the file."""
    if source is None:
        return
    with contextlib.suppress(OSError, InspectorError):
        with open_source(source + ":Zone.Identifier") as zone:
            data = zone.read(0, min(zone.size, 4096))
        fd = os.open(path + ":Zone.Identifier", os.O_WRONLY | os.O_CREAT)
        try:
            write_all(fd, data)
        finally:
            os.close(fd)


def _locked(path: str, name: str) -> int:
    """The lock file at `path`, open and locked. Raises SaveError("busy")."""
    for _ in range(100):
        fd = os.open(path, _LOCK, 0o600)
        try:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1 or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
                # what is written into a lock must not be written into somebody's file of another name
                raise SaveError(f"{visible(path)} is in the way: it is no lock of yours", "Delete it, then save again.", id="busy")
            if sys.platform == "win32":
                msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.lexists(path) and os.path.samestat(os.stat(path), os.fstat(fd)):
                return fd
        except OSError as error:
            os.close(fd)
            if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
                return _exclusive(path, name)
            if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
                raise _busy(name) from error
            if error.errno != errno.ENOENT:
                raise
            continue
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)                            # its owner took it away between the two steps
    raise _busy(name)


def _exclusive(path: str, name: str) -> int:
    """Where files cannot be locked, being the one who makes it must do."""
    with contextlib.suppress(OSError):
        if os.path.getsize(path) == 0:
            os.unlink(path)
    try:
        return os.open(path, NEW, 0o600)
    except FileExistsError as error:
        raise _busy(name) from error


def _busy(name: str) -> SaveError:
    return SaveError(f"somebody else is saving {visible(name, 80)} just now", "Wait until that has finished, then try again.", id="busy")


def _set_mode(path: str, mode: int, notes: list[str]) -> None:
    try:
        os.chmod(path, mode)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        notes.append(f"The permissions of the old file could not be kept: {_text(error)}.")


def _removed(path: str) -> bool:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _text(error: OSError) -> str:
    return error.strerror or type(error).__name__
