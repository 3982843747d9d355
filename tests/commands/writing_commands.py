"""Every command that writes, in a folder of small checkpoints where what it writes is there already."""
from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

from inspector import core

PREFIX = ".~inspector-"
STRIP = ["--strip-prefix", "module."]


class Command(NamedTuple):
    """`target` is what it writes, beside the sources that it reads, and `old` whether there is one already; `first`: whether that is
    written whatever is wrong with the sources."""

    arguments: list[str]
    target: str
    old: bool = True
    first: bool = False


COMMANDS = {
    "torch-zip": Command(["edit", "a.pth", "-o", "t.pth", *STRIP], "t.pth"),
    "a new torch-zip": Command(["edit", "a.pth", "-o", "new.pth", *STRIP], "new.pth", old=False),
    "torch-zip over itself": Command(["edit", "a.pth", "-o", "a.pth", *STRIP], "a.pth"),
    "torch-zip with a backup": Command(["edit", "a.pth", "-o", "a.pth", "--backup", *STRIP], "a.pth"),
    "torch-legacy": Command(["edit", "a.pth", "-o", "t.pth", "--format", "torch-legacy", *STRIP], "t.pth"),
    "safetensors": Command(["edit", "a.pth", "-o", "t.safetensors", "--allow-loss", *STRIP], "t.safetensors"),
    "safetensors over itself": Command(["edit", "b.safetensors", "-o", "b.safetensors", *STRIP], "b.safetensors"),
    "sharded": Command(["edit", "a.pth", "-o", "set", "--shard-size", "30kB", "--allow-loss", *STRIP], "set"),
    "sharded over itself": Command(["edit", "set", "-o", "set", "--shard-size", "30kB", *STRIP], "set"),
    "a new folder of shards": Command(["edit", "a.pth", "-o", "new", "--shard-size", "30kB", "--allow-loss", *STRIP], "new", old=False),
    "merged": Command(["edit", "b.safetensors", "c.safetensors", "-o", "t.safetensors"], "t.safetensors"),
    "torch-zip in place": Command(["edit", "a.pth", "--in-place", *STRIP], "a.pth"),
    "safetensors in place": Command(["edit", "b.safetensors", "--in-place", *STRIP], "b.safetensors"),
    "sharded in place": Command(["edit", "set", "--in-place", *STRIP], "set"),
    "a contract": Command(["contract", "a.pth", "-o", "t.contract"], "t.contract"),
    "digests": Command(["digest", "a.pth", "-o", "t.digests"], "t.digests"),
    "a page": Command(["diff", "a.pth", "b.safetensors", "--html", "t.html"], "t.html"),
    "an array": Command(["show", "a.pth", "module.layers.0.weight", "-o", "t.npy"], "t.npy"),
    "a new array": Command(["show", "a.pth", "module.layers.0.weight", "-o", "new.npy"], "new.npy", old=False),
    "a report": Command(["check", "a.pth", "--junit", "t.xml"], "t.xml", first=True),
    "a recipe": Command(["edit", "a.pth", "--save-recipe", "t.recipe", *STRIP], "t.recipe", first=True),
}


def make_template(folder: Path) -> Path:
    """The sources, and what the targets hold already, in `folder`, which this makes."""
    import torch  # here only: a process that imports this module is forked, and has no threads of torch's
    from safetensors.torch import save_file

    folder.mkdir()
    state = {f"module.layers.{n}.weight": torch.randn(400, 7) for n in range(3)}
    state |= {"module.few": torch.arange(5.0), "module.large": torch.randn(120, 150)}
    torch.save({**state, "epoch": 3}, folder / "a.pth")
    save_file(state, folder / "b.safetensors")
    save_file({"other": torch.ones(3)}, folder / "c.safetensors")
    torch.save({"old": torch.arange(9)}, folder / "t.pth")
    save_file({"old": torch.arange(9)}, folder / "t.safetensors")
    core.save(core.open(folder / "b.safetensors"), folder / "set", shard_size="60kB")
    core.save_contract(core.contract(folder / "t.pth"), folder / "t.contract")
    core.save_digest(core.digest_of(folder / "t.pth"), folder / "t.digests")
    core.save_recipe([core.StripPrefix("old.")], folder / "t.recipe")
    core.write_output(str(folder / "t.html"), b"<!doctype html>\n<p>old</p>", "page")
    core.write_output(str(folder / "t.xml"), b"<testsuites></testsuites>", "junit")
    core.write_output(str(folder / "t.npy"), b"\x93NUMPY old", "array")
    return folder


def renew(work: Path, template: Path) -> None:
    """Makes `work` as `template` is; the folder itself stays, as one that somebody is in."""
    for path in work.iterdir() if work.is_dir() else ():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(template, work, dirs_exist_ok=True)


def files(work: Path) -> dict[str, bytes]:
    return {os.path.relpath(os.path.join(folder, name), work): (Path(folder) / name).read_bytes()
            for folder, _, names in os.walk(work) for name in names}


def left(work: Path) -> list[str]:
    """What commands left behind."""
    return [name for name in files(work) if PREFIX in name]


def state_of(path: Path) -> Any:
    """What a file says and holds, whatever its container; None when there is none."""
    if not os.path.lexists(path) or (path.is_dir() and not (path / "model.safetensors.index.json").exists()):
        return None                 # files of a set are nothing without their index
    if path.suffix == ".xml":
        return [(child.tag, Path(child.get("name", "")).name) for child in ElementTree.parse(path).getroot()]     # … of what failed, too
    if path.suffix in (".pth", ".safetensors", ""):
        ckpt = core.open(path)
        assert not {one.id for one in ckpt.findings} & {"missing-shard", "salvaged"}
        return dict(core.digests(ckpt)), {key: core.to_json(value) for key, value in ckpt.values.items()}, dict(ckpt.metadata)
    return re.sub(rb"/[^ ]*/", b"", path.read_bytes())      # without the folder that it was made in
