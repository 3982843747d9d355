"""What the views show: key trees as arrays, the rows of the tree, and its search language."""
