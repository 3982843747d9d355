"""Objects as plain data: the same values without the classes that `torch.load(weights_only=True)` refuses."""
