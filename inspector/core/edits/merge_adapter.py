"""An adapter put into the weights that it was trained for: a model that needs no adapter any more."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isfinite, prod
from typing import ClassVar, NamedTuple

from inspector.core.adapters import AdapterFit, Module, adapter_fit, base_name, inner_adapters, inner_fit, inner_keys, replaced_keys
from inspector.core.checkpoint import Checkpoint, Decoder, Extra, Storage, TensorInfo, Unpacked, contiguous
from inspector.core.dtypes import DTYPES
from inspector.core.errors import EditError
from inspector.core.keypath import quoted, visible
from inspector.core.progress import QUIET, Monitor
from inspector.core.tensors.decoders.in_turn import MergedInTurn, Step
from inspector.core.tensors.decoders.low_rank import LowRank
from inspector.core.tensors.decoders.merged import Merged, Shifted
from inspector.core.training.weights import optimizer_states
from inspector.core.wording import count, counted

from .tools.common import Edit, edited, needs_extraction, origin_of, storages_left
from .tools.copies import fresh_ids
from .tools.dropping import without
from .tools.naming import renamed
from .tools.references import opened
from .tools.taken import Numbers

_NAMED = 3
_TYPES = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class MergeAdapter(Edit):
    """What the adapter in the folder (or file) `adapter` adds is added to the weights, which keep their names and element types: LoRA,
    rsLoRA and DoRA as PEFT's `merge_and_unload` does it, and files of Kohya's names. Tensors that it brings whole replace the model's, or
    are new. An adapter that does not fit in all its modules is refused, by name. Tied weights stay tied.

    ":" means the adapter that lies in the file itself, in a PeftModel that was saved whole, ":style" the one of that name, ":style,default"
    one after the other, and ":style=16" one whose alpha nothing says. What is left has the names and tensors of the model without
    adapters.

    >>> lora = {"base_model.model.fc.lora_A.weight": np.ones((2, 8)), "base_model.model.fc.lora_B.weight": np.ones((4, 2))}
    >>> saved = core.save(lora, folder / "adapter_model.safetensors")
    >>> written = (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 2, "lora_alpha": 2}')
    >>> core.edit({"fc.weight": np.zeros((4, 8), np.float32)}, [core.MergeAdapter(str(folder))])["fc.weight"][0, :3]
    array([2., 2., 2.], dtype=float32)
    """

    adapter: str
    OPTION: ClassVar[str] = "merge-adapter"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        if self._is_inner:
            return self._merged_within(ckpt, monitor)
        theirs = opened(self.adapter, monitor)
        fit = adapter_fit(theirs, ckpt, monitor)
        self._check(ckpt, fit)
        numbers = Numbers(ckpt, theirs)
        merging = _Merging(ckpt, numbers.moved)
        merging.bring(fit)
        merging.add(fit)
        return merging.merged(self, numbers)

    def _merged_within(self, ckpt: Checkpoint, monitor: Monitor) -> Checkpoint:
        fits = self._fits_within(ckpt, monitor)
        merging = _Merging(ckpt, lambda info: info)
        brought: dict[str, str] = {}
        for name, fit in fits.items():
            self._check(ckpt, fit)
            merging.add(fit)
            for key, instead in replaced_keys(ckpt, name).items():
                if instead in brought.values():
                    raise EditError(f"{quoted(instead, 80)} is replaced by more than one of the adapters", "Merge one of them.", instead,
                                    id="no_merge")
                brought[key] = instead
        merged = merging.merged(self)
        gone = {*inner_keys(ckpt), *brought.values()} - set(brought)
        left = _with_edits_of(ckpt, without(merged, self, gone))
        named = {**{key: base_name(key) for key in left.tensors}, **{key: base_name(instead) for key, instead in brought.items()}}
        places = {info.key: info.state_dict or "" for info in left.tensors.values()}
        new = {(place, key[len(place) + 1:] if place else key): named[key][len(place) + 1:] if place else named[key]
               for key, place in places.items()}
        return renamed(left, self, lambda name, place: new.get((place or "", name), base_name(name)), monitor)

    @property
    def _is_inner(self) -> bool:
        return self.adapter.startswith(":")

    def _fits_within(self, ckpt: Checkpoint, monitor: Monitor) -> dict[str, AdapterFit]:
        """name -> how it fits, of the adapters that are meant, in their order. Raises EditError."""
        there = inner_adapters(ckpt, monitor)
        shown = _listed([*there])
        if not there:
            raise EditError("the file has no adapter beside its weights", "Name the folder of one, with adapter_config.json in it.",
                            id="no_merge")
        first = next(iter(there))
        meant = _meant(self.adapter[1:]) or [_Meant(first)]
        if self.adapter == ":" and len(there) > 1:
            raise EditError(f"the file has {count(len(there), 'adapter')}: {shown}", f"Name one: --merge-adapter :{visible(first, 40)}",
                            id="no_merge")
        unknown = next((one.name for one in meant if one.name not in there), None)
        if unknown is not None:
            raise EditError(f"the file has no adapter {quoted(unknown, 40)}", f"It has {shown}.", id="no_merge")
        return {one.name: inner_fit(ckpt, one.name, one.alpha, monitor) for one in meant}

    def _check(self, ckpt: Checkpoint, fit: AdapterFit) -> None:
        """Raises EditError for what cannot be merged whole."""
        name = visible(self.adapter)
        if fit.problem:
            raise EditError(f"{name} cannot be merged: {fit.problem}", "PEFT can, with the model's code.", id="no_merge")
        if not fit.modules:
            raise EditError(f"{name} holds no adapter: there is no pair like lora_A and lora_B in it",
                            "Name the folder with adapter_config.json and adapter_model.safetensors.", id="no_merge")
        if fit.unknown:
            raise EditError(f"{name} has {_few(fit.unknown, 'tensor', 'tensors')} of which it is not known what they do", "",
                            fit.unknown[0], id="no_merge")
        missing = [one.adapter.name for one in fit.missing if "packed" not in one.problem]
        if missing and self._is_inner:
            raise EditError(f"there is no weight in the file for {_few(missing, 'module of the adapter', 'modules of the adapter')}", "",
                            missing[0], id="no_merge")
        if missing:
            raise EditError(f"the file has no weight for {_few(missing, 'module', 'modules')} of the {len(fit.modules):,} in {name}",
                            "`inspector check ADAPTER --against FILE` says what fits; bring the names into line first.", missing[0],
                            id="no_merge")
        for one in fit.modules:
            why, hint = one.problem, ""
            if why and "packed" in why:
                hint = "Put --dequantize before: what is packed has no room for what is added."
            elif why and self._is_inner and one.adapter.factor is None and "alpha" in why:
                hint = f"Say it, as it was in training: --merge-adapter :{visible(one.adapter.adapter, 40)}=16"
            elif not why and one.weight is not None and one.weight.dtype not in _TYPES:
                why, hint = f"the base has it as {one.weight.dtype}", "Cast it to float32, bfloat16 or float16 before."
            if why:
                raise EditError(f"{quoted(one.adapter.name, 80)} cannot be merged: {why}", hint, one.adapter.name, id="no_merge")
            assert one.weight is not None
            if one.weight.state_dict in ckpt.modules:
                raise needs_extraction(one.weight.key, one.weight.state_dict or "")
        for whole in fit.whole:
            if whole.replaced is None and ckpt.modules:
                raise needs_extraction(whole.key, "")

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        if self._is_inner:
            return self._notes_within(before, monitor)
        fit = adapter_fit(opened(self.adapter, monitor), before, monitor)
        notes = self._kinds(fit)
        if fit.removed or fit.added:
            notes.append(f"Its names are those of the file {'without' if fit.added else 'with'} {quoted(fit.added or fit.removed, 60)} "
                         "before them.")
        if fit.elsewhere:
            notes.append(f"{counted(len(fit.elsewhere), 'module is', 'modules are')} of a part of the model that the file has nothing of, "
                         f"and left out: {_listed([one.name for one in fit.elsewhere])}.")
        replaced = [one.key for one in fit.whole if one.replaced is not None]
        new = [one.key for one in fit.whole if one.replaced is None]
        if replaced:
            notes.append(f"{counted(len(replaced), 'tensor is', 'tensors are')} the adapter's own: {_listed(replaced)}.")
        if new:
            notes.append(f"{counted(len(new), 'tensor is', 'tensors are')} new, as the adapter brings them: {_listed(new)}.")
        if len([path for path in before.state_dicts if path not in optimizer_states(before)]) > 1:
            notes.append(f"It is merged into {visible(fit.state_dict, 60) or 'the root'}; other state dicts stay.")
        if optimizer_states(before):
            notes.append("The optimizer's state stays that of the old values.")
        return notes

    def _notes_within(self, before: Checkpoint, monitor: Monitor) -> list[str]:
        fits = self._fits_within(before, monitor)
        notes = [text for fit in fits.values() for text in self._kinds(fit)]
        replaced = [base_name(one.key) for fit in fits.values() for one in fit.whole]
        if replaced:
            notes.append(f"{counted(len(replaced), 'tensor is', 'tensors are')} the adapter's own: {_listed(replaced)}.")
        left = [name for name in inner_adapters(before, monitor) if name not in fits]
        if left:
            notes.append(f"{counted(len(left), 'more adapter is', 'more adapters are')} left out: {_listed(left)}.")
        if optimizer_states(before):
            notes.append("The optimizer's state stays that of the old values.")
        return notes

    @staticmethod
    def _kinds(fit: AdapterFit) -> list[str]:
        kinds: dict[str, int] = {}
        for one in fit.modules:
            kind = {"lora": "LoRA", "dora": "DoRA", "lora-kohya": "LoRA"}[one.adapter.scheme]
            kinds[kind] = kinds.get(kind, 0) + 1
        return [f"{counted(count, 'weight gets', 'weights get')} what {kind} of rank {_ranks(fit, kind)} adds."
                for kind, count in kinds.items()]

    @property
    def reference_path(self) -> str | None:
        return None if self._is_inner else self.adapter

    @property
    def text(self) -> str:
        return self.adapter

    @classmethod
    def parse(cls, text: str, option: str) -> MergeAdapter:
        if not text:
            raise EditError("no adapter is named", "Write the folder that has adapter_config.json in it.")
        if text.startswith(":"):
            _meant(text[1:])
        return cls(text)


class _Meant(NamedTuple):
    name: str
    alpha: float | None = None


def _meant(text: str) -> list[_Meant]:
    """The adapters that "style,default=16" names. Raises EditError."""
    found: dict[str, _Meant] = {}
    for part in text.split(",") if text else ():
        name, equals, said = part.strip().partition("=")
        try:
            alpha = float(said) if equals else None
        except ValueError:
            alpha = float("nan")
        if not name or name in found or (alpha is not None and not isfinite(alpha)):
            raise EditError(f"{quoted(text, 80)} does not name adapters of the file", "Write NAME, NAME=ALPHA, or several with commas.")
        found[name] = _Meant(name, alpha)
    return [*found.values()]


def _with_edits_of(ckpt: Checkpoint, new: Checkpoint) -> Checkpoint:
    """`new`, which is on the way from `ckpt`: the edit that makes it is not done yet."""
    assert new.edited is not None
    return replace(new, edited=new.edited._replace(edits=ckpt.edited.edits if ckpt.edited else ()))


class _Merging:
    """The tables of `ckpt`, in which weights are replaced one after the other by what is made of them and of the tensors of adapters.
    `here` gives those as they are in the files of `ckpt`."""

    def __init__(self, ckpt: Checkpoint, here: Callable[[TensorInfo], TensorInfo]) -> None:
        self._ckpt = ckpt
        self._here = here
        self._ids = fresh_ids(ckpt)
        self._tensors = dict(ckpt.tensors)
        self._storages: dict[str, Storage] = {}
        self._added: dict[str, tuple[TensorInfo, list[Module]]] = {}    # key -> its tensor by now, and what was added to make it
        self._same: dict[object, list[str]] = {}
        for key, info in ckpt.tensors.items():
            if (view := info.view) is not None:
                self._same.setdefault(view, []).append(key)

    def bring(self, fit: AdapterFit) -> None:
        """The tensors that the adapter has whole."""
        for whole in fit.whole:
            moved = self._here(whole.tensor)
            self._put(whole.key, moved, whole.replaced.dtype if whole.replaced is not None else moved.dtype, fit.state_dict)

    def add(self, fit: AdapterFit) -> None:
        """What it adds to weights and biases."""
        for one in fit.modules:
            assert one.weight is not None
            key, before = one.weight.key, self._modules_before(one)
            self._put(key, self._weight(one, before), one.weight.dtype, fit.state_dict)
            self._added[key] = self._tensors[key], [*before, one]
            if one.bias is not None:
                self._put(one.bias.key, self._bias(one), one.bias.dtype, fit.state_dict)

    def merged(self, edit: Edit, numbers: Numbers | None = None) -> Checkpoint:
        same = {key: key for key in origin_of(self._ckpt) if key in self._tensors or key in self._ckpt.values}
        return edited(self._ckpt, edit, same, taken=numbers.storages if numbers is not None else None, tensors=self._tensors,
                      files=numbers.files if numbers is not None else self._ckpt.files,
                      storages={**storages_left(self._ckpt, self._tensors, self._ckpt.values), **self._storages})

    def _put(self, key: str, source: TensorInfo, dtype: str, state_dict: str) -> None:
        """`source` in the place of the tensor `key`, and of those that are the same elements: a tied weight is changed once for all."""
        before = self._ckpt.tensors.get(key)
        device = before.device if before is not None else "cpu" if any(
            info.device is not None for info in self._ckpt.tensors.values()) else None
        nbytes = prod(source.shape) * DTYPES[dtype].itemsize
        storage = Storage(next(self._ids), dtype, device, nbytes, None)
        self._storages[storage.id] = storage
        view = before.view if before is not None else None
        for name in self._same.get(view, [key]) if view is not None else [key]:
            old = self._ckpt.tensors.get(name)
            self._tensors[name] = TensorInfo(name, source.shape, dtype, device, contiguous(source.shape), 0, storage.id, nbytes,
                                             old.requires_grad if old else False, old.state_dict if old else state_dict,
                                             node=old.node if old else -1, extra=Extra(read_from=source))

    def _modules_before(self, one: Module) -> list[Module]:
        """What was added to its weight before; [] where that was done under another name of the same tensor, or the adapter brought it."""
        assert one.weight is not None
        now, before = self._added.get(one.weight.key, (None, []))
        return before if now is not None and now is self._tensors[one.weight.key] else []

    def _weight(self, one: Module, before: Sequence[Module]) -> TensorInfo:
        assert one.weight is not None
        base, magnitude = self._tensors[one.weight.key], one.adapter.magnitude
        if before and any(each.adapter.magnitude is not None for each in (*before[1:], one)):
            return self._in_turn([*before, one])
        again = magnitude is not None and base is not one.weight
        rounded = base.dtype if one.adapter.embedding and magnitude is None and base.dtype != "float32" else ""
        decoder = Merged(_product(one), rounded, magnitude is not None, one.turned, again)
        sources = [("base", base), ("A", self._here(one.adapter.a)), ("B", self._here(one.adapter.b))]
        if magnitude is not None:
            sources.append(("magnitude", self._here(magnitude)))
        if again:
            sources.append(("unmerged", one.weight))
        return _made(base, decoder, sources)

    def _in_turn(self, modules: Sequence[Module]) -> TensorInfo:
        """The weight with all of them, DoRA being merged after others."""
        base = modules[0].weight
        assert base is not None
        steps = tuple(Step(_product(one), one.adapter.embedding, one.adapter.magnitude is not None) for one in modules)
        sources = [("base", base)]
        for n, one in enumerate(modules):
            parts = (("A", one.adapter.a), ("B", one.adapter.b), ("magnitude", one.adapter.magnitude))
            sources += [(f"{role}{n}", self._here(info)) for role, info in parts if info is not None]
        return _made(base, MergedInTurn(steps, base.dtype, modules[-1].turned), sources)

    def _bias(self, one: Module) -> TensorInfo:
        assert one.bias is not None
        assert one.adapter.bias is not None
        assert one.adapter.factor is not None
        base = self._tensors[one.bias.key]
        return _made(base, Shifted(base.numel, one.adapter.factor), [("base", base), ("B", self._here(one.adapter.bias))])


def _product(one: Module) -> LowRank:
    """What it adds, as the weight lies."""
    a, b = one.adapter.a, one.adapter.b
    assert one.adapter.factor is not None
    rows, cols = (a.shape[1], b.shape[0]) if one.turned else (b.shape[0], prod(a.shape[1:]))
    return LowRank(one.adapter.rank, rows, cols, one.adapter.factor, one.turned)


def _made(base: TensorInfo, decoder: Decoder, sources: Sequence[tuple[str, TensorInfo]]) -> TensorInfo:
    return TensorInfo(base.key, base.shape, "float32", base.device, contiguous(base.shape), 0, "", 0,
                      extra=Extra(unpacked=Unpacked("merged", decoder, tuple(sources))))


def _ranks(fit: AdapterFit, kind: str) -> str:
    ranks = {one.adapter.rank for one in fit.modules if (one.adapter.scheme == "dora") is (kind == "DoRA")}
    return f"{min(ranks):,}" if len(ranks) == 1 else f"{min(ranks):,} to {max(ranks):,}"


def _few(names: Sequence[str], one: str, many: str) -> str:
    return f"{counted(len(names), one, many)} ({_listed(names)})"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(visible(name, 80) for name in names[:_NAMED]) + (f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else "")
