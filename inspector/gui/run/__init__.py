"""The checkpoints of one training run as a page: metrics over the epochs, what moved in each part, the values of one part."""
