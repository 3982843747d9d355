"""Packed tensors in the window's tree: one row that unfolds, counted once, found by scheme and bits, selected as its parts."""
from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from inspector import core
from inspector.gui.models import search
from inspector.gui.models.key_tree import KeyTree, build_key_tree
from inspector.gui.models.tree_lines import Kind, node_line
from inspector.gui.models.tree_rows import TreeRows
from inspector.gui.state.session import Document
from tests.core.packed import packing


def tree_of(kind: str, folder: Path) -> tuple[KeyTree, packing.Packed]:
    made = packing.MAKERS[kind](np.random.default_rng(1))
    ckpt = core.open(made.save(folder / "a"))
    return build_key_tree(ckpt, view=core.packed_view(ckpt)), made


@pytest.mark.parametrize("kind", ["gptq", "bnb double", "ct asymmetric", "fp8 blocks", "mlx", "lora"])
def test_that_a_packed_tensor_is_one_row_with_its_parts_beneath(kind: str, tmp_path: Path) -> None:
    tree, made = tree_of(kind, tmp_path)
    [node] = [n for n in range(len(tree)) if tree.packed(n) is not None]
    tensor = tree.packed(node)
    assert tensor is not None
    rows = TreeRows(tree)
    line = node_line(Document(1, "a"), rows, node)
    assert line.packed
    assert line.kind is Kind.GROUP
    assert line.texts[1] == "×".join(map(str, made.values.shape))
    assert line.texts[2] == tensor.words
    numel = sum(tree.checkpoint.tensors[key].numel for key in made.parts) if tensor.is_adapter else made.values.size
    assert line.texts[4] == f"{numel:,}"
    assert set(tree.tensor_keys([node])) == made.parts
    assert int(tree.nbytes[node]) == sum(tree.checkpoint.tensors[key].nbytes for key in made.parts)
    others = [info for key, info in tree.checkpoint.tensors.items() if key not in made.parts]
    assert int(tree.meant[0]) == (len(made.parts) if tensor.is_adapter else 1) + len(others)
    assert int(tree.elements[0]) == numel + sum(info.numel for info in others)
    assert int(tree.parameters[0]) == core.counts(tree.checkpoint).parameters
    for key in made.parts:
        at = tree.find(key)
        assert at is not None
        assert tree.key(at) == key
        assert node < at < int(tree.end[node])


@pytest.mark.parametrize("kind", ["gptq", "bnb double", "ct asymmetric", "fp8 blocks", "mlx"])
def test_that_parts_as_stored_count_the_parameters_that_they_stand_for(kind: str, tmp_path: Path) -> None:
    tree, made = tree_of(kind, tmp_path)
    assert tree.view is not None
    stored = build_key_tree(tree.checkpoint, view=tree.view.without_rows())
    assert not any(stored.packed(n) for n in range(len(stored)))
    assert int(stored.parameters[0]) == int(tree.parameters[0])
    assert int(stored.meant[0]) == len(tree.checkpoint.tensors)
    for key in made.parts:
        at = stored.find(key)
        assert at is not None
        assert stored.is_part(at)
        assert stored.key(at) == key
        assert node_line(Document(1, "a"), TreeRows(stored), at).texts[4] == ""


@pytest.mark.parametrize("kind", ["gptq", "bnb", "mlx 3 bits"])
def test_that_bits_are_all_that_is_stored_by_what_it_stands_for(kind: str, tmp_path: Path) -> None:
    tree, made = tree_of(kind, tmp_path)
    [node] = [n for n in range(len(tree)) if tree.packed(n) is not None]
    rows = TreeRows(tree)
    nbytes = sum(tree.checkpoint.tensors[key].nbytes for key in made.parts)
    assert node_line(Document(1, "a"), rows, node).bits == f"{nbytes * 8 / made.values.size:.3g}"
    for key in made.parts:
        at = tree.find(key)
        assert at is not None
        assert node_line(Document(1, "a"), rows, at).bits == ""
    for key, info in tree.checkpoint.tensors.items():
        if key not in made.parts:
            at = tree.find(key)
            assert at is not None
            assert node_line(Document(1, "a"), rows, at).bits == f"{core.DTYPES[info.dtype].bits}"
    ranks = tree.ranks("bits")
    ordered = sorted(range(len(tree)), key=lambda n: int(ranks[n]))
    sizes = [tree.bits_per_weight(n) or -1 for n in ordered]
    assert sizes == sorted(sizes)


def test_that_a_tensor_that_is_packed_by_itself_is_a_row_of_what_it_stands_for(tmp_path: Path) -> None:
    stored = np.zeros((2, 36), np.uint8)
    core.save({"blk.w": stored, "other": np.zeros(3, np.float32)}, tmp_path / "a.safetensors")
    ckpt = core.open(tmp_path / "a.safetensors")
    tensor = core.LogicalTensor("blk.w", (2, 64), "float32", "gguf-q4_0", 4, 4.5, MappingProxyType({"data": "blk.w"}))
    view = core.PackedView(MappingProxyType({"blk.w": tensor}), ckpt, MappingProxyType({}), MappingProxyType({}),
                           MappingProxyType({"blk.w": "blk.w"}))
    for shown, shape, numel, bits in ((view, "2×64", "128", "4.5"), (view.without_rows(), "2×36", "", "")):
        tree = build_key_tree(ckpt, view=shown)
        node = tree.find("blk.w")
        assert node is not None
        line = node_line(Document(1, "a"), TreeRows(tree), node)
        assert (line.texts[1], line.texts[4], line.bits) == (shape, numel, bits)
        assert line.kind is Kind.TENSOR
        assert line.packed == (shown is view)
        assert int(tree.parameters[0]) == 128 + 3
        assert int(tree.tensors[0]) == int(tree.meant[0]) == 2


def found(tree: KeyTree, text: str) -> set[str]:
    query = search.parse(text)
    assert not query.problems
    return {tree.key(int(n)) for n in np.flatnonzero(search.find(tree, query))}


def test_that_packed_tensors_are_found_by_scheme_and_bits(tmp_path: Path) -> None:
    tree, made = tree_of("gptq", tmp_path)
    assert found(tree, "scheme:gptq") == found(tree, "scheme:GPT bits:4") == made.parts
    assert found(tree, "bits:16") == {"m.bias"} & found(tree, "dtype:f16")
    assert found(tree, "scheme:awq") == set()
    assert found(tree, "-scheme:gptq") == {"m.bias"}
    assert [problem.kind for problem in search.parse("bits:x scheme: bits:").problems] == ["bits", "scheme", "bits"]


def test_that_without_a_view_the_tree_is_that_of_the_stored_keys(tmp_path: Path) -> None:
    tree, _ = tree_of("gptq", tmp_path)
    plain = build_key_tree(tree.checkpoint)
    assert not any(plain.packed(n) for n in range(len(plain)))
    assert int(plain.meant[0]) == int(plain.tensors[0]) == len(tree.checkpoint.tensors)
    assert int(plain.parameters[0]) == sum(info.numel for info in tree.checkpoint.tensors.values())
