"""One digest for one set of weights, whatever container it is in."""
from __future__ import annotations

import hashlib
import json
import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inspector import core


def weights() -> OrderedDict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    base = torch.randn(6, 4, generator=generator)
    return OrderedDict({"z.weight": base.T, "a.weight": base[:2], "bf": base.to(torch.bfloat16), "é\n": torch.arange(3),
                        "n": torch.tensor(7), "empty": torch.zeros(0, 5)})


def test_that_the_same_weights_have_one_digest_in_every_container(tmp_path: Path) -> None:
    state = weights()
    torch.save(state, tmp_path / "zip.pth")
    torch.save(state, tmp_path / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"epoch": 1, "model": state, "other": torch.ones(1)}, tmp_path / "training.pth")
    core.save(tmp_path / "zip.pth", tmp_path / "a.safetensors")
    core.save(tmp_path / "zip.pth", tmp_path / "set", shard_size=100)
    from torch.distributed import checkpoint as dcp
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcp.save(dict(state), checkpoint_id=tmp_path / "dcp")
    names = ["zip.pth", "legacy.pth", "a.safetensors", "set", "dcp"]
    roots = {name: core.digest_of(tmp_path / name).root for name in names}
    roots["training"] = core.digest_of(tmp_path / "training.pth", "model").root
    roots["memory"] = core.digest_of({name: tensor.contiguous().clone() for name, tensor in reversed(state.items())}).root
    assert len(set(roots.values())) == 1, roots
    assert len({core.digest_of(tmp_path / name) for name in names}) == 1
    assert str(core.digest_of(tmp_path / "dcp")) == roots["dcp"]


def test_that_tied_names_count_though_safetensors_keeps_one(tmp_path: Path) -> None:
    shared = torch.ones(3)
    torch.save({"embed": shared, "head": shared}, tmp_path / "a.pth")
    core.save(tmp_path / "a.pth", tmp_path / "a.safetensors")
    assert len(core.open(tmp_path / "a.safetensors")) == 1
    assert core.digest_of(tmp_path / "a.pth") == core.digest_of(tmp_path / "a.safetensors")


def test_that_it_is_what_the_module_says_it_is(tmp_path: Path) -> None:
    array = np.arange(6, dtype="<f4").reshape(2, 3)
    found = core.digest_of({"w": array, "a": np.zeros(1, np.int8)})
    lines = [["a", "int8", [1], hashlib.sha256(b"\0").hexdigest()], ["w", "float32", [2, 3], hashlib.sha256(array.tobytes()).hexdigest()]]
    leaves = [hashlib.sha256(json.dumps(line, separators=(",", ":")).encode()).digest() for line in lines]
    assert found.root == hashlib.sha256(b"checkpoint-inspector digest 1\n" + b"".join(leaves)).hexdigest()


@pytest.mark.parametrize("change", [
    lambda d: d.update(n=torch.tensor(8)), lambda d: d.update(n=torch.tensor([7])),
    lambda d: d.update(n=torch.tensor(7, dtype=torch.int32)),
    lambda d: d.pop("n"), lambda d: d.update(m=d.pop("n")), lambda d: d.update(extra=torch.ones(1)),
    lambda d: d.update(empty=torch.zeros(5, 0))], ids=["value", "shape", "dtype", "gone", "renamed", "new", "empty shape"])
def test_that_any_change_changes_it(change: Any) -> None:
    state = weights()
    before = core.digest_of(dict(state))
    change(state)
    assert core.digest_of(dict(state)).root != before.root
    assert not core.compare_digests(before, core.digest_of(dict(state))).same


def test_that_a_quantizer_counts(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = [torch._make_per_tensor_quantized_tensor(torch.ones(3, dtype=torch.int8), scale, 0) for scale in (0.5, 0.25)]
        ints = torch.ones(2, 3, dtype=torch.int8)
        made += [torch._make_per_channel_quantized_tensor(ints, torch.tensor([0.5, scale]), torch.tensor([0, 0]), 0)
                 for scale in (0.5, 0.25)]
        roots = {core.digest_of({"q": one}).root for one in made}
    assert len(roots) == 4


def test_that_a_manifest_tells_what_differs(tmp_path: Path) -> None:
    torch.save(weights(), tmp_path / "a.pth")
    core.save_digest(core.digest_of(tmp_path / "a.pth"), tmp_path / "a.json")
    wanted = core.read_digest(tmp_path / "a.json")
    assert wanted == core.digest_of(tmp_path / "a.pth")
    other = dict(weights())
    other["z.weight"] = other["z.weight"] + 1
    other["bf"] = other["bf"].float()
    other["a.weight"] = other["a.weight"].reshape(-1)
    del other["n"]
    other["new"] = torch.ones(1)
    found = core.compare_digests(wanted, core.digest_of(other))
    assert found == (("n",), ("new",), ("bf",), ("a.weight",), ("z.weight",), ())
    assert core.compare_digests(wanted, core.digest_of(dict(weights()))).same


@pytest.mark.parametrize(("change", "said"), [
    (lambda said: said.update(root="0" * 64), "contradicts itself"),
    (lambda said: said["tensors"][0].update(name="x"), "contradicts itself"),
    (lambda said: said.update(inspector_digest=9), "another version"), (lambda said: said["tensors"].append(3), "no manifest"),
    (lambda said: said.pop("tensors"), "no manifest"), (lambda said: said["tensors"][0].update(sha256="zz"), "no manifest")],
    ids=["root", "name", "version", "row", "no tensors", "no hex"])
def test_that_a_manifest_that_was_changed_is_refused(change: Any, said: str, tmp_path: Path) -> None:
    manifest = core.digest_of({"w": np.ones(2)}).to_json()
    change(manifest)
    (tmp_path / "m.json").write_text(json.dumps(manifest))
    with pytest.raises(core.Corrupt, match=said):
        core.read_digest(tmp_path / "m.json")


def test_that_a_pointer_in_the_place_of_what_a_command_reads_is_said_to_be_one(tmp_path: Path) -> None:
    file = tmp_path / "m.json"
    file.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n")
    for read in (core.read_digest, core.read_recipe, core.read_contract, core.read_shapes, core.read_text_file):
        with pytest.raises(core.NotACheckpoint, match=r"this is a Git-LFS pointer; the file itself \(12,345 bytes,") as caught:
            read(str(file))
        assert caught.value.where == str(file)


def test_that_a_manifest_replaces_nothing_but_a_manifest(tmp_path: Path) -> None:
    digest = core.digest_of({"w": np.ones(2)})
    (tmp_path / "config.json").write_text('{"a": 1}')
    for name in ("config.json", "m.safetensors"):
        with pytest.raises(core.SaveError):
            core.save_digest(digest, tmp_path / name)
    for _ in range(2):
        core.save_digest(digest, tmp_path / "m.json")


def test_that_a_tensor_without_values_is_told_and_the_rest_has_digests(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2), "m": torch.ones(3, device="meta")}, tmp_path / "a.pth")
    found = core.digest_of(tmp_path / "a.pth")
    assert (found.root, list(found.tensors), list(found.problems)) == ("", ["w"], ["m"])
    assert core.compare_digests(core.digest_of({"w": torch.ones(2), "m": torch.ones(3)}), found) == ((), (), (), (), (), ("m",))
