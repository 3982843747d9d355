"""The errors that people meet when they load and save checkpoints, by the words of torch, and what each means for the file at hand."""
