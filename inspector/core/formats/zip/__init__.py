"""Zip archives: directory, records, salvage."""
