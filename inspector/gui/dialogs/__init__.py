"""Windows of their own that ask for something: each one file."""
