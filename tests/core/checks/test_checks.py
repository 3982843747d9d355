"""Each check says its piece about a checkpoint that has the fault, and nothing about one that has not."""

from __future__ import annotations

import pickle
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from inspector import core
from inspector.core import checks
from inspector.core.checkpoint import Checkpoint, Extent, FileStamp, LocalHeader, Member, Opaque, Pickle, Plain, Storage, TensorInfo
from inspector.core.checks import (
    broken_tensors,
    confusable_names,
    corrupt_member,
    hostile_names,
    module_prefix,
    non_canonical_bool,
    non_contiguous,
    oversized_storage,
    saved_on_gpu,
    shared_storage,
    unknown_code,
    unknown_device,
)
from inspector.core.errors import Cancelled
from inspector.core.findings import Finding
from inspector.core.pickles.decode.machine import decode
from inspector.core.progress import QUIET, Monitor
from tests import builders
from tests.core.pickles import opcodes as op


def info(
    key: str = "w",
    shape: tuple[int, ...] = (2, 3),
    stride: tuple[int, ...] = (3, 1),
    storage: str = "",
    nbytes: int = 24,
    **rest: object,
) -> TensorInfo:
    return TensorInfo(key, shape, "float32", "cpu", stride, 0, storage or key, nbytes, state_dict="")._replace(**rest)  # type: ignore[arg-type]


def checkpoint(*tensors: TensorInfo, **rest: object) -> Checkpoint:
    storages = {t.storage: Storage(t.storage, t.dtype, t.device, t.storage_nbytes, None) for t in tensors if t.storage}
    given: dict[str, object] = {"storages": storages, "state_dicts": ("",), **rest}
    return Checkpoint("x.pth", "torch-zip", "state-dict", (), {t.key: t for t in tensors}, **given)  # type: ignore[arg-type]


def ids(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    return [(finding.id, finding.level) for finding in findings]


def test_that_an_ordinary_checkpoint_gives_no_findings() -> None:
    ckpt = checkpoint(
        info("a.weight"), info("a.bias", (3,), (1,), nbytes=12), pickles=(Pickle("data.pkl", decode(op.pickled(op.tensor()))),)
    )
    assert [finding for look in checks.CHECKS for finding in look(ckpt)] == []
    assert [finding for look in checks.DEEP_CHECKS for finding in look(ckpt, QUIET)] == []


def test_that_an_empty_checkpoint_gives_no_findings() -> None:
    ckpt = checkpoint()
    assert [finding for look in checks.CHECKS for finding in look(ckpt)] == []


def test_that_unknown_code_is_told_with_its_key() -> None:
    graph = decode(op.pickled(op.dict_of({"net": op.reduce(op.name("mynet", "Net"))})))
    node = next(iter(graph.calls()))
    values: dict[str, Plain] = {"net": Opaque("mynet.Net", "mynet.Net()", node)}
    ckpt = checkpoint(pickles=(Pickle("data.pkl", graph), Pickle("evil.pkl", graph)), values=values)
    found = list(unknown_code.check(ckpt))
    assert ids(found) == [("unknown-code", "warning")] * 2
    assert "mynet.Net (at net)" in found[0].message
    assert "(at net)" not in found[1].message
    assert [finding.where.partition(":")[0] for finding in found] == ["data.pkl", "evil.pkl"]


def test_that_broken_tensors_are_counted() -> None:
    found = list(broken_tensors.check(checkpoint(info(problem="corrupt: x"), info("v", problem="meta: nothing"))))
    assert ids(found) == [("broken-tensor", "danger")]
    assert found[0].message == "One tensor's values cannot be shown: w: corrupt: x."


def test_that_an_odd_device_is_told() -> None:
    for device in ("cuda:0; rm -rf /", "gpu", "GPU:0", "cpu:0", "fpga", "meta:1", "cuda0", "", "cuda:128", "cuda:300", "xpu:01", "cuda:٣"):
        ckpt = checkpoint(info(device=device))
        assert ids(unknown_device.check(ckpt)) == [("location", "warning")]
        assert ids(saved_on_gpu.check(ckpt)) == []
    for device in ("cuda:3", "cuda:0", "cuda:42", "cuda:100", "cuda:127", "cpu", "mps", "xla:0", "privateuseone:1", None):
        assert ids(unknown_device.check(checkpoint(info(device=device)))) == []


@pytest.mark.parametrize(
    "key",
    [
        "a\nb",
        "a\x1bb",
        "a\u202eb",
        "a\u200bb",
        "\ufeffa",
        "a\0b",
        "\ud800",
        "<img src=x>",
        "<b>x</b>",
        "../x",
        "a/../b",
        "/etc/passwd",
        "C:\\x",
        "file:///x",
        "k" * 2000,
    ],
    ids=lambda key: key.encode("unicode-escape").decode()[:20],
)
def test_that_a_hostile_name_is_told(key: str) -> None:
    if len(key) < 2000:
        assert ids(hostile_names.check(checkpoint(info(key)))) == [("hostile-name", "warning")]
    else:
        assert ids(hostile_names.check(checkpoint(info(key), info("a/b")))) == [("hostile-name", "warning")]
    assert ids(hostile_names.check(checkpoint(values={key + "/": 1}))) == [("hostile-name", "warning")]


@pytest.mark.parametrize("key", ["a\nb", "a\u202eb", "../x"])
def test_that_a_hostile_name_is_told_among_very_many(key: str) -> None:
    many = [info(f"layers.{n}.weight") for n in range(20_000)]
    assert ids(hostile_names.check(checkpoint(*many, info(key)))) == [("hostile-name", "warning")]
    assert not ids(hostile_names.check(checkpoint(*many, values={"epoch": 1})))


def test_that_names_alike_but_for_case_are_told_among_very_many() -> None:
    many = [info(f"layers.{n}.weight") for n in range(20_000)]
    assert ids(confusable_names.check(checkpoint(*many, info("Layers.7.weight")))) == [("confusable-names", "info")]
    assert not ids(confusable_names.check(checkpoint(*many)))


def test_that_ordinary_names_are_not_hostile() -> None:
    assert ids(hostile_names.check(checkpoint(info("encoder/layer_0/kernel"), info("ключ"), info("a < b"), info("x:0")))) == []


@pytest.mark.parametrize(
    ("one", "two", "level"),
    [
        ("Weight", "weight", "info"),
        ("caf\u00e9", "cafe\u0301", "warning"),
        ("weight", "w\u0435ight", "warning"),
        ("\ufb01n", "fin", "warning"),
    ],
    ids=["case", "NFC", "cyrillic", "ligature"],
)
def test_that_twins_are_told(one: str, two: str, level: str) -> None:
    assert ids(confusable_names.check(checkpoint(info(one), info(two)))) == [("confusable-names", level)]


def test_that_a_saved_view_is_told() -> None:
    found = list(oversized_storage.check(checkpoint(info(shape=(10,), stride=(1,), nbytes=4_000_000), info("b"))))
    assert ids(found) == [("oversized-storage", "warning")]
    assert found[0].message.startswith("4 MB stored, 64 B reachable: 'w'")


def test_that_views_which_cover_their_storage_together_are_fine() -> None:
    half = 500_000
    ckpt = checkpoint(info("a", (half,), (1,), "s", 4 * 2 * half), info("b", (half,), (1,), "s", 4 * 2 * half, offset=half))
    assert ids(oversized_storage.check(ckpt)) == []


def test_that_shared_and_tied_tensors_are_told() -> None:
    found = list(shared_storage.check(checkpoint(info("embed", storage="0"), info("head", storage="0"), info("c"))))
    assert ids(found) == [("shared-storage", "info")]
    assert "embed = head" in found[0].message
    assert "tied" in found[0].message
    views = list(shared_storage.check(checkpoint(info("q", storage="0"), info("k", storage="0", offset=3))))
    assert "views of different parts" in views[0].message
    assert list(shared_storage.check(checkpoint(info("a", storage=""), info("b", storage="")))) == []


def test_that_strided_tensors_are_told() -> None:
    assert ids(non_contiguous.check(checkpoint(info(stride=(1, 2))))) == [("non-contiguous", "info")]
    assert ids(non_contiguous.check(checkpoint(info(shape=(1, 3), stride=(7, 1))))) == []


def test_that_a_wrappers_prefix_is_told() -> None:
    found = list(module_prefix.check(checkpoint(info("module.a"), info("module.b"))))
    assert ids(found) == [("module-prefix", "info")]
    assert ids(module_prefix.check(checkpoint(info("module.a"), info("b")))) == []
    assert ids(module_prefix.check(checkpoint(info("modules.a")))) == []
    nested = checkpoint(info("net.module.a", state_dict="net"), info("loss"), state_dicts=("", "net"))
    assert "of net" in next(iter(module_prefix.check(nested))).message


@pytest.mark.parametrize(("key", "wrapper", "whose"), [
    ("encoder._orig_mod.layer.weight", "_orig_mod.", "torch.compile"),
    ("layers.0._fsdp_wrapped_module.w", "_fsdp_wrapped_module.", "FullyShardedDataParallel"),
    ("_fsdp_wrapped_module._fpw_module.w", "_fpw_module.", "FullyShardedDataParallel"),
    ("blocks.1._checkpoint_wrapped_module.attn.w", "_checkpoint_wrapped_module.", "activation checkpointing"),
    ("net._forward_module.w", "_forward_module.", "Fabric"),
])
def test_that_a_wrappers_name_in_the_middle_is_told(key: str, wrapper: str, whose: str) -> None:
    found = [one for one in module_prefix.check(checkpoint(info(key), info("head.weight"))) if one.prefix == wrapper]
    assert ids(found) == [("module-prefix", "info")]
    assert whose in found[0].message
    assert key in found[0].message
    assert found[0].keys == ("",)
    other = checkpoint(info(key.replace(wrapper, f"my{wrapper}")), info("a"))
    assert wrapper not in [one.prefix for one in module_prefix.check(other)]


def test_that_an_averaged_model_is_wrapped() -> None:
    found = list(module_prefix.check(checkpoint(info("n_averaged"), info("module.a"), info("module.b"))))
    assert [(one.id, one.prefix) for one in found] == [("module-prefix", "module.")]
    assert found[0].message.startswith("All keys but n_averaged begin with 'module.': it is torch's AveragedModel")


def test_that_a_part_in_a_wrapper_of_its_own_is_told() -> None:
    found = list(module_prefix.check(checkpoint(info("encoder.module.conv.weight"), info("encoder.module.bias"), info("head.weight"))))
    assert ids(found) == [("wrapped-part", "info")]
    assert found[0].keys == ("encoder",)
    assert found[0].prefix == "module."
    # a module with more in it, one of a class that holds another in every layer, and one that is only called alike
    for names in (("encoder.module.w", "encoder.bias"), ("layers.0.module.w", "layers.1.module.w"), ("encoder.submodule.w", "b")):
        assert ids(module_prefix.check(checkpoint(*map(info, names)))) == []


def test_that_wrapped_parts_are_told_in_the_order_of_the_file() -> None:
    parts = [*"qwertyuiop"]
    (found,) = module_prefix.check(checkpoint(*(info(f"{part}.module.w") for part in parts), info("head.weight")))
    assert found.keys == tuple(parts)


def test_that_devices_are_told() -> None:
    found = list(saved_on_gpu.check(checkpoint(info("a", device="cuda:1"), info("b", device="cuda:1"), info("c"))))
    assert ids(found) == [("saved-on-gpu", "info")]
    assert "cuda:1 (2)" in found[0].message
    assert ids(saved_on_gpu.check(checkpoint(info("a", device=None), info("b")))) == []


def on_disk(tmp_path: Path, payload: bytes, dtype: str = "bool", crc: int | None = None) -> Checkpoint:
    path = tmp_path / "x.bin"
    path.write_bytes(payload)
    stat = path.stat()
    stamp = FileStamp(str(path), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_dev)
    extent = Extent(0, 0, len(payload), len(payload), 0, crc)
    storage = Storage("0", dtype, "cpu", len(payload), extent)
    tensor = TensorInfo("flags", (len(payload),), dtype, "cpu", (1,), 0, "0", len(payload))
    return Checkpoint(
        str(path),
        "torch-zip",
        "state-dict",
        (stamp,),
        {"flags": tensor},
        storages={"0": storage},
        members=(Member("data/0", extent),),
    )


def test_that_wrong_bytes_are_told(tmp_path: Path) -> None:
    good = on_disk(tmp_path, b"\1\0\1", crc=zlib.crc32(b"\1\0\1"))
    assert ids(corrupt_member.check(good, QUIET)) == []
    found = list(corrupt_member.check(on_disk(tmp_path, b"\1\0\0", crc=zlib.crc32(b"\1\0\1")), QUIET))
    assert ids(found) == [("corrupt-member", "danger")]
    assert found[0].where == "data/0"
    assert "flags" in found[0].message


def test_that_a_missing_checksum_is_no_error(tmp_path: Path) -> None:
    assert ids(corrupt_member.check(on_disk(tmp_path, b"\1"), QUIET)) == []


def test_that_odd_booleans_are_told(tmp_path: Path) -> None:
    assert ids(non_canonical_bool.check(on_disk(tmp_path, b"\0\1\xff"), QUIET)) == [("non-canonical-bool", "warning")]
    assert ids(non_canonical_bool.check(on_disk(tmp_path, b"\0\1\1"), QUIET)) == []
    assert ids(non_canonical_bool.check(on_disk(tmp_path, b"\0\1\xff", "uint8"), QUIET)) == []


def test_that_deep_checks_stop_when_asked(tmp_path: Path) -> None:
    class Stop(Monitor):
        def report(self, done: int, total: int, what: str = "") -> None:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(corrupt_member.check(on_disk(tmp_path, b"\1", crc=1), Stop()))


def test_that_all_members_of_a_file_are_read_with_it_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    torch.save({f"w{n}": torch.full((3,), float(n)) for n in range(20)}, tmp_path / "x.pth")
    ckpt = core.open(tmp_path / "x.pth")
    opened: list[str] = []
    reader = corrupt_member.ExtentReader
    monkeypatch.setattr(corrupt_member, "ExtentReader", lambda *args, **how: (opened.append(""), reader(*args, **how))[1])
    assert ids(corrupt_member.check(ckpt, QUIET)) == []
    assert len(opened) == 1


def test_that_a_record_without_checksum_has_its_headers_compared(tmp_path: Path) -> None:
    """Its bytes cannot be verified; that both headers tell of the same member can."""
    import torch
    path = tmp_path / "x.pth"
    torch.save({"a": torch.arange(30.0), "b": torch.arange(9.0)}, path)
    ckpt = core.open(path)
    with zipfile.ZipFile(path) as archive:
        [member] = [member for member in archive.infolist() if member.filename.endswith("/data/1")]
    flags = member.flag_bits
    local = LocalHeader(member.header_offset, member.filename.encode(), flags, path.stat().st_size)
    extent = ckpt.storages["1"].extent
    assert extent is not None
    unchecked = {"1": ckpt.storages["1"]._replace(extent=extent._replace(crc=None, local=local))}
    whole = replace(ckpt, storages=unchecked, members=())
    assert ids(corrupt_member.check(whole, QUIET)) == []
    raw = bytearray(path.read_bytes())
    raw[local.at + 30] ^= 1               # the first letter of the name
    path.write_bytes(raw)
    found = path.stat()
    stamp = FileStamp(str(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)
    damaged = replace(whole, files=(stamp,))
    (told,) = corrupt_member.check(damaged, QUIET)
    assert "the two zip headers of this member disagree" in told.message
    assert "it holds b:" in told.message


def test_that_a_file_that_is_gone_is_told_once(tmp_path: Path) -> None:
    import torch
    torch.save({"a": torch.zeros(3), "b": torch.zeros(3)}, tmp_path / "x.pth")
    ckpt = core.open(tmp_path / "x.pth")
    (tmp_path / "x.pth").unlink()
    assert ids(corrupt_member.check(ckpt, QUIET)) == [("corrupt-member", "danger")]


@pytest.mark.parametrize("text", [b"U\x01\xe9", b"T\x01\0\0\0\xe9", b"S'\\xe9'\n"], ids=["SHORT_BINSTRING", "BINSTRING", "STRING"])
def test_that_texts_of_python_2_that_torch_cannot_decode_are_told(tmp_path: Path, text: bytes) -> None:
    value = op.dict_of([(op.text("w"), op.tensor(op.storage("0", numel=20))), (op.text("note"), text), (text, op.integer(1))])
    path = tmp_path / "old.pth"
    path.write_bytes(builders.torch_zip(op.pickled(value), {"data/0": bytes(80)}))
    ckpt = core.open(path)
    found, = (finding for finding in ckpt.findings if finding.id == "undecodable-text")
    assert (found.level, found.message.partition(",")[0]) == ("warning", "2 texts of Python 2 are not UTF-8")
    assert not core.loads_with_torch(ckpt).weights_only
    with pytest.raises((UnicodeDecodeError, pickle.UnpicklingError)):
        torch.load(path, weights_only=True)
    assert torch.load(path, weights_only=False, encoding="latin1")["note"] == "\xe9"
    core.save(core.edit(ckpt, [core.MakePlain("*")]), tmp_path / "plain.pth")
    assert list(torch.load(tmp_path / "plain.pth", weights_only=True)) == ["w", "note", "\xe9"]
    core.save(ckpt, tmp_path / "same.pth")
    assert torch.load(tmp_path / "same.pth", weights_only=False, encoding="latin1")["\xe9"] == 1


def _with_location(location: bytes, path: Path, **more: bytes) -> core.Checkpoint:
    tensor = op.tensor(op.storage("0", location=location))
    path.write_bytes(builders.torch_zip(op.pickled(op.dict_of({"w": tensor, **more})), {"data/0": bytes(80)}))
    return core.open(path)


def test_that_a_device_which_torch_cannot_decode_is_remapped_and_no_longer_refused(tmp_path: Path) -> None:
    path, saved = tmp_path / "old.pth", tmp_path / "saved.pth"
    ckpt = _with_location(b"U\x04cu\xe9a", path)
    found, = (finding for finding in ckpt.findings if finding.id == "undecodable-text")
    assert "--device '*=cpu'" in found.hint
    assert "encoding=\"latin1\", map_location=\"cpu\"" in found.hint
    with pytest.raises(RuntimeError, match="restore data location"):
        torch.load(path, weights_only=False, encoding="latin1")
    assert list(torch.load(path, weights_only=False, encoding="latin1", map_location="cpu")) == ["w"]
    assert not core.loads_with_torch(ckpt).weights_only
    edited = core.edit(ckpt, [core.RemapDevices({"*": "cpu"})])
    assert core.loads_with_torch(edited).sentence() == "torch.load (weights_only=True) takes it."
    core.save(edited, saved)
    assert list(torch.load(saved, weights_only=True)) == ["w"]


@pytest.mark.parametrize("shared", [False, True])
def test_that_a_text_beside_the_device_stays_refused_when_the_device_is_remapped(tmp_path: Path, shared: bool) -> None:
    location = b"U\x04cu\xe9a"
    ckpt = _with_location(location + op.put(77) if shared else location, tmp_path / "old.pth", note=op.get(77) if shared else location)
    found, = (finding for finding in ckpt.findings if finding.id == "undecodable-text")
    assert "--plain '*'" in found.hint
    edited = core.edit(ckpt, [core.RemapDevices({"*": "cpu"})])
    assert [one.key for one in core.loads_with_torch(edited).refused] == ["note"]
    core.save(edited, tmp_path / "saved.pth")
    with pytest.raises((UnicodeDecodeError, pickle.UnpicklingError)):
        torch.load(tmp_path / "saved.pth", weights_only=True)
    core.save(core.edit(edited, [core.MakePlain("*")]), tmp_path / "plain.pth")
    assert list(torch.load(tmp_path / "plain.pth", weights_only=True)) == ["w", "note"]


def test_that_texts_of_python_2_that_are_utf_8_are_no_finding(tmp_path: Path) -> None:
    path = tmp_path / "old.pth"
    value = op.dict_of([(b"U\x02\xc3\xa9", op.tensor(op.storage("0", numel=20)))])
    path.write_bytes(builders.torch_zip(op.pickled(value), {"data/0": bytes(80)}))
    assert not [finding for finding in core.open(path).findings if finding.id == "undecodable-text"]
    assert list(torch.load(path, weights_only=True)) == ["\xe9"]
