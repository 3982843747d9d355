"""Graph -> bytes: what was not changed as it was."""
