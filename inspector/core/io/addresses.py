"""Addresses of the web and of buckets, given where a path is meant: which texts are such, what of them is shown, what lies beside one.

    https://user:word@host/m.pth?token=abc     is shown, listed and kept as
    https://***@host/m.pth?token=***

What lets one in stays in this process: it is replaced before anything else sees the address, so that no message, title, page, recipe or
list of recent files can hold it. Whoever reads later goes by the `Address` in the file's stamp, or by the table here.
"""
from __future__ import annotations

import os
import re
import threading

from inspector.core.checkpoint import Address
from inspector.core.errors import Unsupported
from inspector.core.keypath import visible

HIDDEN = "***"
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://(.+)", re.IGNORECASE | re.DOTALL)
_PARTS = re.compile(r"([^:/]+://)([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
# parameters of a query that say which file or version is meant and let nobody in
_PLAIN = frozenset({"alt", "dl", "download", "export", "file", "filename", "format", "inline", "path", "raw", "ref", "rev", "revision",
                    "version", "versionid"})
_WEB = frozenset({"http", "https"})
_ARCHIVES = (".zip", ".tar", ".mdlus")
_MARK = "!"

_whole: dict[str, str] = {}             # as it is shown -> as it was given
_shown: dict[str, str] = {}
_lock = threading.Lock()


def is_address(path: str) -> bool:
    """Whether `path` is an address, and no file of that very name is there.

    >>> core.is_address("s3://bucket/a.pth"), core.is_address("runs/a.pth")
    (True, False)
    """
    return "://" in path and _ADDRESS.fullmatch(path) is not None and not os.path.lexists(path)


def refuse_local(address: str) -> None:
    """Raises Unsupported for "file://…", which is a path in disguise."""
    if scheme_of(address) == "file":
        raise Unsupported("this is the address of a file on this computer",
                          f"Name it by its path: {visible(_path_in(address.partition('://')[2]), 400)}.", id="remote")


def scheme_of(address: str) -> str:
    return address.partition("://")[0].lower()


def without_secrets(path: str) -> str:
    """`path`; an address without what lets one in: a user's name and word, and whatever of its query is not known to be harmless.
    Two addresses are never shown alike.

    >>> core.without_secrets("https://me:word@host.example/b.pth")
    'https://***@host.example/b.pth'
    """
    if "://" not in path or not is_address(path):
        return path
    known = _shown.get(path)
    if known is not None:
        return known
    for number in range(1, 1 << 30):
        masked = _masked(path, HIDDEN if number == 1 else f"{HIDDEN}{number}")
        if masked == path or _is_hidden(path):
            return path
        with _lock:
            if _whole.setdefault(masked, path) == path:
                _shown[path] = masked
                return masked
    raise AssertionError("more addresses than there can be")


def with_secrets(path: str) -> str:
    """The address that is shown as `path`. Raises Unsupported when what lets one in is not known here.

    >>> shown = core.without_secrets("https://me:word@host.example/a.pth")
    >>> core.with_secrets(shown)
    'https://me:word@host.example/a.pth'
    """
    found = _whole.get(path)
    if found is None and _is_hidden(path):
        raise Unsupported("the password or token of this address is not kept", "Give the whole address again.", id="remote")
    return found or path


def kept(path: str) -> Address:
    """The address that is shown as `path`, to go with a stamp."""
    return Address(with_secrets(path))


def absolute_path(path: str) -> str:
    """The path from the root of the file system; an address as it is shown.

    >>> core.absolute_path("s3://bucket/a.pth"), core.absolute_path("/runs/../a.pth")
    ('s3://bucket/a.pth', '/a.pth')
    """
    return without_secrets(path) if is_address(path) else os.path.abspath(path)


def file_name(path: str) -> str:
    """The last part of a path or of an address, without its query.

    >>> core.file_name("runs/last.pth"), core.file_name("https://host/a.pth?version=2")
    ('last.pth', 'a.pth')
    """
    if not is_address(path):
        return os.path.basename(os.path.normpath(path)) or path if path else ""
    found = _PARTS.fullmatch(path)
    assert found is not None
    name = found[3].rstrip("/").rpartition("/")[2] or found[2]
    return _unquoted(name) if scheme_of(path) in _WEB else name


def folder_of(path: str) -> str:
    """The folder that a file lies in; of an address, one that `beside` and this take apart again.

    >>> core.folder_of("runs/last.pth"), core.folder_of("s3://bucket/run/a.pth")
    ('runs', 's3://bucket/run/')
    """
    if not is_address(path):
        return os.path.dirname(path)
    start, host, place, query, _ = _parts(path)
    return without_secrets(f"{start}{host}{place.rstrip('/').rpartition('/')[0]}/{query}")


def beside(folder: str, name: str) -> str:
    """The file `name`, of slashes and relative, in `folder`: of a set's index, or of a person's. A name never leads to another host or
    out of the folder: who gives it has looked at that (`set_files.plain_names`), and here it is quoted."""
    if not is_address(folder):
        return os.path.join(folder, *name.split("/")) if "/" in name else os.path.join(folder, name)
    start, host, place, query, _ = _parts(folder)
    if scheme_of(folder) in _WEB:
        from urllib.parse import quote  # seldom needed, and this module is part of every start
        name = quote(name)
    return without_secrets(f"{start}{host}{place.rstrip('/')}/{name}{query}")


def split_member(path: str) -> tuple[str, str]:
    """(address of an archive, the rest after its "!"), of ADDRESS!member; (path, "") for any other address."""
    at = path.find(_MARK)
    while at > 0:
        if path[:at].lower().endswith(_ARCHIVES):
            return path[:at], path[at + 1:]
        at = path.find(_MARK, at + 1)
    return path, ""


def may_be_folder(path: str) -> bool:
    """Going by its name: "s3://bucket/run/", "hf://organisation/repository"."""
    if scheme_of(path) in _WEB:
        return False
    return path.endswith("/") or "." not in file_name(path) or (scheme_of(path) == "hf" and len(path.partition("://")[2].split("/")) == 2)


def _parts(shown_address: str) -> tuple[str, str, str, str, str]:
    found = _PARTS.fullmatch(with_secrets(shown_address))
    assert found is not None
    return found[1], found[2], found[3], found[4] or "", found[5] or ""


def _masked(address: str, hidden: str) -> str:
    found = _PARTS.fullmatch(address)
    if found is None:
        return address
    user, at, host = found[2].rpartition("@")
    if at and (":" in user or scheme_of(address) in _WEB):      # abfs://container@account is a place
        user = hidden
    query = "&".join(_masked_parameter(each, hidden) for each in found[4][1:].split("&")) if found[4] else ""
    return f"{found[1]}{user}{at}{host}{found[3]}" + (f"?{query}" if found[4] else "")


def _masked_parameter(text: str, hidden: str) -> str:
    name, equals, value = text.partition("=")
    if not equals:
        return hidden if len(name) > 16 else name
    return text if name.lower() in _PLAIN or not value else f"{name}={hidden}"


def _is_hidden(address: str) -> bool:
    return f"={HIDDEN}" in address or f"://{HIDDEN}" in address or f"?{HIDDEN}" in address


def _path_in(rest: str) -> str:
    path = _unquoted(rest.partition("/")[1] + rest.partition("/")[2])
    return path[1:] if re.match(r"/[A-Za-z]:", path) else path


def _unquoted(text: str) -> str:
    from urllib.parse import unquote
    return unquote(text)
