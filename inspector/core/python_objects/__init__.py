"""Checkpoints as what a script holds in its hands: the whole object as dicts, lists, numbers and arrays."""
