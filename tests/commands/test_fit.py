"""`check --against` and `check --error`: what is said, and that the commands it gives end where they say."""
from __future__ import annotations

import json
import shlex
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from inspector import cli, core


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    code = cli.main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert err == ""
    return code, out


def followed(out: str, path: Path) -> None:
    """Runs the first command that was suggested, with its output put at `path`."""
    line = next(line for line in out.splitlines() if line.startswith("  inspector edit "))
    assert cli.main([str(path) if word == "FIXED" else word for word in shlex.split(line)[1:]]) == 0


def test_that_missing_keys_are_answered_by_strict_false_and_the_keys_that_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(nn.Sequential(nn.Linear(3, 3)).state_dict(), tmp_path / "old.pth")
    torch.save(nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2)).state_dict(), tmp_path / "new.pth")
    code, out = said(capsys, "check", tmp_path / "old.pth", "--against", tmp_path / "new.pth")
    assert code == 1
    assert "strict=False) loads 2 keys; 2 keys keep the model's initial values: 1.weight, 1.bias" in out
    assert "inspector edit" not in out
    code, out = said(capsys, "check", tmp_path / "old.pth", "--against", tmp_path / "new.pth", "--json")
    found = json.loads(out)
    assert found["strict_false"] == {"fitting": 2, "missing": ["1.weight", "1.bias"]}
    assert found["suggested"] == []


def test_that_a_text_without_shapes_promises_names_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrapped = nn.DataParallel(nn.Sequential(nn.Linear(3, 3))).state_dict()
    torch.save(wrapped, tmp_path / "a.pth")
    with pytest.raises(RuntimeError) as refused:
        nn.Sequential(nn.Linear(3, 2)).load_state_dict(wrapped)
    (tmp_path / "error.txt").write_text(str(refused.value))
    _, out = said(capsys, "check", tmp_path / "a.pth", "--error", tmp_path / "error.txt")
    assert "then all 2 keys load, by their names (the error does not tell the shapes of 2):" in out


def test_that_a_copy_is_a_command_that_works(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weight = torch.randn(8, 4)
    torch.save(OrderedDict({"emb.weight": weight, "lm_head.weight": weight}), tmp_path / "ref.pth")
    torch.save(OrderedDict({"emb.weight": weight}), tmp_path / "a.pth")
    code, out = said(capsys, "check", tmp_path / "a.pth", "--against", tmp_path / "ref.pth")
    assert code == 1
    assert "then all 2 keys load:" in out
    followed(out, tmp_path / "fixed.pth")
    there = torch.load(tmp_path / "fixed.pth", weights_only=True)
    assert there["emb.weight"].data_ptr() == there["lm_head.weight"].data_ptr()


def test_that_optimizers_and_other_models_decide_the_exit_status_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def save(name: str, layers: int, critic: int) -> Path:
        net = nn.Sequential(nn.Linear(3, 3))
        more = [nn.Parameter(torch.zeros(2)) for _ in range(layers)]
        optimizer = torch.optim.SGD([*net.parameters(), *more], 0.1, momentum=0.9)
        (net(torch.ones(1, 3)).sum() + sum(parameter.sum() for parameter in more)).backward()
        optimizer.step()
        torch.save({"model": net.state_dict(), "critic": nn.Linear(critic, 1).state_dict(), "optimizer": optimizer.state_dict()},
                   tmp_path / name)
        return tmp_path / name

    one, same, other, critic = save("a.pth", 1, 2), save("b.pth", 1, 2), save("c.pth", 3, 2), save("d.pth", 1, 5)
    code, out = said(capsys, "check", one, "--against", same)
    assert code == 0
    assert "load_state_dict would load it (its model): all 2 keys fit" in out
    assert "load_state_dict would load it (its critic): all 2 keys fit" in out
    assert "its optimizer's load_state_dict would load optimizer: 1 group of 3 parameters" in out
    code, out = said(capsys, "check", one, "--against", other)
    assert code == 1
    assert "would refuse optimizer: 1 group of 3 parameters in the file, 1 group of 5 parameters in the reference" in out
    code, out = said(capsys, "check", one, "--against", critic, "--json")
    assert code == 1
    found = json.loads(out)
    assert found["load"]["state_dict"] == "model"
    assert found["others"] == [{"state_dict": "critic", "missing": [], "unexpected": [],
                                "mismatched": [{"key": "weight", "file": [1, 2], "model": [1, 5]}]}]
    assert found["optimizers"] == [{"path": "optimizer", "loads": True, "file": [3], "model": [3], "mismatched": []}]


def test_that_an_average_that_loads_too_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = nn.Linear(3, 3)
    torch.save({"state_dict": net.state_dict(), "state_dict_ema": nn.Linear(3, 3).state_dict()}, tmp_path / "last.pth")
    torch.save(net.state_dict(), tmp_path / "ref.pth")
    code, out = said(capsys, "check", tmp_path / "last.pth", "--against", tmp_path / "ref.pth")
    assert code == 0
    assert "would load it (its state_dict): all 2 keys fit\nstate_dict_ema would load as well (--state-dict chooses)\n" in out
    assert "--extract state_dict_ema" in said(capsys, "check", tmp_path / "last.pth", "--against", tmp_path / "ref.pth",
                                              "--state-dict", "state_dict_ema")[1]


def test_that_of_a_whole_model_its_state_dict_is_what_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = nn.Linear(3, 3)
    torch.save(net, tmp_path / "whole.pth")
    torch.save(net.state_dict(), tmp_path / "ref.pth")
    _, out = said(capsys, "check", tmp_path / "whole.pth", "--against", tmp_path / "ref.pth")
    assert "would load it (its state_dict()): all 2 keys fit" in out
    followed(out, tmp_path / "fixed.pth")
    net.load_state_dict(torch.load(tmp_path / "fixed.pth", weights_only=True))
    torch.save({"model": net}, tmp_path / "nested.pth")
    _, out = said(capsys, "check", tmp_path / "nested.pth", "--against", tmp_path / "ref.pth")
    assert "would load it (its model.state_dict()): all 2 keys fit" in out


def test_that_the_answer_to_what_was_asked_comes_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2))
    torch.save({"net": nn.DataParallel(net).state_dict(), "epoch": 3}, tmp_path / "last.pth")
    with pytest.raises(RuntimeError) as refused:
        net.load_state_dict(torch.load(tmp_path / "last.pth", weights_only=True))
    (tmp_path / "error.txt").write_text(str(refused.value))
    code, out = said(capsys, "check", tmp_path / "last.pth", "--error", tmp_path / "error.txt")
    assert code == 1
    assert out.index("--extract net") < out.index("edits that end it")
    followed(out, tmp_path / "fixed.pth")
    net.load_state_dict(torch.load(tmp_path / "fixed.pth", weights_only=True))


def test_that_a_file_whose_values_cannot_be_had_is_not_said_to_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = nn.Linear(30, 20).state_dict()
    torch.save(model, tmp_path / "ref.pth")
    data = (tmp_path / "ref.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(data[:len(data) // 2])
    code, out = said(capsys, "check", tmp_path / "cut.pth", "--against", tmp_path / "ref.pth")
    assert code == 1
    assert "nothing loads it as it is, though all 2 keys fit\nthe values of 2 tensors cannot be had: weight, bias\n" in out
    assert "would load" not in out
    _, out = said(capsys, "check", tmp_path / "cut.pth", "--against", tmp_path / "ref.pth", "--json")
    found = json.loads(out)
    assert (found["load"]["broken"], found["suggested"]) == (["weight", "bias"], [])


def test_that_tensors_of_a_missing_file_have_no_shape_that_could_be_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    core.save({"a": np.ones((10, 3)), "b": np.ones((10, 3))}, tmp_path / "set", shard_size=240)
    core.save(core.open(tmp_path / "set"), tmp_path / "ref.pth")
    (tmp_path / "set" / "model-00002-of-00002.safetensors").unlink()
    _, out = said(capsys, "check", tmp_path / "set", "--against", tmp_path / "ref.pth")
    assert "of another shape" not in out
    assert "the values of 1 tensor cannot be had: b\n" in out
    assert "safetensors reads those of its files that are there, one by one." in out


def test_that_no_edit_is_suggested_after_which_nothing_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    torch.save(model.state_dict(), tmp_path / "ref.pth")
    torch.save(optimizer.state_dict(), tmp_path / "optimizer.pth")
    _, out = said(capsys, "check", tmp_path / "optimizer.pth", "--against", tmp_path / "ref.pth")
    assert "no edit is known that would make it fit" in out
    assert "inspector edit" not in out


def test_that_a_cast_by_load_state_dict_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = nn.Linear(3, 2).state_dict()
    torch.save(model, tmp_path / "ref.pth")
    torch.save({"weight": model["weight"].half(), "bias": model["bias"]}, tmp_path / "a.pth")
    code, out = said(capsys, "check", tmp_path / "a.pth", "--against", tmp_path / "ref.pth")
    assert code == 0
    assert "load_state_dict casts 1 key: float16 -> float32 (1)\n" in out
    assert "casts" not in said(capsys, "check", tmp_path / "ref.pth", "--against", tmp_path / "ref.pth")[1]
    found = json.loads(said(capsys, "check", tmp_path / "a.pth", "--against", tmp_path / "ref.pth", "--json")[1])
    assert found["casts"] == [{"file": "float16", "model": "float32", "keys": 1}]


def test_that_another_copy_of_the_model_below_another_prefix_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = nn.Linear(3, 2).state_dict()
    torch.save(model, tmp_path / "ref.pth")
    torch.save({f"{name}.{key}": value for name in ("ema_model", "online_model") for key, value in model.items()}, tmp_path / "a.pth")
    _, out = said(capsys, "check", tmp_path / "a.pth", "--against", tmp_path / "ref.pth")
    assert "--strip-prefix online_model. --match" in out
    assert "the keys below ema_model. would load as well, once that is stripped\n" in out


KERNELS = nn.Sequential(nn.Conv2d(3, 16, 3), nn.Conv2d(16, 16, 3, groups=16), nn.Conv1d(4, 8, 5), nn.Conv3d(2, 6, 3), nn.Linear(5, 7))


@pytest.mark.parametrize("depthwise", [(2, 3, 0, 1), (2, 3, 1, 0)])
def test_that_kernels_as_other_libraries_keep_them_are_turned_and_not_dropped(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                                                              depthwise: tuple[int, ...]) -> None:
    model = KERNELS.state_dict()
    def turned(key: str, value: torch.Tensor) -> torch.Tensor:
        order = depthwise if key == "1.weight" else (*range(2, value.dim()), 1, 0)
        return (value.permute(order) if value.dim() > 1 else value).contiguous()
    torch.save(model, tmp_path / "ref.pth")
    torch.save({key: turned(key, value) for key, value in model.items()}, tmp_path / "a.pth")
    _, out = said(capsys, "check", tmp_path / "a.pth", "--against", tmp_path / "ref.pth")
    assert "then all 10 keys load:" in out
    followed(out, tmp_path / "fixed.pth")
    loaded = torch.load(tmp_path / "fixed.pth", weights_only=True)
    assert all(torch.equal(loaded[key], value) for key, value in model.items())


def test_that_kernels_of_which_no_shape_tells_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = nn.Sequential(nn.Conv2d(3, 16, 3), nn.Conv2d(3, 3, 3), nn.Conv2d(1, 8, 1)).state_dict()
    torch.save(model, tmp_path / "ref.pth")
    torch.save({key: value.permute(2, 3, 1, 0).contiguous() if value.dim() == 4 else value for key, value in model.items()},
               tmp_path / "a.pth")
    _, out = said(capsys, "check", tmp_path / "a.pth", "--against", tmp_path / "ref.pth")
    assert "weights that have one shape either way are left as they are; compare their values: 1.weight\n" in out
    assert "--transpose '{0.weight,2.weight}=3,2,0,1'" in out


NO_FILES = {
    "OSError: Error no file named pytorch_model.bin, model.safetensors, tf_model.h5, model.ckpt.index or flax_model.msgpack found in "
    "directory ckpts/t5.": "model.safetensors",
    "OSError: Error no file named ['pytorch_model.bin', 'tf_model.h5', 'model.ckpt.index'] found in directory unilm/": "pytorch_model.bin",
    "OSError: Error no file named diffusion_pytorch_model.bin found in directory ./unet.": "diffusion_pytorch_model.bin",
    "OSError: Error no file named model.fp16.safetensors found in directory ./unet.": "model.fp16.safetensors",
    "ValueError: Can't find weights for out in out or in the Hugging Face Hub. Please check that the file adapter_model.bin or "
    "adapter_model.safetensors is present at out.": "adapter_model.safetensors",
    "RuntimeError: Cannot find any model weights with `/models/dolphin`": "model.safetensors",
    "ValueError: Due to a serious vulnerability issue in `torch.load`, even with `weights_only=True`, we now require users to upgrade":
        "model.safetensors",
}
WEIGHTS = {"0.weight": torch.ones(2, 3), "0.bias": torch.zeros(2)}


@pytest.mark.parametrize("thing", [WEIGHTS, {"model": WEIGHTS, "epoch": 3}, {**WEIGHTS, "epoch": 3}, nn.Sequential(nn.Linear(3, 2))],
                         ids=["weights", "training", "flat", "module"])
@pytest.mark.parametrize(("text", "name"), NO_FILES.items(), ids=[f"{name}-{n}" for n, name in enumerate(NO_FILES.values())])
def test_that_the_command_writes_a_file_of_the_name_that_is_looked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str,
                                                                       name: str, thing: object) -> None:
    torch.save(thing, tmp_path / "last.pth")
    (tmp_path / "error.txt").write_text(text)
    _, out = said(capsys, "check", "--quick", tmp_path / "last.pth", "--error", tmp_path / "error.txt")
    [line] = [line for line in out.splitlines() if line.startswith("  inspector edit ")]
    assert cli.main(shlex.split(line)[1:]) == 0
    made = tmp_path / name
    found = load_file(made) if made.suffix == ".safetensors" else torch.load(made, weights_only=True)
    assert set(found) == set(WEIGHTS) or (made.suffix == ".bin" and set(found) == {*WEIGHTS, "epoch"})


def test_that_no_file_is_to_be_written_over_and_one_of_that_name_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    torch.save(WEIGHTS, tmp_path / "run" / "last.pth")
    (tmp_path / "error.txt").write_text(next(iter(NO_FILES)))
    for there, target in ((None, "run/model.safetensors"), ("run/model.safetensors", "model.safetensors"), ("model.safetensors", "FIXED")):
        if there:
            save_file(WEIGHTS, tmp_path / there)
        _, out = said(capsys, "check", "--quick", "run/last.pth", "--error", "error.txt")
        assert f"  inspector edit run/last.pth -o {target}\n" in out
    _, out = said(capsys, "check", "--quick", "model.safetensors", "--error", "error.txt")
    assert "It has such a name: the text is about another folder." in out
    assert "inspector edit" not in out


CONTRACT = '{"inspector_contract": 1, "tensors": [ROWS]}'
DIGEST = '{"inspector_digest": 1, "root": "", "tensors": [ROWS], "problems": {}}'
ROW = f'{{"key": "w", "name": "w", "dtype": "float32", "shape": [2], "sha256": "{"0" * 64}"}}'


@pytest.mark.parametrize(("arguments", "text"), [
    (["check", "FILE", "--against", "JSON"], '{"w": [2], "w": [3]}'),
    (["check", "FILE", "--against", "JSON"], '{"w": [2], "\\u0077": [2]}'),
    (["check", "FILE", "--against", "JSON"], f'{{"tensors": [{ROW}, {ROW}]}}'),
    (["check", "FILE", "--against", "JSON"], '{"weight_map": {"w": "a", "w": "b"}}'),
    (["check", "FILE", "--against", "JSON"], CONTRACT.replace("ROWS", f"{ROW},{ROW}")),
    (["check", "FILE", "--against", "JSON"], CONTRACT.replace("ROWS", ROW.replace('"key"', '"shape": [3], "key"'))),
    (["verify", "FILE", "JSON"], DIGEST.replace("ROWS", f"{ROW},{ROW}")),
    (["verify", "FILE", "JSON"], DIGEST.replace("ROWS", ROW).replace('"root"', '"root": "0", "root"')),
    (["edit", "FILE", "--dry-run", "--recipe", "JSON"], '[{"drop": "w", "drop": "x"}]')])
def test_that_what_a_text_names_twice_is_not_chosen_from(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str],
                                                         text: str) -> None:
    """Of two readers one would go by the first and one by the last, and both would call it well."""
    torch.save({"w": torch.ones(2)}, tmp_path / "a.pth")
    (tmp_path / "a.json").write_text(text)
    code = cli.main([{"FILE": str(tmp_path / "a.pth"), "JSON": str(tmp_path / "a.json")}.get(word, word) for word in arguments])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert "twice" in err


@pytest.mark.parametrize(("option", "kind"), [("--against", "missing"), ("--against", "a folder"), ("--against", "text"),
                                              ("--error", "missing"), ("--error", "a folder")])
def test_that_what_a_file_is_held_against_is_blamed_for_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str,
                                                               kind: str) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "a.pth")
    other = tmp_path / "other"
    if kind == "a folder":
        other.mkdir()
    elif kind == "text":
        other.write_text("not a checkpoint")
    code = cli.main(["check", str(tmp_path / "a.pth"), option, str(other), "--sarif", str(tmp_path / "a.sarif")])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert err.startswith(f"inspector: {other}: ")
    assert not (tmp_path / "a.sarif").exists() or "a.pth" not in (tmp_path / "a.sarif").read_text()
