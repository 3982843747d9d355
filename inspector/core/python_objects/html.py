"""A checkpoint as a few lines of HTML, for notebooks: its keys as a tree that folds, each with the share of the bytes it has.

Everything from the file is text: escaped, its invisible characters spelled out. No script, no style that could reach outside, colours
of the page it stands in.
"""
from __future__ import annotations

from collections.abc import Iterable
from html import escape

from inspector.core.checkpoint import Checkpoint, Opaque, TensorInfo
from inspector.core.keypath import segments_of, visible
from inspector.core.opening import CheckpointLike, opened
from inspector.core.plain_values import one_line
from inspector.core.training.sentences import headline
from inspector.core.wording import count, many, shape, size

_ROWS = 300             # lines at most
_OPEN = 24              # lines up to which a group is unfolded from the start
_DEPTH = 40
_BAR = ("<span style='display:inline-block;width:6em;height:.6em;margin:0 .6em;background:color-mix(in srgb,currentColor 12%,transparent)'>"
        "<span style='display:block;height:100%;width:{share:.1f}%;background:currentColor;opacity:.55'></span></span>")


class _Group:
    """What lies under one path: groups and tensors by (the next segment, whether it is a group), in order."""

    __slots__ = ("below", "nbytes", "parameters", "tensors")

    def __init__(self) -> None:
        self.below: dict[tuple[str, bool], _Group | TensorInfo] = {}
        self.tensors = self.parameters = self.nbytes = 0


def as_html(ckpt: CheckpointLike) -> str:
    """The HTML. Reads nothing; at most some hundred lines, whatever there is. Errors as `core.open`.

    >>> text = core.as_html(core.open(core.make_demo(folder)[1]))
    >>> "head" in text, "<script" in text
    (True, False)
    """
    ckpt = opened(ckpt)
    root = _tree(ckpt.tensors.values())
    left = [_ROWS]
    rows = "".join(_lines(root, max(root.nbytes, 1), left, 0))
    hidden = f"<div style='opacity:.7'>… {count(-left[0], 'more line')}, not shown</div>" if left[0] < 0 else ""
    return (f"<div style='font-family:monospace;line-height:1.5'><div><b>{_text(ckpt.path, 200)}</b></div>"
            f"<div style='opacity:.8'>{_text(headline(ckpt), 400)}</div>{rows}{hidden}{_values(ckpt)}{_findings(ckpt)}</div>")


def _tree(infos: Iterable[TensorInfo]) -> _Group:
    root = _Group()
    for info in infos:
        group, segments = root, segments_of(info.key)
        path = [*segments[:-1][:_DEPTH], ".".join(segments[_DEPTH:-1])] if len(segments) > _DEPTH + 1 else segments[:-1]
        _count(root, info)
        for name in path:
            found = group.below.get((name, True))
            if not isinstance(found, _Group):
                found = group.below[name, True] = _Group()
            group = found
            _count(group, info)
        group.below[segments[-1], False] = info
    return root


def _count(group: _Group, info: TensorInfo) -> None:
    group.tensors += 1
    group.parameters += info.numel
    group.nbytes += info.nbytes


def _lines(group: _Group, whole: int, left: list[int], depth: int) -> Iterable[str]:
    for (name, _), one in group.below.items():
        left[0] -= 1
        if left[0] < 0:
            if isinstance(one, _Group):
                left[0] -= one.tensors
            continue
        if isinstance(one, TensorInfo):
            yield (f"<div style='padding-left:1.2em'>{_text(name, 80)}<span style='opacity:.7'> {escape(shape(one.shape))} "
                   f"{_text(one.dtype, 30)}</span>{_bar(one.nbytes, whole)}<span style='opacity:.7'>{size(one.nbytes)}</span></div>")
            continue
        names, inner = [name], one
        while len(inner.below) == 1 and isinstance(only := next(iter(inner.below.values())), _Group):     # a.b.c in one line
            names.append(next(iter(inner.below))[0])
            inner = only
        unfolded = " open" if depth == 0 and one.tensors <= _OPEN else ""
        yield (f"<details style='padding-left:1.2em'{unfolded}><summary>{_text('.'.join(names), 80)}<span style='opacity:.7'> "
               f"{count(one.tensors, 'tensor')}, {many(one.parameters)} elements</span>{_bar(one.nbytes, whole)}"
               f"<span style='opacity:.7'>{size(one.nbytes)}</span></summary>")
        yield from _lines(inner, whole, left, depth + 1)
        yield "</details>"


def _bar(nbytes: int, whole: int) -> str:
    return _BAR.format(share=min(100.0, 100 * nbytes / whole) if nbytes.bit_length() < 900 else 100.0)


def _values(ckpt: Checkpoint) -> str:
    shown = [(key, value.text if isinstance(value, Opaque) else one_line(value)) for key, value in list(ckpt.values.items())[:_OPEN]]
    if not shown:
        return ""
    more = f"<div>… {count(len(ckpt.values) - len(shown), 'more value')}</div>" if len(ckpt.values) > len(shown) else ""
    lines = "".join(f"<div style='padding-left:1.2em'>{_text(key, 80)} = {_text(text, 80)}</div>" for key, text in shown)
    return f"<details><summary>{count(len(ckpt.values), 'value')}</summary>{lines}{more}</details>"


def _findings(ckpt: Checkpoint) -> str:
    lines = "".join(f"<div>{_text(found.level, 20)}: {_text(found.message, 300)}</div>" for found in ckpt.findings[:_OPEN])
    return f"<details><summary>{count(len(ckpt.findings), 'finding')}</summary>{lines}</details>" if lines else ""


def _text(text: str, limit: int) -> str:
    return escape(visible(text, limit))
