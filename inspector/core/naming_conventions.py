"""What the parts of a training checkpoint are for, by the names that people and wrappers give them."""
from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator

from .keypath import segments_of, top_of
from .progress import SIP, in_pieces

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_AVERAGE = frozenset(("ema", "swa", "averaged", "average", "avg", "polyak", "shadow", "teacher", "target"))
_OTHERS = frozenset(("scheduler", "schedulers", "sched", "lrs", "scaler", "scalers", "amp", "callbacks", "loops", "rng",
                     "metrics", "metric", "hyper", "hparams"))
_OPTIMIZER = frozenset(("optimizer", "optimizers", "optim", "opt", "optimiser"))
_ANY = frozenset(("state", "states", "dict", "dicts", "model", "models", "net", "network", "module", "weights", "params", "parameters",
                  "checkpoint", "ckpt"))

_INPUT = frozenset(("input", "inputs", "batch", "example", "examples", "sample", "samples"))
_SAMPLE = frozenset(("example", "examples", "sample", "samples", "dummy", "trace", "traced", "fixed", "eval"))
_MEASURES = frozenset(("metric", "metrics", "meter", "meters", "losses", "history", "logs", "statistics"))

# How `get_extra_state` of a module ends in a state dict (torch/nn/modules/module.py, `_EXTRA_STATE_KEY_SUFFIX`).
EXTRA_STATE = "_extra_state"
# The usual paths of the weights to load, most wanted first.
USUAL_WEIGHTS = ("", "model_state_dict", "state_dict", "model", "module", "net", "network", "weights", "params")
# What wrappers put into names, at any depth, and who they are: torch/_dynamo/eval_frame.py (OptimizedModule),
# torch/distributed/fsdp/_common_utils.py (FSDP_WRAPPED_MODULE) and, until 1.12, flatten_params_wrapper.py (FPW_MODULE),
# torch/distributed/algorithms/_checkpoint/checkpoint_wrapper.py (_CHECKPOINT_WRAPPED_MODULE), lightning/fabric/wrappers.py.
WRAPPERS = {"_orig_mod": "torch.compile", "_fsdp_wrapped_module": "FullyShardedDataParallel",
            "_fpw_module": "FullyShardedDataParallel", "_checkpoint_wrapped_module": "activation checkpointing",
            "_forward_module": "Lightning Fabric"}
# The same of wrappers whose name is also somebody's own: they are told by all names having it, or a part of the model nothing else.
# torch/nn/parallel, torch/optim/swa_utils.py, opacus/grad_sample/gsm_base.py.
PLAIN_WRAPPERS = {"module": "DataParallel or DistributedDataParallel", "_module": "Opacus"}
STRIPPED_PREFIXES = tuple(f"{name}." for name in (*PLAIN_WRAPPERS, *WRAPPERS))
"""Prefixes that wrappers give names, as `StripPrefix` takes them, the most usual first."""
ADDED_PREFIXES = ("module.", "model.", "_orig_mod.")
"""Prefixes that are asked for with `AddPrefix`, the most usual first."""
# A tensor of the wrapper itself, beside the wrapped model (torch/optim/swa_utils.py, AveragedModel).
WRAPPERS_OWN = frozenset(("n_averaged",))

# What models tie to an embedding, or to a bias, and keep only once: the end of the name that is left out -> the ends of those it is tied
# to, most usual first. transformers, `_tied_weights_keys` and `tie_weights` of modeling_*.py (gpt2, llama, opt, t5, bart, bert, roberta,
# electra, albert, distilbert, gpt_neox, whisper, xlm, xlnet, rwkv, mamba); facebookresearch/llama; karpathy/nanoGPT.
_WORDS = "embeddings.word_embeddings.weight"
TIED_NAMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("lm_head.weight", ("embed_tokens.weight", "wte.weight", "word_embeddings.weight", "shared.weight", "decoder.embed_tokens.weight",
                        "embed_in.weight", "embeddings.weight", "embedding.weight", "tok_embeddings.weight", "emb.weight")),
    ("cls.predictions.decoder.weight", (_WORDS,)), ("cls.predictions.decoder.bias", ("cls.predictions.bias",)),
    ("predictions.decoder.weight", (_WORDS,)), ("predictions.decoder.bias", ("predictions.bias",)),
    ("lm_head.decoder.weight", (_WORDS,)), ("lm_head.decoder.bias", ("lm_head.bias",)), ("generator_lm_head.weight", (_WORDS,)),
    ("vocab_projector.weight", (_WORDS,)), ("embed_out.weight", ("embed_in.weight",)),
    ("proj_out.weight", ("decoder.embed_tokens.weight",)),
    ("encoder.embed_tokens.weight", ("shared.weight",)), ("decoder.embed_tokens.weight", ("shared.weight", "encoder.embed_tokens.weight")),
    ("shared.weight", ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")), ("output.weight", ("tok_embeddings.weight",)),
    ("output_layer.weight", ("embedding.word_embeddings.weight",)), ("pred_layer.proj.weight", ("embeddings.weight",)),
    ("lm_loss.weight", ("word_embedding.weight",)),
)

# Device tags that torch, or a backend for it, restores tensors on: `_package_registry` in torch/serialization.py 2.13 ("cpu" and "meta"
# have no number), and what plug-ins call theirs: torch_xla, torch_npu, torch_mlu, torch_musa, torch_sdaa, torch_gcu, poptorch,
# onnxruntime-training, Intel Gaudi, Azure Maia. Numbers are an int8 (c10/core/Device.h), without a zero before them.
_DEVICE = re.compile(r"cpu|meta|(?:cuda|mps|xpu|hpu|mtia|xla|npu|mlu|musa|sdaa|gcu|ipu|ort|maia|privateuseone|privateuse1)"
                     r"(?::(?:[0-9]|[1-9][0-9]|1[01][0-9]|12[0-7]))?")


def is_device(tag: str) -> bool:
    """Whether a location tag is a device that some torch can restore tensors on."""
    return _DEVICE.fullmatch(tag) is not None


def without_wrappers(name: str, wrappers: Container[str] = WRAPPERS) -> str:
    """`name` without the segments that are just the name of a wrapper, but for the last, which is a tensor's."""
    if "_" not in name and wrappers is WRAPPERS:
        return name
    *above, last = segments_of(name)
    return ".".join([*(segment for segment in above if segment not in wrappers), last])


# What distributed and sharded savers put before the number of a file: transformers ("-00001-of-00002"), torch's DCP in safetensors
# ("shard-00001-"), DeepSpeed ("mp_rank_00", "zero_pp_rank_0"), Megatron ("tp_rank", "pp_rank"), lightning and others ("part").
_NUMBERED = re.compile(r"(?:(?<![A-Za-z])(?:shard|part|partition|(?:mp|tp|pp|dp|ep|cp)_?rank)[-_.]?)(\d+)|(\d+)(?=-of-\d+)", re.IGNORECASE)


def are_shards(path: str, other: str) -> bool:
    """Whether two paths name parts of one checkpoint: files of one folder whose names differ in the number of the part alone."""
    (folder, name), (another, different) = os.path.split(os.path.abspath(path)), os.path.split(os.path.abspath(other))
    return folder == another and name != different and _without_number(name) == _without_number(different)


def _without_number(name: str) -> str:
    return _NUMBERED.sub(lambda found: found[0].replace(found[1] or found[2], "#"), name)


def words(path: str) -> tuple[str, ...]:
    """("optimizer", "g", "state", "dict") of "optimizerG_state_dict"."""
    return tuple(word.lower() for word in _WORD.findall(path[:400]))


def tokens(path: str) -> frozenset[str]:
    """What sets the name of a state dict apart from others: {"g"} of "netG.state_dict" and of "optimizer_G"."""
    return frozenset(words(path)) - _OPTIMIZER - _ANY


def _hint_of(wanted: Collection[str]) -> Callable[[str], bool]:
    """Tells, several times as fast as `words`, most paths that have none of these words: some files have as many state dicts as tensors."""
    search = _search_for(wanted)
    return lambda path: search(path[:400].lower()) is not None


def _search_for(wanted: Collection[str]) -> Callable[[str], re.Match[str] | None]:
    shortest = [word for word in sorted(wanted) if not any(other in word and other != word for other in wanted)]
    return re.compile("|".join(map(re.escape, shortest))).search


def _pieces_with(wanted: Collection[str]) -> Callable[[Iterable[str]], Iterator[tuple[bool, list[str]]]]:
    """The same of many paths: pieces of them, and whether one of a piece may have any of these words."""
    search = _search_for(wanted)
    return lambda paths: ((search("\n".join(piece).lower()) is not None, piece) for piece in in_pieces(paths, SIP))


_hints_at_average = _hint_of(_AVERAGE)
_hints_at_others = _hint_of(_OTHERS | _OPTIMIZER)
_pieces_with_averages = _pieces_with(_AVERAGE)
_pieces_with_others = _pieces_with(_OTHERS | _OPTIMIZER)
_hints_at_no_weights = _hint_of(("rng", "random", *_INPUT, *_MEASURES))
_hints_at_random = _hint_of(("rng", "random"))
_hints_at_scheduler = _hint_of(("sched",))
_hints_at_scaler = _hint_of(("scaler", "amp"))


def is_average(path: str) -> bool:
    """Whether a state dict is named like an average of another (EMA, SWA), a teacher or a target network."""
    return _hints_at_average(path) and not _AVERAGE.isdisjoint(words(path))


def is_weights(path: str) -> bool:
    """Whether a state dict may be a model's, going by its name: no scheduler, scaler, callback or optimizer."""
    top = top_of(path)
    return not _hints_at_others(top) or not set(words(top)) & (_OTHERS | _OPTIMIZER)


def paths_of_averages(paths: Iterable[str]) -> set[str]:
    """Those that `is_average` says it of."""
    return {path for maybe, piece in _pieces_with_averages(paths) if maybe for path in piece if is_average(path)}


def paths_of_weights(paths: Iterable[str]) -> list[str]:
    """Those that `is_weights` says it of, in order."""
    return [path for maybe, piece in _pieces_with_others(paths) for path in piece if not maybe or is_weights(path)]


def is_scheduler(name: str) -> bool:
    """Of a name at the root: "lr_schedulers", "scheduler_state_dict"."""
    if not _hints_at_scheduler(name):
        return False
    found = set(words(name))
    return not {"scheduler", "schedulers"}.isdisjoint(found) or {"lr", "sched"} <= found


def is_scaler(name: str) -> bool:
    """Of a name at the root: "scaler", "grad_scaler", "NativeScaler"."""
    return _hints_at_scaler(name) and not {"scaler", "scalers", "amp"}.isdisjoint(words(name))


def is_random_state(name: str) -> bool:
    """Of a name at the root: "rng_state", "cuda_rng_state", "numpy_random_state"."""
    if not _hints_at_random(name):
        return False
    found = set(words(name))
    return "rng" in found or {"random", "state"} <= found or {"random", "states"} <= found


def is_sample(name: str) -> bool:
    """Whether a name says what a model was tried with: "example_inputs", "sample_batch", "inputs"."""
    found = set(words(name))
    return bool(found & _INPUT) and (bool(found & _SAMPLE) or found <= _INPUT)


def holds_no_weights(name: str) -> bool:
    """Whether what is called so may hold tensors, and none that a model learns: states of random numbers, meters, samples."""
    return _hints_at_no_weights(name) and (is_random_state(name) or is_sample(name) or not _MEASURES.isdisjoint(words(name)))
