"""What the commands say of a file with one tensor of one element."""
from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from inspector import cli, core

ONES = re.compile(r"(?<![\d.,:x-])1 (?!(?:is|has|was|loss|class|less)\b)[a-z]+s\b")


def test_that_no_sentence_of_a_checkpoint_of_one_tensor_is_in_the_plural(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = core.edit({"w": np.ones(1, np.float32)}, [core.Cast("float16")])
    path = core.save(one, tmp_path / "one.pth").path
    other = core.save({"w": np.zeros(1, np.float16)}, tmp_path / "other.safetensors").path
    said = [repr(one), repr(core.open(path).tensors), repr(core.save(path, tmp_path / "two.pth"))]
    for command in ("ls", "stats", "check", "digest", "contract", "modules"):
        cli.main([command, path])
    cli.main(["diff", path, other])
    cli.main(["check", path, "--against", other])
    cli.main(["edit", path, "-o", str(tmp_path / "three.safetensors"), "--cast", "float32"])
    cli.main(["average", path, "-o", str(tmp_path / "four.pth")])
    cli.main(["diff", path, other, "--html", str(tmp_path / "page.html")])
    cli.main(["edit", path, "-o", "x", "--transpose", "w=1,0", "--dry-run"])
    read = capsys.readouterr()
    said += [read.out, read.err, (tmp_path / "page.html").read_text("utf-8")]
    assert not [found for text in said for found in re.findall(r"(?<![\d.,])1 [a-z]+s\\b(?<!1 is)(?<!1 has)", text)]
