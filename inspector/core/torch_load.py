"""Would `torch.load` take the file as it does by default, with `weights_only=True`? And if not, what stands where that it refuses?

Metadata only, and torch is not asked: the rules of its unpickler (`pickles.objects.weights_only`), release by release, over the very
graph that is shown. Names are attributed to keys by the nodes that the walk noted (`Checkpoint.listed_nodes`): what a key's value needs,
down to the next value that has a key of its own.
"""
from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from .checkpoint import Checkpoint, Opaque
from .graph import CALLS, CONTAINERS, EXT, GLOBAL, GLOBALDYN, NEWOBJ, PERSID, PYSTR, REDUCE, Graph
from .keypath import quoted, visible
from .naming_conventions import is_device
from .pickles.decode import opcodes
from .pickles.objects.bulk import calls_besides
from .pickles.objects.names import LOADERS, canonical
from .pickles.objects.persistent import locations
from .pickles.objects.storages import becomes_ordinary
from .pickles.objects.value_words import words_for
from .pickles.objects.weights_only import Refusal, refusals, refused_names
from .pickles.objects.weights_only_names import Rules, rules_of
from .progress import QUIET, Monitor, counted, stoppable
from .tensor_table import column, tagged, values_of

_READ_BY_OTHERS = {
    "safetensors": "safetensors.torch.load_file reads it; torch.load does since torch 2.13, where it is called .safetensors.",
    "safetensors-sharded": "safetensors reads it, file by file.",
    "torchscript": "It is a TorchScript archive: torch.jit.load reads it, and torch.load refuses it with weights_only=True.",
    "torch-export": "It is an archive of torch.export: torch.export.load reads it.",
    "dcp": "torch.load does not read it: torch.distributed.checkpoint does.",
}
_PLAIN_PICKLE = "it is a plain pickle, not a file that torch.save wrote."
_TAR = "it is in the tar format of torch before 0.1.10."
_REFUSED_WHOLE = frozenset({"layout", "version", "byteorder", "padded", "truncated-archive", "truncated"})      # findings of the readers
_BROKEN = ("missing", "truncated", "lost", "out_of_bounds", "corrupt", "size_mismatch")
_NOWHERE = frozenset((None, "cpu", "meta"))
_SHOWN = 3
_NAMES_SHOWN = 2
_FREE_VISITS = 1 << 18
_NAMES = (GLOBAL, GLOBALDYN, EXT)
_RULES = {"text": "str"}            # what is refused without a name -> what it is called
_UNDECODABLE = "a text of Python 2 that is not UTF-8"
_UNDER = "under a key that is "
_LOOKED_INTO = CONTAINERS | CALLS | {GLOBAL, GLOBALDYN, EXT, PERSID}
_OPCODES = {"POP": "a value that contains itself", "LONG4": "an integer of more than 255 bytes",
            "BINSTRING": "a text of more than 255 bytes as Python 2 wrote it"}


class Refused(NamedTuple):
    """`name` is the dotted name that torch does not take, or the opcode; `key` where it stands, "" for the root and for what is in no
    value; `words` say what the value is ("a numpy number"); `node` is its place in the pickle's graph, and `within` are the nodes of the
    calls in it that need the name: the value itself most often."""

    name: str
    key: str
    words: str
    node: int = -1
    within: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadsWithTorch:
    """`weights_only`: whether `torch.load` of that `release` takes the file with weights_only=True; None where that is not the question
    or cannot be told, and `reason` says why. `refused` are all values that stop it, in the order of the file, one entry for each name and
    key; of a file that is refused for another reason `reason` says which. `devices` are those, besides the CPU, that tensors are restored
    on: where one is missing, torch takes the file with `map_location` only."""

    weights_only: bool | None
    release: str
    refused: tuple[Refused, ...] = ()
    reason: str = ""
    devices: tuple[str, ...] = ()

    @property
    def keys(self) -> dict[str, list[Refused]]:
        """The refused values key by key."""
        found: dict[str, list[Refused]] = {}
        for one in self.refused:
            found.setdefault(one.key, []).append(one)
        return found

    def sentence(self, most: int = _SHOWN) -> str:
        """One sentence about it, with the first `most` keys."""
        if not self.refused:
            refuses = "torch.load (weights_only=True) refuses it: " if self.weights_only is False else ""
            return refuses + self.reason if self.reason else f"torch.load (weights_only=True) takes it{self._elsewhere}."
        keys = self.keys
        told = [f"{visible(key, 80) or 'the object'} is {in_words(ones, _NAMES_SHOWN)}" for key, ones in islice(keys.items(), most)]
        more = f"; and {len(keys) - most:,} more" if len(keys) > most else ""
        return f"torch.load (weights_only=True) refuses it: {'; '.join(told)}{more}."

    @property
    def _elsewhere(self) -> str:
        """What it needs on a computer without the devices."""
        shown = ", ".join(visible(tag, 40) for tag in self.devices[:_SHOWN]) + (", …" if len(self.devices) > _SHOWN else "")
        return f", with map_location=\"cpu\" where there is no {shown}" if self.devices else ""


def in_words(ones: Sequence[Refused], most: int | None = None) -> str:
    """What the value is at whose key `ones` are refused, and the first `most` of their names, or all: but for those the words have."""
    words = ones[0].words
    names = [name for name in dict.fromkeys(visible(one.name, 100) for one in ones)
             if not re.search(rf"(?<!\S){re.escape(name)}(?![^\s,])", words)]
    shown = ", ".join(names[:most]) + ", …" * (most is not None and len(names) > most)
    return f"{words} ({shown})" if shown else words


def loads_with_torch(ckpt: Checkpoint, release: str | None = None, monitor: Monitor = QUIET) -> LoadsWithTorch:
    """Whether `torch.load(path, weights_only=True)`, its default since 2.6, takes the file, and what it refuses. `release` is one of
    torch's from 2.4 on ("2.6"), the newest that is known without it. An edited checkpoint is asked for as it would be saved, to a PyTorch
    file. Reads nothing. Raises UsageError for a release that is not known, and Cancelled.

    >>> path = core.save({"w": np.ones(3), "epoch": 3}, folder / "a.pth").path
    >>> core.loads_with_torch(path).weights_only, core.loads_with_torch(path).refused
    (True, ())
    """
    rules = rules_of(release)
    source = ckpt.as_opened
    if source.format in _READ_BY_OTHERS:
        return LoadsWithTorch(None, rules.release, reason=_why_not_read(ckpt) or _READ_BY_OTHERS[source.format])
    if source.format not in ("torch-zip", "torch-legacy", "torch-sharded", "torch-tar", "pickle"):
        return LoadsWithTorch(None, rules.release, reason="It is of a format that torch.load does not read.")
    refused = tuple(one._replace(key=key) for one, key in refused_values(ckpt, rules.release))
    reason = _reason(ckpt, source, rules, monitor)
    return LoadsWithTorch(not refused and not reason, rules.release, refused, reason, devices_of(ckpt, monitor))


def _why_not_read(ckpt: Checkpoint) -> str:
    """Why not even the programs read the file that its format is of."""
    if ckpt.edited is not None:
        return ""
    ids = {finding.id for finding in ckpt.findings}
    if ids & _REFUSED_WHOLE or "extra-bytes" in ids:
        return "It is damaged: what reads its format refuses it."
    if ckpt.format == "safetensors-sharded" and "missing-shard" in ids:
        return "safetensors reads those of its files that are there, one by one."
    return ""


def devices_of(ckpt: Checkpoint, monitor: Monitor = QUIET) -> tuple[str, ...]:
    """The tags of devices, besides the CPU, that torch.load restores tensors of `ckpt` on, in the order of the file. Raises Cancelled."""
    return tuple(tag for tag in counted(column(ckpt.tensors, "device"), monitor) if tag not in _NOWHERE and is_device(tag or ""))


def _reason(ckpt: Checkpoint, source: Checkpoint, rules: Rules, monitor: Monitor) -> str:
    """Why the file as a whole is refused, apart from its values; an edited one is written anew."""
    if ckpt.edited is None:
        if rules.goes_by_names and source.path.endswith(".safetensors"):
            return "it is called .safetensors, by which torch takes it for a safetensors file since 2.13."
        if source.format == "pickle":
            return _PLAIN_PICKLE
        if source.format == "torch-tar" and rules.refuses_archives:
            return _TAR
        whole = next((finding for finding in source.findings if finding.id in _REFUSED_WHOLE
                      and (finding.id != "byteorder" or source.format == "torch-zip")), None)     # the older format is never swapped
        if whole is not None:
            return whole.message[:1].lower() + whole.message[1:]
    if any(problem.startswith(_BROKEN) for problem in stoppable(values_of(ckpt.tensors, "problem"), monitor)):
        broken = next(info for info in ckpt.tensors.values() if info.problem.startswith(_BROKEN))
        return f"the values of {visible(broken.key, 80)} are not all there."
    nameless = next((info.key for info in ckpt.tensors.values() if _names_no_record(info.problem)), None) \
        if source.format == "torch-zip" and any(map(_names_no_record, stoppable(values_of(ckpt.tensors, "problem"), monitor))) else None
    if nameless is not None:
        return f"the storage of {visible(nameless, 80)} has a key that no record is named by."
    odd = next((tag for tag in tagged(ckpt.tensors, "device", monitor) if tag is not None and not is_device(tag)), None)
    if odd is not None:
        return f"tensors are tagged with {quoted(odd, 60)}, which is no device to any torch; with map_location=\"cpu\" it takes them."
    return _legacy_reason(source) if ckpt.edited is None and source.format == "torch-legacy" else ""


def _names_no_record(problem: str) -> bool:
    """A key with a NUL is not among these: torch's reader of ZIP archives goes by what stands before that."""
    return problem.startswith("bad_key") and problem.endswith("is a path")


def _legacy_reason(source: Checkpoint) -> str:
    """What torch writes into its format from before 1.6 and cannot read back: `persistent_load` in `_legacy_load` asks the class of a
    storage for its element type, and nested tensors are put together before their sizes are read (torch/serialization.py, 2.4 to 2.14)."""
    graph = source.pickles[0].graph
    if ("torch.storage", "UntypedStorage") in graph.names:
        return ("it keeps tensors in untyped storages, which torch itself cannot read from its format of before 1.6; saved again, as a zip "
                "archive, they can be read.")
    if ("torch._utils", "_rebuild_nested_tensor") in graph.names:
        return ("it keeps nested tensors, which torch itself cannot read from its format of before 1.6; saved again, as a zip archive, "
                "they can be read.")
    return ""


# -- what is refused ----------------------------------------------------------------------------------------------------

def refused_values(ckpt: Checkpoint, release: str | None = None) -> list[tuple[Refused, str]]:
    """All that torch refuses, with the keys of the file, and what each key is called now; what edits took away is not among them."""
    source, rules = ckpt.as_opened, rules_of(release)
    found = source.answer(f"what torch {rules.release} refuses", lambda: _refused_in(source, rules))
    return [(one, one.key) for one in found] if ckpt.edited is None or not found else _left(ckpt, source, found)


def _refused_in(source: Checkpoint, rules: Rules) -> list[Refused]:
    found: list[Refused] = []
    first = 0
    for pickled in source.pickles:
        graph = pickled.graph
        if _is_loaded(source, pickled.member):
            stops = refusals(graph, rules)
            if stops:
                found += _Attribution(source, graph, first, rules).of(stops)
        first += len(graph)
    if source.format == "pickle":
        found = [one for one in found if not _is_written_anew(source, one)]
    return found


def _is_written_anew(source: Checkpoint, one: Refused) -> bool:
    """Whether saving a plain pickle as a PyTorch file, without which torch.load takes nothing of it, ends this: arrays become tensors, and
    all is written in the protocol that torch reads."""
    opcode = one.name.removeprefix("opcode ")
    return one.key in source.tensors or (opcode != one.name and opcode not in _OPCODES)


def refused_calls(graph: Graph) -> list[int]:
    """The calls of one pickle, in order, of what the newest torch does not take and that its object needs, under a key or not."""
    rules = rules_of()
    bad = refused_names(graph, rules)
    live = graph.reachable()
    return [n for n in calls_besides(graph, {i for i in range(len(graph.names)) if i not in bad}) if live[n]]


def _is_loaded(source: Checkpoint, member: str) -> bool:
    """Whether torch.load reads this pickle of the file: others in an archive it leaves alone."""
    return source.format in ("torch-legacy", "torch-sharded") or member == source.pickles[0].member


class _Found(NamedTuple):
    """A refused name at a key: the offset where torch would stop, the value there, the calls that need the name."""

    at: int
    node: int
    within: set[int]


class _Attribution:
    """Finds the keys of what one pickle is refused for. Its nodes count from `first`."""

    def __init__(self, source: Checkpoint, graph: Graph, first: int, rules: Rules) -> None:
        self.graph = graph
        self.first = first
        self.names = refused_names(graph, rules)
        until = first + len(graph)
        self.listed_nodes = [(node - first, key) for node, key in _listed_nodes(source) if first <= node < until]
        self.tensors = [(node - first, key) for key, node in zip(source.tensors, column(source.tensors, "node"), strict=True)
                        if first <= node < until]
        self.own = {node for node, _ in self.listed_nodes if graph.kind[node] not in _NAMES} | {node for node, _ in self.tensors}
        self.left = _FREE_VISITS + 8 * len(graph)       # nodes that may still be looked at
        self.fine = bytearray(len(graph))               # nodes that need nothing refused
        self.changed = graph.changed()
        self.stops: dict[int, Refusal] = {}             # by what they are about: a node, or the complement of a name's index
        self.missing: set[int] = set()                  # those that no key was found for
        self.looked_into = _LOOKED_INTO
        self.source = source
        self.entries: list[tuple[int, Refused]] = []
        self.found: dict[tuple[str, str], _Found] = {}

    def of(self, stops: list[Refusal]) -> list[Refused]:
        """Each name at every key whose value needs it, in the order of the pickle."""
        for stop in stops:
            if stop.rule != "opcode":
                self.stops[~self.graph.a[stop.node] if stop.rule == "name" else stop.node] = stop
            if stop.rule == "text":
                self.looked_into = _LOOKED_INTO | {PYSTR}
        self.missing = set(self.stops)
        for node, key in self.listed_nodes:
            self._look(node, key)
        if self.missing:
            for node, key in self.tensors:
                self._look(node, key)
        for (name, key), found in self.found.items():
            self.entries.append((found.at, Refused(name, key, self._words(name, found.node, key), self.first + found.node,
                                                   tuple(self.first + n for n in sorted(found.within)))))
        for about in self.missing:
            stop = self.stops[about]
            words = _UNDECODABLE if stop.rule == "text" else "in no value that is listed"
            self.entries.append((stop.at, Refused(stop.name or _RULES.get(stop.rule, ""), "", words, -1)))
        self._opcodes([stop for stop in stops if stop.rule == "opcode"])
        return [entry for _, entry in sorted(self.entries, key=lambda pair: pair[0])]

    def _look(self, node: int, key: str) -> None:
        """Everything refused that the value at `key` needs, down to what has a key of its own."""
        if self.fine[node] or not self.stops:
            return
        graph, fine, own, stops = self.graph, self.fine, self.own, self.stops
        kind, a, changed, references, mutations = graph.kind, graph.a, self.changed, graph.references, graph.mutations
        looked_into, left = self.looked_into, self.left
        seen, todo = {node}, [(node, node)]
        needed: set[tuple[int, int]] = set()
        is_fine = True
        while todo and left > 0:
            n, call = todo.pop()
            left -= 1
            if kind[n] in CALLS:
                call = n
            about = ~a[n] if kind[n] == GLOBAL else n
            if about in stops:
                is_fine = False
                self._tell(about, node, key, call if kind[n] == GLOBAL else n)
            refs = references(n)
            if changed[n]:
                for m in mutations[n]:
                    refs += references(m)
            left -= len(refs) >> 3          # most of which are only passed over
            for other in reversed(refs):
                of = kind[other]
                if of not in looked_into or fine[other] or other in seen or other in own:
                    continue
                if of == GLOBAL and ~a[other] not in stops and other not in stops and not changed[other]:      # as nearly all names
                    continue
                if of not in _NAMES:
                    seen.add(other)
                elif (other, call) in needed:       # a name may be needed by several calls, and refer to itself where it is changed
                    continue
                needed.add((other, call))
                todo.append((other, call))
        self.left = left
        if is_fine and not todo:
            for n in seen:
                self.fine[n] = 1

    def _tell(self, about: int, node: int, key: str, call: int) -> None:
        stop = self.stops[about]
        at = stop.at if about in self.missing else self.graph.at[node]      # where torch stops first
        self.missing.discard(about)
        name = stop.name or _RULES.get(stop.rule, "")
        if self.graph.kind[node] in _NAMES and (name, key.rpartition(".")[0]) in self.found:
            return                              # a part of what is told already
        found = self.found.get((name, key))
        if found is None:
            found = self.found[name, key] = _Found(at, node, set())
        found.within.add(call)

    def _words(self, name: str, node: int, key: str) -> str:
        kind, target = self.graph.kind[node], self.graph.a[node]
        if kind == PYSTR:
            value = self.source.values.get(key)
            return _UNDECODABLE if isinstance(value, bytes) else _UNDER + _UNDECODABLE
        words = words_for(self.graph, node)
        if name == _RULES["text"]:
            return f"{'a tensor' if key in self.source.tensors else words} with {_UNDECODABLE} in it"
        fine = kind in (REDUCE, NEWOBJ) and self.graph.kind[target] == GLOBAL and self.graph.a[target] not in self.names
        return f"{words} with more to it" if fine and node not in self.stops and not words.startswith("a tensor") else words

    def _opcodes(self, stops: list[Refusal]) -> None:
        """What of the pickle's language torch does not read; all that come of the protocol are one thing."""
        told = set()
        for stop in stops:
            protocol = max(self.graph.protocol, opcodes.protocol_of(stop.name))     # a pickle may have more in it than it says
            words = _OPCODES.get(stop.name) or (
                f"of pickle protocol {protocol}" if protocol > 2 else "of an old pickle protocol")
            if words not in told:
                told.add(words)
                self.entries.append((stop.at, Refused(f"opcode {stop.name}", "", words, -1)))


def _listed_nodes(source: Checkpoint) -> Iterable[tuple[int, str]]:
    """The listed nodes of a checkpoint; of one whose reader does not tell them, those of its objects."""
    return source.listed_nodes or [(value.node, key) for key, value in source.values.items()
                                   if isinstance(value, Opaque) and value.node >= 0]


# -- what edits leave of it -----------------------------------------------------------------------------------------------

def _left(ckpt: Checkpoint, source: Checkpoint, found: list[Refused]) -> list[tuple[Refused, str]]:
    """Those of the refused values that a save would still write, and the keys that they have now."""
    if any(pickled.graph.grafted for pickled in source.pickles):    # what loads streams is not written with what was in them
        found = [one for one in found if one.node >= 0 or canonical(*one.name.rpartition(".")[::2]) not in LOADERS]
    names = _present_names(ckpt, {one.key for one in found})
    return [(one, names[one.key]) for one in found if one.key in names and not _is_replaced(ckpt, source, one.key, names[one.key])
            and not _is_renamed(source, one, names[one.key]) and not _is_on_another_device(ckpt, source, one, names[one.key])]


def _present_names(ckpt: Checkpoint, keys: set[str]) -> dict[str, str]:
    """What paths of the file are called now; those that are gone are absent. What is no entry of the tables is called as the first entry
    below it tells."""
    assert ckpt.edited is not None
    source = ckpt.edited.source
    containers = {key for key in keys if key not in source.tensors and key not in source.values}
    names: dict[str, str] = {}
    for new, old in ckpt.edited.origin.items():
        if old in keys:
            names[old] = new
        at = old.rfind(".")
        while at >= 0:
            above = old[:at]
            if above in containers and above not in names and new.endswith(old[at:]):
                names[above] = new[:len(new) - len(old) + at]
            at = old.rfind(".", 0, at)
    if "" in containers and not ckpt.edited.root:
        names[""] = ""
    return names


def _is_renamed(source: Checkpoint, one: Refused, new: str) -> bool:
    """Whether it is a key that is refused, and another text is written in its place."""
    if not one.words.startswith(_UNDER):
        return False
    node = one.node
    for pickled in source.pickles:
        if node < len(pickled.graph):
            text = pickled.graph.any_text(node) or ""
            return not new.endswith(text) or (one.key == text and new != text)
        node -= len(pickled.graph)
    return False


def _is_on_another_device(ckpt: Checkpoint, source: Checkpoint, one: Refused, new: str) -> bool:
    """Whether it is the tag of a tensor's device that is refused, and another is written in its place."""
    before, after = source.tensors.get(one.key), ckpt.tensors.get(new)
    if one.name != _RULES["text"] or before is None or after is None or before.device == after.device:
        return False
    first, left = 0, {*one.within}
    for pickled in source.pickles:
        left -= {first + n for n in locations(pickled.graph)}
        first += len(pickled.graph)
    return not left


def _is_replaced(ckpt: Checkpoint, source: Checkpoint, old: str, new: str) -> bool:
    """Whether a plain value was set there, or the tensor there is written as an ordinary one."""
    if old in source.tensors and new in ckpt.tensors and becomes_ordinary(source.tensors[old], ckpt.tensors[new]):
        return True
    if ckpt.edited is not None and old in ckpt.edited.replaced:
        return True
    return old in source.values and new in ckpt.values and not isinstance(ckpt.values[new], Opaque) \
        and isinstance(source.values[old], Opaque)
