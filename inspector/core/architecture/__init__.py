"""The modules of a model, as `print(model)` shows them: read from a pickled one, or inferred from a state dict."""
