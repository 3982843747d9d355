"""The main window and what brings it up."""
