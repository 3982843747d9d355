"""Files that are written in one go: a recipe, a page. The whole new one is there, or the old one stays."""
from __future__ import annotations

import os

from inspector.core.errors import SaveError
from inspector.core.keypath import visible


def write_whole(path: str, data: bytes, what: str) -> None:
    """Writes `data` at `path`, beside it first. Raises SaveError, which calls it `what`."""
    import tempfile  # seldom needed, and this module is part of every start
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".~inspector-", dir=os.path.dirname(os.path.abspath(path)))
        try:
            while data:
                data = data[os.write(handle, data):]
        finally:
            os.close(handle)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary and os.path.lexists(temporary):
            os.unlink(temporary)
        raise SaveError(f"the {what} cannot be written: {error.strerror}", "Name another file.", visible(path)) from error
