"""What the window knows: session, tasks, pending edits, analysis."""
