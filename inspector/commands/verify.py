"""`inspector verify FILE M.json`: whether the tensors are those that a manifest was made of, and which are not."""
from __future__ import annotations

import argparse

from inspector import core
from inspector.sentences import said

from . import files
from .output import Output

READS_ONLY = True
_SHOWN = 20
_WORDS = {"missing": "missing", "unexpected": "not in the manifest", "dtype": "of another type", "shape": "of another shape",
          "values": "other values", "unread": "cannot be read"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = ("Hold a checkpoint against a manifest that `inspector digest -o` wrote; exit 1 when it differs, 3 when that "
                          "cannot be told.")
    files.add_file(parser)
    parser.add_argument("manifest", metavar="M.json", help="the manifest")
    parser.add_argument("--state-dict", metavar="PATH", help="only that state dict, by the names in it, as in model_state_dict")
    parser.add_argument("--logical", action="store_true", help="quantized and other packed tensors as the numbers that they stand for")


def run(asked: argparse.Namespace, out: Output) -> int:
    with files.about(asked.manifest):
        wanted = core.read_digest(asked.manifest, out.monitor)
    ckpt = files.opened(asked.file, asked, out)
    with files.about(asked.file):
        looked_at = core.unpacked(ckpt, out.monitor) if asked.logical else ckpt
        found = core.compare_digests(wanted, core.digest_of(looked_at, asked.state_dict, out.monitor))
    unknown = sorted(wanted.problems)           # of which the manifest itself has no digest
    differs = any(found[:5])
    if out.json:
        out.answer({"path": asked.file, "manifest": asked.manifest, "same": not differs and not found.unread and not unknown,
                    **{name: list(names) for name, names in zip(found._fields, found, strict=True)}})
    else:
        out.text(as_text(found, len(wanted.tensors)))
    return 1 if differs else 3 if found.unread or unknown else 0


def as_text(found: core.DigestDifferences, count: int) -> str:
    """One line where all is well, otherwise a line per name."""
    if found.same:
        return said(f"{core.wording.count(count, 'tensor')}: names, shapes, types and values are those of the manifest") + "\n"
    lines = []
    for kind, names in zip(found._fields, found, strict=True):
        lines += [f"{said(_WORDS[kind])}: {core.visible(name)}" for name in names[:_SHOWN]]
        if len(names) > _SHOWN:
            lines.append(f"{said(_WORDS[kind])}: " + said(f"and {len(names) - _SHOWN:,} more"))
    return "\n".join(lines) + "\n"
