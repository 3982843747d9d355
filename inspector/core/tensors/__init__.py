"""The elements of tensors: where they lie, read in bounded chunks."""
