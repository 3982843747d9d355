"""`inspector contract FILE`: the names, shapes and types of a checkpoint, to hold later ones against."""
from __future__ import annotations

import argparse
import json

from inspector import core
from inspector.sentences import said

from . import files
from .output import Output

READS_ONLY = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "The names, shapes and types of all tensors as JSON, for `inspector check FILE --against C.json` and for tests."
    files.add_file(parser)
    parser.add_argument("-o", "--output", metavar="C.json", help="write it there instead of printing it")
    parser.add_argument("--state-dict", metavar="PATH", help="only that state dict, by the names in it, as in model_state_dict")
    parser.add_argument("--logical", action="store_true", help="quantized and other packed tensors as the numbers that they stand for")


def run(asked: argparse.Namespace, out: Output) -> int:
    if asked.output is not None:
        core.check_output(asked.output, "contract", [asked.file])
    ckpt = files.opened(asked.file, asked, out)
    with files.about(asked.file):
        found = core.contract(core.unpacked(ckpt, out.monitor) if asked.logical else ckpt, asked.state_dict)
    if asked.output is not None:
        core.save_contract(found, asked.output, files.read_for(asked.file, ckpt))
    if out.json:
        out.answer({"path": asked.file, **found})
    elif asked.output is None:
        out.text(json.dumps(found, indent=1) + "\n")
    else:
        out.text(said(f"{core.wording.count(len(found['tensors']), 'tensor')} in {core.visible(asked.output)}") + "\n")
    return 0
