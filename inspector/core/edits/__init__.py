"""Edits: each a frozen value with a pure `apply`, listed in order."""
