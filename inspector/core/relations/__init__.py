"""Checkpoint x Checkpoint -> what tensors of one are made of those of the other, and how their values changed."""
