"""What a program expects of a checkpoint: names, shapes and types, as JSON, and whether a file has them.

    {"inspector_contract": 1, "tensors": [{"key": "fc.weight", "shape": [10, 4], "dtype": "float32"}, …]}

A test that makes one of a model, and holds every checkpoint that is made against it, fails when the two drift apart.
"""
from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from inspector.core import opening
from inspector.core.contract_file import VERSION, Contract, checked, read_contract
from inspector.core.errors import UsageError
from inspector.core.io.side_outputs import write_output
from inspector.core.keypath import quoted, visible
from inspector.core.opening import CheckpointLike
from inspector.core.progress import QUIET, Monitor

_SHOWN = 10

class Breaches(NamedTuple):
    """What of a checkpoint is not as the contract has it, by names: `missing`, `unexpected`, and (name, what it is, what it should be)
    of another `shape` or `dtype`."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    shape: tuple[tuple[str, str, str], ...]
    dtype: tuple[tuple[str, str, str], ...]

    def lines(self) -> list[str]:
        """A line each."""
        return [*(f"missing: {visible(name, 120)}" for name in self.missing),
                *(f"unexpected: {visible(name, 120)}" for name in self.unexpected),
                *(f"shape of {visible(name, 120)}: {is_now}, not {should}" for name, is_now, should in self.shape),
                *(f"type of {visible(name, 120)}: {visible(is_now, 40)}, not {visible(should, 40)}" for name, is_now, should in self.dtype)]


def contract(ckpt: CheckpointLike, state_dict: str | None = None, monitor: Monitor = QUIET) -> Contract:
    """The names, shapes and types of all tensors, or of those in the state dict at that path, by their names in it: JSON that
    `check --against` and `assert_fits` take. A mapping will do (`model.state_dict()`). Reads no tensor. Raises UsageError for a state dict
    that is not there.

    >>> import numpy as np
    >>> core.contract({"w": np.zeros((2, 3), np.float32)})["tensors"]
    [{'key': 'w', 'shape': [2, 3], 'dtype': 'float32'}]
    """
    opened = opening.opened(ckpt, monitor)
    if state_dict is not None and state_dict not in opened.state_dicts:
        raise UsageError(f"there is no state dict {quoted(state_dict, 80)} in the file", "`inspector ls` shows which there are.")
    return {"inspector_contract": VERSION, "tensors": [
        {"key": key if state_dict is None else info.name, "shape": list(info.shape), "dtype": info.dtype}
        for key, info in opened.tensors.items() if state_dict is None or info.state_dict == state_dict]}


def save_contract(found: Contract, path: str | os.PathLike[str], inputs: Iterable[str] = ()) -> None:
    """Writes it, whole or not at all; over nothing but a contract. Raises SaveError.

    >>> core.save_contract(core.contract({"w": np.ones((2, 3))}), folder / "contract.json")
    >>> core.breaches({"w": np.zeros((2, 3))}, folder / "contract.json").shape
    ()
    """
    write_output(os.fsdecode(path), json.dumps(found, indent=1).encode() + b"\n", "contract", inputs)


def breaches(file: CheckpointLike, wanted: Contract | Mapping[str, Any] | str | os.PathLike[str], state_dict: str | None = None,
             monitor: Monitor = QUIET) -> Breaches:
    """What of `file` is not as `wanted`, a contract or the path of one, has it. Without `state_dict`, the one in the file that has most of
    the names is meant. Errors as `contract` and `read_contract`.

    >>> core.breaches({"w": np.ones((2, 3)), "x": np.ones(1)}, core.contract({"w": np.ones((2, 4))}))
    Breaches(missing=(), unexpected=('x',), shape=(('w', '[2, 3]', '[2, 4]'),), dtype=())
    """
    terms = read_contract(wanted) if isinstance(wanted, str | os.PathLike) else checked(dict(wanted), "")
    should = {row["key"]: row for row in terms["tensors"]}
    opened = opening.opened(file, monitor)
    if state_dict is None and opened.state_dicts:
        def in_common(path: str | None) -> int:
            return sum(row["key"] in should for row in contract(opened, path)["tensors"])
        best = max((None, *opened.state_dicts), key=in_common)
        state_dict = best if in_common(best) else None
    have = {row["key"]: row for row in contract(opened, state_dict)["tensors"]}
    both = [(name, have[name], should[name]) for name in should if name in have]
    return Breaches(tuple(name for name in should if name not in have), tuple(name for name in have if name not in should),
                    tuple((name, str(a["shape"]), str(b["shape"])) for name, a, b in both if a["shape"] != b["shape"]),
                    tuple((name, a["dtype"], b["dtype"]) for name, a, b in both if a["dtype"] != b["dtype"]))


def assert_fits(file: CheckpointLike, wanted: Contract | Mapping[str, Any] | str | os.PathLike[str], state_dict: str | None = None, *,
                unexpected: bool = False) -> None:
    """For tests: raises AssertionError naming what of `file` is not as the contract has it; names that it does not have are allowed with
    `unexpected`. Errors as `breaches`.

    >>> core.assert_fits({"w": np.ones((2, 3))}, core.contract({"w": np.zeros((2, 3))}))
    """
    found = breaches(file, wanted, state_dict)
    lines = (found._replace(unexpected=()) if unexpected else found).lines()
    if lines:
        more = [f"… and {len(lines) - _SHOWN:,} more"] if len(lines) > _SHOWN else []
        raise AssertionError("\n".join(["the checkpoint does not fit its contract:", *lines[:_SHOWN], *more]))
