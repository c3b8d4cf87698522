"""System calls, and what they do to processes: fork, exit, wait, exec."""
