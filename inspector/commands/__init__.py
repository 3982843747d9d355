"""The longer subcommands of the command line: each parses its arguments and gives text; only `cli` prints."""
