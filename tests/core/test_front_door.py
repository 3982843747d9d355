"""What `from inspector import core` offers, and what it does not load."""
from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

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


def test_that_comparing_loads_no_edit(tmp_path: Path) -> None:
    paths = [core.save({"w": torch.full((3,), float(n))}, tmp_path / f"{n}.safetensors").path for n in range(2)]
    loaded = loaded_by("from inspector import core; core.compare(*sys.argv[1:])", *paths)
    for room in ("edits", "saving", "suggestions"):
        assert not [name for name in loaded if name.startswith(f"inspector.core.{room}")], room


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


PART = core.Part("model", ("model.w",))
ASKED: dict[str, Callable[[Any, Any], object]] = {                 # of a checkpoint `a` and another, `b`
    "adapter_report": lambda a, b: core.adapter_report(a, b),
    "apply_each": lambda a, b: [one.effect for one in core.apply_each(a, [core.Drop("epoch")])],
    "architectures": lambda a, b: core.architectures(a),
    "as_html": lambda a, b: core.as_html(a),
    "assert_fits": lambda a, b: core.assert_fits(a, core.contract(a)),
    "average": lambda a, b: core.average([a, a]).tensors,
    "averaged_keys": lambda a, b: core.averaged_keys(a),
    "breaches": lambda a, b: core.breaches(a, core.contract(b)),
    "byte_map": lambda a, b: core.byte_map(a),
    "changes_between": lambda a, b: core.changes_between(a, "model.w", b, "model.w"),
    "channel_measures": lambda a, b: core.channel_measures(a, "model.w"),
    "channel_norms": lambda a, b: core.channel_norms(a, "model.w"),
    "check": lambda a, b: core.check(a),
    "check_report": lambda a, b: core.check_report(a),
    "compare": lambda a, b: core.compare(a, b),
    "compare_with_base": lambda a, b: core.compare_with_base(core.pair_up(a, b), b).tensors,
    "contract": lambda a, b: core.contract(a),
    "countable": lambda a, b: core.countable(a),
    "counts": lambda a, b: core.counts(a),
    "deltas_of": lambda a, b: core.deltas_of(a, core.AdapterFit(())),
    "describe": lambda a, b: core.describe(a),
    "digest": lambda a, b: core.digest(a, "model.w"),
    "digest_of": lambda a, b: core.digest_of(a),
    "digests": lambda a, b: core.digests(a),
    "doctor": lambda a, b: core.doctor("Missing key(s) in state_dict: \"v\".", a),
    "edit": lambda a, b: core.edit(a, []),
    "edits_for_only": lambda a, b: core.edits_for_only(["model.w"], a),
    "rename_for": lambda a, b: core.rename_for(["model.w"], a),
    "edits_for_part": lambda a, b: core.edits_for_part("drop", PART, a),
    "effect_rows": lambda a, b: core.effect_rows(core.effects(a, [core.Drop("epoch")])[0], a, b),
    "effects": lambda a, b: core.effects(a, [core.Drop("epoch")]),
    "experts": lambda a, b: core.experts(a),
    "explain_error": lambda a, b: core.explain_error("Missing key(s) in state_dict: \"v\".", a),
    "find_next": lambda a, b: core.find_next(a, "model.w", 0, "max"),
    "fitting_types": lambda a, b: core.fitting_types(a, "model.w"),
    "fixes_for": lambda a, b: core.fixes_for(core.Finding("saved-on-gpu", "warning", "", ""), a),
    "fixes_for_each": lambda a, b: [*core.fixes_for_each(a, [core.Finding("saved-on-gpu", "warning", "", "")])],
    "group_statistics": lambda a, b: core.group_statistics(a, ["model.w"]),
    "headline": lambda a, b: core.headline(a),
    "health": lambda a, b: core.health(a),
    "identity_of": lambda a, b: core.identity_of(a, "model.w"),
    "inner_adapters": lambda a, b: core.inner_adapters(a),
    "is_adapter": lambda a, b: core.is_adapter(a),
    "iter_chunks": lambda a, b: [*core.iter_chunks(a, "model.w")],
    "is_transposed": lambda a, b: core.is_transposed(a, "model.conv"),
    "kernel_sheet": lambda a, b: core.kernel_sheet(a, "model.conv"),
    "likeness": lambda a, b: core.likeness([a, b]),
    "load": lambda a, b: core.load(a),
    "load_report": lambda a, b: core.load_report(a, {"w": [3, 3]} if isinstance(b, dict) else b),
    "load_state_dict": lambda a, b: core.load_state_dict(a),
    "loads_with_torch": lambda a, b: core.loads_with_torch(a),
    "logical": lambda a, b: core.logical(a),
    "may_be_packed": lambda a, b: core.may_be_packed(a),
    "measurable": lambda a, b: core.measurable(a, ["model.w"]),
    "merge": lambda a, b: core.merge([a]).tensors,
    "model_dicts": lambda a, b: core.model_dicts(a),
    "optimizers": lambda a, b: core.optimizers(a),
    "packed_tensors": lambda a, b: core.packed_tensors(a),
    "packed_view": lambda a, b: core.packed_view(a),
    "pair_up": lambda a, b: core.pair_up(a, b).pairs,
    "parameter_groups": lambda a, b: core.parameter_groups(a),
    "plan_save": lambda a, b: core.plan_save(a, "new.safetensors").losses,
    "prefix_of": lambda a, b: core.prefix_of(PART, a),
    "read_numpy": lambda a, b: core.read_numpy(a, "model.w"),
    "read_slice": lambda a, b: core.read_slice(a, "model.w", core.Plane((3, 3), (0,), (1,))),
    "read_text": lambda a, b: core.read_text(a, core.texts(a)[0].name) if core.texts(a) else "",
    "read_torch": lambda a, b: core.read_torch(a, "model.w"),
    "read_values": lambda a, b: core.read_values(a, "model.w", 0, 3),
    "reduce_slice": lambda a, b: core.reduce_slice(a, "model.w", core.Plane((3, 3), (0,), (1,)), most=(2, 2)),
    "row_order": lambda a, b: core.row_order(a, "model.w", "norm"),
    "reinterpret": lambda a, b: core.reinterpret(a, "model.w", "int32"),
    "rewritten": lambda a, b: core.rewritten(a, b),
    "roles": lambda a, b: core.roles(a),
    "sharing": lambda a, b: core.sharing(a),
    "sizes": lambda a, b: core.sizes(a),
    "source_of": lambda a, b: core.source_of(a, "model.w"),
    "stored_codes": lambda a, b: core.stored_codes(a, []),
    "summarize": lambda a, b: core.summarize(a),
    "summarize_each": lambda a, b: [*core.summarize_each(a, ["model.w"])],
    "summarize_group": lambda a, b: core.summarize_group(a, ["model.w"]),
    "summarize_tensor": lambda a, b: core.summarize_tensor(a, "model.w"),
    "text_for_part": lambda a, b: core.text_for_part("cast", PART, a),
    "text_pieces": lambda a, b: [*core.text_pieces(a, core.texts(a)[0].name)] if core.texts(a) else "",
    "texts": lambda a, b: core.texts(a),
    "totals": lambda a, b: core.totals(a),
    "unpacked": lambda a, b: core.unpacked(a),
    "value_findings": lambda a, b: core.value_findings(a, core.summarize(a)),
    "weights_among": lambda a, b: core.weights_among(a, ["model.w"]),
    "wrapper_prefixes": lambda a, b: core.wrapper_prefixes(a),
}
ELSEWHERE = {
    "has_changed": "asks whether the file changed since it was opened, which a path does not tell",
    "save": "writes the same file twice: tested with the containers",
}


def test_that_every_function_that_is_asked_of_a_checkpoint_is_asked_here() -> None:
    about = {name for name in core.__all__ if isinstance(found := getattr(core, name), FunctionType) and any(
        "Checkpoint" in str(parameter.annotation) and "RunCheckpoint" not in str(parameter.annotation)
        and "MeasuredCheckpoint" not in str(parameter.annotation) for parameter in inspect.signature(found).parameters.values())}
    assert about == {*ASKED, *ELSEWHERE}, "a new one takes a path, too: by_path or opened(), and a line in ASKED"


@pytest.mark.parametrize("name", ASKED)
def test_that_each_of_them_takes_paths_and_mappings(name: str, tmp_path: Path) -> None:
    one = {"model": {"w": torch.arange(9.0).reshape(3, 3), "conv": torch.ones(2, 3, 3, 3)}, "epoch": 3}
    two = {"model": {"w": torch.ones(3, 3), "conv": torch.ones(2, 3, 3, 3)}, "epoch": 4}
    a, b = (core.save(mapping, tmp_path / f"{place}.pth").path for place, mapping in enumerate((one, two)))
    ask = ASKED[name]
    said = as_text(ask(core.open(a), core.open(b)))
    assert as_text(ask(a, b)) == as_text(ask(Path(a), Path(b))) == said
    ask(one, two)
    if name == "explain_error":             # which is asked of a file that may be unreadable: that is what it says of it
        assert "no such file" in as_text(ask(tmp_path / "gone.pth", b))
        return
    with pytest.raises(FileNotFoundError):
        ask(tmp_path / "gone.pth", b)


def as_text(found: object) -> str:
    return re.sub(r" at 0x[0-9a-f]+", "", repr(found))


@pytest.mark.parametrize("wanted", [{}, {"tensors": []}, {"inspector_contract": 1, "tensors": [{"key": "w"}]}])
def test_that_a_mapping_that_is_no_contract_is_told(wanted: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(core.Corrupt, match="no contract"):
        core.assert_fits({"w": torch.ones(3)}, wanted)
