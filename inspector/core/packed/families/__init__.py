"""One file a family of packed weights: what it claims, by names, metadata and configuration, never by shape alone."""
