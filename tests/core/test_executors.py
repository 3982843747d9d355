"""Statistics, digests, differences and checks by threads, processes and a cluster: bit for bit what one process gives."""
from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inspector import cli, core
from inspector.core.comparison.differences import kernels as differences_kernels
from inspector.core.measures import kernels
from inspector.core.runtime import compiled
from inspector.core.tensors.coordinates import coordinates

# of distributed, when its processes end
pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning",
                                         "ignore::pytest.PytestUnraisableExceptionWarning")]
SHARDS = 200
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two sets of many shards; in the second a few numbers differ."""
    folder = tmp_path_factory.mktemp("sets")
    random = np.random.default_rng(0)
    tensors = {f"layer.{n:03}.weight": random.standard_normal((40, 50)).astype(("f4", "f2", "f8")[n % 3]) for n in range(SHARDS)}
    tensors["layer.007.weight"][3, 4] = np.nan
    tensors["layer.010.weight"] = random.integers(-9, 10 ** 12, 5000)
    paths = []
    for name in ("one", "two"):
        (folder / name).mkdir()
        if name == "two":
            tensors["layer.011.weight"] = tensors["layer.011.weight"] * 2
            tensors["layer.150.weight"][0, 0] += 1
        for n, (key, array) in enumerate(tensors.items()):
            core.save({key: array}, folder / name / f"model-{n + 1:05}-of-{SHARDS:05}.safetensors")
        index = folder / name / "model.safetensors.index.json"
        index.write_text(json.dumps({"weight_map": {key: f"model-{n + 1:05}-of-{SHARDS:05}.safetensors" for n, key in enumerate(tensors)}}))
        paths.append(index)
    return paths[0], paths[1]


@pytest.fixture(autouse=True)
def _no_loops_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """As new processes begin. Of two tensors, machine code gives the same numbers as numpy but for the last bits of sums, and other tests
    of this process may have had it made."""
    for room in (kernels, differences_kernels):
        monkeypatch.setattr(room.loops, "ready", {})


@contextmanager
def dask() -> Iterator[Executor]:
    distributed = pytest.importorskip("distributed", reason="--dask needs it: pip install 'checkpoint-inspector[cluster]'")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50) as cluster, \
            distributed.Client(cluster) as client:
        yield client.get_executor()


def processes() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, multiprocessing.get_context("spawn"))


MAKE: dict[str, Any] = {"threads": lambda: ThreadPoolExecutor(2), "processes": processes, "dask": dask}


@pytest.mark.parametrize("kind", MAKE)
def test_that_whoever_reads_the_results_are_the_same(kind: str, sets: tuple[Path, Path]) -> None:
    a, b = (core.open(path) for path in sets)
    comparison = core.compare(a, b)
    with MAKE[kind]() as pool:
        assert repr(core.summarize(a, executor=pool)) == repr(core.summarize(a))
        assert dict(core.digests(a, executor=pool)) == dict(core.digests(a))
        assert core.digest_of(b, executor=pool) == core.digest_of(b)
        assert core.compare(a, b, executor=pool).pairs == comparison.pairs
        assert core.check_report(a, executor=pool) == core.check_report(a)
        assert core.health(a, executor=pool) == core.health(a)
        run, nothing = core.series([a.path, b.path]), core.KeptNumbers("")
        tracks = core.measure_series(run, kept=nothing, executor=pool)
        assert repr(tracks.columns) == repr(core.measure_series(run, kept=nothing).columns)
        assert {track.name for track in tracks.tracks() if track.points[1].change > 0} == {"layer.011.weight", "layer.150.weight"}
    assert {pair.a for pair in comparison.pairs if pair.status != "equal"} == {"layer.011.weight", "layer.150.weight"}


_KILLS_ONE = """
import multiprocessing, os, signal, sys
from concurrent.futures import ProcessPoolExecutor
from inspector import core
from inspector.core.tensors import reader
if __name__ == "__main__":
    reader.ELSEWHERE = 20_000                   # many jobs
    ckpt = core.open(sys.argv[1])
    pool = ProcessPoolExecutor(2, multiprocessing.get_context("spawn"))
    results = core.digests(ckpt, executor=pool)
    found = [next(results)]
    os.kill(next(iter(pool._processes)), signal.SIGKILL)
    found += results
    same = found == list(core.digests(ckpt))
    for process in [*(pool._processes or {}).values()]:
        process.kill()
    os._exit(0 if same else 1)                  # Python 3.11 may wait for ever for a pool that lost a process (python/cpython#94777)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="POSIX")
def test_that_a_process_killed_in_the_middle_changes_nothing(sets: tuple[Path, Path], tmp_path: Path) -> None:
    script = tmp_path / "kills.py"              # a file, which new processes can import as their main module
    script.write_text(_KILLS_ONE)
    done = subprocess.run([sys.executable, str(script), str(sets[0])], capture_output=True, text=True, timeout=240, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="POSIX")
def test_that_a_worker_of_a_cluster_killed_in_the_middle_changes_nothing(sets: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from inspector.core.tensors import reader
    monkeypatch.setattr(reader, "ELSEWHERE", 20_000)
    ckpt = core.open(sets[0])
    with dask() as pool:
        results = core.digests(ckpt, executor=pool)
        found = [next(results)]
        pids = pool._client.run(os.getpid)                   # type: ignore[attr-defined]
        os.kill(next(iter(pids.values())), signal.SIGKILL)
        found += results
    assert found == list(core.digests(ckpt))


def test_that_only_coordinates_are_sent(sets: tuple[Path, Path]) -> None:
    ckpt = core.open(sets[0])
    for info in list(ckpt.tensors.values())[::20]:
        assert len(pickle.dumps(coordinates(ckpt, [info]))) < 10_000


@pytest.mark.filterwarnings("ignore:Sparse CSR:UserWarning", "ignore:.*quantiz:UserWarning", "ignore:.*TypedStorage:UserWarning")
def test_that_tensors_of_every_kind_travel(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    base = torch.randn(6, 8)
    torch.save({"view": base[1:3], "t": base.t(), "expanded": base[:1].expand(5, 8), "sparse": torch.eye(4).to_sparse(),
                "csr": torch.eye(4).to_sparse_csr(),
                "q": torch.quantize_per_channel(base, torch.rand(6) + 0.1, torch.zeros(6), 0, torch.qint8),
                "bf16": base.bfloat16(), "c": torch.randn(3, dtype=torch.complex64), "meta": torch.empty(2, device="meta"),
                "empty": torch.empty(0, 3)}, tmp_path / "a.pth")
    torch.save({"old": base}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    with ThreadPoolExecutor(2) as pool:
        for name in ("a.pth", "old.pth"):
            ckpt = core.open(tmp_path / name)
            edited = core.edit(ckpt, [core.Cast("float16"), core.AddPrefix("m.")])
            for one in (ckpt, edited, core.unpacked(ckpt)):
                assert repr(core.summarize(one, executor=pool)) == repr(core.summarize(one))
                assert [(key, str(found)) for key, found in core.digests(one, executor=pool)] \
                    == [(key, str(found)) for key, found in core.digests(one)]
            assert repr(core.check_report(ckpt, executor=pool)) == repr(core.check_report(ckpt))        # NaN is no other NaN
            assert core.compare(ckpt, edited, executor=pool).pairs == core.compare(ckpt, edited).pairs


@pytest.mark.parametrize("edits", [
    [core.Concat(("a.weight", "b.weight"), "ab.weight", 0)],
    [core.Split("a.weight", 1, (("left", 1), ("right", 3)))],
    [core.Transpose("*.weight")],
    [core.Resize("a.weight", 0, 9)],
    [core.Concat(("a.weight", "b.weight"), "ab.weight", 0), core.Transpose("ab.weight"), core.Cast("float16")]], ids=str)
def test_that_tensors_put_together_of_others_travel_with_what_they_are_made_of(tmp_path: Path, edits: list[Any]) -> None:
    tensors = {"a.weight": np.arange(12, dtype=np.float32).reshape(3, 4), "b.weight": np.ones((2, 4), np.float32)}
    ckpt = core.edit(core.open(core.save(tensors, tmp_path / "a.pth").path), edits)
    with ThreadPoolExecutor(2) as pool:
        assert repr(core.summarize(ckpt, executor=pool)) == repr(core.summarize(ckpt))
        assert dict(core.digests(ckpt, executor=pool)) == dict(core.digests(ckpt))
        assert core.check_report(ckpt, executor=pool) == core.check_report(ckpt)


def test_that_damage_found_by_a_worker_is_told_as_ever(tmp_path: Path) -> None:
    path = Path(core.save({f"w{n}": np.full(5000, n, np.float32) for n in range(20)}, tmp_path / "a.pth").path)
    data = bytearray(path.read_bytes())
    data[data.index(np.full(100, 7, np.float32).tobytes()) + 9] ^= 1
    path.write_bytes(data)
    with ThreadPoolExecutor(2) as pool:
        found = core.check_report(core.open(path), executor=pool)
    assert "corrupt" in " ".join(finding.id for finding in found.findings)
    assert found == core.check_report(core.open(path))
    with ThreadPoolExecutor(1) as pool, pytest.raises(core.BadTensor, match="not the ones that were saved"):
        core.summarize(core.open(path), ["w7"], executor=pool)
    with ThreadPoolExecutor(1) as pool, pytest.raises(core.NoSuchKey):
        core.summarize(core.open(path), ["nothing"], executor=pool)


def test_that_a_file_that_changed_is_noticed_by_the_workers(tmp_path: Path) -> None:
    path = Path(core.save({"w": np.zeros(50, np.float32)}, tmp_path / "a.safetensors").path)
    ckpt = core.open(path)
    path.write_bytes(path.read_bytes() + b"x")
    with ThreadPoolExecutor(1) as pool, pytest.raises(core.Changed):
        core.summarize(ckpt, executor=pool)


def test_that_commands_take_a_cluster(sets: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("distributed", reason="--dask needs it: pip install 'checkpoint-inspector[cluster]'")
    a, b = map(str, sets)
    for argv in (["digest", a], ["stats", "--json", a], ["check", "--json", a], ["diff", "--json", a, b]):
        status = cli.main(argv)
        alone = capsys.readouterr().out
        assert cli.main([*argv, "--dask", "local"]) == status
        assert capsys.readouterr().out == alone


def test_that_a_cluster_that_is_not_there_is_said_in_one_line(sets: tuple[Path, Path], capsys: pytest.CaptureFixture[str],
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert cli.main(["digest", str(sets[0]), "--dask", "local"]) == 2
    said = capsys.readouterr().err
    assert "pip install 'checkpoint-inspector[cluster]'" in said
    assert len(said.splitlines()) == 1


# -- one tensor over several workers ----------------------------------------------------------------------------------------

HUGE: dict[str, Any] = {
    "float32": lambda random, n: random.standard_normal(n).astype("f4"),
    "float16": lambda random, n: random.standard_normal(n).astype("f2"),
    "float64": lambda random, n: random.standard_normal(n) * 1e200,
    "int64": lambda random, n: random.integers(-2 ** 62, 2 ** 62, n),
    "int32": lambda random, n: random.integers(-2 ** 20, 2 ** 20, n).astype("i4"),
    "uint8": lambda random, n: random.integers(0, 256, n).astype("u1"),
    "bool": lambda random, n: random.integers(0, 2, n).astype(bool), "few values": lambda random, n: random.integers(0, 5, n).astype("f4"),
    "complex64": lambda random, n: (random.standard_normal(n) + 1j).astype("c8"),
    "turned": lambda random, n: random.standard_normal((n // 1000, 1000)).astype("f4").T,
}


class Sending(ThreadPoolExecutor):
    """As processes do it: jobs and results are pickled."""

    def __init__(self) -> None:
        super().__init__(2)
        self.sent: list[int] = []

    def submit(self, work: Any, /, *arguments: Any, **named: Any) -> Any:       # type: ignore[override]
        raw = pickle.dumps((work, arguments))
        self.sent.append(len(raw))

        def run() -> Any:
            function, given = pickle.loads(raw)
            return pickle.loads(pickle.dumps(function(*given)))
        return super().submit(run)


@pytest.fixture(params=["numpy", "machine code"])
def cut_at_a_megabyte(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the same loops all along: their sums differ in last bits."""
    if request.param == "numpy":
        for room in (kernels, differences_kernels):
            monkeypatch.setattr(room.loops, "ready", dict.fromkeys(room.loops.names))
    else:
        monkeypatch.setattr(compiled, "WORTH", 0)
    from inspector.core.comparison.differences import difference, in_runs
    from inspector.core.measures import summary
    from inspector.core.tensors import cuts
    monkeypatch.setattr(cuts, "PART", 1 << 20)
    monkeypatch.setattr(summary, "CHUNK", 1 << 18)
    for module in (difference, in_runs):
        monkeypatch.setattr(module, "CHUNK", 1 << 18)


def huge(kind: str, random: np.random.Generator) -> np.ndarray[Any, Any]:
    array: np.ndarray[Any, Any] = HUGE[kind](random, 700_000)
    if array.dtype.kind == "f":
        flat = array.T.reshape(-1) if kind == "turned" else array
        flat[[5, 300_000, 650_000]] = (np.nan, np.inf, 0) if kind != "few values" else (0, 1, 2)
        array = flat.reshape(-1, 1000).T if kind == "turned" else flat
    return array


@pytest.mark.usefixtures("cut_at_a_megabyte")
@pytest.mark.parametrize("ending", ["pth", "safetensors"])
@pytest.mark.parametrize("kind", HUGE)
def test_that_a_huge_tensor_is_cut_and_the_numbers_are_the_same(kind: str, ending: str, tmp_path: Path) -> None:
    from inspector.core.tensors import cuts
    random = np.random.default_rng(0)
    array = huge(kind, random)
    ckpt = core.open(core.save({"w": array, "small": np.ones(3)}, tmp_path / f"a.{ending}").path)
    assert (len(cuts.runs_of(ckpt, ckpt.tensors["w"], 1 << 18)) > 1) == (array.nbytes > 1 << 20)
    with Sending() as pool:
        assert repr(core.summarize(ckpt, executor=pool)) == repr(core.summarize(ckpt))
        assert core.check_report(ckpt, executor=pool) == core.check_report(ckpt)
        if array.nbytes > 1 << 20:
            assert len(pool.sent) >= 3
        assert max(pool.sent) < 10_000


@pytest.mark.usefixtures("cut_at_a_megabyte")
@pytest.mark.parametrize("ending", ["pth", "safetensors"])
@pytest.mark.parametrize("kind", HUGE)
def test_that_huge_tensors_are_compared_in_runs_with_the_same_result(kind: str, ending: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    array = huge(kind, random)
    other = array.copy(order="K")
    other.reshape(-1, order="A")[[7, 690_000]] = 1
    wider = array.astype("f8", order="K") if array.dtype.kind == "f" else array
    paths = [core.save({"w": array, "same": array.copy(order="K"), "cast": array.copy(order="K")}, tmp_path / f"a.{ending}").path,
             core.save({"w": other, "same": array.copy(order="K"), "cast": wider}, tmp_path / f"b.{ending}").path]
    with Sending() as pool:
        found, wanted = (core.compare(*paths, executor=executor) for executor in (pool, None))
        assert repr(found.pairs) == repr(wanted.pairs)
        assert max(pool.sent) < 10_000
    by_key = {pair.a: pair for pair in found.pairs}
    assert by_key["same"].status == "equal"
    if by_key["w"].difference is not None and kind not in ("bool", "few values", "uint8"):
        assert by_key["w"].difference.n_different == 2


@pytest.mark.parametrize("cut_at_a_megabyte", ["numpy"], indirect=True)
def test_that_a_huge_tensor_is_the_same_to_processes(cut_at_a_megabyte: None, tmp_path: Path) -> None:
    array = np.random.default_rng(0).standard_normal(700_000).astype("f4")
    ckpt = core.open(core.save({"w": array}, tmp_path / "a.pth").path)
    with processes() as pool:
        assert repr(core.summarize(ckpt, executor=pool)) == repr(core.summarize(ckpt))


@pytest.mark.usefixtures("cut_at_a_megabyte")
def test_that_a_damaged_huge_tensor_is_told_as_it_is_told_here(tmp_path: Path) -> None:
    array = np.random.default_rng(0).standard_normal(700_000)
    path = Path(core.save({"w": array, "v": array + 1}, tmp_path / "a.pth").path)
    raw = bytearray(path.read_bytes())
    raw[raw.find(array[600_000:600_010].tobytes())] ^= 1
    path.write_bytes(raw)
    ckpt, other = core.open(path), core.open(core.save({"w": array, "v": array + 1}, tmp_path / "b.pth").path)
    with Sending() as pool:
        found, wanted = (dict(core.summarize_each(ckpt, ["w", "v"], executor=executor)) for executor in (pool, None))
        assert isinstance(found["w"], core.BadTensor)
        assert str(found["w"]) == str(wanted["w"])
        assert repr(found["v"]) == repr(wanted["v"])
        assert repr(core.compare(ckpt, other, executor=pool).pairs) == repr(core.compare(ckpt, other).pairs)
