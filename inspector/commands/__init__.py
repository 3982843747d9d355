"""The commands of `inspector`, one file each, loaded when it is the one asked for. This list is all that the others cost.

A command's module has `add_arguments(parser)` and `run(asked, out) -> exit status`. It gets its words to the world through `out`, an
`output.Output`, and ends by raising what `files.about` and `arguments` raise; only `cli` prints. `READS_ONLY = True` says that it
opens nothing for writing and holds tables that are not worth taking apart at the end.
"""
from __future__ import annotations

from types import ModuleType

# name -> its arguments, and what it does; in the order in which `inspector --help` shows them
COMMANDS = {
    "ls": ("FILE [--digest]", "list keys, shapes, dtypes, devices, values and findings"),
    "stats": ("FILE [--match GLOB] [--bins N]", "minimum, maximum, mean, deviation and histogram of tensors"),
    "edit": ("IN -o OUT EDIT...", "strip prefixes, rename, drop, extract, cast, remap devices …, and save"),
    "check": ("FILE [--against REF]", "what is wrong with the file, and what load_state_dict of a model like REF would say"),
    "diff": ("A B", "what differs between two checkpoints"),
    "run": ("FOLDER|FILE...", "the checkpoints of one training run in order: the best, what moved, what went wrong"),
    "average": ("FILE... -o OUT", "the mean of the weights of several checkpoints (--weights 1,2,1)"),
    "show": ("FILE KEY[SLICE]", "the values of one tensor, or of a part of it, or a plain value"),
    "digest": ("FILE [-o M.json]", "one digest of names, shapes, types and values, whatever the container"),
    "verify": ("FILE M.json", "whether the tensors are those of a manifest, and which are not"),
    "contract": ("FILE [-o C.json]", "names, shapes and types, to hold later checkpoints against"),
    "modules": ("FILE", "the architecture, as print(model) shows it: pickled, or inferred from names and shapes"),
    "code": ("FILE [NAME]", "the code and other texts in the file, listed or printed"),
    "desktop": ("install|uninstall|status", "the entry in the desktop's menu and its file types"),
    "demo": ("", "open the window on two sample checkpoints"),
    "completion": ("bash|zsh|fish|man", "a completion script for a shell, or the manual page"),
    "help": ("[COMMAND]", "this, or more about one command"),
    "version": ("", "which version this is"),
}


def load(name: str) -> ModuleType:
    """The module of a command, or `window`: what `inspector` does without one."""
    from inspector.core.runtime import late
    return late.module(f"{__name__}.{name}")
