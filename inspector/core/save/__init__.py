"""Checkpoint -> SavePlan -> bytes, atomic and verified."""
