"""What may be typed into the search box, and which nodes of a `KeyTree` it means. No Qt.

    q_proj weight          every word occurs in the key, in any case (quotes keep spaces and signs: "a b")
    *.layers.1?.*weight    the whole key fits; * is any text, ? one character
    shape:4096             a dimension is 4096;  shape:64x3x7x7  shape:[64,3]  shape:64x*  the whole shape, * any dimension
    dtype:bf16             also f16 fp32 half double i64 …, or a part of the name (dtype:float8)
    scheme:gptq  bits:4    how a packed tensor is packed, or a part of that name; bits of its codes, or of a plain tensor's type
    device:cuda            cuda or cuda:0 …;  device:none  no device stored
    >10MB  <=1K            bytes of the tensor; kB MB GB are decimal, KiB MiB GiB binary
    -word                  what the rest of the term finds is left out; so with every kind of term

A key is matched segment by segment over the tree, where the same few names occur again and again, and each name is looked at
once. Everything is linear in the size of the tree, whatever is typed.
"""
from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from inspector import core

if TYPE_CHECKING:                   # a term is understood without them
    import numpy as np

    from .key_tree import Bools, KeyTree

_TERM = re.compile(r'(-?)((?:shape|dtype|device|scheme|bits):|>=|<=|>|<)?((?:"[^"]*"?|[^\s"])*)', re.IGNORECASE)
_SIZE = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(?:([kmgtp]?)(i?)b?)", re.IGNORECASE)
_PLAIN = re.compile(r"(?=.*[^\W\d])[\w-]{2,40}")    # names that can be typed as they are
_COMPARED, _ALIKE = 20_000, 0.7             # names that a word is compared with, and how alike they have to be
_BITS = re.compile(r"\d{1,3}(?:\.\d{1,4})?")
_UNITS = "kmgtp"

_DTYPES = {
    "f64": "float64", "fp64": "float64", "double": "float64", "f32": "float32", "fp32": "float32", "single": "float32",
    "f16": "float16", "fp16": "float16", "half": "float16", "bf16": "bfloat16", "bfloat": "bfloat16",
    "i64": "int64", "long": "int64", "i32": "int32", "i16": "int16", "short": "int16", "i8": "int8", "char": "int8",
    "u64": "uint64", "u32": "uint32", "u16": "uint16", "u8": "uint8", "byte": "uint8",
    "c64": "complex64", "c128": "complex128", "cfloat": "complex64", "cdouble": "complex128",
    "f8": "float8", "fp8": "float8", "f4": "float4", "fp4": "float4",
}  # fmt: skip
_EXACT = ("int8", "int16", "int32", "int64", "float16")     # parts of other names


class Problem(NamedTuple):
    """A term that means nothing: `kind` "shape", "dtype", "device", "scheme", "bits" or "size", `term` as typed, `unfinished` when there is
    simply nothing after the colon or sign yet."""

    kind: str
    term: str
    unfinished: bool


@dataclass(frozen=True, slots=True)
class Term:
    find: Callable[[KeyTree], Bools]
    excluded: bool


@dataclass(frozen=True, slots=True)
class Query:
    """`terms` must all hold; `problems` are the terms that were left out. `words` are what is looked for in keys, in small letters: to be
    marked where they stand."""

    text: str = ""
    terms: tuple[Term, ...] = ()
    problems: tuple[Problem, ...] = ()
    words: tuple[str, ...] = ()

    def places_in(self, name: str) -> list[tuple[int, int]]:
        """From where to where `name` has words of the query, in order, none of them in another."""
        folded, found = name.casefold(), list[tuple[int, int]]()
        if not self.words or len(folded) != len(name):          # a letter that is two in small letters has no place
            return []
        for first, last in sorted(match.span() for word in self.words for match in re.finditer(re.escape(word), folded)):
            if found and first <= found[-1][1]:
                found[-1] = found[-1][0], max(last, found[-1][1])
            else:
                found.append((first, last))
        return found


def parse(text: str) -> Query:
    """Never fails: what cannot be understood is a problem, and the rest counts."""
    terms: list[Term] = []
    problems: list[Problem] = []
    words: list[str] = []
    for match in _TERM.finditer(text):
        minus, field, rest = match.group(1), (match.group(2) or "").lower(), match.group(3)
        if not match.group():
            continue
        kind = field.rstrip(":") if field.endswith(":") else "size" if field else ""
        finder = _finder(kind, field, rest)
        if finder is not None:
            terms.append(Term(finder, bool(minus)))
            if not kind and not minus:
                plain = rest.replace('"', "").casefold()
                words += [plain] if '"' in rest else [word for word in re.split("[*?]", plain) if word]
        elif kind:
            problems.append(Problem(kind, match.group(), not rest))
    return Query(text, tuple(terms), tuple(problems), tuple(words))


def find(tree: KeyTree, query: Query) -> Bools:
    """Per node: whether it is a tensor or value that `query` means."""
    hits: Bools = tree.entry >= 0
    for term in query.terms:
        found = term.find(tree)
        hits = hits & ~found if term.excluded else hits & found
    return hits


def likely(trees: Iterable[KeyTree], query: Query, monitor: core.Monitor = core.QUIET) -> str:
    """The text of `query`, which finds nothing, with words that no key has spelt as names that there are: where that finds something, else
    "". For workers."""
    import difflib
    trees = tuple(trees)
    names: dict[str, str] = {}              # of which a word may be the whole, or what stands between dots or underscores
    for tree in trees:
        for name, folded in zip(tree.names, tree.folded_names, strict=True):
            monitor.check()
            for some, small in ((name, folded), *(zip(re.split("[._]", name), re.split("[._]", folded), strict=False))):
                if _PLAIN.fullmatch(some):
                    names.setdefault(small, some)
    text = query.text
    for word in query.words:
        for part in word.split("."):
            monitor.check()
            if not part or any(part in name for tree in trees for name in tree.folded_names):
                continue
            few = [name for name in names if abs(len(name) - len(part)) <= 2][:_COMPARED]
            found = difflib.get_close_matches(part, few, 1, _ALIKE)
            if not found:
                return ""
            text = re.sub(re.escape(part), names[found[0]], text, count=1, flags=re.IGNORECASE)
    again = parse(text)
    return text if text != query.text and any(bool(find(tree, again).any()) for tree in trees) else ""


def _finder(kind: str, sign: str, rest: str) -> Callable[[KeyTree], Bools] | None:
    """How to find what a term means; None when it means nothing."""
    plain = rest.replace('"', "")
    if not plain:
        return None
    if kind == "shape":
        return _shape_finder(plain)
    if kind == "dtype":
        return _dtype_finder(plain)
    if kind == "device":
        return _device_finder(plain)
    if kind == "scheme":
        return _scheme_finder(plain)
    if kind == "bits":
        return _bits_finder(plain)
    if kind == "size":
        return _size_finder(sign, plain)
    if '"' not in rest and ("*" in rest or "?" in rest):
        return lambda tree: match_keys(tree, plain)
    return lambda tree: contains(tree, plain)


# -- keys -------------------------------------------------------------------------------------------------------------


def contains(tree: KeyTree, text: str) -> Bools:
    """Nodes whose key holds `text`, in any case. `text` without a dot lies within one segment, or not at all."""
    text = text.casefold()
    if "." in text:
        return _run(tree, _Automaton(text, anchored=False))
    import numpy as np
    named = np.fromiter((text in name for name in tree.folded_names), dtype=bool, count=len(tree.names))
    return tree.cover(np.flatnonzero(named[tree.name_id]))


def match_keys(tree: KeyTree, pattern: str) -> Bools:
    """Nodes whose whole key fits `pattern` with its `*` and `?`, in any case."""
    return _run(tree, _Automaton(pattern.casefold(), anchored=True))


def starting(tree: KeyTree, text: str) -> Bools:
    """Nodes whose key starts with `text`, in any case; its `*` and `?` mean any characters."""
    return match_keys(tree, text + "*")


class _Automaton:
    """All ways to fit a pattern at once, as the bits of an integer: bit i says that the first i characters of the pattern
    (stars aside) fit what was read so far. Linear in the text read, for any pattern."""

    def __init__(self, pattern: str, anchored: bool) -> None:
        literals = pattern.replace("*", "") if anchored else pattern
        self._star = 0 if anchored else 1                   # places where any text may be skipped
        self._fits: dict[str, int] = {}
        self._any = 0
        place = 0
        for char in pattern:
            if anchored and char == "*":
                self._star |= 1 << place
            elif anchored and char == "?":
                self._any |= 1 << place
                place += 1
            else:
                self._fits[char] = self._fits.get(char, 0) | 1 << place
                place += 1
        for char in self._fits:
            self._fits[char] |= self._any
        self._goal = 1 << len(literals)
        if not anchored:
            self._star |= self._goal
        self.start = 1

    def read(self, state: int, text: str) -> int:
        fits, star, other = self._fits, self._star, self._any
        if not state & ~star and not other and not any(char in text for char in fits):
            return state                                    # only skipping, and nothing here to stop at
        for char in text:
            state = (state & fits.get(char, other)) << 1 | state & star
        return self._goal if self.settled(state) else state

    def settled(self, state: int) -> bool:
        """Whether `state` fits, and will whatever follows."""
        return bool(state & self._goal & self._star)

    def accepts(self, state: int) -> bool:
        return bool(state & self._goal)


def _run(tree: KeyTree, automaton: _Automaton) -> Bools:
    """Level by level; each name is read once for each state that comes to it."""
    import numpy as np
    states = [automaton.start]
    number = {automaton.start: 0}
    within = np.zeros(len(tree), dtype=np.int64)            # number of the state after each node's key
    names = len(tree.names)
    for depth, level in enumerate(tree.levels[1:], 1):
        pair = within[tree.parent[level]] * names + tree.name_id[level]
        pairs, back = _distinct(pair, len(states) * names)
        after = np.empty(len(pairs), dtype=np.int64)
        joined = [automaton.read(state, ".") if depth > 1 else state for state in states]
        for i, (state, name) in enumerate(zip((pairs // names).tolist(), (pairs % names).tolist(), strict=True)):
            reached = joined[state]
            if reached and not automaton.settled(reached):
                reached = automaton.read(reached, tree.folded_names[name])
            known = number.get(reached)
            if known is None:
                known = number[reached] = len(states)
                states.append(reached)
            after[i] = known
        within[level] = after[back]
    accepted = np.array([automaton.accepts(state) for state in states])
    result: Bools = accepted[within]
    return result


def _distinct(values: np.ndarray[Any, Any], bound: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The distinct `values` (all below `bound`), and where each of `values` is among them."""
    import numpy as np
    if bound > 16 * len(values) + 100_000:
        distinct, back = np.unique(values, return_inverse=True)
        return distinct, back.reshape(-1)
    table = np.zeros(bound, dtype=np.int64)
    table[values] = 1
    distinct = np.flatnonzero(table)
    table[distinct] = np.arange(len(distinct))
    return distinct, table[values]


# -- tensors ----------------------------------------------------------------------------------------------------------


def _tensors(tree: KeyTree, kinds: np.ndarray[Any, Any], wanted: list[bool]) -> Bools:
    """Nodes that are tensors of a kind (`kinds` per tensor) that is `wanted`."""
    import numpy as np
    found = np.zeros(len(tree), dtype=bool)
    if wanted:
        found[tree.is_tensor] = np.array(wanted)[kinds[tree.entry[tree.is_tensor]]]
    return found


def _shape_finder(text: str) -> Callable[[KeyTree], Bools] | None:
    whole = text[:1] in "[("
    parts = [part.strip() for part in re.split("[x×,]", text.strip("[]()").lower())]
    if whole and parts and not parts[-1]:
        del parts[-1]                                       # "[3,]", "[]"
    if not all(part in ("*", "?") or (part.isascii() and part.isdigit() and len(part) < 20) for part in parts):
        return None
    dims = [-1 if part in ("*", "?") else int(part) for part in parts]

    def fits(shape: tuple[int, ...]) -> bool:
        if len(dims) == 1 and not whole:
            return dims[0] in shape if dims[0] >= 0 else len(shape) == 1
        return len(shape) == len(dims) and all(want in (-1, have) for want, have in zip(dims, shape, strict=True))

    return lambda tree: _tensors(tree, tree.entry_shape, [fits(shape) for shape in tree.shapes])


def _dtype_finder(text: str) -> Callable[[KeyTree], Bools] | None:
    name = text.lower().removeprefix("torch.")
    name = _DTYPES.get(name, name)

    def fits(dtype: str) -> bool:
        return name == dtype if name in _EXACT else name in dtype

    if not any(fits(known) for known in core.DTYPES):
        return None
    return lambda tree: _tensors(tree, tree.entry_dtype, [fits(dtype.lower()) for dtype in tree.dtypes])


def _device_finder(text: str) -> Callable[[KeyTree], Bools]:
    name = text.lower()

    def fits(device: str | None) -> bool:
        return name == "none" if device is None else device.lower() == name or device.lower().startswith(f"{name}:") \
            or (":" not in name and device.lower().startswith(name))

    return lambda tree: _tensors(tree, tree.entry_device, [fits(device) for device in tree.devices])


def _scheme_finder(text: str) -> Callable[[KeyTree], Bools]:
    name = text.lower()
    return lambda tree: _tensors(tree, tree.entry_scheme, [bool(scheme) and name in scheme.lower() for scheme in tree.schemes])


def _bits_finder(text: str) -> Callable[[KeyTree], Bools] | None:
    if not _BITS.fullmatch(text):
        return None
    wanted = float(text)

    def fits(tree: KeyTree) -> Bools:
        import numpy as np
        found = np.zeros(len(tree), dtype=bool)
        found[tree.is_tensor] = tree.entry_bits[tree.entry[tree.is_tensor]] == wanted
        return found

    return fits


def _size_finder(sign: str, text: str) -> Callable[[KeyTree], Bools] | None:
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    factor = (1024 if match.group(3) else 1000) ** (_UNITS.index(match.group(2).lower()) + 1 if match.group(2) else 0)
    limit = float(match.group(1)) * factor
    compare = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}[sign]

    def fits(tree: KeyTree) -> Bools:
        import numpy as np
        found = np.zeros(len(tree), dtype=bool)
        found[tree.is_tensor] = compare(tree.entry_nbytes[tree.entry[tree.is_tensor]], limit).astype(bool)
        return found

    return fits
