"""Bytes -> graph, nothing executed."""
