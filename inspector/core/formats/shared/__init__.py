"""What readers of several containers are built of."""
