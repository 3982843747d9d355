"""What the nodes of a graph mean: known names, tensors, modules, values."""
