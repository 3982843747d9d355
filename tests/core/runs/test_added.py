"""Of a run to which a checkpoint is added only that one is read: what is estimated then, and what is not."""
from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from inspector import core
from inspector.core.io.sources import SourceFile
from inspector.core.runs import kept, tracks

Save = Callable[..., Path]
State = dict[str, torch.Tensor]
_HEAD = 100_000             # bytes that are read of a file to know what is in it


@pytest.fixture(autouse=True)
def nbytes_read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many bytes of each file were read, by its name; files are as if written long ago."""
    monkeypatch.setattr(kept, "_FRESH", -1)
    counted: Counter[str] = Counter()
    some, some_into = SourceFile._some, SourceFile._some_into
    def count(self: SourceFile, offset: int, nbytes: int) -> bytes:
        counted[os.path.basename(self.stamp.path)] += nbytes
        return some(self, offset, nbytes)
    def count_into(self: SourceFile, offset: int, view: memoryview) -> int:
        counted[os.path.basename(self.stamp.path)] += len(view)
        return some_into(self, offset, view)
    monkeypatch.setattr(SourceFile, "_some", count)
    monkeypatch.setattr(SourceFile, "_some_into", count_into)
    return counted


def state(n: int) -> State:
    """Of 0.6 MB: what moves a little, a frozen part, a small one, a count."""
    moving = torch.Generator().manual_seed(n)
    base = torch.Generator().manual_seed(99)
    return {"body.weight": torch.randn(300, 300, generator=base) + n * 0.01 * torch.randn(300, 300, generator=moving),
            "frozen.weight": torch.randn(300, 200, generator=base), "head.bias": torch.randn(40, generator=moving),
            "head.steps": torch.tensor(100 * n)}


def of(folder: Path, **options: Any) -> core.Tracks:
    return core.measure_series(core.series(folder / "run"), kept=core.KeptNumbers(str(folder / "cache")), **options)


def changes(found: core.Tracks, key: str) -> list[float]:
    return [point.change for point in found.track(key).points if point is not None]


@pytest.mark.parametrize("container", ["pth", "safetensors"])
def test_that_of_the_others_only_what_describes_them_is_read(tmp_path: Path, save: Save, nbytes_read: Counter[str], container: str) -> None:
    def write(n: int) -> None:
        if container == "pth":
            save(f"run/{n}.pth", {"epoch": n, "model": state(n)})
        else:
            (tmp_path / "run").mkdir(exist_ok=True)
            save_file(state(n), tmp_path / f"run/model_{n}.safetensors")

    for n in range(3):
        write(n)
    of(tmp_path)
    write(3)
    nbytes_read.clear()
    found = of(tmp_path)
    *others, new = sorted((name for name in nbytes_read if name.endswith(container)), key=lambda name: nbytes_read[name])
    assert "3" in new
    assert nbytes_read[new] > 600_000
    assert all(nbytes_read[name] < _HEAD for name in others)
    assert found.read == 1
    prefix = "model." if container == "pth" else ""
    before, now = state(2), state(3)
    for name in before:
        point = found.track(prefix + name).points[-1]
        assert point is not None
        true = float((now[name] - before[name]).double().norm() / before[name].double().norm())
        if name == "body.weight":
            assert 0 < point.error < 0.05
            assert abs(point.change - true) < 5 * point.error * true
        else:
            assert point.error == 0
            assert point.change == pytest.approx(true, rel=1e-6)
    frozen = found.track(prefix + "frozen.weight").points[-1]
    assert frozen is not None
    assert frozen.same is True
    nbytes_read.clear()
    assert of(tmp_path).read == 0
    assert max(nbytes_read[name] for name in nbytes_read if name.endswith(container)) < _HEAD


def test_that_all_of_it_is_exact_where_that_is_asked_for(tmp_path: Path, save: Save) -> None:
    for n in range(3):
        save(f"run/{n}.pth", state(n))
    of(tmp_path)
    save("run/3.pth", state(3))
    assert of(tmp_path).is_estimated
    exact = of(tmp_path, exact=True)
    assert not exact.is_estimated
    assert changes(exact, "body.weight")[1:] == changes(core.measure_series(exact.series, kept=core.KeptNumbers("")), "body.weight")[1:]
    assert not of(tmp_path).is_estimated            # what was measured is kept, and told from then on


def test_that_a_run_that_is_read_as_a_whole_is_measured(tmp_path: Path, save: Save) -> None:
    for n in range(4):
        save(f"run/{n}.pth", state(n))
    assert not of(tmp_path).is_estimated
    assert not of(tmp_path).is_estimated


def test_that_what_is_nan_in_part_is_read_and_what_is_nan_throughout_need_not_be(tmp_path: Path, save: Save,
                                                                                 nbytes_read: Counter[str]) -> None:
    for n in range(3):
        save(f"run/{n}.pth", state(n))
    of(tmp_path)
    partly = state(3)
    partly["frozen.weight"][0, 0] = math.nan
    partly["frozen.weight"][1] += 1
    save("run/3.pth", partly)
    nbytes_read.clear()
    point = of(tmp_path).track("frozen.weight").points[-1]
    assert 240_000 < nbytes_read["2.pth"] < 240_000 + 2 * _HEAD         # that tensor alone
    assert point is not None
    assert point.error == 0
    both = torch.isfinite(partly["frozen.weight"])
    was, now = state(2)["frozen.weight"][both].double(), partly["frozen.weight"][both].double()
    assert point.change == pytest.approx(float((now - was).norm() / was.norm()), rel=1e-6)
    save("run/4.pth", {name: torch.full_like(tensor, math.nan) if tensor.is_floating_point() else tensor
                       for name, tensor in state(4).items()})
    nbytes_read.clear()
    found = of(tmp_path)
    assert nbytes_read["3.pth"] < _HEAD
    assert found.first_nan() == (3, ("frozen.weight",))


def test_that_another_shape_and_a_new_tensor_have_nothing_to_be_compared_with(tmp_path: Path, save: Save,
                                                                                         nbytes_read: Counter[str]) -> None:
    more = {f"more{m}": torch.ones(2) for m in range(9)}
    for n in range(3):
        save(f"run/{n}.pth", {**state(n), **more})
    of(tmp_path)
    save("run/3.pth", {**state(3), "frozen.weight": torch.randn(200, 200), "new": torch.ones(70_000), **more})
    nbytes_read.clear()
    found = of(tmp_path)
    assert nbytes_read["2.pth"] < _HEAD
    assert all(math.isnan(changes(found, key)[-1]) for key in ("frozen.weight", "new"))


def test_that_channels_last_is_the_same_tensor(tmp_path: Path, save: Save, nbytes_read: Counter[str]) -> None:
    weight = torch.randn(64, 16, 16, 16)
    save("run/0.pth", {"w": weight, "epoch": 0})
    save("run/1.pth", {"w": weight.to(memory_format=torch.channels_last), "epoch": 1})
    of(tmp_path)
    save("run/2.pth", {"w": weight.clone(), "epoch": 2})
    nbytes_read.clear()
    found = of(tmp_path)
    assert nbytes_read["1.pth"] < _HEAD
    assert changes(found, "w")[1:] == [0, 0]
    save("run/3.pth", {"w": (weight * 1.01).to(memory_format=torch.channels_last), "epoch": 3})
    point = of(tmp_path).track("w").points[-1]
    assert point is not None
    assert abs(point.change - 0.01) < 5 * point.error * 0.01


def test_that_an_average_is_told_to_lag_without_reading_the_others(tmp_path: Path, save: Save, nbytes_read: Counter[str]) -> None:
    base, drift = torch.randn(300, 300), torch.randn(300, 300)
    def epoch(n: int) -> dict[str, object]:
        noise = torch.randn(300, 300, generator=torch.Generator().manual_seed(n))
        weights = base + n * drift + 0.05 * noise
        return {"epoch": n, "model": {"w": weights}, "ema": {"w": weights - 3 * drift}}

    for n in range(9):
        save(f"run/{n}.pth", epoch(n))
    cache = core.KeptNumbers(str(tmp_path / "cache"))
    first = core.average_lags(of(tmp_path), kept=cache)
    assert [(lag.by, lag.estimated) for lag in first] == [(3, False)]
    save("run/9.pth", epoch(9))
    nbytes_read.clear()
    found = of(tmp_path)
    [lag] = core.average_lags(found, kept=cache)
    assert (lag.by, lag.estimated) == (3, True)
    assert sum(nbytes_read[f"{n}.pth"] for n in range(9)) < 9 * _HEAD
    [exact] = core.average_lags(found, kept=cache, exact=True)
    assert (exact.by, exact.estimated) == (3, False)
    assert lag.distances == pytest.approx(exact.distances, rel=0.1)


def test_that_an_average_as_near_to_two_is_read_for(tmp_path: Path, save: Save) -> None:
    weights = {n: torch.randn(200, 200) for n in range(-3, 10)}
    def epoch(n: int) -> dict[str, object]:
        between = (weights[n - 2] + weights[n - 3]) / 2 + 1e-3 * torch.randn(200, 200)
        return {"epoch": n, "model": {"w": weights[n]}, "ema": {"w": between}}

    for n in range(9):
        save(f"run/{n}.pth", epoch(n))
    cache = core.KeptNumbers(str(tmp_path / "cache"))
    of(tmp_path)
    save("run/9.pth", epoch(9))
    [lag] = core.average_lags(of(tmp_path), kept=cache)
    assert lag.by in (2, 3)
    assert not lag.estimated


def test_that_an_estimate_near_the_border_makes_no_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, save: Save) -> None:
    for n in range(6):
        save(f"run/{n}.pth", {"epoch": n, "body.w": torch.full((300, 300), 1.0 + 0.001 * n), "head.w": torch.ones(2) * n})
    of(tmp_path)
    save("run/6.pth", {"epoch": 6, "body.w": torch.full((300, 300), 1.005 * 1.51), "head.w": torch.ones(2) * 6})
    found = of(tmp_path)
    point = found.groups()[0].points[-1]
    assert point is not None
    assert point.error > 0
    assert not any(one.id == "diverged" for one in core.remarks(found))
    save("run/6.pth", {"epoch": 6, "body.w": torch.full((300, 300), 1.005 * 1.9), "head.w": torch.ones(2) * 6})
    [said] = [core.remark_text(found.series, one) for one in core.remarks(of(tmp_path)) if one.id == "diverged"]
    assert "body grew 1.9×" in said


def test_that_sketches_of_no_more_than_the_last_checkpoints_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, save: Save) -> None:
    monkeypatch.setattr(tracks, "SKETCHED", 2)
    for n in range(4):
        save(f"run/{n}.pth", state(n))
        of(tmp_path)
    assert sum(name.startswith("sketch-") for name in os.listdir(tmp_path / "cache")) == 2


def test_that_a_sketch_that_was_damaged_is_not_used(tmp_path: Path, save: Save) -> None:
    for n in range(2):
        save(f"run/{n}.pth", state(n))
    of(tmp_path)
    for name in os.listdir(tmp_path / "cache"):
        if name.startswith("sketch-"):
            path = tmp_path / "cache" / name
            path.write_bytes(path.read_bytes()[:-8] + b"\1" * 8)
    save("run/2.pth", state(2))
    assert not of(tmp_path).is_estimated


def test_that_workers_of_an_executor_make_the_same_sketches(tmp_path: Path, save: Save) -> None:
    from concurrent.futures import ThreadPoolExecutor
    for n in range(2):
        save(f"run/{n}.pth", state(n))
    with ThreadPoolExecutor(2) as pool:
        of(tmp_path, executor=pool)
        save("run/2.pth", state(2))
        by_workers = of(tmp_path, executor=pool)
    point = by_workers.track("body.weight").points[-1]
    assert point is not None
    assert point.error > 0
    for path in (tmp_path / "cache").iterdir():
        path.unlink()
    (tmp_path / "run/2.pth").rename(tmp_path / "2.pth")
    of(tmp_path)
    (tmp_path / "2.pth").rename(tmp_path / "run/2.pth")
    assert changes(of(tmp_path), "body.weight")[-1] == pytest.approx(point.change, rel=1e-9)
