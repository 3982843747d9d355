"""An adapter and the model that it is for: which weight each of its modules adds to, told by names and shapes alone.

PEFT names modules as the model does, behind "base_model.model." (peft 0.21 utils/save_and_load.py); a base that was saved with or without
one more prefix than the model has is found all the same, where the rest fits. Kohya writes the dots of a name as underscores. In a
PeftModel that was saved whole each adapter has its name in the keys, and its base beside it.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import NamedTuple

from inspector.core.checkpoint import Checkpoint, TensorInfo
from inspector.core.keypath import ancestors, leaf_of, relative, visible
from inspector.core.naming_conventions import USUAL_WEIGHTS
from inspector.core.progress import QUIET, Monitor
from inspector.core.training.weights import optimizer_states
from inspector.core.wording import count

from .packed.families.lora import CONFIG, KOHYA, PREFIX, Adapter, adapters, config_of
from .packed.families.names import Names
from .packed.logical import packed

_KINDS = {"lora": "LoRA", "dora": "DoRA", "lora-kohya": "LoRA (Kohya's names)"}
_SAMPLE = 8             # names by which a prefix is looked for
_OTHER_RULES = {"use_qalora": "QALoRA", "use_bdlora": "BD-LoRA", "alora_invocation_tokens": "aLoRA", "layer_replication": "repeated layers"}
_PARTS = ("lora_", "hada_", "lokr_", "oft_", "vera_", "ia3_", "prompt_embeddings", "token_adapter", "dora_scale", "diff", "adaption_",
          "trainable_tokens_")
_OWN_WEIGHT, _OTHER_WEIGHT, _COPIES = ".base_layer.", ".original_module.", ".modules_to_save."


class Module(NamedTuple):
    """What the adapter has for one module, the base's weight that it is added to (None: there is none), and the bias where it adds to that.
    `turned`: the base has the weight the other way round than B A. `problem` says why it cannot be added."""

    adapter: Adapter
    weight: TensorInfo | None
    bias: TensorInfo | None = None
    turned: bool = False
    problem: str = ""


class Whole(NamedTuple):
    """A tensor that the adapter brings whole, and the key of the base that it replaces, or is new under."""

    tensor: TensorInfo
    key: str
    replaced: TensorInfo | None


@dataclass(frozen=True, slots=True)
class AdapterFit:
    """`state_dict` is the path of the base's weights. `removed` and `added`: by which prefix the base's names differ from the adapter's.
    `elsewhere` are modules of a part that the base has nothing of, as of a text encoder; `unknown` keys of the adapter whose meaning is
    not known; `problem` says what about the adapter as a whole is not."""

    modules: tuple[Module, ...]
    whole: tuple[Whole, ...] = ()
    elsewhere: tuple[Adapter, ...] = ()
    unknown: tuple[str, ...] = ()
    state_dict: str = ""
    removed: str = ""
    added: str = ""
    problem: str = ""

    @property
    def fitting(self) -> tuple[Module, ...]:
        return tuple(one for one in self.modules if not one.problem)

    @property
    def missing(self) -> tuple[Module, ...]:
        """The modules that the base has no weight for."""
        return tuple(one for one in self.modules if one.weight is None)

    @property
    def fits(self) -> bool:
        """Whether all of it can be added to the base."""
        return not self.problem and not self.unknown and bool(self.modules or self.whole) and not any(one.problem for one in self.modules)

    @property
    def sentence(self) -> str:
        """Whether it fits, in one sentence."""
        if self.problem:
            return f"it cannot be said whether it fits: {self.problem}"
        if not self.modules:
            return "there is no module in it that adds to a weight"
        modules = count(len(self.modules), "module")
        parts = [one.adapter for one in self.modules]
        said = f"{_ranks(parts)}; scale {_scales(parts)}"
        if self.fits:
            whose = "the 1 module has its" if len(self.modules) == 1 else f"all {modules} have their"
            return f"it fits: {whose} weight in the base; {said}"
        missing, wrong = len(self.missing), sum(bool(one.problem) and one.weight is not None for one in self.modules)
        faults = [f"{missing:,} {'has' if missing == 1 else 'have'} no weight in the base" if missing else "",
                  f"{wrong:,} {'does' if wrong == 1 else 'do'} not go with the weight there is" if wrong else ""]
        why = [f"of {modules} {', '.join(fault for fault in faults if fault)}"] if missing or wrong else []
        if self.unknown:
            why.append(f"what {count(len(self.unknown), 'more tensor')} of it {'does' if len(self.unknown) == 1 else 'do'} is not known")
        return f"it does not fit: {', and '.join(why)}; {said}"


def _ranks(parts: Iterable[Adapter]) -> str:
    kinds: dict[str, set[int]] = {}
    for one in parts:
        kinds.setdefault(_KINDS[one.scheme], set()).add(one.rank)
    return ", ".join(f"{kind} of rank {min(ranks):,}" + (f" to {max(ranks):,}" if len(ranks) > 1 else "") for kind, ranks in kinds.items())


def _scales(parts: Iterable[Adapter]) -> str:
    known = sorted({one.factor for one in parts if one.factor is not None})
    if not known:
        return "not known"
    return f"{known[0]:.6g}" + (f" to {known[-1]:.6g}" if len(known) > 1 else "")


def is_adapter(ckpt: Checkpoint) -> bool:
    """Whether it is an adapter by itself, without the weights that it adds to.

    >>> core.is_adapter(core.edit({"a.lora_A.weight": np.ones((2, 4)), "a.lora_B.weight": np.ones((4, 2))}, []))
    True
    """
    if not any(".lora_" in key for key in ckpt.tensors):
        return False
    parts = [*adapters(Names(ckpt))]
    return bool(parts) and not any(one.base for one in parts)


# -- a model with its adapters in one file ---------------------------------------------------------------------------------------------

def inner_adapters(ckpt: Checkpoint, monitor: Monitor = QUIET) -> dict[str, tuple[Adapter, ...]]:
    """name -> what an adapter has for each module, of those that lie beside the weights that they add to: a PeftModel that was saved
    whole. Reads the configuration beside the file. Raises Cancelled.

    >>> model = {"q.base_layer.weight": np.ones((4, 8)), "q.lora_A.mine.weight": np.ones((2, 8)), "q.lora_B.mine.weight": np.ones((4, 2))}
    >>> [(name, [one.rank for one in parts]) for name, parts in core.inner_adapters(core.edit(model, [])).items()]
    [('mine', [2])]
    """
    found: dict[str, list[Adapter]] = {}
    if any(".lora_" in key for key in ckpt.tensors):
        for one in adapters(Names(ckpt, monitor)):
            if one.adapter:
                found.setdefault(one.adapter, []).append(one)
    return {name: tuple(parts) for name, parts in found.items() if any(one.base for one in parts)}


def inner_fit(ckpt: Checkpoint, name: str, alpha: float | None = None, monitor: Monitor = QUIET) -> AdapterFit:
    """How the adapter of that name fits the weights that it lies beside. `alpha`: its alpha, whatever is said of it elsewhere. Raises
    Cancelled."""
    names = Names(ckpt, monitor)
    parts = [one for one in adapters(names, {} if alpha is None else {name: alpha}) if one.adapter == name]
    hidden = set(packed(ckpt, monitor))
    there = ckpt.tensors
    straight = {_way(one, there[one.base].shape) for one in parts if one.base and not one.embedding} & {"straight", "turned"}
    modules = []
    for one in parts:
        key = one.base or f"{one.key}{_OWN_WEIGHT}weight"
        ways = straight if one.turned is None else {"turned" if one.turned else "straight"}
        modules.append(_module(one, there.get(key), there.get(f"{key.removesuffix('weight')}bias"), key in hidden, ways))
    taken = {key for one in parts for key in one.parts.values()} | {one.bias.key for one in parts if one.bias is not None}
    mine = inner_keys(ckpt, name)
    copies = [key for key in mine if _COPIES in key]
    whole = [Whole(there[key], replaced, there.get(replaced)) for key in copies
             for replaced in [key.replace(f"{_COPIES}{name}.", _OTHER_WEIGHT, 1)]]
    unknown = [key for key in mine if key not in taken and _COPIES not in key]
    return AdapterFit(tuple(modules), tuple(whole), (), tuple(unknown), problem=_other_rules(config_of(names, name)))


def inner_keys(ckpt: Checkpoint, name: str = "") -> list[str]:
    """The keys of tensors that belong to the adapter of that name, or to any, in a model that has its adapters in it."""
    found = []
    for key in ckpt.tensors:
        if "_" not in key:
            continue
        segments = key.split(".")
        for part, owner in pairwise(segments):
            if (part.startswith(_PARTS) or part == _COPIES[1:-1]) and (not name or owner == name):
                found.append(key)
                break
    return found


def keys_alone(ckpt: Checkpoint, name: str, monitor: Monitor = QUIET) -> dict[str, str]:
    """key -> what PEFT calls it in a file of the adapter's own (`get_peft_model_state_dict`), which has the biases of the model too where
    all of them were trained. Reads the configuration beside the file. Raises Cancelled."""
    keys = inner_keys(ckpt, name)
    if config_of(Names(ckpt, monitor), name).get("bias") == "all":
        others = {*inner_keys(ckpt)}
        keys += [key for key in ckpt.tensors if "bias" in key and key not in others and _OTHER_WEIGHT not in key]
    return {key: _name_alone(key, name) for key in keys}


def base_name(name: str) -> str:
    """What a tensor of the base is called without its adapters, as `merge_and_unload` leaves it."""
    return name.replace(PREFIX, "", 1).replace(_OWN_WEIGHT, ".").replace(_OTHER_WEIGHT, ".")


def replaced_keys(ckpt: Checkpoint, name: str) -> dict[str, str]:
    """key -> the key in whose stead it comes, of the tensors that the adapter brings whole."""
    return {key: key.replace(f"{_COPIES}{name}.", _OTHER_WEIGHT, 1) for key in inner_keys(ckpt, name) if _COPIES in key}


def _name_alone(key: str, adapter: str) -> str:
    at = key.find(PREFIX)
    name = key[at + len(PREFIX):] if at >= 0 else key
    name = name.replace(f"{_COPIES}{adapter}.", ".", 1)
    head, there, tail = name.rpartition(f".lora_magnitude_vector.{adapter}")
    if there and tail in ("", ".weight"):
        return f"{PREFIX}{head}.lora_magnitude_vector"
    head, there, tail = name.rpartition(f".{adapter}")
    return PREFIX + (head + tail if there and (not tail or tail.startswith(".")) and ".lora_" in head else name)


def said_of_adapters(found: Mapping[str, Sequence[Adapter]]) -> str:
    """Those of `inner_adapters` in a few words.

    >>> model = {"q.base_layer.weight": np.ones((4, 8)), "q.lora_A.mine.weight": np.ones((2, 8)), "q.lora_B.mine.weight": np.ones((4, 2))}
    >>> core.said_of_adapters(core.inner_adapters(core.edit(model, [])))
    'mine (LoRA of rank 2 in 1 module, scale not known)'
    """
    return ", ".join(f"{visible(name, 40)} ({_ranks(parts)} in {count(len(parts), 'module')}, scale {_scales(parts)})"
                     for name, parts in found.items())


# -- an adapter and a model in another file --------------------------------------------------------------------------------------------


def adapter_fit(adapter: Checkpoint, base: Checkpoint, monitor: Monitor = QUIET) -> AdapterFit:
    """How the two fit. Reads small tensors and the configuration beside the adapter. Raises Cancelled."""
    names = Names(adapter, monitor)
    parts = [*adapters(names)]
    named = sorted({one.adapter for one in parts})
    if any(one.base for one in parts):
        return AdapterFit((), problem="it is a whole model with its adapters in it, which `--merge-adapter :` merges in the file itself")
    if len(named) > 1:
        return AdapterFit((), problem=f"it holds several adapters: {', '.join(visible(name, 40) for name in named[:_SAMPLE])}")
    numbered = optimizer_states(base)
    paths = [path for path in base.state_dicts if path not in numbered] or [""]
    paths.sort(key=lambda path: USUAL_WEIGHTS.index(path) if path in USUAL_WEIGHTS else len(USUAL_WEIGHTS))
    by_path: dict[str | None, dict[str, TensorInfo]] = {}
    for info in base.tensors.values():
        by_path.setdefault(info.state_dict, {})[info.name] = info
    hidden: dict[str, set[str]] = {path: set() for path in paths}
    for name in packed(base, monitor):
        for path in ancestors(name):
            if path in hidden:
                hidden[path].add(_module_of(relative(name, path)))
    found = []
    for path in paths:
        monitor.check()
        there = by_path.get(path, {}) if path or path in by_path else dict(base.tensors)
        found.append(_fit(names, parts, there, path, hidden[path]))
    return max(found, key=lambda one: sum(module.weight is not None for module in one.modules))       # the first of those with most


def _fit(names: Names, parts: Sequence[Adapter], there: Mapping[str, TensorInfo], path: str, hidden: Set[str]) -> AdapterFit:
    """`there`: the tensors of the base's state dict at `path`, by name; `hidden`: those that it has packed."""
    kohya = [one for one in parts if one.scheme == "lora-kohya"]
    others = [one for one in parts if one.scheme != "lora-kohya"]
    by_module = {_module_of(name): info for name, info in there.items() if leaf_of(name) == "weight" or "." not in name}
    removed, added = _prefix([one.name for one in others], [*by_module], ".")
    named = [(one, _renamed(one.name, removed, added)) for one in others]
    ways = {way for one, name in named if not one.embedding and name in by_module
            and (way := _way(one, by_module[name].shape)) in ("straight", "turned")}
    modules = [_module(one, by_module.get(name), there.get(f"{name}.bias"), name in hidden, ways) for one, name in named]
    elsewhere: list[Adapter] = []
    if kohya:
        more, elsewhere = _flattened(kohya, by_module, hidden)
        modules += more
    whole, unknown = _rest(names, parts, there, removed, added)
    if path:
        whole = [one._replace(key=f"{path}.{one.key}") if one.replaced is None else one for one in whole]
    return AdapterFit(tuple(modules), tuple(whole), tuple(elsewhere), tuple(unknown), path, removed, added,
                      _other_rules(names.file(CONFIG)))


def _module_of(name: str) -> str:
    return name.removesuffix(".weight")


def _renamed(name: str, removed: str, added: str) -> str:
    """The base's name; one that is none where the prefix is missing that the others have."""
    return added + name[len(removed):] if name.startswith(removed) else ""


def _prefix(wanted: Sequence[str], there: Sequence[str], separator: str) -> tuple[str, str]:
    """Which prefix is to be taken from `wanted`, and which put before, so that most of them are in `there`; ("", "") where that is best."""
    known = set(there)
    best, most = ("", ""), sum(name in known for name in wanted)
    unmatched = [name for name in wanted if name not in known][:_SAMPLE]
    tried: dict[tuple[str, str], None] = {}
    for name in unmatched:
        ending = separator + name
        tried.update({("", other[:len(other) - len(name)]): None for other in there if other.endswith(ending)})
        tried.update({(head, ""): None for head, rest in _cuts(name, separator) if rest in known})
    equal = 0
    for prefixes, times in _times_there(tried, wanted, known, separator).items():
        if times > most:
            best, most, equal = prefixes, times, 1
        elif times == most:
            equal += 1
    return best if equal < 2 else ("", "")              # two that are as good: neither is meant for sure


def _times_there(prefixes: Iterable[tuple[str, str]], wanted: Sequence[str], known: Set[str],
                 separator: str) -> dict[tuple[str, str], int]:
    """How many of `wanted` each of (prefix to be taken away, prefix to be put before) leads to something `known`. Both sides are gone
    through once: there may be as many prefixes as names."""
    times = dict.fromkeys(prefixes, 0)
    if not times:
        return times
    asked = Counter(wanted)
    for name in known:
        for head, rest in _cuts(name, separator):
            if rest in asked and ("", head) in times:
                times["", head] += asked[rest]
    for name in wanted:
        for head, rest in _cuts(name, separator):
            if rest in known and (head, "") in times:
                times[head, ""] += 1
    return times


def _cuts(name: str, separator: str) -> Iterator[tuple[str, str]]:
    """Each beginning of a name that ends with a separator, and the rest."""
    at = name.find(separator)
    while at >= 0:
        yield name[:at + 1], name[at + 1:]
        at = name.find(separator, at + 1)


def _module(one: Adapter, weight: TensorInfo | None, bias: TensorInfo | None, is_packed: bool, ways: Set[str] = frozenset()) -> Module:
    """`ways`: how those of the adapter lie of whose shape it can be told."""
    if weight is None:
        why = "the base has its weight packed" if is_packed else "the base has no weight of that name"
        return Module(one, None, None, False, why)
    way = _way(one, weight.shape)
    turned = way == "turned"
    if way == "either":
        turned = "turned" in ways if ways else one.flipped
    problem = one.problem or ("the base has its weight packed" if is_packed else weight.problem)
    if not problem and one.bias is not None and bias is None:
        problem = "it adds to a bias that the base has not"
    if not problem and one.bias is not None and bias is not None and one.bias.shape != bias.shape:
        problem = f"it adds a bias of shape {[*one.bias.shape]} to one of {[*bias.shape]}"
    if not problem and way == "either" and len(ways) > 1:
        problem = "its weight is square, and others of the adapter lie both ways: which way this one does cannot be told"
    if not problem and way == "neither":
        problem = f"it adds a matrix of shape {[*one.shape]} to a weight of {[*weight.shape]}"
    if not problem and one.magnitude is not None and prod(one.magnitude.shape) != one.b.shape[0]:
        problem = f"it has {prod(one.magnitude.shape):,} lengths for {count(one.b.shape[0], 'row')}"
    return Module(one, weight, bias if one.bias is not None else None, turned, problem)


def _way(one: Adapter, shape: tuple[int, ...]) -> str:
    """Whether the base has the weight as B A is ("straight"), or "turned"; "either" of what is square, "neither" where the shapes do not
    fit. PEFT goes by the module's class, whatever `fan_in_fan_out` says, and a shape that only fits one way tells the class."""
    a, b = one.a.shape, one.b.shape
    if len(a) < 2 or len(b) < 2:
        return "neither"
    straight, turned = (b[0], *a[1:]), (a[1], b[0])
    if one.embedding:
        return "turned" if shape == turned else "neither"
    if len(a) == 2 and shape == straight == turned:
        return "either"
    if shape == straight or _without_ones(shape) == _without_ones(straight):
        return "straight"
    return "turned" if len(a) == 2 and shape == turned else "neither"


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A convolution over single points is a matrix."""
    while len(shape) > 2 and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def _flattened(parts: Sequence[Adapter], there: Mapping[str, TensorInfo], hidden: Iterable[str]) -> tuple[list[Module], list[Adapter]]:
    """The same by names whose dots are underscores; parts of a model that the base has nothing of are the second."""
    flat: dict[str, list[str]] = {}
    for name in there:
        flat.setdefault(name.replace(".", "_"), []).append(name)
    packed_names = {name.replace(".", "_") for name in hidden}
    modules: list[Module] = []
    elsewhere: list[Adapter] = []
    for prefix in KOHYA:
        mine = [one for one in parts if one.name.startswith(prefix)]
        wanted = [one.name[len(prefix):] for one in mine]
        removed, added = _prefix(wanted, [*flat], "_")
        here = []
        for one, name in zip(mine, wanted, strict=True):
            fitting = flat.get(_renamed(name, removed, added), [])
            weight = there[fitting[0]] if len(fitting) == 1 else None
            module = _module(one, weight, None, _renamed(name, removed, added) in packed_names)
            here.append(module._replace(problem="the base has several weights of that name") if len(fitting) > 1 else module)
        if any(one.weight is not None for one in here) or not mine:
            modules += here
        else:
            elsewhere += mine
    if elsewhere and not modules:
        return [_module(one, None, None, False) for one in elsewhere], []
    return modules, elsewhere


def _rest(names: Names, parts: Sequence[Adapter], there: Mapping[str, TensorInfo], removed: str,
          added: str) -> tuple[list[Whole], list[str]]:
    """The adapter's tensors that no module's product is made of: whole ones of the model, and those that nothing is known of."""
    taken = {key for one in parts for key in one.parts.values()} | {one.bias.key for one in parts if one.bias is not None}
    saved = names.file(CONFIG).get("modules_to_save")
    meant = {name for name in saved if isinstance(name, str)} if isinstance(saved, list) else set()
    whole: list[Whole] = []
    unknown: list[str] = []
    for key, info in names.tensors.items():
        if key in taken:
            continue
        if _OTHER_WEIGHT in key and key.replace(_OTHER_WEIGHT, ".") in names.tensors:
            continue                    # what a module was that is trained as it is
        name = key.removeprefix(PREFIX).replace(".modules_to_save.default.", ".").replace(".modules_to_save.", ".").replace(
            ".base_layer.", ".")
        own = any(segment.startswith(_PARTS) for segment in name.split("."))
        base = _renamed(name, removed, added) or name
        if own or info.problem or info.layout != "strided" or not (base in there or not meant.isdisjoint(name.split("."))):
            unknown.append(key)
        else:
            whole.append(Whole(info, there[base].key if base in there else base, there.get(base)))
    return whole, unknown


def _other_rules(config: Mapping[str, object]) -> str:
    """Why what is in the configuration makes the adapter another thing than a product that is added; "" for most."""
    kind = config.get("peft_type")
    if isinstance(kind, str) and kind.upper() != "LORA":
        return f"its adapter_config.json says that it is of the kind {visible(kind, 40)}, which is put together otherwise"
    for name, words in _OTHER_RULES.items():
        if config.get(name) and words:
            return f"its adapter_config.json says {name} ({words}), which is put together otherwise"
    return ""
