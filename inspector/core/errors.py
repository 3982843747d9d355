"""What can go wrong, as one tree, plus `Cancelled` outside it.

    InspectorError(message, hint, where)      one line says what is wrong, what to do, and at which byte or member
    ├── ReadError                             the bytes at hand cannot be read as a checkpoint
    │   ├── NotACheckpoint                    the content is something else, and is named (PNG, HTML page, Git-LFS pointer …)
    │   ├── Unsupported                       a known container, feature or version that is not read
    │   ├── Truncated                         fewer bytes than the file itself says there are
    │   ├── Corrupt                           the bytes contradict the format's rules
    │   ├── Ambiguous                         two readers could see two different contents
    │   ├── TooBig                            a budget of `limits` was reached
    │   ├── Changed                           the file is not the one that was opened
    │   └── Unreadable                        the operating system said no
    │       └── FileMissing                   there is no such file: a FileNotFoundError, too
    ├── BadTensor                             one tensor's values cannot be had; the rest of the checkpoint can
    ├── EditError                             an edit cannot be applied
    │   └── ReferenceMissing                  the file that it goes by is not there: a FileNotFoundError, too
    ├── SaveError                             a file cannot be written
    └── UsageError                            the request itself makes no sense
        └── NoSuchKey                         there is no tensor of that key: a KeyError, too
    Cancelled                                 the person said stop; never an InspectorError

What is odd but readable is a `Finding`, not an error. Exceptions of other libraries are wrapped where bytes are read or
written and never cross the core's front door.
"""
from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .keypath import visible

if TYPE_CHECKING:
    from .findings import Finding
    from .graph import Graph


_COMPARED = 20_000      # keys that a missing one is compared with


class InspectorError(Exception):
    """`message` says what is wrong, `hint` what to do, `where` the member and byte offset ("data.pkl:123"), `id` is a
    stable name for scripts. `findings` keeps what was learnt before the error (calls in a pickle that then breaks off);
    `members` names what lies inside an archive that is no checkpoint itself, to be opened as FILE!member."""

    id = "error"

    def __init__(self, message: str, hint: str = "", where: str = "", *, id: str = "",
                 findings: Sequence[Finding] = (), members: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where
        self.findings = tuple(findings)
        self.members = tuple(members)
        if id:
            self.id = id

    def __str__(self) -> str:
        place = f" (at {visible(self.where)})" if self.where else ""       # a path may have line breaks in it
        end = "" if self.message.endswith((".", "!", "?")) else "."
        return f"{self.message}{place}{end}" + (f" {self.hint}" if self.hint else "")


class ReadError(InspectorError):
    """`decoded`: of a pickle that breaks off, the graph as far as it got."""

    id = "unreadable"
    decoded: Graph | None = None


class NotACheckpoint(ReadError):
    """The content is something else, which the message names: a picture, a web page, a pointer of Git LFS. `members` may hold one."""

    id = "not_a_checkpoint"


class Unsupported(ReadError):
    """A container, feature or version that is known but not read, or an address whose extra is not installed (the hint has the command)."""

    id = "unsupported"


class Truncated(ReadError):
    """There are fewer bytes than the file itself says: it is still being written or was not copied to the end."""

    id = "truncated"


class Corrupt(ReadError):
    """The bytes contradict the rules of their format; `where` is the member and the byte."""

    id = "corrupt"


class Ambiguous(ReadError):
    """Two readers could see two different contents in these bytes, so neither is shown."""

    id = "ambiguous"


class TooBig(ReadError):
    """A budget of `Limits` was reached, before anything of that size was made."""

    id = "too_big"


class Changed(ReadError):
    """The file is another one than was opened: its size, times or ETag differ. Open it again."""

    id = "changed"


class Unreadable(ReadError):
    """The operating system or the server said no; the message has its reason (EACCES, HTTP 403 …)."""

    id = "io"


class FileMissing(Unreadable, FileNotFoundError):
    """`filename` is the path, `errno` ENOENT, as scripts that catch FileNotFoundError expect; `where` is the path as well. `was_there`:
    when it was opened it was."""

    def __new__(cls, *args: Any, **named: Any) -> FileMissing:
        return FileNotFoundError.__new__(cls)

    def __init__(self, path: str, was_there: bool = False) -> None:
        self.was_there = was_there
        if was_there:
            super().__init__("the file is not there any more (ENOENT)",
                             "It may have been moved, renamed or deleted: open it where it is now.", path)
        elif "://" in path:
            super().__init__("there is no such file on the server", "Check the address. Some servers say so of what they show to others "
                             "only: sign in as the library for it does, by tokens and keys in the environment or .netrc.", path)
        else:
            super().__init__("there is no such file or folder (ENOENT)", "Check the path: it may have been moved, renamed or deleted.",
                             path)
        self.args = (self.message,)
        self.errno, self.strerror, self.filename = errno.ENOENT, os.strerror(errno.ENOENT), path

    def with_words(self, message: str, hint: str) -> FileMissing:
        """The same, told in other words."""
        self.message, self.hint, self.args = message, hint, (message,)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _missing, (self.filename, self.was_there, self.message, self.hint)


def _missing(path: str, was_there: bool, message: str, hint: str) -> FileMissing:
    return FileMissing(path, was_there).with_words(message, hint)


class BadTensor(InspectorError):
    """The values of one tensor cannot be had, as its bytes are cut off, not those that were saved, or nowhere; the others can."""

    id = "bad_tensor"


class EditError(InspectorError):
    """An edit cannot be applied to this checkpoint; `where` is the key. Nothing has been changed."""

    id = "edit"


class ReferenceMissing(EditError, FileNotFoundError):
    """There is no such file or folder as an edit goes by or takes from; `filename` is its path, `errno` ENOENT."""

    id = "bad_reference"

    def __new__(cls, *args: Any, **named: Any) -> ReferenceMissing:
        return FileNotFoundError.__new__(cls)

    def __init__(self, path: str, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.args = (message,)
        self.errno, self.strerror, self.filename = errno.ENOENT, os.strerror(errno.ENOENT), path

    def __reduce__(self) -> tuple[Any, ...]:
        return ReferenceMissing, (self.filename, self.message, self.hint)


class SaveError(InspectorError):
    """A file cannot be written, or not without losses that nobody allowed. What was there before is there still."""

    id = "save"


class UsageError(InspectorError):
    """The request itself makes no sense: a key that is not there, a window beyond the tensor, weights that do not fit in number."""

    id = "usage"


class NoSuchKey(UsageError, KeyError):
    """`key` is the one that was asked for; the hint names those that are most like it, of the tensors and values of a checkpoint."""

    id = "no_such_key"

    def __init__(self, key: str, ckpt: Any) -> None:
        self.key = key
        super().__init__(f"there is no tensor {key!r} in this checkpoint", _nearest(key, ckpt))

    def __str__(self) -> str:           # not KeyError's, which is the repr of the message
        return InspectorError.__str__(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _without_checkpoint, (self.key, self.message, self.hint)


def _nearest(key: str, ckpt: Any) -> str:
    if key in ckpt.values:
        return f"It is a value: ckpt.values[{key!r}]."
    import difflib
    few = list(ckpt.tensors)[:_COMPARED]
    found = difflib.get_close_matches(key, few, 3, 0.6) or [name for name in few if name.endswith(f".{key}")][:3]
    return f"There is {', '.join(map(repr, found))}." if found else "See `inspector ls` for its keys."


def _without_checkpoint(key: str, message: str, hint: str) -> NoSuchKey:
    found = NoSuchKey.__new__(NoSuchKey)
    InspectorError.__init__(found, message, hint)
    found.key = key
    return found


class Cancelled(Exception):
    """The person cancelled; nothing is wrong."""
