"""Rules that rename segments or shift layer numbers, found from the shapes of whole families of modules.

Names are taken apart into templates (`names`): all layers' `attention.query` are one family. Families of A and B whose
shapes agree layer by layer may be the same; which of them are is told by the field's names for parts of networks, by the
words they share and by the families around them. Where these leave a doubt, nothing is paired and the choice is offered.
"""
from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import product
from typing import NamedTuple

from inspector.core.hashing import as_key
from inspector.core.numbering import Shift
from inspector.core.progress import QUIET, Monitor, stoppable

from .names import role_of, template_of, words_of
from .rules import Rule, Shape, Shapes

_TOO_MANY = 64          # families of equal shapes among which none is chosen by its words
_CROWD = 512            # families from which on not each is held against each
_MARGIN = 0.12          # by how much the best must be better than the next
_ROLE = 1.5             # the score of an equal role
_SMALL = 16             # elements: shapes as common as a scalar's tell nothing by themselves

Known = Mapping[str, Shape]
Numbers = str
"""Layer numbers as nine digits each with dots between them: in the order of the numbers, and hashed by a secret of the process."""
Signature = tuple[tuple[str, Shape], ...]


class Family(NamedTuple):
    """Modules whose paths differ in layer numbers only. `members` maps those to the tensors' leaf -> name."""

    path: tuple[str, ...]
    members: dict[Numbers, dict[str, str]]
    first: int              # the place of its first tensor in stored order


class _Profile(NamedTuple):
    """What must be equal for two families to be the same: the signature of each member, by the rank of its numbers."""

    members: tuple[tuple[Numbers, Signature], ...]

    def __hash__(self) -> int:
        return hash(as_key(self.members))


def structure_rules(a: Shapes, b: Shapes, monitor: Monitor = QUIET) -> tuple[list[Rule], list[Rule]]:
    """(rules applied, rules offered) for names of `a` and `b` that have no partner yet."""
    rules: list[Rule] = []
    offered: dict[tuple[str, str], Rule] = {}
    left_a = {name: shape for name, shape in stoppable(a.items(), monitor) if shape is not None}
    left_b = {name: shape for name, shape in stoppable(b.items(), monitor) if shape is not None}
    for last_is_a_name in (False, True):
        found, doubtful = _by_family(left_a, left_b, last_is_a_name, monitor)
        rules += found
        offered.update({(rule.a, rule.b): rule for rule in doubtful})
        for rule in found:
            for x, y in stoppable(rule.pairs, monitor):
                del left_a[x], left_b[y]
    if any(shape is None for shapes in (a, b) for shape in stoppable(shapes.values(), monitor)):
        done_a, done_b = ({pair[side] for rule in rules for pair in stoppable(rule.pairs, monitor)} for side in (0, 1))
        rules += _by_words([name for name in stoppable(a, monitor) if name not in done_a],
                           [name for name in stoppable(b, monitor) if name not in done_b], monitor)
    taken = {name for rule in rules for pair in stoppable(rule.pairs, monitor) for name in pair}
    return rules, [rule for rule in offered.values() if not any(x in taken or y in taken for x, y in rule.pairs)]


def families(names: Iterable[str], last_is_a_name: bool = False, monitor: Monitor = QUIET) -> list[Family]:
    found: dict[tuple[str, ...], Family] = {}
    for place, name in enumerate(stoppable(names, monitor)):
        path, numbers, leaf = template_of(name, last_is_a_name)
        family = found.get(path)
        if family is None:
            family = found[path] = Family(path, {}, place)
        family.members.setdefault(".".join([f"{number:09d}" for number in numbers]), {}).setdefault(leaf, name)
    return list(found.values())


def _by_family(a: Known, b: Known, last_is_a_name: bool, monitor: Monitor) -> tuple[list[Rule], list[Rule]]:
    in_a, in_b = families(a, last_is_a_name, monitor), families(b, last_is_a_name, monitor)
    classes: dict[_Profile, tuple[list[Family], list[Family]]] = defaultdict(lambda: ([], []))
    for side, group, shapes in ((0, in_a, a), (1, in_b, b)):
        for family in stoppable(group, monitor):
            classes[_profile(family, shapes, monitor)][side].append(family)
    choose = _Chooser(in_a, in_b, monitor)
    open_classes = {profile: sides for profile, sides in classes.items() if all(sides)}
    pairs: list[tuple[Family, Family]] = []
    for _ in range(3):                              # what is settled tells about what surrounds it
        settled = [pair for profile, sides in stoppable(open_classes.items(), monitor) for pair in choose.settled(profile, *sides)]
        if not settled:
            break
        pairs += settled
        done_a, done_b = {id(x) for x, _ in settled}, {id(y) for _, y in settled}
        for sides in open_classes.values():
            sides[0][:] = [family for family in sides[0] if id(family) not in done_a]
            sides[1][:] = [family for family in sides[1] if id(family) not in done_b]
        open_classes = {profile: sides for profile, sides in open_classes.items() if all(sides)}
        for x, y in settled:
            choose.learn(x, y)
    paired = {id(family) for pair in pairs for family in pair}
    partial = choose.partial([f for f in in_a if id(f) not in paired], [f for f in in_b if id(f) not in paired], a, b)
    doubtful = []
    for mine, theirs in open_classes.values():
        if len(mine) == len(theirs) <= _TOO_MANY:
            why = ("only their shapes agree" if len(mine) == 1 else
                   f"{len(mine)} families have these shapes; the stored order is all that tells them apart")
            doubtful += [rule_of(x, y, monitor)._replace(why=why)
                         for x, y in zip(mine, theirs, strict=True) if not choose.conflict(x, y)]
    return [rule_of(x, y, monitor) for x, y in (*pairs, *partial)], doubtful


def _by_words(a: list[str], b: list[str], monitor: Monitor) -> list[Rule]:
    """Where shapes are not known: families of as many layers with the same tensors, which the field's names say are one."""
    in_a, in_b = families(a, monitor=monitor), families(b, monitor=monitor)
    if len(in_a) > _CROWD or len(in_b) > _CROWD:
        return []
    choose = _Chooser(in_a, in_b, monitor)
    rules = []
    for x in in_a:
        same = [y for y in in_b if x.members.keys() == y.members.keys()
                and all(leaves.keys() == y.members[numbers].keys() for numbers, leaves in x.members.items())]
        likely = [y for y in same if choose.score(x, y) >= _ROLE]
        if len(likely) == 1 and sum(choose.score(other, likely[0]) >= _ROLE for other in in_a) == 1:
            rules.append(rule_of(x, likely[0], monitor))
    return rules


class _Chooser:
    """Which of two families with equal shapes are the same."""

    def __init__(self, a: list[Family], b: list[Family], monitor: Monitor) -> None:
        self._monitor = monitor
        documents = [words_of(family.path) for family in stoppable((*a, *b), monitor)]
        counts = Counter(word for words in stoppable(documents, monitor) for word in words)
        self._weight = {word: math.log(1 + len(documents) / n) for word, n in counts.items()}
        self._parents: Counter[tuple[tuple[str, ...], tuple[str, ...]]] = Counter()

    def settled(self, profile: _Profile, a: list[Family], b: list[Family]) -> list[tuple[Family, Family]]:
        """Pairs that are each other's best by a margin, and the last ones left of a class that is otherwise settled."""
        if len(a) > _TOO_MANY or len(b) > _TOO_MANY:
            return self._same_words(a, b)
        found = []
        scores = {(i, j): self.score(x, y) for (i, x), (j, y) in stoppable(product(enumerate(a), enumerate(b)), self._monitor)}
        mine, theirs = set(range(len(a))), set(range(len(b)))
        for (i, j), best in sorted(scores.items(), key=lambda one: -one[1]):
            if i not in mine or j not in theirs:
                continue
            rivals = [*(scores[k, j] for k in mine if k != i), *(scores[i, m] for m in theirs if m != j)]
            enough = 0.35 if rivals or _is_small(profile) else 0.05
            if best < enough or any(score > best - _MARGIN for score in rivals):
                break
            found.append((a[i], b[j]))
            mine.remove(i)
            theirs.remove(j)
        return found

    def _same_words(self, a: list[Family], b: list[Family]) -> list[tuple[Family, Family]]:
        """In a crowd only equal roles and words count."""
        by_words: dict[tuple[str, frozenset[str]], list[list[Family]]] = defaultdict(lambda: [[], []])
        for side, group in enumerate((a, b)):
            for family in stoppable(group, self._monitor):
                by_words[role_of(family.path), words_of(family.path)][side].append(family)
        return [(mine[0], theirs[0]) for mine, theirs in by_words.values() if len(mine) == len(theirs) == 1]

    def score(self, x: Family, y: Family) -> float:
        """0 (nothing in common) to about 4; negative when their names say that they are different parts."""
        if x.path == y.path:
            return 4.0
        if self.conflict(x, y):
            return -1.0
        role = role_of(x.path)
        result = 1.5 if role and role == role_of(y.path) else 0.0
        words_x, words_y = words_of(x.path), words_of(y.path)
        either = sum(self._weight[word] for word in words_x | words_y)
        result += sum(self._weight[word] for word in words_x & words_y) / either if either else 0.0
        last_x, last_y = words_of(x.path[-1:]), words_of(y.path[-1:])
        if last_x and last_x == last_y:
            result += 0.4
        return result + (0.4 if self._parents[x.path[:-1], y.path[:-1]] else 0.0)

    def conflict(self, x: Family, y: Family) -> bool:
        one, other = role_of(x.path), role_of(y.path)
        return bool(one and other and one != other) or _opposed(words_of(x.path), words_of(y.path))

    def learn(self, x: Family, y: Family) -> None:
        self._parents[x.path[:-1], y.path[:-1]] += 1

    def partial(self, a: list[Family], b: list[Family], shapes_a: Known, shapes_b: Known) -> list[tuple[Family, Family]]:
        """Families of which one has layers that the other has not, where all that both have agree."""
        if len(a) > _CROWD or len(b) > _CROWD:
            return []
        by_numbers = [y for y in b if "#" in y.path]
        found: list[tuple[float, Family, Family]] = []
        for x in a:
            self._monitor.check()
            if "#" not in x.path:
                continue
            scored = sorted(((self.score(x, y), i) for i, y in enumerate(by_numbers) if _agree(x, y, shapes_a, shapes_b)), reverse=True)
            if scored and scored[0][0] >= 0.8 and (len(scored) == 1 or scored[0][0] > scored[1][0] + _MARGIN):
                found.append((scored[0][0], x, by_numbers[scored[0][1]]))
        chosen: dict[int, tuple[float, Family, Family]] = {}
        for score, x, y in sorted(found, key=lambda one: -one[0]):
            chosen.setdefault(id(y), (score, x, y))
        return [(x, y) for _, x, y in chosen.values()]


_OPPOSED = (("encoder", "decoder"), ("generator", "discriminator"), ("actor", "critic"), ("student", "teacher"), ("source", "target"),
            ("q", "k"), ("q", "v"), ("k", "v"), ("before", "after"), ("up", "down"), ("in", "out"), ("ih", "hh"))


def _opposed(x: frozenset[str], y: frozenset[str]) -> bool:
    return any((one in x) != (one in y) and (other in x) != (other in y) and (one in x) != (other in x) for one, other in _OPPOSED)


def _is_small(profile: _Profile) -> bool:
    return all(math.prod(shape) <= _SMALL for _, signature in profile.members for _, shape in signature)


def _profile(family: Family, shapes: Known, monitor: Monitor) -> _Profile:
    ranks = _ranks(family, monitor)
    return _Profile(tuple(sorted((ranks[numbers], _signature(leaves, shapes))
                                 for numbers, leaves in stoppable(family.members.items(), monitor))))


def _ranks(family: Family, monitor: Monitor = QUIET) -> dict[Numbers, Numbers]:
    """Each member's numbers -> their ranks among those in the same place; a number that is always the same counts nothing."""
    each = {numbers: numbers.split(".") for numbers in stoppable(family.members, monitor)}
    columns = [sorted(set(column)) for column in zip(*each.values(), strict=True)]
    ranked = [{number: f"{rank:09d}" for rank, number in enumerate(column)} if len(column) > 1 else None for column in columns]
    return {numbers: ".".join([rank[n] for rank, n in zip(ranked, parts, strict=True) if rank is not None])
            for numbers, parts in stoppable(each.items(), monitor)}


def _signature(leaves: dict[str, str], shapes: Known) -> Signature:
    return tuple(sorted((leaf, shapes[name]) for leaf, name in leaves.items()))


def _agree(x: Family, y: Family, shapes_a: Known, shapes_b: Known) -> bool:
    both = x.members.keys() & y.members.keys()
    return len(both) * 2 >= min(len(x.members), len(y.members)) > 0 and bool(both) and all(
        _signature(x.members[n], shapes_a) == _signature(y.members[n], shapes_b) for n in both)


def rule_of(x: Family, y: Family, monitor: Monitor = QUIET) -> Rule:
    numbers = _mapping(x, y, monitor)
    pairs = [(name, y.members[other][leaf]) for mine, other in stoppable(numbers.items(), monitor)
             for leaf, name in x.members[mine].items() if leaf in y.members[other]]
    shifted = any(mine != other for mine, other in stoppable(numbers.items(), monitor))
    left = sum(map(len, x.members.values())) - len(pairs)
    numbering = _numbering(x, y, numbers, len(pairs) + left, monitor) if shifted else None
    return Rule("shift" if shifted and x.path == y.path else "segments", ".".join(x.path), ".".join(y.path), tuple(pairs), 0, left,
                numbering.between("A", "B") if numbering is not None else "", numbering)


def _numbering(x: Family, y: Family, numbers: dict[Numbers, Numbers], tensors: int, monitor: Monitor) -> Shift | None:
    """What is numbered otherwise, where one number of all of a family's layers is as much higher or lower."""
    if x.path.count("#") != y.path.count("#"):          # one side has a number that is always the same
        return None
    parts = [(mine.split("."), other.split(".")) for mine, other in stoppable(numbers.items(), monitor)]
    columns = [[(int(mine[at]), int(other[at])) for mine, other in stoppable(parts, monitor)] for at in range(len(parts[0][0]))]
    moved = [at for at, column in enumerate(columns) if any(a != b for a, b in stoppable(column, monitor))]
    if len(moved) != 1 or len({b - a for a, b in stoppable(columns[moved[0]], monitor)}) > 1:
        return None
    at = [n for n, segment in enumerate(x.path) if segment == "#"][moved[0]]
    place = [segment.replace("#", "*") if n < at else segment for n, segment in enumerate(x.path[:at + 1])]
    return Shift(".".join(place), *min(columns[moved[0]]), (), True, tensors)


def _mapping(x: Family, y: Family, monitor: Monitor = QUIET) -> dict[Numbers, Numbers]:
    """Layers of A -> layers of B: by number where the numbers are the same, else by rank."""
    if x.members.keys() == y.members.keys() or len(x.members) != len(y.members):
        return {numbers: numbers for numbers in stoppable(x.members, monitor) if numbers in y.members}
    by_rank = {ranks: numbers for numbers, ranks in stoppable(_ranks(y, monitor).items(), monitor)}
    return {numbers: by_rank[ranks] for numbers, ranks in stoppable(_ranks(x, monitor).items(), monitor)}
