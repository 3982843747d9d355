"""Which tensor of one state dict is which of another: by name, then by inferred rules, from names and shapes alone."""
from __future__ import annotations

from inspector.core.hashing import as_key
from inspector.core.keypath import segments_of
from inspector.core.progress import QUIET, Monitor

from .names import template_of
from .prefixes import prefix_rules, wrapper_rules
from .rules import Matching, Rule, Shapes
from .structure import families, structure_rules


def match(a: Shapes, b: Shapes, *, rejected: frozenset[tuple[str, str]] = frozenset(),
          accepted: tuple[Rule, ...] = (), monitor: Monitor = QUIET) -> Matching:
    """`a` and `b` map names to shapes in stored order. `accepted` are rules (of an earlier matching's `offered`) that come
    before all others; `rejected` are (rule.a, rule.b) of those that must not be used. Raises Cancelled."""
    pairs: dict[str, str] = {}
    taken: set[str] = set()
    rules: list[Rule] = []

    def use(rule: Rule) -> None:
        fresh = tuple((x, y) for x, y in rule.pairs if x not in pairs and y not in taken)
        if fresh and (rule.a, rule.b) not in rejected:
            rules.append(rule._replace(pairs=fresh, collisions=rule.collisions + len(rule.pairs) - len(fresh)))
            pairs.update(fresh)
            taken.update(y for _, y in fresh)

    for rule in accepted:
        use(rule)
    for name in a:
        if name in b and name not in pairs and name not in taken:
            pairs[name] = name
            taken.add(name)
    offered = _shifts(a, b, pairs) if 0 < len(pairs) < min(len(a), len(b)) else []
    for rule in wrapper_rules(_left(a, pairs), _left(b, taken)):
        use(rule)
    found, doubtful = prefix_rules(_left(a, pairs), _left(b, taken), monitor)
    for rule in found:
        use(rule)
    offered += doubtful
    found, doubtful = structure_rules(_left(a, pairs), _left(b, taken), monitor)
    by_name = {template_of(x).path for x, y in pairs.items() if x == y} if any(rule.kind == "shift" for rule in found) else set()
    for rule in found:
        # of a family whose other layers go by their names, the odd ones are not each other's: the whole shift is offered
        if rule.kind != "shift" or tuple(segments_of(rule.a)) not in by_name:
            use(rule)
    offered += doubtful
    if not pairs and not any(rule.pairs for rule in accepted):
        offered += _by_order(a, b)
    known = {(rule.a, rule.b) for rule in rules} | rejected
    return Matching(pairs, tuple(rules), tuple(rule for rule in offered if (rule.a, rule.b) not in known))


def _left(names: Shapes, taken: dict[str, str] | set[str]) -> Shapes:
    return {name: shape for name, shape in names.items() if name not in taken}


def _by_order(a: Shapes, b: Shapes) -> list[Rule]:
    """What is left where not one name is on both sides: of tensors of a shape that both have as often, the first is the first."""
    sides: list[dict[str, list[str]]] = []
    for shapes in (a, b):
        of_shape: dict[str, list[str]] = {}
        for name, shape in shapes.items():
            if shape:                               # scalars are counters and settings
                of_shape.setdefault(as_key(shape), []).append(name)
        sides.append(of_shape)
    partner = {x: y for shape, names in sides[0].items() if len(names) == len(sides[1].get(shape, ()))
               for x, y in zip(names, sides[1][shape], strict=True)}
    found = tuple((x, partner[x]) for x in a if x in partner)
    return [Rule("order", "*", "*", found, leftover=min(len(a), len(b)) - len(found),
                 why="shapes agree, and the stored order is all that tells them apart")] if found else []


def _shifts(a: Shapes, b: Shapes, pairs: dict[str, str]) -> list[Rule]:
    """Families whose layers are numbered from another start on each side: equal names may then be different layers."""
    there = {family.path: family for family in families(b)}
    found = []
    for family in families(a):
        other = there.get(family.path)
        if other is None or "#" not in family.path or len(family.members) != len(other.members) or len(family.members) < 2 \
                or family.members.keys() == other.members.keys():
            continue
        by_rank = list(zip(sorted(family.members), sorted(other.members), strict=True))
        moved = [(name, other.members[theirs][leaf]) for mine, theirs in by_rank
                 for leaf, name in family.members[mine].items() if leaf in other.members[theirs]]
        if moved and all(a[x] == b[y] for x, y in moved) and any(x in pairs for x, _ in moved):
            found.append(Rule("shift", ".".join(family.path), ".".join(family.path), tuple(moved),
                              why="layers are numbered differently, and some names are on both sides"))
    return found
