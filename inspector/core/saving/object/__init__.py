"""The object that is pickled into a new file."""
