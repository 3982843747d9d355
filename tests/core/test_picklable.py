"""Everything frozen that the front door gives can be pickled, copied and sent to another process."""
from __future__ import annotations

import copy
import dataclasses
import doctest
import pickle
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch

from inspector import core
from tests.core.test_doctests import CLASSES, EXAMPLES

RECORDS = {name: found for name, found in CLASSES.items() if dataclasses.is_dataclass(found) or issubclass(found, tuple)}
DEEP = 8


def records_in(value: Any, depth: int = 0, seen: set[int] | None = None) -> Iterator[Any]:
    """Every record in what a function gave, a few of each container."""
    seen = set() if seen is None else seen
    if id(value) in seen or depth > DEEP or isinstance(value, type):
        return
    seen.add(id(value))
    if RECORDS.get(type(value).__name__) is type(value):
        yield value
    inner: list[Any] = []
    if dataclasses.is_dataclass(value):
        inner = [getattr(value, field.name, None) for field in dataclasses.fields(value)]
    elif isinstance(value, tuple | list):
        inner = list(value[:20])
    elif isinstance(value, Mapping):
        inner = [value[key] for key in list(value)[:20]]
    for one in inner:
        yield from records_in(one, depth + 1, seen)


def things_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What scripts hold: of the sample checkpoints, and of the examples in the docstrings when they have run."""
    a, b = core.make_demo(folder)
    run = core.measure_series(core.series([a, core.save(core.edit(a, [core.SetValue("epoch", 13)]), folder / "next.pth").path]))
    comparison = core.compare(a, b)
    (applied,) = core.apply_each(a, [core.StripPrefix("module.")])
    things = [core.open(a), comparison, core.summarize(b), core.describe(a), core.check_report(a), core.load_report(a, b), core.totals(a),
              core.digest_of(b), core.plan_save(a, folder / "x.pth"), core.optimizers(a), run, core.remarks(run), applied,
              core.effect_rows(applied.effect, applied.before, applied.after), core.group_statistics(b, list(core.open(b).tensors)[:9]),
              core.pair_details(comparison, next(pair for pair in comparison.pairs if pair.a and pair.b))]
    monkeypatch.setattr(sys, "__displayhook__", things.append)          # what an example shows
    for name, example in EXAMPLES.items():
        (folder / name).mkdir()
        names: dict[str, Any] = {"core": core, "np": np, "folder": folder / name}
        module = sys.modules[example.__module__]
        for test in doctest.DocTestFinder(recurse=False).find(example, name, module, globs=names):
            runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
            runner.run(test, out=lambda text: None, clear_globs=False)
            things += [value for name, value in test.globs.items() if not name.startswith("__")]
    return things


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One of each record that there is in them."""
    every: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as monkeypatch:
        things = things_of(tmp_path_factory.mktemp("things"), monkeypatch)
    for thing in things:
        for record in records_in(thing):
            every.setdefault(type(record).__name__, record)
    return every


def test_that_records_that_functions_give_come_through_whole(found: dict[str, Any]) -> None:
    assert len(found) > 70
    for name, record in found.items():
        for again in (pickle.loads(pickle.dumps(record)), copy.deepcopy(record), copy.copy(record)):
            assert type(again) is type(record), name
            assert shown(again) == shown(record), name


def shown(record: Any) -> str:
    return re.sub(r" at 0x[0-9a-f]+", "", repr(record))


@pytest.mark.parametrize("name", RECORDS)
def test_that_a_record_is_frozen_and_holds_nothing_that_stays_behind(name: str) -> None:
    kind = RECORDS[name]
    assert pickle.loads(pickle.dumps(kind)) is kind
    if dataclasses.is_dataclass(kind):
        assert kind.__dataclass_params__.frozen     # type: ignore[attr-defined]
    stays = ("Lock", "Thread", "Generator", "Iterator", "TextIO", "BinaryIO", "memoryview")
    for field, annotation in _annotations(kind).items():
        assert not any(word in annotation for word in stays), field


def _annotations(kind: type) -> dict[str, str]:
    return {name: str(getattr(one, "__forward_arg__", one)) for name, one in vars(kind).get("__annotations__", {}).items()}


def test_that_tables_which_are_views_are_sent_as_dicts(tmp_path: Path) -> None:
    fp8 = torch.ones(2, 2).to(torch.float8_e4m3fn)
    path = core.save({"a.weight": fp8, "a.weight_scale_inv": torch.ones(1, 1)}, tmp_path / "a.safetensors").path
    view = core.packed_view(core.open(path))
    assert view is not None
    for record in (view, core.Reference({"w": (2, 3)}, "mine"), core.Remark("best", 1, MappingProxyType({"epoch": 2})),
                   core.edit({"w": fp8}, []).tensors["w"], core.RemapDevices({"cpu": "cuda:0"}), core.Take("a.pth", "*"),
                   core.Plane((2, 3)), core.Limits(memory=1), core.Part("a", ("a.b",)), core.BinRange("fixed", 0, 1)):
        for again in (pickle.loads(pickle.dumps(record)), copy.deepcopy(record)):
            assert again == record
