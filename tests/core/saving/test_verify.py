"""Whether a new file has the values that were to be written: what is compared, and how often."""
from __future__ import annotations

import math
from typing import Any

import pytest

from inspector.core.saving import verify


def test_that_a_wide_value_under_many_keys_is_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    same = verify._same
    compared: list[object] = []
    monkeypatch.setattr(verify, "_same", lambda a, b: compared.append(a) or same(a, b))
    text, raw = "\U0001f600" * 5000, b"\xff" * 5000
    again: list[Any] = ["\U0001f600" * 5000, bytes(bytearray(raw))]
    verify.same_values({str(n): (text, raw)[n % 2] for n in range(1000)}, {str(n): again[n % 2] for n in range(1000)})
    assert len(compared) == 2


@pytest.mark.parametrize(("want", "have"), [
    ("a" * 5000, "a" * 4999 + "b"), ("a" * 5000, b"a" * 5000), ("1", 1), (1, True), (1, 1.0), (0.0, -0.0), (b"a", "a"), ("\ud800", "?")])
def test_that_another_value_is_found_beside_wide_ones_that_are_the_same(want: Any, have: Any) -> None:
    wide = "a" * 5000
    with pytest.raises(verify.Mismatch) as caught:
        verify.same_values({"a": wide, "b": wide, "c": want}, {"a": wide, "b": wide, "c": have})
    assert caught.value.what == "c"
    with pytest.raises(verify.Mismatch):
        verify.same_values({"a": wide, "c": want}, {"a": wide})
    verify.same_values({"a": wide, "c": want, "nan": math.nan}, {"a": wide, "c": want, "nan": float("nan")})
