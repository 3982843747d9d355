"""`inspector edit`: repairs a checkpoint, or many, and saves what comes out.

Edits apply left to right as they were typed, recipes in their place among them. What each does, what the format cannot hold and how
large the file becomes is said before a byte is written; with --dry-run nothing is.
"""
from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inspector import core
from inspector.sentences import said as spoken

from . import files
from .arguments import add_json, add_saving
from .output import Failed, Output

_EXAMPLES = 3
_LOSSES = 5
_KEY = 80
_LEFT_OUT = 5
_VALUES = {"strip-prefix": "PREFIX", "add-prefix": "PREFIX", "rename": "REGEX=REPL", "renumber": "PLACE=N", "drop": "GLOB",
           "keep": "GLOB", "extract": "PATH",
           "device": "FROM=TO", "cast": "DTYPE[:GLOB]", "dequantize": "DTYPE[:GLOB]", "copy": "FROM=TO", "match": "REF",
           "take": "FILE[:GLOB]", "merge-adapter": "FOLDER|:NAME", "resize": "KEY=DIM:N[:FILL]", "transpose": "GLOB[=DIMS]",
           "reshape": "GLOB=SIZES",
           "reorder": "GLOB=ORDER:HEADS", "split": "KEY=DIM:A,B", "concat": "A,B=KEY:DIM", "optimizer-for": "REF",
           "set-metadata": "NAME=TEXT", "set": "PATH=VALUE", "plain": "GLOB", "unshare": "GLOB", "unset-metadata": "NAME", "unset": "PATH"}
_HELP = {"strip-prefix": "take a prefix like module. from names; _orig_mod. and its like also from their middle",
         "add-prefix": "put a prefix before names", "rename": "replace every match in a name; \\1 is the first group",
         "renumber": "add N to the numbers of layers, as in 'blocks.#=-1'; # is the number, * one before it",
         "drop": "leave out tensors and values, and the optimizer's state with them",
         "drop-broken": "leave out what is cut off, missing or corrupt, by name",
         "keep": "leave out all others; {a,b}.* keeps either",
         "extract": "a sub-dict, a module's state dict (.) or an adapter of a PeftModel (:NAME) becomes the root",
         "device": "other device tags, as in 'cuda:*=cpu'", "cast": "another element type, as in float16 or bfloat16:encoder.*",
         "copy": "one more name for a tensor, tied to it, as in model.embed_tokens.weight=lm_head.weight",
         "resize": "cut rows off or add some (FILL: mean, zero, random, row5), tied and in the optimizer too, as in embed.weight=0:32064",
         "transpose": "the last two dimensions change places, or all as in *.kernel=3,2,0,1; in the optimizer too",
         "reshape": "the same elements in other dimensions, as in patch_embed.weight=768,3,16,-1",
         "reorder": "rows of rotary heads to halves, as transformers has them, or to pairs, as in *.wq.weight=halves:32",
         "split": "one tensor as several, as in qkv.weight=0:q.weight,k.weight,v.weight; A:64 says how long; * is any",
         "concat": "several tensors as one, as in attn.q.weight,attn.k.weight=attn.qk.weight:0; * is any",
         "optimizer-for": "the optimizer's state in the order and with the parameters of REF: a checkpoint of the new model, or a contract",
         "dequantize": "packed weights as the numbers that they stand for",
         "merge-adapter": "add what a LoRA or DoRA adapter adds, as PEFT's merge_and_unload does; : is the one in the file itself",
         "match": "leave out what REF has not, or has in another shape",
         "take": "values, shapes and types of FILE's tensors of the same names", "set-metadata": "a text in safetensors' metadata",
         "set": "a plain value; VALUE is JSON or a text",
         "plain": "values that torch.load (weights_only=True) refuses as plain data: numbers, texts, lists, dicts, tensors",
         "unshare": "bytes of its own for a tensor that shares them",
         "unset-metadata": "take a text out of the metadata", "unset": "take a value out"}
_EPILOG = """\
Edits apply left to right. OUT may be IN: the new file replaces it only when it is whole and verified.
Several IN are merged into the file OUT: the keys of all, edits after that. Where OUT is a folder (or ends in /) each is saved into it by
itself, unless --shard-size or --format safetensors-sharded makes one set of them. Of a folder IN that is no checkpoint itself the
checkpoints in it are meant, as `inspector run` has them (-r: all, however deep), and keep their places under OUT. What becomes of all is
said first, and nothing is written where one of them cannot be saved (--keep-going: the others are). --in-place instead of -o writes new
names, devices, metadata and plain values into IN itself, at once whatever its size, and says why where that cannot be. A file's ending
says its format, unless --format does.
"""


class _Collected(argparse.Action):
    """Options of different names in the order in which they were typed."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:
        namespace.steps = [*namespace.steps, ((option or "").removeprefix("--"), values if self.nargs is None else "")]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Repair a checkpoint and save it: without its classes, without its devices, nothing run."
    parser.epilog = _EPILOG
    parser.set_defaults(steps=[])
    parser.add_argument("files", metavar="IN", nargs="+",
                        help="the checkpoint, or a folder of them; several are merged into the file OUT, or saved into the folder OUT")
    parser.add_argument("-o", "--output", metavar="OUT", help="where to save")
    parser.add_argument("--in-place", action="store_true", help="change names, devices and values in the file itself, copying no tensor")
    parser.add_argument("-r", "--recursive", action="store_true", help="every checkpoint in the folders named, however deep")
    parser.add_argument("--keep-going", action="store_true", help="of several, save those that can be saved where others cannot")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    add_json(parser)
    files.add_follow_links(parser)
    edits = parser.add_argument_group("edits")
    for name in core.edit_options():
        form: dict[str, Any] = {"metavar": _VALUES.get(name, "TEXT")} if core.takes_text(name) else {"nargs": 0}
        edits.add_argument(f"--{name}", action=_Collected, help=_HELP.get(name), **form)
    edits.add_argument("--recipe", metavar="FILE", action=_Collected, help="the edits of a recipe, here among the others")
    edits.add_argument("--save-recipe", metavar="FILE", help="write the edits as a recipe")
    saving = parser.add_argument_group("saving")
    add_saving(saving)
    saving.add_argument("--shard-size", metavar="SIZE", help="of each file of safetensors-sharded, like 5GB")
    saving.add_argument("--ties", choices=("one", "all"),
                        help="safetensors: keep one name of tied tensors (all of what was joined from ranks of DeepSpeed's), or all of "
                             "them, each with bytes of its own")
    saving.add_argument("--allow", metavar="WHAT", action="append", default=[],
                        choices=("replace-link", "break-hard-links", "read-only"), help="what is refused unless it is meant: "
                        "replace-link, break-hard-links, read-only")


def run(asked: argparse.Namespace, out: Output) -> int:
    edits = steps(asked.steps)
    _check_in_place(asked)
    found = _batch(asked, edits)
    core.check_apart((asked.output, asked.save_recipe))
    if asked.save_recipe is not None:
        core.check_output(asked.save_recipe, "recipe", asked.files, len(core.to_recipe(edits).encode("utf-8", "surrogatepass")))
    if len(found.files) == 1 and found.output is None:
        return _alone(found, asked, out)
    return _together(found, asked, out)


def _batch(asked: argparse.Namespace, edits: Sequence[core.Edit]) -> core.Batch:
    """What is edited, and where each is saved. Raises UsageError when that makes no sense."""
    options = core.SaveOptions(
        format=asked.format, shard_size=asked.shard_size, keep_code=asked.keep_code, drop_code=asked.drop_code, ties=asked.ties,
        allow=asked.allow, in_place=asked.in_place, backup=asked.backup, allow_loss=asked.allow_loss, verify=asked.verify)
    if asked.output is None and not (asked.in_place or asked.dry_run or asked.save_recipe is not None):
        raise core.UsageError("where shall it be saved?", "Say -o OUT, --in-place to change IN itself, or --dry-run to see what "
                              "would be done.")
    held = [path for path in asked.files if asked.recursive or not _is_one(path)]
    if not held and _merges(asked):
        return core.Batch(tuple(edits), (core.BatchFile(tuple(asked.files), asked.output),), options, asked.follow_links)
    if not held and len(asked.files) == 1:
        target = asked.files[0] if asked.in_place else _target(asked) if asked.output is not None else None
        return core.Batch(tuple(edits), (core.BatchFile((asked.files[0],), target),), options, asked.follow_links)
    return core.batch(asked.files, edits, asked.output, recursive=asked.recursive, follow_links=asked.follow_links, options=options)


def _is_one(path: str) -> bool:
    """Whether `path` is one checkpoint, or nothing that could hold others."""
    return core.is_address(path) or not os.path.isdir(path) or bool(core.checkpoint_in(path)) or not _holds_any(path)


def _holds_any(folder: str) -> bool:
    return next(iter(core.checkpoints_in(folder)), None) is not None


def _target(asked: argparse.Namespace) -> str:
    """Where a single file is saved."""
    out, file = asked.output, asked.files[0]
    sharded = asked.format == "safetensors-sharded" or asked.shard_size is not None
    if not os.path.isdir(out) or sharded or core.is_set(file):
        return str(out)
    if os.path.isdir(file):             # the file in it that it is opened as, not a folder in OUT
        file = core.checkpoint_in(file) or file
    return core.batch([file], (), out, options=core.SaveOptions(format=asked.format)).files[0].target or str(out)


def _merges(asked: argparse.Namespace) -> bool:
    """Whether several files become one: OUT names a file, or a set of files that is made of them."""
    if len(asked.files) < 2 or asked.output is None:
        return False
    if asked.format == "safetensors-sharded" or asked.shard_size is not None or os.path.isfile(asked.output):
        return True
    return not os.path.isdir(asked.output) and bool(os.path.splitext(asked.output)[1])


def _check_in_place(asked: argparse.Namespace) -> None:
    given = next((name for name, value in (("-o", asked.output), ("--format", asked.format), ("--shard-size", asked.shard_size))
                  if value is not None), None)
    if asked.in_place and given is not None:
        raise core.UsageError(f"--in-place and {given} cannot both be meant", "Leave out --in-place to save a copy, which may replace IN.")
    if asked.in_place and asked.backup:
        raise core.UsageError("--in-place copies nothing, so nothing of the old file could be kept",
                              "Leave out --in-place and say -o IN --backup.")


def steps(typed: Iterable[tuple[str, str]]) -> list[core.Edit]:
    """The edits in the order in which they were typed, those of recipes in their place. Raises InspectorError naming the option."""
    edits: list[core.Edit] = []
    for option, text in typed:
        try:
            edits += core.read_recipe(text) if option == "recipe" else [core.parse_edit(option, text)]
        except core.InspectorError as error:
            written = f"--{option} {core.visible(text, 200)}".rstrip()
            raise core.UsageError(f"{written}: {error.message}", error.hint) from error
    return edits


# -- one ----------------------------------------------------------------------------------------------------------------------

def _alone(found: core.Batch, asked: argparse.Namespace, out: Output) -> int:
    """Edits and saves what becomes one file, and says all of it together."""
    planned, = core.plan_batch(found, out.monitor, dry=asked.dry_run)
    answer, error = _answer(planned), planned.error
    lines = [*map(_note, planned.notes), *(line for effect in planned.effects for line in effect_lines(effect))]
    if planned.plan is not None:
        lines += plan_lines(planned.plan, asked.allow_loss)
    if error is None and planned.plan is not None and not asked.dry_run:
        try:
            answer["saved"], said = saved(planned.plan, asked, out.monitor)
            lines += said
        except core.InspectorError as failed:
            error = failed
    if error is None and asked.save_recipe is not None:
        try:
            lines.append(_keep_recipe(found, asked))
            answer["recipe"] = asked.save_recipe
        except core.InspectorError as failed:
            error = failed
    if error is not None:
        answer["path"], answer["error"] = planned.about, _error_json(error)
    if not out.json and (lines or error is None):
        source, target = " + ".join(found.files[0].sources), found.files[0].target
        whole = error is None or (planned.plan is not None and asked.dry_run)
        out.text(_text(source, target, _head(planned) if whole else "", lines, dry=whole and _writes_nothing(found, asked)))
    if error is not None:
        out.warn(str(Failed(advised(error), planned.about)))
    if out.json:
        out.answer({"dry_run": asked.dry_run, "files": [answer], **({"error": answer["error"]} if error is not None else {})})
    return 0 if error is None else 2


def _keep_recipe(found: core.Batch, asked: argparse.Namespace) -> str:
    """Writes the recipe, whose place was looked at before, once what it made is there; and says so. Raises SaveError."""
    shown = core.visible(asked.save_recipe, 300)
    if asked.dry_run:
        return spoken(f"the edits would be kept as a recipe in {shown}")
    core.save_recipe(found.edits, asked.save_recipe, asked.files)
    return spoken(f"the edits are kept as a recipe in {shown}")


def _writes_nothing(found: core.Batch, asked: argparse.Namespace) -> bool:
    return bool(asked.dry_run) or (asked.save_recipe is None and all(file.target is None for file in found.files))


# -- several ------------------------------------------------------------------------------------------------------------------

def _together(found: core.Batch, asked: argparse.Namespace, out: Output) -> int:
    """Plans what becomes of all, and says it; then saves each, unless one cannot be."""
    say = (lambda text: None) if out.json else out.text
    say("".join(f"{line}\n" for line in _left_out_lines(found)))
    answers, promises, abouts = [], [], {}
    told: dict[tuple[str, ...], str] = {}
    nbytes, idle = [0, 0], _Idle()
    kept: dict[str, str] = {}
    for planned in core.plan_batch(found, out.monitor, dry=asked.dry_run):
        promises.append(planned.promise)
        abouts[planned.file] = planned.about
        answers.append(_answer(planned, whole=out.json))
        if planned.plan is not None:
            nbytes = [nbytes[0] + planned.nbytes, nbytes[1] + planned.plan.nbytes]
        idle.add(planned)
        say(_planned_text(planned, asked, told))
    answer_of = dict(zip(found.files, answers, strict=True))
    refused = dict(core.refused_of_batch(found, promises))
    for file, error in refused.items():
        answer_of[file]["error"] = _error_json(error)
        out.warn(str(Failed(advised(error), abouts[file])))
    saves = any(file.target is not None for file in found.files) and not asked.dry_run
    failed: dict[str, Any] | None = next((answer["error"] for answer in answers if "error" in answer), None)
    if refused and saves and not asked.keep_going:
        of = core.wording.count(len(promises), "checkpoint")
        none = core.SaveError(f"nothing was written: {len(refused):,} of {of} cannot be saved", "--keep-going saves the others.",
                              id="batch")
        if len(promises) > 1:
            out.warn(str(Failed(none)))
            failed = _error_json(none)
    else:
        say(_sum_text(len(promises), len(refused), nbytes, idle, asked))
        if saves:
            failed = _save_all(found, promises, refused, asked, out, answer_of) or failed
    if asked.save_recipe is not None and (failed is None or any("saved" in answer for answer in answers)):
        try:
            say(_keep_recipe(found, asked) + "\n")
            kept = {"recipe": asked.save_recipe}
        except core.SaveError as error:
            failed = failed or _error_json(error)
            out.warn(str(Failed(error)))
    if out.json:
        out.answer({"dry_run": asked.dry_run, "files": answers, **kept, "left_out": [one._asdict() for one in found.left_out],
                    "others": list(found.others), "idle": idle.found, **({"error": failed} if failed else {})})
    return 2 if failed else 0


def _save_all(found: core.Batch, promises: Sequence[Any], refused: Mapping[core.BatchFile, core.InspectorError], asked: argparse.Namespace,
              out: Output, answer_of: Mapping[core.BatchFile, dict[str, Any]]) -> dict[str, Any] | None:
    """Saves what was planned, and says each as it is there. The error of the first that failed now, as JSON."""
    first, done = None, 0
    for file, report, error in core.save_batch(found, promises, keep_going=asked.keep_going, monitor=out.monitor):
        if report is not None:
            done += 1
            answer_of[file]["saved"] = _report_json(report)
            if not out.json:
                out.text(spoken(report.text) + "\n")
        elif error is not None and file not in refused:
            answer_of[file]["error"] = _error_json(error)
            first = first or answer_of[file]["error"]
            out.warn(str(Failed(advised(error), file.sources[0])))
    if first is not None and not asked.keep_going:
        out.warn(spoken(f"saved {done:,} of {core.wording.count(len(promises), 'checkpoint')}; those after it were not begun"))
    elif not out.json:
        out.text(spoken(f"saved {done:,} of {core.wording.count(len(promises), 'checkpoint')}") + "\n")
    return first


def _planned_text(planned: core.PlannedEdit, asked: argparse.Namespace, told: dict[tuple[str, ...], str]) -> str:
    """One of several; edits that do the same as in one before it are not told again."""
    source = " + ".join(planned.file.sources)
    target = planned.plan.path if planned.plan is not None else planned.file.target
    lines = [line for effect in planned.effects for line in effect_lines(effect)]
    same = told.setdefault(tuple(lines), source) if planned.error is None or planned.plan is not None else source
    if same != source and lines:
        lines = [spoken(f"the edits do what they do in {core.visible(same, 300)}")]
    lines = [*map(_note, planned.notes), *lines]
    if planned.plan is not None:
        lines += plan_lines(planned.plan, asked.allow_loss)
    return _text(source, target, _head(planned), lines, dry=False)


class _Idle:
    """In which of several checkpoints an edit changes nothing that changes something in others: perhaps they are not of one run."""

    def __init__(self) -> None:
        self._paths: list[list[str]] = []
        self._names: list[str] = []
        self._many = 0

    def add(self, planned: core.PlannedEdit) -> None:
        if planned.error is not None and planned.plan is None:
            return
        self._many += 1
        for n, effect in enumerate(planned.effects):
            if n == len(self._paths):
                self._paths.append([])
                self._names.append(option_text(effect.edit))
            if not (effect.renamed or effect.dropped or effect.changed):
                self._paths[n].append(planned.file.sources[0])

    @property
    def found(self) -> list[dict[str, Any]]:
        return [{"edit": name, "paths": paths} for name, paths in zip(self._names, self._paths, strict=True) if 0 < len(paths) < self._many]

    def lines(self) -> list[str]:
        return [_note(f"{one['edit']} changes nothing in {len(one['paths']):,} of {core.wording.count(self._many, 'checkpoint')}: "
                      f"{core.visible(', '.join(one['paths'][:_EXAMPLES]), 300)}{' …' if len(one['paths']) > _EXAMPLES else ''}")
                for one in self.found]


def _sum_text(many: int, refused: int, nbytes: Sequence[int], idle: _Idle, asked: argparse.Namespace) -> str:
    of, sizes = core.wording.count(many, "checkpoint"), ""
    if nbytes[1]:
        sizes = spoken(f"; together {core.wording.size(nbytes[0])} before, {core.wording.size(nbytes[1])} after")
    lines = [spoken(f"{refused:,} of {of} cannot be saved" if refused else f"{of}: nothing stands in the way") + sizes, *idle.lines()]
    if asked.dry_run:
        lines.append(spoken("nothing was written: this is a dry run"))
    return "\n".join([*lines, ""])


def _left_out_lines(found: core.Batch) -> list[str]:
    lines = [spoken(f"left out: {core.visible(one.path, 300)}: {spoken(one.reason)}") for one in found.left_out[:_LEFT_OUT]]
    if len(found.left_out) > _LEFT_OUT:
        lines.append(spoken(f"left out: {len(found.left_out) - _LEFT_OUT:,} more"))
    if found.others and found.output is not None:
        shown = ", ".join(core.visible(core.file_name(path), 60) for path in found.others[:_EXAMPLES]) + (
            " …" if len(found.others) > _EXAMPLES else "")
        lines.append(spoken(f"not copied: {core.wording.count(len(found.others), 'other file')} there ({shown})"))
    return lines


# -- what came of it ----------------------------------------------------------------------------------------------------------

def _head(planned: core.PlannedEdit) -> str:
    plan = planned.plan
    if plan is None:
        if planned.error is not None:
            return spoken("cannot be edited")
        before, after = map(core.wording.size, planned.tensor_nbytes)
        return spoken(f"{before} of tensors before, {after} after")
    if plan.in_place is not None:
        return spoken(f"{plan.format} in place, {core.wording.size(plan.in_place.nbytes)} written")
    return spoken(f"{plan.format}, {core.wording.size(planned.nbytes)} before, {core.wording.size(plan.nbytes)} after")


def saved(plan: core.SavePlan, asked: argparse.Namespace, monitor: core.Monitor) -> tuple[dict[str, Any], list[str]]:
    """Carries the plan out, and says what came of it: as JSON, and in lines. Raises SaveError."""
    report = core.save(plan, allow_loss=asked.allow_loss, verify=asked.verify, monitor=monitor)
    return (_report_json(report), [*(_note(text) for text in report.notes if text not in plan.notes), spoken(report.text)])


def advised(error: core.InspectorError) -> core.InspectorError:
    """The error with what to type, where the library names its arguments."""
    advice = {"loss": "--allow-loss saves it all the same; another --format may hold more.",
              "unknown-code": "Say --keep-code NAME or --drop-code NAME for each ('*' is all), or --extract only the weights."}
    if error.id in advice and isinstance(error, core.SaveError):
        return core.SaveError(error.message, advice[error.id], error.where, id=error.id)
    if error.id == "in-place":
        return core.SaveError(error.message, "Leave out --in-place and say -o OUT to save a copy; OUT may be IN.", error.where, id=error.id)
    if error.id in ("replace-link", "break-hard-links", "read-only"):
        return core.SaveError(error.message, f"{error.hint} --allow {error.id} does it.".strip(), error.where, id=error.id)
    return error


# -- as text ------------------------------------------------------------------------------------------------------------------

def _text(source: str, target: str | None, head: str, lines: Iterable[str], dry: bool) -> str:
    to = f" -> {core.visible(target, 1000)}" if target is not None else ""
    parts = [f"{core.visible(source, 1000)}{to}" + (f": {head}" if head else ""), *(f"  {line}" for line in lines)]
    return "\n".join([*parts, *(["  " + spoken("nothing was written: this is a dry run")] if dry else [])]) + "\n"


def effect_lines(effect: core.Effect) -> list[str]:
    """An edit, how much it does, a few examples, and what else there is to say."""
    counts = [spoken(f"{len(keys):,} {word}") for keys, word in ((effect.renamed, "renamed"), (effect.dropped, "dropped"),
                                                         (effect.changed, "changed")) if keys]
    lines = [f"{option_text(effect.edit)}: {', '.join(counts) or spoken('no key changes')}"]
    renamed = [f"{core.visible(old, _KEY)} -> {core.visible(new, _KEY)}" for old, new in effect.renamed[:_EXAMPLES]]
    lines += _some(renamed, len(effect.renamed))
    if not isinstance(effect.edit, core.DropBroken):            # whose notes name each, and why
        lines += _some([f"- {core.visible(key, _KEY)}" for key in effect.dropped[:_EXAMPLES]], len(effect.dropped))
    if not effect.renamed and not effect.dropped:
        lines += _some([f"* {core.visible(key, _KEY)}" for key in effect.changed[:_EXAMPLES]], len(effect.changed))
    return [*lines, *(f"    {core.visible(spoken(text), 600)}" for text in effect.notes)]


def option_text(edit: core.Edit) -> str:
    """The edit as it is typed."""
    try:
        return core.visible(f"--{edit.option} {edit.text}".rstrip(" "), 160)
    except core.EditError:
        return f"--{edit.option} (names and shapes)"


def _some(examples: list[str], count: int) -> list[str]:
    more = count - len(examples)
    return [f"    {line}" for line in examples] + (["    " + spoken(f"… and {more:,} more")] if more > 0 else [])


def plan_lines(plan: core.SavePlan, allowed: bool) -> list[str]:
    """What is lost, which code is not known, and what else there is to say about saving."""
    lines = [*map(_note, plan.notes)]
    if plan.losses:
        lines.append(spoken(f"{len(plan.losses):,} lost" + ("" if allowed else ", which is refused without --allow-loss") + ":"))
        lines += _some([core.visible(spoken(loss.message), 300) for loss in plan.losses[:_LOSSES]], len(plan.losses))
    if plan.code:
        lines.append(spoken("unknown code, which is refused without --keep-code or --drop-code:"))
        lines += _some([core.visible(name, _KEY) for name in plan.code[:_LOSSES]], len(plan.code))
    if plan.room > plan.free:
        lines.append(spoken(f"there is not enough room: {core.wording.size(plan.free)} are free"))
    return lines


def _note(text: str) -> str:
    return f"{spoken('note:')} {core.visible(spoken(text), 400)}"


# -- as JSON ------------------------------------------------------------------------------------------------------------------

def _answer(planned: core.PlannedEdit, whole: bool = True) -> dict[str, Any]:
    """What became of a file so far; unless `whole`, only which it is."""
    sources = planned.file.sources
    plan = planned.plan
    answer: dict[str, Any] = {"path": sources[0], **({"merged": list(sources)} if len(sources) > 1 else {}),
                              "output": plan.path if plan is not None else planned.file.target}
    if whole and (planned.error is None or plan is not None):
        answer |= {"edits": [_effect_json(effect) for effect in planned.effects], "nbytes_before": planned.nbytes}
        answer |= _plan_json(plan) if plan is not None else {"nbytes_tensors": list(planned.tensor_nbytes)}
    return answer


def _error_json(error: core.InspectorError) -> dict[str, Any]:
    return {"id": error.id, "message": error.message, "hint": error.hint, "where": error.where}


def _report_json(report: core.SaveReport) -> dict[str, Any]:
    return {"path": report.path, "files": list(report.files), "nbytes": report.nbytes, "tensors": report.tensors,
            "seconds": report.seconds, "notes": list(report.notes), "written": report.written, "backup": report.backup or None}


def _effect_json(effect: core.Effect) -> dict[str, Any]:
    return {"edit": option_text(effect.edit), "renamed": [list(pair) for pair in effect.renamed], "dropped": list(effect.dropped),
            "changed": list(effect.changed), "notes": list(effect.notes)}


def _plan_json(plan: core.SavePlan) -> dict[str, Any]:
    return {"format": plan.format, "in_place": plan.in_place is not None,
            "files": [{"name": file.name, "nbytes": file.nbytes} for file in plan.files],
            "nbytes_after": plan.nbytes, "losses": [loss._asdict() for loss in plan.losses], "code": list(plan.code),
            "deletes": list(plan.deletes),
            "notes": list(plan.notes)}
