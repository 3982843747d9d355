"""Bytes in, in bounded reads; small files out, whole or not at all."""
