"""The window. Talks to `inspector.core` only; importing this package loads no Qt."""
