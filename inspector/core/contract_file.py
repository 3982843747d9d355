"""The file that says what a program expects of a checkpoint, as `inspector contract` writes it."""
from __future__ import annotations

import os
from typing import Any

from .errors import Corrupt, TooBig
from .io.pointers import refuse_pointer
from .io.sources import open_source
from .plain_values import NamedTwice, json_once, once

VERSION = 1
_LARGEST = 256 << 20        # bytes

_WRITE = "`inspector contract FILE -o C.json` writes one."

Contract = dict[str, Any]


def read_contract(path: str | os.PathLike[str]) -> Contract:
    """The contract at `path`. Raises a ReadError for what cannot be read, Corrupt for what is none.

    >>> core.save_contract(core.contract({"w": np.ones((2, 3))}), folder / "contract.json")
    >>> core.read_contract(folder / "contract.json") == core.contract({"w": np.zeros((2, 3))})
    True
    """
    name = os.fsdecode(path)
    with open_source(name) as source:
        if source.size > _LARGEST:
            raise TooBig("it is too big for a contract", _WRITE, name)
        data = source.read(0, source.size)
    refuse_pointer(data, name)
    try:
        said = json_once(data)
    except NamedTwice as error:
        raise Corrupt(str(error), _WRITE, name) from None
    except ValueError:
        said = None
    return checked(said, name)


def checked(said: object, name: str) -> Contract:
    """`said`, which was found at `name`. Raises Corrupt where it is no contract."""
    if not isinstance(said, dict) or said.get("inspector_contract") != VERSION or not isinstance(said.get("tensors"), list) or not all(
            isinstance(row, dict) and isinstance(row.get("key"), str) and isinstance(row.get("dtype"), str)
            and isinstance(row.get("shape"), list) and all(type(size) is int for size in row["shape"]) for row in said["tensors"]):
        raise Corrupt("it is no contract", _WRITE, name)
    try:
        once([(row["key"], row) for row in said["tensors"]])
    except NamedTwice as error:
        raise Corrupt(str(error), _WRITE, name) from None
    return said
