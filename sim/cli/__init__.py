"""The command line: options, what each command does with them, and errors of one line."""
