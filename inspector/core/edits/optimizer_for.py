"""An optimizer's state for a changed model: in its order, with its parameters, each with what was kept about it."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from inspector.core.checkpoint import Checkpoint
from inspector.core.errors import EditError
from inspector.core.keypath import below, leaf_of, quoted, visible
from inspector.core.naming_conventions import PLAIN_WRAPPERS, WRAPPERS, without_wrappers
from inspector.core.progress import QUIET, Monitor
from inspector.core.training.optimizers import entry_of
from inspector.core.wording import counted

from .tools.common import Edit
from .tools.optimizer_groups import LAID_FLAT, ONE_PICKLE, Group, Plan, listed_anew, renumbered, with_groups
from .tools.optimizer_order import Listed, Order, Parameter, listed, order_of, partner, state_of

_ALL_WRAPPERS = {**WRAPPERS, **PLAIN_WRAPPERS}
_SHOWN = 3


@dataclass(frozen=True)
class OptimizerFor(Edit):
    """The state of each optimizer is put in the order and has the parameters of the checkpoint `reference`, so that the optimizer of such a
    model takes it: by the groups of its optimizer, or where it has none, in the order of its weights (or of a contract's). Parameters are
    known by their names. What was kept about one that is there in the same shape stays, a new one begins without state, what is about
    others goes. The options of the groups (`lr`, `betas`, `fused` …) stay the file's.

    >>> def training(*names):
    ...     state = {n: {"momentum_buffer": np.full(2, n + 1.)} for n in range(len(names))}
    ...     groups = [{"lr": 0.1, "momentum": 0.9, "params": list(state)}]
    ...     return {"model": {name: np.ones(2) for name in names}, "optimizer": {"state": state, "param_groups": groups}}
    ...
    >>> wanted = core.save(training("b", "a"), folder / "wanted.pth").path
    >>> core.edit(training("a", "b"), [core.OptimizerFor(wanted)])["optimizer.state.0.momentum_buffer"].numpy()
    array([2., 2.])
    """

    reference: str
    OPTION: ClassVar[str] = "optimizer-for"

    def apply(self, ckpt: Checkpoint, monitor: Monitor = QUIET) -> Checkpoint:
        before = ckpt.edited.edits if ckpt.edited else ()
        for plan in self._plans(ckpt, monitor):
            flat = ckpt.as_opened.format in LAID_FLAT
            ckpt = renumbered(with_groups(ckpt, self, plan) if flat else listed_anew(ckpt, self, plan, monitor), self, plan)
        assert ckpt.edited is not None
        return replace(ckpt, edited=ckpt.edited._replace(edits=(*before, self)))

    def _plans(self, ckpt: Checkpoint, monitor: Monitor) -> list[Plan]:
        mine = listed(ckpt)
        if not mine:
            raise EditError("there is no optimizer's state in the file", "`inspector ls` shows what is.", id="no_optimizer")
        if ckpt.as_opened.format not in ONE_PICKLE | LAID_FLAT:
            raise EditError("the lists of parameters of an optimizer are changed in PyTorch files, sets of them and folders "
                            "of torch.distributed.checkpoint only", "Save it as one file first, with -o one.pth, and edit that.",
                            id="unsupported")
        order = order_of(self.reference, monitor)
        return [_plan(ckpt, one, partner(one, order.optimizers, len(mine)), order) for one in mine]

    def notes(self, before: Checkpoint, after: Checkpoint, monitor: Monitor, read: bool) -> list[str]:
        notes = []
        for plan in self._plans(before, monitor):
            where = f" in {visible(plan.path, 60)}" if plan.path else ""
            notes.append(f"{counted(len(plan.ids), 'parameter keeps its state', 'parameters keep their state')}{where}, "
                         f"{len(plan.groups)} {'group' if len(plan.groups) == 1 else 'groups'} in the order of "
                         f"{'the reference' if plan.ordered else 'the file, as the reference keeps none'}.")
            for names, one, many in ((plan.new, "begins without state", "begin without state"),
                                     (plan.reshaped, "has another shape and begins without state (--resize takes it along)",
                                      "have other shapes and begin without state (--resize takes them along)"),
                                     (plan.gone, "is not in the reference: its state goes", "are not in the reference: their state goes")):
                if names:
                    shown = ", ".join(visible(name, 60) for name in names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
                    notes.append(f"{counted(len(names), f'parameter {one}', f'parameters {many}')}: {shown}.")
            odd = _of_other_forms(before, plan)
            if odd:
                shown = ", ".join(visible(key, 60) for key in odd[:_SHOWN]) + (" …" if len(odd) > _SHOWN else "")
                notes.append(f"{counted(len(odd), 'tensor of the state has', 'tensors of the state have')} a form of their own that is not "
                             f"understood: moved as they are, not checked against the shapes ({shown}).")
        return notes

    @property
    def reference_path(self) -> str | None:
        return self.reference

    @property
    def text(self) -> str:
        return self.reference

    @classmethod
    def parse(cls, text: str, option: str) -> OptimizerFor:
        if not text:
            raise EditError("no reference is named", "Write the path of a checkpoint of the new model, or of a contract.")
        return cls(text)


# -- what is to become of it ----------------------------------------------------------------------------------------------------

def _plan(ckpt: Checkpoint, mine: Listed, theirs: Listed | None, order: Order) -> Plan:
    known = {one.name: one for one in mine.parameters}
    unknown = sum(one is None for group in mine.groups for one in group)
    if not known or unknown:
        count = f" ({unknown:,} of {sum(map(len, mine.groups)):,})" if known else ""
        raise EditError(f"which parameters the optimizer in {visible(mine.path, 60) or 'the root'!r} has cannot be told{count}",
                        "The model has to be in the file, and names in the groups (param_names) where shapes and order leave it open.",
                        id="unsure")
    place = {one.id: number for number, group in enumerate(mine.groups) for one in group if one is not None}
    if theirs is not None:
        groups = _groups_of_reference(mine, theirs, known, place)
        shapes = {one.name: one.shape for one in theirs.parameters}
    else:
        groups = _groups_by_order(ckpt, mine, order, known, place)
        shapes = dict(order.model)
    found = _partners([name for group in groups for name in group.names], known)
    numbered = all(one.id.isdigit() for one in mine.parameters)
    ordered = theirs is not None or order.ordered or not numbered
    if not ordered:
        groups = _in_order_of_file(mine, groups, found)
    ids: dict[str, str] = {}
    new, reshaped, at, named_groups = [], [], 0, []
    for group in groups:
        names = []
        for name in group.names:
            one = found.get(name)
            same = one is not None and (one.shape is None or shapes.get(name) is None or one.shape == shapes[name])
            if one is None:
                new.append(name)
            elif not same:
                reshaped.append(name)
            else:
                ids[one.id] = str(at) if numbered else one.id
            names.append(one.id if one is not None and not numbered else name)
            at += 1
        named_groups.append(group._replace(names=tuple(names)))
    meant = {one.id for one in found.values()}
    gone = tuple(one.name for one in mine.parameters if one.id not in meant)
    return Plan(mine.path, tuple(named_groups), ids, tuple(new), gone, tuple(reshaped), numbered, ordered)


def _groups_of_reference(mine: Listed, theirs: Listed, known: Mapping[str, Parameter], place: Mapping[str, int]) -> list[Group]:
    """The groups of the reference's optimizer, each with the options of that group of the file which most of its parameters are from."""
    if any(one is None for group in theirs.groups for one in group):
        raise EditError("which parameter is which in the groups of the reference's optimizer cannot be told",
                        "Save it after one step, or make it with model.named_parameters(), which keeps their names.", id="bad_reference")
    groups = []
    for number, group in enumerate(theirs.groups):
        names = tuple(one.name for one in group if one is not None)
        from_ = [place[one.id] for one in _partners(names, known).values()]
        usual = number if number < len(mine.groups) else len(mine.groups) - 1
        groups.append(Group(max(dict.fromkeys(from_), key=from_.count) if from_ else usual, names))
    return groups


def _groups_by_order(ckpt: Checkpoint, mine: Listed, order: Order, known: Mapping[str, Parameter],
                     place: Mapping[str, int]) -> list[Group]:
    """The file's own groups with the parameters of the reference, in its order. A new one goes where all of its last name and number of
    dimensions are, as where biases have no weight decay, else where the one before it is. What the file's model has, but its optimizer
    not, is frozen and stays out."""
    if not order.model:
        raise EditError("the reference has no weights", "Name a checkpoint of the new model.", id="bad_reference")
    found = _partners([*order.model], known)
    frozen = {info.name for info in ckpt.tensors.values()} - set(known)
    groups: list[list[str]] = [[] for _ in mine.groups]
    alike: dict[tuple[str, int], set[int]] = {}
    for there in known.values():
        alike.setdefault((leaf_of(there.name), len(there.shape or ())), set()).add(place[there.id])
    at = place[next(iter(found.values())).id] if found else 0
    for name in order.model:
        one = found.get(name)
        if one is not None:
            at = place[one.id]
        elif name in frozen:
            continue
        theirs = alike.get((leaf_of(name), len(order.model[name])), set()) if one is None else ()
        groups[next(iter(theirs)) if len(theirs) == 1 else at].append(name)
    return [Group(number, tuple(names)) for number, names in enumerate(groups)]


def _in_order_of_file(mine: Listed, groups: Sequence[Group], found: Mapping[str, Parameter]) -> list[Group]:
    """`groups` with their parameters in the order that they have in the file. Raises EditError where one is not in it: torch matches
    state and parameters by their places, and a state at the wrong one is taken without a word."""
    new = next((name for group in groups for name in group.names if name not in found), None)
    if new is not None:
        raise EditError(f"where {quoted(new, 80)} stands in the order of the new model's parameters cannot be told: in "
                        "the reference they are sorted by name, as safetensors has them, or by the ranks that wrote them",
                        "Name a checkpoint of the new model that torch.save wrote, or a contract made of one.",
                        id="unsure")
    at = {one.id: number for number, one in enumerate(mine.parameters)}
    return [group._replace(names=tuple(sorted(group.names, key=lambda name: at[found[name].id]))) for group in groups]


def _partners(names: Sequence[str], known: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """name in the reference -> the file's parameter of that name, be it without the names of wrappers."""
    found = {name: known[name] for name in names if name in known}
    if found:
        return found
    bare = {without_wrappers(name, _ALL_WRAPPERS): one for name, one in known.items()}
    return {name: bare[short] for name in names if (short := without_wrappers(name, _ALL_WRAPPERS)) in bare}


def _of_other_forms(ckpt: Checkpoint, plan: Plan) -> list[str]:
    """State that moves along and has not the shape of its parameter, as factored state has not."""
    shapes = {one.id: one.shape for mine in listed(ckpt) if mine.path == plan.path for one in mine.parameters}
    found = []
    for key, rest in below(ckpt.tensors, state_of(plan.path)):
        id, _ = entry_of(rest, plan.ids)
        shape, info = shapes.get(id), ckpt.tensors[key]
        if id in plan.ids and shape is not None and info.shape not in (shape, (), (1,)):
            found.append(key)
    return found
