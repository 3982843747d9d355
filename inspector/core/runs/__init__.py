"""Checkpoints of one training run, one after the other: which they are, in which order, what they say of themselves, what moved.

    paths → finding → series (what the files say, in order) → columns (one pass over the values) → tracks → remarks
"""
