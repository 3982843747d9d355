"""Places of slices as nested runs, and the views of storages that they are."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.core.opening import opened
from inspector.core.relations.naming import order_of
from inspector.core.relations.places import Places, Run, fitted, forms, places_of, views
from inspector.core.relations.sampling import Family, families


@given(st.lists(st.integers(2, 5), min_size=1, max_size=4), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_that_any_order_of_the_dimensions_of_an_index_is_nested_runs(sizes: list[int], random: object) -> None:
    order = list(range(len(sizes)))
    random.shuffle(order)                                       # type: ignore[attr-defined]
    numbers = np.arange(np.prod(sizes)).reshape(sizes).transpose(order).reshape(-1)
    found = places_of(numbers)
    assert found is not None
    assert np.array_equal(found.numbers, numbers)


@pytest.mark.parametrize("numbers", [[0, 2, 1, 3, 4], [3, 2, 1, 0], [0, 1, 5, 6, 7, 2]])
def test_that_other_orders_are_none(numbers: list[int]) -> None:
    assert places_of(np.array(numbers)) is None


def test_that_one_slice_is_a_place() -> None:
    assert places_of(np.array([7])) == Places(7, ())


@pytest.mark.parametrize(("sizes", "axes", "order"), [
    ((4, 8, 2), (0, 2, 1), ("halves", 4)), ((4, 2, 8), (0, 2, 1), ("pairs", 4)), ((1, 8, 2), (0, 2, 1), ("halves", 1))])
def test_that_rotary_orders_have_their_names(sizes: tuple[int, ...], axes: tuple[int, ...], order: tuple[str, int]) -> None:
    """In B stand A's rows `rows`: the whole is B, its places are the inverse of that."""
    rows = np.arange(np.prod(sizes)).reshape(sizes).transpose(axes).reshape(-1)
    found = places_of(np.argsort(rows))
    assert found is not None
    assert order_of(found, whole_in_a=False) == order


@given(st.integers(0, 9999), st.floats(0.2, 1.0))
@settings(deadline=None, max_examples=40)
def test_that_a_form_is_fitted_to_some_of_its_places(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    usual = forms(64, 192)
    form = usual[rng.integers(len(usual))]
    known = np.sort(rng.choice(64, max(8, int(64 * share)), replace=False))
    found = fitted(known, form.numbers[known], 64, 192)
    assert found is not None
    assert np.array_equal(found.numbers[known], form.numbers[known])


@given(st.integers(0, 9999))
@settings(deadline=None, max_examples=60)
def test_that_views_are_the_elements_at_the_places(seed: int) -> None:
    """A whole of three dimensions in which the slices of a piece stand somewhere, for each of its families."""
    rng = np.random.default_rng(seed)
    shape = tuple(int(n) for n in rng.integers(2, 5, 3))
    whole = torch.arange(np.prod(shape)).reshape(shape)
    ckpt = opened({"whole": whole})
    every = [family for family in families(shape) if family.each]
    family = every[rng.integers(len(every))]
    count = family.count(shape)
    turned = whole.permute(*family.each, *family.over).reshape(count, -1)
    for form in forms(count, count):
        piece = turned[torch.from_numpy(form.numbers)].contiguous()
        other = opened({"piece": piece})
        both = views(ckpt.tensors["whole"], family, other.tensors["piece"], Family((0,), (1,)), form)
        if both is None:
            continue
        mine, its = (torch.as_strided(values.reshape(-1), info.shape, info.stride, info.offset)
                     for values, info in ((whole, both[0]), (piece, both[1])))
        assert torch.equal(mine.reshape(-1), its.reshape(-1))


def test_that_a_run_over_the_end_of_a_dimension_is_cut_there() -> None:
    """Two experts of three rows each: six rows in a row are no single stride where the experts lie apart."""
    ckpt = opened({"whole": torch.arange(24).reshape(2, 4, 3)})
    piece = opened({"piece": torch.arange(24).reshape(6, 4)})
    both = views(ckpt.tensors["whole"], Family((0, 2), (1,)), piece.tensors["piece"], Family((0,), (1,)), Places(0, (Run(6, 1, 1),)))
    assert both is not None
    assert both[0].shape == both[1].shape == (2, 3, 4)
