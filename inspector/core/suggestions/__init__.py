"""Edits that are proposed, each tried before: from findings, from differences of two files, from a load report, from a selection."""
