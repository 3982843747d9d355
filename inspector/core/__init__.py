"""The front door: everything a script or the window needs, and nothing behind it need be imported by name.

    from inspector import core
    ckpt = core.open("run/last.pth")

Importing this loads neither numpy nor torch; each is loaded by the first call that needs it. Nothing in a file is ever run.
"""
from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from inspector import __version__ as version

from . import checks, collector, demo, edits, formats, torch_bridge
from .arrays import digest, digests, iter_chunks, read_numpy
from .checkpoint import Checkpoint, Chunk, Edited, Extent, FileStamp, Member, Opaque, Pickle, Plain, Storage, TensorInfo
from .compare import (
    WHOLE,
    Comparison,
    Difference,
    LoadReport,
    Mismatch,
    Pair,
    Rule,
    Step,
    ValueChange,
    Verdict,
    by_content,
    compare,
    differences,
    doctor,
    pair_up,
    read_shapes,
    read_text_file,
    shapes_of_model,
    steps_for,
    verdict_of,
    with_difference,
    with_pairs,
)
from .compare import load_report as _load_report
from .compare.reference import Reference
from .describe import Description, Model, describe
from .dtypes import DTYPES, Dtype
from .edits import (
    AddPrefix,
    Cast,
    Drop,
    Edit,
    Extract,
    Keep,
    Match,
    RemapDevices,
    Rename,
    SetMetadata,
    SetValue,
    StripPrefix,
    Take,
    Unshare,
    recipe,
)
from .edits.effects import Effect, stepwise
from .errors import (
    Ambiguous,
    BadTensor,
    Cancelled,
    Changed,
    Corrupt,
    EditError,
    InspectorError,
    NotACheckpoint,
    ReadError,
    SaveError,
    TooBig,
    Truncated,
    Unreadable,
    Unsupported,
    UsageError,
)
from .findings import LEVELS, Finding, Level, worst
from .keypath import join, visible, visible_lines
from .leaves import one_line, to_json, type_name
from .limits import LIMITS, Limits
from .measures import health as measured
from .measures.histogram import Binned, Fine
from .measures.summary import BINS, QUANTILES, Summary, rebin, summarize_each, summarize_group, summarize_tensor
from .progress import QUIET, Monitor
from .roles import USUAL_WEIGHTS
from .save import Loss, PlannedFile, SavePlan, SaveReport, plan_save, save
from .sizes import Sizes, sizes
from .slices import (
    How,
    Plane,
    Reduced,
    What,
    find_next,
    look_shape,
    matrix_plane,
    numbers,
    ravel,
    read_slice,
    read_values,
    reduce_slice,
    unravel,
)
from .small_files import write_whole
from .source_texts import Place, Text, read_text, source_of, text_pieces, texts
from .ties import Relation, relation, sharing
from .torch_bridge import read_torch
from .training import Optimizer, optimizers, parameters_of_state, state_of_parameters

__all__ = [
    "BINS", "DTYPES", "LEVELS", "LIMITS", "QUANTILES", "QUIET", "WHOLE",
    "AddPrefix", "Ambiguous", "BadTensor", "Binned", "Cancelled", "Cast", "Changed", "Checkpoint", "Chunk", "Comparison",
    "Corrupt", "Description", "Difference", "Drop", "Dtype", "Edit", "EditError", "Edited", "Effect", "Extent", "Extract",
    "FileStamp", "Finding", "Fine", "How", "InspectorError", "Keep", "Level", "Limits", "LoadReport", "Loss", "Match", "Member",
    "Mismatch", "Model", "Monitor", "NotACheckpoint", "Opaque", "Optimizer", "Pair", "Pickle", "Place", "Plain", "Plane",
    "PlannedFile", "ReadError", "Reduced", "Reference", "Relation", "RemapDevices", "Rename", "Rule", "SaveError", "SavePlan",
    "SaveReport", "SetMetadata", "SetValue", "Sizes", "Step", "Storage", "StripPrefix", "Summary", "Take", "TensorInfo", "Text",
    "TooBig", "Truncated", "Unreadable", "Unshare", "Unsupported", "UsageError", "ValueChange", "Verdict", "What",
    "as_command", "as_python", "by_content",
    "check", "collector", "compare", "describe", "differences", "digest", "digests", "doctor", "edit",
    "edit_options", "effects", "file_of", "find_next", "from_recipe", "health", "is_set", "iter_chunks", "join", "load_report",
    "load_state_dict", "look_shape", "make_demo", "matrix_plane", "numbers", "one_line", "open", "optimizers", "pair_up",
    "parameters_of_state", "parse_edit", "plan_save", "ravel", "read_numpy", "read_recipe", "read_reference", "read_shapes",
    "read_slice", "read_text", "read_text_file", "read_torch", "read_values", "rebin", "reduce_slice", "relation", "save",
    "save_recipe", "shapes_of_model", "sharing", "sizes", "source_of", "state_of_parameters", "steps_for", "summarize",
    "summarize_each", "summarize_group", "summarize_tensor", "text_pieces", "texts", "to_json", "to_recipe", "type_name",
    "unravel", "verdict_of", "version", "visible", "visible_lines", "with_difference", "with_pairs", "worst", "write_whole",
]  # fmt: skip


def open(path: str | os.PathLike[str], *, follow_links: bool = False, monitor: Monitor = QUIET, limits: Limits = LIMITS) -> Checkpoint:
    """The checkpoint at `path`, with what is odd about it in `.findings`; FILE!member is one inside an ordinary archive. Reads
    metadata, never tensor bytes, and holds no file handle afterwards. Raises a `ReadError` for what is no readable checkpoint
    (with id "outside_folder" for links out of the folder of a set of files, unless `follow_links`), `Cancelled` when `monitor`
    says so."""
    return _opened(path, monitor, limits, follow_links)


def _opened(path: str | os.PathLike[str], monitor: Monitor, limits: Limits, follow_links: bool) -> Checkpoint:
    if follow_links:
        limits = replace(limits, follow_links=True)
    ckpt = formats.read(os.fsdecode(path), limits=limits, monitor=monitor)
    found = [finding for look in checks.CHECKS for finding in look(ckpt)]
    return replace(ckpt, findings=(*ckpt.findings, *found)) if found else ckpt


def file_of(path: str | os.PathLike[str]) -> str:
    """The file on disk that `path` is about: the archive of FILE!member, otherwise `path` itself."""
    return formats.file_of(os.fsdecode(path))


def is_set(path: str | os.PathLike[str]) -> bool:
    """Whether the folder at `path` is a checkpoint of several files, which `open` takes as one. Goes by names only."""
    return formats.is_set(os.fsdecode(path))


def check(ckpt: Checkpoint, monitor: Monitor = QUIET) -> tuple[Finding, ...]:
    """All findings: those of opening, and those that need the tensors' bytes (checksums, odd values), which are read now."""
    found = [finding for look in checks.DEEP_CHECKS for finding in look(ckpt, monitor)]
    return (*ckpt.findings, *found)


def edit(ckpt: Checkpoint, edits: Iterable[Edit], monitor: Monitor = QUIET) -> Checkpoint:
    """`ckpt` as it is after all `edits`, in order: a checkpoint like any other, which can be listed, measured, edited on and saved.
    `ckpt` stays as it is; no tensor is read. Its findings are those that still hold. Raises EditError, Cancelled."""
    result = ckpt
    with collector.paused():
        for one in edits:
            monitor.check()
            result = one.apply(result, monitor)
        return result if result is ckpt else replace(result, findings=_findings_after(ckpt, result))


def effects(ckpt: Checkpoint, edits: Iterable[Edit], monitor: Monitor = QUIET, *, read: bool = False) -> list[Effect]:
    """What each of `edits` does to what those before it left. With `read` casts also tell how many elements overflow, become zero or
    were NaN, for which the tensors are read. Errors as `edit`."""
    with collector.paused():
        return list(stepwise(ckpt, edits, monitor, read=read))


def edit_options() -> dict[str, str]:
    """The names of the edits on the command line and in recipes -> the first sentence about each."""
    return {name: " ".join((kind.__doc__ or "").split("\n\n")[0].split()) for name, kind in edits.OPTIONS.items()}


def parse_edit(option: str, text: str) -> Edit:
    """The edit that `--option text` asks for on the command line: `parse_edit("strip-prefix", "module.")`. Raises EditError."""
    return recipe.parse(edits.OPTIONS, option, text)


def to_recipe(edits: Iterable[Edit]) -> str:
    """`edits` as a recipe: JSON that `from_recipe` and `inspector edit --recipe` read."""
    return recipe.write(edits)


def from_recipe(text: str) -> list[Edit]:
    """The edits of a recipe. Raises EditError that says which one is wrong, and how."""
    return recipe.parsed(edits.OPTIONS, text)


def read_recipe(path: str | os.PathLike[str]) -> list[Edit]:
    """The edits of the recipe in a file. Raises EditError, ReadError."""
    return recipe.load(edits.OPTIONS, os.fsdecode(path))


def save_recipe(edits: Iterable[Edit], path: str | os.PathLike[str]) -> None:
    """Writes `edits` as a recipe, a whole file or none. Raises SaveError."""
    recipe.store(edits, os.fsdecode(path))


def as_command(edits: Sequence[Edit], source: str, target: str) -> str:
    """The command that applies `edits` to the file `source` and saves `target`, quoted for a shell. Raises EditError for an edit
    that has no form there."""
    return recipe.command(edits, source, target)


def as_python(edits: Sequence[Edit], source: str, target: str) -> str:
    """A script that does the same."""
    return recipe.script(edits, source, target)


def _findings_after(before: Checkpoint, after: Checkpoint) -> tuple[Finding, ...]:
    """What the reader found and still holds, and the cheap checks made again."""
    cheap = {finding for look in checks.CHECKS for finding in look(before)}
    source = before.edited.source if before.edited else before
    now = {old: new for new, old in after.edited.origin.items()} if after.edited else {}
    known = before.edited.origin if before.edited else {}
    found = []
    for finding in before.findings:
        if finding in cheap:
            continue
        key = known.get(finding.where, finding.where)
        if key in source.tensors or key in source.values:
            if key in now:
                found.append(finding._replace(where=now[key]))
        elif not _is_above(key, (*source.tensors, *source.values)) or _is_above(key, now):
            found.append(finding)
    found += [finding for look in checks.CHECKS for finding in look(after)]
    if not any(isinstance(value, Opaque) and value.type != "reference" for value in after.values.values()):
        # nothing that names code is left in what would be saved
        found = [finding for finding in found if finding.id not in _ABOUT_CODE]
    return tuple(found)


def _is_above(path: str, keys: Iterable[str]) -> bool:
    """Whether `path` holds one of `keys`."""
    start = f"{path}."
    return any(key.startswith(start) for key in keys)


_ABOUT_CODE = frozenset({"unknown-code", "computed-call", "dead-call", "nested-pickle"})


def summarize(ckpt: Checkpoint, keys: Iterable[str] | None = None, monitor: Monitor = QUIET, *,
              bins: int = BINS) -> dict[str, Summary]:
    """key -> `Summary` of the given tensors. Without `keys`: of all whose values can be had; the others are left out.
    Raises BadTensor for a key whose values cannot be had, UsageError for one that is not there."""
    result = {}
    for key, outcome in summarize_each(ckpt, ckpt.tensors if keys is None else keys, bins, monitor):
        if isinstance(outcome, Summary):
            result[key] = outcome
        elif keys is not None:
            raise outcome
    return result


def health(ckpt: Checkpoint, summaries: Mapping[str, Summary] | None = None, monitor: Monitor = QUIET) -> tuple[Finding, ...]:
    """What the numbers of the tensors say about the model: NaN and infinities, tensors that are zero or constant, dead rows and
    columns, scales far from those of the same name in other layers, values that float16 and bfloat16 cannot hold, equal bytes stored
    twice. Goes by `summaries` (of all tensors, or of the ones in question); without them, everything is measured first."""
    return measured.findings(ckpt, summarize(ckpt, monitor=monitor) if summaries is None else summaries, monitor)


def load_state_dict(path: str | os.PathLike[str], state_dict: str | None = None, monitor: Monitor = QUIET, *,
                    follow_links: bool = False) -> torch_bridge.StateDict:
    """The state dict in the file as torch tensors on the CPU, key -> tensor in stored order, ready for a model's
    `load_state_dict`. Tensors that share memory in the file share it here; `_metadata` is kept.

    `state_dict` is its path ("model_state_dict"; "" is the root); without it, the only one that can be meant. Raises
    UsageError naming the choices when there are several, BadTensor when a tensor's values cannot be had.
    """
    ckpt = _opened(path, monitor, LIMITS, follow_links)
    return torch_bridge.load(ckpt, _choose(ckpt, state_dict), monitor)


def load_report(file: Checkpoint | str | os.PathLike[str], ref: Checkpoint | Reference | Mapping[str, Any] | str | os.PathLike[str], *,
                state_dict: str | None = None, monitor: Monitor = QUIET) -> LoadReport:
    """What `load_state_dict(strict=True)` of a model shaped like `ref` would say of `file`: missing, unexpected and mismatched
    keys, and the edits after which it fits. Both may be paths; `ref` may be a `.json` of shapes (`read_reference`), or a
    mapping of names to shapes. `state_dict` is the path of the one in `file`; without it, what fits best is taken."""
    opened = file if isinstance(file, Checkpoint) else _opened(file, monitor, LIMITS, follow_links=False)
    model = read_reference(ref, monitor) if isinstance(ref, (str, os.PathLike)) else ref
    return _load_report(opened, model, state_dict=state_dict, monitor=monitor)


def read_reference(path: str | os.PathLike[str], monitor: Monitor = QUIET) -> Checkpoint | Reference:
    """What a file is held against: a checkpoint, or the shapes in a `.json` (see `read_shapes`)."""
    name = os.fsdecode(path)
    if name.lower().endswith(".json") and not name.lower().endswith(".index.json"):
        return read_shapes(name, monitor)
    return _opened(name, monitor, LIMITS, follow_links=False)


def make_demo(folder: str | os.PathLike[str]) -> list[str]:
    """Writes two sample checkpoints into `folder` and gives their paths. Raises OSError."""
    return demo.make(folder)


_NOT_WEIGHTS = ("optim", "sched", "scaler", "_state_opt")


def _choose(ckpt: Checkpoint, wanted: str | None) -> str:
    """The path of a state dict of `ckpt`: the `wanted` one, or the only one that holds a model's weights."""
    there = ckpt.state_dicts
    if wanted is not None:
        if wanted in there:
            return wanted
        raise UsageError(f"there is no state dict {wanted!r} in the file", _choices(there))
    if not there:
        raise UsageError("there is no state dict in the file", "`inspector ls` shows what it holds.")
    apart = _not_within_modules(ckpt)
    likely = [path for path in apart if not any(word in path.lower() for word in _NOT_WEIGHTS)] or apart
    if len(likely) == 1:
        return likely[0]
    known = [path for path in USUAL_WEIGHTS if path in likely]
    others = [path for path in likely if path not in USUAL_WEIGHTS]
    if len(known) == 1 and all("ema" in path.lower() for path in others):
        return known[0]
    raise UsageError(f"there are {len(likely)} state dicts in the file", _choices(tuple(likely)))


def _not_within_modules(ckpt: Checkpoint) -> list[str]:
    """The paths of all state dicts but those that some attribute of a whole module leads to: a teacher, a loss."""
    modules = {path for path in ckpt.state_dicts if isinstance(ckpt.values.get(path), Opaque)}
    apart = []
    for path in ckpt.state_dicts:
        segments = path.split(".")
        above = {".".join(segments[:i]) for i in range(len(segments))}
        if path == "" or not modules & above:
            apart.append(path)
    return apart


def _choices(paths: tuple[str, ...]) -> str:
    return "Say which one with state_dict=: " + ", ".join(repr(path) for path in paths) + "." if paths else ""
