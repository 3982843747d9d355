"""All that is done with a file that may be anything: what comes out is an answer, or an `InspectorError` of one line.

Each operation gives the class of its outcome ("ok", the id of a refusal). Anything else that is raised is an escape, as is an answer
that is not true: bytes that a save changed, an error of several lines, a command that speaks of a bug.
"""
from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

from inspector import cli, core

from .mutations import TEXTS

ERRORS = ("Error(s) in loading state_dict for Net:\n\tMissing key(s) in state_dict: \"{name}\", \"a.b\".\n\tUnexpected key(s): \"x\".",
          "size mismatch for {name}: copying a param with shape torch.Size([3, 4]) from checkpoint, the shape in current model is "
          "torch.Size([2]).",
          "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False.",
          "loaded state dict contains a parameter group that doesn't match the size of optimizer's group",
          "Weights only load failed. Unsupported global: GLOBAL {name} was not an allowed global by default.",
          "ModuleNotFoundError: No module named '{name}'")
FILLS = ("", ":mean", ":zero", ":random", ":row0", ":row99")
FORMATS = {"torch-zip": ".pth", "safetensors": ".safetensors", "safetensors-sharded": ""}


class Untrue(AssertionError):
    """An answer that cannot be right."""


def everything(path: Path, seed: Path, work: Path, random: Random) -> Iterator[tuple[str, str]]:
    """(operation, class of its outcome) of all that is done with the checkpoint at `path`; `seed` is the sound one that it was, `work`
    an empty folder to save into. Raises whatever escapes."""
    if random.random() < 0.3:
        yield from _commands(path, seed, work, random)
        return
    try:
        ckpt = core.open(path)
    except core.InspectorError as error:
        yield "open", _refusal(error)
        return
    yield "open", "ok"
    for name, operation in _LOOKS.items():
        yield name, _outcome(lambda operation=operation: operation(ckpt))       # type: ignore[misc]
    yield "diff", _outcome(lambda: core.compare(ckpt, seed))
    yield "diff itself", _outcome(lambda: core.compare(ckpt, path))
    yield "fit", _outcome(lambda: core.load_report(ckpt, seed))
    yield "contract", _outcome(lambda: core.breaches(ckpt, core.contract(seed)))
    yield "series", _outcome(lambda: _series([path, seed]))
    yield "run", _outcome(lambda: _run_of([path, seed], core.KeptNumbers(str(work / "numbers"))))
    yield "average", _outcome(lambda: core.average([ckpt, seed]))
    yield "likeness", _outcome(lambda: core.likeness([ckpt, seed]))
    yield "conversion", _outcome(lambda: _converted(ckpt, seed))
    yield "three-way", _outcome(lambda: _three_way(random.sample([ckpt, path, seed], 3)))
    yield "explain", _outcome(lambda: core.explain_error(random.choice(ERRORS).format(name=random.choice([*ckpt.tensors, *TEXTS])), ckpt))
    yield from _edited_and_saved(ckpt, seed, work, random)


def _outcome(operation: Callable[[], object]) -> str:
    try:
        operation()
    except core.InspectorError as error:
        return _refusal(error)
    return "ok"


def _refusal(error: core.InspectorError) -> str:
    text = str(error)
    if "\n" in text or not error.message:
        raise Untrue(f"an error of no or several lines: {text!r}")
    text.encode()
    return error.id


# -- looking ----------------------------------------------------------------------------------------------------------------------

def _list(ckpt: core.Checkpoint) -> None:
    for info in ckpt.tensors.values():
        core.visible(info.key)
        assert info.numel >= 0 or info.problem, info
        assert info.nbytes >= 0 or info.problem, info
        assert info.name is not None
        assert info.parts is not None
    for value in ckpt.values.values():
        core.one_line(value)
        json.dumps(core.to_json(value), allow_nan=False)
    for finding in ckpt.findings:
        json.dumps(finding.to_json())
    core.totals(ckpt)
    core.sharing(ckpt)
    core.headline(ckpt)
    core.counts(ckpt)
    core.optimizers(ckpt)


def _texts(ckpt: core.Checkpoint) -> None:
    for name in core.texts(ckpt):
        core.read_text(ckpt, name)


def _slices(ckpt: core.Checkpoint) -> None:
    """A little of every tensor."""
    for key, info in list(ckpt.tensors.items())[:50]:
        with contextlib.suppress(core.BadTensor):
            plane = core.matrix_plane(core.readable_shape(info), fold=8)
            core.read_values(ckpt, key, 0, 8)
            core.reduce_slice(ckpt, key, plane, most=(4, 4))
            core.find_next(ckpt, key, 0, "nan")


def _stats(ckpt: core.Checkpoint) -> None:
    outcomes = dict(core.summarize_each(ckpt, ckpt.tensors))
    if outcomes.keys() != ckpt.tensors.keys():
        raise Untrue("not every tensor has statistics or a reason")
    good = {key: outcome for key, outcome in outcomes.items() if isinstance(outcome, core.Summary)}
    core.health(ckpt, good)
    if good:
        core.group_statistics(ckpt, list(good))
        core.layer_lines(good, core.weights_among(ckpt, list(good)), "rms")


def _check(ckpt: core.Checkpoint) -> None:
    for _, edits in core.fixes_for_each(ckpt, core.check(ckpt)):
        core.edit(ckpt, edits)
    core.loads_with_torch(ckpt).sentence()


def _logical(ckpt: core.Checkpoint) -> None:
    """The tensors that are meant, of which some can be read."""
    for name, tensor in list(core.logical(ckpt).items())[:20]:
        assert tensor.name == name
        with contextlib.suppress(core.BadTensor):
            core.read_values(ckpt, name, 0, 8)


def _series(paths: list[Path]) -> None:
    run = core.series(paths)
    assert len(run)
    for one in run:
        json.dumps([one.epoch, one.step, *one.metrics], allow_nan=False)


def _run_of(paths: list[Path], kept: core.KeptNumbers) -> None:
    """What moved from one to the other, and what is said of it."""
    tracks = core.measure_series(core.series(paths), kept=kept)
    for track in (*tracks.groups(), *itertools.islice(tracks.tracks(), 50)):
        if len(track.points) != len(tracks.series):
            raise Untrue(f"{track.name!r} has {len(track.points)} of {len(tracks.series)} points")
    for remark in core.remarks(tracks):
        core.remark_text(tracks.series, remark).encode("utf-8", "backslashreplace")


def _three_way(three: Sequence[core.CheckpointLike]) -> None:
    found = core.compare_with_base(core.pair_up(three[0], three[1]), three[2], distances=lambda triple: True)
    core.edit(three[0], core.merge_of(found).edits)


def _converted(ckpt: core.Checkpoint, seed: Path) -> None:
    """How one becomes what the other is, in both directions."""
    found = core.compare(ckpt, seed)
    for side in (0, 1):
        core.conversion_of(found, side)


_LOOKS: dict[str, Callable[[core.Checkpoint], object]] = {
    "list": _list, "texts": _texts, "digests": lambda ckpt: list(core.digests(ckpt)), "slices": _slices, "stats": _stats,
    "check": _check, "sizes": lambda ckpt: core.sizes(ckpt), "logical": _logical, "architectures": lambda ckpt: core.architectures(ckpt),
    "load": lambda ckpt: core.load(ckpt)}


# -- edit, plan, save, reopen, compare --------------------------------------------------------------------------------------------

def _edited_and_saved(ckpt: core.Checkpoint, seed: Path, work: Path, random: Random) -> Iterator[tuple[str, str]]:
    edits: list[core.Edit] = []
    for _ in range(random.choice((0, 1, 1, 2))):
        try:
            edits.append(_edit(ckpt, seed, random))
        except core.InspectorError as error:
            yield "parse edit", _refusal(error)
    try:
        edited = core.edit(ckpt, edits) if edits else ckpt
        core.effects(ckpt, edits)
    except core.InspectorError as error:
        yield "edit", _refusal(error)
        return
    yield "edit", "ok"
    format = random.choice(list(FORMATS))
    target = work / f"new{FORMATS[format]}"
    try:
        plan = core.plan_save(edited, target, format=format, ties=random.choice(("one", "all")), drop_code=random.choice(((), ("*",))),
                              keep_code=random.choice(((), ("*",))))
    except core.InspectorError as error:
        yield "plan", _refusal(error)
        return
    yield "plan", "ok"
    try:
        core.save(plan, allow_loss=True)
    except core.InspectorError as error:
        yield "save", _refusal(error)
        left = [name for name in os.listdir(work) if name.startswith(("new", ".~inspector"))]
        if left:
            raise Untrue(f"a refused save left {left}") from error
        return
    yield "save", "ok"
    again = core.open(target)
    yield "reopen", "ok"
    _same(edited, again, plan)
    yield "compare", "ok"


def _same(edited: core.Checkpoint, again: core.Checkpoint, plan: core.SavePlan) -> None:
    before, after = dict(core.digests(edited)), dict(core.digests(again))
    for key, found in before.items():
        if key in after and isinstance(found, str) and edited.tensors[key].dtype == again.tensors[key].dtype and found != after[key]:
            raise Untrue(f"{key!r} has other bytes in the new file: {after[key]}")
    if plan.losses or plan.notes:
        return
    if set(before) != set(after):
        raise Untrue(f"tensors that are lost without a word: {sorted(set(before) ^ set(after))[:3]}")
    if plan.format == "torch-zip" and set(edited.values) != set(again.values):
        raise Untrue(f"values that are lost without a word: {sorted(set(edited.values) ^ set(again.values))[:3]}")


def _edit(ckpt: core.Checkpoint, seed: Path, random: Random) -> core.Edit:
    option = random.choice([name for name in core.edit_options() if name not in ("recipe",)])
    key = random.choice([*ckpt.tensors, *ckpt.values, *TEXTS])
    glob = random.choice(("*", "*.weight", key, "[", "a*"))
    text = {"strip-prefix": random.choice((key[:3], "module.", "")), "add-prefix": random.choice(TEXTS), "drop": glob, "keep": glob,
            "rename": random.choice(("a=b", "^(.*)$=x.\\1", "\\.=_", f"weight={random.choice(TEXTS)}", "(=x", ".*=x")),
            "extract": random.choice((key, core.parent_of(key), *ckpt.state_dicts)),
            "device": random.choice(("*=cpu", "cuda:*=cpu", "cpu=meta")),
            "cast": f"{random.choice(('float16', 'float64', 'int8', 'bool', 'bfloat16', 'complex64', 'float8_e4m3fn'))}:{glob}",
            "match": str(seed), "take": f"{seed}:{glob}", "set-metadata": f"{random.choice(TEXTS)}={random.choice(TEXTS)}",
            "set": f"{key}={random.choice(('1', 'null', '[1, {}]', 'x', json.dumps(random.choice(TEXTS))))}", "unshare": glob,
            "plain": glob, "copy": f"{key}={random.choice((*TEXTS, 'tied.weight'))}",
            "resize": f"{key}={random.choice((0, 1, -1, 9))}:{random.choice((0, 1, 7, 1 << 20, 1 << 62))}{random.choice(FILLS)}",
            "transpose": f"{glob}{random.choice(('', '=1,0', '=3,2,0,1', '=0'))}",
            "reshape": f"{glob}={random.choice(('-1', '2,-1', '0', '4,3'))}",
            "renumber": random.choice((f"{key[:5]}#=-1", "layers.#=+1", "*.#=2", "#=-1")),
            "reorder": f"{glob}={random.choice(('halves', 'pairs'))}:{random.choice((1, 2, 3, 1 << 40))}",
            "split": f"{key}={random.choice((0, 1))}:{random.choice(('a,b', 'a:1,b:3', 'a:2,b', 'a,a,b'))}",
            "concat": f"{random.choice([*ckpt.tensors, 'a'])},{key}={random.choice((key, 'joined'))}:{random.choice((0, 1))}",
            "optimizer-for": str(seed), "merge-adapter": random.choice((str(seed), ":default", ":")),
            "dequantize": f"float32:{glob}", "unset-metadata": random.choice(TEXTS), "unset": key}.get(option, glob)
    return core.parse_edit(option, text)


# -- commands ---------------------------------------------------------------------------------------------------------------------

def _commands(path: Path, seed: Path, work: Path, random: Random) -> Iterator[tuple[str, str]]:
    target = str(work / f"out{random.choice(('.pth', '.safetensors'))}")
    page = str(work / "page.html")
    mean, manifest = str(work / "mean.pth"), str(work / "manifest.json")
    every = (["ls", "--digest", path], ["ls", path, "--json"], ["stats", path, "--layers", "--together"], ["stats", path, "--json"],
             ["check", path, "--json"], ["check", path, "--against", seed], ["diff", path, seed, "--json"], ["diff", seed, path],
             ["code", path], ["edit", path, "-o", target, "--cast", "float16", "--allow-loss", "--drop-code", "*", "--json"],
             ["run", path, seed, "--json", *random.choice((["--no-cache"], ["--exact"], ["--html", page]))],
             ["diff", path, seed, "--base", seed, "--json"], ["diff", seed, path, "--base", path, "--html", page],
             ["diff", path, seed, "--save-recipe", str(work / "recipe.json"), "--html", page], ["stats", path, "--html", page],
             ["average", path, seed, "-o", mean, "--json"], ["modules", path, "--json"],
             ["show", path, random.choice(TEXTS)], ["digest", path, "-o", manifest], ["verify", seed, path], ["contract", path, "--json"])
    for arguments in random.sample(every, 10):
        argv = [os.fsdecode(part) for part in arguments]
        code, answer, said = _run(argv)
        if "this is a bug" in said:
            os.environ["INSPECTOR_DEBUG"] = "1"         # which has it raised
            try:
                _run(argv)
            finally:
                del os.environ["INSPECTOR_DEBUG"]
        if "this is a bug" in said or "Traceback" in said or code not in (0, 1, 2, 3):
            raise Untrue(f"{argv[0]} ended with {code}: {said[:400]}")
        if code == 2 and said.count("\n") != 1:
            raise Untrue(f"{arguments[0]} said {said[:400]!r}")
        if "--json" in arguments:
            json.loads(answer, parse_constant=_no_constant)
        yield f"inspector {arguments[0]}", f"exit {code}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()


def _run(argv: list[str]) -> tuple[int, str, str]:
    """Exit status, what is printed, and what is complained of."""
    out, complaints = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(complaints):
        code = cli.main(argv)
    return code, out.getvalue(), complaints.getvalue()


def _no_constant(text: str) -> None:
    raise Untrue(f"{text} is no JSON")
