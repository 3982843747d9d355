"""What is said of a pickle that is in order and was read in another way than it was written: by pickle.load instead of torch.load, in
another encoding, in the protocol whose ids are text.

"A load persistent id instruction was encountered", "persistent_load", "codec can't decode": CPython's _pickle.c and codecs; "saved_id must
be a tuple", "Unknown saved id type": torch/serialization.py.
"""
from __future__ import annotations

from inspector.core.edits.make_plain import MakePlain
from inspector.core.torch_load import loads_with_torch

from .explanation import Case, Explanation, is_taken, search

_BY_PICKLE = (r"persistent id instruction was encountered", r"no persistent_load function was specified",
              r"unsupported persistent id encountered")
_ENCODING = (r"'(?P<codec>ascii|utf-?8)' codec can't decode byte (?P<byte>0x[0-9a-f]{2})",)
_TEXT_IDS = (r"saved_id must be a tuple", r"Unknown saved id type")
_LATIN = 'torch.load(path, weights_only=False, encoding="latin1")'


def explain(case: Case) -> Explanation | None:
    return _by_pickle(case) or _text_ids(case) or _encoding(case)


def _by_pickle(case: Case) -> Explanation | None:
    if search(_BY_PICKLE, case.text) is None:
        return None
    meaning = "pickle.load was given a file that torch.save wrote: its tensors lie beside the pickle, where only torch.load finds them."
    about: tuple[str, ...] = ()
    if case.file is not None and case.file.format == "pickle":
        about = ("This file is no such file: it is a plain pickle.",)
    return Explanation("read-by-pickle", meaning, about, advice=("torch.load(path)",))


def _text_ids(case: Case) -> Explanation | None:
    if search(_TEXT_IDS, case.text) is None:
        return None
    meaning = "The file refers to its tensors in a way that torch.load does not read, as pickle protocol 0 does."
    file = case.file
    told = [] if file is None else [finding.message for finding in file.findings if finding.id == "text-ids"]
    remedies = case.remedies([("saved again, it is a file that torch.load takes", ())], lambda ckpt: bool(told))
    about = tuple(told) if told or file is None else ("This file has no such references.",)
    return Explanation("text-ids", meaning, about, remedies)


def _encoding(case: Case) -> Explanation | None:
    found = search(_ENCODING, case.text)
    if found is None:
        return None
    file = case.file
    told = [] if file is None else [finding for finding in file.findings if finding.id == "undecodable-text"]
    refused = file is not None and any(one.name == "str" for one in loads_with_torch(file).refused)
    meaning = ("A text of Python 2 is in another encoding than torch.load and pickle.load expect." if told or refused or file is None else
               "Something was read as text that is none, or is in another encoding.")
    if told or refused:
        return Explanation("encoding", meaning, tuple(finding.message for finding in told),
                           case.remedies([("a file without such texts", [MakePlain("*")])], is_taken), (_LATIN,))
    if file is None:
        return Explanation("encoding", meaning, advice=(_LATIN, "A program that opened the file as text has to open it with torch.load."))
    return Explanation("encoding", meaning, ("No text in this file is at fault: a program opened it as text, which it is not, or another "
                                             "file is meant.",))
