"""What torch.save says of something that cannot be pickled: a lambda, a lock, a generator, an open file, a class of a function."""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core import wording
from inspector.core.keypath import visible

from .explanation import Case, Explanation, search

_SIGNS = (r"[Cc]an(?:'t|not) pickle local object ['\"]?(?P<local>[\w.<>]+)", r"[Cc]an(?:'t|not) get local object ['\"](?P<got>[\w.<>]+)",
          r"[Cc]an(?:'t|not) pickle (?:a |an )?['\"]?(?P<type>[\w.]+)['\"]? objects?",
          r"[Cc]an(?:'t|not) pickle <(?:class|function|built-in \w+) ?'?(?P<named>[\w.<>]+)",
          r"[Cc]an(?:'t|not) pickle (?P<other>.{1,80}?):")
_WHAT = {"lock": "a lock", "RLock": "a lock", "generator": "a generator", "module": "a module of Python", "TextIOWrapper": "an open file",
         "BufferedReader": "an open file", "BufferedWriter": "an open file", "Event": "a lock", "socket": "a connection",
         "weakref": "a weak reference", "SummaryWriter": "a writer of logs"}


def explain(case: Case) -> Explanation | None:
    found = search(_SIGNS, case.text)
    if found is None:
        return None
    name = next(text for text in found.groups() if text)
    what = "a lambda" if "<lambda>" in name else _WHAT.get(name.rpartition(".")[2], "")
    where = " that was made inside a function" if "<locals>" in name and not what else ""
    meaning = (f"Saving failed, not loading: {visible(name, 120)}{where or (f' is {what}' if what else '')}"
               f"{', and' if where or what else ''} cannot be pickled, so that nothing with it in can be saved.")
    return Explanation("cannot-pickle", meaning, tuple(_about(case)), advice=_ADVICE)


_ADVICE = ("Save what is data: torch.save({\"model\": model.state_dict(), \"optimizer\": optimizer.state_dict(), \"epoch\": epoch}, path)",
           "Instead of the whole model, the arguments it is made with; instead of a lambda, a function at the top level of a module.",
           "Raised by a DataLoader, it is about its workers: the dataset, its transforms and collate_fn are pickled for each; "
           "num_workers=0 needs none.")


def _about(case: Case) -> Iterator[str]:
    if case.file is not None:
        size = wording.size(case.file.nbytes)
        yield (f"This file ({size}, {wording.count(len(case.file.tensors), 'tensor')}) can be read: it is not the one whose save failed, "
               "or was written by another save.")
