"""Edits: each a frozen value with a pure `apply`, listed in order. To add one, write it (see `common.Edit`) and put it in the list."""
from __future__ import annotations

from .add_prefix import AddPrefix
from .cast import Cast
from .concat import Concat
from .copy import Copy
from .dequantize import Dequantize
from .drop import Drop
from .drop_broken import DropBroken
from .extract import Extract
from .keep import Keep
from .make_plain import MakePlain
from .match import Match
from .merge_adapter import MergeAdapter
from .optimizer_for import OptimizerFor
from .remap_devices import RemapDevices
from .rename import Rename
from .renumber import Renumber
from .reorder import Reorder
from .reshape import Reshape
from .resize import Resize
from .set_metadata import SetMetadata
from .set_value import SetValue
from .split import Split
from .strip_prefix import StripPrefix
from .take import Take
from .tools.common import Edit
from .transpose import Transpose
from .unshare import Unshare

__all__ = ["EDITS", "OPTIONS", "AddPrefix", "Cast", "Concat", "Copy", "Dequantize", "Drop", "DropBroken", "Edit", "Extract", "Keep",
           "MakePlain", "Match", "MergeAdapter", "OptimizerFor", "RemapDevices", "Rename", "Renumber", "Reorder", "Reshape", "Resize",
           "SetMetadata", "SetValue", "Split", "StripPrefix", "Take", "Transpose", "Unshare"]

EDITS: tuple[type[Edit], ...] = (
    StripPrefix,
    AddPrefix,
    Rename,
    Renumber,
    Drop,
    DropBroken,
    Keep,
    Extract,
    RemapDevices,
    Cast,
    Dequantize,
    Match,
    Take,
    MergeAdapter,
    Copy,
    Resize,
    Transpose,
    Reshape,
    Reorder,
    Split,
    Concat,
    OptimizerFor,
    SetMetadata,
    SetValue,
    MakePlain,
    Unshare,
)

OPTIONS: dict[str, type[Edit]] = {edit.OPTION: edit for edit in EDITS} | {"unset-metadata": SetMetadata, "unset": SetValue}
"""Name on the command line and in recipes -> the edit."""
