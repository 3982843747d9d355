"""What a part of a checkpoint suggests: edits that mean just it, and what a form for one begins with."""
from __future__ import annotations

import re
from collections.abc import Sequence

from inspector.core.checkpoint import Checkpoint
from inspector.core.edits.drop import Drop
from inspector.core.edits.extract import Extract
from inspector.core.edits.keep import Keep
from inspector.core.edits.make_plain import MakePlain
from inspector.core.edits.strip_prefix import StripPrefix
from inspector.core.edits.tools.common import Edit
from inspector.core.edits.tools.globs import patterns_for
from inspector.core.edits.unshare import Unshare
from inspector.core.keypath import ancestors, is_under, relative, under
from inspector.core.opening import CheckpointLike, opened

from .parts import Part, paths_of, prefix_of, state_dict_of

_JOINED = 16            # tensors that one form has room for


def edits_for_part(option: str, part: Part, ckpt: CheckpointLike) -> tuple[Edit, ...]:
    """The edits named `option` ("strip-prefix", "drop", "keep", "extract", "unshare" or "plain") that mean just that part; () when
    it does not say enough, so that somebody has to be asked. Linear in the keys.

    >>> ckpt = core.edit({"a.w": np.ones(3), "a.b": np.ones(3), "c": np.ones(2)}, [])
    >>> core.edits_for_part("drop", core.Part("a", ("a.w", "a.b")), ckpt)
    (Drop(glob='a'),)
    """
    ckpt = opened(ckpt)
    if option == "strip-prefix":
        prefix = prefix_of(part, ckpt)
        return (_strip(part, ckpt, prefix),) if prefix else ()
    if option not in ("drop", "keep", "extract", "unshare", "plain") or not part.is_part_of(ckpt):
        return ()
    paths = paths_of(part, ckpt)
    if option == "extract":
        return (Extract(paths[0]),) if len(paths) == 1 else ()
    patterns = patterns_for(paths)
    if option == "keep":
        return (Keep(patterns[0]),) if len(patterns) == 1 else ()       # one after the other they would keep nothing
    made = {"drop": Drop, "unshare": Unshare, "plain": MakePlain}[option]
    return tuple(made(pattern) for pattern in patterns)


def edits_for_only(keys: Sequence[str], ckpt: CheckpointLike) -> tuple[Edit, ...]:
    """The edits that leave the tensors `keys`, and no values but the objects they are in. One where a pattern can say them all, else one
    for some hundred of what goes. Linear in the keys.

    >>> ckpt = core.edit({"a.w": np.ones(3), "b.w": np.ones(2), "epoch": 3}, [])
    >>> core.edits_for_only(["a.w"], ckpt)
    (Keep(glob='a'),)
    """
    ckpt = opened(ckpt)
    if (made := edits_for_part("keep", Part("", tuple(keys)), ckpt)) or not 0 < len(keys) < len(ckpt.tensors):
        return made
    kept = set(keys)
    around = {path for key in kept for path in ancestors(key)}
    values = dict.fromkeys(next(path for path in (*reversed([*ancestors(key)]), key) if path not in around)
                           for key in ckpt.values if key not in around)
    gone = [path for path in paths_of(Part("", tuple(key for key in ckpt.tensors if key not in kept)), ckpt)
            if path not in values and values.keys().isdisjoint(ancestors(path))]
    return tuple(Drop(pattern) for paths in (values, gone) for pattern in patterns_for(paths))


def text_for_part(option: str, part: Part, ckpt: CheckpointLike) -> str:
    """What the first field of a form for the edit `option` begins with: a path, a pattern of keys, or a regular expression; "" when the
    part says nothing about it.

    >>> ckpt = core.edit({"module.w": np.ones(3), "b": np.ones(2)}, [])
    >>> core.text_for_part("rename", core.Part("module", ("module.w",)), ckpt)
    '^module\\\\.'
    """
    if option == "set":
        return part.value or (under(part.prefix) if not part.keys else "")
    ckpt = opened(ckpt)
    if not part.is_part_of(ckpt):
        return ""
    if option in ("copy", "resize", "split"):
        paths = paths_of(part, ckpt)
        return paths[0] if len(paths) == 1 and part.keys else ""
    if option == "concat":
        return ",".join(part.keys) if 1 < len(part.keys) <= _JOINED else ""
    if option in ("cast", "transpose"):
        patterns = patterns_for(paths_of(part, ckpt))
        return patterns[0] if len(patterns) == 1 else ""
    if option in ("rename", "renumber") and part.keys and part.prefix:
        place = state_dict_of(part, ckpt)
        name = relative(part.prefix, place or "") if is_under(part.prefix, place or "") else ""
        if option == "renumber":
            return _numbered(name, part)
        return f"^{re.escape(name)}" + ("$" if part.keys == (part.prefix,) else r"\.") if name else ""
    return ""


def _numbered(name: str, part: Part) -> str:
    """The place of the last number in `name`, or of those that come next behind it."""
    words = name.split(".") if name else []
    if all(key.removeprefix(under(part.prefix)).partition(".")[0].isdecimal() for key in part.keys):
        words.append("#")
    elif (at := next((n for n in reversed(range(len(words))) if words[n].isdecimal()), None)) is not None:
        words[at:] = ["#"]
    place = ".".join("*" if word.isdecimal() else word for word in words)
    return place if place.count("#") == 1 and "*" not in name else ""


def _strip(part: Part, ckpt: Checkpoint, prefix: str) -> Edit:
    """Where the part lies: with the path of its state dict where others have such names, too."""
    place = state_dict_of(part, ckpt)
    if place and any(info.state_dict != place and info.name.startswith(prefix) for info in ckpt.tensors.values()):
        return StripPrefix(f"{place}.{prefix}")
    return StripPrefix(prefix)
