"""Addresses of the web and of buckets given where a path is meant: what they are, and how to get the file."""
from __future__ import annotations

import os
import re

from inspector.core.errors import Unsupported
from inspector.core.keypath import visible

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://(.+)", re.IGNORECASE | re.DOTALL)
_HOW = {
    "s3": "aws s3 cp {address} .", "gs": "gsutil cp {address} .", "gcs": "gsutil cp {address} .",
    "http": "curl -LO {address}", "https": "curl -LO {address}", "ftp": "curl -O {address}",
}


def refuse(path: str) -> None:
    """Raises Unsupported when `path` is an address, and no file of that very name is there."""
    found = _ADDRESS.fullmatch(path)
    if found is None or os.path.lexists(path):
        return
    scheme, rest = found[1].lower(), found[2]
    if scheme == "file":
        raise Unsupported("this is the address of a file on this computer", f"Name it by its path: {visible(_path_in(rest), 400)}.",
                          id="remote")
    raise Unsupported(f"this is a web address ({visible(scheme, 20)}://), and files are not read over the net",
                      f"Download the file first, then open it{_command(scheme, path, rest)}.", id="remote")


def _command(scheme: str, address: str, rest: str) -> str:
    if scheme == "hf":
        repository, file = "/".join(rest.split("/")[:2]), "/".join(rest.split("/")[2:])
        return f": hf download {visible(f'{repository} {file}'.strip(), 300)}"
    how = _HOW.get(scheme)
    return ": " + how.format(address=visible(address, 300)) if how else ""


def _path_in(rest: str) -> str:
    from urllib.parse import unquote  # seldom needed, and this module is part of every start
    path = unquote(rest.partition("/")[1] + rest.partition("/")[2])
    return path[1:] if re.match(r"/[A-Za-z]:", path) else path
