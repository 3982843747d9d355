"""What several edits are built of."""
