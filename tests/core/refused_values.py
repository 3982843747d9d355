"""Values of every kind that people put beside their weights, for the tests about what `torch.load(weights_only=True)` takes."""

from __future__ import annotations

import argparse
import array
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import http
import logging
import pathlib
import pickle
import random
import re
import types
import uuid
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st


class ByValue:
    """Pickled as a member's class and its value, as all Pythons do but 3.11.0 to 3.11.3, which write the member's name."""

    value: Any

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.__class__, (self.value,)


class Phase(ByValue, enum.Enum):
    WARMUP = 1
    MAIN = "main"


class Choice(ByValue, enum.IntFlag):
    A = 1
    B = 2


class Status(ByValue, enum.IntEnum):
    OK = 200


@dataclasses.dataclass
class Data:
    root: Any = "/data"
    sizes: Any = (1, 2)


@dataclasses.dataclass(frozen=True)
class Frozen:
    a: int = 1


class Tree(dict[str, Any]):
    pass


class Items(list[Any]):
    pass


class Ordered(collections.OrderedDict[str, Any]):
    pass


class Name(str):
    pass


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a: Any = 1, b: Any = None) -> None:
        self.a = a
        self.b = b


Pair = collections.namedtuple("Pair", "a b")
Pair.__module__ = __name__


class Subclass(torch.Tensor):
    pass


def recursive_list() -> list[Any]:
    found: list[Any] = [1]
    found.append(found)
    return found


def with_attribute() -> torch.Tensor:
    tensor = torch.ones(2)
    tensor.note = "x"  # type: ignore[attr-defined]
    return tensor


def masked() -> Any:
    return np.ma.array([1.0, 2.0], mask=[False, True])


def quantized() -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)


def compressed() -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.eye(2).to_sparse_csr()


def nested() -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.nested.nested_tensor([torch.ones(1), torch.ones(2)])


WHEN = datetime.datetime(2024, 1, 2, 3, 4, 5, 600)

# what torch.load(weights_only=True) of 2.13 takes
TAKEN: dict[str, Any] = {
    "none": None, "true": True, "int": 3, "negative": -(10 ** 20), "float": 0.5, "text": "héllo", "long text": "x" * 70_000,
    "half a pair": "h\ud800", "empty list": [], "empty dict": {}, "empty tuple": (), "bytes": b"abc", "all bytes": bytes(range(256)),
    "bytearray": bytearray(b"abc"), "empty bytearray": bytearray(), "complex": 1j, "set": {1, "a"}, "set of tuples": {(1, 2)},
    "empty set": set(), "Counter": collections.Counter("aab"), "OrderedDict": collections.OrderedDict(a=1), "size": torch.Size([1, 2]),
    "device": torch.device("cpu"), "cuda": torch.device("cuda:1"), "dtype": torch.float32, "uint16": torch.uint16,
    "layout": torch.strided, "sparse layout": torch.sparse_coo, "scheme": torch.per_tensor_affine, "tensor": torch.arange(3.0),
    "parameter": torch.nn.Parameter(torch.ones(2)), "attribute": with_attribute(), "view": torch.arange(6.0)[::2],
    "sparse": torch.eye(2).to_sparse(), "csr": compressed(), "quantized": quantized(), "meta": torch.ones(2, device="meta"),
    "unsigned": torch.ones(2, dtype=torch.uint16), "float8": torch.ones(2).to(torch.float8_e5m2),
    "conj": torch.ones(2, dtype=torch.complex64).conj(), "storage": torch.ones(2).untyped_storage(), "recursive": recursive_list(),
    "random state": torch.get_rng_state(), "tuple keys": {(1, "a"): 2, 3: 4},
}

def of_quantization() -> dict[str, Any]:
    """Classes that quantized models and their options are made of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.ao import quantization
        return {"observer": quantization.MinMaxObserver(), "qconfig": quantization.default_qconfig,
                "fake quantize": quantization.FakeQuantize(),
                "quantized module": torch.ao.nn.quantized.Linear(2, 2)}


# what it refuses
REFUSED: dict[str, Any] = {
    "numpy float64": np.float64(91.25), "numpy int64": np.int64(7), "numpy bool": np.bool_(True), "numpy text": np.str_("hé"),
    "numpy bytes": np.bytes_(b"x"), "numpy complex": np.complex64(1j), "numpy float16": np.float16(2),
    "numpy date": np.datetime64("2024-01-02"), "numpy array": np.array([0.5, 1.5]),
    "numpy matrix": np.array([[1, 2], [3, 4]], "i4"),
    "Fortran order": np.asfortranarray(np.ones((2, 3))),
    "big endian": np.arange(3, dtype=">f8"), "numpy texts": np.array(["a", "bb"]), "numpy objects": np.array([1, "a"], object),
    "numpy record": np.zeros(2, [("a", "f4"), ("b", "i4")]), "numpy dtype": np.dtype("f4"), "masked": masked(),
    "numpy random state": np.random.RandomState(1).get_state(), "Namespace": argparse.Namespace(lr=0.1, sizes=[1, 2]),
    "SimpleNamespace": types.SimpleNamespace(a=1), "empty Namespace": argparse.Namespace(), "Path": pathlib.PurePosixPath("/runs/1"),
    "Windows path": pathlib.PureWindowsPath("c:/runs"), "datetime": WHEN, "aware datetime": WHEN.replace(tzinfo=datetime.timezone.utc),
    "date": WHEN.date(), "time": WHEN.time(), "timedelta": datetime.timedelta(-1, 5, 3), "timezone": datetime.timezone.utc,
    "defaultdict": collections.defaultdict(list, {"loss": [0.5]}), "defaultdict of none": collections.defaultdict(None, {"a": 1}),
    "deque": collections.deque([1, 2], 3), "ChainMap": collections.ChainMap({"a": 1}), "UserDict": collections.UserDict(a=1),
    "UserList": collections.UserList([1]), "range": range(3), "slice": slice(1, 2), "frozenset": frozenset({4}),
    "empty frozenset": frozenset(), "empty bytes": b"", "Decimal": decimal.Decimal("1.5"), "Fraction": fractions.Fraction(1, 3),
    "UUID": uuid.UUID(int=5), "enum": Phase.WARMUP, "text enum": Phase.MAIN, "flag": Choice.A | Choice.B, "dataclass": Data(),
    "dict subclass": Tree(a=Tree(b=2)), "list subclass": Items([1]), "OrderedDict subclass": Ordered(a=1), "str subclass": Name("a"),
    "slots": Slotted(), "named tuple": Pair(1, 2), "type": int, "class": torch.nn.Linear, "function": len,
    "method": "a".join, "partial": functools.partial(int, base=2), "Ellipsis": ..., "NotImplemented": NotImplemented,
    "generator": torch.Generator(), "exception": ValueError("x"), "module": torch.nn.Linear(2, 2),
    "tensor subclass": torch.ones(2).as_subclass(Subclass), "uninitialized": torch.nn.UninitializedParameter(),
    "path as key": {pathlib.PurePosixPath("a"): 1}, "numpy in a key": {(1, np.int64(2)): 1}, "enum as key": {Phase.WARMUP: 1},
    "frozen key": {frozenset({1}): 2}, "huge integer": 10 ** 700, "set of dates": {WHEN.date()}, **of_quantization(),
    "grad scaler": torch.amp.GradScaler("cpu"), "function of torch": torch.nn.functional.gelu, "random generator": random.Random(1),
    "numpy generator": np.random.default_rng(1), "logger": logging.getLogger("run"), "pattern": re.compile("a+"),
    "status": Status.OK if b"getattr" in pickle.dumps(http.HTTPStatus.OK, 2) else http.HTTPStatus.OK, "generic alias": list[int],
    "array": array.array("f", [1, 2]), "method of an object": Items([1]).append,
}


def hashables() -> st.SearchStrategy[Any]:
    simple = st.one_of(st.none(), st.booleans(), st.integers(-(10 ** 12), 10 ** 12), st.text(max_size=5), st.binary(max_size=4),
                       st.sampled_from([Phase.WARMUP, np.int64(3), np.float64(0.5), pathlib.PurePosixPath("a/b"), Frozen(2), WHEN,
                                        Pair(1, "x"), decimal.Decimal("0.1"), range(2), torch.Size([2])]))
    return st.recursive(simple, lambda inner: st.one_of(st.tuples(inner, inner), st.frozensets(inner, max_size=2)), max_leaves=3)


def leaves() -> st.SearchStrategy[Any]:
    everything = [*TAKEN.values(), *REFUSED.values()]
    return st.one_of(st.sampled_from(everything), st.floats(), st.integers(), st.text(max_size=20), st.binary(max_size=20),
                     st.complex_numbers(),
                     hashables(), st.sampled_from([np.float32(1.5), np.arange(4).reshape(2, 2), np.zeros((0, 3)), np.ones(2, bool)]))


def values() -> st.SearchStrategy[Any]:
    """Nested objects of all kinds, now and then with one object in two places."""
    def wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        named = st.dictionaries(st.from_regex(r"[a-z]{1,3}", fullmatch=True), inner, max_size=3)
        return st.one_of(
            st.lists(inner, max_size=3), st.tuples(inner, inner), named, st.dictionaries(hashables(), inner, max_size=2),
            st.sets(hashables(), max_size=3), st.frozensets(hashables(), max_size=3), inner.map(lambda one: [one, {"again": one}]),
            named.map(collections.OrderedDict), named.map(lambda d: collections.defaultdict(list, d)),
            named.map(lambda d: argparse.Namespace(**d)),
            named.map(lambda d: types.SimpleNamespace(**d)), named.map(Tree), named.map(Ordered), named.map(collections.UserDict),
            st.lists(inner, max_size=3).map(collections.deque), st.lists(inner, max_size=2).map(Items),
            st.tuples(inner, inner).map(lambda t: Pair(*t)),
            st.tuples(inner, inner).map(lambda t: Data(*t)), st.tuples(inner, inner).map(lambda t: Slotted(*t)),
        )
    return st.recursive(leaves(), wider, max_leaves=8)


def torch_says(path: Path) -> str:
    """The error of `torch.load(weights_only=True)`, "" when it takes the file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:
            return str(error) or type(error).__name__
    return ""


def refused_name(error: str) -> str:
    """The name that an error of torch.load is about, or the number of an opcode; "" for others."""
    found = re.search(r"GLOBAL (\S+)", error) or re.search(r"Unsupported operand (\d+)", error)
    return found[1] if found else ""
