"""Containers as they are written, exact to the byte."""
