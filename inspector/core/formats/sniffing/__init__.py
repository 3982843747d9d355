"""What a file is, by its content; archives around checkpoints."""
