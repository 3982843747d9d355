"""Checkpoint x Checkpoint -> Comparison."""
