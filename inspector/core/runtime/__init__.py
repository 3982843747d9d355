"""How work is run: threads, compiled loops, the garbage collector."""
