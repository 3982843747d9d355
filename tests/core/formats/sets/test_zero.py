"""Folders that DeepSpeed's ZeRO wrote, opened as the one checkpoint that their ranks have together."""
from __future__ import annotations

import json
import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from inspector import cli, core
from tests.core.formats.sets.zero_folders import Model, make, write, zero_to_fp32

GROUPS: list[dict[str, tuple[int, ...]]] = [{"emb.weight": (13, 8), "fc1.weight": (12, 8), "scale": (), "none": (0, 4)},
                                            {"fc1.bias": (12,), "conv.weight": (3, 2, 3, 3)}]
FROZEN = {"frozen.weight": (5, 3), "frozen.bias": (7,)}
MODEL = make(GROUPS, FROZEN, {"head.weight": "emb.weight"})
OPTIM = "bf16_zero_pp_rank_{}_mp_rank_00_optim_states.pt"


def opened(folder: Path) -> core.Checkpoint:
    return core.open(folder)


def assert_like_the_script(ckpt: core.Checkpoint, folder: Path, model: Model = MODEL) -> None:
    """The root has what zero_to_fp32.py makes, and the model was."""
    wanted = zero_to_fp32(folder)
    weights = {key: core.read_torch(ckpt, key) for key, info in ckpt.tensors.items() if info.state_dict == ""}
    assert weights.keys() == wanted.keys()
    assert all(torch.equal(weights[name], tensor) and weights[name].dtype == tensor.dtype for name, tensor in wanted.items())
    for name, tensor in (model.parameters | model.frozen | model.buffers).items():
        assert torch.equal(weights[name], tensor), name


@pytest.mark.parametrize("stage", [1, 2, 3])
@pytest.mark.parametrize("world", [1, 2, 3, 5, 12])
def test_that_the_ranks_are_joined_as_zero_to_fp32_does(tmp_path: Path, stage: int, world: int) -> None:
    folder = write(tmp_path / "global_step3", MODEL, stage, world)
    (tmp_path / "latest").write_text("global_step3\n")
    for path in (folder, tmp_path):
        ckpt = core.open(path)
        assert (ckpt.format, ckpt.kind, ckpt.path) == ("deepspeed-zero", "training-checkpoint", str(path))
        assert ckpt.facts["zero_stage"] == str(stage)
        assert [finding.id for finding in ckpt.findings if finding.level != "info"] == ["unknown-code"]
        assert_like_the_script(ckpt, folder)
        assert core.is_set(path)
    schemes = {name: tensor.scheme for name, tensor in core.packed_tensors(ckpt).items()}
    assert {name for name, scheme in schemes.items() if scheme == f"zero-{stage}"} >= {"emb.weight", "head.weight", "conv.weight"}
    assert not schemes.keys() & {"count", "seen"}


@pytest.mark.parametrize("root", [{}, 5, [1]])
def test_that_a_folder_whose_model_is_none_gives_what_else_there_is(root: Any, tmp_path: Path) -> None:
    folder = write(tmp_path / "a", MODEL, 1, 2)
    torch.save(root, folder / "mp_rank_00_model_states.pt")
    try:
        ckpt = core.open(folder)
    except core.InspectorError:
        return                              # no ranks of a model
    assert any(key.startswith("optimizer") for key in core.load(ckpt))


@pytest.mark.parametrize("stage", [1, 3])
def test_that_the_moments_of_the_optimizer_are_listed_by_parameter(tmp_path: Path, stage: int) -> None:
    ckpt = core.open(write(tmp_path / "a", MODEL, stage, 3))
    for name, tensor in MODEL.parameters.items():
        if tensor.numel():
            assert torch.equal(core.read_torch(ckpt, f"optimizer.state.{name}.exp_avg"), tensor * 10)
            assert torch.equal(core.read_torch(ckpt, f"optimizer.state.{name}.exp_avg_sq"), tensor * tensor)
    (found,) = core.optimizers(ckpt)
    assert (found.path, found.of_model) == ("optimizer", "")
    assert core.parameters_of_state([found])["optimizer.state.fc1.bias.exp_avg"] == "fc1.bias"
    assert ckpt.values["optimizer.param_groups.0.lr"] == 0.01
    assert ckpt.values["optimizer.param_groups.0.params.0"] == "emb.weight"


def test_that_elastic_states_are_a_list(tmp_path: Path) -> None:
    ckpt = core.open(write(tmp_path / "a", MODEL, 2, 2, elastic=True, prefix=""))
    assert torch.equal(core.read_torch(ckpt, "optimizer.state.conv.weight.exp_avg"), MODEL.parameters["conv.weight"] * 10)


def test_that_paddings_between_parameters_are_left_out(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", MODEL, 2, 3, align=[16, 5])
    assert_like_the_script(core.open(folder), folder)


@pytest.mark.parametrize("most", [1, 7, 50])
def test_that_stage_3_goes_on_over_the_borders_of_its_flat_tensors(tmp_path: Path, most: int) -> None:
    folder = write(tmp_path / "a", MODEL, 3, 2, sub_group=most)
    assert_like_the_script(core.open(folder), folder)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.lists(st.integers(0, 5), max_size=3).map(tuple), max_size=4), min_size=1, max_size=3),
       st.sampled_from([1, 2, 3]), st.integers(1, 6), st.integers(1, 30), st.integers(0, 99))
def test_that_any_shapes_over_any_ranks_are_joined(shapes: list[list[tuple[int, ...]]], stage: int, world: int, most: int,
                                                   seed: int) -> None:
    model = make([{f"p{g}.{n}": shape for n, shape in enumerate(group)} for g, group in enumerate(shapes)], {"f": (3, 2)}, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        written = write(Path(folder) / "a", model, stage, world, align=[1 + (seed + g) % 7 for g in range(len(shapes))], sub_group=most)
        ckpt = core.open(written)
        assert_like_the_script(ckpt, written, model)
        for key, info in ckpt.tensors.items():          # a slice of it is that slice of the whole
            if info.numel > 1 and info.state_dict == "":
                at = seed % info.shape[0]
                np.testing.assert_array_equal(ckpt[key][at:], core.read_numpy(ckpt, key)[at:])
                chunks = [*core.iter_chunks(ckpt, key, 4 * (1 + seed % 5))]
                np.testing.assert_array_equal(np.concatenate(chunks), core.read_numpy(ckpt, key).ravel())


# -- saved as one file --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("stage", [1, 2, 3])
@pytest.mark.parametrize("name", ["model.safetensors", "model.pth"])
def test_that_the_joined_file_is_that_of_zero_to_fp32(tmp_path: Path, stage: int, name: str) -> None:
    folder = write(tmp_path / "a", MODEL, stage, 3)
    assert cli.main(["edit", str(folder), "-o", str(tmp_path / name)]) == 0
    got = load_file(tmp_path / name) if name.endswith("safetensors") else torch.load(tmp_path / name, weights_only=True)
    wanted = zero_to_fp32(folder)
    assert got.keys() == wanted.keys()
    assert all(torch.equal(got[key], tensor) for key, tensor in wanted.items())
    if name.endswith("pth"):
        assert got["head.weight"].data_ptr() == got["emb.weight"].data_ptr()


def test_that_what_is_not_written_is_said(tmp_path: Path) -> None:
    ckpt = core.open(write(tmp_path / "a", MODEL, 1, 2))
    plan = core.plan_save(ckpt, tmp_path / "model.safetensors")
    assert not plan.losses
    (note,) = [note for note in plan.notes if "zero_to_fp32" in note]
    assert "tensors of the optimizer" in note


def test_that_a_value_that_was_set_is_not_left_out_in_silence(tmp_path: Path) -> None:
    ckpt = core.edit(core.open(write(tmp_path / "a", MODEL, 1, 2)), [core.SetValue("note", "mine"), core.Drop("frozen.*")])
    assert [loss.where for loss in core.plan_save(ckpt, tmp_path / "m.safetensors").losses] == ["note"]
    core.save(ckpt, tmp_path / "m.pth")
    got = torch.load(tmp_path / "m.pth", weights_only=True)
    assert got["note"] == "mine"
    assert got.keys() == {"note", *zero_to_fp32(tmp_path / "a")} - FROZEN.keys()


def test_that_the_optimizer_is_written_when_it_is_extracted(tmp_path: Path) -> None:
    ckpt = core.edit(core.open(write(tmp_path / "a", MODEL, 2, 2)), [core.Extract("optimizer.state")])
    core.save(ckpt, tmp_path / "moments.safetensors")
    assert torch.equal(load_file(tmp_path / "moments.safetensors")["fc1.bias.exp_avg"], MODEL.parameters["fc1.bias"] * 10)


# -- what is not there, and what lies ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("stage", [1, 3])
@pytest.mark.parametrize("gone", [0, 1, 3])
def test_that_parameters_of_a_missing_rank_are_missed_and_the_others_right(tmp_path: Path, stage: int, gone: int) -> None:
    folder = write(tmp_path / "a", MODEL, stage, 4)
    wanted = zero_to_fp32(folder)
    (folder / OPTIM.format(gone)).unlink()
    ckpt = core.open(folder)
    assert "missing-shard" in {finding.id for finding in ckpt.findings}
    problems = {key: info.problem for key, info in ckpt.tensors.items() if info.state_dict == ""}
    assert problems.keys() == wanted.keys()
    assert any(problem.startswith("missing: its part on rank") for problem in problems.values())
    right = [key for key, problem in problems.items() if not problem]
    assert {"count", "seen", "frozen.bias"} <= set(right)
    assert stage == 3 or len(right) > 5
    for key in right:
        assert torch.equal(core.read_torch(ckpt, key), wanted[key]), key
    with pytest.raises(core.BadTensor, match="missing"):
        core.read_numpy(ckpt, next(key for key, problem in problems.items() if problem))


def test_that_with_only_the_last_rank_its_own_part_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", MODEL, 2, 2)
    wanted = zero_to_fp32(folder)
    (folder / OPTIM.format(0)).unlink()
    ckpt = core.open(folder)
    right = [key for key, info in ckpt.tensors.items() if info.state_dict == "" and not info.problem and key in MODEL.parameters]
    assert right
    assert all(torch.equal(core.read_torch(ckpt, key), wanted[key]) for key in right)


def test_that_a_lone_file_of_the_model_is_that_file(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", MODEL, 2, 2)
    for rank in range(2):
        (folder / OPTIM.format(rank)).unlink()
    assert core.open(folder).format == "torch-zip"


def test_that_without_the_names_it_is_said_which_file_is_wanted(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", MODEL, 2, 2)
    (folder / "mp_rank_00_model_states.pt").unlink()
    with pytest.raises(core.Corrupt, match="names and shapes"):
        core.open(folder)


def test_that_a_file_left_over_from_more_ranks_is_told_and_not_used(tmp_path: Path) -> None:
    write(tmp_path / "a", make(GROUPS, seed=9), 2, 4)
    folder = write(tmp_path / "a", MODEL, 2, 2)
    ckpt = core.open(folder)
    assert "extra-shard" in {finding.id for finding in ckpt.findings}
    assert torch.equal(core.read_torch(ckpt, "conv.weight"), MODEL.parameters["conv.weight"])


def test_that_parts_of_a_model_over_several_ranks_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", MODEL, 2, 1)
    (folder / "bf16_zero_pp_rank_0_mp_rank_01_optim_states.pt").write_bytes((folder / OPTIM.format(0)).read_bytes())
    with pytest.raises(core.Unsupported, match="model-parallel"):
        core.open(folder)


def rewritten(path: Path, change: Any) -> None:
    found = torch.load(path, weights_only=False)
    change(found)
    torch.save(found, path)


def lies() -> dict[str, tuple[str, Any]]:
    """name -> the file that lies, and how."""
    def shapes(found: dict[str, Any]) -> dict[str, Any]:
        return found["param_shapes"][0]          # type: ignore[no-any-return]

    def of(found: dict[str, Any]) -> dict[str, Any]:
        return found["optimizer_state_dict"]     # type: ignore[no-any-return]

    head, rank = "mp_rank_00_model_states.pt", OPTIM.format(1)
    return {
        "a parameter is larger": (head, lambda found: shapes(found).update({"emb.weight": torch.Size((14, 9))})),
        "2**62 elements": (head, lambda found: shapes(found).update({"emb.weight": (1 << 61, 1 << 61)})),
        "a negative size": (head, lambda found: shapes(found).update({"emb.weight": (-13, -8)})),
        "no shape": (head, lambda found: shapes(found).update({"emb.weight": "large"})),
        "a parameter more": (head, lambda found: shapes(found).update({"new": torch.Size((90,))})),
        "a parameter less": (head, lambda found: shapes(found).pop("emb.weight")),
        "another order of groups": (head, lambda found: found["param_shapes"].reverse()),
        "a flat tensor is short": (rank, lambda found: of(found)["single_partition_of_fp32_groups"].__setitem__(0, torch.ones(3))),
        "a flat tensor is a matrix": (rank, lambda found: of(found)["single_partition_of_fp32_groups"].__setitem__(
            0, of(found)["single_partition_of_fp32_groups"][0].reshape(-1, 1))),
        "flat tensors of two types": (rank, lambda found: of(found)["single_partition_of_fp32_groups"].__setitem__(
            0, of(found)["single_partition_of_fp32_groups"][0].double())),
        "a group is not there": (rank, lambda found: of(found)["single_partition_of_fp32_groups"].pop()),
        "paddings": (OPTIM.format(0), lambda found: of(found).update(param_alignment_paddings=[[0, 1 << 61, 0, 0], [0, 0]])),
        "negative paddings": (OPTIM.format(0), lambda found: of(found).update(param_alignment_paddings=[[0, -90, 90, 0], [0, 0]])),
        "too few paddings": (OPTIM.format(0), lambda found: of(found).update(param_alignment_paddings=[[0], [0, 0]])),
        "an expert's count": (OPTIM.format(0), lambda found: of(found).update(partition_count=[1, 2])),
    }


@pytest.mark.parametrize("lie", lies())
def test_that_files_that_lie_give_no_wrong_numbers(tmp_path: Path, lie: str) -> None:
    folder = write(tmp_path / "a", MODEL, 2, 2, align=[1, 1])
    name, change = lies()[lie]
    rewritten(folder / name, change)
    ckpt = core.open(folder)
    broken = {key for key, info in ckpt.tensors.items() if info.problem}
    assert broken
    for key, tensor in (MODEL.parameters | MODEL.frozen).items():
        if key in ckpt.tensors and key not in broken:       # one that is in no group is what the model itself has, in its low precision
            got = core.read_torch(ckpt, key)
            assert torch.equal(got, tensor.to(got.dtype)), key
    core.totals(ckpt)
    with pytest.raises(core.SaveError):
        core.plan_save(ckpt, tmp_path / "out.safetensors")


@pytest.mark.parametrize("count", [0, -1, 1 << 61, 2.5, None, [], "2", [[1]]])
def test_that_a_number_of_ranks_that_none_can_be_is_refused(tmp_path: Path, count: Any) -> None:
    folder = write(tmp_path / "a", MODEL, 2, 1)
    rewritten(folder / OPTIM.format(0), lambda found: found["optimizer_state_dict"].update(partition_count=count))
    with pytest.raises(core.ReadError, match="ranks"):
        core.open(folder)


def test_that_a_folder_of_parts_that_refer_to_themselves_is_read(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", MODEL, 2, 2)

    def knot(found: dict[str, Any]) -> None:
        found["shared_params"] = {"a": "b", "b": "a", "emb.weight": "emb.weight"}
        found["param_shapes"].append(OrderedDict())
        found["param_shapes"][-1]["me"] = found["param_shapes"]
        found["buffer_names"].append(found["buffer_names"])

    rewritten(folder / "mp_rank_00_model_states.pt", knot)
    ckpt = core.open(folder)
    assert ckpt.tensors["me"].problem
    assert torch.equal(core.read_torch(ckpt, "conv.weight"), MODEL.parameters["conv.weight"])


@pytest.mark.parametrize("latest", ["../a", "/etc", "a/../../b", "nowhere", "", "\0", "x" * 5000])
def test_that_latest_never_leads_out_of_its_folder(tmp_path: Path, latest: str) -> None:
    write(tmp_path / "a", MODEL, 1, 1)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "latest").write_text(latest)
    with pytest.raises(core.Unsupported):
        core.open(tmp_path / "b")


@pytest.mark.parametrize("latest", ["../a", "/etc", "nowhere", "global_step3/..", "two\nlines", "", "x" * 5000])
def test_that_the_file_latest_opens_nothing_that_is_not_beside_it(tmp_path: Path, latest: str) -> None:
    write(tmp_path / "a", MODEL, 1, 1)
    (tmp_path / "b" / "global_step3").mkdir(parents=True)
    (tmp_path / "b" / "latest").write_text(latest)
    with pytest.raises(core.NotACheckpoint):
        core.open(tmp_path / "b" / "latest")


def test_that_the_file_latest_opens_as_the_folder_that_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "global_step3", MODEL, 1, 2)
    write(tmp_path / "global_step4", MODEL, 1, 2)
    (tmp_path / "latest").write_text("global_step3\n")
    ckpt = core.open(tmp_path / "latest")
    assert (ckpt.format, ckpt.path) == ("deepspeed-zero", str(tmp_path / "global_step3"))
    monkeypatch.chdir(tmp_path)
    assert core.open("latest").path == "global_step3"
    torch.save({"w": torch.ones(3)}, tmp_path / "latest")
    assert list(core.open("latest").tensors) == ["w"]


def test_that_a_file_that_names_a_folder_that_is_elsewhere_says_which(tmp_path: Path) -> None:
    for name, text, said in (("latest", "global_step7", "DeepSpeed's, global_step7"),
                             ("latest_checkpointed_iteration.txt", "100\n", "Megatron-LM's, iter_0000100")):
        (tmp_path / name).write_text(text)
        with pytest.raises(core.NotACheckpoint, match=said) as raised:
            core.open(tmp_path / name)
        assert raised.value.hint.startswith(f"Open the folder {said.rpartition(' ')[2]}")


def test_that_a_link_out_of_the_folder_is_asked_about(tmp_path: Path) -> None:
    write(tmp_path / "a", MODEL, 1, 1)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "latest").write_text("global_step3")
    (tmp_path / "b" / "global_step3").symlink_to(tmp_path / "a")
    with pytest.raises(core.Unsupported, match="link"):
        core.open(tmp_path / "b")
    assert core.open(tmp_path / "b", follow_links=True).format == "deepspeed-zero"


# -- folders among others ---------------------------------------------------------------------------------------------------------------

def test_that_a_walk_finds_each_checkpoint_once(tmp_path: Path) -> None:
    write(tmp_path / "run" / "global_step1", MODEL, 1, 2)
    write(tmp_path / "run" / "global_step2", MODEL, 3, 2)
    (tmp_path / "run" / "latest").write_text("global_step2")
    universal(tmp_path / "other" / "u")
    found = [str(Path(path).relative_to(tmp_path)) for path in core.checkpoints_in(tmp_path)]
    assert sorted(found) == ["other/u", "run", "run/global_step1"]


def test_that_a_file_of_it_says_that_there_are_others(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", MODEL, 3, 2)
    assert "one-of-a-set" in {finding.id for finding in core.open(folder / OPTIM.format(1)).findings}


def test_that_without_latest_the_only_tag_is_opened(tmp_path: Path) -> None:
    write(tmp_path / "global_step7", MODEL, 1, 2)
    assert core.open(tmp_path).format == "deepspeed-zero"
    write(tmp_path / "global_step8", MODEL, 1, 2)
    with pytest.raises(core.Unsupported):
        core.open(tmp_path)


# -- universal --------------------------------------------------------------------------------------------------------------------------

def universal(folder: Path) -> Path:
    """What ds_to_universal.py makes."""
    for name, tensor in (MODEL.parameters | {"count": MODEL.buffers["count"]}).items():
        place = folder / "zero" / name
        place.mkdir(parents=True)
        torch.save({"param": tensor, "cat_dim": 0}, place / "fp32.pt")
        if name != "count":
            torch.save({"param": tensor * 10, "cat_dim": 0}, place / "exp_avg.pt")
            torch.save(torch.tensor(3.0), place / "step.pt")
    torch.save({"overflow": False, "param_groups": [{"lr": 0.5, "params": [0]}]}, folder / "zero" / "optimizer_state.pt")
    torch.save({"module": OrderedDict({**MODEL.buffers, **{name: t.bfloat16() for name, t in MODEL.parameters.items()}, **MODEL.frozen}),
                "buffer_names": ["count", "seen"], "param_shapes": [{name: t.shape for name, t in group.items()} for group in MODEL.groups],
                "shared_params": {"head.weight": "emb.weight"}, "ds_version": "0.19.8", "epoch": 4}, folder / "mp_rank_00_model_states.pt")
    return folder


def test_that_a_universal_checkpoint_is_one(tmp_path: Path) -> None:
    universal(tmp_path / "global_step3_universal")
    (tmp_path / "latest_universal").write_text("global_step3_universal")
    for path in (tmp_path, tmp_path / "global_step3_universal"):
        ckpt = core.open(path)
        assert (ckpt.format, ckpt.facts["zero_stage"], ckpt.values["epoch"]) == ("deepspeed-zero", "universal", 4)
        weights = {key: core.read_torch(ckpt, key) for key, info in ckpt.tensors.items() if info.state_dict == ""}
        wanted = {**MODEL.buffers, **MODEL.parameters, **MODEL.frozen, "head.weight": MODEL.parameters["emb.weight"]}
        assert list(weights)[:4] == ["count", "seen", "emb.weight", "fc1.weight"]
        assert weights.keys() == wanted.keys()
        assert all(torch.equal(weights[key], tensor) and weights[key].dtype == tensor.dtype for key, tensor in wanted.items())
    assert torch.equal(core.read_torch(ckpt, "optimizer.state.fc1.bias.exp_avg"), MODEL.parameters["fc1.bias"] * 10)
    packed = core.packed_tensors(ckpt)
    assert {tensor.scheme for tensor in packed.values()} == {"zero-universal"}
    assert packed.keys() == {*MODEL.parameters, "head.weight"}
    core.save(ckpt, tmp_path / "model.safetensors")
    assert load_file(tmp_path / "model.safetensors").keys() == wanted.keys()


def test_that_a_parameter_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    folder = universal(tmp_path / "u")
    (folder / "zero" / "fc1.bias" / "fp32.pt").write_bytes(b"PK\3\4 torn")
    ckpt = core.open(folder)
    assert "missing-shard" in {finding.id for finding in ckpt.findings}
    assert torch.equal(core.read_torch(ckpt, "emb.weight"), MODEL.parameters["emb.weight"])
    assert ckpt.tensors["fc1.bias"].problem


def test_that_ls_and_stats_go_by_the_joined_tensors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "a", MODEL, 3, 3)
    assert cli.main(["ls", "--json", str(folder)]) == 0
    said = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)["logical"]}
    assert (said["conv.weight"]["scheme"], said["conv.weight"]["shape"], said["conv.weight"]["bits"]) == ("zero-3", [3, 2, 3, 3], 32)
    found = core.summarize(core.open(folder), ["conv.weight"])["conv.weight"]
    assert found.max == MODEL.parameters["conv.weight"].max()


def test_that_a_joined_checkpoint_is_sent_to_other_processes(tmp_path: Path) -> None:
    import pickle
    ckpt = core.open(write(tmp_path / "a", MODEL, 3, 3))
    again = pickle.loads(pickle.dumps(ckpt))
    assert torch.equal(core.read_torch(again, "conv.weight"), MODEL.parameters["conv.weight"])


@pytest.mark.parametrize("stage", [2, 3])
def test_that_the_joined_state_dict_is_loaded_held_to_a_contract_and_digested_as_one_file_is(tmp_path: Path, stage: int) -> None:
    folder = write(tmp_path / "a", MODEL, stage, 3)
    wanted = zero_to_fp32(folder)
    loaded = core.load_state_dict(folder)
    assert loaded.keys() == wanted.keys()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in wanted.items())
    assert loaded["head.weight"].data_ptr() == loaded["emb.weight"].data_ptr()
    whole = core.load(folder, as_torch=True)
    assert torch.equal(whole["conv.weight"], wanted["conv.weight"])
    assert whole["head.weight"].data_ptr() == whole["emb.weight"].data_ptr()
    core.save(core.open(folder), tmp_path / "one.pth")
    assert core.contract(folder, "") == core.contract(tmp_path / "one.pth")
    assert core.digest_of(core.edit(folder, [core.Drop("optimizer.*")])) == core.digest_of(tmp_path / "one.pth")
    assert core.compare(tmp_path / "one.pth", folder).counts["values"] == 0


@pytest.mark.parametrize(("tag", "beside"), [
    ("global_step500", ["rng_state_0.pth", "scheduler.pt", "training_args.bin", "trainer_state.json", "zero_to_fp32.py"]),
    ("checkpoint", ["zero_to_fp32.py"]),
    ("epoch-3", []),
], ids=["transformers", "lightning", "deepspeed"])
def test_that_the_folder_of_a_trainer_opens_as_what_latest_names(tmp_path: Path, tag: str, beside: list[str]) -> None:
    write(tmp_path / tag, MODEL, 2, 2)
    (tmp_path / "latest").write_text(tag)
    for name in beside:
        if name.endswith((".json", ".py")):
            (tmp_path / name).write_text("{}")
        else:
            torch.save({"state": torch.ones(2)}, tmp_path / name)
    assert core.checkpoint_in(tmp_path) == str(tmp_path)
    assert torch.equal(core.read_torch(core.open(tmp_path), "conv.weight"), MODEL.parameters["conv.weight"])
    torch.save({"w": torch.ones(3)}, tmp_path / "pytorch_model.bin")            # gathered weights are what is meant
    assert list(core.open(tmp_path).tensors) == ["w"]


@pytest.mark.parametrize("stage", [2, 3])
def test_that_what_the_ranks_hold_is_counted_once(tmp_path: Path, stage: int) -> None:
    model = make([{"a": (8, 4), "b": (16,)}])               # as many elements as two ranks share without a rest
    ckpt = core.open(write(tmp_path / "a", model, stage, 2))
    found = core.sizes(ckpt)
    step, buffers = 4, 3 * 4 + 8
    assert (found.stored, found.reachable, found.unreferenced) == (3 * 48 * 4 + step + buffers, 3 * 48 * 4 + step + buffers, 0)
    padded = core.open(write(tmp_path / "b", make([{"a": (9,)}]), 3, 2))
    assert core.sizes(padded).unreferenced == 3 * 4         # one element of the last rank in each of three flat tensors
    dropped = core.edit(ckpt, [core.Drop("optimizer.*"), core.Drop("b")])
    assert core.sizes(dropped).stored == 32 * 4 + buffers
