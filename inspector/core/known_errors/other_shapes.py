"""What programs say of a tensor by its shapes, with a part of its name at most: vLLM (`weight_utils.py`, `vocab_parallel_embedding.py`),
accelerate (`set_module_tensor_to_device`) and llama.cpp (`check_tensor_dims`, which counts dimensions from the last)."""
from __future__ import annotations

from inspector.core.checkpoint import Checkpoint
from inspector.core.edits.transpose import Transpose
from inspector.core.keypath import visible
from inspector.core.wording import count

from .explanation import Case, Explanation, few, search

_SIZE = r"(?:torch\.Size\()?\[(?P<{}>[\d, ]*)\]\)?"
_SHAPES = (rf"Attempted to load weight \({_SIZE.format('file')}\) into parameter \({_SIZE.format('model')}\)",
           rf"Trying to set a tensor of shape {_SIZE.format('file')} in ['\"](?P<name>[\w.]+)['\"] "
           rf"\(which has shape {_SIZE.format('model')}\), this looks? incorrect")
_REVERSED = (r"tensor ['\"](?P<name>[\w.\-]+)['\"] has wrong shape; expected (?P<model>[\d, ]+?), got (?P<file>[\d, ]+)",)
_VOCABULARY = (r"assert loaded_weight\.shape\[output_dim\] == \(? ?self\.org_vocab_size",)
_EMBEDDINGS = ("embed_tokens.weight", "lm_head.weight", "wte.weight", "word_embeddings.weight")


def explain(case: Case) -> Explanation | None:
    return _shapes(case) or _vocabulary(case)


def _shapes(case: Case) -> Explanation | None:
    found, is_reversed = search(_SHAPES, case.text), False
    if found is None:
        found, is_reversed = search(_REVERSED, case.text), True
    if found is None:
        return None
    stored, wanted = _shape(found["file"], is_reversed), _shape(found["model"], is_reversed)
    name = found.groupdict().get("name") or ""
    called = f" ({visible(name, 80)})" if name else ""
    meaning = f"A tensor{called} has the shape {[*stored]} in the file and {[*wanted]} in the program's model."
    if case.file is None:
        return Explanation("other-shapes", meaning)
    keys = [key for key, info in case.file.tensors.items() if info.shape == stored and (not name or f".{key}".endswith(f".{name}"))]
    about = (f"In this file {few(keys)} {'has' if len(keys) == 1 else 'have'} that shape.",) if keys else (
        "No such tensor of this file has that shape: the text is about another file, or the program cuts or joins tensors before.",)
    turned = [("it is turned round, as the model has it", [Transpose(keys[0])])] \
        if len(keys) == 1 and len(stored) == 2 and stored == wanted[::-1] and not is_reversed else []
    rows = len(stored) == len(wanted) > 0 and stored[0] != wanted[0] and stored[1:] == wanted[1:]
    return Explanation("other-shapes", meaning, about, case.remedies(turned, lambda ckpt: ckpt.tensors[keys[0]].shape == wanted), (
        f"The number of rows alone is another. Where it is a vocabulary, vocab_size in config.json has to be {stored[0]}.",) if rows else (
        "config.json has to be the one of these weights.",))


def _vocabulary(case: Case) -> Explanation | None:
    if search(_VOCABULARY, case.text) is None:
        return None
    about = tuple(_rows(case.file)) if case.file is not None else ()
    return Explanation("vocabulary", "The embeddings of the file have another number of rows than vocab_size in config.json says.", about,
                       advice=("vocab_size in config.json has to be the number of rows of the embeddings.",))


def _rows(file: Checkpoint) -> list[str]:
    """Of the first tables of words."""
    found = [(key, info.shape[0]) for key, info in file.tensors.items() if key.endswith(_EMBEDDINGS) and len(info.shape) == 2]
    return [f"In this file {visible(key, 80)} has {count(rows, 'row')}." for key, rows in found[:3]]


def _shape(text: str, is_reversed: bool) -> tuple[int, ...]:
    sizes = [int(part[:18]) for part in text.replace(",", " ").split()]
    while is_reversed and len(sizes) > 1 and sizes[-1] == 1:        # llama.cpp tells four of what is there
        sizes.pop()
    return tuple(reversed(sizes) if is_reversed else sizes)
