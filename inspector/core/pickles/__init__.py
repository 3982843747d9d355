"""Pickles read as data: bytes become an inert graph (`machine`), and nothing in them is ever run."""
