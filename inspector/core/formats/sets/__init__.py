"""Several files as one checkpoint."""
