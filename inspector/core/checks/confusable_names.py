"""Keys that a person takes for one another: "confusable-names"."""
from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import chain

from inspector.core.checkpoint import Checkpoint
from inspector.core.findings import Finding
from inspector.core.keypath import quoted, visible
from inspector.core.tensor_table import joined

# letters of other scripts that look like Latin ones (Unicode TR39 has them all; these are the ones seen in the wild)
_LATIN = str.maketrans("аеорсухіѕјԁһӏгԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαοινАВЕКМНОРСТХІЅЈ", "aeopcyxisjdhlrqwABEZHIKMNOPTYXaoivABEKMHOPCTXISJ")


def check(ckpt: Checkpoint) -> Iterator[Finding]:
    keys = ckpt.tensors.keys()
    if all(map(str.isascii, joined(ckpt.tensors))):
        if all(some == some.lower() for some in joined(ckpt.tensors)) or len(set(map(str.lower, keys))) == len(keys):
            return
        alike = {key: key.lower() for key in keys}
    else:
        alike = {key: _skeleton(key) for key in keys}
    first: dict[str, str] = {}
    twins = []
    for key, skeleton in alike.items():
        other = first.setdefault(skeleton, key)
        if other != key:
            twins.append((other, key))
    if twins:
        one, two = twins[0]
        more = f" and {len(twins) - 1:,} more pairs" if len(twins) > 1 else ""
        by_case = all(one.lower() == two.lower() for one, two in twins)
        yield Finding("confusable-names", "info" if by_case else "warning", visible(two),
                      f"Keys that look alike: {quoted(one, 80)} and {quoted(two, 80)}{more}.",
                      "They are different keys, " + ("by upper and lower case." if by_case else "although nobody can see it."),
                      keys=tuple(dict.fromkeys(chain.from_iterable(twins))))


def _skeleton(key: str) -> str:
    return unicodedata.normalize("NFKC", key).translate(_LATIN).casefold()
