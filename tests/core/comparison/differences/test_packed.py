"""Packed tensors held against what they were made of, and against other packings: by what they stand for."""
from __future__ import annotations

import json
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from inspector import cli, core
from tests.core.packed import packing
from tests.core.packed.test_truth import opened

PACKED = Path(__file__).resolve().parents[5] / "shared" / "packed"
ORIGINALS = sorted(path.name.removesuffix(".original.safetensors") for path in PACKED.glob("*.original.safetensors")) or ["none"]
KINDS = sorted(set(packing.MAKERS) - {"lora", "rslora"})


def original_of(made: packing.Packed, path: Path, noise: float = 0.01) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(5)
    values = (made.values + noise * np.abs(made.values).mean() * rng.normal(size=made.values.shape)).astype(np.float32)
    save_file({made.name: values, "norm.weight": np.ones(8, np.float32)}, path)
    return values


@pytest.mark.parametrize("case", ORIGINALS)
def test_that_real_files_are_as_far_from_their_originals_as_their_libraries_say(case: str) -> None:
    if not PACKED.is_dir():
        pytest.skip("the files of packed weights are not here")
    truth = json.loads((PACKED / f"{case}.truth.json").read_text("utf-8"))
    path = opened(truth)
    wanted = {one["name"]: one["original"]["sqnr_db"] for one in truth["logical"] if one.get("original", {}).get("sqnr_db") is not None}
    for a, b, side in ((PACKED / f"{case}.original.safetensors", path, 0), (path, PACKED / f"{case}.original.safetensors", 1)):
        found = core.compare(a, b)
        ratios = {(pair.b, pair.a)[side]: found.sqnr(pair) for pair in found.pairs}
        for name, ratio in wanted.items():
            if ratios.get(name) is not None:            # experts that are stored the other way round have no pair
                assert ratios[name] == pytest.approx(ratio, abs=0.01), name
        assert found.verdict is not None
        assert not wanted or found.verdict.id in ("quantized", "different-architectures", "rearranged", "partly-same", "cast")


@pytest.mark.parametrize("kind", KINDS)
def test_that_the_ratio_is_that_of_the_originals_values_to_the_errors(kind: str, tmp_path: Path) -> None:
    made = packing.MAKERS[kind](np.random.default_rng(1))
    values = original_of(made, tmp_path / "a.safetensors")
    packed = made.save(tmp_path / "b")
    stored = core.read_numpy(core.unpacked(packed), made.name).astype(np.float64)
    wanted = 10 * np.log10((values.astype(np.float64) ** 2).sum() / ((values - stored) ** 2).sum())
    for a, b, original in ((tmp_path / "a.safetensors", packed, "a"), (packed, tmp_path / "a.safetensors", "b")):
        found = core.compare(a, b)
        [pair] = [pair for pair in found.pairs if pair.a == pair.b == made.name]
        assert pair.status == "dtype"
        assert found.sqnr(pair) == pytest.approx(wanted, abs=1e-6)
        assert found.verdict is not None
        facts = dict(found.verdict.facts)
        assert (found.verdict.id, facts["original"], facts["packed"]) == ("quantized", original, 1)
        assert facts["sqnr"] == pytest.approx(wanted, abs=1e-6)


def test_that_the_worst_layer_comes_first_and_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(3)
    tensors, plain = {}, {}
    for n, noise in enumerate((0.01, 0.2, 0.05)):
        made = packing.MAKERS["gptq"](np.random.default_rng(n))
        module = f"model.layers.{n}.mlp.down_proj"
        old = made.name.removesuffix(".weight")
        tensors |= {key.replace(old, module): value for key, value in made.tensors.items()}
        plain[f"{module}.weight"] = (made.values * (1 + noise * rng.normal(size=made.values.shape))).astype(np.float32)
    packed = packing.Packed(tensors, made.config, "", "gptq", made.values, set()).save(tmp_path / "q")
    save_file(plain, tmp_path / "plain.safetensors")
    assert cli.main(["diff", str(tmp_path / "plain.safetensors"), str(packed)]) == 1
    out = capsys.readouterr().out
    assert "quantized from A: " in out
    assert "worst layer 1 down_proj 1" in out
    rows = [line for line in out.splitlines() if line.startswith("t  model")]
    assert [row.split()[1] for row in rows] == [f"model.layers.{n}.mlp.down_proj.weight" for n in (1, 2, 0)]
    assert cli.main(["diff", "--json", "--html", str(tmp_path / "page.html"), str(tmp_path / "plain.safetensors"), str(packed)]) == 1
    found = json.loads(capsys.readouterr().out)
    pairs = [pair for pair in found["pairs"] if pair["a"]]
    assert {(pair["scheme_b"], "scheme_a" in pair) for pair in pairs} == {("gptq", False)}
    ratios = {pair["a"]: pair["sqnr_db"] for pair in pairs}
    assert min(ratios, key=lambda name: ratios[name]) == found["verdict"]["worst"] == "model.layers.1.mlp.down_proj.weight"
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "quantized from A" in page
    assert page.index("layers.1.mlp.down_proj") < page.index("layers.2.mlp.down_proj")


def test_that_two_packings_of_one_weight_are_held_against_each_other(tmp_path: Path) -> None:
    one, other = (packing.MAKERS["gptq"](np.random.default_rng(1)) for _ in range(2))
    scales = next(key for key in other.tensors if key.endswith(".scales"))
    other.tensors[scales] = (other.tensors[scales] * np.float16(1.01)).astype(np.float16)
    paths = one.save(tmp_path / "a"), other.save(tmp_path / "b")
    found = core.compare(*paths)
    pair = next(pair for pair in found.pairs if pair.a == one.name)
    assert pair.status == "values"
    assert found.verdict is not None
    assert (found.verdict.id, dict(found.verdict.facts)["original"]) == ("quantized", "")
    same = core.compare(paths[0], paths[0])
    assert [(pair.status, same.sqnr(pair)) for pair in same.pairs] == [("equal", inf), ("equal", None)]
    assert same.same


def test_that_what_a_packed_tensor_was_unpacked_to_is_the_same_in_another_form(tmp_path: Path) -> None:
    made = packing.MAKERS["gptq"](np.random.default_rng(1))
    packed = made.save(tmp_path / "a")
    core.save(core.edit(packed, [core.Dequantize("float32")]), tmp_path / "plain.safetensors")
    found = core.compare(packed, tmp_path / "plain.safetensors")
    assert found.verdict is not None
    assert found.verdict.id == "cast"
    assert "GPTQ" in str(dict(found.verdict.facts)["dtypes"])
    assert not found.same


def test_that_values_that_have_nothing_in_common_are_not_called_quantized(tmp_path: Path) -> None:
    made = packing.MAKERS["gptq"](np.random.default_rng(1))
    save_file({made.name: np.random.default_rng(9).normal(size=made.values.shape).astype(np.float32)}, tmp_path / "a.safetensors")
    found = core.compare(tmp_path / "a.safetensors", made.save(tmp_path / "b"))
    assert found.verdict is not None
    assert found.verdict.id == "unrelated-values"


def test_that_edits_about_packed_pairs_name_what_the_file_has(tmp_path: Path) -> None:
    made = packing.MAKERS["gptq"](np.random.default_rng(1))
    original_of(made, tmp_path / "a.safetensors")
    packed = made.save(tmp_path / "b")
    found = core.compare(tmp_path / "a.safetensors", packed)
    differences = core.Differences(found, found.pairs)
    assert core.edits_for_differences("dtypes", differences, 1) == (core.Dequantize("float32", made.name),)
    assert core.edits_for_differences("dtypes", differences, 0) == ()
    assert core.edits_for_differences("tensors", differences, 1) == ()
    drops = core.edits_for_differences("drop", core.Differences(found, tuple(pair for pair in found.pairs if pair.b == made.name)), 1)
    assert {edit.glob for edit in drops if isinstance(edit, core.Drop)} == made.parts
    assert core.wishes_about(differences, 1) == ["dtypes", "drop"]
