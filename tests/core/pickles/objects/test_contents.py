"""Keys, values and their order: against torch itself for what it reads, and by hand for what nobody would save."""

from __future__ import annotations

import gc
import io
import pickle
import re
import weakref
import zipfile
from collections import Counter, OrderedDict, defaultdict
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.core.checkpoint import Opaque, Storage
from inspector.core.dtypes import DTYPES
from inspector.core.limits import Limits
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.objects.code import code_findings
from inspector.core.pickles.objects.contents import Contents, contents_of
from inspector.core.pickles.objects.plain import key_identity
from inspector.core.pickles.objects.storages import StorageRef
from inspector.core.pickles.objects.tensors import Tensors
from tests.core.pickles import opcodes as op


def resolve(ref: StorageRef) -> Storage:
    bits = DTYPES[ref.dtype].bits if ref.dtype else 8
    return Storage(ref.key or "?", ref.dtype or "unknown", ref.device, max(ref.numel, 0) * bits // 8, None)


def seen(data: bytes, **options: Any) -> Contents:
    return contents_of(decode(data), resolve, **options)


def saved(value: Any, **options: Any) -> tuple[Contents, Any]:
    """What we see in the data.pkl that torch.save writes for `value`, and what torch loads from the same bytes."""
    file = io.BytesIO()
    torch.save(value, file, **options)
    with zipfile.ZipFile(file) as archive:
        data = archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))
    file.seek(0)
    return seen(data), torch.load(file, weights_only=True)


def walk(value: Any, key: str = "") -> list[tuple[str, torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        return [(key, value)]
    if isinstance(value, dict):
        children = [(str(k), v) for k, v in value.items()]
    elif isinstance(value, (list, tuple)):
        children = [(str(i), v) for i, v in enumerate(value)]
    else:
        return []
    return [found for segment, child in children for found in walk(child, f"{key}.{segment}" if key else segment)]


def assert_same_tensors(contents: Contents, loaded: Any) -> None:
    theirs = walk(loaded)
    assert [info.key for info in contents.tensors] == [key for key, _ in theirs]
    for info, (_, tensor) in zip(contents.tensors, theirs, strict=True):
        assert info.problem == ("meta: the file holds no values for this tensor" if tensor.is_meta else "")
        assert (info.shape, info.dtype, info.requires_grad) == (tuple(tensor.shape), str(tensor.dtype)[6:], tensor.requires_grad)
        if tensor.layout == torch.strided and not tensor.is_meta:
            assert (info.stride, info.offset) == (tuple(tensor.stride()), tensor.storage_offset())
    storages = [tensor.untyped_storage()._cdata for _, tensor in theirs if tensor.layout == torch.strided and not tensor.is_meta]
    ours = [info.storage for info in contents.tensors if info.layout == "strided" and info.storage]
    assert [storages.index(s) for s in storages] == [ours.index(s) for s in ours]


def model() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 2))


def training_checkpoint() -> dict[str, Any]:
    net = model()
    optimizer = torch.optim.Adam(net.parameters())
    net[2](torch.ones(1, 4)).sum().backward()
    optimizer.step()
    return {
        "epoch": 50,
        "model_state_dict": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "loss": torch.tensor(0.5),
        "best": None,
        "history": [0.1, float("nan"), (torch.ones(2), "x")],
        "config": {"lr": 1e-3, "empty": {}, "none": []},
    }


BASE = torch.arange(24.0)
ODD = OrderedDict(
    transposed=BASE.reshape(4, 6).t(),
    view=BASE[3:9],
    again=BASE,
    expanded=torch.ones(1).expand(5, 4),
    scalar=torch.tensor(3),
    empty=torch.empty(0, 3),
    half=torch.ones(2, dtype=torch.bfloat16),
    flags=torch.tensor([True, False]),
    c=torch.ones(2, dtype=torch.complex64),
    u16=torch.ones(3, dtype=torch.uint16),
    f8=torch.ones(3).to(torch.float8_e4m3fn),
    meta=torch.empty(2, 3, device="meta"),
    grad=torch.ones(2, requires_grad=True),
    last=torch.ones(2, 3, 4, 5).to(memory_format=torch.channels_last),
)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(model().state_dict(), id="state-dict"),
        pytest.param(training_checkpoint(), id="training-checkpoint"),
        pytest.param(ODD, id="odd-tensors"),
        pytest.param({f"layer.{i}.weight": torch.full((2, i % 5 + 1), 1.0) for i in range(400)}, id="many"),
        pytest.param({**{f"w{i}": BASE[i % 20 :] for i in range(300)}, **ODD}, id="many-views"),
        pytest.param([torch.ones(2), (torch.ones(3), {"x": torch.ones(1)})], id="list"),
        pytest.param(torch.ones(3, 4), id="bare-tensor"),
        pytest.param(
            {0: {"a": torch.ones(1)}, None: torch.ones(2), (1, "x"): torch.ones(3), 2.5: torch.ones(4), True: torch.ones(1)},
            id="odd-keys",
        ),
        pytest.param(
            {"p": torch.nn.Parameter(torch.ones(2)), "q": torch.nn.Parameter(torch.ones(2), requires_grad=False)}, id="parameters"
        ),
        pytest.param({"dot.ted": torch.ones(1), "": torch.ones(2), "n": {"": torch.ones(1)}}, id="odd-texts"),
        pytest.param({"c": Counter({"a": 2}), "t": torch.ones(1)}, id="counter"),
    ],
)
def test_that_tensors_are_those_that_torch_loads(value: Any) -> None:
    contents, loaded = saved(value)
    assert_same_tensors(contents, loaded)


def test_that_metadata_of_a_state_dict_is_kept_by_its_path() -> None:
    net = model()
    contents, loaded = saved({"net": net.state_dict()})
    assert contents.module_metadata == {"net": {k: dict(v) for k, v in loaded["net"]._metadata.items()}}
    assert saved(net.state_dict())[0].module_metadata[""]["1"] == {"version": 2}


def test_that_values_keep_their_types_and_their_order() -> None:
    contents = saved(training_checkpoint())[0]
    values = dict(contents.values)
    assert (values["epoch"], values["best"], values["history.2.1"], values["config.lr"]) == (50, None, "x", 1e-3)
    assert values["history.1"] != values["history.1"]
    assert (values["config.empty"], values["config.none"]) == ({}, [])
    assert values["optimizer.param_groups.0.betas.1"] == 0.999
    assert [key for key, _ in contents.values][:2] == ["epoch", "optimizer.param_groups.0.lr"]


def test_that_state_dicts_and_optimizers_are_found() -> None:
    contents = saved(training_checkpoint())[0]
    assert contents.kind == "training-checkpoint"
    assert set(contents.state_dicts) == {"model_state_dict", "optimizer.state"}
    by_key = {info.key: info for info in contents.tensors}
    assert by_key["model_state_dict.0.weight"].state_dict == "model_state_dict"
    assert by_key["model_state_dict.0.weight"].name == "0.weight"
    assert by_key["optimizer.state.4.exp_avg"].state_dict == "optimizer.state"
    assert by_key["history.2.0"].state_dict is None
    assert not contents.findings


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (torch.ones(1), "tensor"),
        ({"w": torch.ones(1), "b": torch.ones(1), "n": 3}, "state-dict"),
        ({"epoch": 3}, "other"),
        ({"net": {"w": torch.ones(1)}, "epoch": 3}, "training-checkpoint"),
        ([torch.ones(1)], "other"),
        ({}, "other"),
        (5, "other"),
        ({"loss": torch.ones(1), "epoch": 3, "lr": 1.0}, "training-checkpoint"),
    ],
    ids=["tensor", "state-dict", "no-tensors", "nested", "list", "empty", "number", "few-tensors"],
)
def test_that_the_kind_says_what_it_is(value: Any, kind: str) -> None:
    assert saved(value)[0].kind == kind


def whole_model() -> bytes:
    file = io.BytesIO()
    torch.save({"net": model(), "epoch": 3}, file)
    with zipfile.ZipFile(file) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))


def test_that_the_tensors_of_a_module_in_a_dict_are_listed() -> None:
    contents = seen(whole_model())
    assert contents.tensors[0].key == "net.0.weight"
    assert contents.tensors[0].requires_grad
    assert dict(contents.values)["net"] == Opaque(
        "torch.nn.modules.container.Sequential", "torch.nn.modules.container.Sequential(...)", contents.values[0][1].node
    )  # type: ignore[union-attr]
    assert contents.state_dicts == ("net",)
    assert {info.state_dict for info in contents.tensors} == {"net"}


def test_that_a_whole_module_at_the_root_is_a_module() -> None:
    net = op.build(
        op.newobj(op.name("mynet", "Net")),
        op.dict_of({"_parameters": op.dict_of({"w": op.tensor()}), "_buffers": op.EMPTY_DICT, "_modules": op.EMPTY_DICT}),
    )
    contents = seen(op.pickled(net))
    assert contents.kind == "module"
    assert [info.key for info in contents.tensors] == ["w"]
    assert contents.values[0] == ("", Opaque("mynet.Net", "mynet.Net(...)", contents.values[0][1].node))  # type: ignore[union-attr]


def test_that_the_fast_way_and_the_careful_way_see_the_same() -> None:
    few = saved({f"w{i}": BASE[i % 20 :].reshape(1, -1).t() for i in range(40)})[0].tensors
    many = saved({f"w{i}": BASE[i % 20 :].reshape(1, -1).t() for i in range(400)})[0].tensors[:40]
    assert [info._replace(node=0) for info in few] == [info._replace(node=0) for info in many]


# -- keys -------------------------------------------------------------------------------------------------------------


def test_that_duplicate_keys_are_both_listed_and_the_last_has_the_key() -> None:
    contents = seen(
        op.pickled(op.dict_of([(op.text("a"), op.integer(1)), (op.text("b"), op.integer(2)), (op.text("a"), op.integer(3))]))
    )
    assert contents.values == [("a", 3), ("b", 2), ("a#2", 1)]
    assert [finding.id for finding in contents.findings] == ["duplicate-keys"]
    assert "last" in contents.findings[0].hint


def test_that_keys_which_python_takes_for_one_are_duplicates() -> None:
    contents = seen(
        op.pickled(op.dict_of([(op.integer(1), op.integer(1)), (op.TRUE, op.integer(2)), (op.real(1.0), op.integer(3))]))
    )
    assert contents.values == [("1", 3), ("1#2", 1), ("1#3", 2)]
    assert {finding.id for finding in contents.findings} == {"duplicate-keys", "non-string-keys"}


def test_that_different_keys_with_one_path_stay_apart() -> None:
    pairs = [
        (op.text("a"), op.dict_of({"b": op.integer(1)})),
        (op.text("a.b"), op.integer(2)),
        (op.integer(1), op.integer(3)),
        (op.text("1"), op.integer(4)),
    ]
    contents = seen(op.pickled(op.dict_of(pairs)))
    assert contents.values == [("a.b", 1), ("a.b#2", 2), ("1", 3), ("1#2", 4)]
    assert {finding.id for finding in contents.findings} == {"key-collision", "non-string-keys"}


def test_that_keys_of_different_types_are_no_duplicates_and_are_told_apart() -> None:
    pairs = [(op.NONE, op.integer(1)), (op.text("None"), op.integer(2)), (op.text("1"), op.integer(3)), (op.integer(1), op.integer(4)),
             (op.tuple_of(op.integer(1)), op.integer(5)), (op.text("(1,)"), op.integer(6))]
    contents = seen(op.pickled(op.dict_of(pairs)))
    assert contents.values == [("None", 1), ("None#2", 2), ("1", 3), ("1#2", 4), ("(1,)", 5), ("(1,)#2", 6)]
    assert {finding.id for finding in contents.findings} == {"key-collision", "non-string-keys"}
    assert next(finding.message for finding in contents.findings if finding.id == "key-collision") == \
        "3 keys with the same path as another: None, 1, (1,) (None#2 is str)."


def test_that_of_none_given_twice_the_last_has_the_key() -> None:
    contents = seen(op.pickled(op.dict_of([(op.NONE, op.integer(1)), (op.text("b"), op.integer(2)), (op.NONE, op.integer(3))])))
    assert contents.values == [("None", 3), ("b", 2), ("None#2", 1)]
    assert {finding.id for finding in contents.findings} == {"duplicate-keys", "non-string-keys"}


def test_that_many_duplicates_of_one_key_are_linear() -> None:
    pair = (op.get(1), op.integer(1))
    data = op.pickled(op.EMPTY_DICT + op.text("k") + op.put(1) + op.POP + op.values([k + v for k, v in [pair] * 20_000]) + b"u")
    contents = seen(data)
    assert len({key for key, _ in contents.values}) == 20_000


def test_that_odd_keys_are_texts_and_a_finding() -> None:
    pairs = [
        (op.NONE, op.integer(1)),
        (op.tuple_of(op.integer(1), op.text("x")), op.integer(2)),
        (op.tuple_of(op.real(0.5)), op.integer(3)),
        (op.raw(b"k"), op.integer(4)),
        (op.name("torch", "float32"), op.integer(5)),
    ]
    contents = seen(op.pickled(op.dict_of(pairs)))
    assert [key for key, _ in contents.values] == ["None", "(1, 'x')", "(0.5,)", "b'k'", "torch.float32"]
    assert [finding.id for finding in contents.findings] == ["non-string-keys"]


def test_that_the_integer_keys_of_an_optimizer_are_no_finding() -> None:
    optimizer = op.dict_of(
        {"state": op.dict_of([(op.integer(0), op.dict_of({"step": op.tensor()}))]), "param_groups": op.EMPTY_LIST}
    )
    contents = seen(op.pickled(op.dict_of({"opt": optimizer})))
    assert contents.findings == []
    assert contents.tensors[0].key == "opt.state.0.step"


def test_that_an_unhashable_key_is_kept() -> None:
    contents = seen(op.pickled(op.dict_of([(op.list_of(op.integer(1)), op.integer(2))])))
    assert contents.values == [("[1]", 2)]
    assert "unhashable" in {finding.id for finding in contents.findings}


# -- shapes of graphs -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("opener", "closer"), [(b"]", b"a"), (b"", b"\x85")], ids=["lists", "tuples"])
def test_that_deep_nesting_becomes_one_leaf(opener: bytes, closer: bytes) -> None:
    deep = 200_000
    contents = seen(op.pickled(opener * deep + b"N" + closer * deep if opener else b"N" + closer * deep))
    assert contents.findings[0].id == "deep"
    ((key, value),) = contents.values
    assert isinstance(value, Opaque)
    assert key.count(".") == 1000 - 1


def test_that_a_deep_key_is_short() -> None:
    contents = seen(op.pickled(op.dict_of([(b"N" + b"\x85" * 200_000, op.integer(1))])))
    assert len(contents.values[0][0]) < 100


def test_that_a_memo_bomb_is_listed_in_part() -> None:
    data = b"\x80\x02]" + op.put(0) + b"".join(b"]" + op.get(i) + b"a" + op.get(i) + b"a" + op.put(i + 1) for i in range(60)) + b"."
    limits = Limits(walk_repeats=1000)
    contents = seen(data, limits=limits)
    assert len(contents.values) < 2000
    assert any(isinstance(value, Opaque) and value.type == "reference" for _, value in contents.values)


@pytest.mark.parametrize(("stride", "reads"), [((4, 1), 2), ((0, 1), 1000)], ids=["in order", "odd"])
def test_that_a_tensor_under_many_keys_is_not_read_for_each(monkeypatch: pytest.MonkeyPatch, stride: tuple[int, int], reads: int) -> None:
    """What is odd about one is counted for each key, so that such a one is."""
    read = Tensors.read
    keys: list[str] = []
    monkeypatch.setattr(Tensors, "read", lambda self, n, key, *more: keys.append(key) or read(self, n, key, *more))
    pairs = ((op.integer(n), op.get(0)) for n in range(1000))
    contents = seen(op.pickled(op.tensor(size=(5, 4), stride=stride) + op.put(0) + op.POP + op.dict_of(pairs)))
    assert [info.key for info in contents.tensors] == [str(n) for n in range(1000)]
    assert {info._replace(key="") for info in contents.tensors} == {contents.tensors[0]._replace(key="")}
    assert len(keys) == reads
    assert [len(found.keys) for found in contents.findings if found.id == "expanded"] == ([1000] if 0 in stride else [])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"]" + op.put(0) + op.get(0) + b"a", id="list"),
        pytest.param(b"}" + op.put(0) + op.text("me") + op.get(0) + b"s", id="dict"),
        pytest.param(b"]" + op.put(0) + op.get(0) + b"\x85" + op.put(1) + b"a" + op.POP + op.get(1), id="tuple"),
    ],
)
def test_that_a_cycle_is_a_reference(data: bytes) -> None:
    contents = seen(op.pickled(data))
    ((_, value),) = contents.values
    assert isinstance(value, Opaque)
    assert (value.type, value.text) == ("reference", "→ (the root)")


def test_that_a_listing_that_broke_off_is_freed_at_once() -> None:
    """An edit lists again while the garbage collector waits: the keys of two listings are more than a file may take."""
    def known(ref: StorageRef) -> Storage:
        raise AssertionError(ref)

    graph = decode(op.pickled(op.dict_of([(op.text("a"), op.dict_of([(op.text("b"), b"(" + b"N" * 1000 + b"t")]))])))
    held = weakref.ref(known)
    collecting = gc.isenabled()
    gc.disable()
    try:
        contents = contents_of(graph, known, limits=Limits(memory=100_000, memory_per_byte=0))
        del known
        assert held() is None
    finally:
        if collecting:
            gc.enable()
    assert 0 < len(contents.values) < 1000
    assert "too-many-keys" in {finding.id for finding in contents.findings}


def test_that_a_long_key_that_is_no_text_is_held_once() -> None:
    key = op.name("_codecs", "encode") + op.text("k" * 400) + op.text("latin1") + b"\x86R"
    contents = seen(op.pickled(op.dict_of([(key, op.integer(1))])))
    (listed,), ((noted, _),) = [key for key, _ in contents.values], [(key, node) for node, key in contents.listed_nodes if "kk" in key]
    assert len(listed) > 200
    assert listed is noted


def test_that_a_million_items_are_listed() -> None:
    contents = seen(op.pickled(b"(" + b"N" * 100_000 + b"t"))
    assert len(contents.values) == 100_000
    assert contents.values[-1] == ("99999", None)


def test_that_shared_containers_are_listed_again_and_tensors_share_their_storage() -> None:
    shared = {"w": torch.ones(2)}
    contents, loaded = saved({"a": shared, "b": shared, "c": [shared["w"]]})
    assert_same_tensors(contents, loaded)
    assert [info.key for info in contents.tensors] == ["a.w", "b.w", "c.0"]


def test_that_arguments_shared_by_many_calls_do_not_multiply() -> None:
    shared = op.list_of(*[op.NONE] * 1000) + op.put(0) + op.POP
    calls = [op.name("builtins", "set") + op.get(0) + b"\x85R" for _ in range(1000)]
    contents = seen(op.pickled(shared + op.list_of(*calls)), limits=Limits(walk_repeats=5000))
    assert len(contents.values) < 8000


def test_that_keys_do_not_take_more_memory_than_the_tables_may() -> None:
    key = op.text("k" * 5000) + op.put(0) + op.POP
    items = op.list_of(*[op.NONE] * 100_000)
    contents = seen(op.pickled(key + op.EMPTY_DICT + op.get(0) + items + b"s"), limits=Limits(memory=12 << 20))
    assert [finding.id for finding in contents.findings] == ["too-many-keys"]
    assert len(contents.values) > 100
    assert sum(map(str.__sizeof__, (key for key, _ in contents.values))) < 12 << 20
    wide = op.text("\U0001f600" * 5000) + op.put(0) + op.POP       # the same with four bytes a character
    fewer = seen(op.pickled(wide + op.EMPTY_DICT + op.get(0) + items + b"s"), limits=Limits(memory=12 << 20))
    assert 3 < len(contents.values) / len(fewer.values) < 5


def test_that_keys_of_many_tensors_are_not_made_before_there_is_room_for_them() -> None:
    import tracemalloc
    tensors = op.pairs_into(op.EMPTY_DICT, [(op.text(str(n)), op.get(1)) for n in range(3000)])
    data = op.pickled(op.tensor() + op.put(1) + b"0" + op.dict_of({"x" * 100_000: tensors}))
    assert len(data) < 200_000
    tracemalloc.start()
    contents = seen(data, limits=Limits(memory=16 << 20))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 << 20                              # all of them would be 300 MB
    assert [finding.id for finding in contents.findings] == ["too-many-keys"]
    assert 0 < len(contents.tensors) < 300


def test_that_empty_containers_are_leaves() -> None:
    contents = seen(op.pickled(op.list_of(op.EMPTY_DICT, op.EMPTY_LIST, op.EMPTY_TUPLE, op.EMPTY_SET, op.ordered_dict()), 4))
    assert [value for _, value in contents.values][:3] == [{}, [], ()]
    assert contents.values[3][1] == Opaque("set", "set()", contents.values[3][1].node)  # type: ignore[union-attr]
    assert contents.values[4][1] == {}


def test_that_a_bare_value_has_the_empty_key() -> None:
    assert seen(op.pickled(op.integer(7))).values == [("", 7)]


# an empty key makes its container and what is in it share a path: tested above
KEYS = st.text(min_size=1, max_size=3).filter(lambda text: "#" not in text)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(KEYS | st.integers(-3, 3) | st.none() | st.booleans(), inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=3).map(OrderedDict)
        | st.dictionaries(KEYS, inner, max_size=3).map(lambda d: defaultdict(int, d))
        | st.sets(st.integers(0, 3), max_size=2)
    ),
    max_leaves=20,
)


def leaves(value: Any, key: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        return [leaf for k, v in value.items() for leaf in leaves(v, f"{key}.{k}" if key else str(k))]
    if isinstance(value, (list, tuple, set)) and value:
        return [leaf for i, v in enumerate(value) for leaf in leaves(v, f"{key}.{i}" if key else str(i))]
    return [(key, value)]


@settings(max_examples=150, deadline=None)
@given(PLAIN, st.integers(0, 5))
def test_that_any_plain_value_is_listed_leaf_by_leaf(value: Any, protocol: int) -> None:
    import pickle

    contents = seen(pickle.dumps(value, protocol))
    assert not contents.tensors
    theirs = leaves(value)
    assert len({key for key, _ in contents.values}) == len(contents.values) == len(theirs)
    for (key, mine), (path, its) in zip(contents.values, theirs, strict=True):
        assert re.sub(r"#\d+", "", key) == re.sub(r"#\d+", "", path)         # what is called like something before it
        if isinstance(its, (set, frozenset)):
            assert isinstance(mine, Opaque)
        else:
            assert repr(mine) == repr({} if isinstance(its, dict) else its)


# -- hostile sharing: each of these names one large thing many times, and must cost its size, not the product ---------------

MANY = 3000


def shared_by(large: bytes, user: bytes) -> bytes:
    """`large` in memo 1, then MANY times `user`, which refers to it."""
    return op.pickled(large + op.put(1) + op.POP + op.list_of(*[user] * MANY), 4)


LARGE_LIST = op.list_of(*[op.NONE] * 50_000)
LARGE_TUPLE = op.tuple_of(*[op.integer(1)] * 50_000)
SLOW_LIST = op.EMPTY_LIST + (op.NONE + b"a") * 50_000
SLOW_DICT = op.ordered_dict() + (op.integer(1) + op.NONE + b"s") * 50_000
LARGE_TEXT = op.text("k" * 1_000_000)


@pytest.mark.parametrize(
    ("large", "user"),
    [
        pytest.param(LARGE_LIST, op.get(1), id="list"),
        pytest.param(SLOW_LIST, op.get(1), id="appended-list"),
        pytest.param(SLOW_DICT, op.get(1), id="ordered-dict"),
        pytest.param(LARGE_LIST, op.reduce(op.name("builtins", "set"), op.get(1)), id="set"),
        pytest.param(LARGE_LIST, op.reduce(op.name("collections", "OrderedDict"), op.get(1)), id="pairs"),
        pytest.param(LARGE_TUPLE, op.name("mylib", "f") + op.get(1) + b"R", id="arguments"),
        pytest.param(LARGE_TUPLE, op.name("torch._utils", "_rebuild_tensor_v2") + op.get(1) + b"R", id="tensor-arguments"),
        pytest.param(LARGE_TUPLE, op.name("torch.storage", "_load_from_bytes") + op.get(1) + b"R", id="loader-arguments"),
        pytest.param(LARGE_TUPLE, op.tensor(size=op.get(1), stride=op.get(1)), id="sizes"),
        pytest.param(LARGE_TUPLE, op.tensor(size=op.reduce(op.name("torch", "Size"), op.get(1))), id="Size"),
        pytest.param(SLOW_LIST, op.tensor(size=op.get(1)), id="sizes-in-a-list"),
        pytest.param(LARGE_TEXT, op.dict_of([(op.get(1), op.NONE)]), id="key"),
        pytest.param(LARGE_TEXT, op.get(1), id="text"),
        pytest.param(LARGE_TEXT, op.reduce(op.name("_codecs", "encode"), op.get(1), op.text("latin1")), id="encoded-text"),
        pytest.param(LARGE_TEXT, op.tensor(op.storage(op.get(1))), id="storage-key"),
        pytest.param(LARGE_TEXT, op.tensor(op.storage(location=op.get(1))), id="location"),
        pytest.param(op.raw(b"k" * 1_000_000), op.get(1), id="bytes"),
        pytest.param(b"\x8b" + (1 << 20).to_bytes(4, "little") + b"\x01" * (1 << 20), op.get(1), id="integer"),
        pytest.param(
            b"\x8b" + (1 << 20).to_bytes(4, "little") + b"\x01" * (1 << 20), op.tensor(op.storage(numel=op.get(1))), id="numel"
        ),
        pytest.param(
            op.dict_of({f"k{i}": op.NONE for i in range(50_000)}),
            op.reduce(op.name("torch._utils", "_rebuild_parameter_with_state"), op.tensor(), op.TRUE, op.ordered_dict(), op.get(1)),
            id="parameter-state",
        ),
        pytest.param(
            op.dict_of({f"k{i}": op.NONE for i in range(50_000)}), op.build(op.newobj(op.name("mylib", "C")), op.get(1)), id="state"
        ),
        pytest.param(
            op.dict_of({f"k{i}": op.NONE for i in range(50_000)}),
            op.build(op.ordered_dict(), op.dict_of({"_metadata": op.get(1)})),
            id="metadata",
        ),
    ],
)
def test_that_what_is_shared_is_paid_once(large: bytes, user: bytes) -> None:
    graph = decode(shared_by(large, user))
    contents = contents_of(graph, resolve, limits=Limits(walk_repeats=20_000))
    assert len(contents.tensors) + len(contents.values) < 200_000
    assert code_findings(graph, "data.pkl") is not None


COLLIDING = (1 << 61) - 1           # of which Python hashes every multiple to zero


def test_that_numbers_that_hash_alike_are_told_apart_by_texts() -> None:
    """Nothing of a file is hashed as itself: the time would be the square of the number of keys."""
    keys = b"".join(op.integer(n * COLLIDING) + op.NONE for n in range(1, 30_000))
    contents = seen(op.pickled(op.EMPTY_DICT + op.MARK + keys + b"u"))
    assert len(contents.values) == 29_999
    assert "duplicate-keys" not in {finding.id for finding in contents.findings}
    graph = decode(op.pickled(op.list_of(op.integer(COLLIDING), op.integer(99 * COLLIDING), op.real(1.5))))
    assert {type(part) for n in graph.sequence(graph.root) for part in key_identity(graph, n)} == {str}


PLAIN = st.one_of(st.integers(), st.booleans(), st.floats(), st.sampled_from([2.0 ** 70, 1 << 70, -0.0, 0, 1.0, True]))
IN_TUPLES = st.recursive(st.one_of(PLAIN, st.sampled_from(["1", b"1", None, "", "',", '"', ..., 1 + 0j, 1 + 2j, complex(-0.0, -0.0),
                                                           torch.Size([1]), torch.device("cpu"), torch.device("cuda:0")])),
                         lambda items: st.lists(items, max_size=2).map(tuple) | st.frozensets(items, max_size=2), max_leaves=4)


@given(st.lists(PLAIN, min_size=2, max_size=2) | st.lists(IN_TUPLES, min_size=2, max_size=2))
def test_that_values_are_one_key_just_when_they_are_to_python(pair: list[Any]) -> None:
    graph = decode(pickle.dumps(pair, 2))
    one, other = (key_identity(graph, n) for n in graph.sequence(graph.root))
    assert (one == other) == (pair[0] == pair[1])


EQUAL: list[tuple[Any, Any, str]] = [
    (1, True, "1"), (True, 1.0, "True"), (0, -0.0, "0"), (-0.0, 0j, "-0.0"), (1 + 2j, 1 + 2j, "(1+2j)"), (b"1", b"1", "b'1'"),
    (..., ..., "__builtin__.Ellipsis"), (torch.Size([1, 2]), (1, 2), "torch.Size([1, 2])"),
    ((torch.Size([1]),), ((1,),), "(torch.Size([1]),)"),
    ((), torch.Size([]), "()"), (frozenset({1, 2}), frozenset({True, 2.0}), "{1, 2}"), (frozenset(), frozenset(), "{}"),
    (frozenset({frozenset({1}), (1,)}), frozenset({(1,), frozenset({True})}), ""), (torch.device("cuda:0"), torch.device("cuda", 0), "")]
DIFFERENT: list[tuple[Any, Any]] = [
    (float("nan"), float("nan")), (1, "1"), (b"1", "b'1'"), (..., "builtins.Ellipsis"), (torch.Size([1, 2]), (2, 1)),
    ((1,), frozenset({1})),
    (frozenset({1}), frozenset({2})), (1 + 2j, 1 - 2j), (complex(float("nan"), 0), complex(float("nan"), 0)), (None, "None")]


def _put_twice(one: Any, other: Any, protocol: int) -> bytes:
    """A dict that 7 is put into under `one`, and then 8 under `other`."""
    keys = [pickle.dumps(key, protocol)[2:-1] for key in (one, other)]
    bodies = [key[9:] if key.startswith(b"\x95") else key for key in keys]
    return b"\x80%c}" % protocol + b"".join(body + b"K%cs" % value for body, value in zip(bodies, (7, 8), strict=True)) + b"."


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(("one", "other"), [*(pair[:2] for pair in EQUAL), *DIFFERENT], ids=repr)
def test_that_of_two_keys_the_one_wins_that_wins_once_it_is_loaded(one: Any, other: Any, protocol: int) -> None:
    if protocol == 4 and one is ...:
        pytest.skip("each key has its own memo")
    data = _put_twice(one, other, protocol)
    wanted = pickle.loads(data)
    found = [value for _, value in seen(data).values]
    assert found == ([8, 7] if len(wanted) == 1 else [7, 8])
    assert list(wanted.values()) == found[:len(wanted)]


@pytest.mark.parametrize(("one", "other", "name"), [found for found in EQUAL if found[2]], ids=repr)
def test_that_a_key_put_twice_is_named_as_it_was_put_first(one: Any, other: Any, name: str) -> None:
    assert [key for key, _ in seen(_put_twice(one, other, 2)).values] == [name, f"{name}#2"]
