"""A checkpoint as one self-contained page: what it is, what is wrong with it, where its bytes are, its modules and its tensors."""
from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from inspector import core
from inspector.sentences import said as spoken

from .columns import messages_of, places_text
from .modules import origin
from .pages import copied_of, page_of, table, text_of, told_of
from .wide_text import width

_MAP_WIDTH, _MAP_HEIGHT, _TITLE = 960.0, 420.0, 16.0
_LETTER, _PAD = 6.4, 4.0        # points that a letter of the map takes at the most, and beside a label
_BAR_WIDTH, _BAR_HEIGHT = 100, 18
_HISTOGRAMS = 1_000             # tensors whose values are drawn, the first ones that are
_HISTOGRAM_BYTES = 256 << 20    # so large together at the most: they are read again for it
_MOST_ROWS = 5_000
_MODULE_LINES = 400
_SHARES = 4                     # dtypes and devices told one by one
_TOLD = 20                      # findings of a kind, each in its own words
_PLACES = 5                     # where the same is said
_ENDS = 3                       # edits that end it
_KINDS: dict[core.ByteKind, str] = {
    "kernel": "kernels", "matrix": "matrices", "vector": "vectors", "packed": "packed weights", "buffer": "buffers",
    "optimizer": "optimizer state", "other": "other tensors"}

Fixes = Sequence[tuple[core.Finding, Sequence[core.Edit]]]


def page(bodies: Sequence[Sequence[str]], names: Sequence[str]) -> str:
    """The HTML for what `body_of` and `body_of_unreadable` made of the files `names`. Reads nothing."""
    title = core.file_name(names[0]) if len(names) == 1 else spoken(core.wording.count(len(names), "checkpoint"))
    return page_of(title, [line for body in bodies for line in body])


def write(bodies: Sequence[Sequence[str]], names: Sequence[str], path: str, read: Sequence[str]) -> None:
    """Writes the page to `path`, which is none of the files `read`. Raises SaveError."""
    core.write_output(path, page(bodies, names).encode(), "page", read)


def body_of_unreadable(path: str, error: core.InspectorError) -> list[str]:
    """What there is to be said of a file that could not be opened."""
    return [f"<h1>{text_of(core.file_name(path))}</h1>", f'<p class="soft">{text_of(path)}</p>',
            f'<p><b class="danger">{told_of(error.message)}</b><br>{told_of(error.hint)}</p>',
            *_findings([(finding, ()) for finding in error.findings])]


def body_of(ckpt: core.Checkpoint, report: core.CheckReport, fixes: Fixes, answers: Sequence[str] = (),
            monitor: core.Monitor = core.QUIET) -> list[str]:
    """What there is to be said of a file; `answers` are texts that answer what was asked about it. Reads the values that
    it draws, where those of `report` were read."""
    about = core.describe(ckpt, monitor)
    body = [f"<h1>{text_of(core.file_name(ckpt.path))}</h1>", f'<p class="soft">{text_of(ckpt.path)}</p>',
            f"<p>{told_of(core.sentence(about))}</p>",
            *([f"<p>{told_of('As edits make it that are not saved.')}</p>"] if ckpt.edited is not None else []),
            table(("", ""), ((name, core.wording.unbroken(fact)) for name, fact in _facts(ckpt, report, monitor))),
            *map(_text, answers), *_findings(fixes)]
    body += _map(ckpt, monitor)
    body += _modules(ckpt, monitor)
    body += _tensors(ckpt, report.summaries, monitor)
    if ckpt.values:
        rows = [(core.visible(key), core.visible(core.type_name(value), 40), core.one_line(value))
                for key, value in islice(ckpt.values.items(), _MOST_ROWS)]
        body += [f"<h2>{told_of(core.wording.count(len(ckpt.values), 'other value'))}</h2>", table(("key", "type", "value"), rows),
                 *_more(len(ckpt.values))]
    body.append(f'<p class="soft">Checkpoint Inspector {text_of(core.version)}. {told_of("Nothing in the file was run.")}</p>')
    return body


def _facts(ckpt: core.Checkpoint, report: core.CheckReport, monitor: core.Monitor) -> Iterator[tuple[str, str]]:
    """What a file has, line by line. Times are those of here."""
    found, size = core.totals(ckpt, monitor=monitor), core.wording.size
    yield spoken("Format"), f"{ckpt.format}, {ckpt.kind}"
    yield spoken("Tensors"), f"{found.tensors:,}"
    optimizer = f"; {found.optimizer:,} values of optimizer state" if found.optimizer else ""
    yield spoken("Parameters"), spoken(f"{found.parameters:,}{optimizer}")
    yield spoken("Size"), spoken(f"{core.wording.exact_size(ckpt.nbytes)}, of tensors {size(found.stored)}")
    if found.tensors:
        yield spoken("Types"), _shares(found.dtypes, "")
        yield spoken("Devices"), _shares(found.devices, spoken("none stored"))
    changed = max((stamp.mtime_ns for stamp in ckpt.files if stamp.mtime_ns > 0), default=0)
    if changed:
        yield spoken("Changed"), time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(changed / 1e9))
    yield "torch.load", spoken(core.loads_with_torch(ckpt).sentence())
    read = report.read
    if not report.values:
        yield spoken("Values"), spoken("were not looked at: what is said here goes by the metadata")
    elif read.of:
        yield spoken("Values"), spoken(f"read {read.tensors:,} of {core.wording.count(read.of, 'tensor')}, "
                                       f"{size(read.nbytes)} of {size(read.of_nbytes)}")


def _shares(parts: Sequence[core.Subtotal], without: str) -> str:
    whole = sum(part.nbytes for part in parts)
    said = [f"{spoken('others') if part.name is None else part.name or without} {core.wording.share(part.nbytes, whole)}"
            for part in parts[:_SHARES]]
    return ", ".join(said) + (", …" if len(parts) > _SHARES else "")


def _findings(fixes: Fixes) -> list[str]:
    """All of them, the gravest first, those of a kind as one; the first few of them in their own words."""
    if not fixes:
        return [f"<h2>{told_of('Findings')}</h2>", f"<p>{told_of('Nothing was found that is wrong.')}</p>"]
    groups, known = core.grouped_findings(finding for finding, _ in fixes), dict(fixes)
    only_notes = all(group.level == "info" for group in groups)
    title = told_of(core.wording.count(len(groups), "note" if only_notes else "finding"))
    calm = [f"<p>{told_of('Nothing was found that is wrong.')}</p>"] if only_notes else []
    lines = [f'<tr><td class="k"><b class="{group.level}">{told_of(group.level)}</b><br><span class="soft">{text_of(group.id)}</span></td>'
             f'<td class="k">{"<br>".join(_told_in(group, known))}</td></tr>' for group in groups]
    return [f"<h2>{title}</h2>", *calm, "<table>", *lines, "</table>"]


def _told_in(group: core.FindingGroup, known: Mapping[core.Finding, Sequence[core.Edit]]) -> Iterator[str]:
    """What all of them come to, what ends them, the words of the first few where they differ, and where."""
    alike = messages_of(group)
    yield f"{told_of(group.title if len(alike) > 1 else next(iter(alike)))} {told_of(group.hint)}".rstrip()
    for edits in islice(dict.fromkeys(tuple(known[finding]) for finding in group.findings if known[finding]), _ENDS):
        yield from (f"<code>{copied_of(core.visible(core.as_option(edit), 200))}</code>" for edit in edits[:_ENDS])
    for message, places in islice(alike.items(), _TOLD):
        where = f'<span class="soft">{text_of(places_text(places, _PLACES, 80))}</span>'
        yield where if len(alike) == 1 else f"{told_of(message)} {where}"
    if len(alike) > _TOLD:
        yield told_of(f"… and {len(alike) - _TOLD:,} more; `inspector check --json` lists them all.")


# -- where the bytes are ------------------------------------------------------------------------------------------------------

def _map(ckpt: core.Checkpoint, monitor: core.Monitor) -> list[str]:
    if len(ckpt.tensors) < 2:
        return []
    root = core.byte_map(ckpt, monitor=monitor)
    places = core.map_places(root, _MAP_WIDTH, _MAP_HEIGHT, _TITLE)
    if not places:
        return []
    kinds = [kind for kind in core.BYTE_KINDS if any(place.is_leaf and place.box.kind == kind for place in places)]
    legend = " ".join(f'<span style="color:var(--s{core.BYTE_KINDS.index(kind)})">■</span> {told_of(_KINDS[kind])}&nbsp;' for kind in kinds)
    return [f"<h2>{told_of('Where the bytes are')}</h2>",
            f'<figure><svg viewBox="0 0 {_MAP_WIDTH:.0f} {_MAP_HEIGHT:.0f}" role="img" aria-label="{told_of("the bytes of each tensor")}">'
            + "".join(_place(place) for place in places) + f'</svg><figcaption class="soft">{legend}</figcaption></figure>']


def _place(place: core.MapPlace) -> str:
    """A box, or a group with the row of its name."""
    box = place.box
    said = f"{core.visible(box.path, 300) or spoken(core.wording.count(box.tensors, 'small tensor'))}, {core.wording.size(box.nbytes)}"
    at = f'x="{place.x + .5:.1f}" y="{place.y + .5:.1f}" width="{max(place.width - 1, .5):.1f}" height="{max(place.height - 1, .5):.1f}"'
    if place.is_leaf:
        colour = f"var(--s{core.BYTE_KINDS.index(box.kind)})" if box.kind is not None else "var(--soft)"
        drawn = f'<rect {at} fill="{colour}" fill-opacity="0.3" stroke="{colour}"><title>{text_of(said)}</title></rect>'
        name = spoken(f"+ {place.merged:,} small") if place.merged else box.name
        room = place.height >= _TITLE
    else:
        drawn = f'<rect {at} fill="none" stroke="var(--soft)"><title>{text_of(said)}</title></rect>'
        name, room = f"{box.name}  {box.type}".rstrip(), True
    label = core.visible(name, 120)
    if not room or width(label) * _LETTER + 2 * _PAD > place.width:
        return drawn
    return f'{drawn}<text x="{place.x + _PAD:.1f}" y="{place.y + 12:.1f}">{text_of(label)}</text>'


# -- modules and tensors ------------------------------------------------------------------------------------------------------

def _modules(ckpt: core.Checkpoint, monitor: core.Monitor) -> list[str]:
    if not core.model_dicts(ckpt):
        return []
    body: list[str] = []
    for one in core.architectures(ckpt, monitor=monitor):
        lines = core.architecture_text(one).split("\n")
        title = f"Modules of {core.visible(one.path)}" if one.path else "Modules"
        if len(lines) > _MODULE_LINES:
            lines[_MODULE_LINES:] = [spoken(f"… {len(lines) - _MODULE_LINES:,} lines more: `inspector modules` prints them")]
        body += [f"<h2>{told_of(title)}</h2>", f'<p class="soft">{text_of(origin(one))}{spoken(".")}</p>', _text("\n".join(lines))]
    return body


def _text(lines: str) -> str:
    """Lines as they are."""
    return "<pre>" + "\n".join(map(copied_of, lines.rstrip("\n").split("\n"))) + "</pre>"


def _tensors(ckpt: core.Checkpoint, summaries: Mapping[str, core.Summary], monitor: core.Monitor) -> list[str]:
    """A line for each, with numbers where the values were read; then what packed ones stand for."""
    if not ckpt.tensors:
        return []
    with_devices = len({info.device for info in ckpt.tensors.values()}) > 1         # or the facts have said it
    titles = ("key", "shape", "dtype", *(["device"] if with_devices else []), "bytes")
    measured = ("min", "max", "mean", "std", "NaN", "Inf", "zeros", "") if summaries else ()
    drawn = dict(_histograms(ckpt, monitor)) if summaries else {}
    head = "".join(f'<th class="{"n" if n >= len(titles) - 1 else "k"}">{told_of(title)}</th>'
                   for n, title in enumerate((*titles, *measured)))
    lines = []
    for n, (key, info) in enumerate(islice(ckpt.tensors.items(), _MOST_ROWS)):
        if not n % 64:
            monitor.check()
        cells = (core.visible(key), core.wording.shape(info.told_shape).replace(" ", ""), info.dtype,
                 *([info.device or "-"] if with_devices else []), core.wording.size(info.nbytes))
        kinds = ("k", "s", "s", *["k"] * (len(cells) - 4), "n")
        line = "".join(f'<td class="{kind}">{text_of(cell)}</td>' for kind, cell in zip(kinds, cells, strict=True))
        if info.problem:
            line += f'<td class="k" colspan="{max(len(measured), 1)}"><span class="danger">{told_of(info.problem)}</span></td>'
        elif summaries:
            line += _numbers(summaries.get(key), drawn.get(key, ()))
        lines.append(f"<tr>{line}</tr>")
    body = [f"<h2>{told_of(core.wording.count(len(ckpt.tensors), 'tensor'))}</h2>", f"<table><tr>{head}</tr>", *lines, "</table>",
            *_more(len(ckpt.tensors))]
    others = {name: found for name, found in summaries.items() if name not in ckpt.tensors}
    if others:
        rows = [f'<tr><td class="k">{text_of(core.visible(name))}</td>{_numbers(found, ())}</tr>'
                for name, found in islice(others.items(), _MOST_ROWS)]
        body += [f"<h2>{told_of('What packed tensors stand for')}</h2>",
                 f"<table><tr><th>{told_of('name')}</th>", *(f'<th class="n">{told_of(title)}</th>' for title in measured), "</tr>",
                 *rows, "</table>",
                 *_more(len(others))]
    return body


def _numbers(found: core.Summary | None, counts: Sequence[int]) -> str:
    """The cells with what was measured of a tensor, and its values drawn by `counts`; empty ones for what was not measured."""
    if found is None:
        return '<td class="n"></td>' * 8
    said = [f"{value:,}" if isinstance(value, int) else f"{value:.4g}" for value in (found.min, found.max, found.mean, found.std)]
    broken = [f'<b class="danger">{count:,}</b>' if count else "0" for count in (found.nan, found.inf)]
    cells = (*map(text_of, said), *broken, f"{found.zeros:,}", _bars(counts))
    return "".join(f'<td class="n">{cell}</td>' for cell in cells)


def _histograms(ckpt: core.Checkpoint, monitor: core.Monitor) -> Iterator[tuple[str, Sequence[int]]]:
    """How often which values are in the first tensors, as many as can be read soon."""
    keys: list[str] = []
    room = _HISTOGRAM_BYTES
    for key, info in islice(ckpt.tensors.items(), _MOST_ROWS):
        if not info.problem and info.numel > 1 and info.nbytes <= room:
            keys.append(key)
            room -= info.nbytes
        if len(keys) == _HISTOGRAMS:
            break
    for key, found in core.summarize_each(ckpt, keys, monitor=monitor):
        if isinstance(found, core.Summary):
            yield key, found.counts


def _bars(counts: Sequence[int]) -> str:
    """A small histogram; heights by the square root, so that tails are seen."""
    top = math.sqrt(max(counts, default=0))
    if not top:
        return ""
    step = _BAR_WIDTH / len(counts)
    drawn = "".join(f"M{n * step:.1f} {_BAR_HEIGHT}V{_BAR_HEIGHT - max(math.sqrt(count) / top * _BAR_HEIGHT, 0.7):.1f}h{step:.1f}"
                    f"V{_BAR_HEIGHT}z" for n, count in enumerate(counts) if count)
    return (f'<svg class="small" viewBox="0 0 {_BAR_WIDTH} {_BAR_HEIGHT}" width="{_BAR_WIDTH}" height="{_BAR_HEIGHT}" role="img" '
            f'aria-label="{told_of("histogram")}"><path d="{drawn}" fill="var(--a)"/></svg>')


def _more(count: int) -> list[str]:
    return [f"<p>{told_of(f'… and {count - _MOST_ROWS:,} more; `inspector ls` lists them all.')}</p>"] if count > _MOST_ROWS else []
