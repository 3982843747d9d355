"""Blocks of every type of GGML: what gguf 0.19.0 (llama.cpp's gguf-py, `gguf.quants.dequantize`) makes of the same bytes, written down."""
from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from inspector.core.tensors.decoders.ggml import BLOCKS, Ggml
from inspector.core.tensors.decoders.ggml_points import VALUES, points

Array = np.ndarray[Any, Any]
# type, where the bytes begin, SHA-256 of the values of three blocks as float32 (its beginning), four of them
TRUTHS: list[tuple[str, int, str, list[float]]] = [
    ("q4_0", 4, "e888cc258f67d72d", [0.12396240234375, 0.37188720703125, 0.37188720703125, 0.004482269287109375]),
    ("q4_1", 2, "75301f9d8244f538", [1.337677001953125, 0.404571533203125, 0.404571533203125, -0.002571284770965576]),
    ("q5_0", 0, "14aaf9db7dcb59dc", [-5.25, -1.75, -1.75, 0.0005000829696655273]),
    ("q5_1", 6, "681f01df8ad5a1bc", [0.059131622314453125, 0.20909500122070312, -0.003353118896484375, 4098.75]),
    ("q8_0", 0, "382eecc8189728a4", [-104.125, -44.625, 14.0, -0.16131591796875]),
    ("q2_k", 5, "f173968ebe832f3b", [0.06342315673828125, 0.06342315673828125, 0.0024976730346679688, 2972.46875]),
    ("q3_k", 5, "12af58e4430f5ec7", [-0.0, 0.368408203125, -0.03453826904296875, 0.0025910139083862305]),
    ("q4_k", 3999, "709ec792e7ebc172", [1429057.0, 956977.0, 602917.0, -20.54864501953125]),
    ("q5_k", 12, "1d989e5a2fdced9d", [-0.04333853721618652, -0.16017556190490723, -0.29825568199157715, -798.1875]),
    ("q6_k", 1, "7a1f30ad928c109b", [-0.4540410041809082, -0.28893518447875977, 0.6249332427978516, -70.619140625]),
    ("iq2_xxs", 0, "b527bf9711850153", [-51.953125, 16.625, -51.953125, -0.037820637226104736]),
    ("iq2_xs", 0, "fab77491b11c55d9", [57.421875, -57.421875, -35.546875, 131.40625]),
    ("iq3_xxs", 0, "acb8141c88b094ab", [-257.6875, 49.875, -83.125, -0.013682544231414795]),
    ("iq1_s", 2, "3045af4081e9b2bc", [0.1457977294921875, 0.1457977294921875, -1.0205841064453125, 0.0005372464656829834]),
    ("iq4_nl", 8, "31bd5a4e876c5d81", [0.07376861572265625, 0.348724365234375, 0.348724365234375, 0.001900315284729004]),
    ("iq3_s", 26, "cbde51607a56dc71", [-1869.65625, -801.28125, 267.09375, 3.0325927734375]),
    ("iq2_s", 14, "c335f9f5a31df46d", [0.0005617737770080566, -0.0030195340514183044, -0.0003293156623840332, 36.625]),
    ("iq4_xs", 3999, "6242600ae13d3183", [10503780.0, 1534260.0, -5782980.0, -11530288.0]),
    ("iq1_m", 1, "a3a288a6e6ab0605", [-0.011031627655029297, 0.0015759468078613281, 0.004097461700439453, 18.1439208984375]),
    ("tq1_0", 1, "649ceed3c02fcb9e", [-0.005741119384765625, -0.0, 0.005741119384765625, 131.5]),
    ("tq2_0", 0, "efca47a5cba18153", [0.12420654296875, -0.2484130859375, 0.12420654296875, 8.827447891235352e-05]),
    ("mxfp4", 13, "18be27b7839107bb", [3072.0, 512.0, 0.0, 0.046875]),
    ("nvfp4", 0, "de084206920c518b", [-0.0, -0.0, -0.6875, 0.05859375]),
]


def some_bytes(first: int, count: int) -> Array:
    return (((np.arange(count, dtype=np.uint64) + np.uint64(first)) * np.uint64(2654435761)) >> np.uint64(13)).astype(np.uint8)


class Parts:
    def __init__(self, data: Array) -> None:
        self.data = data

    def codes(self, role: str, first: int = 0, last: int | None = None, axis: int = 0) -> Array:
        return self.data[first:last]


@pytest.mark.parametrize(("kind", "begin", "digest", "some"), TRUTHS)
def test_that_blocks_are_what_gguf_makes_of_them(kind: str, begin: int, digest: str, some: list[float]) -> None:
    block = BLOCKS[kind]
    data = some_bytes(begin, 3 * block.nbytes).reshape(3, -1)
    found = Ggml(kind, block.elements).decode(Parts(data), 0, 3)      # type: ignore[arg-type]
    assert found[[0, 1, 17, -1]].tolist() == some
    assert hashlib.sha256(found.astype("<f4").tobytes()).hexdigest().startswith(digest)
    parts = [Ggml(kind, block.elements).decode(Parts(data), n, n + 1) for n in range(3)]      # type: ignore[arg-type]
    assert np.concatenate(parts).tobytes() == found.tobytes()


def test_that_a_truth_is_written_down_of_every_type_but_one() -> None:
    assert set(BLOCKS) - {kind for kind, *_ in TRUTHS} == {"q8_k"}        # of which gguf has no code


def test_that_q8_k_is_a_scale_and_codes() -> None:
    codes = np.arange(256, dtype=np.uint8).view(np.int8)
    data = np.frombuffer(np.float32(0.5).tobytes() + codes.tobytes() + bytes(32), np.uint8).reshape(1, -1)
    assert BLOCKS["q8_k"].decode(data).tolist() == [(codes.astype(np.float32) / 2).tolist()]


@pytest.mark.parametrize("kind", VALUES)
def test_that_points_are_all_different_and_have_the_coordinates_there_are(kind: str) -> None:
    found = points(kind)
    assert len(np.unique(found, axis=0)) == len(found)
    assert set(np.unique(found)) == set(VALUES[kind])


@pytest.mark.parametrize("kind", sorted(BLOCKS))
def test_that_blocks_with_no_number_for_a_scale_stay_without(kind: str) -> None:
    with np.errstate(all="ignore"):
        found = BLOCKS[kind].decode(np.full((2, BLOCKS[kind].nbytes), 255, np.uint8))
    assert found.reshape(2, -1).shape == (2, BLOCKS[kind].elements)
