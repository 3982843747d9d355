"""Which tensor of one state dict is which of another: by name, then by inferred rules, from names and shapes alone."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from inspector.core.hashing import as_key
from inspector.core.naming_conventions import without_wrappers
from inspector.core.numbering import Shift, shifts
from inspector.core.progress import QUIET, Monitor, stoppable

from .names import template_of
from .prefixes import prefix_rules, wrapper_rules
from .rules import Matching, Rule, Shapes
from .structure import structure_rules


def match(a: Shapes, b: Shapes, *, rejected: frozenset[tuple[str, str]] = frozenset(),
          accepted: tuple[Rule, ...] = (), monitor: Monitor = QUIET) -> Matching:
    """`a` and `b` map names to shapes in stored order. `accepted` are rules (of an earlier matching's `offered`) that come
    before all others; `rejected` are (rule.a, rule.b) of those that must not be used. Raises Cancelled."""
    pairs: dict[str, str] = {}
    taken: set[str] = set()
    rules: list[Rule] = []

    def use(rule: Rule) -> None:
        fresh = tuple((x, y) for x, y in stoppable(rule.pairs, monitor) if x not in pairs and y not in taken)
        if fresh and (rule.a, rule.b) not in rejected:
            rules.append(rule._replace(pairs=fresh, collisions=rule.collisions + len(rule.pairs) - len(fresh)))
            for x, y in stoppable(fresh, monitor):
                pairs[x] = y
                taken.add(y)

    for rule in accepted:
        use(rule)
    numbered = shifts(a, b, monitor)
    offered = [_rule(one) for one in numbered if not one.is_sure]
    for one in numbered:
        if one.is_sure:
            use(_rule(one))
    for name in stoppable(a, monitor):
        if name in b and name not in pairs and name not in taken:
            pairs[name] = name
            taken.add(name)
    by_name = {template_of(name).path for name in stoppable(pairs if len(pairs) < min(len(a), len(b)) else (), monitor)
               if pairs[name] == name}
    wrapped = wrapper_rules(_left(a, pairs, monitor), _left(b, taken, monitor), monitor)
    below = [] if accepted else _below_wrappers(wrapped, a, b, monitor)
    for rule in () if below else wrapped:
        use(rule)
    found, doubtful = prefix_rules(_left(a, pairs, monitor), _left(b, taken, monitor), monitor)
    if not accepted and not below:
        below = [further for rule in found for further in _below(rule, a, b, monitor)]
    further = tuple(rule for rule in map(_rule, below) if (rule.a, rule.b) not in rejected)
    if further:
        again = match(a, b, rejected=rejected, accepted=further, monitor=monitor)
        return again._replace(shifts=(*below, *again.shifts))
    for rule in found:
        if not _is_odd(rule, by_name, monitor):
            use(rule)
    offered += [rule for rule in doubtful if not _is_odd(rule, by_name, monitor)]
    found, doubtful = structure_rules(_left(a, pairs, monitor), _left(b, taken, monitor), monitor)
    for rule in found:
        if not _is_odd(rule, by_name, monitor):
            use(rule)
    offered += [rule for rule in doubtful if not _is_odd(rule, by_name, monitor)]
    if not pairs and not any(rule.pairs for rule in accepted):
        offered += _by_order(a, b, monitor)
    known = {(rule.a, rule.b) for rule in rules} | rejected
    told = {rule.numbering.place: rule.numbering for rule in rules if rule.numbering is not None}
    return Matching(pairs, tuple(rules), tuple(rule for rule in offered if (rule.a, rule.b) not in known), (*numbered, *told.values()))


def _left(names: Shapes, taken: dict[str, str] | set[str], monitor: Monitor) -> Shapes:
    return {name: shape for name, shape in stoppable(names.items(), monitor) if name not in taken}


def _by_order(a: Shapes, b: Shapes, monitor: Monitor) -> list[Rule]:
    """What is left where not one name is on both sides: of tensors of a shape that both have as often, the first is the first."""
    sides: list[dict[str, list[str]]] = []
    for shapes in (a, b):
        of_shape: dict[str, list[str]] = {}
        for name, shape in stoppable(shapes.items(), monitor):
            if shape:                               # scalars are counters and settings
                of_shape.setdefault(as_key(shape), []).append(name)
        sides.append(of_shape)
    partner = {x: y for shape, names in sides[0].items() if len(names) == len(sides[1].get(shape, ()))
               for x, y in stoppable(zip(names, sides[1][shape], strict=True), monitor)}
    found = tuple((x, partner[x]) for x in stoppable(a, monitor) if x in partner)
    return [Rule("order", "*", "*", found, leftover=min(len(a), len(b)) - len(found),
                 why="shapes agree, and the stored order is all that tells them apart")] if found else []


def _rule(one: Shift) -> Rule:
    return Rule("shift", one.place, one.place, one.pairs, leftover=one.tensors - len(one.pairs), why=one.between("A", "B"))


def _below(rule: Rule, a: Shapes, b: Shapes, monitor: Monitor) -> list[Shift]:
    """What is numbered otherwise below a prefix that stands for another."""
    names = {rule.b + name[len(rule.a):]: name for name in stoppable(a, monitor) if name.startswith(rule.a)}
    return _sure(names, {name: name for name in stoppable(b, monitor)}, a, b, monitor)


def _below_wrappers(rules: Iterable[Rule], a: Shapes, b: Shapes, monitor: Monitor) -> list[Shift]:
    """What is numbered otherwise inside wrappers."""
    if not any(rules):
        return []
    return _sure({without_wrappers(name): name for name in stoppable(a, monitor)},
                 {without_wrappers(name): name for name in stoppable(b, monitor)}, a, b, monitor)


def _sure(in_a: Mapping[str, str], in_b: Mapping[str, str], a: Shapes, b: Shapes, monitor: Monitor) -> list[Shift]:
    """Of names that stand for those of A and of B."""
    found = shifts({name: a[old] for name, old in stoppable(in_a.items(), monitor)},
                   {name: b[old] for name, old in stoppable(in_b.items(), monitor)}, monitor)
    return [one._replace(pairs=tuple((in_a[x], in_b[y]) for x, y in one.pairs)) for one in found if one.is_sure]


def _is_odd(rule: Rule, by_name: Set[tuple[str, ...]], monitor: Monitor) -> bool:
    """Whether it pairs a layer with another one of a family whose layers go by their names: the odd ones are not each other's."""
    return any((mine := template_of(x)).path in by_name and (theirs := template_of(y)).path == mine.path
               and theirs.numbers != mine.numbers for x, y in stoppable(rule.pairs, monitor))
