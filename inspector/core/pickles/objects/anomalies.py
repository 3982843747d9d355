"""What a walk finds odd, gathered and put into words: one finding for each kind of oddity, however often it occurs."""
from __future__ import annotations

from inspector.core.checkpoint import Opaque
from inspector.core.findings import Finding, Level
from inspector.core.graph import PERSID, PERSIDTEXT, Graph
from inspector.core.keypath import visible

from .notes import note_findings, sentence
from .plain import scalar
from .tensors import Tensors

_EXAMPLES = 3
_LONG = 1000                # characters of a key; of longer ones …
_ROOM = 8 << 20             # … so many characters are kept, though all are counted

# id -> (level, message, hint); {n} how many, {s} the plural's s, {first} the examples, {text} what was said of the first
_WORDS: dict[str, tuple[Level, str, str]] = {
    "deep": ("warning", "{n} value{s} nested too deep to list: {first}", "What is deeper is kept but not shown."),
    "non-string-keys": ("info", "{n} key{s} not text but number, None or tuple: {first}",
                        "safetensors has only text keys: such keys must be renamed before converting."),
    "duplicate-keys": ("warning", "{n} key{s} given more than once: {first}",
                       "Python keeps the last one, and so does whoever loads the file; the others are listed with #2, #3, … after their "
                       "name and are left out of state dicts."),
    "key-collision": ("info", "{n} key{s} with the same path as another: {first}{text}",
                      "They are different keys; the later ones are listed with #2, #3, … after their name."),
    "too-many-keys": ("warning", "not everything is listed: {text}",
                      "The file may be made to exhaust whoever reads it; no edit is tried on it."),
    "expanded": ("info", "{n} expanded tensor{s} (stride 0): {first}: {text}", ""),
    "overlap": ("info", "{n} tensor{s} whose elements overlap: {first}: {text}", "An edit of the values would make a copy."),
    "rank": ("info", "{n} tensor{s} with very many dimensions: {first}: {text}", ""),
    "zero-size": ("warning", "{n} empty tensor{s} with impossible sizes: {first}: {text}", "Other programs may refuse them."),
    "meta": ("info", "{n} tensor{s} without values: {first}: {text}", "They were saved from the meta device."),
    "distributed": ("info", "{n} distributed tensor{s}: {first}: {text}", "Saved as anything but a PyTorch file, or changed, they become "
                    "plain tensors; `--plain '*'` does just that."),
    "shard": ("warning", "{n} tensor{s} of which this file holds one process's part: {first}: {text}",
              "The whole is in the files of all processes together: gather it there (full_tensor(), get_model_state_dict with "
              "full_state_dict=True), or save with torch.distributed.checkpoint."),
    "wrapper": ("info", "{n} tensor{s} of a class that makes the values up itself: {first}: {text}",
                "The tensors it makes them of are listed under it and can be used."),
}


class Anomalies:
    def __init__(self) -> None:
        self._seen: dict[str, tuple[list[str], str]] = {}
        self._left_out: dict[str, int] = {}         # how many keys more there were
        self._room = _ROOM

    def add(self, id: str, key: str, text: str) -> None:
        if id not in self._seen:
            self._seen[id] = [], text
        keys = self._seen[id][0]
        if len(key) <= _LONG:
            keys.append(key)
        elif not keys or self._room >= len(key):
            keys.append(key)
            self._room -= len(key)
        else:
            self._left_out[id] = self._left_out.get(id, 0) + 1

    def findings(self, graph: Graph, reader: Tensors, member: str) -> list[Finding]:
        """All of it: the machine's notes, storages that disagree, odd persistent ids, odd keys and odd tensors."""
        for id, remarks in reader.remarks.items():
            for key, text in remarks:
                self.add(id, key, text)
        return [*note_findings(graph, member), *_storage_findings(graph, reader, member), *self._in_words()]

    def _in_words(self) -> list[Finding]:
        found = []
        for id, (keys, text) in self._seen.items():
            count = len(keys) + self._left_out.get(id, 0)
            level, message, hint = _WORDS[id]
            first = ", ".join(visible(key, 80) or "the root" for key in keys[:_EXAMPLES]) + (" …" if count > _EXAMPLES else "")
            said = message.format(n=count, s="" if count == 1 else "s", first=first, text=text)
            found.append(Finding(id, level, visible(keys[0], 200), sentence(said), hint, keys=tuple(keys)))
        return found


def _storage_findings(graph: Graph, reader: Tensors, member: str) -> list[Finding]:
    found = []
    for conflict in reader.storages.conflicts[:_EXAMPLES]:
        found.append(Finding(conflict.id, "warning", f"{member}:{conflict.at}", sentence(conflict.message)))
    found += _unusual_persistent_ids(graph, reader, member)
    return found


def _unusual_persistent_ids(graph: Graph, reader: Tensors, member: str) -> list[Finding]:
    """Persistent ids that name no storage, reachable or not. Nothing to look for when all there are were used, or read beforehand."""
    used = reader.storages.used
    total = graph.kind.count(PERSID) + graph.kind.count(PERSIDTEXT)
    if (total == len(used) and None not in used.values()) or total == reader.storages.ordinary_ids:
        return []
    odd = [n for n, kind in enumerate(graph.kind) if kind == PERSIDTEXT or (kind == PERSID and used.get(n) is None)]
    odd = [n for n in odd if graph.kind[n] == PERSIDTEXT or reader.storages.names_no_storage(n)]
    if not odd:
        return []
    value = scalar(graph, odd[0])
    text = value.text if isinstance(value, Opaque) else ""
    more = f" and {len(odd) - 1} more" if len(odd) > 1 else ""
    return [Finding("persistent-id", "warning", f"{member}:{graph.at[odd[0]]}",
                    f"A persistent id that names no storage: {visible(text, 100)}{more}.", "torch.load would stop at it.")]

