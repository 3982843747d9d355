"""`inspector show FILE KEY[SLICE]`: the numbers of one tensor, or of a part of it, or a plain value."""
from __future__ import annotations

import argparse
import ast
import io
import json
from typing import TYPE_CHECKING, Any

from inspector import core

from . import files
from .output import Output

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

READS_ONLY = True
_MOST = 1000            # elements that are printed in full
_JSON = 1_000_000       # elements that --json gives


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = ("The values of one tensor, as in 'fc.weight' or 'fc.weight[0, :8]' (quote it, for the shell's sake), or a plain "
                          "value.")
    files.add_file(parser)
    parser.add_argument("key", metavar="KEY[SLICE]", help="its key, and which part: integers, slices and ... as numpy has them")
    parser.add_argument("--as", dest="seen_as", metavar="TYPE[:SHAPE]",
                        help="take its stored bytes for elements of another type, as in u4, e4m3:64x128, nf4, bf16:-1x256; the file stays")
    parser.add_argument("-o", "--output", metavar="OUT.npy", help="write the values as a NumPy array instead of printing them")
    parser.add_argument("--all", action="store_true", help="print all of them, however many")


def run(asked: argparse.Namespace, out: Output) -> int:
    if asked.output is not None:
        core.check_output(asked.output, "array", [asked.file])
    ckpt = files.opened(asked.file, asked, out)
    with files.about(asked.file):
        key, index = chosen(ckpt, asked.key)
        if key in ckpt.values:
            if asked.seen_as is not None:
                raise core.UsageError(f"{core.visible(key)} is a plain value and no tensor", "It is shown without --as.")
            _show_value(ckpt, key, asked, out)
            return 0
        seen = core.reinterpret(ckpt, key, asked.seen_as) if asked.seen_as is not None else ckpt
        values = _values(seen, key, index)
        dtype = seen.tensors[key].dtype
        if asked.seen_as is not None and (to := core.element_type(asked.seen_as.partition(":")[0])).is_narrow:
            dtype = to.name
            values = values.astype("int8") if to.is_integer else values
        if asked.output is not None:
            core.write_output(asked.output, npy(values), "array", files.read_for(asked.file, ckpt))
    info = ckpt.tensors[key]
    if out.json:
        if values.size > _JSON:
            raise core.UsageError(f"{values.size:,} numbers are too many for JSON", "Show a part of it, or write it with -o x.npy.")
        out.answer({"key": key, "shape": list(values.shape), "dtype": dtype, "device": info.device, "values": _as_lists(values)})
        return 0
    part = core.visible(asked.key[len(key):], 80)
    head = f"{core.visible(key)}{part}  {core.wording.shape_list(values.shape)} {core.visible(dtype, 40)}"
    if asked.output is not None:
        out.text(f"{head}  -> {core.visible(asked.output)}\n")
    else:
        out.text(f"{head}\n{as_text(values, whole=asked.all)}\n")
    return 0


def chosen(ckpt: core.Checkpoint, text: str) -> tuple[str, tuple[Any, ...] | None]:
    """The key that `text` names, and the part of it: keys may end in brackets themselves. Raises UsageError."""
    if text in ckpt.tensors or text in ckpt.values:
        return text, None
    cuts = [at for at, letter in enumerate(text) if letter == "[" and at] if text.rstrip().endswith("]") else []
    for at in cuts:
        key = text[:at].rstrip()
        if key in ckpt.tensors:
            return key, parsed(text[at:].strip())
        if key in ckpt.values:
            raise core.UsageError(f"{core.visible(key)} is a plain value, which has no parts", "Name it alone.")
    raise core.NoSuchKey(text[:cuts[0]] if cuts else text, ckpt)


def parsed(text: str) -> tuple[Any, ...]:
    """The index that "[0, :8]" spells. Raises UsageError for anything but integers, slices, ... and None."""
    try:
        node = ast.parse(f"x{text}", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        node = ast.Constant("")
    try:
        if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
            raise ValueError
        return tuple(map(_place, node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]))
    except ValueError:
        raise core.UsageError(f"{core.visible(text, 80)} is no part of a tensor", "Write it as in [0, :8] or [..., ::2].") from None


def _place(node: ast.expr) -> Any:
    if isinstance(node, ast.Slice):
        return slice(*(None if part is None else _integer(part) for part in (node.lower, node.upper, node.step)))
    if isinstance(node, ast.Constant) and (node.value is Ellipsis or node.value is None):
        return node.value
    return _integer(node)


def _integer(node: ast.expr) -> int:
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        sign, node = -1, node.operand
    if not isinstance(node, ast.Constant) or type(node.value) is not int or abs(node.value) >= 1 << 63:
        raise ValueError
    return sign * node.value


def _values(ckpt: core.Checkpoint, key: str, index: tuple[Any, ...] | None) -> Array:
    import numpy as np
    try:
        return np.asarray(ckpt[key][index] if index is not None else ckpt[key].numpy())
    except (IndexError, ValueError) as error:
        raise core.UsageError(f"{core.visible(key)} has no such part: {error}",
                              f"Its shape is {core.wording.shape_list(ckpt[key].shape)}.") from None


def _show_value(ckpt: core.Checkpoint, key: str, asked: argparse.Namespace, out: Output) -> None:
    value = ckpt.values[key]
    if asked.output is not None:
        raise core.UsageError(f"{core.visible(key)} is a plain value and no array", "It is printed without -o.")
    if out.json:
        out.answer({"key": key, "type": core.type_name(value), "value": core.to_json(value)})
    else:
        text = value if isinstance(value, str) else value.text if isinstance(value, core.Opaque) else core.one_line(value)
        out.text(core.visible_lines(text) + "\n")


def npy(values: Array) -> bytes:
    """A .npy file, version 1.0 (numpy/lib/_format_impl.py); types that numpy itself does not know are written as float32, which holds
    bfloat16 and float8 exactly."""
    import numpy as np
    if values.dtype.kind == "V" and values.dtype.names is None:
        values = values.astype(np.float32)
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(values), allow_pickle=False)
    return file.getvalue()


def as_text(values: Array, *, whole: bool = False) -> str:
    """As numpy prints it: beginning and end of each dimension where there are many, unless `whole`."""
    import numpy as np
    if values.dtype.kind == "V" and values.dtype.names is None:
        values = values.astype(np.float32)
    return np.array2string(values, threshold=max(values.size, 1) if whole else _MOST, edgeitems=4, max_line_width=120, separator=", ")


_NOT_FINITE = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}


def _as_lists(values: Array) -> Any:
    """Nested lists of numbers; those that are not finite as texts, complex ones as pairs."""
    import numpy as np
    if values.dtype.kind == "c" or values.dtype.names is not None:
        parts = [values["real"], values["imag"]] if values.dtype.names is not None else [values.real, values.imag]
        return _as_lists(np.stack([part.astype(np.float64) for part in parts], -1))
    plain = values.astype(np.float64) if values.dtype.kind == "V" or values.dtype == np.float16 else values
    if plain.dtype.kind == "f" and not np.isfinite(plain).all():
        return json.loads(json.dumps(plain.tolist()), parse_constant=_NOT_FINITE.__getitem__)
    return plain.tolist()
