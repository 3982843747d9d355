"""The two spellings of weight normalisation: `weight_g` and `weight_v` of torch.nn.utils.weight_norm, and
`parametrizations.weight.original0` and `.original1` of torch.nn.utils.parametrizations.weight_norm, since torch 2.0.

The new one reads the old names by a hook (torch/nn/utils/parametrizations.py, `_weight_norm_compat_hook`). The old one reads no new ones:
those have to be renamed.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_NEW = re.compile(r"(?P<module>.*\.|)parametrizations\.(?P<name>[^.]+)\.original(?P<part>[01])", re.DOTALL)
_PARTS = {"0": "g", "1": "v"}

RENAMES = tuple((rf"(^|\.)parametrizations\.([^.]+)\.original{number}$", rf"\g<1>\g<2>_{part}") for number, part in _PARTS.items())
"""(pattern, replacement) of the renames that turn the new names into the old ones."""


def old_names(names: Iterable[str]) -> dict[str, str]:
    """new name -> old name, of those `names` that are in the new spelling, both parts of each."""
    found = {name: _old(match) for name in names if name.endswith(("0", "1")) and (match := _NEW.fullmatch(name))}
    there = set(found.values())
    return {new: old for new, old in found.items() if old[:-1] + "g" in there and old[:-1] + "v" in there}


def to_be_renamed(file: Mapping[str, object], model: Iterable[str]) -> dict[str, str]:
    """new name -> old name of what a file spells in the new way and the model in the old one; {} when it does not, or when there are
    other names of that form, which the renames would touch."""
    found = old_names(file)
    wants_old = any(name.endswith("_g") for name in model) and not old_names(model)
    return found if found and wants_old and not any(old in file for old in found.values()) else {}


def _old(match: re.Match[str]) -> str:
    return f"{match['module']}{match['name']}_{_PARTS[match['part']]}"
