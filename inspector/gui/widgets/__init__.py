"""Things to look at and type into, each of its own; panels and the window are made of them."""
