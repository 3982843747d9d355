"""`inspector digest FILE`: one digest of names, shapes, types and values, which a change of container does not change."""
from __future__ import annotations

import argparse

from inspector import core
from inspector.sentences import said

from . import cluster, files
from .output import Output

READS_ONLY = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = ("One digest of the names, shapes, types and values of all tensors: the same for .pth, .safetensors, shards and "
                          "DCP of the same weights. Exit 3 when some have no values.")
    files.add_files(parser)
    parser.add_argument("-o", "--output", metavar="M.json", help="write a manifest with the digest of every tensor, for `inspector verify`")
    parser.add_argument("--state-dict", metavar="PATH", help="only that state dict, by the names in it, as in model_state_dict")
    parser.add_argument("--logical", action="store_true", help="quantized and other packed tensors as the numbers that they stand for")
    cluster.add_dask(parser)


def run(asked: argparse.Namespace, out: Output) -> int:
    if asked.output is not None and (len(asked.files) > 1 or asked.recursive):
        raise core.UsageError("a manifest is about one file", "Ask for one at a time.")
    with cluster.executor_of(asked) as asked.executor:
        return files.run_each(asked, out, _one, titles=False)


def _one(asked: argparse.Namespace, out: Output) -> int:
    if asked.output is not None:
        core.check_output(asked.output, "manifest", [asked.file])
    ckpt = files.opened(asked.file, asked, out)
    with files.about(asked.file):
        looked_at = core.unpacked(ckpt, out.monitor) if asked.logical else ckpt
        found = core.digest_of(looked_at, asked.state_dict, out.monitor, executor=asked.executor)
    if asked.output is not None:
        core.save_digest(found, asked.output, files.read_for(asked.file, ckpt))
    if out.json:
        out.answer({"path": asked.file, **found.to_json()})
    else:
        out.text(as_text(asked.file, found))
    return 3 if found.problems else 0


def as_text(path: str, found: core.Digest) -> str:
    """A line for the file, as sha256sum has it; a line more for each tensor without values."""
    lines = [f"{found.root or '-' * 64}  {core.visible(path)}"]
    lines += [f"! {core.visible(name)}: {core.visible(said(why), 200)}" for name, why in found.problems.items()]
    return "\n".join(lines) + "\n"
