"""Rules that replace one prefix by another, found from common suffixes with equal shapes, and wrappers within names."""
from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from inspector.core.keypath import segments_of
from inspector.core.naming_conventions import WRAPPERS, without_wrappers
from inspector.core.progress import QUIET, Monitor, stoppable

from .rules import Rule, Shape, Shapes

_CHOICES = 4            # a suffix that more names of the other side share says nothing
_CANDIDATES = 24        # rules tried in one round
_ROUNDS = 12
_LONGEST = 64           # segments of a prefix: of a name of 100,000 all endings together are gigabytes


def wrapper_rules(a: Shapes, b: Shapes, monitor: Monitor = QUIET) -> list[Rule]:
    """Rules for names that are equal once what wrappers put into them is left out on both sides."""
    plain_b: dict[str, str | None] = {}
    for name in stoppable(b, monitor):
        plain = without_wrappers(name)
        plain_b[plain] = None if plain in plain_b else name
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    taken: Counter[str] = Counter()
    for name in stoppable(a, monitor):
        plain = without_wrappers(name)
        other = plain_b.get(plain)
        if other is not None and (plain != name or other != plain):
            taken[other] += 1
            wrapped = next(s for s in (*segments_of(name), *segments_of(other)) if s in WRAPPERS)
            found[wrapped].append((name, other))
    rules = []
    for wrapper, pairs in found.items():
        once = tuple(pair for pair in stoppable(pairs, monitor) if taken[pair[1]] == 1)
        strips = all(without_wrappers(x) == y for x, y in stoppable(once, monitor))
        if once:
            rules.append(Rule("wrapper", f"{wrapper}." if strips else "", "" if strips else f"{wrapper}.", once,
                              collisions=len(pairs) - len(once)))
    return rules


def prefix_rules(a: Shapes, b: Shapes, monitor: Monitor = QUIET) -> tuple[list[Rule], list[Rule]]:
    """(rules applied, rules offered) that pair names of `a` with names of `b`, the one that explains most first. `a` and `b`
    are what has no partner yet."""
    left_a, left_b = dict(a), dict(b)
    rules: list[Rule] = []
    offered: list[Rule] = []
    for _ in range(_ROUNDS):
        votes = _votes(left_a, left_b, monitor)
        tried = [_rule(prefix, other, left_a, left_b, monitor) for (prefix, other), _ in votes.most_common(_CANDIDATES)]
        tried = [rule for rule in tried if _is_supported(rule, left_a, left_b, monitor)]
        if not tried:
            break
        tried.sort(key=lambda rule: (-_agreeing(rule, left_a, left_b, monitor), *_prior(rule)))
        best = tried[0]
        mine = {x for x, _ in stoppable(best.pairs, monitor)}
        for rival in tried[1:]:
            doubt = _doubt(best, rival, mine, left_a, left_b, monitor)
            if doubt:
                offered.append(rival._replace(why=doubt))
        rules.append(best)
        for x, y in stoppable(best.pairs, monitor):
            del left_a[x], left_b[y]
    names_a = {x for rule in rules for x, _ in stoppable(rule.pairs, monitor)}
    names_b = {y for rule in rules for _, y in stoppable(rule.pairs, monitor)}
    return (rules, [rule for rule in offered
                    if not all(x in names_a and y in names_b for x, y in stoppable(rule.pairs, monitor)) or rule.why])


def _votes(a: Shapes, b: Shapes, monitor: Monitor) -> Counter[tuple[str, str]]:
    """(prefix in A, prefix in B) -> names of A whose longest common suffix with a name of B of equal shape leaves these."""
    has_bare = any("." not in name for name in stoppable(a, monitor))       # `weight`, of a module saved by itself
    by_suffix: dict[str, list[str]] = defaultdict(list)
    for name in stoppable(b, monitor):
        for prefix in _prefixes(name, to_the_last=has_bare):
            places = by_suffix[name[len(prefix):]]
            if len(places) <= _CHOICES:
                places.append(name)
    votes: Counter[tuple[str, str]] = Counter()
    for name, shape in stoppable(a.items(), monitor):
        for prefix in _prefixes(name, to_the_last=True):
            suffix = name[len(prefix):]
            places = by_suffix.get(suffix, [])
            if prefix and "." not in suffix:
                places = [other for other in places if other == suffix]
            if not places:
                continue
            if len(places) <= _CHOICES:
                votes.update((prefix, other[:len(other) - len(suffix)]) for other in places if _same(b[other], shape))
            break
    return votes


def _prefixes(name: str, to_the_last: bool) -> Iterator[str]:
    """"" and every leading run of whole segments, of a name of very many the first; one that leaves a single segment only when that is
    asked for."""
    yield ""
    at = name.find(".")
    for _ in range(_LONGEST):
        if at < 0:
            return
        following = name.find(".", at + 1)
        if following < 0 and not to_the_last:
            return
        yield name[:at + 1]
        at = following


def _rule(prefix: str, other: str, a: Shapes, b: Shapes, monitor: Monitor) -> Rule:
    pairs, leftover, collisions = [], 0, 0
    for name in stoppable(a, monitor):
        if name.startswith(prefix):
            target = other + name[len(prefix):]
            if target in b:
                pairs.append((name, target))
            else:
                leftover += 1
    return Rule("prefix", prefix, other, tuple(pairs), collisions, leftover)


def _same(x: Shape | None, y: Shape | None) -> bool:
    return x is None or y is None or x == y


def _agreeing(rule: Rule, a: Shapes, b: Shapes, monitor: Monitor) -> int:
    return sum(_same(a[x], b[y]) for x, y in stoppable(rule.pairs, monitor))


def _is_supported(rule: Rule, a: Shapes, b: Shapes, monitor: Monitor) -> bool:
    """Shapes must agree for nearly all: a resized head is one pair in many."""
    agreeing = _agreeing(rule, a, b, monitor)
    return (agreeing >= 2 and agreeing * 4 >= len(rule.pairs) * 3) or (agreeing == len(rule.pairs) == len(a) == 1)


def _prior(rule: Rule) -> tuple[int, int, str, str]:
    """Which of two rules that explain as much is more likely meant: no moving average, the shorter."""
    text = f"{rule.a}{rule.b}".lower()
    return ("ema" in text or "average" in text, len(text), rule.a, rule.b)


def _doubt(best: Rule, rival: Rule, mine: set[str], a: Shapes, b: Shapes, monitor: Monitor) -> str:
    """Why `rival` might be meant instead of `best`: it explains the same names as well. "" when it is no rival."""
    same = sum(x in mine for x, _ in stoppable(rival.pairs, monitor))
    if not same or same * 10 < len(mine) * 9 or _agreeing(rival, a, b, monitor) * 10 < _agreeing(best, a, b, monitor) * 9:
        return ""
    return "it explains the same tensors as another rule that was applied"
