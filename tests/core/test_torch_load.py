"""Whether torch.load takes a file: what is said without torch is what torch then does."""

from __future__ import annotations

import argparse
import collections
import dataclasses
import pickletools
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from inspector import core
from inspector.core import checks, torch_load
from inspector.core.graph import Graph
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.decode.opcodes import protocol_of
from inspector.core.pickles.objects.weights_only_names import NEWEST, RELEASES, rules_of
from tests.builders import torch_zip
from tests.core import refused_values as kinds
from tests.core.pickles import opcodes as op

INSTALLED = torch.__version__


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "m.pth"


def save(value: Any, file: Path, **options: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(value, file, **options)


def agreed(file: Path) -> core.LoadsWithTorch:
    """What we say, after it was compared with what torch does."""
    error = kinds.torch_says(file)
    found = core.loads_with_torch(core.open(file), INSTALLED)
    assert found.weights_only is (error == ""), (error, found)
    assert bool(found.refused or found.reason) is bool(error)
    name = kinds.refused_name(error)
    if name:
        first = found.refused[0].name
        if name.isdigit():
            code = next(known.code for known in pickletools.opcodes if f"opcode {known.name}" == first)
            assert ord(code) == int(name)
        else:
            assert first.removeprefix("builtins.") == name
    return found


@pytest.mark.parametrize("kind", kinds.TAKEN)
def test_that_what_torch_takes_is_said_to_be_taken(kind: str, file: Path) -> None:
    save({"w": torch.ones(1), "best": kinds.TAKEN[kind], "again": [kinds.TAKEN[kind]]}, file)
    found = agreed(file)
    assert found.weights_only
    assert not found.refused
    assert not found.reason
    assert "weights-only" not in {finding.id for finding in core.open(file).findings}


@pytest.mark.parametrize("kind", kinds.REFUSED)
def test_that_what_torch_refuses_is_said_with_its_key(kind: str, file: Path) -> None:
    save({"w": torch.ones(1), "run": {"best": kinds.REFUSED[kind]}}, file)
    found = agreed(file)
    assert found.weights_only is False
    if kind != "huge integer":              # a plain number has no place in the graph that a key is known for
        assert any(one.key == "run.best" or one.key.startswith("run.best.") for one in found.refused), found.refused
    finding = next(one for one in core.open(file).findings if one.id == "weights-only")
    assert finding.level == "warning"
    assert "--plain" in finding.hint
    assert found.refused[0].words in finding.message


@pytest.mark.parametrize("kind", [*kinds.TAKEN, *kinds.REFUSED])
@pytest.mark.parametrize("protocol", [2, 4])
def test_that_no_ordinary_value_is_called_a_danger(kind: str, protocol: int, file: Path) -> None:
    save({"w": torch.ones(1), "best": {**kinds.TAKEN, **kinds.REFUSED}[kind]}, file, pickle_protocol=protocol)
    assert [finding for finding in core.open(file).findings if finding.level == "danger"] == []


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("zipped", [True, False])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(value=kinds.values())
def test_that_nested_objects_of_all_kinds_are_judged_as_torch_does(protocol: int, zipped: bool, value: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "m.pth")
        try:
            save({"w": torch.ones(1), "value": value}, file, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
        except Exception:
            return                          # torch itself cannot write it
        agreed(file)


def test_that_names_of_one_value_are_told_together_and_in_words(file: Path) -> None:
    save({"best": np.float64(0.5), "run": {"args": argparse.Namespace(lr=1), "seen": [1, {"mean": np.ones(2)}]}}, file)
    found = core.loads_with_torch(core.open(file))
    assert list(found.keys) == ["best", "run.args", "run.seen.1.mean"]
    assert [ones[0].words for ones in found.keys.values()] == ["a numpy number", "a Namespace", "a numpy array"]
    assert "best is a numpy number (numpy._core.multiarray.scalar" in found.sentence()
    assert found.sentence(1).endswith("; and 2 more.")
    assert {one.name for one in found.keys["best"]} >= {"numpy._core.multiarray.scalar", "numpy.dtype"}


@pytest.mark.parametrize(("value", "said"), [
    (b"cnet\nmake\n)R", "x is made by net.make."), (b"cnet\nConfig\n", "x is the class net.Config."),
    (b"cnet\nConfig\n)\x81", "x is an object of the class net.Config."), (b"cbuiltins\nint\n", "x is the class int (builtins.int)."),
    (b"cnet\nmake\n(cnet\nmak\ntR", "x is made by net.make (net.mak).")])
def test_that_a_name_is_told_once(value: bytes, said: str, file: Path) -> None:
    file.write_bytes(torch_zip(b"\x80\x02}X\x01\0\0\0x" + value + b"s.", {}))
    assert core.loads_with_torch(file).sentence() == f"torch.load (weights_only=True) refuses it: {said}"
    assert said in core.explain_error("Weights only load failed", file).about


def test_that_every_key_of_a_value_that_is_there_twice_is_told(file: Path) -> None:
    when = kinds.WHEN
    save({"a": when, "b": [when], "types": {"x": int, "y": int}}, file)
    keys = {one.key for one in core.loads_with_torch(core.open(file)).refused}
    assert keys == {"a", "b.0", "types.x", "types.y"}


def test_that_what_hides_in_a_key_or_in_an_attribute_is_told_at_the_nearest_key(file: Path) -> None:
    state = collections.OrderedDict(w=torch.ones(1))
    state._metadata = collections.OrderedDict({"": {"version": np.int64(1)}})  # type: ignore[attr-defined]
    save({"model": state, "by": {kinds.Phase.WARMUP: 1}}, file)
    found = core.loads_with_torch(core.open(file))
    assert [one.key for one in found.refused if one.name.endswith("scalar")] == ["model"]
    assert any(one.key.startswith("by.") and one.name.endswith("Phase") for one in found.refused)


CAFE = b"U\x04caf\xe9"            # a text of Python 2 that is not UTF-8


@pytest.fixture
def of_python_2(file: Path) -> core.Checkpoint:
    pairs = [(op.text("w"), op.tensor()), (op.text("notes"), op.list_of(op.text("a"), CAFE)),
             (op.text("n"), op.dict_of([(CAFE, op.tensor())])),
             (op.text("at"), op.reduce(op.name("pathlib", "PosixPath"), CAFE)), (CAFE, op.integer(1))]
    file.write_bytes(torch_zip(op.pickled(op.dict_of(pairs)), {"data/0": bytes(80)}))
    return core.open(file)


def test_that_texts_of_python_2_are_refused_at_their_keys(of_python_2: core.Checkpoint) -> None:
    found = core.loads_with_torch(of_python_2)
    a_text = "a text of Python 2 that is not UTF-8"
    assert {key: ones[-1].words for key, ones in found.keys.items()} == {
        "notes.1": a_text, "n.caf\xe9": f"under a key that is {a_text}", "at": f"a path with {a_text} in it",
        "caf\xe9": f"under a key that is {a_text}"}
    assert [one.name for one in found.keys["at"]] == ["pathlib.PosixPath", "str"]


@pytest.mark.parametrize(("edits", "left"), [
    (["drop=notes"], {"n.caf\xe9", "at", "caf\xe9"}), (["drop=notes.1"], {"n.caf\xe9", "at", "caf\xe9"}),
    (["rename=caf\xe9=cafe"], {"notes.1", "at", "caf\xe9"}), (["set=at=here", "set=notes.1=x"], {"n.caf\xe9", "caf\xe9"}),
    (["extract=n"], {"caf\xe9"}), (["drop=*caf\xe9"], {"notes.1", "at"}), (["keep=w"], set()),
    (["plain={notes.1,n.*}"], {"at", "caf\xe9"}), (["plain=*"], set())], ids=lambda value: str(sorted(value)))
def test_that_texts_of_python_2_are_refused_for_as_long_as_they_are_written(of_python_2: core.Checkpoint, edits: list[str], left: set[str],
                                                                            tmp_path: Path) -> None:
    edited = core.edit(of_python_2, [core.parse_edit(*one.split("=", 1)) for one in edits])
    found = core.loads_with_torch(edited)
    assert set(found.keys) == left
    core.save(edited, tmp_path / "new.pth")
    again = core.loads_with_torch(core.open(tmp_path / "new.pth"))
    assert (again.keys.keys(), again.weights_only) == (found.keys.keys(), not left)
    assert (kinds.torch_says(tmp_path / "new.pth") == "") is not left


def test_that_a_file_whose_root_is_refused_says_so_of_the_object(file: Path) -> None:
    save(argparse.Namespace(w=torch.ones(1)), file)
    found = agreed(file)
    assert found.refused[0].key == ""
    assert "the object is a Namespace" in found.sentence()


def test_that_what_is_called_for_its_effect_is_refused_and_belongs_to_no_key(file: Path) -> None:
    pickle = b"\x80\x02" + b"cnet\nstart\n)R0" + op.tensor() + b"."
    file.write_bytes(torch_zip(pickle, {"data/0": bytes(24)}))
    found = core.loads_with_torch(core.open(file))
    assert found.weights_only is False
    assert ("net.start", "") in {(one.name, one.key) for one in found.refused}


def test_that_a_hundred_objects_around_one_large_list_are_still_judged_at_once(file: Path) -> None:
    big = list(range(20_000))
    save([kinds.Data(big, i) for i in range(100)], file)
    found = core.loads_with_torch(core.open(file))
    assert len({one.key for one in found.refused}) == 100


def test_that_objects_around_the_same_wide_lists_are_not_gone_through_for_ever(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0
    references = Graph.references

    def counted(graph: Graph, n: int) -> list[int]:
        nonlocal looked_at
        found = references(graph, n)
        looked_at += len(found)
        return found

    calls = op.list_of(*[op.name("net", "made") + op.EMPTY_TUPLE + b"R"] * 200)         # wide lists that all know one another
    shared = op.EMPTY_LIST + op.put(0) + b"(" + b"".join(op.get(0) + calls for _ in range(40)) + b"e"
    objects = (op.name("net", "Data") + op.tuple_of(op.get(0), op.integer(n)) + b"R" for n in range(1, 3000))
    file.write_bytes(torch_zip(b"\x80\x02" + op.list_of(shared, *objects) + b"."))
    ckpt = core.open(file)
    monkeypatch.setattr(Graph, "references", counted)
    assert core.loads_with_torch(ckpt).weights_only is False
    assert looked_at < 20_000_000


def test_that_a_name_that_refers_to_itself_is_gone_through_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0
    references = Graph.references

    def counted(graph: Graph, n: int) -> list[int]:
        nonlocal looked_at
        looked_at += 1
        return references(graph, n)

    itself = op.name("net", "Data") + op.put(0) + op.text("k") + op.get(0) + b"s"
    file.write_bytes(torch_zip(b"\x80\x02" + op.dict_of({"a": itself, "b": op.name("net", "made") + op.tuple_of(op.get(0)) + b"R"}) + b"."))
    ckpt = core.open(file)
    monkeypatch.setattr(Graph, "references", counted)
    assert core.loads_with_torch(ckpt).weights_only is False
    assert looked_at < 100


# -- releases -----------------------------------------------------------------------------------------------------------

def test_that_what_many_keys_share_and_is_not_refused_is_looked_into_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    references = Graph.references

    def counted(graph: Graph, n: int) -> list[int]:
        asked.append(n)
        return references(graph, n)

    pairs = b"".join(op.text(f"k{n}") + op.get(0) for n in range(500))
    items = [(op.text(f"i{n}"), op.list_of(op.integer(n))) for n in range(20)]
    shared = op.pairs_into(op.ordered_dict(), items) + op.put(0)
    bad = op.text("last") + op.reduce(op.name("net", "Data"))
    file.write_bytes(torch_zip(op.pickled(op.dict_of({"first": op.tuple_of(op.tuple_of(shared))}) + b"(" + pairs + bad + b"u")))
    ckpt = core.open(file)
    monkeypatch.setattr(Graph, "references", counted)
    keys = {one.key for one in core.loads_with_torch(ckpt, "2.6").refused}
    assert keys == {"last"}
    assert len(asked) < 4000


def test_that_the_table_has_exactly_the_names_that_the_installed_torch_lists() -> None:
    code = ("import torch\nfrom torch import _weights_only_unpickler as u\n"
            "print('\\n'.join({*u._get_allowed_globals(), *u._get_user_allowed_globals()}))")
    listed = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert rules_of(INSTALLED).allowed == set(listed)


@pytest.mark.parametrize(("release", "name", "taken"), [
    ("2.4", "_codecs.encode", False), ("2.5", "_codecs.encode", True), ("2.5", "builtins.set", False), ("2.6", "builtins.set", True),
    ("2.6", "torch.uint16", True), ("2.5", "torch.uint16", False), ("2.6", "torch.int4", False), ("2.7", "torch.int4", True),
    ("2.14", "torch._utils._rebuild_nested_tensor", True), ("2.15", "torch._utils._rebuild_nested_tensor", False),
    ("2.4", "collections.Counter", True), ("2.15", "numpy.core.multiarray.scalar", False), ("2.15", "collections.defaultdict", False),
])
def test_that_the_table_says_since_when_a_name_is_taken(release: str, name: str, taken: bool) -> None:
    assert (name in rules_of(release).allowed) is taken


def test_that_a_release_is_read_as_torch_prints_it_and_the_newest_known_stands_for_later_ones() -> None:
    assert rules_of("2.13.0+cpu").release == "2.13"
    assert rules_of(None).release == NEWEST == RELEASES[-1] == rules_of("3.1").release
    for wrong in ("2.3", "1.13.1", "latest", "2", ""):
        with pytest.raises(core.UsageError):
            rules_of(wrong)


def test_that_a_file_is_judged_by_the_release_that_is_asked_for(file: Path) -> None:
    save({"seen": {1, 2}, "raw": b"abc", "w": torch.ones(1)}, file)
    ckpt = core.open(file)
    refused = {release: {one.key for one in core.loads_with_torch(ckpt, release).refused} for release in ("2.4", "2.5", "2.6", "2.15")}
    assert refused == {"2.4": {"seen", "raw"}, "2.5": {"seen"}, "2.6": set(), "2.15": set()}
    save({"parts": kinds.nested()}, file)
    ckpt = core.open(file)
    assert core.loads_with_torch(ckpt, "2.14").weights_only is True
    found = core.loads_with_torch(ckpt)
    assert (found.weights_only, found.release, found.refused[0].key, found.refused[0].words) == (False, NEWEST, "parts", "a nested tensor")


# -- formats ------------------------------------------------------------------------------------------------------------

def test_that_what_others_read_is_not_judged_and_the_reader_is_named(tmp_path: Path) -> None:
    from safetensors.torch import save_file
    save_file({"w": torch.ones(1)}, tmp_path / "m.safetensors")
    found = core.loads_with_torch(core.open(tmp_path / "m.safetensors"))
    assert found.weights_only is None
    assert "safetensors" in found.reason
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(torch.nn.Linear(2, 2)).save(tmp_path / "s.pt")
    found = core.loads_with_torch(core.open(tmp_path / "s.pt"))
    assert found.weights_only is None
    assert "torch.jit.load" in found.reason


def test_that_a_bare_pickle_is_refused_for_what_it_is(tmp_path: Path) -> None:
    import pickle
    (tmp_path / "m.pkl").write_bytes(pickle.dumps({"a": 1}, protocol=2))
    found = agreed(tmp_path / "m.pkl")
    assert found.weights_only is False
    assert "plain pickle" in found.sentence()


def test_that_a_file_whose_values_are_missing_is_not_said_to_load(tmp_path: Path) -> None:
    file = tmp_path / "m.pth"
    file.write_bytes(torch_zip(b"\x80\x02" + op.tensor() + b".", {}))
    found = agreed(file)
    assert found.weights_only is False
    assert found.reason


def test_that_a_storage_whose_key_is_a_path_is_not_said_to_load(tmp_path: Path) -> None:
    file = tmp_path / "m.pth"
    file.write_bytes(torch_zip(b"\x80\x02" + op.tensor(op.storage("../version")) + b".", {"data/0": bytes(24)}))
    assert "no record" in agreed(file).reason


@pytest.mark.parametrize("tag", ["cuda:" + "9" * 5000, "x" * 1001, "cpu" + " " * 2000], ids=["index", "word", "spaces"])
def test_that_a_location_tag_too_long_to_be_one_is_no_device(tag: str, tmp_path: Path) -> None:
    file = tmp_path / "m.pth"
    file.write_bytes(torch_zip(b"\x80\x02" + op.tensor(op.storage("0", location=tag)) + b".", {"data/0": bytes(80)}))
    with pytest.raises(RuntimeError):
        torch.load(file, weights_only=True)
    assert "no device" in core.loads_with_torch(core.open(file), INSTALLED).reason
    [device] = {info.device for info in core.open(file).tensors.values()}
    assert device == tag[:80] + "…"
    assert "location" in {finding.id for finding in core.open(file).findings}


@pytest.mark.parametrize("kind", ["unsigned", "float8", "storage"])
def test_that_untyped_storages_in_the_old_format_are_known_to_be_unreadable(kind: str, file: Path) -> None:
    save({"w": kinds.TAKEN[kind]}, file, _use_new_zipfile_serialization=False)
    assert "untyped" in agreed(file).reason


def test_that_classes_which_a_program_can_import_first_are_refused_all_the_same(tmp_path: Path) -> None:
    """torch.distributed.tensor has to be imported before a DTensor is loaded; a fresh program has not done so."""
    pickle = (b"\x80\x02}X\x01\x00\x00\x00wctorch.distributed.tensor\nDTensor\ns.")
    (tmp_path / "d.pth").write_bytes(torch_zip(pickle, {}))
    found = core.loads_with_torch(core.open(tmp_path / "d.pth"))
    assert [(one.name, one.key) for one in found.refused] == [("torch.distributed.tensor.DTensor", "w")]


# -- rules of the language ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("body", "rule"), [
    (b"ctorch\nfloat32\n)R", "call of what is no function"),
    (b"ccollections\nOrderedDict\n)R)R", "call of a result"),
    (b"ctorch._utils\n_rebuild_tensor_v2\n)\x81", "object of a function"),
    (b"ccollections\nOrderedDict\n)RK\x01a", "item for a dict"),
    (b"c_codecs\nencode\nX\x01\x00\x00\x00aX\x06\x00\x00\x00latin1\x86R}b", "state for bytes"),
    (b"X\x01\x00\x00\x00aQ", "id that is no tuple"),
    (b"X\x06\x00\x00\x00moduleK\x01\x86Q", "id of a module"),
    (b"U\x01\xff", "text that is no UTF-8"),
    (b"cposix\nsystem\n", "blocked module"),
    (b"(lp0\n", "list of protocol 0"),
    (b"K\x01K\x020", "POP"),
    (b"\x8f(K\x01\x90", "ADDITEMS"),
    (b"(K\x01\x91", "FROZENSET"),
    (b"C\x01a", "SHORT_BINBYTES"),
    (b"\x8c\x01a", "SHORT_BINUNICODE"),
    (b"}\x94", "MEMOIZE"),
])
def test_that_the_rules_of_the_unpickler_are_known(body: bytes, rule: str, file: Path) -> None:
    file.write_bytes(torch_zip(b"\x80\x02}X\x01\x00\x00\x00k" + body + b"s.", {}))
    error = kinds.torch_says(file)
    assert error, rule
    found = core.loads_with_torch(core.open(file), INSTALLED)
    assert found.weights_only is False, rule
    assert found.refused, rule


@pytest.mark.parametrize("body", [
    b"ccollections\nOrderedDict\n)\x81", b"ccollections\nCounter\n)\x81}X\x01\x00\x00\x00aK\x01sb", b"U\x01a", b"U\x02\xc3\xa9",
    b"\x8a\x01\x05", b"\x8f", b"c__builtin__\nset\n]\x85R", b"ccollections\nOrderedDict\n)R}X\x01\x00\x00\x00aK\x01sb",
])
def test_that_what_the_rules_allow_is_taken(body: bytes, file: Path) -> None:
    file.write_bytes(torch_zip(b"\x80\x02}X\x01\x00\x00\x00k" + body + b"s.", {}))
    assert agreed(file).weights_only is True


@pytest.mark.parametrize(("said", "body", "words"), [
    (2, b"\x8c\x01a", "of pickle protocol 4"), (2, b"C\x01a", "of pickle protocol 3"), (4, b"\x8c\x01a", "of pickle protocol 4"),
    (2, b"(lp0\n", "of an old pickle protocol")])
def test_that_an_opcode_is_of_the_protocol_that_has_it_and_not_of_what_the_pickle_says(said: int, body: bytes, words: str,
                                                                                     file: Path) -> None:
    file.write_bytes(torch_zip(b"\x80%c}X\x01\x00\x00\x00k" % said + body + b"s.", {}))
    assert [one.words for one in core.loads_with_torch(core.open(file), INSTALLED).refused] == [words]


def test_that_every_opcode_that_torch_does_not_write_is_known_by_its_protocol() -> None:
    assert {op.name: protocol_of(op.name) for op in pickletools.opcodes} == {op.name: max(2, op.proto) for op in pickletools.opcodes}


def test_that_the_first_use_of_an_opcode_is_kept_whatever_decodes_it() -> None:
    pickle = b"\x80\x04}\x94(" + b"".join(b"\x8c\x01%c" % letter + op.tensor() for letter in b"abc") + b"u."
    assert decode(pickle).opcodes == decode(pickle, by_runs=False).opcodes
    assert decode(pickle).opcodes[0x94] == 3
    assert decode(pickle).opcodes[0x8C] == 5


# -- edited -------------------------------------------------------------------------------------------------------------

@pytest.fixture
def mixed(file: Path) -> core.Checkpoint:
    save({"state_dict": {"w": torch.ones(1)}, "best": np.float64(0.5), "args": argparse.Namespace(lr=1, when=kinds.WHEN)}, file)
    return core.open(file)


def keys(ckpt: core.Checkpoint) -> set[str]:
    return {one.key for one in core.loads_with_torch(ckpt).refused}


def test_that_dropped_replaced_and_left_behind_values_are_no_longer_refused(mixed: core.Checkpoint) -> None:
    assert keys(mixed) == {"best", "args", "args.when"}
    assert keys(core.edit(mixed, [core.Drop("best")])) == {"args", "args.when"}
    assert keys(core.edit(mixed, [core.SetValue("best", 0.5)])) == {"args", "args.when"}
    assert keys(core.edit(mixed, [core.SetValue("args.when", "today")])) == {"best", "args"}
    assert keys(core.edit(mixed, [core.Drop("args")])) == {"best"}
    after = core.edit(mixed, [core.Extract("state_dict")])
    assert keys(after) == set()
    assert core.loads_with_torch(after).weights_only is True
    assert "weights-only" not in {finding.id for finding in after.findings}


def test_that_a_value_that_was_moved_is_refused_under_its_new_name(file: Path) -> None:
    save({"run": {"best": np.float64(0.5), "args": argparse.Namespace(when=kinds.WHEN)}, "old": [1, kinds.Phase.MAIN]}, file)
    ckpt = core.open(file)
    assert keys(core.edit(ckpt, [core.Extract("run")])) == {"best", "args", "args.when"}
    assert keys(core.edit(ckpt, [core.Drop("old.0")])) == {"run.best", "run.args", "run.args.when", "old.0"}


@settings(max_examples=25, deadline=None)
@given(gone=st.sets(st.sampled_from(["state_dict", "best", "args", "args.when", "args.lr"]), max_size=3))
def test_that_what_is_said_of_an_edited_file_holds_for_the_one_that_is_saved(gone: set[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder, "m.pth"), Path(folder, "out.pth")
        value = {"epoch": 1, "state_dict": {"w": torch.ones(1)}, "best": np.float64(0.5), "args": argparse.Namespace(lr=1, when=kinds.WHEN)}
        save(value, file)
        after = core.edit(core.open(file), [core.Drop(glob) for glob in sorted(gone)])
        core.save(after, out)
        assert core.loads_with_torch(after).weights_only is (kinds.torch_says(out) == "")


def test_that_the_answer_is_frozen(mixed: core.Checkpoint) -> None:
    found = core.loads_with_torch(mixed)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.release = "x"  # type: ignore[misc]


def test_that_a_set_of_files_is_judged_file_by_file(tmp_path: Path) -> None:
    import json
    save({"a": torch.ones(1)}, tmp_path / "pytorch_model-00001-of-00002.bin")
    save({"b": torch.ones(1), "best": np.float64(1)}, tmp_path / "pytorch_model-00002-of-00002.bin")
    index = {"metadata": {}, "weight_map": {"a": "pytorch_model-00001-of-00002.bin", "b": "pytorch_model-00002-of-00002.bin"}}
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    assert keys(core.open(tmp_path)) == {"best"}


def test_that_a_pytorch_file_called_safetensors_is_refused_since_torch_went_by_the_name(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "a.safetensors")
    found = core.loads_with_torch(tmp_path / "a.safetensors")
    assert (found.weights_only, "is called .safetensors" in found.reason) == (False, True)
    assert core.loads_with_torch(tmp_path / "a.safetensors", "2.12").weights_only
    if tuple(map(int, torch.__version__.split(".")[:2])) >= (2, 13):
        with pytest.raises(Exception, match="header"):
            torch.load(tmp_path / "a.safetensors", weights_only=True)


@pytest.mark.parametrize("more", [-10, 3])
def test_that_a_damaged_safetensors_file_is_not_said_to_be_read(tmp_path: Path, more: int) -> None:
    core.save({"w": torch.ones(20)}, tmp_path / "a.safetensors")
    data = (tmp_path / "a.safetensors").read_bytes()
    (tmp_path / "a.safetensors").write_bytes(data[:more] if more < 0 else data + bytes(more))
    with pytest.raises(Exception, match=r"header|metadata"):
        load_file(tmp_path / "a.safetensors")
    assert core.loads_with_torch(tmp_path / "a.safetensors").reason == "It is damaged: what reads its format refuses it."


def test_that_what_torch_refuses_in_a_file_is_looked_for_once_in_a_check(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save({"args": argparse.Namespace(lr=0.1), "w": torch.ones(2)}, file)
    looked: list[str] = []
    real, real_checks = torch_load._refused_in, checks.CHECKS
    monkeypatch.setattr(torch_load, "_refused_in", lambda source, rules: looked.append("refused") or real(source, rules))
    monkeypatch.setattr(checks, "CHECKS", (lambda ckpt: looked.append("checks") or (), *real_checks))
    ckpt = core.open(file)
    fixes = dict(core.fixes_for_each(ckpt, core.check(ckpt)))
    assert [edits for finding, edits in fixes.items() if finding.id == "weights-only"] == [(core.MakePlain("args"),)]
    core.loads_with_torch(ckpt)
    assert looked == ["checks", "refused"] * 2           # of the file, and of what the edit makes of it
