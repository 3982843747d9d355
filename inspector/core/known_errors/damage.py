"""What torch, safetensors, zip and pickle say of files that are cut short, damaged, or no checkpoints at all.

PytorchStreamReader: caffe2/serialize/inline_container.cc and miniz (1.6 to the newest); "Invalid magic number", "unexpected EOF" and
"storage has wrong size": torch/serialization.py, torch/csrc/generic/serialization.cpp; "invalid load key", "pickle data was truncated"
and "Ran out of input": CPython's _pickle.c; "Error while deserializing header": safetensors/src/tensor.rs; "invalid
magic characters" and "failed to read tensor data": llama.cpp/ggml/src/gguf.cpp, gguf_reader.py; "not within the file bounds":
llama.cpp/src/llama-model-loader.h.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from inspector.core.checkpoint import Checkpoint
from inspector.core.checks import corrupt_member
from inspector.core.edits.drop_broken import DropBroken
from inspector.core.edits.tools.common import Edit
from inspector.core.findings import Finding
from inspector.core.torch_load import loads_with_torch
from inspector.core.wording import count

from .explanation import Case, Explanation, Remedy, contents, few, is_taken, search

_SIGNS = (
    (r"failed finding central directory", "the end of the archive, where its directory stands, is missing or damaged: the file was cut "
                                          "short, or is no archive"),
    (r"failed locating file (?P<member>\S+): file not found", "the archive lacks a record that torch.save writes last or torch.jit.load "
                                                              "needs"),
    (r"PytorchStreamReader failed|invalid header or archive is corrupted|not a ZIP archive|BadZipFile|file in archive is not in a "
     r"subdirectory|invalid zip", "the archive cannot be read"),
    (r"Invalid magic number", "the file does not begin as a checkpoint does: it is something else, or a plain pickle"),
    (r"invalid load key, ?(?P<key>'.{1,6}?'|\"\S\")", "the first bytes are those of no pickle: the file is something else, as a web page "
                                                       "or a Git-LFS pointer, or was mangled"),
    (r"Unsupported operand \d+", "what is to be a pickle is none"),
    (r"Ran out of input|EOFError", "the file ends before the object does; an empty file ends at once"),
    (r"pickle data was truncated|unexpected EOF|[Ee]nd of file|unexpected end of|data is not within the file bounds, model is corrupted|"
     r"gguf\w*: failed to read tensor data", "the file ends before the object or its tensors do: it was cut short"),
    (r"storage has wrong (?:byte )?size", "the bytes of a tensor are not as many as the object says"),
    (r"unpickling stack underflow|could not find MARK|unregistered extension code|persistent IDs in protocol 0 must be|"
     r"UnpicklingError|UnicodeDecodeError", "the object's pickle is damaged"),
    (r"deserializing header|HeaderTooLarge|HeaderTooSmall|InvalidHeader|MetadataIncompleteBuffer|incomplete metadata|SafetensorError",
     "what is to be a safetensors file has no header that fits it: it was cut short, or is of another format"),
    (r"gguf\w*: invalid magic|GGUF magic invalid", "what is to be a GGUF file does not begin as one does: it is of another format"),
    (r"OSError: \[Errno 22\] Invalid argument", "newer releases of torch say this of a file too short to hold an archive's end, and of one "
                                                "that cannot be mapped"),
    (r"[Cc]hecksum|CRC-?32", "bytes are not those that were saved"),
)

_READERS = (
    ("safetensors", r"HeaderTooLarge|InvalidHeader\b|header too large",
     ("torch.load(path) reads what torch.save wrote, whatever the file is called.",
      "`inspector edit FILE -o OUT.safetensors` makes a safetensors file of it; what cannot be held is told before.")),
    ("gguf", r"gguf\w*: invalid magic|GGUF magic invalid",
     ("llama.cpp's convert_hf_to_gguf.py makes one, of a folder with the weights, config.json and the tokenizer.",)),
)
"""Formats, what their readers say of a whole file of another, and what to do then."""


def explain(case: Case) -> Explanation | None:
    known = next((said for sign, said in _SIGNS if search((sign,), case.text)), None)
    if known is None:
        return None
    meaning = known[0].upper() + known[1:] + "."
    if case.file is None:
        advice = () if case.unreadable else ("Name the file: it is then said what is there and what is not.",)
        return Explanation("damaged", meaning, advice=advice)
    findings = [*_found(case.file, case)]
    broken = [key for key, info in case.file.tensors.items() if info.problem and not info.problem.startswith("meta")]
    if not findings and not broken:
        for format, sign, ways in _READERS:
            if search((sign,), case.text) and not case.file.format.startswith(format):
                return Explanation("other-format", meaning, tuple(contents(case.file)), advice=ways)
    return Explanation("damaged", meaning, tuple(_about(case.file, findings, broken)), _remedies(case, findings),
                       ("Get the file again from where it came from, and compare its size.",) if any(
                           finding.id != "plain-pickle" for finding in findings) else ())


def _found(file: Checkpoint, case: Case) -> Iterator[Finding]:
    """What is wrong with the bytes, which are read for it."""
    for finding in (*file.findings, *corrupt_member.check(file, case.monitor)):
        if finding.level != "info" and finding.id in _DAMAGE:
            yield finding


_DAMAGE = frozenset({"truncated-archive", "truncated", "broken-tensor", "checksum", "corrupt-member", "missing-member", "missing-file",
                     "trailing-bytes", "plain-pickle", "salvaged", "layout", "byteorder", "version"})


def _about(file: Checkpoint, findings: Sequence[Finding], broken: Sequence[str]) -> Iterator[str]:
    for finding in findings:
        yield finding.message
    if broken and not any(finding.id == "broken-tensor" for finding in findings):
        yield f"{len(broken):,} of {count(len(file.tensors), 'tensor')} cannot be read: {few(broken)}."
    told = loads_with_torch(file)
    if not findings and not broken:
        yield ("This file is whole: all its bytes were read, and are what they should be where it has a checksum of them. The text is "
               "about another file or another copy, or the file was still being written.")
        if told.weights_only is None:
            yield told.reason


def _remedies(case: Case, findings: Sequence[Finding]) -> tuple[Remedy, ...]:
    file = case.file
    if file is None or not findings:
        return ()
    whole: Sequence[tuple[str, Sequence[Edit]]] = [("saved again, torch.load takes it, with all that is in it", [])] \
        if not any(info.problem for info in file.tensors.values()) and not is_taken(file) else []
    after = case.after([DropBroken()])
    if after is None or not after.tensors:
        return ()
    kept = len(after.tensors)
    if not whole or kept < len(file.tensors):
        whole = [(f"{kept:,} of {count(len(file.tensors), 'tensor')} {'is' if kept == 1 else 'are'} saved, what can be "
                  "read", [DropBroken()])]
    return case.remedies(whole, lambda ckpt: bool(ckpt.tensors))
