"""How much two tensors differ: one pass over both."""
