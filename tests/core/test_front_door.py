"""What `from inspector import core` offers, and what it does not load."""
from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import pytest
import torch

from inspector import core

ROOT = Path(__file__).resolve().parents[2]
DOOR = ROOT / "inspector" / "core" / "__init__.py"


def typed() -> dict[str, str]:
    """name -> module, as type checkers see it."""
    guarded = next(node for node in ast.parse(DOOR.read_text("utf-8")).body if isinstance(node, ast.If))
    return {alias.asname or "": f"inspector.core.{node.module or alias.name}" for node in guarded.body if isinstance(node, ast.ImportFrom)
            for alias in node.names}


def test_that_what_type_checkers_see_is_what_is_loaded() -> None:
    shown = typed()
    assert set(core.__all__) - {"version"} == set(shown)
    for name, module in shown.items():
        found = getattr(core, name)
        assert found is (sys.modules[module] if module == f"inspector.core.{name}" else sys.modules[module].__dict__[name]), name


def test_that_every_public_name_says_what_it_is() -> None:
    functions = [found for name in core.__all__ if isinstance(found := getattr(core, name), FunctionType)]
    assert not [function.__name__ for function in functions if not (function.__doc__ or "").strip()]


def test_that_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'opne'"):
        core.opne  # type: ignore[attr-defined]  # noqa: B018
    assert "open" in dir(core)


def loaded_by(code: str, *arguments: str) -> list[str]:
    """The modules that `code` loads, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", f"import sys\n{code}\nprint(*sorted(sys.modules), sep=chr(10))", *arguments], cwd=ROOT,
                          capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_that_asking_for_open_loads_hardly_anything() -> None:
    ours = [name for name in loaded_by("from inspector import core; core.open") if name.split(".")[0] == "inspector"]
    assert len(ours) < 25


def test_that_opening_a_file_loads_neither_numpy_nor_rooms_it_does_not_need(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(3)}, tmp_path / "a.pth")
    loaded = loaded_by("from inspector import core; core.open(sys.argv[1]).tensors", str(tmp_path / "a.pth"))
    for name in ("numpy", "torch", "llvmlite"):
        assert name not in loaded
    for room in ("comparison", "edits", "saving", "measures"):
        assert not [name for name in loaded if name.startswith(f"inspector.core.{room}")], room
    assert "inspector.core.formats.safetensors" not in loaded


def test_that_a_file_without_a_pickle_is_opened_without_those_who_read_one(tmp_path: Path) -> None:
    path = core.save({"w": torch.ones(3)}, tmp_path / "a.safetensors").path
    loaded = loaded_by("from inspector import core; core.open(sys.argv[1]).tensors", path)
    for name in ("before_1_6.torch_legacy", "sniffing.saves", "shared.joblib_arrays", "torch_zip", "plain_pickle"):
        assert f"inspector.core.formats.{name}" not in loaded
    assert "inspector.core.pickles.objects.contents" not in loaded


def test_that_a_path_will_do_wherever_a_checkpoint_is_meant(tmp_path: Path) -> None:
    path = core.save({"model": {"w": torch.ones(3, 3)}, "epoch": 3}, tmp_path / "a.pth").path
    for name in ("as_html", "averaged_keys", "check", "contract", "counts", "describe", "digest_of", "headline", "health", "is_adapter",
                 "load", "load_state_dict", "loads_with_torch", "logical", "model_dicts", "optimizers", "packed_tensors",
                 "parameter_groups", "sharing", "sizes", "summarize", "texts", "totals", "unpacked"):
        function = getattr(core, name)
        assert repr(function(path)) == repr(function(Path(path))) == repr(function(core.open(path))), name
        with pytest.raises(FileNotFoundError):
            function(tmp_path / "gone.pth")
    for call in (lambda gone: core.compare(gone, path), lambda gone: core.edit(gone, []), lambda gone: core.save(gone, tmp_path / "b.pth"),
                 lambda gone: core.average([gone, path]), core.series, lambda gone: core.merge([gone]), core.read_contract,
                 core.read_digest, core.read_recipe, core.read_text_file, core.read_reference, lambda gone: core.read_numpy(gone, "w"),
                 lambda gone: core.load_report(path, gone)):
        with pytest.raises(FileNotFoundError):
            call(str(tmp_path / "gone.pth"))


@pytest.mark.parametrize("wanted", [{}, {"tensors": []}, {"inspector_contract": 1, "tensors": [{"key": "w"}]}])
def test_that_a_mapping_that_is_no_contract_is_told(wanted: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(core.Corrupt, match="no contract"):
        core.assert_fits({"w": torch.ones(3)}, wanted)
