"""`inspector ls FILE`: what it is, a line per tensor and per value, and what is odd. Names and values from the file are escaped."""
from __future__ import annotations

import argparse
import fnmatch
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice, repeat
from operator import add

from inspector import core
from inspector.sentences import said

from . import files, load
from .columns import KEY_WIDTH, findings_text
from .output import Output, Paint, headline, plain
from .wide_text import padded, width

READS_ONLY = True

_CONTROL = bytes((*range(0x20), 0x7f))
_AT_ONCE = 8192     # lines written at once
_FORM = ("shape", "dtype", "device")
_LONG = 256         # characters from which `core.visible` leaves out the middle
_MARK = "  ! "      # before what a tensor lacks
_NOTES = 1000       # tensors behind which it is printed what they lack; the others have the mark alone
_MOST = 4 << 20     # characters of the lines of values that are printed, and …
_MOST_A_BYTE = 64   # … so many for each byte of the file: one list that is there 100,000 times is a kilobyte


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "List keys, shapes, dtypes, devices, values and findings of a checkpoint."
    files.add_files(parser)
    parser.add_argument("--digest", action="store_true", help="also the SHA-256 of every tensor's elements")
    parser.add_argument("--match", metavar="GLOB",
                        help="only keys that match, as in 'encoder.*.weight', or the parts of packed tensors, as in scheme:gptq or bits:4")
    parser.add_argument("--textconv", action="store_true",
                        help="a line for each key, value and finding that depends on nothing else, with digests: for git's diffs")
    parser.add_argument("--no-values", action="store_true", help="only the tensors, not what else there is")


def run(asked: argparse.Namespace, out: Output) -> int:
    return files.run_each(asked, out, _one)


def _one(asked: argparse.Namespace, out: Output) -> int:
    ckpt = files.opened(asked.file, asked, out)
    with files.about(asked.file):
        shown = _shown(ckpt, asked.match, asked.no_values)
        digests = dict(core.digests(ckpt, shown.tensors, out.monitor)) if asked.digest or asked.textconv else None
    if out.json:
        out.answer(load("ls_json").as_json(shown, digests))
    elif asked.textconv:
        for line in _lines_alone(shown, digests or {}):
            out.text(line + "\n")
    else:
        for piece in as_text(ckpt, digests, shown, out.paint):
            out.text(piece)
    return 0


def _shown(ckpt: core.Checkpoint, glob: str | None, no_values: bool) -> core.Checkpoint:
    """`ckpt` with the lines that are asked for."""
    if glob is None and not no_values:
        return ckpt
    packed = files.packed_keys(ckpt, glob) if glob is not None else None
    if packed is not None:
        return replace(ckpt, tensors={key: info for key, info in ckpt.tensors.items() if key in packed}, values={})
    fits = re.compile(fnmatch.translate(glob or "*")).match
    return replace(ckpt, tensors={key: info for key, info in ckpt.tensors.items() if fits(key)},
                   values={} if no_values else {key: value for key, value in ckpt.values.items() if fits(key)})


def as_text(whole: core.Checkpoint, digests: Mapping[str, str | core.BadTensor] | None = None,
            shown: core.Checkpoint | None = None, paint: Paint = plain) -> Iterator[str]:
    """The answer of `ls` for people: what it is, a line per tensor and per value (of those in `shown`), and what is odd. In pieces, as
    there may be a million lines."""
    ckpt = shown or whole
    parts = [headline(whole)]
    about = core.describe(whole) if whole.kind != "state-dict" else None
    found = about.optimizers if about else core.optimizers(whole)
    if core.may_be_packed(whole) and (adapters := core.inner_adapters(whole)):
        parts.append(said(f"adapters: {core.said_of_adapters(adapters)}"))
    if len(ckpt.tensors) < len(whole.tensors):
        parts.append(said(f"{len(ckpt.tensors):,} of {core.wording.count(len(whole.tensors), 'tensor')} match"))
    if about or found:                                      # of a mere state dict everything has been said
        parts.append(said(core.sentence(about or core.describe(whole))))
    yield "\n".join(parts) + "\n"
    if ckpt.tensors:
        rows = iter(_tensor_table(ckpt, digests, core.parameters_of_state(found)))
        yield "\n"
        while some := [*islice(rows, _AT_ONCE)]:
            yield "\n".join(some) + "\n"
    if ckpt.values:
        lines = _value_table(ckpt)
        yield "\n"
        while some := [*islice(lines, _AT_ONCE)]:
            yield "\n".join(some) + "\n"
    if ckpt.findings:
        yield f"\n{findings_text(ckpt.findings, paint)}\n"


def _lines_alone(ckpt: core.Checkpoint, digests: Mapping[str, str | core.BadTensor]) -> Iterator[str]:
    """Nothing of the file's own name, which git makes up, and no columns, whose width one longer key would change in all lines."""
    yield f"{ckpt.format} {ckpt.kind}"
    yield from (f"metadata {core.visible(key)} = {core.visible(text, 1000)}" for key, text in ckpt.metadata.items())
    for key, info in ckpt.tensors.items():
        shape, dtype, device, _ = _cells(info.shape, info.dtype, info.device)
        yield f"{core.visible(key)} {shape} {dtype} {device}{_end(info, digests)}"
    yield from _within_bounds(ckpt, (f"{core.visible(key)} = {core.one_line(value)}" for key, value in ckpt.values.items()))
    yield from (f"{finding.level} {finding.id} {core.visible(finding.where)}" for finding in ckpt.findings)


def _tensor_table(ckpt: core.Checkpoint, digests: Mapping[str, str | core.BadTensor] | None,
                  parameters: Mapping[str, str]) -> Iterable[str]:
    """The title and a line for each tensor."""
    cells_of = [*core.made_of(ckpt.tensors, _FORM, _cells)]
    texts = {id(cells): cells for cells in cells_of}                # few, again and again
    titles = [*map(said, ("shape", "dtype", "device", "bytes"))]
    widths = [max(map(len, column), default=0) for column in zip(*texts.values(), strict=True)] or [0] * len(titles)
    widths = [max(width(title), room) for title, room in zip(titles, widths, strict=True)]
    line = "  %%-%ds  %%-%ds  %%-%ds  %%%ds" % tuple(widths)  # noqa: UP031 - all of it is about percent signs
    middles = {which: line % text for which, text in texts.items()}
    keys, plain_letters = _visible_all(ckpt.tensors)
    room = min(max(width(said("key")), *map(len if plain_letters else width, keys)), KEY_WIDTH)
    rows: Iterable[str] = map(add, map(str.ljust if plain_letters else padded, keys, repeat(room)),
                              map(middles.__getitem__, map(id, cells_of)))
    states = ("  " + said(f"state of {core.visible(parameters[key])}") if key in parameters else "" for key in ckpt.tensors)
    if digests is not None or any(core.column(ckpt.tensors, "problem")):
        rows = _noted(rows, (_end(info, digests) if digests is not None or info.problem else "" for info in ckpt.tensors.values()), states)
    elif parameters:
        rows = map(add, rows, states)
    cells = [padded(title, room) for title, room in zip(titles[:-1], widths, strict=False)]
    title = "  ".join([padded(said("key"), room), *cells, " " * (widths[-1] - width(titles[-1])) + titles[-1]])
    title += "  sha256" if digests is not None else ""
    return chain([title], rows)


def _noted(rows: Iterable[str], ends: Iterable[str], states: Iterable[str]) -> Iterator[str]:
    """Each row with its end and what it is the state of. What tensors lack is told of the first of them: a shard that is not there would
    be named a million times."""
    notes = 0
    for row, end, state in zip(rows, ends, states, strict=True):
        if end.startswith(_MARK):
            notes += 1
            end = end if notes <= _NOTES else _MARK.rstrip()
        yield row + end + state
    if notes > _NOTES:
        yield said(f"What is wrong with {notes - _NOTES:,} more of them, marked !, is told by --json, and by --match for one.")


def _cells(shape: tuple[int, ...], dtype: str, device: str | None) -> tuple[str, str, str, str]:
    """Shape, dtype, device and bytes as the table shows them."""
    label = "-" if device is None else core.visible(device, 40)
    info = core.TensorInfo("", shape, dtype, device, (), 0, "", 0)
    nbytes = core.wording.number(info.nbytes) if info.is_described else core.wording.UNKNOWN
    return core.wording.shape_list(info.told_shape), core.visible(dtype, 40), label, nbytes


def _visible_all(keys: Collection[str]) -> tuple[Collection[str], bool]:
    """Every key as `core.visible` has it, asking once for all where nothing needs to be changed; and whether all are ASCII then."""
    source = iter(keys)
    if max(map(len, keys), default=0) <= _LONG and all(map(_is_plain, iter(lambda: [*islice(source, _AT_ONCE)], []))):
        return keys, True
    shown = [*map(core.visible, keys)]
    return shown, all(map(str.isascii, shown))


def _is_plain(keys: list[str]) -> bool:
    together = "".join(keys)
    return together.isascii() and len(together.encode().translate(None, _CONTROL)) == len(together)


def _end(info: core.TensorInfo, digests: Mapping[str, str | core.BadTensor] | None) -> str:
    digest = digests[info.key] if digests is not None else ""
    if isinstance(digest, str) and not info.problem:
        return "  " + digest
    note = info.problem or (digest.message if isinstance(digest, core.BadTensor) else "")
    return _MARK + core.visible(said(note), 200)


def _value_table(ckpt: core.Checkpoint) -> Iterator[str]:
    """The title and a line for each value, none of them kept."""
    title, types = said("value"), said("type")
    keys, plain_letters = _visible_all(ckpt.values)
    names: dict[type, str] = {}                                         # of plain values, which are of a few types
    key_room = min(max(width(title), *map(len if plain_letters else width, keys)), KEY_WIDTH)
    kinds = [names.get(type(value)) or _type_name(value, names) for value in ckpt.values.values()]
    type_room = max(width(types), *map(width, {*kinds}))
    padded_kinds = {kind: padded(kind, type_room) for kind in {*kinds}}
    yield f"{padded(title, key_room)}  {padded(types, type_room)}".rstrip()
    padded_keys = map(str.ljust if plain_letters else padded, keys, repeat(key_room))
    yield from _within_bounds(ckpt, (f"{key}  {padded_kinds[kind]}  {core.one_line(value)}".rstrip()
                                     for key, kind, value in zip(padded_keys, kinds, ckpt.values.values(), strict=True)))


def _type_name(value: core.Plain, names: dict[type, str]) -> str:
    found = core.visible(core.type_name(value), 40)
    if not isinstance(value, core.Opaque):
        names[type(value)] = found
    return found


def _within_bounds(ckpt: core.Checkpoint, lines: Iterable[str]) -> Iterator[str]:
    """As many of the `lines`, one for each value of `ckpt`, as a file of its size has a use for, and how many more there are."""
    left = _MOST + _MOST_A_BYTE * ckpt.nbytes
    for number, line in enumerate(lines):
        if left <= 0:
            yield said(f"… and {len(ckpt.values) - number:,} more; --json lists them all")
            return
        left -= len(line)
        yield line
