"""Every command in the README works as written; the two set-up commands are what CI runs."""
from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from inspector import cli, core
from inspector.core import demo
from inspector.core.io import remote
from tests.web import serving

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
ALL = [line.split("  #")[0].strip() for kind, text in BLOCKS if kind == "sh" for line in text.splitlines() if line.strip()]
PYTHON = [text for kind, text in BLOCKS if kind == "python"]
SCRIPTS = re.findall(r"```python\n(.*?)```", README[README.index("### Five scripts"):], re.DOTALL)
SITE = "https://example.org/"
COMMANDS = [command for command in ALL if SITE not in command and "--dask" not in command]


@pytest.fixture
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo files under the names that the README uses, in the working directory."""
    training, tuned = demo.make_demo(tmp_path / "made")
    (tmp_path / "run").mkdir()
    shutil.copy(training, tmp_path / "run" / "last.pth")
    shutil.copy(training, tmp_path / "model.pth")
    shutil.copy(tuned, tmp_path / "model.safetensors")
    (tmp_path / "runs" / "digits").mkdir(parents=True)
    for epoch in (1, 2):
        shutil.copy(training, tmp_path / "runs" / "digits" / f"epoch_{epoch}.pth")
    (tmp_path / "adapter").mkdir()
    rows, cols = core.open(tuned)["head.fc1.weight"].shape
    parts = {"lora_A": np.ones((4, cols), np.float32), "lora_B": np.ones((rows, 4), np.float32)}
    core.save({f"base_model.model.head.fc1.{name}.weight": value for name, value in parts.items()},
              tmp_path / "adapter" / "adapter_model.safetensors")
    (tmp_path / "adapter" / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 4, "lora_alpha": 8}')
    (tmp_path / "error.txt").write_text("KeyError: 'state_dict'")
    monkeypatch.chdir(tmp_path)
    return tmp_path


SET_UP = [command for command in COMMANDS if command.startswith("python3 -m venv")]
PRINTING = [command for command in COMMANDS
            if re.match(r"inspector (ls|stats|check|modules|code|diff|run|desktop|help|show|completion) ", command)]
REPAIRS = [command for command in COMMANDS if command.startswith(("inspector edit ", "inspector average "))]
WRITING = [command for command in COMMANDS if re.match(r"inspector (digest|verify|contract)\b", command)]
WINDOWS = [command for command in COMMANDS if re.match(r"inspector [\w/]+\.", command)]


def test_that_each_command_is_run_by_one_of_these_tests() -> None:
    assert sorted([*SET_UP, *PRINTING, *REPAIRS, *WRITING, *WINDOWS]) == sorted(COMMANDS)


def test_that_the_two_set_up_commands_open_the_readme() -> None:
    assert SET_UP == [
        "python3 -m venv .venv && .venv/bin/pip install -c resources/constraints.txt . && .venv/bin/inspector demo",
        "python3 -m venv .venv && .venv/bin/pip install -c resources/constraints.txt '.[test]' && .venv/bin/pytest -n auto"]
    assert COMMANDS[:2] == SET_UP


@pytest.mark.parametrize("command", PRINTING)
def test_that_a_command_works_as_written(command: str, samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(shlex.split(command)[1:]) in ((0, 1) if re.search(" (check|diff) ", command) else (0,))
    assert capsys.readouterr().out.strip()


def test_that_the_repairs_work_one_after_the_other(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert REPAIRS
    for command in REPAIRS:
        assert cli.main(shlex.split(command)[1:]) == 0, command
    assert capsys.readouterr().err == ""
    assert sorted(path.name for path in samples.glob("*") if path.suffix in (".pth", ".safetensors", ".json")) == [
        "both.pth", "fit.json", "fitting.pth", "flat.pth", "from-0.pth", "full.pth", "fused.pth", "halves.pth",
        "mean.pth", "merged.pth", "model.pth",
        "model.safetensors", "old.pth", "parts.pth", "plain.pth", "rest.pth", "resumed.pth", "teacher.pth", "tied.pth",
        "tuned.safetensors", "turned.pth", "weights.pth", "weights.safetensors", "wider.pth"]


def test_that_what_is_written_is_what_is_read(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(WRITING) == 3
    for command in WRITING:
        assert cli.main(shlex.split(command)[1:]) == 0, command
    assert cli.main(["check", "model.safetensors", "--against", "contract.json"]) == 0


def test_that_commands_work_from_afar(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("aiohttp", reason="reading over HTTP needs aiohttp: pip install 'checkpoint-inspector[remote]'")
    commands = [command for command in ALL if SITE in command]
    assert len(commands) == 4
    with serving(samples) as web:
        for command in commands:
            assert cli.main(shlex.split(command.replace(SITE, web.url("")))[1:]) == 0, command
            assert capsys.readouterr().out.strip()
        assert len(web.requests) >= 4
        remote.close_connections()
    assert (samples / "here.pth").is_file()


@pytest.mark.parametrize("command", WINDOWS)
def test_that_a_command_opens_the_window(command: str, samples: Path) -> None:
    run = subprocess.run([sys.executable, "-m", "inspector", *shlex.split(command)[1:], "--screenshot", "out.png"], cwd=samples,
                         env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=100, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert (samples / "out.png").read_bytes().startswith(b"\x89PNG")


def test_that_the_python_example_runs(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = next(text for text in PYTHON if 'core.open("run/last.pth")' in text)
    names: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), names)
    assert capsys.readouterr().out.rstrip().endswith("same-weights")
    assert getattr(names["array"], "shape", None) == (24, 1, 5, 5)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_that_commands_work_on_a_cluster(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("distributed", reason="--dask needs it: pip install 'checkpoint-inspector[cluster]'")
    commands = [command for command in ALL if "--dask" in command]
    assert len(commands) == 3
    for command in commands:
        assert cli.main(shlex.split(command)[1:]) == 0, command
        on_cluster = capsys.readouterr().out
        assert cli.main(shlex.split(command.replace("--dask local ", ""))[1:]) == 0
        assert capsys.readouterr().out == on_cluster


def test_that_the_executor_over_ray_does_what_ray_asks_for(samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its interface: a remote function, called by `.remote`, gives a reference whose `.future()` is one of `concurrent.futures`."""
    sent = []

    class Remote:
        def __init__(self, work: Callable[..., Any]) -> None:
            self.work = work

        def remote(self, *arguments: Any) -> Any:
            sent.append(arguments)
            future: Future[Any] = Future()
            future.set_result(self.work(*arguments))
            return SimpleNamespace(future=lambda: future)
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(remote=Remote))      # type: ignore[arg-type]
    [example] = [text for text in PYTHON if "import ray" in text]
    names: dict[str, Any] = {"core": core}
    exec(compile(example.replace("s3://bucket/model.safetensors.index.json", "model.safetensors"), "README.md", "exec"), names)
    assert sent
    assert repr(core.summarize("model.safetensors", executor=names["OnRay"]())) == repr(core.summarize("model.safetensors"))


RAY = """
import os
import sys

from inspector import core
import ray
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR",
         runtime_env={"env_vars": {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}})
EXAMPLE

class LosesTheFirst(OnRay):
    lost = []
    def submit(self, work, /, *arguments):
        if self.lost:
            return super().submit(work, *arguments)
        self.lost.append(work)
        return ray.remote(max_retries=0)(lambda: os._exit(1)).remote().future()

here, there = sys.argv[1:]
for ask in (core.summarize, core.digest_of, core.check, lambda ckpt, **how: list(core.digests(ckpt, **how)),
            lambda ckpt, **how: core.compare(ckpt, there, **how).pairs, lambda ckpt, **how: core.health(ckpt, **how)):
    alone = repr(ask(here))
    for on in (OnRay(), LosesTheFirst()):
        assert repr(ask(here, executor=on)) == alone, ask
assert len(LosesTheFirst.lost) == 1
ray.shutdown()
print("the same")
"""


def test_that_the_executor_over_ray_works_with_ray_and_when_it_loses_a_worker(samples: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the example of the README needs it: pip install ray")
    [example] = [text for text in PYTHON if "import ray" in text]
    script = RAY.replace("EXAMPLE", "\n".join(line for line in example.splitlines() if "s3://" not in line))
    (tmp_path / "on_ray.py").write_text(script)
    done = subprocess.run([sys.executable, str(tmp_path / "on_ray.py"), "model.safetensors", "model.pth"], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=300)
    assert done.stdout.splitlines()[-1:] == ["the same"], done.stderr


@pytest.fixture
def run_of_three(samples: Path) -> Path:
    """Three epochs of a training, the last of which moved its weights, and what the program expects of the finished model."""
    first = samples / "runs" / "digits" / "epoch_1.pth"
    for epoch in (1, 2, 3):
        state = core.load(first)
        state["epoch"] = epoch
        for name, array in state["model_state_dict"].items():
            if epoch == 3 and name.endswith(".weight"):
                state["model_state_dict"][name] = array * np.float32(1.5)
        core.save(state, samples / "runs" / "digits" / f"epoch_{epoch}.pth")
    core.save_contract(core.contract("model.safetensors"), samples / "contract.json")
    return samples


def run_script(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(text, "README.md", "exec"), names)
    return names


def test_that_a_folder_is_converted(run_of_three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_script(SCRIPTS[0])
    assert len(capsys.readouterr().out.splitlines()) == 3
    for epoch in (1, 2, 3):
        found = core.open(f"converted/digits/epoch_{epoch}.safetensors")
        wanted = core.edit(f"runs/digits/epoch_{epoch}.pth", [core.Extract("model_state_dict")])
        assert core.compare(found, wanted).verdict.id == "same-weights"
        assert len(found.tensors) == len(wanted.tensors) > 50


def test_that_epochs_are_averaged(run_of_three: Path) -> None:
    paths = run_script(SCRIPTS[1])["paths"]
    assert [Path(path).name for path in paths] == ["epoch_1.pth", "epoch_2.pth", "epoch_3.pth"]
    mean, last = core.open("average.pth"), core.open(paths[2])
    weight = next(key for key in core.averaged_keys(last) if key.endswith(".weight"))
    assert mean.values["epoch"] == 3
    assert np.allclose(mean[weight].numpy(), last[weight].numpy() / 3 + core.open(paths[0])[weight].numpy() * 2 / 3, rtol=1e-5)
    assert not np.allclose(mean[weight].numpy(), last[weight].numpy(), rtol=1e-5)
    random = np.random.default_rng(0)
    state = core.load(paths[2])
    for name, array in state["model_state_dict"].items():
        if array.ndim > 1:
            state["model_state_dict"][name] = random.permutation(array.ravel()).reshape(array.shape)
    core.save(state, paths[2])
    with pytest.raises(SystemExit, match="no epochs of one run"):
        run_script(SCRIPTS[1])


def test_that_the_first_broken_checkpoint_is_found(run_of_three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_script(SCRIPTS[2])
    assert capsys.readouterr().out == "all numbers of 3 checkpoints are finite\n"
    state = core.load("runs/digits/epoch_2.pth")
    name = next(name for name in state["model_state_dict"] if name.endswith(".weight"))
    state["model_state_dict"][name].flat[0] = np.nan
    core.save(state, "runs/digits/epoch_2.pth")
    run_script(SCRIPTS[2])
    path, *keys = capsys.readouterr().out.split()
    assert (Path(path).name, keys) == ("epoch_2.pth", [f"model_state_dict.{name}"])


def test_that_the_gate_lets_through_what_is_whole_and_nothing_else(run_of_three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_script(SCRIPTS[3])
    state = core.load("model.safetensors")
    name = next(name for name in state if name.endswith(".weight"))
    core.save({**state, name: np.full_like(state[name], np.nan)}, "model.safetensors")
    with pytest.raises(SystemExit, match=r"of \d+ tensors, \d+ were read"):
        run_script(SCRIPTS[3])
    assert "danger" in capsys.readouterr().err
    core.save({key: value for key, value in state.items() if key != name}, "model.safetensors")
    with pytest.raises(AssertionError, match=re.escape(name)):
        run_script(SCRIPTS[3])


def test_that_optimizers_are_stripped(run_of_three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = core.open("runs/digits/epoch_1.pth")
    assert core.optimizers(before)
    run_script(SCRIPTS[4])
    assert len(capsys.readouterr().out.splitlines()) == 3
    slim = core.open("runs/digits/epoch_1-edited.pth")
    assert core.optimizers(slim) == ()
    assert slim.values["epoch"] == before.values["epoch"]
    assert slim.nbytes < before.nbytes / 2
    assert core.compare(slim, before, weights_only=True).verdict.id in ("identical", "same-weights")


def test_that_each_script_is_run_by_one_of_these_tests() -> None:
    assert len(SCRIPTS) == 5


def test_that_bars_of_tqdm_and_rich_follow(samples: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """By their interfaces: what is not installed here is stood in for."""
    bars: list[Any] = []

    class Bar:
        def __init__(self, **named: Any) -> None:
            self.n, self.total = 0, None
            bars.append(self)

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def update(self, n: int) -> None:
            self.n += n

    class Progress(Bar):
        def add_task(self, description: str) -> int:
            return 7

        def update(self, task: int, *, completed: int, total: int) -> None:     # type: ignore[override]
            assert task == 7
            self.n, self.total = completed, total                               # type: ignore[assignment]

    monkeypatch.setitem(sys.modules, "tqdm", SimpleNamespace(tqdm=Bar))         # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "rich", SimpleNamespace())                 # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "rich.progress", SimpleNamespace(Progress=Progress))       # type: ignore[arg-type]
    [example] = [text for text in PYTHON if "from tqdm" in text]
    exec(compile(example, "README.md", "exec"), {"core": core})
    assert len(bars) == 2
    for bar in bars:
        assert bar.n == bar.total > 100_000


def test_that_real_bars_follow(samples: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("tqdm", "rich"):
        pytest.importorskip(name)
    [example] = [text for text in PYTHON if "from tqdm" in text]
    exec(compile(example, "README.md", "exec"), {"core": core})
    said = capsys.readouterr()
    assert "100%" in said.out + said.err


def test_that_every_picture_and_page_that_is_linked_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert not [link for link in links if not (ROOT / link).is_file()]


def test_that_the_commands_of_the_chinese_readme_are_those_of_this_one() -> None:
    text = (ROOT / "resources" / "README.zh.md").read_text("utf-8")
    found = [line.split("  #")[0].strip() for kind, block in re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL) if kind == "sh"
             for line in block.splitlines() if line.strip()]
    assert found
    assert [command for command in found if command not in COMMANDS] == []
    # one of each command: what is only for programs and packagers is in the English one
    verbs = {match[1] for command in COMMANDS if (match := re.match(r"inspector ([a-z]+)", command))}
    told = {match[1] for command in found if (match := re.match(r"inspector ([a-z]+)", command))}
    assert verbs - told - {"code", "completion", "average", "version", "demo"} == set()
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / "resources" / link).exists(), link
