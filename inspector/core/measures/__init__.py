"""What the elements of tensors amount to: counts, range, moments and histogram."""
