"""Layers: what keys say of depth, and numbers of tensors across it."""
from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from inspector import core
from inspector.core.measures.layers import ending_of, siblings_name
from tests.tables import checkpoint

NAN = float("nan")


@pytest.mark.parametrize(("key", "family", "siblings", "ending", "layer"), [
    ("layers.3.fc.weight", "layers.*.fc.weight", "layers.*.fc.weight", "fc.weight", 3),
    ("0", "*", "*", "0", 0), ("a.b", "a.b", "a.b", "a.b", None),
    ("blocks.12.experts.7.w", "blocks.*.experts.7.w", "blocks.*.experts.*.w", "w", 12),
    ("layer1.0.conv", "layer1.*.conv", "layer1.*.conv", "conv", 0),
    ("conv2d.weight", "conv2d.weight", "conv2d.weight", "conv2d.weight", None),
    ("layers.99999999999999999999.w", "layers.*.w", "layers.*.w", "w", None)])
def test_that_names_are_taken_apart(key: str, family: str, siblings: str, ending: str, layer: int | None) -> None:
    assert (core.family_of(key), siblings_name(key), ending_of(key), core.layer_of(key)) == (family, siblings, ending, layer)


def test_that_measures_agree_with_numpy(tmp_path: Path) -> None:
    values = np.array([3.0, -4.0, 0.0, NAN, math.inf], np.float32)
    [summary] = core.summarize(checkpoint(tmp_path, {"w": values})).values()
    found = {name: take(summary) for name, take in core.LAYER_MEASURES.items()}
    finite = values[:3].astype(np.float64)
    assert found == pytest.approx({"norm": 5.0, "rms": math.sqrt((finite ** 2).mean()), "std": finite.std(), "absmax": 4.0,
                                   "mean": finite.mean(), "zeros": 1 / 5, "nonfinite": 2 / 5})


def test_that_lines_go_across_layers_or_along_the_file() -> None:
    def summary(size: float) -> core.Summary:
        return core.Summary(4, -size, size, 0.0, size, 0, 0, 0, (), ())

    keys = ["h.1.fc.w", "h.0.fc.w", "h.2.fc.w", "h.0.b", "h.1.b", "head.w", "unread.3.fc.w"]
    summaries = {key: summary(float(n)) for n, key in enumerate(keys[:-1])}
    by_layer = core.layer_lines(summaries, keys, "absmax")
    assert [(line.name, [(point.x, point.y) for point in line.points]) for line in by_layer] == [
        ("h.*.fc.w", [(0, 1.0), (1, 0.0), (2, 2.0)]), ("h.*.b", [(0, 3.0), (1, 4.0)])]
    by_name = {line.name: [point.x for point in line.points] for line in core.layer_lines(summaries, keys, "absmax", "names")}
    assert by_name == {"fc.w": [0, 1, 2], "b": [3, 4], "head.w": [5]}
    [line] = core.layer_lines(summaries, keys, "absmax", "all")
    assert [point.key for point in line.points] == keys[:-1]


def test_that_a_tensor_without_finite_elements_has_a_share_of_them_and_no_size() -> None:
    nothing = core.Summary(2, NAN, NAN, NAN, NAN, 1, 1, 0, (), ())
    assert core.layer_lines({"a.0.w": nothing}, ["a.0.w"], "rms") == []
    assert core.layer_lines({"a.0.w": nothing}, ["a.0.w"], "nonfinite")[0].points[0].y == 1.0


def test_that_counters_and_masks_are_no_weights_unless_there_is_nothing_else(tmp_path: Path) -> None:
    ckpt = checkpoint(tmp_path, {"a.0.w": np.ones(2, np.float32), "a.0.steps": np.array(3), "a.0.mask": np.array([True])})
    assert core.weights_among(ckpt, tuple(ckpt.tensors)) == ["a.0.w"]
    assert core.weights_among(ckpt, ("a.0.steps", "a.0.mask")) == ("a.0.steps", "a.0.mask")
