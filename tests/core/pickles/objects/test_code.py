"""Every name that a real unpickler would import or call is reported, wherever it hides. Nothing here is ever unpickled."""

from __future__ import annotations

import io
import zipfile

import pytest
import torch

from inspector.core.errors import ReadError
from inspector.core.findings import Finding
from inspector.core.limits import Limits
from inspector.core.pickles.decode.machine import decode
from inspector.core.pickles.objects.code import code_findings, findings_before
from tests.core.pickles import opcodes as op

TRIP = op.name("trip", "spring")


def told(data: bytes, **options: object) -> list[Finding]:
    return code_findings(decode(data), "data.pkl", **options)  # type: ignore[arg-type]


def ids(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.id, finding.level) for finding in findings]


CALLED, CLASS = ("unknown-code", "danger"), ("unknown-code", "warning")
STACK_NAME = op.text("trip") + op.text("spring") + b"\x93"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(op.pickled(op.reduce(TRIP)), [CALLED], id="reduce"),
        pytest.param(op.pickled(op.reduce(STACK_NAME), 4), [CALLED], id="stack-global"),
        pytest.param(op.pickled(b"(itrip\nspring\n"), [CALLED], id="inst"),
        pytest.param(op.pickled(b"(" + TRIP + b"o"), [CALLED], id="obj"),
        pytest.param(op.pickled(op.newobj(TRIP)), [CLASS], id="newobj"),
        pytest.param(op.pickled(TRIP + op.EMPTY_TUPLE + op.EMPTY_DICT + b"\x92", 4), [CLASS], id="newobj-ex"),
        pytest.param(op.pickled(op.build(TRIP, op.EMPTY_DICT)), [CALLED], id="build-on-a-name"),
        pytest.param(op.pickled(b"(" + TRIP + b"o0N"), [CALLED, ("dead-call", "danger")], id="popped"),
        pytest.param(op.pickled(op.tuple_of(op.reduce(TRIP)) + b"0N"), [CALLED, ("dead-call", "danger")], id="popped-inside"),
        pytest.param(op.pickled(TRIP), [("unknown-code", "warning")], id="named-only"),
        pytest.param(op.pickled(TRIP + b"0N"), [("unknown-code", "warning")], id="named-and-popped"),
        pytest.param(op.pickled(op.reduce(op.name("os.path.sep", "join"))), [CALLED], id="dotted-module"),
        pytest.param(op.pickled(op.reduce(op.name("os", "path.join"))), [CALLED], id="dotted-name"),
        pytest.param(op.pickled(op.integer(1) + op.integer(2) + b"\x93", 4), [("dynamic-name", "danger")], id="integers"),
        pytest.param(op.pickled(b"\x82\x05", 2), [("extension-code", "danger")], id="ext"),
        pytest.param(op.pickled(op.reduce(op.NONE)), [("computed-call", "danger")], id="none"),
        pytest.param(
            op.pickled(op.reduce(op.reduce(op.name("builtins", "getattr"), TRIP, op.text("x")))),
            [CALLED, ("unknown-code", "warning"), ("computed-call", "danger")],
            id="getattr-then-call",
        ),
        pytest.param(op.pickled(op.reduce(op.name("my mod", "na me"))), [CALLED], id="spaces"),
        pytest.param(op.pickled(op.reduce(op.name("", ""))), [CALLED], id="empty"),
        pytest.param(op.pickled(op.reduce(op.name("\u043es", "system"))), [CALLED], id="cyrillic"),
        pytest.param(
            op.pickled(
                op.reduce(op.name("copy_reg", "_reconstructor"), op.name("mynet", "Net"), op.name("__builtin__", "object"), op.NONE)
            ),
            [CLASS],
            id="reconstructor",
        ),
        pytest.param(
            op.pickled(
                op.reduce(
                    op.name("torch._tensor", "_rebuild_from_type_v2"),
                    TRIP,
                    op.name("torch", "Tensor"),
                    op.EMPTY_TUPLE,
                    op.EMPTY_DICT,
                )
            ),
            [CALLED],
            id="called-by-torch",
        ),
        pytest.param(
            op.pickled(op.newobj(op.name("torch.nn.modules.linear", "Linear"))), [("unknown-code", "info")], id="library"
        ),
        pytest.param(op.pickled(op.name("torch.nn.modules.linear", "Linear")), [("unknown-code", "info")], id="library-named"),
        pytest.param(
            op.pickled(op.list_of(op.newobj(op.name("__torch__.a", "B")), op.newobj(op.name("__torch__.a", "C")))),
            [("unknown-code", "info")],
            id="torchscript",
        ),
        pytest.param(op.pickled(op.tensor()), [], id="tensor"),
    ],
)
def test_that_names_are_told(data: bytes, expected: list[tuple[str, str]]) -> None:
    assert ids(told(data)) == expected


def test_that_a_name_is_told_once_with_its_first_place() -> None:
    (finding,) = told(op.pickled(op.list_of(op.reduce(TRIP), op.reduce(TRIP), op.reduce(STACK_NAME)), 4))
    assert finding.where == "data.pkl:4"
    assert finding.message == "Needs trip.spring: torch.load would import and call it. Nothing was run here."


def test_that_the_key_is_told_when_it_is_known() -> None:
    graph = decode(op.pickled(op.reduce(op.name("posix", "system"), op.text("true"))))
    (finding,) = code_findings(graph, "data.pkl", paths={graph.root: "model.hook"})
    assert finding.message == (
        "Calls posix.system('true') (at model.hook), which runs a shell command when torch.load opens this file without weights_only."
    )


def test_that_classes_of_one_package_are_one_warning_and_say_where_they_stand() -> None:
    nodes = [op.newobj(op.name(f"net.part{i}", f"Block{i}")) for i in range(8)]
    graph = decode(op.pickled(op.list_of(*nodes, op.newobj(op.name("other", "Thing")), op.reduce(op.name("net.io", "fetch")))))
    found = code_findings(graph, "data.pkl", paths={n: f"k{n}" for n in range(len(graph))})
    assert [(finding.level, len(finding.code)) for finding in found] == [("warning", 8), ("warning", 1), ("danger", 1)]
    assert found[0].message.startswith("Needs 8 classes of the package net (at k")
    assert "net.part0.Block0" in found[0].message
    assert set(found[0].code) == {f"net.part{i}.Block{i}" for i in range(8)}
    assert len(found[0].keys) >= 8


def test_that_classes_of_the_script_are_called_so() -> None:
    (finding,) = told(op.pickled(op.list_of(*[op.newobj(op.name("__main__", name)) for name in ("Net", "Head")])))
    assert finding.message.startswith("Needs 2 classes of the script that wrote the file (__main__): __main__.Net, __main__.Head.")


@pytest.mark.parametrize(("module", "name"), [
    ("torch.ao.nn.quantized.modules.linear", "Linear"), ("torch.distributed.tensor", "DTensor"), ("torch.optim.sgd", "SGD"),
    ("torch.distributed.tensor.placement_types", "Shard"), ("torch.ao.quantization.observer", "MinMaxObserver"),
    ("torch.optim.lr_scheduler", "StepLR"), ("torch._C", "Generator"),
    ("torch.nn.modules.module", "Module"),
    ("torch.distributed.fsdp.api", "ShardingStrategy"), ("torch.utils.data.dataset", "Subset"), ("torch.nn", "Module"),
    ("torchvision.models.resnet", "ResNet"), ("torch.cuda.amp.grad_scaler", "GradScaler"),
])
def test_that_torchs_own_raise_no_alarm(module: str, name: str) -> None:
    assert {finding.level for finding in told(op.pickled(op.newobj(op.name(module, name))))} == {"info"}


@pytest.mark.parametrize("held", [
    op.name("torch.nn.functional", "relu"), op.reduce(op.name("functools", "partial"), op.name("torch.nn.init", "trunc_normal_")),
    op.reduce(op.name("functools", "partial"), op.name("torch.nn.modules.normalization", "LayerNorm")),
    op.reduce(op.name("collections", "defaultdict"), op.name("torch.amp.grad_scaler", "_refresh_per_optimizer_state")),
    op.reduce(op.name("builtins", "getattr"), op.name("torch.optim.swa_utils", "Kind"), op.text("EMA")),
])
def test_that_functions_of_torch_that_a_model_holds_on_to_raise_no_alarm(held: bytes) -> None:
    assert {finding.level for finding in told(op.pickled(held))} == {"info"}


@pytest.mark.parametrize("data", [
    pytest.param(op.newobj(op.name("torch.fx.graph_module", "GraphModule")), id="code-in-its-state"),
    pytest.param(op.newobj(op.name("torchvision.models.feature_extraction", "DualGraphModule")), id="a-subclass-of-it"),
    pytest.param(op.reduce(op.name("torch.fx.graph_module", "reduce_graph_module"), op.EMPTY_DICT), id="source-text"),
    pytest.param(op.newobj(op.name("torch.utils.data.dataloader", "_IterDataPipeSerializationWrapper")), id="unpickles-its-state"),
    pytest.param(op.reduce(op.name("torch.nn.functional", "boolean_dispatch"), op.NONE), id="function-of-torch-called"),
    pytest.param(op.build(op.name("torch.nn.modules.linear", "Linear"), op.EMPTY_DICT), id="class-of-torch-changed"),
    pytest.param(op.build(op.name("collections", "OrderedDict"), op.EMPTY_DICT), id="class-of-python-changed"),
    pytest.param(op.reduce(op.name("torch.utils.data.sampler", "os.system"), op.text("ls")), id="through-an-import"),
    pytest.param(op.newobj(op.name("torch.nn.modules.module", "subprocess.Popen")), id="through-an-import-made"),
    pytest.param(op.reduce(op.name("mine", "os.Popen"), op.text("ls")), id="popen-anywhere"),
    pytest.param(op.reduce(op.name("functools", "partial"), op.name("os", "system"), op.text("ls")), id="held-in-a-partial"),
    pytest.param(op.reduce(op.name("collections", "defaultdict"), op.name("os", "getcwd")), id="held-in-a-defaultdict"),
    pytest.param(op.reduce(op.name("builtins", "list"), op.reduce(op.name("builtins", "iter"), TRIP, op.NONE)), id="iterated"),
    pytest.param(op.reduce(op.name("builtins", "iter"), op.reduce(op.name("functools", "partial"), TRIP), op.NONE), id="iterated-partial"),
    pytest.param(op.reduce(op.name("builtins", "type"), op.text("X"), op.tuple_of(), op.EMPTY_DICT), id="a-new-class"),
    pytest.param(op.reduce(op.name("torch.optim.lr_scheduler", "LambdaLR"), op.NONE, op.list_of(TRIP)), id="given-to-a-constructor"),
    pytest.param(op.reduce(op.name("torch.optim.lr_scheduler", "LambdaLR"), op.NONE, op.list_of(
        op.reduce(op.name("builtins", "getattr"), op.name("mine", "Net"), op.text("go")))), id="attribute-given-to-a-constructor"),
    pytest.param(op.reduce(op.name("builtins", "getattr"), op.reduce(op.name("builtins", "getattr"), op.name("mine", "Net"), op.text("os")),
                           op.text("system")), id="attribute-of-an-attribute"),
    pytest.param(op.list_of(op.name("os", "system")), id="a-command-that-is-only-named"),
    pytest.param(op.reduce(op.name("builtins", "getattr"), op.name("mine", "Net"), op.text("__init__")), id="private-attribute"),
    pytest.param(op.reduce(op.reduce(op.name("builtins", "getattr"), op.name("mine", "Net"), op.text("go"))), id="attribute-called"),
])
def test_that_no_known_name_hides_what_runs(data: bytes) -> None:
    levels = [finding.level for finding in told(op.pickled(data))]
    assert "danger" in levels


def test_that_members_of_enumerations_need_their_class_and_nothing_else() -> None:
    by_name = op.reduce(op.name("builtins", "getattr"), op.name("mine", "Phase"), op.text("WARMUP"))
    by_value = op.reduce(op.name("mine", "Phase"), op.integer(1))
    (finding,) = told(op.pickled(op.list_of(by_name, by_value)))
    assert finding.level == "warning"
    assert finding.code == ("mine.Phase",)


@pytest.mark.parametrize(("module", "name"), [
    ("http", "HTTPStatus"), ("signal", "Signals"), ("numpy.random._pickle", "__randomstate_ctor"), ("types", "GenericAlias"),
    ("builtins", "ValueError"), ("collections", "ChainMap"), ("numpy.ma.core", "_mareconstruct"),
])
def test_that_data_of_the_standard_library_and_numpy_is_no_finding(module: str, name: str) -> None:
    assert told(op.pickled(op.reduce(op.name(module, name), op.integer(1)))) == []


@pytest.mark.parametrize(("call", "shown"), [
    (op.reduce(op.name("os", "system"), op.text("rm -rf ~")), "os.system('rm -rf ~')"),
    (op.reduce(op.name("builtins", "eval"), op.text("__import__('os')")), "builtins.eval(\"__import__('os')\")"),
    (op.reduce(op.name("subprocess", "Popen"), op.list_of(op.text("curl"), op.text("x.sh"))), "subprocess.Popen(['curl', 'x.sh'])"),
    (op.reduce(op.name("builtins", "getattr"), op.name("os", "system"), op.text("x")), "builtins.getattr(os.system, 'x')"),
    (b"(X\x02\x00\x00\x00lsios\nsystem\n", "os.system('ls')"),
    (op.reduce(op.name("torch.hub", "load"), op.text("a/b"), op.text("m")), "torch.hub.load('a/b', 'm')"),
    (op.reduce(op.name("functools", "partial"), op.name("os", "system"), op.text("ls")), "os.system in functools.partial(os.system, 'ls')"),
    (op.reduce(op.name("torch.distributed.run", "main"), op.text("x")), None),
])
def test_that_what_would_be_run_is_shown_with_its_arguments(call: bytes, shown: str | None) -> None:
    found = told(op.pickled(call))
    assert "danger" in {finding.level for finding in found}
    assert shown is None or any(shown in finding.message for finding in found), [finding.message for finding in found]


def test_that_a_long_command_is_cut_and_its_hidden_characters_are_shown() -> None:
    (finding,) = told(op.pickled(op.reduce(op.name("os", "system"), op.text("echo \u202e" + "x" * 5000))))
    assert "\\u202e" in finding.message
    assert len(finding.message) < 500


def test_that_hidden_characters_of_a_name_are_shown() -> None:
    assert "\\u202e" in told(op.pickled(op.reduce(op.name("a\u202eb", "c"))))[0].message


def test_that_what_torch_saves_needs_nothing() -> None:
    file = io.BytesIO()
    net = torch.nn.Sequential(torch.nn.Linear(2, 2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    torch.save({"net": net.state_dict(), "opt": optimizer.state_dict(), "size": torch.Size([2]), "p": net[0].weight}, file)
    with zipfile.ZipFile(file) as archive:
        assert told(archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))) == []


def test_that_many_ordinary_calls_do_not_hide_one() -> None:
    data = op.pickled(op.list_of(*[op.tensor() for _ in range(300)], op.reduce(op.NONE), op.reduce(TRIP)))
    assert ids(told(data)) == [CALLED, ("computed-call", "danger")]


def test_that_what_was_called_before_a_break_is_told() -> None:
    data = op.pickled(op.reduce(TRIP))[:-1] + b"X\xff\xff\xff\xff"
    with pytest.raises(ReadError) as caught:
        decode(data)
    found = findings_before(caught.value, "data.pkl")
    assert CALLED in ids(found)
    assert "dead-call" not in {finding.id for finding in found}


def test_that_thousands_of_names_are_counted() -> None:
    found = told(op.pickled(op.list_of(*[op.reduce(op.name("m", f"f{i}")) for i in range(1000)])))
    assert len(found) == 201
    assert "800 more names" in found[-1].message


# -- pickles inside bytes ---------------------------------------------------------------------------------------------

INNER = op.pickled(op.reduce(TRIP))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(op.pickled(op.dict_of({"x": op.raw(INNER)}), 3), id="bytes"),
        pytest.param(op.pickled(op.dict_of({"x": b"\x96" + len(INNER).to_bytes(8, "little") + INNER}), 5), id="bytearray"),
        pytest.param(op.pickled(b"U" + bytes([len(INNER)]) + INNER), id="python-2-str"),
        pytest.param(
            op.pickled(op.reduce(op.name("_codecs", "encode"), op.text(INNER.decode("latin-1")), op.text("latin1"))),
            id="latin-1",
        ),
        pytest.param(op.pickled(op.raw(INNER) + b"0N", 3), id="popped"),
    ],
)
def test_that_a_pickle_in_bytes_is_looked_into(data: bytes) -> None:
    found = told(data)
    assert ("nested-pickle", "warning") in ids(found)
    assert CALLED in ids(found)
    assert next(finding for finding in found if finding.id == "unknown-code").where.count(":") == 2


@pytest.mark.parametrize("encoded", [False, True], ids=["bytes", "latin-1"])
def test_that_bytes_that_torch_would_load_are_told(encoded: bool) -> None:
    inner = b"ctrip\nspring\n(tR." + b"raw storage"  # protocol 0, not ending in a STOP: only the loader gives it away
    data = (
        op.reduce(op.name("_codecs", "encode"), op.text(inner.decode("latin-1")), op.text("latin1")) if encoded else op.raw(inner)
    )
    found = told(op.pickled(op.reduce(op.name("torch.storage", "_load_from_bytes"), data), 3))
    assert ids(found)[:2] == [("unknown-code", "danger"), ("nested-pickle", "danger")]
    assert found[-1].message.startswith("Needs trip.spring")


def test_that_a_legacy_file_in_bytes_is_looked_through() -> None:
    file = io.BytesIO()
    torch.save(torch.ones(3), file, _use_new_zipfile_serialization=False)
    found = told(op.pickled(op.reduce(op.name("torch.storage", "_load_from_bytes"), op.raw(file.getvalue())), 3))
    assert ids(found) == [("unknown-code", "danger"), ("nested-pickle", "danger")]
    assert "5 pickles" in found[1].message


def test_that_bytes_that_are_no_pickle_are_not_told() -> None:
    assert told(op.pickled(op.list_of(op.raw(b"\x80\x02 hello."), op.raw(b"\x80."), op.raw(b"")), 3)) == []


def test_that_pickles_in_pickles_come_to_an_end() -> None:
    data = INNER
    for _ in range(12):
        data = op.pickled(op.raw(data), 3)
    found = told(data, limits=Limits(nested_pickles=8))
    assert ("nested-pickle", "danger") in ids(found)
    assert len(found) < 20


def test_that_inner_pickles_share_one_budget() -> None:
    inner = op.pickled(b"N0" * 1000 + b"N")
    data = op.pickled(op.list_of(*[op.raw(inner) for _ in range(20)]), 3)
    assert len(told(data, limits=Limits(opcodes=5000))) <= 20
