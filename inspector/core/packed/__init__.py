"""Weights behind their packing: which stored tensors stand for which one that a person means, and how its values are made of them."""
