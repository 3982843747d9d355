"""What a pickle would import and call if somebody unpickled it: every name in it, reachable or not.

This is information for the person who may be about to call torch.load; it decides nothing here, because nothing is ever
run. It works on the very graph that is shown, so there is no second parser to disagree with the first.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from inspector.core.errors import InspectorError, ReadError
from inspector.core.findings import Finding, Level
from inspector.core.graph import (
    BYTEARRAY,
    BYTES,
    CALLS,
    EXT,
    GLOBAL,
    GLOBALDYN,
    LIST,
    NEWOBJ,
    NEWOBJEX,
    PYSTR,
    REDUCE,
    STR,
    TUPLE,
    Graph,
)
from inspector.core.keypath import visible
from inspector.core.limits import LIMITS, Limits
from inspector.core.pickles.decode.machine import Budget, decode
from inspector.core.progress import QUIET, Monitor
from inspector.core.wording import count

from .bulk import computed_calls
from .calls import call_of
from .names import (
    FROM_TYPE,
    FROM_TYPE_V2,
    LOAD_FROM_BYTES,
    LOADERS,
    Name,
    Verdict,
    canonical,
    danger_text,
    is_class_name,
    runs_commands,
    verdict,
)
from .notes import note_findings
from .plain import short

COMPUTED_NAME, EXTENSION = "(computed name)", "(extension code)"
_LISTED = 200               # names with a finding of their own; the rest is counted
_EXAMPLES = 4               # names, and arguments of a call, that are shown
_ARGUMENT = 200             # characters of one
_NO_PATHS: Mapping[int, str] = {}

_HINT = {
    "unknown": "Ask for a file with only the weights (torch.save(model.state_dict(), ...)), or allow it only if you trust its "
               "author.",
    "library": "torch.load(weights_only=True) refuses it; the tensors can be shown and exported here all the same.",
    "dangerous": "Do not load this file with weights_only=False.",
    "plain": "",
    "script": "",
}


class Use(NamedTuple):
    """How a name occurs: `at` the offset of its first mention, `calls` all call nodes, `named` the first node that names it;
    `is_class`: only objects of it are made, as far as it is called at all."""

    name: Name
    verdict: Verdict
    at: int
    named: int
    calls: list[int]
    is_class: bool = False


def code_findings(graph: Graph, member: str, *, paths: Mapping[int, str] = _NO_PATHS, limits: Limits = LIMITS,
                  monitor: Monitor = QUIET) -> list[Finding]:
    """Findings "unknown-code", "computed-call", "dynamic-name", "extension-code", "dead-call" and "nested-pickle" of one
    pickle and of those inside its bytes. `paths` says under which key a node was listed. Never raises for odd content."""
    found: list[Finding] = []
    budget = Budget(limits)
    todo: list[tuple[Graph, str, Mapping[int, str], int]] = [(graph, member, paths, 0)]
    pickles = 0
    while todo:
        present, name, known, depth = todo.pop()
        found += _findings(present, name, known)
        for place, data, loaded in _embedded(present, name, known):
            pickles += 1
            if depth >= limits.nested_pickles or pickles > limits.pickles_per_stream:
                found.append(Finding("nested-pickle", "danger", place, "More pickles inside bytes than are looked into."))
                break
            inner, end, broken = _decode_all(data, place, budget, limits, monitor, loaded)
            if inner:
                found.append(_nested(place, inner, loaded, broken, end))
                todo += [(graph, place, _NO_PATHS, depth + 1) for graph in reversed(inner)]
    return found


def unknown_names(graph: Graph, *, limits: Limits = LIMITS, monitor: Monitor = QUIET) -> list[str]:
    """The dotted names in one pickle, and in those inside its bytes, that mean nobody knows what: each once, in order of mention.
    Names put together while loading and extension codes count as one name of their own. Those of torch's own classes, and
    of TorchScript classes, are not among them."""
    found: dict[str, None] = {}
    budget = Budget(limits)
    todo, pickles = [(graph, 0)], 0
    while todo:
        present, depth = todo.pop()
        found.update((".".join(use.name), None) for use in _uses(present) if use.verdict in ("unknown", "dangerous"))
        if GLOBALDYN in present.kind:
            found[COMPUTED_NAME] = None
        found.update((f"{EXTENSION} {present.a[n]}", None) for n in _nodes(present, EXT))
        for place, data, loaded in _embedded(present, "", _NO_PATHS):
            pickles += 1
            if depth < limits.nested_pickles and pickles <= limits.pickles_per_stream:
                todo += [(inner, depth + 1) for inner in reversed(_decode_all(data, place, budget, limits, monitor, loaded)[0])]
    return list(found)


def findings_of_broken(graph: Graph, member: str = "data.pkl") -> list[Finding]:
    """What is to be said of a pickle that breaks off: all that it would have called before it did."""
    return [*note_findings(graph, member), *code_findings(graph, member)]


def findings_before(error: InspectorError, member: str) -> list[Finding]:
    """The same of the pickle in `member`, decoding which ended with `error`; nothing where it had not begun."""
    graph = error.decoded if isinstance(error, ReadError) else None
    return findings_of_broken(graph, member) if graph is not None else []


# -- names ------------------------------------------------------------------------------------------------------------

def _findings(graph: Graph, member: str, paths: Mapping[int, str]) -> list[Finding]:
    uses, computed = _uses(graph), computed_calls(graph)
    scripts = [use for use in uses if use.verdict == "script"]
    uses = [use for use in uses if use.verdict != "script"]
    groups = _grouped(graph, uses)
    found = [_use_finding(graph, group[0], member, paths) if len(group) == 1 else _group_finding(group, member, paths)
             for group in groups[:_LISTED]]
    if len(groups) > _LISTED:
        rest = [use for group in groups[_LISTED:] for use in group]
        use = max(rest, key=lambda use: _ORDER.index(_level(use)))
        found.append(Finding("unknown-code", _level(use), f"{member}:{use.at}", f"{len(rest):,} more names, {_dotted(use.name)} among "
                             "them.", _HINT[use.verdict], keys=_keys_of(rest, paths), code=_names_of(rest)))
    if scripts:
        more = f" and {len(scripts) - 1:,} more TorchScript classes" if len(scripts) > 1 else ", a TorchScript class"
        found.append(Finding("unknown-code", "info", f"{member}:{scripts[0].at}", f"Needs {_dotted(scripts[0].name)}{more}: their "
                             "code lies in the archive and is not run here.", keys=_keys_of(scripts, paths), code=_names_of(scripts)))
    dead = _dead_calls(graph, uses, computed, member, paths)
    if computed:
        found.append(_computed(graph, computed, member, paths))
    return [*found, *_unusual_names(graph, member), *dead]


_ORDER: tuple[Level, ...] = ("info", "warning", "danger")


def _uses(graph: Graph) -> list[Use]:
    """Each distinct name that is no plain data, in order of first mention."""
    verdicts = {i: verdict(*name) for i, name in enumerate(graph.names)}
    odd = {i for i, found in verdicts.items() if found != "plain"}
    helpers = {i for i, name in enumerate(graph.names) if canonical(*name) in _INDIRECT}
    patched = {n: graph.a[n] for n in _nodes(graph, GLOBAL) if n in graph.mutations}
    if not odd and not helpers and not patched:
        return []
    uses: dict[int, Use] = {}
    numbers = {name: i for i, name in enumerate(graph.names)}
    for n in _nodes(graph, GLOBAL):
        i = graph.a[n]
        if i in odd and i not in uses:
            uses[i] = Use(graph.names[i], verdicts[i], graph.at[n], n, [])
    lookups = {i for i in uses if canonical(*graph.names[i]) == _GETATTR}
    harmless: set[int] = set()
    for n in graph.calls():
        target = graph.a[n] if graph.kind[n] in (REDUCE, NEWOBJ) else graph.operands[graph.a[n]]
        if graph.kind[target] != GLOBAL:
            continue
        i = graph.a[target]
        if i in lookups and _is_harmless_lookup(graph, n):
            harmless.add(i)
        elif i in uses:
            uses[i].calls.append(n)
            if uses[i].verdict == "library" and graph.kind[n] not in (NEWOBJ, NEWOBJEX):
                _count_handed_over(graph, n, uses)
        elif i in helpers:
            _count_called_by_helper(graph, n, canonical(*graph.names[i]), uses, numbers)
    for n, i in patched.items():
        uses.setdefault(i, Use(graph.names[i], "plain", graph.at[n], n, [])).calls.append(n)
    kept = (use for i, use in uses.items() if use.calls or i not in harmless)
    return [_judged(graph, use) for use in sorted(kept, key=lambda use: use.at)]


def _judged(graph: Graph, use: Use) -> Use:
    """`use` with its verdict by what is done with it, not by its name alone. BUILD on a name sets attributes of a class or a module, which
    is how one of torch's own is made to run something else; and of torch's own functions a pickle calls none by itself."""
    is_class = _is_class(graph, use)
    if any(graph.kind[n] == GLOBAL for n in use.calls):
        return use._replace(verdict="dangerous", is_class=False)
    if use.verdict == "library" and use.calls and not is_class:
        return use._replace(verdict="unknown")
    return use._replace(is_class=is_class)


def _is_class(graph: Graph, use: Use) -> bool:
    """Whether the name is written as a class's, or objects of it are made without calling it."""
    if is_class_name(use.name[1]):
        return True
    return bool(use.calls) and use.name[1].isidentifier() and all(
        graph.kind[n] in (NEWOBJ, NEWOBJEX) or (graph.kind[n] in CALLS and call_of(graph, n).made) for n in use.calls)


def _grouped(graph: Graph, uses: list[Use]) -> list[list[Use]]:
    """The names, those of classes of one package together, and those of torch's own."""
    groups: dict[object, list[Use]] = {}
    for use in uses:
        together = use.verdict == "library" or (use.verdict == "unknown" and use.is_class)
        package = "" if use.verdict == "library" else canonical(*use.name)[0].partition(".")[0]
        groups.setdefault((use.verdict, package) if together else use.name, []).append(use)
    return list(groups.values())


_HOLDERS = frozenset({("functools", "partial"), ("collections", "defaultdict")})
_ITER, _TYPE, _GETATTR = ("builtins", "iter"), ("builtins", "type"), ("builtins", "getattr")
_INDIRECT = frozenset({("copyreg", "_reconstructor"), ("copyreg", "__newobj__"), FROM_TYPE, FROM_TYPE_V2, *_HOLDERS, _ITER, _TYPE})
_NESTING = 3        # containers in the arguments of a call that are looked into for functions


def _is_harmless_lookup(graph: Graph, n: int) -> bool:
    """Whether call `n` of getattr is how members of enumerations, classes in classes and methods of objects are pickled: a public attribute
    of a class, or of an object in the file. Should the file call what it gets, that is a finding of its own."""
    args = call_of(graph, n).args or ()
    if len(args) != 2 or (attribute := graph.text(args[1])) is None or not attribute.isidentifier() or attribute[0] == "_":
        return False
    named = graph.global_name(args[0])
    if named is not None:
        return is_class_name(named[1]) and verdict(*named) != "dangerous"
    if graph.kind[args[0]] in CALLS:
        return call_of(graph, args[0]).name not in (None, _GETATTR)
    return graph.kind[args[0]] not in (GLOBALDYN, EXT)


def _count_called_by_helper(graph: Graph, n: int, helper: Name, uses: dict[int, Use], numbers: Mapping[Name, int]) -> None:
    """What call `n` of a helper of Python or torch calls on its caller's behalf: the class or function in its first argument. What a
    partial or a defaultdict holds is called when somebody calls those, which only what is dangerous is taken at its word for."""
    call = call_of(graph, n)
    if helper == _TYPE:
        if call.args is None or len(call.args) != 1:        # not the type of something, but a new class with the methods given
            uses.setdefault(graph.a[_target(graph, n)], Use(helper, "dangerous", graph.at[n], n, [])).calls.append(n)
        return
    if helper == _ITER:
        if call.args is not None and len(call.args) < 2:
            return                                          # over a list; with two arguments it is over what a function returns
        if call.args is None or graph.kind[call.args[0]] != GLOBAL:
            uses.setdefault(graph.a[_target(graph, n)], Use(helper, "dangerous", graph.at[n], n, [])).calls.append(n)
            return
    named = numbers[call.spelled] if call.made and call.spelled else _named_by(graph, call.args[0]) if call.args else None
    use = uses.get(named) if named is not None else None
    if use is not None and (helper not in _HOLDERS or use.verdict == "dangerous"):
        use.calls.append(n)


def _target(graph: Graph, n: int) -> int:
    return graph.a[n] if graph.kind[n] in (REDUCE, NEWOBJ) else graph.operands[graph.a[n]]


def _named_by(graph: Graph, n: int) -> int | None:
    return graph.a[n] if graph.kind[n] == GLOBAL else None


def _count_handed_over(graph: Graph, n: int, uses: dict[int, Use]) -> None:
    """Functions among the arguments of a constructor of torch, which may call them: schedulers do."""
    todo = [(arg, 0) for arg in call_of(graph, n).args or ()]
    while todo:
        arg, depth = todo.pop()
        if (named := _named_by(graph, arg)) is not None:
            if named in uses and uses[named].verdict in ("unknown", "dangerous") and not is_class_name(uses[named].name[1]):
                uses[named].calls.append(n)
        elif graph.kind[arg] in CALLS and call_of(graph, arg).name == _GETATTR:
            named = _named_by(graph, _target(graph, arg))
            if named in uses:
                uses[named].calls.append(arg)
        elif graph.kind[arg] in (LIST, TUPLE) and depth < _NESTING:
            todo += [(item, depth + 1) for item in graph.sequence(arg)[:_LISTED]]


def _level(use: Use) -> Level:
    """What runs commands, or a function nobody knows, is danger; a class that is not here is a warning; torch's own is neither."""
    if use.verdict == "library":
        return "info"
    if use.verdict == "unknown" and use.is_class:
        return "warning"
    return "danger" if use.calls or (use.verdict == "dangerous" and runs_commands(*use.name)) else "warning"


def _group_finding(group: list[Use], member: str, paths: Mapping[int, str]) -> Finding:
    """One finding for classes that come from one place."""
    first = group[0]
    package = canonical(*first.name)[0].partition(".")[0]
    called = [use for use in group if use.calls]
    shown = ", ".join(_dotted(use.name) for use in group[:_EXAMPLES]) + (", …" if len(group) > _EXAMPLES else "")
    keys = _keys_of(group, paths)
    place = f" (at {visible(keys[0], 80)}" + (f" and {len(keys) - 1:,} more" if len(keys) > 1 else "") + ")" if keys and keys[0] else ""
    if first.verdict == "library":
        message = f"Needs {count(len(group), 'name')} of torch's own libraries{place}: {shown}."
    else:
        whose = "of the script that wrote the file (__main__)" if package == "__main__" else f"of the package {visible(package, 80)}"
        message = (f"Needs {len(group):,} classes {whose}{place}: {shown}. torch.load would import "
                   f"{'and call them' if called else 'them'}; nothing was run here.")
    level = max((_level(use) for use in group), key=_ORDER.index)
    return Finding("unknown-code", level, f"{member}:{first.at}", message, _HINT[first.verdict], keys=keys, code=_names_of(group))


def _use_finding(graph: Graph, use: Use, member: str, paths: Mapping[int, str]) -> Finding:
    node = use.calls[0] if use.calls else use.named
    key = paths.get(node)
    place = "" if key is None else f" (at {visible(key, 80)})" if key else " (the whole file)"
    name = _dotted(use.name)
    if graph.kind[node] == GLOBAL and node in graph.mutations:
        message = f"Changes attributes of {name}{place}: whatever uses it afterwards runs what the file put there."
    elif use.verdict == "dangerous":
        deed = danger_text(*use.name)
        if use.calls:
            call = name + _arguments(graph, use, node)
            message = f"Calls {call}{place}, which {deed} when torch.load opens this file without weights_only."
        else:
            loaded = canonical(*use.name) in LOADERS
            message = f"Names {name}{place}, which {deed}; " + ("what it loads here is shown with the rest." if loaded else
                                                                "this pickle does not call it by itself.")
    elif use.verdict == "library":
        message = f"Needs {name}{place}, of torch's own libraries; torch.load would import {'and build ' if use.calls else ''}it."
    elif use.calls:
        message = f"Needs {name}{place}: torch.load would import and call it. Nothing was run here."
    else:
        message = f"Names {name}{place}: torch.load would import it. Nothing was run here."
    return Finding("unknown-code", _level(use), f"{member}:{use.at}", message, _HINT[use.verdict], keys=_keys_of([use], paths),
                   code=_names_of([use]))


def _arguments(graph: Graph, use: Use, n: int) -> str:
    """What call `n` is given: `('rm -rf ~')`, as far as it is short; with the helper in front that calls the name on the file's behalf."""
    if graph.kind[n] not in CALLS:
        return ""
    call = call_of(graph, n)
    args = call.args if call.args is not None else tuple(graph.references(n)[1:])
    shown = ", ".join(short(graph, arg, _ARGUMENT) for arg in args[:_EXAMPLES]) + (", …" if len(args) > _EXAMPLES else "")
    helper = f" in {_dotted(call.spelled)}" if call.spelled is not None and call.spelled != use.name else ""
    return f"{helper}({shown})"


def _keys_of(uses: Iterable[Use], paths: Mapping[int, str]) -> tuple[str, ...]:
    """Where names are called or mentioned, as far as that has a key."""
    if not paths:
        return ()
    return tuple(dict.fromkeys(paths[n] for use in uses for n in (*use.calls, use.named) if n in paths))


def _names_of(uses: Iterable[Use]) -> tuple[str, ...]:
    return tuple(".".join(use.name) for use in uses)


def _computed(graph: Graph, nodes: list[int], member: str, paths: Mapping[int, str]) -> Finding:
    n = nodes[0]
    key = paths.get(n)
    place = f" (at {visible(key, 80)})" if key else ""
    more = f" and {len(nodes) - 1:,} more" if len(nodes) > 1 else ""
    return Finding("computed-call", "danger", f"{member}:{graph.at[n]}",
                   f"Calls something that is no plain name but the result of other steps{place}{more}.", _HINT["dangerous"],
                   keys=tuple(dict.fromkeys(paths[n] for n in nodes if n in paths)))


def _unusual_names(graph: Graph, member: str) -> Iterator[Finding]:
    """Names that are no text, and codes of a registry that only the reader has."""
    for kind, id, words in ((GLOBALDYN, "dynamic-name", "A name that is put together while loading"),
                            (EXT, "extension-code", "An extension code, which means what the reading program registered for it")):
        nodes = list(_nodes(graph, kind))
        if nodes:
            n = nodes[0]
            what = f"{short(graph, graph.a[n], 60)}, {short(graph, graph.b[n], 60)}" if kind == GLOBALDYN else str(graph.a[n])
            more = f" and {len(nodes) - 1:,} more" if len(nodes) > 1 else ""
            yield Finding(id, "danger", f"{member}:{graph.at[n]}", f"{words}: {what}{more}.", _HINT["dangerous"])


def _dead_calls(graph: Graph, uses: Iterable[Use], computed: Iterable[int], member: str, paths: Mapping[int, str]) -> list[Finding]:
    """Calls whose result is thrown away, so that they show up under no key: done for what they do."""
    if graph.root < 0:
        return []
    suspects = [(use.name, [n for n in use.calls if n not in paths]) for use in uses if use.verdict != "plain"]
    unnamed = [n for n in computed if n not in paths]
    if not unnamed and not any(nodes for _, nodes in suspects):
        return []
    reachable = graph.reachable()
    found = []
    for name, nodes in suspects:
        dead = [n for n in nodes if not reachable[n] and graph.kind[n] != GLOBAL]
        if dead:
            more = f" ({len(dead):,} times)" if len(dead) > 1 else ""
            found.append(Finding("dead-call", "danger", f"{member}:{graph.at[dead[0]]}",
                                 f"Calls {_dotted(name)} and throws the result away{more}: it is called for what it does.",
                                 _HINT["dangerous"], code=(".".join(name),)))
    dead = [n for n in unnamed if not reachable[n]]
    if dead:
        found.append(Finding("dead-call", "danger", f"{member}:{graph.at[dead[0]]}", "Calls something and throws the result away.",
                             _HINT["dangerous"]))
    return found[:_LISTED]


def _nodes(graph: Graph, kind: int) -> Iterator[int]:
    n = graph.kind.find(kind)
    while n >= 0:
        yield n
        n = graph.kind.find(kind, n + 1)


def _dotted(name: Name) -> str:
    return visible(".".join(name), 160)


# -- pickles inside bytes ---------------------------------------------------------------------------------------------

def _embedded(graph: Graph, member: str, paths: Mapping[int, str]) -> Iterator[tuple[str, bytes, bool]]:
    """(where, bytes, whether something loads them) of every constant that is a pickle by its looks, or that is given to
    torch.storage._load_from_bytes."""
    given = _given_to_loader(graph)
    for n in given:
        raw = _raw(graph, n)
        if raw:
            yield f"{member}:{graph.at[n]}", raw, True
    for kind in (BYTES, BYTEARRAY, PYSTR):
        for n in _nodes(graph, kind):
            start, end = graph.a[n], graph.b[n]
            if n not in given and end - start > 3 and _looks_pickled(graph.data[start], graph.data[start + 1], graph.data[end - 1]):
                yield f"{member}:{graph.at[n]}", graph.data[start:end], False
    if not any(canonical(*name) == ("_codecs", "encode") for name in graph.names):
        return
    for n in _nodes(graph, STR):                # protocol 2 keeps bytes as text that is encoded as latin-1
        start, end = graph.a[n], graph.b[n]
        if end - start > 4 and n not in given and graph.data[start:start + 2] == b"\xc2\x80" \
                and _looks_pickled(0x80, graph.data[start + 2], graph.data[end - 1]):
            raw = _raw(graph, n)
            if raw:
                yield f"{member}:{graph.at[n]}", raw, False


def _looks_pickled(first: int, second: int, last: int) -> bool:
    return first == 0x80 and 1 < second <= 5 and last == 0x2e


def _given_to_loader(graph: Graph) -> dict[int, None]:
    """Nodes of the bytes (or of the text that becomes them) that `_load_from_bytes` and other loaders are called with."""
    loaders = {i for i, name in enumerate(graph.names) if name[1] in ("loads", "_loads") or canonical(*name) == LOAD_FROM_BYTES}
    given: dict[int, None] = {}
    if not loaders:
        return given
    for n in _nodes(graph, REDUCE):
        if graph.kind[graph.a[n]] != GLOBAL or graph.a[graph.a[n]] not in loaders:
            continue
        args = call_of(graph, n).args
        inner = args[0] if args else -1
        if inner >= 0 and graph.kind[inner] == REDUCE:
            encoded = call_of(graph, inner)
            inner = encoded.args[0] if encoded.name == ("_codecs", "encode") and encoded.args else -1
        if inner >= 0:
            given[inner] = None
    return given


def _raw(graph: Graph, n: int) -> bytes | None:
    if graph.kind[n] != STR:
        return graph.raw(n)
    try:
        return (graph.text(n) or "").encode("latin-1")
    except UnicodeEncodeError:
        return None


def _decode_all(data: bytes, place: str, budget: Budget, limits: Limits, monitor: Monitor,
                loaded: bool) -> tuple[list[Graph], int, bool]:
    """The pickles that `data` begins with (of a legacy torch file five, then raw storages), where they end, and whether the
    last one broke off. Bytes that only look like a pickle and are none give none."""
    graphs: list[Graph] = []
    at = 0
    while at < len(data) and len(graphs) < limits.pickles_per_stream:
        try:
            graph = decode(data, at, limits=limits, monitor=monitor, member=place, budget=budget)
        except ReadError as error:
            partial = error.decoded
            if partial is not None and partial.names and (graphs or loaded):
                graphs.append(partial)
            return graphs, at, not graphs or partial in graphs
        graphs.append(graph)
        at = graph.end
    return graphs, at, False


def _nested(place: str, graphs: list[Graph], loaded: bool, broken: bool, end: int) -> Finding:
    count = f"{len(graphs)} pickles" if len(graphs) > 1 else "A pickle"
    message = f"{count} inside bytes of the pickle"
    message += ", which torch.load would unpickle with no protection" if loaded else ""
    message += f"; broken off at byte {end}" if broken else ""
    return Finding("nested-pickle", "danger" if loaded else "warning", place, message + ".",
                   "What it names is listed with this place in front.")
