"""What `load_state_dict` says of names and shapes; see `comparison.loading`."""
from __future__ import annotations

from collections.abc import Iterator

from inspector.core import wording
from inspector.core.checkpoint import Checkpoint
from inspector.core.comparison.loading.doctor import doctor
from inspector.core.comparison.loading.error_text import read_error
from inspector.core.comparison.loading.lists import Lists
from inspector.core.comparison.loading.load_report import LoadReport
from inspector.core.errors import UsageError
from inspector.core.keypath import top_of, visible

from .explanation import Case, Explanation, Remedy

STRONG = (r"loading state_dict for", r"key\(s\) in state_dict", r"[Ss]ize mismatch for ", r"While copying the parameter named")


def explain(case: Case) -> Explanation | None:
    try:
        said = read_error(case.text)
    except UsageError:
        return None
    if case.unreadable is not None:
        return Explanation("load-state-dict", _meaning(said.model))
    found = doctor(case.text, case.file, state_dict=case.state_dict, monitor=case.monitor)
    remedies = tuple(Remedy(f"{visible(one.name, 60)} merged, {_outcome(one.after, found)}", one.edits)
                     for one in found.merges if one.edits and one.after is not None) if found.merges else \
        (Remedy(_outcome(found.after, found), found.edits),) if found.suggested and found.after.fitting else ()
    about = tuple(_about(case.file, found, said.lists.unexpected)) if case.file is not None else ()
    return Explanation("load-state-dict", _meaning(said.model), about, remedies, load=found)


def _meaning(model: str) -> str:
    return f"The names or shapes of the file are not those of the model{f' ({visible(model, 80)})' if model else ''}."


def _about(file: Checkpoint, found: LoadReport, unexpected: tuple[str, ...]) -> Iterator[str]:
    """Where what was loaded is the dict around the weights."""
    tops = {top_of(key) for table in (file.tensors, file.values) for key in table}
    if found.state_dict and any(name in tops and name not in found.lists.unexpected for name in unexpected):
        inner = "".join(f'["{visible(part, 80)}"]' for part in found.state_dict.split("."))
        yield (f"load_state_dict was given the whole file; the weights are in it, at {visible(found.state_dict, 80)}: "
               f"torch.load(path){inner}.")


def _outcome(after: Lists, found: LoadReport) -> str:
    if after.loads:
        names = found.by_name(after)
        if after.fitting == 1:
            return f"its one key loads{', by its name' if names else ''}"
        return f"all {wording.count(after.fitting, 'key')} load{', by their names' if names else ''}"
    return f"{wording.count(after.fitting, 'key')} load with strict=False" if not after.mismatched else \
        f"{wording.count(after.fitting, 'key')} fit"
