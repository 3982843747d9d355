"""Edits as a person says them: what each kind is called, what one of them does, and how much it did."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from PySide6.QtCore import QCoreApplication

from inspector import core
from inspector.gui.kit import words

translate = QCoreApplication.translate


class Kind(NamedTuple):
    """`name` is that of the command line, `title` says it in a menu without the dots."""

    name: str
    title: Callable[[], str]
    about: Callable[[], str]


KINDS: tuple[Kind, ...] = (
    Kind("strip-prefix", lambda: translate("Edits", "Strip Prefix"),
         lambda: translate("Edits", "Takes a prefix from the front of names, by whole segments. A wrapper's name like _orig_mod. is also "
                                    "taken out of their middle.")),
    Kind("add-prefix", lambda: translate("Edits", "Add Prefix"),
         lambda: translate("Edits", "Puts a prefix before every name in the file's state dicts, for a model that is wrapped.")),
    Kind("rename", lambda: translate("Edits", "Rename"),
         lambda: translate("Edits", "Replaces every match of a regular expression in a name. \\1 is the first group of the pattern.")),
    Kind("drop", lambda: translate("Edits", "Drop"),
         lambda: translate("Edits", "Leaves out what fits, and the optimizer's state with it. A name means all that is under it; * fits "
                                    "anything.")),
    Kind("drop-broken", lambda: translate("Edits", "Drop What Is Broken"),
         lambda: translate("Edits", "Leaves out what is cut off, missing or corrupt, each by its name, so that the rest can be saved. All "
                                    "tensors that have checksums are read.")),
    Kind("keep", lambda: translate("Edits", "Keep Only"),
         lambda: translate("Edits", "Leaves out all the rest. A name means all that is under it; {a,b}.* keeps either.")),
    Kind("extract", lambda: translate("Edits", "Extract"),
         lambda: translate("Edits", "What lies there becomes the whole file: the weights of a training checkpoint, or the state dict of a "
                                    "whole model.")),
    Kind("cast", lambda: translate("Edits", "Cast"),
         lambda: translate("Edits", "Another element type, rounded to nearest as torch does it.")),
    Kind("dequantize", lambda: translate("Edits", "Dequantize"),
         lambda: translate("Edits", "Packed weights as the numbers that they stand for: one tensor of a floating type instead of codes, "
                                    "scales and zero points.")),
    Kind("device", lambda: translate("Edits", "Remap Devices"),
         lambda: translate("Edits", "Other device tags, so that torch.load needs no map_location. Neither device has to be here.")),
    Kind("unshare", lambda: translate("Edits", "Unshare"),
         lambda: translate("Edits", "Gives tensors bytes of their own that share them with others, or use a small part of a storage.")),
    Kind("plain", lambda: translate("Edits", "Make Plain"),
         lambda: translate("Edits", "Values that torch.load refuses become plain data: a numpy number a number, an array a tensor, a "
                                    "Namespace or another object a dict, a path or a date a text.")),
    Kind("copy", lambda: translate("Edits", "Copy to Another Name"),
         lambda: translate("Edits", "One more name for a tensor, or for all in a group. Both view the same bytes, as a model that ties "
                                    "them expects.")),
    Kind("renumber", lambda: translate("Edits", "Renumber Layers"),
         lambda: translate("Edits", "Adds to the numbers of layers, all at once: # is the number, * one before it. For a network whose "
                                    "layers are counted from 1 here and from 0 there.")),
    Kind("resize", lambda: translate("Edits", "Resize"),
         lambda: translate("Edits", "Cuts rows off, or adds some: for another vocabulary or number of classes. Tied tensors and what the "
                                    "optimizer keeps for them change along.")),
    Kind("transpose", lambda: translate("Edits", "Transpose"),
         lambda: translate("Edits", "The last two dimensions change places, in the optimizer's state too.")),
    Kind("reshape", lambda: translate("Edits", "Reshape"),
         lambda: translate("Edits", "Other dimensions for the same elements in the same order: -1 stands for what is left.")),
    Kind("reorder", lambda: translate("Edits", "Reorder Heads"),
         lambda: translate("Edits", "Rows of each attention head in another order: LLaMA's own release rotates rows that alternate "
                                    "(pairs), transformers the two halves of a head.")),
    Kind("split", lambda: translate("Edits", "Split"),
         lambda: translate("Edits", "One tensor as several, one after the other along a dimension, like a fused qkv as q, k and v. NAME:64 "
                                    "says how long a part is; * stands for anything.")),
    Kind("concat", lambda: translate("Edits", "Concatenate"),
         lambda: translate("Edits", "Several tensors as one, one after the other along a dimension, like q, k and v as a fused qkv; * "
                                    "stands for anything.")),
    Kind("optimizer-for", lambda: translate("Edits", "Optimizer for Another Model"),
         lambda: translate("Edits", "The optimizer's state in the order and with the parameters of another checkpoint, for a changed "
                                    "model: what is there in the same shape keeps its state, what is new begins without.")),
    Kind("set", lambda: translate("Edits", "Set Value"),
         lambda: translate("Edits", "Another plain value: a number, a text, true, false, null, {} or [].")),
    Kind("set-metadata", lambda: translate("Edits", "Set Metadata"),
         lambda: translate("Edits", "A text in the metadata of safetensors files (__metadata__).")),
    Kind("match", lambda: translate("Edits", "Match Another Checkpoint"),
         lambda: translate("Edits", "Leaves out what the other checkpoint has not, or has in another shape, so that it loads.")),
    Kind("take", lambda: translate("Edits", "Take From Another Checkpoint"),
         lambda: translate("Edits", "Tensors get the values, shape and element type that the other checkpoint has under the same name.")),
    Kind("merge-adapter", lambda: translate("Edits", "Merge an Adapter"),
         lambda: translate("Edits", "Adds what a LoRA or DoRA adapter adds to the weights that it was trained for, as PEFT merges it.")),
)


def kind(name: str) -> Kind:
    return next(kind for kind in KINDS if kind.name == name)


def kind_of(edit: core.Edit) -> str:
    return {"unset": "set", "unset-metadata": "set-metadata"}.get(edit.option, edit.option)


def title(edit: core.Edit) -> str:
    """"Strip prefix “module.”"; safe to show."""
    if isinstance(edit, core.StripPrefix):
        return translate("Edits", "Strip prefix “{prefix}”").format(prefix=_short(edit.prefix))
    if isinstance(edit, core.AddPrefix):
        return translate("Edits", "Add prefix “{prefix}”").format(prefix=_short(edit.prefix))
    if isinstance(edit, core.Rename):
        return translate("Edits", "Rename {pattern} → {replacement}").format(pattern=_short(edit.pattern),
                                                                            replacement=_short(edit.replacement) or "“”")
    if isinstance(edit, core.Renumber):
        return translate("Edits", "Renumber {what} by {n}").format(what=_short(edit.place), n=f"{edit.by:+d}")
    if isinstance(edit, core.Drop):
        return translate("Edits", "Drop {what}").format(what=_fitting(edit.glob))
    if isinstance(edit, core.DropBroken):
        return translate("Edits", "Drop what is broken")
    if isinstance(edit, core.Keep):
        return translate("Edits", "Keep only {what}").format(what=_fitting(edit.glob))
    if isinstance(edit, core.Extract):
        return translate("Edits", "Extract the state dict") if edit.path in ("", ".") \
            else translate("Edits", "Extract {what}").format(what=_short(edit.path))
    return _other_title(edit)


def _other_title(edit: core.Edit) -> str:
    if isinstance(edit, core.Cast):
        return translate("Edits", "Cast to {dtype}").format(dtype=_short(edit.dtype)) if edit.glob == "*" \
            else translate("Edits", "Cast {what} to {dtype}").format(what=_fitting(edit.glob), dtype=_short(edit.dtype))
    if isinstance(edit, core.RemapDevices):
        return translate("Edits", "Devices {mapping}").format(
            mapping=", ".join(f"{_short(one)} → {_short(other)}" for one, other in edit.mapping.items()))
    if isinstance(edit, core.Unshare):
        return translate("Edits", "Unshare {what}").format(what=_fitting(edit.glob))
    if isinstance(edit, core.Dequantize):
        return translate("Edits", "Dequantize to {dtype}").format(dtype=edit.dtype) if edit.glob == "*" \
            else translate("Edits", "Dequantize {what} to {dtype}").format(what=_fitting(edit.glob), dtype=edit.dtype)
    if isinstance(edit, core.Copy):
        return translate("Edits", "Copy {source} to {target}").format(source=_short(edit.source), target=_short(edit.target))
    if isinstance(edit, core.MakePlain):
        return translate("Edits", "Make all values plain") if edit.glob == "*" \
            else translate("Edits", "Make {what} plain").format(what=_fitting(edit.glob))
    if isinstance(edit, core.SetValue):
        return translate("Edits", "Take out the value {path}").format(path=_short(edit.path)) if edit.delete \
            else translate("Edits", "Set {path} = {value}").format(path=_short(edit.path), value=core.one_line(edit.value, 60))
    if isinstance(edit, core.SetMetadata):
        return translate("Edits", "Take out the metadata {name}").format(name=_short(edit.key)) if edit.value is None \
            else translate("Edits", "Metadata {name} = {text}").format(name=_short(edit.key), text=_short(edit.value))
    if isinstance(edit, core.Match):
        return translate("Edits", "Match {file}").format(file=_short(edit.reference)) if isinstance(edit.reference, str) \
            else translate("Edits", "Match given names and shapes")
    if isinstance(edit, core.Take):
        return _take_title(edit)
    if isinstance(edit, core.Resize):
        return translate("Edits", "Resize {what} to {n} along {dim}").format(what=_short(edit.key), n=f"{edit.size:,}", dim=edit.dim)
    if isinstance(edit, core.Transpose):
        return translate("Edits", "Transpose {what}").format(what=_short(edit.text))
    if isinstance(edit, core.Reshape):
        return translate("Edits", "Reshape {what} to {shape}").format(what=_fitting(edit.glob), shape=", ".join(map(str, edit.shape)))
    if isinstance(edit, core.Reorder):
        return translate("Edits", "Rows of {what} in rotary halves").format(what=_fitting(edit.glob)) if edit.order == "halves" \
            else translate("Edits", "Rows of {what} in rotary pairs").format(what=_fitting(edit.glob))
    if isinstance(edit, core.Split):
        return translate("Edits", "Split {what} into {parts}").format(what=_short(edit.key),
                                                                      parts=_short(", ".join(name for name, _ in edit.parts)))
    if isinstance(edit, core.Concat):
        return translate("Edits", "Concatenate {parts} to {what}").format(parts=_short(", ".join(edit.parts)), what=_short(edit.key))
    if isinstance(edit, core.OptimizerFor):
        return translate("Edits", "Optimizer for {file}").format(file=_short(_last(edit.reference)))
    if isinstance(edit, core.MergeAdapter):
        return translate("Edits", "Merge the adapter {file}").format(file=_short(_last(edit.adapter)))
    return _short(edit.option)


def _take_title(edit: core.Take) -> str:
    file = _short(_last(edit.source))
    if len(edit.pairs) > 1:
        return translate("Edits", "Take {n} tensors from {file}").format(n=f"{len(edit.pairs):,}", file=file)
    if edit.pairs or edit.glob != "*":
        return translate("Edits", "Take {what} from {file}").format(what=_short(edit.pairs[0][0] if edit.pairs else edit.glob), file=file)
    return translate("Edits", "Take all from {file}").format(file=file)


def _last(path: str) -> str:
    """The name of the file or folder."""
    return path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def counted(effect: core.Effect) -> str:
    """"62 renamed · 3 dropped"; "No key changes"."""
    return counts(len(effect.renamed), len(effect.dropped), len(effect.changed))


def counts(renamed: int, dropped: int, changed: int) -> str:
    """The same of several edits, key by key of each."""
    said = []
    for n, one in ((renamed, translate("Edits", "{n} renamed")), (dropped, translate("Edits", "{n} dropped")),
                   (changed, translate("Edits", "{n} changed"))):
        if n:
            said.append(one.format(n=f"{n:,}"))
    return " · ".join(said) or translate("Edits", "No key changes")


def row_texts(row: core.EffectRow) -> tuple[str, str]:
    """A key before and after an edit, with what differs about it: safe to show, "" where it is not there."""
    sides = [_change_texts(change, row.metadata) for change in row.changes]
    before, after = (core.visible(name, 100 if row.metadata else 300) for name in (row.before, row.after))
    if sides and row.kind != "renamed" and before:
        before += "   " + " · ".join(one for one, _ in sides if one)
    if sides and after:
        after += "   " + " · ".join(other for _, other in sides if other)
    return before, after


def _change_texts(change: core.Change, metadata: bool) -> tuple[str, str]:
    if change.what == "taken":
        return translate("Editing", "own values"), translate("Editing", "values of the other file")
    if change.what == "unshared":
        return translate("Editing", "shared bytes"), translate("Editing", "bytes of its own")
    if change.what == "kind":
        return core.visible(str(change.before), 120), "" if change.after else translate("Editing", "plain data, key by key")
    return _fact_text(change.what, change.before, metadata), _fact_text(change.what, change.after, metadata)


def _fact_text(what: str, fact: Any, metadata: bool) -> str:
    if what == "shape":
        return words.shape(fact)
    if what == "storage":
        return words.size(fact)
    if what == "content" and isinstance(fact, core.TensorInfo):
        return f"{core.visible(fact.dtype)} {words.shape(fact.shape)}"
    if what == "content" and not metadata:
        return core.one_line(fact, 120)
    return core.visible(fact or "", 200)


def edits(n: int) -> str:
    return translate("Edits", "1 edit") if n == 1 else translate("Edits", "{n} edits").format(n=f"{n:,}")


def _fitting(glob: str) -> str:
    """What fits a pattern; of a list of keys, as it is made of rows that were chosen, the first and how many more."""
    first, *more = glob[1:-1].split(",") if re.fullmatch(r"\{[^{}]*\}", glob) else [glob]
    return translate("Edits", "{first} and {n} more").format(first=_short(first), n=f"{len(more):,}") if more else _short(glob)


def _short(text: str) -> str:
    return core.visible(text, 80)
