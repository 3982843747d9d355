"""Budgets: what a file may ask of this program before it is refused with `TooBig`. Counts, unless a unit is named.

The values are far above what any real checkpoint needs (a model of 100,000 tensors takes three million opcodes) and far below
what a hostile one would like. They are one frozen value that is passed along, so tests can tighten them.
"""
from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets for one file; every field is a count, a number of bytes or of bits as its line says. What would exceed one is refused with
    TooBig before it is made.

    >>> path = core.save({str(n): np.ones(2) for n in range(50)}, folder / "many.pth").path
    >>> core.open(path, limits=core.Limits(zip_entries=20))
    Traceback (most recent call last):
        ...
    inspector.core.errors.TooBig: the ZIP archive lists 56 members, more than 20. Open it with larger limits if you trust it.
    """

    memory: int = 224 << 20                 # bytes that the tables of one file may take …
    memory_per_byte: int = 48               # … and so many more for each byte of it: a few kilobytes may unpack to anything
    opcodes: int = 50_000_000
    stack: int = 5_000_000                  # stack and metastack together
    memo: int = 10_000_000
    text_line: int = 1 << 20                # bytes of one line argument (GLOBAL, INT, …)
    int_bits: int = 4096                    # longer integers stay raw bytes
    pickles_per_stream: int = 64
    nested_pickles: int = 8                 # pickles inside bytes inside pickles …
    streams_in_pickle: int = 100_000        # files of torch's inside the bytes of one pickle: a storage each, most often
    pickle_bytes: int = (2 << 30) - 1       # one pickle member, inflated; offsets in it fit 32 bits
    zip_entries: int = 2_000_000            # a million tensors, and what torch puts beside them
    zip_directory: int = 256 << 20          # bytes
    set_files: int = 1_000_000              # that the names of a set's files say there are
    json_header: int = 100 << 20            # bytes; the safetensors format's own cap
    json_depth: int = 8
    json_digits: int = 20
    walk_depth: int = 1000                  # levels of nested containers that become keys
    walk_entries: int = 20_000_000          # keys
    walk_repeats: int = 200_000             # entries listed again because a container is shared
    inflate_ratio: int = 1032               # deflate cannot do better; more is a lie
    preview: int = 256 << 20                # bytes materialised without being asked for
    chunk: int = 16 << 20                   # bytes of one bounded read
    follow_links: bool = False              # out of the folder of a checkpoint in several files: somebody said yes

    def of_file(self, nbytes: int) -> Limits:
        """The same for a file of so many bytes, and for everything in it."""
        return replace(self, memory=self.memory + self.memory_per_byte * nbytes, memory_per_byte=0)

    def shared_by(self, files: int) -> Limits:
        """The same for each of so many files of one checkpoint, which together may take what one may."""
        return self if files <= 1 else replace(self, memory=max(self.memory // files, 1 << 20))

    @property
    def json_bytes(self) -> int:
        """Bytes of one JSON text that becomes objects, which take up to thirty times as much."""
        return min(self.json_header, self.memory // 32)


LIMITS = Limits()
"""The budgets that everything goes by which is not given others."""
