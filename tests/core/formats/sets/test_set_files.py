"""Names of files of a set, judged as text."""
from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from inspector.core.formats.sets import set_files

_PARTS = st.sampled_from(("con", "NUL", "com1", "lpt9", "console", "a", "Z", "0", "_", ".", "..", "-", " ", "/", "\\", ":", "\n", "é", "ı"))


@given(st.lists(_PARTS, max_size=5).map("".join) | st.text(max_size=6))
@example("a" * 300)
@example("com1.safetensors")
@example("model-00001-of-00002.safetensors")
def test_that_no_name_is_taken_at_a_glance_that_a_close_look_refuses(name: str) -> None:
    assert set_files._PLAIN.fullmatch(name) is None or set_files.plain_name(name) == name


def test_that_the_usual_names_are_taken_at_a_glance() -> None:
    for name in ("model-00001-of-00002.safetensors", "pytorch_model.bin", "a", "0"):
        assert set_files._PLAIN.fullmatch(name)
