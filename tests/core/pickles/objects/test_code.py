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


CALLED = ("unknown-code", "danger")
STACK_NAME = op.text("trip") + op.text("spring") + b"\x93"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(op.pickled(op.reduce(TRIP)), [CALLED], id="reduce"),
        pytest.param(op.pickled(op.reduce(STACK_NAME), 4), [CALLED], id="stack-global"),
        pytest.param(op.pickled(b"(itrip\nspring\n"), [CALLED], id="inst"),
        pytest.param(op.pickled(b"(" + TRIP + b"o"), [CALLED], id="obj"),
        pytest.param(op.pickled(op.newobj(TRIP)), [CALLED], id="newobj"),
        pytest.param(op.pickled(TRIP + op.EMPTY_TUPLE + op.EMPTY_DICT + b"\x92", 4), [CALLED], id="newobj-ex"),
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
            [CALLED],
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
            op.pickled(op.newobj(op.name("torch.nn.modules.linear", "Linear"))), [("unknown-code", "warning")], id="library"
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
        "Calls posix.system (at model.hook), which runs a shell command when torch.load opens this file without weights_only."
    )


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
