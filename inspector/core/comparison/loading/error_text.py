"""What an error of `load_state_dict` says, read from its text: pasted from a terminal, wrapped or not.

The texts are torch's (torch/nn/modules/module.py), of 0.2 to 2.13; what `from_pretrained` of transformers (4, modeling_utils.py) and of
diffusers says of names that it did not find or use; and vLLM's.
"""
from __future__ import annotations

import re
from typing import NamedTuple

from inspector.core.comparison.pairing.rules import Shape
from inspector.core.errors import UsageError

from .lists import Lists, Mismatch

_MOST = 4 << 20         # characters of a pasted text
_START = re.compile(
    r"(?P<missing>[Mm]issing key\(s\) in state_dict:)|(?P<unexpected>[Uu]nexpected key\(s\) in state_dict:)"
    r"|(?P<size>[Ss]ize mismatch for )|(?P<copying>While copying the parameter named )"
    r"|(?P<new>were not initialized from the model checkpoint at .{1,400}? and are newly initialized"
    r"(?: because the shapes did not match)?:|because the following keys are missing:|weights were not initialized from checkpoint:)"
    r"|(?P<because>Cannot load .{0,400}?because (?=\S{1,400} expected shape ))"
    r"|(?P<unused>were not used when initializing [\w.]+:)"
    r"|(?P<old>(?:KeyError: )?['\"]*(?P<which>unexpected|missing) keys? )")
_QUOTED = re.compile(r'"([^"]*)"|\'([^\']*)\'')
_SIZES = re.compile(r"^(.*?)\s*:\s*copying a param(?:eter)? with shape (?:torch\.Size\()?[\[(]([\d,\s]*)[\])]\)? from checkpoint,\s*"
                    r"the shape in current model is (?:torch\.Size\()?[\[(]([\d,\s]*)[\])]", re.DOTALL)
_COPYING = re.compile(r'^["\']?(.*?)["\']?,\s*whose dimensions in the model are (?:torch\.Size\()?[\[(]([\d,\s]*)[\])]\)?\s*and\s+whose\s+'
                      r"dimensions in the checkpoint are (?:torch\.Size\()?[\[(]([\d,\s]*)[\])]", re.DOTALL)
_RESHAPED = re.compile(r"- ([^\s:]+): found shape torch\.Size\(\[([\d, ]*)\]\) in the checkpoint and torch\.Size\(\[([\d, ]*)\]\) in the "
                       "model")
_EXPECTED = re.compile(r"(\S+)\s+expected\s+shape\s+(?:torch\.Size\(\[|tensor\(.{0,40}?size=\()([\d,\s]*)[\])]+,\s*but\s+got\s+"
                       r"torch\.Size\(\[([\d,\s]*)\]", re.DOTALL)
_MODEL = re.compile(r"(?:loading state_dict for|not used when initializing|Some weights of(?! the model checkpoint)|"
                    r"Cannot load <class '(?:[\w.]+\.)?)\s*([\w.]+)")


class Complaint(NamedTuple):
    """What the text says. `model` is the class it names, or ""."""

    model: str
    lists: Lists


def read_error(text: str) -> Complaint:
    """Raises UsageError when the text holds no complaint of `load_state_dict`."""
    text = text[:_MOST].replace("\r\n", "\n").replace("\\n", "\n").replace("\\t", " ")
    missing: dict[str, None] = {}
    unexpected: dict[str, None] = {}
    mismatched: dict[str, Mismatch] = {}
    starts = list(_START.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    for start, end in zip(starts, ends, strict=False):
        said = text[start.end():end]
        if start["missing"]:
            missing.update(dict.fromkeys(_keys(said)))
        elif start["new"]:
            reshaped = {key: Mismatch(key, _shape(first), _shape(second)) for key, first, second in _RESHAPED.findall(said)}
            mismatched.update(reshaped)
            missing.update({} if reshaped else dict.fromkeys(_keys(said.partition("]")[0])))
        elif start["unexpected"] or start["unused"]:
            unexpected.update(dict.fromkeys(_keys(said.partition("]")[0] if start["unused"] else said)))
        elif start["because"]:
            expected = _EXPECTED.match(said)
            if expected:
                mismatched[expected[1]] = Mismatch(expected[1], _shape(expected[3]), _shape(expected[2]))
        elif start["old"]:
            (missing if start["which"] == "missing" else unexpected).update(dict.fromkeys(_keys(said)))
        else:
            found = _SIZES.match(said) if start["size"] else _COPYING.match(said)
            if found:
                key = _unwrapped(found[1])
                first, second = _shape(found[2]), _shape(found[3])
                mismatched[key] = Mismatch(key, first, second) if start["size"] else Mismatch(key, second, first)
    if not (missing or unexpected or mismatched):
        raise UsageError("there is no error of load_state_dict in this text",
                         'Paste all of it, from "Error(s) in loading state_dict for" on.')
    model = _MODEL.search(text)
    return Complaint(model[1] if model else "", Lists(tuple(missing), tuple(unexpected), tuple(mismatched.values())))


def _keys(said: str) -> list[str]:
    """The quoted keys; a list that begins with a bracket or bare words, as others print it, by its commas."""
    paragraph = said.split("\n\n", 1)[0]
    quoted = [_unwrapped(one or other) for one, other in _QUOTED.findall(paragraph)]
    if quoted:
        return quoted
    bare = paragraph.strip().split("\n", 1)[0].strip(" .[]{}")
    return [part.strip() for part in bare.split(",") if part.strip()]


def _unwrapped(key: str) -> str:
    """A terminal breaks long lines anywhere, also in the middle of a key."""
    return re.sub(r"\s*\n\s*", "", key).strip()


def _shape(text: str) -> Shape:
    return tuple(int(part[:18]) for part in re.findall(r"\d+", text))
